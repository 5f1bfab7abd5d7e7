"""A run, release or events file in; tables, series and pictures for a notebook out."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, wraps
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from eventcoder import imports, panels, pictures, runs, tables
from eventcoder.actor_tables import NOBODY, read_table, shipped_tables
from eventcoder.comparison import QUADS
from eventcoder.countries import is_country
from eventcoder.dyads import By, Options, aggregate, exposure
from eventcoder.errors import EventcoderError
from eventcoder.metadata import about
from eventcoder.release import Release
from eventcoder.selection import EVERY, first_day, opened

# Blue for cooperation, orange for conflict, strong for material: told apart by the colour-blind.
_COLOURS = {
    "verbal cooperation": "#9ecae1",
    "material cooperation": pictures.BLUE,
    "verbal conflict": "#fdc38a",
    "material conflict": pictures.ORANGE,
}
_KEYS = ("source_cow", "target_cow", "source_gw", "target_gw")
_EXAMPLES = {"country": "RUS", "actor": "RUSGOV", "country-sector": "RUSGOV"}


def load(path: str | Path, layout: str | None = None) -> "Data":
    """Open a run, a release, an events file or a published data set; nothing is read yet.

    `layout` names the layout of a published file if its columns don't tell.
    """
    return Data(path, layout)


class Table:
    """A table that is read when it is looked at.

    It has the methods of a polars LazyFrame (`filter`, `select`, `group_by`, ...), which give
    tables again; `collect` and `to_pandas` read it.
    """

    def __init__(self, lazy: pl.LazyFrame, name: str = "table") -> None:
        self.lazy = lazy
        self.name = name

    def collect(self) -> pl.DataFrame:
        """Read the table."""
        return tables.collect(self.lazy, self.name)

    def to_pandas(self) -> Any:
        """Read the table as a pandas DataFrame."""
        return to_pandas(self.collect())

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return self.lazy.collect_schema().names()

    def __len__(self) -> int:
        return int(tables.collect(self.lazy.select(pl.len()), self.name).item())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "lazy":
            raise AttributeError(name)
        value = getattr(self.lazy, name)
        return self._wrapped(value) if callable(value) else value

    def _wrapped(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def called(*args: Any, **kwargs: Any) -> Any:
            made = method(*args, **kwargs)
            return Table(made, self.name) if isinstance(made, pl.LazyFrame) else made

        return called

    def __repr__(self) -> str:
        return f"{self.name}: {len(self):,} rows\n{self._head()}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.name)}: {len(self):,} rows</p>{self._head()._repr_html_()}"

    def _head(self) -> pl.DataFrame:
        return tables.collect(self.lazy.head(10), self.name)


class Data:
    """What `load` returns."""

    def __init__(self, path: str | Path, layout: str | None = None) -> None:
        self.path = Path(path)
        self.layout = layout
        if not self.path.exists():
            raise EventcoderError(f"{self.path} does not exist")
        imports.check(self.path, layout)

    @cached_property
    def events(self) -> Table:
        """All events, those with a reason in `dropped` too."""
        return Table(imports.events_of(self.path, self.layout), "events")

    @cached_property
    def kept(self) -> Table:
        """The events that were not dropped."""
        return Table(self.events.lazy.filter(pl.col("dropped").is_null()), "events")

    @cached_property
    def documents(self) -> Table:
        """The documents of a run or a release."""
        found = self._read()
        if found is None:
            raise EventcoderError(f"{self.path} has no documents: only runs and releases have them")
        return Table(found, "documents")

    def _read(self) -> pl.LazyFrame | None:
        if (self.path / "run.json").exists():
            return runs.Run.open(self.path).documents()
        if (self.path / "release.json").exists():
            return Release.open(self.path).documents()
        return None

    def dyads(
        self, by: By = "month", source: str = "", target: str = "", **options: Any
    ) -> pl.DataFrame:
        """Return the dyadic series, or that of one source, one target, or one dyad.

        `options` are those of `eventcoder.dyads.Options`. A single dyad has a row in every period
        of the data, counts being 0 where there is no event, unless `complete=False`. A code that
        neither the data nor eventcoder's own tables know is an error.
        """
        alone = bool(source and target)
        chosen = _options(by, {"complete": alone, **options})
        if chosen.correct:
            imports.check_correctable(self.path, chosen.correct)
        events = self.events.lazy
        documents = self._read() if chosen.normalise else None
        if not (source or target):
            return tables.collect(aggregate(events, chosen, documents=documents), "the events")
        for name in (source, target):
            self._know(name, chosen)
        if chosen.complete and (days := self._days()):
            first, last = chosen.from_ or days[0], chosen.to or days[1]
            if first <= last:
                chosen = replace(chosen, complete=True, from_=first, to=last)
        # Corrected counts and exposure are learned from all dyads, not from these alone.
        if not (chosen.correct or chosen.normalise):
            events = _touching(events, source, target, chosen)
        series = aggregate(events, chosen, documents=documents)
        found = tables.collect(series.filter(_named(source, target, chosen)), "the events")
        if found.is_empty() and alone and chosen.complete:
            return tables.collect(_without_events(series, source, target, chosen), "the events")
        return found

    def _know(self, name: str, options: Options) -> None:
        """Raise EventcoderError for a misspelt code, whose series would be empty."""
        if not name or _is_code(name, options.level):
            return
        events = opened(self.events.lazy, options)
        there = ((pl.col("_source") == name) | (pl.col("_target") == name)).any()
        if not tables.collect(events.select(there), "the events").item():
            raise EventcoderError(
                f"no {options.level} has the code {name!r}: give one as {_EXAMPLES[options.level]}"
            )

    def exposure(self, by: By = "month", **options: Any) -> pl.DataFrame:
        """Return documents, sentences and events by period, language and publisher."""
        found = exposure(self.documents.lazy, self.events.lazy, _options(by, options))
        return tables.collect(found, "the documents")

    def plot(
        self,
        source: str = "",
        target: str = "",
        by: By = "month",
        measure: str = "",
        **options: Any,
    ) -> Any:
        """Return an Altair chart: events by quad class, or a measure of the series, over time.

        Without source and target counts and sums of all dyads are added up; for anything else,
        such as a mean, name a dyad. A corrected count of a dyad has its interval around it.
        """
        series = self.dyads(by, source, target, **options)
        title = _title(source, target, undirected=options.get("undirected", False))
        if not measure:
            return _bars(series, by, title)
        alone = bool(source and target)
        known = [name for name, dtype in series.schema.items() if _drawn(name, dtype, alone=alone)]
        if measure not in known:
            raise EventcoderError(f"no plot of {measure!r}: give one of {', '.join(known)}")
        return _lines(series, measure, by, title, alone=alone)

    def to_pandas(self) -> Any:
        """Return all events as a pandas DataFrame; codes stay text."""
        return self.events.to_pandas()

    def _days(self) -> tuple[dt.date, dt.date] | None:
        date = pl.col("event_date")
        row = tables.collect(self.kept.lazy.select(first=date.min(), last=date.max()), "events")
        first, last = row.row(0)
        return None if first is None else (first, last)

    def _summary(self) -> str:
        counts = dict(
            tables.collect(
                self.events.lazy.group_by(pl.col("dropped").is_null()).len(), "events"
            ).iter_rows()
        )
        days = self._days()
        span = f"{days[0]} to {days[1]}" if days else "without dates"
        return f"{sum(counts.values()):,} events, {counts.get(True, 0):,} kept, {span}"

    def __repr__(self) -> str:
        return f"{self.path.name}: {self._summary()}"

    def _repr_html_(self) -> str:
        return (
            f"<p><b>{escape(self.path.name)}</b>: {escape(self._summary())}</p>"
            f"{self.kept._head()._repr_html_()}"
        )


def to_pandas(frame: pl.DataFrame) -> Any:
    """Return a frame of polars as one of pandas."""
    try:
        return frame.to_pandas()
    except ImportError as error:
        raise EventcoderError("this needs pandas: pip install pandas pyarrow") from error


def _options(by: By, options: dict[str, Any]) -> Options:
    try:
        return Options(by=by, **options)
    except TypeError as error:
        known = ", ".join(Options.__dataclass_fields__)
        raise EventcoderError(f"{error}; the options of a series are {known}") from error


def _is_code(name: str, level: str) -> bool:
    """Say whether a code is in our own tables: a country or alike with roles, a known actor."""
    listed = about()
    parts = [name[i : i + 3] for i in range(3, len(name), 3)]
    country = is_country(name[:3]) or name[:3] in {*listed["prefixes"], *listed["regions"]}
    if level == "country":
        return country and not parts
    if country and all(part in listed["roles"] for part in parts):
        return True
    longest = 6 if level == "country-sector" else None
    rows = (row for path in shipped_tables() for row in read_table(path))
    return any(row.code[:longest] == name for row in rows if row.code != NOBODY)


def _without_events(
    series: pl.LazyFrame, source: str, target: str, options: Options
) -> pl.LazyFrame:
    """Give a dyad without events its rows: zeros, and what such rows of other dyads say beside.

    Exposure is the same for all dyads of a period, corrected counts for all rows of zeros.
    """
    schema, unit = series.collect_schema(), ["source", "target"]
    if not options.from_ or options.states or options.code_level:
        return series.clear()
    if options.undirected:
        source, target = sorted((source, target))
    if source == target and not options.self_dyads:
        return series.clear()
    names = ["period", *unit, *panels.MEASURES]
    row = dict.fromkeys(panels.MEASURES, 0) | {"source": source, "target": target}
    zeros = pl.DataFrame([row | {"period": options.from_, "goldstein_mean": None}])
    zeros = zeros.with_columns(first_day(pl.col("period"), options)).select(names)
    made = panels.completed(zeros.cast({name: schema[name] for name in names}), unit, options)
    if beside := [name for name in schema if name not in (*names, *_KEYS)]:
        others = series.filter(pl.col("n_events") == 0).select("period", *beside).unique("period")
        made = made.join(others, on="period", how="left", maintain_order="left")
    made = made if options.keys == "iso" else panels.keyed(made, options)
    return made.select(schema.names())


def _touching(events: pl.LazyFrame, source: str, target: str, options: Options) -> pl.LazyFrame:
    """Take the events between the two in either direction; the series tells the directions."""

    def unit(side: str, name: str) -> pl.Expr:
        if not name:
            return pl.lit(True)
        if options.level == "actor":
            return pl.col(side) == name
        country = pl.col(f"{side}_country") == name[:3]
        sector = pl.col(f"{side}_sector") == name[3:]
        return country & sector if options.level == "country-sector" else country

    there = unit("source", source) & unit("target", target)
    back = unit("source", target) & unit("target", source)
    return events.filter(there | back)


def _named(source: str, target: str, options: Options) -> pl.Expr:
    if options.undirected and source and target:
        source, target = sorted((source, target))
    elif options.undirected:
        name = source or target
        return (pl.col("source") == name) | (pl.col("target") == name)
    wanted = pl.lit(True)
    if source:
        wanted &= pl.col("source") == source
    return wanted & (pl.col("target") == target) if target else wanted


def _title(source: str, target: str, *, undirected: bool) -> str:
    if not (source or target):
        return "all dyads"
    if undirected:
        return " – ".join(sorted((source, target))) if source and target else source or target
    return f"{source or 'all'} → {target or 'all'}"


def _bars(series: pl.DataFrame, by: str, title: str) -> Any:
    """Draw the events of every period by quad class, conflict below the line."""
    alt = pictures.altair()
    counts = series.group_by("period").agg(pl.col(f"n_{quad}").sum() for quad in QUADS)
    names = {f"n_{quad}": quad.replace("_", " ") for quad in QUADS}
    long = counts.rename(names).unpivot(
        list(names.values()), index="period", variable_name="quad class", value_name="events"
    )
    down = pl.when(pl.col("quad class").str.ends_with("conflict"))
    long = long.with_columns(down.then(-pl.col("events")).otherwise("events").alias("shown"))
    # Binned as they are: weeks would else begin on the Sunday before.
    unit = {"day": "binnedyearmonthdate", "week": "binnedyearweek", "month": "binnedyearmonth",
            "quarter": "binnedyearquarter", "year": "binnedyear"}[by]  # fmt: skip
    axis = alt.Axis(format="%d %b %Y") if by == "week" else alt.Undefined
    return (
        alt.Chart(pictures.values(long.sort("period", "quad class")), title=title)
        .mark_bar()
        .encode(
            x=alt.X("period:T", title=None, timeUnit=unit, axis=axis),
            y=alt.Y("shown:Q", title="events (conflict below)", axis=alt.Axis(
                labelExpr="format(abs(datum.value), ',')")),
            color=alt.Color("quad class:N", title=None, scale=alt.Scale(
                domain=list(_COLOURS), range=list(_COLOURS.values()))),
            tooltip=["period:T", "quad class:N", "events:Q"],
        )
        .properties(width=600, height=240)
    )  # fmt: skip


def _drawn(name: str, dtype: pl.DataType, *, alone: bool) -> bool:
    """Say whether a column is a measure, and for many dyads, whether it may be added up."""
    added = name.startswith("n_") and not name.endswith(("_low", "_high"))
    if alone and name not in _KEYS:
        return dtype.is_numeric()
    return added or name in ("goldstein_sum", "net_cooperation")


def _lines(series: pl.DataFrame, measure: str, by: By, title: str, *, alone: bool) -> Any:
    """Draw a measure; of many dyads the sum, which is 0 in periods without events."""
    alt = pictures.altair()
    ends = [end for end in (f"{measure}_low", f"{measure}_high") if alone and end in series.columns]
    shown = series.select("period", measure, *ends).sort("period")
    if not alone:
        total = shown.group_by("period").sum().sort("period")
        shown = total.upsample("period", every=EVERY[by]).with_columns(pl.col(measure).fill_null(0))
    word = measure.replace("_", " ")
    chart = alt.Chart(pictures.values(shown), title=title).encode(x=alt.X("period:T", title=None))
    line = chart.mark_line(color=pictures.BLUE, point=shown.height < 60).encode(
        y=alt.Y(f"{measure}:Q", title=word), tooltip=["period:T", f"{measure}:Q"]
    )
    if ends:
        band = chart.mark_area(color=pictures.BLUE, opacity=0.2)
        line = alt.layer(band.encode(y=f"{ends[0]}:Q", y2=f"{ends[1]}:Q"), line)
    return line.properties(width=600, height=240)
