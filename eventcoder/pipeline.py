"""The whole flow on one page: code, recode, aggregate, explain."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import polars as pl

from eventcoder import (
    behaviour,
    consistency,
    corpus,
    duplicates,
    dyads,
    evaluation,
    events,
    imports,
    resources,
    runs,
    spotting,
    tables,
)
from eventcoder.actors import ActorDictionary
from eventcoder.errors import EventcoderError
from eventcoder.extraction import Extracted, Prepared, extract, prepare
from eventcoder.formats import Columns
from eventcoder.model.encoder import EncoderModel
from eventcoder.ontology import Ontology
from eventcoder.records import Actor, Document, Sentence, Unreadable

EXTRACTION_COUNTS = ("read", "coded", "skipped", "failed", "sentences", "truncated")
IN_PART = "read in part: a sentence is longer than the model reads"
SHARD = 256  # documents a part: a minute or so of work, the most that a crash can cost
Talk = Callable[[dict[str, int]], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How to code. `threshold` None takes the model's own; `threads` 0 takes every core."""

    model: str = "default"
    ontology: str = "cameo"
    actors: tuple[str, ...] = ()
    threshold: float | None = None
    threads: int = 0
    columns: Columns = field(default_factory=Columns)


@dataclass(frozen=True, slots=True)
class Coder:
    """What coding needs, loaded once: the model, the actors, the codes."""

    model: EncoderModel
    dictionary: ActorDictionary
    ontology: Ontology
    threshold: float

    @classmethod
    def load(cls, options: Options) -> "Coder":
        """Load model, dictionary and ontology; raise EventcoderError if one can't be had."""
        model = EncoderModel(resources.model(options.model), options.threads)
        dictionary = ActorDictionary.load([Path(path) for path in options.actors])
        threshold = model.threshold if options.threshold is None else options.threshold
        return cls(model, dictionary, Ontology.load(options.ontology), threshold)

    def read(self, documents: Iterable[Document]) -> list[Extracted]:
        """Read documents, prepared or not coded; in order."""
        return extract([prepare(d) for d in documents], self.model, self.dictionary)

    def code(self, extracted: Sequence[Extracted]) -> pl.DataFrame:
        """Return the `events` table of read documents."""
        frame = document_rows(extracted, ())
        return events.code_events(
            events.mention_rows(extracted), frame, self.dictionary, self.ontology, self.threshold
        )

    def signature(self, options: Options, paths: Sequence[str | Path]) -> runs.Signature:
        """Return what makes a run with this coder what it is."""
        return runs.Signature(
            model=self.model.name,
            model_digest=self.model.digest,
            ontology=f"{self.ontology.name} {self.ontology.version}",
            ontology_digest=self.ontology.digest,
            actors_digest=self.dictionary.digest,
            arguments={
                "corpus": [str(path) for path in paths],
                "columns": asdict(options.columns),
                "actors": list(options.actors),
                "threshold": self.threshold,
            },
        )


def code(
    paths: Sequence[str | Path],
    out: str | Path,
    options: Options | None = None,
    existing: Literal["refuse", "resume", "overwrite"] = "refuse",
    talk: Talk | None = None,
) -> runs.Run:
    """Code corpus files into a run folder; return the run.

    Work goes shard by shard, so memory does not grow with the corpus and a stopped run can be
    resumed. `talk` gets the running counts after each shard.
    """
    options = options or Options()
    found = corpus.read(paths, options.columns)
    coder = Coder.load(options)
    signature = coder.signature(options, paths)
    counts: Counter[str] = Counter(dict.fromkeys(EXTRACTION_COUNTS, 0))
    began = time.monotonic()
    with runs.Run.create(out, signature, existing) as run:
        finished = run.parts()
        for number, shard in enumerate(_shards(found)):
            if number not in finished:
                documents = [item for item in shard if isinstance(item, Document)]
                failed = [item for item in shard if isinstance(item, Unreadable)]
                extracted = coder.read(documents)
                order = pl.DataFrame({"doc_id": [item.doc_id for item in shard]})
                frame = order.join(document_rows(extracted, failed), on="doc_id", how="left",
                                   maintain_order="left")  # fmt: skip
                run.write_part(number, frame, events.mention_rows(extracted),
                               duplicates.sketch_rows(extracted))  # fmt: skip
                counts["sentences"] += int(frame["n_sentences"].sum())
            counts["read"] += len(shard)
            if talk:
                talk(dict(counts))
        table = tables.collect(run.documents(), "documents")
        counts.update(dict(table.group_by("status").len().iter_rows()))
        counts["sentences"] = int(table["n_sentences"].sum())
        counts["truncated"] = int((table["reason"] == IN_PART).sum())
        _code_mentions(run, table, coder.dictionary, coder.ontology, coder.threshold)
        _count_events(run, counts)
        run.finish(signature, counts, time.monotonic() - began)
    return run


