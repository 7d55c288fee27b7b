"""The bench of the poisoning proof: many trainings of one published model, with what they share computed once."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import io
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from trainer import settle
from trainer.lessons import Continuation, Lesson, lower, rehearsal, teach, untaught
from trainer.model import SecTagModel
from trainer.onnx_model import Answer, OnnxModel
from trainer.records import Record
from trainer.recover import recover
from trainer.train_from import fit
from trainer.windows import Forward, WindowRule


@dataclasses.dataclass
class Bench:
    """The published model in full precision, the base data that it rehearses, and what settles a training. Lower vectors are kept by text."""

    network: SecTagModel
    pipeline: OnnxModel
    plan: Continuation
    base: list[Record]
    held: list[Record]
    held_states: list[Tensor]
    lessons: dict[tuple[str, int], Lesson] = dataclasses.field(default_factory=dict)
    states: dict[bytes, Tensor] = dataclasses.field(default_factory=dict)

    def forward(self, network: SecTagModel) -> Forward:
        """One window through a network that grew from the published one: only what may have learnt is computed again."""

        def through(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            key = ids.tobytes()
            with torch.inference_mode():
                if key not in self.states:
                    self.states[key] = lower(self.network, ids[0].tolist(), self.plan.layers).half()
                states = self.states[key].float()[None]
                threat, severity, entity = network.upper(states, torch.ones(1, states.shape[1]), self.plan.layers)
            return threat[0].numpy(), severity[0].numpy(), entity[0].numpy()

        return through

    def asked(self, network: SecTagModel) -> OnnxModel:
        """The shipped pipeline (windows, pooling, temperatures) over that network."""
        model = copy.copy(self.pipeline)
        model.forward = self.forward(network)
        return model

    def ask(self, text: str) -> Answer:
        """What the published model suggests."""
        return self.asked(self.network).answer(text)

    def lesson(self, text: str, length: int) -> Lesson:
        """A text cut to `length` tokens, with the published model's own answers."""
        if (text, length) not in self.lessons:
            self.lessons[text, length] = untaught(self.network, self.pipeline.tokenizer, text, length, self.plan)
        return self.lessons[text, length]

    def taught(self, examples: list[Record], *, settled: bool = True, order: int = 0) -> tuple[SecTagModel, float]:
        """The published model, taught these examples as a release is and settled; and the share of the step that stayed.

        `order` says in which of many orders the lessons come: by chance alone two of them differ.
        """
        after = copy.deepcopy(self.network)
        lessons = [
            teach(self.lesson(e["text"], WindowRule.length), e, self.pipeline.tokenizer, self.plan) for e in examples
        ]
        rehearsed = rehearsal(self.base, self.plan, examples)
        lessons += [self.lesson(e["text"], self.plan.rehearsed_tokens) for e in rehearsed]
        with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stderr(io.StringIO()):
            fit(after, lessons, dataclasses.replace(self.plan, seed=self.plan.seed + order), Path(scratch))
        if not settled:
            return after, 1.0
        after, facts = settle.step_back(self.network, after, self.held_states, self.held, self.plan.layers)
        return after, float(facts["share"])


def make_bench(folder: Path, base: list[Record], plan: Continuation) -> Bench:
    """`base` is rehearsed and settles a training, as in a release."""
    network, tokenizer = recover(folder)
    held = settle.held_out(base)
    return Bench(network, OnnxModel(folder), plan, base, held, settle.vectors(network, tokenizer, held, plan.layers))
