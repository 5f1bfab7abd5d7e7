"""Counts in, pictures out: SVG drawn by hand, so that a page needs nothing from elsewhere."""

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

# Okabe and Ito (2008), told apart by readers of every kind of colour vision: blues for
# cooperation, oranges for conflict, the deeper one material.
QUAD_COLOURS = {1: "#56b4e9", 2: "#0072b2", 3: "#e69f00", 4: "#d55e00"}
KEPT, LEFT_OUT, EXPECTED = "#0072b2", "#b8b8b8", "#d55e00"
Point = tuple[float, float]
_BETWEEN = (0x8A, 0x8A, 0x8A)


@dataclass(frozen=True, slots=True)
class Tick:
    """A word at an axis, `at` per cent along it."""

    at: float
    label: str


def nice_top(most: float) -> int:
    """Return the round number at which an axis for counts up to `most` ends.

    >>> [nice_top(n) for n in (0, 1, 7, 23, 480)]
    [1, 1, 8, 30, 500]
    """
    if most <= 1:
        return 1
    power = 10 ** math.floor(math.log10(most))
    return int(next(s * power for s in (1, 2, 3, 4, 5, 6, 8, 10) if s * power >= most))


def scale(top: int) -> list[Tick]:
    """Return the marks of an axis of counts."""
    parts = next((n for n in (4, 3, 5, 2) if top % n == 0), 1)
    return [Tick(100 * i / parts, f"{top * i // parts:,}") for i in range(parts + 1)]


