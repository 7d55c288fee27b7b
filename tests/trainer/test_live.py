"""What is live in a channel is what the next model grows from: after a rollback, on another machine, and before it expires."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from pathlib import Path

from tests.trainer.publishing import verdict_of
from tests.trainer.real_api import Org
from trainer.channels import named, promote, rollback
from trainer.gate import whole
from trainer.live import live_model, version_order
from trainer.publish import Publisher, publish
from trainer.registry import overview

NOW = datetime.datetime.now(datetime.UTC)


def _publish(publisher: Publisher, model: Path) -> None:
    publish(publisher, model, verdict_of(model), channel="stable", percent=100)


def test_a_rollback_changes_what_is_live_but_no_version_is_used_twice(
    opened: Publisher, make_model: Callable[..., Path]
) -> None:
    assert live_model(opened, "stable", NOW) is None
    _publish(opened, make_model("2026.49.9"))
    _publish(opened, make_model("2026.49.10"))
    live = live_model(opened, "stable", NOW)
    assert live and (live.model / "README.md").read_text() == "# The model 2026.49.10\n" and whole(live.model).ok
    rollback(opened, "2026.49.9", "stable")
    live = live_model(opened, "stable", NOW)
    assert live and (live.model / "README.md").read_text() == "# The model 2026.49.9\n"
    assert live.newest == "2026.49.10"
    assert live_model(opened, "canary", NOW) is None


def test_a_release_that_nothing_replaces_is_signed_anew_once_at_half_of_its_days(
    opened: Publisher, org: Org, make_model: Callable[..., Path]
) -> None:
    _publish(opened, make_model("2026.49.1"))
    first = live_model(opened, "stable", NOW + datetime.timedelta(days=6))
    assert org.counters() == [1]
    second = live_model(opened, "stable", NOW + datetime.timedelta(days=8))
    assert org.counters() == [2, 1] and org.channel("stable")["counter"] == 2
    # The same model, and the same folder.
    assert first == second


def test_a_channel_that_the_service_does_not_publish_in_is_kept_from_expiring_too(
    opened: Publisher, org: Org, make_model: Callable[..., Path]
) -> None:
    _publish(opened, make_model("2026.49.1"))
    model = make_model("2026.49.2")
    publish(opened, model, verdict_of(model), channel="canary", percent=10)
    rollback(opened, "2026.49.1", "stable")
    live = live_model(opened, "canary", NOW + datetime.timedelta(days=8))
    assert live and (live.model / "README.md").read_text() == "# The model 2026.49.2\n"
    assert (org.channel("stable")["version"], org.channel("canary")["version"]) == ("2026.49.1", "2026.49.2")
    canary = named(opened, "canary")
    assert canary and canary["percent"] == 10 and len(org.counters()) == 5


def test_two_channels_that_name_one_version_are_both_kept_from_expiring(
    opened: Publisher, org: Org, make_model: Callable[..., Path]
) -> None:
    # Signed for a day only: at the next look it is old, and what is signed anew is not.
    _publish(dataclasses.replace(opened, days=1), make_model("2026.49.1"))
    promote(opened, "stable", "canary", 100)
    live_model(opened, "canary", NOW)
    assert {row["counter"] for row in overview(opened.client)["channels"]} == {2, 3}
    live_model(opened, "canary", NOW)
    assert org.counters() == [3, 2, 1]


def test_versions_are_ordered_by_their_numbers() -> None:
    found = sorted(["2026.48.10", "2027.1.1", "2026.9.1", "tiny", "2026.48.9"], key=version_order)
    assert found == ["tiny", "2026.9.1", "2026.48.9", "2026.48.10", "2027.1.1"]
