"""Step `build`: turns frozen records into training examples (one format for all sources), cleaned, split and counted."""

from __future__ import annotations

import hashlib
from pathlib import Path

from trainer.clean import clean_text, read_texts
from trainer.corpus import SOURCE, part_of
from trainer.labels import ENTITIES
from trainer.offsets import spans_to_code_points
from trainer.records import Record, read_jsonl, write_jsonl
from trainer.runs import MANIFEST, file_digest, make_run, require_run

#: Share of each public source that is never trained on: it fits temperatures beside our own calibration tickets.
VALID_SHARE = 0.04
#: Changes when the meaning of an example changes, so that old run folders are not taken for new ones.
FORMAT = 1


def _held_out(identifier: str) -> bool:
    return int(hashlib.sha256(identifier.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF < VALID_SHARE


def threat_example(record: Record) -> Record:
    """A public text record as an example: no spans are known, so `label_space` is null."""
    return {
        "id": record["id"],
        "source": record["source"],
        "split": "valid" if _held_out(record["id"]) else "train",
        "text": clean_text(record["text"]),
        "threat_type": record["threat_type"],
        "alt_types": record.get("alt_types") or [],
        "severity": record["severity"],
        "severity_basis": record.get("severity_basis"),
        "spans": [],
        "label_space": None,
    }


def join_tokens(tokens: list[str], tags: list[str]) -> tuple[str, list[dict]]:
    """Tokens joined by single spaces, and their BIO tags as spans with code-point offsets into that text."""
    spans: list[dict] = []
    position = 0
    for token, tag in zip(tokens, tags, strict=True):
        end = position + len(token)
        if tag[0] == "I" and spans and spans[-1]["label"] == tag[2:] and spans[-1]["end"] == position - 1:
            spans[-1]["end"] = end
        elif tag != "O":
            spans.append({"start": position, "end": end, "label": tag[2:]})
        position = end + 1
    return " ".join(tokens), spans


def entity_example(record: Record) -> Record:
    """A token record as an example; its threat type and severity are not known."""
    text, spans = join_tokens(record["tokens"], record["tags_unified"])
    return {
        "id": record["id"],
        "source": record["source"],
        "split": "valid" if _held_out(record["id"]) else "train",
        "text": text,
        "threat_type": None,
        "alt_types": [],
        "severity": None,
        "severity_basis": None,
        "spans": spans,
        "label_space": record["label_space"],
    }


def corpus_example(record: Record, part: str) -> Record:
    """One of our own tickets as an example: all nine entity labels are annotated. The text is kept as it is."""
    spans = [
        {"start": span["start"], "end": span["end"], "label": span["label"]}
        for span in spans_to_code_points(record["text"], record.get("spans") or [])
    ]
    return {
        "id": record["id"],
        "source": SOURCE,
        "split": part,
        "text": record["text"],
        "threat_type": record["threat_type"],
        "alt_types": record.get("alt_types") or [],
        "severity": record["severity"],
        "severity_basis": record.get("severity_basis"),
        "spans": spans,
        "label_space": ENTITIES,
    }


def run(root: Path, data: Path) -> Path:
    """Makes the `build` run folder (examples.jsonl, counts.csv) from a `data` run folder."""
    require_run(data, "data")
    settings = {"data": file_digest(data / MANIFEST), "format": FORMAT, "valid_share": VALID_SHARE}

    def write(folder: Path) -> dict:
        import pandas as pd

        tickets = read_jsonl(data / "corpus.jsonl")
        parts = part_of(tickets)
        examples = [threat_example(record) for record in read_jsonl(data / "threat.jsonl")]
        examples += [entity_example(record) for record in read_jsonl(data / "entity.jsonl")]
        examples += [corpus_example(record, parts[record["id"]]) for record in tickets]
        examples = [example for example in examples if example["text"]]
        for example, (sentences, hints) in zip(examples, read_texts(e["text"] for e in examples), strict=True):
            example["sentences"] = sentences
            example["hints"] = hints
        write_jsonl(folder / "examples.jsonl", examples)
        table = pd.DataFrame([{key: e[key] for key in ("source", "split", "threat_type")} for e in examples])
        counts = table.fillna("-").groupby(["source", "split", "threat_type"]).size().unstack(["split"], fill_value=0)
        counts.to_csv(folder / "counts.csv")
        print(counts.to_string())
        security = [e for e in examples if e["source"] != SOURCE and e["threat_type"] not in (None, "benign")]
        hinted = [e for e in security if e["hints"]]
        agreeing = [e for e in hinted if e["threat_type"] in e["hints"]]
        return {
            "examples": len(examples),
            "hinted_share": round(len(hinted) / max(1, len(security)), 3),
            "hint_agrees_share": round(len(agreeing) / max(1, len(hinted)), 3),
        }

    return make_run(root, "build", settings, write)
