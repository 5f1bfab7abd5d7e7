"""The words of a language that show whose country and role an actor phrase names."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from eventcoder.actor_tables import ARTICLE
from eventcoder.languages import fold_with_offsets
from eventcoder.resources import schema


@dataclass(frozen=True, slots=True)
class Cues:
    """The words of one language that show whose country and role a phrase names."""

    bonds: re.Pattern[str]
    genitive: frozenset[str]
    weak: frozenset[str]
    discount: frozenset[str]
    backed: re.Pattern[str] | None
    leaning: re.Pattern[str] | None
    conjunctions: re.Pattern[str]
    determiners: frozenset[str]
    locative: tuple[str, ...]
    his_country: frozenset[str]
    own_country: frozenset[str]  # of those, the ones that say whose a role is
    polities: dict[str, list[str]]  # bare phrase of his_country -> the states that it may be
    homelands: dict[str, list[str]]  # bare word for a people -> the states that they live in
    pronouns: frozenset[str]
    plural_pronouns: frozenset[str]
    object_pronouns: frozenset[str]
    latter: frozenset[str]
    speech: frozenset[str]
    after_speech: frozenset[str]
    clause: frozenset[str]
    definite: frozenset[str]
    indefinite: frozenset[str]
    collective: frozenset[str]
    honorific: frozenset[str]
    quantity: frozenset[str]
    partitive: frozenset[str]
    people: tuple[str, ...]
    home: str  # the state that a text is about where it names none, and
    home_roles: frozenset[str]  # for which roles that holds
    bare_roles: frozenset[str]  # that take no country from their text
    document_roles: frozenset[str]  # that, indefinite, take one from their document alone


@cache
def cues(language: str) -> Cues:
    """Return the cue words of a language from `schemas/actors/cues.toml`, folded."""
    with schema("actors", "cues.toml").open("rb") as file:
        table = tomllib.load(file)
    told = table.get(language, table["en"])
    of_states = {
        name: {bare(plain(phrase)): states for phrase, states in told.pop(name).items()}
        for name in ("polities", "homelands")
    }
    words = {name: [plain(word) for word in listed] for name, listed in told.items()}
    bonds = sorted({*words["genitive"], *words["weak"], *words["discount"]}, key=len, reverse=True)
    suffix = "|".join(words["discount_suffix"])
    leaning = [f"{p}[- ]" for p in words["discount_prefix"]] + [f"{w} " for w in words["loyal"]]
    conjunctions = "|".join(map(re.escape, words["conjunctions"]))
    return Cues(
        bonds=re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, bonds))})(?!\w)"),
        genitive=frozenset(words["genitive"]),
        weak=frozenset(words["weak"]),
        discount=frozenset(words["discount"]),
        backed=re.compile(rf"-(?:{suffix})\b") if suffix else None,
        leaning=re.compile(rf"\b(?:{'|'.join(leaning)})$") if leaning else None,
        conjunctions=re.compile(rf"\s*[,،؛]\s*(?:(?:{conjunctions})\s)?|\s(?:{conjunctions})\s"),
        determiners=frozenset(words["determiners"]),
        locative=tuple(words["locative"]),
        his_country=frozenset(words["his_country"]),
        own_country=frozenset(words["own_country"]),
        **of_states,
        pronouns=frozenset(words["pronouns"]),
        plural_pronouns=frozenset(words["plural_pronouns"]),
        object_pronouns=frozenset(words["object_pronouns"]),
        latter=frozenset(words["latter"]),
        speech=frozenset(words["speech"]),
        after_speech=frozenset(words["after_speech"]),
        clause=frozenset(words["clause"]),
        definite=frozenset(words["definite"]),
        indefinite=frozenset(words["indefinite"]),
        collective=frozenset(words["collective"]),
        honorific=frozenset(words["honorific"]),
        quantity=frozenset(words["quantity"]),
        partitive=frozenset(words["partitive"]),
        people=tuple(words["people"]),
        home="".join(words["home"]).upper(),
        home_roles=frozenset(role.upper() for role in words["home_roles"]),
        bare_roles=frozenset(role.upper() for role in words["bare_roles"]),
        document_roles=frozenset(role.upper() for role in words["document_roles"]),
    )


def plain(text: str) -> str:
    return fold_with_offsets(" ".join(text.split()))[0]


def bare(word: str) -> str:
    """Take an Arabic article or a clitic with article off a folded word."""
    for prefix in ("وال", "بال", "لل", ARTICLE):
        if word.startswith(prefix) and len(word) - len(prefix) >= 3:
            return word[len(prefix) :]
    return word
