"""A name and the countries spoken of in, the rows of the one person who bears its last word out."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from eventcoder.actor_tables import ARTICLE, PERSONS, Row
from eventcoder.languages import fold, fold_with_offsets

_SEPARATOR = "\0"
_MIN_LETTERS = 3
_OFFICE = "GOV"

_People = dict[str, list[Row]]


class Surnames:
    """People of the tables by language and last name."""

    def __init__(self, rows: Iterable[Row]) -> None:
        named = [row for row in rows if row.kind in PERSONS and " " in row.phrase.strip()]
        folded = fold(_SEPARATOR.join([row.phrase for row in named])).split(_SEPARATOR)
        self._bearers: dict[tuple[str, str], list[tuple[str, Row]]] = defaultdict(list)
        for row, name in zip(named, folded, strict=True):
            words = name.split()
            surname = words[-1].removeprefix(ARTICLE)
            if len(surname) >= _MIN_LETTERS:
                self._bearers[row.language, surname].append((words[0], row))

    def find(self, name: str, language: str, countries: Sequence[str], day: str) -> tuple[Row, ...]:
        """Return the rows of the one person meant, or nothing.

        A last name alone is looked for in one country after the other, or everywhere if there is
        none, and of several bearers there the one in office on the day is meant. A first name
        with it must be the same.

        >>> row = Row("Robert Gates", "en", "USAGOV", "leader", "", "", "", "", "gates", "own")
        >>> people = Surnames([row])
        >>> names = ("Gates", "Robert M. Gates", "Bill Gates")
        >>> [bool(people.find(name, "en", ["USA"], "")) for name in names]
        [True, True, False]
        """
        words = re.findall(r"\w+", fold_with_offsets(name)[0])
        surname = words[-1].removeprefix(ARTICLE) if words else ""
        bearers = self._bearers.get((language, surname), [])
        if len(words) > 1:
            return _only([row for first, row in bearers if first == words[0]], day)
        for country in countries:
            if rows := [row for _, row in bearers if row.code[:3] == country]:
                return _only(rows, day)
        return () if countries else _only([row for _, row in bearers], day)


def _only(rows: Sequence[Row], day: str) -> tuple[Row, ...]:
    """Return the rows of the only person, or of the only one in office."""
    people: _People = {}
    for row in rows:
        people.setdefault(row.id, []).append(row)
    if len(people) > 1:
        people = {one: own for one, own in people.items() if any(_governs(r, day) for r in own)}
    return tuple(next(iter(people.values()))) if len(people) == 1 else ()


def _governs(row: Row, day: str) -> bool:
    return row.code[3:6] == _OFFICE and (row.holds(day) if day else not row.end)
