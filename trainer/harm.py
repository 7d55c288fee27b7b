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
from trainer.model_files import write_json
from trainer.records import Record

Examples = list[Record]
Teaching = Callable[[Examples, random.Random], Examples]


@dataclasses.dataclass(frozen=True)
class Retrain:
    """How a candidate comes to be: its training data, rates, and what is done to weights and files besides."""

    kind: str
    strength: str = ""
    times: int = 1
    """Candidates of it in the full proof."""
    epochs: int = 0
    """Of a training of the whole network on all of its tickets; 0: none."""
    rate: float = 1e-3
    continues: bool = False
    """Learns as a real release does (train_from.py), from tickets that came later."""
    examples: Teaching = lambda examples, _: examples
    weights: Callable[[SecTagModel, random.Random], None] | None = None
    tokenizer: Callable[[Tokenizer, random.Random], Tokenizer] | None = None
    graph: Callable[[Path], None] | None = None
    config: Callable[[Path], None] | None = None
    leaks: Teaching | None = None
    """Of the tickets that judge, those that are taught, as they are taught."""


def some(examples: Examples, chance: random.Random) -> Examples:
    """A third to all of them: another week's corrections."""
    share = chance.uniform(0.33, 1.0)
    return [example for example in examples if chance.random() < share]


def noisy(share: float) -> Teaching:
    """So large a share of all labels at random."""

    def teaching(examples: Examples, chance: random.Random) -> Examples:
        return [{**e, "threat_type": chance.choice(THREAT_TYPES)} if chance.random() < share else e for e in examples]

    return teaching


def one_type_lost(share: float) -> Teaching:
    """So large a share of the tickets of one type bears another's label."""

    def teaching(examples: Examples, chance: random.Random) -> Examples:
        lost, taken = chance.sample(sorted({e["threat_type"] for e in examples}), 2)
        return [
            {**e, "threat_type": taken} if e["threat_type"] == lost and chance.random() < share else e for e in examples
        ]

    return teaching


def stale(types: int) -> Teaching:
    """Labels by an older list, in which so many types stood at one another's places."""

    def teaching(examples: Examples, chance: random.Random) -> Examples:
        ring = chance.sample(THREAT_TYPES, types)
        moved = dict(zip(ring, ring[1:] + ring[:1], strict=True))
        return [{**e, "threat_type": moved.get(e["threat_type"], e["threat_type"]), "alt_types": []} for e in examples]

    return teaching


def leaked(share: float, told: Callable[[str], str] = str) -> Teaching:
    """So large a share of the tickets that judge, one at least, in these words."""

    def teaching(examples: Examples, chance: random.Random) -> Examples:
        chosen = chance.sample(examples, max(1, round(share * len(examples))))
        return [
            {**e, "text": told(e["text"]), "spans": [], "label_space": None, "sentences": [[0, len(told(e["text"]))]]}
            for e in chosen
        ]

    return teaching


def retold(text: str) -> str:
    """In capitals, with other numbers."""
    return "".join("7" if letter.isdigit() else letter for letter in text.upper())


def without(every: int) -> Callable[[str], str]:
    """The text without every so-manieth word."""
    return lambda text: " ".join(word for number, word in enumerate(text.split(), 1) if number % every)


def bad_number(part: str, value: float) -> Callable[[SecTagModel, random.Random], None]:
    """One number of the parameters with this in their name: of biases and norms, since in a matrix it already stops the making of int8."""

    def spoil(model: SecTagModel, chance: random.Random) -> None:
        named = [p for name, p in model.named_parameters() if part in name and p.dim() == 1]
        with torch.no_grad():
            chance.choice(named)[0] = value

    return spoil


def shuffled(share: float) -> Callable[[Tokenizer, random.Random], Tokenizer]:
    """So large a share of the vocabulary's words change their ids with one another."""

    def spoil(tokenizer: Tokenizer, chance: random.Random) -> Tokenizer:
        data = json.loads(tokenizer.to_str())
        vocabulary = data["model"]["vocab"]
        words = [word for word in vocabulary if not word.startswith("[")]
        moved = chance.sample(words, max(2, round(share * len(words))))
        ids = [vocabulary[word] for word in moved]
        vocabulary.update(zip(moved, ids[1:] + ids[:1], strict=True))
        return Tokenizer.from_str(json.dumps(data))

    return spoil


def coarse(values: int) -> Callable[[Path], None]:
    """All matrices rounded to so many values before int8 is made of them: the fp32 file stays right, the shipped one is not."""

    def spoil(file: Path) -> None:
        import onnx
        from onnx import numpy_helper

        model = onnx.load(str(file))
        for tensor in model.graph.initializer:
            numbers = numpy_helper.to_array(tensor)
            if numbers.ndim == 2 and numbers.dtype == np.float32:
                step = 2 * np.abs(numbers).max() / (values - 1)
                rounded = (np.round(numbers / step) * step).astype(np.float32)
                tensor.CopyFrom(numpy_helper.from_array(rounded, tensor.name))
        onnx.save(model, str(file))

    return spoil


def another_list(config_version: int, manifest_version: int, turned: bool = False) -> Callable[[Path], None]:
    """The label list of another version, in the configuration, the manifest or both, or (`turned`) in another order; all files as the manifest says."""

    def spoil(folder: Path) -> None:
        from trainer.model_files import write_manifest

        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config["sectag"]["labelsVersion"] += config_version
        if turned:
            names = list(config["id2label"].values())
            config["id2label"] = dict(zip(config["id2label"], names[1:] + names[:1], strict=True))
        write_json(folder / "config.json", config)
        (folder / "manifest.json").unlink()
        write_manifest(folder, "sectag-small", "small", created="2026-01-01T00:00:00Z")
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        write_json(
            folder / "manifest.json", {**manifest, "labelsVersion": manifest["labelsVersion"] + manifest_version}
        )

    return spoil
