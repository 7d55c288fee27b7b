"""A published model directory back as a network that can be trained: from its kept checkpoint, else from its int8 ONNX file."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from trainer.model import SecTagModel, save_model
from trainer.model_files import load_tokenizer
from trainer.onnx_model import WASM_FILE, OnnxModel
from trainer.records import Record
from trainer.runs import file_digest, make_run

#: Weights in half precision, kept beside the files that browsers load; optional. Its metadata name the int8 file that it belongs to.
CHECKPOINT_FILE = "checkpoint.safetensors"
#: Macro-F1 that the way back may cost against the file that the weights come from: 0.3 points.
MOST_LOST = 0.003
_MATRIX = re.compile(r"^/model/(?P<place>.+)/(?:MatMul|Gemm)(?:_MatMul)?(?:_quant)?$")


def onnx_weights(file: Path) -> dict[str, torch.Tensor]:
    """The parameters in an exported graph, int8 or fp32, by their names in SecTagModel.

    Biases, norms and embeddings keep their names in the file. The exporter renames matrices (`onnx::MatMul_701`), but the nodes that use
    them are named after the module that they came from. A quantized one is (q - zero point) x scale, a scale a column.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(file)).graph
    stored = {tensor.name: tensor for tensor in graph.initializer}

    def values(name: str) -> np.ndarray:
        base = name.removesuffix("_quantized")
        array: np.ndarray = numpy_helper.to_array(stored[name])
        if base == name:
            return array.astype(np.float32)
        scale, zero = (numpy_helper.to_array(stored[f"{base}_{part}"]) for part in ("scale", "zero_point"))
        result: np.ndarray = (array.astype(np.float32) - zero.astype(np.float32)) * scale
        return result

    found: dict[str, np.ndarray] = {}
    for name in stored:
        plain = name.removesuffix("_quantized")
        if plain.startswith("model.") and not plain.endswith(("_scale", "_zero_point", "_Transposed")):
            found[plain.removeprefix("model.")] = values(name)
    for node in graph.node:
        # Parameters that are equal to the last bit (fresh norms, zero biases) are stored once.
        if node.op_type == "Identity" and node.output[0].startswith("model.") and node.input[0] in stored:
            found[node.output[0].removeprefix("model.")] = values(node.input[0])
        place = _MATRIX.match(node.name)
        if place and node.op_type in ("MatMul", "MatMulInteger", "Gemm") and node.input[1] in stored:
            transposed = not any(item.name == "transB" and item.i for item in node.attribute)
            matrix = values(node.input[1])
            found[place["place"].replace("/", ".") + ".weight"] = matrix.T if transposed else matrix
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in found.items()}


def recover(folder: Path) -> tuple[SecTagModel, Tokenizer]:
    """The network of a model directory, in evaluation mode. Raises ValueError when its weights do not fill the network."""
    file = folder / "config.json"
    if not file.exists():
        raise FileNotFoundError(f"{folder} is not a model directory: config.json is missing")
    raw = json.loads(file.read_text(encoding="utf-8"))
    keep = BertConfig().to_dict().keys() & raw.keys() - {"id2label", "label2id", "architectures"}
    model = SecTagModel(BertModel(BertConfig(**{key: raw[key] for key in sorted(keep)}), add_pooling_layer=False))
    kept = kept_checkpoint(folder)
    weights = load_file(str(kept)) if kept else onnx_weights(folder / WASM_FILE)
    try:
        model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    except RuntimeError as error:
        raise ValueError(f"{folder}: its weights are not those of this network: {error}") from error
    return model.eval(), load_tokenizer(folder / "tokenizer.json")


def kept_checkpoint(folder: Path) -> Path | None:
    """The checkpoint in a model directory, or beside it in the export's run folder, if it says that it belongs to these files."""
    for file in (folder / CHECKPOINT_FILE, folder.parent / CHECKPOINT_FILE):
        if file.exists():
            with safe_open(str(file), "pt") as stored:
                if (stored.metadata() or {}).get("weights") == file_digest(folder / WASM_FILE):
                    return file
    return None


def origin(folder: Path) -> dict[str, str | None]:
    """What names a model as the start of another one: its version and the files that `recover` and the successor's decoding come from."""
    kept = kept_checkpoint(folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return {
        "version": manifest["version"],
        **{name: file_digest(folder / name) for name in (WASM_FILE, "config.json", "tokenizer.json")},
        CHECKPOINT_FILE: file_digest(kept) if kept else None,
    }


def write_checkpoint(file: Path, model: SecTagModel, folder: Path | None = None) -> None:
    """The network's weights as fp16; with `folder` marked as those of that model directory."""
    halves = {name: tensor.detach().half().contiguous() for name, tensor in model.state_dict().items()}
    save_file(halves, str(file), {"weights": file_digest(folder / WASM_FILE)} if folder else {})


def same_weights(one: Path, other: Path) -> bool:
    """True when two ONNX files hold the same numbers, to the last bit."""
    import onnx
    from onnx import numpy_helper

    first, second = (
        {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(str(file)).graph.initializer}
        for file in (one, other)
    )
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


def check(folder: Path, records: list[Record]) -> dict:
    """What the way back costs, in macro-F1 on these records: to the network in full precision, and there and back to an int8 file.

    The second is what counts, since a model is judged and shipped as int8: when that file is the shipped one to the last bit, it is nothing.
    """
    from trainer.metrics import macro_f1
    from trainer.quantize import write_fp32, write_int8
    from trainer.release import torch_forward

    gold = [record["threat_type"] for record in records]

    def says(model: OnnxModel) -> list[str]:
        return [answer.threat_type for answer in model.answers(record["text"] for record in records)]

    network, full = recover(folder)[0], OnnxModel(folder)
    full.forward = torch_forward(network)
    shipped, recovered = says(OnnxModel(folder)), says(full)
    with tempfile.TemporaryDirectory() as scratch:
        fp32, again = Path(scratch) / "model.onnx", Path(scratch) / "model_int8.onnx"
        write_fp32(network, fp32)
        write_int8(fp32, again)
        identical = same_weights(folder / WASM_FILE, again)
        returned = shipped if identical else says(OnnxModel(folder, again))
    lost = {
        name: macro_f1(gold, shipped) - macro_f1(gold, said) for name, said in (("", returned), ("_fp32", recovered))
    }
    return {
        "ok": lost[""] < MOST_LOST,
        "model": folder.name,
        "from": CHECKPOINT_FILE if kept_checkpoint(folder) else WASM_FILE,
        "records": len(records),
        "macro_f1_shipped": round(macro_f1(gold, shipped), 4),
        "int8_identical": identical,
        "points_lost": round(100 * lost[""], 2),
        "points_lost_fp32": round(100 * lost["_fp32"], 2),
        "other_answers_fp32": sum(a != b for a, b in zip(shipped, recovered, strict=True)),
    }


def run(root: Path, folder: Path, data: list[Path] | None) -> int:
    """The command: makes a `train` run folder of the recovered weights; with `data` also says what the way back costs."""
    from trainer.evaluate import typed_records

    def write(target: Path) -> dict:
        save_model(target, *recover(folder))
        return {"steps": 0, "device": "cpu", "recovered": folder.name}

    make_run(root, "train", {"recovered": file_digest(folder / "manifest.json"), "recipe": None, "init": None}, write)
    if not data:
        return 0
    figures = check(folder, typed_records(data))
    print(json.dumps(figures))
    return 0 if figures["ok"] else 1
