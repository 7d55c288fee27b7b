"""What the trainer's tests share: the tiny model, small examples, a tiny recipe."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.trainer.publishing import key_file, make_model, opened, org, orgs, signer
from tests.trainer.tiny_run import options
from trainer.labels import ENTITIES, REPO
from trainer.recipe import Part, Recipe

__all__ = ["key_file", "make_model", "opened", "options", "org", "orgs", "signer"]

TINY = REPO / "models" / "tiny"


@pytest.fixture
def tiny_folder() -> Path:
    assert (TINY / "config.json").exists(), "models/tiny is missing: python -m trainer export --tiny"
    return TINY


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        name="test",
        seed=7,
        epochs=2,
        batch_tokens=400,
        batch_size=4,
        encoder_rate=1e-3,
        head_rate=1e-2,
        warm_up=0.1,
        weight_decay=0.01,
        label_smoothing=0.05,
        main_share=0.75,
        severity_weight=1.0,
        entity_weight=1.0,
        class_weight_cap=3.0,
        mixture=(
            Part(source="sectag", per_epoch=10, max_tokens=64, augment="ticket", group="ticket"),
            Part(source="vcdb", per_epoch=8, max_tokens=32, augment="public"),
        ),
    )


def make_example(number: int, source: str, threat_type: str = "phishing") -> dict:
    text = f"User {number} typed the password into a page. The page was fake! Nobody knows why\nsecond line {number}."
    start = text.index("typed")
    return {
        "id": f"{source}-{number}",
        "source": source,
        "split": "train",
        "text": text,
        "threat_type": threat_type,
        "alt_types": ["credential_attack"],
        "severity": "high",
        "severity_basis": None,
        "spans": [{"start": start, "end": text.index(" into"), "label": "AttackPattern"}] if source == "sectag" else [],
        "label_space": ENTITIES if source == "sectag" else None,
        "sentences": [
            [0, text.index(" The")],
            [text.index("The"), text.index("!") + 1],
            [text.index("Nobody"), text.index("\n")],
        ],
    }


@pytest.fixture
def examples() -> list[dict]:
    return [make_example(n, "sectag") for n in range(8)] + [make_example(n, "vcdb", "malware") for n in range(8)]


@pytest.fixture
def one_epoch(recipe: Recipe) -> Recipe:
    return dataclasses.replace(recipe, epochs=1)
