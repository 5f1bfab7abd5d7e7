"""Corpus files, folders and globs in, documents out, one at a time; what can't be read says why."""

import glob
import hashlib
import json
import math
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from itertools import chain
from pathlib import Path

from eventcoder.decoding import Meter
from eventcoder.errors import EventcoderError, one_line
from eventcoder.formats import READERS, Columns, Row, reader, rows, too_long
from eventcoder.records import Document, Unreadable

LONGEST = 1_000_000  # characters of one document; a book of 500 pages
_LONGEST_ID = 2_000  # characters; web addresses serve as ids, books don't
_CACHE = 16_384  # kB of the ids seen that stay in memory
NO_DATE = "published as given is no date"
_HELD = 100  # rows without the text column after which the other files are asked for a document
_ACCOUNT = 1 << 20  # characters of a run.json
NO_FORMAT = "no format that is read"
OWN_RUN = "a run folder"
PassOver = Callable[[str, str], None]


def _ignore(_path: str, _reason: str) -> None:
    """Say nothing of a file that is passed over."""


def read(
    paths: Sequence[str | Path],
    columns: Columns | None = None,
    longest: int = LONGEST,
    meter: Meter | None = None,
    pass_over: PassOver = _ignore,
) -> Iterator[Document | Unreadable]:
    """Read documents from files, folders, globs and `-` (standard input), one at a time.

    Formats by suffix: .jsonl .ndjson .json (one object a line), .csv, .tsv, .parquet, .txt (one
    document), .html .htm; all but Parquet also with .gz or .zst. `longest` is in characters. A
    repeated `doc_id` is kept as `ID#2` if anything in the document differs, else Unreadable.
    `meter` is told how much has been read, `pass_over` what is left out of folders and globs, and
    why: files of no format that we read, run folders.

    Raises EventcoderError for a path that isn't there, a folder without corpus files, and a text
    column that no document has.
    """
    columns, told = columns or Columns(), meter or Meter()
    patterns = [str(path) for path in paths]
    if not patterns:
        raise EventcoderError("no corpus given: name files, folders or - for standard input")
    for pattern in patterns:
        next(
            _files(pattern, _ignore)
        )  # a wrong path is told before the work begins, not after hours
    files = chain.from_iterable(_files(pattern, pass_over) for pattern in patterns)
    raw = chain.from_iterable(_rows(file, columns, longest, told) for file in files)
    named = [pattern for pattern in patterns if pattern != "-"]

    def elsewhere() -> bool:
        """Say whether a file has a document; standard input can't be read twice."""
        again = chain.from_iterable(_files(pattern, _ignore) for pattern in named)
        found = chain.from_iterable(rows(file, columns, longest, Meter()) for file in again)
        return any(isinstance(_document(row, longest), Document) for row in found)

    return _documents(raw, longest, elsewhere, held_on="-" in patterns)


def size(paths: Sequence[str | Path]) -> int | None:
    """Return how many bytes there are to read; None if standard input is among them."""
    total = 0
    for file in chain.from_iterable(_files(str(path), _ignore) for path in paths):
        if file == "-":
            return None
        with suppress(OSError):
            total += Path(file).stat().st_size
    return total


def _rows(file: str, columns: Columns, longest: int, meter: Meter) -> Iterator[Row]:
    before = meter.read
    yield from rows(file, columns, longest, meter)
    with suppress(OSError):
        meter.read = before + Path(file).stat().st_size  # also of what was not read to its end


def _documents(
    raw: Iterator[Row], longest: int, elsewhere: Callable[[], bool], held_on: bool
) -> Iterator[Document | Unreadable]:
    """Check rows; one without the text column is a failure if any document has it.

    Until one is found they are held, and after some `elsewhere` is asked, so that a whole corpus
    of them fills no memory; standard input, which gives up after a bounded number, is `held_on`.
    """
    ids = _Ids()
    lacking: list[Row] = []  # without the text column, before the first document
    started = False
    for row in raw:
        if row.no_column and not started:
            lacking.append(replace(row, values={}))
            if len(lacking) != _HELD:
                continue
            if started := elsewhere():
                yield from (ids.unique(_document(earlier, longest)) for earlier in lacking)
            elif not held_on:
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
    path = _shown(row.path)
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
    wrong = "" if date else NO_DATE
    return replace(document, published=date, published_basis=basis, fault=wrong)


