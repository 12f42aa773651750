"""Exercises of lesson 06, scan: a running sum, taps, a filter over a batch, a walk that stops.

Every submission gets symbols and returns a graph, which is compiled and run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

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
from theano.graph.basic import Variable  # isort: skip
from theano.scan import until  # isort: skip
from theano.tensor.random.utils import RandomStream  # isort: skip

Rule = Callable[[Callable, Callable], "tuple[str, str] | None"]


def _must_scan(name: str, hint: str, *args: Any) -> Rule:
    """Return a rule that wants a Scan in the graph that a submission builds from ``args``."""

    def rule(submission: Callable, run: Callable) -> tuple[str, str] | None:
        symbols = [
            symbol(arg.dtype, arg.ndim) if isinstance(arg, np.ndarray) else arg for arg in args
        ]
        return None if loops_in(submission(*symbols)) else (name, hint)

    return rule


# Exercise 6.1: a running sum


def running_sum(x: Variable) -> Variable:
    """Return the sums of the first 1, 2, … T values of x (T,), in float64."""
    return _sum_from(x, T.zeros(()))


def _sum_from(x: Variable, start: Any) -> Variable:
    sums, _ = theano.scan(lambda x_t, total: total + x_t, sequences=x, outputs_info=start)
    return sums


def _sum_cases() -> list[Case]:
    rng = np.random.default_rng(601)
    return [
        Case("five numbers", (rng.normal(size=5),)),
        Case("a single number", (np.array([2.5]),)),
        Case("int8 numbers that add up to 300", (np.array([100, 100, 50, 50], dtype="int8"),)),
        Case(
            "float32 numbers of very different size",
            (np.array([2.0**24, 1, 1, 1, 1, 1], dtype="float32"),),
        ),
    ]


def _without_feedback(x: Variable) -> Variable:
    return theano.scan(lambda x_t: T.zeros(()) + x_t, sequences=x)[0]


RUNNING_SUM = Exercise(
    "6.1",
    "Running sum",
    running_sum,
    _sum_cases,
    {
        "start value in the output": lambda x: T.concatenate([T.zeros((1,)), running_sum(x)]),
        "start value of the wrong dtype": [
            lambda x, zero=zero: _sum_from(x, zero) for zero in (0, 0.0)
        ],
        "sum in the dtype of x": [
            lambda x: _sum_from(x, T.zeros((), dtype=x.dtype)),
            lambda x: T.cumsum(x),
        ],
        "output not fed back": _without_feedback,
        "only the last value": lambda x: running_sum(x)[-1],
        "start from the first number": lambda x: _sum_from(x, T.cast(x[0], "float64")),
    },
    ("sums (T,)",),
    rtol=1e-9,
    call=run_graph,
    rules=[
        _must_scan(
            "no scan",
            "The numbers are right, but there is no `theano.scan` in your graph, and that is what "
            "this exercise is about.",
            np.zeros(3),
        )
    ],
)


# Exercise 6.2: taps


def two_back(start: Variable, p: Variable, q: Variable, n_steps: int) -> Variable:
    """Return the n_steps values that follow start (2,): s_t = p s_{t-1} + q s_{t-2}."""
    return _two_back(start, p, q, n_steps, lambda older, newer, p, q: p * newer + q * older)


def _two_back(
    start: Variable, p: Variable, q: Variable, n_steps: int, step: Callable, taps: tuple = (-2, -1)
) -> Variable:
    values, _ = theano.scan(
        step,
        outputs_info={"initial": start, "taps": list(taps)},
        non_sequences=[p, q],
        n_steps=n_steps,
    )
    return values


def _tap_cases() -> list[Case]:
    def case(label: str, start: tuple, p: float, q: float, n_steps: int) -> Case:
        return Case(label, (np.array(start), np.array(p), np.array(q), n_steps))

    return [
        case("Fibonacci: start 0 and 1, p = q = 1, 10 steps", (0, 1), 1, 1, 10),
        case("Pell: start 0 and 1, p = 2, q = 1, 8 steps", (0, 1), 2, 1, 8),
        case("start 2 and -1, p = 1, q = -3, 6 steps", (2, -1), 1, -3, 6),
        case("floats: start 0.5 and 1.5, p = 0.5, q = 0.25, 5 steps", (0.5, 1.5), 0.5, 0.25, 5),
        case("one step: start 3 and 4, p = 1, q = 2", (3, 4), 1, 2, 1),
    ]


def _one_tap(start: Variable, p: Variable, q: Variable, n_steps: int) -> Variable:
    values, _ = theano.scan(
        lambda newer, p, q: p * newer + q * newer,
        outputs_info=start[1],
        non_sequences=[p, q],
        n_steps=n_steps,
    )
    return values


TAPS = Exercise(
    "6.2",
    "Fibonacci with taps",
    two_back,
    _tap_cases,
    {
        "taps in the wrong order": lambda start, p, q, n_steps: _two_back(
            start, p, q, n_steps, lambda newer, older, p, q: p * newer + q * older
        ),
        "start value in the output": [
            lambda start, p, q, n_steps: T.concatenate([start, two_back(start, p, q, n_steps)]),
            lambda start, p, q, n_steps: T.concatenate([start, two_back(start, p, q, n_steps + 2)])[
                :n_steps
            ],
        ],
        "one tap for both": _one_tap,
        "start values exchanged": lambda start, p, q, n_steps: two_back(start[::-1], p, q, n_steps),
    },
    ("values (n_steps,)",),
    call=run_graph,
    rules=[
        _must_scan(
            "Python loop at build time",
            "The numbers are right, but a Python loop made them: it ran while the graph was built, "
            "and a graph for 1,000 steps would have 1,000 copies of your step. Let `theano.scan` "
            "loop, with `n_steps=n_steps`.",
            np.array([0, 1]),
            np.array(1),
            np.array(1),
            7,
        )
    ],
)


# Exercise 6.3: a low-pass filter over a batch


def low_pass(x: Variable, alpha: Variable) -> Variable:
    """Return y (N, T) from x (N, T): y_t = alpha y_{t-1} + (1 - alpha) x_t from zero."""
    return _filter(x, alpha)


def _step(x_t: Variable, y_prev: Variable, alpha: Variable) -> Variable:
    return alpha * y_prev + (1 - alpha) * x_t


def _filter(
    x: Variable, alpha: Variable, step: Callable = _step, start: Any = None, **options: Any
) -> Variable:
    x_by_time = x.dimshuffle(1, 0)
    y, _ = theano.scan(
        step,
        sequences=x_by_time,
        outputs_info=T.zeros_like(x_by_time[0]) if start is None else start,
        non_sequences=alpha,
        **options,
    )
    return y.dimshuffle(1, 0)


def _filter_cases() -> list[Case]:
    rng = np.random.default_rng(603)
    return [
        Case(f"{label}, alpha = {alpha}", (rng.normal(size=shape), np.array(alpha)))
        for label, shape, alpha in (
            ("a batch of 3, 5 steps", (3, 5), 0.8),
            ("as many sequences as steps", (4, 4), 0.3),
            ("one sequence of 6 steps", (1, 6), 0.9),
            ("one step only, a batch of 2", (2, 1), 0.6),
        )
    ]


def _over_the_batch(x: Variable, alpha: Variable) -> Variable:
    return theano.scan(_step, sequences=x, outputs_info=T.zeros_like(x[0]), non_sequences=alpha)[0]


LOW_PASS = Exercise(
    "6.3",
    "A low-pass filter",
    low_pass,
    _filter_cases,
    {
        "arguments in the wrong order": [
            lambda x, alpha: _filter(
                x, alpha, lambda y_prev, x_t, alpha: _step(x_t, y_prev, alpha)
            ),
            lambda x, alpha: _filter(
                x, alpha, lambda x_t, alpha, y_prev: _step(x_t, y_prev, alpha)
            ),
        ],
        "loop over the batch": _over_the_batch,
        "output not fed back": lambda x, alpha: (1 - alpha) * x,
        "start from the first value": lambda x, alpha: _filter(x, alpha, start=x[:, 0]),
        "start value in the output": lambda x, alpha: T.concatenate(
            [T.zeros_like(x[:, :1]), low_pass(x, alpha)], axis=1
        ),
        "backwards in time": lambda x, alpha: _filter(x, alpha, go_backwards=True),
    },
    ("y (N, T)",),
    call=run_graph,
    rules=[
        _must_scan(
            "no scan",
            "The numbers are right, but there is no `theano.scan` in your graph, and that is what "
            "this exercise is about.",
            np.zeros((2, 3)),
            np.array(0.5),
        )
    ],
)


# Exercise 6.4: a walk that stops


def random_walk(stream: RandomStream, limit: Variable, n_steps: int) -> tuple[Variable, Mapping]:
    """Return the positions until one is at least limit away from 0, and the updates."""
    return _walk(stream, n_steps, lambda position: abs(position) >= limit)


def _walk(stream: RandomStream, n_steps: int, stop: Callable) -> tuple[Variable, Mapping]:
    def move(position: Variable) -> tuple:
        new_position = position + stream.normal()
        return new_position, until(stop(new_position))

    return _moves(move, n_steps)


def _moves(move: Callable, n_steps: int) -> tuple[Variable, Mapping]:
    return theano.scan(move, outputs_info=T.zeros(()), n_steps=n_steps)


def _walk_cases() -> list[Case]:
    return [
        Case(f"seed {seed}, limit {limit}, at most {n_steps} steps", (seed, limit, n_steps))
        for seed, limit, n_steps in ((1, 2.0, 50), (2, 3.0, 50), (3, 1.5, 50), (4, 100.0, 8))
    ]


def walk_twice(function: Callable, args: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Compile the walk with its updates, seed its stream, and call it twice."""
    seed, limit, n_steps = args
    stream, walk = compile_with(_compile_walk, function, n_steps)
    stream.seed(seed)
    return walk(limit), walk(limit)


