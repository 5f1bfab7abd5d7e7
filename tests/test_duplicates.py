import datetime as dt
import hashlib
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from eventcoder import duplicates, sketches, tables
from eventcoder.coder import document_rows
from eventcoder.extraction import Extracted, prepare
from eventcoder.records import Document

SAMPLE = Path(__file__).parent / "sample"
STORY = (
    "Kenya and Uganda signed an accord on Tuesday to share intelligence on traffickers. "
    "Their ministers met for two hours in Nairobi and promised joint patrols on the lake. "
    "A spokesman for the opposition called the accord a gift to smugglers on both shores."
)
OTHER = (
    "Floods closed four roads near the coast after three days of rain, the weather office said. "
    "Schools in nine districts will open again once the water has gone down next week."
)
ABSENT: Any = None


def extracted(doc_id: str, text: str, day: str | None = "2020-05-01", **more: Any) -> Extracted:
    published = dt.date.fromisoformat(day) if day else None
    basis = "given" if day else "none"
    document = Document(doc_id, text, published=published, published_basis=basis, **more)
    return Extracted(prepare(document), (), (), None)


def clusters(*read: Extracted, events: pl.DataFrame = ABSENT) -> dict[str, str]:
    events = tables.empty("events") if events is None else events
    frame = document_rows(read, ())
    (stories,) = duplicates.cluster([(sketches.sketch_rows(frame, read), events)])
    found = zip(frame["doc_id"], duplicates.cluster_ids(stories), strict=True)
    return {doc_id: story for doc_id, story in found if story}


def test_copies_share_a_story_and_others_have_their_own() -> None:
    found = clusters(
        extracted("a", STORY),
        extracted("b", f"NAIROBI, May 1 (Crescent) - {STORY.partition('A spokesman')[0]}"),
        extracted("c", OTHER),
    )
    assert found["a"] == found["b"] != found["c"]
    assert all(len(name) == 16 and name[0] == "c" for name in found.values())


def test_stories_do_not_hang_on_order_or_parts() -> None:
    read = [extracted(f"d{i}", STORY + f" It was the {i}th time.") for i in range(20)]
    read += [extracted(f"o{i}", OTHER, day=f"2020-05-{i + 1:02d}") for i in range(20)]
    expected = clusters(*read)
    for seed in range(3):
        random.Random(seed).shuffle(read)
        assert clusters(*read) == expected


def test_a_story_is_told_for_some_days_and_no_chain_goes_on_longer() -> None:
    days = [dt.date(2020, 5, 1) + dt.timedelta(n) for n in range(20)]
    found = clusters(*(extracted(day.isoformat(), STORY, day=day.isoformat()) for day in days))
    for name in set(found.values()):
        told = sorted(dt.date.fromisoformat(d) for d, other in found.items() if other == name)
        assert (told[-1] - told[0]).days <= duplicates.WINDOW
    assert len(set(found.values())) == 5


def test_a_text_without_a_date_joins_its_copy() -> None:
    found = clusters(extracted("a", STORY), extracted("b", STORY, day=None))
    assert len(set(found.values())) == 1


def test_a_title_alone_is_a_text() -> None:
    read = [extracted(f"d{i}", "", title="Kenya and Uganda sign an accord") for i in range(2)]
    assert len(set(clusters(*read).values())) == 1


def test_unread_documents_have_no_story() -> None:
    read = [extracted("a", STORY), extracted("b", "123 456"), extracted("c", "")]
    frame = document_rows(read, ())
    (stories,) = duplicates.cluster([(sketches.sketch_rows(frame, read), tables.empty("events"))])
    assert duplicates.cluster_ids(stories).is_null().to_list() == [False, True, True]


def test_a_crowd_of_copies() -> None:
    found = clusters(*(extracted(f"d{i}", STORY) for i in range(300)), extracted("o", OTHER))
    assert len(set(found.values())) == 2


