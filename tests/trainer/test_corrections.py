"""Reviews as examples: near-duplicates, split without leaks, texts and spans, the lead's lists, leaving a reviewer out."""

from __future__ import annotations

import argparse
import collections
import csv
import json
import random
from pathlib import Path

import pytest

from tests.trainer.conftest import make_example
from tests.trainer.reviews import Desk, unlike
from trainer import corrections, pull
from trainer.__main__ import main
from trainer.adjudicate import HASTY, TIED
from trainer.judgements import judgements_of
from trainer.labels import ENTITIES
from trainer.near import groups_of
from trainer.passages import passages_of
from trainer.questions import doubtful
from trainer.records import read_jsonl, write_jsonl
from trainer.runs import make_run
from trainer.splits import joined, split_groups

WORDS = "gate otter lamp river stone paper cloud wheel honey bridge candle forest mirror pocket garden saddle thunder velvet".split()


def test_near_duplicates_are_found_and_different_tickets_are_not() -> None:
    same = "Got a mail from IT support asking {} to confirm the mailbox of user {} at the link until 12:{}"
    texts = [same.format("me", 3, 40), same.format("her", 99, 10), unlike(1), unlike(2), "", "?!", unlike(1)]
    groups = groups_of(texts)
    assert groups[0] == groups[1] and groups[2] == groups[6] and len(set(groups)) == 4


def test_no_family_template_or_ticket_lies_in_two_parts_and_the_newest_judge() -> None:
    desk, chance = Desk(), random.Random(5)
    for number in range(120):
        family = f"{number % 30:016x}" if number % 2 else None
        text = unlike(number % 40) if number % 3 else unlike(number)
        desk.decide(f"T-{chance.randrange(90)}", text, reviewer=f"r{number % 4}", family=family, day=number / 4)
    judgements = judgements_of(desk.lines, "o")
    near = groups_of(["\n".join(b["text"] for b in j.decision["blocks"]) for j in judgements])
    groups = joined(judgements, near)
    parts = split_groups(judgements, groups)
    by_key: dict[object, set[str]] = collections.defaultdict(set)
    for judgement, group, alike in zip(judgements, groups, near, strict=True):
        family = judgement.decision["ticket"]["family"]
        for key in (judgement.ticket, ("near", alike), family if family != "0" * 16 else ("none", judgement.seq)):
            by_key[key].add(parts[group])
    assert all(len(found) == 1 for found in by_key.values())
    begins = {part: [] for part in ("train", "test")}
    for group in set(groups):
        begins[parts[group]].append(min(j.time for j, g in zip(judgements, groups, strict=True) if g == group))
    assert begins["test"] and begins["train"] and min(begins["test"]) >= max(begins["train"])


def test_passages_are_the_models_and_spans_keep_their_words() -> None:
    desk = Desk()
    line = desk.decide("A", "😱 e\u0301 run mimikatz\r\nnow", quote=("mimikatz", "Tool"))
    decision = line["decision"]
    decision["blocks"].insert(0, {"role": "comment", "text": "\U0001f512 seen emotet"})
    span = decision["final"]["spans"][0]
    span["block"] = 2
    comment = {"block": 0, "start": 8, "end": 14, "label": "Malware", "quote": "emotet", "source": "human"}
    rule = {"block": 2, "start": 0, "end": 2, "label": "sha256", "quote": "😱", "source": "rule"}
    decision["final"]["spans"] += [comment, rule]
    head, second = passages_of(decision)
    assert head["text"] == "Ticket\n😱 e\u0301 run mimikatz\r\nnow" and second["comment"]
    assert [(s["label"], head["text"][s["start"] : s["end"]]) for s in head["spans"]] == [("Tool", "mimikatz")]
    assert [second["text"][s["start"] : s["end"]] for s in second["spans"]] == ["emotet"]


def test_questions_ask_about_planted_errors_only_of_reviews() -> None:
    chance = random.Random(2)
    topics = {"malware": WORDS[:6], "phishing": WORDS[6:12], "benign": WORDS[12:]}
    texts, labels = [], []
    for number in range(150):
        label = list(topics)[number % 3]
        texts.append(" ".join(chance.choices(topics[label], k=15)))
        labels.append(label)
    for wrong in (0, 3, 100):
        labels[wrong] = "phishing" if labels[wrong] != "phishing" else "benign"
    found = doubtful(texts, labels, list(range(150)), [number < 90 for number in range(150)])
    assert {number for number, _ in found} == {0, 3} and dict(found)[0] == "malware"
    assert doubtful(texts[:8], labels[:8], list(range(8)), [True] * 8) == []


def _runs(root: Path, desk: Desk) -> tuple[Path, Path]:
    def write(folder: Path) -> dict:
        examples = [make_example(n, "sectag") for n in range(6)]
        examples[0]["split"] = "test"
        examples[0]["text"] = unlike(777)
        write_jsonl(folder / "examples.jsonl", examples)
        return {}

    (root / "x.ndjson").write_bytes(desk.ndjson())
    options = argparse.Namespace(api=None, from_file=root / "x.ndjson", since=None, key_file=None, org="o")
    return pull.run(root, options), make_run(root, "build", {}, write)


