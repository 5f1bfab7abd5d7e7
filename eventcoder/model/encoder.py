"""Sentences in, readings out: the exported network on ONNX Runtime."""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

# ONNX Runtime tells Microsoft how it is used unless this is set before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

from eventcoder.errors import EventcoderError, one_line
from eventcoder.gold import MODALITIES
from eventcoder.model import description, spans
from eventcoder.model.confidence import Calibration
from eventcoder.records import Act, Mention, Reading

FORMAT = 1
PORTS = {  # inputs and outputs
    "encoder.onnx": [["ids", "mask"], ["hidden", "tags"]],
    "pair.onnx": [["hidden", "mask", "mention_weights", "pairs"],
                  ["event", "codes", "modality", "attention"]],
}  # fmt: skip
TOKENS_PER_BATCH = 640  # padded; larger ones fall out of a core's cache
ACT_FLOOR = 0.05  # pairs less probable than this are not handed on at all
SPREAD = 2.0  # the most pairs of a sentence in a pass of the pair head, times the fewest
DUAL_CERTAINTY = 0.7  # that "both sides" are actors
WORD_SHARE = 0.15  # words of the act reach as far as attention is this share of its peak

Floats = NDArray[np.float32]


class EncoderModel:
    """A model folder made by `eventcoder train`, ready to read sentences.

    Batches are read side by side, each on one core (`threads` 0: on every core there is): then no
    core waits for another within a layer, nor for the Python between two batches.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        missing = [name for name in description.FILES if not (folder / name).is_file()]
        if missing:
            raise EventcoderError(f"{folder} is no model folder: {', '.join(missing)} missing")
        try:
            self.about: dict[str, Any] = json.loads((folder / "model.json").read_text("utf-8"))
            if self.about["format"] != FORMAT:
                raise EventcoderError(
                    f"{folder} has model format {self.about['format']}, this version reads {FORMAT}"
                )
            self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            options.log_severity_level = 3
            # The small one first: it tells how many codes there must be.
            self._pair = _session(folder / "pair.onnx", options)
            outputs = self._pair.get_outputs()[1].shape[-1]
            if fault := next(description.faults(self.about, outputs), None):
                raise EventcoderError(f"{folder} is damaged: model.json: {fault}")
            self._encoder = _session(folder / "encoder.onnx", options)
            self._calibration = Calibration.of(self.about["calibration"])
        except EventcoderError:
            raise
        except Exception as error:  # onnxruntime and tokenizers raise bare Exceptions
            raise EventcoderError(f"{folder} is damaged: {one_line(str(error))}") from None
        self.folder = folder
        self.codes: list[str] = self.about["codes"]
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(int(self.about["max_tokens"]))
        self._roots = sorted({self.about["root_of"][c] for c in self.codes})
        self._root_index = np.array(
            [self._roots.index(self.about["root_of"][c]) for c in self.codes]
        )
        bases = sorted({self.about["base_of"][c] for c in self.codes})
        self._base_index = np.array([bases.index(self.about["base_of"][c]) for c in self.codes])
        self.threads = threads or _cores()
        self._pool = ThreadPoolExecutor(self.threads) if self.threads > 1 else None

    @property
    def name(self) -> str:
        """The model's name as its maker gave it."""
        return str(self.about["name"])

    @property
    def threshold(self) -> float:
        """The confidence under which an event is dropped unless the user says otherwise."""
        return float(self.about["threshold"])

    @cached_property
    def digest(self) -> str:
        """A short sha256 over the folder's files: what made these codes."""
        return description.digest(self.folder)

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Read sentences; readings come in the order of `texts` and don't depend on company."""
        readings: list[Reading | None] = [None] * len(texts)
        encodings = self.tokenizer.encode_batch(list(texts))
        groups = list(_groups([len(e.ids) for e in encodings]))[::-1]  # the longest first

        def read(group: list[int]) -> list[Reading]:
            return list(self._read([encodings[i] for i in group], [texts[i] for i in group]))

        side_by_side = self._pool.map if self._pool and len(groups) > 1 else map
        for group, found in zip(groups, side_by_side(read, groups), strict=True):
            for i, reading in zip(group, found, strict=True):
                readings[i] = reading
        return [r for r in readings if r is not None]

    def confidence(self, act: Act, open_source: bool, open_target: bool) -> float:
        """Return the calibrated probability that an act's actors and root code are right."""
        return self._calibration.confidence(act, open_source, open_target)

    def judge(
        self, texts: Sequence[str], ends: Sequence[tuple[tuple[int, int] | None, ...]]
    ) -> list[tuple[float, Floats]]:
        """Return (probability of an act, code probabilities) for given (source, target) spans.

        Spans are character offsets or None; a probability vector follows the order of `codes`.
        """
        out: list[tuple[float, Floats] | None] = [None] * len(texts)
        encodings = self.tokenizer.encode_batch(list(texts))
        for group in _groups([len(e.ids) for e in encodings]):
            ids, mask = _padded([encodings[i] for i in group])
            hidden, _ = self._encoder.run(None, {"ids": ids, "mask": mask})
            mentions, asked = [], []
            for i in group:
                tokens = [
                    span and spans.token_span(encodings[i].offsets, *span) for span in ends[i]
                ]
                mentions.append([token for token in tokens if token])
                asked.append(_slots(tokens))
            # Every pair is asked, as in reading: what the others are tells of this one.
            pairs, _ = spans.pair_indices([len(found) for found in mentions])
            if not pairs.size:  # nobody is named in any
                pairs = np.array(asked)[:, None]
            event, codes, _, _ = self._ask(hidden, mask, mentions, pairs)
            for row, i in enumerate(group):
                at = int((pairs[row] == asked[row]).all(-1).argmax())
                out[i] = float(event[row, at]), codes[row, at]
        return [o for o in out if o is not None]

    def _ask(
        self,
        hidden: Floats,
        mask: NDArray[np.int64],
        mentions: Sequence[Sequence[tuple[int, int]]],
        pairs: NDArray[np.int64],
    ) -> tuple[Floats, Floats, Floats, Floats]:
        weights = spans.mention_weights(mentions, hidden.shape[1])
        feed = {"hidden": hidden, "mask": mask, "mention_weights": weights, "pairs": pairs}
        event, codes, modality, attention = self._pair.run(None, feed)
        return event, codes, modality, attention

    def _read(self, encodings: Sequence[Any], texts: Sequence[str]) -> Iterator[Reading]:
        ids, mask = _padded(encodings)
        hidden, tags = self._encoder.run(None, {"ids": ids, "mask": mask})
        found = [
            spans.decode_mentions(
                tags[b, : len(e.ids)], e.offsets, texts[b], self.about["mention_threshold"]
            )
            for b, e in enumerate(encodings)
        ]
        found = [
            spans.with_pronouns(f[: spans.MAX_MENTIONS - 1], e.offsets, texts[b])
            for b, (f, e) in enumerate(zip(found, encodings, strict=True))
        ]
        acts: dict[int, tuple[Act, ...]] = {}
        for like in _alike([len(f) for f in found]):
            tokens = [[(first, last) for _, _, first, last in found[b]] for b in like]
            both = [
                spans.dual_mentions([(s, e) for s, e, _, _ in found[b]], texts[b]) for b in like
            ]
            indices, real = spans.pair_indices([len(t) for t in tokens], both)
            out = self._ask(hidden[like], mask[like], tokens, indices)
            for row, b in enumerate(like):
                probability = out[0][row] * real[row]
                sure = _mention_certainty(tags[b], tokens[row], both[row])
                acts[b] = self._acts(
                    texts[b], encodings[b].offsets, indices[row], probability,
                    out[1][row], out[2][row], out[3][row], sure,
                )  # fmt: skip
        means = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        meanings = means.astype("<f2")
        for b, encoding in enumerate(encodings):
            mentions = tuple(Mention(s, e, texts[b][s:e]) for s, e, _, _ in found[b])
            overlong = bool(encoding.overflowing)
            yield Reading(mentions, acts.get(b, ()), overlong, meanings[b].tobytes())

    def _acts(
        self,
        text: str,
        offsets: spans.Offsets,
        pairs: NDArray[np.int64],
        event: Floats,
        codes: Floats,
        modality: Floats,
        attention: Floats,
        certainty: Floats,
    ) -> tuple[Act, ...]:
        """Choose the acts of one sentence, the surest first; rivals for one act give way."""
        chosen: list[tuple[int, int, int, Act]] = []
        order = np.argsort(-event, kind="stable")
        for p in order[event[order] >= ACT_FLOOR]:
            source, target = (int(i) for i in pairs[p])
            # A second root of the same pair was right in one of twenty: it is an alternative.
            roots = np.bincount(self._root_index, codes[p], len(self._roots))
            root = int(roots.argmax())
            if _has_rival(chosen, source, target, root, self._symmetric(codes[p], root)):
                continue
            code, alternatives = self._choose(codes[p], root)
            ends = float(certainty[source] * certainty[target])
            act = Act(
                source - spans.FIRST_MENTION if source >= spans.FIRST_MENTION else None,
                target - spans.FIRST_MENTION if target >= spans.FIRST_MENTION else None,
                _words(text, offsets, attention[p]),
                code,
                0.0,
                alternatives,
                MODALITIES[int(modality[p].argmax())],
                (float(event[p]), float(roots[root]), ends),
            )
            if act.code in self.about["symmetric"]:
                act = _first_named(act)
            act = replace(act, confidence=self.confidence(act, *_open(act)))
            if _hangs_on(act, root, chosen):
                continue
            chosen.append((source, target, root, act))
        return tuple(act for *_, act in chosen)

    def _symmetric(self, codes: Floats, root: int) -> bool:
        best = int(np.where(self._root_index == root, codes, 0).argmax())
        return self.codes[best] in self.about["symmetric"]

    def _choose(self, codes: Floats, root: int) -> tuple[str, tuple[tuple[str, float], ...]]:
        """Back off from the likeliest leaf to its base or its root's general code when unsure."""
        inside = np.where(self._root_index == root, codes, 0.0)
        total = float(inside.sum()) or 1.0
        best = int(inside.argmax())
        code, base = self.codes[best], self.about["base_of"][self.codes[best]]
        if inside[best] < self.about["leaf_threshold"] * total and len(code) == 4:
            code = base
        of_base = float(inside[self._base_index == self._base_index[best]].sum())
        general = self._roots[root] + "0"
        if of_base < self.about["base_threshold"] * total and general in self.about["base_of"]:
            code = general
        top = np.argsort(-codes, kind="stable")[:5]
        return code, tuple(
            (self.codes[i], round(float(codes[i]), 4)) for i in top if codes[i] > 0.01
        )


