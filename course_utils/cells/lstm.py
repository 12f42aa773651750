"""The long short-term memory (Hochreiter, Schmidhuber 1997; Gers et al. 2000)."""

from __future__ import annotations

import math
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from course_utils.arguments import number, quietly, real_array
from course_utils.cells.shared import (
    Cell,
    Gradients,
    Squash,
    Trace,
    hold,
    own_part,
    product,
    skipped,
    sum_of_products,
    swap,
)
from course_utils.starts import glorot_start, orthogonal


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
        self._squash = Squash(low)

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

    @quietly
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
        skip = skipped(mask)
        h, c = self._states("h0", h0, x), self._states("c0", c0, x)
        a = product(x, self.kernel)
        a += self.bias
        i, f, g, o = self.gate_blocks(a).values()
        for t in range(len(x)):
            a[t] += h[t] @ self.recurrent_kernel
            self._squash(a[t])
            c[t + 1] = f[t] * c[t] + i[t] * g[t]
            hold(c, t, skip)
            h[t + 1] = o[t] * np.tanh(c[t + 1])
            hold(h, t, skip)
        return self._trace(x, mask, h, a=a, c=c[1:], c_prev=c[:-1])

    @quietly
    def backward(self, trace: Trace, dh: ArrayLike, dc: ArrayLike | None = None) -> Gradients:
        """Run back over all steps, as :meth:`SimpleRNN.backward`.

        ``dc`` (N, U) is the gradient with respect to the last cell state, where that is handed on.
        """
        d_h = self._d_states(trace, dh)
        x, h_prev = swap(trace.x), swap(trace.h_prev)
        c, c_prev, a = swap(trace.c), swap(trace.c_prev), swap(trace.a)
        skip = skipped(trace.mask)
        d_c = np.zeros_like(d_h)
        d_c[-1] = 0 if dc is None else real_array("dc", dc, d_c.shape[1:])
        da = np.empty_like(a)
        i, f, g, o = self.gate_blocks(a).values()
        di, df, dg, do = self.gate_blocks(da).values()
        for t in reversed(range(len(x))):
            d_h_t = own_part(d_h, t, skip)
            tanh_c = np.tanh(c[t])
            d_c[t + 1] += d_h_t * o[t] * (1 - tanh_c * tanh_c)
            d_c_t = own_part(d_c, t, skip)
            di[t] = d_c_t * g[t]
            df[t] = d_c_t * c_prev[t]
            dg[t] = d_c_t * i[t]
            do[t] = d_h_t * tanh_c
            da[t] *= self._squash.slope(a[t])
            d_c[t] += d_c_t * f[t]
            d_h[t] += da[t] @ self.recurrent_kernel.T
        return Gradients(
            kernel=sum_of_products(x, da),
            recurrent_kernel=sum_of_products(h_prev, da),
            bias=da.sum(axis=(0, 1)),
            x=swap(product(da, self.kernel.T)),
            h=swap(d_h[1:]),
            h0=d_h[0],
            c=swap(d_c[1:]),
            c0=d_c[0],
        )
