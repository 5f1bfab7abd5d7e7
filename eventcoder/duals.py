"""A sentence in, its words for two at once out: "both sides", "وزيرا خارجية البلدين", «دو کشور»."""

import re
import tomllib
from functools import cache, lru_cache

from eventcoder.quotations import Span
from eventcoder.resources import schema

JOIN = " + "  # between the two whom such words point back to
_LISTS = ("states", "theirs", "others")


@lru_cache(maxsize=4096)  # reading and pointing back ask about the same sentence
def duals(text: str) -> tuple[Span, ...]:
    """Return where words stand for two actors named before, as half-open character spans.

    >>> text = "Afterwards the two foreign ministers told both sides to stop; two ministers quit."
    >>> [text[a:b] for a, b in duals(text)]
    ['the two foreign ministers', 'both sides']
    """
    return tuple(hit.span() for hit in _any("phrases").finditer(text))


def is_dual(text: str, start: int, end: int) -> bool:
    """Say whether a mention is such words or ends in them: "two sides", "قوات البلدين"."""
    return any(end == last for _, last in duals(text))


def leans(text: str) -> bool:
    """Say whether a text is a role that leans on the words for two after it: "وزيرا خارجية "."""
    return bool(_any("leaning").fullmatch(text))


def are_states(phrase: str) -> bool:
    """Say whether the states themselves are meant, not those who act for them.

    >>> are_states("both countries"), are_states("the two presidents"), are_states("البلدان")
    (True, False, True)
    """
    return bool(_any("phrase", "states").fullmatch(phrase))


def of_states(phrase: str) -> bool:
    """Say whether a phrase ends in two states or in what only states have.

    >>> of_states("the two governments"), of_states("قوات البلدين"), of_states("both sides")
    (True, True, False)
    """
    return any(
        hit.end() == len(phrase) for hit in _any("phrase", "states", "theirs").finditer(phrase)
    )


def each_other(text: str) -> bool:
    """Say whether a sentence tells what two do to each other."""
    return bool(_any("each_other").search(text))


@cache
def _any(name: str, *nouns: str) -> re.Pattern[str]:
    """Return all languages' patterns of a name as one, with the nouns of some lists or of all."""
    with schema("languages", "duals.toml").open("rb") as file:
        languages = tomllib.load(file)
    patterns = []
    for words in languages.values():
        any_noun = "|".join(noun for listed in nouns or _LISTS for noun in words[listed])
        told = words[name] if isinstance(words[name], list) else [words[name]]
        patterns += [pattern.replace("{nouns}", f"(?:{any_noun})") for pattern in told]
    joined = "|".join(f"(?:{pattern})" for pattern in patterns)
    # Persian is written with Arabic kaf and yeh, too.
    return re.compile(joined.replace("ک", "[کك]").replace("ی", "[یي]"), re.IGNORECASE)
