"""Gold files in, their records; judged records in, scores by group with intervals out."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eventcoder import gold, matching
from eventcoder.errors import EventcoderError

BINS = 10  # of the expected calibration error, as in Guo et al. 2017
RESAMPLES = 500  # of the bootstrap; intervals are its 5th and 95th percentiles

Record = matching.Record


def read(path: str | Path, form: str, wanted: Iterable[str]) -> list[Record]:
    """Return the gold records of a file; raise EventcoderError naming row and field at fault."""
    records = []
    for row, record in gold.lines(Path(path)):
        missing = [name for name in wanted if name not in record]
        if missing:
            raise EventcoderError(f"{path}, row {row}: {form} gold needs {', '.join(missing)}")
        try:
            _CHECKS[form](record)
        except EventcoderError as error:
            raise EventcoderError(f"{path}, row {row}: {error}") from None
        except (KeyError, TypeError, ValueError, IndexError) as error:
            field = f"field {error}" if isinstance(error, KeyError) else str(error)
            raise EventcoderError(f"{path}, row {row}: {field} is missing or wrong") from None
        records.append(record)
    if not records:
        raise EventcoderError(f"{path} has no rows")
    return records


def _check_relation(record: Record) -> None:
    if record["label_set"] not in gold.LABEL_SETS:
        raise EventcoderError(f"label_set {record['label_set']!r} is none of {gold.LABEL_SETS}")
    for role in ("source", "target"):
        if record[role] is not None:
            gold.span(record[role], record["text"], role)


def _check_actor(record: Record) -> None:
    gold.span((record["start"], record["end"]), record["text"], "start, end")
    if not isinstance(record["code"], str):
        raise EventcoderError(f"code {record['code']!r} is no text")


def check_events(record: Record) -> None:
    """Raise for a record that is no events gold, naming what is wrong."""
    len(record["text"])
    for event in record["events"]:
        for field in ("source", "target"):
            if event[field] is not None and not isinstance(event[field], str):
                raise EventcoderError(f"events.{field} {event[field]!r} is no actor code")
        for code in (event["code"], *event.get("alt", ())):
            if not isinstance(code, str) or not code.isdecimal():
                raise EventcoderError(f"events.code {code!r} is no event code")


def _check_annotated(record: Record) -> None:
    for actor in record["actors"]:
        _check_actor({**actor, "text": record["text"]})


_CHECKS: dict[str, Callable[[Record], None]] = {
    "relations": _check_relation, "actors": _check_actor, "events": check_events,
    "annotated": _check_annotated,
}  # fmt: skip


def expected_calibration_error(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Return the mean gap between confidence and share right over ten equal-width bins."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for c, r in zip(confidence, right, strict=True):
        bins[min(BINS - 1, int(c * BINS))].append((c, r))
    total = max(1, len(confidence))
    gaps = (abs(sum(c for c, _ in b) - sum(r for _, r in b)) for b in bins.values())
    return sum(gaps) / total


def calibration(judged: Sequence[tuple[float, bool]]) -> list[Record]:
    """Return the bins of the expected calibration error: bounds, n, mean confidence, share right.

    Of (confidence, right) pairs; an empty bin has no mean and no share.
    """
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for sure, right in judged:
        bins[min(BINS - 1, int(sure * BINS))].append((sure, right))
    return [
        {
            "from": i / BINS, "to": (i + 1) / BINS, "n": len(b),
            "confidence": sum(c for c, _ in b) / len(b) if b else None,
            "right": sum(r for _, r in b) / len(b) if b else None,
        }
        for i, b in enumerate(bins)
    ]  # fmt: skip


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the mean F1 over the classes that the gold has, of (gold, predicted) pairs."""
    right = Counter(g for g, p in pairs if g == p)
    golds, predictions = Counter(g for g, _ in pairs), Counter(p for _, p in pairs)
    scores = [2 * right[c] / (golds[c] + predictions[c]) for c in golds]
    return sum(scores) / max(1, len(scores))


def grouped(
    rows: Sequence[Record],
    by: str | None,
    score: Callable[[Sequence[Record]], Record],
    main: str,
    detail: Callable[[Sequence[Record]], Record] = lambda _: {},
    figure: Callable[[Sequence[Record]], float] | None = None,
) -> Record:
    """Score all rows and each group; `interval` is the bootstrap's for the main figure.

    `figure` returns that alone, where working out all scores a thousand times takes long.
    """

    def scored(part: Sequence[Record]) -> Record:
        span = interval(part, figure or (lambda sample: _figure(score(sample), main)))
        return {**score(part), "interval": span, **detail(part)}

    groups: dict[str, list[Record]] = defaultdict(list)
    if by:
        for row in rows:
            groups[str(row.get(by, ""))].append(row)
    found = {name: scored(group) for name, group in sorted(groups.items())}
    out: Record = rounded({**scored(rows), "by": found})
    return out


def _figure(scores: Record, main: str) -> float:
    value = scores[main]
    return float(value["f1"] if isinstance(value, dict) else value)


def interval(rows: Sequence[Record], figure: Callable[[Sequence[Record]], float]) -> list[float]:
    """Return the 90 % bootstrap interval of a figure, rows drawn anew (documents stay whole)."""
    groups: dict[Any, list[Record]] = defaultdict(list)
    for number, row in enumerate(rows):
        groups[row.get("doc_id") or number].append(row)
    units = list(groups.values())
    state = np.random.default_rng(0)
    found = []
    for _ in range(RESAMPLES if len(rows) < 3000 else RESAMPLES // 5):
        chosen = state.integers(0, len(units), len(units))
        found.append(figure([row for i in chosen for row in units[i]]))
    return [float(q) for q in np.quantile(found, (0.05, 0.95))]


def rounded(value: Any) -> Any:
    """Round every figure in a tree of scores to four digits."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return round(value, 4) if isinstance(value, float) and math.isfinite(value) else value
