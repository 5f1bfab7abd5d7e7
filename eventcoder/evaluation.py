"""Gold in, scores out: relations, events and actors against what the coder says."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from eventcoder import gold
from eventcoder.actors import ActorDictionary
from eventcoder.dates import parse_given
from eventcoder.errors import EventcoderError
from eventcoder.extraction import Extracted, Prepared, extract
from eventcoder.model.encoder import EncoderModel
from eventcoder.ontology import Ontology
from eventcoder.records import Document, Sentence

LEVELS = ("root", "code", "country_dyad")
BINS = 10  # of the expected calibration error, as in Guo et al. 2017
RESAMPLES = 500  # of the bootstrap; intervals are its 5th and 95th percentiles

Record = dict[str, Any]


class Coder(Protocol):
    """What scoring events needs of `pipeline.Coder`."""

    @property
    def model(self) -> EncoderModel:
        """The model that reads."""

    @property
    def dictionary(self) -> ActorDictionary:
        """Who is who."""

    @property
    def ontology(self) -> Ontology:
        """The codes."""

    def code(self, extracted: Sequence[Extracted]) -> Any:
        """Return the events table of read documents."""


def read(path: str | Path, form: str, wanted: Iterable[str]) -> list[Record]:
    """Return the gold records of a file; raise EventcoderError naming row and field at fault."""
    records = []
    for row, record in gold.lines(Path(path)):
        missing = [name for name in wanted if name not in record]
        if missing:
            raise EventcoderError(f"{path}, row {row}: {form} gold needs {', '.join(missing)}")
        try:
            _CHECKS[form](record)
        except EventcoderError as error:
            raise EventcoderError(f"{path}, row {row}: {error}") from None
        except (KeyError, TypeError, ValueError, IndexError) as error:
            field = f"field {error}" if isinstance(error, KeyError) else str(error)
            raise EventcoderError(f"{path}, row {row}: {field} is missing or wrong") from None
        records.append(record)
    if not records:
        raise EventcoderError(f"{path} has no rows")
    return records


def _check_relation(record: Record) -> None:
    if record["label_set"] not in gold.LABEL_SETS:
        raise EventcoderError(f"label_set {record['label_set']!r} is none of {gold.LABEL_SETS}")
    for role in ("source", "target"):
        if record[role] is not None:
            gold.span(record[role], record["text"], role)


def _check_actor(record: Record) -> None:
    gold.span((record["start"], record["end"]), record["text"], "start, end")
    if not isinstance(record["code"], str):
        raise EventcoderError(f"code {record['code']!r} is no text")


def _check_events(record: Record) -> None:
    len(record["text"])
    for event in record["events"]:
        for field in ("source", "target"):
            if event[field] is not None and not isinstance(event[field], str):
                raise EventcoderError(f"events.{field} {event[field]!r} is no actor code")
        for code in (event["code"], *event.get("alt", ())):
            if not isinstance(code, str) or not code.isdecimal():
                raise EventcoderError(f"events.code {code!r} is no event code")


_CHECKS: dict[str, Callable[[Record], None]] = {
    "relations": _check_relation, "actors": _check_actor, "events": _check_events,
}  # fmt: skip


def expected_calibration_error(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Return the mean gap between confidence and share right over ten equal-width bins."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for c, r in zip(confidence, right, strict=True):
        bins[min(BINS - 1, int(c * BINS))].append((c, r))
    total = max(1, len(confidence))
    gaps = (abs(sum(c for c, _ in b) - sum(r for _, r in b)) for b in bins.values())
    return sum(gaps) / total


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the mean F1 over the classes that the gold has, of (gold, predicted) pairs."""
    right = Counter(g for g, p in pairs if g == p)
    golds, predictions = Counter(g for g, _ in pairs), Counter(p for _, p in pairs)
    scores = [2 * right[c] / (golds[c] + predictions[c]) for c in golds]
    return sum(scores) / max(1, len(scores))


