"""Scores against gold worked out by hand, and the shipped model on the sample's gold."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from eventcoder import evaluation, explanation, leakage, matching, pipeline, resolution, scoring
from eventcoder.actors import ActorDictionary
from eventcoder.errors import EventcoderError
from eventcoder.ontology import Ontology

CAMEO = Ontology.load()
SAMPLE = Path(__file__).parent / "sample" / "gold.jsonl"


def gold_event(source: str, target: str, code: str, **more: Any) -> dict[str, Any]:
    return {"source": source, "target": target, "code": code, **more}


def said(source: str, target: str, code: str, confidence: float = 0.9) -> dict[str, Any]:
    return {"source": source, "target": target, "event_code": code, "confidence": confidence}


@pytest.mark.parametrize(
    ("golds", "predicted", "level", "expected"),
    [
        # right at the root, wrong at the code
        ([gold_event("USAGOV", "TJK", "0331")], [said("USA", "TJKGOV", "036")], "root", (1, 1, 1)),
        ([gold_event("USAGOV", "TJK", "0331")], [said("USA", "TJKGOV", "036")], "code", (0, 1, 1)),
        # an alternative is as good
        ([gold_event("USA", "TJK", "0331", alt=["0256"])], [said("USA", "TJK", "0256")], "code",
         (1, 1, 1)),
        # either way round only where gold says so
        ([gold_event("IRN", "IRQ", "040", symmetric=True)], [said("IRQ", "IRN", "040")], "root",
         (1, 1, 1)),
        ([gold_event("IRN", "IRQ", "040")], [said("IRQ", "IRN", "040")], "root", (0, 1, 1)),
        # the dyad alone
        ([gold_event("IRN", "IRQ", "040")], [said("IRN", "IRQ", "190")], "country_dyad", (1, 1, 1)),
        # what agrees counts once: two predictions of one root are one
        ([gold_event("IRN", "IRQ", "042")], [said("IRN", "IRQ", "042"), said("IRN", "IRQ", "043")],
         "root", (1, 1, 1)),
        ([gold_event("IRN", "IRQ", "042")], [said("IRN", "IRQ", "042"), said("IRN", "IRQ", "043")],
         "code", (1, 2, 1)),
        # one prediction can't be right for two gold events
        ([gold_event("IRN", "IRQ", "042", alt=["111"]), gold_event("IRN", "IRQ", "046")],
         [said("IRN", "IRQ", "042")], "root", (1, 1, 2)),
        # comments after a slash and unstated ends
        ([gold_event("IGO/CSTO", "", "020")], [said("IGO", "", "020")], "root", (1, 1, 1)),
        ([gold_event("IRN", "IRQ", "040")], [], "root", (0, 0, 1)),
        ([], [said("IRN", "IRQ", "040")], "root", (0, 1, 0)),
    ],
)  # fmt: skip
def test_matches_by_hand(
    golds: list[Any], predicted: list[Any], level: str, expected: tuple[int, int, int]
) -> None:
    assert evaluation.match(golds, predicted, level, CAMEO)[:3] == expected


def test_macro_f1_by_hand() -> None:
    pairs = [("a", "a"), ("a", "a"), ("a", "b"), ("b", "b"), ("c", "b")]
    # a: P 1, R 2/3, F1 .8; b: P 1/3, R 1, F1 .5; c: 0
    assert scoring.macro_f1(pairs) == pytest.approx((0.8 + 0.5 + 0) / 3)


def test_calibration_error_by_hand() -> None:
    # four at .95 of which three are right, two at .15 of which none is: (4*.2 + 2*.15) / 6
    sure, right = [0.95] * 4 + [0.15] * 2, [True] * 3 + [False] * 3
    assert scoring.expected_calibration_error(sure, right) == pytest.approx(1.1 / 6)
    assert scoring.expected_calibration_error([], []) == 0


def test_the_bins_tell_what_the_error_sums_up() -> None:
    judged = [(0.95, True)] * 3 + [(0.95, False)] + [(0.15, False)] * 2 + [(1.0, True)]
    bins = scoring.calibration(judged)
    assert [b["n"] for b in bins] == [0, 2, 0, 0, 0, 0, 0, 0, 0, 5]
    assert bins[9]["confidence"] == pytest.approx(0.96)
    assert (bins[9]["right"], bins[1]["right"], bins[0]["right"]) == (0.8, 0.0, None)
    gaps = sum(b["n"] * abs(b["confidence"] - b["right"]) for b in bins if b["n"])
    assert gaps / 7 == pytest.approx(scoring.expected_calibration_error(*zip(*judged)))  # noqa: B905


def at_root(golds: list[Any], predicted: list[Any]) -> matching.Matching:
    return matching.assign(golds, predicted, "root", CAMEO)


def test_figures_by_root_by_hand() -> None:
    found = matching.by_root([
        at_root([gold_event("IRN", "IRQ", "042"), gold_event("IRN", "TUR", "190")],
                [said("IRN", "IRQ", "046"), said("TUR", "IRN", "190")]),
        at_root([gold_event("USA", "RUS", "0256", alt=["163"])],
                [said("USA", "RUS", "163"), said("USA", "RUS", "040")]),
    ])  # fmt: skip
    counts = {root: (row["n_gold"], row["n_predicted"]) for root, row in found.items()}
    assert counts == {"02": (1, 0), "04": (1, 2), "16": (0, 1), "19": (1, 1)}
    assert (found["04"]["precision"], found["04"]["recall"]) == (0.5, 1)
    assert found["04"]["f1"] == pytest.approx(2 / 3)
    # right by an alternative: precision under the root said, recall under the root meant
    assert (found["16"]["precision"], found["02"]["recall"]) == (1, 1)
    assert found["19"]["f1"] == 0


def test_the_interval_is_of_the_figure_it_stands_beside() -> None:
    golds = [gold_event("IRN", "IRQ", "042")]
    rows = []
    for told in ([said("IRN", "IRQ", "046")], [said("TUR", "IRN", "190")], []):
        counts = {lvl: evaluation.match(golds, told, lvl, CAMEO) for lvl in evaluation.LEVELS}
        rows.append({"matched": counts})
    expected = evaluation._event_scores(rows)["root"]["f1"]
    assert evaluation._root_f1(rows) == expected == pytest.approx(2 * 1 / (2 + 3))
    assert evaluation._root_f1([]) == 0


def test_exact_codes_among_right_roots_by_hand() -> None:
    matchings = [
        at_root([gold_event("IRN", "IRQ", "042")], [said("IRN", "IRQ", "042")]),
        at_root([gold_event("IRN", "IRQ", "042", alt=["043"])], [said("IRN", "IRQ", "043")]),
        # the surer one speaks for the root
        at_root([gold_event("IRN", "IRQ", "042")],
                [said("IRN", "IRQ", "042", 0.3), said("IRN", "IRQ", "040", 0.8)]),
        at_root([gold_event("IRN", "IRQ", "042")], [said("IRN", "IRQ", "190")]),
    ]  # fmt: skip
    assert matching.exact_given_root(matchings) == {"n": 3, "share": pytest.approx(2 / 3)}
    assert matching.exact_given_root([]) == {"n": 0, "share": None}


def test_modality_counts_where_gold_tells_it() -> None:
    planned = gold_event("IRN", "IRQ", "190", modality="planned")
    matchings = [
        at_root([planned], [{**said("IRN", "IRQ", "190"), "modality": "planned"}]),
        at_root([planned], [{**said("IRN", "IRQ", "190"), "modality": "done"}]),
        at_root([gold_event("IRN", "IRQ", "190")],
                [{**said("IRN", "IRQ", "190"), "modality": "done"}]),
    ]  # fmt: skip
    assert matching.modality(matchings) == {"n": 2, "share": 0.5}


@pytest.mark.parametrize(
    ("golds", "predicted", "expected"),
    [
        ([gold_event("IRN", "IRQ", "190")], [said("IRN", "IRQ", "040")], (1, 1.0)),
        ([gold_event("IRN", "IRQ", "190")], [said("IRQ", "IRN", "190")], (1, 0.0)),
        ([gold_event("IRN", "IRQ", "190")], [said("IRN", "TUR", "190")], (0, None)),
        ([gold_event("IRN", "IRQ", "040", symmetric=True)], [said("IRQ", "IRN", "040")], (0, None)),
        ([gold_event("IRN", "IRQ", "190"), gold_event("IRQ", "IRN", "112")],
         [said("IRQ", "IRN", "112")], (0, None)),
        ([gold_event("IRN", "", "190")], [said("IRN", "", "190")], (0, None)),
    ],
)  # fmt: skip
def test_direction_by_hand(golds: Any, predicted: Any, expected: tuple[int, Any]) -> None:
    found = matching.direction([(golds, predicted)])
    assert (found["n"], found["share"]) == expected


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_calibration_error_is_a_share(pairs: list[tuple[float, bool]]) -> None:
    error = scoring.expected_calibration_error(*zip(*pairs, strict=True))
    assert 0 <= error <= 1 + 1e-9


def test_the_interval_draws_whole_documents() -> None:
    rows = [{"doc_id": d, "x": v} for d, v in (("a", 1.0), ("a", 1.0), ("b", 0.0), ("b", 0.0))]
    seen: set[int] = set()

    def mean(sample: Any) -> float:
        seen.add(len(sample))
        return sum(r["x"] for r in sample) / len(sample)

    low, high = scoring.interval(rows, mean)
    assert seen == {4}
    assert (low, high) == (0.0, 1.0)
    assert scoring.interval(rows, mean) == [low, high]  # the same draws each time


@dataclass(frozen=True)
class Echo:
    """A model's stand-in for `relations`: gives every sentence the code its text names."""

    codes: tuple[str, ...] = tuple(CAMEO.codes)
    folder: Path = Path("nowhere")

    def judge(self, texts: Any, ends: Any) -> list[Any]:
        return [
            (1.0, [0.9 if code == text else 0.1 / len(self.codes) for code in self.codes])
            for text in texts
        ]


