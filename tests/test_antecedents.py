"""Short mentions point back to their fuller form in the document."""

import datetime as dt
from collections.abc import Sequence

import pytest

from eventcoder.actors import ActorDictionary
from eventcoder.antecedents import antecedents, point_back
from eventcoder.records import Document, Mention, Sentence


@pytest.fixture(scope="module")
def actors() -> ActorDictionary:
    return ActorDictionary.load()


def marked(
    language: str, *lines: tuple[str, Sequence[str]], day: dt.date | None = None
) -> list[tuple[Sentence, list[Mention]]]:
    """Make sentences of one document with the given words marked, left to right."""
    text = " ".join(line for line, _ in lines)
    document = Document("d", text, published=day)
    made = []
    for number, (line, words) in enumerate(lines):
        sentence = Sentence(document, number, text.index(line), line, language)
        mentions, start = [], 0
        for word in words:
            start = line.index(word, start)
            mentions.append(Mention(start, start + len(word), word))
        made.append((sentence, mentions))
    return made


def codes(actors: ActorDictionary, document: list[tuple[Sentence, list[Mention]]]) -> list[str]:
    found = []
    for (sentence, mentions), pointed in zip(document, antecedents(document, actors), strict=True):
        for mention, fuller in zip(mentions, pointed, strict=True):
            actor = actors.resolve(
                mention.text, sentence.language, sentence.document.published, antecedent=fuller
            )
            found.append(actor.code if actor else "")
    return found


def test_english_names_descriptions_and_pronouns(actors: ActorDictionary) -> None:
    document = marked(
        "en",
        ("Uzbek Foreign Minister Alisher Tursunov met the Tajik president.",
         ["Uzbek Foreign Minister Alisher Tursunov", "the Tajik president"]),
        ("Tursunov said his country would reopen the border.", ["Tursunov", "his country"]),
        ("The minister left at noon.", ["The minister"]),
        ("He thanked the president.", ["He", "the president"]),
    )  # fmt: skip
    assert codes(actors, document) == [
        "UZBGOV", "TJKGOV", "UZBGOV", "UZB", "UZBGOV", "UZBGOV", "TJKGOV",
    ]  # fmt: skip


def test_arabic_names_and_his_country(actors: ActorDictionary) -> None:
    document = marked(
        "ar",
        ("استقبل الرئيس الكازاخي وزير الخارجية الأميركي مايك بومبيو.",
         ["الرئيس الكازاخي", "وزير الخارجية الأميركي مايك بومبيو"]),
        ("وقال بومبيو إن بلاده تدعم سيادة دول المنطقة.", ["بومبيو", "بلاده"]),
        ("ثم غادر الوزير العاصمة.", ["الوزير"]),
        day=dt.date(2020, 2, 2),
    )  # fmt: skip
    assert codes(actors, document) == ["KAZGOV", "USAGOV", "USAGOV", "USA", "USAGOV"]


def test_persian_pronoun_and_country(actors: ActorDictionary) -> None:
    document = marked(
        "fa",
        ("وزیر دفاع قزاقستان با سفیر ترکیه دیدار کرد.", ["وزیر دفاع قزاقستان", "سفیر ترکیه"]),
        ("سفیر از این دیدار خرسند بود و گفت کشورش آماده است.", ["سفیر", "کشورش"]),
    )
    assert codes(actors, document) == ["KAZGOV", "TURGOV", "TURGOV", "TUR"]


def test_a_title_outside_the_mentions_is_found(actors: ActorDictionary) -> None:
    document = marked(
        "en",
        ("Talks were led by Kyrgyz Interior Minister Ulan Toktobaev in Osh.", []),
        ("Toktobaev promised an inquiry.", ["Toktobaev"]),
    )
    assert codes(actors, document) == ["KGZGOV"]


def test_a_fuller_form_may_come_later(actors: ActorDictionary) -> None:
    document = marked(
        "en",
        ("Tursunov warns neighbours", ["Tursunov"]),
        ("Uzbek Foreign Minister Alisher Tursunov spoke on Monday.",
         ["Uzbek Foreign Minister Alisher Tursunov"]),
    )  # fmt: skip
    assert codes(actors, document) == ["UZBGOV", "UZBGOV"]


def test_the_group_is_the_last_group(actors: ActorDictionary) -> None:
    document = marked(
        "en",
        ("Hamas rejected the offer of Egypt.", ["Hamas", "Egypt"]),
        ("The movement wants a truce first.", ["The movement"]),
    )
    assert codes(actors, document) == ["PSEREB", "EGY", "PSEREB"]


