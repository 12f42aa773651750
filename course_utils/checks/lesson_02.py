"""Exercises of lesson 02, The forward pass: one step, a batch, the loss, the last output."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.judging.cases import far_apart
from course_utils.judging.exercise import Case, Exercise

Array = np.ndarray


# Exercise 2.1: one step


def rnn_step(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """Return h_t (N, U) from x_t (N, D) and h_prev (N, U)."""
    return np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)


def _weights(rng: np.random.Generator, n_features: int, n_units: int) -> tuple[Array, ...]:
    return (
        rng.normal(size=(n_features, n_units)),
        rng.normal(size=(n_units, n_units)),
        rng.normal(size=n_units),
    )


def _step_cases() -> list[Case]:
    rng = np.random.default_rng(201)
    cases = []
    for label, (n, d, u) in {
        "a batch of 3, 2 features, 4 units": (3, 2, 4),
        "as many features as units, a batch of 4": (4, 4, 4),
        "one sequence, one feature, one unit": (1, 1, 1),
        "a batch of 5, 1 feature, 3 units": (5, 1, 3),
    }.items():
        arrays = (rng.normal(size=(n, d)), rng.normal(size=(n, u)), *_weights(rng, d, u))
        cases.append(Case(label, arrays))
    x_t, h_prev, *weights = cases[0].args
    cases.append(Case("a start state of zeros", (x_t, np.zeros_like(h_prev), *weights)))
    return cases


def _two_tanh(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return np.tanh(x_t @ W_xh) + np.tanh(h_prev @ W_hh) + b_h


ONE_STEP = Exercise(
    "2.1",
    "One step",
    rnn_step,
    _step_cases,
    {
        "transposed W_hh": lambda x_t, h_prev, W_xh, W_hh, b_h: np.tanh(
            x_t @ W_xh + h_prev @ W_hh.T + b_h
        ),
        "missing nonlinearity": lambda x_t, h_prev, W_xh, W_hh, b_h: (
            x_t @ W_xh + h_prev @ W_hh + b_h
        ),
        "old state ignored": lambda x_t, h_prev, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + b_h),
        "bias forgotten": lambda x_t, h_prev, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + h_prev @ W_hh),
        "squeezed before the sum": _two_tanh,
        "bias outside the tanh": lambda x_t, h_prev, W_xh, W_hh, b_h: (
            np.tanh(x_t @ W_xh + h_prev @ W_hh) + b_h
        ),
        "sigmoid in place of tanh": lambda x_t, h_prev, W_xh, W_hh, b_h: (
            1 / (1 + np.exp(-(x_t @ W_xh + h_prev @ W_hh + b_h)))
        ),
        "elementwise product": lambda x_t, h_prev, W_xh, W_hh, b_h: np.tanh(
            x_t @ W_xh + h_prev * np.diag(W_hh) + b_h
        ),
    },
    ("h_t (N, U)",),
)


# Exercise 2.2: a batch of sequences


def rnn_forward(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """Return h (N, T, U) from x (N, T, D) and h0 (N, U)."""
    return _run(rnn_step, x, h0, W_xh, W_hh, b_h)


def _run(step: Callable, x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h, h_t = np.empty((*x.shape[:2], W_hh.shape[0])), h0
    for t in range(x.shape[1]):
        h_t = step(x[:, t], h_t, W_xh, W_hh, b_h)
        h[:, t] = h_t
    return h


def _forward_cases() -> list[Case]:
    rng = np.random.default_rng(202)
    cases = []
    for label, (n, t, d, u) in {
        "a batch of 3, 5 steps, 2 features, 4 units": (3, 5, 2, 4),
        "one sequence of 7 steps": (1, 7, 3, 2),
        "one step only": (4, 1, 2, 3),
        "one unit, one feature": (2, 6, 1, 1),
        "as many sequences as steps": (4, 4, 3, 3),
    }.items():
        arrays = (rng.normal(size=(n, t, d)), rng.normal(size=(n, u)), *_weights(rng, d, u))
        cases.append(Case(f"{label}, a start state that is not zero", arrays))
    x, h0, *weights = cases[0].args
    cases.append(Case("a start state of zeros", (x, np.zeros_like(h0), *weights)))
    return cases


def _with_first_state(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h = rnn_forward(x, h0, W_xh, W_hh, b_h)
    return np.concatenate([h0[:, None], h], axis=1)


def _last_repeated(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h = rnn_forward(x, h0, W_xh, W_hh, b_h)
    return np.repeat(h[:, -1:], x.shape[1], axis=1)


def _over_batch(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """Carry the state from sequence to sequence instead of from step to step."""
    h = rnn_forward(x.swapaxes(0, 1), np.zeros((x.shape[1], len(b_h))), W_xh, W_hh, b_h)
    return h.swapaxes(0, 1)


BATCH = Exercise(
    "2.2",
    "A batch of sequences",
    rnn_forward,
    _forward_cases,
    {
        "state reset each step": lambda x, h0, *weights: _run(
            lambda x_t, _, *inner: rnn_step(x_t, h0, *inner), x, h0, *weights
        ),
        "state reset to zero each step": lambda x, h0, *weights: _run(
            lambda x_t, _, *inner: rnn_step(x_t, np.zeros_like(h0), *inner), x, h0, *weights
        ),
        "transposed W_hh": lambda x, h0, W_xh, W_hh, b_h: rnn_forward(x, h0, W_xh, W_hh.T, b_h),
        "aliased states": _last_repeated,
        "missing nonlinearity": lambda x, h0, *weights: _run(
            lambda x_t, h, W_xh, W_hh, b_h: x_t @ W_xh + h @ W_hh + b_h, x, h0, *weights
        ),
        "h0 ignored": lambda x, h0, *weights: rnn_forward(x, np.zeros_like(h0), *weights),
        "state before the step kept": lambda x, h0, *weights: _with_first_state(x, h0, *weights)[
            :, :-1
        ],
        "h0 among the states": _with_first_state,
        "only the last state": lambda x, h0, *weights: rnn_forward(x, h0, *weights)[:, -1],
        "time first": lambda x, h0, *weights: rnn_forward(x, h0, *weights).swapaxes(0, 1),
        "steps in reverse": lambda x, h0, *weights: rnn_forward(x[:, ::-1], h0, *weights),
        "state carried across the batch": _over_batch,
    },
    ("h (N, T, U)",),
)


# Exercise 2.3: the loss at the start


def _log_softmax(logits: Array, axis: int | tuple[int, ...] = -1) -> Array:
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _true_class(values: Array, targets: Array) -> Array:
    return np.take_along_axis(values, targets[..., None], axis=-1)[..., 0]


def cross_entropy(logits: Array, targets: Array) -> float:
    """Return the mean of -ln p(target) over logits (N, T, V) and targets (N, T)."""
    return float(-_true_class(_log_softmax(logits), targets).mean())


def _loss_cases() -> list[Case]:
    rng = np.random.default_rng(203)
    cases = []
    for label, (n, t, v) in {
        "a batch of 3, 5 steps, 4 classes": (3, 5, 4),
        "one sequence of one step, 2 classes": (1, 1, 2),
        "as many steps as classes": (2, 6, 6),
    }.items():
        logits = rng.normal(0, 2, size=(n, t, v))
        cases.append(Case(label, (logits, rng.integers(0, v, size=(n, t)))))
    cases.append(Case("all logits zero, 27 classes", (np.zeros((2, 3, 27)), np.ones((2, 3), int))))
    large = rng.normal(0, 2, size=(2, 3, 4)) + 1000.0 * np.arange(1, 7).reshape(2, 3, 1)
    label = "logits around 1,000 at the first step, 2,000 at the next, and so on"
    cases.append(Case(label, (large, rng.integers(0, 4, size=(2, 3)))))
    targets = rng.integers(0, 4, size=(2, 3))
    unlikely = far_apart(rng.normal(0, 2, size=(2, 3, 4)), targets)
    cases.append(Case("logits in the thousands apart, within a step too", (unlikely, targets)))
    return cases


def _without_shift(logits: Array, targets: Array) -> float:
    p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    return float(-np.log(_true_class(p, targets)).mean())


def _softmax_of_softmax(logits: Array, targets: Array) -> float:
    return cross_entropy(np.exp(_log_softmax(logits)), targets)


LOSS = Exercise(
    "2.3",
    "The loss at the start",
    cross_entropy,
    _loss_cases,
    {
        "unstable softmax": _without_shift,
        "softmax over the steps": lambda logits, targets: float(
            -_true_class(_log_softmax(logits, axis=1), targets).mean()
        ),
        "softmax over the batch": lambda logits, targets: float(
            -_true_class(_log_softmax(logits, axis=0), targets).mean()
        ),
        "softmax over everything": lambda logits, targets: float(
            -_true_class(_log_softmax(logits, axis=(0, 1, 2)), targets).mean()
        ),
        "logarithm to base 2": lambda logits, targets: cross_entropy(logits, targets) / np.log(2),
        "sum in place of mean": lambda logits, targets: (
            cross_entropy(logits, targets) * targets.size
        ),
        "divided by N only": lambda logits, targets: (
            cross_entropy(logits, targets) * targets.shape[1]
        ),
        "missing minus sign": lambda logits, targets: -cross_entropy(logits, targets),
        "softmax of a softmax": _softmax_of_softmax,
        "one minus the probability": lambda logits, targets: float(
            (1 - np.exp(_true_class(_log_softmax(logits), targets))).mean()
        ),
        "raw logit of the true class": lambda logits, targets: float(
            -_true_class(logits, targets).mean()
        ),
    },
    ("loss",),
)


# Exercise 2.4: the last output only


def last_output(h: Array, W_hy: Array, b_y: Array) -> Array:
    """Return y (N, V), the logits of the last step, from h (N, T, U)."""
    return h[:, -1] @ W_hy + b_y


def _last_cases() -> list[Case]:
    rng = np.random.default_rng(204)
    return [
        Case(
            label,
            (
                np.tanh(rng.normal(size=(n, t, u))),
                rng.normal(size=(u, v)),
                rng.normal(size=v),
            ),
        )
        for label, (n, t, u, v) in {
            "a batch of 3, 5 steps, 4 units, 2 classes": (3, 5, 4, 2),
            "as many sequences as steps": (4, 4, 3, 3),
            "one step only": (3, 1, 2, 2),
            "one sequence": (1, 6, 3, 2),
            "one class": (2, 3, 4, 1),
        }.items()
    ]


LAST = Exercise(
    "2.4",
    "The last output only",
    last_output,
    _last_cases,
    {
        "output from h_{t-1}": lambda h, W_hy, b_y: h[:, -2 if h.shape[1] > 1 else -1] @ W_hy + b_y,
        "last sequence in place of last step": lambda h, W_hy, b_y: h[-1] @ W_hy + b_y,
        "first step in place of last": lambda h, W_hy, b_y: h[:, 0] @ W_hy + b_y,
        "all steps returned": lambda h, W_hy, b_y: h @ W_hy + b_y,
        "time axis kept": lambda h, W_hy, b_y: h[:, -1:] @ W_hy + b_y,
        "mean over the steps": lambda h, W_hy, b_y: h.mean(axis=1) @ W_hy + b_y,
        "sum over the steps": lambda h, W_hy, b_y: h.sum(axis=1) @ W_hy + b_y,
        "bias forgotten": lambda h, W_hy, b_y: h[:, -1] @ W_hy,
        "state squeezed again": lambda h, W_hy, b_y: np.tanh(h[:, -1] @ W_hy + b_y),
        "softmax included": lambda h, W_hy, b_y: np.exp(_log_softmax(h[:, -1] @ W_hy + b_y)),
    },
    ("y (N, V)",),
)

EXERCISES = [ONE_STEP, BATCH, LOSS, LAST]
