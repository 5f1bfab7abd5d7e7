import datetime as dt
import gzip
import zipfile
from pathlib import Path

import polars as pl
import pytest
import zstandard

from eventcoder import dyads, layouts, tables
from eventcoder.errors import EventcoderError
from eventcoder.exports import export
from eventcoder.imports import events_of, read, recognise


def gdelt_line(older: int = 61, **values: str) -> str:
    row = {
        "GLOBALEVENTID": "410412347", "SQLDATE": "20150218", "MonthYear": "201502", "Year": "2015",
        "Actor1Code": "RUSGOV", "Actor1Name": "RUSSIA", "Actor1CountryCode": "RUS",
        "Actor1Type1Code": "GOV", "Actor2Code": "ROM", "Actor2Name": "ROMANIA",
        "Actor2CountryCode": "ROM", "IsRootEvent": "1", "EventCode": "042", "EventBaseCode": "042",
        "EventRootCode": "04", "QuadClass": "1", "GoldsteinScale": "1.9", "NumMentions": "6",
        "DATEADDED": "20150219001500", "SOURCEURL": "https://example.org/a",
    } | values  # fmt: skip
    names = list(layouts.load("gdelt").columns)
    if older < 61:
        names = [n for n in names if not n.endswith("ADM2Code")]
    if older < 58:
        names.remove("SOURCEURL")
    assert len(names) == older
    return "\t".join(row.get(name, "") for name in names)


def header_line(layout: str, values: dict[str, str], missing: str) -> str:
    return "\t".join(values.get(name, missing) for name in layouts.load(layout).columns)


ICEWS = {
    "Event ID": "926685", "Event Date": "2014-01-02", "Source Name": "Sergei Shoigu",
    "Source Sectors": "Defense / Security Ministry,Ministry,Executive,Government",
    "Source Country": "Russian Federation", "Event Text": "Consult", "CAMEO Code": "040",
    "Intensity": "1.0", "Target Name": "Citizen", "Target Sectors": "Social,General Population",
    "Target Country": "Occupied Palestinian Territory", "Story ID": "100", "Sentence Number": "3",
    "Publisher": "Xinhua", "City": "Moscow",
}  # fmt: skip
POLECAT = {
    "Event ID": "20230105-1-abc", "Event Date": "2023-01-05", "Event Type": "ASSAULT",
    "Event Mode": "aerial", "Intensity": "-9.0", "Quad Code": "MATERIAL CONFLICT",
    "Actor Name": "Russia; Belarus", "Actor Country": "RUS; BLR", "Primary Actor Sector": "MIL",
    "Actor Name Raw": "Russian forces", "Recipient Name": "Ukraine", "Recipient Country": "UKR",
    "Source": "KUNA", "Publication Date": "2023-01-06", "Language": "en",
}  # fmt: skip


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def one(path: Path) -> dict[str, object]:
    frame = read(path).collect()
    assert frame.height == 1 and not tables.failures(frame, "events")
    return frame.row(0, named=True)


