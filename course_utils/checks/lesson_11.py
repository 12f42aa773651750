"""Exercises of lesson 11: windows, a leakage detector, and a forecast that beats the naive one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from course_utils.datasets import load_co2, mackey_glass
from course_utils.forecasting import (
    LinearForecaster,
    Scaler,
    mase,
    naive,
    seasonal_naive,
    split_windows,
    windows,
)
from course_utils.judging.exercise import Case, Exercise
from course_utils.judging.hints import hints
from course_utils.judging.outcomes import Unusable, as_arrays

Array = np.ndarray


# Exercise 11.1: windows


def make_windows(series: Array, n_steps: int, horizon: int) -> tuple[Array, Array]:
    """Return every window with the values that follow: (n,) -> x (N, T, 1), y (N, H)."""
    return windows(series, n_steps, horizon)


def _window_cases() -> list[Case]:
    rng = np.random.default_rng(1101)
    sizes = {
        "20 values, windows of 5, 3 steps ahead": (20, 5, 3),
        "one step ahead": (12, 4, 1),
        "a horizon longer than the window": (15, 2, 6),
        "windows of one value": (9, 1, 2),
        "just enough values for two windows": (9, 5, 3),
    }
    return [
        Case(label, (rng.normal(size=n).round(2), n_steps, horizon))
        for label, (n, n_steps, horizon) in sizes.items()
    ]


def _cut(series: Array, n_steps: int, horizon: int, *, gap: int = 0, every: int = 1) -> tuple:
    """Windows of which the targets begin ``gap`` values too late, and of which some are left out."""
    starts = range(0, len(series) - n_steps - horizon - gap + 1, every)
    x = [series[i : i + n_steps] for i in starts]
    y = [series[i + n_steps + gap : i + n_steps + gap + horizon] for i in starts]
    return (
        np.array(x).reshape(len(starts), n_steps, 1),
        np.array(y).reshape(len(starts), horizon),
    )


def _last_lost(series: Array, n_steps: int, horizon: int) -> tuple[Array, Array]:
    x, y = windows(series, n_steps, horizon)
    return x[:-1], y[:-1]


def _changed(change: Callable) -> Callable:
    return lambda series, n_steps, horizon: change(*windows(series, n_steps, horizon))


WINDOWS = Exercise(
    "11.1",
    "Windows",
    make_windows,
    _window_cases,
    {
        "target inside the window": lambda *args: _cut(*args, gap=-1),
        "a value skipped": lambda *args: _cut(*args, gap=1),
        "last window lost": _last_lost,
        "windows do not overlap": lambda *args: _cut(*args, every=args[1]),
        "a start for each horizon only": lambda *args: _cut(*args, every=args[2]),
        "only the last step ahead": _changed(lambda x, y: (x, y[:, -1:])),
        "only the next value": _changed(lambda x, y: (x, y[:, :1])),
        "feature axis missing": _changed(lambda x, y: (x[:, :, 0], y)),
        "steps taken for features": _changed(lambda x, y: (x.swapaxes(1, 2), y)),
        "time before samples": _changed(lambda x, y: (x.swapaxes(0, 1), y)),
        "feature axis on the targets": _changed(lambda x, y: (x, y[:, :, None])),
        "newest value first": _changed(lambda x, y: (x[:, ::-1], y)),
        "furthest target first": _changed(lambda x, y: (x, y[:, ::-1])),
        "x and y swapped": _changed(lambda x, y: (y, x)),
    },
    ("x (N, T, 1)", "y (N, H)"),
)


# Exercise 11.2: a leakage detector


def find_leaks(
    x_train: Array, y_train: Array, x_test: Array, y_test: Array, scaler: Array
) -> tuple[bool, bool, bool]:
    """Return answers_seen, shuffled, scaler_peeks, from the times of all values used."""
    return (
        bool(np.isin(y_test, x_train).any() or np.isin(y_test, y_train).any()),
        bool(y_train[:, 0].max() > y_test[:, 0].min()),
        bool(scaler.max() >= y_test.min()),
    )


def _clock(n: int, n_steps: int, horizon: int) -> tuple[Array, Array]:
    """Windows of the times 0 to n - 1: x (N, T), y (N, H)."""
    x, y = windows(np.arange(n), n_steps, horizon)
    return x[:, :, 0].astype(int), y.astype(int)


def _chosen(
    n: int, n_steps: int, horizon: int, train: Array, test: Array, scaler: int | Array
) -> tuple:
    """Arguments of the detector: which windows train, which test, what the scaler saw."""
    x, y = _clock(n, n_steps, horizon)
    seen = np.arange(scaler) if isinstance(scaler, int) else scaler
    return x[train], y[train], x[test], y[test], seen


def _leak_cases() -> list[Case]:
    order = np.random.default_rng(1102).permutation(36)
    apart = np.arange(0, 36, 5)  # windows of 4 + 1 values that share none
    both_sides = np.r_[0:10, 26:36]
    return [
        Case("cut in time, 3 steps ahead, clean", _chosen(40, 5, 3, *_parts(23, 25, 33), 30)),
        Case("cut in time, one step ahead, clean", _chosen(40, 4, 1, *_parts(26, 26, 36), 30)),
        Case(
            "windows made first and then cut, 3 steps ahead",
            _chosen(40, 5, 3, *_parts(25, 25, 33), 27),
        ),
        Case(
            "two windows exchanged at the cut, 3 steps ahead",
            _chosen(40, 5, 3, np.r_[:25, 26], np.r_[25, 27:33], 27),
        ),
        Case("one window in both parts, 3 steps ahead", _chosen(40, 5, 3, *_parts(26, 25, 33), 27)),
        Case("windows drawn at random", _chosen(40, 4, 1, order[:26], order[26:], 3)),
        Case(
            "windows that share no value, drawn at random",
            _chosen(40, 4, 1, apart[[0, 2, 3, 6]], apart[[1, 4, 5, 7]], 5),
        ),
        Case(
            "tested on a stretch in the middle",
            _chosen(40, 4, 1, both_sides, np.arange(14, 22), 10),
        ),
        Case(
            "cut in time, scaler fitted on everything", _chosen(40, 5, 3, *_parts(23, 25, 33), 40)
        ),
        Case(
            "cut in time, scaler fitted on half of the test",
            _chosen(40, 5, 3, *_parts(23, 25, 33), 34),
        ),
        Case("cut in time, scaler one value too far", _chosen(40, 5, 3, *_parts(23, 25, 33), 31)),
        Case(
            "a gap before the test, scaler fitted on the gap too",
            _chosen(40, 5, 3, *_parts(15, 25, 33), 30),
        ),
        Case(
            "windows drawn at random, scaler fitted on everything",
            _chosen(40, 5, 3, order[:24] % 33, order[24:] % 33, 40),
        ),
        Case(
            "only the last answer of a test window seen",
            _chosen(40, 5, 3, np.r_[0:8, 20:30], np.array([13]), 10),
        ),
        Case("test windows in no order", _chosen(40, 5, 3, np.arange(25), np.array([30, 22]), 5)),
        Case(
            "a gap in what the scaler saw, and a later value behind it",
            _chosen(40, 5, 3, np.arange(10), np.array([13]), np.r_[0:12, 30]),
        ),
        Case(
            "a long record that the scaler saw twice, clean",
            _chosen(40, 5, 3, np.arange(8), np.array([13]), np.repeat(np.arange(12), 3)),
        ),
    ]


def _parts(train: int, test: int, end: int) -> tuple[Array, Array]:
    return np.arange(train), np.arange(test, end)


def _detector(
    seen: Callable | None = None, shuffled: Callable | None = None, peeks: Callable | None = None
) -> Callable:
    """A detector of which some parts answer another question."""

    def detect(x_train, y_train, x_test, y_test, scaler):
        args = (x_train, y_train, x_test, y_test, scaler)
        right = find_leaks(*args)
        return tuple(
            bool(part(*args)) if part else value
            for part, value in zip((seen, shuffled, peeks), right, strict=True)
        )

    return detect


LEAKS = Exercise(
    "11.2",
    "A leakage detector",
    find_leaks,
    _leak_cases,
    {
        "training inputs overlooked": _detector(seen=lambda x, y, xt, yt, s: np.isin(yt, y).any()),
        "training targets overlooked": _detector(seen=lambda x, y, xt, yt, s: np.isin(yt, x).any()),
        "history taken for a leak": _detector(
            seen=lambda x, y, xt, yt, s: np.isin(np.c_[xt, yt], np.c_[x, y]).any()
        ),
        "looks for equal windows": _detector(
            seen=lambda x, y, xt, yt, s: (x[:, None] == xt[None]).all(axis=-1).any(),
        ),
        "random split not seen": _detector(shuffled=lambda x, y, xt, yt, s: False),
        "shared values taken for shuffling": _detector(
            shuffled=lambda x, y, xt, yt, s: y.max() > yt.min()
        ),
        "shuffling only where values are shared": _detector(
            shuffled=lambda x, y, xt, yt, s: (
                find_leaks(x, y, xt, yt, s)[0] and y[:, 0].max() > yt[:, 0].min()
            )
        ),
        "equal places taken for shuffling": _detector(
            shuffled=lambda x, y, xt, yt, s: x.max() > xt.min()
        ),
        "scaler off by one": _detector(peeks=lambda x, y, xt, yt, s: s.max() > yt.min()),
        "scaler compared with the training windows": _detector(
            peeks=lambda x, y, xt, yt, s: s.max() > y.max()
        ),
        "scaler compared with the last test target": _detector(
            peeks=lambda x, y, xt, yt, s: s.max() >= yt.max()
        ),
        "scaler compared with the test inputs": _detector(
            peeks=lambda x, y, xt, yt, s: s.max() >= xt.min()
        ),
        "scaler not looked at": _detector(peeks=lambda x, y, xt, yt, s: False),
        "True for clean": lambda *args: tuple(not leak for leak in find_leaks(*args)),
    },
    ("answers_seen", "shuffled", "scaler_peeks"),
)


# Exercise 11.3: beat the naive forecast


def beat_naive(train: Array, x: Array, horizon: int) -> Array:
    """Return forecasts of what follows each window: train (n,), x (N, T, 1) -> y_hat (N, H)."""
    x_train, y_train = windows(train, x.shape[1], horizon)
    return LinearForecaster.fit(x_train, y_train).predict(x)


@cache
def _held_out() -> dict[str, tuple[Array, Array, Array]]:
    """Training part, windows and true targets of each series, by the label of its case."""
    rng = np.random.default_rng(1103)
    t = np.arange(200)
    quarters = 60 + 0.15 * t + 8 * np.sin(np.pi * t / 2 + 1) + rng.normal(0, 1.5, size=200)
    series = {
        "CO2, 3 months ahead": (load_co2()[1], 396, 24, 3),
        "Mackey–Glass, 2 steps ahead": (mackey_glass(900, spacing=3, seed=3), 700, 12, 2),
        "quarterly sales, 4 quarters ahead": (quarters, 140, 8, 4),
    }
    parts = {}
    for label, (values, first_test, n_steps, horizon) in series.items():
        _, _, x, y = split_windows(values, first_test, n_steps, horizon)
        parts[label] = values[:first_test], x, y
    return parts


def _forecast_cases() -> list[Case]:
    return [
        Case(label, (train.copy(), x.copy(), y.shape[1]))
        for label, (train, x, y) in _held_out().items()
    ]


def _well_formed(function: Callable, args: tuple) -> bool:
    """Return True for any forecast that can be measured; how good it is, the rule says."""
    _forecasts(function, args)
    return True


def _forecasts(function: Callable, args: tuple) -> Array:
    (y_hat,) = as_arrays(function(*args), ("y_hat (N, H)",))
    wanted = (len(args[1]), args[2])
    if y_hat.dtype.kind not in "fiu":
        raise Unusable("returned something else than real numbers.")
    if y_hat.shape != wanted:
        raise Unusable(f"returned the shape {y_hat.shape}, wanted {wanted}, that is (N, H).")
    if not np.isfinite(y_hat).all():
        raise Unusable("returned numbers that are not finite.")
    return y_hat.astype(float)


def _beats_naive(submission: Callable, run: Callable) -> tuple[str | None, str] | None:
    """Measure the forecasts of every series; name what is known to go wrong."""
    for case, (train, x, y) in zip(_forecast_cases(), _held_out().values(), strict=True):
        y_hat = _forecasts(submission, case.args)
        error = mase(y, y_hat, train)
        if error >= 1:
            for name, looks_so in _LOOKS.items():
                if looks_so(train, x, y, y_hat):
                    return name, hints("11.3")[name]
            return None, (
                f"In the case “{case.label}” the MASE of your forecasts is {error:.2f}, wanted "
                f"below 1. The naive forecast has {mase(y, naive(x, y.shape[1]), train):.2f}."
            )
    return None


def _near(one: Array, other: Array, train: Array) -> bool:
    """Whether two forecasts are as good as the same, measured in naive errors."""
    return mase(one, other, train) < 0.05


def _is_last_value(train: Array, x: Array, y: Array, y_hat: Array) -> bool:
    return _near(naive(x, y.shape[1]), y_hat, train)


def _is_late_by_a_step(train: Array, x: Array, y: Array, y_hat: Array) -> bool:
    first_is_last = _near(x[:, -1:, 0], y_hat[:, :1], train)
    return first_is_last and mase(y[:, :-1], y_hat[:, 1:], train) < 1


def _is_of_another_row(train: Array, x: Array, y: Array, y_hat: Array) -> bool:
    return mase(y[:-1], y_hat[1:], train) < 1 or mase(y[1:], y_hat[:-1], train) < 1


def _is_scaled(train: Array, x: Array, y: Array, y_hat: Array) -> bool:
    return mase(y, Scaler.fit(train).unscale(y_hat), train) < 1


def _is_reversed(train: Array, x: Array, y: Array, y_hat: Array) -> bool:
    return mase(y, y_hat[:, ::-1], train) < 0.5 * mase(y, y_hat, train)


def _is_constant(train: Array, x: Array, y: Array, y_hat: Array) -> bool:
    return np.ptp(y_hat, axis=0).max() < 0.05 * train.std()


def _is_repeated(train: Array, x: Array, y: Array, y_hat: Array) -> bool:
    return np.ptp(y_hat, axis=1).max() == 0 and mase(y[:, :1], y_hat[:, :1], train) < 1


def _is_last_season(train: Array, x: Array, y: Array, y_hat: Array) -> bool:
    seasons = range(2, x.shape[1] + 1)
    return any(_near(seasonal_naive(x, y.shape[1], season), y_hat, train) for season in seasons)


_LOOKS = {
    "lag as skill": _is_last_value,
    "last season as skill": _is_last_season,
    "left in scaled units": _is_scaled,
    "furthest step first": _is_reversed,
    "one step repeated": _is_repeated,
    "one answer for all windows": _is_constant,
    "window off by one": _is_late_by_a_step,
    "rows moved by one": _is_of_another_row,
}
"""What a forecast that fails may look like: its name, and how it is recognised."""


def _trained_inside(train: Array, x: Array, horizon: int) -> Array:
    x_train, y_train = _cut(train, x.shape[1], horizon, gap=-1)
    return LinearForecaster.fit(x_train, y_train).predict(x)


_FAILING: dict[str, Callable[[Array, Array, int], Array]] = {
    "lag as skill": lambda train, x, horizon: naive(x, horizon),
    "last season as skill": lambda train, x, horizon: seasonal_naive(x, horizon, x.shape[1] // 2),
    "left in scaled units": lambda train, *args: Scaler.fit(train).scale(beat_naive(train, *args)),
    "furthest step first": lambda *args: beat_naive(*args)[:, ::-1],
    "one step repeated": lambda train, x, horizon: np.repeat(
        beat_naive(train, x, 1), horizon, axis=1
    ),
    "one answer for all windows": lambda train, x, horizon: np.full(
        (len(x), horizon), train.mean()
    ),
    "window off by one": _trained_inside,
    "rows moved by one": lambda *args: np.roll(beat_naive(*args), 1, axis=0),
}


BEAT_NAIVE = Exercise(
    "11.3",
    "Beat the naive forecast",
    beat_naive,
    _forecast_cases,
    _FAILING,
    ("y_hat (N, H)",),
    call=_well_formed,
    rules=[_beats_naive],
    time_limit=30.0,
)


EXERCISES = [WINDOWS, LEAKS, BEAT_NAIVE]