def write(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), "utf-8")
    return path


def relation(text: str, label: str, label_set: str = "plv", **more: Any) -> dict[str, Any]:
    return {
        "id": text, "lang": "en", "text": text, "source": [0, 1], "target": None,
        "label_set": label_set, "label": label, **more,
    }  # fmt: skip


def test_relations_sum_the_codes_of_a_class(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.jsonl",
        relation("112", "ACCUSE"), relation("090", "ACCUSE"), relation("190", "ASSAULT"),
        relation("042", "ASSAULT", lang="fa"), relation("1211", "12", "root"),
        relation("172", "4", "quad"), relation("0331", "0331", "cameo"),
    )  # fmt: skip
    scores = evaluation.relations(path, Echo(), CAMEO)  # type: ignore[arg-type]
    assert scores["n"] == 7
    assert scores["accuracy"] == round(6 / 7, 4)
    assert scores["by"]["en"]["accuracy"] == 1
    assert scores["by"]["fa"]["macro_f1"] == 0
    # the "fa" row says CONSULT (quad 1) for ASSAULT (4)
    assert scores["quad_macro_f1"] < 1
    assert scores["exact_given_root"] == {"n": 1, "share": 1.0}
    assert scores["roots"]["ASSAULT"]["recall"] == 0.5
    assert scores["roots"]["03"] == {
        "n_gold": 1, "n_predicted": 1, "precision": 1, "recall": 1, "f1": 1,
    }  # fmt: skip
    assert sum(b["n"] for b in scores["calibration"]) == 7
    low, high = scores["interval"]
    assert 0 <= low <= scores["macro_f1"] <= high <= 1


