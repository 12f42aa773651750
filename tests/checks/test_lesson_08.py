"""Lesson 08: what learners hand in, written as they write it, each rejected with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from wrong import assert_is_sentence, assert_rejected

from course_utils.cells import GRU, LSTM
from course_utils.checks import check
from course_utils.checks.lesson_08 import gru_step, hold_open, lstm_bias, lstm_step

import theano  # isort: skip  (after lesson_08, which mends it)
import theano.tensor as T  # isort: skip

sigmoid, tanh, dot = T.nnet.sigmoid, T.tanh, T.dot


def blocks(a, n_blocks):
    n_units = a.shape[1] // n_blocks
    return [a[:, k * n_units : (k + 1) * n_units] for k in range(n_blocks)]


def lstm(body):
    """A learner's step of which ``body(i, f, g, o, h_prev, c_prev)`` is the second half."""

    def step(x_t, h_prev, c_prev, kernel, recurrent_kernel, bias):
        a = dot(x_t, kernel) + dot(h_prev, recurrent_kernel) + bias
        return body(*blocks(a, 4), h_prev, c_prev)

    return step


def right(i, f, g, o, h_prev, c_prev):
    c = sigmoid(f) * c_prev + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


def carries_h(i, f, g, o, h_prev, c_prev):
    return right(i, f, g, o, h_prev, h_prev)


def one_exchanged_belt(x_t, c_prev, h_prev, kernel, recurrent_kernel, bias):
    """The parameters of the two states the wrong way round."""
    return lstm_step(x_t, h_prev, c_prev, kernel, recurrent_kernel, bias)


def lstm_by_unit(x_t, h_prev, c_prev, kernel, recurrent_kernel, bias):
    """Every fourth column is taken for a gate."""
    a = dot(x_t, kernel) + dot(h_prev, recurrent_kernel) + bias
    return right(a[:, 0::4], a[:, 1::4], a[:, 2::4], a[:, 3::4], h_prev, c_prev)


def gru(mix=None, candidate=None, order="zrg"):
    def step(x_t, h_prev, kernel, recurrent_kernel, bias, z_keeps):
        a = dict(zip(order, blocks(dot(x_t, kernel) + bias[0], 3), strict=True))
        b = dict(zip(order, blocks(dot(h_prev, recurrent_kernel) + bias[1], 3), strict=True))
        z, r = sigmoid(a["z"] + b["z"]), sigmoid(a["r"] + b["r"])
        g = (candidate or (lambda a, r, b: tanh(a + r * b)))(a["g"], r, b["g"])
        return (
            mix or (lambda z, h, g, keeps: z * h + (1 - z) * g if keeps else g * z + h - h * z)
        )(z, h_prev, g, z_keeps)

    return step


def reset_before(x_t, h_prev, kernel, recurrent_kernel, bias, z_keeps):
    n_units = h_prev.shape[1]
    both = slice(0, 2 * n_units)
    a = dot(x_t, kernel) + bias[0]
    zr = sigmoid(a[:, both] + dot(h_prev, recurrent_kernel[:, both]) + bias[1, both])
    z, r = blocks(zr, 2)
    recalled = dot(r * h_prev, recurrent_kernel[:, 2 * n_units :]) + bias[1, 2 * n_units :]
    g = tanh(a[:, 2 * n_units :] + recalled)
    return z * h_prev + (1 - z) * g if z_keeps else (1 - z) * h_prev + z * g


def bias_at(place, value):
    def bias(n_units, half_life):
        b = np.zeros(4 * n_units)
        b[place * n_units : (place + 1) * n_units] = value(half_life)
        return b

    return bias


def logit(f):
    return np.log(f / (1 - f))


def opened(value, order="ifgo", kernels=True):
    def surgery(kernel, recurrent_kernel, bias, gate):
        kernel, recurrent_kernel, bias = kernel.copy(), recurrent_kernel.copy(), bias.copy()
        n_units = len(recurrent_kernel)
        columns = slice(order.index(gate) * n_units, (order.index(gate) + 1) * n_units)
        if kernels:
            kernel[:, columns] = 0
            recurrent_kernel[:, columns] = 0
        bias[columns] = value
        return kernel, recurrent_kernel, bias

    return surgery


