"""Step `fetch`: a published version back as a model directory, with the weights to go on from, verified like an installation does."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import httpx

from trainer import registry
from trainer.contract import require
from trainer.model_files import write_json
from trainer.runs import make_run
from trainer.signing import canonical_json, verify

MODEL = "model"
#: trainer/recover.py looks for it beside the model directory.
CHECKPOINT = "checkpoint.safetensors"
#: Bytes of a file; shared/release.ts has the same.
MOST_BYTES = 200_000_000


def folder_manifest(manifest: dict) -> dict:
    """`manifest.json` of the directory that a release was made from, as far as the release tells."""
    first = next(iter(manifest["graphs"].values()))
    kept = ("modelId", "version", "created", "labelsVersion", "licence")
    found = {
        "spec": 1,
        **{key: manifest[key] for key in kept},
        "graph": {key: first[key] for key in ("inputs", "outputs", "opset")},
        "files": [file for file in manifest["files"] if file["role"] != "decisions"],
    }
    require(found, "ModelManifest", "manifest.json")
    return found


def _save(client: httpx.Client, sha256: str, target: Path, size: int | None) -> None:
    """Streams one file under its hard cap. Raises ValueError when it is another one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    seen, digest = 0, hashlib.sha256()
    with client.stream("GET", f"/v1/models/files/{sha256}") as answer, target.open("wb") as stream:
        if answer.status_code != 200:
            raise ValueError(f"the registry does not give {target.name}: {answer.status_code}")
        for chunk in answer.iter_raw():
            seen += len(chunk)
            if seen > (MOST_BYTES if size is None else size):
                break
            digest.update(chunk)
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    if digest.hexdigest() != sha256 or (size is not None and seen != size):
        raise ValueError(f"{target.name} from the registry is not the file that was signed")


def fetch(root: Path, client: httpx.Client, trusted: Sequence[str], version: str) -> Path:
    """Makes the `fetched` run folder (model directory, checkpoint where there is one) and returns the model directory."""
    manifest = verify(registry.envelope_of(client, version), trusted)
    if manifest["version"] != version:
        raise ValueError(f"the registry gives {manifest['version']} for {version}")

    def write(folder: Path) -> dict:
        model = folder / MODEL
        model.mkdir(exist_ok=True)
        checkpoint = manifest["data"].get("checkpoint")
        try:
            for file in manifest["files"]:
                if file["role"] != "decisions":
                    _save(client, file["sha256"], model / file["path"], file["size"])
            if checkpoint:
                _save(client, checkpoint, folder / CHECKPOINT, None)
        except httpx.TransportError as error:
            raise ConnectionError(f"{client.base_url} broke off: {error}; the same command begins anew") from error
        write_json(model / "manifest.json", folder_manifest(manifest))
        return {"version": version, "counter": manifest["counter"]}

    # Not by counter and dates: a release that is signed anew is the same model.
    files = [manifest["files"], manifest["data"].get("checkpoint")]
    settings = {"version": version, "files": hashlib.sha256(canonical_json(files)).hexdigest()}
    return make_run(root, "fetched", settings, write) / MODEL
