"""Step `gate`: may this model replace that one? Every rule must hold; whatever cannot be judged is a no."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from trainer.answers import kept_answers
from trainer.contract import require
from trainer.golden import golden_faults, golden_texts
from trainer.holdout import Holdout, read_holdout, taught_near
from trainer.labels import LABELS_VERSION
from trainer.onnx_model import WASM_FILE, WEBGPU_FILE, OnnxModel
from trainer.rules import Rule, canaries, compare, flips, rule, scored
from trainer.runs import MANIFEST, file_digest, make_run

#: Bytes of the weights together, and of all files against the current model's.
MOST_BYTES, MOST_GROWTH = 70_000_000, 1.25
#: Time for a long text against the current model's; rounds of a batch, and how often a slow one is measured again.
MOST_SLOWER, ROUNDS, BATCHES = 1.5, 5, 6
QUERIES = "gate-queries.jsonl"
FULL = "model.onnx"
#: Changes when a rule changes.
FORMAT = 3


def identity(model: Path) -> str:
    """The hash that names a model directory: of its manifest, which names every file's."""
    return file_digest(model / "manifest.json")


def whole(model: Path) -> Rule:
    """The directory is exactly what its manifest says."""
    manifest = json.loads((model / "manifest.json").read_text(encoding="utf-8"))
    require(manifest, "ModelManifest", "manifest.json")
    named = {file["path"]: file["sha256"] for file in manifest["files"]}
    there = {path.relative_to(model).as_posix(): path for path in model.rglob("*") if path.is_file()}
    there.pop("manifest.json")
    wrong = named.keys() ^ there.keys()
    wrong |= {name for name, path in there.items() if hashlib.sha256(path.read_bytes()).hexdigest() != named.get(name)}
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    fresh = {manifest["labelsVersion"], config["sectag"]["labelsVersion"]} == {LABELS_VERSION}
    words = (
        f"{model.name} as in its manifest"
        if not wrong
        else f"files not as in the manifest: {', '.join(sorted(wrong)[:3])}"
    )
    return rule(
        "files",
        not wrong and fresh,
        float(len(wrong)),
        words if fresh else f"{model.name} has labels of another version",
    )


def untaught(root: Path, model: Path, holdout: Holdout) -> Rule:
    """The model names the runs that it learnt from, and none of these holds anything near the hold-out."""
    metrics = json.loads((model / "metrics.json").read_text(encoding="utf-8"))
    named = [metrics["build"], *metrics.get("corrections", [])]
    texts = [record["text"] for record in [*holdout.records, *holdout.canaries]]
    leaks = 0
    for name in named:
        folder = root / name
        if Path(name).name != name or not (folder / MANIFEST).exists():
            return rule("data", False, 1.0, f"the training data {name} is not at hand")
        settings = {"examples": file_digest(folder / "examples.jsonl"), "holdout": holdout.content}

        def write(_: Path, folder: Path = folder) -> dict:
            return {"near": len(taught_near(folder, texts))}

        # Kept as a run of its own: the base data is large, and is the same at every gate.
        apart = make_run(root, "apart", settings, write)
        leaks += json.loads((apart / MANIFEST).read_text(encoding="utf-8"))["facts"]["near"]
    return rule("data", leaks == 0, float(leaks), f"{leaks} hold-out texts in the training data")


def golden(model: OnnxModel) -> Rule:
    faults = golden_faults(model)
    return rule(
        "golden", not faults, float(len(faults)), f"golden faults {len(faults)}" + "".join(f"; {f}" for f in faults[:2])
    )


def latency(current: OnnxModel, candidate: OnnxModel) -> Rule:
    """The fastest of interleaved rounds of each: what else the machine does only ever adds, so a slow answer is asked for again."""
    text = next(text for name, text in golden_texts() if name == "many windows")
    fastest = [float("inf"), float("inf")]
    for number in range(BATCHES * ROUNDS):
        for which, model in enumerate((current, candidate)):
            began = time.perf_counter()
            model.answer(text)
            fastest[which] = min(fastest[which], time.perf_counter() - began)
        if (number + 1) % ROUNDS == 0 and fastest[1] <= MOST_SLOWER * fastest[0]:
            break
    ratio = fastest[1] / fastest[0]
    return rule("latency", ratio <= MOST_SLOWER, ratio, f"{ratio:.2f} x the time")


