"""Legacy actor files become a table that `--actors` reads."""

import csv
import datetime as dt
import subprocess
import sys
from pathlib import Path

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
