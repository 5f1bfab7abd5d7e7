"""Our events in, files in the layouts of other projects out."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

import eventcoder
from eventcoder import countries, layouts, tables
from eventcoder.errors import EventcoderError
from eventcoder.layouts import Layout
from eventcoder.ontology import Ontology
from eventcoder.writing import atomic, harmless

_DECIMAL, _HEX = r"^[0-9]{1,12}$", r"^[0-9a-f]{13,}$"
_STATA_TEXT = 2045  # bytes in a fixed-width text variable of Stata


@dataclass(frozen=True, slots=True)
class Account:
    """What an export did: `read == written + sum(left_out.values())`; `empty` columns have no
    value in any row."""

    layout: str
    read: int
    written: int
    left_out: dict[str, int]
    empty: tuple[str, ...]

    def __str__(self) -> str:
        out = "; ".join(f"{n:,} left out: {reason}" for reason, n in self.left_out.items())
        told = f"{self.written:,} of {self.read:,} events written as {self.layout}"
        told += f" ({out})" if out else ""
        return told + (f"; empty columns: {', '.join(self.empty)}" if self.empty else "")


def targets() -> list[str]:
    """Return all that `export` can write.

    >>> targets()
    ['csv', 'gdelt', 'icews', 'phoenix', 'polecat', 'r-events', 'stata']
    """
    return sorted([*layouts.names(), "csv", "stata"])


def export(events: pl.DataFrame | pl.LazyFrame, to: str, path: str | Path) -> Account:
    """Write the events that are not dropped as one of `targets`; whole or not at all.

    `csv` is our own table for people. In text files, cells that a spreadsheet would run as formulas
    get an apostrophe in front; in files with tabs, tabs and line ends within a cell become blanks
    and double quotes single ones, so that readers with and without quoting see the same.
    """
    if to not in targets():
        raise EventcoderError(f"no layout {to!r}: give one of {', '.join(targets())}")
    path, opened = Path(path), tables.conform(events.lazy(), "events")
    left_out = _counted(opened, pl.col("dropped"), "dropped: {}")
    kept = opened.filter(pl.col("dropped").is_null())
    if to in ("csv", "stata"):
        shown = kept.drop("dropped")
        with atomic(path) as unfinished:
            if to == "csv":
                harmless(shown).sink_csv(unfinished, include_bom=True, maintain_order=True)
            else:
                _write_stata(tables.collect(shown, "the events"), unfinished)
    else:
        layout = layouts.load(to)
        kept = _coded(kept, layout)
        if layout.needs:
            fits = pl.sql_expr(layout.needs).fill_null(False)
            reason = pl.when(~fits).then(pl.lit(layout.needs_says))
            left_out |= _counted(kept, reason, "{}")
            kept = kept.filter(fits)
        shown = harmless(_filled(kept, layout))
        with atomic(path) as unfinished:
            shown.sink_csv(
                unfinished, separator=layout.separator, include_header=layout.header,
                null_value=layout.missing[0], quote_style="never", maintain_order=True,
            )  # fmt: skip
    values = tables.collect(shown.select(pl.len().alias(" rows"), pl.all().count()), "the events")
    written = int(values[" rows"].item())
    empty = tuple(name for name in values.columns[1:] if values[name].item() == 0)
    return Account(
        to, written + sum(left_out.values()), written, left_out, empty if written else ()
    )


def _counted(events: pl.LazyFrame, reason: pl.Expr, says: str) -> dict[str, int]:
    counts = events.group_by(reason.alias("reason")).len().drop_nulls("reason").sort("reason")
    return {says.format(name): n for name, n in tables.collect(counts, "the events").iter_rows()}


def _filled(events: pl.LazyFrame, layout: Layout) -> pl.LazyFrame:
    """Return the layout's columns, filled from coded events."""
    made = [
        (pl.sql_expr(fill) if fill else pl.lit(None, pl.String)).alias(name)
        for name, fill in layout.fills.items()
    ]
    asked = {name for expression in made for name in expression.meta.root_names()}
    frame = _widened(events, asked).select(made)
    text = pl.col(pl.String)
    clean = text.str.replace_all(r"[\t\r\n\v\f\x{85}\x{2028}\x{2029}]+", " ")
    clean = clean.str.replace_all('"', "'", literal=True)
    return frame.with_columns(pl.when(clean != "").then(clean).name.keep())


