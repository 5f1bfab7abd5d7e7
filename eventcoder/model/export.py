"""A trained network in, a model folder out: ONNX with int8 weights and 4-bit word embeddings.

Weights are int8, one scale an output column. Activations are quantised at run time row by row
(one scale a token), so that what is read in a sentence does not depend on its batch; ONNX
Runtime's own dynamic quantisation has one scale a batch (seen: cosine 0.990 to float, row by row
0.998).
"""

import json
import logging
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from eventcoder import __version__
from eventcoder.model.encoder import FORMAT
from eventcoder.model.network import EventNetwork, PairHead
from eventcoder.model.training import Trained

OPSET = 17
BLOCK = 32  # weights that share a scale in the word embeddings; the base model comes in such blocks
SMALLEST = 64  # matrices with fewer columns stay float: no time is lost on them


class _Encoder(nn.Module):
    def __init__(self, network: EventNetwork) -> None:
        super().__init__()
        self.encoder, self.tagger = network.encoder, network.tagger

    def forward(self, embedded: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.encoder(inputs_embeds=embedded, attention_mask=mask).last_hidden_state
        return hidden, self.tagger(hidden).softmax(-1)


class _Pair(nn.Module):
    def __init__(self, head: PairHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, hidden: Tensor, mask: Tensor, weights: Tensor, pairs: Tensor) -> Any:
        out = self.head(hidden, mask, weights, pairs)
        return (
            out.event.sigmoid(), out.codes.softmax(-1), out.modality.softmax(-1),
            out.attention.exp(),
        )  # fmt: skip


def export(trained: Trained, folder: Path, name: str, settings: dict[str, Any]) -> None:
    """Write the model folder; `settings` are thresholds, calibration and what made the model."""
    folder.mkdir(parents=True, exist_ok=True)
    network = trained.network.eval().cpu()
    network.encoder.set_attn_implementation("eager")
    _export_encoder(network, folder)
    _export_pair(network, folder)
    trained.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "config.json").write_text(network.encoder.config.to_json_string())
    describe(trained, folder, name, settings)


def describe(trained: Trained, folder: Path, name: str, settings: dict[str, Any]) -> None:
    """Write `model.json`: the codes, how to decide, what made the model."""
    ontology, codes = trained.featurizer.ontology, trained.featurizer.codes
    about = {
        "format": FORMAT,
        "name": name,
        "eventcoder": __version__,
        "max_tokens": 256,
        "recipe": asdict(trained.recipe),
        "codes": codes,
        "root_of": {c: ontology.root(c) for c in codes},
        "base_of": {c: ontology.base(c) for c in codes},
        "symmetric": [c for c in codes if ontology.is_symmetric(c)],
        **settings,
    }
    (folder / "model.json").write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n")


