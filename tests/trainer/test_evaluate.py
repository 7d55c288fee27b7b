"""`evaluate` through the shipped ONNX file, and the figures themselves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from trainer import metrics
from trainer.__main__ import main
from trainer.agreement import measure
from trainer.baseline import fit, split_words, tags_to_spans, word_tags
from trainer.golden import golden_texts
from trainer.predict import by_baseline, token_tags
from trainer.report import figures_of

SPAN = {"start": 0, "end": 17, "label": "AttackPattern", "quote": "typed my password"}
TICKET = {
    "source": "sectag",
    "text": "typed my password into a page",
    "threat_type": "phishing",
    "severity": "high",
    "spans": [SPAN],
}
BENIGN = {
    "source": "sectag",
    "text": "toner is empty",
    "threat_type": "benign",
    "severity": "low",
    "spans": [],
    "split": "test",
}
TOKENS = {
    "source": "cyner",
    "tokens": ["Emotet", "ran"],
    "tags_unified": ["B-Malware", "O"],
    "label_space": ["Malware"],
}


def _file(tmp_path: Path, *rows: object) -> Path:
    file = tmp_path / "data.jsonl"
    lines = [row if isinstance(row, str) else json.dumps({"id": f"r{n}", **row}) for n, row in enumerate(rows)]  # type: ignore[dict-item]
    file.write_text("\n".join(lines) + "\n")
    return file


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict, str]:
    code = main(["evaluate", "--no-baseline", *arguments])
    captured = capsys.readouterr()
    return code, json.loads(captured.out.strip().splitlines()[-1]), captured.err


def test_good_lines_are_scored_and_bad_ones_named(
    tmp_path: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _file(tmp_path, TICKET, "{broken", BENIGN, TOKENS)
    code, line, errors = _run(capsys, "--model", str(tiny_folder), "--data", str(file))
    assert code == 0 and line["ok"] and line["records"] == 3 and line["problems"] == 1
    assert "data.jsonl:2: not JSON" in errors
    figures = line["figures"]["model"]
    for name in (
        "threat macro-F1 (all)",
        "ECE",
        "severity kappa (all)",
        "tickets: security found",
        "tickets: false alarms",
    ):
        assert name in figures
    assert "entity F1 (cyner, all)" in figures and "entity F1 (tickets, all)" in figures
    code, line, _ = _run(capsys, "--model", str(tiny_folder), "--data", str(file), "--strict", "--json")
    assert code == 1 and not line["ok"]


def test_parts_empty_files_and_missing_ones(
    tmp_path: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _file(tmp_path, TICKET, BENIGN)
    code, line, _ = _run(capsys, "--model", str(tiny_folder), "--data", str(file), "--part", "test", "--json")
    assert code == 0 and line["records"] == 1
    file.write_text("\n")
    code, line, errors = _run(capsys, "--model", str(tiny_folder), "--data", str(file), "--json")
    assert code == 2 and not line["ok"] and "no usable record" in errors and "holds no records" in errors
    assert main(["evaluate", "--model", str(tiny_folder), "--data", str(tmp_path / "none.jsonl")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_flips_are_counted(tmp_path: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [text for _, text in golden_texts()][5:12]
    file = _file(
        tmp_path, *({"source": "x", "text": text, "threat_type": "malware", "severity": None} for text in texts)
    )
    same = str(tiny_folder / "onnx" / "model_int8.onnx")
    _, line, _ = _run(capsys, "--model", str(tiny_folder), "--data", str(file), "--fp32", same)
    assert line["figures"]["model"]["flips to fp32: threat_type"] == 0.0
    _, line, _ = _run(capsys, "--model", str(tiny_folder), "--data", str(file), "--fp32", same.replace("int8", "q4"))
    assert line["figures"]["model"]["flips to fp32: token_label"] > 0.0


def test_figures_against_hand_counts() -> None:
    assert metrics.macro_f1(["a", "a", "b"], ["a", "c", "b"]) == pytest.approx((2 / 3 + 1.0) / 2)
    assert metrics.average_precision([True, False, True], np.array([0.9, 0.8, 0.7])) == pytest.approx((1 + 2 / 3) / 2)
    order = ["low", "medium", "high"]
    assert metrics.quadratic_kappa(order, order, order) == 1.0
    assert metrics.quadratic_kappa(["low", "high"], ["high", "low"], order) == -1.0
    assert metrics.quadratic_kappa(["low"], ["low"], order) == 0.0
    assert metrics.calibration_error(np.array([0.9, 0.9]), np.array([1.0, 0.0])) == pytest.approx(0.4)
    assert metrics.coverage_at_precision(np.array([0.9, 0.8, 0.7, 0.6]), np.array([1, 1, 0, 1])) == 0.5
    assert metrics.coverage_at_precision(np.array([0.9]), np.array([0])) == 0.0
    spans = metrics.span_f1([{(0, 1, "A"), (2, 3, "B")}], [{(0, 1, "A"), (2, 4, "B")}])
    assert spans == {"A": 1.0, "B": 0.0, "all": 0.5}
    assert metrics.overlap_f1([{(0, 1, "A"), (2, 3, "B")}], [{(0, 1, "A"), (2, 4, "B")}]) == pytest.approx(1.0)
    assert metrics.sequence_f1([["B-X", "I-X", "O"]], [["B-X", "O", "O"]])["all"] == 0.0


def test_ticket_figures() -> None:
    gold = ["benign", "benign", "malware", "phishing"]
    figures = metrics.ticket_figures(
        gold, ["benign", "malware", "malware", "benign"], ["low"] * 4, ["low", "low", "high", "low"]
    )
    assert figures["security found"] == 0.5 and figures["false alarms"] == 0.5
    assert figures["type accuracy (security)"] == 0.5 and figures["type accuracy (all)"] == 0.5
    assert figures["combined tag exact"] == 0.25


def test_token_tags_follow_spans_and_label_space() -> None:
    tokens = ["Agent", "Tesla", "hit", "Oslo"]
    spans = [{"start": 0, "end": 11, "label": "Malware"}, {"start": 16, "end": 20, "label": "Location"}]
    assert token_tags(tokens, spans, ["Malware"]) == ["B-Malware", "I-Malware", "O", "O"]
    assert token_tags(tokens, spans, ["Location"]) == ["O", "O", "O", "B-Location"]


def test_the_baseline_learns_what_is_plain() -> None:
    def example(number: int, kind: str) -> dict:
        text = f"malware emotet found on host {number}" if kind == "malware" else f"please order toner {number}"
        spans = [{"start": 8, "end": 14, "label": "Malware"}] if kind == "malware" else []
        severity = "high" if kind == "malware" else "low"
        return {
            "text": text,
            "threat_type": kind,
            "severity": severity,
            "spans": spans,
            "source": "sectag",
            "split": "train",
        }

    fitted = fit([example(n, kind) for n in range(12) for kind in ("malware", "benign")])
    text = "malware emotet found on host 99"
    span = {"start": 8, "end": 14, "label": "Malware", "quote": "emotet"}
    record = {
        "id": "a",
        "source": "sectag",
        "text": text,
        "threat_type": "malware",
        "severity": "high",
        "spans": [span],
    }
    prediction = by_baseline(fitted, [record])
    assert prediction.threat_names == ["malware"] and prediction.severity_names == ["high"]
    assert prediction.spans == [{(8, 14, "Malware")}]
    assert figures_of([record], prediction)["entity F1 (tickets, all)"] == 1.0
    words = split_words("on FS-02 now")
    tags = word_tags(words, [{"start": 3, "end": 8, "label": "System"}])
    assert tags_to_spans(words, tags) == [{"start": 3, "end": 8, "label": "System"}]


def test_agreement_of_second_labels() -> None:
    first = {
        str(n): {"threat_type": t, "severity": s}
        for n, (t, s) in enumerate([("benign", "low"), ("malware", "high")] * 2)
    }
    second = [{"id": identifier, **row} for identifier, row in first.items()]
    assert measure(first, second)["type kappa"] == 1.0
    second[0] = {"id": "0", "threat_type": "malware", "severity": "medium"}
    figures = measure(first, second)
    assert figures["type agreement"] == 0.75 and figures["type kappa"] == pytest.approx(0.5)
    with pytest.raises(ValueError, match="not in the corpus"):
        measure(first, [{"id": "x", "threat_type": "benign", "severity": "low"}])
