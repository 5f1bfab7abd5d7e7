"""A sentence in, the stretches of it that stand in quotation marks out."""

import re

Span = tuple[int, int]

_OPENING = {"“": "”", "«": "»", "„": "“"}
_CLOSING = {"”", "»"}
_STRAIGHT = re.compile(r'"|(?<!\w)\'(?=\w)|(?<=[\w.,!?…])\'(?!\w)')
_ENDS = ".,!?…؟،"


def quotations(text: str) -> list[Span]:
    """Return what is quoted, as half-open character spans without the marks.

    A quotation that another sentence began or ends reaches to the rim of this one.

    >>> text = 'They must go," he said. "All of them'
    >>> [text[a:b] for a, b in quotations(text)]
    ['They must go,', 'All of them']
    """
    found: list[Span] = []
    start: int | None = None
    awaited = ""
    marks = [(i, letter) for i, letter in enumerate(text) if letter in "“”„«»"]
    marks += [(hit.start(), hit[0]) for hit in _STRAIGHT.finditer(text)]
    for place, mark in sorted(marks):
        if start is not None and (mark == awaited or mark in _CLOSING):
            found.append((start, place))
            start = None
        elif start is None and (mark in _CLOSING or (not found and _closes(text, place, mark))):
            if not found:
                found.append((0, place))
        elif start is None:
            start, awaited = place + 1, _OPENING.get(mark, mark)
    if start is not None and awaited != "'":
        found.append((start, len(text)))
    return found


def _closes(text: str, place: int, mark: str) -> bool:
    """Say whether a straight mark, the first of its sentence, ends what an earlier one began."""
    return mark == '"' and place > 0 and text[place - 1] in _ENDS


def within(place: int, spans: list[Span]) -> bool:
    """Say whether a place lies in one of the spans."""
    return any(start <= place < end for start, end in spans)
