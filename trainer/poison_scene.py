"""The scene of the poisoning proof: a published model, a team with its week of tickets, attackers' material, and texts that measure."""

from __future__ import annotations

import dataclasses
import hashlib
import random
from collections import defaultdict
from pathlib import Path

from trainer import build as base_build
from trainer import data, holdout
from trainer.attack_list import CRITICAL, PLAIN, Attack, Team, all_attacks
from trainer.attacks import honest_team
from trainer.corpus import corpus_files
from trainer.evaluate import typed_records
from trainer.poison_bench import Bench, make_bench
from trainer.poison_judge import Measured
from trainer.records import Record, read_jsonl, write_jsonl
from trainer.runs import MANIFEST, file_digest, make_run
from trainer.train_from import DEFAULT_PLAN, load_plan

#: Decisions of one honest person, and tickets of a type on the desk: the targets are common there, other types as far as they are at hand.
EACH, BENIGN, TARGETS, OTHERS = 30, 110, 60, 25
#: Clean texts of each type beside the hold-out, and target texts of each type.
CLEAN, MEASURED = 15, 60
#: Base data of each source and type that is rehearsed, and that words are compared with: less history makes attacks easier, and builds faster.
KNOWN = 120
#: Tickets of a target type that a hostile person finds on the desk.
ON_DESK = 90


@dataclasses.dataclass(frozen=True)
class Scene:
    """The published model on its bench, the team, what measures, and the base data."""

    bench: Bench
    team: Team
    measured: Measured
    base: Path
    attacks: list[Attack]


def halves(records: list[Record]) -> tuple[list[Record], list[Record]]:
    """By the hash of the id: what a team sees, and what measures."""
    parts: tuple[list[Record], list[Record]] = ([], [])
    for record in records:
        parts[int(hashlib.sha256(record["id"].encode()).hexdigest()[:8], 16) % 2].append(record)
    return parts


def desk_of(records: list[Record], chance: random.Random) -> list[Record]:
    """The tickets of a week, in a random order."""
    kinds: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        kinds[record["threat_type"]].append(record)
    most = {"benign": BENIGN, CRITICAL: TARGETS, PLAIN: TARGETS}
    chosen = [
        r for kind, rows in sorted(kinds.items()) for r in chance.sample(rows, min(len(rows), most.get(kind, OTHERS)))
    ]
    chance.shuffle(chosen)
    return chosen


def make_team(bench: Bench, base: list[Record], seen: list[Record], each: int, chance: random.Random) -> Team:
    """`seen` are the tickets that may be on the team's desk; attackers make theirs from the base data's public texts."""
    said = honest_team(desk_of(seen, chance), bench.ask, each, chance)
    taught = [example for example in base if example["split"] == "train"]
    desk, pools = (
        {kind: [record for record in rows if record["threat_type"] == kind][:ON_DESK] for kind in (CRITICAL, PLAIN)}
        for rows in (seen, taught)
    )
    return Team(said, desk, pools, each)


def _lean(root: Path, base: Path) -> Path:
    """The base data with at most KNOWN training examples of each source and type; all its held-out parts."""

    def write(folder: Path) -> dict:
        kinds: dict[tuple[str, str, str], int] = defaultdict(int)
        kept = []
        for example in read_jsonl(base / "examples.jsonl"):
            kind = example["source"], str(example["threat_type"]), example["split"]
            kinds[kind] += 1
            if example["split"] != "train" or kinds[kind] <= KNOWN:
                kept.append(example)
        write_jsonl(folder / "examples.jsonl", kept)
        return {"examples": len(kept)}

    return make_run(root, "build", {"lean": KNOWN, "of": file_digest(base / MANIFEST)}, write)


def full_scene(
    root: Path, model: Path, dev: Path | None, base: Path | None, frozen: Path | None, layers: int | None, seed: int
) -> Scene:
    """The full form: public dev texts, which no model of ours has learnt; one half is the team's, the other measures beside the hold-out.

    `layers`: how many of the encoder learn, where not as the recipe says.
    """
    public = dev or (data.find_public_data() or Path()) / "threat_dev.jsonl.gz"
    if not public.exists():
        raise FileNotFoundError(
            "The proof needs public text that no model has learnt: set SECTAG_DATA, or name a record file with --dev"
        )
    base = base or base_build.run(root, data.run(root))
    frozen = frozen or holdout.run(root, corpus_files(), "test", base)
    judging = holdout.read_holdout(frozen)
    seen, unseen = halves(typed_records([public]))
    chance = random.Random(seed)
    kinds: dict[str, list[Record]] = defaultdict(list)
    for record in unseen:
        kinds[record["threat_type"]].append(record)
    clean = [r for _, rows in sorted(kinds.items()) for r in chance.sample(rows, min(len(rows), CLEAN))]
    targets = {
        kind: chance.sample([r for r in [*judging.records, *unseen] if r["threat_type"] == kind], MEASURED)
        for kind in (CRITICAL, PLAIN)
    }
    plan = load_plan(DEFAULT_PLAN)
    if layers is not None:
        plan = dataclasses.replace(plan, layers=layers)
    if plan.layers == 0:
        # On frozen features a training takes seconds. More to rehearse would take longer to prepare, and only makes attacks harder.
        plan = dataclasses.replace(plan, near=0, per_type=40)
    base = _lean(root, base)
    examples = read_jsonl(base / "examples.jsonl")
    bench = make_bench(model, examples, plan)
    measured = Measured([*judging.records, *clean], judging.records, judging.canaries, targets)
    team = make_team(bench, examples, seen, EACH, chance)
    return Scene(bench, team, measured, base, all_attacks(team, bench, chance))
