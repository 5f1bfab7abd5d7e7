"""A country code and a day in, the keys of the state systems out."""

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Literal

from eventcoder.errors import EventcoderError
from eventcoder.resources import schema


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one country while they do not change; `start` and `end` are both included.

    `cow` is the Correlates of War state number (membership v2016), `gw` the Gleditsch and Ward
    number (their list with microstates). None: not a member of that system in these days.
    """

    iso3: str
    iso_numeric: str
    cow: int | None
    gw: int | None
    start: dt.date
    end: dt.date

    def holds(self, on: dt.date) -> bool:
        """Tell whether the keys hold on a day."""
        return self.start <= on <= self.end


def keys(on: dt.date) -> dict[str, Keys]:
    """Return the keys of every state and territory of a day by ISO alpha-3 code.

    >>> keys(dt.date(1989, 1, 1))["DEU"].cow, keys(dt.date(1991, 1, 1))["DEU"].cow
    (260, 255)
    """
    found = {}
    for iso3, spells in _spells().items():
        for spell in spells:
            if spell.holds(on):
                found[iso3] = spell
    return found


def to_cow(iso3: str, on: dt.date) -> int | None:
    """Return the Correlates of War number of a country on a day, None if it has none.

    >>> to_cow("YEM", dt.date(1985, 1, 1)), to_cow("YEM", dt.date(2015, 1, 1))
    (678, 679)
    """
    spell = _on(iso3, on)
    return None if spell is None else spell.cow


def to_gw(iso3: str, on: dt.date) -> int | None:
    """Return the Gleditsch and Ward number of a country on a day, None if it has none.

    >>> to_gw("SRB", dt.date(2015, 1, 1)), to_gw("YUG", dt.date(1999, 1, 1))
    (340, 345)
    """
    spell = _on(iso3, on)
    return None if spell is None else spell.gw


def is_country(code: str) -> bool:
    """Tell whether a code is a country, a territory or a former state (IGO, NGO are not).

    >>> is_country("XKX"), is_country("IGO")
    (True, False)
    """
    return code in _spells()


def lifespans() -> dict[str, tuple[dt.date, dt.date]]:
    """Return the first and last day of every state and territory by ISO alpha-3 code.

    >>> lifespans()["SSD"][0], lifespans()["CSK"][1]
    (datetime.date(2011, 7, 9), datetime.date(1992, 12, 31))
    """
    return {code: (spells[0].start, spells[-1].end) for code, spells in _spells().items()}


def memberships(system: Literal["cow", "gw"]) -> dict[str, list[tuple[dt.date, dt.date]]]:
    """Return the spells in which each state was a member of a state system, by alpha-3 code.

    A change of its number ends no spell.

    >>> memberships("cow")["DEU"][-1][0], memberships("gw")["SSD"][0][0]
    (datetime.date(1955, 5, 5), datetime.date(2011, 7, 9))
    """
    found: dict[str, list[tuple[dt.date, dt.date]]] = {}
    for iso3, spells in _spells().items():
        for spell in spells:
            if getattr(spell, system) is None:
                continue
            known = found.setdefault(iso3, [])
            if known and (spell.start - known[-1][1]).days <= 1:
                known[-1] = (known[-1][0], spell.end)
            else:
                known.append((spell.start, spell.end))
    return found


def _on(iso3: str, on: dt.date) -> Keys | None:
    return next((spell for spell in _spells().get(iso3, ()) if spell.holds(on)), None)


@cache
def _spells() -> dict[str, tuple[Keys, ...]]:
    path = schema("actors", "keys.csv")
    spells: dict[str, tuple[Keys, ...]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            try:
                spell = _read(row)
            except (KeyError, TypeError, ValueError) as error:
                raise EventcoderError(
                    f"{path}, line {number}: {error}; make the table again with "
                    "scripts/build_countries.py"
                ) from error
            spells[spell.iso3] = (*spells.get(spell.iso3, ()), spell)
    return spells


def _read(row: dict[str, str]) -> Keys:
    return Keys(
        iso3=row["iso3"],
        iso_numeric=row["iso_numeric"],
        cow=int(row["cow"]) if row["cow"] else None,
        gw=int(row["gw"]) if row["gw"] else None,
        start=dt.date.fromisoformat(row["start"]) if row["start"] else dt.date.min,
        end=dt.date.fromisoformat(row["end"]) if row["end"] else dt.date.max,
    )
