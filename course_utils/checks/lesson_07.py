"""Exercises of lesson 07, an RNN in scan: the layer, a batch without leaks, momentum.

Every submission gets symbols and returns a graph or updates, which are compiled and run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from course_utils import theano_training
from course_utils.judging.exercise import Case, Exercise
from course_utils.judging.graphs import (
    compile_with,
    finished,
    loops_in,
    run_graph,
    symbol,
)
from course_utils.judging.outcomes import Unusable

import theano  # isort: skip  (after checks.graphs, which mends it)
import theano.tensor as T  # isort: skip
from theano.compile.sharedvalue import SharedVariable  # isort: skip
from theano.graph.basic import Variable, ancestors  # isort: skip
from theano.scan.op import Scan  # isort: skip

Rule = Callable[[Callable, Callable], "tuple[str, str] | None"]
Step = Callable[..., Variable]


def products_in_loop(result: Variable) -> int:
    """Count the matrix products in the loops of the graph that computes ``result``."""
    loops = {each.owner for each in ancestors([result]) if each.owner}
    inside = {
        each.owner
        for loop in loops
        if isinstance(loop.op, Scan)
        for each in ancestors(loop.op.outputs)
        if each.owner
    }
    return sum(isinstance(node.op, T.Dot) for node in inside)


def _loop_rules(*arguments: np.ndarray, n_products: int = 2) -> list[Rule]:
    """Rules for the graph which a submission builds: a whole loop, with so many products at most."""

    def rule(submission: Callable, run: Callable) -> tuple[str, str] | None:
        result = submission(*(symbol(each.dtype, each.ndim) for each in arguments))
        if not loops_in(result):
            return "no scan", (
                "The numbers are right, but there is no `theano.scan` in your graph, and that is "
                "what this exercise is about."
            )
        if any(loop.truncate_gradient != -1 for loop in loops_in(result)):
            return "gradient cut off", (
                "The numbers are right, but with `truncate_gradient` the gradient stops after so "
                "many steps. A layer that learns from all of its input lets it pass."
            )
        if products_in_loop(result) > n_products:
            return "input product inside the loop", (
                "The numbers are right, and your loop multiplies the input by `W_xh` at every "
                "step. That product needs no state: what could you compute for all steps at once, "
                "and loop over instead of `x`?"
            )
        return None

    return [rule]


def _weights(rng: np.random.Generator, n_features: int, n_units: int) -> tuple[np.ndarray, ...]:
    return (
        rng.normal(size=(n_features, n_units)),
        rng.normal(size=(n_units, n_units)) / np.sqrt(n_units),
        rng.normal(size=n_units),
    )


def _swap(a: Variable) -> Variable:
    return a.dimshuffle(1, 0, 2)


# Exercise 7.1: the layer


def rnn_states(
    x: Variable, h0: Variable, W_xh: Variable, W_hh: Variable, b_h: Variable
) -> Variable:
    """Return the states h (N, T, U) of x (N, T, D) from h0 (N, U)."""
    return _rnn(x, h0, W_xh, W_hh, b_h)


def _tanh_step(a_t: Variable, h_prev: Variable, W_hh: Variable) -> Variable:
    return T.tanh(a_t + T.dot(h_prev, W_hh))


def _by_time(a: Variable, h0: Variable, W_hh: Variable, step: Step = _tanh_step, **options: Any):
    """States (T, N, U) from what enters the units, (T, N, U)."""
    h, _ = theano.scan(step, sequences=a, outputs_info=h0, non_sequences=W_hh, **options)
    return h


def _rnn(
    x: Variable,
    h0: Variable,
    W_xh: Variable,
    W_hh: Variable,
    b_h: Variable,
    step: Step = _tanh_step,
    **options: Any,
) -> Variable:
    return _swap(_by_time(_swap(T.dot(x, W_xh) + b_h), h0, W_hh, step, **options))


def _rnn_cases() -> list[Case]:
    rng = np.random.default_rng(701)
    return [
        Case(label, (rng.normal(size=(n, t, d)), rng.normal(size=(n, u)), *_weights(rng, d, u)))
        for label, n, t, d, u in (
            ("a batch of 3, 5 steps, 2 features, 4 units", 3, 5, 2, 4),
            ("as many of each: 3 sequences, steps, features and units", 3, 3, 3, 3),
            ("one sequence of 6 steps", 1, 6, 2, 3),
            ("one step only, a batch of 4", 4, 1, 3, 2),
            ("one unit, one feature", 2, 4, 1, 1),
        )
    ]


def _over_the_batch(
    x: Variable, h0: Variable, W_xh: Variable, W_hh: Variable, b_h: Variable
) -> Variable:
    """Loop over axis 0 of a batch; the state then has a row for each step."""
    a = T.dot(x, W_xh) + b_h
    return _by_time(a, T.zeros_like(a[0]), W_hh)


def _over_the_batch_from_h0(
    x: Variable, h0: Variable, W_xh: Variable, W_hh: Variable, b_h: Variable
) -> Variable:
    return _by_time(T.dot(x, W_xh) + b_h, h0, W_hh)


RNN = Exercise(
    "7.1",
    "The RNN in scan",
    rnn_states,
    _rnn_cases,
    {
        "batch axis scanned instead of time": [_over_the_batch, _over_the_batch_from_h0],
        "time first in the result": lambda x, h0, W_xh, W_hh, b_h: _swap(
            rnn_states(x, h0, W_xh, W_hh, b_h)
        ),
        "state not fed back": [
            lambda x, h0, W_xh, W_hh, b_h: T.tanh(T.dot(x, W_xh) + b_h),
            lambda x, h0, W_xh, W_hh, b_h: T.tanh(
                T.dot(x, W_xh) + b_h + T.dot(h0, W_hh).dimshuffle(0, "x", 1)
            ),
        ],
        "start state ignored": lambda x, h0, W_xh, W_hh, b_h: rnn_states(
            x, T.zeros_like(h0), W_xh, W_hh, b_h
        ),
        "start state in the result": [
            lambda x, h0, W_xh, W_hh, b_h: T.concatenate(
                [h0.dimshuffle(0, "x", 1), rnn_states(x, h0, W_xh, W_hh, b_h)], axis=1
            ),
            lambda x, h0, W_xh, W_hh, b_h: T.concatenate(
                [h0.dimshuffle(0, "x", 1), rnn_states(x, h0, W_xh, W_hh, b_h)[:, :-1]], axis=1
            ),
        ],
        "last state only": lambda x, h0, W_xh, W_hh, b_h: rnn_states(x, h0, W_xh, W_hh, b_h)[:, -1],
        "missing tanh": lambda x, h0, W_xh, W_hh, b_h: _rnn(
            x, h0, W_xh, W_hh, b_h, lambda a_t, h_prev, W_hh: a_t + T.dot(h_prev, W_hh)
        ),
        "tanh before the sum": lambda x, h0, W_xh, W_hh, b_h: _by_time(
            _swap(T.tanh(T.dot(x, W_xh) + b_h)), h0, W_hh
        ).dimshuffle(1, 0, 2),
        "bias forgotten": lambda x, h0, W_xh, W_hh, b_h: rnn_states(x, h0, W_xh, W_hh, 0 * b_h),
        "bias twice": lambda x, h0, W_xh, W_hh, b_h: rnn_states(x, h0, W_xh, W_hh, 2 * b_h),
        "transposed W_hh": lambda x, h0, W_xh, W_hh, b_h: rnn_states(x, h0, W_xh, W_hh.T, b_h),
        "arguments in the wrong order": lambda x, h0, W_xh, W_hh, b_h: _rnn(
            x, h0, W_xh, W_hh, b_h, lambda h_prev, a_t, W: T.tanh(a_t + T.dot(h_prev, W))
        ),
        "backwards in time": lambda x, h0, W_xh, W_hh, b_h: _rnn(
            x, h0, W_xh, W_hh, b_h, go_backwards=True
        ),
    },
    ("h (N, T, U)",),
    call=run_graph,
    rules=_loop_rules(*map(np.zeros, ((2, 3, 2), (2, 4), (2, 4), (4, 4), (4,))), n_products=1),
)


# Exercise 7.2: a batch without leaks


def batch_states(
    x: Variable, mask: Variable, first: Variable, W_xh: Variable, W_hh: Variable, b_h: Variable
) -> Variable:
    """Return the states h (N, T, U), held where mask is False, from zeros where first is True."""
    return _batch(x, mask, first, W_xh, W_hh, b_h, _clean_step)


def _clean_step(
    a_t: Variable, mask_t: Variable, first_t: Variable, h_prev: Variable, W_hh: Variable
) -> Variable:
    h_t = _tanh_step(a_t, T.switch(first_t, 0, h_prev), W_hh)
    return T.switch(mask_t, h_t, h_prev)


def _batch(
    x: Variable,
    mask: Variable,
    first: Variable,
    W_xh: Variable,
    W_hh: Variable,
    b_h: Variable,
    step: Step,
) -> Variable:
    a = T.dot(x, W_xh) + b_h
    h, _ = theano.scan(
        step,
        sequences=[_swap(a), mask.dimshuffle(1, 0, "x"), first.dimshuffle(1, 0, "x")],
        outputs_info=T.zeros_like(a[:, 0]),
        non_sequences=W_hh,
    )
    return _swap(h)


def _batch_cases() -> list[Case]:
    rng = np.random.default_rng(702)

    def case(label: str, rows: Sequence[Sequence[int]], n_steps: int, padding: float = 0) -> Case:
        mask = np.array([np.arange(n_steps) < sum(lengths) for lengths in rows])
        first = np.zeros_like(mask)
        for row, lengths in enumerate(rows):
            first[row, np.cumsum([0, *lengths[:-1]])] = True
        x = rng.normal(size=(*mask.shape, 2))
        x[~mask] = padding
        return Case(label, (x, mask, first, *_weights(rng, 2, 3)))

    return [
        case("three rows, one sequence each, of 4, 6 and 2 steps", [[4], [6], [2]], 6),
        case("two rows of two sequences, without padding", [[3, 4], [5, 2]], 7),
        case(
            "sequences and padding: rows of 2 + 3, 1 + 1 + 2 and 6 steps",
            [[2, 3], [1, 1, 2], [6]],
            7,
        ),
        case("padding that is not zero: one row of 3 steps and 3 of padding", [[3]], 6, 5.0),
        case("one row, one step", [[1]], 1),
    ]


def _rule(change: Callable) -> Step:
    """A step whose state before it and after it are ``change(h_t(start), flags, h_prev)``."""

    def step(a_t, mask_t, first_t, h_prev, W_hh):
        return change(lambda start: _tanh_step(a_t, start, W_hh), mask_t, first_t, h_prev)

    return step


def _wrong_batch(change: Callable) -> Callable:
    def submission(x, mask, first, W_xh, W_hh, b_h):
        return _batch(x, mask, first, W_xh, W_hh, b_h, _rule(change))

    return submission


def _erased_afterwards(x, mask, first, W_xh, W_hh, b_h):
    return batch_states(x, mask, first, W_xh, W_hh, b_h) * mask.dimshuffle(0, 1, "x")


def _batch_as_time(x, mask, first, W_xh, W_hh, b_h):
    a = T.dot(x, W_xh) + b_h
    h, _ = theano.scan(
        _clean_step,
        sequences=[a, mask.dimshuffle(0, 1, "x"), first.dimshuffle(0, 1, "x")],
        outputs_info=T.zeros_like(a[0]),
        non_sequences=W_hh,
    )
    return h


BATCH = Exercise(
    "7.2",
    "Batching without leaking state",
    batch_states,
    _batch_cases,
    {
        "state leaking over a boundary": [
            _wrong_batch(lambda h, mask, first, h_prev: T.switch(mask, h(h_prev), h_prev)),
            _wrong_batch(lambda h, mask, first, h_prev: h(h_prev)),
        ],
        "state changes past the end": _wrong_batch(
            lambda h, mask, first, h_prev: h(T.switch(first, 0, h_prev))
        ),
        "mask multiplies the state to zero": [
            _wrong_batch(lambda h, mask, first, h_prev: mask * h(T.switch(first, 0, h_prev))),
            _erased_afterwards,
            _wrong_batch(lambda h, mask, first, h_prev: mask * h(h_prev)),
        ],
        "input masked, not the state": lambda x, mask, first, W_xh, W_hh, b_h: _wrong_batch(
            lambda h, mask, first, h_prev: h(T.switch(first, 0, h_prev))
        )(x * mask.dimshuffle(0, 1, "x"), mask, first, W_xh, W_hh, b_h),
        "flags the wrong way round": [
            _wrong_batch(
                lambda h, mask, first, h_prev: T.switch(mask, h_prev, h(T.switch(first, 0, h_prev)))
            ),
            _wrong_batch(
                lambda h, mask, first, h_prev: T.switch(mask, h(T.switch(first, h_prev, 0)), h_prev)
            ),
        ],
        "first state set to zero": _wrong_batch(
            lambda h, mask, first, h_prev: T.switch(mask, T.switch(first, 0, h(h_prev)), h_prev)
        ),
        "reset after the first step": lambda x, mask, first, W_xh, W_hh, b_h: batch_states(
            x, mask, T.concatenate([first[:, :1] * 0, first[:, :-1]], axis=1), W_xh, W_hh, b_h
        ),
        "batch axis scanned instead of time": _batch_as_time,
        "time first in the result": lambda *args: _swap(batch_states(*args)),
    },
    ("h (N, T, U)",),
    call=run_graph,
    rules=_loop_rules(
        np.zeros((2, 3, 2)),
        np.zeros((2, 3), bool),
        np.zeros((2, 3), bool),
        *map(np.zeros, ((2, 4), (4, 4), (4,))),
    ),
)


# Exercise 7.3: momentum for all parameters

Updates = list[tuple[SharedVariable, Variable]]


def momentum_updates(
    loss: Variable,
    parameters: Sequence[SharedVariable],
    learning_rate: float,
    momentum: float,
    clip_norm: float,
) -> Updates:
    """Return pairs of shared variable and new value, for parameters and velocities."""
    return theano_training.momentum(loss, parameters, learning_rate, momentum, clip_norm=clip_norm)


def _momentum_cases() -> list[Case]:
    return [
        Case(label, (seed, scale, learning_rate, momentum, clip_norm, n_calls))
        for label, seed, scale, learning_rate, momentum, clip_norm, n_calls in (
            ("one call, gradients smaller than the norm", 1, 0.1, 0.1, 0.9, 5.0, 1),
            ("five calls, gradients smaller than the norm", 2, 0.1, 0.1, 0.9, 5.0, 5),
            ("one call, gradients larger than the norm", 3, 3.0, 0.1, 0.9, 0.5, 1),
            ("six calls, gradients larger than the norm", 4, 3.0, 0.2, 0.5, 0.5, 6),
            ("four calls without momentum", 5, 1.0, 0.1, 0.0, 1.0, 4),
        )
    ]


def train_with(function: Callable, args: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Compile the updates of a small network, call it, and return its parameters."""
    *settings, n_calls = args
    (seed, scale), hyper = settings[:2], settings[2:]
    compiled = compile_with(_compile_training, function, *hyper)
    parameters, memory, update = compiled
    rng = np.random.default_rng(seed)
    for shared, start in memory:
        shared.set_value(start)
    for shared in parameters:
        shared.set_value(rng.normal(size=shared.get_value().shape))
    x = scale * rng.normal(size=(6, 3))
    y = scale * rng.normal(size=(6, 2))
    for _ in range(n_calls):
        update(x, y)
    W, b = (shared.get_value() for shared in parameters)
    return W, b


