import datetime as dt
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import eventcoder as ec
from eventcoder import tables
from eventcoder.errors import EventcoderError
from eventcoder.release import make
from eventcoder.runs import Run
from eventcoder.signature import Signature

CODES = {"042": 1, "071": 2, "112": 3, "190": 4}


def events(n: int = 40) -> pl.DataFrame:
    rows = []
    for i in range(n):
        code = list(CODES)[i % 4]
        source, target = (("RUS", "TJK"), ("TJK", "RUS"), ("IRN", "IRQ"))[i % 3]
        rows.append({
            "event_id": f"{i:016x}", "event_date": dt.date(2022, 1 + i % 9, 1 + i % 28),
            "source": source + "GOV", "source_country": source, "source_sector": "GOV",
            "target": target, "target_country": target, "event_code": code, "base_code": code,
            "root_code": code[:2], "quad_class": CODES[code], "goldstein": 1.0, "language": "ar",
            "confidence": 0.5, "doc_id": f"d{i}", "dropped": "low confidence" if i == 39 else None,
            "sentence_text": "<b>التقى</b>",
        })  # fmt: skip
    return tables.conform(pl.DataFrame(rows, schema_overrides=tables.schema("events")), "events")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    documents = pl.DataFrame(
        [{"doc_id": f"d{i}", "status": "coded", "published": dt.date(2022, 1, 1),
          "published_basis": "given", "n_sentences": 2, "n_events": 1} for i in range(40)]
    )  # fmt: skip
    with Run.create(tmp_path / "run", Signature()) as made:
        made.write("documents", documents)
        made.write("events", events())
        made.finish(Signature(), {"read": 40, "coded": 40, "skipped": 0, "failed": 0}, 1.0)
    return tmp_path / "run"


def test_tables_are_read_when_looked_at(run: Path) -> None:
    r = ec.load(run)
    assert len(r.events) == 40 and len(r.kept) == 39 and len(r.documents) == 40
    assert r.events.collect().equals(events())
    assert "event_code" in r.events.columns
    chosen = r.events.filter(pl.col("quad_class") == 4).select("event_id")
    assert len(chosen) == 10 and chosen.columns == ["event_id"]
    counts = r.kept.group_by("quad_class").agg(pl.len()).sort("quad_class").collect()
    assert counts["len"].sum() == 39
    with pytest.raises(AttributeError):
        _ = r.events.nonesuch


def test_pandas_keeps_codes_as_text(run: Path) -> None:
    pytest.importorskip("pandas")
    frame = ec.load(run).to_pandas()
    assert frame["event_code"][0] == "042" and len(frame) == 40
    assert len(ec.load(run).documents.to_pandas()) == 40


def test_one_dyad_has_every_month(run: Path) -> None:
    r = ec.load(run)
    series = r.dyads("month", "RUS", "TJK")
    assert series["period"].to_list() == [dt.date(2022, m, 1) for m in range(1, 10)]
    whole = r.dyads("month").filter(source="RUS", target="TJK")
    assert series["n_events"].sum() == whole["n_events"].sum() == 13
    assert r.dyads("month", "RUS", "TJK", complete=False).equals(whole)
    year = r.dyads("year", "RUS", "TJK", undirected=True)
    assert year.select("source", "target", "n_events").rows() == [("RUS", "TJK", 26)]
    assert r.dyads("year", "TJK", "RUS", undirected=True).equals(year)
    assert set(r.dyads("year", source="IRN")["target"]) == {"IRQ"}
    actors = r.dyads("year", "RUSGOV", "TJK", level="actor")
    assert actors["n_events"].to_list() == [13]
    sectors = r.dyads("year", "RUSGOV", "TJK", level="country-sector")
    assert sectors["n_events"].to_list() == [13]
    later = r.dyads("month", "RUS", "TJK", from_=dt.date(2022, 5, 1))
    assert later["period"].min() == dt.date(2022, 5, 1)
    mirrored = r.dyads("year", "RUS", "TJK", mirror_symmetric=True)
    assert mirrored.equals(
        r.dyads("year", mirror_symmetric=True).filter(source="RUS", target="TJK")
    )


