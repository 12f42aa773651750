"""Lesson 07: wrong answers by name, other right answers, and what the checks compare with."""

from __future__ import annotations

import numpy as np
import pytest
from wrong import assert_is_sentence, assert_rejected

from course_utils import cells, training
from course_utils.checks import check
from course_utils.checks.lesson_07 import (
    EXERCISES,
    batch_states,
    momentum_updates,
    products_in_loop,
    rnn_states,
    train_with,
)

import theano  # isort: skip  (after lesson_07, which mends it)
import theano.tensor as T  # isort: skip

BY_ID = {exercise.id: exercise for exercise in EXERCISES}


def scan(step, **options):
    return theano.scan(step, **options)[0]


def swap(a):
    return a.dimshuffle(1, 0, 2)


# What learners write, and the name it must get


def product_inside(x, h0, W_xh, W_hh, b_h):
    def step(x_t, h_prev, W_xh, W_hh, b_h):
        return T.tanh(T.dot(x_t, W_xh) + T.dot(h_prev, W_hh) + b_h)

    h = scan(step, sequences=swap(x), outputs_info=h0, non_sequences=[W_xh, W_hh, b_h])
    return swap(h)


def over_the_batch(x, h0, W_xh, W_hh, b_h):
    a = T.dot(x, W_xh) + b_h
    return scan(
        lambda a_t, h: T.tanh(a_t + T.dot(h, W_hh)), sequences=a, outputs_info=T.zeros_like(a[0])
    )


def not_swapped_back(x, h0, W_xh, W_hh, b_h):
    a = swap(T.dot(x, W_xh) + b_h)
    return scan(lambda a_t, h: T.tanh(a_t + T.dot(h, W_hh)), sequences=a, outputs_info=h0)


def from_zeros(x, h0, W_xh, W_hh, b_h):
    a = swap(T.dot(x, W_xh) + b_h)
    start = T.zeros((x.shape[0], W_hh.shape[0]))
    return swap(scan(lambda a_t, h: T.tanh(a_t + T.dot(h, W_hh)), sequences=a, outputs_info=start))


def h0_at_every_step(x, h0, W_xh, W_hh, b_h):
    a = swap(T.dot(x, W_xh) + b_h)
    h = scan(lambda a_t, h: T.tanh(a_t + T.dot(h, W_hh)), sequences=a, non_sequences=h0)
    return swap(h)


def bias_in_both_places(x, h0, W_xh, W_hh, b_h):
    a = swap(T.dot(x, W_xh) + b_h)
    return swap(
        scan(lambda a_t, h: T.tanh(a_t + T.dot(h, W_hh) + b_h), sequences=a, outputs_info=h0)
    )


def step_with(change):
    """A submission of 7.2 whose step is ``change(new(start), mask_t, first_t, h_prev)``."""

    def submission(x, mask, first, W_xh, W_hh, b_h):
        def step(a_t, mask_t, first_t, h_prev):
            return change(lambda start: T.tanh(a_t + T.dot(start, W_hh)), mask_t, first_t, h_prev)

        a = T.dot(x, W_xh) + b_h
        flags = [flag.dimshuffle(1, 0, "x") for flag in (mask, first)]
        return swap(scan(step, sequences=[swap(a), *flags], outputs_info=T.zeros_like(a[:, 0])))

    return submission


def updates_by(velocity, move=lambda p, v, v_new: p + v_new):
    """A submission of 7.3 from its two lines."""

    def submission(loss, parameters, rate, momentum, clip):
        gradients = T.grad(loss, parameters)
        norm = T.sqrt(sum(T.sum(g**2) for g in gradients))
        updates = []
        for p, g in zip(parameters, gradients, strict=True):
            v = theano.shared(np.zeros_like(p.get_value()))
            v_new = velocity(v, g, norm, rate, momentum, clip)
            updates += [(v, v_new), (p, move(p, v, v_new))]
        return updates

    return submission


def velocity_not_updated(loss, parameters, rate, momentum, clip):
    right = momentum_updates(loss, parameters, rate, momentum, clip)
    return [(shared, new) for shared, new in right if shared in parameters]


def clipped(g, norm, clip):
    return g * T.minimum(1, clip / norm)


