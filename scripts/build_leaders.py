"""Source facts about people in office in, `schemas/actors/leaders.csv` out.

    python scripts/build_leaders.py SOURCES

SOURCES is a folder with `ministers_wikidata/ministers.tsv` (Wikidata, CC0),
`factbook/leaders.tsv` (public domain), `world_leaders_current/leaders.tsv` and
`reign_leaders/leaderlist_3_21.csv`. The hand-made tables in `schemas/actors/sources/leaders-*.csv`
(name, Arabic and Persian spellings, roles by date) come first; the sources fill what they leave
open, and REIGN only checks: heads of government it lists and we lack are printed.
"""

import calendar
import csv
import datetime as dt
import difflib
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from eventcoder.languages import fold

HERE = Path(__file__).resolve().parent.parent / "schemas" / "actors"
COLUMNS = ("phrase", "language", "code", "kind", "name", "start", "end", "source", "id")
OPEN = dt.date.max
EARLIEST = dt.date(2000, 1, 1)
GUESSED = 4  # rank of a spell whose end no source tells
# A source that was scraped in 2022 and gives no end is believed only for recent appointments.
STILL_LIKELY = dt.date(2019, 1, 1)
# The first day of the next government: ministers without an end are not believed beyond it.
NEXT_GOVERNMENT = {
    "AFG": "2021-08-15", "SDN": "2021-10-25", "IRQ": "2022-10-27", "ISR": "2022-12-29",
    "QAT": "2023-03-07", "CHN": "2023-03-12", "NGA": "2023-05-29", "TUR": "2023-06-03",
    "PAK": "2023-08-14", "JPN": "2023-09-13", "KAZ": "2024-02-05", "PSE": "2024-03-31",
    "KWT": "2024-05-15", "EGY": "2024-07-03", "GBR": "2024-07-05", "IRN": "2024-08-21",
    "TUN": "2024-08-25", "JOR": "2024-09-18", "FRA": "2024-09-21", "SYR": "2024-12-08",
    "USA": "2025-01-20", "LBN": "2025-02-08", "KOR": "2025-06-04",
}  # fmt: skip

COUNTRY = {
    "afghanistan": "AFG", "algeria-cabinet": "DZA", "armenia-ministers": "ARM", "bahrain": "BHR",
    "china-ministers": "CHN", "egypt-ministers": "EGY", "france-cabinet": "FRA",
    "india-ministers": "IND", "iran-ministers": "IRN", "iraq-ministers": "IRQ",
    "israel-ministers": "ISR", "japan-ministers": "JPN", "jordan-ministers": "JOR",
    "kazakhstan-cabinet": "KAZ", "kuwait-ministers": "KWT", "lebanon": "LBN", "libya": "LBY",
    "morocco-ministers": "MAR", "nigeria": "NGA", "pakistan-ministers": "PAK", "palestine": "PSE",
    "qatar-ministers": "QAT", "russia-cabinet": "RUS", "saudi-ministers": "SAU",
    "somalia-cabinet": "SOM", "south-korea-ministers": "KOR", "sudan": "SDN", "syria": "SYR",
    "tunisia-ministers": "TUN", "turkey-ministers": "TUR", "uae-ministers": "ARE",
    "ukraine-cabinet": "UKR", "united-kingdom-cabinet": "GBR", "us-cabinet": "USA",
    "yemen": "YEM",
}  # fmt: skip

