import csv
import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from eventcoder import layouts, tables
from eventcoder.errors import EventcoderError
from eventcoder.exports import export, targets
from eventcoder.ontology import Ontology


def event(number: int = 0, **changes: Any) -> dict[str, Any]:
    row = Ontology.load()[changes.get("event_code", "0331")]
    source, target = changes.get("source", "RUSGOVMIL"), changes.get("target", "TJK")
    return {
        "event_id": "0123456789abcdef", "event_date": dt.date(2015, 2, 18),
        "date_precision": "day", "date_basis": "published",
        "source": source, "source_country": source[:3], "source_sector": source[3:6],
        "source_name": "Shoigu", "source_text": 'شويغو\t"الوزير"', "target": target,
        "target_country": target[:3], "target_sector": target[3:6], "target_name": "Tajikistan",
        "target_text": "طاجيكستان", "event_code": row.event_code, "base_code": row.base_code,
        "root_code": row.root_code, "quad_class": row.quad_class, "penta_class": row.penta_class,
        "plover_type": row.plover_type or None, "goldstein": row.goldstein, "modality": "done",
        "confidence": 0.75, "event_text": "وعد", "language": "ar", "doc_id": f"doc{number}",
        "sentence_number": 1, "sentence_text": "وعد الوزير\nبالمساعدة", "publisher": "KUNA",
        "published": dt.date(2015, 2, 19), "url": f"https://example.org/{number}",
    } | changes  # fmt: skip


def frame(*events: dict[str, Any]) -> pl.DataFrame:
    numbered = [e | {"event_id": f"{i:04x}" + e["event_id"][4:]} for i, e in enumerate(events)]
    return tables.conform(
        pl.DataFrame(numbered, schema_overrides=tables.schema("events")), "events"
    )


def rows_of(path: Path, layout: str) -> list[dict[str, str]]:
    """Read a tab-separated file as scripts do: lines, then tabs, no quoting."""
    spec = layouts.load(layout)
    lines = [line.split(spec.separator) for line in path.read_text("utf-8").splitlines()]
    if spec.header:
        assert lines.pop(0) == list(spec.columns)
    assert all(len(line) == len(spec.columns) for line in lines)
    return [dict(zip(spec.columns, line, strict=True)) for line in lines]


@pytest.mark.parametrize(
    ("layout", "width"),
    [("gdelt", 61), ("icews", 20), ("polecat", 40), ("phoenix", 26), ("r-events", 4)],
)
def test_widths_and_awkward_text(tmp_path: Path, layout: str, width: int) -> None:
    assert len(layouts.load(layout).columns) == width
    path = tmp_path / "f"
    account = export(frame(event(), event(publisher="A\r\nB\tC", source_name='"x')), layout, path)
    assert (account.read, account.written) == (2, 2)
    assert len(rows_of(path, layout)) == 2
    assert '"' not in path.read_text("utf-8")


def test_gdelt(tmp_path: Path) -> None:
    account = export(
        frame(event(), event(source="IGOUNO", sentence_number=4)), "gdelt", tmp_path / "f"
    )
    one, two = rows_of(tmp_path / "f", "gdelt")
    wanted = {
        "SQLDATE": "20150218", "MonthYear": "201502", "Year": "2015", "FractionDate": "2015.1315",
        "Actor1Code": "RUSGOVMIL", "Actor1Name": "SHOIGU", "Actor1CountryCode": "RUS",
        "Actor1KnownGroupCode": "", "Actor1Type1Code": "GOV", "Actor1Type2Code": "MIL",
        "Actor1Type3Code": "", "Actor2Code": "TJK", "Actor2Type1Code": "", "IsRootEvent": "1",
        "EventCode": "0331", "EventBaseCode": "033", "EventRootCode": "03", "QuadClass": "1",
        "GoldsteinScale": "5.2", "DATEADDED": "20150219000000", "ActionGeo_Lat": "",
        "SOURCEURL": "https://example.org/0",
    }  # fmt: skip
    assert {name: one[name] for name in wanted} == wanted
    assert int(one["GLOBALEVENTID"]) < 2**53
    assert (two["Actor1CountryCode"], two["Actor1KnownGroupCode"]) == ("", "UNO")
    assert (two["Actor1Type1Code"], two["IsRootEvent"]) == ("IGO", "0")
    assert "AvgTone" in account.empty and "EventCode" not in account.empty