def shifts_the_bias(kernel, recurrent_kernel, bias, gate):
    """In place, on the learner's own arrays."""
    n_units = len(recurrent_kernel)
    bias["ifgo".index(gate) * n_units :][:n_units] += 40
    return kernel, recurrent_kernel, bias


NAMED = [
    # exercise, submission, diagnosis
    ("8.1", lstm(carries_h), "carries h for c"),
    ("8.1", lstm(lambda *a: right(*a)[::-1]), "c and h exchanged"),
    (
        "8.1",
        lstm(
            lambda i, f, g, o, h, c: (
                sigmoid(o) * right(i, f, g, o, h, c)[1],
                right(i, f, g, o, h, c)[1],
            )
        ),
        "tanh missing on c",
    ),
    ("8.1", lstm(lambda i, g, f, o, h, c: right(i, f, g, o, h, c)), "swapped gates"),
    ("8.1", lstm(lambda i, o, f, g, h, c: right(i, f, g, o, h, c)), "swapped gates"),
    ("8.1", lstm(lambda i, f, o, g, h, c: right(i, f, g, o, h, c)), "swapped gates"),
    ("8.1", lstm(lambda f, i, g, o, h, c: right(i, f, g, o, h, c)), "swapped gates"),
    (
        "8.1",
        lstm(lambda i, f, g, o, h, c: right(i, f, T.arctanh(sigmoid(g)), o, h, c)),
        "sigmoid for the candidate",
    ),
    ("8.1", lstm(lambda i, f, g, o, h, c: right(-f, f, g, o, h, c)), "coupled gates"),
    ("8.1", lstm(lambda i, f, g, o, h, c: right(i, f * 0 + 99, g, o, h, c)), "no forget gate"),
    (
        "8.1",
        lambda x, h, c, W, R, b: lstm_step(x, h, c, W, R, T.roll(b, h.shape[1])),
        "bias added to the wrong gate",
    ),
    ("8.1", lambda x, h, c, W, R, b: lstm_step(x, h, c, W, R, 0 * b), "bias left out"),
    ("8.1", lambda x, h, c, W, R, b: lstm_step(x, 0 * h, c, W, R, b), "state left out"),
    (
        "8.2",
        gru(lambda z, h, g, keeps: g * z + h * (1 - z) if keeps else h * z + g * (1 - z)),
        "z the other way round",
    ),
    ("8.2", gru(lambda z, h, g, keeps: h * z + g * (1 - z)), "one convention only"),
    ("8.2", gru(lambda z, h, g, keeps: g * z + h * (1 - z)), "one convention only"),
    ("8.2", gru(order="rzg"), "swapped gates"),
    ("8.2", gru(order="gzr"), "swapped gates"),
    ("8.2", reset_before, "reset before the product"),
    ("8.2", gru(candidate=lambda a, r, b: tanh(a + b)), "reset gate left out"),
    ("8.2", gru(candidate=lambda a, r, b: sigmoid(a + r * b)), "sigmoid for the candidate"),
    (
        "8.2",
        lambda x, h, W, R, b, keeps: gru_step(x, h, W, R, b[::-1], keeps),
        "rows of the bias exchanged",
    ),
    (
        "8.2",
        lambda x, h, W, R, b, keeps: gru_step(x, h, W, R, T.stack([b[0], 0 * b[1]]), keeps),
        "one bias only",
    ),
    ("8.3", bias_at(0, lambda n: logit(0.5 ** (1 / n))), "bias added to the wrong gate"),
    ("8.3", bias_at(2, lambda n: logit(0.5 ** (1 / n))), "bias added to the wrong gate"),
    ("8.3", bias_at(3, lambda n: logit(0.5 ** (1 / n))), "bias added to the wrong gate"),
    ("8.3", bias_at(1, lambda n: 0.5 ** (1 / n)), "gate for bias"),
    ("8.3", bias_at(1, lambda n: -logit(0.5 ** (1 / n))), "sign the wrong way round"),
    ("8.3", bias_at(1, lambda n: logit(np.exp(-1 / n))), "time constant for half-life"),
    ("8.3", bias_at(1, np.log), "logarithm of the half-life"),
    ("8.3", bias_at(1, lambda n: n), "half-life for bias"),
    ("8.3", bias_at(1, lambda n: 1), "bias of 1, whatever the half-life"),
    ("8.3", lambda u, n: np.tile([0, logit(0.5 ** (1 / n)), 0, 0], u), "blocks interleaved"),
    ("8.4", opened(-40), "shut, not open"),
    ("8.4", opened(0), "half open"),
    ("8.4", opened(1), "gate for bias"),
    ("8.4", opened(10), "bias too small"),
    ("8.4", opened(40, kernels=False), "weights left in place"),
    ("8.4", opened(40, order="figo"), "swapped gates"),
    ("8.4", opened(40, order="ifog"), "swapped gates"),
    ("8.4", lambda W, R, b, gate: (W, R, b), "nothing changed"),
]

