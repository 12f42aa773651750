"""Exercises of lesson 03, Backpropagation through time: backward, check, truncation, training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils.judging.exercise import Case, Exercise

Array = np.ndarray


# Exercise 3.1: backward


def rnn_backward(x: Array, h0: Array, h: Array, W_hh: Array, dh: Array) -> tuple[Array, ...]:
    """Return dW_xh (D, U), dW_hh (U, U), db_h (U,) and dh0 (N, U) from dh (N, T, U)."""
    return _backward(x, h0, h, W_hh, dh)


def _before(h0: Array, h: Array) -> Array:
    """Return the state before each step, (N, T, U)."""
    return np.concatenate([h0[:, None], h[:, :-1]], axis=1)


def _backward(
    x: Array,
    h0: Array,
    h: Array,
    W_hh: Array,
    dh: Array,
    *,
    slope: Callable[[Array, Array], Array] = lambda h, h_prev: 1 - h**2,
    back: Callable[[Array, Array], Array] = lambda dz, W_hh: dz @ W_hh.T,
    through_slope: bool = True,
    own: Sequence[bool] | None = None,
    added: Callable[[int, int], bool] = lambda t, n_steps: True,
) -> tuple[Array, ...]:
    """Backpropagate; every mistake in an exercise of this lesson changes one of the keywords.

    ``own[t]`` tells whether the loss of step t counts, ``added(t, n_steps)`` whether the step's
    share is added to the gradients of the weights.
    """
    h_prev, n_steps = _before(h0, h), x.shape[1]
    slopes = slope(h, h_prev)
    dW_xh, dW_hh = np.zeros((x.shape[2], h.shape[2])), np.zeros(W_hh.shape)
    db_h, later = np.zeros(h.shape[2]), np.zeros(h0.shape)
    for t in reversed(range(n_steps)):
        d_h = later if own is not None and not own[t] else dh[:, t] + later
        dz = d_h * slopes[:, t]
        if added(t, n_steps):
            dW_xh += x[:, t].T @ dz
            dW_hh += h_prev[:, t].T @ dz
            db_h += dz.sum(axis=0)
        later = back(dz if through_slope else d_h, W_hh)
    return dW_xh, dW_hh, db_h, later


def _network(rng: np.random.Generator, n: int, t: int, d: int, u: int) -> tuple[Array, ...]:
    """Return x, h0, W_xh, W_hh, b_h and the states h of a random network."""
    x, h0 = rng.normal(size=(n, t, d)), rng.normal(0, 0.5, size=(n, u))
    W_xh, W_hh = rng.normal(0, 0.6, size=(d, u)), rng.normal(0, 0.6, size=(u, u))
    b_h = rng.normal(0, 0.3, size=u)
    h, h_t = np.empty((n, t, u)), h0
    for step in range(t):
        h_t = np.tanh(x[:, step] @ W_xh + h_t @ W_hh + b_h)
        h[:, step] = h_t
    return x, h0, W_xh, W_hh, b_h, h


def _backward_cases() -> list[Case]:
    rng = np.random.default_rng(301)
    cases = []
    for label, (n, t, d, u) in {
        "a batch of 3, 5 steps, 2 features, 4 units": (3, 5, 2, 4),
        "one sequence of 7 steps": (1, 7, 3, 2),
        "one step only": (4, 1, 2, 3),
        "one unit, one feature": (2, 6, 1, 1),
        "as many sequences as steps": (3, 3, 3, 3),
    }.items():
        x, h0, _, W_hh, _, h = _network(rng, n, t, d, u)
        cases.append(Case(label, (x, h0, h, W_hh, rng.normal(size=h.shape))))
    x, h0, h, W_hh, dh = cases[0].args
    last = np.zeros_like(dh)
    last[:, -1] = dh[:, -1]
    cases.append(Case("a loss at the last step only", (x, h0, h, W_hh, last)))
    return cases


def _with(**changes: Any) -> Callable:
    """Return a backward pass with one mistake."""
    return lambda x, h0, h, W_hh, dh: _backward(x, h0, h, W_hh, dh, **changes)


def _changed(change: Callable[..., tuple[Array, ...]]) -> Callable:
    """Return the right gradients after ``change(gradients, *arguments)``."""
    return lambda *args: change(rnn_backward(*args), *args)


def _only_last_loss(x: Array, h0: Array, h: Array, W_hh: Array, dh: Array) -> tuple[Array, ...]:
    own = [t == x.shape[1] - 1 for t in range(x.shape[1])]
    return _backward(x, h0, h, W_hh, dh, own=own)


def _forwards(x: Array, h0: Array, h: Array, W_hh: Array, dh: Array) -> tuple[Array, ...]:
    """Loop from the first step to the last."""
    h_prev, later = _before(h0, h), np.zeros_like(h0)
    dW_xh, dW_hh = np.zeros((x.shape[2], h.shape[2])), np.zeros_like(W_hh)
    db_h = np.zeros(h.shape[2])
    for t in range(x.shape[1]):
        dz = (dh[:, t] + later) * (1 - h[:, t] ** 2)
        dW_xh, dW_hh = dW_xh + x[:, t].T @ dz, dW_hh + h_prev[:, t].T @ dz
        db_h, later = db_h + dz.sum(axis=0), dz @ W_hh.T
    return dW_xh, dW_hh, db_h, later


def _same_state(x: Array, h0: Array, h: Array, W_hh: Array, dh: Array) -> tuple[Array, ...]:
    """Pair dz_t with h_t where h_{t-1} belongs."""
    dW_xh, _, db_h, dh0 = _backward(x, h0, h, W_hh, dh)
    dz = _pre_activations(x, h0, h, W_hh, dh)
    return dW_xh, np.einsum("ntv,ntu->vu", h, dz), db_h, dh0


def _pre_activations(x: Array, h0: Array, h: Array, W_hh: Array, dh: Array) -> Array:
    """Return the gradients dz (N, T, U) before the tanh."""
    dz, later = np.empty_like(h), np.zeros_like(h0)
    for t in reversed(range(h.shape[1])):
        dz[:, t] = (dh[:, t] + later) * (1 - h[:, t] ** 2)
        later = dz[:, t] @ W_hh.T
    return dz


def _start_ignored(x: Array, h0: Array, h: Array, W_hh: Array, dh: Array) -> tuple[Array, ...]:
    dW_xh, _, db_h, dh0 = rnn_backward(x, h0, h, W_hh, dh)
    return dW_xh, rnn_backward(x, np.zeros_like(h0), h, W_hh, dh)[1], db_h, dh0


def _scaled(factor: Callable[[Array], float]) -> Callable:
    """Return the gradients of the weights (not that of h0) times ``factor(dh)``."""
    return _changed(lambda g, *args: (*(each * factor(args[4]) for each in g[:3]), g[3]))


def _all_scaled(factor: Callable[[Array], float]) -> Callable:
    return _changed(lambda g, *args: tuple(each * factor(args[4]) for each in g))


BACKWARD = Exercise(
    "3.1",
    "Backward",
    rnn_backward,
    _backward_cases,
    {
        "only the last step": _with(added=lambda t, n_steps: t == n_steps - 1),
        "gradient not added over steps": _with(added=lambda t, n_steps: t == 0),
        "only the last loss": _only_last_loss,
        "path through later steps forgotten": _with(back=lambda dz, W_hh: np.zeros_like(dz)),
        "path through later steps forgotten, dh0 apart": lambda x, h0, h, W_hh, dh: (
            *_backward(x, h0, h, W_hh, dh, back=lambda dz, W_hh: np.zeros_like(dz))[:3],
            (dh[:, 0] * (1 - h[:, 0] ** 2)) @ W_hh.T,
        ),
        "tanh' at the wrong step": _with(slope=lambda h, h_prev: 1 - h_prev**2),
        "tanh of a tanh": _with(slope=lambda h, h_prev: 1 - np.tanh(h) ** 2),
        "missing slope": _with(slope=lambda h, h_prev: np.ones_like(h)),
        "missing slope on the way back": _with(through_slope=False),
        "slope not squared": _with(slope=lambda h, h_prev: 1 - h),
        "transposed W_hh": _with(back=lambda dz, W_hh: dz @ W_hh),
        "h_t in place of h_{t-1}": _same_state,
        "h0 ignored": _start_ignored,
        "transposed dW_hh": _changed(lambda g, *args: (g[0], g[1].T, *g[2:])),
        "divided by T twice": _scaled(lambda dh: 1 / dh.shape[1]),
        "divided by T twice, dh0 too": _all_scaled(lambda dh: 1 / dh.shape[1]),
        "divided by N twice": _scaled(lambda dh: 1 / dh.shape[0]),
        "time forwards": _forwards,
        "dh0 before W_hh": lambda x, h0, h, W_hh, dh: (
            *rnn_backward(x, h0, h, W_hh, dh)[:3],
            _pre_activations(x, h0, h, W_hh, dh)[:, 0],
        ),
    },
    ("dW_xh (D, U)", "dW_hh (U, U)", "db_h (U,)", "dh0 (N, U)"),
)


# Exercise 3.2: gradient check


def central_differences(function: Callable[[Array], float], array: Array, step: float) -> Array:
    """Return central differences of ``function`` at ``array``, in float64."""
    return _differences(function, array.astype(np.float64), step, -1.0, 1.0)


def _differences(
    function: Callable, array: Array, step: float, low: float, high: float, divisor: float = 0.0
) -> Array:
    """Return (f(a + high step) - f(a + low step)) / ((high - low) step), or with another divisor."""
    gradient = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        ends = []
        for side in (high, low):
            moved = array.copy()
            moved[index] += side * step
            ends.append(float(function(moved)))
        gradient[index] = (ends[0] - ends[1]) / (divisor or (high - low)) / step
    return gradient


def _smooth(A: Array) -> Callable[[Array], float]:
    """A function of any array whose third derivatives are large enough to be seen."""
    return lambda a: float(np.sum(np.exp(0.5 * a) * A + np.sin(2 * a)) + np.prod(np.cos(a)))


def _check_cases() -> list[Case]:
    rng = np.random.default_rng(302)
    cases = []
    for label, shape, step in (
        ("a matrix (2, 3), step 0.1", (2, 3), 0.1),
        ("a vector (4,), step 0.01", (4,), 0.01),
        ("a single weight (1, 1), step 0.05", (1, 1), 0.05),
        ("three axes (2, 2, 2), step 0.2", (2, 2, 2), 0.2),
    ):
        cases.append(Case(label, (_smooth(rng.normal(size=shape)), rng.normal(size=shape), step)))
    x, h0, W_xh, W_hh, b_h, _ = _network(rng, 2, 4, 2, 3)

    def loss(W: Array) -> float:
        h_t = h0
        for t in range(x.shape[1]):
            h_t = np.tanh(x[:, t] @ W_xh + h_t @ W + b_h)
        return float((h_t**3).sum())

    cases.append(Case("W_hh of a recurrent network, step 0.02", (loss, W_hh, 0.02)))
    # Beside 300, float32 has no number nearer than 0.00003: the step is lost in rounding.
    large = np.array([300.0, -500.0, 700.0], dtype=np.float32)
    cases.append(
        Case("an array in float32, step 0.00001", (lambda a: (a**2).sum() / 1000, large, 1e-5))
    )
    return cases


def _all_at_once(function: Callable, array: Array, step: float) -> Array:
    a = array.astype(np.float64)
    return np.full(a.shape, (function(a + step) - function(a - step)) / (2 * step))


CHECK = Exercise(
    "3.2",
    "Gradient check",
    central_differences,
    _check_cases,
    {
        "one-sided difference": lambda f, a, step: _differences(f, a.astype(float), step, 0.0, 1.0),
        "one-sided difference, backwards": lambda f, a, step: _differences(
            f, a.astype(float), step, -1.0, 0.0
        ),
        "float32 check": lambda f, a, step: _differences(f, a, step, -1.0, 1.0),
        "cast to float32": lambda f, a, step: _differences(
            f, a.astype(np.float32), step, -1.0, 1.0
        ),
        "divided by the step once": lambda f, a, step: _differences(
            f, a.astype(float), step, -1.0, 1.0, divisor=1.0
        ),
        "one-sided, divided by two steps": lambda f, a, step: _differences(
            f, a.astype(float), step, 0.0, 1.0, divisor=2.0
        ),
        "not divided": lambda f, a, step: (
            step * _differences(f, a.astype(float), step, -1, 1, divisor=1.0)
        ),
        "all elements at once": _all_at_once,
        "wrong sign": lambda f, a, step: -_differences(f, a.astype(float), step, -1.0, 1.0),
        "step ignored": lambda f, a, step: _differences(f, a.astype(float), 1e-5, -1.0, 1.0),
        "step of half the size": lambda f, a, step: _differences(
            f, a.astype(float), step, -0.5, 0.5
        ),
    },
    ("gradient (the array's shape)",),
    atol=1e-7,
)


# Exercise 3.3: truncated BPTT


def truncated_gradient(h0: Array, h: Array, W_hh: Array, dh: Array, k: int) -> Array:
    """Return dW_hh (U, U) where the loss of each step goes back through at most k steps."""
    return _truncated(h0, h, W_hh, dh, k)


def _truncated(
    h0: Array,
    h: Array,
    W_hh: Array,
    dh: Array,
    k: int,
    *,
    losses: Callable[[int], Sequence[int]] = range,
    slope: bool = True,
    transpose: bool = True,
) -> Array:
    h_prev, dW_hh = _before(h0, h), np.zeros_like(W_hh)
    slopes = 1 - h**2 if slope else np.ones_like(h)
    for loss in losses(h.shape[1]):
        d_h = dh[:, loss]
        for t in range(loss, max(-1, loss - k), -1):
            dz = d_h * slopes[:, t]
            dW_hh += h_prev[:, t].T @ dz
            d_h = dz @ (W_hh.T if transpose else W_hh)
    return dW_hh


def _truncated_cases() -> list[Case]:
    rng = np.random.default_rng(303)
    cases = []
    for label, (n, t, u), k in (
        ("a batch of 3, 6 steps, 4 units, k = 2", (3, 6, 4), 2),
        ("k = 1: each loss sees its own step only", (2, 5, 3), 1),
        ("7 steps, k = 3", (2, 7, 3), 3),
        ("k as long as the sequence", (2, 4, 3), 4),
        ("k longer than the sequence", (2, 3, 2), 10),
        ("one step, one unit, k = 1", (2, 1, 1), 1),
    ):
        _, h0, _, W_hh, _, h = _network(rng, n, t, 2, u)
        cases.append(Case(label, (h0, h, W_hh, rng.normal(size=h.shape), k)))
    return cases


def _last_k_steps(h0: Array, h: Array, W_hh: Array, dh: Array, k: int) -> Array:
    """Full backpropagation that stops k steps before the end of the sequence."""
    dz = _pre_activations(h, h0, h, W_hh, dh)[:, -k:]
    return np.einsum("ntv,ntu->vu", _before(h0, h)[:, -k:], dz)


def _chunks(h0: Array, h: Array, W_hh: Array, dh: Array, k: int) -> Array:
    h_prev, dW_hh = _before(h0, h), np.zeros_like(W_hh)
    for start in range(0, h.shape[1], k):
        part = slice(start, start + k)
        dW_hh += _truncated(h_prev[:, start], h[:, part], W_hh, dh[:, part], h.shape[1])
    return dW_hh


def _chunks_reset(h0: Array, h: Array, W_hh: Array, dh: Array, k: int) -> Array:
    dW_hh = np.zeros_like(W_hh)
    for start in range(0, h.shape[1], k):
        part = slice(start, start + k)
        first = h0 if start == 0 else np.zeros_like(h0)
        dW_hh += _truncated(first, h[:, part], W_hh, dh[:, part], h.shape[1])
    return dW_hh


TRUNCATED = Exercise(
    "3.3",
    "Truncated backpropagation",
    truncated_gradient,
    _truncated_cases,
    {
        "truncation ignored": lambda h0, h, W_hh, dh, k: _truncated(h0, h, W_hh, dh, h.shape[1]),
        "one step too far": lambda h0, h, W_hh, dh, k: _truncated(h0, h, W_hh, dh, k + 1),
        "one step too short": lambda h0, h, W_hh, dh, k: _truncated(h0, h, W_hh, dh, k - 1),
        "only the last loss": lambda h0, h, W_hh, dh, k: _truncated(
            h0, h, W_hh, dh, k, losses=lambda T: [T - 1]
        ),
        "only the last k steps": _last_k_steps,
        "chunks in place of a window": _chunks,
        "state not carried between chunks": _chunks_reset,
        "missing slope": lambda h0, h, W_hh, dh, k: _truncated(h0, h, W_hh, dh, k, slope=False),
        "transposed W_hh": lambda h0, h, W_hh, dh, k: _truncated(
            h0, h, W_hh, dh, k, transpose=False
        ),
        "transposed dW_hh": lambda *args: truncated_gradient(*args).T,
        "h0 ignored": lambda h0, h, W_hh, dh, k: truncated_gradient(
            np.zeros_like(h0), h, W_hh, dh, k
        ),
        "divided by k": lambda h0, h, W_hh, dh, k: truncated_gradient(h0, h, W_hh, dh, k) / k,
    },
    ("dW_hh (U, U)",),
)


# Exercise 3.4: a training loop


def train_epoch(
    W: Array, batches: Sequence[tuple[Array, Array]], loss_and_gradient: Callable, rate: float
) -> tuple[Array, Array]:
    """Return the weights after one SGD step a batch, and the loss of each batch before its step."""
    W, losses = W.copy(), []
    for x, y in batches:
        loss, dW = loss_and_gradient(W, x, y)
        losses.append(loss)
        W = W - rate * dW
    return W, np.array(losses)


def _squared_error(W: Array, x: Array, y: Array) -> tuple[float, Array]:
    error = np.tanh(x @ W) - y
    return float((error**2).mean()), 2 * x.T @ (error * (1 - np.tanh(x @ W) ** 2)) / error.size


def _train_cases() -> list[Case]:
    rng = np.random.default_rng(304)
    cases = []
    for label, (n_batches, n, d, m), rate in (
        ("4 batches of 5, rate 0.5", (4, 5, 3, 2), 0.5),
        ("3 batches, rate 0.1", (3, 4, 2, 2), 0.1),
        ("one batch", (1, 4, 2, 1), 0.3),
        ("6 batches of one sample", (6, 1, 2, 3), 0.2),
    ):
        batches = [(rng.normal(size=(n, d)), rng.normal(size=(n, m))) for _ in range(n_batches)]
        cases.append(Case(label, (rng.normal(size=(d, m)), batches, _squared_error, rate)))
    return cases


def _accumulated(mean: bool) -> Callable:
    """One update at the end, with the gradients of all batches added up or averaged."""

    def run(W: Array, batches: Sequence, loss_and_gradient: Callable, rate: float) -> tuple:
        pairs = [loss_and_gradient(W, x, y) for x, y in batches]
        gradient = sum(dW for _, dW in pairs) / (len(batches) if mean else 1)
        return W - rate * gradient, np.array([loss for loss, _ in pairs])

    return run


def _loss_after(W: Array, batches: Sequence, loss_and_gradient: Callable, rate: float) -> tuple:
    losses = []
    for x, y in batches:
        W = W - rate * loss_and_gradient(W, x, y)[1]
        losses.append(loss_and_gradient(W, x, y)[0])
    return W, np.array(losses)


def _never_cleared(W: Array, batches: Sequence, loss_and_gradient: Callable, rate: float) -> tuple:
    total, losses = np.zeros_like(W), []
    for x, y in batches:
        loss, dW = loss_and_gradient(W, x, y)
        total = total + dW
        losses.append(loss)
        W = W - rate * total
    return W, np.array(losses)


def _rate_divided(W: Array, batches: Sequence, loss_and_gradient: Callable, rate: float) -> tuple:
    losses = []
    for x, y in batches:
        loss, dW = loss_and_gradient(W, x, y)
        losses.append(loss)
        W = W - rate / len(x) * dW
    return W, np.array(losses)


def _restarted(W: Array, batches: Sequence, loss_and_gradient: Callable, rate: float) -> tuple:
    pairs = [loss_and_gradient(W, x, y) for x, y in batches]
    return W - rate * pairs[-1][1], np.array([loss for loss, _ in pairs])


TRAINING = Exercise(
    "3.4",
    "A training loop",
    train_epoch,
    _train_cases,
    {
        "uphill": lambda W, batches, function, rate: train_epoch(W, batches, function, -rate),
        "one update at the end, summed": _accumulated(mean=False),
        "one update at the end, averaged": _accumulated(mean=True),
        "every step from the start": _restarted,
        "loss after the update": _loss_after,
        "gradients never cleared": _never_cleared,
        "divided by the batch size twice": _rate_divided,
        "sign of the gradient": lambda W, batches, function, rate: train_epoch(
            W, batches, lambda *args: (function(*args)[0], np.sign(function(*args)[1])), rate
        ),
        "rate ignored": lambda W, batches, function, rate: train_epoch(W, batches, function, 1.0),
        "weights not updated": lambda W, batches, function, rate: train_epoch(
            W, batches, function, 0.0
        ),
        "batches in reverse": lambda W, batches, function, rate: train_epoch(
            W, batches[::-1], function, rate
        ),
    },
    ("W (the weights' shape)", "losses (B,)"),
)

EXERCISES = [BACKWARD, CHECK, TRUNCATED, TRAINING]
