"""Sketches of documents and their coded events in, reports of the same story out."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from eventcoder.extraction import Extracted
from eventcoder.languages import fold_with_offsets

# MinHash (Broder 1997) over pairs of neighbouring words: on tests/sample/duplicates.jsonl rewrites
# share at least 0.31 of them and reports of other stories at most 0.26 (of triples 0.20 and 0.19).
PERMUTATIONS = 128
SEED = 42
ROWS = 3  # minima a band: two texts with 0.4 in common meet in one of 42 bands in 94 of 100 cases
SAME = 0.30  # share of minima in common that makes two texts one story
WINDOW = 3  # days between the first and the last report of a story
NEIGHBOURS = 8  # texts of a band that each is compared with, nearest in time first
CROWD = 20  # stories of a day that tell the same event: from there on it tells none apart

SKETCHES = pl.Schema([("doc_id", pl.String()), ("sketch", pl.Array(pl.UInt16, PERMUTATIONS))])
_WORD = re.compile(r"\w+")
_UNDATED = np.iinfo(np.int32).max
_PAIRS_AT_ONCE = 100_000  # 50 MB of minima

Indices = NDArray[np.int64]


def sketch_rows(extracted: Iterable[Extracted]) -> pl.DataFrame:
    """Return doc_id and sketch of each document that has sentences.

    The title counts only where there is nothing else: rewrites change it first.
    """
    ids, texts = [], []
    for document in extracted:
        sentences = document.prepared.sentences
        body = [s.text for s in sentences if s.number > 0] or [s.text for s in sentences]
        if body:
            ids.append(document.prepared.document.doc_id)
            texts.append("\n".join(body))
    return pl.DataFrame({"doc_id": ids, "sketch": sketch(texts)}, schema=SKETCHES)


def sketch(texts: Sequence[str]) -> NDArray[np.uint16]:
    """Return the minima of texts, a row each: the share that two rows have in common estimates
    the share of word pairs that their texts have in common (Jaccard; standard error 0.04)."""
    from rensa import RMinHash

    matrix = RMinHash.digest_matrix_from_token_sets(
        [_word_pairs(text) for text in texts], PERMUTATIONS, SEED
    )
    # 16 of 32 bits do: strangers agree on them once in 65,536.
    rows = np.array(matrix.to_rows(), dtype=np.uint32).reshape(len(texts), PERMUTATIONS)
    return rows.astype(np.uint16)


def _word_pairs(text: str) -> list[str]:
    words = _WORD.findall(fold_with_offsets(text)[0].lower())
    return [f"{a} {b}" for a, b in pairwise(words)] or words


def assign(
    documents: pl.DataFrame, sketches: pl.DataFrame, events: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return documents and events with `cluster_id`, one for all reports of a story.

    Within a language reports are known by their text, across languages by what they tell.
    Documents without a sketch have none. The ids come from content and days alone, so that
    neither the order of the corpus nor the cut into parts changes them.
    """
    told = cluster(documents, sketches, events)
    with_story, coded = (
        frame.drop("cluster_id")
        .join(told, on="doc_id", how="left", maintain_order="left")
        .select(frame.columns)
        for frame in (documents, events)
    )
    return with_story, coded


