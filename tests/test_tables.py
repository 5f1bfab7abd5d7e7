import datetime as dt
import gzip
import json
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from eventcoder import tables
from eventcoder.errors import EventcoderError

ACTOR = {"phrase": "كيري", "language": "ar", "code": "USAGOV", "kind": "leader", "name": "Kerry"}
CONTRACT = {
    "documents": "doc_id path status reason title published published_basis language publisher url "
    "n_sentences n_events text_sha256 cluster_id",
    "mentions": "mention_id doc_id sentence_number sentence_text language source_text source_start "
    "source_end target_text target_start target_end event_text event_start event_end event_code "
    "confidence alternatives modality",
    "events": "event_id event_date date_precision date_basis source source_country source_sector "
    "source_name source_text target target_country target_sector target_name target_text "
    "event_code base_code root_code quad_class penta_class plover_type goldstein modality "
    "confidence event_text language doc_id sentence_number sentence_text published publisher url "
    "cluster_id dropped",
    "dyads": "period source target n_events n_verbal_cooperation n_material_cooperation "
    "n_verbal_conflict n_material_conflict goldstein_mean goldstein_sum net_cooperation "
    "n_documents n_clusters",
}


def broken(name: str, rows: list[dict[str, Any]]) -> list[tuple[int | None, str, str]]:
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return [(f.row, f.column, f.rule) for f in tables.failures(frame, name)]


@pytest.mark.parametrize("name", CONTRACT)
def test_the_columns_users_rely_on_are_declared_in_order(name: str) -> None:
    declared = tables.schema(name).names()
    assert [c for c in declared if c in CONTRACT[name].split()] == CONTRACT[name].split()


@pytest.mark.parametrize("name", tables.names())
def test_every_column_has_a_meaning_and_every_rule_can_run(name: str) -> None:
    table = tables.Table.load(name)
    for column in table.columns:
        assert column.meaning.endswith("."), column.name
        assert column.meaning[0].isupper() or column.meaning[0].isdigit(), column.name
    assert set(table.key) <= set(table.schema)
    assert {check.column for check in table.checks} <= set(table.schema)
    assert tables.failures(tables.empty(name), name) == []


def test_unknown_table_names_the_known() -> None:
    with pytest.raises(EventcoderError, match="the tables are actors, documents"):
        tables.schema("nonesuch")


def test_conform_casts_orders_fills_and_leaves_out() -> None:
    given = pl.DataFrame(
        {"extra": [1], "code": ["TJK"], "phrase": ["Tajikistan"], "kind": ["country"],
         "start": ["1991-09-09"], "language": ["en"]}
    )  # fmt: skip
    made = tables.conform(given, "actors")
    assert made.schema == tables.schema("actors")
    assert made["start"].to_list() == [dt.date(1991, 9, 9)]
    assert made["end"].to_list() == [None]
    assert_frame_equal(tables.conform(given.lazy(), "actors").collect(), made)
    assert tables.conform(given, "actors", only=["phrase"]).columns == ["phrase"]
    event = pl.DataFrame({"event_id": ["e"], "event_code": ["0331"], "doc_id": ["d"]})
    assert tables.conform(event, "events")["source"].to_list() == [""]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"event_code": 331}, "keeps its zero"),
        ({"event_date": "2022-13-01"}, "row 1, column event_date: must be a date.*2022-13-01"),
        ({"event_date": 20220203}, "event_date: must be a date, but is Int64"),
        ({"quad_class": "four"}, "row 1, column quad_class: must be a int"),
        ({"quad_class": 1.5}, "quad_class.*1.5"),
        ({"goldstein": [1.0]}, "goldstein: must be a float, but is List"),
    ],
)
def test_conform_refuses_what_it_would_have_to_bend(changes: dict[str, Any], words: str) -> None:
    frame = pl.DataFrame([{"event_id": "e", "event_code": "0331", "doc_id": "d"} | changes])
    with pytest.raises(EventcoderError, match=words):
        tables.conform(frame, "events")