def test_gold_that_training_saw_is_named_and_left_out(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.jsonl",
        relation("112", "ACCUSE"), relation("190", "ASSAULT"), relation("042", "ASSAULT"),
    )  # fmt: skip
    unknown = evaluation.relations(path, Echo(), CAMEO)  # type: ignore[arg-type]
    assert unknown["leakage"] == {"known": False}
    assert "not known" in unknown["notes"][0]
    leakage.store(tmp_path, ["042", "something else"])
    model: Any = Echo(folder=tmp_path)
    scores = evaluation.relations(path, model, CAMEO)
    assert scores["leakage"]["n"] == 1
    assert scores["leakage"]["ids"] == ["042"]
    assert scores["accuracy"] == round(2 / 3, 4)
    assert scores["leakage"]["without"]["accuracy"] == 1
    assert "1 of 3" in scores["notes"][0]
    leakage.store(tmp_path, ["nothing of this"])
    clean = evaluation.relations(path, model, CAMEO)
    assert (clean["leakage"], clean["notes"]) == ({"known": True, "n": 0}, [])


def test_faults_in_gold_are_named(tmp_path: Path) -> None:
    short = write(tmp_path / "g.jsonl", relation("112", "ACCUSE"), {"id": "x", "text": "y"})
    with pytest.raises(EventcoderError, match=r"row 2: relations gold needs source, target"):
        evaluation.relations(short, Echo(), CAMEO)  # type: ignore[arg-type]
    odd = write(tmp_path / "o.jsonl", relation("112", "ACCUSE", "icews"))
    with pytest.raises(EventcoderError, match="label_set"):
        evaluation.relations(odd, Echo(), CAMEO)  # type: ignore[arg-type]
    with pytest.raises(EventcoderError, match="has no rows"):
        evaluation.relations(write(tmp_path / "e.jsonl"), Echo(), CAMEO)  # type: ignore[arg-type]
    unknown = write(tmp_path / "u.jsonl", relation("112", "GRUMBLE"))
    with pytest.raises(EventcoderError, match="GRUMBLE"):
        evaluation.relations(unknown, Echo(), CAMEO)  # type: ignore[arg-type]


