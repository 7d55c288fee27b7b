"""The label list of shared/labels.json for Python: ids in their fixed order, BIO labels and combined tags."""

from __future__ import annotations

import json
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
SHARED = REPO / "shared"

_labels = json.loads((SHARED / "labels.json").read_text(encoding="utf-8"))

LABELS_VERSION: int = _labels["version"]
THREAT_TYPES: list[str] = [label["id"] for label in _labels["threatTypes"]]
SEVERITIES: list[str] = [label["id"] for label in _labels["severities"]]
ENTITIES: list[str] = [label["id"] for label in _labels["entities"]]
#: BIO labels in the order of the model's `entity_logits`: O, B-Malware, I-Malware, B-ThreatActor, ...
BIO_LABELS: list[str] = ["O"] + [f"{prefix}-{entity}" for entity in ENTITIES for prefix in ("B", "I")]

THREAT_INDEX = {name: index for index, name in enumerate(THREAT_TYPES)}
SEVERITY_INDEX = {name: index for index, name in enumerate(SEVERITIES)}
BIO_INDEX = {name: index for index, name in enumerate(BIO_LABELS)}
BENIGN = THREAT_INDEX["benign"]


def combined_tag(threat_type: str, severity: str) -> str:
    """`malware`, `high` -> `malware_high`, as in shared/labels.ts."""
    return f"{threat_type}_{severity}"


def combined_id(threat_type: str, severity: str) -> int:
    """`malware`, `high` -> threatIndex * 4 + severityIndex, as in shared/labels.ts. Raises KeyError for unknown names."""
    return THREAT_INDEX[threat_type] * len(SEVERITIES) + SEVERITY_INDEX[severity]


def from_combined_id(identifier: int) -> tuple[str, str]:
    """The way back from `combined_id`. Raises IndexError for an id that no pair has."""
    if not 0 <= identifier < len(THREAT_TYPES) * len(SEVERITIES):
        raise IndexError(f"No tag has the id {identifier}")
    return THREAT_TYPES[identifier // len(SEVERITIES)], SEVERITIES[identifier % len(SEVERITIES)]


def allowed_bio(label_space: list[str]) -> list[bool]:
    """Which of the BIO labels a data set with this label space annotates; `O` always is."""
    space = set(label_space)
    return [label == "O" or label[2:] in space for label in BIO_LABELS]
