"""Lesson 09: what learners hand in besides the misconceptions, each rejected with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from wrong import assert_rejected

from course_utils.checks import check
from course_utils.checks.lesson_09 import (
    cut_into_batches,
    draw_token,
    masked_perplexity,
)
from course_utils.losses import cross_entropy
from course_utils.text import next_probabilities, perplexity


def batches_by_appending(ids, batch_size, n_steps):
    """Windows one after the other, filled into the rows of each batch."""
    windows = [ids[i : i + n_steps + 1] for i in range(0, len(ids) - n_steps, n_steps)]
    windows = windows[: len(windows) // batch_size * batch_size]
    rows = np.array(windows).reshape(-1, batch_size, n_steps + 1)
    return [(each[:, :-1], each[:, 1:]) for each in rows]


def batches_in_random_order(ids, batch_size, n_steps):
    batches = cut_into_batches(ids, batch_size, n_steps)
    return [batches[i] for i in np.random.default_rng(3).permutation(len(batches))]


def windows_in_random_order(ids, batch_size, n_steps, seed=3):
    batches = cut_into_batches(ids, batch_size, n_steps)
    x, y = (np.concatenate(part) for part in zip(*batches, strict=True))
    order = np.random.default_rng(seed).permutation(len(x))
    shape = -1, batch_size, n_steps
    return list(zip(x[order].reshape(shape), y[order].reshape(shape), strict=True))


def batches_of_lists(ids, batch_size, n_steps):
    return [[x.tolist(), y.tolist()] for x, y in cut_into_batches(ids, batch_size, n_steps)]


def last_batch_short(ids, batch_size, n_steps):
    batches = cut_into_batches(ids, batch_size, n_steps)
    return [*batches, (batches[-1][0][:, :1], batches[-1][1][:, :1])]


def perplexity_of_line_perplexities(logits, targets, mask):
    rows = [
        perplexity(cross_entropy(z[real], y[real])[0])
        for z, y, real in zip(logits, targets, mask, strict=True)
    ]
    return np.mean(rows)


def perplexity_with_log2(logits, targets, mask):
    p = next_probabilities(logits)
    chosen = np.take_along_axis(p, targets[..., None], -1)[..., 0]
    return np.exp(-np.mean(np.log2(chosen[mask])))


def temperature_on_probabilities(logits, temperature, top_k, number):
    p = next_probabilities(logits, top_k=top_k) / temperature
    return p / p.sum(), int(np.searchsorted(np.cumsum(p / p.sum()), number, side="right"))


def own_random_number(logits, temperature, top_k, number):
    p, _ = draw_token(logits, temperature, top_k, number)
    return p, np.random.default_rng(0).choice(len(p), p=p)


def greedy(logits, temperature, top_k, number):
    p, _ = draw_token(logits, temperature, top_k, number)
    return p, np.argmax(logits)


def exponential_first(logits, temperature, top_k, number):
    with np.errstate(over="ignore", invalid="ignore"):
        weights = np.exp(logits / temperature)
        weights[np.argsort(logits)[: len(logits) - top_k]] = 0
        p = weights / weights.sum()
    return p, int(np.argmax(np.cumsum(p) > number))


def no_cut(logits, temperature, top_k, number):
    p = next_probabilities(logits, temperature)
    return p, int(np.argmax(np.cumsum(p) > number))


WRONG = [
    # exercise, submission, a word that the sentence must hold
    ("9.1", batches_by_appending, "rows do not go on"),
    ("9.1", batches_in_random_order, "shuffled windows"),
    ("9.1", windows_in_random_order, "shuffled windows"),
    ("9.1", lambda *a: cut_into_batches(*a)[::-1], "shuffled windows"),
    ("9.1", lambda *a: [(x, x) for x, _ in cut_into_batches(*a)], "targets not shifted"),
    ("9.1", lambda *a: [(y, x) for x, y in cut_into_batches(*a)], "9.1"),
    ("9.1", lambda *a: cut_into_batches(*a)[:1], "first batch only"),
    ("9.1", lambda *a: cut_into_batches(*a)[0], "list of other things"),
    ("9.1", lambda *a: np.array(cut_into_batches(*a)), "pair (x, y)"),
    ("9.1", lambda *a: [x for x, _ in cut_into_batches(*a)], "pair (x, y)"),
    ("9.1", lambda *a: None, "return"),
    ("9.1", lambda *a: [], "no batch"),
    ("9.1", last_batch_short, "different shapes"),
    ("9.1", lambda ids, n, t: cut_into_batches(ids, t, n), "shape"),
    ("9.1", lambda ids, n, t: [(x.T, y.T) for x, y in cut_into_batches(ids, n, t)], "time first"),
    ("9.1", lambda ids, n: [], "arguments"),
    ("9.2", perplexity_of_line_perplexities, "perplexities averaged"),
    ("9.2", perplexity_with_log2, "log base: bits, then e"),
    ("9.2", lambda z, y, m: masked_perplexity(z, y, np.ones_like(m)), "padding counted"),
    ("9.2", lambda z, y, m: np.log(masked_perplexity(z, y, m)), "no exponential"),
    ("9.2", lambda z, y, m: 1 / masked_perplexity(z, y, m), "minus sign forgotten"),
    ("9.2", lambda z, y, m: np.full(3, masked_perplexity(z, y, m)), "shape"),
    ("9.2", lambda z, y, m: masked_perplexity(z, 0 * y, m), "9.2"),
    ("9.2", lambda z, y, m: masked_perplexity(z / 2, y, m), "9.2"),
    ("9.2", lambda z, y, m: masked_perplexity(z, y, m) - 1, "9.2"),
    ("9.2", lambda z, y, m: "two", "9.2"),
    ("9.2", lambda z, y: 1.0, "arguments"),
    ("9.3", temperature_on_probabilities, "temperature after the softmax"),
    ("9.3", lambda z, t, k, u: draw_token(z, 1.0, k, u), "temperature after the softmax"),
    ("9.3", lambda z, t, k, u: draw_token(z, 1 / t, k, u), "temperature multiplied"),
    ("9.3", greedy, "argmax instead of sampling"),
    ("9.3", exponential_first, "softmax overflows"),
    ("9.3", no_cut, "top k ignored"),
    ("9.3", own_random_number, "9.3"),
    ("9.3", lambda z, t, k, u: draw_token(z, t, k, u)[0], "2 values"),
    ("9.3", lambda z, t, k, u: draw_token(z, t, k, u)[1], "2 values"),
    ("9.3", lambda z, t, k, u: draw_token(z, t, k, u)[::-1], "9.3"),
    ("9.3", lambda z, t, k, u: draw_token(z, t, k, 1 - u), "id"),
    ("9.3", lambda z, t, k, u: draw_token(z, t, min(k + 1, len(z)), u), "9.3"),
    ("9.3", lambda z, t, k, u: None, "return"),
    ("9.3", lambda z, t, k: None, "arguments"),
]


@pytest.mark.parametrize(("exercise", "submission", "word"), WRONG)
def test_rejected_with_its_reason(exercise, submission, word):
    assert_rejected(exercise, submission, word)


def test_other_right_ways_are_accepted():
    def by_rows(ids, batch_size, n_steps):
        n_batches = (len(ids) - 1) // (batch_size * n_steps)
        length = n_batches * n_steps
        rows = np.array([ids[n * length : (n + 1) * length + 1] for n in range(batch_size)])
        return [
            (rows[:, t : t + n_steps], rows[:, t + 1 : t + n_steps + 1])
            for t in range(0, length, n_steps)
        ]

    def in_bits(logits, targets, mask):
        z = (logits - logits.max(axis=-1, keepdims=True)) / np.log(2)
        chosen = np.take_along_axis(z, targets[..., None], -1)[..., 0]
        return 2 ** (np.log2(np.exp2(z).sum(axis=-1)) - chosen)[mask].mean()

    def by_searching(logits, temperature, top_k, number):
        p = next_probabilities(logits, temperature, top_k)
        return p, np.searchsorted(np.cumsum(p), number, side="right")

    for exercise, answer in {"9.1": by_rows, "9.2": in_bits, "9.3": by_searching}.items():
        assert check(exercise, answer).status == "correct", check(exercise, answer)
    assert check("9.1", batches_of_lists).status == "correct", check("9.1", batches_of_lists)


@pytest.mark.parametrize("seed", range(5))
def test_shuffling_is_recognised_whatever_the_order(seed):
    def shuffled(ids, batch_size, n_steps):
        return windows_in_random_order(ids, batch_size, n_steps, seed)

    assert check("9.1", shuffled).diagnosis == "shuffled windows"
