"""Sentences a second of the shipped model, of its bare ONNX session, and of plain PyTorch.

    .venv/bin/python scripts/benchmark_model.py [--model default] [--threads 2] [GOLD.jsonl ...]

All three see the same batches in one run: (1) PyTorch, float32, the encoder alone; (2) the int8
ONNX encoder session alone; (3) `EncoderModel.read`, from text to acts: tokenising, batching, the
session, mentions, pairs, codes. Sentences: the texts of the given gold files, by default the
sample's, repeated to `--sentences`.
"""

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np

from eventcoder import resources
from eventcoder.model import encoder
from eventcoder.model.encoder import EncoderModel

SAMPLE = Path(__file__).parents[1] / "tests" / "sample" / "gold.jsonl"


def best_of(runs: int, work) -> float:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", type=Path, nargs="*", default=[SAMPLE])
    parser.add_argument("--model", default="default")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sentences", type=int, default=1200)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    texts = [json.loads(line)["text"] for p in args.gold for line in p.open(encoding="utf-8")]
    texts = (texts * (args.sentences // len(texts) + 1))[: args.sentences]
    model = EncoderModel(resources.model(args.model), args.threads)
    encodings = model.tokenizer.encode_batch(texts)
    groups = list(encoder._groups([len(e.ids) for e in encodings]))
    batches = [encoder._padded([encodings[i] for i in g]) for g in groups]
    tokens = sum(len(e.ids) for e in encodings)
    mean = tokens / len(texts)
    print(f"{len(texts):,} sentences of {mean:.1f} tokens, {args.threads} threads")

    def one(batch) -> None:
        model._encoder.run(None, {"ids": batch[0], "mask": batch[1]})

    def bare() -> None:  # side by side, as `read` does it
        list((model._pool.map if model._pool else map)(one, batches[::-1]))

    session = best_of(args.runs, bare)
    whole = best_of(args.runs, lambda: model.read(texts))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    plain = torch_seconds(args, batches)
    for name, seconds in (
        ("ONNX int8 encoder session alone", session),
        ("text to acts (EncoderModel.read)", whole),
        ("PyTorch float32 encoder alone", plain),
    ):
        rate, times = len(texts) / seconds, plain / seconds
        print(f"{name:34} {rate:6.0f} sentences/s  {times:4.1f} x PyTorch")
    print(f"text to acts takes {whole / session - 1:.0%} more time than the bare session;")
    print(f"peak memory before PyTorch was loaded {peak:.0f} MB")


def torch_seconds(args: argparse.Namespace, batches: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Time the same network in float32 on the same batches; once, for it is slow."""
    import torch

    from eventcoder.model import training

    torch.set_num_threads(args.threads)
    recipe = training.Recipe(base=str(resources.model(args.model)))
    network = training.start(recipe, 1).network.eval()

    def plain() -> None:
        with torch.inference_mode():
            for ids, mask in batches:
                network.encode(torch.from_numpy(ids), torch.from_numpy(mask))

    return best_of(1, plain)


if __name__ == "__main__":
    main()
