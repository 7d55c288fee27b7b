"""The command line of the proofs: `prove-learning`, `prove-gate`, `prove-poisoning`."""

from __future__ import annotations

import argparse
from pathlib import Path

LEARNING, GATE, POISONING = "prove-learning", "prove-gate", "prove-poisoning"
STEPS = [LEARNING, GATE, POISONING]


def _trainings(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least one is needed")
    return value


def add_arguments(steps: argparse._SubParsersAction) -> None:
    """Adds the proofs to the command line."""
    learn = steps.add_parser(
        LEARNING, help="show that a model learns the scenario, forgets nothing and passes the gate"
    )
    learn.add_argument(
        "--dev", type=Path, nargs="*", help="record files on which nothing may be lost (default: threat_dev)"
    )

    gate = steps.add_parser(GATE, help="harm a small model in many ways and count what the gate stops")
    gate.add_argument("--harmed", type=int, default=100)
    gate.add_argument("--harmless", type=int, default=50)
    gate.add_argument("--seed", type=int, default=1, help="of all candidates: another seed is another proof")
    gate.add_argument("--no-probes", action="store_true", help="leave out what is too weak to count")

    poison = steps.add_parser(POISONING, help="hostile reviewers beside an honest team, and what they gain")
    poison.add_argument("--dev", type=Path, help="record file that no model has learnt (default: threat_dev)")
    poison.add_argument(
        "--layers", type=int, help="encoder layers that learn; 0: heads on frozen features (default: as the recipe)"
    )
    poison.add_argument("--seed", type=int, default=20261126, help="of team and attacks: another seed is another proof")
    poison.add_argument("--only", default="", metavar="WORDS", help="attacks with these words in their name")
    poison.add_argument(
        "--trainings", type=_trainings, default=3, help="of each attack, in other orders of the lessons (default: 3)"
    )

    for step in (learn, poison):
        step.add_argument("--model", type=Path, help="model directory to start from (default: the stable one)")
        step.add_argument("--build", type=Path, help="run folder of `build` (default: made from what is at hand)")
        step.add_argument(
            "--holdout", type=Path, help="run folder of `holdout` (default: the test part of our tickets)"
        )


def run(runs: Path, options: argparse.Namespace) -> int:
    """Runs one proof; the exit code is 1 when it does not hold."""
    from trainer.run_state import stable_model

    if options.step == GATE:
        from trainer import prove_gate

        figures = prove_gate.run(runs / GATE, options.harmed, options.harmless, options.seed, not options.no_probes)
        return 0 if figures["ok"] else 1
    model = options.model or stable_model()
    if options.step == LEARNING:
        from trainer import prove_learning

        return prove_learning.run(runs, model, options.dev, options.build, options.holdout)
    from trainer import poison_scene, prove_poisoning

    scene = poison_scene.full_scene(
        runs / POISONING, model, options.dev, options.build, options.holdout, options.layers, options.seed
    )
    found = prove_poisoning.prove(runs / POISONING, scene, options.only, options.seed, options.trainings)
    return 0 if found["ok"] else 1
