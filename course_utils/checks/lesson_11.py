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
from course_utils.judging.exercise import Case, Exercise, Misconception
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
    [
        Misconception(
            "target inside the window",
            lambda *args: _cut(*args, gap=-1),
            "Your first target is the last value of its own window. A network learns to copy it, "
            "with almost no error, and forecasts nothing. The targets begin where the window ends.",
        ),
        Misconception(
            "a value skipped",
            lambda *args: _cut(*args, gap=1),
            "Between your windows and their targets one value is missing. `series[a:b]` does not "
            "hold `series[b]`: which index comes right after the window?",
        ),
        Misconception(
            "last window lost",
            _last_lost,
            "The last window is missing, the one whose targets end with the series. `range(k)` "
            "stops at `k - 1`: how many starts are there?",
        ),
        Misconception(
            "windows do not overlap",
            lambda *args: _cut(*args, every=args[1]),
            "Your windows stand side by side. A new one starts at every value, so that neighbours "
            "share all values but one.",
        ),
        Misconception(
            "a start for each horizon only",
            lambda *args: _cut(*args, every=args[2]),
            "Your windows move on by `horizon` values at a time. A new one starts at every value.",
        ),
        Misconception(
            "only the last step ahead",
            _changed(lambda x, y: (x, y[:, -1:])),
            "Your targets hold one value, `horizon` steps ahead. The exercise wants all the values "
            "up to there: y (N, H).",
        ),
        Misconception(
            "only the next value",
            _changed(lambda x, y: (x, y[:, :1])),
            "Your targets hold the next value only. The exercise wants `horizon` of them: y (N, H).",
        ),
        Misconception(
            "feature axis missing",
            _changed(lambda x, y: (x[:, :, 0], y)),
            "Your x has two axes. A recurrent layer reads (N, T, D), with D = 1 for one series.",
        ),
        Misconception(
            "steps taken for features",
            _changed(lambda x, y: (x.swapaxes(1, 2), y)),
            "Your x is (N, 1, T): one step with T features. A recurrent layer would have nothing "
            "to step through. It wants T steps with one feature.",
        ),
        Misconception(
            "time before samples",
            _changed(lambda x, y: (x.swapaxes(0, 1), y)),
            "Your x is (T, N, 1). Keras reads the batch first: (N, T, 1).",
        ),
        Misconception(
            "feature axis on the targets",
            _changed(lambda x, y: (x, y[:, :, None])),
            "Your y has a third axis. It wants (N, H): `horizon` numbers for each window.",
        ),
        Misconception(
            "newest value first",
            _changed(lambda x, y: (x[:, ::-1], y)),
            "Your windows run backwards. The oldest value comes first, the newest last.",
        ),
        Misconception(
            "furthest target first",
            _changed(lambda x, y: (x, y[:, ::-1])),
            "Your targets run backwards. The next value comes first, the furthest last.",
        ),
        Misconception(
            "x and y swapped",
            _changed(lambda x, y: (y, x)),
            "You return the targets first. The windows come first: `x, y`.",
        ),
    ],
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


