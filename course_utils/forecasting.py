"""Forecast a series: windows, a split that does not leak, baselines and an honest ruler.

Windows are ``x (N, n_steps, 1)`` with targets ``y (N, horizon)``; a forecaster turns the one into
a guess of the other. Lesson 11 writes these functions by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from course_utils.arguments import instance, real_array, whole_number


def windows(series: ArrayLike, n_steps: int, horizon: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Every stretch of a series with the values that follow it.

    Parameters
    ----------
    series
        Numbers in the order of time, (n,).
    n_steps
        Values in each window; at least 1.
    horizon
        Values to forecast after each window; at least 1.

    Returns
    -------
    x : ndarray (N, n_steps, 1)
        Window ``i`` holds ``series[i : i + n_steps]``; ``N = n - n_steps - horizon + 1``.
    y : ndarray (N, horizon)
        The values that follow, ``series[i + n_steps : i + n_steps + horizon]``.

    Raises
    ------
    ValueError
        If the series is not (n,), too short for a single window, or not finite.

    Examples
    --------
    >>> x, y = windows([1, 2, 3, 4, 5], n_steps=2, horizon=2)
    >>> x[:, :, 0].tolist(), y.tolist()
    ([[1.0, 2.0], [2.0, 3.0]], [[3.0, 4.0], [4.0, 5.0]])
    """
    series = _series("series", series)
    n_steps = whole_number("n_steps", n_steps, 1)
    horizon = whole_number("horizon", horizon, 1)
    if len(series) < n_steps + horizon:
        raise ValueError(
            f"series must have at least n_steps + horizon = {n_steps + horizon} values, "
            f"got {len(series)}"
        )
    both = np.lib.stride_tricks.sliding_window_view(series, n_steps + horizon)
    return both[:, :n_steps, None].copy(), both[:, n_steps:].copy()


