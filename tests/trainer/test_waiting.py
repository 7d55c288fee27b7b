"""What waits for a lead: each ticket once, the most urgent first, only what a ruling settles; and the real API's leads see it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.trainer.real_api import Org
from tests.trainer.reviews import Desk, unlike
from trainer import corrections, registry, waiting
from trainer.adjudicate import DISPUTED, HASTY, LONELY_FLIP, UNSAID, Held
from trainer.judgements import Judgement, judgements_of


def _judgements(*keys: str) -> list[Judgement]:
    desk = Desk()
    return judgements_of([desk.decide(key, unlike(number)) for number, key in enumerate(keys)], "team")


def _named(found: dict) -> list[tuple[str, str]]:
    return [(row["ticket"]["key"], row["reason"]) for row in found["tickets"]]


def test_each_ticket_once_by_its_most_urgent_reason_and_the_newest_first() -> None:
    a, b, c, d, e = _judgements("A", "B", "C", "D", "E")
    held = [
        Held(a.ticket, HASTY, (a,)),
        Held(a.ticket, LONELY_FLIP, (a,)),
        Held(b.ticket, LONELY_FLIP, (b,)),
        Held(c.ticket, DISPUTED, (c,)),
        Held(d.ticket, corrections.LEAKS, (d,)),
        Held(e.ticket, HASTY, (e,)),
    ]
    found = waiting.waiting_list(held, {e.ticket})
    assert _named(found) == [("B", "alone"), ("A", "alone"), ("C", "disputed")] and found["more"] == 0


def test_a_text_that_waits_beside_a_learnt_one_is_shown_where_it_may_be_a_lie() -> None:
    a, b = _judgements("A", "B")
    held = [Held(a.ticket, LONELY_FLIP, (a,)), Held(b.ticket, UNSAID, (b,))]
    assert _named(waiting.waiting_list(held, {a.ticket, b.ticket})) == [("A", "alone")]


def test_a_long_list_is_cut_and_says_by_how_much() -> None:
    held = [Held(one.ticket, DISPUTED, (one,)) for one in _judgements(*(f"T-{number}" for number in range(203)))]
    found = waiting.waiting_list(held, set())
    assert len(found["tickets"]) == waiting.MOST and found["more"] == 3
    assert _named(found)[0] == ("T-202", "disputed")


def test_a_lead_sees_the_list_and_what_goes_wrong_is_a_sentence(
    tmp_path: Path, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = _judgements("SEC-1")
    (tmp_path / waiting.NAME).write_text(json.dumps(waiting.waiting_list([Held(one.ticket, DISPUTED, (one,))], set())))
    monkeypatch.setenv("SECTAG_KEY", org.exporter)
    assert "side panel (1)" in waiting.send(tmp_path, org.api, None)
    seen = org.get("/v1/waiting", org.lead).json()
    assert _named(seen) == [("SEC-1", "disputed")] and seen["at"]
    monkeypatch.setenv("SECTAG_KEY", org.reader)
    assert "scope" in waiting.send(tmp_path, org.api, None) and _named(seen) == [("SEC-1", "disputed")]
    monkeypatch.setattr(registry, "ATTEMPTS", 1)
    assert "were not told" in waiting.send(tmp_path, "http://127.0.0.1:9", None)
