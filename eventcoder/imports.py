"""Published GDELT, ICEWS, POLECAT, Phoenix and R events files in, our events table out."""

import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import zstandard

from eventcoder import countries, decoding, layouts, resources, runs, tables
from eventcoder.errors import EventcoderError
from eventcoder.layouts import Layout
from eventcoder.metadata import about
from eventcoder.model import description
from eventcoder.ontology import Ontology

_SUFFIXES = (".csv", ".tab", ".tsv", ".txt", ".export")
_CODE = r"^([A-Z]{3})+$"
_OURS = {"event_id", "event_code", "doc_id"}
# To know the columns of these, or that they are sound, all of the file must be read.
_LATE = (".jsonl", ".ndjson", ".zip", ".gz", ".zst")
# GDELT 1.0 had no ADM2 codes; its files from before April 2013 had no address either.
_OLDER_GDELT = {58: ("ADM2Code",), 57: ("ADM2Code", "SOURCEURL")}


@dataclass(frozen=True, slots=True)
class _File:
    """How a file is written: layout, separator, names of its columns, whether they head it."""

    layout: Layout
    separator: str
    names: tuple[str, ...]
    header: bool
    quoted: bool


def events_of(path: str | Path, layout: str | None = None) -> pl.LazyFrame:
    """Return the events of a run, a release, an events file of ours or a published data set.

    A folder that is neither run nor release is read as published files, all of them.
    """
    path = Path(path)
    if (path / "run.json").exists():
        return runs.Run.open(path).events()
    if (path / "release.json").exists():
        from eventcoder.release import Release

        return Release.open(path).events()
    if not path.exists():
        raise EventcoderError(f"{path} does not exist")
    if layout is None and path.is_file() and _is_ours(path):
        return tables.scan(path, "events")
    return read(path, layout)


def check(path: str | Path, layout: str | None = None) -> None:
    """Raise EventcoderError if `events_of` can't read a path, as far as a short look tells.

    A folder may hold thousands of files: the first stands for the others.
    """
    path = Path(path)
    told = any((path / name).exists() for name in ("run.json", "release.json"))
    if path.is_dir() and not told:
        first, opened = _files(path)[0], read
    else:
        first, opened = path, events_of
    if told or not first.name.lower().endswith(_LATE):
        opened(first, layout)


def check_correctable(path: str | Path, model: str) -> None:
    """Raise EventcoderError unless a model's confusion matrix tells how events were coded.

    It holds for that model at its own threshold. A bare events file does not say what coded it.
    """
    path, folder = Path(path), resources.model(model)
    if (path / "run.json").exists():
        made: Any = runs.Run.open(path).signature().plain()
    elif (path / "release.json").exists():
        from eventcoder.release import Release

        made = Release.open(path).info()["signature"]
    elif path.is_file() and _is_ours(path):
        return
    else:
        raise EventcoderError(f"{path} was not coded by eventcoder: its counts can't be corrected")
    if made["model_digest"] and made["model_digest"] != description.digest(folder):
        raise EventcoderError(
            f"{path} was coded by model {made['model']} ({made['model_digest']}): its counts can't "
            f"be corrected by the confusion matrix of {folder}; name that model with --model"
        )
    usual = json.loads((folder / "model.json").read_text("utf-8"))["threshold"]
    threshold = made["arguments"].get("threshold", usual)
    if threshold != usual:
        raise EventcoderError(
            f"{path} was coded with threshold {threshold}, but the confusion matrix of {folder} is "
            f"for {usual}: recode it with that, or leave its counts uncorrected"
        )


def _is_ours(path: Path) -> bool:
    if path.suffix.lower() not in {".parquet", ".jsonl", ".ndjson", ".csv", ".tsv", ".gz", ".zst"}:
        return False
    try:
        return set(tables.scan(path).collect_schema().names()) >= _OURS
    except EventcoderError:
        return False


