"""The short form of the poisoning proof: the real build, heads on the published model's frozen features, short texts."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import pytest

from trainer import prove_poisoning
from trainer.attack_list import CRITICAL, Attack
from trainer.attacks import crew, invented, send
from trainer.build import corpus_example
from trainer.corpus import load_corpus, part_of
from trainer.poison_bench import make_bench
from trainer.poison_judge import Measured
from trainer.poison_scene import Scene, halves, make_team
from trainer.records import write_jsonl
from trainer.run_state import stable_model
from trainer.runs import make_run
from trainer.train_from import DEFAULT_PLAN, load_plan

#: Letters of a text: twenty words are enough for the heads.
SHORT = 110


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Our own test tickets, half of them on the desk of a team of 20; two of it send tickets that they made up."""
    root = tmp_path_factory.mktemp("poisoning")
    tickets = [{**ticket, "text": ticket["text"][:SHORT], "spans": []} for ticket in load_corpus()[0]]
    parts = part_of(tickets)
    seen, unseen = halves([ticket for ticket in tickets if parts[ticket["id"]] == "test"])
    known = [corpus_example(ticket, parts[ticket["id"]]) for ticket in tickets if parts[ticket["id"]] != "test"]
    # Half of the target tickets that the model knows measure too: the attackers have the other half.
    pool, spare = halves([example for example in known if example["threat_type"] == CRITICAL])
    base = pool + [e for e in known if e["threat_type"] != CRITICAL and e["split"] == "train"][::3]
    base += [e for e in known if e["threat_type"] != CRITICAL and e["split"] == "calibration"][::6]
    base = [{**example, "sentences": [[0, len(example["text"])]]} for example in base]

    def write(folder: Path) -> dict:
        write_jsonl(folder / "examples.jsonl", base)
        return {}

    plan = dataclasses.replace(load_plan(DEFAULT_PLAN), near=0, tickets=40)
    bench, chance = make_bench(stable_model(), base, plan), random.Random(1)
    targets = [ticket for ticket in [*unseen, *spare] if ticket["threat_type"] == CRITICAL]
    canaries = [t for t in unseen[:20] if bench.ask(t["text"]).threat.max() > 0.97]
    measured = Measured(unseen[:40], unseen[:40], canaries, {CRITICAL: targets})
    team = make_team(bench, base, seen, 10, chance)
    own = invented(team.pools[CRITICAL], 80, CRITICAL, chance, "OWN")
    attack = Attack("2 collude", team.said + send(own, crew(2), None), CRITICAL, promised=True)
    return Scene(bench, team, measured, make_run(root, "build", {}, write), [attack])


def test_colluders_gain_at_most_half_of_what_they_would_gain_without_defences(tmp_path: Path, scene: Scene) -> None:
    figures = prove_poisoning.prove(tmp_path, scene, trainings=2)
    (found,) = figures["attacks"]
    assert (found["people"], found["rows"]) == (2, 160) and found["detected"], found
    # What passes (the model was not sure of it) weighs as little as one person's words may.
    assert found["weight"] <= 8, found
    assert found["off_success"] > prove_poisoning.MOST_SUCCESS, found
    assert found["success"] <= found["off_success"] / 2, found
    assert figures["idle"] == []
    # The lessons come in another order in each training, and the figure is their mean.
    assert len(set(found["clean_each"])) == 2 and found["clean"] == pytest.approx(
        sum(found["clean_each"]) / 2, abs=0.011
    )
    with pytest.raises(ValueError, match="'nobody'"):
        prove_poisoning.prove(tmp_path, scene, "nobody")
