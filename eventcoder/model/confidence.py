"""What the network says of an act in, the probability that actors and root code are right out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from eventcoder.records import Act

WEIGHTS = ("bias", "event", "root", "mentions", "open_source", "open_target")
BOTH = "both"
MOST = 50.0  # log odds: beyond them nothing is surer


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic regression on the log odds of an act's parts and on which of its ends are open.

    An end is open if neither the sentence nor the document says who it is: such acts are right
    half as often as their parts say. `both` is added for what two do with each other ("both
    sides"), which a model that never was taught such acts holds for rarer than it is.
    """

    bias: float
    event: float
    root: float
    mentions: float
    open_source: float = 0.0
    open_target: float = 0.0
    both: float = 0.0

    @classmethod
    def of(cls, weights: Mapping[str, float]) -> "Calibration":
        """Take the weights of a model's `model.json`; older ones have none for open ends."""
        return cls(**{n: float(weights[n]) for n in (*WEIGHTS, BOTH) if n in weights})

    def confidence(self, act: Act, open_source: bool, open_target: bool) -> float:
        """Return the calibrated probability, rounded to four digits."""
        values = features(act, open_source, open_target)
        odds = sum(getattr(self, n) * v for n, v in zip(WEIGHTS, values, strict=True))
        odds += self.both * is_mutual(act)
        return round(1.0 / (1.0 + math.exp(-min(max(odds, -MOST), MOST))), 4)


def is_mutual(act: Act) -> bool:
    """Say whether an act is one of two with each other, who are one mention."""
    return act.source is not None and act.source == act.target


def features(act: Act, open_source: bool, open_target: bool) -> tuple[float, ...]:
    """Return what `WEIGHTS` weigh."""
    return (1.0, *(logit(p) for p in act.parts), float(open_source), float(open_target))


def logit(p: float) -> float:
    """Return log odds, held within 1e-4 of sure."""
    p = min(max(p, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))