def _compile_training(function: Callable, *hyper: float) -> tuple[list, list, Callable]:
    x, y = T.dmatrix("x"), T.dmatrix("y")
    parameters = [theano.shared(np.ones((3, 2)), "W"), theano.shared(np.ones(2), "b")]
    W, b = parameters
    loss = T.sum((T.tanh(T.dot(x, W) + b) - y) ** 2)
    updates = _pairs(finished(function(loss, parameters, *hyper)), parameters)
    memory = [(shared, shared.get_value()) for shared, _ in updates if shared not in parameters]
    update = theano.function([x, y], [], updates=updates)
    return parameters, memory, update


def _pairs(returned: Any, parameters: Sequence[SharedVariable]) -> list[tuple]:
    wanted = "wanted a list of pairs: a shared variable and its new value"
    if returned is None:
        raise Unusable(f"returned None, {wanted}. Did you forget `return`?")
    pairs = list(returned.items()) if isinstance(returned, Mapping) else returned
    if not isinstance(pairs, list | tuple):
        raise Unusable(f"returned something else, {wanted}.")
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise Unusable(f"returned a list of something else, {wanted}.")
        if not isinstance(pair[0], SharedVariable):
            raise Unusable(
                f"returned a pair that does not begin with a shared variable, {wanted}. Only a "
                "shared variable can keep a number from one call to the next."
            )
    changed = [shared for shared, _ in pairs]
    if len(set(changed)) < len(changed):
        raise Unusable(
            "returned two new values for one variable. All of a call's new values are computed "
            "from the old ones, so there is one for each."
        )
    if not set(parameters) & set(changed):
        raise Unusable(f"returned no new value for any of the parameters, {wanted}.")
    return [tuple(pair) for pair in pairs]


