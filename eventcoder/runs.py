"""A run folder: its tables, what made them, and the only place that changes them."""

import datetime as dt
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import polars as pl
from polars.io.plugins import register_io_source

from eventcoder import tables, writing
from eventcoder.errors import EventcoderError, one_line
from eventcoder.signature import Signature, is_account

_TOGETHER = 131_072  # documents read at once: a row group
Existing = Literal["refuse", "resume", "overwrite"]
_PART = re.compile(r"(?:part|documents)-\d{5,}\.parquet")
_OWN = (
    "documents.parquet", "events.parquet", "mentions/part-*.parquet", "sketches/part-*.parquet",
    "events/part-*.parquet", "parts/*.parquet", "unresolved.csv", "log.jsonl",
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
        refused if another model, other actors or other arguments made them; it stays as it is
        until `go_on`), or overwrite it (only the run's own files are removed). A folder with
        anything else in it is always refused.
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
            else:
                # Said first: if we are stopped in between, no resume takes old parts for ours.
                run._write_info({"state": "clearing", **stored})
                run._remove_own_files()
                run._write_info({"state": "coding", **stored})
            yield run

    def go_on(self, signature: Signature) -> None:
        """Say that the run is being coded; what was coded by other codes is forgotten."""
        if signature.coding_differs(self.signature()):
            self.forget_coded()
        self._write_info({"state": "coding", "signature": signature.plain()})

    def begin_recoding(self, signature: Signature) -> None:
        """Say that the tables are between two codings, and forget the old one.

        The counts stay, since what was read does.
        """
        told = {**self.info(), "state": "recoding", "signature": signature.plain()}
        self._write_info(told)
        self.forget_coded()

    @contextmanager
    def held(self) -> Iterator["Run"]:
        """Hold the folder, so that one process at a time writes to it."""
        handle = writing.lock(self.path / ".lock")
        try:
            yield self
        finally:
            with suppress(OSError):
                (self.path / ".lock").unlink()
            os.close(handle)

    @contextmanager
    def stops_told(self) -> Iterator[None]:
        """Log why work on the run ended early; what is refused leaves a finished one as it is."""
        try:
            yield
        except BaseException as error:  # Ctrl-C, too
            kind = "" if isinstance(error, EventcoderError) else type(error).__name__
            why = ": ".join(filter(None, (kind, one_line(str(error)))))
            with suppress(EventcoderError):  # what stopped us may be a full disk
                if self.info()["state"] != "finished":
                    self.log("stopped", reason=why)
            raise

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
        if not isinstance(content, dict) or not is_account(content):
            raise EventcoderError(f"{file} is not a run's account: code again, or restore it")
        return content

    def signature(self) -> Signature:
        """Return what made the run."""
        stored = self.info()["signature"]
        known = {name: stored[name] for name in Signature.__dataclass_fields__ if name in stored}
        return Signature(**known)

    def unfinished(self) -> str:
        """Say how a run that is not finished goes on; nothing of one that is."""
        state = self.info()["state"]
        if state == "finished":
            return ""
        if state == "recoding":
            return f"{self.path}: recoding was stopped: `eventcoder recode {self.path}` again"
        return f"{self.path} is not finished ({state}): go on with `eventcoder code --resume` first"

    def faults(self) -> list[str]:
        """Say which parts are missing or cut, as far as their numbers of rows tell."""
        numbers, counts = self.parts(), self.info().get("counts", {})
        if gaps := sorted(set(range(max(numbers, default=-1) + 1)) - numbers):
            return [f"{self._part('mentions', gaps[0])} is missing"]
        found = []
        heights = {number: _height(self._part("sketches", number)) for number in sorted(numbers)}
        for number, height in heights.items():
            documents = self._part("parts", number)
            if documents.exists() and _height(documents) != height:
                found.append(f"{documents} has not the {height:,} rows of its sketches")
        rows = {"read": sum(heights.values())}
        if "mentions" in counts:
            rows["mentions"] = sum(_height(self._part("mentions", n)) for n in numbers)
        found += [
            f"the run's parts hold {rows[name]:,} {what}, but run.json says {counts[name]:,}"
            for name, what in (("read", "documents"), ("mentions", "mentions"))
            if name in counts and rows[name] != counts[name]
        ]
        table = self.path / "documents.parquet"
        if "read" in counts and table.exists() and (height := _height(table)) != counts["read"]:
            found.append(f"{table} has {height:,} rows, but run.json says {counts['read']:,}")
        return found

    def refuse_damaged(self) -> None:
        """Refuse a run of which parts are missing or cut."""
        if faults := self.faults():
            raise EventcoderError(f"{faults[0]}: restore it, or code the corpus again")

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
        dropped = sum(n for name, n in counts.items() if name.startswith("dropped: "))
        if "kept" in counts and counts.get("events") != counts["kept"] + dropped:
            raise ValueError(f"the counts must be events = kept + dropped: {dict(counts)}")
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

    def write_unresolved(self, phrases: pl.DataFrame) -> None:
        """Write the phrases that no actor is known for: with codes, a table for `--actors`."""
        code = pl.lit(None, pl.String).alias("code")
        writing.write(phrases.select("phrase", "language", code, "n"), self.path / "unresolved.csv")

    def log(self, event: str, **told: Any) -> None:
        """Add a line to the run's log: JSON with time (UTC), event and what is told of it."""
        now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event, **told}, ensure_ascii=False, default=str)
        try:
            log = self.path / "log.jsonl"
            with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(line + "\n")
        except OSError as error:
            raise EventcoderError(f"{self.path} can't be written to: {error.strerror}") from error

    def documents(self) -> pl.LazyFrame:
        """Return the documents; of a run that isn't finished, those of its finished parts."""
        file = self.path / "documents.parquet"
        return self._scan("documents", [file] if file.exists() else self._files("parts"))

    def part_documents(self) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield number and documents of each finished part."""
        rest, read = tables.empty("documents"), 0
        for number in sorted(self.parts()):
            file = self._part("parts", number)
            if file.exists():
                yield number, tables.collect(tables.scan(file, "documents"), str(file))
                continue
            # In the finished table, which later parts of a corpus that has grown are not in yet.
            size = self.part_sketches(number).height
            if rest.height < size:
                table = tables.scan(self.path / "documents.parquet", "documents")
                some = tables.collect(table.slice(read, _TOGETHER), "documents")
                rest = pl.concat([rest, some])
                read += some.height
            if rest.height < size:
                raise EventcoderError(f"the documents of part {number} are missing; code again")
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
        old = self.signature()
        if self.info()["state"] == "recoding":
            raise EventcoderError(f"{self.path} can't be resumed: {self.unfinished()}")
        if differs := signature.extraction_differs(old):
            raise EventcoderError(
                f"{self.path} can't be resumed: its {' and '.join(differs)} differ; "
                "overwrite it, or give another folder"
            )
        if signature.actors_differ(old):
            raise EventcoderError(
                f"{self.path} can't be resumed: the actors have changed since; put them back, or "
                "overwrite it; a finished run takes other actors by `eventcoder recode`"
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
            unfinished.write_text(text, "utf-8", errors="backslashreplace")


def _height(file: Path) -> int:
    """Return the number of rows of a table, which its end tells."""
    try:
        return int(pl.scan_parquet(file, glob=False).select(pl.len()).collect().item())
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise EventcoderError(f"{file} can't be read; code again: {error}") from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise EventcoderError(f"the folder {folder} can't be made: {error.strerror}") from error
