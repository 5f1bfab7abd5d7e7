"""Sentences: golden passages, exact offsets, nothing lost, nothing slow."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventcoder.records import Document, Sentence
from eventcoder.sentences import LONGEST, split

GOLDEN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "golden" / "sentences.json").read_text(encoding="utf-8")
)


def cases() -> list[Any]:
    return [
        pytest.param(
            case, marks=[pytest.mark.xfail(strict=True)] if case.get("expect") == "fail" else []
        )
        for case in GOLDEN
    ]


def whole(text: str, language: str) -> list[Sentence]:
    return split(Document("d", text), [(0, len(text))], language)


@pytest.mark.parametrize("case", cases())
def test_golden(case: dict[str, Any]) -> None:
    expected = [part.strip() for part in case["marked"].split("¦")]
    found = whole(case["marked"].replace("¦", ""), case["language"])
    assert [sentence.text for sentence in found] == expected


def check(text: str, found: list[Sentence]) -> None:
    for number, sentence in enumerate(found, start=1):
        assert sentence.number == number
        assert sentence.text == text[sentence.start : sentence.start + len(sentence.text)]
        assert sentence.text == sentence.text.strip() != ""
        assert len(sentence.text) <= LONGEST
    kept = re.sub(r"\s", "", "".join(sentence.text for sentence in found))
    assert kept == re.sub(r"\s", "", text)


PROSE = st.lists(
    st.sampled_from(
        [
            "قال",
            "وأكد.",
            "د.",
            "3.5",
            "۳.",
            "۵",
            '"',
            "«",
            "»",
            "(",
            ")",
            "..",
            "…",
            "؟",
            "!",
            "U.S.",
            "The",
            "he",
            "said.",
            "\n",
            " ",
            "  ",
            "،",
            "؛",
            "- ",
            "\u200f",
            "\u2028",
            "\x00",
            "1.",
        ]
    ),
    max_size=60,
).map("".join)


@settings(max_examples=200, deadline=None)
@given(PROSE | st.text(alphabet=st.characters(codec=None)), st.sampled_from(["ar", "fa", "en"]))
def test_offsets_hold_and_nothing_is_lost(text: str, language: str) -> None:
    check(text, whole(text, language))


def test_agency_page_without_spaces_after_stops() -> None:
    parts = [
        "موسكو - 3 - 2 (كونا) -- أكدت واشنطن اليوم الاثنين دعمها لدول المنطقة.",
        "جاء هذا في بيان صدر في ختام اجتماع (خمسة زائد واحد).",
        "ونقلت وكالة (انترفاكس) عن البيان تأكيد الاهتمام بالتعاون.",
        "وأعلن الوزير استعداد بلاده للمساعدة.",
        "(النهاية)",
    ]
    assert [sentence.text for sentence in whole("".join(parts), "ar")] == parts


def test_long_quotation_is_split() -> None:
    inner = "سنواصل العمل مع جميع الدول الصديقة من أجل السلام والأمن في كل مكان من المنطقة. "
    text = f'وقال الرئيس: "{inner * 5}".'
    found = whole(text, "ar")
    assert len(found) == 5
    check(text, found)


def test_monster_is_cut_at_its_best_boundary() -> None:
    text = ("كلمة أخرى، " * 60 + "نهاية؛ ") * 6
    found = whole(text, "ar")
    assert all(len(sentence.text) <= LONGEST for sentence in found)
    assert found[0].text.endswith("؛")
    check(text, found)


def test_title_is_sentence_zero_and_spans_are_kept_apart() -> None:
    text = "العنوان هنا\nسطر محذوف\nالجملة الأولى. الثانية"
    found = split(Document("d", text), [(22, len(text))], "ar", title=(0, 11))
    assert [(s.number, s.text) for s in found] == [
        (0, "العنوان هنا"),
        (1, "الجملة الأولى."),
        (2, "الثانية"),
    ]


def test_lines_end_sentences_unless_hard_wrapped() -> None:
    assert len(whole("عنوان بلا نقطة\nبداية الخبر هنا", "ar")) == 2
    wrapped = "The minister of foreign affairs of the republic arrived on Sunday\n" * 4
    assert len(whole(wrapped + "and left.", "en")) == 1


def test_sentence_in_another_script_has_its_own_language() -> None:
    text = "قال الوزير ذلك.\nThe minister said that the talks would go on."
    assert [sentence.language for sentence in whole(text, "ar")] == ["ar", "en"]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10**6,
        "1" * 10**6,
        '"' * 10**6,
        ". " * 10**5,
        "د. " * 10**5,
        "\n" * 10**6,
        "x. (" * 10**5,
    ],
)
def test_time_is_linear(text: str) -> None:
    start = time.process_time()
    whole(text, "ar")
    assert time.process_time() - start < 4.0
