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

from eventcoder import (
    actor_tables,
    checks,
    corpus,
    dyads,
    extraction,
    pipeline,
    release,
    resources,
    runs,
    shards,
    tables,
)
from eventcoder import coder as coders
from eventcoder.errors import EventcoderError
from eventcoder.formats import Columns
from eventcoder.records import Document

OPTIONS = pipeline.Options(threads=1)
PAGES = Path(__file__).parent / "sample" / "corpus" / "pages"
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
    monkeypatch.setattr(shards, "SHARD", 4)
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
    monkeypatch.setattr(shards, "SHARD", 2)
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


def test_only_the_same_records_resume(tmp_path: Path) -> None:
    """What tells of a document is part of it, and so is why it could not be read."""
    file = tmp_path / "news.jsonl"
    whole = [{"doc_id": "a", "text": DEAL, "published": "2021-05-04"}, {"doc_id": "b", "text": ""}]

    def write(*records: dict[str, str]) -> None:
        file.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")

    write(*whole)
    run = pipeline.code([file], tmp_path / "run", OPTIONS)
    told = (run.path / "run.json").read_bytes()
    for record, change in (
        (0, {"published": "2021-05-05"}), (0, {"publisher": "KUNA"}), (0, {"title": "A deal"}),
        (0, {"url": "https://example.org"}), (0, {"language": "fa"}), (1, {"text": DEAL}),
    ):  # fmt: skip
        changed = [dict(item) for item in whole]
        changed[record] |= change
        write(*changed)
        with pytest.raises(EventcoderError, match=rf"news\.jsonl:{record + 1}"):
            pipeline.code([file], run.path, OPTIONS, "resume")
        assert (run.path / "run.json").read_bytes() == told
    write(*whole)
    pipeline.code([file], run.path, OPTIONS, "resume")
    rows = pl.read_parquet(run.path / "sketches" / "part-00000.parquet")
    rows.with_columns(record=None).select(rows.columns).cast(dict(rows.schema)).write_parquet(
        run.path / "sketches" / "part-00000.parquet"
    )
    write({"doc_id": "a", "text": "It killed whoever read it."}, whole[1])
    pipeline.code([file], run.path, OPTIONS, "resume")  # as if set aside: id and place tell


def test_a_refused_resume_leaves_a_run_as_it_was(tmp_path: Path) -> None:
    text, mine = tmp_path / "one.txt", tmp_path / "mine.csv"
    text.write_text(DEAL, "utf-8")
    mine.write_text("phrase,language,code\nZorbland,en,ZZZ\n", "utf-8")
    options = replace(OPTIONS, actors=(str(mine),))
    run = pipeline.code([text], tmp_path / "run", options)
    told, log = ((run.path / name).read_bytes() for name in ("run.json", "log.jsonl"))
    mine.write_text("phrase,language,code\nZorbland,en,ZZY\n", "utf-8")  # the same path
    with pytest.raises(EventcoderError, match=r"actors have changed since.*recode"):
        pipeline.code([text], run.path, options, "resume")
    assert (run.path / "run.json").read_bytes() == told
    assert (run.path / "log.jsonl").read_bytes() == log
    recoded = pipeline.recode(run.path)
    assert recoded.signature().actors_digest not in told.decode()


def test_files_passed_over_and_dates_refused_are_told_and_progress_knows_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SHARD", 2)
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


