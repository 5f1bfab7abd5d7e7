"""Corpus files, folders and globs in, documents out, one at a time; what can't be read says why."""

import glob
import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from itertools import chain
from pathlib import Path

from eventcoder.errors import EventcoderError, one_line
from eventcoder.formats import READERS, Columns, Row, reader, rows, too_long
from eventcoder.records import Document, Unreadable

LONGEST = 1_000_000  # characters of one document; a book of 500 pages
_LONGEST_ID = 2_000  # characters; web addresses serve as ids, books don't
_HELD = 100  # failures looked at before a missing column is called a mistake in the options


def read(
    paths: Sequence[str | Path], columns: Columns | None = None, longest: int = LONGEST
) -> Iterator[Document | Unreadable]:
    """Read documents from files, folders, globs and `-` (standard input), one at a time.

    Formats by suffix: .jsonl .ndjson .json (one object a line), .csv, .tsv, .parquet, .txt (one
    document), .html .htm; all but Parquet also with .gz or .zst. `longest` is in characters. A
    repeated `doc_id` is kept as `ID#2` if anything in the document differs, else Unreadable.

    Raises EventcoderError for a path that isn't there, a folder without corpus files, and a text
    column that no document has.
    """
    columns = columns or Columns()
    patterns = [str(path) for path in paths]
    if not patterns:
        raise EventcoderError("no corpus given: name files, folders or - for standard input")
    for pattern in patterns:
        next(_files(pattern))  # a wrong path is told before the work begins, not after hours
    files = chain.from_iterable(map(_files, patterns))
    raw = chain.from_iterable(rows(file, columns, longest) for file in files)
    return _documents(raw, longest)


def _documents(raw: Iterator[Row], longest: int) -> Iterator[Document | Unreadable]:
    ids = _Ids()
    lacking: list[Row] = []  # without the text column, before the first document
    started = False
    for row in raw:
        if row.no_column and not started:
            lacking.append(row)
            if len(lacking) == _HELD:
                break
            continue
        item = _document(row, longest)
        if isinstance(item, Document) and not started:
            started = True
            yield from (ids.unique(_document(earlier, longest)) for earlier in lacking)
        yield ids.unique(item)
    if lacking and not started:
        raise EventcoderError(f"{lacking[0].path}: {lacking[0].reason}")


def _document(row: Row, longest: int) -> Document | Unreadable:
    """Check one raw document and give it the right types."""
    given = _word(row.values.get("doc_id"))
    if given and len(given) > _LONGEST_ID:
        given = _digest(given)
    text = row.values.get("text")
    # A file's name may be any bytes; a table holds only letters.
    path = row.path.encode("utf-8", "backslashreplace").decode("utf-8")
    reason = row.reason or fault(text, longest)
    if reason or not isinstance(text, str):
        return Unreadable(given or _digest(row.path), path, one_line(reason))
    document = Document(
        doc_id=given or _digest(text),
        text=text,
        path=path,
        title=_word(row.values.get("title")),
        language=_word(row.values.get("language")),
        publisher=_word(row.values.get("publisher")),
        url=_word(row.values.get("url")),
    )
    published = row.values.get("published")
    if published is None or published == "":
        return document
    from eventcoder.dates import parse_given

    date = parse_given(published).date
    basis = row.published_basis if date else "none"
    return replace(document, published=date, published_basis=basis)


def fault(text: object, longest: int = LONGEST) -> str:
    """Say why something can't be the text of a document; nothing if it can."""
    if text is None:
        return "the text is empty"
    if not isinstance(text, str):
        return f"the text is a {type(text).__name__}, not a string"
    if not text.strip():
        return "the text is empty"
    if len(text) > longest:
        return too_long(longest)
    if "\0" in text:
        return f"NUL character in the text at {text.index(chr(0))}: not a text file?"
    return "" if _encodable(text) else "the text holds half of a surrogate pair"


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _word(value: object) -> str | None:
    """Take a field that should be a short text; numbers are, lists and such are not."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    word = str(value).replace("\0", "").strip()
    return word if word and _encodable(word) else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _content(document: Document) -> str:
    """Write a document out without its place in the corpus."""
    return repr(tuple(getattr(document, f.name) for f in fields(document) if f.name != "path"))


class _Ids:
    """The ids given out so far, as 60-bit hashes: about 130 bytes a document."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._uses: dict[int, int] = {}  # of ids that came more than once

    def unique(self, item: Document | Unreadable) -> Document | Unreadable:
        """Return the item under an id of its own; a document that came before is Unreadable."""
        known = not self._new(item.doc_id)
        if isinstance(item, Document) and not self._new(_content(item)):
            reason = one_line(f"same document, duplicate doc_id {item.doc_id}")
            item = Unreadable(item.doc_id, item.path, reason)
        return replace(item, doc_id=self._numbered(item.doc_id)) if known else item

    def _numbered(self, doc_id: str) -> str:
        key = self._key(doc_id)
        while True:
            self._uses[key] = self._uses.get(key, 1) + 1
            numbered = f"{doc_id}#{self._uses[key]}"
            if self._new(numbered):
                return numbered

    def _new(self, value: str) -> bool:
        key = self._key(value)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    @staticmethod
    def _key(value: str) -> int:
        digest = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big") >> 4  # 60 bits are two digits of a Python int


def _files(pattern: str) -> Iterator[str]:
    """List the corpus files that a path, folder or glob stands for, sorted."""
    path = Path(pattern)
    if pattern == "-":
        yield pattern
    elif path.is_dir():
        yield from _some(_walk(path), f"{pattern}: no corpus file in this folder; {_formats()}")
    elif path.exists():
        if path.is_file() and reader(pattern) is None:
            raise EventcoderError(f"{pattern}: not a corpus file; {_formats()}")
        yield pattern
    elif glob.has_magic(pattern):
        found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 (takes absolute patterns)
        files = chain.from_iterable(_walk(Path(f)) if Path(f).is_dir() else [f] for f in found)
        known = (file for file in files if reader(file))
        yield from _some(known, f"{pattern}: no corpus file fits this; {_formats()}")
    else:
        raise EventcoderError(f"{pattern}: no such file or folder")


def _walk(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        if "run.json" in files:  # a run folder beside the corpus it was coded from
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            file = Path(place, name)
            waits = file.exists() and not file.is_file()  # a pipe or socket, maybe for ever
            if not name.startswith(".") and reader(name) and not waits:
                yield str(file)


def _some(files: Iterator[str], otherwise: str) -> Iterator[str]:
    first = next(files, None)
    if first is None:
        raise EventcoderError(otherwise)
    yield first
    yield from files


def _formats() -> str:
    return f"formats: {' '.join(sorted(READERS))}, but for .parquet also with .gz or .zst"
