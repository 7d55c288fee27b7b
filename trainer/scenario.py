"""Step `scenario`: what a team that corrects one kind of ticket would send, and sibling tickets that it never saw; for the learning proof."""

from __future__ import annotations

import hashlib
import json
import random
import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trainer.adjudicate import SURE
from trainer.labels import LABELS_VERSION, SEVERITIES, THREAT_TYPES
from trainer.onnx_model import Answer, OnnxModel
from trainer.records import check_record, write_jsonl

WORDS = Path(__file__).with_name("scenario.toml")
SEED = 20261125
REVIEWERS = [f"reviewer-{number}" for number in range(1, 7)]
#: Corrections of the kind, and accepted near misses beside them.
CORRECTIONS, BESIDE = 300, 60
#: Of the tickets that the model is not sure about, so many are judged by two people.
TWICE = 0.35
TICKETS, DECISIONS, EXPORT, SIBLINGS = "tickets.jsonl", "decisions.jsonl", "export.ndjson", "siblings.jsonl"
_START = datetime(2026, 11, 9, 8, 0, tzinfo=UTC)


def words() -> dict:
    """The parts of the tickets (scenario.toml)."""
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


class Desk:
    """Fills templates with invented names; one desk gives the same tickets every time."""

    def __init__(self, parts: dict) -> None:
        self.words = parts
        self.chance = random.Random(SEED)

    def _fill(self, text: str, names: dict[str, str]) -> str:
        return re.sub(r"\{(\w+)\}", lambda match: names[match[1]], text)

    def names(self) -> dict[str, str]:
        return {slot: self.chance.choice(values) for slot, values in self.words["slots"].items()}

    def taught(self, number: int) -> dict:
        """One ticket of the kind. Titles take turns, so that no family has more than its share."""
        part, names = self.words["taught"], self.names()
        severity = self.chance.choice(sorted(part["ends"]))
        sentences = [
            self.chance.choice(part["openings"]),
            *self.chance.sample(part["details"], self.chance.randint(1, 3)),
        ]
        sentences.append(self.chance.choice(part["ends"][severity]))
        text = self.chance.choice([" ", "\n"]).join(self._fill(sentence, names) for sentence in sentences)
        title = part["titles"][number % len(part["titles"])]
        return _ticket("taught", f"SIM-{number + 1}", title, text, part["type"], severity, number % 3 == 0)

    def beside(self, number: int) -> dict:
        """One ordinary ticket that looks a little like the kind."""
        pairs = [(name, row) for name, rows in sorted(self.words["beside"].items()) for row in rows]
        name, (title, text) = pairs[number % len(pairs)]
        severity = "low" if name == "benign" else "medium"
        return _ticket("beside", f"DESK-{number + 1}", title, self._fill(text, self.names()), name, severity, False)

    def siblings(self) -> list[dict]:
        """The held-out tickets: the kind in other words, and near misses of other types."""
        rows = [(name, row) for name, rows in self.words["held"].items() for row in rows]
        return [
            _ticket("sibling", f"SIB-{number + 1}", title, text, name, severity, False)
            for number, (name, (title, text, severity)) in enumerate(rows)
        ]


def _ticket(part: str, key: str, title: str, text: str, threat_type: str, severity: str, commented: bool) -> dict:
    comments = ["Called back, the reporter is at the landline of the front desk."] if commented else []
    return {
        "key": key,
        "part": part,
        "title": title,
        "description": text,
        "comments": comments,
        "threatType": threat_type,
        "severity": severity,
    }


def head(ticket: dict) -> str:
    """Title and description as the model reads them."""
    return f"{ticket['title']}\n{ticket['description']}"


def _suggestion(answer: Answer, version: str) -> dict:
    return {
        "threatType": answer.threat_type,
        "severity": answer.severity_name,
        "confidence": round(float(answer.threat.max()), 6),
        "abstained": False,
        "probabilities": {n: round(float(p), 6) for n, p in zip(THREAT_TYPES, answer.threat, strict=True)},
        "severityProbabilities": {n: round(float(p), 6) for n, p in zip(SEVERITIES, answer.severity, strict=True)},
        "modelVersion": version,
        "backend": "wasm",
        "tookMs": 40,
    }


