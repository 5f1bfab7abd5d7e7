"""What made a run: the versions, digests and arguments that its tables hang on."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

import eventcoder


def readable(path: str | Path) -> str:
    """Write a path, which may be any bytes, as JSON and tables can hold it."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Signature:
    """What made a run: versions, digests of the knowledge used, and the arguments."""

    model: str = ""
    model_digest: str = ""
    ontology: str = ""
    ontology_digest: str = ""
    actors_digest: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    eventcoder: str = eventcoder.__version__
    python: str = platform.python_version()
    polars: str = pl.__version__

    def __str__(self) -> str:
        return (
            f"model:{self.model}@{self.model_digest[:8]}|ontology:{self.ontology}"
            f"@{self.ontology_digest[:8]}|actors:{self.actors_digest[:8]}"
            f"|eventcoder:{self.eventcoder}"
        )

    def extraction_differs(self, other: "Signature") -> list[str]:
        """Name the parts that make another signature's mentions unfit to stand beside ours."""
        mine, theirs = self._extraction(), other._extraction()
        return [part for part in mine if mine[part] != theirs[part]]

    def _extraction(self) -> dict[str, Any]:
        plain = self.plain()
        # Mentions don't hang on the ontology; older runs name actors as they were typed.
        arguments = {name: v for name, v in plain["arguments"].items() if name != "ontology"}
        if "actors" in arguments:
            arguments["actors"] = [str(Path(path).absolute()) for path in arguments["actors"]]
        return {
            "eventcoder": self.eventcoder,
            "model_digest": self.model_digest,
            "arguments": arguments,
        }

    def actors_differ(self, other: "Signature") -> bool:
        """Say whether antecedents and home, which mentions hold, came from other actors."""
        return self.actors_digest != other.actors_digest

    def coding_differs(self, other: "Signature") -> bool:
        """Say whether the same mentions would be coded otherwise: by other codes."""
        return self.ontology_digest != other.ontology_digest

    def plain(self) -> dict[str, Any]:
        """Return the signature as it reads after a way through JSON."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return plain


def is_account(content: Mapping[str, Any]) -> bool:
    """Say whether a `run.json` holds what we write there, for it may have been edited since."""
    made, counts = content.get("signature"), content.get("counts", {})
    if not (isinstance(content.get("state"), str) and isinstance(made, dict)):
        return False
    asked = made.get("arguments", {})
    if not (isinstance(asked, dict) and isinstance(asked.get("ontology", ""), str)):
        return False
    own = asked.get("actors", [])
    if not (isinstance(own, list) and all(isinstance(path, str) for path in own)):
        return False
    if not all(isinstance(value, str) for name, value in made.items() if name != "arguments"):
        return False
    if not (isinstance(counts, dict) and all(type(n) is int for n in counts.values())):
        return False
    if not isinstance(content.get("seconds", 0), int | float):
        return False
    if content["state"] != "finished":
        return True
    read, *parts = (counts.get(name, -1) for name in ("read", "coded", "skipped", "failed"))
    return bool(min(parts) >= 0 and read == sum(parts))
