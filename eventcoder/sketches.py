"""Documents in, sketches that near-duplicates are known by out; they wait on disk."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from eventcoder.errors import EventcoderError
from eventcoder.extraction import Extracted
from eventcoder.languages import fold_with_offsets

# MinHash (Broder 1997) over pairs of neighbouring words: on tests/sample/duplicates.jsonl rewrites
# share at least 0.31 of them and reports of other stories at most 0.26 (of triples 0.20 and 0.19).
PERMUTATIONS = 128
SEED = 42
ROWS = 3  # minima a band: two texts with 0.4 in common meet in one of 42 bands in 94 of 100 cases
UNDATED = np.iinfo(np.int32).max
LOW = np.uint64(0xFFFFFFFF)
AT_ONCE = 1 << 16  # reports in memory beside what is kept of each
ROWS_AT_ONCE = 1 << 10  # reports anywhere in a file: each maps 64 kB of it

# What is kept of each document of a part, in its order; without sentences it has no sketch. The
# meaning is the mean of its first sentences', in half precision. `record` is a digest of what was
# read: `code --resume` knows the corpus by it.
SKETCHES = pl.Schema([
    ("doc_id", pl.String()), ("published", pl.Date()), ("language", pl.String()),
    ("text_sha256", pl.String()), ("sketch", pl.Array(pl.UInt16, PERMUTATIONS)),
    ("meaning", pl.Binary()), ("record", pl.String()),
])  # fmt: skip

_WORD = re.compile(r"\w+")
_SHA256 = "^[0-9a-f]{64}$"
# What a report is ordered and named by; `place` is that of its document in the corpus.
_HEAD = np.dtype([("digest", "u8"), ("id", "u8"), ("day", "i4"), ("language", "u4"),
                  ("place", "u4")])  # fmt: skip
_TOLD = np.dtype([("report", "u4"), ("root", "u4"), ("dyad", "u8")])
_HALF_FLOAT = np.dtype("<f2")
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio (Knuth's multiplicative hash)
_HALF = np.uint64(32)
_PLACES = np.arange(0, 16 * ROWS, 16, dtype=np.uint64)
# Who acted with whom, either way round.
_DYAD = pl.concat_str(
    pl.min_horizontal("source_country", "target_country"),
    pl.max_horizontal("source_country", "target_country"), separator=" ",
).hash()  # fmt: skip
LEAST = 30  # reports of a language, from which on their mean is known

Indices = NDArray[np.int64]
Keys = NDArray[np.uint64]


def sketch_rows(
    documents: pl.DataFrame,
    extracted: Iterable[Extracted],
    records: Sequence[str | None] | None = None,
) -> pl.DataFrame:
    """Return what duplicates of these documents are known by, a row each in their order.

    The title counts only where there is nothing else: rewrites change it first.
    """
    ids, texts, meanings = [], [], []
    for document in extracted:
        sentences = document.prepared.sentences
        body = [s.text for s in sentences if s.number > 0] or [s.text for s in sentences]
        if body:
            ids.append(document.prepared.document.doc_id)
            texts.append("\n".join(body))
            meanings.append(_mean(document.meanings))
    known = ("doc_id", "sketch", "meaning")
    sketches = pl.DataFrame(
        {"doc_id": ids, "sketch": sketch(texts), "meaning": meanings},
        schema={name: SKETCHES[name] for name in known},
    )
    told = documents.select("doc_id", "published", "language", "text_sha256").join(
        sketches, on="doc_id", how="left", maintain_order="left"
    )
    return told.with_columns(pl.Series("record", records or [None] * told.height, pl.String))


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


def _mean(meanings: Sequence[bytes]) -> bytes | None:
    if not meanings:
        return None
    mean = np.mean([np.frombuffer(meaning, _HALF_FLOAT) for meaning in meanings], axis=0)
    return bytes(mean.astype(_HALF_FLOAT).tobytes())


def _word_pairs(text: str) -> list[str]:
    words = _WORD.findall(fold_with_offsets(text)[0].lower())
    return [f"{a} {b}" for a, b in pairwise(words)] or words


def refuse_unsound(sketches: pl.DataFrame) -> None:
    """Refuse a part's sketches that no run of this version wrote, or that were changed since."""
    if sketches.schema != SKETCHES:
        raise EventcoderError("another version made this run: code the corpus again")
    told = sketches.filter(pl.col("sketch").is_not_null())
    meant = told["meaning"].bin.size()
    if not (
        told["text_sha256"].str.contains(_SHA256).fill_null(value=False).all()
        and meant.drop_nulls().n_unique() <= 1
        and (meant % _HALF_FLOAT.itemsize == 0).all()
        and (meant > 0).all()
    ):
        raise EventcoderError("the run's sketches are damaged: code the corpus again")


