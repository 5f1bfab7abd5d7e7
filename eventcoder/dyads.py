"""Coded events in, dyadic time series and their exposure out; lazy, but for what needs all rows."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from eventcoder import correction, panels, tables
from eventcoder.errors import EventcoderError
from eventcoder.selection import (
    Account,
    By,
    CodeLevel,
    Duplicates,
    Level,
    Normalise,
    Options,
    account,
    existed,
    first_day,
    inside,
    kept,
    opened,
    symmetric,
)

__all__ = [
    "Account", "By", "CodeLevel", "Duplicates", "Level", "Normalise", "Options", "account",
    "aggregate", "exposure",
]  # fmt: skip


def aggregate(
    events: pl.DataFrame | pl.LazyFrame,
    options: Options | None = None,
    *,
    levels: Sequence[Level] = (),
    documents: pl.DataFrame | pl.LazyFrame | None = None,
) -> pl.LazyFrame:
    """Return the dyadic series, sorted by period, source, target (and code).

    Dropped events and those that can't be placed are left out: `account` says how many and why.
    With `complete`, every dyad (and code) of the data has a row in every period between `from_`
    and `to`, or else between the first and the last event, if both states existed then: counts
    are 0, means null. With `levels`, the series of each follow one another, told apart by a
    first column `level`. To normalise by documents or sentences takes the run's `documents`.
    """
    options = options or Options()
    if not levels:
        return _series(events, options, documents)
    each = (
        _series(events, replace(options, level=level), documents).select(
            pl.lit(level).alias("level"), pl.all()
        )
        for level in dict.fromkeys(levels)
    )
    return pl.concat(list(each))


def _series(
    events: pl.DataFrame | pl.LazyFrame,
    options: Options,
    documents: pl.DataFrame | pl.LazyFrame | None,
) -> pl.LazyFrame:
    # The states of the day are asked of the series' rows, which are fewer; but where one event
    # stands for others, of the events, so that it is one that counts.
    late = options.complete and options.duplicates == "keep"
    anywhere = replace(options, complete=False, states="") if late else options
    counted = kept(opened(events, options), anywhere)
    if options.mirror_symmetric and not options.undirected:
        counted = _mirrored(counted, options)
    if options.undirected:
        counted = _undirected(counted)
    unit = ["source", "target", *(["code"] if options.code_level else [])]
    series = _measured(counted, ["period", *unit], weighted=options.weights == "confidence")
    corrected = None
    if options.correct or options.complete:
        # A panel's units, and the prior of corrected counts, are learned from all rows.
        counted_up = tables.collect(series, "the events")
        if late:
            sides = ("source", "target")
            counted_up = counted_up.filter(existed(s, pl.col("period"), options) for s in sides)
        series = counted_up.lazy()
    if options.correct:
        model = correction.Confusion.of_model(options.correct)
        rows = panels.size(series, unit, options).collect().item()
        corrected = correction.table(counted_up, rows, model)
    if options.complete:
        series = panels.completed(counted_up, unit, options)
    else:
        series = series.sort("period", *unit)
    if corrected is not None:
        by = list(correction.QUADS)
        series = series.join(corrected.lazy(), on=by, how="left", maintain_order="left")
    if options.normalise:
        series = _normalised(series, documents, events, options)
    return series if options.keys == "iso" else panels.keyed(series, options)


def _normalised(
    series: pl.LazyFrame,
    documents: pl.DataFrame | pl.LazyFrame | None,
    events: pl.DataFrame | pl.LazyFrame,
    options: Options,
) -> pl.LazyFrame:
    """Add the exposure of the period and counts per 1,000 of it; null where it is nothing."""
    if documents is None:
        if options.normalise != "events":
            raise EventcoderError(
                f"to normalise by {options.normalise} takes a run folder: an events table does "
                "not know what was read without events; normalise by events, or give the run"
            )
        documents = tables.empty("documents")
    total = pl.col(f"n_{options.normalise}").sum().alias("exposure")
    by_period = exposure(documents, events, options).group_by("period").agg(total)
    per = 1000 / pl.when(pl.col("exposure") > 0).then("exposure")
    return series.join(by_period, on="period", how="left", maintain_order="left").with_columns(
        pl.col("exposure").fill_null(0),
        *((pl.col(count) * per).alias(f"{count}_per_1000") for count in panels.COUNTS),
    )


def exposure(
    documents: pl.DataFrame | pl.LazyFrame,
    events: pl.DataFrame | pl.LazyFrame,
    options: Options | None = None,
) -> pl.LazyFrame:
    """Return documents, sentences and events by period, language and publisher.

    Coded documents count in the period they were published in, a row with a null period holding
    those without a date; events of the series count in the period they took place in.
    """
    options = options or Options()
    row = ["period", "language", "publisher"]
    needed = ["status", "published", "language", "publisher", "n_sentences"]
    texts = tables.conform(documents.lazy(), "documents", needed)
    published = pl.col("published")
    asked = published.is_null() | inside(published, options)
    texts = texts.filter(pl.col("status") == "coded", asked).select(
        first_day(published, options).alias("period"),
        *row[1:],
        n_documents=pl.lit(1, pl.Int64),
        n_sentences="n_sentences",
        n_events=pl.lit(0, pl.Int64),
    )
    reports = kept(opened(events, options), options).select(
        *row,
        n_documents=pl.lit(0, pl.Int64),
        n_sentences=pl.lit(0, pl.Int64),
        n_events=pl.lit(1, pl.Int64),
    )
    both = pl.concat([texts, reports]).with_columns(pl.col(row[1:]).fill_null(""))
    return both.group_by(row).agg(pl.col("^n_.*$").sum()).sort(row, nulls_last=True)


def _mirrored(events: pl.LazyFrame, options: Options) -> pl.LazyFrame:
    mutual = pl.col("event_code").is_in(symmetric(options))
    back = events.filter(mutual & (pl.col("source") != pl.col("target")))
    return pl.concat([events, back.with_columns(source="target", target="source")])


def _undirected(events: pl.LazyFrame) -> pl.LazyFrame:
    swap = pl.col("source") > pl.col("target")
    return events.with_columns(
        source=pl.when(swap).then("target").otherwise("source"),
        target=pl.when(swap).then("source").otherwise("target"),
    )


def _measured(events: pl.LazyFrame, by: list[str], *, weighted: bool) -> pl.LazyFrame:
    cooperation, conflict = (pl.sum_horizontal(panels.COUNTS[i : i + 2]) for i in (1, 3))
    units = [name for name in by if name != "period"]
    needed = events.select(
        "period",
        pl.col(units).cast(pl.Categorical),
        pl.col("quad_class").cast(pl.UInt8),
        "goldstein",
        *(["confidence"] if weighted else []),
        document=pl.col("doc_id").hash(),
        story=pl.coalesce("cluster_id", "doc_id").hash(),
    )
    count = pl.Float64 if weighted else pl.Int64
    schema = {name: needed.collect_schema()[name] for name in by}
    schema |= dict.fromkeys(panels.COUNTS[1:], count()) | {"goldstein_sum": pl.Float64()}
    schema |= {"_scored": count(), "n_documents": pl.Int64(), "n_clusters": pl.Int64()}

    def summed(rows: pl.DataFrame) -> pl.DataFrame:
        return panels.summed(rows, by).cast(schema)  # type: ignore[arg-type]

    return (
        needed.map_batches(
            summed,
            schema=schema,
            predicate_pushdown=False,
            projection_pushdown=False,
            slice_pushdown=False,
        )
        .with_columns(pl.col(units).cast(pl.String))
        .with_columns(
            (cooperation + conflict).alias("n_events"),
            (cooperation - conflict).alias("net_cooperation"),
            pl.when(pl.col("_scored") > 0)
            .then(pl.col("goldstein_sum") / pl.col("_scored"))
            .alias("goldstein_mean"),
        )
        .with_columns(pl.col("n_events", "net_cooperation").round(6) if weighted else [])
        .select(*by, *panels.MEASURES)
    )