NAMED = [
    ("7.1", product_inside, "input product inside the loop"),
    ("7.1", over_the_batch, "batch axis scanned instead of time"),
    ("7.1", not_swapped_back, "time first in the result"),
    ("7.1", from_zeros, "start state ignored"),
    ("7.1", h0_at_every_step, "state not fed back"),
    ("7.1", bias_in_both_places, "bias twice"),
    ("7.1", lambda *a: rnn_states(*a)[:, -1], "last state only"),
    ("7.1", lambda x, h0, W, V, b: T.tanh(T.dot(x, W) + b), "state not fed back"),
    ("7.1", lambda x, h0, W, V, b: rnn_states(x, h0, W, V.T, b), "transposed W_hh"),
    ("7.1", lambda x, h0, W, V, b: rnn_states(x, h0, W, V, 0 * b), "bias forgotten"),
    ("7.2", step_with(lambda h, m, f, h_prev: h(h_prev)), "state leaking over a boundary"),
    (
        "7.2",
        step_with(lambda h, m, f, h_prev: T.switch(m, h(h_prev), h_prev)),
        "state leaking over a boundary",
    ),
    (
        "7.2",
        step_with(lambda h, m, f, h_prev: h(T.switch(f, 0, h_prev))),
        "state changes past the end",
    ),
    (
        "7.2",
        step_with(lambda h, m, f, h_prev: h(h_prev * (1 - f)) * m),
        "mask multiplies the state to zero",
    ),
    (
        "7.2",
        lambda x, mask, *a: batch_states(x, mask, *a) * mask.dimshuffle(0, 1, "x"),
        "mask multiplies the state to zero",
    ),
    (
        "7.2",
        step_with(lambda h, m, f, h_prev: T.switch(m, h(h_prev) * (1 - f), h_prev)),
        "first state set to zero",
    ),
    (
        "7.2",
        step_with(lambda h, m, f, h_prev: T.switch(m, h_prev, h(T.switch(f, 0, h_prev)))),
        "flags the wrong way round",
    ),
    ("7.2", lambda *a: swap(batch_states(*a)), "time first in the result"),
    ("7.3", velocity_not_updated, "forgotten updates"),
    (
        "7.3",
        updates_by(
            lambda v, g, n, rate, mu, c: mu * v - rate * clipped(g, n, c),
            lambda p, v, v_new: p + v,
        ),
        "moved by the old velocity",
    ),
    (
        "7.3",
        updates_by(lambda v, g, n, rate, mu, c: mu * v - rate * clipped(g, g.norm(2), c)),
        "each array clipped alone",
    ),
    (
        "7.3",
        updates_by(lambda v, g, n, rate, mu, c: mu * v - rate * T.clip(g, -c, c)),
        "each element clipped",
    ),
    ("7.3", updates_by(lambda v, g, n, rate, mu, c: mu * v - rate * g), "not clipped"),
    (
        "7.3",
        updates_by(lambda v, g, n, rate, mu, c: mu * v - rate * g * c / n),
        "small gradients scaled up",
    ),
    (
        "7.3",
        updates_by(lambda v, g, n, rate, mu, c: mu * v - rate * g * T.minimum(1, c / n**2)),
        "norm without its square root",
    ),
    (
        "7.3",
        updates_by(lambda v, g, n, rate, mu, c: mu * v + rate * clipped(g, n, c)),
        "uphill",
    ),
    (
        "7.3",
        updates_by(lambda v, g, n, rate, mu, c: mu * v - (1 - mu) * rate * clipped(g, n, c)),
        "gradient averaged",
    ),
    (
        "7.3",
        updates_by(lambda v, g, n, rate, mu, c: mu * v - clipped(g, n, c)),
        "learning rate forgotten",
    ),
]


@pytest.mark.parametrize(("exercise", "submission", "diagnosis"), NAMED)
def test_wrong_answer_is_diagnosed_by_name(exercise, submission, diagnosis):
    result = check(exercise, submission)
    assert result.status == "wrong", result
    assert result.diagnosis == diagnosis, result
    assert_is_sentence(result.message)


def loop_in_python(x, h0, W_xh, W_hh, b_h):
    h = h0
    for t in range(x.shape[1]):
        h = T.tanh(T.dot(x[:, t], W_xh) + T.dot(h, W_hh) + b_h)
    return h


def start_of_float32(x, h0, W_xh, W_hh, b_h):
    a = swap(T.dot(x, W_xh) + b_h)
    start = T.zeros_like(h0, dtype="float32")
    return swap(scan(lambda a_t, h: T.tanh(a_t + T.dot(h, W_hh)), sequences=a, outputs_info=start))


def python_if(h, mask_t, first_t, h_prev):
    return h(h_prev) if mask_t.sum() > 0 else h_prev


def velocity_as_a_number(loss, parameters, rate, momentum, clip):
    return [(0.0, momentum * 0.0), *momentum_updates(loss, parameters, rate, momentum, clip)]


def updated_twice(loss, parameters, rate, momentum, clip):
    right = momentum_updates(loss, parameters, rate, momentum, clip)
    return [*right, (parameters[0], parameters[0] * 1.0)]


