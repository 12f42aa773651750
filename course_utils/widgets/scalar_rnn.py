"""One recurrent unit: what it does with an impulse, a step and a sine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .base import Choice, Explorer, Range, format_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N_STEPS = 40
ONSET = 5  # step at which impulse and step begin; before it the unit is alone
FORGOTTEN = 0.05  # share of an impulse's largest effect
SETTLED = 0.01  # share of the last state


class ScalarRNNExplorer(Explorer):
    """``h_t = tanh(w_x x_t + w_h h_{t-1} + b)``, one number at each step, for 40 steps.

    The numbers of :meth:`state`: ``x`` (40), ``h`` (41, ``h[0]`` is ``h_0``), ``rest`` (41, the
    states without any input), ``peak`` (largest effect of the input, ``h - rest``),
    ``peak_step``, ``halved`` and ``forgotten`` (steps after the peak until the effect stays below
    50 % and 5 % of it), ``settled`` (steps of input until the state stays within 1 % of its last
    value), ``low`` and ``high`` (of the state, over the last period of the sine). What does not
    happen within the 40 steps is None.

    Examples
    --------
    >>> ScalarRNNExplorer(w_h=0.5).state()["forgotten"]
    5
    """

    script = "scalar_rnn"
    title = "One recurrent unit"
    controls = (
        Choice("signal", "input", ("impulse", "step", "sine"), "impulse"),
        Range("amplitude", "size of the input", 0.0, 2.0, 0.05, 1.0),
        Range("period", "sine period (steps)", 4, 40, 1, 20, used_with=("signal", "sine")),
        Choice("activation", "activation", ("tanh", "linear"), "tanh"),
        Range("w_h", "recurrent weight w_h", -2.0, 2.0, 0.05, 0.9),
        Range("w_x", "input weight w_x", -2.0, 2.0, 0.05, 0.5),
        Range("b", "bias b", -1.0, 1.0, 0.05, 0.0),
        Range("h_0", "initial state h_0", -1.0, 1.0, 0.05, 0.0),
    )

    def compute(self, values: dict) -> dict:
        """Return the states with and without input, and how long the input is remembered."""
        x = _signal(values)
        h, rest = _run(x, values), _run([0.0] * N_STEPS, values)
        effect = [abs(with_input - without) for with_input, without in zip(h, rest, strict=True)]
        peak = max(effect)
        # Not the exact maximum: on a plateau rounding would decide where that is.
        peak_step = next(t for t, size in enumerate(effect) if size >= peak * (1 - 1e-9))
        away = [abs(state - h[-1]) for state in h]
        last_period = h[-values["period"] :]
        return {
            "x": x,
            "h": h,
            "rest": rest,
            "peak": peak,
            "peak_step": peak_step,
            "halved": _stays_below(0.5 * peak, effect, peak_step),
            "forgotten": _stays_below(FORGOTTEN * peak, effect, peak_step),
            "settled": _stays_below(SETTLED * abs(h[-1]), away, ONSET - 1, at_least=3),
            "low": min(last_period),
            "high": max(last_period),
        }

    def sentence(self, values: dict, result: dict) -> str:
        """Say how long an impulse stays, where a step leads, or how far a sine swings."""
        if result["peak"] == 0:
            return "The input adds 0 to the state at every step: what you see is h_0 and b alone."
        return {"impulse": _impulse, "step": _step, "sine": _sine}[values["signal"]](values, result)

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw the input above the state, over the same steps."""
        from matplotlib import pyplot as plt

        from ..plotting import PALETTE

        figure, (above, below) = plt.subplots(
            2, 1, figsize=(7, 4), sharex=True, height_ratios=(1, 2), layout="constrained"
        )
        steps = range(N_STEPS + 1)
        above.stem(
            steps[1:], result["x"], linefmt=PALETTE["vermillion"], markerfmt="o", basefmt=" "
        )
        above.set_ylim(-2.2, 2.2)
        above.set_ylabel("input $x_t$")
        below.plot(steps, result["rest"], "--", color="0.45")
        below.plot(steps, result["h"], "o-", color=PALETTE["blue"], markersize=4)
        if values["activation"] == "tanh":
            below.set_ylim(-1.1, 1.1)
        below.set_ylabel("state $h_t$")
        below.set_xlabel("time step $t$")
        below.set_title(_formula(values), fontsize="medium")
        if any(result["rest"]):
            below.set_title(
                "dashed: without the input", loc="right", color="0.45", fontsize="small"
            )
        return figure


