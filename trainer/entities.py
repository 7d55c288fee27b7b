"""From token logits to entity spans: one label a word, repaired BIO, mean probability as score."""

from __future__ import annotations

import numpy as np

from trainer.labels import BIO_LABELS
from trainer.windows import Tokens, softmax


def word_labels(tokens: Tokens, entity: np.ndarray, temperature: float) -> list[tuple[int, int, str, float]]:
    """(start, end, BIO label, probability) of each word: the arg-max of its first piece. Offsets as in `tokens`."""
    words: list[tuple[int, int, str, float]] = []
    if not tokens.words:
        return words
    best = entity.argmax(axis=1)
    sure = np.take_along_axis(softmax(entity / temperature), best[:, None], axis=1)[:, 0]
    previous = None
    for index, word in enumerate(tokens.words):
        start, end = tokens.offsets[index]
        if word == previous:
            words[-1] = (words[-1][0], end, words[-1][2], words[-1][3])
            continue
        previous = word
        words.append((start, end, BIO_LABELS[best[index]], float(sure[index])))
    return words


def spans_of(words: list[tuple[int, int, str, float]], threshold: float) -> list[dict]:
    """Neighbouring words of one entity as spans {start, end, label, score}; `I-X` without an open X starts a span."""
    spans: list[dict] = []
    scores: list[float] = []
    found: list[dict] = []

    def close() -> None:
        if spans:
            span = spans.pop()
            span["score"] = sum(scores) / len(scores)
            scores.clear()
            if span["score"] >= threshold:
                found.append(span)

    for start, end, label, score in words:
        if label == "O":
            close()
        elif label[0] == "I" and spans and spans[-1]["label"] == label[2:]:
            spans[-1]["end"] = end
            scores.append(score)
        else:
            close()
            spans.append({"start": start, "end": end, "label": label[2:]})
            scores.append(score)
    close()
    return found
