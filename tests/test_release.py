import datetime as dt
import json
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import polars as pl
import pytest

from eventcoder import dyads, metadata, resources, tables
from eventcoder.errors import EventcoderError
from eventcoder.ontology import Ontology
from eventcoder.release import PERIODS, SUMS, Release, check, make
from eventcoder.runs import Run
from eventcoder.signature import Signature

SIGNED = Signature(
    model="default", model_digest="a" * 64, ontology="cameo 1.1b3",
    arguments={"corpus": ["/home/ada/private/news.jsonl"], "actors": [], "threshold": 0.5},
)  # fmt: skip
CODES = ("046", "071", "112", "190", "0331")


def event(i: int, **changes: Any) -> dict[str, Any]:
    ontology = Ontology.load()
    code = ontology[changes.get("event_code", CODES[i % len(CODES)])]
    source, target = ("RUSGOV", "TJKGOV") if i % 3 else ("IRN", "IGOUNO")
    return {
        "event_id": f"{i:016x}", "event_date": dt.date(2021, 11, 29) + dt.timedelta(days=i),
        "date_precision": "day", "date_basis": "published",
        "source": source, "source_country": source[:3], "source_sector": source[3:],
        "source_name": "someone", "source_text": "الرئيس", "target": target,
        "target_country": target[:3], "target_sector": target[3:], "event_code": code.event_code,
        "base_code": code.base_code, "root_code": code.root_code, "quad_class": code.quad_class,
        "penta_class": code.penta_class, "goldstein": code.goldstein, "modality": "done",
        "confidence": 0.5, "event_text": "التقى", "language": "ar", "doc_id": f"d{i}",
        "sentence_number": 1, "sentence_text": "التقى الرئيس نظيره", "publisher": "KUNA",
        "url": f"https://example.org/{i}",
    } | changes  # fmt: skip


def a_run(path: Path, events: list[dict[str, Any]], signature: Signature = SIGNED) -> Run:
    """Write a finished run of hand-made events, one document each."""
    frame = pl.DataFrame(events, schema_overrides=tables.schema("events")) if events else None
    documents = [
        {"doc_id": e["doc_id"], "path": f"/home/ada/private/news.jsonl:{i}", "status": "coded",
         "title": "عنوان", "published": dt.date(2022, 3, 1), "published_basis": "given",
         "language": "ar", "publisher": "KUNA", "n_sentences": 3, "n_events": 1}
        for i, e in enumerate(events)
    ]  # fmt: skip
    documents += [
        {"doc_id": "bad", "path": "c:\\ada\\bad.txt", "status": "failed", "reason": "not UTF-8",
         "published_basis": "none", "n_sentences": 0, "n_events": 0}
    ]  # fmt: skip
    with Run.create(path, signature) as run:
        run.write("documents", pl.DataFrame(documents, schema_overrides=tables.schema("documents")))
        run.write("events", tables.empty("events") if frame is None else frame)
        read = len(documents)
        run.finish(
            signature, {"read": read, "coded": read - 1, "skipped": 0, "failed": 1, "sentences": 9},
            seconds=1.5,
        )  # fmt: skip
    return run


def some_events() -> list[dict[str, Any]]:
    events = [event(i) for i in range(60)]
    events.append(event(60, dropped="low confidence"))
    events.append(event(61, event_date=None, date_precision="none", date_basis="none"))
    events.append(event(62, event_date=dt.date(2022, 1, 1), date_precision="month"))
    return events


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return a_run(tmp_path / "run", some_events())


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    yield


def contents(folder: Path) -> dict[str, bytes]:
    files = (f for f in folder.rglob("*") if f.is_file())
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in files}


def test_a_release_has_everything_and_is_sound(run: Run, tmp_path: Path) -> None:
    out = make(run, tmp_path / "v1", "1.0", title="News of Ada", authors=["Ada Lovelace"])
    assert sorted(contents(out)) == [
        "CITATION.cff", "CODEBOOK.md", "LICENSE", "README.md", "SHA256SUMS", "actors.parquet",
        "croissant.json", "datapackage.json", "documents.parquet", "dyads-day.parquet",
        "dyads-month.parquet", "dyads-week.parquet", "dyads-year.parquet", "events.parquet",
        "exposure.parquet", "release.json",
    ]  # fmt: skip
    assert check(out) == []
    release = Release.open(out)
    assert release.events().collect().height == 63
    assert release.info()["events_by_reason"] == {"kept": 62, "low confidence": 1}
    assert str(SIGNED) in (out / "README.md").read_text("utf-8")
    assert "Ada Lovelace" in (out / "CITATION.cff").read_text("utf-8")
    for by in PERIODS:
        series = release.table(f"dyads-{by}").collect()
        assert series["n_events"].sum() == dyads.account(run.events(), dyads.Options(by=by)).kept
        tables.conform(series, "dyads")
    month = release.table("dyads-month").collect().filter(pl.col("source") == "RUS")
    assert set(month["source_cow"]) == {365} and set(month["target_gw"]) == {702}
    exposure = release.table("exposure").collect()
    assert exposure.group_by("by").agg(pl.col("n_documents").sum()).sort("by").rows() == [
        (by, 63) for by in sorted(PERIODS)
    ]


