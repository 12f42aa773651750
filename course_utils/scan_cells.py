"""Recurrent cells in ``theano.scan``: the equations of :mod:`course_utils.cells`, as graphs.

Each cell takes the same weights in the same layout, holds them as shared variables and describes
the same forward pass; ``T.grad`` is its backward. Outside, arrays are batch first, (N, T, ...);
scan loops over axis 0, so inside they are time first. The input's product with the kernel needs no
state and stands outside the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from course_utils import cells, theano_compat
from course_utils.arguments import Shape, mask_array, real_array
from course_utils.starts import glorot_start, orthogonal

theano_compat.enable()

import theano  # noqa: E402
import theano.tensor as T  # noqa: E402
from theano.compile.sharedvalue import SharedVariable  # noqa: E402
from theano.graph.basic import Variable  # noqa: E402
from theano.tensor.opt import Assert  # noqa: E402

Step = Callable[..., tuple[Sequence[Variable], Sequence[Variable]]]


@dataclass(frozen=True, eq=False)
class Trace:
    """What a forward pass describes, symbolic and batch first.

    Only what is compiled is computed: gates that no function asks for cost nothing.

    Attributes
    ----------
    h : symbolic (N, T, U)
        The hidden state after each step, which is the output.
    gates : dict of str to symbolic (N, T, U)
        The gates and the candidate g of each step: i, f, g, o of an LSTM; z, r, g of a GRU; z, g
        of a RatedRNN; none of a SimpleRNN. Nothing has used those of a masked step.
    c : symbolic (N, T, U), or None
        The cell state after each step (LSTM).
    """

    h: Variable
    gates: dict[str, Variable]
    c: Variable | None = None


class _ScanCell:
    """What the cells share: parameters, checked where NumPy's cells check theirs, and the loop."""

    def __init__(self, cell: cells.Cell):
        self.n_features, self.n_units, self.dtype = cell.n_features, cell.n_units, cell.dtype
        self.gate_names = cell.gate_names
        self.gate_blocks = cell.gate_blocks  # slices, of arrays and of symbols alike
        self.kernel = theano.shared(cell.kernel, "kernel")
        self.recurrent_kernel = theano.shared(cell.recurrent_kernel, "recurrent_kernel")
        self.bias = theano.shared(cell.bias, "bias")

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"<{name} n_features={self.n_features} n_units={self.n_units} {self.dtype} in scan>"

    @property
    def parameters(self) -> dict[str, SharedVariable]:
        """The shared variables by name, in Keras's order: what ``T.grad`` and updates are for."""
        return {name: getattr(self, name) for name in ("kernel", "recurrent_kernel", "bias")}

    def _input(self, x: Variable, mask: Variable | None) -> tuple[Variable, Variable | None]:
        """``x`` time first, (T, N, D), and the mask, (T, N, 1)."""
        x = _symbol("x", x, ("N", "T", self.n_features)).astype(self.dtype.name)
        x = _shaped("x", x, ("N", "T", self.n_features), (*x.shape[:2], self.n_features))
        if mask is None:
            return _swap(x), None
        mask = _symbol("mask", mask, ("N", "T"), mask_array)
        if mask.dtype != "bool":
            raise TypeError(f"mask must hold True or False, got dtype {mask.dtype}")
        mask = _shaped("mask", mask, ("N", "T"), x.shape[:2]).dimshuffle(1, 0, "x")
        return T.switch(mask, _swap(x), 0), mask  # or NaN there would spoil the gradients

    def _start(self, name: str, start: Variable | None, x: Variable) -> Variable:
        """The initial state, (N, U): zeros unless given."""
        shape = x.shape[1], self.recurrent_kernel.shape[0]
        if start is None:
            return T.zeros(shape, self.dtype)
        start = _symbol(name, start, ("N", self.n_units)).astype(self.dtype.name)
        return _shaped(name, start, ("N", self.n_units), shape)

    def _scan(
        self,
        step: Step,
        a: Variable,
        starts: Sequence[Variable],
        weights: Iterable[Variable],
        mask: Variable | None,
    ) -> Trace:
        """Loop over ``step(a_t, *previous_states, *weights) -> states, gates``."""
        weights = list(weights)

        def states_only(a_t: Variable, *others: Variable) -> Sequence[Variable]:
            return step(a_t, *others)[0]

        def states_held(a_t: Variable, mask_t: Variable, *others: Variable) -> list[Variable]:
            pairs = zip(step(a_t, *others)[0], others, strict=False)  # others: the states first
            return [T.switch(mask_t, after, before) for after, before in pairs]

        # No step draws random numbers, so the updates are empty.
        states, _ = theano.scan(
            states_only if mask is None else states_held,
            sequences=[a] if mask is None else [a, mask],
            outputs_info=list(starts),
            non_sequences=weights,
            strict=True,
            return_list=True,
            name=type(self).__name__,
        )
        # The equations hold for all steps at once, when all the states before them are known.
        before = [
            T.concatenate([start.dimshuffle("x", 0, 1), state[:-1]])
            for start, state in zip(starts, states, strict=True)
        ]
        gates = map(_swap, step(a, *before, *weights)[1])
        h, *c = map(_swap, states)
        return Trace(h, dict(zip(self.gate_names, gates, strict=True)), *c)


