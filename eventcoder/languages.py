"""Text in, its language, folded form and the language's rules out."""

import math
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from eventcoder.errors import EventcoderError
from eventcoder.resources import schema

SUPPORTED = ("ar", "fa", "en")
UNDETERMINED = "und"  # ISO 639-2 for text without a letter

_READ = 1_000  # characters that detection looks at: enough, and 5,000 documents a second
_GUESSED = 300  # characters given to py3langid, the slow witness
_WORD_WEIGHT = 1.5  # nats for a function word
_CERTAIN_WEIGHT = 5.0  # nats for a word of one language alone: outweighs prior and py3langid
_DECIDED = 12.0  # a lead in nats after which py3langid isn't asked
_LEAST = 0.03  # probability that py3langid is heard to give: it errs on names and keyboards
_PRIOR = 2.5  # nats for a language that this package codes


@dataclass(frozen=True, slots=True)
class DateWords:
    """How a language writes dates; every word folded. Weekdays count from Monday = 0."""

    gregorian: dict[str, int]
    hijri: dict[str, int]
    jalali: dict[str, int]
    weekdays: dict[str, int]
    relative: dict[str, int]
    ago: dict[str, int]
    ago_patterns: tuple[str, ...]
    ago_words: dict[str, int]
    background_before: tuple[str, ...]
    clause_openers: tuple[str, ...]
    background_nouns: tuple[str, ...]
    background_after: tuple[str, ...]
    fillers: tuple[str, ...]
    between: tuple[str, ...]
    year_words: tuple[str, ...]
    same_day: tuple[str, ...]
    future: tuple[str, ...]
    next: frozenset[str]
    last: frozenset[str]
    eras: dict[str, str]
    ambiguous: frozenset[str]
    weekday_places: frozenset[str]
    ordinals: tuple[str, ...]
    capitals: bool
    month_first: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """What is particular to a language, from `schemas/languages/<code>.toml`; words folded."""

    code: str
    name: str
    script: str
    calendar: str
    enders: str
    soft_enders: tuple[str, ...]
    inner_boundaries: tuple[str, ...]
    abbreviations: frozenset[str]
    ending_abbreviations: frozenset[str]
    spelled_letters: frozenset[str]
    prefixes: tuple[str, ...]
    suffixes: tuple[str, ...]
    function_words: frozenset[str]
    attribution_words: frozenset[str]
    dates: DateWords


@dataclass(frozen=True, slots=True)
class Detected:
    """A language (ISO 639-1, `ckb`, or `und`) and the probability given to it."""

    language: str
    confidence: float


@cache
def rules(language: str) -> Rules:
    """Read the rules of a supported language.

    >>> rules("fa").dates.jalali["بهمن"]
    11
    """
    if language not in SUPPORTED:
        raise EventcoderError(
            f"no rules for language {language!r}: eventcoder reads {', '.join(SUPPORTED)}"
        )
    table = _table(language)
    plain = {key: table[key] for key in ("name", "script", "calendar", "enders")}
    return Rules(
        code=language,
        **plain,
        soft_enders=tuple(table["soft_enders"]),
        inner_boundaries=tuple(table["inner_boundaries"]),
        abbreviations=_folded_set(table["abbreviations"]),
        ending_abbreviations=_folded_set(table.get("ending_abbreviations", [])),
        spelled_letters=_folded_set(table["spelled_letters"]),
        prefixes=_longest_first(table["prefixes"]),
        suffixes=_longest_first(table["suffixes"]),
        function_words=_folded_set(table["function_words"]),
        attribution_words=_folded_set(table["attribution_words"]),
        dates=_date_words(table["dates"]),
    )


def _date_words(table: dict[str, Any]) -> DateWords:
    ago = table["ago"]
    eras = {
        _plain(word): calendar
        for calendar in ("hijri", "gregorian", "jalali")
        for word in table.get(f"era_{calendar}", [])
    }
    return DateWords(
        gregorian=_numbered(table["gregorian"]),
        hijri=_numbered(table["hijri"]),
        jalali=_numbered(table["jalali"]),
        weekdays=_numbered(table["weekdays"]),
        relative=_numbered(table["relative"]),
        ago={_plain(phrase): days for phrase, days in ago["fixed"].items()},
        ago_patterns=tuple(_plain(pattern) for pattern in ago["patterns"]),
        ago_words={_plain(word): days for word, days in ago["words"].items()},
        background_before=_longest_first(table["background_before"]),
        clause_openers=_longest_first(table["clause_openers"]),
        background_nouns=_longest_first(table["background_nouns"]),
        background_after=_longest_first(table["background_after"]),
        fillers=_longest_first(table["fillers"]),
        between=_longest_first(table["between"]),
        year_words=_longest_first(table["year_words"]),
        same_day=_longest_first(table["same_day"]),
        future=_longest_first(table["future"]),
        next=_folded_set(table["next"]),
        last=_folded_set(table["last"]),
        eras=eras,
        ambiguous=_folded_set(table.get("ambiguous", [])),
        weekday_places=_folded_set(table.get("weekday_places", [])),
        ordinals=tuple(table.get("ordinals", [])),
        capitals=bool(table.get("capitals", False)),
        month_first=bool(table.get("month_first", False)),
    )


