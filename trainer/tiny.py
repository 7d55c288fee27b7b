"""A random model under 1 MB in the real layout, for tests: seeded weights, a small WordPiece vocabulary."""

from __future__ import annotations

import re
import string

import torch
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece
from transformers import BertConfig, BertModel

from trainer.augment import GREETINGS, SIGNATURES
from trainer.clean import SECURITY_TERMS
from trainer.labels import BIO_LABELS, LABELS_VERSION, SEVERITIES, SHARED, THREAT_TYPES
from trainer.model import SecTagModel

SEED = 20261123
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ENDINGS = "s ed er ing ion ly al ity ment ness able es en st th le re te ne de ct nt ck sh ch ph ou ea ai ee oo in on an un at it ut".split()
#: Letters beyond ASCII, so that tests meet known and unknown ones.
LETTERS = "ßøłđæœıαβγδабвгдеиклмнорстمرحباשלום中文字安全日本東京한국あいうアイウ€£¥§°±µ–—‘’“”•…™→"


def tiny_vocabulary() -> list[str]:
    """About 1,500 pieces: specials, characters alone and inside words, endings, and the words of our own label list."""
    characters = string.ascii_lowercase + string.digits + string.punctuation + LETTERS
    text = (SHARED / "labels.json").read_text(encoding="utf-8")
    text += " ".join([*GREETINGS, *SIGNATURES, *(term for terms in SECURITY_TERMS.values() for term in terms)])
    words = sorted(set(re.findall(r"[a-z]{2,14}", text.lower())))
    pairs = sorted({f"##{word[i : i + 3]}" for word in words for i in range(2, len(word) - 2)})
    pieces = [*SPECIALS, *characters, *(f"##{c}" for c in characters if c not in string.punctuation)]
    return list(dict.fromkeys([*pieces, *(f"##{ending}" for ending in ENDINGS), *words, *pairs]))[:2000]


def tiny_tokenizer() -> Tokenizer:
    """The uncased BERT pipeline over the tiny vocabulary."""
    return wordpiece_tokenizer(tiny_vocabulary())


def wordpiece_tokenizer(pieces: list[str]) -> Tokenizer:
    """The uncased BERT pipeline over any vocabulary that has the specials."""
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.add_special_tokens(SPECIALS)
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    return tokenizer


def tiny_model(vocabulary_size: int) -> SecTagModel:
    """Two layers of width 32. Heads are scaled up, so that answers differ clearly from text to text."""
    torch.manual_seed(SEED)
    config = BertConfig(
        vocab_size=vocabulary_size,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=512,
        initializer_range=0.3,
    )
    model = SecTagModel(BertModel(config, add_pooling_layer=False))
    with torch.no_grad():
        for head in (model.threat, model.severity):
            head.dense.weight.normal_(0, 0.4)
            head.out.weight.normal_(0, 0.6)
        model.entity.weight.normal_(0, 0.25)
        model.entity.bias.zero_()
        model.entity.bias[0] = 2.0  # most words are no entity
    return model.eval()


def tiny_decoding() -> dict:
    """A `sectag` block with the real windows and plain thresholds."""
    return {
        "labelsVersion": LABELS_VERSION,
        "severity": SEVERITIES,
        "entities": BIO_LABELS,
        "temperatures": {"threatType": 1.0, "severity": 1.0, "entity": 1.0},
        "thresholds": {"threatType": dict.fromkeys(THREAT_TYPES, 0.3), "entity": 0.2},
        "windows": {"length": 256, "overlap": 48, "beta": 1.0},
    }
