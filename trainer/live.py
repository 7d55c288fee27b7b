"""The model that a channel names: what the next one grows from. What channels name is kept from expiring while nothing better comes."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from trainer import registry
from trainer.channels import renew
from trainer.fetch import fetch
from trainer.publish import Publisher


@dataclass(frozen=True)
class Live:
    """A model directory, fetched and verified, its version, and the latest version that was ever published."""

    model: Path
    version: str
    newest: str


def version_order(version: str) -> tuple[int, ...]:
    """`2026.48.10` is later than `2026.48.9`, and any such version later than `tiny`."""
    return tuple(int(part) if part.isdigit() else -1 for part in version.split("."))


def live_model(publisher: Publisher, channel: str, now: datetime.datetime) -> Live | None:
    """What the channel names, also after a rollback or by another machine; None when nothing is published there.

    In any channel, a release that has less than half of its days left is signed anew: the trainer lives, so installations need not call
    it stale.
    """
    found = registry.overview(publisher.client)
    # By counter: two channels may name one version by releases of different ages. What is not listed any more is old.
    expiry = {row["counter"]: datetime.datetime.fromisoformat(row["expires"]) for row in found["releases"]}
    for row in found["channels"]:
        if expiry.get(row["counter"], now) - now < datetime.timedelta(days=publisher.days / 2):
            renew(publisher, row["channel"])
    present = next((row for row in found["channels"] if row["channel"] == channel), None)
    if present is None:
        return None
    model = fetch(publisher.root, publisher.client, publisher.trusted, present["version"])
    versions = [row["version"] for row in found["releases"]]
    return Live(model, present["version"], max(versions, key=version_order))
