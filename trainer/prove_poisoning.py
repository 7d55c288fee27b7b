"""`prove-poisoning`: hostile reviewers beside an honest team, through the real build, training and rules of the gate; what they gain, and what it costs them."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import json
import random
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import torch

from trainer import corrections, pull, rules
from trainer.adjudicate import Row
from trainer.attack_list import Attack
from trainer.attacks import PEOPLE, export_lines
from trainer.judgements import Judgement, judgements_of
from trainer.poison_judge import Outcome, judge, success
from trainer.poison_scene import Scene
from trainer.records import Record, read_jsonl, write_jsonl
from trainer.runs import require_run
from trainer.splits import joined, split_groups

#: What is promised at 10 % hostile reviewers: share of target texts, and points of macro-F1.
MOST_SUCCESS, MOST_LOST = 0.05, 0.5
ORG = "team"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def defended(root: Path, scene: Scene, lines: list[dict]) -> Path:
    """The `corrections` run of the export, by the real steps."""
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, _quiet():
        file, apart = Path(scratch) / "export.ndjson", root / "measures.jsonl"
        write_jsonl(file, lines)
        write_jsonl(apart, scene.measured.everything())
        snapshot = pull.run(root, argparse.Namespace(api=None, from_file=file, since=None, key_file=None, org=ORG))
        model = scene.bench.asked(scene.bench.network)
        return corrections.run(root, [snapshot], scene.base, [apart], [], model)


def undefended(lines: list[dict]) -> list[Record]:
    """What a trainer without any defence would learn: of each text of a ticket what most say, the newest among equals, with full weight."""
    judgements = [j for j in judgements_of([line for line in lines if line["kind"] == "decision"], ORG) if j.tag]
    groups = joined(judgements, list(range(len(judgements))))
    parts = split_groups(judgements, groups)
    texts: dict[tuple[str, int], list[Judgement]] = defaultdict(list)
    for judgement, group in zip(judgements, groups, strict=True):
        texts[judgement.ticket, group].append(judgement)
    found = []
    for (ticket, group), said in texts.items():
        votes = Counter(judgement.tag[0] for judgement in reversed(said) if judgement.tag)
        name = votes.most_common(1)[0][0]
        behind = tuple(judgement for judgement in said if judgement.tag and judgement.tag[0] == name)
        severity = (behind[-1].tag or ("", "low"))[1]
        found += corrections.examples_of(Row(ticket, name, severity, 1.0, behind), 1.0, parts[group], group)
    return found


def _to_teach(examples: list[Record]) -> list[Record]:
    return [e for e in examples if e["split"] == "train" and e["weight"]]


@dataclasses.dataclass(frozen=True)
class Honest:
    """What the honest team's models say, with defences (one a training) and without, and what the published one says."""

    on: list[Outcome]
    off: Outcome
    current: Outcome
    answers: rules.Answers


def _gain(attack: Attack, reached: list[Outcome], honest: list[Outcome]) -> float | None:
    """The worst of all trainings."""
    if attack.target is None:
        return None
    place = attack.target, attack.trigger
    return round(max(success(place, one, other) for one, other in zip(reached, honest, strict=True)), 4)


def _lost(reached: list[Outcome], honest: list[Outcome]) -> list[float]:
    """Points of macro-F1 that each training has more than the honest team's in the same order."""
    return [one.clean - other.clean for one, other in zip(reached, honest, strict=True)]


def _trained(scene: Scene, folder: Path, trainings: int, answers: rules.Answers) -> tuple[list[Outcome], list[float]]:
    """What is learnt from a `corrections` run, in several orders of the lessons; and the share of the step that stayed."""
    examples = _to_teach(read_jsonl(folder / "examples.jsonl"))
    found, kept = [], []
    for order in range(trainings):
        network, share = scene.bench.taught(examples, order=order)
        found.append(judge(scene.bench, network, scene.measured, answers))
        kept.append(share)
    return found, kept


def measure(root: Path, scene: Scene, attack: Attack, honest: Honest, seed: int) -> dict:
    """One attack, with defences and without."""
    version = scene.bench.pipeline.folder.name
    lines, hostile = export_lines(attack.said, version, random.Random(seed))
    folder = defended(root, scene, lines)
    through = [row for row in read_jsonl(folder / "manifest.jsonl") if hostile & set(row["decisions"])]
    learnt = [row for row in through if row["split"] == "train" and row["weight"]]
    people = {one.who for one in attack.said if one.hostile}
    first: dict = next(iter(read_jsonl(folder / "trust.jsonl")))
    on, kept = _trained(scene, folder, len(honest.on), honest.answers)
    bad = [one for one in attack.said if one.hostile]
    some = [one for one in attack.said if not one.hostile] + bad[: attack.sample]
    # Settling is a defence too: it steps back until no held-out type is worse.
    without = undefended(export_lines(some, version, random.Random(seed))[0])
    network, _ = scene.bench.taught(_to_teach(without), settled=False)
    off = judge(scene.bench, network, scene.measured, honest.answers)
    # A model that the gate stops is not published: the current one stays.
    published = [honest.current if one.broken else one for one in on]
    lost, lost_published = _lost(on, honest.on), _lost(published, honest.on)
    return {
        "attack": attack.name,
        "kind": attack.kind,
        "promised": attack.promised,
        "people": len(people),
        "rows": len(hostile),
        "through": len({decision for row in through for decision in row["decisions"]} & hostile),
        "taught": len(learnt),
        "weight": round(sum(row["weight"] for row in learnt), 1),
        "held": require_run(folder, "corrections")["facts"]["held"],
        "kept_of_step": kept,
        "clean": round(statistics.mean(lost), 2),
        "clean_each": [round(points, 2) for points in lost],
        "success": _gain(attack, on, honest.on),
        "gate": sorted({name for one in on for name in one.broken}) or "passes",
        "clean_published": round(statistics.mean(lost_published), 2),
        "success_published": _gain(attack, published, honest.on),
        "detected": first["who"].removeprefix(f"{ORG}/") in people and first["waiting"] > 0,
        "off_clean": round(off.clean - honest.off.clean, 2),
        "off_success": _gain(attack, [off], [honest.off]),
        "off_gate": off.broken or "passes",
    }


