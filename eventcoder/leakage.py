"""Sentences in, sketches out; sketches and gold in, the gold that training may have seen out."""

import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eventcoder.errors import EventcoderError, one_line
from eventcoder.languages import fold_with_offsets

# Bottom-k (Cohen and Kaplan 2007): of a text's hashes the k least; the k least of two texts'
# union are a sample of it. The standard error of the share is at most 0.125 at k = 16.
K = 16
SHINGLE = 5  # characters
NEAR = 0.5  # share of shingles in common (Jaccard) from which two sentences are near-duplicates
FILE = "trained_on.npy"  # in a model's folder
NONE = np.uint32(0xFFFFFFFF)  # fills the rows of texts with fewer than k shingles

Sketches = NDArray[np.uint32]  # [texts, K], each row ascending
_GAP = re.compile(r"[\W_]+")
# Odd multipliers that spread the bits of a 64-bit integer (splitmix64, Steele et al. 2014).
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def sketch(texts: Sequence[str]) -> Sketches:
    """Return the bottom-k sketch of each text: of letters and digits alone, folded.

    >>> a, b = sketch(["Iran met Iraq.", "IRAN  met Iraq"])
    >>> bool((a == b).all())
    True
    """
    out = np.full((len(texts), K), NONE, np.uint32)
    for row, text in enumerate(texts):
        hashes = _hashes(text)
        least = np.sort(hashes)[:K]
        out[row, : len(least)] = least
    return out


def _hashes(text: str) -> Sketches:
    """Return the 32-bit hashes of a text's shingles, each once; of a short text, its own."""
    words = _GAP.sub(" ", fold_with_offsets(text)[0].casefold()).strip()
    if len(words) <= SHINGLE:
        return np.array([zlib.crc32(words.encode()) if words else 0][: bool(words)], np.uint32)
    letters = np.frombuffer(words.encode("utf-32-le"), np.uint32).astype(np.uint64)
    mixed = np.zeros(len(letters) - SHINGLE + 1, np.uint64)
    for at in range(SHINGLE):
        mixed = (mixed ^ letters[at : at + len(mixed)]) * _FIRST
        mixed ^= mixed >> np.uint64(31)
    mixed *= _SECOND
    return np.unique((mixed >> np.uint64(32)).astype(np.uint32))


def near(sketches: Sketches, gold: Sequence[str]) -> list[int]:
    """Return the indices of gold texts of which some sketched text is a near-duplicate."""
    if not len(sketches) or not len(gold):
        return []
    asked = sketch(gold)
    order = np.argsort(sketches, axis=None, kind="stable")
    hashes, owners = sketches.ravel()[order], (order // K).astype(np.int32)
    starts = np.searchsorted(hashes, asked, "left")
    ends = np.where(asked == NONE, starts, np.searchsorted(hashes, asked, "right"))
    found = []
    for row, (first, last) in enumerate(zip(starts, ends, strict=True)):
        met = np.concatenate([owners[a:b] for a, b in zip(first, last, strict=True)])
        candidates, shared = np.unique(met, return_counts=True)
        # Fewer than half of the smaller sketch in common can't be half of the union's sample.
        size = np.minimum((sketches[candidates] != NONE).sum(1), (asked[row] != NONE).sum())
        candidates = candidates[shared >= NEAR * size]
        if any(_jaccard(asked[row], sketches[c]) >= NEAR for c in candidates):
            found.append(row)
    return found


def _jaccard(a: Sketches, b: Sketches) -> float:
    """Return the share in common of the union's k least hashes."""
    a, b = a[a != NONE], b[b != NONE]
    sample = np.union1d(a, b)[:K]
    common = np.intersect1d(a, b, assume_unique=True)
    return float(np.isin(sample, common, assume_unique=True).mean()) if len(sample) else 0.0


def store(folder: Path, texts: Sequence[str], before: Sequence[Path] = ()) -> None:
    """Write the sketches of what a model was trained on into its folder.

    `before` are the folders of the models that it was made from, whose sentences count too; if
    one does not tell them, nothing is written: half of the truth would pass for the whole.
    """
    sketches = sketch(texts)
    for model in before:
        earlier = load(model)
        if earlier is None:
            (folder / FILE).unlink(missing_ok=True)
            return
        sketches = np.concatenate([earlier, sketches])
    np.save(folder / FILE, np.unique(sketches, axis=0), allow_pickle=False)


def load(folder: Path) -> Sketches | None:
    """Return the sketches in a model's folder; None of a model that has none."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        sketches = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise EventcoderError(f"{path} is damaged: {one_line(str(error))}") from None
    if not isinstance(sketches, np.ndarray) or sketches.dtype != np.uint32:
        raise EventcoderError(f"{path} is damaged: it holds no sketches")
    if sketches.ndim != 2 or sketches.shape[1] != K:
        raise EventcoderError(f"{path} is damaged: {sketches.shape} is not (sentences, {K})")
    return sketches