class Reports:
    """Documents with a sketch: on disk as they came, in memory by day, then by content.

    What follows goes by this second order alone.
    """

    def __init__(self, folder: str | Path | None) -> None:
        self._minima, self._heads, self._told, self._meanings = (
            cast(BinaryIO, TemporaryFile(dir=folder))  # noqa: SIM115 (closed at the end of `with`)
            for _ in range(4)
        )
        self._sizes: list[int] = []
        self._languages: dict[str | None, int] = {}  # a bit each
        self.count = self.events = self._with_meaning = self._width = 0

    def __enter__(self) -> "Reports":
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._minima, self._heads, self._told, self._meanings):
            file.close()

    def add(self, sketches: pl.DataFrame, events: pl.DataFrame) -> None:
        """Take in a part: sketches of its documents, their coded events."""
        refuse_unsound(sketches)
        reports = (
            sketches.with_row_index("place", sum(self._sizes))
            .filter(pl.col("sketch").is_not_null())
            .with_row_index("report", self.count)
        )
        self._sizes.append(sketches.height)
        heads = np.empty(reports.height, _HEAD)
        heads["place"] = reports["place"].to_numpy()
        heads["day"] = reports["published"].to_physical().fill_null(UNDATED).to_numpy()
        heads["digest"] = [int(digest[:16], 16) for digest in reports["text_sha256"]]
        heads["id"] = reports["doc_id"].hash().to_numpy()
        heads["language"] = [
            1 << self._languages.setdefault(name, len(self._languages) % 32)
            for name in reports["language"]
        ]
        dated = reports.filter(pl.col("published").is_not_null())
        kept = (
            events.filter(
                pl.col("dropped").is_null(), pl.col("source") != "", pl.col("target") != ""
            )
            .join(dated.select("doc_id", "report"), on="doc_id")
            .select("report", dyad=_DYAD, root=pl.col("root_code").hash() % (1 << 32))
            .unique()
        )
        told = np.empty(kept.height, _TOLD)
        for name in kept.columns:
            told[name] = kept[name].to_numpy()
        if reports.height and not reports["meaning"].null_count():
            width = len(reports["meaning"][0]) // _HALF_FLOAT.itemsize
            if self._width not in (0, width):
                raise EventcoderError("the run's sketches differ in length: code the corpus again")
            self._width = width
            self._meanings.writelines(reports["meaning"])
            self._with_meaning += reports.height
        self._heads.write(heads.tobytes())
        self._told.write(told.tobytes())
        self._minima.write(np.ascontiguousarray(reports["sketch"].to_numpy()).tobytes())
        self.count += reports.height
        self.events += kept.height

    def order(self) -> None:
        """Put the reports into the order of days, then of contents."""
        for file in (self._minima, self._heads, self._told, self._meanings):
            file.flush()
        heads = self._read(self._heads, _HEAD, self.count)
        order = np.lexsort((heads["id"], heads["digest"], heads["day"]))
        self.row = order.astype(np.uint32)  # of each report, where it came
        self.rank = np.empty(self.count, np.uint32)  # of each that came, its place by day
        self.rank[order] = np.arange(self.count, dtype=np.uint32)
        self.days = heads["day"][order]
        self.languages = heads["language"][order]

    def same_texts(self) -> Indices:
        """Return the reports that tell the text of the one before them, on its day."""
        digests = self._read(self._heads, _HEAD, self.count)["digest"][self.row]
        return np.flatnonzero((digests[1:] == digests[:-1]) & (self.days[1:] == self.days[:-1])) + 1

    def band(self, start: int) -> Keys:
        """Return a number a report, sorted: 32 bits made of the band's minima, 32 of its place."""
        keys = np.empty(self.count, np.uint64)
        for first in range(0, self.count, AT_ONCE):
            here = slice(first, min(first + AT_ONCE, self.count))
            band = self._sketches()[here, start : start + ROWS].astype(np.uint64)
            key = (band << np.arange(0, 16 * ROWS, 16, dtype=np.uint64)).sum(
                axis=1, dtype=np.uint64
            )
            keys[here] = ((key * _MIX) & ~LOW) | self.rank[here]
        keys.sort()
        return keys

    def common(self, one: Keys, other: Keys) -> NDArray[np.float64]:
        """Return the share of minima that pairs of reports have in common."""
        sketches = self._sketches()
        same = sketches[self.row[one]] == sketches[self.row[other]]
        return cast(NDArray[np.float64], same.mean(axis=1))

    def told(self) -> Iterator[pl.DataFrame]:
        """Yield the kept events by day, all of a day at once."""
        told = self._read(self._told, _TOLD, self.events)
        order = (self.rank[told["report"]].astype(np.uint64) << _HALF) | np.arange(
            self.events, dtype=np.uint64
        )
        order.sort()
        start = 0
        while start < self.events:
            end = min(start + AT_ONCE // 4, self.events) - 1
            day = self.days[int(order[end] >> _HALF)]
            past = np.searchsorted(self.days, day, "right")  # the first report of a later day
            end = int(np.searchsorted(order, np.uint64(past) << _HALF))
            report = order[start:end] >> _HALF
            yield pl.DataFrame({
                "report": report, "day": self.days[report], "language": self.languages[report],
                **{name: told[name][order[start:end] & LOW] for name in ("dyad", "root")},
            })  # fmt: skip
            start = end

    def meanings(self, reports: Keys) -> NDArray[np.float32]:
        """Return what reports mean beside the mean of their language: rows of length one."""
        meant = np.empty((len(reports), self._width), np.float32)
        for start in range(0, len(reports), ROWS_AT_ONCE):
            some = slice(start, start + ROWS_AT_ONCE)
            meant[some] = self._all_meanings()[self.row[reports[some]]]
        for language, mean in self.means.items():
            meant[self.languages[reports] == language] -= mean
        length = np.maximum(np.linalg.norm(meant, axis=1, keepdims=True), 1e-9)
        return cast(NDArray[np.float32], meant / length)

    @cached_property
    def means(self) -> dict[int, NDArray[np.float32]]:
        """The mean meaning of each language; none if a language has too few reports for one."""
        total: dict[int, Any] = {}
        languages, counts = np.unique(self.languages, return_counts=True)
        if not self._width or self._with_meaning < self.count or counts.min() < LEAST:
            return {}
        for first in range(0, self.count, AT_ONCE):
            here = slice(first, first + AT_ONCE)
            meant, spoken = self._all_meanings()[here], self.languages[self.rank[here]]
            for language in languages.tolist():
                # Exact, so in any order: halves have 24 bits below one, and a double takes 53.
                some = meant[spoken == language].sum(axis=0, dtype=np.float64)
                total[language] = total.get(language, 0) + some
        return {
            language: (total[language] / count).astype(np.float32)
            for language, count in zip(languages.tolist(), counts.tolist(), strict=True)
        }

    def _all_meanings(self) -> NDArray[np.float16]:
        return self._read(self._meanings, _HALF_FLOAT, (self.count, self._width))

    def named(self, roots: NDArray[np.uint32]) -> list[Keys]:
        """Return the stories of each part's documents: 60 bits of the first report's text and day,
        0 where there is no sketch."""
        heads = self._read(self._heads, _HEAD, self.count)
        names = np.zeros(sum(self._sizes), np.uint64)
        for first in range(0, self.count, AT_ONCE):
            here = slice(first, first + AT_ONCE)
            told = heads[self.row[roots[here]]]
            name = (told["digest"] ^ (told["day"].astype(np.uint64) * _MIX)) >> np.uint64(4)
            names[heads["place"][self.row[here]]] = name
        return np.split(names, np.cumsum(self._sizes)[:-1]) if self._sizes else []

    def _sketches(self) -> NDArray[np.uint16]:
        """Map the sketches; what is read of them leaves memory with the array."""
        return self._read(self._minima, np.dtype(np.uint16), (self.count, PERMUTATIONS))

    @staticmethod
    def _read(file: BinaryIO, kind: np.dtype[Any], shape: int | tuple[int, int]) -> NDArray[Any]:
        empty = not np.prod(shape)
        return np.empty(shape, kind) if empty else np.memmap(file, kind, "r", shape=shape)
