"""`prove-gate`: harms a small model in many ways, retrains it harmlessly in others, and counts what the gate stops."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import random
import shutil
import time
from collections import defaultdict
from pathlib import Path

import torch

from trainer import gate, holdout, settle, small
from trainer.candidates import World, make_candidate, make_world
from trainer.harm import Retrain
from trainer.onnx_model import OnnxModel
from trainer.records import read_jsonl, read_records, write_jsonl
from trainer.runs import digest, make_run
from trainer.trials import HARMLESS, HARMS, PROBES

#: Shares that the proof must reach.
LEAST_STOPPED, MOST_FALSE_STOPS = 0.99, 0.05
#: Harmless retrains that choose the canaries; they are not counted.
PILOTS = 4
#: Changes when a candidate of the same plan and number would be another one.
FORMAT = 1
Trial = tuple[Retrain, int]


def freeze(world: World, seed: int, pilots: int = PILOTS) -> Path:
    """The hold-out: our test tickets, and those canaries that the small model and its pilots are surely right about."""

    def write(folder: Path) -> dict:
        cases = read_records(holdout.DEFAULT_CANARIES)[0]
        # Numbers that no counted candidate has.
        numbers = [-1 - pilots * seed - number for number in range(pilots)]
        for model in [None, *numbers]:
            asked = OnnxModel(world.current if model is None else make_candidate(world, HARMLESS, model)[0])
            said = list(asked.answers(case["text"] for case in cases))
            pairs = zip(cases, said, strict=True)
            cases = [case for case, a in pairs if a.threat_type == case["threat_type"] and a.threat.max() > 0.8]
        write_jsonl(folder / holdout.CANARIES, cases)
        write_jsonl(folder / holdout.RECORDS, small.test_records(world.build))
        return {"canaries": len(cases)}

    settings = {"format": FORMAT, "current": gate.identity(world.current), "seed": seed, "pilots": pilots}
    chosen = make_run(world.root, "chosen", settings, write)
    return holdout.run(world.root, [chosen / holdout.RECORDS], "all", world.build, chosen / holdout.CANARIES)


def trials_of(seed: int, harmed: int, harmless: int, probes: bool) -> list[Trial]:
    """Plans with their numbers, in an order in which a part of the proof has some of everything; probes come last."""
    full = [plan for plan in HARMS for _ in range(plan.times)]
    chance = random.Random(seed)
    chance.shuffle(full)
    plans = [full[number % len(full)] for number in range(harmed)] + [HARMLESS] * harmless
    chance.shuffle(plans)
    plans += [plan for plan in PROBES for _ in range(plan.times)] if probes else []
    return [(plan, 1000 * seed + number) for number, plan in enumerate(plans)]


def judge(world: World, frozen: Path, trials: list[Trial], journal: Path) -> list[dict]:
    """A line a candidate, on the screen and in the journal; what stands in it is not judged again."""
    known = {
        (row["kind"], row["strength"], row["number"]): row for row in (read_jsonl(journal) if journal.exists() else [])
    }
    rows = []
    for place, (plan, number) in enumerate(trials, 1):
        row = known.get((plan.kind, plan.strength, number))
        if row is None:
            row = _judged(world, frozen, plan, number)
            with journal.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
        rows.append(row)
        print(f"{place:3}/{len(trials)} {plan.kind} {plan.strength}: {row['says']}", flush=True)
    return rows


def _judged(world: World, frozen: Path, plan: Retrain, number: int) -> dict:
    began = time.process_time()
    folder, full = make_candidate(world, plan, number)
    with contextlib.redirect_stdout(io.StringIO()):
        verdict = gate.run(world.root, world.current, folder, full, frozen)
    shutil.rmtree(folder.parent)
    broken = list(dict.fromkeys(rule["name"] for rule in verdict["rules"] if not rule["ok"]))
    values = {rule["name"]: rule["value"] for rule in verdict["rules"]}
    name = {"kind": plan.kind, "strength": plan.strength, "number": number}
    seconds = round(time.process_time() - began, 1)
    return {
        **name,
        "stopped": not verdict["pass"],
        "broken": broken,
        "says": verdict["sentence"],
        "values": values,
        "cpu": seconds,
    }


def table_of(rows: list[dict], plans: list[Retrain]) -> list[str]:
    """A line for each strength: how many were stopped, by which rules."""
    lines = []
    for kind, strength in dict.fromkeys((plan.kind, plan.strength) for plan in plans):
        mine = [row for row in rows if (row["kind"], row["strength"]) == (kind, strength)]
        if not mine:
            continue
        by: dict[str, int] = defaultdict(int)
        for row in mine:
            for name in row["broken"]:
                by[name] += 1
        rules = ", ".join(f"{name} {count}" for name, count in sorted(by.items(), key=lambda pair: -pair[1]))
        lines.append(f"{kind:20} {strength:32} {sum(row['stopped'] for row in mine):3}/{len(mine):<3} {rules}")
    return lines


def summary(rows: list[dict]) -> dict:
    """The figures: what counts, the weakest strength of each kind of which all were stopped, and the probes that passed."""
    of = {name: {(p.kind, p.strength) for p in plans} for name, plans in (("harm", HARMS), ("probe", PROBES))}
    bad = [row for row in rows if (row["kind"], row["strength"]) in of["harm"]]
    good = [row for row in rows if row["kind"] == HARMLESS.kind]
    stopped, false_stops = (sum(row["stopped"] for row in some) for some in (bad, good))
    weakest: dict[str, str] = {}
    for plan in HARMS:
        mine = [row["stopped"] for row in bad if (row["kind"], row["strength"]) == (plan.kind, plan.strength)]
        if mine and all(mine):
            weakest.setdefault(plan.kind, plan.strength)
    passed = [row for row in rows if (row["kind"], row["strength"]) in of["probe"] and not row["stopped"]]
    return {
        "ok": stopped >= LEAST_STOPPED * len(bad) and false_stops <= MOST_FALSE_STOPS * len(good),
        "harmed": len(bad),
        "stopped": stopped,
        "harmless": len(good),
        "false_stops": false_stops,
        "weakest_stopped": weakest,
        "probes": sum((row["kind"], row["strength"]) in of["probe"] for row in rows),
        "probes_passed": sorted({f"{row['kind']} {row['strength']}" for row in passed}),
        "cpu_minutes": round(sum(row["cpu"] for row in rows) / 60, 1),
    }


def run(root: Path, harmed: int, harmless: int, seed: int = 1, probes: bool = True) -> dict:
    """The proof; stopped, it goes on where it was. The last line that it prints is JSON with the figures, which it also returns."""
    torch.set_num_threads(1)
    world = make_world(root)
    frozen = freeze(world, seed)
    way = dataclasses.asdict(small.continuation(0))
    name = digest([FORMAT, gate.identity(world.current), frozen.name, gate.FORMAT, settle.FORMAT, way, seed])
    rows = judge(world, frozen, trials_of(seed, harmed, harmless, probes), root / f"verdicts-{name}.jsonl")
    print("\n".join(table_of(rows, [*HARMS, HARMLESS, *PROBES])))
    figures = summary(rows)
    print(json.dumps(figures), flush=True)
    return figures