def _plain(word: str) -> str:
    return fold_with_offsets(word)[0]


def _folded_set(words: Iterable[str]) -> frozenset[str]:
    return frozenset(_plain(word) for word in words)


def _longest_first(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(_folded_set(words), key=lambda word: (-len(word), word)))


def _numbered(table: dict[str, list[str]]) -> dict[str, int]:
    return {_plain(word): int(number) for number, words in table.items() for word in words}


def detect(text: str) -> Detected:
    """Tell the language of a text by its script, letters and function words.

    py3langid is asked only where these leave it open. Mixed text is given the language of its
    most used script. The confidence is the softmax of the evidence in nats, times the script's
    share of the letters.

    >>> detect("رئیس جمهور روسیه در مسکو").language
    'fa'
    >>> detect("12:30 --").language
    'und'
    """
    head = text[:_READ]
    script, share = _main_script(head)
    if not script:
        return Detected(UNDETERMINED, 0.0)
    evidence = _evidence_table()
    if script in evidence.scripts:
        return Detected(evidence.scripts[script], share)
    languages = evidence.languages.get(script)
    if languages is None:
        return Detected(UNDETERMINED, 0.0)
    scores = _evidence(head.lower(), languages)
    best, second = sorted(scores.values(), reverse=True)[:2]
    if best - second < _DECIDED:
        guess = _guess(head[:_GUESSED])
        missing = math.log(0.02)  # a language that py3langid doesn't know is neither in nor out
        scores = {one: score + guess.get(one, missing) for one, score in scores.items()}
    winner = max(scores, key=lambda one: scores[one])
    total = sum(math.exp(max(score - scores[winner], -50.0)) for score in scores.values())
    return Detected(winner, share / total)


@dataclass(frozen=True, slots=True)
class _Evidence:
    scripts: dict[str, str]
    languages: dict[str, tuple[str, ...]]
    letters: dict[str, tuple[tuple[tuple[str, ...], float], ...]]
    words: dict[str, tuple[str, ...]]
    certain_words: dict[str, tuple[str, ...]]
    own_words: dict[str, tuple[str, ...]]  # of the languages coded here: folded


_WORD = re.compile(r"[^\W\d_]+(?:[.'’][^\W\d_]+)*")


def _main_script(text: str) -> tuple[str, float]:
    counts: Counter[str] = Counter()
    for character, count in Counter(text).items():
        if character.isalpha():
            counts[_script(character)] += count
    if not counts:
        return "", 0.0
    if counts["HIRAGANA"] + counts["KATAKANA"] > counts["CJK"] * 0.1:  # kanji beside kana
        counts["HIRAGANA"] += counts.pop("CJK", 0) + counts.pop("KATAKANA", 0)
    script, count = counts.most_common(1)[0]
    return script, count / counts.total()


@cache
def _script(character: str) -> str:
    return unicodedata.name(character, "?").split()[0].split("-")[0]


def _evidence(text: str, languages: tuple[str, ...]) -> dict[str, float]:
    table = _evidence_table()
    scores = {one: _PRIOR if one in SUPPORTED else 0.0 for one in languages}
    for character, count in Counter(text).items():
        if character in table.letters:
            for speakers, weight in table.letters[character]:
                for one in speakers:
                    if one in scores:
                        scores[one] += weight * min(count, 10)
    for word in _WORD.findall(text):
        for one in (*table.words.get(word, ()), *table.own_words.get(fold(word), ())):
            if one in scores:
                scores[one] += _WORD_WEIGHT
        for one in table.certain_words.get(word, ()):
            if one in scores:
                scores[one] += _CERTAIN_WEIGHT
    return scores


def _guess(text: str) -> dict[str, float]:
    ranked = _identifier().rank(text)
    return {_ALIASES.get(one, one): math.log(max(share, _LEAST)) for one, share in ranked}


_ALIASES = {"sdh": "ckb"}


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_table("detection")["candidates"])
    return identifier


@cache
def _evidence_table() -> _Evidence:
    table = _table("detection")
    letters: dict[str, list[tuple[tuple[str, ...], float]]] = {}
    for entry in table["letters"]:
        for letter in entry["letters"]:
            speakers = (tuple(entry["languages"]), float(entry.get("weight", 1.5)))
            letters.setdefault(letter, []).append(speakers)
    return _Evidence(
        scripts=table["scripts"],
        languages={script: tuple(ones) for script, ones in table["script_languages"].items()},
        letters={letter: tuple(entries) for letter, entries in letters.items()},
        words=_speakers({one: set(words) for one, words in table["words"].items()}),
        certain_words=_speakers({one: set(ws) for one, ws in table["certain_words"].items()}),
        own_words=_speakers({one: set(rules(one).function_words) for one in SUPPORTED}),
    )


def _speakers(spoken: dict[str, set[str]]) -> dict[str, tuple[str, ...]]:
    words: dict[str, list[str]] = {}
    for language, ones in spoken.items():
        for word in ones:
            words.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in words.items()}


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
def _table(name: str) -> dict[str, Any]:
    path = schema("languages", f"{name}.toml")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EventcoderError(f"cannot read {path}: {error}; install eventcoder again") from error