def test_gdelt(tmp_path: Path) -> None:
    row = one(write(tmp_path / "20150218.export.CSV", gdelt_line()))
    wanted = {
        "event_id": "410412347", "event_date": dt.date(2015, 2, 18), "date_precision": "day",
        "source": "RUSGOV", "source_country": "RUS", "source_sector": "GOV", "target": "ROU",
        "target_country": "ROU", "target_name": "ROMANIA", "event_code": "042",
        "base_code": "042", "root_code": "04", "quad_class": 1, "goldstein": 1.9,
        "doc_id": "https://example.org/a", "published": dt.date(2015, 2, 19), "dropped": None,
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted


@pytest.mark.parametrize("width", [58, 57])
def test_gdelt_1(tmp_path: Path, width: int) -> None:
    path = write(tmp_path / "2005.csv", gdelt_line(width, DATEADDED="20130203"))
    assert recognise(path) == "gdelt"
    row = one(path)
    assert row["published"] == dt.date(2013, 2, 3)
    assert row["doc_id"] == ("https://example.org/a" if width == 58 else "410412347")


def test_gdelt_actors_without_country(tmp_path: Path) -> None:
    lines = [
        gdelt_line(Actor1Code="IGOUNO", Actor1CountryCode="", Actor1Type1Code="IGO"),
        gdelt_line(Actor1Code="COP", Actor1CountryCode="", Actor1Type1Code="COP"),
        gdelt_line(Actor1Code="", Actor1CountryCode="", Actor1Type1Code=""),
        gdelt_line(Actor1Code="MOSIRN", Actor1CountryCode="IRN", Actor1Type1Code=""),
        gdelt_line(Actor1Code="AFR", Actor1CountryCode="AFR", Actor1Type1Code=""),
        gdelt_line(Actor1Code="GZSGOV", Actor1CountryCode="GZS"),
    ]
    frame = read(write(tmp_path / "f.csv", *lines)).collect()
    assert frame.select("source", "source_country", "source_sector").rows() == [
        ("IGOUNO", "IGO", "IGO"), ("COP", "", "COP"), ("", "", ""), ("IRNMOS", "IRN", "MOS"),
        ("AFR", "AFR", ""), ("PSEGOV", "PSE", "GOV"),
    ]  # fmt: skip


def test_codes_that_lost_their_zero(tmp_path: Path) -> None:
    codes = (
        ("42", "4"),
        ("10", "1"),
        ("10", "10"),
        ("331", "3"),
        ("112", "11"),
        ("X", "9"),
        ("", ""),
    )
    lines = [gdelt_line(EventCode=code, EventRootCode=root) for code, root in codes]
    frame = read(write(tmp_path / "f.csv", *lines)).collect()
    assert frame["event_code"].to_list() == ["042", "010", "10", "0331", "112", "none", "none"]
    assert frame["dropped"].to_list() == [None] * 5 + ["unknown code"] * 2


def test_icews(tmp_path: Path) -> None:
    names = "\t".join(layouts.load("icews").columns)
    second = ICEWS | {
        "Source Name": "UN", "Source Country": "NULL",
        "Source Sectors": "Global,International Government Organization",
        "Target Sectors": "Army,Military,Government", "CAMEO Code": "190",
    }  # fmt: skip
    rows = [header_line("icews", row, "") for row in (ICEWS, second)]
    frame = read(write(tmp_path / "events.2014.tab", names, *rows)).collect()
    assert not tables.failures(frame, "events")
    assert frame["event_id"].to_list() == ["926685", "926685-2"]
    columns = ("source", "source_country", "source_sector", "target", "target_sector", "doc_id")
    assert frame.select(columns).rows() == [
        ("RUSGOV", "RUS", "GOV", "PSECVL", "CVL", "100"),
        ("IGO", "IGO", "IGO", "PSEMIL", "MIL", "100"),
    ]
    assert frame["quad_class"].to_list() == [1, 4] and frame["sentence_number"][0] == 3


def test_icews_with_the_names_that_users_give(tmp_path: Path) -> None:
    names = ",".join(c.lower().replace(" ", "_") for c in layouts.load("icews").columns)
    row = ",".join(f'"{ICEWS.get(c, "")}"' for c in layouts.load("icews").columns)
    path = write(tmp_path / "icews.csv", names, row)
    assert recognise(path) == "icews"
    assert one(path)["source"] == "RUSGOV"
    pl.read_csv(path).write_parquet(tmp_path / "icews.parquet")
    assert events_of(tmp_path / "icews.parquet").collect()["event_code"].to_list() == ["040"]


def test_polecat(tmp_path: Path) -> None:
    names = "\t".join(layouts.load("polecat").columns)
    assert read(write(tmp_path / "f.txt", names, "x\ty")).collect()["dropped"][0] == "unknown code"
    row = one(write(tmp_path / "ngec.txt", names + "\t\t", header_line("polecat", POLECAT, "None")))
    wanted = {
        "event_id": "20230105-1-abc", "source": "RUSMIL", "source_country": "RUS",
        "source_sector": "MIL", "source_text": "Russian forces", "target": "UKR",
        "event_code": "18", "root_code": "18", "plover_type": "ASSAULT", "quad_class": 4,
        "goldstein": -9.0, "language": "en", "publisher": "KUNA",
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted


def test_phoenix_and_r_events(tmp_path: Path) -> None:
    cells = [
        "1_1", "20150218", "2015", "02", "18", "USAMIL", "USA", "MIL", "", "SYRREB", "SYR", "REB",
        "", "190", "19", "4", "-10.0", *[""] * 6, "abc_2", "https://example.org/x;y", "bbc",
    ]  # fmt: skip
    row = one(write(tmp_path / "events.full.20150218.txt", "\t".join(cells)))
    assert (row["source"], row["target"], row["quad_class"]) == ("USAMIL", "SYRREB", 4)
    assert (row["doc_id"], row["publisher"]) == ("https://example.org/x", "bbc")
    path = write(tmp_path / "r.csv", "date,source,target,code", "2001-05-02,ISRMIL,PSE,0331")
    row = one(path)
    assert recognise(path) == "r-events"
    assert (row["source_country"], row["source_sector"]) == ("ISR", "MIL")


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".zip"])
def test_packed_files(tmp_path: Path, suffix: str) -> None:
    content = (gdelt_line() + "\n" + gdelt_line(GLOBALEVENTID="2") + "\n").encode()
    path = tmp_path / f"20150218.export.CSV{suffix}"
    if suffix == ".gz":
        path.write_bytes(gzip.compress(content))
    elif suffix == ".zst":
        path.write_bytes(zstandard.compress(content))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("20150218.export.CSV", content)
    assert events_of(path).collect()["event_id"].to_list() == ["410412347", "2"]


