"""Airflow DAG: every week a new model from the team's reviews; one task a step, each the command that a developer types."""

from __future__ import annotations

import datetime
import os
import shlex
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

HOME = Path(os.environ.get("SECTAG_HOME", Path(__file__).resolve().parents[2]))
API = os.environ.get("SECTAG_API", "http://127.0.0.1:8787")
CHANNEL = os.environ.get("SECTAG_CHANNEL", "canary")
RUNS = os.environ.get("SECTAG_RUNS", str(HOME / ".runs"))

#: The last step that each task does; what was done before is there already.
STEPS = ["pull", "build", "train", "export", "gate", "publish"]
# Airflow has its own Python: the trainer's pins stay in the trainer's.
PYTHON = str(HOME / ".venv" / "bin" / "python")
COMMAND = [PYTHON, "-m", "trainer", "--runs", RUNS, "run", "--api", API, "--publish", CHANNEL]

with DAG(
    dag_id="sectag_retrain",
    description="Corrections become a judged, signed model",
    schedule="0 3 * * 0",
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    catchup=False,
    # All tasks work on one state (.runs/service.json): a second run would only wait for it.
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": datetime.timedelta(minutes=5),
        "retry_exponential_backoff": True,
        "execution_timeout": datetime.timedelta(hours=6),
    },
    tags=["sectag"],
) as dag:
    before = None
    for step in STEPS:
        task = BashOperator(
            task_id=step,
            bash_command=shlex.join([*COMMAND, "--until", step]),
            cwd=str(HOME),
            # The keys (SECTAG_KEY, SECTAG_SIGNING_KEY) come from the worker's environment, never from the command.
            append_env=True,
            # Tried again, a model that was stopped would be "nothing new", and the week would look green.
            **({"retries": 0} if step == "gate" else {}),
        )
        if before is not None:
            before >> task
        before = task
