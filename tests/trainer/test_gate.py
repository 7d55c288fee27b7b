"""The gate: its rules on made-up answers, and what makes it say no."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from trainer import bootstrap, gate, holdout
from trainer.corpus import load_corpus
from trainer.labels import REPO, THREAT_TYPES
from trainer.metrics import calibration_error, macro_f1
from trainer.onnx_model import OnnxModel
from trainer.records import read_jsonl, read_records, write_jsonl
from trainer.rules import Answers, compare, flips, rule
from trainer.runs import make_run


def _answers(said: np.ndarray, confidence: float = 0.8) -> Answers:
    threat = np.full((len(said), 13), (1 - confidence) / 12)
    threat[np.arange(len(said)), said] = confidence
    return Answers(threat, np.full((len(said), 4), 0.25), np.zeros((len(said), 2)))


def _records(gold: np.ndarray) -> list[dict]:
    return [{"text": "x", "threat_type": THREAT_TYPES[index], "severity": "low"} for index in gold]


def _broken(gold: np.ndarray, current: np.ndarray, candidate: np.ndarray, confidence: float = 0.8) -> set[str]:
    found = compare(_records(gold), _answers(current), _answers(candidate, confidence))
    return {item.name for item in found if not item.ok}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer rounds; and another process may well slow a round of a model this small."""
    monkeypatch.setattr(gate, "ROUNDS", 2)
    monkeypatch.setattr(gate, "MOST_SLOWER", 50.0)


@pytest.fixture
def world() -> tuple[np.ndarray, np.ndarray]:
    """520 records, 40 a type, of which the current model has four in five right."""
    gold = np.arange(520) % 13
    said = gold.copy()
    said[::5] = (gold[::5] + 1) % 13
    return gold, said


def test_bootstrap_figures_are_the_known_ones(world: tuple[np.ndarray, np.ndarray]) -> None:
    gold, said = world
    ones = np.ones((1, len(gold)))
    names = [[THREAT_TYPES[i] for i in row] for row in (gold, said)]
    assert bootstrap.macro_f1(gold, 13)(said, ones)[0] == pytest.approx(macro_f1(*names))
    threat = _answers(said, 0.7).threat
    expected = calibration_error(threat.max(1), (said == gold).astype(float), bins=10)
    assert bootstrap.calibration(gold)(threat, ones)[0] == pytest.approx(expected)
    assert bootstrap.one_f1(gold, 3)(said, ones)[0] == pytest.approx(bootstrap.class_f1(gold, 13)(said, ones)[0, 3])
    draws = bootstrap.draws(50)
    assert draws.shape == (bootstrap.ROUNDS, 50) and (draws.sum(1) == 50).all() and (draws == bootstrap.draws(50)).all()


def test_equal_and_better_models_pass(world: tuple[np.ndarray, np.ndarray]) -> None:
    gold, said = world
    assert _broken(gold, said, said) == set()
    better = said.copy()
    better[:100] = gold[:100]
    assert _broken(gold, said, better) <= {"calibration"}


def test_a_lost_type_a_drop_and_false_confidence_are_stopped(world: tuple[np.ndarray, np.ndarray]) -> None:
    gold, said = world
    lost = np.where(gold == 4, 5, said)
    assert {"macro-F1", "types"} <= _broken(gold, said, lost)
    worse = said.copy()
    worse[1:200:5] = (gold[1:200:5] + 2) % 13
    assert "macro-F1" in _broken(gold, said, worse)
    assert _broken(gold, said, said, confidence=0.99) == {"calibration"}


def test_a_rare_type_may_not_be_lost_for_the_gain_of_others() -> None:
    """As a candidate of the gate proof was: malware -38.9 points, others up, and macro-F1 hardly lower."""
    gold = np.concatenate([np.zeros(120, dtype=int), np.arange(1, 13).repeat(20)])
    said = gold.copy()
    said[120::5] = 0
    lost = said.copy()
    lost[(gold == 3) & (np.arange(len(gold)) % 2 == 0)] = 4
    # What the third type loses the others gain.
    for index in (5, 6, 7):
        lost[gold == index] = index
    found = {item.name: item for item in compare(_records(gold), _answers(said), _answers(lost))}
    assert found["macro-F1"].ok and not found["types"].ok
    assert found["types"].says.startswith(f"types down: {THREAT_TYPES[3]} -")
    # Two of its twenty answers are chance.
    few = said.copy()
    few[np.flatnonzero((gold == 3) & (said == 3))[:2]] = 4
    assert _broken(gold, said, few) == set()


