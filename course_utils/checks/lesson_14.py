"""Exercises of lesson 14, Keras on Theano: old weights, the old hard sigmoid, a loop in JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.judging.exercise import Case, Exercise

Array = np.ndarray

# Exercise 14.1: twelve arrays


def from_keras1(weights: list[Array]) -> tuple[Array, ...]:
    """Join the twelve arrays of an LSTM of Keras 1 into kernel, recurrent kernel and bias."""
    return _joined(weights, "ifgo")


def _joined(weights: list[Array], order: str, axis: int = -1) -> tuple[Array, ...]:
    """Concatenate the gates in ``order``."""
    gates = {gate: weights[3 * k : 3 * k + 3] for k, gate in enumerate("igfo")}
    return tuple(np.concatenate(parts, axis) for parts in zip(*map(gates.get, order), strict=True))


def _keras1_cases() -> list[Case]:
    rng = np.random.default_rng(141)
    sizes = {
        "3 features, 4 units": (3, 4),
        "one feature, one unit": (1, 1),
        "as many features as units, 3": (3, 3),
    }
    return [
        Case(label, ([rng.normal(size=size) for _ in range(4) for size in ((d, u), (u, u), (u,))],))
        for label, (d, u) in sizes.items()
    ]


def _swapped_kernels(weights: list[Array]) -> tuple[Array, Array, Array]:
    kernel, recurrent_kernel, bias = from_keras1(weights)
    return recurrent_kernel, kernel, bias


FROM_KERAS1 = Exercise(
    "14.1",
    "Twelve arrays",
    from_keras1,
    _keras1_cases,
    {
        "order of Keras 1 kept": lambda weights: _joined(weights, "igfo"),
        "gates in another order": [
            lambda weights: _joined(weights, "figo"),
            lambda weights: _joined(weights, "ifog"),
            lambda weights: _joined(weights, "ogfi"),
        ],
        "gates below each other": lambda weights: _joined(weights, "ifgo", axis=0),
        "kernel and recurrent kernel exchanged": _swapped_kernels,
    },
    ("kernel (D, 4U)", "recurrent_kernel (U, 4U)", "bias (4U,)"),
)


# Exercise 14.2: the old hard sigmoid


def old_hard_sigmoid(a: Array) -> Array:
    """Return the hard sigmoid of Keras 1 and 2."""
    return np.clip(a / 5 + 0.5, 0, 1)


def _gate_cases() -> list[Case]:
    rng = np.random.default_rng(142)
    return [
        Case("a batch of gates (3, 4)", (rng.normal(0, 2, size=(3, 4)),)),
        Case("places around both bends", (np.array([-9.0, -3, -2.5, -1, 0, 1, 2.5, 2.75, 3, 9]),)),
        Case("gates of three axes (2, 3, 2)", (rng.normal(0, 3, size=(2, 3, 2)),)),
    ]


OLD_HARD_SIGMOID = Exercise(
    "14.2",
    "The old hard sigmoid",
    old_hard_sigmoid,
    _gate_cases,
    {
        "hard sigmoid of Keras 3": lambda a: np.clip(a / 6 + 0.5, 0, 1),
        "smooth sigmoid": lambda a: 1 / (1 + np.exp(-a)),
        "not clipped": lambda a: a / 5 + 0.5,
        "clipped on one side": [
            lambda a: np.maximum(0, a / 5 + 0.5),
            lambda a: np.minimum(1, a / 5 + 0.5),
        ],
        "clipped like tanh": [
            lambda a: np.clip(a / 5, -1, 1),
            lambda a: np.clip(a / 5 + 0.5, -1, 1),
        ],
        "clipped before the line": lambda a: np.clip(a, 0, 1) / 5 + 0.5,
        "tangent of the sigmoid": lambda a: np.clip(a / 4 + 0.5, 0, 1),
        "half forgotten": lambda a: np.clip(a / 5, 0, 1),
    },
    ("gate",),
)


# Exercise 14.3: a recurrent layer in JAX


def rnn_in_jax(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    """Return all states h (N, T, U) of a SimpleRNN, as an array of JAX."""
    import jax.numpy as jnp
    from jax import lax

    def step(h_prev, x_t):
        h = jnp.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
        return h, h

    states = lax.scan(step, jnp.asarray(h0, "float32"), jnp.swapaxes(x, 0, 1))[1]
    return jnp.swapaxes(states, 0, 1)


def _states(
    x: Array,
    h0: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    *,
    squash: Callable[[Array], Array] = np.tanh,
    keep: float = 1,
) -> Array:
    h, states = h0, []
    for x_t in x.swapaxes(0, 1):
        h = squash(x_t @ W_xh + keep * (h @ W_hh) + b_h)
        states.append(h)
    return np.stack(states, axis=1)


def _over_the_batch(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """Scan axis 0 as it is: every sample becomes a step, every step a sample."""
    if h0.shape[0] not in (1, x.shape[1]):
        raise ValueError("shapes do not broadcast")
    h, states = h0, []
    for sample in x:
        h = np.tanh(sample @ W_xh + h @ W_hh + b_h)
        states.append(h)
    return np.stack(states)


def _call(submission: Callable, args: tuple) -> object:
    """Bring JAX's arrays to NumPy, and leave anything else as it is."""
    returned = submission(*args)
    if isinstance(returned, tuple):
        return tuple(map(_in_numpy, returned))
    return _in_numpy(returned)


