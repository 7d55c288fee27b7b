"""`run`: one command from reviews to a judged model, killed at every step, done again only when there is something new."""

from __future__ import annotations

import argparse
import datetime
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from trainer import gate, run
from trainer.live import Live, live_model
from trainer.publish import Publisher, publish
from trainer.run_state import STATE, next_version, parse_weekly, read_state, week_came, write_state

NOW = datetime.datetime(2026, 11, 25, 12, 0, tzinfo=datetime.UTC)


def _any(_: object, new: int) -> bool:
    return new > 0


def test_killed_at_every_step_it_goes_on_and_publishes_once(
    tmp_path: Path, options: argparse.Namespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "runs"
    published: list[Path] = []

    def publish(_: Path, model: Path, verdict: dict) -> str:
        assert verdict["pass"]
        published.append(model)
        return "it is out"

    def killed(step: Callable) -> Callable:
        def work(*arguments: object, **named: object) -> object:
            step(*arguments, **named)  # what it wrote stays; what it returned is lost
            raise KeyboardInterrupt

        return work

    places = [
        (run.pull, "run"),
        (run.corrections, "run"),
        (run.train_from, "run"),
        (run.settle, "run"),
        (run.release, "export_release"),
        (run.gate, "run"),
    ]
    for module, name in places:
        with monkeypatch.context() as patched:
            patched.setattr(module, name, killed(getattr(module, name)))
            with pytest.raises(KeyboardInterrupt):
                run.once(root, options, NOW, _any, publish)
        assert read_state(root / STATE).learnt == 0
    with pytest.raises(KeyboardInterrupt):
        run.once(root, options, NOW, _any, killed(publish))
    line = run.once(root, options, NOW, _any, publish)
    assert line["ok"] and line["published"] and line["made"] == "2026.48.1", line
    said = capsys.readouterr().out
    assert "going on with pull-" in said and "passes" in said
    # The killed publishing and the one that counts are of the very same directory: publishing again is harmless.
    assert published == [Path(line["model"])] * 2
    state = read_state(root / STATE)
    assert state.pending is None and state.learnt == 12 and state.current == Path(line["model"]).parent.name
    assert run.once(root, options, NOW, _any, publish) == {"ok": True, "new": 0, "made": None}
    assert run.current_model(root, state, None) == Path(line["model"])
    metrics = json.loads((Path(line["model"]) / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["corrections"] and metrics["figures"]["hold-out"]["model"]
    assert len(list(root.glob("train-*"))) == 2  # learnt, and settled


def test_killed_after_it_was_out_the_next_round_ends_and_trains_nothing(
    tmp_path: Path, options: argparse.Namespace, opened: Publisher
) -> None:
    root = tmp_path / "runs"

    def look(_: Path) -> Live | None:
        return live_model(opened, "stable", datetime.datetime.now(datetime.UTC))

    def publish_and_die(_: Path, model: Path, verdict: dict) -> str:
        publish(opened, model, verdict, channel="stable", percent=100)
        raise KeyboardInterrupt

    def never(*_: object) -> str:
        raise AssertionError("published twice")

    with pytest.raises(KeyboardInterrupt):
        run.once(root, options, NOW, _any, publish_and_die, look=look)
    trained = set(root.glob("train-*"))
    line = run.once(root, options, NOW, _any, never, look=look)
    assert line["ok"] and line["published"] and line["made"] == "2026.48.1"
    assert set(root.glob("train-*")) == trained
    assert run.once(root, options, NOW, _any, never, look=look)["made"] is None


def test_a_version_that_another_machine_took_meanwhile_is_not_used_again(
    tmp_path: Path, options: argparse.Namespace, tiny_folder: Path
) -> None:
    root = tmp_path / "runs"
    options.until = "pull"
    run.once(root, options, NOW, _any)
    assert read_state(root / STATE).version == "2026.48.1"
    run.once(root, options, NOW, _any, look=lambda _: Live(tiny_folder, "2026.47.1", "2026.48.1"))
    assert read_state(root / STATE).version == "2026.48.2"


def test_a_snapshot_that_was_deleted_is_pulled_anew_and_erased_rows_hide_no_new_ones(
    tmp_path: Path, options: argparse.Namespace
) -> None:
    root = tmp_path / "runs"
    options.until = "pull"
    run.once(root, options, NOW, _any)
    pending = read_state(root / STATE).pending
    shutil.rmtree(root / str(pending))
    run.once(root, options, NOW, _any)
    state = read_state(root / STATE)
    assert state.pending == pending and (root / str(pending)).exists()
    state.pending = state.version = None
    state.learnt = 10
    write_state(root / STATE, state)
    # Twelve decisions, of which those up to the tenth were learnt, whatever of them was erased since.
    assert run.once(root, options, NOW, lambda _, new: new > 2)["new"] == 2
    state.learnt = 900
    write_state(root / STATE, state)
    assert run.once(root, options, NOW, lambda _, new: new > 12)["new"] == 12


def test_step_by_step_it_makes_the_same_and_publishes_in_the_last(tmp_path: Path, options: argparse.Namespace) -> None:
    published: list[Path] = []

    def publish(_: Path, model: Path, verdict: dict) -> str:
        published.append(model)
        return "it is out"

    for step in ["pull", "build", "train", "export", "gate"]:
        options.until = step
        line = run.once(tmp_path / "runs", options, NOW, _any, publish)
        assert line["ok"] and line["until"] == step and not published, line
        assert read_state(tmp_path / "runs" / STATE).learnt == 0
    options.until = "publish"
    line = run.once(tmp_path / "runs", options, NOW, _any, publish)
    assert line["published"] and published == [Path(line["model"])]
    assert run.once(tmp_path / "runs", options, NOW, _any, publish)["made"] is None


def test_a_stopped_model_is_not_published_and_the_next_run_starts_from_the_old_one(
    tmp_path: Path, options: argparse.Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "runs"
    monkeypatch.setattr(gate, "MOST_BYTES", 10)
    line = run.once(root, options, NOW, _any, lambda *_: pytest.fail("published"))
    state = read_state(root / STATE)
    assert not line["ok"] and not line["published"] and state.current is None and state.learnt == 12


def test_it_grows_from_what_is_live_and_uses_no_version_twice(
    tmp_path: Path, options: argparse.Namespace, tiny_folder: Path
) -> None:
    root = tmp_path / "runs"
    options.current, options.until = None, "train"
    # After a rollback the live model is not the newest.
    run.once(root, options, NOW, _any, look=lambda _: Live(tiny_folder, "2026.48.7", "2026.48.7"))
    assert read_state(root / STATE).version == "2026.48.8"
    train = json.loads(next(root.glob("train-*/run.json")).read_text(encoding="utf-8"))
    assert tiny_folder.name in json.dumps(train)


def test_the_service_waits_for_enough_or_for_the_week(
    tmp_path: Path, options: argparse.Namespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Over(Exception):
        pass

    made: list[datetime.datetime] = []
    # From here on only the decision to run is looked at.
    monkeypatch.setattr(
        run, "_prepare", lambda *_: made.append(clock[0]) or (_ for _ in ()).throw(ValueError("no more"))
    )
    clock = [NOW]  # a Wednesday
    rounds = iter(range(2))

    def sleep(seconds: float) -> None:
        assert seconds == 600
        if next(rounds, None) is None:
            raise Over
        clock[0] += datetime.timedelta(days=4)

    options.threshold = 100
    monkeypatch.setattr(run, "read_state", lambda file: _finished(read_state(file)))
    with pytest.raises(Over):
        run.watch(tmp_path / "runs", options, clock=lambda: clock[0], sleep=sleep)
    said = capsys.readouterr().out
    assert "12 new decisions, nothing to do yet" in said and "trying again in 10 minutes" in said
    assert made and made[0] == NOW + datetime.timedelta(days=4)


def test_a_server_that_is_down_does_not_end_the_service(
    tmp_path: Path, options: argparse.Namespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Over(Exception):
        pass

    def sleep(_: float) -> None:
        raise Over

    monkeypatch.setenv("SECTAG_KEY", "key")
    # Nobody listens there; without a name of the org that is what is asked first.
    options.api, options.from_file, options.org = "http://127.0.0.1:9", None, None
    with pytest.raises(Over):
        run.watch(tmp_path / "runs", options, sleep=sleep)
    assert "does not answer: ConnectError" in capsys.readouterr().out


def _finished(state: run.State) -> run.State:
    state.finished = NOW.isoformat()
    return state


def test_two_runs_do_not_share_a_root(tmp_path: Path) -> None:
    with run.alone(tmp_path), pytest.raises(ValueError, match="another"), run.alone(tmp_path):
        pass
    with run.alone(tmp_path):
        pass


def test_versions_and_weeks() -> None:
    assert next_version("2026.48.1", NOW) == "2026.48.2" and next_version("2026.47.9", NOW) == "2026.48.1"
    assert next_version("tiny", NOW) == "2026.48.1"
    sunday = parse_weekly("sun 03:00")
    assert sunday == (6, 3, 0)
    for wrong in ("03:00", "Son 3:00", "Sun 25:00", "Sun 3"):
        with pytest.raises(ValueError, match="Sun 03:00"):
            parse_weekly(wrong)
    after = datetime.datetime(2026, 11, 29, 3, 1, tzinfo=datetime.UTC)
    assert week_came(NOW.isoformat(), sunday, after) and not week_came(
        NOW.isoformat(), sunday, after - datetime.timedelta(minutes=2)
    )
    assert not week_came(after.isoformat(), sunday, after + datetime.timedelta(days=6))
    assert week_came(None, sunday, after) and not week_came(None, sunday, NOW)
