"""A shard of documents in, its rows of every table out: what each engine runs."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import polars as pl

from eventcoder import events, resources, sketches, tables
from eventcoder.actors import ActorDictionary
from eventcoder.errors import EventcoderError, one_line
from eventcoder.extraction import Extracted, Prepared, extract, prepare, read, tell
from eventcoder.formats import Columns
from eventcoder.model.encoder import EncoderModel
from eventcoder.ontology import Ontology, named
from eventcoder.records import Document, Reading, Unreadable
from eventcoder.signature import Signature, readable

IN_PART = "read in part: a sentence is longer than the model reads"
ASIDE = "set aside: "  # so begins the reason of a document that an engine, not the corpus, failed
MINUTES = 30.0  # for a shard that takes one or two
Shard = Sequence[Document | Unreadable]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one shard in every table."""

    documents: pl.DataFrame
    mentions: pl.DataFrame
    sketches: pl.DataFrame
    events: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Options:
    """How to code. `threshold` None takes the model's own; `threads` 0 takes every core.

    `ontology` None is cameo and `actors` None none but ours; in `recode` both, and `threshold`,
    are then the run's own.
    Engine `ray` codes on a cluster: that at `address`, or one started on this machine; there, a
    worker that takes more than `minutes` for a shard counts as dead.
    """

    model: str = "default"
    ontology: str | None = None
    actors: tuple[str, ...] | None = None
    threshold: float | None = None
    threads: int = 0
    columns: Columns = field(default_factory=Columns)
    engine: str = "local"
    address: str | None = None
    minutes: float = MINUTES

    def knowledge(self) -> dict[str, Any]:
        """Return the user's actors and codes as a run names them: found from any folder."""
        return {
            "actors": [readable(Path(path).absolute()) for path in self.actors or ()],
            "ontology": readable(named(self.ontology or "cameo")),
        }


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
        dictionary = ActorDictionary.load([Path(path) for path in options.actors or ()])
        threshold = model.threshold if options.threshold is None else options.threshold
        return cls(model, dictionary, Ontology.load(options.ontology or "cameo"), threshold)

    def read(self, documents: Iterable[Document]) -> list[Extracted]:
        """Read documents, prepared or not coded; in order."""
        return extract([prepare(d) for d in documents], self.model, self.dictionary)

    def part(self, shard: Shard) -> Part:
        """Code a shard."""
        return self._rows(shard, self.read(_documents(shard)))

    def parts(self, shards: Iterable[Shard]) -> Iterator[tuple[Shard, Part]]:
        """Code shards in order, with them.

        While the model reads one in a thread, the next is prepared and the last one's rows are
        made: ONNX Runtime works without Python's lock. A shard that raises is coded one by one.
        """

        def rows(shard: Shard, ready: Sequence[Prepared], readings: Sequence[Reading]) -> Part:
            return self._rows(shard, tell(ready, readings, self.model, self.dictionary))

        prepared = ahead((shard, _tried(_prepared, shard)) for shard in shards)
        reading = ahead((s, ready, _tried(read, ready, self.model)) for s, ready in prepared)
        for shard, ready, readings in reading:
            part = _tried(rows, shard, ready, readings)
            yield shard, one_by_one(shard, self.part) if part is None else part

    def _rows(self, shard: Shard, extracted: Sequence[Extracted]) -> Part:
        failed = [item for item in shard if isinstance(item, Unreadable)]
        order = pl.DataFrame({"doc_id": [item.doc_id for item in shard]})
        documents = order.join(
            document_rows(extracted, failed), on="doc_id", how="left", maintain_order="left"
        )
        mentions = events.mention_rows(extracted)
        sketched = sketches.sketch_rows(documents, extracted, [record(item) for item in shard])
        return Part(documents, mentions, sketched, self.code_mentions(mentions, documents))

    def code_mentions(self, mentions: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
        """Return the `events` table of mentions."""
        return events.code_events(
            mentions, documents, self.dictionary, self.ontology, self.threshold
        )

    def code(self, extracted: Sequence[Extracted]) -> pl.DataFrame:
        """Return the `events` table of read documents."""
        return self.code_mentions(events.mention_rows(extracted), document_rows(extracted, ()))

    def signature(self, options: Options, paths: Sequence[str | Path]) -> Signature:
        """Return what makes a run with this coder what it is."""
        return Signature(
            model=self.model.name,
            model_digest=self.model.digest,
            ontology=f"{self.ontology.name} {self.ontology.version}",
            ontology_digest=self.ontology.digest,
            actors_digest=self.dictionary.digest,
            arguments={
                "corpus": [readable(path) for path in paths],
                "columns": asdict(options.columns),
                **options.knowledge(),
                "threshold": self.threshold,
            },
        )


def record(item: Document | Unreadable) -> str | None:
    """Return a digest of all that was read of a document, or why it could not be.

    None of one that was set aside: the corpus has it still.
    """
    if isinstance(item, Unreadable) and item.reason.startswith(ASIDE):
        return None
    told = json.dumps(asdict(item), default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _documents(shard: Shard) -> list[Document]:
    return [item for item in shard if isinstance(item, Document)]


def _prepared(shard: Shard) -> list[Prepared]:
    return [prepare(document) for document in _documents(shard)]


def careful(shard: Shard, part: Callable[[Shard], Part]) -> Part:
    """Code a shard with `part`; a document that raises is set aside."""
    whole = _tried(part, shard)
    return one_by_one(shard, part) if whole is None else whole


def one_by_one(shard: Shard, part: Callable[[Shard], Part]) -> Part:
    """Code a shard that raised: each document is tried alone, those that raise are set aside."""

    def tried(item: Document | Unreadable) -> Document | Unreadable:
        try:
            part([item])
        except _NO_DOCUMENTS_FAULT:
            raise
        except Exception as error:  # unforeseen, so of any kind
            reason = one_line(f"{ASIDE}{type(error).__name__}: {error}")
            return Unreadable(item.doc_id, item.path, reason)
        return item

    return part([tried(item) for item in shard])


_NO_DOCUMENTS_FAULT = EventcoderError, MemoryError


def _tried(work: Callable[..., Item], *given: Any) -> Item | None:
    """Return what work makes of what it is given; None if that raises, or if it was given None."""
    if any(value is None for value in given):
        return None
    try:
        return work(*given)
    except _NO_DOCUMENTS_FAULT:
        raise
    except Exception:  # told by document, in `one_by_one`
        return None


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items; while one is used, a thread works out the next."""
    source = iter(items)
    future = _later(source)
    while (item := _awaited(future)) is not _END:
        future = _later(source)
        yield item


def _awaited(future: Future[Item]) -> Item:
    """Wait in steps: polars has signals restart a wait, so that Ctrl-C would not end a long one."""
    while not wait([future], _STEP).done:
        pass
    return future.result()


def _later(source: Iterator[Item]) -> Future[Item]:
    """Take the next item in a thread that nobody waits for at the end: it may wait for a pipe."""
    future: Future[Item] = Future()

    def take() -> None:
        try:
            future.set_result(next(source, _END))
        except BaseException as error:
            future.set_exception(error)

    Thread(target=take, daemon=True).start()
    return future


_END: Any = object()
_STEP = 0.2  # seconds


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
    told = (prepared.reason, IN_PART if extracted.truncated else None, document.fault)
    return {
        "doc_id": document.doc_id,
        "path": document.path,
        "status": "skipped" if prepared.reason else "coded",
        "reason": "; ".join(filter(None, told)) or None,
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
