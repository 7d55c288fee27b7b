"""What the lead reads about waiting words, and that a client's claims about suggestions do not count."""

from __future__ import annotations

from pathlib import Path

from tests.trainer.reviews import Desk, suggestion, unlike
from trainer import corrections
from trainer.adjudicate import DISPUTED, LONELY_FLIP, adjudicate
from trainer.judgements import judgements_of
from trainer.onnx_model import OnnxModel
from trainer.overview import NAME, people_first, write_overview
from trainer.own_word import suggested_anew
from trainer.trust import believe


def test_the_lead_reads_who_waits_and_why_worst_first(tmp_path: Path) -> None:
    desk = Desk()
    for number in range(6):
        desk.decide(f"T-{number}", unlike(number), reviewer="good|one")
    sure = suggestion("intrusion", "high", 0.97)
    for number in range(10, 14):
        desk.decide(f"T-{number}", unlike(number), reviewer="bad", tag=("benign", "low"), suggested=sure)
    desk.decide("T-0", unlike(0), reviewer="bad", tag=("malware", "low"))
    judgements = judgements_of(desk.lines, "o")
    tasks = [int(judgement.decision["ticket"]["key"][2:]) for judgement in judgements]
    beliefs = believe(judgements, tasks)
    _, held = adjudicate(judgements, tasks, beliefs)
    people = people_first(held, judgements)
    assert [(who, decisions, waiting) for who, decisions, waiting, _ in people] == [
        ("o/bad", 5, 5),
        ("o/good|one", 6, 1),
    ]
    assert dict(people[0][3]) == {LONELY_FLIP: 4, DISPUTED: 1}
    write_overview(tmp_path, held, people, beliefs)
    text = (tmp_path / NAME).read_text(encoding="utf-8")
    assert "5 texts of tickets teach nothing now" in text and f"| {LONELY_FLIP} | 4 |" in text
    assert text.index("| o/bad | 5 | 5 | 100 % |") < text.index("| o/good\\|one | 6 | 1 | 17 % |")


def test_a_client_that_lies_about_the_suggestion_gains_nothing(tiny_folder: Path) -> None:
    model, text = OnnxModel(tiny_folder), unlike(3)
    own = model.answer(f"Ticket\n{text}")
    lie = "benign" if own.threat_type != "benign" else "malware"
    desk = Desk()
    desk.decide("A", text, suggested=suggestion(lie, "low", 0.99))
    desk.decide("B", text, reviewer="r2", suggested=suggestion(lie, "low", 0.99))
    for judgement in suggested_anew(judgements_of(desk.lines, "o"), model):
        said = judgement.decision["suggestion"]
        assert (said["threatType"], said["confidence"]) == (own.threat_type, float(own.threat.max()))
        assert said["abstained"] == (float(own.threat.max()) < 0.3)


def test_more_than_a_person_can_read_in_a_day_waits() -> None:
    desk = Desk()
    for number in range(corrections.MOST_A_DAY + 1):
        desk.decide(f"F-{number}", "x", reviewer="flood", day=1 + number / 1000)
    for number in range(corrections.MOST_A_DAY):
        desk.decide(f"N-{number}", "x", reviewer="busy", day=1 + number / 1000)
    days = corrections.hurried(judgements_of(desk.lines, "o"))
    assert {who for who, _ in days} == {"o/flood"} and len(days) == 1
