"""Lesson 04: what learners hand in besides the misconceptions, each rejected with its reason."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from wrong import assert_rejected

from course_utils import gradients
from course_utils.checks import check
from course_utils.checks.lesson_04 import (
    clip_by_global_norm,
    lag_profile,
    orthogonal_start,
    predict_fates,
)


def profile_in_place(W_hh, h, d_last):
    norms = []
    for t in range(len(h) - 1, -1, -1):
        norms.append(np.linalg.norm(d_last))
        d_last[:] = (d_last * (1 - h[t] ** 2)) @ W_hh.T
    return np.array(norms)


def clip_in_place(grads, max_norm):
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    for g in grads.values():
        g *= min(1.0, max_norm / max(norm, 1e-300))
    return grads


def unit_first(grads, max_norm):
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    return {name: g / norm * min(norm, max_norm) for name, g in grads.items()}


def scaled_by_epsilon(grads, max_norm):
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    return {name: g * min(1.0, max_norm / (norm + 1e-2)) for name, g in grads.items()}


def drawn_by_itself(gaussian):
    return np.linalg.qr(np.random.default_rng().normal(size=gaussian.shape))[0]


def fates(*words):
    return lambda: words


WRONG = [
    # exercise, submission, a word that the sentence must hold
    ("4.1", profile_in_place, "d_last"),
    ("4.1", lambda W_hh, h, d_last: lag_profile(W_hh, h, d_last).sum(), "shape"),
    ("4.1", lambda W_hh, h, d_last: lag_profile(W_hh, h, d_last)[-1], "shape"),
    ("4.1", lambda W_hh, h, d_last: np.abs(lag_profile(W_hh, h, d_last)).cumprod(), "4.1"),
    ("4.1", lambda W_hh, h, d_last: np.log(lag_profile(W_hh, h, d_last)), "4.1"),
    ("4.1", lambda W_hh, h, d_last: lag_profile(W_hh, 0.9 * h, d_last), "4.1"),
    ("4.1", lambda W_hh, h, d_last: lag_profile(W_hh, h[::-1], d_last), "4.1"),
    ("4.1", lambda W_hh, h, d_last: lag_profile(W_hh, h, np.ones_like(d_last)), "d_last"),
    ("4.1", lambda W_hh, h, d_last: 2 * lag_profile(W_hh, h, d_last), "2"),
    ("4.1", lambda W_hh, h, d_last: lag_profile(W_hh, h, d_last).round(1), "4.1"),
    ("4.1", lambda W_hh, h, d_last: d_last @ W_hh @ h, "ValueError"),
    ("4.1", lambda W_hh, h: h, "arguments"),
    ("4.2", clip_in_place, "argument"),
    ("4.2", unit_first, "NaN"),
    ("4.2", scaled_by_epsilon, "4.2"),
    ("4.2", lambda grads, max_norm: list(grads.values()), "dictionary"),
    ("4.2", lambda grads, max_norm: {"W_hh": grads["W_hh"]}, "names"),
    ("4.2", lambda grads, max_norm: {name: g.ravel() for name, g in grads.items()}, "shape"),
    ("4.2", lambda grads, max_norm: print(max_norm), "return"),
    ("4.2", lambda grads, max_norm: clip_by_global_norm(grads, 1.0), "4.2"),
    ("4.2", lambda grads, max_norm: clip_by_global_norm(grads, -max_norm), "4.2"),
    ("4.2", lambda grads, max_norm: (clip_by_global_norm(grads, max_norm), 1.0), "dictionary"),
    ("4.2", lambda grads, max_norm: np.linalg.norm(grads), "raised"),
    ("4.2", lambda grads: grads, "arguments"),
    ("4.3", lambda gaussian: np.linalg.qr(gaussian), "factor"),
    ("4.3", lambda gaussian: np.linalg.svd(gaussian), "factor"),
    ("4.3", lambda gaussian: np.linalg.qr(gaussian)[1], "as before"),
    ("4.3", lambda gaussian: np.eye(len(gaussian)), "argument not used"),
    ("4.3", drawn_by_itself, "anew"),
    ("4.3", lambda gaussian: 0.9 * orthogonal_start(gaussian), "0.9"),
    ("4.3", lambda gaussian: orthogonal_start(gaussian)[:1], "shape"),
    ("4.3", lambda gaussian: np.linalg.svd(gaussian)[1], "shape"),
    ("4.3", lambda gaussian: np.linalg.eig(gaussian)[1], "4.3"),
    ("4.3", lambda gaussian: orthogonal_start(gaussian) / 0, "finite"),
    ("4.3", lambda gaussian: orthogonal_start(gaussian) + 1e-3, "4.3"),
    ("4.3", lambda gaussian: orthogonal_start(gaussian)[::-1], "rearranged"),
    ("4.3", lambda gaussian: str(gaussian), "real numbers"),
    ("4.4", fates("learns", "vanishes", "explodes"), "five"),
    ("4.4", fates(*["learns"] * 4, "dies"), "something else"),
    ("4.4", fates(True, False, False, True, False), "something else"),
    ("4.4", lambda: "learns", "five"),
    ("4.4", lambda: None, "return"),
    ("4.4", fates(*["explodes"] * 5), "2 of 5"),
    ("4.4", fates(*["vanishes"] * 5), "1 of 5"),
    ("4.4", fates("vanishes", "learns", "learns", "vanishes", "learns"), "0 of 5"),
    ("4.4", lambda: predict_fates()[::-1], "cases are right"),
    ("4.4", lambda: predict_fates()[:4], "five"),
    ("4.4", lambda: ["Learns", *predict_fates()[1:]], "something else"),
    ("4.4", fates("learns", "vanishes", "vanishes", "learns", "vanishes"), "3 of 5"),
]


@pytest.mark.parametrize(("exercise", "submission", "word"), WRONG)
def test_rejected_with_its_reason(exercise, submission, word):
    assert_rejected(exercise, submission, word)


def test_a_wrong_prediction_is_not_answered():
    message = check("4.4", fates("learns", "vanishes", "vanishes", "learns", "vanishes")).message
    assert "“vanishes, which it does not”" in message and "3 of 5 cases are right" in message
    assert "explodes" not in message and "learns" not in message


def svd_polar(gaussian):
    u, _, vt = np.linalg.svd(gaussian)
    return u @ vt


def gram_schmidt(gaussian):
    rows = []
    for row in gaussian:
        row = row - sum((row @ other) * other for other in rows)
        rows.append(row / np.linalg.norm(row))
    return np.array(rows)


def cayley(gaussian):
    skew, eye = gaussian - gaussian.T, np.eye(len(gaussian))
    return np.linalg.solve(eye + skew, eye - skew)


@pytest.mark.parametrize(
    "start",
    [
        lambda gaussian: np.linalg.qr(gaussian)[0],
        lambda gaussian: np.linalg.qr(gaussian.T)[0],
        lambda gaussian: np.linalg.qr(gaussian.T)[0].T,
        lambda gaussian: np.linalg.svd(gaussian)[0],
        lambda gaussian: np.linalg.svd(gaussian)[2],
        lambda gaussian: np.linalg.svd(gaussian)[2].T,
        lambda gaussian: np.linalg.eigh(gaussian + gaussian.T)[1],
        lambda gaussian: scipy.linalg.rq(gaussian)[1],
        lambda gaussian: scipy.linalg.expm(gaussian - gaussian.T),
        svd_polar,
        gram_schmidt,
        cayley,
    ],
)
def test_every_way_to_an_orthogonal_matrix_is_accepted(start):
    result = check("4.3", start)
    # The exponential of a 1 x 1 difference is 1 whatever the number: still right.
    assert result.status == "correct", result


def test_other_right_ways_are_accepted():
    def profile(W_hh, h, d_last):
        jacobian, norms = np.eye(len(W_hh)), []
        for t in range(len(h) - 1, -1, -1):
            norms.append(np.linalg.norm(d_last @ jacobian))
            jacobian = jacobian @ (np.diag(1 - h[t] ** 2) @ W_hh.T)
        return norms

    def clip(grads, max_norm):
        return gradients.clip_by_global_norm(grads, max_norm)[0]

    assert check("4.1", profile).status == "correct"
    assert check("4.2", clip).status == "correct"
    assert check("4.4", lambda: list(predict_fates())).status == "correct"
