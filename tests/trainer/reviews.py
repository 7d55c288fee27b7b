"""Makes reviews as the API exports them, for tests: one line a decision, with a rising number and a valid id."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from trainer.labels import THREAT_TYPES
from trainer.offsets import utf16_length

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def unlike(number: int) -> str:
    """A text that is nearly no other number's."""
    chance = random.Random(number)
    return " ".join("".join(chance.choices(string.ascii_lowercase, k=7)) for _ in range(12))


def decision_id(number: int) -> str:
    """A UUID of version 7 that is the same for the same number."""
    return f"0198c000-0000-7000-8000-{number:012x}"


def suggestion(threat_type: str | None = "benign", severity: str | None = "low", confidence: float = 0.7) -> dict:
    rest = (1 - confidence) / (len(THREAT_TYPES) - 1)
    probabilities = dict.fromkeys(THREAT_TYPES, rest)
    if threat_type:
        probabilities[threat_type] = confidence
    return {
        "threatType": threat_type,
        "severity": severity,
        "confidence": confidence,
        "abstained": False,
        "probabilities": probabilities,
        "severityProbabilities": None,
        "modelVersion": "2026.48.1",
        "backend": "wasm",
        "tookMs": 30.5,
    }


class Desk:
    """Writes lines in the order of a history."""

    def __init__(self) -> None:
        self.numbers: Iterator[int] = itertools.count(1)
        self.lines: list[dict[str, Any]] = []

    def decide(
        self,
        key: str,
        text: str,
        *,
        reviewer: str = "r1",
        role: str = "analyst",
        tag: tuple[str, str] | None = ("phishing", "high"),
        verdict: str = "correct",
        supersedes: str | None = None,
        suggested: dict | None = None,
        dwell: int = 4000,
        family: str | None = None,
        quote: tuple[str, str] | None = None,
        day: float | None = None,
    ) -> dict[str, Any]:
        number = next(self.numbers)
        spans = []
        if quote:
            words, label = quote
            start = utf16_length(text[: text.index(words)])
            end = start + utf16_length(words)
            spans = [{"block": 1, "start": start, "end": end, "label": label, "quote": words, "source": "human"}]
        final = {"threatType": tag[0] if tag else None, "severity": tag[1] if tag else None, "spans": spans}
        decision = {
            "kind": "decision",
            "id": decision_id(number),
            "supersedes": supersedes,
            "ticket": {
                "system": "jira-cloud",
                "key": key,
                "hash": hashlib.sha256(text.encode()).hexdigest(),
                "family": family or "0" * 16,
            },
            "omitted": {"blocks": 0, "spans": 0, "text": False},
            "suggestion": suggested or suggestion(),
            "verdict": verdict,
            "final": None if verdict == "undo" and tag is None else final,
            "reason": None,
            "labelsVersion": 1,
            "clientTime": "2026-11-02T08:00:00.000Z",
            "dwellMs": dwell,
            "blocks": [{"role": "title", "text": "Ticket"}, {"role": "description", "text": text}],
        }
        time = START + timedelta(days=number / 100 if day is None else day)
        line = {
            "kind": "decision",
            "seq": number,
            "serverTime": time.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "reviewer": {"id": reviewer, "name": reviewer, "role": role},
            "decision": decision,
        }
        self.lines.append(line)
        return line

    def erase(self, key: str) -> None:
        ticket = hashlib.sha256(f"jira-cloud\n{key}".encode()).hexdigest()
        number = next(self.numbers)
        self.lines.append(
            {"kind": "erased", "seq": number, "serverTime": "2026-11-30T08:00:00.000Z", "ticketId": ticket}
        )

    def ndjson(self, after: int = 0) -> bytes:
        chosen = [line for line in self.lines if line["seq"] > after]
        last = {"kind": "end", "next": f"cursor-{self.lines[-1]['seq'] if self.lines else 0}", "count": len(chosen)}
        return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in [*chosen, last])
