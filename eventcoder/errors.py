"""One exception that a user can act on, and how its words are shown."""


class EventcoderError(Exception):
    """What went wrong and what to do next, in one line; the CLI prints it and exits with 1."""


def one_line(text: str, most: int = 300) -> str:
    """Write what a file holds so that a terminal or table can show it: one line, cut at `most`.

    What a terminal would obey (control characters, changes of direction) becomes "?"; the joiners
    that Persian is written with stay.

    >>> one_line("a\\nb \\x1b[31mred")
    'a b ?[31mred'
    """
    words = " ".join(text[: 4 * most].split())
    shown = "".join(c if c.isprintable() or c in "\u200c\u200d" else "?" for c in words)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
