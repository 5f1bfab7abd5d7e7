import datetime as dt
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from eventcoder import drawing, figures, release, report, resources, tables
from eventcoder.errors import EventcoderError
from eventcoder.exports import export
from eventcoder.model import description
from eventcoder.ontology import Ontology
from eventcoder.runs import Run
from eventcoder.signature import Signature

PERSIAN = "وزیر خارجه ایران روز شنبه در بغداد با همتای عراقی خود دیدار کرد."
SOURCE, TARGET, WORDS = "وزیر خارجه ایران", "همتای عراقی", "دیدار کرد"


def event(number: int = 0, **more: Any) -> dict[str, Any]:
    row = {
        "event_id": f"e{number}", "event_date": dt.date(2020, 5, 2), "date_precision": "day",
        "source": "IRNGOV", "source_country": "IRN", "source_text": SOURCE, "target": "IRQGOV",
        "target_country": "IRQ", "target_text": TARGET, "event_code": "040", "base_code": "040",
        "root_code": "04", "quad_class": 1, "goldstein": 1.0, "modality": "done",
        "confidence": 0.875, "event_text": WORDS, "language": "fa", "doc_id": f"d{number}",
        "sentence_number": 1, "sentence_text": PERSIAN, "published": dt.date(2020, 5, 3),
        "publisher": "خبرگزاری", "mention_id": f"m{number}",
    }  # fmt: skip
    return {**row, **more}


def mention(row: dict[str, Any]) -> dict[str, Any]:
    places = {}
    for part in ("source", "target", "event"):
        words = row[f"{part}_text"]
        start = row["sentence_text"].find(words)
        places |= {f"{part}_text": words, f"{part}_start": start, f"{part}_end": start + len(words)}
    same = ("mention_id", "doc_id", "sentence_number", "sentence_text", "language", "event_code",
            "confidence", "modality")  # fmt: skip
    return {**{name: row[name] for name in same}, **places, "alternatives": []}


def document(row: dict[str, Any], **more: Any) -> dict[str, Any]:
    dated = row["published"]
    return {
        "doc_id": row["doc_id"], "status": "coded", "published": dated, "language": row["language"],
        "published_basis": "given" if dated else "none", "n_sentences": 3, "n_events": 1,
        "cluster_id": "c0", **more,
    }  # fmt: skip


