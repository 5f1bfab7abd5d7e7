"""The whole flow with the shipped model: accounts that add up, same ids, resume, recode, pipes."""

import gzip
import io
import json
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard
from polars.testing import assert_frame_equal

from eventcoder import corpus, dyads, pipeline, resources, runs, tables
from eventcoder.errors import EventcoderError

OPTIONS = pipeline.Options(threads=1)
MADE_BY = {"eventcoder", "model", "model_digest", "ontology", "ontology_digest", "actors_digest"}
DEAL = "Iran's foreign minister met his Iraqi counterpart in Baghdad on Monday, officials said."


def read(run: runs.Run, name: str) -> pl.DataFrame:
    return tables.collect(getattr(run, name)(), name)


def without_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make any use of a model an error."""

    def refuse(*_: Any) -> None:
        raise AssertionError("the model was asked for")

    monkeypatch.setattr(pipeline, "EncoderModel", refuse)


def test_every_document_is_accounted_for(coded: runs.Run) -> None:
    counts, documents = coded.info()["counts"], read(coded, "documents")
    assert counts["read"] == documents.height == 100
    assert counts["read"] == counts["coded"] + counts["skipped"] + counts["failed"]
    assert documents["status"].unique().to_list() == ["coded"]
    assert counts["sentences"] == documents["n_sentences"].sum()
    assert documents["doc_id"].is_unique().all()


def test_every_mention_becomes_rows_and_every_row_is_kept_or_says_why_not(coded: runs.Run) -> None:
    counts = coded.info()["counts"]
    documents, events, mentions = (read(coded, t) for t in ("documents", "events", "mentions"))
    dropped = sum(n for name, n in counts.items() if name.startswith("dropped: "))
    assert counts["events"] == counts["kept"] + dropped == events.height
    assert counts["kept"] == events["dropped"].null_count() == documents["n_events"].sum()
    assert counts["mentions"] == mentions.height
    assert set(events["mention_id"]) == set(mentions["mention_id"])
    assert events["event_id"].is_unique().all()


def test_the_sample_is_coded_in_all_three_languages(coded: runs.Run) -> None:
    kept = read(coded, "events").filter(pl.col("dropped").is_null())
    per_language = dict(kept.group_by("language").len().iter_rows())
    assert min(per_language[lang] for lang in ("ar", "en", "fa")) > 50
    assert kept["root_code"].n_unique() >= 15
    assert kept["quad_class"].n_unique() == 4


def test_tables_keep_their_declared_rules(coded: runs.Run) -> None:
    for name in ("documents", "events"):
        assert tables.check_file(coded.path / f"{name}.parquet", name) == []
    for part in (coded.path / "mentions").iterdir():
        assert tables.check_file(part, "mentions") == []


def test_offsets_give_back_the_words(coded: runs.Run) -> None:
    for row in read(coded, "mentions").iter_rows(named=True):
        for words in ("source", "target", "event"):
            if row[f"{words}_text"]:
                start, end = row[f"{words}_start"], row[f"{words}_end"]
                assert row["sentence_text"][start:end] == row[f"{words}_text"]


def test_ids_hang_on_content_alone(coded: runs.Run, corpus: Path, tmp_path: Path) -> None:
    """Other company, another folder, other parts: the same events."""
    pages = pipeline.code([corpus / "pages"], tmp_path / "run", OPTIONS)
    alone = read(pages, "events").drop("cluster_id", "doc_id")
    together = read(coded, "events").drop("cluster_id", "doc_id")
    assert alone.height > 20
    shared = together.filter(pl.col("event_id").is_in(alone["event_id"].implode()))
    # Rounding to int8 can fall the other way where padding differs: seen in the fourth decimal.
    assert_frame_equal(alone, shared, abs_tol=2e-3)


def test_a_run_says_what_made_it(coded: runs.Run, corpus: Path) -> None:
    stored = coded.info()["signature"]
    assert all(stored[name] for name in MADE_BY)
    assert stored["arguments"]["corpus"] == [str(corpus)]


@pytest.mark.parametrize("parts_done", [1, 2])
def test_a_stopped_run_resumed_equals_one_that_was_not_stopped(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts_done: int
) -> None:
    monkeypatch.setattr(pipeline, "SHARD", 4)
    seen = []

    def stop(counts: dict[str, int]) -> None:
        seen.append(counts)
        if len(seen) == parts_done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.code([corpus / "pages"], tmp_path / "stopped", OPTIONS, talk=stop)
    stopped = runs.Run.open(tmp_path / "stopped")
    assert stopped.info()["state"] == "coding"
    assert len(stopped.parts()) == parts_done
    with pytest.raises(EventcoderError, match="not finished"):
        pipeline.recode(stopped.path)
    with pytest.raises(EventcoderError, match="holds a run"):
        pipeline.code([corpus / "pages"], stopped.path, OPTIONS)

    resumed = pipeline.code([corpus / "pages"], stopped.path, OPTIONS, "resume")
    whole = pipeline.code([corpus / "pages"], tmp_path / "whole", OPTIONS)
    for name in ("documents", "mentions", "events"):
        assert_frame_equal(read(resumed, name), read(whole, name))
    assert resumed.info()["counts"] == whole.info()["counts"]


def test_only_the_same_arguments_resume(tmp_path: Path) -> None:
    text = tmp_path / "one.txt"
    text.write_text(DEAL, "utf-8")
    pipeline.code([text], tmp_path / "run", OPTIONS)
    with pytest.raises(EventcoderError, match="can't be resumed: its arguments differ"):
        pipeline.code([text], tmp_path / "run", replace(OPTIONS, threshold=0.9), "resume")
    again = pipeline.code([text], tmp_path / "run", replace(OPTIONS, threshold=0.9), "overwrite")
    assert again.signature().arguments["threshold"] == 0.9


def test_only_the_same_corpus_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finished run stays as it is; more, less or other text is refused."""
    monkeypatch.setattr(pipeline, "SHARD", 2)
    folder = tmp_path / "news"
    folder.mkdir()
    for name in "abcd":
        (folder / f"{name}.txt").write_text(f"{DEAL} It was day {name}.", "utf-8")
    run = pipeline.code([folder], tmp_path / "run", OPTIONS)
    before = {file: file.stat().st_mtime_ns for file in run.path.rglob("*.parquet")}
    again = pipeline.code([folder], run.path, OPTIONS, "resume")
    assert before == {file: file.stat().st_mtime_ns for file in again.path.rglob("*.parquet")}

    def refused(where: str) -> None:
        with pytest.raises(EventcoderError, match=rf"corpus has changed since \(.*{where}"):
            pipeline.code([folder], run.path, OPTIONS, "resume")
        assert runs.Run.open(run.path).info()["state"] == "finished"

    (folder / "e.txt").write_text(DEAL, "utf-8")
    refused("e.txt")
    (folder / "e.txt").unlink()
    (folder / "c.txt").write_text(f"{DEAL} It was another day.", "utf-8")
    refused("c.txt")
    (folder / "c.txt").unlink()
    refused("d.txt")
    (folder / "d.txt").unlink()
    refused("there is less of it")


