"""Times `eventcoder code` from files to coded events on documents made from the bundled sample.

Documents are whole sample items with their sentences in the order written, one in ten sentences
left out and the id changed, so that no two are byte-identical but language, length and density of
events are the sample's. Prints documents, sentences and seconds, sentences a second, and the
largest resident memory of the coding process (Linux: VmHWM). Other options go to `eventcoder
code`, for instance `--engine ray`. `--share` prints instead in which share of the time the model's
sessions ran while documents were prepared and coded around them.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

SAMPLE = Path(__file__).resolve().parent.parent / "tests/sample/corpus"


def documents(count: int, seed: int = 1) -> list[dict[str, object]]:
    """`count` documents with new ids, made from the sample's items in turn."""
    rng = random.Random(seed)
    items = [json.loads(line) for file in sorted(SAMPLE.glob("*.jsonl")) for line in file.open()]
    made = []
    for number in range(count):
        item = dict(items[number % len(items)])
        paragraphs = [part for part in str(item["text"]).split("\n") if part and rng.random() > 0.1]
        item["text"] = "\n".join(paragraphs) or item["text"]
        item["doc_id"] = f"made-{number:07d}"
        made.append(item)
    return made


class Timed:
    """An ONNX session that counts the seconds in which it runs."""

    seconds = 0.0

    def __init__(self, real: object) -> None:
        self.real = real

    def run(self, *arguments: object) -> object:
        began = time.perf_counter()
        try:
            return self.real.run(*arguments)
        finally:
            Timed.seconds += time.perf_counter() - began


def share(corpus: Path, threads: int) -> None:
    """Codes in this process and prints in which share of the time the model's sessions ran."""
    from eventcoder import corpus as files
    from eventcoder import pipeline, shards

    coder = pipeline.Coder.load(pipeline.Options(threads=threads))
    coder.model._encoder, coder.model._pair = map(Timed, (coder.model._encoder, coder.model._pair))
    sentences, began = 0, time.perf_counter()
    for _, part in coder.parts(shards.cut(files.read([corpus]))):
        sentences += int(part.documents["n_sentences"].sum())
    seconds = time.perf_counter() - began
    print(f"sentences       {sentences:>10,}")
    print(f"sentences/s     {sentences / seconds:>10.0f}  from file to coded rows, nothing written")
    print(f"sessions ran    {Timed.seconds / seconds:>10.1%}  of {seconds:.1f} s")


def main() -> None:
    """Makes the corpus, codes it in a process of its own, prints what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="a folder for the corpus and the run, kept")
    parser.add_argument("--share", action="store_true", help="how busy the model is, in-process")
    parser.add_argument("--threads", type=int, default=0)
    options, rest = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        corpus = folder / "corpus.jsonl"
        with corpus.open("w", encoding="utf-8") as file:
            for item in documents(options.documents):
                file.write(json.dumps(item, ensure_ascii=False) + "\n")
        if options.share:
            share(corpus, options.threads)
            return
        command = [str(Path(sys.executable).with_name("eventcoder")), "code", str(corpus)]
        command += ["--out", str(folder / "run"), "--threads", str(options.threads), *rest]
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        # wait4 gives the largest resident set of this one child, in KiB on Linux.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        if status:
            raise SystemExit(f"eventcoder code ended with {os.waitstatus_to_exitcode(status)}")
        read = pl.read_parquet(folder / "run/documents.parquet")
        sentences = int(read["n_sentences"].sum())
        events = pl.scan_parquet(folder / "run/events.parquet").select(pl.len()).collect().item()
    print(f"documents       {read.height:>10,}")
    print(f"sentences       {sentences:>10,}")
    print(f"event rows      {events:>10,}")
    print(f"seconds         {seconds:>10.1f}")
    print(f"sentences/s     {sentences / seconds:>10.0f}")
    print(f"peak memory MB  {usage.ru_maxrss / 1024:>10.0f}")


if __name__ == "__main__":
    main()
