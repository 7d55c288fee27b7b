"""Starts the real API (Node, libSQL, HTTP) for tests that publish, with orgs and keys of their own."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from trainer.labels import REPO


@dataclass(frozen=True)
class Org:
    """An org of its own on the server, with a key that publishes, one that exports, one that reads, and a lead's."""

    api: str
    publisher: str
    exporter: str
    reader: str
    lead: str

    def get(self, path: str, key: str | None = None) -> httpx.Response:
        return httpx.get(self.api + path, headers={"authorization": f"Bearer {key or self.reader}"})

    def channel(self, name: str) -> dict:
        answer = self.get(f"/v1/models/channels/{name}")
        assert answer.status_code == 200, answer.text
        found: dict = answer.json()
        return found

    def counters(self) -> list[int]:
        return [row["counter"] for row in self.get("/v1/models").json()["releases"]]


def node() -> str:
    """The repository's Node, else the machine's."""
    own = REPO / ".cache" / "node" / "node_modules" / ".bin" / "node"
    found = str(own) if own.exists() else shutil.which("node")
    assert found, "there is no Node: run `npm test` once"
    return found


@contextlib.contextmanager
def start_api(folder: Path, *keys: str, orgs: int) -> Iterator[Iterator[Org]]:
    """Gives the orgs one after the other; the server ends with the block."""
    command = [node(), "--disable-warning=ExperimentalWarning", "tests/trainer/api-server.ts", folder, str(orgs), *keys]
    with subprocess.Popen(command, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout and server.stdin
        said = json.loads(server.stdout.readline())
        try:
            yield (Org(said["origin"], **org) for org in said["orgs"])
        finally:
            server.stdin.close()
            server.wait(20)
