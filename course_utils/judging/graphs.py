"""Apply submissions that build a Theano graph: compile what they return, then run it.

Theano's messages are long and speak of its insides, so the frequent ones are put in a sentence.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from course_utils import theano_compat
from course_utils.judging.outcomes import Unusable, type_name

theano_compat.enable()

import theano  # noqa: E402
import theano.tensor as T  # noqa: E402
from theano.graph.basic import Apply, Variable, ancestors  # noqa: E402
from theano.graph.fg import MissingInputError  # noqa: E402
from theano.scan.op import Scan  # noqa: E402

LENGTH_UNKNOWN = (
    "Python cannot loop over a symbolic array, because its length is not known while the graph "
    "is built; let theano.scan loop"
)
_PLAIN_WORDS: tuple[tuple[str, str], ...] = (
    (r"cannot be interpreted as an integer|has no len\(\)|cannot be determined", LENGTH_UNKNOWN),
    (
        r"has dtype (\w+), while the result of the inner function \(`fn`\) has dtype (\w+)",
        r"the start value has dtype \1 and the step returns \2; the two dtypes must be the same",
    ),
    (
        r"dimension\(s\), while the corresponding variable in the result",
        "the start value and what the step returns must have the same number of axes",
    ),
    (
        r"do not support boolean operations",
        "the value of a symbolic condition is not known while the graph is built; "
        "a Python if cannot look at it, T.switch can",
    ),
    (
        r"does not support iteration",
        "several values were wanted, such as the shape in T.zeros((n,)), and there is a single "
        "symbolic one",
    ),
    (r"do 0 iteration", "theano.scan cannot make 0 steps"),
    (
        r"is missing an input|was not provided|not computable",
        "the graph uses a variable that is no argument of your function",
    ),
)


def symbol(dtype: str | np.dtype, ndim: int) -> Variable:
    """Return a symbolic variable of this dtype and number of axes."""
    return T.TensorType(str(dtype), (False,) * ndim)()


def run_graph(function: Callable, args: Sequence[Any]) -> Any:
    """Call ``function`` with a symbol for each array of ``args``, compile, and run on the arrays.

    Plain Python numbers are handed on as they are.

    Raises
    ------
    Unusable
        If what the function returns is not a symbolic result.
    """
    arrays = [arg for arg in args if isinstance(arg, np.ndarray)]
    kinds = tuple(
        (arg.dtype.name, arg.ndim) if isinstance(arg, np.ndarray) else arg for arg in args
    )
    return compile_with(_compile, function, kinds)(*arrays)


def compile_with(compiler: Callable, function: Callable, *settings: Any) -> Any:
    """Return ``compiler(function, *settings)``; of the course's own functions only once.

    These are tried on every wrong answer. A learner's function is compiled anew each time,
    because it may read globals that have changed since.
    """
    own = str(getattr(function, "__module__", "")).startswith("course_utils.checks")
    return (_compile_once if own else _compile_now)(compiler, function, *settings)


def _compile_now(compiler: Callable, function: Callable, *settings: Any) -> Any:
    return compiler(function, *settings)


_compile_once = cache(_compile_now)


def _compile(function: Callable, kinds: tuple) -> Callable:
    with plain_words():
        symbols = [symbol(*kind) if isinstance(kind, tuple) else kind for kind in kinds]
        result = symbolic(finished(function(*symbols)))
        inputs = [each for each in symbols if isinstance(each, Variable)]
        compiled = theano.function(inputs, result, on_unused_input="ignore")

    def run(*arrays: np.ndarray) -> Any:
        with plain_words():
            return compiled(*arrays)

    return run


def symbolic(result: Any) -> Variable:
    """Return ``result`` if it is symbolic.

    Raises
    ------
    Unusable
        With a sentence that lacks its subject.
    """
    if isinstance(result, Variable):
        return result
    if result is None:
        raise Unusable("returned None, wanted a symbolic result. Did you forget `return`?")
    if isinstance(result, tuple | list) and any(isinstance(part, Mapping) for part in result):
        raise Unusable(
            f"returned {len(result)} things, wanted one symbolic result. `theano.scan` returns "
            "the values and the updates; return the values only."
        )
    raise Unusable(
        f"returned a `{type_name(result)}`, wanted a symbolic result: your function describes a "
        "computation, which is run later."
    )


def finished(returned: Any) -> Any:
    """Return what was returned; a generator or coroutine is closed, lest Python complains."""
    if inspect.isgenerator(returned) or inspect.iscoroutine(returned):
        returned.close()
    return returned


def contains_scan(result: Variable) -> bool:
    """Tell whether the graph that computes ``result`` loops."""
    owners = (variable.owner for variable in ancestors([result]))
    return any(isinstance(node, Apply) and isinstance(node.op, Scan) for node in owners)


@contextmanager
def plain_words() -> Iterator[None]:
    """Raise the frequent errors of Theano with a sentence in place of their text."""
    try:
        yield
    except (TypeError, ValueError, NotImplementedError, MissingInputError) as error:
        for pattern, words in _PLAIN_WORDS:
            found = re.search(pattern, str(error))
            if found:
                # With the traceback, which still tells the learner's line.
                again = type(error)(found.expand(words))
                raise again.with_traceback(error.__traceback__) from None
        raise
