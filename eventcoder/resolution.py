"""Gold of actors in, how well their mentions are resolved out: country, role, classes of error."""

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eventcoder import gold
from eventcoder.actors import ActorDictionary
from eventcoder.countries import is_country
from eventcoder.dates import parse_given
from eventcoder.scoring import Record, grouped, read

SUPPOSED = re.compile(r"\b(?:sentence|home|language):")  # evidence that the phrase itself lacks


def actors(path: str | Path, dictionary: ActorDictionary, by: str | None = "lang") -> Record:
    """Score codes of given mentions: {n, country, role, code, errors, by}, shares right or wrong.

    Sentences of one `doc_id` tell which country their document is about.
    """
    records = _mentions(path)
    homes = _homes(records, dictionary)
    for record in records:
        found = dictionary.resolve(
            record["text"][record["start"] : record["end"]], record["lang"], _day(record),
            context=record["text"], home=homes.get((record.get("doc_id"), record["lang"])),
        )  # fmt: skip
        record["said"] = found.code if found else ""
        record["gold"] = record["code"].split("/")[0]
        record["error"] = _actor_error(record["said"], record["gold"], found.row if found else "")
    return grouped(records, by, _actor_scores, "code")


def _mentions(path: str | Path) -> list[Record]:
    """Read actors gold, or the actors of annotated sentences."""
    first = next(gold.lines(Path(path)), (0, {}))[1]
    if "actors" not in first:
        return read(path, "actors", ("text", "start", "end", "code", "lang"))
    sentences = read(path, "annotated", ("text", "lang", "actors"))
    return [{**sentence, **actor, "text": sentence["text"]}
            for sentence in sentences for actor in sentence["actors"]]  # fmt: skip


def _day(record: Record) -> dt.date | None:
    return parse_given(record["published"]).date if record.get("published") else None


def _homes(records: Sequence[Record], dictionary: ActorDictionary) -> dict[Any, str | None]:
    """Return the country that each document of several sentences is about."""
    documents: dict[Any, dict[str, dt.date | None]] = defaultdict(dict)
    for record in records:
        if record.get("doc_id"):
            documents[record["doc_id"], record["lang"]][record["text"]] = _day(record)
    return {
        key: dictionary.home([(text, key[1]) for text in texts], next(iter(texts.values())))
        for key, texts in documents.items()
        if len(texts) > 1
    }


def _actor_error(said: str, wanted: str, row: str) -> str:
    """Name the class of an error, empty if country and role are right."""
    if said[:6] == wanted[:6]:
        return ""
    if not said:
        return "unresolved"
    if said[:3] == wanted[:3]:
        return "role"
    if not is_country(wanted[:3]):
        return "country where gold has none" if is_country(said[:3]) else "international or bare"
    if not is_country(said[:3]):
        return "no country"
    return "country of the context" if SUPPOSED.search(row) else "country"


def _actor_scores(rows: Sequence[Record]) -> Record:
    country = [r["said"][:3] == r["gold"][:3] for r in rows]
    with_role = [r for r in rows if len(r["gold"]) > 3]
    role = [r["said"][3:6] == r["gold"][3:6] for r in with_role]
    both = [c and r["said"][3:6] == r["gold"][3:6] for c, r in zip(country, rows, strict=True)]
    return {
        "n": len(rows),
        "country": sum(country) / len(rows),
        "role": sum(role) / max(1, len(role)),
        "code": sum(both) / len(rows),
        "errors": {
            name: count / len(rows)
            for name, count in Counter(r["error"] for r in rows).most_common()
            if name
        },
    }
