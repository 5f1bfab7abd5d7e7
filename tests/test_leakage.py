"""Near-duplicates are found by their sketches, others are not, and fast enough."""

import random
import time
from pathlib import Path

import numpy as np
import pytest

from eventcoder import gold, leakage
from eventcoder.errors import EventcoderError

TRAINING = Path(__file__).parents[1] / "models" / "training"
TEXTS = {
    lang: [r["text"] for _, r in gold.lines(TRAINING / f"own.{lang}.jsonl")]
    for lang in ("ar", "en", "fa")
}


def shingles(text: str) -> set[str]:
    """Return what the sketches sample, worked out plainly."""
    words = leakage._GAP.sub(" ", leakage.fold_with_offsets(text)[0].casefold()).strip()
    return {words[i : i + 5] for i in range(len(words) - 4)}


@pytest.mark.parametrize("lang", TEXTS)
def test_a_sentence_is_found_again_with_small_changes(lang: str) -> None:
    texts = TEXTS[lang][:500]
    sketches = leakage.sketch(texts)
    changed = [f"  {t.upper()} ... 2024" for t in texts if len(t) > 60]
    found = leakage.near(sketches, changed)
    assert len(found) >= 0.99 * len(changed) > 100


@pytest.mark.parametrize("lang", TEXTS)
def test_other_sentences_are_not_found(lang: str) -> None:
    """By their ids' parity: what is found does share about half of its shingles."""
    kept, asked = TEXTS[lang][::2], TEXTS[lang][1::2]
    found = leakage.near(leakage.sketch(kept), asked)
    assert len(found) < 0.03 * len(asked)
    parts = [shingles(t) for t in kept]
    for row in found:
        mine = shingles(asked[row])
        assert max(len(mine & p) / len(mine | p) for p in parts) > 0.2, asked[row]


def test_the_estimate_is_the_share_in_common() -> None:
    draw, texts = random.Random(1), TEXTS["en"]
    errors = []
    for _ in range(300):
        first, second = draw.choice(texts), draw.choice(texts)
        cut = draw.randint(0, len(first))
        mixed = first[:cut] + second[cut:]
        a, b = shingles(first), shingles(mixed)
        said = leakage._jaccard(*leakage.sketch([first, mixed]))
        errors.append(said - len(a & b) / len(a | b))
    assert abs(np.mean(errors)) < 0.03
    assert np.std(errors) < 0.13  # 0.125 at most by theory


def test_vowel_marks_variant_letters_and_spaces_do_not_hide() -> None:
    sketches = leakage.sketch(["أعلنت وزارة الخارجية الإيرانية موقفها", "نیروهای ویژه"])
    assert leakage.near(sketches, ["اعلنَت  وزارة الخارجية الايرانية موقفها!"]) == [0]
    assert leakage.near(sketches, ["نيروهاي ويژه"]) == [0]


def test_short_and_empty_texts() -> None:
    sketches = leakage.sketch(["", "Iran", "...", "Iran!"])
    assert (sketches[0] == leakage.NONE).all()
    assert (sketches[1] == sketches[3]).all()
    assert leakage.near(sketches, ["", "...", "iran", "Iraq"]) == [2]
    assert leakage.near(sketches[:0], ["Iran"]) == []
    assert leakage.near(sketches, []) == []


def test_many_against_many_is_fast() -> None:
    texts = [f"{a} {b}" for a, b in zip(TEXTS["en"], reversed(TEXTS["en"]), strict=True)]
    sketches = np.concatenate([leakage.sketch(texts)] * 15)[:35_000]
    asked = texts[:1000] + TEXTS["fa"] + TEXTS["ar"][:500]
    began = time.process_time()
    found = leakage.near(sketches, asked)
    assert time.process_time() - began < 5
    assert set(found) >= set(range(1000))


def test_what_a_model_was_trained_on_is_kept_beside_it(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    assert leakage.load(first) is None
    leakage.store(first, ["Iran met Iraq in Baghdad on Sunday."] * 2)
    leakage.store(second, ["Turkey sent aid to Syria after the quake."], before=[first])
    kept = leakage.load(second)
    assert kept is not None
    assert len(kept) == 2
    assert leakage.near(kept, ["Iran met Iraq in Baghdad on Sunday", "France left Mali."]) == [0]


def test_going_on_from_a_model_that_does_not_tell_is_not_known(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    leakage.store(second, ["Iran met Iraq."])
    leakage.store(second, ["Iran met Iraq."], before=[first])
    assert leakage.load(second) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"no numpy file", np.arange(4).tobytes()],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / leakage.FILE).write_bytes(content)
    with pytest.raises(EventcoderError, match=r"trained_on\.npy is damaged"):
        leakage.load(tmp_path)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 4), np.uint32),
        np.zeros((3, leakage.K)),
        np.zeros(3, np.uint32),
        np.array([str], dtype=object),  # written as a pickle, which is never opened
    ],
)
def test_wrong_arrays_are_no_sketches(tmp_path: Path, array: np.ndarray) -> None:  # type: ignore[type-arg]
    np.save(tmp_path / leakage.FILE, array)
    with pytest.raises(EventcoderError, match="damaged"):
        leakage.load(tmp_path)