# Which offices count, first match wins; an empty sector drops the row.
OFFICES: tuple[tuple[str, str], ...] = (
    (r"leader of the opposition|shadow", "OPP"),
    (r"ambassador to the united nations|permanent representative to the united nations", "GOV"),
    (r"ambassador|permanent representative|high commissioner|consul|justice|judge|court", ""),
    (r"mayor|äkim|bank|federal reserve|first lady|spouse|whip|lord of the|treasury$", ""),
    (r"commission|counsel|secretary to|principal|speechwriter|council of economic|auditor", ""),
    (r"under.?secretary|secretary of state of|assistant secretary|deputy chief of staff", ""),
    (r"parliamentary|senior vice minister|solicitor", ""),
    (r"deputy minister(?! of foreign)|minister of state|minister delegate|vice minister", ""),
    (r"lieutenant governor|deputy governor|deputy speaker|vice-president of the", ""),
    (r"administrator|mayor|regional council|member of|leader of the house|exchequer secretary", ""),
    (r"party|deputy leader|first secretary of|general secretary", ""),
    (r"\b(cia|mossad|inter-services|intelligence|security service|secret)\b", "SPY"),
    (r"chiefs? of (the )?(general|army|air|naval|defen[cs]e|joint)|joint chiefs", "MIL"),
    (r"chief of staff of the (army|air|people)|chief of naval|commander|commandant", "MIL"),
    (r"chairman of the general staff|chief of armed|revolutionary guard", "MIL"),
    (r"speaker|(president|chairman|chair) of the (national|senate|house|parliament)", "LEG"),
    (r"(president|chairman|chair) of the (chamber|verkhovna|state duma|federation)", "LEG"),
    (r"(president|chairman) of the (council of the nation|people's national|knesset)", "LEG"),
    (r"minister|premier|chancellor|secretary of (?!state for)|secretary of state|monarch", "GOV"),
    (r"president|chairman of the (presidential|transitional)|king|emir|emperor|ruler", "GOV"),
    (r"crown prince|supreme leader|governor|attorney general|prosecutor|state councilor", "GOV"),
    (r"national security|head of the .*republic|white house|chief of staff|home secretary", "GOV"),
    (r"foreign secretary|head of the (office of the )?president|trade representative", "GOV"),
)
# Governors are many and rarely named abroad, except American ones.
FEW_ABROAD = re.compile(r"governor|chief minister|prosecutor|presidential representative", re.I)
HEAD = re.compile(r"^(acting |interim )?(president|prime minister|king|emir|premier|chancellor)$")
CODE = r"[A-Z]{3}([A-Z]{3})?"
NOT_LATIN = re.compile(r"[^\W\d_a-zA-ZÀ-ɏḀ-ỿ]")
LATER_ELITE = ("GOV", "LEG", "MIL", "SPY", "COP", "JUD")


@dataclass(frozen=True, slots=True)
class Spell:
    """A code held from `start` to `end`, both days included; a lower `rank` wins."""

    code: str
    start: dt.date
    end: dt.date
    rank: int
    source: str


@dataclass(slots=True)
class Person:
    """Somebody with names by language and spells in office."""

    name: str
    id: str
    phrases: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    spells: list[Spell] = field(default_factory=list)


def day(text: str, last: bool = False) -> dt.date | None:
    """Read 2011, 2011-05 or 2011-05-07; a short date is its first, or with `last` its last day."""
    if not re.fullmatch(r"\d{4}(-\d\d?){0,2}", text):
        return None
    numbers = [int(part) for part in text.split("-")]
    year, month, date = (*numbers, 0, 0)[:3]
    if date:
        return dt.date(year, month, date)
    if not last:
        return dt.date(year, month or 1, 1)
    following = dt.date(year + 1, 1, 1) if month in (0, 12) else dt.date(year, month + 1, 1)
    return following - dt.timedelta(days=1)


def plain(name: str) -> str:
    """Return a name as it is compared: ASCII letters and blanks only."""
    ascii_name = unicodedata.normalize("NFKD", name.replace("ı", "i").replace("ø", "o"))
    letters = "".join(c for c in ascii_name.lower() if not unicodedata.combining(c))
    words = re.sub(r"[^a-z]+", " ", letters).split()
    return " ".join(word for word in words if word not in ("al", "el", "ul", "bin", "ibn"))


def slug(name: str) -> str:
    """Return an identifier for a person the sources have no number for."""
    return plain(name).replace(" ", "-") or name


