"""Text in, its language, folded form and the language's rules out."""

import re
import tomllib
import unicodedata
from functools import cache

from eventcoder.resources import schema

SUPPORTED = ("ar", "fa", "en")


def fold(text: str) -> str:
    """Write variant letters, digits, spaces and cases one way, one character for one.

    Offsets into the result are offsets into `text`.

    >>> fold("أوباما في طاجيكستان ١٩٩٢")
    'اوباما فی طاجیکستان 1992'
    """
    return text.translate(_folding())


def fold_with_offsets(text: str) -> tuple[str, list[int] | None]:
    """Fold, and drop vowel marks, tatweel and direction marks.

    The second value gives for each character of the result its place in `text`, or is None
    where nothing was dropped.

    >>> fold_with_offsets("مُحَمَّد")
    ('محمد', [0, 2, 4, 7])
    """
    folded = fold(text)
    drop = _dropped()
    if not drop.search(folded):
        return folded, None
    index = [i for i, character in enumerate(folded) if not drop.match(character)]
    return "".join(folded[i] for i in index), index


class _Folding(dict[int, int]):
    """A translation table that fills itself: every code point is folded once."""

    def __missing__(self, code: int) -> int:
        folded = ord(_fold_character(chr(code)))
        folded = self.get(folded, folded)  # a presentation form leads to a letter of the table
        self[code] = folded
        return folded


@cache
def _folding() -> _Folding:
    pairs = _table("folding")["one_to_one"]
    return _Folding({ord(c): ord(to) for variants, to in pairs.items() for c in variants})


@cache
def _dropped() -> re.Pattern[str]:
    return re.compile(f"[{''.join(_table('folding')['drop']['ranges'])}]")


def _fold_character(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKC", character)  # presentation forms, wide letters
    if len(plain) != 1 or plain.isspace() != character.isspace():
        plain = character
    stripped = unicodedata.normalize("NFD", plain)[0]
    if stripped.isascii() and stripped.isalpha():  # é -> e: names are written both ways
        plain = stripped
    lower = plain.lower()
    return lower if len(lower) == 1 else plain


@cache
def _table(name: str) -> dict[str, dict[str, object]]:
    with schema("languages", f"{name}.toml").open("rb") as file:
        return tomllib.load(file)
