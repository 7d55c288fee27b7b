"""Who is independent of whom: people who judge the same tickets far more often than chance brings them together are one voice."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

from trainer.judgements import Judgement
from trainer.near import join_sets

#: Chance of one wrong finding among all pairs of a team (Bonferroni), and common cases below which nothing is said.
CHANCE, LEAST = 0.01, 5


def voices_of(judgements: list[Judgement], tasks: list[int]) -> dict[str, str]:
    """Person -> the first name of the group that person speaks with; most people speak for themselves.

    `tasks[i]` is the group of near-duplicates that judgement i is about. Who shares a desk is taken for one voice too; what they turn
    together then waits for a third person or a lead.
    """
    seen: dict[str, set[int]] = defaultdict(set)
    for judgement, task in zip(judgements, tasks, strict=True):
        seen[judgement.who].add(task)
    names = sorted(seen)
    pairs = list(combinations(range(len(names)), 2))
    near = [(one, other) for one, other in pairs if len(seen[names[one]] & seen[names[other]]) >= LEAST]
    if not near:
        return {name: name for name in names}
    from scipy.stats import poisson

    cases = len(set(tasks))

    def together(one: int, other: int) -> bool:
        first, second = seen[names[one]], seen[names[other]]
        usual = len(first) * len(second) / cases
        return bool(poisson.sf(len(first & second) - 1, usual) < CHANCE / len(pairs))

    roots = join_sets([pair for pair in near if together(*pair)], len(names))
    return {name: names[root] for name, root in zip(names, roots, strict=True)}
