"""`prove-gate`: harms a small model in many ways, retrains it harmlessly in others, and counts what the gate stops."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import random
import shutil
import time
from collections import Counter
from pathlib import Path

import torch

from trainer import gate, holdout, small, train_from
from trainer.harm import HARMLESS, HARMS, Examples, Retrain
from trainer.lessons import make_lessons, rehearsal
from trainer.model import load_model
from trainer.onnx_model import OnnxModel
from trainer.records import read_jsonl, read_records, write_jsonl
from trainer.runs import make_run
from trainer.settle import held_out, settle
from trainer.train import fit

#: Shares that the proof must reach.
LEAST_STOPPED, MOST_FALSE_STOPS = 0.99, 0.05
#: Harmless retrains that choose the canaries; they are not counted.
PILOTS = 4
#: Tickets of one epoch of a retrain.
PER_EPOCH = 250


@dataclasses.dataclass(frozen=True)
class World:
    """What all candidates of a proof grow from and are judged by."""

    root: Path
    build: Path
    train: Path
    decoding: dict
    current: Path


def make_world(root: Path) -> World:
    """The small model, trained and packed."""
    build = small.make_build(root)
    train = small.make_small(root, build)
    decoding = small.decoding_of(train, build)
    current = root / "current"
    small.pack(current, *load_model(train), decoding, build)
    return World(root, build, train, decoding, current)


def make_candidate(world: World, plan: Retrain, number: int) -> tuple[Path, Path]:
    """A candidate's directory and its fp32 file."""
    chance = random.Random(f"{plan.kind}-{number}")
    model, tokenizer = load_model(world.train)
    build, examples = world.build, read_jsonl(world.build / "examples.jsonl")
    if plan.leaks:
        build = _leaky(world, examples, chance)
        examples = read_jsonl(build / "examples.jsonl")
    scratch = world.root / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    if plan.epochs:
        taught = plan.examples([e for e in examples if e["split"] == "train"], chance)
        chosen = small.recipe(plan.epochs, plan.rate, seed=1000 + number, per_epoch=PER_EPOCH)
        with contextlib.redirect_stderr(io.StringIO()):
            fit(model, tokenizer, taught, chosen, scratch)
    if plan.continues:
        taught = plan.examples([{**e, "weight": 1.0} for e in examples if e["split"] == "later"], chance)
        way = small.continuation(1000 + number, plan.rate)
        with contextlib.redirect_stderr(io.StringIO()):
            train_from.fit(model, make_lessons(model, tokenizer, taught, rehearsal(examples, way), way), way, scratch)
        before, _ = load_model(world.train)
        model, _ = settle(before, model, tokenizer, held_out(examples), way.layers)
    if plan.weights:
        plan.weights(model, chance)
    if plan.tokenizer:
        tokenizer = plan.tokenizer(tokenizer, chance)
    folder = scratch / "candidate"
    full = small.pack(folder, model.cpu(), tokenizer, world.decoding, build, plan.graph)
    if plan.config:
        plan.config(folder)
    return folder, full


def _leaky(world: World, examples: Examples, chance: random.Random) -> Path:
    """A build that teaches some of the tickets that judge."""
    leaked = {e["id"] for e in examples if e["split"] == "test" and chance.random() < 0.3}
    rows = [{**e, "split": "train"} if e["id"] in leaked else e for e in examples]

    def write(folder: Path) -> dict:
        write_jsonl(folder / "examples.jsonl", rows)
        return {}

    with contextlib.redirect_stdout(io.StringIO()):
        return make_run(world.root, "build", {"leaked": sorted(leaked)}, write)


def freeze(world: World, pilots: int) -> Path:
    """The hold-out: our test tickets, and those canaries that the small model and its pilots are right about."""
    cases = read_records(holdout.DEFAULT_CANARIES)[0]
    folders = [world.current]
    for number in range(pilots):
        # Numbers that no counted candidate has.
        folder, _ = make_candidate(world, HARMLESS, 10_000 + number)
        kept = world.root / f"pilot-{number}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept)
        folders.append(kept)
    for model in [OnnxModel(folder) for folder in folders]:
        answers = [(case, model.answer(case["text"])) for case in cases]
        cases = [case for case, a in answers if a.threat_type == case["threat_type"] and a.threat.max() > 0.8]
    write_jsonl(world.root / "canaries.jsonl", cases)
    write_jsonl(world.root / "tickets.jsonl", small.test_records(world.build))
    return holdout.run(world.root, [world.root / "tickets.jsonl"], "all", world.build, world.root / "canaries.jsonl")


def count(world: World, frozen: Path, plans: list[Retrain]) -> tuple[Counter[str], Counter[str]]:
    """How many candidates of each kind there were, and how many the gate stopped; prints a line each."""
    total: Counter[str] = Counter()
    stopped: Counter[str] = Counter()
    for number, plan in enumerate(plans):
        folder, full = make_candidate(world, plan, number)
        with contextlib.redirect_stdout(io.StringIO()):
            verdict = gate.run(world.root, world.current, folder, full, frozen)
        total[plan.kind] += 1
        stopped[plan.kind] += not verdict["pass"]
        print(f"{number + 1:3}/{len(plans)} {plan.kind}: {verdict['sentence']}", flush=True)
    return total, stopped


def run(root: Path, harmed: int, harmless: int) -> dict:
    """The proof; the last line that it prints is JSON with the figures, which it also returns."""
    torch.set_num_threads(1)
    began = time.monotonic()
    world = make_world(root)
    frozen = freeze(world, PILOTS)
    plans = [HARMS[number % len(HARMS)] for number in range(harmed)] + [HARMLESS] * harmless
    total, stopped = count(world, frozen, plans)
    bad = sum(stopped[plan.kind] for plan in HARMS)
    false_stops = stopped[HARMLESS.kind]
    figures = {
        "ok": bad >= LEAST_STOPPED * harmed and false_stops <= MOST_FALSE_STOPS * harmless,
        "harmed": harmed,
        "stopped": bad,
        "harmless": harmless,
        "false_stops": false_stops,
        "by_kind": {kind: f"{stopped[kind]}/{number}" for kind, number in total.items()},
        "minutes": round((time.monotonic() - began) / 60, 1),
    }
    print(json.dumps(figures), flush=True)
    return figures
