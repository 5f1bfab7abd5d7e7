"""A shard of documents in, its rows of every table out: what each engine runs."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from eventcoder import events, resources, sketches, tables
from eventcoder.actors import ActorDictionary
from eventcoder.extraction import Extracted, extract, prepare, read, tell
from eventcoder.formats import Columns
from eventcoder.model.encoder import EncoderModel
from eventcoder.ontology import Ontology
from eventcoder.records import Document, Unreadable
from eventcoder.signature import Signature

IN_PART = "read in part: a sentence is longer than the model reads"
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

    Engine `ray` codes on a cluster: that at `address`, or one started on this machine.
    """

    model: str = "default"
    ontology: str = "cameo"
    actors: tuple[str, ...] = ()
    threshold: float | None = None
    threads: int = 0
    columns: Columns = field(default_factory=Columns)
    engine: str = "local"
    address: str | None = None


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

    def part(self, shard: Shard) -> Part:
        """Code a shard."""
        return self._rows(shard, self.read(_documents(shard)))

    def parts(self, shards: Iterable[Shard]) -> Iterator[tuple[Shard, Part]]:
        """Code shards in order, with them.

        While the model reads one in a thread, the next is prepared and the last one's rows are
        made: ONNX Runtime works without Python's lock.
        """
        prepared = _ahead((shard, [prepare(d) for d in _documents(shard)]) for shard in shards)
        reading = _ahead((shard, ready, read(ready, self.model)) for shard, ready in prepared)
        for shard, ready, readings in reading:
            yield shard, self._rows(shard, tell(ready, readings, self.model, self.dictionary))

    def _rows(self, shard: Shard, extracted: Sequence[Extracted]) -> Part:
        failed = [item for item in shard if isinstance(item, Unreadable)]
        order = pl.DataFrame({"doc_id": [item.doc_id for item in shard]})
        documents = order.join(
            document_rows(extracted, failed), on="doc_id", how="left", maintain_order="left"
        )
        mentions = events.mention_rows(extracted)
        return Part(documents, mentions, sketches.sketch_rows(documents, extracted),
                    self.code_mentions(mentions, documents))  # fmt: skip

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
                "corpus": [str(path) for path in paths],
                "columns": asdict(options.columns),
                "actors": list(options.actors),
                "threshold": self.threshold,
            },
        )


def _documents(shard: Shard) -> list[Document]:
    return [item for item in shard if isinstance(item, Document)]


def _ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items; while one is used, a thread works out the next."""
    source = iter(items)
    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(next, source, _END)
        while (item := future.result()) is not _END:
            future = thread.submit(next, source, _END)
            yield item


_END: Any = object()


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
