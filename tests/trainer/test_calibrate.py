"""Calibration reaches its goals where they can be reached and never leaves the allowed ranges."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.calibrate import Held, calibrate, fit_benign_bias, fit_temperature, fit_thresholds, pooled, shifted
from trainer.labels import BIO_LABELS, ENTITIES, SEVERITIES, THREAT_TYPES
from trainer.windows import TextLogits, Tokens, log_softmax


def _held(number: int, threat_type: str, shift: float) -> Held:
    noise = np.random.default_rng(number)
    threat = noise.normal(0, 0.8, (1 + number % 2, 13))
    threat[:, THREAT_TYPES.index(threat_type)] += 3.0
    threat[:, 0] += shift
    severity = noise.normal(0, 1, (threat.shape[0], 4))
    entity = noise.normal(0, 1, (2, 19))
    entity[0, 1] += 4
    entity[1, 0] += 4
    example = {
        "text": "Emotet ran",
        "spans": [{"start": 0, "end": 6, "label": "Malware"}],
        "label_space": ENTITIES,
        "threat_type": threat_type,
        "severity": SEVERITIES[number % 4],
    }
    return Held(example, Tokens([5, 6], [(0, 6), (7, 10)], [0, 1]), TextLogits(threat, severity, entity))


def _tickets(shift: float) -> list[Held]:
    return [_held(n, THREAT_TYPES[n % 13] if n % 3 else "benign", shift) for n in range(120)]


def test_the_benign_shift_repairs_a_tilted_model() -> None:
    tickets = _tickets(3.5)
    bias, facts = fit_benign_bias(tickets, 1.0)
    assert bias < -1.0 and facts["found"] >= 0.95 and facts["false_alarms"] <= 0.05
    gold = np.array([item.example["threat_type"] == "benign" for item in tickets])
    said = pooled(shifted(tickets, bias), 1.0)[0].argmax(1) == 0
    assert float((~said)[~gold].mean()) == pytest.approx(facts["found"])


def test_temperature_undoes_overconfidence() -> None:
    chance = np.random.default_rng(1)
    logits = chance.normal(0, 1.5, (4000, 5))
    gold = np.array([chance.choice(5, p=np.exp(row)) for row in log_softmax(logits)])
    assert fit_temperature(logits * 2.5, gold) == pytest.approx(2.5, rel=0.12)


def test_everything_together_is_a_valid_block() -> None:
    from trainer.contract import require

    decoding, bias, facts = calibrate(_tickets(0.0), _tickets(0.5))
    require(decoding, "DecodingConfig", "sectag block")
    assert decoding["entities"] == BIO_LABELS and facts["tickets"] == 120 and -4 <= bias <= 4


def test_a_class_that_is_often_wrong_gets_a_higher_threshold() -> None:
    probabilities = np.full((200, 13), 0.01)
    probabilities[:100, 2], probabilities[100:, 3] = 0.6, 0.6
    gold = np.array([2] * 95 + [0] * 5 + [3] * 20 + [0] * 80)
    table = fit_thresholds(probabilities, gold, np.ones(200))
    assert table["malware"] > table["phishing"] and all(0.2 <= value <= 0.7 for value in table.values())
