"""Step `export`: calibrates a trained run and writes the model directory (Hugging Face layout) that is shipped."""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path

from trainer.golden import write_golden
from trainer.labels import REPO
from trainer.model_files import write_config, write_json, write_manifest, write_tokenizer
from trainer.onnx_model import WASM_FILE, WEBGPU_FILE

MODEL_ID = "sectag-minilm-l6"
DEFAULT_VERSION = "2026.48.1"


def read_figures(files: list[Path]) -> dict[str, dict]:
    """Figures of saved outputs of `evaluate` (their last line is JSON), by the names of the record files scored."""
    table = {}
    for file in files:
        line = json.loads(file.read_text(encoding="utf-8").strip().splitlines()[-1])
        part = "" if line["part"] == "all" else f" ({line['part']} part)"
        table[", ".join(line["data"]) + part] = line["figures"]
    return table


def export_tiny(folder: Path) -> None:
    """models/tiny: the same files as a real model directory, from seeded random weights."""
    import tempfile

    from trainer.quantize import write_fp32, write_int8, write_q4
    from trainer.tiny import tiny_decoding, tiny_model, tiny_tokenizer

    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    tokenizer = tiny_tokenizer()
    model = tiny_model(tokenizer.get_vocab_size())
    with tempfile.TemporaryDirectory() as scratch:
        full = Path(scratch) / "model.onnx"
        write_fp32(model, full)
        write_int8(full, partial / WASM_FILE)
        write_q4(full, partial / WEBGPU_FILE)
    write_config(partial, model.encoder.config.to_dict(), tiny_decoding())
    write_tokenizer(partial, tokenizer, model.encoder.config.max_position_embeddings)
    write_json(partial / "metrics.json", {"note": "Random weights: there is nothing to measure."})
    (partial / "README.md").write_text(
        "---\nlicense: cc0-1.0\npipeline_tag: text-classification\n---\n# SecTag tiny\n\n"
        "A random model for tests, made by `python -m trainer export --tiny`. Its answers mean nothing.\n",
        encoding="utf-8",
    )
    write_golden(partial)
    # A fixed date: making it again gives the same files.
    write_manifest(partial, "sectag-tiny", "tiny", created="2026-01-01T00:00:00Z")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(partial, folder)
    print(f"export: wrote {folder}")


def run(options: argparse.Namespace) -> None:
    """The command: `--tiny`, or a trained run and the build that it was trained on."""
    if options.tiny:
        export_tiny(options.out or REPO / "models" / "tiny")
        return
    if options.train is None or options.build is None:
        raise ValueError("export needs --train RUN and --build RUN (or --tiny)")
    from trainer.release import export_release

    version = options.version or DEFAULT_VERSION
    out = options.out or REPO / "models" / version
    export_release(options.runs, options.train, options.build, out, version, read_figures(options.figures))
