"""Lesson 03: what learners hand in besides the misconceptions, each rejected with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from wrong import assert_rejected

from course_utils.cells import SimpleRNN
from course_utils.checks import check
from course_utils.checks.lesson_03 import (
    CHECK,
    _backward_cases,
    central_differences,
    rnn_backward,
    train_epoch,
    truncated_gradient,
)
from course_utils.gradients import numerical_gradient


def changed(place, change):
    """The right gradients with one of the four changed."""

    def submission(*args):
        parts = list(rnn_backward(*args))
        parts[place] = change(parts[place])
        return tuple(parts)

    return submission


def adds_into_dh(x, h0, h, W_hh, dh):
    for t in reversed(range(1, h.shape[1])):
        dh[:, t - 1] += (dh[:, t] * (1 - h[:, t] ** 2)) @ W_hh.T
    return rnn_backward(x, h0, h, W_hh, dh)


def moves_in_place(function, array, step):
    gradient = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        array[index] += step
        ahead = function(array)
        array[index] -= 2 * step
        gradient[index] = (ahead - function(array)) / (2 * step)
    return gradient


def flat_differences(function, array, step):
    return central_differences(function, array, step).ravel()


def updates_in_place(W, batches, loss_and_gradient, rate):
    losses = []
    for x, y in batches:
        loss, dW = loss_and_gradient(W, x, y)
        losses.append(loss)
        W -= rate * dW
    return W, losses


def momentum(W, batches, loss_and_gradient, rate):
    velocity, losses = 0, []
    for x, y in batches:
        loss, dW = loss_and_gradient(W, x, y)
        losses.append(loss)
        velocity = 0.9 * velocity - rate * dW
        W = W + velocity
    return W, np.array(losses)


def with_losses(change):
    def submission(*args):
        W, losses = train_epoch(*args)
        return W, change(losses)

    return submission


WRONG = [
    # exercise, submission, a word that the sentence must hold
    ("3.1", lambda *a: rnn_backward(*a)[:3], "3 values"),
    ("3.1", lambda *a: rnn_backward(*a)[1], "4 values"),
    ("3.1", lambda x, h0, h, W_hh: None, "arguments"),
    ("3.1", adds_into_dh, "`dh`"),
    ("3.1", lambda *a: tuple(-part for part in rnn_backward(*a)), "sign"),
    ("3.1", lambda *a: tuple(2 * part for part in rnn_backward(*a)), "2"),
    ("3.1", changed(0, lambda dW: dW.T), "axes"),
    ("3.1", changed(2, lambda db: db[None]), "shape"),
    ("3.1", changed(2, np.sum), "shape"),
    ("3.1", changed(3, lambda dh0: 0 * dh0), "dh0"),
    ("3.1", changed(3, lambda dh0: dh0.sum(axis=0)), "shape"),
    ("3.1", changed(1, lambda dW: dW * np.nan), "NaN"),
    ("3.1", lambda *a: rnn_backward(a[0], a[1], a[2].T, *a[3:]), "error"),
    ("3.1", lambda x, h0, h, W_hh, dh: rnn_backward(x[::-1], h0, h, W_hh, dh), "dW_xh"),
    ("3.1", lambda *a: {"dW_hh": rnn_backward(*a)[1]}, "dict"),
    ("3.2", moves_in_place, "`array`"),
    ("3.2", flat_differences, "shape"),
    ("3.2", lambda f, a, s: central_differences(f, a, s).round(1), "is -1.9, wanted -1.918"),
    ("3.2", lambda f, a, s: central_differences(f, a, s).sum(), "shape"),
    ("3.2", lambda f, a, s: central_differences(f, a, 2 * s), "is -1.881, wanted -1.918"),
    ("3.2", lambda f, a, s: numerical_gradient(f, a), "step of your own"),
    ("3.2", lambda f, a, s: f(a), "shape"),
    ("3.2", lambda f, a: a, "arguments"),
    ("3.2", lambda f, a, s: [f(a + s) - f(a - s)], "shape"),
    ("3.2", lambda f, a, s: np.gradient(a), "3.2"),
    ("3.2", lambda f, a, s: np.abs(central_differences(f, a, s)), "is 1.918, wanted -1.918"),
    ("3.2", lambda f, a, s: f(a.ravel()[:-1]), "3.2"),
    ("3.3", lambda *a: truncated_gradient(*a)[0], "shape"),
    ("3.3", lambda *a: -truncated_gradient(*a), "sign"),
    ("3.3", lambda *a: truncated_gradient(*a) / 2, "0.5"),
    ("3.3", lambda *a: truncated_gradient(*a, 1), "TypeError"),
    ("3.3", lambda h0, h, W_hh, dh, k: truncated_gradient(h0, h, W_hh, dh, 1), "`W_hh`"),
    (
        "3.3",
        lambda h0, h, W_hh, dh, k: truncated_gradient(h0, h, W_hh, dh[:, ::-1], k),
        "is -0.979, wanted 1.848",
    ),
    (
        "3.3",
        lambda h0, h, W_hh, dh, k: truncated_gradient(h0, h, W_hh, np.ones_like(dh), k),
        "`dh`",
    ),
    (
        "3.3",
        lambda h0, h, W_hh, dh, k: truncated_gradient(h0, h[:, :k], W_hh, dh[:, :k], k),
        "is -0.1337, wanted 1.848",
    ),
    ("3.3", lambda h0, h, W_hh, dh, k: W_hh, "`h0`"),
    ("3.3", lambda h0, h, W_hh, dh, k: np.zeros_like(W_hh), "is 0, in every case"),
    ("3.3", lambda h0, h, W_hh, dh, k: truncated_gradient(h0, h, W_hh, dh, k).sum(axis=0), "shape"),
    ("3.3", lambda h0, h, W_hh, dh, k: h[k], "3.3"),
    ("3.4", updates_in_place, "`W`"),
    ("3.4", momentum, "is -1.635, wanted -1.523"),
    ("3.4", lambda *a: train_epoch(*a)[0], "2 values"),
    ("3.4", lambda *a: train_epoch(*a)[::-1], "shape"),
    ("3.4", with_losses(lambda losses: losses[-1]), "shape"),
    ("3.4", with_losses(np.mean), "shape"),
    ("3.4", with_losses(np.cumsum), "losses"),
    ("3.4", with_losses(np.sqrt), "losses"),
    ("3.4", with_losses(lambda losses: losses[::-1]), "reverse"),
    ("3.4", with_losses(lambda losses: 0 * losses), "losses"),
    (
        "3.4",
        lambda W, batches, f, rate: train_epoch(W, batches, f, rate / 2),
        "is -1.504, wanted -1.523",
    ),
    ("3.4", lambda W, batches, f, rate: train_epoch(W, batches * 2, f, rate), "shape"),
    ("3.4", lambda W, batches, f, rate: f(W, batches), "TypeError"),
]


@pytest.mark.parametrize(("exercise", "submission", "word"), WRONG)
def test_rejected_with_its_reason(exercise, submission, word):
    assert_rejected(exercise, submission, word)


def test_reference_backward_is_that_of_the_cell():
    for case in _backward_cases():
        x, h0, h, W_hh, dh = case.args
        rng = np.random.default_rng(0)
        cell = SimpleRNN(rng.normal(size=(x.shape[2], h.shape[2])), W_hh, np.zeros(h.shape[2]))
        trace = cell.forward(x, h0)
        grads = cell.backward(trace, dh)
        ours = rnn_backward(x, h0, trace.h, W_hh, dh)
        theirs = (grads.kernel, grads.recurrent_kernel, grads.bias, grads.h0)
        for one, other in zip(ours, theirs, strict=True):
            assert np.allclose(one, other, rtol=1e-12, atol=1e-12)


def test_reference_check_is_that_of_the_course():
    for case in CHECK.cases():
        function, array, step = case.args
        expected = numerical_gradient(function, array, step)
        assert np.allclose(central_differences(function, array, step), expected, atol=1e-9)


def test_full_truncation_is_backward():
    x, h0, h, W_hh, dh = _backward_cases()[0].args
    full = rnn_backward(x, h0, h, W_hh, dh)[1]
    assert np.allclose(truncated_gradient(h0, h, W_hh, dh, h.shape[1]), full)


def test_other_right_ways_are_accepted():
    def backward(x, h0, h, W_hh, dh):
        h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
        later, parts = np.zeros_like(h0), []
        for t in range(h.shape[1] - 1, -1, -1):
            dz = (dh[:, t] + later) * (1 - np.square(h[:, t]))
            parts.append((x[:, t].T @ dz, h_prev[:, t].T @ dz, dz.sum(0)))
            later = np.dot(dz, W_hh.T)
        return [*(sum(each) for each in zip(*parts, strict=True)), later]

    def truncated(h0, h, W_hh, dh, k):
        """All losses at once, k times one step back."""
        h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
        d_h, total = dh.copy(), np.zeros_like(W_hh)
        for _ in range(min(k, h.shape[1])):
            dz = d_h * (1 - h**2)
            total += np.einsum("ntv,ntu->vu", h_prev, dz)
            d_h = np.zeros_like(dh)
            d_h[:, :-1] = (dz @ W_hh.T)[:, 1:]
        return total

    def float32_result(function, array, step):
        gradient = np.zeros_like(array)  # in float32 if the array is; the differences are not
        exact = central_differences(function, array, step)
        gradient[...] = exact
        return gradient

    def train(W, batches, loss_and_gradient, rate):
        W, losses = np.array(W), []
        for batch in batches:
            loss, dW = loss_and_gradient(W, *batch)
            losses += [loss]
            W -= rate * dW
        return W, losses

    assert check("3.1", backward).status == "correct"
    assert check("3.2", float32_result).status == "correct"
    assert check("3.3", truncated).status == "correct"
    assert check("3.4", train).status == "correct"
