"""Lesson 18: mends of every kind are right, the usual wrong ones are named, and names are asked for."""

from __future__ import annotations

import numpy as np
import pytest
from wrong import assert_is_sentence, assert_rejected

from course_utils.checks import check
from course_utils.further import clinic
from course_utils.further.clinic import broken, mended


def named(number, program):
    return clinic.diagnosis(clinic.patient(number).name)(program)


def assert_named(exercise, submission, name):
    result = check(exercise, submission)
    assert (result.status, result.diagnosis) == ("wrong", name), result
    assert_is_sentence(result.message)


# Mends that look unlike the course's own


def clip_by_hypot(dW_xh, dW_hh, db_h, max_norm):
    norm = np.linalg.norm([np.linalg.norm(g) for g in (dW_xh, dW_hh, db_h)])
    return [g / max(1.0, norm / max_norm) for g in (dW_xh, dW_hh, db_h)]


def scale_by_the_spread(series, n_train):
    train = series[:n_train]
    scaled = (series - train.mean()) / train.std()
    return scaled[:n_train], scaled[n_train:]


def scale_to_plus_minus_one(series, n_train):
    low, high = series[:n_train].min(), series[:n_train].max()
    scaled = 2 * (series - low) / (high - low) - 1
    return scaled[:n_train], scaled[n_train:]


def pick_the_last_word(x, mask, W_xh, W_hh, b_h):
    h = broken_states(x, W_xh, W_hh, b_h)
    return h[np.arange(len(x)), mask.sum(axis=1) - 1]


def broken_states(x, W_xh, W_hh, b_h):
    return mended.run_rnn(x, np.zeros((len(x), len(b_h))), W_xh, W_hh, b_h)


def one_review_at_a_time(x, mask, W_xh, W_hh, b_h):
    rows = [
        broken_states(row[None, real], W_xh, W_hh, b_h)[0, -1]
        for row, real in zip(x, mask, strict=True)
    ]
    return np.array(rows)


def perplexity_by_product(poems):
    total = sum(nats.sum() for nats in poems)
    return float(np.exp(total / sum(len(nats) for nats in poems)))


def scan_each_sequence(x, W_xh, W_hh, b_h):
    import theano
    import theano.tensor as T

    def sequence(x_n, W_xh, W_hh, b_h):
        def step(x_t, h_prev):
            return T.tanh(T.dot(x_t, W_xh) + T.dot(h_prev, W_hh) + b_h)

        return theano.scan(step, sequences=x_n, outputs_info=T.zeros_like(b_h))[0]

    return theano.scan(sequence, sequences=x, non_sequences=[W_xh, W_hh, b_h])[0]


MENDS = [
    (1, lambda ids: (ids[:, :-1], ids[:, 1:])),
    (4, clip_by_hypot),
    (5, scan_each_sequence),
    (7, perplexity_by_product),
    (9, scale_by_the_spread),
    (9, scale_to_plus_minus_one),
    (10, pick_the_last_word),
    (10, one_review_at_a_time),
]


@pytest.mark.parametrize(("number", "program"), MENDS)
def test_another_mend_is_right(number, program):
    result = check(f"18.{number}", named(number, program))
    assert result.status == "correct", result


# What is handed in besides the misconceptions


def forgets_one_row(ids):
    x, y = mended.make_pairs(ids)
    x[-1] = y[-1]
    return x, y


def rows_mixed(x, h0, W_xh, W_hh, b_h):
    return mended.run_rnn(x, h0[::-1], W_xh, W_hh, b_h)


def looks_ahead(x, h0, W_xh, W_hh, b_h):
    h = mended.run_rnn(x, h0, W_xh, W_hh, b_h)
    return 0.5 * (h + h[:, -1:])


def divided_by_steps(x, h0, h, W_hh, dh):
    return tuple(g / h.shape[1] for g in mended.backward(x, h0, h, W_hh, dh))


def clips_numbers(dW_xh, dW_hh, db_h, max_norm):
    return tuple(np.clip(g, -max_norm, max_norm) for g in (dW_xh, dW_hh, db_h))


def divides_zero(dW_xh, dW_hh, db_h, max_norm):
    norm = np.sqrt(sum((g**2).sum() for g in (dW_xh, dW_hh, db_h)))
    with np.errstate(invalid="ignore"):
        return tuple(g / norm * min(norm, max_norm) for g in (dW_xh, dW_hh, db_h))


def gates_exchanged(x, kernel, recurrent_kernel, bias):
    kernel, recurrent_kernel, bias = (
        np.concatenate([np.split(a, 4, axis=-1)[k] for k in (1, 0, 2, 3)], axis=-1)
        for a in (kernel, recurrent_kernel, bias)
    )
    return mended.run_lstm(x, kernel, recurrent_kernel, bias)


