"""Judges the lines of an export one by one: shape, rules between fields, quotes. Reasons never hold the ticket's words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.contract import fault_in
from trainer.offsets import spans_to_code_points

Line = dict[str, Any]
#: Bytes of one line; the API refuses decisions of a tenth of this, so a longer one is no export.
MAX_LINE = 2_000_000


def ticket_id(ticket: dict) -> str:
    """The API's name of a ticket: SHA-256 of `system + "\\n" + key`."""
    return hashlib.sha256(f"{ticket['system']}\n{ticket['key']}".encode()).hexdigest()


def decision_fault(decision: dict) -> str | None:
    """The rules between a decision's fields that JSON Schema cannot say; the same as `decisionFault` in shared/decisions.ts."""
    verdict, final, suggestion = decision["verdict"], decision["final"], decision["suggestion"]
    if final is not None and (final["threatType"] is None) != (final["severity"] is None):
        return "final: threatType and severity are both given, or both null"
    if verdict == "undo":
        return None if decision["supersedes"] else "supersedes: an undo names the decision that it takes back"
    if final is None:
        return f"final: only an undo may leave it null, not {verdict}"
    tag, suggested = ((part["threatType"], part["severity"]) for part in (final, suggestion))
    if verdict == "accept" and (tag[0] is None or tag != suggested):
        return "final: an accepted tag is the suggested one"
    if verdict == "correct" and tag[0] is None:
        return "final: a correction says what is right"
    if verdict == "reject" and tag[0] is not None:
        return "final: a rejection says no tag"
    return None


def quote_fault(decision: dict) -> str | None:
    """The first span that is not inside its block or does not quote it, or None. Offsets are UTF-16."""
    for index, span in enumerate((decision["final"] or {"spans": []})["spans"]):
        if span["block"] >= len(decision["blocks"]):
            return f"final/spans/{index}: there is no block {span['block']}"
        try:
            spans_to_code_points(decision["blocks"][span["block"]]["text"], [span])
        except ValueError as error:
            return f"final/spans/{index}: {error}"
    return None


def line_fault(line: object) -> str | None:
    """What is wrong with one parsed line of an export, or None."""
    fault = fault_in(line, "ExportLine")
    if fault is None and isinstance(line, dict) and line["kind"] == "decision":
        return decision_fault(line["decision"]) or quote_fault(line["decision"])
    return fault


def parse_lines(file: Path) -> Iterator[tuple[int, object, str | None]]:
    """(number, parsed line or None, what is wrong or None) of each line of a file. Lines end with \\n alone: JSON may hold U+2028."""
    with file.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            if not raw.strip():
                continue
            if len(raw) > MAX_LINE:
                yield number, None, f"longer than {MAX_LINE} bytes"
                continue
            try:
                # NaN and Infinity are no JSON, though Python would take them.
                line = json.loads(raw, parse_constant=_refuse)
            except (UnicodeDecodeError, json.JSONDecodeError, RecursionError, ValueError):
                yield number, None, "not JSON"
                continue
            yield number, line, line_fault(line)


def _refuse(name: str) -> object:
    raise ValueError(name)
