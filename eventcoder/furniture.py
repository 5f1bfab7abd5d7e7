"""Lines of a page in, what each is by its own words out: paragraph, headline, furniture."""

import re
import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from hashlib import blake2b
from itertools import pairwise
from typing import Any

from eventcoder.languages import fold_with_offsets
from eventcoder.resources import schema

Span = tuple[int, int]

# Characters. Related headlines are 30 to 120 long and almost never end in a stop.
_LONG = 160  # a line this long is a paragraph whatever its end
_LONG_WITHOUT_STOPS = 80  # the same, where the page's long lines mostly lack stops
_META = 90  # date stamps, form fields and addresses are shorter
LOOKED_AT = 300  # no cue is looked for in longer lines
_PHRASE = 6  # words of the longest cue

_LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+")
_WORD = re.compile(r"[^\W\d_]+")
_STOP = re.compile(r"(?:[.!?؟…۔。])[\s\"'»”’›)\]}]*(?:[(\[][^()\[\]]{1,25}[)\]])?[\s\"'»”’)\]]*$")
_QUESTION = re.compile(r"[?؟]\W*$")
_BULLET = re.compile(r"[-–•*·▪■►»>◄●○✓+]\s")
_CLOCK = re.compile(r"\b\d{1,2}[:.٫]\d\d\b|\bGMT\b|\bUTC\b|\b\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\b")
_HALF_DAY = re.compile(r"\d\s*[ap]\.\s?m\.$", re.I)
_ADDRESS = re.compile(r"https?://|\bwww\.|\w@\w+\.\w|\b[a-z0-9-]+\.(?:com|net|org|ir|info)\b", re.I)


@dataclass(frozen=True, slots=True)
class Cue:
    reason: str
    opens: bool = False
    ends: bool = False


@dataclass(slots=True)
class Line:
    start: int
    end: int
    text: str
    words: list[str]  # folded
    stops: bool  # ends as a sentence does
    kind: str = ""  # prose, short, list, meta, cue; part: of the story if it stands amid one
    reason: str = ""  # why it is furniture, as far as its own words tell
    cue: Cue | None = None

    def __len__(self) -> int:
        return self.end - self.start


def squeeze(text: str) -> str:
    """Write every stretch of white space as one space."""
    return " ".join(text.split())


# Lines


def lines(text: str) -> list[Line]:
    """Split a text into its lines that hold anything, hard-wrapped ones joined."""
    spans = []
    for match in _LINE.finditer(text):
        start, end = match.span()
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if start < end:
            spans.append((start, end))
    return [_line(text, start, end) for start, end in _unwrap(text, spans)]


def _line(text: str, start: int, end: int) -> Line:
    words: list[str] = []
    if end - start <= LOOKED_AT:
        words = words_of(text[start:end])
    stops = _STOP.search(text, max(start, end - 40), end) is not None
    return Line(start, end, text[start:end], words, stops)


def words_of(text: str) -> list[str]:
    """List the words of a text, folded, without digits."""
    return _WORD.findall(fold_with_offsets(text)[0])


def _unwrap(text: str, spans: list[Span]) -> list[Span]:
    """Join lines that were broken at a width: the next line's first word would not have fitted."""
    width = max((end - start for start, end in spans), default=0)
    if len(spans) < 5 or not 40 <= width <= 130:
        return spans

    def full(line: Span, after: Span) -> bool:
        next_word = text[after[0] : min(after[1], after[0] + 40)].split(maxsplit=1)[0]
        gap = text[line[1] : after[0]]
        return gap.count("\n") == 1 and line[1] - line[0] + 1 + len(next_word) > width

    pairs = list(pairwise(spans))
    broken = [
        pair
        for pair in pairs
        if not _STOP.search(text, max(pair[0][0], pair[0][1] - 40), pair[0][1])
    ]
    if len(broken) < 4 or sum(full(*pair) for pair in broken) < 0.85 * len(broken):
        return spans
    joined = [spans[0]]
    for before, after in pairs:
        if full(before, after):
            joined[-1] = (joined[-1][0], after[1])
        else:
            joined.append(after)
    return joined


# What each line is, by itself


def classify(page: list[Line], known: frozenset[int]) -> None:
    """Give every line its kind and, if its words say that it is furniture, the reason."""
    for line in page:
        line.kind, line.reason = _own_kind(line, known)
    long = [line for line in page if len(line) >= _LONG_WITHOUT_STOPS and line.kind == ""]
    stopped = sum(line.stops for line in long)
    paragraph = _LONG if 2 * stopped >= len(long) else _LONG_WITHOUT_STOPS
    listed = False  # below a line that ends in a colon
    for line in page:
        if line.kind == "":
            line.kind = _shape(line, paragraph)
        if listed and line.kind == "list":
            line.kind = "part"
        else:
            listed = line.kind == "prose" and line.text.endswith(":")


def _own_kind(line: Line, known: frozenset[int]) -> tuple[str, str]:
    """Tell furniture by the words of the line; an empty kind if they don't say."""
    if len(line) > LOOKED_AT:
        return "", ""
    line.cue = _cue(line)
    if line.cue:
        return "cue", line.cue.reason
    if known and not line.stops and _key(line.text) in known:
        return "meta", "site furniture"
    if not line.words:
        return "meta", "signs"
    if len(line) < _META and (reason := _meta(line)):
        return "meta", reason
    return "", ""


