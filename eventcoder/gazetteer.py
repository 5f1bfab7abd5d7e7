"""Actor tables in, dictionary matches with offsets in running text out."""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import ahocorasick

from eventcoder.actor_tables import ARTICLE, GROUPS, NOBODY, PERSONS, ROLES, Meaning, Row
from eventcoder.languages import fold, fold_with_offsets

_SHARED = PERSONS | GROUPS | {"country", "nationality", "seat"}  # across one script
_BARE = ROLES | {"country", "nationality", "ethnic"}
_INFLECTED = ROLES | {"nationality"}
_LISTED = _INFLECTED | {"city"}  # "سمنان" is a city, no plural of "سمن"
_SEPARATOR = "\0"
_TATWEEL = "ـ"
_CLITICS = frozenset({"و", "ف", "ب", "ل", "ک", "وب", "ول", "وک", "فب", "فل", "فک", "کو"})
_ARTICLED = frozenset(
    {"ال", "وال", "فال", "بال", "کال", "وبال", "فبال", "وکال", "لل", "ولل", "فلل"}
)
_PREFIXES = _CLITICS | _ARTICLED
_ASCII = "\x7f"
_AROUND = 300  # characters on each side that decide an ambiguous name
_LONGEST_CLITIC = 4
_MAX_ABBREVIATION = 6  # US, UNHCR: only in capitals
_MIN_SHARED = 6  # letters of a surname that Arabic and Persian share: "آنان" is "they" and Annan
_MIN_CLITIC = 3  # letters that must remain where a clitic is stripped


_Hit = tuple[int, int, str, tuple[Row, ...]]  # start, end, clitics, rows


class Match(NamedTuple):
    """A dictionary phrase at `text[start:end]`, without its clitics, and all rows it may mean."""

    start: int
    end: int
    rows: tuple[Row, ...]
    prefix: str  # folded clitics written before it: "و", "بال"


class _Sense(NamedTuple):
    row: Row
    definite: bool  # the phrase begins with the Arabic article, which is not in the key


class _Spaced(dict[int, int | None]):
    """A translation that folds letters and digits, drops marks and makes all else a space."""

    def __missing__(self, code: int) -> int | None:
        folded = fold_with_offsets(chr(code))[0]
        self[code] = spaced = ord(folded if folded.isalnum() else " ") if folded else None
        return spaced


_SPACED = _Spaced()


class Gazetteer:
    """A phrase index over actor tables: one automaton for all languages.

    It reads letters, digits and spaces; its patterns end with a word and, but for Arabic script,
    where clitics may come first, begin with one.
    """

    def __init__(self, rows: Iterable[Row], tests: Sequence[Meaning] = ()) -> None:
        self._senses = _index(list(rows))
        self._tests: dict[tuple[str, str], list[Meaning]] = {}
        for test in tests:
            key = fold_with_offsets(test.phrase)[0]
            for form in {key, key.removeprefix(ARTICLE)}:
                self._tests.setdefault((form, test.language), []).append(test)
        self._ambiguous = {key for key, _ in self._tests}
        self._allowed: dict[tuple[str, str, str, str], tuple[Row, ...]] = {}
        self._automaton = _automaton(self._senses)
        self.size = len(self._senses)

    def find(self, text: str, language: str, context: str | None = None) -> list[Match]:
        """Return the longest dictionary matches in `text`, left to right, without overlaps.

        What an ambiguous name means is read in `context`, by default the text itself.
        """
        if not self.size:
            return []
        spaced = text.translate(_SPACED)
        index: Sequence[int] = range(len(text))
        if len(spaced) != len(text):
            index = [at for at, sign in enumerate(text) if _SPACED[ord(sign)] is not None]
        hits: list[_Hit] = []
        for end, (length, words, key) in self._automaton.iter(f" {spaced} "):
            start, end = end - length, end - 1  # noqa: PLW2901 - the pattern's last sign is a space
            arabic = spaced[start] > _ASCII
            prefix = _prefix(spaced, start) if arabic and start else ""
            if prefix is None:
                continue
            written = text[index[start] : index[end - 1] + 1]
            if words > 1 and not (key and written.replace(" ", "").isalnum()):
                key = _key(written)  # noqa: PLW2901 - "u.s." is no "u s"
            shape = "" if arabic else _shape(written)
            rows = self._rows(key, prefix, language, shape)
            if rows and key in self._ambiguous:
                whole = end == len(spaced) and spaced[:start] in ("", "the ")
                rows = self._meant(rows, key, context or text, index[start], whole)
            if rows:
                hits.append((start, end, prefix, rows))
        return [
            Match(index[start], index[end - 1] + 1, rows, prefix)
            for start, end, prefix, rows in _longest(hits)
            if rows[0].code != NOBODY
        ]

    def _rows(self, key: str, prefix: str, language: str, shape: str) -> tuple[Row, ...]:
        asked = (key, prefix, language, shape)
        rows = self._allowed.get(asked)
        if rows is None:
            rows = _legal(self._senses.get(key, []), prefix, language, shape, len(key))
            self._allowed[asked] = rows
        return rows

    def _meant(
        self, rows: tuple[Row, ...], key: str, context: str, start: int, whole: bool
    ) -> tuple[Row, ...]:
        """Drop the rows of an ambiguous name that its context does not support.

        The `whole` of a phrase was taken for an actor: it needs no support, but may be forbidden.
        """
        languages = {row.language for row in rows}
        tests = [test for language in languages for test in self._tests.get((key, language), ())]
        if not tests:
            return rows
        around = (
            context
            if len(context) < 2 * _AROUND
            else context[max(0, start - _AROUND) : start + len(key) + _AROUND]
        )
        score = {test.code: test.score(around) for test in tests}
        best = max(score.values())
        if whole and best == 0:
            against = {test.code for test in tests if test.forbidden(around)}
            return tuple(row for row in rows if row.code not in against)
        return tuple(row for row in rows if row.code not in score or score[row.code] == best > 0)


