import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from eventcoder import tables
from eventcoder.comparison import compare
from eventcoder.dyads import Options, aggregate
from eventcoder.errors import EventcoderError
from eventcoder.exports import export

CODES = {"042": 1, "071": 2, "112": 3, "190": 4}


def data(seed: int, share: float = 1.0, first: dt.date = dt.date(2020, 1, 1)) -> pl.DataFrame:
    """Make two years of events whose monthly rate swells; keep a share of them."""
    random = np.random.default_rng(seed)
    rows = []
    for month in range(24):
        day = first + dt.timedelta(days=30 * month)
        for source, target in (("RUS", "TJK"), ("IRN", "IRQ")):
            for code, quad in CODES.items():
                for _ in range(int(5 + 20 * abs(np.sin(month / 4 + quad)))):
                    if random.random() < share:
                        rows.append((day, source, target, code, quad))
    frame = pl.DataFrame(
        rows, schema=["event_date", "source", "target", "event_code", "quad_class"], orient="row"
    ).with_row_index("event_id")
    frame = frame.with_columns(
        pl.col("event_id").cast(pl.String), doc_id=pl.col("event_id").cast(pl.String),
        source_country="source", target_country="target",
        root_code=pl.col("event_code").str.head(2), base_code="event_code", goldstein=pl.lit(0.0),
    )  # fmt: skip
    return tables.conform(frame, "events")


def test_a_data_set_agrees_with_itself_and_with_a_half_of_itself() -> None:
    same = compare(data(1), data(1)).by_dyad
    assert same.height == 10 and same["pearson"].min() > 0.999999
    half = compare(data(1), data(2, 0.5), names=("whole", "half"))
    assert half.by_dyad["pearson"].min() > 0.7
    assert half.overall["quad"].to_list()[-1] == "all"
    assert half.overall["n_a"][-1] == data(1).height


def test_correlations_are_those_of_the_series() -> None:
    a, b = data(1), data(3, 0.2).filter(pl.col("event_date").dt.month() != 5)
    found = compare(a, b)
    options = Options(from_=found.first, to=found.last, complete=True)
    one, two = (aggregate(x, options).collect().filter(source="RUS").sort("period") for x in (a, b))
    wanted = np.corrcoef(one["n_material_conflict"], two["n_material_conflict"])[0, 1]
    row = found.by_dyad.filter(source="RUS", quad="material_conflict").row(0, named=True)
    assert row["pearson"] == pytest.approx(wanted) and row["periods"] == one.height
    assert row["n_a"] == one["n_material_conflict"].sum()


def test_only_the_days_that_both_cover_count() -> None:
    late = data(1, first=dt.date(2021, 1, 1))
    found = compare(data(1), late)
    assert (found.first, found.last) == (dt.date(2021, 1, 1), data(1)["event_date"].max())
    assert found.by_dyad["periods"].to_list() == [11] * 10
    with pytest.raises(EventcoderError, match="no days in common"):
        compare(data(1), data(1, first=dt.date(1990, 1, 1)))
    with pytest.raises(EventcoderError, match="no events with a date"):
        compare(data(1), tables.empty("events"))


def test_a_dyad_of_one_side_only_and_series_that_do_not_vary() -> None:
    found = compare(data(1), data(1).filter(source="RUS")).by_dyad
    alone = found.filter(source="IRN")
    assert alone["n_b"].sum() == 0 and alone["pearson"].null_count() == alone.height
    once = compare(data(1).head(1), data(1).head(1))
    assert once.by_dyad["pearson"].to_list() == [None, None]
    vl_convert = pytest.importorskip("vl_convert")
    drawn = vl_convert.vegalite_to_svg(once.plot().to_json())
    assert ">–<" in drawn and "null" not in drawn and "NaN" not in drawn


def test_events_left_out_are_accounted_for() -> None:
    a = data(1)
    b = data(1, first=dt.date(2020, 7, 1))
    found = compare(a, b)
    whole = found.overall.filter(pl.col("quad") == "all")
    for side, events, account in zip("ab", (a, b), found.accounts, strict=True):
        assert account.kept == whole[f"n_{side}"].item()
        assert account.read == events.height
        assert account.left_out["outside the days asked for"] > 0


def test_published_files_compare_and_make_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    export(data(1), "gdelt", tmp_path / "gdelt.csv")
    export(data(2, 0.6), "icews", tmp_path / "icews.tab")
    found = compare(tmp_path / "gdelt.csv", tmp_path / "icews.tab")
    assert found.names == ("gdelt.csv", "icews.tab")
    found.write(tmp_path / "f.csv")
    assert pl.read_csv(tmp_path / "f.csv").height == 10
    for name in ("f.svg", "f.png"):
        found.picture(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 10_000
    assert "RUS → TJK" in (tmp_path / "f.svg").read_text("utf-8")
    with pytest.raises(EventcoderError, match=r"\.svg, \.png or \.html"):
        found.picture(tmp_path / "f.gif")
    with pytest.raises(EventcoderError, match="does not exist"):
        found.picture(tmp_path / "no" / "f.svg")
