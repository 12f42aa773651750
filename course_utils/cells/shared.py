"""What the cells share: checked weights, the way from batch first to time first, masks.

Outside, arrays are batch first, (N, T, ...). Inside, loops run over time-first arrays,
(T, N, ...), in which the numbers of one step lie together. What needs no state (the input's product
with the kernel, the gradients of the weights) is one product over all steps, outside the loop.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from course_utils.arguments import mask_array, real_array


@dataclass(frozen=True, eq=False, repr=False)
class Arrays:
    """Named arrays, shown by their shapes."""

    def __repr__(self) -> str:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        shapes = [f"{name} {a.shape}" for name, a in values.items() if isinstance(a, np.ndarray)]
        return f"<{type(self).__name__} {', '.join(shapes)}>"


@dataclass(frozen=True, eq=False, repr=False)
class Trace(Arrays):
    """What a forward pass computed, batch first. ``backward`` starts from it.

    Attributes
    ----------
    cell
        Whose pass it was.
    x : ndarray (N, T, D)
        The input; zeros at masked steps.
    mask : ndarray (N, T) of bool, or None
    h : ndarray (N, T, U)
        The hidden state after each step, which is the output.
    h_prev : ndarray (N, T, U)
        The hidden state before each step: ``h0``, then ``h`` without its last step.
    a : ndarray (N, T, blocks * U), or None
        The gates of each step, side by side as in the kernels (LSTM, GRU).
    c, c_prev : ndarray (N, T, U), or None
        The cell state after and before each step (LSTM).
    recalled : ndarray (N, T, U), or None
        What the reset gate multiplies (GRU).
    """

    cell: Cell
    x: np.ndarray
    mask: np.ndarray | None
    h: np.ndarray
    h_prev: np.ndarray
    # None in a cell that has no such thing. Each cell knows what it has, hence Any.
    a: np.ndarray | Any = None
    c: np.ndarray | Any = None
    c_prev: np.ndarray | Any = None
    recalled: np.ndarray | Any = None

    @property
    def gates(self) -> dict[str, np.ndarray]:
        """The gates and the candidate g of each step, by name: views (N, T, U) of ``a``.

        i, f, g, o of an LSTM; z, r, g of a GRU; none of a SimpleRNN. Nothing has used those of a
        masked step.
        """
        return self.cell.gate_blocks(self.a)


@dataclass(frozen=True, eq=False, repr=False)
class Gradients(Arrays):
    """Gradients of a loss, each of the shape of what it belongs to.

    Attributes
    ----------
    kernel, recurrent_kernel, bias : ndarray
        With respect to the weights.
    x : ndarray (N, T, D)
        With respect to the input.
    h : ndarray (N, T, U)
        With respect to each hidden state: by the output of its step and by all later steps.
    h0 : ndarray (N, U)
        With respect to the initial state.
    c, c0 : ndarray (N, T, U) and (N, U), or None
        The same for the cell state (LSTM).
    """

    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray
    x: np.ndarray
    h: np.ndarray
    h0: np.ndarray
    c: np.ndarray | None = None
    c0: np.ndarray | None = None

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """Those of the weights, by the names of ``cell.weights``."""
        return weights_of(self)


class Cell:
    """What the cells share: weights, and the way from batch first to time first."""

    states: ClassVar[tuple[str, ...]] = ("h",)
    gate_names: ClassVar[tuple[str, ...]] = ()  # as their blocks stand in the kernels

    def __init__(self, kernel: ArrayLike, recurrent_kernel: ArrayLike, bias: ArrayLike):
        n_blocks = max(1, len(self.gate_names))
        self.kernel = checked_weight("kernel", kernel)
        if self.kernel.ndim != 2 or self.kernel.size == 0 or self.kernel.shape[1] % n_blocks:
            wants = "(D, U)" if n_blocks == 1 else f"(D, {n_blocks} * U)"
            raise ValueError(f"kernel must have shape {wants}, got {self.kernel.shape}")
        self.n_features, n_columns = self.kernel.shape
        self.n_units = n_columns // n_blocks
        self.dtype = self.kernel.dtype
        self.recurrent_kernel = checked_weight(
            "recurrent_kernel", recurrent_kernel, (self.n_units, n_columns), self.dtype
        )
        self.bias = checked_weight("bias", bias, self._bias_shape(n_columns), self.dtype)

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"<{name} n_features={self.n_features} n_units={self.n_units} {self.dtype}>"

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """The weights by name, in Keras's order. Changing one in place changes the cell."""
        return weights_of(self)

    def gate_blocks(self, array: np.ndarray) -> dict[str, np.ndarray]:
        """Views of each gate's block, by name, in a kernel, bias or trace's ``a`` (..., blocks * U)."""
        U = self.n_units
        return {name: array[..., k * U : (k + 1) * U] for k, name in enumerate(self.gate_names)}

    def _bias_shape(self, n_columns: int) -> tuple[int, ...]:
        return (n_columns,)

    def _input(self, x: ArrayLike, mask: ArrayLike | None) -> tuple[np.ndarray, np.ndarray | None]:
        """``x`` time first, (T, N, D), and the mask, (N, T)."""
        x = real_array("x", x, ("N", "T", self.n_features))
        if mask is not None:
            mask = mask_array("mask", mask, x.shape[:2]).copy()
            x = np.where(mask[..., np.newaxis], x, 0)  # or NaN there would spoil the gradients
        return swap(x).astype(self.dtype, order="C"), mask

    def _states(self, name: str, start: ArrayLike | None, x: np.ndarray) -> np.ndarray:
        """Room for the states, (T + 1, N, U), with the initial one in place."""
        n_steps, n_samples, _ = x.shape
        states = np.empty((n_steps + 1, n_samples, self.n_units), self.dtype)
        states[0] = 0 if start is None else real_array(name, start, states.shape[1:])
        return states

    def _d_states(self, trace: Trace, dh: ArrayLike) -> np.ndarray:
        """Room for the gradients of the states, (T + 1, N, U), with those of the outputs in place."""
        if not isinstance(trace, Trace):
            raise TypeError(f"trace must be what forward returned, got {type(trace).__name__}")
        if trace.cell is not self:
            raise ValueError(f"trace must come from this {self!r}, got one of {trace.cell!r}")
        dh = swap(real_array("dh", dh, trace.h.shape))
        d_h = np.zeros((len(dh) + 1, *dh.shape[1:]), self.dtype)
        d_h[1:] = dh
        return d_h

    def _trace(
        self, x: np.ndarray, mask: np.ndarray | None, h: np.ndarray, **more: np.ndarray
    ) -> Trace:
        more = {name: swap(values) for name, values in more.items()}
        return Trace(self, swap(x), mask, swap(h[1:]), swap(h[:-1]), **more)