def actor(text: str, words: str, code: str, lang: str = "en") -> dict[str, Any]:
    start = text.index(words)
    return {
        "id": text, "lang": lang, "published": "2019-05-01", "text": text, "start": start,
        "end": start + len(words), "code": code,
    }  # fmt: skip


def test_actors_score_country_and_role(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        actor("The Iranian foreign minister spoke.", "The Iranian foreign minister", "IRNGOV"),
        actor("The Turkish army advanced.", "The Turkish army", "TURMIL"),
        actor("Xyzzy spoke.", "Xyzzy", "FRAGOV"),
        actor("أعلنت وزارة الخارجية الروسية", "وزارة الخارجية الروسية", "RUSGOV", "ar"),
    )  # fmt: skip
    scores = resolution.actors(path, ActorDictionary.load())
    assert scores["n"] == 4
    assert scores["country"] == scores["role"] == scores["code"] == 0.75
    assert scores["by"]["ar"]["code"] == 1


ACTOR = actor("Iran spoke.", "Iran", "IRN")
EVENT = {"id": "e", "lang": "en", "text": "Iran met Iraq.", "events": []}


@pytest.mark.parametrize(
    ("form", "record", "words"),
    [
        ("relations", {**relation("112", "ACCUSE"), "source": [2, 99]}, "source .2, 99. is not"),
        ("relations", {**relation("112", "ACCUSE"), "target": 3}, "missing or wrong"),
        ("actors", {**ACTOR, "end": 99}, "not inside the text"),
        ("actors", {**ACTOR, "start": "x"}, "missing or wrong"),
        ("actors", {**ACTOR, "code": None}, "no text"),
        ("events", {**EVENT, "text": 3}, "missing or wrong"),
        ("events", {**EVENT, "events": [{"source": "IRN", "code": "040"}]}, "field 'target'"),
        ("events", {**EVENT, "events": [gold_event("IRN", "IRQ", "met")]}, "no event code"),
        ("events", {**EVENT, "events": [{**gold_event("", "", "040"), "source": 1}]}, "no actor"),
        ("events", {**EVENT, "events": None}, "missing or wrong"),
    ],
)
def test_wrong_values_are_named(tmp_path: Path, form: str, record: Any, words: str) -> None:
    path = write(tmp_path / "g.jsonl", record)
    with pytest.raises(EventcoderError, match=f"row 1: .*{words}"):
        scoring.read(path, form, ("text",))


