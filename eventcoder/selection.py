"""An events table and the options of a series in, the events that count out, and why not others."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal, get_args

import polars as pl

from eventcoder import tables
from eventcoder.countries import lifespans, memberships
from eventcoder.errors import EventcoderError

By = Literal["day", "week", "month", "quarter", "year"]
Level = Literal["country", "actor", "country-sector"]
CodeLevel = Literal["", "quad", "penta", "root", "base", "event"]
Duplicates = Literal["keep", "one-a-day", "cluster"]
Normalise = Literal["", "documents", "sentences", "events"]

EVERY = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
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


@dataclass(frozen=True, slots=True)
class Options:
    """How events become a series; change a copy with `dataclasses.replace`.

    `from_` and `to` are the first and last day that count, also as text (2020-01-31). `undirected`
    adds both directions up. `mirror_symmetric` counts a symmetric event (meet, negotiate) once in
    each direction, unless undirected. `code_level` gives a row a code, in a column `code`.
    `self_dyads=False` leaves out events within one unit of the level. `quad` and `goldstein` name
    other mappings of the ontology than the events' own. `keys` adds columns with the numbers of a
    state system. `complete` gives every dyad of the data a row in every period in which both its
    states existed; events of others are left out. With `states`, it is every pair of the members
    that the state system had in the period, and no other dyad. `normalise` adds the exposure of the
    period and counts per 1,000 of it. `correct` names a model (or its folder): counts of true
    events as its confusion matrix has them, with 90 % intervals, stand beside the coded ones.

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
    states: Literal["", "cow", "gw"] = ""
    keys: Literal["iso", "cow", "gw"] = "iso"
    mirror_symmetric: bool = False
    self_dyads: bool = True
    quad: str = ""
    goldstein: str = ""
    ontology: str = "cameo"
    normalise: Normalise = ""
    correct: str = ""

    def __post_init__(self) -> None:
        for name in ("from_", "to"):
            object.__setattr__(self, name, _day(name, getattr(self, name)))
        for name, known in Options.__annotations__.items():
            allowed, value = get_args(known), getattr(self, name)
            if known not in (dt.date | None,) and allowed and value not in allowed:
                raise EventcoderError(
                    f"{name} can't be {value!r}: give {', '.join(a or repr(a) for a in allowed)}"
                )
        if self.correct and (left_out := self._uncorrectable()):
            raise EventcoderError(f"counts of quad classes are corrected: leave out {left_out}")
        if self.states and not (self.complete and self.level == "country"):
            raise EventcoderError(
                "a panel of the states of a system is a complete one of countries: "
                + ("ask for that level" if self.complete else "ask for a complete one")
            )
        if self.from_ and self.to and self.from_ > self.to:
            raise EventcoderError(f"from {self.from_} is after to {self.to}")

    def _uncorrectable(self) -> str:
        """Name an option under which no confusion matrix of the model's own quad classes holds."""
        asked = {
            "a row a code": self.code_level,
            "weights by confidence": self.weights != "count",
            "the other mapping of quad classes": self.quad,
        }
        return next((name for name, given in asked.items() if given), "")


