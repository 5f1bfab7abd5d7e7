import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from eventcoder import panels, tables
from eventcoder.dyads import Options, account, aggregate, exposure
from eventcoder.errors import EventcoderError

# code -> (quad class, Goldstein), as in the ontology
CODES = {"046": (1, 7.0), "071": (2, 7.4), "112": (3, -2.0), "190": (4, -10.0), "173": (4, -5.0)}


def event(number: int = 0, **changes: Any) -> dict[str, Any]:
    """Make one event; every column a test does not name is right and dull."""
    code = changes.get("event_code", "046")
    quad, goldstein = CODES.get(code, (None, None))
    source, target = changes.get("source", "RUSGOV"), changes.get("target", "TJKGOV")
    return {
        "event_id": f"e{number}",
        "event_date": dt.date(2022, 2, 3),
        "source": source,
        "source_country": source[:3],
        "source_sector": source[3:],
        "target": target,
        "target_country": target[:3],
        "target_sector": target[3:],
        "event_code": code,
        "base_code": code,
        "root_code": code[:2],
        "quad_class": quad,
        "penta_class": quad,
        "goldstein": goldstein,
        "confidence": 0.5,
        "doc_id": f"d{number}",
        "language": "ar",
        "publisher": "KUNA",
        "dropped": None,
    } | changes


def frame(*events: dict[str, Any]) -> pl.DataFrame:
    rows = [
        {
            "event_id": f"e{i}",
            **e,
        }
        | {"event_id": f"e{i}"}
        for i, e in enumerate(events)
    ]
    return tables.conform(pl.DataFrame(rows, schema_overrides=tables.schema("events")), "events")


def series(events: pl.DataFrame, **options: Any) -> pl.DataFrame:
    made = aggregate(events, Options(**options)).collect(engine="streaming")
    assert not [f for f in tables.failures(made, "dyads") if f.rule != "is missing"]
    return made