def read(path: str | Path, layout: str | None = None) -> pl.LazyFrame:
    """Return published files as our events table; which layout it is the columns tell.

    `path` is a file (text, also .gz, .zst or .zip, or Parquet) or a folder of files. A row
    whose code is not in the ontology stays, with `dropped` saying "unknown code".
    """
    path = Path(path)
    if not path.exists():
        raise EventcoderError(f"{path} does not exist")
    opened = [_opened(file, layout) for file in _files(path)]
    found = {spec.name for spec, _ in opened}
    if len(found) > 1:
        raise EventcoderError(f"{path} mixes {' and '.join(sorted(found))}: read one at a time")
    spec = opened[0][0]
    together = pl.concat([frame for _, frame in opened]).with_row_index("row", offset=1)
    return _coded(_actors(_selected(together.with_columns(pl.col("row").cast(pl.String)), spec)))


def _files(path: Path) -> list[Path]:
    """Return a file, or the published files of a folder."""
    if path.is_file():
        return [path]
    files = sorted(file for file in path.iterdir() if not file.name.startswith((".", "README")))
    if files := [file for file in files if file.is_file()]:
        return files
    raise EventcoderError(f"{path} has no files in it: give published event files")


def recognise(path: str | Path) -> str:
    """Return the name of the layout a file is in."""
    return _opened(Path(path), None)[0].name


def _opened(path: Path, layout: str | None) -> tuple[Layout, pl.LazyFrame]:
    """Open a file with every column of its layout as text, missing values null."""
    if path.suffix.lower() == ".parquet":
        frame = tables.scan(path)
        names = frame.collect_schema().names()
        spec = _by_header(names, layout)
        if spec is None:
            raise EventcoderError(_unknown(path, names))
        frame = frame.rename(dict(zip(names, _renamed(names, spec), strict=True)))
        return spec, _all_text(frame, spec)
    tables.refuse_bomb(path)
    content = _zipped(path) if path.suffix.lower() == ".zip" else None
    file = _described(path, _first_line(path, content), layout)
    try:
        frame = pl.scan_csv(
            content if content is not None else path, separator=file.separator,
            has_header=False, skip_rows=int(file.header),
            schema=dict.fromkeys(file.names, pl.String), infer_schema=False,
            quote_char='"' if file.quoted else None, encoding="utf8-lossy",
            truncate_ragged_lines=True, missing_columns="insert", glob=False,
        )  # fmt: skip
        frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise EventcoderError(f"{path} can't be read: {error}") from error
    return file.layout, _all_text(frame, file.layout)


def _all_text(frame: pl.LazyFrame, spec: Layout) -> pl.LazyFrame:
    given = set(frame.collect_schema().names())
    value = pl.col([name for name in spec.columns if name in given])
    value = value.cast(pl.String).str.strip_chars()
    text = pl.when(~value.is_in([*spec.missing, ""])).then(value).name.keep()
    absent = [pl.lit(None, pl.String).alias(name) for name in spec.columns if name not in given]
    return frame.select(text, *absent).select(spec.columns)


def _zipped(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [name for name in archive.namelist() if not name.endswith("/")]
            if len(inside) != 1:
                raise EventcoderError(f"{path} holds {len(inside)} files, not one: unpack it")
            size = archive.getinfo(inside[0]).file_size  # no more than this is unpacked
            if size > decoding.most_unpacked(path.stat().st_size):
                raise EventcoderError(f"{path}: {decoding.TOO_MUCH}")
            return archive.read(inside[0])
    # Runtime and NotImplemented: locked by a password, packed in a way that Python can't unpack.
    except (
        OSError, EOFError, ValueError, RuntimeError, NotImplementedError,
        zlib.error, zipfile.BadZipFile, zipfile.LargeZipFile,
    ) as error:  # fmt: skip
        raise EventcoderError(f"{path} can't be read: {error}") from error


def _first_line(path: Path, content: bytes | None) -> str:
    try:
        if content is not None:
            line = content.split(b"\n", 1)[0]
        elif path.suffix == ".gz":
            with gzip.open(path) as packed:
                line = packed.readline(1 << 20)
        elif path.suffix == ".zst":
            with zstandard.open(path, "rb") as stream:
                line = io.BufferedReader(stream).readline(1 << 20)
        else:
            with path.open("rb") as plain:
                line = plain.readline(1 << 20)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise EventcoderError(f"{path} can't be read: {error}") from error
    return line.decode("utf-8-sig", "replace").rstrip("\r\n")


def _described(path: Path, line: str, wanted: str | None) -> _File:
    """Tell from the first line how a file is written."""
    if not line:
        raise EventcoderError(f"{path} is empty")
    for separator in ("\t", ","):
        names = next(csv.reader([line.rstrip(separator)], delimiter=separator))
        if spec := _by_header(names, wanted):
            quoted = separator == "," or line.startswith('"')
            return _File(spec, separator, _renamed(names, spec), True, quoted)
    cells = line.split("\t")
    for name in [wanted] if wanted else layouts.names():
        spec = layouts.load(name)
        absent = _OLDER_GDELT.get(len(cells), ()) if name == "gdelt" else ()
        columns = tuple(c for c in spec.columns if not (absent and c.endswith(absent)))
        if not spec.header and len(cells) == len(columns):
            return _File(spec, "\t", columns, False, False)
    raise EventcoderError(_unknown(path, cells))


def _unknown(path: Path, names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])[:100]
    return (
        f"{path} is in no layout that we know ({', '.join(layouts.names())}): "
        f"its first line has {len(names)} cells ({shown})"
    )