def _compile_walk(function: Callable, n_steps: int) -> tuple[RandomStream, Callable]:
    stream, limit = RandomStream(), T.dscalar("limit")
    positions, updates = _positions_and_updates(finished(function(stream, limit, n_steps)))
    walk = theano.function([limit], positions, updates=updates, on_unused_input="ignore")
    return stream, walk


def _positions_and_updates(returned: Any) -> tuple[Variable, Mapping]:
    wanted = "wanted two things: the positions and the updates, as `theano.scan` returns them"
    if returned is None:
        raise Unusable(f"returned None, {wanted}. Did you forget `return`?")
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise Unusable(f"did not return a pair, {wanted}.")
    positions, updates = returned
    if not isinstance(positions, Variable) or not isinstance(updates, Mapping):
        raise Unusable(f"returned a pair of other things, {wanted}.")
    return positions, updates


def _late(stream: RandomStream, limit: Variable, n_steps: int) -> tuple[Variable, Mapping]:
    def move(position: Variable) -> tuple:
        return position + stream.normal(), until(abs(position) >= limit)

    return _moves(move, n_steps)


def _one_draw(stream: RandomStream, limit: Variable, n_steps: int) -> tuple[Variable, Mapping]:
    def move(position: Variable, noise: Variable) -> tuple:
        return position + noise, until(abs(position + noise) >= limit)

    return theano.scan(
        move, outputs_info=T.zeros(()), non_sequences=stream.normal(), n_steps=n_steps
    )