def _widened(events: pl.LazyFrame, asked: set[str]) -> pl.LazyFrame:
    """Add what layouts ask for beside our own columns."""
    for side in ("source", "target"):
        country, code = pl.col(f"{side}_country"), pl.col(side)
        roles = pl.when(country == "").then(code).otherwise(code.str.slice(3))
        named = country.replace_strict(dict(layouts.icews_names()), default=None)
        events = events.with_columns(
            roles.alias(f"{side}_roles"), named.alias(f"{side}_country_name")
        )
        if f"{side}_cow" in asked:
            events = _with_cow(events, side)
    identity = pl.col("event_id")
    # 52 bits of our identifier: a number that R, Stata and pandas read without rounding it.
    ours = identity.str.extract(_HEX, 0).str.slice(0, 13).str.to_integer(base=16, strict=False)
    theirs = identity.str.extract(_DECIMAL, 0).cast(pl.Int64)
    row = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
    number = pl.coalesce(theirs, ours, row)
    coder = pl.lit(f"eventcoder {eventcoder.__version__}")
    return events.with_columns(number.alias("number"), coder.alias("coder"))


def _coded(events: pl.LazyFrame, layout: Layout) -> pl.LazyFrame:
    """Take quad class and Goldstein score of the layout; of unknown codes the event's own stay."""
    frame = Ontology.load().frame(layout.quad, layout.goldstein)
    frame = frame.select(
        "event_code", "plover_mode", "plover_context", code_name="name",
        _quad=pl.col("quad_class").cast(pl.Int64), _score="goldstein",
        _type=pl.col("plover_type").replace("", None),
    )  # fmt: skip
    joined = events.join(frame.lazy(), on="event_code", how="left", maintain_order="left")
    return joined.with_columns(
        quad_class=pl.coalesce("_quad", "quad_class"),
        goldstein=pl.coalesce("_score", "goldstein"),
        plover_type=pl.coalesce(pl.col("plover_type").replace("", None), "_type"),
    )


def _with_cow(events: pl.LazyFrame, side: str) -> pl.LazyFrame:
    key = [f"{side}_country", "event_date"]
    asked = tables.collect(events.select(key).drop_nulls().unique(), "the events")
    numbers = [countries.to_cow(country, day) for country, day in asked.iter_rows()]
    found = asked.with_columns(pl.Series(f"{side}_cow", numbers, dtype=pl.Int64))
    return events.join(found.lazy(), on=key, how="left", maintain_order="left")


def _write_stata(events: pl.DataFrame, path: Path) -> None:
    """Write a .dta file of format 118 (Stata 14 and later) with labelled variables."""
    try:
        import pandas as pd
        import pyarrow  # noqa: F401 polars hands frames over by it
    except ImportError as error:
        raise EventcoderError("Stata files need pandas: pip install 'eventcoder[stata]'") from error
    from eventcoder.metadata import about

    dates = ["event_date", "published"]
    text = [name for name, dtype in events.schema.items() if dtype == pl.String]
    events = events.with_columns(pl.col(text).fill_null(""), pl.col(dates).cast(pl.Datetime("ms")))
    widths = events.select(pl.col(text).str.len_bytes().max().fill_null(0))
    long = [name for name in text if widths[name].item() > _STATA_TEXT]
    labels = {c.name: c.meaning for c in tables.Table.load("events").columns}
    frame: Any = pd.DataFrame(events.to_pandas())
    quads = {int(value): name for value, name in about()["quad_class"].items()}
    coded = frame["quad_class"].notna().any()
    frame.to_stata(
        path, version=118, write_index=False, convert_dates=dict.fromkeys(dates, "td"),
        convert_strl=long, time_stamp=dt.datetime(2000, 1, 1),
        variable_labels={name: labels[name][:80] for name in events.columns},
        value_labels={"quad_class": quads} if coded else None,
    )  # fmt: skip
