"""Texts share the cores, and nothing else: order, answers and faults are those of one after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trainer.cores import cores, on_cores
from trainer.onnx_model import OnnxModel


def test_many_texts_are_answered_as_each_alone(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    model = OnnxModel(tiny_folder)
    texts = ["disk of server 7 is full", "", "virus " * 400, "who opened the mail?"] * 3
    for text, answer in zip(texts, model.answers(texts), strict=True):
        alone = model.answer(text)
        assert np.array_equal(answer.threat, alone.threat) and np.array_equal(answer.logits.entity, alone.logits.entity)
        assert answer.spans == alone.spans


def test_a_fault_in_one_ends_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert cores() == 2 and list(on_cores(abs, [-1, 2, -3])) == [1, 2, 3]
    with pytest.raises(ZeroDivisionError):
        list(on_cores(lambda number: 1 // number, [1, 0, 1]))
