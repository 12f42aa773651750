"""The same weights behind another gate activation: how far an LSTM unit goes astray."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from .base import Choice, Explorer, Range, format_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N_STEPS = 40
PERIOD = 16  # steps of the input, a sine
FAR = 0.1  # a difference that one sees at a glance
HARD_OLD, HARD_NEW, SIGMOID = "hard_sigmoid, Keras 2", "hard_sigmoid, Keras 3", "sigmoid"
ACTIVATIONS: dict[str, Callable[[float], float]] = {
    HARD_OLD: lambda a: min(1.0, max(0.0, a / 5 + 0.5)),
    HARD_NEW: lambda a: min(1.0, max(0.0, a / 6 + 0.5)),
    SIGMOID: lambda a: 1 / (1 + math.exp(-a)),
}
# Of one unit, gates i, f, g, o as Keras lays them: input weight, recurrent weight.
KERNEL = (1.2, -0.8, 1.5, 0.9)
RECURRENT_KERNEL = (0.6, 0.7, -0.5, 0.4)


class MovedWeightsExplorer(Explorer):
    """An LSTM of one unit, run for 40 steps with two gate activations and the same weights.

    The numbers of :meth:`state`: ``x`` (40), ``h`` and ``h_moved`` (41 each, from ``h_0`` = 0),
    ``largest`` (largest difference of the states), ``at`` (its step), ``first_far`` (first step
    with a difference above 0.1, or None).

    Examples
    --------
    >>> MovedWeightsExplorer(moved="hard_sigmoid, Keras 2").state()["largest"]
    0.0
    """

    script = "moved_weights"
    title = "Weights moved to another gate activation"
    controls = (
        Choice("trained", "weights trained with", tuple(ACTIVATIONS), HARD_OLD),
        Choice("moved", "new layer uses", tuple(ACTIVATIONS), HARD_NEW),
        Range("size", "size of the weights", 0.2, 4.0, 0.1, 1.0),
        Range("b_f", "forget bias b_f", -2.0, 6.0, 0.1, 2.0),
    )

    def compute(self, values: dict) -> dict:
        """Return the states with either activation, and where they differ most."""
        x = [math.sin(2 * math.pi * t / PERIOD) for t in range(1, N_STEPS + 1)]
        h, moved = (
            _run(x, ACTIVATIONS[values[name]], values["size"], values["b_f"])
            for name in ("trained", "moved")
        )
        apart = [abs(one - other) for one, other in zip(h, moved, strict=True)]
        largest = max(apart)
        # Not the exact maximum: where it repeats, rounding would decide.
        at = next(t for t, size in enumerate(apart) if size >= largest * (1 - 1e-9))
        far = [t for t, size in enumerate(apart) if size > FAR]
        return {
            "x": x,
            "h": h,
            "h_moved": moved,
            "largest": largest,
            "at": at,
            "first_far": far[0] if far else None,
        }

    def sentence(self, values: dict, result: dict) -> str:
        """Say how far the states come apart."""
        if result["largest"] == 0:
            return "The same activation and the same weights: the same 40 states."
        apart = (
            f"The states differ by up to {format_number(result['largest'])}, at step {result['at']}"
        )
        if result["first_far"] is None:
            return f"{apart}; nothing says so but a comparison of numbers."
        return f"{apart}; the first difference above {FAR:g} comes at step {result['first_far']}."

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw the two activations beside the states that they give."""
        from matplotlib import pyplot as plt

        from ..plotting import PALETTE

        figure, (left, right) = plt.subplots(
            1, 2, figsize=(8, 3), width_ratios=(4, 5), layout="constrained"
        )
        places = [a / 10 for a in range(-60, 61)]
        for name, colour, style in (("trained", "blue", "-"), ("moved", "vermillion", "--")):
            heights = [ACTIVATIONS[values[name]](a) for a in places]
            left.plot(places, heights, style, color=PALETTE[colour], label=values[name])
        left.set_xlabel("gate before the activation")
        left.set_ylabel("gate")
        left.legend(fontsize="small", loc="lower right")
        steps = range(N_STEPS + 1)
        right.plot(steps, result["h"], color=PALETTE["blue"], label="as trained")
        right.plot(steps, result["h_moved"], "--", color=PALETTE["vermillion"], label="moved")
        right.set_ylim(-1.05, 1.05)
        right.set_xlabel("time step $t$")
        right.set_ylabel("state $h_t$")
        right.legend(fontsize="small")
        return figure


def _run(x: list[float], gate: Callable[[float], float], size: float, b_f: float) -> list[float]:
    """States of the unit from step 0 on."""
    h, c = 0.0, 0.0
    states = [h]
    for x_t in x:
        i, f, g, o = (
            size * (w_x * x_t + w_h * h) for w_x, w_h in zip(KERNEL, RECURRENT_KERNEL, strict=True)
        )
        c = gate(f + b_f) * c + gate(i) * math.tanh(g)
        h = gate(o) * math.tanh(c)
        states.append(h)
    return states