def test_a_few_changed_answers_are_no_harm(world: tuple[np.ndarray, np.ndarray]) -> None:
    gold, said = world
    other = said.copy()
    other[1], other[2], other[0], other[5] = gold[1] + 1, gold[2] + 1, gold[0], gold[5]
    assert _broken(gold, said, other) == set()


def test_a_much_slower_or_larger_model_is_stopped(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = OnnxModel(tiny_folder)
    monkeypatch.setattr(gate, "MOST_SLOWER", 1e-6)
    assert not gate.latency(model, model).ok
    assert gate.size(tiny_folder, tiny_folder).ok
    monkeypatch.setattr(gate, "MOST_BYTES", 1000)
    assert not gate.size(tiny_folder, tiny_folder).ok


def test_flips_and_numbers() -> None:
    full = np.arange(379) % 13

    def turned(*places: int) -> Answers:
        """int8 answers of which these are others than in full precision."""
        other = full.copy()
        other[list(places)] = (full[list(places)] + 1) % 13
        return _answers(other)

    def judged(before: range, after: range) -> bool:
        return flips(turned(*before), _answers(full), turned(*after), _answers(full)).ok

    # Of the 379 tickets of the real hold-out 1 % is 3, and 1.5 % is 5; 2026.48.1 turns 6.
    assert [judged(range(0), range(count)) for count in (3, 5, 6, 20)] == [True, True, False, False]
    assert [judged(range(6), range(3, 3 + count)) for count in (6, 8, 11, 12)] == [True, True, True, False]
    assert "6" in flips(turned(*range(6)), _answers(full), turned(), _answers(full)).says
    assert not rule("x", True, float("nan"), "x").ok and not rule("x", True, float("inf"), "x").ok


def _frozen(root: Path, model: OnnxModel) -> tuple[Path, Path]:
    """A hold-out that says what the tiny model says, and a build that taught something else."""
    texts = [f"ticket {number} {word}" for number, word in enumerate(["mail", "virus", "door", "disk"] * 10)]
    rows = [
        {
            "id": str(number),
            "source": "s",
            "text": text,
            "threat_type": model.answer(text).threat_type,
            "severity": "low",
        }
        for number, text in enumerate(texts)
    ]
    write_jsonl(root / "rows.jsonl", rows)
    write_jsonl(root / "canaries.jsonl", [{**row, "severity": None} for row in rows[:3]])

    def write(folder: Path) -> dict:
        write_jsonl(folder / "examples.jsonl", [{"text": "something else altogether", "split": "train"}])
        return {}

    build = make_run(root, "build", {}, write)
    return holdout.run(root, [root / "rows.jsonl"], "all", build, root / "canaries.jsonl"), build


def _candidate(root: Path, tiny: Path, build: str | None, version: str = "tiny") -> Path:
    """The tiny model under the name that metrics.json gives its data."""
    from trainer.model_files import write_json, write_manifest

    folder = root / "candidate"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(tiny, folder)
    write_json(folder / "metrics.json", {"build": build} if build else {})
    (folder / "manifest.json").unlink()
    write_manifest(folder, "sectag-tiny", version, created="2026-01-01T00:00:00Z")
    return folder


def _same_by_another_name(file: Path, copy: Path) -> Path:
    """The same network in a file with other bytes."""
    import onnx

    model = onnx.load(str(file))
    model.doc_string = "full precision"
    onnx.save(model, str(copy))
    return copy


def test_a_file_is_not_compared_with_itself(tmp_path: Path, tiny_folder: Path) -> None:
    frozen, build = _frozen(tmp_path, OnnxModel(tiny_folder))
    candidate = _candidate(tmp_path, tiny_folder, build.name)
    verdict = gate.run(tmp_path, tiny_folder, candidate, candidate / "onnx/model_int8.onnx", frozen)
    assert not verdict["pass"] and "is a file of the candidate" in verdict["sentence"]


def test_the_same_model_passes_once_and_looks_are_counted(tmp_path: Path, tiny_folder: Path) -> None:
    frozen, build = _frozen(tmp_path, OnnxModel(tiny_folder))
    candidate = _candidate(tmp_path, tiny_folder, build.name)
    fp32 = _same_by_another_name(candidate / "onnx/model_int8.onnx", tmp_path / "full.onnx")
    verdict = gate.run(tmp_path, tiny_folder, candidate, fp32, frozen)
    assert verdict["pass"] and verdict["look"] == 1 and "canaries 3/3" in verdict["sentence"], verdict["sentence"]
    assert gate.run(tmp_path, tiny_folder, candidate, fp32, frozen) == verdict
    other = _candidate(tmp_path, tiny_folder, build.name, "tiny2")
    assert gate.run(tmp_path, tiny_folder, other, fp32, frozen)["look"] == 2
    assert len(read_jsonl(tmp_path / gate.QUERIES)) == 2


@pytest.mark.parametrize(
    "damage",
    ["no data named", "data missing", "data elsewhere", "leak", "flipped bit", "extra file", "no golden", "crash"],
)
def test_what_cannot_be_judged_is_a_no(
    tmp_path: Path, tiny_folder: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen, build = _frozen(tmp_path, OnnxModel(tiny_folder))
    named = {"no data named": None, "data missing": "build-000000000000", "data elsewhere": "../x"}.get(
        damage, build.name
    )
    candidate = _candidate(tmp_path, tiny_folder, named)
    if damage == "leak":
        text = read_records(frozen / holdout.RECORDS)[0][7]["text"]
        write_jsonl(build / "examples.jsonl", [{"text": text.upper() + " 99", "split": "train"}])
    elif damage == "flipped bit":
        data = bytearray((candidate / "onnx/model_q4.onnx").read_bytes())
        data[5000] ^= 1
        (candidate / "onnx/model_q4.onnx").write_bytes(data)
    elif damage == "extra file":
        (candidate / "onnx/more.onnx").write_bytes(b"x")
    elif damage == "no golden":
        (candidate / "golden.json").unlink()
    elif damage == "crash":

        def crash(*_: object) -> list:
            raise MemoryError("no room")

        monkeypatch.setattr(gate, "compare", crash)
    full = _same_by_another_name(tiny_folder / "onnx/model_int8.onnx", tmp_path / "full.onnx")
    verdict = gate.run(tmp_path, tiny_folder, candidate, full, frozen)
    expected = {"leak": "data", "crash": "answers", "no golden": "files", "flipped bit": "files", "extra file": "files"}
    assert not verdict["pass"] and "is stopped" in verdict["sentence"]
    assert expected.get(damage, "data") in {item["name"] for item in verdict["rules"] if not item["ok"]}


def test_an_empty_or_changed_hold_out_judges_nothing(tmp_path: Path, tiny_folder: Path) -> None:
    frozen, build = _frozen(tmp_path, OnnxModel(tiny_folder))
    candidate = _candidate(tmp_path, tiny_folder, build.name)
    full = _same_by_another_name(tiny_folder / "onnx/model_int8.onnx", tmp_path / "full.onnx")
    for name, content in ((holdout.RECORDS, ""), (holdout.CANARIES, "")):
        before = (frozen / name).read_text()
        (frozen / name).write_text(content)
        judged = gate.judge(tmp_path, tiny_folder, candidate, full, frozen)
        assert [item.ok for item in judged] == [False] and "changed" in judged[0].says
        (frozen / name).write_text(before)
    write_jsonl(
        tmp_path / "none.jsonl", [{"id": "a", "source": "s", "text": "x", "threat_type": None, "severity": None}]
    )
    with pytest.raises(ValueError, match="empty"):
        holdout.run(tmp_path, [tmp_path / "none.jsonl"], "all", build)
    with pytest.raises(FileNotFoundError):
        gate.run(tmp_path, tiny_folder, tmp_path / "nothing", tmp_path / "x", frozen)


def test_the_hold_out_leaves_out_what_the_base_data_teaches(tmp_path: Path) -> None:
    text = "Got a mail from IT support asking me to confirm the mailbox of user 3 at the link"
    rows = [
        {"id": str(n), "source": "s", "text": t, "threat_type": "phishing", "severity": "low"}
        for n, t in enumerate([text, "b"])
    ]
    write_jsonl(tmp_path / "rows.jsonl", rows)

    def write(folder: Path) -> dict:
        write_jsonl(folder / "examples.jsonl", [{"text": text.replace("3", "77"), "split": "train"}])
        return {}

    frozen = holdout.run(tmp_path, [tmp_path / "rows.jsonl"], "all", make_run(tmp_path, "build", {}, write))
    assert [record["text"] for record in holdout.read_holdout(frozen).records] == ["b"]


def test_our_canaries_are_right_in_the_shipped_model_and_in_no_corpus() -> None:
    cases, problems = read_records(holdout.DEFAULT_CANARIES)
    assert not problems and len(cases) >= 100 and {case["threat_type"] for case in cases} == set(THREAT_TYPES)
    stable = json.loads((REPO / "models" / "channels.json").read_text(encoding="utf-8"))["stable"]
    model = OnnxModel(REPO / "models" / stable)
    assert [case["id"] for case in cases if model.answer(case["text"]).threat_type != case["threat_type"]] == []
    taught = {record["text"] for record in load_corpus()[0]}
    assert not taught & {case["text"] for case in cases}
