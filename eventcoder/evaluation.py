"""Gold in, scores out: relations, events and actors against what the coder says."""

import datetime as dt
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from eventcoder import gold, leakage, matching
from eventcoder.actors import ActorDictionary
from eventcoder.countries import is_country
from eventcoder.dates import parse_given
from eventcoder.errors import EventcoderError
from eventcoder.extraction import Extracted, Prepared, extract
from eventcoder.matching import LEVELS, Matching, assign
from eventcoder.model.encoder import EncoderModel
from eventcoder.ontology import Ontology
from eventcoder.records import Document, Sentence

BINS = 10  # of the expected calibration error, as in Guo et al. 2017
NAMED = 20  # ids of leaked sentences that are named
RESAMPLES = 500  # of the bootstrap; intervals are its 5th and 95th percentiles

SUPPOSED = re.compile(r"\b(?:sentence|home|language):")  # evidence that the phrase itself lacks

Record = matching.Record
country = matching.country


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


def check_events(record: Record) -> None:
    """Raise for a record that is no events gold, naming what is wrong."""
    len(record["text"])
    for event in record["events"]:
        for field in ("source", "target"):
            if event[field] is not None and not isinstance(event[field], str):
                raise EventcoderError(f"events.{field} {event[field]!r} is no actor code")
        for code in (event["code"], *event.get("alt", ())):
            if not isinstance(code, str) or not code.isdecimal():
                raise EventcoderError(f"events.code {code!r} is no event code")


def _check_annotated(record: Record) -> None:
    for actor in record["actors"]:
        _check_actor({**actor, "text": record["text"]})


_CHECKS: dict[str, Callable[[Record], None]] = {
    "relations": _check_relation, "actors": _check_actor, "events": check_events,
    "annotated": _check_annotated,
}  # fmt: skip


def expected_calibration_error(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Return the mean gap between confidence and share right over ten equal-width bins."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for c, r in zip(confidence, right, strict=True):
        bins[min(BINS - 1, int(c * BINS))].append((c, r))
    total = max(1, len(confidence))
    gaps = (abs(sum(c for c, _ in b) - sum(r for _, r in b)) for b in bins.values())
    return sum(gaps) / total


def calibration(judged: Sequence[tuple[float, bool]]) -> list[Record]:
    """Return the bins of the expected calibration error: bounds, n, mean confidence, share right.

    Of (confidence, right) pairs; an empty bin has no mean and no share.
    """
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for sure, right in judged:
        bins[min(BINS - 1, int(sure * BINS))].append((sure, right))
    return [
        {
            "from": i / BINS, "to": (i + 1) / BINS, "n": len(b),
            "confidence": sum(c for c, _ in b) / len(b) if b else None,
            "right": sum(r for _, r in b) / len(b) if b else None,
        }
        for i, b in enumerate(bins)
    ]  # fmt: skip


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
                "group": str(_root_label(record["label"], label_set, ontology)),
                "said_group": str(_root_label(best, label_set, ontology)),
            }
        )  # fmt: skip
    scores = grouped(rows, by, _relation_scores, "macro_f1", _relation_details)
    return scores | _leaked(rows, model.folder, _relation_scores)


def _root_label(label: str, label_set: str, ontology: Ontology) -> str:
    """Return the root of a code; a class that stands for several codes is its own."""
    return ontology.root(label) if label_set == "cameo" else str(label)


def _relation_details(rows: Sequence[Record]) -> Record:
    """Return exact codes among right roots (of cameo labels), scores by root or class, bins."""
    coded = [r for r in rows if r["label_set"] == "cameo" and r["group"] == r["said_group"]]
    hits = [str(r["label"]) == r["said"] for r in coded]
    golds, said = Counter(r["group"] for r in rows), Counter(r["said_group"] for r in rows)
    right = Counter(r["group"] for r in rows if r["group"] == r["said_group"])
    return {
        "exact_given_root": {"n": len(hits), "share": sum(hits) / len(hits) if hits else None},
        "roots": {
            g: {"n_gold": golds[g], "n_predicted": said[g],
                **matching.rates(right[g], said[g], right[g], golds[g])}
            for g in sorted(golds | said)
        },
        "calibration": calibration([(r["sure"], str(r["label"]) == r["said"]) for r in rows]),
    }  # fmt: skip


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
    """Score codes of given mentions: {n, country, role, code, errors, by}, shares right or wrong.

    Sentences of one `doc_id` tell which country their document is about.
    """
    records = _mentions(path)
    homes = _homes(records, dictionary)
    for record in records:
        found = dictionary.resolve(
            record["text"][record["start"] : record["end"]], record["lang"], _day(record),
            context=record["text"], home=homes.get((record.get("doc_id"), record["lang"])),
        )  # fmt: skip
        record["said"] = found.code if found else ""
        record["gold"] = record["code"].split("/")[0]
        record["error"] = _actor_error(record["said"], record["gold"], found.row if found else "")
    return grouped(records, by, _actor_scores, "code")


def _mentions(path: str | Path) -> list[Record]:
    """Read actors gold, or the actors of annotated sentences."""
    first = next(gold.lines(Path(path)), (0, {}))[1]
    if "actors" not in first:
        return read(path, "actors", ("text", "start", "end", "code", "lang"))
    sentences = read(path, "annotated", ("text", "lang", "actors"))
    return [{**sentence, **actor, "text": sentence["text"]}
            for sentence in sentences for actor in sentence["actors"]]  # fmt: skip