def split_windows(
    series: ArrayLike, first_test: int, n_steps: int, horizon: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Cut a series in time, then each part into windows; no test target is ever trained on.

    Parameters
    ----------
    series
        Numbers in the order of time, (n,).
    first_test
        Index of the first value that may be a test target, and that training must not see.
    n_steps, horizon
        As for :func:`windows`.

    Returns
    -------
    x_train, y_train, x_test, y_test : ndarray
        The windows of ``series[:first_test]``, and those of which every target lies at
        ``first_test`` or later. The first test windows reach back into the training part: when
        they are forecast, those values are known.

    Raises
    ------
    ValueError
        If a part is too short for a single window.
    """
    series = _series("series", series)
    first_test = whole_number("first_test", first_test, 1)
    n_steps, horizon = whole_number("n_steps", n_steps, 1), whole_number("horizon", horizon, 1)
    if first_test < n_steps + horizon or len(series) < first_test + horizon:
        raise ValueError(
            f"first_test must leave n_steps + horizon = {n_steps + horizon} values before it and "
            f"horizon = {horizon} from it on, got {first_test} of {len(series)}"
        )
    x_train, y_train = windows(series[:first_test], n_steps, horizon)
    x_test, y_test = windows(series[first_test - n_steps :], n_steps, horizon)
    return x_train, y_train, x_test, y_test


@dataclass(frozen=True)
class Scaler:
    """Brings numbers to mean 0 and standard deviation 1, and back.

    Attributes
    ----------
    mean, std : float
        Of the numbers that it was fitted on: the training part, and nothing else.

    Examples
    --------
    >>> scaler = Scaler.fit([2.0, 4.0])
    >>> scaler.scale(np.array([3.0, 5.0])), scaler.unscale(2.0)
    (array([0., 2.]), 5.0)
    """

    mean: float
    std: float

    @classmethod
    def fit(cls, train: ArrayLike) -> Scaler:
        """Take mean and standard deviation from numbers of any shape.

        Raises
        ------
        ValueError
            If there are none, all are equal, or one is not finite.
        """
        train = real_array("train", train, finite=True)
        if np.ptp(train) == 0:
            got = f"{train.flat[0]:g} everywhere"
            raise ValueError(f"train must hold numbers that are not all equal, got {got}")
        return cls(float(train.mean()), float(train.std()))

    def scale(self, values: np.ndarray) -> np.ndarray:
        """Return ``(values - mean) / std``."""
        return (real_array("values", values, empty=True) - self.mean) / self.std

    def unscale(self, values: np.ndarray) -> np.ndarray:
        """Return ``values * std + mean``."""
        return real_array("values", values, empty=True) * self.std + self.mean


# Baselines: x (N, n_steps, 1) -> y_hat (N, horizon)


def naive(x: np.ndarray, horizon: int = 1) -> np.ndarray:
    """Tomorrow is as today: repeat the last value of each window.

    Parameters
    ----------
    x
        Windows, (N, n_steps, 1).
    horizon
        Values to forecast; at least 1.

    Returns
    -------
    ndarray (N, horizon)
    """
    return seasonal_naive(x, horizon, season=1)


def seasonal_naive(x: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """This season is as the last one: repeat the last ``season`` values of each window.

    Parameters
    ----------
    x
        Windows, (N, n_steps, 1).
    horizon
        Values to forecast; at least 1.
    season
        Values in a season, such as 12 for months; at most ``n_steps``.

    Returns
    -------
    ndarray (N, horizon)

    Raises
    ------
    ValueError
        If the windows are shorter than a season.

    Examples
    --------
    >>> seasonal_naive(np.array([[[1.0], [2.0], [3.0]]]), horizon=5, season=2)
    array([[2., 3., 2., 3., 2.]])
    """
    x = _windows("x", x)
    horizon = whole_number("horizon", horizon, 1)
    season = whole_number("season", season, 1)
    if season > x.shape[1]:
        raise ValueError(
            f"season must be at most n_steps, got {season} with windows of {x.shape[1]} values"
        )
    return x[:, x.shape[1] - season + np.arange(horizon) % season, 0]


@dataclass(frozen=True)
class LinearForecaster:
    """A weighted sum of the window and a constant, one for each step ahead: autoregression.

    Attributes
    ----------
    weights : ndarray (n_steps + 1, horizon)
        Row ``t`` weighs the value ``t`` of the window; the last row is the constant.

    Examples
    --------
    >>> x, y = windows(np.sin(np.arange(50)), n_steps=2)
    >>> forecaster = LinearForecaster.fit(x, y)
    >>> bool(np.allclose(forecaster.predict(x), y, atol=1e-12))
    True
    """

    weights: np.ndarray

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray) -> LinearForecaster:
        """Find the weights of least squared error: x (N, n_steps, 1), y (N, horizon).

        Raises
        ------
        ValueError
            If the shapes do not fit.
        """
        x = _windows("x", x)
        y = real_array("y", y, (len(x), "horizon"), finite=True)
        return cls(np.linalg.lstsq(_with_constant(x), y, rcond=None)[0])

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the forecasts, (N, horizon), of windows (N, n_steps, 1)."""
        return _with_constant(_windows("x", x, len(self.weights) - 1)) @ self.weights


def _with_constant(x: np.ndarray) -> np.ndarray:
    return np.column_stack([x[:, :, 0], np.ones(len(x))])


def iterate(
    one_step: Callable[[np.ndarray], np.ndarray], x: np.ndarray, horizon: int
) -> np.ndarray:
    """Forecast many steps with a one-step forecaster that reads its own forecasts.

    Parameters
    ----------
    one_step
        Turns windows (N, n_steps, 1) into the next values, (N, 1).
    x
        Windows, (N, n_steps, 1).
    horizon
        Steps ahead; at least 1.

    Returns
    -------
    ndarray (N, horizon)

    Raises
    ------
    ValueError
        If ``one_step`` returns another shape.
    """
    x = _windows("x", x)
    instance("one_step", one_step, Callable, "a function")
    forecasts = []
    for _ in range(whole_number("horizon", horizon, 1)):
        y_hat = real_array("the result of one_step", one_step(x), (len(x), 1))
        forecasts.append(y_hat)
        x = np.concatenate([x[:, 1:], y_hat[:, :, None]], axis=1)
    return np.concatenate(forecasts, axis=1)


# The ruler


def mase(y: ArrayLike, y_hat: ArrayLike, train: ArrayLike, season: int = 1) -> float:
    """Mean absolute scaled error: in units of what the naive forecast errs on the training part.

    Parameters
    ----------
    y, y_hat
        True values and forecasts, of one shape.
    train
        The training part, (n,).
    season
        1 scales by the naive forecast, more by the seasonal naive one.

    Returns
    -------
    float
        Below 1: better than the naive forecast, one step ahead, was on the training part.

    Raises
    ------
    ValueError
        If the shapes differ, or the training part is too short or does not change.

    References
    ----------
    Hyndman, Koehler 2006, *Another look at measures of forecast accuracy*, International Journal
    of Forecasting 22, 679–688, section 3.

    Examples
    --------
    >>> mase(y=[6.0, 7.0], y_hat=[5.0, 5.0], train=[1.0, 2.0, 3.0, 5.0])
    1.125
    """
    y = real_array("y", y, finite=True)
    error = np.abs(y - real_array("y_hat", y_hat, y.shape, finite=True)).mean()
    return float(error / naive_error(train, season))


def naive_error(train: ArrayLike, season: int = 1) -> float:
    """Mean absolute error of the (seasonal) naive forecast on the training part: MASE's unit.

    Raises
    ------
    ValueError
        If the training part is too short or does not change.
    """
    train = _series("train", train)
    season = whole_number("season", season, 1)
    if len(train) <= season:
        raise ValueError(f"train must have more than season = {season} values, got {len(train)}")
    error = float(np.abs(train[season:] - train[:-season]).mean())
    if not error > 0:
        raise ValueError("train must change, got a naive forecast that has no error to scale by")
    return error


def _series(name: str, values: ArrayLike) -> np.ndarray:
    return real_array(name, values, ("n",), finite=True)


def _windows(name: str, x: np.ndarray, n_steps: int | str = "n_steps") -> np.ndarray:
    return real_array(name, x, ("N", n_steps, 1), finite=True)