def dates(days: Sequence[dt.date], every: str, most: int = 6) -> list[Tick]:
    """Return at most `most` words for an axis of periods, each at the middle of its period.

    Over more than three years they are the years, where these begin.
    """
    places = list(range(len(days)))
    form = "%d %b %Y" if every in ("1d", "1w") else "%b %Y"
    if every == "1y" or (days[-1] - days[0]).days > 1100:
        form = "%Y"
        places = [i for i in places if i == 0 or days[i].year != days[i - 1].year]
        places = places[1:] if days[0].month > 6 else places
    step = math.ceil(len(places) / most)
    return [
        Tick(100 * (i + 0.5) / len(days), days[i].strftime(form).lstrip("0"))
        for i in places[(step - 1) // 2 :: step]
    ]


def columns(
    rows: Sequence[Sequence[float]], colours: Sequence[str], top: int, label: str
) -> Markup:
    """Draw stacked columns, a row of heights each, that fill whatever box they are put in."""
    shapes = [
        f'<line x1="0" x2="{len(rows)}" y1="{100 - t.at:.1f}" y2="{100 - t.at:.1f}"/>'
        for t in scale(top)
    ]
    for x, row in enumerate(rows):
        base = 100.0
        for height, colour in zip(row, colours, strict=True):
            if height:
                tall = 100 * height / top
                base -= tall
                shapes.append(_bar(x, base, tall, colour))
    return _stretched(len(rows), "0 100", shapes, label)


def mirrored(
    rows: Sequence[Sequence[float]], colours: Sequence[str], top: int, label: str
) -> Markup:
    """Draw columns around a middle line: of four heights the first two up, the others down."""
    shapes = [f'<line x1="0" x2="{len(rows)}" y1="0" y2="0"/>']
    for x, row in enumerate(rows):
        ends = [0.0, 0.0]
        for i, (height, colour) in enumerate(zip(row, colours, strict=True)):
            if height:
                tall, down = 50 * height / top, i // 2
                y = ends[1] if down else ends[0] - tall
                ends[down] = ends[1] + tall if down else y
                shapes.append(_bar(x, y, tall, colour))
    return _stretched(len(rows), "-50 100", shapes, label)


def marked(
    rows: Sequence[tuple[float, float] | None], colours: tuple[str, str], label: str
) -> Markup:
    """Draw columns of shares, each with a line across where it was expected to end."""
    shapes = [f'<line x1="0" x2="{len(rows)}" y1="{y}" y2="{y}"/>' for y in (0, 25, 50, 75, 100)]
    for x, row in enumerate(rows):
        if row:
            share, expected = (100 * part for part in row)
            shapes.append(_bar(x, 100 - share, share, colours[0]))
            shapes.append(
                f'<rect x="{x}" y="{99.2 - expected:.2f}" width="1" height="1.6" '
                f'fill="{colours[1]}"/>'
            )
    return _stretched(len(rows), "0 100", shapes, label)


def _bar(x: int, y: float, tall: float, colour: str) -> str:
    return f'<rect x="{x + 0.06:.2f}" y="{y:.2f}" width=".88" height="{tall:.2f}" fill="{colour}"/>'


def _stretched(wide: int, box: str, shapes: Iterable[str], label: str) -> Markup:
    y, tall = box.split()
    return Markup(
        '<svg class="stretched" role="img" aria-label="{}" preserveAspectRatio="none" '
        'viewBox="0 {} {} {}">{}</svg>'
    ).format(label, y, max(wide, 1), tall, Markup("".join(shapes)))


@dataclass(frozen=True, slots=True)
class Tie:
    """What passes between two nodes; `net` from -1 (all conflict) to 1 (all cooperation)."""

    one: str
    other: str
    n: int
    net: float


def network(weights: Mapping[str, int], ties: Sequence[Tie], label: str) -> Markup:
    """Draw nodes on a circle, strongly tied ones side by side, and their ties as bows."""
    order = _round(weights, ties)
    radius = min(250, 60 + 9 * len(order))
    places = {}
    for i, node in enumerate(order):
        angle = 2 * math.pi * i / len(order) - math.pi / 2
        places[node] = (math.cos(angle), math.sin(angle))
    most_tied = max((tie.n for tie in ties), default=1)
    most = max(weights.values(), default=1)
    shapes = [
        _bow(tie, places[tie.one], places[tie.other], radius, math.sqrt(tie.n / most_tied))
        for tie in sorted(ties, key=lambda t: t.n)
    ]
    for node, (x, y) in places.items():
        out = radius + 40
        shapes.append(
            f'<circle cx="{radius * x:.1f}" cy="{radius * y:.1f}" '
            f'r="{4 + 10 * math.sqrt(weights[node] / most):.1f}"/>'
            f'<text x="{out * x:.1f}" y="{out * y + 6:.1f}" text-anchor="middle">{escape(node)}'
            "</text>"
        )
    edge = radius + 70
    return Markup(
        '<svg class="network" role="img" aria-label="{}" viewBox="-{} -{} {} {}" '
        'style="max-width:{}px">{}</svg>'
    ).format(label, edge, edge, 2 * edge, 2 * edge, 2 * edge, Markup("".join(shapes)))


def _bow(tie: Tie, one: Point, other: Point, radius: int, strength: float) -> str:
    (x1, y1), (x2, y2) = one, other
    bend = 0.36 * radius  # of neighbours a shallow bow, of opposites a straight line
    return (
        f'<path d="M{radius * x1:.1f} {radius * y1:.1f}Q{bend * (x1 + x2):.1f} '
        f'{bend * (y1 + y2):.1f} {radius * x2:.1f} {radius * y2:.1f}" fill="none" '
        f'stroke="{tie_colour(tie.net)}" stroke-width="{1 + 11 * strength:.1f}" '
        f'stroke-linecap="round" stroke-opacity=".75"><title>{escape(tie.one)} and '
        f"{escape(tie.other)}: {tie.n:,} events</title></path>"
    )


def tie_colour(net: float) -> str:
    """Mix a colour between conflict (-1, vermilion), even (0, grey) and cooperation (1, blue)."""
    full = QUAD_COLOURS[2] if net > 0 else QUAD_COLOURS[4]
    ends = [int(full[i : i + 2], 16) for i in (1, 3, 5)]
    share = min(1.0, abs(net))
    mixed = (round(a + (b - a) * share) for a, b in zip(_BETWEEN, ends, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _round(weights: Mapping[str, int], ties: Sequence[Tie]) -> list[str]:
    """Order nodes so that neighbours have much to do with each other: always the next nearest."""
    tied = {frozenset((t.one, t.other)): t.n for t in ties}
    left = sorted(weights, key=lambda node: (-weights[node], node))
    order = left[:1]
    while left := [node for node in left if node not in order]:
        order.append(max(left, key=lambda node: tied.get(frozenset((order[-1], node)), 0)))
    return order


def spans(text: str, marked: Mapping[str, tuple[int | None, int | None]]) -> list[tuple[str, str]]:
    """Cut a text at the ends of marked stretches: pieces, and the names that lie over each.

    >>> spans("Iran met Iraq", {"source": (0, 4), "target": (9, 13)})
    [('Iran', 'source'), (' met ', ''), ('Iraq', 'target')]
    """
    fit = {
        name: (start, end)
        for name, (start, end) in marked.items()
        if start is not None and end is not None and 0 <= start < end <= len(text)
    }
    cuts = sorted({0, len(text), *(place for span in fit.values() for place in span)})
    return [
        (text[a:b], " ".join(n for n, (start, end) in fit.items() if start <= a and b <= end))
        for a, b in pairwise(cuts)
    ]
