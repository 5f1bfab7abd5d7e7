"""Events that count in, their sums by group out; a dyadic series in, complete panels out."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.io.plugins import register_io_source

from eventcoder import resources
from eventcoder.countries import memberships
from eventcoder.selection import EVERY, Options, first_day, last_day, lifetimes

COUNTS = (
    "n_events", "n_verbal_cooperation", "n_material_cooperation", "n_verbal_conflict",
    "n_material_conflict",
)  # fmt: skip
MEASURES = (
    *COUNTS, "goldstein_mean", "goldstein_sum", "net_cooperation", "n_documents", "n_clusters",
)  # fmt: skip

Days = npt.NDArray[np.datetime64]
Numbers = npt.NDArray[np.int64]
BLOCK = 1_000_000  # rows of a panel that are made at a time: 100 MB
SLICE = 1 << 22  # events looked at a time: what is made on the way stays small
PART = 1 << 25  # events whose reports are sorted at a time, twice side by side: 512 MB
TABLE = 1 << 24  # possible groups that a table always has room for: 80 MB


def completed(series: pl.DataFrame, unit: list[str], options: Options) -> pl.LazyFrame:
    """Give every unit a row in every period, in the order of periods and units.

    A state has none in a period that it did not exist in. The rows are made some periods at a
    time, when they are asked for: a panel may be larger than memory.
    """

    def made(
        columns: list[str] | None, condition: pl.Expr | None, most: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        for block in _blocks(series, unit, options):
            asked = block if condition is None else block.filter(condition)
            asked = asked if columns is None else asked.select(columns)
            yield asked if most is None else asked.head(most)
            if most is not None and (most := most - asked.height) <= 0:
                return

    return register_io_source(made, schema=series.schema, is_pure=True)


def _blocks(series: pl.DataFrame, unit: list[str], options: Options) -> Iterator[pl.DataFrame]:
    """Make the panel, a few periods at a time.

    To look up the place of every row takes a fifth of the time of a join of panel and series.
    """
    units = _units(series.lazy(), unit, options).collect().sort(unit)
    periods = _periods(series.lazy(), options).collect()
    wide = units.height
    if not wide or periods.is_empty():
        return
    place, order = _places(series, units, periods)
    lives = _lives(units, options)
    days = periods.select("period", _end=last_day(pl.col("period"), options))
    # What stands where nothing was counted is the last row.
    nothing = pl.DataFrame([dict.fromkeys(MEASURES, 0) | {"goldstein_mean": None}])
    counted = series.select(MEASURES)
    counted = pl.concat([counted, nothing.select(MEASURES).cast(counted.schema)])
    step = max(1, BLOCK // wide)
    for start in range(0, days.height, step):
        some = days[start : start + step]
        found = slice(*np.searchsorted(place, [start * wide, (start + some.height) * wide]))
        row = np.full(some.height * wide, series.height)
        row[place[found] - start * wide] = order[found]
        begins, ends = (column.to_numpy()[:, None] for column in some.iter_columns())
        alive = [(first <= ends) & (last >= begins) for first, last in lives]
        there = np.flatnonzero(np.any(alive, axis=0))
        columns = [
            some["period"].gather(there // wide),
            *units[there % wide].iter_columns(),
            *counted[row[there]].iter_columns(),
        ]
        yield pl.DataFrame(columns)


def _places(
    series: pl.DataFrame, units: pl.DataFrame, periods: pl.DataFrame
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the places of the series' rows in a panel without gaps, sorted, and their rows."""
    numbered = series.select("period", *units.columns).join(
        units.with_row_index("_unit"), on=units.columns, how="left", maintain_order="left"
    )
    numbered = numbered.join(
        periods.with_row_index("_period"), on="period", how="left", maintain_order="left"
    )
    place = numbered["_period"].cast(pl.Int64) * units.height + numbered["_unit"]
    order = place.arg_sort()
    return place.gather(order).to_numpy(), order.cast(pl.Int64).to_numpy()


def _lives(units: pl.DataFrame, options: Options) -> list[tuple[Days, Days]]:
    """Return the first and last day on which both states of a unit existed, spell by spell."""
    spells = product(*(lifetimes(side, options) for side in ("source", "target")))
    shared = (
        units.select(_first=pl.max_horizontal(a, b), _last=pl.min_horizontal(c, d))
        for (a, c), (b, d) in spells
    )
    return [(both["_first"].to_numpy(), both["_last"].to_numpy()) for both in shared]


