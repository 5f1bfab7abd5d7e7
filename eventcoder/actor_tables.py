"""Actor tables on disk in, checked rows and the meanings of ambiguous names out."""

import csv
import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from eventcoder.errors import EventcoderError
from eventcoder.languages import SUPPORTED, fold_with_offsets
from eventcoder.resources import schema

COLUMNS = ("phrase", "language", "code", "kind", "name", "start", "end", "source", "id")
# the earlier kind wins where one phrase names several things: Kuwait the state, not the city
KINDS = (
    "other", "leader", "person", "group", "organisation", "party", "seat", "country", "nationality",
    "region", "ethnic", "capital", "agent", "title", "city",
)  # fmt: skip
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
    rows = []
    table = path.stem
    checked: set[tuple[str, ...]] = set()  # most rows share language, code, kind and dates
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        if len(line) != len(header):
            raise EventcoderError(f"{path}, line {number}: {len(line)} fields, not {len(header)}")
        if not straight:
            line = ["" if place is None else line[place].strip() for place in places]  # noqa: PLW2901
        row = Row._make([*line, table])
        if not row.phrase:
            raise EventcoderError(f"{path}, line {number}: phrase is empty")
        if (facts := row[1:4] + row[5:7]) not in checked:
            if fault := _fault(row):
                raise EventcoderError(f"{path}, line {number}: {fault}")
            checked.add(facts)
        rows.append(row if row.kind and row.name and row.id else _completed(row, number))
    return rows


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


def _fault(row: Row) -> str | None:
    if row.language != "*" and row.language not in SUPPORTED:
        return f"language {row.language!r} is not one of {', '.join(SUPPORTED)}, *"
    actor = row.code.isalnum() and row.code.isupper() and len(row.code) % 3 == 0
    if not actor and row.code != NOBODY:
        return (
            f"code {row.code!r} is not CAMEO: three capital letters each, as TJKGOV, "
            f"or {NOBODY} for what is no actor"
        )
    if row.kind and row.kind not in RANK:
        return f"kind {row.kind!r} is not one of {', '.join(KINDS)}"
    for day in (row.start, row.end):
        if day:
            try:
                dt.date.fromisoformat(day)
            except ValueError:
                return f"date {day!r} is not YYYY-MM-DD"
    return None


def _completed(row: Row, number: int) -> Row:
    """Fill in what a user's short table may leave out."""
    kind = row.kind or ("group" if len(row.code) > 3 else "country")
    if row.code == NOBODY:
        kind = "other"
    return row._replace(kind=kind, name=row.name or row.phrase, id=row.id or str(number))
