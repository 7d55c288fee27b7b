"""Fits what turns logits into answers: window weight, benign operating point, temperatures, thresholds; all on held-out examples."""

from __future__ import annotations

import dataclasses

import numpy as np

from trainer.augment import mark
from trainer.dataset import IGNORE, tag_pieces
from trainer.entities import spans_of, word_labels
from trainer.labels import (
    BENIGN,
    BIO_LABELS,
    LABELS_VERSION,
    SEVERITIES,
    SEVERITY_INDEX,
    THREAT_INDEX,
    THREAT_TYPES,
    allowed_bio,
)
from trainer.metrics import overlap_f1
from trainer.windows import TextLogits, Tokens, WindowRule, log_softmax, pool

BETAS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
WANTED_FOUND = 0.95
WANTED_FALSE_ALARMS = 0.05
#: An answer is worth giving where it is right more often than this.
BORDER_PRECISION = 0.5


@dataclasses.dataclass
class Held:
    """One held-out example with what the network says of it."""

    example: dict
    tokens: Tokens
    logits: TextLogits


def shifted(held: list[Held], bias: float) -> list[TextLogits]:
    """The logits as they would be with `bias` added to `benign`."""
    step = np.zeros(len(THREAT_TYPES))
    step[BENIGN] = bias
    return [dataclasses.replace(item.logits, threat=item.logits.threat + step) for item in held]


def pooled(logits: list[TextLogits], beta: float) -> tuple[np.ndarray, np.ndarray]:
    """Pooled log probabilities of all examples: [n, 13] and [n, 4]."""
    rows = [pool(item, beta) for item in logits]
    return np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows])


def fit_beta(tickets: list[Held]) -> float:
    """The window weight with the best likelihood of the right type on tickets of more than one window; 1 without such."""
    several = [item for item in tickets if len(item.logits.threat) > 1]
    if len(several) < 8:
        return 1.0
    gold = [THREAT_INDEX[item.example["threat_type"]] for item in several]
    scores = {}
    for beta in BETAS:
        log_probabilities = log_softmax(pooled([item.logits for item in several], beta)[0])
        scores[beta] = float(log_probabilities[np.arange(len(gold)), gold].mean())
    return max(scores, key=lambda beta: scores[beta])


