import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from eventcoder import runs, tables
from eventcoder.errors import EventcoderError
from eventcoder.runs import Run
from eventcoder.signature import Signature
from eventcoder.writing import write

SIGNED = Signature(model="default", model_digest="a" * 64, arguments={"text_column": "body"})
COUNTS = {"read": 3, "coded": 1, "skipped": 1, "failed": 1, "sentences": 40}


def documents(*ids: str) -> pl.DataFrame:
    rows = [
        {"doc_id": i, "status": "coded", "published_basis": "none", "n_sentences": 2, "n_events": 1}
        for i in ids
    ]
    return tables.conform(pl.DataFrame(rows), "documents")


def mentions(*ids: str) -> pl.DataFrame:
    rows = [
        {
            "mention_id": f"m{i}", "doc_id": i, "sentence_number": 1, "sentence_text": "التقى كيري",
            "source_text": "كيري", "source_start": 6, "source_end": 10, "event_code": "0331",
            "confidence": 0.5, "modality": "done",
            "alternatives": [{"code": "0331", "probability": 0.5}],
        }
        for i in ids
    ]  # fmt: skip
    return tables.conform(pl.DataFrame(rows), "mentions") if rows else tables.empty("mentions")


def events(n: int = 2) -> pl.DataFrame:
    rows = [{"event_id": f"e{i}", "event_code": "0331", "doc_id": "d"} for i in range(n)]
    return tables.conform(pl.DataFrame(rows), "events")


def test_a_run_from_first_part_to_account(tmp_path: Path) -> None:
    with Run.create(tmp_path / "run", SIGNED) as run:
        run.write_part(0, documents("a", "b"), mentions("a"))
        run.write_part(7, documents("c"), mentions())
        assert run.parts() == {0, 7}
        assert run.documents().collect()["doc_id"].to_list() == ["a", "b", "c"]
        with pytest.raises(EventcoderError, match="has no events yet"):
            run.events()
        run.write("documents", run.documents())
        run.write("events", events())
        run.finish(SIGNED, COUNTS, seconds=2.0)
    run = Run.open(tmp_path / "run")
    assert run.documents().collect().height == 3
    assert_frame_equal(run.mentions().collect(), mentions("a"))
    assert_frame_equal(run.events().collect(), events())
    assert run.info()["state"] == "finished"
    assert run.info()["sentences_per_second"] == 20
    assert run.signature() == SIGNED
    assert "model:default@aaaaaaaa" in str(run.signature())
    assert sorted(f.name for f in run.path.iterdir()) == [
        "documents.parquet", "events.parquet", "mentions", "run.json",
    ]  # fmt: skip


def test_documents_come_by_parts_also_from_the_finished_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_TOGETHER", 3)
    parts = [("a", "b"), ("c", "d"), ("e",)]
    with Run.create(tmp_path / "run", SIGNED) as run:
        for number, ids in enumerate(parts):
            run.write_part(number, documents(*ids), mentions(), documents(*ids))
        before = list(run.part_documents())
        run.write_from("documents", lambda: (frame for _, frame in run.part_documents()))
        run.write_from("events", lambda: iter(()))
        run.finish(SIGNED, COUNTS, seconds=2.0)
    run = Run.open(tmp_path / "run")
    assert not (run.path / "parts").exists()
    assert run.events().collect().height == 0
    after = list(run.part_documents())
    assert [number for number, _ in after] == [0, 1, 2]
    for (_, first), (_, second) in zip(before, after, strict=True):
        assert_frame_equal(first, second)
    (run.path / "sketches" / "part-00001.parquet").unlink()
    with pytest.raises(EventcoderError, match=r"part-00001\.parquet can't be read; code again"):
        list(run.part_documents())


def test_a_run_of_nothing(tmp_path: Path) -> None:
    with Run.create(tmp_path / "run", SIGNED) as run:
        run.write("documents", run.documents())
        run.write("events", tables.empty("events"))
        run.finish(SIGNED, dict.fromkeys(COUNTS, 0), seconds=0.0)
    run = Run.open(tmp_path / "run")
    assert run.documents().collect().schema == tables.schema("documents")
    assert run.mentions().collect().is_empty()
    assert run.events().collect().is_empty()


def test_an_account_must_add_up(tmp_path: Path) -> None:
    with Run.create(tmp_path / "run", SIGNED) as run, pytest.raises(ValueError, match="coded"):
        run.finish(SIGNED, COUNTS | {"read": 4}, seconds=1.0)


def test_kept_and_dropped_must_be_all_events(tmp_path: Path) -> None:
    told = COUNTS | {"mentions": 2, "events": 3, "kept": 1, "dropped: self dyad": 1}
    with Run.create(tmp_path / "run", SIGNED) as run:
        with pytest.raises(ValueError, match="events = kept"):
            run.finish(SIGNED, told, seconds=1.0)
        run.finish(SIGNED, told | {"events": 2}, seconds=1.0)