def told(*rows: tuple[str, str, str, str], dropped: str | None = None) -> pl.DataFrame:
    digest = [hashlib.sha256(repr(row).encode()).hexdigest()[:16] for row in rows]
    frame = pl.DataFrame(
        [
            {"event_id": e, "doc_id": d, "source": s, "source_country": s[:3], "target": t,
             "target_country": t[:3], "event_code": r, "root_code": r, "dropped": dropped}
            for e, (d, s, t, r) in zip(digest, rows, strict=True)
        ],
        schema_overrides={"dropped": pl.String},
    )  # fmt: skip
    return tables.conform(frame, "events")


PERSIAN = "کنیا و اوگاندا روز سه‌شنبه توافقی برای تبادل اطلاعات درباره قاچاقچیان امضا کردند."
ARABIC = "وقعت كينيا وأوغندا يوم الثلاثاء اتفاقا لتبادل المعلومات عن المهربين في نيروبي."
LANGS = ("ar", "en", "fa")
TWO = [("KEN", "UGA", "05"), ("UGAOPP", "UGAGOV", "11")]


def test_languages_meet_by_what_they_tell() -> None:
    read = (extracted("en", STORY), extracted("fa", PERSIAN), extracted("ar", ARABIC))
    assert len(set(clusters(*read).values())) == 3
    both = told(*((d, *event) for d in ("en", "fa") for event in TWO))
    found = clusters(*read, events=both)
    assert found["en"] == found["fa"] != found["ar"]
    dropped = both.with_columns(dropped=pl.lit("self dyad"))
    assert len(set(clusters(*read, events=dropped).values())) == 3


def test_one_event_is_enough_only_if_it_is_all_and_told_once() -> None:
    read = (extracted("en", STORY), extracted("fa", PERSIAN), extracted("ar", ARABIC))
    one = told(("en", *TWO[0]), ("fa", *TWO[0]))
    assert clusters(*read, events=one)["en"] == clusters(*read, events=one)["fa"]
    three = told(("en", *TWO[0]), ("fa", *TWO[0]), ("ar", *TWO[0]))
    assert len(set(clusters(*read, events=three).values())) == 3


def test_other_languages_do_not_bridge_texts_that_differ() -> None:
    read = (extracted("en", STORY), extracted("en2", OTHER), extracted("fa", PERSIAN))
    found = clusters(*read, events=told(*((d, *e) for d in ("en", "en2", "fa") for e in TWO)))
    assert found["en"] != found["en2"]
    assert found["fa"] in (found["en"], found["en2"])


def test_other_days_do_not_meet() -> None:
    read = (extracted("en", STORY), extracted("fa", PERSIAN, day="2020-05-02"))
    found = clusters(*read, events=told(*((d, *e) for d in ("en", "fa") for e in TWO)))
    assert found["en"] != found["fa"]


def meant(ids: list[str], vectors: list[Any], seed: int) -> pl.DataFrame:
    """Return sketches of texts that differ in all words, with what they mean."""
    rng = np.random.default_rng(seed)
    minima = rng.integers(0, 1 << 16, (len(ids), sketches.PERMUTATIONS), np.uint16)
    rows = {
        "doc_id": ids, "published": [dt.date(2020, 5, 1)] * len(ids),
        "language": [doc_id[:2] for doc_id in ids],
        "text_sha256": [hashlib.sha256(doc_id.encode()).hexdigest() for doc_id in ids],
        "sketch": pl.Series(minima, dtype=sketches.SKETCHES["sketch"]),
        "meaning": [vector.astype("<f2").tobytes() for vector in vectors],
    }  # fmt: skip
    return pl.DataFrame(rows | {"record": [None] * len(ids)}, schema=sketches.SKETCHES)


def test_languages_meet_by_what_they_mean_if_they_tell_of_the_same_countries() -> None:
    """Forty stories of one day and dyad; every language has a corner of its own."""
    rng = np.random.default_rng(3)
    stories, corner = rng.normal(size=(40, 64)), {lang: rng.normal(size=64) * 3 for lang in LANGS}
    ids = [f"{lang}{n:02d}" for lang in LANGS for n in range(40)]
    vectors = [stories[int(i[2:])] + corner[i[:2]] + rng.normal(size=64) * 0.3 for i in ids]
    same = told(*((doc_id, "KEN", "UGA", "05") for doc_id in ids))
    (found,) = duplicates.cluster([(meant(ids, vectors, 1), same)])
    assert len(set(found[:40])) == 40
    assert found[:40].tolist() == found[40:80].tolist() == found[80:].tolist()
    other = {"en": "UGA", "fa": "TZA", "ar": "SDN"}
    elsewhere = told(*((i, "KEN", other[i[:2]], "05") for i in ids))
    (found,) = duplicates.cluster([(meant(ids, vectors, 1), elsewhere)])
    assert len(set(found)) == 120


