"""A document and its kept stretches in, sentences with exact offsets out."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

import sentencex

from eventcoder.languages import SUPPORTED, Rules, detect, fold, rules
from eventcoder.records import Document, Sentence

# Characters; a longer sentence is cut at an inner boundary. The model reads 254 pieces; in the
# densest hundredth of Arabic sentences these are 2.6 characters each, in English 3.3.
LONGEST = 700
_SHORTEST_CUT = 200  # a cut leaves at least this much before it
_LONG = 250  # characters after which sentence ends inside a quotation count
_SOFT_LEFT, _SOFT_RIGHT = 60, 40  # least characters around ".." or "…" that end a sentence
_WINDOW = 5000  # characters of a line that are looked through at a time
_LOOK = 40  # characters looked at on either side of a boundary

_OPEN_CLOSE = '"”“»’)\\]'
_QUOTED = re.compile(
    r'"(?![\s.,،;؛:])[^"\n]{1,200}(?<!\s)"'
    r"|“[^“”\n]{1,200}”|”[^“”\n]{1,200}[“”]|«[^«»\n]{1,200}»|\([^()\n]{1,150}\)|\[[^\[\]\n]{1,150}\]"
)
_INNER_END = re.compile(
    rf"[.!?؟…۔][{_OPEN_CLOSE}]*(?:\s+|(?=[\u0621-\u064a\u0671-\u06d3]))|(?<=[a-z)]{{2}})\.(?=[A-Z][a-z])"
)
_LAST_TOKEN = re.compile(r"(?:(\d+)\s*)?(?<![^\W\d_])([^\W\d_]+(?:\.[^\W\d_]+)*)\.$")
_FIRST_TOKEN = re.compile(r"[^\w]*([^\W\d_]+(?:\.[^\W\d_]+)*)")
_ENUMERATOR = re.compile(r"[\s\-•*·]*(?:\d{1,3}|[a-zA-Zا-ي])[.)]")
_SOFT_END = re.compile(r"(?:\.{2,}|…)[\"”»’)\]]*$")
_GOING_ON = tuple(",،؛;:")  # marks that no sentence begins with
_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_ARABIC, _LATIN = re.compile("[\u0600-\u06ff]"), re.compile("[A-Za-z]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def split(
    document: Document,
    spans: Sequence[tuple[int, int]],
    language: str,
    title: tuple[int, int] | None = None,
) -> list[Sentence]:
    """Cut the kept stretches of a document into sentences.

    `spans` are (start, end) in `document.text`, in order; a line break inside one ends a
    sentence, unless its lines are hard-wrapped. The title is sentence 0, whole; the body counts
    from 1. Nothing but white space is lost.

    >>> document = Document("d", "قال د. علي 3.5 بالمئة.وأكد ذلك.")
    >>> [sentence.text for sentence in split(document, [(0, 31)], "ar")]
    ['قال د. علي 3.5 بالمئة.', 'وأكد ذلك.']
    """
    known = rules(language if language in SUPPORTED else "en")
    text = document.text
    pieces: list[tuple[int, int]] = []
    if title is not None:
        pieces += _cut(text, *_stripped(text, *title), known)
    number = 0 if pieces else 1
    for start, end in spans:
        for line in _lines(text, max(start, 0), min(end, len(text))):
            pieces += _line_sentences(text, *line, known)
    sentences = []
    for start, end in pieces:
        words = text[start:end]
        spoken = _spoken(words, language)
        sentences.append(Sentence(document, number, start, words, spoken))
        number += 1
    return sentences


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    words = text[start:end]
    left = len(words) - len(words.lstrip())
    return start + left, start + max(len(words.rstrip()), left)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give a span's lines; hard-wrapped lines stay together."""
    breaks = [match.span() for match in _BREAK.finditer(text, start, end)]
    edges = [start, *(edge for pair in breaks for edge in pair), end]
    lines = list(zip(edges[::2], edges[1::2], strict=True))
    if _wrapped([right - left for left, right in lines]):
        yield start, end
        return
    yield from lines


def _wrapped(lengths: list[int]) -> bool:
    if len(lengths) < 3:
        return False
    full = lengths[:-1]
    return min(full) >= 50 and max(full) <= 100 and max(full) - min(full) <= 15


def _line_sentences(text: str, start: int, end: int, known: Rules) -> Iterator[tuple[int, int]]:
    line = text[start:end]
    if not line.strip():
        return
    kept = _quotations(line)
    last = 0
    for boundary in [*_boundaries(line, known), len(line)]:
        if boundary < len(line) and not _ends(line, last, boundary, kept, known):
            continue
        yield from _cut(text, *_stripped(text, start + last, start + boundary), known)
        last = boundary


