"""A trained LSTM or GRU whose gates the learner forces open or shut."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from .base import DATA, Choice, Explorer, Range, Toggle, format_number

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

    from ..cells import GRU, LSTM

GATES = {
    "i": ("input gate i", "vermillion"),
    "f": ("forget gate f", "blue"),
    "o": ("output gate o", "green"),
    "z": ("update gate z", "blue"),
    "r": ("reset gate r", "vermillion"),
}
MAX_UNITS, MAX_STEPS, MAX_SEQUENCES = 32, 200, 20  # so that the page draws at once


class GatePlaygroundExplorer(Explorer):
    """Gates, memory and answer of a network, with any of its gates held at a value.

    The network reads a sequence of two features, a value and a mark, and answers with
    ``h_t W_hy + b_y`` after each step. The page computes the whole run anew at every move.

    The numbers of :meth:`state`: ``gates`` (of the chosen unit, by name, a number a step),
    ``memory`` (of all units: the cell states c of an LSTM, the states h of a GRU), ``h`` (of the
    chosen unit), ``answers`` (a number a step), ``free`` (the last answer with no gate held) and
    ``target`` (the right one).

    Parameters
    ----------
    cell : cells.LSTM or cells.GRU, optional
        A network of your own, with 2 features and at most 32 units; a GRU that resets after the
        product. Unless given, an LSTM of 4 units that has learned to add two of 40 numbers
        (1,200 batches of 64 sequences, Adam, mean squared error 0.0002).
    W_hy : array (U, 1)
    b_y : array (1,)
    sequences : tuple of array (N, T, 2) and array (N, 1)
        Inputs and right answers, such as ``datasets.adding(4, 100)``; N at most 20, T at most 200.
    **values
        Where the controls start, by name.

    Raises
    ------
    TypeError, ValueError
        If the network or the sequences cannot be shown.

    Examples
    --------
    >>> explorer = GatePlaygroundExplorer()
    >>> free, shut = explorer.state(), explorer.state(force_i=True, i=0.0)
    >>> abs(free["answers"][-1] - free["target"]) < 0.1, len(set(shut["answers"][20:])) < 21
    (True, True)
    """

    script = "gate_playground"
    title = "Gates held open or shut"

    def __init__(
        self,
        cell: LSTM | GRU | None = None,
        W_hy: ArrayLike | None = None,
        b_y: ArrayLike | None = None,
        sequences: tuple[ArrayLike, ArrayLike] | None = None,
        **values: Any,
    ) -> None:
        unit = "1"
        if cell is None:
            cell, W_hy, b_y = _built_in()
            unit = "3"  # whose input gate opens widest
        if sequences is None:
            from ..datasets import adding

            sequences = adding(4, 40, seed=23)
        self._cell, kind = cell, _kind(cell)
        self._W_hy, self._b_y = _readout(cell, W_hy, b_y)
        x, y = _checked_sequences(sequences)
        names = [name for name in cell.gate_names if name != "g"]
        self.data = {
            "kind": kind,
            "gates": names,
            "weights": {name: array.tolist() for name, array in cell.weights.items()},
            "W_hy": self._W_hy.tolist(),
            "b_y": self._b_y,
            "x": x.tolist(),
            "y": y.tolist(),
        }
        self.controls = (
            Choice("sequence", "sequence", _numbers(len(x)), "1"),
            Choice("unit", "unit drawn in full", _numbers(cell.n_units), unit),
            *(control for name in names for control in _gate_controls(name)),
        )
        super().__init__(**values)

    def compute(self, values: dict) -> dict:
        """Return gates, memory and answers of the run, and the answer with all gates free."""
        import numpy as np

        from ..gates import forced

        cell, unit = self._cell, int(values["unit"]) - 1
        for name in _held(values, self.data):
            cell = forced(cell, name, values[name])
        sequence = int(values["sequence"]) - 1
        x = np.array([self.data["x"][sequence]])
        trace = cell.forward(x)
        memory = trace.c if self.data["kind"] == "LSTM" else trace.h
        return {
            "gates": {name: trace.gates[name][0, :, unit].tolist() for name in self.data["gates"]},
            "memory": memory[0].T.tolist(),
            "h": trace.h[0, :, unit].tolist(),
            "answers": self._answers(trace.h),
            "free": self._answers(self._cell.forward(x).h)[-1],
            "target": self.data["y"][sequence],
        }

    def _answers(self, h: np.ndarray) -> list[float]:
        return (h[0] @ self._W_hy + self._b_y).tolist()

    def sentence(self, values: dict, result: dict) -> str:
        """Say what the network answers, held and free, and what is right."""
        held = _held(values, self.data)
        answer, free, target = (
            format_number(number)
            for number in (result["answers"][-1], result["free"], result["target"])
        )
        if not held:
            return f"With all gates free the network answers {free}, and {target} is right."
        *others, last = [f"{name} held at {format_number(values[name])}" for name in held]
        said = f"{', '.join(others)} and {last}" if others else last
        return (
            f"With {said} the network answers {answer}; with all gates free it answered {free}, "
            f"and {target} is right."
        )

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw input, gates, memory and answer over the same steps."""
        from matplotlib import pyplot as plt

        from ..plotting import PALETTE

        figure, panels = plt.subplots(
            4,
            1,
            figsize=(7, 6),
            sharex=True,
            height_ratios=(0.7, 1, 1.2, 1.2),
            layout="constrained",
        )
        steps = range(1, len(result["h"]) + 1)
        _draw_input(panels[0], self.data["x"][int(values["sequence"]) - 1], PALETTE)
        held = _held(values, self.data)
        for name, series in result["gates"].items():
            label, colour = GATES[name]
            style = "--" if name in held else "-"
            panels[1].plot(steps, series, style, color=PALETTE[colour], label=label)
        panels[1].set_ylim(-0.05, 1.05)
        panels[1].set_ylabel("gates")
        panels[1].legend(fontsize="small", ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
        unit = int(values["unit"]) - 1
        for k, series in enumerate(result["memory"]):
            look: dict[str, Any] = (
                {"color": "0.75", "linewidth": 1} if k != unit else {"color": "black", "zorder": 3}
            )
            panels[2].plot(steps, series, **look)
        panels[2].plot(steps, result["h"], ":", color=PALETTE["purple"])
        letter = "c" if self.data["kind"] == "LSTM" else "h"
        panels[2].set_ylabel(f"memory {letter}")
        panels[2].set_title(
            f"bold: {letter} of unit {values['unit']}, thin: of the others, dotted: h", fontsize=9
        )
        panels[3].plot(steps, result["answers"], color=PALETTE["blue"])
        panels[3].axhline(result["target"], color="0.4", linestyle="--", linewidth=1)
        panels[3].set_ylabel("answer")
        panels[3].set_xlabel("time step t")
        return figure


def _draw_input(ax: Axes, x: list[list[float]], palette: dict[str, str]) -> None:
    for t, (value, mark) in enumerate(x, start=1):
        ax.vlines(t, 0, value, color=palette["vermillion"] if mark else "0.8", linewidth=2)
        if mark:
            ax.plot(t, value, "o", color=palette["vermillion"], markersize=5)
    ax.set_ylabel("value")


def _held(values: dict, data: dict) -> list[str]:
    return [name for name in data["gates"] if values[f"force_{name}"]]


def _gate_controls(name: str) -> tuple[Toggle, Range]:
    force = f"force_{name}"
    value = Range(name, f"{name} held at", 0.0, 1.0, 0.01, 1.0, used_with=(force, True))
    return Toggle(force, f"hold {GATES[name][0]}", False), value


def _numbers(count: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, count + 1))


