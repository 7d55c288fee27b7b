"""Step `evaluate`: scores a model directory through its shipped ONNX file on record files, beside the linear baseline."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from pathlib import Path

from trainer import baseline as linear
from trainer import build as build_step
from trainer import data as data_step
from trainer.onnx_model import OnnxModel
from trainer.predict import by_baseline, by_model, label_flips, text_of
from trainer.records import Problem, Record, is_entity_record, read_records
from trainer.report import Figures, figures_of, print_table


def read_all(files: list[Path], part: str) -> tuple[list[Record], list[Problem]]:
    """Records of all files (with `part`, only those of that split) and the problems of their lines."""
    records: list[Record] = []
    problems: list[Problem] = []
    for file in files:
        if not file.exists():
            raise FileNotFoundError(f"{file} does not exist")
        good, bad = read_records(file)
        if not good and not bad:
            bad = [Problem(file.name, 0, "the file holds no records")]
        records += [record for record in good if part == "all" or record.get("split") == part]
        problems += bad
    return records, problems


def typed_records(files: list[Path]) -> list[Record]:
    """The text records with a threat type. Raises ValueError for a bad line, so that two figures are of the same records, and for none."""
    records, problems = read_all(files, "all")
    if problems:
        raise ValueError(f"bad record: {problems[0]}")
    typed = [record for record in records if not is_entity_record(record) and record["threat_type"]]
    if not typed:
        raise ValueError("the files have no record with a threat type")
    return typed


def find_baseline(root: Path) -> tuple[linear.Baseline, str]:
    """The baseline and a sentence on what it was fitted on; fits it on first use."""
    public = data_step.find_public_data()
    with contextlib.redirect_stdout(sys.stderr):
        frozen = data_step.run(root)
        built = build_step.run(root, frozen)
        fitted = linear.load_or_fit(root, built)
    if public is None:
        return fitted, "fitted on our own tickets alone: set SECTAG_DATA to fit it on the public text too"
    return fitted, f"fitted on {fitted.examples} training examples, public text and our tickets"


def run(options: argparse.Namespace) -> int:
    """The command. Returns the exit code: 1 with --strict when a line was bad, 2 when nothing could be scored."""
    table = io.StringIO() if options.json else sys.stdout
    model = OnnxModel(options.model)
    records, problems = read_all(options.data, options.part)
    for problem in problems:
        print(problem, file=sys.stderr)
    line: dict[str, object] = {
        "ok": True,
        "model": str(options.model),
        "data": [file.name for file in options.data],
        "part": options.part,
        "records": len(records),
        "problems": len(problems),
    }
    if not records:
        names = ", ".join(str(file) for file in options.data)
        print(f"error: no usable record in {names} ({len(problems)} bad lines)", file=sys.stderr)
        print(json.dumps({**line, "ok": False, "error": "no usable record"}))
        return 2
    predictions = {"model": by_model(model, records, quiet=options.json)}
    if not options.no_baseline:
        try:
            fitted, note = find_baseline(options.runs)
        except FileNotFoundError as error:
            note = f"not available: {error}"
        else:
            predictions["baseline"] = by_baseline(fitted, records)
        line["baseline"] = note
        print(f"baseline: {note}", file=table)
    figures: Figures = {name: figures_of(records, prediction) for name, prediction in predictions.items()}
    if options.fp32 is not None:
        texts = [text_of(record) for record in records]
        flips = label_flips(*(list(m.answers(texts)) for m in (model, OnnxModel(options.model, options.fp32))))
        figures["model"].update({f"flips to fp32: {name}": share for name, share in flips.items() if name != "records"})
    tokens = sum(is_entity_record(record) for record in records)
    print(
        f"{options.model}: {len(records) - tokens} texts, {tokens} token records, {len(problems)} bad lines", file=table
    )
    print_table(figures, table)
    line["figures"] = {who: {name: round(value, 4) for name, value in rows.items()} for who, rows in figures.items()}
    line["ok"] = not (options.strict and problems)
    print(json.dumps(line))
    return 0 if line["ok"] else 1