def test_gold_sentences_become_a_document_that_keeps_their_bounds() -> None:
    rows = [
        {"id": "1", "text": "Iran met Iraq.", "published": "2020-05-02"},
        {"id": "2", "text": "It left\nsoon."},
    ]
    prepared = evaluation.as_document(("d", "en"), rows)
    assert [s.text for s in prepared.sentences] == [r["text"] for r in rows]
    for sentence in prepared.sentences:
        end = sentence.start + len(sentence.text)
        assert prepared.document.text[sentence.start : end] == sentence.text
    assert str(prepared.document.published) == "2020-05-02"
    assert prepared.document.published_basis == "given"


def test_the_shipped_model_on_the_sample(coder: pipeline.Coder, tmp_path: Path) -> None:
    """A first eight documents a language: better than chance by far, and the account is whole."""
    wanted = {f"{lang}-{n:03}" for lang in ("ar", "en", "fa") for n in range(1, 9)}
    records = [json.loads(line) for line in SAMPLE.read_text("utf-8").splitlines()]
    path = write(tmp_path / "part.jsonl", *(r for r in records if r["doc_id"] in wanted))
    scores = evaluation.events(path, coder)
    assert scores["n_sentences"] == sum(r["doc_id"] in wanted for r in records)
    assert scores["n_gold"] > 60
    assert set(scores["by"]) == {"ar", "en", "fa"}
    for level in evaluation.LEVELS:
        part = scores[level]
        assert 0 < part["precision"] <= 1
        assert 0 < part["recall"] <= 1
        expected = 2 * part["precision"] * part["recall"] / (part["precision"] + part["recall"])
        assert part["f1"] == pytest.approx(expected, abs=2e-4)
    assert scores["country_dyad"]["f1"] >= scores["root"]["f1"] >= scores["code"]["f1"]
    assert scores["root"]["f1"] > 0.3
    assert 0 <= scores["ece"] <= 1
    for part in (scores, *scores["by"].values()):
        low, high = part["interval"]
        assert low <= part["root"]["f1"] <= high
    assert scores["direction"]["n"] > 20
    assert scores["direction"]["share"] > 0.6
    assert scores["modality"]["share"] > 0.5
    assert sum(row["n_gold"] for row in scores["roots"].values()) == scores["n_gold"]
    assert sum(b["n"] for b in scores["calibration"]) == scores["n_predicted"]
    assert scores["exact_given_root"]["n"] <= scores["n_predicted"]


def test_scores_are_shown_as_tables() -> None:
    row = {"n_gold": 2, "n_predicted": 1, "precision": 1.0, "recall": 0.5, "f1": 2 / 3}
    part = {"n": 2, "direction": {"n": 1, "share": None}, "roots": {"04": row},
            "calibration": scoring.calibration([(0.95, True)])}  # fmt: skip
    console = Console(width=80, highlight=False, force_terminal=False)
    with console.capture() as shown:
        explanation.show_scores(
            "events", {**part, "by": {"fa\x1b[2J": part}, "notes": ["[b]careful[/b]"]}, console
        )
    lines = [line.split() for line in shown.get().splitlines()]
    assert ["n", "2", "2"] in lines
    assert ["direction.n", "1", "1"] in lines
    assert ["direction.share"] in lines
    assert [explanation._isolated("04"), "2", "1", "1.000", "0.500", "0.667"] in lines
    assert ["0.9-1.0", "1", "0.950", "1.000"] in lines
    assert ["[b]careful[/b]"] in lines
    assert "\x1b" not in shown.get()
