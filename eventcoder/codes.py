"""A csv of event codes (and a toml beside it) in, codes or what is wrong with the files out."""

import csv
import hashlib
import io
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REQUIRED = ("event_code", "name", "root_code", "quad_class", "goldstein")
_CLASSES = {  # column: its smallest class; 4 is the largest everywhere
    "quad_class": 1,
    "quad_class_phoenix": 0,
    "penta_class": 0,
}
_GOLDSTEINS = ("goldstein", "goldstein_icews")
_TRUTH = {"true": True, "false": False, "": False}


@dataclass(frozen=True, slots=True)
class Code:
    """One event code and all that follows from it; the fields are the csv's columns."""

    event_code: str
    name: str
    base_code: str
    root_code: str
    quad_class: int
    quad_class_phoenix: int | None
    penta_class: int
    goldstein: float
    goldstein_from: str
    goldstein_icews: float | None
    goldstein_icews_from: str
    plover_type: str
    plover_mode: str
    plover_context: str
    symmetric: bool
    plv: str
    definition_en: str
    definition_ar: str
    definition_fa: str


def read(path: Path) -> tuple[dict[str, Code], list[str], dict[str, Any], str]:
    """Return codes, faults, the toml and the digest; there are codes only without faults."""
    about: dict[str, Any] = {}
    beside = path.with_suffix(".toml")
    try:
        content = path.read_bytes()
        about_content = beside.read_bytes() if beside.is_file() else b""
        about = tomllib.loads(about_content.decode("utf-8-sig", "replace"))
        rows, faults = _rows(content.decode("utf-8-sig"))  # spreadsheets write a byte order mark
    except OSError as error:
        return {}, [f"the file cannot be read: {error.strerror}"], about, ""
    except tomllib.TOMLDecodeError as error:
        return {}, [f"{beside.name} is not valid toml: {error}"], about, ""
    except UnicodeDecodeError:
        return {}, ["row 1: the file is not UTF-8: save it as CSV UTF-8"], about, ""
    except csv.Error as error:
        return {}, [f"the file is not a readable csv: {error}"], about, ""
    except (ValueError, RecursionError) as error:  # a number of thousands of digits
        return {}, [f"{beside.name} cannot be read: {error}"], about, ""
    digest = hashlib.sha256(content + about_content).hexdigest()[:12]
    faults += [f"{beside.name}, {fault}" for fault in _about_faults(about)]
    by_code = {row["event_code"]: row for row in rows.values()}
    faults = faults or [*_faults(rows, by_code, frozenset(about.get("plv", {})))]
    codes = {} if faults else {code: _code(row, by_code) for code, row in by_code.items()}
    return codes, faults, about, digest


def _about_faults(about: Mapping[str, Any]) -> Iterator[str]:
    for kind, columns in (("quad_classes", tuple(_CLASSES)), ("goldsteins", _GOLDSTEINS)):
        named = about.get(kind, {})
        for name, mapping in named.items() if isinstance(named, dict) else [(kind, None)]:
            if not isinstance(mapping, dict) or mapping.get("column") not in columns:
                yield f"{kind}.{name}: column must be one of {', '.join(columns)}"
    classes = about.get("plv", {})
    if not isinstance(classes, dict) or not all(c in (1, 2, 3, 4) for c in classes.values()):
        yield "plv: must give each class its quad class, 1 to 4"


def _rows(text: str) -> tuple[dict[int, dict[str, str]], list[str]]:
    """Return cells by row number and column, or what keeps the file from being a table."""
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [cell.strip() for cell in next(reader, [])]
    if not any(header):
        return {}, ["row 1: the file is empty; it needs the columns " + ", ".join(REQUIRED)]
    faults = [f"row 1, column {c}: the column is missing" for c in REQUIRED if c not in header]
    faults += [
        f"row 1, column {c}: the column stands twice"
        for c in sorted(set(header))
        if header.count(c) > 1
    ]
    if faults and len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        faults = ["row 1: columns must be separated by commas"]
    rows: dict[int, dict[str, str]] = {}
    for number, cells in enumerate(reader, start=2):
        if not any(cells):
            continue
        if len(cells) != len(header):
            faults.append(f"row {number}: {len(cells)} cells where the header has {len(header)}")
        rows[number] = dict(zip(header, (cell.strip() for cell in cells), strict=False))
    if not rows and not faults:
        faults.append("row 2: there are no codes below the header")
    return ({} if faults else rows), faults


