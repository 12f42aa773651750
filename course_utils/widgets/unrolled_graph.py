"""An unrolled network: by which paths the loss of one step reaches the shared weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .base import Explorer, Range, format_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..cells import SimpleRNN

MIN_STEPS, MAX_STEPS = 4, 10
W_X, B, H_0 = 0.5, 0.1, 0.2  # the unit of lessons 02 and 03
X = (1.0, -1.0, 0.5, 0.8, -0.6, 0.3, -0.9, 1.0, -0.4, 0.7)


class UnrolledGraphExplorer(Explorer):
    """The paths of a gradient from the loss of one step back through an unrolled network.

    Without a cell this is one tanh unit with weights 0.5 (input), ``w_h`` and 0.1 (bias), and the
    loss of step s is ``h_s``. With a cell it is that network on the first steps of ``x``; numbers
    are then norms, and the loss of step s is its read-out ``h_s W_hy``.

    The numbers of :meth:`state`: ``loss`` and ``k`` (both as far as the steps reach), ``factor``
    (T, what each step multiplies a gradient by that passes through it), ``reach`` (T + 1, gradient
    of the loss with respect to ``h_0`` to ``h_T``), ``path`` (T, what the use of the weight at
    each step adds to the gradient), ``kept`` and ``cut`` (sums of the paths that truncation keeps
    and cuts off).

    Parameters
    ----------
    cell : SimpleRNN, optional
        A network, trained for instance.
    x : array (1, T, D), optional
        The sequence that it reads, at least 4 steps; the first 10 are used.
    W_hy : array (U, 1), optional
        Weights of the read-out; all ones unless given.
    **values
        Where the controls start, by name.

    Examples
    --------
    >>> UnrolledGraphExplorer(loss=3, k=3).describe()
    'The loss at step 3 has 3 paths to w_h; truncation at k = 3 keeps all of them, together 0.575.'
    """

    script = "unrolled_graph"
    title = "Paths of a gradient"
    controls: tuple[Range, ...] = (
        Range("n_steps", "number of steps T", MIN_STEPS, MAX_STEPS, 1, 8),
        Range("loss", "step of the loss", 1, MAX_STEPS, 1, 6),
        Range("k", "truncation k", 1, MAX_STEPS, 1, 4),
        Range("w_h", "recurrent weight w_h", -2.0, 2.0, 0.05, 0.8),
    )

    def __init__(
        self,
        cell: SimpleRNN | None = None,
        x: np.ndarray | None = None,
        W_hy: np.ndarray | None = None,
        **values,
    ) -> None:
        if cell is not None:
            self.data = _paths_of(cell, x, W_hy)
            self.controls = _controls(len(self.data["factor"]))
        super().__init__(**values)

    def compute(self, values: dict) -> dict:
        """Return what passes through each step and what it adds to the gradient."""
        n_steps = values["n_steps"]
        loss = min(values["loss"], n_steps)
        k = min(values["k"], loss)
        where = {"loss": loss, "k": k}
        if self.data:
            data = self.data
            return where | {
                "factor": data["factor"][:n_steps],
                "reach": data["reach"][loss - 1][: n_steps + 1],
                "path": data["path"][loss - 1][:n_steps],
                "kept": data["kept"][loss - 1][k - 1],
                "cut": data["cut"][loss - 1][k - 1],
            }
        h = _run(n_steps, values["w_h"])
        slope = [1 - h_t * h_t for h_t in h[1:]]
        factor = [values["w_h"] * each for each in slope]
        reach = [0.0] * (n_steps + 1)
        reach[loss] = 1.0
        for t in range(loss, 0, -1):
            reach[t - 1] = reach[t] * factor[t - 1]
        path = [reach[t] * slope[t - 1] * h[t - 1] for t in range(1, n_steps + 1)]
        return where | {
            "factor": factor,
            "reach": reach,
            "path": path,
            "kept": sum(path[loss - k : loss]),
            "cut": sum(path[: loss - k]),
        }

    def sentence(self, values: dict, result: dict) -> str:
        """Say how many paths there are, how many are kept, and what the others are worth."""
        loss, k = result["loss"], result["k"]
        weight, worth = ("W_hh", "of norm") if self.data else ("w_h", "together")
        kept, cut = format_number(result["kept"]), format_number(result["cut"])
        paths = "1 path" if loss == 1 else f"{loss} paths"
        start = f"The loss at step {loss} has {paths} to {weight}; truncation at k = {values['k']}"
        if k == loss:
            return f"{start} keeps {'it' if loss == 1 else 'all of them'}, {worth} {kept}."
        return f"{start} keeps {k} ({worth} {kept}) and cuts off {loss - k} ({worth} {cut})."

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw the unrolled network, the kept paths in colour, and what each of them adds."""
        from matplotlib import pyplot as plt

        from ..plotting import plot_unrolled_graph

        figure, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
        plot_unrolled_graph(
            result["factor"],
            result["loss"],
            truncation=result["k"],
            paths=result["path"],
            weight="W_{hh}" if self.data else "w_h",
            ax=ax,
        )
        return figure


