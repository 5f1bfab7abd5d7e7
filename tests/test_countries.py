"""The country tables are complete and consistent; the keys change on the right day."""

import csv
import datetime as dt
import importlib.util
import os
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

from eventcoder.countries import is_country, keys, to_cow, to_gw
from eventcoder.languages import fold_with_offsets
from eventcoder.resources import schema

TABLES = ("countries", "nationalities", "places", "regions")
COLUMNS = ["phrase", "language", "code", "kind", "name", "start", "end", "source", "id"]
KINDS = {"country", "nationality", "capital", "seat", "city", "region"}
UN_MEMBERS_TEXT = (
    "AFG AGO ALB AND ARE ARG ARM ATG AUS AUT AZE BDI BEL BEN BFA BGD BGR BHR BHS BIH BLR BLZ BOL "
    "BRA BRB BRN BTN BWA CAF CAN CHE CHL CHN CIV CMR COD COG COL COM CPV CRI CUB CYP CZE DEU DJI "
    "DMA DNK DOM DZA ECU EGY ERI ESP EST ETH FIN FJI FRA FSM GAB GBR GEO GHA GIN GMB GNB GNQ GRC "
    "GRD GTM GUY HND HRV HTI HUN IDN IND IRL IRN IRQ ISL ISR ITA JAM JOR JPN KAZ KEN KGZ KHM KIR "
    "KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAR MCO MDA MDG MDV MEX MHL MKD MLI "
    "MLT MMR MNE MNG MOZ MRT MUS MWI MYS NAM NER NGA NIC NLD NOR NPL NRU NZL OMN PAK PAN PER PHL "
    "PLW PNG POL PRK PRT PRY QAT ROU RUS RWA SAU SDN SEN SGP SLB SLE SLV SMR SOM SRB SSD STP SUR "
    "SVK SVN SWE SWZ SYC SYR TCD TGO THA TJK TKM TLS TON TTO TUN TUR TUV TZA UGA UKR URY USA UZB "
    "VCT VEN VNM VUT WSM YEM ZAF ZMB ZWE "
)
UN_MEMBERS = UN_MEMBERS_TEXT.split()