def _faults(
    rows: Mapping[int, Mapping[str, str]],
    by_code: Mapping[str, Mapping[str, str]],
    classes: frozenset[str],
) -> Iterator[str]:
    """Yield what is wrong with each cell, in order of rows; `classes`: plv classes, if any."""
    seen: dict[str, int] = {}
    for number, row in rows.items():
        for column, fault in _row_faults(row, by_code, classes):
            yield f"row {number}, column {column}: {fault}"
        code = row["event_code"]
        if code in seen:
            zero = " (were leading zeros lost? keep codes as text)" if code.isdigit() else ""
            yield f"row {number}, column event_code: {code!r} is in row {seen[code]} too{zero}"
        seen.setdefault(code, number)


def _row_faults(
    row: Mapping[str, str], by_code: Mapping[str, Mapping[str, str]], classes: frozenset[str]
) -> Iterator[tuple[str, str]]:
    for column in ("event_code", "name"):
        if not row[column]:
            yield column, "the cell is empty"
    for column in ("root_code", "base_code"):
        up = row.get(column, "")
        if up not in by_code:
            if up or column == "root_code":
                yield column, f"{up!r} is not a code of this file"
        elif (by_code[up].get(column) or up) != up:
            yield column, f"{up!r} is not a {column[:4]} itself"
    for column, least in _CLASSES.items():
        value = row.get(column, "")
        if value not in [str(n) for n in range(least, 5)] and (value or column == "quad_class"):
            yield column, f"{value!r} is not a whole number from {least} to 4"
    for column in _GOLDSTEINS:
        value = row.get(column, "")
        if value and not _is_goldstein(value):
            yield column, f"{value!r} is not a number from -10 to 10"
        elif column == "goldstein" and not _inherited(row, by_code, column)[0]:
            yield column, "the code has no value, and neither has its base or its root"
        if row.get(f"{column}_from", "") not in ("", "own", "base", "root"):
            yield f"{column}_from", f"{row[f'{column}_from']!r} is not own, base or root"
    if row.get("symmetric", "").lower() not in _TRUTH:
        yield "symmetric", f"{row['symmetric']!r} is neither true nor false"
    if classes and row.get("plv") and row["plv"] not in classes:
        yield "plv", f"{row['plv']!r} is not a class of the toml"


def _is_goldstein(value: str) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return math.isfinite(number) and -10 <= number <= 10


def _base(row: Mapping[str, str], by_code: Mapping[str, object]) -> str:
    code = row["event_code"]
    above = code[:3] if code.isdigit() and len(code) == 4 and code[:3] in by_code else code
    return row.get("base_code") or above


def _inherited(
    row: Mapping[str, str], by_code: Mapping[str, Mapping[str, str]], column: str
) -> tuple[str, str]:
    """Return the value of the code, its base or its root, and whose it is."""
    own, base = row["event_code"], _base(row, by_code)
    for whose, code in (("own", own), ("base", base), ("root", row["root_code"])):
        value = by_code.get(code, {}).get(column, "")
        if value:
            return value, row.get(f"{column}_from") or whose
    return "", ""


def _code(row: Mapping[str, str], by_code: Mapping[str, Mapping[str, str]]) -> Code:
    goldstein, goldstein_from = _inherited(row, by_code, "goldstein")
    icews, icews_from = _inherited(row, by_code, "goldstein_icews")
    phoenix = row.get("quad_class_phoenix")
    return Code(
        event_code=row["event_code"],
        name=row["name"],
        base_code=_base(row, by_code),
        root_code=row["root_code"],
        quad_class=int(row["quad_class"]),
        quad_class_phoenix=int(phoenix) if phoenix else None,
        penta_class=int(row.get("penta_class") or row["quad_class"]),
        goldstein=float(goldstein),
        goldstein_from=goldstein_from,
        goldstein_icews=float(icews) if icews else None,
        goldstein_icews_from=icews_from,
        plover_type=row.get("plover_type", ""),
        plover_mode=row.get("plover_mode", ""),
        plover_context=row.get("plover_context", ""),
        symmetric=_TRUTH[row.get("symmetric", "").lower()],
        plv=row.get("plv", ""),
        definition_en=row.get("definition_en", ""),
        definition_ar=row.get("definition_ar", ""),
        definition_fa=row.get("definition_fa", ""),
    )
