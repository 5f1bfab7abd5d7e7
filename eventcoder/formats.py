"""One corpus file in, its raw documents with their places and faults out."""

import csv
import json
import logging
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventcoder.decoding import Meter, Undecodable, blocks, decode, first_bytes, lines
from eventcoder.errors import one_line

if TYPE_CHECKING:
    import polars as pl

_PARQUET_ROWS = 16, 1000  # decoded at a time, as Python strings and by polars
_PARQUET_SIZE = 1 << 24  # bytes of rows decoded, above which fewer are taken next
_UNREADABLE = 100_000  # rows in a row, after which a file is given up
_REREAD = 1 << 26  # characters of a table read again for broken quotes; then lines stand alone
_LINE = 50  # characters are read in the time that a line costs beside its length
_TAGS = 50_000  # of a page: the extractor's time grows with their square; news has 10,000


@dataclass(frozen=True, slots=True)
class Columns:
    """The names that the fields of a document have in tables and JSON lines."""

    text: str = "text"
    title: str = "title"
    published: str = "published"
    language: str = "language"
    publisher: str = "publisher"
    url: str = "url"
    doc_id: str = "doc_id"


@dataclass(frozen=True, slots=True)
class Row:
    """One raw document: where it stands, its fields by our names, or why it has none."""

    path: str
    values: dict[str, Any]
    reason: str = ""
    no_column: bool = False
    published_basis: str = "given"


def too_long(longest: int) -> str:
    """Say that a document is longer than `longest` characters."""
    return f"longer than {longest:,} characters: split it into documents"


_Reader = Callable[[str, Columns, int, Meter], Iterator[Row]]


def reader(file: str) -> _Reader | None:
    """Find the function that reads a file, by its suffix; None if it is no corpus file."""
    path = Path(file)
    packed = path.suffix.lower() in {".gz", ".zst"}
    suffix = (path.with_suffix("") if packed else path).suffix.lower()
    return None if packed and suffix == ".parquet" else READERS.get(suffix)


def rows(file: str, columns: Columns, longest: int, meter: Meter) -> Iterator[Row]:
    """Read one file; what breaks it off is one more row, with the reason."""
    count = unreadable = 0
    try:
        if file != "-" and Path(file).is_dir():
            next(Path(file).iterdir(), None)  # says why its files are not to be had
        regular = file != "-" and Path(file).is_file()
        if regular and Path(file).stat().st_size == 0:
            yield Row(file, {}, "the file is empty")
            return
        read = reader(file) if regular else None
        for row in (read or _piped)(file, columns, longest, meter):
            count += 1
            unreadable = unreadable + 1 if row.reason else 0
            yield row
            if unreadable == _UNREADABLE:
                raise Undecodable(f"{_UNREADABLE:,} rows in a row can't be read")
    except (OSError, Undecodable) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        read_before = f"; {count} rows before that were read" if count else ""
        yield Row(file, {}, reason + read_before)
        return
    if count == 0:
        yield Row(file, {}, "no document in it")


def _piped(file: str, columns: Columns, longest: int, meter: Meter) -> Iterator[Row]:
    """Read a stream without a suffix: JSON lines if it begins with a brace, else one text."""
    with blocks(file, meter) as source:
        first = next(source, b"")
        whole = chain([first], source)
        if first.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] in {b"{", b"["}:
            yield from _json_rows(file, whole, columns, longest)
        elif first:
            yield _text_row(file, whole, longest)


def _json_lines(file: str, columns: Columns, longest: int, meter: Meter) -> Iterator[Row]:
    with blocks(file, meter) as source:
        yield from _json_rows(file, source, columns, longest)


def _json_rows(file: str, source: Iterator[bytes], columns: Columns, longest: int) -> Iterator[Row]:
    # a character may be written as six (\u and four digits); the other fields may take a megabyte
    for number, line in enumerate(lines(source, 6 * longest + 2**20), 1):
        path = f"{file}:{number}"
        if line is None:
            yield Row(path, {}, f"line {number}: {too_long(longest)}")
        elif line.strip():
            try:
                record = json.loads(decode(line))
            except Undecodable as error:
                yield Row(path, {}, f"line {number}: {error}")
            except (ValueError, RecursionError) as error:
                reason = f"line {number}: not JSON ({error or 'too deep'}); one object a line"
                yield Row(path, {}, reason)
            else:
                yield _json_row(path, f"line {number}: ", record, columns)


def _json_row(path: str, where: str, record: object, columns: Columns) -> Row:
    if not isinstance(record, dict):
        return Row(path, {}, f"{where}a JSON {type(record).__name__}, not an object")
    values = {field.name: record.get(getattr(columns, field.name)) for field in fields(columns)}
    if columns.text in record:
        return Row(path, values)
    return Row(path, values, where + _lacks(["text"], columns, list(record)), no_column=True)


