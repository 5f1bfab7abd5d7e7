"""Score actor resolution on annotated sentences, the mention given.

    python scripts/score_actors.py GOLD.jsonl... [--errors 40] [--tables more.csv ...]

Each line: {"lang", "text", "published"?, "actors": [{"text", "code"}]}. Country is the first
three letters of the code, role the rest where gold has one; a name after a slash is a comment.
"""

import argparse
import datetime as dt
import json
import random
import time
from collections import Counter, defaultdict
from pathlib import Path

from eventcoder.actors import ActorDictionary


def mentions(paths: list[Path]) -> list[tuple[str, str, str, str, dt.date | None, str]]:
    """Return (file, language, sentence, mention, day, gold code) of every gold actor."""
    found = []
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            day = row.get("published")
            on = dt.date.fromisoformat(day[:10]) if day else None
            for actor in row.get("actors", []):
                code = actor["code"].partition("/")[0]
                found.append((path.stem, row["lang"], row["text"], actor["text"], on, code))
    return found


def main() -> None:
    """Print shares right by file, and a sample of errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", nargs="+", type=Path)
    parser.add_argument("--tables", nargs="*", type=Path, default=[])
    parser.add_argument("--errors", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    began = time.perf_counter()
    actors = ActorDictionary.load(asked.tables)
    loaded = time.perf_counter() - began
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    errors: defaultdict[str, list[tuple[str, str, str, str, str]]] = defaultdict(list)
    began = time.perf_counter()
    for name, lang, text, mention, on, gold in mentions(asked.gold):
        actor = actors.resolve(mention, lang, on, context=text)
        code = actor.code if actor else ""
        right = code[:3] == gold[:3]
        tally = counts[name]
        tally["n"] += 1
        tally["found"] += bool(actor)
        tally["country"] += right
        tally["role"] += code[3:6] == gold[3:6]
        tally["code"] += code == gold
        if actor and actor.row.endswith("-cap") and "+" not in actor.row:
            tally["capital"] += 1  # a capital alone: state or government is a convention
            tally["capital code"] += code == gold
        if code != gold:
            kind = "none" if not code else "role" if right else "country"
            errors[kind].append((gold, code, mention, actor.row if actor else "", text[:110]))
    spent = time.perf_counter() - began
    total = sum(tally["n"] for tally in counts.values())
    print(
        f"{len(actors.rows)} rows, loaded in {loaded:.2f} s, {total / spent:.0f} mentions a second"
    )
    for name, tally in counts.items():
        shares = "  ".join(
            f"{key} {tally[key] / tally['n']:.3f}" for key in ("found", "country", "role", "code")
        )
        aside = (tally["code"] - tally["capital code"]) / (tally["n"] - tally["capital"])
        print(f"{name:14} n {tally['n']:5}  {shares}  code without bare capitals {aside:.3f}")
    rng = random.Random(asked.seed)
    for kind, listed in errors.items():
        print(f"\n{kind}: {len(listed)}")
        for row in rng.sample(listed, min(asked.errors, len(listed))):
            print("  ", " | ".join(row))


if __name__ == "__main__":
    main()
