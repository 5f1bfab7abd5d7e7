"""Words for two at once ("both sides", "البلدان", «دو کشور») and whom they stand for."""

import datetime as dt

import pytest

from eventcoder import events
from eventcoder.actors import ActorDictionary
from eventcoder.coder import document_rows
from eventcoder.duals import are_states, duals, each_other, is_dual, leans, of_states
from eventcoder.extraction import extract, prepare
from eventcoder.ontology import Ontology
from eventcoder.records import Act, Document, Mention, Reading, Sentence
from eventcoder.sides import sides


@pytest.fixture(scope="module")
def actors() -> ActorDictionary:
    return ActorDictionary.load()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The two sides told both countries' envoys.", ["The two sides", "both countries"]),
        ("Both foreign ministers left; two ministers stayed.", ["Both foreign ministers"]),
        ("On both sides of the river the two men fished.", []),
        ("ووقع الجانبان اتفاقا بين البلدين.", ["الجانبان", "البلدين"]),
        ("ودعا الطرفين إلى التهدئة، وشكر للدولتين جهودهما.", ["الطرفين", "للدولتين"]),
        ("والتقى وزيرا الخارجية.", ["وزيرا الخارجية"]),
        ("واستقبل المسؤولين في البلدان العربية.", []),
        ("طرفین و هر دو کشور", ["طرفین", "هر دو کشور"]),
        ("دو وزیر خارجه دیدار کردند.", ["دو وزیر خارجه"]),
        ("دو كشور", ["دو كشور"]),
        ("دو کشور آفریقایی و دو نفر", []),
    ],
)
def test_words_for_two_are_found(text: str, found: list[str]) -> None:
    assert [text[a:b] for a, b in duals(text)] == found


def test_a_mention_that_ends_in_such_words_is_one_too() -> None:
    text = "Police of both countries met officers of Iran."
    assert is_dual(text, 0, text.index(" met"))
    assert not is_dual(text, text.index("officers"), len(text) - 1)


@pytest.mark.parametrize(
    ("phrase", "states"),
    [("Both countries", True), ("the two presidents", False), ("police of both countries", False),
     ("بلدين", True), ("الرئيسان", False), ("قوات البلدين", False), ("دو کشور", True),
     ("طرفین", False), ("رهبران دو کشور", False)],
)  # fmt: skip
def test_states_themselves_or_who_acts_for_them(phrase: str, states: bool) -> None:
    assert are_states(phrase) is states


@pytest.mark.parametrize(
    ("phrase", "of_two_states"),
    [("both countries", True), ("The two governments", True), ("forces of the two countries", True),
     ("both sides", False), ("the two leaders", False), ("قوات البلدين", True), ("الجيشان", True),
     ("الطرفين", False), ("نیروهای دو کشور", True), ("دو ارتش", True), ("دو طرف", False)],
)  # fmt: skip
def test_what_only_states_are_or_have(phrase: str, of_two_states: bool) -> None:
    assert of_states(phrase) is of_two_states


def test_words_for_each_other() -> None:
    assert each_other("They accused one another.") and each_other("وتبادل الطرفان الاتهامات")
    assert each_other("یکدیگر را متهم کردند") and not each_other("Both accused Iran.")


def act(source: int | None, target: int | None, code: str = "040", sure: float = 0.9) -> Act:
    return Act(source, target, None, code, sure, ((code, sure),), "done")


Line = tuple[str, list[str], list[Act]]


def two(actors: ActorDictionary, *lines: Line, language: str = "en") -> list[object]:
    """Return what the last mention stands for, after lines of (text, mentions, acts)."""
    text = " ".join(line for line, *_ in lines)
    document = Document("d", text, published=dt.date(2024, 5, 2))
    told = []
    for number, (line, words, acts) in enumerate(lines):
        mentions = [Mention(line.index(w), line.index(w) + len(w), w) for w in words]
        told.append((Sentence(document, number, text.index(line), line, language), mentions, acts))
    nothing = [[None] * len(mentions) for _, mentions, _ in told]
    return list(sides(told, nothing, actors)[-1])


LAST: Line = ("The two sides signed a deal.", ["The two sides"], [act(0, 0, "057")])


def test_the_ends_of_the_surest_act_are_meant(actors: ActorDictionary) -> None:
    line = "In London Iran's minister met the Iraqi envoy, and France welcomed it."
    words = ["London", "Iran's minister", "the Iraqi envoy", "France"]
    pair = ("Iran's minister", "the Iraqi envoy")
    assert two(actors, (line, words, [act(1, 2)]), LAST) == [pair]
    assert two(actors, (line, words, [act(3, 2, sure=0.3), act(1, 2)]), LAST) == [pair]
    assert two(actors, (line, words, [act(1, 2, sure=0.06)]), LAST) == [None]  # three are named


def test_or_the_only_two_states_of_a_sentence_before(actors: ActorDictionary) -> None:
    line = ("Relations of Armenia and Azerbaijan were bad in Geneva.",
            ["Armenia", "Azerbaijan", "Geneva"], [])  # fmt: skip
    rain = ("It rained.", list[str](), list[Act]())
    assert two(actors, line, rain, rain, LAST) == [("Armenia", "Azerbaijan")]
    assert two(actors, line, rain, rain, rain, LAST) == [None]
    assert two(actors, rain, LAST) == [None]


def test_who_does_something_to_both_is_none_of_them(actors: ActorDictionary) -> None:
    first = ("India met Pakistan.", ["India", "Pakistan"], [act(0, 1)])
    called = ("China and Russia called on both sides to talk.", ["China", "Russia", "both sides"],
              [act(0, 2, "026"), act(1, 2, "026")])  # fmt: skip
    assert two(actors, first, called)[2] == ("India", "Pakistan")
    assert two(actors, called)[2] is None


