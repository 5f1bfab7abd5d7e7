"""A mention and its dictionary in; what it says by itself of who is meant out."""

import re
from dataclasses import dataclass
from functools import cached_property

from eventcoder.actor_tables import GROUPS, PERSONS
from eventcoder.actors import ActorDictionary
from eventcoder.composition import Part, Reading
from eventcoder.cues import Cues, cues, plain
from eventcoder.quotations import Span, within
from eventcoder.records import Mention, Sentence

_ARTICLE = "ال"
_OFFICES = frozenset({"GOV", "LEG", "JUD", "MIL", "OPP", "SPY", "COP", "PTY", "ELI"})


@dataclass
class Seen:
    """One mention, what it says by itself, and its antecedent once found."""

    place: int
    sentence: Sentence
    mention: Mention
    dictionary: ActorDictionary
    quotations: list[Span]
    fuller: str | None = None
    others: tuple[str, ...] = ()  # for which a pronoun may stand instead
    named: bool = False  # by the fuller form of a name

    @cached_property
    def read(self) -> tuple[Reading, list[Part]]:
        return self.dictionary.read(
            self.mention.text, self.sentence.language, self.sentence.document.published
        )

    @property
    def reading(self) -> Reading:
        return self.read[0]

    @property
    def cues(self) -> Cues:
        return cues(self.sentence.language)

    @cached_property
    def folded(self) -> str:
        return plain(self.mention.text)

    @cached_property
    def words(self) -> list[str]:
        return [word for word in re.findall(r"\w+", self.folded) if word not in self.cues.honorific]

    @cached_property
    def quoted(self) -> bool:
        """Whether it stands in somebody's words."""
        return within(self.mention.start, self.quotations)

    @property
    def telling(self) -> str:
        """The text that says most about who this is."""
        return self.mention.text if self.reading.country else self.fuller or self.mention.text

    @property
    def known(self) -> bool:
        return bool(self.reading.country or self.fuller)

    @cached_property
    def names_someone(self) -> bool:
        """Whether a person is meant: a known one, or a title with words beyond the dictionary."""
        reading, parts = self.read
        if any(part.row.kind in PERSONS for part in parts):
            return True
        if reading.code or self.folded in self.cues.pronouns:
            return False
        return bool(self.own_words) and (reading.role not in ("CVL", "") or not parts)

    @cached_property
    def own_words(self) -> list[str]:
        """The words no dictionary phrase covers: names, mostly."""
        text = list(self.mention.text)
        for part in self.read[1]:
            if part.row.kind not in PERSONS:
                text[part.start : part.end] = " " * (part.end - part.start)
        left = re.findall(r"\w+", "".join(text))
        passed = self.cues.honorific | self.cues.definite
        short = (w for w in left if len(w) > 2 or w.istitle())  # "Ri", "Xi"
        return [w for w in map(plain, short) if w not in passed]

    @cached_property
    def names(self) -> set[str]:
        """The words that may be a person's name."""
        text = self.mention.text
        spans = [p for p in self.read[1] if p.row.kind in PERSONS]
        known = {w for p in spans for w in re.findall(r"\w+", plain(text[p.start : p.end]))}
        if self.sentence.language != "en":
            return known | set(self.own_words)
        return known | {w for w in self.own_words if w.capitalize() in text or w.upper() in text}


def is_person(other: Seen) -> bool:
    return other.named or (other.names_someone and other.folded not in other.cues.pronouns)


def speaks(other: Seen) -> bool:
    """Say whether a mention may be "he": a person, an office-holder."""
    if other.folded in other.cues.pronouns:
        return bool(other.fuller) and not is_many(other)
    return other.names_someone or other.reading.role in _OFFICES


def is_many(other: Seen) -> bool:
    """Say whether a mention may be "they": a group, a crowd, a state, several people."""
    if other.folded in other.cues.pronouns:
        return other.folded in other.cues.plural_pronouns
    return not other.names_someone


def is_group(other: Seen) -> bool:
    """Say whether "the group" may be a mention; the agency that tells of it is not."""
    named = any(part.row.kind in GROUPS for part in other.read[1]) and bool(other.reading.code)
    return named and other.reading.role != "MED"


def definite(mention: Seen) -> bool:
    """Say whether a description points at something named before."""
    first = mention.words[0]
    if mention.sentence.language == "ar":
        return first.startswith((_ARTICLE, "لل")) or first in mention.cues.definite
    if mention.sentence.language == "fa":  # "گروهی که ..." says itself which it is
        return "که" not in mention.words
    return first in mention.cues.definite