def test_built_twice_it_is_byte_identical(run: Run, tmp_path: Path) -> None:
    one, two = (make(run, tmp_path / name, "1.0") for name in ("one", "two"))
    assert contents(one) == contents(two)


def test_checksums_are_those_of_the_usual_tool(run: Run, tmp_path: Path) -> None:
    out = make(run, tmp_path / "v1", "1.0")
    subprocess.run(["sha256sum", "--check", "--quiet", SUMS], cwd=out, check=True)


def test_without_text_no_words_of_the_corpus_are_in_it(run: Run, tmp_path: Path) -> None:
    out = make(run, tmp_path / "v1", "1.0")
    events = pl.read_parquet(out / "events.parquet")
    assert not {"sentence_text", "event_text"} & set(events.columns)
    assert "title" not in pl.read_parquet(out / "documents.parquet").columns
    with_text = make(run, tmp_path / "v2", "1.0", with_text=True)
    sentences = pl.read_parquet(with_text / "events.parquet")["sentence_text"]
    assert set(sentences) == {"التقى الرئيس نظيره"}
    assert check(with_text) == []


def test_nothing_tells_of_the_machine_it_was_made_on(run: Run, tmp_path: Path) -> None:
    out = make(run, tmp_path / "v1", "1.0", title="t", with_text=True)
    for name, content in contents(out).items():
        assert b"home/ada" not in content and b"private" not in content, name
        assert str(tmp_path).encode() not in content, name
    paths = pl.read_parquet(out / "documents.parquet")["path"]
    assert paths[0] == "news.jsonl:0" and paths[-1] == "bad.txt"


def test_large_ones_are_cut_into_years(run: Run, tmp_path: Path) -> None:
    out = make(run, tmp_path / "v1", "1.0", large=10)
    assert sorted(f.name for f in (out / "events").iterdir()) == [
        "events-2021.parquet", "events-2022.parquet", "events-undated.parquet",
    ]  # fmt: skip
    assert check(out) == []
    whole = make(run, tmp_path / "v2", "1.0")
    key = "event_id"
    cut, uncut = (Release.open(p).events().sort(key).collect() for p in (out, whole))
    assert cut.equals(uncut)


def test_frictionless_and_croissant_and_datasets_read_it(
    run: Run, tmp_path: Path, offline: None
) -> None:
    out = make(run, tmp_path / "v1", "1.0", large=10)
    frictionless = pytest.importorskip("frictionless")
    assert frictionless.validate(str(out / "datapackage.json")).valid
    croissant = pytest.importorskip("mlcroissant")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own libraries
        dataset = croissant.Dataset(str(out / "croissant.json"))
        assert not dataset.metadata.issues.errors
        records = list(dataset.records("dyads-month"))
    month = pl.read_parquet(out / "dyads-month.parquet")
    assert len(records) == month.height
    assert records[0]["dyads-month/source"].decode() == month["source"][0]
    datasets = pytest.importorskip("datasets")
    cache = {"split": "train", "cache_dir": str(tmp_path / "cache")}
    events = datasets.load_dataset(str(out), "events", **cache)
    assert len(events) == 63 and events[0]["event_code"] == "046"
    assert len(datasets.load_dataset(str(out), **cache)) == 63
    assert datasets.get_dataset_config_names(str(out)) == [
        "events", "documents", "actors", "dyads-day", "dyads-week", "dyads-month", "dyads-year",
        "exposure",
    ]  # fmt: skip


def test_the_codebook_tells_every_column_and_code(run: Run, tmp_path: Path) -> None:
    out = make(run, tmp_path / "v1", "1.0", with_text=True)
    codebook = (out / "CODEBOOK.md").read_text("utf-8")
    for file in out.glob("*.parquet"):
        for name in pl.read_parquet_schema(file):
            assert f"| `{name}` |" in codebook, (file, name)
    for code, row in Ontology.load().codes.items():
        assert f"| `{code}`" in codebook and row.name in codebook
    for code in ("TJK", "GOV", "IGO", "MEA"):
        assert f"| `{code}` |" in codebook
    rows = [line.replace("\\|", "") for line in codebook.splitlines() if line[:1] == "|"]
    assert {row.count("|") for row in rows} <= {3, 4, 5, 8}