def _in_numpy(value: object) -> object:
    return np.asarray(value) if hasattr(value, "__array__") else value


def _rnn_cases() -> list[Case]:
    rng = np.random.default_rng(143)
    sizes = {
        "a batch of 3, 5 steps, 2 features, 4 units": (3, 5, 2, 4),
        "one sequence of one step": (1, 1, 3, 2),
        "as many samples, steps, features and units, 3": (3, 3, 3, 3),
    }
    return [
        Case(
            label,
            tuple(
                rng.normal(0, 0.7, size=shape)
                for shape in ((n, t, d), (n, u), (d, u), (u, u), (u,))
            ),
        )
        for label, (n, t, d, u) in sizes.items()
    ]


def _must_scan(submission: Callable, run: Callable) -> tuple[str, str] | None:
    """Want a loop that JAX traces once, whatever the number of steps."""
    import jax

    try:
        scans = "scan[" in str(jax.make_jaxpr(submission)(*_rnn_cases()[0].args))
    except Exception:  # of NumPy, say, which wants numbers where there are none yet
        scans = False
    if scans:
        return None
    return "no lax.scan", (
        "The numbers are right, but JAX sees no `jax.lax.scan`, and that is what this exercise is "
        "about: a loop that is traced and compiled once, however many steps there are."
    )


RNN_IN_JAX = Exercise(
    "14.3",
    "A recurrent layer in JAX",
    rnn_in_jax,
    _rnn_cases,
    {
        "batch scanned instead of time": _over_the_batch,
        "time first": lambda *args: _states(*args).swapaxes(0, 1),
        "last state only": lambda *args: _states(*args)[:, -1],
        "old state stacked": lambda x, h0, *weights: np.concatenate(
            [h0[:, None], _states(x, h0, *weights)[:, :-1]], axis=1
        ),
        "state never carried": lambda x, h0, *weights: np.concatenate(
            [_states(x[:, [t]], h0, *weights) for t in range(x.shape[1])], axis=1
        ),
        "h0 ignored": lambda x, h0, *weights: _states(x, 0 * h0, *weights),
        "missing nonlinearity": lambda *args: _states(*args, squash=lambda total: total),
        "recurrent term missing": lambda *args: _states(*args, keep=0),
        "transposed W_hh": lambda x, h0, W_xh, W_hh, b_h: _states(x, h0, W_xh, W_hh.T, b_h),
        "run backwards": lambda x, *rest: _states(x[:, ::-1], *rest)[:, ::-1],
    },
    ("h (N, T, U)",),
    rtol=1e-4,
    atol=1e-5,  # JAX computes in float32
    time_limit=20.0,  # each case is traced and compiled anew
    call=_call,
    rules=[_must_scan],
)

EXERCISES = [FROM_KERAS1, OLD_HARD_SIGMOID, RNN_IN_JAX]
