"""Gradient tools: cases known in closed form, definitions held to brute force, bad input."""

import functools
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.cells import GRU, LSTM, SimpleRNN
from course_utils.gradients import (
    clip_by_global_norm,
    gradient_by_lag,
    numerical_gradient,
    relative_error,
)
from course_utils.starts import identity, orthogonal

seeds = st.integers(0, 2**32 - 1)
shapes = st.lists(st.integers(1, 4), max_size=3).map(tuple)


# Numerical gradient and relative error


@given(shape=shapes, seed=seeds)
@settings(deadline=None)
def test_the_numerical_gradient_of_a_quadratic_is_exact(shape, seed):
    rng = np.random.default_rng(seed)
    a, slope = rng.normal(size=shape), rng.normal(size=shape)
    before = a.copy()
    gradient = numerical_gradient(lambda a: np.sum(slope * a + a**2), a)
    np.testing.assert_allclose(gradient, slope + 2 * a, atol=1e-8)
    np.testing.assert_array_equal(a, before)


def test_the_error_of_a_numerical_gradient_falls_with_the_square_of_its_step():
    errors = [
        abs(numerical_gradient(lambda a: np.exp(a).sum(), np.zeros(1), step=step)[0] - 1)
        for step in (1e-1, 1e-2, 1e-3)
    ]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.01)
    assert errors[1] / errors[2] == pytest.approx(100, rel=0.01)


def test_a_numerical_gradient_starts_from_any_real_array():
    for array in ([2, 3], np.array([2, 3], np.float32), (2.0, 3.0)):
        gradient = numerical_gradient(lambda a: (a**2).sum(), array)
        assert gradient.dtype == np.float64
        np.testing.assert_allclose(gradient, [4, 6])


@given(shape=shapes, seed=seeds, factor=st.floats(1e-3, 1e3))
@settings(deadline=None)
def test_a_relative_error_has_no_unit_and_no_order(shape, seed, factor):
    a, b = np.random.default_rng(seed).normal(size=(2, *shape))
    error = relative_error(a, b)
    assert 0 < error <= 2
    assert relative_error(b, a) == error
    assert relative_error(factor * a, factor * b) == pytest.approx(error)
    assert relative_error(a, a) == 0
    assert relative_error(a, -a) == pytest.approx(2)


def test_a_relative_error_of_zeros_and_of_nothing_is_zero():
    assert relative_error(np.zeros(3), np.zeros(3)) == 0
    assert relative_error(np.zeros(0), np.zeros(0)) == 0
    assert relative_error(np.zeros(3), np.ones(3)) == 1
    assert math.isnan(relative_error(np.array([np.nan]), np.ones(1)))


# Clipping


