"""Lesson 01: what learners hand in besides the misconceptions, each rejected with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from wrong import assert_rejected

from course_utils.checks import check
from course_utils.checks.lesson_01 import bigram_perplexity, count_parameters, parity_weights


def parity_with(**changed):
    """A submission with some of the five arrays replaced or changed by a function."""
    names = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")

    def submission():
        right = dict(zip(names, parity_weights(), strict=True))
        return tuple(
            (change(right[name]) if callable(change := changed.get(name, right[name])) else change)
            for name in names
        )

    return submission


def many_units(n_units):
    return lambda: (
        np.ones((1, n_units)),
        np.eye(n_units, k=1),
        np.zeros(n_units),
        np.ones((n_units, 1)),
        np.zeros(1),
    )


def raises():
    raise KeyError("W_xh")


def counts_changed(counts, pairs, alpha):
    counts += 1
    return bigram_perplexity(counts - 1, pairs, alpha)


def plus(window=0, recurrent=0):
    def submission(*sizes):
        right = count_parameters(*sizes)
        return right[0] + window, right[1] + recurrent

    return submission


WRONG = [
    # exercise, submission, a word that the sentence must hold
    ("1.1", many_units(30), "does not grow"),
    ("1.1", many_units(3), "3 units"),
    ("1.1", many_units(1), "1 unit, wanted 2"),
    ("1.1", lambda: parity_weights()[:3], "five arrays"),
    ("1.1", lambda: parity_weights()[::-1], "wanted"),
    ("1.1", lambda: dict(enumerate(parity_weights())), "five arrays"),
    ("1.1", lambda: None, "Did you forget `return`"),
    ("1.1", raises, "KeyError"),
    ("1.1", parity_with(W_xh=lambda w: w.T), "`W_xh` with shape (2, 1)"),
    ("1.1", parity_with(W_xh=lambda w: w[0]), "`W_xh` with shape (2,)"),
    ("1.1", parity_with(b_h=lambda b: b[None]), "`b_h`"),
    ("1.1", parity_with(W_hy=lambda w: w[:, 0]), "`W_hy`"),
    ("1.1", parity_with(b_y=-1.0), "`b_y`"),
    ("1.1", parity_with(b_h=np.array([np.nan, -15.0])), "not finite"),
    ("1.1", parity_with(W_hh=np.array([["a", "b"], ["c", "d"]])), "numbers"),
    ("1.1", parity_with(W_hh=[[1.0, 2.0], [3.0]]), "numbers"),
    ("1.1", parity_with(W_hh=lambda w: -w), "signs in `W_hh`"),
    ("1.1", parity_with(W_xh=lambda w: 0 * w), "even at every step"),
    ("1.1", parity_with(W_hh=lambda w: w * [[1.0], [0.2]]), "of 17 cases"),
    ("1.1", parity_with(b_y=lambda b: b - 5), "even at every step"),
    ("1.1", parity_with(b_y=lambda b: b + 5), "odd at every step"),
    ("1.1", lambda: parity_weights(gain=1.5), "length"),
    ("1.2", lambda n_steps, n_features, n_units, n_classes: n_units, "2 values"),
    ("1.2", lambda *sizes: (*count_parameters(*sizes), 0), "3 values"),
    ("1.2", lambda *sizes: {"window": 1, "recurrent": 2}, "dict"),
    ("1.2", lambda *sizes: count_parameters(*sizes[1:], sizes[0]), "is 49, wanted 321"),
    ("1.2", lambda *sizes: tuple(map(str, count_parameters(*sizes))), "text"),
    ("1.2", lambda *sizes: tuple(-count for count in count_parameters(*sizes)), "sign"),
    ("1.2", lambda *sizes: (321, 1121), "is 321, in every case"),
    ("1.2", lambda *sizes: tuple(2 * count for count in count_parameters(*sizes)), "2 times"),
    ("1.2", lambda *sizes: (np.array([1, 2]), np.array([3, 4])), "shape"),
    ("1.2", lambda *sizes: 1 / 0, "ZeroDivisionError"),
    ("1.2", plus(window=1), "too large by 1"),
    ("1.2", plus(recurrent=-1), "too small by 1"),
    ("1.2", lambda n_steps, n_units: (n_steps, n_units), "4 arguments"),
    ("1.3", lambda counts, pairs, alpha: counts[pairs], "has shape"),
    ("1.3", lambda *a: str(bigram_perplexity(*a)), "text"),
    ("1.3", lambda *a: round(bigram_perplexity(*a), 1), "is 5.4, wanted 5.427"),
    ("1.3", lambda *a: bigram_perplexity(*a) + 1, "too large by 1"),
    ("1.3", lambda *a: -bigram_perplexity(*a), "sign"),
    ("1.3", lambda counts, pairs, alpha: len(counts), "same result whatever"),
    ("1.3", lambda counts, pairs, alpha: 27.0, "27, in every case"),
    ("1.3", lambda counts, pairs, alpha: (counts + alpha)[pairs[:, 0], pairs[:, 2]], "IndexError"),
    ("1.3", lambda counts, pairs, alpha: bigram_perplexity(counts, pairs[:1], alpha), "of 6 cases"),
    (
        "1.3",
        lambda counts, pairs, alpha: bigram_perplexity(counts, pairs, alpha + 1),
        "is 5.187, wanted 5.427",
    ),
    ("1.3", lambda counts, pairs, alpha: float("nan"), "NaN"),
    ("1.3", counts_changed, "counts"),
    ("1.3", lambda counts, pairs: 1.0, "3 arguments"),
    ("1.3", lambda *a: [bigram_perplexity(*a)] * 2, "shape"),
]


@pytest.mark.parametrize(("exercise", "submission", "word"), WRONG)
def test_rejected_with_its_reason(exercise, submission, word):
    assert_rejected(exercise, submission, word)


def test_other_right_ways_are_accepted():
    def swapped_units():
        W_xh, W_hh, b_h, W_hy, b_y = parity_weights(gain=6.0)
        return W_xh, W_hh[::-1, ::-1], b_h[::-1], W_hy[::-1], b_y

    def lists_of_numbers():
        return [[20, 20]], [[10, 10], [-10, -10]], [-10, -30], [[1], [-1]], [-1]

    def halved_read_out():
        *hidden, W_hy, b_y = parity_weights(gain=100.0)
        return *hidden, W_hy / 2, b_y / 2

    for submission in (swapped_units, lists_of_numbers, halved_read_out):
        assert check("1.1", submission).status == "correct"

    def pair_by_pair(counts, pairs, alpha):
        surprise = 0.0
        for before, after in pairs:
            p = (counts[before, after] + alpha) / (counts[before] + alpha).sum()
            surprise -= np.log2(p) if p else -np.inf
        return 2 ** (surprise / len(pairs))

    assert check("1.3", pair_by_pair).status == "correct"
    assert check("1.2", lambda t, d, u, v: [(t * d + 1 + v) * u + v, (d + u + 1 + v) * u + v])


def test_weights_of_the_course_remember_for_a_thousand_steps():
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, size=(50, 1000))
    W_xh, W_hh, b_h, W_hy, b_y = parity_weights()
    h = np.zeros((50, 2))
    for t, parity in enumerate(bits.cumsum(axis=1).T % 2):
        h = np.tanh(bits[:, t, None] @ W_xh + h @ W_hh + b_h)
        assert np.array_equal((h @ W_hy + b_y)[:, 0] > 0, parity == 1)