OTHERS = [
    # exercise, submission, a word that the sentence must hold
    ("8.1", lstm(lambda *a: right(*a)[0]), "h_t"),
    ("8.1", lstm(lambda *a: None), "return"),
    ("8.1", lambda x, h, c, W, R, b: (np.zeros((3, 4)), c), "symbolic"),
    ("8.1", lambda x, h, c, W, R, b: lstm_step(x, h, c, W, R.T, b), "8.1"),
    ("8.1", one_exchanged_belt, "8.1"),
    ("8.1", lstm_by_unit, "8.1"),
    ("8.1", lambda x, h, c, W, R, b: (*lstm_step(x, h, c, W, R, b), c), "3 values"),
    ("8.1", lambda x, h, c, W, R, b: lstm_step(x, h, c, W, R, b) if h > 0 else (h, c), "if cannot"),
    ("8.1", lambda x, h, c, W, R: (h, c), "arguments"),
    ("8.2", lambda *a: (gru_step(*a), {}), "symbolic"),
    ("8.2", lambda x, h, W, R, b, keeps: h, "8.2"),
    ("8.2", lambda x, h, W, R, b: h, "arguments"),
    ("8.2", lambda x, h, W, R, b, keeps: -gru_step(x, h, W, R, b, keeps), "sign"),
    ("8.3", lambda n_units, half_life: lstm_bias(n_units, half_life).reshape(4, -1), "shape"),
    (
        "8.3",
        lambda n_units, half_life: lstm_bias(n_units, half_life)[n_units : 2 * n_units],
        "shape",
    ),
    ("8.3", lambda n_units, half_life: lstm_bias(n_units, half_life) + 0.5, "8.3"),
    ("8.4", lambda W, R, b, gate: None, "return"),
    ("8.4", lambda W, R, b, gate: (W, R), "three arrays"),
    ("8.4", lambda W, R, b, gate: (W, R, b.tolist()), "array"),
    ("8.4", lambda W, R, b, gate: (W, R, b[:4]), "8.4"),
    ("8.4", lambda W, R, b, gate: (W, R, b + np.inf), "finite"),
    ("8.4", lambda W, R, b, gate: LSTM(W, R, b), "three arrays"),
    ("8.4", shifts_the_bias, "8.4"),
]


@pytest.mark.parametrize(("exercise", "submission", "diagnosis"), NAMED)
def test_named(exercise, submission, diagnosis):
    result = check(exercise, submission)
    assert (result.status, result.diagnosis) == ("wrong", diagnosis), result
    assert_is_sentence(result.message)


@pytest.mark.parametrize(("exercise", "submission", "word"), OTHERS)
def test_rejected_with_its_reason(exercise, submission, word):
    assert_rejected(exercise, submission, word)


