"""Wrong answers to the exercises of lesson 00 that learners may well hand in."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils.checks import check
from course_utils.checks.lesson_00 import next_step_pairs, one_hot

# Exercise 0.1


def by_loop(tokens, n_tokens):
    x = np.zeros((*tokens.shape, n_tokens))
    for n, t in np.ndindex(*tokens.shape):
        x[n, t, tokens[n, t]] = 1
    return x


@pytest.mark.parametrize(
    "right",
    [
        by_loop,
        lambda tokens, n_tokens: (tokens[..., None] == np.arange(n_tokens)).astype(float),
        lambda tokens, n_tokens: np.array([np.eye(n_tokens)[row] for row in tokens]),
        lambda tokens, n_tokens: one_hot(tokens, n_tokens).astype(np.float32),
        lambda tokens, n_tokens: [[np.eye(n_tokens)[i] for i in row] for row in tokens],
        lambda tokens, n_tokens: np.eye(n_tokens, dtype=int)[tokens],
    ],
    ids=["loop", "comparison", "row by row", "float32", "nested list", "whole numbers"],
)
def test_other_ways_to_one_hot_are_right(right):
    assert check("0.1", right).status == "correct"


WRONG_ONE_HOT = {
    "comparison without its dtype": (
        lambda tokens, n_tokens: tokens[..., None] == np.arange(n_tokens),
        "holds True or False (dtype bool), wanted floating-point numbers",
    ),
    "one vector for the batch": (
        lambda tokens, n_tokens: np.eye(n_tokens)[tokens].sum(axis=(0, 1)),
        "has shape (4,), wanted (3, 5, 4), that is (N, T, V)",
    ),
    "first step only": (
        lambda tokens, n_tokens: np.eye(n_tokens)[tokens[:, 0]],
        "has shape (3, 4), wanted (3, 5, 4)",
    ),
    "last step lost": (
        lambda tokens, n_tokens: np.eye(n_tokens)[tokens[:, :-1]],
        "lacks the last place along axis 1 (T)",
    ),
    "time reversed": (
        lambda tokens, n_tokens: np.eye(n_tokens)[tokens[:, ::-1]],
        "in reverse order along axis 1 (T)",
    ),
    "places reversed": (
        lambda tokens, n_tokens: np.eye(n_tokens)[tokens][..., ::-1],
        "in reverse order along axis 2 (V)",
    ),
    "id instead of 1": (
        lambda tokens, n_tokens: np.eye(n_tokens)[tokens] * tokens[..., None],
        "cases are right",
    ),
    "probabilities": (
        lambda tokens, n_tokens: np.eye(n_tokens)[tokens] / tokens.shape[1],
        "divided by the size of axis 1 of `tokens`",
    ),
    "minus one for the others": (
        lambda tokens, n_tokens: 2 * np.eye(n_tokens)[tokens] - 1,
        "`x[0, 0, 0]` is -1, wanted 0",
    ),
    "empty places": (
        lambda tokens, n_tokens: np.zeros((*tokens.shape, n_tokens)),
        "Every value of your `x` is 0, in every case.",
    ),
    "loop that never leaves the first sequence": (
        lambda tokens, n_tokens: np.concatenate(
            [by_loop(tokens[:1], n_tokens), np.zeros((len(tokens) - 1, tokens.shape[1], n_tokens))]
        ),
        "`x[1, 0,",
    ),
    "random": (
        lambda tokens, n_tokens: np.random.default_rng(0).random((*tokens.shape, n_tokens)),
        "does not change when its argument `tokens` changes",
    ),
    "wrong place for n_tokens": (
        lambda tokens, n_tokens: np.eye(tokens)[n_tokens],
        "raised TypeError in line",
    ),
    "printed, not returned": (
        lambda tokens, n_tokens: print(one_hot(tokens, n_tokens)),
        "Did you forget `return`?",
    ),
    "only one argument": (
        lambda tokens: np.eye(4)[tokens],
        "`def one_hot(tokens, n_tokens):`",
    ),
}


@pytest.mark.parametrize("name", WRONG_ONE_HOT)
def test_wrong_one_hot_gets_a_sentence(name):
    submission, words = WRONG_ONE_HOT[name]
    result = check("0.1", submission)
    assert result.status == "wrong"
    assert result.diagnosis is None
    assert words in result.message


# Exercise 0.2


@pytest.mark.parametrize(
    "right",
    [
        lambda x: [x[:, :-1], x[:, 1:]],
        lambda x: np.stack([x[:, :-1], x[:, 1:]]),
        lambda x: (x[:, : x.shape[1] - 1].copy(), np.delete(x, 0, axis=1)),
        lambda x: tuple(np.moveaxis(part, 0, 1) for part in _time_first(x)),
    ],
    ids=["list of two", "stacked", "delete", "time first and back"],
)
def test_other_ways_to_pair_are_right(right):
    assert check("0.2", right).status == "correct"


def _time_first(x):
    steps = x.swapaxes(0, 1)
    return steps[:-1], steps[1:]


def scaled_in_place(x):
    x -= x.mean()
    return x[:, :-1], x[:, 1:]


def never_ends(x):
    t = 0
    while t < x.shape[1]:
        t - 1
    return x[:, :-1], x[:, 1:]


WRONG_PAIRS = {
    "inputs only": (lambda x: x[:, :-1], "returned one `ndarray`, wanted 2 values"),
    "three parts": (lambda x: (x[:, :-1], x[:, 1:], x[:, -1:]), "returned 3 values, wanted 2"),
    "nothing returned": (lambda x: None, "Did you forget `return`?"),
    "dictionary": (
        lambda x: {"inputs": x[:, :-1], "targets": x[:, 1:]},
        "returned one `dict`, wanted 2 values",
    ),
    "input changed": (scaled_in_place, "changed its argument `x`"),
    "difference to the next step": (
        lambda x: (x[:, :-1], np.diff(x, axis=1)),
        "`targets[0, 0, 0]` is",
    ),
    "targets reversed": (
        lambda x: (x[:, :-1], x[:, 1:][:, ::-1]),
        "Your `targets` is in reverse order along axis 1",
    ),
    "inputs reversed": (
        lambda x: (x[:, :-1][:, ::-1], x[:, 1:]),
        "Your `inputs` is in reverse order along axis 1",
    ),
    "first feature only": (
        lambda x: (x[:, :-1, :1], x[:, 1:, :1]),
        "has shape (3, 4, 1), wanted (3, 4, 2), that is (N, T-1, D)",
    ),
    "rounded": (lambda x: (x[:, :-1], x[:, 1:].round(1)), "`targets[0, 0, 0]` is"),
    "whole numbers": (
        lambda x: (x[:, :-1].astype(int), x[:, 1:].astype(int)),
        "holds whole numbers",
    ),
    "endless": (never_ends, "still running after 5 seconds"),
    "index past the end": (
        lambda x: (x[:, :-1], np.stack([x[:, t + 1] for t in range(x.shape[1])], axis=1)),
        "raised IndexError in line",
    ),
    "called at once": (next_step_pairs(np.zeros((2, 3, 1))), "without quotes, parentheses"),
    "gap filled with NaN": (
        lambda x: (x, np.concatenate([x[:, 1:], x[:, :1] * np.nan], axis=1)),
        "one place too many at the end along axis 1",
    ),
}


@pytest.mark.parametrize("name", WRONG_PAIRS)
def test_wrong_pairs_get_a_sentence(name):
    submission, words = WRONG_PAIRS[name]
    result = check("0.2", submission)
    assert result.status == "wrong"
    assert result.diagnosis is None
    assert words in result.message
