"""What is in a release in; the texts beside its tables out: packages, citation, licence."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from eventcoder import resources
from eventcoder.errors import EventcoderError
from eventcoder.ontology import Ontology
from eventcoder.tables import Column, Table

_FRICTIONLESS = {"string": "string", "int": "integer", "float": "number", "number": "number",
                 "date": "date", "list": "array"}  # fmt: skip
_CROISSANT = {"string": "sc:Text", "int": "sc:Integer", "float": "sc:Float", "number": "sc:Float",
              "date": "sc:Date", "list": "sc:Text"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One data file of a release: `table` is its name there, `columns` in the file's order."""

    path: str
    table: str
    rows: int
    size: int
    sha256: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the texts of a release tell; made by `release.make`."""

    title: str
    version: str
    licence: str
    authors: tuple[str, ...]
    with_text: bool
    released: str
    signature: Mapping[str, Any]
    signed: str
    counts: Mapping[str, int]
    parts: tuple[Part, ...]
    dropped: Mapping[str, int]
    languages: tuple[str, ...]
    days: tuple[str, str] | None

    def rows(self, table: str) -> int:
        """Return how many rows a table has over all its files."""
        return sum(part.rows for part in self.parts if part.table == table)

    def tables(self) -> list[str]:
        """Return the names of the tables, in the order of the files."""
        return list(dict.fromkeys(part.table for part in self.parts))


@cache
def about() -> dict[str, Any]:
    """Return `schemas/release.toml`."""
    return tomllib.loads(resources.schema("release.toml").read_text("utf-8"))


def licence(name: str) -> Mapping[str, str]:
    """Return title, address and short meaning of a licence by its SPDX name."""
    known: dict[str, Mapping[str, str]] = about()["licences"]
    if name not in known:
        raise EventcoderError(f"no licence {name!r}: give one of {', '.join(known)}")
    return known[name]


def declared(table: str) -> Table:
    """Return the declaration of a release's table: dyads-month is a table of dyads."""
    return Table.load("dyads" if table.startswith("dyads-") else table)


def columns(table: str, names: Iterable[str]) -> tuple[Column, ...]:
    """Return the declarations of these columns of a release's table."""
    known = {column.name: column for column in declared(table).columns}
    return tuple(known[name] for name in names)


def texts(facts: Facts, ontology: Ontology) -> dict[str, str]:
    """Return the text files of a release by name."""
    from eventcoder.codebook import card, codebook

    return {
        "README.md": card(facts),
        "CODEBOOK.md": codebook(facts, ontology),
        "LICENSE": _licence_text(facts),
        "CITATION.cff": _citation(facts),
        "datapackage.json": _json(_datapackage(facts)),
        "croissant.json": _json(_croissant(facts)),
        "release.json": _json(_release(facts)),
    }


def _licence_text(facts: Facts) -> str:
    terms = licence(facts.licence)
    return (
        f"{facts.title}, version {facts.version}\nBy {', '.join(facts.authors)}\n\n"
        f"This data set is licensed under {terms['title']} ({facts.licence}).\n{terms['short']}\n"
        f"The full text, which alone is binding: {terms['url']}\n"
    )


def _citation(facts: Facts) -> str:
    def text(value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    authors = "".join(f"  - name: {text(author)}\n" for author in facts.authors)
    return (
        "cff-version: 1.2.0\nmessage: If you use this data set, please cite it as below.\n"
        f"type: dataset\ntitle: {text(facts.title)}\nversion: {text(facts.version)}\n"
        + (f"date-released: {facts.released}\n" if facts.released else "")
        + f"license: {facts.licence}\nauthors:\n{authors}"
    )


def _datapackage(facts: Facts) -> dict[str, Any]:
    terms = licence(facts.licence)
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": _slug(facts.title),
        "title": facts.title,
        "version": facts.version,
        "licenses": [{"name": facts.licence, "title": terms["title"], "path": terms["url"]}],
        "contributors": [{"title": author, "roles": ["author"]} for author in facts.authors],
        "resources": [_resource(part) for part in facts.parts],
    }