def _by_header(names: Sequence[str], wanted: str | None) -> Layout | None:
    """Return the layout all of whose columns that we read are named, else None."""
    given = {_plain(name) for name in names}
    best = None
    for name in [wanted] if wanted else layouts.names():
        spec = layouts.load(name)
        asked = {c for sql in spec.reads.values() for c in pl.sql_expr(sql).meta.root_names()}
        asked -= {"row"}
        fits = {_plain(column) for column in asked} <= given
        if fits and (best is None or len(spec.columns) > len(best.columns)):
            best = spec
    return best


def _renamed(names: Sequence[str], spec: Layout) -> tuple[str, ...]:
    """Give columns the layout's own spelling; users write them in small letters, underscored."""
    own = {_plain(column): column for column in spec.columns}
    spelled = [own.get(_plain(name), name) for name in names]
    return tuple(
        name if name and spelled.index(name) == i else f"column {i + 1}"
        for i, name in enumerate(spelled)
    )


def _plain(name: str) -> str:
    """Reduce a column's name to its letters.

    >>> _plain("Source Country") == _plain("source_country") == _plain("SourceCountry")
    True
    """
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _selected(frame: pl.LazyFrame, spec: Layout) -> pl.LazyFrame:
    """Take our columns out of the layout's, still as text."""
    schema = tables.schema("events")
    absent = [name for name in schema if name not in spec.reads]
    made = frame.select(
        *(pl.sql_expr(sql).cast(pl.String).alias(name) for name, sql in spec.reads.items()),
        *(pl.lit(None, pl.String).alias(name) for name in absent),
        pl.col("row"),
    ).with_columns(pl.coalesce("event_id", "row").alias("event_id"))
    if spec.repeats:
        again = pl.int_range(pl.len()).over("event_id")
        suffix = pl.when(again > 0).then("-" + (again + 1).cast(pl.String)).otherwise(pl.lit(""))
        made = made.with_columns(pl.col("event_id") + suffix)
    dates = [_day(name).alias(name) for name in ("event_date", "published")]
    return made.with_columns(
        *dates,
        pl.coalesce("doc_id", "event_id").alias("doc_id"),
        pl.when(pl.col("language").str.contains("^[a-z]{2,3}$")).then("language").alias("language"),
        pl.col("sentence_number").cast(pl.Int64, strict=False),
    ).with_columns(
        pl.when(pl.col("event_date").is_null())
        .then(pl.lit("none"))
        .otherwise(pl.lit("day"))
        .alias("date_precision")
    )


def _day(name: str) -> pl.Expr:
    """Read 20220203, 2022-02-03 and 2022-02-03 10:00:00."""
    digits = pl.col(name).str.slice(0, 10).str.replace_all("-", "").str.slice(0, 8)
    return digits.str.to_date("%Y%m%d", strict=False)


@cache
def _heads() -> frozenset[str]:
    """Return all that an actor code may begin with as its country: states, prefixes, regions."""
    known = {code for code in layouts.country_codes().values() if countries.is_country(code)}
    return frozenset(known | {*about()["prefixes"], *about()["regions"]})