def fit_benign_bias(tickets: list[Held], beta: float) -> tuple[float, dict[str, float]]:
    """Shift of `benign` so that the plain arg-max finds most security tickets at few false alarms.

    The middle of all shifts that reach both goals; where none does, the one that misses them least (false alarms and
    missed tickets count alike). Returns the shift and the two shares on the calibration tickets.
    """
    gold = np.array([item.example["threat_type"] == "benign" for item in tickets])
    if not gold.any() or gold.all():
        return 0.0, {}
    rows = []
    for bias in np.arange(-4.0, 4.01, 0.1):
        answers, _ = pooled(shifted(tickets, float(bias)), beta)
        said = answers.argmax(1) == BENIGN
        found, false_alarms = float((~said)[~gold].mean()), float((~said)[gold].mean())
        missing = max(0.0, WANTED_FOUND - found) + max(0.0, false_alarms - WANTED_FALSE_ALARMS)
        rows.append((float(bias), missing, found, false_alarms))
    least = min(row[1] for row in rows)
    good = [row for row in rows if row[1] <= least + 1e-9]
    # Between equal ones prefer those that keep most right in all, then the middle of these.
    best = max(row[2] - row[3] for row in good)
    good = [row for row in good if row[2] - row[3] >= best - 0.011]
    middle = good[len(good) // 2]
    return middle[0], {"found": middle[2], "false_alarms": middle[3]}


def fit_temperature(logits: np.ndarray, gold: np.ndarray, weights: np.ndarray | None = None) -> float:
    """The temperature with the least weighted negative log likelihood, from 0.3 to 5. [n, classes], [n], [n]."""
    weights = np.ones(len(gold)) if weights is None else weights
    best = (np.inf, 1.0)
    for heat in np.exp(np.linspace(np.log(0.3), np.log(5.0), 80)):
        chosen = log_softmax(logits / heat)[np.arange(len(gold)), gold]
        best = min(best, (float(-(weights * chosen).sum() / weights.sum()), float(heat)))
    return round(best[1], 4)


def fit_thresholds(probabilities: np.ndarray, gold: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    """Per class the confidence from which on to answer; classes with few samples lean on the level of all."""

    def lowest(confidence: np.ndarray, right: np.ndarray, weight: np.ndarray) -> float:
        # An answer gains what it is right beyond the border, and costs what it is wrong.
        grid = np.arange(0.2, 0.71, 0.01)
        gains = [float(((right - BORDER_PRECISION) * weight)[confidence >= threshold].sum()) for threshold in grid]
        return float(grid[int(np.argmax(np.round(gains, 6)))])

    confidence, best = probabilities.max(1), probabilities.argmax(1)
    right = (best == gold).astype(float)
    general = lowest(confidence, right, weights)
    table = {}
    for index, name in enumerate(THREAT_TYPES):
        mine = best == index
        own = lowest(confidence[mine], right[mine], weights[mine]) if mine.sum() >= 5 else general
        share = min(1.0, mine.sum() / 25)
        table[name] = round(share * own + (1 - share) * general, 3)
    return table


def _token_rows(held: list[Held]) -> tuple[np.ndarray, np.ndarray]:
    """Logits (labels outside of the label space cut) and targets of all first pieces."""
    rows, targets = [], []
    for item in held:
        if item.example["label_space"] is None or not item.tokens.ids:
            continue
        labels = [span["label"] for span in item.example["spans"]]
        _, marks = mark(item.example["text"], item.example["spans"])
        tags = np.array(tag_pieces(list(item.tokens.words), item.tokens.offsets, marks, labels))
        logits = item.logits.entity.copy()
        logits[:, ~np.array(allowed_bio(item.example["label_space"]))] = -1e9
        rows.append(logits[tags != IGNORE])
        targets.append(tags[tags != IGNORE])
    return np.concatenate(rows), np.concatenate(targets)


def fit_entity_threshold(held: list[Held], heat: float) -> float:
    """The score below which spans are dropped: best F1 of overlapping spans on held-out tickets.

    Overlap and not exact borders: a highlight serves when it meets the words, and long phrases rarely match to the letter.
    """
    rows = [item for item in held if item.example["label_space"] is not None and item.tokens.ids]
    gold = [{(s["start"], s["end"], s["label"]) for s in item.example["spans"]} for item in rows]
    every = []
    for item in rows:
        spans = spans_of(word_labels(item.tokens, item.logits.entity, heat), 0.0)
        every.append([span for span in spans if span["label"] in item.example["label_space"]])
    best = (0.0, 0.3)
    for threshold in np.arange(0.2, 0.61, 0.02):
        found = [{(s["start"], s["end"], s["label"]) for s in spans if s["score"] >= threshold} for spans in every]
        best = max(best, (round(overlap_f1(gold, found), 4), float(threshold)))
    return round(best[1], 2)


def calibrate(tickets: list[Held], public: list[Held]) -> tuple[dict, float, dict]:
    """The `sectag` block, the shift to fold into the benign bias, and facts for the card.

    Half of the weight goes to our own tickets and half to public text, whatever their numbers are.
    """
    beta = fit_beta(tickets)
    bias, facts = fit_benign_bias(tickets, beta)
    both = tickets + public
    typed = [index for index, item in enumerate(both) if item.example["threat_type"] is not None]
    rated = [index for index, item in enumerate(both) if item.example["severity"] is not None]
    threat, severity = pooled(shifted(both, bias), beta)

    def weigh(rows: list[int]) -> np.ndarray:
        own = np.array([index < len(tickets) for index in rows])
        return np.where(own, 1.0 / max(1, own.sum()), 1.0 / max(1, (~own).sum())) * len(rows)

    types = np.array([THREAT_INDEX[both[index].example["threat_type"]] for index in typed])
    levels = np.array([SEVERITY_INDEX[both[index].example["severity"]] for index in rated])
    heat = {
        "threatType": fit_temperature(threat[typed], types, weigh(typed)),
        "severity": fit_temperature(severity[rated], levels, weigh(rated)),
        "entity": fit_temperature(*_token_rows(both)),
    }
    probabilities = np.exp(log_softmax(threat[typed] / heat["threatType"]))
    decoding = {
        "labelsVersion": LABELS_VERSION,
        "severity": SEVERITIES,
        "entities": BIO_LABELS,
        "temperatures": heat,
        "thresholds": {
            "threatType": fit_thresholds(probabilities, types, weigh(typed)),
            "entity": fit_entity_threshold(tickets or public, heat["entity"]),
        },
        "windows": {"length": WindowRule.length, "overlap": WindowRule.overlap, "beta": beta},
    }
    facts = {**facts, "benign_bias": round(bias, 2), "tickets": len(tickets), "public": len(public)}
    return decoding, bias, facts
