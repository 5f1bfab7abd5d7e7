"""The shipped CAMEO table is whole; a user's broken one is named by row and column."""

import csv
import pickle
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from eventcoder.errors import EventcoderError
from eventcoder.ontology import LABEL_SETS, REQUIRED, Ontology, available, validate
from eventcoder.resources import schema

CAMEO = Ontology.load()
HEADER = ",".join(REQUIRED)
GOOD = f"{HEADER}\n01,Say,01,1,0.0\n011,Say no,01,1,\n14,Protest,14,4,-6.5\n"


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "mine.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_all_codes_are_there() -> None:
    lengths = Counter(len(code) for code in CAMEO.codes)
    assert lengths == {2: 20, 3: 149, 4: 147}
    assert len(CAMEO.codes) == 316
    assert CAMEO.roots == {f"{n:02}" for n in range(1, 21)}
    assert (CAMEO.name, CAMEO.version) == ("cameo", "1.1b3")
    assert re.fullmatch("[0-9a-f]{12}", CAMEO.digest)
    assert validate(schema("ontologies", "cameo.csv")) == []
    assert "cameo" in available()


def test_every_code_stands_below_its_base_and_root() -> None:
    for code, row in CAMEO.codes.items():
        assert code == row.event_code
        assert re.fullmatch("(0[1-9]|1[0-9]|20)[0-9]{0,2}", code)
        assert row.base_code == code[:3]
        assert row.root_code == code[:2]
        assert row.base_code in CAMEO.codes
        assert row.root_code in CAMEO.codes
    assert CAMEO.root("0331") == "03"
    assert CAMEO.base("0331") == "033"
    assert CAMEO.base("033") == "033"
    assert CAMEO.base("03") == "03"


def test_leaves_have_nothing_below_them() -> None:
    assert {"010", "0331", "2042"} <= CAMEO.leaves
    assert not CAMEO.leaves & {"01", "033", "183"}
    for code in CAMEO.codes:
        assert (code in CAMEO.leaves) != any(c != code and c.startswith(code) for c in CAMEO.codes)


@pytest.mark.parametrize(
    ("code", "gdelt", "whose", "icews"),
    [
        ("190", -10.0, "own", -10.0),
        ("057", 8.0, "own", 8.0),
        ("0874", 10.0, "own", 10.0),
        ("016", 3.4, "own", -5.0),
        ("163", -6.5, "own", -8.0),
        ("0256", -0.3, "base", -0.3),
        ("1661", -8.0, "base", -7.0),
        ("1951", -10.0, "base", -10.0),
        ("155", -7.2, "root", -7.2),
        ("116", -2.0, "root", -2.0),
    ],
)
def test_goldstein_values(code: str, gdelt: float, whose: str, icews: float) -> None:
    row = CAMEO[code]
    assert (row.goldstein, row.goldstein_from, row.goldstein_icews) == (gdelt, whose, icews)


def test_goldstein_says_whose_value_it_is() -> None:
    own = {c for c, row in CAMEO.codes.items() if row.goldstein_from == "own"}
    own_icews = {c for c, row in CAMEO.codes.items() if row.goldstein_icews_from == "own"}
    differ = {c for c in own & own_icews if CAMEO[c].goldstein != CAMEO[c].goldstein_icews}
    assert differ == {"016", "124", "163", "164", "166"}
    for row in CAMEO.codes.values():
        above = {"own": row.event_code, "base": row.base_code, "root": row.root_code}
        assert row.goldstein == CAMEO[above[row.goldstein_from]].goldstein
        assert row.goldstein_icews == CAMEO[above[row.goldstein_icews_from]].goldstein_icews


def test_classes_follow_the_roots_that_the_toml_lists() -> None:
    about = tomllib.loads(schema("ontologies", "cameo.toml").read_text(encoding="utf-8"))
    for mapping in (*about["quad_classes"].values(), about["penta_class"]):
        by_root = {root: int(k) for k, roots in mapping["roots"].items() for root in roots}
        assert set(by_root) == CAMEO.roots
        for row in CAMEO.codes.values():
            assert getattr(row, mapping["column"]) == by_root[row.root_code]
    assert [CAMEO[c].quad_class for c in ("057", "0874", "139", "141")] == [1, 2, 3, 4]


