"""The README's picture: three sentences as the shipped model reads them, and their coded rows.

.venv/bin/python scripts/draw_overview.py > overview.html
chromium --headless --screenshot=docs/overview.png --window-size=1100,560 overview.html
"""

import datetime as dt
import html
import sys

from eventcoder import pipeline
from eventcoder.records import Document

SENTENCES = (
    ("ar", "نفت طاجيكستان رسميا المزاعم الأفغانية بشأن مساعدة حركة طالبان."),
    ("fa", "وزیر امور خارجه ایران روز سه‌شنبه در بغداد با نخست‌وزیر عراق دیدار کرد."),
    ("en", "The United States imposed new sanctions on Iran on Friday, and Moscow condemned them."),
)
STYLE = """
body{font:17px/1.5 'DejaVu Sans','Noto Sans Arabic',sans-serif;margin:0;padding:28px 34px;
color:#1d2530;background:#fff;width:1030px}h1{font-size:23px;margin:0 0 4px}
p.sub{color:#57606a;margin:0 0 18px}
.card{border:1px solid #d0d7de;border-radius:8px;padding:10px 16px;margin:0 0 14px}
.sentence{font-size:20px;margin:0 0 6px}mark{border-radius:4px;padding:1px 4px}
.source{background:#cfe3ff}.event{background:#ffe1b3}.target{background:#cdeed6}
table{border-collapse:collapse;font-size:15px}td{padding:1px 18px 1px 0;white-space:nowrap}
.code{font-weight:600}.grey{color:#57606a}
"""


def marked(sentence: str, row: dict) -> str:
    """Return the sentence in HTML with source, act and target of a row marked."""
    spans = sorted(
        (sentence.find(row[f"{role}_text"]), row[f"{role}_text"], role)
        for role in ("source", "event", "target")
        if row[f"{role}_text"]
    )
    out, at = "", 0
    for start, words, role in spans:
        if start >= at:
            out += html.escape(sentence[at:start])
            out += f'<mark class="{role}">{html.escape(words)}</mark>'
            at = start + len(words)
    return out + html.escape(sentence[at:])


def main() -> None:
    coder = pipeline.Coder.load(pipeline.Options())
    cards = ""
    for language, sentence in SENTENCES:
        document = Document(language, sentence, published=dt.date(2024, 5, 18), language=language)
        rows = [
            r for r in coder.code(coder.read([document])).iter_rows(named=True) if not r["dropped"]
        ]
        table = "".join(
            f'<tr><td class="code">{r["source"]} {r["event_code"]} {r["target"]}</td>'
            f"<td>{coder.ontology[r['event_code']].name}</td><td>{r['event_date']}</td>"
            f'<td class="grey">quad {r["quad_class"]}, Goldstein {r["goldstein"]:+.1f}, '
            f"confidence {r['confidence']:.2f}</td></tr>"
            for r in rows
        )
        shown = marked(sentence, rows[0]) if rows else html.escape(sentence)
        cards += f'<div class="card"><div class="sentence" dir="auto">{shown}</div>'
        cards += f"<table>{table}</table></div>"
    sys.stdout.write(
        f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>"
        "<h1>Who did what to whom</h1><p class=sub>"
        '<mark class="source">source</mark> <mark class="event">act</mark> '
        '<mark class="target">target</mark>, in Arabic, Persian and English, '
        f"as CAMEO events with a date and a probability</p>{cards}"
    )


if __name__ == "__main__":
    main()
