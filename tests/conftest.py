"""What several tests share: the sample corpus, coded once with the shipped model."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from typer.testing import CliRunner, Result

from eventcoder import pipeline, runs
from eventcoder.cli import app

SAMPLE = Path(__file__).parent / "sample"
Cli = Callable[..., Result]

# A commit passes or fails every time alike; EVENTCODER_EXPLORE=20000 looks for what is new.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile(
    "explore", max_examples=int(os.environ.get("EVENTCODER_EXPLORE", "100")), deadline=None
)
settings.load_profile("explore" if "EVENTCODER_EXPLORE" in os.environ else "repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `tests/test_floors.py` knows of."""
    parser.addoption(
        "--raise-floors", action="store_true", help="lift tests/floors.toml to today's figures"
    )


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Return the folder of the sample corpus."""
    return SAMPLE / "corpus"


@pytest.fixture(scope="session")
def coder() -> pipeline.Coder:
    """Return the shipped model with dictionary and ontology, on one core."""
    return pipeline.Coder.load(pipeline.Options(threads=1))


@pytest.fixture(scope="session")
def coded(tmp_path_factory: pytest.TempPathFactory, corpus: Path) -> runs.Run:
    """Code the sample corpus; tests read the run and leave it as it is."""
    out = tmp_path_factory.mktemp("coded") / "run"
    return pipeline.code([corpus], out, pipeline.Options(threads=1))


@pytest.fixture
def cli() -> Iterator[Cli]:
    """Return what runs the command line in this process; an exception is a failed test."""
    runner = CliRunner()

    def call(*arguments: object, stdin: str | bytes | None = None) -> Result:
        result = runner.invoke(app, [str(a) for a in arguments], input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    yield call
