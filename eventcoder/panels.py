"""A dyadic series in, complete panels over the states of the day and their numbers out."""

import datetime as dt
from itertools import product

import polars as pl

from eventcoder import resources
from eventcoder.countries import memberships
from eventcoder.selection import EVERY, Options, first_day, last_day, lifetimes, overlaps

COUNTS = (
    "n_events", "n_verbal_cooperation", "n_material_cooperation", "n_verbal_conflict",
    "n_material_conflict",
)  # fmt: skip
MEASURES = (
    *COUNTS, "goldstein_mean", "goldstein_sum", "net_cooperation", "n_documents", "n_clusters",
)  # fmt: skip


def completed(series: pl.LazyFrame, unit: list[str], options: Options) -> pl.LazyFrame:
    """Give every unit a row in every period, already in the order of periods and units.

    A state has none in a period that it did not exist in.
    """
    # Or else the events would be counted again to learn of the units and of the periods.
    series = series.cache()
    periods = _periods(series, options).with_row_index("_period")
    units = _units(series, unit, options).sort(unit).with_row_index("_unit")
    lives = product(*(lifetimes(side, options) for side in ("source", "target")))
    shared = [
        (pl.max_horizontal(a, b).alias(f"_first{i}"), pl.min_horizontal(c, d).alias(f"_last{i}"))
        for i, ((a, c), (b, d)) in enumerate(lives)
    ]
    living = units.with_columns(days for both in shared for days in both)
    ending = periods.with_columns(last_day(pl.col("period"), options).alias("_end"))
    alive = pl.any_horizontal(
        overlaps(pl.col(f"_first{i}"), pl.col(f"_last{i}"), pl.col("period"), pl.col("_end"))
        for i in range(len(shared))
    )
    # An ordered join of millions of rows by one number takes a third of one by several columns.
    place = (pl.col("_period").cast(pl.Int64) * 2**32 + pl.col("_unit")).alias("_place")
    measured = (
        series.join(units, on=unit, how="left")
        .join(periods, on="period", how="left")
        .select(place, *MEASURES)
    )
    counts = [name for name in MEASURES if name != "goldstein_mean"]
    return (
        ending.join(living, how="cross", maintain_order="left_right")
        .filter(alive)
        .select(place, "period", *unit)
        .join(measured, on="_place", how="left", maintain_order="left")
        .drop("_place")
        .with_columns(pl.col(counts).fill_null(0))
    )


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