def _table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_step_writes_examples_manifest_and_lists_and_leaves_a_reviewer_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk()
    for number in range(20):
        desk.decide(f"T-{number}", unlike(number), reviewer=f"r{number % 4}", quote=(unlike(number).split()[3], "Tool"))
    desk.decide("=cmd()", unlike(50), dwell=10)
    desk.decide("LEAK", unlike(777))
    desk.decide("APART", unlike(888))
    write_jsonl(tmp_path / "holdout.jsonl", [{"text": "Ticket\n" + unlike(888)}])
    snapshot, base = _runs(tmp_path, desk)
    command = ["--runs", str(tmp_path), "build", "--pull", str(snapshot), "--beside", str(base)]
    assert main([*command, "--apart-from", str(tmp_path / "holdout.jsonl")]) == 0
    (folder,) = tmp_path.glob("corrections-*")
    examples, manifest = read_jsonl(folder / "examples.jsonl"), read_jsonl(folder / "manifest.jsonl")
    assert len(examples) == len(manifest) == 20 and {e["split"] for e in examples} == {"train", "test"}
    for example, row in zip(examples, manifest, strict=True):
        assert row["sha256"] == corrections.row_digest(example) and row["weight"] == example["weight"] > 0.7
        assert example["label_space"] == ENTITIES and len(example["spans"]) == 1 and example["sentences"]
    held = _table(folder / "quarantine.csv")
    assert {row["ticket"]: row["why"] for row in held} == {
        "'=cmd()": HASTY,
        "LEAK": corrections.LEAKS,
        "APART": corrections.LEAKS,
    }
    assert _table(folder / "questions.csv") == []
    assert main([*command, "--apart-from", str(tmp_path / "holdout.jsonl")]) == 0
    assert "nothing to do" in capsys.readouterr().out

    assert main(["--runs", str(tmp_path), "exclude", "--corrections", str(folder), "--reviewer", "r2"]) == 0
    line = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert (
        line["ok"] and line["rows_gone"] == 5 and line["rows_new"] == 0 and line["weight_after"] < line["weight_before"]
    )
    (without,) = set(tmp_path.glob("corrections-*")) - {folder}
    assert not [row for row in read_jsonl(without / "manifest.jsonl") if "o/r2" in row["reviewers"]]
    assert sum(row["why"] == corrections.EXCLUDED for row in _table(without / "quarantine.csv")) == 5


def test_wordless_decisions_join_no_tickets_and_wait(tmp_path: Path) -> None:
    desk = Desk()
    for key, tag in (("A", ("phishing", "high")), ("B", ("malware", "high"))):
        desk.decide(key, unlike(ord(key)), tag=tag)
        desk.decide(key, unlike(ord(key)), reviewer="r2", tag=tag)
        for block in desk.lines[-1]["decision"]["blocks"]:
            block["text"] = ""
    snapshot, base = _runs(tmp_path, desk)
    folder = corrections.run(tmp_path, [snapshot], base, [], [])
    rows = read_jsonl(folder / "examples.jsonl")
    assert sorted(row["threat_type"] for row in rows) == ["malware", "phishing"]
    assert [row["why"] for row in _table(folder / "quarantine.csv")] == [corrections.WORDLESS] * 2


def test_what_would_teach_the_wrong_thing_without_a_word_is_refused(tmp_path: Path) -> None:
    desk = Desk()
    desk.decide("A", unlike(1))
    older, base = _runs(tmp_path, desk)
    with pytest.raises(ValueError, match="nobody is called r9"):
        corrections.run(tmp_path, [older], base, [], ["r1", "r9"])
    desk.decide("B", unlike(2))
    newer, _ = _runs(tmp_path, desk)
    with pytest.raises(ValueError, match="give the newest alone"):
        corrections.run(tmp_path, [older, newer], base, [], [])


def test_a_ruling_is_learnt_although_few_people_use_the_words(tmp_path: Path) -> None:
    desk = Desk()
    for number in range(60):
        desk.decide(f"T-{number}", unlike(number), reviewer=f"r{number % 6}", tag=("phishing", "high"))
    for number in range(12):
        desk.decide(f"X-{number}", f"zebrafish lanterns {unlike(900 + number)}", reviewer="r1", tag=("malware", "high"))
    desk.decide("X-3", f"zebrafish lanterns {unlike(903)}", reviewer="lea", role="lead", tag=("malware", "high"))
    snapshot, base = _runs(tmp_path, desk)
    folder = corrections.run(tmp_path, [snapshot], base, [], [])
    held = {row["ticket"] for row in _table(folder / "quarantine.csv") if row["why"] == TIED}
    assert held == {f"X-{number}" for number in range(12)} - {"X-3"}


def test_a_text_sent_under_a_colleagues_ticket_waits_alone(tmp_path: Path) -> None:
    desk = Desk()
    for number in range(60):
        desk.decide(f"T-{number}", unlike(number), reviewer=f"r{number % 6}", tag=("phishing", "high"))
    # Newer than the colleague's word, and no flip: only the scan sees it.
    for number in range(12):
        text = f"zebrafish lanterns {unlike(900 + number)}"
        desk.decide(f"T-{number}", text, reviewer="liar", tag=("malware", "high"))
    snapshot, base = _runs(tmp_path, desk)
    folder = corrections.run(tmp_path, [snapshot], base, [], [])
    learnt = {row["ticket"]: row["reviewers"] for row in read_jsonl(folder / "manifest.jsonl")}
    assert len(learnt) == 60 and not any("o/liar" in people for people in learnt.values())
    waits = [row["ticket"] for row in _table(folder / "quarantine.csv") if row["why"] == TIED]
    assert sorted(waits) == sorted(f"T-{number}" for number in range(12))
    shown = json.loads((folder / "waiting.json").read_text())
    assert {row["reason"] for row in shown["tickets"]} == {"tied"} and len(shown["tickets"]) == 12


def test_two_orgs_share_no_ticket_and_no_person(tmp_path: Path) -> None:
    desk = Desk()
    line = desk.decide("A", unlike(1))
    both = judgements_of([line], "one") + judgements_of([line], "two")
    assert len({judgement.ticket for judgement in both}) == len({judgement.who for judgement in both}) == 2
