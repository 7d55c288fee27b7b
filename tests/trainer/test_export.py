"""Model directories: ONNX equals PyTorch, golden answers hold, the layout is complete, and others can open it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from trainer.contract import require
from trainer.golden import golden_texts, read_golden
from trainer.labels import REPO
from trainer.offsets import code_point_to_utf16
from trainer.onnx_model import WASM_FILE, WEBGPU_FILE, OnnxModel, open_session, session_forward
from trainer.quantize import write_fp32
from trainer.tiny import tiny_model, tiny_tokenizer

CHANNELS = json.loads((REPO / "models" / "channels.json").read_text(encoding="utf-8"))
FOLDERS = sorted({"tiny", CHANNELS["stable"]})


def test_onnx_equals_pytorch_with_padding_and_any_length(tmp_path: Path) -> None:
    model = tiny_model(tiny_tokenizer().get_vocab_size())
    write_fp32(model, tmp_path / "model.onnx")
    session = open_session(tmp_path / "model.onnx")
    chance = torch.Generator().manual_seed(1)
    for batch, length in ((1, 2), (3, 17), (2, 256)):
        ids = torch.randint(5, 900, (batch, length), generator=chance)
        mask = torch.ones_like(ids)
        mask[-1, length // 2 :] = 0
        kinds = torch.zeros_like(ids)
        with torch.inference_mode():
            expected = [tensor.numpy() for tensor in model(ids, mask, kinds)]
        feeds = {"input_ids": ids.numpy(), "attention_mask": mask.numpy(), "token_type_ids": kinds.numpy()}
        found = session.run(["logits", "severity_logits", "entity_logits"], feeds)
        assert [a.shape for a in found] == [(batch, 13), (batch, 4), (batch, length, 19)]
        seen = mask.numpy().astype(bool)
        assert np.abs(found[0] - expected[0]).max() < 1e-3 and np.abs(found[1] - expected[1]).max() < 1e-3
        assert np.abs(found[2] - expected[2])[seen].max() < 1e-3


@pytest.mark.parametrize("name", FOLDERS)
def test_golden_answers_hold(name: str) -> None:
    folder = REPO / "models" / name
    model = OnnxModel(folder)
    golden = read_golden(folder)
    assert [case["name"] for case in golden["cases"]] == [case for case, _ in golden_texts()]
    forwards = {"wasm": model.forward, "webgpu": session_forward(open_session(folder / WEBGPU_FILE))}
    for case in golden["cases"]:
        answer = model.answer(case["text"])
        units = code_point_to_utf16(case["text"])
        first = answer.tokens.offsets[: model.rule.length - 2]
        assert case["offsets"] == [[units[start], units[end]] for start, end in first]
        assert case["inputIds"][1:-1] == answer.tokens.ids[: len(first)]
        assert case["answer"]["threatType"] == answer.threat_type and case["answer"]["severity"] == answer.severity_name
        assert case["answer"]["confidence"] == pytest.approx(float(answer.threat.max()), abs=0.02)
        for backend, forward in forwards.items():
            threat, severity, _ = forward(np.array([case["inputIds"]], dtype=np.int64))
            wanted, tolerance = case["expected"][backend], golden["tolerance"][backend]
            assert np.abs(threat - wanted["logits"]).max() <= tolerance
            assert np.abs(severity - wanted["severityLogits"]).max() <= tolerance


@pytest.mark.parametrize("name", FOLDERS)
def test_the_manifest_names_every_file_to_the_byte(name: str) -> None:
    folder = REPO / "models" / name
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    require(manifest, "ModelManifest", "manifest.json")
    files = {file["path"]: file for file in manifest["files"]}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"manifest.json"}
    assert set(files) == there
    for path, file in files.items():
        data = (folder / path).read_bytes()
        assert len(data) == file["size"] and hashlib.sha256(data).hexdigest() == file["sha256"], path
    assert manifest["version"] == name
    assert {"weights-wasm", "weights-webgpu", "config", "tokenizer", "golden", "metrics", "card"} == {
        f["role"] for f in files.values()
    }


def test_sizes_stay_in_the_budget() -> None:
    tiny = sum(path.stat().st_size for path in (REPO / "models" / "tiny").rglob("*") if path.is_file())
    everything = sum(path.stat().st_size for path in (REPO / "models").rglob("*.onnx"))
    assert tiny < 1_000_000 and everything <= 70_000_000


def test_the_tiny_model_is_made_anew_the_same(tiny_folder: Path) -> None:
    tokenizer = tiny_tokenizer()
    assert json.loads(tokenizer.to_str()) == json.loads((tiny_folder / "tokenizer.json").read_text(encoding="utf-8"))


def test_a_bert_config_opens_elsewhere(tiny_folder: Path) -> None:
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(tiny_folder)
    assert config.model_type == "bert" and config.id2label[2] == "phishing" and config.num_labels == 13


@pytest.mark.parametrize("damage", ["missing", "truncated", "no config", "wrong labels"])
def test_damaged_directories_are_refused_in_plain_words(tmp_path: Path, tiny_folder: Path, damage: str) -> None:
    import shutil

    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    if damage == "missing":
        (folder / WASM_FILE).unlink()
    elif damage == "truncated":
        (folder / WASM_FILE).write_bytes((folder / WASM_FILE).read_bytes()[:9000])
    elif damage == "no config":
        (folder / "config.json").unlink()
    else:
        config = json.loads((folder / "config.json").read_text())
        config["id2label"]["0"], config["id2label"]["1"] = config["id2label"]["1"], config["id2label"]["0"]
        (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises((ValueError, FileNotFoundError), match="model"):
        OnnxModel(folder)
