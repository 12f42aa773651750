"""Figures of the course: one style, one palette, and a text alternative for every picture.

Every ``plot_x(..., ax=None)`` draws into the given axes (or new ones) and returns them. A lesson
shows its figure with :func:`show`, which demands the text alternative.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALETTE = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}
"""Eight colours that colour-blind readers tell apart (Okabe & Ito, 2008)."""

DIVERGING = "RdBu_r"
"""Colour map of signed values such as hidden states; white is zero."""

DPI = 110


def set_style() -> None:
    """Set the course's fonts, sizes and colour cycle for every later figure."""
    cycle = [PALETTE[name] for name in ("blue", "vermillion", "green", "orange", "purple", "sky")]
    mpl.rcParams.update(
        {
            "axes.grid": True,
            "axes.prop_cycle": mpl.cycler(color=cycle),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlelocation": "left",
            "axes.titlesize": 11,
            "figure.constrained_layout.use": True,
            "figure.figsize": (7.0, 3.0),
            "font.family": "DejaVu Sans",
            "font.size": 10,
            "grid.alpha": 0.3,
            "grid.linewidth": 0.6,
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "svg.hashsalt": "unrolled",
        }
    )


def figure_html(figure: Figure, alt: str) -> str:
    """Return ``figure`` as an HTML image with a text alternative.

    JupyterLab drops the ``alt`` of plain PNG outputs but keeps that of HTML images, which is why
    the course's figures are HTML.

    Parameters
    ----------
    figure : Figure
    alt : str
        What a reader who cannot see the picture needs to know; a sentence or two.

    Raises
    ------
    ValueError
        If ``alt`` is empty.
    """
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt must be a sentence that describes the figure, got {alt!r}")
    buffer = io.BytesIO()
    # No software version in the file: the same figure gives the same bytes.
    figure.savefig(buffer, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    width = round(figure.get_figwidth() * DPI)
    return (
        f'<img alt="{html.escape(alt, quote=True)}" width="{width}" '
        f'style="max-width: 100%" src="data:image/png;base64,{data}">'
    )


def show(figure: Figure, alt: str) -> None:
    """Display ``figure`` in the notebook with its text alternative, and close it.

    Parameters
    ----------
    figure : Figure
    alt : str
        The text alternative, see :func:`figure_html`.
    """
    from IPython.display import display

    display({"text/html": figure_html(figure, alt), "text/plain": alt}, raw=True)
    plt.close(figure)


def _axes(ax: Axes | None) -> Axes:
    return plt.subplots()[1] if ax is None else ax


def _label_ends(ax: Axes, ends: Mapping[str, tuple[float, float, str]]) -> None:
    """Write each line's name beside its last point, labels apart by a line of text."""
    low, high = ax.get_ylim()
    gap = (high - low) * 0.17 / ax.figure.get_figheight() * len(ax.figure.axes)
    lowest = -np.inf
    for name, (x_end, y_end, colour) in sorted(ends.items(), key=lambda item: item[1][1]):
        lowest = max(y_end, lowest + gap)
        ax.annotate(
            name,
            (x_end, lowest),
            xytext=(6, 0),
            textcoords="offset points",
            color=colour,
            va="center",
        )


def plot_sequences(
    sequences: Mapping[str, np.ndarray],
    ax: Axes | None = None,
    *,
    ylabel: str = "value",
    markers: bool = True,
) -> Axes:
    """Draw one-dimensional sequences over the time step, each labelled at its end.

    Parameters
    ----------
    sequences : mapping of str to array (T,)
        Name and values of each line; lengths may differ.
    ax : Axes, optional
    ylabel : str
        What the values are, with their unit if they have one.
    markers : bool
        Mark every step; leave out for more than some 50 steps.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a sequence is not one-dimensional.
    """
    ax = _axes(ax)
    ends = {}
    for name, values in sequences.items():
        values = np.asarray(values)
        if values.ndim != 1:
            raise ValueError(
                f"sequences[{name!r}] must be one-dimensional (T,), got shape {values.shape}"
            )
        (line,) = ax.plot(
            np.arange(1, len(values) + 1), values, marker="o" if markers else None, markersize=4
        )
        ends[name] = (len(values), float(values[-1]), line.get_color())
    _label_ends(ax, ends)
    ax.set_xlabel("time step t")
    ax.set_ylabel(ylabel)
    return ax


def plot_hidden_states(
    h: np.ndarray, ax: Axes | None = None, *, limit: float | None = 1.0, title: str = ""
) -> Axes:
    """Draw the hidden states of one sequence as a heat map: a row a unit, a column a step.

    Parameters
    ----------
    h : array (T, U)
        Hidden states of one sequence.
    ax : Axes, optional
    limit : float, optional
        End of the colour scale, which runs from ``-limit`` to ``limit``; 1 suits tanh units.
        With None the largest absolute value is taken.
    title : str

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If ``h`` does not have two axes.
    """
    h = np.asarray(h)
    if h.ndim != 2:
        raise ValueError(f"h must have shape (T, U) (one sequence), got {h.shape}")
    ax = _axes(ax)
    if limit is None:
        limit = float(np.abs(h).max()) or 1.0
    n_steps, n_units = h.shape
    image = ax.imshow(
        h.T,
        aspect="auto",
        cmap=DIVERGING,
        vmin=-limit,
        vmax=limit,
        interpolation="nearest",
        extent=(0.5, n_steps + 0.5, n_units - 0.5, -0.5),
    )
    ax.grid(False)
    ax.set_xlabel("time step t")
    ax.set_ylabel("hidden unit")
    ax.set_yticks(range(0, n_units, max(1, n_units // 8)))
    ax.set_title(title)
    ax.figure.colorbar(image, ax=ax, label="activation h")
    return ax


def plot_probabilities(
    probabilities: np.ndarray,
    labels: Sequence[str],
    ax: Axes | None = None,
    *,
    highlight: int | None = None,
) -> Axes:
    """Draw one distribution over classes as labelled bars.

    Parameters
    ----------
    probabilities : array (V,)
        Non-negative numbers that sum to 1.
    labels : sequence of str
        V names.
    ax : Axes, optional
    highlight : int, optional
        Index of the bar to mark, usually the true class.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the two lengths differ or the probabilities do not sum to 1.
    """
    probabilities = np.asarray(probabilities)
    if probabilities.shape != (len(labels),):
        raise ValueError(
            f"probabilities must have shape ({len(labels)},), one a label, "
            f"got {probabilities.shape}"
        )
    if not np.isclose(probabilities.sum(), 1.0, atol=1e-6):
        raise ValueError(f"probabilities must sum to 1, got {probabilities.sum():.6g}")
    ax = _axes(ax)
    colours = [PALETTE["sky"]] * len(labels)
    if highlight is not None:
        colours[highlight] = PALETTE["vermillion"]
    ax.bar(range(len(labels)), probabilities, color=colours)
    ax.set_xticks(range(len(labels)), labels)
    ax.set_xlabel("class")
    ax.set_ylabel("probability")
    ax.grid(axis="x", visible=False)
    return ax
