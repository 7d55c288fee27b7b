"""Loads the tickets that we wrote ourselves (trainer/corpus/*.jsonl, CC0) and says which part each belongs to."""

from __future__ import annotations

import hashlib
from pathlib import Path

from trainer.labels import REPO
from trainer.records import Problem, Record, read_records

CORPUS = REPO / "trainer" / "corpus"
SOURCE = "sectag"
#: Share of the training tickets that only fits temperatures, thresholds and the benign bias.
CALIBRATION_SHARE = 0.15
SECOND_LABELS = "second-labels.jsonl"


def corpus_files(folder: Path = CORPUS) -> list[Path]:
    """The ticket files in order of their names; the second labels beside them are not tickets."""
    return sorted(file for file in folder.glob("*.jsonl") if file.name != SECOND_LABELS)


def load_corpus(folder: Path = CORPUS) -> tuple[list[Record], list[Problem]]:
    """All tickets with their `split`, and the lines that could not be used."""
    records: list[Record] = []
    problems: list[Problem] = []
    for file in corpus_files(folder):
        good, bad = read_records(file)
        records += good
        problems += bad
    return records, problems


def part_of(tickets: list[Record]) -> dict[str, str]:
    """Ticket id -> `train`, `calibration` or `test`. Calibration is taken from train, by hash of id within each class."""
    parts = {ticket["id"]: ticket["split"] for ticket in tickets}
    strata: dict[tuple[str, str], list[str]] = {}
    for ticket in tickets:
        if ticket["split"] == "train":
            stratum = "benign" if ticket["threat_type"] == "benign" else ticket["severity"]
            strata.setdefault((ticket["threat_type"], stratum), []).append(ticket["id"])
    # Largest remainders would need a second pass; carrying the fraction over the sorted strata gives the same total.
    carried = 0.5
    for _, ids in sorted(strata.items()):
        wanted = CALIBRATION_SHARE * len(ids) + carried
        for identifier in sorted(ids, key=lambda value: hashlib.sha256(value.encode()).hexdigest())[: int(wanted)]:
            parts[identifier] = "calibration"
        carried = wanted - int(wanted)
    return parts
