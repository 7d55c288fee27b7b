"""The small model of the gate proof, and the candidates that grow from it; what they share is computed once."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import io
import random
import shutil
from pathlib import Path

from tokenizers import Tokenizer
from torch import Tensor

from trainer import settle, small, train_from
from trainer.harm import Examples, Retrain
from trainer.lessons import Continuation, Lesson, rehearsal, teach, untaught
from trainer.model import SecTagModel, load_model
from trainer.records import read_jsonl, write_jsonl
from trainer.release import nodes_of
from trainer.runs import make_run
from trainer.train import fit
from trainer.windows import WindowRule

#: Tickets of one epoch of a retrain of the whole network.
PER_EPOCH = 250


@dataclasses.dataclass(frozen=True)
class World:
    """What all candidates of a proof grow from and are judged by."""

    root: Path
    build: Path
    current: Path
    network: SecTagModel
    tokenizer: Tokenizer
    decoding: dict
    examples: Examples
    held: Examples
    states: list[Tensor]
    layers: int
    """How many of the upper layers learn in a release."""
    lessons: dict[tuple[str, int], Lesson] = dataclasses.field(default_factory=dict)

    def part(self, name: str) -> Examples:
        return [example for example in self.examples if example["split"] == name]

    def pack(self, folder: Path, network: SecTagModel, tokenizer: Tokenizer, build: Path, plan: Retrain) -> Path:
        keep = nodes_of(network.encoder.config.num_hidden_layers, self.layers)
        return small.pack(folder, network, tokenizer, self.decoding, build, plan.graph, keep)

    def lesson(self, text: str, length: int, way: Continuation) -> Lesson:
        key = (text, length)
        if key not in self.lessons:
            self.lessons[key] = untaught(self.network, self.tokenizer, text, length, way)
        return self.lessons[key]


def make_world(root: Path) -> World:
    """The small model, trained and packed."""
    build = small.make_build(root)
    train = small.make_small(root, build)
    return world_of(root, build, train, small.decoding_of(train, build))


def world_of(root: Path, build: Path, train: Path, decoding: dict) -> World:
    """A trained run as the current model. It is packed as a release that goes on from a release is: what learns stays in full precision."""
    network, tokenizer = load_model(train)
    examples = read_jsonl(build / "examples.jsonl")
    held, layers = settle.held_out(examples), small.continuation(0).layers
    states = settle.vectors(network, tokenizer, held, layers)
    world = World(root, build, root / "current", network, tokenizer, decoding, examples, held, states, layers)
    world.pack(world.current, network, tokenizer, build, Retrain("as it is"))
    return world


def make_candidate(world: World, plan: Retrain, number: int) -> tuple[Path, Path]:
    """A candidate's directory and its fp32 file; the same for the same plan and number."""
    chance = random.Random(f"{plan.kind}-{plan.strength}-{number}")
    network, tokenizer, build = copy.deepcopy(world.network), world.tokenizer, world.build
    scratch = world.root / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    taught = world.part("later" if plan.continues else "train")
    if plan.leaks:
        more = plan.leaks(world.part("test"), chance)
        build, taught = _with(world, more), taught + more
    taught = plan.examples(taught, chance)
    if plan.epochs:
        recipe = small.recipe(plan.epochs, plan.rate, seed=1000 + number, per_epoch=PER_EPOCH)
        with contextlib.redirect_stderr(io.StringIO()):
            fit(network, tokenizer, taught, recipe, scratch)
    if plan.continues:
        network = _continued(world, network, taught, small.continuation(1000 + number, plan.rate), scratch)
    if plan.weights:
        plan.weights(network, chance)
    if plan.tokenizer:
        tokenizer = plan.tokenizer(tokenizer, chance)
    folder = scratch / "candidate"
    full = world.pack(folder, network.cpu(), tokenizer, build, plan)
    if plan.config:
        plan.config(folder)
    return folder, full


def _continued(world: World, network: SecTagModel, taught: Examples, way: Continuation, scratch: Path) -> SecTagModel:
    """The network taught and settled as a release is."""
    lessons = [
        teach(world.lesson(e["text"], WindowRule.length, way), {**e, "weight": 1.0}, world.tokenizer, way)
        for e in taught
    ]
    lessons += [world.lesson(e["text"], way.rehearsed_tokens, way) for e in rehearsal(world.examples, way)]
    with contextlib.redirect_stderr(io.StringIO()):
        train_from.fit(network, lessons, way, scratch)
    return settle.step_back(world.network, network, world.states, world.held, way.layers)[0]


def _with(world: World, more: Examples) -> Path:
    """A build that teaches these too."""

    def write(folder: Path) -> dict:
        write_jsonl(folder / "examples.jsonl", [*world.examples, *({**e, "split": "train"} for e in more)])
        return {}

    with contextlib.redirect_stdout(io.StringIO()):
        return make_run(world.root, "build", {"leaked": [example["text"] for example in more]}, write)
