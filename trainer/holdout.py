"""Step `holdout`: freezes the records and canaries that judge models, in a run folder that is named by its content."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import shutil
from pathlib import Path

from trainer.evaluate import read_all
from trainer.labels import REPO
from trainer.near import index_of
from trainer.records import Record, is_entity_record, read_jsonl, read_records, write_jsonl
from trainer.runs import file_digest, make_run, require_run

RECORDS, CANARIES = "records.jsonl", "canaries.jsonl"
DEFAULT_CANARIES = REPO / "trainer" / CANARIES


@dataclasses.dataclass(frozen=True)
class Holdout:
    """What a model is judged by; `content` is the hash of both files."""

    records: list[Record]
    canaries: list[Record]
    content: str


def taught_near(build: Path, texts: list[str]) -> set[int]:
    """Numbers of the texts that are nearly one that this build (or corrections) run teaches."""
    index = index_of(texts)
    taught = {example["text"] for example in read_jsonl(build / "examples.jsonl") if example["split"] == "train"}
    return {number for text in sorted(taught) for number in index.near(text)}


def run(root: Path, files: list[Path], part: str, build: Path, canaries: Path = DEFAULT_CANARIES) -> Path:
    """Makes the `holdout` run folder from the text records of `files` (with `part`, only of that split) with a known type.

    Records that are nearly what the base data of `build` teaches are left out: they would praise models that learn by heart.
    """
    require_run(build, "build")
    records, problems = read_all(files, part)
    if problems:
        raise ValueError(f"a hold-out has no bad lines: {problems[0]}")
    kept = [record for record in records if not is_entity_record(record) and record["threat_type"]]
    if not kept:
        raise ValueError("the hold-out would be empty: no text record with a threat type")
    near = taught_near(build, [record["text"] for record in kept])
    kept = [record for number, record in enumerate(kept) if number not in near]
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in kept)
    settings = {"records": hashlib.sha256(lines.encode()).hexdigest(), "canaries": file_digest(canaries)}

    def write(folder: Path) -> dict:
        write_jsonl(folder / RECORDS, kept)
        shutil.copyfile(canaries, folder / CANARIES)
        return {"records": len(kept), "left_out": len(near), "canaries": len(read_records(canaries)[0])}

    return make_run(root, "holdout", settings, write)


def read_holdout(folder: Path) -> Holdout:
    """The frozen hold-out. Raises ValueError when a file was changed or holds nothing: nothing is judged by that."""
    settings = require_run(folder, "holdout")["settings"]
    found = {"records": file_digest(folder / RECORDS), "canaries": file_digest(folder / CANARIES)}
    if found != settings:
        raise ValueError(f"{folder} was changed after it was frozen")
    return _parsed(folder, hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest())


@functools.lru_cache(maxsize=4)
def _parsed(folder: Path, content: str) -> Holdout:
    """Each line is checked against the contract, which takes longer than a small model's answer: once for the same content."""
    records, bad = read_records(folder / RECORDS)
    canaries, also_bad = read_records(folder / CANARIES)
    if bad or also_bad or not records or not canaries:
        raise ValueError(f"{folder} has bad lines, no records or no canaries")
    return Holdout(records, canaries, content)
