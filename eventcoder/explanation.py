"""What `explain` and `evaluate` found in, a readable account on the terminal out."""

from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from eventcoder.duals import JOIN
from eventcoder.pipeline import Explanation, Named

# Isolates: a terminal that knows right-to-left keeps each phrase in its own order with them.
FIRST_STRONG, POP = "\u2068", "\u2069"
# What a terminal would obey: control characters, changes of direction that have no end.
_OBEYED = dict.fromkeys([*range(32), *range(127, 160), *range(0x202A, 0x202F)], "\ufffd")
GROUPS_ABREAST = 5  # columns of scores that fit on a terminal of 80 characters
COLOURS = {"source": "bold blue", "event": "bold magenta", "target": "bold green"}


def show(told: Explanation, console: Console | None = None) -> None:
    """Print one text's sentences, actors, rows, codes and reasons to standard output."""
    console = console or Console(highlight=False)
    document = told.prepared.document
    day = document.published or "unknown"
    console.print(f"language {document.language or 'unknown'}, published {day}"
                  f" ({document.published_basis})")  # fmt: skip
    if told.prepared.reason:
        console.print(Text(f"skipped: {told.prepared.reason}", style="red"))
    for removed in told.prepared.removed:
        words = " ".join(document.text[removed.start : removed.end].split())
        console.print(Text(f"removed ({removed.reason}): {_isolated(words[:80])}", style="dim"))
    for sentence, actors in told.sentences:
        rows = [r for r in told.events.iter_rows(named=True)
                if r["sentence_number"] == sentence.number]  # fmt: skip
        console.print()
        console.print(_marked(sentence.text, rows), soft_wrap=True)
        for named in actors:
            console.print(_actor(named))
        console.print(_table(rows) if rows else Text("  no event", style="dim"))


def _actor(named: Named) -> Text:
    """Say whom a mention names, or for whom it stands."""
    line = Text("  actor  ").append(_isolated(named.text))
    if named.antecedent and JOIN in named.antecedent:
        return line.append(f"  stands for {_isolated(named.antecedent)}", "dim")
    actor = named.actor
    who = f"{actor.code}  {actor.name}  [{actor.row}]" if actor else "not in the dictionary"
    return line.append(f"  {who}", "dim")


def _isolated(words: str) -> str:
    return f"{FIRST_STRONG}{words.translate(_OBEYED)}{POP}"


def _marked(sentence: str, rows: list[dict[str, Any]]) -> Text:
    """Return the sentence with source, act and target of its kept events in colour."""
    text = Text(sentence.translate(_OBEYED))
    for row in rows:
        for role, style in COLOURS.items():
            if row["dropped"] is None and row[f"{role}_text"]:
                at = sentence.find(row[f"{role}_text"])
                text.stylize(style, at, at + len(row[f"{role}_text"]))
    return text


def _table(rows: list[dict[str, Any]]) -> Group:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False)
    for column in ("  event", "who", "whom", "words", "when", "how", "sure", "verdict"):
        table.add_column(column, no_wrap=column != "verdict", overflow="fold")
    for row in sorted(rows, key=lambda r: (r["dropped"] is not None, -r["confidence"])):
        when = f"{row['event_date'] or '?'} ({row['date_basis']})"
        verdict = (
            Text("kept", "green") if row["dropped"] is None else Text(row["dropped"], "yellow")
        )
        table.add_row(
            f"  {row['event_code']}",
            Text(row["source"] or "-"),
            Text(row["target"] or "-"),
            Text(_isolated(row["event_text"])),  # it may hold what looks like markup
            when,
            row["modality"],
            f"{row['confidence']:.2f}",
            verdict,
        )
    return Group(table)


def show_scores(what: str, scores: dict[str, Any], console: Console | None = None) -> None:
    """Print scores, a line a measure, a column the whole and each group; then roots and bins."""
    console = console or Console(highlight=False)
    groups = [("all", scores), *scores.get("by", scores.get("pairs", {})).items()]
    console.print(Text(what, "bold"))
    for first in range(0, len(groups), GROUPS_ABREAST):
        shown = groups[first : first + GROUPS_ABREAST]
        table = _columns("", *(_isolated(str(name)) for name, _ in shown))
        for measure in _measures(scores):
            table.add_row(measure, *(_cell(group, measure) for _, group in shown))
        console.print(table)
    if scores.get("roots"):
        console.print(_by_root(scores["roots"]))
    if scores.get("calibration"):
        console.print(_bins(scores["calibration"]))
    for note in scores.get("notes", ()):
        console.print(Text(note.translate(_OBEYED), "yellow"))


def _columns(*names: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for number, name in enumerate(names):
        table.add_column(Text(name), justify="right" if number else "left", no_wrap=True)
    return table


def _by_root(roots: dict[str, dict[str, Any]]) -> Table:
    """Return a line a root code or class."""
    table = _columns("root", "gold", "coded", "precision", "recall", "f1")
    for root, row in roots.items():
        figures = (f"{row[name]:.3f}" for name in ("precision", "recall", "f1"))
        table.add_row(_isolated(root), str(row["n_gold"]), str(row["n_predicted"]), *figures)
    return table


def _bins(bins: list[dict[str, Any]]) -> Table:
    """Return a line a bin of confidence that holds something."""
    table = _columns("sure", "n", "mean", "right")
    for row in bins:
        if row["n"]:
            table.add_row(f"{row['from']:.1f}-{row['to']:.1f}", str(row["n"]),
                          f"{row['confidence']:.3f}", f"{row['right']:.3f}")  # fmt: skip
    return table


def _measures(scores: dict[str, Any]) -> list[str]:
    """Name what has one figure a group: `precision` of `root`, not the tables below."""
    names: list[str] = []
    for key, value in scores.items():
        if key in ("by", "pairs", "roots", "calibration", "notes"):
            continue
        if isinstance(value, dict):
            parts = [part for part in value if not isinstance(value[part], dict | list)]
            if isinstance(value.get("without"), dict):  # scores without what training saw
                parts += [f"without.{name}" for name in _measures(value["without"])]
            names += [f"{key}.{part}" for part in parts]
        else:
            names.append(key)
    return names


def _cell(group: dict[str, Any], measure: str) -> str:
    value: Any = group
    for part in measure.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, list):
        return "-".join(f"{v:.3f}" for v in value)
    return f"{value:.3f}" if isinstance(value, float) else str(value if value is not None else "")
