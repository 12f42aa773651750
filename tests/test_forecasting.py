"""Windows, splits, baselines and the ruler of lesson 11."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import datasets
from course_utils.forecasting import (
    LinearForecaster,
    Scaler,
    iterate,
    mase,
    naive,
    seasonal_naive,
    split_windows,
    windows,
)

sizes = st.integers(1, 12)


@given(n_steps=sizes, horizon=sizes, more=st.integers(0, 20))
@settings(deadline=None)
def test_windows_are_all_stretches_with_what_follows(n_steps, horizon, more):
    series = np.arange(n_steps + horizon + more) ** 2
    x, y = windows(series, n_steps, horizon)
    assert x.shape == (more + 1, n_steps, 1) and y.shape == (more + 1, horizon)
    for i in range(more + 1):
        stretch = np.concatenate([x[i, :, 0], y[i]])
        np.testing.assert_array_equal(stretch, series[i : i + n_steps + horizon])


def test_windows_may_be_written_to():
    series = np.arange(6.0)
    for part in windows(series, 3, 2):
        part[:] = -1
    assert series.min() == 0


@given(n_steps=sizes, horizon=sizes, before=st.integers(0, 9), after=st.integers(0, 9))
@settings(deadline=None)
def test_split_trains_on_no_target_of_the_test(n_steps, horizon, before, after):
    first_test = n_steps + horizon + before
    series = np.arange(first_test + horizon + after)
    x_train, y_train, x_test, y_test = split_windows(series, first_test, n_steps, horizon)
    assert max(x_train.max(), y_train.max()) == first_test - 1
    assert y_test.min() == first_test and y_test.max() == len(series) - 1
    assert (y_test[:, 0] == x_test[:, -1, 0] + 1).all()
    assert len(y_train) == before + 1 and len(y_test) == after + 1


def test_scaler_undoes_what_it_does_and_knows_the_training_part_only():
    series = np.random.default_rng(0).normal(5, 3, size=100)
    scaler = Scaler.fit(series[:80])
    scaled = scaler.scale(series)
    assert scaled[:80].mean() == pytest.approx(0) and scaled[:80].std() == pytest.approx(1)
    np.testing.assert_allclose(scaler.unscale(scaled), series)


def test_linear_forecaster_finds_a_linear_rule():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3, 1))
    weights = rng.normal(size=(4, 2))
    y = x[:, :, 0] @ weights[:3] + weights[3]
    np.testing.assert_allclose(LinearForecaster.fit(x, y).weights, weights, atol=1e-12)


def test_iterated_forecasts_read_their_own():
    x = np.array([[[1.0], [1.0]], [[2.0], [3.0]]])
    fibonacci = iterate(lambda x: x[:, -1] + x[:, -2], x, horizon=4)
    np.testing.assert_array_equal(fibonacci, [[2, 3, 5, 8], [5, 8, 13, 21]])
    np.testing.assert_array_equal(iterate(lambda x: x[:, -1], x, 3), naive(x, 3))


def test_a_whole_season_comes_back():
    _, co2 = datasets.load_co2()
    x, _ = windows(co2, 24, 12)
    np.testing.assert_array_equal(seasonal_naive(x, 12, 12), x[:, 12:, 0])
    np.testing.assert_array_equal(seasonal_naive(x, 3, 24), x[:, :3, 0])
    assert seasonal_naive(x, 30, 12).shape == (len(x), 30)


def test_mase_of_the_naive_forecast_on_its_own_training_part_is_one():
    _, sunspots = datasets.load_sunspots()
    x, y = windows(sunspots, 1)
    assert mase(y, naive(x), sunspots) == pytest.approx(1)
    x, y = windows(sunspots, 11)
    assert mase(y, seasonal_naive(x, 1, 11), sunspots, season=11) == pytest.approx(1)


X = np.zeros((4, 3, 1))


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: windows([1, 2, 3], 2, 2), "at least n_steps"),
        (lambda: windows([[1, 2]], 1), "shape"),
        (lambda: windows([1, 2, 3], 0), "n_steps"),
        (lambda: split_windows(np.arange(9.0), 3, 2, 2), "first_test"),
        (lambda: split_windows(np.arange(9.0), 8, 2, 2), "first_test"),
        (lambda: Scaler.fit([1.0, 1.0]), "train"),
        (lambda: naive(np.zeros((4, 3))), "x must"),
        (lambda: seasonal_naive(X, 2, 4), "season"),
        (lambda: LinearForecaster.fit(X, np.zeros(4)), "y must"),
        (lambda: iterate(lambda x: x[:, 0, 0], X, 2), "one_step"),
        (lambda: mase([1.0], [1.0, 2.0], [1.0, 2.0]), "y_hat"),
        (lambda: mase([1.0], [1.0], [1.0]), "train"),
        (lambda: mase([1.0], [1.0], [1.0, 1.0]), "train must change"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(call, word):
    with pytest.raises(ValueError, match=word):
        call()
