"""Turns records and predictions into named figures, and prints them side by side."""

from __future__ import annotations

from typing import TextIO

import numpy as np

from trainer.labels import SEVERITIES
from trainer.metrics import (
    accuracy,
    average_precision,
    calibration_error,
    coverage_at_precision,
    macro_f1,
    overlap_f1,
    quadratic_kappa,
    sequence_f1,
    span_f1,
    ticket_figures,
)
from trainer.offsets import spans_to_code_points
from trainer.predict import Prediction
from trainer.records import Record, is_entity_record

#: scorer -> name of the figure -> value. Names are what the table and the JSON show.
Figures = dict[str, dict[str, float]]


def _threat_figures(texts: list[Record], prediction: Prediction) -> dict[str, float]:
    known = [i for i, record in enumerate(texts) if record["threat_type"] is not None]
    if not known:
        return {}
    gold = [texts[i]["threat_type"] for i in known]
    names = prediction.threat_names
    predicted = [names[i] for i in known]
    confidence = prediction.threat[known].max(1)
    right = np.array([g == p for g, p in zip(gold, predicted, strict=True)], dtype=float)
    figures = {"threat macro-F1 (all)": macro_f1(gold, predicted), "threat accuracy (all)": accuracy(gold, predicted)}
    lenient = [names[i] == texts[i]["threat_type"] or names[i] in (texts[i].get("alt_types") or []) for i in known]
    figures["threat accuracy with second readings"] = float(np.mean(lenient))
    sources = sorted({texts[i]["source"] for i in known})
    for source in sources if len(sources) > 1 else []:
        rows = [n for n, i in enumerate(known) if texts[i]["source"] == source]
        figures[f"threat macro-F1 ({source})"] = macro_f1([gold[n] for n in rows], [predicted[n] for n in rows])
    for source in ["all", *sources]:
        rows = [i for i in known if source in ("all", texts[i]["source"])]
        positive = [texts[i]["threat_type"] != "benign" for i in rows]
        if 0 < sum(positive) < len(positive) and (source != "all" or len(sources) > 1):
            figures[f"AP security ({source})"] = average_precision(positive, 1.0 - prediction.threat[rows, 0])
    figures["ECE"] = calibration_error(confidence, right)
    figures["coverage at 95 % precision"] = coverage_at_precision(confidence, right)
    tickets = [i for i in known if texts[i]["source"] == "sectag"] or known
    severities = prediction.severity_names
    part = ticket_figures(
        [texts[i]["threat_type"] for i in tickets],
        [names[i] for i in tickets],
        [texts[i]["severity"] for i in tickets],
        [severities[i] for i in tickets],
    )
    if "security found" in part and "false alarms" in part:
        figures.update({f"tickets: {name}": value for name, value in part.items()})
    return figures


def _severity_figures(texts: list[Record], prediction: Prediction) -> dict[str, float]:
    known = [i for i, record in enumerate(texts) if record["severity"] is not None]
    names = prediction.severity_names
    figures: dict[str, float] = {}
    bases = sorted({str(texts[i].get("severity_basis")) for i in known})
    for basis in ["all", *(bases if len(bases) > 1 else [])]:
        rows = [i for i in known if basis in ("all", str(texts[i].get("severity_basis")))]
        if rows:
            gold, predicted = [texts[i]["severity"] for i in rows], [names[i] for i in rows]
            figures[f"severity macro-F1 ({basis})"] = macro_f1(gold, predicted)
            figures[f"severity kappa ({basis})"] = quadratic_kappa(gold, predicted, SEVERITIES)
    security = [i for i in known if texts[i]["threat_type"] not in (None, "benign")]
    if security and len(security) < len(known):
        gold, predicted = [texts[i]["severity"] for i in security], [names[i] for i in security]
        figures["severity kappa (security only)"] = quadratic_kappa(gold, predicted, SEVERITIES)
    return figures


def _entity_figures(records: list[Record], prediction: Prediction) -> dict[str, float]:
    figures: dict[str, float] = {}
    token_records = [record for record in records if is_entity_record(record)]
    for source in sorted({record["source"] for record in token_records}):
        rows = [i for i, record in enumerate(token_records) if record["source"] == source]
        gold = [token_records[i]["tags_unified"] for i in rows]
        f1 = sequence_f1(gold, [prediction.tags[i] for i in rows])
        figures.update({f"entity F1 ({source}, {label})": value for label, value in f1.items()})
        masked = sequence_f1(gold, [prediction.masked_tags[i] for i in rows])
        figures[f"entity F1 ({source}, all, label space known)"] = masked["all"]
    texts = [record for record in records if not is_entity_record(record)]
    rows = [i for i, record in enumerate(texts) if record.get("spans") is not None]
    if rows:
        gold_spans = []
        for i in rows:
            spans = spans_to_code_points(texts[i]["text"], texts[i]["spans"])
            gold_spans.append({(span["start"], span["end"], span["label"]) for span in spans})
        found = [prediction.spans[i] for i in rows]
        figures.update({f"entity F1 (tickets, {label})": value for label, value in span_f1(gold_spans, found).items()})
        figures["entity F1 (tickets, all, overlap)"] = overlap_f1(gold_spans, found)
    return figures


def figures_of(records: list[Record], prediction: Prediction) -> dict[str, float]:
    """All figures that these records allow."""
    texts = [record for record in records if not is_entity_record(record)]
    figures: dict[str, float] = {}
    if texts:
        figures.update(_threat_figures(texts, prediction))
        figures.update(_severity_figures(texts, prediction))
    figures.update(_entity_figures(records, prediction))
    return figures


def print_table(figures: Figures, stream: TextIO) -> None:
    """One figure a line, one column a scorer."""
    who = list(figures)
    names = list(dict.fromkeys(name for rows in figures.values() for name in rows))
    width = max((len(name) for name in names), default=10)
    print(f"{'figure':{width}}  " + "  ".join(f"{name:>9}" for name in who), file=stream)
    for name in names:
        cells = [f"{figures[scorer][name]:9.3f}" if name in figures[scorer] else f"{'-':>9}" for scorer in who]
        print(f"{name:{width}}  " + "  ".join(cells), file=stream)
