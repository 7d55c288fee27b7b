"""After `train --from`: steps back towards the published weights, to where most held-out texts are right.

See Wortsman et al. 2022, "Robust fine-tuning of zero-shot models": between two networks of which one grew from the other the answers
change step by step, and what was learnt last longest. Without it a few hundred corrections of one kind pull its neighbours along.
"""

from __future__ import annotations

import json
import random
import shutil
from collections import defaultdict
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from trainer.cores import on_cores, one_thread_each
from trainer.corpus import SOURCE as TICKETS
from trainer.labels import THREAT_INDEX
from trainer.lessons import lower
from trainer.model import SecTagModel, load_model, save_model
from trainer.records import Record, read_jsonl
from trainer.recover import recover
from trainer.release import DECODING
from trainer.runs import MANIFEST, file_digest, make_run, require_run
from trainer.windows import WindowRule, with_specials

#: How much of what was learnt may stay.
SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
#: Part of the held-out texts that may be lost by chance.
COSTS = 0.01
#: Public held-out texts of each type, beside all calibration tickets.
PER_TYPE = 12
SEED = 20261126
FORMAT = 5


def held_out(base: list[Record]) -> list[Record]:
    """Texts with a type that neither this training nor that of the base data has seen, and that do not judge either."""
    pools: dict[str, list[Record]] = defaultdict(list)
    for example in base:
        if example["threat_type"] is None:
            continue
        if example["source"] == TICKETS and example["split"] == "calibration":
            pools[TICKETS].append(example)
        elif example["split"] == "valid":
            pools[example["threat_type"]].append(example)
    chance = random.Random(SEED)
    return [
        example
        for kind, pool in sorted(pools.items())
        for example in (pool if kind == TICKETS else chance.sample(pool, min(PER_TYPE, len(pool))))
    ]


def _right(model: SecTagModel, states: list[Tensor], gold: list[int], layers: int) -> int:
    """How many types are right."""

    def said(vectors: Tensor) -> int:
        with torch.no_grad():
            return int(model.upper(vectors[None].float(), torch.ones(1, len(vectors)), layers)[0][0].argmax())

    with one_thread_each():
        return sum(type_ == index for type_, index in zip(on_cores(said, states), gold, strict=True))


def settle(
    before: SecTagModel, after: SecTagModel, tokenizer: Tokenizer, held: list[Record], layers: int
) -> tuple[SecTagModel, dict]:
    """The network with the share of what was learnt at which most held-out types are right."""
    return step_back(before, after, vectors(before, tokenizer, held, layers), held, layers)


def vectors(model: SecTagModel, tokenizer: Tokenizer, held: list[Record], layers: int) -> list[Tensor]:
    """The held-out texts below the layers that learn."""

    def below(example: Record) -> Tensor:
        ids = tokenizer.encode(example["text"], add_special_tokens=False).ids[: WindowRule.length - 2]
        with torch.no_grad():
            return lower(model, with_specials(tokenizer, ids), layers).half()

    with one_thread_each():
        return list(on_cores(below, held))


def step_back(
    before: SecTagModel, after: SecTagModel, states: list[Tensor], held: list[Record], layers: int
) -> tuple[SecTagModel, dict]:
    """`settle` over vectors that were computed before."""
    gold = [THREAT_INDEX[example["threat_type"]] for example in held]
    first, last = before.state_dict(), {name: tensor.clone() for name, tensor in after.state_dict().items()}
    least = _right(before, states, gold, layers)

    def step(share: float) -> SecTagModel:
        after.load_state_dict({name: first[name] + share * (last[name] - first[name]) for name in first})
        return after.eval()

    counts = {share: _right(step(share), states, gold, layers) for share in SHARES}
    # Of equal ones the largest: a text or two are chance. Where all cost more than that, as little as can be.
    best = max(SHARES, key=lambda share: (counts[share], share))
    if counts[best] < least - COSTS * len(held):
        best = SHARES[-1]
    right_at = {str(share): count for share, count in counts.items()}
    return step(best), {"share": best, "held": len(held), "right_before": least, "right_at": right_at}


def run(root: Path, current: Path, train: Path, build: Path) -> Path:
    """Makes a `train` run folder from the one of `train --from`: the same, stepped back as far as needed."""
    manifest = require_run(train, "train")
    settings = {
        "format": FORMAT,
        "settles": file_digest(train / MANIFEST),
        "from": file_digest(current / "manifest.json"),
        "build": file_digest(build / MANIFEST),
        "recipe": manifest["settings"]["recipe"],
        "init": manifest["settings"]["init"],
    }

    def write(folder: Path) -> dict:
        before, tokenizer = recover(current)
        after, _ = load_model(train)
        held = held_out(read_jsonl(build / "examples.jsonl"))
        settled, facts = settle(before, after, tokenizer, held, int(settings["recipe"]["layers"]))
        save_model(folder, settled, tokenizer)
        shutil.copyfile(train / DECODING, folder / DECODING)
        print(
            f"train: keeps {facts['share']:.0%} of the step; right on {facts['held']} held-out texts: {json.dumps(facts['right_at'])}, before {facts['right_before']}"
        )
        return {**manifest["facts"], "settled": facts}

    return make_run(root, "train", settings, write)
