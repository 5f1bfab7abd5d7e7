"""Actor tables in, how many names they hold of each country, kind and language out.

    python scripts/coverage_actors.py [TABLE.csv ...] [--countries IRN,IRQ,...] [--gaps] [--offices]

Without tables: all of `schemas/actors/`. An entry is one id; it counts for a language if it has
a phrase in it. `--gaps` lists the entries that lack a language. `--offices` tells instead, for each
country and role, how many dated persons held it since 2000, how many of them have a name in each
language, and in which share of the days somebody is known to hold it.
"""

import argparse
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from eventcoder.actor_tables import PERSONS, Row, read_table, shipped_tables
from eventcoder.languages import SUPPORTED

SINCE = dt.date(2000, 1, 1)


def by_kind(rows: Iterable[Row]) -> dict[tuple[str, str], Counter[str]]:
    """Return (table, kind) -> entries, and entries with a phrase in each language."""
    entries: defaultdict[tuple[str, str], defaultdict[str, set[str]]] = defaultdict(
        lambda: defaultdict(set)
    )
    for row in rows:
        entries[row.table, row.kind][row.id].add(row.language)
    return {key: _counted(found.values()) for key, found in sorted(entries.items())}


def by_country(rows: Iterable[Row]) -> dict[str, Counter[str]]:
    """Return the first three letters of the code -> entries of each table and language."""
    entries: defaultdict[str, defaultdict[tuple[str, str], set[str]]] = defaultdict(
        lambda: defaultdict(set)
    )
    for row in rows:
        entries[row.code[:3]][row.table, row.id].add(row.language)
    report = {}
    for country, found in sorted(entries.items()):
        report[country] = _counted(found.values())
        report[country].update(table for table, _ in found)
    return report


def gaps(rows: Iterable[Row]) -> list[tuple[str, str, str]]:
    """Return (table, name, languages lacking) of entries without one of the languages."""
    entries: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        entries[row.table, row.name].add(row.language)
    lacking = []
    for (table, name), languages in sorted(entries.items()):
        missing = [language for language in SUPPORTED if language not in languages]
        if missing and "*" not in languages:
            lacking.append((table, name, " ".join(missing)))
    return lacking


def by_office(rows: Iterable[Row], today: dt.date) -> dict[str, Counter[str]]:
    """Return country and role -> who held it since 2000, by language, and the % of days held."""
    persons: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    held: defaultdict[str, set[int]] = defaultdict(set)
    first, last = SINCE.toordinal(), today.toordinal()
    for row in rows:
        if row.kind not in PERSONS or not row.code[3:6] or not (row.start or row.end):
            continue
        begins = _day(row.start, first)
        ends = min(_day(row.end, last), last)
        if ends >= first and begins <= ends:
            office = f"{row.code[:3]} {row.code[3:6]}"
            persons[office][row.id].add(row.language)
            held[office].update(range(max(begins, first), ends + 1))
    report = {}
    for office in sorted(persons):
        report[office] = _counted(persons[office].values())
        report[office]["% of days"] = round(100 * len(held[office]) / (last - first + 1))
    return report


def _day(written: str, otherwise: int) -> int:
    """Return the ordinal of a date that may lack its month or day."""
    return dt.date.fromisoformat(f"{written}-01-01"[:10]).toordinal() if written else otherwise


def _counted(found: Iterable[set[str]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for languages in found:
        counts["entries"] += 1
        counts.update(SUPPORTED if "*" in languages else languages)
    return counts


def _print(head: str, report: dict[str, Counter[str]], columns: Sequence[str]) -> None:
    width = max([len(head), *map(len, report)])
    print(f"{head:{width}}", *(f"{column:>{max(8, len(column))}}" for column in columns))
    for name, counts in report.items():
        cells = (f"{counts[column]:>{max(8, len(column))}}" for column in columns)
        print(f"{name:{width}}", *cells)


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", type=Path)
    parser.add_argument("--countries", default="all", help="codes parted by commas")
    parser.add_argument("--gaps", action="store_true", help="list entries that lack a language")
    parser.add_argument("--offices", action="store_true", help="who is known in office since 2000")
    asked = parser.parse_args()
    rows = [row for path in asked.tables or shipped_tables() for row in read_table(path)]
    kinds = {f"{table} {kind}": counts for (table, kind), counts in by_kind(rows).items()}
    wanted = None if asked.countries == "all" else asked.countries.split(",")
    if asked.offices:
        offices = by_office(rows, dt.date.today())
        offices = {o: c for o, c in offices.items() if wanted is None or o[:3] in wanted}
        _print("office", offices, ("entries", *SUPPORTED, "% of days"))
        return
    _print("table and kind", kinds, ("entries", *SUPPORTED))
    print()
    countries = {
        name: counts
        for name, counts in by_country(rows).items()
        if wanted is None or name in wanted
    }
    _print("code", countries, ("entries", *SUPPORTED, *sorted({row.table for row in rows})))
    if asked.gaps:
        print()
        for table, name, missing in gaps(rows):
            print(f"{table}: {name}: no {missing}")


if __name__ == "__main__":
    main()
