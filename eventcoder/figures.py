"""Kept events in, the pictures of a report and the numbers beside them out."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import polars as pl

from eventcoder import drawing, tables
from eventcoder.codebook import country_names
from eventcoder.metadata import about
from eventcoder.ontology import Ontology

QUADS = {
    1: "Verbal cooperation", 2: "Material cooperation", 3: "Verbal conflict", 4: "Material conflict"
}  # fmt: skip
DYADS, NODES, TIES, COUNTRIES = 12, 24, 80, 12
MARGIN = 31  # days an event may lie before or after all documents to be drawn over time
_EVERY = ((92, "1d", "day"), (730, "1w", "week"), (4400, "1mo", "month"), (16000, "1q", "quarter"))


def count(frame: pl.LazyFrame, *by: str) -> pl.DataFrame:
    """Count rows by columns, the most frequent first."""
    counted = (
        frame.group_by(by).agg(n=pl.len()).sort("n", *by, descending=[True] + [False] * len(by))
    )
    return tables.collect(counted, "the events")


def timeline(kept: pl.LazyFrame) -> dict[str, Any] | None:
    """Count events by period and quad class; None if no event has a date."""
    span = _span(kept)
    if span is None:
        return None
    first, last, outside = span
    every, word = _period(first, last)
    rows = _by_period(kept, first, last, every)
    periods = _periods(first, last, every)
    columns = [rows.get(("", "", day), (0, 0, 0, 0)) for day in periods]
    top = drawing.nice_top(max(sum(row) for row in columns))
    label = f"Events by {word} and quad class, {first} to {last}"
    return {
        "svg": drawing.columns(columns, list(drawing.QUAD_COLOURS.values()), top, label),
        "scale": drawing.scale(top), "dates": drawing.dates(periods, every), "word": word,
        "n": len(periods), "outside": outside,
        "totals": [sum(column) for column in zip(*columns, strict=True)],
    }  # fmt: skip


def _span(kept: pl.LazyFrame) -> tuple[dt.date, dt.date, int] | None:
    """Return the first and last day worth drawing, and how many events lie outside.

    Old events told as background would else stretch a month of news over a century.
    """
    date, published = pl.col("event_date"), pl.col("published")
    dated = kept.filter(date.is_not_null())
    margin = pl.duration(days=MARGIN)
    near = (date >= published.min() - margin) & (date <= published.max() + margin)
    near = pl.when(published.count() > 0).then(near).otherwise(statement=True)
    row = tables.collect(
        dated.select(
            first=date.filter(near).min(), last=date.filter(near).max(), outside=(~near).sum()
        ),
        "the events",
    )
    first, last, outside = row.row(0)
    return None if first is None else (first, last, outside)


def _period(first: dt.date, last: dt.date) -> tuple[str, str]:
    """Choose periods so that not many more than a hundred columns are drawn."""
    days = (last - first).days
    return next(((every, word) for most, every, word in _EVERY if days <= most), ("1y", "year"))


def _periods(first: dt.date, last: dt.date, every: str) -> list[dt.date]:
    ends = pl.Series([first, last]).dt.truncate(every)
    return pl.date_range(ends[0], ends[1], every, eager=True).to_list()


def _by_period(
    kept: pl.LazyFrame, first: dt.date, last: dt.date, every: str, *by: str
) -> dict[tuple[str, str, dt.date], tuple[int, ...]]:
    """Count the four quad classes by source and target (if `by` names them) and period."""
    unit = [pl.col(c) for c in by] or [pl.lit("").alias("source"), pl.lit("").alias("target")]
    counted = (
        kept.filter(pl.col("event_date").is_between(first, last))
        .group_by(*unit, pl.col("event_date").dt.truncate(every).alias("period"))
        .agg(*((pl.col("quad_class") == quad).sum().alias(str(quad)) for quad in QUADS))
    )
    rows = tables.collect(counted, "the events").iter_rows()
    return {(row[0], row[1], row[2]): row[3:] for row in rows}


_PAIR = ("source_country", "target_country")


def _between(kept: pl.LazyFrame) -> pl.LazyFrame:
    """Keep the events from one country to another."""
    source, target = (pl.col(c) for c in _PAIR)
    return kept.filter((source != "") & (target != "") & (source != target))


def dyads(kept: pl.LazyFrame) -> list[dict[str, Any]]:
    """Return the dyads with most events and a picture of each over time."""
    between = _between(kept)
    top = count(between, *_PAIR).head(DYADS)
    if top.is_empty():
        return []
    mine = between.join(top.lazy().select(_PAIR), on=list(_PAIR), how="semi")
    span = _span(kept)
    drawn, periods, word = {}, [], ""
    if span:
        every, word = _period(*span[:2])
        if every in ("1d", "1w"):
            every, word = "1mo", "month"
        periods = _periods(span[0], span[1], every)
        drawn = _by_period(mine, span[0], span[1], every, *_PAIR)
    form = "%Y" if len(periods) > 36 or word == "year" else "%b %Y"
    ends = [day.strftime(form) for day in periods] or [""]
    found = []
    for source, target, n in top.rows():
        rows = [drawn.get((source, target, day), (0, 0, 0, 0)) for day in periods]
        most = max((max(sum(r[:2]), sum(r[2:])) for r in rows), default=0)
        label = f"{source} to {target} by {word}: cooperation up, conflict down"
        svg = drawing.mirrored(rows, list(drawing.QUAD_COLOURS.values()), max(most, 1), label)
        found.append(
            {"source": source, "target": target, "names": f"{_name(source)} → {_name(target)}",
             "n": n, "most": most, "word": word, "svg": svg if most else None,
             "first": ends[0], "last": ends[-1]}
        )  # fmt: skip
    return found


def network(kept: pl.LazyFrame) -> dict[str, Any] | None:
    """Return a picture of the actors with most events between them; None without a tie."""
    quad = pl.col("quad_class")
    pairs = tables.collect(
        _between(kept)
        .group_by(one=pl.min_horizontal(_PAIR), other=pl.max_horizontal(_PAIR))
        .agg(n=pl.len(), net=pl.when(quad <= 2).then(1).when(quad > 2).then(-1).mean())
        .sort("n", "one", "other", descending=[True, False, False]),
        "the events",
    )
    if pairs.is_empty():
        return None
    ends = pl.concat([pairs.select(node=end, n="n") for end in ("one", "other")])
    nodes = ends.group_by("node").sum().sort("n", "node", descending=[True, False]).head(NODES)
    known = nodes["node"].implode()
    drawn = pairs.filter(pl.col("one").is_in(known), pl.col("other").is_in(known)).head(TIES)
    ties = [drawing.Tie(one, other, n, net or 0.0) for one, other, n, net in drawn.iter_rows()]
    tied = {node for tie in ties for node in (tie.one, tie.other)}
    weights = {node: n for node, n in nodes.iter_rows() if node in tied}
    return {
        "svg": drawing.network(
            weights, ties, "Countries, other actors and the events between them"
        ),
        "names": sorted((node, _name(node)) for node in weights),
        "left_out": ends["node"].n_unique() - len(weights),
    }


def codes(kept: pl.LazyFrame) -> dict[str, Any] | None:
    """Count root codes by the countries that act most."""
    counted = count(kept.filter(pl.col("source_country") != ""), "root_code", "source_country")
    if counted.is_empty():
        return None
    top = counted.group_by("source_country").agg(pl.col("n").sum())
    countries = top.sort("n", "source_country", descending=[True, False])["source_country"].head(
        COUNTRIES
    )
    cells = {(root, country): n for root, country, n in counted.iter_rows()}
    most = max(cells.get((r, c), 0) for r, c in cells if c in set(countries))
    ontology = Ontology.load()
    rows = [
        {"code": root or "", "name": ontology.codes[root].name if root in ontology.codes else "",
         "all": int(group["n"].sum()),
         "cells": [_cell(cells.get((root, country), 0), most) for country in countries]}
        for (root,), group in counted.sort("root_code").group_by("root_code", maintain_order=True)
    ]  # fmt: skip
    return {"countries": [(c, _name(c)) for c in countries], "rows": rows}


def _cell(n: int, most: int) -> dict[str, Any]:
    """Return a count and how deep its cell is coloured (by the root: few large cells else rule)."""
    return {"n": n, "depth": round((n / most) ** 0.5, 3) if n else 0.0}


def confidence(events: pl.LazyFrame) -> dict[str, Any] | None:
    """Count events by confidence in twentieths, those kept apart."""
    kept = pl.col("dropped").is_null()
    rows = tables.collect(
        events.filter(pl.col("confidence").is_not_null())
        .group_by(step=(pl.col("confidence") * 20).floor().clip(0, 19).cast(pl.Int64))
        .agg(kept=kept.sum(), left=(~kept).sum(), right=pl.col("confidence").filter(kept).sum()),
        "the events",
    )
    if rows.is_empty():
        return None
    by = {step: (kept, left) for step, kept, left, _ in rows.iter_rows()}
    columns = [by.get(step, (0, 0)) for step in range(20)]
    top = drawing.nice_top(max(sum(column) for column in columns))
    label = "Events by confidence from 0 to 1, those kept below and those left out above"
    return {
        "svg": drawing.columns(columns, (drawing.KEPT, drawing.LEFT_OUT), top, label),
        "scale": drawing.scale(top), "kept": int(rows["kept"].sum()),
        "right": round(rows["right"].sum()),
        "ticks": [drawing.Tick(p, f"{p / 100:g}") for p in (0, 25, 50, 75, 100)],
    }  # fmt: skip


def reliability(bins: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Draw which share was right in each tenth of confidence, and which the confidence says."""
    if not any(bin["n"] for bin in bins):
        return None
    rows = [(bin["right"], bin["confidence"]) if bin["n"] else None for bin in bins]
    label = "Share of events that were right by confidence from 0 to 1, and the share expected"
    return {
        "svg": drawing.marked(rows, (drawing.KEPT, drawing.EXPECTED), label),
        "scale": [drawing.Tick(p, f"{p} %") for p in (0, 25, 50, 75, 100)],
        "ticks": [drawing.Tick(p, f"{p / 100:g}") for p in (0, 20, 40, 60, 80, 100)],
        "n": sum(bin["n"] for bin in bins),
    }  # fmt: skip


@cache
def _names() -> dict[str, str]:
    """Return the names of countries, and of prefixes and regions that stand in their place."""
    others = about()["prefixes"] | about()["regions"]
    return {code: name.partition(" (")[0] for code, name in others.items()} | country_names()


def _name(code: str) -> str:
    return _names().get(code, code)