def rows(made: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return made.select(columns).rows()


def test_a_month_by_hand() -> None:
    made = series(
        frame(
            event(event_code="046", doc_id="d1", cluster_id="s1"),
            event(event_code="071", doc_id="d2", cluster_id="s1"),
            event(event_code="112", doc_id="d2", cluster_id="s1"),
            event(event_code="190", doc_id="d3", event_date=dt.date(2022, 2, 28)),
            event(event_code="190", doc_id="d3", source="TJKMIL", target="RUS"),
        )
    )
    assert made.to_dicts() == [
        {
            "period": dt.date(2022, 2, 1), "source": "RUS", "target": "TJK",
            "n_events": 4, "n_verbal_cooperation": 1, "n_material_cooperation": 1,
            "n_verbal_conflict": 1, "n_material_conflict": 1,
            "goldstein_mean": pytest.approx(0.6), "goldstein_sum": pytest.approx(2.4),
            "net_cooperation": 0, "n_documents": 3, "n_clusters": 2,
        },
        {
            "period": dt.date(2022, 2, 1), "source": "TJK", "target": "RUS",
            "n_events": 1, "n_verbal_cooperation": 0, "n_material_cooperation": 0,
            "n_verbal_conflict": 0, "n_material_conflict": 1,
            "goldstein_mean": -10.0, "goldstein_sum": -10.0,
            "net_cooperation": -1, "n_documents": 1, "n_clusters": 1,
        },
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("by", "day", "first"),
    [
        ("day", dt.date(2022, 2, 3), dt.date(2022, 2, 3)),
        ("month", dt.date(2024, 2, 29), dt.date(2024, 2, 1)),
        ("quarter", dt.date(2022, 12, 31), dt.date(2022, 10, 1)),
        ("year", dt.date(2022, 12, 31), dt.date(2022, 1, 1)),
        ("week", dt.date(2022, 2, 6), dt.date(2022, 1, 31)),  # a Sunday
        ("week", dt.date(2022, 2, 7), dt.date(2022, 2, 7)),  # a Monday
    ],
)
def test_period_is_its_first_day(by: Any, day: dt.date, first: dt.date) -> None:
    assert series(frame(event(event_date=day)), by=by)["period"].to_list() == [first]


def test_weeks_from_sunday() -> None:
    days = [dt.date(2022, 2, 5), dt.date(2022, 2, 6), dt.date(2022, 2, 12)]
    made = series(frame(*(event(event_date=d) for d in days)), by="week", week_start="sunday")
    assert rows(made, "period", "n_events") == [
        (dt.date(2022, 1, 30), 1),
        (dt.date(2022, 2, 6), 2),
    ]


def test_levels() -> None:
    events = frame(event(source="RUSGOVMIL", source_sector="GOV"), event(source="RUS"))
    assert rows(series(events), "source", "n_events") == [("RUS", 2)]
    actors = series(events, level="actor")
    assert rows(actors, "source", "target") == [("RUS", "TJKGOV"), ("RUSGOVMIL", "TJKGOV")]
    sectors = series(events, level="country-sector")
    assert rows(sectors, "source", "target") == [("RUS", "TJKGOV"), ("RUSGOV", "TJKGOV")]


def test_code_levels_give_a_row_a_code() -> None:
    events = frame(event(event_code="190"), event(event_code="173"), event(event_code="046"))
    made = series(events, code_level="quad")
    assert rows(made, "code", "n_events", "n_material_conflict") == [("1", 1, 0), ("4", 2, 2)]
    assert rows(series(events, code_level="root"), "code") == [("04",), ("17",), ("19",)]
    assert made.columns[:4] == ["period", "source", "target", "code"]


def test_everything_left_out_is_accounted_for() -> None:
    events = frame(
        event(),
        event(dropped="low confidence", event_date=None),
        event(event_date=None),
        event(event_date=dt.date(2022, 2, 1), date_precision="month"),
        event(event_date=dt.date(2021, 12, 31)),
        event(event_date=dt.date(2022, 3, 1)),
        event(target=""),
        event(source="", source_country=""),
        event(event_code="999"),
        event(target="RUSMED"),
    )
    options = Options(
        by="day", from_=dt.date(2022, 1, 1), to=dt.date(2022, 2, 28), self_dyads=False
    )
    counted = account(events, options)
    assert (counted.read, counted.kept) == (10, 1)
    assert counted.left_out == {
        "outside the days asked for": 2,
        "code without a quad class": 1,
        "date less precise than the period": 1,
        "dropped: low confidence": 1,
        "no date": 1,
        "no source at this level": 1,
        "no target at this level": 1,
        "self dyad": 1,
    }
    assert aggregate(events, options).collect()["n_events"].sum() == 1
    assert series(events, by="month")["n_events"].sum() == 5  # a month's date will do for a month


def test_a_country_with_itself_is_a_dyad_unless_it_is_asked_out() -> None:
    events = frame(event(source="GBRGOV", target="GBROPP"))
    assert rows(series(events), "source", "target", "n_events") == [("GBR", "GBR", 1)]
    assert series(events, self_dyads=False).is_empty()
    assert series(events, mirror_symmetric=True)["n_events"].sum() == 1


def test_one_a_day() -> None:
    events = frame(
        event(doc_id="a", confidence=0.4),
        event(doc_id="b", confidence=0.9),
        event(doc_id="c", event_date=dt.date(2022, 2, 4)),
        event(doc_id="d", source="RUSMIL"),
        event(doc_id="e", target="RUSGOV", source="TJKGOV"),  # 046 is mutual: the same meeting
        event(doc_id="f", event_code="112"),
        event(doc_id="g", event_code="112", target="RUSGOV", source="TJKGOV"),  # 112 is not
    )
    made = series(events, duplicates="one-a-day", undirected=True, by="year")
    assert rows(made, "n_events", "n_verbal_cooperation") == [(5, 3)]
    assert account(events, Options(duplicates="one-a-day")).left_out == {"duplicate": 2}
    kept = series(events.head(2), duplicates="one-a-day", weights="confidence")
    assert rows(kept, "n_events") == [(0.9,)]


def test_one_a_cluster() -> None:
    events = frame(
        event(doc_id="a", cluster_id="s", event_date=dt.date(2022, 2, 28)),
        event(doc_id="b", cluster_id="s", event_date=dt.date(2022, 3, 1)),
        event(doc_id="c", cluster_id="t", event_date=dt.date(2022, 3, 1)),
        event(doc_id="d", event_date=dt.date(2022, 3, 1)),
        event(doc_id="d", event_date=dt.date(2022, 3, 1)),
    )
    made = series(events, duplicates="cluster")
    assert rows(made, "period", "n_events") == [(dt.date(2022, 2, 1), 1), (dt.date(2022, 3, 1), 2)]


def test_weights() -> None:
    events = frame(
        event(confidence=0.25),
        event(confidence=0.5, event_code="190", doc_id="d1"),
        event(confidence=None),
    )
    made = series(events, weights="confidence")
    assert rows(made, "n_events", "n_verbal_cooperation", "net_cooperation", "n_documents") == [
        (0.75, 0.25, -0.25, 2)
    ]
    assert made["goldstein_sum"].to_list() == [-3.25]
    assert made["goldstein_mean"].to_list() == pytest.approx([-3.25 / 0.75])
    assert account(events, Options(weights="confidence")).left_out == {
        "no confidence to weight by": 1
    }


def test_nan_weighs_nothing() -> None:
    """Pandas writes NaN where a value is missing: one must not make the whole sum NaN."""
    events = frame(event(confidence=0.25), event(confidence=0.5, doc_id="d1")).with_columns(
        confidence=pl.Series([0.25, float("nan")]), goldstein=pl.Series([float("nan"), -1.0])
    )
    made = series(events, weights="confidence")
    assert made["n_events"].to_list() == [0.25]
    assert not made["goldstein_sum"].is_nan().any()


def test_symmetric_events_mirrored() -> None:
    events = frame(event(event_code="046"), event(event_code="190"))
    made = series(events, mirror_symmetric=True)
    assert rows(made, "source", "target", "n_events") == [("RUS", "TJK", 2), ("TJK", "RUS", 1)]
    assert series(events, mirror_symmetric=True, undirected=True)["n_events"].to_list() == [2]


def test_another_quad_mapping_and_goldstein() -> None:
    events = frame(event(event_code="016", quad_class=1, goldstein=-2.0))
    assert series(events, goldstein="icews")["goldstein_sum"].to_list() != [-2.0]
    assert account(events, Options(quad="phoenix")).read == 1
    with pytest.raises(EventcoderError, match="nonesuch"):
        aggregate(events, Options(quad="nonesuch"))


def test_complete_panel() -> None:
    events = frame(
        event(event_date=dt.date(2022, 1, 5)),
        event(event_date=dt.date(2022, 4, 5), source="IRN", target="IRQ"),
    )
    made = series(events, complete=True)
    assert made.height == 2 * 4
    hole = made.filter(pl.col("source") == "IRN").head(1).to_dicts()[0]
    assert (hole["period"], hole["n_events"], hole["goldstein_sum"]) == (dt.date(2022, 1, 1), 0, 0)
    assert hole["goldstein_mean"] is None
    wider = series(events, complete=True, from_=dt.date(2021, 12, 31), to=dt.date(2022, 5, 1))
    assert wider.height == 2 * 6
    weeks = series(events, complete=True, by="week", week_start="sunday", from_=dt.date(2022, 1, 1))
    assert set(weeks["period"].dt.weekday()) == {7}


def test_a_state_has_rows_only_while_it_exists() -> None:
    events = frame(
        event(source="SSD", target="SDN", event_date=dt.date(2012, 5, 5)),
        event(source="SSDGOV", target="IGOUNO", event_date=dt.date(2013, 5, 5)),
        event(source="IGO", target="SDN", event_date=dt.date(2009, 5, 5)),
        event(source="SSD", target="SDN", event_date=dt.date(2010, 5, 5)),
    )
    for level in ("country", "actor", "country-sector"):
        made = series(events, complete=True, by="year", level=level)
        years = made.group_by("source", "target", maintain_order=True).agg(
            pl.col("period").dt.year().min()
        )
        first = {row[0][:3] + row[1][:3]: row[2] for row in years.rows()}
        assert first == {"IGOSDN": 2009, "SSDIGO": 2011, "SSDSDN": 2011}
        assert made["n_events"].sum() == 3
        assert made.rows() == made.sort("period", "source", "target").rows()
    counted = account(events, Options(complete=True, by="year"))
    assert counted.left_out == {"no such state in the period": 1}
    assert series(events, by="year")["n_events"].sum() == 4
    months = series(events, complete=True, from_=dt.date(2011, 6, 1), to=dt.date(2011, 7, 1))
    assert months.is_empty()  # no event in these days tells of a dyad


def test_a_panel_of_the_states_of_the_day() -> None:
    events = frame(
        event(), event(target="IGO"), event(source="DEU", event_date=dt.date(1950, 1, 1)),
        event(source="HKG"),
    )  # fmt: skip
    options = Options(complete=True, states="cow", by="year", from_=dt.date(2010, 1, 1))
    made = aggregate(events, options).collect()
    assert account(events, options).left_out == {
        "outside the days asked for": 1, "no member of the state system in the period": 2,
    }  # fmt: skip
    # The members of the Correlates of War system: 194, from July 2011 on 195 with South Sudan.
    years = made.group_by("period", maintain_order=True).len()
    assert years["len"].to_list() == [194**2, *[195**2] * 12]
    assert made["n_events"].sum() == 1 and made.rows() == made.sort(made.columns[:3]).rows()
    assert "SSD" not in made.filter(period=dt.date(2010, 1, 1))["source"].to_list()
    half = aggregate(events, replace(options, undirected=True, self_dyads=False)).collect()
    assert half.height == 194 * 193 // 2 + 12 * 195 * 194 // 2 and half["n_events"].sum() == 1
    # Germany was no member from 1945 to 1955: a state may leave and come back.
    german = replace(options, from_=dt.date(1944, 1, 1), to=dt.date(1956, 1, 1))
    there = aggregate(events, german).collect().filter(source="DEU", target="DEU")
    assert there["period"].dt.year().to_list() == [1944, 1945, 1955, 1956]
    assert account(events, german).kept == 0
    coded = aggregate(events, replace(options, code_level="root")).collect()
    assert coded.height == made.height and set(coded["code"]) == {"04"}
    for wrong in ({"level": "actor", "complete": True}, {"complete": False}):
        with pytest.raises(EventcoderError, match="ask for"):
            Options(states="gw", **wrong)


def test_several_levels_at_once() -> None:
    events = frame(event(), event(source="RUSMIL"))
    made = aggregate(events, Options(), levels=["actor", "country", "actor"]).collect()
    assert rows(made, "level", "source", "n_events") == [
        ("actor", "RUSGOV", 1), ("actor", "RUSMIL", 1), ("country", "RUS", 2),
    ]  # fmt: skip
    assert made.columns[0] == "level"
    assert not tables.failures(tables.conform(made, "dyads"), "dyads")


def test_normalised_by_what_was_read() -> None:
    events = frame(
        event(), event(target="IRN"), event(target="IRN"), event(event_date=dt.date(2022, 3, 3))
    )
    texts = documents(*[dt.date(2022, 2, 1)] * 40, dt.date(2022, 1, 1))
    for by, total in (("documents", 40), ("sentences", 120), ("events", 3)):
        options = Options(normalise=by, complete=True)  # type: ignore[arg-type]
        made = aggregate(events, options, documents=texts).collect()
        assert not tables.failures(tables.conform(made, "dyads"), "dyads")
        february = made.filter(pl.col("period") == dt.date(2022, 2, 1))
        assert rows(february, "target", "exposure", "n_events_per_1000") == [
            ("IRN", total, 2000 / total), ("TJK", total, 1000 / total),
        ]  # fmt: skip
        march = made.filter(pl.col("period") == dt.date(2022, 3, 1))
        expected = [0.0, 1000.0] if by == "events" else [None, None]
        assert march["n_events_per_1000"].to_list() == expected
    with pytest.raises(EventcoderError, match="takes a run folder"):
        aggregate(events, Options(normalise="documents"))
    assert aggregate(events, Options(normalise="events")).collect().height == 3


def test_keys_follow_the_states_history() -> None:
    events = frame(
        event(source="DEU", target="IGO", event_date=dt.date(1985, 5, 5)),
        event(source="DEU", target="RUS", event_date=dt.date(1995, 5, 5)),
    )
    made = series(events, keys="cow", by="year")
    assert rows(made, "source_cow", "target_cow") == [(260, None), (255, 365)]
    assert rows(series(events, keys="gw"), "target_gw") == [(None,), (365,)]


def test_no_events_one_event_and_only_bad_dates() -> None:
    none = tables.empty("events")
    for options in ({}, {"complete": True}, {"duplicates": "one-a-day"}, {"weights": "confidence"}):
        made = series(none, **options)
        assert made.is_empty()
        assert made.columns == series(frame(event()), **options).columns
        assert account(none, Options(**options)).read == 0  # type: ignore[arg-type]
    assert series(frame(event())).height == 1
    assert series(frame(event(event_date=None)), complete=True).is_empty()


def test_foreign_tables_are_refused_with_a_reason(tmp_path: Path) -> None:
    pl.DataFrame({"GLOBALEVENTID": [1], "SQLDATE": [20220203]}).write_parquet(
        tmp_path / "x.parquet"
    )
    with pytest.raises(EventcoderError, match=r"lacks doc_id, event_date.*GLOBALEVENTID"):
        aggregate(tables.scan(tmp_path / "x.parquet"))
    with pytest.raises(EventcoderError, match=r"event_date.*must be a date"):
        aggregate(frame(event()).with_columns(event_date=pl.lit(20220203)))
    with pytest.raises(EventcoderError, match="keeps its zero"):
        events = frame(event()).with_columns(event_code=pl.lit(36))
        aggregate(events, Options(code_level="event"))


@pytest.mark.parametrize(
    "bad", [{"by": "decade"}, {"level": "city"}, {"weights": ""}, {"code_level": "leaf"}]
)
def test_unknown_options_name_the_known_ones(bad: dict[str, Any]) -> None:
    with pytest.raises(EventcoderError, match="give "):
        Options(**bad)


def test_days_may_be_text() -> None:
    assert Options(from_="2020-01-01", to="2020-02-29") == Options(  # type: ignore[arg-type]
        from_=dt.date(2020, 1, 1), to=dt.date(2020, 2, 29)
    )
    for bad in ("2021-02-29", "", 2020, "soon"):
        with pytest.raises(EventcoderError, match=r"to can't be .*: give a day as 2020-01-31"):
            Options(to=bad)  # type: ignore[arg-type]


def test_from_after_to() -> None:
    with pytest.raises(EventcoderError, match="is after"):
        Options(from_=dt.date(2022, 2, 2), to=dt.date(2022, 2, 1))


def documents(*published: dt.date | None, **more: Any) -> pl.DataFrame:
    return tables.conform(
        pl.DataFrame(
            [
                {
                    "doc_id": f"d{i}", "status": "coded", "published": day, "n_events": 0,
                    "published_basis": "given", "language": "ar", "publisher": None,
                    "n_sentences": 3,
                } | more
                for i, day in enumerate(published)
            ]
        ),
        "documents",
    )  # fmt: skip


def test_exposure_counts_what_was_read() -> None:
    texts = pl.concat(
        [
            documents(dt.date(2022, 2, 1), dt.date(2022, 2, 28), None),
            documents(dt.date(2022, 2, 1), status="skipped", reason="language"),
        ]
    )
    events = frame(event(publisher=None), event(event_date=dt.date(2022, 1, 31), language="fa"))
    made = exposure(texts, events).collect()
    assert made.rows() == [
        (dt.date(2022, 1, 1), "fa", "KUNA", 0, 0, 1),
        (dt.date(2022, 2, 1), "ar", "", 2, 6, 1),
        (None, "ar", "", 1, 3, 0),
    ]
    assert not tables.failures(made, "exposure")


def test_many_events_are_counted_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    days = [dt.date(2022, 1 + i % 3, 1 + i % 28) for i in range(200)]
    events = frame(
        *(
            event(event_date=day, target=["TJK", "IRN", "USA"][i % 7 % 3], doc_id=f"d{i % 11}",
                  cluster_id=None if i % 5 else f"s{i % 3}", event_code=list(CODES)[i % 5])
            for i, day in enumerate(days)
        )
    )  # fmt: skip
    expected = (
        events.group_by(pl.col("event_date").dt.truncate("1mo").alias("period"), "source_country",
                        "target_country")
        .agg(pl.col("doc_id").n_unique(), pl.coalesce("cluster_id", "doc_id").n_unique().alias("s"))
        .sort(pl.all())
    )  # fmt: skip
    whole, daily = series(events), series(events, by="day", code_level="event")
    columns = "period", "source", "target", "n_documents", "n_clusters"
    assert rows(whole, *columns) == expected.rows()
    for name, value in (("SLICE", 7), ("PART", 20), ("TABLE", 0)):
        monkeypatch.setattr(panels, name, value)
    assert_frame_equal(series(events, by="day", code_level="event"), daily, check_exact=True)
    assert_frame_equal(series(events), whole, check_exact=True)


# Properties: any events, any options.

ACTORS = st.sampled_from(["RUSGOV", "TJK", "RUSMIL", "USA", "IGOUNO", ""])
EVENT = st.fixed_dictionaries(
    {
        "source": ACTORS,
        "target": ACTORS,
        "event_code": st.sampled_from([*CODES, "999"]),
        "event_date": st.none() | st.dates(dt.date(2021, 11, 20), dt.date(2022, 3, 10)),
        "confidence": st.sampled_from([0.125, 0.5, 1.0]),
        "doc_id": st.sampled_from(["d1", "d2", "d3"]),
        "cluster_id": st.sampled_from(["s1", "s2", None]),
        "dropped": st.sampled_from([None, None, None, "low confidence"]),
    }
)
EVENTS = st.lists(EVENT, max_size=25).map(
    lambda many: frame(*(event(**e) for e in many)) if many else tables.empty("events")
)
OPTIONS = st.builds(
    Options,
    by=st.sampled_from(["day", "week", "month", "quarter", "year"]),
    week_start=st.sampled_from(["monday", "sunday"]),
    level=st.sampled_from(["country", "actor", "country-sector"]),
    undirected=st.booleans(),
    code_level=st.sampled_from(["", "quad", "root", "event"]),
    duplicates=st.sampled_from(["keep", "one-a-day", "cluster"]),
    complete=st.booleans(),
    normalise=st.sampled_from(["", "events"]),
    self_dyads=st.booleans(),
)
MEASURES = [name for name in tables.schema("dyads") if name.startswith("n_")][:5]


@given(EVENTS, OPTIONS)
@settings(max_examples=60, deadline=None)
def test_sums_equal_the_kept_events(events: pl.DataFrame, options: Options) -> None:
    made = aggregate(events, options).collect()
    counted = account(events, options)
    assert made["n_events"].sum() == counted.kept
    assert counted.read == events.height == counted.kept + sum(counted.left_out.values())
    assert [f for f in tables.failures(made, "dyads") if f.rule != "is missing"] == []
    codeless = aggregate(events, replace(options, code_level="", complete=False)).collect()
    assert codeless["n_events"].sum() == counted.kept
    assert exposure(tables.empty("documents"), events, options).collect()["n_events"].sum() == (
        counted.kept
    )


@given(EVENTS, OPTIONS)
@settings(max_examples=40, deadline=None)
def test_undirected_is_the_sum_of_both_directions(events: pl.DataFrame, options: Options) -> None:
    options = replace(options, undirected=False, complete=False)
    directed = aggregate(events, options).collect()
    pair = pl.concat_list("source", "target").list.sort()
    summed = (
        directed.with_columns(source=pair.list.first(), target=pair.list.last())
        .group_by([c for c in directed.columns if c in ("period", "source", "target", "code")])
        .agg(pl.col(MEASURES).sum(), pl.col("goldstein_sum").sum().round(6))
        .sort("period", "source", "target", *(["code"] if options.code_level else []))
    )
    both = aggregate(events, replace(options, undirected=True)).collect()
    assert_frame_equal(both.select(summed.columns), summed)


@given(EVENTS, OPTIONS)
@settings(max_examples=40, deadline=None)
def test_a_complete_panel_is_dyads_times_periods(events: pl.DataFrame, options: Options) -> None:
    sparse = aggregate(events, replace(options, complete=False)).collect()
    panel = aggregate(events, replace(options, complete=True)).collect()
    unit = ["source", "target", *(["code"] if options.code_level else [])]
    assert panel.height == panel["period"].n_unique() * sparse.select(unit).n_unique()
    assert panel.columns == sparse.columns
    assert_frame_equal(panel.filter(pl.col("n_events") > 0), sparse)


@given(EVENTS, OPTIONS)
@settings(max_examples=20, deadline=None)
def test_order_of_rows_makes_no_difference(events: pl.DataFrame, options: Options) -> None:
    shuffled = events.sample(fraction=1.0, shuffle=True, seed=7)
    first, second = (aggregate(e, options).collect() for e in (events, shuffled))
    assert_frame_equal(first, second, check_exact=True)
