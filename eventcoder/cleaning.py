"""Text of a scraped page in, the spans of title and body out, and of what else, with why."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import pairwise
from typing import Any

from eventcoder.languages import fold_with_offsets
from eventcoder.records import Removed
from eventcoder.resources import schema

Span = tuple[int, int]

# Characters. Related headlines are 30 to 120 long and almost never end in a stop.
_LONG = 160  # a line this long is a paragraph whatever its end
_LONG_WITHOUT_STOPS = 80  # the same, where the page's long lines mostly lack stops
_META = 90  # date stamps, form fields and addresses are shorter
_LOOKED_AT = 300  # no cue is looked for in longer lines
# What a line adds to the stretch it stands in; a paragraph adds its length, this much at most.
_MOST = 300
_COST = {"short": 40, "list": 40, "meta": 25, "cue": 25, "part": 0}
_COST_OPENS = 40  # of a heading like "Related"; the headlines below it
_COST_OPENED = 20  # cost less than others, for such blocks stand amid stories too
_PHRASE = 6  # words of the longest cue

_LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+")
_WORD = re.compile(r"[^\W\d_]+")
_STOP = re.compile(r"(?:[.!?؟…۔。])[\s\"'»”’›)\]}]*(?:[(\[][^()\[\]]{1,25}[)\]])?[\s\"'»”’)\]]*$")
_QUESTION = re.compile(r"[?؟]\W*$")
_BULLET = re.compile(r"[-–•*·▪■►»>◄●○✓+]\s")
_CLOCK = re.compile(r"\b\d{1,2}[:.٫]\d\d\b|\bGMT\b|\bUTC\b|\b\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\b")
_ADDRESS = re.compile(r"https?://|\bwww\.|\w@\w+\.\w|\b[a-z0-9-]+\.(?:com|net|org|ir|info)\b", re.I)
_DASHED = re.compile(r"^[^.:،,؛]{0,40}\s[-–—|/]\s?[^.:،؛]{0,30}$")


@dataclass(frozen=True, slots=True)
class Page:
    """A text taken apart: `title` and each paragraph of `body` are spans of it, and so is what
    was removed. Together they cover all but white space."""

    title: Span | None
    body: tuple[Span, ...]
    removed: tuple[Removed, ...]


@dataclass(frozen=True, slots=True)
class _Cue:
    reason: str
    opens: bool = False
    ends: bool = False


@dataclass(slots=True)
class _Line:
    start: int
    end: int
    text: str
    words: list[str]  # folded
    stops: bool  # ends as a sentence does
    kind: str = ""  # prose, part, short, list, meta or cue
    reason: str = ""  # why it is furniture, as far as its own words tell
    cue: _Cue | None = None

    def __len__(self) -> int:
        return self.end - self.start


def clean(text: str, title: str | None = None, known: frozenset[int] = frozenset()) -> Page:
    """Tell the title and the body of a page from its furniture.

    A text that shows no sign of a scraped page keeps all its lines. `title` is the title if it is
    known already; `known` are lines of the site, from `Furniture.lines`.

    >>> text = "Envoys open talks\\nThe envoys met in Baku on Monday.\\nShare\\nRelated:\\nBorder closed"
    >>> page = clean(text)
    >>> [text[start:end] for start, end in (page.title, *page.body)]
    ['Envoys open talks', 'The envoys met in Baku on Monday.']
    >>> [(text[r.start : r.end], r.reason) for r in page.removed]
    [('Share', 'share buttons'), ('Related:\\nBorder closed', 'related headlines')]
    """
    page = _lines(text)
    if len(page) < 2:
        return Page(None, tuple((line.start, line.end) for line in page), ())
    _classify(page, known)
    given = _squeeze(title) if title else ""
    place, reasons = _sort_out(page, given)
    if all(reasons):  # nothing would stay: rather furniture than silence
        place, reasons = None, [""] * len(page)
    return _page(page, place, reasons)


def _page(page: list[_Line], title: int | None, reasons: list[str]) -> Page:
    body: list[Span] = []
    removed: list[Removed] = []
    previous = -1
    for number, (line, reason) in enumerate(zip(page, reasons, strict=True)):
        if reason and removed and previous == number - 1 and removed[-1].reason == reason:
            removed[-1] = Removed(removed[-1].start, line.end, reason)
            previous = number
        elif reason:
            removed.append(Removed(line.start, line.end, reason))
            previous = number
        elif number != title:
            body.append((line.start, line.end))
    heading = None if title is None else (page[title].start, page[title].end)
    return Page(heading, tuple(body), tuple(removed))


# Lines


def _lines(text: str) -> list[_Line]:
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


def _line(text: str, start: int, end: int) -> _Line:
    words: list[str] = []
    if end - start <= _LOOKED_AT:
        words = _words(text[start:end])
    stops = _STOP.search(text, max(start, end - 40), end) is not None
    return _Line(start, end, text[start:end], words, stops)


def _words(text: str) -> list[str]:
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


def _classify(page: list[_Line], known: frozenset[int]) -> None:
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


def _own_kind(line: _Line, known: frozenset[int]) -> tuple[str, str]:
    """Tell furniture by the words of the line; an empty kind if they don't say."""
    if len(line) > _LOOKED_AT:
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


