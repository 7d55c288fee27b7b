"""Publishing against the real API over HTTP: whole and signed, once a counter, by a passing verdict alone, and killed at every request (F39, F41)."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from securesystemslib.signer import CryptoSigner

from tests.trainer.publishing import DECISIONS, verdict_of
from tests.trainer.real_api import Org
from trainer import registry
from trainer.__main__ import main
from trainer.gate import FORMAT
from trainer.publish import LOG, Publisher, open_publisher, publish
from trainer.publish_commands import add_run_arguments, target_of
from trainer.runs import file_digest, make_run
from trainer.signing import canonical_json, make_key, public_key_of, verify


def test_a_published_model_is_what_the_channel_gives_to_the_byte(
    opened: Publisher,
    org: Org,
    signer: CryptoSigner,
    make_model: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = make_model("2026.49.1")
    facts = publish(opened, model, verdict_of(model), channel="canary", percent=10)
    answer = org.channel("canary")
    assert (answer["version"], answer["counter"], answer["rollout"]) == ("2026.49.1", 1, {"percent": 10})
    assert org.get("/v1/models/channels/stable").status_code == 404
    manifest = verify(canonical_json(answer["envelope"]), [public_key_of(signer)])
    files = {file["path"]: file for file in manifest["files"]}
    assert files.keys() - {"decisions.bin"} == {
        path.relative_to(model).as_posix() for path in model.rglob("*") if path.is_file()
    } - {"manifest.json"}
    for path, file in files.items():
        body = org.get(f"/v1/models/files/{file['sha256']}").content
        assert hashlib.sha256(body).hexdigest() == file["sha256"] and len(body) == file["size"]
        if path != "decisions.bin":
            assert body == (model / path).read_bytes()
        else:
            # What taught it, and nothing else: neither held-out nor weightless decisions.
            assert body == b"".join(sorted(hashlib.sha256(name.encode()).digest()[:8] for name in DECISIONS[:2]))
    assert manifest["gate"]["figures"] == {"macro-F1": "0.012346", "size": "282594"}
    assert manifest["data"] == facts["data"] and manifest["data"]["decisions"] == 2
    assert org.get("/v1/models/2026.49.1").json()["card"] == "# The model 2026.49.1\n"

    # Again: nothing happens. The next version: the next counter, and only what is new is sent.
    assert publish(opened, model, verdict_of(model), channel="canary", percent=10) == facts
    assert "nothing to do" in capsys.readouterr().out and org.counters() == [1]
    sent: list[str] = []
    opened.client.event_hooks = {"request": [lambda request: sent.append(f"{request.method} {request.url.path}")]}
    second = make_model("2026.50.1", corrections=False)
    assert publish(opened, second, verdict_of(second), channel="canary", percent=100)["counter"] == 2
    assert len([line for line in sent if line.startswith("PUT /v1/models/files/")]) == 2
    assert org.channel("canary")["counter"] == 2 and org.counters() == [2, 1]


def test_without_a_passing_verdict_on_these_very_bytes_nothing_is_sent(
    tmp_path: Path, signer: CryptoSigner, make_model: Callable[..., Path]
) -> None:
    model = make_model("2026.49.1")
    good = verdict_of(model)
    broken = [{**good["rules"][0], "ok": False}, good["rules"][1]]
    wrong = [
        {},
        {**good, "pass": False},
        {**good, "pass": "true"},
        {**good, "rules": []},
        {**good, "rules": broken},
        {**good, "rules": [{**good["rules"][0], "ok": 1}]},
        {**good, "rules": [{**good["rules"][0], "value": float("nan")}]},
        {**good, "candidate": "0" * 64},
        {**good, "holdout": "none"},
        {key: value for key, value in good.items() if key != "rules"},
    ]
    # Nobody listens there: whoever asks the registry first fails in another way.
    with open_publisher(tmp_path / "runs", "http://127.0.0.1:9", "key", [signer], days=14) as publisher:
        publisher.client.event_hooks = {"request": [_never]}
        for verdict in wrong:
            with pytest.raises((ValueError, KeyError)):
                publish(publisher, model, verdict, channel="stable", percent=100)
        (model / "README.md").write_text("changed\n")
        with pytest.raises(ValueError, match="changed after the gate"):
            publish(publisher, model, good, channel="stable", percent=100)
    assert not list((tmp_path / "runs").glob("publish-*/run.json"))


def _never(request: httpx.Request) -> None:
    raise AssertionError(f"{request.method} {request.url} was asked")


def test_the_command_wants_a_finished_gate_run(
    tmp_path: Path,
    org: Org,
    make_model: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model, runs = make_model("2026.49.1"), tmp_path / "runs"
    key = make_key(tmp_path / "other.pem")
    monkeypatch.setenv("SECTAG_KEY", org.publisher)
    arguments = [
        "--runs",
        str(runs),
        "publish",
        "--model",
        str(model),
        "--api",
        org.api,
        "--sign-with",
        str(tmp_path / "other.pem"),
    ]
    assert main([*arguments, "--gate", str(tmp_path)]) == 2
    assert "python -m trainer gate" in capsys.readouterr().err

    def write(folder: Path) -> dict:
        (folder / "verdict.json").write_text(json.dumps(verdict_of(model)))
        return {}

    old = make_run(runs, "gate", {"format": FORMAT - 1}, write)
    assert main([*arguments, "--gate", str(old)]) == 2
    assert "other rules than today's" in capsys.readouterr().err
    gate = make_run(runs, "gate", {"format": FORMAT}, write)
    assert main([*arguments, "--gate", str(gate)]) == 2
    # The server does not know this key.
    assert "signed by no key that is trusted here" in capsys.readouterr().err
    assert org.counters() == [] and public_key_of(key)


def test_killed_at_every_request_it_goes_on_to_one_whole_release(
    tmp_path: Path, org: Org, signer: CryptoSigner, make_model: Callable[..., Path]
) -> None:
    root = tmp_path / "runs"

    def attempt(model: Path, hook: Callable[[int], None] = lambda _: None) -> dict:
        with open_publisher(root, org.api, org.publisher, [signer], days=14) as publisher:
            answers: list[httpx.Response] = []

            def count(answer: httpx.Response) -> None:
                answers.append(answer)
                hook(len(answers))

            publisher.client.event_hooks = {"response": [count]}
            facts = publish(publisher, model, verdict_of(model), channel="stable", percent=100)
            return {**facts, "methods": [answer.request.method for answer in answers]}

    attempt(make_model("2026.1.0"))
    methods = attempt(make_model("2026.1.0.1"))["methods"]
    counters = org.counters()
    # The server has done what it was asked, and nobody hears it: the same as a kill before the next request. HEAD changes nothing.
    places = [place for place, method in enumerate(methods, 1) if method != "HEAD"]
    assert len(places) == 6, "two files, list, newest envelope, release, channel"
    for place in places:
        model = make_model(f"2026.1.{place}")
        child = os.fork()
        if child == 0:

            def die(number: int, at: int = place) -> None:
                if number == at:
                    os._exit(9)

            try:
                attempt(model, die)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        # What is live in between is whole too: the one before, or already the new one.
        assert org.channel("stable")["counter"] in (counters[0], counters[0] + 1)
        facts = attempt(model)
        assert org.channel("stable")["version"] == model.name
        found = org.counters()
        assert found == [facts["counter"], *counters], f"{place}: one release more, whatever was killed"
        counters = found
    assert not list(root.glob("*.partial"))


def test_two_publishers_at_once_make_two_releases(
    tmp_path: Path, org: Org, signer: CryptoSigner, make_model: Callable[..., Path]
) -> None:
    models = [make_model(f"2026.49.{n}") for n in range(4)]
    for number in range(4):
        shutil.copytree(tmp_path / "runs", tmp_path / f"machine-{number}")
    faults: list[BaseException] = []

    def work(number: int) -> None:
        root = tmp_path / f"machine-{number}"
        try:
            with open_publisher(root, org.api, org.publisher, [signer], days=14) as publisher:
                publish(publisher, models[number], verdict_of(models[number]), channel="canary", percent=100)
        except ValueError as error:
            # Another one's higher counter is in the channel already: that one is the newer.
            assert "is below the one" in str(error)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert org.counters() == [4, 3, 2, 1]
    assert org.channel("canary")["counter"] == 4


def test_a_release_by_a_stranger_is_never_signed_anew(
    tmp_path: Path, opened: Publisher, org: Org, make_model: Callable[..., Path]
) -> None:
    model = make_model("2026.49.1")
    publish(opened, model, verdict_of(model), channel="stable", percent=100)
    stranger = make_key(tmp_path / "stranger.pem")
    other = Publisher(tmp_path / "runs", opened.client, [stranger], [public_key_of(stranger)], 14)
    second = make_model("2026.50.1")
    with pytest.raises(ValueError, match="no key that is trusted"):
        publish(other, second, verdict_of(second), channel="stable", percent=100)
    assert org.counters() == [1]


def test_counters_go_on_above_what_a_restored_server_forgot(
    tmp_path: Path, opened: Publisher, org: Org, make_model: Callable[..., Path]
) -> None:
    rows = [{"api": str(opened.client.base_url), "counter": 41, "revoked": [40], "version": "2026.40.1"}]
    rows += [{"api": "http://elsewhere", "counter": 900, "revoked": [7], "version": "2026.41.1"}]
    (tmp_path / "runs" / LOG).write_text("".join(json.dumps(row) + "\n" for row in rows))
    model = make_model("2026.49.1")
    assert publish(opened, model, verdict_of(model), channel="stable", percent=100)["counter"] == 42
    kept = json.loads(registry.envelope_of(opened.client, "2026.49.1"))
    assert verify(canonical_json(kept), opened.trusted)["revoked"] == [40]


def test_published_again_nothing_changes_and_what_the_server_has_lost_is_sent_again(
    opened: Publisher, org: Org, make_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model("2026.49.1")

    def again() -> int:
        counter: int = publish(opened, model, verdict_of(model), channel="stable", percent=100)["counter"]
        return counter

    assert [again(), again()] == [1, 1]
    lost = file_digest(model / "config.json")
    sent: list[str] = []
    has, send = registry.has_file, registry.send_file
    monkeypatch.setattr(
        registry, "has_file", lambda client, sha256: (sha256 != lost or lost in sent) and has(client, sha256)
    )
    monkeypatch.setattr(
        registry, "send_file", lambda client, file, sha256: (sent.append(sha256), send(client, file, sha256))
    )
    assert again() == 2 and sent == [lost]
    assert again() == 2 and org.channel("stable")["counter"] == 2


def test_what_run_publishes_is_asked_for_and_has_its_keys_before_the_work(
    tmp_path: Path, org: Org, key_file: Path, make_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--api")
    parser.add_argument("--key-file", type=Path)
    add_run_arguments(parser)
    assert target_of(parser.parse_args([])) is None
    monkeypatch.delenv("SECTAG_SIGNING_KEY", raising=False)
    asked = ["--api", org.api, "--publish", "canary", "--percent", "20"]
    for wrong in (["--publish", "canary"], asked, [*asked, "--sign-with", str(tmp_path / "none.pem")]):
        with pytest.raises((ValueError, FileNotFoundError)):
            target_of(parser.parse_args(wrong))
    monkeypatch.setenv("SECTAG_KEY", org.publisher)
    target = target_of(parser.parse_args([*asked, "--sign-with", str(key_file)]))
    model = make_model("2026.49.1")
    assert target and target.live(tmp_path / "runs") is None
    said = target.publish(tmp_path / "runs", model, verdict_of(model))
    assert said == "2026.49.1 has the counter 1 in canary, for 20 %"
    assert org.channel("canary")["counter"] == 1