def _torch_export(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    path: Path,
    names: list[str],
    outputs: list[str],
    axes: dict[str, dict[int, str]],
) -> None:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer speaks of shapes that are constant here
        torch.onnx.export(
            module, inputs, str(path), input_names=names, output_names=outputs,
            dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip


def _export_pair(network: EventNetwork, folder: Path) -> None:
    hidden = torch.randn(2, 7, network.encoder.config.hidden_size)
    mask = torch.ones(2, 7, dtype=torch.long)
    inputs = (hidden, mask, torch.rand(2, 4, 7), torch.zeros(2, 5, 2, dtype=torch.long))
    axes = {
        "hidden": {0: "batch", 1: "tokens"}, "mask": {0: "batch", 1: "tokens"},
        "mention_weights": {0: "batch", 1: "mentions", 2: "tokens"},
        "pairs": {0: "batch", 1: "pairs"}, "event": {0: "batch", 1: "pairs"},
        "codes": {0: "batch", 1: "pairs"}, "modality": {0: "batch", 1: "pairs"},
        "attention": {0: "batch", 1: "pairs", 2: "tokens"},
    }  # fmt: skip
    _torch_export(_Pair(network.pair), inputs, folder / "pair.onnx",
                  ["hidden", "mask", "mention_weights", "pairs"],
                  ["event", "codes", "modality", "attention"], axes)  # fmt: skip


def _export_encoder(network: EventNetwork, folder: Path) -> None:
    path = folder / "encoder.onnx"
    embedded = torch.randn(2, 7, network.encoder.config.hidden_size)
    axes = {
        "embedded": {0: "batch", 1: "tokens"}, "mask": {0: "batch", 1: "tokens"},
        "hidden": {0: "batch", 1: "tokens"}, "tags": {0: "batch", 1: "tokens"},
    }  # fmt: skip
    _torch_export(_Encoder(network), (embedded, torch.ones(2, 7, dtype=torch.long)), path,
                  ["embedded", "mask"], ["hidden", "tags"], axes)  # fmt: skip
    model = onnx.load(path)
    _quantize_rows(model.graph)
    _embed(model, network.encoder.get_input_embeddings().weight.detach().numpy(), folder)
    onnx.save(model, path)


def _quantize_rows(graph: Any) -> None:
    """Replace every product with a constant matrix by int8 arithmetic, activations row by row."""
    constants = {c.name: c for c in graph.initializer}
    nodes: list[Any] = []
    rows: dict[str, str] = {}

    def constant(name: str, values: NDArray[Any]) -> str:
        graph.initializer.append(numpy_helper.from_array(values, name))
        return name

    def node(operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(operator, inputs, [output], output, **attributes))
        return output

    last, first = (
        constant("q.last", np.array([-1], np.int64)),
        constant("q.first", np.array([0], np.int64)),
    )
    step, least = (
        constant("q.step", np.array(1 / 127, np.float32)),
        constant("q.least", np.array(1e-9, np.float32)),
    )
    zero = constant("q.zero", np.array(128, np.uint8))
    for old in graph.node:
        matrix = constants.get(old.input[1]) if old.op_type == "MatMul" else None
        if matrix is None or matrix.dims[-1] < SMALLEST:
            nodes.append(old)
            continue
        weights, x, y = numpy_helper.to_array(matrix), old.input[0], old.output[0]
        scale = np.maximum(np.abs(weights).max(0) / 127, 1e-9).astype(np.float32)
        name = old.name.strip("/").replace("/", ".").removesuffix(".MatMul")
        quantized = constant(f"{name}.int8", np.round(weights / scale).astype(np.int8))
        columns = constant(f"{name}.scale", scale)
        if x not in rows:
            p = rows[x] = f"{x}.rows"
            flat = constant(f"{p}.flat", np.array([-1, weights.shape[0]], np.int64))
            node("Reshape", [x, flat], f"{p}.x")
            node("Abs", [f"{p}.x"], f"{p}.abs")
            node("ReduceMax", [f"{p}.abs"], f"{p}.max", axes=[1], keepdims=0)
            node("Mul", [f"{p}.max", step], f"{p}.exact")
            node("Max", [f"{p}.exact", least], f"{p}.scale")
            node("Shape", [f"{p}.scale"], f"{p}.n")
            node("Expand", [zero, f"{p}.n"], f"{p}.zero")
            node("QuantizeLinear", [f"{p}.x", f"{p}.scale", f"{p}.zero"], f"{p}.uint8", axis=0)
            node("Unsqueeze", [f"{p}.scale", last], f"{p}.column")
            node("Shape", [x], f"{p}.shape")
            node("Slice", [f"{p}.shape", first, last], f"{p}.lead")
        p = rows[x]
        node("MatMulInteger", [f"{p}.uint8", quantized, zero], f"{y}.int32")
        node("Cast", [f"{y}.int32"], f"{y}.float", to=TensorProto.FLOAT)
        node("Mul", [f"{y}.float", f"{p}.column"], f"{y}.by_row")
        node("Mul", [f"{y}.by_row", columns], f"{y}.flat")
        width = constant(f"{y}.width", np.array([weights.shape[1]], np.int64))
        node("Concat", [f"{p}.lead", width], f"{y}.shape", axis=0)
        node("Reshape", [f"{y}.flat", f"{y}.shape"], y)
    used = {name for n in nodes for name in n.input}
    kept = [c for c in graph.initializer if c.name in used]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)


