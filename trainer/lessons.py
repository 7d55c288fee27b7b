"""What a continued training learns from: texts with a target for each head, said by people or else by the current model itself."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter, defaultdict
from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor

from trainer.augment import mark
from trainer.corpus import SOURCE as TICKETS
from trainer.dataset import IGNORE, soft_target, tag_pieces
from trainer.labels import BIO_INDEX, SEVERITIES, SEVERITY_INDEX, THREAT_INDEX
from trainer.model import SecTagModel
from trainer.neighbours import neighbours
from trainer.recipe import Pace
from trainer.windows import WindowRule, with_specials

#: So many texts must be turned to a type before its answers may move.
LEAST_TURNED = 3


@dataclasses.dataclass(frozen=True)
class Continuation(Pace):
    """How to go on from a published model (recipes/continue.toml)."""

    layers: int
    """Encoder layers that learn, counted from the top; what lies below is as published. With 0 of the heads only their last layers learn, and
    of the threat types only those to which people turned answers."""
    type_rate: float
    """Rate of these types, where no layer learns."""
    gain: float
    """How much more a correction of weight 1 counts than one rehearsed text."""
    tickets: int
    """Rehearsed tickets of our corpus."""
    per_type: int
    """Rehearsed public texts of each threat type, so that rare types are rehearsed as often as common ones."""
    near: int
    """Rehearsed texts of the base data that are nearest to corrected ones, whatever their type: what is next to a lesson is forgotten first."""
    token_texts: int
    """Rehearsed texts of each public source that has entity labels alone."""
    rehearsed_tokens: int
    """Where a rehearsed text is cut, its specials included: its beginning is enough to hold the model to its own answers."""


@dataclasses.dataclass
class Lesson:
    """`states` [n, hidden] are a text's vectors below the layers that learn; the rest are target probabilities and weights."""

    states: Tensor
    threat: Tensor
    severity: Tensor
    entity: Tensor
    weight: float
    turned: int | None = None
    """The threat type that people say where the model says another one."""


def turned_types(lessons: Sequence[Lesson]) -> set[int]:
    """Types to which people turn answers again and again; a word or two may be slips."""
    counts = Counter(lesson.turned for lesson in lessons if lesson.turned is not None)
    return {type_ for type_, number in counts.items() if number >= LEAST_TURNED}


def rehearsal(base: list[dict], plan: Continuation, taught: Sequence[dict] = ()) -> list[dict]:
    """Training texts of the base data to be rehearsed: our tickets, of public text as many of each type, and what is nearest to the corrected texts."""
    pools: dict[str, list[dict]] = defaultdict(list)
    for example in base:
        if example["split"] == "train":
            kind = example["threat_type"] or f"tokens {example['source']}"
            pools[TICKETS if example["source"] == TICKETS else kind].append(example)
    chosen: list[dict] = []
    for kind, pool in sorted(pools.items()):
        most = plan.tickets if kind == TICKETS else plan.token_texts if kind.startswith("tokens ") else plan.per_type
        chosen += random.Random(f"{plan.seed}-{kind}").sample(pool, min(most, len(pool)))
    there = {example["id"] for example in chosen}
    typed = [e for e in base if e["split"] == "train" and e["threat_type"] is not None and e["id"] not in there]
    return chosen + neighbours(typed, list(taught), plan.near)


def lower(model: SecTagModel, ids: list[int], layers: int) -> Tensor:
    """Vectors [n, hidden] of one text below the top `layers` of the encoder."""
    encoder = model.encoder
    states = encoder.embeddings(input_ids=torch.tensor([ids]))
    for layer in encoder.encoder.layer[: len(encoder.encoder.layer) - layers]:
        states = layer(states)
    result: Tensor = states[0]
    return result


