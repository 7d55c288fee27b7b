"""A model's answers to texts, kept in a run folder: what export asked, the gate need not ask again, nor the next gate of the current model."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from trainer.onnx_model import OnnxModel
from trainer.predict import Prediction, by_model
from trainer.records import Record, read_jsonl, write_jsonl
from trainer.runs import file_digest, make_run

#: Changes when the same files would answer in another way.
FORMAT = 1
PROBABILITIES, SPANS = "probabilities.npz", "spans.jsonl"


def kept_answers(root: Path, model: Path, weights: Path, records: list[Record]) -> Prediction:
    """What this weights file says of text records, with the tokenizer and the configuration of its model directory.

    Kept under the content of all three, so that a directory may be renamed and its figures be written, but not another model be taken for it.
    """
    import onnxruntime

    settings = {
        "format": FORMAT,
        "runtime": onnxruntime.__version__,
        "files": [file_digest(file) for file in (weights, model / "config.json", model / "tokenizer.json")],
        "texts": hashlib.sha256(json.dumps([record["text"] for record in records]).encode()).hexdigest(),
    }

    def write(folder: Path) -> dict:
        said = by_model(OnnxModel(model, weights), records, quiet=True)
        np.savez(folder / PROBABILITIES, threat=said.threat, severity=said.severity)
        write_jsonl(folder / SPANS, [{"spans": sorted(spans)} for spans in said.spans])
        return {}

    folder = make_run(root, "answers", settings, write)
    stored = np.load(folder / PROBABILITIES)
    spans = [{(start, end, label) for start, end, label in row["spans"]} for row in read_jsonl(folder / SPANS)]
    return Prediction(stored["threat"], stored["severity"], spans, [], [])
