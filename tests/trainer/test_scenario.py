"""The learning scenario: decisions that the contract accepts, by several people, and siblings that share nothing with them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from trainer import scenario
from trainer.adjudicate import SURE
from trainer.export_lines import line_fault
from trainer.near import index_of
from trainer.onnx_model import OnnxModel
from trainer.records import read_jsonl


def test_decisions_are_what_the_contract_accepts_and_siblings_share_nothing(tmp_path: Path, tiny_folder: Path) -> None:
    tickets, rows = scenario.make(OnnxModel(tiny_folder), 40, 10)
    assert [line_fault(line) for line in scenario.export_lines(rows)] == [None] * 51
    kind = scenario.words()["taught"]["type"]
    taught = [row for row in rows if row["decision"]["ticket"]["key"].startswith("SIM-")]
    assert len(taught) == 40 and len({row["reviewer"] for row in rows}) == len(scenario.REVIEWERS)
    for row in taught:
        decision = row["decision"]
        assert decision["verdict"] == "correct" and decision["final"]["threatType"] == kind
        assert decision["suggestion"]["threatType"] != kind
    people: dict[str, set[str]] = {}
    for row in taught:
        people.setdefault(row["decision"]["ticket"]["key"], set()).add(row["reviewer"])
    twice = {row["decision"]["ticket"]["key"] for row in taught if row["decision"]["suggestion"]["confidence"] >= SURE}
    assert all(len(people[key]) == 2 for key in twice) and max(map(len, people.values())) == 2

    parts = {part: [t for t in tickets if t["part"] == part] for part in ("taught", "beside", "sibling")}
    index = index_of([scenario.head(ticket) for ticket in parts["taught"] + parts["beside"]])
    assert not [t["key"] for t in parts["sibling"] if index.near(scenario.head(t))]
    assert not {t["title"] for t in parts["sibling"]} & {t["title"] for t in parts["taught"] + parts["beside"]}
    types = Counter(t["threatType"] for t in parts["sibling"])
    assert types[kind] >= 25 and sum(types.values()) - types[kind] >= 20
    assert scenario.make(OnnxModel(tiny_folder), 40, 10) == (tickets, rows)


def test_every_sentence_is_filled_and_the_files_are_there(tmp_path: Path, tiny_folder: Path) -> None:
    out = scenario.run(tiny_folder, tmp_path / "scene")
    tickets = read_jsonl(out / scenario.TICKETS)
    assert not [t["key"] for t in tickets if "{" in t["description"] or "{" in t["title"]]
    siblings = read_jsonl(out / scenario.SIBLINGS)
    assert [row["id"] for row in siblings] == [t["key"] for t in tickets if t["part"] == "sibling"]
    assert len(read_jsonl(out / scenario.EXPORT)) == len(read_jsonl(out / scenario.DECISIONS)) + 1
