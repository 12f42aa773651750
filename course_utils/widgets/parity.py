"""Two recurrent units, set by hand, that compute the running parity of a string of bits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .base import Explorer, Range, Toggle, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_STEPS = 12
START = "110100010110"
ODD_EVEN = ("even", "odd")


class ParityExplorer(Explorer):
    """Step bits through the two-unit parity network of lesson 01.

    ``OR`` fires if the new bit, the old parity or both are one, ``AND`` if both are; the parity
    is ``OR`` without ``AND``. The units are tanh units, -1 off and 1 on, so the old parity is
    half their difference. All weights into them are multiplied by ``gain``.

    The numbers of :meth:`state`: ``x`` (12 bits), ``h_or``, ``h_and``, ``y`` and ``odd`` (13, from
    step 0, before the first bit; ``odd`` is the true parity), ``answer`` (13, 1 where ``y`` is
    above 0), ``ones`` (among the first ``t`` bits), ``n_right`` (steps 1 to 12 with a right
    answer), ``first_wrong`` (step or None).

    Examples
    --------
    >>> ParityExplorer(t=3).state()["ones"]
    2
    """

    script = "parity"
    title = "Parity with two units"
    controls = (
        *(Toggle(f"x_{t}", f"x_{t}", bit == "1") for t, bit in enumerate(START, start=1)),
        Range("t", "step t", 0, N_STEPS, 1, 4),
        Range("gain", "gain of the weights", 0.5, 10.0, 0.5, 5.0),
    )

    def compute(self, values: dict) -> dict:
        """Return the units, the answers and the true parity at every step."""
        x = [int(values[f"x_{t}"]) for t in range(1, N_STEPS + 1)]
        h_or, h_and, odd = [0.0], [0.0], [0]
        for x_t in x:
            total = x_t + (h_or[-1] - h_and[-1]) / 2
            h_or.append(math.tanh(values["gain"] * (total - 0.5)))
            h_and.append(math.tanh(values["gain"] * (total - 1.5)))
            odd.append(odd[-1] ^ x_t)
        y = [one - both - 1 for one, both in zip(h_or, h_and, strict=True)]
        answer = [int(y_t > 0) for y_t in y]
        wrong = [t for t in range(1, N_STEPS + 1) if answer[t] != odd[t]]
        return {
            "x": x,
            "h_or": h_or,
            "h_and": h_and,
            "y": y,
            "odd": odd,
            "answer": answer,
            "ones": sum(x[: values["t"]]),
            "n_right": N_STEPS - len(wrong),
            "first_wrong": wrong[0] if wrong else None,
        }

    def sentence(self, values: dict, result: dict) -> str:
        """Say where the units stand, what the network answers, and how often it is right."""
        t = values["t"]
        h_or, h_and, y = (format_number(result[name][t]) for name in ("h_or", "h_and", "y"))
        right = "right" if result["answer"][t] == result["odd"][t] else "wrong"
        first = result["first_wrong"]
        return (
            f"{_progress(t, result['ones'])}, OR is at {h_or} and AND at {h_and}, "
            f"so y_{t} = {y} says {ODD_EVEN[result['answer'][t]]}, which is {right}; "
            f"of the {N_STEPS} steps the network has {result['n_right']} right"
            + (f", the first error at step {first}." if first else ".")
        )

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw units and read-out at step t, above all bits, units and answers."""
        from matplotlib import pyplot as plt

        figure, (above, below) = plt.subplots(
            2, 1, figsize=(7, 4), height_ratios=(1, 2), layout="constrained"
        )
        _draw_step(above, values, result)
        _draw_string(below, values, result)
        return figure


def _progress(t: int, ones: int) -> str:
    if t == 0:
        return "Before the first bit"
    bits = "1 bit" if t == 1 else f"{t} bits"
    return f"After {bits} with {ones} {'one' if ones == 1 else 'ones'}"


def _draw_step(ax: Axes, values: dict, result: dict) -> None:
    """Bars of the two units and the read-out."""
    from ..plotting import PALETTE

    names = ("y", "h_and", "h_or")
    bars = [result[name][values["t"]] for name in names]
    colours = [PALETTE["vermillion"], PALETTE["blue"], PALETTE["blue"]]
    ax.barh(["y_t", "AND", "OR"], bars, color=colours)
    ax.axvline(0, color="0.3", linewidth=1)
    ax.set_xlim(-1.05, 1.05)
    ax.set_xlabel(f"value at step t = {values['t']}; y above 0 says odd")
    ax.grid(axis="y", visible=False)


def _draw_string(ax: Axes, values: dict, result: dict) -> None:
    """One column a step: bit, units, answer, parity; a cross where the answer is wrong."""
    from matplotlib.patches import Rectangle

    from ..plotting import PALETTE

    units = [result["h_or"], result["h_and"]]
    ax.imshow(units, cmap="Blues", vmin=-1, vmax=2.6, extent=(-0.5, N_STEPS + 0.5, 3.5, 1.5))
    rows = {
        "bit x_t": ["", *result["x"]],
        "OR": [format_number(round(h, 1)) for h in result["h_or"]],
        "AND": [format_number(round(h, 1)) for h in result["h_and"]],
        "network": result["answer"],
        "parity": result["odd"],
    }
    for row, texts in enumerate(rows.values(), start=1):
        for t, text in enumerate(texts):
            ax.text(t, row, text, ha="center", va="center", fontsize=9)
    for t in range(1, N_STEPS + 1):
        if result["answer"][t] != result["odd"][t]:
            ax.plot(t, 4, marker="x", markersize=14, color=PALETTE["vermillion"])
    ax.add_patch(Rectangle((values["t"] - 0.5, 0.5), 1, 5, fill=False, linewidth=2))
    ax.set_xlim(-0.55, N_STEPS + 0.55)
    ax.set_ylim(5.55, 0.45)
    ax.set_aspect("auto")
    ax.set_xticks(range(N_STEPS + 1))
    ax.set_yticks(range(1, 6), list(rows))
    ax.set_xlabel("time step t")
    ax.grid(False)
