"""A phrase, its sentence and document in; the country that its surroundings speak of out."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from eventcoder.actor_tables import ARTICLE, ROLES, Row
from eventcoder.composition import on_day
from eventcoder.countries import is_country
from eventcoder.gazetteer import Match

Find = Callable[[str, str], Sequence[Match]]  # of (text, language), as ActorDictionary.find
# Between a nationality and another role beside its own: "Turkish people and |government|", or
# "|مردم| و دولت ترکیه".
_JOINED = {
    "en": re.compile(r" [a-z]+ and (?:the )?"),
    "ar": re.compile(r" و[^\W\d]+ (?:ال)?"),
    "fa": re.compile(r" و [^\W\d]+ "),
}
_OF_STATE = {"fa": {"nationality", "country"}}  # kinds of rows that say whose a role beside is
_HOME_SENTENCES = 30  # that tell which country a document is about
_HOME_SHARE = 0.4  # of the names of states


def beside(
    find: Find, phrase: str, context: str | None, language: str, day: str
) -> tuple[str, str] | None:
    """Return the nationality that a mention was cut off: "jets" in "two Indian jets".

    Or the dictionary phrase that it is a part of: "the ministry" in "the Iranian ministry". With
    it comes the row that says so.
    """
    text = context or ""
    start = text.find(phrase)
    end = start + len(phrase)
    for match in find(text, language) if start >= 0 else ():
        before = text[match.end : start] if language == "en" else text[end : match.start]
        row = on_day(match.rows, day)
        if match.start <= start and end <= match.end and _of_state(row):
            return row.code[:3], f"sentence:{row.evidence}"
        near = match.end <= start if language == "en" else end <= match.start
        if not near or row.kind not in _OF_STATE.get(language, {"nationality"}):
            continue
        joined = _JOINED.get(language)
        if not before.strip(f" {ARTICLE}") or (joined and joined.fullmatch(before)):
            return row.code[:3], f"sentence:{row.evidence}"
    return None


def spoken_of(
    find: Find, phrase: str, context: str | None, language: str, day: str
) -> list[tuple[str, str]]:
    """Return the countries of the sentence, named most, then first, and the rows that say so.

    (Of 861 dev mentions in sentences with several countries the first of these is right in 471,
    the nearest country in 369, the last before the mention in 418.)
    """
    if not context:
        return []
    at = context.find(phrase)
    inside = range(at, at + len(phrase)) if at >= 0 else range(0)
    named = list(_countries(find(context, language), day, inside))
    counts = Counter(country for country, _ in named)
    rows = dict(reversed(named))
    return [(country, rows[country]) for country, _ in counts.most_common()]


def home(find: Find, texts: Sequence[tuple[str, str]], on: dt.date | None) -> str | None:
    """Return the country that a document is about, given its sentences and their languages.

    That is the one they name most, if it stands out among the others.
    """
    day = on.isoformat() if on else ""
    count: Counter[str] = Counter()
    for text, language in texts[:_HOME_SENTENCES]:
        for match in find(text, language):
            rows = [row for row in match.rows if _of_state(row)]
            if rows and (holding := [row for row in rows if not day or row.holds(day)]):
                count[holding[0].code[:3]] += 1
    if not count:
        return None
    (country, most), total = count.most_common(1)[0], count.total()
    # of a story of two states neither is the home
    return country if most >= _HOME_SHARE * total and most + most // 2 > total - most else None


def _countries(matches: Sequence[Match], day: str, but: range) -> Iterator[tuple[str, str]]:
    """Yield each country that a text names, and the row that says so, outside the range `but`."""
    for match in matches:
        row = on_day(match.rows, day)
        covered = match.start < but.stop and but.start < match.end
        if _of_state(row) and not covered:
            yield row.code[:3], f"sentence:{row.evidence}"


def _of_state(row: Row) -> bool:
    """Say whether a row speaks of a state; of "Reuters said" the story may be anywhere."""
    return row.kind not in ROLES and row.code[3:6] != "MED" and is_country(row.code[:3])