def test_icews(tmp_path: Path) -> None:
    export(frame(event(), event(event_code="016")), "icews", tmp_path / "f")
    one, two = rows_of(tmp_path / "f", "icews")
    wanted = {
        "Event Date": "2015-02-18", "Source Sectors": "Government", "Target Sectors": "",
        "Source Country": "Russian Federation", "Target Country": "Tajikistan",
        "Event Text": "Express intent to provide economic aid", "CAMEO Code": "0331",
        "Intensity": "5.2", "Story ID": "doc0", "Sentence Number": "1", "City": "",
    }  # fmt: skip
    assert {name: one[name] for name in wanted} == wanted
    icews = Ontology.load().frame(goldstein="icews").filter(event_code="016")["goldstein"].item()
    assert float(two["Intensity"]) == icews


@pytest.mark.parametrize("nothing", [None, ""])
def test_polecat(tmp_path: Path, nothing: str | None) -> None:
    statement = event(event_code="010", plover_type=nothing)
    sanction = event(event_code="1621", plover_type=nothing)
    account = export(frame(sanction, statement), "polecat", tmp_path / "f")
    (one,) = rows_of(tmp_path / "f", "polecat")
    wanted = {
        "Event Type": "SANCTION", "Quad Code": "MATERIAL CONFLICT", "Actor Name": "Shoigu",
        "Actor Country": "RUS", "Actor COW": "365", "Recipient COW": "702",
        "Primary Actor Sector": "GOV", "Actor Sectors": "GOV; MIL", "Recipient Sectors": "None",
        "Actor Name Raw": "شويغو 'الوزير'", "Intensity": "None", "Publication Date": "2015-02-19",
        "Version": "eventcoder 0.1.0",
    }  # fmt: skip
    assert {name: one[name] for name in wanted} == wanted
    assert account.left_out == {"no PLOVER type for the code (statements, appeals)": 1}


@pytest.mark.parametrize("to", ["gdelt", "icews", "polecat", "phoenix"])
def test_no_cell_is_a_formula(tmp_path: Path, to: str) -> None:
    attack = dict.fromkeys(("source_name", "source_text", "sentence_text", "doc_id"), "=cmd|x!A1")
    export(frame(event(**attack), event(target="---")), to, tmp_path / "f")
    cells = {cell for row in rows_of(tmp_path / "f", to) for cell in row.values()}
    assert not [cell for cell in cells if cell.startswith(("=", "@"))]
    assert "'---" not in cells