def _slots(tokens: Sequence[object]) -> tuple[int, ...]:
    """Number a pair's ends: the null slots, or the mentions in order."""
    slots = iter(range(spans.FIRST_MENTION, spans.FIRST_MENTION + len(tokens)))
    null = (spans.NULL_SOURCE, spans.NULL_TARGET)
    return tuple(next(slots) if token else n for token, n in zip(tokens, null, strict=True))


def _open(act: Act) -> tuple[bool, bool]:
    return act.source is None, act.target is None


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _session(file: Path, options: Any) -> Any:
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    ends = [[end.name for end in ends] for ends in (session.get_inputs(), session.get_outputs())]
    if ends != PORTS[file.name]:
        raise EventcoderError(f"{file.parent} is damaged: {file.name} is another network")
    return session


def _groups(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield indices of like length, at most TOKENS_PER_BATCH padded tokens a group."""
    group: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if group and (len(group) + 1) * lengths[i] > TOKENS_PER_BATCH:
            yield group
            group = []
        group.append(i)
    if group:
        yield group


def _alike(mentions: Sequence[int]) -> Iterator[list[int]]:
    """Yield indices of sentences with nearly as many mentions, of those with any.

    Pairs go with the square of mentions, so filling up to the fullest sentence of a batch would
    be most of the work.
    """
    group: list[int] = []
    for i in sorted((i for i, n in enumerate(mentions) if n), key=lambda i: (mentions[i], i)):
        if group and len(spans.pairs(mentions[i])) > SPREAD * len(spans.pairs(mentions[group[0]])):
            yield group
            group = []
        group.append(i)
    if group:
        yield group


def _padded(encodings: Sequence[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    longest = max(len(e.ids) for e in encodings)
    ids, mask = np.ones((2, len(encodings), longest), np.int64)  # 1 is <pad>
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding.ids)] = encoding.ids
        mask[row, len(encoding.ids) :] = 0
    return ids, mask


def _mention_certainty(
    tags: Floats, tokens: Sequence[tuple[int, int]], duals: Sequence[int]
) -> Floats:
    """Return how surely each slot is an actor: 1 for the two null slots, else its tokens' mean.

    Words for two are hardly marked in what the tagger learnt from; `DUAL_CERTAINTY` at least.
    """
    inside = [float(1 - tags[first:last, spans.OUTSIDE].mean()) for first, last in tokens]
    for i in duals:
        inside[i] = max(inside[i], DUAL_CERTAINTY)
    return np.array([1.0] * spans.FIRST_MENTION + inside, np.float32)


def _has_rival(
    chosen: Sequence[tuple[int, int, int, Act]], source: int, target: int, root: int, mutual: bool
) -> bool:
    """Tell whether a surer act tells this one: mirrored if mutual, or with an end unsaid."""
    for s, t, r, _ in chosen:
        if r != root:
            continue
        if mutual and (s, t) == (target, source):
            return True
        if target == spans.NULL_TARGET and s == source:
            return True
        if source == spans.NULL_SOURCE and t == target:
            return True
    return False


def _hangs_on(act: Act, root: int, chosen: Sequence[tuple[int, int, int, Act]]) -> bool:
    """Tell whether an act is a surer one's with its source as target, or its target as source.

    If the words and the root are the same, it is no act of its own: of 120 such two were right.
    """
    for *_, r, other in chosen:
        if r != root or not act.words or not other.words:
            continue
        same = act.words.start < other.words.end and other.words.start < act.words.end
        ends = ((act.source, other.target), (act.target, other.source))
        if same and any(one == end is not None for one, end in ends):
            return True
    return False


def _first_named(act: Act) -> Act:
    """A mutual act is one row whose source is the first named."""
    if act.source is None or act.target is None or act.source < act.target:
        return act
    return replace(act, source=act.target, target=act.source)


def _words(text: str, offsets: spans.Offsets, attention: Floats) -> Mention | None:
    """Return the words for the act: the stretch around the token attended to most."""
    n = len(offsets)
    share = attention[:n].copy()
    share[[i for i, (a, b) in enumerate(offsets) if a == b]] = 0.0
    first = last = int(share.argmax())
    while first > 0 and share[first - 1] >= WORD_SHARE * share.max():
        first -= 1
    while last + 1 < n and share[last + 1] >= WORD_SHARE * share.max():
        last += 1
    start, end = offsets[first][0], offsets[last][1]
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return Mention(start, end, text[start:end]) if end > start else None
