"""Windows, pooling and span decoding: the rules that TypeScript follows too."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.entities import spans_of, word_labels
from trainer.tiny import tiny_tokenizer
from trainer.windows import TextLogits, Tokens, WindowRule, pool, run_windows, softmax, tokenize, window_starts


@given(st.integers(0, 3000), st.integers(16, 256), st.integers(0, 12))
def test_windows_cover_every_token_and_overlap(tokens: int, length: int, overlap: int) -> None:
    rule = WindowRule(length, min(overlap, length - 3), 1.0)
    starts = window_starts(tokens, rule)
    content = length - 2
    assert starts[0] == 0 and starts[-1] + content >= tokens
    assert all(start + content < tokens for start in starts[:-1])
    assert all(b - a == content - rule.overlap for a, b in itertools.pairwise(starts))


def test_the_shipped_rule() -> None:
    rule = WindowRule()
    assert window_starts(254, rule) == [0]
    assert window_starts(255, rule) == [0, 206]
    assert window_starts(460, rule) == [0, 206]
    assert window_starts(461, rule) == [0, 206, 412]
    assert window_starts(0, rule) == [0]


def test_a_shared_token_listens_to_the_window_it_lies_deeper_in() -> None:
    rule = WindowRule(length=12, overlap=4, beta=1.0)
    tokens = Tokens(list(range(100, 116)), [(i, i + 1) for i in range(16)], list(range(16)))
    calls = []

    def forward(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        calls.append(ids.shape[1])
        return np.zeros(13), np.zeros(4), np.full((ids.shape[1], 19), float(len(calls)))

    logits = run_windows(tiny_tokenizer(), tokens, rule, forward)
    assert calls == [12, 12]
    # Shared are 6..9; distances to the first window's edge 3 2 1 0, to the second's 0 1 2 3.
    assert logits.entity[:, 0].tolist() == [1.0] * 8 + [2.0] * 8


def test_empty_text_is_one_window() -> None:
    def forward(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        assert ids.shape == (1, 2)
        return np.zeros(13), np.zeros(4), np.zeros((2, 19))

    tokenizer = tiny_tokenizer()
    logits = run_windows(tokenizer, tokenize(tokenizer, "\u200b \n"), WindowRule(), forward)
    assert logits.threat.shape == (1, 13) and word_labels(tokenize(tokenizer, ""), logits.entity, 1.0) == []


def test_pooling_listens_more_to_windows_that_are_not_benign() -> None:
    threat = np.zeros((2, 13))
    threat[0, 0], threat[1, 3] = 6.0, 6.0
    logits = TextLogits(threat, np.array([[5.0, 0, 0, 0], [0, 0, 0, 5.0]]), np.zeros((0, 19)))
    even, _ = pool(logits, 0.0)
    assert even[0] == pytest.approx(even[3])
    pooled, severity = pool(logits, 1.0)
    assert pooled.argmax() == 3 and severity.argmax() == 3
    one, _ = pool(TextLogits(threat[:1], np.zeros((1, 4)), np.zeros((0, 19))), 4.0)
    assert softmax(one) == pytest.approx(softmax(threat[0]))


def test_pooling_survives_extreme_logits() -> None:
    threat = np.full((3, 13), -900.0)
    threat[:, 0] = 900.0
    pooled, _ = pool(TextLogits(threat, np.zeros((3, 4)), np.zeros((0, 19))), 4.0)
    assert np.isfinite(pooled).all() and pooled.argmax() == 0


def test_spans_are_repaired_merged_and_cut_by_score() -> None:
    words = [
        (0, 4, "I-Malware", 0.9),
        (5, 9, "I-Malware", 0.5),
        (10, 12, "B-Malware", 0.8),
        (13, 15, "I-Tool", 0.3),
        (16, 18, "O", 0.9),
        (19, 20, "B-System", 0.6),
    ]
    spans = spans_of(words, 0.4)
    assert [(s["start"], s["end"], s["label"]) for s in spans] == [
        (0, 9, "Malware"),
        (10, 12, "Malware"),
        (19, 20, "System"),
    ]
    assert spans[0]["score"] == pytest.approx(0.7)


def test_a_word_has_the_label_of_its_first_piece() -> None:
    entity = np.zeros((3, 19))
    entity[0, 1], entity[1, 0], entity[2, 5] = 5.0, 5.0, 5.0
    tokens = Tokens([1, 2, 3], [(0, 3), (3, 6), (7, 9)], [0, 0, 1])
    words = word_labels(tokens, entity, 1.0)
    assert [(start, end, label) for start, end, label, _ in words] == [(0, 6, "B-Malware"), (7, 9, "B-Tool")]
