"""Lesson 16: what learners hand in besides the misconceptions, each rejected with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from wrong import assert_rejected

from course_utils.checks import check
from course_utils.checks.lesson_16 import Decoder, beam_search
from course_utils.further import seq2seq

PAD, START, END = 0, 1, 2


def assert_named(exercise, submission, name):
    result = check(exercise, submission)
    assert (result.status, result.diagnosis) == ("wrong", name), result


def pairs(inputs_of, targets_of):
    """A submission that makes inputs and targets from each answer without its padding."""

    def submission(y):
        inputs, targets = np.zeros((2, len(y), y.shape[1] + 1), dtype=int)
        for n, row in enumerate(y):
            answer = [int(each) for each in row if each != PAD]
            for array, ids in ((inputs, inputs_of(answer)), (targets, targets_of(answer))):
                ids = ids[: array.shape[1]]
                array[n, : len(ids)] = ids
        return inputs, targets

    return submission


def log_softmax(z):
    return z - z.max(axis=-1, keepdims=True) - np.log(
        np.exp(z - z.max(axis=-1, keepdims=True)).sum(axis=-1, keepdims=True)
    )  # fmt: skip


def costs(logits, targets):
    n, t = np.indices(targets.shape)
    return -log_softmax(logits)[n, t, targets]


def search(
    score=log_softmax, add=np.add, begin=0.0, first=START, goes_on=False, own_state=True, by=None
):
    """A beam search as learners write it, with one thing changed."""
    by = by or (lambda one: one[0])

    def submission(step, state, width, max_steps):
        beams = [(begin, [], state)]
        for _ in range(max_steps):
            new = []
            for total, ids, before in beams:
                if ids and ids[-1] == END and not goes_on:
                    new.append((total, ids, before))
                    continue
                logits, after = step(
                    ids[-1] if ids else first, before if own_state else beams[0][2]
                )
                for i, each in enumerate(score(logits)):
                    new.append((add(total, each), [*ids, i], after))
            beams = sorted(new, key=by, reverse=True)[:width]
            if all(ids[-1] == END for _, ids, _ in beams):
                break
        return beams[0][1], beams[0][0]

    return submission


def attention(softmax_axis=1, fill=-np.inf, use=lambda w, h: np.einsum("nt,nth->nh", w, h)):
    def submission(s, h, mask, W_s, W_h, v):
        scores = np.tanh((s @ W_s)[:, np.newaxis, :] + h @ W_h) @ v
        scores = np.where(mask, scores, fill)
        with np.errstate(all="ignore"):
            scores = np.exp(scores - scores.max(axis=softmax_axis, keepdims=True))
            weights = scores / scores.sum(axis=softmax_axis, keepdims=True)
        return weights, use(weights, h)

    return submission


# Written as learners write them, not as the checks do.
NAMED = [
    ("16.1", pairs(lambda a: [*a, END], lambda a: [*a, END]), "decoder sees the target"),
    ("16.1", pairs(lambda a: a, lambda a: [*a, END]), "decoder sees the target"),
    ("16.1", pairs(lambda a: [START, *a], lambda a: [START, *a]), "decoder sees the target"),
    ("16.1", pairs(lambda a: [PAD, *a], lambda a: [*a, END]), "start token missing"),
    ("16.1", pairs(lambda a: [END, *a], lambda a: [*a, END]), "start token missing"),
    ("16.1", pairs(lambda a: [START, *a], lambda a: a), "end token missing"),
    ("16.1", pairs(lambda a: [START, *a, END], lambda a: [*a, END]), "end token read"),
    ("16.1", pairs(lambda a: [START, *a], lambda a: [*a, *[END] * 9]), "padding turned into END"),
    ("16.1", pairs(lambda a: [*a, END], lambda a: [START, *a]), "inputs and targets exchanged"),
    ("16.2", lambda z, y: costs(z, y).mean(), "padding counted"),
    ("16.2", lambda z, y: (costs(z, y) * (y > 0)).mean(), "divided by all positions"),
    ("16.2", lambda z, y: costs(z * (y > 0)[..., None], y).mean(), "logits masked"),
    ("16.2", lambda z, y: costs(z, y)[y == 0].sum(), None),
    ("16.2", lambda z, y: costs(z, y)[y > 2].mean(), "end token left out"),
    ("16.2", lambda z, y: costs(z, y)[y > 0].sum(), "sum in place of the mean"),
    ("16.2", lambda z, y: -costs(z, y)[y > 0].mean(), "sign forgotten"),
    ("16.2", lambda z, y: costs(z, y)[y > 0].mean() / np.log(2), "bits in place of nats"),
    ("16.2", lambda z, y: costs(z, y)[y > 0].sum() / len(y), "divided by the number of sequences"),
    ("16.3", lambda step, state, k, n: search()(step, state, 1, n), "width ignored"),
    ("16.3", search(score=lambda z: z), "logits summed"),
    ("16.3", search(score=lambda z: np.exp(log_softmax(z))), "probabilities added"),
    (
        "16.3",
        search(score=lambda z: np.exp(log_softmax(z)), add=np.multiply, begin=1.0),
        "probabilities multiplied",
    ),
    ("16.3", search(goes_on=True), "finished answers keep growing"),
    (
        "16.3",
        search(by=lambda one: one[0] / len(one[1])),
        "different lengths compared by the mean",
    ),
    ("16.3", search(own_state=False), None),
    ("16.3", search(first=PAD), "start token missing"),
    ("16.3", lambda *a: (lambda i, p: ([START, *i], p))(*beam_search(*a)), "start token returned"),
    ("16.3", search(by=lambda one: -one[0]), "the worst kept"),
    ("16.4", attention(softmax_axis=0), "softmax over the wrong axis"),
    ("16.4", attention(softmax_axis=None), "softmax over the wrong axis"),
    ("16.4", attention(use=lambda w, h: (w[..., None] * h).mean(axis=1)),
     "weighted mean divided once more"),
    ("16.4", lambda s, h, m, A, B, v: attention()(s, h, m | True, A, B, v), "attention on padding"),
    ("16.4", lambda s, h, m, A, B, v: attention()(0 * s, h, m, A, B, v),
     "state of the decoder not used"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "submission", "name"), NAMED)
def test_named(exercise, submission, name):
    if name is None:
        assert check(exercise, submission).status == "wrong"
    else:
        assert_named(exercise, submission, name)


WRONG = [
    # exercise, submission, a word that the sentence must hold
    ("16.1", lambda y: y, "16.1"),
    ("16.1", lambda y: None, "return"),
    ("16.1", lambda y, n: (y, y), "argument"),
    ("16.1", lambda y: (y + 1, y), "shape"),
    ("16.2", lambda z, y: None, "return"),
    ("16.2", lambda z, y: costs(z, y)[y > 0], "shape"),
    ("16.2", lambda z, y: float("nan"), "16.2"),
    ("16.3", lambda step, state, k, n: step([START], state), "one id"),
    ("16.3", lambda step, state, k, n: step(START, None), "start"),
    ("16.3", lambda step, state, k, n: ([], 0.0), "16.3"),
    ("16.3", lambda step, state, k, n: [START], "16.3"),
    ("16.4", lambda s, h, m, A, B, v: h.mean(axis=1), "16.4"),
    ("16.4", lambda s, h, m, A, B: (m, s), "argument"),
    ("16.4", lambda s, h, m, A, B, v: attention()(s, h, m, A, B, -v), "16.4"),
]


@pytest.mark.parametrize(("exercise", "submission", "word"), WRONG)
def test_rejected_with_its_reason(exercise, submission, word):
    assert_rejected(exercise, submission, word)


def test_other_right_ways_are_accepted():
    def forced(y):
        end = np.pad(y, ((0, 0), (0, 1)))
        first_zero = (end == PAD).argmax(axis=1)
        return (
            np.insert(y, 0, START, axis=1),
            np.where(np.arange(end.shape[1]) == first_zero[:, None], END, end),
        )

    def loss(logits, targets):
        weights = (targets != PAD) / (targets != PAD).sum()
        return (costs(logits, targets) * weights).sum()

    def set_aside(step, state, width, max_steps):
        """Finished answers apart, as many programs do it."""
        beams, done = [(0.0, [], state)], []
        for _ in range(max_steps):
            new = []
            for total, ids, before in beams:
                logits, after = step(ids[-1] if ids else START, before)
                new += [(total + p, [*ids, i], after) for i, p in enumerate(log_softmax(logits))]
            new = sorted(new, key=lambda one: -one[0])[:width]
            done += [one for one in new if one[1][-1] == END]
            beams = [one for one in new if one[1][-1] != END]
        best = max(done + beams, key=lambda one: one[0])
        return best[1], best[0]

    def attended(s, h, mask, W_s, W_h, v):
        weights, context = np.zeros(mask.shape), np.zeros((len(h), h.shape[2]))
        for n in range(len(h)):
            real = h[n, mask[n]]
            e = np.tanh(s[n] @ W_s + real @ W_h) @ v
            weights[n, mask[n]] = np.exp(e - e.max()) / np.exp(e - e.max()).sum()
            context[n] = weights[n] @ h[n]
        return weights, context

    answers = {"16.1": forced, "16.2": loss, "16.3": set_aside, "16.4": attended}
    for exercise, answer in answers.items():
        assert check(exercise, answer).status == "correct", check(exercise, answer)


def test_a_wide_enough_beam_finds_the_likeliest_of_all_answers():
    decoder = Decoder(7)
    found = {}

    def every(ids, total, state):
        if len(ids) == 3 or ids[-1:] == [END]:
            found[tuple(ids)] = total
            return
        logits, after = decoder.step(ids[-1] if ids else START, state)
        for i, gain in enumerate(log_softmax(logits)):
            every([*ids, i], total + gain, after)

    every([], 0.0, decoder.start())
    best = seq2seq.beam_search(decoder.step, decoder.start(), 300, 3)[0]
    assert best.ids == max(found, key=found.get)
    assert best.log_probability == pytest.approx(found[best.ids])
