"""A personal name in Latin or Arabic script in, the same consonant skeleton out."""

import re
from collections.abc import Iterable
from functools import cache

from eventcoder.actor_tables import PERSONS, Row
from eventcoder.languages import fold_with_offsets

# Letters that stand for one another between the scripts share a class; vowels, h and w, and
# the Arabic letters for them, are written or left out at will and have none.
_PAIRS = {"تش": "S", "tsch": "S", "sch": "S", "tch": "S", "sh": "S", "ch": "S", "zh": "K",
          "kh": "K", "gh": "K", "dj": "K", "dh": "D", "th": "T", "ph": "F", "ck": "K",
          "ce": "S", "ci": "S", "x": "KS", "کس": "KS"}  # fmt: skip
_CLASSES = {
    "B": "bpبپ", "F": "fف", "V": "v", "K": "kqcgjقکگغجخژ", "S": "sسشصچzزظ", "D": "dدذض",
    "T": "tتطث", "R": "rر", "L": "lل", "M": "mم", "N": "nن",
}  # fmt: skip
_LETTER = {letter: name for name, letters in _CLASSES.items() for letter in letters}
_PAIR = re.compile("|".join(sorted(_PAIRS, key=len, reverse=True)))
_MIN_SKELETON = 2  # consonants that first and last name need each
_MOST_V = 4
PARTICLES = frozenset({"al", "el", "bin", "ben", "ibn", "abu", "abd", "van", "von", "de", "der",
                        "di", "da", "bint", "abdel", "abdul", "la", "le", "بن", "ابن", "ابو", "عبد",
                        "ال", "دی", "دو", "فان", "فون", "دا", "سید", "لا", "لو"})  # fmt: skip


def skeleton(word: str) -> str:
    """Return the consonant classes of one folded word, doubles written once.

    >>> skeleton("tokayev"), skeleton("توکاییف")
    ('TKV', 'TKF')
    """
    single = re.sub(r"(.)\1+", r"\1", word)
    paired = _PAIR.sub(lambda hit: _PAIRS[hit.group()], single)
    return "".join(_LETTER.get(c, c if c.isupper() else "") for c in paired)


def key(name: str) -> tuple[str, str] | None:
    """Return the skeletons of first and last name; None if they are too short to tell."""
    words = re.findall(r"\w+", fold_with_offsets(name)[0])
    words = [word.removeprefix("ال") for word in words if word not in PARTICLES]
    if len(words) < 2:
        return None
    first, last = skeleton(words[0]), skeleton(words[-1])
    if min(len(first), len(last)) < _MIN_SKELETON or len(first) + len(last) < 5:
        return None
    return first, last


class Transliterated:
    """People by their Latin names, found by names in Arabic script however they are spelt."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._people: dict[tuple[str, str], dict[str, list[Row]]] = {}
        for row in rows:
            latin = row.kind in PERSONS and (row.phrase.isascii() or row.language == "en")
            if latin and (found := key(row.phrase)):
                for form in _variants(found):
                    self._people.setdefault(form, {}).setdefault(row.id, []).append(row)

    def find(self, name: str) -> tuple[Row, ...]:
        """Return the rows of the one person whose name, or its end, sounds so, or nothing."""
        words = name.split()
        for start in sorted({0, max(0, len(words) - 3), max(0, len(words) - 2)}):
            found = key(" ".join(words[start:]))
            people = self._people.get(found, {}) if found else {}
            if people:
                return tuple(next(iter(people.values()))) if len(people) == 1 else ()
        return ()


@cache
def _variants(pair: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Return a key with each v as Arabic (ف) and as Persian (و, no class) write it."""
    both = "|".join(pair)
    pieces = both.split("V", _MOST_V)
    forms = [pieces[0]]
    for piece in pieces[1:]:
        forms = [form + letter + piece for form in forms for letter in ("F", "")]
    return tuple((first, last) for first, _, last in (form.partition("|") for form in forms))