def size(series: pl.LazyFrame, unit: list[str], options: Options) -> pl.LazyFrame:
    """Return units times periods, as one number."""
    n_units = _units(series, unit, options).select(pl.len().alias("_units"))
    n_periods = _periods(series, options).select(pl.len().alias("_periods"))
    both = n_units.join(n_periods, how="cross")
    return both.select(pl.col("_units").cast(pl.Int64) * pl.col("_periods"))


def _units(series: pl.LazyFrame, unit: list[str], options: Options) -> pl.LazyFrame:
    """Return the dyads (and codes) of the data, or all pairs of states (and codes of the data)."""
    if not options.states:
        return series.select(unit).unique()
    states = pl.LazyFrame({"source": list(memberships(options.states))}, {"source": pl.String})
    pairs = states.join(states.rename({"source": "target"}), how="cross")
    source, target = pl.col("source"), pl.col("target")
    if options.undirected:
        pairs = pairs.filter(source <= target)
    if not options.self_dyads:
        pairs = pairs.filter(source != target)
    return pairs.join(series.select("code").unique(), how="cross") if "code" in unit else pairs


def _periods(series: pl.LazyFrame, options: Options) -> pl.LazyFrame:
    period = pl.col("period")
    first = first_day(pl.lit(options.from_), options) if options.from_ else period.min()
    last = first_day(pl.lit(options.to), options) if options.to else period.max()
    return (
        series.select(_first=first, _last=last)
        .filter(pl.col("_first").is_not_null(), pl.col("_last").is_not_null())
        .select(pl.date_ranges("_first", "_last", EVERY[options.by]).alias("period"))
        .explode("period")
    )


def keyed(series: pl.LazyFrame, options: Options) -> pl.LazyFrame:
    """Add the numbers of the states that source and target belong to in the period.

    Where a state changed its number within the period, the later one stands.
    """
    known = pl.scan_csv(resources.schema("actors", "keys.csv"), infer_schema=False, glob=False)
    known = (
        known.select(
            iso3="iso3",
            number=pl.col(options.keys).cast(pl.Int64),
            start=pl.col("start").str.to_date("%Y-%m-%d").fill_null(dt.date(1, 1, 1)),
            end=pl.col("end").str.to_date("%Y-%m-%d").fill_null(dt.date(9999, 12, 31)),
        )
        .filter(pl.col("number").is_not_null())
        .sort("start")
    )
    columns = series.collect_schema().names()
    series = series.with_columns(last_day(pl.col("period"), options).alias("_last"))
    for side in ("source", "target"):
        series = series.with_columns(pl.col(side).str.head(3).alias("_iso3")).join_asof(
            known,
            left_on="_last",
            right_on="start",
            by_left="_iso3",
            by_right="iso3",
            check_sortedness=False,
        )
        alive = pl.when(pl.col("end") >= pl.col("period")).then("number")
        series = series.with_columns(alive.alias(f"{side}_{options.keys}")).drop(
            "number", "end", "start", strict=False
        )
    return series.select(*columns, f"source_{options.keys}", f"target_{options.keys}")


