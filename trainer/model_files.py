"""Names and small files of a model directory that need no PyTorch: tokenizer, configuration, manifest."""

from __future__ import annotations

import datetime
import hashlib
import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from trainer.contract import require
from trainer.labels import LABELS_VERSION, THREAT_TYPES

LICENCE = "CC-BY-SA-4.0"
OPSET = 17
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
ROLES = {
    "onnx/model_int8.onnx": "weights-wasm",
    "onnx/model_q4.onnx": "weights-webgpu",
    "config.json": "config",
    "tokenizer.json": "tokenizer",
    "tokenizer_config.json": "tokenizer",
    "golden.json": "golden",
    "metrics.json": "metrics",
    "README.md": "card",
}


def load_tokenizer(file: Path) -> Tokenizer:
    """A tokenizer.json without truncation and padding (all-MiniLM's cuts at 128 tokens, which would lose text silently)."""
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:
        raise ValueError(f"{file} is not a usable tokenizer: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def write_json(file: Path, value: object) -> None:
    """Pretty, with a line end, in the order given."""
    file.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_config(folder: Path, encoder: dict[str, Any], decoding: dict[str, Any]) -> None:
    """config.json: a BertForSequenceClassification's, with the `sectag` block beside it."""
    keep = (
        "vocab_size hidden_size num_hidden_layers num_attention_heads intermediate_size hidden_act hidden_dropout_prob "
        "attention_probs_dropout_prob max_position_embeddings type_vocab_size initializer_range layer_norm_eps pad_token_id"
    ).split()
    config = {
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        **{key: encoder[key] for key in keep},
        "id2label": {str(index): name for index, name in enumerate(THREAT_TYPES)},
        "label2id": {name: index for index, name in enumerate(THREAT_TYPES)},
        "sectag": decoding,
    }
    require(config, "ModelConfig", "config.json")
    write_json(folder / "config.json", config)


def write_tokenizer(folder: Path, tokenizer: Tokenizer, positions: int) -> None:
    """tokenizer.json and tokenizer_config.json for an uncased BERT."""
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "BertTokenizer",
            "do_lower_case": True,
            "tokenize_chinese_chars": True,
            "strip_accents": None,
            "model_max_length": positions,
            **{f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")},
        },
    )


def write_manifest(folder: Path, model_id: str, version: str, created: str | None = None) -> None:
    """manifest.json: every file of the directory with size, sha256 and role. Raises ValueError for a file without a role."""
    files = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json"):
        name = file.relative_to(folder).as_posix()
        if name not in ROLES:
            raise ValueError(f"{file} has no role in a model directory")
        data = file.read_bytes()
        files.append({"path": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "role": ROLES[name]})
    manifest = {
        "spec": 1,
        "modelId": model_id,
        "version": version,
        "created": created or datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "labelsVersion": LABELS_VERSION,
        "licence": LICENCE,
        "graph": {"inputs": INPUTS, "outputs": ["logits", "severity_logits", "entity_logits"], "opset": OPSET},
        "files": files,
    }
    require(manifest, "ModelManifest", "manifest.json")
    write_json(folder / "manifest.json", manifest)
