"""What learns when a published model goes on: its top layers and heads, their loss, their order of texts, their rates."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Iterable

import torch
from torch import Tensor, nn

from trainer.labels import THREAT_TYPES
from trainer.lessons import Continuation, Lesson
from trainer.model import SecTagModel


class Upper(nn.Module):
    """What learns: the top layers and the heads, so that no gradient and no optimizer state is kept for the rest.

    Where no layer learns, of each head only the last layer does, and of the threat types only those that people turned answers to: an answer
    about other types can then change only by what is said of these. In evaluation mode also while it learns: with dropout a rehearsed text,
    whose target is what the network says without, would push it.
    """

    def __init__(self, model: SecTagModel, layers: int, turned: Collection[int] = ()) -> None:
        super().__init__()
        stack = model.encoder.encoder.layer
        threat, severity = (model.threat, model.severity) if layers else (model.threat.out, model.severity.out)
        self.learning = nn.ModuleList([*stack[len(stack) - layers :], threat, severity, model.entity])
        # A tuple hides the whole network from `parameters()`.
        self._whole = (model,)
        self._layers = layers
        self._still = [number for number in range(len(THREAT_TYPES)) if number not in turned] if layers == 0 else []

    def forward(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self._whole[0].upper(states, mask, self._layers)

    def hold(self) -> None:
        """After `backward`: types that nobody turned answers to stay as they are."""
        for parameter in self._whole[0].threat.out.parameters():
            if self._still and parameter.grad is not None:
                parameter.grad[self._still] = 0.0


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
    """AdamW; slow layers and faster heads, or fast types where no layer learns; linear warm-up, then a cosine down to zero."""
    threat, *heads = upper.learning[plan.layers :]
    groups: list[tuple[Iterable[nn.Module], float]] = [
        (upper.learning[: plan.layers], plan.encoder_rate),
        ([threat], plan.head_rate if plan.layers else plan.type_rate),
        (heads, plan.head_rate),
    ]
    optimizer = torch.optim.AdamW(
        [{"params": [p for module in modules for p in module.parameters()], "lr": rate} for modules, rate in groups],
        weight_decay=plan.weight_decay if plan.layers else 0.0,
    )
    warm = max(1, int(plan.warm_up * steps))

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, steps - warm))))

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
