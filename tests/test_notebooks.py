"""The notebooks run from top to bottom, quietly; the pages beside them name what is there."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pyarrow.parquet
import pytest
from nbclient import NotebookClient

from eventcoder import checks, runs
from eventcoder.tables import Table

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture
def folder(tmp_path: Path, coded: runs.Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder `notebooks` with the sample and its run where a checkout has them."""
    for name in ("schemas", "tests"):
        (tmp_path / name).symlink_to(ROOT / name, target_is_directory=True)
    shutil.copytree(coded.path, tmp_path / "outputs" / "sample")
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    (tmp_path / "notebooks").mkdir()
    return tmp_path / "notebooks"


def test_there_are_three() -> None:
    assert {path.stem for path in NOTEBOOKS} == {"first-steps", "panel-regression", "comparing"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_small_and_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert path.stat().st_size < 50_000
    for cell in notebook.cells:
        assert not cell.get("outputs"), "clear the outputs before committing"
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, folder: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=500, startup_timeout=300, kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )  # fmt: skip
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    # What a reader would take for trouble: warnings, tables without rows, no picture.
    assert [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"] == []
    shown = [o.data for o in outputs if "data" in o]
    assert any("vega" in data.get("text/html", "") for data in shown)
    assert not [data for data in shown if "shape: (0," in data.get("text/plain", "")]


def blocks(page: str, kind: str) -> str:
    text = (ROOT / "docs" / page).read_text("utf-8")
    return "\n".join(re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL))


def test_the_page_for_r_reads_files_that_its_commands_make(
    tmp_path: Path, coded: runs.Run, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., object]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(coded.path, "run")
    for line in blocks("r.md", "sh").splitlines():
        program, command, *arguments = line.split("#")[0].split() or ["", ""]
        if program and command != "code":  # which made the run
            assert program == "eventcoder"
            assert cli(command, *arguments).exit_code == 0  # type: ignore[attr-defined]
    named = re.findall(r'(?:read_parquet|open_dataset|read\.csv)\("([^"]+)"', blocks("r.md", "r"))
    assert len(named) >= 6
    for name in named:
        # R's arrow and Python's are one library.
        if name.endswith(".csv"):
            assert len(Path(name).read_text("utf-8").splitlines()) > 100
        else:
            assert pyarrow.parquet.read_table(name).num_rows > 0
    assert Path("events.csv").read_text("utf-8").startswith("date,source,target,code\n")


@pytest.mark.parametrize("page", ["r.md", "data.md"])
def test_columns_that_a_page_names_are_declared(page: str) -> None:
    declared = {
        column.name
        for row in checks.inventory("tables")
        for column in Table.load(row["table"]).columns
    }
    text = (ROOT / "docs" / page).read_text("utf-8")
    assert set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text)) <= declared
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (ROOT / "docs" / link).exists(), link