def summed(events: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return a row a group: sums, and how many hashes of `document` and `story` are distinct.

    Sums are weighted by `confidence`, where there is one, and rounded: so that they do not show
    in which order they were added up.
    """
    group, n_groups = _numbered(events, by)
    sizes, last = np.zeros(n_groups, np.int64), np.zeros(n_groups, np.int64)
    for rows in _slices(events.height):
        sizes += np.bincount(group[rows], minlength=n_groups)
        last[group[rows]] = np.arange(rows.start, rows.stop)
    with ThreadPoolExecutor() as side:  # numpy lets go of the lock where it counts and sorts
        distinct = [
            side.submit(_distinct, group, sizes, events[column]) for column in ("document", "story")
        ]
        sums = _sums(events, group, n_groups)
    names = ("n_documents", "n_clusters")
    counts = [pl.Series(n, d.result()) for n, d in zip(names, distinct, strict=True)]
    return events.select(by)[last].hstack(sums).hstack(counts)


def _sums(events: pl.DataFrame, group: npt.NDArray[np.int32], n_groups: int) -> pl.DataFrame:
    quads, scores, scored = np.zeros(n_groups * 4), np.zeros(n_groups), np.zeros(n_groups)
    for rows in _slices(events.height):
        some, number = events[rows], group[rows].astype(np.int64)
        weight = some["confidence"].to_numpy() if "confidence" in some.columns else None
        quad = number * 4 + (some["quad_class"].to_numpy() - 1)
        quads += np.bincount(quad, weight, minlength=n_groups * 4)
        score = some["goldstein"].to_numpy()
        known = ~np.isnan(score)
        if not known.all():
            number, score = number[known], score[known]
            weight = None if weight is None else weight[known]
        scored += np.bincount(number, weight, minlength=n_groups)
        score = score if weight is None else score * weight
        scores += np.bincount(number, score, minlength=n_groups)
    counts = {name: quads[i::4] for i, name in enumerate(COUNTS[1:])}
    sums = pl.DataFrame(counts | {"goldstein_sum": scores, "_scored": scored})
    return sums.with_columns(pl.exclude("_scored").round(6))


def _slices(n: int) -> Iterator[slice]:
    return (slice(start, min(start + SLICE, n)) for start in range(0, n, SLICE))


def _numbered(events: pl.DataFrame, by: list[str]) -> tuple[npt.NDArray[np.int32], int]:
    """Number the groups without gaps; return the group of every event, and how many there are."""
    group, size = np.zeros(events.height, np.int32), 1
    room = max(TABLE, events.height)
    for column in events.select(pl.col(by).to_physical()) if events.height else []:
        low, high = int(column.min()), int(column.max())  # type: ignore[arg-type]
        span = high - low + 1
        if size * span > room:
            group, size = _without_gaps(group, size)
        if size * span > room:
            both = group.astype(np.int64) * span + (column.cast(pl.Int64).to_numpy() - low)
            found, inverse = np.unique(both, return_inverse=True)
            group, size = inverse.astype(np.int32), len(found)
            continue
        size *= span
        for rows in _slices(events.height):
            some = group[rows]
            some *= span
            some += column[rows].cast(pl.Int32).to_numpy() - np.int32(low)
    return _without_gaps(group, size) if events.height else (group, 0)


def _without_gaps(group: npt.NDArray[np.int32], size: int) -> tuple[npt.NDArray[np.int32], int]:
    """Number the groups that occur, of so many that might."""
    there = np.zeros(size, bool)
    there[group] = True
    number = np.cumsum(there, dtype=np.int32) - np.int32(1)
    for rows in _slices(len(group)):
        group[rows] = number[group[rows]]
    return group, int(number[-1]) + 1


def _distinct(group: npt.NDArray[np.int32], sizes: Numbers, hashes: pl.Series) -> Numbers:
    """Count the distinct hashes of each group, some groups at a time.

    Group and hash are sorted as one number of 64 bits, which is ten times as fast as sets. That
    leaves 44 bits for a hash where there are a million groups: two reports of a group of 10,000
    then fall together once in 350,000 groups.
    """
    found = np.zeros(len(sizes), np.int64)
    part = (np.cumsum(sizes) - 1) // PART
    edges = [*np.flatnonzero(np.diff(part, prepend=-1)), len(sizes)]
    for start, stop in pairwise(edges):
        bits = np.uint64(max(int(stop - start - 1).bit_length(), 1))
        room = np.uint64(64) - bits
        both, end = np.empty(sizes[start:stop].sum(), np.uint64), 0
        for rows in _slices(len(group)):
            number, value = group[rows], hashes[rows].to_numpy()
            if len(edges) > 2:
                asked = (number >= start) & (number < stop)
                number, value = number[asked] - start, value[asked]
            packed = number.astype(np.uint64)
            packed <<= room
            packed |= value >> bits
            both[end : (end := end + len(packed))] = packed
        both.sort()
        first = np.ones(len(both), bool)
        np.not_equal(both[1:], both[:-1], out=first[1:])
        each = both[first]
        each >>= room
        found[start:stop] = np.bincount(each.view(np.int64), minlength=stop - start)
    return found
