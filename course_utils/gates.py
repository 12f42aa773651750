"""Gates set by hand: held at a value, or started so that a memory lasts as long as it should."""

from __future__ import annotations

import math
from copy import deepcopy
from numbers import Real
from typing import TypeVar

import numpy as np

from course_utils.arguments import choice, number
from course_utils.cells import GRU, LSTM

Gated = TypeVar("Gated", bound=LSTM | GRU)

SHUT_OR_OPEN = 40.0  # the logistic function of it is 1 to the last digit, of its negative 0


def forced(cell: Gated, gate: str, value: float) -> Gated:
    """Return a copy of a cell in which one gate always has the same value.

    The gate gets weights of 0 and the bias that makes it ``value``; all other numbers are those of
    ``cell``. So the copy runs wherever the cell runs, in NumPy, in scan and in Keras.

    Parameters
    ----------
    cell
        An LSTM or GRU of :mod:`course_utils.cells`.
    gate
        ``"i"``, ``"f"`` or ``"o"`` of an LSTM, ``"z"`` or ``"r"`` of a GRU. The candidate ``"g"``
        is no gate.
    value
        From 0, shut, to 1, open.

    Raises
    ------
    TypeError, ValueError
        If the cell has no such gate, or the value is out of range.

    Examples
    --------
    >>> cell = forced(LSTM.start(2, 3), "f", 0.25)
    >>> np.unique(cell.forward(np.ones((1, 5, 2))).gates["f"])
    array([0.25])
    """
    if not isinstance(cell, LSTM | GRU):
        raise TypeError(f"cell must be an LSTM or GRU of cells, got {type(cell).__name__}")
    gate = choice("gate", gate, tuple(name for name in cell.gate_names if name != "g"))
    bias = _bias_of(_share(value))
    copy = deepcopy(cell)
    for array in copy.weights.values():
        copy.gate_blocks(array)[gate][...] = 0
    # A GRU that resets after the product has a second row of biases, which stays at 0.
    np.atleast_2d(copy.gate_blocks(copy.bias)[gate])[0] = bias
    return copy


def half_life_bias(n_steps: float) -> float:
    r"""Bias at which a gate without other input halves what it keeps within ``n_steps``.

    :math:`\sigma(b)^n = \tfrac12` for :math:`b = -\ln(2^{1/n} - 1)`.

    Parameters
    ----------
    n_steps
        Above 0.

    References
    ----------
    Tallec, Ollivier 2018, *Can recurrent neural networks warp time?*, arXiv 1804.11188: the bias
    of a gate sets the time scale of a memory.

    Examples
    --------
    >>> [round(half_life_bias(n), 2) for n in (2, 10, 100)]
    [0.88, 2.63, 4.97]
    """
    a = math.log(2) / number("n_steps", n_steps, 0)
    return -a - math.log(-math.expm1(-a))  # not -log(expm1(a)), which overflows


def _share(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= value <= 1:
        raise ValueError(f"value must be a number from 0 to 1, got {value!r}")
    return float(value)


def _bias_of(value: float) -> float:
    if value in (0, 1):
        return math.copysign(SHUT_OR_OPEN, value - 0.5)
    return math.log(value / (1 - value))
