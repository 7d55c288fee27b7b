"""Step `train`: one recipe on one build, from a base model or from the weights of an earlier run; restartable."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import time
from collections import Counter
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from trainer.dataset import collate, draw, epoch_batches
from trainer.labels import SEVERITIES, THREAT_TYPES
from trainer.losses import entity_loss, severity_loss, threat_loss
from trainer.model import SecTagModel, default_base, load_model, model_from_base, pick_device, save_model
from trainer.recipe import Recipe, load_recipe, matches
from trainer.records import read_jsonl
from trainer.runs import MANIFEST, file_digest, make_run, require_run

CHECKPOINT = "checkpoint.pt"
#: Steps between two checkpoints: a killed run loses at most these.
CHECKPOINT_EVERY = 100


def class_weights(examples: list[dict], recipe: Recipe) -> tuple[torch.Tensor, torch.Tensor]:
    """Inverse square root of how often each threat type and severity comes in one epoch, capped, with mean 1."""
    drawn = [
        e for part in recipe.mixture for e in draw([e for e in examples if matches(part, e)], part, 0, recipe.seed)
    ]
    weights = []
    for key, names in (("threat_type", THREAT_TYPES), ("severity", SEVERITIES)):
        counts = Counter(example[key] for example in drawn)
        most = max((counts[name] for name in names), default=1) or 1
        row = torch.tensor([min(recipe.class_weight_cap, (most / max(1, counts[name])) ** 0.5) for name in names])
        if key == "threat_type":
            row[0] *= recipe.benign_weight
        weights.append(row / row.mean())
    return weights[0], weights[1]


def make_optimizer(model: SecTagModel, recipe: Recipe, steps: int) -> tuple[torch.optim.Optimizer, LambdaLR]:
    """AdamW with a slow encoder and fast heads; linear warm-up, then linear decay to zero."""
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        groups.setdefault((name.startswith("encoder."), parameter.dim() > 1), []).append(parameter)
    optimizer = torch.optim.AdamW(
        [
            {
                "params": parameters,
                "lr": recipe.encoder_rate if in_encoder else recipe.head_rate,
                "weight_decay": recipe.weight_decay if is_matrix else 0.0,
            }
            for (in_encoder, is_matrix), parameters in groups.items()
        ],
        fused=torch.cuda.is_available(),
    )
    warm = max(1, int(recipe.warm_up * steps))
    rate = LambdaLR(optimizer, lambda s: min((s + 1) / warm, max(0.0, (steps - s) / max(1, steps - warm))))
    return optimizer, rate


def save_checkpoint(
    file: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, rate: LambdaLR, reached: dict[str, int]
) -> None:
    """All that a killed training needs to end with the same weights, and how far it had come."""
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "rate": rate.state_dict()}
    torch.save({**state, "random": torch.get_rng_state(), **reached}, file.with_suffix(".new"))
    os.replace(file.with_suffix(".new"), file)


def load_checkpoint(
    file: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, rate: LambdaLR
) -> dict[str, int] | None:
    """Puts everything back as it was saved and returns how far it had come; None when there is no checkpoint."""
    if not file.exists():
        return None
    state = torch.load(file, weights_only=False)
    model.load_state_dict(state.pop("model"))
    optimizer.load_state_dict(state.pop("optimizer"))
    rate.load_state_dict(state.pop("rate"))
    torch.set_rng_state(state.pop("random"))
    reached: dict[str, int] = state
    return reached


def fit(
    model: SecTagModel,
    tokenizer: Tokenizer,
    examples: list[dict],
    recipe: Recipe,
    folder: Path,
    *,
    stop_after: int | None = None,
) -> dict:
    """Trains in place, with checkpoints and log.jsonl in `folder`; goes on from a checkpoint that is there.

    `stop_after` ends after so many steps as a kill would (for tests). Returns facts for the manifest.
    """
    device = pick_device()
    # The encoder's dropout draws from torch's generator; examples and order have generators of their own.
    torch.manual_seed(recipe.seed)
    random.seed(recipe.seed)
    threat_weights, severity_weights = (weights.to(device) for weights in class_weights(examples, recipe))
    batches = epoch_batches(examples, recipe, tokenizer, 0)
    per_epoch = [len(batches)] + [0] * (recipe.epochs - 1)
    steps = len(batches) * recipe.epochs
    model.threat.dropout.p = model.severity.dropout.p = recipe.dropout
    model.to(device).train()
    optimizer, rate = make_optimizer(model, recipe, steps)
    first_epoch, first_batch, step = 0, 0, 0
    checkpoint = folder / CHECKPOINT
    if reached := load_checkpoint(checkpoint, model, optimizer, rate):
        first_epoch, first_batch, step = reached["epoch"], reached["batch"], reached["step"]
        print(f"train: going on from step {step}")
    started = time.monotonic()
    tokens = 0
    with tqdm(total=steps, initial=step, mininterval=20, unit="step") as bar, (folder / "log.jsonl").open("a") as log:
        for epoch in range(first_epoch, recipe.stop_after or recipe.epochs):
            if epoch:
                batches = epoch_batches(examples, recipe, tokenizer, epoch)
            per_epoch[epoch] = len(batches)
            for index in range(first_batch if epoch == first_epoch else 0, len(batches)):
                batch = {name: tensor.to(device) for name, tensor in collate(batches[index]).items()}
                with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                    threat, severity, entity = model(
                        batch["input_ids"], batch["attention_mask"], batch["token_type_ids"]
                    )
                parts = {
                    "threat": threat_loss(threat.float(), batch["threat"], threat_weights),
                    "severity": recipe.severity_weight
                    * severity_loss(severity.float(), batch["severity"], severity_weights, recipe.label_smoothing),
                    "entity": recipe.entity_weight
                    * entity_loss(entity.float(), batch["tags"], batch["allowed"], recipe.outside_weight),
                }
                loss = torch.stack(list(parts.values())).sum()
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                rate.step()
                step += 1
                tokens += int(batch["attention_mask"].sum())
                bar.update()
                if step % 20 == 0:
                    row = {"step": step, **{name: round(float(value), 4) for name, value in parts.items()}}
                    row["tokens_per_second"] = round(tokens / (time.monotonic() - started))
                    log.write(json.dumps(row) + "\n")
                    log.flush()
                    bar.set_postfix(row)
                stopping = stop_after is not None and step >= stop_after
                if step % CHECKPOINT_EVERY == 0 or stopping:
                    reached = {"epoch": epoch, "batch": index + 1, "step": step}
                    save_checkpoint(checkpoint, model, optimizer, rate, reached)
                if stopping:
                    return {"steps": step, "stopped": True}
    return {
        "steps": step,
        "batches_per_epoch": per_epoch,
        "minutes": round((time.monotonic() - started) / 60, 1),
        "device": str(device),
    }


def run(root: Path, build: Path, recipe_file: Path, *, init: Path | None = None, base: str | None = None) -> Path:
    """Makes the `train` run folder: model.safetensors, encoder.json, tokenizer.json, recipe.json, log.jsonl."""
    require_run(build, "build")
    recipe = load_recipe(recipe_file)
    if init is not None:
        require_run(init, "train")
    settings = {
        "build": file_digest(build / MANIFEST),
        "recipe": dataclasses.asdict(recipe),
        "init": init.name if init else None,
        "base": base or "all-MiniLM-L6-v2",
    }

    def write(folder: Path) -> dict:
        torch.manual_seed(recipe.seed)
        model, tokenizer = load_model(init) if init else model_from_base(base or default_base())
        examples = [example for example in read_jsonl(build / "examples.jsonl") if example["split"] == "train"]
        facts = fit(model, tokenizer, examples, recipe, folder)
        save_model(folder, model.cpu(), tokenizer)
        (folder / "recipe.json").write_text(json.dumps(dataclasses.asdict(recipe), indent=1) + "\n", encoding="utf-8")
        (folder / CHECKPOINT).unlink(missing_ok=True)
        return facts

    return make_run(root, "train", settings, write, keep_partial=True)
