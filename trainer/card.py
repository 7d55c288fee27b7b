"""The model card (README.md of a model directory), generated from the figures, the recipe and the source table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainer.data import PUBLIC_SOURCES
from trainer.labels import ENTITIES, SEVERITIES, THREAT_TYPES

_HEAD = """---
license: cc-by-sa-4.0
language:
- en
library_name: transformers.js
pipeline_tag: text-classification
base_model: sentence-transformers/all-MiniLM-L6-v2
tags:
- security
- ticket-triage
- onnx
---
# SecTag model {version}

Reads a ticket and proposes a threat type ({types}), a severity ({severities}) and the words behind it ({entities}). It is made to
run on the analyst's own machine, inside the SecTag extension. It proposes; a person decides.

## What it is

One BERT encoder (all-MiniLM-L6-v2, 22 M parameters, Apache-2.0) with three heads. ONNX inputs `input_ids`, `attention_mask`,
`token_type_ids`; outputs `logits`, `severity_logits`, `entity_logits`. `onnx/model_int8.onnx` is for WebAssembly,
`onnx/model_q4.onnx` (4-bit weights, fp32 arithmetic) for WebGPU. `config.json` has the label order, and under `sectag` the
temperatures, thresholds and window rule.

## What it learned from

Public security text, and tickets of our own. **The ticket text is written by us: an AI-assisted team of writers made it up for
this purpose. They are not real customers' tickets.** Names, companies and addresses in it are invented. It is in the repository
(`trainer/corpus`, CC0-1.0), and so is its test part. The public text is not in the repository:

| source | licence | where (commit read) |
|---|---|---|
"""

_LIMITS = """
## Limits

- The tickets it was tuned and tested on come from a few writers who followed one guide. Your queue is different: watch its answers
  before you trust them.
- English. The corpus has a few German, French and Spanish tickets, too few to promise anything.
- Severity is the weakest answer. Public severities mix four scales that do not mean the same, and ours is a fifth (docs/labels.md).
- Rare classes in public text (denial of service, ransomware, device tampering, phishing) lean on our own tickets.
- CVE ids, hashes, addresses and other indicators are found by rules in the extension, not by this model.
- An attacker who writes the ticket can choose the words. Do not close tickets on its answer alone.

## Licence

CC-BY-SA-4.0, because part of the training text is share-alike (VCDB, AnnoCTR). Attribution: the SecTag authors; the sources above;
all-MiniLM-L6-v2 by the sentence-transformers authors (Apache-2.0). MITRE ATT&CK(R) is a mark of The MITRE Corporation.
"""


def _figures_table(name: str, figures: dict[str, dict[str, float]]) -> list[str]:
    who = list(figures)
    rows = list(dict.fromkeys(row for scorer in who for row in figures[scorer]))
    lines = [f"\n### {name}\n", "| figure | " + " | ".join(who) + " |", "|---" * (len(who) + 1) + "|"]
    for row in rows:
        cells = [f"{figures[scorer][row]:.3f}" if row in figures[scorer] else "-" for scorer in who]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return lines


def write_card(folder: Path, metrics: dict[str, Any], settings: dict[str, Any]) -> None:
    """Writes README.md of a model directory."""
    text = _HEAD.format(
        version=metrics["version"],
        types=f"{len(THREAT_TYPES)} classes",
        severities=", ".join(SEVERITIES),
        entities=", ".join(ENTITIES),
    )
    lines = [text.rstrip("\n")]
    lines += [f"| {name} | {licence} | {address} |" for name, licence, address in PUBLIC_SOURCES]
    lines += ["| sectag | CC0-1.0 | our own tickets, `trainer/corpus` |", "\n## How it was trained\n"]
    trained, calibration = metrics["trained"], metrics["calibration"]
    lines.append(
        f"Last recipe `{settings['recipe']['name']}`: {settings['recipe']['epochs']} epochs, {trained['steps']} steps on {trained['device']}"
        + (f", from the weights of `{settings['init']}`." if settings["init"] else ".")
        + (
            f" Temperatures and thresholds are those of `{settings['init']}`; {trained['taught']} corrected texts, {trained['rehearsed']} rehearsed."
            if calibration.get("kept")
            else f" Calibrated on {calibration['tickets']} held-out tickets and {calibration['public']} public texts."
        )
    )
    lines += [
        "\n## Figures\n",
        "Through the shipped int8 file with onnxruntime. The baseline is TF-IDF + logistic regression on the same",
    ]
    lines.append(
        "training split. Public figures are on the dev files, tickets on the corpus' test part (writers and forms not trained on)."
    )
    for name, figures in metrics["figures"].items():
        lines += _figures_table(name, figures)
    lines += [
        "\n### Labels that change with precision\n",
        "| file against fp32 | threat type | severity | token label | records |",
        "|---|---|---|---|---|",
    ]
    for name, row in metrics["flips"].items():
        lines.append(
            f"| {name} | {row['threat_type']:.2%} | {row['severity']:.2%} | {row['token_label']:.2%} | {row['records']} |"
        )
    lines.append(_LIMITS.rstrip("\n"))
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
