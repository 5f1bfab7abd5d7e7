"""Gold files, folders of them and Hugging Face data sets on disk in, training examples out."""

import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventcoder import gold
from eventcoder.errors import EventcoderError, one_line
from eventcoder.model.augmentation import with_pronouns

if TYPE_CHECKING:
    from eventcoder.model.training import Recipe

_MARKS = ("dataset_dict.json", "state.json")  # in what `datasets` writes with `save_to_disk`


def files(data: Sequence[Path]) -> list[Path]:
    """List the gold files and data sets that `data` names; of folders, what lies in them."""
    found: list[Path] = []
    for path in data:
        found += sorted(path.rglob("*.jsonl")) if path.is_dir() and not is_dataset(path) else [path]
    if not found:
        raise EventcoderError("no .jsonl files to train on")
    return found


def is_dataset(path: Path) -> bool:
    """Tell a folder that `datasets` saved."""
    return any((path / mark).is_file() for mark in _MARKS)


def rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (number, record) of a gold file, or of a data set's only or "train" split."""
    if not is_dataset(path):
        yield from gold.lines(path)
        return
    import datasets

    try:
        loaded = datasets.load_from_disk(str(path))
    except Exception as error:  # it raises whatever the damage brings up
        raise EventcoderError(f"{path} is no data set: {one_line(str(error))}") from None
    if isinstance(loaded, datasets.DatasetDict):
        if "train" not in loaded:
            raise EventcoderError(f"{path} has no split train, but {', '.join(loaded)}")
        loaded = loaded["train"]
    yield from enumerate(loaded, 1)


def examples(path: Path) -> list[gold.Example]:
    """Read a gold file or a data set of such records."""
    return gold.examples(path, rows(path))


def is_events(path: Path) -> bool:
    """Tell events gold, which has no spans to train on, by its first row."""
    return next((gold.form(record) == "events" for _, record in rows(path)), False)


def is_held_out(identifier: str, share: float) -> bool:
    """Tell by id whether an example is kept for development; the same id in any language is.

    >>> is_held_out("plv-train-4", 0.1) == is_held_out("plv-train-4", 0.1)
    True
    """
    return zlib.crc32(identifier.encode()) % 1000 < share * 1000


def read_data(
    paths: Iterable[Path], recipe: "Recipe"
) -> tuple[list[gold.Example], list[gold.Example]]:
    """Return (training, held-out) examples of the files, sampled as the recipe says."""
    train, held = [], []
    for path in paths:
        share = (recipe.sampling or {}).get(path.name, 1.0)
        for example in examples(path):
            if is_held_out(example.id, recipe.held_out):
                held.append(example)
                continue
            train += [example] * int(share)
            if zlib.crc32(b"sample" + example.id.encode()) % 1000 < (share % 1) * 1000:
                train.append(example)
    train += with_pronouns(list(train), recipe.pronouns, random.Random(recipe.seed))
    return train, held