def test_plv_covers_every_root_but_the_first() -> None:
    for row in CAMEO.codes.values():
        assert bool(row.plv) == (row.root_code != "01")
        assert row.plv == CAMEO[row.root_code].plv
    assert len(CAMEO.labels("plv")) == 15
    assert CAMEO.members("ASSAULT", "plv") & CAMEO.roots == {"18", "19", "20"}
    assert CAMEO.members("ACCUSE", "plv") & CAMEO.roots == {"09", "11"}
    assert CAMEO.quad_of("REQUEST", "plv") == 3
    assert CAMEO.quad_of("02", "root") == 1
    assert CAMEO.label("010", "plv") is None


@pytest.mark.parametrize("label_set", LABEL_SETS)
def test_labels_part_the_codes(label_set: str) -> None:
    covered = Counter(
        code for label in CAMEO.labels(label_set) for code in CAMEO.members(label, label_set)
    )
    assert set(covered.values()) == {1}
    assert set(covered) == {c for c in CAMEO.codes if CAMEO.label(c, label_set)}
    for label in CAMEO.labels(label_set):
        quad = CAMEO.quad_of(label, label_set)
        assert quad in (1, 2, 3, 4) or (label_set, label, quad) == ("penta", "0", None)


def test_members() -> None:
    assert len(CAMEO.members("04", "root")) == 8
    assert CAMEO.members(2, "quad") == CAMEO.members("2", "quad")
    assert CAMEO.members("025", "cameo") == {"025"}
    with pytest.raises(EventcoderError, match=r"no label 'HUG'.*plv.*ACCUSE"):
        CAMEO.members("HUG", "plv")
    with pytest.raises(EventcoderError, match="no label set 'plover'"):
        CAMEO.members("04", "plover")
    with pytest.raises(EventcoderError, match=r"no code '1213'.*1211"):
        CAMEO.members("1213", "cameo")


def test_symmetric_acts() -> None:
    assert all(CAMEO.is_symmetric(c) for c in ("040", "041", "044", "046", "057", "062"))
    assert not any(CAMEO.is_symmetric(c) for c in ("042", "043", "045", "036", "193", "0331"))


@pytest.mark.parametrize("bad", ["33", "1213", "", "9999", None, []])
def test_an_unknown_code_is_named_with_its_nearest(bad: str) -> None:
    with pytest.raises(EventcoderError, match=re.escape(f"no code {str(bad)!r}") + ".*nearest"):
        CAMEO[bad]


def test_a_lost_zero_is_recognised() -> None:
    with pytest.raises(EventcoderError, match=r"0331.*leading zero"):
        CAMEO["331"]


@pytest.mark.parametrize(
    ("language", "letters", "foreign"),
    [
        ("en", "[A-Za-z]", "[\u0600-\u06ff]"),
        ("ar", "[\u0621-\u064a]", "[A-Za-zیکپچژگ]"),
        ("fa", "[\u0621-\u06cc]", "[A-Za-zيكىة]"),
    ],
)
def test_definitions_are_one_distinct_line_in_their_script(
    language: str, letters: str, foreign: str
) -> None:
    texts = [getattr(row, f"definition_{language}") for row in CAMEO.codes.values()]
    assert len(set(texts)) == 316
    for text in texts:
        assert text.endswith(".")
        assert "\n" not in text
        assert len(re.findall(letters, text)) >= 10
        assert not re.search(foreign, text), text


def test_codes_named_in_a_definition_are_those_below_it() -> None:
    for row in CAMEO.codes.values():
        for language in ("en", "ar", "fa"):
            for code in re.findall("[0-9]{3,4}", getattr(row, f"definition_{language}")):
                assert code in CAMEO.codes
                assert code.startswith(row.event_code.removesuffix("0") or "-")


def test_frame_keeps_codes_as_text() -> None:
    frame = CAMEO.frame()
    assert frame.height == 316
    assert frame["event_code"].to_list() == list(CAMEO.codes)
    assert frame.filter(event_code="016")["goldstein"].item() == 3.4
    other = CAMEO.frame(quad="phoenix", goldstein="icews")
    assert other.columns == frame.columns
    assert other.filter(event_code="161")["quad_class"].item() == 3
    assert other.filter(event_code="016")["goldstein"].item() == -5.0
    with pytest.raises(EventcoderError, match=r"no 'mars'.*gdelt, phoenix"):
        CAMEO.frame(quad="mars")


def test_loading_is_cached_until_the_file_changes(tmp_path: Path) -> None:
    assert Ontology.load() is CAMEO
    assert Ontology.load(schema("ontologies", "cameo.csv")).digest == CAMEO.digest
    assert pickle.loads(pickle.dumps(CAMEO)).codes == CAMEO.codes
    path = write(tmp_path, GOOD)
    first = Ontology.load(path)
    assert Ontology.load(path) is first
    path.with_suffix(".toml").write_text('name = "other"\nversion = "2"\n')
    assert (Ontology.load(path).name, Ontology.load(path).version) == ("other", "2")