def _actors(events: pl.LazyFrame) -> pl.LazyFrame:
    """Make code, country and sector of both sides agree, and countries ISO 3166."""
    names = dict(layouts.country_codes())
    other_codes = {name.upper(): code for name, code in names.items() if len(name) == 3}
    other_codes = {name: code for name, code in other_codes.items() if name not in _heads()}
    heads = list(_heads())
    for side in ("source", "target"):
        given = pl.col(f"{side}_country")
        code = pl.col(side).str.to_uppercase()
        code = pl.when(code.str.contains(_CODE)).then(code).otherwise(pl.lit(""))
        code = code.str.head(3).replace(other_codes) + code.str.slice(3)
        upper = given.str.to_uppercase()
        known = pl.when(upper.is_in(heads)).then(upper)
        named = given.str.to_lowercase().replace_strict(names, default=None)
        head = pl.when(code.str.head(3).is_in(heads)).then(code.str.head(3))
        country = pl.coalesce(known, named, head, pl.lit(""))
        sector = pl.col(f"{side}_sector").str.to_uppercase()
        sector = pl.when(sector.str.contains("^[A-Z]{3}$")).then(sector).otherwise(pl.lit(""))
        events = events.with_columns(
            country.alias(f"{side}_country"), code.alias(side), sector.alias(f"{side}_sector")
        ).with_columns(_agreed(side).alias(side))
        rest = pl.col(side).str.slice(pl.when(pl.col(f"{side}_country") == "").then(0).otherwise(3))
        own = pl.when(pl.col(f"{side}_sector") == "").then(rest.str.head(3))
        events = events.with_columns(pl.coalesce(own, f"{side}_sector").alias(f"{side}_sector"))
    return events


def _agreed(side: str) -> pl.Expr:
    """Return a code that begins with its country, made from country and sector if need be."""
    country, code, sector = pl.col(f"{side}_country"), pl.col(side), pl.col(f"{side}_sector")
    made = pl.when(country == sector).then(country).otherwise(country + sector)
    return (
        pl.when(code == "").then(made)
        .when((country == "") | code.str.starts_with(country)).then(code)
        .when(code.str.slice(3, 3) == country).then(country + code.str.head(3) + code.str.slice(6))
        .otherwise(country + code)
    )  # fmt: skip


def _coded(events: pl.LazyFrame) -> pl.LazyFrame:
    """Give events all that follows from their code; what the file itself says goes first."""
    ontology = Ontology.load().frame()
    codes = ontology["event_code"].to_list()
    code, padded = pl.col("event_code"), "0" + pl.col("event_code")
    # Programs that read codes as numbers lose the zero in front: 42 is 042, and 10 under root 1
    # is 010, not root 10.
    root = pl.col("root_code").str.zfill(2)
    lost = padded.is_in(codes) & (~code.is_in(codes) | (root != code.str.head(2)))
    code = pl.when(lost.fill_null(False)).then(padded).otherwise(code)
    events = events.with_columns(code.alias("event_code"))
    known = pl.col("event_code").is_in(codes).fill_null(False)
    told = pl.col("event_code").str.contains("^[0-9A-Za-z]{2,8}$").fill_null(False)
    quad, score = (
        pl.col(name).cast(pl.Float64, strict=False) for name in ("quad_class", "goldstein")
    )
    events = events.with_columns(
        pl.when(~known).then(pl.lit("unknown code")).alias("dropped"),
        pl.when(told).then("event_code").otherwise(pl.lit("none")).alias("event_code"),
        pl.when(quad.is_in([1.0, 2.0, 3.0, 4.0])).then(quad).cast(pl.Int64).alias("quad_class"),
        pl.when(score.is_between(-10, 10)).then(score).alias("goldstein"),
    )
    derived = ["base_code", "root_code", "quad_class", "penta_class", "plover_type", "goldstein"]
    facts = ontology.lazy().select("event_code", pl.col(derived).name.suffix(" known"))
    own = ["quad_class", "plover_type", "goldstein"]
    events = events.join(facts, on="event_code", how="left", maintain_order="left").with_columns(
        *(pl.coalesce(name, f"{name} known").alias(name) for name in own),
        *(pl.col(f"{name} known").alias(name) for name in derived if name not in own),
    )
    return tables.conform(events, "events")
