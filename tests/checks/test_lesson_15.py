"""Lesson 15: what learners hand in besides the misconceptions, each rejected with its reason."""

from __future__ import annotations

from itertools import combinations, permutations
from math import ceil, floor, sqrt

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, ttest_ind
from wrong import assert_rejected

from course_utils.checks import check
from course_utils.checks.lesson_15 import units_for_budget
from course_utils.further.comparison import permutation_p

BLOCKS = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3, "GRU, reset before": 3}
BIASES = {"SimpleRNN": 1, "LSTM": 1, "GRU": 2, "GRU, reset before": 1}
GATES = {"SimpleRNN": 0, "LSTM": 3, "GRU": 2, "GRU, reset before": 2}


def assert_named(exercise, submission, name):
    result = check(exercise, submission)
    assert (result.status, result.diagnosis) == ("wrong", name), result


def upwards(count):
    """A units_for_budget that counts upwards with its own formula."""

    def submission(network, n_features, budget):
        units = 0
        while count(network, n_features, units + 1) <= budget:
            units += 1
        return units

    return submission


def solved(round_off):
    """A units_for_budget that solves the quadratic equation."""

    def submission(network, n_features, budget):
        b = n_features + BIASES[network]
        root = (-b + sqrt(b * b + 4 * budget / BLOCKS[network])) / 2
        return int(round_off(root))

    return submission


def splits(a, b):
    both = np.concatenate([a, b])
    for group in combinations(range(len(both)), len(a)):
        yield both[list(group)], np.delete(both, group)


def share(difference, compare=np.greater_equal):
    def submission(a, b):
        return np.mean([compare(difference(*split), difference(a, b)) for split in splits(a, b)])

    return submission


def best_median(scores, lower):
    medians = np.median(scores, axis=1)
    return medians.argmin() if lower else medians.argmax()


def reported(row, scores):
    return row, np.median(scores[row]), scores[row].min(), scores[row].max()


def best_single(scores, lower):
    place = scores.argmin() if lower else scores.argmax()
    return np.unravel_index(place, scores.shape)[0]


