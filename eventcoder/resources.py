"""Where `schemas/` and `models/` lie, in a checkout and in an installed wheel."""

from functools import cache
from pathlib import Path

from eventcoder.errors import EventcoderError


@cache
def _root(folder: str) -> Path:
    package = Path(__file__).resolve().parent
    for candidate in (package / folder, package.parent / folder):
        if candidate.is_dir():
            return candidate
    raise EventcoderError(f"the folder {folder}/ is missing: install eventcoder again")


def schema(*parts: str) -> Path:
    """Return the path of a file or folder in `schemas/`.

    >>> schema("ontologies", "cameo.csv").name
    'cameo.csv'
    """
    return _root("schemas").joinpath(*parts)


def model(name: str) -> Path:
    """Return the folder of a shipped model by name, or of the user's own by path."""
    own = Path(name)
    if own.is_dir():
        return own
    shipped = _root("models") / name
    if "/" not in name and shipped.is_dir():
        return shipped
    raise EventcoderError(
        f"no model {name!r}: give a folder made by `eventcoder train`, or one of "
        "`eventcoder list models`"
    )
