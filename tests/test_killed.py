"""A run that is killed again and again ends with the tables of one that was left alone.

On the sample; with EVENTCODER_DOCUMENTS=100000 on as many documents, each the beginning of one of
its items up to a full stop, in shards of the usual size and with all cores.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from eventcoder import runs, tables

DOCUMENTS = int(os.environ.get("EVENTCODER_DOCUMENTS", "0"))
CORPUS = Path(__file__).parent / "sample" / "corpus"
KILLS = 5
# Small shards, so that there is something to interrupt; a real process in every other way.
CODE = (
    "import sys; from eventcoder import cli, shards; shards.SHARD = int(sys.argv.pop(1)); cli.app()"
)


SHARD, THREADS = (512, 0) if DOCUMENTS else (4, 1)
PARTS = max(DOCUMENTS // SHARD, 100 // SHARD)


def news(folder: Path) -> Path:
    """Return the sample, or a file of so many documents made of it."""
    if not DOCUMENTS:
        return CORPUS
    files = sorted(CORPUS.glob("*.jsonl"))
    items = [json.loads(line) for f in files for line in f.read_text("utf-8").splitlines()]
    with (folder / "made.jsonl").open("w", encoding="utf-8") as file:
        for number in range(DOCUMENTS):
            item = items[number % len(items)]
            text = f"{item['text'].partition('. ')[0]}.\n{number}"
            file.write(json.dumps({**item, "doc_id": f"d{number}", "text": text}) + "\n")
    return folder / "made.jsonl"


def command(*arguments: object, shard: int = SHARD) -> list[str]:
    return [sys.executable, "-c", CODE, str(shard), *map(str, arguments)]


def wait_for_parts(process: subprocess.Popen[bytes], run: Path, more: int) -> None:
    """Wait until a process has finished that many more parts, or ended."""
    folder = run / "mentions"
    had = len(list(folder.glob("part-*"))) if folder.exists() else 0
    while process.poll() is None:
        if folder.exists() and len(list(folder.glob("part-*"))) >= had + more:
            return
        time.sleep(0.01)


@pytest.mark.timeout(7200 if DOCUMENTS else 600)
@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_killed_at_random_moments(tmp_path: Path) -> None:
    out, corpus = tmp_path / "run", news(tmp_path)
    rng = random.Random(9)
    for kill in range(KILLS):
        process = subprocess.Popen(
            command("code", corpus, "--out", out, "--threads", THREADS, "--resume"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for_parts(process, out, rng.randint(1, PARTS // (KILLS + 2)))
        time.sleep(rng.random() * 0.3)
        process.kill()
        process.wait()
        info = json.loads((out / "run.json").read_text("utf-8"))
        assert info["state"] == "coding", f"ended before kill {kill}"
    left = subprocess.run(
        command("code", corpus, "--out", out, "--threads", THREADS, "--resume"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert left.returncode == 0, left.stderr
    whole = subprocess.run(
        command("code", corpus, "--out", tmp_path / "whole", "--threads", THREADS),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert whole.returncode == 0, whole.stderr
    killed, undisturbed = runs.Run.open(out), runs.Run.open(tmp_path / "whole")
    for name in ("documents", "mentions", "events"):
        first, second = (
            tables.collect(getattr(run, name)(), name) for run in (killed, undisturbed)
        )
        assert_frame_equal(first, second)
    assert killed.info()["counts"] == undisturbed.info()["counts"]
    assert not list(out.rglob(".write-*"))
    assert {path.name for path in out.iterdir()} == {
        path.name for path in (tmp_path / "whole").iterdir()
    }  # fmt: skip
    log = (out / "log.jsonl").read_text("utf-8").splitlines()
    events = [json.loads(line)["event"] for line in log]
    assert events.count("coding") == KILLS + 1
    assert events[-1] == "finished"


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_a_full_disk_is_told_and_the_run_goes_on_later(tmp_path: Path) -> None:
    """No file may grow beyond some kilobytes: parts fit, the table of all events does not."""
    import resource

    limit = 80_000
    arguments = command("code", CORPUS, "--out", tmp_path / "run", "--threads", THREADS, "--resume",
                        shard=20)  # fmt: skip
    full = subprocess.run(
        arguments, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert full.returncode == 1
    assert "events.parquet was not written" in full.stderr
    assert "Traceback" not in full.stderr
    later = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert later.returncode == 0, later.stderr
    assert runs.Run.open(tmp_path / "run").info()["counts"]["read"] == 100


@pytest.mark.skipif(sys.platform == "win32", reason="signals are others there")
@pytest.mark.parametrize("given", [0, 4])
def test_one_interrupt_ends_a_run_that_waits_for_a_pipe(tmp_path: Path, given: int) -> None:
    """Before the first document, and when a thread waits for the next."""
    out = tmp_path / "run"
    process = subprocess.Popen(
        command("code", "-", "--out", out, "--threads", 1, shard=1),
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        # A shell that runs its tests in the background has them ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )  # fmt: skip
    assert process.stdin
    assert process.stderr
    for number in range(given):  # a block is a quarter of a megabyte
        row = {"text": f"Iran met Iraq on day {number}.", "other": "x" * 100_000}
        process.stdin.write(json.dumps(row).encode() + b"\n")
    process.stdin.flush()
    wait_for_parts(process, out, 1) if given else time.sleep(4)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    try:
        process.wait(20)
    finally:
        process.kill()
    assert time.monotonic() - began < 5  # under a second, where nothing else runs
    told = process.stderr.read().decode()
    process.stdin.close()
    process.stderr.close()
    assert process.returncode > 0, told
    assert "Fatal" not in told
    assert "Traceback" not in told
