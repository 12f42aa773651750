"""Lesson 11: what learners hand in besides the misconceptions, each rejected with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from wrong import assert_is_sentence, assert_rejected

from course_utils.checks import check
from course_utils.checks.lesson_11 import beat_naive, find_leaks, make_windows
from course_utils.forecasting import (
    LinearForecaster,
    Scaler,
    iterate,
    naive,
    seasonal_naive,
    windows,
)


def cut(series, n_steps, horizon, first_target, n_windows):
    x = np.array([series[i : i + n_steps] for i in range(n_windows)])
    y = np.array([series[i + first_target : i + first_target + horizon] for i in range(n_windows)])
    return x[:, :, None], y


def off_by_one_inside(series, n_steps, horizon):
    return cut(series, n_steps, horizon, n_steps - 1, len(series) - n_steps - horizon + 2)


def one_window_short(series, n_steps, horizon):
    starts = range(len(series) - n_steps - horizon)
    x = np.array([series[i : i + n_steps] for i in starts])
    y = np.array([series[i + n_steps : i + n_steps + horizon] for i in starts])
    return x[:, :, None], y


def side_by_side(series, n_steps, horizon):
    x, y = windows(series, n_steps, horizon)
    return x[::n_steps], y[::n_steps]


def flat_inputs(series, n_steps, horizon):
    both = np.lib.stride_tricks.sliding_window_view(series, n_steps + horizon)
    return both[:, :n_steps], both[:, n_steps:]


def only_the_furthest(series, n_steps, horizon):
    n = len(series) - n_steps - horizon + 1
    x, _ = windows(series, n_steps, horizon)
    return x, series[n_steps + horizon - 1 :].reshape(n, 1)


def targets_compared_with_targets(x_train, y_train, x_test, y_test, scaler):
    seen = bool(set(y_test.ravel()) & set(y_train.ravel()))
    return seen, bool(y_train[:, 0].max() > y_test[:, 0].min()), bool(scaler[-1] >= y_test.min())


def all_of_the_test_window(x_train, y_train, x_test, y_test, scaler):
    trained = set(x_train.ravel()) | set(y_train.ravel())
    seen = bool(trained & (set(x_test.ravel()) | set(y_test.ravel())))
    return seen, bool(y_train[:, 0].max() > y_test[:, 0].min()), bool(scaler[-1] >= y_test.min())


def scaler_past_the_training_part(x_train, y_train, x_test, y_test, scaler):
    seen, shuffled, _ = find_leaks(x_train, y_train, x_test, y_test, scaler)
    return seen, shuffled, bool((scaler > y_train.max()).any())


def strictly_later(x_train, y_train, x_test, y_test, scaler):
    seen, shuffled, _ = find_leaks(x_train, y_train, x_test, y_test, scaler)
    return seen, shuffled, bool((scaler > y_test.min()).any())


def turned_round(*args):
    return [not leak for leak in find_leaks(*args)]


def copies_its_last_input(train, x, horizon):
    """Nearly the naive forecast, as a network that has learned to copy makes it."""
    return naive(x, horizon) + 0.01 * np.random.default_rng(0).normal(size=(len(x), horizon)) * (
        np.abs(np.diff(train)).mean()
    )


def trained_with_the_target_inside(train, x, horizon):
    x_train, y_train = off_by_one_inside(train, x.shape[1], horizon)
    return LinearForecaster.fit(x_train, y_train).predict(x)


def never_scaled_back(train, x, horizon):
    scaler = Scaler.fit(train)
    x_train, y_train = windows(scaler.scale(train), x.shape[1], horizon)
    return LinearForecaster.fit(x_train, y_train).predict(scaler.scale(x))


def last_step_first(train, x, horizon):
    return beat_naive(train, x, horizon)[:, ::-1]


def one_step_for_all(train, x, horizon):
    return beat_naive(train, x, 1) * np.ones(horizon)


def mean_of_the_training_part(train, x, horizon):
    return np.full((len(x), horizon), np.mean(train))


def last_year(train, x, horizon):
    return seasonal_naive(x, horizon, min(12, x.shape[1]))


def one_row_late(train, x, horizon):
    y_hat = beat_naive(train, x, horizon)
    return np.concatenate([y_hat[:1], y_hat[:-1]])


NAMED = [
    ("11.1", off_by_one_inside, "target inside the window"),
    ("11.1", one_window_short, "last window lost"),
    ("11.1", side_by_side, "windows do not overlap"),
    ("11.1", flat_inputs, "feature axis missing"),
    ("11.1", only_the_furthest, "only the last step ahead"),
    ("11.2", targets_compared_with_targets, "training inputs overlooked"),
    ("11.2", all_of_the_test_window, "history taken for a leak"),
    ("11.2", scaler_past_the_training_part, "scaler compared with the training windows"),
    ("11.2", strictly_later, "scaler off by one"),
    ("11.2", turned_round, "True for clean"),
    ("11.3", copies_its_last_input, "lag as skill"),
    ("11.3", trained_with_the_target_inside, "window off by one"),
    ("11.3", never_scaled_back, "left in scaled units"),
    ("11.3", last_step_first, "furthest step first"),
    ("11.3", one_step_for_all, "one step repeated"),
    ("11.3", mean_of_the_training_part, "one answer for all windows"),
    ("11.3", last_year, "last season as skill"),
    ("11.3", one_row_late, "rows moved by one"),
]


@pytest.mark.parametrize(("exercise", "submission", "name"), NAMED)
def test_mistake_is_recognised(exercise, submission, name):
    result = check(exercise, submission)
    assert (result.status, result.diagnosis) == ("wrong", name), result
    assert_is_sentence(result.message)


def nudges_its_windows(train, x, horizon):
    x -= x.mean()
    return beat_naive(train, x, horizon)


WRONG = [
    # exercise, submission, a word that the sentence must hold
    ("11.1", lambda *args: make_windows(*args)[0], "2 values"),
    ("11.1", lambda s, t, h: (make_windows(s, t, h)[0] * 2, make_windows(s, t, h)[1]), "x"),
    ("11.1", lambda s, t, h: make_windows(np.sort(s), t, h), "11.1"),
    ("11.2", lambda *args: any(find_leaks(*args)), "3 values"),
    ("11.2", lambda *args: (*find_leaks(*args)[:2], True), "scaler_peeks"),
    ("11.2", lambda *args: [int(leak) for leak in find_leaks(*args)], "True or False"),
    ("11.3", lambda train, x, horizon: beat_naive(train, x, horizon)[:, 0], "shape"),
    ("11.3", lambda train, x, horizon: naive(x, horizon) + train.std(), "MASE"),
    ("11.3", nudges_its_windows, "argument `x`"),
    ("11.3", lambda train, x, horizon: x[:, -horizon:, 0] / 0, "not finite"),
]


@pytest.mark.parametrize(("exercise", "submission", "word"), WRONG)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_wrong_submission_is_rejected(exercise, submission, word):
    assert_rejected(exercise, submission, word)


def windows_by_stacking(series, n_steps, horizon):
    n = len(series) - n_steps - horizon + 1
    x = np.stack([series[i : i + n] for i in range(n_steps)], axis=1)
    y = np.stack([series[n_steps + k : n_steps + k + n] for k in range(horizon)], axis=1)
    return x[..., np.newaxis], y


def leaks_with_sets(x_train, y_train, x_test, y_test, scaler):
    trained = set(x_train.ravel()) | set(y_train.ravel())
    first = y_test.min()
    return (
        not trained.isdisjoint(y_test.ravel()),
        max(row[0] for row in y_train) > min(row[0] for row in y_test),
        any(time >= first for time in scaler),
    )


def iterated(train, x, horizon):
    one_step = LinearForecaster.fit(*windows(train, x.shape[1]))
    return iterate(one_step.predict, x, horizon)


def nearest_neighbour(train, x, horizon):
    """Look up the most similar stretch of the past, and take its changes."""
    x_train, y_train = windows(train, x.shape[1], horizon)
    from_last = x_train[:, :, 0] - x_train[:, -1]
    y_hat = []
    for window in x[:, :, 0]:
        nearest = np.argsort(((from_last - (window - window[-1])) ** 2).sum(axis=1))[:3]
        y_hat.append(window[-1] + (y_train - x_train[:, -1])[nearest].mean(axis=0))
    return np.array(y_hat)


@pytest.mark.parametrize(
    ("exercise", "submission"),
    [
        ("11.1", windows_by_stacking),
        ("11.2", leaks_with_sets),
        ("11.3", iterated),
        ("11.3", nearest_neighbour),
    ],
)
def test_other_ways_to_be_right_are_accepted(exercise, submission):
    assert check(exercise, submission).status == "correct", check(exercise, submission)
