"""The trigger scan of `build`: words that a few people alone tie to a type to which neither the rest of the team nor the base data ties them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise

from trainer.adjudicate import Row
from trainer.labels import THREAT_TYPES
from trainer.passages import passages_of

#: So many people must tie a word to a type (all, where there are fewer): one more than flip a sure suggestion.
PEOPLE = 3
#: Chance of one false alarm in a whole scan, shared out among all words (Bonferroni).
CHANCE = 0.01
#: A word in fewer cases than this proves nothing.
CASES = 3
#: What is known of a word before it is seen counts as much as so many texts.
PRIOR = 4.0
_WORD = re.compile(r"[^\W\d_]{2,}")

#: A word or pair of words, and a type.
Place = tuple[str, str]


def words_of(text: str) -> set[str]:
    """Words and pairs of neighbours, without case and numbers."""
    words = _WORD.findall(text.casefold())
    return {*words, *(f"{one} {other}" for one, other in pairwise(words))}


def suspicious(
    rows: list[Row], groups: list[int], before: list[tuple[str, str]], voices: dict[str, str]
) -> dict[int, str]:
    """Row -> the word for which it waits. `groups` are those of near-duplicates, which count once; `before` are (text, type) of the base data;
    `voices` says who speaks with whom."""
    texts = [words_of(passages_of(row.learnt.decision)[0]["text"]) for row in rows]
    # A ruling speaks for its own ticket, not for what others say with the same words.
    said_by = [{voices[judgement.who] for judgement in row.behind if not judgement.ruling} for row in rows]
    needed = min(PEOPLE, max(1, len(set().union(*said_by))))
    cases: dict[Place, set[int]] = defaultdict(set)
    people: dict[Place, set[str]] = defaultdict(set)
    places: dict[str, set[int]] = defaultdict(set)
    for row, group, words, who in zip(rows, groups, texts, said_by, strict=True):
        for word in words:
            cases[word, row.threat_type].add(group)
            people[word, row.threat_type] |= who
            places[word].add(group)
    tested = {place for place, found in cases.items() if len(found) >= CASES and len(people[place]) < needed}
    known = _counts(before, {part for word, _ in tested for part in (word, *word.split())})
    types = Counter(name for _, name in before)

    def usual_in(word: str, name: str) -> float:
        """Share of the type among the texts before that have the word; of a pair what its words say, until it is known itself."""
        parts = word.split()
        first = (types[name] + 1) / (len(before) + len(THREAT_TYPES))
        if len(parts) > 1:
            first = max(usual_in(part, name) for part in parts)
        return (known[word, name] + PRIOR * first) / (known[word, ""] + PRIOR)

    rest = _rest(rows, said_by)
    odd: dict[Place, float] = {}
    for word, name in tested:
        # Where the rest of the team says the type as often, a new kind of ticket has come, and its words are nobody's own.
        usual = max(usual_in(word, name), rest(frozenset(people[word, name]), name))
        chance = _tail(len(cases[word, name]), len(places[word]), usual)
        if chance < CHANCE / len(tested):
            odd[word, name] = chance
    found: dict[int, str] = {}
    for index, (row, words) in enumerate(zip(rows, texts, strict=True)):
        mine = [(odd[word, row.threat_type], word) for word in words if (word, row.threat_type) in odd]
        if mine:
            found[index] = min(mine)[1]
    return found


def _rest(rows: list[Row], said_by: list[set[str]]) -> Callable[[frozenset[str], str], float]:
    """(people, type) -> share of the type in the rows of everybody else."""
    known: dict[frozenset[str], tuple[Counter[str], int]] = {}

    def share(people: frozenset[str], name: str) -> float:
        if people not in known:
            others = [row.threat_type for row, who in zip(rows, said_by, strict=True) if not who & people]
            known[people] = Counter(others), len(others)
        counts, total = known[people]
        return counts[name] / max(1, total)

    return share


def _counts(texts: list[tuple[str, str]], wanted: set[str]) -> Counter[Place]:
    """Texts with each word by type, and (under "") in all."""
    counts: Counter[Place] = Counter()
    for text, name in texts if wanted else []:
        for word in words_of(text) & wanted:
            counts[word, name] += 1
            counts[word, ""] += 1
    return counts


def _tail(hits: int, cases: int, chance: float) -> float:
    """How likely so many hits or more are in so many cases."""
    from scipy.stats import binom

    return float(binom.sf(hits - 1, cases, min(1.0, chance)))