def relations(
    path: str | Path, model: EncoderModel, ontology: Ontology, by: str | None = "lang"
) -> Record:
    """Score codes of given actor pairs: {n, macro_f1, accuracy, quad_macro_f1, ece, by}."""
    records = read(path, "relations", ("text", "source", "target", "label", "label_set"))
    ends = [tuple(tuple(r[e]) if r[e] else None for e in ("source", "target")) for r in records]
    judged = model.judge([r["text"] for r in records], ends)
    rows: list[Record] = []
    for record, (_, codes) in zip(records, judged, strict=True):
        label_set = record["label_set"]
        share: dict[str, float] = defaultdict(float)
        for code, probability in zip(model.codes, codes, strict=True):
            label = ontology.label(code, label_set)
            if label is not None:
                share[str(label)] += float(probability)
        best, sure = max(share.items(), key=lambda item: item[1])
        rows.append(
            {
                **record, "said": best, "sure": sure / sum(share.values()),
                "quad": str(ontology.quad_of(record["label"], label_set)),
                "said_quad": str(ontology.quad_of(best, label_set)),
            }
        )  # fmt: skip
    return _grouped(rows, by, _relation_scores, "macro_f1")


def _relation_scores(rows: Sequence[Record]) -> Record:
    pairs = [(str(r["label"]), r["said"]) for r in rows]
    right = [g == p for g, p in pairs]
    return {
        "n": len(rows),
        "macro_f1": macro_f1(pairs),
        "accuracy": sum(right) / len(rows),
        "quad_macro_f1": macro_f1([(r["quad"], r["said_quad"]) for r in rows]),
        "ece": expected_calibration_error([r["sure"] for r in rows], right),
    }


def actors(path: str | Path, dictionary: ActorDictionary, by: str | None = "lang") -> Record:
    """Score codes of given mentions: {n, country, role, code, by}, shares right."""
    records = read(path, "actors", ("text", "start", "end", "code", "lang"))
    for record in records:
        published = parse_given(record.get("published")).date if record.get("published") else None
        found = dictionary.resolve(
            record["text"][record["start"] : record["end"]], record["lang"], published,
            context=record["text"],
        )  # fmt: skip
        record["said"] = found.code if found else ""
        record["gold"] = record["code"].split("/")[0]
    return _grouped(records, by, _actor_scores, "code")


def _actor_scores(rows: Sequence[Record]) -> Record:
    country = [r["said"][:3] == r["gold"][:3] for r in rows]
    with_role = [r for r in rows if len(r["gold"]) > 3]
    role = [r["said"][3:6] == r["gold"][3:6] for r in with_role]
    both = [c and r["said"][3:6] == r["gold"][3:6] for c, r in zip(country, rows, strict=True)]
    return {
        "n": len(rows),
        "country": sum(country) / len(rows),
        "role": sum(role) / max(1, len(role)),
        "code": sum(both) / len(rows),
    }


def events(path: str | Path, coder: Coder, by: str | None = "lang") -> Record:
    """Score events of running text, everything predicted.

    Returns {n_sentences, n_gold, n_predicted, root, code, country_dyad, ece, by}; each level has
    precision, recall and F1. Within a sentence, what agrees at a level counts once.
    """
    sentences = []
    for rows in documents(path):
        key = (rows[0].get("doc_id") or rows[0]["id"], rows[0]["lang"])
        frame = coder.code(extract([as_document(key, rows)], coder.model, coder.dictionary))
        said: dict[int, list[Record]] = defaultdict(list)
        for row in frame.iter_rows(named=True):
            if row["dropped"] is None:
                said[row["sentence_number"]].append(row)
        for number, record in enumerate(rows):
            sentences.append({**record, "said": said[number]})
    for sentence in sentences:
        sentence["matched"] = {
            level: match(sentence["events"], sentence["said"], level, coder.ontology)
            for level in LEVELS
        }
    return _grouped(sentences, by, _event_scores, "root")