def _lacks(missing: list[str], columns: Columns, names: list[str]) -> str:
    name, has = missing[0], one_line(", ".join(names[:20]), 150) or "none"
    option = f"--{name.replace('_', '-')}-column"
    return f"no column {getattr(columns, name)!r}, only {has}: name the right one with {option}"


def _missing(columns: Columns, names: list[str]) -> list[str]:
    """List the fields that a table must have and hasn't: the text, and what the user named."""
    asked = [f.name for f in fields(columns) if getattr(columns, f.name) not in {f.default, ""}]
    return [name for name in ["text", *asked] if getattr(columns, name) not in names]


def _table(file: str, columns: Columns, longest: int, meter: Meter) -> Iterator[Row]:
    """Read CSV or TSV; the header tells the delimiter."""
    csv.field_size_limit(max(csv.field_size_limit(), longest + 1))
    with blocks(file, meter) as source:
        numbered = _text_lines(source, longest)
        header_line = next((line for _, line in numbered if line.strip()), "")
        if header_line == _UNREAD:
            yield Row(file, {}, "its first line is too long, or in no known encoding: no table")
            return
        tabs = ".tsv" in Path(file).suffixes
        delimiter = "\t" if tabs else max(",;\t|", key=header_line.count)
        try:
            names = next(csv.reader([header_line], delimiter=delimiter), [])
        except csv.Error as error:
            raise Undecodable(f"its first line names no columns ({error})") from None
        header = [name.strip() for name in names]
        if header and (missing := _missing(columns, header)):
            yield Row(file, {}, _lacks(missing, columns, header), no_column=True)
            return
        place = {
            f.name: header.index(getattr(columns, f.name))
            for f in fields(columns)
            if getattr(columns, f.name) in header
        }
        for number, record, fault in _Records(numbered, delimiter, longest):
            reason = fault
            if not fault and len(record) != len(header):
                reason = f"line {number}: {len(record)} fields, the header has {len(header)}"
            values = {} if reason else {name: record[i] for name, i in place.items()}
            yield Row(f"{file}:{number}", values, reason)


_UNREAD = "\0\n"  # stands for a line of a table that can't be decoded or is too long


def _text_lines(source: Iterator[bytes], longest: int) -> Iterator[tuple[int, str]]:
    """Number and decode the lines of a table."""
    for number, line in enumerate(lines(source, 4 * longest + 2**20), 1):
        try:
            yield number, decode(line) if line is not None else _UNREAD
        except Undecodable:
            yield number, _UNREAD


class _Records:
    """Lines grouped into records: first line, fields, fault.

    A quote that never closes, or closes in the middle of another field, takes what follows into
    one field: only the line it stands on is given up, the others are read again.
    """

    def __init__(self, numbered: Iterator[tuple[int, str]], delimiter: str, longest: int) -> None:
        self._numbered, self._delimiter, self._longest = numbered, delimiter, longest
        self._most = 2 * longest + 2**20  # characters of a record
        self._again: deque[tuple[int, str]] = deque()
        self._taken: list[tuple[int, str]] = []  # the lines of this record
        self._size = self._reread = 0  # characters
        self._unclosed = False

    def __iter__(self) -> Iterator[tuple[int, list[str], str]]:
        reader = csv.reader(self._feed(), delimiter=self._delimiter)
        while True:
            self._taken.clear()
            self._size = 0
            record, fault = [], ""
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                fault = too_long(self._longest) if "limit" in str(error) else str(error)
            fault = fault or self._quote_fault()
            if fault:
                first = self._taken[0][0]
                self._again.extendleft(reversed(self._taken[1:]))
                self._reread += self._size + _LINE * len(self._taken)
                self._unclosed = False
                reader = csv.reader(self._feed(), delimiter=self._delimiter)
                yield first, [], f"line {first}: {fault}"
            elif record:
                yield self._taken[0][0], record, ""

    def _feed(self) -> Iterator[str]:
        while self._may_go_on():
            line = self._again.popleft() if self._again else next(self._numbered, None)
            if line is None:
                break
            self._taken.append(line)
            self._size += len(line[1])
            yield line[1]
        self._unclosed = bool(self._taken)

    def _may_go_on(self) -> bool:
        return self._size <= self._most and (self._reread < _REREAD or not self._taken)

    def _quote_fault(self) -> str:
        if self._unclosed:
            return "a quote opens that never closes"
        if len(self._taken) > 1:
            whole = (line for _, line in self._taken)
            try:
                list(csv.reader(whole, delimiter=self._delimiter, strict=True))
            except csv.Error:
                return "a quote opens that closes amid another field"
        return ""


