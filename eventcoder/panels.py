"""A dyadic series in, complete panels over the states of the day and their numbers out."""

import datetime as dt
from collections.abc import Iterator
from itertools import product

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
BLOCK = 1_000_000  # rows of a panel that are made at a time: 100 MB


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