def table(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = tables.schema(name)
    frame = pl.DataFrame([{c: r.get(c) for c in schema} for r in rows], schema=schema)
    return tables.conform(frame, name)


def run(
    path: Path, *rows: dict[str, Any], failed: list[dict[str, Any]] | None = None, **made: Any
) -> Path:
    """Make a run folder by hand: a document and a mention an event."""
    documents = table("documents", [*map(document, rows), *(failed or [])])
    legible = [mention(row) for row in rows if row["sentence_text"] and row["confidence"]]
    made = {"model": "default", "arguments": {"threshold": 0.5}, **made}
    signature = Signature(**made)
    counts = {
        "read": documents.height,
        "coded": len(rows),
        "skipped": 0,
        "failed": len(failed or []),
    }
    with Run.create(path, signature) as one:
        one.write_part(0, documents, table("mentions", legible))
        one.write("documents", documents)
        one.write("events", table("events", list(rows)))
        one.finish(signature, counts, 1.0)
    return path


def text(page: str) -> str:
    """Return the words of a page as a reader sees them."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("</style>")[1]).split())


def test_a_run_of_nothing(tmp_path: Path) -> None:
    page = report.render(run(tmp_path / "run"))
    for words in ("No event was kept: nothing was coded", "No document was read",
                  "No kept event has a date", "holds no sentences",
                  "No event has a confidence"):  # fmt: skip
        assert words in text(page)


def test_one_event(tmp_path: Path) -> None:
    page = report.render(run(tmp_path / "run", event()))
    assert "IRN → IRQ" in text(page)
    assert "Iran → Iraq" in text(page)
    assert '<bdi dir="ltr" class="code">IRNGOV → IRQGOV</bdi>' in page
    assert "One coded sentence" in text(page)
    assert "1 of the 1 kept events (100.0 %)" in text(page)
    assert "Events under 0.50 are left out" in text(page)


def test_sentences_are_marked_in_their_direction(tmp_path: Path) -> None:
    page = report.render(run(tmp_path / "run", event()))
    assert '<p class="text" dir="auto" lang="fa"><mark class="source">' in page
    for name, words in (("source", SOURCE), ("target", TARGET), ("event", WORDS)):
        assert f'<mark class="{name}">{words}</mark>' in page
    sentence = re.search(r'<p class="text".*?</p>', page)
    assert sentence
    assert re.sub(r"<[^>]+>", "", sentence[0]) == PERSIAN


def test_codes_are_named_by_the_ontology_that_coded_them(tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    head = "event_code,name,root_code,quad_class,goldstein\n"
    mine.write_text(f"{head}04,TALK,04,1,1\n040,Have a chat,04,1,1\n", "utf-8")
    cameo, own = Ontology.load(), Ontology.load(mine)

    def named(name: str, **made: Any) -> str:
        return text(report.render(run(tmp_path / name, event(), **made)))

    theirs = cameo["040"].name
    assert f"040 {theirs}" in named("older", ontology="cameo 1.1b3")
    signed = {"ontology": "cameo 1.1b3", "ontology_digest": cameo.digest}
    page = named("shipped", **signed, arguments={"ontology": "cameo"})
    assert f"040 {theirs}" in page
    out = release.make(tmp_path / "shipped", tmp_path / "v1", "1.0", with_text=True)
    assert f"040 {theirs}" in text(report.render(out))
    signed = {"ontology": "mine unversioned", "ontology_digest": own.digest}
    page = named("own", **signed, arguments={"ontology": str(mine)})
    assert "040 Have a chat" in page and theirs not in page
    # A release does not bring its ontology along: no name is better than another's.
    out = release.make(tmp_path / "own", tmp_path / "v2", "1.0", with_text=True)
    page = text(report.render(out))
    assert "IRN → IRQ" in page and "Have a chat" not in page and theirs not in page
    mine.unlink()
    with pytest.raises(EventcoderError, match=r"mine\.csv is gone"):
        report.render(tmp_path / "own")


def test_events_without_dates(tmp_path: Path) -> None:
    undated = event(event_date=None, date_precision="none", published=None)
    page = text(report.render(run(tmp_path / "run", undated)))
    assert "No kept event has a date" in page
    assert "1 kept events have no date" in page
    assert "1 of 1 documents have no known day" in page
    assert "not dated" in page


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    row = event(
        sentence_text=f"{SOURCE} {evil}", publisher=evil, doc_id=evil, url="javascript:alert(1)",
        source="", source_country="", event_text=evil, target_text="",
    )  # fmt: skip
    failed = [{"doc_id": "f", "path": "x", "status": "failed", "reason": evil, "n_sentences": 0,
               "published_basis": "none", "n_events": 0}]  # fmt: skip
    page = report.render(run(tmp_path / "run", row, failed=failed))
    assert "<script" not in page
    assert "<img" not in page
    assert "javascript:" not in page
    assert page.count("&lt;script&gt;") >= 4


def test_only_web_addresses_become_links(tmp_path: Path) -> None:
    page = report.render(run(tmp_path / "run", event(url="https://news.example.org/1?a=1&b=2")))
    assert 'href="https://news.example.org/1?a=1&amp;b=2" rel="noopener noreferrer"' in page


def test_the_page_asks_for_nothing_from_elsewhere(tmp_path: Path) -> None:
    page = report.render(run(tmp_path / "run", *(event(n) for n in range(5))))
    assert not re.search(r'( src=| srcset=|@import|url\(|<link|href="(?!https?://))', page)
    assert "default-src 'none'" in page


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    rows = [
        event(0),
        event(1, dropped="low confidence", confidence=0.125),
        event(2, source="", source_country="", source_text="کمیته", dropped="unknown source"),
    ]
    failed = [{"doc_id": "f", "path": "x.html", "status": "failed", "reason": "no text",
               "n_sentences": 0, "published_basis": "none", "n_events": 0}]  # fmt: skip
    page = report.render(run(tmp_path / "run", *rows, failed=failed))
    words = text(page)
    for part in ("low confidence 1", "unknown source 1", "failed: no text 1", "coded 3"):
        assert part in words
    assert '<bdi dir="auto" lang="fa">کمیته</bdi>' in page


def test_twenty_sentences_by_lot(tmp_path: Path) -> None:
    folder = run(tmp_path / "run", *(event(n) for n in range(60)))
    one, again, other = (report.render(folder, seed) for seed in (0, 0, 1))
    assert one == again
    assert one.count('<p class="text"') == 20
    chosen = [set(re.findall(r"<bdi>(d\d+)</bdi>", page)) for page in (one, other)]
    assert chosen[0] != chosen[1]


def test_old_background_does_not_stretch_the_time_line(tmp_path: Path) -> None:
    rows = [event(n) for n in range(3)] + [event(9, event_date=dt.date(1934, 1, 1))]
    page = text(report.render(run(tmp_path / "run", *rows)))
    assert "Kept events by day" in page
    assert "1 events that took place long before or after" in page


def test_a_release_in_one_file_and_in_years(tmp_path: Path) -> None:
    days = [dt.date(year, 5, 2) for year in (2019, 2020)]
    rows = [event(i, event_date=day, published=day) for i, day in enumerate(days)]
    made = run(tmp_path / "run", *rows)
    for name, large in (("one", 10), ("years", 1)):
        release.make(made, tmp_path / name, "1.2", title="News", large=large)
        page = text(report.render(tmp_path / name))
        assert "News 1.2 Report on a release of coded" in page
        assert "Made by model:default" in page
        assert "This release holds no sentences of kept events" in page
        assert "Events kept 2" in page and "2 of the 2 kept" in page
    assert (tmp_path / "years" / "events").is_dir()


def test_published_data_of_others(tmp_path: Path) -> None:
    (tmp_path / "icews").mkdir()
    export(table("events", [event(), event(1)]), "icews", tmp_path / "icews" / "2020.tab")
    for path, kind in (
        (tmp_path / "icews", "a data set"),
        (*(tmp_path / "icews").iterdir(), "an events file"),
    ):
        page = text(report.render(path))
        assert f"Report on {kind} of coded" in page and "Events kept 2" in page
        assert "IRN → IRQ" in page


def test_an_events_file_of_others(tmp_path: Path) -> None:
    rows = [event(n, sentence_text=None, language=None, confidence=None) for n in range(3)]
    table("events", rows).write_parquet(tmp_path / "gdelt.parquet")
    page = text(report.render(tmp_path / "gdelt.parquet"))
    assert "Report on an events file" in page
    assert "No event has a confidence" in page
    assert "not known 3" in page


def test_how_the_confidence_held_is_drawn_for_the_model_at_hand(tmp_path: Path) -> None:
    digest = description.digest(resources.model("default"))
    page = report.render(run(tmp_path / "ours", event(1), model_digest=digest))
    assert "Does it hold?" in text(page)
    assert "Does it hold?" not in text(
        report.render(run(tmp_path / "other", event(1), model_digest="x"))
    )
    bins = [{"n": 4, "confidence": 0.25, "right": 0.5}, {"n": 0, "confidence": None, "right": None}]
    drawn = figures.reliability(bins)
    assert drawn and drawn["n"] == 4
    assert 'y="50.00" width=".88" height="50.00"' in drawn["svg"]
    assert figures.reliability(bins[1:]) is None


def test_no_run_no_report(tmp_path: Path) -> None:
    with pytest.raises(EventcoderError, match="does not exist"):
        report.render(tmp_path / "none")
    with pytest.raises(EventcoderError, match="no files in it"):
        report.render(tmp_path)
    folder = run(tmp_path / "run", event())
    with pytest.raises(EventcoderError, match="can't be written"):
        report.write(folder, tmp_path / "no" / "page.html")
    report.write(folder, tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_pictures_hold_every_event(tmp_path: Path) -> None:
    rows = [
        event(n, event_date=dt.date(2020, 1, 1) + dt.timedelta(days=13 * n), quad_class=n % 4 + 1,
              published=dt.date(2020, 1, 1) + dt.timedelta(days=13 * n))
        for n in range(40)
    ]  # fmt: skip
    kept = table("events", rows).lazy()
    timeline = figures.timeline(kept)
    assert timeline
    assert timeline["totals"] == [10, 10, 10, 10]
    assert timeline["word"] == "week"
    (dyad,) = figures.dyads(kept)
    assert (dyad["source"], dyad["target"], dyad["n"]) == ("IRN", "IRQ", 40)
    codes = figures.codes(kept)
    assert codes
    assert [(row["code"], row["all"]) for row in codes["rows"]] == [("04", 40)]


def test_acts_of_a_country_on_itself_are_no_dyad() -> None:
    kept = table("events", [event(target="IRNCVL", target_country="IRN")]).lazy()
    assert figures.dyads(kept) == []
    assert figures.network(kept) is None
    assert figures.codes(kept)


def test_actors_of_no_one_country_have_names() -> None:
    codes = {"UIS": "unidentified state actor", "IMG": "international militarised group",
             "NGM": "non-governmental movement", "EUR": "Europe",
             "IGO": "intergovernmental organisation"}  # fmt: skip
    rows = [event(i, source=code, source_country=code) for i, code in enumerate(codes)]
    found = figures.network(table("events", rows).lazy())
    assert found
    assert dict(found["names"]) == codes | {"IRQ": "Iraq"}


def test_pictures_tell_their_periods_and_stay_whole_in_print(tmp_path: Path) -> None:
    days = [dt.date(year, 5, 2) for year in (2000, 2020)]
    rows = [event(i, event_date=day, published=day) for i, day in enumerate(days)]
    page = report.render(run(tmp_path / "run", *rows))
    assert "<h2>Top dyads by quarter</h2>" in page
    whole = re.findall(r'<section class="whole">.*?</section>', page, re.DOTALL)
    for title, picture in (
        ("Events over time", "<svg"), ("Top dyads", "<svg"), ("Network", "<svg"),
        ("Codes", "<table"), ("Confidence", "<svg"),
    ):  # fmt: skip
        assert any(f"<h2>{title}" in part and picture in part for part in whole), title
    assert re.search(r"@media print \{.*\.whole[^{]*\{ break-inside: avoid", page, re.DOTALL)


def test_marks_cover_each_letter_once() -> None:
    pieces = drawing.spans(
        "The army fired", {"source": (0, 8), "event": (4, 14), "target": (None, 3)}
    )
    assert pieces == [("The ", "source"), ("army", "source event"), (" fired", "event")]
    assert drawing.spans("", {"source": (0, 0)}) == []
    assert drawing.spans("abc", {"source": (2, 9)}) == [("abc", "")]


def test_a_column_is_as_tall_as_its_count() -> None:
    svg = drawing.columns([(1, 3), (0, 0)], ("red", "blue"), 4, 'a "label"')
    assert re.findall(r'y="([\d.]+)" width=".88" height="([\d.]+)"', svg) == [
        ("75.00", "25.00"), ("0.00", "75.00"),
    ]  # fmt: skip
    assert "a &#34;label&#34;" in svg


def test_conflict_hangs_below_the_line() -> None:
    svg = drawing.mirrored([(1, 1, 2, 0)], ("a", "b", "c", "d"), 2, "")
    assert re.findall(r'y="([-\d.]+)" width=".88" height="([\d.]+)"', svg) == [
        ("-25.00", "25.00"), ("-50.00", "25.00"), ("0.00", "50.00"),
    ]  # fmt: skip


def test_years_are_named_where_they_begin() -> None:
    days = [dt.date(2013 + m // 12, m % 12 + 1, 1) for m in range(9, 84)]
    ticks = drawing.dates(days, "1mo")
    assert [t.label for t in ticks] == ["2014", "2015", "2016", "2017", "2018", "2019"]
    assert ticks[0].at == pytest.approx(100 * 3.5 / 75)
    assert [t.label for t in drawing.dates([dt.date(2020, 5, 2)], "1d")] == ["2 May 2020"]


@pytest.mark.parametrize("every", ["1d", "1w", "1mo", "1q", "1y"])
@pytest.mark.parametrize("n", [1, 2, 7, 60, 200])
def test_an_axis_has_some_words_and_not_too_many(every: str, n: int) -> None:
    length = {"1d": 1, "1w": 7, "1mo": 31, "1q": 92, "1y": 366}[every]
    days = [dt.date(2001, 1, 1) + dt.timedelta(days=length * i) for i in range(n)]
    ticks = drawing.dates(days, every)
    assert 1 <= len(ticks) <= 6
    assert len({t.label for t in ticks}) == len(ticks)
    assert all(0 <= t.at <= 100 for t in ticks)
