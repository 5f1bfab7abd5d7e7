"""The command line: every command on the coded sample, data apart from talk, clear errors."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import eventcoder.model
from eventcoder import __version__, dyads, pipeline, runs, tables
from eventcoder.cli import app

DEAL = "Iran's foreign minister met his Iraqi counterpart in Baghdad on Monday, officials said."
COMMANDS = {
    "code", "recode", "aggregate", "release", "report", "explain", "train", "evaluate", "export",
    "compare", "check", "list",
}  # fmt: skip
GOLD = Path(__file__).parent / "sample" / "gold.jsonl"
SCHEMAS = Path(__file__).parents[1] / "schemas"


def test_every_command_is_there_and_says_what_it_does(cli: Any) -> None:
    names = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
    assert names == COMMANDS
    whole = cli("--help")
    assert whole.exit_code == 0
    for name in names:
        assert name in whole.stdout
        helped = cli(name, "--help")
        assert helped.exit_code == 0
        assert "Usage" in helped.stdout


def test_version_and_wrong_commands(cli: Any) -> None:
    assert cli("--version").stdout == f"eventcoder {__version__}\n"
    assert cli("cook").exit_code == 2
    assert cli("code").exit_code == 2
    assert "Traceback" not in cli("code", "--nonsense").stderr


def test_code_talks_on_stderr_and_resolves_columns(cli: Any, tmp_path: Path) -> None:
    table = tmp_path / "news.csv"
    table.write_text(f'key,day,body\nk1,2021-05-04,"{DEAL}"\n', "utf-8")
    out = tmp_path / "run"
    result = cli("code", table, "--out", out, "--text-column", "body", "--doc-id-column", "key",
                 "--published-column", "day", "--threads", "1")  # fmt: skip
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "read 1 documents = coded 1 + skipped 0 + failed 0" in result.stderr
    assert str(out / "events.parquet") in result.stderr
    (document,) = tables.collect(runs.Run.open(out).documents(), "documents").to_dicts()
    assert (document["doc_id"], str(document["published"])) == ("k1", "2021-05-04")


def test_code_reads_standard_input(cli: Any, tmp_path: Path) -> None:
    result = cli("code", "-", "-o", tmp_path / "run", "--threads", "1", stdin=DEAL.encode())
    assert result.exit_code == 0
    assert "coded 1" in result.stderr


def test_recode_says_the_new_account(cli: Any, tmp_path: Path) -> None:
    text, out = tmp_path / "a.txt", tmp_path / "run"
    text.write_text(DEAL, "utf-8")
    assert cli("code", text, "-o", out).exit_code == 0
    result = cli("recode", out, "--threshold", "0")
    assert result.exit_code == 0
    assert "read 1 documents = coded 1" in result.stderr
    assert "low confidence" not in result.stderr


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_aggregate_writes_series_and_exposure(
    cli: Any, coded: runs.Run, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"series{suffix}"
    result = cli("aggregate", coded.path, "--by", "year", "-o", out)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "in the series" in result.stderr
    assert out.stat().st_size > 0
    assert (tmp_path / f"series-exposure{suffix}").stat().st_size > 0


def test_aggregate_takes_its_options(cli: Any, coded: runs.Run, tmp_path: Path) -> None:
    out = tmp_path / "s.csv"
    result = cli(
        "aggregate", coded.path, "-o", out, "--by", "quarter", "--level", "actor", "--undirected",
        "--code-level", "root", "--duplicates", "cluster", "--weights", "confidence",
        "--from", "2003-01-01", "--to", "2023-12-31", "--keys", "cow",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    frame = pl.read_csv(out, schema_overrides={"code": pl.String})
    assert frame.height > 10
    assert {"code", "period"} <= set(frame.columns)
    assert frame["code"].str.len_chars().unique().to_list() == [2]  # "03" keeps its zero
    for wrong in (("--level", "planet"), ("--from", "01/02/2003"), ("--week-start", "noon"),
                  ("--from", "2020-01-02", "--to", "2020-01-01")):  # fmt: skip
        result = cli("aggregate", coded.path, "-o", out, *wrong)
        assert result.exit_code == 1
        assert len(result.stderr.splitlines()) == 1
    assert cli("aggregate", coded.path, "-o", tmp_path / "s.xlsx").exit_code == 1
    assert cli("aggregate", coded.path, "-o", tmp_path / "no" / "s.csv").exit_code == 1


def test_every_option_of_a_series_is_an_option_of_the_command(
    cli: Any, coded: runs.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dyads.Options] = []
    made = pipeline.aggregate

    def seen(source: Path, options: dyads.Options, levels: Any) -> Any:
        asked.append(options)
        return made(source, options, levels)

    monkeypatch.setattr(pipeline, "aggregate", seen)
    lines = (
        "--by week --week-start sunday --mirror --no-self-dyads --quad phoenix "
        "--duplicates one-a-day",
        "--complete --states gw --undirected --keys gw --normalise sentences --correct "
        "--from 2022-01-01 --to 2022-02-01",
        "--level actor --code-level quad --weights confidence --goldstein icews --ontology cameo",
    )
    for line in lines:
        result = cli("aggregate", coded.path, "-o", tmp_path / "s.csv", *line.split())
        assert result.exit_code == 0, result.stderr
    default = dyads.Options()
    for name in dyads.Options.__dataclass_fields__:
        if name != "ontology":  # there is one
            assert any(getattr(o, name) != getattr(default, name) for o in asked), name


def test_only_what_the_matrix_is_of_is_corrected(cli: Any, coded: runs.Run, tmp_path: Path) -> None:
    series, other = tmp_path / "s.csv", tmp_path / "other"
    shutil.copytree(coded.path, other)
    assert cli("recode", other, "--threshold", "0.9").exit_code == 0
    assert cli("export", coded.path, "--to", "gdelt", "-o", tmp_path / "g.tsv").exit_code == 0
    for source, words in (
        (other, "coded with threshold 0.9"), (tmp_path / "g.tsv", "not coded by eventcoder")
    ):  # fmt: skip
        refused = cli("aggregate", source, "-o", series, "--correct")
        assert refused.exit_code == 1 and words in refused.stderr, refused.stderr
        assert not series.exists()
    made = json.loads((other / "run.json").read_text("utf-8"))
    made["signature"]["model_digest"] = "another"
    (other / "run.json").write_text(json.dumps(made), "utf-8")
    assert "coded by model" in cli("aggregate", other, "-o", series, "--correct").stderr
    mapped = cli("aggregate", coded.path, "-o", series, "--correct", "--quad", "phoenix")
    assert "leave out" in mapped.stderr
    assert cli("aggregate", coded.path, "-o", series, "--correct").exit_code == 0


def test_compare_refuses_files_before_the_work_and_tells_what_it_left_out(
    cli: Any, coded: runs.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "c.csv"
    result = cli("compare", coded.path, coded.path / "events.parquet", "-o", out, "--by", "year")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "" and out.stat().st_size > 0
    told = [line for line in result.stderr.splitlines() if "in the series; left out: " in line]
    assert [line.split(": ")[0] for line in told] == [coded.path.name, "events.parquet"]
    out.unlink()
    monkeypatch.setattr("eventcoder.comparison.compare", lambda *_: pytest.fail("it worked"))
    for files, words in (
        (("-o", out, "--picture", tmp_path / "x.gif"), ".svg, .png or .html"),
        (("-o", tmp_path / "c.xlsx"), ".parquet, .csv or .jsonl"),
        (("-o", out, "--picture", tmp_path / "no" / "x.svg"), "does not exist"),
    ):
        result = cli("compare", coded.path, coded.path, *files)
        assert result.exit_code == 1
        assert words in result.stderr and len(result.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_explain_shows_actors_rows_and_verdict(cli: Any) -> None:
    result = cli("explain", DEAL, "--published", "2021-05-04")
    assert result.exit_code == 0
    for words in ("IRNGOV", "IRQGOV", "kept", "language en", "2021-05-04", "nationalities:"):
        assert words in result.stdout, words
    persian = cli("explain", "وزیر خارجه ایران در بغداد با همتای عراقی خود دیدار کرد.")
    assert persian.exit_code == 0
    assert "language fa" in persian.stdout
    assert "IRNGOV" in persian.stdout
    piped = cli("explain", "-", stdin=DEAL)
    assert "IRQGOV" in piped.stdout


def test_evaluate_prints_json_and_tables(cli: Any, tmp_path: Path) -> None:
    part = tmp_path / "part.jsonl"
    lines = [r for r in GOLD.read_text("utf-8").splitlines() if json.loads(r)["doc_id"] == "en-001"]
    part.write_text("\n".join(lines) + "\n", "utf-8")
    result = cli("evaluate", "events", part, "--json")
    assert result.exit_code == 0
    scores = json.loads(result.stdout)
    assert scores["n_sentences"] == len(lines)
    assert {"precision", "recall", "f1"} <= scores["root"].keys()
    assert list(scores["by"]) == ["en"]
    shown = cli("evaluate", "events", part)
    assert shown.exit_code == 0
    lines_shown = (line.split(maxsplit=1) for line in shown.stdout.splitlines()[2:])
    measures = {words[0]: words[1] for words in lines_shown if len(words) == 2}
    assert measures["root.f1"].split() == [f"{scores['root']['f1']:.3f}"] * 2  # all, en
    assert measures["n_sentences"].split() == [str(len(lines))] * 2
    wrong = cli("evaluate", "relations", part)
    assert wrong.exit_code == 1
    assert "relations gold needs" in wrong.stderr
    assert cli("evaluate", "verbs", part).exit_code == 2
    assert cli("evaluate", "actors", tmp_path / "nothing.jsonl").exit_code == 1


def test_list_names_what_is_shipped(cli: Any) -> None:
    assert "default" in cli("list", "models").stdout
    assert "cameo" in cli("list", "ontologies").stdout
    assert cli("list", "languages").stdout.split() == ["ar", "en", "fa"]
    assert {"documents", "mentions", "events", "dyads"} <= set(cli("list", "tables").stdout.split())
    codes = {row["code"]: row["name"] for row in json.loads(cli("list", "codes", "--json").stdout)}
    assert len(codes) == 316
    assert all(isinstance(code, str) for code in codes)
    assert "leaders.csv" in cli("list", "actors").stdout
    wrong = cli("list", "cheeses")
    assert wrong.exit_code == 1
    assert "models, ontologies" in wrong.stderr


def test_check_of_good_files(cli: Any, coded: runs.Run) -> None:
    for file, kind in (
        (GOLD, "gold"),
        (SCHEMAS / "actors" / "agents.csv", "actors"),
        (SCHEMAS / "ontologies" / "cameo.csv", "ontology"),
        (coded.path / "events.parquet", "events"),
        (coded.path, "run"),
    ):
        result = cli("check", file, "--as", kind)
        assert result.exit_code == 0, result.stdout
        assert result.stdout == ""
        assert "good" in result.stderr


def test_check_names_row_and_column_at_fault(cli: Any, tmp_path: Path) -> None:
    actors = tmp_path / "actors.csv"
    actors.write_text("phrase,language,code,kind\nAtlantis,en,ATL,country\nMu,en,mu,country\n")
    result = cli("check", actors, "--as", "actors")
    assert result.exit_code == 1
    assert "code" in result.stdout
    assert "3" in result.stdout  # the line
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"id": "a", "lang": "en", "text": "x"}\n')
    result = cli("check", gold, "--as", "gold")
    assert result.exit_code == 1
    assert "row 1" in result.stdout
    table = tmp_path / "events.csv"
    table.write_text("event_id,event_code\ne1,999\n")
    result = cli("check", table, "--as", "events")
    assert result.exit_code == 1
    assert result.stdout.strip()
    assert cli("check", tmp_path / "nothing.csv", "--as", "actors").exit_code == 1
    unknown = cli("check", table, "--as", "cheese")
    assert unknown.exit_code == 1
    assert "actors, ontology, gold, run" in unknown.stderr


def test_release_report_and_export_of_the_sample(cli: Any, coded: runs.Run, tmp_path: Path) -> None:
    made = cli("release", coded.path, "-o", tmp_path / "release", "--version", "1.0.0")
    assert made.exit_code == 0, made.stderr
    assert any((tmp_path / "release").rglob("*.parquet"))
    assert cli("check", tmp_path / "release").exit_code == cli("check", coded.path).exit_code == 0
    (tmp_path / "release" / "LICENSE").write_text("mine")
    found = cli("check", tmp_path / "release")
    assert found.exit_code == 1 and found.stdout.startswith("LICENSE: the file was changed")
    unknown = cli("check", tmp_path)
    assert unknown.exit_code == 1 and "--as" in unknown.stderr
    page = cli("report", coded.path, "-o", tmp_path / "report.html")
    assert page.exit_code == 0, page.stderr
    assert "<html" in (tmp_path / "report.html").read_text("utf-8")
    for layout in ("gdelt", "icews", "polecat", "phoenix"):
        file = tmp_path / f"{layout}.csv"
        result = cli("export", coded.path, "--to", layout, "-o", file)
        assert result.exit_code == 0, result.stderr
        assert result.stdout == ""
        assert file.stat().st_size > 0
    assert cli("export", coded.path, "--to", "nonesuch", "-o", tmp_path / "x.csv").exit_code == 1


def test_training_without_its_libraries_names_the_cure(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [m for m in sys.modules if m.startswith("eventcoder.model.")]:
        monkeypatch.delitem(sys.modules, name)
        monkeypatch.delattr(eventcoder.model, name.rpartition(".")[2], raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    result = cli("train", GOLD, "-o", tmp_path / "model")
    assert result.exit_code == 1
    assert "pip install 'eventcoder[train]'" in result.stderr


def test_a_reader_that_stops_early_is_no_error() -> None:
    program = f"{sys.executable} -m eventcoder.cli list codes"
    done = subprocess.run(["bash", "-c", f"{program} | head -n 1"], capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.stdout.startswith("01\t")
    assert done.stderr == ""
