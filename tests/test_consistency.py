"""Agreement between languages, worked out by hand and by the shipped model on own sentences."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from eventcoder import consistency, pipeline
from eventcoder.actors import ActorDictionary
from eventcoder.errors import EventcoderError
from eventcoder.ontology import Ontology
from eventcoder.records import Reading

ROWS = [
    ("d1", "Iran attacked Turkey on Monday.", "هاجمت إيران تركيا يوم الاثنين.",
     "ایران روز دوشنبه به ترکیه حمله کرد."),
    ("d1", "Iran and Turkey held talks on Tuesday.", "أجرت إيران وتركيا محادثات يوم الثلاثاء.",
     "ایران و ترکیه روز سه‌شنبه گفت‌وگو کردند."),
    ("d2", "The weather was fine.", "كان الطقس جميلا.", "هوا خوب بود."),
]  # fmt: skip


def table(path: Path, rows: Any = ROWS, head: str = "doc\ten\tar\tfa") -> Path:
    path.write_text("\n".join([head, *("\t".join(row) for row in rows)]) + "\n", "utf-8")
    return path


def test_agreement_by_hand() -> None:
    war, talks = (0, ("IRN", "TUR"), "19"), (1, ("IRN", "TUR"), "04")
    threat = (0, ("IRN", "TUR"), "13")
    found = consistency.agreement({war, talks}, {threat, talks})
    assert found == {"n": [2, 2], "n_both": 1, "f1": 0.5, "dyad_f1": 1.0}
    assert consistency.agreement({war, talks}, {war})["f1"] == pytest.approx(2 / 3)
    assert consistency.agreement({war}, set())["f1"] == 0
    assert consistency.agreement(set(), set())["f1"] == 1
    # the same event in another sentence is another event
    assert consistency.agreement({war}, {(1, *war[1:])})["f1"] == 0


@dataclass(frozen=True)
class Stub:
    """A coder that says of each document the (sentence, source, target, code) the test wrote."""

    said: dict[str, list[tuple[int, str, str, str]]]
    ontology: Ontology = field(default_factory=Ontology.load)
    dictionary: ActorDictionary = field(default_factory=ActorDictionary.load)

    @property
    def model(self) -> Any:
        return self

    def read(self, texts: Any) -> list[Reading]:
        return [Reading((), ()) for _ in texts]

    def code(self, extracted: Any) -> pl.DataFrame:
        return pl.DataFrame([
            {"doc_id": document.doc_id, "sentence_number": number, "dropped": None,
             "source": source, "target": target, "event_code": code, "root_code": code[:2]}
            for document in (item.prepared.document for item in extracted)
            for number, source, target, code in self.said[document.doc_id]
        ])  # fmt: skip


def test_documents_hold_together_and_mutual_acts_have_no_direction(tmp_path: Path) -> None:
    coder: Any = Stub({
        "0|en": [(0, "IRNMIL", "TUR", "190"), (1, "IRN", "TUR", "040")], "1|en": [],
        "0|ar": [(0, "IRN", "TURGOV", "190"), (1, "TUR", "IRN", "040")], "1|ar": [],
        "0|fa": [(1, "TUR", "IRN", "190")], "1|fa": [(0, "IRN", "TUR", "190")],
    })  # fmt: skip
    scores = consistency.consistency(table(tmp_path / "p.tsv"), coder)
    assert scores["n_sentences"] == 3
    assert scores["n_events"] == {"ar": 2, "en": 2, "fa": 2}
    assert scores["pairs"]["ar-en"] == {"n": [2, 2], "n_both": 2, "f1": 1.0, "dyad_f1": 1.0}
    assert scores["pairs"]["en-fa"]["f1"] == scores["pairs"]["ar-fa"]["f1"] == 0
    assert scores["f1"] == round(1 / 3, 4)


def test_the_shipped_model_on_plain_sentences(coder: pipeline.Coder, tmp_path: Path) -> None:
    whole = consistency.consistency(table(tmp_path / "p.tsv"), coder)
    assert min(whole["n_events"].values()) >= 1
    assert whole["f1"] >= 0.5
    apart = [(r[0], r[1], ROWS[2][2], ROWS[2][3]) for r in ROWS]  # English alone tells events
    found = consistency.consistency(table(tmp_path / "q.tsv", apart), coder)
    assert found["f1"] < whole["f1"]


def test_json_lines_and_the_command_line(cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    rows = [{"id": str(n), "en": en, "ar": ar} for n, (_, en, ar, _) in enumerate(ROWS)]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    scores = json.loads(cli("evaluate", "consistency", path, "--json").stdout)
    assert list(scores["pairs"]) == ["ar-en"]
    shown = cli("evaluate", "consistency", path).stdout
    assert "ar-en" in shown
    assert "dyad_f1" in shown


def test_quotes_in_a_table_are_text(tmp_path: Path) -> None:
    path = table(tmp_path / "q.tsv", [("d", 'He said "no', "قال", "گفت"), ROWS[0]])
    assert [row["en"] for row in consistency.read(path)] == ['He said "no', ROWS[0][1]]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.tsv", b"", "has no rows"),
        ("a.tsv", b"doc\ten\tde\nx\ty\tz\n", "needs columns of two languages"),
        ("a.tsv", b"doc\ten\tfa\nx\ty\n", "row 1: fa is missing"),
        ("a.tsv", b"doc\ten\tfa\n\xff\xfe\n", "not UTF-8"),
        ("a.jsonl", b'{"en": "x", "fa": 3}\n', "row 1: fa is missing or no text"),
        ("a.jsonl", b"{", "not JSON"),
    ],
)
def test_faults_are_named(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(EventcoderError, match=words):
        consistency.read(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EventcoderError, match="no file"):
        consistency.read(tmp_path / "none.tsv")


def test_parallel_news(coder: pipeline.Coder, tmp_path: Path) -> None:
    shared = os.environ.get("EVENTCODER_SHARED")
    path = Path(shared or "none") / "data" / "text" / "parallel_ntrex_dev.tsv"
    if not path.is_file():
        pytest.skip("EVENTCODER_SHARED has no parallel news")
    part = tmp_path / "part.tsv"
    part.write_text("\n".join(path.read_text("utf-8").splitlines()[:200]), "utf-8")
    scores = consistency.consistency(part, coder)
    assert scores["n_sentences"] == 199
    assert scores["f1"] > 0.15