def _meta(line: _Line) -> str:
    if "©" in line.text:
        return "copyright"
    if not line.stops and _is_date(line):
        return "date stamp"
    if line.text.endswith("*") or line.text.startswith("*"):
        return "form" if len(line.words) <= 4 else ""
    if _ADDRESS.search(line.text) and len(line.words) <= 8:
        return "address"
    if len(line.words) > 1 and max(map(len, line.words)) <= 2 and len(line) <= 30:
        return "sign-off"  # the initials of writer and editor
    return ""


def _is_date(line: _Line) -> bool:
    other = [word for word in line.words if word not in _furniture().dates]
    if len(other) > 2 or not any(character.isdigit() for character in line.text):
        return False
    clock = _CLOCK.search(line.text) is not None
    return clock or len(line.words) > len(other)


def _shape(line: _Line, paragraph: int) -> str:
    words = line.text.split(maxsplit=4) if len(line) > _LOOKED_AT else line.words
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


def _cue(line: _Line) -> _Cue | None:
    """Find the cue of page furniture in a line, if there is one."""
    cues, words = _furniture(), line.words
    if not words:
        return None
    if found := _all_cues(words, cues.line):
        return found
    if len(line) <= _LONG and (found := _phrase_at(words, 0, cues.start)):
        brief = found.reason in {"byline", "date stamp"}  # else "Published data show that ..."
        if not brief or (len(words) <= 8 and not line.stops):
            return found
    for place in range(len(words)):
        found = _phrase_at(words, place, cues.inside, least=3 if line.stops else 1)
        if found:
            return found
    return None


def _all_cues(words: list[str], cues: dict[str, _Cue]) -> _Cue | None:
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


def _phrase_at(words: list[str], place: int, cues: dict[str, _Cue], least: int = 1) -> _Cue | None:
    for size in range(min(_PHRASE, len(words) - place), least - 1, -1):
        if found := cues.get(" ".join(words[place : place + size])):
            return found
    return None


@dataclass(frozen=True, slots=True)
class _Furniture:
    line: dict[str, _Cue]
    start: dict[str, _Cue]
    inside: dict[str, _Cue]
    starts: dict[str, _Cue]  # how paragraphs begin
    dates: frozenset[str]


@cache
def _furniture() -> _Furniture:
    """Read the cues, folded as texts are."""
    with schema("languages", "furniture.toml").open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)
    places: dict[str, dict[str, _Cue]] = {"line": {}, "start": {}, "inside": {}}
    for entry in table["cue"]:
        cue = _Cue(entry["reason"], entry.get("opens", False), entry.get("ends", False))
        for place, cues in places.items():
            for phrases in entry.get(place, {}).values():
                for phrase in phrases:
                    cues.setdefault(" ".join(_words(phrase)), cue)
    starts = {
        " ".join(_words(p)): _Cue("") for ps in table["paragraph_starts"].values() for p in ps
    }
    dates = frozenset(word for ds in table["dates"].values() for d in ds for word in _words(d))
    return _Furniture(**places, starts=starts, dates=dates)


# What each line is, by its place


