"""Step `compare`: F1 of each threat type of two models on the same records."""

from __future__ import annotations

import json
from pathlib import Path

from trainer.evaluate import typed_records
from trainer.prove_learning import f1_by_type, said_by


def run(root: Path, before: Path, after: Path, files: list[Path]) -> int:
    """Prints one line of JSON: type -> {before, after}, F1 in points through the shipped files."""
    records = typed_records(files)
    old, new = (f1_by_type(records, said_by(root, model, records)) for model in (before, after))
    types = {name: {"before": round(value, 2), "after": round(new[name], 2)} for name, value in old.items()}
    print(json.dumps({"ok": True, "records": len(records), "types": types}))
    return 0