def _resource(part: Part) -> dict[str, Any]:
    # As a file, not a table: validators then need nothing that reads Parquet to check the bytes.
    return {
        "name": _slug(part.path.removesuffix(".parquet")),
        "type": "file",
        "path": part.path,
        "title": declared(part.table).title,
        "description": about()["tables"][part.table]["meaning"],
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": part.size,
        "hash": f"sha256:{part.sha256}",
        "schema": {
            "fields": [_field(column) for column in part.columns],
            "primaryKey": [
                key
                for key in declared(part.table).key
                if key in {column.name for column in part.columns}
            ],
        },
    }


def _field(column: Column) -> dict[str, Any]:
    rules = {
        "required": column.required or None,
        "unique": column.unique or None,
        "enum": list(column.values) or None,
        "pattern": column.pattern,
        "minimum": column.min,
        "maximum": column.max,
        "minLength": column.min_length,
    }
    field = {"name": column.name, "type": _FRICTIONLESS[column.type], "description": column.meaning}
    kept = {name: value for name, value in rules.items() if value is not None}
    return {**field, "constraints": kept} if kept else field


def _croissant(facts: Facts) -> dict[str, Any]:
    context = json.loads(resources.schema("croissant.json").read_text("utf-8"))
    return {
        "@context": context,
        "@type": "sc:Dataset",
        "name": _slug(facts.title),
        "description": f"{facts.title}: political events coded from news, with dyadic series.",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        **({"datePublished": facts.released} if facts.released else {}),
        "license": licence(facts.licence)["url"],
        "version": facts.version,
        "creator": [{"@type": "sc:Organization", "name": author} for author in facts.authors],
        "citeAs": f"{', '.join(facts.authors)}: {facts.title}, version {facts.version}.",
        "distribution": [_file_object(part) for part in facts.parts],
        "recordSet": [_record_set(part) for part in facts.parts],
    }


def _file_object(part: Part) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": part.path,
        "name": part.path,
        "description": about()["tables"][part.table]["meaning"],
        "contentUrl": part.path,
        "contentSize": f"{part.size} B",
        "encodingFormat": "application/x-parquet",  # as mlcroissant knows it
        "sha256": part.sha256,
    }


def _record_set(part: Part) -> dict[str, Any]:
    name = _slug(part.path.removesuffix(".parquet"))
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"One record is {declared(part.table).row}.",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column.name}",
                "name": column.name,
                "description": column.meaning,
                "dataType": _CROISSANT[column.type],
                "source": {"fileObject": {"@id": part.path}, "extract": {"column": column.name}},
            }
            for column in part.columns
        ],
    }


def _release(facts: Facts) -> dict[str, Any]:
    return {
        "title": facts.title,
        "version": facts.version,
        "licence": facts.licence,
        "authors": list(facts.authors),
        "released": facts.released,
        "with_text": facts.with_text,
        "signature": dict(facts.signature),
        "signed": facts.signed,
        "counts": dict(facts.counts),
        "events_by_reason": {reason or "kept": n for reason, n in facts.dropped.items()},
        "files": [
            {"path": part.path, "table": part.table, "rows": part.rows} for part in facts.parts
        ],
    }


def _slug(text: str) -> str:
    """Make a name of small letters, digits and hyphens.

    >>> _slug("News of Tajikistan, 2022")
    'news-of-tajikistan-2022'
    """
    plain = "".join(c if c.isascii() and c.isalnum() else " " for c in text.lower())
    return "-".join(plain.split()) or "events"


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def published_names(value: Any) -> Any:
    """Cut folders off file names in a signature's arguments: they tell of the coder's machine.

    >>> published_names({"corpus": ["/home/a/news.jsonl", "*.txt"], "threshold": 0.5})
    {'corpus': ['news.jsonl', '*.txt'], 'threshold': 0.5}
    """
    if isinstance(value, str):
        return value.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    if isinstance(value, Mapping):
        return {key: published_names(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [published_names(item) for item in value]
    return value
