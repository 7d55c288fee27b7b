"""What people's decisions settle: which count, who is believed, which wait for a lead, and how much a person may teach."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainer.reviews import Desk, suggestion, unlike
from trainer.adjudicate import DISPUTED, DISTRUSTED, HASTY, LONELY_FLIP, UNSAID, Held, Row, adjudicate, one_a_ticket
from trainer.caps import weigh
from trainer.corrections import tasks_of
from trainer.judgements import judgements_of
from trainer.labels import THREAT_TYPES
from trainer.trust import FIRST_TRUST, believe


def settle(desk: Desk) -> tuple[dict[str, Row], dict[str, str]]:
    """Rows by ticket key, and reasons of the held tickets by key."""
    judgements = judgements_of(desk.lines, "o")
    tasks = tasks_of(judgements)
    rows, held = adjudicate(judgements, tasks, believe(judgements, tasks))

    def key(item: Row | Held) -> str:
        judgement = item.behind[0] if isinstance(item, Row) else item.judgements[0]
        return str(judgement.decision["ticket"]["key"])

    return {key(row): row for row in one_a_ticket(rows)}, {key(item): item.reason for item in held}


def test_the_newest_decision_that_stands_counts() -> None:
    desk = Desk()
    first = desk.decide("A", unlike(1), tag=("phishing", "high"))
    second = desk.decide("A", unlike(1), tag=("malware", "low"), supersedes=first["decision"]["id"])
    desk.decide("B", unlike(2), tag=("intrusion", "high"))
    assert settle(desk)[0]["A"].threat_type == "malware"
    desk.decide("A", unlike(1), verdict="undo", tag=("phishing", "high"), supersedes=second["decision"]["id"])
    assert settle(desk)[0]["A"].threat_type == "phishing"
    desk.decide("A", unlike(1), verdict="undo", tag=None, supersedes=first["decision"]["id"])
    rows, held = settle(desk)
    assert "A" not in rows and "A" not in held and rows["B"].severity == "high"


def test_another_persons_undo_takes_nothing_back() -> None:
    desk = Desk()
    first = desk.decide("A", unlike(1), tag=("phishing", "high"))
    desk.decide("A", unlike(1), reviewer="r2", verdict="undo", tag=None, supersedes=first["decision"]["id"])
    assert settle(desk)[0]["A"].threat_type == "phishing"


def test_a_leads_ruling_wins_over_any_number() -> None:
    desk = Desk()
    for reviewer in ("r1", "r2", "r3"):
        desk.decide("A", unlike(1), reviewer=reviewer, tag=("benign", "low"))
    desk.decide("A", unlike(1), reviewer="lea", role="lead", tag=("malware", "critical"))
    desk.decide("A", unlike(1), reviewer="r4", tag=("benign", "low"))
    row = settle(desk)[0]["A"]
    assert (row.threat_type, row.severity, row.share) == ("malware", "critical", 1.0)
    assert [judgement.reviewer for judgement in row.behind] == ["lea"]


def test_hasty_and_wordless_decisions_teach_nothing() -> None:
    desk = Desk()
    desk.decide("A", unlike(1), dwell=299)
    desk.decide("B", unlike(2), dwell=300)
    desk.decide("C", unlike(3), verdict="reject", tag=None)
    desk.decide("D", unlike(4), dwell=299)
    desk.decide("D", unlike(4), reviewer="r2", tag=("malware", "low"), suggested=suggestion("malware", "high"))
    rows, held = settle(desk)
    assert held == {"A": HASTY, "C": UNSAID} and set(rows) == {"B", "D"}
    assert rows["D"].threat_type == "malware" and [j.reviewer for j in rows["D"].behind] == ["r2"]


def test_flips_of_sure_and_critical_suggestions_need_two_people_or_a_ruling() -> None:
    desk = Desk()
    sure, critical = suggestion("phishing", "high", 0.97), suggestion("ransomware", "high", 0.5)
    desk.decide("sure", unlike(1), tag=("malware", "high"), suggested=sure)
    desk.decide("critical", unlike(2), tag=("benign", "low"), suggested=critical)
    desk.decide("unsure", unlike(3), tag=("malware", "high"), suggested=suggestion("phishing", "high", 0.9))
    desk.decide("kept", unlike(4), tag=("phishing", "low"), suggested=sure)
    desk.decide("ruled", unlike(5), role="lead", reviewer="lea", tag=("benign", "low"), suggested=critical)
    desk.decide("twice", unlike(6), tag=("malware", "high"), suggested=sure)
    desk.decide("twice again", unlike(6) + " 7", reviewer="r2", tag=("malware", "low"), suggested=sure)
    desk.decide("alone twice", unlike(8), tag=("malware", "high"), suggested=sure)
    desk.decide("alone twice again", unlike(8) + " 9", tag=("malware", "high"), suggested=sure)
    rows, held = settle(desk)
    assert set(held) == {"sure", "critical", "alone twice", "alone twice again"} and set(held.values()) == {LONELY_FLIP}
    assert set(rows) == {"unsure", "kept", "ruled", "twice", "twice again"}


def test_a_word_about_another_text_under_the_same_ticket_seconds_nothing() -> None:
    desk = Desk()
    critical = suggestion("intrusion", "high", 0.9)
    for reviewer in ("r2", "r3"):
        desk.decide("K", unlike(1), reviewer=reviewer, tag=("benign", "low"), suggested=suggestion())
    desk.decide("K", unlike(99), reviewer="liar", tag=("benign", "low"), suggested=critical)
    desk.decide("L", unlike(2), reviewer="r2", tag=("benign", "low"), suggested=suggestion())
    desk.decide("L", unlike(98), reviewer="liar", tag=("benign", "low"), suggested=critical)
    rows, held = settle(desk)
    assert [judgement.reviewer for judgement in rows["K"].behind] == ["r2", "r3"]
    assert held == {"K": LONELY_FLIP, "L": LONELY_FLIP}
    assert rows["K"].learnt.decision["blocks"][1]["text"] == unlike(1)
    # The colleague's own word does not wait with the liar's.
    assert [judgement.reviewer for judgement in rows["L"].behind] == ["r2"]
    assert rows["L"].learnt.decision["blocks"][1]["text"] == unlike(2)
    # A lead says which text is meant.
    desk.decide("L", unlike(2), reviewer="lea", role="lead", tag=("phishing", "low"), suggested=suggestion())
    rows, held = settle(desk)
    assert [judgement.reviewer for judgement in rows["L"].behind] == ["lea"] and held == {"K": LONELY_FLIP}


def test_of_two_texts_that_stand_the_one_with_more_voices_is_learnt_then_the_newer() -> None:
    desk = Desk()
    desk.decide("A", unlike(1), reviewer="r1", tag=("phishing", "high"))
    desk.decide("A", unlike(1), reviewer="r2", tag=("phishing", "high"))
    desk.decide("A", unlike(99), reviewer="r3", tag=("malware", "high"))
    desk.decide("B", unlike(2), reviewer="r1", tag=("phishing", "high"))
    desk.decide("B", unlike(98), reviewer="r3", tag=("malware", "high"))
    rows, held = settle(desk)
    assert (rows["A"].threat_type, rows["B"].threat_type, held) == ("phishing", "malware", {})


def test_disputes_wait_and_agreement_weighs_more_than_one_voice() -> None:
    desk = Desk()
    desk.decide("dispute", unlike(1), tag=("malware", "high"))
    desk.decide("dispute", unlike(1), reviewer="r2", tag=("phishing", "high"))
    desk.decide("agreed", unlike(2), tag=("malware", "high"))
    desk.decide("agreed", unlike(2), reviewer="r3", tag=("malware", "critical"))
    desk.decide("one", unlike(3), reviewer="r9", tag=("malware", "high"))
    rows, held = settle(desk)
    assert held == {"dispute": DISPUTED}
    assert rows["agreed"].severity == "high" and rows["agreed"].share > rows["one"].share == pytest.approx(FIRST_TRUST)


def _crowd(bad: int, seed: int = 3) -> Desk:
    """Nine people, `bad` of them liars; each ticket is judged by three."""
    desk, chance = Desk(), random.Random(seed)
    for number in range(150):
        truth = THREAT_TYPES[number % 5 + 2]
        for person in chance.sample(range(9), 3):
            said = "vulnerability" if person < bad else truth
            said = chance.choice(THREAT_TYPES) if person >= bad and chance.random() < 0.08 else said
            tag = (said, "low")
            desk.decide(f"T-{number}", unlike(number), reviewer=f"r{person}", tag=tag, suggested=suggestion(None, None))
    return desk


def test_dawid_skene_tells_liars_from_the_careful() -> None:
    judgements = judgements_of(_crowd(2).lines, "o")
    tickets = sorted({judgement.ticket for judgement in judgements})
    trust = believe(judgements, [tickets.index(j.ticket) for j in judgements]).trust
    assert max(trust["o/r0"], trust["o/r1"]) < 0.5 < 0.8 < min(trust[f"o/r{n}"] for n in range(2, 9))


def test_liars_words_wait_for_a_lead() -> None:
    desk = _crowd(2)
    desk.decide("lie", unlike(900), reviewer="r0", tag=("vulnerability", "low"))
    rows, held = settle(desk)
    assert held["lie"] == DISTRUSTED
    wrong = [row for key, row in rows.items() if row.threat_type != THREAT_TYPES[int(key[2:]) % 5 + 2]]
    assert len(wrong) <= 3 and len(rows) > 130


def _row(number: int, who: str, threat_type: str = "malware", share: float = 1.0, org: str = "o") -> Row:
    desk = Desk()
    line = desk.decide(f"K-{number}", "x", reviewer=who)
    (judgement,) = judgements_of([line], org)
    return Row(f"{org}/{number}", threat_type, "low", share, (judgement,))


def test_a_flood_of_one_person_is_cut_and_others_keep_theirs() -> None:
    rows = [_row(n, f"r{n % 5}") for n in range(50)] + [_row(n, "flood") for n in range(50, 1050)]
    weights = weigh(rows, range(len(rows)), [None] * len(rows))
    assert weights[:50] == [1.0] * 50
    assert sum(weights[50:]) == pytest.approx(30.0, abs=0.01)  # thrice what the median person has


def test_templates_and_families_count_once_and_thrice() -> None:
    rows = [_row(n, f"r{n}") for n in range(20)]
    near = [0] * 10 + list(range(10, 20))
    weights = weigh(rows, near, [None] * 10 + ["f"] * 10)
    assert sum(weights[:10]) == pytest.approx(1.0, abs=0.001) and sum(weights[10:]) == pytest.approx(3.0, abs=0.001)


def test_an_org_has_at_most_its_part() -> None:
    rows = [_row(n, f"r{n}", org=("big" if n < 80 else f"small{n % 4}")) for n in range(100)]
    weights = weigh(rows, range(100), [None] * 100)
    assert sum(weights[:80]) == pytest.approx(30.0, abs=0.01) and weights[80:] == [1.0] * 20


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 2), st.floats(0, 1), st.integers(0, 9)), min_size=1, max_size=60
    )
)
def test_caps_only_ever_lower(cases: list[tuple[int, int, float, int]]) -> None:
    rows = [_row(n, f"r{who}", THREAT_TYPES[kind], share) for n, (who, kind, share, _) in enumerate(cases)]
    near = [group for *_, group in cases]
    weights = weigh(rows, near, [None] * len(rows))
    assert all(0 <= weight <= row.share + 1e-6 for weight, row in zip(weights, rows, strict=True))
    for group in set(near):
        assert sum(w for w, g in zip(weights, near, strict=True) if g == group) <= 1 + 1e-4
