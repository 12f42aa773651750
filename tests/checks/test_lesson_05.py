"""Lesson 05: what learners hand in besides the misconceptions, each rejected with its reason."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from wrong import assert_is_sentence, assert_rejected

from course_utils.checks import check
from course_utils.checks.lesson_05 import (
    broken_cost,
    cost_in_float32,
    logistic_step,
    momentum_updates,
    upcasts,
)
from course_utils.training import SGD

import theano  # isort: skip  (after lesson_05, which mends it)
import theano.tensor as T  # isort: skip
from theano.graph.basic import io_toposort  # isort: skip

LESSON = Path(__file__).resolve().parents[2] / "lessons" / "05_theano_graphs.py"


def cross_entropy(X, y, w, b):
    p = T.nnet.sigmoid(T.dot(X, w) + b)
    return -(y * T.log(p) + (1 - y) * T.log(1 - p))


def neuron(change, cost=lambda losses: losses.mean()):
    """A learner's neuron; ``change(p, g, rate)`` is the new value of a parameter."""

    def logistic_step(X, y, w, b, learning_rate):
        total = cost(cross_entropy(X, y, w, b))
        gradients = T.grad(total, [w, b])
        pairs = zip((w, b), gradients, strict=True)
        return total, [(p, change(p, g, learning_rate)) for p, g in pairs]

    return logistic_step


def momentum(change, start=np.zeros_like):
    """A learner's momentum; ``change(p, v, g, rate, mu)`` returns new velocity and parameter."""

    def momentum_updates(cost, parameters, learning_rate, momentum):
        updates = []
        for p in parameters:
            v = theano.shared(start(p.get_value()))
            v_new, p_new = change(p, v, T.grad(cost, p), learning_rate, momentum)
            updates += [(v, v_new), (p, p_new)]
        return updates

    return momentum_updates


def float32(labels="float32", mean=lambda losses, X: losses.mean(), decay=None):
    """A learner's cost by logarithms; ``decay`` is the weight decay's factor."""

    def cost_in_float32(X, y, w, b):
        losses = cross_entropy(X, T.cast(y, labels), w, b)
        factor = np.float32(0.01) if decay is None else decay
        return mean(losses, X) + factor * (w**2).sum()

    return cost_in_float32


def eager_neuron(X, y, w, b, learning_rate):
    cost = cross_entropy(X, y, T.constant(w.get_value()), T.constant(b.get_value())).mean()
    return cost, [(p, p - learning_rate * T.grad(cost, p)) for p in (w, b)]


def neuron_with_if(X, y, w, b, learning_rate):
    cost = cross_entropy(X, y, w, b).mean()
    return (cost, []) if cost > 1 else (cost, [(w, w)])


def neuron_with_set_value(X, y, w, b, learning_rate):
    cost = cross_entropy(X, y, w, b).mean()
    w.set_value(w - learning_rate * T.grad(cost, w))
    return cost, []


def neuron_that_evaluates(X, y, w, b, learning_rate):
    cost = cross_entropy(X, y, w, b).mean()
    return cost, [(w, w - learning_rate * T.grad(cost, w).eval())]


