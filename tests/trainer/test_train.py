"""Training: a killed run goes on to the same weights, finished runs are left alone, and it learns at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from trainer import blend, build, train
from trainer.model import load_model, save_model
from trainer.recipe import Recipe
from trainer.records import read_jsonl, write_jsonl
from trainer.runs import make_run
from trainer.tiny import tiny_model, tiny_tokenizer


def _fit(folder: Path, examples: list[dict], recipe: Recipe, stops: list[int | None]) -> dict[str, torch.Tensor]:
    folder.mkdir()
    tokenizer = tiny_tokenizer()
    for stop in stops:
        # Each start makes the model anew, as a new process would.
        model = tiny_model(tokenizer.get_vocab_size())
        train.fit(model, tokenizer, examples, recipe, folder, stop_after=stop)
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def test_a_killed_run_ends_with_the_same_weights(tmp_path: Path, examples: list[dict], recipe: Recipe) -> None:
    whole = _fit(tmp_path / "whole", examples, recipe, [None])
    killed = _fit(tmp_path / "killed", examples, recipe, [3, 8, None])
    start = tiny_model(tiny_tokenizer().get_vocab_size()).state_dict()
    assert all(torch.equal(whole[name], killed[name]) for name in whole)
    assert any(not torch.equal(whole[name], start[name]) for name in whole)


def test_training_lowers_the_loss(tmp_path: Path, examples: list[dict], recipe: Recipe) -> None:
    tokenizer = tiny_tokenizer()
    model = tiny_model(tokenizer.get_vocab_size())
    encoded = tokenizer.encode(examples[0]["text"], add_special_tokens=True)
    ids = torch.tensor([encoded.ids])
    feeds = (ids, torch.ones_like(ids), torch.zeros_like(ids))

    def probability() -> float:
        with torch.inference_mode():
            return float(model.eval()(*feeds)[0].softmax(1)[0, 2])

    before = probability()
    train.fit(model, tokenizer, examples, recipe, tmp_path)
    assert probability() > max(before, 0.4)
    assert (tmp_path / "log.jsonl").exists()


def test_class_weights_favour_rare_classes_within_the_cap(examples: list[dict], recipe: Recipe) -> None:
    threat, severity = train.class_weights(examples, recipe)
    assert threat[0] > threat[2] and float(threat.max() / threat.min()) <= recipe.class_weight_cap + 1e-6
    assert severity.mean() == pytest.approx(1.0)


def test_a_saved_model_is_the_same(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    model = tiny_model(tokenizer.get_vocab_size())
    save_model(tmp_path, model, tokenizer)
    again, other = load_model(tmp_path)
    ids = torch.tensor([tokenizer.encode("who opened the mail?").ids])
    feeds = (ids, torch.ones_like(ids), torch.zeros_like(ids))
    with torch.inference_mode():
        assert all(torch.equal(a, b) for a, b in zip(model(*feeds), again(*feeds), strict=True))
    assert other.to_str() == tokenizer.to_str()


def test_the_whole_step_from_records_to_run_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def write(folder: Path) -> dict:
        text = "typed my password into the page 😱"
        span = {"start": 0, "end": 17, "label": "AttackPattern", "quote": "typed my password"}
        ticket = {
            "source": "sectag",
            "text": text,
            "threat_type": "phishing",
            "severity": "high",
            "spans": [span],
            "split": "train",
        }
        write_jsonl(folder / "corpus.jsonl", [{"id": f"sectag-{n}", **ticket} for n in range(6)])
        threat = {"source": "vcdb", "text": "Laptop stolen.", "threat_type": "lost_stolen_asset", "severity": None}
        write_jsonl(folder / "threat.jsonl", [{"id": f"vcdb-{n}", **threat} for n in range(6)])
        write_jsonl(folder / "entity.jsonl", [])
        return {}

    built = build.run(tmp_path, make_run(tmp_path, "data", {}, write))
    examples = read_jsonl(built / "examples.jsonl")
    assert len(examples) == 12 and {e["split"] for e in examples} <= {"train", "calibration", "valid"}
    base = tmp_path / "base"
    base.mkdir()
    tokenizer = tiny_tokenizer()
    tokenizer.save(str(base / "tokenizer.json"))
    tiny_model(tokenizer.get_vocab_size()).encoder.save_pretrained(base)
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        'name = "t"\nseed = 1\nepochs = 1\nbatch_tokens = 200\nbatch_size = 4\nencoder_rate = 1e-3\nhead_rate = 1e-3\nwarm_up = 0.1\n'
        "weight_decay = 0.0\nlabel_smoothing = 0.0\nmain_share = 0.8\nseverity_weight = 1.0\nentity_weight = 1.0\nclass_weight_cap = 2.0\n"
        'mixture = [{ source = "sectag", per_epoch = 4, max_tokens = 32, augment = "ticket" }]\n'
    )
    folder = train.run(tmp_path, built, recipe, base=str(base))
    assert (
        json.loads((folder / "run.json").read_text())["facts"]["steps"] >= 1
        and not (folder / train.CHECKPOINT).exists()
    )
    assert train.run(tmp_path, built, recipe, base=str(base)) == folder
    assert "nothing to do" in capsys.readouterr().out
    further = train.run(tmp_path, built, recipe, init=folder)
    assert further != folder
    mixed = blend.run(tmp_path, [folder, further], [1.0, 3.0])
    a, b, mean = (load_model(path)[0].entity.weight for path in (folder, further, mixed))
    assert torch.allclose(mean, a * 0.25 + b * 0.75, atol=1e-6) and not torch.equal(a, b)
    with pytest.raises(ValueError, match="shares"):
        blend.run(tmp_path, [folder, further], [1.0])
