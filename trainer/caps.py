"""Weights of rows under caps: no template, person or org teaches more than its part, however much it sends."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Hashable, Sequence

from trainer.adjudicate import Row

#: Near-duplicates count as one ticket; tickets of one family (one title template) as three.
NEAR_CAP, FAMILY_CAP = 1.0, 3.0
#: A person's share of a threat type's rows and of all rows that are learnt now. The base data does not count: most of it is not in a
#: continued training, and measured by it one person might have taught 400 rows of weight 1 (ADR 0020).
TYPE_SHARE, WHOLE_SHARE = 0.05, 0.02
#: Small teams could not meet these shares: a person may always have so many times what the median person has, which a flood does not move,
MEDIANS = 3.0
#: and three tickets of a type. Of one or two people the median says nothing: each may have this much of a type and in all.
TYPE_LEAST, TYPE_FEW, WHOLE_FEW = 3.0, 10.0, 20.0
ORG_SHARE = 0.3

Parts = list[dict[str, float]]


def weigh(
    rows: Sequence[Row], groups: Sequence[int], families: Sequence[str | None], voices: dict[str, str] | None = None
) -> list[float]:
    """The weight of each row. `voices` says who speaks with whom: together they have what one person may have."""
    one_of = voices or {}
    shares = [row.share for row in rows]
    shares = _cap(shares, list(groups), dict.fromkeys(groups, NEAR_CAP))
    # No family known: the row is its own.
    named: list[Hashable] = [family or index for index, family in enumerate(families)]
    shares = _cap(shares, named, dict.fromkeys(named, FAMILY_CAP))
    parts: Parts = []
    for row, share in zip(rows, shares, strict=True):
        people = sorted({one_of.get(judgement.who, judgement.who) for judgement in row.behind})
        parts.append({who: share / len(people) for who in people})
    for name in {row.threat_type for row in rows}:
        mine = [index for index, row in enumerate(rows) if row.threat_type == name]
        _cap_people(parts, mine, TYPE_SHARE, TYPE_LEAST, TYPE_FEW)
    _cap_people(parts, list(range(len(rows))), WHOLE_SHARE, TYPE_LEAST, WHOLE_FEW)
    weights = [sum(part.values()) for part in parts]
    orgs = [row.behind[0].org for row in rows]
    if len(set(orgs)) > 1:
        # Of what all together would teach without this cap, so that an org beside small ones is not cut down to their size; it may then have more than this part of what is left.
        most = max(ORG_SHARE, 1 / len(set(orgs))) * sum(weights)
        weights = _cap(weights, list(orgs), dict.fromkeys(orgs, most))
    return [round(weight, 6) for weight in weights]


def _cap(shares: list[float], keys: list[Hashable], most: dict) -> list[float]:
    """Shares of one key shrink alike until their sum is at most the key's."""
    sums: dict[Hashable, float] = defaultdict(float)
    for share, key in zip(shares, keys, strict=True):
        sums[key] += share
    return [share * min(1.0, most[key] / sums[key]) if share else 0.0 for share, key in zip(shares, keys, strict=True)]


def _cap_people(parts: Parts, chosen: list[int], share: float, least: float, few: float) -> None:
    sums: dict[str, float] = defaultdict(float)
    for index in chosen:
        for who, part in parts[index].items():
            sums[who] += part
    # The whole is what so many people of the median would send: neither a flood nor several move that.
    median = statistics.median(sums.values()) if len(sums) > 2 else 0.0
    most = max(share * len(sums) * median, MEDIANS * median, least) if median else few
    for index in chosen:
        parts[index] = {who: part * min(1.0, most / sums[who]) if part else 0.0 for who, part in parts[index].items()}
