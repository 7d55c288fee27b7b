"""Fixture of the tests of `run`: the tiny model, base data, a hold-out and reviews, with which a whole run takes seconds."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from tests.trainer.reviews import Desk, unlike
from trainer import gate, holdout, release, rules
from trainer.labels import ENTITIES
from trainer.onnx_model import OnnxModel
from trainer.records import write_jsonl
from trainer.runs import make_run

PLAN = """name = "still"
seed = 1
layers = 1
type_rate = 1e-9
epochs = 1
batch_size = 8
encoder_rate = 1e-9
head_rate = 1e-9
warm_up = 0.1
weight_decay = 0.0
label_smoothing = 0.0
severity_weight = 0.5
entity_weight = 0.5
gain = 1.0
tickets = 4
per_type = 1
near = 2
token_texts = 1
rehearsed_tokens = 32
"""


@pytest.fixture
def options(tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> argparse.Namespace:
    """The tiny model, whose own answers are the truth, and reviews that hardly move it: the gate has no reason to stop it."""
    monkeypatch.setattr(release, "FLIP_RECORDS", 4)
    monkeypatch.setattr(gate, "ROUNDS", 2)
    monkeypatch.setattr(gate, "MOST_SLOWER", 50.0)
    # Random weights are no good at int8.
    monkeypatch.setattr(rules, "FLIPS", 0.5)
    monkeypatch.setattr(rules, "FLIPS_SURE", 0.5)
    model = OnnxModel(tiny_folder)

    def row(number: int, text: str) -> dict:
        return {
            "id": str(number),
            "source": "sectag",
            "text": text,
            "threat_type": model.answer(text).threat_type,
            "severity": "low",
        }

    rows = [row(number, f"ticket {unlike(number)}") for number in range(30)]
    write_jsonl(tmp_path / "rows.jsonl", rows)
    write_jsonl(tmp_path / "canaries.jsonl", rows[:2])

    def write(folder: Path) -> dict:
        more = {"alt_types": [], "severity_basis": None, "spans": [], "label_space": ENTITIES, "split": "train"}
        write_jsonl(
            folder / "examples.jsonl", [{**row(n, unlike(n)), **more, "sentences": []} for n in range(100, 112)]
        )
        return {}

    build = make_run(tmp_path / "runs", "build", {}, write)
    frozen = holdout.run(tmp_path / "runs", [tmp_path / "rows.jsonl"], "all", build, tmp_path / "canaries.jsonl")
    (tmp_path / "plan.toml").write_text(PLAN)
    desk = Desk()
    for number in range(12):
        desk.decide(f"T-{number}", unlike(1000 + number), reviewer=f"r{number % 3}", tag=("malware", "high"))
    (tmp_path / "export.ndjson").write_bytes(desk.ndjson())
    return argparse.Namespace(
        api=None, key_file=None, from_file=tmp_path / "export.ndjson", org="team", current=tiny_folder, build=build,
        holdout=frozen, exclude=[], recipe=tmp_path / "plan.toml", watch=False, threshold=10, weekly="Sun 03:00", every=10, until="publish",
    )  # fmt: skip
