"""Dated roles of people in office: the shipped table, and the recipe that makes it."""

import csv
import datetime as dt
import importlib.util
import re
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

from eventcoder.actors import ActorDictionary
from eventcoder.languages import fold
from eventcoder.resources import schema

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = "phrase,language,code,kind,name,start,end,source,id".split(",")  # noqa: SIM905

QUESTIONS = """
2003-03-01 Saddam Hussein IRQGOV
2005-01-01 Saddam Hussein IRQELI
2003-02-01 صدام حسين IRQGOV
2003-08-01 بول بريمر USAGOV
2007-01-01 نوري المالكي IRQGOV
2007-01-01 نوری المالکی IRQGOV
2016-01-01 Haider al-Abadi IRQGOV
2022-11-01 محمد شياع السوداني IRQGOV
2012-01-01 Jalal Talabani IRQGOV
2015-05-01 أبو بكر البغدادي UAF
2024-12-01 Bashar al-Assad SYRGOV
2024-12-08 بشار الأسد SYRGOV
2024-12-20 بشار اسد SYRELI
2020-01-01 Melania Trump USAELI
2020-01-01 أسماء الأسد SYRELI
2015-01-01 Bahia Hariri LBNLEG
2010-01-01 محمدجواد لاریجانی IRNJUD
2021-08-15 Mohammad Mohaqiq AFGOPP
2015-05-26 Gulmurod Khalimov TJKCOP
2015-05-27 گلمراد حلیم‌اف UAF
2000-01-01 أحمد جبريل PSEREB
2015-01-01 Umarali Quvvatov TJKOPP
2010-01-01 أردوجان TURGOV
2010-01-01 بيردمحمدوف TKMGOV
2020-01-01 Ahmad al-Sharaa SYRREB
2020-01-01 أبو محمد الجولاني SYRREB
2025-02-01 أحمد الشرع SYRGOV
2025-02-01 احمد الشرع SYRGOV
2015-06-01 Walid al-Muallem SYRGOV
2012-06-01 Riad Hijab SYRGOV
2013-06-01 Riad Hijab SYROPP
2020-01-01 حسن نصر الله LBNUAF
2017-06-01 Saad Hariri LBNGOV
2017-06-01 نبيه بري LBNLEG
2024-06-01 Joseph Aoun LBNMIL
2025-06-01 جوزيف عون LBNGOV
2003-06-01 ياسر عرفات PSEGOV
2010-01-01 محمود عباس PSEGOV
2006-06-01 إسماعيل هنية PSEGOV
2015-01-01 Ismail Haniyeh PSEREB
2023-10-10 یحیی سنوار PSEREB
2000-06-01 Ehud Barak ISRGOV
2010-01-01 Netanyahu ISRGOV
2022-01-01 بنيامين نتنياهو ISROPP
2023-01-01 بنیامین نتانیاهو ISRGOV
2008-01-01 حسني مبارك EGYGOV
2012-09-01 محمد مرسي EGYGOV
2013-08-01 محمد مرسي EGYELI
2015-01-01 عبد الفتاح السيسي EGYGOV
2018-01-01 Sameh Shoukry EGYGOV
2005-01-01 Ahmed Aboul Gheit EGYGOV
2018-01-01 أحمد أبو الغيط IGO
2010-01-01 القذافي LBYGOV
2019-05-01 خليفة حفتر LBYMIL
2009-01-01 بن علي TUNGOV
2022-01-01 قيس سعيد TUNGOV
2015-01-01 بوتفليقة DZAGOV
2020-06-01 Abdelmadjid Tebboune DZAGOV
2018-01-01 عمر البشير SDNGOV
2020-01-01 عمر البشير SDNELI
2022-01-01 حميدتي SDNGOV
2024-01-01 Hemedti SDNREB
2010-01-01 علي عبد الله صالح YEMGOV
2016-01-01 عبد الملك الحوثي YEMREB
2016-01-01 عبدربه منصور هادي YEMGOV
2010-01-01 Saud al-Faisal SAUGOV
2016-01-01 عادل الجبير SAUGOV
2018-01-01 محمد بن سلمان SAUGOV
2014-01-01 Sheikh Tamim QATGOV
2020-06-01 صباح الأحمد KWTGOV
2019-01-01 قابوس بن سعيد OMNGOV
2022-01-01 أيمن الصفدي JORGOV
2003-01-01 محمد خاتمی IRNGOV
2010-01-01 محمود احمدی‌نژاد IRNGOV
2015-01-01 حسن روحانی IRNGOV
2022-01-01 حسن روحانی IRNELI
2015-07-14 محمدجواد ظریف IRNGOV
2015-07-14 محمد جواد ظريف IRNGOV
2024-05-19 Ebrahim Raisi IRNGOV
2019-06-01 Ebrahim Raisi IRNJUD
2024-05-01 حسین امیرعبداللهیان IRNGOV
2024-08-01 Masoud Pezeshkian IRNGOV
2024-01-01 مسعود پزشکیان IRNLEG
2015-01-01 علي خامنئي IRNGOV
2026-04-01 مجتبی خامنه‌ای IRNGOV
2019-01-01 قاسم سلیمانی IRNMIL
2015-01-01 علی لاریجانی IRNLEG
2012-01-01 میرحسین موسوی IRNOPP
2002-01-01 Abdullah Gul TURELI
2016-01-01 رجب طيب إردوغان TURGOV
2016-01-01 اردوغان TURGOV
2018-01-01 مولود جاويش أوغلو TURGOV
2018-01-01 Hakan Fidan TURSPY
2024-01-01 هاکان فیدان TURGOV
2000-06-01 Mullah Omar AFGGOV
2005-01-01 ملا عمر AFGREB
2010-01-01 حامد کرزی AFGGOV
2021-08-15 Ashraf Ghani AFGGOV
2021-08-20 اشرف غنی AFGELI
2021-08-14 Hibatullah Akhundzada AFGREB
2021-08-16 هبت‌الله آخوندزاده AFGGOV
2022-01-01 أمير خان متقي AFGGOV
2020-01-01 Zabihullah Mujahid AFGREB
2019-06-01 Imran Khan PAKGOV
2023-06-01 عمران خان PAKOPP
2007-01-01 Benazir Bhutto PAKOPP
2005-01-01 برويز مشرف PAKGOV
2023-01-01 شهباز شریف PAKGOV
2003-01-01 Atal Bihari Vajpayee INDGOV
2020-01-01 ناريندرا مودي INDGOV
2024-09-01 Muhammad Yunus BGDGOV
2024-06-01 Sheikh Hasina BGDGOV
2010-01-01 إمام علي رحمان TJKGOV
2021-09-01 إمام علي رحمن TJKGOV
2021-09-01 امامعلی رحمان TJKGOV
2002-01-01 Emomali Rakhmonov TJKGOV
2015-01-01 اسلام کریموف UZBGOV
2020-02-03 شوكت ميرضيائيف UZBGOV
2018-01-01 نور سلطان نزارباييف KAZGOV
2021-01-01 قاسم جومارت توكاييف KAZGOV
2012-01-01 Kassym-Jomart Tokayev IGOUNO
2021-05-01 صدیر جباروف KGZGOV
2004-01-01 Askar Akayev KGZGOV
2010-01-01 قربانقلی بردی‌محمدوف TKMGOV
2020-10-01 إلهام علييف AZEGOV
2020-10-01 نیکول پاشینیان ARMGOV
2017-01-01 Nikol Pashinyan ARMOPP
2008-08-08 ميخائيل ساكاشفيلي GEOGOV
2016-05-01 جون كيري USAGOV
2018-05-01 جون كيري USAELI
2010-01-01 John Kerry USALEG
2020-02-01 مايك بومبيو USAGOV
2020-02-01 پمپئو USAGOV
2021-06-01 Mike Pompeo USAELI
2018-01-01 Mike Pompeo USASPY
2010-06-01 Hillary Clinton USAGOV
2006-01-01 Condoleezza Rice USAGOV
2006-01-01 دونالد رامسفيلد USAGOV
2020-01-01 Donald Trump USAGOV
2022-01-01 دونالد ترامب USAELI
2025-02-01 دونالد ترامپ USAGOV
2007-01-01 Barack Obama USALEG
2012-01-01 باراك أوباما USAGOV
2022-01-01 جو بايدن USAGOV
2025-06-01 مارکو روبیو USAGOV
2001-05-01 بوتين RUSGOV
2022-03-01 پوتین RUSGOV
2022-03-01 سيرغي لافروف RUSGOV
2021-01-01 Alexei Navalny RUSOPP
2022-01-01 شي جين بينغ CHNGOV
2022-01-01 وانغ يي CHNGOV
2015-01-01 شينزو آبي JPNGOV
2018-06-12 كيم جونغ أون PRKGOV
2018-06-12 مون جائه این KORGOV
2004-01-01 Viktor Yanukovych UKRGOV
2022-03-01 زيلينسكي UKRGOV
2022-03-01 زلنسکی UKRGOV
2016-01-01 Petro Poroshenko UKRGOV
2020-02-01 فلاديمير ماكي BLRGOV
2020-02-01 ألكسندر لوكاشينكو BLRGOV
2020-09-01 Svetlana Tikhanovskaya BLROPP
2015-01-01 Emmanuel Macron FRAGOV
2016-12-01 Emmanuel Macron FRAELI
2020-01-01 إيمانويل ماكرون FRAGOV
2003-03-01 جاك شيراك FRAGOV
2010-01-01 أنغيلا ميركل DEUGOV
2023-01-01 اولاف شولتس DEUGOV
2003-01-01 توني بلير GBRGOV
2012-01-01 Theresa May GBRGOV
2021-01-01 بوريس جونسون GBRGOV
2025-01-01 کی‌یر استارمر GBRGOV
2003-01-01 Silvio Berlusconi ITAGOV
2010-01-01 Donald Tusk POLGOV
2016-01-01 Donald Tusk IGOEEC
2026-06-01 Viktor Orban HUNOPP
2003-01-01 كوفي أنان IGOUNO
2010-01-01 بان كي مون IGOUNO
2020-01-01 أنطونيو غوتيريش IGOUNO
2000-01-01 António Guterres PRTGOV
2016-01-01 ستيفان دي ميستورا IGOUNO
2022-01-01 جوزيب بوريل IGOEEC
2018-01-01 ينس ستولتنبرغ IGONAT
2008-01-01 Jens Stoltenberg NORGOV
2015-01-01 يوكيا أمانو IGO
2022-01-01 رافائل گروسی IGO
2016-01-01 Nikolai Bordyuzha IGO
2022-01-01 Stanislav Zas IGO
2008-01-01 Hugo Chavez VENGOV
2019-06-01 Juan Guaidó VENOPP
2019-06-01 نيكولاس مادورو VENGOV
2005-01-01 Luiz Inácio Lula da Silva BRAGOV
2024-01-01 خافيير ميلي ARGGOV
2020-01-01 Justin Trudeau CANGOV
2010-01-01 Robert Mugabe ZWEGOV
2019-06-01 أبي أحمد ETHGOV
2007-01-01 Sheikh Sharif Ahmed SOMREB
2010-01-01 Sharif Sheikh Ahmed SOMGOV
2021-05-01 إدريس ديبي TCDELI
2022-01-01 Assimi Goita MLIGOV
2004-01-01 Olusegun Obasanjo NGAGOV
2015-01-01 Mahamadou Issoufou NERGOV
2018-01-01 Paul Kagame RWAGOV
2005-01-01 Helen Clark NZLGOV
2009-01-01 Kevin Rudd AUSGOV
2012-01-01 Sher Bahadur Deuba NPLELI
2003-01-01 Igor Ivanov RUSGOV
""".strip().splitlines()


