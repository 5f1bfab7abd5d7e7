"""Actor tables on disk in, checked rows and the meanings of ambiguous names out."""

import csv
import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from eventcoder.countries import is_country
from eventcoder.errors import EventcoderError
from eventcoder.languages import SUPPORTED, fold_with_offsets
from eventcoder.resources import schema

COLUMNS = ("phrase", "language", "code", "kind", "name", "start", "end", "source", "id")
# the earlier kind wins where one phrase names several things: Kuwait the state, not the city
KINDS = (
    "other", "leader", "person", "group", "organisation", "party", "seat", "country", "nationality",
    "region", "ethnic", "capital", "agent", "title", "city",
)  # fmt: skip
_CODE = re.compile("(?:[A-Z]{3})+")
RANK = {kind: i for i, kind in enumerate(KINDS)}
ROLES = frozenset({"agent", "title"})  # a title is a role word that yields to a stronger one
PERSONS = frozenset({"leader", "person"})
GROUPS = frozenset({"group", "organisation", "party"})
PLACES = frozenset({"country", "nationality", "seat", "region", "ethnic", "capital", "city"})
ARTICLE = "ال"
NOBODY = "---"  # the code of a name that holds an actor's and is none: "Jordan River"


class Row(NamedTuple):
    """One row of an actor table; `start` and `end` are ISO dates or empty, `table` its file."""

    phrase: str
    language: str
    code: str
    kind: str
    name: str
    start: str
    end: str
    source: str
    id: str
    table: str

    @property
    def evidence(self) -> str:
        """Name the row for people: `leaders:Q22686`."""
        return f"{self.table}:{self.id}"

    def holds(self, day: str) -> bool:
        """Say whether the row is valid on an ISO day."""
        return (not self.start or self.start <= day) and (not self.end or day <= self.end)


class Meaning(NamedTuple):
    """When an ambiguous phrase may mean a code: words for it, words against, by default or not."""

    phrase: str
    language: str
    code: str
    default: bool
    support: tuple[str, ...]
    forbid: tuple[str, ...]

    def score(self, context: str) -> int:
        """Return 0 if the context forbids this meaning, else how well it supports it."""
        if self.forbidden(context):
            return 0
        return self.default + 2 * any(word in context for word in self.support)

    def forbidden(self, context: str) -> bool:
        """Say whether the context speaks against this meaning."""
        return any(word in context for word in self.forbid)


def read_meanings(path: Path) -> list[Meaning]:
    """Read `ambiguous.csv`: phrase, language, code, needs.

    `needs` are words parted by semicolons, of which one must stand near the phrase; `-word`
    forbids the meaning, `*` makes it the one without other evidence. (`case` says what holds
    for every English name: it is written with a capital.)
    """
    tests = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            needs = [need.strip() for need in row["needs"].split(";") if need.strip()]
            words = tuple(need for need in needs if need[0] not in "-*" and need != "case")
            against = tuple(need[1:] for need in needs if need[0] == "-")
            default = "*" in needs or not words
            tests.append(
                Meaning(row["phrase"], row["language"], row["code"], default, words, against)
            )
    return tests


def read_table(path: Path) -> list[Row]:
    """Read one actor table and check it.

    Raises EventcoderError naming file, line and column at fault.
    """
    rows = []
    for number, row in _read(path, _faults):
        if isinstance(row, list):
            raise EventcoderError(f"{path}, line {number}: {row[0]}")
        rows.append(row)
    return rows


def table_faults(path: Path) -> Iterator[str]:
    """Yield all faults of an actor table, those too with which `read_table` can live.

    Raises EventcoderError if it is no actor table at all.
    """
    known: dict[tuple[str, str], list[tuple[int, Row]]] = {}
    told = {(m.phrase, m.language) for m in read_meanings(schema("actors", "ambiguous.csv"))}
    for number, row in _read(path, _strict_faults):
        if isinstance(row, list):
            yield from (f"{path}, line {number}: {fault}" for fault in row)
            continue
        same = known.setdefault((row.phrase, row.language), [])
        if (row.phrase, row.language) not in told:
            clash = next(((n, other) for n, other in same if _clash(row, other)), None)
            if clash:
                yield (
                    f"{path}, line {number}: {row.phrase!r} is {row.code} and, on the same days, "
                    f"{clash[1].code} in line {clash[0]}"
                )
        same.append((number, row))
    if not known:
        yield f"{path}: no row has a code yet"


def unknown_part(code: str) -> str:
    """Return the three letters of a CAMEO actor code that are neither country nor role, or "".

    Below an international code stand organisations, of which there are too many to list.

    >>> unknown_part("IRQREB"), unknown_part("IGOUNO"), unknown_part("IRQZZZ")
    ('', '', 'ZZZ')
    """
    kinds = role_kinds()
    for start in range(0, len(code), 3):
        part = code[start : start + 3]
        if kinds.get(part) == "international":
            return ""
        if part not in kinds and not is_country(part):
            return part
    return ""


