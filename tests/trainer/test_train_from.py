"""Going on from a published model: it learns what people say, keeps what it knew, and a killed run ends with the same weights."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.trainer.conftest import make_example
from trainer import lessons, recover, train_from, upper
from trainer.cores import one_thread_each
from trainer.labels import BIO_INDEX, REPO, SEVERITY_INDEX, THREAT_INDEX
from trainer.lessons import Continuation, make_lessons
from trainer.model import SecTagModel, load_model
from trainer.records import write_jsonl
from trainer.release import DECODING
from trainer.runs import make_run
from trainer.tiny import tiny_model, tiny_tokenizer
from trainer.windows import with_specials


@pytest.fixture
def plan() -> Continuation:
    return Continuation(
        name="test", seed=3, layers=1, type_rate=3e-3, epochs=3, batch_size=4, encoder_rate=3e-3, head_rate=3e-3, warm_up=0.1,
        weight_decay=0.0, label_smoothing=0.05, severity_weight=0.5, entity_weight=0.5, gain=2.0, tickets=6, per_type=4,
        near=0, token_texts=2, rehearsed_tokens=64,
    )  # fmt: skip


def _taught(count: int = 6) -> list[dict]:
    rows = []
    for number in range(count):
        text = f"Line {number} is dead, the carrier gave the number to another card in a shop"
        row = make_example(number, "reviews", "credential_attack")
        rows.append({**row, "text": text, "alt_types": [], "weight": 1.0, "sentences": [[0, len(text)]]})
    return rows


def _base() -> list[dict]:
    return [make_example(n, "sectag") for n in range(8)] + [make_example(n, "vcdb", "malware") for n in range(8)]


def _answers(model: SecTagModel, text: str) -> np.ndarray:
    ids = torch.tensor([with_specials(tiny_tokenizer(), tiny_tokenizer().encode(text, add_special_tokens=False).ids)])
    with torch.inference_mode():
        return model.eval()(ids, torch.ones_like(ids), torch.zeros_like(ids))[0].softmax(1)[0].numpy()


def test_lower_and_upper_half_are_the_whole_network() -> None:
    tokenizer = tiny_tokenizer()
    model = tiny_model(tokenizer.get_vocab_size())
    texts = ["who opened the mail?", "the disk of the server is full again and nobody can log in"]
    for layers in (0, 1, 2):
        rows = [with_specials(tokenizer, tokenizer.encode(t, add_special_tokens=False).ids) for t in texts]
        with torch.no_grad():
            low = [lessons.lower(model, ids, layers) for ids in rows]
            states = torch.nn.utils.rnn.pad_sequence(low, batch_first=True)
            mask = torch.tensor([[float(n < len(ids)) for n in range(states.shape[1])] for ids in rows])
            halves = model.upper(states, mask, layers)
            for number, ids in enumerate(rows):
                whole = model(
                    torch.tensor([ids]),
                    torch.ones(1, len(ids), dtype=torch.long),
                    torch.zeros(1, len(ids), dtype=torch.long),
                )
                assert torch.allclose(halves[0][number], whole[0][0], atol=1e-4)
                assert torch.allclose(halves[2][number, : len(ids)], whole[2][0], atol=1e-4)


def test_targets_are_what_people_say_and_else_the_models_own_answers(plan: Continuation) -> None:
    tokenizer = tiny_tokenizer()
    model = tiny_model(tokenizer.get_vocab_size())
    marked = make_example(1, "sectag", "phishing")
    marked = {**marked, "source": "reviews", "weight": 0.5}
    spanless = {**_taught(1)[0]}
    spanless["label_space"] = None
    rehearsed = lessons.rehearsal(_base(), plan)
    assert len(rehearsed) == plan.tickets + plan.per_type
    first, second, *rest = make_lessons(model, tokenizer, [marked, spanless], rehearsed, plan)
    assert first.threat.argmax() == THREAT_INDEX["phishing"] and first.weight == plan.gain * 0.5
    assert first.severity.argmax() == SEVERITY_INDEX["high"] and first.severity.sum() == pytest.approx(1.0)
    assert BIO_INDEX["B-AttackPattern"] in first.entity.argmax(1)
    assert torch.allclose(rest[0].threat, torch.from_numpy(_answers(model, rehearsed[0]["text"])), atol=1e-4)
    assert {lesson.weight for lesson in rest} == {1.0}
    assert torch.allclose(second.entity.float().sum(1), torch.ones(len(second.states)), atol=1e-2)


def test_lessons_of_a_text_at_a_time_are_those_of_all_together(
    plan: Continuation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    tokenizer, threads = tiny_tokenizer(), torch.get_num_threads()
    model = tiny_model(tokenizer.get_vocab_size())
    rehearsed = lessons.rehearsal(_base(), plan)
    with one_thread_each():
        assert torch.get_num_threads() == 1
        spread = train_from.prepare(model, tokenizer, _taught(), rehearsed, plan)
    assert torch.get_num_threads() == threads
    for one, other in zip(spread, make_lessons(model, tokenizer, _taught(), rehearsed, plan), strict=True):
        assert torch.equal(one.states, other.states) and torch.equal(one.threat, other.threat)
        assert torch.equal(one.entity, other.entity) and one.weight == other.weight


def test_what_is_next_to_a_lesson_is_rehearsed_whatever_its_type(plan: Continuation) -> None:
    texts = [
        "printer jams",
        "new card for my number",
        "the carrier moved my number to a card",
        "badge reader beeps",
        "number moved",
    ]
    base = [
        {**make_example(n, "vcdb", "benign"), "id": f"b{n}", "split": "train", "text": t} for n, t in enumerate(texts)
    ]
    other = {**base[2], "id": "held", "split": "valid"}
    near = dataclasses.replace(plan, tickets=0, per_type=0, token_texts=0, near=2)
    assert [e["id"] for e in lessons.rehearsal([*base, other], near, _taught())] == ["b2", "b1"]
    assert lessons.rehearsal([*base, other], near) == []
    # What is rehearsed for its type is not rehearsed twice.
    both = dataclasses.replace(near, per_type=5)
    assert sorted(e["id"] for e in lessons.rehearsal(base, both, _taught())) == [f"b{n}" for n in range(5)]


def test_a_plan_fits_the_model(plan: Continuation) -> None:
    tokenizer = tiny_tokenizer()
    model = tiny_model(tokenizer.get_vocab_size())
    for layers in (-1, 3):
        with pytest.raises(ValueError, match="the model has 2"):
            make_lessons(model, tokenizer, _taught(1), [], dataclasses.replace(plan, layers=layers))
    # None of the layers is not all of them.
    heads = {id(p) for module in (model.threat.out, model.severity.out, model.entity) for p in module.parameters()}
    assert {id(p) for p in upper.Upper(model, 0).parameters()} == heads


def test_what_is_only_rehearsed_pulls_at_nothing(plan: Continuation) -> None:
    """Cross entropy with its own answers has no gradient: without corrections there is no drift."""
    tokenizer = tiny_tokenizer()
    model = tiny_model(tokenizer.get_vocab_size())
    own = make_lessons(model, tokenizer, [], lessons.rehearsal(_base(), plan), plan)
    taught = make_lessons(model, tokenizer, _taught(), [], plan)
    sizes = []
    for rows in (own, taught):
        top = upper.Upper(model.eval(), plan.layers).eval()
        top.zero_grad()
        batch = lessons.collate(rows)
        upper.loss_of(top(batch["states"], batch["mask"]), batch, plan).backward()  # type: ignore[no-untyped-call]
        sizes.append(max(float(p.grad.abs().max()) for p in top.parameters() if p.grad is not None))
    assert sizes[0] < 0.02 * sizes[1]


def test_where_no_layer_learns_only_types_move_that_people_turned_answers_to(
    tmp_path: Path, plan: Continuation
) -> None:
    tokenizer = tiny_tokenizer()
    model, before = (tiny_model(tokenizer.get_vocab_size()) for _ in range(2))
    plan = dataclasses.replace(plan, layers=0, epochs=20, type_rate=5e-2, head_rate=1e-9)
    # One slip beside six corrections turns nothing.
    slip = {**make_example(60, "reviews", "ransomware"), "alt_types": [], "weight": 1.0}
    rows = make_lessons(model, tokenizer, [*_taught(), slip], lessons.rehearsal(_base(), plan), plan)
    kind = THREAT_INDEX["credential_attack"]
    assert lessons.turned_types(rows) == {kind}
    train_from.fit(model, rows, plan, tmp_path)
    was, now = before.state_dict(), model.state_dict()
    for name in ("threat.out.weight", "threat.out.bias"):
        moved = (was[name] != now[name]).reshape(len(was[name]), -1).any(1)
        assert moved.nonzero().flatten().tolist() == [kind]
    assert {name for name in was if not torch.allclose(was[name], now[name], atol=1e-6)} == {
        "threat.out.weight",
        "threat.out.bias",
    }
    taught, other = _taught()[0]["text"], _base()[0]["text"]
    assert _answers(model, taught)[kind] > 2 * _answers(before, taught)[kind]
    # Between all other types nothing has changed.
    rest = [number for number in range(13) if number != kind]
    for text in (taught, other):
        one, two = (_answers(network, text)[rest] for network in (before, model))
        assert np.allclose(one / one.sum(), two / two.sum(), atol=1e-4)


def test_it_learns_the_corrections_keeps_its_answers_and_leaves_the_lower_layers(
    tmp_path: Path, plan: Continuation
) -> None:
    tokenizer = tiny_tokenizer()
    model, before = (tiny_model(tokenizer.get_vocab_size()) for _ in range(2))
    rows = make_lessons(model, tokenizer, _taught(), lessons.rehearsal(_base(), plan), plan)
    train_from.fit(model, rows, dataclasses.replace(plan, epochs=20, encoder_rate=1e-2, head_rate=2e-2), tmp_path)
    kind = THREAT_INDEX["credential_attack"]
    sibling = "line 77 is dead: the carrier gave its number to a card in another shop"
    # Random weights carry little from one text to the next; what was taught itself must be known.
    assert _answers(model, sibling)[kind] > 10 * _answers(before, sibling)[kind]
    assert _answers(model, _taught()[0]["text"])[kind] > max(0.5, 2 * _answers(before, _taught()[0]["text"])[kind])
    other = _base()[0]["text"]
    assert _answers(model, other).argmax() == _answers(before, other).argmax()
    was = before.state_dict()
    moved = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, was[name])}
    assert moved and all(
        name.startswith(("encoder.encoder.layer.1.", "threat.", "severity.", "entity.")) for name in moved
    )


def test_a_killed_run_ends_with_the_same_weights(tmp_path: Path, plan: Continuation) -> None:
    tokenizer = tiny_tokenizer()
    ends = []
    for name, stops in (("whole", [None]), ("killed", [1, 2, None])):
        (tmp_path / name).mkdir()
        for stop in stops:
            model = tiny_model(tokenizer.get_vocab_size())
            rows = make_lessons(model, tokenizer, _taught(), lessons.rehearsal(_base(), plan), plan)
            train_from.fit(model, rows, plan, tmp_path / name, stop_after=stop)
        ends.append(model.state_dict())
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def _runs(root: Path, rows: list[dict]) -> tuple[Path, Path]:
    def write_build(folder: Path) -> dict:
        write_jsonl(folder / "examples.jsonl", _base())
        return {}

    def write_corrections(folder: Path) -> dict:
        write_jsonl(folder / "examples.jsonl", rows)
        return {"data": "0" * 64}

    return make_run(root, "build", {}, write_build), make_run(root, "corrections", {"n": len(rows)}, write_corrections)


def test_the_whole_step_from_a_model_directory(tmp_path: Path, tiny_folder: Path, plan: Continuation) -> None:
    recipe = tmp_path / "plan.toml"
    recipe.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in dataclasses.asdict(plan).items()))
    build, corrections = _runs(tmp_path, _taught())
    folder = train_from.run(tmp_path, tiny_folder, corrections, build, recipe)
    facts = json.loads((folder / "run.json").read_text())["facts"]
    assert facts["taught"] == 6 and facts["corrections"] == [corrections.name] and facts["from"] == "tiny"
    assert not (folder / train_from.CHECKPOINT).exists()
    config = json.loads((tiny_folder / "config.json").read_text(encoding="utf-8"))
    assert json.loads((folder / DECODING).read_text(encoding="utf-8")) == config["sectag"]
    again, first = load_model(folder)[0].state_dict(), recover.recover(tiny_folder)[0].state_dict()
    assert not torch.equal(again["threat.out.bias"], first["threat.out.bias"])
    assert train_from.run(tmp_path, tiny_folder, corrections, build, recipe) == folder
    recipe.write_text(recipe.read_text() + "speed = 3\n")
    with pytest.raises(ValueError, match="speed"):
        train_from.run(tmp_path, tiny_folder, corrections, build, recipe)
    _, empty = _runs(tmp_path, [{**row, "split": "test"} for row in _taught(3)])
    with pytest.raises(ValueError, match="nothing to learn"):
        train_from.run(tmp_path, tiny_folder, empty, build)


def test_the_packaged_plan_is_a_plan() -> None:
    assert train_from.load_plan(train_from.DEFAULT_PLAN).name == "continue"


def test_two_processes_share_the_work(tmp_path: Path, tiny_folder: Path, plan: Continuation) -> None:
    recipe = tmp_path / "plan.toml"
    recipe.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in dataclasses.asdict(plan).items()))
    build, corrections = _runs(tmp_path, _taught())
    command = f"-m torch.distributed.run --standalone --nproc-per-node 2 -m trainer --runs {tmp_path} train --from {tiny_folder}"
    command += f" --corrections {corrections} --build {build} --recipe {recipe}"
    done = subprocess.run([sys.executable, *command.split()], cwd=REPO, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    (folder,) = tmp_path.glob("train-*")
    assert json.loads((folder / "run.json").read_text())["facts"]["processes"] == 2
    weights, first = load_model(folder)[0].state_dict(), recover.recover(tiny_folder)[0].state_dict()
    assert all(bool(tensor.isfinite().all()) for tensor in weights.values())
    assert not torch.equal(weights["threat.out.bias"], first["threat.out.bias"])
