"""Step `pull`: the API's export (or a file of it) becomes an immutable snapshot that is named by its content."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from trainer.download import HistoryChanged, fetch_export, fetch_org
from trainer.export_lines import Line, parse_lines, ticket_id
from trainer.records import read_jsonl, write_jsonl
from trainer.runs import MANIFEST, file_digest, make_run, require_run

ROWS, ERASED, REJECTED = "decisions.jsonl", "erased.jsonl", "rejected.jsonl"
#: Changes when a snapshot's files change their meaning.
FORMAT = 1


@dataclasses.dataclass
class Snapshot:
    """Decisions in the server's order, ids of erased tickets, and what was set aside (line, seq, id and reason, no words)."""

    rows: list[Line]
    erased: list[str]
    rejected: list[dict]


def read_key(file: Path | None, scope: str = "export") -> str:
    """The API key, from a file or from SECTAG_KEY: never an argument, which any process of the machine can read."""
    if file is not None:
        if not file.exists():
            raise FileNotFoundError(f"{file} does not exist: put a key with the scope `{scope}` there")
        key = file.read_text(encoding="utf-8").strip()
    else:
        key = os.environ.get("SECTAG_KEY", "").strip()
    if not key:
        raise ValueError(f"No key: set SECTAG_KEY to a key with the scope `{scope}`, or name its file with --key-file")
    return key


def merge(before: Snapshot | None, file: Path) -> Snapshot:
    """The snapshot that `file`'s lines make of the one before. Erased tickets lose all their rows, early and late ones."""
    rows = list(before.rows) if before else []
    erased = set(before.erased) if before else set()
    rejected = list(before.rejected) if before else []
    known = {row["decision"]["id"] for row in rows}
    highest = rows[-1]["seq"] if rows else 0
    for number, line, fault in parse_lines(file):
        if fault is None and isinstance(line, dict):
            if line["kind"] == "end":
                continue
            if line["kind"] == "erased":
                erased.add(line["ticketId"])
                continue
            if line["decision"]["id"] in known:
                fault = "decision/id: it was there before"
            elif line["seq"] <= highest:
                fault = "seq: it does not rise"
            else:
                known.add(line["decision"]["id"])
                highest = line["seq"]
                rows.append(line)
                continue
        rejected.append({"line": number, **_name_of(line), "reason": fault})
    kept = [row for row in rows if ticket_id(row["decision"]["ticket"]) not in erased]
    return Snapshot(kept, sorted(erased), rejected)


def _name_of(line: object) -> dict:
    """What a person can find a refused line by, where it has it in its right shape: its number in the history and its id."""
    if not isinstance(line, dict):
        return {"seq": None, "id": None}
    decision = line.get("decision")
    seq, identifier = line.get("seq"), decision.get("id") if isinstance(decision, dict) else None
    named = isinstance(identifier, str) and len(identifier) == 36
    return {"seq": seq if isinstance(seq, int) else None, "id": identifier if named else None}


def read_snapshot(folder: Path) -> tuple[Snapshot, dict]:
    """A finished snapshot and its facts. Raises ValueError when a file is not what its manifest says."""
    manifest = require_run(folder, "pull")
    for name, digest in manifest["facts"]["files"].items():
        if file_digest(folder / name) != digest:
            raise ValueError(f"{folder / name} was changed after the snapshot was made: pull it anew")
    rejected, erased = read_jsonl(folder / REJECTED), [row["ticketId"] for row in read_jsonl(folder / ERASED)]
    return Snapshot(read_jsonl(folder / ROWS), erased, rejected), manifest["facts"]


def _freeze(root: Path, snapshot: Snapshot, *, org: str, cursor: str | None, since: str | None, scratch: Path) -> Path:
    write_jsonl(scratch / ROWS, snapshot.rows)
    write_jsonl(scratch / ERASED, [{"ticketId": identifier} for identifier in snapshot.erased])
    write_jsonl(scratch / REJECTED, snapshot.rejected)
    files = {name: file_digest(scratch / name) for name in (ROWS, ERASED, REJECTED)}
    content = hashlib.sha256(json.dumps([FORMAT, org, files]).encode()).hexdigest()

    def write(folder: Path) -> dict:
        for name in files:
            shutil.copyfile(scratch / name, folder / name)
        return {
            "content": content,
            "files": files,
            "org": org,
            "next": cursor,
            "since": since,
            "decisions": len(snapshot.rows),
            "last": snapshot.rows[-1]["seq"] if snapshot.rows else 0,
            "erased": len(snapshot.erased),
            "rejected": len(snapshot.rejected),
        }

    settings = {"format": FORMAT, "org": org, "content": content}
    folder = make_run(root, "pull", settings, write, name=f"pull-{content[:12]}")
    print(
        f"pull: {len(snapshot.rows)} decisions, {len(snapshot.erased)} erased tickets, {len(snapshot.rejected)} set aside"
        f" (reasons in {REJECTED})"
    )
    return folder


def run(root: Path, options: argparse.Namespace) -> Path:
    """The command: from `--api`, or `--from-file`; with `--since` only what came after that snapshot."""
    if (options.api is None) == (options.from_file is None):
        raise ValueError("pull needs --api ADDRESS or --from-file FILE")
    before, facts = read_snapshot(options.since) if options.since else (None, None)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix="pull-", suffix=".partial") as folder:
        scratch = Path(folder)
        received, cursor = scratch / "received.ndjson", None
        if options.from_file is not None:
            if not options.from_file.exists():
                raise FileNotFoundError(f"{options.from_file} does not exist")
            received, org = options.from_file, options.org or (facts["org"] if facts else "file")
        else:
            key = read_key(options.key_file)
            org = options.org or fetch_org(options.api, key)
        if facts and facts["org"] != org:
            raise ValueError(f"{options.since} is a snapshot of {facts['org']}, but this is {org}")
        if options.api is not None:
            try:
                cursor = fetch_export(options.api, key, facts["next"] if facts else None, received)
            except HistoryChanged as problem:
                print(f"pull: {problem}; reading the whole history")
                before, facts = None, None
                cursor = fetch_export(options.api, key, None, received)
        since = file_digest(options.since / MANIFEST) if facts else None
        return _freeze(root, merge(before, received), org=org, cursor=cursor, since=since, scratch=scratch)
