"""`prove-learning`: a kind of ticket that the model gets wrong is corrected, learnt and gated, and nothing else is lost; in Python alone."""

from __future__ import annotations

import argparse
import datetime
import json
import time
from pathlib import Path

import numpy as np

from trainer import run as service
from trainer import scenario
from trainer.data import find_public_data
from trainer.evaluate import typed_records
from trainer.gate import identity
from trainer.labels import THREAT_INDEX, THREAT_TYPES
from trainer.onnx_model import OnnxModel
from trainer.records import Record, read_jsonl
from trainer.runs import digest, file_digest, make_run
from trainer.train_from import DEFAULT_PLAN

#: What the proof promises, in points of F1.
LEAST_GAIN, MOST_LOST = 10.0, 1.0
ANSWERS = "answers.npy"


def said_by(root: Path, model: Path, records: list[Record]) -> np.ndarray:
    """The threat types [n] that the shipped file says; kept in a run folder, since the current model answers the same every time."""
    settings = {"model": identity(model), "records": digest([record["text"] for record in records])}

    def write(folder: Path) -> dict:
        said = OnnxModel(model).answers(record["text"] for record in records)
        np.save(folder / ANSWERS, np.array([THREAT_INDEX[answer.threat_type] for answer in said]))
        return {"records": len(records)}

    answers: np.ndarray = np.load(make_run(root, "answers", settings, write) / ANSWERS)
    return answers


def f1_by_type(records: list[Record], said: np.ndarray) -> dict[str, float]:
    """F1 in points of each type that the records have."""
    gold = np.array([THREAT_INDEX[record["threat_type"]] for record in records])
    figures = {}
    for index in sorted(set(gold.tolist())):
        hits, total = ((gold == index) & (said == index)).sum(), (gold == index).sum() + (said == index).sum()
        figures[THREAT_TYPES[index]] = 100 * 2 * float(hits) / float(total)
    return figures


def _table(title: str, before: dict[str, float], after: dict[str, float]) -> None:
    print(f"\n{title:22}{'before':>8}{'after':>8}{'change':>8}")
    for name, value in before.items():
        print(f"{name:22}{value:8.1f}{after[name]:8.1f}{after[name] - value:+8.1f}")


def make_scene(root: Path, model: Path) -> Path:
    """The scenario against this model, in a run folder."""
    settings = {"model": identity(model), "words": file_digest(scenario.WORDS), "corrections": scenario.CORRECTIONS}

    def write(folder: Path) -> dict:
        scenario.run(model, folder)
        return {}

    return make_run(root, "scenario", settings, write)


def run(root: Path, model: Path, dev: list[Path] | None, build: Path | None = None, frozen: Path | None = None) -> int:
    """The command; the last line is JSON with the figures. Exit code 1 when a promise is not kept."""
    public = find_public_data()
    files = dev if dev is not None else [public / "threat_dev.jsonl.gz"] if public else []
    scene = make_scene(root, model)
    options = argparse.Namespace(
        api=None, key_file=None, from_file=scene / scenario.EXPORT, org="scenario", current=model, build=build, holdout=frozen, exclude=[], recipe=DEFAULT_PLAN, until="publish",
    )  # fmt: skip
    state = root / "prove-learning.json"
    state.unlink(missing_ok=True)
    now = datetime.datetime.now().astimezone()
    began, cpu = time.monotonic(), time.process_time()
    line = service.once(root, options, now, lambda *_: True, file=state)
    minutes, cpu_minutes = (time.monotonic() - began) / 60, (time.process_time() - cpu) / 60
    after = Path(line["model"])
    siblings = read_jsonl(scene / scenario.SIBLINGS)
    kind = scenario.words()["taught"]["type"]
    before_sib, after_sib = (f1_by_type(siblings, said_by(root, folder, siblings)) for folder in (model, after))
    _table("siblings", before_sib, after_sib)
    gain = after_sib[kind] - before_sib[kind]
    lost: dict[str, float] = {}
    records = typed_records(files) if files else []
    if records:
        before_dev, after_dev = (f1_by_type(records, said_by(root, folder, records)) for folder in (model, after))
        _table("dev", before_dev, after_dev)
        lost = {name: round(after_dev[name] - value, 2) for name, value in before_dev.items() if name != kind}
    worst = min(lost, key=lambda name: lost[name], default=None)
    figures = {
        "ok": bool(line["gate"] and gain >= LEAST_GAIN and all(change >= -MOST_LOST for change in lost.values())),
        "kind": kind,
        "siblings": len(siblings),
        "f1_before": round(before_sib[kind], 1),
        "f1_after": round(after_sib[kind], 1),
        "gain": round(gain, 1),
        "dev_records": len(records),
        "dev_worst_other": {worst: lost[worst]} if worst else None,
        "dev_changes": lost,
        "gate": line["gate"],
        "model": line["model"],
        "minutes": round(minutes, 1),
        "cpu_minutes": round(cpu_minutes, 1),
    }
    print(json.dumps(figures))
    return 0 if figures["ok"] else 1
