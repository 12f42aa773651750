"""Exercises of lesson 00, Start here: one-hot a batch, shift inputs to next-step targets."""

from __future__ import annotations

import numpy as np

from course_utils.judging.exercise import Case, Exercise, Misconception

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


_AXIS_SWAP = "The numbers are right and stand on the wrong axes."

ONE_HOT = Exercise(
    "0.1",
    "One-hot a batch",
    one_hot,
    _one_hot_cases,
    [
        Misconception(
            "axis swap",
            lambda tokens, n_tokens: np.eye(n_tokens)[tokens.T],
            f"{_AXIS_SWAP} Yours are (time, batch, token). The course keeps the batch first and "
            "time second: the result should start with the two axes of `tokens`, in their order.",
        ),
        Misconception(
            "axis swap",
            lambda tokens, n_tokens: np.eye(n_tokens)[tokens].swapaxes(1, 2),
            f"{_AXIS_SWAP} Yours are (batch, token, time). The features of a step, here the places "
            "for the tokens, come last.",
        ),
        Misconception(
            "axis swap",
            lambda tokens, n_tokens: np.eye(n_tokens)[tokens].transpose(2, 0, 1),
            f"{_AXIS_SWAP} Yours are (token, batch, time). The features of a step, here the places "
            "for the tokens, come last.",
        ),
        Misconception(
            "off-by-one vocabulary",
            _one_too_many,
            "Your vectors have one place too many. Ids count from 0, so with `n_tokens` tokens the "
            "last id is `n_tokens - 1`. How many places does that make?",
        ),
        Misconception(
            "off-by-one vocabulary",
            _one_too_few,
            "Your vectors have one place too few: token 0 has none. Ids count from 0, so 0 is a "
            "token like any other.",
        ),
        Misconception(
            "ids counted from 1",
            lambda tokens, n_tokens: np.eye(n_tokens)[tokens - 1],
            "Each 1 stands one place too early, and token 0 has landed in the last place. Ids "
            "count from 0, like NumPy's indices.",
        ),
        Misconception(
            "ids counted from 1",
            lambda tokens, n_tokens: np.eye(n_tokens)[(tokens + 1) % n_tokens],
            "Each 1 stands one place too late. Ids count from 0, like NumPy's indices.",
        ),
        Misconception(
            "vocabulary taken from the batch",
            _size_of_batch,
            "The number of places follows the largest id in this batch. Two batches would get "
            "different shapes, and no network could read both. Use `n_tokens`.",
        ),
        Misconception(
            "ids used as numbers",
            lambda tokens, n_tokens: tokens[..., None].astype(float),
            "Your result still holds the ids. As a number, token 2 would be twice token 1, which "
            "means nothing. Give each token a place of its own.",
        ),
        Misconception(
            "order lost",
            lambda tokens, n_tokens: np.eye(n_tokens)[tokens].sum(axis=1),
            "Your result counts how often each token occurs and no longer says when. Keep one "
            "vector for each step.",
        ),
        Misconception(
            "batch and time merged",
            lambda tokens, n_tokens: np.eye(n_tokens)[tokens.ravel()],
            "All steps of all sequences stand in one long list, so nobody can tell where one "
            "sequence ends. Keep the two axes of `tokens`.",
        ),
        Misconception(
            "first sequence only",
            lambda tokens, n_tokens: np.eye(n_tokens)[tokens[0]],
            "You encoded the first sequence. `tokens` holds a batch of them.",
        ),
        Misconception(
            "zeros and ones exchanged",
            lambda tokens, n_tokens: 1 - np.eye(n_tokens)[tokens],
            "Each vector is 0 at its token and 1 everywhere else. It should be the other way round.",
        ),
    ],
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


_LEAK = (
    "Each target is also its own input, so a network can be perfect by copying and learns nothing "
    "about the future."
)

NEXT_STEP_PAIRS = Exercise(
    "0.2",
    "Shift inputs to next-step targets",
    next_step_pairs,
    _pairs_cases,
    [
        Misconception(
            "target leak",
            lambda x: (x, x),
            f"{_LEAK} The target of step t is the input of step t + 1.",
        ),
        Misconception(
            "target leak",
            lambda x: (x[:, :-1], x[:, :-1]),
            f"{_LEAK} Your targets stop one step before the end, like the inputs. They should "
            "start one step later instead.",
        ),
        Misconception(
            "target leak",
            lambda x: (x[:, 1:], x[:, 1:]),
            f"{_LEAK} Your inputs start at step 1, like the targets. They should start at step 0.",
        ),
        Misconception(
            "target leak",
            lambda x: (x, x[:, 1:]),
            "Your inputs hold all steps, the last one too. That one has no target in the data: it "
            "is a target itself. Inputs and targets need the same number of steps.",
        ),
        Misconception(
            "predicts the past",
            lambda x: (x[:, 1:], x[:, :-1]),
            "Inputs and targets are exchanged: yours ask for the step before. Return the inputs "
            "first, and let each target be the step after its input.",
        ),
        Misconception(
            "end wrapped to the start",
            lambda x: (x, np.roll(x, -1, axis=1)),
            "`np.roll` moves the first step to the end, so your last target is the first input. "
            "The last step has no next one: leave it out.",
        ),
        Misconception(
            "end wrapped to the start",
            lambda x: (x, np.roll(x, 1, axis=1)),
            "`np.roll` by +1 moves each value to a later step, and the last one to the start. So "
            "your targets are the steps before. Slice instead of rolling.",
        ),
        Misconception(
            "made-up last target",
            lambda x: (x, np.concatenate([x[:, 1:], np.zeros_like(x[:, :1])], axis=1)),
            "Your last target is made of zeros that are not in the data. The last step has no next "
            "one: leave it out.",
        ),
        Misconception(
            "made-up last target",
            lambda x: (x, np.concatenate([x[:, 1:], x[:, -1:]], axis=1)),
            "Your last target repeats the last input. The last step has no next one in the data: "
            "leave it out.",
        ),
        Misconception(
            "axis swap",
            lambda x: (x[:-1], x[1:]),
            "You shifted along axis 0, the batch: each target belongs to another sequence. Time is "
            "axis 1.",
        ),
        Misconception(
            "axis swap",
            lambda x: (x[:, :, :-1], x[:, :, 1:]),
            "You shifted along axis 2, the features. Time is axis 1.",
        ),
        Misconception(
            "axis swap",
            lambda x: (x[:, :-1].swapaxes(0, 1), x[:, 1:].swapaxes(0, 1)),
            "The steps are right and come time first. The course keeps the batch on axis 0.",
        ),
        Misconception(
            "last step only",
            lambda x: (x[:, :-1], x[:, -1]),
            "You kept one target for each sequence, its last step. Every input step has a target.",
        ),
        Misconception(
            "last step only",
            lambda x: (x[:, :-1], x[:, -1:]),
            "You kept one target for each sequence, its last step. Every input step has a target.",
        ),
        Misconception(
            "two steps ahead",
            lambda x: (x[:, :-2], x[:, 2:]),
            "Each target is two steps after its input. The next step is one step away.",
        ),
    ],
    ("inputs (N, T-1, D)", "targets (N, T-1, D)"),
)

EXERCISES = [ONE_HOT, NEXT_STEP_PAIRS]
