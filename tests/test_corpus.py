"""Every format read, every bad input accounted for, the good documents beside it always there."""

import gzip
import io
import json
import os
import random
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from eventcoder import corpus
from eventcoder.corpus import read
from eventcoder.decoding import Meter, Undecodable, decode, lines
from eventcoder.errors import EventcoderError
from eventcoder.formats import Columns
from eventcoder.records import Document, Unreadable

ARABIC = "وصل وزير الخارجية الروسي إلى دوشنبه اليوم والتقى الرئيس الطاجيكي."
PERSIAN = "وزیر امور خارجه ایران امروز در باکو با همتای خود گفت‌وگو کرد."
ENGLISH = "The two ministers signed a border agreement in Tashkent on Monday."


def split(items: object) -> tuple[list[Document], list[Unreadable]]:
    all_items = list(items)  # type: ignore[call-overload]
    good = [item for item in all_items if isinstance(item, Document)]
    return good, [item for item in all_items if isinstance(item, Unreadable)]


def jsonl(*records: object) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def three() -> str:
    return jsonl({"text": ARABIC}, {"text": PERSIAN}, {"text": ENGLISH})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def read_one(
    folder: Path, name: str, data: bytes | str, **options: object
) -> tuple[list[Document], list[Unreadable]]:
    file = folder / name
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return split(read([file], **options))  # type: ignore[arg-type]


# Formats


def test_json_lines_keep_every_field(folder: Path) -> None:
    record = {
        "doc_id": 17, "text": ARABIC, "title": "عنوان", "language": "ar",
        "publisher": "Agency", "url": "https://example.org/1", "other": [1],
    }  # fmt: skip
    good, bad = read_one(folder, "a.jsonl", jsonl(record))
    assert not bad
    assert good[0] == Document(
        "17", ARABIC, str(folder / "a.jsonl") + ":1", "عنوان", None, "none", "ar",
        "Agency", "https://example.org/1",
    )  # fmt: skip


def test_published_is_read(folder: Path) -> None:
    pytest.importorskip("eventcoder.dates")
    records = [{"text": ARABIC, "published": "2022-01-27"}, {"text": ENGLISH, "published": "soon"}]
    good, _ = read_one(folder, "a.jsonl", jsonl(*records))
    assert str(good[0].published) == "2022-01-27"
    assert good[0].published_basis == "given"
    assert good[1].published is None
    assert good[1].published_basis == "none"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_json_lines_packed_and_encoded(folder: Path, pack: object, encoding: str) -> None:
    suffix = {"compress": ".gz"}.get(getattr(pack, "__name__", ""), "")
    if pack is zstandard.compress:
        suffix = ".zst"
    data = pack(three().encode(encoding))  # type: ignore[operator]
    good, bad = read_one(folder, f"a.jsonl{suffix}", data)
    assert [document.text for document in good] == [ARABIC, PERSIAN, ENGLISH]
    assert not bad


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_with_quotes_and_lines_in_fields(folder: Path, delimiter: str) -> None:
    text = f'{ARABIC}\nقال: ""نعم""{delimiter} ثم غادر.'
    table = f'id{delimiter}body\r\nx1{delimiter}"{text}"\r\nx2{delimiter}{ENGLISH}\r\n'
    columns = Columns(text="body", doc_id="id")
    good, bad = read_one(folder, "a.csv", table, columns=columns)
    assert not bad
    assert good[0].text == text.replace('""', '"')
    assert [(d.doc_id, d.path.rsplit(":")[-1]) for d in good] == [("x1", "2"), ("x2", "4")]


def test_tsv_takes_commas_as_text(folder: Path) -> None:
    good, _ = read_one(folder, "a.tsv", "text\tdoc_id\nOne, two, three.\t5\n")
    assert (good[0].text, good[0].doc_id) == ("One, two, three.", "5")


