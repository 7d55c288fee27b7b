"""The DAG imports Airflow alone, and each of its commands is one that the trainer understands. Airflow itself is a stand-in here."""

from __future__ import annotations

import ast
import runpy
import shlex
import sys
import types
from pathlib import Path

import pytest

from trainer.__main__ import _parser
from trainer.labels import REPO
from trainer.run import STEPS

FILE = REPO / "trainer" / "dags" / "retrain.py"


class Task:
    """Keeps what an operator is made with, and what comes before it."""

    def __init__(self, **given: object) -> None:
        self.given = given
        self.after: list[Task] = []
        TASKS.append(self)

    def __rshift__(self, other: Task) -> None:
        other.after.append(self)


class Dag:
    """Keeps what the DAG is made with."""

    def __init__(self, **given: object) -> None:
        DAGS.append(given)

    def __enter__(self) -> Dag:
        return self

    def __exit__(self, *_: object) -> None:
        pass


TASKS: list[Task] = []
DAGS: list[dict] = []


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    TASKS.clear()
    DAGS.clear()
    for name, members in {
        "airflow": {},
        "airflow.sdk": {"DAG": Dag},
        "airflow.providers": {},
        "airflow.providers.standard": {},
        "airflow.providers.standard.operators": {},
        "airflow.providers.standard.operators.bash": {"BashOperator": Task},
    }.items():
        module = types.ModuleType(name)
        module.__dict__.update(members)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setenv("SECTAG_API", "https://reviews.example")
    monkeypatch.setenv("SECTAG_KEY", "stag_secret")
    monkeypatch.delenv("SECTAG_HOME", raising=False)
    monkeypatch.delenv("SECTAG_CHANNEL", raising=False)
    runpy.run_path(str(FILE))
    return TASKS


def test_one_task_a_step_in_order_each_a_command_of_the_trainer(loaded: list[Task]) -> None:
    assert [task.given["task_id"] for task in loaded] == STEPS
    assert [[one.given["task_id"] for one in task.after] for task in loaded] == [[], *([step] for step in STEPS[:-1])]
    for task in loaded:
        command = str(task.given["bash_command"])
        python, *arguments = shlex.split(command)
        assert Path(python) == REPO / ".venv" / "bin" / "python" and arguments[:2] == ["-m", "trainer"]
        options = _parser().parse_args(arguments[2:])
        assert (options.step, options.until, options.api) == ("run", task.given["task_id"], "https://reviews.example")
        assert options.publish == "canary" and "stag_secret" not in command
    assert DAGS[0]["max_active_runs"] == 1 and DAGS[0]["catchup"] is False and DAGS[0]["default_args"]["retries"] == 3


def test_it_imports_airflow_and_the_standard_library_alone() -> None:
    found = {
        (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else alias.name.split(".")[0]
        for node in ast.walk(ast.parse(FILE.read_text(encoding="utf-8")))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert found - sys.stdlib_module_names == {"airflow"}