def test_what_says_enough_points_nowhere(actors: ActorDictionary) -> None:
    document = marked(
        "en",
        ("The Iranian army and two Turkish ministers met.",
         ["The Iranian army", "two Turkish ministers"]),
        ("A minister of Iraq was there.", ["A minister of Iraq"]),
    )  # fmt: skip
    assert antecedents(document, actors) == [[None, None], [None]]


def test_nothing_to_point_to(actors: ActorDictionary) -> None:
    document = marked("en", ("He said the minister was ill.", ["He", "the minister"]))
    assert antecedents(document, actors) == [[None, None]]
    assert antecedents([], actors) == []


def test_a_pronoun_is_the_subject_of_the_sentence_before(actors: ActorDictionary) -> None:
    document = marked(
        "en",
        ("Vladimir Putin met the Tajik president and the Uzbek foreign minister in Moscow.",
         ["Vladimir Putin", "the Tajik president", "the Uzbek foreign minister"]),
        ("He promised help against the Taliban.", ["He", "the Taliban"]),
        ("They rejected the offer.", ["They"]),
        day=dt.date(2020, 2, 2),
    )  # fmt: skip
    assert codes(actors, document) == [
        "RUSGOV", "TJKGOV", "UZBGOV", "RUSGOV", "AFGREB", "AFGREB",
    ]  # fmt: skip
    document = marked(
        "fa",
        ("ولادیمیر پوتین با رئیس جمهور تاجیکستان دیدار کرد.",
         ["ولادیمیر پوتین", "رئیس جمهور تاجیکستان"]),
        ("وی از طالبان انتقاد کرد.", ["وی", "طالبان"]),
        ("آنها این سخنان را رد کردند.", ["آنها"]),
        day=dt.date(2020, 2, 2),
    )  # fmt: skip
    assert codes(actors, document) == ["RUSGOV", "TJKGOV", "RUSGOV", "AFGREB", "AFGREB"]


def test_a_left_out_subject_is_the_last_speaker(actors: ActorDictionary) -> None:
    document = marked(
        "ar",
        ("أكد الرئيس الروسي فلاديمير بوتين للرئيس الطاجيكي دعم موسكو.",
         ["الرئيس الروسي فلاديمير بوتين", "للرئيس الطاجيكي", "موسكو"]),
        ("وأضاف أن بلاده ستساعد طاجيكستان.", ["بلاده", "طاجيكستان"]),
        ("وتابع: «ندعم القوات المسلحة الطاجيكية».", ["القوات المسلحة الطاجيكية"]),
        ("ودعا إلى وقف القتال في أفغانستان.", ["أفغانستان"]),
        ("وقال لافروف إن الاتفاق وقع.", ["لافروف"]),
        ("وقال بوتين إن الاتفاق وقع.", ["بوتين"]),
        ("التقى الرئيس الطاجيكي أمس.", ["الرئيس الطاجيكي"]),
        day=dt.date(2021, 7, 6),
    )  # fmt: skip
    speaker = "الرئيس الروسي فلاديمير بوتين"
    assert point_back(document, actors).subjects == [
        None, speaker, speaker, speaker, None, None, None,
    ]  # fmt: skip


def test_no_subject_is_made_up(actors: ActorDictionary) -> None:
    document = marked(
        "ar",
        ("وأضاف أن القتال مستمر.", []),
        ("ارتفعت الأسعار في إيران.", ["إيران"]),
        ("وأضاف أن القتال مستمر.", []),
    )
    assert point_back(document, actors).subjects == [None, None, None]


def test_who_speaks_is_nobody_of_the_quotation(actors: ActorDictionary) -> None:
    document = marked(
        "en",
        ("Angela Merkel spoke in Berlin.", ["Angela Merkel"]),
        ('"I worry about what Donald Trump does to Europe," she said.', ["Donald Trump", "she"]),
        ('"Vladimir Putin has to answer," Merkel told reporters.', ["Vladimir Putin", "Merkel"]),
        ("She named nobody else.", ["She"]),
        day=dt.date(2018, 9, 30),
    )  # fmt: skip
    assert codes(actors, document) == [
        "DEUGOV", "USAGOV", "DEUGOV", "RUSGOV", "DEUGOV", "DEUGOV",
    ]  # fmt: skip


