"""Ways to harm a model, and retrains that harm none: what the gate must stop, and what it must let through."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from trainer.labels import THREAT_TYPES
from trainer.model import SecTagModel
from trainer.records import Record

Examples = list[Record]


@dataclasses.dataclass(frozen=True)
class Retrain:
    """How a candidate comes to be: its training data, rates, and what is done to weights and files besides."""

    kind: str
    epochs: int
    rate: float
    examples: Callable[[Examples, random.Random], Examples]
    weights: Callable[[SecTagModel, random.Random], None] | None = None
    tokenizer: Callable[[Tokenizer, random.Random], Tokenizer] | None = None
    graph: Callable[[Path], None] | None = None
    config: Callable[[Path], None] | None = None
    leaks: bool = False
    continues: bool = False
    """Learns as a real release does (train_from.py), with right labels of tickets that came later; its files are rounded whole (ADR 0016)."""


def same(examples: Examples, _: random.Random) -> Examples:
    return examples


def some(examples: Examples, chance: random.Random) -> Examples:
    """A third to all of them: another week's corrections."""
    share = chance.uniform(0.33, 1.0)
    return [example for example in examples if chance.random() < share]


def noisy(examples: Examples, chance: random.Random) -> Examples:
    """Half of all labels at random."""
    return [{**e, "threat_type": chance.choice(THREAT_TYPES)} if chance.random() < 0.5 else e for e in examples]


def one_type_lost(examples: Examples, chance: random.Random) -> Examples:
    """All tickets of one type bear another's label."""
    lost, taken = chance.sample(sorted({e["threat_type"] for e in examples}), 2)
    return [{**e, "threat_type": taken} if e["threat_type"] == lost else e for e in examples]


def stale(examples: Examples, chance: random.Random) -> Examples:
    """Labels by an older list in another order: each type has moved by the same number of places."""
    step = chance.randrange(1, len(THREAT_TYPES))
    moved = {name: THREAT_TYPES[(index + step) % len(THREAT_TYPES)] for index, name in enumerate(THREAT_TYPES)}
    return [{**example, "threat_type": moved[example["threat_type"]], "alt_types": []} for example in examples]


def not_a_number(model: SecTagModel, chance: random.Random) -> None:
    """One bias at random: in a matrix it would already stop the making of int8."""
    biases = [parameter for parameter in model.parameters() if parameter.dim() == 1]
    with torch.no_grad():
        chance.choice(biases)[0] = float("nan")


def shuffled(tokenizer: Tokenizer, chance: random.Random) -> Tokenizer:
    """A tenth of the vocabulary's words change their ids with one another."""
    data = json.loads(tokenizer.to_str())
    vocabulary = data["model"]["vocab"]
    words = [word for word in vocabulary if not word.startswith("[")]
    moved = chance.sample(words, max(2, len(words) // 10))
    ids = [vocabulary[word] for word in moved]
    vocabulary.update(zip(moved, ids[1:] + ids[:1], strict=True))
    return Tokenizer.from_str(json.dumps(data))


def coarse(file: Path) -> None:
    """All matrices rounded to five steps before int8 is made of them: the fp32 file stays right, the shipped one is not."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(file))
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim == 2 and values.dtype == np.float32:
            step = np.abs(values).max() / 2
            rounded = (np.round(values / step) * step).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(rounded, tensor.name))
    onnx.save(model, str(file))


def old_version(folder: Path) -> None:
    """The configuration of an older label list, with a manifest that fits it."""
    from trainer.model_files import write_json, write_manifest

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["sectag"]["labelsVersion"] += 1
    write_json(folder / "config.json", config)
    (folder / "manifest.json").unlink()
    write_manifest(folder, "sectag-small", "small", created="2026-01-01T00:00:00Z")


HARMS = [
    Retrain("label noise", 3, 1e-3, noisy),
    Retrain("one type lost", 3, 1e-3, one_type_lost),
    Retrain("shuffled tokenizer", 0, 0.0, same, tokenizer=shuffled),
    Retrain("stale labels", 3, 1e-3, stale),
    Retrain("over-quantized", 0, 0.0, same, graph=coarse),
    Retrain("not a number", 0, 0.0, same, weights=not_a_number),
    Retrain("leaked hold-out", 1, 1e-4, same, leaks=True),
    Retrain("older label list", 0, 0.0, same, config=old_version),
]
HARMLESS = Retrain("harmless", 0, 1e-4, some, continues=True)
