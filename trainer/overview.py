"""quarantine.md: what waits for the team's lead, by person and by reason, and what a lead can do about it."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from trainer.adjudicate import DISPUTED, DISTRUSTED, HASTY, LONELY_FLIP, UNSAID, Held
from trainer.judgements import Judgement
from trainer.trust import LEAST_TRUST, Beliefs
from trainer.waiting import REASONS

NAME = "quarantine.md"
RULE = "rule on the tickets that matter"
#: For what no ruling settles: no words, a text that judges the model, an excluded reviewer.
NOTHING = "nothing: a ruling does not change it"
WHAT_TO_DO = {
    HASTY: "nothing, or ask why",
    DISTRUSTED: "rule on some tickets of that person: trust is measured by your word, and rises or falls with it",
    DISPUTED: RULE,
    UNSAID: RULE,
    LONELY_FLIP: f"{RULE}, or ask somebody who works elsewhere to judge them too",
}


People = list[tuple[str, int, int, Counter[str]]]


def people_first(held: list[Held], everybody: list[Judgement]) -> People:
    """(person, decisions that count, waiting ones, these by reason); those of whose words the largest part waits come first."""
    total = Counter(judgement.who for judgement in everybody)
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for item in held:
        for who in {judgement.who for judgement in item.judgements}:
            reasons[who][item.reason] += 1
    rows = [(who, number, reasons[who].total(), reasons[who]) for who, number in total.items()]
    return sorted(rows, key=lambda row: (-row[2] / row[1], -row[2], row[0]))


def _cell(value: object) -> str:
    return str(value).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def _table(heads: list[str], rows: list[list[object]]) -> list[str]:
    lines: list[list[object]] = [[*heads], ["---"] * len(heads), *rows]
    return ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines]


def write_overview(folder: Path, held: list[Held], people: People, beliefs: Beliefs) -> None:
    """Writes quarantine.md beside quarantine.csv. `people` are those of `people_first`."""
    waiting = Counter(item.reason for item in held)
    lines = ["# What waits for a lead", ""]
    lines += [
        f"{len(held)} texts of tickets teach nothing now. Each stands in `quarantine.csv`; `questions.csv` has labels to look at again.",
        "",
    ]
    if waiting:
        lines += ["## Why", ""]
        lines += _table(
            ["why", "texts", "what to do"],
            [[why, n, WHAT_TO_DO.get(why, RULE if why in REASONS else NOTHING)] for why, n in waiting.most_common()],
        )
        lines += ["", "## Who", ""]
        company: dict[str, list[str]] = defaultdict(list)
        for who, voice in beliefs.voices.items():
            company[voice].append(who)
        rows: list[list[object]] = []
        for who, number, wait, why in people:
            trust = beliefs.trust.get(who)
            others = [other for other in company[beliefs.voices.get(who, who)] if other != who]
            said = "-" if trust is None else f"{trust:.2f}" + (" (too little)" if trust < LEAST_TRUST else "")
            rows.append(
                [
                    who,
                    number,
                    wait,
                    f"{100 * wait / number:.0f} %",
                    said,
                    ", ".join(others) or "-",
                    "; ".join(f"{n} {reason}" for reason, n in why.most_common()),
                ]
            )
        lines += _table(["reviewer", "decisions", "waiting", "part", "trust", "one voice with", "why"], rows)
    lines += [
        "",
        "A ticket that you rule on (as lead or administrator, in the extension) is learnt at the next run as you say, unless a ruling does not change it.",
        "To leave somebody out: `python -m trainer exclude --corrections RUN --reviewer ID` shows what that changes; `run --exclude ID` does it.",
        "To let somebody in again: leave `--exclude` away, and rule on some tickets that they judged.",
    ]
    (folder / NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")
