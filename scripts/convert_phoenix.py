"""Legacy Phoenix, PETRARCH or TABARI actor and agent files in, an actor table for `--actors` out.

    python scripts/convert_phoenix.py FILE... -o my.csv

All forms of these dictionaries are read: phrases with one code, `AUSTRALIA_ [AUS]`; phrases
below one another, `BARACK_OBAMA_` and `+OBAMA`, whose codes follow with their dates,
`[USAGOV 20090120-20170120]`, `[USAELI >20170120]`, `[IRQ <19910101]`; and agents,
`POLICE!PERSON! [~COP]`. Countries' old codes become today's. What has no CAMEO code (`[~]`,
`[---]`) is left out, comments (`#`, `<!-- -->`, `;`) and noun inflections (`{A B}`) too; what
else is left out is named on stderr.
"""

import argparse
import csv
import datetime as dt
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from eventcoder.actor_tables import COLUMNS, RANK, Row, unknown_part
from eventcoder.countries import is_country
from eventcoder.layouts import country_codes

CODE = re.compile(r"\[([^\]]*)\]")
SET = re.compile(r"(!\w+!)\s*=(.*)")
DAYS = re.compile(r"(?P<sign>[<>]?)\s*(?P<first>\d+)(?:\s*-\s*(?P<last>\d+))?")
CENTURY = 30  # years of two digits: 1930 to 2029


@dataclass
class Block:
    """Phrases and the codes that they share: code as written, days as written, and its place."""

    phrases: list[str] = field(default_factory=list)
    codes: list[tuple[str, str, str]] = field(default_factory=list)


def convert(files: Iterable[Path]) -> Iterator[Row]:
    """Yield the rows of all files, for each phrase one code a day."""
    by_phrase: dict[str, list[Row]] = {}
    for path in files:
        for block in blocks(path):
            for row in rows(block, path.name):
                by_phrase.setdefault(row.phrase, []).append(row)
    for group in by_phrase.values():
        yield from parted(group)


def blocks(path: Path) -> Iterator[Block]:
    """Yield what belongs together in a file."""
    sets: dict[str, list[str]] = {}
    block = Block()
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        text = re.sub(r"<!--.*?-->|#.*|;.*|\{[^}]*\}", "", decoded(line)).strip()
        if found := SET.fullmatch(text):
            sets[found[1]] = [word.strip() for word in found[2].split(",")]
            continue
        phrase = CODE.sub("", text).lstrip("+&").strip(" _")
        if phrase:
            if block.codes and not text.startswith(("+", "&")):
                yield block
                block = Block()
            block.phrases += expanded(phrase, sets)
        for code in CODE.findall(text):
            actor, _, days = code.strip().partition(" ")
            block.codes.append((actor, days.strip(), f"{path}, line {number}"))
    yield block


def decoded(line: bytes) -> str:
    """Read a line as UTF-8, or else as what Windows and Latin-1 editors wrote."""
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def expanded(phrase: str, sets: dict[str, list[str]]) -> list[str]:
    """Write `FISHER!PERSON!` out with each word of the set."""
    for name, words in sets.items():
        if name in phrase:
            return [whole for word in words for whole in expanded(phrase.replace(name, word), sets)]
    return [phrase]


def rows(block: Block, source: str) -> Iterator[Row]:
    """Yield the rows of a block's phrases; it has one kind, so that no code hides another."""
    codes: list[tuple[str, str, str, str]] = []
    agent = False
    for written, days, place in block.codes:
        actor = today(written.replace("~", ""))
        if actor in {"", "---"}:
            continue
        try:
            start, end = period(days)
        except ValueError as error:
            tell(place, f"[{written} {days}] is left out: {error}")
            continue
        part = unknown_part(actor) if re.fullmatch(r"(?:[A-Z]{3})+", actor) else actor
        if part:
            tell(place, f"[{written}] is left out: {part} is no known country or role")
            continue
        agent = agent or "~" in written
        codes.append((actor, start, end, place))
    kind = "agent" if agent else kind_of(codes)
    phrases = [phrase for text in block.phrases if (phrase := named(text, kind))]
    for actor, start, end, place in codes:
        for phrase in phrases:
            name = phrases[0]
            yield Row(phrase, "en", actor, kind, name, start, end, source, slug(name), place)


