"""The trigger scan of `build`: words that a few people alone tie to a type which neither the model nor the texts before tie them to."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import pairwise

from trainer.adjudicate import Row
from trainer.passages import passages_of

#: So many people must tie a word to a new type (all, where there are fewer): one more than flip a sure suggestion.
PEOPLE = 3
#: Chance of one false alarm in a whole scan, shared out among all words (Bonferroni).
CHANCE = 0.01
#: A word in fewer cases than this proves nothing.
CASES = 3
#: What is known of a word before it is seen counts as much as so many texts.
PRIOR = 4.0
_WORD = re.compile(r"[^\W\d_]{2,}")


def words_of(text: str) -> set[str]:
    """Words and pairs of neighbours, without case and numbers."""
    words = _WORD.findall(text.casefold())
    return {*words, *(f"{one} {other}" for one, other in pairwise(words))}


def suspicious(
    rows: list[Row], groups: list[int], before: list[tuple[str, str]], voices: dict[str, str]
) -> dict[int, str]:
    """Row -> the word for which it waits. `groups` are those of near-duplicates, which count once; `before` are (text, type) of the base data;
    `voices` says who speaks with whom.

    Only rows that contradict the model are judged: the others teach it nothing new.
    """
    turned = [index for index, row in enumerate(rows) if _suggested(row) != row.threat_type]
    everybody = {voices[judgement.who] for row in rows for judgement in row.behind}
    needed = min(PEOPLE, len(everybody))
    texts = {index: words_of(passages_of(rows[index].behind[-1].decision)[0]["text"]) for index in turned}
    cases: dict[tuple[str, str], set[int]] = defaultdict(set)
    people: dict[tuple[str, str], set[str]] = defaultdict(set)
    for index in turned:
        for word in texts[index]:
            place = word, rows[index].threat_type
            cases[place].add(groups[index])
            people[place] |= {voices[judgement.who] for judgement in rows[index].behind}
    tested = {place for place, found in cases.items() if len(found) >= CASES and len(people[place]) < needed}
    if not tested:
        return {}
    known = _counts([*before, *_said(rows, set(turned))], {word for word, _ in tested})
    types = Counter(name for _, name in before)
    speaker = {index: voices[rows[index].behind[0].who] for index in turned}
    spoken = Counter(speaker.values())
    spoken_so = Counter((who, rows[index].threat_type) for index, who in speaker.items())
    types_so = Counter(rows[index].threat_type for index in turned)
    odd: dict[tuple[str, str], float] = {}
    for word, name in tested:
        # Where the rest of the team turns to the type too, a new kind of ticket has come, and its words are nobody's own.
        others = len(turned) - sum(spoken[who] for who in people[word, name])
        so = types_so[name] - sum(spoken_so[who, name] for who in people[word, name])
        usual = (known[word, name] + PRIOR * (types[name] + 1) / (len(before) + 13)) / (known[word, ""] + PRIOR)
        mine = {groups[index] for index in turned if word in texts[index]}
        chance = _tail(len(cases[word, name]), len(mine), max(usual, so / max(1, others)))
        if chance < CHANCE / len(tested):
            odd[word, name] = chance
    found: dict[int, str] = {}
    for index in turned:
        mine_odd = [
            (odd[word, rows[index].threat_type], word)
            for word in texts[index]
            if (word, rows[index].threat_type) in odd
        ]
        if mine_odd:
            found[index] = min(mine_odd)[1]
    return found


def _suggested(row: Row) -> str | None:
    suggestion: str | None = row.behind[-1].decision["suggestion"]["threatType"]
    return suggestion


def _said(rows: list[Row], turned: set[int]) -> list[tuple[str, str]]:
    """What the team says in agreement with the model: as good a witness of a word as the base data."""
    return [
        (passages_of(row.behind[-1].decision)[0]["text"], row.threat_type)
        for index, row in enumerate(rows)
        if index not in turned
    ]


def _counts(texts: list[tuple[str, str]], wanted: set[str]) -> Counter[tuple[str, str]]:
    """Texts with each word by type, and (under "") in all."""
    counts: Counter[tuple[str, str]] = Counter()
    for text, name in texts:
        for word in words_of(text) & wanted:
            counts[word, name] += 1
            counts[word, ""] += 1
    return counts


def _tail(hits: int, cases: int, chance: float) -> float:
    """How likely so many hits or more are in so many cases."""
    from scipy.stats import binom

    return float(binom.sf(hits - 1, cases, min(1.0, chance)))
