"""A layout's declaration in `schemas/layouts/` in; its columns and how they are filled out."""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from eventcoder import resources
from eventcoder.errors import EventcoderError


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of another project's files.

    `fills` gives every column in order the SQL that fills it from our events, None where we
    have nothing for it. `reads` gives columns of our events the SQL that reads them from such a
    file, in which a missing value is one of the words `missing`. `quad` and `goldstein` name
    mappings of the ontology. Events for which `needs` does not hold have no place in the layout.
    `repeats`: published files give several rows the same identifier.
    """

    name: str
    title: str
    source: str
    separator: str
    header: bool
    missing: tuple[str, ...]
    quad: str
    goldstein: str
    needs: str
    needs_says: str
    repeats: bool
    fills: Mapping[str, str | None]
    reads: Mapping[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns in order."""
        return tuple(self.fills)


def names() -> list[str]:
    """Return the names of all layouts.

    >>> names()
    ['gdelt', 'icews', 'phoenix', 'polecat', 'r-events']
    """
    return sorted(path.stem for path in resources.schema("layouts").glob("*.toml"))


@cache
def load(name: str) -> Layout:
    """Return a layout by name.

    >>> len(load("gdelt").columns)
    61
    """
    if name not in names():
        raise EventcoderError(f"no layout {name!r}: give one of {', '.join(names())}")
    spec: dict[str, Any] = tomllib.loads(
        resources.schema("layouts", f"{name}.toml").read_text("utf-8")
    )
    return Layout(
        name=name,
        fills={column["name"]: column.get("fill") for column in spec.pop("column")},
        reads=spec.pop("read"),
        missing=tuple(spec.pop("missing")),
        needs=spec.pop("needs", ""),
        repeats=spec.pop("repeats", False),
        needs_says=spec.pop("needs_says", ""),
        **spec,
    )


@cache
def country_codes() -> Mapping[str, str]:
    """Return the codes of countries by English name, and by codes that other projects use."""
    from eventcoder.actor_tables import read_table

    rows = read_table(resources.schema("actors", "countries.csv"))
    known = {row.phrase.lower(): row.code for row in rows if row.language == "en"}
    return known | {row["name"].lower(): row["code"] for row in _other_names()}


@cache
def icews_names() -> Mapping[str, str]:
    """Return the names of countries as ICEWS writes them, by code."""
    from eventcoder.codebook import country_names

    special = {row["code"]: row["name"] for row in _other_names() if row["icews"]}
    return country_names() | special


def _other_names() -> list[dict[str, str]]:
    path = resources.schema("layouts", "countries.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
