"""From a trained run to a complete model directory, with a tiny network and made-up tickets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from trainer import build, release
from trainer.__main__ import main
from trainer.contract import require
from trainer.labels import THREAT_TYPES
from trainer.model import save_model
from trainer.onnx_model import WASM_FILE, WEBGPU_FILE, OnnxModel
from trainer.records import write_jsonl
from trainer.recover import onnx_weights
from trainer.runs import make_run
from trainer.tiny import tiny_model, tiny_tokenizer


def _data(folder: Path) -> dict:
    span = {"start": 0, "end": 6, "label": "Malware", "quote": "Emotet"}
    tickets = []
    for number in range(156):
        kind = THREAT_TYPES[number % 13]
        row = {"source": "sectag", "threat_type": kind, "severity": "low" if number % 2 else "high", "split": "train"}
        text = f"Emotet on host {number}, {kind} " + "and more words " * (number % 90)
        tickets.append({"id": f"sectag-w1-{number:03d}", **row, "text": text, "spans": [span]})
    write_jsonl(folder / "corpus.jsonl", tickets)
    write_jsonl(folder / "threat.jsonl", [])
    write_jsonl(folder / "entity.jsonl", [])
    return {}


def test_export_writes_a_directory_that_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(release, "FLIP_RECORDS", 8)
    built = build.run(tmp_path, make_run(tmp_path, "data", {}, _data))

    def write(folder: Path) -> dict:
        tokenizer = tiny_tokenizer()
        save_model(folder, tiny_model(tokenizer.get_vocab_size()), tokenizer)
        return {"steps": 1, "device": "cpu"}

    trained = make_run(tmp_path, "train", {"recipe": {"name": "test", "epochs": 1}, "init": None}, write)
    saved = tmp_path / "dev.txt"
    figures = {"model": {"threat macro-F1 (all)": 0.5}, "baseline": {"threat macro-F1 (all)": 0.25}}
    saved.write_text("a table\n" + json.dumps({"data": ["dev.jsonl"], "part": "test", "figures": figures}) + "\n")
    out = tmp_path / "models" / "9999.1.1"
    arguments = ["--runs", str(tmp_path), "export", "--train", str(trained), "--build", str(built), "--out", str(out)]
    assert main([*arguments, "--version", "9999.1.1", "--figures", str(saved)]) == 0
    require(json.loads((out / "manifest.json").read_text()), "ModelManifest", "manifest")
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["figures"] == {"dev.jsonl (test part)": figures}
    assert metrics["flips"]["int8_to_fp32"]["records"] == 8
    card = (out / "README.md").read_text()
    assert card.startswith("---\nlicense: cc-by-sa-4.0") and "not real customers" in card
    assert "| threat macro-F1 (all) | 0.500 | 0.250 |" in card and "annoctr" in card
    answer = OnnxModel(out).answer("Emotet on a host")
    assert answer.threat.sum() == pytest.approx(1.0)
    assert not out.with_name(out.name + ".partial").exists()
    # The benign shift is in the weights, not in a rule that other programs would not know.
    facts = json.loads(next(tmp_path.glob("calibrated-*/run.json")).read_text())["facts"]
    assert facts["tickets"] > 10


def test_what_a_continued_model_learnt_is_in_full_precision_in_both_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_folder: Path
) -> None:
    import onnx

    monkeypatch.setattr(release, "FLIP_RECORDS", 8)
    built = build.run(tmp_path, make_run(tmp_path, "data", {}, _data))
    tokenizer = tiny_tokenizer()
    model = tiny_model(tokenizer.get_vocab_size())

    def write(folder: Path) -> dict:
        save_model(folder, model, tokenizer)
        decoding = json.loads((tiny_folder / "config.json").read_text(encoding="utf-8"))["sectag"]
        (folder / release.DECODING).write_text(json.dumps(decoding))
        return {"steps": 1, "device": "cpu", "taught": 1, "rehearsed": 1}

    settings = {"recipe": {"name": "test", "epochs": 1, "layers": 1}, "init": "tiny"}
    out = tmp_path / "model"
    release.export_release(tmp_path, make_run(tmp_path, "train", settings, write), built, out, "9999.1.2")
    stored = onnx_weights(out / WASM_FILE)
    rounded = {name for name, tensor in model.state_dict().items() if not torch.equal(stored[name], tensor)}
    assert rounded and all(name.startswith(("encoder.embeddings.", "encoder.encoder.layer.0.")) for name in rounded)
    four = [n.name for n in onnx.load(str(out / WEBGPU_FILE)).graph.node if n.op_type == "MatMulNBits"]
    assert four and all("/layer.0/" in name for name in four), four


def test_export_says_what_it_needs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["export"]) == 2
    assert "--train" in capsys.readouterr().err
    assert main(["export", "--train", str(tmp_path), "--build", str(tmp_path)]) == 2
    assert "python -m trainer train" in capsys.readouterr().err
