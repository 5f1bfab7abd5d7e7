"""Frames in, files out: whole or not at all, the same bytes for the same rows, by one process."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import polars as pl

from eventcoder.errors import EventcoderError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

# Fixed, so that the same rows always make the same bytes, and small enough to skip by statistics.
_ROW_GROUP = 131_072
# A spreadsheet runs a cell that begins so, but not a number such as -5 or +3.2.
_FORMULA, _NUMBER = r"^[=+\-@\t\r\n＝＋－＠]", r"^([+-]?[0-9]+([.,][0-9]+)*|-+)$"


def write(frame: pl.DataFrame | pl.LazyFrame, path: str | Path) -> None:
    """Write a frame as .parquet, .csv or .jsonl, streaming if lazy; whole or not at all.

    The same rows make the same bytes. In CSV, lists are written as JSON text, and texts that a
    spreadsheet would run are made harmless.
    """
    path = Path(path)
    lazy = frame.lazy()
    if path.suffix not in {".parquet", ".csv", ".jsonl"}:
        raise EventcoderError(f"{path}: give a file that ends in .parquet, .csv or .jsonl")
    with atomic(path) as unfinished:
        if path.suffix == ".parquet":
            lazy.sink_parquet(
                unfinished,
                compression="zstd",
                compression_level=3,
                row_group_size=_ROW_GROUP,
                maintain_order=True,
            )
        elif path.suffix == ".csv":
            harmless(_flat(lazy)).sink_csv(unfinished, maintain_order=True)
        else:
            lazy.sink_ndjson(unfinished, maintain_order=True)


def harmless(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Put an apostrophe before texts that a spreadsheet would run; numbers stay.

    >>> cells = pl.LazyFrame({"a": ["=1+1", "-5", "Iran"], "b": [-1, 2, 3]})
    >>> harmless(cells).collect().rows()
    [("'=1+1", -1), ('-5', 2), ('Iran', 3)]
    """
    text = pl.col(pl.String)
    runs = text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)
    return frame.with_columns(pl.when(runs).then("'" + text).otherwise(text).name.keep())


def _flat(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Turn lists of records into JSON text, since CSV has none."""
    nested = [name for name, dtype in frame.collect_schema().items() if isinstance(dtype, pl.List)]
    items = pl.col(nested).list.eval(pl.element().struct.json_encode()).list.join(",")
    return frame.with_columns(pl.format("[{}]", items)) if nested else frame


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a file beside `path` to write to, which takes its place at the end."""
    if not path.parent.is_dir():
        raise EventcoderError(f"{path}: the folder {path.parent} does not exist; make it first")
    unfinished = path.parent / f".write-{secrets.token_hex(8)}{path.suffix}"
    try:
        yield unfinished
        with unfinished.open("rb+") as written:
            os.fsync(written.fileno())
        unfinished.replace(path)
        _settle(path.parent)
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise EventcoderError(f"{path} was not written: {error}") from error
    finally:
        with suppress(OSError):
            unfinished.unlink()


def _settle(folder: Path) -> None:
    """Make the names in a folder outlive a loss of power."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        with suppress(OSError):  # some network drives know no such thing
            os.fsync(handle)
        os.close(handle)


def lock(file: Path) -> int:
    """Lock a file until the handle returned is closed or the process ends, however it ends."""
    while True:
        try:
            handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise EventcoderError(f"{file.parent} can't be written to: {error.strerror}") from error
        try:
            if sys.platform == "win32":
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise EventcoderError(
                f"{file.parent} is being written by another process: wait, or give another folder"
            ) from error
        # Whoever held the lock may have removed the file between our opening and locking it.
        if file.exists() and os.path.samestat(os.fstat(handle), file.stat()):
            return handle
        os.close(handle)
