"""Text of a scraped page in, the spans of title and body out, and of what else, with why."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eventcoder.furniture import Line, Span, classify, lines, squeeze, words_of
from eventcoder.records import Removed

# What a line adds to the stretch it stands in; a paragraph adds its length, this much at most.
_MOST = 300
_COST = {"short": 40, "list": 40, "meta": 25, "cue": 25, "part": 0}
_COST_OPENS = 40  # of a heading like "Related"; the headlines below it
_COST_OPENED = 20  # cost less than others, for such blocks stand amid stories too

_DASHED = re.compile(r"^[^.:،,؛]{0,40}\s[-–—|/]\s?[^.:،؛]{0,30}$")


@dataclass(frozen=True, slots=True)
class Page:
    """A text taken apart: `title` and each paragraph of `body` are spans of it, and so is what
    was removed. Together they cover all but white space."""

    title: Span | None
    body: tuple[Span, ...]
    removed: tuple[Removed, ...]


def clean(text: str, title: str | None = None, known: frozenset[int] = frozenset()) -> Page:
    """Tell the title and the body of a page from its furniture.

    A text that shows no sign of a scraped page keeps all its lines. `title` is the title if it is
    known already; `known` are lines of the site, from `Furniture.lines`.

    >>> text = "Envoys open talks\\nThe envoys met in Baku.\\nShare\\nRelated:\\nBorder closed"
    >>> page = clean(text)
    >>> [text[start:end] for start, end in (page.title, *page.body)]
    ['Envoys open talks', 'The envoys met in Baku.']
    >>> [(text[r.start : r.end], r.reason) for r in page.removed]
    [('Share', 'share buttons'), ('Related:\\nBorder closed', 'related headlines')]
    """
    page = lines(text)
    if len(page) < 2:
        return Page(None, tuple((line.start, line.end) for line in page), ())
    classify(page, known)
    given = squeeze(title) if title else ""
    place, reasons = _sort_out(page, given)
    if all(reasons):  # nothing would stay: rather furniture than silence
        place, reasons = None, [""] * len(page)
    return _page(page, place, reasons)


def _page(page: list[Line], title: int | None, reasons: list[str]) -> Page:
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


# What each line is, by its place


def _sort_out(page: list[Line], given: str) -> tuple[int | None, list[str]]:
    """Return the title's line and for every line why it goes out, or an empty text."""
    reasons = [line.reason for line in page]
    story = _story(page)
    if story is None:
        return _without_story(page, given, reasons)
    first, last = story
    scraped = _signs_of_scraping(page, first, last)
    title = _title(page, first, last, given, scraped)
    if title is not None:
        _drop_repeats(page, title, scraped, reasons)
    if scraped:
        _drop_around(page, title, story, reasons)
    if title is not None:  # wherever it stands, after the story too
        reasons[title] = ""
    return title, reasons


def _drop_around(page: list[Line], title: int | None, story: Span, reasons: list[str]) -> None:
    """Drop what a scraped page has above, under and amid the story's lines, first to last."""
    first, last = story
    if title is None or title > last:
        _drop_before(page, range(first), None, reasons)
    else:
        _drop_before(page, range(min(title, first)), None, reasons)
        _drop_before(page, range(title + 1, first), title, reasons)
        _keep_early_prose(page, title, first, last, reasons)
    _drop_opened(page, title, reasons)
    _drop_inside(page, first, last, reasons)
    _drop_after(page, last, reasons)


def _story(page: list[Line]) -> Span | None:
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
    page: list[Line], given: str, reasons: list[str]
) -> tuple[int | None, list[str]]:
    """Sort out a page without one paragraph: only what says that it is furniture goes."""
    texts = [squeeze(line.text) for line in page]
    title = texts.index(given) if given in texts else None
    _drop_opened(page, title, reasons)
    if title is not None:
        reasons[title] = ""
    return title, reasons


def _signs_of_scraping(page: list[Line], first: int, last: int) -> bool:
    signs = sum(line.kind in {"cue", "meta"} for line in page)
    signs += 2 * any(line.cue is not None and line.cue.opens for line in page)
    outside = [*page[:first], *page[last + 1 :]]
    run = 0
    for number, line in enumerate(outside):
        run = run + 1 if line.kind in {"short", "list"} and number != first else 0
        signs += 2 * (run == 4)
    return signs >= 2