def own_ontology(folder: Path, name: str = "kiss") -> Path:
    """Write an ontology with one code renamed."""
    mine = folder / "mine.csv"
    shipped = resources.schema("ontologies", "cameo.csv").read_text("utf-8")
    mine.write_text(shipped.replace(",Engage in negotiation,", f",{name},"), "utf-8")
    assert name in mine.read_text("utf-8")
    return mine


def signed_with(ontology: Path) -> Signature:
    found = Ontology.load(ontology)
    return replace(
        SIGNED, ontology=f"{found.name} {found.version}", ontology_digest=found.digest,
        arguments={**SIGNED.arguments, "ontology": str(ontology)},
    )  # fmt: skip


def test_the_codebook_is_of_the_ontology_that_coded_the_run(tmp_path: Path) -> None:
    mine = own_ontology(tmp_path)
    run = a_run(tmp_path / "run", some_events(), signed_with(mine))
    out = make(run, tmp_path / "v1", "1.0")
    codebook = (out / "CODEBOOK.md").read_text("utf-8")
    assert "| `046`* | kiss |" in codebook and "Engage in negotiation" not in codebook
    assert "CAMEO" not in codebook.split("## Event codes")[1].split("| code |")[0]
    assert Release.open(out).info()["signature"]["arguments"]["ontology"] == "mine.csv"
    own_ontology(tmp_path, "embrace")
    with pytest.raises(EventcoderError, match=r"mine\.csv has changed since .*--ontology"):
        make(run, tmp_path / "v2", "1.0")
    mine.unlink()
    with pytest.raises(EventcoderError, match=r"ontology .*mine\.csv is gone"):
        make(run, tmp_path / "v2", "1.0")
    assert not (tmp_path / "v2").exists()


def test_the_change_log_names_rows_and_months(tmp_path: Path) -> None:
    before, now = some_events(), some_events()
    now[5] = event(5, confidence=0.9, source_name="someone else")
    del now[7]
    now.append(event(70, event_date=dt.date(2022, 3, 1)))
    old = make(a_run(tmp_path / "a", before), tmp_path / "v1", "1.0", with_text=True)
    new = make(a_run(tmp_path / "b", now), tmp_path / "v2", "1.1", against=old)
    assert check(new) == []
    assert pl.read_parquet(new / "event-changes.parquet").rows() == [
        (f"{70:016x}", "added", ""),
        (f"{5:016x}", "changed", "source_name confidence"),
        (f"{7:016x}", "removed", ""),
    ]
    moved = pl.read_parquet(new / "dyad-changes.parquet")
    assert moved["period"].to_list() == [dt.date(2021, 12, 1), dt.date(2022, 3, 1)]
    assert moved["n_events"].sum() == moved["n_events_before"].sum()
    log = (new / "CHANGES.md").read_text("utf-8")
    assert "from version 1.0 to 1.1" in log and "- changed: 1" in log
    assert "| 2022-03 | RUS → TJK | 0 | 1 |" in log
    same = make(Run.open(tmp_path / "a"), tmp_path / "v3", "1.2", against=old)
    assert "0 dyad-months changed" in (same / "CHANGES.md").read_text("utf-8")


@pytest.mark.parametrize("with_text", [False, True])
@pytest.mark.parametrize("large", [10, 1000])
def test_text_that_one_of_two_releases_leaves_out_is_no_change(
    run: Run, tmp_path: Path, with_text: bool, large: int
) -> None:
    old = make(run, tmp_path / "v1", "1.0", with_text=with_text, large=large)
    new = make(run, tmp_path / "v2", "1.1", with_text=not with_text, against=old)
    assert pl.read_parquet(new / "event-changes.parquet").rows() == []
    assert "- changed: 0" in (new / "CHANGES.md").read_text("utf-8")


@pytest.mark.parametrize("n", [0, 1])
def test_an_empty_run_and_one_of_one_event(tmp_path: Path, n: int) -> None:
    out = make(a_run(tmp_path / "run", [event(i) for i in range(n)]), tmp_path / "v1", "1.0")
    assert check(out) == []
    release = Release.open(out)
    for table in ("events", "dyads-day", "dyads-year"):
        assert release.table(table).collect().height == n


def test_only_null_dates(tmp_path: Path) -> None:
    events = [event(i, event_date=None, date_precision=None) for i in range(3)]
    out = make(a_run(tmp_path / "run", events), tmp_path / "v1", "1.0", large=1)
    assert check(out) == []
    assert (out / "events" / "events-undated.parquet").exists()


