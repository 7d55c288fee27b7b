"""Command line of the trainer: `python -m trainer <step>`; each step reads run folders and writes the next."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from trainer import prove_commands, publish_commands, run_state

RECIPES = Path(__file__).resolve().parent / "recipes"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer", description="Trains, judges and exports SecTag's model.")
    parser.add_argument(
        "--runs", type=Path, default=Path(__file__).resolve().parent.parent / ".runs", help="root of the run folders"
    )
    steps = parser.add_subparsers(dest="step", required=True)

    data = steps.add_parser("data", help="find the sources, check every line, freeze them")
    data.add_argument("--strict", action="store_true", help="exit with 1 when any line is bad")

    pull = steps.add_parser("pull", help="fetch the team's reviews into a snapshot")
    pull.add_argument("--api", help="address of the API; the key comes from SECTAG_KEY or --key-file")
    pull.add_argument("--key-file", type=Path, help="file with a key of scope `export`")
    pull.add_argument("--from-file", type=Path, help="an export that was saved (NDJSON)")
    pull.add_argument("--since", type=Path, help="run folder of the `pull` before: only what came after it is fetched")
    pull.add_argument("--org", help="name of the org, where the API is not asked for it")

    build = steps.add_parser(
        "build", help="clean, split and count the examples; with --pull those of the team's reviews"
    )
    build.add_argument("--data", type=Path, help="run folder of `data`")
    build.add_argument("--pull", type=Path, nargs="+", help="run folders of `pull`")
    build.add_argument("--beside", type=Path, help="with --pull: run folder of `build` that holds the base data")
    build.add_argument(
        "--apart-from",
        type=Path,
        nargs="*",
        default=[],
        help="record files that judge models: nothing near them is learnt",
    )
    build.add_argument(
        "--exclude", nargs="*", default=[], metavar="REVIEWER", help="reviewers whose words do not count"
    )

    build.add_argument("--current", type=Path, help="with --pull: published model, whose own suggestions count")

    exclude = steps.add_parser(
        "exclude", help="build the corrections anew without a reviewer, and say what that changes"
    )
    exclude.add_argument("--corrections", type=Path, required=True, help="run folder of `build --pull`")
    exclude.add_argument("--reviewer", nargs="+", required=True)

    train = steps.add_parser("train", help="train the encoder and its three heads")
    train.add_argument("--build", type=Path, required=True, help="run folder of `build`")
    train.add_argument(
        "--recipe", type=Path, help="recipe file, e.g. trainer/recipes/public.toml (with --from: recipes/continue.toml)"
    )
    train.add_argument("--init", type=Path, help="go on from the weights of this `train` run")
    train.add_argument("--from", dest="current", type=Path, metavar="MODEL_DIR", help="go on from a published model")
    train.add_argument("--corrections", type=Path, help="with --from: run folder of `build --pull`")
    train.add_argument("--base", help="BertModel folder or id (default: all-MiniLM-L6-v2 from its pip package)")

    scenario = steps.add_parser(
        "scenario", help="corrections of one kind of ticket by several people, and its siblings"
    )
    scenario.add_argument("--model", type=Path, help="model directory that they correct (default: the stable one)")
    scenario.add_argument("--out", type=Path, required=True)

    service = steps.add_parser(
        "run", help="pull, build, train, export, gate and publish in one command that can be killed anywhere"
    )
    service.add_argument("--api", help="address of the API; the key comes from SECTAG_KEY or --key-file")
    service.add_argument("--key-file", type=Path, help="file with a key of scope `export`")
    service.add_argument("--from-file", type=Path, help="an export that was saved (NDJSON), instead of the API")
    service.add_argument("--org", help="name of the org, where the API is not asked for it")
    service.add_argument(
        "--current", type=Path, help="model directory to go on from (default: the last published, else the stable one)"
    )
    service.add_argument("--build", type=Path, help="run folder of `build` (default: made from what is at hand)")
    service.add_argument("--holdout", type=Path, help="run folder of `holdout` (default: the test part of our tickets)")
    service.add_argument(
        "--exclude", nargs="*", default=[], metavar="REVIEWER", help="reviewers whose words do not count"
    )
    service.add_argument("--recipe", type=Path, default=RECIPES / "continue.toml")
    service.add_argument(
        "--watch", action="store_true", help="stay, and run when there is enough new or the week is over"
    )
    service.add_argument("--threshold", type=int, default=50, help="new decisions that start a run at once")
    service.add_argument("--weekly", default="Sun 03:00", help="local hour at which any new decision is enough")
    service.add_argument(
        "--until", choices=run_state.STEPS, default="publish", help="stop after this step; the next `run` goes on"
    )
    service.add_argument("--every", type=float, default=10, help="minutes between two looks")

    publish_commands.add_run_arguments(service)

    compare = steps.add_parser("compare", help="F1 of each threat type of two models on the same records")
    compare.add_argument("--before", type=Path, required=True, help="model directory")
    compare.add_argument("--after", type=Path, required=True, help="model directory")
    compare.add_argument("--data", type=Path, nargs="+", required=True, help="record files (.jsonl, .jsonl.gz)")
    plot = steps.add_parser("plot", help="draw what `npm run prove -- learning` found")
    plot.add_argument("--figures", type=Path, required=True)
    plot.add_argument("--out", type=Path, required=True)

    recover = steps.add_parser("recover", help="a published model directory back as a `train` run")
    recover.add_argument("--model", type=Path, help="model directory (default: the stable one)")
    recover.add_argument(
        "--check", type=Path, nargs="+", metavar="FILE", help="record files on which to say what it costs"
    )

    blend = steps.add_parser("blend", help="average the weights of runs that grew from one another")
    blend.add_argument("--train", type=Path, nargs="+", required=True, help="run folders of `train`")
    blend.add_argument("--shares", type=float, nargs="+", required=True, help="weight of each run")

    evaluate = steps.add_parser("evaluate", help="score a model directory through its shipped ONNX file")
    evaluate.add_argument("--model", type=Path, required=True)
    evaluate.add_argument("--data", type=Path, nargs="+", required=True, help="record files (.jsonl, .jsonl.gz)")
    evaluate.add_argument("--json", action="store_true", help="print only the JSON line")
    evaluate.add_argument("--strict", action="store_true", help="exit with 1 when any line is bad")
    evaluate.add_argument(
        "--part", choices=["all", "train", "test"], default="all", help="records with this `split` only"
    )
    evaluate.add_argument("--fp32", type=Path, help="ONNX file in full precision, to count the labels that int8 flips")
    evaluate.add_argument("--no-baseline", action="store_true", help="leave the linear baseline out")

    holdout = steps.add_parser("holdout", help="freeze the records and canaries that the gate judges by")
    holdout.add_argument("--data", type=Path, nargs="+", required=True, help="record files (.jsonl, .jsonl.gz)")
    holdout.add_argument("--part", choices=["all", "test"], default="all", help="records with this `split` only")
    holdout.add_argument("--build", type=Path, required=True, help="base data: what is nearly in it is left out")

    gate = steps.add_parser("gate", help="may this model replace the current one?")
    gate.add_argument("--candidate", type=Path, required=True, help="model directory")
    gate.add_argument("--current", type=Path, required=True, help="model directory")
    gate.add_argument("--fp32", type=Path, required=True, help="the candidate's ONNX file in full precision")
    gate.add_argument("--holdout", type=Path, required=True, help="run folder of `holdout`")

    again = steps.add_parser("rebuild", help="make a version again from what it was made from, and compare")
    again.add_argument("--model", type=Path, help="model directory that `run` made")
    again.add_argument("--version", help="a published version instead, with --api")
    again.add_argument("--api", help="address of the API; the key comes from SECTAG_KEY or --key-file")
    again.add_argument("--key-file", type=Path, help="file with an API key of scope `publish`")
    again.add_argument("--trust", action="append", default=[], help="public key of older releases")
    again.add_argument(
        "--from",
        dest="parent",
        type=Path,
        help="model directory that it grew from (default: looked for in models and run folders)",
    )

    prove_commands.add_arguments(steps)

    export = steps.add_parser("export", help="calibrate a trained run and write the model directory")
    export.add_argument("--tiny", action="store_true", help="random weights under 1 MB, for tests")
    export.add_argument("--train", type=Path, help="run folder of `train`")
    export.add_argument("--build", type=Path, help="run folder of `build`")
    export.add_argument("--out", type=Path, help="model directory (default: models/<version>)")
    export.add_argument(
        "--figures", type=Path, nargs="*", default=[], help="outputs of `evaluate`, for the card and metrics.json"
    )
    export.add_argument("--version", default=None, help="version of the model, e.g. 2026.48.1")

    publish_commands.add_arguments(steps)
    steps.add_parser("agreement", help="agreement of the corpus with its second labels")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs one step. Problems that a person can solve are printed as one line; the exit code says so."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    options = _parser().parse_args(arguments)
    # Each step imports its own libraries, so that --help and wrong arguments answer at once.
    try:
        if options.step == "data":
            from trainer import data

            data.run(options.runs, strict=options.strict)
        elif options.step == "pull":
            from trainer import pull

            pull.run(options.runs, options)
        elif options.step == "build":
            if (options.data is None) == (options.pull is None) or (options.pull and options.beside is None):
                raise ValueError("build needs --data RUN, or --pull RUN... with --beside BUILD")
            if options.pull:
                from trainer import corrections
                from trainer.onnx_model import OnnxModel

                own = OnnxModel(options.current) if options.current else None
                corrections.run(options.runs, options.pull, options.beside, options.apart_from, options.exclude, own)
            else:
                from trainer import build

                build.run(options.runs, options.data)
        elif options.step == "exclude":
            from trainer import corrections

            corrections.exclude(options.runs, options.corrections, options.reviewer)
        elif options.step == "train":
            if options.current:
                from trainer import train_from

                if options.corrections is None or options.init or options.base:
                    raise ValueError("train --from needs --corrections RUN, and neither --init nor --base")
                plan = options.recipe or train_from.DEFAULT_PLAN
                train_from.run(options.runs, options.current, options.corrections, options.build, plan)
            else:
                from trainer import train

                if options.recipe is None:
                    raise ValueError("train needs --recipe FILE (or --from MODEL_DIR --corrections RUN)")
                train.run(options.runs, options.build, options.recipe, init=options.init, base=options.base)
        elif options.step == "scenario":
            from trainer import scenario
            from trainer.run_state import stable_model

            scenario.run(options.model or stable_model(), options.out)
        elif options.step == "run":
            from trainer import run

            target = publish_commands.target_of(options)
            publish, look = (target.publish, target.live) if target else (None, None)
            return run.run(options.runs, options, publish, look)
        elif options.step == "recover":
            from trainer import recover
            from trainer.run_state import stable_model

            return recover.run(options.runs, options.model or stable_model(), options.check)
        elif options.step == "blend":
            from trainer import blend

            blend.run(options.runs, options.train, options.shares)
        elif options.step == "evaluate":
            from trainer import evaluate

            return evaluate.run(options)
        elif options.step == "compare":
            from trainer import compare

            return compare.run(options.runs, options.before, options.after, options.data)
        elif options.step == "plot":
            from trainer import plot

            return plot.run(options.figures, options.out)
        elif options.step == "holdout":
            from trainer import holdout

            holdout.run(options.runs, options.data, options.part, options.build)
        elif options.step == "gate":
            from trainer import gate

            verdict = gate.run(options.runs, options.current, options.candidate, options.fp32, options.holdout)
            print(verdict["sentence"])
            print(json.dumps({"ok": verdict["pass"], "look": verdict["look"], "candidate": verdict["candidate"]}))
            return 0 if verdict["pass"] else 1
        elif options.step == "rebuild":
            from trainer import rebuild

            return rebuild.run(options.runs, options)
        elif options.step in prove_commands.STEPS:
            return prove_commands.run(options.runs, options)
        elif options.step in publish_commands.STEPS:
            publish_commands.run(options.runs, options)
        elif options.step == "export":
            from trainer import export

            export.run(options)
        else:
            from trainer import agreement

            agreement.run()
    except (FileNotFoundError, ValueError, ConnectionError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