NAMED = [
    # exercise, submission as a learner may write it, name of its misconception
    ("5.1", lambda *args: (logistic_step(*args)[0], {}), "forgotten updates"),
    (
        "5.1",
        lambda *args: (logistic_step(*args)[0], [(args[2], args[2]), (args[3], args[3])]),
        "forgotten updates",
    ),
    ("5.1", neuron(lambda p, g, rate: p + rate * g), "sign of the gradient"),
    ("5.1", neuron(lambda p, g, rate: p.get_value() - rate * g), "values at build time"),
    ("5.1", neuron(lambda p, g, rate: -(rate * g)), "step in place of the new value"),
    ("5.1", neuron(lambda p, g, rate: p - g), "learning rate not used"),
    ("5.1", neuron(lambda p, g, rate: p - rate * g, T.sum), "sum in place of the mean"),
    (
        "5.1",
        neuron(lambda p, g, rate: p - rate * g, lambda losses: -losses.mean()),
        "sign of the cost",
    ),
    (
        "5.1",
        lambda *args: (logistic_step(*args)[0], {args[2]: logistic_step(*args)[1][0][1]}),
        "bias not updated",
    ),
    ("5.2", momentum(lambda p, v, g, rate, mu: (mu * v - rate * g, p + v)), "updates run in order"),
    (
        "5.2",
        lambda cost, parameters, rate, mu: [(p, p - rate * T.grad(cost, p)) for p in parameters],
        "velocity not stored",
    ),
    (
        "5.2",  # the velocity is never updated
        lambda *args: momentum_updates(*args)[1::2],
        "velocity not stored",
    ),
    (
        "5.2",
        momentum(
            lambda p, v, g, rate, mu: (mu * v + (1 - mu) * g, p - rate * (mu * v + (1 - mu) * g))
        ),
        "running mean of the gradient",
    ),
    (
        "5.2",
        momentum(
            lambda p, v, g, rate, mu: (mu * v - rate * g, p + mu * v - rate * g),
            lambda value: np.zeros(np.shape(value)),
        ),
        "velocity in float64",
    ),
    (
        "5.2",
        momentum(lambda p, v, g, rate, mu: (mu * v - rate * g, p - (mu * v - rate * g))),
        "sign of the gradient",
    ),
    ("5.3", broken_cost, "float64 upcast, nothing mended"),
    ("5.3", float32("int32"), "float64 upcast by the labels"),
    (
        "5.3",
        float32(mean=lambda losses, X: losses.sum() / X.shape[0]),
        "float64 upcast by the number of samples",
    ),
    ("5.3", float32(decay=0.01), "float64 upcast by a decimal number"),
    ("5.3", float32(decay=np.array(0.01)), "float64 upcast by a decimal number"),
    ("5.3", lambda *args: T.cast(broken_cost(*args), "float32"), "cast at the end"),
    ("5.3", float32(theano.config.floatX), "floatX is float64"),
    ("5.3", float32(mean=lambda losses, X: losses.sum()), "sum in place of the mean"),
    ("5.3", float32(decay=np.float32(0)), "decay left out"),
]


@pytest.mark.parametrize(("exercise", "submission", "name"), NAMED)
def test_mistake_is_named(exercise, submission, name):
    result = check(exercise, submission)
    assert (result.status, result.diagnosis) == ("wrong", name), result
    assert_is_sentence(result.message)


WRONG = [
    # exercise, submission, a word that the sentence must hold
    ("5.1", eager_neuron, "does not depend on"),
    ("5.1", neuron_with_if, "`if` cannot look at it"),
    ("5.1", neuron_with_set_value, "5.1"),
    ("5.1", neuron_that_evaluates, "`eval` asks for a number"),
    ("5.1", neuron(lambda p, g, rate: p - rate * g, lambda losses: losses), "a single number"),
    ("5.1", lambda *args: logistic_step(*args)[0], "cost and the list of updates"),
    ("5.1", lambda *args: logistic_step(*args)[1], "wanted"),
    ("5.1", lambda *args: (0.7, logistic_step(*args)[1]), "nothing is computed"),
    ("5.1", lambda *args: (cross_entropy(*args[:4]), []), "single number"),
    ("5.1", lambda *args: (logistic_step(*args)[0], args[2]), "pairs"),
    ("5.1", lambda *args: (logistic_step(*args)[0], [args[2]]), "pairs"),
    ("5.1", lambda *args: (logistic_step(*args)[0], [(args[0], args[0])]), "keeps a value"),
    ("5.1", lambda *args: (logistic_step(*args)[0], [(args[2], np.zeros(2))]), "same at every"),
    ("5.1", lambda *args: (logistic_step(*args)[0], [(args[2], args[3])]), "axes"),
    ("5.1", lambda *args: (logistic_step(*args)[0], [(args[3], args[3])] * 2), "update"),
    ("5.1", lambda *args: None, "return"),
    ("5.1", lambda X, y, w: X, "arguments"),
    ("5.1", neuron(lambda p, g, rate: p - 2 * rate * g), "5.1"),
    ("5.2", lambda *args: None, "return"),
    ("5.2", lambda *args: [], "5.2"),
    ("5.2", lambda *args: dict(momentum_updates(*args)[:2]), "5.2"),
    ("5.2", lambda *args: momentum_updates(*args[:3], 0.9), "5.2"),
    ("5.2", momentum(lambda p, v, g, rate, mu: (mu * v - rate * g, p + g)), "5.2"),
    ("5.2", momentum(lambda p, v, g, rate, mu: (v, p), lambda value: 0.0), "5.2"),
    (
        "5.2",
        momentum(lambda p, v, g, rate, mu: (mu * v - rate * g, p), lambda value: 0.0),
        "its own shape",
    ),
    ("5.3", lambda X, y, w, b: cross_entropy(X, y, w, b), "single number"),
    ("5.3", lambda X, y, w, b: 0.5, "symbolic"),
    ("5.3", lambda X, y, w, b: T.constant(0.5), "does not depend on"),
    ("5.3", float32(mean=lambda losses, X: losses.sum() / T.cast(X.shape[1], "float32")), "5.3"),
    ("5.3", float32(decay=np.float32(0.1)), "5.3"),
]


