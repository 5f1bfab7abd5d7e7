"""A run folder: its tables, what made them, and the only place that changes them."""

import datetime as dt
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import polars as pl
from polars.io.plugins import register_io_source

from eventcoder import tables, writing
from eventcoder.errors import EventcoderError
from eventcoder.signature import Signature

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_TOGETHER = 131_072  # documents read at once: a row group
Existing = Literal["refuse", "resume", "overwrite"]
_PART = re.compile(r"(?:part|documents)-\d{5,}\.parquet")
_OWN = (
    "documents.parquet", "events.parquet", "mentions/part-*.parquet", "sketches/part-*.parquet",
    "events/part-*.parquet", "parts/*.parquet", "log.jsonl",
)  # fmt: skip


class Run:
    """A folder with the tables of one run. Made by `Run.create`, found again by `Run.open`."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """Return the run in a folder; raise EventcoderError if there is none."""
        run = cls(path)
        run.info()
        return run

    @classmethod
    @contextmanager
    def create(
        cls, path: str | Path, signature: Signature, existing: Existing = "refuse"
    ) -> Iterator["Run"]:
        """Make a run folder and hold it for this process alone.

        `existing` says what to do if a run is there: refuse it, resume it (finished parts stay;
        refused if another model or other arguments made them; one that is finished and would not
        be coded otherwise keeps that state), or overwrite it (only the run's own files are
        removed). A folder with anything else in it is always refused.
        """
        run = cls(path)
        run._make_folder()
        with run.held():
            found = run._found()
            if found and existing == "refuse":
                raise EventcoderError(
                    f"{run.path} holds a run: resume it, overwrite it, or give another folder"
                )
            run._remove_unfinished_writes()
            stored = {"signature": signature.plain()}
            if found and existing == "resume" and run.info()["state"] != "clearing":
                run._refuse_other_extraction(signature)
                if signature.coding_differs(run.signature()):
                    run.forget_coded()
                elif run.info()["state"] == "finished":
                    yield run
                    return
            else:
                # Said first: if we are stopped in between, no resume takes old parts for ours.
                run._write_info({"state": "clearing", **stored})
                run._remove_own_files()
            run._write_info({"state": "coding", **stored})
            yield run

    @contextmanager
    def held(self) -> Iterator["Run"]:
        """Hold the folder, so that one process at a time writes to it."""
        handle = _lock(self.path / ".lock")
        try:
            yield self
        finally:
            with suppress(OSError):
                (self.path / ".lock").unlink()
            os.close(handle)

    def info(self) -> dict[str, Any]:
        """Return what `run.json` says: state, signature, counts, seconds, sentences_per_second."""
        file = self.path / "run.json"
        try:
            content = json.loads(file.read_text("utf-8"))
        except FileNotFoundError:
            raise EventcoderError(
                f"{self.path} is no run folder (it has no run.json): give one made by "
                "`eventcoder code`"
            ) from None
        except (OSError, ValueError, RecursionError) as error:
            raise EventcoderError(f"{file} can't be read: {error}") from error
        if not isinstance(content, dict) or not _is_account(content):
            raise EventcoderError(f"{file} is not a run's account: code again, or restore it")
        return content

    def signature(self) -> Signature:
        """Return what made the run."""
        stored = self.info()["signature"]
        known = {name: stored[name] for name in Signature.__dataclass_fields__ if name in stored}
        return Signature(**known)

    def parts(self) -> frozenset[int]:
        """Return the numbers of the parts that are finished."""
        return self._numbers("mentions")

    def uncoded_parts(self) -> list[int]:
        """Return the numbers of finished parts whose mentions are still to be coded."""
        return sorted(self._numbers("mentions") - self._numbers("events"))

    def write_part(
        self,
        number: int,
        documents: pl.DataFrame,
        mentions: pl.DataFrame,
        sketches: pl.DataFrame | None = None,
        events: pl.DataFrame | None = None,
    ) -> None:
        """Write the tables of one part; it is finished once this returns."""
        if sketches is not None:
            self._write_part("sketches", number, sketches)
        if events is not None:
            self.write_coded(number, events)
        self._write_part("parts", number, tables.conform(documents, "documents"))
        # Mentions last: their file says that the part is finished.
        self._write_part("mentions", number, tables.conform(mentions, "mentions"))

    def write_coded(self, number: int, events: pl.DataFrame) -> None:
        """Write the coded events of one part, kept until the run is finished."""
        self._write_part("events", number, tables.conform(events, "events"))

    def _write_part(self, folder: str, number: int, frame: pl.DataFrame) -> None:
        _make(self.path / folder)
        writing.write(frame, self._part(folder, number))

    def _part(self, folder: str, number: int) -> Path:
        stem = "documents" if folder == "parts" else "part"
        return self.path / folder / f"{stem}-{number:05d}.parquet"

    def _numbers(self, folder: str) -> frozenset[int]:
        return frozenset(int(file.stem.rpartition("-")[2]) for file in self._files(folder))

    def write(self, name: str, frame: tables.Frame) -> None:
        """Write `documents` or `events`, conformed to its declared columns."""
        writing.write(tables.conform(frame, name), self.path / f"{name}.parquet")

    def write_from(self, name: str, parts: Callable[[], Iterator[pl.DataFrame]]) -> None:
        """Write `documents` or `events` of parts that are asked for as they are written."""

        def source(
            columns: list[str] | None, where: pl.Expr | None, _rows: int | None, _size: int | None
        ) -> Iterator[pl.DataFrame]:
            for part in parts():
                chosen = part if columns is None else part.select(columns)
                yield chosen if where is None else chosen.filter(where)

        self.write(name, register_io_source(source, schema=tables.schema(name)))

    def finish(self, signature: Signature, counts: Mapping[str, int], seconds: float) -> None:
        """Write the account; `counts` needs read, coded, skipped, failed, and may say more."""
        missing = {"read", "coded", "skipped", "failed"} - counts.keys()
        if missing or counts["read"] != counts["coded"] + counts["skipped"] + counts["failed"]:
            raise ValueError(f"the counts must be read = coded + skipped + failed: {dict(counts)}")
        rate = counts["sentences"] / seconds if seconds > 0 and "sentences" in counts else None
        self._write_info(
            {
                "state": "finished",
                "signature": signature.plain(),
                "counts": dict(counts),
                "seconds": round(seconds, 3),
                "sentences_per_second": None if rate is None else round(rate, 2),
            }
        )
        if (self.path / "documents.parquet").exists():
            self._remove_parts("parts")
        self.forget_coded()

    def log(self, event: str, **told: Any) -> None:
        """Add a line to the run's log: JSON with time (UTC), event and what is told of it."""
        now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event, **told}, ensure_ascii=False, default=str)
        try:
            with (self.path / "log.jsonl").open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise EventcoderError(f"{self.path} can't be written to: {error.strerror}") from error

    def documents(self) -> pl.LazyFrame:
        """Return the documents; of a run that isn't finished, those of its finished parts."""
        file = self.path / "documents.parquet"
        return self._scan("documents", [file] if file.exists() else self._files("parts"))

    def part_documents(self) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield number and documents of each finished part."""
        numbers = sorted(self.parts())
        files = [self._part("parts", number) for number in numbers]
        if all(file.exists() for file in files):
            for number, file in zip(numbers, files, strict=True):
                yield number, tables.collect(tables.scan(file, "documents"), str(file))
            return
        rest, read = tables.empty("documents"), 0
        for number in numbers:
            size = self.part_sketches(number).height
            if rest.height < size:
                some = self.documents().slice(read, _TOGETHER)
                rest = pl.concat([rest, tables.collect(some, "documents")])
                read += _TOGETHER
            yield number, rest.head(size)
            rest = rest.slice(size)

    def mentions(self) -> pl.LazyFrame:
        """Return the event mentions of all finished parts."""
        return self._scan("mentions", self._files("mentions"))

    def part_mentions(self, number: int) -> pl.DataFrame:
        """Return the mentions of one part."""
        return tables.collect(tables.scan(self._part("mentions", number), "mentions"), "mentions")

    def part_sketches(self, number: int) -> pl.DataFrame:
        """Return what duplicates of a part's documents are known by, a row each."""
        file = self._part("sketches", number)
        try:
            return pl.read_parquet(file, glob=False)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise EventcoderError(f"{file} can't be read; code again: {error}") from error

    def part_coded(self, number: int) -> pl.DataFrame:
        """Return the coded events of one part, before they are made one table."""
        return tables.collect(tables.scan(self._part("events", number), "events"), "events")

    def events(self) -> pl.LazyFrame:
        """Return the coded events, dropped ones too."""
        file = self.path / "events.parquet"
        if not file.exists():
            self.info()
            raise EventcoderError(
                f"{self.path} has no events yet: resume the run, or `eventcoder recode` it"
            )
        return self._scan("events", [file])

    def _scan(self, name: str, files: list[Path]) -> pl.LazyFrame:
        if not files:
            return tables.empty(name).lazy()
        first = tables.scan(files[0], name)  # says what is wrong with a file
        if len(files) == 1:
            return first
        return tables.conform(pl.scan_parquet(files, glob=False), name)

    def _files(self, folder: str) -> list[Path]:
        files = (self.path / folder).glob("*.parquet")
        return sorted(file for file in files if _PART.fullmatch(file.name))

    def _make_folder(self) -> None:
        parent = self.path.absolute().parent
        if not parent.is_dir():
            raise EventcoderError(f"{self.path}: the folder {parent} does not exist; make it first")
        _make(self.path)

    def _found(self) -> bool:
        """Say whether a run is in the folder; refuse a folder with something else in it."""
        if (self.path / "run.json").exists():
            return True
        others = [
            f.name for f in self.path.iterdir() if not f.name.startswith((".lock", ".write-"))
        ]
        if others:
            raise EventcoderError(
                f"{self.path} is not empty and no run folder (it has {sorted(others)[0]}): "
                "give a new or an empty folder"
            )
        return False

    def _refuse_other_extraction(self, signature: Signature) -> None:
        if differs := signature.extraction_differs(self.signature()):
            raise EventcoderError(
                f"{self.path} can't be resumed: its {' and '.join(differs)} differ; "
                "overwrite it, or give another folder"
            )

    def forget_coded(self) -> None:
        """Remove coded parts: they are in the table, or to be coded otherwise."""
        self._remove_parts("events")

    def _remove_parts(self, folder: str) -> None:
        for file in self._files(folder):
            file.unlink()
        with suppress(OSError):
            (self.path / folder).rmdir()

    def _remove_own_files(self) -> None:
        for pattern in _OWN:
            for file in self.path.glob(pattern):
                file.unlink()

    def _remove_unfinished_writes(self) -> None:
        for file in self.path.rglob(".write-*"):
            file.unlink()

    def _write_info(self, content: Mapping[str, Any]) -> None:
        text = json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n"
        with writing.atomic(self.path / "run.json") as unfinished:
            unfinished.write_text(text, "utf-8")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise EventcoderError(f"the folder {folder} can't be made: {error.strerror}") from error


def _lock(file: Path) -> int:
    """Lock a file until its handle is closed or the process ends, however it ends."""
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


def _is_account(content: Mapping[str, Any]) -> bool:
    """Say whether a `run.json` holds what we write there, for it may have been edited since."""
    made, counts = content.get("signature"), content.get("counts", {})
    if not (isinstance(content.get("state"), str) and isinstance(made, dict)):
        return False
    asked = made.get("arguments", {})
    own = asked.get("actors", []) if isinstance(asked, dict) else None
    if not (isinstance(own, list) and all(isinstance(path, str) for path in own)):
        return False
    if not all(isinstance(value, str) for name, value in made.items() if name != "arguments"):
        return False
    if not (isinstance(counts, dict) and all(type(n) is int for n in counts.values())):
        return False
    if not isinstance(content.get("seconds", 0), int | float):
        return False
    if content["state"] != "finished":
        return True
    read, *parts = (counts.get(name, -1) for name in ("read", "coded", "skipped", "failed"))
    return bool(min(parts) >= 0 and read == sum(parts))
