"""waiting.json: what waits for a lead, as the API takes it, so that a lead sees it where tickets are reviewed."""

from __future__ import annotations

import json
from pathlib import Path

from trainer import registry
from trainer.adjudicate import DISPUTED, DISTRUSTED, HASTY, HURRIED, LONELY_FLIP, TIED, UNSAID, Held
from trainer.contract import require
from trainer.pull import read_key

NAME = "waiting.json"
#: As many as the contract names (`limits.waiting`).
MOST = 200
#: What a ruling settles, by the contract's names, most urgent first. What leaks, is empty or is excluded needs none.
REASONS = {
    TIED: "tied",
    LONELY_FLIP: "alone",
    DISTRUSTED: "distrusted",
    HURRIED: "hurried",
    DISPUTED: "disputed",
    UNSAID: "undecided",
    HASTY: "hasty",
}
#: Shown also where another text of the ticket is learnt.
BESIDE = {TIED, LONELY_FLIP, DISPUTED}


def waiting_list(held: list[Held], learnt: set[str]) -> dict:
    """The contract's `WaitingList`: each ticket once, by its most urgent reason, the newest first.

    `learnt` are tickets that teach all the same: what waits beside that is shown where somebody may have sent another text under a colleague's ticket.
    """
    order = list(REASONS)
    first: dict[str, Held] = {}
    for item in sorted((item for item in held if item.reason in REASONS), key=lambda item: order.index(item.reason)):
        if item.ticket not in learnt or item.reason in BESIDE:
            first.setdefault(item.ticket, item)
    # Stable: within a reason by the newest word.
    rows = sorted(first.values(), key=lambda item: -max(judgement.seq for judgement in item.judgements))
    rows.sort(key=lambda item: order.index(item.reason))
    tickets = [
        {
            "ticket": {key: item.judgements[0].decision["ticket"][key] for key in ("system", "key")},
            "reason": REASONS[item.reason],
        }
        for item in rows
    ]
    found = {"tickets": tickets[:MOST], "more": max(0, len(tickets) - MOST)}
    require(found, "WaitingList", NAME)
    return found


def send(folder: Path, api: str, key_file: Path | None) -> str:
    """Tells the API what waits, from a `corrections` run folder; returns a sentence. A list that is not taken stops no training."""
    file = folder / NAME
    found = json.loads(file.read_text(encoding="utf-8"))
    try:
        with registry.open_registry(api, read_key(key_file)) as client:
            registry.send_waiting(client, found)
    except (OSError, ValueError) as error:
        return f"leads were not told what waits ({error}); it stands in {file}"
    return f"leads see what waits for them in the extension's side panel ({len(found['tickets']) + found['more']})"
