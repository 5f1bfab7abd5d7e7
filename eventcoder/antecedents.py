"""The actor mentions of one document in; the fuller mentions that they point back to out."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from eventcoder.actor_tables import GROUPS, PERSONS, ROLES
from eventcoder.actors import ActorDictionary
from eventcoder.composition import UNNAMED, Part, Reading
from eventcoder.cues import Cues, cues, plain
from eventcoder.quotations import Span, quotations, within
from eventcoder.records import Mention, Sentence

_ARTICLE = "ال"
ARMED = frozenset({"UAF", "REB", "SEP", "INS", "MIL"})  # roles of who fights
_SPEAKERS_BACK = 3  # sentences that "his country" may reach back
_PRONOUNS_BACK = 2  # sentences that "he" may
_OFFICES = frozenset({"GOV", "LEG", "JUD", "MIL", "OPP", "SPY", "COP", "PTY", "ELI"})
# the first word of a sentence, the signs after it, the second word
_OPENING = re.compile(r"[\W_]*(\w+)(\W*)(\w+)?")
_TITLES = ROLES | {"country", "nationality", "region"}
_TITLE_WORDS = 3
_TITLE_GAP = 25  # characters between a name and the title words that belong to it
_TITLE_REACH = 90


@dataclass(frozen=True, slots=True)
class Pointers:
    """What a document's sentences point back to.

    `fuller` holds for each mention of each sentence the text of its fuller mention, or None;
    `others` whom else a pronoun may stand for, the likeliest first; `subjects` for each sentence
    whose verb has no subject, as Arabic may leave it out, the last speaker, else None.
    """

    fuller: list[list[str | None]]
    others: list[list[tuple[str, ...]]]
    subjects: list[str | None]


def point_back(
    sentences_mentions: Sequence[tuple[Sentence, Sequence[Mention]]], dictionary: ActorDictionary
) -> Pointers:
    """Find what the mentions of a document and its left-out subjects point back to.

    A short name points to the longest form of it; a pronoun, a definite description ("the
    minister", "الحركة") and "his country" to the mention before it that fits.
    """
    seen: list[_Seen] = []
    rows: list[list[_Seen]] = []
    for place, (sentence, mentions) in enumerate(sentences_mentions):
        quoted = quotations(sentence.text)
        rows.append([_Seen(place, sentence, m, dictionary, quoted) for m in mentions])
        seen.extend(rows[-1])
    sentences = [sentence for sentence, _ in sentences_mentions]
    for number, mention in enumerate(seen):
        mention.fuller = _fuller(mention, seen[:number], seen[number + 1 :], sentences)
    speaker: str | None = None
    subjects: list[str | None] = []
    for sentence, row in zip(sentences, rows, strict=True):
        left_out = _lacks_subject(sentence, row)
        subjects.append(speaker if left_out else None)
        if not left_out and (found := _first(row, _is_person) or _first(row, _speaks)):
            speaker = found
    return Pointers(
        [[mention.fuller for mention in row] for row in rows],
        [[mention.others for mention in row] for row in rows],
        subjects,
    )


def antecedents(
    sentences_mentions: Sequence[tuple[Sentence, Sequence[Mention]]], dictionary: ActorDictionary
) -> list[list[str | None]]:
    """Return for each mention of a document the text of its fuller mention, or None."""
    return point_back(sentences_mentions, dictionary).fuller


@dataclass
class _Seen:
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


def _fuller(
    mention: _Seen, before: list[_Seen], after: list[_Seen], sentences: list[Sentence]
) -> str | None:
    if mention.folded in mention.cues.his_country:
        return _speaker(mention, before)
    if mention.folded in mention.cues.pronouns:
        found, *others = _pronoun(mention, before) or [None]
        mention.others = tuple(filter(None, others))
        return found
    reading = mention.reading
    if reading.role in UNNAMED:
        return _region(before) if mention.words[0] in mention.cues.definite else None
    if reading.country and not reading.person:
        return None
    if found := _surname_of(mention, before, after):
        mention.named = True
        return found
    collective = {_bare(word) for word in mention.words} & mention.cues.collective
    if mention.own_words and not collective and (reading.person or not reading.role):
        return _longer_name(mention, before, after) or _titled(mention, sentences)
    return _described(mention, before)


def _pronoun(mention: _Seen, before: list[_Seen]) -> list[str | None]:
    """Return whom a pronoun may stand for: first the first fitting mention of the nearest sentence.

    The first is as a rule the subject, who goes on being spoken of. Who speaks ("..., he said")
    is nobody that the quotation names, nor is one who is quoted spoken of in it as "he"; and
    "him" is not who does something to him, the last one named.
    """
    fits = _is_many if mention.folded in mention.cues.plural_pronouns else _speaks
    if mention.folded in mention.cues.latter:
        return [_last(before, fits)]
    found: list[str | None] = []
    for back in range(_PRONOUNS_BACK + 1):
        there = [other for other in before if other.place == mention.place - back]
        if not back:
            there = [other for other in there if other.quoted == mention.quoted]
            if mention.folded in mention.cues.object_pronouns:
                there = there[:-1]
        there.sort(key=lambda other: other.quoted)
        there = [other for other in there if other.known]
        persons = [other for other in there if fits is _speaks and _is_person(other)]
        found += [other.telling for other in (*persons, *filter(fits, there))]
    return list(dict.fromkeys(found))


def _lacks_subject(sentence: Sentence, mentions: list[_Seen]) -> bool:
    """Say whether a sentence begins with a verb and goes on without its subject: "وأضاف أن"."""
    words = cues(sentence.language)
    if not words.speech:
        return False
    hit = _OPENING.match(plain(sentence.text))
    if not hit or not {hit[1], hit[1][1:] if hit[1][0] in "وف" else ""} & words.speech:
        return False
    follows = hit[3] or ""
    goes_on = follows in words.after_speech or follows.startswith(("ب", "ل"))
    if not hit[2].strip() and not goes_on:
        return False
    return not any(mention.mention.start <= hit.end(1) + 2 for mention in mentions)


def _longer_name(mention: _Seen, before: list[_Seen], after: list[_Seen]) -> str | None:
    """Return a mention with the same name and more words, the last before or the first after."""
    name = _bare(mention.words[-1]) if mention.words else ""

    def same(other: _Seen) -> bool:
        longer = len(other.words) > len(mention.words)
        reading = mention.reading
        # "a spokesman of Trump's campaign" is no fuller Trump
        group = reading.person and other.reading.code and other.reading.name != reading.name
        there = name in {_bare(word) for word in other.words}
        return longer and not group and there and not _leans_on(other, name)

    for other in (*reversed(before), *after):
        if same(other) and other.known:
            return other.telling
    for other in (*before, *after):  # whoever it is, it is nobody of the same last name
        if same(other) and other.names_someone:
            return other.mention.text
    return None


def _leans_on(other: _Seen, name: str) -> bool:
    """Say whether a mention is for or against a name: "anti-Erdogan protesters" is no Erdogan."""
    at, leaning = other.folded.find(name), other.cues.leaning
    return bool(leaning and at > 0 and leaning.search(other.folded[:at]))


def _surname_of(mention: _Seen, before: list[_Seen], after: list[_Seen]) -> str | None:
    """Return the longer name that a word ends which by itself says something else: "المعلم"."""
    if len(mention.words) != 1 or mention.reading.country:
        return None
    for other in (*reversed(before), *after):
        last = other.words[-1] if len(other.words) > 1 else ""
        if last == mention.words[0] and last in other.names and other.known:
            return other.telling
    return None


def _titled(mention: _Seen, sentences: list[Sentence]) -> str | None:
    """Return the title and name from a sentence whose title words are no part of a mention."""
    name = mention.mention.text.split()[-1]
    for sentence in sentences:
        for hit in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", sentence.text):
            start = max(0, hit.start() - _TITLE_REACH)
            found = mention.dictionary.find(sentence.text[start : hit.start()], sentence.language)
            begin = end = hit.start() - start
            for match in reversed(found):
                between = sentence.text[start + match.end : start + end]
                titles = match.rows[0].kind in _TITLES
                if not titles or len(between) > _TITLE_GAP or _breaks(between, mention):
                    break
                begin = end = match.start
            text = sentence.text[start + begin : hit.end()]
            reading, _ = mention.dictionary.read(
                text, sentence.language, sentence.document.published
            )
            if reading.country and reading.role and not reading.person:
                return text
    return None


def _breaks(between: str, mention: _Seen) -> bool:
    """Say whether more than first names and bonds part title and name: a clause, a verb."""
    words = between.split()
    if re.search(r"[.,،؛;:!?؟]", between) or len(words) > _TITLE_WORDS:
        return True
    bonds = mention.cues.genitive | mention.cues.definite
    if mention.sentence.language == "en":
        return not all(word[0].isupper() or plain(word) in bonds for word in words)
    parting = mention.cues.weak | mention.cues.speech | mention.cues.clause
    return any(plain(word) in parting for word in words)


def _described(mention: _Seen, before: list[_Seen]) -> str | None:
    """Return what a description without a country refers to: same word, same role, any group."""
    words = mention.words
    indefinite = mention.cues.indefinite
    if not words or words[0] in indefinite or words[0].isdigit():
        return None
    nouns = {_bare(word) for word in words}
    ids = {part.row.id for part in mention.read[1] if part.row.kind in ROLES}
    role = mention.reading.role
    if nouns & mention.cues.collective and _definite(mention):
        # "The terrorist groups" are not the United Nations that were named before them.
        armed = role in ARMED
        group = _last(
            before, lambda other: _is_group(other) and (not armed or other.reading.role in ARMED)
        )
        if group:
            return group
    if not role:
        return None

    def same_word(other: _Seen) -> bool:
        return (
            other.known
            and bool(ids & {part.row.id for part in other.read[1]})
            and (other.reading.role == role)
            and not _another(mention, other)
        )

    found = _last(before, same_word)
    loose = mention.reading.weak or role not in ("CVL", "REF", "GOV")
    if not found and loose and _definite(mention):
        found = _last(
            before, lambda other: other.reading.role == role and not _another(mention, other)
        )
    return found


def _another(mention: _Seen, other: _Seen) -> bool:
    """Say whether two mentions name different persons."""
    return bool(mention.names and other.names) and not mention.names & other.names


def _speaker(mention: _Seen, before: list[_Seen]) -> str | None:
    """Return the person whose country "his country" is."""
    here = [other for other in before if other.place == mention.place and other.known]
    people = [other for other in here if other.names_someone or other.reading.role == "GOV"]
    if people or here:
        return (people or here)[0].telling
    for back in range(1, _SPEAKERS_BACK + 1):
        there = [other for other in before if other.place == mention.place - back and other.known]
        people = [other for other in there if other.names_someone or other.reading.role == "GOV"]
        if people:
            return people[0].telling
    return None


def _last(before: list[_Seen], fits: Callable[[_Seen], bool]) -> str | None:
    return next((other.telling for other in reversed(before) if other.known and fits(other)), None)


def _first(mentions: list[_Seen], fits: Callable[[_Seen], bool]) -> str | None:
    return next((other.telling for other in mentions if other.known and fits(other)), None)


def _is_person(other: _Seen) -> bool:
    return other.named or (other.names_someone and other.folded not in other.cues.pronouns)


def _speaks(other: _Seen) -> bool:
    """Say whether a mention may be "he": a person, an office-holder."""
    if other.folded in other.cues.pronouns:
        return bool(other.fuller) and not _is_many(other)
    return other.names_someone or other.reading.role in _OFFICES


def _is_many(other: _Seen) -> bool:
    """Say whether a mention may be "they": a group, a crowd, a state, several people."""
    if other.folded in other.cues.pronouns:
        return other.folded in other.cues.plural_pronouns
    return not other.names_someone


def _is_group(other: _Seen) -> bool:
    """Say whether "the group" may be a mention; the agency that tells of it is not."""
    named = any(part.row.kind in GROUPS for part in other.read[1]) and bool(other.reading.code)
    return named and other.reading.role != "MED"


def _region(before: list[_Seen]) -> str | None:
    """Return the name for several states that "these countries" are: "Central Asia"."""
    for other in reversed(before):
        for part in other.read[1]:
            if part.row.id.startswith("region-"):
                return other.mention.text[part.start : part.end]
    return None


def _definite(mention: _Seen) -> bool:
    """Say whether a description points at something named before."""
    first = mention.words[0]
    if mention.sentence.language == "ar":
        return first.startswith((_ARTICLE, "لل")) or first in mention.cues.definite
    return mention.sentence.language == "fa" or first in mention.cues.definite


def _bare(word: str) -> str:
    """Take an Arabic article or a clitic with article off a folded word."""
    for prefix in ("وال", "بال", "لل", _ARTICLE):
        if word.startswith(prefix) and len(word) - len(prefix) >= 3:
            return word[len(prefix) :]
    return word