def test_a_stopped_recode_says_so_until_it_is_done_again(
    own: runs.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_from = runs.Run.write_from

    def dying(run: runs.Run, name: str, parts: Any) -> None:
        if name == "documents":
            raise KeyboardInterrupt
        write_from(run, name, parts)

    monkeypatch.setattr(runs.Run, "write_from", dying)
    with pytest.raises(KeyboardInterrupt):
        pipeline.recode(own.path, pipeline.Options(threshold=1.0))
    monkeypatch.setattr(runs.Run, "write_from", write_from)
    assert own.info()["state"] == "recoding"
    assert "recode" in checks.check(own.path, "")[0]
    with pytest.raises(EventcoderError, match="recode"):
        release.make(own, own.path.parent / "v1", "1.0")
    asked = own.info()["signature"]["arguments"]
    with pytest.raises(EventcoderError, match=r"recoding was stopped: `eventcoder recode"):
        pipeline.code(asked["corpus"], own.path, replace(OPTIONS, threshold=1.0), "resume")
    again = pipeline.recode(own.path)
    assert again.info()["counts"]["kept"] == 0 == read(again, "documents")["n_events"].sum()
    assert checks.check(own.path, "") == []


@pytest.mark.parametrize("folder", ["mentions", "sketches"])
def test_a_part_that_is_gone_or_cut_is_told(own: runs.Run, folder: str) -> None:
    file = own.path / folder / "part-00000.parquet"
    rows = pl.read_parquet(file)
    rows.head(rows.height - 1).write_parquet(file)
    for words in ("run.json says", "part" if folder == "mentions" else "can't be read"):
        with pytest.raises(EventcoderError, match=words):
            pipeline.recode(own.path)
        assert own.info()["state"] == "finished"
        assert checks.check(own.path, "")
        file.unlink(missing_ok=True)


def test_a_part_missing_among_others_is_told(own: runs.Run) -> None:
    first = own.path / "mentions" / "part-00000.parquet"
    first.rename(first.with_name("part-00001.parquet"))
    assert "part-00000.parquet is missing" in checks.check(own.path, "")[0]
    with pytest.raises(EventcoderError, match="is missing"):
        pipeline.recode(own.path)


@pytest.mark.parametrize(
    ("column", "value"), [("text_sha256", "zz"), ("text_sha256", None), ("meaning", b"x")]
)
def test_damaged_sketches_are_told(own: runs.Run, column: str, value: Any) -> None:
    file = own.path / "sketches" / "part-00000.parquet"
    rows = pl.read_parquet(file)
    rows.with_columns(pl.lit(value, rows.schema[column]).alias(column)).write_parquet(file)
    with pytest.raises(EventcoderError, match="sketches are damaged"):
        pipeline.recode(own.path)


def test_phrases_without_an_actor_wait_for_their_codes(own: runs.Run) -> None:
    file = own.path / "unresolved.csv"
    phrases = pl.read_csv(file, infer_schema=False)
    assert phrases.columns == ["phrase", "language", "code", "n"]
    assert 0 < phrases.height <= pipeline.UNRESOLVED
    assert phrases["n"].cast(int).is_sorted(descending=True)
    assert phrases["code"].null_count() == phrases.height
    assert "no row has a code yet" in checks.check(file, "actors")[0]
    mine = own.path.parent / "mine.csv"
    coded = pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("KENGOV")).otherwise(pl.col("code"))
    phrases.with_columns(code=coded).write_csv(mine)
    assert [row.code for row in actor_tables.read_table(mine)] == ["KENGOV"]
    assert checks.check(mine, "actors") == []
    recoded = pipeline.recode(own.path, pipeline.Options(actors=(str(mine),)))
    rows = read(recoded, "events").select("source_row", "target_row").rows()
    assert any("mine:2" in row for pair in rows for row in pair)
    with runs.Run.create(own.path, own.signature(), "overwrite"):
        assert not file.exists()


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


def test_actors_and_ontology_of_ones_own_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (here / "one.txt").write_text(DEAL, "utf-8")
    (here / "mine.csv").write_text("phrase,language,code\nAda Lovelace,en,GBRELI\n", "utf-8")
    codes = resources.schema("ontologies", "cameo.csv").read_text("utf-8")
    (here / "own.csv").write_text(codes.replace("Engage in negotiation", "Sit together"), "utf-8")
    monkeypatch.chdir(here)
    options = replace(OPTIONS, actors=("mine.csv",), ontology="own.csv")
    run = pipeline.code(["one.txt"], tmp_path / "run", options)
    again = pipeline.code(["one.txt"], tmp_path / "again", OPTIONS)
    pipeline.recode(again.path, options)
    monkeypatch.chdir(there)
    for one in (run, again):
        asked = one.signature().arguments
        assert asked["actors"] == [str(here / "mine.csv")]
        assert asked["ontology"] == str(here / "own.csv")
        out = release.make(one, there / one.path.name, "1.0")
        assert "Sit together" in (out / "CODEBOOK.md").read_text("utf-8")
        assert "Ada Lovelace" in pl.read_parquet(out / "actors.parquet")["phrase"].to_list()
    kept = pipeline.recode(run.path, pipeline.Options(threshold=0.2)).signature()
    assert kept.arguments == run.signature().arguments | {"threshold": 0.2}
    assert kept.actors_digest == run.signature().actors_digest
    assert kept.arguments["ontology"] == str(here / "own.csv")
    recoded = pipeline.recode(run.path, pipeline.Options(ontology="cameo", actors=()))
    assert recoded.signature().arguments["ontology"] == "cameo"
    assert recoded.signature().arguments["actors"] == []
    out = release.make(recoded, there / "v2", "1.0")
    assert "Sit together" not in (out / "CODEBOOK.md").read_text("utf-8")


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
    assert {named.actor.code for named in actors if named.actor} >= {"IRNGOV", "IRQGOV"}
    kept = told.events.filter(pl.col("dropped").is_null())
    assert {"IRNGOV", "IRQGOV"} in [{s, t} for s, t in kept.select("source", "target").iter_rows()]
    assert "04" in set(kept["root_code"])
    assert kept["confidence"].min() >= coder.threshold


