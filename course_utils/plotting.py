"""Figures of the course: one style, one palette, and a text alternative for every picture.

Every ``plot_x(..., ax=None)`` draws into the given axes (or new ones) and returns them. A lesson
shows its figure with :func:`show`, which demands the text alternative.
"""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler
from numpy.typing import ArrayLike

from course_utils.arguments import flag, instance, number, real_array, strings, whole_number

if TYPE_CHECKING:
    from matplotlib.typing import ColorType

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
            "axes.prop_cycle": cycler(color=cycle),
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
    instance("figure", figure, Figure, "a matplotlib figure")
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
    return plt.subplots()[1] if ax is None else instance("ax", ax, Axes, "matplotlib axes")


def _curves(name: str, curves: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    instance(name, curves, Mapping, "a dictionary from name to array")
    if not curves:
        raise ValueError(f"{name} must hold at least one array, got none")
    return {key: real_array(f"{name}[{key!r}]", values, ("T",)) for key, values in curves.items()}


def _label_ends(ax: Axes, ends: Mapping[str, tuple[float, float, ColorType]]) -> None:
    """Write each line's name beside its last point, labels apart by a line of text."""
    low, high = ax.get_ylim()
    inches = ax.figure.bbox.height / ax.figure.dpi
    gap = (high - low) * 0.17 / inches * len(ax.figure.axes)
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
        If a sequence is empty or not one-dimensional.
    """
    sequences, marker = _curves("sequences", sequences), "o" if flag("markers", markers) else None
    ax, ends = _axes(ax), {}
    for name, values in sequences.items():
        (line,) = ax.plot(np.arange(1, len(values) + 1), values, marker=marker, markersize=4)
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
    h = real_array("h", h, ("T", "U"))
    limit = float(np.abs(h).max()) or 1.0 if limit is None else number("limit", limit, 0)
    ax = _axes(ax)
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
        If the two lengths differ, a probability is negative, or they do not sum to 1.
    """
    labels = strings("labels", labels)
    probabilities = real_array("probabilities", probabilities, (len(labels),))
    if probabilities.min(initial=0.0) < 0:
        raise ValueError(f"probabilities must be at least 0, got {probabilities.min():.6g}")
    if not np.isclose(probabilities.sum(), 1.0, atol=1e-6):
        raise ValueError(f"probabilities must sum to 1, got {probabilities.sum():.6g}")
    colours = [PALETTE["sky"]] * len(labels)
    if highlight is not None:
        place = whole_number("highlight", highlight, 0, len(labels) - 1)
        colours[place] = PALETTE["vermillion"]
    ax = _axes(ax)
    ax.bar(range(len(labels)), probabilities, color=colours)
    ax.set_xticks(range(len(labels)), labels)
    ax.set_xlabel("class")
    ax.set_ylabel("probability")
    ax.grid(axis="x", visible=False)
    return ax


def plot_unrolled_graph(
    factors: ArrayLike,
    loss_step: int,
    *,
    truncation: int | None = None,
    paths: ArrayLike | None = None,
    weight: str = "w_h",
    ax: Axes | None = None,
) -> Axes:
    """Draw an unrolled network and the way of one step's gradient back through it.

    Parameters
    ----------
    factors : sequence of T floats
        What each step multiplies a gradient by on the way from its state to the one before.
    loss_step : int
        Step whose loss is followed, 1 to T.
    truncation : int, optional
        Number of steps that the gradient goes through; all of them unless given.
    paths : sequence of T floats, optional
        What each step adds to the gradient of the weight; drawn as bars below.
    weight : str
        The weight's name in mathtext.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a step or the truncation is out of range, or the lengths differ.
    """
    factors = real_array("factors", factors, ("T",), finite=True)
    n_steps = len(factors)
    loss_step = whole_number("loss_step", loss_step, 1, n_steps)
    truncation = loss_step if truncation is None else whole_number("truncation", truncation, 1)
    if paths is not None:
        paths = real_array("paths", paths, (n_steps,), finite=True)
    ax = _axes(ax)
    first_kept = max(1, loss_step - truncation + 1)
    _draw_unrolled_states(ax, factors, loss_step, first_kept)
    if paths is not None:
        _draw_path_bars(ax, paths, loss_step, first_kept)
        ax.text(-0.3, -1.15, f"what each step adds to the gradient of ${weight}$", va="center")
    if first_kept > 1:
        # In two parts: the title of the bars stands between them.
        for part in [(0.55, -0.9), (-1.4, -2.9)][: 1 if paths is None else 2]:
            ax.plot([first_kept - 0.5] * 2, part, ":", color="k")
        ax.text(first_kept - 0.5, 0.62, "cut", ha="center", va="bottom", fontsize=9)
    ax.set_xlim(-0.45, n_steps + 0.55)
    ax.set_ylim(-3.1 if paths is not None else -1.0, 1.6)
    ax.set_xticks(range(1, n_steps + 1))
    ax.set_xlabel("time step t")
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.grid(False)
    return ax


def _draw_unrolled_states(ax: Axes, factors: np.ndarray, loss_step: int, first_kept: int) -> None:
    """States in a row, inputs below, the loss above; kept arrows point back, others forwards."""
    kept_colour, soft = PALETTE["vermillion"], "0.55"

    def arrow(start: tuple[float, float], end: tuple[float, float], colour: str, **style) -> None:
        ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, **style})

    arrow((loss_step, 1.15), (loss_step, 0.3), kept_colour, linewidth=2)
    ax.text(loss_step, 1.3, f"$L_{{{loss_step}}}$", ha="center", va="center", color=kept_colour)
    for t in range(len(factors) + 1):
        kept = first_kept <= t <= loss_step
        ax.plot(
            t,
            0,
            "o",
            markersize=19,
            color=kept_colour if kept else "white",
            markeredgecolor=kept_colour if kept else soft,
        )
        ink = "white" if kept else "black"
        ax.text(t, 0, f"$h_{{{t}}}$", ha="center", va="center", color=ink, fontsize=9)
        if t == 0:
            continue
        ax.text(t, -0.8, f"$x_{{{t}}}$", ha="center", va="center", color=soft, fontsize=9)
        arrow((t, -0.62), (t, -0.3), soft)
        if kept and t > first_kept:
            arrow((t - 0.22, 0), (t - 0.78, 0), kept_colour, linewidth=2)
            label = f"×{factors[t - 1]:.2f}"
            ax.text(t - 0.5, 0.33, label, ha="center", color=kept_colour, fontsize=8)
        else:
            dashed = "--" if t <= first_kept else "-"
            arrow((t - 0.78, 0), (t - 0.22, 0), soft, linestyle=dashed)


