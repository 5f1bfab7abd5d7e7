"""Gold events and coded events of a sentence in, which answers which out; and shares of that."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eventcoder.ontology import Ontology

LEVELS = ("root", "code", "country_dyad")

Record = dict[str, Any]
Key = tuple[tuple[str, str], str]  # ((source country, target country), class of the code)


@dataclass(slots=True)
class Wanted:
    """What gold asks for at a level: alike events are one. `met` is the key that answers it."""

    keys: set[Key]
    root: str
    codes: set[str] = field(default_factory=set)
    modalities: set[str] = field(default_factory=set)
    met: Key | None = None


@dataclass(frozen=True, slots=True)
class Matching:
    """A sentence's gold and, by key, the surest of the coded events that say the same."""

    wanted: list[Wanted]
    given: dict[Key, Record]

    @property
    def right(self) -> set[Key]:
        """The keys that answer something; each answers one."""
        return {w.met for w in self.wanted if w.met is not None}


def country(code: str | None) -> str:
    """Return the country (or IGO, NGO, ...) of an actor code, "" for nobody."""
    return (code or "").split("/")[0].replace("---", "")[:3]


def dyad(event: Record) -> tuple[str, str]:
    """Return the countries of an event's source and target."""
    return country(event["source"]), country(event["target"])


def assign(
    golds: Sequence[Record], said: Sequence[Record], level: str, ontology: Ontology
) -> Matching:
    """Match a sentence's gold and coded events at a level; what agrees counts once."""
    wanted: dict[Any, Wanted] = {}
    for event in golds:
        ends = dyad(event)
        codes = [event["code"], *event.get("alt", ())]
        classes = frozenset(_class(c, level, ontology) for c in codes)
        mutual = bool(event.get("symmetric"))
        ways = {ends, ends[::-1]} if mutual else {ends}
        keys = {(way, c) for way in ways for c in classes}
        same = wanted.setdefault((ends, classes, mutual), Wanted(keys, event["code"][:2]))
        same.codes |= set(codes)
        if event.get("modality"):
            same.modalities.add(event["modality"])
    given: dict[Key, Record] = {}
    for row in said:
        key = dyad(row), _class(row["event_code"], level, ontology)
        if key not in given or row["confidence"] > given[key]["confidence"]:
            given[key] = row
    taken: set[Key] = set()
    for one in wanted.values():
        one.met = next((k for k in given if k in one.keys and k not in taken), None)
        if one.met is not None:
            taken.add(one.met)
    return Matching(list(wanted.values()), given)


def _class(code: str, level: str, ontology: Ontology) -> str:
    if level == "country_dyad":
        return ""
    return code[:2] if level == "root" else code


def rates(right: int, predicted: int, found: int, golds: int) -> dict[str, float]:
    """Return precision (right of predicted), recall (found of gold) and their harmonic mean."""
    precision, recall = right / max(1, predicted), found / max(1, golds)
    total = precision + recall
    f1 = 2 * precision * recall / total if total else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


def by_root(matchings: Iterable[Matching]) -> dict[str, Record]:
    """Return counts and rates a root, of matchings at level root.

    A gold event counts under its code's root, a coded one under its own; one that is right by an
    alternative of another root is right in both.
    """
    golds, said, found, right = (Counter[str]() for _ in range(4))
    for matching in matchings:
        for one in matching.wanted:
            golds[one.root] += 1
            found[one.root] += one.met is not None
        said.update(root for _, root in matching.given)
        right.update(root for _, root in matching.right)
    return {
        root: {
            "n_gold": golds[root], "n_predicted": said[root],
            **rates(right[root], said[root], found[root], golds[root]),
        }
        for root in sorted(golds | said)
    }  # fmt: skip


def exact_given_root(matchings: Iterable[Matching]) -> Record:
    """Return, of coded events with the right root, the share with exactly a code of gold."""
    hits = [
        m.given[w.met]["event_code"] in w.codes for m in matchings for w in m.wanted if w.met
    ]  # fmt: skip
    return _share(hits)


def modality(matchings: Iterable[Matching]) -> Record:
    """Return, of coded events with the right root where gold tells it, the share so told."""
    hits = [
        m.given[w.met].get("modality") in w.modalities
        for m in matchings for w in m.wanted if w.met and w.modalities
    ]  # fmt: skip
    return _share(hits)


def direction(sentences: Iterable[tuple[Sequence[Record], Sequence[Record]]]) -> Record:
    """Return, of coded dyads that gold has one way round only, the share that way round.

    Of (gold, coded) events a sentence. Mutual acts and dyads that act both ways say nothing.
    """
    hits = []
    for golds, said in sentences:
        ways = {dyad(event) for event in golds}
        open_ = {d for e in golds if e.get("symmetric") for d in (dyad(e), dyad(e)[::-1])}
        one_way = {d for d in ways if all(d) and d[0] != d[1] and d[::-1] not in ways} - open_
        told = {dyad(row) for row in said}
        for way in sorted(one_way):
            if way in told or way[::-1] in told:
                hits.append(way in told)
    return _share(hits)


def _share(hits: Sequence[bool]) -> Record:
    return {"n": len(hits), "share": sum(hits) / len(hits) if hits else None}
