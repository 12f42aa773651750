"""Recurrent cells in NumPy, forward and backward: the equations, in order.

Each cell takes the weights of its Keras layer as they are, ``LSTM(*layer.get_weights())``, and
gives the same numbers. Outside, arrays are batch first, (N, T, ...). Inside, loops run over
time-first arrays, (T, N, ...), in which the numbers of one step lie together. What needs no state
(the input's product with the kernel, the gradients of the weights) is one product over all steps,
outside the loop.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from course_utils.arguments import choice, float_type, number, real_array, whole_number
from course_utils.gradients import identity, orthogonal


class _Arrays:
    """Named arrays, shown by their shapes."""

    def __repr__(self) -> str:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        shapes = [f"{name} {a.shape}" for name, a in values.items() if isinstance(a, np.ndarray)]
        return f"<{type(self).__name__} {', '.join(shapes)}>"


@dataclass(frozen=True, eq=False, repr=False)
class Trace(_Arrays):
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

    cell: SimpleRNN | LSTM | GRU
    x: np.ndarray
    mask: np.ndarray | None
    h: np.ndarray
    h_prev: np.ndarray
    a: np.ndarray | None = None
    c: np.ndarray | None = None
    c_prev: np.ndarray | None = None
    recalled: np.ndarray | None = None

    @property
    def gates(self) -> dict[str, np.ndarray]:
        """The gates and the candidate g of each step, by name: views (N, T, U) of ``a``.

        i, f, g, o of an LSTM; z, r, g of a GRU; none of a SimpleRNN. Nothing has used those of a
        masked step.
        """
        return self.cell.gate_blocks(self.a)


@dataclass(frozen=True, eq=False, repr=False)
class Gradients(_Arrays):
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
        return _weights(self)


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
        return _weights(self)

    def gate_blocks(self, array: np.ndarray) -> dict[str, np.ndarray]:
        """Views of each gate's block, by name, in a kernel, bias or trace's ``a`` (..., blocks * U)."""
        U = self.n_units
        return {name: array[..., k * U : (k + 1) * U] for k, name in enumerate(self.gate_names)}

    def _bias_shape(self, n_columns: int) -> tuple[int, ...]:
        return (n_columns,)

    def _input(self, x: ArrayLike, mask: ArrayLike | None) -> tuple[np.ndarray, np.ndarray | None]:
        """``x`` time first, (T, N, D), and the mask, (N, T)."""
        x = real_array("x", x)
        if x.ndim != 3 or x.size == 0 or x.shape[2] != self.n_features:
            raise ValueError(f"x must have shape (N, T, {self.n_features}), got {x.shape}")
        if mask is not None:
            mask = np.array(mask)
            if mask.dtype != bool:
                raise TypeError(f"mask must hold True or False, got dtype {mask.dtype}")
            if mask.shape != x.shape[:2]:
                raise ValueError(f"mask must have shape {x.shape[:2]}, got {mask.shape}")
            x = np.where(mask[..., np.newaxis], x, 0)  # or NaN there would spoil the gradients
        return _swap(x).astype(self.dtype, order="C"), mask

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
        dh = _swap(real_array("dh", dh, trace.h.shape))
        d_h = np.zeros((len(dh) + 1, *dh.shape[1:]), self.dtype)
        d_h[1:] = dh
        return d_h

    def _trace(
        self, x: np.ndarray, mask: np.ndarray | None, h: np.ndarray, **more: np.ndarray
    ) -> Trace:
        more = {name: _swap(values) for name, values in more.items()}
        return Trace(self, _swap(x), mask, _swap(h[1:]), _swap(h[:-1]), **more)


class SimpleRNN(Cell):
    r"""The plain recurrent cell: :math:`h_t = \phi(x_t W_{xh} + h_{t-1} W_{hh} + b_h)`.

    Parameters
    ----------
    kernel : array (D, U), float32 or float64
        ``W_xh``. Its dtype is that of all computation. Weights are kept, not copied.
    recurrent_kernel : array (U, U)
        ``W_hh``.
    bias : array (U,)
        ``b_h``.
    activation
        :math:`\phi`: ``"tanh"``, ``"relu"`` or ``"linear"``.

    Raises
    ------
    TypeError, ValueError
        If the weights do not fit together, by dtype or by shape.

    References
    ----------
    Elman 1990, *Finding structure in time*.

    Examples
    --------
    A cell that adds its inputs up:

    >>> cell = SimpleRNN([[1.0]], [[1.0]], [0.0], activation="linear")
    >>> cell.forward([[[1.0], [2.0], [3.0]]]).h.ravel()
    array([1., 3., 6.])
    """

    def __init__(
        self,
        kernel: ArrayLike,
        recurrent_kernel: ArrayLike,
        bias: ArrayLike,
        activation: str = "tanh",
    ):
        super().__init__(kernel, recurrent_kernel, bias)
        self.activation = choice("activation", activation, tuple(_ACTIVATIONS))

    @classmethod
    def start(
        cls,
        n_features: int,
        n_units: int,
        seed: int = 0,
        *,
        activation: str = "tanh",
        recurrent: str = "orthogonal",
        dtype: DTypeLike = np.float64,
    ) -> Self:
        """A cell with seeded weights, drawn as Keras draws them: kernel uniform (Glorot), bias 0.

        Parameters
        ----------
        n_features, n_units
            D and U, at least 1.
        seed
            Of the random numbers.
        activation
            ``"tanh"``, ``"relu"`` or ``"linear"``.
        recurrent
            Start of the recurrent kernel: ``"orthogonal"``, ``"identity"`` or ``"glorot"``.
        dtype
            float32 or float64.

        References
        ----------
        Glorot, Bengio 2010, *Understanding the difficulty of training deep feedforward neural
        networks*; Le, Jaitly, Hinton 2015, arXiv 1504.00941 (identity, with relu).
        """
        rng, kernel = glorot_start(n_features, n_units, 1, seed, dtype)
        starts = {
            "orthogonal": lambda: orthogonal(n_units, rng, dtype),
            "identity": lambda: identity(n_units, dtype=dtype),
            "glorot": lambda: glorot(rng, n_units, n_units, dtype),
        }
        recurrent_kernel = starts[choice("recurrent", recurrent, tuple(starts))]()
        return cls(kernel, recurrent_kernel, np.zeros(n_units, dtype), activation)

    def forward(
        self, x: ArrayLike, h0: ArrayLike | None = None, *, mask: ArrayLike | None = None
    ) -> Trace:
        """Run over all steps.

        Parameters
        ----------
        x : array (N, T, D)
            N sequences of T steps, both at least 1.
        h0 : array (N, U)
            Initial state; zeros unless given.
        mask : array (N, T) of bool
            False where there is no step, only padding: the state, and with it the output, stays
            what it was.

        Returns
        -------
        Trace

        Raises
        ------
        TypeError, ValueError
            If an array does not hold what it should, or has another shape.
        """
        phi = _ACTIVATIONS[self.activation].function
        x, mask = self._input(x, mask)
        skip = _skipped(mask)
        h = self._states("h0", h0, x)
        a = _product(x, self.kernel)
        a += self.bias
        for t in range(len(x)):
            a[t] += h[t] @ self.recurrent_kernel
            phi(a[t], out=h[t + 1])
            _hold(h, t, skip)
        return self._trace(x, mask, h)

    def backward(self, trace: Trace, dh: ArrayLike) -> Gradients:
        """Run back over all steps.

        Parameters
        ----------
        trace
            What :meth:`forward` returned.
        dh : array (N, T, U)
            Gradient of the loss with respect to ``trace.h`` as output, zero where the loss does
            not look. If the last state is handed on, add its gradient to ``dh[:, -1]``.

        Returns
        -------
        Gradients

        Raises
        ------
        TypeError, ValueError
            If the trace is another cell's, or ``dh`` has another shape.

        References
        ----------
        Werbos 1990, *Backpropagation through time: what it does and how to do it*.
        """
        slope = _ACTIVATIONS[self.activation].slope
        d_h = self._d_states(trace, dh)
        x, h, h_prev = _swap(trace.x), _swap(trace.h), _swap(trace.h_prev)
        skip = _skipped(trace.mask)
        da = np.empty_like(h)
        for t in reversed(range(len(x))):
            d_h_t = _own_part(d_h, t, skip)
            np.multiply(d_h_t, slope(h[t]), out=da[t])
            d_h[t] += da[t] @ self.recurrent_kernel.T
        return Gradients(
            kernel=_sum_of_products(x, da),
            recurrent_kernel=_sum_of_products(h_prev, da),
            bias=da.sum(axis=(0, 1)),
            x=_swap(_product(da, self.kernel.T)),
            h=_swap(d_h[1:]),
            h0=d_h[0],
        )


class LSTM(Cell):
    r"""Long short-term memory: gates i, f, o decide what the cell state c takes in, keeps, shows.

    .. math::

        i_t, f_t, o_t &= \sigma(x_t W_{xi} + h_{t-1} W_{hi} + b_i), \ldots \\
        g_t &= \tanh(x_t W_{xg} + h_{t-1} W_{hg} + b_g) \\
        c_t &= f_t \odot c_{t-1} + i_t \odot g_t \\
        h_t &= o_t \odot \tanh(c_t)

    Parameters
    ----------
    kernel : array (D, 4 U), float32 or float64
        Blocks of i, f, g, o side by side, as Keras has them. Its dtype is that of all
        computation. Weights are kept, not copied.
    recurrent_kernel : array (U, 4 U)
    bias : array (4 U,)

    Raises
    ------
    TypeError, ValueError
        If the weights do not fit together, by dtype or by shape.

    References
    ----------
    Hochreiter, Schmidhuber 1997, *Long short-term memory*; Gers, Schmidhuber, Cummins 2000,
    *Learning to forget* (the forget gate).

    Examples
    --------
    >>> LSTM.start(n_features=2, n_units=3).forward(np.ones((5, 7, 2))).gates["f"].shape
    (5, 7, 3)
    """

    states = ("h", "c")
    gate_names = ("i", "f", "g", "o")

    def __init__(self, kernel: ArrayLike, recurrent_kernel: ArrayLike, bias: ArrayLike):
        super().__init__(kernel, recurrent_kernel, bias)
        low = np.repeat([0, 0, -1, 0], self.n_units).astype(self.dtype)
        self._squash = _Squash(low)

    @classmethod
    def start(
        cls,
        n_features: int,
        n_units: int,
        seed: int = 0,
        *,
        forget_bias: float = 1.0,
        dtype: DTypeLike = np.float64,
    ) -> Self:
        """A cell with seeded weights, drawn as :meth:`SimpleRNN.start` draws them.

        The bias of the forget gate starts at ``forget_bias``: above 0, so that the cell state is
        kept at first.

        References
        ----------
        Jozefowicz, Zaremba, Sutskever 2015, *An empirical exploration of recurrent network
        architectures*.
        """
        rng, kernel = glorot_start(n_features, n_units, 4, seed, dtype)
        recurrent_kernel = orthogonal(n_units, rng, dtype, n_columns=4 * n_units)
        bias = np.zeros(4 * n_units, dtype)
        bias[n_units : 2 * n_units] = number("forget_bias", forget_bias, -math.inf)
        return cls(kernel, recurrent_kernel, bias)

    def forward(
        self,
        x: ArrayLike,
        h0: ArrayLike | None = None,
        c0: ArrayLike | None = None,
        *,
        mask: ArrayLike | None = None,
    ) -> Trace:
        """Run over all steps, as :meth:`SimpleRNN.forward`, from the states h0 and c0 (N, U)."""
        x, mask = self._input(x, mask)
        skip = _skipped(mask)
        h, c = self._states("h0", h0, x), self._states("c0", c0, x)
        a = _product(x, self.kernel)
        a += self.bias
        i, f, g, o = self.gate_blocks(a).values()
        for t in range(len(x)):
            a[t] += h[t] @ self.recurrent_kernel
            self._squash(a[t])
            c[t + 1] = f[t] * c[t] + i[t] * g[t]
            _hold(c, t, skip)
            h[t + 1] = o[t] * np.tanh(c[t + 1])
            _hold(h, t, skip)
        return self._trace(x, mask, h, a=a, c=c[1:], c_prev=c[:-1])

    def backward(self, trace: Trace, dh: ArrayLike, dc: ArrayLike | None = None) -> Gradients:
        """Run back over all steps, as :meth:`SimpleRNN.backward`.

        ``dc`` (N, U) is the gradient with respect to the last cell state, where that is handed on.
        """
        d_h = self._d_states(trace, dh)
        x, h_prev = _swap(trace.x), _swap(trace.h_prev)
        c, c_prev, a = _swap(trace.c), _swap(trace.c_prev), _swap(trace.a)
        skip = _skipped(trace.mask)
        d_c = np.zeros_like(d_h)
        d_c[-1] = 0 if dc is None else real_array("dc", dc, d_c.shape[1:])
        da = np.empty_like(a)
        i, f, g, o = self.gate_blocks(a).values()
        di, df, dg, do = self.gate_blocks(da).values()
        for t in reversed(range(len(x))):
            d_h_t = _own_part(d_h, t, skip)
            tanh_c = np.tanh(c[t])
            d_c[t + 1] += d_h_t * o[t] * (1 - tanh_c * tanh_c)
            d_c_t = _own_part(d_c, t, skip)
            di[t] = d_c_t * g[t]
            df[t] = d_c_t * c_prev[t]
            dg[t] = d_c_t * i[t]
            do[t] = d_h_t * tanh_c
            da[t] *= self._squash.slope(a[t])
            d_c[t] += d_c_t * f[t]
            d_h[t] += da[t] @ self.recurrent_kernel.T
        return Gradients(
            kernel=_sum_of_products(x, da),
            recurrent_kernel=_sum_of_products(h_prev, da),
            bias=da.sum(axis=(0, 1)),
            x=_swap(_product(da, self.kernel.T)),
            h=_swap(d_h[1:]),
            h0=d_h[0],
            c=_swap(d_c[1:]),
            c0=d_c[0],
        )


class GRU(Cell):
    r"""Gated recurrent unit: z keeps the old state, r resets what the candidate g sees of it.

    .. math::

        z_t, r_t &= \sigma(x_t W_{xz} + h_{t-1} W_{hz} + b_z), \ldots \\
        g_t &= \tanh(x_t W_{xg} + b_g + r_t \odot (h_{t-1} W_{hg} + b'_g))
            && \text{(reset after)} \\
        g_t &= \tanh(x_t W_{xg} + b_g + (r_t \odot h_{t-1}) W_{hg})
            && \text{(reset before)} \\
        h_t &= z_t \odot h_{t-1} + (1 - z_t) \odot g_t

    Parameters
    ----------
    kernel : array (D, 3 U), float32 or float64
        Blocks of z, r, g side by side, as Keras has them. Its dtype is that of all computation.
        Weights are kept, not copied.
    recurrent_kernel : array (U, 3 U)
    bias : array (2, 3 U), or (3 U,) with ``reset_after=False``
        Of the input and, in the second row, of the state.
    reset_after
        Whether r multiplies after the product (Keras's default) or before it (the paper).

    Raises
    ------
    TypeError, ValueError
        If the weights do not fit together, by dtype or by shape.

    References
    ----------
    Cho et al. 2014, *Learning phrase representations using RNN encoder-decoder for statistical
    machine translation*, arXiv 1406.1078 (version 1 resets after, version 3 before).

    Examples
    --------
    >>> GRU.start(n_features=2, n_units=3).forward(np.ones((5, 7, 2))).gates["z"].shape
    (5, 7, 3)
    """

    gate_names = ("z", "r", "g")

    def __init__(
        self,
        kernel: ArrayLike,
        recurrent_kernel: ArrayLike,
        bias: ArrayLike,
        reset_after: bool = True,
    ):
        if not isinstance(reset_after, bool):
            raise TypeError(f"reset_after must be True or False, got {reset_after!r}")
        self.reset_after = reset_after
        super().__init__(kernel, recurrent_kernel, bias)

    @classmethod
    def start(
        cls,
        n_features: int,
        n_units: int,
        seed: int = 0,
        *,
        reset_after: bool = True,
        dtype: DTypeLike = np.float64,
    ) -> Self:
        """A cell with seeded weights, drawn as :meth:`SimpleRNN.start` draws them."""
        rng, kernel = glorot_start(n_features, n_units, 3, seed, dtype)
        recurrent_kernel = orthogonal(n_units, rng, dtype, n_columns=3 * n_units)
        bias = np.zeros((2, 3 * n_units) if reset_after else 3 * n_units, dtype)
        return cls(kernel, recurrent_kernel, bias, reset_after)

    def _bias_shape(self, n_columns: int) -> tuple[int, ...]:
        return (2, n_columns) if self.reset_after else (n_columns,)

    def forward(
        self, x: ArrayLike, h0: ArrayLike | None = None, *, mask: ArrayLike | None = None
    ) -> Trace:
        """Run over all steps, as :meth:`SimpleRNN.forward`."""
        x, mask = self._input(x, mask)
        skip = _skipped(mask)
        h = self._states("h0", h0, x)
        W_zr, W_g = self._split(self.recurrent_kernel)
        a = _product(x, self.kernel)
        zr, _ = self._split(a)
        if self.reset_after:
            b_zr, b_g = self._split(self.bias[1])
            a += self.bias[0]
            zr += b_zr
        else:
            a += self.bias
        z, r, g = self.gate_blocks(a).values()
        recalled = np.empty_like(g) if self.reset_after else h[:-1]
        for t in range(len(x)):
            zr[t] += h[t] @ W_zr
            _sigmoid(zr[t])
            if self.reset_after:
                recalled[t] = h[t] @ W_g + b_g
                g[t] += r[t] * recalled[t]
            else:
                g[t] += (r[t] * recalled[t]) @ W_g
            np.tanh(g[t], out=g[t])
            h[t + 1] = z[t] * h[t] + (1 - z[t]) * g[t]
            _hold(h, t, skip)
        return self._trace(x, mask, h, a=a, recalled=recalled)

    def backward(self, trace: Trace, dh: ArrayLike) -> Gradients:
        """Run back over all steps, as :meth:`SimpleRNN.backward`."""
        d_h = self._d_states(trace, dh)
        x, h_prev = _swap(trace.x), _swap(trace.h_prev)
        a, recalled = _swap(trace.a), _swap(trace.recalled)
        skip = _skipped(trace.mask)
        W_zr, W_g = self._split(self.recurrent_kernel)
        da = np.empty_like(a)
        d_zr, _ = self._split(da)
        z, r, g = self.gate_blocks(a).values()
        dz, dr, dg = self.gate_blocks(da).values()
        for t in reversed(range(len(x))):
            d_h_t = _own_part(d_h, t, skip)
            dz[t] = d_h_t * (h_prev[t] - g[t]) * _sigmoid.slope(z[t])
            dg[t] = d_h_t * (1 - z[t]) * (1 - g[t] * g[t])
            if self.reset_after:
                dr[t] = dg[t] * recalled[t] * _sigmoid.slope(r[t])
                d_h[t] += d_zr[t] @ W_zr.T + (dg[t] * r[t]) @ W_g.T + d_h_t * z[t]
            else:
                d_reset = dg[t] @ W_g.T
                dr[t] = d_reset * recalled[t] * _sigmoid.slope(r[t])
                d_h[t] += d_zr[t] @ W_zr.T + d_reset * r[t] + d_h_t * z[t]
        bias = da.sum(axis=(0, 1))
        if self.reset_after:
            d_recalled = dg * r
            d_W_g = _sum_of_products(h_prev, d_recalled)
            past_bias = np.append(d_zr.sum(axis=(0, 1)), d_recalled.sum(axis=(0, 1)))
            bias = np.stack([bias, past_bias])
        else:
            d_W_g = _sum_of_products(r * recalled, dg)
        return Gradients(
            kernel=_sum_of_products(x, da),
            recurrent_kernel=np.hstack([_sum_of_products(h_prev, d_zr), d_W_g]),
            bias=bias,
            x=_swap(_product(da, self.kernel.T)),
            h=_swap(d_h[1:]),
            h0=d_h[0],
        )

    def _split(self, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Views of the columns of z and r, and of those of g."""
        return a[..., : 2 * self.n_units], a[..., 2 * self.n_units :]


class _Activation(NamedTuple):
    function: Callable
    slope: Callable  # of the function at z, from h = function(z)


_ACTIVATIONS = {
    "tanh": _Activation(np.tanh, lambda h: 1 - h * h),
    "relu": _Activation(lambda z, out: np.maximum(z, 0, out=out), lambda h: h > 0),
    "linear": _Activation(np.positive, lambda h: 1),
}


class _Squash:
    r"""From all numbers to (low, 1), in place: :math:`\sigma` for low = 0, tanh for low = -1.

    All gates of a step and the candidate beside them go through one tanh, as
    :math:`\sigma(z) = \tfrac12 + \tfrac12 \tanh(\tfrac12 z)`. Unlike exp, it cannot overflow.
    """

    def __init__(self, low: float | np.ndarray):
        self.low, self.half, self.middle = low, (1 - low) / 2, (1 + low) / 2

    def __call__(self, z: np.ndarray) -> None:
        z *= self.half
        np.tanh(z, out=z)
        z *= self.half
        z += self.middle

    def slope(self, a: np.ndarray) -> np.ndarray:
        """The slope at z, from what z became."""
        return (1 - a) * (a - self.low)


_sigmoid = _Squash(0.0)


def _weights(holder: Cell | Gradients) -> dict[str, np.ndarray]:
    return {name: getattr(holder, name) for name in ("kernel", "recurrent_kernel", "bias")}


def checked_weight(
    name: str, value: ArrayLike, shape: tuple[int, ...] | None = None, dtype: DTypeLike = None
) -> np.ndarray:
    """Return a weight as a float array, refused with a sentence if its shape or dtype is wrong."""
    weight = real_array(name, value, shape)
    wanted = ("float32", "float64") if dtype is None else (dtype,)
    if weight.dtype not in wanted:
        kernel = "" if dtype is None else " like kernel"
        wants = " or ".join(map(str, wanted))
        raise TypeError(f"{name} must be {wants}{kernel}, got {weight.dtype}")
    return weight


def glorot_start(
    n_features: int, n_units: int, n_blocks: int, seed: int, dtype: DTypeLike
) -> tuple[np.random.Generator, np.ndarray]:
    """Return a generator and the kernel (D, n_blocks U) drawn from it, Glorot uniform."""
    n_features = whole_number("n_features", n_features, 1)
    n_units = whole_number("n_units", n_units, 1)
    rng = np.random.default_rng(whole_number("seed", seed, 0))
    return rng, glorot(rng, n_features, n_blocks * n_units, float_type("dtype", dtype))


def glorot(rng: np.random.Generator, n_rows: int, n_columns: int, dtype: DTypeLike) -> np.ndarray:
    """Draw a matrix (n_rows, n_columns), Glorot uniform (Glorot, Bengio 2010, equation 16)."""
    limit = np.sqrt(6 / (n_rows + n_columns))
    return rng.uniform(-limit, limit, (n_rows, n_columns)).astype(dtype)


def _swap(a: np.ndarray) -> np.ndarray:
    """Batch first to time first, or back: a view."""
    return a.swapaxes(0, 1)


def _flat(a: np.ndarray) -> np.ndarray:
    """(T, N, K) as (T * N, K)."""
    return a.reshape(-1, a.shape[-1])


def _product(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return (_flat(x) @ kernel).reshape(*x.shape[:-1], -1)


def _sum_of_products(inputs: np.ndarray, da: np.ndarray) -> np.ndarray:
    """The gradient of a kernel: inputs times gradients, summed over steps and samples."""
    return _flat(inputs).T @ _flat(da)


def _skipped(mask: np.ndarray | None) -> np.ndarray | None:
    """(T, N, 1), True where the mask is False."""
    return None if mask is None else ~_swap(mask)[..., np.newaxis]


def _hold(states: np.ndarray, t: int, skip: np.ndarray | None) -> None:
    """Leave the state before step t unchanged where the step is skipped."""
    if skip is not None:
        np.copyto(states[t + 1], states[t], where=skip[t])


def _own_part(d_states: np.ndarray, t: int, skip: np.ndarray | None) -> np.ndarray:
    """The gradient that step t has to work on; where it is skipped, the step before gets it."""
    if skip is None:
        return d_states[t + 1]
    np.add(d_states[t], d_states[t + 1], out=d_states[t], where=skip[t])
    return np.where(skip[t], 0, d_states[t + 1])
