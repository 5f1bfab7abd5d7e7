"""Metadata, datelines and words in a sentence in; a date, its precision and its basis out."""

import datetime as dt
import re
from dataclasses import dataclass
from email.utils import parsedate_tz
from typing import Literal

from eventcoder.expressions import (
    BARE_DAY,
    Found,
    filler_before,
    find_dates,
    find_relatives,
    follows_background,
    grammar,
    is_background,
    read_numeric,
    resolve,
    spaced,
    to_gregorian,
)
from eventcoder.languages import SUPPORTED, fold_with_offsets, rules

Precision = Literal["day", "month", "year", "none"]

EARLIEST = 1800  # no newspaper corpus is older
_LONGEST_VALUE = 120  # characters of a metadata field that can be a date
_HEAD_LINES = 12  # lines in which a dateline is looked for
_DATELINE = 160  # characters of a line in which it stands
_NEAR = 250  # characters of a sentence in which the main event is dated
_ADJACENT = 15  # characters between two expressions for one day ("today, Monday")
_RANK = {"date": 0, "day": 1, "relative": 2, "weekday": 3}


@dataclass(frozen=True, slots=True)
class Dated:
    """A date, or None; `date` is the first day of a known month or year.

    `basis` is given, metadata, dateline, sentence, published or none; `reason` says why a value
    gave no date.
    """

    date: dt.date | None
    precision: Precision
    basis: str
    reason: str | None = None


def parse_given(value: object, today: dt.date | None = None) -> Dated:
    """Read a date field of metadata: ISO 8601, RFC 2822, epoch, written or numeric dates.

    Solar Hijri and Hijri years are understood; a numeric date is day first unless it can't be.
    A time zone is left as written. Dates before 1800 or after tomorrow are refused.

    >>> parse_given("۱۴۰۰/۱۱/۰۶").date
    datetime.date(2022, 1, 26)
    >>> parse_given("31.02.2022").reason
    'no such day'
    """
    today = today or dt.date.today()
    try:
        found = _value(value, today)
    except (ValueError, OverflowError, OSError, TypeError):
        return _nothing("no such day")
    if found.date is None:
        return found
    if found.date.year < EARLIEST:
        return _nothing(f"before {EARLIEST}")
    if found.date > today + dt.timedelta(days=1):
        return _nothing("in the future")
    return found


def publication_date(
    text_head: str,
    language: str,
    given: object = None,
    metadata: object = None,
    today: dt.date | None = None,
) -> Dated:
    """Tell when a document was published: its field, the page's metadata, or its dateline.

    A dateline without a year ("3 - 2") counts only if a field knows the year. What isn't known
    stays None.

    >>> publication_date("LONDON, Feb 3, 2020 (Reuters) - The minister ...", "en").date
    datetime.date(2020, 2, 3)
    """
    today = today or dt.date.today()
    years: set[int] = set()
    reason = None
    for value, basis in ((given, "given"), (metadata, "metadata")):
        parsed = parse_given(value, today)
        if parsed.precision == "day":
            return Dated(parsed.date, "day", basis)
        if parsed.date is not None:
            years.add(parsed.date.year)
        elif value not in (None, ""):
            reason = f"{basis}: {parsed.reason}"
    year = years.pop() if len(years) == 1 else None
    date = _dateline(text_head, language if language in SUPPORTED else "en", year, today)
    if date is None:
        return _nothing(reason or "no dateline")
    return Dated(date, "day", "dateline")


def event_date(sentence: str, published: dt.date | None, language: str) -> Dated:
    """Date the sentence's main event by its words, else by publication.

    Background dates ("since 1992", "the agreement of 3 May 2015") and quoted words don't count;
    "yesterday" and "on Monday" need a known publication date.

    >>> event_date("Putin met Rahmon on Monday.", dt.date(2022, 1, 26), "en").date
    datetime.date(2022, 1, 24)
    """
    found = None
    if language in SUPPORTED:
        found = _main_date(sentence, published, language)
    if found is not None:
        return Dated(found, "day", "sentence")
    if published is not None:
        return Dated(published, "day", "published")
    return _nothing("neither the sentence nor the document is dated")