@cache
def role_kinds() -> dict[str, str]:
    """Return the kind of each three-letter code that is no country: role, region, religion."""
    with schema("roles.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["kind"] for row in csv.DictReader(file)}


def _read(
    path: Path, check: Callable[[Row], Iterable[str]]
) -> Iterator[tuple[int, Row | list[str]]]:
    """Yield the number of each line with its row or, if `check` finds any, its faults."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EventcoderError(f"{path}: cannot read this actor table: {error}") from error
    header = tuple(name.strip() for name in lines[0]) if lines else ()
    missing = [name for name in ("phrase", "language", "code") if name not in header]
    if missing:
        raise EventcoderError(f"{path}: column {missing[0]} is missing; need {', '.join(COLUMNS)}")
    places = [header.index(name) if name in header else None for name in COLUMNS]
    straight = places == list(range(len(COLUMNS)))
    table = path.stem
    checked: set[tuple[str, ...]] = set()  # most rows share language, code, kind and dates
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        if len(line) != len(header):
            yield number, [f"{len(line)} fields, not {len(header)}"]
            continue
        if not straight:
            line = ["" if place is None else line[place].strip() for place in places]  # noqa: PLW2901
        row = Row._make([*line, table])
        if row.phrase and not any(row[2:9]):  # of a run's unresolved.csv, left open
            continue
        faults = [] if row.phrase else ["phrase is empty"]
        if (facts := row[1:4] + row[5:7]) not in checked:
            if wrong := list(check(row)):
                faults += wrong
            else:
                checked.add(facts)
        if faults:
            yield number, faults
        else:
            yield number, row if row.kind and row.name and row.id else _completed(row, number)


def shipped_tables() -> list[Path]:
    """Return the actor tables in `schemas/actors/`: every csv with the shared columns."""
    tables = []
    for path in sorted(schema("actors").glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            if file.readline().strip() == ",".join(COLUMNS):
                tables.append(path)
    return tables


def digest(paths: Sequence[Path]) -> str:
    """Return 12 hex digits that change when any of the files does."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()[:12]


def merged(shipped: Iterable[Row], own: Sequence[Row]) -> Iterator[Row]:
    """Yield all rows; a phrase and language of `own` hides the shipped rows for it."""
    taken = {(_unarticled(row.phrase), row.language) for row in own}
    for row in shipped:
        if not taken or (_unarticled(row.phrase), row.language) not in taken:
            yield row
    yield from own


def _unarticled(phrase: str) -> str:
    return fold_with_offsets(phrase)[0].removeprefix("the ").removeprefix(ARTICLE)


def _faults(row: Row) -> Iterator[str]:
    """Yield what keeps a row from being used."""
    if row.language != "*" and row.language not in SUPPORTED:
        yield f"language {row.language!r} is not one of {', '.join(SUPPORTED)}, *"
    if not _CODE.fullmatch(row.code) and row.code != NOBODY:
        yield (
            f"code {row.code!r} is not CAMEO: three capital letters each, as TJKGOV, "
            f"or {NOBODY} for what is no actor"
        )
    if row.kind and row.kind not in RANK:
        yield f"kind {row.kind!r} is not one of {', '.join(KINDS)}"
    for day in (row.start, row.end):
        if day:
            try:
                dt.date.fromisoformat(day)
            except ValueError:
                yield f"date {day!r} is not YYYY-MM-DD"


def _strict_faults(row: Row) -> Iterator[str]:
    """Yield also what can be used but is hardly meant."""
    yield from _faults(row)
    if row.start and row.end and row.start > row.end:
        yield f"start {row.start} is after end {row.end}"
    if _CODE.fullmatch(row.code) and (part := unknown_part(row.code)):
        yield f"code {row.code!r}: {part} is no known country or role"


def _clash(one: Row, other: Row) -> bool:
    """Say whether two rows of a phrase claim the same days for different codes.

    A row without dates is what holds on all other days, if it is of the same kind: of two kinds
    one always hides the other.
    """
    if one.code == other.code:
        return False
    if one.kind == other.kind and bool(one.start + one.end) != bool(other.start + other.end):
        return False
    ends = one.end or "9999", other.end or "9999"
    return one.start <= ends[1] and other.start <= ends[0]


def _completed(row: Row, number: int) -> Row:
    """Fill in what a user's short table may leave out."""
    kind = row.kind or ("group" if len(row.code) > 3 else "country")
    if row.code == NOBODY:
        kind = "other"
    return row._replace(kind=kind, name=row.name or row.phrase, id=row.id or str(number))
