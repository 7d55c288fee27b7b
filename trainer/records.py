"""Reads labelled record files (.jsonl, .jsonl.gz): good lines are used, bad ones are reported by line number."""

from __future__ import annotations

import dataclasses
import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from trainer.contract import problem_with
from trainer.labels import BIO_INDEX
from trainer.offsets import spans_to_code_points

#: The parts of a record's life that a run folder keeps; all else in the source line is left behind.
Record = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Problem:
    """One line that could not be used."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


def is_entity_record(record: Record) -> bool:
    """True for a token record (`ner_*.jsonl`), false for a text record."""
    return "tokens" in record


def check_record(record: object) -> str | None:
    """What is wrong with one parsed line, or None. Spans must be the slices that they quote (UTF-16 offsets)."""
    if not isinstance(record, dict):
        return "not a JSON object"
    if not is_entity_record(record):
        problem = problem_with(record, "ThreatRecord")
        if problem is None and record.get("spans"):
            try:
                spans_to_code_points(record["text"], record["spans"])
            except ValueError as error:
                return str(error)
        if problem is None and not record["text"].strip():
            return "text: only white space"
        return problem
    problem = problem_with(record, "EntityRecord")
    if problem is not None:
        return problem
    if len(record["tokens"]) != len(record["tags_unified"]):
        return f"{len(record['tokens'])} tokens but {len(record['tags_unified'])} tags"
    unknown = [tag for tag in record["tags_unified"] if tag not in BIO_INDEX]
    if unknown:
        return f"unknown tag {unknown[0]!r}"
    outside = [tag for tag in record["tags_unified"] if tag != "O" and tag[2:] not in record["label_space"]]
    return f"tag {outside[0]!r} is outside of label_space" if outside else None


def read_lines(file: Path) -> list[bytes]:
    """The file's lines, unpacked when its name ends in .gz. Raises ValueError with a plain message for a broken archive."""
    try:
        data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{file} cannot be read: {error}") from error
    return data.split(b"\n")


def read_records(file: Path) -> tuple[list[Record], list[Problem]]:
    """All good records of one file and the problems of the rest. Blank lines are skipped; repeated ids are problems."""
    records: list[Record] = []
    problems: list[Problem] = []
    seen: set[str] = set()
    for number, raw in enumerate(read_lines(file), start=1):
        if not raw.strip():
            continue
        try:
            record = json.loads(raw)
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            problems.append(Problem(file.name, number, f"not JSON: {error}"))
            continue
        problem = check_record(record)
        if problem is None and record["id"] in seen:
            problem = f"id {record['id']!r} was used before"
        if problem is not None:
            problems.append(Problem(file.name, number, problem))
            continue
        seen.add(record["id"])
        records.append(record)
    return records, problems


def write_jsonl(file: Path, rows: list[Record]) -> None:
    """Writes one JSON object a line (UTF-8, stable key order as given)."""
    with file.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_jsonl(file: Path) -> list[Record]:
    """Rows of a file that a step of ours wrote; not validated again."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
