"""Average models that were trained from one base, and calibrate the mean.

    python scripts/average_models.py runs/a runs/b --shares .35 .65 --gold ntrex_dev.jsonl \\
        --out models/default

Runs with other seeds, more data or other rates lie close enough for their mean to read better
than each (Wortsman and others 2022, Model soups). GOLD is events gold that none was trained on.
"""

import argparse
from pathlib import Path

from eventcoder.model.fitting import average


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--shares", type=float, nargs="+", help="as many as models; default: alike")
    parser.add_argument("--gold", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    shares = given.shares or [1.0] * len(given.models)
    if len(shares) != len(given.models):
        parser.error(f"{len(given.models)} models, but {len(shares)} shares")
    average(dict(zip(given.models, shares, strict=True)), given.out, given.gold, print)


if __name__ == "__main__":
    main()
