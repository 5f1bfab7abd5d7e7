"""Examples in, padded training batches out: token tags, pair labels, what is unlabelled."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from eventcoder.duals import is_dual
from eventcoder.gold import MODALITIES, Example, Relation
from eventcoder.model import spans
from eventcoder.ontology import Ontology

IGNORE = -100
UNSPECIFIED = "UIS"  # code of states that a sentence does not name
# NER corpora name their types differently; what is not here (dates, sums) is left outside.
NAME_TYPES = {
    "PER": 0, "PERS": 0, "PERSON": 0, "ORG": 1, "ORGANISATION": 1, "POG": 1,
    "LOC": 2, "LOCATION": 2, "GPE": 2, "NAT": 3, "NORP": 3, "NATIONALITY": 3,
}  # fmt: skip
NAME_TAGS = 1 + 2 * 4  # outside, and begin and inside of four types


@dataclass(slots=True)
class Features:
    """One example in tokens; `acts` maps a pair of slots to its label."""

    id: str
    ids: list[int]
    tags: list[int]
    names: list[int]
    mentions: list[tuple[int, int]]
    acts: dict[tuple[int, int], "Act"] = field(default_factory=dict)
    unlabelled: set[tuple[int, int]] = field(default_factory=set)
    complete: bool = False
    duals: tuple[int, ...] = ()


@dataclass(slots=True)
class Act:
    """The label of a pair: weights over exact `codes`, or a set of codes of which one is right.

    `members` (for classes) excludes `codes` (for CAMEO codes). `perhaps_none`: the label's class
    also takes in sentences without an act (penta class 0).
    """

    codes: dict[int, float]
    members: tuple[int, ...]
    perhaps_none: bool
    modality: int
    words: tuple[int, int] | None


class Featurizer:
    """Turns examples into `Features` with one tokenizer and one ontology's codes."""

    def __init__(self, tokenizer: Tokenizer, ontology: Ontology, max_tokens: int = 256) -> None:
        self.tokenizer, self.ontology, self.max_tokens = tokenizer, ontology, max_tokens
        self.codes = [c for c in ontology.codes if c not in ontology.roots]
        self.index = {code: i for i, code in enumerate(self.codes)}

    def __call__(self, example: Example) -> Features:
        encoding = self.tokenizer.encode(example.text)
        encoding.truncate(self.max_tokens)
        offsets = encoding.offsets
        kept = {
            i: token for i, (a, b) in enumerate(example.spans)
            if (token := spans.token_span(offsets, a, b))
        }  # fmt: skip
        order = {old: spans.FIRST_MENTION + new for new, old in enumerate(kept)}
        features = Features(
            example.id, list(encoding.ids), self._tags(example, offsets, list(kept.values())),
            self._names(example, offsets), list(kept.values()), complete=example.complete,
        )  # fmt: skip
        for relation in example.relations:
            ends = (relation.source, relation.target)
            if ends == (None, None) or any(e is not None and e not in order for e in ends):
                continue
            source = spans.NULL_SOURCE if ends[0] is None else order[ends[0]]
            target = spans.NULL_TARGET if ends[1] is None else order[ends[1]]
            self._add(features, (source, target), relation, offsets)
        if example.complete:
            features.duals = tuple(
                new for new, old in enumerate(kept) if _is_labelled_dual(example, old)
            )
            self._unlabel(example, features, order)
        return features

    def _add(
        self, features: Features, pair: tuple[int, int], relation: Relation, offsets: spans.Offsets
    ) -> None:
        codes: dict[int, float] = {}
        members: tuple[int, ...] = ()
        if relation.label_set == "cameo" and relation.label in self.index:
            others = [a for a in relation.alternatives if a in self.index]
            codes = {self.index[relation.label]: 0.8 if others else 1.0}
            for other in others:
                codes[self.index[other]] = codes.get(self.index[other], 0) + 0.2 / len(others)
        else:
            named = self.ontology.members(relation.label, relation.label_set)
            members = tuple(self.index[c] for c in named if c in self.index)
        words = relation.evidence and spans.token_span(offsets, *relation.evidence)
        modality = MODALITIES.index(relation.modality) if relation.modality else IGNORE
        act = Act(codes, members, relation.label_set == "penta" and relation.label == "0",
                  modality, words)  # fmt: skip
        seen = features.acts.get(pair)
        if seen and seen.codes and codes:  # two acts of one pair share the probability
            act.codes = {
                c: (seen.codes.get(c, 0) + codes.get(c, 0)) / 2 for c in {*seen.codes, *codes}
            }
        features.acts[pair] = act
        if relation.symmetric:
            features.unlabelled.add(pair[::-1] if min(pair) >= spans.FIRST_MENTION else pair)

    def _unlabel(self, example: Example, features: Features, order: dict[int, int]) -> None:
        """Ask nothing of pairs that name the same actors as a labelled pair in other words."""
        code = {order[i]: example.actor_codes[i] for i in order}
        acted = {(code.get(s, ""), code.get(t, "")) for s, t in features.acts}
        for pair in spans.pairs(len(features.mentions)):
            if (code.get(pair[0], ""), code.get(pair[1], "")) in acted:
                features.unlabelled.add(pair)
        features.unlabelled -= set(features.acts)

    def _tags(
        self, example: Example, offsets: spans.Offsets, mentions: Sequence[tuple[int, int]]
    ) -> list[int]:
        if not example.complete:
            return [IGNORE] * len(offsets)
        tags = [spans.OUTSIDE if b > a else IGNORE for a, b in offsets]
        for start, end in example.spans:  # pronouns are found by their words, not by tags
            token = spans.token_span(offsets, start, end)
            if token and example.text[start:end].lower() in spans.PRONOUNS:
                tags[slice(*token)] = [IGNORE] * (token[1] - token[0])
        for first, last in sorted(mentions, key=lambda m: m[0] - m[1]):  # the longest first
            if tags[first] == spans.OUTSIDE:
                tags[first:last] = [spans.BEGIN] + [spans.INSIDE] * (last - first - 1)
        return tags

    def _names(self, example: Example, offsets: spans.Offsets) -> list[int]:
        if example.names is None:
            return [IGNORE] * len(offsets)
        tags = [0 if b > a else IGNORE for a, b in offsets]
        for start, end, kind in example.names:
            token = spans.token_span(offsets, start, end)
            if token and kind in NAME_TYPES:
                begin = 1 + 2 * NAME_TYPES[kind]
                tags[token[0] : token[1]] = [begin] + [begin + 1] * (token[1] - token[0] - 1)
        return tags


