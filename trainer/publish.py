"""Step `publish`: a model that the gate let pass goes to the registry, signed; killed anywhere, it goes on when started again."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from securesystemslib.signer import CryptoSigner

from trainer import registry
from trainer.gate import identity
from trainer.release_manifest import (
    DECISIONS_FILE,
    data_of,
    demand_pass,
    files_of,
    make_manifest,
    sealed,
)
from trainer.run_log import log_model
from trainer.runs import MANIFEST, digest, file_digest, make_run
from trainer.signing import public_key_of, sign, trusted_keys, verify

#: Every envelope before it is sent (its counter is never used again, whatever the server remembers), and what was revoked once it is out.
LOG = "published.jsonl"
LOCK = "publish.lock"
ENVELOPE = "envelope.json"
#: Other publishers that may come first.
TRIES = 5
#: A signed release that is older is signed anew before it is sent.
FRESH = datetime.timedelta(days=1)
CHANGING = ("counter", "created", "expires", "revoked")


@dataclass(frozen=True)
class Publisher:
    """Who publishes, where, and what the releases it makes have in common."""

    root: Path
    client: httpx.Client
    signers: Sequence[CryptoSigner]
    #: Public keys whose releases may be signed anew.
    trusted: Sequence[str]
    days: float
    #: No counter below it is used: for when this machine and the registry have both forgotten the highest.
    least: int = 1


@contextlib.contextmanager
def open_publisher(
    root: Path,
    api: str,
    key: str,
    signers: Sequence[CryptoSigner],
    *,
    days: float,
    trusted: Sequence[str] = (),
    least: int = 1,
) -> Iterator[Publisher]:
    """Alone on this machine: another one waits. Machines among themselves are kept in order by the registry's counters."""
    root.mkdir(parents=True, exist_ok=True)
    believed = [*trusted_keys(), *trusted, *(public_key_of(signer) for signer in signers)]
    with (root / LOCK).open("w") as lock, registry.open_registry(api, key) as client:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Publisher(root, client, signers, believed, days, least)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def was_sent(root: Path, version: str) -> bool:
    """True when this machine has sent a release of the version to a registry, which took it."""
    log = root / LOG
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
    return any(row["version"] == version and "revoked" in row for row in rows)


def _remembered(publisher: Publisher) -> list[dict]:
    """What was sent to this registry before."""
    log = publisher.root / LOG
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
    return [row for row in rows if row["api"] == str(publisher.client.base_url)]


def _note(publisher: Publisher, manifest: dict, *keys: str) -> None:
    row = {"api": str(publisher.client.base_url), **{key: manifest[key] for key in ("version", "counter", *keys)}}
    with (publisher.root / LOG).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def lasting_of(manifest: dict) -> dict:
    """A release without what is made anew each time it is signed."""
    return {key: value for key, value in manifest.items() if key not in CHANGING}


def next_seal(publisher: Publisher) -> tuple[int, list[int]]:
    """The next counter, and the counters that are revoked until now. Raises ValueError when the newest release is not by a key of ours."""
    before = _remembered(publisher)
    counters = [publisher.least - 1, *(row["counter"] for row in before)]
    revoked = {counter for row in before for counter in row.get("revoked", [])}
    releases = registry.overview(publisher.client)["releases"]
    if releases:
        newest = verify(registry.envelope_of(publisher.client, releases[0]["version"]), publisher.trusted)
        counters.append(newest["counter"])
        revoked.update(newest["revoked"])
    return max(counters) + 1, sorted(revoked)


def release(publisher: Publisher, lasting: dict, *, revoke: Sequence[int] = (), kept: Path | None = None) -> dict:
    """Signs and publishes under the next counter, whoever else publishes; returns the manifest.

    The envelope is written to `kept` before it is sent, and one that lies there is sent again: after a kill that is the same release.
    """
    for _ in range(TRIES):
        counter, revoked = next_seal(publisher)
        if kept is not None and kept.exists():
            envelope = kept.read_bytes()
            manifest = verify(envelope, publisher.trusted)
        else:
            manifest = sealed(lasting, counter, [*revoked, *revoke], publisher.days, _now())
            envelope = sign(manifest, publisher.signers)
            _note(publisher, manifest, "created", "expires")
            if kept is not None:
                _write_whole(kept, envelope)
        fresh = _now() - datetime.datetime.fromisoformat(manifest["created"]) < FRESH
        # Under a counter that others have passed meanwhile it would come into no channel.
        if lasting_of(manifest) == lasting and fresh and manifest["counter"] >= counter - 1:
            with contextlib.suppress(registry.Taken):
                registry.send_release(publisher.client, envelope)
                _note(publisher, manifest, "revoked")
                return manifest
        if kept is not None:
            kept.unlink()
    raise ConnectionError(f"other publishers came first {TRIES} times: try again")


