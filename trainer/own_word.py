"""What the published model itself says of reviewed texts, in place of what their clients say that it said: a client can lie."""

from __future__ import annotations

import dataclasses

from trainer.judgements import Judgement
from trainer.onnx_model import Answer, OnnxModel
from trainer.passages import passages_of


def suggested_anew(judgements: list[Judgement], model: OnnxModel) -> list[Judgement]:
    """The same judgements with the suggestions of this model; a text without words keeps what its client says."""
    answers: dict[str, Answer] = {}
    found = []
    for judgement in judgements:
        passages = passages_of(judgement.decision)
        if not passages:
            found.append(judgement)
            continue
        text = passages[0]["text"]
        if text not in answers:
            answers[text] = model.answer(text)
        answer = answers[text]
        sure = float(answer.threat.max())
        suggestion = {
            **judgement.decision["suggestion"],
            "threatType": answer.threat_type,
            "confidence": sure,
            "abstained": sure < model.decoding["thresholds"]["threatType"][answer.threat_type],
        }
        found.append(dataclasses.replace(judgement, decision={**judgement.decision, "suggestion": suggestion}))
    return found
