"""Gold files and a recipe in, a finished model folder out: train, calibrate, export, report."""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eventcoder import gold, resources
from eventcoder.actors import ActorDictionary
from eventcoder.errors import EventcoderError
from eventcoder.model import export, training
from eventcoder.model.encoder import EncoderModel, logit
from eventcoder.records import Reading

NEUTRAL = {"bias": 0.0, "event": 1.0, "root": 1.0, "mentions": 0.5}
MENTION_THRESHOLD = 0.5
LEAF, BASE = 0.3, 0.4  # shares of a root's probability under which a leaf, a base give way


def fit(
    data: Sequence[Path],
    out: Path,
    recipe_path: Path | None,
    talk: Callable[[str], None],
    **changed: Any,
) -> dict[str, Any]:
    """Train on gold files and folders of them, write the model folder; return its held-out scores.

    Checkpoints lie in `OUT.work` beside the model until it is finished, so that a stopped
    training goes on where it was.
    """
    paths = _files(data)
    recipe = training.Recipe.read(
        recipe_path or resources.model("training") / "recipe.toml", **changed
    )
    work = out.with_name(out.name + ".work")
    trained, held = training.train(paths, recipe, work, talk)
    settings: dict[str, Any] = {
        "trained_on": [path.name for path in paths],
        "mention_threshold": MENTION_THRESHOLD,
        "leaf_threshold": LEAF,
        "base_threshold": BASE,
        "calibration": NEUTRAL,
        "threshold": 0.5,
    }
    export.export(trained, out, out.name, settings)
    natural = held_out(paths, recipe) if recipe.calibrate_on else held
    talk(f"calibrating on {len(natural):,} held-out sentences")
    settings |= calibrate(EncoderModel(out), natural)
    export.describe(trained, out, out.name, settings)
    talk(json.dumps(settings["held_out"]))
    (work / "checkpoint.pt").unlink(missing_ok=True)
    if not any(work.iterdir()):
        work.rmdir()
    return dict(settings["held_out"])


def _files(data: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in data:
        found += sorted(path.rglob("*.jsonl")) if path.is_dir() else [path]
    if not found:
        raise EventcoderError("no .jsonl files to train on")
    return found


def held_out(paths: Sequence[Path], recipe: training.Recipe) -> list[gold.Example]:
    """Return the held-out examples of the files that the recipe calibrates on."""
    return [
        example
        for path in paths
        if path.name in recipe.calibrate_on
        for example in gold.examples(path)
        if training.is_held_out(example.id, recipe.held_out)
    ]


def calibrate(model: EncoderModel, held: Sequence[gold.Example]) -> dict[str, Any]:
    """Fit confidence and threshold on wholly annotated sentences that training never saw.

    A predicted act is right if the countries of both ends, as the actor dictionary resolves them,
    and its root agree with a gold act. Returns settings: calibration (logistic regression on three
    logits), threshold (the best F1), held_out (scores there).
    """
    whole = [e for e in held if e.complete]
    if len(whole) < 50:
        return {"held_out": {"sentences": len(whole), "note": "too few to calibrate on"}}
    dictionary = ActorDictionary.load()
    features, right, total = [], [], 0
    for example, reading in zip(whole, model.read([e.text for e in whole]), strict=True):
        left = _wanted(example, model)
        total += len(left)
        told = set()
        for act in sorted(reading.acts, key=lambda a: -a.confidence):
            countries = tuple(
                _country(reading, end, example, dictionary) for end in (act.source, act.target)
            )
            if (*countries, root := model.about["root_of"][act.code]) in told:
                continue
            told.add((*countries, root))
            hit = next((w for w in left if root in w[1] and countries in w[0]), None)
            if hit is not None:
                left.remove(hit)
            features.append([logit(p) for p in act.parts])
            right.append(hit is not None)
    weights = _regress(np.array(features), np.array(right, float))
    confidence = 1 / (1 + np.exp(-(np.array(features) @ weights[1:] + weights[0])))
    threshold, f1 = _best(confidence, np.array(right), total)
    names = ("bias", "event", "root", "mentions")
    return {
        "calibration": dict(zip(names, (round(float(w), 4) for w in weights), strict=True)),
        "threshold": threshold,
        "held_out": {
            "sentences": len(whole), "acts": total,
            "predicted": int((confidence >= threshold).sum()), "root_f1": round(f1, 4),
        },
    }  # fmt: skip


def _wanted(
    example: gold.Example, model: EncoderModel
) -> list[tuple[set[tuple[str, ...]], set[str]]]:
    """Return each gold act as (pairs of countries, roots) of which one must be met."""
    root_of, wanted = model.about["root_of"], []
    for r in example.relations:
        ends = tuple(
            "" if i is None else example.actor_codes[i].split("/")[0][:3]
            for i in (r.source, r.target)
        )
        ways = {ends, ends[::-1]} if r.symmetric else {ends}
        wanted.append((ways, {root_of[c] for c in (r.label, *r.alternatives) if c in root_of}))
    return wanted


def _country(
    reading: Reading, end: int | None, example: gold.Example, dictionary: ActorDictionary
) -> str:
    if end is None:
        return ""
    phrase = reading.mentions[end].text
    actor = dictionary.resolve(phrase, example.language, None, context=example.text)
    return actor.code[:3] if actor else "?"


def _regress(features: Any, right: Any, steps: int = 200, ridge: float = 1e-2) -> Any:
    """Return logistic regression weights, bias first, by Newton's method."""
    x = np.hstack([np.ones((len(features), 1)), features])
    weights = np.zeros(x.shape[1])
    penalty = ridge * np.eye(x.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (p - right) + penalty @ weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + penalty
        change = np.linalg.solve(hessian, gradient)
        weights -= change
        if np.abs(change).max() < 1e-8:
            break
    return weights


def _best(confidence: Any, right: Any, total: int) -> tuple[float, float]:
    """Return the threshold of the best F1, in steps of 0.01, and that F1."""
    best = (0.5, -math.inf)
    for threshold in np.arange(0.05, 0.95, 0.01):
        kept = confidence >= threshold
        f1 = 2 * right[kept].sum() / max(1, kept.sum() + total)
        if f1 > best[1]:
            best = (round(float(threshold), 2), float(f1))
    return best