def _momentum_by(
    new_velocity: Callable, new_parameter: Callable = lambda p, v, v_new, more: p + v_new
) -> Callable:
    """A submission from its two lines; ``more`` holds gradient, norms and the settings."""

    def submission(loss, parameters, learning_rate, momentum, clip_norm):
        gradients = T.grad(loss, parameters)
        square = sum(T.sum(g**2) for g in gradients)
        updates = []
        for p, g in zip(parameters, gradients, strict=True):
            more = {
                "g": g,
                "rate": learning_rate,
                "momentum": momentum,
                "clip": clip_norm,
                "norm": T.sqrt(square),
                "square": square,
                "own_norm": T.sqrt(T.sum(g**2)),
            }
            more["clipped"] = g * T.minimum(1, clip_norm / more["norm"])
            v = theano.shared(np.zeros_like(p.get_value()))
            v_new = new_velocity(v, more)
            updates += [(v, v_new), (p, new_parameter(p, v, v_new, more))]
        return updates

    return submission


def _plain(gradient: Callable) -> Callable:
    """Momentum with something else in place of the clipped gradient."""
    return _momentum_by(lambda v, m: m["momentum"] * v - m["rate"] * gradient(m))


def _right_velocity(v: Variable, m: Mapping) -> Variable:
    return m["momentum"] * v - m["rate"] * m["clipped"]


