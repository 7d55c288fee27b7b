"""From examples to padded batches: soft targets, masks for what is not annotated, length-grouped order."""

from __future__ import annotations

import collections
import dataclasses
import random
import zlib
from collections.abc import Iterator

import numpy as np
import torch
from tokenizers import Tokenizer

from trainer.augment import STRENGTHS, UNKNOWN, augment, crop_sentences, join_passage
from trainer.corpus import SOURCE
from trainer.labels import BIO_INDEX, SEVERITY_INDEX, THREAT_INDEX, THREAT_TYPES, allowed_bio
from trainer.recipe import Part, Recipe, matches
from trainer.windows import special_id, with_specials

#: Target of a token that no label belongs to (a later piece of a word, [CLS], padding).
IGNORE = -100
#: Labels of names: the same word elsewhere in the ticket is the same thing.
NAMES = {"Malware", "ThreatActor", "Tool", "Indicator", "System", "Organization", "Location"}


@dataclasses.dataclass
class Item:
    """One example, tokenised: `ids` with [CLS] and [SEP]; targets are None / IGNORE where nothing is known."""

    ids: list[int]
    threat: np.ndarray | None
    severity: int
    tags: list[int]
    allowed: list[bool]


def soft_target(threat_type: str, alt_types: list[str], main_share: float, smoothing: float) -> np.ndarray:
    """Probabilities over the threat types: most for the label, the rest shared by its second readings, then smoothed."""
    target = np.zeros(len(THREAT_TYPES), dtype=np.float32)
    others = [name for name in dict.fromkeys(alt_types) if name != threat_type]
    target[THREAT_INDEX[threat_type]] = main_share if others else 1.0
    for name in others:
        target[THREAT_INDEX[name]] += (1.0 - main_share) / len(others)
    return target * (1.0 - smoothing) + smoothing / len(THREAT_TYPES)


def spread_spans(example: dict) -> dict:
    """The example with every other occurrence of a marked name marked too: writers mark a host or an address once or twice
    and leave the rest, which would teach that the same word is an entity and is none."""
    spans = list(example["spans"])
    if example["source"] != SOURCE:
        return example
    taken = bytearray(len(example["text"]))
    for span in spans:
        taken[span["start"] : span["end"]] = b"x" * (span["end"] - span["start"])
    names = {(example["text"][s["start"] : s["end"]], s["label"]) for s in spans if s["label"] in NAMES}
    for name, label in sorted(names, key=lambda pair: (-len(pair[0]), pair)):
        for start in whole_words(example["text"], name) if len(name) > 2 else ():
            end = start + len(name)
            if not any(taken[start:end]):
                spans.append({"start": start, "end": end, "label": label})
                taken[start:end] = b"x" * len(name)
    return {**example, "spans": spans}


def whole_words(text: str, name: str) -> Iterator[int]:
    """Where `name` stands with no letter, digit or underscore on either side. Names are too many for a pattern each."""
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        joined = any(beside.isalnum() or beside == "_" for beside in (text[start - 1 : start], text[end : end + 1]))
        if not joined:
            yield start
        start = text.find(name, start + 1 if joined else end)


def tag_pieces(
    words: list[int | None], offsets: list[tuple[int, int]], marks: list[int], labels: list[str]
) -> list[int]:
    """BIO target of each piece: only the first piece of a word has one, by the span that covers most of the word."""
    targets = [IGNORE] * len(words)
    ends: dict[int, int] = {}
    starts: dict[int, int] = {}
    for word, (start, end) in zip(words, offsets, strict=True):
        if word is not None:
            starts.setdefault(word, start)
            ends[word] = end
    previous_span, previous_word = 0, None
    for index, word in enumerate(words):
        if word is None or word == previous_word:
            continue
        previous_word = word
        covered = marks[starts[word] : ends[word]]
        # Nearly every word lies in one span as a whole, or in none.
        span, count = (covered[0], covered.count(covered[0])) if covered else (0, 0)
        if count < len(covered):
            span, count = collections.Counter(covered).most_common(1)[0]
        span = span if count * 2 >= ends[word] - starts[word] else 0
        if span == UNKNOWN:
            previous_span = UNKNOWN
            continue
        if span == 0:
            targets[index] = BIO_INDEX["O"]
        else:
            prefix = "I" if span == previous_span else "B"
            targets[index] = BIO_INDEX[f"{prefix}-{labels[span - 1]}"]
        previous_span = span
    return targets


