"""Gold files in, a fine-tuned network out: the recipe, the losses, the loop, the checkpoints.

    eventcoder train DATA... --out models/NAME --recipe models/training/recipe.toml

The only part of the package (with its neighbours in this folder) that imports torch.
"""

import json
import random
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer

from eventcoder import gold
from eventcoder.errors import EventcoderError, one_line
from eventcoder.model.data import read_data
from eventcoder.model.features import (
    IGNORE,
    NAME_TAGS,
    Batch,
    Features,
    Featurizer,
    batches,
    collate,
)
from eventcoder.model.network import EventNetwork, PairOutput
from eventcoder.ontology import Ontology


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. Rates are AdamW's; `sampling` maps a file name to its share an epoch."""

    base: str
    epochs: float = 5.0
    encoder_rate: float = 2e-4
    head_rate: float = 1e-3
    warmup: float = 0.05
    weight_decay: float = 0.01
    tokens_per_batch: int = 1200
    max_tokens: int = 200
    head_width: int = 512
    dropout: float = 0.2  # of the heads
    encoder_dropout: float = 0.0  # drawing it takes a third of the time on a CPU
    word_dropout: float = 0.1  # share of pieces hidden from the encoder, which costs nothing
    held_out: float = 0.1
    seed: int = 1
    order: int = 0  # another order of the same start: runs that differ in it alone can be averaged
    layers: int | None = None  # of the base encoder, evenly spread; fewer read faster
    ontology: str = "cameo"
    freeze_embeddings: bool = True
    freeze_encoder: bool = False  # and the tags read off it: the pair head alone is trained
    average_every: int = (
        0  # steps; the result is the mean of the weights at those, 0: the last ones
    )
    bfloat16: bool = True  # 2.5 times as fast where the processor has it (AVX512-BF16), else slow
    loss_tags: float = 2.0
    loss_names: float = 0.5
    loss_event: float = 5.0
    loss_code: float = 1.0
    loss_within_root: float = 0.6
    loss_modality: float = 0.3
    loss_words: float = 0.2
    pronouns: float = 0.5  # share of sentences with a person first that get a copy with "he"
    sampling: dict[str, float] | None = None
    calibrate_on: tuple[str, ...] = ()  # files whose events come at natural base rates; else all

    @classmethod
    def read(cls, path: Path, **changed: Any) -> "Recipe":
        """Read a recipe's toml file; `changed` values (not None) win over the file's."""
        try:
            values = tomllib.loads(path.read_text("utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise EventcoderError(f"recipe {path}: {error}") from None
        known = {f.name for f in fields(cls)}
        if unknown := set(values) - known:
            raise EventcoderError(
                f"recipe {path}: unknown {sorted(unknown)}; known {sorted(known)}"
            )
        values |= {k: v for k, v in changed.items() if v is not None}
        if "base" not in values:
            raise EventcoderError(
                f"recipe {path}: no base, the folder of the encoder to start from"
            )
        return cls(**values)


class Losses:
    """The losses of a batch; `roots` is [codes, roots], 1 where a code belongs to a root."""

    def __init__(self, featurizer: Featurizer, recipe: Recipe) -> None:
        roots = sorted({featurizer.ontology.root(c) for c in featurizer.codes})
        self.recipe = recipe
        self.root_of = torch.tensor(
            [roots.index(featurizer.ontology.root(c)) for c in featurizer.codes]
        )
        self.membership = nn.functional.one_hot(self.root_of, len(roots)).float()

    def __call__(
        self, tags: Tensor, names: Tensor, out: PairOutput, batch: Batch
    ) -> dict[str, Tensor]:
        """Return each loss times its weight."""
        r, parts = self.recipe, {}
        if bool((batch.tags != IGNORE).any()):
            parts["tags"] = r.loss_tags * _entropy(tags, batch.tags)
        if bool((batch.names != IGNORE).any()):
            parts["names"] = r.loss_names * _entropy(names, batch.names)
        if len(batch.chosen):
            logits = out.event.flatten()[batch.chosen]
            sure = ~batch.perhaps_none
            entropy = nn.functional.binary_cross_entropy_with_logits(
                logits[sure], batch.event[sure], reduction="sum"
            )
            parts["event"] = r.loss_event * entropy / max(1, len(logits))
        if len(batch.acts):
            parts |= self._acts(out, batch)
        return parts

    def _acts(self, out: PairOutput, batch: Batch) -> dict[str, Tensor]:
        r, count = self.recipe, len(batch.acts)
        logits = out.codes.flatten(0, 1)[batch.acts].log_softmax(-1)
        membership = self.membership.to(logits.device)
        root = torch.logsumexp(logits[:, :, None] + membership.log().clamp(min=-1e4), 1)
        within = logits - root[:, self.root_of.to(logits.device)]
        exact = batch.code_weights
        by_code = -(exact @ membership * root).sum(1) - r.loss_within_root * (exact * within).sum(1)
        by_class = -torch.logsumexp(logits + batch.members.log().clamp(min=-1e4), 1)
        event = nn.functional.logsigmoid(out.event.flatten()[batch.acts])
        none = nn.functional.logsigmoid(-out.event.flatten()[batch.acts])
        maybe = batch.perhaps_none[torch.searchsorted(batch.chosen, batch.acts)]
        by_class = torch.where(maybe, -torch.logaddexp(none, event - by_class), by_class)
        parts = {"code": r.loss_code * torch.where(exact.sum(1) > 0, by_code, by_class).mean()}
        if bool((batch.modality != IGNORE).any()):
            modality = out.modality.flatten(0, 1)[batch.acts]
            parts["modality"] = r.loss_modality * _entropy(modality, batch.modality)
        marked = batch.words.sum(1) > 0
        if bool(marked.any()):
            attention = out.attention.flatten(0, 1)[batch.acts][marked]
            on_words = torch.logsumexp(attention + batch.words[marked].log().clamp(min=-1e4), 1)
            parts["words"] = -r.loss_words * on_words.sum() / count
        return parts


def _entropy(logits: Tensor, labels: Tensor) -> Tensor:
    return nn.functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), labels.reshape(-1), ignore_index=IGNORE
    )