def test_a_dyad_without_events_has_zeros(run: Path) -> None:
    r = ec.load(run)
    months = [dt.date(2022, m, 1) for m in range(1, 10)]
    for asked in (
        {"source": "TJK", "target": "FRA"},
        {"source": "TJKGOV", "target": "IGOUNO", "level": "actor"},
        {"source": "TJKGOV", "target": "FRAMIL", "level": "country-sector"},
        {"source": "TJK", "target": "FRA", "undirected": True, "weights": "confidence"},
        {"source": "TJK", "target": "FRA", "keys": "cow", "normalise": "documents"},
        {"source": "TJK", "target": "FRA", "correct": "default"},
    ):
        none: pl.DataFrame = r.dyads("month", **asked)
        like = r.dyads("month", **{**asked, "source": "RUS", "target": "TJK", "level": "country"})
        assert none["period"].to_list() == months and none.schema == like.schema, asked
        assert not none.select("n_events", "goldstein_sum", "n_documents").to_numpy().any()
        assert none["goldstein_mean"].null_count() == 9
        missing = [name for name, n in none.null_count().to_dicts()[0].items() if n]
        assert set(missing) <= {"goldstein_mean", *(c for c in missing if c.endswith("_1000"))}
    assert r.dyads("month", "TJK", "FRA", keys="cow")["target_cow"].to_list() == [220] * 9
    later = r.dyads("month", "TJK", "FRA", from_="2022-08-15")
    assert later["period"].to_list() == months[7:]
    assert r.dyads("month", "TJK", "FRA", complete=False).is_empty()
    assert r.dyads("month", "CSK", "FRA").is_empty()  # no state of these days
    pytest.importorskip("altair")
    shown = r.plot("TJK", "FRA").to_dict()["data"]["values"]
    assert len(shown) == 36 and not any(row["events"] for row in shown)


def test_a_misspelt_code_is_an_error(run: Path) -> None:
    r = ec.load(run)
    for source, target, level, bad in (
        ("Rus", "TJK", "country", "Rus"), ("RUS", "TJKGOV", "country", "TJKGOV"),
        ("XXX", "", "country", "XXX"), ("", "tjk", "country", "tjk"),
        ("RUSGOV", "TJKGVO", "actor", "TJKGVO"), ("RUSXXX", "TJK", "country-sector", "RUSXXX"),
    ):  # fmt: skip
        with pytest.raises(EventcoderError, match=f"no {level} has the code '{bad}'"):
            r.dyads("month", source, target, level=level)
    with pytest.raises(EventcoderError, match="'XXX'"):
        r.plot("XXX", "YYY")
    # A code of the user's own that is in the data is known.
    own = events().with_columns(source=pl.lit("TJKOWN"))
    path = run.parent / "own.parquet"
    own.write_parquet(path)
    assert ec.load(path).dyads("year", "TJKOWN", "TJK", level="actor")["n_events"].sum() > 0


def test_days_as_text(run: Path) -> None:
    r = ec.load(run)
    for first in ("2022-05-01", dt.date(2022, 5, 1), dt.datetime(2022, 5, 1, 12)):
        series = r.dyads("month", "RUS", "TJK", from_=first, to="2022-07-31")
        assert series["period"].to_list() == [dt.date(2022, m, 1) for m in (5, 6, 7)]
    with pytest.raises(EventcoderError, match="from_ can't be 'May': give a day as 2020-01-31"):
        r.dyads("month", from_="May")


def test_exposure_and_documents(run: Path, tmp_path: Path) -> None:
    assert ec.load(run).exposure("year")["n_documents"].sum() == 40
    events().write_parquet(tmp_path / "events.parquet")
    with pytest.raises(EventcoderError, match="no documents"):
        _ = ec.load(tmp_path / "events.parquet").documents


def test_releases_and_published_files_load_too(run: Path, tmp_path: Path) -> None:
    from eventcoder.exports import export

    release = ec.load(make(run, tmp_path / "v1", "1.0"))
    assert release.dyads("year").equals(ec.load(run).dyads("year"))
    assert len(release.documents) == 40
    export(events(), "gdelt", tmp_path / "gdelt.csv")
    published = ec.load(tmp_path / "gdelt.csv")
    same = ["period", "source", "target", "n_events"]
    assert published.dyads("year")[same].equals(release.dyads("year")[same])
    events().drop("sentence_text").write_ndjson(tmp_path / "e.jsonl")
    assert len(ec.load(tmp_path / "e.jsonl").events) == 40


def test_charts(run: Path) -> None:
    pytest.importorskip("altair")
    r = ec.load(run)
    bars = r.plot("RUS", "TJK").to_dict()
    assert bars["title"] == "RUS → TJK"
    assert sum(row["events"] for row in bars["data"]["values"]) == 13
    conflict = [row for row in bars["data"]["values"] if row["quad class"].endswith("conflict")]
    assert all(row["shown"] <= 0 for row in conflict)
    line = r.plot(measure="n_documents", by="year").to_dict()
    assert line["data"]["values"] == [{"period": "2022-01-01T00:00:00", "n_documents": 39}]
    assert r.plot("RUS", "TJK", measure="goldstein_mean").to_dict()
    for measure in ("nonesuch", "goldstein_mean", "source", "source_cow"):
        with pytest.raises(EventcoderError, match="give one of n_events"):
            r.plot(measure=measure, keys="cow")
    assert r.plot("TJK", "RUS", undirected=True).to_dict()["title"] == "RUS – TJK"
    assert r.plot("TJK", undirected=True).to_dict()["title"] == "TJK"
    # A sum is 0 where there is no event; the interval is drawn around a corrected count.
    days = r.plot("IRN", by="day", measure="n_events").to_dict()["data"]["values"]
    assert len(days) > 200 and {row["n_events"] for row in days} == {0, 1}
    band, _ = r.plot("RUS", "TJK", measure="n_events_corrected", correct="default").to_dict()[
        "layer"
    ]
    assert band["encoding"]["y2"] == {"field": "n_events_corrected_high"}
    vl_convert = pytest.importorskip("vl_convert")
    assert vl_convert.vegalite_to_svg(r.plot("RUS", "TJK", by="day").to_json()).startswith("<svg")


