"""State systems and ISO codes in, `schemas/actors/keys.csv` out.

    python scripts/build_keys.py FACTS

FACTS holds countries_mledoze/countries.json (ISO numeric codes, mledoze/countries, ODbL). The
spells of the state systems and their sources are in `scripts/actor_lists/systems.txt`. Dates are
days, both ends included; an empty start is before 1945, an empty end is today.
"""

import csv
import datetime as dt
import json
import sys
from collections.abc import Iterator
from pathlib import Path

LISTS = Path(__file__).parent / "actor_lists"
TABLES = Path(__file__).parent.parent / "schemas" / "actors"
HEADER = ("iso3", "iso_numeric", "cow", "gw", "start", "end")


def key_rows() -> Iterator[tuple[str, str, str, str, str, str]]:
    """Cut the spells of both state systems at each other's dates: one row a constant key."""
    numerics: dict[str, str] = {}
    former: dict[str, tuple[str, str]] = {}
    spells: dict[str, list[tuple[int, str, str, str]]] = {}
    for code, *cells in lines_of_systems():
        if code == "numeric":
            former[cells[0]] = (cells[1], cells[2])
            continue
        numeric, cow, cow_start, cow_end, gw, gw_start, gw_end = cells
        numerics[code] = numeric
        known = spells.setdefault(code, [])
        if cow:
            known.append((0, cow, cow_start, cow_end))
        if gw:
            same = gw == "="
            dates = (cow_start, cow_end) if same else (gw_start, gw_end)
            known.append((1, cow if same else gw, *dates))
        if not cow and not gw:
            known.append((2, "", "", gw_end))
    for code, known in spells.items():
        old_numeric, old_end = former.get(code, ("", ""))
        starts = {start for _, _, start, _ in known} | {after(end) for *_, end in known if end}
        if old_end:
            starts.add(after(old_end))
        cuts = sorted(starts)
        for start, following in zip(cuts, [*cuts[1:], ""], strict=True):
            holds = {
                system: number
                for system, number, first, last in known
                if first <= start and (not last or start <= last)
            }
            if holds:
                numeric = old_numeric if old_end and start <= old_end else numerics[code]
                end = before(following) if following else ""
                yield code, numeric, holds.get(0, ""), holds.get(1, ""), start, end


def lines_of_systems() -> Iterator[list[str]]:
    """Yield the lines of the state system list, the short ones filled up."""
    for line in (LISTS / "systems.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            cells = line.split("|")
            yield cells + [""] * (8 - len(cells))


def after(day: str) -> str:
    """Return the following day."""
    return (dt.date.fromisoformat(day) + dt.timedelta(days=1)).isoformat()


def before(day: str) -> str:
    """Return the day before."""
    return (dt.date.fromisoformat(day) - dt.timedelta(days=1)).isoformat()


def main(folder: Path) -> None:
    """Write the keys of the state systems, and ISO codes of the territories outside them."""
    rows: list[tuple[str, ...]] = list(key_rows())
    known = {row[0] for row in rows}
    path = folder / "countries_mledoze" / "countries.json"
    for country in json.loads(path.read_text(encoding="utf-8")):
        if country["cca3"] not in known | {"UNK"}:
            rows.append((country["cca3"], country["ccn3"], "", "", "", ""))
    rows.sort(key=lambda row: (row[0], row[4]))
    with (TABLES / "keys.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)
    print(f"keys.csv: {len(rows)} rows")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {Path(sys.argv[0]).name} FACTS")
    main(Path(sys.argv[1]))
