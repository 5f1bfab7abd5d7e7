"""Sketches of documents and their coded events in, reports of the same story out."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from eventcoder.sketches import (
    AT_ONCE,
    LOW,
    PERMUTATIONS,
    ROWS,
    ROWS_AT_ONCE,
    UNDATED,
    Keys,
    Reports,
)

SAME = 0.30  # share of minima in common that makes two texts one story
WINDOW = 3  # days between the first and the last report of a story
NEIGHBOURS = 8  # texts of a band that each is compared with, nearest in time first
CROWD = 20  # stories of a day that tell the same event: from there on it tells none apart
MEANT = 0.65  # least cosine of reports in two languages
THRONG = 1_000  # stories of a day about the same two countries that are compared
PAIRS = 1_000_000  # that are weighed at a time: 100 MB
_PAIRS_AT_ONCE = ROWS_AT_ONCE // 2
_COSINES_AT_ONCE = 10_000  # 30 MB of meanings


def cluster(
    parts: Iterable[tuple[pl.DataFrame, pl.DataFrame]], scratch: str | Path | None = None
) -> list[Keys]:
    """Return the story of each part's documents, a number for `cluster_ids`, 0 for none.

    A part is the sketches of its documents and their coded events. Within a language reports are
    known by their text, across languages by what they tell. The numbers come from content and days
    alone, so that neither the order of the corpus nor the cut into parts changes them. Sketches
    wait in files without a name in the folder `scratch`; about 50 bytes a document stay in memory.
    """
    with Reports(scratch) as reports:
        for sketches, events in parts:
            reports.add(sketches, events)
        reports.order()
        stories = _Stories(reports.days, reports.languages)
        for report in reports.same_texts().tolist():
            stories.join(report - 1, report)
        for start in range(0, PERMUTATIONS - ROWS + 1, ROWS):
            _join_neighbours(stories, reports.band(start), reports)
        find = _pairs_by_meaning if reports.means else _pairs_by_events
        for one, other in _telling_the_same(stories, reports, find):
            stories.join_languages(one, other)
        return reports.named(stories.roots())


def cluster_ids(stories: Keys) -> pl.Series:
    """Return the `cluster_id` of documents by the numbers of their stories."""
    ids = [f"c{story:015x}" if story else None for story in stories.tolist()]
    return pl.Series("cluster_id", ids, pl.String())


class _Stories:
    """Sets of reports (union-find) of which none is told over more than WINDOW days."""

    def __init__(self, days: NDArray[np.int32], languages: NDArray[np.uint32]) -> None:
        self._parent = np.arange(len(days), dtype=np.uint32)
        self._first = days.copy()
        self._last = np.where(days == UNDATED, -UNDATED, days)
        self._languages = languages.copy()

    def roots(self, reports: Keys | None = None) -> NDArray[np.uint32]:
        """Return for each of these reports, or of all, the first of its story."""
        found = self._parent if reports is None else self._parent[reports]
        while not np.array_equal(higher := self._parent[found], found):
            found = higher
        self._parent[slice(None) if reports is None else reports] = found
        return found

    def join(self, one: int, other: int) -> None:
        """Make two stories one, unless that would be told for too long."""
        a, b = sorted((self._root(one), self._root(other)))
        first = min(int(self._first[a]), int(self._first[b]))
        last = max(int(self._last[a]), int(self._last[b]))
        if a != b and last - first <= WINDOW:
            self._parent[b] = a
            self._first[a], self._last[a] = first, last
            self._languages[a] |= self._languages[b]

    def join_languages(self, one: int, other: int) -> None:
        """Join stories of different languages: what texts told apart in one stays apart."""
        a, b = self._root(one), self._root(other)
        if not self._languages[a] & self._languages[b]:
            self.join(a, b)

    def _root(self, report: int) -> int:
        while (above := int(self._parent[report])) != report:
            report = above
        return report


def _join_neighbours(stories: _Stories, keys: Keys, reports: Reports) -> None:
    """Join reports of equal keys that are near in time and have enough minima in common."""
    equal = (keys[1:] ^ keys[:-1]) <= LOW
    shared = np.zeros(len(keys), bool)
    shared[1:] = equal
    shared[:-1] |= equal
    keys = keys[shared]  # most stand alone
    for step in range(1, min(NEIGHBOURS, len(keys) - 1) + 1):
        for start in range(0, len(keys) - step, AT_ONCE):
            end = min(start + AT_ONCE, len(keys) - step)
            one, other = keys[start:end], keys[start + step : end + step]
            equal = (one ^ other) <= LOW
            one, other = one[equal] & LOW, other[equal] & LOW
            later = reports.days[other]
            near = (later.astype(np.int64) - reports.days[one] <= WINDOW) | (later == UNDATED)
            apart = near & (stories.roots(one) != stories.roots(other))
            _join_alike(stories, one[apart], other[apart], reports)


def _join_alike(stories: _Stories, one: Keys, other: Keys, reports: Reports) -> None:
    for start in range(0, len(one), _PAIRS_AT_ONCE):
        some = slice(start, start + _PAIRS_AT_ONCE)
        alike = reports.common(one[some], other[some]) >= SAME
        for a, b in zip(one[some][alike].tolist(), other[some][alike].tolist(), strict=True):
            stories.join(a, b)


def _telling_the_same(
    stories: _Stories, reports: Reports, find: Callable[[pl.DataFrame, Reports], pl.DataFrame]
) -> list[tuple[int, int]]:
    """Pair stories of different languages, the surest first."""
    pairs = [
        find(told.with_columns(story=stories.roots(told["report"].to_numpy())), reports)
        for told in reports.told()
    ]
    if not pairs:
        return []
    surest = pl.concat(pairs).sort(
        "weight", "story", "story_other", descending=[True, False, False]
    )
    return surest.select("story", "story_other").rows()


def _pairs_by_meaning(told: pl.DataFrame, reports: Reports) -> pl.DataFrame:
    """Pair stories that tell of the same countries on a day, each the other's nearest in meaning.

    On translated news (NTREX, 61 stories in three languages) all of the pairs found are right, and
    0.95 of those that share a dyad are found; where no story has a counterpart, 0.3 pairs are.
    """
    tellers = (
        told.group_by("day", "dyad", "language", "story")
        .agg(pl.col("report").min())
        .filter(pl.len().over("day", "dyad") <= THRONG)
        .with_columns(pl.col("report").min().over("day", "language", "story"))
    )
    # As many dyads at a time as make PAIRS pairs: on a dense day all together take gigabytes.
    dyads = tellers.group_by("day", "dyad").agg(_n=pl.len() ** 2).sort("day", "dyad")
    dyads = dyads.select("day", "dyad", _turn=pl.col("_n").cum_sum() // PAIRS)
    turns = tellers.join(dyads, on=["day", "dyad"]).partition_by("_turn", include_key=False)
    near = pl.concat([_near(some, reports) for some in turns or [tellers]])
    near = near.unique(["day", "story", "story_other"])
    to_other = ["day", "story", "language_other", "weight"]
    to_one = ["day", "story_other", "language", "weight"]
    swapped = dict(zip(to_one, to_other, strict=True))
    best = (
        pl.concat([near.select(to_other), near.select(to_one).rename(swapped)])
        .group_by(to_other[:-1])
        .agg(pl.col("weight").max())
    )
    return (
        near.join(best, on=to_other, how="semi")
        .join(best, left_on=to_one, right_on=to_other, how="semi")
        .select("story", "story_other", "weight")
    )


def _near(tellers: pl.DataFrame, reports: Reports) -> pl.DataFrame:
    """Pair stories in two languages that tell of the same countries, if they mean the same."""
    pairs = (
        tellers.join(tellers, on=["day", "dyad"], suffix="_other")
        .filter(
            pl.col("language") != pl.col("language_other"), pl.col("story") < pl.col("story_other")
        )
        .group_by("day", "story", "language", "story_other", "language_other")
        .agg(pl.col("report", "report_other").min())
    )
    one, other = (pairs[name].to_numpy() for name in ("report", "report_other"))
    known, places = np.unique(np.concatenate([one, other]), return_inverse=True)
    meant, weight = reports.meanings(known), np.empty(pairs.height)
    for start in range(0, pairs.height, _COSINES_AT_ONCE):
        some = slice(start, min(start + _COSINES_AT_ONCE, pairs.height))
        first, second = meant[places[: pairs.height][some]], meant[places[pairs.height :][some]]
        weight[some] = np.einsum("ij,ij->i", first, second)
    weighed = pairs.drop("report", "report_other").with_columns(weight=pl.Series(weight.round(6)))
    return weighed.filter(pl.col("weight") >= MEANT)


def _pairs_by_events(told: pl.DataFrame, _: Reports) -> pl.DataFrame:
    """Pair stories that share kept events of a day.

    An event is what (root code) passes between which countries, either way round: languages
    differ in whom they name. One that n stories tell weighs 2/n; a pair needs a weight of 1,
    and 2 events that are a third of the shorter story's, or the only one that it tells.
    """
    event = ["day", "dyad", "root"]
    told = told.select("story", "language", *event).unique()
    told = told.with_columns(
        n_told=pl.len().over("story", "day", "language"), n_tellers=pl.len().over(event)
    ).filter(pl.col("n_tellers") <= CROWD)
    pairs = told.join(told, on=event, suffix="_other").filter(
        pl.col("story") < pl.col("story_other"), pl.col("language") != pl.col("language_other")
    )
    shared, fewer = pl.col("shared"), pl.col("fewer")
    return (
        pairs.group_by("story", "story_other", "day")
        .agg(
            shared=pl.len(),
            fewer=pl.min_horizontal("n_told", "n_told_other").min(),
            weight=(2 / pl.col("n_tellers")).sum().round(6),
        )
        .filter((pl.col("weight") >= 1) & (shared * 3 >= fewer) & ((shared > 1) | (fewer == 1)))
        .select("story", "story_other", "weight")
    )
