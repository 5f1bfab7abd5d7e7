import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from eventcoder import tables
from eventcoder.correction import CLASSES, COLUMNS, QUADS, Confusion, estimate, table
from eventcoder.dyads import Options, aggregate
from eventcoder.errors import EventcoderError

# Gold in rows, coded in columns: none, then the four quad classes; none is common, as in news.
COUNTS = np.array(
    [
        [600, 30, 8, 12, 10],
        [70, 130, 12, 10, 3],
        [12, 8, 30, 2, 3],
        [15, 8, 2, 55, 6],
        [14, 3, 3, 6, 75],
    ],
    dtype=float,
)
ROWS = COUNTS / COUNTS.sum(axis=1, keepdims=True)
IDLE = COUNTS[0].sum() / COUNTS[1:].sum()  # non-events for every event


def coded(rates: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw true events of the four classes, and what the coder makes of them."""
    true = rng.poisson(rates)
    seen = rng.multinomial(rng.poisson(rates.sum(axis=1) * IDLE), ROWS[0])[:, 1:]
    for k in range(4):
        seen = seen + rng.multinomial(true[:, k], ROWS[k + 1])[:, 1:]
    return np.column_stack([true, true.sum(axis=1)]), seen


def estimated(seen: np.ndarray, confusion: Confusion) -> np.ndarray:
    different, place, often = np.unique(seen, axis=0, return_inverse=True, return_counts=True)
    return estimate(different, often, confusion)[place.ravel()]


RATES = {
    "of many sizes, each dyad its own mix": lambda rng, n: rng.gamma(0.7, 15, (n, 4)),
    "hundreds": lambda rng, n: rng.gamma(1, 200, (n, 4)),
}


@pytest.mark.parametrize("rates", RATES.values(), ids=RATES.keys())
def test_intervals_cover_the_truth(rates) -> None:  # type: ignore[no-untyped-def]
    # As in life: a coder with unknown rates, an evaluation of a thousand sentences that tells of
    # them, and a panel. Forty such evaluations, since the error of one is in all of its rows.
    rng = np.random.default_rng(3)
    covered, sums = [], np.zeros((2, 5))
    for _ in range(40):
        gold = COUNTS.sum(axis=1).astype(int)
        evaluation = np.array([rng.multinomial(n, row) for n, row in zip(gold, ROWS, strict=True)])
        true, seen = coded(rates(rng, 30), rng)
        made = estimated(seen, Confusion(evaluation.astype(float)))
        covered.append((made[..., 1] <= true) & (true <= made[..., 2]))
        sums += made[..., 0].sum(axis=0), true.sum(axis=0)
    shares = np.concatenate(covered).mean(axis=0)
    assert 0.87 <= shares.mean() <= 0.93
    assert ((shares > 0.85) & (shares < 0.95)).all(), shares
    assert sums[0] / sums[1] == pytest.approx(np.ones(5), abs=0.08)


def test_rows_that_hold_nothing_gain_next_to_nothing() -> None:
    rng = np.random.default_rng(4)
    rates = np.zeros((20_000, 4))
    rates[:1000] = rng.gamma(0.5, 8, (1000, 4))
    true, seen = coded(rates, rng)
    made = estimated(seen, Confusion(COUNTS))
    empty = seen.sum(axis=1) == 0
    assert made[empty, 4, 0].max() < 0.1
    assert made[:, 4, 0].sum() == pytest.approx(true[:, 4].sum(), rel=0.05)


def test_a_perfect_coder_is_believed() -> None:
    perfect = Confusion(np.diag([1e9, 1e9, 1e9, 1e9, 1e9]))
    seen = np.array([[0, 0, 0, 0], [3, 0, 1, 0], [0, 250, 0, 12]])
    made = estimate(seen, np.array([5, 1, 1]), perfect)
    assert made[:, :4, 0] == pytest.approx(seen, abs=0.01)
    assert (made[:, :4, 1] == seen).all() and (made[:, :4, 2] == seen).all()


def test_a_series_gets_its_columns(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    # Other orders of the classes are read by their names.
    turned = [CLASSES.index(name) for name in reversed(CLASSES)]
    matrix = COUNTS[np.ix_(turned, turned)].tolist()
    written = {"source": "made up", "classes": list(reversed(CLASSES)), "counts": matrix}
    (model / "confusion.json").write_text(json.dumps(written))
    assert (Confusion.of_model(str(model)).counts == COUNTS).all()
    days = [f"2022-0{month}-01" for month in (1, 2, 4)] + ["2022-04-01"] * 30
    events = pl.DataFrame(
        {
            "event_date": days, "source_country": ["RUS"] * 32 + ["IRN"],
            "target_country": ["TJK"] * 33, "quad_class": [1, 2, 3, *[4] * 30],
            "goldstein": [0.0] * 33, "doc_id": [str(i) for i in range(33)],
        }
    )  # fmt: skip
    sparse, full = (
        aggregate(events, Options(correct=str(model), complete=complete)).collect()
        for complete in (False, True)
    )
    again = aggregate(events.reverse(), Options(correct=str(model), complete=True)).collect()
    assert full.equals(again)
    assert full.filter(pl.col("n_events") > 0).equals(sparse)
    assert full.height == 8 and full.columns[-15:] == list(COLUMNS)
    assert full.null_count().select(COLUMNS).sum_horizontal().item() == 0
    assert not tables.failures(tables.conform(full, "dyads"), "dyads")
    april = full.row(7, named=True)
    assert april["source"] == "RUS" and april["n_material_conflict"] == 29
    assert april["n_material_conflict_corrected"] > 27
    assert april["n_events_corrected_low"] < april["n_events_corrected"]
    none = aggregate(tables.empty("events"), Options(correct=str(model), complete=True)).collect()
    assert none.is_empty() and none.columns == full.columns


def test_the_table_has_a_row_for_nothing() -> None:
    series = pl.DataFrame({name: [1, 1] for name in QUADS})
    made = table(series, 2, Confusion(COUNTS))
    assert made.select(QUADS).rows() == [(0, 0, 0, 0), (1, 1, 1, 1)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "is missing"),
        ("{", "no confusion matrix"),
        ('{"classes": ["none", "1"], "counts": [[1, 2], [3, 4]]}', "no confusion matrix"),
        ('{"classes": ["none", "1", "2", "3", "4"], "counts": [[1]]}', "no confusion matrix"),
        ("[]", "no confusion matrix"),
        (json.dumps({"classes": CLASSES, "counts": (-COUNTS).tolist()}), "below zero"),
        (json.dumps({"classes": CLASSES, "counts": (0 * COUNTS).tolist()}), "never found"),
    ],
)
def test_bad_matrices_are_refused(tmp_path: Path, content: str | None, reason: str) -> None:
    if content is not None:
        (tmp_path / "confusion.json").write_text(content)
    with pytest.raises(EventcoderError, match=reason):
        Confusion.of_model(str(tmp_path))


@pytest.mark.parametrize("more", [{"weights": "confidence"}, {"code_level": "root"}])
def test_only_counts_of_quad_classes_are_corrected(more: dict[str, str]) -> None:
    with pytest.raises(EventcoderError, match="leave out"):
        Options(correct="default", **more)  # type: ignore[arg-type]
