"""Coverage-guided fuzzing of the corpus readers, cleaning, sentences, dates and gold.

    .venv/bin/python scripts/fuzz.py [TARGET ...] [--runs 10000] [--out outputs/fuzz]

Mutates the seeds of tests/test_fuzz.py with atheris (`pip install atheris`; it is no dependency:
Linux and macOS only), led by the branches of our code that an input reaches; without atheris, with
the mutations of the tests. Each target runs in a process of its own; what it fails on stays in
OUT/TARGET, to be made a case of tests/test_fuzz.py. Exit code 1 if there is anything.
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

TESTS = Path(__file__).resolve().parents[1] / "tests" / "test_fuzz.py"
PROPERTIES = {
    "text": "test_cleaning_and_sentences_cover_any_text",
    "dates": "test_dates_of_anything",
}
LONGEST = 4096  # bytes of an input
SLOW = 20  # seconds for one input: a hang


def load(instrumented: Any) -> ModuleType:
    """Import the tests with all they test; `instrumented` watches the branches."""
    spec = importlib.util.spec_from_file_location("test_fuzz", TESTS)
    assert spec and spec.loader
    tests = importlib.util.module_from_spec(spec)
    with instrumented:
        spec.loader.exec_module(tests)
    return tests


def target(tests: ModuleType, name: str, scratch: Path) -> Callable[[bytes], Any]:
    """Return what takes an input: a file for a reader, or what hypothesis draws from bytes."""
    if name in PROPERTIES:
        found: Callable[[bytes], Any] = getattr(tests, PROPERTIES[name]).hypothesis.fuzz_one_input
        return found
    file = scratch / f"f{name}"

    def read(data: bytes) -> None:
        file.write_bytes(data)
        tests.read_all(file)

    return read


def guided(name: str, runs: int, out: Path) -> None:
    """Run atheris on one target; it ends the process."""
    import atheris

    tests = load(atheris.instrument_imports(include=["eventcoder"]))
    seeds = out / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    if name in tests.SEEDS:
        (seeds / "seed").write_bytes(tests.SEEDS[name])
    with tempfile.TemporaryDirectory() as scratch:
        flags = [f"-runs={runs}", f"-max_len={LONGEST}", f"-timeout={SLOW}", "-verbosity=1"]
        atheris.Setup([sys.argv[0], *flags, f"-artifact_prefix={out}/", str(seeds)],
                      target(tests, name, Path(scratch)))  # fmt: skip
        atheris.Fuzz()


def drawn(name: str, runs: int) -> None:
    """Run hypothesis on one target."""
    from hypothesis import given, settings

    tests = load(nullcontext())
    profile = settings(tests.fuzzed, max_examples=runs, derandomize=False)
    with tempfile.TemporaryDirectory() as scratch:
        if name in PROPERTIES:
            profile(getattr(tests, PROPERTIES[name]))()
        else:
            profile(given(tests.damaged(tests.SEEDS[name]))(target(tests, name, Path(scratch))))()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("targets", nargs="*", help="all, if none is named")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--out", type=Path, default=Path("outputs/fuzz"))
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    has_atheris = importlib.util.find_spec("atheris") is not None
    if args.inside:
        (name,) = args.targets
        folder = args.out / name.strip(".")
        folder.mkdir(parents=True, exist_ok=True)
        guided(name, args.runs, folder) if has_atheris else drawn(name, args.runs)
        return
    tests = load(nullcontext())
    failed = []
    for name in args.targets or [*tests.SEEDS, *PROPERTIES]:
        command = [sys.executable, __file__, name, "--inside", f"--runs={args.runs}",
                   f"--out={args.out}"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        print(f"{name:12} {args.runs:,} inputs: {'good' if not done.returncode else 'FAILED'}",
              flush=True)  # fmt: skip
        if done.returncode:
            failed.append(name)
            print(done.stderr[-3000:], file=sys.stderr)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
