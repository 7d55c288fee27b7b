"""Step `train --from`: goes on from a published model with the team's corrections, and rehearses so that nothing else is forgotten."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import random
import time
import tomllib
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from trainer.lessons import Continuation, Lesson, collate, make_lessons, rehearsal
from trainer.model import SecTagModel, pick_device, save_model
from trainer.model_files import write_json
from trainer.records import read_jsonl
from trainer.recover import recover
from trainer.release import DECODING
from trainer.runs import MANIFEST, file_digest, make_run, require_run
from trainer.train import CHECKPOINT, save_checkpoint

DEFAULT_PLAN = Path(__file__).with_name("recipes") / "continue.toml"
#: Changes when the same inputs would teach something else.
FORMAT = 1


def load_plan(file: Path) -> Continuation:
    """Reads continue.toml or one of its form. Raises ValueError that names what is wrong."""
    try:
        return Continuation(**tomllib.loads(file.read_text(encoding="utf-8")))
    except TypeError as error:
        raise ValueError(f"{file}: {error}") from error


class Upper(nn.Module):
    """What learns: the top layers and the heads, so that no gradient and no optimizer state is kept for the rest."""

    def __init__(self, model: SecTagModel, layers: int) -> None:
        super().__init__()
        self.learning = nn.ModuleList(
            [*model.encoder.encoder.layer[-layers:], model.threat, model.severity, model.entity_dropout, model.entity]
        )
        # A tuple hides the whole network from `parameters()`.
        self._whole = (model,)
        self._layers = layers

    def forward(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self._whole[0].upper(states, mask, self._layers)


def loss_of(answers: tuple[Tensor, Tensor, Tensor], batch: dict[str, Tensor], plan: Continuation) -> Tensor:
    """Cross entropy with the lessons' targets: of types and severities by the lessons' weights, of tokens alike."""
    threat, severity, entity = (answer.float().log_softmax(-1) for answer in answers)
    weight = batch["weight"] / batch["weight"].sum()
    types = -((batch["threat"] * threat).sum(-1) * weight).sum()
    levels = -((batch["severity"] * severity).sum(-1) * weight).sum()
    known = batch["entity"].sum(-1)
    tokens = -(batch["entity"] * entity).sum() / known.sum().clamp(min=1.0)
    return types + plan.severity_weight * levels + plan.entity_weight * tokens


def batches_of(lessons: list[Lesson], plan: Continuation, epoch: int) -> list[list[Lesson]]:
    """All batches of one epoch, the same for the same arguments; neighbours of like length together."""
    chance = random.Random(f"{plan.seed}-{epoch}")
    order = list(lessons)
    chance.shuffle(order)
    span = plan.batch_size * 20
    batches = []
    for first in range(0, len(order), span):
        near = sorted(order[first : first + span], key=lambda lesson: len(lesson.states))
        batches += [near[start : start + plan.batch_size] for start in range(0, len(near), plan.batch_size)]
    chance.shuffle(batches)
    return batches


def make_optimizer(
    upper: Upper, plan: Continuation, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LambdaLR]:
    """AdamW, slow layers and faster heads; linear warm-up, then a cosine down to zero."""
    heads = [parameter for module in upper.learning[plan.layers :] for parameter in module.parameters()]
    layers = [parameter for module in upper.learning[: plan.layers] for parameter in module.parameters()]
    optimizer = torch.optim.AdamW(
        [{"params": layers, "lr": plan.encoder_rate}, {"params": heads, "lr": plan.head_rate}],
        weight_decay=plan.weight_decay,
    )
    warm = max(1, int(plan.warm_up * steps))

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, steps - warm))))

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def fit(
    model: SecTagModel, lessons: list[Lesson], plan: Continuation, folder: Path, *, stop_after: int | None = None
) -> dict:
    """Trains in place; after each epoch there is a checkpoint, from which a killed run goes on to the same weights.

    Under `torchrun` each process takes its part of every epoch, and gradients are averaged. `stop_after` ends after so many
    epochs as a kill would (for tests). Returns facts for the manifest.
    """
    device = pick_device()
    world, rank = (int(os.environ.get(name, default)) for name, default in (("WORLD_SIZE", "1"), ("RANK", "0")))
    torch.manual_seed(plan.seed)
    model.to(device).eval()
    upper = Upper(model, plan.layers).train()
    per_epoch = math.ceil(len(lessons) / plan.batch_size) // world
    optimizer, rate = make_optimizer(upper, plan, per_epoch * plan.epochs)
    checkpoint, first = folder / CHECKPOINT, 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        rate.load_state_dict(state["rate"])
        torch.set_rng_state(state["random"])
        first = state["epoch"]
        print(f"train: going on after epoch {first} of {plan.epochs}")
    network: nn.Module = nn.parallel.DistributedDataParallel(upper) if world > 1 else upper
    began = time.monotonic()
    with (folder / "log.jsonl").open("a") as log:
        for epoch in range(first, plan.epochs):
            total = 0.0
            mine = batches_of(lessons, plan, epoch)[rank::world][:per_epoch]
            for batch in tqdm(mine, desc=f"train: epoch {epoch + 1} of {plan.epochs}", mininterval=20, unit="step"):
                tensors = {name: tensor.to(device) for name, tensor in collate(batch).items()}
                with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                    answers = network(tensors["states"], tensors["mask"])
                loss = loss_of(answers, tensors, plan)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(upper.parameters(), 1.0)
                optimizer.step()
                rate.step()
                total += float(loss.detach())
            log.write(json.dumps({"epoch": epoch + 1, "loss": round(total / max(1, len(mine)), 4)}) + "\n")
            log.flush()
            if rank == 0:
                save_checkpoint(
                    checkpoint,
                    {
                        "model": model.state_dict(),
                        "optimizer": optimizer.state_dict(),
                        "rate": rate.state_dict(),
                        "random": torch.get_rng_state(),
                        "epoch": epoch + 1,
                    },
                )
            if stop_after is not None and epoch + 1 >= stop_after:
                break
    model.cpu().eval()
    return {
        "steps": per_epoch * plan.epochs,
        "minutes": round((time.monotonic() - began) / 60, 1),
        "device": str(device),
        "processes": world,
    }


def run(root: Path, current: Path, corrections: Path, build: Path, plan_file: Path = DEFAULT_PLAN) -> Path:
    """Makes the `train` run folder from a published model directory, a `corrections` run and the base data's `build` run."""
    require_run(build, "build")
    facts = require_run(corrections, "corrections")["facts"]
    plan = load_plan(plan_file)
    settings = {
        "format": FORMAT,
        "from": file_digest(current / "manifest.json"),
        "corrections": facts["data"],
        "build": file_digest(build / MANIFEST),
        "recipe": dataclasses.asdict(plan),
        "init": current.name,
    }

    def write(folder: Path) -> dict:
        began = time.monotonic()
        model, tokenizer = recover(current)
        taught = [
            row for row in read_jsonl(corrections / "examples.jsonl") if row["split"] == "train" and row["weight"]
        ]
        if not taught:
            raise ValueError(f"{corrections.name} has nothing to learn: all its rows wait, judge or have no weight")
        rehearsed = rehearsal(read_jsonl(build / "examples.jsonl"), plan)
        print(
            f"train: {len(taught)} corrected texts, {len(rehearsed)} rehearsed ones, the top {plan.layers} layers learn"
        )
        lessons = make_lessons(model, tokenizer, taught, rehearsed, plan)
        prepared = round((time.monotonic() - began) / 60, 1)
        done = fit(model, lessons, plan, folder)
        save_model(folder, model, tokenizer)
        config = json.loads((current / "config.json").read_text(encoding="utf-8"))
        write_json(folder / DECODING, config["sectag"])
        (folder / CHECKPOINT).unlink(missing_ok=True)
        return {
            **done,
            "prepare_minutes": prepared,
            "from": current.name,
            "corrections": [corrections.name],
            "taught": len(taught),
            "rehearsed": len(rehearsed),
        }

    return make_run(root, "train", settings, write, keep_partial=True)
