"""A short name among a document's mentions in; the longer name or the title of the same out."""

import re

from eventcoder.actor_tables import ROLES
from eventcoder.cues import bare, plain
from eventcoder.records import Sentence
from eventcoder.seen import Seen

_TITLES = ROLES | {"country", "nationality", "region"}
_TITLE_WORDS = 3
_TITLE_GAP = 25  # characters between a name and the title words that belong to it
_TITLE_REACH = 90


def longer_name(mention: Seen, before: list[Seen], after: list[Seen]) -> str | None:
    """Return a mention with the same name and more words, the last before or the first after."""
    name = bare(mention.words[-1]) if mention.words else ""

    def same(other: Seen) -> bool:
        longer = len(other.words) > len(mention.words)
        reading = mention.reading
        # "a spokesman of Trump's campaign" is no fuller Trump
        group = reading.person and other.reading.code and other.reading.name != reading.name
        there = name in {bare(word) for word in other.words}
        return longer and not group and there and not _leans_on(other, name)

    for other in (*reversed(before), *after):
        if same(other) and other.known:
            return other.telling
    for other in (*before, *after):  # whoever it is, it is nobody of the same last name
        if same(other) and other.names_someone:
            return other.mention.text
    return None


def _leans_on(other: Seen, name: str) -> bool:
    """Say whether a mention is for or against a name: "anti-Erdogan protesters" is no Erdogan."""
    at, leaning = other.folded.find(name), other.cues.leaning
    return bool(leaning and at > 0 and leaning.search(other.folded[:at]))


def surname_of(mention: Seen, before: list[Seen], after: list[Seen]) -> str | None:
    """Return the longer name that a word ends which by itself says something else: "المعلم"."""
    if len(mention.words) != 1 or mention.reading.country:
        return None
    for other in (*reversed(before), *after):
        last = other.words[-1] if len(other.words) > 1 else ""
        if last == mention.words[0] and last in other.names and other.known:
            return other.telling
    return None


def titled(mention: Seen, sentences: list[Sentence]) -> str | None:
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


def _breaks(between: str, mention: Seen) -> bool:
    """Say whether more than first names and bonds part title and name: a clause, a verb."""
    words = between.split()
    if re.search(r"[.,،؛;:!?؟]", between) or len(words) > _TITLE_WORDS:
        return True
    bonds = mention.cues.genitive | mention.cues.definite
    if mention.sentence.language == "en":
        return not all(word[0].isupper() or plain(word) in bonds for word in words)
    parting = mention.cues.weak | mention.cues.speech | mention.cues.clause
    return any(plain(word) in parting for word in words)
