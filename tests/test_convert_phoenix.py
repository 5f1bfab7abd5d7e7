"""Legacy actor files become a table that `--actors` reads."""

import csv
import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from eventcoder import checks
from eventcoder.actors import ActorDictionary

SCRIPT = Path(__file__).parent.parent / "scripts" / "convert_phoenix.py"
LEGACY = """# a comment
RURITANIA_  [DEU] ; a country of novels
RUDOLF_RASSENDYLL_
+KING_RUDOLF
    [DEUGOV 20010101-20051231]
    [DEUELI >20060101]
RURITANIAN_LEAGUE_ [~] <!-- no code -->
RURITANIAN_BAND_ [DEUREB <960101]
"""


def test_legacy_files_convert(tmp_path: Path) -> None:
    legacy, table = tmp_path / "old.actors.txt", tmp_path / "my.csv"
    legacy.write_text(LEGACY, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, SCRIPT, legacy, "-o", table], capture_output=True, text=True, check=True
    )
    assert done.stdout == "6 rows\n"
    with table.open(encoding="utf-8", newline="") as file:
        rows = {(row["phrase"], row["code"]): row for row in csv.DictReader(file)}
    assert rows["Ruritania", "DEU"]["kind"] == "country"
    assert rows["Ruritanian Band", "DEUREB"]["end"] == "1996-01-01"
    assert ("Ruritanian League", "~") not in rows
    actors = ActorDictionary.load([table])
    in_office = actors.resolve("King Rudolf", "en", dt.date(2003, 1, 1))
    later = actors.resolve("King Rudolf", "en", dt.date(2010, 1, 1))
    assert in_office and in_office.code == "DEUGOV"
    assert later and later.code == "DEUELI"


def converted(
    folder: Path, legacy: str, encoding: str = "utf-8"
) -> tuple[dict[tuple[str, str], dict[str, str]], str]:
    """Return the sound table's rows by phrase and code, and what was said."""
    old, table = folder / "old.actors.txt", folder / "my.csv"
    old.write_bytes(legacy.encode(encoding))
    done = subprocess.run(
        [sys.executable, SCRIPT, old, "-o", table], capture_output=True, text=True, check=True
    )
    assert checks.check(table, "actors") == []
    with table.open(encoding="utf-8", newline="") as file:
        return {(row["phrase"], row["code"]): row for row in csv.DictReader(file)}, done.stderr


def test_a_default_without_dates_holds_beside_dated_codes(tmp_path: Path) -> None:
    rows, said = converted(tmp_path, "RUDOLF_RASSENDYLL_\n[DEUGOV 20010101-20051231]\n[DEUELI]\n")
    assert {row["kind"] for row in rows.values()} == {"leader"}
    assert not said
    actors = ActorDictionary.load([tmp_path / "my.csv"])
    for year, code in ((2003, "DEUGOV"), (2010, "DEUELI")):
        actor = actors.resolve("Rudolf Rassendyll", "en", dt.date(year, 1, 1))
        assert actor and actor.code == code


def test_agents_and_their_sets_of_words_convert(tmp_path: Path) -> None:
    legacy = "!PERSON! = MAN, WOMAN\nPOLICE!PERSON! [~COP]\nTRUCE_MONITOR [IGO~]\n"
    rows, said = converted(tmp_path, legacy)
    assert {key: row["kind"] for key, row in rows.items()} == {
        ("policeman", "COP"): "agent",
        ("policewoman", "COP"): "agent",
        ("truce monitor", "IGO"): "agent",
    }
    assert not said


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("[DEUGOV 19950231-19960101]", "19950231 is no day"),
        ("[DEUGOV 1920030320-20060520]", "1920030320 is no day"),
        ("[DEUGOV 20010101-20000101]", "2001-01-01 is after 2000-01-01"),
        ("[KNTGOV]", "KNT is no known country or role"),
        ("[deu]", "deu is no known country or role"),
        ("[DEUELI]", "others hold these days"),
    ],
)
def test_what_is_left_out_is_named(tmp_path: Path, code: str, fault: str) -> None:
    rows, said = converted(tmp_path, f"FLAVIA_\n[DEULEG]\n{code}\n")
    assert list(rows) == [("Flavia", "DEULEG")]
    assert "old.actors.txt, line" in said
    assert fault in said
    assert "Traceback" not in said


def test_old_letters_and_old_country_codes_are_read(tmp_path: Path) -> None:
    legacy = "JOSÉ_PEÑA_ [TMPGOV]\nMOSKVA_ [USR]\nARDEAL_ [ROM]\nSHABA_ [ZAR]\n"
    rows, _ = converted(tmp_path, legacy, encoding="cp1252")
    assert set(rows) == {
        ("José Peña", "TLSGOV"), ("Moskva", "SUN"), ("Ardeal", "ROU"), ("Shaba", "COD")
    }  # fmt: skip


def test_a_day_has_one_code(tmp_path: Path) -> None:
    rows, _ = converted(
        tmp_path, "FLAVIA_\n[DEUELI 20000101-20100101]\n[DEUGOV 20050101-20100101]\n"
    )
    assert rows["Flavia", "DEUELI"]["end"] == "2004-12-31"
    assert rows["Flavia", "DEUGOV"]["start"] == "2005-01-01"
