"""The figures that models are judged by; each function takes plain lists or arrays and returns one number."""

from __future__ import annotations

from collections import defaultdict

import numpy as np


def macro_f1(gold: list[str], predicted: list[str]) -> float:
    """Mean F1 over the classes that `gold` has."""
    from sklearn.metrics import f1_score

    return float(f1_score(gold, predicted, labels=sorted(set(gold)), average="macro", zero_division=0))


def accuracy(gold: list[str], predicted: list[str]) -> float:
    """Share of equal labels; 0 for empty lists."""
    return float(np.mean([g == p for g, p in zip(gold, predicted, strict=True)])) if gold else 0.0


def average_precision(positive: list[bool], scores: np.ndarray) -> float:
    """Area under precision over recall when ranked by score."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(positive, scores))


def quadratic_kappa(gold: list[str], predicted: list[str], order: list[str]) -> float:
    """Cohen's kappa with quadratic weights over ordered labels; 0 where it is not defined (one class on both sides)."""
    from sklearn.metrics import cohen_kappa_score

    index = {name: number for number, name in enumerate(order)}
    a, b = [index[name] for name in gold], [index[name] for name in predicted]
    if len(set(a) | set(b)) < 2:
        return 0.0
    return float(cohen_kappa_score(a, b, labels=list(range(len(order))), weights="quadratic"))


def kappa(gold: list[str], predicted: list[str]) -> float:
    """Cohen's kappa over unordered labels."""
    from sklearn.metrics import cohen_kappa_score

    return float(cohen_kappa_score(gold, predicted)) if len(set(gold) | set(predicted)) > 1 else 0.0


def calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = 15) -> float:
    """ECE: mean distance between confidence and share right, over equal-width bins weighed by their size."""
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    total = 0.0
    for number in range(bins):
        inside = which == number
        if inside.any():
            total += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return float(total)


def coverage_at_precision(confidence: np.ndarray, right: np.ndarray, precision: float = 0.95) -> float:
    """Largest share of answers, most confident first, that is right at least so often."""
    order = np.argsort(-confidence, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(right) + 1)
    good = np.nonzero(shares >= precision)[0]
    return float((good[-1] + 1) / len(right)) if len(good) else 0.0


def sequence_f1(gold: list[list[str]], predicted: list[list[str]]) -> dict[str, float]:
    """Exact-span F1 of BIO sequences (seqeval, lenient as conlleval): per label, and micro mean under `all`."""
    from seqeval.metrics import classification_report

    report = classification_report(gold, predicted, output_dict=True, zero_division=0)
    figures = {name: float(row["f1-score"]) for name, row in report.items() if "avg" not in name}
    figures["all"] = float(report["micro avg"]["f1-score"])
    return figures


Spans = set[tuple[int, int, str]]


def span_f1(gold: list[Spans], predicted: list[Spans]) -> dict[str, float]:
    """Exact F1 of (start, end, label) sets: per label that occurs, and micro mean under `all`."""
    right: dict[str, int] = defaultdict(int)
    total: dict[str, int] = defaultdict(int)
    for wanted, found in zip(gold, predicted, strict=True):
        for spans in (wanted, found):
            for _, _, label in spans:
                total[label] += 1
        for _, _, label in wanted & found:
            right[label] += 1
    figures = {label: 2 * right[label] / total[label] for label in sorted(total)}
    figures["all"] = 2 * sum(right.values()) / max(1, sum(total.values()))
    return figures


def overlap_f1(gold: list[Spans], predicted: list[Spans]) -> float:
    """F1 of spans that overlap one of the same label on the other side: what an eye calls found."""

    def share(wanted: list[Spans], found: list[Spans]) -> float:
        hits = total = 0
        for a, b in zip(wanted, found, strict=True):
            total += len(a)
            hits += sum(any(label == other and s < e2 and s2 < e for s2, e2, other in b) for s, e, label in a)
        return hits / max(1, total)

    precision, recall = share(predicted, gold), share(gold, predicted)
    return 2 * precision * recall / max(1e-9, precision + recall)


def ticket_figures(
    gold: list[str], predicted: list[str], gold_severity: list[str | None], severity: list[str]
) -> dict[str, float]:
    """How a queue of tickets fares: security found, false alarms, types and combined tags right (shares)."""
    security = [index for index, name in enumerate(gold) if name != "benign"]
    benign = [index for index, name in enumerate(gold) if name == "benign"]
    figures: dict[str, float] = {}
    if security:
        figures["security found"] = float(np.mean([predicted[i] != "benign" for i in security]))
        figures["type accuracy (security)"] = float(np.mean([predicted[i] == gold[i] for i in security]))
    if benign:
        figures["false alarms"] = float(np.mean([predicted[i] != "benign" for i in benign]))
    figures["type accuracy (all)"] = accuracy(gold, predicted)
    known = [i for i, name in enumerate(gold_severity) if name is not None]
    if known:
        # By the guide, and in the extension, an ordinary ticket is always low.
        said = ["low" if predicted[i] == "benign" else severity[i] for i in range(len(gold))]
        exact = [predicted[i] == gold[i] and said[i] == gold_severity[i] for i in known]
        figures["combined tag exact"] = float(np.mean(exact))
    return figures