def test_explain_tells_for_whom_words_stand() -> None:
    text = (
        "Iran's foreign minister Abbas Araghchi met his Iraqi counterpart in Baghdad. "
        "The two sides signed a security agreement. He praised the Iraqi army."
    )
    told = pipeline.explain(text, OPTIONS, published="2025-05-04")
    both, he = (sentence[1][0] for sentence in told.sentences[1:])
    assert both.antecedent
    assert "Araghchi + his Iraqi" in both.antecedent
    assert he.actor
    assert he.actor.code == "IRNGOV"
    kept = told.events.filter(pl.col("dropped").is_null() & (pl.col("sentence_number") == 2))
    assert kept.select("source", "event_code", "target").rows() == [("IRNGOV", "057", "IRQGOV")]


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


def test_a_part_is_full_by_letters_too() -> None:
    """Whatever the corpus is called, and however the documents came."""

    def sizes(path: str, *texts: int) -> list[int]:
        items = [Document(f"d{n}", "a" * size, path) for n, size in enumerate(texts)]
        return [len(shard) for shard in shards.cut(iter(items))]

    million = 1_000_000
    assert sizes("a", *[million] * 5) == [2, 2, 1] == sizes("a" * million, *[million] * 5)
    assert sizes("a", *[10] * 1100) == [512, 512, 76]
    assert sizes("a", *[10] * 300, 3 * million, *[10] * 300) == [301, 300]


def test_a_run_of_parts_of_unlike_size_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "LETTERS", 3000)
    whole = pipeline.code([PAGES], tmp_path / "whole", OPTIONS)
    sizes = [len(shard) for shard in shards.cut(corpus.read([PAGES]))]
    assert len(set(sizes)) > 1

    def stop(counts: dict[str, int]) -> None:
        if counts["parts"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.code([PAGES], tmp_path / "stopped", OPTIONS, talk=stop)
    resumed = pipeline.code([PAGES], tmp_path / "stopped", OPTIONS, "resume")
    for name in ("documents", "mentions", "events"):
        assert_frame_equal(read(resumed, name), read(whole, name))
    again = pipeline.code([PAGES], resumed.path, OPTIONS, "resume")
    assert again.info()["counts"] == whole.info()["counts"]


def test_overwrite_keeps_the_old_run_where_there_is_nothing_to_code(tmp_path: Path) -> None:
    text = tmp_path / "one.jsonl"
    text.write_text(json.dumps({"text": DEAL}), "utf-8")
    run = pipeline.code([text], tmp_path / "run", OPTIONS)
    before = read(run, "events")
    mistyped = replace(OPTIONS, columns=Columns(text="txet"))
    with pytest.raises(EventcoderError, match="no column 'txet'"):
        pipeline.code([text], run.path, mistyped, "overwrite")
    assert_frame_equal(read(runs.Run.open(run.path), "events"), before)
    assert run.info()["state"] == "finished"


@pytest.mark.parametrize("stage", ["prepare", "read", "tell"])
def test_a_document_that_raises_is_set_aside(
    coder: pipeline.Coder, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    items = [Document(f"d{n}", f"{DEAL} It was day {n}.") for n in range(4)]
    items[2] = replace(items[2], text=f"{DEAL} BOOM.")
    work = getattr(coders, stage)

    def frail(what: Any, *more: Any) -> Any:
        if "BOOM" in repr(what):
            raise error
        return work(what, *more)

    for module in (coders, extraction):  # together, and one by one
        monkeypatch.setattr(module, stage, frail)
    error: Exception = IndexError("list index\nout of range")
    coded = [part for _, part in coder.parts(iter([items[:2], items[2:]]))]
    documents = pl.concat([part.documents for part in coded])
    assert documents["doc_id"].to_list() == ["d0", "d1", "d2", "d3"]
    assert documents["status"].to_list() == ["coded", "coded", "failed", "coded"]
    assert documents["reason"][2] == "set aside: IndexError: list index out of range"
    assert set(coded[1].events["doc_id"]) == {"d3"}
    for error in (MemoryError(), EventcoderError("stop")):
        with pytest.raises(type(error)):
            list(coder.parts(iter([items])))
