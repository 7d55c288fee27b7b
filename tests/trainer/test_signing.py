"""Keys and envelopes: the same bytes as shared/signed-envelope.ts, only whole ones by a known key, private keys kept from others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from securesystemslib.signer import CryptoSigner

from trainer.__main__ import main
from trainer.labels import REPO
from trainer.signing import canonical_json, make_key, public_key_of, read_key, sign, signing_keys, verify

FIXTURES = REPO / "tests" / "fixtures" / "release"
ENVELOPE = (FIXTURES / "envelope.json").read_bytes()
MANIFEST = json.loads((FIXTURES / "manifest.json").read_text(encoding="utf-8"))
KEY = json.loads((FIXTURES / "key.json").read_text(encoding="utf-8"))


@pytest.fixture
def signer(tmp_path: Path) -> CryptoSigner:
    """The fixtures' key, by way of a PEM file."""
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(KEY["seed"]))
    file = tmp_path / "fixture.pem"
    file.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    file.chmod(0o600)
    return read_key(file)


def test_both_languages_write_the_same_envelope(signer: CryptoSigner) -> None:
    assert public_key_of(signer) == KEY["publicKey"] and signer.public_key.keyid == KEY["keyid"]
    # tests/contract/release.test.ts says the same of TypeScript's.
    assert sign(MANIFEST, [signer]) == ENVELOPE
    assert verify(ENVELOPE, [KEY["publicKey"]]) == MANIFEST


def test_no_changed_byte_is_believed() -> None:
    for at in range(0, len(ENVELOPE), 7):
        changed = bytearray(ENVELOPE)
        changed[at] ^= 1 << (at % 8)
        with pytest.raises(ValueError, match=r"envelope|release|manifest"):
            verify(bytes(changed), [KEY["publicKey"]])
    for wrong in (ENVELOPE[:-1], ENVELOPE + b" ", b"", b"[]", b"[" * 200_000, b" " * 400_001):
        with pytest.raises(ValueError, match="envelope"):
            verify(wrong, [KEY["publicKey"]])


def test_only_known_keys_count_and_one_of_several_is_enough(tmp_path: Path, signer: CryptoSigner) -> None:
    other = make_key(tmp_path / "other.pem")
    for keys in ([], [public_key_of(other)]):
        with pytest.raises(ValueError, match="no key that is trusted"):
            verify(ENVELOPE, keys)
    both = sign(MANIFEST, [signer, other])
    for key in (signer, other):
        assert verify(both, [public_key_of(key)]) == MANIFEST


def test_what_the_contract_forbids_is_not_signed(signer: CryptoSigner) -> None:
    for wrong in (
        {"counter": 0},
        {"counter": 1.5},
        {"extra": 1},
        {"spec": 2},
        {"gate": {**MANIFEST["gate"], "verdict": "fail"}},
    ):
        with pytest.raises(ValueError, match="ReleaseManifest"):
            sign({**MANIFEST, **wrong}, [signer])
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("nan"))


def test_a_private_key_is_kept_from_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "release.pem"
    assert main(["keys", "--out", str(file)]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert file.stat().st_mode & 0o777 == 0o600
    assert said["publicKey"] == public_key_of(read_key(file)) and "PRIVATE" not in json.dumps(said)
    before = file.read_bytes()
    assert main(["keys", "--out", str(file)]) == 2 and file.read_bytes() == before
    assert main(["keys", "--out", str(REPO / "release.pem")]) == 2
    assert "git work tree" in capsys.readouterr().err and not (REPO / "release.pem").exists()
    file.chmod(0o640)
    with pytest.raises(ValueError, match="read by others"):
        read_key(file)


def test_a_signing_key_is_named_or_said_to_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECTAG_SIGNING_KEY", raising=False)
    with pytest.raises(ValueError, match="--sign-with or SECTAG_SIGNING_KEY"):
        signing_keys(None)
    made = make_key(tmp_path / "a.pem")
    monkeypatch.setenv("SECTAG_SIGNING_KEY", str(tmp_path / "a.pem"))
    assert public_key_of(signing_keys(None)[0]) == public_key_of(made)
    with pytest.raises(FileNotFoundError, match="python -m trainer keys"):
        signing_keys([tmp_path / "none.pem"])
    (tmp_path / "text.pem").write_text("no key")
    (tmp_path / "text.pem").chmod(0o600)
    with pytest.raises(ValueError, match="no private key"):
        signing_keys([tmp_path / "text.pem"])
