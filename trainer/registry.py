"""The API over HTTP as the trainer writes to it: models' files by their hash, releases, channels, what waits for leads. Each call may be made again."""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from trainer.download import RETRIED, asked_pause, check_address, refusal
from trainer.signing import canonical_json

ATTEMPTS = 6
LONGEST_PAUSE = 30.0
CHUNK = 262_144
#: Bytes of an answer; a list of releases is far below it.
MOST_BYTES = 4_000_000


class Taken(Exception):
    """The registry has another release with this counter or above it."""


@contextlib.contextmanager
def open_registry(api: str, key: str) -> Iterator[httpx.Client]:
    """A client for the functions below. Raises ValueError for an address over which a key must not travel."""
    headers = {"authorization": f"Bearer {key}"}
    with httpx.Client(base_url=check_address(api), headers=headers, timeout=httpx.Timeout(60.0)) as client:
        yield client


def _ask(client: httpx.Client, make: Callable[[], httpx.Request], *expected: int) -> httpx.Response:
    """The answer, when its status is one of `expected`. What may pass is tried again with growing pauses.

    Raises ValueError for what a person has to mend, ConnectionError when all attempts failed.
    """
    problem = ""
    for attempt in range(ATTEMPTS):
        pause = random.uniform(0, min(LONGEST_PAUSE, 2.0**attempt))
        try:
            answer = client.send(make())
            if answer.status_code in expected:
                return answer
            problem = refusal(answer)
            if answer.status_code not in RETRIED:
                raise ValueError(f"{client.base_url} refuses: {problem}")
            pause = asked_pause(answer) or pause
        except httpx.TransportError as error:
            problem = f"{type(error).__name__}: {error}"
        if attempt + 1 < ATTEMPTS:
            time.sleep(pause)
    raise ConnectionError(f"{client.base_url} did not answer in {ATTEMPTS} attempts; the last said: {problem}")


def _read(client: httpx.Client, path: str, *expected: int) -> dict | None:
    """The JSON of a path; None when there is none (404, where it is expected)."""
    answer = _ask(client, lambda: client.build_request("GET", path), 200, *expected)
    if answer.status_code != 200:
        return None
    if len(answer.content) > MOST_BYTES:
        raise ValueError(f"{path} is answered with more than {MOST_BYTES} bytes")
    value: dict = json.loads(answer.content)
    return value


def overview(client: httpx.Client) -> dict:
    """`releases` (newest first: version, counter, revoked, ...) and `channels` (channel, version, counter, percent)."""
    return _read(client, "/v1/models") or {"releases": [], "channels": []}


def envelope_of(client: httpx.Client, version: str) -> bytes:
    """The newest envelope of a version, as it was signed. Raises ValueError when there is no such version."""
    found = _read(client, f"/v1/models/{version}", 404)
    if found is None:
        raise ValueError(f"the registry has no version {version}")
    return canonical_json(found["envelope"])


def has_file(client: httpx.Client, sha256: str) -> bool:
    """True when a file of this hash need not be sent."""
    path = f"/v1/models/files/{sha256}"
    return _ask(client, lambda: client.build_request("HEAD", path), 200, 404).status_code == 200


def send_file(client: httpx.Client, file: Path, sha256: str) -> None:
    """Sends a file under its hash; the registry refuses other bytes."""
    size = {"content-length": str(file.stat().st_size), "content-type": "application/octet-stream"}

    path = f"/v1/models/files/{sha256}"
    _ask(client, lambda: client.build_request("PUT", path, content=_chunks(file), headers=size), 204)


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def send_release(client: httpx.Client, envelope: bytes) -> None:
    """Publishes. The very same envelope again is fine. Raises Taken when another took its counter."""
    headers = {"content-type": "application/json"}
    answer = _ask(
        client,
        lambda: client.build_request("POST", "/v1/models/releases", content=envelope, headers=headers),
        200,
        201,
        409,
    )
    if answer.status_code == 409:
        raise Taken(refusal(answer))


def point(client: httpx.Client, channel: str, counter: int, percent: int) -> None:
    """Lets a channel name a release, for a share of the installations."""
    body = {"counter": counter, "percent": percent}
    _ask(client, lambda: client.build_request("PUT", f"/v1/models/channels/{channel}", json=body), 204)


def send_waiting(client: httpx.Client, found: dict) -> None:
    """Puts the list of what waits for leads (`WaitingList`) in the place of the one before."""
    _ask(client, lambda: client.build_request("PUT", "/v1/waiting", json=found), 204)