def test_weeks_are_drawn_from_their_own_first_day(run: Path) -> None:
    pytest.importorskip("altair")
    bars = ec.load(run).plot("RUS", "TJK", by="week").to_dict()
    assert bars["encoding"]["x"]["timeUnit"] == "binnedyearweek"  # yearweek begins on Sundays
    days = {dt.datetime.fromisoformat(row["period"]) for row in bars["data"]["values"]}
    assert {day.isoweekday() for day in days} == {1}


def test_charts_bring_their_scripts_unless_the_user_wants_others(run: Path) -> None:
    alt = pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    chart = ec.load(run).plot("RUS", "TJK")
    page = chart._repr_mimebundle_()["text/html"]
    assert "https://cdn" not in page and page.count("<script") == page.count("</script>") == 1
    assert "RUS → TJK" in page and len(page) > 500_000
    with alt.renderers.enable("mimetype"):
        assert "text/html" not in chart._repr_mimebundle_()


def test_what_all_dyads_decide_is_asked_of_all_dyads(run: Path) -> None:
    r = ec.load(run)
    for options in ({"normalise": "documents"}, {"normalise": "events"}, {"correct": "default"}):
        whole = r.dyads("month", complete=True, **options).filter(source="RUS", target="TJK")
        assert r.dyads("month", "RUS", "TJK", **options).equals(whole)
    assert r.dyads(normalise="documents")["exposure"].max() == 40


def test_display(run: Path) -> None:
    r = ec.load(run)
    assert repr(r) == "run: 40 events, 39 kept, 2022-01-01 to 2022-09-27"
    for shown in (r._repr_html_(), r.events._repr_html_()):
        assert "<table" in shown and "<b>التقى" not in shown
    assert "40 rows" in repr(r.events)


def test_empty_and_undated(tmp_path: Path) -> None:
    undated = events(3).with_columns(event_date=pl.lit(None, pl.Date))
    for i, frame in enumerate((tables.empty("events"), undated)):
        path = tmp_path / f"{i}.parquet"
        frame.write_parquet(path)
        r = ec.load(path)
        assert r.dyads("month", "RUS", "TJK").is_empty() and r.dyads().is_empty()
        assert "without dates" in repr(r) and r._repr_html_()
        assert r.plot("RUS", "TJK").to_dict()


def test_what_can_not_be_loaded(run: Path, tmp_path: Path) -> None:
    with pytest.raises(EventcoderError, match="does not exist"):
        ec.load(tmp_path / "nothing")
    (tmp_path / "f.parquet").write_bytes((run / "events.parquet").read_bytes()[:500])
    with pytest.raises(EventcoderError, match="can't be read"):
        ec.load(tmp_path / "f.parquet")
    r = ec.load(run)
    with pytest.raises(EventcoderError, match="the options of a series are by"):
        r.dyads("month", colour="red")
    with pytest.raises(EventcoderError, match="by can't be 'fortnight'"):
        wrong: Any = "fortnight"
        r.dyads(wrong)


def test_importing_is_light_and_loading_quick(run: Path) -> None:
    light = "import sys, eventcoder; print('polars' in sys.modules, 'load' in dir(eventcoder))"
    told = subprocess.run([sys.executable, "-c", light], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "True"]
    with pytest.raises(AttributeError, match="nonesuch"):
        _ = ec.nonesuch
    began = time.perf_counter()
    ec.load(run)
    assert time.perf_counter() - began < 0.5


def test_a_folder_of_many_files_opens_as_quickly_as_one(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eventcoder import imports
    from eventcoder.exports import export

    folder = tmp_path / "gdelt"
    folder.mkdir()
    export(events(), "gdelt", tmp_path / "one.csv")
    for number in range(30):
        (folder / f"{number:03}.csv").write_bytes((tmp_path / "one.csv").read_bytes())
    opened: list[Path] = []
    whole = imports._opened
    monkeypatch.setattr(imports, "_opened", lambda p, how: opened.append(p) or whole(p, how))
    r = ec.load(folder)
    assert opened == [folder / "000.csv"]
    assert len(r.events) == 30 * 39
    (folder / "029.csv").write_text("no events")
    other = ec.load(folder)
    with pytest.raises(EventcoderError, match=r"029\.csv is in no layout"):
        _ = other.events
    (folder / "000.csv").write_text("no events")
    with pytest.raises(EventcoderError, match=r"000\.csv is in no layout"):
        ec.load(folder)
