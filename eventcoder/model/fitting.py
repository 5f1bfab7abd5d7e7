"""Gold files and a recipe in, a finished model folder out: train, calibrate, export, report."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from eventcoder import (
    correction,
    evaluation,
    events,
    gold,
    leakage,
    matching,
    resources,
    scoring,
)
from eventcoder.actors import ActorDictionary
from eventcoder.coder import Coder
from eventcoder.errors import EventcoderError
from eventcoder.extraction import extract, open_ends
from eventcoder.model import export, training
from eventcoder.model.confidence import BOTH, WEIGHTS, Calibration, features, logit
from eventcoder.model.data import examples, files, is_events, is_held_out, read_data
from eventcoder.model.encoder import EncoderModel
from eventcoder.ontology import Ontology
from eventcoder.spotting import mutual_acts

NEUTRAL = {"bias": 0.0, "event": 1.0, "root": 1.0, "mentions": 0.5}
FOLDS = 6
MENTION_THRESHOLD = 0.6  # F1 of mentions is as good from .5 to .7, precision better
NEAR_BEST = 0.005  # of F1, far within its error: precision is worth more
MUTUAL_IN_NEWS = 0.25  # assumed share of sentences with words for two in which both act
LEAF, BASE = 0.3, 0.4  # shares of a root's probability under which a leaf, a base give way
FEWEST = 50  # sentences to fit a confidence on; fewer tell nothing
ENOUGH = 300  # and to trust it more than the one that a base model was given on thousands
DECIDING = ("mention_threshold", "leaf_threshold", "base_threshold", "calibration", "threshold")


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
    paths = files(data)
    recipe = training.Recipe.read(
        recipe_path or resources.model("training") / "recipe.toml", **changed
    )
    work = out.with_name(out.name + ".work")
    trained, held = training.train([p for p in paths if not is_events(p)], recipe, work, talk)
    made = {"trained_on": [path.name for path in paths]}
    gold_kept = calibration_gold(paths, recipe, held)
    scores = _finish(trained, out, made, gold_kept, talk, Path(recipe.base))
    _remember(paths, recipe, out)
    (work / "checkpoint.pt").unlink(missing_ok=True)
    if not any(work.iterdir()):
        work.rmdir()
    return scores


def average(
    shares: dict[Path, float], out: Path, data: Sequence[Path], talk: Callable[[str], None]
) -> dict[str, Any]:
    """Write the weighted mean of models that were trained from one base; calibrate it on `data`.

    Such a mean is as good as an ensemble of theirs, at the cost of one (Wortsman and others 2022,
    Model soups). Returns its held-out scores.
    """
    total = sum(shares.values())
    mean: dict[str, Any] = {}
    made: list[dict[str, Any]] = []
    for folder, share in shares.items():
        made.append(EncoderModel(folder).about)
        recipe = training.Recipe(**made[-1]["recipe"])
        trained = training.start(replace(recipe, base=str(folder), layers=None), recipe.seed)
        state = trained.network.state_dict()
        if mean and {n: v.shape for n, v in state.items()} != {n: v.shape for n, v in mean.items()}:
            raise EventcoderError(f"{folder} has another shape than {next(iter(shares))}")
        for name, values in state.items():
            mean[name] = mean.get(name, 0) + share / total * values.float()
    trained.network.load_state_dict(mean)
    told = {
        "trained_on": sorted({name for about in made for name in about["trained_on"]}),
        "averaged": [share / total for share in shares.values()],
    }
    records = [document for path in data for document in evaluation.documents(path)]
    scores = _finish(replace(trained, recipe=recipe), out, told, records, talk, next(iter(shares)))
    leakage.store(out, [], list(shares))
    return scores


def _finish(
    trained: training.Trained,
    out: Path,
    made: dict[str, Any],
    documents: Sequence[Sequence[Any]],
    talk: Callable[[str], None],
    base: Path,
) -> dict[str, Any]:
    """Write the model folder, calibrated on gold documents that training never saw.

    If its base is a model of ours, what they are too few to tell stays as it was there.
    """
    before = EncoderModel(base).about if (base / "model.json").is_file() else {}
    settings: dict[str, Any] = {
        **made,
        "mention_threshold": MENTION_THRESHOLD,
        "leaf_threshold": LEAF,
        "base_threshold": BASE,
        "calibration": NEUTRAL,
        "threshold": 0.5,
        **{name: before[name] for name in DECIDING if name in before},
    }
    export.export(trained, out, out.name, settings)
    confused = base / "confusion.json"
    if confused.is_file():
        shutil.copyfile(confused, out / confused.name)
    known = before.get("calibration", NEUTRAL) != NEUTRAL
    return recalibrate(out, documents, talk, least=ENOUGH if known else FEWEST)


def recalibrate(
    folder: Path,
    documents: Sequence[Sequence[Any]],
    talk: Callable[[str], None],
    both: Sequence[gold.Example] = (),
    least: int = FEWEST,
) -> dict[str, Any]:
    """Fit a model's confidence and threshold on gold documents it never saw; return its scores.

    Wanted where what stands between network and event has changed: reading, actors, rules. `both`
    are annotated sentences, not trained on either, with words for two. With fewer than `least`
    sentences both stay as they are, and so does the confusion matrix.
    """
    model = EncoderModel(folder)
    talk(f"calibrating on {sum(map(len, documents)):,} sentences that training never saw")
    fitted = calibrate(model, documents, least)
    if "calibration" in fitted and BOTH in model.about["calibration"]:
        fitted["calibration"][BOTH] = model.about["calibration"][BOTH]
    about = model.about | fitted
    if both:
        about["calibration"][BOTH] = both_offset(model, about["calibration"], both)
    told = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
    (folder / "model.json").write_text(told, encoding="utf-8")
    confused = folder / "confusion.json"
    if "calibration" in fitted or not confused.exists():
        counts = confusion(EncoderModel(folder), documents)
        confused.write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")
    talk(json.dumps(about["held_out"]))
    return dict(about["held_out"])


def _remember(paths: Sequence[Path], recipe: training.Recipe, out: Path) -> None:
    """Keep sketches of the training sentences in the model, for `evaluate` to find them in gold."""
    examples, _ = read_data([p for p in paths if not is_events(p)], recipe)
    base = Path(recipe.base)
    before = [base] if (base / "model.json").is_file() else []
    leakage.store(out, sorted({e.text for e in examples}), before)


def calibration_gold(
    paths: Sequence[Path], recipe: training.Recipe, held: Sequence[gold.Example]
) -> list[list[scoring.Record]]:
    """Return gold documents that training never saw, as records of events gold.

    Those are the recipe's `calibrate_on` files, of annotated ones the held-out sentences; without
    any, the held-out sentences of all.
    """
    named = [path for path in paths if path.name in recipe.calibrate_on]
    documents: list[list[scoring.Record]] = []
    for path in named:
        if is_events(path):
            documents += evaluation.documents(path)
        else:
            documents += [
                [gold.as_events(e)] for e in examples(path)
                if e.complete and is_held_out(e.id, recipe.held_out)
            ]  # fmt: skip
    return documents if named else [[gold.as_events(e)] for e in held if e.complete]


def calibrate(
    model: EncoderModel, documents: Sequence[Sequence[Any]], least: int = FEWEST
) -> dict[str, Any]:
    """Fit confidence and threshold on gold documents, through the whole way to coded events.

    Returns settings: calibration (logistic regression, see `confidence`), threshold (nearly the
    best F1 at level root), held_out (scores there, the calibration error and its bins
    cross-validated by document; the bins are of all coded events, those under the threshold too).
    Of fewer than `least` sentences only held_out, with a note.
    """
    sentences = sum(map(len, documents))
    if sentences < least:
        stays = model.about["calibration"] != NEUTRAL
        note = "too few to calibrate on" + (": the confidence stays as it was" if stays else "")
        return {"held_out": {"sentences": sentences, "note": note}}
    coder = Coder(model, ActorDictionary.load(), Ontology.load("cameo"), 0.0)
    rows: list[tuple[int, tuple[float, ...], bool]] = []
    total = 0
    for number, records in enumerate(documents):
        judged, golds = _judged(records, coder)
        rows += [(number, values, right) for values, right in judged]
        total += golds
    if len({right for *_, right in rows}) < 2:
        return {"held_out": {"sentences": sentences, "note": "nothing to tell right from wrong"}}
    place, x = np.array([n for n, *_ in rows]), np.array([values for _, values, _ in rows])
    right = np.array([r for *_, r in rows], float)
    weights = _regress(x, right)
    threshold, f1 = _best(_sure(x, weights), right, total)
    fair = np.zeros(len(rows))
    for fold in range(FOLDS):
        out = place % FOLDS == fold
        fair[out] = _sure(x[out], _regress(x[~out], right[~out]))
    kept = fair >= threshold
    error = scoring.expected_calibration_error(fair[kept].tolist(), (right[kept] > 0).tolist())
    bins = scoring.calibration(list(zip(fair.tolist(), (right > 0).tolist(), strict=True)))
    return {
        "calibration": dict(zip(WEIGHTS, (round(float(w), 4) for w in weights), strict=True)),
        "threshold": threshold,
        "held_out": {
            "sentences": sentences, "acts": total, "predicted": int(kept.sum()),
            "root_f1": round(2 * float(right[kept].sum()) / max(1, int(kept.sum()) + total), 4),
            "root_f1_fitted": round(f1, 4), "ece": round(error, 4),
            "reliability": [_short(each) for each in bins],
        },
    }  # fmt: skip


def both_offset(
    model: EncoderModel, weights: dict[str, float], examples: Sequence[gold.Example]
) -> float:
    """Return the log odds by which acts of two with each other are surer than they seem.

    The examples tell such an act in half of their sentences, news more seldom (`MUTUAL_IN_NEWS` is
    assumed): the difference is taken off.
    """
    calibration = Calibration.of(weights | {BOTH: 0.0})
    readings = model.read([example.text for example in examples])
    acts = [found for each in zip(examples, readings, strict=True) for found in mutual_acts(*each)]
    odds = [logit(calibration.confidence(act, False, False)) for act, _ in acts]
    right = [hit for _, hit in acts]
    telling = sum(
        any(r.source == r.target is not None for r in example.relations) for example in examples
    )
    offset = 0.0
    for _ in range(50):  # Newton's method
        p = 1 / (1 + np.exp(-(np.array(odds) + offset)))
        offset += float((np.array(right) - p).sum() / max((p * (1 - p)).sum(), 1e-9))
    return round(offset + logit(MUTUAL_IN_NEWS) - logit(telling / len(examples)), 4)


def confusion(model: EncoderModel, documents: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return what `correction` corrects with: `counts[gold class][coded class]` of quad classes.

    A coded event is that gold event of its sentence that has its two countries (of several, the
    one of its class); none-none counts sentences without any event.
    """
    coder = Coder(model, ActorDictionary.load(), Ontology.load("cameo"), model.threshold)
    counts = np.zeros((len(correction.CLASSES), len(correction.CLASSES)), int)
    for records in documents:
        key = (records[0].get("doc_id") or records[0]["id"], records[0]["lang"])
        read = extract([evaluation.as_document(key, records)], coder.model, coder.dictionary)
        said: dict[int, set[tuple[str, str, int]]] = {}
        for row in coder.code(read).filter(pl.col("dropped").is_null()).iter_rows(named=True):
            ends = matching.country(row["source"]), matching.country(row["target"])
            said.setdefault(row["sentence_number"], set()).add((*ends, row["quad_class"]))
        for number, record in enumerate(records):
            left = sorted(said.get(number, ()))
            golds = {_quad_event(e, coder.ontology) for e in record["events"]}
            for source, target, quad, mutual in sorted(golds):
                ways = {(source, target), (target, source) if mutual else (source, target)}
                hits = [s for s in left if s[:2] in ways]
                hit = next((s for s in hits if s[2] == quad), hits[0] if hits else None)
                counts[quad, hit[2] if hit else 0] += 1
                if hit:
                    left.remove(hit)
            for *_, quad in left:
                counts[0, quad] += 1
            counts[0, 0] += not golds and number not in said
    return {
        "source": f"evaluation on {sum(map(len, documents)):,} sentences that training never saw, "
        "events matched by sentence and country dyad; none-none counts sentences without any event",
        "classes": list(correction.CLASSES),
        "counts": counts.tolist(),
    }