def _title(page: list[Line], first: int, last: int, given: str, scraped: bool) -> int | None:
    """Find the headline: the given one, or the line above the story that shares most words."""
    if given:
        same = (n for n, line in enumerate(page) if squeeze(line.text[: 2 * len(given)]) == given)
        return next(same, None)
    if not scraped:
        return 0 if first > 0 and page[0].kind in {"short", "part"} else None
    best = _best_headline(page, first, last)
    if best is None:  # none shares words with the story: the last that looks like one
        likely = (n for n in range(first - 1, -1, -1) if page[n].kind == "short")
        return next((n for n in likely if len(page[n].words) > 2), None)
    said = squeeze(page[best].text)
    for number, line in enumerate(page[:best]):  # "Headline" for "Publisher - Headline"
        if line.kind == "short" and len(line.words) > 3 and squeeze(line.text) in said:
            return number
    return best


def _best_headline(page: list[Line], first: int, last: int) -> int | None:
    words = set(_stems(page[first : last + 1]))
    outside = [squeeze(line.text) for line in page if line.kind != "prose"]
    inside = squeeze(" ".join(line.text for line in page[first : last + 1]))
    best, best_score = None, 0.3
    for number, line in enumerate(page[:first]):
        stems = set(_stems([line]))
        if line.kind not in {"short", "part"} or len(line.words) < 3 or not stems:
            continue
        said = squeeze(line.text)
        repeated = 0.5 * (sum(said in other for other in outside) > 1)
        near = 0.1 * (number + 1) / first
        share = len(stems & words) / len(stems) * min(1, len(line.words) / 6)
        if said in inside:  # a caption: the name of somebody in the story
            share /= 2
        if share + repeated + near > best_score:
            best, best_score = number, share + repeated + near
    return best


_PREFIX = re.compile(r"^(?:و?ال|و?بال|و?لل|[وبلفک](?=\w{4}))")


def _stems(lines: Sequence[Line]) -> Iterator[str]:
    """List the longer words without what Arabic writes on to them."""
    for line in lines:
        for word in line.words or words_of(line.text):
            stem = _PREFIX.sub("", word) if word[0] > "\u0600" else word
            if len(stem) >= 3:
                yield stem[:6]


def _drop_repeats(page: list[Line], title: int, glued: bool, reasons: list[str]) -> None:
    """Drop lines that only say the title again; if `glued`, with a name or a caption too."""
    said = squeeze(page[title].text)
    glued = glued and len(said) >= 20
    for number, line in enumerate(page):
        if number == title or len(line) > 2 * len(page[title]) + 200:
            continue
        text = squeeze(line.text)
        if text == said or (glued and said in text and line.kind != "prose"):
            reasons[number] = "repeated headline"


def _drop_before(page: list[Line], places: range, title: int | None, reasons: list[str]) -> None:
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


def _is_subtitle(page: list[Line], number: int, title: int) -> bool:
    return number == title + 1 and len(page[number].words) >= 7


def _keep_early_prose(
    page: list[Line], title: int, first: int, last: int, reasons: list[str]
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


def _drop_opened(page: list[Line], title: int | None, reasons: list[str]) -> None:
    """Drop the short lines under a heading like "Related", up to the next paragraph or title."""
    opened = ""
    for number, line in enumerate(page):
        if line.cue and line.cue.opens:
            opened = line.reason
        elif line.kind in {"prose", "part"} or number == title:
            opened = ""
        elif opened and not reasons[number]:
            reasons[number] = opened


def _drop_inside(page: list[Line], first: int, last: int, reasons: list[str]) -> None:
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


def _drop_after(page: list[Line], last: int, reasons: list[str]) -> None:
    """Drop what follows the story, but for a last paragraph that lacks its stop."""
    for number in range(last + 1, len(page)):
        line = page[number]
        if not reasons[number]:
            if line.kind in {"prose", "part"}:
                reasons[number] = "other text"
            elif number > last + 1 or len(line) < 100:
                reasons[number] = _headline_or_menu(line)


def _headline_or_menu(line: Line) -> str:
    return "related headlines" if len(line) >= 25 else "navigation"
