"""Say what is wrong with an argument: its name, what it must be, what it got.

Each function returns the value in its plain form, so that one line both checks and converts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, TypeGuard

import numpy as np


def whole_number(name: str, value: Any, minimum: int) -> int:
    """``value`` as an int of at least ``minimum``.

    Raises
    ------
    TypeError
        If it is no whole number (``True`` and ``3.0`` are not).
    ValueError
        If it is below ``minimum``.
    """
    wants = f"a whole number of at least {minimum}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be {wants}, got {value!r} ({type(value).__name__})")
    if value < minimum:
        raise ValueError(f"{name} must be {wants}, got {value}")
    return int(value)


def number(
    name: str, value: Any, low: float, high: float = math.inf, *, low_included: bool = False
) -> float:
    """``value`` as a finite float between ``low`` and ``high``, ``high`` excluded.

    Raises
    ------
    TypeError
        If it is no real number.
    ValueError
        If it is not finite or out of range.
    """
    opening = "[" if low_included else "("
    wants = f"a number in {opening}{low:g}, {high:g})"
    if not _is_real(value):
        raise TypeError(f"{name} must be {wants}, got {value!r} ({type(value).__name__})")
    above = value >= low if low_included else value > low
    if not (above and value < high):
        raise ValueError(f"{name} must be {wants}, got {value!r}")
    return float(value)


def _is_real(value: Any) -> TypeGuard[float]:
    return isinstance(value, Real) and not isinstance(value, bool)


def choice(name: str, value: Any, options: Sequence[str]) -> str:
    """``value``, one of ``options``.

    Raises
    ------
    ValueError
        If it is none of them.
    """
    if not isinstance(value, str) or value not in options:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, got {value!r}")
    return value


def real_array(
    name: str, value: Any, shape: tuple[int, ...] | None = None, *, finite: bool = False
) -> np.ndarray:
    """``value`` as a floating-point array, of ``shape`` where one is given.

    Whole numbers become float64; float32 and float64 stay as they are.

    Raises
    ------
    TypeError
        If it does not hold real numbers.
    ValueError
        If its shape is another, if some of it is masked or, where ``finite``, not finite.
    """
    if np.ma.is_masked(value):
        raise ValueError(f"{name} must be whole, got an array with masked values: fill them first")
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        raise ValueError(f"{name} must be one array, got rows of different lengths") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}")
    if finite and not np.isfinite(array).all():
        place = np.argwhere(~np.isfinite(array))[0].tolist()
        raise ValueError(f"{name} must hold finite numbers, got {array[tuple(place)]} at {place}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def class_ids(name: str, value: Any, n_classes: int | None = None, low: int = 0) -> np.ndarray:
    """``value`` as an array of whole numbers from ``low`` on, below ``n_classes`` where it is given.

    Raises
    ------
    TypeError
        If it does not hold whole numbers.
    ValueError
        If one of them is out of range: NumPy would count it from the end.
    """
    ids = np.asarray(value)
    below = "" if n_classes is None else f" to {n_classes - 1}"
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold whole numbers from {low}{below}, got {ids.dtype}")
    if ids.size and (ids.min() < low or (n_classes is not None and ids.max() >= n_classes)):
        wrong = ids.min() if ids.min() < low else ids.max()
        raise ValueError(f"{name} must hold whole numbers from {low}{below}, got {wrong}")
    return ids


def float_type(name: str, value: Any) -> np.dtype:
    """``value`` as the dtype float32 or float64.

    Raises
    ------
    TypeError
        If it names no dtype.
    ValueError
        If it names another one.
    """
    wants = "float32 or float64"
    try:
        dtype = np.dtype(value)
    except TypeError:
        raise TypeError(f"{name} must be {wants}, got {value!r}") from None
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"{name} must be {wants}, got {dtype}")
    return dtype