def _day(record: Record) -> dt.date | None:
    return parse_given(record["published"]).date if record.get("published") else None


def _homes(records: Sequence[Record], dictionary: ActorDictionary) -> dict[Any, str | None]:
    """Return the country that each document of several sentences is about."""
    documents: dict[Any, dict[str, dt.date | None]] = defaultdict(dict)
    for record in records:
        if record.get("doc_id"):
            documents[record["doc_id"], record["lang"]][record["text"]] = _day(record)
    return {
        key: dictionary.home([(text, key[1]) for text in texts], next(iter(texts.values())))
        for key, texts in documents.items()
        if len(texts) > 1
    }


def _actor_error(said: str, wanted: str, row: str) -> str:
    """Name the class of an error, empty if country and role are right."""
    if said[:6] == wanted[:6]:
        return ""
    if not said:
        return "unresolved"
    if said[:3] == wanted[:3]:
        return "role"
    if not is_country(wanted[:3]):
        return "country where gold has none" if is_country(said[:3]) else "international or bare"
    if not is_country(said[:3]):
        return "no country"
    return "country of the context" if SUPPOSED.search(row) else "country"


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
        "errors": {
            name: count / len(rows)
            for name, count in Counter(r["error"] for r in rows).most_common()
            if name
        },
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
        matchings = {
            level: assign(sentence["events"], sentence["said"], level, coder.ontology)
            for level in LEVELS
        }
        sentence["matching"] = matchings["root"]
        sentence["matched"] = {level: _counted(found) for level, found in matchings.items()}
    scores = grouped(sentences, by, _event_scores, "root", _event_details, _root_f1)
    return scores | _leaked(sentences, coder.model.folder, _event_scores)


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
    return _counted(assign(golds, said, level, ontology))


def _counted(matching: Matching) -> tuple[int, int, int, list[tuple[float, bool]]]:
    right = matching.right
    judged = [(float(row["confidence"]), key in right) for key, row in matching.given.items()]
    return len(right), len(matching.given), len(matching.wanted), judged


def _event_scores(rows: Sequence[Record]) -> Record:
    out: Record = {"n_sentences": len(rows)}
    for level in LEVELS:
        found, said, golds = (sum(r["matched"][level][i] for r in rows) for i in range(3))
        if level == "root":
            out |= {"n_gold": golds, "n_predicted": said}
        out[level] = matching.rates(found, said, found, golds)
    judged = [pair for r in rows for pair in r["matched"]["root"][3]]
    out["ece"] = expected_calibration_error([c for c, _ in judged], [r for _, r in judged])
    return out


def _root_f1(rows: Sequence[Record]) -> float:
    found = said = golds = 0
    for row in rows:
        one, two, three, _ = row["matched"]["root"]
        found, said, golds = found + one, said + two, golds + three
    return matching.rates(found, said, found, golds)["f1"]


def _event_details(rows: Sequence[Record]) -> Record:
    """Return what no interval is asked of: by root, exact codes, direction, modality, bins."""
    matchings = [r["matching"] for r in rows]
    return {
        "exact_given_root": matching.exact_given_root(matchings),
        "direction": matching.direction((r["events"], r["said"]) for r in rows),
        "modality": matching.modality(matchings),
        "roots": matching.by_root(matchings),
        "calibration": calibration([pair for r in rows for pair in r["matched"]["root"][3]]),
    }


def _leaked(
    rows: Sequence[Record], folder: Path, score: Callable[[Sequence[Record]], Record]
) -> Record:
    """Return which rows training may have seen, the scores without them, and what to say of it."""
    sketches = leakage.load(folder)
    if sketches is None:
        note = "leakage: not known, the model does not tell what it was trained on"
        return {"leakage": {"known": False}, "notes": [note]}
    seen = set(leakage.near(sketches, [row["text"] for row in rows]))
    found: Record = {"known": True, "n": len(seen)}
    if not seen:
        return {"leakage": found, "notes": []}
    found["ids"] = [str(rows[i].get("id", i)) for i in sorted(seen)[:NAMED]]
    unseen = [row for i, row in enumerate(rows) if i not in seen]
    found["without"] = rounded(score(unseen)) if unseen else None
    note = (f"leakage: {len(seen):,} of {len(rows):,} sentences are near-duplicates of training "
            f"sentences: {', '.join(found['ids'])}{', ...' * (len(seen) > NAMED)}")  # fmt: skip
    return {"leakage": found, "notes": [note]}


def grouped(
    rows: Sequence[Record],
    by: str | None,
    score: Callable[[Sequence[Record]], Record],
    main: str,
    detail: Callable[[Sequence[Record]], Record] = lambda _: {},
    figure: Callable[[Sequence[Record]], float] | None = None,
) -> Record:
    """Score all rows and each group; `interval` is the bootstrap's for the main figure.

    `figure` returns that alone, where working out all scores a thousand times takes long.
    """

    def scored(part: Sequence[Record]) -> Record:
        span = interval(part, figure or (lambda sample: _figure(score(sample), main)))
        return {**score(part), "interval": span, **detail(part)}

    groups: dict[str, list[Record]] = defaultdict(list)
    if by:
        for row in rows:
            groups[str(row.get(by, ""))].append(row)
    found = {name: scored(group) for name, group in sorted(groups.items())}
    out: Record = rounded({**scored(rows), "by": found})
    return out


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


def rounded(value: Any) -> Any:
    """Round every figure in a tree of scores to four digits."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return round(value, 4) if isinstance(value, float) and math.isfinite(value) else value