@pytest.mark.parametrize(("exercise", "submission", "word"), WRONG)
def test_rejected_with_its_reason(exercise, submission, word):
    assert_rejected(exercise, submission, word)


def test_other_right_ways_are_accepted():
    def steps_scaled_at_the_end(p, v, g, rate, mu):  # the same numbers while the rate is constant
        v_new = mu * v - g
        return v_new, p + rate * v_new

    def cost_by_count(X, y, w, b):
        z = T.dot(X, w) + b
        losses = T.nnet.softplus(z) - y.astype("float32") * z
        decay = T.cast(0.01, "float32") * T.dot(w, w)
        return losses.sum() / T.cast(y.shape[0], "float32") + decay

    answers = [
        ("5.1", neuron(lambda p, g, rate: p - rate * g)),
        ("5.1", lambda *args: (logistic_step(*args)[0], dict(logistic_step(*args)[1]))),
        (
            "5.1",
            neuron(lambda p, g, rate: p - rate * g, lambda losses: losses.sum() / losses.shape[0]),
        ),
        ("5.2", momentum(steps_scaled_at_the_end)),
        ("5.2", lambda *args: momentum_updates(*args)[::-1]),
        ("5.3", float32()),
        ("5.3", float32("int8")),  # every int8 fits into float32
        ("5.3", cost_by_count),
    ]
    for exercise, answer in answers:
        assert check(exercise, answer).status == "correct", check(exercise, answer)


def test_neuron_equals_plain_numpy():
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(6, 3)), rng.integers(0, 2, size=6).astype(float)
    w, b = rng.normal(size=3), 0.3
    p = 1 / (1 + np.exp(-(X @ w + b)))
    shared = theano.shared(w, "w"), theano.shared(b, "b")
    symbols = T.dmatrix(), T.dvector()
    cost, updates = logistic_step(*symbols, *shared, 0.5)
    step = theano.function(symbols, cost, updates=updates)
    assert step(X, y) == pytest.approx(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())
    np.testing.assert_allclose(shared[0].get_value(), w - 0.5 * X.T @ (p - y) / 6)
    np.testing.assert_allclose(shared[1].get_value(), b - 0.5 * (p - y).mean())


def test_momentum_equals_that_of_the_numpy_optimiser():
    theta = theano.shared(np.array([2.0, -1.0]))
    step = theano.function([], [], updates=momentum_updates(T.sqr(theta).sum(), [theta], 0.1, 0.9))
    by_numpy, optimiser = {"theta": np.array([2.0, -1.0])}, SGD(0.1, 0.9)
    for _ in range(5):
        step()
        optimiser.update(by_numpy, {"theta": 2 * by_numpy["theta"]})
        np.testing.assert_allclose(theta.get_value(), by_numpy["theta"], rtol=1e-12)


def test_the_hunt_of_lesson_and_check_finds_the_same():
    functions = {
        node.name: node
        for node in ast.parse(LESSON.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    lesson = {"io_toposort": io_toposort, "T": T}
    taught = ast.Module([functions["upcasts"], functions["broken_cost"]], [])
    exec(compile(taught, LESSON.name, "exec"), lesson)
    parts = T.fmatrix(), T.ivector(), theano.shared(np.zeros(2, "f4")), theano.shared(np.float32(0))
    for cost in (broken_cost(*parts), lesson["broken_cost"](*parts)):
        assert [str(node.op) for node in upcasts(cost)] == ["Elemwise{mul,no_inplace}"] * 2
        assert lesson["upcasts"](cost) == upcasts(cost)
    assert upcasts(cost_in_float32(*parts)) == []
