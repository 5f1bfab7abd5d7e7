"""What a model folder says of itself (`model.json`) in, what is wrong with it out."""

import hashlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILES = ("model.json", "tokenizer.json", "encoder.onnx", "embeddings.bin", "pair.onnx")
_SHARES = ("mention_threshold", "leaf_threshold", "base_threshold", "threshold")
_WEIGHTS = ("bias", "event", "root", "mentions")  # what older models have; more may follow
_MORE = ("open_source", "open_target", "both")


def digest(folder: Path) -> str:
    """Return a short sha256 over a model folder's files: what made its codes."""
    total = hashlib.sha256()
    for name in FILES:
        total.update((folder / name).read_bytes())
    return total.hexdigest()[:12]


def faults(about: dict[str, Any], outputs: object) -> Iterator[str]:
    """Yield what is wrong; `outputs` is how many codes the network tells, if it says a number."""
    if not isinstance(about.get("name"), str):
        yield "name must be text"
    codes = about.get("codes")
    if not _texts(codes) or not codes or len(set(codes)) < len(codes):
        yield "codes must be texts, each once"
        return
    if isinstance(outputs, int) and outputs != len(codes):
        yield f"codes are {len(codes)}, but the network knows {outputs}"
    for table in ("root_of", "base_of"):
        known = about.get(table)
        if not isinstance(known, dict) or not _texts([known.get(code) for code in codes]):
            yield f"{table} must give each code another"
    if not _texts(about.get("symmetric")):
        yield "symmetric must be codes"
    for name in _SHARES:
        if not _number(about.get(name)) or not 0 <= about[name] <= 1:
            yield f"{name} must be a number from 0 to 1"
    weights = about.get("calibration")
    if not isinstance(weights, dict) or not all(_number(weights.get(name)) for name in _WEIGHTS):
        yield f"calibration must give numbers for {', '.join(_WEIGHTS)}"
    elif not all(_number(weights.get(name, 0)) for name in _MORE):
        yield f"calibration must give numbers, if any, for {', '.join(_MORE)}"
    tokens = about.get("max_tokens")
    if type(tokens) is not int or not 8 <= tokens <= 8192:
        yield "max_tokens must be a whole number from 8 to 8192"


def _texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]
