"""Characters to tokens and back: where mentions lie, which pairs of them are asked about."""

import math
import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from eventcoder.duals import duals, is_dual, leans
from eventcoder.quotations import quotations, within

NULL_SOURCE, NULL_TARGET, FIRST_MENTION = 0, 1, 2
_LEAST = 1e-6  # a tag's least probability, whose logarithm is wanted
MAX_MENTIONS = 14  # a sentence with more keeps the most probable; seen in 0.02 % of real news
OUTSIDE, BEGIN, INSIDE = 0, 1, 2
# What a document resolves. Corpora don't mark them, so they are candidates by their words.
PRONOUNS = frozenset({"he", "she", "they", "him", "them", "وی", "او", "ایشان", "آنها", "آنان"})
_PRONOUN = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(PRONOUNS))})(?!\w)", re.IGNORECASE)

Offsets = Sequence[tuple[int, int]]


def token_span(offsets: Offsets, start: int, end: int) -> tuple[int, int] | None:
    """Return the half-open token range that overlaps characters [start, end), None if none does.

    `offsets` are (start, end) of every token, (0, 0) for special tokens.

    >>> token_span([(0, 0), (0, 4), (4, 9), (0, 0)], 5, 9)
    (2, 3)
    """
    inside = [i for i, (a, b) in enumerate(offsets) if a < end and b > start and b > a]
    return (inside[0], inside[-1] + 1) if inside else None


def decode_mentions(
    probabilities: NDArray[np.float32], offsets: Offsets, text: str, threshold: float
) -> list[tuple[int, int, int, int]]:
    """Return mentions as (start, end, first token, last token + 1) from tag probabilities.

    `probabilities` is [tokens, 3] (outside, begin, inside). Of all sequences of tags in which
    inside follows begin or inside the most probable is taken (Viterbi): token by token, the words
    of one mention would part wherever one of them is unsure. A mention counts if its tokens are
    in one with a mean probability of `threshold`. Mentions grow to whole words, since half a word
    names nobody.
    """
    certain = 1.0 - probabilities[:, OUTSIDE]
    runs = [
        run for run in _most_probable(probabilities, offsets)
        if certain[slice(*run)].mean() >= threshold
    ]  # fmt: skip
    if len(runs) > MAX_MENTIONS:
        runs = sorted(sorted(runs, key=lambda r: -certain[slice(*r)].mean())[:MAX_MENTIONS])
    found: list[tuple[int, int, int, int]] = []
    for run in runs:
        first, last = run
        start, end = _whole_words(text, offsets[first][0], offsets[last - 1][1])
        if found and start < found[-1][1]:  # two runs inside one word are one mention
            start, first = found[-1][0], found[-1][2]
            found.pop()
        if end > start:
            found.append((start, end, first, last))
    return found


def _most_probable(probabilities: NDArray[np.float32], offsets: Offsets) -> list[tuple[int, int]]:
    """Return the half-open token ranges of the most probable tags; empty tokens are outside."""
    runs: list[tuple[int, int]] = []
    ways: list[tuple[bool, bool]] = []  # of each token: after an outside one? begins a mention?
    # The log probability of the best tags so far that end outside and in a mention.
    out, within_one = 0.0, -math.inf
    logs = np.log(np.maximum(probabilities, _LEAST)).tolist()
    for (start, end), (outside, begin, inside) in zip(offsets, logs, strict=True):
        after = out >= within_one  # what precedes an outside or a begin
        best = max(out, within_one)
        opens = best + begin > within_one + inside
        ways.append((after, opens))
        out, within_one = best + outside, max(best + begin, within_one + inside)
        if start == end:
            within_one = -math.inf
    at_out, last = out >= within_one, len(ways)
    for i in range(len(ways) - 1, -1, -1):
        after, opens = ways[i]
        if at_out:
            at_out, last = after, i
        elif opens:
            runs.append((i, last))
            at_out, last = after, i
    return runs[::-1]


def with_pronouns(
    found: list[tuple[int, int, int, int]], offsets: Offsets, text: str
) -> list[tuple[int, int, int, int]]:
    """Add pronouns and words for two ("both sides") to a sentence's mentions, each word once.

    There are up to `MAX_MENTIONS`. Of two alike the one outside quotation marks is taken, who
    speaks: "'He must go,' he said".
    """
    quoted = quotations(text)
    hits = [*duals(text), *(hit.span() for hit in _PRONOUN.finditer(text))]
    words: set[str] = set()
    for span in sorted(hits, key=lambda hit: within(hit[0], quoted)):
        word = text[slice(*span)].casefold()
        lies_in_one = any(start < span[1] and end > span[0] for start, end, _, _ in found)
        if word in words or lies_in_one or len(found) == MAX_MENTIONS:
            continue
        words.add(word)
        if token := token_span(offsets, *span):
            found = sorted([*found, (*span, *token)])
    return _joined(found, text)


def _joined(found: list[tuple[int, int, int, int]], text: str) -> list[tuple[int, int, int, int]]:
    """Join a role with the words for two that it leans on: "وزيرا خارجية" and "البلدين"."""
    if not duals(text):
        return found
    joined = found[:1]
    for mention in found[1:]:
        start, _, first, _ = joined[-1]
        if mention[:2] in duals(text) and leans(text[start : mention[0]]):
            joined[-1] = (start, mention[1], first, mention[3])
        else:
            joined.append(mention)
    return joined


def dual_mentions(places: Sequence[tuple[int, int]], text: str) -> tuple[int, ...]:
    """Return which mentions stand for two: acts of theirs with each other are asked about."""
    if not duals(text):
        return ()
    return tuple(i for i, (start, end) in enumerate(places) if is_dual(text, start, end))


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Grow to word ends, leave out spaces and punctuation at the rims."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum() and text[end - 1] not in ".)":
        end -= 1
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return start, end


@cache
def pairs(mentions: int, duals: tuple[int, ...] = ()) -> tuple[tuple[int, int], ...]:
    """Return the ordered pairs asked about: indices into [null source, null target, mentions...].

    `duals` are the mentions that are asked about with themselves too.

    >>> pairs(1)
    ((2, 1), (0, 2))
    """
    ids = range(FIRST_MENTION, FIRST_MENTION + mentions)
    return (
        *((s, t) for s in ids for t in ids if s != t),
        *((s, NULL_TARGET) for s in ids),
        *((NULL_SOURCE, t) for t in ids),
        *((FIRST_MENTION + both,) * 2 for both in duals),
    )


def mention_weights(spans: Sequence[Sequence[tuple[int, int]]], tokens: int) -> NDArray[np.float32]:
    """Return [batch, 2 + most mentions, tokens]: each mention's row averages over its tokens."""
    most = FIRST_MENTION + max((len(s) for s in spans), default=0)
    weights = np.zeros((len(spans), most, tokens), np.float32)
    for b, sentence in enumerate(spans):
        for m, (first, last) in enumerate(sentence):
            weights[b, FIRST_MENTION + m, first:last] = 1.0 / (last - first)
    return weights


def pair_indices(
    counts: Sequence[int], duals: Sequence[tuple[int, ...]] = ()
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return [batch, most pairs, 2] indices and [batch, most pairs] which of them are real."""
    asked = [pairs(n, both) for n, both in zip(counts, duals or [()] * len(counts), strict=True)]
    most = max(map(len, asked), default=0)
    indices = np.zeros((len(counts), most, 2), np.int64)
    indices[..., 1] = NULL_TARGET
    real = np.zeros((len(counts), most), bool)
    for b, row in enumerate(asked):
        if row:
            indices[b, : len(row)] = row
            real[b, : len(row)] = True
    return indices, real
