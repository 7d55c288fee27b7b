"""`compare` says F1 by type of two models through their shipped files; `plot` draws what the learning proof found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from trainer.__main__ import main
from trainer.labels import THREAT_INDEX
from trainer.model_files import write_manifest
from trainer.onnx_model import WASM_FILE, OnnxModel
from trainer.prove_learning import f1_by_type
from trainer.quantize import write_fp32, write_int8
from trainer.recover import recover

#: A record of another kind: words and their tags.
TOKENS = '{"id": "1", "source": "cyner", "tokens": ["it"], "tags_unified": ["O"], "label_space": ["Malware"]}\n'


def _leaning(folder: Path, tiny_folder: Path) -> Path:
    """The tiny model, made to say malware of everything."""
    shutil.copytree(tiny_folder, folder)
    model, _ = recover(tiny_folder)
    model.threat.out.bias.data[THREAT_INDEX["malware"]] += 100.0
    write_fp32(model, folder.with_suffix(".onnx"))
    write_int8(folder.with_suffix(".onnx"), folder / WASM_FILE)
    (folder / "manifest.json").unlink()
    write_manifest(folder, "sectag-tiny", "leaning")
    return folder


def test_two_models_on_the_same_records(tmp_path: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = OnnxModel(tiny_folder)
    texts = [f"ticket {number} {word}" for number, word in enumerate(["mail", "virus", "door", "disk"] * 3)]
    said = [model.answer(text).threat_type for text in texts]
    kept = [(text, kind) for text, kind in zip(texts, said, strict=True) if kind != "malware"]
    rows = [
        {"id": str(n), "source": "s", "text": t, "threat_type": k, "severity": "low"} for n, (t, k) in enumerate(kept)
    ]
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    after = _leaning(tmp_path / "leaning", tiny_folder)
    arguments = ["--runs", str(tmp_path), "compare", "--before", str(tiny_folder), "--after", str(after)]
    assert main([*arguments, "--data", str(data)]) == 0
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line["records"] == len(kept) > 0
    assert line["types"] == {kind: {"before": 100.0, "after": 0.0} for _, kind in kept}
    whole = data.read_text()
    for written, says in (
        ("", "holds no records"),
        (whole + "{}\n", "bad record"),
        (TOKENS, "no record with a threat type"),
    ):
        data.write_text(written)
        assert main([*arguments, "--data", str(data)]) == 2
        assert says in capsys.readouterr().err


def test_f1_counts_misses_and_false_alarms() -> None:
    records = [{"threat_type": kind} for kind in ("phishing", "phishing", "malware", "benign")]
    answers = np.array([THREAT_INDEX[kind] for kind in ("phishing", "malware", "malware", "phishing")])
    assert f1_by_type(records, answers) == pytest.approx({"benign": 0.0, "phishing": 50.0, "malware": 200 / 3})


@pytest.mark.parametrize("dev", [None, {"malware": {"before": 40.0, "after": 39.0}}])
def test_the_picture_has_a_half_for_dev_only_where_it_was_at_hand(
    tmp_path: Path, dev: dict | None, capsys: pytest.CaptureFixture[str]
) -> None:
    from matplotlib import image

    figures = {"from": "2026.48.1", "to": "2026.48.2", "kind": "phishing", "dev": dev}
    figures["siblingsTable"] = {"phishing": {"before": 20.0, "after": 45.0}}
    (tmp_path / "figures.json").write_text(json.dumps(figures))
    out = tmp_path / "learning.png"
    assert main(["plot", "--figures", str(tmp_path / "figures.json"), "--out", str(out)]) == 0
    height, width, _ = image.imread(out).shape
    assert width / height == pytest.approx((13 if dev else 6.5) / 5, abs=0.01)
    assert json.loads(capsys.readouterr().out)["plot"] == str(out)