def test_a_folder_of_files_aggregates(tmp_path: Path) -> None:
    for day in ("18", "19"):
        write(tmp_path / f"201502{day}.csv", gdelt_line(SQLDATE=f"201502{day}", GLOBALEVENTID=day))
    write(tmp_path / "README.txt", "hello")
    series = dyads.aggregate(events_of(tmp_path), dyads.Options(by="month")).collect()
    assert series.select("source", "target", "n_events").rows() == [("RUS", "ROU", 2)]


def own_events() -> pl.DataFrame:
    from eventcoder.ontology import Ontology

    rows = []
    for i, code in enumerate(("042", "0331", "071", "112", "1621", "190")):
        known = Ontology.load()[code]
        rows.append({
            "event_id": f"{i:01x}123456789abcde", "event_date": dt.date(2020, 1 + i, 2),
            "date_precision": "day", "source": "RUSGOV", "source_country": "RUS",
            "source_sector": "GOV", "source_name": "Kremlin", "target": "TJKMIL",
            "target_country": "TJK", "target_sector": "MIL", "target_name": "army",
            "event_code": code, "base_code": known.base_code, "root_code": known.root_code,
            "quad_class": known.quad_class, "penta_class": known.penta_class,
            "plover_type": known.plover_type, "goldstein": known.goldstein, "doc_id": f"d{i}",
            "url": f"https://example.org/{i}", "sentence_number": 1, "publisher": "KUNA",
        })  # fmt: skip
    return tables.conform(pl.DataFrame(rows), "events")


@pytest.mark.parametrize("layout", ["gdelt", "icews", "polecat", "phoenix", "r-events"])
def test_what_we_export_we_read_again(tmp_path: Path, layout: str) -> None:
    ours = own_events()
    path = tmp_path / "f.csv"
    export(ours, layout, path)
    assert recognise(path) == layout
    back = events_of(path).collect()
    assert not tables.failures(back, "events")
    same = ["event_date", "source_country", "target_country", "quad_class"]
    same += ["source", "target", "source_sector", "target_sector"]
    same += ["event_code", "root_code"] if layout != "polecat" else ["plover_type"]
    same += [] if layout in ("polecat", "icews", "r-events") else ["goldstein"]
    assert back.select(same).equals(ours.select(same))
    options = dyads.Options(by="month")
    measures = ["period", "source", "target", "n_events", "n_material_conflict"]
    series = [dyads.aggregate(e, options).collect().select(measures) for e in (ours, back)]
    assert series[0].equals(series[1])


def test_our_own_files_are_not_taken_for_others(tmp_path: Path) -> None:
    own_events().write_parquet(tmp_path / "events.parquet")
    assert events_of(tmp_path / "events.parquet").collect().equals(own_events())
    own_events().write_csv(tmp_path / "events.csv")
    assert events_of(tmp_path / "events.csv").collect().equals(own_events())


def test_truncated_and_odd_rows_stay_rows(tmp_path: Path) -> None:
    whole = gdelt_line()
    path = write(
        tmp_path / "f.csv", whole, whole[:60], gdelt_line(SQLDATE="20159999", Actor1Name='a"b')
    )
    frame = read(path).collect()
    assert frame["dropped"].to_list() == [None, "unknown code", None]
    assert frame["event_date"].to_list()[2] is None and frame["date_precision"][2] == "none"
    path.write_bytes(path.read_bytes().replace(b"RUSSIA", b"RUS\xff"))
    assert read(path).collect().height == 3


def test_bad_files_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "broken.gz").write_bytes(b"\x1f\x8bxx")
    (tmp_path / "broken.zip").write_bytes(b"PK")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1xx")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "foreign.parquet")
    write(tmp_path / "names.csv", "a,b,c", "1,2,3")
    for name, message in {
        "empty.csv": "is empty", "folder": "no files in it", "broken.gz": "can't be read",
        "broken.zip": "can't be read", "broken.parquet": "can't be read", "nothing": "not exist",
        "foreign.parquet": "no layout that we know", "names.csv": "no layout that we know",
    }.items():  # fmt: skip
        with pytest.raises(EventcoderError, match=message):
            events_of(tmp_path / name).collect()
    with pytest.raises(EventcoderError, match="give one of gdelt"):
        read(tmp_path / "names.csv", "acled")
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    write(mixed / "a.csv", gdelt_line())
    write(mixed / "b.csv", "date,source,target,code", "2001-05-02,ISR,PSE,042")
    with pytest.raises(EventcoderError, match="mixes gdelt and r-events"):
        read(mixed)
