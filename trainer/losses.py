"""Masked losses: what a data set does not annotate teaches nothing."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from trainer.dataset import IGNORE


def threat_loss(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Cross entropy with soft targets [batch, 13]; rows of zeros are left out; `weights` [13] weigh the classes."""
    known = targets.sum(1) > 0
    if not known.any():
        return logits.sum() * 0.0
    row_weights = (targets[known] * weights).sum(1)
    losses = -(targets[known] * functional.log_softmax(logits[known], dim=1)).sum(1)
    return (losses * row_weights).sum() / row_weights.sum()


def severity_loss(logits: Tensor, targets: Tensor, weights: Tensor, smoothing: float) -> Tensor:
    """Cross entropy + squared earth mover's distance over the four ordered classes; targets of IGNORE are left out."""
    known = targets != IGNORE
    if not known.any():
        return logits.sum() * 0.0
    logits, targets = logits[known], targets[known]
    entropy = functional.cross_entropy(logits, targets, weight=weights, label_smoothing=smoothing)
    wanted = functional.one_hot(targets, logits.shape[1]).to(logits.dtype)
    distance = (logits.softmax(1).cumsum(1) - wanted.cumsum(1)).square().sum(1)
    return entropy + distance.mean()


def entity_loss(logits: Tensor, tags: Tensor, allowed: Tensor, outside_weight: float = 1.0) -> Tensor:
    """Cross entropy over the labels that each row's data set annotates. [batch, sequence, 19], [batch, sequence], [batch, 19].

    Labels outside of the label space get -inf, so that neither `O` nor any other target pushes them in any direction.
    """
    known = tags != IGNORE
    if not known.any():
        return logits.sum() * 0.0
    space = allowed.unsqueeze(1).expand_as(logits)
    masked = logits.masked_fill(~space, -torch.inf)
    weights = torch.ones(logits.shape[-1], device=logits.device)
    weights[0] = outside_weight
    return functional.cross_entropy(masked[known], tags[known], weight=weights)
