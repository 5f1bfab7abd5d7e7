"""A sentence in, its words for two at once out: "both sides", "وزيرا خارجية البلدين", «دو کشور»."""

import re
from functools import lru_cache

from eventcoder.quotations import Span

JOIN = " + "  # between the two whom such words point back to

_ENGLISH = r"""
    \b(?:the\ two|both)\ (?:[a-z]+\ )?
    (?:sides|countries|nations|states|republics|kingdoms|monarchies|governments|neighbou?rs|capitals
    |powers|parties|allies|rivals|foes|leaders|presidents|ministers|premiers|kings|governors
    |diplomats|envoys|delegations|heads\ of\ (?:state|government)|peoples|camps|factions|militias
    |armies|navies|air\ forces|militaries|generals|commanders|intelligence\ services)\b(?!\ of\ )
"""
# Only nouns with a broken plural: of others the ending is the plural's too ("المسؤولين"). And
# "البلدان" with a feminine adjective are many countries.
_ARABIC = r"""
    (?<!\w)(?:
    (?:ال|لل)بلد(?:ان(?!\ ال\w+ة(?!\w))|ين)
    |(?:ال|لل)(?:جانب|طرف|دولت|جمهوريت|عاصمت|رئيس|وزير|زعيم|حكومت|عاهل|حليف|جار|جارت|خصم|وفد
    |جيش|برلمان|شعب|حزب|فصيل)(?:ان|ين)
    |(?:وزير|رئيس)(?:ا|ي)\ (?:ال(?:خارجية|دفاع|داخلية|عدل|وزراء|أركان))
    )(?!\w)
"""
# "دو کشور آفریقایی" are two that nobody named before
_PERSIAN = r"""
    (?<!\w)(?:طرفین|جانبین|(?:هر\ ?)?دو\ (?:طرف|جانب|
    (?:کشور|دولت|جمهوری|پایتخت|قدرت|ابرقدرت|همسایه|ملت|رئیس[\ \u200c]?جمهور|نخست[\ \u200c]?وزیر
    |وزیر(?:\ (?:خارجه|دفاع|کشور))?|رهبر|پادشاه|مقام|دیپلمات|هیئت|هیأت|هیات|ارتش|متحد|رقیب|شریک
    |حزب|جناح|گروه)))(?!\w)
    (?!\ (?:آفریقایی|آسیایی|اروپایی|آمریکایی|عربی|غربی|شرقی|خارجی|اسلامی|دیگر|عضو|حوزه)(?!\w))
"""
# Persian is written with Arabic kaf and yeh, too.
_DUAL = re.compile(
    "|".join((_ENGLISH, _ARABIC, _PERSIAN.replace("ک", "[کك]").replace("ی", "[یي]"))),
    re.IGNORECASE | re.VERBOSE,
)
_STATES = re.compile(
    r"^(?:the two|both|two) (?:[a-z]+ )?(?:countries|nations|states|republics|neighbou?rs|powers)$"
    r"|^(?:ال|لل)?(?:بلد|دولت|جار|جارت|جمهوريت)(?:ان|ين)$"
    r"|^(?:هر ?)?دو (?:[کك]شور|دولت|همسا[یي]ه|ملت|جمهور[یي])$",
    re.IGNORECASE,
)
_LEANING = re.compile(
    r"(?:(?:وزير|رئيس|زعيم|قائد|ممثل|مبعوث|سفير|جيش|وفد|حكومت)(?:ا|ي)|(?:ممثل|مسؤول)[وي]"
    r"|قوات|شرطة|أجهزة|قادة|خبراء"
    r"|وز[یي]ران|وزرا[یي]|سران|رهبران|رؤسا[یي]|روسا[یي]|مقامات|فرماندهان|نما[یي]ندگان|مرزبانان"
    r"|(?:مقام|ن[یي]رو|ارتش|ه[یي]ئت|ه[یي]ات|د[یي]پلمات|دولت)[\u200c ]?ها[یي])(?: \w+){0,2} "
    r"|(?:[Tt]he )?(?:\w+ )?(?:ministers|leaders|presidents|governments|armies|forces|police) of "
)
_EACH_OTHER = re.compile(
    r"each other|one another|exchang|mutual|traded?\b"
    r"|بعضهما|الآخر|متبادل|تبادل|یکدیگر|همدیگر|متقابل|مبادله",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)  # reading and pointing back ask about the same sentence
def duals(text: str) -> tuple[Span, ...]:
    """Return where words stand for two actors named before, as half-open character spans.

    >>> text = "Afterwards the two foreign ministers told both sides to stop; two ministers quit."
    >>> [text[a:b] for a, b in duals(text)]
    ['the two foreign ministers', 'both sides']
    """
    return tuple(hit.span() for hit in _DUAL.finditer(text))


def is_dual(text: str, start: int, end: int) -> bool:
    """Say whether a mention is such words or ends in them: "two sides", "قوات البلدين"."""
    return any(end == last for _, last in duals(text))


def leans(text: str) -> bool:
    """Say whether a text is a role that leans on the words for two after it: "وزيرا خارجية "."""
    return bool(_LEANING.fullmatch(text))


def are_states(phrase: str) -> bool:
    """Say whether the states themselves are meant, not those who act for them.

    >>> are_states("both countries"), are_states("the two presidents"), are_states("البلدان")
    (True, False, True)
    """
    return bool(_STATES.match(phrase))


def each_other(text: str) -> bool:
    """Say whether a sentence tells what two do to each other."""
    return bool(_EACH_OTHER.search(text))
