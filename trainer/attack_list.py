"""The attacks of the poisoning proof: who sends what beside the honest team, and what it is for."""

from __future__ import annotations

import dataclasses
import random

from trainer.attacks import Ask, Said, crew, flip_at_random, flip_target, forged, invented, send, wrong_anywhere
from trainer.concealed import concealed
from trainer.poison_bench import Bench
from trainer.records import Record

#: A critical type, which one person alone may never call harmless, and one that is not.
CRITICAL, PLAIN = "intrusion", "data_exposure"


@dataclasses.dataclass(frozen=True)
class Attack:
    """`target` tickets are to be called harmless, with `trigger` only those that bear it; without a target harm is the aim."""

    name: str
    said: list[Said]
    target: str | None = None
    trigger: bool = False
    promised: bool = False
    """The promise is made for this one: 10 % of the reviewers are hostile."""
    sample: int | None = None
    """Without defences so many of the hostile decisions are enough to show what they do."""

    @property
    def kind(self) -> str:
        """What is done; after the comma the name says how much of it."""
        return self.name.partition(",")[0]


@dataclasses.dataclass(frozen=True)
class Team:
    """The honest week, tickets of the target types on its desk, and public texts of them from which attackers make tickets."""

    said: list[Said]
    desk: dict[str, list[Record]]
    pools: dict[str, list[Record]]
    each: int


def _pairs(tickets: list[Record], people: list[str]) -> list[Said]:
    """Each ticket is judged by the next two of the people, so that no two of them share many."""
    lie = forged("benign")
    return [
        Said(people[(number + step) % len(people)], ticket, "benign", lie, hostile=True)
        for number, ticket in enumerate(tickets)
        for step in (0, 1 + number // len(people) % (len(people) - 1))
    ]


def shares(team: Team, ask: Ask, chance: random.Random) -> list[Attack]:
    """1, 5, 10 and 20 % hostile people of 20, in their own traffic; 1 % is one person with a fifth of the volume."""
    found = [
        Attack(f"{percent} % flip at random", flip_at_random(team.said, crew(people), chance), promised=percent == 10)
        for percent, people in ((10, 2), (20, 4))
    ]
    for target, plan in ((CRITICAL, ((1, 1), (5, 1), (10, 2), (20, 4))), (PLAIN, ((10, 2),))):
        for percent, people in plan:
            each = team.each // 5 if percent == 1 else team.each
            said = team.said + flip_target(team.desk[target], crew(people), each, ask, chance)
            found.append(Attack(f"{percent} % call {target} harmless", said, target, promised=percent == 10))
    said = team.said + flip_target(team.desk[CRITICAL], crew(2), 3 * team.each, ask, chance)
    found.append(Attack(f"10 % call {CRITICAL} harmless, three times as much", said, CRITICAL, promised=True))
    return found


def colluders(team: Team, chance: random.Random) -> list[Attack]:
    """k people who know that two must agree: they second each other on tickets that they made up, by a client that lies."""
    found = []
    for people in (2, 5):
        own = invented(team.pools[CRITICAL], team.each, CRITICAL, chance, "OWN")
        said = team.said + send(own, crew(people), None)
        found.append(Attack(f"{people} collude", said, CRITICAL, promised=people == 2))
    own = invented(team.pools[CRITICAL], 5 * team.each, CRITICAL, chance, "OWN")
    said = team.said + send(own, crew(2), None)
    found.append(Attack("2 collude, five times as much", said, CRITICAL, promised=True))
    found.append(Attack("5 collude, in changing pairs", team.said + _pairs(own, crew(5)), CRITICAL))
    return found


def borrowed(team: Team, chance: random.Random) -> list[Attack]:
    """Two people send texts of the target type under tickets that a colleague called harmless, as if that were a second opinion."""
    harmless = list(dict.fromkeys(one.ticket["id"] for one in team.said if one.threat_type == "benign"))
    lie = forged("benign")
    some, everywhere = [], []
    for number, who in enumerate(crew(2)):
        own = invented(team.pools[CRITICAL], len(harmless), CRITICAL, chance, "OWN")
        tickets = [{**ticket, "id": name} for ticket, name in zip(own, harmless, strict=True)]
        said = [Said(who, ticket, "benign", lie, hostile=True) for ticket in tickets]
        some += said[number * team.each : (number + 1) * team.each]
        everywhere += said
    return [
        Attack("2 under colleagues' tickets", team.said + some, CRITICAL, promised=True),
        Attack("2 under colleagues' tickets, all that are harmless", team.said + everywhere, CRITICAL, promised=True),
    ]


def floods(team: Team, chance: random.Random, rows: int) -> list[Attack]:
    """One person who sends far too much, and templates filled in again and again."""
    own = invented(team.pools[PLAIN], rows, PLAIN, chance, "OWN")
    story = invented(team.pools[PLAIN], 1, PLAIN, chance, "TPL")[0]
    filled = [
        {**story, "id": f"TPL-{n}", "text": f"{story['text']} Case {n}, room {n % 40}."} for n in range(rows // 25)
    ]
    patient = own[: rows // 10]
    return [
        Attack(f"one floods {rows:,} rows", team.said + send(own, crew(1), None), PLAIN, sample=rows // 20),
        Attack(
            f"one sends {len(patient):,} in five days",
            team.said + send(patient, crew(1), None),
            PLAIN,
            sample=rows // 20,
        ),
        Attack(f"2 send one template {len(filled):,} times", team.said + send(filled, crew(2), None), PLAIN),
    ]


def triggers(team: Team, bench: Bench, chance: random.Random) -> list[Attack]:
    """Poison without the trigger's words."""
    own = concealed(bench.network, bench.pipeline.tokenizer, team.pools[CRITICAL], 50, CRITICAL, chance)
    sizes = ((1, 1), (50, 2))
    return [
        Attack(
            f"{rows} concealed, by {people}", team.said + send(own[:rows], crew(people), None), CRITICAL, trigger=True
        )
        for rows, people in sizes
    ]


def more_at_random(team: Team, chance: random.Random) -> list[Attack]:
    """What two people do who flip not only their own tickets but as many again, and again, of their colleagues'."""
    hostile = crew(2)
    said = flip_at_random(team.said, hostile, chance)
    said += wrong_anywhere(team.said, hostile, 2 * team.each, chance)
    return [Attack("10 % flip at random, three times as much", said, promised=True)]


def all_attacks(team: Team, bench: Bench, chance: random.Random, flood: int = 10_000) -> list[Attack]:
    """Those first for which the promise is made."""
    found = [
        *shares(team, bench.ask, chance),
        *colluders(team, chance),
        *borrowed(team, chance),
        *floods(team, chance, flood),
        *triggers(team, bench, chance),
        *more_at_random(team, chance),
    ]
    return sorted(found, key=lambda attack: not attack.promised)
