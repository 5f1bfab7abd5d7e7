"""Counts of coded events and the coder's confusion matrix in, counts of true events out.

The misclassification estimator with what is not known about it. Every row of the matrix (what the
coder makes of a class) has a Dirichlet posterior; true events of a class come to a dyad and period
as a Poisson count, whose rate has a prior that is learned from the whole panel (a mixture of gamma
distributions, by EM); false alarms come in proportion to the true events, as in the evaluation.
Gibbs sampling splits what was coded into what it was, and adds what was missed. Sources: Forman
2008 (Data Mining and Knowledge Discovery 17: 164-206) for adjusted counts; Meertens et al. 2022
(Journal of Official Statistics 38: 485-508) for why rows of the matrix hold where the mix of
classes differs between dyads and columns do not; Pérez et al. 2007 (RACSAM 101: 71-80) for the
Bayesian treatment of misclassified multinomial counts.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from eventcoder import resources
from eventcoder.errors import EventcoderError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CLASSES = ("none", "1", "2", "3", "4")
QUADS = (
    "n_verbal_cooperation", "n_material_cooperation", "n_verbal_conflict", "n_material_conflict",
)  # fmt: skip
COLUMNS = tuple(
    f"{count}_corrected{end}" for count in (*QUADS, "n_events") for end in ("", "_low", "_high")
)
INTERVAL = (0.05, 0.95)
_PRIOR = 1 / len(CLASSES)  # of a row of the matrix: as much as one event seen, spread evenly
_SHAPE = 3.0  # of the gamma distributions in the mixture: each overlaps the next, twice as high
_LEARN = 60  # sweeps; the weights of the mixture settle after about 30
_DRAWS, _SWEEPS = 250, 2  # matrices drawn, and sweeps with each
_CHUNK = 2_000  # rows that a thread takes at a time: 20 MB of draws


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each gold class was coded as which: `counts[gold, coded]`, in order of CLASSES."""

    counts: Floats
    source: str = ""

    @classmethod
    def load(cls, path: Path) -> "Confusion":
        """Read a json file with `classes`, `counts` and `source`."""
        try:
            read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            order = [[str(name) for name in read["classes"]].index(name) for name in CLASSES]
            counts = np.array(read["counts"], dtype=np.float64)[np.ix_(order, order)]
        except FileNotFoundError:
            raise EventcoderError(
                f"{path} is missing: counts can be corrected only for a model with the confusion "
                "matrix of its evaluation"
            ) from None
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise EventcoderError(
                f"{path} is no confusion matrix of the classes {', '.join(CLASSES)}: {error}"
            ) from error
        return cls(counts, str(read.get("source", "")))

    @classmethod
    def of_model(cls, name: str) -> "Confusion":
        """Return the confusion matrix of a model's evaluation."""
        return cls.load(resources.model(name) / "confusion.json")

    def __post_init__(self) -> None:
        if self.counts.shape != (5, 5) or not np.isfinite(self.counts).all():
            raise EventcoderError("a confusion matrix has five rows and columns of numbers")
        if (self.counts < 0).any():
            raise EventcoderError("a confusion matrix holds counts: none is below zero")
        for k, right in enumerate(np.diag(self.counts)[1:], 1):
            if right <= 0:
                raise EventcoderError(
                    f"the evaluation found no event of class {CLASSES[k]}: counts of a class that "
                    "is never found can't be corrected"
                )

    def rates(self, rng: np.random.Generator | None = None) -> tuple[Floats, Floats]:
        """Return what becomes of an event of each quad class, and false alarms per event.

        Drawn from the posterior; without a generator, its mean. The first has a row a gold class
        and the columns 1 to 4 (the rest is missed), the second the columns 1 to 4.
        """
        shapes = self.counts + _PRIOR
        rows = shapes if rng is None else rng.standard_gamma(shapes)
        rows = rows / rows.sum(axis=1, keepdims=True)
        idle, events = self.counts[0].sum(), self.counts[1:].sum()
        return rows[1:, 1:], rows[0, 1:] * idle / events


def table(series: pl.DataFrame, rows: int, confusion: Confusion) -> pl.DataFrame:
    """Return the corrected counts for every combination of quad counts in a series, and for none.

    `rows` is how many the complete panel has: what the series lacks of it are rows of zeros.
    """
    zeros = pl.DataFrame({**dict.fromkeys(QUADS, 0), "_rows": max(rows - series.height, 0)})
    seen = pl.concat([series.group_by(QUADS).agg(pl.len().alias("_rows")).cast(pl.Int64),
                      zeros.cast(pl.Int64)])  # fmt: skip
    seen = seen.group_by(QUADS).agg(pl.col("_rows").sum()).sort(QUADS)
    made = estimate(seen.select(QUADS).to_numpy(), seen["_rows"].to_numpy(), confusion)
    flat = pl.DataFrame(made.reshape(seen.height, -1).round(3), schema=list(COLUMNS))
    return seen.drop("_rows").hstack(flat)


def estimate(
    observed: Ints, rows: Ints, confusion: Confusion, *, draws: int = _DRAWS, seed: int = 1
) -> Floats:
    """Return mean and 90 % interval of the true counts.

    observed: (n, 4) different combinations of coded counts; rows: (n,) how often each is there.
    The result is (n, 5, 3): four quad classes and all events; mean, low, high. The same input
    gives the same numbers.
    """
    observed = np.ascontiguousarray(observed, dtype=np.int64)
    prior = _Prior.learn(observed, rows, confusion, np.random.default_rng(seed))
    chunks = [observed[start : start + _CHUNK] for start in range(0, len(observed), _CHUNK)]
    with ThreadPoolExecutor() as pool:
        drawn = pool.map(
            lambda at: _summary(_sampled(at[1], prior, confusion, draws, [seed, at[0]])),
            enumerate(chunks),
        )
        return np.concatenate([np.empty((0, 5, 3)), *drawn])


