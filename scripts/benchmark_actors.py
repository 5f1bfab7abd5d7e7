"""Measure the actor dictionary: load seconds, memory, and megabytes of text looked up a second.

    python scripts/benchmark_actors.py TEXT... [--megabytes 20] [--phrases 200000]

TEXT are plain files, a sentence a line, whose names say their language (`ar_`, `fa_`, `en_`); they
are repeated up to the size. Seconds are of one processor. Memory is the peak above that of Python
with the dictionary's modules imported.
"""

import argparse
import resource
import time
from itertools import cycle, islice
from pathlib import Path

from eventcoder.actor_tables import Row, read_meanings, read_table, shipped_tables
from eventcoder.gazetteer import Gazetteer
from eventcoder.resources import schema


def lines_of(path: Path, size: int) -> list[str]:
    """Return the file's lines, from the first again at its end, up to `size` bytes."""
    lines = path.read_text(encoding="utf-8").splitlines()
    taken = []
    for line in cycle(lines):
        if size <= 0:
            break
        taken.append(line)
        size -= len(line.encode()) + 1
    return taken


def made_up(rows: list[Row], count: int) -> list[Row]:
    """Return `count` rows, each of two of our phrases: real words, no real names."""
    shifted = (islice(cycle(rows), shift, None) for shift in (7_919, 15_013, 22_013))
    pairs = (pair for others in shifted for pair in zip(rows, others, strict=False))
    return [
        one._replace(phrase=f"{one.phrase} {other.phrase}", kind="city")
        for one, other in islice(pairs, count)
    ]


def memory() -> float:
    """Return this process's peak in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print one line on loading and one for each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", nargs="+", type=Path)
    parser.add_argument("--megabytes", type=float, default=20)
    parser.add_argument("--phrases", type=int, default=200_000)
    asked = parser.parse_args()
    before = memory()
    began = time.process_time()
    rows = [row for path in shipped_tables() for row in read_table(path)]
    ours = Gazetteer(rows, read_meanings(schema("actors", "ambiguous.csv")))
    spent = time.process_time() - began
    print(f"ours: {ours.size} phrases in {spent:.2f} s, {memory() - before:.0f} MB")
    if ours.size < asked.phrases:
        rows += made_up(rows, (asked.phrases - ours.size) * 5 // 4)
        began = time.process_time()
        ours = Gazetteer(rows, read_meanings(schema("actors", "ambiguous.csv")))
        print(
            f"with made-up ones: {ours.size} phrases indexed in {time.process_time() - began:.2f} s"
        )
    share = int(asked.megabytes * 1e6 / len(asked.text))
    total = 0.0
    for path in asked.text:
        language = path.name.partition("_")[0]
        lines = lines_of(path, share)
        began = time.process_time()
        found = sum(len(ours.find(line, language)) for line in lines)
        spent = time.process_time() - began
        total += spent
        print(f"{path.name}: {share / 1e6 / spent:.1f} MB/s, {len(lines)} lines, {found} matches")
    print(f"all: {share * len(asked.text) / 1e6 / total:.1f} MB/s")


if __name__ == "__main__":
    main()
