"""The sample corpus and its gold are whole: ids, dates, codes, exact substrings, scripts."""

import datetime as dt
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from eventcoder.gold import MODALITIES, lines
from eventcoder.ontology import Ontology

SAMPLE = Path(__file__).parent / "sample"
LANGUAGES = ("ar", "fa", "en")
CAMEO = Ontology.load()
PAGES = sorted((SAMPLE / "corpus" / "pages").iterdir())


def read(path: Path) -> list[dict[str, Any]]:
    return [record for _, record in lines(path)]


ITEMS = {lang: read(SAMPLE / "corpus" / f"{lang}.jsonl") for lang in LANGUAGES}
GOLD = read(SAMPLE / "gold.jsonl")
EVENTS = [(line, event) for line in GOLD for event in line["events"]]
ACTOR = re.compile(r"|(?:[A-Z]{3}){1,3}|IGO(?:UNO|EEC|NAT)|(?:IGO|UAF|NGO|MNC)/[A-Z]+")


def text_of(doc_id: str) -> str:
    """Return all text of an item or a page, its title first."""
    if doc_id.startswith("page-"):
        (page,) = (page for page in PAGES if page.stem == doc_id)
        return page.read_text(encoding="utf-8")
    (item,) = (item for items in ITEMS.values() for item in items if item["doc_id"] == doc_id)
    return f"{item['title']}\n{item['text']}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_items_have_the_fields_of_a_corpus(lang: str) -> None:
    items = ITEMS[lang]
    assert len(items) >= 25
    for item in items:
        assert item["doc_id"].startswith(f"{lang}-")
        assert item.keys() <= {
            "doc_id", "title", "text", "published", "publisher", "url", "language"
        }  # fmt: skip
        assert all(isinstance(value, str) and value.strip() for value in item.values())
        assert item.get("language", lang) == lang
        assert item["url"].startswith("https://news.example.org/")
        assert dt.date(2001, 1, 1) <= dt.date.fromisoformat(item.get("published", "2001-01-01"))
    assert 2 <= sum("published" not in item for item in items) < 6
    assert len(items) / 4 < sum("language" not in item for item in items) < len(items) / 2


def test_ids_are_unique() -> None:
    ids = [item["doc_id"] for items in ITEMS.values() for item in items]
    ids += [page.stem for page in PAGES]
    assert len(ids) == len(set(ids)) >= 84
    assert len({line["id"] for line in GOLD}) == len(GOLD)
    assert {line["doc_id"] for line in GOLD} == set(ids)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_script_is_the_languages(lang: str) -> None:
    own = {"ar": "[ةىكيؤ]", "fa": "[یکگچپژ]", "en": "[a-z]"}[lang]
    foreign = {"ar": "[یکگچپژ]", "fa": "[ةىكي]", "en": "[\u0600-\u06ff]"}[lang]
    texts = [f"{item['title']} {item['text']}" for item in ITEMS[lang]]
    texts += [line["text"] for line in GOLD if line["lang"] == lang]
    for text in texts:
        assert not re.search(foreign, text), text
    for item in ITEMS[lang]:
        assert re.search(own, item["text"])


@pytest.mark.parametrize("doc_id", dict.fromkeys(line["doc_id"] for line in GOLD))
def test_gold_sentences_stand_in_order_in_their_document(doc_id: str) -> None:
    text, at = text_of(doc_id), 0
    sentences = [line for line in GOLD if line["doc_id"] == doc_id]
    assert 4 <= len(sentences) <= 9
    for line in sentences:
        at = text.find(line["text"], at)
        assert at >= 0, line["id"]
        at += len(line["text"])
    assert len({(line["lang"], line["published"]) for line in sentences}) == 1


def test_items_hold_nothing_beside_their_gold_sentences() -> None:
    datelines = (
        "الرياض 15 رمضان 1442 هـ الموافق 27 أبريل 2021 م أنباء الجزيرة",
        "دوشنبه، 20.09.2021 /پامیر/.",
    )
    for item in (item for items in ITEMS.values() for item in items):
        rest = item["text"]
        for dateline in datelines:
            rest = rest.replace(dateline, "")
        for line in GOLD:
            if line["doc_id"] == item["doc_id"]:
                rest = rest.replace(line["text"], "", 1)
        assert not rest.strip(), item["doc_id"]


def test_gold_dates_agree_with_the_corpus() -> None:
    dates = {line["doc_id"]: line["published"] for line in GOLD}
    assert all(dt.date.fromisoformat(date).strftime("%Y") >= "2001" for date in dates.values())
    for items in ITEMS.values():
        for item in items:
            assert item.get("published", dates[item["doc_id"]]) == dates[item["doc_id"]]
    assert {date[:4] for date in dates.values()} >= {"2001", "2005", "2012", "2020", "2025"}


def test_events_are_well_formed() -> None:
    for line, event in EVENTS:
        assert event.keys() <= {
            "source", "target", "code", "alt", "symmetric", "modality", "resolved"
        }  # fmt: skip
        assert all(code in CAMEO.codes for code in [event["code"], *event["alt"]]), line["id"]
        assert event["code"] not in event["alt"]
        assert event["modality"] in MODALITIES
        assert event["source"] or event["target"]
        assert ACTOR.fullmatch(event["source"]), line["id"]
        assert ACTOR.fullmatch(event["target"]), line["id"]
        assert isinstance(event["symmetric"], bool)
        if event["symmetric"]:
            assert event["source"], line["id"]
            assert event["target"], line["id"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_root_and_many_kinds_are_there(lang: str) -> None:
    own = [event for line, event in EVENTS if line["lang"] == lang]
    assert {CAMEO.root(event["code"]) for event in own} == CAMEO.roots
    assert {event["modality"] for event in own} == set(MODALITIES)
    without = Counter(line["doc_id"] for line in GOLD if line["lang"] == lang)
    without -= Counter(line["doc_id"] for line, _ in EVENTS for _ in range(99))
    assert 4 <= len(without) <= 7


def test_pages_have_furniture_without_gold() -> None:
    assert len(PAGES) >= 8
    assert {page.suffix for page in PAGES} == {".txt", ".html"}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for line in GOLD:
            if line["doc_id"] == page.stem:
                text = text.replace(line["text"], "", 1)
        assert len(re.findall(r"\w+", text)) > 15
