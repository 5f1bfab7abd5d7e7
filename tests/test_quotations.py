"""What stands in quotation marks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventcoder.quotations import quotations, within


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ('He said: "Leave." She stayed.', ["Leave."]),
        ('They must go," he said.', ["They must go,"]),
        ('It is over." Then he left.', ["It is over."]),
        ('He began: "We will', ["We will"]),
        ("It's the minister's plan, the allies' too.", []),
        ("'We won't go,' he said.", ["We won't go,"]),
        ("قال «لن نقبل» ثم غادر", ["لن نقبل"]),
        ("وی گفت: «نمی‌پذیریم", ["نمی‌پذیریم"]),
        ("“One,” he said, “two”", ["One,", "two"]),
        ("", []),
    ],
)
def test_what_is_quoted(text: str, quoted: list[str]) -> None:
    assert [text[start:end] for start, end in quotations(text)] == quoted


@given(st.text(alphabet="ab .,'\"“”«»„", max_size=60))
def test_quotations_lie_apart_in_order(text: str) -> None:
    found = quotations(text)
    ends = [place for span in found for place in span]
    assert ends == sorted(ends)
    assert all(0 <= start <= end <= len(text) for start, end in found)
    assert all(within(start, found) for start, end in found if start < end)
