"""Which reviews hang together, and which of them teach or judge: by family and by time, so that nothing leaks."""

from __future__ import annotations

from datetime import datetime

from trainer.judgements import Judgement
from trainer.near import join_sets

#: Share of the groups that judges the result: the newest. They teach when others are newer.
TEST_SHARE = 0.2
#: A client that knows no family sends this.
_NO_FAMILY = "0" * 16


def family_of(judgement: Judgement) -> str | None:
    """The title template that the client named, with the org before it; None when it knew none."""
    family: str = judgement.decision["ticket"]["family"]
    return f"{judgement.org}/{family}" if family != _NO_FAMILY else None


def joined(judgements: list[Judgement], tasks: list[int]) -> list[int]:
    """Groups of near-duplicates, joined where judgements are about one ticket or one title template."""
    pairs = []
    first: dict[str | int, int] = {}
    for index, (judgement, task) in enumerate(zip(judgements, tasks, strict=True)):
        for key in (task, judgement.ticket, family_of(judgement)):
            if key is not None:
                pairs.append((first.setdefault(key, index), index))
    return join_sets(pairs, len(judgements))


def split_groups(judgements: list[Judgement], groups: list[int]) -> dict[int, str]:
    """Group -> part. By time: groups that begin last are `test`; all that a group has stays together, so that nothing leaks.

    What a lead ruled on teaches at once.
    """
    begins: dict[int, tuple[datetime, int]] = {}
    for judgement, group in zip(judgements, groups, strict=True):
        begin = (judgement.time, judgement.seq)
        begins[group] = min(begins.get(group, begin), begin)
    order = sorted(begins, key=lambda group: begins[group])
    border = round(len(order) * (1 - TEST_SHARE))
    ruled = {group for judgement, group in zip(judgements, groups, strict=True) if judgement.ruling}
    return {group: "test" if number >= border and group not in ruled else "train" for number, group in enumerate(order)}
