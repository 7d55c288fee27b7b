"""From the history of decisions to what each person says of each ticket now: undone and replaced decisions do not count."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from trainer.export_lines import Line, ticket_id

#: Whose word settles a ticket, as in worker-api/labels.ts.
RULING_ROLES = {"lead", "admin"}
#: A decision made faster than this was not read.
SHORTEST_DWELL = 300


@dataclasses.dataclass(frozen=True)
class Judgement:
    """The newest standing decision of one person about one ticket."""

    org: str
    reviewer: str
    role: str
    ticket: str
    """The API's ticket id, with the org before it: two orgs may have a ticket of the same name."""
    seq: int
    time: datetime
    decision: dict

    @property
    def who(self) -> str:
        """Org and reviewer: an id is unique in its org only."""
        return f"{self.org}/{self.reviewer}"

    @property
    def tag(self) -> tuple[str, str] | None:
        """Threat type and severity that the person says; None for a rejection or for spans alone."""
        final = self.decision["final"]
        return (final["threatType"], final["severity"]) if final and final["threatType"] else None

    @property
    def hasty(self) -> bool:
        return bool(self.decision["dwellMs"] < SHORTEST_DWELL)

    @property
    def ruling(self) -> bool:
        """A lead's word. A rejection without a tag settles nothing that could be learnt."""
        return self.role in RULING_ROLES and self.tag is not None


def standing(decisions: list[dict]) -> list[dict]:
    """Those of one person about one ticket that still stand, oldest first; the same as `standing` in shared/review.ts."""
    undone = {d["supersedes"] for d in decisions if d["verdict"] == "undo" and d["supersedes"]}
    return [d for d in decisions if d["verdict"] != "undo" and d["id"] not in undone]


def judgements_of(rows: list[Line], org: str) -> list[Judgement]:
    """What counts of a snapshot's rows, in the server's order."""
    chains: dict[tuple[str, str], list[Line]] = {}
    for row in rows:
        chains.setdefault((ticket_id(row["decision"]["ticket"]), row["reviewer"]["id"]), []).append(row)
    found = []
    for (ticket, reviewer), chain in chains.items():
        left = standing([row["decision"] for row in chain])
        if not left:
            continue
        row = next(row for row in chain if row["decision"]["id"] == left[-1]["id"])
        found.append(
            Judgement(
                org=org,
                reviewer=reviewer,
                role=row["reviewer"]["role"],
                ticket=f"{org}/{ticket}",
                seq=row["seq"],
                time=datetime.fromisoformat(row["serverTime"]),
                decision=row["decision"],
            )
        )
    return sorted(found, key=lambda judgement: (judgement.org, judgement.seq))
