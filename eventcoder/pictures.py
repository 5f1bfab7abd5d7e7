"""Rows in, Altair pictures out that need no network, neither in a notebook nor in a file."""

import json
import secrets
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

from eventcoder.errors import EventcoderError

# Okabe and Ito (2008): told apart by readers of every kind of colour vision.
BLUE, ORANGE = "#0072B2", "#D55E00"
SUFFIXES = (".svg", ".png", ".html")
_OFFLINE = "eventcoder"


@cache
def altair() -> Any:
    """Return the module that draws; its types are too loose to check against.

    Its own way to show a chart loads scripts from the network: unless the user has chosen
    another, charts bring the scripts along.
    """
    try:
        module = import_module("altair")
    except ImportError as error:
        raise EventcoderError(
            "pictures need altair: pip install altair vl-convert-python"
        ) from error
    module.renderers.register(_OFFLINE, _offline)
    if module.renderers.active == "default":
        module.renderers.enable(_OFFLINE)
    return module


def _offline(spec: dict[str, Any], **_options: Any) -> dict[str, str]:
    """Return a chart as a notebook shows it: HTML that holds the scripts that draw it.

    They are closed in, since a notebook runs all of its charts' scripts in one room.
    """
    place = f"chart-{secrets.token_hex(8)}"
    content = json.dumps(spec, ensure_ascii=False).replace("</", "<\\/")
    script = f"if(!window.vegaEmbed){{{_scripts()}}}"
    draw = f"window.vegaEmbed('#{place}',{content},{{mode:'vega-lite'}}).catch(console.error)"
    html = f'<div id="{place}"></div>\n<script>(()=>{{{script}\n{draw}}})()</script>'
    return {"text/html": html, "text/plain": "a chart"}


@cache
def _scripts() -> str:
    """Return Vega, Vega-Lite and the script that puts charts into pages."""
    bundle: str = import_module("vl_convert").javascript_bundle()
    return bundle


def save(chart: Any, path: str | Path) -> None:
    """Write a chart as .svg, .png, or as an .html page that works offline."""
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise EventcoderError(f"{path}: give a file that ends in .svg, .png or .html")
    if not path.parent.is_dir():
        raise EventcoderError(f"{path}: the folder {path.parent} does not exist; make it first")
    how: dict[str, dict[str, Any]] = {".png": {"ppi": 144}, ".html": {"inline": True}}
    try:
        chart.save(str(path), **how.get(path.suffix, {}))
    except (OSError, ImportError) as error:
        raise EventcoderError(f"{path} was not written: {error}") from error


def values(frame: pl.DataFrame) -> Any:
    """Return rows as a chart embeds them.

    JavaScript takes a day without an hour for one of Greenwich, west of which it is the day before.
    """
    rows = frame.with_columns(pl.col(pl.Date).dt.strftime("%Y-%m-%dT00:00:00")).to_dicts()
    return altair().Data(values=rows)
