"""Apply submissions that build a Theano graph: compile what they return, then run it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from course_utils import theano_compat
from course_utils.judging.outcomes import Unusable, type_name

theano_compat.enable()

import theano  # noqa: E402
import theano.tensor as T  # noqa: E402
from theano.graph.basic import Apply, Variable, ancestors  # noqa: E402
from theano.scan.op import Scan  # noqa: E402


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
    symbols = [symbol(*kind) if isinstance(kind, tuple) else kind for kind in kinds]
    result = symbolic(finished(function(*symbols)))
    inputs = [each for each in symbols if isinstance(each, Variable)]
    return theano.function(inputs, result, on_unused_input="ignore")


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


def loops_in(result: Variable) -> list[Scan]:
    """Return the loops of the graph that computes ``result``."""
    owners = (variable.owner for variable in ancestors([result]))
    return [node.op for node in owners if isinstance(node, Apply) and isinstance(node.op, Scan)]
