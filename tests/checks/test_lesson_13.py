"""Lesson 13: what learners hand in besides the misconceptions, each rejected with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from wrong import assert_rejected

from course_utils.checks import check
from course_utils.checks.lesson_13 import (
    Network,
    bits_per_character,
    generate,
    greedy,
    sampling_probabilities,
)
from course_utils.losses import cross_entropy
from course_utils.text import next_probabilities, sample


def softmax(z):
    return np.exp(z - z.max()) / np.exp(z - z.max()).sum()


def top(z, k, filler=-np.inf):
    return np.where(z >= np.sort(z)[-k], z, filler)


def in_a_loop(step_of):
    """A generate that reads the prompt properly and then writes with ``step_of``."""

    def generate(model, prompt, n_new, choose):
        state, new = model.start(), []
        for token_id in prompt:
            logits, state = model.step(token_id, state)
        for _ in range(n_new):
            new.append(choose(logits))
            logits, state = step_of(model, new, state)
        return new

    return generate


def test_temperature_of_probabilities():
    def submission(logits, temperature, top_k):
        p = softmax(top(logits, top_k)) / temperature
        return p / p.sum()

    assert_named("13.1", submission, "temperature after the softmax")


def costs(record, parts=("test",)):
    return [
        -np.log([softmax(row)[target] for row, target in zip(logits, targets, strict=True)])
        for part, logits, targets in record
        if part in parts
    ]


def assert_named(exercise, submission, name):
    result = check(exercise, submission)
    assert (result.status, result.diagnosis) == ("wrong", name), result


# Written as learners write them, not as the checks do.
NAMED = [
    (
        "13.1",
        lambda z, t, k: softmax(top(z, k)) ** t / (softmax(top(z, k)) ** t).sum(),
        "multiplied by the temperature",
    ),
    ("13.1", lambda z, t, k: softmax(top(z, k) * t), "multiplied by the temperature"),
    ("13.1", lambda z, t, k: softmax(top(z, k)), "temperature after the softmax"),
    ("13.1", lambda z, t, k: softmax(top(z, k)) / t, "temperature after the softmax"),
    ("13.1", lambda z, t, k: softmax(z / t), "top-k ignored"),
    ("13.1", lambda z, t, k: top(softmax(z / t), k, 0.0), "not rescaled after the cut"),
    ("13.1", lambda z, t, k: softmax(top(z, k, 0.0) / t), "cut logits set to zero"),
    ("13.1", lambda z, t, k: softmax(-top(-z, k, np.inf) / t), "the k smallest kept"),
    ("13.1", lambda z, t, k: np.sort(softmax(top(z, k) / t))[::-1], "sorted by size"),
    ("13.1", lambda z, t, k: softmax(np.sort(z)[::-1][:k] / t), "only the kept returned"),
    (
        "13.1",
        lambda z, t, k: np.exp(top(z, k) / t) / np.exp(top(z, k) / t).sum(),
        "overflow",
    ),
    (
        "13.2",
        in_a_loop(lambda model, new, state: model.step(new[-1], model.start())),
        "state reset for every character",
    ),
    (
        "13.2",
        in_a_loop(lambda model, new, state: (model.step(new[-1], state)[0], state)),
        "new state dropped",
    ),
    (
        "13.2",
        in_a_loop(lambda model, new, state: model.step(new[-1], model.step(new[-1], state)[1])),
        "each choice fed twice",
    ),
    (
        "13.2",
        lambda model, prompt, n, choose: generate(model, [*prompt, prompt[-1]], n, choose),
        "last character of the prompt fed twice",
    ),
    (
        "13.2",
        lambda model, prompt, n, choose: generate(model, prompt[-1:], n, choose),
        "prompt not read",
    ),
    (
        "13.2",
        lambda model, prompt, n, choose: generate(model, prompt, n + 1, choose)[1:],
        "first character skipped",
    ),
    (
        "13.2",
        lambda model, prompt, n, choose: [*prompt, *generate(model, prompt, n, choose)],
        "prompt in the output",
    ),
    (
        "13.2",
        lambda model, prompt, n, choose: generate(model, prompt, n, np.argmax),
        "always the likeliest",
    ),
    ("13.3", lambda r: np.mean(np.concatenate(costs(r))), "nats reported as bits"),
    (
        "13.3",
        lambda r: np.mean(np.concatenate(costs(r, ["train"]))) / np.log(2),
        "training loss reported as test",
    ),
    (
        "13.3",
        lambda r: np.mean(np.concatenate(costs(r, ["train", "validation", "test"]))) / np.log(2),
        "all parts together",
    ),
    (
        "13.3",
        lambda r: np.mean([each.mean() for each in costs(r)]) / np.log(2),
        "mean of the chunks' means",
    ),
    (
        "13.3",
        lambda r: np.log2(np.mean([np.exp(each.mean()) for each in costs(r)])),
        "mean of the chunks' perplexities",
    ),
    ("13.3", lambda r: np.exp(np.mean(np.concatenate(costs(r)))), "perplexity returned"),
    ("13.3", lambda r: np.mean(np.concatenate(costs(r))) / np.log(10), "logarithm to base 10"),
    ("13.3", lambda r: np.mean(np.concatenate(costs(r))) * np.log(2), "multiplied by ln 2"),
    ("13.3", lambda r: -np.mean(np.concatenate(costs(r))) / np.log(2), "sign forgotten"),
    ("13.3", lambda r: np.sum(np.concatenate(costs(r))) / np.log(2), "sum in place of the mean"),
]


@pytest.mark.parametrize(("exercise", "submission", "name"), NAMED)
def test_named(exercise, submission, name):
    assert_named(exercise, submission, name)


def test_reading_the_prefix_again_is_right_and_too_slow():
    def submission(model, prompt, n_new, choose):
        text = list(prompt)
        for _ in range(n_new):
            state = model.start()
            for token_id in text:
                logits, state = model.step(token_id, state)
            text.append(choose(logits))
        return text[len(prompt) :]

    assert_named("13.2", submission, "whole prefix read again")


WRONG = [
    # exercise, submission, a word that the sentence must hold
    ("13.1", lambda z, t, k: z / t, "13.1"),
    ("13.1", lambda z, t, k: np.log(next_probabilities(z, t, k)), "13.1"),
    ("13.1", lambda z, t, k: int(np.argmax(z)), "shape"),
    ("13.1", lambda z, t: softmax(z / t), "arguments"),
    ("13.1", lambda z, t, k: next_probabilities(z, t, k)[::-1], "reverse"),
    ("13.1", lambda z, t, k: next_probabilities(-z, t, k), "13.1"),
    ("13.1", lambda z, t, k: next_probabilities(z, t**2, k), "13.1"),
    ("13.2", lambda model, prompt, n, choose: None, "return"),
    ("13.2", lambda model, prompt, n, choose: model.step(prompt, model.start()), "one id"),
    ("13.2", lambda model, prompt, n, choose: model.step(0.5, model.start()), "one id"),
    ("13.2", lambda model, prompt, n, choose: model.step(99, model.start()), "0 to 7"),
    ("13.2", lambda model, prompt, n, choose: model.step(0, np.zeros(3)), "start"),
    ("13.2", lambda model, prompt, n, choose: model.step(0, None), "start"),
    ("13.2", lambda model, prompt, n, choose: model.step(0, model.step(0, model.start())), "start"),
    ("13.2", in_a_loop(lambda model, new, state: model.step(new[-1], state)[::-1]), "13.2"),
    (
        "13.2",
        lambda model, prompt, n, choose: generate(model, prompt, n, choose)[:-1],
        "lacks the last",
    ),
    ("13.2", lambda model, prompt, n, choose: generate(model, prompt, n, choose)[-1], "shape"),
    ("13.2", lambda model, prompt: [0], "arguments"),
    ("13.3", lambda r: None, "return"),
    ("13.3", lambda r: [each.mean() for each in costs(r)], "shape"),
    ("13.3", lambda r: bits_per_character(r) + 1, "13.3"),
    ("13.3", lambda r: np.log2(64), "13.3"),
    ("13.3", lambda r: r[0][1].mean(), "13.3"),
    ("13.3", lambda r, parts: 1.0, "argument"),
]


@pytest.mark.parametrize(("exercise", "submission", "word"), WRONG)
def test_rejected_with_its_reason(exercise, submission, word):
    assert_rejected(exercise, submission, word)


def test_other_right_ways_are_accepted():
    def probabilities(logits, temperature, top_k):
        logits = top(logits, top_k) / temperature
        return np.exp(logits - np.logaddexp.reduce(logits))

    def write(model, prompt, n_new, choose):
        """Feed each id just before the next choice."""
        state, to_read, new = model.start(), list(prompt), []
        for _ in range(n_new):
            for token_id in to_read:
                logits, state = model.step(int(token_id), state)
            new.append(choose(logits))
            to_read = new[-1:]
        return np.array(new)

    def report(record):
        total = n_characters = 0
        for part, logits, targets in record:
            if part == "test":
                total += cross_entropy(logits, targets)[0] * len(targets)
                n_characters += len(targets)
        return total / n_characters / np.log(2)

    answers = {"13.1": probabilities, "13.2": write, "13.3": report}
    for exercise, answer in answers.items():
        assert check(exercise, answer).status == "correct", check(exercise, answer)


def test_reference_carries_the_state():
    model, prompt = Network(0), [1, 5, 2]
    new = generate(model, prompt, 10, greedy)
    for n in range(10):
        state = model.start()
        for token_id in [*prompt, *new[:n]]:
            logits, state = model.step(token_id, state)
        assert greedy(logits) == new[n]


def test_reference_probabilities_can_be_drawn_from():
    logits = np.array([1000.0, 999.0, 0.0, 998.0])
    p = sampling_probabilities(logits, 0.5, 2)
    assert p.sum() == pytest.approx(1)
    assert sorted(np.flatnonzero(p)) == [0, 1]
    rng = np.random.default_rng(0)
    assert {sample(p, rng) for _ in range(200)} == {0, 1}
