"""Documents in, sentences and event mentions out: cleaning, dating, reading, pointing back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from eventcoder.actors import ActorDictionary
from eventcoder.antecedents import Pointers, point_back
from eventcoder.cleaning import Page, clean
from eventcoder.cues import cues, plain
from eventcoder.dates import Dated, event_date, publication_date
from eventcoder.duals import JOIN, each_other
from eventcoder.languages import SUPPORTED, detect
from eventcoder.records import Act, Document, EventMention, Mention, Reading, Removed, Sentence
from eventcoder.sentences import split
from eventcoder.sides import Two, sides

PROTEST = "14"  # has its crowd, named or not; the last speaker is not it
TOGETHER = ("03", "04", "05", "06", "08", "19")  # roots of what two do as one
MEANT = 6  # sentences that tell what a document is about
_End = tuple[Mention | None, str | None]  # of an act, and whom it points back to
HEAD = 1500  # characters of a story in which a dateline is looked for


class EventModel(Protocol):
    """What extraction needs of a model; tests bring their own."""

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Read sentences, in order."""

    def confidence(self, act: Act, open_source: bool, open_target: bool) -> float:
        """Return how surely actors and root are right, given which ends nobody is named for."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document cut into sentences, with what was taken out; skipped if `reason` says why.

    `original` is the document as read: its text does not hold a title given apart.
    """

    original: Document
    document: Document
    sentences: tuple[Sentence, ...]
    removed: tuple[Removed, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Extracted:
    """A read document; `dates` are those of `mentions`, `home` the country it is about, if one."""

    prepared: Prepared
    mentions: tuple[EventMention, ...]
    dates: tuple[Dated, ...]
    home: str | None
    truncated: int = 0
    n_actors: int = 0
    meanings: tuple[bytes, ...] = ()  # of its first sentences


def prepare(original: Document) -> Prepared:
    """Clean a document, tell its language and date, cut it into sentences."""
    document, page = original, None
    if original.title:
        page = clean(original.text, title=original.title)
        if page.title is None:  # given apart: it is read as sentence 0 all the same
            title = " ".join(original.title.split())
            document = replace(original, text=f"{title}\n\n{original.text}")
            page = clean(document.text, title=title)
    page = page or clean(original.text)
    kept = [page.title] if page.title else []
    words = "\n".join(document.text[a:b] for a, b in [*kept, *page.body])
    language = _language(document.language, words)
    headline = document.title or (document.text[slice(*page.title)] if page.title else None)
    document = replace(document, language=language, title=headline)
    if language not in SUPPORTED:
        told = f"language {language} is not supported" if language else "language not recognised"
        return Prepared(original, document, (), page.removed, told if words.strip() else "no text")
    document = _dated(document, page)
    sentences = tuple(split(document, page.body, language, title=page.title))
    reason = None if sentences else "no text left after cleaning"
    return Prepared(original, document, sentences, page.removed, reason)


def _language(given: str | None, words: str) -> str | None:
    """Take the given language if we read it and the letters agree, else what the text shows."""
    detected = detect(words)
    found = detected.language
    if found in (None, "und"):
        return given if given in SUPPORTED else None
    if given in SUPPORTED and (found not in SUPPORTED or detected.confidence < 0.9):
        same_script = (given == "en") == (found not in ("ar", "fa", "ur", "ps", "ckb", "ug", "sdh"))
        return given if same_script else found
    return found


def _dated(document: Document, page: Page) -> Document:
    """Date a document by its dateline, else by a date stamp between its title and story."""
    if document.published is not None:
        return document
    language = document.language or "en"
    start = page.body[0][0] if page.body else 0
    dated = publication_date(document.text[start : start + HEAD], language)
    if dated.date is None and page.title:
        # a stamp above the title may well be the day on which the page was fetched
        stamps = (
            publication_date(document.text[stamp.start : stamp.end], language)
            for stamp in page.removed
            if page.title[1] <= stamp.start < start
        )
        dated = next((stamp for stamp in stamps if stamp.date), dated)
    basis = dated.basis if dated.date else "none"
    return replace(document, published=dated.date, published_basis=basis)


def extract(
    documents: Sequence[Prepared], model: EventModel, dictionary: ActorDictionary
) -> list[Extracted]:
    """Read prepared documents with the model and tell their mentions."""
    return tell(documents, read(documents, model), model, dictionary)


def read(documents: Sequence[Prepared], model: EventModel) -> list[Reading]:
    """Read all sentences of prepared documents in one call."""
    return model.read([s.text for p in documents for s in p.sentences])


def tell(
    documents: Sequence[Prepared],
    readings: Sequence[Reading],
    model: EventModel,
    dictionary: ActorDictionary,
) -> list[Extracted]:
    """Return documents with the mentions that the readings of their sentences hold."""
    left = iter(readings)
    return [
        _extracted(prepared, [next(left) for _ in prepared.sentences], model, dictionary)
        for prepared in documents
    ]


def _extracted(
    prepared: Prepared, readings: Sequence[Reading], model: EventModel, dictionary: ActorDictionary
) -> Extracted:
    sentences = prepared.sentences
    pointers, both = Pointers([], [], []), list[list[Two | None]]()
    if any(reading.acts for reading in readings):
        pointers, both = point(sentences, readings, dictionary)
    mentions, dates = [], []
    for number, (sentence, reading) in enumerate(zip(sentences, readings, strict=True)):
        if not reading.acts:
            continue
        language = sentence.language
        dated = event_date(sentence.text, sentence.document.published, language)
        for act in reading.acts:
            source, target = _ends(act, reading, pointers, number, language)
            source, target = _both(act, sentence.text, source, target, both[number])
            mention = EventMention(sentence, source[0], target[0], act, source[1], target[1])
            sure = model.confidence(act, *open_ends(mention))
            mentions.append(replace(mention, act=replace(act, confidence=sure)))
            dates.append(dated)
    return Extracted(
        prepared,
        tuple(mentions),
        tuple(dates),
        _home(sentences, dictionary) if mentions else None,
        sum(r.truncated for r in readings),
        sum(len(r.mentions) for r in readings),
        tuple(r.meaning for r in readings[:MEANT] if r.meaning),
    )


def point(
    sentences: Sequence[Sentence], readings: Sequence[Reading], dictionary: ActorDictionary
) -> tuple[Pointers, list[list[Two | None]]]:
    """Find what the mentions of a read document point back to, and whom words for two mean."""
    told = [(s, r.mentions, r.acts) for s, r in zip(sentences, readings, strict=True)]
    pointers = point_back([row[:2] for row in told], dictionary)
    return pointers, sides(told, pointers.fuller, dictionary)


def _ends(
    act: Act, reading: Reading, pointers: Pointers, number: int, language: str
) -> tuple[_End, _End]:
    """Return who does the act and to whom, each with whom it points back to."""

    def end(place: int | None) -> _End:
        if place is None:
            return None, None
        return reading.mentions[place], pointers.fuller[number][place]

    source, target = end(act.source), end(act.target)
    if act.source is None and not act.code.startswith(PROTEST):
        source = None, pointers.subjects[number]
    others = pointers.others[number]
    if act.source is not None:
        source = _another(source, target, others[act.source], language)
    if act.target is not None:
        target = _another(target, source, others[act.target], language)
    return source, target


def _both(
    act: Act, text: str, source: _End, target: _End, two: Sequence[Two | None]
) -> tuple[_End, _End]:
    """Let "both sides" be the two that it stands for.

    An act of both with each other has one of them at either end, if it is one that two do as one,
    else both at both: they accused each other.
    """
    pairs = [None if end is None else two[end] for end in (act.source, act.target)]
    pair = pairs[0] or pairs[1]
    if not pair:
        return source, target
    alone = act.source is None or act.target is None
    if act.source == act.target or (alone and each_other(text)):
        mention, both = source[0] or target[0], JOIN.join(pair)
        one, other = pair if act.code.startswith(TOGETHER) else (both, both)
        return (mention, one), (mention, other)
    return (
        (source[0], JOIN.join(pairs[0])) if pairs[0] else source,
        (target[0], JOIN.join(pairs[1])) if pairs[1] else target,
    )


def _another(end: _End, other: _End, others: Sequence[str], language: str) -> _End:
    """Take a pronoun for somebody else than the act's other end: who praised Trump was not Trump.

    It is nobody known if there is nobody else.
    """
    mention, antecedent = end
    taken = other[1] or (other[0].text if other[0] else None)
    if not (mention and antecedent and taken and plain(mention.text) in cues(language).pronouns):
        return end
    name = plain(taken).split()[-1:]
    apart = (one for one in (antecedent, *others) if plain(one).split()[-1:] != name)
    return mention, next(apart, None)


def open_ends(mention: EventMention) -> tuple[bool, bool]:
    """Tell of source and target whether neither the sentence nor the document names them."""
    return (
        mention.source is None and mention.source_antecedent is None,
        mention.target is None and mention.target_antecedent is None,
    )


def _home(sentences: Sequence[Sentence], dictionary: ActorDictionary) -> str | None:
    texts = [(sentence.text, sentence.language) for sentence in sentences]
    return dictionary.home(texts, sentences[0].document.published if sentences else None)
