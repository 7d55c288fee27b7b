"""A shipped model directory through onnxruntime: the whole pipeline from text to tag and spans, as the extension has it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from trainer.contract import require
from trainer.cores import on_cores
from trainer.entities import spans_of, word_labels
from trainer.labels import BIO_LABELS, SEVERITIES, THREAT_TYPES
from trainer.model_files import load_tokenizer
from trainer.windows import Forward, TextLogits, Tokens, WindowRule, pool, run_windows, softmax, tokenize

WASM_FILE = "onnx/model_int8.onnx"
WEBGPU_FILE = "onnx/model_q4.onnx"
OUTPUTS = ["logits", "severity_logits", "entity_logits"]


@dataclasses.dataclass(frozen=True)
class Answer:
    """One text's answer: probabilities [13] and [4], and what the spans were made of."""

    threat: np.ndarray
    severity: np.ndarray
    spans: list[dict]
    tokens: Tokens
    logits: TextLogits

    @property
    def threat_type(self) -> str:
        return THREAT_TYPES[int(self.threat.argmax())]

    @property
    def severity_name(self) -> str:
        """The severity that is shown: by the guide an ordinary ticket is always low."""
        if self.threat_type == "benign":
            return SEVERITIES[0]
        return SEVERITIES[int(self.severity.argmax())]


def open_session(file: Path) -> Any:
    """An onnxruntime session on the CPU. Raises ValueError that names the file when it is missing or broken.

    One thread a text: it gives the same answers to the last bit, and a second thread mostly waits for the first, at half of all CPU time
    on a busy machine (measured). Cores are filled by texts instead (`OnnxModel.answers`).
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ValueError(f"{file} is not a usable ONNX file: {error}") from error


def session_forward(session: Any) -> Forward:
    """One window through a session."""

    def forward(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        threat, severity, entity = session.run(OUTPUTS, feeds)
        return threat[0], severity[0], entity[0]

    return forward


class OnnxModel:
    """A model directory, checked against the contract and ready to answer."""

    def __init__(self, folder: Path, file: Path | None = None) -> None:
        config_file = folder / "config.json"
        if not config_file.exists():
            raise FileNotFoundError(f"{folder} is not a model directory: config.json is missing")
        config = json.loads(config_file.read_text(encoding="utf-8"))
        require(config, "ModelConfig", str(config_file))
        if [config["id2label"].get(str(i)) for i in range(len(THREAT_TYPES))] != THREAT_TYPES:
            raise ValueError(f"{config_file}: id2label is not the order of shared/labels.json")
        if config["sectag"]["entities"] != BIO_LABELS:
            raise ValueError(f"{config_file}: sectag.entities is not the order of shared/labels.json")
        self.folder = folder
        self.decoding: dict = config["sectag"]
        self.rule = WindowRule(**self.decoding["windows"])
        self.tokenizer = load_tokenizer(folder / "tokenizer.json")
        self.forward = session_forward(open_session(file or folder / WASM_FILE))

    def logits(self, text: str) -> tuple[Tokens, TextLogits]:
        """Tokens of the text and the network's raw answers."""
        tokens = tokenize(self.tokenizer, text)
        return tokens, run_windows(self.tokenizer, tokens, self.rule, self.forward)

    def answers(self, texts: Iterable[str]) -> Iterator[Answer]:
        """The whole pipeline on many texts, in their order."""
        return on_cores(self.answer, texts)

    def answer(self, text: str) -> Answer:
        """The whole pipeline on one text; span offsets are code points."""
        tokens, logits = self.logits(text)
        threat, severity = pool(logits, self.rule.beta)
        heat = self.decoding["temperatures"]
        words = word_labels(tokens, logits.entity, heat["entity"])
        return Answer(
            threat=softmax(threat / heat["threatType"]),
            severity=softmax(severity / heat["severity"]),
            spans=spans_of(words, self.decoding["thresholds"]["entity"]),
            tokens=tokens,
            logits=logits,
        )
