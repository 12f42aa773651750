"""A batch of sequences, and what each kind of slice takes out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..arguments import real_array
from .base import Choice, Explorer, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ALL = "all"
LARGEST = (6, 12, 6)  # sequences, steps and features that can be drawn

MEANING = {
    (): "the whole batch, {N} sequences of {T} steps with {D} features",
    ("n",): "sequence {n} alone, {T} steps with {D} features",
    ("t",): "step {t} of every sequence, which is what the network reads at once",
    ("d",): "feature {d} of every sequence at every step",
    ("n", "t"): "the {D} features of sequence {n} at step {t}",
    ("n", "d"): "feature {d} of sequence {n} over its {T} steps",
    ("t", "d"): "feature {d} at step {t}, one number a sequence",
    ("n", "t", "d"): "one number, {number}",
}
"""What a slice means, by the axes of which one index is taken."""


class BatchSlicer(Explorer):
    """Take a sequence, a step or a feature out of a batch ``x`` of shape (N, T, D).

    The numbers of :meth:`state`: ``expression`` (``"x[:, 2, :]"``), ``shape`` and ``slice`` of
    what it gives.

    Parameters
    ----------
    x : array (N, T, D), optional
        At most 6 sequences, 12 steps and 6 features. Without it the numbers name their own
        place: ``x[2, 3, 1]`` is 231.
    **values
        Where the controls ``n``, ``t`` and ``d`` start: ``"all"`` or an index as text.

    Raises
    ------
    TypeError
        If ``x`` does not hold real numbers.
    ValueError
        If ``x`` has another number of axes, is too large to draw or not finite, or if a control
        cannot take its value.

    Examples
    --------
    >>> BatchSlicer().describe(t="2")
    'x[:, 2, :] has shape (4, 3): step 2 of every sequence, which is what the network reads at once.'
    """

    script = "batch_slicer"
    title = "Slices of a batch"

    def __init__(self, x: Any = None, **values: Any) -> None:
        if x is None:
            n, t, d = np.ogrid[:4, :5, :3]
            x = 100 * n + 10 * t + d
        self.x = _drawable(x)
        self.data = {"x": self.x.tolist()}
        self.controls = tuple(
            Choice(name, label, (ALL, *map(str, range(size))), start)
            for name, label, size, start in zip(
                "ntd",
                ("sequence n", "step t", "feature d"),
                self.x.shape,
                (ALL, "2", ALL),
                strict=True,
            )
        )
        super().__init__(**values)

    def compute(self, values: dict) -> dict:
        """Return the NumPy expression, and the shape and the numbers of the slice."""
        index = tuple(slice(None) if values[a] == ALL else int(values[a]) for a in "ntd")
        written = (":" if values[axis] == ALL else values[axis] for axis in "ntd")
        taken = self.x[index]
        return {
            "expression": f"x[{', '.join(written)}]",
            "shape": list(taken.shape),
            "slice": taken.tolist(),
        }

    def sentence(self, values: dict, result: dict) -> str:
        """Say which shape the slice has and what it means."""
        number = "" if result["shape"] else format_number(result["slice"])
        sizes = dict(zip("NTD", self.x.shape, strict=True))
        fixed = tuple(axis for axis in "ntd" if values[axis] != ALL)
        meaning = MEANING[fixed].format(number=number, **sizes, **values)
        return f"{result['expression']} has shape {tuple(result['shape'])}: {meaning}."

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw every sequence as a table of steps and features, the slice marked."""
        from matplotlib import pyplot as plt

        n_sequences, n_steps, _ = self.x.shape
        figure, axes = plt.subplots(
            1, n_sequences, figsize=(7, 0.8 + 0.28 * n_steps), squeeze=False, layout="constrained"
        )
        for n, ax in enumerate(axes[0]):
            ax.set_title(f"n = {n}", loc="center", fontsize="medium")
            _draw_sequence(ax, self.x[n], self._taken(values)[n])
        axes[0, 0].set_ylabel("step t")
        figure.supxlabel(f"feature d        {result['expression']} is marked", fontsize="medium")
        return figure

    def _taken(self, values: dict) -> np.ndarray:
        """Which cells the slice takes, (N, T, D)."""
        places = np.indices(self.x.shape)
        return np.all(
            [
                (place == int(values[axis])) if values[axis] != ALL else np.ones_like(place, bool)
                for axis, place in zip("ntd", places, strict=True)
            ],
            axis=0,
        )


def _drawable(x: Any) -> np.ndarray:
    x = real_array("x", x, empty=True)
    if x.ndim != 3:
        raise ValueError(f"x must have 3 axes (N, T, D), got shape {x.shape}")
    if not all(1 <= size <= most for size, most in zip(x.shape, LARGEST, strict=True)):
        raise ValueError(f"x must have a shape from (1, 1, 1) to {LARGEST}, got {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError("x must hold finite numbers only")
    return x


def _draw_sequence(ax: Axes, sequence: np.ndarray, taken: np.ndarray) -> None:
    from matplotlib.patches import Rectangle

    from ..plotting import PALETTE

    n_steps, n_features = sequence.shape
    for t, d in np.ndindex(n_steps, n_features):
        colour = PALETTE["sky"] if taken[t, d] else "white"
        ax.add_patch(Rectangle((d - 0.5, t - 0.5), 1, 1, facecolor=colour, edgecolor="0.7"))
        weight = "bold" if taken[t, d] else "normal"
        number = format_number(sequence[t, d])
        ax.text(d, t, number, ha="center", va="center", fontsize=8, fontweight=weight)
    ax.set_xlim(-0.5, n_features - 0.5)
    ax.set_ylim(n_steps - 0.5, -0.5)
    ax.set_xticks(range(n_features))
    ax.set_yticks(range(n_steps))
    ax.tick_params(length=0)
    ax.grid(False)
