"""The gradient on its way back through 50 steps: which matrices keep it, lose it or blow it up."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from .base import Choice, Explorer, Range, format_number

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

N_UNITS = 10
N_LAGS = 50
SMALL, LARGE = 0.01, 100.0  # a gradient below the one has vanished, above the other exploded
DECADES = 30  # the axis ends at 1e-30 and 1e30
MAX_UNITS = 64
OWN = "your network"


class GradientLagExplorer(Explorer):
    """Size of a gradient against the number of steps it has gone back, on a logarithmic axis.

    A network without bias reads 51 steps of fixed random input, one number a unit. Its recurrent
    matrix is one of four with spectral radius 1, times ``radius``. The gradient starts at the
    last state; its size is the root mean square over all directions, as in
    :func:`course_utils.gradients.gradient_by_lag`, and 1 at lag 0.

    The numbers of :meth:`state`: ``gradient``, ``radius`` and ``bound`` (51 each, lags 0 to 50:
    the gradient, and the powers of the spectral radius and of the largest singular value),
    ``sigma`` (that singular value), ``vanished`` and ``exploded`` (first lag below 1 % and above
    100 times; None where there is none), ``open`` (last lag at which anything is left).

    Parameters
    ----------
    recurrent_kernel : array (U, U), optional
        ``W_hh`` of a network of your own, U at most 64: one more start, chosen at first. Its
        spectral radius is set by the control, and starts at its own where that is in range.
    **values
        Where the controls start, by name.

    Raises
    ------
    ValueError
        If the matrix is not square, is too large, or has no eigenvalue but zero.

    Examples
    --------
    >>> GradientLagExplorer(activation="linear", start="identity", radius=0.9).state()["vanished"]
    44
    """

    script = "gradient_lag"
    title = "Gradient against lag"

    def __init__(self, recurrent_kernel: ArrayLike | None = None, **values: Any) -> None:
        starts, radius = _starts(), 0.9
        if recurrent_kernel is not None:
            own, radius = _own_start(recurrent_kernel)
            starts = {OWN: own, **starts}
        self.data = {"starts": starts}
        self.controls = (
            Choice("start", "recurrent matrix", tuple(starts), next(iter(starts))),
            Range("radius", "spectral radius", 0.5, 1.5, 0.05, radius),
            Choice("activation", "activation", ("tanh", "linear", "relu"), "tanh"),
            Range("scale", "size of the input", 0.0, 2.0, 0.1, 0.5),
        )
        super().__init__(**values)

    def compute(self, values: dict) -> dict:
        """Return the gradient at each lag, with the two powers to compare it with."""
        import numpy as np

        from ..cells import SimpleRNN
        from ..gradients import gradient_by_lag

        start, radius = self.data["starts"][values["start"]], values["radius"]
        kernel = np.array(start["matrix"])
        n_units = len(kernel)
        cell = SimpleRNN(np.eye(n_units), radius * kernel, np.zeros(n_units), values["activation"])
        gradient = gradient_by_lag(cell, values["scale"] * np.array([start["x"]])).tolist()
        sigma = radius * start["sigma"]
        lags = range(N_LAGS + 1)
        return {
            "gradient": gradient,
            "radius": [radius**k for k in lags],
            "bound": [sigma**k for k in lags],
            "sigma": sigma,
            "vanished": next((k for k in lags if gradient[k] < SMALL), None),
            "exploded": next((k for k in lags if gradient[k] > LARGE), None),
            "open": max(k for k in lags if gradient[k] > 0),
        }

    def sentence(self, values: dict, result: dict) -> str:
        """Say at which lag the gradient has vanished or exploded, and what was predicted."""
        return (
            f"{_fate(result)}; the spectral radius is {format_number(values['radius'])}, "
            f"the largest singular value {format_number(result['sigma'])}."
        )

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw the gradient and the two powers over the lag."""
        from matplotlib import pyplot as plt

        from ..plotting import PALETTE

        figure, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
        floor, ceiling = 10.0**-DECADES, 10.0**DECADES
        for name, label, style, colour in (
            ("bound", "(largest singular value)$^k$", "--", "vermillion"),
            ("radius", "(spectral radius)$^k$", ":", "green"),
            ("gradient", "gradient", "o-", "blue"),
        ):
            drawn = [min(max(value, floor), ceiling) for value in result[name]]
            ax.semilogy(drawn, style, color=PALETTE[colour], label=label, markersize=3)
        low, high = _decades(result)
        ax.set_ylim(10.0**low, 10.0**high)
        ax.axhspan(SMALL, LARGE, color="0.93", zorder=0)
        ax.set_xlabel("lag k (steps back)")
        ax.set_ylabel("gradient (last step = 1)")
        ax.set_title(
            f"{values['start']}, {values['activation']}, input {format_number(values['scale'])}",
            fontsize="medium",
        )
        ax.legend(fontsize="small")
        return figure


