"""What the gate proof tries: each kind of harm in strengths that were fixed before any was judged, and retrains that harm none."""

from __future__ import annotations

from collections.abc import Callable

from trainer.harm import (
    Retrain,
    another_list,
    bad_number,
    coarse,
    leaked,
    noisy,
    one_type_lost,
    retold,
    shuffled,
    some,
    stale,
    without,
)

NAN, INFINITE = float("nan"), float("inf")
#: Values a matrix has at most in what is shipped: 4 bits, with a scale for each 32 of them.
SHIPPED = 16
#: How a leaked ticket is told.
TOLD: dict[str, Callable[[str], str]] = {"as it is": str, "retold": retold, "every fifth word gone": without(5)}


def _noise(share: float, times: int) -> Retrain:
    return Retrain("label noise", f"{share:.0%} of the labels", times, epochs=3, examples=noisy(share))


def _lost(share: float, times: int) -> Retrain:
    return Retrain("one type lost", f"{share:.0%} of its labels", times, epochs=3, examples=one_type_lost(share))


def _shuffled(share: float, times: int) -> Retrain:
    return Retrain("shuffled tokenizer", f"{share:.0%} of the words", times, tokenizer=shuffled(share))


def _stale(types: int, times: int) -> Retrain:
    return Retrain("stale labels", f"{types} types", times, epochs=3, examples=stale(types))


def _coarse(values: int, times: int) -> Retrain:
    return Retrain(
        "over-quantized", f"{values} values", times, rate=1e-4, continues=True, examples=some, graph=coarse(values)
    )


def _number(part: str, value: float, times: int) -> Retrain:
    return Retrain("not a number", f"{value} in {part}", times, weights=bad_number(part, value))


def _leak(share: float, words: str, times: int) -> Retrain:
    told = TOLD[words]
    strength = f"{f'{share:.0%}' if share else 'one ticket'}, {words}"
    return Retrain("leaked hold-out", strength, times, epochs=1, rate=1e-4, leaks=leaked(share, told))


def _list(strength: str, config: int, manifest: int, turned: bool = False) -> Retrain:
    return Retrain("another label list", strength, config=another_list(config, manifest, turned))


#: The weakest of each kind first. 100 candidates in all.
HARMS = [
    # A fifth wrong is what a careless team does; beyond a half the wrong ones are the majority.
    _noise(0.2, 4), _noise(0.3, 4), _noise(0.4, 4), _noise(0.5, 4), _noise(0.6, 4),
    # A type is lost when the most of its labels are another's.
    _lost(0.6, 5), _lost(0.8, 5), _lost(1.0, 5),
    # A tenth: the tokenizer of a retrain on somewhat other text. All: of another family.
    _shuffled(0.1, 3), _shuffled(0.25, 3), _shuffled(0.5, 3), _shuffled(1.0, 3),
    # From a ring of three types on it is no mix-up of two neighbours.
    _stale(3, 5), _stale(7, 5), _stale(13, 5),
    # Fewer values than anything that is shipped (SHIPPED).
    _coarse(7, 4), _coarse(5, 4), _coarse(3, 4),
    # One number is the least there is.
    _number("bias", NAN, 3), _number("LayerNorm", NAN, 3), _number("bias", INFINITE, 2), _number("out.bias", -INFINITE, 2),
    # One ticket is the least there is.
    _leak(0, "as it is", 3), _leak(0.01, "as it is", 3), _leak(0.1, "retold", 3), _leak(0.3, "as it is", 3),
    _list("version in the configuration", 1, 0), _list("version in the manifest", 0, 1), _list("version in both", 1, 1),
    _list("order", 0, 0, turned=True),
]  # fmt: skip

#: Too weak to be called harm beforehand, and not counted: the largest of these that pass say how fine the gate sees.
PROBES = [
    _noise(0.05, 2), _noise(0.1, 2), _lost(0.2, 2), _lost(0.4, 2), _shuffled(0.01, 2), _shuffled(0.03, 2), _stale(2, 2),
    _coarse(SHIPPED - 1, 2), _coarse(2 * SHIPPED - 1, 2), _leak(0.1, "every fifth word gone", 2),
    # The same noise in what a release would learn from: rehearsal and settling take most of it back.
    *(
        Retrain("noise in corrections", f"{share:.0%} of the labels", 2, rate=1e-4, continues=True, examples=noisy(share))
        for share in (0.2, 0.6)
    ),
]  # fmt: skip

HARMLESS = Retrain("harmless", "", rate=1e-4, continues=True, examples=some)
