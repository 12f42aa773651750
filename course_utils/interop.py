"""Carry a recurrent layer with its weights between Keras, NumPy and Theano.

The layouts are the same everywhere, so carrying over is copying; what these functions add is that
they refuse what would give other numbers. Going through NumPy, ``to_scan(from_keras(layer))`` and
``to_keras(scan_cell)`` connect Keras and Theano.

Importing this module imports Keras, on the course's backend unless ``KERAS_BACKEND`` names another.
Theano is imported when it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import cells
from course_utils.arguments import whole_number
from course_utils.keras_backend import keras

if TYPE_CHECKING:
    from course_utils import scan_cells

_LAYERS = {
    cells.SimpleRNN: keras.layers.SimpleRNN,
    cells.LSTM: keras.layers.LSTM,
    cells.GRU: keras.layers.GRU,
}
_WEIGHTS = ("kernel", "recurrent_kernel", "bias")
_BY_THE_CELL = ("units", "activation", "recurrent_activation", "use_bias", "reset_after", "weights")


def from_keras(layer: keras.layers.Layer) -> cells.SimpleRNN | cells.LSTM | cells.GRU:
    """Return the NumPy cell with copies of a layer's weights.

    What the layer does around its cell is left behind: ``return_sequences``, states kept between
    calls, dropout, and the order in which it reads. For a layer with ``go_backwards=True``, such as
    the ``backward_layer`` of a ``Bidirectional``, hand the cell ``x[:, ::-1]``.

    Parameters
    ----------
    layer : keras.layers.SimpleRNN, keras.layers.LSTM or keras.layers.GRU
        Built, with bias. A SimpleRNN has the activation tanh, relu or linear; the others have
        Keras's defaults, tanh and for the gates sigmoid.

    Returns
    -------
    cells.SimpleRNN, cells.LSTM or cells.GRU
        Its ``forward`` gives the numbers of the layer. Only where a sequence *begins* with masked
        steps, its output there is the initial state; that of the layer is the same on JAX, and zero
        on TensorFlow and in unrolled layers.

    Raises
    ------
    TypeError
        If ``layer`` is no such layer.
    ValueError
        If it is not built, or no cell computes what it computes.
    """
    cell_class = next((ours for ours, theirs in _LAYERS.items() if type(layer) is theirs), None)
    if cell_class is None:
        raise TypeError(_not_a_layer(layer))
    options: dict[str, Any] = {}
    if cell_class is cells.SimpleRNN:
        options["activation"] = _checked(layer, "activation", ("tanh", "relu", "linear"))
    else:
        _checked(layer, "activation", ("tanh",))
        _checked(layer, "recurrent_activation", ("sigmoid",))
    if cell_class is cells.GRU:
        options["reset_after"] = bool(layer.reset_after)
    if not layer.use_bias:
        raise ValueError(f"layer {layer.name!r} must have use_bias=True, got False")
    if not layer.built:
        raise ValueError(
            f"layer {layer.name!r} must be built, for it has no weights yet: call it on an input "
            "once, or layer.build((None, None, n_features))"
        )
    weights = {name: _copy(getattr(layer.cell, name)) for name in _WEIGHTS}
    return cell_class(**weights, **options)


def to_keras(
    cell: cells.Cell | scan_cells.SimpleRNN | scan_cells.LSTM | scan_cells.GRU,
    *,
    batch_size: int | None = None,
    **options: Any,
) -> keras.layers.Layer:
    """Return a built Keras layer with copies of a cell's weights.

    Parameters
    ----------
    cell
        Of :mod:`course_utils.cells` or :mod:`course_utils.scan_cells`.
    batch_size
        Number of sequences in a batch: needed with ``stateful=True``, and fixed then.
    **options
        Of the layer, such as ``return_sequences=True`` or ``name="encoder"``. The ``dtype`` is
        Keras's own, float32, unless given; float64 weights are rounded to it.

    Returns
    -------
    keras.layers.SimpleRNN, keras.layers.LSTM or keras.layers.GRU
        Built for inputs (N, T, D).

    Raises
    ------
    TypeError
        If ``cell`` is no such cell.
    ValueError
        If an option would contradict the cell, a stateful layer has no ``batch_size``, or the cell
        has no counterpart in Keras (an LSTM with peepholes, a rated RNN).
    """
    for name in _BY_THE_CELL:
        if name in options:
            raise ValueError(f"{name} must be left to the cell, got {name}={options[name]!r}")
    if batch_size is not None:
        batch_size = whole_number("batch_size", batch_size, 1)
    elif options.get("stateful"):
        raise ValueError(
            "batch_size must be given with stateful=True: one state a sequence is kept"
        )
    cell = _in_numpy(cell)
    if isinstance(cell, cells.SimpleRNN):
        options["activation"] = cell.activation
    elif isinstance(cell, cells.GRU):
        options["reset_after"] = cell.reset_after
    layer = _LAYERS[type(cell)](cell.n_units, **options)
    layer.build((batch_size, None, cell.n_features))
    for name, weight in cell.weights.items():
        # A copy, because JAX keeps an array that lies well in memory as it is.
        getattr(layer.cell, name).assign(weight.copy())
    return layer


def to_scan(cell: cells.Cell) -> scan_cells.SimpleRNN | scan_cells.LSTM | scan_cells.GRU:
    """Return the cell in ``theano.scan`` with copies of a NumPy cell's weights.

    The way back is the ``to_cell`` of the scan cell.

    Raises
    ------
    TypeError
        If ``cell`` is not one of :mod:`course_utils.cells`.
    """
    if type(cell) not in _LAYERS:
        wants = "a cells.SimpleRNN, LSTM or GRU"
        more = ": from_keras(layer) is one" if isinstance(cell, keras.layers.Layer) else ""
        raise TypeError(f"cell must be {wants}, got {type(cell).__name__}{more}")
    from course_utils import scan_cells

    return getattr(scan_cells, type(cell).__name__).from_cell(cell)


def _in_numpy(cell: Any) -> cells.Cell:
    if type(cell) in _LAYERS:
        return cell
    if hasattr(cell, "to_cell"):
        return cell.to_cell()
    if type(cell).__module__ == "course_utils.scan_cells":
        raise ValueError(f"cell must have a counterpart in Keras, a {type(cell).__name__} has none")
    raise TypeError(
        f"cell must be a SimpleRNN, LSTM or GRU of cells or scan_cells, got {type(cell).__name__}"
    )


def _checked(layer: keras.layers.Layer, name: str, known: tuple[str, ...]) -> str:
    function = getattr(layer, name)
    for each in known:
        if function is keras.activations.get(each):
            return each
    wants = " or ".join(map(repr, known))
    got = getattr(function, "__name__", type(function).__name__)
    raise ValueError(f"layer {layer.name!r} must have {name}={wants}, got {got!r}")


def _not_a_layer(layer: Any) -> str:
    wants = "layer must be a Keras SimpleRNN, LSTM or GRU"
    if isinstance(layer, keras.layers.Bidirectional):
        return f"{wants}, got a Bidirectional: pass its forward_layer, then its backward_layer"
    if isinstance(layer, keras.Model):
        return f"{wants}, got the model {layer.name!r}: pass one of its layers"
    return f"{wants}, got {type(layer).__name__}"


def _copy(variable: keras.Variable) -> np.ndarray:
    return np.array(keras.ops.convert_to_numpy(variable))