def _index(rows: list[Row]) -> dict[str, list[_Sense]]:
    """Return folded key -> what it may mean, inflected role words included."""
    joined = fold(_SEPARATOR.join([row.phrase for row in rows])).replace("-", " ")
    keys = joined.split(_SEPARATOR) if rows else []
    senses: dict[str, list[_Sense]] = {}
    inflecting: list[tuple[str, _Sense]] = []
    listed: set[tuple[str, str]] = set()  # a form that a table lists is no other word's form
    for row, key in zip(rows, keys, strict=True):
        if not key.isascii() and (_TATWEEL in key or not key.replace(" ", "").isalnum()):
            key = _key(row.phrase)  # noqa: PLW2901 - it has marks to drop
        definite = row.language != "fa" and row.phrase.startswith(ARTICLE) and len(key) > 4
        stem = key[2:] if definite else key.lstrip("'")
        sense = _Sense(row, definite)
        senses.setdefault(stem, []).append(sense)
        if row.kind in _INFLECTED:
            inflecting.append((stem, sense))
        if row.kind in _LISTED:
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
    bare = [word.removeprefix(ARTICLE) for word in rest]
    last = bare[-1][:-1] + "ت" if bare[-1].endswith("ه") else bare[-1]
    tails = {" ".join(rest), " ".join(bare), " ".join(ARTICLE + word for word in bare)}
    tails |= {" ".join([*bare[:-1], last + whose]) for whose in ("ه", "ها", "هم")}
    return {f"{first} {tail}" for first in heads for tail in tails}


def _legal(
    senses: list[_Sense], prefix: str, language: str, shape: str, length: int
) -> tuple[Row, ...]:
    """Return the rows that may stand here, given clitics, language and capital letters."""
    rows = [sense.row for sense in senses if _fits(sense, prefix, language, shape, length)]
    own = [row for row in rows if row.language in (language, "*")]
    return tuple(own or [row for row in rows if _shared(row, language)])


def _shared(row: Row, language: str) -> bool:
    """Say whether a row serves texts of another language: "CNN" does, "روش" (Roche) doesn't.

    Arabic and Persian share their letters, so what is a name in one is a word in the other; and
    each has all the countries.
    """
    if row.kind not in _SHARED or "en" in (language, row.language):
        return row.kind in _SHARED
    if " " in row.phrase:
        return row.kind in PERSONS | GROUPS
    return row.kind in PERSONS and len(row.phrase) >= _MIN_SHARED


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
        return prefix == (ARTICLE if sense.definite else "")
    if prefix in _ARTICLED:
        return sense.definite or row.kind not in PERSONS
    if sense.definite:  # "القاعدة" is the group, "قاعدة" any base; a cut "إمارات" is the state
        return not prefix and (row.kind in _BARE or " " in row.phrase)
    return not prefix or length >= _MIN_CLITIC


def _prefix(spaced: str, start: int) -> str | None:
    """Return the clitics written before `start`, or None if the word does not begin so."""
    word = spaced.rfind(" ", max(0, start - _LONGEST_CLITIC - 1), start) + 1
    prefix = spaced[word:start] if word or start <= _LONGEST_CLITIC else None
    return prefix if not prefix or prefix in _PREFIXES else None


def _longest(hits: list[_Hit]) -> Iterator[_Hit]:
    """Keep the longest of overlapping hits, then the one with fewer clitics."""
    hits.sort(key=itemgetter(0))
    cluster: list[_Hit] = []
    reach = 0
    for hit in hits:
        if hit[0] >= reach and cluster:
            yield from _apart(cluster)
            cluster = []
        cluster.append(hit)
        reach = max(reach, hit[1])
    yield from _apart(cluster)


def _apart(cluster: list[_Hit]) -> list[_Hit]:
    """Return the hits of an overlapping cluster that stay."""
    if len(cluster) == 1:
        return cluster
    kept: list[_Hit] = []
    for hit in sorted(cluster, key=lambda hit: (hit[0] - hit[1], len(hit[2]), hit[0])):
        if all(hit[1] <= other[0] or other[1] <= hit[0] for other in kept):
            kept.append(hit)
    return sorted(kept, key=itemgetter(0))


def _key(phrase: str) -> str:
    return fold_with_offsets(phrase)[0].replace("-", " ")


def _automaton(keys: Iterable[str]) -> Any:
    """Return an automaton of the keys; a hit is its pattern's length, its words and the key.

    The key is empty where it has other signs than letters, digits and spaces: how the phrase is
    written in the text decides.
    """
    automaton: Any = ahocorasick.Automaton()
    for key in keys:
        plain = key.replace(" ", "").isalnum()
        spaced = key if plain else key.translate(_SPACED)
        pattern = f" {spaced} " if key[0] <= _ASCII else f"{spaced} "
        known = key if plain else ""
        automaton.add_word(pattern, (len(spaced) + 1, spaced.count(" ") + 1, known))
    automaton.make_automaton()
    return automaton
