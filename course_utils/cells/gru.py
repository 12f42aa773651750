"""The gated recurrent unit (Cho et al. 2014)."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from course_utils.arguments import quietly
from course_utils.cells.shared import (
    Cell,
    Gradients,
    Trace,
    hold,
    own_part,
    product,
    sigmoid,
    skipped,
    sum_of_products,
    swap,
)
from course_utils.starts import glorot_start, orthogonal


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

    @quietly
    def forward(
        self, x: ArrayLike, h0: ArrayLike | None = None, *, mask: ArrayLike | None = None
    ) -> Trace:
        """Run over all steps, as :meth:`SimpleRNN.forward`."""
        x, mask = self._input(x, mask)
        skip = skipped(mask)
        h = self._states("h0", h0, x)
        W_zr, W_g = self._split(self.recurrent_kernel)
        a = product(x, self.kernel)
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
            sigmoid(zr[t])
            if self.reset_after:
                recalled[t] = h[t] @ W_g + b_g
                g[t] += r[t] * recalled[t]
            else:
                g[t] += (r[t] * recalled[t]) @ W_g
            np.tanh(g[t], out=g[t])
            h[t + 1] = z[t] * h[t] + (1 - z[t]) * g[t]
            hold(h, t, skip)
        return self._trace(x, mask, h, a=a, recalled=recalled)

    @quietly
    def backward(self, trace: Trace, dh: ArrayLike) -> Gradients:
        """Run back over all steps, as :meth:`SimpleRNN.backward`."""
        d_h = self._d_states(trace, dh)
        x, h_prev = swap(trace.x), swap(trace.h_prev)
        a, recalled = swap(trace.a), swap(trace.recalled)
        skip = skipped(trace.mask)
        W_zr, W_g = self._split(self.recurrent_kernel)
        da = np.empty_like(a)
        d_zr, _ = self._split(da)
        z, r, g = self.gate_blocks(a).values()
        dz, dr, dg = self.gate_blocks(da).values()
        for t in reversed(range(len(x))):
            d_h_t = own_part(d_h, t, skip)
            dz[t] = d_h_t * (h_prev[t] - g[t]) * sigmoid.slope(z[t])
            dg[t] = d_h_t * (1 - z[t]) * (1 - g[t] * g[t])
            if self.reset_after:
                dr[t] = dg[t] * recalled[t] * sigmoid.slope(r[t])
                d_h[t] += d_zr[t] @ W_zr.T + (dg[t] * r[t]) @ W_g.T + d_h_t * z[t]
            else:
                d_reset = dg[t] @ W_g.T
                dr[t] = d_reset * recalled[t] * sigmoid.slope(r[t])
                d_h[t] += d_zr[t] @ W_zr.T + d_reset * r[t] + d_h_t * z[t]
        bias = da.sum(axis=(0, 1))
        if self.reset_after:
            d_recalled = dg * r
            d_W_g = sum_of_products(h_prev, d_recalled)
            past_bias = np.append(d_zr.sum(axis=(0, 1)), d_recalled.sum(axis=(0, 1)))
            bias = np.stack([bias, past_bias])
        else:
            d_W_g = sum_of_products(r * recalled, dg)
        return Gradients(
            kernel=sum_of_products(x, da),
            recurrent_kernel=np.hstack([sum_of_products(h_prev, d_zr), d_W_g]),
            bias=bias,
            x=swap(product(da, self.kernel.T)),
            h=swap(d_h[1:]),
            h0=d_h[0],
        )

    def _split(self, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Views of the columns of z and r, and of those of g."""
        return a[..., : 2 * self.n_units], a[..., 2 * self.n_units :]
