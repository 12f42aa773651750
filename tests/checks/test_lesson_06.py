"""Lesson 06: what learners hand in besides the misconceptions, each rejected with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from wrong import assert_rejected

from course_utils.checks import check
from course_utils.checks.lesson_06 import low_pass, random_walk, running_sum, two_back

import theano  # isort: skip  (after lesson_06, which mends it)
import theano.tensor as T  # isort: skip
from theano.scan import until  # isort: skip

ZERO = T.zeros(())


def scan(step, **options):
    return theano.scan(step, **options)[0]


def sum_by_python_loop(x):
    sums = [ZERO]
    for t in range(x.shape[0]):
        sums.append(sums[-1] + x[t])
    return T.stack(sums[1:])


def filter_starting_at_a_scalar(x, alpha):
    return scan(
        lambda x_t, y_prev: alpha * y_prev + (1 - alpha) * x_t, sequences=x.T, outputs_info=ZERO
    ).T


def walk_with_if(stream, limit, n_steps):
    def move(position):
        position = position + stream.normal()
        return (position, until(True)) if abs(position) >= limit else position

    return theano.scan(move, outputs_info=ZERO, n_steps=n_steps)


WRONG = [
    # exercise, submission, a word that the sentence must hold
    ("6.1", sum_by_python_loop, "let `theano.scan` loop"),
    ("6.1", lambda x: T.stack(list(x)), "let `theano.scan` loop"),
    ("6.1", lambda x: np.cumsum(x), "symbolic"),
    ("6.1", lambda x: [1.0, 2.0], "symbolic"),
    ("6.1", lambda x: None, "return"),
    ("6.1", lambda x: theano.scan(lambda x_t: x_t, sequences=x), "values only"),
    ("6.1", lambda x: scan(lambda x_t: x_t, sequences=x, outputs_info=ZERO), "positional"),
    ("6.1", lambda x: scan(lambda x_t, s: s + x_t, sequences=x, outputs_info=T.zeros((2, 2))), "2"),
    ("6.1", lambda x: scan(lambda s: s + x, outputs_info=ZERO), "how many steps"),
    ("6.1", lambda x: T.cumsum(T.cast(x, "float64")), "no `theano.scan`"),
    ("6.1", lambda x: running_sum(x)[::-1], "reverse"),
    ("6.1", lambda x: running_sum(x[::-1]), "6.1"),
    ("6.1", lambda x: running_sum(x) * T.dscalar(), "no argument of your function"),
    ("6.2", lambda start, p, q, n_steps: [start[0], start[1]], "symbolic"),
    ("6.2", lambda start, p, q, n_steps: two_back(start, p, q, n_steps + 1), "too many"),
    ("6.2", lambda start, p, q, n_steps: two_back(start, p, q, n_steps)[-1], "shape"),
    ("6.2", lambda start, p, q, n_steps: two_back(start, p, q, n_steps)[::-1], "reverse"),
    ("6.2", lambda start, p, q, n_steps: two_back(start, p, -q, n_steps), "6.2"),
    ("6.2", lambda start, p, q, n_steps: two_back(start, p, p, n_steps), "6.2"),
    ("6.2", lambda start, p, q, n_steps: two_back(start, p, q, 10)[:n_steps] * p, "6.2"),
    ("6.2", lambda start, p, q, n_steps: two_back(T.cast(start, "int8"), p, q, n_steps), "dtype"),
    ("6.2", lambda start, p, q, n_steps: start + p + q, "shape"),
    ("6.2", lambda start, p, q, n_steps: two_back(start, p, q, T.iscalar()), "no argument"),
    ("6.2", lambda start, p, q: start, "arguments"),
    ("6.3", filter_starting_at_a_scalar, "number of axes"),
    ("6.3", lambda x, alpha: T.zeros(x.shape[0]) + low_pass(x, alpha), "shape in T.zeros((n,))"),
    ("6.3", lambda x, alpha: low_pass(x, alpha).T, "axes"),
    ("6.3", lambda x, alpha: low_pass(x, alpha)[:, -1], "shape"),
    ("6.3", lambda x, alpha: low_pass(x, alpha)[:, ::-1], "reverse"),
    ("6.3", lambda x, alpha: low_pass(x, alpha) / (1 - alpha), "constant"),
    ("6.3", lambda x, alpha: -low_pass(x, alpha), "sign"),
    ("6.3", lambda x, alpha: x, "6.3"),
    ("6.3", lambda x, alpha: T.tanh(low_pass(x, alpha)), "6.3"),
    ("6.3", lambda x, alpha: T.log(-1 - T.sqr(low_pass(x, alpha))), "nan"),
    ("6.3", lambda x, alpha: T.zeros_like(x), "6.3"),
    ("6.3", lambda x: x, "arguments"),
    ("6.4", walk_with_if, "`if` cannot look at it"),
    ("6.4", lambda *a: random_walk(*a)[0], "positions and the updates"),
    ("6.4", lambda *a: random_walk(*a)[::-1], "positions and the updates"),
    ("6.4", lambda *a: None, "return"),
    ("6.4", lambda *a: (np.zeros(3), {}), "positions and the updates"),
    ("6.4", lambda *a: (random_walk(*a)[0] * 2, random_walk(*a)[1]), "6.4"),
    ("6.4", lambda *a: (random_walk(*a)[0][-1], random_walk(*a)[1]), "shape"),
    ("6.4", lambda *a: (random_walk(*a)[0][:-1], random_walk(*a)[1]), "lacks the last"),
    ("6.4", lambda s, limit, n: random_walk(s, 2 * limit, n), "6.4"),
    ("6.4", lambda s, limit, n: random_walk(s, limit, 3), "6.4"),
    ("6.4", lambda s, limit, n: (T.zeros((4,)), {}), "6.4"),
    ("6.4", lambda s, limit: s, "arguments"),
]


@pytest.mark.parametrize(("exercise", "submission", "word"), WRONG)
def test_rejected_with_its_reason(exercise, submission, word):
    assert_rejected(exercise, submission, word)


def test_other_right_ways_are_accepted():
    def sums(x):
        x = T.cast(x, "float64")
        return scan(lambda x_t, total: total + x_t, sequences=x, outputs_info=T.zeros_like(x[0]))

    def taps(start, p, q, n_steps):
        return scan(  # the two values as one state of two numbers
            lambda pair: T.stack([pair[1], p * pair[1] + q * pair[0]]),
            outputs_info=start,
            n_steps=n_steps,
        )[:, 1]

    def batch(x, alpha):
        return scan(
            lambda x_t, y_prev: y_prev + (1 - alpha) * (x_t - y_prev),
            sequences=x.T,
            outputs_info=T.zeros((x.shape[0],)),
        ).T

    def walk(stream, limit, n_steps):
        def move(position):
            position = position + stream.normal(size=())
            return position, until(T.or_(position >= limit, position <= -limit))

        return theano.scan(move, outputs_info=np.float64(0), n_steps=n_steps)

    answers = {"6.1": sums, "6.2": taps, "6.3": batch, "6.4": walk}
    for exercise, answer in answers.items():
        assert check(exercise, answer).status == "correct", check(exercise, answer)


def test_references_equal_plain_numpy():
    rng = np.random.default_rng(6)
    x, alpha = rng.normal(size=(3, 8)), 0.7
    y, y_prev = np.empty_like(x), np.zeros(3)
    for t in range(8):
        y_prev = y[:, t] = alpha * y_prev + (1 - alpha) * x[:, t]
    symbols = T.dvector(), T.dmatrix(), T.dscalar()
    compute = theano.function(symbols, [running_sum(symbols[0]), low_pass(*symbols[1:])])
    sums, filtered = compute(x[0], x, alpha)
    np.testing.assert_allclose(sums, np.cumsum(x[0]), rtol=1e-12)
    np.testing.assert_allclose(filtered, y, rtol=1e-12)


def test_a_walk_equals_plain_numpy():
    from theano.tensor.random.utils import RandomStream

    stream = RandomStream(6)
    positions, updates = random_walk(stream, T.constant(2.0), 50)
    walk = theano.function([], positions, updates=updates)
    first, second = walk(), walk()
    for positions in (first, second):
        assert np.all(np.abs(positions[:-1]) < 2)
        assert abs(positions[-1]) >= 2
    assert not set(np.diff(first)) & set(np.diff(second))