def cluster(documents: pl.DataFrame, sketches: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Return doc_id and cluster_id of the documents that have a sketch."""
    # In the order of days, then of content: what follows goes by this order alone.
    reports = (
        documents.select("doc_id", "published", "language", digest="text_sha256")
        .join(sketches, on="doc_id")
        .sort("published", "digest", "doc_id", nulls_last=True)
    )
    days = reports["published"].to_physical().fill_null(_UNDATED).to_numpy()
    languages = reports["language"].fill_null("").rank("dense").to_numpy().astype(np.int64)
    stories = _Stories(days, languages)
    minima = reports["sketch"].to_numpy()
    same_text = reports.select(pl.struct("digest", "published").rank("dense")).to_series()
    _join_neighbours(stories, same_text.to_numpy().astype(np.uint64), minima, 0.0)
    for start in range(0, PERMUTATIONS - ROWS + 1, ROWS):
        band = minima[:, start : start + ROWS].astype(np.uint64)
        keys = (band << np.arange(0, 16 * ROWS, 16, dtype=np.uint64)).sum(axis=1, dtype=np.uint64)
        _join_neighbours(stories, keys, minima, SAME)
    for one, other in _telling_the_same(reports, stories.roots(), events):
        stories.join_languages(one, other)
    return _named(reports, stories.roots())


def _named(reports: pl.DataFrame, roots: Indices) -> pl.DataFrame:
    """Name each story by the text and day of its first report."""
    first = reports.select(
        pl.concat_str(pl.col("digest").fill_null(pl.col("doc_id")),
                      pl.col("published").cast(pl.String).fill_null(""), separator=" ")
    ).to_series()  # fmt: skip
    names = {
        root: "c" + hashlib.sha256(first[root].encode()).hexdigest()[:15]
        for root in np.unique(roots).tolist()
    }
    return reports.select(
        "doc_id", cluster_id=pl.Series([names[r] for r in roots.tolist()], dtype=pl.String)
    )


class _Stories:
    """Sets of reports (union-find) of which none is told over more than WINDOW days."""

    def __init__(self, days: NDArray[np.int32], languages: Indices) -> None:
        self._parent = np.arange(len(days), dtype=np.int64)
        self.days = days
        self._first = days.astype(np.int64)
        self._last = np.where(days == _UNDATED, -_UNDATED, days).astype(np.int64)
        self._languages: list[frozenset[int]] = [frozenset([n]) for n in languages.tolist()]

    def roots(self) -> Indices:
        """Return for each report the first of its story."""
        while not np.array_equal(higher := self._parent[self._parent], self._parent):
            self._parent = higher
        return self._parent

    def join(self, one: int, other: int) -> None:
        """Make two stories one, unless that would be told for too long."""
        a, b = sorted((self._root(one), self._root(other)))
        first = min(self._first[a], self._first[b])
        last = max(self._last[a], self._last[b])
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


def _join_neighbours(
    stories: _Stories, keys: NDArray[np.uint64], minima: NDArray[np.uint16], same: float
) -> None:
    """Join reports of equal keys that are near in time and have enough minima in common."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    for step in range(1, min(NEIGHBOURS, len(order) - 1) + 1):
        roots = stories.roots()
        one, other = order[:-step], order[step:]
        apart = stories.days[other].astype(np.int64) - stories.days[one]
        near = (apart <= WINDOW) | (stories.days[other] == _UNDATED)
        found = np.flatnonzero((keys[:-step] == keys[step:]) & near & (roots[one] != roots[other]))
        for start in range(0, len(found), _PAIRS_AT_ONCE):
            some = found[start : start + _PAIRS_AT_ONCE]
            common = (minima[one[some]] == minima[other[some]]).mean(axis=1)
            for pair in some[common >= same].tolist():
                stories.join(int(one[pair]), int(other[pair]))


def _telling_the_same(
    reports: pl.DataFrame, roots: Indices, events: pl.DataFrame
) -> list[tuple[int, int]]:
    """Pair stories of different languages that share kept events of a day, the surest first.

    An event is what (root code) passes between which countries, either way round: languages
    differ in whom they name. One that n stories tell weighs 2/n; a pair needs a weight of 1,
    and 2 events that are a third of the shorter story's, or the only one that it tells.
    """
    told = (
        reports.select("doc_id", "published", "language", story=roots)
        .join(events.filter(pl.col("dropped").is_null()).select("doc_id", *TOLD), on="doc_id")
        .filter(pl.col("published").is_not_null(), pl.col("source") != "", pl.col("target") != "")
        .with_columns(
            one=pl.min_horizontal("source_country", "target_country"),
            other=pl.max_horizontal("source_country", "target_country"),
        )
        .select("story", "published", "language",
                event=pl.struct("published", "one", "other", "root_code").rank("dense"))
        .unique()
    )  # fmt: skip
    told = told.with_columns(
        n_told=pl.len().over("story", "published", "language"), n_tellers=pl.len().over("event")
    ).filter(pl.col("n_tellers") <= CROWD)
    pairs = told.join(told, on="event", suffix="_other").filter(
        pl.col("language") < pl.col("language_other"), pl.col("story") != pl.col("story_other")
    )
    shared, fewer = pl.col("shared"), pl.col("fewer")
    return (
        pairs.group_by("story", "story_other", "published")
        .agg(
            shared=pl.len(),
            fewer=pl.min_horizontal("n_told", "n_told_other").min(),
            weight=(2 / pl.col("n_tellers")).sum().round(6),
        )
        .filter((pl.col("weight") >= 1) & (shared * 3 >= fewer) & ((shared > 1) | (fewer == 1)))
        .sort("weight", "story", "story_other", descending=[True, False, False])
        .select("story", "story_other")
        .rows()
    )


TOLD = ("source", "source_country", "target", "target_country", "root_code")
