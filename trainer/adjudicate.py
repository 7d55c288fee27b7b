"""From what several people say of a ticket to one row: the tag that is learnt, who stands behind it, or why it waits for a lead."""

from __future__ import annotations

import dataclasses
from collections import defaultdict

from trainer.judgements import Judgement
from trainer.labels import SEVERITIES, SEVERITY_INDEX
from trainer.trust import LEAST_TRUST, Beliefs

#: A suggestion as sure as this is flipped by two people or a ruling, never by one person.
SURE = 0.95
#: These are called harmless by two people or a ruling, never by one person.
CRITICAL = {"ransomware", "intrusion", "malware", "credential_attack", "exploitation"}
#: Less agreement than this is a dispute.
LEAST_AGREEMENT = 0.75

HASTY = "decided in less than 300 ms: weight 0"
DISTRUSTED = "all who say so are trusted too little"
DISPUTED = "reviewers disagree"
UNSAID = "nobody said which tag is right"
LONELY_FLIP = "it flips a sure or critical suggestion, and a second, independent reviewer is missing"
TIED = "its words are tied to this type by too few people"
HURRIED = "more than 500 decisions on that day: nobody reads so many"


@dataclasses.dataclass(frozen=True)
class Row:
    """What a ticket teaches. `share` is the weight before caps, 0 to 1; `behind` are the judgements that say this tag, all about the same text."""

    ticket: str
    threat_type: str
    severity: str
    share: float
    behind: tuple[Judgement, ...]

    @property
    def learnt(self) -> Judgement:
        """The one whose texts and spans are learnt: the newest ruling, else the newest."""
        return max(self.behind, key=lambda judgement: (judgement.ruling, judgement.time, judgement.seq))


@dataclasses.dataclass(frozen=True)
class Held:
    """A text of a ticket that teaches nothing now, and why."""

    ticket: str
    reason: str
    judgements: tuple[Judgement, ...]
    note: str = ""
    """What a lead should know besides the reason."""


def flips(suggested: str, confidence: float, said: str) -> bool:
    """True when `said` turns a sure suggestion, or calls harmless what was suggested as a critical type."""
    return said != suggested and (confidence >= SURE or (said == "benign" and suggested in CRITICAL))


def is_flip(judgement: Judgement) -> bool:
    """True for a judgement that one person alone may not make."""
    suggestion, tag = judgement.decision["suggestion"], judgement.tag
    suggested = suggestion["threatType"]
    if tag is None or suggested is None or suggestion["abstained"]:
        return False
    return flips(suggested, suggestion["confidence"], tag[0])


def _severity(judgements: list[Judgement]) -> str:
    """The lower median: of two people who disagree the calmer one."""
    levels = sorted(SEVERITY_INDEX[judgement.tag[1]] for judgement in judgements if judgement.tag)
    return SEVERITIES[levels[(len(levels) - 1) // 2]]


def _texts(pairs: list[tuple[Judgement, int]], beliefs: Beliefs) -> list[int]:
    """The texts that a ticket was judged by, that first which is learnt before the others: most voices, then the newest. The last that a lead ruled on stands for all."""
    places: dict[int, tuple[bool, int, int]] = {}
    for judgement, task in pairs:
        voices = {
            beliefs.voices[other.who] for other, about in pairs if about == task and other.tag and not other.hasty
        }
        ruled = judgement.ruling and not judgement.hasty
        places[task] = max(places.get(task, (False, 0, 0)), (ruled, 0 if ruled else len(voices), judgement.seq))
    order = sorted(places, key=lambda task: places[task], reverse=True)
    return order[:1] if places[order[0]][0] else order


def adjudicate(
    judgements: list[Judgement], tasks: list[int], beliefs: Beliefs, *, least_trust: float = LEAST_TRUST
) -> tuple[list[Row], list[Held]]:
    """One row or one reason for each text of a ticket; `one_a_ticket` says which row is learnt. `tasks[i]` is the group of near-duplicates that judgement i is about.

    The client sends the text, so that two people may have judged other texts under one ticket: a word counts for its own text only, and
    one that waits holds no colleague's word about another.
    """
    tickets: dict[str, list[tuple[Judgement, int]]] = defaultdict(list)
    voices: dict[tuple[int, str], set[str]] = defaultdict(set)
    for judgement, task in zip(judgements, tasks, strict=True):
        tickets[judgement.ticket].append((judgement, task))
        if judgement.tag and not judgement.hasty and (judgement.ruling or beliefs.trust[judgement.who] >= least_trust):
            voices[task, judgement.tag[0]].add(beliefs.voices[judgement.who])
    found = [
        _settled(ticket, tuple(j for j, about in pairs if about == task), task, beliefs, voices, least_trust)
        for ticket, pairs in sorted(tickets.items())
        for task in _texts(pairs, beliefs)
    ]
    return [one for one in found if isinstance(one, Row)], [one for one in found if isinstance(one, Held)]


def _settled(
    ticket: str,
    everybody: tuple[Judgement, ...],
    task: int,
    beliefs: Beliefs,
    voices: dict[tuple[int, str], set[str]],
    least_trust: float,
) -> Row | Held:
    """What `everybody` who judged this text of the ticket settles."""
    said = [judgement for judgement in everybody if judgement.tag]
    counted = [judgement for judgement in said if not judgement.hasty]
    believed = [j for j in counted if j.ruling or beliefs.trust[j.who] >= least_trust]
    if not believed:
        return Held(ticket, UNSAID if not said else HASTY if not counted else DISTRUSTED, everybody)
    rulings = [judgement for judgement in believed if judgement.ruling]
    if rulings:
        name, severity = rulings[-1].tag or ("", "")
        behind = [judgement for judgement in believed if judgement.tag and judgement.tag[0] == name]
        return Row(ticket, name, severity, 1.0, tuple(behind))
    shares = beliefs.likely(task, least_trust)
    # The ticket's own voices may be older than what the same people say of its near-duplicate.
    names = {judgement.tag[0] for judgement in believed if judgement.tag} & shares.keys()
    name = max(sorted(names), key=lambda candidate: shares[candidate], default="")
    behind = [judgement for judgement in believed if judgement.tag and judgement.tag[0] == name]
    if shares.get(name, 0.0) < LEAST_AGREEMENT:
        return Held(ticket, DISPUTED, everybody)
    if any(is_flip(judgement) for judgement in behind) and len(voices[task, name]) < 2:
        return Held(ticket, LONELY_FLIP, everybody)
    trust = sum(beliefs.trust[judgement.who] for judgement in behind) / len(behind)
    return Row(ticket, name, _severity(behind), trust * shares[name], tuple(behind))


def one_a_ticket(rows: list[Row]) -> list[Row]:
    """Of `adjudicate`'s rows that still stand, the first of each ticket."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row.ticket, row)
    return list(first.values())
