"""The plain recurrent cell (Elman 1990)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from course_utils.arguments import choice, quietly
from course_utils.cells.shared import (
    Cell,
    Gradients,
    Trace,
    hold,
    own_part,
    product,
    skipped,
    sum_of_products,
    swap,
)
from course_utils.starts import glorot, glorot_start, identity, orthogonal


class Activation(NamedTuple):
    """A function, and its slope."""

    function: Callable
    slope: Callable  # of the function at z, from h = function(z)


ACTIVATIONS = {
    "tanh": Activation(np.tanh, lambda h: 1 - h * h),
    "relu": Activation(lambda z, out: np.maximum(z, 0, out=out), lambda h: h > 0),
    "linear": Activation(np.positive, lambda h: 1),
}


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
        self.activation = choice("activation", activation, tuple(ACTIVATIONS))

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

    @quietly
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
        phi = ACTIVATIONS[self.activation].function
        x, mask = self._input(x, mask)
        skip = skipped(mask)
        h = self._states("h0", h0, x)
        a = product(x, self.kernel)
        a += self.bias
        for t in range(len(x)):
            a[t] += h[t] @ self.recurrent_kernel
            phi(a[t], out=h[t + 1])
            hold(h, t, skip)
        return self._trace(x, mask, h)

    @quietly
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
        slope = ACTIVATIONS[self.activation].slope
        d_h = self._d_states(trace, dh)
        x, h, h_prev = swap(trace.x), swap(trace.h), swap(trace.h_prev)
        skip = skipped(trace.mask)
        da = np.empty_like(h)
        for t in reversed(range(len(x))):
            d_h_t = own_part(d_h, t, skip)
            np.multiply(d_h_t, slope(h[t]), out=da[t])
            d_h[t] += da[t] @ self.recurrent_kernel.T
        return Gradients(
            kernel=sum_of_products(x, da),
            recurrent_kernel=sum_of_products(h_prev, da),
            bias=da.sum(axis=(0, 1)),
            x=swap(product(da, self.kernel.T)),
            h=swap(d_h[1:]),
            h0=d_h[0],
        )
