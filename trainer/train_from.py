"""Step `train --from`: goes on from a published model with the team's corrections, and rehearses so that nothing else is forgotten."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import time
import tomllib
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn
from tqdm import tqdm

from trainer.cores import on_cores, one_thread_each
from trainer.labels import THREAT_TYPES
from trainer.lessons import Continuation, Lesson, collate, make_lessons, rehearsal, turned_types
from trainer.model import SecTagModel, pick_device, save_model
from trainer.model_files import write_json
from trainer.records import Record, read_jsonl
from trainer.recover import origin, recover
from trainer.release import DECODING
from trainer.runs import MANIFEST, digest, file_digest, make_run, require_run
from trainer.train import CHECKPOINT, load_checkpoint, save_checkpoint
from trainer.upper import Upper, batches_of, loss_of, make_optimizer

DEFAULT_PLAN = Path(__file__).with_name("recipes") / "continue.toml"
#: Changes when the same inputs would teach something else.
FORMAT = 4


def load_plan(file: Path) -> Continuation:
    """Reads continue.toml or one of its form. Raises ValueError that names what is wrong."""
    try:
        return Continuation(**tomllib.loads(file.read_text(encoding="utf-8")))
    except TypeError as error:
        raise ValueError(f"{file}: {error}") from error


def place() -> tuple[int, int, torch.device]:
    """How many processes train together, which of them this is, and its device. `torchrun` tells by environment variables."""
    world, rank, local = (
        int(os.environ.get(n, d)) for n, d in (("WORLD_SIZE", "1"), ("RANK", "0"), ("LOCAL_RANK", "0"))
    )
    if world > 1 and torch.cuda.is_available():
        torch.cuda.set_device(local)
    if world > 1 and not torch.distributed.is_initialized():
        torch.distributed.init_process_group()
    return world, rank, pick_device()


def fit(
    model: SecTagModel, lessons: list[Lesson], plan: Continuation, folder: Path, *, stop_after: int | None = None
) -> dict:
    """Trains in place; after each epoch there is a checkpoint, from which a killed run goes on to the same weights.

    Under `torchrun` each process takes its part of every epoch, and gradients are averaged. `stop_after` ends after so many
    epochs as a kill would (for tests). Returns facts for the manifest.
    """
    world, rank, device = place()
    torch.manual_seed(plan.seed)
    model.to(device).eval()
    upper = Upper(model, plan.layers, turned_types(lessons)).eval()
    per_epoch = len(batches_of(lessons, plan, 0)) // world
    optimizer, rate = make_optimizer(upper, plan, per_epoch * plan.epochs)
    checkpoint, first = folder / CHECKPOINT, 0
    if reached := load_checkpoint(checkpoint, model, optimizer, rate):
        first = reached["epoch"]
        print(f"train: going on after epoch {first} of {plan.epochs}")
    network: nn.Module = nn.parallel.DistributedDataParallel(upper) if world > 1 else upper
    began = time.monotonic()
    with (folder / "log.jsonl").open("a") if rank == 0 else contextlib.nullcontext() as log:
        for epoch in range(first, plan.epochs):
            total = 0.0
            mine = batches_of(lessons, plan, epoch)[rank::world][:per_epoch]
            title = f"train: epoch {epoch + 1} of {plan.epochs}"
            for batch in tqdm(mine, desc=title, mininterval=20, unit="step", disable=rank > 0):
                tensors = {name: tensor.to(device) for name, tensor in collate(batch).items()}
                with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                    answers = network(tensors["states"], tensors["mask"])
                loss = loss_of(answers, tensors, plan)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                upper.hold()
                torch.nn.utils.clip_grad_norm_(upper.parameters(), 1.0)
                optimizer.step()
                rate.step()
                total += float(loss.detach())
            if log is not None:
                log.write(json.dumps({"epoch": epoch + 1, "loss": round(total / max(1, len(mine)), 4)}) + "\n")
                log.flush()
                save_checkpoint(checkpoint, model, optimizer, rate, {"epoch": epoch + 1})
            if stop_after is not None and epoch + 1 >= stop_after:
                break
    model.cpu().eval()
    return {
        "steps": per_epoch * plan.epochs,
        "minutes": round((time.monotonic() - began) / 60, 1),
        "device": str(device),
        "processes": world,
    }


def prepare(
    model: SecTagModel, tokenizer: Tokenizer, taught: list[Record], rehearsed: list[Record], plan: Continuation
) -> list[Lesson]:
    """`make_lessons` of a text at a time, on all cores."""
    texts: list[tuple[list[Record], list[Record]]] = [([row], []) for row in taught] + [
        ([], [row]) for row in rehearsed
    ]
    made = on_cores(lambda pair: make_lessons(model, tokenizer, *pair, plan), texts)
    return [lesson for lessons in made for lesson in lessons]


def run(root: Path, current: Path, corrections: Path, build: Path, plan_file: Path = DEFAULT_PLAN) -> Path:
    """Makes the `train` run folder from a published model directory, a `corrections` run and the base data's `build` run."""
    require_run(build, "build")
    facts = require_run(corrections, "corrections")["facts"]
    plan = load_plan(plan_file)
    version = origin(current)["version"]
    settings = {
        "format": FORMAT,
        "from": file_digest(current / "manifest.json"),
        "corrections": facts["data"],
        "build": file_digest(build / MANIFEST),
        "recipe": dataclasses.asdict(plan),
        "init": version,
    }

    def teach(folder: Path) -> tuple[SecTagModel, Tokenizer, dict]:
        began = time.monotonic()
        model, tokenizer = recover(current)
        taught = [
            row for row in read_jsonl(corrections / "examples.jsonl") if row["split"] == "train" and row["weight"]
        ]
        if not taught:
            raise ValueError(f"{corrections.name} has nothing to learn: all its rows wait, judge or have no weight")
        rehearsed = rehearsal(read_jsonl(build / "examples.jsonl"), plan, taught)
        print(
            f"train: {len(taught)} corrected texts, {len(rehearsed)} rehearsed ones; {plan.layers} of the encoder's layers learn"
        )
        with one_thread_each():
            lessons = prepare(model, tokenizer, taught, rehearsed, plan)
            turned = sorted(THREAT_TYPES[number] for number in turned_types(lessons))
            prepared = round((time.monotonic() - began) / 60, 1)
            done = fit(model, lessons, plan, folder)
        return (
            model,
            tokenizer,
            {
                **done,
                "prepare_minutes": prepared,
                "from": version,
                "parent": origin(current),
                "corrections": [corrections.name],
                "taught": len(taught),
                "rehearsed": len(rehearsed),
                "turned": turned,
            },
        )

    def write(folder: Path) -> dict:
        model, tokenizer, done = teach(folder)
        save_model(folder, model, tokenizer)
        config = json.loads((current / "config.json").read_text(encoding="utf-8"))
        write_json(folder / DECODING, config["sectag"])
        (folder / CHECKPOINT).unlink(missing_ok=True)
        return done

    folder = root / f"train-{digest(settings)}"
    if int(os.environ.get("RANK", "0")) > 0:
        # The first process writes; the others read its checkpoint and lend their hands.
        if not (folder / MANIFEST).exists():
            teach(folder.with_name(f"{folder.name}.partial"))
        return folder
    return make_run(root, "train", settings, write, keep_partial=True)