def _meta(line: Line) -> str:
    if "©" in line.text:
        return "copyright"
    if (not line.stops or _HALF_DAY.search(line.text)) and _is_date(line):
        return "date stamp"
    if line.text.endswith("*") or line.text.startswith("*"):
        return "form" if len(line.words) <= 4 else ""
    if _ADDRESS.search(line.text) and len(line.words) <= 8:
        return "address"
    if len(line.words) > 1 and max(map(len, line.words)) <= 2 and len(line) <= 30:
        return "sign-off"  # the initials of writer and editor
    return ""


def _is_date(line: Line) -> bool:
    other = [word for word in line.words if word not in _furniture().dates]
    if len(other) > 2 or not any(character.isdigit() for character in line.text):
        return False
    clock = _CLOCK.search(line.text) is not None
    return clock or len(line.words) > len(other)


def _shape(line: Line, paragraph: int) -> str:
    words = line.text.split(maxsplit=4) if len(line) > LOOKED_AT else line.words
    if line.stops and len(words) >= 4:
        short_question = len(line) < 100 and _QUESTION.search(line.text)
        return "part" if short_question else "prose"
    if _BULLET.match(line.text):
        return "list"
    if len(line) >= paragraph:
        return "prose"
    if len(words) >= 6 and line.text.endswith(":"):  # "... agreed on the following:"
        return "prose"
    if len(line) >= 40 and _phrase_at(line.words, 0, _furniture().starts):
        return "prose"
    return "short"


def _cue(line: Line) -> Cue | None:
    """Find the cue of page furniture in a line, if there is one."""
    cues, words = _furniture(), line.words
    if not words:
        return None
    if found := _all_cues(words, cues.line):
        return found
    head, colon, headline = line.text[:LOOKED_AT].partition(":")
    if colon and headline.strip() and not line.stops:  # "Related: Border closed"
        found = _all_cues(words_of(head), cues.line)
        if found and found.reason == "related headlines":
            return replace(found, opens=False)
    if len(line) <= _LONG and (found := _phrase_at(words, 0, cues.start)):
        brief = found.reason in {"byline", "date stamp"}  # else "Published data show that ..."
        if not brief or (len(words) <= 8 and not line.stops):
            return found
    for place in range(len(words)):
        found = _phrase_at(words, place, cues.inside, least=3 if line.stops else 1)
        if found:
            return found
    return None


def _all_cues(words: list[str], cues: dict[str, Cue]) -> Cue | None:
    """Return the first cue if the words are cues one after the other and nothing else."""
    place, first = 0, None
    while place < len(words):
        for size in range(min(_PHRASE, len(words) - place), 0, -1):
            found = cues.get(" ".join(words[place : place + size]))
            if found:
                first = first or found
                place += size
                break
        else:
            return None
    return first


def _phrase_at(words: list[str], place: int, cues: dict[str, Cue], least: int = 1) -> Cue | None:
    for size in range(min(_PHRASE, len(words) - place), least - 1, -1):
        if found := cues.get(" ".join(words[place : place + size])):
            return found
    return None


@dataclass(frozen=True, slots=True)
class _Furniture:
    line: dict[str, Cue]
    start: dict[str, Cue]
    inside: dict[str, Cue]
    starts: dict[str, Cue]  # how paragraphs begin
    dates: frozenset[str]


@cache
def _furniture() -> _Furniture:
    """Read the cues, folded as texts are."""
    with schema("languages", "furniture.toml").open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)
    places: dict[str, dict[str, Cue]] = {"line": {}, "start": {}, "inside": {}}
    for entry in table["cue"]:
        cue = Cue(entry["reason"], entry.get("opens", False), entry.get("ends", False))
        for place, cues in places.items():
            for phrases in entry.get(place, {}).values():
                for phrase in phrases:
                    cues.setdefault(" ".join(words_of(phrase)), cue)
    starts = {
        " ".join(words_of(p)): Cue("") for ps in table["paragraph_starts"].values() for p in ps
    }
    dates = frozenset(word for ds in table["dates"].values() for d in ds for word in words_of(d))
    return _Furniture(**places, starts=starts, dates=dates)


# Lines of a site


def _key(text: str) -> int:
    return int.from_bytes(
        blake2b(squeeze(text).encode("utf-8", "replace"), digest_size=8).digest(), "big"
    )


class Furniture:
    """Counts of the short lines of each site; lines on many of its pages are its furniture."""

    def __init__(self) -> None:
        self._pages: Counter[str] = Counter()
        self._lines: dict[str, Counter[int]] = {}

    def add(self, site: str, text: str) -> None:
        """Count the lines of one page."""
        self._pages[site] += 1
        keys = {_key(line.text) for line in lines(text) if not line.stops and len(line) < _LONG}
        self._lines.setdefault(site, Counter()).update(keys)

    def merge(self, other: "Furniture") -> None:
        """Add the counts of another part of the corpus."""
        self._pages.update(other._pages)
        for site, counts in other._lines.items():
            self._lines.setdefault(site, Counter()).update(counts)

    def lines(self, site: str, pages: int = 3, share: float = 0.2) -> frozenset[int]:
        """Return the lines on at least so many pages of the site, and that share of them."""
        least = max(pages, share * self._pages[site])
        return frozenset(key for key, n in self._lines.get(site, {}).items() if n >= least)
