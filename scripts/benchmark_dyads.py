"""Time a monthly dyad series from made-up events, and the same in pandas.

    python scripts/benchmark_dyads.py 1000000 [--complete]

Each side runs in a process of its own, from the same Parquet file; prints seconds on
the clock and of all cores (the fairer number on a busy machine), and peak memory.

Of the 8.0 to 9.5 seconds of 20 million events (two cores of a slow machine) two go into reading and
hashing the ids of documents and stories, 0.7 into numbering the groups, 4.2 into sums and what is
distinct, nearly all of it two sorts of 20 million 64-bit keys (in two threads; numpy takes 66
nanoseconds a key on Zen 4), 1.7 into the complete panel and its file (lz4 or snappy in place of
zstd save 0.3 to 0.5).
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

PART = 2_000_000  # events made at a time


def make(path: Path, n: int) -> None:
    """Write `n` events over 200 countries and 20 years, unevenly spread as in news."""
    import polars as pl

    from eventcoder.writing import write

    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        for number, start in enumerate(range(0, n, PART)):
            write(part(number, min(PART, n - start), n), Path(folder) / f"{number:04}.parquet")
        write(pl.scan_parquet(Path(folder) / "*.parquet"), path)


def part(number: int, n: int, total: int) -> pl.DataFrame:
    """Make a part of the events; documents and stories are those of the whole."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(number)
    letters = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    names = pl.Series(["".join(letters[[i // 26, i % 26, i % 7]]) for i in range(200)])
    source, target = (names.gather(rng.zipf(1.4, n) % 200) for _ in range(2))
    root = rng.integers(1, 21, n)
    days = rng.integers(0, 7300, n).astype("timedelta64[D]") + np.datetime64("2002-01-01")
    report = pl.Series(rng.integers(0, max(total // 3, 1), n)).cast(pl.String)
    return pl.DataFrame(
        {
            "event_id": pl.Series(range(number * PART, number * PART + n)).cast(pl.String),
            "event_date": days,
            "source": source + "GOV",
            "source_country": source,
            "target": target + "GOV",
            "target_country": target,
            "event_code": pl.Series(root).cast(pl.String).str.zfill(2) + "0",
            "quad_class": np.searchsorted([5, 8, 13], root) + 1,
            "goldstein": np.round(rng.uniform(-10, 10, n), 1),
            "doc_id": "document-" + report,
            "cluster_id": "story-" + report,
        }
    ).with_columns(dropped=pl.lit(None, pl.String))


def with_eventcoder(path: Path, out: Path, complete: bool) -> int:
    """Aggregate with eventcoder; return the rows of the series."""
    import polars as pl

    from eventcoder.dyads import Options, aggregate
    from eventcoder.tables import scan
    from eventcoder.writing import write

    write(aggregate(scan(path), Options(complete=complete)), out)
    return int(pl.scan_parquet(out).select(pl.len()).collect().item())


def with_pandas(path: Path, out: Path, complete: bool) -> int:
    """Do the same with pandas as one would write it; return the rows of the series."""
    import pandas as pd

    columns = ["event_date", "source_country", "target_country", "quad_class", "goldstein",
               "doc_id", "cluster_id", "dropped"]  # fmt: skip
    events = pd.read_parquet(path, columns=columns)
    events = events[events["dropped"].isna() & events["event_date"].notna()]
    events["period"] = pd.to_datetime(events["event_date"]).dt.to_period("M")
    for quad in (1, 2, 3, 4):
        events[f"quad_{quad}"] = (events["quad_class"] == quad).astype(int)
    unit = ["period", "source_country", "target_country"]
    series = events.groupby(unit).agg(
        n_events=("quad_class", "size"),
        quad_1=("quad_1", "sum"),
        quad_2=("quad_2", "sum"),
        quad_3=("quad_3", "sum"),
        quad_4=("quad_4", "sum"),
        goldstein_mean=("goldstein", "mean"),
        goldstein_sum=("goldstein", "sum"),
        n_documents=("doc_id", "nunique"),
        n_clusters=("cluster_id", "nunique"),
    )
    if complete:
        dyads = series.index.droplevel("period").unique()
        periods = pd.period_range(events["period"].min(), events["period"].max(), freq="M")
        full = [
            periods.repeat(len(dyads)),
            *(dyads.get_level_values(i).tolist() * len(periods) for i in (0, 1)),
        ]
        series = series.reindex(pd.MultiIndex.from_arrays(full, names=unit))
        counts = [c for c in series.columns if c != "goldstein_mean"]
        series[counts] = series[counts].fillna(0)
    series = series.reset_index()
    series["period"] = series["period"].dt.to_timestamp()
    series.to_parquet(out)
    return len(series)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("n", type=int)
    parser.add_argument("--complete", action="store_true")
    parser.add_argument("--only", choices=["eventcoder", "pandas"], help="one side")
    parser.add_argument("--events", type=Path, help="keep the events in this file, or take them")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        began = time.perf_counter()
        side = {"eventcoder": with_eventcoder, "pandas": with_pandas}[given.side]
        with tempfile.TemporaryDirectory(dir=given.events.parent) as folder:
            rows = side(given.events, Path(folder) / "series.parquet", given.complete)
        seconds = time.perf_counter() - began
        gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        result = {"rows": rows, "seconds": seconds, "cpu": time.process_time(), "GB": gigabytes}
        print(json.dumps({name: round(value, 2) for name, value in result.items()}))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = given.events or Path(folder) / "events.parquet"
        if not path.exists():
            make(path, given.n)
        for side in [given.only] if given.only else ["eventcoder", "pandas"]:
            command = [
                sys.executable,
                __file__,
                str(given.n),
                "--side",
                side,
                "--events",
                str(path),
            ]
            command += ["--complete"] if given.complete else []
            ended = subprocess.run(command, check=True, capture_output=True, text=True)
            print(side, ended.stdout.strip(), flush=True)


if __name__ == "__main__":
    main()
