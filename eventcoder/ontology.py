"""A csv of event codes (and a toml beside it) in, everything that follows from a code out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cache, cached_property
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventcoder.codes import REQUIRED, Code, read
from eventcoder.errors import EventcoderError
from eventcoder.resources import schema

if TYPE_CHECKING:
    import polars as pl

__all__ = ["LABEL_SETS", "REQUIRED", "Code", "Ontology", "available", "locate", "named", "validate"]

LABEL_SETS = ("plv", "root", "quad", "penta", "cameo")


@dataclass(frozen=True, eq=False)
class Ontology:
    """A named, versioned set of event codes.

    >>> cameo = Ontology.load()
    >>> cameo["0331"].name, cameo.base("0331"), cameo.root("0331")
    ('Express intent to provide economic aid', '033', '03')
    >>> sorted(cameo.members("REQUEST", "plv") & cameo.roots)
    ['02', '10']
    """

    name: str
    version: str
    digest: str  # the first 12 hex digits of the SHA-256 of csv and toml
    codes: Mapping[str, Code]
    about: Mapping[str, Any] = field(repr=False)  # the toml

    @classmethod
    def load(cls, name_or_path: str | Path = "cameo") -> "Ontology":
        """Return a shipped ontology by name, or the user's own by the path of its csv."""
        path = locate(name_or_path)
        about_path = path.with_suffix(".toml")
        try:
            stamps = tuple(p.stat().st_mtime_ns for p in (path, about_path) if p.exists())
        except OSError as error:
            raise EventcoderError(f"{path} cannot be read: {error.strerror}") from error
        return _load(path, stamps)

    def __getitem__(self, code: str) -> Code:
        """Return the code's row, or say which known codes are nearest."""
        try:
            return self.codes[code]
        except (KeyError, TypeError):
            raise EventcoderError(self._unknown(code)) from None

    def _unknown(self, code: object) -> str:
        text = str(code)
        if f"0{text}" in self.codes:
            near, why = [f"0{text}"], " (codes are text: was a leading zero lost?)"
        else:
            near, why = sorted(self.codes, key=lambda code: _distance(code, text))[:3], ""
        return f"no code {text!r} in {self.name} {self.version}; nearest: {', '.join(near)}{why}"

    @cached_property
    def roots(self) -> frozenset[str]:
        """The codes which are their own root and stand above others."""
        return frozenset(code.root_code for code in self.codes.values())

    @cached_property
    def leaves(self) -> frozenset[str]:
        """The codes that no other code has as its base or root."""
        above = {
            up
            for code in self.codes.values()
            for up in (code.base_code, code.root_code)
            if up != code.event_code
        }
        return frozenset(self.codes) - above

    def root(self, code: str) -> str:
        """Return the code's root."""
        return self[code].root_code

    def base(self, code: str) -> str:
        """Return the code's base: a four-digit CAMEO code's first three digits, else itself."""
        return self[code].base_code

    def is_symmetric(self, code: str) -> bool:
        """Say whether both parties do the same thing, so that their order says nothing."""
        return self[code].symmetric

    @cached_property
    def _labels(self) -> dict[str, dict[str, frozenset[str]]]:
        found: dict[str, dict[str, set[str]]] = {label_set: {} for label_set in LABEL_SETS}
        for code in self.codes:
            for label_set in LABEL_SETS:
                label = self.label(code, label_set)
                if label is not None:
                    found[label_set].setdefault(label, set()).add(code)
        return {s: {k: frozenset(v) for k, v in sorted(d.items())} for s, d in found.items()}

    def label(self, code: str, label_set: str) -> str | None:
        """Return the code's label in a label set; None where it has none (01 in plv)."""
        row = self[code]
        by_set: dict[str, str] = {
            "plv": row.plv,
            "root": row.root_code,
            "quad": str(row.quad_class),
            "penta": str(row.penta_class),
            "cameo": code,
        }
        return by_set[_known_set(label_set)] or None

    def labels(self, label_set: str) -> tuple[str, ...]:
        """Return all labels of a label set, sorted."""
        return tuple(self._labels[_known_set(label_set)])

    def members(self, label: str | int, label_set: str) -> frozenset[str]:
        """Return all codes that a label covers; for label set cameo, the code alone."""
        known = self._labels[_known_set(label_set)]
        if str(label) not in known:
            if label_set == "cameo":
                raise EventcoderError(self._unknown(label))
            raise EventcoderError(
                f"no label {label!r} in label set {label_set} of {self.name}; "
                f"it has {', '.join(known) or 'none'}"
            )
        return known[str(label)]

    def quad_of(self, label: str | int, label_set: str) -> int | None:
        """Return the quad class that counts for a label; None for penta 0, which has none."""
        codes = self.members(label, label_set)
        if label_set == "plv" and label in self.about.get("plv", {}):
            return int(self.about["plv"][label])
        if label_set in ("quad", "penta"):
            return int(label) or None
        return self[min(codes)].quad_class

    def frame(self, quad: str | None = None, goldstein: str | None = None) -> "pl.DataFrame":
        """Return the codes as a table, for joins on `event_code`.

        `quad` and `goldstein` name a mapping of the toml ("phoenix", "icews"), whose values
        then stand in the columns quad_class and goldstein; the default is the csv's own.
        """
        import polars as pl

        table = self._table
        if quad is not None:
            table = table.with_columns(quad_class=pl.col(self._column("quad_classes", quad)))
        if goldstein is not None:
            column = self._column("goldsteins", goldstein)
            table = table.with_columns(
                goldstein=pl.col(column), goldstein_from=pl.col(f"{column}_from")
            )
        return table

    @cached_property
    def _table(self) -> "pl.DataFrame":
        import polars as pl

        kinds = {"int": pl.Int8, "float": pl.Float64, "bool": pl.Boolean, "str": pl.String}
        return pl.DataFrame(
            [asdict(code) for code in self.codes.values()],
            schema={f.name: kinds[_kind(f.type)] for f in fields(Code)},
        )

    def _column(self, kind: str, name: str) -> str:
        mappings = self.about.get(kind, {})
        if name not in mappings:
            raise EventcoderError(
                f"no {name!r} among the {kind} of {self.name}; "
                f"it has {', '.join(mappings) or 'only its own column'}"
            )
        return str(mappings[name]["column"])


