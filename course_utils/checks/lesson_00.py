"""Exercises of lesson 00, Start here: one-hot a batch, shift inputs to next-step targets."""

from __future__ import annotations

import numpy as np

from course_utils.judging.exercise import Case, Exercise

Array = np.ndarray


# Exercise 0.1: one-hot a batch


def one_hot(tokens: Array, n_tokens: int) -> Array:
    """Return x (N, T, V) from token ids (N, T): 1 at each token's id, else 0; V = n_tokens."""
    return np.eye(n_tokens)[tokens]


def _one_hot_cases() -> list[Case]:
    rng = np.random.default_rng(1)
    sizes = {
        "a batch of 3, 5 steps, 4 tokens": (3, 5, 4),
        "one sequence of 6 steps, 3 tokens": (1, 6, 3),
        "a batch of 4, one step, 2 tokens": (4, 1, 2),
        "as many sequences as steps and tokens, 4": (4, 4, 4),
    }
    cases = [Case(label, (rng.integers(v, size=(n, t)), v)) for label, (n, t, v) in sizes.items()]
    # The batch needs to hold neither the first id nor the last.
    cases.append(Case("10 tokens, of which the batch holds two", (np.array([[3, 5], [5, 5]]), 10)))
    cases.append(Case("every one of 3 tokens once", (np.array([[2, 0, 1]]), 3)))
    return cases


def _size_of_batch(tokens: Array, n_tokens: int) -> Array:
    return np.eye(tokens.max() + 1)[tokens]


def _one_too_many(tokens: Array, n_tokens: int) -> Array:
    return np.eye(n_tokens + 1)[tokens]


def _one_too_few(tokens: Array, n_tokens: int) -> Array:
    """Leave out the column of the first id, as one does who counts from 1."""
    return np.eye(n_tokens)[tokens][..., 1:]


ONE_HOT = Exercise(
    "0.1",
    "One-hot a batch",
    one_hot,
    _one_hot_cases,
    {
        "axis swap": [
            lambda tokens, n_tokens: np.eye(n_tokens)[tokens.T],
            lambda tokens, n_tokens: np.eye(n_tokens)[tokens].swapaxes(1, 2),
            lambda tokens, n_tokens: np.eye(n_tokens)[tokens].transpose(2, 0, 1),
        ],
        "off-by-one vocabulary": [_one_too_many, _one_too_few],
        "ids counted from 1": [
            lambda tokens, n_tokens: np.eye(n_tokens)[tokens - 1],
            lambda tokens, n_tokens: np.eye(n_tokens)[(tokens + 1) % n_tokens],
        ],
        "vocabulary taken from the batch": _size_of_batch,
        "ids used as numbers": lambda tokens, n_tokens: tokens[..., None].astype(float),
        "order lost": lambda tokens, n_tokens: np.eye(n_tokens)[tokens].sum(axis=1),
        "batch and time merged": lambda tokens, n_tokens: np.eye(n_tokens)[tokens.ravel()],
        "first sequence only": lambda tokens, n_tokens: np.eye(n_tokens)[tokens[0]],
        "zeros and ones exchanged": lambda tokens, n_tokens: 1 - np.eye(n_tokens)[tokens],
    },
    ("x (N, T, V)",),
)


# Exercise 0.2: shift inputs to next-step targets


def next_step_pairs(x: Array) -> tuple[Array, Array]:
    """Return inputs and targets, both (N, T-1, D), from x (N, T, D)."""
    return x[:, :-1], x[:, 1:]


def _pairs_cases() -> list[Case]:
    rng = np.random.default_rng(2)
    sizes = {
        "a batch of 3, 5 steps, 2 features": (3, 5, 2),
        "one sequence of 4 steps, 1 feature": (1, 4, 1),
        "a batch of 4, 2 steps, 3 features": (4, 2, 3),
        "as many sequences as steps and features, 3": (3, 3, 3),
        "a single step, so that no pair is left": (2, 1, 2),
    }
    return [Case(label, (rng.normal(size=size),)) for label, size in sizes.items()]


NEXT_STEP_PAIRS = Exercise(
    "0.2",
    "Shift inputs to next-step targets",
    next_step_pairs,
    _pairs_cases,
    {
        "target leak": [
            lambda x: (x, x),
            lambda x: (x[:, :-1], x[:, :-1]),
            lambda x: (x[:, 1:], x[:, 1:]),
            lambda x: (x, x[:, 1:]),
        ],
        "predicts the past": lambda x: (x[:, 1:], x[:, :-1]),
        "end wrapped to the start": [
            lambda x: (x, np.roll(x, -1, axis=1)),
            lambda x: (x, np.roll(x, 1, axis=1)),
        ],
        "made-up last target": [
            lambda x: (x, np.concatenate([x[:, 1:], np.zeros_like(x[:, :1])], axis=1)),
            lambda x: (x, np.concatenate([x[:, 1:], x[:, -1:]], axis=1)),
        ],
        "axis swap": [
            lambda x: (x[:-1], x[1:]),
            lambda x: (x[:, :, :-1], x[:, :, 1:]),
            lambda x: (x[:, :-1].swapaxes(0, 1), x[:, 1:].swapaxes(0, 1)),
        ],
        "last step only": [lambda x: (x[:, :-1], x[:, -1]), lambda x: (x[:, :-1], x[:, -1:])],
        "two steps ahead": lambda x: (x[:, :-2], x[:, 2:]),
    },
    ("inputs (N, T-1, D)", "targets (N, T-1, D)"),
)

EXERCISES = [ONE_HOT, NEXT_STEP_PAIRS]
