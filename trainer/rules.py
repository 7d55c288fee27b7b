"""The gate's rules over two models' answers on one hold-out. A rule holds only by a finite number on the right side of its limit."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from trainer import bootstrap
from trainer.labels import SEVERITY_INDEX, THREAT_INDEX, THREAT_TYPES
from trainer.offsets import spans_to_code_points
from trainer.onnx_model import OnnxModel
from trainer.predict import Prediction, by_model
from trainer.records import Record

#: Points of F1 are hundredths. Beyond SURE a drop needs no proof; within it, 95 of 100 resamples must show it.
MACRO_DROP, MACRO_SURE = 0.002, 0.02
TYPE_DROP, TYPE_SURE, TYPE_LEAST = 0.02, 0.10, 30  # LEAST: records from which on a plain figure of a type counts
CALIBRATION_RISE = 0.01
SEVERITY_DROP, SPAN_DROP = 0.02, 0.02
FLIPS, FLIPS_SURE = 0.01, 0.015  # more than the current model's


@dataclasses.dataclass(frozen=True)
class Rule:
    """`value` against `limit` in words that a person can read; `ok` is false for whatever is no finite number."""

    name: str
    ok: bool
    value: float
    says: str


def rule(name: str, ok: bool, value: float, says: str) -> Rule:
    finite = math.isfinite(value)
    return Rule(name, bool(ok) and finite, value if finite else -1.0, says if finite else f"{says} (not a number)")


@dataclasses.dataclass(frozen=True)
class Answers:
    """One model on the hold-out: probabilities [n, 13] and [n, 4]; [n, 2] counts of right spans and of spans on both sides."""

    threat: np.ndarray
    severity: np.ndarray
    spans: np.ndarray


def answers_of(model: OnnxModel, records: list[Record]) -> Answers:
    """Runs the hold-out. Raises ValueError for answers that are no probabilities."""
    return scored(by_model(model, records, quiet=True), records)


def scored(said: Prediction, records: list[Record]) -> Answers:
    """What a model said, with its spans counted. Raises ValueError for answers that are no probabilities."""
    if not (np.isfinite(said.threat).all() and np.isfinite(said.severity).all()):
        raise ValueError("the model answers with what is no number")
    spans = []
    for record, found in zip(records, said.spans, strict=True):
        marked = spans_to_code_points(record["text"], record.get("spans") or [])
        gold = {(span["start"], span["end"], span["label"]) for span in marked}
        spans.append((len(gold & found), len(gold) + len(found)) if gold else (0, 0))
    return Answers(said.threat, said.severity, np.array(spans, dtype=float))


def _types(gold: np.ndarray, said: np.ndarray, says: np.ndarray, weights: np.ndarray) -> Rule:
    """No type may be lost for the others' gain. Of rare ones a plain figure says little, but a fall that is sure says all.

    The rare ones are many: each is asked for so much more certainty that by chance one in twenty candidates has any that falls (Bonferroni).
    """
    counts = np.bincount(gold, minlength=len(THREAT_TYPES))
    rare = 1 - 0.05 / max(1, int(((counts > 0) & (counts < TYPE_LEAST)).sum()))
    common, fallen = [], []
    for index, name in enumerate(THREAT_TYPES):
        if not counts[index]:
            continue
        one = bootstrap.paired(bootstrap.one_f1(gold, index), said, says, weights)
        if counts[index] >= TYPE_LEAST:
            common.append((one.point, name))
            down = one.surely_below(-TYPE_DROP) or one.point < -TYPE_SURE
        else:
            down = one.surely_below(-TYPE_DROP, rare)
        if down:
            fallen.append((one.point, name))
    worst = min(fallen or common, default=(0.0, "of 30 records there is none"))
    names = ", ".join(f"{name} {100 * point:+.1f}" for point, name in fallen)
    words = f"types down: {names}" if fallen else f"worst type {worst[1]} {100 * worst[0]:+.1f}"
    return rule("types", not fallen, worst[0], words)


def compare(records: list[Record], current: Answers, candidate: Answers) -> list[Rule]:
    """All rules that a paired bootstrap judges."""
    gold = np.array([THREAT_INDEX[record["threat_type"]] for record in records])
    weights = bootstrap.draws(len(records))
    said, says = current.threat.argmax(1), candidate.threat.argmax(1)
    classes = len(THREAT_TYPES)
    macro = bootstrap.paired(bootstrap.macro_f1(gold, classes), said, says, weights)
    found = [
        rule(
            "macro-F1",
            not (macro.surely_below(-MACRO_DROP) or macro.point < -MACRO_SURE),
            macro.point,
            f"macro-F1 {100 * macro.point:+.1f} points",
        )
    ]
    found.append(_types(gold, said, says, weights))
    error = bootstrap.paired(bootstrap.calibration(gold), current.threat, candidate.threat, weights)
    words = f"calibration error {100 * error.point:+.1f} points"
    found.append(rule("calibration", not error.surely_above(CALIBRATION_RISE), error.point, words))
    rated = [index for index, record in enumerate(records) if record["severity"] is not None]
    if rated:
        levels = np.array([SEVERITY_INDEX[records[index]["severity"]] for index in rated])
        right = [(a.severity[rated].argmax(1) == levels).astype(float) for a in (current, candidate)]
        level = bootstrap.paired(bootstrap.mean, right[0], right[1], bootstrap.draws(len(rated)))
        words = f"severity {100 * level.point:+.1f} points"
        found.append(rule("severity", not level.surely_below(-SEVERITY_DROP), level.point, words))
    if current.spans[:, 1].any():
        spans = bootstrap.paired(bootstrap.span_f1, current.spans, candidate.spans, weights)
        words = f"spans {100 * spans.point:+.1f} points"
        found.append(rule("spans", not spans.surely_below(-SPAN_DROP), spans.point, words))
    return found


def flips(current: Answers, current_full: Answers, candidate: Answers, candidate_full: Answers) -> Rule:
    """int8 against full precision: how many more answers than the current model's rounding turns, since a model inherits its parent's encoder."""
    before, after = (
        (int8.threat.argmax(1) != full.threat.argmax(1)).astype(float)
        for int8, full in ((current, current_full), (candidate, candidate_full))
    )
    more = bootstrap.paired(bootstrap.mean, before, after, bootstrap.draws(len(before)))
    ok = more.point <= FLIPS or (more.point <= FLIPS_SURE and not more.surely_above(FLIPS))
    words = f"int8 flips {100 * after.mean():.1f} % (the current model's {100 * before.mean():.1f} %)"
    return rule("flips", ok, float(after.mean()), words)


def canaries(model: OnnxModel, cases: list[Record]) -> Rule:
    """Every hand-made case must be right."""
    said = model.answers(case["text"] for case in cases)
    wrong = [case["id"] for case, answer in zip(cases, said, strict=True) if answer.threat_type != case["threat_type"]]
    words = f"canaries {len(cases) - len(wrong)}/{len(cases)}" + (f" (wrong: {', '.join(wrong[:3])})" if wrong else "")
    return rule("canaries", not wrong and len(cases) > 0, float(len(wrong)), words)