def test_him_is_not_who_does_it_to_him(actors: ActorDictionary) -> None:
    document = marked(
        "en",
        ("Vladimir Putin arrived in Ankara.", ["Vladimir Putin"]),
        ("Recep Tayyip Erdogan thanked him.", ["Recep Tayyip Erdogan", "him"]),
        day=dt.date(2020, 2, 2),
    )
    assert codes(actors, document) == ["RUSGOV", "TURGOV", "RUSGOV"]


def test_others_are_told_for_a_pronoun_alone(actors: ActorDictionary) -> None:
    document = marked(
        "en",
        ("Vladimir Putin met Recep Tayyip Erdogan.", ["Vladimir Putin", "Recep Tayyip Erdogan"]),
        ("He thanked Putin.", ["He", "Putin"]),
        day=dt.date(2020, 2, 2),
    )
    pointers = point_back(document, actors)
    assert pointers.fuller[1] == ["Vladimir Putin", "Vladimir Putin"]
    assert pointers.others == [[(), ()], [("Recep Tayyip Erdogan",), ()]]


def test_who_is_against_a_leader_is_no_longer_name_of_his(actors: ActorDictionary) -> None:
    line = "Hundreds of anti-Erdogan protesters condemned Erdogan for what he did."
    words = ["Hundreds of anti-Erdogan protesters", "Erdogan"]
    document = marked("en", (line, words), day=dt.date(2018, 9, 29))
    assert codes(actors, document) == ["TURCVL", "TURGOV"]


def test_the_kingdom_is_the_last_kingdom_named(actors: ActorDictionary) -> None:
    visit = marked(
        "ar",
        ("زار وزير الخارجية الأردني باريس والتقى وزير الخارجية الفرنسي.",
         ["وزير الخارجية الأردني", "وزير الخارجية الفرنسي"]),
        ("وقال السفير إن المملكة ترحب بذلك.", ["السفير", "المملكة"]),
    )  # fmt: skip
    assert codes(actors, visit)[-1] == "JOR"
    thanks = marked("ar", ("شكر السفير الباكستاني السعودية.", ["السفير الباكستاني", "السعودية"]),
                    ("وأعرب عن شكر بلاده للمملكة.", ["للمملكة"]))  # fmt: skip
    assert codes(actors, thanks)[-1] == "SAU"
    line = "دافعت تيريزا ماي عن علاقة بريطانيا بالمملكة خلال زيارة ولي العهد"
    alone = actors.resolve("المملكة", "ar", None, context=line)
    assert alone is not None and alone.code == "SAU"  # Britain is none in Arabic
    line = "Talks in Amman: the kingdom will host Thailand."
    first = actors.resolve("the kingdom", "en", None, context=line)
    assert first is not None and first.code == "JOR"


def test_a_description_with_a_clause_of_its_own_points_at_nobody(actors: ActorDictionary) -> None:
    guards = ("سپاه پاسداران هشدار داد.", ["سپاه پاسداران"])
    own = marked(
        "fa", guards, ("گروه که قصد خرابکاری دارند بدانند.", ["گروه که قصد خرابکاری دارند"])
    )
    assert "IRNMIL" not in codes(actors, own)[1:]
    same = marked("fa", guards, ("این گروه ادامه داد.", ["این گروه"]))
    assert codes(actors, same)[1:] == ["IRNMIL"]


@pytest.mark.parametrize(
    ("language", "line", "words"),
    [("en", "Hugo Chavez recalled his country's ambassador from Israel.",
      ["Hugo Chavez", "his country's ambassador", "Israel"]),
     ("ar", "استدعى هوغو تشافيز سفير بلاده من إسرائيل.", ["هوغو تشافيز", "سفير بلاده", "إسرائيل"]),
     ("fa", "هوگو چاوز سفیر کشورش را از اسرائیل فراخواند.",
      ["هوگو چاوز", "سفیر کشورش", "اسرائیل"])],
)  # fmt: skip
def test_his_countrys_ambassador_is_of_who_speaks(
    actors: ActorDictionary, language: str, line: str, words: list[str]
) -> None:
    document = marked(language, (line, words), day=dt.date(2006, 8, 5))
    assert codes(actors, document) == ["VENGOV", "VENGOV", "ISR"]


def test_who_is_known_by_name_takes_no_title_of_others(actors: ActorDictionary) -> None:
    line = "القاعدة تدعو أميركا والعالم الغربي لاعتناق الإسلام أيمن الظواهري يقول إن الحرب طويلة."
    assert codes(actors, marked("ar", (line, ["أيمن الظواهري"]))) == ["UAF"]
