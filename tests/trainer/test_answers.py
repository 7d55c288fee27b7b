"""Kept answers are those of the very files and texts: asked once, and anew for anything else."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from trainer import answers
from trainer.golden import golden_texts
from trainer.onnx_model import WASM_FILE, WEBGPU_FILE, OnnxModel
from trainer.predict import by_model

RECORDS = [{"text": text, "spans": []} for _, text in golden_texts()]


def test_they_are_the_models_own_and_asked_once(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tiny_folder / WASM_FILE
    first = answers.kept_answers(tmp_path, tiny_folder, file, RECORDS)
    said = by_model(OnnxModel(tiny_folder), RECORDS, quiet=True)
    assert np.array_equal(first.threat, said.threat) and np.array_equal(first.severity, said.severity)
    assert first.spans == said.spans and any(said.spans)
    # The same files under another name are not asked again; another file or another text is.
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(tiny_folder, elsewhere)
    asked: list[Path] = []
    monkeypatch.setattr(
        answers, "OnnxModel", lambda folder, weights: asked.append(weights) or OnnxModel(folder, weights)
    )
    again = answers.kept_answers(tmp_path, elsewhere, elsewhere / WASM_FILE, RECORDS)
    assert np.array_equal(again.threat, first.threat) and again.spans == first.spans and not asked
    other = answers.kept_answers(tmp_path, elsewhere, elsewhere / WEBGPU_FILE, RECORDS)
    answers.kept_answers(tmp_path, elsewhere, elsewhere / WASM_FILE, RECORDS[:2])
    assert len(asked) == 2 and not np.array_equal(other.threat, first.threat)
    config = (elsewhere / "config.json").read_text(encoding="utf-8")
    (elsewhere / "config.json").write_text(config.replace('"threatType": 1.0', '"threatType": 2.0'), encoding="utf-8")
    assert not np.array_equal(
        answers.kept_answers(tmp_path, elsewhere, elsewhere / WASM_FILE, RECORDS).threat, first.threat
    )
