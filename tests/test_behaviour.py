"""Our sentences and their variants: their form; rates worked out by hand; the shipped model's."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from eventcoder import behaviour, gold, leakage, pipeline, spotting
from eventcoder.actors import ActorDictionary
from eventcoder.errors import EventcoderError
from eventcoder.ontology import Ontology
from eventcoder.records import Mention, Reading

TRAINING = Path(__file__).parents[1] / "models" / "training"
OWN = TRAINING / "behaviour.jsonl"
RECORDS = [record for _, record in gold.lines(OWN)]
CAMEO = Ontology.load()
each_language = pytest.mark.parametrize("lang", ["ar", "en", "fa"])


@each_language
def test_there_are_enough_sentences_of_every_kind(lang: str) -> None:
    mine = [r for r in RECORDS if r["lang"] == lang]
    counts = Counter(r["variant"] for r in mine)
    assert set(counts) == set(behaviour.VARIANTS)
    assert counts["done"] >= 40
    for variant in ("denied", "reported-past", "no-event"):
        assert counts[variant] == counts["done"]
    assert min(counts["planned"], counts["conditional"]) >= 20
    assert len({r["events"][0]["code"][:2] for r in mine if r["events"]}) >= 15
    assert len({r["text"] for r in mine}) == len(mine)


def test_places_name_the_ends_and_codes_are_known() -> None:
    dictionary = ActorDictionary.load()
    for record in RECORDS:
        for event in record["events"]:
            for end in ("source", "target"):
                words = record["text"][slice(*record[end])]
                actor = dictionary.resolve(words, record["lang"], None)
                assert actor, record["id"]
                assert actor.country == event[end], record["id"]
            assert {event["code"], *event["alt"]} <= CAMEO.codes.keys()
            assert event["modality"] == record["variant"]
            assert event["symmetric"] >= CAMEO.is_symmetric(event["code"])
        assert bool(record["events"]) == (record["variant"] != "no-event")


def test_the_languages_tell_the_same() -> None:
    """So that rates compare: the same codes and actors in the same order."""
    told = {
        lang: [(r["id"].split("-", 2)[2], [(e["source"], e["code"]) for e in r["events"]])
               for r in RECORDS if r["lang"] == lang]
        for lang in ("ar", "en", "fa")
    }  # fmt: skip
    assert told["ar"] == told["en"] == told["fa"]


@each_language
def test_no_sentence_is_one_that_models_are_trained_on(lang: str) -> None:
    sketches = leakage.sketch([e.text for e in gold.examples(TRAINING / f"own.{lang}.jsonl")])
    texts = [r["text"] for r in RECORDS if r["lang"] == lang]
    assert [texts[i] for i in leakage.near(sketches, texts)] == []


def test_training_passes_the_file_over() -> None:
    assert gold.form(RECORDS[0]) == "events"  # which has no spans to train on


def test_swapping_by_hand() -> None:
    texts = {case.id: case.swapped for case in behaviour.read(OWN)}
    assert texts["behaviour-en-33"] == "Russia imposed new sanctions on Japan on Friday."
    assert texts["behaviour-fa-11"].startswith("اندونزی و چین روز چهارشنبه")
    assert texts["behaviour-ar-39"].startswith("هاجمت أرمينيا أراضي أذربيجان فجر")


@dataclass(frozen=True)
class Stub:
    """A coder that says of each text what the test wrote down; its act is as sure as told."""

    said: dict[str, list[tuple[str, str, str, str]]]
    sure: dict[str, float] = field(default_factory=dict)
    dictionary: ActorDictionary = field(default_factory=ActorDictionary.load)
    ontology: Ontology = CAMEO
    codes: tuple[str, ...] = ("040", "190")
    folder: Path = Path("nowhere")

    @property
    def model(self) -> Any:
        return self

    def read(self, texts: Any) -> list[Reading]:
        return [Reading((), ()) for _ in texts]

    def judge(self, texts: Any, ends: Any) -> list[Any]:
        for text, places in zip(texts, ends, strict=True):
            assert all(text[a:b].strip() == text[a:b] != "" for a, b in places)
        sure = [next((p for w, p in self.sure.items() if w in t), 0.5) for t in texts]
        return [(p, np.array([1 - p, p])) for p in sure]

    def code(self, extracted: Any) -> pl.DataFrame:
        rows = []
        for item in extracted:
            document = item.prepared.document
            for source, target, code, modality in self.said.get(document.text.strip(), ()):
                rows.append({
                    "doc_id": document.doc_id, "dropped": None, "source": source,
                    "target": target, "event_code": code, "root_code": code[:2],
                    "modality": modality, "sentence_number": 0, "confidence": 0.9,
                })  # fmt: skip
        schema = ("doc_id", "dropped", "source", "target", "event_code", "root_code", "modality",
                  "sentence_number", "confidence")  # fmt: skip
        return pl.DataFrame(rows, schema=None if rows else schema)


def write(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), "utf-8")
    return path


EVENT = {"source": "IRN", "target": "TUR", "code": "190"}


def variant(name: str, text: str, *events: Any) -> dict[str, Any]:
    return {
        "id": f"b-{name}", "base": "b", "variant": name, "lang": "en", "text": text,
        "source": [0, 4], "target": [text.index("Turkey"), text.index("Turkey") + 6],
        "events": list(events),
    }  # fmt: skip


BASE = variant("done", "Iran attacked Turkey.", EVENT)
VARIANTS = (
    BASE,
    variant("denied", "Iran did not attack Turkey.", {**EVENT, "modality": "denied"}),
    variant("planned", "Iran will attack Turkey.",
            {**EVENT, "alt": ["130"], "modality": "planned"}),
    variant("conditional", "Iran might attack Turkey.", {**EVENT, "modality": "conditional"}),
    variant("no-event", "Iran lies by Turkey."),
)  # fmt: skip
DONE = ("IRN", "TUR", "190", "done")


@pytest.mark.parametrize(
    ("text", "told", "name", "expected"),
    [
        ("Turkey attacked Iran.", [("TUR", "IRN", "190", "done")], "swap", 1),
        ("Turkey attacked Iran.", [DONE], "swap", 0),
        ("Turkey attacked Iran.", [], "swap", 0),
        ("Iran did not attack Turkey.", [], "denied", 1),
        ("Iran did not attack Turkey.", [("IRN", "TUR", "190", "denied")], "denied", 1),
        ("Iran did not attack Turkey.", [("TUR", "IRN", "112", "done")], "denied", 1),
        ("Iran did not attack Turkey.", [DONE], "denied", 0),
        ("Iran will attack Turkey.", [("IRN", "TUR", "190", "planned")], "planned", 1),
        ("Iran will attack Turkey.", [("IRN", "TUR", "130", "done")], "planned", 1),
        ("Iran will attack Turkey.", [DONE], "planned", 0),
        ("Iran will attack Turkey.", [], "planned-found", 0),
        ("Iran might attack Turkey.", [("IRN", "TUR", "190", "conditional")], "conditional", 1),
        ("Iran lies by Turkey.", [], "no-event", 1),
        ("Iran lies by Turkey.", [("TUR", "IRN", "040", "done")], "no-event", 0),
    ],
)
def test_rates_by_hand(
    tmp_path: Path, text: str, told: list[Any], name: str, expected: float
) -> None:
    coder: Any = Stub({"Iran attacked Turkey.": [DONE], text: told})
    scores = behaviour.behaviour(write(tmp_path / "g.jsonl", *VARIANTS), coder)
    assert scores["base"] == {"n": 1, "rate": 1}
    assert scores[name] == {"n": 1, "rate": expected}
    assert scores["by"]["en"][name] == scores[name]


def test_variants_are_asked_where_the_base_is_right(tmp_path: Path) -> None:
    scores = behaviour.behaviour(write(tmp_path / "g.jsonl", *VARIANTS), Stub({}))  # type: ignore[arg-type]
    assert scores["base"]["rate"] == 0
    assert scores.keys() & {"swap", "denied", "planned", "conditional"} == set()
    assert scores["no-event"] == {"n": 1, "rate": 1}


def test_bias_is_the_widest_gap_between_countries(tmp_path: Path) -> None:
    path = write(tmp_path / "g.jsonl", BASE)
    fair = behaviour.behaviour(path, Stub({}))["nationality"]  # type: ignore[arg-type]
    assert fair["n"] >= 12
    assert (fair["rate"], fair["bias"]) == (1, 0)
    assert "TUR" not in fair["countries"]  # the other end
    skewed = behaviour.behaviour(path, Stub({}, {"Russia": 0.8, "Japan": 0.4}))["nationality"]  # type: ignore[arg-type]
    assert skewed["bias"] == pytest.approx(0.4)
    assert max(skewed["countries"], key=skewed["countries"].get) == "RUS"
    assert min(skewed["countries"], key=skewed["countries"].get) == "JPN"
    assert skewed["rate"] < 1  # Russia's root is another


def test_annotated_gold_serves_where_it_tells_one_event_of_two(tmp_path: Path) -> None:
    text = "The Iranian army struck Turkey."
    actors = [{"text": text[a:b], "start": a, "end": b, "code": code}
              for a, b, code in ((0, 16, "IRNMIL"), (24, 30, "TUR"))]  # fmt: skip
    one = {"id": "x", "lang": "en", "text": text, "actors": actors,
           "events": [{"source": 0, "target": 1, "code": "190"}]}  # fmt: skip
    none = {**one, "id": "y", "events": []}
    open_ = {**one, "id": "z", "events": [{"source": 0, "target": None, "code": "190"}]}
    (case,) = behaviour.read(write(tmp_path / "g.jsonl", one, none, open_))
    assert case.swapped == "Turkey struck the Iranian army."
    assert case.event["source"] == "IRNMIL"
    with pytest.raises(EventcoderError, match="no sentence with one event"):
        behaviour.read(write(tmp_path / "n.jsonl", none))


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({**BASE, "variant": "shouted"}, "row 1: variant 'shouted' is none of"),
        ({**BASE, "source": [0, 99]}, "row 1: source, target .0, 99. is not inside"),
        ({**BASE, "source": None}, "row 1: .*missing or wrong"),
        ({**BASE, "events": []}, "needs one event"),
        ({**BASE, "events": [{**EVENT, "code": "x"}]}, "no event code"),
        ({**VARIANTS[1], "base": "other"}, "no base sentence 'other'"),
        ({"id": "e", "lang": "en", "text": "x", "events": [EVENT]}, "places source and target"),
    ],
)
def test_faults_are_named(tmp_path: Path, record: Any, words: str) -> None:
    with pytest.raises(EventcoderError, match=words):
        behaviour.read(write(tmp_path / "g.jsonl", record))


def test_mentions_pair_one_to_one_by_half_the_longer_span() -> None:
    assert spotting.paired([(0, 10)], [(0, 20)]) == 1
    assert spotting.paired([(0, 9)], [(0, 20)]) == 0
    assert spotting.paired([(0, 10), (10, 20)], [(0, 20)]) == 1
    assert spotting.paired([(0, 4), (6, 9)], [(6, 9), (0, 5)]) == 2
    assert spotting.paired([], [(0, 1)]) == spotting.paired([(0, 1)], []) == 0


def test_mention_scores_by_hand(tmp_path: Path) -> None:
    class Reader:
        def read(self, texts: Any) -> list[Reading]:
            spans = [[(0, 4), (14, 20)], [(0, 2)]]
            return [Reading(tuple(Mention(a, b, t[a:b]) for a, b in s), ())
                    for t, s in zip(texts, spans, strict=True)]  # fmt: skip

    path = write(
        tmp_path / "g.jsonl",
        {"id": "a", "lang": "en", "text": "Iran attacked Turkey.", "events": [],
         "actors": [{"text": "Iran", "start": 0, "end": 4, "code": "IRN"}]},
        {"id": "b", "lang": "en", "text": "He left Iran.", "events": [],
         "actors": [{"text": "Iran", "start": 8, "end": 12, "code": "IRN"}]},
    )  # fmt: skip
    scores = spotting.mentions(path, Reader())  # type: ignore[arg-type]
    assert (scores["n_gold"], scores["n_predicted"]) == (2, 2)  # a pronoun is not asked for
    assert scores["precision"] == scores["recall"] == scores["f1"] == 0.5


def test_the_command_line_tells_rates(cli: Any, tmp_path: Path) -> None:
    part = write(tmp_path / "g.jsonl", *(r for r in RECORDS if r["base"].endswith("en-33")))
    result = cli("evaluate", "behaviour", part, "--json")
    assert result.exit_code == 0
    scores = json.loads(result.stdout)
    assert scores["base"] == {"n": 1, "rate": 1.0}
    assert scores["nationality"]["n"] >= 12
    shown = cli("evaluate", "behaviour", part)
    assert "nationality.bias" in shown.stdout
    assert cli("evaluate", "behaviour", tmp_path / "none.jsonl").exit_code == 1
    missing = cli("evaluate", "events")
    assert missing.exit_code == 1
    assert "needs a gold file" in missing.stderr


def test_our_own_file_is_the_default() -> None:
    assert pipeline._own_gold("behaviour") == OWN
