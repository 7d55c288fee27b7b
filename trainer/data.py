"""Step `data`: finds the public sources and our own tickets, checks every line, and freezes them in a run folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from trainer.corpus import CORPUS, SECOND_LABELS, corpus_files
from trainer.labels import REPO
from trainer.records import Problem, read_records, write_jsonl
from trainer.runs import file_digest, make_run

#: Public training files and the part of the training that each feeds.
TRAIN_FILES = {
    "threat_train.jsonl.gz": "threat",
    "ner_cyner_train.jsonl.gz": "entity",
    "ner_annoctr_train.jsonl.gz": "entity",
}

#: (source, licence, public address @ commit read): where anybody gets the same text.
PUBLIC_SOURCES = [
    ("vcdb", "CC-BY-SA-4.0", "github.com/blackfist/VCDB @ 759c777 (VERIS Community Database, github.com/vz-risk/VCDB)"),
    ("sigma", "DRL-1.1", "github.com/SigmaHQ/sigma @ 8eaafff"),
    ("splunk", "Apache-2.0", "github.com/splunk/security_content @ b13b314"),
    ("mozilla", "MPL-2.0", "github.com/mozilla/foundation-security-advisories @ 3b3c634"),
    ("pypa", "CC-BY-4.0", "github.com/pypa/advisory-database @ 3ccb612"),
    ("rustsec", "CC0-1.0, some records CC-BY-4.0", "github.com/rustsec/advisory-db @ bf5c0d2"),
    ("bitnami", "Apache-2.0", "github.com/bitnami/vulndb @ 0054d6e"),
    ("farsec", "EPL-1.0", "github.com/fayola21/farsec @ 52cc953 (Peters, Tun, Yu, Nuseibeh)"),
    ("gitbugs", "CC-BY-4.0", "github.com/av9ash/gitbugs @ eadf2d6 (A. Patil)"),
    (
        "endava",
        "CC0-1.0",
        "github.com/Lunalykaya/IT-Service-Ticket-Classification @ 8603bdc (Endava, K. Zak and others)",
    ),
    ("cyner", "MIT", "github.com/aiforsec/CyNER @ 37aff53 (Alam et al. 2022)"),
    (
        "annoctr",
        "CC-BY-SA-4.0",
        "github.com/boschresearch/anno-ctr-lrec-coling-2024 @ d510b69 (Lange et al. 2024, Robert Bosch GmbH)",
    ),
]


def find_public_data() -> Path | None:
    """The folder that SECTAG_DATA names, or ../shared/data beside the repository; None when neither has the files."""
    named = os.environ.get("SECTAG_DATA")
    folders = [Path(named)] if named else [REPO.parent / "shared" / "data"]
    for folder in folders:
        if (folder / "threat_train.jsonl.gz").exists():
            return folder
    if named:
        raise FileNotFoundError(f"SECTAG_DATA names {named}, but there is no threat_train.jsonl.gz in it")
    return None


def explain_sources() -> str:
    """What to fetch when the public text is not at hand."""
    lines = [f"  {name:8} {licence:32} {address}" for name, licence, address in PUBLIC_SOURCES]
    return (
        "No public text at hand: training on our own tickets alone (trainer/corpus).\n"
        "To train on the public sources too, get these repositories at these commits, turn them into threat_train.jsonl.gz\n"
        "and ner_*_train.jsonl.gz (a record a line: ThreatRecord, EntityRecord in shared/contract.ts), and set SECTAG_DATA to their folder:\n"
        + "\n".join(lines)
    )


def run(root: Path, corpus: Path = CORPUS, *, strict: bool = False) -> Path:
    """Makes the `data` run folder: threat.jsonl, entity.jsonl, corpus.jsonl. Bad lines are printed and left out.

    Raises SystemExit(1) with `strict` when any line was bad.
    """
    public = find_public_data()
    if public is None:
        print(explain_sources())
    inputs = [(public / name, part) for name, part in TRAIN_FILES.items()] if public else []
    inputs += [(file, "corpus") for file in corpus_files(corpus)]
    if not inputs:
        raise FileNotFoundError(
            f"No record files: neither public data nor tickets in {corpus} (besides {SECOND_LABELS})"
        )
    settings = {"files": {file.name: file_digest(file) for file, _ in inputs}}
    problems: list[Problem] = []

    def write(folder: Path) -> dict:
        rows: dict[str, list[dict]] = {"threat": [], "entity": [], "corpus": []}
        for file, part in inputs:
            good, bad = read_records(file)
            rows[part] += good
            problems.extend(bad)
            print(f"  {file.name}: {len(good)} records, {len(bad)} problems")
        for part, records in rows.items():
            write_jsonl(folder / f"{part}.jsonl", records)
        return {
            "records": {part: len(records) for part, records in rows.items()},
            "problems": [str(item) for item in problems],
        }

    folder = make_run(root, "data", settings, write)
    for problem in problems:
        print(problem, file=sys.stderr)
    if strict and problems:
        raise SystemExit(1)
    return folder
