"""Organisations, groups, parties, peoples and institutions: complete, well formed, dated."""

import datetime as dt
import importlib.util
import json
import os
import re
from collections import Counter, defaultdict
from itertools import combinations, pairwise
from pathlib import Path
from types import ModuleType

import pytest

from eventcoder.actor_tables import Row, read_table
from eventcoder.actors import ActorDictionary
from eventcoder.countries import is_country
from eventcoder.languages import SUPPORTED, fold_with_offsets
from eventcoder.resources import schema

TABLES = ("organisations", "groups", "parties", "ethnic", "institutions")
INTERNATIONAL = {"IGO", "NGO", "INT", "MNC", "UAF"}
REGIONS = {"AFR", "ASA", "EUR", "MEA", "SUN"}
ROLES = set(re.findall("...", "GOVMILCOPJUDLEGOPPPTYREBSEPUAFSPYMEDBUSCVLEDULABREFELICRMNGOMNC"))
UNION = {"IGOUNO", "IGOEEC", "IGONAT"}
LACKING = 0.03  # the share of entries that may lack a language


@pytest.fixture(scope="module")
def tables() -> dict[str, list[Row]]:
    return {name: read_table(schema("actors", f"{name}.csv")) for name in TABLES}


@pytest.fixture(scope="module")
def rows(tables: dict[str, list[Row]]) -> list[Row]:
    return [row for table in tables.values() for row in table]


@pytest.fixture(scope="module")
def actors() -> ActorDictionary:
    return ActorDictionary.load()


