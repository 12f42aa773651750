"""Lesson 12: what learners hand in besides the misconceptions, each rejected with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from wrong import assert_rejected

from course_utils.checks import check
from course_utils.checks.lesson_12 import masked_mean, padding_accuracy, prepare


def written_by_a_learner(
    *, first=2, unknown=1, known="train", keep="last", side="behind", mask=lambda x: x != 0
):
    """The exercise in other words than the course's; each argument is a way to get it wrong."""

    def prepare(train, test, n_steps):
        source = {"train": train, "test": test, "both": [*train, *test]}[known]
        words = []
        for review in source:
            for word in review:
                if word not in words:
                    words.append(word)

        def pad(review):
            ids = [words.index(w) + first if w in words else unknown for w in review]
            ids = [i for i in ids if i is not None]
            ids = ids[-n_steps:] if keep == "last" else ids[:n_steps]
            zeros = [0] * (n_steps - len(ids))
            return ids + zeros if side == "behind" else zeros + ids

        x_train = np.array([pad(review) for review in train])
        x_test = np.array([pad(review) for review in test])
        return x_train, x_test, mask(x_test)

    return prepare


def mean_by_loop(*, count=lambda mask: max(mask.sum(), 1), keep=lambda mask: mask):
    def masked_mean(h, mask):
        mean = np.zeros((h.shape[0], h.shape[2]))
        for n in range(len(h)):
            for t in range(h.shape[1]):
                if keep(mask)[n, t]:
                    mean[n] += h[n, t]
            mean[n] /= count(mask[n])
        return mean

    return masked_mean


def vote(*, key=lambda row: (row != 0).tobytes(), default=1, judged="test", tie=1):
    def padding_accuracy(x_train, y_train, x_test, y_test):
        positive, total = {}, {}
        for row, y in zip(x_train, y_train, strict=True):
            positive[key(row)] = positive.get(key(row), 0) + y
            total[key(row)] = total.get(key(row), 0) + 1
        x, y = (x_test, y_test) if judged == "test" else (x_train, y_train)
        said = [
            default
            if key(row) not in total
            else (tie if 2 * positive[key(row)] == total[key(row)] else
                  int(2 * positive[key(row)] > total[key(row)]))
            for row in x
        ]  # fmt: skip
        return np.mean(np.array(said) == y)

    return padding_accuracy


