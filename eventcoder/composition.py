"""The dictionary matches of one actor phrase in, its country, role and evidence out."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from eventcoder.actor_tables import GROUPS, PERSONS, PLACES, RANK, ROLES, Row
from eventcoder.cues import Cues, cues, plain
from eventcoder.gazetteer import Match
from eventcoder.languages import fold

UNNAMED = frozenset({"UIS", "INT"})  # of states that nobody names
INTERNATIONAL = frozenset({"IGO", "NGO", "NGM", "INT", "MNC", "UAF", "IMG", "UIS"})
NO_COUNTRY = frozenset({"INT", "UIS", "IGO", "MNC"})  # as a role they never join a country
STATELESS = NO_COUNTRY | {"REF", "NGO"}  # nor do they take one from their sentence
FORMER = "ELI"
_EUROPE, _UNION = "EUR", "IGOEEC"
_OF_THE_UNION = frozenset({"diplomat", "parliament", "agency"})  # "the European envoy"
_POSSESSIVE = ("'s", "’s")
_ABOVE_PARTY = frozenset({"parliament", "minister", "deputy"})  # "a Labour lawmaker"
_OFFICES = frozenset({"", "GOV", "LEG", "JUD", "PTY"})  # what one can be a former of
# how closely a name hangs on the head noun of its phrase
_HEAD, _GENITIVE, _WEAK, _DISCOUNTED = range(4)
_ROLE_ORDER = (
    ("agent", _HEAD), ("agent", _GENITIVE), ("title", _HEAD), ("title", _GENITIVE),
    ("agent", _WEAK), ("title", _WEAK),
)  # fmt: skip
_BY_CLITIC = {"ب": _WEAK, "بال": _WEAK, "وب": _WEAK, "وبال": _WEAK}
_BY_CLITIC |= {"ل": _GENITIVE, "لل": _GENITIVE, "ول": _GENITIVE, "ولل": _GENITIVE}


@dataclass(frozen=True, slots=True)
class Part:
    """A dictionary match inside a phrase: its row on the day, its place, its bond to the head."""

    start: int
    end: int
    row: Row
    bond: int


def parts(phrase: str, matches: Sequence[Match], language: str, day: str) -> list[Part]:
    """Return the dictionary matches of a phrase with their bond to its head noun."""
    folded = fold(phrase)
    words = cues(language)
    bonds = [
        (hit.start(), hit.group())
        for hit in words.bonds.finditer(folded)
        if not any(match.start <= hit.start() < match.end for match in matches)
    ]
    bonds = [bond for bond in bonds if not _counted(folded, *bond, words)]
    bonded = [(match, _bond(folded, match, bonds, words)) for match in matches]
    own = any(bond <= _GENITIVE and _names_state(match) for match, bond in bonded)
    found = []
    for match, bond in bonded:
        rows = match.rows
        if own:  # "Security Council" is the UN's, beside "Russian" a role word
            rows = tuple(row for row in rows if row.kind in ROLES) or rows
        found.append(Part(match.start, match.end, on_day(rows, day), bond))
    return found


def _names_state(match: Match) -> bool:
    return any(row.kind in ("country", "nationality") for row in match.rows)


def _counted(folded: str, at: int, word: str, words: Cues) -> bool:
    """Say whether a partitive follows a number or the like: "4 من القوات", "یکی از"."""
    before = folded[:at].split()
    if word not in words.partitive or not before:
        return False
    return before[-1] in words.quantity or before[-1].isdigit()


@dataclass(frozen=True, slots=True)
class Reading:
    """What the words of one phrase say: country, role, whole code, name and evidence."""

    country: str = ""
    role: str = ""
    code: str = ""  # of a group or organisation: stands as it is
    name: str = ""
    rows: tuple[str, ...] = ()
    person: bool = False
    weak: bool = False  # the role is only a title's default
    standing: bool = False  # a capital or seat that stands alone, for its government
    place_only: bool = False


def on_day(rows: Sequence[Row], day: str) -> Row:
    """Return the row that holds on an ISO day.

    Without a day the latest row wins, roles in office before "former". A person outside all
    dates keeps the country of the nearest row and no role.
    """
    best = min(RANK[row.kind] for row in rows)
    rows = [row for row in rows if RANK[row.kind] == best or row.kind in PERSONS]
    if not day:
        office = [row for row in rows if row.code[3:6] != FORMER] or rows
        if office[0].kind in PERSONS:  # best known for the highest office
            office = [row for row in office if _high(row)] or office
        return max(office, key=lambda row: (row.end or "9999", row.start))
    holding = [row for row in rows if row.holds(day)]
    if holding:
        return max(holding, key=lambda row: (-RANK[row.kind], row.start))
    nearest = min(rows, key=lambda row: _distance(row, day))
    if nearest.kind in PERSONS:
        return nearest._replace(code=nearest.code[:3])
    return nearest


def _high(row: Row) -> bool:
    return row.code[3:6] == "GOV" or row.code[:3] in INTERNATIONAL


def _distance(row: Row, day: str) -> int:
    there = dt.date.fromisoformat(day)
    days = [dt.date.fromisoformat(edge) for edge in (row.start, row.end) if edge]
    return min(abs((there - edge).days) for edge in days)


def compose(phrase: str, parts: Sequence[Part], language: str) -> Reading:
    """Put one actor together from the dictionary matches of its phrase."""
    role = _role(parts, language)
    place = _place(parts, language)
    if role and (owner := _owner(phrase, parts, role)):
        return _of_place(phrase, owner, role, former=False, language=language)
    group = _first(parts, GROUPS)
    if place and role and group and group.start < role.start and _next_to(phrase, role, place):
        return _of_place(phrase, place, None, former=False, language=language)
    person = _first(parts, PERSONS)
    nearest = min([part.bond for part in (place, person) if part], default=_DISCOUNTED)
    if group and group.bond <= nearest:
        return _of_group(group, role)
    former = any(part.row.kind == "title" and part.row.code == FORMER for part in parts)
    if person and person.bond <= _GENITIVE:
        return _of_person(person, place, role, former)
    if place:
        return _of_place(phrase, place, role, former, language)
    if role:
        said = FORMER if former else role.row.code
        weak = role.row.kind == "title"
        whose = _leaned_on(phrase, parts, language)
        country = whose.row.code[:3] if whose else ""
        rows = _evidence(whose, role)
        return Reading(country, said, name=role.row.name, rows=rows, weak=weak)
    return Reading()


def _leaned_on(phrase: str, parts: Sequence[Part], language: str) -> Part | None:
    """Return the leader for or against whom his own people are: "anti-Maduro protesters"."""
    leaning = cues(language).leaning
    for part in parts:
        leader = part.row.kind in PERSONS and part.row.code[:3] not in INTERNATIONAL
        if leader and leaning and leaning.search(fold(phrase[: part.start])):
            return part
    return None


def _owner(phrase: str, parts: Sequence[Part], role: Part) -> Part | None:
    """Return whose mission it is: "North Korea's UN mission", "Pakistan's US embassy"."""
    if role.row.id.partition("-")[2] != "diplomat":
        return None
    for part in parts:
        owned = phrase[part.end : part.end + 2] in _POSSESSIVE
        if owned and part.row.kind == "country" and part.start < role.start:
            return part
    return None


def _next_to(phrase: str, role: Part, place: Part) -> bool:
    """Say whether a state's name follows a role word at once: "Nato member Turkey"."""
    return place.row.kind == "country" and phrase[role.end : place.start] == " "


