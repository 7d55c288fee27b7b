"""The gate proof: its short form on the tiny model, what it counts, and that a stopped proof goes on."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from trainer import candidates, gate, holdout, prove_gate, rules
from trainer.build import corpus_example
from trainer.corpus import load_corpus
from trainer.harm import Retrain
from trainer.labels import THREAT_TYPES
from trainer.model import save_model
from trainer.onnx_model import OnnxModel
from trainer.records import write_jsonl
from trainer.runs import make_run
from trainer.tiny import tiny_decoding, tiny_model, tiny_tokenizer
from trainer.trials import HARMLESS, HARMS, PROBES


@pytest.fixture
def world(tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[candidates.World, Path]:
    """The tiny model, whose own answers are the truth here, and a hold-out of the 60 tickets that it is surest about."""
    monkeypatch.setattr(gate, "ROUNDS", 2)
    monkeypatch.setattr(gate, "MOST_SLOWER", 50.0)
    monkeypatch.setattr(candidates, "PER_EPOCH", 40)
    # Random weights are no good at int8.
    monkeypatch.setattr(rules, "FLIPS", 0.2)
    tokenizer = tiny_tokenizer()

    def write_train(folder: Path) -> dict:
        save_model(folder, tiny_model(tokenizer.get_vocab_size()), tokenizer)
        return {}

    forward = OnnxModel(tiny_folder)
    tickets = [ticket for ticket in load_corpus()[0] if len(ticket["text"]) < 500][:150]
    answers = [(t, a.threat) for t, a in zip(tickets, forward.answers(t["text"] for t in tickets), strict=True)]
    # Random weights answer many texts by a hair; where any breath turns the answer it cannot be the truth. The surest judge.
    answers.sort(key=lambda pair: float(np.diff(np.sort(pair[1]))[-1]), reverse=True)
    parts = ["test"] * 60 + ["train", "later"] * 20
    told = [
        {**ticket, "threat_type": THREAT_TYPES[int(threat.argmax())], "alt_types": [], "spans": []}
        for ticket, threat in answers[: len(parts)]
    ]

    def write_build(folder: Path) -> dict:
        examples = [corpus_example(ticket, part) for ticket, part in zip(told, parts, strict=True)]
        write_jsonl(folder / "examples.jsonl", [{**e, "sentences": [[0, len(e["text"])]]} for e in examples])
        return {}

    train, build = make_run(tmp_path, "train", {}, write_train), make_run(tmp_path, "build", {}, write_build)
    rows = [ticket for ticket, part in zip(told, parts, strict=True) if part == "test"]
    write_jsonl(tmp_path / "rows.jsonl", rows)
    write_jsonl(tmp_path / "canaries.jsonl", rows[:2])
    frozen = holdout.run(tmp_path, [tmp_path / "rows.jsonl"], "all", build, tmp_path / "canaries.jsonl")
    return candidates.world_of(tmp_path, build, train, tiny_decoding()), frozen


def _strongest_and_some() -> list[Retrain]:
    """The strongest harm of each kind, and the weakest of those kinds that need no training to be harm."""
    kinds = {plan.kind: plan for plan in HARMS}
    first = {plan.kind: plan for plan in reversed(HARMS) if not plan.continues and plan.epochs < 2}
    # So few tickets teach little in an epoch: what is to be harm needs a faster rate here.
    return [dataclasses.replace(p, rate=1e-2) if p.epochs > 1 else p for p in [*kinds.values(), *first.values()]]


def test_short_gate_proof(world: tuple[candidates.World, Path], tmp_path: Path) -> None:
    """12 harmed and 6 harmless candidates of the tiny model; the full form trains a small one."""
    harmed = _strongest_and_some()
    harmless = [dataclasses.replace(HARMLESS, rate=1e-5)] * 6
    trials = [(plan, number) for number, plan in enumerate([*harmed, *harmless])]
    journal = tmp_path / "journal.jsonl"
    rows = prove_gate.judge(*world, trials, journal)
    figures = prove_gate.summary(rows)
    assert len(harmed) == figures["harmed"] == figures["stopped"] == 12, prove_gate.table_of(rows, [*HARMS, HARMLESS])
    assert figures["harmless"] == 6 and figures["false_stops"] == 0 and figures["ok"]
    assert set(figures["weakest_stopped"]) == {plan.kind for plan in HARMS}
    table = "\n".join(prove_gate.table_of(rows, [*HARMS, HARMLESS]))
    assert "one ticket, as it is               1/1   data 1" in table, table


def test_a_stopped_proof_goes_on_and_judges_nothing_twice(
    world: tuple[candidates.World, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = next(plan for plan in HARMS if plan.config)
    journal = tmp_path / "journal.jsonl"
    first = prove_gate.judge(*world, [(plan, 1)], journal)
    made: list[int] = []
    make = candidates.make_candidate
    monkeypatch.setattr(prove_gate, "make_candidate", lambda w, p, number: made.append(number) or make(w, p, number))
    both = prove_gate.judge(*world, [(plan, 1), (plan, 2)], journal)
    assert made == [2] and both[0] == first[0] and len(journal.read_text().splitlines()) == 2


def test_the_same_plan_and_number_make_the_same_candidate(world: tuple[candidates.World, Path], tmp_path: Path) -> None:
    made = []
    for number in (1, 1, 2):
        folder, _ = candidates.make_candidate(world[0], dataclasses.replace(HARMLESS, rate=1e-3), number)
        made.append(gate.identity(folder))
    assert made[0] == made[1] != made[2]


def test_what_is_tried_and_what_counts() -> None:
    assert sum(plan.times for plan in HARMS) == 100
    names = [(plan.kind, plan.strength) for plan in [*HARMS, *PROBES, HARMLESS]]
    assert len(set(names)) == len(names)
    trials = prove_gate.trials_of(1, 100, 50, True)
    assert sorted(number for _, number in trials) == list(range(1000, 1000 + len(trials)))
    assert sum(plan is HARMLESS for plan, _ in trials) == 50 and trials != prove_gate.trials_of(2, 100, 50, True)
    assert sum(plan in PROBES for plan, _ in prove_gate.trials_of(1, 100, 50, False)) == 0


def test_figures_count_harm_and_harmless_and_leave_probes_out() -> None:
    def row(plan: Retrain, stopped: bool) -> dict:
        name = {"kind": plan.kind, "strength": plan.strength, "number": 0}
        return {
            **name,
            "stopped": stopped,
            "broken": ["types"] if stopped else [],
            "says": "",
            "values": {},
            "cpu": 6.0,
        }

    weak, strong = HARMS[0], HARMS[1]
    rows = [row(weak, True), row(weak, False), row(strong, True), row(HARMLESS, True), row(PROBES[0], False)]
    figures = prove_gate.summary(rows)
    assert json.loads(json.dumps(figures)) == {
        "ok": False, "harmed": 3, "stopped": 2, "harmless": 1, "false_stops": 1, "weakest_stopped": {strong.kind: strong.strength},
        "probes": 1, "probes_passed": [f"{PROBES[0].kind} {PROBES[0].strength}"], "cpu_minutes": 0.5,
    }  # fmt: skip
    assert prove_gate.summary([row(weak, True)] * 99 + [row(weak, False)] + [row(HARMLESS, False)] * 20)["ok"]
    assert not prove_gate.summary([row(weak, True)] * 98 + [row(weak, False)] * 2)["ok"]