def decision(number: int, ticket: dict, answer: Answer, version: str) -> dict:
    """A decision in the contract's form that says the ticket's own tag."""
    blocks = [{"role": "title", "text": ticket["title"]}, {"role": "description", "text": ticket["description"]}]
    blocks += [{"role": "comment", "text": text} for text in ticket["comments"]]
    suggestion = _suggestion(answer, version)
    right = (ticket["threatType"], ticket["severity"]) == (suggestion["threatType"], suggestion["severity"])
    template = re.sub(r"[\d\W_]+", " ", ticket["title"].casefold()).strip()
    return {
        "kind": "decision",
        "id": f"019a0000-0000-7000-8000-{number:012x}",
        "supersedes": None,
        "ticket": {
            "system": "jira-cloud",
            "key": ticket["key"],
            "hash": hashlib.sha256(json.dumps(blocks).encode()).hexdigest(),
            "family": hashlib.sha256(template.encode()).hexdigest()[:16],
        },
        "omitted": {"blocks": 0, "spans": 0, "text": False},
        "suggestion": suggestion,
        "verdict": "accept" if right else "correct",
        "final": {"threatType": ticket["threatType"], "severity": ticket["severity"], "spans": []},
        "reason": None if right else "wrong_type",
        "labelsVersion": LABELS_VERSION,
        "clientTime": (_START + timedelta(minutes=17 * number)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "dwellMs": 4000 + 137 * (number % 50),
        "blocks": blocks,
    }


def make(model: OnnxModel, corrections: int = CORRECTIONS, beside: int = BESIDE) -> tuple[list[dict], list[dict]]:
    """(tickets, [{reviewer, decision}]): tickets of the kind that the model gets wrong, until there are so many corrections.

    What the model is sure of is judged by two people, as the trainer asks; of the rest a part is.
    """
    desk, version = Desk(words()), model.folder.name
    tickets: list[dict] = []
    rows: list[dict] = []
    made = 0
    for number in range(10 * corrections):
        if made >= corrections:
            break
        ticket = desk.taught(number)
        answer = model.answer(head(ticket))
        if answer.threat_type == ticket["threatType"]:
            continue
        tickets.append(ticket)
        people = 2 if answer.threat.max() >= SURE or desk.chance.random() < TWICE else 1
        for _ in range(min(people, corrections - made)):
            rows.append({"reviewer": REVIEWERS[made % len(REVIEWERS)], "ticket": ticket, "answer": answer})
            made += 1
    if made < corrections:
        raise ValueError(f"the model is right too often: only {made} corrections were possible")
    for number in range(beside):
        ticket = desk.beside(number)
        answer = model.answer(head(ticket))
        tickets.append(ticket)
        rows.append({"reviewer": REVIEWERS[number % len(REVIEWERS)], "ticket": ticket, "answer": answer})
    desk.chance.shuffle(rows)
    decisions = [
        {"reviewer": row["reviewer"], "decision": decision(number + 1, row["ticket"], row["answer"], version)}
        for number, row in enumerate(rows)
    ]
    return tickets + desk.siblings(), decisions


def sibling_records(tickets: list[dict]) -> list[dict]:
    """The siblings as labelled records, for `evaluate`."""
    records = [
        {
            "id": ticket["key"],
            "source": "sectag-siblings",
            "text": head(ticket),
            "threat_type": ticket["threatType"],
            "severity": ticket["severity"],
            "severity_basis": "sectag_guide",
        }
        for ticket in tickets
        if ticket["part"] == "sibling"
    ]
    problem = next((text for text in map(check_record, records) if text), None)
    if problem:
        raise ValueError(f"a sibling ticket is no record: {problem}")
    return records


def export_lines(decisions: list[dict]) -> list[dict]:
    """The same decisions as the API would export them."""
    lines: list[dict] = [
        {
            "kind": "decision",
            "seq": number,
            "serverTime": row["decision"]["clientTime"],
            "reviewer": {"id": row["reviewer"], "name": row["reviewer"], "role": "analyst"},
            "decision": row["decision"],
        }
        for number, row in enumerate(decisions, start=1)
    ]
    return [*lines, {"kind": "end", "next": f"cursor-{len(lines)}", "count": len(lines)}]


def run(model: Path, out: Path) -> Path:
    """Writes tickets.jsonl, decisions.jsonl, export.ndjson and siblings.jsonl into `out`."""
    tickets, decisions = make(OnnxModel(model))
    out.mkdir(parents=True, exist_ok=True)
    write_jsonl(out / TICKETS, tickets)
    write_jsonl(out / DECISIONS, decisions)
    write_jsonl(out / EXPORT, export_lines(decisions))
    write_jsonl(out / SIBLINGS, sibling_records(tickets))
    wrong = sum(row["decision"]["verdict"] == "correct" for row in decisions)
    print(
        f"scenario: {len(decisions)} decisions ({wrong} corrections) by {len(REVIEWERS)} reviewers, {len(tickets)} tickets in {out}"
    )
    return out
