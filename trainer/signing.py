"""Signs and verifies releases (DSSE, Ed25519), byte for byte as shared/signed-envelope.ts; makes and reads the keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from trainer.contract import require
from trainer.labels import SHARED

PAYLOAD_TYPE = "application/vnd.sectag.release+json"
#: Bytes of an envelope; shared/release.ts has the same.
MOST_BYTES = 400_000


def canonical_json(value: object) -> bytes:
    """The one form that is signed: no spaces, keys sorted, no escapes that need not be."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False, allow_nan=False).encode()


def _named(public: str) -> SSlibKey:
    """A public key (64 hexadecimal digits) under the name that the contract gives it."""
    return SSlibKey(hashlib.sha256(bytes.fromhex(public)).hexdigest(), "ed25519", "ed25519", {"public": public})


def public_key_of(signer: CryptoSigner) -> str:
    """64 hexadecimal digits."""
    return str(signer.public_key.keyval["public"])


def trusted_keys() -> list[str]:
    """The public keys that installations believe, from shared/release-keys.json."""
    keys: list[str] = json.loads((SHARED / "release-keys.json").read_text(encoding="utf-8"))["keys"]
    return keys


def make_key(file: Path) -> CryptoSigner:
    """A new key pair; the private key goes into `file`, for this user alone. Raises ValueError when git would see it."""
    top = next((folder for folder in file.resolve().parents if (folder / ".git").exists()), None)
    if top and subprocess.run(["git", "check-ignore", "-q", file.resolve()], cwd=top, check=False).returncode != 0:
        raise ValueError(f"{file} is in a git work tree: a private key belongs outside of it")
    made = CryptoSigner.generate_ed25519()
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ValueError(f"{file} exists already: a key is never written over") from error
    with os.fdopen(handle, "wb") as stream:
        stream.write(made.private_bytes)
        stream.flush()
        os.fsync(stream.fileno())
    return read_key(file)


def read_key(file: Path) -> CryptoSigner:
    """The signer of a private key's PEM file. Raises ValueError when others may read it or it is no Ed25519 key."""
    if not file.exists():
        raise FileNotFoundError(f"{file} does not exist: make a key with `python -m trainer keys --out FILE`")
    if file.stat().st_mode & 0o077:
        raise ValueError(f"{file} can be read by others: `chmod 600` it, and think about a new key")
    try:
        private = load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{file} is no private key in PEM") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise ValueError(f"{file} is no Ed25519 key")
    return CryptoSigner(private, _named(private.public_key().public_bytes_raw().hex()))


def signing_keys(files: Sequence[Path] | None) -> list[CryptoSigner]:
    """The signers of `--sign-with`, or of SECTAG_SIGNING_KEY."""
    named = list(files or [])
    if not named and os.environ.get("SECTAG_SIGNING_KEY"):
        named = [Path(os.environ["SECTAG_SIGNING_KEY"])]
    if not named:
        raise ValueError("No signing key: name its file with --sign-with or SECTAG_SIGNING_KEY")
    return [read_key(file) for file in named]


def sign(manifest: dict, signers: Sequence[CryptoSigner]) -> bytes:
    """The envelope, as canonical JSON. Raises ValueError when the manifest is not as the contract says."""
    require(manifest, "ReleaseManifest", "the release manifest")
    envelope = Envelope(canonical_json(manifest), PAYLOAD_TYPE, {})
    for signer in signers:
        envelope.sign(signer)
    return canonical_json(envelope.to_dict())


def verify(written: bytes, keys: Sequence[str]) -> dict:
    """The manifest of an envelope that one of `keys` (64 hexadecimal digits each) signed. Raises ValueError with the reason."""
    if len(written) > MOST_BYTES:
        raise ValueError("the envelope is too large")
    said = _parse_canonical(written, "the envelope")
    require(said, "ReleaseEnvelope", "the envelope")
    try:
        for signature in said["signatures"]:
            base64.b64decode(signature["sig"], validate=True)
        base64.b64decode(said["payload"], validate=True)
        envelope = Envelope.from_dict(said)
    except (binascii.Error, ValueError) as error:
        raise ValueError("the envelope is malformed") from error
    try:
        envelope.verify([_named(key) for key in keys], 1)
    except (VerificationError, ValueError) as error:
        raise ValueError("the release is signed by no key that is trusted here") from error
    manifest = _parse_canonical(envelope.payload, "the manifest")
    require(manifest, "ReleaseManifest", "the manifest")
    return manifest


def _parse_canonical(written: bytes, what: str) -> dict:
    try:
        value = json.loads(written)
        same = canonical_json(value) == written
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{what} is no JSON") from error
    if not same or not isinstance(value, dict):
        raise ValueError(f"{what} is not canonical JSON")
    return value
