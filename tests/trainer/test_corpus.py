"""Our own tickets: enough of them, no sentence twice, invented addresses only, honest split."""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections import Counter, defaultdict

import pytest

from trainer.corpus import corpus_files, load_corpus, part_of
from trainer.labels import SEVERITIES, THREAT_TYPES

DOCUMENTATION = [
    ipaddress.ip_network(net)
    for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "127.0.0.0/8", "0.0.0.0/32", "255.255.255.0/24")
]
ENDINGS = "com net org io ru cn info biz de fr es co uk top xyz cloud dev edu gov onion".split()
DOMAIN = re.compile(rf"\b(?:[a-z0-9-]+\.)+(?:{'|'.join(ENDINGS)})\b")


@pytest.fixture(scope="module")
def tickets() -> list[dict]:
    records, problems = load_corpus()
    assert not problems, "\n".join(map(str, problems))
    return records


def test_size_and_balance(tickets: list[dict]) -> None:
    assert len(tickets) >= 1200
    types = Counter(ticket["threat_type"] for ticket in tickets)
    assert set(types) == set(THREAT_TYPES) and min(types.values()) >= 40
    assert 0.25 <= types["benign"] / len(tickets) <= 0.4
    assert {t["severity"] for t in tickets} == set(SEVERITIES)
    assert all(t["severity"] == "low" for t in tickets if t["threat_type"] == "benign")
    lengths = [len(t["text"].split()) for t in tickets]
    assert min(lengths) < 15 and max(lengths) > 1000


def test_ids_licence_and_fields(tickets: list[dict]) -> None:
    assert len({t["id"] for t in tickets}) == len(tickets)
    for ticket in tickets:
        assert re.fullmatch(r"sectag-w\d+-\d{3}", ticket["id"]) and ticket["source"] == "sectag"
        assert ticket["licence"] == "CC0-1.0" and ticket["severity_basis"] == "sectag_guide"
        assert ticket["writer"] and ticket["form"] and ticket["voice"] and ticket["lang"]


def test_no_sentence_twice(tickets: list[dict]) -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    for ticket in tickets:
        for sentence in re.split(r"(?<=[.!?])\s+|\n+", ticket["text"]):
            key = re.sub(r"[^a-z0-9äöüßéèáíóñ]+", " ", sentence.lower()).strip()
            if len(key.split()) >= 6 and not re.match(r"(from|to|subject|date|sent|received) ", key):
                seen[key].add(ticket["id"])
    assert [(key, sorted(ids)) for key, ids in seen.items() if len(ids) > 1] == []


def test_only_documentation_addresses(tickets: list[dict]) -> None:
    wrong = []
    for ticket in tickets:
        text = ticket["text"].replace("[.]", ".").replace("[dot]", ".").lower()
        for match in re.findall(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", text):
            try:
                address = ipaddress.ip_address(match)
            except ValueError:
                continue
            if not any(address in net for net in DOCUMENTATION):
                wrong.append((ticket["id"], match))
        wrong += [(ticket["id"], d) for d in DOMAIN.findall(text) if not re.search(r"(^|\.)example\.(com|net|org)$", d)]
    assert wrong == []


def test_spans_fit_the_label(tickets: list[dict]) -> None:
    for ticket in tickets:
        spans = sorted(ticket["spans"], key=lambda span: span["start"])
        assert all(a["end"] <= b["start"] for a, b in itertools.pairwise(spans)), ticket["id"]
        if ticket["threat_type"] == "benign":
            assert {span["label"] for span in spans} <= {"System", "Organization", "Location"}, ticket["id"]
        else:
            assert spans, ticket["id"]


def test_split_is_by_writer_and_form(tickets: list[dict]) -> None:
    where: dict[tuple[str, str], set[str]] = defaultdict(set)
    for ticket in tickets:
        where[ticket["writer"], ticket["form"]].add(ticket["split"])
    assert all(len(splits) == 1 for splits in where.values())
    share = sum(t["split"] == "test" for t in tickets) / len(tickets)
    assert 0.17 <= share <= 0.25
    writers = {t["writer"] for t in tickets if t["split"] == "train"}
    assert {t["writer"] for t in tickets} - writers, "one whole writer belongs to test"


def test_calibration_comes_from_train_and_has_all_classes(tickets: list[dict]) -> None:
    parts = part_of(tickets)
    assert parts == part_of(list(reversed(tickets)))
    chosen = [t for t in tickets if parts[t["id"]] == "calibration"]
    assert all(t["split"] == "train" for t in chosen)
    assert {t["threat_type"] for t in chosen} == set(THREAT_TYPES)
    trained = sum(part == "train" for part in parts.values())
    assert len(chosen) / (len(chosen) + trained) == pytest.approx(0.15, abs=0.01)
    assert all(parts[t["id"]] == "test" for t in tickets if t["split"] == "test")


def test_second_labels_are_not_taken_for_tickets() -> None:
    assert all(file.name.startswith("w") for file in corpus_files())
