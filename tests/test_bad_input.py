"""Bad input by the real command line: the good is coded, the bad accounted for, no traceback."""

import codecs
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from eventcoder import corpus, pipeline, resources, runs, tables

GOOD = "Iran's foreign minister met his Iraqi counterpart in Baghdad on Monday, officials said."
ARABIC = "التقى وزير الخارجية الإيراني نظيره العراقي في بغداد يوم الاثنين، وفق ما أعلن مسؤولون."
PERSIAN = "وزیر امور خارجه ایران روز دوشنبه در بغداد با همتای عراقی خود دیدار کرد."
GERMAN = "Der Minister traf am Montag in Berlin seinen Kollegen, und die Regierung stimmte zu."
LONG = "Iran said that " + "the talks with Iraq which began in Baghdad and " * 300 + "will go on."


@dataclass(frozen=True)
class Case:
    """Bytes of one file, and what must become of its documents: status by number, reasons."""

    content: bytes
    statuses: str  # a letter a document, in order: c coded, s skipped, f failed
    reason: str = ""  # in the reason of every document that is not coded


def jsonl(*records: Any) -> bytes:
    lines = [r if isinstance(r, bytes) else json.dumps(r).encode() for r in records]
    return b"\n".join(lines) + b"\n"


def doc(doc_id: str, text: Any = GOOD, **more: Any) -> dict[str, Any]:
    """Return a record; its text is unlike all others, so that no two are duplicates."""
    return {"doc_id": doc_id, "text": f"{text} ({doc_id})" if text == GOOD else text, **more}


