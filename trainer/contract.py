"""Validates outside data with shared/contract.schema.json, which is generated from shared/contract.ts."""

from __future__ import annotations

import functools
import json
from typing import Any

from trainer.labels import SHARED

SCHEMA_FILE = SHARED / "contract.schema.json"


@functools.cache
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator

    if not SCHEMA_FILE.exists():
        raise FileNotFoundError(f"{SCHEMA_FILE} is missing: make it with `npm run gen`")
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    if name not in schema["$defs"]:
        raise KeyError(f"{SCHEMA_FILE.name} has no definition {name}: make it anew with `npm run gen`")
    return Draft202012Validator({"$defs": schema["$defs"], "$ref": f"#/$defs/{name}"})


def problem_with(value: object, name: str) -> str | None:
    """What is wrong with `value` as a `name` of the contract (`ThreatRecord`, ...), in one line; None when it is valid."""
    error = next(_validator(name).iter_errors(value), None)
    if error is None:
        return None
    where = "/".join(str(part) for part in error.absolute_path)
    message = error.message if len(error.message) <= 160 else error.message[-160:]
    return f"{where}: {message}" if where else message


def fault_in(value: object, name: str) -> str | None:
    """Like `problem_with`, but only where it is wrong and which rule it breaks: nothing of the value, which may be a ticket's words.

    Of several shapes (`ExportLine`) the one with the value's `kind` is meant.
    """
    errors = list(_validator(name).iter_errors(value))
    while errors and errors[0].context:
        # Of the branches, the one that fails deepest is the one that was meant: the others fail at once, at `kind` or `type`.
        branches: dict[Any, list[Any]] = {}
        for error in errors[0].context:
            branches.setdefault(error.schema_path[0], []).append(error)
        errors = min(branches.values(), key=lambda found: ("const" in {e.validator for e in found}, -_depth(found)))
    if not errors:
        return None
    where = "/".join(str(part) for part in errors[0].absolute_path)
    return f"{where or 'line'}: {errors[0].validator}"


def _depth(errors: list[Any]) -> int:
    return max(len(error.absolute_path) for error in errors)


def require(value: object, name: str, what: str) -> None:
    """Raises ValueError that names `what` when `value` is not a `name` of the contract."""
    problem = problem_with(value, name)
    if problem is not None:
        raise ValueError(f"{what} is not a {name}: {problem}")
