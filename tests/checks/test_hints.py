"""What the checks say of the errors that libraries raise, tried with the errors themselves."""

from __future__ import annotations

import linecache
import re
import tomllib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from wrong import assert_is_sentence

from course_utils.checks import Case, Exercise
from course_utils.judging.graphs import run_graph
from course_utils.judging.hints import HINTS, in_plain_words
from course_utils.judging.judge import judge

import theano  # isort: skip  (after judging.graphs, which mends it)
import theano.tensor as T  # isort: skip

THEANO = (
    ("if (x[0] > 0) and (x[1] > 0): return x", "`T.and_`"),
    ("return max(x[0], 0.0) * x", "`T.maximum`"),
    ("return np.maximum(x, 0)", "of the same name in `T`"),
    ("return x if x[0] > 0 else -x", "a Python `if` cannot look at it"),
    ("return T.switch(0 < x[0] < 1, x, -x)", "Python asks whether a symbol is true"),
    ("return T.stack([a for a in x])", "let `theano.scan` loop"),
    ("return np.zeros((x.shape[0], 2))", "NumPy needs a number for a size"),
    ("return T.zeros(T.argmax(x))", "there is a single symbolic one"),
    ("return x * int(x[0])", "this asks for a number"),
    ("return T.grad(x.sum(), theano.shared(1.0).set_value(x[0]))", "`set_value` takes numbers"),
    ("return theano.scan(lambda a, s: s + a, x[:0], T.zeros(()))[0]", "cannot make 0 steps"),
    ("return np.sum(x)", "NumPy computes with numbers"),
    ("return np.float32(x) * x", "`T.cast` changes the dtype"),
    ("return float(x[0]) * x", "a symbol has none while the graph is built"),
    ("x[0] = 1.0", "`T.set_subtensor(h[0], value)`"),
    ("return x * x.get_value()", "only a shared variable has `get_value`"),
    ("return x * x.sum().eval()", "`eval` asks for a number"),
    ("return x * T.dscalar('s')", "uses a variable that is no argument of your function"),
    ("return T.grad(x.sum(), theano.shared(1.0))", "does not depend on what it is differentiated"),
    ("return T.grad(x ** 2, x)", "take the mean or the sum"),
    ("return theano.scan(lambda a, s: a + s, x, 0.0)[0]", "has dtype float32 and the step returns"),
    ("return theano.scan(lambda a, s: x + s, x, T.zeros(()))[0]", "the same number of axes"),
    ("return theano.scan(lambda a: (a, a), x, [None])[0][0]", "one entry for each thing"),
    ("return theano.scan(lambda a: None, x)[0]", "Did you forget `return` in it?"),
    ("return theano.scan(lambda s: s + 1, outputs_info=x)[0]", "`sequences` or `n_steps`"),
    ("return theano.scan(lambda a: a, x, n_steps=9)[0]", "more steps than its sequence has"),
    ("return T.concatenate([x, T.outer(x, x)])", "the same number of axes"),
    ("return theano.function([], [], updates=[(x, x)])", "only shared variables can be updated"),
    (
        "return theano.function([x], [], updates=[(theano.shared(np.float32(1)), x.sum())])",
        "is a float32 scalar and its new value a float64 scalar",
    ),
)
NUMPY = (
    ("return x @ np.ones((4, 2))", "has 3 places and the first axis of the right one 4"),
    ("return np.dot(x, np.ones((4, 2)))", "the shapes (3,) and (4,2) do not fit"),
    ("return x + np.ones(4)", "of the shapes (3,) and (4,) do not fit together"),
    ("x[:2] = np.ones(3)", "of shape (3,) does not fit into a place of shape (2,)"),
    ("return np.array([[1.0], [1.0, 2.0]])", "have different shapes, so they make no array"),
    ("return x[np.ones(2)]", "an index must be a whole number"),
    ("return np.tanh(np.array([None]))", "this is a `NoneType`"),
    ("x.copy()[0] = np.ones(2)", "a place for a single number was given several"),
    ("return np.stack([])", "the loop that fills it made no step"),
    ("return np.concatenate(x, x)", "go into one list"),
    ("return np.zeros(3, 2)", "a shape is one argument"),
    ("return x if (x > 0) and (x < 1) else -x", "`&`, `|` and `~` work element by element"),
    ("return x if x > 0 else -x", "`np.where` chooses element by element"),
    ("return float(x)", "a single number was wanted"),
    ("return x[:0].max()", "an empty array has no minimum"),
    ("return x[1.0]", "an index must be a whole number"),
    ("k = np.arange(3); k += 0.5", "make it with floats"),
    ("return 2 ** -np.arange(3)", "`2.0 ** -k`"),
    ("np.broadcast_to(0.0, 3)[0] = 1", "work on a copy"),
    ("return x(0)", "square brackets look into it"),
    ("return x[None].T.sort()[0]", "something here is None"),
    ("total = total + x", "`total` is used before it gets a value"),
    ("return [1.0] - x.tolist()", "`np.array(...)` makes one of it"),
    ("return [1.0] * 0.5", "`np.array(...)` makes one of it"),
)
JAX = (
    ("return jax.jit(lambda a: a if a[0] > 0 else -a)(x)", "`jnp.where` chooses"),
    ("return jax.jit(lambda a: np.tanh(a))(x)", "use `jnp` in place of `np`"),
    ("return jax.jit(lambda a: jnp.zeros(int(a[0])))(x)", "is not known yet"),
    ("jnp.zeros(3)[0] = 1.0", "`h.at[0].set(value)`"),
    ("return jax.lax.scan(lambda h, a: (h[:1], a), jnp.zeros(2), x)", "the shape and dtype"),
)


def judged(line, call=None):
    exercise = Exercise(
        "0.9",
        "Errors",
        lambda x: 2 * x,
        lambda: [Case("three numbers", (np.array([0.5, 1.5, 2.5]),))],
        (),
        ("y (T,)",),
        call=call,
    )
    source = f"def f(x):\n    {line}\n"
    name = f"<learner's cell {hash(line)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    namespace = {"np": np, "T": T, "theano": theano, "jax": jax, "jnp": jnp}
    exec(compile(source, name, "exec"), namespace)
    return judge(exercise, namespace["f"])


@pytest.mark.parametrize(
    ("line", "words", "call"),
    [(*item, run_graph) for item in THEANO] + [(*item, None) for item in (*NUMPY, *JAX)],
)
def test_an_error_of_a_library_is_put_in_plain_words_with_its_mend(line, words, call):
    result = judged(line, call)
    assert result.status == "wrong"
    assert words in result.message
    assert_is_sentence(result.message)


def test_other_errors_keep_their_text():
    assert (
        "IndexError in line 2, `return x[7]`: index 7 is out of bounds"
        in judged("return x[7]").message
    )


def test_every_known_error_is_raised_here():
    said = " ".join([judged(line, run_graph).message for line, _ in THEANO])
    said += " ".join([judged(line).message for line, _ in (*NUMPY, *JAX)])
    for entry in tomllib.loads(HINTS.joinpath("errors.toml").read_text("utf-8"))["errors"]:
        assert re.split(r"\\\d", entry["says"])[-1].rstrip("?") in said, entry


def test_nothing_is_said_of_an_unknown_error():
    assert in_plain_words("ValueError: something else", "x = 1") == ""
