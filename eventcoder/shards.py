"""A corpus in, the parts of a run out; on resuming, whether they are still those of the corpus."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import zip_longest

import polars as pl

from eventcoder import sketches
from eventcoder.coder import Shard, record
from eventcoder.errors import EventcoderError
from eventcoder.records import Document, Unreadable
from eventcoder.runs import Run

SHARD = 512  # documents a part: some ten seconds of work, the most that a crash can cost
LETTERS = 2_000_000  # after which a part is full: 512 documents may be 256 times as long


def cut(
    found: Iterator[Document | Unreadable], told: Callable[[], None] = lambda: None
) -> Iterator[Shard]:
    """Cut a corpus into parts, by nothing but itself: a resumed run cuts it as the first did.

    `told` is called before each part is yielded.
    """
    shard: list[Document | Unreadable] = []
    letters = 0
    for item in found:
        shard.append(item)
        letters += _letters(item)
        if len(shard) == SHARD or letters >= LETTERS:
            told()
            yield shard
            shard, letters = [], 0
    if shard:
        told()
        yield shard


def _letters(item: Document | Unreadable) -> int:
    """Count the characters of a document; not of its place, which may be named in many ways."""
    if isinstance(item, Unreadable):
        return 0
    told = (getattr(item, name) for name in item.__slots__ if name != "path")
    return sum(len(value) for value in told if isinstance(value, str))


def check_finished(run: Run, shards: Iterator[Shard], complete: bool) -> Counter[str]:
    """Go over the finished parts of a resumed run; return its counts of parts, read, sentences.

    `complete` says that no part may follow. Raises EventcoderError if the parts are damaged, or of
    other documents than the corpus now has.
    """
    run.refuse_damaged()
    counts = Counter(dict.fromkeys(("parts", "read", "sentences"), 0))
    for number, stored in run.part_documents():
        if not (shard := next(shards, None)):
            raise _changed(run, "there is less of it")
        known = run.part_sketches(number)
        sketches.refuse_unsound(known)
        if (other := _other(stored, known["record"], shard)) is not None:
            raise _changed(run, other)
        told = Counter(parts=1, read=len(shard), sentences=int(stored["n_sentences"].sum()))
        counts.update(told)
    if complete and (more := next(shards, None)):
        raise _changed(run, more[0].path)
    return counts


def _other(stored: pl.DataFrame, records: pl.Series, shard: Shard) -> str | None:
    """Return the place of the first document of a shard that is not what was read of it then."""
    rows = zip(stored["doc_id"], stored["path"], records, strict=True)
    for item, row in zip_longest(shard, rows):
        if item is None:
            return "there is less of it"
        # Of a document that was set aside only id and place are known.
        if row is None or row[:2] != (item.doc_id, item.path) or row[2] not in (None, record(item)):
            return item.path
    return None


def _changed(run: Run, where: str) -> EventcoderError:
    return EventcoderError(
        f"{run.path} can't be resumed: its corpus has changed since ({where}); overwrite it, or "
        "give another folder"
    )