def test_documents_of_a_finished_table_and_of_later_parts(tmp_path: Path) -> None:
    with Run.create(tmp_path / "run", SIGNED) as run:
        run.write_part(0, documents("a", "b"), mentions(), documents("a", "b"))
        run.write("documents", run.documents())
        run.write("events", events())
        run.finish(SIGNED, COUNTS, seconds=1.0)
        run.write_part(1, documents("c"), mentions(), documents("c"))
        told = {number: part["doc_id"].to_list() for number, part in run.part_documents()}
        assert told == {0: ["a", "b"], 1: ["c"]}
        run.write_part(2, documents("d"), mentions(), documents("d"))
        (run.path / "parts" / "documents-00002.parquet").unlink()
        with pytest.raises(EventcoderError, match="documents of part 2 are missing"):
            list(run.part_documents())


def test_why_a_run_stopped_is_in_its_log(tmp_path: Path) -> None:
    def stop(error: BaseException) -> None:
        with (
            pytest.raises(type(error)),
            Run.create(tmp_path / "run", SIGNED, "resume") as run,
            run.stops_told(),
        ):
            raise error

    stop(KeyboardInterrupt())
    stop(EventcoderError("no room for \udcff"))
    log = (tmp_path / "run" / "log.jsonl").read_text("utf-8").splitlines()
    told = [(line["event"], line["reason"]) for line in map(json.loads, log)]
    assert told == [("stopped", "KeyboardInterrupt"), ("stopped", "no room for ?")]


def test_an_existing_run_is_refused_resumed_or_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with Run.create(path, SIGNED) as run:
        run.write_part(0, documents("a"), mentions("a"))
    with pytest.raises(EventcoderError, match="holds a run"), Run.create(path, SIGNED):
        pass
    with Run.create(path, SIGNED, "resume") as run:
        assert run.parts() == {0}
    other = replace(SIGNED, model_digest="b" * 64)
    with (
        pytest.raises(EventcoderError, match="its model_digest differ"),
        Run.create(path, other, "resume"),
    ):
        pass
    (path / "notes.txt").write_text("mine")
    with Run.create(path, other, "overwrite") as run:
        assert run.parts() == frozenset()
        assert run.signature() == other
    assert (path / "notes.txt").read_text() == "mine"


def test_mentions_of_other_actors_are_not_gone_on_with(tmp_path: Path) -> None:
    """Their antecedents and home came from the dictionary."""
    with Run.create(tmp_path / "run", SIGNED) as run:
        run.write_part(0, documents("a"), mentions("a"), events=events())
    with (
        pytest.raises(EventcoderError, match="the actors have changed since"),
        Run.create(tmp_path / "run", replace(SIGNED, actors_digest="new"), "resume"),
    ):
        pass
    assert run.signature() == SIGNED
    assert run.uncoded_parts() == []


def test_another_ontology_codes_a_resumed_run_again(tmp_path: Path) -> None:
    """Its path is no part of what made the mentions; other actors are."""
    old = replace(SIGNED, arguments={"actors": ["mine.csv"], "threshold": 0.5})  # as once typed
    named = {"actors": [str(Path("mine.csv").absolute())], "threshold": 0.5, "ontology": "cameo"}
    with Run.create(tmp_path / "run", old) as run:
        run.write_part(0, documents("a"), mentions("a"), events=events())
    with Run.create(tmp_path / "run", replace(old, arguments=named), "resume") as run:
        assert run.uncoded_parts() == []
    own = {"ontology_digest": "new", "arguments": {**named, "ontology": "/own.csv"}}
    with Run.create(tmp_path / "run", replace(old, **own), "resume") as run:
        assert run.uncoded_parts() == []
        run.go_on(replace(old, **own))
        assert run.uncoded_parts() == [0]
    other = replace(old, arguments={**named, "actors": ["/theirs.csv"]})
    with (
        pytest.raises(EventcoderError, match="its arguments differ"),
        Run.create(tmp_path / "run", other, "resume"),
    ):
        pass


def test_parts_of_a_run_being_overwritten_are_never_taken_for_new(tmp_path: Path) -> None:
    with Run.create(tmp_path / "run", SIGNED) as run:
        run.write_part(0, documents("a"), mentions("a"))
        run._write_info({"state": "clearing", "signature": {}})
    with Run.create(tmp_path / "run", SIGNED, "resume") as run:
        assert run.parts() == frozenset()


@pytest.mark.parametrize("existing", ["refuse", "resume", "overwrite"])
def test_a_folder_with_other_things_is_refused(tmp_path: Path, existing: Any) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with (
        pytest.raises(EventcoderError, match=r"thesis\.tex"),
        Run.create(tmp_path, SIGNED, existing),
    ):
        pass
    assert (tmp_path / "thesis.tex").exists()


