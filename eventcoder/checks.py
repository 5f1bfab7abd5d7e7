"""A user's file in, its faults in words out; and what is shipped."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from eventcoder import gold, ontology, release, resources, tables
from eventcoder.actor_tables import table_faults
from eventcoder.errors import EventcoderError
from eventcoder.runs import Run


def check(path: Path, kind: str) -> list[str]:
    """Return a file's faults as `kind`: actors, ontology, gold, run, release or a table's name.

    What is a run or a release tells so itself.
    """
    if not path.exists():
        raise EventcoderError(f"no file {path}")
    kind = kind or next((k for k in ("run", "release") if (path / f"{k}.json").exists()), "")
    checkers: dict[str, Callable[[Path], list[str]]] = {
        "actors": _actors,
        "ontology": ontology.validate,
        "gold": _gold,
        "run": _run,
        "release": release.check,
    }
    if kind in checkers:
        return checkers[kind](path)
    if kind in tables.names():
        return tables.check_file(path, kind)
    known = ", ".join([*checkers, *tables.names()])
    if not kind:
        raise EventcoderError(
            f"{path} is neither run nor release: say what it is with --as: {known}"
        )
    raise EventcoderError(f"nothing is checked as {kind!r}: give one of {known}")


def _actors(path: Path) -> list[str]:
    try:
        return list(table_faults(path))
    except EventcoderError as error:
        return str(error).split("\n")


def _gold(path: Path) -> list[str]:
    faults = []
    for row, record in gold.lines(path):
        try:
            gold.form(record)
        except EventcoderError as error:
            faults.append(f"row {row}: {error}")
    if not faults:
        try:
            if gold.form(next(record for _, record in gold.lines(path))) not in (
                "events",
                "actors",
            ):
                gold.examples(path)
        except StopIteration:
            faults.append("the file has no rows")
        except EventcoderError as error:
            faults.append(str(error))
    return faults


def _run(path: Path) -> list[str]:
    run = Run.open(path)
    faults = [unfinished] if (unfinished := run.unfinished()) else []
    try:
        faults += run.faults()
    except EventcoderError as error:
        faults.append(str(error))
    for name in ("documents", "events"):
        faults += tables.check_file(run.path / f"{name}.parquet", name)
    for part in sorted((run.path / "mentions").glob("*.parquet")):
        faults += tables.check_file(part, "mentions")
    return faults


def inventory(what: str) -> list[dict[str, Any]]:
    """Return what is shipped of models, ontologies, actors, languages, tables or codes."""
    listers: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "models": _models,
        "ontologies": lambda: [{"ontology": name} for name in ontology.available()],
        "actors": _actor_tables,
        "languages": lambda: [
            {"language": p.stem} for p in sorted(resources.schema("languages").glob("??.toml"))
        ],
        "tables": lambda: [{"table": name} for name in tables.names()],
        "codes": lambda: [
            {"code": code, "name": known.name}
            for code, known in ontology.Ontology.load().codes.items()
        ],
    }
    if what not in listers:
        raise EventcoderError(f"nothing to list as {what!r}: give one of {', '.join(listers)}")
    return listers[what]()


def _models() -> list[dict[str, Any]]:
    folder = resources.model("default").parent
    return [
        {
            "model": p.parent.name,
            "megabytes": sum(f.stat().st_size for f in p.parent.iterdir()) // 10**6,
        }
        for p in sorted(folder.glob("*/model.json"))
    ]


def _actor_tables() -> list[dict[str, Any]]:
    return [
        {"table": p.name, "rows": p.read_text("utf-8").count("\n") - 1}
        for p in sorted(resources.schema("actors").glob("*.csv"))
    ]
