"""Exercises of lesson 01, Why memory: parity by hand, parameters, perplexity of a bigram."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.judging.exercise import Case, Exercise
from course_utils.judging.outcomes import Unusable
from course_utils.starts import parity_weights

Array = np.ndarray
Weights = tuple[Array, ...]  # W_xh, W_hh, b_h, W_hy, b_y


# Exercise 1.1: weights set by hand


_WANTED = {"W_xh": (1, 2), "W_hh": (2, 2), "b_h": (2,), "W_hy": (2, 1), "b_y": (1,)}


def _answer(parity_weights: Callable[[], Weights], args: tuple) -> Array:
    """Run the network of the learner's weights over strings; 1 where it says odd."""
    W_xh, W_hh, b_h, W_hy, b_y = _usable(parity_weights())
    bits = np.array([list(map(float, string)) for string in args[0]])
    h, answers = np.zeros((len(bits), 2)), []
    for t in range(bits.shape[1]):
        h = np.tanh(bits[:, t, None] @ W_xh + h @ W_hh + b_h)
        answers.append((h @ W_hy + b_y)[:, 0] > 0)
    return np.stack(answers, axis=1).astype(int)


def _usable(returned: Any) -> Weights:
    """Return the five arrays, or say what is wrong with their form."""
    names = ", ".join(f"`{name}`" for name in _WANTED)
    if returned is None:
        raise Unusable(f"returned None, wanted five arrays, {names}. Did you forget `return`?")
    if not isinstance(returned, tuple | list) or len(returned) != len(_WANTED):
        raise Unusable(f"did not return five arrays, {names}, in this order.")
    _refuse_other_numbers_of_units(returned[1])
    return tuple(_array(name, item) for name, item in zip(_WANTED, returned, strict=True))


def _refuse_other_numbers_of_units(W_hh: Any) -> None:
    shape = np.shape(_array("W_hh", W_hh, check_shape=False))
    if shape == (1, 1):
        raise Unusable(
            "returned weights for 1 unit, wanted 2: one threshold makes no exclusive or."
        )
    if len(shape) == 2 and shape[0] == shape[1] > 2:
        raise Unusable(
            f"returned weights for {shape[0]} units, wanted 2. Only the parity so far has to be "
            "remembered, one bit: the state does not grow with the string."
        )


def _array(name: str, item: Any, check_shape: bool = True) -> Array:
    try:
        array = np.array(item, dtype=float)
    except (TypeError, ValueError):
        raise Unusable(f"returned something else than an array of numbers for `{name}`.") from None
    if check_shape and array.shape != _WANTED[name]:
        raise Unusable(f"returned `{name}` with shape {array.shape}, wanted {_WANTED[name]}.")
    if not np.all(np.isfinite(array)):
        raise Unusable(f"returned `{name}` with a number that is not finite.")
    return array


def _strings_case(label: str, *strings: str) -> Case:
    # Text, since it is the strings that vary here: the submission itself has no arguments.
    return Case(label, (strings,))


def _all_strings(length: int) -> tuple[str, ...]:
    return tuple(map("".join, itertools.product("01", repeat=length)))


def _parity_cases() -> list[Case]:
    rng = np.random.default_rng(101)
    cases = [
        _strings_case(f"all strings of length {n}, in binary order", *_all_strings(n))
        for n in range(1, 13)
    ]
    for length in (17, 24, 30):
        bits = rng.integers(0, 2, size=(40, length))
        strings = ("".join(map(str, row)) for row in bits)
        cases.append(_strings_case(f"40 random strings of length {length}", *strings))
    cases.append(_strings_case("30 ones", "1" * 30))
    cases.append(_strings_case("a one and 29 zeros", "1" + "0" * 29))
    return cases


def _no_memory() -> Weights:
    W_xh, W_hh, b_h, W_hy, b_y = parity_weights()
    return W_xh, 0 * W_hh, b_h, W_hy, b_y


def _never_forgets_a_one() -> Weights:
    """Unit 0 latches at the first one; unit 1 stays off."""
    W_hh = 10 * np.array([[1.0, 0.0], [0.0, 0.0]])
    b_h = 10 * np.array([-0.5, -1.0])
    return np.array([[20.0, 0.0]]), W_hh, b_h, np.array([[1.0], [0.0]]), np.array([0.0])


def _opposite_answer() -> Weights:
    *hidden, W_hy, b_y = parity_weights()
    return *hidden, -W_hy, -b_y


def _states_of_zero_and_one() -> Weights:
    """What is right for units that are 0 or 1, with units that are -1 or 1."""
    W_xh, W_hh, b_h, W_hy, _ = parity_weights()
    return W_xh, 2 * W_hh, b_h, W_hy, np.array([-1.0])


def _both_not_subtracted() -> Weights:
    *hidden, _, _ = parity_weights()
    return *hidden, np.array([[1.0], [0.0]]), np.array([0.0])


