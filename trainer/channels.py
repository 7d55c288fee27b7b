"""What an operator does with what is published: promote, renew, roll back, revoke. Going back is a new counter over old files."""

from __future__ import annotations

from trainer import registry
from trainer.publish import Publisher, lasting_of, next_seal, release
from trainer.signing import verify


def published(publisher: Publisher, version: str) -> dict:
    """The newest manifest of a version, by a key of ours: nothing else is ever signed anew."""
    return verify(registry.envelope_of(publisher.client, version), publisher.trusted)


def named(publisher: Publisher, channel: str) -> dict | None:
    """Version, counter and percent that a channel names."""
    found = registry.overview(publisher.client)["channels"]
    return next((row for row in found if row["channel"] == channel), None)


def _demand(publisher: Publisher, channel: str) -> dict:
    found = named(publisher, channel)
    if found is None:
        raise ValueError(f"the channel {channel} names nothing: publish to it first")
    return found


def _anew(publisher: Publisher, version: str, channel: str, percent: int) -> dict:
    """The version's newest release under a new counter, in the channel. Raises ValueError when it is revoked, whatever the server says."""
    before = published(publisher, version)
    if before["counter"] in next_seal(publisher)[1]:
        raise ValueError(f"{version} is revoked and is not signed anew: let {channel} name another one with `rollback`")
    manifest = release(publisher, lasting_of(before))
    registry.point(publisher.client, channel, manifest["counter"], percent)
    return {"version": version, "counter": manifest["counter"], "channel": channel, "percent": percent}


def _standing(publisher: Publisher) -> list[str]:
    """Versions that are not revoked, newest first."""
    releases = registry.overview(publisher.client)["releases"]
    gone = {row["version"] for row in releases if row["revoked"]}
    return list(dict.fromkeys(row["version"] for row in releases if row["version"] not in gone))


def promote(publisher: Publisher, source: str, target: str, percent: int) -> dict:
    """Lets `target` name what `source` names; where it does already, only the share changes."""
    wanted, present = _demand(publisher, source), named(publisher, target)
    if present is not None and present["version"] == wanted["version"]:
        counter = present["counter"]
    elif present is not None and present["counter"] > wanted["counter"]:
        # Installations of the target have seen a higher counter, by a renewal or a rollback.
        return _anew(publisher, wanted["version"], target, percent)
    else:
        counter = wanted["counter"]
    registry.point(publisher.client, target, counter, percent)
    return {"version": wanted["version"], "counter": counter, "channel": target, "percent": percent}


def renew(publisher: Publisher, channel: str) -> dict:
    """The channel's release, signed anew before it expires."""
    present = _demand(publisher, channel)
    return _anew(publisher, present["version"], channel, present["percent"])


def rollback(publisher: Publisher, version: str, channel: str) -> dict:
    """Everybody in the channel goes to this version, which was published before. Raises ValueError when it is revoked or unknown."""
    if version not in _standing(publisher):
        raise ValueError(f"{version} was never published, or is revoked")
    return _anew(publisher, version, channel, 100)


def revoke(publisher: Publisher, version: str, to: str | None) -> dict:
    """Nobody may run this version any more; channels that name it go to `to`, or to the newest version that is left."""
    counters = [row["counter"] for row in registry.overview(publisher.client)["releases"] if row["version"] == version]
    left = [name for name in _standing(publisher) if name != version]
    target = to or (left[0] if left else None)
    if not counters:
        raise ValueError(f"{version} was never published")
    if target is None or target not in left:
        raise ValueError(
            f"there is no version to go back to{f' named {to}' if to else ''}: publish a good one first;"
            " until then `promote --percent 0` keeps further installations from taking this one"
        )
    touched = [row["channel"] for row in registry.overview(publisher.client)["channels"] if row["version"] == version]
    manifest = release(publisher, lasting_of(published(publisher, target)), revoke=counters)
    for channel in touched:
        registry.point(publisher.client, channel, manifest["counter"], 100)
    return {"version": target, "counter": manifest["counter"], "revoked": counters, "channels": touched}
