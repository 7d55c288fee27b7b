"""What a release says of itself: files, the graphs of its weights, the gate's verdict, the data behind it. Fails closed."""

from __future__ import annotations

import collections
import datetime
import hashlib
import json
import math
import re
from pathlib import Path
from typing import Any

from trainer.contract import require
from trainer.gate import FORMAT, identity, whole
from trainer.labels import REPO
from trainer.records import read_jsonl
from trainer.runs import file_digest, require_run

DECISIONS_FILE = "decisions.bin"
#: Bytes of a decision's SHA-256 in it; shared/release.ts has the same.
DECISION_BYTES = 8
#: Characters of the gate's sentence that travel.
SENTENCE = 500


def read_verdict(gate: Path) -> dict:
    """What a finished `gate` run says. Raises ValueError when the rules have changed since."""
    if require_run(gate, "gate")["settings"]["format"] != FORMAT:
        raise ValueError(f"{gate} was judged by other rules than today's: run `python -m trainer gate` again")
    verdict: dict = json.loads((gate / "verdict.json").read_text(encoding="utf-8"))
    return verdict


def demand_pass(verdict: dict, model: Path) -> None:
    """Raises ValueError unless the verdict, in every rule, lets this very directory pass, and nobody changed it since."""
    rules = verdict.get("rules")
    every = isinstance(rules, list) and bool(rules) and all(rule.get("ok") is True for rule in rules)
    if verdict.get("pass") is not True or not every:
        raise ValueError(f"the gate did not let {model.name} pass: {verdict.get('sentence', 'no verdict')}")
    if verdict.get("candidate") != identity(model):
        raise ValueError(f"the gate judged another model than {model}: run `python -m trainer gate` on this one")
    found = whole(model)
    if not found.ok:
        raise ValueError(f"{model} was changed after the gate: {found.says}")


def graph_of(file: Path) -> dict:
    """What a weights file computes with, as the extension counts it. Raises ValueError for what no graph of ours has."""
    import onnx

    model: Any = onnx.load(str(file), load_external_data=False)
    nested = any(
        attribute.HasField("g") or attribute.graphs for node in model.graph.node for attribute in node.attribute
    )
    if nested or model.functions or model.graph.sparse_initializer:
        raise ValueError(
            f"{file} holds functions, graphs inside nodes or sparse tensors: the extension would refuse it"
        )
    standard = ("", "ai.onnx")
    names = [n.op_type if n.domain in standard else f"{n.domain}.{n.op_type}" for n in model.graph.node]
    return {
        "opset": next(entry.version for entry in model.opset_import if entry.domain in standard),
        "ops": dict(sorted(collections.Counter(names).items())),
        "inputs": [value.name for value in model.graph.input],
        "outputs": [value.name for value in model.graph.output],
    }


def decimal(value: float) -> str:
    """A figure as the contract writes it. Raises ValueError for what is no number."""
    if not math.isfinite(value):
        raise ValueError("a figure of the gate is no number")
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def gate_of(verdict: dict) -> dict:
    """The verdict as the manifest has it."""
    figures = {re.sub(r"[^A-Za-z0-9_.@-]", "_", rule["name"])[:80]: decimal(rule["value"]) for rule in verdict["rules"]}
    return {
        "verdict": "pass",
        "sentence": verdict["sentence"][:SENTENCE],
        "holdout": verdict["holdout"],
        "figures": figures,
    }


def data_hash(names: list[str], contents: list[str]) -> str:
    """The hash of the names and contents of what a model learnt from, base data first."""
    return hashlib.sha256(json.dumps([list(pair) for pair in zip(names, contents, strict=True)]).encode()).hexdigest()


def learnt_from(build: Path, corrections: list[Path]) -> str:
    """`data_hash` of these runs."""
    files = [build / "examples.jsonl", *(folder / "manifest.jsonl" for folder in corrections)]
    return data_hash([file.parent.name for file in files], [file_digest(file) for file in files])


def data_of(root: Path, model: Path) -> tuple[dict, bytes]:
    """The data behind a model, and the file by which people find their own decisions in it (empty when there are none)."""
    metrics = json.loads((model / "metrics.json").read_text(encoding="utf-8"))
    build, *corrections = (_run(root, name) for name in [metrics["build"], *metrics.get("corrections", [])])
    decisions: set[str] = set()
    for folder in corrections:
        for row in read_jsonl(folder / "manifest.jsonl"):
            if row["split"] == "train" and row["weight"] > 0:
                decisions.update(row["decisions"])
    hashes = sorted(hashlib.sha256(identifier.encode()).digest()[:DECISION_BYTES] for identifier in decisions)
    digest = learnt_from(build, corrections)
    return {"sha256": digest, "decisions": len(decisions)}, b"".join(hashes)


def _run(root: Path, name: str) -> Path:
    if Path(name).name != name or not (root / name).exists():
        raise ValueError(f"the training data {name} is not at hand in {root}")
    return root / name


def files_of(model: Path, decisions: Path | None) -> dict[str, Path]:
    """The files of a release by their SHA-256; metrics and card go along."""
    manifest = json.loads((model / "manifest.json").read_text(encoding="utf-8"))
    found = {file["sha256"]: model / file["path"] for file in manifest["files"]}
    if decisions is not None:
        found[file_digest(decisions)] = decisions
    return found


def make_manifest(model: Path, verdict: dict, data: dict, decisions: Path | None) -> dict:
    """All that stays the same when a release is signed anew; `sealed` adds the rest."""
    manifest = json.loads((model / "manifest.json").read_text(encoding="utf-8"))
    files = [{key: file[key] for key in ("path", "size", "sha256", "role")} for file in manifest["files"]]
    if decisions is not None:
        size = decisions.stat().st_size
        files.append({"path": DECISIONS_FILE, "size": size, "sha256": file_digest(decisions), "role": "decisions"})
    weights = [file["path"] for file in files if file["role"].startswith("weights-")]
    return {
        "spec": 1,
        "modelId": manifest["modelId"],
        "version": manifest["version"],
        "minApp": app_version(),
        "labelsVersion": manifest["labelsVersion"],
        "licence": manifest["licence"],
        "files": files,
        "graphs": {path: graph_of(model / path) for path in weights},
        "gate": gate_of(verdict),
        "data": data,
    }


def sealed(lasting: dict, counter: int, revoked: list[int], days: float, now: datetime.datetime) -> dict:
    """The whole manifest: `lasting`, under a new counter, until `days` from now."""
    stamp = "%Y-%m-%dT%H:%M:%SZ"
    manifest = {
        **lasting,
        "counter": counter,
        "created": now.strftime(stamp),
        "expires": (now + datetime.timedelta(days=days)).strftime(stamp),
        "revoked": sorted(set(revoked)),
    }
    require(manifest, "ReleaseManifest", "the release manifest")
    return manifest


def app_version() -> str:
    """The extension's version of this tree: what can surely run what this tree makes."""
    package = json.loads((REPO / "package.json").read_text(encoding="utf-8"))
    return str(package["version"])
