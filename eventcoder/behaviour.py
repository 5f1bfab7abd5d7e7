"""Sentences and their variants in, rates out: what should change changes, what should not doesn't.

A base sentence tells one event between two actors, in the simple past. Its variants deny it, plan
it, make it hang on a condition, or tell it as history; one uses its words for what is no event.
"""

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from eventcoder import evaluation, gold, scoring
from eventcoder.actors import ActorDictionary
from eventcoder.errors import EventcoderError
from eventcoder.extraction import extract
from eventcoder.matching import Record, country, dyad
from eventcoder.resources import schema

VARIANTS = (*gold.MODALITIES, "no-event")
Span = tuple[int, int]
Rows = list[Record]
Told = Callable[[str, str], Rows]  # (language, text) -> events coded in it


@dataclass(frozen=True, slots=True)
class Case:
    """A base sentence with the places of its event's ends, and its variants by name."""

    id: str
    lang: str
    text: str
    ends: tuple[Span, Span]
    event: Record
    variants: dict[str, Record] = field(default_factory=dict)

    @property
    def swapped(self) -> str:
        """The sentence with its ends' words in each other's place."""
        return exchange(self.text, self.ends, tuple(self.text[a:b] for a, b in self.ends[::-1]))


def exchange(text: str, places: Sequence[Span], words: Sequence[str]) -> str:
    """Put words in places of a text; a sentence's first letter stays large.

    >>> exchange("The army struck Iran.", [(0, 8), (16, 20)], ["Iran", "The army"])
    'Iran struck the army.'
    """
    out, at = "", 0
    for (start, end), new in sorted(zip(places, words, strict=True)):
        fitting = new[0].upper() + new[1:] if start == 0 else new
        if start and new.startswith("The "):
            fitting = "t" + new[1:]
        out += text[at:start] + fitting
        at = end
    return out + text[at:]


def read(path: str | Path) -> list[Case]:
    """Return the cases of a file of variants, or of annotated gold those with one event of two.

    Raises EventcoderError naming row and field at fault.
    """
    cases: dict[str, Case] = {}
    variants: list[tuple[int, Record]] = []
    for row, record in gold.lines(Path(path)):
        try:
            if "variant" in record and record["variant"] not in VARIANTS:
                raise EventcoderError(f"variant {record['variant']!r} is none of {VARIANTS}")
            if record.get("variant", "done") == "done":
                if case := _case(record):
                    cases[case.id] = case
            else:
                variants.append((row, _variant(record)))
        except EventcoderError as error:
            raise EventcoderError(f"{path}, row {row}: {error}") from None
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise EventcoderError(f"{path}, row {row}: {error} is missing or wrong") from None
    for row, record in variants:
        if record["base"] not in cases:
            raise EventcoderError(f"{path}, row {row}: no base sentence {record['base']!r}")
        cases[record["base"]].variants[record["variant"]] = record
    if not cases:
        raise EventcoderError(f"{path} has no sentence with one event between two named actors")
    return list(cases.values())


def _variant(record: Record) -> Record:
    scoring.check_events(record)
    if not isinstance(record["base"], str) or not isinstance(record["lang"], str):
        raise EventcoderError("base and lang must be text")
    return record


def _case(record: Record) -> Case | None:
    """Return a record as a case; None if it tells no event, several, or one with an end unsaid."""
    text, events = str(record["text"]), record["events"]
    if "actors" in record:
        if len(events) != 1 or None in (events[0]["source"], events[0]["target"]):
            return None
        actors = [record["actors"][events[0][end]] for end in ("source", "target")]
        places = [(actor["start"], actor["end"]) for actor in actors]
        event = {**events[0], "source": actors[0]["code"], "target": actors[1]["code"]}
    else:
        scoring.check_events(record)
        if len(events) != 1 or "source" not in record or "target" not in record:
            raise EventcoderError(
                "behaviour gold needs one event, and the places source and target"
            )
        places, event = [record["source"], record["target"]], events[0]
    source, target = (gold.span(place, text, "source, target") for place in places)
    one_way = country(event["source"]) != country(event["target"])
    apart = source[1] <= target[0] or target[1] <= source[0]
    if event.get("modality", "done") != "done" or not one_way or not apart:
        return None
    id_ = str(record.get("base", record.get("id", text)))
    return Case(id_, str(record["lang"]), text, (source, target), event)


