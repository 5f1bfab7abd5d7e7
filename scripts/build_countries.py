"""Fact sheets and hand-written lists in, the country tables of `schemas/actors/` out.

    python scripts/build_countries.py FACTS

FACTS is a folder with these facts, all free to use:

    cldr_territories/territories.tsv   Unicode CLDR territory names (Unicode-3.0)
    countries_mledoze/names.tsv        official names, ISO codes (mledoze/countries, ODbL)
    cities_geonames/cities.tsv         GeoNames cities with alternate names (CC BY 4.0)

The lists in `scripts/actor_lists/` are our own and win over the facts: a name from the facts is
taken only if no other code has it already. Writes countries, nationalities, places and regions;
`ambiguous.csv` is written by hand, keys by `build_keys.py`. Dates are days, both ends included.
"""

import csv
import datetime as dt
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from eventcoder.languages import fold_with_offsets

LISTS = Path(__file__).parent / "actor_lists"
TABLES = Path(__file__).parent.parent / "schemas" / "actors"
LANGUAGES = ("en", "ar", "fa")
# Smaller places are mostly homonyms of persons and common words: of the towns below these sizes
# that 5 million characters of news contain, three of four hits were not the town.
CITY_POPULATION = 300_000
NEAR_POPULATION = 80_000  # in the countries that Arabic and Persian news reports town by town
NEAR = (
    "AE AF AM AZ BH DJ DZ EG GE IL IQ IR JO KG KW KZ LB LY MA MR OM PK PS QA SA SD SO SY TJ TM TN "
    "TR UZ YE"
)
# city names that are family names (Jackson, Bolton): only those of the hand-written list
NAMESAKES = {"AU", "CA", "GB", "IE", "NZ", "PH", "US"}
PERSIAN_LETTERS = re.compile("[پچژگکی]")
ARABIC_LETTERS = re.compile("[ةيكىأإؤ]")
OTHER_LETTERS = re.compile("[^ \u200c-\u200dء-غف-\u065fپچژگکیۀ-]|[ہھۆێەڕڵڤ]")
POLITY_AR = ("جمهورية ", "مملكة ", "دولة ", "سلطنة ", "إمارة ", "الجمهورية ", "المملكة ")
POLITY_FA = ("جمهوری ", "پادشاهی ", "دولت ", "شاهزاده‌نشین ")


class Row(NamedTuple):
    """One row of an actor table."""

    phrase: str
    language: str
    code: str
    kind: str
    name: str
    start: str
    end: str
    source: str
    id: str


class Table:
    """Rows in order; a phrase that another code has in the same days is refused."""

    def __init__(self, allowed: set[tuple[str, str, str]]) -> None:
        self.rows: list[Row] = []
        self.clashes: list[tuple[Row, str]] = []
        self._seen: set[tuple[str, str, str]] = set()
        self._spells: dict[tuple[str, str], list[Row]] = {}
        self._allowed = allowed  # phrase, language, code of `ambiguous.csv`

    def add(self, row: Row) -> None:
        """Add a row unless it repeats or contradicts an earlier one."""
        phrase = folded(row.phrase)
        sense = (phrase, row.language, row.code)
        if not phrase or sense in self._seen:
            return
        bare = phrase.removeprefix("ال") if row.language == "ar" else phrase
        others = self._spells.setdefault((bare, row.language), [])
        codes = {other.code for other in others if overlap(row, other)} - {row.code}
        if codes and sense not in self._allowed:
            self.clashes.append((row, " ".join(sorted(codes))))
            return
        others.append(row)
        self._seen.add(sense)
        self.rows.append(row)


def overlap(row: Row, other: Row) -> bool:
    """Tell whether two rows hold on a common day."""
    return (not row.end or other.start <= row.end) and (not other.end or row.start <= other.end)


def folded(phrase: str) -> str:
    """Fold a phrase as the matcher does."""
    return " ".join(fold_with_offsets(phrase)[0].split())


def lines(name: str, columns: int) -> Iterator[list[str]]:
    """Yield the columns of a hand-written list, without its comments."""
    for number, line in enumerate((LISTS / name).read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) != columns:
            sys.exit(f"{name}:{number}: {len(cells)} columns, {columns} expected")
        yield cells


