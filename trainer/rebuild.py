"""Step `rebuild`: makes a version again from the snapshot, base data and model that it was made from, and says whether it is the same."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from trainer import corrections, holdout, registry, settle, train_from
from trainer.fetch import fetch
from trainer.labels import REPO
from trainer.onnx_model import WASM_FILE, WEBGPU_FILE, OnnxModel
from trainer.pull import read_key
from trainer.recover import origin
from trainer.release_manifest import data_hash
from trainer.run import MODEL, export_run
from trainer.run_log import code_version
from trainer.runs import file_digest, require_run
from trainer.signing import trusted_keys, verify

#: Half a point: what another machine's arithmetic may turn.
MOST_APART = 0.005
#: Figures of whole heads: those of one label move by points when a single answer turns.
COMPARED = (
    "threat macro-F1 (all)",
    "threat accuracy (all)",
    "ECE",
    "severity macro-F1 (all)",
    "severity kappa (all)",
    "entity F1 (tickets, all)",
)
RECIPE = "recipe.toml"


def _needed(root: Path, name: str, what: str) -> Path:
    if Path(name).name != name or not (root / name).exists():
        raise FileNotFoundError(f"{what} {name} is not in {root}: a version can be made again while its runs are kept")
    return root / name


def find_parent(root: Path, wanted: dict) -> Path:
    """The model directory with the files that the version grew from. Raises FileNotFoundError that says how to get it."""
    places = [*(REPO / "models").glob("*/"), *root.glob(f"export-*/{MODEL}"), *root.glob(f"fetched-*/{MODEL}")]
    for place in sorted(places):
        if (place / "manifest.json").exists() and origin(place) == wanted:
            return place
    version = wanted["version"]
    raise FileNotFoundError(
        f"{version}, from which it grew, is not at hand: `python -m trainer fetch --version {version}`"
    )


def figures_apart(before: dict, after: dict) -> dict[str, float]:
    """How far each compared figure on the hold-out is from what it was; one that is gone is all of it apart."""
    was, now = (metrics["figures"]["hold-out"]["model"] for metrics in (before, after))
    return {name: abs(now[name] - was[name]) if name in now else 1.0 for name in COMPARED if name in was}


def rebuild(root: Path, model: Path, published: str | None = None, parent: Path | None = None) -> dict:
    """Makes `model` again in `rebuilt-VERSION`, from nothing but its inputs, and compares. `published` is the data hash that was signed.

    Raises FileNotFoundError or ValueError when an input is gone or is another one than the version names.
    """
    metrics = json.loads((model / "metrics.json").read_text(encoding="utf-8"))
    if not metrics.get("recipe") or not metrics.get("corrections") or not metrics.get("holdout"):
        raise ValueError(
            f"{model} was not made by `run` from corrections: trainer/README.md has the commands of the first model"
        )
    build = _needed(root, metrics["build"], "the base data")
    frozen = _needed(root, metrics["holdout"], "the hold-out")
    learnt = [_needed(root, name, "the corrections run") for name in metrics["corrections"]]
    before = parent or find_parent(root, metrics["trained"]["parent"])
    if origin(before) != metrics["trained"]["parent"]:
        raise ValueError(f"{before} is not the {metrics['trained']['parent']['version']} from which {model} grew")
    again = root / f"rebuilt-{metrics['version']}"
    shutil.rmtree(again, ignore_errors=True)
    again.mkdir(parents=True)
    # From here on nothing is read that the first making has computed: only its inputs.
    judging = [frozen / holdout.RECORDS, frozen / holdout.CANARIES]
    taught = []
    for was in (require_run(folder, "corrections") for folder in learnt):
        pulls = [_needed(root, name, "the snapshot") for name in was["facts"]["inputs"]["pulls"]]
        taught.append(corrections.run(again, pulls, build, judging, was["settings"]["exclude"], OnnxModel(before)))
    contents = [file_digest(build / "examples.jsonl"), *(file_digest(folder / "manifest.jsonl") for folder in taught)]
    data = data_hash([metrics["build"], *metrics["corrections"]], contents)
    line: dict = {
        "version": metrics["version"],
        "data": data,
        "same_data": data == metrics["data"] and published in (None, data),
        "code": {"then": metrics["code"], "now": code_version()},
    }
    if not line["same_data"]:
        return {"ok": False, **line}
    (again / RECIPE).write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in metrics["recipe"].items()))
    (one,) = taught
    train = settle.run(again, before, train_from.run(again, before, one, build, again / RECIPE), build)
    made = export_run(again, train, build, frozen, metrics["version"])[0] / MODEL
    apart = figures_apart(metrics, json.loads((made / "metrics.json").read_text(encoding="utf-8")))
    return {
        "ok": bool(apart) and max(apart.values()) <= MOST_APART,
        **line,
        "points_apart": {name: round(100 * value, 2) for name, value in apart.items()},
        "same_files": all(file_digest(model / name) == file_digest(made / name) for name in (WASM_FILE, WEBGPU_FILE)),
        "model": str(made),
    }


def run(root: Path, options: argparse.Namespace) -> int:
    """The command; the last line is JSON. Exit code 1: it is not the same."""
    if (options.model is None) == (options.version is None or options.api is None):
        raise ValueError("rebuild needs --model DIR, or --version V with --api ADDRESS")
    model, published = options.model, None
    if model is None:
        trusted = [*trusted_keys(), *options.trust]
        with registry.open_registry(options.api, read_key(options.key_file, "publish")) as client:
            model = fetch(root, client, trusted, options.version)
            published = verify(registry.envelope_of(client, options.version), trusted)["data"]["sha256"]
    line = rebuild(root, model, published, options.parent)
    if not line["same_data"]:
        print(f"rebuild: other data than {line['version']} was made from, so nothing was trained")
    print(json.dumps(line))
    return 0 if line["ok"] else 1