def test_parquet_over_many_slices(folder: Path) -> None:
    texts = [f"{ENGLISH} {number}" for number in range(2500)]
    pl.DataFrame({"text": texts, "n": range(2500)}).write_parquet(
        folder / "[a].parquet", row_group_size=700
    )
    good, bad = split(read([folder / "[a].parquet"]))
    assert [document.text for document in good] == texts
    assert good[-1].path.endswith(":2500")
    assert not bad


def test_text_is_kept_as_it_is(folder: Path) -> None:
    text = f"  {ARABIC}\r\n\r\n{PERSIAN} \n"
    good, _ = read_one(folder, "a.txt", text)
    assert good[0].text == text


def test_html_gives_article_title_and_no_menu(folder: Path) -> None:
    paragraphs = "".join(f"<p>{ARABIC} {PERSIAN} {n}</p>" for n in range(6))
    page = (
        "<html><head><title>وزير الخارجية في دوشنبه</title>"
        '<meta property="article:published_time" content="2022-01-27T10:00:00Z"></head><body>'
        "<nav><ul><li><a href='/'>الرئيسية</a></li><li><a href='/s'>رياضة</a></li></ul></nav>"
        f"<article><h1>وزير الخارجية في دوشنبه</h1>{paragraphs}</article>"
        "<footer>جميع الحقوق محفوظة</footer></body></html>"
    )
    pytest.importorskip("eventcoder.dates")
    good, bad = read_one(folder, "a.html", page.encode("cp1256", "xmlcharrefreplace"))
    assert not bad
    assert good[0].title == "وزير الخارجية في دوشنبه"
    assert ARABIC in good[0].text
    assert "الرئيسية" not in good[0].text
    assert "محفوظة" not in good[0].text
    assert (str(good[0].published), good[0].published_basis) == ("2022-01-27", "metadata")


def test_html_keeps_zero_width_non_joiners(folder: Path) -> None:
    words = "محدودیت\u200cها بر دانشگاه\u200cها"
    page = (
        f"<html><head><title>{words}</title></head><body><article><h1>{words}</h1>"
        f"<p>کابل {words} افزایش یافت. " + "نهادهای امدادی سه&zwnj;شنبه بیانیه دادند. " * 5
        + "</p></article></body></html>"
    )  # fmt: skip
    good, bad = read_one(folder, "a.html", page.encode())
    assert bad == []
    assert words in good[0].text
    assert "سه\u200cشنبه" in good[0].text
    assert good[0].title == words


def test_short_html_is_not_lost(folder: Path) -> None:
    good, _ = read_one(folder, "a.htm", f"<html><body><p>{ENGLISH}</p></body></html>")
    assert ENGLISH in good[0].text


@pytest.mark.parametrize("page", ["<html><body></body></html>", "<", "<!-- -->", "<p>\0</p>"])
def test_html_without_text(folder: Path, page: str) -> None:
    good, bad = read_one(folder, "a.html", page)
    assert len(good) + len(bad) == 1


# Paths


def test_folder_is_walked_sorted_and_other_files_are_left(folder: Path) -> None:
    (folder / "b").mkdir()
    (folder / "b" / "2.txt").write_text(PERSIAN)
    (folder / "1.jsonl").write_text(jsonl({"text": ARABIC}))
    (folder / "README.md").write_text("not a document")
    (folder / ".hidden.txt").write_text("not a document")
    good, bad = split(read([folder]))
    assert [document.text for document in good] == [ARABIC, PERSIAN]
    assert not bad


def test_globs(folder: Path) -> None:
    for name in ("b.txt", "a.txt", "c.md"):
        (folder / name).write_text(f"{ENGLISH} {name}")
    assert [Path(d.path).name for d in split(read([str(folder / "*")]))[0]] == ["a.txt", "b.txt"]
    with pytest.raises(EventcoderError, match="no corpus file fits"):
        read([str(folder / "*.pdf")])


