"""Who is independent of whom, and words that few people tie to a type."""

from __future__ import annotations

import random

from tests.trainer.reviews import Desk, suggestion, unlike
from trainer.adjudicate import LONELY_FLIP, Row, adjudicate
from trainer.judgements import Judgement, judgements_of
from trainer.triggers import suspicious
from trainer.trust import believe
from trainer.voices import voices_of


def _team(together: list[str], own: int = 0) -> Desk:
    """Twelve people who each judge 30 of 250 tickets, and `together`, who all judge `own` tickets besides."""
    desk, chance = Desk(), random.Random(4)
    for number in range(12):
        for ticket in chance.sample(range(250), 30):
            desk.decide(f"T-{ticket}", unlike(ticket), reviewer=f"r{number:02}")
    for ticket in range(own):
        for who in together:
            desk.decide(
                f"OWN-{ticket}",
                unlike(1000 + ticket),
                reviewer=who,
                suggested=suggestion("intrusion", "high", 0.97),
                tag=("benign", "low"),
            )
    return desk


def _judged(desk: Desk) -> tuple[list[Judgement], list[int]]:
    judgements = judgements_of(desk.lines, "o")
    names = {ticket: number for number, ticket in enumerate(dict.fromkeys(j.ticket for j in judgements))}
    return judgements, [names[judgement.ticket] for judgement in judgements]


def test_chance_makes_nobody_one_voice() -> None:
    voices = voices_of(*_judged(_team([])))
    assert len(voices) == len(set(voices.values())) == 12


def test_everybody_judging_everything_is_no_company() -> None:
    desk = Desk()
    for ticket in range(60):
        for who in ("r1", "r2", "r3"):
            desk.decide(f"T-{ticket}", unlike(ticket), reviewer=who)
    assert len(set(voices_of(*_judged(desk)).values())) == 3


def test_colluders_are_one_voice_and_cannot_second_each_other() -> None:
    together = ["r03", "r07", "r09"]
    judgements, tasks = _judged(_team(together, 40))
    voices = voices_of(judgements, tasks)
    assert {voices[f"o/{who}"] for who in together} == {"o/r03"} and len(set(voices.values())) == 10
    rows, held = adjudicate(judgements, tasks, believe(judgements, tasks))
    assert sum(item.reason == LONELY_FLIP for item in held) == 40 and not any("OWN" in row.ticket for row in rows)


def _row(number: int, who: list[str], text: str, said: str, suggested: str) -> Row:
    desk = Desk()
    for name in who:
        desk.decide(f"K-{number}", text, reviewer=name, tag=(said, "low"), suggested=suggestion(suggested, "low", 0.7))
    return Row(f"o/{number}", said, "low", 1.0, tuple(judgements_of(desk.lines, "o")))


def _scan(rows: list[Row], before: list[tuple[str, str]]) -> dict[int, str]:
    voices = {judgement.who: judgement.who for row in rows for judgement in row.behind}
    return suspicious(rows, list(range(len(rows))), before, voices)


def test_words_that_few_tie_to_a_new_type_wait_and_those_of_many_do_not() -> None:
    before = [
        (unlike(n) + (" beacon" if n % 3 == 0 else ""), "intrusion" if n % 3 == 0 else "benign") for n in range(90)
    ]
    team = [_row(n, [f"r{n % 5}"], unlike(100 + n), "malware", "phishing") for n in range(30)]
    few = [_row(200 + n, ["bad"], f"beacon {unlike(200 + n)}", "benign", "intrusion") for n in range(8)]
    many = [_row(300 + n, [f"r{n % 5}"], f"beacon {unlike(300 + n)}", "benign", "intrusion") for n in range(8)]
    assert _scan(team, before) == {}
    assert _scan([*team, *few], before) == dict.fromkeys(range(30, 38), "beacon")
    assert _scan([*team, *many], before) == {}


def test_words_wait_also_where_the_model_agrees() -> None:
    before = [(f"beacon {unlike(n)}", "intrusion") for n in range(40)] + [
        (unlike(100 + n), "benign") for n in range(40)
    ]
    team = [_row(n, [f"r{n % 5}"], unlike(200 + n), "malware", "phishing") for n in range(9)]
    wrong = [_row(50 + n, ["r1"], f"beacon {unlike(300 + n)}", "benign", "benign") for n in range(9)]
    assert set(_scan([*team, *wrong], before)) == set(range(9, 18))
    right = [_row(50 + n, ["r1"], f"beacon {unlike(300 + n)}", "intrusion", "intrusion") for n in range(9)]
    assert _scan([*team, *right], before) == {}


def test_a_new_kind_of_ticket_makes_no_word_suspicious() -> None:
    before = [(unlike(n), ["intrusion", "benign"][n % 2]) for n in range(60)]
    team = [_row(n, [f"r{n % 5}"], unlike(100 + n), "malware", "phishing") for n in range(40)]
    same = [_row(50 + n, ["r1"], f"parcel {unlike(200 + n)}", "malware", "phishing") for n in range(9)]
    assert _scan([*team, *same], before) == {}
    others = [_row(n, [f"r{n % 5}"], unlike(100 + n), "data_exposure", "phishing") for n in range(40)]
    assert len(_scan([*others, *same], before)) == 9