def behaviour(path: str | Path, coder: evaluation.Coder) -> Record:
    """Return how often a coder does as it should: {n_cases, base, swap, denied, ..., by}.

    Each check has n and rate. Those of variants are asked where the base sentence is coded right;
    `nationality` asks whether probability and root stay when a country takes another's place.
    """
    cases = read(path)
    told = _coded(_texts(cases), coder)
    answers = {case.id: _answers(case, told) for case in cases}
    moved = nationality(cases, coder)

    def scored(part: Sequence[Case]) -> Record:
        return {
            "n_cases": len(part),
            **_rates([answers[case.id] for case in part]),
            "nationality": _bias([m for case in part for m in moved.get(case.id, ())]),
        }

    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.lang].append(case)
    scores = {**scored(cases), "by": {k: scored(v) for k, v in sorted(groups.items())}}
    rounded: Record = scoring.rounded(scores)
    return rounded


def _texts(cases: Iterable[Case]) -> Iterator[tuple[str, str]]:
    for case in cases:
        yield case.lang, case.text
        yield case.lang, case.swapped
        for variant in case.variants.values():
            yield variant["lang"], variant["text"]


def _coded(texts: Iterable[tuple[str, str]], coder: evaluation.Coder) -> Told:
    """Code each text as a document of its own; return what tells the events kept of one."""
    places = {asked: str(n) for n, asked in enumerate(dict.fromkeys(texts))}
    documents = [
        evaluation.as_document((id_, lang), [{"text": text}])
        for (lang, text), id_ in places.items()
    ]
    kept: dict[str, Rows] = defaultdict(list)
    frame = coder.code(extract(documents, coder.model, coder.dictionary))
    for row in frame.iter_rows(named=True):
        if row["dropped"] is None:
            kept[row["doc_id"].partition("|")[0]].append(row)
    return lambda lang, text: kept[places[lang, text]]


def _answers(case: Case, told: Told) -> dict[str, bool]:
    """Return the checks that a case answers, and how; of variants only if the base is right."""
    event = case.event
    ends, mutual = dyad(event), bool(event.get("symmetric"))
    roots = {code[:2] for code in (event["code"], *event.get("alt", ()))}

    def on(rows: Rows, way: tuple[str, str]) -> Rows:
        return [r for r in rows if dyad(r) == way or (mutual and dyad(r) == way[::-1])]

    def met(rows: Rows, way: tuple[str, str] = ends) -> Rows:
        return [r for r in on(rows, way) if r["root_code"] in roots]

    answers = {"base": bool(met(told(case.lang, case.text)))}
    for name, variant in case.variants.items():
        rows = told(variant["lang"], variant["text"])
        if name == "no-event":
            answers[name] = not on(rows, ends) and not on(rows, ends[::-1])
        elif answers["base"] and name == "denied":
            answers[name] = all(row["modality"] == "denied" for row in met(rows))
        elif answers["base"]:
            asked = {c[:2] for e in variant["events"] for c in (e["code"], *e.get("alt", ()))}
            said = [row for row in on(rows, ends) if row["root_code"] in asked]
            answers[f"{name}-found"] = bool(said)
            if said:  # an intent or a threat, said as one, is no less right than its content
                answers[name] = all(r["modality"] == name for r in said if r["root_code"] in roots)
    if answers["base"] and not mutual:
        rows = told(case.lang, case.swapped)
        answers["swap"] = bool(met(rows, ends[::-1])) and not met(rows)
    return answers