def _of_person(person: Part, place: Part | None, role: Part | None, former: bool) -> Reading:
    """Read a known person: the title in the text wins over the dictionary's role."""
    own = person.row.code[3:6]
    country = place.row.code[:3] if place and place.bond <= _GENITIVE else person.row.code[:3]
    said = own
    # "نائبه" is as often somebody's deputy as a member of parliament.
    vague = role and role.row.id.partition("-")[2] == "deputy"
    if role and (role.row.kind == "agent" or (role.row.code != "GOV" and not vague) or not own):
        said = role.row.code
    return Reading(
        country=country,
        role=FORMER if former else said,
        code=person.row.code if country in INTERNATIONAL else "",
        name=person.row.name,
        rows=_evidence(person, place, role),
        person=role is None,
    )


def _of_place(phrase: str, place: Part, role: Part | None, former: bool, language: str) -> Reading:
    """Read a country, nationality or city, with the role word that it qualifies if any."""
    country = place.row.code[:3]
    rows = _evidence(place, role)
    if role:
        if role.row.code in NO_COUNTRY and place.bond > role.bond:  # "countries in Africa"
            return Reading(role=role.row.code, rows=_evidence(role), weak=True)
        if country == _EUROPE and role.row.id.partition("-")[2] in _OF_THE_UNION:
            return Reading("IGO", "EEC", _UNION, "European Union", rows)
        said = role.row.code if role.row.code not in NO_COUNTRY else ""
        said = FORMER if former and said in _OFFICES else said
        return Reading(country, said, name=place.row.name, rows=rows, weak=role.row.kind == "title")
    capital = place.row.kind == "capital" and _alone(phrase, place, language)
    own = place.row.code[3:6] if capital or place.row.kind in ("seat", "ethnic") else ""
    if place.row.kind == "nationality" and _people(phrase, place, language):
        own = "CVL"
    return Reading(
        country,
        FORMER if former else own,
        name=place.row.name,
        rows=rows,
        standing=capital,
        place_only=True,
    )


def _people(phrase: str, place: Part, language: str) -> bool:
    """Say whether a nationality means its people: "young Ukrainians", "two Russians"."""
    words = cues(language)
    folded = plain(phrase)
    before = set(plain(phrase[: place.start]).split())
    if before & words.quantity or any(word.isdigit() for word in before):
        return _alone(phrase, place, language)
    last = plain(phrase[place.start : place.end])
    named = folded.split()[0] in words.definite
    # English alone has capitals: what stands before is a description of them, no name.
    described = language == "en" and place.end == len(phrase) and phrase[: place.start].islower()
    return (
        last.endswith(words.people) and not named and (described or _alone(phrase, place, language))
    )