@given(shapes=st.lists(shapes, min_size=1, max_size=4), seed=seeds, max_norm=st.floats(1e-3, 1e3))
@settings(deadline=None)
def test_clipping_keeps_the_direction_and_bounds_the_norm(shapes, seed, max_norm):
    rng = np.random.default_rng(seed)
    grads = {f"w{k}": rng.normal(size=shape) for k, shape in enumerate(shapes)}
    clipped, norm = clip_by_global_norm(grads, max_norm)
    flat = np.concatenate([g.ravel() for g in grads.values()])
    flat_clipped = np.concatenate([g.ravel() for g in clipped.values()])
    assert norm == pytest.approx(np.linalg.norm(flat))
    assert np.linalg.norm(flat_clipped) == pytest.approx(min(norm, max_norm))
    np.testing.assert_allclose(flat_clipped / np.linalg.norm(flat_clipped), flat / norm)
    assert clipped.keys() == grads.keys()

    in_a_list, same_norm = clip_by_global_norm(list(grads.values()), max_norm)
    assert same_norm == norm
    for ours, theirs in zip(in_a_list, clipped.values(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_clipping_leaves_its_input_as_it_was():
    grads = {"w": np.array([3.0, 4.0])}
    clip_by_global_norm(grads, 1.0)
    np.testing.assert_array_equal(grads["w"], [3, 4])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_clipping_keeps_the_dtype_and_survives_huge_gradients(dtype):
    grads = [np.full(4, 1e30, dtype), np.zeros((), dtype)]
    clipped, norm = clip_by_global_norm(grads, 2.0)
    assert norm == pytest.approx(2e30)
    np.testing.assert_allclose(clipped[0], 1)
    assert {g.dtype for g in clipped} == {np.dtype(dtype)}


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_a_norm_that_is_no_number_is_told_and_nothing_scaled(bad):
    grads = [np.array([1.0, bad]), np.array([2.0])]
    clipped, norm = clip_by_global_norm(grads, 1.0)
    np.testing.assert_equal(norm, bad)
    for ours, theirs in zip(clipped, grads, strict=True):
        assert ours is theirs


def test_nothing_to_clip():
    grads = (np.array([3.0]), np.array([4.0]))
    for max_norm in (5.0, math.inf):
        clipped, norm = clip_by_global_norm(grads, max_norm)
        assert norm == 5
        assert all(ours is theirs for ours, theirs in zip(clipped, grads, strict=True))
    assert clip_by_global_norm({}, 1.0) == ({}, 0.0)


# Gradient against lag


def jacobian(cell, x, state, lag):
    """d h_T / d state_{T - lag} of one sequence by differences: the rest of it, run from there."""
    n_steps = x.shape[1]
    past = cell.forward(x[:, : n_steps - lag])
    start = {f"{name}0": getattr(past, name)[:, -1] for name in cell.states}

    def last(value, unit):
        changed = start | {f"{state}0": value}
        if state == "c":
            changed["h0"] = past.gates["o"][:, -1] * np.tanh(value)
        return cell.forward(x[:, n_steps - lag :], **changed).h[0, -1, unit]

    return np.array(
        [
            numerical_gradient(functools.partial(last, unit=unit), start[f"{state}0"])
            for unit in range(cell.n_units)
        ]
    )


@pytest.mark.parametrize(
    ("cell", "state"),
    [
        (SimpleRNN.start(2, 3), "h"),
        (SimpleRNN.start(2, 3, activation="relu", recurrent="identity"), "h"),
        (LSTM.start(2, 3), "h"),
        (LSTM.start(2, 3), "c"),
        (GRU.start(2, 3), "h"),
    ],
    ids=str,
)
def test_the_gradient_by_lag_is_the_size_of_the_jacobian(cell, state):
    x = np.random.default_rng(1).normal(size=(2, 6, 2))
    profile = gradient_by_lag(cell, x, state)
    assert profile.shape == (6,)
    for lag in range(1, 6):
        jacobians = np.stack([jacobian(cell, sample[np.newaxis], state, lag) for sample in x])
        assert profile[lag] == pytest.approx(np.sqrt((jacobians**2).sum() / (2 * 3)), rel=1e-6)


def test_at_lag_zero_the_gradient_is_that_of_the_last_state_itself():
    x = np.random.default_rng(1).normal(size=(2, 6, 2))
    assert gradient_by_lag(GRU.start(2, 3), x)[0] == 1
    lstm = LSTM.start(2, 3)
    trace = lstm.forward(x)
    slope = trace.gates["o"] * (1 - np.tanh(trace.c) ** 2)
    expected = np.sqrt(np.mean(slope[:, -1] ** 2))
    assert gradient_by_lag(lstm, x, "c")[0] == pytest.approx(expected)


def bound_by_lag(recurrent_kernel, n_lags):
    """The largest singular value to the power of the lag: no derivative of a squash exceeds 1."""
    return np.linalg.norm(recurrent_kernel, 2) ** np.arange(n_lags)


@given(seed=seeds, scale=st.floats(0.1, 3))
@settings(deadline=None, max_examples=25)
def test_the_profile_of_a_linear_orthogonal_cell_is_a_power_and_meets_its_bound(seed, scale):
    W_hh = scale * orthogonal(4, np.random.default_rng(seed))
    cell = SimpleRNN(np.ones((1, 4)), W_hh, np.zeros(4), activation="linear")
    profile = gradient_by_lag(cell, np.ones((1, 10, 1)))
    np.testing.assert_allclose(profile, scale ** np.arange(10))
    np.testing.assert_allclose(profile, bound_by_lag(W_hh, 10))


@given(seed=seeds, scale=st.floats(0.1, 3), activation=st.sampled_from(["tanh", "relu"]))
@settings(deadline=None, max_examples=25)
def test_no_profile_is_above_the_bound(seed, scale, activation):
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(2, 4)), scale * rng.normal(size=(4, 4)) / 2, rng.normal(size=4)
    cell = SimpleRNN(*weights, activation=activation)
    profile = gradient_by_lag(cell, rng.normal(size=(3, 12, 2)))
    assert (profile <= bound_by_lag(cell.recurrent_kernel, 12) * (1 + 1e-12)).all()


def test_an_eigenvalue_is_no_bound_where_the_matrix_is_not_normal():
    W_hh = np.array([[0.5, 4.0], [0.0, 0.5]])
    cell = SimpleRNN(np.ones((1, 2)), W_hh, np.zeros(2), activation="linear")
    profile = gradient_by_lag(cell, np.ones((1, 4, 1)))
    assert np.abs(np.linalg.eigvals(W_hh)).max() == 0.5
    assert profile[2] > 2
    assert (profile <= bound_by_lag(W_hh, 4)).all()


def test_profiles_are_float64_for_float32_cells():
    cell = SimpleRNN.start(1, 2, dtype=np.float32, activation="linear")
    cell.recurrent_kernel[...] *= 1e-3
    profile = gradient_by_lag(cell, np.ones((1, 11, 1)))
    assert profile.dtype == np.float64
    np.testing.assert_allclose(profile, 1e-3 ** np.arange(11), rtol=1e-5)


# Starts


@given(n=st.integers(1, 8), n_columns=st.integers(1, 8), seed=seeds)
@settings(deadline=None)
def test_all_singular_values_of_an_orthogonal_start_are_one(n, n_columns, seed):
    W = orthogonal(n, np.random.default_rng(seed), n_columns=n_columns)
    assert W.shape == (n, n_columns)
    np.testing.assert_allclose(np.linalg.svd(W, compute_uv=False), 1)


def test_no_orthogonal_start_is_likelier_than_another():
    rng = np.random.default_rng(0)
    draws = np.stack([orthogonal(2, rng) for _ in range(2000)])
    # The first row points anywhere on the circle; without the signs of R, to one half of it.
    assert np.abs(draws.mean(axis=0)).max() < 0.06
    assert np.mean(np.linalg.det(draws) > 0) == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, "float32"])
