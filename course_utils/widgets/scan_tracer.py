"""Which value scan hands to which argument of the step function, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .base import Choice, Explorer, Range, Toggle, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_STEPS = 6
LINE = 0.19  # inches, of a line of code in the figure
SEQUENCES = {"x": [1, 3, 2, 5, 4, 2], "z": [2, 0, 1, 1, 0, 2]}
STARTS = {"none": [], "one step back": [1], "two steps back": [2, 1]}  # the oldest first
CONSTANTS = {"a": 2, "b": 3}

IN_ORDER, OUTPUTS_FIRST, CONSTANTS_FIRST = (
    "in the order of scan",
    "previous outputs first",
    "non-sequences first",
)
KINDS = {"x_t": 0, "z_t": 0, "y_2": 1, "y_1": 1, "a": 2, "b": 2}
"""Of each parameter: 0 an element of a sequence, 1 a previous output, 2 a non-sequence."""
WRITTEN = {IN_ORDER: (0, 1, 2), OUTPUTS_FIRST: (1, 0, 2), CONSTANTS_FIRST: (2, 0, 1)}


class ScanTracerExplorer(Explorer):
    """Switch the arguments of ``theano.scan`` on and off and step through the loop.

    The numbers of :meth:`state`: ``parameters`` (as written), ``sources`` (what scan passes, in
    its own order), ``passed`` (their values at step ``t``), ``misplaced`` (how many land under a
    wrong name), ``outputs`` (of the 6 steps) and ``intended`` (what they would be with the
    parameters in the right order).

    Examples
    --------
    >>> tracer = ScanTracerExplorer(t=1)
    >>> tracer.state()["sources"], tracer.state()["passed"]
    (['x[1]', 'y[0]', 'a'], [3, 3, 2])
    """

    script = "scan_tracer"
    title = "What scan passes to the step function"
    controls = (
        Range("t", "step t", 0, N_STEPS - 1, 1, 0),
        Choice("outputs", "outputs_info: y looks back", tuple(STARTS), "one step back"),
        Toggle("x", "sequence x", True),
        Toggle("z", "sequence z", False),
        Toggle("a", "non-sequence a", True),
        Toggle("b", "non-sequence b", False),
        Choice("order", "parameters of step, written", tuple(WRITTEN), IN_ORDER),
    )
    data = {  # noqa: RUF012  (replaced, never changed)
        "sequences": SEQUENCES,
        "starts": STARTS,
        "constants": CONSTANTS,
    }

    def compute(self, values: dict) -> dict:
        """Return what scan passes at step t, and all outputs."""
        slots, parameters = _slots(values), _parameters(values)
        outputs = _run(values, slots, parameters)
        t = values["t"]
        return {
            "parameters": parameters,
            "sources": [_source(slot, t, values) for slot in slots],
            "passed": [_value(slot, t, values, outputs) for slot in slots],
            "misplaced": sum(
                KINDS[slot] != KINDS[name] for slot, name in zip(slots, parameters, strict=True)
            ),
            "outputs": outputs,
            "intended": _run(values, slots, slots),
        }

    def sentence(self, values: dict, result: dict) -> str:
        """Say what the step gets and gives, and what a wrong order of parameters costs."""
        t = values["t"]
        call = f"step({', '.join(map(format_number, result['passed']))})"
        output = format_number(result["outputs"][t])
        if not result["passed"]:
            return f"At t = {t} scan calls step() with nothing to pass, and y[{t}] = {output}."
        *others, last = result["sources"]
        sources = f"{', '.join(others)} and {last}" if others else last
        said = (
            f"At t = {t} scan calls {call} with {sources}, and the step returns y[{t}] = {output}"
        )
        if not result["misplaced"]:
            return f"{said}."
        intended = format_number(result["intended"][t])
        names = f"{result['misplaced']} of these land under a wrong name"
        if output == intended:
            return f"{said}, which is right by luck: {names}."
        return f"{said} in place of {intended}, for {names}."

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw the code, the arrays with the cells of step t marked, and the arguments."""
        from matplotlib import pyplot as plt

        rows = _rows(values, result)
        call, arguments = _call_lines(values), _argument_lines(values, result)
        heights = (LINE * len(call) + 0.1, 0.34 * (len(rows) + 1), LINE * len(arguments) + 0.1)
        figure, (above, tape, below) = plt.subplots(
            3, 1, figsize=(7, sum(heights)), height_ratios=heights, layout="constrained"
        )
        for ax in (above, tape, below):
            ax.set_axis_off()
        _write(above, call, 0.0)
        _write(above, _step_lines(values, result), 0.53)
        _draw_rows(tape, rows, values)
        _write(below, arguments, 0.0)
        return figure


