"""Labels and offsets mean the same in Python and TypeScript."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer import labels, offsets

FIXTURE = labels.REPO / "tests" / "fixtures" / "utf16.json"


def test_label_list_has_the_order_that_models_depend_on() -> None:
    assert len(labels.THREAT_TYPES) == 13 and labels.THREAT_TYPES[0] == "benign"
    assert labels.SEVERITIES == ["low", "medium", "high", "critical"]
    assert labels.BIO_LABELS[:4] == ["O", "B-Malware", "I-Malware", "B-ThreatActor"] and len(labels.BIO_LABELS) == 19


def test_combined_ids_go_there_and_back() -> None:
    assert labels.combined_tag("malware", "high") == "malware_high"
    assert labels.combined_id("malware", "high") == 14
    ids = [labels.combined_id(t, s) for t in labels.THREAT_TYPES for s in labels.SEVERITIES]
    assert ids == list(range(52))
    golden = json.loads((labels.REPO / "tests" / "fixtures" / "combined-ids.json").read_text(encoding="utf-8"))
    assert golden == {labels.combined_tag(*labels.from_combined_id(i)): i for i in ids}
    assert all(labels.combined_id(*labels.from_combined_id(i)) == i for i in ids)
    with pytest.raises(IndexError):
        labels.from_combined_id(52)


@pytest.mark.parametrize(
    "case", json.loads(FIXTURE.read_text(encoding="utf-8"))["cases"], ids=lambda case: case["name"]
)
def test_shared_golden_offsets(case: dict) -> None:
    text = case["text"]
    assert offsets.utf16_length(text) == case["utf16Length"] and len(text) == case["codePointLength"]
    for span in case["spans"]:
        row = {"start": span["utf16"][0], "end": span["utf16"][1], "quote": span["quote"]}
        [found] = offsets.spans_to_code_points(text, [row])
        assert [found["start"], found["end"]] == span["codePoints"]
        assert offsets.spans_to_utf16(text, [found]) == [row]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_offsets_are_those_of_the_utf16_encoding(text: str) -> None:
    table = offsets.code_point_to_utf16(text)
    assert table == [len(text[:i].encode("utf-16-le")) // 2 for i in range(len(text) + 1)]


@pytest.mark.parametrize(
    ("start", "end", "quote"), [(0, 1, "😱"), (0, 2, "x"), (0, 99, "😱"), (2, 2, "😱"), (1, 2, "😱")]
)
def test_wrong_spans_are_refused(start: int, end: int, quote: str) -> None:
    with pytest.raises(ValueError, match="span"):
        offsets.spans_to_code_points("😱 a", [{"start": start, "end": end, "quote": quote}])