class _KnownToNumpy(_ScanCell):
    """A cell that :mod:`course_utils.cells` has, too: the way there and back."""

    numpy_class: ClassVar[type[cells.Cell]]
    options: ClassVar[tuple[str, ...]] = ()  # what makes the cell besides its weights

    @classmethod
    def from_cell(cls, cell: cells.Cell) -> Self:
        """The same cell in scan, with copies of the weights.

        Raises
        ------
        TypeError
            If ``cell`` is not the NumPy cell of this name.
        """
        if not isinstance(cell, cls.numpy_class):
            name = cls.numpy_class.__name__
            raise TypeError(f"cell must be a cells.{name}, got {type(cell).__name__}")
        return cls(**cls._arguments(cell, cell.weights))

    def to_cell(self) -> cells.Cell:
        """The same cell in NumPy, with copies of what the parameters hold now."""
        weights = {name: shared.get_value() for name, shared in self.parameters.items()}
        return self.numpy_class(**self._arguments(self, weights))

    @classmethod
    def _arguments(
        cls, cell: _ScanCell | cells.Cell, weights: dict[str, np.ndarray]
    ) -> dict[str, Any]:
        return {**weights, **{name: getattr(cell, name) for name in cls.options}}


class SimpleRNN(_KnownToNumpy):
    r"""The plain recurrent cell: :math:`h_t = \phi(x_t W_{xh} + h_{t-1} W_{hh} + b_h)`.

    Parameters
    ----------
    kernel : array (D, U), float32 or float64
        ``W_xh``. Its dtype is that of all computation. Weights are copied.
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
    A cell that adds its inputs up, and the gradient of its last state:

    >>> cell = SimpleRNN([[1.0]], [[1.0]], [0.0], activation="linear")
    >>> x = T.dtensor3("x")
    >>> h = cell.forward(x).h
    >>> run = theano.function([x], [h, T.grad(h[0, -1, 0], cell.recurrent_kernel)])
    >>> h, slope = run([[[1.0], [2.0], [3.0]]])
    >>> h.ravel(), slope
    (array([1., 3., 6.]), array([[4.]]))
    """

    numpy_class = cells.SimpleRNN
    options = ("activation",)

    def __init__(
        self,
        kernel: ArrayLike,
        recurrent_kernel: ArrayLike,
        bias: ArrayLike,
        activation: str = "tanh",
    ):
        super().__init__(cells.SimpleRNN(kernel, recurrent_kernel, bias, activation))
        self.activation = activation

    def forward(
        self, x: Variable, h0: Variable | None = None, *, mask: Variable | None = None
    ) -> Trace:
        """Describe the run over all steps.

        Parameters
        ----------
        x : symbolic (N, T, D)
            N sequences of T steps, both at least 1 and known only when the function runs.
        h0 : symbolic (N, U)
            Initial state; zeros unless given.
        mask : symbolic (N, T) of bool
            False where there is no step, only padding: the state, and with it the output, stays
            what it was.

        Returns
        -------
        Trace

        Raises
        ------
        TypeError, ValueError
            If a symbol has another dtype or number of axes.
        AssertionError
            When the compiled function runs, if an array has another shape.
        """
        phi = _ACTIVATIONS[self.activation]

        def step(a, h_prev, W):
            h = phi(a + T.dot(h_prev, W))
            return (h,), ()

        x, mask = self._input(x, mask)
        a = T.dot(x, self.kernel) + self.bias
        return self._scan(step, a, [self._start("h0", h0, x)], [self.recurrent_kernel], mask)