@pytest.mark.parametrize(
    ("order", "library"), [("igfo", "TensorFlow 1"), ("iofg", "ONNX"), ("ifog", "LSTM tutorial")]
)
def test_order_of_another_library_is_named(order, library):
    def step(x_t, h_prev, c_prev, kernel, recurrent_kernel, bias):
        a = dot(x_t, kernel) + dot(h_prev, recurrent_kernel) + bias
        named = dict(zip(order, blocks(a, 4), strict=True))
        return right(*(named[gate] for gate in "ifgo"), h_prev, c_prev)

    assert library in check("8.1", step).message


def test_other_right_ways_are_accepted():
    def lstm_gate_by_gate(x_t, h_prev, c_prev, kernel, recurrent_kernel, bias):
        n_units = h_prev.shape[1]

        def gate(k, squash):
            columns = slice(k * n_units, (k + 1) * n_units)
            W, R = kernel[:, columns], recurrent_kernel[:, columns]
            return squash(x_t.dot(W) + h_prev.dot(R) + bias[columns])

        i, f, g, o = (gate(k, tanh if k == 2 else sigmoid) for k in range(4))
        c_t = c_prev * f + g * i
        return [o * tanh(c_t), c_t]

    def gru_with_switched_weights(x_t, h_prev, kernel, recurrent_kernel, bias, z_keeps):
        sign = np.float64(1 if z_keeps else -1)  # 1 - sigmoid(s) = sigmoid(-s)
        n_units = h_prev.shape[1]
        flip = T.concatenate([sign * T.ones((n_units,)), T.ones((2 * n_units,))])
        return gru()(x_t, h_prev, kernel * flip, recurrent_kernel * flip, bias * flip, True)

    def bias_as_a_list(n_units, half_life):
        return [0] * n_units + [-np.log(2 ** (1 / half_life) - 1)] * n_units + [0] * (2 * n_units)

    answers = {
        "8.1": [lstm(right), lstm_gate_by_gate],
        "8.2": [gru(), gru_with_switched_weights],
        "8.3": [bias_as_a_list],
        "8.4": [opened(20.0), opened(1000), opened(40.0)],
    }
    for exercise, functions in answers.items():
        for answer in functions:
            assert check(exercise, answer).status == "correct", check(exercise, answer)


def test_references_are_the_steps_of_cells():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(3, 1, 2))
    h0, c0 = rng.normal(size=(2, 3, 4))
    cell = LSTM(*(rng.normal(size=shape) for shape in ((2, 16), (4, 16), (16,))))
    trace = cell.forward(x, h0, c0)
    h, c = lstm_step(x[:, 0], h0, c0, *cell.weights.values())
    np.testing.assert_allclose(h, trace.h[:, 0], rtol=0, atol=1e-14)
    np.testing.assert_allclose(c, trace.c[:, 0], rtol=0, atol=1e-14)
    cell = GRU(*(rng.normal(size=shape) for shape in ((2, 12), (4, 12), (2, 12))))
    h = gru_step(x[:, 0], h0, *cell.weights.values(), True)
    np.testing.assert_allclose(h, cell.forward(x, h0).h[:, 0], rtol=0, atol=1e-14)


def test_references_take_symbols_as_well():
    rng = np.random.default_rng(9)
    arrays = [rng.normal(size=shape) for shape in ((3, 2), (3, 4), (3, 4), (2, 16), (4, 16), (16,))]
    symbols = [T.TensorType("float64", (False,) * array.ndim)() for array in arrays]
    compiled = theano.function(symbols, list(lstm_step(*symbols)))
    for by_theano, by_numpy in zip(compiled(*arrays), lstm_step(*arrays), strict=True):
        np.testing.assert_allclose(by_theano, by_numpy, rtol=0, atol=1e-14)


def test_held_gate_is_open():
    cell = LSTM.start(2, 3, seed=4)
    x = np.random.default_rng(4).normal(size=(2, 7, 2))
    for gate in "ifo":
        other = LSTM(*hold_open(*cell.weights.values(), gate))
        assert (other.forward(x).gates[gate] == 1).all()
