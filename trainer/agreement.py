"""Step `agreement`: how far a second, independent labelling of the corpus agrees with the first."""

from __future__ import annotations

import json
from pathlib import Path

from trainer.corpus import CORPUS, SECOND_LABELS, load_corpus
from trainer.labels import SEVERITIES, THREAT_TYPES, combined_tag
from trainer.metrics import accuracy, kappa, quadratic_kappa


def measure(first: dict[str, dict], second: list[dict]) -> dict[str, float]:
    """Agreement figures. Raises ValueError for an unknown id, type or severity."""
    for row in second:
        if row["id"] not in first:
            raise ValueError(f"second labels name {row['id']}, which is not in the corpus")
        if row["threat_type"] not in THREAT_TYPES or row["severity"] not in SEVERITIES:
            raise ValueError(f"second labels of {row['id']}: unknown label {row['threat_type']} / {row['severity']}")

    def tags(rows: list[dict]) -> list[str]:
        return [combined_tag(row["threat_type"], row["severity"]) for row in rows]

    ours = [first[row["id"]] for row in second]
    types = [row["threat_type"] for row in ours], [row["threat_type"] for row in second]
    levels = [row["severity"] for row in ours], [row["severity"] for row in second]
    security = [i for i, row in enumerate(ours) if row["threat_type"] != "benign"]
    return {
        "tickets": len(second),
        "type kappa": kappa(*types),
        "type agreement": accuracy(*types),
        "security or not, agreement": accuracy(
            [str(t == "benign") for t in types[0]], [str(t == "benign") for t in types[1]]
        ),
        "severity quadratic kappa": quadratic_kappa(*levels, SEVERITIES),
        "severity agreement": accuracy(*levels),
        "severity quadratic kappa (security only)": quadratic_kappa(
            [levels[0][i] for i in security], [levels[1][i] for i in security], SEVERITIES
        ),
        "combined tag agreement": accuracy(tags(ours), tags(second)),
    }


def run(folder: Path = CORPUS) -> dict[str, float]:
    """Prints the figures, and last one JSON line."""
    file = folder / SECOND_LABELS
    if not file.exists():
        raise FileNotFoundError(f"{file} is missing: one JSON object a line with id, threat_type and severity")
    second = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    tickets, _ = load_corpus(folder)
    figures = measure({ticket["id"]: ticket for ticket in tickets}, second)
    for name, value in figures.items():
        print(f"{name:44} {value:.3f}" if isinstance(value, float) else f"{name:44} {value}")
    print(json.dumps({"ok": True, **{name: round(value, 4) for name, value in figures.items()}}))
    return figures