class LSTM(_KnownToNumpy):
    r"""Long short-term memory: gates i, f, o decide what the cell state c takes in, keeps, shows.

    .. math::

        i_t, f_t, o_t &= \sigma(x_t W_{xi} + h_{t-1} W_{hi} + b_i), \ldots \\
        g_t &= \tanh(x_t W_{xg} + h_{t-1} W_{hg} + b_g) \\
        c_t &= f_t \odot c_{t-1} + i_t \odot g_t \\
        h_t &= o_t \odot \tanh(c_t)

    With peepholes the gates see the cell state, too: inside their :math:`\sigma`,
    :math:`c_{t-1} \odot p_i` is added for i, :math:`c_{t-1} \odot p_f` for f and
    :math:`c_t \odot p_o` for o.

    Parameters
    ----------
    kernel : array (D, 4 U), float32 or float64
        Blocks of i, f, g, o side by side, as Keras has them. Its dtype is that of all
        computation. Weights are copied.
    recurrent_kernel : array (U, 4 U)
    bias : array (4 U,)
    peepholes : array (3, U), or None
        Rows p_i, p_f, p_o: each unit's gates see its own cell state only. Keras has none.

    Raises
    ------
    TypeError, ValueError
        If the weights do not fit together, by dtype or by shape.

    References
    ----------
    Hochreiter, Schmidhuber 1997, *Long short-term memory*; Gers, Schmidhuber, Cummins 2000,
    *Learning to forget* (the forget gate); Gers, Schraudolph, Schmidhuber 2002, *Learning precise
    timing with LSTM recurrent networks* (peepholes).
    """

    numpy_class = cells.LSTM

    def __init__(
        self,
        kernel: ArrayLike,
        recurrent_kernel: ArrayLike,
        bias: ArrayLike,
        peepholes: ArrayLike | None = None,
    ):
        super().__init__(cells.LSTM(kernel, recurrent_kernel, bias))
        self.peepholes = None
        if peepholes is not None:
            peepholes = cells.checked_weight("peepholes", peepholes, (3, self.n_units), self.dtype)
            self.peepholes = theano.shared(peepholes, "peepholes")

    @property
    def parameters(self) -> dict[str, SharedVariable]:
        """The shared variables by name, in Keras's order, then the peepholes if there are any."""
        more = {} if self.peepholes is None else {"peepholes": self.peepholes}
        return super().parameters | more

    def to_cell(self) -> cells.Cell:
        """The same cell in NumPy, with copies of what the parameters hold now.

        Raises
        ------
        ValueError
            If it has peepholes, which no NumPy cell has.
        """
        if self.peepholes is not None:
            raise ValueError("an LSTM with peepholes has no counterpart in cells or Keras")
        return super().to_cell()

    def forward(
        self,
        x: Variable,
        h0: Variable | None = None,
        c0: Variable | None = None,
        *,
        mask: Variable | None = None,
    ) -> Trace:
        """Describe the run, as :meth:`SimpleRNN.forward`, from the states h0 and c0 (N, U)."""

        def step(a, h_prev, c_prev, W, *peepholes):
            i, f, g, o = self.gate_blocks(a + T.dot(h_prev, W)).values()
            if peepholes:
                (p,) = peepholes
                i, f = i + c_prev * p[0], f + c_prev * p[1]
            i, f, g = _sigmoid(i), _sigmoid(f), T.tanh(g)
            c = f * c_prev + i * g
            if peepholes:
                o = o + c * p[2]
            o = _sigmoid(o)
            h = o * T.tanh(c)
            return (h, c), (i, f, g, o)

        x, mask = self._input(x, mask)
        a = T.dot(x, self.kernel) + self.bias
        starts = [self._start("h0", h0, x), self._start("c0", c0, x)]
        weights = [self.recurrent_kernel] + ([] if self.peepholes is None else [self.peepholes])
        return self._scan(step, a, starts, weights, mask)