def read(name: str) -> list[dict[str, str]]:
    with schema("actors", f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def folded(phrase: str) -> str:
    return " ".join(fold_with_offsets(phrase)[0].split())


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return [row for name in TABLES for row in read(name)]


@pytest.fixture(scope="module")
def ambiguous() -> set[tuple[str, str, str]]:
    return {(folded(row["phrase"]), row["language"], row["code"]) for row in read("ambiguous")}


def test_un_members_are_complete(rows: list[dict[str, str]]) -> None:
    assert len(set(UN_MEMBERS)) == 193
    have = {(row["kind"], row["code"], row["language"]) for row in rows}
    wanted = {
        (kind, code, language)
        for iso3 in UN_MEMBERS
        for kind, code in (("country", iso3), ("nationality", iso3), ("capital", f"{iso3}GOV"))
        for language in ("ar", "fa", "en")
    }
    assert sorted(wanted - have) == []


def test_rows_are_well_formed(rows: list[dict[str, str]]) -> None:
    for row in rows:
        assert list(row) == COLUMNS
        assert row["phrase"] == row["phrase"].strip()
        assert folded(row["phrase"]), row
        assert row["language"] in {"ar", "fa", "en"}
        assert row["kind"] in KINDS
        assert row["name"] and row["source"] and row["id"]
        for day in (row["start"], row["end"]):
            assert not day or dt.date.fromisoformat(day)
        if row["kind"] in {"country", "nationality", "capital", "seat", "city"}:
            assert is_country(row["code"][:3]) or row["code"] == "IGOEEC", row


def test_a_phrase_has_one_code_or_is_listed_as_ambiguous(
    rows: list[dict[str, str]], ambiguous: set[tuple[str, str, str]]
) -> None:
    spells = defaultdict(list)
    for row in rows:
        spells[folded(row["phrase"]), row["language"]].append(row)
    for (phrase, language), found in spells.items():
        days = {row["start"] for row in found} | {row["end"] for row in found} | {"2020-01-01"}
        for day in days - {""}:
            codes = {
                row["code"] for row in found if row["start"] <= day <= (row["end"] or "9999-12-31")
            }
            listed = {code for code in codes if (phrase, language, code) in ambiguous}
            assert len(codes) <= 1 or len(codes - listed) <= 1, (phrase, language, codes)


def test_ambiguous_rows_are_of_the_tables(
    rows: list[dict[str, str]], ambiguous: set[tuple[str, str, str]]
) -> None:
    named = [*rows, *read("institutions"), *read("groups")]
    known = {(folded(row["phrase"]), row["language"], row["code"]) for row in named}
    assert sorted(ambiguous - known) == []


def test_an_id_is_one_code(rows: list[dict[str, str]]) -> None:
    codes = defaultdict(set)
    for row in rows:
        codes[row["id"]].add(row["code"])
    assert not {identity: found for identity, found in codes.items() if len(found) > 1}


@pytest.mark.parametrize(
    ("phrase", "language", "code"),
    [
        ("الولايات المتحدة الأميركية", "ar", "USA"),
        ("اميركا", "ar", "USA"),
        ("أميركيين", "ar", "USA"),
        ("قيرغيزيا", "ar", "KGZ"),
        ("روسيا البيضاء", "ar", "BLR"),
        ("طاجيكية", "ar", "TJK"),
        ("أتراك", "ar", "TUR"),
        ("كوريون شماليون", "ar", "PRK"),
        ("كورية الشمالية", "ar", "PRK"),
        ("البيت الأبيض", "ar", "USAGOV"),
        ("قصر بعبدا", "ar", "LBNGOV"),
        ("دول آسيا الوسطى", "ar", "CAS"),
        ("دوشنبه", "fa", "TJKGOV"),
        ("آمریکایی‌ها", "fa", "USA"),
        ("افغان‌های", "fa", "AFG"),
        ("قرقیزستانی", "fa", "KGZ"),
        ("کاخ سفید", "fa", "USAGOV"),
        ("کشورهای آسیای مرکزی", "fa", "CAS"),
        ("رژیم صهیونیستی", "fa", "ISR"),
        ("Frenchwomen", "en", "FRA"),
        ("Kremlin", "en", "RUSGOV"),
        ("Pentagon", "en", "USAMIL"),
        ("Tajiks", "en", "TJK"),
        ("Scottish", "en", "GBR"),
        ("Western", "en", "WST"),
        ("West Bank", "en", "PSE"),
        ("Gulf states", "en", "PGS"),
    ],
)
def test_names_that_news_uses(
    rows: list[dict[str, str]], phrase: str, language: str, code: str
) -> None:
    found = {
        row["code"]
        for row in rows
        if row["language"] == language and folded(row["phrase"]) == folded(phrase)
    }
    assert found == {code}


@pytest.mark.parametrize(
    ("phrase", "language", "day", "code"),
    [
        ("Soviet", "en", "1991-12-25", "SUN"),
        ("Soviet", "en", "1991-12-26", "RUS"),
        ("الاتحاد السوفيتي", "ar", "1980-01-01", "SUN"),
        ("آلمان شرقی", "fa", "1990-10-02", "DDR"),
        ("آلمان شرقی", "fa", "1990-10-03", "DEU"),
        ("Yugoslavia", "en", "1999-03-24", "YUG"),
        ("West Germany", "en", "1960-01-01", "DEU"),
    ],
)
def test_former_states_by_day(
    rows: list[dict[str, str]], phrase: str, language: str, day: str, code: str
) -> None:
    found = {
        row["code"]
        for row in rows
        if row["language"] == language
        and row["phrase"] == phrase
        and row["start"] <= day <= (row["end"] or "9999-12-31")
    }
    assert found == {code}


@pytest.mark.parametrize(
    ("iso3", "day", "cow", "gw"),
    [
        ("DEU", "1960-01-01", 260, 260),
        ("DEU", "1990-10-02", 260, 260),
        ("DEU", "1990-10-03", 255, 260),
        ("DDR", "1990-10-02", 265, 265),
        ("DDR", "1990-10-03", None, None),
        ("YEM", "1990-05-21", 678, 678),
        ("YEM", "1990-05-22", 679, 678),
        ("YMD", "1990-05-21", 680, 680),
        ("YMD", "1990-05-22", None, None),
        ("VNM", "1970-01-01", 817, 817),
        ("VDR", "1970-01-01", 816, 816),
        ("VNM", "1975-05-01", 816, 816),
        ("SUN", "1991-12-25", 365, 365),
        ("RUS", "1991-12-25", None, None),
        ("RUS", "1991-12-26", 365, 365),
        ("YUG", "1999-03-24", 345, 345),
        ("SCG", "2005-01-01", 345, 345),
        ("SRB", "2006-06-05", 345, 340),
        ("MNE", "2006-06-05", None, 341),
        ("SDN", "2011-07-09", 625, 625),
        ("SSD", "2011-07-08", None, None),
        ("SSD", "2011-07-09", 626, 626),
        ("CSK", "1992-12-31", 315, 315),
        ("SVK", "1993-01-01", 317, 317),
        ("SYR", "1960-01-01", None, 652),
        ("JPN", "1950-01-01", None, 740),
        ("KIR", "1985-01-01", None, 970),
        ("KIR", "2020-01-01", 946, 970),
        ("PSE", "2020-01-01", None, None),
        ("IGO", "2020-01-01", None, None),
        ("USA", "2026-01-01", 2, 2),
    ],
)
def test_keys_by_day(iso3: str, day: str, cow: int | None, gw: int | None) -> None:
    on = dt.date.fromisoformat(day)
    assert (to_cow(iso3, on), to_gw(iso3, on)) == (cow, gw)


def test_numeric_codes_change_too() -> None:
    assert keys(dt.date(1990, 10, 2))["DEU"].iso_numeric == "280"
    assert keys(dt.date(1990, 10, 3))["DEU"].iso_numeric == "276"
    assert keys(dt.date(2011, 7, 8))["SDN"].iso_numeric == "736"
    assert keys(dt.date(2011, 7, 9))["SDN"].iso_numeric == "729"
    assert keys(dt.date(2020, 1, 1))["AFG"].iso_numeric == "004"


def test_every_un_member_has_both_numbers_today() -> None:
    today = keys(dt.date(2020, 1, 1))
    for iso3 in UN_MEMBERS:
        assert today[iso3].cow and today[iso3].gw and len(today[iso3].iso_numeric) == 3, iso3


@pytest.mark.parametrize("year", range(1946, 2027, 5))
def test_a_number_is_one_country_a_day(year: int) -> None:
    on = dt.date(year, 6, 30)
    for system in ("cow", "gw"):
        numbers = [n for k in keys(on).values() if (n := getattr(k, system))]
        assert len(numbers) == len(set(numbers))


def test_spells_of_a_country_do_not_overlap() -> None:
    spells = defaultdict(list)
    for row in read("keys"):
        spells[row["iso3"]].append((row["start"] or "0001-01-01", row["end"] or "9999-12-31"))
    for found in spells.values():
        ordered = sorted(found)
        assert all(first[1] < second[0] for first, second in pairwise(ordered))


def recipe(name: str) -> ModuleType:
    path = Path(__file__).parent.parent / "scripts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_inflection() -> None:
    build = recipe("build_countries")
    assert set(build.nationality("Frenchman,Dutch,=Brits", "en")) >= {
        "Frenchwomen",
        "Dutch",
        "Brits",
    }
    assert "Dutchs" not in set(build.nationality("Dutch", "en"))
    assert {"هندية", "هنديين", "هنود"} <= set(build.nationality("هندي,=هنود", "ar"))
    assert "كوريين الجنوبيين" in set(build.nationality("كوري+جنوبي", "ar"))
    assert {"ایرانیان", "ایرانی\u200cها"} <= set(build.nationality("ایرانی", "fa"))


def test_the_recipes_make_the_tables_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = os.environ.get("EVENTCODER_SHARED")
    if not shared:
        pytest.skip("EVENTCODER_SHARED is not set")
    (tmp_path / "ambiguous.csv").write_bytes(schema("actors", "ambiguous.csv").read_bytes())
    for name in ("build_countries", "build_keys"):
        module = recipe(name)
        monkeypatch.setattr(module, "TABLES", tmp_path)
        module.main(Path(shared) / "data" / "actors")
    for table in (*TABLES, "keys"):
        made = (tmp_path / f"{table}.csv").read_bytes()
        assert made == schema("actors", f"{table}.csv").read_bytes(), table