def hand_made(folder: Path) -> Iterator[Person]:
    """Read the hand-made tables: `name|en|ar|fa|roles`, inner lists parted by `;`.

    Roles are codes with spans, `RUSGOV 1999-08-09/2008-05-07 2012-05-07/, USAELI`.
    """
    for path in sorted(folder.glob("leaders-*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="|"):
                person = Person(row["name"].strip(), slug(row["name"]))
                person.phrases["en"] = [person.name, *_parts(row["en"])]
                person.phrases["ar"] = _parts(row["ar"])
                person.phrases["fa"] = [*_parts(row["fa"]), *_joined(_parts(row["fa"]))]
                person.spells = [spell for role in row["roles"].split(",") for spell in _role(role)]
                yield person


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _joined(phrases: list[str]) -> list[str]:
    """Return the names that begin with Sayyid as Persian also writes them: in one word."""
    return [name.replace(" ", "", 1) for name in phrases if name.startswith("سید ")]


def _role(text: str) -> Iterator[Spell]:
    code, *spans = text.split()
    for span in spans or ["/"]:
        start, _, end = span.partition("/")
        spell = Spell(code, day(start) or dt.date.min, day(end, last=True) or OPEN, 0, "hand")
        if not re.fullmatch(CODE, code) or spell.start > spell.end:
            raise SystemExit(f"wrong role in the hand-made tables: {text!r}")
        yield spell


def wikidata(path: Path) -> Iterator[Person]:
    """Read ministers, one person a row; an unknown end is the successor's start, or dropped."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["repo"] in COUNTRY]
    starts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        starts[row["repo"], row["position"]].append(row["start"])
    for row in rows:
        sector = office(row["position"], row["repo"])
        start = day(row["start"])
        name = re.sub(r",.*|\(.*\)|\".*?\" ", "", row["person"]).strip()
        if not sector or start is None or " " not in name or NOT_LATIN.search(name):
            continue
        end, guessed = day(row["end"], last=True), False
        if end is None:
            later = [s for s in starts[row["repo"], row["position"]] if s > row["start"]]
            end = day(min(later)) if later else _still(row, sector, start)
            guessed = not later
        if end is None or end < max(EARLIEST, start):
            continue
        rank = 1 if HEAD.match(row["position"].lower()) else 2 if sector == "GOV" else 3
        rank = GUESSED if guessed else rank
        person = Person(name, row["qid"])
        person.phrases["en"] = [name]
        person.spells = [Spell(COUNTRY[row["repo"]] + sector, start, end, rank, "wikidata")]
        yield person


def _still(row: dict[str, str], sector: str, start: dt.date) -> dt.date | None:
    """Return how long somebody without an end or a successor is believed to be in office."""
    following = dt.date.fromisoformat(NEXT_GOVERNMENT.get(COUNTRY[row["repo"]], "0001-01-02"))
    if sector == "GOV" and start < following and "overnor" not in row["position"]:
        return following - dt.timedelta(days=1)
    return OPEN if start >= STILL_LIKELY else None


def office(position: str, repo: str) -> str:
    """Return the CAMEO sector of an office, or an empty text if it is not kept."""
    if repo != "us-cabinet" and FEW_ABROAD.search(position):
        return ""
    for pattern, sector in OFFICES:
        if re.search(pattern, position.lower()):
            return sector
    return ""


def factbook(path: Path, codes: dict[str, str]) -> Iterator[Person]:
    """Read today's chiefs of state and heads of government of countries named in `codes`."""
    with path.open(encoding="utf-8", newline="") as file:
        for _, country, _, title, since in csv.reader(file, delimiter="\t"):
            words = re.sub(r"\([^)]*\)|,.*", "", title).split()
            first = next((i for i, word in enumerate(words) if word[:3].isupper()), None)
            found = re.search(r"(?:(\d+) )?(?:(\w+) )?(\d{4})", since)
            if country not in codes or first is None or not found:
                continue
            given = [word for word in words[:first] if not FACTBOOK_TITLES.fullmatch(word)]
            name = " ".join(w.title() if w.isupper() else w for w in [*given, *words[first:]])
            month = MONTHS.index(found[2]) if found[2] in MONTHS else 1
            start = dt.date(int(found[3]), month, int(found[1] or 1))
            person = Person(name, slug(name))
            person.phrases["en"] = [name]
            person.spells = [Spell(codes[country] + "GOV", start, OPEN, 1, "factbook")]
            yield person


FACTBOOK_TITLES = re.compile(
    "Vice|President|Prime|Minister|King|Queen|Sultan|Amir|Emir|Premier|Chancellor|Acting|Interim|"
    "Transitional|Prince|Princess|Grand|Duke|Crown|of|State|Council|Chairman|Captain|Colonel|"
    "General|Gen\\.|Dr\\.|Sir|Dame|Supreme|Leader|Secretary|and|Co-Vice|Governor-General|by|the|"
    "represented|Governor|Foreign|Affairs|Political|Pope|Federal|Caretaker|Chief|Taliban|Head|"
    "Chairperson|Presidential|Leadership|Commission|Cabinet|Ministers|People's|Assembly|Swiss|Confederation|Emperor|Regent|Paramount|Ruler"
)
MONTHS = list(calendar.month_name)


def join(hand: Iterable[Person], others: Iterable[Person]) -> list[Person]:
    """Join persons by name and country; what is written by hand wins over every source."""
    people: dict[str, Person] = {}
    known: dict[tuple[str, str], Person] = {}
    for person in hand:
        if people.setdefault(person.id, person) is not person:
            raise SystemExit(f"{person.name} stands twice in the hand-made tables")
        for country in {spell.code[:3] for spell in person.spells}:
            for phrase in person.phrases["en"]:
                if " " in plain(phrase):
                    known[plain(phrase), country] = person
    for person in others:
        spell = person.spells[0]
        key = plain(person.name), spell.code[:3]
        mate = known.get(key) or people.get(person.id)
        if mate is None:
            people[person.id] = known[key] = person
            continue
        if person.name not in mate.phrases["en"]:
            mate.phrases["en"].append(person.name)
        if person.id.startswith("Q") and not mate.id.startswith("Q") and person.id not in people:
            people[person.id] = people.pop(mate.id)
            mate.id = person.id
        by_hand = any(known_spell.rank == 0 for known_spell in mate.spells)
        if spell.source != "factbook" and not (by_hand and spell.rank == GUESSED):
            mate.spells.append(spell)
    return list(people.values())


def timeline(spells: list[Spell]) -> list[Spell]:
    """Return spells of which no two share a day: best rank, then the latest start, wins."""
    pieces = []
    for start, end, holding in _sliced(spells):
        best = min(holding, key=lambda spell: (spell.rank, -spell.start.toordinal()))
        pieces.append(replace(best, start=start, end=end))
    return _after_office(_merged(pieces))


def _sliced(spells: list[Spell]) -> Iterator[tuple[dt.date, dt.date, list[Spell]]]:
    """Yield first and last day of each stretch between changes, and the spells that hold there."""
    one = dt.timedelta(days=1)
    cuts = {spell.start for spell in spells}
    cuts |= {spell.end + one for spell in spells if spell.end < OPEN}
    days = sorted(cuts)
    for start, after in zip(days, [*days[1:], None], strict=True):
        end = after - one if after else OPEN
        if holding := [spell for spell in spells if spell.start <= start and spell.end >= end]:
            yield start, end, holding


def _merged(pieces: list[Spell]) -> list[Spell]:
    """Join neighbouring spells of one code."""
    merged: list[Spell] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if last and last.code == piece.code and piece.start - last.end <= dt.timedelta(days=1):
            merged[-1] = Spell(last.code, last.start, piece.end, last.rank, last.source)
        else:
            merged.append(piece)
    return merged


def _after_office(pieces: list[Spell]) -> list[Spell]:
    """Fill the time after an office with the country's ELI, until the next role."""
    one = dt.timedelta(days=1)
    filled: list[Spell] = []
    for piece, following in zip(pieces, [*pieces[1:], None], strict=True):
        filled.append(piece)
        until = following.start - one if following else OPEN
        if piece.end < until and piece.code[3:] in LATER_ELITE:
            former = piece.code[:3] + "ELI"
            filled.append(Spell(former, piece.end + one, until, piece.rank, piece.source))
    return _merged(filled)


def rows(people: list[Person]) -> Iterator[tuple[str, ...]]:
    """Yield table rows; a name that several persons bear is on each day that of one."""
    bearers: dict[tuple[str, str], list[tuple[Person, str]]] = defaultdict(list)
    for person in sorted(people, key=lambda one: (_rank(one), one.id)):
        for language, phrases in person.phrases.items():
            for folded, phrase in {fold(phrase): phrase for phrase in reversed(phrases)}.items():
                bearers[folded, language].append((person, phrase))
    for (_, language), named in bearers.items():
        sharing = [named[0], *(one for one in named[1:] if _rank(one[0]) == 0)]
        for (person, phrase), spell in _borne(sharing):
            start = "" if spell.start == dt.date.min else spell.start.isoformat()
            end = "" if spell.end == OPEN else spell.end.isoformat()
            if not end or spell.end >= EARLIEST:
                yield (phrase, language, spell.code, "leader", person.name, start, end,
                       spell.source, person.id)  # fmt: skip


def _rank(person: Person) -> int:
    return min(spell.rank for spell in person.spells)


def _borne(named: list[tuple[Person, str]]) -> Iterator[tuple[tuple[Person, str], Spell]]:
    """Yield whose a shared name is and when: of those in a role, else of those after, the first."""
    ranked = [
        replace(spell, rank=number)
        for number, (person, _) in enumerate(named)
        for spell in timeline(person.spells)
    ]
    pieces = []
    for start, end, holding in _sliced(ranked):
        best = min(holding, key=_weight)
        pieces.append(replace(best, start=start, end=end))
    for number, one in enumerate(named):
        for spell in _merged([piece for piece in pieces if piece.rank == number]):
            yield one, spell


def _weight(spell: Spell) -> tuple[bool, bool, int]:
    return spell.code.endswith("ELI"), not spell.code.endswith("GOV"), spell.rank


def missing(people: list[Person], path: Path, codes: dict[str, str]) -> Iterator[str]:
    """Yield REIGN's spells since 2000, two months or longer, in which we know no such name."""
    with path.open(encoding="latin-1", newline="") as file:
        for row in csv.DictReader(file):
            country = codes.get(row["stateabb"], row["stateabb"])
            start = dt.date(int(row["syear"]), int(row["smonth"]), int(row["sdate"]))
            end = day(f"{row['eyear']}-{row['emonth']}") if row["eyear"] else dt.date(2021, 3, 1)
            if end is None or end < EARLIEST or end - start < dt.timedelta(days=60):
                continue
            on = max(EARLIEST, start) + (end - max(EARLIEST, start)) / 2
            if not any(
                spell.code == country + "GOV" and spell.start <= on <= spell.end
                and _alike(row["leader"], person.phrases["en"])
                for person in people for spell in person.spells
            ):  # fmt: skip
                yield f"{country} {row['leader']} {start}/{end}"


def _alike(name: str, phrases: list[str]) -> bool:
    """Say whether a word of a name is spelt nearly as one of the phrases."""
    words = {word for phrase in phrases for word in plain(phrase).split()}
    return any(
        len(word) > 2 and difflib.get_close_matches(word, words, n=1, cutoff=0.75)
        for word in plain(name).split()
    )


def country_codes(sources: Path) -> dict[str, str]:
    """Return ISO 3166 codes by the factbook's names and by REIGN's abbreviations."""
    with (sources / "countries_mledoze" / "names.tsv").open(encoding="utf-8") as file:
        codes = {row["en"]: row["iso3"] for row in csv.DictReader(file, delimiter="\t")}
    with (sources / "cow2iso.txt").open(encoding="utf-8") as file:
        codes |= {row["cow3"]: row["iso3"] for row in csv.DictReader(file)}
    return codes | OTHER_NAMES


OTHER_NAMES = {
    "Burma": "MMR", "Cabo Verde": "CPV", "Congo (Brazzaville)": "COG", "Côte d'Ivoire": "CIV",
    "DRC": "COD", "Federated States of Micronesia": "FSM", "Holy See (Vatican City)": "VAT",
    "Sao Tome and Principe": "STP", "The Bahamas": "BHS", "The Dominican": "DOM",
    "The Gambia": "GMB", "Turkey": "TUR", "AAB": "ATG", "GMY": "DEU", "YUG": "SRB", "KOS": "XKX",
    "RUS": "RUS", "SUD": "SDN", "SSD": "SSD", "YEM": "YEM", "ETH": "ETH", "PAK": "PAK",
    "MNG": "MNE", "ROM": "ROU", "DRV": "VNM", "TON": "TON", "SER": "SRB",
}  # fmt: skip


def main(sources: Path) -> None:
    """Write the table and print what REIGN knows and we do not."""
    codes = country_codes(sources)
    people = join(
        hand_made(HERE / "sources"),
        [
            *wikidata(sources / "ministers_wikidata" / "ministers.tsv"),
            *factbook(sources / "factbook" / "leaders.tsv", codes),
        ],
    )
    table = sorted(rows(people), key=lambda row: (row[8], row[1], row[0], row[5]))
    with (HERE / "leaders.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(table)
    gaps = list(missing(people, sources / "reign_leaders" / "leaderlist_3_21.csv", codes))
    print(*gaps, sep="\n")
    print(f"{len(people)} people, {len(table)} rows; REIGN spells unknown to us: {len(gaps)}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
