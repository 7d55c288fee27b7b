"""Paired bootstrap: how much a figure of one model differs from another's on the same records, and how sure that is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

ROUNDS = 1000
SEED = 20261125


@dataclasses.dataclass(frozen=True)
class Difference:
    """Candidate minus current on all records, and the same in each resample."""

    point: float
    resampled: np.ndarray

    def surely_below(self, limit: float, sure: float = 0.95) -> bool:
        """True when so large a share of resamples is below the limit."""
        return float((self.resampled < limit).mean()) >= sure

    def surely_above(self, limit: float, sure: float = 0.95) -> bool:
        return float((self.resampled > limit).mean()) >= sure


def draws(count: int, rounds: int = ROUNDS) -> np.ndarray:
    """How often each record comes in each resample: [rounds, count]."""
    return np.random.default_rng(SEED).multinomial(count, np.full(count, 1 / count), size=rounds).astype(float)


def paired(
    figure: Callable[[np.ndarray, np.ndarray], np.ndarray],
    current: np.ndarray,
    candidate: np.ndarray,
    weights: np.ndarray,
) -> Difference:
    """`figure(answers, weights [r, n])` gives one number a row of weights; both models meet the same resamples."""
    whole = np.ones((1, weights.shape[1]))
    point = figure(candidate, whole)[0] - figure(current, whole)[0]
    return Difference(float(point), figure(candidate, weights) - figure(current, weights))


def class_f1(gold: np.ndarray, classes: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """F1 of each class: (predicted [n], weights [r, n]) -> [r, classes]; NaN where neither side has the class."""
    wanted = np.eye(classes)[gold]

    def figure(predicted: np.ndarray, weights: np.ndarray) -> np.ndarray:
        said = np.eye(classes)[predicted]
        hits = weights @ (wanted * said)
        total = weights @ wanted + weights @ said
        with np.errstate(invalid="ignore"):
            result: np.ndarray = 2 * hits / total
        return result

    return figure


def one_f1(gold: np.ndarray, index: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """F1 of one class; 0 where neither side has it: -> [r]."""
    each = class_f1((gold == index).astype(int), 2)

    def figure(predicted: np.ndarray, weights: np.ndarray) -> np.ndarray:
        result: np.ndarray = np.nan_to_num(each((predicted == index).astype(int), weights)[:, 1])
        return result

    return figure


def macro_f1(gold: np.ndarray, classes: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Mean F1 over the classes that the resample has."""
    each = class_f1(gold, classes)
    wanted = np.eye(classes)[gold]

    def figure(predicted: np.ndarray, weights: np.ndarray) -> np.ndarray:
        there = weights @ wanted > 0
        return np.where(there, np.nan_to_num(each(predicted, weights)), 0.0).sum(1) / there.sum(1)

    return figure


def calibration(gold: np.ndarray, bins: int = 10) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """ECE: (probabilities [n, classes], weights [r, n]) -> [r]."""

    def figure(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
        confidence = probabilities.max(1)
        gap = confidence - (probabilities.argmax(1) == gold)
        inside = np.eye(bins)[np.minimum((confidence * bins).astype(int), bins - 1)]
        result: np.ndarray = np.abs((weights * gap) @ inside).sum(1) / weights.sum(1)
        return result

    return figure


def mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean of one number a record (e.g. right or wrong): [n], [r, n] -> [r]."""
    result: np.ndarray = weights @ values / weights.sum(1)
    return result


def span_f1(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """F1 from [n, 2] counts of a record's right spans and of all spans on both sides: -> [r]."""
    sums = weights @ counts
    result: np.ndarray = 2 * sums[:, 0] / np.maximum(sums[:, 1], 1.0)
    return result