def test_a_users_ontology_needs_five_columns(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    assert validate(path) == []
    own = Ontology.load(str(path))
    assert (own.name, own.version) == ("mine", "unversioned")
    assert own["011"].goldstein_from == "root"
    assert own["14"].penta_class == 4
    assert own.labels("plv") == ()
    assert own.frame().height == 3


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.encode("utf-8-sig"))
    assert validate(path) == []
    assert set(Ontology.load(path).codes) == {"01", "011", "14"}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "row 1: the file is empty"),
        ("\n\n", "row 1: the file is empty"),
        (f"{HEADER}\n", "row 2: there are no codes"),
        (GOOD.replace("root_code", "root"), "row 1, column root_code: the column is missing"),
        (
            GOOD.replace("goldstein", "goldstein,name"),
            "row 1, column name: the column stands twice",
        ),
        (GOOD.replace(",", ";"), "row 1: columns must be separated by commas"),
        (GOOD + "14,Again,14,4,-1\n", "row 5, column event_code: '14' is in row 4 too"),
        (GOOD + "02,Ask,2,1,3\n", "row 5, column root_code: '2' is not a code of this file"),
        (GOOD + "012,Say,011,1,3\n", "row 5, column root_code: '011' is not a root itself"),
        (GOOD + "02,Ask,02,1,high\n", "row 5, column goldstein: 'high' is not a number from"),
        (GOOD + "02,Ask,02,1,nan\n", "row 5, column goldstein: 'nan' is not a number from"),
        (GOOD + "02,Ask,02,1,11\n", "row 5, column goldstein: '11' is not a number from"),
        (GOOD + "02,Ask,02,1,\n", "row 5, column goldstein: the code has no value"),
        (GOOD + "02,Ask,02,5,1\n", "row 5, column quad_class: '5' is not a whole number"),
        (GOOD + "02,Ask,02,,1\n", "row 5, column quad_class: '' is not a whole number"),
        (GOOD + "02,,02,1,1\n", "row 5, column name: the cell is empty"),
        (GOOD + "02,Ask\n", "row 5: 2 cells where the header has 5"),
        (GOOD.encode("utf-16"), "row 1: the file is not UTF-8"),
        (
            f"{HEADER},symmetric\n04,Meet,04,1,1,both\n",
            "row 2, column symmetric: 'both' is neither",
        ),
        (f"{HEADER},base_code\n04,Meet,04,1,1,4\n", "row 2, column base_code: '4' is not a code"),
    ],
)
def test_a_fault_is_named_by_row_and_column(
    tmp_path: Path, content: str | bytes, fault: str
) -> None:
    path = write(tmp_path, content)
    assert validate(path)[0].startswith(fault)
    with pytest.raises(EventcoderError, match=re.escape(f"mine.csv, {fault}")):
        Ontology.load(path)


def test_every_fault_is_found_at_once(tmp_path: Path) -> None:
    assert len(validate(write(tmp_path, GOOD + "02,,2,9,x\n"))) == 4


@pytest.mark.parametrize(
    ("about", "fault"),
    [
        ("name = ", "mine.toml is not valid toml"),
        ('name = "م"'.encode("utf-16"), "mine.toml is not valid toml"),
        ('[quad_classes.own]\ncolumn = "name"\n', "mine.toml, quad_classes.own: column must be"),
        ("[plv]\nAGREE = 9\n", "mine.toml, plv: must give each class its quad class"),
    ],
)
def test_a_faulty_toml_is_named(tmp_path: Path, about: str | bytes, fault: str) -> None:
    path = write(tmp_path, GOOD)
    path.with_suffix(".toml").write_bytes(about.encode() if isinstance(about, str) else about)
    assert validate(path)[0].startswith(fault)


def test_an_ontology_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EventcoderError, match=r"no ontology 'nope'.*cameo"):
        Ontology.load("nope")
    assert "cannot be read" in validate(tmp_path / "nope.csv")[0]
    assert "cannot be read" in validate(tmp_path)[0]


def test_the_csv_is_sorted_and_clean() -> None:
    with schema("ontologies", "cameo.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    assert [row[0] for row in rows[1:]] == sorted(CAMEO.codes)
    assert all(cell == cell.strip() for row in rows for cell in row)