def _day(name: str, value: Any) -> dt.date | None:
    """Read a day given as a date, a time or ISO text."""
    if isinstance(value, dt.datetime):
        return value.date()
    if value is None or isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise EventcoderError(f"{name} can't be {value!r}: give a day as 2020-01-31") from None


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the events: `read == kept + sum(left_out.values())`."""

    read: int
    kept: int
    left_out: dict[str, int]


def account(events: pl.DataFrame | pl.LazyFrame, options: Options | None = None) -> Account:
    """Count the events that a series with these options counts, and the others by reason."""
    options = options or Options()
    frame = opened(events, options)
    reason = pl.lit(None, dtype=pl.String)
    for name, holds in reversed(_reasons(options)):
        reason = pl.when(holds).then(pl.lit(name)).otherwise(reason)
    reason = (
        pl.when(pl.col("dropped").is_not_null())
        .then(pl.format("dropped: {}", pl.col("dropped")))
        .otherwise(reason)
    )
    counted = tables.collect(frame.group_by(reason.alias("reason")).len(), "the events")
    by_reason = dict(counted.sort("len", "reason", descending=[True, False]).iter_rows())
    placed = by_reason.pop(None, 0)
    counted_in = placed
    if options.duplicates != "keep":
        counted_in = tables.collect(kept(frame, options).select(pl.len()), "the events").item()
        by_reason["duplicate"] = placed - counted_in
    left_out = {name: count for name, count in by_reason.items() if count}
    return Account(counted_in + sum(left_out.values()), counted_in, left_out)


def opened(events: pl.DataFrame | pl.LazyFrame, options: Options) -> pl.LazyFrame:
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
    frame = tables.conform(lazy, "events", needed | welcome)
    if options.quad or options.goldstein:
        frame = _remapped(frame, options)
    return frame.with_columns(
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
        reasons.append(("outside the days asked for", ~inside(date, options)))
    reasons += [
        ("no source at this level", source == ""),
        ("no target at this level", target == ""),
        ("code without a quad class", ~pl.col("quad_class").is_between(1, 4).fill_null(False)),
    ]
    if options.complete:
        there = [existed(s, first_day(date, options), options) for s in ("_source", "_target")]
        why = "no member of the state system" if options.states else "no such state"
        reasons.append((f"{why} in the period", ~(there[0] & there[1])))
    if not options.self_dyads:
        reasons.append(("self dyad", source == target))
    if options.code_level:
        reasons.append(
            ("no code at this level", pl.col(_CODE_COLUMN[options.code_level]).is_null())
        )
    if options.weights == "confidence":
        reasons.append(("no confidence to weight by", pl.col("confidence").is_null()))
    return reasons


def inside(date: pl.Expr, options: Options) -> pl.Expr:
    """Tell whether a day is among those asked for."""
    holds = pl.lit(True)
    if options.from_:
        holds &= date >= options.from_
    if options.to:
        holds &= date <= options.to
    return holds


def first_day(date: pl.Expr, options: Options) -> pl.Expr:
    """Return the first day of a date's period."""
    if options.by == "week" and options.week_start == "sunday":
        return date.dt.offset_by("1d").dt.truncate("1w").dt.offset_by("-1d")
    return date if options.by == "day" else date.dt.truncate(EVERY[options.by])


def kept(frame: pl.LazyFrame, options: Options) -> pl.LazyFrame:
    """Filter to the events that count, with their period, source and target."""
    bad = pl.any_horizontal(
        pl.col("dropped").is_not_null(), *(holds for _, holds in _reasons(options))
    )
    events = frame.filter(~bad)
    if options.duplicates != "keep":
        events = _unique(events, options)
    events = events.with_columns(
        first_day(pl.col("event_date"), options).alias("period"), source="_source", target="_target"
    )
    if options.code_level:
        code = pl.col(_CODE_COLUMN[options.code_level]).cast(pl.String)
        events = events.with_columns(code.alias("code"))
    return events


def _unique(events: pl.LazyFrame, options: Options) -> pl.LazyFrame:
    """Keep one of every set of duplicates; who is named first in a meeting makes no difference."""
    swap = pl.col("event_code").is_in(symmetric(options)) & (pl.col("source") > pl.col("target"))
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


def existed(side: str, period: pl.Expr, options: Options) -> pl.Expr:
    """Tell whether the state of a source or target existed in a part of the period at least."""
    return pl.any_horizontal(
        (first <= last_day(period, options)) & (last >= period)
        for first, last in lifetimes(side, options)
    )


def lifetimes(side: str, options: Options) -> list[tuple[pl.Expr, pl.Expr]]:
    """Return the first and last day of the state of a source or target, spell by spell.

    Territories, organisations and whatever else has no first and last day always existed, but
    never in a state system.
    """
    others = (dt.date.min, dt.date.max)
    if options.states:
        spells, others = memberships(options.states), (dt.date.max, dt.date.min)
    else:
        spells = {code: [days] for code, days in lifespans().items() if days != others}
    country, found = pl.col(side).str.head(3), []
    for number in range(max(map(len, spells.values()))):
        days = {code: known[number] for code, known in spells.items() if number < len(known)}
        ends = (
            country.replace_strict(
                list(days), [spell[end] for spell in days.values()],
                default=others[end], return_dtype=pl.Date,
            )
            for end in (0, 1)
        )  # fmt: skip
        found.append((next(ends), next(ends)))
    return found


def last_day(period: pl.Expr, options: Options) -> pl.Expr:
    """Return the last day of a period from its first."""
    return period.dt.offset_by(EVERY[options.by]).dt.offset_by("-1d")


def symmetric(options: Options) -> list[str]:
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
