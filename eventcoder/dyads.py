"""Coded events in, dyadic time series and their exposure out; lazy from end to end."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal, get_args

import polars as pl

from eventcoder import resources, tables
from eventcoder.errors import EventcoderError

By = Literal["day", "week", "month", "quarter", "year"]
Level = Literal["country", "actor", "country-sector"]
CodeLevel = Literal["", "quad", "penta", "root", "base", "event"]
Duplicates = Literal["keep", "one-a-day", "cluster"]

_EVERY = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
# Dates known to the month stand for its first day: they tell nothing about days and weeks.
_TOO_COARSE = {
    "day": ["month", "year"],
    "week": ["month", "year"],
    "month": ["year"],
    "quarter": ["year"],
    "year": [],
}
_CODE_COLUMN = {
    "quad": "quad_class",
    "penta": "penta_class",
    "root": "root_code",
    "base": "base_code",
    "event": "event_code",
}
_QUADS = ("verbal_cooperation", "material_cooperation", "verbal_conflict", "material_conflict")
_COUNTS = ("n_events", *(f"n_{quad}" for quad in _QUADS))
_SCORES = ("goldstein_mean", "goldstein_sum", "net_cooperation")
_MEASURES = (*_COUNTS, *_SCORES, "n_documents", "n_clusters")


@dataclass(frozen=True, slots=True)
class Options:
    """How events become a series; change a copy with `dataclasses.replace`.

    `from_` and `to` are the first and last day that count. `undirected` adds both directions up.
    `mirror_symmetric` counts a symmetric event (meet, negotiate) once in each direction, unless
    undirected. `code_level` gives a row a code, in a column `code`. `self_dyads=False` leaves
    out events within one unit of the level. `quad` and `goldstein` name other mappings of
    the ontology than the events' own. `keys` adds columns with the numbers of a state system.

    Of duplicates, the earliest is kept, then the one with the highest confidence. `one-a-day`
    compares source, target, event code and date; `cluster` source, target, root code and story.
    Both compare full actor codes, so that every level counts the same events.
    """

    by: By = "month"
    week_start: Literal["monday", "sunday"] = "monday"
    level: Level = "country"
    undirected: bool = False
    code_level: CodeLevel = ""
    duplicates: Duplicates = "keep"
    weights: Literal["count", "confidence"] = "count"
    from_: dt.date | None = None
    to: dt.date | None = None
    complete: bool = False
    keys: Literal["iso", "cow", "gw"] = "iso"
    mirror_symmetric: bool = False
    self_dyads: bool = True
    quad: str = ""
    goldstein: str = ""
    ontology: str = "cameo"

    def __post_init__(self) -> None:
        for name, known in Options.__annotations__.items():
            allowed, value = get_args(known), getattr(self, name)
            if known not in (dt.date | None,) and allowed and value not in allowed:
                raise EventcoderError(
                    f"{name} can't be {value!r}: give {', '.join(a or repr(a) for a in allowed)}"
                )
        if self.from_ and self.to and self.from_ > self.to:
            raise EventcoderError(f"from {self.from_} is after to {self.to}")


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the events: `read == kept + sum(left_out.values())`."""

    read: int
    kept: int
    left_out: dict[str, int]


def aggregate(events: pl.DataFrame | pl.LazyFrame, options: Options | None = None) -> pl.LazyFrame:
    """Return the dyadic series, sorted by period, source, target (and code).

    Dropped events and those that can't be placed are left out: `account` says how many and why.
    With `complete`, every dyad (and code) of the data has a row in every period between `from_`
    and `to`, or else between the first and the last event: counts are 0, means null.
    """
    options = options or Options()
    events = _kept(_opened(events, options), options)
    if options.mirror_symmetric and not options.undirected:
        events = _mirrored(events, options)
    if options.undirected:
        events = _undirected(events)
    unit = ["source", "target", *(["code"] if options.code_level else [])]
    series = _measured(events, ["period", *unit], weighted=options.weights == "confidence")
    series = _completed(series, unit, options) if options.complete else series.sort("period", *unit)
    return series if options.keys == "iso" else _keyed(series, options)