@pytest.fixture(scope="module")
def coverage() -> ModuleType:
    path = Path(__file__).parents[1] / "scripts" / "coverage_actors.py"
    spec = importlib.util.spec_from_file_location("coverage_actors", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def names(rows: list[Row], code: str) -> set[str]:
    return {row.name for row in rows if re.match(code, row.code)}


def test_enough_names(tables: dict[str, list[Row]]) -> None:
    assert len(names(tables["organisations"], "IGO")) >= 120
    assert len(names(tables["organisations"], "(...)?NGO")) >= 60
    assert len(names(tables["groups"], "")) >= 200
    assert len(names(tables["parties"], "")) >= 450
    assert len({row.code[:3] for row in tables["parties"]}) >= 80
    assert len(names(tables["ethnic"], "")) >= 130
    institutions = tables["institutions"]
    assert len(names(institutions, "...MED")) >= 350
    assert len(names(institutions, "...BUS")) >= 450
    assert len(names(institutions, "...LEG")) >= 60
    assert len(names(institutions, "...SPY")) >= 30


def test_codes_are_well_formed(rows: list[Row]) -> None:
    for row in rows:
        country, role = row.code[:3], row.code[3:]
        if row.code in UNION:
            continue
        if not role:
            assert country in INTERNATIONAL | {"CVL", "LAB"}, row
            continue
        assert role in ROLES, row
        assert country in INTERNATIONAL | REGIONS or is_country(country), row


def test_phrases_are_clean(rows: list[Row]) -> None:
    arabic = re.compile("[\u0600-\u06ff]")
    for row in rows:
        assert row.phrase == " ".join(row.phrase.split()), row
        assert bool(arabic.search(row.phrase)) == (row.language != "en"), row
        assert row.name and row.id and row.source, row
        assert not row.start or not row.end or row.start <= row.end, row
    assert len(set(rows)) == len(rows)


def test_three_languages(tables: dict[str, list[Row]]) -> None:
    for table in ("organisations", "groups", "parties", "ethnic"):
        languages: defaultdict[str, set[str]] = defaultdict(set)
        for row in tables[table]:
            languages[row.id].add(row.language)
        lacking = [name for name, found in languages.items() if len(found) < len(SUPPORTED)]
        assert len(lacking) <= LACKING * len(languages), lacking


def test_one_code_a_day(rows: list[Row]) -> None:
    by_phrase: defaultdict[tuple[str, str, bool], list[Row]] = defaultdict(list)
    for row in rows:
        folded = fold_with_offsets(row.phrase)[0]
        # "US" and "us" differ in English, and "WHO" is no "Who"
        by_phrase[folded, row.language, row.phrase.isupper()].append(row)
    for same in by_phrase.values():
        for one, other in combinations(same, 2):
            apart = bool(one.end and one.end < other.start) or bool(
                other.end and other.end < one.start
            )
            assert apart or one.code == other.code, (one, other)


def test_switches_have_no_hole(rows: list[Row]) -> None:
    spans: defaultdict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row.start or row.end:
            spans[row.phrase, row.language, row.id].append(row)
    for dated in spans.values():
        dated.sort(key=lambda row: row.start)
        for before, after in pairwise(dated):
            end = dt.date.fromisoformat(before.end)
            assert (end + dt.timedelta(days=1)).isoformat() == after.start, (before, after)


@pytest.mark.parametrize(
    ("phrase", "language", "day", "code"),
    [
        ("Taliban", "en", "2021-08-14", "AFGREB"),
        ("Taliban", "en", "2021-08-15", "AFGGOV"),
        ("طالبان", "fa", "2010-01-01", "AFGREB"),
        ("حركة طالبان", "ar", "2023-01-01", "AFGGOV"),
        ("هيئة تحرير الشام", "ar", "2024-12-07", "SYRREB"),
        ("هيئة تحرير الشام", "ar", "2024-12-08", "SYRGOV"),
        ("Rapid Support Forces", "en", "2023-04-14", "SDNMIL"),
        ("قوات الدعم السريع", "ar", "2023-04-15", "SDNREB"),
        ("FARC", "en", "2016-11-23", "COLREB"),
        ("Labour Party", "en", "2010-05-10", "GBRPTY"),
        ("Labour Party", "en", "2015-01-01", "GBROPP"),
        ("Labour Party", "en", "2024-07-05", "GBRPTY"),
        ("حزب النهضة الإسلامية", "ar", "2014-01-01", "TJKPTY"),
        ("Islamic Renaissance Party of Tajikistan", "en", "2016-01-01", "TJKOPP"),
        ("الإخوان المسلمين", "ar", "2013-01-01", "EGYPTY"),
        ("الإخوان المسلمين", "ar", "2013-08-14", "EGYOPP"),
        ("تحریک انصاف", "fa", "2020-01-01", "PAKPTY"),
        ("تحریک انصاف", "fa", "2023-05-09", "PAKOPP"),
        ("Awami League", "en", "2024-08-06", "BGDOPP"),
    ],
)
def test_roles_change_on_the_day(
    actors: ActorDictionary, phrase: str, language: str, day: str, code: str
) -> None:
    actor = actors.resolve(phrase, language, dt.date.fromisoformat(day))
    assert actor
    assert actor.code == code


@pytest.mark.parametrize(
    ("phrase", "language", "code"),
    [
        ("the Security Council", "en", "IGOUNO"),
        ("یونیفل", "fa", "IGOUNO"),
        ("المفوضية الأوروبية", "ar", "IGOEEC"),
        ("Nato", "en", "IGONAT"),
        ("الجامعة العربية", "ar", "IGO"),
        ("Médecins Sans Frontières", "en", "NGO"),
        ("داعش", "fa", "UAF"),
        ("Hezbollah fighters", "en", "LBNUAF"),
        ("أنصار الله", "ar", "YEMREB"),
        ("الحشد الشعبي", "ar", "IRQMIL"),
        ("Donetsk People's Republic", "en", "UKRSEP"),
        ("الكنيست", "ar", "ISRLEG"),
        ("رئيس الموساد", "ar", "ISRSPY"),
        ("the Duma", "en", "RUSLEG"),
        ("رئیس مجلس شورای اسلامی", "fa", "IRNLEG"),
        ("الحرس الثوري", "ar", "IRNMIL"),
        ("شورای نگهبان", "fa", "IRNGOV"),
        ("بالكونغرس", "ar", "USALEG"),
        ("Reuters", "en", "GBRMED"),
        ("خبرگزاری فارس", "fa", "IRNMED"),
        ("قناة الجزيرة", "ar", "QATMED"),
        ("Gazprom", "en", "RUSBUS"),
        ("أرامكو السعودية", "ar", "SAUBUS"),
        ("شرکت هوآوی", "fa", "CHNBUS"),
        ("Airbus", "en", "MNC"),
        ("Uighur Muslims", "en", "CHNCVL"),
        ("الروهينغا", "ar", "MMRCVL"),
        ("Iraqi Kurds", "en", "IRQCVL"),
        ("شیعیان بحرین", "fa", "BHRCVL"),
        ("Indian parliament", "en", "INDLEG"),
        ("مجلس نمایندگان لیبی", "fa", "LBYLEG"),
    ],
)
def test_known_names(actors: ActorDictionary, phrase: str, language: str, code: str) -> None:
    actor = actors.resolve(phrase, language, dt.date(2019, 3, 1))
    assert actor
    assert actor.code == code


def test_an_institution_yields_to_the_named_country(actors: ActorDictionary) -> None:
    day = dt.date(2019, 3, 1)
    for phrase, code in (
        ("the Peruvian Congress", "PERLEG"),
        ("Canada's Conservative Party", "CANOPP"),
        ("the Italian Democratic Party", "ITAOPP"),
    ):
        actor = actors.resolve(phrase, "en", day)
        assert actor
        assert actor.code == code, phrase


def test_each_company_has_its_own_name(actors: ActorDictionary) -> None:
    for phrase, language, name in (
        ("غوغل", "ar", "Google"),
        ("مایکروسافت", "fa", "Microsoft"),
        ("رویترز", "fa", "Reuters"),
        ("وكالة الأناضول", "ar", "Anadolu Agency"),
    ):
        actor = actors.resolve(phrase, language, None)
        assert actor
        assert actor.name == name


def test_coverage_report(
    tables: dict[str, list[Row]], coverage: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    parties = tables["parties"]
    kinds = coverage.by_kind(parties)
    assert set(kinds) == {("parties", "party")}
    assert kinds["parties", "party"]["entries"] == len({row.id for row in parties})
    countries = coverage.by_country(parties)
    assert countries["IRQ"]["parties"] == len(
        {row.id for row in parties if row.code.startswith("IRQ")}
    )
    row = parties[0]._replace(name="only English", language="en")
    assert coverage.gaps([row]) == [("parties", "only English", "ar fa")]
    assert coverage.gaps([row._replace(language="*")]) == []
    coverage._print("kind", {"party": Counter(entries=3)}, ("entries",))
    assert capsys.readouterr().out.splitlines()[1].split() == ["party", "3"]


@pytest.mark.parametrize(
    ("language", "phrase", "day", "code"),
    [
        ("ar", "شرطة الاحتلال", "2020-01-01", "ISRCOP"), ("ar", "الكابينت", "2020-01-01", "ISRGOV"),
        ("ar", "خادم الحرمين الشريفين", "2020-01-01", "SAUGOV"),
        ("ar", "الدولة الإسلامية", "2015-01-01", "UAF"), ("fa", "دادگاه لاهه", "2015-01-01", "IGO"),
        ("fa", "هیئت تحریر شام", "2024-12-07", "SYRREB"),
        ("fa", "هیئت تحریر شام", "2024-12-08", "SYRGOV"),
        ("ar", "بابا الفاتيكان", "2020-01-01", "VATGOV"),
        ("ar", "مجلس النواب الأميركي", "2020-01-01", "USALEG"),
        ("en", "nine US attorneys", "2020-01-01", "USAJUD"),
        ("ar", "القبائل", "2020-01-01", "CVL"), ("en", "Beit-e Rahbari", "2020-01-01", "IRNGOV"),
    ],
)  # fmt: skip
def test_names_that_were_lost(
    actors: ActorDictionary, language: str, phrase: str, day: str, code: str
) -> None:
    found = actors.resolve(phrase, language, dt.date.fromisoformat(day))
    assert found is not None
    assert found.code == code


def test_real_mentions_are_found(actors: ActorDictionary) -> None:
    shared = os.environ.get("EVENTCODER_SHARED")
    if not shared:
        pytest.skip("EVENTCODER_SHARED is not set")
    found = asked = 0
    for path in sorted(Path(shared, "data", "events").glob("*_*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            for actor in item.get("actors", []):
                if actor["code"][3:6] in {"MED", "PTY", "LEG", "SPY"}:
                    asked += 1
                    got = actors.resolve(actor["text"], item["lang"], None, context=item["text"])
                    found += got is not None and got.code[3:6] == actor["code"][3:6]
    assert asked > 300
    assert found / asked > 0.7
