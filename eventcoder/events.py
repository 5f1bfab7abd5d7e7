"""Event mentions in, coded events out: the waist and what is below it, polars from here on."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from eventcoder import tables
from eventcoder.actors import ActorDictionary
from eventcoder.composition import INTERNATIONAL, UNNAMED
from eventcoder.duals import JOIN, are_states, is_dual
from eventcoder.extraction import Extracted
from eventcoder.ontology import Ontology
from eventcoder.records import Actor, EventMention

_GUESS = r"^(home|sentence|language):[^+]*$"  # a deciding row of the actor dictionary that is none
# Acts inside one sector of one country are real for these (factions, parties, crowds); for others
# (GOV on GOV, a country on its government) they are as a rule one actor in two wordings.
INNER_SECTORS = ("CVL", "REB", "UAF", "PTY", "OPP", "LEG", "MIL", "REF", "ELI", "BUS", "MED")


def mention_rows(extracted: Iterable[Extracted]) -> pl.DataFrame:
    """Return the `mentions` table of read documents."""
    rows = []
    for document in extracted:
        digest = text_digest(document.prepared.original.text)
        for mention, dated in zip(document.mentions, document.dates, strict=True):
            rows.append(
                {
                    **_mention_row(mention, digest),
                    "home": document.home,
                    "event_date": dated.date,
                    "date_precision": dated.precision,
                    "date_basis": dated.basis if dated.date else "none",
                }
            )
    return tables.conform(pl.DataFrame(rows, schema=tables.schema("mentions")), "mentions")


def text_digest(text: str) -> str:
    """Return the SHA-256 of a document's text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def identifier(*parts: object) -> str:
    """Return 16 hex digits made from content alone, so that every run gives the same."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:16]


def _mention_row(mention: EventMention, digest: str) -> dict[str, Any]:
    sentence, act = mention.sentence, mention.act
    ends: dict[str, Any] = {}
    for name, span in (
        ("source", mention.source), ("target", mention.target), ("event", act.words)
    ):  # fmt: skip
        ends[f"{name}_text"] = span.text if span else ""
        ends[f"{name}_start"] = span.start if span else None
        ends[f"{name}_end"] = span.end if span else None
    place = (ends["source_start"], ends["source_end"], ends["target_start"], ends["target_end"])
    return {
        "mention_id": identifier(
            sentence.document.doc_id, digest, sentence.number, *place, act.code
        ),
        "doc_id": sentence.document.doc_id,
        "sentence_number": sentence.number,
        "sentence_text": sentence.text,
        "language": sentence.language,
        **ends,
        "event_code": act.code,
        "confidence": act.confidence,
        "alternatives": [{"code": c, "probability": p} for c, p in act.alternatives],
        "modality": act.modality,
        "source_antecedent": mention.source_antecedent,
        "target_antecedent": mention.target_antecedent,
    }


def code_events(
    mentions: pl.DataFrame,
    documents: pl.DataFrame,
    dictionary: ActorDictionary,
    ontology: Ontology,
    threshold: float,
) -> pl.DataFrame:
    """Return the `events` table: a row for each pair of actors that a mention names.

    Rows under `threshold` confidence, with unknown actors, of an actor with itself, or told twice
    in a sentence stay in the table with the reason in `dropped`.
    """
    paired = pl.DataFrame(
        list(_pairs(mentions, documents, dictionary)), schema=_PAIRS, infer_schema_length=None
    )
    events = (
        paired.join(mentions, on="mention_id", how="left", maintain_order="left")
        .join(documents.select("doc_id", "published", "publisher", "url", "cluster_id"),
              on="doc_id", how="left", maintain_order="left")
        .join(ontology.frame().select(_CODES), on="event_code", how="left", maintain_order="left")
        .with_columns(pl.col("confidence").round(4), pl.col("plover_type").replace("", None))
    )  # fmt: skip
    return tables.conform(events.with_columns(_dropped(threshold)), "events")


_ACTOR = ("", "_country", "_sector", "_name", "_row")
_PAIRS = {"event_id": pl.String, "mention_id": pl.String} | {
    f"{role}{part}": pl.String for role in ("source", "target") for part in _ACTOR
}
_CODES = ("event_code", "base_code", "root_code", "quad_class", "penta_class", "plover_type",
          "goldstein")  # fmt: skip


def _pairs(
    mentions: pl.DataFrame, documents: pl.DataFrame, dictionary: ActorDictionary
) -> Iterator[dict[str, str]]:
    """Resolve both ends of every mention; a list of actors gives one row a pair."""
    published = dict(documents.select("doc_id", "published").iter_rows())
    for row in mentions.iter_rows(named=True):
        day = row["event_date"] or published.get(row["doc_id"])
        sources, targets = (_resolve(row, role, day, dictionary) for role in ("source", "target"))
        for source in sources:
            for target in targets:
                if len(sources) * len(targets) > 1 and source.code == target.code:
                    continue  # a list does nothing to its own member
                yield {
                    "event_id": identifier(row["mention_id"], source.code, target.code,
                                           source.name, target.name),
                    "mention_id": row["mention_id"],
                    **_columns("source", source),
                    **_columns("target", target),
                }  # fmt: skip


def _resolve(
    row: dict[str, Any], role: str, day: dt.date | None, dictionary: ActorDictionary
) -> Sequence[Actor]:
    text, antecedent = row[f"{role}_text"], row[f"{role}_antecedent"]
    if not text and not antecedent:
        return (_NOBODY,)
    start, end = row[f"{role}_start"], row[f"{role}_end"]
    dual = bool(antecedent and text) and is_dual(row["sentence_text"], start, end)
    if not text or dual:  # a left-out subject, "both sides"
        found = tuple(
            replace(actor, row=f"{actor.row} < {one}")
            for one in antecedent.split(JOIN)
            for actor in dictionary.resolve_all(one, row["language"], day)
        )
        if dual:
            own = dictionary.read(text, row["language"], day)[0].role
            found = tuple(_as_one_of_two(actor, text, own) for actor in found)
    else:
        found = dictionary.resolve_all(
            text, row["language"], day,
            antecedent=antecedent, context=row["sentence_text"], home=row["home"],
        )  # fmt: skip
    return tuple({actor.code: actor for actor in reversed(found)}.values()) or (_NOBODY,)


def _as_one_of_two(actor: Actor, phrase: str, role: str) -> Actor:
    """Give one of two the role that both have in a phrase: "both countries", "قوات البلدين"."""
    if are_states(phrase):
        role = ""
    elif role in {"", *UNNAMED}:
        return actor
    if actor.country in INTERNATIONAL:
        return actor
    return replace(actor, code=actor.country + role, sector=role)


_NOBODY = Actor("", "", "", "", "")


def _columns(role: str, actor: Actor) -> dict[str, str]:
    values = (actor.code, actor.country, actor.sector, actor.name, actor.row)
    return {f"{role}{part}": value for part, value in zip(_ACTOR, values, strict=True)}


def _two_persons() -> pl.Expr:
    """Two different known persons of one office code: a president and his minister."""
    known = [pl.col(f"{role}_row").str.starts_with("leaders:") for role in ("source", "target")]
    return known[0] & known[1] & (pl.col("source_name") != pl.col("target_name"))


def _dropped(threshold: float) -> pl.Expr:
    """Give the first reason that speaks against an event, null if none does."""
    one_state = (pl.col("source_country") == pl.col("target_country")) & pl.all_horizontal(
        pl.col("source_sector", "target_sector").is_in(["", "GOV"]),
        ~pl.col("source_row", "target_row").str.contains("home:|sentence:|language:"),
    )
    itself = (
        ((pl.col("source") == pl.col("target")) | one_state)
        & (pl.col("source") != "")
        & ~pl.col("source_sector").is_in(INNER_SECTORS)
        & ~_two_persons()
    )
    told = (
        pl.when(pl.col("confidence") < threshold)
        .then(pl.lit("low confidence"))
        .when((pl.col("source_text") != "") & (pl.col("source") == ""))
        .then(pl.lit("unknown source"))
        .when((pl.col("target_text") != "") & (pl.col("target") == ""))
        .then(pl.lit("unknown target"))
        .when((pl.col("source") == "") & (pl.col("target") == ""))
        .then(pl.lit("no actor"))
        .when(itself)
        .then(pl.lit("self dyad"))
    )
    same = ("doc_id", "sentence_number", "source", "target", "root_code")
    # The surest telling stays; of equals the first, so that the choice doesn't hang on order.
    rank = (
        pl.struct(-pl.col("confidence"), pl.col("event_id"))
        .rank("ordinal")
        .over(*same, told.is_null())
    )
    again = told.is_null() & (rank > 1)
    return pl.when(again).then(pl.lit("repeated in sentence")).otherwise(told).alias("dropped")


def count_reasons(events: pl.LazyFrame) -> dict[str, int]:
    """Count events by reason, those kept under `kept`."""
    counted = events.group_by(pl.col("dropped").fill_null("kept")).len().collect()
    return dict(sorted(counted.iter_rows(), key=lambda r: (r[0] != "kept", -r[1], r[0])))


def unresolved(events: pl.LazyFrame, most: int = 100) -> pl.DataFrame:
    """Return the phrases of actors that no dictionary row knows, the most frequent first.

    Those whose country is only a guess from the sentence, the document or its language count too.
    Columns: phrase, language, n. One line of a user's csv for `--actors` mends each.
    """
    missing = [
        events.filter(
            (pl.col(f"{role}_text") != "")
            & ((pl.col(role) == "") | pl.col(f"{role}_row").str.contains(_GUESS))
        ).select(pl.col(f"{role}_text").alias("phrase"), "language")
        for role in ("source", "target")
    ]
    return (
        pl.concat(missing)
        .group_by("phrase", "language")
        .agg(pl.len().alias("n"))
        .sort("n", "phrase", "language", descending=[True, False, False])
        .head(most)
        .collect()
    )
