"""Examples in, the same with a pronoun for an actor out: what running text does and gold lacks.

Annotated sentences stand alone, so their actors are named; in a story every third act is told of
"he", "وی", or in Arabic of nobody ("وأضاف"). A copy of a sentence whose first actor is replaced
so teaches the pair head to read such acts; who it is, the document tells (`antecedents`).
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace

from eventcoder.gold import Example, Relation, Span

PRONOUNS = {"en": ("He", "She", "They"), "fa": ("وی", "او"), "ar": ("",)}
PERSONS = ("GOV", "LEG", "OPP", "PTY", "MIL", "ELI", "JUD", "REB", "REL", "SPY", "COP")


def with_pronouns(
    examples: Iterable[Example], share: float, state: random.Random
) -> Iterator[Example]:
    """Yield a `share` of the complete examples that begin with a person, its name taken away."""
    for example in examples:
        first = _first_person(example)
        if first is not None and state.random() < share:
            yield _replaced(example, first, state.choice(PRONOUNS[example.language]))


def _first_person(example: Example) -> int | None:
    """Return the index of the mention that opens the sentence (in Arabic, or follows its verb)."""
    if not example.complete or example.language not in PRONOUNS or not example.spans:
        return None
    first = min(range(len(example.spans)), key=lambda i: example.spans[i])
    start, end = example.spans[first]
    lead = example.text[:start].split()
    opens = not lead or (example.language == "ar" and len(lead) == 1 and lead[0].isalpha())
    person = example.actor_codes[first][3:6] in PERSONS
    whole = example.text[end : end + 1] == " "
    alone = all(a >= end for i, (a, _) in enumerate(example.spans) if i != first)
    return first if opens and person and whole and alone else None


def _replaced(example: Example, first: int, pronoun: str) -> Example:
    start, end = example.spans[first]
    text = example.text[:start] + pronoun + example.text[end + (not pronoun) :]
    shift = len(text) - len(example.text)

    def moved(span: Span) -> Span:
        return (span[0] + shift, span[1] + shift) if span[0] >= end else span

    spans = [moved(span) for span in example.spans]
    kept = [i for i in range(len(spans)) if pronoun or i != first]
    spans[first] = (start, start + len(pronoun))
    place = {old: new for new, old in enumerate(kept)}

    def end_of(index: int | None) -> int | None:
        return None if index is None else place.get(index)

    relations: list[Relation] = []
    for relation in example.relations:
        words = relation.evidence
        if words and words[0] < end and words[1] > start:
            words = None
        kept_relation = replace(
            relation, source=end_of(relation.source), target=end_of(relation.target),
            evidence=moved(words) if words else None,
        )  # fmt: skip
        if kept_relation.source is not None or kept_relation.target is not None:
            relations.append(kept_relation)
    return replace(
        example, id=f"{example.id}~", text=text, spans=tuple(spans[i] for i in kept),
        actor_codes=tuple(example.actor_codes[i] for i in kept), relations=tuple(relations),
    )  # fmt: skip