def test_stata_holds_days_of_any_century(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    events = frame(event(event_date=dt.date(1600, 1, 1)), event())
    export(events, "stata", tmp_path / "f.dta")
    with pd.io.stata.StataReader(tmp_path / "f.dta", convert_dates=False) as reader:
        days = reader.read()["event_date"].tolist()
    assert days == [(day - dt.date(1960, 1, 1)).days for day in events["event_date"].to_list()]


def test_phoenix_counts_neutral_and_sanctions_its_way(tmp_path: Path) -> None:
    codes = ("010", "042", "071", "112", "163", "190")
    export(frame(*(event(event_code=code) for code in codes)), "phoenix", tmp_path / "f")
    rows = rows_of(tmp_path / "f", "phoenix")
    assert [row["QuadClass"] for row in rows] == ["0", "1", "2", "3", "3", "4"]
    one = rows[0]
    assert (one["Date"], one["Year"], one["Month"], one["Day"]) == ("20150218", "2015", "02", "18")
    assert (one["SourceActorEntity"], one["SourceActorRole"]) == ("RUS", "GOV")
    assert (one["SourceActorAttribute"], one["SentenceID"]) == ("MIL", "doc0_1")


def test_r_events(tmp_path: Path) -> None:
    export(frame(event(), event(event_date=None)), "r-events", tmp_path / "f.csv")
    with (tmp_path / "f.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["date", "source", "target", "code"], ["2015-02-18", "RUSGOVMIL", "TJK", "0331"],
        ["", "RUSGOVMIL", "TJK", "0331"],
    ]  # fmt: skip


def test_csv_for_people_runs_nothing(tmp_path: Path) -> None:
    texts = ("=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(A1)", "-5", "+3.5", "Iran", '=A1,"b"')
    export(frame(*(event(source_name=text) for text in texts)), "csv", tmp_path / "f.csv")
    content = (tmp_path / "f.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    back = pl.read_csv(tmp_path / "f.csv", infer_schema=False)
    assert back["source_name"].to_list() == [
        "'=HYPERLINK(1)", "'+1+1", "'-2+3", "'@SUM(A1)", "-5", "+3.5", "Iran", "'=A1,\"b\"",
    ]  # fmt: skip
    assert back["event_code"][0] == "0331" and back["goldstein"][0] == "5.2"
    negative = export(frame(event(event_code="190")), "csv", tmp_path / "g.csv")
    assert pl.read_csv(tmp_path / "g.csv")["goldstein"].to_list() == [-10.0]
    assert "cluster_id" in negative.empty


def test_stata(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    events = frame(
        event(sentence_text="ن" * 3000), event(event_date=None, sentence_number=None),
        event(dropped="low confidence"),
    )  # fmt: skip
    account = export(events, "stata", tmp_path / "f.dta")
    assert account.left_out == {"dropped: low confidence": 1}
    back = pd.read_stata(tmp_path / "f.dta", convert_categoricals=False)
    assert back["event_code"].tolist() == ["0331", "0331"]
    assert back["sentence_text"][0] == "ن" * 3000
    assert back["event_date"][0] == pd.Timestamp("2015-02-18") and pd.isna(back["event_date"][1])
    assert back["quad_class"].tolist() == [1, 1]
    with pd.io.stata.StataReader(tmp_path / "f.dta") as reader:
        assert reader.variable_labels()["event_code"].startswith("CAMEO code of the event")
        assert next(iter(reader.value_labels().values()))[4] == "material conflict"
    first = (tmp_path / "f.dta").read_bytes()
    export(events, "stata", tmp_path / "f.dta")
    assert (tmp_path / "f.dta").read_bytes() == first


def test_pandas_reads_gdelt_as_its_users_do(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    export(frame(event(), event(event_code="190")), "gdelt", tmp_path / "f.CSV")
    names = list(layouts.load("gdelt").columns)
    table = pd.read_csv(
        tmp_path / "f.CSV", sep="\t", header=None, names=names, dtype={"EventCode": str}
    )
    assert table["EventCode"].tolist() == ["0331", "190"]
    assert table["GLOBALEVENTID"].dtype == "int64" and table["GLOBALEVENTID"].is_unique
    assert table.groupby("QuadClass").size().to_dict() == {1: 1, 4: 1}


@pytest.mark.parametrize("to", ["gdelt", "icews", "polecat", "phoenix", "r-events", "csv", "stata"])
def test_nothing_to_write(tmp_path: Path, to: str) -> None:
    account = export(tables.empty("events"), to, tmp_path / "f")
    assert (account.read, account.written, account.empty) == (0, 0, ())
    assert (tmp_path / "f").exists()
    undated = frame(event(event_date=None, published=None, url=None, publisher=None))
    assert export(undated, to, tmp_path / "f").written == 1


def test_bad_requests(tmp_path: Path) -> None:
    with pytest.raises(EventcoderError, match="give one of csv, gdelt"):
        export(frame(event()), "excel", tmp_path / "f")
    with pytest.raises(EventcoderError, match="does not exist"):
        export(frame(event()), "gdelt", tmp_path / "no" / "f")
    with pytest.raises(EventcoderError, match="event_id is missing"):
        export(pl.DataFrame({"a": [1]}), "gdelt", tmp_path / "f")
    assert set(targets()) >= {"gdelt", "icews", "polecat", "phoenix"}


def test_the_account_reads_well(tmp_path: Path) -> None:
    account = export(frame(event(), event(dropped="self dyad")), "r-events", tmp_path / "f")
    assert str(account) == ("1 of 2 events written as r-events (1 left out: dropped: self dyad)")
