"""The commands that sign and publish: their arguments, and which function each of them is."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainer.live import Live

STEPS = ("keys", "publish", "promote", "renew", "rollback", "revoke", "fetch")
CHANNELS = ["canary", "stable"]


def _percent(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError("a share is 0 to 100")
    return value


def _counter(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("counters begin at 1")
    return value


def _add_trust(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--trust", action="append", default=[], help="public key of older releases, 64 hexadecimal digits"
    )


def _add_signing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sign-with", type=Path, action="append", help="private key; again for a second (else SECTAG_SIGNING_KEY)"
    )
    parser.add_argument("--days", type=float, default=14, help="until a release expires")


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """What `run` takes to publish what it makes."""
    parser.add_argument("--publish", choices=CHANNELS, help="publish what passed the gate in this channel")
    parser.add_argument("--percent", type=_percent, default=100, help="share of the installations that get it")
    _add_trust(parser)
    _add_signing(parser)


def add_arguments(steps: argparse._SubParsersAction) -> None:
    """The parsers of STEPS. Imports nothing heavy."""
    keys = steps.add_parser("keys", help="make the key pair that signs releases")
    keys.add_argument("--out", type=Path, required=True, help="file of the private key, outside of git")

    reach = argparse.ArgumentParser(add_help=False)
    reach.add_argument("--api", required=True, help="address of the API")
    reach.add_argument("--key-file", type=Path, help="file with an API key of scope `publish` (else SECTAG_KEY)")
    _add_trust(reach)
    where = argparse.ArgumentParser(add_help=False, parents=[reach])
    _add_signing(where)
    where.add_argument(
        "--counter",
        type=_counter,
        default=1,
        help="sign under this counter or a higher one (where the highest is forgotten)",
    )

    fetch = steps.add_parser("fetch", parents=[reach], help="a published version back as a model directory")
    fetch.add_argument("--version", required=True)

    publish = steps.add_parser("publish", parents=[where], help="sign a model that passed the gate, and publish it")
    publish.add_argument("--model", type=Path, required=True, help="model directory")
    publish.add_argument("--gate", type=Path, required=True, help="run folder of `gate` that let it pass")
    publish.add_argument("--channel", choices=CHANNELS, default="canary")
    publish.add_argument("--percent", type=_percent, default=100, help="share of the installations")

    promote = steps.add_parser("promote", parents=[where], help="let a channel name what another one names")
    promote.add_argument("--from", dest="source", choices=CHANNELS, default="canary")
    promote.add_argument("--to", choices=CHANNELS, default="stable")
    promote.add_argument("--percent", type=_percent, default=100, help="share of the installations")

    renew = steps.add_parser("renew", parents=[where], help="sign a channel's release anew before it expires")
    renew.add_argument("--channel", choices=CHANNELS, default="stable")

    rollback = steps.add_parser("rollback", parents=[where], help="back to a version that was published before")
    rollback.add_argument("--to", required=True, metavar="VERSION")
    rollback.add_argument("--channel", choices=CHANNELS, default="stable")

    revoke = steps.add_parser("revoke", parents=[where], help="nobody may run this version any more")
    revoke.add_argument("--version", required=True)
    revoke.add_argument("--to", metavar="VERSION", help="what to go back to (default: the newest that is left)")


def run(root: Path, options: argparse.Namespace) -> None:
    """Runs one of STEPS; the last line is JSON."""
    from trainer.signing import make_key, public_key_of, signing_keys, trusted_keys

    if options.step == "keys":
        signer = make_key(options.out)
        print(
            f"keys: the private key is in {options.out}; keep a copy offline. The public key for installations and server:"
        )
        print(json.dumps({"ok": True, "publicKey": public_key_of(signer), "keyid": signer.public_key.keyid}))
        return
    from trainer import channels
    from trainer.publish import open_publisher, publish
    from trainer.pull import read_key
    from trainer.release_manifest import read_verdict

    key = read_key(options.key_file, "publish")
    if options.step == "fetch":
        from trainer.fetch import fetch
        from trainer.registry import open_registry

        with open_registry(options.api, key) as client:
            model = fetch(root, client, [*trusted_keys(), *options.trust], options.version)
        print(json.dumps({"ok": True, "model": str(model)}))
        return
    signers = signing_keys(options.sign_with)
    seal = {"days": options.days, "trusted": options.trust, "least": options.counter}
    with open_publisher(root, options.api, key, signers, **seal) as publisher:
        if options.step == "publish":
            verdict = read_verdict(options.gate)
            done = publish(publisher, options.model, verdict, channel=options.channel, percent=options.percent)
        elif options.step == "promote":
            done = channels.promote(publisher, options.source, options.to, options.percent)
        elif options.step == "renew":
            done = channels.renew(publisher, options.channel)
        elif options.step == "rollback":
            done = channels.rollback(publisher, options.to, options.channel)
        else:
            done = channels.revoke(publisher, options.version, options.to)
    print(f"{options.step}: {done['version']} has the counter {done['counter']}")
    print(json.dumps({"ok": True, **done}))


@dataclass(frozen=True)
class Target:
    """Where `run` publishes: `live` gives what is there now (None: nothing), `publish` takes a root, a model directory and its verdict."""

    live: Callable[[Path], Live | None]
    publish: Callable[[Path, Path, dict], str]


def target_of(options: argparse.Namespace) -> Target | None:
    """The channel that `run` is asked to publish in; None when it is not asked.

    Raises ValueError now, not after hours of work, when a key is missing.
    """
    if options.publish is None:
        return None
    if options.api is None:
        raise ValueError("run --publish needs --api")
    import datetime

    from trainer.live import live_model
    from trainer.publish import Publisher, open_publisher, publish
    from trainer.pull import read_key
    from trainer.signing import signing_keys

    signers, key, channel = signing_keys(options.sign_with), read_key(options.key_file, "publish"), options.publish

    def opened(root: Path) -> AbstractContextManager[Publisher]:
        return open_publisher(root, options.api, key, signers, days=options.days, trusted=options.trust)

    def live(root: Path) -> Live | None:
        with opened(root) as publisher:
            return live_model(publisher, channel, datetime.datetime.now(datetime.UTC))

    def work(root: Path, model: Path, verdict: dict) -> str:
        with opened(root) as publisher:
            done = publish(publisher, model, verdict, channel=channel, percent=options.percent)
        return f"{done['version']} has the counter {done['counter']} in {done['channel']}, for {done['percent']} %"

    return Target(live, work)
