"""Long texts as overlapping windows, and one answer pooled from them; the same rules as extension/inference."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from tokenizers import Tokenizer

from trainer.labels import BENIGN

#: (input_ids [1, n]) -> logits [13], severity_logits [4], entity_logits [n, 19] of one window.
Forward = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
#: s_i, the log odds of "not benign", is cut here: beyond it a window is sure enough.
MAX_LOG_ODDS = 8.0


@dataclasses.dataclass(frozen=True)
class WindowRule:
    """`length` tokens a window, [CLS] and [SEP] included; neighbours share `overlap` tokens; `beta` weighs them."""

    length: int = 256
    overlap: int = 48
    beta: float = 1.0


@dataclasses.dataclass(frozen=True)
class Tokens:
    """A whole text's tokens without specials. `words[i]` is the number of the pre-token that piece i belongs to."""

    ids: list[int]
    offsets: list[tuple[int, int]]
    words: list[int]


@dataclasses.dataclass(frozen=True)
class TextLogits:
    """What the network says of one text: per window threat [w, 13] and severity [w, 4]; per token entity [n, 19]."""

    threat: np.ndarray
    severity: np.ndarray
    entity: np.ndarray


def tokenize(tokenizer: Tokenizer, text: str) -> Tokens:
    """Tokens of the text; offsets are code points."""
    encoding = tokenizer.encode(text, add_special_tokens=False)
    return Tokens(encoding.ids, encoding.offsets, [word or 0 for word in encoding.word_ids])


def window_starts(tokens: int, rule: WindowRule) -> list[int]:
    """First content token of each window; the last window is the first one that reaches the end. Never empty."""
    content = rule.length - 2
    starts = [0]
    while starts[-1] + content < tokens:
        starts.append(starts[-1] + content - rule.overlap)
    return starts


def special_id(tokenizer: Tokenizer, name: str) -> int:
    """Id of [CLS], [SEP] or [MASK]. Raises ValueError for a tokenizer that is not a BERT's."""
    identifier = tokenizer.token_to_id(name)
    if identifier is None:
        raise ValueError(f"The tokenizer has no {name}: the base must be a BertModel with its own tokenizer")
    return identifier


def with_specials(tokenizer: Tokenizer, ids: list[int]) -> list[int]:
    """[CLS] ids [SEP]."""
    return [special_id(tokenizer, "[CLS]"), *ids, special_id(tokenizer, "[SEP]")]


def window_ids(tokenizer: Tokenizer, ids: list[int]) -> np.ndarray:
    """[CLS] ids [SEP] as int64 [1, n + 2]."""
    return np.array([with_specials(tokenizer, ids)], dtype=np.int64)


def run_windows(tokenizer: Tokenizer, tokens: Tokens, rule: WindowRule, forward: Forward) -> TextLogits:
    """Sends each window through the network. A token of two windows takes its labels from the one it lies deeper in."""
    content = rule.length - 2
    threat, severity = [], []
    entity: list[np.ndarray | None] = [None] * len(tokens.ids)
    depth = [-1] * len(tokens.ids)
    for start in window_starts(len(tokens.ids), rule):
        piece = tokens.ids[start : start + content]
        threat_logits, severity_logits, entity_logits = forward(window_ids(tokenizer, piece))
        threat.append(threat_logits)
        severity.append(severity_logits)
        for position in range(len(piece)):
            edge = min(position, len(piece) - 1 - position)
            if edge > depth[start + position]:
                depth[start + position] = edge
                entity[start + position] = entity_logits[position + 1]
    rows = [row for row in entity if row is not None]
    return TextLogits(np.stack(threat), np.stack(severity), np.stack(rows) if rows else np.zeros((0, 0)))


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis, without overflow."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis, without overflow."""
    return np.exp(log_softmax(logits))


def pool(logits: TextLogits, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """Pooled log probabilities of threat type [13] and severity [4]: windows that look less benign weigh more."""
    threat = log_softmax(logits.threat)
    benign = np.clip(np.exp(threat[:, BENIGN]), 1e-12, 1 - 1e-12)
    odds = np.clip(np.log((1 - benign) / benign), -MAX_LOG_ODDS, MAX_LOG_ODDS)
    weights = softmax(beta * odds)
    return weights @ threat, weights @ log_softmax(logits.severity)