def _write_whole(file: Path, data: bytes) -> None:
    partial = file.with_name(file.name + ".partial")
    with partial.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(partial, file)


def _still_there(publisher: Publisher, folder: Path, channel: str) -> bool:
    """True when the registry has all that this `publish` run gave it: a server that was restored may lack some."""
    manifest = verify((folder / ENVELOPE).read_bytes(), publisher.trusted)
    found = registry.overview(publisher.client)
    return (
        manifest["counter"] in {row["counter"] for row in found["releases"]}
        and channel in {row["channel"] for row in found["channels"]}
        and all(registry.has_file(publisher.client, file["sha256"]) for file in manifest["files"])
    )


def _demand_named(publisher: Publisher, folder: Path, channel: str, percent: int) -> None:
    """Raises ValueError when what was published once is not what the channel names now, for this share of the installations."""
    facts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["facts"]
    row = next(row for row in registry.overview(publisher.client)["channels"] if row["channel"] == channel)
    if row["version"] != facts["version"]:
        raise ValueError(
            f"{facts['version']} was published before, and {channel} names {row['version']} since: `rollback` goes back to it"
        )
    if row["percent"] != percent:
        raise ValueError(
            f"{facts['version']} is in {channel} already, for {row['percent']} %: `promote --percent` changes that"
        )


def publish(publisher: Publisher, model: Path, verdict: dict, *, channel: str, percent: int) -> dict:
    """Files by their hash, then the release, then the channel. Makes the `publish` run folder; returns its facts.

    Again it changes nothing, unless the registry has lost something: then what is missing is sent, under a new counter.
    Raises ValueError when the gate did not let this very model pass.
    """
    from trainer.recover import kept_checkpoint

    demand_pass(verdict, model)
    settings = {
        "model": identity(model),
        "verdict": digest(verdict),
        "api": str(publisher.client.base_url),
        "channel": channel,
    }

    def write(folder: Path) -> dict:
        data, own = data_of(publisher.root, model)
        decisions = folder / DECISIONS_FILE if own else None
        if decisions is not None:
            decisions.write_bytes(own)
        files = files_of(model, decisions)
        checkpoint = kept_checkpoint(model)
        if checkpoint is not None:
            data["checkpoint"] = file_digest(checkpoint)
            files[data["checkpoint"]] = checkpoint
        lasting = make_manifest(model, verdict, data, decisions)
        # What could not be signed is found before anything is sent.
        sealed(lasting, 1, [], publisher.days, _now())
        for sha256, file in files.items():
            if not registry.has_file(publisher.client, sha256):
                registry.send_file(publisher.client, file, sha256)
        kept = folder / ENVELOPE
        manifest = release(publisher, lasting, kept=kept)
        registry.point(publisher.client, channel, manifest["counter"], percent)
        tags = {"counter": str(manifest["counter"]), "channel": channel, "data.sha256": data["sha256"]}
        log_model(publisher.root, model, verdict, tags)
        names = ("version", "counter", "expires", "data")
        return {
            **{name: manifest[name] for name in names},
            "envelope": file_digest(kept),
            "channel": channel,
            "percent": percent,
        }

    known = publisher.root / f"publish-{digest(settings)}"
    if (known / MANIFEST).exists() and not _still_there(publisher, known, channel):
        print(f"publish: the registry lacks something of {model.name}, so it is published again")
        shutil.rmtree(known)
    elif (known / MANIFEST).exists():
        _demand_named(publisher, known, channel, percent)
    folder = make_run(publisher.root, "publish", settings, write, keep_partial=True, name=known.name)
    facts: dict = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["facts"]
    return facts
