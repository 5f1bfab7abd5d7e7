"""Gold files in, checked examples out: relations, events, actors, annotated and NER JSON lines."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventcoder.errors import EventcoderError, one_line

MODALITIES = ("done", "planned", "conditional", "denied", "reported-past")
LABEL_SETS = ("plv", "root", "quad", "penta", "cameo")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Relation:
    """A labelled act between two mentions (indices into `Example.spans`, None = nobody stated).

    `label` is of `label_set`: a CAMEO code, or a class that stands for several. `alternatives`
    are other codes that an expert could defend. `evidence` is the span of the words for the act.
    """

    source: int | None
    target: int | None
    label_set: str
    label: str
    alternatives: tuple[str, ...] = ()
    modality: str | None = None
    evidence: Span | None = None
    symmetric: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence with labels. `complete` says that every actor and every event is marked.

    `names` are token labels of a NER corpus: (start, end, type); None where there are none.
    """

    id: str
    language: str
    text: str
    spans: tuple[Span, ...] = ()
    actor_codes: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    complete: bool = False
    names: tuple[tuple[int, int, str], ...] | None = None


def lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (row, record) of a JSON-lines file; a row that is none raises with its number."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            for row, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    record = json.loads(line)
                    if "\\u" in line:  # half a surrogate pair is no text
                        json.dumps(record, ensure_ascii=False).encode("utf-8")
                except (ValueError, RecursionError) as error:
                    reason = one_line(str(error), 100)
                    raise EventcoderError(f"{path}, row {row}: not JSON ({reason})") from None
                if not isinstance(record, dict):
                    raise EventcoderError(f"{path}, row {row}: not an object")
                yield row, record
    except FileNotFoundError:
        raise EventcoderError(f"no file {path}") from None
    except IsADirectoryError:
        raise EventcoderError(f"{path} is a folder: give a .jsonl file") from None
    except UnicodeDecodeError as error:
        raise EventcoderError(f"{path} is not UTF-8 ({error.reason})") from None


def form(record: dict[str, Any]) -> str:
    """Name the gold format of a record: relations, events, annotated, actors, spans or ner."""
    if "tokens" in record:
        return "ner"
    if "label" in record:
        return "relations"
    if "events" in record:
        return "annotated" if "actors" in record else "events"
    if "penta" in record:
        return "spans"
    if "code" in record and "start" in record:
        return "actors"
    raise EventcoderError(
        "neither relations (label), events, annotated (actors, events), actors (start, code), "
        "spans (penta) nor ner (tokens)"
    )


def examples(path: Path, rows: Iterable[tuple[int, dict[str, Any]]] | None = None) -> list[Example]:
    """Read a training file of any format but events and actors, which lack the spans.

    `rows` are (number, record) where `path` is no file of JSON lines. Raises EventcoderError
    naming file, row and field at fault.
    """
    readers = {
        "relations": _relation,
        "annotated": _annotated,
        "spans": _penta,
        "ner": _names,
    }
    found = []
    for row, record in lines(path) if rows is None else rows:
        try:
            kind = form(record)
            if kind not in readers:
                raise EventcoderError(f"{kind} gold has no spans to train on")
            found.append(readers[kind](record))
        except EventcoderError as error:
            raise EventcoderError(f"{path}, row {row}: {error}") from None
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            field = f"field {error}" if isinstance(error, KeyError) else one_line(str(error))
            raise EventcoderError(f"{path}, row {row}: {field} is missing or wrong") from None
    if not found:
        raise EventcoderError(f"{path} has no rows")
    return found


def span(value: Any, text: str, field: str) -> Span:
    """Return a (start, end) of characters; raise EventcoderError if it is not inside the text."""
    start, end = int(value[0]), int(value[1])
    if not 0 <= start < end <= len(text):
        raise EventcoderError(f"{field} [{start}, {end}] is not inside the text")
    return start, end


def _relation(record: dict[str, Any]) -> Example:
    text = str(record["text"])
    spans: list[Span] = []
    ends: list[int | None] = []
    for role in ("source", "target"):
        if record[role] is None:
            ends.append(None)
        else:
            ends.append(len(spans))
            spans.append(span(record[role], text, role))
    if record["label_set"] not in LABEL_SETS:
        raise EventcoderError(f"label_set {record['label_set']!r} is none of {LABEL_SETS}")
    relation = Relation(ends[0], ends[1], record["label_set"], str(record["label"]))
    return Example(record["id"], record["lang"], text, tuple(spans), relations=(relation,))


def _annotated(record: dict[str, Any]) -> Example:
    text = str(record["text"])
    spans = tuple(span((a["start"], a["end"]), text, "actors") for a in record["actors"])
    relations = []
    for event in record["events"]:
        for role in ("source", "target"):
            if event[role] is not None and not 0 <= event[role] < len(spans):
                raise EventcoderError(f"events.{role} {event[role]} is no index into actors")
        modality = event.get("modality")
        if modality is not None and modality not in MODALITIES:
            raise EventcoderError(f"modality {modality!r} is none of {MODALITIES}")
        words = event.get("evidence") or ""
        at = text.find(words) if words else -1
        relations.append(
            Relation(
                event["source"],
                event["target"],
                "cameo",
                str(event["code"]),
                tuple(event.get("alt") or ()),
                modality,
                (at, at + len(words)) if at >= 0 else None,
                bool(event.get("symmetric", False)),
            )
        )
    codes = tuple(str(a["code"]) for a in record["actors"])
    return Example(record["id"], record["lang"], text, spans, codes, tuple(relations), True)


def _penta(record: dict[str, Any]) -> Example:
    text = str(record["text"])
    marked = [
        (s["role"], span((s["start"], s["end"]), text, "spans")) for s in record["spans"] or ()
    ]
    roles = [role for role, _ in marked]
    relations: tuple[Relation, ...] = ()
    if record["penta"] is not None and roles.count("source") == roles.count("target") == 1:
        ends = roles.index("source"), roles.index("target")
        relations = (Relation(ends[0], ends[1], "penta", str(record["penta"])),)
    return Example(
        record["id"], record["lang"], text, tuple(place for _, place in marked), relations=relations
    )


def _names(record: dict[str, Any]) -> Example:
    """Join tokens with spaces; a token with several tags keeps the first that names something."""
    text, at = "", 0
    names: list[tuple[int, int, str]] = []
    for token, tag in zip(record["tokens"], record["tags"], strict=True):
        choices = [tag] if isinstance(tag, str) else list(tag)
        label = next((t for t in choices if t[:2] in ("B-", "I-")), "O")
        text += token + " "
        if label != "O":
            kind = label[2:].upper()
            if label[0] == "I" and names and names[-1][2] == kind and names[-1][1] + 1 == at:
                names[-1] = (names[-1][0], at + len(token), kind)
            else:
                names.append((at, at + len(token), kind))
        at = len(text)
    return Example(record["id"], record["lang"], text.rstrip(), names=tuple(names))


def as_events(example: Example) -> dict[str, Any]:
    """Return an annotated sentence as a record of events gold, its ends as actor codes."""

    def code(end: int | None) -> str | None:
        return None if end is None else example.actor_codes[end]

    return {
        "id": example.id, "lang": example.language, "text": example.text,
        "events": [
            {"source": code(r.source), "target": code(r.target), "code": r.label,
             "alt": list(r.alternatives), "symmetric": r.symmetric, "modality": r.modality}
            for r in example.relations
        ],
    }  # fmt: skip
