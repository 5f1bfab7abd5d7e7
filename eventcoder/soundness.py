"""A release folder in, what is wrong with it out."""

import json
import logging
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from eventcoder import dyads, metadata, tables
from eventcoder.errors import EventcoderError
from eventcoder.release import PERIODS, SUMS, Release, digest

_TEXTS = ("README.md", "CODEBOOK.md", "LICENSE", "CITATION.cff", "datapackage.json",
          "croissant.json", "release.json")  # fmt: skip
_FETCHED = {"path", "schema", "profile", "dialect", "$ref", "contentUrl", "@context"}


def faults(folder: str | Path) -> list[str]:
    """Return what is wrong with a release, one line a fault; nothing if all is well."""
    try:
        release = Release.open(folder)
        sums = _read_sums(release.path)
    except EventcoderError as error:
        return [str(error)]
    found = list(_changed(release, sums))
    sound = {name for name in sums if not any(f.startswith(f"{name}:") for f in found)}
    steps: tuple[Callable[[Release, set[str]], Iterator[str]], ...] = (
        _table_faults, _series_faults, _package_faults, _validator_faults,
    )  # fmt: skip
    for step in steps:
        try:
            found += step(release, sound)
        except EventcoderError as error:
            found.append(str(error))
        except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
            found.append(f"the release does not fit together: {error!r}")
    return found


def _read_sums(path: Path) -> dict[str, str]:
    try:
        lines = (path / SUMS).read_text("utf-8").splitlines()
        return {name: known for known, name in (line.split("  ", 1) for line in lines)}
    except (OSError, ValueError) as error:
        raise EventcoderError(f"{path / SUMS} can't be read: {error}") from error


def _changed(release: Release, sums: dict[str, str]) -> Iterator[str]:
    path = release.path
    for name, known in sums.items():
        file = path / name
        if not file.is_file():
            yield f"{name}: the file is missing"
        elif digest(file) != known:
            yield f"{name}: the file was changed (its checksum is not the one in {SUMS})"
    needed = {*_TEXTS, *(file["path"] for file in release.info()["files"])}
    there = {f.relative_to(path).as_posix() for f in path.rglob("*") if f.is_file()}
    for name in sorted(needed - sums.keys() - there):
        yield f"{name}: the file is missing, and so is its line in {SUMS}"
    for name in sorted(there - sums.keys() - {SUMS}):
        yield f"{name}: the file does not belong to the release (it is not in {SUMS})"


def _table_faults(release: Release, sound: set[str]) -> Iterator[str]:
    for file in release.info()["files"]:
        path, table = file["path"], file["table"]
        if path not in sound:
            continue
        frame = tables.collect(tables.scan(release.path / path), path)
        if frame.height != file["rows"]:
            yield f"{path}: {frame.height:,} rows, but release.json says {file['rows']:,}"
        kind = metadata.declared(table).name
        yield from (f"{path}: {tables.describe(f)}" for f in tables.failures(frame, kind, limit=1))


def _series_faults(release: Release, sound: set[str]) -> Iterator[str]:
    """See that the series count the events of the release."""
    if any(f["path"] not in sound for f in release.info()["files"]):
        return
    events = release.events()
    for by in PERIODS:
        kept = dyads.account(events, dyads.Options(by=by)).kept
        series = tables.collect(release.table(f"dyads-{by}").select("n_events"), "dyads")
        if (counted := int(series["n_events"].sum())) != kept:
            yield f"dyads-{by}.parquet: counts {counted:,} events, but {kept:,} are in the release"


def _package_faults(release: Release, sound: set[str]) -> Iterator[str]:
    """See that card, data package and Croissant name just the files of the release."""
    sums = _read_sums(release.path)
    files = {f["path"]: sums.get(f["path"], "") for f in release.info()["files"]}
    if not {"README.md", "datapackage.json", "croissant.json"} <= sound:
        return
    package = json.loads((release.path / "datapackage.json").read_text("utf-8"))
    listed = {r["path"]: r["hash"].removeprefix("sha256:") for r in package["resources"]}
    croissant = json.loads((release.path / "croissant.json").read_text("utf-8"))
    described = {f["contentUrl"]: f["sha256"] for f in croissant["distribution"]}
    for name, found in (("datapackage.json", listed), ("croissant.json", described)):
        if found != files:
            odd = sorted(f for f in {*found, *files} if found.get(f) != files.get(f))
            yield f"{name}: does not describe {', '.join(odd)} as it is"
    card = (release.path / "README.md").read_text("utf-8")
    for path in files:
        if f"    - {path}\n" not in card:
            yield f"README.md: its head does not list {path}"


def _elsewhere(release: Release, sound: set[str]) -> Iterator[str]:
    """Yield what data package and Croissant would have a reader fetch."""
    for name, part in (("datapackage.json", "resources"), ("croissant.json", "")):
        if name in sound:
            told = json.loads((release.path / name).read_text("utf-8"))
            for key, value in _texts_of(told[part] if part else told):
                if key in _FETCHED and "://" in value:
                    yield f"{name}: {key} lies elsewhere: {value}"


def _texts_of(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a JSON value with the name that it stands under."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for item in value:
            yield from _texts_of(item, key)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts_of(item, name)


def _validator_faults(release: Release, sound: set[str]) -> Iterator[str]:
    """Ask the validators of frictionless and Croissant, where they are installed.

    They would fetch what a file names elsewhere, so they are asked only where all is here.
    """
    elsewhere = list(_elsewhere(release, sound))
    yield from elsewhere
    if elsewhere or any(_package_faults(release, sound)):
        return
    if find_spec("frictionless") and "datapackage.json" in sound:
        from frictionless import validate

        report = validate(str(release.path / "datapackage.json"))
        yield from (f"datapackage.json: {m}" for (m,) in report.flatten(["message"]))
    if find_spec("mlcroissant") and "croissant.json" in sound:
        mlcroissant = import_module("mlcroissant")
        logging.getLogger("absl").setLevel(logging.ERROR)
        try:
            with warnings.catch_warnings():  # of its own libraries
                warnings.simplefilter("ignore")
                mlcroissant.Dataset(str(release.path / "croissant.json"))
        except mlcroissant.ValidationError as error:
            yield f"croissant.json: {error}"
