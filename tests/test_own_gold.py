"""Our own training sentences: form, exact spans, known codes, every code in every language."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from eventcoder import gold
from eventcoder.duals import is_dual
from eventcoder.ontology import Ontology

FOLDER = Path(__file__).parents[1] / "models" / "training"
LANGUAGES = ("ar", "en", "fa")
CODES = Ontology.load().codes
# The sentences show all codes that are not a root alone: 149 of three digits, 147 of four.
WANTED = {code for code in CODES if len(code) > 2}


def records(name: str) -> list[dict[str, Any]]:
    return [record for _, record in gold.lines(FOLDER / f"{name}.jsonl")]


RECORDS = {lang: records(f"own.{lang}") for lang in LANGUAGES}
STORIES = {lang: {r["id"]: r for r in records(f"stories.{lang}")} for lang in LANGUAGES}
MODALITY = {lang: records(f"own_modality.{lang}") for lang in LANGUAGES}
DUALS = {lang: records(f"duals.{lang}") for lang in LANGUAGES}
OURS = {
    lang: [*RECORDS[lang], *STORIES[lang].values(), *MODALITY[lang], *DUALS[lang]]
    for lang in LANGUAGES
}
each_language = pytest.mark.parametrize("lang", LANGUAGES)


@each_language
def test_the_file_can_be_trained_on(lang: str) -> None:
    examples = gold.examples(FOLDER / f"own.{lang}.jsonl")
    assert len(examples) == len(RECORDS[lang]) >= 1500
    assert all(example.complete and example.language == lang for example in examples)


@each_language
def test_ids_and_sentences_come_once(lang: str) -> None:
    assert len({r["id"] for r in RECORDS[lang]}) == len(RECORDS[lang])
    assert len({r["text"] for r in RECORDS[lang]}) == len(RECORDS[lang])
    assert all(r["id"].startswith(f"own-{lang}-") for r in RECORDS[lang])


@each_language
def test_spans_give_back_their_words(lang: str) -> None:
    for record in OURS[lang]:
        text = record["text"]
        assert text == text.strip(), record["id"]
        spans = [(a["start"], a["end"]) for a in record["actors"]]
        assert len(spans) == len(set(spans)), record["id"]
        for actor in record["actors"]:
            assert text[actor["start"] : actor["end"]] == actor["text"], record["id"]
        for event in record["events"]:
            if words := event.get("evidence"):
                assert words in text, record["id"]


@each_language
def test_codes_are_known_and_ends_differ(lang: str) -> None:
    for record in OURS[lang]:
        for event in record["events"]:
            for code in (event["code"], *event.get("alt", ())):
                assert code in CODES, (record["id"], code)
            source, target = event["source"], event["target"]
            if source is not None and source == target:  # both sides with each other
                assert record in DUALS[lang], record["id"]
                assert record["actors"][source]["code"] == "UIS", record["id"]


@each_language
def test_every_code_is_shown(lang: str) -> None:
    assert len(WANTED) == 296
    shown = {event["code"] for record in RECORDS[lang] for event in record["events"]}
    assert not WANTED - shown


@each_language
def test_sentences_without_events_are_there(lang: str) -> None:
    """Without them a model finds an event wherever two states are named."""
    counts = Counter(len(record["events"]) for record in RECORDS[lang])
    assert counts[0] >= 0.1 * counts.total()


@each_language
def test_actor_codes_have_their_form(lang: str) -> None:
    for record in OURS[lang]:
        for actor in record["actors"]:
            code = actor["code"].split("/")[0].replace("---", "")
            assert len(code) % 3 == 0, (record["id"], actor)
            assert code == code.upper(), (record["id"], actor)


@each_language
def test_letters_are_the_language_s_own(lang: str) -> None:
    for record in OURS[lang]:
        arabic = sum("\u0600" <= c <= "\u06ff" for c in record["text"])
        latin = sum(c.isascii() and c.isalpha() for c in record["text"])
        assert (latin > arabic) == (lang == "en"), record["id"]


def test_a_story_is_the_same_in_every_language() -> None:
    """Sentences tell the same events of the same actors; only their order and words differ."""
    assert len(STORIES["en"]) >= 2000
    for id_, english in STORIES["en"].items():
        told = [_told(STORIES[lang][id_]) for lang in LANGUAGES]
        assert told[0] == told[1] == told[2] == _told(english), id_


def _told(record: dict[str, Any]) -> list[tuple[Any, ...]]:
    codes = [actor["code"] for actor in record["actors"]] + [None]  # None: nobody

    def end(place: int | None) -> str | None:
        return codes[-1 if place is None else place]

    return sorted(
        (event["code"], event["modality"], str(end(event["source"])), str(end(event["target"])))
        for event in record["events"]
    )


def test_stories_hold_sentences_without_events_as_news_does() -> None:
    counts = Counter(bool(record["events"]) for record in STORIES["en"].values())
    assert counts[False] >= 0.3 * counts.total()


@each_language
def test_both_sides_act_on_each_other_and_are_named_without_acting(lang: str) -> None:
    kinds = Counter[str]()
    for record in DUALS[lang]:
        ends = {(event["source"], event["target"]) for event in record["events"]}
        own = {i for i, actor in enumerate(record["actors"]) if actor["code"] == "UIS"}
        kinds["each other"] += any(source == target for source, target in ends)
        kinds["others"] += any(s != t and {s, t} & own for s, t in ends)
        kinds["nobody"] += not any({*pair} & own for pair in ends)
    assert kinds["each other"] >= 120 and kinds["others"] >= 40 and kinds["nobody"] >= 70, kinds


@each_language
def test_words_for_two_are_recognised(lang: str) -> None:
    """Acts of both with each other are asked about where the words are known."""
    acting = [
        (record["text"], record["actors"][event["source"]])
        for record in DUALS[lang]
        for event in record["events"]
        if event["source"] == event["target"] is not None
    ]
    known = sum(is_dual(text, actor["start"], actor["end"]) for text, actor in acting)
    assert known >= 0.95 * len(acting) > 0
