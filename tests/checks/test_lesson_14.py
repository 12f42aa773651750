"""Wrong answers to the exercises of lesson 14 that learners may well hand in."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from wrong import assert_rejected

from course_utils.checks import check
from course_utils.checks.lesson_14 import from_keras1, old_hard_sigmoid
from course_utils.further import migration

# Exercise 14.1


def test_reference_joins_as_keras_2_itself_does():
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape) for _ in range(4) for shape in ((2, 3), (3, 3), (3,))]
    code = (
        "from keras.engine.saving import preprocess_weights_for_loading\n"
        "from keras.layers import LSTM\n"
        "given = [globals()[f'w{k}'] for k in range(12)]\n"
        "joined = preprocess_weights_for_loading(LSTM(3), given, original_keras_version='1')\n"
        "results = dict(zip(('kernel', 'recurrent_kernel', 'bias'), joined))"
    )
    by_keras = migration.run_keras2(code, {f"w{k}": weight for k, weight in enumerate(weights)})
    for ours, theirs in zip(from_keras1(weights), by_keras.values(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def by_hand(weights):
    W_i, U_i, b_i, W_c, U_c, b_c, W_f, U_f, b_f, W_o, U_o, b_o = weights
    return (
        np.hstack([W_i, W_f, W_c, W_o]),
        np.hstack([U_i, U_f, U_c, U_o]),
        np.hstack([b_i, b_f, b_c, b_o]),
    )


def test_another_way_to_join_is_right():
    assert check("14.1", by_hand).status == "correct"
    assert check("14.1", lambda weights: list(by_hand(weights))).status == "correct"


def joined(weights, places, axis=-1):
    """Join the gates that stand at ``places`` of the list."""
    return tuple(np.concatenate([weights[k + j] for k in places], axis) for j in range(3))


WRONG_JOINED = {
    "as they come": (lambda w: joined(w, (0, 3, 6, 9)), "order of Keras 1 kept"),
    "o before g": (lambda w: joined(w, (0, 6, 9, 3)), "gates in another order"),
    "f first": (lambda w: joined(w, (6, 0, 3, 9)), "gates in another order"),
    "reversed": (lambda w: joined(w, (9, 3, 6, 0)), "gates in another order"),
    "below each other": (lambda w: joined(w, (0, 6, 3, 9), axis=0), "gates below each other"),
    "exchanged": (
        lambda w: (by_hand(w)[1], by_hand(w)[0], by_hand(w)[2]),
        "kernel and recurrent kernel exchanged",
    ),
    "biases forgotten": (lambda w: by_hand(w)[:2], "returned 2 values"),
    "biases as a matrix": (
        lambda w: (*by_hand(w)[:2], np.stack(w[2::3])),
        "has shape",
    ),
    "gates left alone": (lambda w: (w[0], w[1], w[2]), "has shape (3, 4), wanted (3, 16)"),
}


@pytest.mark.parametrize("name", WRONG_JOINED)
def test_wrong_joining_is_named(name):
    submission, word = WRONG_JOINED[name]
    assert_rejected("14.1", submission, word)


# Exercise 14.2


def test_other_ways_to_write_the_old_hard_sigmoid_are_right():
    pieces = lambda a: np.where(a < -2.5, 0.0, np.where(a > 2.5, 1.0, 0.2 * a + 0.5))  # noqa: E731
    assert check("14.2", pieces).status == "correct"
    assert check("14.2", lambda a: np.minimum(1, np.maximum(0, (a + 2.5) / 5))).status == "correct"


WRONG_GATES = {
    "the new one": (lambda a: np.clip((a + 3) / 6, 0, 1), "hard sigmoid of Keras 3"),
    "the smooth one": (lambda a: 0.5 * (1 + np.tanh(a / 2)), "smooth sigmoid"),
    "no ends": (lambda a: 0.2 * a + 0.5, "not clipped"),
    "upper end only": (lambda a: np.minimum(0.2 * a + 0.5, 1), "clipped on one side"),
    "hard tanh": (lambda a: np.clip(a / 5, -1, 1), "clipped like tanh"),
    "slope of the sigmoid": (lambda a: np.clip(a / 4 + 0.5, 0, 1), "tangent of the sigmoid"),
    "shut at zero": (lambda a: np.clip(a / 5, 0, 1), "half forgotten"),
    "clipped first": (lambda a: 0.2 * np.clip(a, 0, 1) + 0.5, "clipped before the line"),
    "falls": (lambda a: np.clip(0.5 - a / 5, 0, 1), "wrong"),
    "one number": (lambda a: float(old_hard_sigmoid(a).mean()), "shape"),
}


@pytest.mark.parametrize("name", WRONG_GATES)
def test_wrong_gate_is_named(name):
    submission, word = WRONG_GATES[name]
    if word == "wrong":
        assert check("14.2", submission).status == "wrong"
    else:
        assert_rejected("14.2", submission, word)


# Exercise 14.3


def scanned(x, h0, W_xh, W_hh, b_h, *, stack="new", carry="new", squash=jnp.tanh):
    """Run a step that may stack or carry the wrong state."""

    def step(h_prev, x_t):
        h = squash(x_t @ W_xh + h_prev @ W_hh + b_h)
        choose = {"new": h, "old": h_prev}
        return choose[carry], choose[stack]

    last, h = jax.lax.scan(step, jnp.asarray(h0, "float32"), jnp.swapaxes(x, 0, 1))
    return last, jnp.swapaxes(h, 0, 1)


def theano_order(x, h0, W_xh, W_hh, b_h):
    def step(x_t, h_prev):
        return jnp.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)

    return jax.lax.scan(step, h0, jnp.swapaxes(x, 0, 1))


def looped(x, h0, W_xh, W_hh, b_h):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = jnp.tanh(x[:, t] @ W_xh + h @ W_hh + b_h)
        states.append(h)
    return jnp.stack(states, axis=1)


def test_scan_in_jax_is_right_and_a_loop_in_python_is_not():
    assert check("14.3", lambda *args: scanned(*args)[1]).status == "correct"
    assert check("14.3", jax.jit(lambda *args: scanned(*args)[1])).status == "correct"
    assert check("14.3", looped).diagnosis == "no lax.scan"


WRONG_RNN = {
    "carry returned": (lambda *args: scanned(*args)[0], "last state only"),
    "pair returned": (scanned, "returned"),
    "nothing returned": (lambda *args: None, "None"),
    "old state stacked": (lambda *args: scanned(*args, stack="old")[1], "old state stacked"),
    "old state carried": (lambda *args: scanned(*args, carry="old")[1], "state never carried"),
    "no tanh": (lambda *args: scanned(*args, squash=lambda a: a)[1], "missing nonlinearity"),
    "time first": (lambda *args: jnp.swapaxes(scanned(*args)[1], 0, 1), "time first"),
    "transposed": (
        lambda x, h0, W_xh, W_hh, b_h: scanned(x, h0, W_xh, W_hh.T, b_h)[1],
        "transposed W_hh",
    ),
    "zeros to begin with": (
        lambda x, h0, *weights: scanned(x, 0 * h0, *weights)[1],
        "h0 ignored",
    ),
    "backwards": (
        lambda x, *rest: scanned(x[:, ::-1], *rest)[1][:, ::-1],
        "run backwards",
    ),
    "Theano's order": (theano_order, "raised"),
}


@pytest.mark.parametrize("name", WRONG_RNN)
def test_wrong_layer_is_named(name):
    submission, word = WRONG_RNN[name]
    assert_rejected("14.3", submission, word)
