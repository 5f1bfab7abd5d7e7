"""The mentions and acts of one document in; the two that "both sides" means out."""

from collections.abc import Sequence

from eventcoder.actor_tables import PERSONS
from eventcoder.actors import ActorDictionary
from eventcoder.composition import INTERNATIONAL
from eventcoder.duals import are_states, duals, is_dual, of_states
from eventcoder.records import Act, Mention, Sentence

Two = tuple[str, str]
_BACK = 3  # sentences that "both sides" may reach back
_SURE = 0.15  # confidence of an act whose ends are the two
_NO_SIDE = frozenset({"MED", "NGO"})  # roles of who tells of both
_PLACES = frozenset({"city", "capital"})  # where they are
_STATE = frozenset({"", "GOV", "MIL", "COP", "JUD", "LEG", "SPY"})  # one side, of one country


def sides(
    document: Sequence[tuple[Sentence, Sequence[Mention], Sequence[Act]]],
    fuller: Sequence[Sequence[str | None]],
    dictionary: ActorDictionary,
) -> list[list[Two | None]]:
    """Return for each mention of each sentence the texts of the two it stands for, or None.

    They are the ends of the surest act, in the same sentence before it or in the nearest of three
    before that has one, else the only two states named there; of its own sentence none who does
    something to both, or has it done to them. `fuller` is what mentions point back to, as
    `antecedents` gives it.
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
    dual = rows[place][number]
    others = {
        end for act in acts[place] for end in (act.source, act.target)
        if end is not None and number in (act.source, act.target) and act.confidence >= _SURE
    }  # fmt: skip
    # "China, Russia and the EU called on both": several who do so are no side anywhere
    beside = {rows[place][i].code[:3] for i in others - {number}}
    beside = beside if len(beside) > 1 else set()
    for there in range(place, max(-1, place - _BACK - 1), -1):
        before = rows[there][:number] if there == place else rows[there]
        left = [
            side for i, side in enumerate(before)
            if (there != place or i not in others) and side.code[:3] not in beside
        ]  # fmt: skip
        if carried := next((side.two for side in reversed(left) if side.two), None):
            return carried
        for act in sorted(acts[there], key=lambda act: -act.confidence):
            if act.source is None or act.target is None or act.confidence < _SURE:
                continue
            if max(act.source, act.target) < len(before):
                one, other = before[act.source], before[act.target]
                if one in left and other in left and _apart(one, other, dual.text):
                    return one.text, other.text
        states: dict[str, str] = {}
        for side in left:
            if side.code and not side.place and side.code[:3] not in INTERNATIONAL:
                states.setdefault(side.code[:3], side.text)
        if len(states) == 2:
            first, second = states.values()
            return first, second
    return None


def _apart(one: _Side, other: _Side, phrase: str) -> bool:
    """Say whether two are two sides: of two countries, or a state and who is against it."""
    if not one.code or not other.code or one.code == other.code:
        return False
    if of_states(phrase) and not INTERNATIONAL.isdisjoint((one.code[:3], other.code[:3])):
        return False
    if one.code[:3] != other.code[:3]:
        return True
    return not are_states(phrase) and not {one.code[3:], other.code[3:]} <= _STATE
