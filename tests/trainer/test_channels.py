"""What an operator does with published models, against the real API: promote, renew, roll back, revoke."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from securesystemslib.signer import CryptoSigner

from tests.trainer.publishing import verdict_of
from tests.trainer.real_api import Org
from trainer import registry
from trainer.__main__ import main
from trainer.channels import promote, renew, revoke, rollback
from trainer.live import live_model
from trainer.publish import Publisher, open_publisher, publish
from trainer.signing import canonical_json, make_key, verify


def manifest_in(org: Org, publisher: Publisher, channel: str) -> dict:
    return verify(canonical_json(org.channel(channel)["envelope"]), publisher.trusted)


@pytest.fixture
def three(opened: Publisher, make_model: Callable[..., Path]) -> Iterator[Publisher]:
    """Three versions in the canary channel, one after the other; the first is stable."""
    for number in (1, 2, 3):
        model = make_model(f"2026.49.{number}")
        publish(opened, model, verdict_of(model), channel="canary", percent=10)
        if number == 1:
            promote(opened, "canary", "stable", 100)
    yield opened


def test_a_canary_is_promoted_step_by_step(three: Publisher, org: Org) -> None:
    assert promote(three, "canary", "stable", 25)["counter"] == 3
    assert org.channel("stable")["rollout"] == {"percent": 25}
    # A larger share of the same release: the same counter, so that who has it keeps it.
    assert promote(three, "canary", "stable", 100)["counter"] == 3
    assert (org.channel("stable")["counter"], org.channel("stable")["rollout"]) == (3, {"percent": 100})
    assert org.counters() == [3, 2, 1]


def test_a_rollback_is_a_new_counter_over_the_old_files(three: Publisher, org: Org) -> None:
    before = manifest_in(org, three, "stable")
    promote(three, "canary", "stable", 100)
    assert rollback(three, "2026.49.1", "stable")["counter"] == 4
    after = manifest_in(org, three, "stable")
    assert after["files"] == before["files"] and after["version"] == "2026.49.1" and after["counter"] == 4
    assert org.channel("canary")["counter"] == 3
    # Up again, from a channel with a lower counter: signed anew too.
    assert promote(three, "canary", "stable", 50)["counter"] == 5
    assert (manifest_in(org, three, "stable")["version"], org.channel("stable")["rollout"]) == (
        "2026.49.3",
        {"percent": 50},
    )
    with pytest.raises(ValueError, match="never published"):
        rollback(three, "2026.49.9", "stable")


def test_nothing_revoked_is_signed_anew_whatever_the_server_says_a_channel_names(
    three: Publisher, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    revoke(three, "2026.49.3", None)
    before = org.counters()
    said = registry.overview

    def lie(client: httpx.Client) -> dict:
        found = said(client)
        for row in found["channels"]:
            row["version"] = "2026.49.3"
        return found

    monkeypatch.setattr(registry, "overview", lie)
    with pytest.raises(ValueError, match="is revoked and is not signed anew"):
        renew(three, "stable")
    late = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=8)
    with pytest.raises(ValueError, match="is revoked"):
        live_model(three, "stable", late)
    monkeypatch.undo()
    assert org.counters() == before


def test_what_is_revoked_stays_revoked_in_every_later_release(
    three: Publisher, org: Org, make_model: Callable[..., Path]
) -> None:
    promote(three, "canary", "stable", 100)
    done = revoke(three, "2026.49.3", None)
    assert done == {"version": "2026.49.2", "counter": 4, "revoked": [3], "channels": ["canary", "stable"]}
    for channel in ("canary", "stable"):
        manifest = manifest_in(org, three, channel)
        assert (manifest["version"], manifest["revoked"], org.channel(channel)["rollout"]) == (
            "2026.49.2",
            [3],
            {"percent": 100},
        )
    for forbidden in (lambda: rollback(three, "2026.49.3", "stable"), lambda: revoke(three, "2026.49.2", "2026.49.3")):
        with pytest.raises(ValueError, match=r"revoked|no version to go back"):
            forbidden()
    # Also the version's other counters.
    assert revoke(three, "2026.49.2", "2026.49.1")["revoked"] == [4, 2]
    model = make_model("2026.50.1")
    publish(three, model, verdict_of(model), channel="canary", percent=100)
    assert manifest_in(org, three, "canary")["revoked"] == [2, 3, 4]
    revoked = {row["counter"] for row in org.get("/v1/models").json()["releases"] if row["revoked"]}
    assert revoked == {2, 3, 4}


def test_a_revocation_that_was_refused_is_not_carried_on(
    tmp_path: Path, three: Publisher, org: Org, make_model: Callable[..., Path]
) -> None:
    stranger = make_key(tmp_path / "stranger.pem")
    with pytest.raises(ValueError, match="no key that is trusted"):
        revoke(dataclasses.replace(three, signers=[stranger]), "2026.49.2", None)
    model = make_model("2026.50.1")
    # Its counter is used up all the same.
    assert publish(three, model, verdict_of(model), channel="canary", percent=100)["counter"] == 5
    assert manifest_in(org, three, "canary")["revoked"] == []


def test_a_version_is_one_model(three: Publisher, make_model: Callable[..., Path]) -> None:
    model = make_model("2026.49.3b")
    (model / "manifest.json").write_text((model / "manifest.json").read_text().replace("2026.49.3b", "2026.49.3"))
    with pytest.raises(ValueError, match="another version"):
        publish(three, model, verdict_of(model), channel="canary", percent=100)


def test_the_only_version_cannot_be_revoked_but_held_back(
    opened: Publisher, org: Org, make_model: Callable[..., Path]
) -> None:
    model = make_model("2026.49.1")
    publish(opened, model, verdict_of(model), channel="stable", percent=100)
    with pytest.raises(ValueError, match="promote --percent 0"):
        revoke(opened, "2026.49.1", None)
    promote(opened, "stable", "stable", 0)
    assert org.channel("stable")["rollout"] == {"percent": 0}
    for wrong in (lambda: renew(opened, "canary"), lambda: promote(opened, "canary", "stable", 1)):
        with pytest.raises(ValueError, match="names nothing"):
            wrong()


def test_a_release_is_renewed_by_command_before_it_expires(
    tmp_path: Path,
    key_file: Path,
    signer: CryptoSigner,
    org: Org,
    make_model: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = make_model("2026.49.1")
    with open_publisher(tmp_path / "runs", org.api, org.publisher, [signer], days=14) as opened:
        publish(opened, model, verdict_of(model), channel="stable", percent=40)
    before = manifest_in(org, opened, "stable")
    assert main(["keys", "--out", str(tmp_path / "new.pem")]) == 0
    (tmp_path / "api.key").write_text(org.publisher)
    arguments = [
        "--runs",
        str(tmp_path / "elsewhere"),
        "renew",
        "--api",
        org.api,
        "--key-file",
        str(tmp_path / "api.key"),
    ]
    arguments += ["--sign-with", str(tmp_path / "new.pem"), "--trust", opened.trusted[-1], "--days", "30"]
    # Rotation: signed by the new key alone the server does not take it, by both it does.
    assert main(arguments) == 2
    assert "signed by no key that is trusted here" in capsys.readouterr().err
    assert main([*arguments, "--sign-with", str(key_file)]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    # The refused one used 2.
    assert said == {"ok": True, "version": "2026.49.1", "counter": 3, "channel": "stable", "percent": 40}
    after = manifest_in(org, opened, "stable")
    assert after["files"] == before["files"] and after["expires"] > before["expires"]
    assert len(org.channel("stable")["envelope"]["signatures"]) == 2
    with pytest.raises(SystemExit, match="2"):
        main([*arguments, "--counter", "0"])
    assert "counters begin at 1" in capsys.readouterr().err
    # Where the highest counter is forgotten, a person says from where on; it is remembered then.
    for given, counter in ((["--counter", "500"], 500), ([], 501)):
        assert main([*arguments, "--sign-with", str(key_file), *given]) == 0
        assert json.loads(capsys.readouterr().out.splitlines()[-1])["counter"] == counter
