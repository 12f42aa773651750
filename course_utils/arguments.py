"""Say what is wrong with an argument: its name, what it must be, what it got.

Each function returns the value in its plain form, so that one line both checks and converts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from numbers import Integral, Real
from types import EllipsisType
from typing import Any, ParamSpec, TypeGuard, TypeVar

import numpy as np

Value = TypeVar("Value")
Parameters = ParamSpec("Parameters")


def whole_number(name: str, value: Any, minimum: int, maximum: int | None = None) -> int:
    """``value`` as an int of at least ``minimum`` and, if that is given, at most ``maximum``.

    Raises
    ------
    TypeError
        If it is no whole number (``True`` and ``3.0`` are not).
    ValueError
        If it is out of range.
    """
    span = f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
    wants = f"a whole number {span}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be {wants}, got {value!r} ({type(value).__name__})")
    whole = int(value)
    if whole < minimum or (maximum is not None and whole > maximum):
        raise ValueError(f"{name} must be {wants}, got {whole}")
    return whole


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
    if not (above and value < high and value <= np.finfo(float).max):
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


def flag(name: str, value: Any) -> bool:
    """``value`` as a bool; another value would count as yes or no without a word.

    Raises
    ------
    TypeError
        If it is not ``True`` or ``False``.
    """
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def instance(name: str, value: Value, kinds: Any, wants: str) -> Value:
    """``value``, which has the type ``kinds`` or one of them; ``wants`` is what to call it.

    Raises
    ------
    TypeError
        If it has another type.
    """
    if not isinstance(value, kinds):
        raise TypeError(f"{name} must be {wants}, got {type(value).__name__}")
    return value


def generator(name: str, value: Any) -> np.random.Generator:
    """``value``, a source of random numbers.

    Raises
    ------
    TypeError
        If it is none.
    """
    return instance(name, value, np.random.Generator, "a np.random.Generator")


def string(name: str, value: Any) -> str:
    """``value``, a str.

    Raises
    ------
    TypeError
        If it is none.
    """
    return instance(name, value, str, "a str")


def strings(name: str, value: Any) -> list[str]:
    """``value`` as a list of str.

    Raises
    ------
    TypeError
        If it is one str, which would be taken for its characters, or does not hold str.
    """
    wants = "a list of str"
    if isinstance(value, str):
        raise TypeError(f"{name} must be {wants}, got one str")
    values = list(instance(name, value, Iterable, wants))
    for each in values:
        if not isinstance(each, str):
            raise TypeError(f"{name} must be {wants}, got {type(each).__name__} in it")
    return values


Shape = tuple[int | str | EllipsisType, ...]
"""Of an array: ``("N", "T", 2)``, where an axis with a name has any length.

``(..., "V")`` allows any axes before it.
"""


def any_array(name: str, value: Any) -> np.ndarray:
    """``value`` as an array of any dtype.

    Raises
    ------
    ValueError
        If its rows differ in length, or some of it is masked.
    """
    parts = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(part, np.ma.MaskedArray) and np.ma.is_masked(part) for part in parts):
        raise ValueError(f"{name} must be whole, got an array with masked values: fill them first")
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} must be one array, got rows of different lengths") from None


def real_array(
    name: str,
    value: Any,
    shape: Shape | None = None,
    *,
    finite: bool = False,
    empty: bool = False,
) -> np.ndarray:
    """``value`` as a floating-point array, of ``shape`` if one is given.

    Whole numbers become float64; float32 and float64 stay as they are.

    Raises
    ------
    TypeError
        If it does not hold real numbers.
    ValueError
        If its shape is another, if some of it is masked, if it holds nothing and may not be
        ``empty``, or something that is not ``finite`` and must be.
    """
    array = any_array(name, value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers, got {_held(array, value)}")
    _check_shape(name, array, shape, empty)
    if finite and not np.isfinite(array).all():
        place = np.argwhere(~np.isfinite(array))[0].tolist()
        raise ValueError(f"{name} must hold finite numbers, got {array[tuple(place)]} at {place}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def class_ids(
    name: str,
    value: Any,
    n_classes: int | None = None,
    low: int = 0,
    *,
    shape: Shape | None = None,
    empty: bool = False,
) -> np.ndarray:
    """``value`` as an array of whole numbers from ``low`` on, below ``n_classes`` if it is given.

    Raises
    ------
    TypeError
        If it does not hold whole numbers.
    ValueError
        If its shape is another, if some of it is masked, if it holds nothing and may not be
        ``empty``, or if a number is out of range: NumPy would count it from the end.
    """
    ids = any_array(name, value)
    wants = f"whole numbers from {low}" + ("" if n_classes is None else f" to {n_classes - 1}")
    if ids.size == 0:
        ids = ids.astype(np.int64)  # NumPy takes an empty list for one of floats
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold {wants}, got {_held(ids, value)}")
    _check_shape(name, ids, shape, empty)
    if ids.size and (ids.min() < low or (n_classes is not None and ids.max() >= n_classes)):
        wrong = ids.min() if ids.min() < low else ids.max()
        raise ValueError(f"{name} must hold {wants}, got {wrong}")
    return ids


def mask_array(name: str, value: Any, shape: Shape) -> np.ndarray:
    """``value`` as an array of bool with the given shape.

    Raises
    ------
    TypeError
        If it does not hold True and False.
    ValueError
        If its shape is another, or if some of it is masked.
    """
    mask = any_array(name, value)
    if mask.dtype != bool:
        raise TypeError(f"{name} must hold True or False, got {_held(mask, value)}")
    _check_shape(name, mask, shape, empty=False)
    return mask


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


def quietly(function: Callable[Parameters, Value]) -> Callable[Parameters, Value]:
    """Decorate what carries infinite numbers on: infinite less infinite is NaN, with no warning.

    A training passes them from function to function until :func:`training.fit` says so.
    """

    @wraps(function)
    def run(*args: Parameters.args, **options: Parameters.kwargs) -> Value:
        with np.errstate(invalid="ignore"):
            return function(*args, **options)

    return run


def _held(array: np.ndarray, value: Any) -> str:
    """What an array of the wrong dtype was made from."""
    return f"dtype {array.dtype}" if array.ndim else type(value).__name__


def _check_shape(name: str, array: np.ndarray, shape: Shape | None, empty: bool) -> None:
    nothing = array.size == 0 and not empty
    if shape is None:
        if nothing:
            raise ValueError(f"{name} must hold at least one element, got shape {array.shape}")
        return
    axes, found = shape, array.shape
    if shape[:1] == (...,):
        axes, found = shape[1:], found[max(0, array.ndim - len(shape) + 1) :]
    fits = len(found) == len(axes) and all(
        isinstance(axis, str) or size == axis for size, axis in zip(found, axes, strict=True)
    )
    if nothing or not fits:
        shown = ", ".join("..." if axis is ... else str(axis) for axis in shape)
        shown += "," * (len(shape) == 1)
        raise ValueError(f"{name} must have shape ({shown}), got {array.shape}")