def checked_weight(
    name: str, value: ArrayLike, shape: tuple[int, ...] | None = None, dtype: DTypeLike = None
) -> np.ndarray:
    """Return a weight as a float array, refused with a sentence if its shape or dtype is wrong."""
    weight = real_array(name, value, shape, empty=True)
    wanted = ("float32", "float64") if dtype is None else (dtype,)
    if weight.dtype not in wanted:
        kernel = "" if dtype is None else " like kernel"
        wants = " or ".join(map(str, wanted))
        raise TypeError(f"{name} must be {wants}{kernel}, got {weight.dtype}")
    return weight


# Axes


def swap(a: np.ndarray) -> np.ndarray:
    """Batch first to time first, or back: a view."""
    return a.swapaxes(0, 1)


def flat(a: np.ndarray) -> np.ndarray:
    """(T, N, K) as (T * N, K)."""
    return a.reshape(-1, a.shape[-1])


def product(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The kernel's product with all steps at once, (T, N, K)."""
    return (flat(x) @ kernel).reshape(*x.shape[:-1], -1)


def sum_of_products(inputs: np.ndarray, da: np.ndarray) -> np.ndarray:
    """The gradient of a kernel: inputs times gradients, summed over steps and samples."""
    return flat(inputs).T @ flat(da)


# Masked steps


def skipped(mask: np.ndarray | None) -> np.ndarray | None:
    """(T, N, 1), True where the mask is False."""
    return None if mask is None else ~swap(mask)[..., np.newaxis]


def hold(states: np.ndarray, t: int, skip: np.ndarray | None) -> None:
    """Leave the state before step t unchanged where the step is skipped."""
    if skip is not None:
        np.copyto(states[t + 1], states[t], where=skip[t])


def own_part(d_states: np.ndarray, t: int, skip: np.ndarray | None) -> np.ndarray:
    """The gradient that step t has to work on; where it is skipped, the step before gets it."""
    if skip is None:
        return d_states[t + 1]
    np.add(d_states[t], d_states[t + 1], out=d_states[t], where=skip[t])
    return np.where(skip[t], 0, d_states[t + 1])


# Gates


class Squash:
    r"""From all numbers to (low, 1), in place: :math:`\sigma` for low = 0, tanh for low = -1.

    All gates of a step and the candidate beside them go through one tanh, as
    :math:`\sigma(z) = \tfrac12 + \tfrac12 \tanh(\tfrac12 z)`. Unlike exp, it cannot overflow.
    """

    def __init__(self, low: float | np.ndarray):
        self.low, self.half, self.middle = low, (1 - low) / 2, (1 + low) / 2

    def __call__(self, z: np.ndarray) -> None:
        """Squash ``z`` in place."""
        z *= self.half
        np.tanh(z, out=z)
        z *= self.half
        z += self.middle

    def slope(self, a: np.ndarray) -> np.ndarray:
        """The slope at z, from what z became."""
        return (1 - a) * (a - self.low)


sigmoid = Squash(0.0)


def weights_of(holder: Cell | Gradients) -> dict[str, np.ndarray]:
    """The weights of a cell, or their gradients, by name."""
    return {name: getattr(holder, name) for name in ("kernel", "recurrent_kernel", "bias")}
