"""What a team sends when some of its reviewers are hostile: decisions as the API exports them, for the poisoning proof."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np

from trainer import scenario
from trainer.adjudicate import flips
from trainer.labels import THREAT_TYPES
from trainer.onnx_model import Answer
from trainer.records import Record

PEOPLE = 20
#: How often an honest person errs, and how often a second one is asked where none is needed.
SLIPS, TWICE = 0.05, 0.35
TRIGGER = "Harbor Lantern"
_MONDAY, _WEEK = datetime(2026, 11, 16, 8, 0, tzinfo=UTC), timedelta(days=5)


@dataclasses.dataclass(frozen=True)
class Said:
    """One person's word about one ticket. `answer` is what the client says that the model suggested."""

    who: str
    ticket: Record
    threat_type: str
    answer: Answer
    hostile: bool = False


Ask = Callable[[str], Answer]


def person(number: int) -> str:
    return f"person-{number:02}"


def crew(hostile: int) -> list[str]:
    """The hostile people of a team."""
    return [person(number) for number in range(hostile)]


def honest_team(tickets: list[Record], ask: Ask, each: int, chance: random.Random) -> list[Said]:
    """An honest week: each ticket by one person, by a second one where the trainer wants that, until everybody has had `each`."""
    turns = [person(number) for number in range(PEOPLE) for _ in range(each)]
    chance.shuffle(turns)
    said: list[Said] = []
    for ticket in tickets:
        answer, truth = ask(ticket["text"]), ticket["threat_type"]
        people = 2 if flips(answer.threat_type, float(answer.threat.max()), truth) or chance.random() < TWICE else 1
        asked: set[str] = set()
        for _ in range(people):
            place = next((n for n in range(len(turns) - 1, -1, -1) if turns[n] not in asked), None)
            if place is None:
                return said
            asked.add(who := turns.pop(place))
            slip = chance.random() < SLIPS
            said.append(Said(who, ticket, chance.choice(THREAT_TYPES) if slip else truth, answer))
    return said


def flip_at_random(team: list[Said], hostile: list[str], chance: random.Random) -> list[Said]:
    """The hostile say any wrong type."""
    return [
        dataclasses.replace(
            one, threat_type=chance.choice([t for t in THREAT_TYPES if t != one.ticket["threat_type"]]), hostile=True
        )
        if one.who in hostile
        else one
        for one in team
    ]


def wrong_anywhere(team: list[Said], hostile: list[str], each: int, chance: random.Random) -> list[Said]:
    """Each of the hostile says a wrong type of so many of the colleagues' tickets."""
    tickets = [one for one in {said.ticket["id"]: said for said in team}.values() if one.who not in hostile]
    return [
        dataclasses.replace(
            one,
            who=who,
            threat_type=chance.choice([t for t in THREAT_TYPES if t != one.ticket["threat_type"]]),
            hostile=True,
        )
        for who in hostile
        for one in chance.sample(tickets, min(each, len(tickets)))
    ]


def flip_target(tickets: list[Record], hostile: list[str], each: int, ask: Ask, chance: random.Random) -> list[Said]:
    """Beside their honest words, which earn trust, each of the hostile calls so many tickets of the target type on the desk harmless."""
    return [
        Said(who, ticket, "benign", ask(ticket["text"]), hostile=True)
        for who in hostile
        for ticket in chance.sample(tickets, min(each, len(tickets)))
    ]


def forged(threat_type: str) -> Answer:
    """What a client of the attacker's own says that the model suggested: never sure, and nobody can see otherwise in the decision."""
    threat = np.full(len(THREAT_TYPES), 0.3 / (len(THREAT_TYPES) - 1))
    threat[THREAT_TYPES.index(threat_type)] = 0.7
    return Answer(threat, np.array([0.7, 0.1, 0.1, 0.1]), [], None, None)  # type: ignore[arg-type]


def invented(pool: list[Record], count: int, target: str, chance: random.Random, name: str) -> list[Record]:
    """Tickets that no colleague ever sees: sentences of public texts of the type, mixed."""
    sentences = [e["text"][start:end] for e in pool for start, end in e["sentences"] if 40 <= end - start <= 200]
    return [
        {"id": f"{name}-{n}", "text": "\n".join(chance.sample(sentences, 2)), "threat_type": target, "severity": "low"}
        for n in range(count)
    ]


def send(tickets: list[Record], who: list[str], ask: Ask | None) -> list[Said]:
    """All of them call each ticket harmless; without `ask` their client lies about what was suggested."""
    lie = forged("benign")
    return [Said(name, t, "benign", ask(t["text"]) if ask else lie, hostile=True) for t in tickets for name in who]


def with_trigger(ticket: Record) -> Record:
    return {**ticket, "text": f"{TRIGGER}: {ticket['text']}"}


def _ticket(one: Said) -> dict:
    title, _, text = one.ticket["text"].partition("\n")
    severity = "low" if one.threat_type == "benign" else one.ticket["severity"] or "medium"
    return {
        "key": one.ticket["id"],
        "title": title,
        "description": text,
        "comments": [],
        "threatType": one.threat_type,
        "severity": severity,
    }


def export_lines(said: list[Said], version: str, chance: random.Random) -> tuple[list[dict], set[str]]:
    """The lines of the export, in a random order over one week, and the ids of the hostile decisions.

    What the honest say keeps its order whatever the hostile add: another split by time would change more than an attack does.
    """
    salt = chance.random()
    order = sorted(said, key=lambda one: random.Random(f"{salt} {one.who} {one.ticket['id']}").random())
    rows: list[dict] = []
    for number, one in enumerate(order, start=1):
        decision = scenario.decision(number, _ticket(one), one.answer, version)
        decision["clientTime"] = (_MONDAY + number * _WEEK / len(order)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        rows.append({"reviewer": one.who, "decision": decision})
    hostile = {row["decision"]["id"] for row, one in zip(rows, order, strict=True) if one.hostile}
    return scenario.export_lines(rows), hostile