@dataclass(slots=True)
class Batch:
    """Padded tensors of B sentences; `chosen` are flat indices of labelled pairs in [B * P]."""

    ids: Tensor
    mask: Tensor
    tags: Tensor
    names: Tensor
    mention_weights: Tensor
    pairs: Tensor
    chosen: Tensor  # [N] pairs with an event label
    event: Tensor  # [N] 1 act, 0 none
    perhaps_none: Tensor  # [N]
    acts: Tensor  # [A] flat indices of pairs with a code label
    code_weights: Tensor  # [A, C] exact codes, rows sum to 1, or 0 where members rule
    members: Tensor  # [A, C] 1 where a code is in the label's class
    modality: Tensor  # [A]
    words: Tensor  # [A, T] 1 on tokens of the act's words

    def to(self, device: torch.device) -> "Batch":
        return Batch(*(getattr(self, name).to(device) for name in self.__slots__))


def _is_labelled_dual(example: Example, mention: int) -> bool:
    """Say whether acts of a mention with itself are labelled: "both sides", coded as unnamed."""
    code, place = example.actor_codes[mention], example.spans[mention]
    return code.startswith(UNSPECIFIED) and is_dual(example.text, *place)


def collate(rows: Sequence[Features], codes: int, pad: int) -> Batch:
    """Pad `rows` into one batch over `codes` codes."""
    longest = max(len(r.ids) for r in rows)

    def padded(values: list[list[int]], fill: int) -> Tensor:
        return torch.tensor([v + [fill] * (longest - len(v)) for v in values])

    indices, _ = spans.pair_indices([len(r.mentions) for r in rows], [r.duals for r in rows])
    chosen, event, perhaps, acts, weights, members, modality, words = [], [], [], [], [], [], [], []
    for b, row in enumerate(rows):
        for p, pair in enumerate(spans.pairs(len(row.mentions), row.duals)):
            act, flat = row.acts.get(pair), b * indices.shape[1] + p
            if act is None:
                if row.complete and pair not in row.unlabelled:
                    chosen.append(flat)
                    event.append(0.0)
                    perhaps.append(False)
                continue
            chosen.append(flat)
            event.append(1.0)
            perhaps.append(act.perhaps_none)
            acts.append(flat)
            exact, allowed = np.zeros(codes, np.float32), np.zeros(codes, np.float32)
            exact[list(act.codes)] = list(act.codes.values())
            allowed[list(act.members)] = 1.0
            weights.append(exact)
            members.append(allowed)
            modality.append(act.modality)
            marked = np.zeros(longest, np.float32)
            if act.words:
                marked[slice(*act.words)] = 1.0
            words.append(marked)
    empty = np.zeros((0, codes), np.float32)
    return Batch(
        padded([r.ids for r in rows], pad),
        padded([[1] * len(r.ids) for r in rows], 0),
        padded([r.tags for r in rows], IGNORE),
        padded([r.names for r in rows], IGNORE),
        torch.from_numpy(spans.mention_weights([r.mentions for r in rows], longest)),
        torch.from_numpy(indices),
        torch.tensor(chosen, dtype=torch.long),
        torch.tensor(event),
        torch.tensor(perhaps, dtype=torch.bool),
        torch.tensor(acts, dtype=torch.long),
        torch.from_numpy(np.stack(weights) if weights else empty),
        torch.from_numpy(np.stack(members) if members else empty),
        torch.tensor(modality, dtype=torch.long),
        torch.from_numpy(np.stack(words) if words else np.zeros((0, longest), np.float32)),
    )


def batches(
    rows: Sequence[Features], tokens: int, random_state: random.Random | None
) -> Iterator[list[Features]]:
    """Yield groups of rows of like length with at most `tokens` padded tokens, shuffled."""
    if random_state:
        key = {id(r): len(r.ids) * random_state.uniform(0.9, 1.1) for r in rows}
        ordered = sorted(rows, key=lambda r: key[id(r)])
    else:
        ordered = sorted(rows, key=lambda r: len(r.ids))
    groups: list[list[Features]] = [[]]
    for row in ordered:
        group = groups[-1]
        if group and (len(group) + 1) * max(len(row.ids), len(group[-1].ids)) > tokens:
            groups.append([])
        groups[-1].append(row)
    if random_state:
        random_state.shuffle(groups)
    yield from (g for g in groups if g)
