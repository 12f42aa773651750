"""Losses: values known in closed form, gradients against differences, extreme scores, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import losses

SHAPES = st.sampled_from([(1, 2), (3, 5), (2, 4, 3), (4, 1)])


def central_difference(loss, z, step=1e-5):
    gradient = np.empty_like(z)
    for index in np.ndindex(z.shape):
        up, down = z.copy(), z.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (loss(up) - loss(down)) / (2 * step)
    return gradient


@given(shape=SHAPES, seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_softmax_gives_probabilities_that_ignore_a_shift(shape, seed):
    z = np.random.default_rng(seed).normal(size=shape) * 10
    p = losses.softmax(z)
    np.testing.assert_allclose(p.sum(axis=-1), 1)
    assert (p > 0).all()
    np.testing.assert_allclose(losses.softmax(z + 500), p, rtol=1e-10)
    np.testing.assert_allclose(losses.softmax(z.T, axis=0), p.T)


@pytest.mark.parametrize("n_classes", [2, 10, 1000])
def test_equal_scores_cost_the_logarithm_of_the_number_of_classes(n_classes):
    loss, _ = losses.cross_entropy(np.zeros((5, 7, n_classes)), np.ones((5, 7), int))
    assert loss == pytest.approx(np.log(n_classes))


@given(shape=SHAPES, seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_the_gradient_of_cross_entropy_is_the_slope(shape, seed):
    rng = np.random.default_rng(seed)
    z, labels = rng.normal(size=shape), rng.integers(0, shape[-1], shape[:-1])
    _, d_z = losses.cross_entropy(z, labels)
    slope = central_difference(lambda z: losses.cross_entropy(z, labels)[0], z)
    np.testing.assert_allclose(d_z, slope, atol=1e-8)


@given(shape=SHAPES, seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_the_gradient_of_binary_cross_entropy_is_the_slope(shape, seed):
    rng = np.random.default_rng(seed)
    z, targets = rng.normal(size=shape), rng.random(size=shape)
    _, d_z = losses.binary_cross_entropy(z, targets)
    slope = central_difference(lambda z: losses.binary_cross_entropy(z, targets)[0], z)
    np.testing.assert_allclose(d_z, slope, atol=1e-8)


@given(shape=SHAPES, seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_the_gradient_of_mean_squared_error_is_the_slope(shape, seed):
    rng = np.random.default_rng(seed)
    y_hat, y = rng.normal(size=shape), rng.normal(size=shape)
    _, d_y_hat = losses.mean_squared_error(y_hat, y)
    slope = central_difference(lambda y_hat: losses.mean_squared_error(y_hat, y)[0], y_hat)
    np.testing.assert_allclose(d_y_hat, slope, atol=1e-8)


def test_two_classes_and_yes_or_no_are_the_same_question():
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(6, 1)), rng.integers(0, 2, size=(6, 1))
    as_two_classes = np.concatenate([np.zeros_like(z), z], axis=1)
    assert losses.binary_cross_entropy(z, y)[0] == pytest.approx(
        losses.cross_entropy(as_two_classes, y[:, 0])[0]
    )


def test_scores_of_a_thousand_neither_overflow_nor_lose_the_loss():
    with np.errstate(all="raise", under="ignore"):
        loss, d_z = losses.cross_entropy(np.array([[1000.0, 0.0, -1000.0]]), np.array([2]))
        assert loss == 2000
        np.testing.assert_array_equal(d_z, [[1, 0, -1]])
        loss, d_z = losses.binary_cross_entropy(np.array([-1000.0, 1000.0]), np.array([1.0, 1.0]))
        assert loss == 500
        np.testing.assert_array_equal(d_z, [-0.5, 0])


def test_gradients_keep_single_precision():
    z = np.zeros((2, 3), np.float32)
    assert losses.softmax(z).dtype == np.float32
    assert losses.cross_entropy(z, np.array([0, 1]))[1].dtype == np.float32
    assert losses.binary_cross_entropy(z, np.zeros((2, 3)))[1].dtype == np.float32
    assert losses.mean_squared_error(z, np.zeros((2, 3)))[1].dtype == np.float32


def test_inputs_are_left_as_they_were():
    z, labels = np.arange(6.0).reshape(2, 3), np.array([0, 2])
    losses.cross_entropy(z, labels)
    losses.softmax(z)
    np.testing.assert_array_equal(z, np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(labels, [0, 2])


LOGITS = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: losses.softmax("abc"), TypeError, "logits must hold real numbers"),
        (lambda: losses.softmax([[1.0], [1.0, 2.0]]), ValueError, "logits must be one array"),
        (
            lambda: losses.cross_entropy(LOGITS, np.array([0.0, 1.0])),
            TypeError,
            "labels must hold whole numbers from 0 to 2, got dtype float64",
        ),
        (
            lambda: losses.cross_entropy(LOGITS, np.array([[0], [1]])),
            ValueError,
            r"labels must have shape \(2,\), got \(2, 1\)",
        ),
        (
            lambda: losses.cross_entropy(LOGITS, np.array([0, 3])),
            ValueError,
            "labels must hold whole numbers from 0 to 2, got 3",
        ),
        (
            lambda: losses.cross_entropy(LOGITS, np.array([-1, 0])),
            ValueError,
            "labels must hold whole numbers from 0 to 2, got -1",
        ),
        (
            lambda: losses.cross_entropy(np.zeros((0, 3)), np.zeros(0, int)),
            ValueError,
            r"logits must have shape \(..., V\), got \(0, 3\)",
        ),
        (
            lambda: losses.binary_cross_entropy(LOGITS, np.array([[0.5, 1, 1.5], [-2, 0, 1]])),
            ValueError,
            "targets must be numbers from 0 to 1, got 1.5",
        ),
        (
            lambda: losses.binary_cross_entropy(LOGITS, np.zeros(2)),
            ValueError,
            r"targets must have shape \(2, 3\), got \(2,\)",
        ),
        (
            lambda: losses.mean_squared_error(np.zeros((4, 1)), np.zeros(4)),
            ValueError,
            r"y must have shape \(4, 1\), got \(4,\)",
        ),
        (
            lambda: losses.mean_squared_error(np.zeros(0), np.zeros(0)),
            ValueError,
            "y_hat must hold at least one element",
        ),
    ],
)
def test_bad_input_is_named_with_what_it_must_be(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()