def _fate(result: dict) -> str:
    vanished, exploded, last = result["vanished"], result["exploded"], result["gradient"][-1]
    if result["open"] < N_LAGS and vanished is not None:
        rest = f"and is exactly 0 from lag {result['open'] + 1} on"
        return f"The gradient falls below 1 % at lag {vanished} {rest}"
    if vanished is not None and exploded is not None:
        low, high = f"falls below 1 % at lag {vanished}", f"rises above 100 times at lag {exploded}"
        first, second = (low, high) if vanished < exploded else (high, low)
        return f"The gradient {first} and {second}"
    left = f"and is {format_number(last)} times its size at lag {N_LAGS}"
    if vanished is not None:
        return f"The gradient falls below 1 % at lag {vanished} {left}"
    if exploded is not None:
        return f"The gradient rises above 100 times at lag {exploded} {left}"
    return f"The gradient stays between 1 % and 100 times its size {left}"


def _decades(result: dict) -> tuple[int, int]:
    """Powers of ten at the ends of the axis: all that is drawn, at least 1e-3 to 1e3."""
    drawn = [v for name in ("gradient", "radius", "bound") for v in result[name] if v > 0]
    low, high = math.floor(math.log10(min(drawn))), math.ceil(math.log10(max(drawn)))
    return max(min(low, -3), -DECADES), min(max(high, 3), DECADES)


@cache
def _starts() -> dict[str, dict]:
    """Four matrices of spectral radius 1, by name."""
    import numpy as np

    from ..starts import orthogonal

    rng = np.random.default_rng(4)
    gaussian = rng.normal(size=(N_UNITS, N_UNITS))
    return {
        "random Gaussian": _start(gaussian / _spectral_radius(gaussian)),
        "orthogonal": _start(orthogonal(N_UNITS, rng)),
        "identity": _start(np.eye(N_UNITS)),
        "non-normal chain": _start(np.eye(N_UNITS) + np.eye(N_UNITS, k=1)),
    }


def _start(matrix: np.ndarray) -> dict:
    """A matrix with what the page needs to know of it, as plain numbers."""
    import numpy as np

    x = np.random.default_rng(44).normal(size=(N_LAGS + 1, len(matrix)))
    sigma = float(np.linalg.norm(matrix, ord=2))
    return {"matrix": matrix.tolist(), "sigma": sigma, "x": x.tolist()}


def _own_start(recurrent_kernel: ArrayLike) -> tuple[dict, float]:
    """The learner's matrix, scaled to spectral radius 1, and the setting next to its own radius."""
    from ..arguments import real_array

    matrix = real_array("recurrent_kernel", recurrent_kernel).astype(float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) > MAX_UNITS:
        raise ValueError(
            f"recurrent_kernel must have shape (U, U) with U at most {MAX_UNITS}, "
            f"got {matrix.shape}"
        )
    radius = _spectral_radius(matrix)
    if not radius > 0:
        raise ValueError("recurrent_kernel must have an eigenvalue that is not 0, got none")
    setting = min(max(round(radius / 0.05) * 0.05, 0.5), 1.5)
    return _start(matrix / radius), round(setting, 2)


def _spectral_radius(matrix: np.ndarray) -> float:
    import numpy as np

    return float(np.abs(np.linalg.eigvals(matrix)).max())
