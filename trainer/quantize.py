"""ONNX files of a trained network: full precision, int8 for WebAssembly, 4 bits for WebGPU."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from trainer.model import SecTagModel
from trainer.model_files import INPUTS, OPSET

OUTPUT_AXES = {
    "logits": {0: "batch"},
    "severity_logits": {0: "batch"},
    "entity_logits": {0: "batch", 1: "sequence"},
}


class ExportGraph(nn.Module):
    """The network with its attention mask made by plain arithmetic: transformers' own mask code exports logical operators
    that onnxruntime-web's WebGPU provider does not have."""

    def __init__(self, model: SecTagModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        bias = (attention_mask.to(torch.float32) - 1.0)[:, None, None, :] * 10_000.0
        answers: tuple[Tensor, Tensor, Tensor] = self.model(input_ids, attention_mask, token_type_ids, bias)
        return answers


def write_fp32(model: SecTagModel, file: Path) -> None:
    """Exports the network with both axes free. The script exporter: its graph quantises as it is (PLATFORM section 4)."""
    model = model.eval().cpu()
    # Eager attention has no data-dependent branch that tracing would freeze.
    model.encoder.set_attn_implementation("eager")
    ids = torch.ones(2, 9, dtype=torch.long)
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    file.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            ExportGraph(model).eval(),  # the exporter gives the graph its own mode back, and the model with it
            (ids, mask, torch.zeros_like(ids)),
            str(file),
            input_names=INPUTS,
            output_names=list(OUTPUT_AXES),
            dynamic_axes={**{name: {0: "batch", 1: "sequence"} for name in INPUTS}, **OUTPUT_AXES},
            opset_version=OPSET,
            dynamo=False,
        )


def write_int8(source: Path, target: Path, keep: Sequence[str] = ()) -> None:
    """Dynamic int8. `reduce_range`: without it AVX2's saturation gives other answers than WebAssembly (PLATFORM 4).

    The second layer of each feed-forward block stays in fp32: its inputs (after GELU) range so widely that 7 bits cost
    half of all error. Measured on the golden texts with the weights of the second stage: largest logit error 0.34 instead of 0.63, WebAssembly against native
    0.12 instead of 0.24, at the same speed, for 10 MB more.

    `keep`: parts of names of nodes that stay in fp32 too. Layers that go on learning from int8 weights need it: what they learn is mostly
    less than half a step of the grid that they stand on, and rounding would take it back (ADR 0016).
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    target.parent.mkdir(parents=True, exist_ok=True)
    level = logging.root.level
    logging.root.setLevel(logging.ERROR)
    try:
        graph = onnx.load(str(source), load_external_data=False).graph
        wide = [
            name
            for n in graph.node
            for name in (n.name, f"{n.name}_MatMul")  # what the quantizer makes of a Gemm before it looks
            if n.op_type in ("MatMul", "Gemm")
            and (("/output/dense/" in n.name and "attention" not in n.name) or any(part in n.name for part in keep))
        ]
        quantize_dynamic(
            str(source),
            str(target),
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=wide,
        )
    finally:
        logging.root.setLevel(level)


def write_q4(source: Path, target: Path, keep: Sequence[str] = (), *, block: int = 32, bits: int = 4) -> None:
    """Weights of matrices and embeddings in blocks of 4 (or 8) bits, activations in fp32: needs no shader-f16. `keep` as for int8."""
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import (
        DefaultWeightOnlyQuantConfig,
        MatMulNBitsQuantizer,
        QuantFormat,
    )

    target.parent.mkdir(parents=True, exist_ok=True)
    config = DefaultWeightOnlyQuantConfig(
        block_size=block,
        is_symmetric=True,
        quant_format=QuantFormat.QOperator,
        op_types_to_quantize=("MatMul", "Gather"),
        quant_axes=(("MatMul", 0), ("Gather", 1)),
        bits=bits,
    )
    model = onnx.load(str(source))
    kept = [node.name for node in model.graph.node if any(part in node.name for part in keep)]
    quantizer = MatMulNBitsQuantizer(model, algo_config=config, nodes_to_exclude=kept)
    logging.getLogger("onnxruntime.quantization.matmul_nbits_quantizer").setLevel(logging.ERROR)
    with np.errstate(invalid="ignore"):  # rows of zeros ([PAD]) divide by a scale of zero, and the result is masked
        quantizer.process()
    quantizer.model.save_model_to_file(str(target), use_external_data_format=False)
