"""Step `build --pull`: snapshots of reviews become weighed, split examples, with a list of what waits for a lead and of questions."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import date
from pathlib import Path

from trainer import waiting
from trainer.adjudicate import HURRIED, TIED, Held, Row, adjudicate, one_a_ticket
from trainer.caps import weigh
from trainer.clean import read_texts
from trainer.judgements import Judgement, judgements_of
from trainer.labels import ENTITIES
from trainer.lead_lists import write_quarantine, write_questions
from trainer.model_files import write_json
from trainer.near import groups_of, index_of
from trainer.onnx_model import OnnxModel
from trainer.overview import people_first, write_overview
from trainer.own_word import suggested_anew
from trainer.passages import MOST_SPANS, passages_of, spans_by_hand
from trainer.pull import read_snapshot
from trainer.records import Record, read_jsonl, write_jsonl
from trainer.runs import MANIFEST, file_digest, make_run, require_run
from trainer.splits import family_of, joined, split_groups
from trainer.triggers import suspicious
from trainer.trust import believe

#: `source` of a reviewed ticket's example.
SOURCE = "reviews"
#: Changes when the run folder's files change their meaning.
FORMAT = 4
LEAKS = "nearly the same as a text that judges the model"
WORDLESS = "no words came with it"
EXCLUDED = "the reviewer is excluded"
#: One a minute, for longer than a working day.
MOST_A_DAY = 500


def tasks_of(judgements: list[Judgement]) -> list[int]:
    """What each judgement is about: the group of its first passage, which is what it teaches, among near-duplicates. None may be wordless."""
    return groups_of([passages_of(judgement.decision)[0]["text"] for judgement in judgements])


def examples_of(row: Row, weight: float, part: str, group: int) -> list[Record]:
    """The row's examples: its head with the tag, and comments only for the spans that a person set in them."""
    decision = row.learnt.decision
    by_hand = spans_by_hand(decision)
    spans_known = 0 < by_hand <= MOST_SPANS
    examples = []
    name = hashlib.sha256(row.ticket.encode()).hexdigest()[:16]
    for number, passage in enumerate(passages_of(decision)):
        if passage["comment"] and number > 0 and not (spans_known and passage["spans"]):
            continue
        tagged = number == 0
        examples.append(
            {
                "id": f"{SOURCE}-{name}" + (f"-{number}" if number else ""),
                "source": SOURCE,
                "split": part,
                "text": passage["text"],
                "threat_type": row.threat_type if tagged else None,
                "alt_types": [],
                "severity": row.severity if tagged else None,
                "severity_basis": "review" if tagged else None,
                "spans": passage["spans"] if spans_known else [],
                "label_space": ENTITIES if spans_known else None,
                "weight": weight,
                "group": group,
            }
        )
    return examples


def row_digest(example: Record) -> str:
    """SHA-256 of what an example teaches, without its weight and part."""
    kept = {key: value for key, value in example.items() if key not in ("weight", "split", "group")}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def run(
    root: Path, pulls: list[Path], beside: Path, apart: list[Path], exclude: list[str], model: OnnxModel | None = None
) -> Path:
    """Makes the `corrections` run folder from snapshots.

    `beside` is the base data's `build`: questions and words are compared with it. Rows that are nearly a text of its held-out parts or of
    the record files `apart` are held back. `exclude` names reviewers (`ID`, or `ORG/ID`) to leave out. `model` is the published one, whose
    own suggestions count; without it those count that clients claim.
    """
    require_run(beside, "build")
    settings = {
        "format": FORMAT,
        "pulls": sorted(require_run(folder, "pull")["facts"]["content"] for folder in pulls),
        "beside": file_digest(beside / MANIFEST),
        "apart": sorted(file_digest(file) for file in apart),
        "exclude": sorted(exclude),
        "model": file_digest(model.folder / "manifest.json") if model else None,
    }

    def write(folder: Path) -> dict:
        return _write(folder, pulls, beside, apart, set(exclude), model)

    return make_run(root, "corrections", settings, write)


def hurried(judgements: list[Judgement]) -> set[tuple[str, date]]:
    """People and days with more decisions than a person can have read."""
    counts = Counter((judgement.who, judgement.time.date()) for judgement in judgements)
    return {place for place, number in counts.items() if number > MOST_A_DAY}