def account(events: pl.DataFrame | pl.LazyFrame, options: Options | None = None) -> Account:
    """Count the events that a series with these options counts, and the others by reason."""
    options = options or Options()
    opened = _opened(events, options)
    reason = pl.lit(None, dtype=pl.String)
    for name, holds in reversed(_reasons(options)):
        reason = pl.when(holds).then(pl.lit(name)).otherwise(reason)
    reason = (
        pl.when(pl.col("dropped").is_not_null())
        .then(pl.format("dropped: {}", pl.col("dropped")))
        .otherwise(reason)
    )
    counted = tables.collect(opened.group_by(reason.alias("reason")).len(), "the events")
    by_reason = dict(counted.sort("len", "reason", descending=[True, False]).iter_rows())
    placed = by_reason.pop(None, 0)
    kept = placed
    if options.duplicates != "keep":
        kept = tables.collect(_kept(opened, options).select(pl.len()), "the events").item()
        by_reason["duplicate"] = placed - kept
    left_out = {name: count for name, count in by_reason.items() if count}
    return Account(kept + sum(left_out.values()), kept, left_out)


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
    inside = pl.col("published").is_null() | _inside(pl.col("published"), options)
    texts = texts.filter(pl.col("status") == "coded", inside).select(
        _period(pl.col("published"), options).alias("period"),
        *row[1:],
        n_documents=pl.lit(1, pl.Int64),
        n_sentences="n_sentences",
        n_events=pl.lit(0, pl.Int64),
    )
    reports = _kept(_opened(events, options), options).select(
        *row,
        n_documents=pl.lit(0, pl.Int64),
        n_sentences=pl.lit(0, pl.Int64),
        n_events=pl.lit(1, pl.Int64),
    )
    both = pl.concat([texts, reports]).with_columns(pl.col(row[1:]).fill_null(""))
    return both.group_by(row).agg(pl.col("^n_.*$").sum()).sort(row, nulls_last=True)


def _opened(events: pl.DataFrame | pl.LazyFrame, options: Options) -> pl.LazyFrame:
    """Take what the options need from an events table; refuse what isn't one."""
    sides = {
        "country": ["source_country", "target_country"],
        "actor": ["source", "target"],
        "country-sector": ["source_country", "source_sector", "target_country", "target_sector"],
    }
    needed = {"event_date", "quad_class", "goldstein", "doc_id", *sides[options.level]}
    if options.code_level:
        needed.add(_CODE_COLUMN[options.code_level])
    if options.weights == "confidence":
        needed.add("confidence")
    by_code = options.quad or options.goldstein or options.mirror_symmetric
    if by_code or options.duplicates != "keep":
        needed |= {"event_code", "source", "target"}
    if options.duplicates == "cluster":
        needed |= {"root_code"}
    lazy = events.lazy()
    given = lazy.collect_schema().names()
    if missing := sorted(needed.difference(given)):
        raise EventcoderError(
            f"this is no events table: it lacks {', '.join(missing)} "
            f"(it has {', '.join(given) or 'no columns'})"
        )
    welcome = {"dropped", "date_precision", "cluster_id", "confidence", "language", "publisher"}
    if options.duplicates != "keep":
        welcome.add("event_id")
    opened = tables.conform(lazy, "events", needed | welcome)
    if options.quad or options.goldstein:
        opened = _remapped(opened, options)
    return opened.with_columns(
        _unit("source", options).alias("_source"), _unit("target", options).alias("_target")
    )


def _unit(side: str, options: Options) -> pl.Expr:
    country = pl.col(f"{side}_country")
    if options.level == "country":
        return country
    if options.level == "actor":
        return pl.col(side)
    return pl.when(country == "").then(pl.lit("")).otherwise(country + pl.col(f"{side}_sector"))