def _boundaries(line: str, known: Rules) -> list[int]:
    """Propose sentence ends: sentencex's, and more inside its long pieces."""
    safe = _SURROGATE.sub("?", line)  # sentencex takes only what UTF-8 can hold
    proposed: set[int] = set()
    for start, end in _windows(safe):
        for piece in sentencex.get_sentence_boundaries(known.code, safe[start:end]):
            left, right = start + piece["start_index"], start + piece["end_index"]
            if right < end:
                proposed.add(right)
            if right - left > _LONG:
                proposed.update(match.end() for match in _INNER_END.finditer(line, left, right))
    return sorted(one for one in proposed if 0 < one < len(line))


def _windows(line: str) -> Iterator[tuple[int, int]]:
    """Part a line that is longer than any paragraph at spaces: sentencex is slow on long ones."""
    start = 0
    while len(line) - start > _WINDOW:
        end = line.rfind(" ", start + _WINDOW // 2, start + _WINDOW) + 1 or start + _WINDOW
        yield start, end
        start = end
    yield start, len(line)


def _quotations(line: str) -> list[tuple[int, int]]:
    return [match.span() for match in _QUOTED.finditer(line)]


def _ends(line: str, last: int, at: int, kept: list[tuple[int, int]], known: Rules) -> bool:
    """Say whether a proposed boundary ends the sentence that began at `last`."""
    before = bisect_left(kept, (at,)) - 1
    if before >= 0 and at < kept[before][1]:
        return False  # inside a short quotation or bracket
    ahead = line[at : at + _LOOK]
    behind = line[max(last, at - _LOOK) : at].rstrip()
    if not any(character.isalnum() for character in ahead) and len(line) - at <= _LOOK:
        return False  # only closing marks are left
    if at - last <= _LOOK and not any(character.isalnum() for character in behind):
        return False  # only a bullet so far
    if _ENUMERATOR.fullmatch(behind) and at - last <= _LOOK:
        return False
    if ahead[:1].isdigit() and behind[-1:] in ".٫," and behind[-2:-1].isdigit():
        return not _touches(line, at)  # 3.5
    if ahead.lstrip()[:1] in _GOING_ON:
        return False
    first = _FIRST_TOKEN.match(ahead)
    if first and first[1][0].isascii() and first[1][0].islower():
        return False
    if _SOFT_END.search(behind) and known.soft_enders:
        return at - last >= _SOFT_LEFT and len(line) - at >= _SOFT_RIGHT
    return not _abbreviated(behind, first[1] if first else "", not _touches(line, at), known)


def _touches(line: str, at: int) -> bool:
    return not line[at - 1].isspace()


def _abbreviated(behind: str, following: str, spaced: bool, known: Rules) -> bool:
    """Say whether the stop belongs to an abbreviation, an initial or a spelled-out letter."""
    found = _LAST_TOKEN.search(behind)
    if not found:
        return False
    token, following = fold(found[2]), fold(following)
    if token in known.ending_abbreviations:
        return following not in known.function_words
    letters, after = token.split("."), following.split(".")
    if len(letters[-1]) == len(after[0]) == 1 and not spaced:
        return True  # inside "ق.م."
    if found[1] and token in known.dates.eras:
        return False  # "1442 هـ." ends its sentence
    if token in known.abbreviations or all(len(letter) == 1 for letter in letters):
        return True
    if not known.spelled_letters.issuperset(letters):
        return False
    return len(letters) > 1 or after[0] in known.spelled_letters


def _cut(text: str, start: int, end: int, known: Rules) -> Iterator[tuple[int, int]]:
    """Cut an overlong sentence after its last, best inner boundary; give others as they are."""
    while end - start > LONGEST:
        cut = _inner(text, start + _SHORTEST_CUT, start + LONGEST, known)
        left, right = _stripped(text, start, cut)
        if left < right:
            yield left, right
        start = _stripped(text, cut, end)[0]
    if start < end:
        yield start, end


def _inner(text: str, low: int, high: int, known: Rules) -> int:
    for marks in known.inner_boundaries:
        found = max(text.rfind(mark, low, high) for mark in marks)
        if found >= 0:
            return found + 1
    space = max(text.rfind(mark, low, high) for mark in (" ", "\n", "\t", "\u00a0"))
    return space if space >= 0 else high


def _spoken(words: str, language: str) -> str:
    """Give the sentence's own language where it is in another script than its document."""
    arabic, latin = (len(letters.findall(words)) for letters in (_ARABIC, _LATIN))
    own, other = (latin, arabic) if language == "en" else (arabic, latin)
    if other < 20 or other < 3 * own:
        return language
    found = detect(words)
    return found.language if found.language in SUPPORTED else language
