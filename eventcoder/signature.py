"""What made a run: the versions, digests and arguments that its tables hang on."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

import eventcoder


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
        mine, theirs = self.plain(), other.plain()
        return [
            part
            for part in ("eventcoder", "model_digest", "arguments")
            if mine[part] != theirs[part]
        ]

    def coding_differs(self, other: "Signature") -> bool:
        """Say whether mentions would be coded otherwise: by other actors or codes."""
        mine = (self.ontology_digest, self.actors_digest)
        return mine != (other.ontology_digest, other.actors_digest)

    def plain(self) -> dict[str, Any]:
        """Return the signature as it reads after a way through JSON."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return plain
