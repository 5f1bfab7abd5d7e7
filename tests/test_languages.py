"""Languages: golden snippets, folding, and rules against the Unicode locale data."""

import json
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st

from eventcoder.errors import EventcoderError
from eventcoder.languages import SUPPORTED, detect, fold, fold_with_offsets, rules

GOLDEN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "golden" / "languages.json").read_text(encoding="utf-8")
)


def cases() -> list[Any]:
    return [
        pytest.param(
            case, marks=[pytest.mark.xfail(strict=True)] if case.get("expect") == "fail" else []
        )
        for case in GOLDEN
    ]


@pytest.mark.parametrize("case", cases())
def test_golden(case: dict[str, Any]) -> None:
    assert detect(case["text"]).language == case["language"]


@given(st.text())
def test_fold_is_one_to_one_and_final(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


@given(st.text(alphabet="أإآیيىكکةۀهؤئءپچژگ\u064b\u064e\u0651\u0640\u200c\u200f abcÉ١۲3"))
def test_offsets_lead_back(text: str) -> None:
    folded, index = fold_with_offsets(text)
    places = index if index is not None else list(range(len(text)))
    assert [fold(text[i]) for i in places] == list(folded)


@settings(max_examples=50)
@given(st.text(alphabet=st.characters(codec=None), max_size=300))
def test_detect_takes_any_text(text: str) -> None:
    found = detect(text)
    assert 0.0 <= found.confidence <= 1.0


def test_variants_fold_together() -> None:
    assert fold("إيران") == fold("ایران")
    assert fold("طاجيكستان") == fold("طاجیکستان")
    assert fold("می\u200cخواهد") == "می خواهد"
    assert fold("ERDOĞAN ٣۴") == "erdogan 34"
    assert fold_with_offsets("الريـــاض")[0] == fold("الرياض")


@pytest.mark.parametrize(
    ("language", "territory"),
    [("ar", t) for t in ("EG", "SY", "IQ", "LB", "DZ", "TN", "MA")]
    + [("fa", "IR"), ("fa", "AF"), ("en", "US")],
)
def test_months_and_weekdays_of_every_locale_are_known(language: str, territory: str) -> None:
    locale, words = Locale(language, territory), rules(language).dates
    for month, name in locale.months["format"]["wide"].items():
        assert words.gregorian[fold_with_offsets(name)[0]] == month
    for day, name in locale.days["format"]["wide"].items():
        assert words.weekdays[fold_with_offsets(name)[0]] == day


def test_every_language_is_complete() -> None:
    for language in SUPPORTED:
        found = rules(language)
        for calendar in (found.dates.gregorian, found.dates.hijri):
            assert set(calendar.values()) == set(range(1, 13))
        assert set(found.dates.weekdays.values()) == set(range(7))
        assert set(found.dates.relative.values()) == {-2, -1, 0, 1, 2}
    assert set(rules("fa").dates.jalali.values()) == set(range(1, 13))


def test_unsupported_language_is_named() -> None:
    with pytest.raises(EventcoderError, match="'tr'"):
        rules("tr")