def _parquet(file: str, columns: Columns, longest: int, meter: Meter) -> Iterator[Row]:
    import polars as pl

    number, before = 0, meter.read
    few, many = _PARQUET_ROWS
    count = few
    try:
        file.encode("utf-8")  # as polars needs it
    except UnicodeEncodeError:
        raise Undecodable("the name of the file is not UTF-8: rename it") from None
    try:
        table = pl.scan_parquet(file, glob=False)
        types = table.collect_schema()
        names = types.names()
        if missing := _missing(columns, names):
            yield Row(file, {}, _lacks(missing, columns, names), no_column=True)
            return
        wanted = {f.name: getattr(columns, f.name) for f in fields(columns)}
        table = table.select(
            _cut(c, types[c], longest).alias(n) for n, c in wanted.items() if c in names
        )
        size, height = Path(file).stat().st_size, table.select(pl.len()).collect().item()
        # Slices, not collect_batches: that reads far ahead of a slow consumer.
        while (part := table.slice(number, count).collect()).height:
            for values in part.iter_rows(named=True, buffer_size=few):
                number += 1
                yield Row(f"{file}:{number}", values)
            meter.read = before + size * number // max(height, 1)
            small = part.estimated_size() < _PARQUET_SIZE
            count = min(2 * count, many) if small else max(count // 4, few)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        line = str(error).partition("\n")[0]
        raise Undecodable(f"the Parquet file is damaged ({line})") from None


def _cut(column: str, dtype: "pl.DataType", longest: int) -> "pl.Expr":
    """Take of a column what tells a good text from one too long, and from none at all.

    A kilobyte of Parquet can hold gigabytes of one string again and again: Python, which knows no
    shared strings, must not see them whole.
    """
    import polars as pl

    whole = pl.col(column)
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return whole.cast(pl.String).str.slice(0, longest + 1)
    if dtype == pl.Binary:
        return whole.bin.slice(0, 0)
    if dtype.is_nested():
        nothing = pl.lit([], dtype=pl.List(pl.Null))
        return pl.when(whole.is_not_null()).then(nothing)
    return whole


def _text(file: str, _columns: Columns, longest: int, meter: Meter) -> Iterator[Row]:
    with blocks(file, meter) as source:
        yield _text_row(file, source, longest)


def _text_row(file: str, source: Iterator[bytes], longest: int) -> Row:
    data, more = first_bytes(source, 4 * longest)  # four bytes is the longest character
    return Row(file, {}, too_long(longest)) if more else Row(file, {"text": decode(data)})


def _html(file: str, _columns: Columns, longest: int, meter: Meter) -> Iterator[Row]:
    with blocks(file, meter) as source:
        data, more = first_bytes(source, 8 * longest)
    if more:
        yield Row(file, {}, too_long(longest))
        return
    page = decode(data, html=True)
    if page.count("<") > _TAGS:
        yield Row(file, {}, f"more than {_TAGS:,} tags: no news page")
        return
    values = _article(page)
    reason = "" if values.get("text") else "no article text in the page"
    yield Row(file, values, reason, published_basis="metadata")


# The extractor drops U+200C, which parts Persian words from their endings: letters that no page
# has stand in for it on the way.
_ZWNJ = "\u200c"
_ZWNJ_ENTITY = re.compile(r"&(?:zwnj|#8204|#[xX]0*200[cC]);")
_STAND_INS = ("\ua66e", "\ua699", "\ua64b")


def _article(page: str) -> dict[str, Any]:
    """Take the article and its metadata out of a page."""
    page = _ZWNJ_ENTITY.sub(_ZWNJ, page)
    stand_in = next((letter for letter in _STAND_INS if letter not in page), "")
    found = _extracted(page.replace(_ZWNJ, stand_in))
    if not stand_in:
        return found
    return {
        name: value.replace(stand_in, _ZWNJ) if isinstance(value, str) else value
        for name, value in found.items()
    }


def _extracted(page: str) -> dict[str, Any]:
    import trafilatura
    from trafilatura.settings import Document

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # we tell what failed ourselves
    # extensive_search takes any date on the page for the article's
    dates = {"extensive_search": False, "original_date": True}
    found = trafilatura.bare_extraction(
        page, include_comments=False, with_metadata=True, date_extraction_params=dates
    )
    if not isinstance(found, Document):
        return {"text": trafilatura.html2txt(page)}
    return {
        "text": found.text,
        "title": found.title,
        "published": found.date,
        "publisher": found.sitename,
        "url": found.url,
    }


READERS: dict[str, _Reader] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_lines,
    ".csv": _table,
    ".tsv": _table,
    ".parquet": _parquet,
    ".txt": _text,
    ".html": _html,
    ".htm": _html,
}
