"""Near-duplicate texts by MinHash: which texts say the same but for numbers and a few words."""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Iterable
from typing import Any

#: Share of common 5-character pieces from which on two texts are the same.
SAME = 0.8
_PERMUTATIONS = 128
#: Candidates are looked for below SAME, so that chance hides none, and then measured exactly.
_CANDIDATES = 0.65
_NOISE = re.compile(r"[\d\W_]+")


def pieces(text: str) -> set[str]:
    """The 5-character pieces of the text without numbers, marks and case: a template filled in twice has nearly the same."""
    plain = _NOISE.sub(" ", text.casefold()).strip()
    return {plain[start : start + 5] for start in range(max(1, len(plain) - 4))}


def likeness(one: set[str], other: set[str]) -> float:
    """Jaccard: common pieces over all pieces."""
    return len(one & other) / max(1, len(one | other))


class NearIndex:
    """Texts that are added one by one and found again by what is nearly the same."""

    def __init__(self) -> None:
        from datasketch import MinHashLSH

        self._index = MinHashLSH(threshold=_CANDIDATES, num_perm=_PERMUTATIONS)
        self._pieces: list[set[str]] = []

    def near(self, text: str) -> list[int]:
        """Numbers (in order of addition) of the texts that are nearly this one."""
        mine = pieces(text)
        return self._alike(mine, _signature(mine))

    def add(self, text: str) -> list[int]:
        """Adds a text; returns the numbers of those before that are nearly this one."""
        mine = pieces(text)
        signature = _signature(mine)
        found = self._alike(mine, signature)
        self._index.insert(len(self._pieces), signature)
        self._pieces.append(mine)
        return found

    def _alike(self, mine: set[str], signature: Any) -> list[int]:
        found = sorted(self._index.query(signature))
        return [number for number in found if likeness(mine, self._pieces[number]) >= SAME]


@functools.cache
def _blank() -> Any:
    from datasketch import MinHash

    # CRC-32 mixes well enough here, and is far faster than the default SHA-1.
    return MinHash(num_perm=_PERMUTATIONS, seed=1, hashfunc=zlib.crc32)


def _signature(mine: set[str]) -> Any:
    signature = _blank().copy()
    signature.update_batch([piece.encode() for piece in mine])
    return signature


def index_of(texts: Iterable[str]) -> NearIndex:
    """An index of all the texts."""
    index = NearIndex()
    for text in texts:
        index.add(text)
    return index


def join_sets(pairs: Iterable[tuple[int, int]], count: int) -> list[int]:
    """For each of `count` things the smallest number of those that it hangs together with."""
    root = list(range(count))

    def find(number: int) -> int:
        while root[number] != number:
            root[number] = root[root[number]]
            number = root[number]
        return number

    for one, other in pairs:
        low, high = sorted((find(one), find(other)))
        root[high] = low
    return [find(number) for number in range(count)]


def groups_of(texts: list[str]) -> list[int]:
    """The group of each text: texts that are nearly the same, also through a third one, are in one group."""
    index = NearIndex()
    numbers: dict[str, int] = {}
    pairs = []
    for text in texts:
        if text not in numbers:
            numbers[text] = len(numbers)
            pairs += [(other, numbers[text]) for other in index.add(text)]
    roots = join_sets(pairs, len(numbers))
    return [roots[numbers[text]] for text in texts]
