"""A small model that learns our own tickets in a minute: what the proofs harm, poison and retrain in place of the real one."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from trainer.build import corpus_example
from trainer.calibrate import calibrate
from trainer.clean import read_texts
from trainer.corpus import load_corpus, part_of
from trainer.golden import write_golden
from trainer.lessons import Continuation
from trainer.model import SecTagModel, load_model, save_model
from trainer.model_files import write_config, write_json, write_manifest, write_tokenizer
from trainer.onnx_model import WASM_FILE, WEBGPU_FILE
from trainer.quantize import write_fp32, write_int8, write_q4
from trainer.recipe import Part, Recipe
from trainer.records import Record, read_jsonl, write_jsonl
from trainer.release import FP32_FILE, hold
from trainer.runs import file_digest, make_run
from trainer.tiny import SPECIALS, wordpiece_tokenizer
from trainer.train import fit
from trainer.train_from import DEFAULT_PLAN, load_plan

VOCABULARY = 4000
#: Changes when the small model or its data changes.
FORMAT = 2
#: Of our training tickets so many come only after the small model was trained: what a team corrects later.
LATER = 0.25


def recipe(epochs: int, rate: float, seed: int = 1, per_epoch: int = 1400) -> Recipe:
    """Our own tickets alone; `rate` is the encoder's, the heads go twice as fast."""
    tickets = Part(source="sectag", per_epoch=per_epoch, max_tokens=128, augment="ticket", group="ticket", mask=0.05)
    return Recipe(
        name="small",
        seed=seed,
        epochs=epochs,
        batch_tokens=4096,
        batch_size=32,
        encoder_rate=rate,
        head_rate=2 * rate,
        warm_up=0.06,
        weight_decay=0.01,
        label_smoothing=0.05,
        main_share=0.8,
        severity_weight=0.5,
        entity_weight=0.5,
        class_weight_cap=3.0,
        mixture=(tickets,),
    )


def continuation(seed: int, rate: float = 1e-4) -> Continuation:
    """How the small model learns what comes later: as the real one does (recipes/continue.toml), with fewer public texts."""
    plan = load_plan(DEFAULT_PLAN)
    fewer = {"tickets": 500, "per_type": 25, "near": 0}
    return dataclasses.replace(plan, name="small", seed=seed, encoder_rate=rate, head_rate=2 * rate, **fewer)


def _part(example: Record, part: str) -> str:
    late = random.Random(example["id"]).random() < LATER
    return "later" if part == "train" and late else part


def make_build(root: Path) -> Path:
    """A `build` run folder of our own tickets alone; some of those to learn from come later."""
    tickets, problems = load_corpus()
    if problems:
        raise ValueError(str(problems[0]))

    def write(folder: Path) -> dict:
        parts = part_of(tickets)
        examples = [corpus_example(record, _part(record, parts[record["id"]])) for record in tickets]
        for example, (sentences, _) in zip(examples, read_texts(e["text"] for e in examples), strict=True):
            example["sentences"] = sentences
        write_jsonl(folder / "examples.jsonl", examples)
        return {"examples": len(examples)}

    return make_run(root, "build", {"small": FORMAT, "tickets": len(tickets)}, write)


def make_tokenizer(texts: list[str]) -> Tokenizer:
    """An uncased WordPiece of VOCABULARY pieces, learnt from the texts."""
    from tokenizers.trainers import WordPieceTrainer

    learner = wordpiece_tokenizer(SPECIALS)
    learner.train_from_iterator(texts, WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=SPECIALS))
    vocabulary = learner.get_vocab()
    return wordpiece_tokenizer(sorted(vocabulary, key=lambda piece: vocabulary[piece]))


def make_small(root: Path, build: Path, *, epochs: int = 14, rate: float = 1e-3) -> Path:
    """The `train` run folder of the small model, from random weights."""
    chosen = recipe(epochs, rate)
    settings = {"small": FORMAT, "build": build.name, "recipe": dataclasses.asdict(chosen)}

    def write(folder: Path) -> dict:
        examples = [example for example in read_jsonl(build / "examples.jsonl") if example["split"] == "train"]
        tokenizer = make_tokenizer([example["text"] for example in examples])
        torch.manual_seed(chosen.seed)
        config = BertConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=96,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=192,
            max_position_embeddings=512,
        )
        model = SecTagModel(BertModel(config, add_pooling_layer=False))
        facts = fit(model, tokenizer, examples, chosen, folder)
        save_model(folder, model.cpu(), tokenizer)
        return facts

    return make_run(root, "train", settings, write, keep_partial=True)


def decoding_of(train: Path, build: Path) -> dict:
    """Temperatures and thresholds of a trained run, from the build's calibration tickets; its benign bias is left as it is."""
    model, tokenizer = load_model(train)
    held = hold(model, tokenizer, [e for e in read_jsonl(build / "examples.jsonl") if e["split"] == "calibration"])
    return calibrate(held, [])[0]


def pack(
    folder: Path,
    model: SecTagModel,
    tokenizer: Tokenizer,
    decoding: dict,
    build: Path,
    spoil: Callable[[Path], None] | None = None,
    keep: Sequence[str] = (),
) -> Path:
    """A whole model directory; returns its fp32 file, which lies beside it.

    `spoil` may harm the fp32 file before int8 is made of it; `keep` names what stays in full precision (quantize.py).
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    full = folder.with_name(f"{folder.name}-{FP32_FILE}")
    write_fp32(model, full)
    source = full
    if spoil is not None:
        source = folder.with_name(f"{folder.name}-spoilt.onnx")
        shutil.copyfile(full, source)
        spoil(source)
    write_int8(source, partial / WASM_FILE, keep)
    write_q4(source, partial / WEBGPU_FILE, keep)
    if source != full:
        source.unlink()
    write_config(partial, model.encoder.config.to_dict(), decoding)
    write_tokenizer(partial, tokenizer, model.encoder.config.max_position_embeddings)
    write_json(partial / "metrics.json", {"build": build.name, "examples": file_digest(build / "examples.jsonl")})
    (partial / "README.md").write_text("---\nlicense: cc0-1.0\n---\n# SecTag small\n\nFor proofs.\n", encoding="utf-8")
    write_golden(partial)
    write_manifest(partial, "sectag-small", "small", created="2026-01-01T00:00:00Z")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(partial, folder)
    return full


def test_records(build: Path) -> list[Record]:
    """The test tickets of our corpus as records (spans in UTF-16)."""
    wanted = {e["id"] for e in read_jsonl(build / "examples.jsonl") if e["split"] == "test"}
    return [json.loads(json.dumps(ticket)) for ticket in load_corpus()[0] if ticket["id"] in wanted]