def _controls(n_steps: int) -> tuple[Range, ...]:
    """The controls for a given network: its weight is not one of them."""
    return (
        Range("n_steps", "number of steps T", MIN_STEPS, n_steps, 1, n_steps),
        Range("loss", "step of the loss", 1, n_steps, 1, n_steps),
        Range("k", "truncation k", 1, n_steps, 1, n_steps // 2),
    )


def _run(n_steps: int, w_h: float) -> list[float]:
    """States of the unit from step 0 on."""
    h = [H_0]
    for x_t in X[:n_steps]:
        h.append(float(np.tanh(W_X * x_t + w_h * h[-1] + B)))
    return h


def _paths_of(cell: SimpleRNN, x: np.ndarray | None, W_hy: np.ndarray | None) -> dict:
    """The numbers of a network for every step of the loss and every truncation."""
    from ..arguments import real_array

    if getattr(cell, "activation", None) != "tanh":
        raise TypeError(f"cell must be a cells.SimpleRNN with tanh, got {cell!r}")
    x = real_array("x", x)
    if x.ndim != 3 or len(x) != 1 or x.shape[1] < MIN_STEPS or x.shape[2] != cell.n_features:
        raise ValueError(
            f"x must have shape (1, T, {cell.n_features}) with T of at least {MIN_STEPS}, "
            f"got {x.shape}"
        )
    n_units = cell.n_units
    read_out = np.ones((n_units, 1)) if W_hy is None else real_array("W_hy", W_hy, (n_units, 1))
    trace = cell.forward(x[:, :MAX_STEPS])
    h, h_prev = trace.h[0], trace.h_prev[0]
    slope = 1 - h * h
    jacobians = [np.linalg.norm(cell.recurrent_kernel * each, ord=2) for each in slope]
    data: dict[str, list] = {
        "factor": list(map(float, jacobians)),
        "reach": [],
        "path": [],
        "kept": [],
        "cut": [],
    }
    for loss in range(1, len(h) + 1):
        dh = np.zeros_like(trace.h)
        dh[0, loss - 1] = read_out[:, 0]
        gradients = cell.backward(trace, dh)
        d_h = np.concatenate([gradients.h0, gradients.h[0]])
        each_step = np.einsum("tv,tu->tvu", h_prev, d_h[1:] * slope)
        data["reach"].append(np.linalg.norm(d_h, axis=1).tolist())
        data["path"].append(np.linalg.norm(each_step, axis=(1, 2)).tolist())
        truncations = range(1, loss + 1)
        data["kept"].append([_norm_of_sum(each_step[loss - k : loss]) for k in truncations])
        data["cut"].append([_norm_of_sum(each_step[: loss - k]) for k in truncations])
    return data


def _norm_of_sum(matrices: np.ndarray) -> float:
    return float(np.linalg.norm(matrices.sum(axis=0)))
