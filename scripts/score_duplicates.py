"""Score near-duplicate detection on labelled pairs of texts, all of them in one pool.

    python scripts/score_duplicates.py [tests/sample/duplicates.jsonl] [--errors]

Each line: {"id", "language", "kind", "duplicate", "published", "a": {"title", "text"}, "b": ...}.
"""

import argparse
import datetime as dt
import json
from collections import Counter, defaultdict
from pathlib import Path

from eventcoder import duplicates, sketches, tables
from eventcoder.coder import document_rows
from eventcoder.extraction import Extracted, prepare
from eventcoder.records import Document


def main() -> None:
    """Print precision and recall by language and by kind of pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "pairs", nargs="?", type=Path, default=Path("tests/sample/duplicates.jsonl")
    )
    parser.add_argument("--errors", action="store_true")
    given = parser.parse_args()
    pairs = [json.loads(line) for line in given.pairs.read_text("utf-8").splitlines()]
    extracted = [
        Extracted(prepare(Document(
            f"{pair['id']}/{side}", pair[side]["text"], title=pair[side]["title"],
            published=dt.date.fromisoformat(pair["published"]), published_basis="given",
            language=pair["language"],
        )), (), (), None)
        for pair in pairs for side in "ab"
    ]  # fmt: skip
    documents = document_rows(extracted, ())
    part = (sketches.sketch_rows(documents, extracted), tables.empty("events"))
    (found,) = duplicates.cluster([part])
    story = dict(zip(documents["doc_id"], found.tolist(), strict=True))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for pair in pairs:
        same = story[f"{pair['id']}/a"] == story[f"{pair['id']}/b"]
        cell = ("true " if same == pair["duplicate"] else "false ") + ("+" if same else "-")
        for group in ("all", pair["language"], pair["kind"]):
            counts[group][cell] += 1
        if given.errors and same != pair["duplicate"]:
            print(pair["id"], "found" if same else "missed")
    for group, cells in counts.items():
        told, true = cells["true +"] + cells["false +"], cells["true +"] + cells["false -"]
        precision = f"{cells['true +'] / told:.3f}" if told else "-"
        recall = f"{cells['true +'] / true:.3f}" if true else "-"
        print(f"{group:16} n {cells.total():4}  precision {precision:>5}  recall {recall:>5}")


if __name__ == "__main__":
    main()