def _signal(values: dict) -> list[float]:
    """Inputs of the steps 1 to 40."""
    size, period = values["amplitude"], values["period"]
    shape = {
        "impulse": lambda t: float(t == ONSET),
        "step": lambda t: float(t >= ONSET),
        "sine": lambda t: math.sin(2 * math.pi * t / period),
    }[values["signal"]]
    return [size * shape(t) for t in range(1, N_STEPS + 1)]


def _run(x: list[float], values: dict) -> list[float]:
    """States from step 0 on."""
    squash = math.tanh if values["activation"] == "tanh" else float
    states = [values["h_0"]]
    for x_t in x:
        total = values["w_x"] * x_t + values["w_h"] * states[-1] + values["b"]
        states.append(squash(total))
    return states


def _stays_below(limit: float, sizes: list[float], start: int, at_least: int = 1) -> int | None:
    """Steps from ``start`` until ``sizes`` stay at or below ``limit`` to the end."""
    above = [t for t in range(start, len(sizes)) if sizes[t] > limit]
    first = above[-1] + 1 if above else start
    return first - start if first <= len(sizes) - at_least else None


def _impulse(values: dict, result: dict) -> str:
    effect = abs(result["h"][-1] - result["rest"][-1])
    if values["activation"] == "linear" and result["peak_step"] > ONSET:
        growth = effect / abs(result["h"][ONSET] - result["rest"][ONSET])
        return (
            f"The impulse grows: {N_STEPS - ONSET} steps later its effect is "
            f"{format_number(growth)} times as large as at first."
        )
    turning = ", with a new sign at each step" if values["w_h"] < 0 else ""
    moved = f"The impulse moves the state by at most {format_number(result['peak'])}{turning}; "
    if result["forgotten"] is None:
        left = format_number(100 * effect / result["peak"])
        return f"{moved}{left} % of that is left at the end, {N_STEPS - ONSET} steps later."
    return (
        f"{moved}half of that is gone after {_steps(result['halved'])}, "
        f"and less than 5 % is left after {_steps(result['forgotten'])}."
    )


def _step(values: dict, result: dict) -> str:
    before, last = (format_number(state) for state in result["h"][-2:])
    if result["settled"] is None:
        return (
            f"The state has not settled after {_steps(N_STEPS - ONSET + 1)} of input: "
            f"the last two states are {before} and {last}."
        )
    return (
        f"The state settles at {last}: "
        f"after {_steps(result['settled'])} of input it stays within 1 % of that."
    )


def _sine(values: dict, result: dict) -> str:
    low, high = result["low"], result["high"]
    gain = (high - low) / (max(result["x"]) - min(result["x"]))
    return (
        f"Over the last period the state runs from {format_number(low)} to {format_number(high)}: "
        f"it swings {format_number(gain)} times as far as the input."
    )


def _steps(number: int) -> str:
    return f"{number} step" if number == 1 else f"{number} steps"


def _formula(values: dict) -> str:
    """The recurrence with the values of now, in mathtext."""
    total = f"{values['w_x']:.2f}\\,x_t {values['w_h']:+.2f}\\,h_{{t-1}} {values['b']:+.2f}"
    return f"$h_t = \\tanh({total})$" if values["activation"] == "tanh" else f"$h_t = {total}$"
