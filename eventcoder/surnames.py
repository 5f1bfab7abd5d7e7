"""A name and the countries spoken of in, the rows of the one person who bears its last word out."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from eventcoder.actor_tables import ARTICLE, PERSONS, Row
from eventcoder.languages import fold, fold_with_offsets
from eventcoder.transliteration import PARTICLES, skeleton

_SEPARATOR = "\0"
_MIN_LETTERS = 3
_MIN_SKELETON = 5  # consonants of a whole name that is spelt otherwise than in the tables
_EVERYBODY = frozenset({"wikidata", "factbook"})  # sources that list whoever held an office
_FORMER = "ELI"
_FAMILY_FIRST = frozenset({"CHN", "KOR", "PRK", "TWN", "VNM", "HKG"})
_ARTICLES = re.compile(rf"(?:[ae]l-|عبد{ARTICLE}|{ARTICLE})(?=\w{{3}})")

_OF_GOD = re.compile(r"(?<=\w) (?=الله(?!\w))")  # "نصر الله" is one name, as "نصرالله" is
_SAYYID = re.compile(r"^سید(?=\w{3})")  # written together with the name in Persian


class _Bearer(NamedTuple):
    first: str  # skeleton of the first name, empty where the family name comes first
    surname: str
    row: Row


class Surnames:
    """People of the tables by language and last name, or family name where that comes first."""

    def __init__(self, rows: Iterable[Row]) -> None:
        named = [row for row in rows if row.kind in PERSONS and " " in row.phrase.strip()]
        folded = fold(_SEPARATOR.join([row.phrase for row in named])).split(_SEPARATOR)
        family_first = {row.id for row in named if row.code[:3] in _FAMILY_FIRST}
        self._bearers: dict[tuple[str, str], list[_Bearer]] = defaultdict(list)
        for row, name in zip(named, folded, strict=True):
            first, surname = _parted(name)
            self._add(row, _sound(first), surname)
            if row.id in family_first:
                self._add(row, "", name.split()[0])

    def _add(self, row: Row, first: str, surname: str) -> None:
        if len(surname) >= _MIN_LETTERS:
            self._bearers[row.language, _sound(surname)].append(_Bearer(first, surname, row))

    def find(self, name: str, language: str, countries: Sequence[str], day: str) -> tuple[Row, ...]:
        """Return the rows of the one person meant, or nothing.

        A last name alone is looked for in one country after the other, or everywhere if there is
        none; of several bearers there the one in office on the day is meant, or else the last
        one who was. A first name with it must sound the same; then the last may be spelt
        otherwise.

        >>> row = Row("Robert Gates", "en", "USAGOV", "leader", "", "", "", "", "gates", "own")
        >>> people = Surnames([row])
        >>> names = ("Gates", "Robert M. Gates", "Bill Gates", "Robbert Gatess")
        >>> [bool(people.find(name, "en", ["USA"], "")) for name in names]
        [True, True, False, True]
        """
        first, surname = _parted(fold_with_offsets(name)[0])
        alike = self._bearers.get((language, _sound(surname)), []) if surname else []
        bearers = [bearer for bearer in alike if bearer.surname == surname]
        if first:
            long = len(_sound(first) + _sound(surname)) >= _MIN_SKELETON
            named = [one for one in bearers or (alike if long else []) if one.first]
            return _only([one.row for one in named if one.first == _sound(first)], day)
        for country in countries:
            if rows := [one.row for one in bearers if one.row.code[:3] == country]:
                return _only(rows, day)
        return () if countries else _only([one.row for one in bearers], day)


def _parted(folded: str) -> tuple[str, str]:
    """Return the first name and the last without article and hyphens; particles are neither.

    >>> _parted("حسن نصر الله")
    ('حسن', 'نصرالله')
    """
    words = re.findall(r"[\w'’-]+", _OF_GOD.sub("", folded))
    if not words:
        return "", ""
    before = [word for word in words[:-1] if word not in PARTICLES]
    return _SAYYID.sub("", before[0]) if before else "", _bare(words[-1])


@cache
def _bare(word: str) -> str:
    return re.sub(r"\W", "", _ARTICLES.sub("", word) if _ARTICLES.match(word) else word)


@cache
def _sound(word: str) -> str:
    return skeleton(word)


def _only(rows: Sequence[Row], day: str) -> tuple[Row, ...]:
    """Return the rows of the only person, of the one in office or a role, or last in office.

    People whom the tables name one by one go before those of long lists of office holders.
    """
    people: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        people[row.id].append(row)
    meant = list(people.values())
    if len(meant) > 1:
        chosen = [own for own in meant if any(_one_by_one(row, day) for row in own)]
        ruling = [own for own in meant if any(_governs(row, day) for row in own)]
        active = [own for own in chosen if any(_holds_role(row, day) for row in own)]
        meant = ruling or active or _last(chosen, day)
        for preferred in (_one_by_one, _of_a_state):
            if len(meant) > 1:
                meant = [own for own in meant if any(preferred(row, day) for row in own)]
    return tuple(meant[0]) if len(meant) == 1 else ()


def _one_by_one(row: Row, _: str) -> bool:
    return row.source not in _EVERYBODY


def _of_a_state(row: Row, day: str) -> bool:
    return _governs(row, day) and row.code[:3] != "IGO"


def _last(people: Sequence[list[Row]], day: str) -> list[list[Row]]:
    """Return those of the people who left office last before a day."""
    left = [
        max(
            (row.end for row in own if _is_office(row) and row.end < (day or "9")),
            default="",
        )
        for own in people
    ]
    latest = max(left, default="")
    return [own for own, end in zip(people, left, strict=True) if end == latest != ""]


def _governs(row: Row, day: str) -> bool:
    return _is_office(row) and (row.holds(day) if day else not row.end)


def _holds_role(row: Row, day: str) -> bool:
    return row.code[3:6] != _FORMER and (row.holds(day) if day else not row.end)


def _is_office(row: Row) -> bool:
    return row.code[3:6] == "GOV" or row.code[:3] == "IGO"
