"""Documents prepared and read: dates, titles, antecedents of what a sentence leaves out."""

import datetime as dt
from collections.abc import Sequence

from eventcoder import events
from eventcoder.actors import ActorDictionary
from eventcoder.coder import document_rows
from eventcoder.extraction import extract, prepare
from eventcoder.ontology import Ontology
from eventcoder.records import Act, Document, Mention, Reading

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


class Marked:
    """A model that finds the marked words and one act, from the first of two to the second."""

    def __init__(self, words: Sequence[str], code: str) -> None:
        self.words, self.code = words, code

    def read(self, texts: Sequence[str]) -> list[Reading]:
        return [self._reading(text) for text in texts]

    def confidence(self, act: Act, open_source: bool, open_target: bool) -> float:
        return 0.9 if not open_source and not open_target else 0.6

    def _reading(self, text: str) -> Reading:
        found = [(text.find(word), word) for word in self.words]
        mentions = tuple(Mention(at, at + len(w), w) for at, w in sorted(found) if at >= 0)
        source, target = (0, 1) if len(mentions) > 1 else (None, 0)
        act = Act(source, target, None, self.code, 0.9, ((self.code, 0.9),), "done")
        return Reading(mentions, (act,) if mentions else ())


STORY = (
    "أكد الرئيس الروسي فلاديمير بوتين أمس في موسكو أنه سيدعم طاجيكستان في حماية حدودها.\n"
    "وأضاف أن الجيش سيحمي أفغانستان من كل خطر يأتي من الخارج.\n"
)
WORDS = ("الرئيس الروسي فلاديمير بوتين", "طاجيكستان", "أفغانستان")


def coded(code: str) -> list[tuple[str, str, str]]:
    dictionary = ActorDictionary.load()
    document = Document("d", STORY, published=dt.date(2021, 7, 6), published_basis="given")
    read = extract([prepare(document)], Marked(WORDS, code), dictionary)
    frame = events.code_events(
        events.mention_rows(read), document_rows(read, ()), dictionary,
        Ontology.load("cameo"), 0.5,
    )  # fmt: skip
    rows = frame.sort("sentence_number").select("source", "source_text", "target").rows()
    return [(str(source), str(text), str(target)) for source, text, target in rows]


def test_a_left_out_subject_is_coded() -> None:
    assert coded("030") == [("RUSGOV", WORDS[0], "TJK"), ("RUSGOV", "", "AFG")]


def test_a_protest_has_its_own_crowd() -> None:
    assert coded("140") == [("RUSGOV", WORDS[0], "TJK"), ("", "", "AFG")]


def test_who_praises_somebody_is_somebody_else() -> None:
    text = "Vladimir Putin met Recep Tayyip Erdogan on Monday.\nHe praised Putin at length."
    model = Marked(["Vladimir Putin", "Recep Tayyip Erdogan", "He", "Putin"], "051")

    class Told(Marked):
        def _reading(self, text: str) -> Reading:
            words = ["He", "Putin"] if text.startswith("He") else model.words[:2]
            return Marked(words, self.code)._reading(text)

    document = Document("d", text, language="en", published=dt.date(2020, 2, 2))
    read = extract([prepare(document)], Told([], "051"), ActorDictionary.load())
    told = [(m.source_antecedent, m.target_antecedent) for m in read[0].mentions]
    assert told[-1] == ("Recep Tayyip Erdogan", "Vladimir Putin")
