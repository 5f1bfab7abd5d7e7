"""Fit a model's confidence and threshold anew, in place.

    python scripts/calibrate_model.py models/default --gold ntrex_dev.jsonl \\
        --both models/training/duals.*.jsonl

Wanted after a change of the actors, the rules or the reading, which a model's confidence answers
for too. GOLD is events gold that the model was not trained on; BOTH, annotated sentences with words
for two ("both sides") that it was not either.
"""

import argparse
from pathlib import Path

from eventcoder import evaluation, gold
from eventcoder.model.fitting import recalibrate


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("--gold", type=Path, nargs="+", required=True)
    parser.add_argument("--both", type=Path, nargs="+", default=[])
    given = parser.parse_args()
    documents = [document for path in given.gold for document in evaluation.documents(path)]
    both = [example for path in given.both for example in gold.examples(path)]
    recalibrate(given.model, documents, print, both)


if __name__ == "__main__":
    main()