def honest_outcomes(root: Path, scene: Scene, seed: int, trainings: int) -> Honest:
    """What everything is measured against."""
    bench, measured = scene.bench, scene.measured
    answers = rules.answers_of(bench.asked(bench.network), measured.holdout)
    lines, _ = export_lines(scene.team.said, bench.pipeline.folder.name, random.Random(seed))
    folder = defended(root, scene, lines)
    on, _ = _trained(scene, folder, trainings, answers)
    network, _ = bench.taught(_to_teach(undefended(lines)), settled=False)
    off = judge(bench, network, measured, answers)
    current = judge(bench, bench.network, measured)
    facts = require_run(folder, "corrections")["facts"]
    waiting = sum(row["waiting"] for row in read_jsonl(folder / "trust.jsonl"))
    print(
        f"honest team: {PEOPLE} people, {len(scene.team.said)} decisions, {waiting} of them wait {json.dumps(facts['held'])}; macro-F1 on"
        f" {len(measured.clean)} clean texts {', '.join(f'{one.clean:.2f}' for one in on)} (gate: {[one.broken or 'passes' for one in on]}), without"
        f" defences {off.clean:.2f};"
        f" the published model {current.clean:.2f}",
        flush=True,
    )
    return Honest(on, off, current, answers)


def _harms_undefended(row: dict) -> bool:
    if row["off_success"] is None:
        return row["off_clean"] < -MOST_LOST
    return row["off_success"] > MOST_SUCCESS


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


HEADS = "attack | people | rows | through | taught, weight | clean (each training) | target | gate | published: clean, target | seen | undefended: clean, target, gate"


def line_of(found: dict) -> str:
    """One row of the table."""
    gates = ["passes" if found[key] == "passes" else "stops: " + ", ".join(found[key]) for key in ("gate", "off_gate")]
    cells = [
        found["attack"],
        found["people"],
        found["rows"],
        found["through"],
        f"{found['taught']}, {found['weight']}",
        f"{found['clean']:+.2f} ({', '.join(f'{points:+.2f}' for points in found['clean_each'])})",
        _share(found["success"]),
        gates[0],
        f"{found['clean_published']:+.2f}, {_share(found['success_published'])}",
        "yes" if found["detected"] else "no",
        f"{found['off_clean']:+.2f}, {_share(found['off_success'])}, {gates[1]}",
    ]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def prove(root: Path, scene: Scene, only: str = "", seed: int = 1, trainings: int = 1) -> dict:
    """All attacks with `only` in their names; prints a row each and last one JSON line, which it also returns.

    Clean texts are measured as the mean of so many `trainings`, since by the order of lessons alone a training loses or gains half a point.
    Raises ValueError when there is none.
    """
    chosen = [attack for attack in scene.attacks if only in attack.name]
    if not chosen:
        raise ValueError(f"no attack has {only!r} in its name")
    began, cpu = time.monotonic(), time.process_time()
    honest = honest_outcomes(root, scene, seed, trainings)
    print(f"| {HEADS} |\n|{'---|' * (HEADS.count('|') + 1)}", flush=True)
    found = []
    torch.set_num_threads(1)
    for attack in chosen:
        found.append(measure(root, scene, attack, honest, seed))
        print(line_of(found[-1]), flush=True)
    promised = [row for row in found if row["promised"]]
    # A kind that does no harm without defences either, at no strength, is no attack, and shows nothing of them.
    idle = sorted({row["kind"] for row in promised} - {row["kind"] for row in found if _harms_undefended(row)})
    figures = {
        "ok": bool(promised)
        and not idle
        and all(
            (row["success_published"] or 0.0) <= MOST_SUCCESS and row["clean_published"] >= -MOST_LOST
            for row in promised
        ),
        "idle": idle,
        "worst_success": max((row["success_published"] or 0.0 for row in promised), default=None),
        "worst_clean": min((row["clean_published"] for row in promised), default=None),
        "worst_clean_of_one_training": min((points for row in promised for points in row["clean_each"]), default=None),
        "worst_success_before_gate": max((row["success"] or 0.0 for row in promised), default=None),
        "work_undefended": sum(map(_harms_undefended, found)),
        "plan": dataclasses.asdict(scene.bench.plan),
        "attacks": found,
        "minutes": round((time.monotonic() - began) / 60, 1),
        "cpu_minutes": round((time.process_time() - cpu) / 60, 1),
    }
    print(json.dumps(figures), flush=True)
    return figures
