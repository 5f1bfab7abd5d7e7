"""Frames and files in; typed and checked as their table is declared, out."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from eventcoder import decoding
from eventcoder.declarations import Column, Table, empty, names, schema
from eventcoder.errors import EventcoderError

__all__ = [
    "Column", "Failure", "Frame", "Table", "check_file", "collect", "conform", "describe", "empty",
    "failures", "names", "refuse_bomb", "scan", "schema",
]  # fmt: skip

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

_TEXT_FORMATS = {".csv": ",", ".tsv": "\t"}
_JSON_FORMATS = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Failure:
    """A value that breaks a rule. `row` counts from 0, None if the column as a whole does;
    `more` is how many further rows break the same rule and are not listed."""

    row: int | None
    column: str
    rule: str
    value: object = None
    more: int = 0


def conform(frame: Frame, name: str, only: Collection[str] | None = None) -> Frame:
    """Cast and order the columns as declared, add missing optional ones, leave out others.

    With `only`, just these columns of the table are asked for and given.
    NaN is no number, so null; nulls of a column with a `fill` become that. Raises
    EventcoderError where a required column is missing or, in a frame already in memory, where a
    value can't be read as its type.
    """
    table = Table.load(name)
    given = frame.lazy().collect_schema()
    columns = [column for column in table.columns if only is None or column.name in only]
    for column in columns:
        _refuse_unfit(column, given, table)
    expressions = [_cast(column, given, strict=True) for column in columns]
    try:
        return frame.select(expressions)
    except pl.exceptions.PolarsError as error:
        bad = failures(frame.lazy().collect(), name, limit=1)
        detail = describe(bad[0]) if bad else str(error).splitlines()[0]
        raise EventcoderError(f"this is not a table of {name}: {detail}") from error


def failures(frame: pl.DataFrame, name: str, limit: int = 100) -> list[Failure]:
    """Return the values that break a rule of the table, at most `limit` a rule and column."""
    table = Table.load(name)
    found, typed = _type_failures(frame, table, limit)
    flags = list(_flags(table, absent={failure.column for failure in found}))
    counts = typed.select(flag.sum().alias(str(i)) for i, (_, _, flag) in enumerate(flags))
    for i, (column, rule, flag) in enumerate(flags):
        if count := counts[str(i)].item():
            rows = typed.select(flag.arg_true().head(limit)).to_series()
            found += _listed(rows, column, rule, typed[column], count)
    return sorted(found, key=lambda failure: -1 if failure.row is None else failure.row)


def describe(failure: Failure, rows: Sequence[int] | None = None) -> str:
    """Say in one line which row and column break which rule.

    >>> describe(Failure(2, "quad_class", "at most 4", 7))
    'row 3, column quad_class: at most 4, but it is 7'
    """
    if failure.row is None:
        return f"column {failure.column}: {failure.rule}"
    row = failure.row + 1 if rows is None else rows[failure.row]
    value = "empty" if failure.value is None else repr(failure.value)
    if len(value) > 80:
        value = value[:77] + "..."
    more = f" (and {failure.more:,} rows more)" if failure.more else ""
    return f"row {row}, column {failure.column}: {failure.rule}, but it is {value}{more}"


def check_file(path: str | Path, name: str, limit: int = 20) -> list[str]:
    """Return what is wrong with a user's CSV, TSV, JSONL or Parquet file, one line a fault.

    Rows are numbered as the user sees them: in CSV the header is row 1, in JSONL a row is a line.
    """
    table = Table.load(name)
    path = Path(path)
    try:
        frame, rows = _read_user(path)
    except EventcoderError as error:
        return [str(error)]
    faults = [describe(failure, rows) for failure in failures(frame, table.name, limit)]
    if any("is missing" in fault for fault in faults):
        faults.append(f"the file has the columns: {', '.join(frame.columns) or 'none'}")
    return faults


def scan(path: str | Path, name: str | None = None) -> pl.LazyFrame:
    """Open a Parquet, CSV, TSV or JSONL file lazily, conformed to a table if one is named."""
    path = Path(path)
    suffix = _suffix(path)
    try:
        if suffix == ".parquet":
            frame = pl.scan_parquet(path, glob=False)
        elif suffix in _TEXT_FORMATS:
            frame = pl.scan_csv(
                path, separator=_TEXT_FORMATS[suffix], infer_schema=False, glob=False
            )
        else:
            frame = pl.scan_ndjson(path, infer_schema_length=None)
        frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise EventcoderError(f"{path} can't be read: {_first_line(error)}") from error
    if name is None:
        return frame
    try:
        return conform(frame, name)
    except EventcoderError as error:
        raise EventcoderError(f"{path}: {error}") from error


def collect(frame: pl.LazyFrame, what: str) -> pl.DataFrame:
    """Run a lazy frame in the streaming engine; name `what` was read if that fails."""
    try:
        return frame.collect(engine="streaming")
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise EventcoderError(
            f"{what} can't be read: {_first_line(error)}; `eventcoder check FILE --as TABLE` "
            "names the rows at fault"
        ) from error


def _refuse_unfit(column: Column, given: pl.Schema, table: Table) -> None:
    dtype = given.get(column.name)
    if dtype is None:
        if column.must_be_there:
            raise EventcoderError(
                f"this is not a table of {table.name}: the column {column.name} is missing "
                f"(it has {', '.join(given.names()) or 'no columns'})"
            )
    elif problem := _unfit(column, dtype):
        raise EventcoderError(
            f"this is not a table of {table.name}: column {column.name}: {problem}"
        )


def _unfit(column: Column, dtype: pl.DataType) -> str | None:
    """Say why no value of this type can stand in the column, or None."""
    if dtype == pl.Null:
        return None
    if column.type == "string":
        if dtype.is_numeric() and column.pattern:
            return f'must be text, but is a number ({dtype}); codes are text, "0331" keeps its zero'
        fits = not dtype.is_nested() and dtype != pl.Binary
    elif column.type == "date":
        fits = dtype in (pl.String, pl.Date, pl.Datetime)
    elif column.type == "list":
        fits = dtype == pl.String or isinstance(dtype, pl.List)
    else:
        fits = dtype == pl.String or dtype.is_numeric()
    return None if fits else f"must be a {column.type}, but is {dtype}"


def _cast(column: Column, given: pl.Schema, *, strict: bool) -> pl.Expr:
    dtype = given.get(column.name)
    value = pl.col(column.name) if dtype is not None else pl.lit(None)
    wanted = column.dtype
    if dtype is not None and dtype.is_float():
        value = value.fill_nan(None)  # pandas writes NaN for what is missing
    if dtype == pl.String and column.type == "date":
        value = value.str.to_date("%Y-%m-%d", strict=strict)
    elif dtype == pl.String and column.type == "number":
        value = value.cast(pl.Float64, strict=strict)
    elif dtype == pl.String and column.type == "list":
        value = value.str.json_decode(wanted)
    elif column.type == "number" and dtype is not None and dtype.is_numeric():
        value = value.cast(pl.Float64 if dtype.is_float() else pl.Int64, strict=strict)
    elif column.type == "int" and dtype is not None and dtype.is_float():
        # A plain cast would cut 1.5 to 1: through text it fails, as it should.
        whole = (value == value.floor()) | value.is_null()
        cut = pl.when(~whole).then(value).cast(pl.String).cast(wanted, strict=strict)
        value = pl.coalesce(pl.when(whole).then(value).cast(wanted, strict=strict), cut)
    else:
        value = value.cast(wanted, strict=strict)
    if dtype == pl.String and (column.type == "number" or wanted.is_float()):
        value = value.fill_nan(None)  # "nan" reads as NaN
    if column.fill is not None:
        value = value.fill_null(column.fill)
    return value.alias(column.name)


def _type_failures(
    frame: pl.DataFrame, table: Table, limit: int
) -> tuple[list[Failure], pl.DataFrame]:
    """Find missing columns and unreadable values; return them and what could be read."""
    found: list[Failure] = []
    typed: list[pl.Series] = []
    for column in table.columns:
        dtype = frame.schema.get(column.name)
        problem = _unfit(column, dtype) if dtype is not None else None
        if dtype is None and column.must_be_there:
            problem = "is missing"
        if problem or dtype is None:
            typed.append(pl.Series(column.name, [None] * frame.height, dtype=column.dtype))
            if column.fill is not None:
                typed[-1] = typed[-1].fill_null(column.fill)
            if problem:
                found.append(Failure(None, column.name, problem))
            continue
        values, bad = _readable(frame, column)
        typed.append(values)
        if count := int(bad.sum()):
            rows = bad.arg_true().head(limit)
            rule = f"must be a {column.type}"
            found += _listed(rows, column.name, rule, frame[column.name], count)
    return found, pl.DataFrame(typed)


def _readable(frame: pl.DataFrame, column: Column) -> tuple[pl.Series, pl.Series]:
    """Return a column's values as its type, null where they can't be, and a mask of those."""
    given = frame[column.name]
    try:
        values = frame.select(_cast(column, frame.schema, strict=False)).to_series()
    except pl.exceptions.PolarsError:  # json_decode and odd nested types know no strict=False
        values = pl.Series(column.name, [None] * frame.height, dtype=column.dtype)
    return values, values.is_null() & given.is_not_null()


def _flags(table: Table, absent: set[str]) -> Iterator[tuple[str, str, pl.Expr]]:
    """Give column, rule and a mask of the rows that break it, for every rule of the table."""
    for column in table.columns:
        if column.name in absent:
            continue
        value = pl.col(column.name)
        if column.required and column.fill is None:
            yield column.name, "must not be empty", value.is_null()
        if column.unique:
            repeated = ~value.is_first_distinct() & value.is_not_null()
            yield column.name, "must be unique", repeated
        if column.values:
            yield (
                column.name,
                f"must be one of {', '.join(column.values)}",
                ~value.is_in(list(column.values)),
            )
        if column.pattern:
            yield column.name, f"must match {column.pattern}", ~value.str.contains(column.pattern)
        if column.min_length is not None:
            short = value.str.len_chars() < column.min_length
            yield column.name, "must not be empty", short
        if column.min is not None:
            # NaN compares as the greatest number, so it needs no rule beside `max`.
            yield column.name, f"must be at least {column.min:g}", value < column.min
        if column.max is not None:
            yield column.name, f"must be at most {column.max:g}", value > column.max
    if len(table.key) > 1 and not absent.intersection(table.key):
        repeated = ~pl.struct(table.key).is_first_distinct()
        yield table.key[0], f"{', '.join(table.key)} together must be unique", repeated
    for check in table.checks:
        rule = pl.sql_expr(check.sql)
        if not absent.intersection(rule.meta.root_names()):
            yield check.column, check.name, ~rule.fill_null(True)


def _listed(
    rows: pl.Series, column: str, rule: str, values: pl.Series, count: int
) -> list[Failure]:
    found = [Failure(int(row), column, rule, values[int(row)]) for row in rows]
    if more := count - len(found):
        last = found.pop()
        found.append(Failure(last.row, column, rule, last.value, more))
    return found


def _suffix(path: Path) -> str:
    """Return the suffix that tells the format, below .gz or .zst; refuse others and bombs."""
    if not path.exists():
        raise EventcoderError(f"{path} does not exist")
    if path.is_dir():
        raise EventcoderError(f"{path} is a folder, not a file")
    packed = path.suffix in {".gz", ".zst"}
    refuse_bomb(path)
    suffix = (path.with_suffix("") if packed else path).suffix.lower()
    if suffix not in {*_TEXT_FORMATS, *_JSON_FORMATS, ".parquet"} or (
        packed and suffix == ".parquet"
    ):
        raise EventcoderError(f"{path}: give a .parquet, .csv, .tsv or .jsonl file")
    return suffix


def refuse_bomb(path: Path) -> None:
    """Refuse a packed file that would fill the machine, or is damaged, by unpacking it once."""
    if path.suffix.lower() not in {".gz", ".zst"}:
        return
    try:
        _unpacked(path, path.stat().st_mtime_ns)
    except (OSError, decoding.Undecodable) as error:
        raise EventcoderError(f"{path} can't be read: {error}") from error


@lru_cache(maxsize=64)
def _unpacked(path: Path, _changed: int) -> int:
    with decoding.blocks(str(path)) as blocks:
        return sum(map(len, blocks))


def _read_user(path: Path) -> tuple[pl.DataFrame, Sequence[int]]:
    """Read a whole file, and how a user would number its rows."""
    suffix = _suffix(path)
    try:
        if suffix in _JSON_FORMATS:
            return _read_jsonl(path)
        if suffix == ".parquet":
            frame = pl.read_parquet(path, glob=False)
            return frame, range(1, frame.height + 1)
        frame = pl.read_csv(path, separator=_TEXT_FORMATS[suffix], infer_schema=False, glob=False)
        return frame, range(2, frame.height + 2)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise EventcoderError(f"{path} can't be read: {_first_line(error)}") from error


def _read_jsonl(path: Path) -> tuple[pl.DataFrame, Sequence[int]]:
    if path.suffix in {".gz", ".zst"}:
        frame = pl.read_ndjson(path, infer_schema_length=None)
        return frame, range(1, frame.height + 1)
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line.decode("utf-8-sig"))
                if b"\\u" in line:  # half a surrogate pair is no text
                    json.dumps(row, ensure_ascii=False).encode("utf-8")
            except (ValueError, RecursionError) as error:
                raise EventcoderError(f"{path}, row {number}: not JSON ({error})") from error
            if not isinstance(row, dict):
                raise EventcoderError(f"{path}, row {number}: must be an object with named columns")
            rows.append(row)
            numbers.append(number)
    columns = {key: None for row in rows for key in row}
    return pl.DataFrame([_series(key, [row.get(key) for row in rows]) for key in columns]), numbers


def _series(name: str, values: list[Any]) -> pl.Series:
    """Make a column of JSON values; where types are mixed, all as text, to be checked as such."""
    try:
        return pl.Series(name, values, strict=True)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        texts = [
            value if value is None or isinstance(value, str) else json.dumps(value)
            for value in values
        ]
        return pl.Series(name, texts, dtype=pl.String)


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "unknown error")
