"""Annotated gold in, how well a model finds its actor mentions out."""

from collections.abc import Sequence
from pathlib import Path

from eventcoder import gold, scoring
from eventcoder.duals import duals
from eventcoder.errors import EventcoderError
from eventcoder.matching import Record, rates
from eventcoder.model.confidence import is_mutual
from eventcoder.model.encoder import EncoderModel
from eventcoder.model.spans import PRONOUNS
from eventcoder.records import Act, Reading

OVERLAP = 0.5  # share of the longer span from which two are one mention


def mentions(path: str | Path, model: EncoderModel, by: str | None = "lang") -> Record:
    """Return {n_sentences, n_gold, n_predicted, precision, recall, f1, by}; spans may differ a bit.

    Pronouns and words for two ("both sides") are left out: gold seldom marks them, a model hands
    them on to the document.
    """
    return score([e for e in gold.examples(Path(path)) if e.complete], model, by, str(path))


def score(
    examples: Sequence[gold.Example], model: EncoderModel, by: str | None, name: str = "this gold"
) -> Record:
    """Score wholly annotated examples, as `mentions` does."""
    if not examples:
        raise EventcoderError(f"{name} has no sentence with every actor marked (`actors`)")
    rows: list[Record] = []
    readings = model.read([e.text for e in examples])
    for example, reading in zip(examples, readings, strict=True):
        found = _naming(example.text, [(m.start, m.end) for m in reading.mentions])
        wanted = _naming(example.text, example.spans)
        counts = (paired(found, wanted), len(found), len(wanted))
        rows.append({"id": example.id, "lang": example.language, "counts": counts})
    return scoring.grouped(rows, by, _scores, "f1")


def mutual_acts(example: gold.Example, reading: Reading) -> list[tuple[Act, bool]]:
    """Return the acts read of two with each other ("both sides signed"), and which are right.

    Right are those whose mention overlaps one that has such an act in gold, of the same root.
    """
    told = [(example.spans[r.source], r) for r in example.relations
            if r.source is not None and r.source == r.target]  # fmt: skip
    found = []
    for act in filter(is_mutual, reading.acts):
        mention = reading.mentions[act.source or 0]
        roots = {
            code[:2] for (start, end), r in told for code in (r.label, *r.alternatives)
            if start < mention.end and mention.start < end
        }  # fmt: skip
        found.append((act, act.code[:2] in roots))
    return found


def _naming(text: str, found: Sequence[gold.Span]) -> list[gold.Span]:
    pointing = duals(text)
    return [s for s in found if text[slice(*s)].casefold() not in PRONOUNS and s not in pointing]


def paired(found: Sequence[gold.Span], wanted: Sequence[gold.Span]) -> int:
    """Return how many spans answer each other, one to one, the closest first."""
    overlaps = sorted(
        ((_overlap(f, w), i, j) for i, f in enumerate(found) for j, w in enumerate(wanted)),
        reverse=True,
    )
    left, right = set(range(len(found))), set(range(len(wanted)))
    for share, i, j in overlaps:
        if share >= OVERLAP and i in left and j in right:
            left.remove(i)
            right.remove(j)
    return len(found) - len(left)


def _overlap(a: gold.Span, b: gold.Span) -> float:
    return (min(a[1], b[1]) - max(a[0], b[0])) / max(a[1] - a[0], b[1] - b[0])


def _scores(rows: Sequence[Record]) -> Record:
    right, said, golds = (sum(r["counts"][i] for r in rows) for i in range(3))
    counts = {"n_sentences": len(rows), "n_gold": golds, "n_predicted": said}
    return {**counts, **rates(right, said, right, golds)}