def _reasons(options: Options) -> list[tuple[str, pl.Expr]]:
    """Give every reason to leave an event out, but for `dropped`, in the order they are asked."""
    date, source, target = pl.col("event_date"), pl.col("_source"), pl.col("_target")
    reasons = [("no date", date.is_null())]
    if coarse := _TOO_COARSE[options.by]:
        imprecise = pl.col("date_precision").is_in(coarse).fill_null(False)
        reasons.append(("date less precise than the period", imprecise))
    if options.from_ or options.to:
        reasons.append(("outside the days asked for", ~_inside(date, options)))
    reasons += [
        ("no source at this level", source == ""),
        ("no target at this level", target == ""),
        ("code without a quad class", ~pl.col("quad_class").is_between(1, 4).fill_null(False)),
    ]
    if not options.self_dyads:
        reasons.append(("self dyad", source == target))
    if options.code_level:
        reasons.append(
            ("no code at this level", pl.col(_CODE_COLUMN[options.code_level]).is_null())
        )
    if options.weights == "confidence":
        reasons.append(("no confidence to weight by", pl.col("confidence").is_null()))
    return reasons


def _inside(date: pl.Expr, options: Options) -> pl.Expr:
    inside = pl.lit(True)
    if options.from_:
        inside &= date >= options.from_
    if options.to:
        inside &= date <= options.to
    return inside


def _period(date: pl.Expr, options: Options) -> pl.Expr:
    """Return the first day of a date's period."""
    if options.by == "week" and options.week_start == "sunday":
        return date.dt.offset_by("1d").dt.truncate("1w").dt.offset_by("-1d")
    return date if options.by == "day" else date.dt.truncate(_EVERY[options.by])


def _kept(opened: pl.LazyFrame, options: Options) -> pl.LazyFrame:
    """Filter to the events that count, with their period, source and target."""
    bad = pl.any_horizontal(
        pl.col("dropped").is_not_null(), *(holds for _, holds in _reasons(options))
    )
    kept = opened.filter(~bad)
    if options.duplicates != "keep":
        kept = _unique(kept, options)
    kept = kept.with_columns(
        _period(pl.col("event_date"), options).alias("period"), source="_source", target="_target"
    )
    if options.code_level:
        code = pl.col(_CODE_COLUMN[options.code_level]).cast(pl.String)
        kept = kept.with_columns(code.alias("code"))
    return kept


def _unique(events: pl.LazyFrame, options: Options) -> pl.LazyFrame:
    """Keep one of every set of duplicates; who is named first in a meeting makes no difference."""
    swap = pl.col("event_code").is_in(_symmetric(options)) & (pl.col("source") > pl.col("target"))
    same = {
        "_one": pl.when(swap).then("target").otherwise("source"),
        "_other": pl.when(swap).then("source").otherwise("target"),
    }
    if options.duplicates == "one-a-day":
        same |= {"_what": pl.col("event_code"), "_when": pl.col("event_date")}
    else:
        same |= {"_what": pl.col("root_code"), "_when": pl.coalesce("cluster_id", "doc_id")}
    first = ["event_date", "confidence", "event_id"]
    return (
        events.with_columns(**same)
        .sort(first, descending=[False, True, False], nulls_last=True)
        .unique(list(same), keep="first", maintain_order=True)
    )


def _mirrored(events: pl.LazyFrame, options: Options) -> pl.LazyFrame:
    mutual = pl.col("event_code").is_in(_symmetric(options))
    back = events.filter(mutual & (pl.col("source") != pl.col("target")))
    return pl.concat([events, back.with_columns(source="target", target="source")])


def _undirected(events: pl.LazyFrame) -> pl.LazyFrame:
    swap = pl.col("source") > pl.col("target")
    return events.with_columns(
        source=pl.when(swap).then("target").otherwise("source"),
        target=pl.when(swap).then("source").otherwise("target"),
    )