@pytest.mark.parametrize("missing", [float("nan"), "nan"])
def test_nan_is_null(missing: object) -> None:
    given = pl.DataFrame({"confidence": [missing, missing], "goldstein": [missing, missing]})
    made = tables.conform(given, "events", only=["confidence", "goldstein"])
    assert made.null_count().row(0) == (2, 2)


def test_conform_names_a_missing_column() -> None:
    with pytest.raises(EventcoderError, match=r"the column phrase is missing .it has code"):
        tables.conform(pl.DataFrame({"code": ["TJK"]}), "actors")


def test_every_kind_of_rule_finds_its_row() -> None:
    good = ACTOR
    assert broken("actors", [good]) == []
    assert broken("actors", [good, good | {"language": "de", "phrase": "x"}]) == [
        (1, "language", "must be one of ar, fa, en, *")
    ]
    assert broken("actors", [good | {"code": "US"}]) == [
        (0, "code", "must match ^(([A-Z]{3})+|---)$")
    ]
    assert broken("actors", [good | {"phrase": None}]) == [(0, "phrase", "must not be empty")]
    assert broken("actors", [good | {"phrase": ""}]) == [(0, "phrase", "must not be empty")]
    assert broken("actors", [good, good]) == [
        (1, "phrase", "phrase, language, code, kind, start together must be unique")
    ]
    dated = good | {"start": "2020-01-01", "end": "2019-01-01"}
    assert broken("actors", [dated]) == [(0, "end", "a row ends after it starts")]
    assert broken("actors", [dated | {"end": "soon"}]) == [(0, "end", "must be a date")]


def test_failures_of_mentions() -> None:
    mention = {
        "mention_id": "m", "doc_id": "d", "sentence_number": 1, "sentence_text": "التقى كيري رحمان",
        "source_text": "كيري", "source_start": 6, "source_end": 10, "event_code": "040",
        "confidence": 0.8, "modality": "done", "alternatives": [{"code": "040", "probability": 1}],
    }  # fmt: skip
    assert broken("mentions", [mention]) == []
    assert [c for _, c, _ in broken("mentions", [mention | {"source_end": 11}])] == ["source_end"]
    assert [c for _, c, _ in broken("mentions", [mention, mention])] == ["mention_id"]
    for confidence in (1.5, -0.1, float("nan")):
        assert [c for _, c, _ in broken("mentions", [mention | {"confidence": confidence}])] == [
            "confidence"
        ]


def test_failures_are_counted_beyond_the_limit() -> None:
    frame = pl.DataFrame([ACTOR | {"phrase": f"p{i}", "code": "x"} for i in range(50)])
    found = tables.failures(frame, "actors", limit=3)
    assert [f.row for f in found] == [0, 1, 2]
    assert found[-1].more == 47
    assert tables.describe(found[-1]).endswith("but it is 'x' (and 47 rows more)")


def test_a_million_rows_are_checked_in_seconds_of_work() -> None:
    n = 1_000_000
    numbers = pl.Series("n", range(n)).cast(pl.String)
    frame = pl.DataFrame({"event_id": numbers, "doc_id": numbers}).with_columns(
        event_code=pl.lit("0331"), source=pl.lit("USA"), quad_class=pl.lit(5)
    )
    began = time.process_time()
    assert [(f.column, f.more) for f in tables.failures(frame, "events", limit=1)] == [
        ("quad_class", n - 1)
    ]
    assert time.process_time() - began < 10


