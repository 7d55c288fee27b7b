"""The way back from a published model to a network that learns: exact for int8, by checkpoint where one belongs to it, or an error."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from trainer import recover
from trainer.golden import TOLERANCE, read_golden
from trainer.model import load_model
from trainer.onnx_model import WASM_FILE
from trainer.quantize import write_fp32, write_int8
from trainer.release import torch_forward


def test_the_recovered_network_answers_as_the_file_and_gives_the_same_file_again(
    tmp_path: Path, tiny_folder: Path
) -> None:
    model, tokenizer = recover.recover(tiny_folder)
    forward = torch_forward(model)
    for case in read_golden(tiny_folder)["cases"]:
        threat, severity, _ = forward(np.array([case["inputIds"]], dtype=np.int64))
        expected = case["expected"]["wasm"]
        gaps = [*np.abs(threat - expected["logits"]), *np.abs(severity - expected["severityLogits"])]
        # int8 also rounds activations, which the network in full precision does not.
        assert max(gaps) < 2 * TOLERANCE["wasm"], case["name"]
    write_fp32(model, tmp_path / "model.onnx")
    write_int8(tmp_path / "model.onnx", tmp_path / "int8.onnx")
    assert recover.same_weights(tiny_folder / WASM_FILE, tmp_path / "int8.onnx")
    with torch.no_grad():
        model.threat.out.bias[0] += 0.01
    write_fp32(model, tmp_path / "other.onnx")
    assert not recover.same_weights(tmp_path / "model.onnx", tmp_path / "other.onnx")
    assert tokenizer.token_to_id("[CLS]") is not None


def test_full_precision_files_are_read_too(tmp_path: Path, tiny_folder: Path) -> None:
    model, _ = recover.recover(tiny_folder)
    write_fp32(model, tmp_path / "model.onnx")
    weights = recover.onnx_weights(tmp_path / "model.onnx")
    assert weights.keys() == model.state_dict().keys()
    assert all(torch.equal(weights[name], tensor) for name, tensor in model.state_dict().items())


def test_a_checkpoint_is_used_when_it_belongs_to_the_files_and_only_then(tmp_path: Path, tiny_folder: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    model, _ = recover.recover(folder)
    with torch.no_grad():
        model.entity.bias[3] = 0.625  # exact in fp16, and not in the ONNX file
    beside = tmp_path / recover.CHECKPOINT_FILE
    recover.write_checkpoint(beside, model, folder)
    assert recover.kept_checkpoint(folder) == beside
    assert recover.recover(folder)[0].entity.bias[3] == 0.625
    for unmarked in (None, tmp_path / "elsewhere"):
        if unmarked:
            shutil.copytree(tiny_folder, unmarked)
            (unmarked / WASM_FILE).write_bytes(b"another model's weights")
        recover.write_checkpoint(beside, model, unmarked)
        assert recover.kept_checkpoint(folder) is None
        assert recover.recover(folder)[0].entity.bias[3] != 0.625


def test_what_is_no_model_is_refused(tmp_path: Path, tiny_folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match="not a model directory"):
        recover.recover(tmp_path)
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    config = (folder / "config.json").read_text(encoding="utf-8")
    (folder / "config.json").write_text(config.replace('"num_hidden_layers": 2', '"num_hidden_layers": 3'))
    with pytest.raises(ValueError, match="not those of this network"):
        recover.recover(folder)


def test_the_command_makes_a_train_run_and_says_what_it_costs(
    tmp_path: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.jsonl"
    text = '{"id": "%d", "source": "s", "text": "the mail asked for my password %d", "threat_type": "phishing", "severity": "low"}\n'
    rows.write_text("".join(text % (n, n) for n in range(5)))
    assert recover.run(tmp_path, tiny_folder, [rows]) == 0
    assert '"int8_identical": true' in capsys.readouterr().out
    (run,) = tmp_path.glob("train-*")
    again, _ = load_model(run)
    first, _ = recover.recover(tiny_folder)
    assert all(torch.equal(again.state_dict()[name], tensor) for name, tensor in first.state_dict().items())


def test_small_steps_from_int8_weights_are_lost_by_rounding_and_kept_where_the_layer_is(
    tmp_path: Path, tiny_folder: Path
) -> None:
    model, _ = recover.recover(tiny_folder)
    before = model.severity.dense.weight.detach().clone()
    step = 1e-5 * float(before.abs().max())
    with torch.no_grad():
        # The largest weight of each row stays: it sets the row's grid.
        model.severity.dense.weight += step * (before.abs() < before.abs().amax(1, keepdim=True))
    write_fp32(model, tmp_path / "model.onnx")
    write_int8(tmp_path / "model.onnx", tmp_path / "rounded.onnx")
    write_int8(tmp_path / "model.onnx", tmp_path / "kept.onnx", ["/severity/"])
    rounded, kept = (
        recover.onnx_weights(tmp_path / name)["severity.dense.weight"] for name in ("rounded.onnx", "kept.onnx")
    )
    assert torch.allclose(rounded, before, atol=step / 100)
    assert torch.equal(kept, model.severity.dense.weight.detach())