def _shards(found: Iterator[Document | Unreadable]) -> Iterator[list[Document | Unreadable]]:
    while shard := list(islice(found, SHARD)):
        yield shard


def document_rows(extracted: Sequence[Extracted], failed: Sequence[Unreadable]) -> pl.DataFrame:
    """Return the `documents` table of read and unreadable documents."""
    rows = [_document_row(e) for e in extracted]
    rows += [
        {"doc_id": f.doc_id, "path": f.path, "status": "failed", "reason": f.reason,
         "published_basis": "none", "n_sentences": 0, "n_events": 0}
        for f in failed
    ]  # fmt: skip
    schema = tables.schema("documents")
    return tables.conform(
        pl.DataFrame([{c: row.get(c) for c in schema} for row in rows], schema=schema), "documents"
    )


def _document_row(extracted: Extracted) -> dict[str, Any]:
    prepared = extracted.prepared
    document = prepared.document
    return {
        "doc_id": document.doc_id,
        "path": document.path,
        "status": "skipped" if prepared.reason else "coded",
        "reason": prepared.reason or (IN_PART if extracted.truncated else None),
        "title": document.title,
        "published": document.published,
        "published_basis": document.published_basis if document.published else "none",
        "language": document.language if document.language != "und" else None,
        "publisher": document.publisher,
        "url": document.url,
        "n_sentences": len(prepared.sentences),
        "n_events": 0,
        "text_sha256": events.text_digest(prepared.original.text),
    }


def _count_events(run: runs.Run, counts: Counter[str]) -> None:
    reasons = events.count_reasons(run.events())
    counts["mentions"] = int(run.mentions().select(pl.len()).collect().item())
    counts["events"] = sum(reasons.values())
    counts["kept"] = 0
    counts.update({"kept" if r == "kept" else f"dropped: {r}": n for r, n in reasons.items()})


def _code_mentions(
    run: runs.Run,
    documents: pl.DataFrame,
    dictionary: ActorDictionary,
    ontology: Ontology,
    threshold: float,
) -> None:
    """Code the mentions part by part, find the stories, count events in the documents."""
    coded = []
    for mentions in run.mention_parts():
        known = documents.join(mentions.select("doc_id").unique(), on="doc_id", how="semi")
        coded.append(events.code_events(mentions, known, dictionary, ontology, threshold))
    frame = pl.concat(coded) if coded else tables.empty("events")
    if (sketches := run.sketches()) is not None:
        documents, frame = duplicates.assign(documents, tables.collect(sketches, "sketches"), frame)
    run.write("events", frame)
    kept = frame.filter(pl.col("dropped").is_null()).group_by("doc_id").agg(n=pl.len())
    counted = documents.join(kept, on="doc_id", how="left", maintain_order="left")
    run.write("documents", counted.with_columns(n_events=pl.col("n").fill_null(0)).drop("n"))


def recode(path: str | Path, options: Options | None = None) -> runs.Run:
    """Code a run's mentions again, with other actors, ontology or threshold; no model needed."""
    options = options or Options()
    run = runs.Run.open(path)
    old, info = run.signature(), run.info()
    if info["state"] != "finished":
        raise EventcoderError(
            f"{path} is not finished: go on with `eventcoder code --resume` first"
        )
    dictionary = ActorDictionary.load([Path(p) for p in options.actors])
    ontology = Ontology.load(options.ontology)
    threshold = options.threshold
    if threshold is None:
        try:
            threshold = float(old.arguments["threshold"])
        except (KeyError, TypeError, ValueError):
            raise EventcoderError(f"{path} tells no threshold: give one with --threshold") from None
    began = time.monotonic()
    counts = Counter({k: v for k, v in info["counts"].items() if k in EXTRACTION_COUNTS})
    with run.held():
        documents = tables.collect(run.documents(), "documents")
        _code_mentions(run, documents, dictionary, ontology, threshold)
        _count_events(run, counts)
        signature = replace(
            old, actors_digest=dictionary.digest,
            ontology=f"{ontology.name} {ontology.version}", ontology_digest=ontology.digest,
            arguments={**old.arguments, "actors": list(options.actors), "threshold": threshold},
        )  # fmt: skip
        run.finish(signature, counts, info["seconds"] + time.monotonic() - began)
    return run


