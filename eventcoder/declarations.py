"""The files `schemas/tables/*.toml` in; tables, their columns and rules out."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import polars as pl

from eventcoder import resources
from eventcoder.errors import EventcoderError

Kind = Literal["string", "int", "float", "number", "date", "list"]

# `number` is an integer or a float, whichever the frame holds (counts, or weighted counts).
_TYPES: Mapping[str, pl.DataType] = {
    "string": pl.String(),
    "int": pl.Int64(),
    "float": pl.Float64(),
    "number": pl.Int64(),
    "date": pl.Date(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it means and the rules its values keep."""

    name: str
    type: Kind
    meaning: str
    required: bool = False
    unique: bool = False
    fill: str | None = None
    values: tuple[str, ...] = ()
    pattern: str | None = None
    min: float | None = None
    max: float | None = None
    min_length: int | None = None
    item: tuple[tuple[str, str], ...] = ()

    @property
    def dtype(self) -> pl.DataType:
        """Return the polars type."""
        if self.type == "list":
            return pl.List(pl.Struct({name: _TYPES[kind] for name, kind in self.item}))
        return _TYPES[self.type]

    @property
    def must_be_there(self) -> bool:
        """Say whether a frame without this column is refused."""
        return self.required and self.fill is None


@dataclass(frozen=True, slots=True)
class Check:
    """A rule over several columns, as a SQL expression; blamed on one column."""

    name: str
    column: str
    sql: str


@dataclass(frozen=True, slots=True)
class Table:
    """A declared table: what one row is, its columns in order, its key and its checks."""

    name: str
    title: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    checks: tuple[Check, ...]

    @staticmethod
    def load(name: str) -> "Table":
        """Return a table of `schemas/tables` by name.

        >>> Table.load("events").columns[0].name
        'event_id'
        """
        return _load(name)

    @property
    def schema(self) -> pl.Schema:
        """Return the columns' polars types, in order."""
        return pl.Schema({column.name: column.dtype for column in self.columns})


def names() -> list[str]:
    """Return the names of all declared tables.

    >>> "dyads" in names()
    True
    """
    return sorted(path.stem for path in resources.schema("tables").glob("*.toml"))


@cache
def _load(name: str) -> Table:
    if name not in names():
        raise EventcoderError(f"no table {name!r}: the tables are {', '.join(names())}")
    spec = tomllib.loads(resources.schema("tables", f"{name}.toml").read_text("utf-8"))
    columns = tuple(
        Column(
            **{
                **column,
                "values": tuple(column.get("values", ())),
                "item": tuple(column.get("item", {}).items()),
            }
        )
        for column in spec["column"]
    )
    checks = tuple(Check(**check) for check in spec.get("check", ()))
    return Table(name, spec["title"], spec["row"], tuple(spec["key"]), columns, checks)


def schema(name: str) -> pl.Schema:
    """Return the polars schema of a table.

    >>> schema("events")["event_code"]
    String
    """
    return Table.load(name).schema


def empty(name: str) -> pl.DataFrame:
    """Return a table without rows."""
    return pl.DataFrame(schema=schema(name))