def make_item(
    example: dict,
    part: Part,
    recipe: Recipe,
    tokenizer: Tokenizer,
    chance: random.Random,
    benign: list[dict] | None = None,
) -> Item | None:
    """One random variant of an example as an item; None when nothing is left of its text. `benign` may be joined to it."""
    text, marks = augment(example, STRENGTHS[part.augment], chance)
    if part.benign_crop and example["threat_type"] == "benign" and chance.random() < part.benign_crop:
        text, marks = crop_sentences(example, chance)
    if part.join and benign and chance.random() < part.join:
        text, marks = join_passage((text, marks), benign, chance)
    encoding = tokenizer.encode(text, add_special_tokens=False)
    room = part.max_tokens - 2
    total = len(encoding.ids)
    if total == 0:
        return None
    start = 0 if total <= room or chance.random() < 0.5 else chance.randrange(total - room + 1)
    ids = encoding.ids[start : start + room]
    if part.mask:
        mask = special_id(tokenizer, "[MASK]")
        ids = [mask if chance.random() < part.mask else piece for piece in ids]
    if example["label_space"] is None:
        tags = [IGNORE] * len(ids)
        allowed = [False] * len(BIO_INDEX)
    else:
        labels = [span["label"] for span in example["spans"]]
        tags = tag_pieces(encoding.word_ids, encoding.offsets, marks, labels)[start : start + room]
        allowed = allowed_bio(example["label_space"])
    threat = None
    if example["threat_type"] is not None:
        threat = soft_target(example["threat_type"], example["alt_types"], recipe.main_share, recipe.label_smoothing)
    return Item(
        ids=with_specials(tokenizer, ids),
        threat=threat,
        severity=SEVERITY_INDEX[example["severity"]] if example["severity"] is not None else IGNORE,
        tags=[IGNORE, *tags, IGNORE],
        allowed=allowed,
    )


def draw(pool: list[dict], part: Part, epoch: int, seed: int) -> list[dict]:
    """The `per_epoch` examples of this epoch: a walk over one seeded shuffle that goes on where the last epoch stopped."""
    if not pool:
        return []
    order = list(range(len(pool)))
    random.Random(f"{seed}-{part.source}-{part.threat_type}").shuffle(order)
    return [pool[order[i % len(order)]] for i in range(epoch * part.per_epoch, (epoch + 1) * part.per_epoch)]


def epoch_batches(examples: list[dict], recipe: Recipe, tokenizer: Tokenizer, epoch: int) -> list[list[Item]]:
    """All batches of one epoch, the same for the same arguments: groups apart, neighbours of like length together."""
    groups: dict[str, list[Item]] = collections.defaultdict(list)
    for part in recipe.mixture:
        pool = [spread_spans(example) for example in examples if matches(part, example)]
        benign = [example for example in pool if example["threat_type"] == "benign"]
        for index, example in enumerate(draw(pool, part, epoch, recipe.seed)):
            chance = random.Random(zlib.crc32(f"{recipe.seed}-{epoch}-{index}-{example['id']}".encode()))
            item = make_item(example, part, recipe, tokenizer, chance, benign)
            if item is not None:
                groups[part.group].append(item)
    chance = random.Random(f"{recipe.seed}-{epoch}-order")
    batches: list[list[Item]] = []
    for _, items in sorted(groups.items()):
        chance.shuffle(items)
        # Sorting a bounded slice keeps padding low and still gives each batch a random set of neighbours.
        for first in range(0, len(items), recipe.batch_size * 40):
            batch: list[Item] = []
            for item in sorted(items[first : first + recipe.batch_size * 40], key=lambda item: len(item.ids)):
                if len(batch) == recipe.batch_size or (
                    batch and len(item.ids) * (len(batch) + 1) > recipe.batch_tokens
                ):
                    batches.append(batch)
                    batch = []
                batch.append(item)
            batches.append(batch)
    chance.shuffle(batches)
    return [batch for batch in batches if batch]


def collate(batch: list[Item], pad: int = 0) -> dict[str, torch.Tensor]:
    """Pads a batch to its longest item. `threat` rows of zeros and `severity` / `tags` of IGNORE are not known."""
    longest = max(len(item.ids) for item in batch)

    def padded(rows: list[list[int]], filler: int) -> torch.Tensor:
        return torch.tensor([row + [filler] * (longest - len(row)) for row in rows], dtype=torch.long)

    ids = padded([item.ids for item in batch], pad)
    none = np.zeros(len(THREAT_TYPES), dtype=np.float32)
    return {
        "input_ids": ids,
        "attention_mask": padded([[1] * len(item.ids) for item in batch], 0),
        "token_type_ids": torch.zeros_like(ids),
        "threat": torch.from_numpy(np.stack([none if item.threat is None else item.threat for item in batch])),
        "severity": torch.tensor([item.severity for item in batch], dtype=torch.long),
        "tags": padded([item.tags for item in batch], IGNORE),
        "allowed": torch.tensor([item.allowed for item in batch], dtype=torch.bool),
    }