def _read_out_without_threshold() -> Weights:
    *hidden, W_hy, b_y = parity_weights(gain=5.0)
    return *hidden, W_hy / 2, 0 * b_y


def _units_alike() -> Weights:
    W_xh, W_hh, _, W_hy, b_y = parity_weights()
    return W_xh, W_hh, np.array([-5.0, -5.0]), W_hy, b_y


def _transposed() -> Weights:
    W_xh, W_hh, *rest = parity_weights()
    return W_xh, W_hh.T, *rest


def _thresholds_on_the_sums() -> Weights:
    W_xh, W_hh, _, W_hy, b_y = parity_weights()
    return W_xh, W_hh, np.array([-10.0, -20.0]), W_hy, b_y


PARITY = Exercise(
    "1.1",
    "Weights set by hand",
    parity_weights,
    _parity_cases,
    {
        "no memory": _no_memory,
        "or in place of exclusive or": _never_forgets_a_one,
        "even taken for odd": _opposite_answer,
        "states taken for 0 and 1": _states_of_zero_and_one,
        "unit for both not subtracted": _both_not_subtracted,
        "read-out never below zero": _read_out_without_threshold,
        "always even": _units_alike,
        "weights too small": lambda: parity_weights(gain=2.0),
        "transposed W_hh": _transposed,
        "thresholds on the sums": _thresholds_on_the_sums,
    },
    ("parity (N, T)",),
    call=_answer,
)


# Exercise 1.2: count the parameters


def count_parameters(
    n_steps: int, n_features: int, n_units: int, n_classes: int
) -> tuple[int, int]:
    """Return the parameters of a window network and of a recurrent one of the same sizes."""
    read_out = n_units * n_classes + n_classes
    window = n_steps * n_features * n_units + n_units
    recurrent = n_features * n_units + n_units**2 + n_units
    return window + read_out, recurrent + read_out


def _count_cases() -> list[Case]:
    return [
        Case(label, (t, d, u, v))
        for label, (t, d, u, v) in {
            "8 steps, 1 feature, 32 units, 1 class": (8, 1, 32, 1),
            "5 steps, 3 features, 4 units, 2 classes": (5, 3, 4, 2),
            "1 step only": (1, 6, 5, 3),
            "1,000 steps": (1000, 2, 7, 4),
            "1 unit": (9, 4, 1, 2),
        }.items()
    ]


def _grown_state(t: int, d: int, u: int, v: int) -> tuple[int, int]:
    return count_parameters(t, d, u, v)[0], count_parameters(t, d, t * u, v)[1]


COUNT = Exercise(
    "1.2",
    "Count the parameters",
    count_parameters,
    _count_cases,
    {
        "state must grow with T": _grown_state,
        "weights counted at each step": lambda t, d, u, v: (
            count_parameters(t, d, u, v)[0],
            t * (d * u + u * u + u) + u * v + v,
        ),
        "read-out counted at each step": lambda t, d, u, v: (
            count_parameters(t, d, u, v)[0],
            d * u + u * u + u + t * (u * v + v),
        ),
        "window shares its weights": lambda t, d, u, v: (
            d * u + u + u * v + v,
            count_parameters(t, d, u, v)[1],
        ),
        "recurrent weights forgotten": lambda t, d, u, v: (
            count_parameters(t, d, u, v)[0],
            d * u + u + u * v + v,
        ),
        "each unit sees only itself": lambda t, d, u, v: (
            count_parameters(t, d, u, v)[0],
            d * u + u + u + u * v + v,
        ),
        "biases forgotten": lambda t, d, u, v: (t * d * u + u * v, d * u + u * u + u * v),
        "read-out forgotten": lambda t, d, u, v: (t * d * u + u, d * u + u * u + u),
        "two recurrent biases": lambda t, d, u, v: (
            count_parameters(t, d, u, v)[0],
            count_parameters(t, d, u, v)[1] + u,
        ),
        "window network with recurrent weights": lambda t, d, u, v: (
            count_parameters(t, d, u, v)[0] + u * u,
            count_parameters(t, d, u, v)[1],
        ),
        "results swapped": lambda t, d, u, v: count_parameters(t, d, u, v)[::-1],
    },
    ("window", "recurrent"),
)


# Exercise 1.3: perplexity of a bigram


def bigram_perplexity(counts: Array, pairs: Array, alpha: float) -> float:
    """Return the perplexity of pairs (M, 2) under counts (V, V) with alpha added to each."""
    return _perplexity(_of_pairs(_smoothed(counts, alpha), pairs))


def _smoothed(counts: Array, alpha: float) -> Array:
    """Probability of each next word (column) after each word (row)."""
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * len(counts))


def _of_pairs(p: Array, pairs: Array) -> Array:
    return p[pairs[:, 0], pairs[:, 1]]


