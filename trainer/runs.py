"""Run folders: each step writes one, under a temporary name first; a finished one is never changed."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from trainer.labels import REPO

DEFAULT_ROOT = REPO / ".runs"
MANIFEST = "run.json"


def digest(value: object) -> str:
    """Short stable hash of JSON-like settings."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def file_digest(file: Path) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def require_run(folder: Path, step: str) -> dict:
    """The manifest of a finished run of `step`. Raises FileNotFoundError that says which command makes one."""
    file = folder / MANIFEST
    if not file.exists():
        raise FileNotFoundError(f"{folder} is not a finished run folder; make one with `python -m trainer {step}`")
    manifest: dict = json.loads(file.read_text(encoding="utf-8"))
    if manifest["step"] != step:
        raise ValueError(f"{folder} was made by the step {manifest['step']}, but one of {step} is needed")
    return manifest


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Of two processes that want to make this folder one waits, and finds it made."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = folder.with_name(folder.name + ".lock")
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
        # Who waits for it looks for the manifest first; what failed is tried again under the same lock.
        lock.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _finish(partial: Path, folder: Path) -> None:
    """Gives the folder its name once all that is in it is on the disk: a power cut leaves it whole or not there."""
    for path in [*partial.rglob("*"), partial]:
        _sync(path)
    os.replace(partial, folder)
    _sync(folder.parent)


def make_run(
    root: Path, step: str, settings: dict, write: Callable[[Path], dict], *, keep_partial: bool = False, name: str = ""
) -> Path:
    """Makes the run folder `<step>-<hash of settings>` by calling `write` on a temporary folder, then renaming it.

    A folder that exists already is left alone and reported. With `keep_partial` an interrupted run's temporary folder
    is given to `write` again, so that it can go on from its checkpoint. `write` returns facts for the run's manifest.
    """
    folder = root / (name or f"{step}-{digest(settings)}")
    with _alone(folder):
        if (folder / MANIFEST).exists():
            print(f"{step}: nothing to do, {folder} is there already")
            return folder
        partial = folder.with_name(folder.name + ".partial")
        if partial.exists() and not keep_partial:
            shutil.rmtree(partial)
        partial.mkdir(parents=True, exist_ok=True)
        facts = write(partial)
        manifest = {"step": step, "settings": settings, "facts": facts}
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        _finish(partial, folder)
    print(f"{step}: wrote {folder}")
    return folder
