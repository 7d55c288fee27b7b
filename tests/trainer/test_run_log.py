"""The log of judged models is in MLflow's file layout, whole or not there, and the same run is logged once."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.trainer.publishing import verdict_of
from trainer.run_log import FOLDER, code_version, log_model, log_run


def test_a_run_has_meta_params_metrics_and_tags_as_mlflow_reads_them(tmp_path: Path) -> None:
    folder = log_run(tmp_path, "2026.49.1", {"rate": 1e-3}, {"a/b (x)": 0.5}, {"data": "abc"}, 1_800_000_000_000)
    experiment = folder.parent
    meta = json.loads((experiment / "meta.yaml").read_text())
    assert meta["experiment_id"] == experiment.name == "1" and meta["lifecycle_stage"] == "active"
    run = json.loads((folder / "meta.yaml").read_text())
    assert run["run_id"] == folder.name and run["status"] == 3 and run["experiment_id"] == "1"
    assert run["artifact_uri"].startswith("file:///") and run["artifact_uri"].endswith(f"{folder.name}/artifacts")
    assert (folder / "params" / "rate").read_text() == "0.001"
    assert (folder / "metrics" / "a_b _x_").read_text() == "1800000000000 0.5 0\n"
    assert (folder / "tags" / "mlflow.runName").read_text() == "2026.49.1"
    assert log_run(tmp_path, "2026.49.1", {"rate": 1e-3}, {"a/b (x)": 0.5}, {"data": "abc"}, 1) == folder
    assert log_run(tmp_path, "2026.49.1", {"rate": 1e-3}, {"a/b (x)": 0.6}, {"data": "abc"}, 1) != folder
    assert sorted(path.name for path in (tmp_path / FOLDER).iterdir()) == ["1"]


def test_what_cannot_be_written_leaves_no_half_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("trainer.run_log.os.replace", full)
    with pytest.raises(OSError, match="no space"):
        log_run(tmp_path, "x", {}, {}, {}, 1)
    assert not [path for path in (tmp_path / FOLDER / "1").iterdir() if path.is_dir()]


def test_a_judged_model_is_logged_with_recipe_figures_and_code(tmp_path: Path, make_model: Callable[..., Path]) -> None:
    model, root = make_model("2026.49.1"), tmp_path / "runs"
    metrics = json.loads((model / "metrics.json").read_text())
    metrics |= {"train": "train-1", "figures": {"hold-out": {"model": {"threat macro-F1 (all)": 0.75}}}}
    metrics |= {
        "recipe": {"epochs": 2},
        "libraries": {"torch": "2.9"},
        "code": "abc+",
        "trained": {"from": "2026.48.1"},
    }
    (model / "metrics.json").write_text(json.dumps(metrics))
    folder = log_model(root, model, verdict_of(model, **{"pass": False}), {"counter": "7"})
    assert (folder / "params" / "recipe.epochs").read_text() == "2"
    assert (folder / "params" / "corrections").read_text() == "['corrections-1']"
    value = float((folder / "metrics" / "hold-out threat macro-F1 _all_").read_text().split()[1])
    assert math.isclose(value, 0.75)
    assert (folder / "tags" / "gate").read_text() == "stop" and (folder / "tags" / "counter").read_text() == "7"
    assert (folder / "params" / "parent").read_text() == "2026.48.1"
    assert (folder / "params" / "libraries.torch").read_text() == "2.9"
    # Of the making, not of the publishing; a model that does not say it has that of now.
    assert (folder / "tags" / "mlflow.source.git.commit").read_text() == "abc+"
    older = log_model(root, make_model("2026.49.2"), verdict_of(model), {})
    assert (older / "tags" / "mlflow.source.git.commit").read_text() == code_version()
