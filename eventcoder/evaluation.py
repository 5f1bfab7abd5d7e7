"""Gold in, scores out: relations and events against what the coder says."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from eventcoder import leakage, matching
from eventcoder.actors import ActorDictionary
from eventcoder.dates import parse_given
from eventcoder.extraction import Extracted, Prepared, extract
from eventcoder.matching import LEVELS, Matching, assign
from eventcoder.model.encoder import EncoderModel
from eventcoder.ontology import Ontology
from eventcoder.records import Document, Sentence
from eventcoder.scoring import (
    Record,
    calibration,
    expected_calibration_error,
    grouped,
    macro_f1,
    read,
    rounded,
)

NAMED = 20  # ids of leaked sentences that are named


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