def documents(path: str | Path) -> list[list[Record]]:
    """Return events gold grouped into documents of one language, in the order of the file."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in read(path, "events", ("text", "events", "lang")):
        key = str(record.get("doc_id") or record["id"]), str(record["lang"])
        groups.setdefault(key, []).append(record)
    return list(groups.values())


def as_document(key: tuple[str, str], rows: Sequence[Record]) -> Prepared:
    """Return gold sentences as one document that keeps their bounds."""
    text, starts = "", []
    for row in rows:
        starts.append(len(text))
        text += row["text"] + "\n"
    published = rows[0].get("published")
    dated = parse_given(published).date if published else None
    document = Document(
        "|".join(map(str, key)), text, published=dated,
        published_basis="given" if dated else "none", language=key[1],
    )  # fmt: skip
    sentences = tuple(
        Sentence(document, n, start, row["text"], key[1])
        for n, (start, row) in enumerate(zip(starts, rows, strict=True))
    )
    return Prepared(document, document, sentences, ())


def match(
    golds: Sequence[Record], said: Sequence[Record], level: str, ontology: Ontology
) -> tuple[int, int, int, list[tuple[float, bool]]]:
    """Return (right, predicted, gold) at a level and (confidence, right) of each prediction."""
    wanted: dict[Any, set[Any]] = {}
    for event in golds:
        dyad = (country(event["source"]), country(event["target"]))
        codes = [event["code"], *event.get("alt", ())]
        classes = frozenset(_class(c, level, ontology) for c in codes)
        keys = {(dyad, c) for c in classes}
        if event.get("symmetric"):
            keys |= {(dyad[::-1], c) for c in classes}
        wanted[(dyad, classes, bool(event.get("symmetric")))] = keys
    given: dict[Any, float] = {}
    for row in said:
        key = ((country(row["source"]), country(row["target"])),
               _class(row["event_code"], level, ontology))  # fmt: skip
        given[key] = max(given.get(key, 0.0), row["confidence"])
    right: set[Any] = set()
    found = 0
    for keys in wanted.values():
        hit = next((k for k in given if k in keys and k not in right), None)
        if hit is not None:
            right.add(hit)
            found += 1
    return found, len(given), len(wanted), [(given[k], k in right) for k in given]


def country(code: str | None) -> str:
    """Return the country (or IGO, NGO, ...) of an actor code, "" for nobody."""
    return (code or "").split("/")[0].replace("---", "")[:3]


def _class(code: str, level: str, ontology: Ontology) -> str:
    if level == "country_dyad":
        return ""
    return code[:2] if level == "root" else code


def _event_scores(rows: Sequence[Record]) -> Record:
    out: Record = {"n_sentences": len(rows)}
    for level in LEVELS:
        found, said, golds = (sum(r["matched"][level][i] for r in rows) for i in range(3))
        if level == "root":
            out |= {"n_gold": golds, "n_predicted": said}
        precision, recall = found / max(1, said), found / max(1, golds)
        total = precision + recall
        out[level] = {
            "precision": precision,
            "recall": recall,
            "f1": 2 * precision * recall / total if total else 0.0,
        }
    judged = [pair for r in rows for pair in r["matched"]["root"][3]]
    out["ece"] = expected_calibration_error([c for c, _ in judged], [r for _, r in judged])
    return out


def _grouped(
    rows: Sequence[Record], by: str | None, score: Callable[[Sequence[Record]], Record], main: str
) -> Record:
    """Score all rows and each group; `interval` is the bootstrap's for the main figure."""
    out = score(rows)
    out["interval"] = interval(rows, lambda sample: _figure(score(sample), main))
    groups: dict[str, list[Record]] = defaultdict(list)
    if by:
        for row in rows:
            groups[str(row.get(by, ""))].append(row)
    out["by"] = {
        name: {**score(group), "interval": interval(group, lambda s: _figure(score(s), main))}
        for name, group in sorted(groups.items())
    }
    rounded: Record = _rounded(out)
    return rounded


def _figure(scores: Record, main: str) -> float:
    value = scores[main]
    return float(value["f1"] if isinstance(value, dict) else value)


def interval(rows: Sequence[Record], figure: Callable[[Sequence[Record]], float]) -> list[float]:
    """Return the 90 % bootstrap interval of a figure, rows drawn anew (documents stay whole)."""
    groups: dict[Any, list[Record]] = defaultdict(list)
    for number, row in enumerate(rows):
        groups[row.get("doc_id") or number].append(row)
    units = list(groups.values())
    state = np.random.default_rng(0)
    found = []
    for _ in range(RESAMPLES if len(rows) < 3000 else RESAMPLES // 5):
        chosen = state.integers(0, len(units), len(units))
        found.append(figure([row for i in chosen for row in units[i]]))
    return [float(q) for q in np.quantile(found, (0.05, 0.95))]


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    return round(value, 4) if isinstance(value, float) and math.isfinite(value) else value