def _rates(answers: Sequence[dict[str, bool]]) -> Record:
    hits: dict[str, list[bool]] = defaultdict(list)
    for answer in answers:
        for name, right in answer.items():
            hits[name].append(right)
    return {name: {"n": len(h), "rate": sum(h) / len(h)} for name, h in sorted(hits.items())}


@dataclass(frozen=True, slots=True)
class Move:
    """A country put in another's place: change of the act's probability, and whether root stays."""

    country: str
    change: float
    same_root: bool


def nationality(cases: Sequence[Case], coder: evaluation.Coder) -> dict[str, list[Move]]:
    """Return, by case, what the model says with other countries in an end's place.

    An end is exchanged where it is a bare name of a country, in turn source and target first. A
    change is the difference to the mean over all countries in that sentence.
    """
    names = _names(coder.dictionary)
    asked: list[tuple[Case, str, str, tuple[Span, Span]]] = []
    for number, case in enumerate(cases):
        for code, text, ends in _exchanged(case, number % 2, names):
            asked.append((case, code, text, ends))
    judged = coder.model.judge([a[2] for a in asked], [a[3] for a in asked])
    own = coder.model.judge([c.text for c in cases], [c.ends for c in cases])
    roots = np.array([code[:2] for code in coder.model.codes])
    before = {c.id: _root(codes, roots) for c, (_, codes) in zip(cases, own, strict=True)}
    sure: dict[str, list[float]] = defaultdict(list)
    for (case, *_), (probability, _) in zip(asked, judged, strict=True):
        sure[case.id].append(probability)
    moved: dict[str, list[Move]] = defaultdict(list)
    for (case, code, *_), (probability, codes) in zip(asked, judged, strict=True):
        change = probability - sum(sure[case.id]) / len(sure[case.id])
        moved[case.id].append(Move(code, change, _root(codes, roots) == before[case.id]))
    return dict(moved)


def _root(codes: Any, roots: Any) -> str:
    return str(max(dict.fromkeys(roots), key=lambda root: float(codes[roots == root].sum())))


def _names(dictionary: ActorDictionary) -> dict[str, dict[str, str]]:
    """Return the names of the countries to exchange, by language and code; the first is usual."""
    with schema("behaviour.toml").open("rb") as file:
        wanted = tomllib.load(file)["countries"]
    names: dict[str, dict[str, str]] = defaultdict(dict)
    for row in dictionary.rows:
        if row.kind == "country" and row.code in wanted and not row.end:
            names[row.language].setdefault(row.code, row.phrase)
    return names


def _exchanged(
    case: Case, first: int, names: dict[str, dict[str, str]]
) -> Iterator[tuple[str, str, tuple[Span, Span]]]:
    """Yield (country, text, ends) with each country in the place of one end that is a bare name."""
    words = [case.text[a:b] for a, b in case.ends]
    known = names.get(case.lang, {})
    bare = [n for n in (first, 1 - first) if words[n] in known.values()]
    if not bare:
        return
    at, (start, end) = bare[0], case.ends[bare[0]]
    for code, name in known.items():
        if name in case.text[:start] + case.text[end:]:
            continue  # nobody acts on himself
        text = case.text[:start] + name + case.text[end:]
        longer = len(name) - (end - start)
        other = case.ends[1 - at]
        shifted = (other[0] + longer, other[1] + longer) if other[0] >= end else other
        ends = ((start, start + len(name)), shifted)
        yield code, text, ends if at == 0 else ends[::-1]


def _bias(moves: Sequence[Move]) -> Record:
    """Return the share of roots that stay, each country's mean change, and the widest gap."""
    changes: dict[str, list[float]] = defaultdict(list)
    for move in moves:
        changes[move.country].append(move.change)
    means = {code: sum(c) / len(c) for code, c in sorted(changes.items())}
    return {
        "n": len(moves),
        "rate": sum(m.same_root for m in moves) / len(moves) if moves else None,
        "bias": max(means.values()) - min(means.values()) if means else None,
        "countries": means,
    }
