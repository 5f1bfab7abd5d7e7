"""The mentions and acts of one document in; the two that "both sides" means out."""

from collections.abc import Sequence

from eventcoder.actor_tables import PERSONS
from eventcoder.actors import ActorDictionary
from eventcoder.composition import INTERNATIONAL
from eventcoder.duals import duals, is_dual
from eventcoder.records import Act, Mention, Sentence

Two = tuple[str, str]
_BACK = 3  # sentences that "both sides" may reach back
_SURE = 0.15  # confidence of an act whose ends are the two
_NO_SIDE = frozenset({"MED", "NGO"})  # roles of who tells of both
_PLACES = frozenset({"city", "capital"})  # where they are, if states are named besides


def sides(
    document: Sequence[tuple[Sentence, Sequence[Mention], Sequence[Act]]],
    fuller: Sequence[Sequence[str | None]],
    dictionary: ActorDictionary,
) -> list[list[Two | None]]:
    """Return for each mention of each sentence the texts of the two it stands for, or None.

    They are the ends of the surest act, in the same sentence before it or in the nearest of three
    before that has one, else the only two states named there. `fuller` is what mentions point back
    to, as `antecedents` gives it.
    """
    if not any(duals(sentence.text) for sentence, *_ in document):
        return [[None] * len(mentions) for _, mentions, _ in document]
    rows = [
        [_Side(sentence, *pair, dictionary) for pair in zip(named, told, strict=True)]
        for (sentence, named, _), told in zip(document, fuller, strict=True)
    ]
    for place, row in enumerate(rows):
        for number, side in enumerate(row):
            if side.dual:
                side.two = _two(rows, [acts for *_, acts in document], place, number)
    return [[side.two for side in row] for row in rows]


class _Side:
    """One mention: whether it is a dual, else whose it is."""

    def __init__(
        self, sentence: Sentence, mention: Mention, fuller: str | None, dictionary: ActorDictionary
    ) -> None:
        self.dual = is_dual(sentence.text, mention.start, mention.end)
        self.two: Two | None = None
        self.text = mention.text
        self.code, self.place = "", False
        if self.dual:
            return
        reading, parts = dictionary.read(
            mention.text, sentence.language, sentence.document.published
        )
        if not reading.country and fuller:
            self.text = fuller
            reading, parts = dictionary.read(fuller, sentence.language, sentence.document.published)
        if reading.country and reading.role not in _NO_SIDE:
            self.code = reading.code or reading.country + reading.role
            kinds = {part.row.kind for part in parts}
            self.place = bool(kinds & _PLACES) and not kinds & PERSONS


def _two(rows: list[list[_Side]], acts: list[Sequence[Act]], place: int, number: int) -> Two | None:
    for there in range(place, max(-1, place - _BACK - 1), -1):
        before = rows[there][:number] if there == place else rows[there]
        if carried := next((side.two for side in reversed(before) if side.two), None):
            return carried
        for act in sorted(acts[there], key=lambda act: -act.confidence):
            if act.source is None or act.target is None or act.confidence < _SURE:
                continue
            if max(act.source, act.target) < len(before):
                one, other = before[act.source], before[act.target]
                if one.code and other.code and one.code != other.code:
                    return one.text, other.text
        for besides in ((False,), (False, True)):
            states: dict[str, str] = {}
            for side in before:
                if side.place in besides and side.code and side.code[:3] not in INTERNATIONAL:
                    states.setdefault(side.code[:3], side.text)
            if len(states) == 2:
                first, second = states.values()
                return first, second
    return None
