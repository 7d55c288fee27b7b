"""Answers of the model and of the baseline for a list of records, in one shape that the report reads."""

from __future__ import annotations

import dataclasses

import numpy as np
from tqdm import tqdm

from trainer.baseline import Baseline, split_words, tags_to_spans
from trainer.entities import spans_of, word_labels
from trainer.labels import SEVERITIES, THREAT_TYPES, allowed_bio
from trainer.onnx_model import Answer, OnnxModel
from trainer.records import Record, is_entity_record

Spans = set[tuple[int, int, str]]


@dataclasses.dataclass
class Prediction:
    """Answers of one scorer. `spans` are per text record, `tags` per token record (`masked`: label space known)."""

    threat: np.ndarray
    severity: np.ndarray
    spans: list[Spans]
    tags: list[list[str]]
    masked_tags: list[list[str]]

    @property
    def threat_names(self) -> list[str]:
        return [THREAT_TYPES[index] for index in self.threat.argmax(1)]

    @property
    def severity_names(self) -> list[str]:
        return [SEVERITIES[index] for index in self.severity.argmax(1)]


def token_tags(tokens: list[str], spans: list[dict], label_space: list[str]) -> list[str]:
    """BIO tag of each token (joined by single spaces) by the span that covers its start; other labels become O."""
    tags, position, previous = [], 0, None
    for token in tokens:
        end = position + len(token)
        span = next((s for s in spans if s["start"] < end and s["end"] > position and s["start"] <= position), None)
        span = span or next((s for s in spans if position <= s["start"] < end), None)
        if span is None or span["label"] not in label_space:
            tags.append("O")
        else:
            tags.append(f"{'I' if span is previous else 'B'}-{span['label']}")
        previous = span
        position = end + 1
    return tags


def _empty() -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((0, len(THREAT_TYPES))), np.zeros((0, len(SEVERITIES)))


def text_of(record: Record) -> str:
    """What a model reads of a record."""
    return " ".join(record["tokens"]) if is_entity_record(record) else str(record["text"])


def by_model(model: OnnxModel, records: list[Record], *, quiet: bool = False) -> Prediction:
    """Runs every record through the shipped file, one window at a time, as the browser does."""
    threat, severity, all_spans, tags, masked = [], [], [], [], []
    threshold = model.decoding["thresholds"]["entity"]
    heat = model.decoding["temperatures"]["entity"]
    answers = model.answers(text_of(record) for record in records)
    bar = tqdm(answers, total=len(records), disable=quiet, mininterval=5, desc="model")
    for record, answer in zip(records, bar, strict=True):
        if is_entity_record(record):
            tags.append(token_tags(record["tokens"], answer.spans, record["label_space"]))
            outside = ~np.array(allowed_bio(record["label_space"]))
            logits = answer.logits.entity.copy()
            if len(logits):
                logits[:, outside] = -1e9
            spans = spans_of(word_labels(answer.tokens, logits, heat), threshold) if len(logits) else []
            masked.append(token_tags(record["tokens"], spans, record["label_space"]))
            continue
        threat.append(answer.threat)
        severity.append(answer.severity)
        all_spans.append({(span["start"], span["end"], span["label"]) for span in answer.spans})
    return Prediction(*((np.stack(threat), np.stack(severity)) if threat else _empty()), all_spans, tags, masked)


def by_baseline(baseline: Baseline, records: list[Record]) -> Prediction:
    """The same of the linear models."""
    texts = [record for record in records if not is_entity_record(record)]
    spans: list[Spans] = []
    for record in texts:
        found: Spans = set()
        if record.get("spans") is not None:
            words = split_words(record["text"])
            tags = baseline.tags(record["source"], [record["text"][start:end] for start, end in words])
            found = {(span["start"], span["end"], span["label"]) for span in tags_to_spans(words, tags)}
        spans.append(found)
    token_rows = []
    for record in records:
        if is_entity_record(record):
            tags = baseline.tags(record["source"], record["tokens"])
            token_rows.append([tag if tag == "O" or tag[2:] in record["label_space"] else "O" for tag in tags])
    if not texts:
        return Prediction(*_empty(), spans, token_rows, token_rows)
    bodies = [record["text"] for record in texts]
    return Prediction(
        baseline.threat_probabilities(bodies), baseline.severity_probabilities(bodies), spans, token_rows, token_rows
    )


def label_flips(first: list[Answer], second: list[Answer]) -> dict[str, float]:
    """Shares of answers to the same texts that differ between two files of one model: threat types, severities, token labels."""
    types = severities = tokens = total_tokens = 0
    for a, b in zip(first, second, strict=True):
        types += a.threat_type != b.threat_type
        severities += a.severity_name != b.severity_name
        if len(a.tokens.ids):
            tokens += int((a.logits.entity.argmax(1) != b.logits.entity.argmax(1)).sum())
            total_tokens += len(a.tokens.ids)
    return {
        "threat_type": types / max(1, len(first)),
        "severity": severities / max(1, len(first)),
        "token_label": tokens / max(1, total_tokens),
        "records": len(first),
    }
