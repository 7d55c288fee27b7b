"""A decision's blocks as the texts that the model reads (as in extension/inference/passages.ts), with the spans that a person set."""

from __future__ import annotations

from trainer.labels import ENTITIES
from trainer.offsets import spans_to_code_points

#: More spans set by hand in one ticket than this teach nothing: nobody reads so many.
MOST_SPANS = 20


def passages_of(decision: dict) -> list[dict]:
    """Titles and descriptions joined by line ends, titles first; then each comment. {text, spans, comment}; blank ones are left out.

    Span offsets are code points into the passage. Indicators that rules find are no labels of the model's.
    """
    blocks = decision["blocks"]
    spans: dict[int, list[dict]] = {}
    for span in (decision["final"] or {"spans": []})["spans"]:
        if span["label"] in ENTITIES:
            spans.setdefault(span["block"], []).append(span)
    order = [index for role in ("title", "description") for index, b in enumerate(blocks) if b["role"] == role]
    comments = [[index] for index, block in enumerate(blocks) if block["role"] == "comment"]
    passages = []
    for indexes in [order, *comments]:
        text, placed = "", []
        for number, index in enumerate(indexes):
            text += "\n" if number else ""
            for span in spans_to_code_points(blocks[index]["text"], spans.get(index, [])):
                start, end = span["start"] + len(text), span["end"] + len(text)
                placed.append({"start": start, "end": end, "label": span["label"]})
            text += blocks[index]["text"]
        if text.strip():
            passages.append({"text": text, "spans": placed, "comment": indexes != order})
    return passages


def spans_by_hand(decision: dict) -> int:
    """How many spans a person set or moved; with none of them the spans are the model's own, and teach it nothing."""
    return sum(span["source"] == "human" for span in (decision["final"] or {"spans": []})["spans"])
