"""A published version comes back whole and verified, with its checkpoint, or not at all."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import torch
from safetensors.torch import save_file

from tests.trainer.publishing import verdict_of
from tests.trainer.real_api import Org
from trainer import registry
from trainer.__main__ import main
from trainer.fetch import CHECKPOINT, fetch
from trainer.gate import whole
from trainer.onnx_model import WASM_FILE
from trainer.publish import Publisher, publish
from trainer.runs import file_digest


def test_a_published_version_comes_back_with_the_weights_to_go_on_from(
    tmp_path: Path,
    opened: Publisher,
    org: Org,
    key_file: Path,
    make_model: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = make_model("2026.49.1")
    # As `run` leaves it: beside the model directory, marked as belonging to its int8 file.
    save_file({"weight": torch.ones(2)}, str(model.parent / CHECKPOINT), {"weights": file_digest(model / WASM_FILE)})
    publish(opened, model, verdict_of(model), channel="stable", percent=100)
    checkpoint = file_digest(model.parent / CHECKPOINT)
    # The trainer's key gets it; an installation's does not.
    assert org.get(f"/v1/models/files/{checkpoint}").status_code == 404

    (tmp_path / "api.key").write_text(org.publisher)
    elsewhere = tmp_path / "elsewhere"
    arguments = [
        "--runs",
        str(elsewhere),
        "fetch",
        "--version",
        "2026.49.1",
        "--api",
        org.api,
        "--key-file",
        str(tmp_path / "api.key"),
    ]
    assert main(arguments) == 2
    assert "no key that is trusted" in capsys.readouterr().err
    assert main([*arguments, "--trust", opened.trusted[-1]]) == 0
    fetched = Path(json.loads(capsys.readouterr().out.splitlines()[-1])["model"])
    assert file_digest(fetched.parent / CHECKPOINT) == checkpoint
    assert whole(fetched).ok
    for path in model.rglob("*.*"):
        if path.name != "manifest.json":
            assert (fetched / path.relative_to(model)).read_bytes() == path.read_bytes()
    assert not list(elsewhere.glob("*.partial"))


def test_another_file_than_the_signed_one_is_not_kept(
    tmp_path: Path, opened: Publisher, make_model: Callable[..., Path]
) -> None:
    model = make_model("2026.49.1")
    publish(opened, model, verdict_of(model), channel="stable", percent=100)
    envelope = registry.envelope_of(opened.client, "2026.49.1")

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/models/2026.49.1":
            return httpx.Response(200, json={"envelope": json.loads(envelope)})
        return httpx.Response(200, content=itertools.repeat(b"x" * 65_536))

    liar = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://127.0.0.1")
    with liar, pytest.raises(ValueError, match="not the file that was signed"):
        fetch(tmp_path / "other", liar, opened.trusted, "2026.49.1")
    left = [path.stat().st_size for path in (tmp_path / "other").rglob("*.*") if path.is_file()]
    assert not list((tmp_path / "other").glob("*/run.json")) and sum(left) < 200_000
