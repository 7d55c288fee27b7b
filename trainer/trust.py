"""Whom to believe: Dawid-Skene over tickets that several people judged, and from it a trust for each reviewer."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict

from trainer.judgements import Judgement
from trainer.labels import THREAT_TYPES
from trainer.voices import voices_of

#: A reviewer of whom nothing is known yet counts as right this often, with the weight of so many judged tickets.
FIRST_TRUST, FIRST_WEIGHT = 0.75, 10.0
#: Days after which a judgement says half as much about its reviewer.
HALF_LIFE = 90.0
#: Below this a reviewer's words wait for a lead.
LEAST_TRUST = 0.6


@dataclasses.dataclass(frozen=True)
class Beliefs:
    """`said[task][who]` is a threat type; `trust[who]` is 0 to 1; `voices[who]` is the same for people who are not independent."""

    said: dict[int, dict[str, str]]
    trust: dict[str, float]
    voices: dict[str, str]

    def likely(self, task: int, least: float) -> dict[str, float]:
        """How likely each threat type is that people with at least this trust say of a task; sums to 1.

        Bayes over the reviewers' trusts, not Dawid-Skene's own answer: that is sure of itself after three tickets.
        """
        believed = {who: name for who, name in self.said.get(task, {}).items() if self.trust[who] >= least}
        # People of one voice who say the same have one vote.
        votes = {who: name for (_, name), who in {(self.voices[w], n): w for w, n in believed.items()}.items()}
        logs = {
            name: sum(
                math.log(self.trust[who] if vote == name else (1 - self.trust[who]) / (len(THREAT_TYPES) - 1))
                for who, vote in votes.items()
            )
            for name in set(votes.values())
        }
        highest = max(logs.values(), default=0.0)
        total = sum(math.exp(value - highest) for value in logs.values())
        return {name: math.exp(value - highest) / total for name, value in logs.items()}


def believe(judgements: list[Judgement], tasks: list[int]) -> Beliefs:
    """Beliefs from what people say (`tasks[i]` is the group of near-duplicate tickets that judgement i is about).

    The one-coin model of crowd-kit: one accuracy a reviewer. A table of 13 x 13 confusions could not be filled from the few
    tickets that two people see. A lead's ruling is the truth of its task.
    """
    said: dict[int, dict[str, str]] = defaultdict(dict)
    rulings: dict[int, str] = {}
    times: dict[tuple[int, str], float] = {}
    newest = max((judgement.time for judgement in judgements), default=None)
    for judgement, task in zip(judgements, tasks, strict=True):
        if judgement.tag is None or judgement.hasty or newest is None:
            continue
        # In the server's order: the newer word of one person about one task replaces the older.
        said[task][judgement.who] = judgement.tag[0]
        times[task, judgement.who] = (newest - judgement.time).total_seconds() / 86_400
        if judgement.ruling:
            rulings[task] = judgement.tag[0]
    voices = voices_of(judgements, tasks)
    # Who agrees with oneself earns no trust.
    shared = {task: row for task, row in said.items() if len({voices[who] for who in row}) > 1}
    types = _posterior(shared)
    for task, truth in rulings.items():
        types[task] = {name: float(name == truth) for name in {*said[task].values(), truth}}
    good: dict[str, float] = defaultdict(lambda: FIRST_TRUST * FIRST_WEIGHT)
    total: dict[str, float] = defaultdict(lambda: FIRST_WEIGHT)
    for task, row in shared.items():
        for who, name in row.items():
            fade = 0.5 ** (times[task, who] / HALF_LIFE)
            good[who] += fade * types[task].get(name, 0.0)
            total[who] += fade
    people = sorted({judgement.who for judgement in judgements})
    return Beliefs(dict(said), {who: good[who] / total[who] for who in people}, voices)


def _posterior(shared: dict[int, dict[str, str]]) -> dict[int, dict[str, float]]:
    if not shared:
        return {}
    import pandas as pd
    from crowdkit.aggregation.classification.dawid_skene import OneCoinDawidSkene

    rows = [(task, who, name) for task, row in sorted(shared.items()) for who, name in sorted(row.items())]
    model = OneCoinDawidSkene(n_iter=50).fit(pd.DataFrame(rows, columns=["task", "worker", "label"]))
    table = pd.DataFrame(model.probas_).fillna(0.0)
    return {
        int(task): {name: float(table.at[task, name]) for name in set(row.values())} for task, row in shared.items()
    }