REJECTED = [
    # exercise, submission, a word that the sentence must hold
    ("7.1", loop_in_python, "let `theano.scan` loop"),
    ("7.1", start_of_float32, "dtype"),
    ("7.1", lambda *a: None, "return"),
    ("7.1", lambda *a: np.zeros((3, 5, 4)), "symbolic"),
    ("7.1", lambda x, h0, W, V, b: theano.scan(lambda a_t: a_t, sequences=x), "values only"),
    ("7.1", lambda x, h0, W, V, b: T.dot(x, V), "7.1"),
    ("7.1", lambda *a: rnn_states(*a)[:, ::-1], "reverse"),
    ("7.1", lambda *a: -rnn_states(*a), "sign"),
    ("7.1", lambda x, h0: x, "arguments"),
    ("7.2", step_with(python_if), "`if` cannot look at it"),
    ("7.2", step_with(lambda h, m, f, h_prev: h_prev), "7.2"),
    ("7.2", lambda x, mask, first, W, V, b: T.zeros_like(T.dot(x, W)), "7.2"),
    ("7.2", lambda *a: batch_states(*a)[:, -1], "shape"),
    ("7.2", lambda x, mask, *a: batch_states(x, mask[:, ::-1], *a), "7.2"),
    ("7.3", lambda *a: None, "return"),
    ("7.3", lambda *a: [], "no new value"),
    ("7.3", lambda *a: momentum_updates(*a)[0], "pairs"),
    ("7.3", lambda loss, ps, *a: T.grad(loss, ps), "pairs"),
    ("7.3", velocity_as_a_number, "shared variable"),
    ("7.3", updated_twice, "two new values"),
    ("7.3", lambda loss, ps, *a: [(p, p[0]) for p in ps], "7.3"),
    ("7.3", lambda loss, ps: [], "arguments"),
]


@pytest.mark.parametrize(("exercise", "submission", "word"), REJECTED)
def test_rejected_with_its_reason(exercise, submission, word):
    assert_rejected(exercise, submission, word)


def test_other_right_ways_are_accepted():
    def one_bias_row(x, h0, W_xh, W_hh, b_h):  # the bias in the loop, where it may stand
        h = scan(
            lambda a_t, h, W, b: T.tanh(a_t + T.dot(h, W) + b),
            sequences=T.dot(x.dimshuffle(1, 0, 2), W_xh),
            outputs_info=h0,
            non_sequences=[W_hh, b_h],
            strict=True,
        )
        return swap(h)

    by_products = step_with(lambda h, m, f, h_prev: m * h(h_prev * (1 - f)) + (1 - m) * h_prev)

    def velocity_in_units_of_the_rate(loss, parameters, rate, momentum, clip):
        right = updates_by(
            lambda v, g, n, rate, mu, c: mu * v + clipped(g, n, c),
            lambda p, v, v_new: p - rate * v_new,
        )
        return dict(right(loss, parameters, rate, momentum, clip))

    answers = {"7.1": one_bias_row, "7.2": by_products, "7.3": velocity_in_units_of_the_rate}
    for exercise, answer in answers.items():
        assert check(exercise, answer).status == "correct", check(exercise, answer)


def compiled(function, args):
    symbols = [T.TensorType(arg.dtype.name, (False,) * arg.ndim)() for arg in args]
    return theano.function(symbols, function(*symbols))(*args)


def test_references_equal_the_cells():
    for case in BY_ID["7.1"].cases():
        x, h0, *weights = case.args
        h = cells.SimpleRNN(*weights).forward(x, h0).h
        np.testing.assert_allclose(compiled(rnn_states, case.args), h, rtol=0, atol=1e-12)


def test_a_clean_batch_holds_each_sequence_as_if_it_were_alone():
    for case in BY_ID["7.2"].cases():
        x, mask, first, *weights = case.args
        h, cell = compiled(batch_states, case.args), cells.SimpleRNN(*weights)
        for row in range(len(x)):
            ends = [*np.flatnonzero(first[row])[1:], mask[row].sum()]
            for start, end in zip(np.flatnonzero(first[row]), ends, strict=True):
                alone = cell.forward(x[[row], start:end]).h[0]
                np.testing.assert_allclose(h[row, start:end], alone, rtol=0, atol=1e-12)
            last = mask[row].sum() - 1
            assert (h[row, last:] == h[row, last]).all()


def test_momentum_is_that_of_the_numpy_optimiser():
    for case in BY_ID["7.3"].cases():
        seed, scale, learning_rate, momentum, clip_norm, n_calls = case.args
        rng = np.random.default_rng(seed)
        p = {"W": rng.normal(size=(3, 2)), "b": rng.normal(size=2)}
        x, y = scale * rng.normal(size=(6, 3)), scale * rng.normal(size=(6, 2))

        def loss_and_gradients(p, x=x, y=y):
            h = np.tanh(x @ p["W"] + p["b"])
            d = 2 * (h - y) * (1 - h**2)
            return np.sum((h - y) ** 2), {"W": x.T @ d, "b": d.sum(axis=0)}

        sgd = training.SGD(learning_rate, momentum)
        training.fit(
            loss_and_gradients, p, [()] * n_calls, sgd, clip_norm=clip_norm, progress=False
        )
        W, b = train_with(momentum_updates, case.args)
        np.testing.assert_allclose(W, p["W"], rtol=0, atol=1e-12)
        np.testing.assert_allclose(b, p["b"], rtol=0, atol=1e-12)


def test_products_are_counted_in_the_loop_only():
    symbols = T.dtensor3(), T.dmatrix(), T.dmatrix(), T.dmatrix(), T.dvector()
    assert products_in_loop(rnn_states(*symbols)) == 1
    assert products_in_loop(product_inside(*symbols)) == 2
    assert products_in_loop(T.dot(symbols[1], symbols[2])) == 0