SUNDAY = ARABIC.replace("الاثنين", "الأحد")
SATURDAY = PERSIAN.replace("دوشنبه", "شنبه")
TWO_SCRIPTS = (ARABIC + " ").encode("cp1256") + (PERSIAN + "\n").encode()
CASES = {
    "empty.txt": Case(b"", "f", "the file is empty"),
    "empty.jsonl": Case(b"", "f", "the file is empty"),
    "blank.txt": Case(b" \n\n\t\n", "f", "the text is empty"),
    "empty_text.jsonl": Case(jsonl(doc("e1", ""), doc("e2"), doc("e3", None)), "fcf", "empty"),
    "one_line.txt": Case((GOOD + " ").encode() * 60_000, "f", "longer than"),
    "one_line.jsonl": Case(
        jsonl(doc("o1"), doc("o2", (GOOD + " ") * 60_000), doc("o3")), "cfc", "longer than"
    ),
    "nul.txt": Case(GOOD.encode() + b"\0\0\0" + GOOD.encode(), "f", "NUL"),
    "nul.jsonl": Case(jsonl(doc("n1", "a\0b " * 9), doc("n2")), "fc", "NUL"),
    "binary.txt": Case(bytes(range(256)) * 40, "f"),
    "invalid.jsonl": Case(
        jsonl(doc("i1"), b'{"doc_id": "i2", "text": "caf\xff\xfe\x81 \xc3"}', doc("i3")), "cfc"
    ),
    "utf16_le.txt": Case(codecs.BOM_UTF16_LE + SUNDAY.encode("utf-16-le"), "c"),
    "utf16_be.txt": Case(codecs.BOM_UTF16_BE + SATURDAY.encode("utf-16-be"), "c"),
    "utf8_bom.txt": Case(codecs.BOM_UTF8 + f"{GOOD} (with a mark)".encode(), "c"),
    "cp1256.txt": Case((ARABIC.replace("الاثنين", "الثلاثاء")).encode("cp1256"), "c"),
    "mixed.txt": Case(TWO_SCRIPTS * 2, "f"),
    "broken.jsonl": Case(
        jsonl(doc("b1"), b'{"doc_id": "b2", "text": "Iran sa', doc("b3"), b"[1, 2]", b"17"),
        "cfcff", "line",
    ),
    "columns.csv": Case(f'id,body\n1,"{GOOD}"\n'.encode(), "f", "--text-column"),
    "column_in_one.jsonl": Case(
        jsonl(doc("m1"), {"doc_id": "m2", "body": GOOD}, doc("m3")), "cfc", "--text-column"
    ),
    "fields.csv": Case(
        f'doc_id,text\nf1,"{GOOD} (f1)"\nf2,x,y,z\nf3,"{GOOD} (f3)"\n'.encode(), "cfc", "fields"
    ),
    "quote.csv": Case(
        f'doc_id,text\nq1,"{GOOD} (q1)"\nq2,"no end\nq3,{GOOD.replace(",", "")} (q3)\n'.encode(),
        "cfc", "quote",
    ),
    "types.jsonl": Case(
        jsonl(doc("t1", 17), doc("t2", ["a"]), doc("t3", {"a": 1}), doc("t4", True), doc("t5"),
              doc("t6", title=["x"], publisher=3, url={}, language=7, published=[])),
        "ffffcc", "not a string",
    ),
    "surrogate.jsonl": Case(
        jsonl(b'{"doc_id": "s1", "text": "Iran \\ud83d said"}', doc("s2")), "fc", "surrogate"
    ),
    "same_ids.jsonl": Case(
        jsonl(*(doc("d", f"{GOOD} ({which})") for which in ("first", "other", "first"))),
        "ccf", "duplicate",
    ),
    "dates.jsonl": Case(
        jsonl(*(doc(f"z{n}", published=value) for n, value in enumerate((
            "2199-01-01", "2021-02-30", "0000-00-00", "yesterday", "99999999999999", -5, 1e300,
            "۱۴۰۰/۱۳/۴۰", "2021-05-04")))),
        "ccccccccc",
    ),
    "german.txt": Case(GERMAN.encode(), "s", "language de"),
    "signs.txt": Case("☃ ♥ 12345 +++ *** ☃☃☃\n".encode(), "s"),
    "long.jsonl": Case(jsonl(doc("l1"), doc("l2", LONG), doc("l3")), "ccc"),
    "packed.jsonl.gz": Case(b"this is no gzip", "f", "gzip"),
    "cut.jsonl.gz": Case(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xabV", "f", "gzip"),
    "packed.jsonl.zst": Case(b"this is no zstandard", "f"),
    "not.parquet": Case(b"this is no Parquet", "f", "Parquet"),
    "page.html": Case(b"<html><body><script>x</script></body></html>", "f", "no article text"),
}  # fmt: skip
STATUS = {"c": "coded", "s": "skipped", "f": "failed"}


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Code a folder of all cases with three good documents, by the command line."""
    from typer.testing import CliRunner

    from eventcoder.cli import app

    corpus = tmp_path_factory.mktemp("bad")
    for name, case in CASES.items():
        (corpus / name).write_bytes(case.content)
    for name, text in (("aa", ARABIC), ("mm", PERSIAN), ("zz", GOOD)):  # first, between and last
        (corpus / f"{name}.txt").write_text(text, "utf-8")
    out = corpus.parent / "bad_run"
    result = CliRunner().invoke(app, ["code", str(corpus), "--out", str(out), "--threads", "1"])
    return corpus, runs.Run.open(out), result


@pytest.fixture(scope="module")
def documents(bad: Any) -> pl.DataFrame:
    return tables.collect(bad[1].documents(), "documents")


def of_file(documents: pl.DataFrame, file: Path) -> pl.DataFrame:
    path = pl.col("path")
    return documents.filter((path == str(file)) | path.str.starts_with(f"{file}:"))


@pytest.mark.parametrize("name", CASES)
def test_bad_documents_are_accounted_for_and_good_ones_coded(
    bad: Any, documents: pl.DataFrame, name: str
) -> None:
    case, found = CASES[name], of_file(documents, bad[0] / name)
    assert found["status"].to_list() == [STATUS[letter] for letter in case.statuses]
    for row in found.filter(pl.col("status") != "coded").iter_rows(named=True):
        assert case.reason in row["reason"]
        assert len(row["reason"]) < 300
        assert "\n" not in row["reason"]
        assert row["n_sentences"] == row["n_events"] == 0
    for row in found.filter(pl.col("status") == "coded").iter_rows(named=True):
        assert row["reason"] in (None, corpus.NO_DATE)
        assert row["n_sentences"] >= 1


def test_the_good_files_beside_are_coded(bad: Any, documents: pl.DataFrame) -> None:
    for name, language in (("aa", "ar"), ("mm", "fa"), ("zz", "en")):
        (row,) = of_file(documents, bad[0] / f"{name}.txt").to_dicts()
        assert (row["status"], row["language"]) == ("coded", language)
        assert row["n_events"] >= 1


def test_the_account_adds_up_and_something_lost_is_exit_code_1(
    bad: Any, documents: pl.DataFrame
) -> None:
    _, run, result = bad
    counts = run.info()["counts"]
    expected = "".join(case.statuses for case in CASES.values())
    assert counts["read"] == documents.height == len(expected) + 3
    assert counts["coded"] == expected.count("c") + 3
    assert counts["skipped"] == expected.count("s")
    assert counts["failed"] == expected.count("f")
    assert documents["doc_id"].is_unique().all()
    assert result.exit_code == 1
    assert f"failed {counts['failed']}" in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) < 8


def test_tables_of_a_bad_corpus_keep_their_rules(bad: Any) -> None:
    for name in ("documents", "events"):
        assert tables.check_file(bad[1].path / f"{name}.parquet", name) == []


def test_future_and_impossible_dates_are_no_dates(bad: Any, documents: pl.DataFrame) -> None:
    dated = of_file(documents, bad[0] / "dates.jsonl")
    assert [str(day) for day in dated["published"].drop_nulls()] == ["2021-05-04"]
    assert dated["published_basis"].to_list() == ["none"] * 8 + ["given"]


def test_same_ids_are_told_apart(bad: Any, documents: pl.DataFrame) -> None:
    found = of_file(documents, bad[0] / "same_ids.jsonl")
    assert found["doc_id"].to_list()[:2] == ["d", "d#2"]


def test_a_sentence_of_3000_tokens_is_read_whole(bad: Any, documents: pl.DataFrame) -> None:
    assert len(LONG.split()) > 2500
    (row,) = documents.filter(pl.col("doc_id") == "l2").to_dicts()
    assert row["n_sentences"] > 1  # cut into what the model can read
    mentions = tables.collect(bad[1].mentions(), "mentions").filter(pl.col("doc_id") == "l2")
    assert mentions["sentence_text"].str.len_chars().max() < 2000


def test_a_sentence_longer_than_the_model_reads_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where tokens are few for the model, the document says that it was read in part."""
    from typer.testing import CliRunner

    from eventcoder.cli import app
    from eventcoder.model.encoder import EncoderModel

    made = EncoderModel.__init__

    def short(self: EncoderModel, folder: Path, threads: int = 0) -> None:
        made(self, folder, threads)
        self.tokenizer.enable_truncation(12)

    monkeypatch.setattr(EncoderModel, "__init__", short)
    (tmp_path / "a.txt").write_text(GOOD, "utf-8")
    (tmp_path / "b.txt").write_text("Iran met Iraq.", "utf-8")
    out = tmp_path / "run"  # in the corpus folder, but no corpus
    result = CliRunner().invoke(app, ["code", str(tmp_path), "-o", str(out), "--threads", "1"])
    assert result.exit_code == 1
    assert "1 read in part" in result.stderr
    reasons = tables.collect(runs.Run.open(out).documents(), "documents")["reason"].to_list()
    assert reasons == [pipeline.IN_PART, None]


def one_line(result: Any, *words: str) -> None:
    """Check that a refusal is exit code 1 and one clear line, nothing on standard output."""
    assert result.exit_code == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("eventcoder: ")
    for word in words:
        assert word in line


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "good.txt"
    file.write_text(GOOD, "utf-8")
    return file


def test_a_corpus_without_the_text_column_is_refused(cli: Any, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f'id,body\n1,"{GOOD}"\n', "utf-8")
    one_line(cli("code", table, "-o", tmp_path / "run"), "no column 'text'", "--text-column")
    named = cli("code", table, "-o", tmp_path / "run2", "--text-column", "body")
    assert named.exit_code == 0


def test_a_corpus_that_is_not_there_is_refused(cli: Any, tmp_path: Path) -> None:
    one_line(cli("code", tmp_path / "nothing", "-o", tmp_path / "run"), "no such file or folder")
    one_line(cli("code", tmp_path, "-o", tmp_path / "run"), "no corpus file")
    (tmp_path / "song.mp3").write_bytes(b"x")
    one_line(cli("code", tmp_path / "song.mp3", "-o", tmp_path / "run"), "not a corpus file")
    assert not (tmp_path / "run").exists()


def test_an_existing_run_folder_is_kept(cli: Any, good: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert cli("code", good, "-o", out).exit_code == 0
    before = (out / "events.parquet").read_bytes()
    one_line(cli("code", good, "-o", out), "holds a run")
    one_line(cli("code", good, "-o", out, "--resume", "--overwrite"), "exclude each other")
    assert (out / "events.parquet").read_bytes() == before
    assert cli("code", good, "-o", out, "--resume").exit_code == 0
    assert cli("code", good, "-o", out, "--overwrite").exit_code == 0


def test_a_folder_with_other_things_is_kept(cli: Any, good: Path, tmp_path: Path) -> None:
    one_line(cli("code", good, "-o", tmp_path, "--overwrite"), "not empty", "good.txt")
    one_line(cli("code", good, "-o", good), "can't be made")
    one_line(cli("code", good, "-o", tmp_path / "no" / "run"), "does not exist")
    assert good.read_text("utf-8") == GOOD


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_output_folder_is_told(cli: Any, good: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    one_line(cli("code", good, "-o", locked / "run"), "can't be made")


def test_a_model_folder_that_is_missing_or_corrupt_is_told(
    cli: Any, good: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    one_line(cli("code", good, "-o", out, "--model", "nonesuch"), "no model 'nonesuch'")
    empty = tmp_path / "empty"
    empty.mkdir()
    one_line(cli("code", good, "-o", out, "--model", empty), "is no model folder", "missing")
    assert not out.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.json", b"{"),
        ("model.json", b"[]"),
        ("model.json", b'{"format": 99}'),
        ("model.json", b'{"format": 1}'),
        ("tokenizer.json", b"not json"),
        ("encoder.onnx", b""),
        ("encoder.onnx", b"\x00garbage" * 99),
        ("pair.onnx", b"not onnx"),
        ("embeddings.bin", b"short"),
    ],
)
def test_a_damaged_model_file_is_told(
    cli: Any, good: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    model, out = tmp_path / "model", tmp_path / "run"
    shutil.copytree(resources.model("default"), model)
    (model / name).write_bytes(content)
    one_line(cli("code", good, "-o", out, "--model", model), str(model))
    assert not out.exists()


def test_a_model_folder_with_mixed_up_files_is_told(cli: Any, good: Path, tmp_path: Path) -> None:
    model, out = tmp_path / "model", tmp_path / "run"
    shutil.copytree(resources.model("default"), model)
    shutil.copy(model / "pair.onnx", model / "encoder.onnx")
    one_line(cli("code", good, "-o", out, "--model", model), "encoder.onnx is another network")
    shutil.copy(resources.model("default") / "encoder.onnx", model / "encoder.onnx")
    about = json.loads((model / "model.json").read_text("utf-8"))
    for name, value, words in (("open_source", "x", "open_source"), ("bias", None, "bias")):
        wrong = about | {"calibration": about["calibration"] | {name: value}}
        (model / "model.json").write_text(json.dumps(wrong), "utf-8")
        one_line(cli("code", good, "-o", out, "--model", model), "calibration", words)
    sure = about | {"calibration": about["calibration"] | {"bias": -1000}}
    (model / "model.json").write_text(json.dumps(sure), "utf-8")
    assert cli("code", good, "-o", out, "--model", model).exit_code == 0


def test_reading_leaves_nothing_at_home_and_calls_nobody(tmp_path: Path) -> None:
    """ONNX Runtime's telemetry keeps an id and a queue in the user's folder."""
    program = (
        "from eventcoder import resources; from eventcoder.model.encoder import EncoderModel; "
        "print(len(EncoderModel(resources.model('default')).read(['Iran met Iraq.'])))"
    )
    away = {"ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "XDG_DATA_HOME"}
    env = {k: v for k, v in os.environ.items() if k not in away} | {"HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize("value", ["1.5", "-0.1", "much"])
def test_a_threshold_that_is_no_probability_is_told(
    cli: Any, good: Path, tmp_path: Path, value: str
) -> None:
    result = cli("code", good, "-o", tmp_path / "run", "--threshold", value)
    assert result.exit_code == 2
    assert "--threshold" in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_a_file_whose_name_is_no_text_is_coded(cli: Any, tmp_path: Path) -> None:
    name = tmp_path / os.fsdecode(b"\xff.txt")
    name.write_text(GOOD, "utf-8")
    out = tmp_path / "run"
    assert cli("code", name, "-o", out).exit_code == 0
    assert cli("code", name, "-o", out, "--resume").exit_code == 0
    told = json.loads((out / "run.json").read_text("utf-8"))["signature"]["arguments"]["corpus"]
    assert told == [f"{tmp_path}/\\udcff.txt"]


def test_a_run_folder_that_is_none_is_told(cli: Any, good: Path, tmp_path: Path) -> None:
    series = tmp_path / "series.csv"
    one_line(cli("recode", tmp_path), "is no run folder")
    one_line(cli("aggregate", tmp_path, "-o", series), str(good))
    one_line(cli("recode", tmp_path / "nothing"), "is no run folder")
    one_line(cli("aggregate", tmp_path / "nothing.parquet", "-o", series), "nothing.parquet")
    one_line(cli("aggregate", good, "-o", series))
    assert not series.exists()


def test_a_run_with_damaged_files_is_told(cli: Any, good: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert cli("code", good, "-o", out).exit_code == 0
    (out / "events.parquet").write_bytes(b"no Parquet")
    one_line(cli("aggregate", out, "-o", tmp_path / "series.csv"), "events.parquet")
    part = out / "mentions" / "part-00000.parquet"
    part.write_bytes(b"no Parquet")
    one_line(cli("recode", out), "part-00000.parquet")
    (out / "run.json").write_text("{", "utf-8")
    one_line(cli("recode", out), "run.json")


def test_dictionaries_and_ontologies_at_fault_are_told(
    cli: Any, good: Path, tmp_path: Path
) -> None:
    mine, out = tmp_path / "mine.csv", tmp_path / "run"
    for content, words in (
        (b"", "mine.csv"),
        (b"name,code\nx,USA\n", "phrase"),
        (b"phrase,language,code\nAtlantis,en,atl\n", "code"),
        (b"phrase,language,code\nAtlantis,xx,ATL\n", "language"),
        (b"phrase,language,code\n\xff\xfe\x00,en,ATL\n", "mine.csv"),
    ):
        mine.write_bytes(content)
        result = cli("code", good, "-o", out, "--actors", mine)
        assert result.exit_code == 1
        assert words in result.stderr
        assert "Traceback" not in result.stderr
    one_line(cli("code", good, "-o", out, "--ontology", tmp_path / "no.csv"), "no.csv")
    assert not out.exists()


def test_texts_that_cannot_be_explained_are_told(cli: Any) -> None:
    one_line(cli("explain", "  "), "no text")
    assert cli("explain", GERMAN).exit_code == 0
    assert "skipped" in cli("explain", GERMAN).stdout
    one_line(cli("explain", "-", stdin=TWO_SCRIPTS * 2), "standard input")
    long = cli("explain", LONG)
    assert long.exit_code == 0
