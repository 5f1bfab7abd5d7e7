"""Two data sets' events in, how far their dyadic series agree out, as a table and a picture."""

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from eventcoder import dyads, imports, pictures, tables, writing
from eventcoder.errors import EventcoderError

QUADS = ("verbal_cooperation", "material_cooperation", "verbal_conflict", "material_conflict")
_ALL = "all"
_KEY = ["source", "target"]
_SHOWN = 12  # dyads in the picture
_SUBTITLE = (
    "Correlation of the two counts over time, by quad class",
    "–: one of them never changes; blank: neither has such events",
)
_TABLES = (".parquet", ".csv", ".jsonl")
_COLOURS = (pictures.BLUE, pictures.ORANGE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two data sets agree over the days that both cover.

    `by_dyad`: source, target, quad class (or all), n_a and n_b (events), periods, pearson and
    spearman over the periods (null where a series does not vary). `overall`: the same by quad
    class over all dyads and periods pooled. `series`: the aligned series behind them.
    `accounts`: how many events of each count, and why not the others.
    """

    names: tuple[str, str]
    first: dt.date
    last: dt.date
    by_dyad: pl.DataFrame
    overall: pl.DataFrame
    series: pl.DataFrame
    accounts: tuple[dyads.Account, dyads.Account]

    def write(self, path: str | Path) -> None:
        """Write the correlations (.parquet, .csv or .jsonl)."""
        writing.write(self.by_dyad, path)

    def picture(self, path: str | Path) -> None:
        """Write the picture (.svg, .png or .html)."""
        pictures.save(self.plot(), path)

    def plot(self, dyads_shown: int = _SHOWN) -> Any:
        """Return an Altair picture: correlations by dyad and quad class, and both series."""
        return _picture(self, dyads_shown)


def compare(
    a: str | Path | pl.LazyFrame | pl.DataFrame,
    b: str | Path | pl.LazyFrame | pl.DataFrame,
    options: dyads.Options | None = None,
    names: tuple[str, str] | None = None,
) -> Comparison:
    """Correlate two data sets' series by dyad and quad class.

    `a` and `b` are runs, releases, events files, published data sets or frames of events. Only
    the days that both cover count; a dyad of either has a count, if 0, in every period.
    """
    options = replace(options or dyads.Options(), complete=True, code_level="", keys="iso")
    events = [_events(x) for x in (a, b)]
    named = names or (_name(a, "A"), _name(b, "B"))
    named = named if named[0] != named[1] else (f"{named[0]} (A)", f"{named[1]} (B)")
    first, last = _shared_days(events, options, named)
    options = replace(options, from_=first, to=last)
    columns = ["period", *_KEY, *(f"n_{quad}" for quad in QUADS)]
    made = [
        tables.collect(dyads.aggregate(e, options).select(columns), name)
        for e, name in zip(events, named, strict=True)
    ]
    series = _aligned(made)
    return Comparison(
        named, first, last,
        _correlated(series, _KEY).sort(*_KEY, "quad"), _correlated(series, []).sort("quad"),
        series, (dyads.account(events[0], options), dyads.account(events[1], options)),
    )  # fmt: skip


def refuse_unwritable(out: Path, picture: Path | None = None) -> None:
    """Refuse files that a comparison could not be written to, before the work is done."""
    for file, suffixes in ((out, _TABLES), (picture, pictures.SUFFIXES)):
        if file and file.suffix not in suffixes:
            known = f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
            raise EventcoderError(f"{file}: give a file that ends in {known}")
        if file and not file.parent.is_dir():
            raise EventcoderError(f"{file}: the folder {file.parent} does not exist; make it first")


def _events(source: str | Path | pl.LazyFrame | pl.DataFrame) -> pl.LazyFrame:
    return imports.events_of(source) if isinstance(source, (str, Path)) else source.lazy()


def _name(source: Any, other: str) -> str:
    return Path(source).resolve().name if isinstance(source, (str, Path)) else other


def _shared_days(
    events: list[pl.LazyFrame], options: dyads.Options, names: tuple[str, str]
) -> tuple[dt.date, dt.date]:
    spans = []
    for frame, name in zip(events, names, strict=True):
        kept = frame.filter(pl.col("dropped").is_null()) if "dropped" in _columns(frame) else frame
        date = pl.col("event_date")
        row = tables.collect(kept.select(first=date.min(), last=date.max()), name).row(0)
        if row[0] is None:
            raise EventcoderError(f"{name} has no events with a date: there is nothing to compare")
        spans.append(row)
    first = max(span[0] for span in spans)
    last = min(span[1] for span in spans)
    first = max(first, options.from_) if options.from_ else first
    last = min(last, options.to) if options.to else last
    if first > last:
        told = " and ".join(f"{n}: {s[0]} to {s[1]}" for n, s in zip(names, spans, strict=True))
        raise EventcoderError(f"the two have no days in common ({told})")
    return first, last


def _columns(frame: pl.LazyFrame) -> list[str]:
    return frame.collect_schema().names()


def _aligned(made: list[pl.DataFrame]) -> pl.DataFrame:
    """Return both counts of every dyad and period, 0 where there is no event."""
    key, classes = ["period", *_KEY], (*QUADS, _ALL)
    sides = [
        frame.with_columns(
            pl.sum_horizontal(f"n_{quad}" for quad in QUADS).alias(f"n_{_ALL}")
        ).select(*key, *(pl.col(f"n_{c}").cast(pl.Float64).alias(f"{side} {c}") for c in classes))
        for frame, side in zip(made, ("a", "b"), strict=True)
    ]
    joined = sides[0].join(sides[1], on=key, how="full", coalesce=True)
    return joined.with_columns(pl.col(pl.Float64).fill_null(0)).sort(key)


def _correlated(series: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return counts and correlations by quad class, for every value of `by`."""
    made = []
    for quad in (*QUADS, _ALL):
        a, b = pl.col(f"a {quad}"), pl.col(f"b {quad}")
        measures = [
            a.sum().alias("n_a"), b.sum().alias("n_b"), pl.len().alias("periods"),
            pl.corr(a, b).fill_nan(None).alias("pearson"),
            pl.corr(a, b, method="spearman").fill_nan(None).alias("spearman"),
        ]  # fmt: skip
        grouped = series.group_by(by).agg(measures) if by else series.select(measures)
        made.append(grouped.select(*by, pl.lit(quad).alias("quad"), "n_a", "n_b", "periods",
                                   "pearson", "spearman"))  # fmt: skip
    found = pl.concat(made).filter(pl.col("n_a") + pl.col("n_b") > 0)
    return found.with_columns(pl.col("quad").cast(pl.Enum([*QUADS, _ALL])))


def _picture(found: Comparison, shown: int) -> Any:
    alt = pictures.altair()
    whole = found.by_dyad.filter(pl.col("quad") == _ALL)
    # The dyads that both know best: the smaller of the two counts decides.
    top = whole.sort(pl.min_horizontal("n_a", "n_b"), descending=True, maintain_order=True)
    top = top.head(shown).select(_KEY)
    label = pl.format("{} → {}", "source", "target").alias("dyad")
    order = top.select(label)["dyad"].to_list()
    cells = found.by_dyad.join(top, on=_KEY).with_columns(label, pl.col("quad").cast(pl.String))
    names = [*QUADS, _ALL]
    heat = (
        alt.Chart(pictures.values(cells.drop(_KEY)))
        .mark_rect()
        .encode(
            x=alt.X("quad:N", sort=names, title=None, axis=alt.Axis(
                labelAngle=-30, labelExpr="replace(datum.label, '_', ' ')")),
            y=alt.Y("dyad:N", sort=order, title=None),
            color=alt.Color("pearson:Q", title="correlation", scale=alt.Scale(
                domain=[-1, 0, 1], range=["#D55E00", "#f2f2f2", "#0072B2"])),
        )
    )  # fmt: skip
    told = "isValid(datum.pearson) ? format(datum.pearson, '.2f') : '–'"  # counts that don't vary
    text = (
        heat.transform_calculate(told=told)
        .mark_text(fontSize=10)
        .encode(
            color=alt.condition("abs(datum.pearson) > 0.6", alt.value("white"), alt.value("black")),
            text="told:N",
        )
    )
    title = f"{found.names[0]} and {found.names[1]}, {found.first} to {found.last}"
    matrix = alt.layer(heat, text).properties(
        width=260, height=max(22 * len(order), 40),
        title=alt.Title(title, subtitle=list(_SUBTITLE)),
    )  # fmt: skip
    return alt.vconcat(matrix, _multiples(found, top, order)).configure_view(stroke=None)


def _multiples(found: Comparison, top: pl.DataFrame, order: list[str]) -> Any:
    """Draw both counts of the top dyads over time, each on a scale of its own."""
    alt = pictures.altair()
    series = found.series.join(top, on=_KEY).select(
        "period",
        pl.format("{} → {}", "source", "target").alias("dyad"),
        pl.col(f"a {_ALL}").alias(found.names[0]),
        pl.col(f"b {_ALL}").alias(found.names[1]),
    )
    long = series.unpivot(index=["period", "dyad"], variable_name="data", value_name="events")
    lines = (
        alt.Chart(pictures.values(long))
        .mark_line(strokeWidth=1.4)
        .encode(
            x=alt.X("period:T", title=None),
            y=alt.Y("events:Q", title=None),
            color=alt.Color("data:N", title=None, scale=alt.Scale(
                domain=list(found.names), range=list(_COLOURS))),
            strokeDash=alt.StrokeDash("data:N", legend=None, scale=alt.Scale(
                domain=list(found.names), range=[[1, 0], [4, 2]])),
        )
        .properties(width=200, height=80)
    )  # fmt: skip
    return lines.facet(facet=alt.Facet("dyad:N", sort=order, title=None), columns=3).resolve_scale(
        y="independent"
    )