def test_files_passed_over_and_dates_refused_are_told_and_progress_knows_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "SHARD", 2)
    folder = tmp_path / "news"
    folder.mkdir()
    for name in ("a.txt", "b.txt", "c.txt", "x.pdf", "y.docx"):
        (folder / name).write_text(f"{DEAL} It was {name}.", "utf-8")
    (folder / "z.jsonl").write_text(json.dumps({"text": DEAL, "published": "soon"}), "utf-8")
    said: list[dict[str, int]] = []
    run = pipeline.code([folder], tmp_path / "run", OPTIONS, talk=said.append)
    size = sum((folder / name).stat().st_size for name in ("a.txt", "b.txt", "c.txt", "z.jsonl"))
    assert [told["bytes_in_all"] for told in said] == [size, size]
    assert 0 < said[0]["bytes"] < said[1]["bytes"] == size
    assert run.info()["counts"]["skipped_files"] == 2
    log = map(json.loads, (run.path / "log.jsonl").read_text("utf-8").splitlines())
    passed = [line["path"] for line in log if line["event"] == "skipped file"]
    assert passed == [str(folder / "x.pdf"), str(folder / "y.docx")]
    last = read(run, "documents").row(-1, named=True)
    assert (last["status"], last["reason"], last["published"]) == ("coded", corpus.NO_DATE, None)
    assert pipeline.recode(run.path).info()["counts"] == run.info()["counts"]


@pytest.fixture
def own(coded: runs.Run, tmp_path: Path) -> runs.Run:
    """Return a copy of the coded sample that a test may change."""
    for file in coded.path.rglob("*"):
        place = tmp_path / "own" / file.relative_to(coded.path)
        if file.is_file():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read_bytes())
    return runs.Run.open(tmp_path / "own")


