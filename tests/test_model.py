"""The model's code on a tiny network of our own: train, stop, resume, export, read, restore."""

import itertools
import json
import math
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from eventcoder import gold, leakage, resources
from eventcoder.errors import EventcoderError
from eventcoder.model import spans
from eventcoder.model.confidence import logit
from eventcoder.model.encoder import EncoderModel

torch = pytest.importorskip("torch")
OWN = Path(__file__).parents[1] / "models" / "training"


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """A random two-layer BERT with a word-piece vocabulary learnt from our own sentences."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("base")
    files = [OWN / f"own.{lang}.jsonl" for lang in ("ar", "en", "fa")]
    texts = [e.text for file in files for e in gold.examples(file)]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=1000, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(texts[::20], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>",
        unk_token="<unk>",
    ).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=1000, hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=128, max_position_embeddings=256, pad_token_id=1,
    )  # fmt: skip
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A few hundred sentences of ours, and given pairs with a class for a label."""
    folder = tmp_path_factory.mktemp("data")
    for lang in ("ar", "en", "fa"):
        lines = (OWN / f"own.{lang}.jsonl").read_text("utf-8").splitlines()
        (folder / f"own.{lang}.jsonl").write_text("\n".join(lines[::12]), "utf-8")
    relations = [
        {"id": f"r{i}", "lang": "en", "text": "Iran rejected the US proposal.", "source": [0, 4],
         "target": [18, 20], "label_set": "plv", "label": "REJECT"}
        for i in range(8)
    ]  # fmt: skip
    (folder / "relations.jsonl").write_text("\n".join(map(json.dumps, relations)))
    return folder


