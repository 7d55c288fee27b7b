"""Writes the real model directory: calibrated weights in three precisions, figures, golden answers, card, manifest."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer.calibrate import Held, calibrate
from trainer.card import write_card
from trainer.corpus import CORPUS, SOURCE, corpus_files
from trainer.data import find_public_data
from trainer.golden import write_golden
from trainer.labels import BENIGN
from trainer.model import SecTagModel, load_model
from trainer.model_files import write_config, write_json, write_manifest, write_tokenizer
from trainer.onnx_model import WASM_FILE, WEBGPU_FILE, OnnxModel
from trainer.predict import label_flips, text_of
from trainer.quantize import write_fp32, write_int8, write_q4
from trainer.records import read_jsonl, read_records
from trainer.recover import CHECKPOINT_FILE, write_checkpoint
from trainer.release_manifest import learnt_from
from trainer.run_log import code_version
from trainer.runs import MANIFEST, file_digest, make_run, require_run
from trainer.windows import Forward, WindowRule, run_windows, tokenize

FP32_FILE = "model.onnx"
#: Changes when the same weights would give other files.
FORMAT = 2
#: The current model's temperatures, thresholds and windows, in the `train` run of a successor that keeps them.
DECODING = "decoding.json"
Judging = Callable[[Path], dict]
#: Whose version may change a figure.
LIBRARIES = ("torch", "onnxruntime", "tokenizers", "numpy")
#: Records of dev on which flips between precisions are counted.
FLIP_RECORDS = 400
#: Every second public held-out example is enough for three temperatures, in half of the time.
PUBLIC_STEP = 2


def torch_forward(model: SecTagModel) -> Forward:
    """One window through PyTorch."""

    def forward(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        tensor = torch.from_numpy(ids)
        with torch.inference_mode():
            threat, severity, entity = model(tensor, torch.ones_like(tensor), torch.zeros_like(tensor))
        return threat[0].numpy(), severity[0].numpy(), entity[0].numpy()

    return forward


def hold(model: SecTagModel, tokenizer: Any, examples: list[dict]) -> list[Held]:
    """What the network says of held-out examples."""
    forward = torch_forward(model)
    held = []
    for example in examples:
        tokens = tokenize(tokenizer, example["text"])
        held.append(Held(example, tokens, run_windows(tokenizer, tokens, WindowRule(), forward)))
    return held


def _decoding_of(train: Path, build: Path, model: SecTagModel, tokenizer: Any) -> tuple[dict, float, dict]:
    """The `sectag` block, the benign shift and facts: fitted on held-out examples, or kept from the model that the run continues.

    A continued model is distilled from one that is calibrated: fitting anew would move its operating point for no reason of the data's.
    """
    kept = train / DECODING
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8")), 0.0, {"kept": True}
    examples = read_jsonl(build / "examples.jsonl")
    tickets = [e for e in examples if e["source"] == SOURCE and e["split"] == "calibration"]
    public = [e for e in examples if e["split"] == "valid"][::PUBLIC_STEP]
    return calibrate(hold(model, tokenizer, tickets), hold(model, tokenizer, public))


def make_calibrated(root: Path, train: Path, build: Path) -> Path:
    """The `calibrated` run folder: config values, fp32 ONNX with the benign shift folded in, tokenizer, weights to go on from."""
    settings = {"train": file_digest(train / MANIFEST), "build": file_digest(build / MANIFEST)}

    def write(folder: Path) -> dict:
        model, tokenizer = load_model(train)
        decoding, bias, facts = _decoding_of(train, build, model, tokenizer)
        with torch.no_grad():
            model.threat.out.bias[BENIGN] += bias
        write_fp32(model, folder / FP32_FILE)
        write_config(folder, model.encoder.config.to_dict(), decoding)
        write_tokenizer(folder, tokenizer, model.encoder.config.max_position_embeddings)
        write_checkpoint(folder / CHECKPOINT_FILE, model)
        return facts

    return make_run(root, "calibrated", settings, write)


def _learnt(train: Path, calibrated: Path) -> list[str]:
    """Parts of the names of nodes that learnt in a run that continues a published model; none for a model that was trained whole."""
    if not (train / DECODING).exists():
        return []
    layers = json.loads((calibrated / "config.json").read_text(encoding="utf-8"))["num_hidden_layers"]
    return nodes_of(layers, require_run(train, "train")["settings"]["recipe"]["layers"])


def nodes_of(layers: int, learning: int) -> list[str]:
    """Parts of the names of the nodes of the heads and of so many of the encoder's upper layers."""
    return [f"/layer.{number}/" for number in range(layers - learning, layers)] + ["/threat/", "/severity/", "/entity/"]


def _dev_records() -> list[dict]:
    public = find_public_data()
    files = (
        [public / "threat_dev.jsonl.gz"]
        if public and (public / "threat_dev.jsonl.gz").exists()
        else corpus_files(CORPUS)
    )
    records = [record for file in files for record in read_records(file)[0]]
    return records[:: max(1, len(records) // FLIP_RECORDS)][:FLIP_RECORDS]


def export_release(
    root: Path,
    train: Path,
    build: Path,
    out: Path,
    version: str,
    figures: dict | None = None,
    judging: Judging | None = None,
    judged_by: str | None = None,
) -> Path:
    """Writes `out` anew (a temporary folder first) and returns the `calibrated` run folder, which holds the fp32 file.

    `figures` are evaluation results to print in the card; `judging` makes them from the files themselves, by the hold-out `judged_by`.
    """
    require_run(train, "train")
    require_run(build, "build")
    calibrated = make_calibrated(root, train, build)
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(calibrated / name, partial / name)
    learnt = _learnt(train, calibrated)
    write_int8(calibrated / FP32_FILE, partial / WASM_FILE, learnt)
    write_q4(calibrated / FP32_FILE, partial / WEBGPU_FILE, learnt)
    texts = [text_of(record) for record in _dev_records()]
    int8, q4, full = (
        list(OnnxModel(partial, file).answers(texts))
        for file in (partial / WASM_FILE, partial / WEBGPU_FILE, calibrated / FP32_FILE)
    )
    flips = {"int8_to_fp32": label_flips(int8, full), "q4_to_fp32": label_flips(q4, full)}
    facts = require_run(calibrated, "calibrated")["facts"]
    recipe = require_run(train, "train")
    corrections = recipe["facts"].get("corrections", [])
    if judging is not None:
        figures = judging(partial)
    metrics = {
        "version": version,
        "train": train.name,
        "build": build.name,
        "corrections": corrections,
        "holdout": judged_by,
        "data": learnt_from(build, [root / name for name in corrections]),
        "recipe": recipe["settings"]["recipe"],
        "trained": recipe["facts"],
        "code": code_version(),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "calibration": facts,
        "flips": {name: {key: round(value, 5) for key, value in row.items()} for name, row in flips.items()},
        "figures": figures or {},
    }
    write_json(partial / "metrics.json", metrics)
    write_card(partial, metrics, recipe["settings"])
    write_golden(partial)
    write_manifest(partial, "sectag-minilm-l6", version)
    shutil.rmtree(out, ignore_errors=True)
    os.replace(partial, out)
    print(f"export: wrote {out}; flips {metrics['flips']}")
    return calibrated