def _evidence(*parts: Part | None) -> tuple[str, ...]:
    return tuple(part.row.evidence for part in parts if part)


def _of_group(group: Part, role: Part | None) -> Reading:
    """Read a phrase about a group or organisation: its own code, but for a party's lawmakers."""
    code = group.row.code
    if group.row.kind == "party" and role and role.row.id.partition("-")[2] in _ABOVE_PARTY:
        code = code[:3] + role.row.code
    return Reading(code[:3], code[3:6], code, group.row.name, _evidence(group, role))


def _first(parts: Sequence[Part], kinds: frozenset[str]) -> Part | None:
    """Return the part of these kinds that is nearest to the head noun."""
    chosen = [part for part in parts if part.row.kind in kinds and part.bond < _DISCOUNTED]
    return min(chosen, key=lambda part: (part.bond, part.start)) if chosen else None


def _place(parts: Sequence[Part], language: str) -> Part | None:
    """Return the country of the head noun.

    English puts nationalities before the head, the last is nearest to it; an Arabic nisba and
    a Persian ezafe follow it, the first is nearest.
    """
    places = [part for part in parts if part.row.kind in PLACES and part.bond < _DISCOUNTED]
    if not places:
        return None
    bond = min(part.bond for part in places)
    places = [part for part in places if part.bond == bond]
    exact = [part for part in places if part.row.kind in ("country", "nationality", "seat")]
    places = exact or places
    return places[-1] if language == "en" and bond == _HEAD else places[0]


def _role(parts: Sequence[Part], language: str) -> Part | None:
    """Return the role word of the head: English heads come last, Arabic and Persian first."""
    words = [part for part in parts if part.row.kind in ROLES and part.row.code != FORMER]
    words += [p for p in parts if p.row.kind == "agent" and p.row.code == FORMER]
    for kind, bond in _ROLE_ORDER:
        chosen = [part for part in words if part.row.kind == kind and part.bond == bond]
        if chosen:
            return chosen[-1] if language == "en" and bond == _HEAD else chosen[0]
    return None


def _bond(folded: str, match: Match, bonds: Sequence[tuple[int, str]], words: Cues) -> int:
    """Return how closely a match hangs on its phrase's head noun."""
    if words.backed and words.backed.match(folded, match.end):
        return _DISCOUNTED
    if words.leaning and words.leaning.search(folded[max(0, match.start - 6) : match.start]):
        return _DISCOUNTED
    closest = _BY_CLITIC.get(match.prefix, _HEAD) if match.start > 2 else _HEAD
    comma = max(folded.rfind(sign, 0, match.start) for sign in ",،(")
    for at, word in bonds:
        if comma < at < match.start:
            if word in words.discount:
                return _DISCOUNTED
            closest = max(closest, _GENITIVE if word in words.genitive else _WEAK)
    return closest


def _alone(phrase: str, part: Part, language: str) -> bool:
    """Say whether nothing but articles and the like stands beside a place name."""
    rest = plain(phrase[: part.start] + " " + phrase[part.end :])
    left = re.findall(r"\w+", rest)
    determiners = cues(language).determiners
    passed = determiners | cues(language).quantity | cues(language).partitive
    return all(word in passed or len(word) <= 2 or word.isdigit() for word in left)


def cuts(phrase: str, parts: Sequence[Part], language: str) -> list[int]:
    """Return where a list of actors may be cut: conjunctions outside dictionary phrases."""
    folded = fold(phrase)
    cuts = {hit.end() for hit in cues(language).conjunctions.finditer(folded)}
    if language == "ar":
        cuts |= {hit.start() + 1 for hit in re.finditer(r" و(?=\w{3})", folded)}
    return sorted(
        cut
        for cut in cuts
        if 0 < cut < len(phrase) and not any(part.start < cut < part.end for part in parts)
    )


def shared(readings: list[Reading], language: str) -> list[Reading]:
    """Give a bare nationality in a list the role of the noun it shares."""
    roles = [reading for reading in readings if reading.role and not reading.code]
    giver = (roles[-1] if language == "en" else roles[0]) if roles else None
    if giver is None or giver.person:
        return readings
    return [
        replace(reading, role=giver.role, rows=(*reading.rows, giver.rows[-1]))
        if reading.place_only and not reading.role
        else reading
        for reading in readings
    ]


def apposition(
    text: str, before: Sequence[Part], after: Sequence[Part], one: Reading, other: Reading
) -> Reading | None:
    """Join a person and the description after a comma, "Lavrov, the Russian minister", if it is so.

    `text` is the piece before the comma, with it; `one` and `other` are what the pieces say.
    """
    named = [any(part.row.kind in PERSONS for part in parts) for parts in (before, after)]
    described = after if named[0] else before
    if (
        not text.rstrip().endswith((",", "،"))
        or named[0] == named[1]
        or one.country != other.country
        or not any(part.row.kind in ROLES for part in described)
    ):
        return None
    person, said = (one, other) if named[0] else (other, one)
    role = person.role if said.weak and person.role else said.role or person.role
    return replace(person, role=role, person=False, rows=(*person.rows, *said.rows))
