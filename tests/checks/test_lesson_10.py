"""Lesson 10: what learners hand in besides the misconceptions, each rejected with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from wrong import assert_rejected

from course_utils import cells
from course_utils.checks import check
from course_utils.checks.lesson_10 import (
    ALTERNATIVES,
    both_directions,
    keras,
    port_gru,
    read_in_pieces,
    twelve_shapes,
)


def with_shape(letter, form):
    return lambda N, T, D, U: twelve_shapes(N, T, D, U) | {letter: form(N, T, D, U)}


def ported(W, R, b, order="zrg", minus_z=True, transposed=("W", "R")):
    """A port as a learner would write it, with one or more things wrong."""
    sides = []
    for name, weight in (("W", W), ("R", R), ("b", b)):
        blocks = [weight[gate].T if name in transposed else weight[gate] for gate in order]
        if minus_z:
            blocks[order.index("z")] = -blocks[order.index("z")]
        sides.append(np.concatenate(blocks, axis=-1))
    return tuple(sides)


def pieces(layer, x, n_steps):
    return [np.asarray(layer(x[:, t : t + n_steps])) for t in range(0, x.shape[1], n_steps)]


def reset_at_the_end(layer, x, n_steps):
    h = np.concatenate(pieces(layer, x, n_steps), axis=1)
    layer.reset_state()
    return h


def last_from_the_sequence(forward, backward, x):
    sequence, _ = both_directions(forward, backward, x)
    return sequence, sequence[:, -1]


def last_mean(forward, backward, x):
    sequence, _ = both_directions(forward, backward, x)
    return sequence, sequence.mean(axis=1)


def c_in_place_of_h(forward, backward, x):
    ahead, back = forward.forward(x).c, backward.forward(x[:, ::-1]).c
    return (
        np.concatenate([ahead, back[:, ::-1]], axis=2),
        np.concatenate([ahead[:, -1], back[:, -1]], axis=1),
    )


WRONG = [
    # exercise, submission, a word that the sentence must hold
    ("10.1", with_shape("a", lambda N, T, D, U: (N, T)), "units = timesteps"),
    ("10.1", with_shape("c", lambda N, T, D, U: [(N, U), (N, U)]), "output is c"),
    ("10.1", with_shape("d", lambda N, T, D, U: [(N, U)] * 3), "c in a GRU"),
    ("10.1", with_shape("e", lambda N, T, D, U: [(N, U)] * 2), "c forgotten"),
    ("10.1", with_shape("f", lambda N, T, D, U: [(N, T, U)] * 3), "states at every step"),
    ("10.1", with_shape("j", lambda N, T, D, U: (4 * U, D)), "kernel transposed"),
    ("10.1", with_shape("l", lambda N, T, D, U: [3 * U]), "one bias in a GRU"),
    ("10.1", with_shape("b", lambda N, T, D, U: (T, U, N)), "10.1"),
    ("10.1", with_shape("b", lambda N, T, D, U: "N, T, U"), "no shape at `b`"),
    ("10.1", with_shape("b", lambda N, T, D, U: (N, None, U)), "no shape at `b`"),
    ("10.1", with_shape("g", lambda N, T, D, U: ...), "no shape for `g` yet"),
    ("10.1", lambda N, T, D, U: {"a": (N, U)}, "no shape for `b` yet"),
    ("10.1", lambda N, T, D, U: [(N, U)] * 12, "dictionary"),
    ("10.1", lambda N, T, D, U: None, "dictionary"),
    ("10.1", lambda N, T, D, U: twelve_shapes(2, 7, 3, 5), "10.1"),
    ("10.2", lambda W, R, b: ported(W, R, b, "rzg"), "gate order"),
    ("10.2", lambda W, R, b: ported(W, R, b, "rzg", minus_z=False), "gate order"),
    ("10.2", lambda W, R, b: ported(W, R, b, minus_z=False), "z convention"),
    ("10.2", lambda W, R, b: ported(W, R, b, transposed=("W",)), "kernel transposed"),
    ("10.2", lambda W, R, b: [np.stack(list(side.values())) for side in (W, R, b)], "shape"),
    ("10.2", lambda W, R, b: (W, R, b), "dict"),
    ("10.2", lambda W, R, b: port_gru(W, R, b)[:2], "3 values"),
    ("10.2", lambda W, R, b: (*port_gru(W, R, b)[:2], 0 * port_gru(W, R, b)[2]), "bias"),
    ("10.2", lambda W, R, b: np.concatenate([*W, *R]), "10.2"),
    ("10.2", lambda W, R, b: W["i"], "KeyError"),
    ("10.3", lambda layer, x, n: np.concatenate(pieces(layer, x, n), axis=1), "missing reset"),
    ("10.3", reset_at_the_end, "missing reset"),
    ("10.3", lambda layer, x, n: layer(x), "missing reset"),
    ("10.3", lambda layer, x, n: (layer.reset_state(), layer(x))[1], "not in pieces"),
    ("10.3", lambda layer, x, n: (layer.reset_state(), pieces(layer, x, n))[1], "10.3"),
    ("10.3", lambda layer, x, n: layer.predict(x), "AttributeError"),
    ("10.3", lambda layer, x, n: read_in_pieces(layer, x, n)[:, ::-1], "revers"),
    ("10.3", lambda layer, x, n: read_in_pieces(layer, x, n)[:, -1], "shape"),
    ("10.3", lambda layer, x, n: x, "shape"),
    ("10.4", last_from_the_sequence, "backward output index"),
    ("10.4", c_in_place_of_h, "output is c"),
    ("10.4", lambda f, b, x: both_directions(f, b, x[:, ::-1]), "10.4"),
    ("10.4", lambda f, b, x: both_directions(b, f, x), "10.4"),
    ("10.4", last_mean, "last"),
    ("10.4", lambda f, b, x: both_directions(f, b, x)[0], "2 values"),
    ("10.4", lambda f, b, x: f.forward(x), "Trace"),
    ("10.4", lambda f, b, x: b.forward(x[0]).h, "ValueError"),
    ("10.4", lambda f, b, x: None, "return"),
]


@pytest.mark.parametrize(("exercise", "submission", "word"), WRONG)
def test_rejected_with_its_reason(exercise, submission, word):
    assert_rejected(exercise, submission, word)


@pytest.mark.parametrize(("letter", "name", "form"), ALTERNATIVES)
def test_every_wrong_shape_is_named_whatever_else_is_wrong(letter, name, form):
    def wrong_later_too(N, T, D, U):
        shapes = twelve_shapes(N, T, D, U) | {letter: form(N, T, D, U)}
        return shapes | ({"l": (1, 1)} if letter != "l" else {})

    result = check("10.1", wrong_later_too)
    assert result.diagnosis == name, result
    assert result.message.startswith(f"`{letter}`: ")


def test_shapes_may_be_written_in_other_ways():
    def by_numpy(N, T, D, U):
        shapes = twelve_shapes(N, T, D, U)
        shapes["a"] = list(shapes["a"])
        shapes["b"] = np.zeros((N, T, U)).shape
        shapes["c"] = [shapes["c"]]
        shapes["d"] = tuple(shapes["d"])
        shapes["j"] = (np.int64(D), 4 * U)
        return shapes

    assert check("10.1", by_numpy).status == "correct", check("10.1", by_numpy)


def test_shapes_are_those_of_keras():
    N, T, D, U = 2, 7, 3, 5
    wanted = twelve_shapes(N, T, D, U)
    x = np.zeros((N, T, D), "float32")
    layers = keras.layers
    b = layers.SimpleRNN(U, return_sequences=True)(x)
    lstm, gru = layers.LSTM(U), layers.GRU(U)
    both = layers.Bidirectional(layers.LSTM(U, return_sequences=True), merge_mode="sum")
    got = {
        "a": layers.SimpleRNN(U)(x),
        "b": b,
        "c": lstm(x),
        "d": layers.GRU(U, return_state=True)(x),
        "e": layers.LSTM(U, return_state=True)(x),
        "f": layers.LSTM(U, return_sequences=True, return_state=True)(x),
        "g": layers.Bidirectional(layers.GRU(U))(x),
        "h": both(x),
        "i": layers.Dense(1)(b),
        "j": lstm.cell.kernel,
        "k": (gru(x), gru.cell.recurrent_kernel)[1],
        "l": gru.cell.bias,
    }
    shapes = {
        letter: [tuple(each.shape) for each in made]
        if isinstance(made, list | tuple)
        else tuple(made.shape)
        for letter, made in got.items()
    }
    assert shapes == wanted


def test_ported_weights_give_the_numbers_of_the_paper():
    rng = np.random.default_rng(0)
    D, U = 2, 3
    W, R, b = ({gate: rng.normal(size=shape) for gate in "rzg"} for shape in ((U, D), (U, U), (U,)))
    layer = keras.layers.GRU(U, reset_after=False)
    layer.build((None, None, D))
    layer.set_weights(port_gru(W, R, b))
    x = rng.normal(size=(5, D))

    def sigma(a):
        return 1 / (1 + np.exp(-a))

    h = np.zeros(U)
    for x_t in x:
        r, z = (sigma(W[gate] @ x_t + R[gate] @ h + b[gate]) for gate in "rz")
        g = np.tanh(W["g"] @ x_t + R["g"] @ (r * h) + b["g"])
        h = (1 - z) * h + z * g
    got = keras.ops.convert_to_numpy(layer(x[np.newaxis].astype("float32")))
    np.testing.assert_allclose(got[0], h, rtol=0, atol=1e-5)


def test_both_directions_are_those_of_keras():
    forward, backward = (cells.LSTM.start(3, 4, seed, dtype="float32") for seed in (1, 2))
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    for sequences, wanted in zip((True, False), both_directions(forward, backward, x), strict=True):
        layer = keras.layers.Bidirectional(keras.layers.LSTM(4, return_sequences=sequences))
        layer.build((None, None, 3))
        layer.set_weights([*forward.weights.values(), *backward.weights.values()])
        got = keras.ops.convert_to_numpy(layer(x))
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-5)


def test_other_right_ways_are_accepted():
    def columns(W, R, b):
        order = ["z", "r", "g"]
        sides = [np.vstack([side[gate] for gate in order]).T for side in (W, R)]
        sides.append(np.hstack([b[gate] for gate in order]))
        for side in sides:
            side[..., : len(b["z"])] *= -1
        return sides

    def with_keras(layer, x, n_steps):
        layer.reset_state()
        outputs = [layer(x[:, t : t + n_steps]) for t in range(0, x.shape[1], n_steps)]
        return keras.ops.concatenate(outputs, axis=1)

    def step_by_step(layer, x, n_steps):
        layer.reset_state()
        return np.concatenate(pieces(layer, x, 1), axis=1)

    def by_index(forward, backward, x):
        ahead, back = forward.forward(x).h, backward.forward(np.flip(x, 1)).h
        sequence = np.dstack([ahead, np.flip(back, 1)])
        U = ahead.shape[2]
        return sequence, np.hstack([sequence[:, -1, :U], sequence[:, 0, U:]])

    for exercise, answer in (
        ("10.2", columns),
        ("10.3", with_keras),
        ("10.3", step_by_step),
        ("10.4", by_index),
    ):
        assert check(exercise, answer).status == "correct", check(exercise, answer)