@dataclass(slots=True)
class Trained:
    """A network with what it needs to read and to name codes."""

    network: EventNetwork
    tokenizer: Tokenizer
    featurizer: Featurizer
    recipe: Recipe


def start(recipe: Recipe, seed: int) -> Trained:
    """Build the network on the recipe's base encoder, or continue from a trained folder."""
    torch.manual_seed(seed)
    base = Path(recipe.base)
    if not (base / "config.json").is_file():
        raise EventcoderError(
            f"{base} is no encoder folder: give a Hugging Face model saved on disk, or one of ours"
        )
    # transformers tells of weights that we have no use for.
    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    ours = (base / "model.json").is_file()
    tokenizer = _tokenizer(base, ours)
    featurizer = Featurizer(tokenizer, Ontology.load(recipe.ontology), recipe.max_tokens)
    if ours:
        config = AutoConfig.from_pretrained(str(base))
        encoder = AutoModel.from_config(config)  # type: ignore[no-untyped-call]
    else:
        try:  # safetensors alone: other formats of weights could run code
            encoder = AutoModel.from_pretrained(str(base), use_safetensors=True)
        except OSError as error:
            raise EventcoderError(f"{base}: {one_line(str(error))}") from None
    network = EventNetwork(
        encoder, len(featurizer.codes), NAME_TAGS, recipe.head_width, recipe.dropout
    )
    if ours:
        from eventcoder.model.export import restore

        restore(base, network)
    if recipe.layers:
        _thin(network.encoder, recipe.layers)
    for part in network.encoder.modules():
        if isinstance(part, nn.Dropout):
            part.p = recipe.encoder_dropout
    if not torch.cuda.is_available():
        network.encoder.set_attn_implementation("eager")  # the fused one is slower backward
    return Trained(network, tokenizer, featurizer, recipe)


def _thin(encoder: Any, layers: int) -> None:
    """Keep so many of an encoder's layers, the last among them (DistilBERT was made so)."""
    have = int(encoder.config.num_hidden_layers)
    if not 0 < layers <= have:
        raise EventcoderError(f"recipe: layers {layers} is not within 1 to {have}, the base's")
    stacks = [m for m in encoder.modules() if isinstance(m, nn.ModuleList) and len(m) == have]
    if len(stacks) != 1:
        raise EventcoderError("recipe: this base encoder has no single stack of layers to thin")
    kept = {round((n + 1) * have / layers) - 1 for n in range(layers)}
    for place in sorted(set(range(have)) - kept, reverse=True):
        del stacks[0][place]
    encoder.config.num_hidden_layers = layers


def _tokenizer(base: Path, ours: bool) -> Tokenizer:
    if ours:
        tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    else:
        tokenizer = AutoTokenizer.from_pretrained(str(base)).backend_tokenizer
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def optimizer_of(network: EventNetwork, recipe: Recipe) -> torch.optim.AdamW:
    """Return AdamW with one rate for the encoder, one for the heads, no decay on vectors."""
    if recipe.freeze_embeddings:
        for parameter in network.encoder.get_input_embeddings().parameters():
            parameter.requires_grad_(False)
    if recipe.freeze_encoder:
        for part in (network.encoder, network.tagger, network.names):
            part.requires_grad_(False)
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            rate = recipe.encoder_rate if name.startswith("encoder.") else recipe.head_rate
            decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": p, "lr": rate, "weight_decay": decay} for (rate, decay), p in groups.items()],
        betas=(0.9, 0.98),
    )