@cache
def _built_in() -> tuple[LSTM, np.ndarray, np.ndarray]:
    import numpy as np

    from ..cells import LSTM

    weights = json.loads(DATA.joinpath("gate_playground.json").read_text("utf-8"))
    W_hy, b_y = (np.array(weights.pop(name)) for name in ("W_hy", "b_y"))
    return LSTM(**weights), W_hy, b_y


def _kind(cell: LSTM | GRU) -> str:
    from ..cells import GRU, LSTM

    if not isinstance(cell, LSTM | GRU):
        raise TypeError(f"cell must be an LSTM or GRU of cells, got {type(cell).__name__}")
    if cell.n_features != 2 or cell.n_units > MAX_UNITS:
        raise ValueError(
            f"cell must have 2 features and at most {MAX_UNITS} units, got {cell.n_features} and "
            f"{cell.n_units}"
        )
    if isinstance(cell, GRU) and not cell.reset_after:
        raise ValueError("cell must be a GRU with reset_after=True")
    return type(cell).__name__


def _readout(cell: LSTM | GRU, W_hy: Any, b_y: Any) -> tuple[np.ndarray, float]:
    import numpy as np

    from ..arguments import real_array

    if W_hy is None or b_y is None:
        raise TypeError("W_hy and b_y must be given with a cell of your own")
    W_hy = real_array("W_hy", W_hy, (cell.n_units, 1))
    b_y = real_array("b_y", b_y, (1,))
    return W_hy[:, 0].astype(np.float64), float(b_y[0])


def _checked_sequences(sequences: Any) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    from ..arguments import real_array

    if not isinstance(sequences, tuple | list) or len(sequences) != 2:
        raise TypeError("sequences must be a pair of arrays: x (N, T, 2) and y (N, 1)")
    x = real_array("x", sequences[0]).astype(np.float64)
    if x.ndim != 3 or x.shape[2] != 2 or not 1 <= len(x) <= MAX_SEQUENCES:
        raise ValueError(
            f"x must have shape (N, T, 2) with N from 1 to {MAX_SEQUENCES}, got {x.shape}"
        )
    if not 2 <= x.shape[1] <= MAX_STEPS:
        raise ValueError(f"x must have 2 to {MAX_STEPS} steps, got {x.shape[1]}")
    return x, real_array("y", sequences[1], (len(x), 1)).astype(np.float64)[:, 0]