def _chosen(n: int, n_steps: int, horizon: int, train: Array, test: Array, scaler: int) -> tuple:
    """Arguments of the detector: which windows train, which test, what the scaler saw."""
    x, y = _clock(n, n_steps, horizon)
    return x[train], y[train], x[test], y[test], np.arange(scaler)


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
    [
        Misconception(
            "training inputs overlooked",
            _detector(seen=lambda x, y, xt, yt, s: np.isin(yt, y).any()),
            "You compare targets with targets. A network also sees the inputs of its training "
            "windows, and with a random split the answer of a test stands there.",
        ),
        Misconception(
            "training targets overlooked",
            _detector(seen=lambda x, y, xt, yt, s: np.isin(yt, x).any()),
            "You look for the test targets among the training inputs only. Where several steps "
            "are forecast, neighbouring windows share targets.",
        ),
        Misconception(
            "history taken for a leak",
            _detector(seen=lambda x, y, xt, yt, s: np.isin(np.c_[xt, yt], np.c_[x, y]).any()),
            "You also count the test *inputs*. They may reach back into the training part: at the "
            "moment of the forecast those values are known. Only the answers must be new.",
        ),
        Misconception(
            "looks for equal windows",
            _detector(
                seen=lambda x, y, xt, yt, s: (x[:, None] == xt[None]).all(axis=-1).any(),
            ),
            "You look for windows that stand in both parts. Different windows overlap: one value "
            "in common is enough if it is the answer.",
        ),
        Misconception(
            "random split not seen",
            _detector(shuffled=lambda x, y, xt, yt, s: False),
            "Your second answer is never True. A network that trained on later years and is tested "
            "on earlier ones forecasts with hindsight. Which order in time tells you?",
        ),
        Misconception(
            "shared values taken for shuffling",
            _detector(shuffled=lambda x, y, xt, yt, s: y.max() > yt.min()),
            "You compare the last training target of all with the first test target. Forecasts of "
            "several steps overlap there without any shuffling: compare where they *start*.",
        ),
        Misconception(
            "shuffling only where values are shared",
            _detector(
                shuffled=lambda x, y, xt, yt, s: (
                    find_leaks(x, y, xt, yt, s)[0] and y[:, 0].max() > yt[:, 0].min()
                )
            ),
            "You call it shuffled only where values are shared. A split can put training after "
            "the test without sharing any value: a stretch in the middle, with gaps around it.",
        ),
        Misconception(
            "equal places taken for shuffling",
            _detector(shuffled=lambda x, y, xt, yt, s: x.max() > xt.min()),
            "You compare inputs. The first test windows reach back into the training part, and "
            "may. Compare where the *forecasts* start.",
        ),
        Misconception(
            "scaler off by one",
            _detector(peeks=lambda x, y, xt, yt, s: s.max() > yt.min()),
            "A scaler that has seen the first test target, and no more, has seen too much.",
        ),
        Misconception(
            "scaler compared with the training windows",
            _detector(peeks=lambda x, y, xt, yt, s: s.max() > y.max()),
            "You compare the scaler with the end of the training windows. Values between training "
            "and test are known before the first forecast too. Where does the future begin?",
        ),
        Misconception(
            "scaler compared with the last test target",
            _detector(peeks=lambda x, y, xt, yt, s: s.max() >= yt.max()),
            "Your scaler may see all test targets but the last one. One is too many.",
        ),
        Misconception(
            "scaler compared with the test inputs",
            _detector(peeks=lambda x, y, xt, yt, s: s.max() >= xt.min()),
            "You compare the scaler with the test *inputs*. They reach back into the training "
            "part, which the scaler may see. The future begins with the first test target.",
        ),
        Misconception(
            "scaler not looked at",
            _detector(peeks=lambda x, y, xt, yt, s: False),
            "Your third answer is never True. Mean and standard deviation of the whole series "
            "tell how high the test part will be.",
        ),
        Misconception(
            "True for clean",
            lambda *args: tuple(not leak for leak in find_leaks(*args)),
            "Your answers are turned round: True means that there *is* a leak.",
        ),
    ],
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
            for name, (looks_so, hint) in _LOOKS.items():
                if looks_so(train, x, y, y_hat):
                    return name, hint
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
    "lag as skill": (
        _is_last_value,
        "Your forecast is the last value that was known. Drawn beside the truth it looks good and "
        "has a high R², one step late. If you trained for this, look at the targets: is the first "
        "one still inside its window?",
    ),
    "last season as skill": (
        _is_last_season,
        "Your forecast is the value of a season ago. That is a baseline: it forgets the trend, and "
        "does nothing for a series without a calendar.",
    ),
    "left in scaled units": (
        _is_scaled,
        "Your forecasts have mean 0 and standard deviation 1. Bring them back to the units of the "
        "series: the way back is to multiply first and to add second.",
    ),
    "furthest step first": (
        _is_reversed,
        "Your forecasts are in reverse order. The next value comes first, the furthest last.",
    ),
    "one step repeated": (
        _is_repeated,
        "You forecast the next value well, and repeat it for all the others. Each step ahead needs "
        "a forecast of its own.",
    ),
    "one answer for all windows": (
        _is_constant,
        "Every window gets the same forecast, so nothing in it counts. A mean is the best "
        "constant, and no forecast.",
    ),
    "window off by one": (
        _is_late_by_a_step,
        "Your forecasts are good and one step late: the first is the last value of the window, the "
        "second is a forecast of the first. In the training windows, is the first target still "
        "inside?",
    ),
    "rows moved by one": (
        _is_of_another_row,
        "Your forecasts fit the windows before or after. Row `i` forecasts what follows window `i`.",
    ),
}
"""What a forecast that fails may look like: its name, how it is recognised, and a hint."""


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
    [Misconception(name, function, _LOOKS[name][1]) for name, function in _FAILING.items()],
    ("y_hat (N, H)",),
    call=_well_formed,
    rules=[_beats_naive],
    time_limit=30.0,
)


EXERCISES = [WINDOWS, LEAKS, BEAT_NAIVE]