def train(
    paths: Sequence[Path],
    recipe: Recipe,
    work: Path,
    talk: Callable[[str], None],
    evaluate: Callable[[Trained, list[gold.Example]], dict[str, Any]] | None = None,
) -> tuple[Trained, list[gold.Example]]:
    """Fine-tune on gold files; checkpoints in `work` let a stopped run go on where it was.

    Returns the trained network and the held-out examples, which it never saw.
    """
    examples, held = read_data(paths, recipe)
    trained = start(recipe, recipe.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = trained.network.to(device)
    rows = [trained.featurizer(e) for e in examples]
    losses = Losses(trained.featurizer, recipe)
    optimizer = optimizer_of(network, recipe)
    unknown = trained.tokenizer.token_to_id("<unk>") or trained.tokenizer.token_to_id("[UNK]")
    epochs = [_epoch(rows, recipe, n) for n in range(-int(-recipe.epochs // 1))]
    torch.manual_seed(recipe.seed + recipe.order)  # of what dropout hides
    steps = int(sum(len(e) for e in epochs) * recipe.epochs / len(epochs))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _shape(recipe.warmup, steps))
    mean = torch.optim.swa_utils.AveragedModel(network) if recipe.average_every else None
    done = _resume(work, network, optimizer, schedule, mean)
    if done:
        talk(f"going on after step {done:,} of {steps:,}")
    talk(f"{len(examples):,} sentences to train on, {len(held):,} held out, {steps:,} steps")
    step, began, spoken = 0, time.monotonic(), 0.0
    network.train()
    for number, groups in enumerate(epochs):
        for group in groups:
            step += 1
            if step <= done or step > steps:
                continue
            batch = collate(group, len(trained.featurizer.codes), 1).to(device)
            batch.ids = _hide_words(batch.ids, batch.mask, unknown, recipe.word_dropout)
            parts = _step(network, batch, losses, optimizer, recipe.bfloat16)
            schedule.step()
            if mean and step % recipe.average_every == 0:
                mean.update_parameters(network)
            if time.monotonic() - spoken > 20:
                spoken = time.monotonic()
                left = (spoken - began) / (step - done) * (steps - step)
                told = " ".join(f"{k} {v:.3f}" for k, v in parts.items())
                talk(f"step {step:,}/{steps:,}  {told}  {left / 60:.0f} min left")
        if step > done:
            _save(work, network, optimizer, schedule, mean, min(step, steps))
            if evaluate:
                network.eval()
                talk(f"epoch {number + 1}: {json.dumps(evaluate(trained, held))}")
                network.train()
    if mean and int(mean.n_averaged):
        network.load_state_dict(mean.module.state_dict())
    network.eval()
    return trained, held


def _hide_words(ids: Tensor, mask: Tensor, unknown: int | None, share: float) -> Tensor:
    """Hide a share of the pieces, so that no single word is learnt by heart."""
    if unknown is None or not share:
        return ids
    inner = torch.zeros_like(mask)  # a sentence's first and last tokens only bound it
    inner[:, 1:-1] = mask[:, 2:]
    drawn = torch.rand(ids.shape, device=ids.device) < share
    return ids.masked_fill(drawn & (inner > 0), unknown)


def _step(
    network: EventNetwork, batch: Batch, losses: Losses, optimizer: Any, bfloat16: bool
) -> dict[str, float]:
    with torch.autocast(batch.ids.device.type, torch.bfloat16, enabled=bfloat16):
        with torch.set_grad_enabled(network.tagger.weight.requires_grad):
            hidden = network.encode(batch.ids, batch.mask)
        out = network.pair(hidden, batch.mask, batch.mention_weights, batch.pairs)
    hidden, out = hidden.float(), PairOutput(*(part.float() for part in out))
    parts = losses(network.tagger(hidden), network.names(hidden), out, batch)
    loss = torch.stack(list(parts.values())).sum()
    if loss.requires_grad:  # sentences with names alone teach a frozen encoder nothing
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return {name: float(value.detach()) for name, value in parts.items()}


def _epoch(rows: Sequence[Features], recipe: Recipe, number: int) -> list[list[Features]]:
    state = random.Random(recipe.seed * 1000 + recipe.order * 100 + number)
    return list(batches(rows, recipe.tokens_per_batch, state))


def _shape(warmup: float, steps: int) -> Callable[[int], float]:
    rising = max(1, int(warmup * steps))
    return lambda step: min((step + 1) / rising, max(0.02, (steps - step) / max(1, steps - rising)))


def _save(
    work: Path, network: EventNetwork, optimizer: Any, schedule: Any, mean: Any, step: int
) -> None:
    work.mkdir(parents=True, exist_ok=True)
    state = {
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "mean": mean.state_dict() if mean else None,
        "step": step,
        "random": torch.get_rng_state(),  # dropout goes on where it was
    }
    torch.save(state, work / "checkpoint.tmp")
    (work / "checkpoint.tmp").replace(work / "checkpoint.pt")


def _resume(work: Path, network: EventNetwork, optimizer: Any, schedule: Any, mean: Any) -> int:
    path = work / "checkpoint.pt"
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True, map_location="cpu")
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    if mean and state.get("mean"):
        mean.load_state_dict(state["mean"])
    torch.set_rng_state(state["random"])
    return int(state["step"])
