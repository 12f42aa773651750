"""Gradients: checked by differences, clipped, followed back in time, and starts that keep them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from course_utils.arguments import choice, instance, number, quietly, real_array

if TYPE_CHECKING:
    from course_utils.cells import GRU, LSTM, SimpleRNN

Arrays = TypeVar("Arrays", Mapping[str, np.ndarray], Sequence[np.ndarray])


def numerical_gradient(
    function: Callable[[np.ndarray], float], array: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """Gradient by central differences: ``(f(a + step) - f(a - step)) / (2 step)`` per element.

    The error shrinks with ``step ** 2``, until the rounding of f, divided by ``2 step``, takes
    over. In float64 both are near 1e-10 at the default step.

    Parameters
    ----------
    function
        ``function(array) -> number``, called twice per element with a changed copy.
    array : ndarray (any shape)
        Where the gradient is wanted; taken as float64, and left as it is.
    step
        Distance to each side, above 0.

    Returns
    -------
    ndarray of the same shape, float64

    Raises
    ------
    TypeError
        If ``function`` returns no number, or one of lower precision than float64: differences
        this small drown in the rounding of float32.

    Examples
    --------
    >>> numerical_gradient(lambda a: (a**2).sum(), np.array([1.0, -3.0])).round(6)
    array([ 2., -6.])
    """
    step = number("step", step, 0)
    instance("function", function, Callable, "a function")
    array = real_array("array", array).astype(np.float64)
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        up, down = array.copy(), array.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (_value(function(up)) - _value(function(down))) / (2 * step)
    return gradient


@quietly
def relative_error(a: np.ndarray, b: np.ndarray) -> float:
    r"""How far two arrays are apart: :math:`\|a - b\| / \max(\|a\|, \|b\|)`.

    The norms are over all elements, so that one element near zero does not decide alone.

    Parameters
    ----------
    a, b : ndarray (the same shape)

    Returns
    -------
    float
        0 for equal arrays, 2 for opposite ones. A right gradient in float64 is within 1e-7 of
        its numerical one.

    Examples
    --------
    >>> relative_error(np.array([3.0, 4.0]), np.array([-3.0, -4.0]))
    2.0
    """
    a = real_array("a", a, empty=True).astype(np.float64)
    b = real_array("b", b, a.shape, empty=True).astype(np.float64)
    if np.array_equal(a, b):
        return 0.0
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(a), np.linalg.norm(b)))


def clip_by_global_norm(grads: Arrays, max_norm: float) -> tuple[Arrays, float]:
    r"""Scale all gradients by one factor, so that their common norm is at most ``max_norm``.

    The norm is :math:`\sqrt{\sum_k \|g_k\|^2}` over all arrays. One factor for all keeps the
    direction of the step; clipping each array alone would turn it.

    Parameters
    ----------
    grads : dict or list of ndarray
    max_norm
        Above 0; ``math.inf`` leaves every gradient as it is.

    Returns
    -------
    clipped : dict or list of ndarray
        Of the same shapes and dtypes. Holds the arrays of ``grads`` themselves where there is
        nothing to scale, also when the norm is infinite or not a number.
    norm : float
        The norm before clipping.

    References
    ----------
    Pascanu, Mikolov, Bengio 2013, *On the difficulty of training recurrent neural networks*,
    algorithm 1.

    Examples
    --------
    >>> clipped, norm = clip_by_global_norm({"w": np.array([3.0]), "b": np.array([4.0])}, 1.0)
    >>> norm, clipped["w"].round(2), clipped["b"].round(2)
    (5.0, array([0.6]), array([0.8]))
    """
    if not (isinstance(max_norm, Real) and max_norm == math.inf):
        max_norm = number("max_norm", max_norm, 0)
    if not isinstance(grads, Mapping | list | tuple):
        raise TypeError(f"grads must be a dict or list of arrays, got {type(grads).__name__}")
    names = list(grads) if isinstance(grads, Mapping) else range(len(grads))
    clipped: Any = [real_array(f"grads[{name!r}]", grads[name], empty=True) for name in names]
    # In float64, because squares of float32 overflow from 2e19 on and vanish below 4e-23.
    norm = math.hypot(*(np.linalg.norm(g.astype(np.float64)) for g in clipped))
    if max_norm < norm < math.inf:
        clipped = [np.multiply(g, max_norm / norm, dtype=g.dtype) for g in clipped]
    if isinstance(grads, Mapping):
        clipped = dict(zip(names, clipped, strict=True))
    return clipped, norm


def gradient_by_lag(cell: SimpleRNN | LSTM | GRU, x: np.ndarray, state: str = "h") -> np.ndarray:
    r"""By what factor a gradient at the last step has grown or shrunk k steps back, for each k.

    With :math:`J_k = \partial h_T / \partial h_{T-k}`, the (U, U) Jacobian through all steps
    between, this is

    .. math:: r_k = \sqrt{\frac{1}{N U} \sum_{n=1}^{N} \|J_k^{(n)}\|_F^2}

    the root mean square, over samples and over all directions of the gradient at the last step,
    of how :math:`J_k` changes its length. So :math:`r_0 = 1`, and orthogonal Jacobians keep 1 at
    every lag.

    Parameters
    ----------
    cell
        A cell of :mod:`course_utils.cells`.
    x : ndarray (N, T, D)
        Sequences to run, from a state of zeros.
    state
        ``"h"``; or ``"c"`` of an LSTM, for :math:`\partial h_T / \partial c_{T-k}`. In an LSTM,
        ``"h"`` holds :math:`c_{T-k}` fixed, so it leaves out what the cell state carries; with
        ``"c"``, :math:`h_{T-k}` follows :math:`c_{T-k}`.

    Returns
    -------
    ndarray (T,), float64
        :math:`r_0`, the last step itself, to :math:`r_{T-1}`, the first step.

    References
    ----------
    Pascanu, Mikolov, Bengio 2013, *On the difficulty of training recurrent neural networks*,
    equation 5.

    Examples
    --------
    >>> from course_utils.cells import SimpleRNN
    >>> cell = SimpleRNN([[1.0]], [[0.5]], [0.0], activation="linear")
    >>> gradient_by_lag(cell, np.ones((1, 4, 1)))
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    if not hasattr(cell, "n_units"):
        raise TypeError(f"cell must be one of course_utils.cells, got {type(cell).__name__}")
    choice("state", state, cell.states)
    x = real_array("x", x, ("N", "T", cell.n_features))
    squares = np.zeros(x.shape[1])
    for sample in x:
        # One copy of the sample for each unit of the last state, to send its gradient back.
        trace = cell.forward(np.stack([sample] * cell.n_units))
        dh = np.zeros_like(trace.h)
        dh[:, -1] = np.eye(cell.n_units)
        jacobians = getattr(cell.backward(trace, dh), state)  # (U of the last state, T, U)
        squares += np.square(jacobians, dtype=np.float64).sum(axis=(0, 2))
    return np.sqrt(squares / (len(x) * cell.n_units))[::-1]


def _value(result: Any) -> float:
    result = real_array("the result of function", result, ())
    if result.dtype in (np.float16, np.float32):
        raise TypeError(f"function must compute in float64, got {result.dtype}")
    return float(result)
