"""Lesson 17: what learners hand in besides the misconceptions, each diagnosed or with its reason."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from wrong import assert_is_sentence, assert_rejected

from course_utils.checks import check
from course_utils.checks.lesson_17 import (
    base_effects,
    confusion_and_recall,
    letter_error_rate,
    split_by_group,
)


def assert_named(exercise, submission, name):
    result = check(exercise, submission)
    assert (result.status, result.diagnosis) == ("wrong", name), result
    assert_is_sentence(result.message)


def levenshtein(one, other, replacement=1):
    """The whole table, as most textbooks write it."""
    table = np.zeros((len(one) + 1, len(other) + 1), dtype=int)
    table[:, 0], table[0] = np.arange(len(one) + 1), np.arange(len(other) + 1)
    for i, j in itertools.product(range(len(one)), range(len(other))):
        table[i + 1, j + 1] = min(
            table[i, j + 1] + 1,
            table[i + 1, j] + 1,
            table[i, j] + replacement * (one[i] != other[j]),
        )
    return table[-1, -1]


def runs(frames):
    return "".join(label for label, _ in itertools.groupby(frames))


def spoken(frames):
    return runs(frames).replace("_", "")


def rate(*, text=spoken, distance=levenshtein, total="said"):
    """The exercise in other words; each argument is a way to get it wrong."""

    def letter_error_rate(predicted, labels):
        edits = letters = 0
        for one, other in zip(predicted, labels, strict=True):
            edits += distance(text(one), text(other))
            letters += {
                "said": len(text(other)),
                "recognised": len(text(one)),
                "frames": len(other),
                "either": max(len(text(one)), len(text(other))),
            }[total]
        return edits / letters

    return letter_error_rate


def effects(*, read=lambda z: z[1] - z[0], copy=True, after_less_before=True):
    def base_effects(logits, ids):
        start, table = read(logits(ids[None])[0]), np.zeros((len(ids), 4))
        work = ids.copy()
        for t, base in itertools.product(range(len(ids)), range(4)):
            if copy:
                work = ids.copy()
            work[t] = base
            now = read(logits(work[None])[0])
            table[t, base] = now - start if after_less_before else start - now
        return table

    return base_effects


def table(*, place=lambda i, j: (i, j), axis=1, empty=1):
    def confusion_and_recall(y, y_hat, n_classes):
        matrix = np.zeros((n_classes, n_classes), dtype=int)
        for i, j in zip(y, y_hat, strict=True):
            matrix[place(i, j)] += 1
        total = matrix.sum(axis=axis)
        with np.errstate(invalid="ignore"):
            return matrix, np.diag(matrix) / (np.maximum(total, 1) if empty else total)

    return confusion_and_recall


def split(*, order=dict.fromkeys, enough=lambda n, n_test: n >= n_test):
    def split_by_group(groups, n_test):
        test = []
        for group in order(groups):
            if enough(sum(g in test for g in groups), n_test):
                break
            test.append(group)
        return [g in test for g in groups]

    return split_by_group


NAMED = [
    ("17.1", rate(text=lambda f: runs(f.replace("_", ""))), "silence dropped before the runs"),
    ("17.1", rate(text=lambda f: f.replace("_", "")), "runs not collapsed"),
    ("17.1", rate(text=runs), "silence counted as a letter"),
    ("17.1", rate(total="recognised"), "divided by what was recognised"),
    ("17.1", rate(total="frames"), "divided by the frames"),
    ("17.1", rate(distance=lambda a, b: levenshtein(a, b, 2)), "replacement counted as two"),
    ("17.1", rate(distance=lambda a, b: abs(len(a) - len(b))), "only the lengths compared"),
    ("17.1", lambda p, y: 1 - rate()(p, y), "accuracy returned"),
    (
        "17.1",
        lambda p, y: np.mean([rate()([a], [b]) for a, b in zip(p, y, strict=True)]),
        "mean of the utterances' rates",
    ),
    (
        "17.1",
        lambda p, y: np.mean([spoken(a) != spoken(b) for a, b in zip(p, y, strict=True)]),
        "share of wrong utterances",
    ),
    (
        "17.1",
        lambda p, y: np.mean(np.array(list("".join(p))) != np.array(list("".join(y)))),
        "error per frame",
    ),
    (
        "17.1",
        lambda p, y: np.mean(np.array(list("".join(p))) == np.array(list("".join(y)))),
        "accuracy per frame",
    ),
    ("17.2", effects(copy=False), "changes pile up"),
    ("17.2", effects(after_less_before=False), "sign turned round"),
    ("17.2", effects(read=lambda z: z[0] - z[1]), "sign turned round"),
    ("17.2", effects(read=lambda z: z[1]), "one logit only"),
    ("17.2", effects(read=lambda z: z[0]), "the wrong class"),
    (
        "17.2",
        effects(read=lambda z: 1 / (1 + np.exp(z[0] - z[1]))),
        "probabilities in place of evidence",
    ),
    ("17.2", lambda f, ids: abs(effects()(f, ids)), "size without sign"),
    ("17.2", lambda f, ids: effects()(f, ids).T, "axes swapped"),
    ("17.3", table(place=lambda i, j: (j, i), axis=1), "rows and columns swapped"),
    ("17.3", table(place=lambda i, j: (j, i), axis=0), "rows and columns swapped"),
    ("17.3", table(axis=0), "normalised along the wrong axis"),
    ("17.3", table(empty=0), "empty class divided by zero"),
    ("17.4", lambda g, n: [i < n for i in range(len(g))], "split by rows"),
    ("17.4", split(order=lambda g: sorted(set(g))), "groups sorted"),
    ("17.4", split(enough=lambda n, n_test: n > n_test), "one group too many"),
    ("17.4", lambda g, n: [not t for t in split()(g, n)], "training and test exchanged"),
]


@pytest.mark.parametrize(("exercise", "submission", "name"), NAMED)
def test_named(exercise, submission, name):
    assert_named(exercise, submission, name)


WRONG = [
    # exercise, submission, a word that the sentence must hold
    ("17.1", rate(total="either"), "17.1"),
    ("17.1", lambda p, y: None, "return"),
    ("17.1", lambda p, y: [rate()([a], [b]) for a, b in zip(p, y, strict=True)], "shape"),
    ("17.1", lambda p: 0.0, "argument"),
    ("17.2", lambda f, ids: f(ids), "batch of one"),
    ("17.2", lambda f, ids: f(np.eye(4)[ids]), "whole numbers"),
    ("17.2", lambda f, ids: f(ids[None] + 4), "0 to 3"),
    ("17.2", lambda f, ids: f(ids[None]), "shape"),
    ("17.2", lambda f, ids: 2 * base_effects(f, ids), "17.2"),
    ("17.3", lambda y, z, n: confusion_and_recall(y, z, n)[0], "17.3"),
    (
        "17.3",
        lambda y, z, n: (1.0 * confusion_and_recall(y, z, n)[0], np.ones(n)),
        "is 1, in every case",
    ),
    ("17.3", lambda y, z, n: confusion_and_recall(y, z, n)[::-1], "17.3"),
    ("17.4", lambda g, n: set(g[:n]), "17.4"),
    ("17.4", lambda g, n: np.random.default_rng(0).random(len(g)) < 0.5, "17.4"),
]


@pytest.mark.parametrize(("exercise", "submission", "word"), WRONG)
def test_rejected_with_its_reason(exercise, submission, word):
    assert_rejected(exercise, submission, word)


def test_other_right_ways_are_accepted():
    def by_formula(y, y_hat, n_classes):
        matrix = np.bincount(y * n_classes + y_hat, minlength=n_classes**2)
        matrix = matrix.reshape(n_classes, n_classes)
        with np.errstate(invalid="ignore"):
            return matrix, np.nan_to_num(np.diag(matrix) / matrix.sum(axis=1))

    def in_one_batch(logits, ids):
        batch = np.repeat(ids[None], 4 * len(ids), axis=0)
        batch[np.arange(4 * len(ids)), np.repeat(np.arange(len(ids)), 4)] = np.tile(
            np.arange(4), len(ids)
        )
        z = logits(batch) - logits(ids[None])
        return (z[:, 1] - z[:, 0]).reshape(-1, 4)

    answers = {"17.1": rate(), "17.2": in_one_batch, "17.3": by_formula, "17.4": split()}
    for exercise, answer in answers.items():
        assert check(exercise, answer).status == "correct", check(exercise, answer)
    for exercise, answer in {"17.2": effects(), "17.3": table()}.items():
        assert check(exercise, answer).status == "correct", check(exercise, answer)


def test_references():
    assert letter_error_rate(["aa_aa"], ["_a_a_"]) == 0
    assert letter_error_rate(["aaeeii"], ["u"]) == 3  # a rate may be above 1
    ids = np.array([2, 1, 3])
    table = base_effects(lambda batch: np.stack([batch[:, 0], 3 * batch[:, 2]], axis=1), ids)
    np.testing.assert_array_equal(table, [[2, 1, 0, -1], [0, 0, 0, 0], [-9, -6, -3, 0]])
    groups = ["a", "b", "a", "c"]
    assert split_by_group(groups, 1).tolist() == [True, False, True, False]
