"""Times the last step of a run, and measures its memory, on made-up parts: no model is needed.

    python scripts/benchmark_tables.py [--documents 200000] [--days 365] [--keep FOLDER] [--release]

Makes parts of 512 documents as coding leaves them: three languages, each with a tenth of its minima
from one of 100 subjects, a third near-copies of an earlier one (a fifth of their minima changed),
two coded events each with a sentence of 150 letters. A process of its own then finds the stories,
writes events and documents and the account; prints its CPU seconds and its largest resident memory
(Linux: ru_maxrss), beside that of a run of one part. `--days 0` makes documents without a date.
Half of the events count; `--release` also times `eventcoder release` of the run (on the clock).
"""

import argparse
import datetime as dt
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from eventcoder import pipeline, release, runs, sketches, tables
from eventcoder.pipeline import SHARD
from eventcoder.signature import Signature

COUNTRIES = ["USA", "IRN", "IRQ", "SYR", "RUS", "TJK", "AFG", "PAK", "EGY", "SAU", "TUR", "FRA"]
MEANT = 384  # numbers in a document's meaning
# Word pairs that all texts on a subject share.
TOPICS = np.random.default_rng(0).integers(0, 1 << 16, (100, sketches.PERMUTATIONS), np.uint16)
STEP = (
    "import resource, sys, time; from eventcoder import pipeline, runs;"
    "run = runs.Run(sys.argv[1]); pipeline._write_tables(run); counts = pipeline._account(run);"
    "print(time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,"
    " counts['read'], counts['events'])"
)


def part(number: int, size: int, days: int, rng: np.random.Generator,
         seen: list[tuple[np.ndarray, int]]) -> dict[str, pl.DataFrame]:  # fmt: skip
    """Return documents, sketches, mentions and events of one part."""
    ids = [f"news-{number:05d}-{row:03d}" for row in range(size)]
    minima = rng.integers(0, 1 << 16, (size, sketches.PERMUTATIONS), dtype=np.uint16)
    usual = rng.random(minima.shape) < 0.1
    minima[usual] = TOPICS[rng.integers(len(TOPICS), size=size)][usual]
    day = rng.integers(0, days, size) if days else np.zeros(size, int)
    for row in range(size):
        if seen and rng.random() < 0.33:
            minima[row], day[row] = seen[rng.integers(len(seen))]
            changed = rng.random(sketches.PERMUTATIONS) < 0.2
            minima[row, changed] = rng.integers(0, 1 << 16, int(changed.sum()), dtype=np.uint16)
    seen[:] = [*seen[-2000:], *zip(minima[:100].copy(), day[:100], strict=True)]
    published = [dt.date(2010, 1, 1) + dt.timedelta(int(n)) if days else None for n in day]
    documents = pl.DataFrame({
        "doc_id": ids, "path": [f"news.jsonl:{number * SHARD + row}" for row in range(size)],
        "status": ["coded"] * size, "title": [f"A headline of six words {doc}" for doc in ids],
        "published": published, "published_basis": ["given" if days else "none"] * size,
        "language": rng.choice(["ar", "en", "fa"], size), "url": [f"https://a.example/{doc}"
        for doc in ids], "n_sentences": [6] * size, "n_events": [0] * size,
        "text_sha256": [hashlib.sha256(doc.encode()).hexdigest() for doc in ids],
    }, schema_overrides={"published": pl.Date})  # fmt: skip
    mentions = pl.DataFrame({
        "mention_id": [f"m{doc}{n}" for doc in ids for n in "ab"],
        "doc_id": [doc for doc in ids for _ in "ab"],
        "sentence_number": [1] * 2 * size,
        "sentence_text": [f"{doc} {'who did what to whom ' * 7}" for doc in ids for _ in "ab"],
        "event_code": ["042"] * 2 * size, "confidence": rng.random(2 * size),
        "modality": ["done"] * 2 * size,
    })  # fmt: skip
    source, target = (rng.choice(COUNTRIES, 2 * size) for _ in range(2))
    events = mentions.with_columns(
        event_id=pl.col("mention_id"), source=source, source_country=source, target=target,
        target_country=target, root_code=pl.lit("04"), base_code=pl.lit("042"),
        quad_class=pl.lit(1, pl.Int8), goldstein=pl.lit(1.9), date_precision=pl.lit("day"),
        date_basis=pl.lit("published"), event_date=pl.Series([d for d in published for _ in "ab"],
        dtype=pl.Date),
        dropped=pl.when(pl.col("confidence") < 0.5).then(pl.lit("low confidence")),
    )  # fmt: skip
    meant = rng.normal(size=(size, MEANT)).astype("<f2")
    sketch = documents.select("doc_id", "published", "language", "text_sha256").with_columns(
        pl.Series("sketch", minima, dtype=sketches.SKETCHES["sketch"]),
        pl.Series("meaning", [row.tobytes() for row in meant]),
        pl.lit(None, pl.String).alias("record"),
    )
    made = {"documents": documents, "mentions": mentions, "events": events}
    return {"sketches": sketch} | {
        name: pl.concat([tables.empty(name), frame], how="diagonal_relaxed").select(
            tables.schema(name).names()
        )
        for name, frame in made.items()
    }


def make(folder: Path, count: int, days: int) -> None:
    """Write the parts of a run that has yet to be finished."""
    rng, seen = np.random.default_rng(1), list[tuple[np.ndarray, int]]()
    with runs.Run.create(folder, Signature()) as run:
        for number, start in enumerate(range(0, count, SHARD)):
            run.write_part(number, **part(number, min(SHARD, count - start), days, rng, seen))


def main() -> None:
    """Makes the run, finishes it in a process of its own, prints what that took."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--keep", type=Path, help="a folder for the runs, kept")
    parser.add_argument("--release", action="store_true", help="time a release too")
    given = parser.parse_args()
    os.environ.setdefault("POLARS_MAX_THREADS", "2")
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for count in (SHARD, given.documents):
            place = folder / f"run-{count}"
            if not place.exists():
                make(place, count, given.days)
            done = subprocess.run([sys.executable, "-c", STEP, str(place)], check=True,
                                  capture_output=True, text=True)  # fmt: skip
            seconds, memory, read, events = done.stdout.split()
            print(f"{int(read):>10,} documents {int(events):>10,} events {float(seconds):8.1f} "
                  f"CPU s {int(memory):6,} MB at the most", flush=True)  # fmt: skip
        if given.release:
            run = runs.Run(place)
            counts = pipeline._account(run)
            run.finish(Signature(), counts, 0.0)
            began = time.perf_counter()
            out = Path(scratch) / "release"
            release.make(run, out, "1.0")
            print(f"released in {time.perf_counter() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