def size(current: Path, candidate: Path) -> Rule:
    weights = [
        sum((model / name).stat().st_size for name in (WASM_FILE, WEBGPU_FILE)) for model in (current, candidate)
    ]
    ok = 0 < weights[1] <= min(MOST_BYTES, MOST_GROWTH * weights[0])
    return rule("size", ok, float(weights[1]), f"{weights[1] / 1e6:.1f} MB")


def full_precision(root: Path, model: Path) -> Path:
    """The network of a model directory as an fp32 file, in a run folder."""
    from trainer.quantize import write_fp32
    from trainer.recover import recover

    def write(folder: Path) -> dict:
        write_fp32(recover(model)[0], folder / FULL)
        return {}

    return make_run(root, "full", {"model": identity(model)}, write) / FULL


def judge(root: Path, current: Path, candidate: Path, fp32: Path, holdout: Path) -> list[Rule]:
    """All rules, in order; a rule that cannot be computed is broken, and after a broken file nothing more is asked."""
    found: list[Rule] = []

    def ask(name: str, question: Callable[[], list[Rule]]) -> bool:
        try:
            found.extend(question())
        except Exception as error:  # fails closed, whatever it is
            found.append(Rule(name, False, -1.0, f"{name} cannot be judged: {type(error).__name__}: {error}"[:300]))
        return all(item.ok for item in found)

    frames: list[Holdout] = []
    models: list[OnnxModel] = []

    def load() -> list[Rule]:
        frames.append(read_holdout(holdout))
        models.extend([OnnxModel(current), OnnxModel(candidate)])
        return [whole(current), whole(candidate)]

    if not ask("files", load):
        return found
    (frame,), (old, new) = frames, models

    def answers() -> list[Rule]:
        if file_digest(fp32) in {file_digest(path) for path in candidate.rglob("*") if path.is_file()}:
            raise ValueError(f"{fp32} is a file of the candidate, not what its files were made from")
        files = ((current, full_precision(root, current)), (candidate, fp32))
        pairs = [(model, file) for model, full in files for file in (model / WASM_FILE, full)]
        said = [scored(kept_answers(root, *pair, frame.records), frame.records) for pair in pairs]
        return [*compare(frame.records, said[0], said[2]), flips(*said)]

    ask("data", lambda: [untaught(root, candidate, frame)])
    ask("answers", answers)
    ask("canaries", lambda: [canaries(new, frame.canaries)])
    ask("golden", lambda: [golden(new)])
    ask("latency", lambda: [latency(old, new)])
    ask("size", lambda: [size(current, candidate)])
    return found


def count_query(root: Path, holdout: str, candidate: str) -> int:
    """Notes one more look at this hold-out and says the how-manieth: many looks wear a hold-out out."""
    root.mkdir(parents=True, exist_ok=True)
    when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    with (root / QUERIES).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"holdout": holdout, "candidate": candidate, "time": when}) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    lines = (root / QUERIES).read_text(encoding="utf-8").splitlines()
    return sum(json.loads(line)["holdout"] == holdout for line in lines)


def run(root: Path, current: Path, candidate: Path, fp32: Path, holdout: Path) -> dict:
    """Makes the `gate` run folder with verdict.json and returns the verdict; `pass` is true only when every rule holds."""
    names = {
        "format": FORMAT,
        "current": identity(current),
        "candidate": identity(candidate),
        "fp32": file_digest(fp32),
        "holdout": file_digest(holdout / MANIFEST),
    }

    def write(folder: Path) -> dict:
        looks = count_query(root, str(names["holdout"]), str(names["candidate"]))
        rules = judge(root, current, candidate, fp32, holdout)
        broken = [item for item in rules if not item.ok]
        passed = bool(rules) and not broken
        shown = rules if passed else broken
        sentence = f"{candidate.name} {'passes' if passed else 'is stopped'}: {'; '.join(r.says for r in shown)}."
        verdict = {
            "pass": passed,
            "sentence": sentence,
            "candidate": names["candidate"],
            "current": names["current"],
            "holdout": names["holdout"],
            "look": looks,
            "rules": [{"name": r.name, "ok": r.ok, "value": round(r.value, 6), "says": r.says} for r in rules],
        }
        (folder / "verdict.json").write_text(json.dumps(verdict, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        return {"pass": passed, "look": looks}

    folder = make_run(root, "gate", names, write)
    verdict: dict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    if not verdict["pass"]:
        print(f"gate: this answer is kept; delete {folder} to ask again, e.g. when the machine was busy")
    return verdict
