"""The actor mentions of one document in; the fuller mentions that they point back to out."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eventcoder.actor_tables import ROLES
from eventcoder.actors import ActorDictionary
from eventcoder.composition import UNNAMED
from eventcoder.cues import bare, cues, plain
from eventcoder.fuller_names import longer_name, surname_of, titled
from eventcoder.quotations import quotations
from eventcoder.records import Mention, Sentence
from eventcoder.seen import Seen, definite, is_group, is_many, is_person, speaks

ARMED = frozenset({"UAF", "REB", "SEP", "INS", "MIL"})  # roles of who fights
_SPEAKERS_BACK = 3  # sentences that "his country" may reach back
_PRONOUNS_BACK = 2  # sentences that "he" may
# the first word of a sentence, the signs after it, the second word
_OPENING = re.compile(r"[\W_]*(\w+)(\W*)(\w+)?")


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
    seen: list[Seen] = []
    rows: list[list[Seen]] = []
    for place, (sentence, mentions) in enumerate(sentences_mentions):
        quoted = quotations(sentence.text)
        rows.append([Seen(place, sentence, m, dictionary, quoted) for m in mentions])
        seen.extend(rows[-1])
    sentences = [sentence for sentence, _ in sentences_mentions]
    for number, mention in enumerate(seen):
        mention.fuller = _fuller(mention, seen[:number], seen[number + 1 :], sentences)
    speaker: str | None = None
    subjects: list[str | None] = []
    for sentence, row in zip(sentences, rows, strict=True):
        left_out = _lacks_subject(sentence, row)
        subjects.append(speaker if left_out else None)
        if not left_out and (found := _first(row, is_person) or _first(row, speaks)):
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


def _fuller(
    mention: Seen, before: list[Seen], after: list[Seen], sentences: list[Sentence]
) -> str | None:
    if states := mention.cues.polities.get(bare(mention.folded)):
        return _last(before, lambda other: other.reading.country in states)
    if mention.folded in mention.cues.his_country or _of_his_country(mention):
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
    if found := surname_of(mention, before, after):
        mention.named = True
        return found
    collective = {bare(word) for word in mention.words} & mention.cues.collective
    if mention.own_words and not collective and (reading.person or not reading.role):
        if fuller := longer_name(mention, before, after):
            return fuller
        # who is known by name needs no title, which may be another's
        return None if reading.code else titled(mention, sentences)
    return _described(mention, before)


def _pronoun(mention: Seen, before: list[Seen]) -> list[str | None]:
    """Return whom a pronoun may stand for: first the first fitting mention of the nearest sentence.

    The first is as a rule the subject, who goes on being spoken of. Who speaks ("..., he said")
    is nobody that the quotation names, nor is one who is quoted spoken of in it as "he"; and
    "him" is not who does something to him, the last one named.
    """
    fits = is_many if mention.folded in mention.cues.plural_pronouns else speaks
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
        persons = [other for other in there if fits is speaks and is_person(other)]
        found += [other.telling for other in (*persons, *filter(fits, there))]
    return list(dict.fromkeys(found))


def _lacks_subject(sentence: Sentence, mentions: list[Seen]) -> bool:
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


def _described(mention: Seen, before: list[Seen]) -> str | None:
    """Return what a description without a country refers to: same word, same role, any group."""
    words = mention.words
    indefinite = mention.cues.indefinite
    if not words or words[0] in indefinite or words[0].isdigit():
        return None
    nouns = {bare(word) for word in words}
    ids = {part.row.id for part in mention.read[1] if part.row.kind in ROLES}
    role = mention.reading.role
    if nouns & mention.cues.collective and definite(mention):
        # "The terrorist groups" are not the United Nations that were named before them.
        armed = role in ARMED
        group = _last(
            before, lambda other: is_group(other) and (not armed or other.reading.role in ARMED)
        )
        if group:
            return group
    if not role:
        return None

    def same_word(other: Seen) -> bool:
        return (
            other.known
            and bool(ids & {part.row.id for part in other.read[1]})
            and (other.reading.role == role)
            and not _another(mention, other)
        )

    found = _last(before, same_word)
    loose = mention.reading.weak or role not in ("CVL", "REF", "GOV")
    if not found and loose and definite(mention):
        found = _last(
            before, lambda other: other.reading.role == role and not _another(mention, other)
        )
    return found


def _another(mention: Seen, other: Seen) -> bool:
    """Say whether two mentions name different persons."""
    return bool(mention.names and other.names) and not mention.names & other.names


def _of_his_country(mention: Seen) -> bool:
    """Say whether a role is one of his country's: "his country's ambassador", "سفير بلاده"."""
    return bool(mention.reading.role and not mention.reading.country) and any(
        mention.folded.endswith(f" {phrase}") or mention.folded.startswith(f"{phrase}'s ")
        for phrase in mention.cues.own_country
    )


def _speaker(mention: Seen, before: list[Seen]) -> str | None:
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


def _last(before: list[Seen], fits: Callable[[Seen], bool]) -> str | None:
    return next((other.telling for other in reversed(before) if other.known and fits(other)), None)


def _first(mentions: list[Seen], fits: Callable[[Seen], bool]) -> str | None:
    return next((other.telling for other in mentions if other.known and fits(other)), None)


def _region(before: list[Seen]) -> str | None:
    """Return the name for several states that "these countries" are: "Central Asia"."""
    for other in reversed(before):
        for part in other.read[1]:
            if part.row.id.startswith("region-"):
                return other.mention.text[part.start : part.end]
    return None