# Asked of the whole dictionary: day, language, a name as the press writes it, code.
ASKED = """
2001-02-01 en Colin Powell USAGOV
2004-01-01 en Russian President Vladimir Putin RUSGOV
2006-01-01 en President Bush USAGOV
2008-01-01 en Brown GBRGOV
2009-01-01 en Bashir SDNGOV
2010-01-01 en Ban IGOUNO
2010-01-01 en Maliki IRQGOV
2012-01-01 en Rasmussen IGONAT
2014-01-01 en Hassan Rohani IRNGOV
2015-01-01 en Ahmadinejad IRNELI
2018-01-01 en David Cameron GBRELI
2018-01-01 en Aoun LBNGOV
2020-01-01 en bin Salman SAUGOV
2022-01-01 en Ebrahim Raeesi IRNGOV
2022-03-01 en former President Donald Trump USAELI
2023-01-01 en Yoon KORGOV
2023-01-01 en Serdar Berdymukhamedov TKMGOV
2024-10-01 en Mohammad Yunus BGDGOV
2025-06-01 en Aoun LBNGOV
2025-06-01 en Kallas IGOEEC
2025-06-01 en NATO Secretary General Mark Rutte IGONAT
2026-05-01 en Khamenei IRNGOV
2026-07-25 en Andy Burnham GBRGOV
2000-06-01 ar كلينتون USAGOV
2002-01-01 ar أبو عمار PSEGOV
2003-02-14 ar دومينيك دو فيلبان FRAGOV
2005-01-01 ar الجنرال مشرف PAKGOV
2006-01-01 ar جورج بوش الابن USAGOV
2008-01-01 ar العقيد القذافي LBYGOV
2010-01-01 ar علييف AZEGOV
2011-05-01 ar الأسد SYRGOV
2012-01-01 ar المشير طنطاوي EGYGOV
2014-12-01 ar محمود الصبيحي YEMGOV
2016-01-01 ar قائد السبسي TUNGOV
2017-06-01 ar الجبير SAUGOV
2020-01-01 ar تشاووش أوغلو TURGOV
2022-01-01 ar السلطان هيثم OMNGOV
2022-06-01 ar أنطونيو جوتيريش IGOUNO
2023-07-01 ar تشين جانج CHNGOV
2024-09-01 ar السنوار PSEREB
2025-02-01 ar الأسد SYRELI
2025-03-01 ar الشرع SYRGOV
2025-06-01 ar الشيخ نعيم قاسم LBNUAF
2025-11-01 ar سيباستيان لوكورنو FRAGOV
2026-05-01 ar مجتبى خامنئي IRNGOV
2002-06-01 fa علی‌اف AZEGOV
2004-01-01 fa سیدکمال خرازی IRNGOV
2004-01-01 fa عنان IGOUNO
2005-01-01 fa ژنرال مشرف PAKGOV
2008-01-01 fa سرهنگ قذافی LBYGOV
2010-01-01 fa کرزی AFGGOV
2012-01-01 fa مرکل DEUGOV
2015-06-01 fa سردار دهقان IRNGOV
2018-01-01 fa کرزی AFGELI
2018-06-01 fa سپهبد سلیمانی IRNMIL
2020-01-01 fa توقایف KAZGOV
2022-01-01 fa رئیسی IRNGOV
2022-01-01 fa سیدابراهیم رئیسی IRNGOV
2023-01-01 fa بردی‌محمدوف TKMGOV
2023-01-01 fa ملا هبت‌الله AFGGOV
2025-02-01 fa بشار اسد SYRELI
2025-06-01 fa آیت الله العظمی خامنه ای IRNGOV
2025-06-01 fa یوهان وادفول DEUGOV
2025-12-01 fa تاکایچی JPNGOV
2026-05-01 fa آیت‌الله سید مجتبی خامنه‌ای IRNGOV
""".strip().splitlines()