# The arguments


def _slots(values: dict) -> list[str]:
    """Names of what scan passes, in the order in which it passes them."""
    looks_back = {"none": [], "one step back": ["y_1"], "two steps back": ["y_2", "y_1"]}
    return [
        *(f"{name}_t" for name in SEQUENCES if values[name]),
        *looks_back[values["outputs"]],
        *(name for name in CONSTANTS if values[name]),
    ]


def _parameters(values: dict) -> list[str]:
    """The same names in the order in which the learner wrote them."""
    kinds = WRITTEN[values["order"]]
    return sorted(_slots(values), key=lambda slot: kinds.index(KINDS[slot]))


def _source(slot: str, t: int, values: dict) -> str:
    """Where the value of a slot comes from at step t."""
    if slot in CONSTANTS:
        return slot
    if slot.endswith("_t"):
        return f"{slot[0]}[{t}]"
    place = t - int(slot[2])
    return f"y[{place}]" if place >= 0 else _start_name(place, values)


def _start_name(place: int, values: dict) -> str:
    n_starts = len(STARTS[values["outputs"]])
    return "start" if n_starts == 1 else f"start[{place + n_starts}]"


def _value(slot: str, t: int, values: dict, outputs: list[float]) -> float:
    if slot in CONSTANTS:
        return CONSTANTS[slot]
    if slot.endswith("_t"):
        return SEQUENCES[slot[0]][t]
    place = t - int(slot[2])
    return outputs[place] if place >= 0 else STARTS[values["outputs"]][place]


# The step


def _terms(slots: list[str]) -> list[tuple[str, str, str | None]]:
    """The sum that the step returns: sign, name and factor of each term."""
    factors = {"y_1": "a", "y_2": "b"}
    used = {factor for name, factor in factors.items() if {name, factor} <= set(slots)}
    signs = {"z_t": "-", "y_2": "-"}
    return [
        (signs.get(name, "+"), name, factors.get(name) if factors.get(name) in slots else None)
        for name in ("x_t", "z_t", "y_1", "y_2", "a", "b")
        if name in slots and name not in used
    ]


def _run(values: dict, slots: list[str], parameters: list[str]) -> list[float]:
    """Outputs of all steps when the values of ``slots`` arrive under the names of ``parameters``."""
    outputs: list[float] = []
    for t in range(N_STEPS):
        passed = [_value(slot, t, values, outputs) for slot in slots]
        named = dict(zip(parameters, passed, strict=True))
        outputs.append(
            sum(
                (-1 if sign == "-" else 1) * named[name] * (named[factor] if factor else 1)
                for sign, name, factor in _terms(slots)
            )
        )
    return outputs


# The picture without a page


def _body(slots: list[str], numbers: Mapping[str, str] | None = None) -> str:
    """What the step returns, with its names or with the numbers that arrive under them."""
    written = {slot: slot for slot in slots} if numbers is None else numbers
    parts = [
        f"{sign} {written[factor]} * {written[name]}" if factor else f"{sign} {written[name]}"
        for sign, name, factor in _terms(slots)
    ]
    return " ".join(parts).removeprefix("+ ") or "0"


