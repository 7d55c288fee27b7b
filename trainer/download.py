"""Fetches an export over HTTP into a file, whole or not at all: gzip, caps, retries with back-off."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from trainer.export_lines import MAX_LINE

ATTEMPTS = 8
#: Seconds: the first pause is up to one, each next up to twice as long, none longer than this.
LONGEST_PAUSE = 60.0
#: Bytes of one export after unpacking; more is a fault or an attack, not a team's reviews.
MAX_EXPORT = 8_000_000_000
RETRIED = {408, 425, 429, 500, 502, 503, 504}


class HistoryChanged(Exception):
    """The cursor belongs to another history (the server was restored), or to another key's: read from the beginning."""


class BrokenOff(Exception):
    """The stream ended without its last line, or with another count than it says."""


def check_address(api: str) -> str:
    """The address without its last slash. Raises ValueError for one over which a key must not travel."""
    parts = urlsplit(api)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")):
        return api.rstrip("/")
    raise ValueError(f"{api}: a key travels over https only (http to this machine is fine)")


def fetch_export(
    api: str,
    key: str,
    after: str | None,
    target: Path,
    *,
    sleep: Callable[[float], None] = time.sleep,
    chance: random.Random | None = None,
    max_bytes: int = MAX_EXPORT,
) -> str:
    """Writes the lines behind cursor `after` to `target` (without the last one) and returns the next cursor.

    A stream that breaks off is asked for again from its beginning: only its last line has a cursor. Raises HistoryChanged,
    ValueError for what a person has to mend (key, address, an endless stream), ConnectionError when all attempts failed.
    """
    chance = chance or random.Random()
    problem = ""
    headers = {"authorization": f"Bearer {key}", "accept": "application/x-ndjson", "accept-encoding": "gzip"}
    with httpx.Client(base_url=check_address(api), headers=headers, timeout=httpx.Timeout(30.0)) as client:
        for attempt in range(ATTEMPTS):
            pause = chance.uniform(0, min(LONGEST_PAUSE, 2.0**attempt))
            try:
                with client.stream("GET", "/v1/export", params={"after": after} if after else {}) as response:
                    if response.status_code == 200:
                        return _save(response, target, max_bytes)
                    problem = refusal(response)
                    if response.status_code == 410 or (after and "invalid-cursor" in problem_type(response)):
                        raise HistoryChanged(problem)
                    if response.status_code not in RETRIED:
                        raise ValueError(f"{api} refuses the export: {problem}")
                    pause = asked_pause(response) or pause
            except (httpx.TransportError, httpx.DecodingError, BrokenOff) as error:
                problem = f"{type(error).__name__}: {error}"
            if attempt + 1 < ATTEMPTS:
                sleep(pause)
    raise ConnectionError(f"{api} did not give the export in {ATTEMPTS} attempts; the last said: {problem}")


def fetch_org(api: str, key: str) -> str:
    """The org that the key belongs to, from `GET /v1/me`. Raises ValueError, or ConnectionError when nobody answers."""
    try:
        answer = httpx.get(f"{check_address(api)}/v1/me", headers={"authorization": f"Bearer {key}"}, timeout=30.0)
    except httpx.TransportError as error:
        raise ConnectionError(f"{api} does not answer: {type(error).__name__}: {error}") from error
    if answer.status_code != 200:
        raise ValueError(f"{api} does not say whose key this is: {refusal(answer)}")
    return str(answer.json()["org"]["id"])


def asked_pause(response: httpx.Response) -> float | None:
    """Seconds that the server asks to wait, within reason; None when it asks for nothing."""
    seconds = response.headers.get("retry-after", "")
    return min(LONGEST_PAUSE, float(seconds)) if seconds.isdigit() else None


def refusal(response: httpx.Response) -> str:
    """Status and, where the body is a problem (RFC 9457), its words."""
    try:
        body = json.loads(response.read()[:20_000])
        return f"{response.status_code} {body.get('title', '')} {body.get('detail', '')}".strip()
    except (ValueError, AttributeError, httpx.TransportError):
        return str(response.status_code)


def problem_type(response: httpx.Response) -> str:
    """The `type` of a body that is a problem (RFC 9457), else nothing."""
    try:
        return str(json.loads(response.read()[:20_000]).get("type", ""))
    except (ValueError, AttributeError, httpx.TransportError):
        return ""


def _save(response: httpx.Response, target: Path, max_bytes: int) -> str:
    """Copies the body but for its last line, which must say as many as there were."""
    size = count = 0
    rest = b""
    last = b""
    with target.open("wb") as stream:
        for chunk in response.iter_bytes():
            size += len(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            if size > max_bytes or len(rest) > MAX_LINE:
                raise ValueError(f"the export is longer than {max_bytes} bytes, or one line than {MAX_LINE}")
            for line in filter(bytes.strip, lines):
                if last:
                    stream.write(last + b"\n")
                    count += 1
                last = line
    if rest.strip():
        raise BrokenOff("the last line is not whole")
    try:
        end = json.loads(last)
        kind, said, cursor = end["kind"], end["count"], end["next"]
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenOff("the last line is not `end`") from error
    if kind != "end" or not isinstance(cursor, str):
        raise BrokenOff("the last line is not `end`")
    if said != count:
        raise BrokenOff(f"{count} lines came, {said} were sent")
    return cursor