def _shown(path: str) -> str:
    """Write a file's name, which may be any bytes, as a table can hold it."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


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
    """The ids given out so far, as 60-bit hashes: in a file of SQLite's that has no name, so that
    memory does not grow with the corpus (20 to 40 bytes of disk a document and hash)."""

    def __init__(self) -> None:
        # Read in one thread at a time, but not always in the same.
        self._seen = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._seen.executescript(
            f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{_CACHE};"
            "BEGIN; CREATE TABLE seen (key INTEGER PRIMARY KEY, uses INTEGER NOT NULL)"
        )

    def unique(self, item: Document | Unreadable) -> Document | Unreadable:
        """Return the item under an id of its own; a document that came before is Unreadable."""
        try:
            return self._unique(item)
        except sqlite3.Error as error:
            raise EventcoderError(
                f"the ids of documents can't be kept in a temporary file ({error}): is there room?"
            ) from error

    def _unique(self, item: Document | Unreadable) -> Document | Unreadable:
        known = not self._new(item.doc_id)
        if isinstance(item, Document) and not self._new(_content(item)):
            reason = one_line(f"same document, duplicate doc_id {item.doc_id}")
            item = Unreadable(item.doc_id, item.path, reason)
        return replace(item, doc_id=self._numbered(item.doc_id)) if known else item

    def _numbered(self, doc_id: str) -> str:
        key = _key(doc_id)
        while True:
            (uses,) = self._seen.execute(
                "UPDATE seen SET uses = uses + 1 WHERE key = ? RETURNING uses", (key,)
            ).fetchone()
            if self._new(f"{doc_id}#{uses}"):
                return f"{doc_id}#{uses}"

    def _new(self, value: str) -> bool:
        found = self._seen.execute("INSERT OR IGNORE INTO seen VALUES (?, 1)", (_key(value),))
        return found.rowcount == 1


def _key(value: str) -> int:
    digest = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 4


def _files(pattern: str, pass_over: PassOver) -> Iterator[str]:
    """List the corpus files that a path, folder or glob stands for, sorted."""
    path = Path(pattern)
    if pattern == "-":
        yield pattern
    elif path.is_dir():
        found = _known(_walk(path, pass_over), pass_over)
        yield from _some(found, f"{pattern}: no corpus file in this folder; {_formats()}")
    elif path.exists():
        if path.is_file() and reader(pattern) is None:
            raise EventcoderError(f"{pattern}: not a corpus file; {_formats()}")
        yield pattern
    elif glob.has_magic(pattern):
        fit = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 (takes absolute patterns)
        files = chain.from_iterable(
            _walk(Path(f), pass_over) if Path(f).is_dir() else [f] for f in fit
        )
        yield from _some(
            _known(files, pass_over), f"{pattern}: no corpus file fits this; {_formats()}"
        )
    else:
        raise EventcoderError(f"{pattern}: no such file or folder")


def _known(files: Iterator[str], pass_over: PassOver) -> Iterator[str]:
    """Keep the files that have a reader, and folders that can't be listed; pipes and sockets wait,
    maybe for ever."""
    for file in files:
        # os.path, since Path's own raise where a folder may be listed and not entered
        waits = os.path.exists(file) and not os.path.isfile(file)  # noqa: PTH110, PTH113
        if os.path.isdir(file) or (reader(file) and not waits):  # noqa: PTH112
            yield file
        else:
            pass_over(_shown(file), NO_FORMAT)


def _walk(folder: Path, pass_over: PassOver) -> Iterator[str]:
    """List the files below a folder, links followed, each folder once; and what can't be listed."""
    faults: list[OSError] = []
    seen: set[tuple[int, int]] = set()
    for place, folders, files in os.walk(folder, onerror=faults.append, followlinks=True):
        yield from _unlisted(faults)
        if not _first_time(place, seen):
            folders.clear()
            continue
        if "run.json" in files and _is_run(Path(place)):  # beside the corpus it was coded from
            folders.clear()
            pass_over(_shown(place), OWN_RUN)
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield str(Path(place, name))
    yield from _unlisted(faults)


def _unlisted(faults: list[OSError]) -> Iterator[str]:
    while faults:
        if name := faults.pop(0).filename:
            yield str(name)


def _first_time(place: str, seen: set[tuple[int, int]]) -> bool:
    """Say whether a folder is met for the first time, by whatever name: links can go in circles."""
    told = Path(place).stat()
    key = told.st_dev, told.st_ino
    if key in seen:
        return False
    seen.add(key)
    return True


def _is_run(folder: Path) -> bool:
    """Say whether a folder is a run of ours: others call their files run.json, too."""
    try:
        with (folder / "run.json").open(encoding="utf-8") as file:
            account = json.loads(file.read(_ACCOUNT))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(account, dict) and {"state", "signature"} <= account.keys()


def _some(files: Iterator[str], otherwise: str) -> Iterator[str]:
    first = next(files, None)
    if first is None:
        raise EventcoderError(otherwise)
    yield first
    yield from files


def _formats() -> str:
    return f"formats: {' '.join(sorted(READERS))}, but for .parquet also with .gz or .zst"