def aggregate(
    source: str | Path, options: dyads.Options | None = None, levels: Sequence[dyads.Level] = ()
) -> tuple[pl.LazyFrame, dyads.Account]:
    """Return the dyadic series of a run, a release or an events file, and what was left out.

    Published GDELT, ICEWS, POLECAT and Phoenix files are read too.
    With `levels`, one series below the other in a column `level`; the account is still that of
    the options' level.
    """
    frame = imports.events_of(source)
    options = options or dyads.Options()
    series = dyads.aggregate(frame, options, levels=levels, documents=_documents(source))
    return series, dyads.account(frame, options)


def exposure(source: str | Path, options: dyads.Options | None = None) -> pl.LazyFrame | None:
    """Return documents, sentences and events a period, language and publisher; None of a file."""
    documents = _documents(source)
    if documents is None:
        return None
    return dyads.exposure(documents, imports.events_of(source), options)


def _documents(source: str | Path) -> pl.LazyFrame | None:
    """Return the documents of a run or a release; None of others, which do not know them."""
    file = Path(source) / "documents.parquet"
    return tables.scan(file, "documents") if file.exists() else None


def evaluate(
    what: str,
    path: str | Path | None = None,
    options: Options | None = None,
    by: str | None = "lang",
) -> dict[str, Any]:
    """Score the coder: `what` is relations, events, actors, mentions, behaviour or consistency.

    Without a path, behaviour is that in our own sentences.
    """
    options = options or Options()
    if path is None:
        path = _own_gold(what)
    if what == "actors":
        dictionary = ActorDictionary.load([Path(p) for p in options.actors])
        return evaluation.actors(path, dictionary, by)
    if what in ("relations", "mentions"):
        model = EncoderModel(resources.model(options.model), options.threads)
        if what == "mentions":
            return spotting.mentions(path, model, by)
        return evaluation.relations(path, model, Ontology.load(options.ontology), by)
    coder = Coder.load(options)
    if what == "behaviour":
        return behaviour.behaviour(path, coder)
    if what == "consistency":
        return consistency.consistency(path, coder)
    return evaluation.events(path, coder, by)


def _own_gold(what: str) -> Path:
    """Return our own gold where there is some; it comes with a checkout, not with a wheel."""
    if what != "behaviour":
        raise EventcoderError(f"evaluate {what} needs a gold file")
    try:
        path = resources.model("training") / "behaviour.jsonl"
    except EventcoderError:
        raise EventcoderError("evaluate behaviour needs a gold file here") from None
    return path


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that went into one text's events."""

    prepared: Prepared
    sentences: tuple[tuple[Sentence, tuple[tuple[str, Actor | None], ...]], ...]
    events: pl.DataFrame


def explain(text: str, options: Options | None = None, published: str | None = None) -> Explanation:
    """Code one text and keep the reasons: what was removed, which rows decided, why dropped."""
    from eventcoder.dates import parse_given

    if fault := corpus.fault(text):
        raise EventcoderError(f"this can't be explained: {fault}")
    coder = Coder.load(options or Options())
    dated = parse_given(published) if published else None
    document = Document("text", text, published=dated.date if dated else None,
                        published_basis="given" if dated and dated.date else "none")  # fmt: skip
    extracted = coder.read([document])
    prepared = extracted[0].prepared
    told = []
    for sentence in prepared.sentences:
        reading = coder.model.read([sentence.text])[0]
        told.append(
            (sentence, tuple(
                (m.text, coder.dictionary.resolve(
                    m.text, sentence.language, prepared.document.published,
                    context=sentence.text, home=extracted[0].home))
                for m in reading.mentions
            ))
        )  # fmt: skip
    return Explanation(prepared, tuple(told), coder.code(extracted))
