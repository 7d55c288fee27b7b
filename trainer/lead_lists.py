"""What the team's lead reads: quarantine.csv (what is not learnt, and why) and questions.csv (labels to look at again)."""

from __future__ import annotations

import csv
from pathlib import Path

from trainer.adjudicate import Held, Row
from trainer.corpus import SOURCE as TICKETS
from trainer.questions import doubtful
from trainer.records import Record


def _cell(value: object) -> str:
    """Text that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def write_table(file: Path, heads: list[str], rows: list[list[object]]) -> None:
    """A CSV that a lead can open."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(heads)
        writer.writerows([_cell(cell) for cell in row] for row in rows)


def _held_row(held: Held) -> list[object]:
    first = held.judgements[0]
    says = "; ".join(
        f"{judgement.reviewer}: {'_'.join(judgement.tag) if judgement.tag else judgement.decision['verdict']}"
        for judgement in held.judgements
    )
    suggested = first.decision["suggestion"]["threatType"] or "-"
    ids = " ".join(judgement.decision["id"] for judgement in held.judgements)
    return [held.reason, held.note, first.org, first.decision["ticket"]["key"], suggested, says, ids]


def write_quarantine(file: Path, held: list[Held]) -> None:
    """One line a ticket, by reason."""
    rows = [_held_row(item) for item in sorted(held, key=lambda item: (item.reason, item.ticket))]
    write_table(file, ["why", "note", "org", "ticket", "suggested", "said", "decisions"], rows)


def write_questions(file: Path, examples: list[Record], owners: list[Row], base: list[Record]) -> int:
    """Asks about the rows that look mislabelled beside all others and the base tickets; returns how many."""
    tagged = [(e, row) for e, row in zip(examples, owners, strict=True) if e["threat_type"]]
    others = [e for e in base if e["source"] == TICKETS and e["split"] == "train"]
    pool = [e for e, _ in tagged] + others
    groups = [e["group"] for e, _ in tagged] + [-1 - number for number in range(len(others))]
    found = doubtful(
        [e["text"] for e in pool],
        [e["threat_type"] for e in pool],
        groups,
        [True] * len(tagged) + [False] * len(others),
    )
    rows: list[list[object]] = []
    for number, other in found:
        example, row = tagged[number]
        key = row.behind[-1].decision["ticket"]["key"]
        question = f"Is this {example['threat_type']}? Tickets like it are rather {other}."
        rows.append([question, key, ", ".join(sorted({j.reviewer for j in row.behind})), example["id"]])
    write_table(file, ["question", "ticket", "reviewers", "example"], rows)
    return len(rows)
