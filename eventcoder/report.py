"""A run, release or events file in, one HTML page about it out, with pictures and no requests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from eventcoder import drawing, figures, imports, resources, runs, tables
from eventcoder import events as coded
from eventcoder.errors import EventcoderError
from eventcoder.model import description
from eventcoder.ontology import Code, Ontology, available
from eventcoder.release import Release, ontology

SENTENCES, PHRASES = 20, 20


@dataclass(frozen=True, slots=True)
class Source:
    """What a report is about; a release has no mentions, an events file no documents either."""

    name: str
    kind: str
    events: pl.LazyFrame
    documents: pl.LazyFrame | None = None
    mentions: pl.LazyFrame | None = None
    made_by: str = ""
    info: Mapping[str, Any] = field(default_factory=dict)
    codes: Mapping[str, Code] = field(default_factory=dict)


def write(path: str | Path, out: str | Path, seed: int = 0) -> None:
    """Write the report on a run folder, a release folder or an events file."""
    page, out = render(path, seed), Path(out)
    try:
        out.write_text(page, "utf-8")
    except OSError as error:
        raise EventcoderError(f"{out} can't be written: {error.strerror}") from error


def render(path: str | Path, seed: int = 0) -> str:
    """Return the page; `seed` draws other sentences."""
    from jinja2 import Environment, FileSystemLoader

    source = _open(Path(path))
    kept = source.events.filter(pl.col("dropped").is_null())
    folder = Path(__file__).parent / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["number"] = lambda n: f"{n:,}"
    environment.filters["share"] = _share
    counts = _counts(source)
    page = environment.get_template("report.html.jinja").render(
        source=source, counts=counts, quads=figures.QUADS, colours=drawing.QUAD_COLOURS,
        kept_colour=drawing.KEPT, left_out_colour=drawing.LEFT_OUT, documents=_documents(source),
        languages=_languages(source, kept), reasons=_reasons(source.events),
        timeline=figures.timeline(kept), dyads=figures.dyads(kept), network=figures.network(kept),
        codes=figures.codes(kept), confidence=figures.confidence(source.events),
        threshold=_threshold(source), reliability=_reliability(source),
        expected_colour=drawing.EXPECTED,
        unresolved=coded.unresolved(source.events, PHRASES).rows(named=True),
        sentences=_sentences(source, kept, seed),
    )  # fmt: skip
    return page + "\n"


def _open(path: Path) -> Source:
    name = path.resolve().name
    if not path.exists():
        raise EventcoderError(f"{path} does not exist: give a run, a release or an events file")
    if (path / "run.json").exists():
        run = runs.Run.open(path)
        return Source(name, "run", run.events(), run.documents(), run.mentions(),
                      str(run.signature()), run.info(), ontology(run).codes)  # fmt: skip
    if (path / "release.json").exists():
        release = Release.open(path)
        info = release.info()
        title = f"{info.get('title') or name} {info['version']}"
        signed = str(info.get("signed", ""))
        return Source(title, "release", release.events(), release.documents(), None, signed, info,
                      _codes_of_release(info))  # fmt: skip
    kind = "data set" if path.is_dir() else "events file"
    return Source(name, kind, imports.events_of(path), codes=Ontology.load().codes)


def _codes_of_release(info: Mapping[str, Any]) -> Mapping[str, Code]:
    """Return the codes of a release; none of a user's own ontology, which does not come along."""
    made = info.get("signature")
    digest = made.get("ontology_digest") if isinstance(made, dict) else None
    shipped = (Ontology.load(name) for name in available())
    return next((found.codes for found in shipped if found.digest == digest), {})


def _share(n: float, of: float) -> str:
    return f"{100 * n / of:.1f} %" if of else "–"