def _perplexity(p: Array) -> float:
    with np.errstate(divide="ignore"):  # the logarithm of 0 is minus infinity, and meant
        return float(np.exp(-np.log(p).mean()))


def _bigram_cases() -> list[Case]:
    rng = np.random.default_rng(103)
    cases = []
    for label, (v, n_train, n_test, alpha) in {
        "5 words, one added to each count": (5, 30, 12, 1.0),
        "12 words, few counts, 0.1 added": (12, 40, 25, 0.1),
        "3 words, 2.5 added": (3, 50, 8, 2.5),
        "a single test pair": (4, 20, 1, 0.5),
    }.items():
        counts = np.zeros((v, v), dtype=int)
        np.add.at(counts, tuple(rng.integers(0, v, size=(n_train, 2)).T), 1)
        cases.append(Case(label, (counts, rng.integers(0, v, size=(n_test, 2)), alpha)))
    some = np.array([[4, 1, 0], [2, 2, 1], [0, 3, 5]])
    seen = np.array([[0, 0], [0, 1], [1, 2], [2, 2], [2, 1], [0, 0]])
    cases.append(Case("nothing added, all test pairs seen", (some, seen, 0.0)))
    unseen = np.vstack([seen, [[0, 2]]])
    cases.append(Case("nothing added, a test pair never seen", (some, unseen, 0.0)))
    return cases


def _seen_successors(counts: Array, alpha: float) -> Array:
    distinct = (counts > 0).sum(axis=1, keepdims=True)
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * distinct)


def _skip_unseen(counts: Array, pairs: Array, alpha: float) -> float:
    p = _of_pairs(_smoothed(counts, alpha), pairs)
    return _perplexity(p[p > 0])


def _skip_pairs_without_count(counts: Array, pairs: Array, alpha: float) -> float:
    seen = counts[pairs[:, 0], pairs[:, 1]] > 0
    return _perplexity(_of_pairs(_smoothed(counts, alpha), pairs)[seen])


def _unigram(counts: Array, pairs: Array, alpha: float) -> float:
    follows = counts.sum(axis=0) + alpha
    return _perplexity((follows / follows.sum())[pairs[:, 1]])


def _joint(counts: Array, pairs: Array, alpha: float) -> float:
    return _perplexity(_of_pairs((counts + alpha) / (counts + alpha).sum(), pairs))


def _from_p(
    measure: Callable[[Array], float],
    probabilities: Callable[[Array, float], Array] = _smoothed,
) -> Callable[[Array, Array, float], float]:
    """Return a perplexity that measures the probabilities of the pairs in its own way."""

    def mistaken(counts: Array, pairs: Array, alpha: float) -> float:
        with np.errstate(divide="ignore"):
            return float(measure(_of_pairs(probabilities(counts, alpha), pairs)))

    return mistaken


BIGRAM = Exercise(
    "1.3",
    "Perplexity of a bigram",
    bigram_perplexity,
    _bigram_cases,
    {
        "log base: bits, then e": _from_p(lambda p: np.exp(-np.log2(p).mean())),
        "log base: nats, then 2": _from_p(lambda p: 2 ** -np.log(p).mean()),
        "log base: decimal, then e": _from_p(lambda p: np.exp(-np.log10(p).mean())),
        "unseen pairs left out": _skip_unseen,
        "pairs without a count left out": _skip_pairs_without_count,
        "smoothing forgotten": lambda counts, pairs, alpha: bigram_perplexity(counts, pairs, 0.0),
        "always add one": lambda counts, pairs, alpha: bigram_perplexity(counts, pairs, 1.0),
        "row total without alpha": _from_p(
            _perplexity,
            lambda counts, alpha: (counts + alpha) / counts.sum(axis=1, keepdims=True),
        ),
        "row total with one alpha": _from_p(
            _perplexity,
            lambda counts, alpha: (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha),
        ),
        "alpha for the seen successors only": _from_p(_perplexity, _seen_successors),
        "rows and columns swapped": lambda counts, pairs, alpha: bigram_perplexity(
            counts.T, pairs[:, ::-1], alpha
        ),
        "first word ignored": _unigram,
        "pairs among all pairs": _joint,
        "mean of perplexities": _from_p(lambda p: (1 / p).mean()),
        "mean of probabilities": _from_p(lambda p: 1 / p.mean()),
        "cross-entropy in nats": _from_p(lambda p: -np.log(p).mean()),
        "cross-entropy in bits": _from_p(lambda p: -np.log2(p).mean()),
        "sum in place of mean": _from_p(lambda p: np.exp(-np.log(p).sum())),
        "missing minus sign": _from_p(lambda p: np.exp(np.log(p).mean())),
    },
    ("perplexity",),
)

EXERCISES = [PARITY, COUNT, BIGRAM]
