"""Stepping back: of what costs nothing half stays, what costs is taken back as far as needed, and other parts are not looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tests.trainer.conftest import make_example
from trainer import settle
from trainer.labels import THREAT_INDEX, THREAT_TYPES
from trainer.lessons import lower
from trainer.model import SecTagModel, load_model, save_model
from trainer.records import write_jsonl
from trainer.recover import recover
from trainer.release import DECODING
from trainer.runs import make_run
from trainer.tiny import tiny_model, tiny_tokenizer
from trainer.windows import with_specials


def _model() -> SecTagModel:
    return tiny_model(tiny_tokenizer().get_vocab_size()).eval()


def _held(model: SecTagModel) -> list[dict]:
    """Texts whose truth is what the model says."""
    tokenizer, rows = tiny_tokenizer(), []
    for number in range(24):
        example = make_example(number, "sectag")
        text = f"{number} {THREAT_TYPES[number % 13]} {'mail door disk card'.split()[number % 4]} {number * 7}"
        ids = with_specials(tokenizer, tokenizer.encode(text, add_special_tokens=False).ids)
        with torch.no_grad():
            states = lower(model, ids, 1)
            answer = model.upper(states[None], torch.ones(1, len(states)), 1)[0][0].argmax()
        rows.append({**example, "text": text, "threat_type": THREAT_TYPES[int(answer)], "split": "calibration"})
    return rows


def test_a_step_that_costs_nothing_stays_whole_and_one_that_costs_is_taken_back_further() -> None:
    before = _model()
    held = _held(before)
    same, facts = settle.settle(before, _model(), tiny_tokenizer(), held, 1)
    assert facts["share"] == 1.0 and set(facts["right_at"].values()) == {facts["right_before"]} and facts["held"] == 24
    assert torch.equal(same.threat.out.bias, before.threat.out.bias)

    harmed = _model()
    with torch.no_grad():
        harmed.threat.out.bias[THREAT_INDEX["insider_misuse"]] += 60.0
    whole = harmed.threat.out.bias.clone()
    settled, facts = settle.settle(before, harmed, tiny_tokenizer(), held, 1)
    assert facts["share"] == settle.SHARES[-1] and len(facts["right_at"]) == len(settle.SHARES)
    expected = before.threat.out.bias + settle.SHARES[-1] * (whole - before.threat.out.bias)
    assert torch.allclose(settled.threat.out.bias, expected)

    nudged = _model()
    with torch.no_grad():
        # Enough to turn some answers at half of it, and fewer at a fraction.
        nudged.threat.out.bias[THREAT_INDEX["insider_misuse"]] += 4.0
    _, facts = settle.settle(before, nudged, tiny_tokenizer(), held, 1)
    counts = list(facts["right_at"].values())
    assert counts == sorted(counts) and counts[0] < counts[-1]
    assert facts["right_at"][str(facts["share"])] == max(counts)
    assert all(facts["right_at"][str(share)] < max(counts) for share in settle.SHARES if share > facts["share"])


def test_only_held_out_parts_are_looked_at() -> None:
    rows = [
        {**make_example(n, source), "split": part}
        for n in range(30)
        for source, part in (
            ("sectag", "calibration"),
            ("sectag", "test"),
            ("sectag", "train"),
            ("vcdb", "valid"),
            ("vcdb", "train"),
        )
    ]
    rows.append({**make_example(99, "cyner"), "split": "valid", "threat_type": None})
    held = settle.held_out(rows)
    assert {(row["source"], row["split"]) for row in held} == {("sectag", "calibration"), ("vcdb", "valid")}
    assert sum(row["source"] == "vcdb" for row in held) == settle.PER_TYPE and settle.held_out(rows) == held


def test_the_step_keeps_the_facts_of_the_training(tmp_path: Path, tiny_folder: Path) -> None:
    before, tokenizer = recover(tiny_folder)

    def write_train(folder: Path) -> dict:
        save_model(folder, before, tokenizer)
        (folder / DECODING).write_text("{}")
        return {"taught": 3, "corrections": ["corrections-1"]}

    def write_build(folder: Path) -> dict:
        write_jsonl(folder / "examples.jsonl", _held(before))
        return {}

    train = make_run(tmp_path, "train", {"recipe": {"layers": 1}, "init": "tiny"}, write_train)
    build = make_run(tmp_path, "build", {}, write_build)
    folder = settle.run(tmp_path, tiny_folder, train, build)
    facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))["facts"]
    assert facts["taught"] == 3 and facts["settled"]["share"] == 1.0 and (folder / DECODING).exists()
    assert torch.equal(load_model(folder)[0].entity.weight, before.entity.weight)
    with pytest.raises(FileNotFoundError):
        settle.run(tmp_path, tiny_folder, tmp_path / "nothing", build)