def _write(
    folder: Path, pulls: list[Path], beside: Path, apart: list[Path], exclude: set[str], model: OnnxModel | None
) -> dict:
    everybody: list[Judgement] = []
    orgs: set[str] = set()
    for pull in pulls:
        snapshot, facts = read_snapshot(pull)
        if facts["org"] in orgs:
            raise ValueError(f"two snapshots of {facts['org']}: each is its whole history, so give the newest alone")
        orgs.add(facts["org"])
        everybody += judgements_of(snapshot.rows, facts["org"])
    unknown = exclude - {name for judgement in everybody for name in (judgement.reviewer, judgement.who)}
    if unknown:
        raise ValueError(
            f"nobody is called {', '.join(sorted(unknown))}: trust.jsonl of a corrections run has the names"
        )
    shut_out = [j for j in everybody if exclude & {j.reviewer, j.who}]
    too_many = hurried(everybody)
    present = [j for j in everybody if not exclude & {j.reviewer, j.who}]
    in_haste = [j for j in present if (j.who, j.time.date()) in too_many]
    calm = [j for j in present if (j.who, j.time.date()) not in too_many]
    # While only a selector pack finds a ticket's texts, its decisions have none. All alike, they would be one case.
    wordless = [j for j in calm if not passages_of(j.decision)]
    judgements = [j for j in calm if passages_of(j.decision)]
    if model:
        judgements = suggested_anew(judgements, model)
    base = read_jsonl(beside / "examples.jsonl")
    tasks = tasks_of(judgements)
    beliefs = believe(judgements, tasks)
    rows, held = adjudicate(judgements, tasks, beliefs)
    groups = joined(judgements, tasks)
    parts = split_groups(judgements, groups)
    places = {judgement.decision["id"]: index for index, judgement in enumerate(judgements)}

    judging = [e["text"] for e in base if e["split"] != "train"]
    judging += [record["text"] for file in apart for record in read_jsonl(file) if "text" in record]
    index = index_of(dict.fromkeys(judging))
    kept: list[Row] = []
    for row in rows:
        if any(index.near(passage["text"]) for passage in passages_of(row.learnt.decision)):
            held.append(Held(row.ticket, LEAKS, row.behind))
        else:
            kept.append(row)
    before = [(e["text"], e["threat_type"]) for e in base if e["split"] == "train" and e["threat_type"]]
    odd = suspicious(kept, [tasks[places[row.learnt.decision["id"]]] for row in kept], before, beliefs.voices)
    # A lead who rules has looked: nothing waits for a second ruling.
    tied = {index: word for index, word in odd.items() if not any(one.ruling for one in kept[index].behind)}
    held += [Held(kept[index].ticket, TIED, kept[index].behind, f"word: {word}") for index, word in tied.items()]
    kept = one_a_ticket([row for index, row in enumerate(kept) if index not in tied])
    at = [places[row.learnt.decision["id"]] for row in kept]
    weights = weigh(kept, [tasks[i] for i in at], [family_of(judgements[i]) for i in at], beliefs.voices)
    owners: list[Row] = []
    examples: list[Record] = []
    for row, weight, place in zip(kept, weights, at, strict=True):
        made = examples_of(row, weight, parts[groups[place]], groups[place])
        examples += made
        owners += [row] * len(made)
    for example, (sentences, _) in zip(examples, read_texts(e["text"] for e in examples), strict=True):
        example["sentences"] = sentences
    write_jsonl(folder / "examples.jsonl", examples)
    manifest = [
        {
            "sha256": row_digest(example),
            "weight": example["weight"],
            "split": example["split"],
            "ticket": row.ticket,
            "reviewers": sorted({judgement.who for judgement in row.behind}),
            "decisions": [judgement.decision["id"] for judgement in row.behind],
        }
        for example, row in zip(examples, owners, strict=True)
    ]
    write_jsonl(folder / "manifest.jsonl", manifest)
    held += [Held(judgement.ticket, WORDLESS, (judgement,)) for judgement in wordless]
    held += [Held(judgement.ticket, EXCLUDED, (judgement,)) for judgement in shut_out]
    held += [Held(judgement.ticket, HURRIED, (judgement,)) for judgement in in_haste]
    write_quarantine(folder / "quarantine.csv", held)
    write_json(folder / waiting.NAME, waiting.waiting_list(held, {row.ticket for row in kept}))
    people = people_first(held, everybody)
    write_overview(folder, held, people, beliefs)
    asked = write_questions(folder / "questions.csv", examples, owners, base)
    trust = [
        {"who": who, "trust": round(beliefs.trust.get(who, 0.0), 4), "decisions": number, "waiting": waiting}
        for who, number, waiting, _ in people
    ]
    write_jsonl(folder / "trust.jsonl", trust)
    counts = Counter(example["split"] for example in examples)
    weight_sum = round(sum(example["weight"] for example in examples if example["split"] == "train"), 2)
    print(
        f"build: {len(judgements)} judgements that count, {len(kept)} tickets to learn from {dict(counts)} with weight {weight_sum};"
        f" {len(held)} wait for a lead (quarantine.md says who and why), {asked} questions in questions.csv"
    )
    return {
        "inputs": {
            "pulls": [pull.name for pull in pulls],
            "beside": beside.name,
            "apart": [str(f) for f in apart],
            "model": str(model.folder) if model else None,
        },
        "data": file_digest(folder / "manifest.jsonl"),
        "examples": file_digest(folder / "examples.jsonl"),
        "judgements": len(judgements),
        "tickets": len(kept),
        "splits": dict(counts),
        "train_weight": weight_sum,
        "held": dict(Counter(item.reason for item in held)),
        "questions": asked,
    }


def exclude(root: Path, corrections: Path, reviewers: list[str]) -> Path:
    """The same rows without these reviewers, as a run folder of its own; prints what that changes."""
    manifest = require_run(corrections, "corrections")
    inputs = manifest["facts"]["inputs"]
    out = sorted({*manifest["settings"]["exclude"], *reviewers})
    pulls, apart = [root / name for name in inputs["pulls"]], [Path(file) for file in inputs["apart"]]
    model = OnnxModel(Path(inputs["model"])) if inputs.get("model") else None
    without = run(root, pulls, root / inputs["beside"], apart, out, model)
    print(json.dumps({"ok": True, "without": out, **compare(corrections, without)}))
    return without


def compare(before: Path, after: Path) -> dict[str, float]:
    """What leaving somebody out changes: rows that left, came or changed their tag, and the training weight on both sides."""
    one, other = ({row["ticket"]: row for row in read_jsonl(folder / "manifest.jsonl")} for folder in (before, after))
    both = one.keys() & other.keys()
    return {
        "rows_gone": len(one.keys() - other.keys()),
        "rows_new": len(other.keys() - one.keys()),
        "rows_changed": sum(one[ticket]["sha256"] != other[ticket]["sha256"] for ticket in both),
        "weight_before": require_run(before, "corrections")["facts"]["train_weight"],
        "weight_after": require_run(after, "corrections")["facts"]["train_weight"],
    }