def test_starts_come_in_both_dtypes(dtype):
    assert orthogonal(3, np.random.default_rng(0), dtype).dtype == dtype
    assert identity(3, dtype=dtype).dtype == dtype


# Bad input


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: numerical_gradient(np.sum, np.ones(2), step=0), ValueError, "step must be a number in (0, inf), got 0"),
        (lambda: numerical_gradient(3.0, np.ones(2)), TypeError, "function must be a function, got float"),
        (lambda: numerical_gradient(np.sum, "a"), TypeError, "array must hold real numbers"),
        (lambda: numerical_gradient(lambda a: a, np.ones(2)), ValueError, "the result of function must have shape (), got (2,)"),
        (lambda: numerical_gradient(lambda a: None, np.ones(2)), TypeError, "the result of function must hold real numbers, got NoneType"),
        (lambda: numerical_gradient(lambda a: np.float32(1), np.ones(2)), TypeError, "function must compute in float64, got float32"),
        (lambda: relative_error(np.ones(2), np.ones((2, 1))), ValueError, "b must have shape (2,), got (2, 1)"),
        (lambda: relative_error(None, np.ones(2)), TypeError, "a must hold real numbers"),
        (lambda: clip_by_global_norm({"w": np.ones(2)}, 0), ValueError, "max_norm must be a number in (0, inf), got 0"),
        (lambda: clip_by_global_norm({"w": np.ones(2)}, None), TypeError, "max_norm must be a number in (0, inf), got None"),
        (lambda: clip_by_global_norm(np.ones(2), 1), TypeError, "grads must be a dict or list of arrays, got ndarray"),
        (lambda: clip_by_global_norm({"w": None}, 1), TypeError, "grads['w'] must hold real numbers"),
        (lambda: gradient_by_lag(SimpleRNN, np.ones((1, 2, 3))), TypeError, "cell must be one of course_utils.cells, got type"),
        (lambda: gradient_by_lag(np.eye(3), np.ones((1, 2, 3))), TypeError, "cell must be one of course_utils.cells, got ndarray"),
        (lambda: gradient_by_lag(SimpleRNN.start(3, 2), np.ones((1, 2, 3)), "c"), ValueError, "state must be one of 'h', got 'c'"),
        (lambda: gradient_by_lag(SimpleRNN.start(3, 2), np.ones((2, 3))), ValueError, "x must have shape (N, T, 3), got (2, 3)"),
        (lambda: gradient_by_lag(SimpleRNN.start(3, 2), np.ones((1, 2, 4))), ValueError, "x must have shape"),
        (lambda: orthogonal(0, np.random.default_rng(0)), ValueError, "n must be a whole number of at least 1, got 0"),
        (lambda: orthogonal(2, 0), TypeError, "rng must be a np.random.Generator, got int"),
        (lambda: orthogonal(2, np.random.default_rng(0), int), ValueError, "dtype must be float32 or float64, got int64"),
        (lambda: orthogonal(2, np.random.default_rng(0), n_columns=1.5), TypeError, "n_columns must be a whole number"),
        (lambda: identity(2, scale=math.nan), ValueError, "scale must be a number in (0, inf), got nan"),
        (lambda: identity("2"), TypeError, "n must be a whole number of at least 1, got '2' (str)"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