def available() -> list[str]:
    """Return the names of the shipped ontologies."""
    return sorted(path.stem for path in schema("ontologies").glob("*.csv"))


def locate(name_or_path: str | Path) -> Path:
    """Return the csv of a shipped ontology by name, or of the user's own by path."""
    path = Path(name_or_path)
    if path.is_file():
        return path.resolve()
    if str(name_or_path) in available():
        return schema("ontologies", f"{name_or_path}.csv")
    raise EventcoderError(
        f"no ontology {str(name_or_path)!r}: give the path of a csv, "
        f"or one of: {', '.join(available())}"
    )


def named(name_or_path: str | Path) -> str:
    """Return the name of a shipped ontology, or a csv's path as it is found from any folder."""
    path = Path(name_or_path)
    return str(path.absolute() if path.is_file() else name_or_path)


def validate(path: str | Path) -> list[str]:
    """Return what is wrong with an ontology's csv, naming row (the header is 1) and column."""
    return read(Path(path))[1]


@cache
def _load(path: Path, stamps: tuple[int, ...]) -> Ontology:  # stamps: a changed file loads anew
    codes, faults, about, digest = read(path)
    if faults:
        more = f" (and {len(faults) - 1} more faults)" if len(faults) > 1 else ""
        raise EventcoderError(
            f"{path.name}, {faults[0]}{more}; see `eventcoder check {path} --as ontology`"
        )
    name, version = str(about.get("name", path.stem)), str(about.get("version", "unversioned"))
    return Ontology(name, version, digest, codes, about)


def _distance(code: str, other: str) -> tuple[int, int, str]:
    """Order codes by what they share with another: kin have the same first digits."""
    shared = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(code, other, strict=False))
    )
    return -shared, abs(len(code) - len(other)), code


def _kind(annotation: object) -> str:
    name = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return name.removesuffix(" | None")


def _known_set(label_set: str) -> str:
    if label_set not in LABEL_SETS:
        raise EventcoderError(f"no label set {label_set!r}: use one of {', '.join(LABEL_SETS)}")
    return label_set
