"""What extraction hands on: frozen records, each made once and holding the one before it."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """One input document as read; offsets everywhere in extraction count into `text`.

    `published_basis` says where `published` comes from: `given` (the corpus had the field),
    `metadata` (the page's own), `dateline` (read in the text), `none` (unknown). `fault` says what
    else the corpus gave that could not be used.
    """

    doc_id: str
    text: str
    path: str = ""
    title: str | None = None
    published: dt.date | None = None
    published_basis: str = "none"
    language: str | None = None
    publisher: str | None = None
    url: str | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An input that could not become a document, and why."""

    doc_id: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A stretch of page furniture, `text[start:end]` of its document, and why it went out."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence; `text == document.text[start : start + len(text)]`. Title is number 0."""

    document: Document
    number: int
    start: int
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Mention:
    """Words in a sentence: `text == sentence.text[start:end]`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Act:
    """One thing somebody does to somebody; `source`, `target` index `Reading.mentions` or are None.

    `confidence` is the calibrated probability that actors and root code are right, made of `parts`:
    the probabilities that there is an act, that its root is right, and that its ends are actors.
    `alternatives` are (code, probability), best first; `modality` is done, planned, conditional,
    denied or reported-past.
    """

    source: int | None
    target: int | None
    words: Mention | None
    code: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    modality: str
    parts: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a model reads in a sentence. `truncated`: the sentence was longer than it reads.

    `meaning` is the mean of its tokens' vectors in half precision; empty if the model gives none.
    """

    mentions: tuple[Mention, ...]
    acts: tuple[Act, ...]
    truncated: bool = False
    meaning: bytes = b""


@dataclass(frozen=True, slots=True)
class EventMention:
    """An act in its sentence. An antecedent is the fuller mention elsewhere in the document that a
    short one ("Kerry", "his country") points back to; None if there is none."""

    sentence: Sentence
    source: Mention | None
    target: Mention | None
    act: Act
    source_antecedent: str | None = None
    target_antecedent: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who a phrase names: CAMEO `code`, its `country` (or IGO, NGO, ...), primary `sector`,
    `name`, and `row`, the dictionary row(s) that decided (`countries:TJK + agents:GOV`)."""

    code: str
    country: str
    sector: str
    name: str
    row: str