def _quad_event(event: Any, ontology: Ontology) -> tuple[str, str, int, bool]:
    ends = matching.country(event["source"]), matching.country(event["target"])
    return *ends, int(ontology[event["code"]].quad_class), bool(event.get("symmetric"))


def _judged(
    records: Sequence[Any], coder: Coder
) -> tuple[list[tuple[tuple[float, ...], bool]], int]:
    """Return (features, right) of each coded (dyad, root) of a document, and its gold events."""
    key = (records[0].get("doc_id") or records[0]["id"], records[0]["lang"])
    extracted = extract([evaluation.as_document(key, records)], coder.model, coder.dictionary)
    mentions = events.mention_rows(extracted)["mention_id"]
    values = {
        id_: features(m.act, *open_ends(m))
        for id_, m in zip(mentions, extracted[0].mentions, strict=True)
    }
    said: dict[int, dict[Any, scoring.Record]] = {}
    for row in coder.code(extracted).sort("confidence", descending=True).iter_rows(named=True):
        if row["dropped"] is None:
            said.setdefault(row["sentence_number"], {}).setdefault(
                (matching.country(row["source"]), matching.country(row["target"]),
                 row["root_code"]), row)  # fmt: skip
    judged, golds = [], 0
    for number, record in enumerate(records):
        kept = said.get(number, {})
        *_, count, hits = evaluation.match(
            record["events"], list(kept.values()), "root", coder.ontology
        )
        golds += count
        judged += [
            (values[row["mention_id"]], hit)
            for row, (_, hit) in zip(kept.values(), hits, strict=True)
        ]
    return judged, golds


def _short(told: dict[str, Any]) -> dict[str, Any]:
    return {name: round(v, 4) if isinstance(v, float) else v for name, v in told.items()}


def _sure(x: Any, weights: Any) -> Any:
    return 1 / (1 + np.exp(-(x @ weights)))


def _regress(x: Any, right: Any, steps: int = 200, ridge: float = 1.0) -> Any:
    """Return logistic regression weights of the columns of `x` by Newton's method."""
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
    """Return the highest threshold, in steps of 0.01, with nearly the best F1, and that F1.

    F1 hardly changes over a wide range, in which precision doubles.
    """
    found = []
    for threshold in np.arange(0.05, 0.95, 0.01):
        kept = confidence >= threshold
        f1 = 2 * right[kept].sum() / max(1, kept.sum() + total)
        found.append((round(float(threshold), 2), float(f1)))
    enough = max(f1 for _, f1 in found) - NEAR_BEST
    return [(threshold, f1) for threshold, f1 in found if f1 >= enough][-1]