# Written as learners write them, not as the checks do.
NAMED = [
    (
        "15.1",
        upwards(lambda n, d, u: max(1, GATES[n]) * (d * u + u * u + BIASES[n] * u)),
        "gates counted as blocks",
    ),
    ("15.1", upwards(lambda n, d, u: d * u + u * u + u), "equal units for all"),
    (
        "15.1",
        upwards(lambda n, d, u: BLOCKS[n] * (d * u + u * u + u)),
        "second bias of the GRU forgotten",
    ),
    (
        "15.1",
        upwards(lambda n, d, u: BLOCKS[n] * (d * u + u * u + 2 * u)),
        "two biases everywhere",
    ),
    ("15.1", upwards(lambda n, d, u: BLOCKS[n] * (d * u + u * u)), "bias forgotten"),
    (
        "15.1",
        upwards(lambda n, d, u: BLOCKS[n] * (u * u + BIASES[n] * u)),
        "input weights forgotten",
    ),
    (
        "15.1",
        upwards(lambda n, d, u: BLOCKS[n] * (d + 1 + BIASES[n]) * u),
        "recurrent weights counted as U",
    ),
    (
        "15.1",
        upwards(lambda n, d, u: BLOCKS[n] * (d + BIASES[n]) * u),
        "recurrent weights forgotten",
    ),
    ("15.1", solved(ceil), "one unit too many"),
    ("15.1", lambda n, d, budget: solved(floor)("SimpleRNN", d, budget) // BLOCKS[n],
     "units divided by the blocks"),
    ("15.1", lambda n, d, budget: max(1, units_for_budget(n, d, budget)),
     "one unit when none fits"),
    ("15.2", lambda v, t, lower: reported(best_median(t, lower), t),
     "rate chosen on the test data"),
    ("15.2", lambda v, t, lower: reported(best_single(t, lower), t),
     "rate and seed chosen on the test data"),
    ("15.2", lambda v, t, lower: reported(best_single(v, lower), t),
     "rate chosen by its best seed"),
    ("15.2", lambda v, t, lower: reported(best_median(v[:, :1], lower), t),
     "rate chosen by one seed"),
    ("15.2", lambda v, t, lower: reported(v.mean(axis=1).argsort()[0 if lower else -1], t),
     "rate chosen by the mean"),
    ("15.2", lambda v, t, lower: reported(np.median(v, axis=1).argmax(), t),
     "higher taken for better"),
    ("15.2", lambda v, t, lower: reported(best_median(v, lower), v),
     "validation reported as test"),
    ("15.2", lambda v, t, lower: (
        r := best_median(v, lower), t[r].mean(), t[r].min(), t[r].max()),
     "mean reported"),
    ("15.2", lambda v, t, lower: (
        r := best_median(v, lower), t[r].mean(), t[r].mean() - t[r].std(), t[r].mean() + t[r].std()),
     "standard deviation in place of the range"),
    ("15.2", lambda v, t, lower: (
        r := best_median(v, lower), min(t[r]) if lower else max(t[r]), min(t[r]), max(t[r])),
     "best seed reported"),
    ("15.2", lambda v, t, lower: (
        r := best_median(v, lower), np.median(t[r]), *np.percentile(t[r], [25, 75])),
     "quartiles in place of the range"),
    ("15.2", lambda v, t, lower: (
        r := best_median(v, lower), sorted(t[r])[len(t[r]) // 2], t[r].min(), t[r].max()),
     "median of an even number"),
    ("15.3", share(lambda one, other: one.mean() - other.mean()), "one direction only"),
    ("15.3", share(lambda one, other: other.mean() - one.mean()), "one direction only"),
    ("15.3", share(lambda one, other: abs(one.mean() - other.mean()), np.greater),
     "equal gaps not counted"),
    ("15.3", share(lambda one, other: abs(one.sum() - other.sum())), "difference of sums"),
    ("15.3", share(lambda one, other: abs(np.median(one) - np.median(other))),
     "difference of medians"),
    ("15.3", lambda a, b: ttest_ind(a, b).pvalue, "a t-test"),
    ("15.3", lambda a, b: bool(max(min(a), min(b)) <= min(max(a), max(b))) * 1.0,
     "range overlap read as a test"),
    ("15.3", lambda a, b: 1 - permutation_p(a, b), "one minus the share"),
    ("15.4", lambda names, s, limit: [name == "LSTM" for name in names], "the LSTM always wins"),
    ("15.4", lambda names, s, limit: [
        permutation_p(row, s[names.index("LSTM")]) > limit for row in s],
     "the LSTM always wins"),
    ("15.4", lambda names, s, limit: s[:, 0] == s[:, 0].max(), "a single seed decides"),
    ("15.4", lambda names, s, limit: s.max(axis=1) == s.max(), "the best seed decides"),
    ("15.4", lambda names, s, limit: np.median(s, axis=1) == np.median(s, axis=1).max(),
     "the best median alone"),
    ("15.4", lambda names, s, limit: [
        permutation_p(row, s[s.mean(axis=1).argmax()]) > limit for row in s],
     "the best mean decides"),
    ("15.4", lambda names, s, limit: [
        permutation_p(row, s[np.median(s, axis=1).argmax()]) <= limit for row in s],
     "told apart and level exchanged"),
    ("15.4", lambda names, s, limit: [
        max(row) >= min(s[np.median(s, axis=1).argmax()]) for row in s],
     "range overlap read as a test"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "submission", "name"), NAMED)
def test_named(exercise, submission, name):
    assert_named(exercise, submission, name)


WRONG = [
    # exercise, submission, a word that the sentence must hold
    ("15.1", lambda n, d, budget: None, "return"),
    ("15.1", lambda n, d: 32, "arguments"),
    ("15.1", lambda n, d, budget: 32, "15.1"),
    ("15.1", lambda n, d, budget: budget / BLOCKS[n], "15.1"),
    ("15.1", lambda n, d, budget: {"LSTM": 4}[n], "KeyError"),
    ("15.1", lambda n, d, budget: [units_for_budget(n, d, budget)], "shape"),
    ("15.2", lambda v, t, lower: reported(best_median(v, lower), t)[:3], "4"),
    ("15.2", lambda v, t, lower: reported(best_median(v.T, lower), t.T), "15.2"),
    ("15.2", lambda v, t, lower: t, "4"),
    ("15.2", lambda v, t: (0, 0, 0, 0), "arguments"),
    ("15.3", lambda a, b: mannwhitneyu(a, b).pvalue * 2, "15.3"),
    ("15.3", lambda a, b: abs(a.mean() - b.mean()), "15.3"),
    ("15.3", lambda a, b: [0.1, 0.2], "shape"),
    ("15.3", lambda a, b: (a - b).mean(), "15.3"),
    ("15.3", lambda a: 0.1, "arguments"),
    ("15.4", lambda names, s, limit: names, "15.4"),
    ("15.4", lambda names, s, limit: permutation_p(s[0], s[1]) > limit, "shape"),
    ("15.4", lambda names, s, limit: [permutation_p(row, s[0]) for row in s], "15.4"),
    ("15.4", lambda names, s: [True] * len(s), "arguments"),
]


@pytest.mark.parametrize(("exercise", "submission", "word"), WRONG)
def test_rejected_with_its_reason(exercise, submission, word):
    assert_rejected(exercise, submission, word)


def test_other_right_ways_are_accepted():
    def summary(validation, test, lower_is_better):
        sign = -1 if lower_is_better else 1
        row = max(range(len(validation)), key=lambda k: np.median(sign * validation[k]))
        return [row, np.quantile(test[row], 0.5), np.sort(test[row])[0], np.sort(test[row])[-1]]

    def shuffled(a, b):
        """All orders in place of all choices: slower, and the same share."""
        both, n = np.concatenate([a, b]), len(a)
        orders = both[np.array(list(permutations(range(len(both)))))]
        gaps = abs(orders[:, :n].mean(axis=1) - orders[:, n:].mean(axis=1))
        return (gaps >= abs(a.mean() - b.mean()) - 1e-9).sum() / len(gaps)

    def level(names, scores, limit):
        """A list does as well."""
        best = max(scores, key=np.median)
        return [chance > limit for chance in (shuffled_p(row, best) for row in scores)]

    def shuffled_p(a, b):
        return share(lambda one, other: round(abs(one.mean() - other.mean()), 9))(a, b)

    answers = {"15.1": solved(floor), "15.2": summary, "15.3": shuffled, "15.4": level}
    for exercise, answer in answers.items():
        assert check(exercise, answer).status == "correct", check(exercise, answer)
