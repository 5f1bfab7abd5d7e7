"""Hostile input: whatever the bytes, an answer, an account of it, and no good document lost."""

import csv
import datetime as dt
import gzip
import html.parser
import io
import json
import os
import re
import shutil
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventcoder import (
    checks,
    corpus,
    dates,
    dyads,
    gold,
    ontology,
    pipeline,
    release,
    resources,
    runs,
    tables,
    writing,
)
from eventcoder.actor_tables import COLUMNS, read_table
from eventcoder.actors import ActorDictionary
from eventcoder.cleaning import clean
from eventcoder.errors import EventcoderError
from eventcoder.imports import events_of
from eventcoder.languages import detect
from eventcoder.records import Document, Unreadable
from eventcoder.report import render
from eventcoder.sentences import split

fuzzed = settings(
    max_examples=100, derandomize=True, database=None, deadline=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
HOSTILE = Path(__file__).parent / "hostile"
GOOD = "The foreign minister of Iran met the president of Iraq in Baghdad."
SCRIPT = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://evil.example")'

# What has broken readers before: see the folder `hostile`.
PIECES = [
    b"\0", b"\xff", b"\xed\xa0\x80", b'"', b'""', b"\n", b"\r", b",", b"\t", b"{", b"[", b"]" * 40,
    b"\\ud800", b"9" * 5000, b"1e999", b"NaN", b"null", b"\x1b[31m", b"[/red]", b"=1+1", b"../",
    "\u202e\u0663\u00b2".encode(), b"<![CDATA[", b"<!--", b"&#x110000;", b"\x1f\x8b",
    b"\xef\xbb\xbf",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, seed: bytes) -> bytes:
    """Draw a good file with a few bytes cut, doubled, changed or put in."""
    data = bytearray(seed)
    for _ in range(draw(st.integers(1, 5))):
        at, size = draw(st.integers(0, len(data))), draw(st.integers(1, 40))
        how = draw(st.sampled_from(["cut", "double", "change", "put", "end"]))
        if how == "cut":
            del data[at : at + size]
        elif how == "double":
            data[at:at] = data[at : at + size]
        elif how == "change":
            data[at : at + size] = draw(st.binary(max_size=size))
        elif how == "put":
            data[at:at] = draw(st.sampled_from(PIECES))
        else:
            del data[at:]
    return bytes(data)


def jsonl(*records: object) -> bytes:
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


def parquet() -> bytes:
    file = io.BytesIO()
    pl.DataFrame({"doc_id": ["a", "b"], "text": [GOOD, "متن"]}).write_parquet(file)
    return file.getvalue()


LINES = jsonl({"doc_id": "a", "text": GOOD, "published": "2020-01-01"}, {"text": "سلام"})
TABLE = f'doc_id,text,title\n1,"{GOOD}\nTwo lines",x\n2,"quoted ""so""",y\n'.encode()
PAGE = f"<html><head><meta charset=utf-8><title>T</title></head><body><p>{GOOD}</p></body>".encode()
SEEDS = {
    ".jsonl": LINES, ".csv": TABLE, ".tsv": TABLE.replace(b",", b"\t"), ".txt": GOOD.encode(),
    ".html": PAGE, ".parquet": parquet(), ".jsonl.gz": gzip.compress(LINES, mtime=0),
    ".csv.zst": zstandard.compress(TABLE), ".utf16.csv": TABLE.decode().encode("utf-16"),
}  # fmt: skip


def read_all(file: Path) -> list[Document | Unreadable]:
    """Read a file; check what holds for whatever comes out."""
    try:
        found = list(corpus.read([file], longest=5000))
    except EventcoderError as error:
        assert "\n" not in str(error)
        return []
    assert found
    assert len({item.doc_id for item in found}) == len(found)
    for item in found:
        assert item.path.startswith(str(file))
        if isinstance(item, Unreadable):
            assert item.reason.isprintable()
            assert len(item.reason) <= 300
        else:
            assert corpus.fault(item.text, 5000) == ""
            item.doc_id.encode()
    return found


@pytest.mark.parametrize("suffix", SEEDS)
def test_damaged_corpus_files_are_accounted_for(
    suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("fuzz") / f"f{suffix}"

    @fuzzed
    @given(damaged(SEEDS[suffix]))
    def check(data: bytes) -> None:
        file.write_bytes(data)
        read_all(file)

    check()


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_good_documents_amid_junk_are_read(
    suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Ten good documents with any lines between them: ten are found, as they are."""
    file = tmp_path_factory.mktemp("junk") / f"f{suffix}"
    texts = [f"{GOOD} ({n})" for n in range(10)]
    quoted = [f'"g{n}","{text}"\n'.encode() for n, text in enumerate(texts)]
    lines = jsonl(*({"doc_id": f"g{n}", "text": text} for n, text in enumerate(texts)))
    good = quoted if suffix == ".csv" else lines.splitlines(keepends=True)
    piece = st.sampled_from(PIECES) | st.binary(max_size=30)
    junk = st.lists(piece, max_size=4).map(lambda p: b"".join(p).replace(b"\n", b"").strip(b"\r"))

    @fuzzed
    @given(st.lists(st.tuples(st.integers(0, 10), junk), max_size=8))
    def check(between: list[tuple[int, bytes]]) -> None:
        rows = list(good)
        for at, line in sorted(between, reverse=True):
            rows.insert(at, line + b"\n")
        head = [b'"doc_id","text"\n'] if suffix == ".csv" else []
        file.write_bytes(b"".join([*head, *rows]))
        found = {i.doc_id: i.text for i in read_all(file) if isinstance(i, Document)}
        assert [found.get(f"g{n}") for n in range(10)] == texts

    check()


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("quotes_never_close.csv", ["g1"]),
        ("quote_closes_amid.csv", ["2", "3", "4"]),
        ("quote_limit.csv", ["3", "4"]),
        ("charset_undefined.html", []),
        ("charset_idna.html", []),
        ("surrogate.jsonl", ["b"]),
        ("zeros.jsonl", ["a", "b"]),
        ("deep.jsonl", ["b"]),
        ("digits.jsonl", ["b"]),
    ],
)
def test_what_once_broke_the_readers(name: str, good: list[str]) -> None:
    found = list(corpus.read([HOSTILE / name]))
    documents = [
        item.doc_id for item in found if isinstance(item, Document) and GOOD[:-1] in item.text
    ]
    assert documents == good


def test_a_page_of_nothing_but_tags_is_no_news(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<a href=x>t" * 100_000)
    (found,) = corpus.read([tmp_path])
    assert isinstance(found, Unreadable)
    assert "tags" in found.reason


def test_ids_are_no_paths_and_have_an_end() -> None:
    first, second, long, again = corpus.read([HOSTILE / "ids.jsonl"])
    assert first.doc_id == "../../etc/passwd"  # a name, never a path
    assert second.doc_id == "a\n\x1b[31mb"
    assert len(long.doc_id) == 16
    assert isinstance(again, Unreadable)
    assert again.reason == "same document, duplicate doc_id a ?[31mb"


@pytest.mark.skipif(os.name == "nt", reason="names are letters there, and there are no pipes")
def test_odd_files_in_a_folder(tmp_path: Path) -> None:
    """Names of any bytes, broken and circular links are rows; nobody waits for a pipe."""
    (tmp_path / "\udcff.txt").write_text(GOOD)
    (tmp_path / "a\nb.txt").write_text(f"{GOOD} Again.")
    (tmp_path / "\udcfe.parquet").write_bytes(parquet())
    (tmp_path / "broken.txt").symlink_to("nowhere")
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    os.mkfifo(tmp_path / "pipe.jsonl")
    found = {item.path.rpartition("/")[2]: item for item in corpus.read([tmp_path])}
    for item in found.values():
        item.path.encode()
    read = {name for name, item in found.items() if isinstance(item, Document)}
    assert read == {r"\udcff.txt", "a\nb.txt"}
    assert set(found) - read == {r"\udcfe.parquet", "broken.txt", "loop.txt"}


# Bombs


def zeros(suffix: str, unit: bytes, megabytes: int) -> bytes:
    """Pack many megabytes of one unit, in members of 16."""
    block = (unit * (1 << 24))[: 1 << 24]
    packed = gzip.compress(block, 6, mtime=0) if suffix == ".gz" else zstandard.compress(block)
    return packed * (megabytes // 16)


@pytest.mark.parametrize(
    "name", ["b.jsonl.gz", "b.csv.gz", "b.txt.gz", "b.jsonl.zst", "b.html.zst"]
)
@pytest.mark.parametrize("unit", [b"\0", b"\n"])
def test_a_gigabyte_of_nothing_ends_soon(tmp_path: Path, name: str, unit: bytes) -> None:
    (tmp_path / name).write_bytes(zeros(name[-4:].lstrip("lvmt"), unit, 1024))
    (tmp_path / "c.txt").write_text(GOOD)
    tracemalloc.start()
    began = time.process_time()
    *bad, good = corpus.read([tmp_path])
    assert time.process_time() - began < 20
    assert tracemalloc.get_traced_memory()[1] < 100e6
    tracemalloc.stop()
    assert isinstance(good, Document)
    assert bad
    assert all(isinstance(item, Unreadable) for item in bad)


def test_packed_tables_and_archives_are_no_bombs(tmp_path: Path) -> None:
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(zeros(".gz", b"\0", 256))
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("../a.csv", bytes(1 << 27))
    for path in (packed, archive):
        with pytest.raises(EventcoderError, match="times its size"):
            events_of(path)
    assert "times its size" in checks.check(packed, "events")[0]


# Text


TEXT = st.text(
    st.sampled_from(
        "abcIR. \n\r\t\"«»()[]،؛؟.!…:-0123٠١۴/|,'“”\u200c\u200f\u202e\0\ud800اليمنو\u0651"
    )
    | st.characters(),
    max_size=300,
) | st.lists(
    st.sampled_from(
        ["Iran ", "met ", "Related:\n", "Share\n", "Feb 3, 2020 ", "د. ", "۱۴۰۰/۱۱/۰۶ ", "U.S. ",
         "\n", "«", "»", '"', "(", ")", "...", "©", "http://a.b/c ", "on Monday", " سه شنبه ",
         "ق.م. ",
         "3.5"]
    ),
    max_size=60,
).map("".join)  # fmt: skip


@fuzzed
@given(TEXT, st.none() | TEXT)
def test_cleaning_and_sentences_cover_any_text(text: str, title: str | None) -> None:
    page = clean(text, title=title)
    spans = [
        *page.body,
        *([page.title] if page.title else []),
        *((r.start, r.end) for r in page.removed),
    ]
    left = list(text)
    for start, end in spans:
        assert 0 <= start < end <= len(text)
        left[start:end] = " " * (end - start)
    assert not "".join(left).strip()
    detect(text)
    for language in ("ar", "fa", "en", "xx"):
        document = Document("d", text)
        for sentence in split(document, page.body, language, title=page.title):
            assert text[sentence.start :].startswith(sentence.text)
            assert sentence.text.strip()


@fuzzed
@given(
    TEXT | st.integers() | st.floats() | st.none() | st.binary(max_size=5) | st.datetimes(),
    st.sampled_from(["ar", "fa", "en"]),
    st.none() | st.dates(),
)
def test_dates_of_anything(value: Any, language: str, published: dt.date | None) -> None:
    found = dates.parse_given(value)
    assert (found.date is None) == (found.precision == "none")
    assert found.date is None or found.date.year >= dates.EARLIEST
    text = str(value)
    dates.publication_date(text, language, value, value)
    dates.event_date(f"In Baghdad {text}", published, language)


@pytest.fixture(scope="module")
def dictionary() -> ActorDictionary:
    return ActorDictionary.load()


def test_actors_in_any_text(dictionary: ActorDictionary) -> None:
    @fuzzed
    @given(TEXT, st.sampled_from(["ar", "fa", "en"]))
    def check(text: str, language: str) -> None:
        for match in dictionary.find(text, language):
            assert 0 <= match.start < match.end <= len(text)
        dictionary.resolve_all(text[:80], language, None, context=text)

    check()


ADVERSARIAL = [
    "a", "\n", " ", "\"", "«", "(", "([{", ".", "..", "...a", "a.", "A.B.", "1.", "1/1/", "12-12-",
    "\u200c", "و", "ال", "وال", "و و ", "د. ", "the ", "Iran ", "رئيس ", "Feb 3 ", "on Monday ",
    "3 days ago ",
    "at 10:00 ", "-", "\u0640", "a\u0651", "a@a.", "www.", "Share\n", "Related:\n", "\ud800",
    "\U0001f600", "؟!", '"a" ', "a, ",
]  # fmt: skip


@pytest.mark.parametrize("unit", ADVERSARIAL)
def test_time_grows_with_the_length_of_a_text(unit: str, dictionary: ActorDictionary) -> None:
    """A fifth of a megabyte takes each step seconds at most, whatever it holds.

    Most take a tenth of a second, the slowest one and a half; what grew with the square of the
    length would take minutes.
    """
    text = (unit * 200_000)[:200_000]
    head = Document("d", text)
    steps: dict[str, Callable[[], object]] = {
        "clean": lambda: clean(text),
        "title": lambda: clean(text, title=text[:500]),
        "split": lambda: [split(head, [(0, len(text))], code) for code in ("ar", "en")],
        "dates": lambda: [dates.publication_date(text, code) for code in ("ar", "fa", "en")],
        "event": lambda: dates.event_date(text, dt.date(2020, 1, 1), "en"),
        "value": lambda: dates.parse_given(text),
        "detect": lambda: detect(text),
        "find": lambda: [dictionary.find(text, code) for code in ("ar", "en")],
    }
    for name, step in steps.items():
        began = time.process_time()
        step()
        assert time.process_time() - began < 8, name


# Tables, gold, models, runs, releases: a word for the user, never a traceback


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """Draw JSON like `value`, with something else somewhere."""
    if isinstance(value, (dict, list)) and value and draw(st.integers(0, 5)):
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key, copy = draw(st.sampled_from(keys)), value.copy()
        if isinstance(copy, dict) and not draw(st.integers(0, 6)):
            del copy[key]
        else:
            copy[key] = draw(changed(copy[key]))
        return copy
    return draw(st.sampled_from(
        [None, True, -1, 0, 1e309, float("nan"), 10**30, "", "x", "\ud800", "\0", [], {}, [1],
         {"a": 1}, [[[]]], 2**63, "01", "[/x]", 0.5, "../../x", "/etc/passwd"]
    ))  # fmt: skip


EXAMPLES: list[dict[str, Any]] = [
    {"id": "1", "lang": "en", "text": GOOD, "source": [0, 4], "target": [9, 13], "label_set": "plv",
     "label": "CONSULT"},
    {"id": "1", "lang": "en", "text": GOOD, "events": [{"source": 0, "target": None, "code": "042",
     "alt": ["040"], "symmetric": True, "modality": "done", "evidence": "met"}],
     "actors": [{"text": "The", "start": 0, "end": 4, "code": "IRN"}]},
    {"id": "1", "lang": "en", "tokens": ["Iran", "met"], "tags": ["B-LOC", "O"]},
    {"id": "1", "lang": "en", "text": GOOD, "spans": [{"role": "source", "start": 0, "end": 4}],
     "penta": 1},
    {"id": "1", "doc_id": "d", "lang": "en", "published": "2020-01-01", "text": GOOD,
     "events": [{"source": "IRN", "target": "IRQ", "code": "042"}]},
]  # fmt: skip


def refused_or_done(action: Callable[[], Any]) -> Any:
    """Let an EventcoderError pass, and nothing else."""
    try:
        return action()
    except EventcoderError as error:
        assert str(error)
        return None


def test_gold_of_anything(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("gold") / "g.jsonl"
    records = st.sampled_from(EXAMPLES).flatmap(changed).map(lambda r: json.dumps(r).encode())

    @fuzzed
    @given(records | records.flatmap(damaged))
    def check(data: bytes) -> None:
        file.write_bytes(data)
        refused_or_done(lambda: gold.examples(file))
        for kind in ("gold", "events", "mentions"):
            refused_or_done(lambda kind=kind: checks.check(file, kind))

    check()


def test_actor_tables_and_ontologies_of_anything(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("tables")
    actors = f"{','.join(COLUMNS)}\nAtlantis,en,ATL,country,Atlantis,2000-01-01,,x,1\n".encode()
    cameo = resources.schema("ontologies", "cameo.csv").read_bytes().splitlines(keepends=True)
    about = b'name = "x"\nversion = "1"\n[quad_classes.a]\ncolumn = "quad_class"\n'

    @fuzzed
    @given(damaged(actors), damaged(b"".join(cameo[:4])), damaged(about))
    def check(table: bytes, codes: bytes, toml: bytes) -> None:
        (folder / "a.csv").write_bytes(table)
        (folder / "o.csv").write_bytes(codes)
        (folder / "o.toml").write_bytes(toml)
        refused_or_done(lambda: read_table(folder / "a.csv"))
        ontology.validate(folder / "o.csv")
        refused_or_done(lambda: ontology.Ontology.load(folder / "o.csv"))
        checks.check(folder / "a.csv", "events")

    check()


@given(changed(json.loads((resources.model("default") / "model.json").read_text("utf-8"))))
@fuzzed
def test_a_models_description_is_checked(about: Any) -> None:
    from eventcoder.model.description import faults

    if isinstance(about, dict):
        assert all(isinstance(fault, str) for fault in faults(about, None))


@pytest.mark.parametrize("name", ["root_of", "calibration", "max_tokens", "symmetric", "codes"])
def test_a_model_with_a_part_missing_is_refused(tmp_path: Path, name: str) -> None:
    for file in resources.model("default").iterdir():
        (tmp_path / file.name).symlink_to(file.resolve())
    about = json.loads((tmp_path / "model.json").read_text("utf-8"))
    (tmp_path / "model.json").unlink()
    del about[name]
    (tmp_path / "model.json").write_text(json.dumps(about), "utf-8")
    from eventcoder.model.encoder import EncoderModel

    with pytest.raises(EventcoderError, match=name):
        EncoderModel(tmp_path)


RUN: dict[str, Any] = {
    "state": "finished", "seconds": 1.0, "sentences_per_second": 2.0,
    "signature": {"model": "m", "model_digest": "ab", "arguments": {"actors": []}},
    "counts": {"read": 1, "coded": 1, "skipped": 0, "failed": 0},
}  # fmt: skip
RELEASE: dict[str, Any] = {
    "title": "t", "version": "1", "signed": "s", "counts": {},
    "files": [{"path": "events.parquet", "table": "events", "rows": 1}],
}  # fmt: skip


def test_runs_and_releases_tell_anything(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("told")
    (folder / "mentions").mkdir()
    (folder / "mentions" / "foo-bar.parquet").write_bytes(b"")

    @settings(fuzzed, max_examples=25)
    @given(changed(RUN), changed(RELEASE))
    def check(run: Any, told: Any) -> None:
        (folder / "run.json").write_text(json.dumps(run), "utf-8")
        (folder / "release.json").write_text(json.dumps(told), "utf-8")
        if found := refused_or_done(lambda: runs.Run.open(folder)):
            str(found.signature())
            assert found.parts() == frozenset()
            refused_or_done(lambda: pipeline.recode(folder, pipeline.Options(actors=("no.csv",))))
        refused_or_done(lambda: release.Release.open(folder).events())
        release.check(folder)

    check()


@pytest.mark.parametrize("name", ["events.parquet", "documents.parquet", "mentions"])
def test_damaged_tables_of_a_run_are_told(
    name: str, coded: runs.Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("run") / "run"
    shutil.copytree(coded.path, folder)
    file = next((folder / name).glob("*.parquet")) if name == "mentions" else folder / name
    good = file.read_bytes()

    @settings(fuzzed, max_examples=40)
    @given(damaged(good))
    def check(data: bytes) -> None:
        file.write_bytes(data)
        refused_or_done(lambda: tables.collect(dyads.aggregate(events_of(folder)), "events"))
        refused_or_done(lambda: render(folder))
        refused_or_done(lambda: tables.collect(runs.Run.open(folder).mentions(), "mentions"))

    check()


@pytest.mark.parametrize(
    "name", ["tokenizer.json", "config.json", "embeddings.bin", "encoder.onnx", "pair.onnx"]
)
def test_damaged_model_files_are_told(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    from eventcoder.model.encoder import EncoderModel

    folder = tmp_path_factory.mktemp("model")
    for file in resources.model("default").iterdir():
        (folder / file.name).symlink_to(file.resolve())
    good = (folder / name).read_bytes()
    (folder / name).unlink()
    ends = good[:400], good[-400:]  # headers, directories: of weights any bytes are as good

    @settings(fuzzed, max_examples=4)
    @given(*map(damaged, ends))
    def check(first: bytes, last: bytes) -> None:
        (folder / name).write_bytes(first + good[400:-400] + last)
        if model := refused_or_done(lambda: EncoderModel(folder)):
            refused_or_done(lambda: model.read([GOOD]))

    check()


@pytest.mark.parametrize(
    "path", ["../x.parquet", "/etc/x.parquet", "a/../../x.parquet", "a\\..\\x"]
)
def test_a_release_names_no_file_outside(tmp_path: Path, path: str) -> None:
    told = RELEASE | {"files": [{"path": path, "table": "events", "rows": 1}]}
    (tmp_path / "release.json").write_text(json.dumps(told), "utf-8")
    with pytest.raises(EventcoderError, match="does not describe a release"):
        release.Release.open(tmp_path)


# What comes out


def hostile_event() -> pl.DataFrame:
    words = f"{SCRIPT}<img src=x onerror=alert(1)>"
    row = {
        "event_id": "e1", "event_date": dt.date(2020, 5, 2), "date_precision": "day",
        "source": "IRN", "source_country": "IRN", "source_text": words, "source_name": FORMULA,
        "target": "", "target_country": "", "target_text": words, "target_name": SCRIPT,
        "event_code": "040", "base_code": "040", "root_code": "04", "quad_class": 1,
        "modality": "done", "confidence": 0.9, "event_text": words, "language": "en",
        "doc_id": words, "sentence_number": 1, "sentence_text": f"{words} {GOOD}",
        "published": dt.date(2020, 5, 3), "publisher": FORMULA, "url": "javascript:alert(1)",
    }  # fmt: skip
    return pl.DataFrame([row])


class _Tags(html.parser.HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_what_texts_hold_is_shown_and_not_run(tmp_path: Path) -> None:
    hostile_event().write_parquet(tmp_path / f"{SCRIPT.replace('/', '')}.parquet")
    (file,) = tmp_path.iterdir()
    page = render(file)
    tags = _Tags()
    tags.feed(page)
    assert "&lt;script&gt;" in page
    assert not [tag for tag, _ in tags.found if tag in ("script", "img", "iframe", "object")]
    for _, attributes in tags.found:
        assert not [name for name in attributes if name.startswith("on")]
        assert not (attributes.get("href") or "").lower().startswith("javascript")


def test_cells_of_csv_files_are_not_run(tmp_path: Path) -> None:
    cells = pl.DataFrame(
        {"publisher": [FORMULA, "@x", "+1-800", "-5", "＝1", "Iran"], "n": [-1] * 6}
    )
    writing.write(cells, tmp_path / "f.csv")
    with (tmp_path / "f.csv").open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    shown = [row[0] for row in rows]
    assert shown == [f"'{FORMULA}", "'@x", "'+1-800", "-5", "'＝1", "Iran"]
    assert {row[1] for row in rows} == {"-1"}


def test_texts_do_not_command_the_terminal(cli: Any) -> None:
    said = "Turkey [/red] attacked [bold]Syria[/bold] \x1b[31mon\x1b]0;x\x07 Sunday \u202eand won."
    told = cli("explain", said)
    assert told.exit_code == 0
    assert "[/red]" in told.stdout
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", told.stdout)
    for bad in ("Iran \udcff met Iraq", "Iran\0 met Iraq"):
        refused = cli("explain", bad)
        assert refused.exit_code == 1
        assert refused.stderr.startswith("eventcoder: this can't be explained")


def _sources() -> Iterator[Path]:
    return (Path(__file__).parent.parent / "eventcoder").rglob("*.py")


def test_nothing_reads_pickles_or_runs_what_it_read() -> None:
    forbidden = re.compile(
        r"\b(c?[pP]ickle|dill|joblib|shelve|marshal|allow_pickle\s*=\s*True|yaml\.load|os\.system|"
        r"trust_remote_code\s*=\s*True|shell\s*=\s*True)\b|(?<![\w.])(eval|exec)\("
    )
    files = list(_sources())
    assert len(files) > 40
    for file in files:
        code = file.read_text("utf-8")
        assert not forbidden.search(code), file.name
        for call in re.findall(r"torch\.load\(([^()]*)", code):
            assert "weights_only=True" in call, file.name
        for call in re.findall(r"AutoModel\.from_pretrained\((.*)", code):
            assert "use_safetensors=True" in call, file.name
        for call in re.findall(r"np\.load\(([^()]*)", code):
            assert "allow_pickle=False" in call, file.name