def test_check_file_numbers_rows_as_the_user_sees_them(tmp_path: Path) -> None:
    rows = [ACTOR, ACTOR | {"phrase": "Kerry", "kind": "wizard"}]
    csv, line, parquet = (tmp_path / f"a.{s}" for s in ("csv", "jsonl", "parquet"))
    pl.DataFrame(rows).write_csv(csv)
    pl.DataFrame(rows).write_csv(tmp_path / "a.tsv", separator="\t")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(csv.read_bytes()))
    line.write_text("\n".join(map(json.dumps, [rows[0], rows[1]])) + "\n\n", "utf-8")
    pl.DataFrame(rows).write_parquet(parquet)
    for path, row in ((csv, 3), (line, 2), (parquet, 2), (tmp_path / "a.tsv", 3),
                      (tmp_path / "a.csv.gz", 3)):  # fmt: skip
        (fault,) = tables.check_file(path, "actors")
        assert fault.startswith(f"row {row}, column kind: must be one of country,"), path
        assert fault.endswith("but it is 'wizard'")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "can't be read"),
        ("a.csv", b"phrase,language\n", "column code: is missing"),
        ("a.csv", b"phrase,code\na,b,c,d\n", "can't be read"),
        ("a.csv", b"phrase,language,code,kind\n\xff\xfe,ar,USA,country\n", "can't be read"),
        ("a.jsonl", b'{"phrase": "a"}\n{"phrase": \n', "row 2: not JSON"),
        ("a.jsonl", b"[1]\n", "row 1: must be an object"),
        ("a.jsonl", b'{"phrase": "a"}\n{"phrase": 1}\n', "column code: is missing"),
        ("a.jsonl", b"", "column code: is missing"),
        ("a.parquet", b"PAR1 not really", "can't be read"),
        ("a.parquet", b"", "can't be read"),
        ("a.docx", b"x", "give a .parquet, .csv, .tsv or .jsonl file"),
    ],
)
def test_check_file_of_bad_files(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    faults = tables.check_file(tmp_path / name, "actors")
    assert any(words in fault for fault in faults), faults


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert "does not exist" in tables.check_file(tmp_path / "no.csv", "actors")[0]
    assert "is a folder" in tables.check_file(tmp_path, "actors")[0]
    with pytest.raises(EventcoderError, match="does not exist"):
        tables.scan(tmp_path / "no.csv", "actors")


def test_scan_reads_every_format_alike(tmp_path: Path) -> None:
    made = tables.conform(pl.DataFrame([ACTOR | {"start": "2013-02-01"}]), "actors")
    made.write_csv(tmp_path / "a.csv")
    made.write_parquet(tmp_path / "a.parquet")
    made.with_columns(pl.col("start", "end").cast(pl.String)).write_ndjson(tmp_path / "a.jsonl")
    for name in ("a.csv", "a.parquet", "a.jsonl"):
        assert_frame_equal(tables.scan(tmp_path / name, "actors").collect(), made)


def test_a_value_that_fails_while_streaming_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "phrase,language,code,kind,start\nKerry,en,USAGOV,leader,then\n", "utf-8"
    )
    with pytest.raises(EventcoderError, match="eventcoder check"):
        tables.collect(tables.scan(tmp_path / "a.csv", "actors"), "a.csv")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = {
    "string": TEXT,
    "int": st.integers(0, 10**6),
    "number": st.integers(0, 10**6),
    "float": st.floats(0, 1),
    "date": st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)),
    "list": st.lists(
        st.fixed_dictionaries({"code": TEXT, "probability": st.floats(0, 1)}), max_size=2
    ),
}


@given(st.data(), st.sampled_from(tables.names()))
@settings(max_examples=40, deadline=None)
def test_conform_is_the_identity_on_what_it_made(data: st.DataObject, name: str) -> None:
    columns = tables.Table.load(name).columns
    row = st.fixed_dictionaries(
        {c.name: VALUES[c.type] if c.required else st.none() | VALUES[c.type] for c in columns}
    )
    rows = data.draw(st.lists(row, max_size=4))
    made = tables.conform(pl.DataFrame(rows, schema=tables.schema(name)), name)
    assert_frame_equal(tables.conform(made, name), made)