def quantize_blocks(table: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return [rows, width / 2] packed nibbles (low first, 8 is zero) and [rows, blocks] scales.

    The grid is Q4_0's: the largest weight of a block is -8 steps, so frozen embeddings that came
    as Q4_0 lose nothing.
    """
    blocks = table.reshape(len(table), -1, BLOCK)
    largest = np.take_along_axis(blocks, np.abs(blocks).argmax(-1)[..., None], -1)[..., 0]
    scales = (largest / -8).astype(np.float32)
    safe = np.where(scales == 0, 1, scales)[..., None]
    steps = np.clip(np.round(blocks / safe) + 8, 0, 15).astype(np.uint8).reshape(len(table), -1)
    packed: NDArray[np.uint8] = (steps[:, ::2] | (steps[:, 1::2] << 4)).astype(np.uint8)
    return packed, scales


def _embed(model: Any, table: NDArray[np.float32], folder: Path) -> None:
    """Put the word embeddings before the graph: a look-up in 4-bit blocks of a file beside it."""
    packed, scales = quantize_blocks(table)
    (folder / "embeddings.bin").write_bytes(packed.tobytes() + scales.tobytes())
    at = 0
    for name, values, kind in (
        ("words.int4", packed, TensorProto.UINT8), ("words.scale", scales, TensorProto.FLOAT)
    ):  # fmt: skip
        tensor = TensorProto(name=name, data_type=kind, dims=values.shape)
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (
            ("location", "embeddings.bin"),
            ("offset", at),
            ("length", values.nbytes),
        ):
            tensor.external_data.add(key=key, value=str(value))
        model.graph.initializer.append(tensor)
        at += values.nbytes
    look_up = helper.make_node(
        "GatherBlockQuantized", ["words.int4", "ids", "words.scale"], ["embedded"], "embedded",
        domain="com.microsoft", bits=4, block_size=BLOCK, gather_axis=0, quantize_axis=1,
    )  # fmt: skip
    model.graph.node.insert(0, look_up)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    mask = next(i for i in model.graph.input if i.name == "mask")
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "tokens"])
    del model.graph.input[:]
    model.graph.input.extend([ids, mask])


def restore(folder: Path, network: EventNetwork) -> None:
    """Load a model folder's weights, dequantised, into a network of the same shape."""
    found = _weights(onnx.load(folder / "encoder.onnx").graph, folder)
    found |= {
        name.replace("head.", "pair.", 1): values
        for name, values in _weights(onnx.load(folder / "pair.onnx").graph, folder).items()
    }
    words = network.encoder.get_input_embeddings().weight
    state = {}
    for name, parameter in network.named_parameters():
        values = found["words"] if parameter is words else found.get(name)
        if values is not None:  # a pooler, say, the export has no use for
            state[name] = torch.from_numpy(np.array(values, np.float32))
    network.load_state_dict(state, strict=False)


def _weights(graph: Any, folder: Path) -> dict[str, NDArray[np.float32]]:
    """Return the parameters of an exported graph under the names they have in the network."""
    values = {c.name: numpy_helper.to_array(c, str(folder)) for c in graph.initializer}
    found = dict(values)
    for node in graph.node:
        name = node.name.strip("/").replace("/", ".").removesuffix(".MatMul")
        if node.op_type == "MatMul" and node.input[1] in values:
            found[f"{name}.weight"] = values[node.input[1]].T
    for name, steps in values.items():
        stem = name.removesuffix(".int8")
        if stem != name and f"{stem}.scale" in values:
            found[f"{stem}.weight"] = (steps * values[f"{stem}.scale"]).T
    if "words.int4" in values:
        found["words"] = _unpack(values["words.int4"], values["words.scale"])
    return found


def _unpack(packed: NDArray[np.uint8], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    steps = np.stack([packed & 15, packed >> 4], -1).reshape(len(packed), -1, BLOCK)
    return ((steps.astype(np.float32) - 8) * scales[..., None]).reshape(len(packed), -1)
