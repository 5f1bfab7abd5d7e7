"""An actor phrase, its language, day and document in; the actor and the deciding rows out."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from eventcoder.actor_tables import (
    ARTICLE,
    PERSONS,
    Meaning,
    Row,
    digest,
    merged,
    read_meanings,
    read_table,
    shipped_tables,
)
from eventcoder.composition import (
    INTERNATIONAL,
    STATELESS,
    Part,
    Reading,
    apposition,
    compose,
    cuts,
    on_day,
    parts,
    shared,
)
from eventcoder.cues import bare, cues, plain
from eventcoder.gazetteer import Gazetteer, Match
from eventcoder.records import Actor
from eventcoder.resources import schema
from eventcoder.surnames import Surnames
from eventcoder.surroundings import beside, home, spoken_of
from eventcoder.transliteration import PARTICLES, Transliterated, skeleton

_CACHED = 200_000
_REMEMBERED = 10_000  # texts whose matches are kept: a document asks of its own again and again
_NAME_WORDS = 4
_SHORTEST = 3  # letters of a first name: "J. Biden" may be he
_LONE = 6  # consonants of a name whose country need not be spoken of
_SUBJOINED = re.compile(r"(?:[ae][dlnrstz]|ul|ash)[-’']")  # the article in "al-Obeidi"


class _Question(NamedTuple):
    phrase: str
    language: str
    day: str  # ISO, or empty
    antecedent: str | None
    context: str | None
    home: str | None


class ActorDictionary:
    """Every actor we know, and how phrases compose from them."""

    def __init__(
        self, rows: Sequence[Row], version: str = "", tests: Sequence[Meaning] = ()
    ) -> None:
        self.rows = rows
        self.digest = version
        self._gazetteer = Gazetteer(rows, tests)
        self._cached = lru_cache(maxsize=_CACHED)(self._resolved)
        self._found = lru_cache(maxsize=_REMEMBERED)(self._gazetteer.find)

    @classmethod
    def load(cls, extra: Sequence[Path] = ()) -> "ActorDictionary":
        """Load the shipped tables and the user's own, whose rows win.

        Raises EventcoderError naming file, line and fault if a table is wrong.
        """
        paths = tuple(Path(path) for path in extra)
        try:
            content = digest(paths)
        except OSError:  # told by what reads it
            content = ""
        return _loaded(paths, content)

    def find(self, text: str, language: str, context: str | None = None) -> Sequence[Match]:
        """Return the longest dictionary matches in running text, with offsets into it."""
        if context is None:
            return self._found(text, language)
        return self._gazetteer.find(text, language, context)

    def resolve(
        self,
        phrase: str,
        language: str,
        on: dt.date | None,
        *,
        antecedent: str | None = None,
        context: str | None = None,
        home: str | None = None,
    ) -> Actor | None:
        """Return who `phrase` names on a day, or None.

        `antecedent` is the fuller mention it points back to, `context` its sentence, `home`
        the country (ISO alpha-3) that the document is about. Of a list the first is returned.
        """
        found = self.resolve_all(
            phrase, language, on, antecedent=antecedent, context=context, home=home
        )
        return found[0] if found else None

    def resolve_all(
        self,
        phrase: str,
        language: str,
        on: dt.date | None,
        *,
        antecedent: str | None = None,
        context: str | None = None,
        home: str | None = None,
    ) -> tuple[Actor, ...]:
        """Return everyone a phrase names: "the Russian and Turkish presidents" are two."""
        day = on.isoformat() if on else ""
        return self._cached(_Question(phrase, language, day, antecedent, context, home))

    def _resolved(self, asked: _Question) -> tuple[Actor, ...]:
        _, language, day, antecedent, context, _ = asked
        phrase = " ".join(asked.phrase.split())
        pieces = self._pieces(phrase, language, day, context)
        if len(pieces) > 1:
            return tuple(dict.fromkeys(_actor(piece) for piece in pieces))
        reading = pieces[0]
        if not (reading.role or reading.code or reading.country):
            pieces = self._around(phrase, asked) or pieces
            reading = pieces[0]
        if reading.person and (other := self._namesake(phrase, asked)):
            return (_actor(other),)
        if reading.country and not (antecedent and reading.person):
            if reading.standing and _stands_in_place(phrase, context, language):
                reading = replace(reading, role="")
            return (_actor(reading),)
        pointed = self._pointed(phrase, language, day, antecedent, reading)
        if pointed:
            return (pointed,)
        if reading.country:
            return (_actor(reading),)
        if named := self._surnamed(phrase, reading, asked) or self._sounding(
            phrase, reading, asked
        ):
            return (_actor(named),)
        if states := cues(language).polities.get(bare(plain(phrase))):
            spoken = [*(state for state, _ in self._spoken_of(phrase, asked)), asked.home]
            meant = next((state for state in spoken if state in states), states[0])
            return (_actor(Reading(meant, name=meant, rows=(f"cues:{plain(phrase)}",))),)
        if plain(phrase) in cues(language).his_country:
            reading = Reading(role="", rows=("cues:his country",))
        elif not (reading.role or reading.code):
            if not _is_name(phrase, language):
                return ()
            country, row = self._supposed(phrase, reading, asked)
            return (_actor(Reading(country, name=phrase, rows=(row,))),) if country else ()
        if reading.role not in STATELESS | cues(language).bare_roles:
            country, row = self._supposed(phrase, reading, asked)
            if country:
                return (_actor(replace(reading, country=country, rows=(*reading.rows, row))),)
        return (_actor(reading),) if reading.role or reading.code else ()

    def _supposed(self, phrase: str, reading: Reading, asked: _Question) -> tuple[str, str]:
        """Return the country of a bare role or unknown name and what says so.

        That is the nationality beside it, the document, the sentence or the language. (With the
        document's for names root F1 on ntrex_dev rose from .239 to .266.)
        """
        words = cues(asked.language)
        here = [(asked.home, f"home:{asked.home}")] if asked.home else []
        for word in map(bare, plain(phrase).split()):
            if lands := words.homelands.get(word):
                spoken = (*self._spoken_of(phrase, asked), *here)
                return next((told for told in spoken if told[0] in lands), ("", ""))
        if near := beside(self.find, phrase, asked.context, asked.language, asked.day):
            return near
        if here:
            return here[0]
        if reading.role in words.document_roles and not phrase.startswith((ARTICLE, "لل")):
            return "", ""
        if named := self._spoken_of(phrase, asked):
            return named[0]
        speaks = not reading.role or reading.role in words.home_roles
        if asked.context and words.home and speaks:
            return words.home, f"language:{asked.language}"
        return "", ""

    def home(self, texts: Sequence[tuple[str, str]], on: dt.date | None) -> str | None:
        """Return the country that a document is about, given its sentences and their languages."""
        return home(self.find, texts, on)

    def read(self, phrase: str, language: str, on: dt.date | None) -> tuple[Reading, list[Part]]:
        """Return what the words of a phrase say by themselves, and the matches they contain."""
        day = on.isoformat() if on else ""
        found = parts(phrase, self.find(phrase, language), language, day)
        return compose(phrase, found, language), found

    def _pieces(self, phrase: str, language: str, day: str, context: str | None) -> list[Reading]:
        """Read a phrase as a list of actors if every member has a country, else as one."""
        found = parts(phrase, self.find(phrase, language, context), language, day)
        whole = compose(phrase, found, language)
        places = cuts(phrase, found, language)
        if not places:
            return [whole]
        pieces = [_piece(phrase, found, *edges) for edges in pairwise([0, *places, len(phrase)])]
        readings = [compose(text, inside, language) for text, inside in pieces]
        if not all(reading.country for reading in readings):
            return [whole]
        joined = [readings[0]]
        for (text, before), (_, after), reading in zip(
            pieces, pieces[1:], readings[1:], strict=False
        ):
            if one := apposition(text, before, after, joined[-1], reading):
                joined[-1] = one
            else:
                joined.append(reading)
        return shared(joined, language)

    def _around(self, phrase: str, asked: _Question) -> list[Reading]:
        """Read the dictionary phrase that a mention is cut out of: "S." of "U.S."."""
        text = asked.context or ""
        at = text.find(phrase)
        for match in self.find(text, asked.language) if at >= 0 else ():
            if match.start <= at and at + len(phrase) <= match.end:
                whole = text[match.start : match.end]
                return self._pieces(whole, asked.language, asked.day, text)
        return []

    def _pointed(
        self, phrase: str, language: str, day: str, antecedent: str | None, reading: Reading
    ) -> Actor | None:
        """Let a short mention take what it lacks from its fuller one."""
        if not antecedent:
            return None
        found = self.resolve_all(antecedent, language, dt.date.fromisoformat(day) if day else None)
        if not found or not found[0].country:
            return None
        fuller = found[0]
        row = f"{fuller.row} < {antecedent}"
        if plain(phrase) in cues(language).his_country:
            return _actor(Reading(country=fuller.country, name=fuller.country, rows=(row,)))
        named = plain(antecedent).endswith(plain(phrase))  # "the teacher", if a Mr Teacher
        if reading.role and not (reading.person or named) and fuller.country not in INTERNATIONAL:
            same = reading.role == "GOV" or fuller.code.endswith(reading.role)
            if not (reading.weak or same):
                rows = (*reading.rows, row)
                return _actor(replace(reading, country=fuller.country, rows=rows))
        return replace(fuller, row=row)

    def _surnamed(self, phrase: str, reading: Reading, asked: _Question) -> Reading | None:
        """Read the last name of a person of the countries that sentence and document speak of."""
        name = self._own_words(asked.antecedent or phrase, asked)
        if asked.language == "en":
            if not _capital(name):
                return None
        elif reading.role and " " not in name:  # "کشورهای اسلامی": without capitals any word
            return None
        countries = [country for country, _ in self._spoken_of(phrase, asked)]
        countries += [asked.home] if asked.home else []
        rows = self._surnames.find(name, asked.language, countries, asked.day)
        return _of_row(on_day(rows, asked.day), reading, "surname") if rows else None

    def _namesake(self, phrase: str, asked: _Question) -> Reading | None:
        """Read who shares a leader's last name but not the first: "Hunter Biden"."""
        found = parts(phrase, self.find(phrase, asked.language), asked.language, asked.day)
        if asked.language != "en" or len(found) != 1:
            return None
        leader = found[0]
        if leader.row.kind not in PERSONS or " " in phrase[leader.start : leader.end]:
            return None
        words_of = cues(asked.language)
        passed = words_of.honorific | words_of.determiners | PARTICLES
        words = re.findall(r"[\w'’-]+", phrase[: leader.start])
        first = next((word for word in words if plain(word) not in passed), "")
        own = {skeleton(word) for word in re.findall(r"\w+", plain(leader.row.name))}
        if len(first) < _SHORTEST or not _capital(first) or skeleton(plain(first)) in own:
            return None
        name = phrase[: leader.end]
        if rows := self._surnames.find(name, asked.language, [], asked.day):
            return _of_row(on_day(rows, asked.day), Reading(), "surname")
        row = f"{leader.row.evidence} (namesake)"
        return Reading(leader.row.code[:3], name=name, rows=(row,))

    def _sounding(self, phrase: str, reading: Reading, asked: _Question) -> Reading | None:
        """Read a name in Arabic script whose person the tables know in Latin script only.

        If it has many words or few consonants, the person's country must be spoken of: without
        that rule one in six was right.
        """
        if asked.language == "en" or " " not in phrase:
            return None
        name = self._own_words(phrase, asked)
        rows = self._transliterated.find(name)
        words = plain(name).split()
        alone = len(words) < _NAME_WORDS and len(skeleton("".join(words[-2:]))) >= _LONE
        if rows and not alone:
            named = {country for country, _ in self._spoken_of(phrase, asked)} | {asked.home}
            rows = rows if rows[0].code[:3] in named else ()
        return _of_row(on_day(rows, asked.day), reading, "transliterated") if rows else None

    def _spoken_of(self, phrase: str, asked: _Question) -> list[tuple[str, str]]:
        return spoken_of(self.find, phrase, asked.context, asked.language, asked.day)

    def _own_words(self, phrase: str, asked: _Question) -> str:
        """Return a phrase without the words that the tables know, and without honorifics."""
        found = parts(phrase, self.find(phrase, asked.language), asked.language, asked.day)
        for part in reversed(found):
            phrase = phrase[: part.start] + phrase[part.end :]
        words_of = cues(asked.language)
        no_names = words_of.honorific | words_of.determiners  # "The court" is not of a Mr The
        words = (word for word in phrase.split() if plain(word).strip(".") not in no_names)
        return " ".join(words)

    @cached_property
    def _surnames(self) -> Surnames:
        return Surnames(self.rows)

    @cached_property
    def _transliterated(self) -> Transliterated:
        return Transliterated(self.rows)


def _of_row(row: Row, reading: Reading, how: str) -> Reading:
    """Read a person of the tables; a role that the phrase says wins over the row's."""
    role = row.code[3:6] if reading.weak or not reading.role else reading.role
    evidence = (f"{row.evidence} ({how})", *reading.rows)
    code = row.code if row.code[:3] in INTERNATIONAL else ""
    return Reading(row.code[:3], role, code, row.name, evidence)


def _is_name(phrase: str, language: str) -> bool:
    """Say whether a phrase that no table knows looks like a person's name."""
    words = phrase.split()
    if not 0 < len(words) <= _NAME_WORDS or any(c.isdigit() for c in phrase):
        return False
    return language != "en" or _capital(phrase)


def _capital(name: str) -> bool:
    """Say whether a name's words begin with capitals, but for particles: "Yousef bin al-Foo"."""
    own = [_SUBJOINED.sub("", word) for word in name.split() if word.lower() not in PARTICLES]
    return bool(own) and all(word[:1].isupper() for word in own)


def _piece(phrase: str, found: Sequence[Part], start: int, end: int) -> tuple[str, list[Part]]:
    """Cut a stretch out of a phrase together with its parts."""
    inside = [
        replace(part, start=part.start - start, end=part.end - start)
        for part in found
        if start <= part.start and part.end <= end
    ]
    return phrase[start:end], inside


def _stands_in_place(phrase: str, context: str | None, language: str) -> bool:
    """Say whether the sentence uses a capital as a place: "in Washington"."""
    if not context:
        return False
    at = context.find(phrase)
    if at < 0:
        return False
    before = plain(context[max(0, at - 30) : at])
    if before.endswith((" ب", " بال")):
        return True
    return any(before == word or before.endswith(" " + word) for word in cues(language).locative)


def _actor(reading: Reading) -> Actor:
    code = reading.code or reading.country + reading.role
    prefix = code[:3]
    bare = not reading.country and prefix not in INTERNATIONAL
    country = "" if bare else prefix
    sector = prefix if prefix in INTERNATIONAL or bare else code[3:6]
    return Actor(code, country, sector, reading.name, " + ".join(reading.rows))


@lru_cache(maxsize=4)
def _loaded(extra: tuple[Path, ...], content: str) -> ActorDictionary:  # a changed file loads anew
    tables = shipped_tables()
    shipped = [row for path in tables for row in read_table(path)]
    own = [row for path in extra for row in read_table(path)]
    taken = {row.phrase for row in own}
    tests = [
        test
        for test in read_meanings(schema("actors", "ambiguous.csv"))
        if test.phrase not in taken
    ]
    return ActorDictionary(list(merged(shipped, own)), digest([*tables, *extra]), tests)
