"""Actor tables in, dictionary matches with offsets in running text out."""

import csv
import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import ahocorasick

from eventcoder.errors import EventcoderError
from eventcoder.languages import SUPPORTED, fold, fold_with_offsets
from eventcoder.resources import schema

COLUMNS = ("phrase", "language", "code", "kind", "name", "start", "end", "source", "id")
# the earlier kind wins where one phrase names several things: Kuwait the state, not the city
KINDS = (
    "leader", "person", "group", "organisation", "party", "seat", "country", "nationality",
    "region", "ethnic", "capital", "agent", "title", "city",
)  # fmt: skip
RANK = {kind: i for i, kind in enumerate(KINDS)}
ROLES = frozenset({"agent", "title"})  # a title is a role word that yields to a stronger one
PERSONS = frozenset({"leader", "person"})
GROUPS = frozenset({"group", "organisation", "party"})
PLACES = frozenset({"country", "nationality", "seat", "region", "ethnic", "capital", "city"})
_SHARED = PERSONS | GROUPS | {"country", "nationality", "seat"}  # across one script
_BARE = ROLES | {"country", "nationality", "ethnic"}
_INFLECTED = ROLES | {"nationality"}
_SEPARATOR = "\0"
_TATWEEL = "ـ"
_ARTICLE = "ال"
_CLITICS = frozenset({"و", "ف", "ب", "ل", "ک", "وب", "ول", "وک", "فب", "فل", "فک", "کو"})
_ARTICLED = frozenset(
    {"ال", "وال", "فال", "بال", "کال", "وبال", "فبال", "وکال", "لل", "ولل", "فلل"}
)
_AROUND = 300  # characters on each side that decide an ambiguous name
_LONGEST_CLITIC = 4
_MAX_ABBREVIATION = 6  # US, UNHCR: only in capitals
_MIN_CLITIC = 3  # letters that must remain where a clitic is stripped


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


class Match(NamedTuple):
    """A dictionary phrase at `text[start:end]`, without its clitics, and all rows it may mean."""

    start: int
    end: int
    rows: tuple[Row, ...]
    prefix: str  # folded clitics written before it: "و", "بال"


class _Sense(NamedTuple):
    row: Row
    definite: bool  # the phrase begins with the Arabic article, which is not in the key


class Gazetteer:
    """A phrase index over actor tables: one automaton for all languages."""

    def __init__(self, rows: Iterable[Row], tests: Sequence["Meaning"] = ()) -> None:
        senses = _index(list(rows))
        self._tests: dict[tuple[str, str], list[Meaning]] = {}
        for test in tests:
            key = fold_with_offsets(test.phrase)[0]
            for form in {key, key.removeprefix(_ARTICLE)}:
                self._tests.setdefault((form, test.language), []).append(test)
        self._ambiguous = {key for key, _ in self._tests}
        self._allowed: dict[tuple[int, str, str, str], tuple[Row, ...]] = {}
        self._senses = list(senses.values())
        automaton: Any = ahocorasick.Automaton()
        for number, key in enumerate(senses):
            automaton.add_word(key, (number, len(key)))
        if senses:
            automaton.make_automaton()
        self._automaton = automaton
        self.size = len(senses)

    def find(self, text: str, language: str, context: str | None = None) -> list[Match]:
        """Return the longest dictionary matches in `text`, left to right, without overlaps.

        What an ambiguous name means is read in `context`, by default the text itself.
        """
        if not self.size:
            return []
        folded, index = fold_with_offsets(text)
        found: list[tuple[int, int, Match]] = []
        for last, (number, length) in self._automaton.iter(folded):
            start, end = last - length + 1, last + 1
            if end < len(folded) and folded[end].isalnum():
                continue
            prefix = "" if not start or folded[start - 1] == " " else _prefix(folded, start)
            if prefix is None:
                continue
            begin = index[start] if index else start
            stop = index[end - 1] + 1 if index else end
            shape = _shape(text[begin:stop])
            known = (number, prefix, language, shape)
            rows = self._allowed.get(known)
            if rows is None:
                rows = _legal(self._senses[number], prefix, language, shape, length)
                self._allowed[known] = rows
            if rows and folded[start:end] in self._ambiguous:
                rows = self._meant(rows, folded[start:end], context or text, begin, stop)
            if rows:
                found.append((start, end, Match(begin, stop, rows, prefix)))
        return _longest(found, len(folded))

    def _meant(
        self, rows: tuple[Row, ...], key: str, context: str, start: int, end: int
    ) -> tuple[Row, ...]:
        """Drop the rows of an ambiguous name that its context does not support."""
        languages = {row.language for row in rows}
        tests = [test for language in languages for test in self._tests.get((key, language), ())]
        if not tests:
            return rows
        around = (
            context
            if len(context) < 2 * _AROUND
            else context[max(0, start - _AROUND) : end + _AROUND]
        )
        score = {test.code: test.score(around) for test in tests}
        best = max(score.values())
        return tuple(row for row in rows if row.code not in score or score[row.code] == best > 0)


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
        if any(word in context for word in self.forbid):
            return 0
        return self.default + 2 * any(word in context for word in self.support)


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
    return fold_with_offsets(phrase)[0].removeprefix("the ").removeprefix(_ARTICLE)


def _fault(row: Row) -> str | None:
    if row.language != "*" and row.language not in SUPPORTED:
        return f"language {row.language!r} is not one of {', '.join(SUPPORTED)}, *"
    if not (row.code.isalnum() and row.code.isupper() and len(row.code) % 3 == 0):
        return f"code {row.code!r} is not CAMEO: three capital letters each, as TJKGOV"
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
    return row._replace(kind=kind, name=row.name or row.phrase, id=row.id or str(number))


