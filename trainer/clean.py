"""Text before training: repair of white space and control characters, sentences, and security terms as weak labels (spaCy)."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

#: Words that hint at a threat type; used to check labels and to report what a build holds, never shipped to the browser.
SECURITY_TERMS: dict[str, list[str]] = {
    "ransomware": [
        "ransomware",
        "ransom note",
        "decryptor",
        "files encrypted",
        "encrypted files",
        "lockbit",
        "double extortion",
    ],
    "phishing": ["phishing", "phish", "spear phishing", "smishing", "vishing", "pretexting", "credential harvesting"],
    "malware": [
        "malware",
        "trojan",
        "spyware",
        "keylogger",
        "botnet",
        "rootkit",
        "cryptominer",
        "infostealer",
        "backdoor",
    ],
    "credential_attack": [
        "brute force",
        "password spray",
        "password spraying",
        "credential stuffing",
        "mimikatz",
        "mfa fatigue",
    ],
    "exploitation": [
        "exploited",
        "web shell",
        "webshell",
        "remote code execution",
        "sql injection attempt",
        "zero day",
    ],
    "vulnerability": ["cve", "vulnerability", "buffer overflow", "use after free", "cross site scripting", "unpatched"],
    "denial_of_service": ["ddos", "denial of service", "syn flood", "traffic flood"],
    "lost_stolen_asset": ["stolen laptop", "lost laptop", "laptop stolen", "lost badge", "stolen phone", "burglary"],
    "device_tampering": ["skimmer", "skimming", "tampered terminal", "hardware keylogger"],
    "data_exposure": ["wrong recipient", "publicly accessible", "misdirected", "public bucket"],
    "insider_misuse": ["snooping", "without a business need", "unauthorised access by staff"],
    "intrusion": ["lateral movement", "persistence", "scheduled task created", "beacon", "command and control"],
}

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MANY_BLANK_LINES = re.compile(r"\n{4,}")


def clean_text(text: str) -> str:
    """Public text made comparable: NFC, no control characters, plain line ends, no piles of blank lines. Offsets change!"""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return _MANY_BLANK_LINES.sub("\n\n\n", _CONTROL.sub(" ", text)).strip()


@functools.cache
def _pipeline() -> Any:
    import spacy

    pipeline = spacy.blank("en")
    pipeline.max_length = 2_000_000
    pipeline.add_pipe("sentencizer")
    ruler: Any = pipeline.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns([{"label": label, "pattern": term} for label, terms in SECURITY_TERMS.items() for term in terms])
    return pipeline


def read_texts(texts: Iterable[str]) -> Iterator[tuple[list[list[int]], list[str]]]:
    """For each text its sentences as [start, end] code points (line ends split too) and the threat types its terms hint at."""
    for document in _pipeline().pipe(texts, batch_size=256):
        sentences: list[list[int]] = []
        for sentence in document.sents:
            position = sentence.start_char
            for line in sentence.text.split("\n"):
                if line.strip():
                    sentences.append([position, position + len(line)])
                position += len(line) + 1
        yield sentences, sorted({entity.label_ for entity in document.ents})