def _sort_out(page: list[_Line], given: str) -> tuple[int | None, list[str]]:
    """Return the title's line and for every line why it goes out, or an empty text."""
    reasons = [line.reason for line in page]
    story = _story(page)
    if story is None:
        return _without_story(page, given, reasons)
    first, last = story
    scraped = _signs_of_scraping(page, first, last)
    title = _title(page, first, last, given, scraped)
    if title is not None:
        reasons[title] = ""
        _drop_repeats(page, page[title], title, reasons)
    if not scraped:
        return title, reasons
    if title is None or title > last:
        _drop_before(page, range(first), None, reasons)
    else:
        _drop_before(page, range(min(title, first)), None, reasons)
        _drop_before(page, range(title + 1, first), title, reasons)
        _keep_early_prose(page, title, first, last, reasons)
    _drop_opened(page, title, reasons)
    _drop_inside(page, first, last, reasons)
    _drop_after(page, last, reasons)
    return title, reasons


def _story(page: list[_Line]) -> Span | None:
    """Find the stretch of lines that is most of a story: paragraphs add, furniture takes away.

    What follows a heading like "Comments" counts a quarter, for readers write paragraphs too.
    """
    best, best_sum = None, 0.0
    start, total, share, seen = 0, 0.0, 1.0, 0.0
    opened = False
    for number, line in enumerate(page):
        if line.cue and line.cue.ends:
            share = 0.25 if seen and line.reason == "comments" else share
            start, total = number + 1, 0.0
            continue
        if line.kind == "prose":
            total += share * min(len(line), _MOST)
            seen += len(line)
            opened = False
        elif line.cue and line.cue.opens:
            total -= _COST_OPENS
            opened = True
        else:
            total -= min(_COST[line.kind], _COST_OPENED if opened else _COST["short"])
        if total <= 0:
            start, total = number + 1, 0.0
        elif total > best_sum:
            best, best_sum = (start, number), total
    return best


def _without_story(
    page: list[_Line], given: str, reasons: list[str]
) -> tuple[int | None, list[str]]:
    """Sort out a page without one paragraph: only what says that it is furniture goes."""
    texts = [_squeeze(line.text) for line in page]
    title = texts.index(given) if given in texts else None
    _drop_opened(page, title, reasons)
    if title is not None:
        reasons[title] = ""
    return title, reasons


def _signs_of_scraping(page: list[_Line], first: int, last: int) -> bool:
    signs = sum(line.kind in {"cue", "meta"} for line in page)
    signs += 2 * any(line.cue is not None and line.cue.opens for line in page)
    outside = [*page[:first], *page[last + 1 :]]
    run = 0
    for number, line in enumerate(outside):
        run = run + 1 if line.kind in {"short", "list"} and number != first else 0
        signs += 2 * (run == 4)
    return signs >= 2


def _title(page: list[_Line], first: int, last: int, given: str, scraped: bool) -> int | None:
    """Find the headline: the given one, or the line above the story that shares most words."""
    if given:
        same = (n for n, line in enumerate(page) if _squeeze(line.text[: 2 * len(given)]) == given)
        return next(same, None)
    if not scraped:
        return 0 if first > 0 and page[0].kind in {"short", "part"} else None
    best = _best_headline(page, first, last)
    if best is None:  # none shares words with the story: the last that looks like one
        likely = (n for n in range(first - 1, -1, -1) if page[n].kind == "short")
        return next((n for n in likely if len(page[n].words) > 2), None)
    said = _squeeze(page[best].text)
    for number, line in enumerate(page[:best]):  # "Headline" for "Publisher - Headline"
        if line.kind == "short" and len(line.words) > 3 and _squeeze(line.text) in said:
            return number
    return best


def _best_headline(page: list[_Line], first: int, last: int) -> int | None:
    words = set(_stems(page[first : last + 1]))
    counts = Counter(_squeeze(line.text) for line in page if len(line) <= _LOOKED_AT)
    best, best_score = None, 0.3
    for number, line in enumerate(page[:first]):
        stems = set(_stems([line]))
        if line.kind not in {"short", "part"} or len(line.words) < 3 or not stems:
            continue
        repeated = 0.5 * (counts[_squeeze(line.text)] > 1)
        near = 0.1 * (number + 1) / first
        share = len(stems & words) / len(stems) * min(1, len(line.words) / 6)  # not a caption
        if share + repeated + near > best_score:
            best, best_score = number, share + repeated + near
    return best


_PREFIX = re.compile(r"^(?:و?ال|و?بال|و?لل|[وبلفک](?=\w{4}))")