@pytest.mark.parametrize("text", [three(), f"  {ARABIC}\n{PERSIAN}"])
def test_standard_input(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    good, bad = split(read(["-"]))
    assert not bad
    assert len(good) == (3 if text.startswith("{") else 1)


def test_wrong_paths_are_told_at_once(folder: Path) -> None:
    with pytest.raises(EventcoderError, match="no such file"):
        read([folder / "none.jsonl"])
    with pytest.raises(EventcoderError, match="no corpus file in this folder"):
        read([folder])
    (folder / "a.pdf").write_bytes(b"%PDF")
    with pytest.raises(EventcoderError, match="not a corpus file"):
        read([folder / "a.pdf"])
    with pytest.raises(EventcoderError, match="no corpus given"):
        read([])


def test_files_of_no_format_are_named(folder: Path) -> None:
    """Of folders and globs; hidden files and a run beside its corpus are none of it."""
    (folder / "a.txt").write_text(ENGLISH)
    (folder / "b.pdf").write_bytes(b"%PDF")
    (folder / "z").mkdir()
    (folder / "z" / "c.docx").write_bytes(b"PK")
    (folder / ".DS_Store").write_bytes(b"0")
    (folder / "run").mkdir()
    (folder / "run" / "run.json").write_text('{"state": "coding", "signature": {}}')
    (folder / "run" / "more").mkdir()
    (folder / "run" / "more" / "d.txt").write_text(PERSIAN)
    passed: list[tuple[str, str]] = []

    def pass_over(*told: str) -> None:
        passed.append(told)

    assert len(list(read([folder], pass_over=pass_over))) == 1
    assert passed == [
        (str(folder / "b.pdf"), corpus.NO_FORMAT),
        (str(folder / "run"), corpus.OWN_RUN),
        (str(folder / "z" / "c.docx"), corpus.NO_FORMAT),
    ]
    passed.clear()
    assert len(list(read([str(folder / "*.*")], pass_over=pass_over))) == 1
    assert passed == [(str(folder / "b.pdf"), corpus.NO_FORMAT)]


@pytest.mark.parametrize("account", ["{}", "[]", "no JSON", '{"state": "won"}'])
def test_a_folder_with_anothers_run_json_is_read(folder: Path, account: str) -> None:
    (folder / "race").mkdir()
    (folder / "race" / "run.json").write_text(account)
    (folder / "race" / "a.txt").write_text(ENGLISH)
    good, _ = split(read([folder]))
    assert [document.text for document in good] == [ENGLISH]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_linked_folders_are_entered_once(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "far" / "a.txt").write_text(ARABIC)
    (tmp_path / "far" / "deep" / "b.txt").write_text(PERSIAN)
    (tmp_path / "far" / "deep" / "back").symlink_to(tmp_path / "far")
    (folder / "linked").symlink_to(tmp_path / "far")
    (folder / "self").symlink_to(folder)
    good, bad = split(read([folder]))
    assert [document.text for document in good] == [ARABIC, PERSIAN]
    assert not bad


def test_a_folder_that_cannot_be_listed_is_a_row(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.txt").write_text(ENGLISH)
    for name in ("locked", "z"):
        (folder / name).mkdir()
        (folder / name / "b.txt").write_text(f"{ARABIC} {name}")
    listed: dict[str, Any] = {name: getattr(os, name) for name in ("scandir", "listdir")}

    def refuse(name: str) -> Any:
        def call(path: Any) -> Any:
            if Path(path).name == "locked":  # as root, who may list all, a mode would not do
                raise PermissionError(13, "Permission denied", str(path))
            return listed[name](path)

        return call

    for name in listed:
        monkeypatch.setattr(os, name, refuse(name))
    good, (bad,) = split(read([folder]))
    assert len(good) == 2
    assert (bad.path, bad.reason) == (str(folder / "locked"), "Permission denied")


@pytest.mark.parametrize("name", ["n.jsonl", "n.jsonl.gz", "n.parquet", "n.txt"])
def test_bytes_read_come_to_the_bytes_there_are(folder: Path, name: str) -> None:
    rows = [{"doc_id": f"d{n}", "text": f"{ENGLISH} {random.random()}"} for n in range(5000)]
    if name.endswith(".parquet"):
        pl.DataFrame(rows).write_parquet(folder / name)
    elif name.endswith(".gz"):
        (folder / name).write_bytes(gzip.compress(jsonl(*rows).encode()))
    else:
        (folder / name).write_text(jsonl(*rows) if name.endswith("l") else ENGLISH)
    meter, found, seen = Meter(), 0, []
    for _ in read([folder], meter=meter):
        found += 1
        seen.append(meter.read)
    assert meter.read == corpus.size([folder]) == (folder / name).stat().st_size
    assert seen == sorted(seen)
    if found > 1:
        assert 0 < seen[2000] <= meter.read
        assert seen[2000] < meter.read or name == "n.jsonl.gz"
    assert corpus.size([folder, "-"]) is None


def test_a_date_that_is_none_is_told(folder: Path) -> None:
    (folder / "a.jsonl").write_text(
        jsonl({"text": ENGLISH, "published": "soon"}, {"text": PERSIAN, "published": "2020-01-02"})
    )
    (wrong, right), _ = split(read([folder]))
    assert wrong.published is None
    assert wrong.fault == corpus.NO_DATE
    assert right.fault == ""


def test_ids_stay_apart_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """With next to nothing of them in memory."""
    monkeypatch.setattr(corpus, "_CACHE", 8)
    ids = corpus._Ids()
    items = [Document(f"d{n % 3000}", f"text {n // 2}") for n in range(9000)]
    found = [ids.unique(item).doc_id for item in items]
    assert len(set(found)) == len(found)
    assert found[:3000] == [f"d{n}" for n in range(3000)]
    assert found[3000] == "d0#2"
    assert found[6000] == "d0#3"
    assert isinstance(ids.unique(items[0]), Unreadable)


# Missing columns


def test_a_missing_text_column_is_the_users_error(folder: Path) -> None:
    frame = pl.DataFrame({"body": [ARABIC], "date": ["2022-01-27"]})
    frame.write_csv(folder / "a.csv")
    frame.write_parquet(folder / "a.parquet")
    (folder / "a.jsonl").write_text(jsonl({"body": ARABIC}))
    for name in ("a.csv", "a.parquet", "a.jsonl"):
        with pytest.raises(EventcoderError, match=rf"{name}.*'text', only body.*--text-column"):
            list(read([folder / name]))
        assert len(split(read([folder / name], Columns(text="body")))[0]) == 1
    with pytest.raises(EventcoderError, match="--published-column"):
        list(read([folder / "a.csv"], Columns(text="body", published="dat")))


def test_a_missing_text_column_beside_good_files_is_accounted(folder: Path) -> None:
    (folder / "a.csv").write_text("body\nx\n")
    (folder / "b.txt").write_text(ENGLISH)
    (folder / "c.csv").write_text("body\nx\n")
    good, bad = split(read([folder]))
    assert [d.text for d in good] == [ENGLISH]
    assert [Path(u.path).name for u in bad] == ["a.csv", "c.csv"]


@pytest.mark.parametrize("rows", [99, 100, 101, 300])
def test_many_rows_without_text_do_not_hide_the_good_files(
    folder: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    junk = jsonl(*({"x": n} for n in range(rows)))
    (folder / "a.jsonl").write_text(junk)
    with pytest.raises(EventcoderError, match="no column 'text'"):
        list(read([folder]))
    (folder / "b.txt").write_text(ENGLISH)
    good, bad = split(read([folder]))
    assert ([d.text for d in good], len(bad)) == ([ENGLISH], rows)
    assert [u.path.rpartition(":")[2] for u in bad] == [str(n) for n in range(1, rows + 1)]
    for text, told in ((junk, 0), (junk + jsonl({"text": ENGLISH}), 1)):
        stdin = types.SimpleNamespace(buffer=io.BytesIO(text.encode()))
        monkeypatch.setattr(sys, "stdin", stdin)
        if told:
            assert len(split(read(["-"]))[1]) == rows
        else:
            with pytest.raises(EventcoderError, match="no column 'text'"):
                list(read(["-"]))


# Bad documents


def test_broken_lines_in_the_middle(folder: Path) -> None:
    broken = (
        '{"text": "cut off\n[1]\n"a word"\nnull\n\n{"text": 5}\n{"text": ["a"]}\n{"text": ""}\n'
    )
    data = jsonl({"text": ARABIC}) + broken + jsonl({"body": "x"}, {"text": ENGLISH})
    good, bad = read_one(folder, "a.jsonl", data)
    assert [d.text for d in good] == [ARABIC, ENGLISH]
    assert "line 2: not JSON" in bad[0].reason
    expected = ["not JSON", "list", "str", "NoneType", "int", "list", "empty", "no column"]
    assert len(bad) == len(expected)
    assert all(word in u.reason for word, u in zip(expected, bad, strict=True))


def test_mixed_encodings_in_one_file(folder: Path) -> None:
    lines_ = [jsonl({"text": ARABIC}).encode(), jsonl({"text": ARABIC + "!"}).encode("cp1256")]
    lines_ += [jsonl({"text": "A café in Paraná."}).encode("cp1252"), b'{"text": "\xff\xfe\xd8"}\n']
    good, bad = read_one(folder, "a.jsonl", b"".join(lines_))
    assert [d.text for d in good[:3]] == [ARABIC, ARABIC + "!", "A café in Paraná."]
    assert len(good) + len(bad) == 4


@pytest.mark.parametrize("text", [ARABIC, PERSIAN.replace("ی", "ي").replace("ک", "ك"), ENGLISH])
@pytest.mark.parametrize("encoding", ["cp1256", "iso8859_6", "utf-16", "utf-16-be", "utf-8-sig"])
def test_encodings_of_text_files(folder: Path, text: str, encoding: str) -> None:
    text = text.replace("\u200c", " ")
    if encoding == "iso8859_6" and not text.isascii():
        text = text.replace("گ", "ك")
    good, bad = read_one(folder, "a.txt", text.encode(encoding))
    assert not bad
    assert good[0].text == text


def test_damaged_utf8_is_not_read_as_another_encoding(folder: Path) -> None:
    good, bad = read_one(folder, "a.txt", ARABIC.encode()[:40] + b"\xff" + ARABIC.encode()[40:])
    assert not good
    assert "not UTF-8 (byte 0xd9 at 39)" in bad[0].reason


def test_nul_characters(folder: Path) -> None:
    data = jsonl({"text": "a\0b"}, {"text": ENGLISH})
    good, bad = read_one(folder, "a.jsonl", data)
    assert [d.text for d in good] == [ENGLISH]
    assert "NUL character in the text at 1" in bad[0].reason
    good, bad = read_one(folder, "b.txt", b"\0\1\2\3" * 100)
    assert not good
    assert len(bad) == 1
    good, bad = read_one(folder, "c.csv", f"text\na\0b\n{ENGLISH}\n")
    assert [d.text for d in good] == [ENGLISH]
    assert len(bad) == 1


def test_half_a_surrogate_pair(folder: Path) -> None:
    data = '{"text": "a \\ud800 b"}\n{"text": "fine", "title": "\\ud800", "doc_id": "\\udfff"}\n'
    good, bad = read_one(folder, "a.jsonl", data)
    assert [(d.text, d.title) for d in good] == [("fine", None)]
    assert "surrogate" in bad[0].reason


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.csv", "a.parquet", "a.html", "a.txt.gz"])
def test_empty_files(folder: Path, name: str) -> None:
    good, bad = read_one(folder, name, b"")
    assert not good
    assert [u.reason for u in bad] == ["the file is empty"]


@pytest.mark.parametrize(("name", "data"), [("a.jsonl", "\n \n"), ("a.csv", "text,title\n")])
def test_files_without_documents(folder: Path, name: str, data: str) -> None:
    good, bad = read_one(folder, name, data)
    assert not good
    assert [u.reason for u in bad] == ["no document in it"]


def test_empty_texts(folder: Path) -> None:
    good, bad = read_one(folder, "a.txt", " \n\u00a0")
    assert not good
    assert bad[0].reason == "the text is empty"
    good, bad = read_one(folder, "b.jsonl", jsonl({"text": None}, {"text": " "}, {"text": ENGLISH}))
    assert len(good) == 1
    assert [u.reason for u in bad] == ["the text is empty"] * 2


def test_five_megabytes_in_one_line(folder: Path) -> None:
    text = ENGLISH * (5_000_000 // len(ENGLISH))
    data = jsonl({"text": text}, {"text": ARABIC})
    good, bad = read_one(folder, "a.jsonl", data)
    assert [d.text for d in good] == [ARABIC]
    assert bad[0].reason == "longer than 1,000,000 characters: split it into documents"
    good, bad = read_one(folder, "a.jsonl", data, longest=10_000_000)
    assert [d.text for d in good] == [text, ARABIC]
    for name in ("b.txt", "d.csv"):
        head = "text\n" if name == "d.csv" else ""
        good, bad = read_one(folder, name, head + text)
        assert not good
        assert "longer than" in bad[0].reason
    good, bad = read_one(folder, "e.csv", f"text\n{text}\n", longest=10_000_000)
    assert [d.text for d in good] == [text]


def test_a_line_without_end_is_passed_over_in_little_memory(folder: Path) -> None:
    bomb = zstandard.compress(b'{"text": "' + b"a" * 60_000_000 + b'"}\n' + three().encode())
    assert len(bomb) < 10_000
    good, bad = read_one(folder, "a.jsonl.zst", bomb, longest=1000)
    assert len(good) == 3
    assert bad[0].reason.startswith("line 1: longer than 1,000")


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_files_cut_off(folder: Path, pack: object) -> None:
    records = [{"text": f"{ENGLISH} {n} {hash((n, 'x'))}"} for n in range(20_000)]
    data = pack(jsonl(*records).encode())  # type: ignore[operator]
    suffix = ".zst" if pack is zstandard.compress else ".gz"
    good, bad = read_one(folder, f"a.jsonl{suffix}", data[: len(data) * 2 // 3])
    assert 0 < len(good) < 20_000
    assert len(bad) == 1
    assert "cut off" in bad[0].reason
    assert f"{len(good)} rows" in bad[0].reason
    good, bad = read_one(folder, f"b.jsonl{suffix}", b"no archive")
    assert not good
    assert "damaged" in bad[0].reason


def test_corrupt_parquet(folder: Path) -> None:
    pl.DataFrame({"text": [ENGLISH] * 5000}).write_parquet(folder / "a.parquet")
    data = (folder / "a.parquet").read_bytes()
    for broken in (data[:-10], b"PAR1" + data[100:], data[:20] + b"\0" * 60 + data[80:], b"x"):
        good, bad = read_one(folder, "a.parquet", broken)
        assert len(bad) <= 1
        assert bad or len(good) == 5000
        assert all("Parquet file is damaged" in u.reason for u in bad)


def test_a_kilobyte_of_parquet_does_not_fill_memory(tmp_path: Path) -> None:
    """One string of three million letters in 400 rows, as text, in a list and as bytes."""
    program = (
        "import resource, sys\n"
        "import polars\n"
        "from eventcoder import corpus\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "items = list(corpus.read(sys.argv[1:]))\n"
        "print(len(items), *sorted({item.reason for item in items}), sep='|')\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    bomb = "a" * 3_000_000
    for texts, reason in (
        ([bomb] * 400, "longer than 1,000,000 characters: split it into documents"),
        ([[bomb]] * 400, "the text is a list, not a string"),
        ([bomb.encode()] * 400, "the text is a bytes, not a string"),
    ):
        pl.DataFrame({"text": texts, "title": [bomb] * 400}).write_parquet(tmp_path / "a.parquet")
        assert (tmp_path / "a.parquet").stat().st_size < 1_000_000
        done = subprocess.run(
            [sys.executable, "-c", program, tmp_path / "a.parquet"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        told, megabytes = done.stdout.splitlines()
        assert told == f"400|{reason}"
        assert int(megabytes) < 300


def test_parquet_of_categories_is_text(folder: Path) -> None:
    frame = pl.DataFrame({"text": [ENGLISH, None, ARABIC]}, schema={"text": pl.Categorical})
    frame.write_parquet(folder / "a.parquet")
    good, bad = split(read([folder / "a.parquet"]))
    assert [document.text for document in good] == [ENGLISH, ARABIC]
    assert [u.reason for u in bad] == ["the text is empty"]


def test_parquet_of_another_type(folder: Path) -> None:
    pl.DataFrame({"text": [1, 2]}).write_parquet(folder / "a.parquet")
    good, bad = split(read([folder / "a.parquet"]))
    assert not good
    assert [u.reason for u in bad] == ["the text is a int, not a string"] * 2


def test_csv_rows_that_do_not_fit(folder: Path) -> None:
    table = f'text,title\n{ENGLISH},a\na,b,c\nalone\n"open {ARABIC}\n{PERSIAN},d\n"x",e\n"y,f\n'
    good, bad = read_one(folder, "a.csv", table)
    reasons = [u.reason for u in bad]
    assert "line 3: 3 fields, the header has 2" in reasons
    assert "line 4: 1 fields, the header has 2" in reasons
    assert good[0].text == ENGLISH
    assert len(good) + len(bad) >= 5


def test_a_quote_that_never_closes_costs_one_line(folder: Path) -> None:
    rows = "".join(f"{ENGLISH} {n},{n}\n" for n in range(50))
    good, bad = read_one(folder, "a.csv", f'text,title\n"open,1\n{rows}')
    assert [u.reason for u in bad] == ["line 2: a quote opens that never closes"]
    assert len(good) == 50


# Ids


def test_duplicate_ids(folder: Path) -> None:
    records = [
        {"doc_id": "a", "text": ARABIC},
        {"doc_id": "a", "text": ARABIC},
        {"doc_id": "a", "text": ENGLISH},
        {"doc_id": "a#2", "text": PERSIAN},
        {"text": PERSIAN, "publisher": "one"},
        {"text": PERSIAN, "publisher": "two"},
    ]
    items = list(read([write(folder / "a.jsonl", jsonl(*records))]))
    ids = [item.doc_id for item in items]
    assert len(set(ids)) == 6
    assert ids[0] == "a"
    assert [type(item).__name__ for item in items] == ["Document", "Unreadable"] + ["Document"] * 4
    assert isinstance(items[1], Unreadable)
    assert "duplicate doc_id a" in items[1].reason
    assert ids[5] == ids[4] + "#2"


def write(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


def test_default_id_is_the_contents(folder: Path) -> None:
    one, _ = read_one(folder, "a.txt", ENGLISH)
    other, _ = read_one(folder, "b.jsonl", jsonl({"text": ENGLISH}))
    assert one[0].doc_id == other[0].doc_id
    assert len(one[0].doc_id) == 16


# Properties


@given(st.lists(st.binary(max_size=40)), st.integers(1, 60))
def test_lines_are_the_bytes(parts: list[bytes], longest: int) -> None:
    data = b"a" + b"".join(parts)  # the letter keeps a byte-order mark from being one
    whole = [piece + b"\n" for piece in data.split(b"\n")]
    whole[-1] = whole[-1][:-1]
    expected = [piece if len(piece) <= longest else None for piece in whole if piece]
    if data.count(b"\0") < 4:
        assert list(lines(iter([b"a", *parts]), longest)) == expected


@given(st.binary(max_size=300))
def test_any_bytes_decode_or_say_why(data: bytes) -> None:
    try:
        assert isinstance(decode(data), str)
    except Undecodable as error:
        assert str(error)


@given(st.binary(max_size=300), st.sampled_from([".jsonl", ".csv", ".txt", ".jsonl.gz"]))
def test_any_file_gives_documents_or_reasons(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str
) -> None:
    file = tmp_path_factory.mktemp("any") / f"a{suffix}"
    file.write_bytes(data)
    try:
        items = list(read([file]))
    except EventcoderError as error:
        assert "no column" in str(error)
    else:
        assert items
        assert len({item.doc_id for item in items}) == len(items)
