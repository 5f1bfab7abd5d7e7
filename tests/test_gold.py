"""Gold files: every form read, every fault named with its row and field."""

import json
from pathlib import Path
from typing import Any

import pytest

from eventcoder import gold
from eventcoder.errors import EventcoderError

TEXT = "Russia condemned the Turkish strike."
RELATION = {
    "id": "r1", "lang": "en", "text": TEXT, "source": [0, 6], "target": [21, 28],
    "label_set": "plv", "label": "ACCUSE",
}  # fmt: skip
ANNOTATED = {
    "id": "a1", "lang": "en", "text": TEXT,
    "actors": [
        {"text": "Russia", "start": 0, "end": 6, "code": "RUS"},
        {"text": "the Turkish", "start": 17, "end": 28, "code": "TUR"},
    ],
    "events": [{"source": 0, "target": 1, "code": "111", "alt": ["110"], "evidence": "condemned"}],
}  # fmt: skip
EVENTS = {"id": "e1", "lang": "en", "text": TEXT, "events": []}
ACTOR = {"id": "m1", "lang": "en", "text": TEXT, "start": 0, "end": 6, "code": "RUS"}
SPANS = {
    "id": "s1", "lang": "en", "text": TEXT, "penta": "3",
    "spans": [{"role": "source", "start": 0, "end": 6}, {"role": "target", "start": 21, "end": 28}],
}  # fmt: skip
NER = {
    "id": "n1", "lang": "en", "tokens": ["Ban", "Ki-moon", "met", "Putin", "."],
    "tags": ["B-PER", "I-PER", "O", ["O", "B-PER"], "O"],
}  # fmt: skip


def write(path: Path, *records: Any) -> Path:
    lines = [r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in records]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("record", "form"),
    [
        (RELATION, "relations"), (ANNOTATED, "annotated"), (EVENTS, "events"), (ACTOR, "actors"),
        (SPANS, "spans"), (NER, "ner"),
    ],
)  # fmt: skip
def test_forms_are_told_by_their_fields(record: dict[str, Any], form: str) -> None:
    assert gold.form(record) == form


def test_a_record_of_no_form_names_the_forms() -> None:
    with pytest.raises(EventcoderError, match=r"relations \(label\), events, annotated"):
        gold.form({"id": "x", "text": "y"})


def test_examples_of_relations(tmp_path: Path) -> None:
    alone = {**RELATION, "id": "r2", "target": None, "label_set": "cameo", "label": "111"}
    first, second = gold.examples(write(tmp_path / "g.jsonl", RELATION, "", alone))
    assert [TEXT[a:b] for a, b in first.spans] == ["Russia", "Turkish"]
    assert first.relations == (gold.Relation(0, 1, "plv", "ACCUSE"),)
    assert not first.complete
    assert second.relations == (gold.Relation(0, None, "cameo", "111"),)


def test_examples_of_annotated_sentences(tmp_path: Path) -> None:
    (example,) = gold.examples(write(tmp_path / "g.jsonl", ANNOTATED))
    (relation,) = example.relations
    assert example.complete
    assert example.actor_codes == ("RUS", "TUR")
    assert (relation.label, relation.alternatives) == ("111", ("110",))
    assert relation.evidence is not None
    assert TEXT[slice(*relation.evidence)] == "condemned"


def test_examples_of_spans_and_names(tmp_path: Path) -> None:
    (spans,) = gold.examples(write(tmp_path / "s.jsonl", SPANS))
    assert spans.relations == (gold.Relation(0, 1, "penta", "3"),)
    (names,) = gold.examples(write(tmp_path / "n.jsonl", NER))
    assert names.text == "Ban Ki-moon met Putin ."
    assert names.names is not None
    assert [(names.text[a:b], kind) for a, b, kind in names.names] == [
        ("Ban Ki-moon", "PER"), ("Putin", "PER"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({**RELATION, "source": [0, 99]}, r"source \[0, 99\] is not inside the text"),
        ({**RELATION, "source": [5, 5]}, "source"),
        ({**RELATION, "source": "Russia"}, "missing or wrong"),
        ({**RELATION, "label_set": "gdelt"}, "label_set 'gdelt' is none of"),
        ({k: v for k, v in RELATION.items() if k != "target"}, "field 'target' is missing"),
        ({**ANNOTATED, "events": [{"source": 2, "target": 0, "code": "010"}]}, "no index"),
        ({**ANNOTATED, "events": [{"source": 0, "target": 1}]}, "field 'code' is missing"),
        (
            {**ANNOTATED, "events": [{"source": 0, "target": 1, "code": "010", "modality": "x"}]},
            "modality 'x' is none of",
        ),
        ({**ANNOTATED, "actors": [{"text": "x", "start": 0}]}, "is missing or wrong"),
        ({**NER, "tags": ["O"]}, "missing or wrong"),
        (EVENTS, "events gold has no spans to train on"),
        (ACTOR, "actors gold has no spans to train on"),
        ("[1]", "not an object"),
        ("{", "not JSON"),
    ],
)  # fmt: skip
def test_faults_name_file_row_and_field(tmp_path: Path, record: Any, words: str) -> None:
    path = write(tmp_path / "g.jsonl", RELATION, record)
    with pytest.raises(EventcoderError, match=f"g.jsonl, row 2: .*{words}"):
        gold.examples(path)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(EventcoderError, match="no file"):
        gold.examples(tmp_path / "nothing.jsonl")
    with pytest.raises(EventcoderError, match="is a folder"):
        gold.examples(tmp_path)
    with pytest.raises(EventcoderError, match="has no rows"):
        gold.examples(write(tmp_path / "empty.jsonl"))
    (tmp_path / "latin.jsonl").write_bytes(b'{"text": "caf\xe9"}')
    with pytest.raises(EventcoderError, match="not UTF-8"):
        gold.examples(tmp_path / "latin.jsonl")
