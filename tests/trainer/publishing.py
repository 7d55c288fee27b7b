"""Fixtures of the tests that publish: a signing key, orgs on the real API, and tiny models as if they were trained and judged."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner

from tests.trainer.real_api import Org, start_api
from trainer.gate import identity
from trainer.model_files import write_manifest
from trainer.publish import Publisher, open_publisher
from trainer.records import write_jsonl
from trainer.runs import make_run
from trainer.signing import make_key, public_key_of, read_key

DECISIONS = [f"01a21407-2c84-7086-ad79-e7bd227d00{n:02x}" for n in range(5)]


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The private key of the one key that the server believes."""
    file = tmp_path_factory.mktemp("keys") / "release.pem"
    make_key(file)
    return file


@pytest.fixture(scope="session")
def signer(key_file: Path) -> CryptoSigner:
    return read_key(key_file)


@pytest.fixture(scope="session")
def orgs(tmp_path_factory: pytest.TempPathFactory, signer: CryptoSigner) -> Iterator[Iterator[Org]]:
    with start_api(tmp_path_factory.mktemp("api"), public_key_of(signer), orgs=60) as made:
        yield made


@pytest.fixture
def org(orgs: Iterator[Org]) -> Org:
    """One that nobody has published in."""
    return next(orgs)


def _runs(root: Path) -> None:
    """The training data that models name."""

    def base(folder: Path) -> dict:
        write_jsonl(folder / "examples.jsonl", [{"text": "a ticket"}])
        return {}

    def taught(folder: Path) -> dict:
        rows = [{"split": "train", "weight": 1.0, "decisions": DECISIONS[:2]}]
        rows += [
            {"split": "test", "weight": 1.0, "decisions": DECISIONS[2:3]},
            {"split": "train", "weight": 0.0, "decisions": DECISIONS[3:]},
        ]
        write_jsonl(folder / "manifest.jsonl", rows)
        return {}

    make_run(root, "build", {}, base, name="build-1")
    make_run(root, "corrections", {}, taught, name="corrections-1")


@pytest.fixture
def make_model(tmp_path: Path, tiny_folder: Path) -> Callable[..., Path]:
    """The tiny model under another version, as if it had been trained on the runs."""
    _runs(tmp_path / "runs")

    def make(version: str, corrections: bool = True) -> Path:
        folder = tmp_path / "models" / version
        shutil.copytree(tiny_folder, folder)
        (folder / "manifest.json").unlink()
        metrics = {"version": version, "build": "build-1", "corrections": ["corrections-1"] if corrections else []}
        (folder / "metrics.json").write_text(json.dumps(metrics))
        (folder / "README.md").write_text(f"# The model {version}\n")
        write_manifest(folder, "sectag-tiny", version)
        return folder

    return make


def verdict_of(model: Path, **more: object) -> dict:
    """A verdict as trainer/gate.py makes it."""
    rules = [
        {"name": "macro-F1", "ok": True, "value": 0.0123456789, "says": "up"},
        {"name": "size", "ok": True, "value": 282594, "says": "0.3 MB"},
    ]
    same = {"pass": True, "sentence": f"{model.name} passes: up.", "candidate": identity(model), "current": "0" * 64}
    return {**same, "holdout": hashlib.sha256(b"h").hexdigest(), "look": 1, "rules": rules, **more}


@pytest.fixture
def opened(tmp_path: Path, org: Org, signer: CryptoSigner) -> Iterator[Publisher]:
    with open_publisher(tmp_path / "runs", org.api, org.publisher, [signer], days=14) as publisher:
        yield publisher
