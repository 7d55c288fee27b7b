"""Work on many texts at once, a core each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def cores() -> int:
    """All cores, or as many as OMP_NUM_THREADS says, which PyTorch heeds too."""
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)


def on_cores(work: Callable[[Given], Made], things: Iterable[Given]) -> Iterator[Made]:
    """What `work` makes of each thing, in their order. For work that runs outside of Python, as networks do: threads share one interpreter."""
    with ThreadPoolExecutor(cores()) as pool:
        yield from pool.map(work, things)
