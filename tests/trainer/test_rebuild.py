"""A version is made again from its inputs to the last bit; other data, other figures and inputs that are gone are found."""

from __future__ import annotations

import argparse
import datetime
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.trainer.real_api import Org
from trainer import run
from trainer.__main__ import main
from trainer.model_files import write_json
from trainer.publish import Publisher, publish
from trainer.rebuild import COMPARED, figures_apart, find_parent, rebuild
from trainer.recover import origin

NOW = datetime.datetime(2026, 11, 25, 12, 0, tzinfo=datetime.UTC)


@pytest.fixture
def made(tmp_path: Path, options: argparse.Namespace) -> Path:
    """What `run` makes of the reviews."""
    options.until = "gate"
    line = run.once(tmp_path / "runs", options, NOW, lambda *_: True)
    assert line["gate"]
    return Path(line["model"])


def test_a_published_version_is_made_again_to_the_last_bit(
    tmp_path: Path, options: argparse.Namespace, opened: Publisher, org: Org, capsys: pytest.CaptureFixture[str]
) -> None:
    def out(_: Path, model: Path, verdict: dict) -> str:
        return str(publish(opened, model, verdict, channel="canary", percent=100)["version"])

    root = tmp_path / "runs"
    line = run.once(root, options, NOW, lambda *_: True, out)
    assert line["published"]
    (tmp_path / "api.key").write_text(org.publisher)
    # What the first making computed is gone; its inputs are kept, as docs/operate.md says.
    for folder in [*root.glob("train-*"), *root.glob("calibrated-*"), *root.glob("answers-*"), *root.glob("export-*")]:
        shutil.rmtree(folder)
    arguments = ["--runs", str(root), "rebuild", "--version", line["made"], "--api", org.api]
    arguments += ["--key-file", str(tmp_path / "api.key"), "--trust", opened.trusted[-1]]
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["ok"] and found["same_data"] and found["same_files"], found
    assert found["points_apart"] and set(found["points_apart"].values()) == {0.0}
    assert found["data"] == json.loads(next(root.glob("publish-*/run.json")).read_text())["facts"]["data"]["sha256"]
    assert Path(found["model"]).is_relative_to(root / f"rebuilt-{line['made']}")


def test_other_data_and_other_figures_are_found(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "runs"
    metrics = json.loads((made / "metrics.json").read_text())
    name = next(name for name in COMPARED if name in metrics["figures"]["hold-out"]["model"])
    for points, same in ((0.4, True), (0.6, False)):
        told = json.loads(json.dumps(metrics))
        told["figures"]["hold-out"]["model"][name] -= points / 100
        assert (max(figures_apart(told, metrics).values()) <= 0.005) is same
    told["figures"]["hold-out"]["model"][name] += 0.02
    write_json(made / "metrics.json", told)
    assert main(["--runs", str(root), "rebuild", "--model", str(made)]) == 1
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert not found["ok"] and found["same_data"] and found["points_apart"][name] > 0.5
    # Somebody's words are left out that were learnt: the data are others, and nothing is trained on them.
    file = root / metrics["corrections"][0] / "run.json"
    was = json.loads(file.read_text())
    write_json(file, {**was, "settings": {**was["settings"], "exclude": ["r1"]}})
    found = rebuild(root, made)
    assert not found["ok"] and not found["same_data"] and "points_apart" not in found
    assert not rebuild(root, made, published="0" * 64)["same_data"]


def test_inputs_that_are_gone_or_others_are_named(
    made: Path, tmp_path: Path, tiny_folder: Path, make_model: Callable[..., Path]
) -> None:
    root = tmp_path / "runs"
    (snapshot,) = root.glob("pull-*")
    shutil.move(snapshot, tmp_path / "kept")
    with pytest.raises(FileNotFoundError, match=f"the snapshot {snapshot.name}"):
        rebuild(root, made)
    shutil.move(tmp_path / "kept", snapshot)
    rows = (snapshot / "decisions.jsonl").read_text()
    (snapshot / "decisions.jsonl").write_text(rows.replace("malware", "phishing"))
    with pytest.raises(ValueError, match="changed after the snapshot"):
        rebuild(root, made)
    other = make_model("2026.49.1")
    (other / "config.json").write_text((other / "config.json").read_text().replace("0.2", "0.3"))
    with pytest.raises(ValueError, match="is not the tiny"):
        rebuild(root, made, parent=other)
    assert find_parent(root, origin(tiny_folder)) == tiny_folder
    with pytest.raises(FileNotFoundError, match=r"fetch --version 2026\.49\.1"):
        find_parent(root, origin(other))
    with pytest.raises(ValueError, match="not made by `run`"):
        rebuild(root, other)
