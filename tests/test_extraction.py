"""Documents prepared and read: dates, titles, antecedents of what a sentence leaves out."""

import datetime as dt

from eventcoder.extraction import prepare
from eventcoder.records import Document

STAMPED = """Home
World
Bloc gives junta a week to restore president
By Staff Writer
July 30, 2023 at 8:14 p.m.
Share
ABUJA (GGP) - The leaders of the bloc imposed sanctions on Niger and threatened to use force.
The bloc froze the assets of the junta and suspended all transactions with the country.
Related:
Soldiers move to the border
"""


def test_a_date_stamp_below_the_title_dates_the_document() -> None:
    prepared = prepare(Document("d", STAMPED))
    assert prepared.document.published == dt.date(2023, 7, 30)
    assert prepared.document.published_basis == "dateline"
    assert "2023" not in "".join(sentence.text for sentence in prepared.sentences)


def test_a_date_stamp_above_the_title_does_not() -> None:
    stamp = "July 30, 2023 at 8:14 p.m.\n"
    text = stamp + STAMPED.replace(stamp, "")
    assert prepare(Document("d", text)).document.published is None
