"""Which reviews hang together, and which of them teach, calibrate or judge: by family and by time, so that nothing leaks."""

from __future__ import annotations

import hashlib
from datetime import datetime

from trainer.judgements import Judgement
from trainer.near import join_sets

#: Share of the newest groups that judges the result, and of the older ones that fits temperatures.
TEST_SHARE, CALIBRATION_SHARE = 0.2, 0.1
#: A client that knows no family sends this.
_NO_FAMILY = "0" * 16


def family_of(judgement: Judgement) -> str | None:
    """The title template that the client named, with the org before it; None when it knew none."""
    family: str = judgement.decision["ticket"]["family"]
    return f"{judgement.org}/{family}" if family != _NO_FAMILY else None


def joined(judgements: list[Judgement], near: list[int], *, families: bool) -> list[int]:
    """Groups of near-duplicates, joined where judgements are about one ticket; with `families` also where one title template is."""
    pairs = []
    first: dict[str | int, int] = {}
    for index, (judgement, alike) in enumerate(zip(judgements, near, strict=True)):
        for key in (alike, judgement.ticket, family_of(judgement) if families else None):
            if key is not None:
                pairs.append((first.setdefault(key, index), index))
    return join_sets(pairs, len(judgements))


def split_groups(judgements: list[Judgement], groups: list[int]) -> dict[int, str]:
    """Group -> part. By time: groups that begin last are `test`; all that a group has stays together, so that nothing leaks."""
    begins: dict[int, tuple[datetime, int]] = {}
    names: dict[int, str] = {}
    for judgement, group in zip(judgements, groups, strict=True):
        begin = (judgement.time, judgement.seq)
        begins[group] = min(begins.get(group, begin), begin)
        names[group] = min(names.get(group, judgement.ticket), judgement.ticket)
    order = sorted(begins, key=lambda group: (begins[group], names[group]))
    border = round(len(order) * (1 - TEST_SHARE))
    parts = dict.fromkeys(order[border:], "test")
    for group in order[:border]:
        chance = int(hashlib.sha256(names[group].encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
        parts[group] = "calibration" if chance < CALIBRATION_SHARE else "train"
    return parts
