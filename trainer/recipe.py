"""A training recipe (TOML): how long, how fast, and which share of which source an epoch holds."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

from trainer.augment import STRENGTHS
from trainer.labels import THREAT_TYPES


@dataclasses.dataclass(frozen=True)
class Part:
    """One part of the mixture: `per_epoch` examples of `source`, drawn without repeats before any comes again."""

    source: str
    per_epoch: int
    max_tokens: int
    augment: str
    threat_type: str = ""
    """Only this threat type; `!benign` means all but benign; empty means all."""
    group: str = "text"
    """Batches never mix groups (text, entity, ticket)."""
    mask: float = 0.0
    """Share of tokens that become [MASK], so that no single word carries a class."""
    join: float = 0.0
    """Chance that sentences of a benign ticket are put before or after: they change no label, and must be seen through."""
    benign_crop: float = 0.0
    """Chance that a benign example is cut to a few sentences: a part of a harmless ticket is harmless too."""


@dataclasses.dataclass(frozen=True)
class Pace:
    """How long, how fast and by which losses, for any training: a whole one (Recipe) and one that goes on (lessons.Continuation)."""

    name: str
    seed: int
    epochs: int
    batch_size: int
    encoder_rate: float
    head_rate: float
    warm_up: float
    weight_decay: float
    label_smoothing: float
    severity_weight: float
    entity_weight: float


@dataclasses.dataclass(frozen=True)
class Recipe(Pace):
    """Everything that a training depends on besides its data and first weights."""

    batch_tokens: int
    main_share: float
    class_weight_cap: float
    mixture: tuple[Part, ...]
    benign_weight: float = 1.0
    outside_weight: float = 1.0
    """Weight of the entity label `O`, which is most of the words."""
    dropout: float = 0.2
    """Dropout of the two classification heads."""
    stop_after: int = 0
    """Epochs that are really run (0 = all): the rate's schedule spans `epochs`, and a next recipe goes on from there."""


def load_recipe(file: Path) -> Recipe:
    """Reads a recipe. Raises ValueError that names the wrong key."""
    raw = tomllib.loads(file.read_text(encoding="utf-8"))
    known = {field.name for field in dataclasses.fields(Recipe)}
    unknown = set(raw) - known
    if unknown:
        raise ValueError(f"{file}: unknown keys {sorted(unknown)}; known are {sorted(known)}")
    try:
        parts = tuple(Part(**part) for part in raw.pop("mixture"))
        recipe = Recipe(mixture=parts, **raw)
    except (TypeError, KeyError) as error:
        raise ValueError(f"{file}: {error}") from error
    for part in parts:
        if part.augment not in STRENGTHS:
            raise ValueError(f"{file}: augment {part.augment!r} is not one of {sorted(STRENGTHS)}")
        if part.threat_type.lstrip("!") not in ("", *THREAT_TYPES):
            raise ValueError(f"{file}: {part.threat_type!r} is not a threat type")
    return recipe


def matches(part: Part, example: dict) -> bool:
    """True when an example belongs to a part of the mixture."""
    if example["source"] != part.source:
        return False
    if part.threat_type.startswith("!"):
        return bool(example["threat_type"] != part.threat_type[1:])
    return not part.threat_type or example["threat_type"] == part.threat_type
