"""A run in; a versioned, described, checkable data set out, and what is wrong with one."""

import datetime as dt
import hashlib
import json
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import polars as pl

from eventcoder import dyads, metadata, panels, runs, tables, writing
from eventcoder.errors import EventcoderError
from eventcoder.metadata import Facts, Part
from eventcoder.ontology import Ontology, available, locate

PERIODS: tuple[dyads.By, ...] = ("day", "week", "month", "year")
SUMS = "SHA256SUMS"
_SYSTEMS: tuple[Literal["cow", "gw"], ...] = ("cow", "gw")
# Above this many events the table is cut into years, so that no file takes more than about 1 GB.
_LARGE = 5_000_000
_PATH = re.compile(r"(?:[\w-]+/)?[\w-][\w.-]*\.parquet")  # of a data file in the folder
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]*")


class Release:
    """A release folder; found by `Release.open`, which reads nothing but its description."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"Release({str(self.path)!r})"

    @classmethod
    def open(cls, path: str | Path) -> "Release":
        """Return the release in a folder; raise EventcoderError if there is none."""
        release = cls(path)
        release.info()
        return release

    def info(self) -> dict[str, Any]:
        """Return what `release.json` says: version, licence, signature, counts, files."""
        file = self.path / "release.json"
        try:
            content = json.loads(file.read_text("utf-8"))
        except FileNotFoundError:
            raise EventcoderError(
                f"{self.path} is no release (it has no release.json): give a folder made by "
                "`eventcoder release`"
            ) from None
        except (OSError, ValueError, RecursionError) as error:
            raise EventcoderError(f"{file} can't be read: {error}") from error
        if not isinstance(content, dict) or not _is_description(content):
            raise EventcoderError(f"{file} does not describe a release: restore it")
        return content

    def table(self, name: str) -> pl.LazyFrame:
        """Return a table of the release: events, documents, dyads-month, exposure, actors, ..."""
        files = [f["path"] for f in self.info()["files"] if f["table"] == name]
        if not files:
            raise EventcoderError(f"{self.path} has no table {name}")
        kind = metadata.declared(name).name
        scanned = [tables.scan(self.path / file) for file in files]
        together = scanned[0] if len(scanned) == 1 else pl.concat(scanned)
        return tables.conform(together, kind) if kind in ("events", "documents") else together

    def events(self) -> pl.LazyFrame:
        """Return the coded events, dropped ones too."""
        return self.table("events")

    def documents(self) -> pl.LazyFrame:
        """Return the documents."""
        return self.table("documents")


def _is_description(content: dict[str, Any]) -> bool:
    """Say whether a `release.json` holds what we write there; no file may lie outside."""
    files = content.get("files")
    if not isinstance(content.get("version"), str) or not isinstance(files, list):
        return False
    return all(
        isinstance(file, dict)
        and isinstance(file.get("table"), str)
        and isinstance(file.get("path"), str)
        and _PATH.fullmatch(file["path"])
        for file in files
    )


def make(
    run: runs.Run | str | Path,
    out: str | Path,
    version: str,
    *,
    with_text: bool = False,
    against: str | Path | None = None,
    licence: str = "CC-BY-4.0",
    title: str = "",
    authors: Sequence[str] = (),
    released: dt.date | None = None,
    large: int = _LARGE,
) -> Path:
    """Write a release of a finished run into a new folder; return the folder.

    Built twice from the same run it is byte-identical. Without text, the words of the documents
    stay out. `against` is the folder of an older release: what changed since is written too.
    `released` is the day that citations give; there is none by default, since the day on which
    a release is built would make every build another.
    Events above the number `large` are cut into one file a year.
    """
    run = run if isinstance(run, runs.Run) else runs.Run.open(run)
    out, title = Path(out), title or run.path.resolve().name
    old = Release.open(against) if against else None
    _refuse(run, out, version, licence)
    codes = ontology(run)
    folder = out.parent / f".release-{secrets.token_hex(8)}"
    try:
        folder.mkdir()
        parts = _write_tables(run, folder, with_text=with_text, large=large)
        if old:
            from eventcoder.changes import write_changes

            parts += write_changes(old, folder, parts, version)
        facts = _facts(
            run, folder, parts, version=version, licence=licence, title=title,
            authors=tuple(authors) or (f"The compilers of {title}",), with_text=with_text,
            released=released.isoformat() if released else "",
        )  # fmt: skip
        for name, text in metadata.texts(facts, codes).items():
            (folder / name).write_text(text, "utf-8", newline="\n")
        (folder / SUMS).write_text(sums(folder), "utf-8", newline="\n")
        if out.exists():
            out.rmdir()
        folder.rename(out)
    except OSError as error:
        raise EventcoderError(f"{out} was not written: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return out


def _refuse(run: runs.Run, out: Path, version: str, licence: str) -> None:
    if not _VERSION.fullmatch(version):
        raise EventcoderError(
            f"{version!r} is no version: use letters, digits, dots and hyphens, such as 1.0"
        )
    metadata.licence(licence)
    if unfinished := run.unfinished():
        raise EventcoderError(unfinished)
    if not out.absolute().parent.is_dir():
        raise EventcoderError(f"{out}: the folder {out.parent} does not exist; make it first")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise EventcoderError(f"{out} is there and not empty: give a new folder")


def _write_tables(run: runs.Run, folder: Path, *, with_text: bool, large: int) -> list[Part]:
    hidden = {} if with_text else metadata.about()["text"]
    events = run.events()
    number = tables.collect(events.select(pl.len()), "the events").item()
    shown = events.drop(hidden.get("events", []), strict=False)
    shown = shown.sort("event_date", "event_id", nulls_last=True)
    files = [
        (f"events{name}.parquet", "events", frame)
        for name, frame in ([("", shown)] if number <= large else _by_year(shown))
    ]
    # Folders tell of the coder's machine: of a path the file's name and the row in it stay.
    documents = run.documents().with_columns(pl.col("path").str.replace(r"^.*[/\\]", ""))
    documents = documents.drop(hidden.get("documents", []), strict=False)
    files.append(("documents.parquet", "documents", documents))
    files.append(("actors.parquet", "actors", _actors(run).lazy()))
    for by in PERIODS:
        files.append((f"dyads-{by}.parquet", f"dyads-{by}", _series(events, by).lazy()))
    files.append(("exposure.parquet", "exposure", _exposure(run, events)))
    return [write_part(folder, path, table, frame) for path, table, frame in files]


def write_part(folder: Path, path: str, table: str, frame: pl.LazyFrame) -> Part:
    """Write one data file of a release and describe it."""
    file = folder / path
    file.parent.mkdir(exist_ok=True)
    writing.write(frame, file)
    rows = int(pl.scan_parquet(file, glob=False).select(pl.len()).collect().item())
    names = pl.read_parquet_schema(file)
    return Part(
        path, table, rows, file.stat().st_size, digest(file), metadata.columns(table, names)
    )


def _by_year(events: pl.LazyFrame) -> Iterator[tuple[str, pl.LazyFrame]]:
    year = pl.col("event_date").dt.year()
    years = tables.collect(events.select(year.unique()), "the events").to_series()
    for value in years.sort(nulls_last=True):
        name = "undated" if value is None else f"{value:04d}"
        yield f"/events-{name}", events.filter(year.eq_missing(pl.lit(value, years.dtype)))


def _series(events: pl.LazyFrame, by: dyads.By) -> pl.DataFrame:
    """Return the country dyads with the numbers of both state systems."""
    options = dyads.Options(by=by)
    series = tables.collect(dyads.aggregate(events, options), "the events").lazy()
    for system in _SYSTEMS:
        series = panels.keyed(series, replace(options, keys=system))
    return tables.collect(series, "the events")


def _exposure(run: runs.Run, events: pl.LazyFrame) -> pl.LazyFrame:
    by_period = [
        dyads.exposure(run.documents(), events, dyads.Options(by=by)).select(
            pl.lit(by).alias("by"), pl.all()
        )
        for by in PERIODS
    ]
    return pl.concat(by_period)


def _actors(run: runs.Run) -> pl.DataFrame:
    """Return the dictionary that coded the run; refuse if it has changed since."""
    from eventcoder.actors import ActorDictionary

    signature = run.signature()
    own = [Path(path) for path in signature.arguments.get("actors", ())]
    if missing := [str(path) for path in own if not path.exists()]:
        raise EventcoderError(f"the run's actor table {missing[0]} is gone: put it back, or recode")
    dictionary = ActorDictionary.load(own)
    if signature.actors_digest and signature.actors_digest != dictionary.digest:
        raise EventcoderError(
            f"the actor tables have changed since {run.path} was coded: "
            f"`eventcoder recode {run.path}` first"
        )
    schema = tables.schema("actors")
    names = [name for name in schema.names() if name in dictionary.rows[0]._fields]
    columns = {name: [getattr(row, name) for row in dictionary.rows] for name in names}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))
    empty = pl.col("start", "end").replace("", None)
    key = list(tables.Table.load("actors").key)
    # A phrase may stand in two tables with the same meaning: one of them tells it.
    return tables.conform(frame.with_columns(empty), "actors").unique(key, keep="first").sort(key)


def _facts(
    run: runs.Run, folder: Path, parts: list[Part], *, version: str, licence: str, title: str,
    authors: tuple[str, ...], with_text: bool, released: str,
) -> Facts:  # fmt: skip
    """Collect what the texts tell, from the files that were written."""
    events = pl.concat(
        [
            pl.scan_parquet(folder / p.path, glob=False).select("event_date", "dropped", "language")
            for p in parts
            if p.table == "events"
        ]
    )
    reasons = events.group_by(pl.col("dropped").fill_null("")).len().sort("dropped").collect()
    date = pl.col("event_date")
    days = events.select(first=date.min(), last=date.max()).collect().row(0)
    languages = events.select(pl.col("language").drop_nulls().unique().sort()).collect()
    info = run.info()
    made = dict(info["signature"])
    made["arguments"] = metadata.published_names(made["arguments"])
    return Facts(
        title=title, version=version, licence=licence, authors=authors, with_text=with_text,
        released=released, signature=made, signed=str(run.signature()),
        counts=info.get("counts", {}), parts=tuple(parts),
        dropped=dict(reasons.iter_rows()), languages=tuple(languages.to_series()),
        days=None if days[0] is None else (days[0].isoformat(), days[1].isoformat()),
    )  # fmt: skip


def ontology(run: runs.Run) -> Ontology:
    """Return the ontology that coded a run; refuse if it has changed since."""
    signature = run.signature()
    named = signature.arguments.get("ontology")
    if named is None:  # an older run, which tells no path
        name = signature.ontology.split(" ")[0]
        return Ontology.load(name if name in available() else "cameo")
    try:
        locate(named)
    except EventcoderError:
        raise EventcoderError(
            f"the run's ontology {named} is gone: put it back, or recode"
        ) from None
    found = Ontology.load(named)
    if signature.ontology_digest != found.digest:
        raise EventcoderError(
            f"the ontology {named} has changed since {run.path} was coded: "
            f"`eventcoder recode {run.path} --ontology {named}` first"
        )
    return found


def sums(folder: Path) -> str:
    """Return the checksums of all files in a folder, as `sha256sum` writes them."""
    files = sorted(f for f in folder.rglob("*") if f.is_file() and f.name != SUMS)
    return "".join(f"{digest(f)}  {f.relative_to(folder).as_posix()}\n" for f in files)


def digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def check(folder: str | Path) -> list[str]:
    """Return what is wrong with a release, one line a fault; nothing if all is well."""
    from eventcoder.soundness import faults

    return faults(folder)