def _nothing(reason: str) -> Dated:
    return Dated(None, "none", "none", reason)


def _value(value: object, today: dt.date) -> Dated:
    if isinstance(value, dt.datetime):
        return Dated(value.date(), "day", "given")
    if isinstance(value, dt.date):
        return Dated(value, "day", "given")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return _nothing("empty" if value is None else "neither text nor number")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    plain = fold_with_offsets(str(value))[0].strip()
    if not plain:
        return _nothing("empty")
    if len(plain) > _LONGEST_VALUE:
        return _nothing("too long for a date")
    if re.fullmatch(r"\d+(\.\d+)?", plain):
        return _digits(plain)
    return _written(plain, str(value), today)


def _digits(plain: str) -> Dated:
    whole = plain.partition(".")[0]
    if len(whole) == 4 and int(whole) >= EARLIEST:
        return Dated(dt.date(int(whole), 1, 1), "year", "given")
    if len(whole) in (8, 14):
        return Dated(dt.date(int(whole[:4]), int(whole[4:6]), int(whole[6:8])), "day", "given")
    scale = {9: 1, 10: 1, 12: 1e3, 13: 1e3, 15: 1e6, 16: 1e6}.get(len(whole))
    if scale is None:
        return _nothing("a number that is no date")
    moment = dt.datetime.fromtimestamp(int(whole) / scale, tz=dt.UTC)
    return Dated(moment.date(), "day", "given")


_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[t\s,].*)?")
_YEAR_MONTH = re.compile(r"(\d{4})[-/](\d{1,2})")


def _written(plain: str, original: str, today: dt.date) -> Dated:
    iso = _ISO.fullmatch(plain)
    if iso:
        date = read_numeric((iso[1], iso[3], iso[4]), "gregorian", today)
        return Dated(date, "day", "given") if date else _nothing("no such day")
    month = _YEAR_MONTH.fullmatch(plain)
    if month and int(month[1]) >= EARLIEST:
        return Dated(dt.date(int(month[1]), int(month[2]), 1), "month", "given")
    mail = parsedate_tz(original.strip()) if re.search(r"\d:\d\d", plain) else None
    if mail and mail[0] >= EARLIEST:
        return Dated(dt.date(mail[0], mail[1], mail[2]), "day", "given")
    impossible = False
    for language in SUPPORTED:
        for found in find_dates(plain, language, None, today, neutral=True):
            if found.kind == "date" and found.date:
                return Dated(found.date, "day", "given")
            impossible = impossible or found.kind == "impossible"
        month = grammar(language).month_year.fullmatch(plain)
        if month:
            calendar, number = grammar(language).months[spaced(month["month"])]
            first = to_gregorian(calendar, int(month["year"]), number, 1)
            if first:
                return Dated(first, "month", "given")
    return _nothing("no such day" if impossible else "not a date")


def _dateline(head: str, language: str, year: int | None, today: dt.date) -> dt.date | None:
    lines = [line.strip()[: 4 * _DATELINE] for line in head[:20_000].splitlines() if line.strip()]
    latest = today + dt.timedelta(days=1)
    for original in lines[:_HEAD_LINES]:
        line, index = fold_with_offsets(original)
        capitals = original if index is None else "".join(original[i] for i in index)
        found = [
            one
            for one in find_dates(line, language, capitals, today)
            if one.date and one.end <= _DATELINE and one.date.year >= EARLIEST
        ]
        found.sort(key=lambda one: (one.calendar != "gregorian", one.start))
        first = min((one.start for one in found), default=0)
        last = max((one.end for one in found), default=0)
        for one in found:
            if one.date and one.date <= latest and _heads(line, first, last, language):
                return one.date
        if year is not None:
            bare = _bare_dateline(line, language, capitals, year, today)
            if bare is not None and bare <= latest:
                return bare
    return None