@pytest.fixture(scope="module")
def recipe(base, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    path.write_text(
        f'base = "{base.as_posix()}"\nepochs = 2.0\nhead_width = 64\nhead_rate = 3e-3\n'
        "tokens_per_batch = 800\nheld_out = 0.2\nbfloat16 = false\n"
    )
    return path


@pytest.fixture(scope="module")
def trained(data, recipe, tmp_path_factory) -> Path:
    from eventcoder.model.fitting import fit

    out = tmp_path_factory.mktemp("models") / "tiny"
    told: list[str] = []
    scores = fit([data], out, recipe, told.append)
    assert scores["sentences"] > 50
    assert any("sentences to train on" in line for line in told)
    return out


def test_trained_folder_reads_sentences(trained):
    model = EncoderModel(trained, threads=1)
    texts = ["Iran rejected the US proposal.", "", "x", "نفت طاجيكستان المزاعم الأفغانية"]
    readings = model.read(texts)
    assert len(readings) == len(texts)
    for text, reading in zip(texts, readings, strict=True):
        assert all(text[m.start : m.end] == m.text for m in reading.mentions)
        assert all(0 <= act.confidence <= 1 and act.code in model.codes for act in reading.acts)


def test_reading_does_not_depend_on_company(trained):
    model = EncoderModel(trained, threads=1)
    texts = [e.text for e in gold.examples(OWN / "own.fa.jsonl")[:40]]
    together = model.read(texts)
    assert [model.read([t])[0].mentions for t in texts[:8]] == [r.mentions for r in together[:8]]
    alone = [a for t in texts[:8] for a in model.read([t])[0].acts]
    company = [a for r in together[:8] for a in r.acts]
    assert [(a.source, a.target, a.code) for a in alone] == [
        (a.source, a.target, a.code) for a in company
    ]
    assert np.allclose([a.confidence for a in alone], [a.confidence for a in company], atol=2e-3)


def test_export_keeps_the_network(trained, recipe):
    """The int8 export agrees with the float network that `restore` reads back out of it."""
    from eventcoder.model import export, training

    begun = training.start(training.Recipe.read(recipe, base=str(trained)), 1)
    network = begun.network.eval()
    export.restore(trained, network)
    model = EncoderModel(trained, threads=1)
    encoding = model.tokenizer.encode("Iran rejected the US proposal.")
    ids = torch.tensor([encoding.ids])
    with torch.inference_mode():
        floats = network.encode(ids, torch.ones_like(ids)).numpy()[0]
    feed = {"ids": ids.numpy(), "mask": np.ones_like(ids.numpy())}
    ours = model._encoder.run(None, feed)[0][0]
    norms = np.linalg.norm(floats, axis=-1) * np.linalg.norm(ours, axis=-1)
    cosine = (floats * ours).sum(-1) / norms
    assert cosine.min() > 0.99


@pytest.mark.parametrize("average_every", [0, 2])
def test_a_stopped_training_goes_on(data, recipe, tmp_path, average_every):
    """Two epochs in one go and with a stop between give the same weights, and the same mean."""
    from eventcoder.model import training

    paths = sorted(data.glob("*.jsonl"))
    settings = training.Recipe.read(recipe, average_every=average_every)
    whole, _ = training.train(paths, settings, tmp_path / "whole", lambda _: None)

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train(paths, settings, tmp_path / "cut", lambda _: None, evaluate=stop)
    told: list[str] = []
    rest, _ = training.train(paths, settings, tmp_path / "cut", told.append)
    assert any(line.startswith("going on after step") for line in told)
    for a, b in zip(whole.network.parameters(), rest.network.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-5)


def test_the_pair_head_alone_is_trained(trained, data, recipe, tmp_path):
    from eventcoder.model import training

    settings = training.Recipe.read(recipe, base=str(trained), freeze_encoder=True, epochs=0.1)
    before = training.start(settings, 1).network.state_dict()
    after, _ = training.train(sorted(data.glob("*.jsonl")), settings, tmp_path, lambda _: None)
    changed = {n for n, v in after.network.state_dict().items() if not v.equal(before[n])}
    assert changed and all(name.startswith("pair.") for name in changed)


def test_training_goes_on_from_a_model_folder(trained, data, recipe, tmp_path):
    """`--base models/NAME` starts from its weights, not from chance."""
    from eventcoder.model.fitting import fit

    out = tmp_path / "more"
    fit([data / "own.en.jsonl"], out, recipe, lambda _: None, base=str(trained), epochs=0.05)
    old, new = EncoderModel(trained, 1), EncoderModel(out, 1)
    text = "Iran rejected the US proposal."
    ends = ((0, 4), (18, 20))
    before, after = old.judge([text], [ends])[0], new.judge([text], [ends])[0]
    assert abs(before[0] - after[0]) < 0.3
    assert np.abs(before[1] - after[1]).max() < 0.3


def test_a_few_labels_leave_the_confidence_of_the_base(trained, data, recipe, tmp_path):
    from eventcoder.model.fitting import fit

    base, out = tmp_path / "base", tmp_path / "more"
    shutil.copytree(trained, base)
    about = json.loads((base / "model.json").read_text("utf-8"))
    weights = {"bias": -1.5, "event": 0.4, "root": 0.3, "mentions": 0.2, "open_source": -2.0,
               "open_target": -1.0, "both": 1.2}  # fmt: skip
    about |= {"calibration": weights, "threshold": 0.31}
    (base / "model.json").write_text(json.dumps(about), "utf-8")
    few = tmp_path / "mine.jsonl"
    lines = (data / "own.en.jsonl").read_text("utf-8").splitlines(keepends=True)
    few.write_text("".join(lines[:200]), "utf-8")
    fit([few], out, recipe, lambda _: None, base=str(base), epochs=0.1)
    made = EncoderModel(out, 1)
    assert made.about["calibration"] == weights and made.threshold == 0.31
    assert "the confidence stays as it was" in made.about["held_out"]["note"]
    assert (out / "confusion.json").read_bytes() == (base / "confusion.json").read_bytes()


def test_a_model_is_trained_on_with_fewer_layers(trained, data, recipe, tmp_path):
    from eventcoder.model import training
    from eventcoder.model.fitting import fit

    out, short = tmp_path / "thin", recipe.read_text() + "layers = 1\n"
    path = tmp_path / "recipe.toml"
    path.write_text(short)
    fit([data / "own.en.jsonl"], out, path, lambda _: None, base=str(trained), epochs=0.05)
    assert json.loads((out / "config.json").read_text())["num_hidden_layers"] == 1
    assert (out / "encoder.onnx").stat().st_size < (trained / "encoder.onnx").stat().st_size
    assert len(EncoderModel(out, 1).read(["Iran rejected the US proposal."])) == 1
    begun = [
        training.start(training.Recipe.read(recipe, base=str(trained), layers=n), 1).network.encoder
        for n in (None, 1)
    ]
    last = [encoder.encoder.layer[-1].output.dense.weight for encoder in begun]
    assert torch.equal(*last)  # which the heads read
    training.start(training.Recipe.read(recipe, base=str(out)), 1)
    with pytest.raises(EventcoderError, match="layers 3 is not within 1 to 2"):
        training.start(training.Recipe.read(recipe, base=str(trained), layers=3), 1)


@pytest.mark.parametrize("split", [None, "train", "test"])
def test_a_hugging_face_data_set_trains_as_its_json_lines_do(data, tmp_path, split):
    import datasets

    from eventcoder.model.data import examples, files, is_events

    # Columns are alike in all rows there: what a row lacks comes back as None.
    lines = (data / "own.en.jsonl").read_text("utf-8").splitlines()
    records = [{k: v for k, v in json.loads(line).items() if k != "note"} for line in lines]
    table = datasets.Dataset.from_list(records)
    path = tmp_path / "news"
    (datasets.DatasetDict({split: table}) if split else table).save_to_disk(path)
    assert files([path]) == [path]
    if split == "test":
        with pytest.raises(EventcoderError, match="no split train, but test"):
            examples(path)
        return
    assert not is_events(path)
    assert examples(path) == gold.examples(data / "own.en.jsonl")


def test_a_data_set_at_fault_is_named_with_its_row(data, tmp_path):
    import datasets

    from eventcoder.model.data import examples

    wrong = [{"id": "1", "lang": "en", "text": "A", "actors": [], "events": [], "n": 1}]
    wrong += [{**wrong[0], "actors": [{"start": 4, "end": 9, "code": "USA"}]}]
    datasets.Dataset.from_list(wrong).save_to_disk(tmp_path / "wrong")
    with pytest.raises(EventcoderError, match=r"row 2: actors .* is not inside the text"):
        examples(tmp_path / "wrong")
    next((tmp_path / "wrong").glob("*.arrow")).write_bytes(b"no arrow")
    with pytest.raises(EventcoderError, match="is no data set"):
        examples(tmp_path / "wrong")


def test_a_model_tells_what_it_was_trained_on(trained, data, recipe, tmp_path):
    from eventcoder.model.data import is_held_out

    sketches = leakage.load(trained)
    examples = gold.examples(data / "own.en.jsonl")
    seen = [e.text for e in examples if not is_held_out(e.id, 0.2)]
    held = [e.text for e in examples if is_held_out(e.id, 0.2)]
    assert len(leakage.near(sketches, seen)) == len(seen) > 20
    assert len(leakage.near(sketches, held)) < len(held) / 2


@pytest.mark.parametrize("name", ["model.json", "encoder.onnx", "tokenizer.json", "embeddings.bin"])
def test_damaged_folder_is_named(trained, tmp_path, name):
    for file in trained.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / name).write_bytes(b"\x00broken")
    with pytest.raises(EventcoderError, match="damaged"):
        EncoderModel(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(EventcoderError, match=f"{name} missing"):
        EncoderModel(tmp_path)


def test_recipe_faults(tmp_path):
    from eventcoder.model.training import Recipe

    path = tmp_path / "r.toml"
    path.write_text("epoch = 3")
    with pytest.raises(EventcoderError, match="unknown"):
        Recipe.read(path)
    path.write_text("epochs = 3")
    with pytest.raises(EventcoderError, match="no base"):
        Recipe.read(path)
    path.write_text("epochs = ")
    with pytest.raises(EventcoderError, match=r"r\.toml"):
        Recipe.read(path)


def test_shipped_recipe_is_well_formed():
    from eventcoder.model.training import Recipe

    assert Recipe.read(resources.model("training") / "recipe.toml").sampling


def test_decode_mentions_grow_to_words():
    text = "a Tajik envoy"
    offsets = [(0, 0), (0, 1), (2, 5), (5, 7), (8, 13), (0, 0)]
    outside = np.array([1, 1, 0.2, 0.9, 0.1, 1])
    begin = np.array([0, 0, 0.7, 0.1, 0.2, 0])
    tags = np.stack([outside, begin, 1 - outside - begin], 1).astype(np.float32)
    found = spans.decode_mentions(tags, offsets, text, 0.5)
    assert [text[s:e] for s, e, _, _ in found] == ["Tajik", "envoy"]


def test_an_unsure_word_does_not_part_a_mention():
    text = "told the committee of senators."
    offsets = [(0, 4), (5, 8), (9, 18), (19, 21), (22, 30), (0, 0)]
    tags = np.array(
        [[0.9, 0.1, 0], [0.2, 0.75, 0.05], [0.48, 0.05, 0.47], [0.3, 0.1, 0.6], [0.1, 0.3, 0.6],
         [1, 0, 0]], np.float32,
    )  # fmt: skip
    found = spans.decode_mentions(tags, offsets, text, 0.6)
    assert [text[s:e] for s, e, _, _ in found] == ["the committee of senators"]
    assert spans.decode_mentions(tags, offsets, text, 0.75) == []


def test_the_most_probable_tags_are_found():
    """Against all sequences of tags of a short sentence."""
    rng = np.random.default_rng(5)
    offsets = [(i, i + 1) if i != 2 else (2, 2) for i in range(6)]
    for _ in range(50):
        tags = rng.dirichlet([0.5, 0.5, 0.5], 6).astype(np.float32)
        ways = [
            w for w in itertools.product(range(3), repeat=6)
            if w[2] == 0 and all(t != 2 or (i and w[i - 1]) for i, t in enumerate(w))
        ]  # fmt: skip
        logs = np.log(np.maximum(tags, 1e-6))
        best = max(ways, key=lambda w: sum(logs[i, t] for i, t in enumerate(w)))
        starts = [i for i, t in enumerate(best) if t == 1]
        runs = [
            (i, next((j for j in range(i + 1, 6) if best[j] != 2), 6)) for i in starts
        ]  # fmt: skip
        assert spans._most_probable(tags, offsets) == runs


def test_pronouns_are_candidates_once():
    offsets = [(0, 0), (0, 2), (3, 7), (8, 12), (13, 15), (0, 0)]
    found = spans.with_pronouns([], offsets, "He said that he")
    assert [(s, e) for s, e, _, _ in found] == [(0, 2)]


def test_pairs_cover_every_order_and_nobody():
    for n in range(5):
        listed = spans.pairs(n)
        assert len(listed) == len(set(listed)) == n * (n - 1) + 2 * n


def test_pronoun_copies_keep_labels_in_place():
    from eventcoder.model.augmentation import with_pronouns

    examples = [e for lang in ("ar", "en", "fa") for e in gold.examples(OWN / f"own.{lang}.jsonl")]
    copies = list(with_pronouns(examples, 1.0, random.Random(0)))
    assert len(copies) > 500
    by_id = {e.id: e for e in examples}
    pronouns = {"he", "she", "they", "وی", "او", ""}
    for copy in copies:
        original = by_id[copy.id.removesuffix("~")]
        words = {copy.text[a:b] for a, b in copy.spans}
        lost = words - {original.text[a:b] for a, b in original.spans}
        assert {word.lower() for word in lost} <= pronouns
        assert len(original.spans) - len(copy.spans) <= 1
        assert all(copy.text[slice(*r.evidence)] for r in copy.relations if r.evidence)


def test_logit_is_bounded():
    assert logit(0.5) == 0
    assert math.isfinite(logit(0.0)) and math.isfinite(logit(1.0))