def make_lessons(
    model: SecTagModel, tokenizer: Tokenizer, corrections: list[dict], rehearsed: list[dict], plan: Continuation
) -> list[Lesson]:
    """Lessons of all texts, corrections first. One pass of the published network gives the lower vectors and its own answers.

    Cross entropy with its own answers as targets is distillation: its gradient is that of their KL divergence.
    """
    there = len(model.encoder.encoder.layer)
    if not 0 <= plan.layers <= there:
        raise ValueError(f"the plan {plan.name} says that {plan.layers} layers learn, but the model has {there}")
    model.eval()
    taught = [
        teach(untaught(model, tokenizer, e["text"], WindowRule.length, plan), e, tokenizer, plan) for e in corrections
    ]
    return taught + [untaught(model, tokenizer, e["text"], plan.rehearsed_tokens, plan) for e in rehearsed]


def untaught(model: SecTagModel, tokenizer: Tokenizer, text: str, length: int, plan: Continuation) -> Lesson:
    """The text with the model's own answers as targets, cut to `length` tokens with its specials."""
    ids = tokenizer.encode(text, add_special_tokens=False).ids[: length - 2]
    with torch.no_grad():
        states = lower(model, with_specials(tokenizer, ids), plan.layers)
        threat, severity, entity = (
            logits[0].softmax(-1) for logits in model.upper(states[None], torch.ones(1, len(states)), plan.layers)
        )
    return Lesson(states.half().clone(), threat.clone(), severity.clone(), entity.half(), 1.0)


def teach(lesson: Lesson, example: dict, tokenizer: Tokenizer, plan: Continuation) -> Lesson:
    """The lesson with what people said of its text in place of what the model says."""
    threat, severity, entity, turned = lesson.threat, lesson.severity, lesson.entity, None
    if example["threat_type"] is not None:
        said = THREAT_INDEX[example["threat_type"]]
        turned = said if said != int(threat.argmax()) else None
        threat = torch.from_numpy(soft_target(example["threat_type"], example["alt_types"], 0.75, plan.label_smoothing))
    if example["severity"] is not None:
        severity = _smooth(SEVERITY_INDEX[example["severity"]], plan.label_smoothing)
    if example["label_space"] is not None:
        entity = entity.clone()
        encoding = tokenizer.encode(example["text"], add_special_tokens=False)
        _set_tags(entity, example, encoding, len(lesson.states) - 2)
    return Lesson(lesson.states, threat, severity, entity, plan.gain * example["weight"], turned)


def _smooth(index: int, smoothing: float) -> Tensor:
    """A level with a little of its neighbours: levels are ordered."""
    target = torch.zeros(len(SEVERITIES))
    target[index] = 1.0 - smoothing
    near = [other for other in (index - 1, index + 1) if 0 <= other < len(SEVERITIES)]
    target[near] += smoothing / len(near)
    return target


def _set_tags(entity: Tensor, example: dict, encoding: object, room: int) -> None:
    """Overwrites the model's answers by what a person marked, at the first piece of each word."""
    _, marks = mark(example["text"], example["spans"])
    labels = [span["label"] for span in example["spans"]]
    tags = tag_pieces(encoding.word_ids, encoding.offsets, marks, labels)[:room]  # type: ignore[attr-defined]
    for place, tag in enumerate(tags, start=1):
        if tag != IGNORE:
            entity[place] = 0.0
            entity[place, tag] = 1.0


def collate(batch: list[Lesson]) -> dict[str, Tensor]:
    """Pads a batch to its longest text."""
    longest = max(len(lesson.states) for lesson in batch)
    hidden = batch[0].states.shape[1]
    states = torch.zeros(len(batch), longest, hidden)
    entity = torch.zeros(len(batch), longest, len(BIO_INDEX))
    mask = torch.zeros(len(batch), longest)
    for row, lesson in enumerate(batch):
        size = len(lesson.states)
        states[row, :size] = lesson.states
        entity[row, 1 : size - 1] = lesson.entity[1:-1].float()
        mask[row, :size] = 1.0
    return {
        "states": states,
        "mask": mask,
        "threat": torch.stack([lesson.threat for lesson in batch]),
        "severity": torch.stack([lesson.severity for lesson in batch]),
        "entity": entity,
        "weight": torch.tensor([lesson.weight for lesson in batch]),
    }