def today(code: str) -> str:
    """Return a code with the letters that its countries have today: TMP as TLS."""
    parts = [code[start : start + 3] for start in range(0, len(code), 3)]
    return "".join(p if is_country(p) else country_codes().get(p.lower(), p) for p in parts)


def kind_of(codes: list[tuple[str, str, str, str]]) -> str:
    """Say what the phrases name: who has an office between days is a person."""
    if any(start + end and len(code) > 3 and not is_country(code[3:6])
           for code, start, end, _ in codes):  # fmt: skip
        return "leader"
    return "country" if any(len(code) == 3 for code, *_ in codes) else "group"


def named(phrase: str, kind: str) -> str:
    """Write a phrase as texts do: `BARACK_OBAMA` as Barack Obama, agents in small letters."""
    words = phrase.replace("_", " ").split()
    if kind == "agent":
        return " ".join(words).lower()
    short = len(words) == 1 and len(words[0]) <= 4
    return " ".join(words) if short else " ".join(word.capitalize() for word in words)


def period(days: str) -> tuple[str, str]:
    """Return the first and last day of `20090120-20170120`, `>20170120` or `<19910101`."""
    if not days:
        return "", ""
    found = DAYS.fullmatch(days)
    if not found or (found["sign"] and found["last"]):
        raise ValueError(f"{days!r} are no days")
    first, last = day(found["first"]), day(found["last"]) if found["last"] else ""
    if last and first > last:
        raise ValueError(f"{first} is after {last}")
    return ("", first) if found["sign"] == "<" else (first, last)


def day(number: str) -> str:
    """Return an ISO day of YYYYMMDD or YYMMDD."""
    whole = number
    if len(number) == 6:
        year = int(number[:2])
        whole = f"{1900 + year if year >= CENTURY else 2000 + year}{number[2:]}"
    try:
        if len(whole) != 8:
            raise ValueError
        return dt.datetime.strptime(whole, "%Y%m%d").date().isoformat()
    except ValueError:
        raise ValueError(f"{number} is no day") from None


def parted(group: list[Row]) -> Iterator[Row]:
    """Cut the rows of a phrase so that a day has one code: the one that the coder would take.

    That is the earlier kind's, then the one with the later start; a row without dates holds on
    all other days.
    """
    best = min(group, key=lambda row: RANK[row.kind]).kind
    default: Row | None = None
    taken: list[tuple[int, int]] = []
    kept: list[Row] = []
    for row in sorted(group, key=lambda row: row.start, reverse=True):
        if row.kind == best and row.start + row.end:
            pieces = free(row, taken)
        elif row.kind == best and (default is None or default.code == row.code):
            pieces = [] if default else [row]
            default = row
        else:
            pieces = []
        kept += pieces
        if not pieces and not any(row.code == other.code for other in kept):
            tell(row.table, f"{row.phrase!r} as {row.code} is left out: others hold these days")
    yield from sorted(kept, key=lambda row: (row.start, row.end))


def free(row: Row, taken: list[tuple[int, int]]) -> list[Row]:
    """Return a row on its days that are not taken, and take them."""
    first = dt.date.fromisoformat(row.start).toordinal() if row.start else 0
    last = dt.date.fromisoformat(row.end).toordinal() if row.end else dt.date.max.toordinal()
    pieces = [(first, last)]
    for start, end in taken:
        pieces = [
            piece
            for a, b in pieces
            for piece in ((a, min(b, start - 1)), (max(a, end + 1), b))
            if piece[0] <= piece[1]
        ]
    taken += pieces
    return [
        row._replace(
            start=row.start if a == first else dt.date.fromordinal(a).isoformat(),
            end=row.end if b == last else dt.date.fromordinal(b).isoformat(),
        )
        for a, b in pieces
    ]


def slug(phrase: str) -> str:
    """Make an id of a phrase."""
    return re.sub(r"\W+", "-", phrase.lower()).strip("-")


def tell(place: str, what: str) -> None:
    """Say what is not in the table."""
    print(f"{place}: {what}", file=sys.stderr)


def main() -> None:
    """Convert the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    asked = parser.parse_args()
    count = 0
    with asked.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in convert(asked.files):
            writer.writerow(row[: len(COLUMNS)])
            count += 1
    print(f"{count} rows")


if __name__ == "__main__":
    main()