def _index(rows: list[Row]) -> dict[str, list[_Sense]]:
    """Return folded key -> what it may mean, inflected role words included."""
    keys = fold(_SEPARATOR.join([row.phrase for row in rows])).split(_SEPARATOR) if rows else []
    senses: dict[str, list[_Sense]] = {}
    inflecting: list[tuple[str, _Sense]] = []
    listed: set[tuple[str, str]] = set()  # a form that a table lists is no other word's form
    for row, key in zip(rows, keys, strict=True):
        if not key.isascii() and (_TATWEEL in key or not key.replace(" ", "").isalnum()):
            key = fold_with_offsets(row.phrase)[0]  # noqa: PLW2901 - it has marks to drop
        definite = row.language != "fa" and row.phrase.startswith(_ARTICLE) and len(key) > 4
        stem = key[2:] if definite else key
        sense = _Sense(row, definite)
        senses.setdefault(stem, []).append(sense)
        if row.kind in _INFLECTED:
            inflecting.append((stem, sense))
            listed.add((stem, row.language))
    for stem, sense in inflecting:
        for form in _inflected(stem, sense.row):
            if (form, sense.row.language) not in listed:
                senses.setdefault(form, []).append(sense)
    return senses


def _inflected(key: str, row: Row) -> set[str]:
    """Return the folded inflections of a role word or nationality that tables leave out."""
    if row.kind == "nationality":
        return {"ar": {key + "ا"}, "fa": {key + "ها", key + "های"}}.get(row.language, set())
    if row.language == "en":
        head, of, rest = key.partition(" of ")
        plural = head[:-1] + "ies" if head[-1] == "y" and head[-2:-1] not in "aeou" else head + "s"
        return {plural + of + rest, head + "es" + of + rest if head[-1] in "shx" else key}
    head, _, rest = key.partition(" ")
    if row.language == "ar":
        return _arabic_forms(head, rest.split())
    heads = {head, head + "ی", head + "ها", head + "های", head + " ها", head + " های"}
    heads |= {head[:-1] + "گان"} if head.endswith("ه") else {head + "ان"}
    tails = {rest, rest + "ی"} if rest else {""}
    forms = {f"{first} {last}".strip() for first in heads for last in tails}
    if not rest:
        forms |= {head + "ش", head + "شان", head + "یی", head + "ای"}
    return forms


def _arabic_forms(head: str, rest: list[str]) -> set[str]:
    """Return number, construct, possessive and article forms of an Arabic role word."""
    stem = head[:-1] + "ت" if head.endswith("ه") else head
    heads = {head, head + "ا", stem + "ین", stem + "ان", stem + "ا", stem + "ی"}
    heads |= {head + "ون", head + "و"} if stem == head else {head[:-1] + "ات"}
    owned = {"ه", "ها", "هم", "نا", "هما"}
    if not rest:
        return heads | {stem + whose for whose in owned}
    bare = [word.removeprefix(_ARTICLE) for word in rest]
    last = bare[-1][:-1] + "ت" if bare[-1].endswith("ه") else bare[-1]
    tails = {" ".join(rest), " ".join(bare), " ".join(_ARTICLE + word for word in bare)}
    tails |= {" ".join([*bare[:-1], last + whose]) for whose in ("ه", "ها", "هم")}
    return {f"{first} {tail}" for first in heads for tail in tails}


def _legal(
    senses: list[_Sense], prefix: str, language: str, shape: str, length: int
) -> tuple[Row, ...]:
    """Return the rows that may stand here, given clitics, language and capital letters."""
    rows = [sense.row for sense in senses if _fits(sense, prefix, language, shape, length)]
    own = [row for row in rows if row.language in (language, "*")]
    return tuple(own or [row for row in rows if row.kind in _SHARED])


def _shape(written: str) -> str:
    """Return how a phrase is written: `A` all capitals, `a` with one first, `-` without.

    Arabic script, which has no capitals, is the empty shape.
    """
    if not written[0].isascii():
        return ""
    return "A" if written.isupper() else "a" if written[0].isupper() else "-"


def _fits(sense: _Sense, prefix: str, language: str, shape: str, length: int) -> bool:
    row = sense.row
    if shape:
        if prefix or not row.phrase[0].isupper() or row.kind in ROLES:
            return not prefix
        short = row.phrase.isupper() and len(row.phrase) <= _MAX_ABBREVIATION
        return shape == "A" or (shape == "a" and not short)
    if language == "fa":
        return prefix == (_ARTICLE if sense.definite else "")
    if prefix in _ARTICLED:
        return sense.definite or row.kind not in PERSONS
    if sense.definite:  # "القاعدة" is the group, "قاعدة" any base; a cut "إمارات" is the state
        return not prefix and row.kind in _BARE
    return not prefix or length >= _MIN_CLITIC


def _prefix(folded: str, start: int) -> str | None:
    """Return the clitics written before `start`, or None if the word does not begin so."""
    word = start
    while word and start - word <= _LONGEST_CLITIC and folded[word - 1].isalnum():
        word -= 1
    prefix = folded[word:start]
    return prefix if not prefix or prefix in _CLITICS or prefix in _ARTICLED else None


def _longest(found: list[tuple[int, int, Match]], length: int) -> list[Match]:
    """Keep the longest of overlapping matches, then the one with fewer clitics."""
    taken = bytearray(length)
    kept: list[tuple[int, Match]] = []
    for start, end, match in sorted(
        found, key=lambda hit: (hit[0] - hit[1], len(hit[2].prefix), hit[0])
    ):
        if taken.find(1, start, end) < 0:
            taken[start:end] = b"\1" * (end - start)
            kept.append((start, match))
    kept.sort(key=lambda hit: hit[0])
    return [match for _, match in kept]