def test_damage_is_found(run: Run, tmp_path: Path) -> None:
    out = make(run, tmp_path / "v1", "1.0")
    whole = contents(out)

    def faults_of(name: str, content: bytes | None) -> str:
        if content is None:
            (out / name).unlink()
        else:
            (out / name).write_bytes(content)
        found = "\n".join(check(out))
        if name in whole:
            (out / name).write_bytes(whole[name])
        else:
            (out / name).unlink()
        return found

    for name, content in whole.items():
        if name in (SUMS, "release.json"):
            continue
        changed = content[:40] + bytes([content[40] ^ 1]) + content[41:]
        assert f"{name}: the file was changed" in faults_of(name, changed)
        assert f"{name}: the file was changed" in faults_of(name, content[: len(content) // 2])
        assert f"{name}: the file is missing" in faults_of(name, None)
    assert "notes.txt: the file does not belong" in faults_of("notes.txt", b"hello")
    assert "can't be read" in faults_of(SUMS, None)
    assert "no release.json" in faults_of("release.json", None)
    assert "release.json: the file was changed" in faults_of(
        "release.json", whole["release.json"].replace(b'"rows": 63', b'"rows": 64')
    )
    assert check(out) == []


def test_a_file_that_is_gone_with_its_checksum_is_found(run: Run, tmp_path: Path) -> None:
    from eventcoder.release import sums

    whole = make(run, tmp_path / "v1", "1.0")
    for name in sorted(contents(whole).keys() - {SUMS, "release.json"}):
        out = tmp_path / "broken"
        shutil.copytree(whole, out)
        (out / name).unlink()
        (out / SUMS).write_text(sums(out), "utf-8")
        assert f"{name}: the file is missing" in "\n".join(check(out))
        shutil.rmtree(out)


def test_a_wrong_table_with_a_right_checksum_is_found(run: Run, tmp_path: Path) -> None:
    from eventcoder.release import sums

    out = make(run, tmp_path / "v1", "1.0")
    events = pl.read_parquet(out / "events.parquet").with_columns(quad_class=pl.lit(9)).head(5)
    events.write_parquet(out / "events.parquet")
    (out / SUMS).write_text(sums(out), "utf-8")
    faults = "\n".join(check(out))
    assert "quad_class: must be at most 4" in faults
    assert "5 rows, but release.json says 63" in faults
    assert "dyads-month.parquet: counts" in faults
    assert "datapackage.json: does not describe events.parquet as it is" in faults


@pytest.mark.parametrize("key", ["path", "schema"])
def test_a_check_fetches_nothing(run: Run, tmp_path: Path, key: str) -> None:
    """Frictionless would ask for what a data package names elsewhere."""
    from eventcoder.release import sums

    asked: list[str] = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        out = make(run, tmp_path / "v1", "1.0")
        package = json.loads((out / "datapackage.json").read_text("utf-8"))
        there = f"http://127.0.0.1:{server.server_port}/table.csv"
        package["resources"].append(package["resources"][0] | {key: there})
        (out / "datapackage.json").write_text(json.dumps(package), "utf-8")
        (out / SUMS).write_text(sums(out), "utf-8")
        found = "\n".join(check(out))
        server.shutdown()
    assert f"datapackage.json: {key} lies elsewhere: {there}" in found
    assert not asked


def test_what_can_not_be_released_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.doc").write_text("x")
    for arguments, message in (
        ((tmp_path / "full", "1.0", {}), "not empty"),
        ((tmp_path / "v", "../1", {}), "no version"),
        ((tmp_path / "v", "1.0", {"licence": "WTFPL"}), "give one of CC-BY-4.0"),
        ((tmp_path / "no" / "v", "1.0", {}), "does not exist"),
        ((tmp_path / "v", "1.0", {"against": tmp_path / "run"}), "no release"),
    ):
        out, version, options = arguments
        with pytest.raises(EventcoderError, match=message):
            make(run, out, version, **options)
    with pytest.raises(EventcoderError, match="no run folder"):
        make(tmp_path / "full", tmp_path / "v", "1.0")
    with (
        Run.create(tmp_path / "half", SIGNED) as half,
        pytest.raises(EventcoderError, match="not finished"),
    ):
        make(half, tmp_path / "v", "1.0")
    signed = Signature(actors_digest="other")
    with pytest.raises(EventcoderError, match="recode"):
        make(a_run(tmp_path / "r", [event(1)], signed), tmp_path / "v", "1.0")
    assert not (tmp_path / "v").exists() and not list(tmp_path.glob(".release-*"))


def test_licences_and_names() -> None:
    for name in metadata.about()["licences"]:
        assert set(metadata.licence(name)) == {"title", "url", "card", "short"}
    card = json.dumps(metadata.published_names({"a": ["/x/y.csv", 3], "b": "c:\\d\\e.csv"}))
    assert card == '{"a": ["y.csv", 3], "b": "e.csv"}'