_AFTER_DATELINE = re.compile(r"\s*(?:[-|/(:«\"\[]|\.\s|$)")
_CLOCK = re.compile(r"[\s,،-]*(?:at |الساعه |ساعت )?\d{1,2}[:.]\d{2}")


def _heads(line: str, start: int, end: int, language: str) -> bool:
    """Say whether a date stands as a dateline: a few names before it, then a mark or the end."""
    words = rules(language).dates
    before, after = line[:start].rstrip(" ,،:-(|/"), line[end:]
    named = re.findall(r"\w+", before)
    if len(named) > 8 or follows_background(before, words):
        return False
    marked = bool(_AFTER_DATELINE.match(after) or _CLOCK.match(after))
    filler = filler_before(before, words)
    stopped = after.rstrip().endswith((".", "!", "?", "؟", "۔"))  # prose, not a stamp
    told = stopped and (filler is not None or len(named) > 3)
    if len(re.findall(r"\w+", after)) <= 4 and not told and (filler is None or marked):
        return True
    if filler is not None:  # "القاهرة في 4 أكتوبر / أ ش أ /", but not "On 3 May they signed"
        return marked and len(named) - len(filler.split()) == 1
    return marked or 1 <= len(named) <= 3


def _bare_dateline(
    line: str, language: str, capitals: str, year: int, today: dt.date
) -> dt.date | None:
    """Read "موسكو - 3 - 2 (كونا)" or "LONDON, Feb 3 (Reuters)" with a year known elsewhere."""
    candidates: list[dt.date | None] = []
    for found in find_dates(line, language, capitals, today):
        if found.kind == "day" and _heads(line, found.start, found.end, language):
            candidates.append(to_gregorian("gregorian", year, found.month, found.day))
    for match in BARE_DAY.finditer(line[:_DATELINE]):
        candidates.append(to_gregorian("gregorian", year, int(match[3]), int(match[1])))
    weekday = grammar(language).weekday.search(line[:_DATELINE])
    for date in candidates:
        if date is None:
            continue
        if weekday:
            name = spaced(weekday["weekday"])
            words = rules(language).dates
            if words.weekdays[name] != date.weekday() and name not in words.weekday_places:
                continue
        return date
    return None


_AGENCY = re.compile(r"[^()]{0,100}\([^()]{2,40}\)\s*[-:]+")
_QUOTE = re.compile(r'"[^"]*"')


def _main_date(sentence: str, published: dt.date | None, language: str) -> dt.date | None:
    head = sentence[: _NEAR + 150]
    text, index = fold_with_offsets(head)
    capitals = head if index is None else "".join(head[i] for i in index)
    text = _QUOTE.sub(lambda quote: " " * len(quote[0]), text)
    agency = _AGENCY.match(text)
    begin = agency.end() if agency else 0
    today = published or dt.date.today()
    found = [
        one
        for one in [
            *find_dates(text, language, capitals, today),
            *(find_relatives(text, language, capitals) if published else ()),
        ]
        if begin <= one.start <= _NEAR and not is_background(one, text, begin, language)
    ]
    dated = [(one, date) for one in found if (date := resolve(one, published))]
    if not dated:
        return None
    dated.sort(key=lambda pair: pair[0].start)
    first = dated[0][0]
    together = [pair for pair in dated if pair[0].start - first.end <= _ADJACENT]
    return _agreed(together, published)


def _agreed(together: list[tuple[Found, dt.date]], published: dt.date | None) -> dt.date:
    """Choose among expressions for one day: a full date, then the weekday that corrects "today"."""
    best = min(together, key=lambda pair: (_RANK[pair[0].kind], pair[0].start))
    if best[0].kind == "relative" and published:
        for one, date in together:
            if one.kind == "weekday" and abs((date - best[1]).days) <= 2:
                return date  # "today, Monday" in a text put on the site on Tuesday
    return best[1]
