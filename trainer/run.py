"""Step `run`: from the team's reviews to a judged and, when asked, published model. Killed anywhere, the same command goes on."""

from __future__ import annotations

import argparse
import datetime
import fcntl
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from trainer import build as base_build
from trainer import corrections, data, gate, holdout, overview, pull, release, settle, train_from, waiting
from trainer.answers import kept_answers
from trainer.corpus import corpus_files
from trainer.labels import THREAT_INDEX
from trainer.live import Live, version_order
from trainer.model import load_model
from trainer.onnx_model import WASM_FILE, OnnxModel
from trainer.publish import was_sent
from trainer.pull import read_snapshot
from trainer.records import read_jsonl
from trainer.recover import CHECKPOINT_FILE, write_checkpoint
from trainer.report import figures_of
from trainer.run_state import (
    STATE,
    STEPS,
    State,
    next_version,
    parse_weekly,
    read_state,
    stable_model,
    week_came,
    write_state,
)
from trainer.runs import MANIFEST, file_digest, make_run, require_run

MODEL = "model"
#: Publishes a model directory that passed; returns what to tell the person.
Publish = Callable[[Path, Path, dict], str]
#: What is live where it publishes; None when nothing is.
Look = Callable[[Path], Live | None]


def say(step: str, text: str) -> None:
    """One line that a person understands; the steps' own lines stand between these."""
    print(f"[{STEPS.index(step) + 1}/{len(STEPS)}] {step}: {text}", flush=True)


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """One `run` a root; the lock ends with the process, however it ends."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "service.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ValueError(f"another `run` works in {root}") from error
        yield


def _pull(root: Path, options: argparse.Namespace, state: State) -> Path:
    # A saved export is the whole history; from the API only what is new is fetched.
    since = root / state.since if state.since and options.api else None
    asked = argparse.Namespace(
        api=options.api, key_file=options.key_file, from_file=options.from_file, since=since, org=options.org
    )
    return pull.run(root, asked)


def _frozen(root: Path, base: Path) -> Path:
    """The hold-out of our own tickets. Looking for it in the base data takes a minute, so the answer is kept."""
    settings = {
        "build": file_digest(base / MANIFEST),
        "tickets": [file_digest(file) for file in corpus_files()],
        "canaries": file_digest(holdout.DEFAULT_CANARIES),
    }

    def write(_: Path) -> dict:
        return {"holdout": holdout.run(root, corpus_files(), "test", base).name}

    return root / require_run(make_run(root, "judging", settings, write), "judging")["facts"]["holdout"]


def _prepare(root: Path, options: argparse.Namespace, snapshot: Path, current: Path) -> tuple[Path, Path, Path]:
    """Base data, hold-out and corrections, as run folders."""
    base = options.build or base_build.run(root, data.run(root))
    frozen = options.holdout or _frozen(root, base)
    judging = [frozen / holdout.RECORDS, frozen / holdout.CANARIES]
    return base, frozen, corrections.run(root, [snapshot], base, judging, options.exclude, OnnxModel(current))


def export_run(root: Path, train: Path, base: Path, frozen: Path, version: str) -> tuple[Path, Path]:
    """The `export` run folder (model directory, checkpoint) and the fp32 file that it was made from."""
    records = holdout.read_holdout(frozen).records

    def judging(model: Path) -> dict:
        said = kept_answers(root, model, model / WASM_FILE, records)
        return {"hold-out": {"model": figures_of(records, said)}}

    settings = {
        "format": release.FORMAT,
        "train": file_digest(train / MANIFEST),
        "holdout": file_digest(frozen / MANIFEST),
        "version": version,
    }

    def write(folder: Path) -> dict:
        made = release.export_release(
            root, train, base, folder / MODEL, version, judging=judging, judged_by=frozen.name
        )
        write_checkpoint(folder / CHECKPOINT_FILE, load_model(train)[0], folder / MODEL)
        figures = json.loads((folder / MODEL / "metrics.json").read_text(encoding="utf-8"))["figures"]
        return {"version": version, "calibrated": made.name, "figures": figures["hold-out"]["model"]}

    folder = make_run(root, "export", settings, write)
    return folder, root / require_run(folder, "export")["facts"]["calibrated"] / release.FP32_FILE


def newest_reviews(root: Path, taught: Path, current: Path, made: Path) -> dict[str, int]:
    """How many of the newest reviewed tickets, which were not taught, each model answers as the team did. No rule: they are few."""
    rows = read_jsonl(taught / "examples.jsonl")
    records = [row for row in rows if row["split"] == "test" and row["threat_type"] is not None]
    gold = [THREAT_INDEX[record["threat_type"]] for record in records]
    before, after = (
        sum(int(said == right) for said, right in zip(answered.threat.argmax(1), gold, strict=True)) if records else 0
        for answered in (kept_answers(root, model, model / WASM_FILE, records) for model in (current, made))
    )
    say(
        "gate",
        f"of the newest {len(records)} reviewed tickets, which it was not taught, it answers {after} as the team did; the current one {before}",
    )
    return {"tickets": len(records), "before": before, "after": after}


def current_model(root: Path, state: State, named: Path | None) -> Path:
    """The model that the next one grows from and is compared with."""
    return named or (root / state.current / MODEL if state.current else stable_model())


def once(
    root: Path,
    options: argparse.Namespace,
    now: datetime.datetime,
    due: Callable[[State, int], bool],
    publish: Publish | None = None,
    file: Path | None = None,
    look: Look | None = None,
) -> dict:
    """One round: pulls, and when `due(state, new decisions)` makes, judges and publishes a model. Returns the JSON line.

    With `options.until` it stops after that step; the next round goes on there, since each step's run folder is kept.
    """
    file = file or root / STATE
    state = read_state(file)
    live = look(root) if look else None
    current = current_model(root, state, options.current or (live.model if live else None))
    if state.pending and not (root / state.pending).exists():
        say("pull", f"{state.pending}, which a stopped run had begun, was deleted: starting anew")
        state.pending = state.version = None
    if state.pending and live and live.version == state.version and was_sent(root, live.version):
        # Killed after it was out: a second training would grow from its own result.
        say("publish", f"{live.version} is out already, a stopped run has published it")
        pulled = require_run(root / state.pending, "pull")["facts"]
        line = {"ok": True, "made": live.version, "model": str(live.model), "gate": True, "published": True}
        return _finish(file, state, now, pulled, line)
    if state.pending is None:
        snapshot = _pull(root, options, state)
        new = _new_since(snapshot, state.learnt)
        state.since = snapshot.name
        write_state(file, state)
        if not due(state, new):
            say("pull", f"{new} new decisions, nothing to do yet")
            return {"ok": True, "new": new, "made": None}
        newest = live.newest if live else _version(root, state) if state.current else current.name
        state.pending, state.version = snapshot.name, next_version(newest, now)
    else:
        snapshot = root / state.pending
        say("pull", f"going on with {state.pending}, which a stopped run has begun")
        taken = live and version_order(live.newest) >= version_order(str(state.version))
        if live and taken and not was_sent(root, str(state.version)):
            # By another machine, meanwhile.
            state.version = next_version(live.newest, now)
    write_state(file, state)
    if options.until == "pull":
        return {"ok": True, "made": None, "until": "pull"}
    version = str(state.version)
    pulled = require_run(snapshot, "pull")["facts"]
    decisions = pulled["decisions"]
    say("build", f"{decisions} decisions become examples for version {version}")
    base, frozen, taught = _prepare(root, options, snapshot, current)
    facts = require_run(taught, "corrections")["facts"]
    if facts["held"]:
        held = "; ".join(f"{number} because {why}" for why, number in facts["held"].items())
        say("build", f"for a lead to look at: {held}. Who, and what to do: {taught / overview.NAME}")
    if options.api:
        say("build", waiting.send(taught, options.api, options.key_file))
    if not facts["train_weight"]:
        say("build", "nothing to learn")
        return _finish(file, state, now, pulled, {"ok": True, "new": decisions, "made": None})
    if options.until == "build":
        return {"ok": True, "made": None, "until": "build"}
    say("train", f"going on from {current}; a small run takes some minutes")
    learnt = train_from.run(root, current, taught, base, options.recipe)
    train = settle.run(root, current, learnt, base)
    if options.until == "train":
        return {"ok": True, "made": None, "until": "train"}
    say("export", "writing the files for browsers and their figures")
    exported, full = export_run(root, train, base, frozen, version)
    figures = require_run(exported, "export")["facts"]["figures"]
    say("export", f"macro-F1 {figures['threat macro-F1 (all)']:.3f} on the hold-out")
    if options.until == "export":
        return {"ok": True, "made": version, "until": "export"}
    say("gate", f"comparing with {current}")
    verdict = gate.run(root, current, exported / MODEL, full, frozen)
    say("gate", verdict["sentence"])
    line = {
        "ok": verdict["pass"],
        "made": version,
        "model": str(exported / MODEL),
        "gate": verdict["pass"],
        "published": False,
        "newest": newest_reviews(root, taught, current, exported / MODEL),
    }
    if verdict["pass"] and options.until == "gate":
        return {**line, "until": "gate"}
    if not verdict["pass"]:
        say("publish", "left out: the gate said no, and the current model stays")
    elif publish is None:
        say("publish", f"not asked for; {exported / MODEL} is ready")
    else:
        say("publish", publish(root, exported / MODEL, verdict))
        state.current, line["published"] = exported.name, True
    return _finish(file, state, now, pulled, line)


def _version(root: Path, state: State) -> str:
    return str(require_run(root / str(state.current), "export")["facts"]["version"])


def _new_since(snapshot: Path, learnt: int) -> int:
    """Decisions that came after the event `learnt`; all of them when the history is another one, which has not come so far."""
    rows = read_snapshot(snapshot)[0].rows
    history_is_new = bool(rows) and rows[-1]["seq"] < learnt
    return sum(history_is_new or row["seq"] > learnt for row in rows)


def _finish(file: Path, state: State, now: datetime.datetime, pulled: dict, line: dict) -> dict:
    state.pending = state.version = None
    state.learnt, state.finished = pulled.get("last", pulled["decisions"]), now.isoformat(timespec="seconds")
    write_state(file, state)
    return line


def watch(
    root: Path,
    options: argparse.Namespace,
    publish: Publish | None = None,
    look: Look | None = None,
    *,
    clock: Callable[[], datetime.datetime] = lambda: datetime.datetime.now().astimezone(),
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """The service: looks every `--every` minutes; runs when `--threshold` decisions are new, or at the weekly hour when any is."""
    weekly = parse_weekly(options.weekly)
    while True:
        now = clock()

        def due(state: State, new: int, now: datetime.datetime = now) -> bool:
            return new >= options.threshold or (new > 0 and week_came(state.finished, weekly, now))

        try:
            print(json.dumps(once(root, options, now, due, publish, look=look)), flush=True)
        except (OSError, ValueError) as error:
            # The next round tries again: a server that is down for an hour must not end the service.
            print(f"run: {error}; trying again in {options.every} minutes", flush=True)
        sleep(60 * options.every)


def run(root: Path, options: argparse.Namespace, publish: Publish | None = None, look: Look | None = None) -> int:
    """The command. Exit code 1: the gate stopped the model."""
    with alone(root):
        if options.watch:
            watch(root, options, publish, look)
        now = datetime.datetime.now().astimezone()
        line = once(root, options, now, lambda _, new: new > 0, publish, look=look)
    print(json.dumps(line))
    return 0 if line["ok"] else 1
