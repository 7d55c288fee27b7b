"""A log of judged models in the file layout of MLflow (`mlflow ui --backend-store-uri .runs/mlruns` shows it), without MLflow."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from trainer.labels import REPO

FOLDER = "mlruns"
EXPERIMENT = "1"
#: Characters of a parameter's value that MLflow takes.
LONGEST = 6000
FINISHED = 3


def _name(text: str) -> str:
    """A key as MLflow takes it; a slash would make a folder."""
    return re.sub(r"[^\w.\- ]", "_", text)[:250] or "_"


def _write(folder: Path, rows: Mapping[str, str]) -> None:
    folder.mkdir()
    for key, text in rows.items():
        (folder / _name(key)).write_text(text, encoding="utf-8")


def _meta(folder: Path, facts: Mapping[str, object]) -> None:
    # MLflow reads YAML, of which JSON is a part.
    partial = folder / f"meta.yaml.{os.getpid()}"
    partial.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, folder / "meta.yaml")


def log_run(
    root: Path, name: str, params: Mapping[str, object], metrics: Mapping[str, float], tags: Mapping[str, str], ms: int
) -> Path:
    """Writes one finished run and returns its folder; the same run again changes nothing. `ms` is its time since 1970."""
    experiment = root / FOLDER / EXPERIMENT
    experiment.mkdir(parents=True, exist_ok=True)
    place = experiment.resolve().as_uri()
    if not (experiment / "meta.yaml").exists():
        facts = {"artifact_location": place, "experiment_id": EXPERIMENT, "lifecycle_stage": "active", "name": "sectag"}
        _meta(experiment, {**facts, "creation_time": ms, "last_update_time": ms})
    whole = json.dumps([name, dict(params), dict(metrics), dict(tags)], sort_keys=True, default=str)
    run = hashlib.sha256(whole.encode()).hexdigest()[:32]
    folder = experiment / run
    if folder.exists():
        return folder
    # Hidden from MLflow until it is whole.
    partial = root / FOLDER / f".{run}.{os.getpid()}"
    partial.mkdir()
    try:
        _write(partial / "params", {key: str(value)[:LONGEST] for key, value in params.items()})
        _write(partial / "metrics", {key: f"{ms} {value!r} 0\n" for key, value in metrics.items()})
        _write(partial / "tags", {"mlflow.runName": name, **tags})
        (partial / "artifacts").mkdir()
        facts = {"run_id": run, "run_uuid": run, "run_name": name, "experiment_id": EXPERIMENT, "user_id": "trainer"}
        times = {"start_time": ms, "end_time": ms, "status": FINISHED, "lifecycle_stage": "active"}
        old = {"tags": [], "source_type": 4, "source_name": "", "source_version": "", "entry_point_name": ""}
        _meta(partial, {**facts, **times, **old, "artifact_uri": f"{place}/{run}/artifacts"})
        os.replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def code_version() -> str:
    """The commit of this tree, with a plus when files differ from it; `unknown` without git."""
    git = ["git", "-C", str(REPO)]
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    if head.returncode != 0:
        return "unknown"
    changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=False)
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def log_model(root: Path, model: Path, verdict: dict, tags: Mapping[str, str]) -> Path:
    """One judged model: what it was trained on and how, its figures and the gate's, the code that made it."""
    metrics = json.loads((model / "metrics.json").read_text(encoding="utf-8"))
    manifest = json.loads((model / "manifest.json").read_text(encoding="utf-8"))
    named = ("version", "train", "build", "corrections", "holdout", "data")
    params: dict[str, object] = {key: metrics.get(key) for key in named}
    params["parent"] = (metrics.get("trained") or {}).get("from")
    for part in ("recipe", "libraries"):
        params |= {f"{part}.{key}": value for key, value in (metrics.get(part) or {}).items()}
    figures = {f"gate {rule['name']}": float(rule["value"]) for rule in verdict["rules"]}
    for name, scorers in metrics.get("figures", {}).items():
        figures |= {f"{name} {key}": float(value) for key, value in scorers.get("model", {}).items()}
    said = {"gate": "pass" if verdict["pass"] else "stop", "mlflow.note.content": verdict["sentence"]}
    when = (model / "manifest.json").stat().st_mtime_ns // 1_000_000
    code = {
        "mlflow.source.git.commit": metrics.get("code") or code_version(),
        "mlflow.source.name": "python -m trainer",
    }
    return log_run(root, manifest["version"], params, figures, {**said, **code, **tags}, when)
