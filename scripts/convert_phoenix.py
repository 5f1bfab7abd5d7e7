"""Legacy Phoenix, PETRARCH or TABARI actor files in, an actor table for `--actors` out.

    python scripts/convert_phoenix.py FILE... -o my.csv

Both forms of these dictionaries are read: phrases with one code, `AUSTRALIA_ [AUS]`; and
phrases below one another, `BARACK_OBAMA_` and `+OBAMA`, whose codes follow with their dates,
`[USAGOV 20090120-20170120]`, `[USAELI >20170120]`, `[IRQ <19910101]`. What has no CAMEO code
(`[~]`, `[---]`) is left out. Comments (`#`, `<!-- -->`, `;`) and noun inflections (`{A B}`) too.
"""

import argparse
import csv
import datetime as dt
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from eventcoder.actor_tables import COLUMNS

CODE = re.compile(r"\[([^\]]*)\]")
DATE = re.compile(r"\d{6,8}")
CENTURY = 30  # years of two digits: 1930 to 2029


def rows(lines: Iterable[str], source: str) -> Iterator[dict[str, str]]:
    """Yield a row for each phrase and each of its dated codes."""
    phrases: list[str] = []
    coded = False
    for line in lines:
        text = re.sub(r"<!--.*?-->|#.*|;.*|\{[^}]*\}", "", line).strip()
        phrase = CODE.sub("", text).lstrip("+&").strip(" _")
        if phrase:
            if coded and not text.startswith(("+", "&")):
                phrases, coded = [], False
            phrases.append(named(phrase))
        for code in CODE.findall(text):
            coded = True
            yield from dated(phrases, code.strip(), source)


def named(phrase: str) -> str:
    """Write a phrase as texts do: `BARACK_OBAMA` as Barack Obama."""
    words = phrase.replace("_", " ").split()
    short = len(words) == 1 and len(words[0]) <= 4
    return " ".join(words) if short else " ".join(word.capitalize() for word in words)


def dated(phrases: list[str], code: str, source: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a code and its days for all its phrases."""
    actor, _, days = code.partition(" ")
    if not re.fullmatch(r"(?:[A-Z]{3})+", actor):
        return
    found = [day(number) for number in DATE.findall(days)]
    start = end = ""
    if "-" in days and len(found) == 2:
        start, end = found[0], found[1]
    elif ">" in days and found:
        start = found[0]
    elif "<" in days and found:
        end = found[0]
    kind = "leader" if found else "group" if len(actor) > 3 else "country"
    for phrase in phrases:
        values = (phrase, "en", actor, kind, phrases[0], start, end, source, slug(phrases[0]))
        yield dict(zip(COLUMNS, values, strict=True))


def day(number: str) -> str:
    """Return an ISO day of YYYYMMDD or YYMMDD."""
    if len(number) == 6:
        year = int(number[:2])
        number = f"{1900 + year if year >= CENTURY else 2000 + year}{number[2:]}"
    return dt.datetime.strptime(number, "%Y%m%d").date().isoformat()


def slug(phrase: str) -> str:
    """Make an id of a phrase."""
    return re.sub(r"\W+", "-", phrase.lower()).strip("-")


def main() -> None:
    """Convert the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    asked = parser.parse_args()
    with asked.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        count = 0
        for path in asked.files:
            with path.open(encoding="utf-8", errors="replace") as lines:
                for row in rows(lines, path.name):
                    writer.writerow(row)
                    count += 1
    print(f"{count} rows")


if __name__ == "__main__":
    main()