def to_base_two(poems):
    return 2 ** np.concatenate(poems).mean()


def longest_poem(poems):
    return np.exp(max(poems, key=len).mean())


def mean_of_steps(h):
    return h.mean(axis=1)


def divides_by_the_largest(series, n_train):
    scaled = series / series[:n_train].max()
    return scaled[:n_train], scaled[n_train:]


def fixed_divisor(series, n_train):
    return series[:n_train] / 100 - 3, series[n_train:] / 100 - 3


def reads_first_word(x, mask, W_xh, W_hh, b_h):
    return broken_states(x, W_xh, W_hh, b_h)[:, 0]


BROKEN = [
    ("18.1", forgets_one_row, "broken: the answer is not in the question"),
    ("18.2", rows_mixed, "broken: two halves equal one run"),
    ("18.2", looks_ahead, "broken: two halves equal one run"),
    ("18.3", divided_by_steps, "broken: central differences"),
    ("18.4", clips_numbers, "broken: the direction stays"),
    ("18.4", divides_zero, "broken: zero stays zero"),
    ("18.6", gates_exchanged, "broken: an open belt keeps its load"),
    ("18.7", to_base_two, "broken: equal chances among V give V"),
    ("18.7", longest_poem, "broken: cut elsewhere, the same"),
    ("18.8", mean_of_steps, "broken: what Keras returns"),
    ("18.9", divides_by_the_largest, "broken: a size that a network can use"),
    ("18.9", fixed_divisor, "broken: the unit does not matter"),
    ("18.10", reads_first_word, "broken: without padding, the last state"),
]


@pytest.mark.parametrize(("exercise", "submission", "name"), BROKEN)
def test_the_broken_property_is_named(exercise, submission, name):
    assert_named(exercise, submission, name)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 6, 7, 8, 9, 10])
def test_the_program_as_it_came_in_is_not_mended(number):
    program = getattr(broken, clinic.patient(number).mended.__name__)
    assert_named(f"18.{number}", named(number, program), "not mended yet")


def test_the_message_gives_the_smallest_case():
    message = check("18.3", broken.backward).message
    assert message.startswith("With T = 2, beside central differences, `dW_xh[")


# Names


def healthy_pairs(ids):
    return ids[:, :-1], ids[:, 1:]


@pytest.mark.parametrize("given", [..., None])
def test_a_name_is_asked_for(given):
    assert_named("18.1", clinic.diagnosis(given)(healthy_pairs), "mended, not named yet")


def test_a_program_without_a_diagnosis_is_not_named():
    assert_named("18.1", lambda ids: healthy_pairs(ids), "mended, not named yet")


@pytest.mark.parametrize("given", ["leak", 3, ["target leak"], object()])
def test_a_name_that_nobody_knows(given):
    assert_named("18.1", clinic.diagnosis(given)(healthy_pairs), "unknown name")


def test_a_wrong_name_leads_to_the_lesson():
    submission = clinic.diagnosis("carries h for c")(healthy_pairs)
    assert_named("18.1", submission, "mended, wrong name")
    assert_rejected("18.1", submission, "lesson 00")


@pytest.mark.parametrize("given", ["Target leak", " target leak "])
def test_capitals_and_spaces_in_a_name_do_not_matter(given):
    assert check("18.1", clinic.diagnosis(given)(healthy_pairs)).status == "correct"


def test_another_apostrophe_in_a_name_does_not_matter():
    program = clinic.diagnosis("tanh’ at the wrong step")(lambda *args: mended.backward(*args))
    assert check("18.3", program).status == "correct"


def test_a_diagnosis_that_cannot_be_read_is_none():
    class Hostile:
        def __call__(self, ids):
            return healthy_pairs(ids)

        @property
        def diagnosis(self):
            raise RuntimeError("no")

    assert_named("18.1", Hostile(), "mended, not named yet")


# Programs that go wrong on other arguments than those of the cases


def test_an_error_on_a_property_is_told():
    def program(ids):
        if len(ids) == 2 and ids.shape[1] == 3:
            raise ValueError("two sequences")
        return healthy_pairs(ids)

    assert_rejected("18.1", program, "On other arguments your function raised ValueError")


def test_a_shape_that_is_wrong_on_a_property_is_told():
    def program(ids):
        x, y = healthy_pairs(ids)
        return (x, y) if ids.shape[1] != 3 else (x[:, 0], y)

    assert_rejected("18.1", program, "shape")


def test_a_program_that_has_no_end_on_a_property():
    from dataclasses import replace

    from course_utils.checks.lesson_18 import PAIRS
    from course_utils.judging.judge import judge

    def program(ids):
        while ids.shape[1] == 3:
            pass
        return healthy_pairs(ids)

    result = judge(replace(PAIRS, time_limit=0.2), program)
    assert (result.status, result.diagnosis) == ("wrong", "broken: it ends")
