"""What learns when a published model goes on: its top layers and heads, their loss, their order of texts, their rates."""

from __future__ import annotations

import math
import random

import torch
from torch import Tensor, nn

from trainer.lessons import Continuation, Lesson
from trainer.model import SecTagModel


class Upper(nn.Module):
    """What learns: the top layers and the heads, so that no gradient and no optimizer state is kept for the rest.

    In evaluation mode also while it learns: with dropout a rehearsed text, whose target is what the network says without, would push it.
    """

    def __init__(self, model: SecTagModel, layers: int) -> None:
        super().__init__()
        stack = model.encoder.encoder.layer
        self.learning = nn.ModuleList(
            [*stack[len(stack) - layers :], model.threat, model.severity, model.entity_dropout, model.entity]
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
