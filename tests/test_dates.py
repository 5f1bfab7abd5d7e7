"""Dates: golden fields, datelines and sentences; odd values; nothing made up, nothing slow."""

import datetime as dt
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventcoder.dates import event_date, parse_given, publication_date

TODAY = dt.date(2024, 6, 1)
GOLDEN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "golden" / "dates.json").read_text(encoding="utf-8")
)


def cases(call: str) -> list[Any]:
    return [
        pytest.param(
            case, marks=[pytest.mark.xfail(strict=True)] if case.get("expect") == "fail" else []
        )
        for case in GOLDEN
        if case["call"] == call
    ]


def day(written: str | None) -> dt.date | None:
    return dt.date.fromisoformat(written) if written else None


@pytest.mark.parametrize("case", cases("given"))
def test_given(case: dict[str, Any]) -> None:
    found = parse_given(case["value"], TODAY)
    assert (found.date, found.precision) == (day(case["date"]), case["precision"])
    assert (found.reason is None) == (found.date is not None)


@pytest.mark.parametrize("case", cases("published"))
def test_published(case: dict[str, Any]) -> None:
    found = publication_date(case["head"], case["language"], case["given"], today=TODAY)
    assert found.date == day(case["date"])
    assert found.basis == ("dateline" if case["date"] else "none")


@pytest.mark.parametrize("case", cases("event"))
def test_event(case: dict[str, Any]) -> None:
    found = event_date(case["text"], day(case["published"]), case["language"])
    assert (found.date, found.basis) == (day(case["date"]), case["basis"])


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        True,
        [],
        {},
        b"2020",
        float("nan"),
        float("inf"),
        -5,
        10**40,
        "9" * 200,
        "\x00",
        dt.date.max,
        dt.date.min,
        "²",
        "2020-02-30",
        "Mon, 99 Feb 2020 10:00:00 +0300",
    ],
)
def test_no_date_has_a_reason(value: object) -> None:
    found = parse_given(value, TODAY)
    assert (found.date, found.precision, found.basis) == (None, "none", "none")
    assert found.reason


def test_objects_and_bounds() -> None:
    assert parse_given(dt.datetime(2020, 2, 3, 4, 5), TODAY).date == dt.date(2020, 2, 3)
    assert parse_given(TODAY + dt.timedelta(days=1), TODAY).date is not None
    assert parse_given(TODAY + dt.timedelta(days=2), TODAY).reason == "in the future"
    assert parse_given("1799-12-31", TODAY).reason == "before 1800"


def test_fields_come_before_the_dateline() -> None:
    head = "LONDON, Feb 3, 2020 (Reuters) - The minister left"
    assert publication_date(head, "en", given="2021-01-01").basis == "given"
    assert publication_date(head, "en", given="soon", metadata="2021-01-02").basis == "metadata"
    assert publication_date(head, "en", given="soon").date == dt.date(2020, 2, 3)
    assert publication_date("Nothing", "en", given="soon").reason == "given: not a date"


def test_weekday_checks_a_year_known_elsewhere() -> None:
    head = "موسكو - 3 - 2 (كونا) -- أكدت الولايات المتحدة اليوم الاثنين دعمها"
    assert publication_date(head, "ar", given="2020").date == dt.date(2020, 2, 3)
    assert publication_date(head, "ar", given="2021").date is None
    assert publication_date(head, "ar").date is None


def test_unknown_language_takes_publication() -> None:
    assert event_date("Dün Ankara'da", TODAY, "tr").basis == "published"


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet=st.characters(codec=None))
    | st.text(alphabet="0123456789۱۲/.-: منذفيیومأسآبادشنهMayon,()"),
    st.sampled_from(["ar", "fa", "en"]),
    st.none() | st.dates(),
)
def test_any_text_is_taken(text: str, language: str, published: dt.date | None) -> None:
    parse_given(text)
    event_date(text, published, language)
    found = publication_date(text, language)
    assert (found.date is None) == (found.basis == "none")


@given(st.dates(dt.date(1930, 1, 1), dt.date(2024, 1, 1)))
def test_written_dates_come_back(date: dt.date) -> None:
    from persiantools.jdatetime import JalaliDate

    solar = JalaliDate(date)
    for written in (
        date.isoformat(),
        date.strftime("%d.%m.%Y"),
        date.strftime("%d %B %Y"),
        f"{solar.year}/{solar.month:02}/{solar.day:02}",
    ):
        assert parse_given(written, TODAY).date == date


@pytest.mark.parametrize(
    "text",
    ["(" * 10**6, "1" * 10**6, "1/" * 500_000, "اليوم " * 200_000, "1 " * 500_000, " " * 10**6],
)
def test_time_is_linear(text: str) -> None:
    start = time.process_time()
    event_date(text, TODAY, "ar")
    publication_date(text, "fa")
    parse_given(text)
    assert time.process_time() - start < 2.0