def the_table() -> list[dict[str, str]]:
    """Read the shipped table."""
    with schema("actors", "leaders.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


TABLE = the_table()
BY_PHRASE = defaultdict(list)
for entry in TABLE:
    BY_PHRASE[fold(entry["phrase"])].append(entry)


def holds(row: dict[str, str], day: str) -> bool:
    """Say whether a row holds on a day; both its days count."""
    return (row["start"] or "0001") <= day <= (row["end"] or "9999")


@pytest.fixture(scope="module")
def recipe() -> ModuleType:
    """Import the script, which is no package."""
    spec = importlib.util.spec_from_file_location(
        "build_leaders", ROOT / "scripts/build_leaders.py"
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_leaders"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("question", QUESTIONS)
def test_known_role_on_a_day(question: str) -> None:
    day, rest = question.split(" ", 1)
    phrase, code = rest.rsplit(" ", 1)
    found = {row["code"] for row in BY_PHRASE[fold(phrase)] if holds(row, day)}
    if code.endswith("ELI"):  # an office not yet held has no row, an office left is ELI
        assert found <= {code}
    else:
        assert found == {code}


@pytest.mark.parametrize("question", ASKED)
def test_named_as_the_press_does(question: str) -> None:
    day, language, rest = question.split(" ", 2)
    phrase, code = rest.rsplit(" ", 1)
    actor = ActorDictionary.load().resolve(phrase, language, dt.date.fromisoformat(day))
    assert actor and actor.code == code


def test_rows_are_well_formed() -> None:
    assert list(TABLE[0]) == COLUMNS
    for row in TABLE:
        assert row["phrase"] == row["phrase"].strip() != ""
        assert row["language"] in ("ar", "fa", "en")
        assert row["kind"] == "leader"
        assert re.fullmatch(r"[A-Z]{3}([A-Z]{3})?", row["code"]), row
        assert row["id"] and row["name"] and row["source"]
        for end in ("start", "end"):
            assert not row[end] or dt.date.fromisoformat(row[end])
        assert not row["start"] or not row["end"] or row["start"] <= row["end"], row


def test_script_fits_the_language() -> None:
    for row in TABLE:
        arabic = bool(re.search(r"[\u0621-\u06d3]", row["phrase"]))
        assert arabic == (row["language"] != "en"), row
        if row["language"] == "ar":
            assert not re.search("[گپچژکی]", row["phrase"]), row
        if row["language"] == "fa":
            assert not re.search("[كيى]", row["phrase"]), row


def test_one_role_and_one_person_a_name_and_day() -> None:
    """No name means two roles on one day, so no person has two either."""
    spans = defaultdict(list)
    for row in TABLE:
        key = fold(row["phrase"]), row["language"]
        spans[key].append((row["start"] or "0001", row["end"] or "9999"))
    for key, periods in spans.items():
        periods.sort()
        for (_, end), (start, _) in pairwise(periods):
            assert end < start, key


def test_every_country_has_somebody_in_office() -> None:
    """In each of the years 2001 to 2025 nearly all 193 members of the UN are known."""
    for year in range(2001, 2026):
        day = f"{year}-07-01"
        known = {
            row["code"][:3] for row in TABLE if row["code"].endswith("GOV") and holds(row, day)
        }
        assert len(known) > 190, (year, len(known))


def test_regions_have_names_in_three_scripts() -> None:
    people = defaultdict(set)
    for row in TABLE:
        if row["code"].endswith("GOV"):
            people[row["code"][:3], row["language"]].add(row["id"])
    near = "IRQ SYR LBN PSE ISR EGY LBY TUN DZA MAR SDN YEM SAU ARE QAT KWT BHR OMN JOR IRN TUR"
    far = "AFG PAK IND BGD KAZ UZB TJK KGZ TKM AZE ARM GEO RUS CHN USA GBR FRA DEU ITA ESP UKR"
    for country in f"{near} {far} BLR POL JPN KOR PRK".split():
        for language in ("ar", "fa"):
            assert len(people[country, language]) >= 3, (country, language)


def test_short_dates_mean_their_first_or_last_day(recipe: ModuleType) -> None:
    assert recipe.day("2011") == dt.date(2011, 1, 1)
    assert recipe.day("2011", last=True) == dt.date(2011, 12, 31)
    assert recipe.day("2011-02", last=True) == dt.date(2011, 2, 28)
    assert recipe.day("2011-12", last=True) == dt.date(2011, 12, 31)
    assert recipe.day("2014s") is None


def test_offices(recipe: ModuleType) -> None:
    assert recipe.office("Minister of Foreign Affairs", "jordan-ministers") == "GOV"
    assert recipe.office("Speaker of the National Assembly", "yemen") == "LEG"
    assert recipe.office("Chief of the General Staff", "turkey-ministers") == "MIL"
    assert recipe.office("ambassador to Poland", "us-cabinet") == ""
    assert recipe.office("Mayor of Tehran", "iran-ministers") == ""


def test_a_later_role_interrupts_an_earlier_one(recipe: ModuleType) -> None:
    date = dt.date
    spells = [
        recipe.Spell("IRQPTY", date(2003, 1, 1), recipe.OPEN, 0, "hand"),
        recipe.Spell("IRQGOV", date(2006, 5, 20), date(2014, 9, 8), 0, "hand"),
        recipe.Spell("IRQLEG", date(2005, 1, 1), date(2015, 1, 1), 3, "wikidata"),
    ]
    assert [(s.code, s.start.year, s.end.year) for s in recipe.timeline(spells)] == [
        ("IRQPTY", 2003, 2006),
        ("IRQGOV", 2006, 2014),
        ("IRQPTY", 2014, 9999),
    ]


def test_a_shared_name_is_his_who_rules(recipe: ModuleType) -> None:
    people = []
    for name, code, start, end in (("A", "KWTLEG", 2000, 2009), ("B", "KWTGOV", 2005, 2007)):
        person = recipe.Person(f"{name} Sabah", name)
        person.phrases["en"] = ["Sabah"]
        first, last = dt.date(start, 1, 1), dt.date(end, 12, 31)
        person.spells = [recipe.Spell(code, first, last, 0, "hand")]
        people.append(person)
    rows = [(row[2], row[5][:4], row[6][:4]) for row in recipe.rows(people)]
    assert sorted(rows, key=lambda row: row[1]) == [
        ("KWTLEG", "2000", "2004"),
        ("KWTGOV", "2005", "2007"),
        ("KWTLEG", "2008", "2009"),
        ("KWTELI", "2010", ""),
    ]


def test_no_minister_outlives_his_government(recipe: ModuleType) -> None:
    row = {"repo": "us-cabinet", "position": "Secretary of Energy"}
    assert recipe._still(row, "GOV", dt.date(2021, 1, 20)) == dt.date(2025, 1, 19)
    governor = {"repo": "us-cabinet", "position": "Governor of Ohio"}
    assert recipe._still(governor, "GOV", dt.date(2021, 1, 20)) == recipe.OPEN
    assert recipe._still({**row, "repo": "yemen"}, "GOV", dt.date(2010, 1, 1)) is None


def test_after_office_comes_the_elite(recipe: ModuleType) -> None:
    spells = [recipe.Spell("USAGOV", dt.date(2013, 2, 1), dt.date(2017, 1, 20), 0, "hand")]
    last = recipe.timeline(spells)[-1]
    assert (last.code, last.start, last.end) == ("USAELI", dt.date(2017, 1, 21), recipe.OPEN)


def test_the_hand_made_tables_make_the_shipped_rows(recipe: ModuleType) -> None:
    """A row changed by hand in the product, and not in its source, is found."""
    made = set(recipe.rows(list(recipe.hand_made(schema("actors", "sources")))))
    shipped = {(row["phrase"], row["language"], row["name"]) for row in TABLE}
    assert {(row[0], row[1], row[4]) for row in made} <= shipped


def test_a_wrong_role_is_named(recipe: ModuleType, tmp_path: Path) -> None:
    table = tmp_path / "leaders-x.csv"
    table.write_text("name|en|ar|fa|roles\nA B||||usa 2001/2002\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="wrong role"):
        list(recipe.hand_made(tmp_path))
