"""Rules of the house that a test can hold: import order, heavy imports, who prints and writes."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "eventcoder"
# The way up from the ground, floor by floor, and on a floor from left to right: a module imports
# only what stands before it. A new module gets its place here.
FLOORS = {
    "ground": "errors resources records",
    "knowledge": "codes decoding declarations tables ontology languages countries actor_tables "
    "gold",
    "corpus": "formats expressions dates corpus",
    "text": "furniture cleaning quotations duals sentences",
    "actors": "cues gazetteer transliteration composition surnames "
    "surroundings actors seen fuller_names antecedents sides",
    "model": "model.description model.confidence model.spans model.encoder",
    "extraction": "extraction",
    "coding": "writing signature runs events sketches duplicates leakage matching scoring "
    "resolution evaluation spotting behaviour consistency",
    "series": "correction selection panels dyads",
    "release": "metadata codebook release changes soundness",
    "exchange": "layouts imports exports pictures comparison",
    "flow": "coder shards cluster pipeline explanation checks",
    "training": "model.augmentation model.data model.features model.network model.training "
    "model.export model.fitting",
    "face": "drawing figures report notebook",
    "command line": "console cli",
}
ORDER = [name for floor in FLOORS.values() for name in floor.split()]
# Two files of one job, where the lower one calls the upper one from inside a function.
UPWARD = {
    ("metadata", "codebook"),
    ("release", "changes"),
    ("release", "soundness"),
    ("model.training", "model.export"),
}

TRAINING = {"torch", "transformers", "datasets", "accelerate"}
TRAINERS = set(FLOORS["training"].split()) - {"model.augmentation"}
WITHOUT_FRAMES = ("records", "sentences", "languages", "cleaning", "dates", "actors", "extraction")
PRINTERS = {"cli", "console", "explanation"}
TABLE_WRITERS = {"writing", "release", "report", "exports"}
TABLE_CALLS = ("sink_", "write_parquet", "write_csv", "write_ndjson", "write_json", "to_csv")


def name_of(file: Path) -> str:
    return file.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")


FILES = {name_of(file): file for file in PACKAGE.rglob("*.py") if file.name != "__init__.py"}
TREES = {name: ast.parse(file.read_text("utf-8")) for name, file in FILES.items()}


def imports(name: str) -> Iterator[tuple[str, int]]:
    """Yield (dotted name, line) of all a module imports at run time, inside functions too."""
    pending: list[ast.AST] = [TREES[name]]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        pending += ast.iter_child_nodes(node)


def own_imports(name: str) -> Iterator[tuple[str, int]]:
    for dotted, line in imports(name):
        inner = dotted.removeprefix("eventcoder.")
        if dotted != inner and inner in FILES:
            yield inner, line


def test_every_module_has_its_place() -> None:
    assert sorted(ORDER) == sorted(FILES)


@pytest.mark.parametrize("name", ORDER)
def test_imports_go_down(name: str) -> None:
    place = ORDER.index(name)
    upward = {
        f"{FILES[name].name}:{line} imports {other}"
        for other, line in own_imports(name)
        if ORDER.index(other) >= place and (name, other) not in UPWARD
    }
    assert not upward


@pytest.mark.parametrize("pair", sorted(UPWARD))
def test_the_exceptions_are_still_needed_and_inside_functions(pair: tuple[str, str]) -> None:
    lower, upper = pair
    assert upper in {other for other, _ in own_imports(lower)}
    at_the_top = [node for node in TREES[lower].body if isinstance(node, ast.ImportFrom)]
    assert not any((node.module or "").endswith(upper) for node in at_the_top)


def test_only_training_imports_its_libraries() -> None:
    found = {
        name
        for name in FILES
        for dotted, _ in imports(name)
        if dotted.partition(".")[0] in TRAINING
    }
    assert found <= TRAINERS
    assert "model.training" in found


def test_the_way_from_document_to_mention_knows_no_frames() -> None:
    for name in WITHOUT_FRAMES:
        assert "polars" not in {dotted.partition(".")[0] for dotted, _ in imports(name)}, name


def calls(name: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def test_only_the_command_line_and_the_explanation_print() -> None:
    talk = ("print", "typer.echo", "typer.secho", "console.print", "sys.stdout", "sys.stderr")
    printing = {name for name in FILES for call, _ in calls(name) if call.startswith(talk)}
    assert printing == PRINTERS


def test_only_few_modules_write_tables() -> None:
    writing = {
        name
        for name in FILES
        for call, _ in calls(name)
        if call.rpartition(".")[2].startswith(TABLE_CALLS)
    }
    assert writing <= TABLE_WRITERS


def test_no_module_is_called_utils() -> None:
    vague = {"utils", "util", "helpers", "misc", "common", "base", "manager"}
    assert not vague & {name.rpartition(".")[2] for name in FILES}


def test_modules_say_what_they_are_for() -> None:
    for name, tree in TREES.items():
        assert (ast.get_docstring(tree) or "").strip(), name


@pytest.mark.parametrize(
    "program",
    [
        "import eventcoder",
        "import eventcoder.cli",
        "from typer.testing import CliRunner; from eventcoder.cli import app; "
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0",
    ],
)
def test_a_light_start(program: str) -> None:
    """Neither `import eventcoder` nor `--help` loads what takes long."""
    heavy = "{'torch', 'transformers', 'polars', 'numpy', 'onnxruntime', 'altair', 'trafilatura'}"
    check = f"import sys; {program}; loaded = {heavy} & set(sys.modules); assert not loaded, loaded"
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_coding_needs_no_training_library() -> None:
    check = (
        "import sys; sys.modules.update(dict.fromkeys(['torch', 'transformers', 'datasets'])); "
        "import eventcoder.pipeline, eventcoder.explanation, eventcoder.checks, eventcoder.release"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