MOMENTUM = Exercise(
    "7.3",
    "Momentum for all parameters",
    momentum_updates,
    _momentum_cases,
    {
        "forgotten updates": _momentum_by(lambda v, m: -m["rate"] * m["clipped"]),
        "moved by the old velocity": _momentum_by(_right_velocity, lambda p, v, v_new, m: p + v),
        "each array clipped alone": _plain(
            lambda m: m["g"] * T.minimum(1, m["clip"] / m["own_norm"])
        ),
        "each element clipped": _plain(lambda m: T.clip(m["g"], -m["clip"], m["clip"])),
        "not clipped": _plain(lambda m: m["g"]),
        "small gradients scaled up": _plain(lambda m: m["g"] * m["clip"] / m["norm"]),
        "norm without its square root": _plain(
            lambda m: m["g"] * T.minimum(1, m["clip"] / m["square"])
        ),
        "uphill": _plain(lambda m: -m["clipped"]),
        "gradient averaged": _momentum_by(
            lambda v, m: m["momentum"] * v - (1 - m["momentum"]) * m["rate"] * m["clipped"]
        ),
        "Nesterov": _momentum_by(
            _right_velocity,
            lambda p, v, v_new, m: p + m["momentum"] * v_new - m["rate"] * m["clipped"],
        ),
        "learning rate forgotten": _momentum_by(lambda v, m: m["momentum"] * v - m["clipped"]),
        "learning rate on the whole step": _momentum_by(
            _right_velocity, lambda p, v, v_new, m: p + m["rate"] * v_new
        ),
    },
    ("W after the calls (3, 2)", "b after the calls (2,)"),
    rtol=1e-8,
    call=train_with,
)


EXERCISES = [RNN, BATCH, MOMENTUM]