def test_folders_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path, words in (
        (tmp_path / "no" / "run", "does not exist; make it first"),
        (tmp_path / "file" / "run", "does not exist; make it first"),
        (tmp_path / "file", "can't be made"),
    ):
        with pytest.raises(EventcoderError, match=words), Run.create(path, SIGNED):
            pass


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes anywhere")
def test_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(EventcoderError, match="can't be made"), Run.create(tmp_path / "r", SIGNED):
        pass
    with pytest.raises(EventcoderError, match="was not written"):
        write(events(), tmp_path / "e.parquet")


def test_open_says_what_a_folder_is_not(tmp_path: Path) -> None:
    with pytest.raises(EventcoderError, match="no run folder"):
        Run.open(tmp_path)
    with pytest.raises(EventcoderError, match="no run folder"):
        Run.open(tmp_path / "missing")
    for content, words in (("{", "can't be read"), ("[]", "not a run's account")):
        (tmp_path / "run.json").write_text(content)
        with pytest.raises(EventcoderError, match=words):
            Run.open(tmp_path)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    taker = (
        "import sys; from eventcoder.runs import *\n"
        "from eventcoder.errors import EventcoderError\n"
        "try:\n    with Run(sys.argv[1]).held(): print('held')\n"
        "except EventcoderError as error: print(error)"
    )

    def attempt() -> str:
        command = [sys.executable, "-c", taker, str(tmp_path / "run")]
        env = os.environ | {"PYTHONPATH": str(Path(runs.__file__).parents[1])}
        return subprocess.run(command, capture_output=True, text=True, env=env, check=True).stdout

    with Run.create(tmp_path / "run", SIGNED):
        assert "is being written by another process" in attempt()
    assert attempt() == "held\n"


def test_a_dead_writer_leaves_no_lock_and_no_half_files(tmp_path: Path) -> None:
    dying = (
        "import os, sys; from eventcoder.runs import *; from eventcoder.writing import atomic\n"
        "with Run.create(sys.argv[1], Signature()) as run:\n"
        "    with atomic(run.path / 'x.parquet') as half:\n"
        "        half.write_text('half'); os._exit(9)"
    )
    env = os.environ | {"PYTHONPATH": str(Path(runs.__file__).parents[1])}
    path = tmp_path / "run"
    ended = subprocess.run([sys.executable, "-c", dying, str(path)], env=env, check=False)
    assert ended.returncode == 9
    assert len(list(path.glob(".write-*"))) == 1
    with Run.create(path, Signature(), "resume") as run:
        assert not list(run.path.glob(".write-*"))


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    write(events(1), tmp_path / "e.parquet")
    bad = events(1).lazy().with_columns(quad_class=pl.lit("x").cast(pl.Int64))
    with pytest.raises(EventcoderError, match="was not written"):
        write(bad, tmp_path / "e.parquet")
    assert_frame_equal(pl.read_parquet(tmp_path / "e.parquet"), events(1))
    assert [f.name for f in tmp_path.iterdir()] == ["e.parquet"]


def test_the_same_rows_make_the_same_bytes(tmp_path: Path) -> None:
    many = events(300_000)
    hashes = set()
    for number in range(3):
        write(many.lazy() if number else many, tmp_path / f"{number}.parquet")
        hashes.add(hashlib.sha256((tmp_path / f"{number}.parquet").read_bytes()).hexdigest())
    assert len(hashes) == 1


def test_formats(tmp_path: Path) -> None:
    for suffix in ("parquet", "csv", "jsonl"):
        write(mentions("a", "b"), tmp_path / f"m.{suffix}")
        back = tables.scan(tmp_path / f"m.{suffix}", "mentions").collect()
        assert_frame_equal(back, mentions("a", "b"))
    for name, words in (("m.xlsx", r"\.parquet, \.csv or \.jsonl"), ("no/m.csv", "does not exist")):
        with pytest.raises(EventcoderError, match=words):
            write(mentions("a"), tmp_path / name)


def test_a_damaged_table_is_a_clear_error(tmp_path: Path) -> None:
    with Run.create(tmp_path / "run", SIGNED) as run:
        run.write("events", events(1000))
        file = run.path / "events.parquet"
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2])
        with pytest.raises(EventcoderError, match="can't be read"):
            run.events()
        file.write_bytes(content[:200] + bytes(400) + content[600:])
        with pytest.raises(EventcoderError, match="can't be read"):
            tables.collect(run.events(), "events.parquet")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "event_id": TEXT, "event_code": st.sampled_from(["0331", "19", "040"]),
                "doc_id": TEXT, "sentence_text": st.none() | TEXT, "source": TEXT,
                "event_date": st.none() | st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31)),
                "quad_class": st.none() | st.integers(-(2**63), 2**63 - 1),
                "goldstein": st.none() | st.floats(allow_nan=False),
            }
        ),
        max_size=8,
    )
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_parquet_round_trip_is_the_identity(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    frame = (
        tables.conform(pl.DataFrame(rows, schema_overrides=tables.schema("events")), "events")
        if rows
        else tables.empty("events")
    )
    path = tmp_path_factory.mktemp("round") / "events.parquet"
    write(frame, path)
    assert_frame_equal(tables.scan(path, "events").collect(), frame, check_exact=True)
