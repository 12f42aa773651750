"""What can be said of a wrong result when no named misconception reproduces it.

Each candidate is a transformation of the wanted array, such as "two axes swapped". One that turns
the wanted values into the learner's in *every* case, and changes them in at least one, is what
was observed. ``NaN`` in a transformed array stands for "anything".
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from course_utils.judging.outcomes import parse_output

Transform = Callable[[np.ndarray], "np.ndarray | None"]
Move = Callable[[np.ndarray], np.ndarray]
Pairs = Sequence[tuple[np.ndarray, np.ndarray]]
"""(got, wanted) of one output, case by case."""


def observe(
    output: str,
    pairs: Pairs,
    args: Sequence[dict[str, Any]],
    rtol: float,
    atol: float,
    complete: bool = True,
) -> str:
    """Return a sentence on how the learner's arrays relate to the wanted ones, or ``""``.

    Parameters
    ----------
    output : str
        Name and axes of the output, ``"h (N, T, U)"``.
    pairs : sequence of (ndarray, ndarray)
        Got and wanted, one pair for each case.
    args : sequence of dict
        The arguments of each case by their names; empty where they have none.
    rtol, atol : float
        Tolerance.
    complete : bool
        Whether these are all cases; of some only, nothing is said about every case.
    """
    if not pairs or any(array.dtype.kind not in "biuf" for pair in pairs for array in pair):
        return ""
    name, axes = parse_output(output)
    candidates = itertools.chain(
        _reordered(name, axes, pairs),
        _along_an_axis(name, axes, pairs),
        _rescaled(name, pairs, rtol, atol),
    )
    for sentence, transform in candidates:
        if _explains(transform, pairs, rtol, atol):
            return sentence
    if not complete:
        return ""
    return _constant(name, pairs) or _proportional(name, pairs, args, rtol, atol)


def _explains(transform: Transform, pairs: Pairs, rtol: float, atol: float) -> bool:
    informative = False
    for got, want in pairs:
        expected = transform(want.astype(float))
        if expected is None or expected.shape != got.shape:
            return False
        known = ~np.isnan(expected)
        if not np.allclose(got[known], expected[known], rtol=rtol, atol=atol):
            return False
        informative |= bool(known.any()) and not (
            got.shape == want.shape
            and np.allclose(expected[known], want[known], rtol=rtol, atol=atol)
        )
    return informative


def _axis_name(axes: Sequence[str], axis: int, ndim: int) -> str:
    return f"axis {axis} ({axes[axis]})" if len(axes) == ndim else f"axis {axis}"


def _reordered(name: str, axes: Sequence[str], pairs: Pairs) -> Iterator[tuple[str, Transform]]:
    ndim = pairs[0][1].ndim
    for order in itertools.permutations(range(ndim)) if ndim <= 4 else ():
        if order == tuple(range(ndim)):
            continue
        if len(axes) == ndim:
            seen = ", ".join(axes[axis] for axis in order)
            text = f"The axes of your `{name}` are ({seen}), wanted ({', '.join(axes)})."
        else:
            text = f"Your `{name}` has the right values with its axes in the order {order}."
        yield text, partial(_transposed, order)


def _along_an_axis(name: str, axes: Sequence[str], pairs: Pairs) -> Iterator[tuple[str, Transform]]:
    ndim = pairs[0][1].ndim
    for axis in range(ndim):
        along = f"along {_axis_name(axes, axis, ndim)}"
        for sentence, move in _MOVES:
            yield sentence.format(name=name, along=along), partial(_moved, move, axis, ndim)


def _transposed(order: tuple[int, ...], want: np.ndarray) -> np.ndarray | None:
    return want.transpose(order) if want.ndim == len(order) else None


def _moved(move: Move, axis: int, ndim: int, want: np.ndarray) -> np.ndarray | None:
    return np.moveaxis(move(np.moveaxis(want, axis, 0)), 0, axis) if want.ndim == ndim else None


def _unknown(want: np.ndarray) -> np.ndarray:
    return np.full((1, *want.shape[1:]), np.nan)


# How the first axis may have been moved. A reader of a message sees the axis by its name.
_MOVES: tuple[tuple[str, Move], ...] = (
    ("Your `{name}` is in reverse order {along}.", lambda want: want[::-1]),
    (
        "Your `{name}` comes one place late {along}: each value stands where the next one belongs.",
        lambda want: np.concatenate([_unknown(want), want[:-1]]),
    ),
    (
        "Your `{name}` comes one place early {along}: each value stands where the one before belongs.",
        lambda want: np.concatenate([want[1:], _unknown(want)]),
    ),
    ("Your `{name}` lacks the first place {along}; the rest is right.", lambda want: want[1:]),
    ("Your `{name}` lacks the last place {along}; the rest is right.", lambda want: want[:-1]),
    (
        "Your `{name}` has one place too many at the start {along}; the rest is right.",
        lambda want: np.concatenate([_unknown(want), want]),
    ),
    (
        "Your `{name}` has one place too many at the end {along}; the rest is right.",
        lambda want: np.concatenate([want, _unknown(want)]),
    ),
)


def _rescaled(name: str, pairs: Pairs, rtol: float, atol: float) -> Iterator[tuple[str, Transform]]:
    if any(got.shape != want.shape for got, want in pairs):
        return
    if sum(got.size for got, _ in pairs) < 2:
        return
    yield f"Your `{name}` has the right size and the wrong sign everywhere.", lambda want: -want
    got, want = next(((g, w) for g, w in pairs if np.any(w)), pairs[0])
    if np.any(want):
        factor = float(np.vdot(got, want) / np.vdot(want, want))
        if f"{factor:.4g}" not in ("0", "1"):
            yield (
                f"Each value of your `{name}` is {factor:.4g} times the wanted one.",
                lambda want: want * factor,
            )
    got, want = next(((g, w) for g, w in pairs if w.size), pairs[0])
    if want.size:
        offset = float(got.flat[0]) - float(want.flat[0])
        direction = "large" if offset > 0 else "small"
        yield (
            f"Each value of your `{name}` is too {direction} by {abs(offset):.4g}.",
            lambda want: want + offset,
        )


def _proportional(
    name: str, pairs: Pairs, args: Sequence[dict[str, Any]], rtol: float, atol: float
) -> str:
    """Tell of a factor for each case, and of the size that it is."""
    if any(got.shape != want.shape for got, want in pairs):
        return ""
    if not any(want.size > 1 and np.any(want) for _, want in pairs) and len(pairs) < 3:
        return ""
    factors = []
    for got, want in pairs:
        factor = float(np.vdot(got, want) / np.vdot(want, want)) if np.any(want) else 1.0
        if factor == 0 or not np.allclose(got, factor * want, rtol=rtol, atol=atol):
            return ""
        factors.append(factor)
    for what, sizes in _sizes(args):
        if np.allclose(factors, sizes):
            return (
                f"In each case your `{name}` is the wanted one times {what}. "
                "A sum may stand where a mean belongs."
            )
        if np.allclose(factors, 1 / np.asarray(sizes)):
            return (
                f"In each case your `{name}` is the wanted one divided by {what}. "
                "A mean may stand where a sum belongs, or be taken twice."
            )
    if not any(want.size > 1 and np.any(want) for _, want in pairs):
        return ""  # of single numbers each is some multiple of any other
    seen = ", ".join(f"{factor:.4g}" for factor in factors)
    return (
        f"In each case your `{name}` is a constant times the wanted one, and the constant differs "
        f"from case to case: {seen}."
    )


def _sizes(args: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[int]]]:
    """Yield the sizes that all cases have, and their products, with what they are the size of."""
    shapes = {
        name: [np.shape(case[name]) for case in args]
        for name in args[0]
        if all(isinstance(case.get(name), np.ndarray) for case in args)
    }
    for name, found in shapes.items():
        for n_axes in range(len(found[0]), 0, -1):
            for axes in itertools.combinations(range(len(found[0])), n_axes):
                sizes = [int(np.prod([shape[axis] for axis in axes])) for shape in found]
                if len(set(sizes)) > 1:
                    which = " and ".join(map(str, axes))
                    text = f"the size of axis {which} of `{name}`"
                    if n_axes > 1:
                        text = f"the number of places along the axes {which} of `{name}`"
                    yield text, sizes


def _constant(name: str, pairs: Pairs) -> str:
    if any(got.shape != want.shape for got, want in pairs):
        return ""
    firsts = {float(got.flat[0]) for got, _ in pairs if got.size}
    if len(firsts) != 1:
        return ""
    (value,) = firsts
    constant = all(np.all(got == value) for got, _ in pairs)
    varied = len(np.unique(np.concatenate([want.ravel() for _, want in pairs]))) > 1
    if not (constant and varied):
        return ""
    what = f"Your `{name}`" if pairs[0][0].ndim == 0 else f"Every value of your `{name}`"
    return f"{what} is {value:.4g}, in every case."