WRONG = [
    # exercise, submission, a word that the learner sees (the diagnosis, where there is one)
    ("12.1", written_by_a_learner(first=0), "id 0 used for a word"),
    ("12.1", written_by_a_learner(first=0, unknown=0), "id 0 used for a word"),
    ("12.1", written_by_a_learner(first=1), "id of the unknown word used for a word"),
    ("12.1", written_by_a_learner(known="both"), "vocabulary from the test set"),
    ("12.1", written_by_a_learner(unknown=0), "unknown words become padding"),
    ("12.1", written_by_a_learner(unknown=None), "unknown words left out"),
    ("12.1", written_by_a_learner(keep="first"), "truncating the wrong end"),
    ("12.1", written_by_a_learner(side="in front"), "padding in front"),
    ("12.1", written_by_a_learner(side="in front", keep="first"), "truncating the wrong end"),
    ("12.1", written_by_a_learner(mask=lambda x: x == 0), "mask the wrong way round"),
    ("12.1", written_by_a_learner(mask=lambda x: x > 1), "mask hides the unknown word"),
    ("12.1", written_by_a_learner(mask=lambda x: (x != 0).astype(float)), "True or False"),
    ("12.1", lambda *a: prepare(*a)[:2], "12.1"),
    ("12.1", lambda *a: prepare(*a)[0], "12.1"),
    ("12.1", lambda *a: tuple(part.T for part in prepare(*a)), "axes"),
    ("12.1", lambda train, test, n_steps: prepare(train, test, n_steps + 1), "shape"),
    ("12.1", lambda train, test: prepare(train, test, 4), "arguments"),
    ("12.2", mean_by_loop(count=len), "mask not applied in the denominator"),
    ("12.2", mean_by_loop(keep=np.ones_like), "mask not applied in the numerator"),
    ("12.2", mean_by_loop(count=lambda mask: mask.sum()), "division by zero"),
    ("12.2", mean_by_loop(count=lambda mask: mask.sum() + 1), "one too many"),
    ("12.2", mean_by_loop(count=lambda mask: 1), "sum instead of the mean"),
    ("12.2", lambda h, mask: h[:, -1, :], "last step instead of the mean"),
    ("12.2", lambda h, mask: np.average(h, axis=1), "mask not applied"),
    ("12.2", lambda h, mask: np.where(mask[..., None], h, 0).mean(1), "denominator"),
    ("12.2", lambda h, mask: np.where(mask[..., None], 0, h).mean(1), "12.2"),
    ("12.2", lambda h, mask: h * mask[:, :, None], "shape"),
    ("12.2", lambda h, mask: masked_mean(h, mask).mean(axis=1), "shape"),
    ("12.2", lambda h, mask: (h * mask).sum(axis=1), "broadcast"),
    ("12.2", lambda h, mask: h[mask].mean(axis=0), "shape"),
    ("12.2", lambda h, mask: np.where(mask[..., None], h, -np.inf).max(axis=1), "12.2"),
    ("12.3", vote(judged="train"), "measured on the training reviews"),
    ("12.3", vote(key=lambda row: row.tobytes()), "looks at the words"),
    ("12.3", vote(key=lambda row: (row == 0).sum()), "counts the padding only"),
    ("12.3", vote(key=lambda row: row[-1] == 0), "last step only"),
    ("12.3", vote(default=0), "counted as 0"),
    ("12.3", vote(default=-1), "counted as wrong"),
    ("12.3", vote(tie=0), "a tie counted as 0"),
    ("12.3", lambda a, b, x_test, y_test: y_test.mean(), "12.3"),
    ("12.3", lambda *a: 1 - vote()(*a), "the vote the wrong way round"),
    ("12.3", lambda *a: 100 * padding_accuracy(*a), "100"),
    ("12.3", lambda *a: padding_accuracy(*a) > 0.6, "12.3"),
    ("12.3", lambda *a: a[2][:, 0] == 0, "12.3"),
    ("12.3", lambda x_train, y_train: 0.5, "arguments"),
]


@pytest.mark.parametrize(("exercise", "submission", "word"), WRONG)
def test_rejected_with_its_reason(exercise, submission, word):
    assert_rejected(exercise, submission, word)


def test_other_right_ways_are_accepted():
    def mean_by_einsum(h, mask):
        count = np.where(mask.any(axis=1), mask.sum(axis=1), 1)
        return np.einsum("ntu,nt->nu", h, mask) / count[:, None]

    def mean_with_nans(h, mask):
        with np.errstate(invalid="ignore"):
            return np.nan_to_num(
                (h * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1)[:, None].astype(float)
            )

    answers = [
        ("12.1", written_by_a_learner()),
        ("12.2", mean_by_loop()),
        ("12.2", mean_by_einsum),
        ("12.2", mean_with_nans),
        ("12.3", vote()),
    ]
    for exercise, answer in answers:
        assert check(exercise, answer).status == "correct", check(exercise, answer)


def test_padding_and_mean_are_those_of_keras(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    import keras

    rng = np.random.default_rng(12)
    train = [[f"w{i}" for i in rng.integers(0, 30, size=n)] for n in (1, 9, 4, 12)]
    x, x_again, mask = prepare(train, train, 6)
    ids = [[int(word) for word in row if word] for row in prepare(train, train, 20)[0].tolist()]
    wanted = keras.utils.pad_sequences(ids, maxlen=6, padding="post", truncating="pre")
    np.testing.assert_array_equal(x, wanted)
    np.testing.assert_array_equal(x_again, x)

    h = rng.normal(size=(4, 6, 3))
    pooled = keras.layers.GlobalAveragePooling1D()(h, mask=mask)
    np.testing.assert_allclose(masked_mean(h, mask), np.asarray(pooled), rtol=1e-5)


def test_honest_padding_gives_nothing_away():
    rng = np.random.default_rng(3)
    x = np.where(np.arange(10) < rng.integers(1, 11, size=(4000, 1)), 1, 0)
    y = rng.integers(0, 2, size=4000)
    assert abs(padding_accuracy(x[:2000], y[:2000], x[2000:], y[2000:]) - 0.5) < 0.05
    x[y == 1] = x[y == 1, ::-1]
    assert padding_accuracy(x[:2000], y[:2000], x[2000:], y[2000:]) > 0.9