def _sampled(
    observed: Ints, prior: "_Prior", confusion: Confusion, draws: int, seed: list[int]
) -> Floats:
    """Draw true counts from their posterior: (draws, n, 5)."""
    # The same matrices for every chunk; what is drawn within is the chunk's own.
    matrices, rng = np.random.default_rng(seed[0]), np.random.default_rng(seed)
    true = np.empty((draws, len(observed), 5))
    rate, flow = _begin(observed, confusion), sum(confusion.rates())
    for draw in range(draws):
        kept, false = confusion.rates(matrices)
        # Rates of hundreds of events would follow a new matrix over many sweeps only: they move
        # at once as far as the inverse of the matrix moves.
        moved = rate + observed @ (np.linalg.inv(kept + false) - np.linalg.inv(flow))
        rate, flow = np.maximum(moved, rate / 4), kept + false
        for _ in range(_SWEEPS):
            origin = _origins(observed, rate, flow, rng)
            rate = prior.rates(origin.sum(axis=2), flow.sum(axis=1), rng)
        found = rng.binomial(origin, kept / flow).sum(axis=2)
        true[draw, :, :4] = found + rng.poisson(rate * (1 - kept.sum(axis=1)).clip(0))
    true[..., 4] = true[..., :4].sum(axis=2)
    return true


def _summary(true: Floats) -> Floats:
    """Return mean and interval over the draws: (n, 5, 3)."""
    # Counts are whole: spread over their unit, so that a limit is within the interval only if
    # most of its share is. Whole limits with 5 % beyond each would hold 93 to 96 % of small counts.
    spread = true + np.random.default_rng(1).uniform(-0.5, 0.5, true.shape)
    low, high = np.quantile(spread, INTERVAL, axis=0)
    low = np.ceil(low).clip(0)
    limits: Floats = np.stack([true.mean(axis=0), low, np.floor(high).clip(low)], axis=-1)
    return limits


@dataclass(frozen=True, slots=True)
class _Prior:
    """What rates the true events of each class have, over the panel: a mixture of gammas."""

    weights: Floats  # (4, g)
    means: Floats  # (g,)

    @classmethod
    def learn(
        cls, observed: Ints, rows: Ints, confusion: Confusion, rng: np.random.Generator
    ) -> "_Prior":
        """Fit the weights to the panel by stochastic EM with the mean confusion matrix."""
        kept, false = confusion.rates()
        exposed = (kept + false).sum(axis=1)
        most = 4 * (observed.max(initial=1) + 1) / exposed.min()
        means = 0.001 * 2.0 ** np.arange(np.ceil(np.log2(most / 0.001)) + 1)
        weights = np.full((4, len(means)), 1 / len(means))
        rate = _begin(observed, confusion)
        for sweep in range(_LEARN):
            prior = cls(weights, means)
            origin = _origins(observed, rate, kept + false, rng).sum(axis=2)
            rate = prior.rates(origin, exposed, rng)
            new = np.array([rows @ prior.members(origin[:, k], exposed[k], k) for k in range(4)])
            new = (new + 1e-9) / (new + 1e-9).sum(axis=1, keepdims=True)
            # Later sweeps are averaged, so that one draw does not decide.
            weights = weights + (new - weights) / max(1, sweep - _LEARN // 2)
        return cls(weights, means)

    def members(self, origin: Ints, exposed: float, k: int) -> Floats:
        """Return the probability of each gamma for rows with these counts of a class: (n, g)."""
        per = _SHAPE / self.means
        log = np.log(self.weights[k] + 1e-12) + _SHAPE * np.log(per / (per + exposed))
        logs = log - origin[:, None] * np.log(per + exposed)
        logs -= logs.max(axis=1, keepdims=True)
        chance: Floats = np.exp(logs)
        chance /= chance.sum(axis=1, keepdims=True)
        return chance

    def rates(self, origin: Ints, exposed: Floats, rng: np.random.Generator) -> Floats:
        """Draw rates for rows with these counts by class: (n, 4)."""
        drawn = np.empty(origin.shape)
        for k in range(4):
            below = self.members(origin[:, k], exposed[k], k).cumsum(axis=1)
            which = (below < rng.random(len(origin))[:, None]).sum(axis=1)
            per = _SHAPE / self.means[which.clip(max=len(self.means) - 1)]
            drawn[:, k] = rng.standard_gamma(_SHAPE + origin[:, k]) / (per + exposed[k])
        return drawn


def _begin(observed: Ints, confusion: Confusion) -> Floats:
    kept, false = confusion.rates()
    rate: Floats = (observed + 0.1) / (np.diag(kept) + false)
    return rate


def _origins(observed: Ints, rate: Floats, flow: Floats, rng: np.random.Generator) -> Ints:
    """Draw what the coded events were: (n, gold, coded); false alarms go with the class they join.

    A multinomial split, as a chain of binomial ones.
    """
    share = rate[:, :, None] * flow
    above = share.cumsum(axis=1)
    left = observed.copy()
    origin = np.empty(share.shape, dtype=np.int64)
    for k in (3, 2, 1):
        origin[:, k] = rng.binomial(left, (share[:, k] / above[:, k]).clip(0, 1))
        left -= origin[:, k]
    origin[:, 0] = left
    return origin