def _call_lines(values: dict) -> list[str]:
    sequences = [name for name in SEQUENCES if values[name]]
    constants = [name for name in CONSTANTS if values[name]]
    outputs = {
        "none": [],
        "one step back": ["outputs_info=start,"],
        "two steps back": ["outputs_info=dict(initial=start,", "                  taps=[-2, -1]),"],
    }
    options = [
        *([f"sequences=[{', '.join(sequences)}],"] if sequences else []),
        *outputs[values["outputs"]],
        *([f"non_sequences=[{', '.join(constants)}],"] if constants else []),
        *([] if sequences else [f"n_steps={N_STEPS},"]),
    ]
    return ["y, updates = theano.scan(step,", *(f"    {option}" for option in options), ")"]


def _step_lines(values: dict, result: dict) -> list[str]:
    parameters = ", ".join(result["parameters"])
    return [f"def step({parameters}):", f"    return {_body(_slots(values))}"]


def _argument_lines(values: dict, result: dict) -> list[str]:
    slots, t = _slots(values), values["t"]
    arguments = zip(slots, result["sources"], result["passed"], result["parameters"], strict=True)
    lines = [
        f"{i}. {source:9s} = {format_number(value):>4s}  ->  {name:4s}"
        + ("" if KINDS[slot] == KINDS[name] else f"  wrong name for {slot}")
        for i, (slot, source, value, name) in enumerate(arguments, 1)
    ]
    numbers = {
        name: format_number(value) if value >= 0 else f"({format_number(value)})"
        for name, value in zip(result["parameters"], result["passed"], strict=True)
    }
    output = f"{format_number(result['outputs'][t])}, kept as y[{t}]"
    computed = f"= {_body(slots, numbers)} = {output}" if slots else f"= {output}"
    return [*lines, f"returns {_body(slots)}", f"      {computed}"]


def _rows(values: dict, result: dict) -> list[tuple[str, list, int]]:
    """Name, cells and first column of every array to draw; later outputs are not known yet."""
    known = result["outputs"][: values["t"] + 1]
    start = STARTS[values["outputs"]]
    rows: list[tuple[str, list, int]] = [
        (name, cells, 0) for name, cells in SEQUENCES.items() if values[name]
    ]
    rows.append(("y", [*start, *known, *[None] * (N_STEPS - len(known))], -len(start)))
    rows += [(name, [value] * N_STEPS, 0) for name, value in CONSTANTS.items() if values[name]]
    return rows


def _marked(name: str, column: int, values: dict) -> bool:
    """Whether the cell is passed to the step at t."""
    t = values["t"]
    if name == "y":
        return t - len(STARTS[values["outputs"]]) <= column < t
    return column == t


def _draw_rows(ax: Axes, rows: list[tuple[str, list, int]], values: dict) -> None:
    from matplotlib.patches import Rectangle

    from ..plotting import PALETTE

    ax.set(xlim=(-3.2, N_STEPS), ylim=(len(rows), -1))
    for column in range(N_STEPS):
        ax.text(column + 0.5, -0.5, f"t = {column}", ha="center", va="center", color="0.4")
    for row, (name, cells, first) in enumerate(rows):
        ax.text(-2.4, row + 0.5, name, ha="right", va="center", fontweight="bold")
        for column, value in enumerate(cells, first):
            made = name == "y" and column == values["t"]
            colour = PALETTE["sky"] if _marked(name, column, values) else "white"
            ax.add_patch(
                Rectangle(
                    (column + 0.04, row + 0.08),
                    0.92,
                    0.84,
                    facecolor=colour,
                    edgecolor=PALETTE["vermillion"] if made else "0.6",
                    linewidth=2.5 if made else 1,
                    linestyle="--" if column < 0 else "-",
                )
            )
            if value is not None:
                ax.text(column + 0.5, row + 0.5, format_number(value), ha="center", va="center")


def _write(ax: Axes, lines: list[str], x: float) -> None:
    ax.text(
        x, 1, "\n".join(lines), transform=ax.transAxes, va="top", family="monospace", fontsize=9
    )
