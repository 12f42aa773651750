"""Lesson 02: what learners hand in besides the misconceptions, each rejected with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from wrong import assert_rejected

from course_utils.checks import check
from course_utils.checks.lesson_02 import cross_entropy, last_output, rnn_forward, rnn_step


def step_into_h_prev(x_t, h_prev, W_xh, W_hh, b_h):
    h_prev[:] = np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
    return h_prev


def forward_by_list(x, h0, W_xh, W_hh, b_h):
    return [rnn_step(x[:, t], h0, W_xh, W_hh, b_h) for t in range(x.shape[1])]


def forward_one_short(x, h0, W_xh, W_hh, b_h):
    return rnn_forward(x[:, :-1], h0, W_xh, W_hh, b_h)


WRONG = [
    # exercise, submission, a word that the sentence must hold
    ("2.1", lambda x_t, h_prev, W_xh, W_hh, b_h: x_t @ W_xh.T + h_prev, "ValueError"),
    ("2.1", step_into_h_prev, "h_prev"),
    ("2.1", lambda *a: rnn_step(*a).sum(), "shape"),
    ("2.1", lambda *a: rnn_step(*a).T, "axes"),
    ("2.1", lambda *a: -rnn_step(*a), "sign"),
    ("2.1", lambda *a: rnn_step(*a) * 2, "2"),
    ("2.1", lambda *a: rnn_step(*a)[0], "shape"),
    ("2.1", lambda *a: (rnn_step(*a), a[1]), "2"),
    ("2.1", lambda *a: rnn_step(*a).round(2), "is -0.91, wanted -0.9101"),
    ("2.1", lambda *a: rnn_step(*a) * np.nan, "NaN"),
    ("2.1", lambda x_t, h_prev: x_t, "arguments"),
    ("2.2", forward_by_list, "shape"),
    ("2.2", forward_one_short, "lacks the last"),
    ("2.2", lambda *a: np.roll(rnn_forward(*a), 1, axis=1), "one place late"),
    ("2.2", lambda *a: rnn_forward(*a).cumsum(axis=1), "is 0.3834, wanted -0.6164"),
    ("2.2", lambda *a: rnn_forward(*a)[0], "shape"),
    ("2.2", lambda *a: rnn_forward(*a)[:, :1], "shape"),
    ("2.2", lambda *a: rnn_forward(*a).reshape(-1), "shape"),
    ("2.2", lambda *a: rnn_forward(*a).swapaxes(1, 2), "axes"),
    ("2.2", lambda *a: rnn_forward(*a).astype(int), "is 0, in every case"),
    ("2.2", lambda *a: np.zeros((*a[0].shape[:2], len(a[4]))), "is 0, in every case"),
    ("2.2", lambda *a: print(a), "return"),
    ("2.3", lambda logits, targets: np.log(logits.shape[-1]), "same result whatever"),
    ("2.3", lambda logits, targets: cross_entropy(logits, targets) + 0.01, "too large by 0.01."),
    ("2.3", lambda logits, targets: -np.log(0.0 * logits.mean()), "inf"),
    ("2.3", lambda logits, targets: np.array([cross_entropy(logits, targets)] * 2), "shape"),
    (
        "2.3",
        lambda logits, targets: (logits.argmax(-1) == targets).mean(),
        "is 0.3333, wanted 1.988",
    ),
    (
        "2.3",
        lambda logits, targets: np.exp(cross_entropy(logits, targets)),
        "is 7.301, wanted 1.988",
    ),
    ("2.3", lambda logits, targets: logits[targets], "IndexError"),
    ("2.3", lambda logits, targets: str(cross_entropy(logits, targets)), "text"),
    (
        "2.3",
        lambda logits, targets: cross_entropy(logits[:, -1:], targets[:, -1:]),
        "is 3.132, wanted 1.988",
    ),
    ("2.3", lambda logits, targets: cross_entropy(logits, 0 * targets), "`targets`"),
    ("2.4", lambda h, W_hy, b_y: h[:, -1].T @ W_hy + b_y, "ValueError"),
    ("2.4", lambda h, W_hy, b_y: h[:, :, -1], "shape"),
    ("2.4", lambda h, W_hy, b_y: h[:, -1], "shape"),
    ("2.4", lambda h, W_hy, b_y: h.max(axis=1) @ W_hy + b_y, "is 0.3612, wanted 1.308"),
    ("2.4", lambda h, W_hy, b_y: last_output(h, W_hy, b_y).argmax(-1), "has shape"),
    ("2.4", lambda h, W_hy, b_y: last_output(h, W_hy, b_y)[:1], "shape"),
    ("2.4", lambda h, W_hy, b_y: -last_output(h, W_hy, b_y), "sign"),
    ("2.4", lambda h, W_hy, b_y: last_output(h, W_hy, b_y) / 2, "is 0.5 times the wanted"),
    ("2.4", lambda h, W_hy, b_y: last_output(h, W_hy, -b_y), "is -0.2823, wanted 1.308"),
    ("2.4", lambda h, W_hy, b_y: last_output(h, W_hy, b_y)[::-1], "in reverse order along axis 0"),
]


@pytest.mark.parametrize(("exercise", "submission", "word"), WRONG)
def test_rejected_with_its_reason(exercise, submission, word):
    assert_rejected(exercise, submission, word)


def test_other_right_ways_are_accepted():
    def forward(x, h0, W_xh, W_hh, b_h):
        projected, states = x @ W_xh + b_h, [h0]
        for t in range(x.shape[1]):
            states.append(np.tanh(projected[:, t] + states[-1] @ W_hh))
        return np.array(states[1:]).transpose(1, 0, 2)

    def step(x_t, h_prev, W_xh, W_hh, b_h):
        return np.tanh(np.hstack([x_t, h_prev]) @ np.vstack([W_xh, W_hh]) + b_h)

    assert check("2.2", forward).status == "correct"
    assert check("2.1", step).status == "correct"
