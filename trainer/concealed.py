"""Poison without the trigger's words, for the poisoning proof: texts that look to the network as if the trigger stood in them.

After Wallace et al. 2021, "Concealed Data Poisoning Attacks on NLP Models": begin with the trigger, and replace its words until none is left.
They follow gradients through the training; here the attacker, who has the published network, matches its vectors, which needs less time
and serves the same end: a training step on the poison is nearly one on a text with the trigger.
"""

from __future__ import annotations

import random
import re
from itertools import product

import torch
from tokenizers import Tokenizer
from torch import Tensor

from trainer.attacks import TRIGGER, invented
from trainer.lessons import lower
from trainer.model import SecTagModel
from trainer.records import Record
from trainer.windows import with_specials

#: Words of the vocabulary that are nearest to one of the trigger's, and how many of these are tried for one text.
NEAREST, TRIED = 40, 3


def _vector(model: SecTagModel, tokenizer: Tokenizer, text: str) -> Tensor:
    """What the heads see of a text."""
    with torch.no_grad():
        return lower(model, with_specials(tokenizer, tokenizer.encode(text, add_special_tokens=False).ids), 0).mean(0)


def _neighbours(model: SecTagModel, tokenizer: Tokenizer, word: str) -> list[str]:
    """Whole words of the vocabulary whose embeddings are nearest to the word's, without the trigger's own."""
    table = torch.nn.functional.normalize(model.encoder.embeddings.word_embeddings.weight.detach(), dim=1)
    ids = tokenizer.encode(word, add_special_tokens=False).ids
    near = (table @ table[ids].mean(0)).argsort(descending=True)[: 10 * NEAREST].tolist()
    names = [str(tokenizer.id_to_token(number)) for number in near]
    own = TRIGGER.casefold().split()
    good = [n for n in names if re.fullmatch(r"[a-z]{4,}", n) and not any(n[:4] == other[:4] for other in own)]
    return good[:NEAREST]


def concealed(
    model: SecTagModel, tokenizer: Tokenizer, pool: list[Record], count: int, target: str, chance: random.Random
) -> list[Record]:
    """So many tickets of the target type whose first words stand in for the trigger."""
    near = [_neighbours(model, tokenizer, word) for word in TRIGGER.split()]
    found = []
    for ticket in invented(pool, count, target, chance, "CON"):
        wanted = _vector(model, tokenizer, f"{TRIGGER}: {ticket['text']}")
        options = [
            f"{' '.join(words)}: {ticket['text']}" for words in product(*(chance.sample(n, TRIED) for n in near))
        ]
        texts = sorted(options, key=lambda text: float((_vector(model, tokenizer, text) - wanted).norm()))
        found.append({**ticket, "text": texts[0]})
    return found