def facts(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a tab-separated fact sheet."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def variants(cell: str) -> list[str]:
    """Split a cell at its commas."""
    return [part.strip() for part in cell.split(",") if part.strip()]


def english(words: Iterable[str]) -> Iterator[str]:
    """Inflect English nationality words: plural, and the four forms of -man."""
    for word in words:
        if word.endswith("man") and word.istitle() and word[:-3] in {
            "French", "English", "Irish", "Dutch"
        }:  # fmt: skip
            yield from (word, word[:-3] + "men", word[:-3] + "woman", word[:-3] + "women")
        else:
            yield word
            if not word.endswith(("s", "sh", "ch", "ese", "x")):
                yield word + "s"


def arabic(words: Iterable[str]) -> Iterator[str]:
    """Inflect Arabic nisba words: gender, dual, plural, case; inner article where two inflect."""
    endings = ("", "ة", "ون", "ين", "ان", "تان", "تين", "ات", "ا")
    for word in words:
        first, _, second = word.partition("+")
        for ending in endings:
            if second:
                yield f"{first}{ending} {second}{ending}"
                yield f"{first}{ending} ال{second}{ending}"
            else:
                yield word + ending


def persian(words: Iterable[str]) -> Iterator[str]:
    """Inflect Persian adjectives: both plurals, joined, half-spaced, and with ezafe."""
    for word in words:
        yield word
        endings = ["\u200cها", "\u200cهای", "ها", "های"]
        if word.endswith("ه\u200cای") or word[-1] in "هاو":  # ...ه‌ای: the plural -an is not used
            endings = endings[:2]
        elif " " not in word:
            endings.append("ان")
        yield from (word + ending for ending in endings)


INFLECT = {"en": english, "ar": arabic, "fa": persian}


def nationality(cell: str, language: str) -> Iterator[str]:
    """Yield every form of the nationality words in a cell; `=` marks a word to take as it is."""
    for word in variants(cell):
        yield from [word[1:]] if word.startswith("=") else INFLECT[language]([word])


def add_list(table: Table, pattern: Row, cells: list[str]) -> None:
    """Add the pattern for every variant in the English, the Arabic and the Persian cell."""
    for language, cell in zip(LANGUAGES, cells, strict=True):
        words = nationality(cell, language) if pattern.kind == "nationality" else variants(cell)
        for phrase in words:
            table.add(pattern._replace(phrase=phrase, language=language))


def hand(code: str, kind: str, name: str, identity: str) -> Row:
    """Make a pattern of hand-written rows."""
    return Row("", "", code, kind, name, "", "", "hand-written", identity)


def add_states(table: Table) -> dict[str, str]:
    """Add countries, former states, capitals and nationalities; return English names by code."""
    states = [(code, variants(cells[0])[0], cells) for code, *cells in lines("states.txt", 10)]
    names = {code: name for code, name, _ in states}
    for code, name, cells in states:
        add_list(table, hand(code, "country", name, code), cells[:3])
    add_former_states(table, names)
    for code, _, cells in states:  # before nationalities: برازيليا is the capital
        if cells[6]:
            capital = variants(cells[6])[0]
            add_list(table, hand(f"{code}GOV", "capital", capital, f"{code}-cap"), cells[6:])
    for code, name, cells in states:
        add_list(table, hand(code, "nationality", name, f"{code}-nat"), cells[3:6])
    return names


def add_former_states(table: Table, names: dict[str, str]) -> None:
    """Add states that are no more; what is said of them later is said of the successor."""
    for codes, start, end, *cells in lines("historic.txt", 9):
        code, _, successor = codes.partition(">")
        name = variants(cells[0])[0]
        names.setdefault(code, name)
        spells = [(code, start, end)]
        if successor:
            spells.append((successor, after(end), ""))
        for owner, first, last in spells:
            country = hand(owner, "country", name, f"{owner}-{slug(name)}")
            country = country._replace(start=first, end=last)
            add_list(table, country, cells[:3])
            people = country._replace(kind="nationality", id=f"{country.id}-nat")
            add_list(table, people, cells[3:])


def after(day: str) -> str:
    """Return the following day."""
    return (dt.date.fromisoformat(day) + dt.timedelta(days=1)).isoformat()


def add_places(table: Table) -> None:
    """Add seats of power, sub-national regions, much named cities and their people."""
    for code, kind, *cells in lines("places.txt", 5):
        name = next(words[0] for cell in cells if (words := variants(cell)))
        pattern = hand(code, kind, name, f"{code}-{kind}-{slug(name)}")
        if kind in {"seat", "nationality"}:
            add_list(table, pattern, cells)
            continue
        for language, cell in zip(LANGUAGES, cells, strict=True):
            for phrase in variants(cell):
                identity = f"{code}-{kind}-{slug(phrase)}"
                row = pattern._replace(phrase=phrase, language=language, name=phrase, id=identity)
                table.add(row)


def add_regions(table: Table) -> None:
    """Add regions of the world."""
    for code, *cells in lines("regions.txt", 4):
        name = variants(cells[0])[0]
        add_list(table, hand(code, "region", name, f"region-{code}-{slug(name)}"), cells)


def slug(phrase: str) -> str:
    """Make a stable id part of a phrase."""
    return folded(phrase).replace(" ", "-")


def add_territory_names(table: Table, folder: Path, names: dict[str, str]) -> None:
    """Add CLDR names and official names of what our lists know, and of other territories."""
    cldr = {row["code"]: row for row in facts(folder / "cldr_territories" / "territories.tsv")}
    refused = {folded(word) for (word,) in lines("refused.txt", 1)}
    for row in facts(folder / "countries_mledoze" / "names.tsv"):
        code = "XKX" if row["iso3"] == "UNK" else row["iso3"]
        name = names.setdefault(code, row["en"])
        found = [(language, cldr[row["iso2"]][language], "CLDR") for language in LANGUAGES]
        found.append(("en", row["en_official"], "mledoze/countries"))
        for language, column, polities in (
            ("ar", "ara_official", POLITY_AR), ("fa", "per_official", POLITY_FA)
        ):  # fmt: skip
            if row[column].startswith(polities):
                found.append((language, row[column], "mledoze/countries"))
        for language, phrase, source in found:
            if folded(phrase) not in refused and not re.search(r"[(),]| - ", phrase):
                table.add(Row(phrase, language, code, "country", name, "", "", source, code))


def add_cities(table: Table, folder: Path) -> None:
    """Add larger cities; the script's letters tell Arabic from Persian spellings."""
    iso3 = {
        row["iso2"]: row["iso3"] for row in facts(folder / "countries_mledoze" / "names.tsv")
    } | {"XK": "XKX"}
    refused = {folded(word) for (word,) in lines("refused.txt", 1)}
    cities = sorted(
        facts(folder / "cities_geonames" / "cities.tsv"), key=lambda row: -int(row["population"])
    )
    for city in cities:
        wanted = NEAR_POPULATION if city["iso2"] in NEAR else CITY_POPULATION
        if city["iso2"] not in iso3.keys() - NAMESAKES or city["name"].endswith("Jerusalem"):
            continue
        if int(city["population"]) < wanted:
            continue
        code = iso3[city["iso2"]]
        identity = f"{code}-city-{slug(city['name'])}"
        spellings = [("en", city["name"])] if len(city["name"]) >= 5 else []
        for phrase in city["arabic_script"].split("|"):
            spellings += [(language, phrase) for language in languages_of(phrase)]
        for language, phrase in spellings:
            if folded(phrase) not in refused:
                table.add(
                    Row(phrase, language, code, "city", city["name"], "", "", "GeoNames", identity)
                )


def languages_of(phrase: str) -> tuple[str, ...]:
    """Tell by letters which of Arabic and Persian a spelling is; none for other scripts."""
    if len(folded(phrase).replace(" ", "")) < 5 or OTHER_LETTERS.search(phrase):
        return ()
    if phrase[0] == "ئ" or (phrase.startswith("ال") and " " not in phrase):
        return ()  # Uyghur spelling; an article before a word is more often a word than a town
    has_arabic = bool(ARABIC_LETTERS.search(phrase))
    has_persian = bool(PERSIAN_LETTERS.search(phrase))
    if has_arabic == has_persian:
        return () if has_arabic else ("ar", "fa")
    return ("ar",) if has_arabic else ("fa",)


def write(name: str, header: Iterable[str], rows: Iterable[tuple[str, ...]]) -> int:
    """Write a table; return its size in bytes."""
    path = TABLES / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path.stat().st_size


def main(folder: Path) -> None:
    """Build every table."""
    with (TABLES / "ambiguous.csv").open(encoding="utf-8", newline="") as file:
        allowed = {
            (folded(row["phrase"]), row["language"], row["code"]) for row in csv.DictReader(file)
        }
    table = Table(allowed)
    names = add_states(table)
    add_regions(table)
    add_places(table)
    add_territory_names(table, folder, names)
    clashes = len(table.clashes)
    add_cities(table, folder)
    for row, codes in table.clashes[:clashes]:
        print(f"left out: {row.phrase} [{row.language}] {row.code} {row.kind}, is {codes}")
    world = {code for code, *_ in lines("regions.txt", 4)}
    files = {
        "countries.csv": [row for row in table.rows if row.kind == "country"],
        "nationalities.csv": [row for row in table.rows if row.kind == "nationality"],
        "regions.csv": [row for row in table.rows if row.code in world],
        "places.csv": [
            row
            for row in table.rows
            if row.kind in {"capital", "seat", "city", "region"} and row.code not in world
        ],
    }
    for name, rows in files.items():
        print(f"{name}: {len(rows)} rows, {write(name, Row._fields, rows):,} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {Path(sys.argv[0]).name} FACTS")
    main(Path(sys.argv[1]))