def test_recode_without_change_changes_nothing(
    coded: runs.Run, own: runs.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_reading(monkeypatch)
    again = pipeline.recode(own.path)
    for name in ("documents", "mentions", "events"):
        assert_frame_equal(read(again, name), read(coded, name))
    assert again.info()["counts"] == coded.info()["counts"]
    assert again.signature() == coded.signature()


def test_recode_with_another_threshold(
    coded: runs.Run, own: runs.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_reading(monkeypatch)
    before = coded.info()["counts"]
    strict = pipeline.recode(own.path, pipeline.Options(threshold=0.5))
    counts, events = strict.info()["counts"], read(strict, "events")
    assert 0 < counts["kept"] < before["kept"]
    assert counts["kept"] + counts["dropped: low confidence"] <= counts["events"] == events.height
    assert events.filter(pl.col("dropped").is_null())["confidence"].min() >= 0.5
    assert strict.signature().arguments["threshold"] == 0.5
    free = pipeline.recode(own.path, pipeline.Options(threshold=0.0)).info()["counts"]
    assert "dropped: low confidence" not in free
    assert free["kept"] > before["kept"]


def test_recode_with_actors_of_ones_own(
    own: runs.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_reading(monkeypatch)
    mine = tmp_path / "mine.csv"
    mine.write_text(
        "phrase,language,code,kind\nCondoleezza Rice,en,XYZGOV,person\n"
        "U.S. Secretary of State Condoleezza Rice,en,XYZGOV,person\n", "utf-8",
    )  # fmt: skip
    before = own.signature()
    assert "XYZ" not in set(read(own, "events")["source_country"])
    recoded = pipeline.recode(own.path, pipeline.Options(actors=(str(mine),)))
    rows = read(recoded, "events").filter(pl.col("source_country") == "XYZ")
    assert rows.height >= 1
    assert set(rows["source_row"].str.split(":").list.first()) == {"mine"}
    after = recoded.signature()
    assert after.actors_digest != before.actors_digest
    assert after.arguments["actors"] == [str(mine)]


def test_standard_input_gzip_and_zstandard_are_read_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = (json.dumps({"doc_id": "one", "text": DEAL, "published": "2021-05-04"}) + "\n").encode()
    (tmp_path / "plain.jsonl").write_bytes(line)
    (tmp_path / "packed.jsonl.gz").write_bytes(gzip.compress(line))
    (tmp_path / "packed.jsonl.zst").write_bytes(zstandard.compress(line))
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(line)))
    coded = [
        read(pipeline.code([source], tmp_path / f"run{n}", OPTIONS), "events")
        for n, source in enumerate([*sorted(tmp_path.glob("*.jsonl*"), reverse=True), "-"])
    ]
    assert coded[0].height >= 1
    assert coded[0]["event_date"].to_list()[0].isoformat() == "2021-05-03"  # the Monday before
    for other in coded[1:]:
        assert_frame_equal(coded[0], other)


def test_a_series_and_its_exposure_add_up(coded: runs.Run) -> None:
    series, account = pipeline.aggregate(coded.path)
    table = tables.collect(series, "dyads")
    assert account.read == coded.info()["counts"]["events"]
    assert account.kept == table["n_events"].sum() > 100
    assert account.read == account.kept + sum(account.left_out.values())
    beside = pipeline.exposure(coded.path, dyads.Options())
    assert beside is not None
    exposure = tables.collect(beside, "exposure")
    assert exposure["n_sentences"].sum() <= coded.info()["counts"]["sentences"]
    assert pipeline.exposure(coded.path / "events.parquet") is None
    from_file, _ = pipeline.aggregate(coded.path / "events.parquet")
    assert_frame_equal(tables.collect(from_file, "dyads"), table)


def test_explain_keeps_the_reasons(coder: pipeline.Coder) -> None:
    told = pipeline.explain(DEAL, OPTIONS, published="2021-05-04")
    assert told.prepared.document.language == "en"
    ((sentence, actors),) = told.sentences
    assert sentence.text == DEAL
    assert {actor.code for _, actor in actors if actor} >= {"IRNGOV", "IRQGOV"}
    kept = told.events.filter(pl.col("dropped").is_null())
    assert {"IRNGOV", "IRQGOV"} in [{s, t} for s, t in kept.select("source", "target").iter_rows()]
    assert "04" in set(kept["root_code"])
    assert kept["confidence"].min() >= coder.threshold


def test_a_wrong_option_is_told_before_the_corpus_is_read(tmp_path: Path) -> None:
    text = tmp_path / "one.txt"
    text.write_text(DEAL, "utf-8")
    for options, words in (
        (pipeline.Options(model="nonesuch"), "no model 'nonesuch'"),
        (pipeline.Options(ontology="nonesuch"), "nonesuch"),
        (pipeline.Options(actors=(str(tmp_path / "nonesuch.csv"),)), "nonesuch.csv"),
    ):
        with pytest.raises(EventcoderError, match=words):
            pipeline.code([text], tmp_path / "run", options)
        assert not (tmp_path / "run").exists()


def test_the_shipped_model_is_whole() -> None:
    folder = resources.model("default")
    assert {"model.json", "tokenizer.json", "encoder.onnx", "pair.onnx"} <= {
        file.name for file in folder.iterdir()
    }  # fmt: skip
    assert sum(file.stat().st_size for file in folder.iterdir()) < 100_000_000