def _measured(events: pl.LazyFrame, by: list[str], *, weighted: bool) -> pl.LazyFrame:
    weight = pl.col("confidence") if weighted else pl.lit(1, pl.Int64)
    quad, goldstein = pl.col("quad_class"), pl.col("goldstein")
    # Rounded sums do not show in which order threads added them up.
    counts = [
        weight.sum() if weighted else pl.len().cast(pl.Int64),
        *(pl.when(quad == i).then(weight).otherwise(0).sum() for i in range(1, 5)),
    ]
    net = pl.when(quad <= 2).then(weight).otherwise(-weight).sum()
    counts = [count.round(6) for count in counts] if weighted else counts
    # Counting 64-bit hashes is three times as fast as counting text; among the million reports
    # of one row, two fall together once in thirty million rows.
    document, story = pl.col("doc_id").hash(), pl.coalesce("cluster_id", "doc_id").hash()
    scored = pl.when(goldstein.is_not_null()).then(weight).sum()
    return (
        events.group_by(by)
        .agg(
            *(count.alias(name) for name, count in zip(_COUNTS, counts, strict=True)),
            (goldstein * weight).sum().round(6).alias("goldstein_sum"),
            (net.round(6) if weighted else net).alias("net_cooperation"),
            scored.alias("_scored"),
            document.n_unique().cast(pl.Int64).alias("n_documents"),
            story.n_unique().cast(pl.Int64).alias("n_clusters"),
        )
        .with_columns(
            pl.when(pl.col("_scored") > 0)
            .then(pl.col("goldstein_sum") / pl.col("_scored"))
            .alias("goldstein_mean")
        )
        .select(*by, *_MEASURES)
    )


def _completed(series: pl.LazyFrame, unit: list[str], options: Options) -> pl.LazyFrame:
    """Give every unit a row in every period, already in the order of periods and units."""
    period = pl.col("period")
    first = _period(pl.lit(options.from_), options) if options.from_ else period.min()
    last = _period(pl.lit(options.to), options) if options.to else period.max()
    periods = (
        series.select(_first=first, _last=last)
        .filter(pl.col("_first").is_not_null(), pl.col("_last").is_not_null())
        .select(pl.date_ranges("_first", "_last", _EVERY[options.by]).alias("period"))
        .explode("period")
    )
    units = series.select(unit).unique().sort(unit).with_row_index("_unit")
    periods = periods.with_row_index("_period")
    # An ordered join of millions of rows by one number takes a third of one by several columns.
    place = (pl.col("_period").cast(pl.Int64) * 2**32 + pl.col("_unit")).alias("_place")
    measured = (
        series.join(units, on=unit, how="left")
        .join(periods, on="period", how="left")
        .select(place, *_MEASURES)
    )
    counts = [name for name in _MEASURES if name != "goldstein_mean"]
    return (
        periods.join(units, how="cross", maintain_order="left_right")
        .select(place, "period", *unit)
        .join(measured, on="_place", how="left", maintain_order="left")
        .drop("_place")
        .with_columns(pl.col(counts).fill_null(0))
    )


def _keyed(series: pl.LazyFrame, options: Options) -> pl.LazyFrame:
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
    last_day = pl.col("period").dt.offset_by(_EVERY[options.by]).dt.offset_by("-1d")
    columns = series.collect_schema().names()
    series = series.with_columns(last_day.alias("_last"))
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


def _symmetric(options: Options) -> list[str]:
    """Return the codes of acts that are mutual by nature."""
    from eventcoder.ontology import Ontology

    frame = Ontology.load(options.ontology).frame()
    return frame.filter(pl.col("symmetric"))["event_code"].to_list()


def _remapped(events: pl.LazyFrame, options: Options) -> pl.LazyFrame:
    """Replace quad_class and goldstein by other named mappings of the ontology."""
    from eventcoder.ontology import Ontology

    frame = Ontology.load(options.ontology).frame(options.quad or None, options.goldstein or None)
    wanted = [
        name
        for name, mapping in (("quad_class", options.quad), ("goldstein", options.goldstein))
        if mapping
    ]
    mapping = tables.conform(frame.lazy(), "events", ["event_code", *wanted])
    return events.drop(wanted).join(mapping, on="event_code", how="left")
