"""Token vectors in, actor tags and, for every pair of mentions, an act: the trained network."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from eventcoder.gold import MODALITIES
from eventcoder.model.spans import FIRST_MENTION


class PairOutput(NamedTuple):
    """For B sentences of P pairs over T tokens and C codes, all logits but `attention`."""

    event: Tensor  # [B, P] is there an act of the source toward the target
    codes: Tensor  # [B, P, C] which act, given that there is one
    modality: Tensor  # [B, P, 5]
    attention: Tensor  # [B, P, T] log share of each token in the words for the act


class PairAttention(nn.Module):
    """Self-attention among the pairs of a sentence, [B, P, width] to the same."""

    HEADS = 4

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width // 2)
        self.key = nn.Linear(width, width // 2)
        self.value = nn.Linear(width, width // 2)
        self.mix = nn.Linear(width // 2, width)

    def forward(self, shared: Tensor, pairs: Tensor) -> Tensor:
        """Look from each pair at all; those of nobody with nobody only fill up a batch."""
        normed = self.norm(shared)
        query, key, value = (
            part(normed).unflatten(-1, (self.HEADS, -1)).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        scores = query @ key.transpose(2, 3) * key.shape[-1] ** -0.5
        filling = (pairs.amax(-1) < FIRST_MENTION)[:, None, None, :]
        found: Tensor = scores.masked_fill(filling, -1e4).softmax(-1) @ value
        mixed: Tensor = self.mix(found.transpose(1, 2).flatten(2))
        return mixed


class PairHead(nn.Module):
    """Ask of an ordered pair: did the source do something to the target, what, and how surely.

    The pair sees both mentions' mean vectors, the words it attends to with both as the query
    (once trained on the annotated words for the act, once free), the sentence's mean, and then
    the sentence's other pairs, since an act of one pair tells against the same act of another.
    """

    def __init__(self, hidden: int, codes: int, width: int, dropout: float) -> None:
        super().__init__()
        self.null = nn.Parameter(torch.randn(2, hidden) * 0.02)
        self.source_query = nn.Linear(hidden, hidden)
        self.target_query = nn.Linear(hidden, hidden)
        self.source_look = nn.Linear(hidden, hidden)
        self.target_look = nn.Linear(hidden, hidden)
        self.source_mix = nn.Linear(hidden, width)
        self.target_mix = nn.Linear(hidden, width)
        self.act_mix = nn.Linear(hidden, width)
        self.scene_mix = nn.Linear(hidden, width)
        self.sentence_mix = nn.Linear(hidden, width)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.deep = nn.Linear(width, width)
        self.others = PairAttention(width)
        self.event = nn.Linear(width, 1)
        self.codes = nn.Linear(width, codes)
        self.modality = nn.Linear(width, len(MODALITIES))

    def forward(
        self, hidden: Tensor, mask: Tensor, mention_weights: Tensor, pairs: Tensor
    ) -> PairOutput:
        """Score pairs [B, P, 2] over mentions [B, M, T] of token vectors [B, T, H]."""
        mentions = mention_weights @ hidden
        null = torch.cat([self.null, self.null.new_zeros(1, hidden.shape[2])])
        slots = torch.arange(mentions.shape[1], device=hidden.device).clamp(max=FIRST_MENTION)
        mentions = mentions + null[slots]
        scale = hidden.shape[2] ** -0.5
        batch = torch.arange(mentions.shape[0], device=hidden.device)
        rows = pairs + (batch * mentions.shape[1])[:, None, None]  # of all sentences' mentions

        def both(source: nn.Linear, target: nn.Linear) -> Tensor:
            """Project mentions, which are fewer than pairs, then add up each pair's two."""
            first = nn.functional.embedding(rows[..., 0], source(mentions).flatten(0, 1))
            second = nn.functional.embedding(rows[..., 1], target(mentions).flatten(0, 1))
            return first + second

        query = both(self.source_query, self.target_query)
        scores = query @ hidden.transpose(1, 2) * scale
        attention = scores.masked_fill(mask[:, None, :] == 0, -1e4).log_softmax(-1)
        act = attention.exp() @ hidden
        look = both(self.source_look, self.target_look) @ hidden.transpose(1, 2)
        look = (look * scale).masked_fill(mask[:, None, :] == 0, -1e4).softmax(-1)
        live = mask.to(hidden.dtype)[..., None]
        sentence = (hidden * live).sum(1) / live.sum(1)
        mixed = (
            both(self.source_mix, self.target_mix)
            + self.act_mix(act)
            + self.scene_mix(look @ hidden)
            + self.sentence_mix(sentence)[:, None]
        )
        shared = self.dropout(nn.functional.gelu(self.norm(mixed)))
        shared = shared + self.dropout(nn.functional.gelu(self.deep(shared)))
        shared = shared + self.dropout(self.others(shared, pairs))
        return PairOutput(
            self.event(shared).squeeze(-1), self.codes(shared), self.modality(shared), attention
        )


class EventNetwork(nn.Module):
    """One encoder pass that serves everything: actor tags, NER tags (training only), pairs."""

    encoder: Any  # a transformers model, which has no static type of its own

    def __init__(
        self, encoder: Any, codes: int, names: int, width: int = 512, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.encoder = encoder
        hidden = int(encoder.config.hidden_size)
        self.tagger = nn.Linear(hidden, 3)
        self.names = nn.Linear(hidden, names)
        self.pair = PairHead(hidden, codes, width, dropout)

    def encode(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return token vectors [B, T, H] of token ids [B, T]."""
        hidden: Tensor = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return hidden