def test_two_of_one_state_are_no_two_sides(actors: ActorDictionary) -> None:
    police = ("Iran's president criticised the Iranian police.",
              ["Iran's president", "the Iranian police"], [act(0, 1, "111")])  # fmt: skip
    assert two(actors, police, LAST) == [None]
    rebels = ("Sudan's army fought the Rapid Support Forces.",
              ["Sudan's army", "the Rapid Support Forces"], [act(0, 1, "190")])  # fmt: skip
    assert two(actors, rebels, LAST) == [("Sudan's army", "the Rapid Support Forces")]


def test_an_organisation_is_no_country(actors: ActorDictionary) -> None:
    meeting = ("The United Nations welcomed Iran.", ["The United Nations", "Iran"], [act(0, 1)])
    states: Line = ("Both countries agreed.", ["Both countries"], [act(0, 0, "030")])
    governments: Line = ("Both governments agreed.", ["Both governments"], [act(0, 0, "030")])
    assert two(actors, meeting, states) == [None] == two(actors, meeting, governments)
    assert two(actors, meeting, LAST) == [("The United Nations", "Iran")]


@pytest.mark.parametrize(
    ("text", "leaning"),
    [("وزيرا خارجية ", True), ("قوات ", True), ("وزیران خارجه ", True), ("نیروهای مرزی ", True),
     ("The foreign ministers of ", True), ("واشنطن ", False), ("ایران ", False),
     ("چین و ترکیه ", False), ("The president of ", False)],
)  # fmt: skip
def test_a_role_leans_on_words_for_two(text: str, leaning: bool) -> None:
    assert leans(text) is leaning


def test_what_both_sides_were_they_remain(actors: ActorDictionary) -> None:
    first = ("Armenia met Azerbaijan.", ["Armenia", "Azerbaijan"], [act(0, 1)])
    more = [("Both countries agreed.", ["Both countries"], [act(0, 0, "030")])] * 4
    assert two(actors, first, *more, LAST) == [("Armenia", "Azerbaijan")]


class Told:
    """A model that has read given sentences."""

    def __init__(self, readings: dict[str, tuple[list[str], Act]]) -> None:
        self.readings = readings

    def read(self, texts: list[str]) -> list[Reading]:
        return [self._reading(text) for text in texts]

    def confidence(self, act: Act, open_source: bool, open_target: bool) -> float:
        return 0.9

    def _reading(self, text: str) -> Reading:
        words, done = self.readings[text]
        return Reading(tuple(Mention(text.index(w), text.index(w) + len(w), w) for w in words),
                       (done,))  # fmt: skip


STORIES = {
    "en": {
        "Sudan's army met the Rapid Support Forces.":
            (["Sudan's army", "the Rapid Support Forces"], act(0, 1, "046")),
        "Both sides accused each other.": (["Both sides"], act(0, 0, "112")),
        "The United Nations urged both sides to talk.":
            (["The United Nations", "both sides"], act(0, 1, "026")),
        "The two sides will meet again.": (["two sides"], act(0, 0, "040")),
    },
    "ar": {
        "التقى الرئيس المصري نظيره الفرنسي.": (["الرئيس المصري", "نظيره الفرنسي"], act(0, 1)),
        "وانتقد البلدان تركيا.": (["البلدان", "تركيا"], act(0, 1, "111")),
        "واشتبكت قوات البلدين.": (["قوات البلدين"], act(0, 0, "190")),
    },
    "fa": {
        "ایران با عراق گفتگو کرد.": (["ایران", "عراق"], act(0, 1)),
        "دو کشور یکدیگر را تهدید کردند.": (["دو کشور"], act(None, 0, "130")),
    },
}  # fmt: skip
CODED = {
    "en": [("SDNMIL", "046", "SDNREB"), ("SDNMIL", "112", "SDNREB"), ("SDNREB", "112", "SDNMIL"),
           ("IGOUNO", "026", "SDNMIL"), ("IGOUNO", "026", "SDNREB"), ("SDNMIL", "040", "SDNREB")],
    "ar": [("EGYGOV", "040", "FRAGOV"), ("EGY", "111", "TUR"), ("FRA", "111", "TUR"),
           ("EGYMIL", "190", "FRAMIL")],
    "fa": [("IRN", "040", "IRQ"), ("IRN", "130", "IRQ"), ("IRQ", "130", "IRN")],
}  # fmt: skip


@pytest.mark.parametrize("language", STORIES)
def test_acts_of_both_and_toward_both_are_coded(language: str, actors: ActorDictionary) -> None:
    story = STORIES[language]
    document = Document("d", "\n".join(story), published=dt.date(2024, 5, 2), language=language)
    read = extract([prepare(document)], Told(story), actors)
    frame = events.code_events(
        events.mention_rows(read), document_rows(read, ()), actors, Ontology.load("cameo"), 0.5
    )
    kept = frame.filter(frame["dropped"].is_null()).sort("sentence_number", "source", "target")
    assert kept.select("source", "event_code", "target").rows() == CODED[language]


def test_both_sides_of_nobody_named_stay_unnamed(actors: ActorDictionary) -> None:
    story = {"The two sides signed a deal.": (["The two sides"], act(0, 0, "057"))}
    read = extract([prepare(Document("d", *story))], Told(story), actors)
    frame = events.code_events(
        events.mention_rows(read), document_rows(read, ()), actors, Ontology.load("cameo"), 0.5
    )
    assert frame.select("source", "target", "dropped").rows() == [("UIS", "UIS", "self dyad")]