class GRU(_KnownToNumpy):
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
        Weights are copied.
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
    """

    numpy_class = cells.GRU
    options = ("reset_after",)

    def __init__(
        self,
        kernel: ArrayLike,
        recurrent_kernel: ArrayLike,
        bias: ArrayLike,
        reset_after: bool = True,
    ):
        super().__init__(cells.GRU(kernel, recurrent_kernel, bias, reset_after))
        self.reset_after = reset_after

    def forward(
        self, x: Variable, h0: Variable | None = None, *, mask: Variable | None = None
    ) -> Trace:
        """Describe the run over all steps, as :meth:`SimpleRNN.forward`."""

        def step_reset_after(a, h_prev, W, b):
            a_z, a_r, a_g = self.gate_blocks(a).values()
            from_z, from_r, recalled = self.gate_blocks(T.dot(h_prev, W) + b).values()
            z, r = _sigmoid(a_z + from_z), _sigmoid(a_r + from_r)
            g = T.tanh(a_g + r * recalled)
            h = z * h_prev + (1 - z) * g
            return (h,), (z, r, g)

        def step_reset_before(a, h_prev, W_z, W_r, W_g):
            a_z, a_r, a_g = self.gate_blocks(a).values()
            z, r = _sigmoid(a_z + T.dot(h_prev, W_z)), _sigmoid(a_r + T.dot(h_prev, W_r))
            g = T.tanh(a_g + T.dot(r * h_prev, W_g))
            h = z * h_prev + (1 - z) * g
            return (h,), (z, r, g)

        x, mask = self._input(x, mask)
        start = self._start("h0", h0, x)
        a = T.dot(x, self.kernel)
        if self.reset_after:
            weights = [self.recurrent_kernel, self.bias[1]]
            return self._scan(step_reset_after, a + self.bias[0], [start], weights, mask)
        weights = list(self.gate_blocks(self.recurrent_kernel).values())
        return self._scan(step_reset_before, a + self.bias, [start], weights, mask)


class RatedRNN(_ScanCell):
    r"""Rated recurrent unit: a plain cell whose gate z says how much of the old state is kept.

    .. math::

        z_t &= \sigma(x_t W_{xz} + h_{t-1} W_{hz} + b_z) \\
        g_t &= \tanh(x_t W_{xg} + h_{t-1} W_{hg} + b_g) \\
        h_t &= z_t \odot h_{t-1} + (1 - z_t) \odot g_t

    It is a GRU whose reset gate is always 1. The source names the rate of change z, here
    :math:`1 - z_t`; as :math:`1 - \sigma(s) = \sigma(-s)`, the weights of z change sign between
    the two.

    Parameters
    ----------
    kernel : array (D, 2 U), float32 or float64
        Blocks of z, g side by side. Its dtype is that of all computation. Weights are copied.
    recurrent_kernel : array (U, 2 U)
    bias : array (2 U,)

    Raises
    ------
    TypeError, ValueError
        If the weights do not fit together, by dtype or by shape.

    References
    ----------
    Lazy Programmer, *Deep Learning: Recurrent Neural Networks in Python*, ``rrnn_language.py`` in
    github.com/lazyprogrammer/machine_learning_examples.
    """

    def __init__(self, kernel: ArrayLike, recurrent_kernel: ArrayLike, bias: ArrayLike):
        super().__init__(_RatedWeights(kernel, recurrent_kernel, bias))

    @classmethod
    def start(
        cls, n_features: int, n_units: int, seed: int = 0, *, dtype: DTypeLike = np.float64
    ) -> Self:
        """A cell with seeded weights, drawn as :meth:`cells.SimpleRNN.start` draws them."""
        rng, kernel = glorot_start(n_features, n_units, 2, seed, dtype)
        recurrent_kernel = orthogonal(n_units, rng, dtype, n_columns=2 * n_units)
        return cls(kernel, recurrent_kernel, np.zeros(2 * n_units, dtype))

    def forward(
        self, x: Variable, h0: Variable | None = None, *, mask: Variable | None = None
    ) -> Trace:
        """Describe the run over all steps, as :meth:`SimpleRNN.forward`."""

        def step(a, h_prev, W):
            z, g = self.gate_blocks(a + T.dot(h_prev, W)).values()
            z, g = _sigmoid(z), T.tanh(g)
            h = z * h_prev + (1 - z) * g
            return (h,), (z, g)

        x, mask = self._input(x, mask)
        a = T.dot(x, self.kernel) + self.bias
        return self._scan(step, a, [self._start("h0", h0, x)], [self.recurrent_kernel], mask)


class _RatedWeights(cells.Cell):
    """The weights of a RatedRNN, checked as those of NumPy's cells are."""

    gate_names = ("z", "g")


_ACTIVATIONS = {
    "tanh": T.tanh,
    "relu": lambda a: a * (a > 0),  # slope 0 at 0 as in cells; T.nnet.relu has 1/2 there
    "linear": lambda a: a,
}
_sigmoid = T.nnet.sigmoid


def _swap(a: Variable) -> Variable:
    """Batch first to time first, or back."""
    return a.dimshuffle(1, 0, 2)


def _symbol(
    name: str, value: Variable | ArrayLike, shape: Shape, checked: Callable = real_array
) -> Variable:
    """``value`` as a symbol with the axes of ``shape``; an array is checked at once."""
    if not isinstance(value, Variable):
        value = T.as_tensor_variable(checked(name, value, shape))
    if value.ndim != len(shape):
        raise ValueError(f"{name} must have {len(shape)} axes, got {value.ndim}")
    # An axis that is known to be 1 long would be another type than the states of the loop.
    return T.unbroadcast(value, *range(len(shape)))


def _shaped(
    name: str, value: Variable, wants: tuple[str | int, ...], shape: Sequence[Variable | int]
) -> Variable:
    """``value``; when the function runs, a sentence if its shape is not ``shape``."""
    fits = [T.eq(value.shape[axis], size) for axis, size in enumerate(shape)]
    return Assert(f"{name} must have shape ({', '.join(map(str, wants))})")(value, *fits)