def test_what_has_no_counterpart_stays_alone() -> None:
    rng = np.random.default_rng(4)
    ids = [f"{lang}{n:02d}" for lang in LANGS for n in range(40)]
    same = told(*((doc_id, "KEN", "UGA", "05") for doc_id in ids))
    (found,) = duplicates.cluster([(meant(ids, list(rng.normal(size=(120, 64))), 1), same)])
    assert len(set(found)) == 120


def test_nothing_to_tell_apart() -> None:
    assert clusters() == {}


def test_the_cut_into_parts_and_the_files_change_nothing(tmp_path: Path) -> None:
    read = [extracted(f"d{i}", f"{STORY} It was the {i}th time.") for i in range(9)]
    read += [extracted("en", OTHER), extracted("fa", PERSIAN)]
    both = told(*((d, *event) for d in ("en", "fa") for event in TWO))
    whole = clusters(*read, events=both)
    parts = []
    for start in range(0, len(read), 4):
        some = read[start : start + 4]
        frame = document_rows(some, ())
        mine = both.filter(pl.col("doc_id").is_in(frame["doc_id"].to_list()))
        parts.append((sketches.sketch_rows(frame, some), mine))
    cut = duplicates.cluster(iter(parts), tmp_path)
    assert [len(stories) for stories in cut] == [4, 4, 3]
    assert pl.concat(map(duplicates.cluster_ids, cut)).to_list() == list(whole.values())
    assert not list(tmp_path.iterdir())


def test_many_days_of_events_are_gone_over_by_and_by(monkeypatch: pytest.MonkeyPatch) -> None:
    days = [f"2020-05-{day:02d}" for day in range(1, 29)]
    read = [extracted(f"{lang}{day}", f"{text} {day}", day) for day in days
            for lang, text in (("en", STORY), ("fa", PERSIAN))]  # fmt: skip
    both = told(*((f"{lang}{d}", *e) for d in days for lang in ("en", "fa") for e in TWO))
    found = clusters(*read, events=both)
    assert all(found[f"en{day}"] == found[f"fa{day}"] for day in days)
    monkeypatch.setattr(sketches, "AT_ONCE", 5)
    monkeypatch.setattr(duplicates, "AT_ONCE", 3)
    assert clusters(*read, events=both) == found


def test_labelled_pairs_keep_their_floor() -> None:
    lines = (SAMPLE / "duplicates.jsonl").read_text("utf-8").splitlines()
    pairs = [json.loads(line) for line in lines]
    assert len(pairs) >= 300
    read = [
        extracted(f"{p['id']}/{side}", p[side]["text"], p["published"], title=p[side]["title"],
                  language=p["language"])
        for p in pairs for side in "ab"
    ]  # fmt: skip
    story = clusters(*read)
    found = {p["id"] for p in pairs if story[f"{p['id']}/a"] == story[f"{p['id']}/b"]}
    true = {p["id"] for p in pairs if p["duplicate"]}
    assert len(found & true) >= 0.97 * len(true)
    assert len(found & true) >= 0.99 * len(found)


@pytest.mark.parametrize("pair", [("en-016", "en-017"), ("ar-014", "ar-015"), ("fa-027", "fa-028")])
def test_copies_in_the_sample_corpus(pair: tuple[str, str]) -> None:
    file = SAMPLE / "corpus" / f"{pair[0][:2]}.jsonl"
    rows = map(json.loads, file.read_text("utf-8").splitlines())
    found = clusters(*(
        extracted(r["doc_id"], r["text"], r.get("published"), title=r["title"]) for r in rows
    ))  # fmt: skip
    assert found[pair[0]] == found[pair[1]]
    assert len(set(found.values())) == len(found) - 1
