"""What `run` must know after a kill or a restart: the snapshot that it works on, what is learnt, which model is current, when it last ran."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
from pathlib import Path

from trainer.labels import REPO

STATE = "service.json"
#: In their order.
STEPS = ["pull", "build", "train", "export", "gate", "publish"]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


@dataclasses.dataclass
class State:
    """Names of run folders, not paths: the root may move."""

    since: str | None = None
    """The newest snapshot: the next pull goes on from there."""
    pending: str | None = None
    """The snapshot that is being learnt; a killed run goes on with it."""
    version: str | None = None
    """The version that the pending run makes."""
    learnt: int = 0
    """The newest event (`seq`) of the last snapshot that was learnt to the end."""
    current: str | None = None
    """The export run of the model that is current; None is the stable one in models/."""
    finished: str | None = None
    """When the last run ended, ISO 8601."""


def read_state(file: Path) -> State:
    return State(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else State()


def write_state(file: Path, state: State) -> None:
    """Old or new, never half: written beside, made durable, renamed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    with new.open("w", encoding="utf-8") as stream:
        json.dump(dataclasses.asdict(state), stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(new, file)


def stable_model() -> Path:
    """The model directory that models/channels.json names."""
    channels = json.loads((REPO / "models" / "channels.json").read_text(encoding="utf-8"))
    return REPO / "models" / str(channels["stable"])


def next_version(current: str, now: datetime.datetime) -> str:
    """YEAR.WEEK.NUMBER, later than the current version in the same week. `2026.48.1` -> `2026.48.2`."""
    year, week, _ = now.isocalendar()
    parts = current.split(".")
    same = parts[:2] == [str(year), str(week)] and len(parts) == 3 and parts[2].isdigit()
    return f"{year}.{week}.{int(parts[2]) + 1 if same else 1}"


def parse_weekly(text: str) -> tuple[int, int, int]:
    """`Sun 03:00` -> (6, 3, 0). Raises ValueError that shows the form."""
    try:
        day, clock = text.split()
        hour, minute = (int(part) for part in clock.split(":"))
        datetime.time(hour, minute)
        return DAYS.index(day.capitalize()), hour, minute
    except ValueError as error:
        raise ValueError(f"{text!r} is no weekly hour; write it like `Sun 03:00`") from error


def week_came(finished: str | None, weekly: tuple[int, int, int], now: datetime.datetime) -> bool:
    """True when the weekly hour has passed since the last run ended (or, before any run, when it is less than an hour ago)."""
    day, hour, minute = weekly
    came = now.replace(hour=hour, minute=minute, second=0, microsecond=0) - datetime.timedelta(
        (now.weekday() - day) % 7
    )
    if came > now:
        came -= datetime.timedelta(7)
    if finished is None:
        return now - came < datetime.timedelta(hours=1)
    return datetime.datetime.fromisoformat(finished) < came
