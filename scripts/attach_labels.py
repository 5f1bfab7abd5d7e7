"""Our labels without their sentences in, annotated gold out, where you have the texts.

    python scripts/attach_labels.py models/training/labels.en.jsonl en_news_pool.txt > gold.jsonl
    python scripts/attach_labels.py --detach gold.jsonl > models/training/labels.en.jsonl

The labels on public news sentences are ours, the sentences are not: the repository keeps spans,
codes and a digest of each sentence. With the texts (WMT news test sets 2008-2021, PEYMA,
CLEANANERCorp, ans headlines, one sentence a line; PLV and cameo_class records as JSON lines with
`text`) the gold is put together again.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path


def digest(text: str) -> str:
    """Return 20 hex digits that name a sentence; outer white space doesn't count."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:20]


def detach(record: dict) -> dict:
    """Return an annotated record with offsets in place of every word of the sentence."""
    text = record["text"]
    events = []
    for event in record["events"]:
        words = event.get("evidence") or ""
        at = text.find(words) if words else -1
        kept = {k: v for k, v in event.items() if k != "evidence"}
        events.append({**kept, "evidence": [at, at + len(words)] if at >= 0 else None})
    actors = [{k: a[k] for k in ("start", "end", "code")} for a in record["actors"]]
    return {"id": record["id"], "lang": record["lang"], "sentence": digest(text),
            "actors": actors, "events": events}  # fmt: skip


def attach(label: dict, text: str) -> dict:
    """Return the annotated record of a label and its sentence."""
    events = [
        {**e, "evidence": text[slice(*e["evidence"])] if e["evidence"] else ""}
        for e in label["events"]
    ]
    actors = [{"text": text[a["start"] : a["end"]], **a} for a in label["actors"]]
    return {"id": label["id"], "lang": label["lang"], "text": text, "actors": actors,
            "events": events}  # fmt: skip


def texts(path: Path) -> list[str]:
    """Return the sentences of a file of lines or of JSON lines with `text`."""
    lines = path.read_text("utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines] if path.suffix == ".jsonl" else lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=Path)
    parser.add_argument("texts", type=Path, nargs="*")
    parser.add_argument("--detach", action="store_true")
    args = parser.parse_args()
    records = [json.loads(line) for line in args.labels.read_text("utf-8").splitlines() if line]
    if args.detach:
        for record in records:
            print(json.dumps(detach(record), ensure_ascii=False, separators=(",", ":")))
        return
    sentences = {digest(text): text.strip() for path in args.texts for text in texts(path)}
    missing = 0
    for label in records:
        text = sentences.get(label["sentence"])
        if text is None:
            missing += 1
        else:
            print(json.dumps(attach(label, text), ensure_ascii=False, separators=(",", ":")))
    if missing:
        print(f"{missing} of {len(records)} sentences are not in these texts", file=sys.stderr)


if __name__ == "__main__":
    main()
