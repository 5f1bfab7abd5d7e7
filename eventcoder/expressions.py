"""Folded text in; the date expressions in it, and the days they name, out."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from hijridate import Hijri
from persiantools import jdatetime

from eventcoder.languages import DateWords, rules

_JalaliDate: Any = jdatetime.JalaliDate  # carries no types
_FRONTED = 60  # a date more than a year from publication counts only before this


@dataclass(frozen=True, slots=True)
class Found:
    """A date expression at `text[start:end]`: `date`, `day` (no year), `relative`, `weekday`."""

    start: int
    end: int
    kind: str
    date: dt.date | None = None
    calendar: str = "gregorian"
    month: int = 0
    day: int = 0
    offset: int = 0
    direction: int = 0


def to_gregorian(calendar: str, year: int, month: int, day: int) -> dt.date | None:
    """Convert a day of a calendar; None where there is no such day."""
    try:
        if calendar == "jalali":
            converted: dt.date = _JalaliDate(year, month, day).to_gregorian()
            return converted
        if calendar == "hijri":  # Umm al-Qura; a sighting may differ by a day
            moment = Hijri(year, month, day).to_gregorian()
            return dt.date(moment.year, moment.month, moment.day)
        return dt.date(year, month, day)
    except (ValueError, OverflowError):
        return None


def read_numeric(parts: tuple[str, str, str], calendar: str, today: dt.date) -> dt.date | None:
    """Read year-month-day or day-month-year (month-day-year if it must be)."""
    first, second, third = parts
    if len(first) == 4:
        year, month, day = int(first), int(second), int(third)
    elif len(third) == 4:
        day, month, year = int(first), int(second), int(third)
        if month > 12 >= day:
            day, month = month, day
    else:
        return None
    if not 1300 <= year <= 1500:
        return to_gregorian("gregorian", year, month, day)
    if calendar != "gregorian":
        return to_gregorian(calendar, year, month, day)
    solar = to_gregorian("jalali", year, month, day)
    if solar is not None and solar - dt.timedelta(days=1) <= today:
        return solar
    return to_gregorian(
        "hijri", year, month, day
    )  # news of 1442 AH would be of 2063 in solar years


@dataclass(frozen=True, slots=True)
class Grammar:
    months: dict[str, tuple[str, int]]
    day_month: re.Pattern[str]
    month_day: re.Pattern[str]
    month_year: re.Pattern[str]
    weekday: re.Pattern[str]
    relative: re.Pattern[str]
    ago: re.Pattern[str]
    ago_number: re.Pattern[str]
    future: re.Pattern[str]
    attribution: re.Pattern[str]
    openers: re.Pattern[str]


_NUMERIC = re.compile(
    r"(?<![\d/.\-:])(\d{1,4})\s?([/.\-])\s?(\d{1,2})\s?\2\s?(\d{1,4})(?![\d/:]|[.\-]\d)"
)
BARE_DAY = re.compile(r"(?<![\d/.\-:])(\d{1,2})\s?([-/])\s?(\d{1,2})(?=\s*\()")


@cache
def grammar(language: str) -> Grammar:
    words = rules(language).dates
    months = {
        name: (calendar, number)
        for calendar in ("gregorian", "jalali", "hijri")
        for name, number in getattr(words, calendar).items()
    }
    month = rf"(?P<month>{_any(months)})(?!\w)"
    twin = rf"(?:\s?[/(]\s?(?:{_any(words.gregorian)})(?!\w)\)?)?"  # "شباط/فبراير"
    between = rf"(?:(?:{_any(words.between)})\s+)?" if words.between else ""
    year = rf"(?:[\s,،]{{1,3}}(?:(?:{_any(words.year_words)})\s+)?(?P<year>\d{{4}})(?!\d))"
    era = rf"(?:\s?(?P<era>{_any(words.eras)})(?!\w))?"
    ordinal = rf"(?:{'|'.join(words.ordinals)})?" if words.ordinals else ""
    day = rf"(?<![\d/.\-:])(?P<day>\d{{1,2}}){ordinal}"
    turn = rf"(?:\s+(?P<turn>{_any(words.next | words.last)})(?!\w))?"
    lead = rf"(?:(?P<lead>{_any(words.next | words.last)})\s+)?"
    join = r"(?<!\w)[وف]?" if rules(language).script == "Arabic" else r"(?<!\w)"
    patterns = (_any([one]).replace(r"\{n\}", r"(?P<n>\d{1,2}|\w+)") for one in words.ago_patterns)
    numbers = [re.sub(r"\(\?P<n>", f"(?P<n{i}>", one) for i, one in enumerate(patterns)]
    return Grammar(
        months=months,
        day_month=re.compile(rf"{day}\s?-?\s?{between}{month}{twin}(?:\s+ماه)?{year}?{era}"),
        month_day=re.compile(
            rf"(?<!\w){month}\s+(?P<day>\d{{1,2}}){ordinal}(?![\d:])(?!\.\d){year}?{era}"
        ),
        month_year=re.compile(rf"{month}{twin}(?:\s+ماه)?[\s,]+(?P<year>\d{{4}}){era}"),
        weekday=re.compile(rf"{join}{lead}(?P<weekday>{_any(words.weekdays)})(?!\w){turn}"),
        relative=re.compile(rf"{join}(?P<relative>{_any(words.relative)})(?!\w)"),
        ago=re.compile(rf"{join}(?P<ago>{_any(words.ago) if words.ago else '(?!)'})(?!\w)"),
        ago_number=re.compile(rf"(?<!\w)(?:{'|'.join(numbers)})(?!\w)"),
        future=re.compile(rf"{join}(?:{_any(words.future)})(?!\w)"),
        attribution=re.compile(rf"{join}(?:{_any(rules(language).attribution_words)})(?!\w)"),
        openers=re.compile(rf"{join}(?:{_any(words.clause_openers)})(?!\w)"),
    )


def _any(names: Iterable[str]) -> str:
    """Write names as alternatives, longest first, any white space between their words."""
    ordered = sorted(names, key=lambda name: (-len(name), name))
    return "|".join(r"\s+".join(re.escape(word) for word in name.split()) for name in ordered)


def spaced(name: str) -> str:
    return " ".join(name.split())


def find_dates(
    text: str, language: str, original: str | None, today: dt.date, neutral: bool = False
) -> Iterator[Found]:
    """Find written and numeric dates in folded text, in the order of the grammar.

    `original` holds the capitals of `text`, where the language needs them; `neutral` leaves
    open which calendar a year like 1400 counts in.
    """
    forms, words = grammar(language), rules(language).dates
    for pattern in (forms.day_month, forms.month_day):
        for match in pattern.finditer(text):
            if original and words.capitals and original[match.start("month")].islower():
                continue
            if pattern is forms.month_day and not (words.month_first or match["year"]):
                continue  # "in December 23 dollars"
            found = _month_date(match, forms, words)
            if found:
                yield found
    calendar = "gregorian" if neutral else rules(language).calendar
    for match in _NUMERIC.finditer(text):
        parts = (match[1], match[3], match[4])
        if sum(len(part) == 4 for part in parts) != 1:
            continue
        date = read_numeric(parts, calendar, today)
        yield Found(match.start(), match.end(), "date" if date else "impossible", date)


def _month_date(match: re.Match[str], forms: Grammar, words: DateWords) -> Found | None:
    name = spaced(match["month"])
    calendar, month = forms.months[name]
    day, year = int(match["day"]), match["year"]
    if year is None:
        before = match.string[: match.start()].rstrip()
        doubtful = name in words.ambiguous and "ماه" not in match[0]
        if not 1 <= day <= 31 or (doubtful and filler_before(before, words) is None):
            return None
        return Found(*match.span(), "day", None, calendar, month, day)
    era = match["era"]
    if era and words.eras[era] != calendar:
        era = None
    date = to_gregorian(calendar, int(year), month, day)
    return Found(*match.span(), "date" if date else "impossible", date, calendar, month, day)


def find_relatives(text: str, language: str, capitals: str) -> Iterator[Found]:
    forms, words = grammar(language), rules(language).dates
    for match in forms.relative.finditer(text):
        days = words.relative[spaced(match["relative"])]
        yield Found(*match.span(), "relative", offset=days)
    for match in forms.ago.finditer(text):
        yield Found(*match.span(), "relative", offset=-words.ago[spaced(match["ago"])])
    for match in forms.ago_number.finditer(text):
        number = next(group for group in match.groups() if group is not None)
        days = int(number) if number.isdigit() else words.ago_words.get(number, 0)
        if days:
            yield Found(*match.span(), "relative", offset=-days)
    for match in forms.weekday.finditer(text):
        name = spaced(match["weekday"])
        if words.capitals and capitals[match.start("weekday")].islower():
            continue
        turn = match["turn"] or match["lead"]
        if name in words.weekday_places and not turn and not _day_named(text, match.start(), words):
            continue  # the city
        direction = 0
        if turn:
            direction = 1 if turn in words.next else -1
        elif _ahead(text[: match.start()], forms):
            direction = 2
        yield Found(*match.span(), "weekday", day=words.weekdays[name], direction=direction)


def _day_named(text: str, start: int, words: DateWords) -> bool:
    before = text[:start].rstrip()
    return filler_before(before, words) not in (None, "در", "به تاریخ") or any(
        before.endswith(word) for word in words.relative
    )


def _ahead(before: str, forms: Grammar) -> bool:
    """Say whether the last verb before an expression is about what is to come."""
    future = max((match.start() for match in forms.future.finditer(before)), default=-1)
    said = max((match.start() for match in forms.attribution.finditer(before)), default=-1)
    return future > said


def resolve(one: Found, published: dt.date | None) -> dt.date | None:
    if one.kind == "date":
        far = one.date and published and abs((one.date - published).days) > 366
        return None if far and one.start > _FRONTED else one.date
    if published is None or one.kind == "impossible":
        return None
    try:
        if one.kind == "relative":
            return published + dt.timedelta(days=one.offset)
        if one.kind == "weekday":
            return published + dt.timedelta(days=_weekday_offset(one, published))
        return _nearest(one, published)
    except OverflowError:
        return None


def _weekday_offset(one: Found, published: dt.date) -> int:
    back = (published.weekday() - one.day) % 7
    ahead = (one.day - published.weekday()) % 7
    if one.direction == -1:
        return -(back or 7)
    if one.direction == 1:
        return ahead or 7
    return ahead if one.direction == 2 else -back


def _nearest(one: Found, published: dt.date) -> dt.date | None:
    """Give a day and month the year that brings it nearest to publication."""
    now = published.year
    if one.calendar == "jalali":
        now = int(_JalaliDate(published).year)
    elif one.calendar == "hijri":
        now = int(Hijri.today().year) - (dt.date.today().year - published.year) * 33 // 32
    dates = [to_gregorian(one.calendar, now + step, one.month, one.day) for step in (-1, 0, 1)]
    known = [date for date in dates if date]
    return min(known, key=lambda date: abs((date - published).days), default=None)


def is_background(one: Found, text: str, begin: int, language: str) -> bool:
    words = rules(language).dates
    before, after = text[begin : one.start], text[one.end : one.end + 30].lstrip()
    if follows_background(before, words) or _starts(after, words.background_after):
        return True
    dated = one.kind in ("date", "day")
    return dated and grammar(language).openers.search(before) is not None


def _starts(text: str, phrases: tuple[str, ...]) -> bool:
    return any(
        text.startswith(phrase) and not text[len(phrase) : len(phrase) + 1].isalnum()
        for phrase in phrases
    )


def follows_background(before: str, words: DateWords) -> bool:
    """Say whether the words right before a date make it background ("since", "until")."""
    before = before[-80:].rstrip(" ,،(")
    if _ends_with(before, words.background_nouns) is not None:
        return True
    while (filler := filler_before(before, words)) is not None:
        before = before[: -len(filler)].rstrip(" ,،(")
    return _ends_with(before, words.background_before) is not None


def filler_before(before: str, words: DateWords) -> str | None:
    return _ends_with(before, words.fillers)


def _ends_with(text: str, phrases: tuple[str, ...]) -> str | None:
    if not text.endswith(phrases):
        return None
    for phrase in phrases:
        if text.endswith(phrase) and not text[: -len(phrase)][-1:].isalnum():
            return phrase
    return None