def _stems(lines: Sequence[_Line]) -> Iterator[str]:
    """List the longer words without what Arabic writes on to them."""
    for line in lines:
        for word in line.words or _words(line.text):
            stem = _PREFIX.sub("", word) if word[0] > "\u0600" else word
            if len(stem) >= 3:
                yield stem[:6]


def _drop_repeats(page: list[_Line], title: _Line, place: int, reasons: list[str]) -> None:
    """Drop lines that only say the title again, also with a name before or a caption glued on."""
    said = _squeeze(title.text)
    for number, line in enumerate(page):
        if number == place or len(line) > 2 * len(title) + 200:
            continue
        text = _squeeze(line.text)
        again = text == said or (len(said) >= 20 and said in text and not line.stops)
        if again:
            reasons[number] = "repeated headline"


def _drop_before(page: list[_Line], places: range, title: int | None, reasons: list[str]) -> None:
    """Drop the lines above the story; between title and story only a subtitle stays."""
    for number in places:
        line = page[number]
        if reasons[number]:
            continue
        if title is None:
            prose = line.kind == "prose"
            reasons[number] = "other text" if prose else _headline_or_menu(line)
        elif _DASHED.match(line.text) and len(line) <= 60:
            reasons[number] = "byline"
        elif line.kind not in {"prose", "part"} and not _is_subtitle(page, number, title):
            reasons[number] = "caption"


def _is_subtitle(page: list[_Line], number: int, title: int) -> bool:
    return number == title + 1 and len(page[number].words) >= 7


def _keep_early_prose(
    page: list[_Line], title: int, first: int, last: int, reasons: list[str]
) -> None:
    """Drop paragraphs between title and story that share no words with it."""
    words: set[str] | None = None
    for number in range(title + 1, first):
        line = page[number]
        if line.kind == "prose" and not reasons[number]:
            words = words or set(_stems([page[title], *page[first : last + 1]]))
            stems = set(_stems([line]))
            if len(stems & words) < 0.3 * len(stems):
                reasons[number] = "other text"


def _drop_opened(page: list[_Line], title: int | None, reasons: list[str]) -> None:
    """Drop the short lines under a heading like "Related", up to the next paragraph or title."""
    opened = ""
    for number, line in enumerate(page):
        if line.cue and line.cue.opens:
            opened = line.reason
        elif line.kind in {"prose", "part"} or number == title:
            opened = ""
        elif opened and not reasons[number]:
            reasons[number] = opened


def _drop_inside(page: list[_Line], first: int, last: int, reasons: list[str]) -> None:
    """Drop two or more headlines in a row from within the story, if its paragraphs have stops."""
    prose = [line for line in page[first : last + 1] if line.kind == "prose"]
    if 2 * sum(line.stops for line in prose) < len(prose):
        return
    run: list[int] = []
    for number in range(first, last + 1):
        line = page[number]
        if line.kind == "short" and len(line) >= 25 and not line.text.endswith(":"):
            run.append(number)
            continue
        if len(run) > 1 and not page[run[0] - 1].text.endswith(":"):
            for place in run:
                reasons[place] = reasons[place] or "related headlines"
        run = []


def _drop_after(page: list[_Line], last: int, reasons: list[str]) -> None:
    """Drop what follows the story, but for a last paragraph that lacks its stop."""
    for number in range(last + 1, len(page)):
        line = page[number]
        if not reasons[number]:
            if line.kind in {"prose", "part"}:
                reasons[number] = "other text"
            elif number > last + 1 or len(line) < 100:
                reasons[number] = _headline_or_menu(line)


def _headline_or_menu(line: _Line) -> str:
    return "related headlines" if len(line) >= 25 else "navigation"


def _squeeze(text: str) -> str:
    return " ".join(text.split())


# Lines of a site


def _key(text: str) -> int:
    return int.from_bytes(
        blake2b(_squeeze(text).encode("utf-8", "replace"), digest_size=8).digest(), "big"
    )


class Furniture:
    """Counts of the short lines of each site; lines on many of its pages are its furniture."""

    def __init__(self) -> None:
        self._pages: Counter[str] = Counter()
        self._lines: dict[str, Counter[int]] = {}

    def add(self, site: str, text: str) -> None:
        """Count the lines of one page."""
        self._pages[site] += 1
        keys = {_key(line.text) for line in _lines(text) if not line.stops and len(line) < _LONG}
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