def _counts(source: Source) -> dict[str, Any]:
    """Count what was read and coded; None where the source does not tell."""
    events, kept = source.events, pl.col("dropped").is_null()
    row = tables.collect(
        events.select(
            events=pl.len(), kept=kept.sum(), undated=(kept & pl.col("event_date").is_null()).sum(),
            first=pl.col("published").min(), last=pl.col("published").max(),
        ),
        "the events",
    ).row(0, named=True)  # fmt: skip
    if source.documents is not None:
        documents = source.documents.select(
            documents=pl.len(), sentences=pl.col("n_sentences").sum(),
            stories=pl.col("cluster_id").drop_nulls().n_unique(),
            first=pl.col("published").min(), last=pl.col("published").max(),
            no_date=pl.col("published").is_null().sum(),
        )  # fmt: skip
        row.update(tables.collect(documents, "the documents").row(0, named=True))
    if source.mentions is not None:
        row["mentions"] = tables.collect(source.mentions.select(pl.len()), "the mentions").item()
    return row


def _documents(source: Source) -> list[dict[str, Any]]:
    if source.documents is None:
        return []
    return figures.count(source.documents, "status", "reason").rows(named=True)


def _reasons(events: pl.LazyFrame) -> list[tuple[str, int]]:
    return list(coded.count_reasons(events).items())


def _languages(source: Source, kept: pl.LazyFrame) -> list[dict[str, Any]]:
    """Count documents, sentences and kept events by language."""
    by = kept.group_by("language").agg(n_events=pl.len(), confidence=pl.col("confidence").mean())
    if source.documents is not None:
        read = source.documents.group_by("language").agg(
            n_documents=pl.len(), n_sentences=pl.col("n_sentences").sum()
        )
        by = read.join(by, on="language", how="full", coalesce=True, nulls_equal=True)
    frame = tables.collect(by, "the events").with_columns(pl.col("n_events").fill_null(0))
    return frame.sort("n_events", "language", descending=[True, False]).rows(named=True)


def _threshold(source: Source) -> float | None:
    try:
        return float(source.info["signature"]["arguments"]["threshold"])
    except (KeyError, TypeError, ValueError):
        return None


def _reliability(source: Source) -> dict[str, Any] | None:
    """Draw how the model's confidence held on its developers' gold, if that model is at hand."""
    made = source.info.get("signature")
    if not isinstance(made, dict) or not isinstance(made.get("model"), str):
        return None
    try:
        folder = resources.model(made["model"])
        if description.digest(folder) != made.get("model_digest"):
            return None
        bins = json.loads((folder / "model.json").read_text("utf-8"))["held_out"]["reliability"]
        return figures.reliability(bins)
    except (EventcoderError, OSError, ValueError, KeyError, TypeError):
        return None


def _sentences(source: Source, kept: pl.LazyFrame, seed: int) -> list[dict[str, Any]]:
    """Draw kept events by lot and mark in their sentences who did what to whom."""
    legible = kept.filter(pl.col("sentence_text").str.len_chars() > 0)
    lot = pl.col("event_id").hash(seed)
    drawn = tables.collect(legible.bottom_k(SENTENCES, by=lot), "the events").sort(lot)
    places: dict[str, dict[str, Any]] = {}
    if source.mentions is not None and not drawn.is_empty():
        wanted = drawn.select("mention_id").drop_nulls().lazy()
        found = source.mentions.join(wanted, on="mention_id", how="semi")
        rows = tables.collect(found, "the mentions").iter_rows(named=True)
        places = {row["mention_id"]: row for row in rows}
    return [
        _sentence(row, places.get(row["mention_id"]), source.codes)
        for row in drawn.rows(named=True)
    ]


def _sentence(
    row: dict[str, Any], place: dict[str, Any] | None, codes: Mapping[str, Code]
) -> dict[str, Any]:
    text = row["sentence_text"]
    marked = {
        part: (place[f"{part}_start"], place[f"{part}_end"])
        if place and place["sentence_text"] == text
        else _found(text, row[f"{part}_text"])
        for part in ("source", "target", "event")
    }
    known = codes.get(row["event_code"])
    link = row["url"] if (row["url"] or "").startswith(("https://", "http://")) else None
    return {**row, "pieces": drawing.spans(text, marked), "link": link,
            "code_name": known.name if known else ""}  # fmt: skip


def _found(text: str, words: str) -> tuple[int | None, int | None]:
    start = text.find(words) if words else -1
    return (None, None) if start < 0 else (start, start + len(words))
