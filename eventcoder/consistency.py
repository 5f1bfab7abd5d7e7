"""The same sentences in several languages in, how far their coded events agree out."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from itertools import combinations
from pathlib import Path

from eventcoder import evaluation, gold, scoring
from eventcoder.errors import EventcoderError, one_line
from eventcoder.extraction import extract
from eventcoder.languages import SUPPORTED
from eventcoder.matching import Record, dyad

LONGEST = 1_000_000  # characters of a field
Said = set[tuple[int, tuple[str, str], str]]  # (row, countries, root)


def read(path: str | Path) -> list[Record]:
    """Return rows of a .tsv or .jsonl file: a column a language, and `doc` or `id`.

    Raises EventcoderError if fewer than two languages have a column.
    """
    path = Path(path)
    rows = _table(path) if path.suffix == ".tsv" else [record for _, record in gold.lines(path)]
    if not rows:
        raise EventcoderError(f"{path} has no rows")
    languages = [lang for lang in SUPPORTED if lang in rows[0]]
    if len(languages) < 2:
        raise EventcoderError(f"{path} needs columns of two languages: {', '.join(SUPPORTED)}")
    for number, row in enumerate(rows, 1):
        for lang in languages:
            if not isinstance(row.get(lang), str):
                raise EventcoderError(f"{path}, row {number}: {lang} is missing or no text")
    return rows


def _table(path: Path) -> list[Record]:
    csv.field_size_limit(LONGEST)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except FileNotFoundError:
        raise EventcoderError(f"no file {path}") from None
    except UnicodeDecodeError as error:
        raise EventcoderError(f"{path} is not UTF-8 ({error.reason})") from None
    except csv.Error as error:
        raise EventcoderError(f"{path} is no table: {one_line(str(error))}") from None


def consistency(path: str | Path, coder: evaluation.Coder) -> Record:
    """Return the agreement of languages on (country dyad, root): {n_sentences, f1, pairs}.

    Rows of one `doc` are coded as one document, in order. `f1` is the mean over the pairs of
    languages; each pair tells how many events each language has and how many both have.
    """
    rows = read(path)
    languages = [lang for lang in SUPPORTED if lang in rows[0]]
    said = {lang: _said(rows, lang, coder) for lang in languages}
    pairs = {f"{a}-{b}": agreement(said[a], said[b]) for a, b in combinations(sorted(languages), 2)}
    scores = {
        "n_sentences": len(rows),
        "n_events": {lang: len(said[lang]) for lang in sorted(languages)},
        "f1": sum(pair["f1"] for pair in pairs.values()) / len(pairs),
        "dyad_f1": sum(pair["dyad_f1"] for pair in pairs.values()) / len(pairs),
        "pairs": pairs,
    }
    rounded: Record = scoring.rounded(scores)
    return rounded


def agreement(a: Said, b: Said) -> Record:
    """Return how many events two languages share, with the harmonic mean of the two shares."""
    return {
        "n": [len(a), len(b)], "n_both": len(a & b), "f1": _f1(a, b),
        "dyad_f1": _f1({key[:2] for key in a}, {key[:2] for key in b}),
    }  # fmt: skip


def _f1(a: Set[object], b: Set[object]) -> float:
    """Return 1 for two languages that agree that there is nothing."""
    total = len(a) + len(b)
    return 2 * len(a & b) / total if total else 1.0


def _said(rows: Sequence[Record], lang: str, coder: evaluation.Coder) -> Said:
    """Code a column; of a mutual act the order of its ends says nothing."""
    documents: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        documents[str(row.get("doc") or row.get("id") or number)].append(number)
    prepared = [
        evaluation.as_document((str(place), lang), [{"text": rows[n][lang]} for n in numbers])
        for place, numbers in enumerate(documents.values())
    ]
    frame = coder.code(extract(prepared, coder.model, coder.dictionary))
    order = list(documents.values())
    return set(_keys(frame.iter_rows(named=True), order, coder))


def _keys(
    events: Iterable[Record], order: Sequence[Sequence[int]], coder: evaluation.Coder
) -> Iterable[tuple[int, tuple[str, str], str]]:
    for event in events:
        if event["dropped"] is None:
            number = order[int(event["doc_id"].partition("|")[0])][event["sentence_number"]]
            ends = dyad(event)
            if coder.ontology.is_symmetric(event["event_code"]):
                ends = (min(ends), max(ends))
            yield number, ends, event["root_code"]