def _two_draws(stream: RandomStream, limit: Variable, n_steps: int) -> tuple[Variable, Mapping]:
    def move(position: Variable) -> tuple:
        return position + stream.normal(), until(abs(position + stream.normal()) >= limit)

    return _moves(move, n_steps)


def _draws_ahead(stream: RandomStream, limit: Variable, n_steps: int) -> tuple[Variable, Mapping]:
    def move(noise: Variable, position: Variable) -> tuple:
        return position + noise, until(abs(position + noise) >= limit)

    return theano.scan(
        move, sequences=stream.normal(size=(n_steps,)), outputs_info=T.zeros(()), n_steps=n_steps
    )


def _noise_only(stream: RandomStream, limit: Variable, n_steps: int) -> tuple[Variable, Mapping]:
    def move() -> tuple:
        noise = stream.normal()
        return noise, until(abs(noise) >= limit)

    return theano.scan(move, n_steps=n_steps)


def _with_start(stream: RandomStream, limit: Variable, n_steps: int) -> tuple[Variable, Mapping]:
    positions, updates = random_walk(stream, limit, n_steps)
    return T.concatenate([T.zeros((1,)), positions]), updates


WALK = Exercise(
    "6.4",
    "A walk that stops",
    random_walk,
    _walk_cases,
    {
        "dropped updates": lambda stream, limit, n_steps: (
            random_walk(stream, limit, n_steps)[0],
            {},
        ),
        "condition the wrong way round": lambda stream, limit, n_steps: _walk(
            stream, n_steps, lambda p: abs(p) < limit
        ),
        "no stop": lambda stream, limit, n_steps: _walk(stream, n_steps, lambda p: p > np.inf),
        "stops one step late": _late,
        "stops on one side only": lambda stream, limit, n_steps: _walk(
            stream, n_steps, lambda p: p >= limit
        ),
        "one draw for all steps": _one_draw,
        "two draws a step": _two_draws,
        "numbers drawn ahead": _draws_ahead,
        "output not fed back": _noise_only,
        "start value in the output": _with_start,
    },
    ("first walk (T,)", "second walk (T,)"),
    call=walk_twice,
)


EXERCISES = [RUNNING_SUM, TAPS, LOW_PASS, WALK]