def _draw_path_bars(ax: Axes, paths: np.ndarray, loss_step: int, first_kept: int) -> None:
    """Bars on an axis of their own scale, between -1.6 and -2.8 of the picture."""
    low, high = min(0.0, *paths), max(0.0, *paths)
    scale = 1.0 / (high - low or 1.0)
    zero = -2.75 - low * scale
    ax.plot([0.5, len(paths) + 0.5], [zero, zero], color="0.6", linewidth=0.8)
    for t, value in enumerate(paths[:loss_step], start=1):
        kept = t >= first_kept
        colour = PALETTE["vermillion"] if kept else "white"
        edge = PALETTE["vermillion"] if kept else "0.55"
        ax.bar(t, value * scale, 0.5, zero, color=colour, edgecolor=edge)
        above = value >= 0
        ax.text(
            t,
            zero + value * scale + (0.06 if above else -0.06),
            f"{value:.2f}",
            ha="center",
            va="bottom" if above else "top",
            fontsize=8,
            color=edge,
        )


def plot_gradient_by_lag(norms: Mapping[str, np.ndarray], ax: Axes | None = None) -> Axes:
    """Draw gradient norms against lag on a logarithmic axis; a constant factor is a straight line.

    Parameters
    ----------
    norms : mapping of str to array (T,)
        Name and norm at lag 0, 1, ... of each curve, as from ``gradients.gradient_by_lag``. Zeros,
        which have no logarithm, are left out.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a curve is not one-dimensional or has negative values.
    """
    norms = _curves("norms", norms)
    for name, values in norms.items():
        if (values < 0).any():
            raise ValueError(
                f"norms[{name!r}] must hold numbers of at least 0, got {values.min():g}"
            )
    ax = _axes(ax)
    for name, values in norms.items():
        ax.plot(np.arange(len(values)), np.where(values > 0, values, np.nan), label=name)
    ax.set_yscale("log")
    ax.set_xlabel("lag k (steps back)")
    ax.set_ylabel("gradient norm")
    ax.legend()
    return ax


def plot_loss_curves(
    runs: Mapping[str, Sequence[np.ndarray]],
    ax: Axes | None = None,
    *,
    baseline: float | None = None,
    xlabel: str = "update",
    ylabel: str = "loss",
) -> Axes:
    """Draw the median of several runs as a line and their range as a band.

    Parameters
    ----------
    runs : mapping of str to sequence of array (n_updates,)
        Name, and one loss curve for each seed; the curves of a name are equally long.
    ax : Axes, optional
    baseline : float, optional
        Loss of the best constant answer, drawn as a dashed line.
    xlabel, ylabel : str

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the curves of a name do not form an array (n_seeds, n_updates).
    """
    instance("runs", runs, Mapping, "a dictionary from name to curves")
    curves = {
        name: real_array(f"runs[{name!r}]", losses, ("n_seeds", "n_updates"))
        for name, losses in runs.items()
    }
    if baseline is not None:
        baseline = number("baseline", baseline, -math.inf)
    ax = _axes(ax)
    for name, losses in curves.items():
        updates = np.arange(1, losses.shape[1] + 1)
        (line,) = ax.plot(updates, np.median(losses, axis=0), label=f"{name} (median)")
        ax.fill_between(
            updates, losses.min(axis=0), losses.max(axis=0), color=line.get_color(), alpha=0.2
        )
    if baseline is not None:
        ax.axhline(baseline, color=PALETTE["black"], linestyle="--", linewidth=1, label="baseline")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.legend()
    return ax
