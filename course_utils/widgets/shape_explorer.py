"""What a recurrent layer takes, returns and learns: predict it, then look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import Choice, Explorer, Range, Toggle

if TYPE_CHECKING:
    from keras.layers import Layer
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_SAMPLES = 3
STATES = {"SimpleRNN": ("h",), "LSTM": ("h", "c"), "GRU": ("h",)}
BLOCKS = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
ONE_WAY, CONCAT, SUM = "one direction", "both, concat", "both, sum"
OPEN = "choose …"
LAST, SEQUENCE, WIDE_LAST, WIDE_SEQUENCE = "(N, U)", "(N, T, U)", "(N, 2U)", "(N, T, 2U)"
STEPS, GATES = "(N, T)", "(N, 4U)"
MOST_ARRAYS = 6


class ShapeExplorer(Explorer):
    """Choose a recurrent layer and its switches; see the shapes of what it returns.

    With ``quiz`` on, shapes appear only after the right prediction: the shape of the first array,
    and how many arrays are returned. A wrong one is told why it is wrong.

    The numbers of :meth:`state`: ``shapes`` and ``forms`` (of every array returned, in numbers and
    in letters), ``names`` (what they are), ``parameters`` (of all layers), ``hidden`` (whether the
    quiz still asks) and ``hint`` (why the prediction is wrong; empty if it is right or open).

    Parameters
    ----------
    network : keras.layers.Layer, optional
        A layer of your own to start from: SimpleRNN, LSTM or GRU, alone or in a ``Bidirectional``.
    **values
        Where the controls start, by name; they go before those of ``network``.

    Raises
    ------
    TypeError
        If ``network`` is another layer.
    ValueError
        If a control does not exist or cannot take its value.

    Examples
    --------
    >>> ShapeExplorer(kind="LSTM", return_state=True, quiz=False).state()["shapes"]
    [[3, 4], [3, 4], [3, 4]]
    """

    script = "shape_explorer"
    title = "Shapes of a recurrent layer"
    controls = (
        Choice("kind", "layer", tuple(STATES), "SimpleRNN"),
        Choice("direction", "reads in", (ONE_WAY, CONCAT, SUM), ONE_WAY),
        Range("n_layers", "layers stacked", 1, 3, 1, 1),
        Range("n_units", "units U", 1, 128, 1, 4),
        Range("n_steps", "steps T", 1, 12, 1, 6),
        Range("n_features", "features D", 1, 64, 1, 2),
        Toggle("return_sequences", "return_sequences", False),
        Toggle("return_state", "return_state", False),
        Toggle("quiz", "ask me first", True),
        Choice(
            "first",
            "I predict: first array",
            (OPEN, LAST, SEQUENCE, WIDE_LAST, WIDE_SEQUENCE, STEPS, GATES),
            OPEN,
        ),
        Range("arrays", "I predict: arrays", 1, MOST_ARRAYS, 1, 1),
    )

    def __init__(self, network: Layer | None = None, **values: Any) -> None:
        super().__init__(**(values if network is None else _settings(network) | values))

    def compute(self, values: dict) -> dict:
        """Return the shapes, the number of parameters, and what the quiz says."""
        names, forms = _returned(values)
        hint = _hint(values, forms) if values["quiz"] and values["first"] != OPEN else ""
        return {
            "names": names,
            "forms": forms,
            "shapes": [_in_numbers(form, values) for form in forms],
            "parameters": _count(values),
            "hidden": values["quiz"] and (values["first"] == OPEN or hint != ""),
            "hint": hint,
        }

    def sentence(self, values: dict, result: dict) -> str:
        """Ask for a prediction, say why it is wrong, or say what the layer returns."""
        network = _spoken(values)
        x = f"x of shape {_tuple([N_SAMPLES, values['n_steps'], values['n_features']])}"
        if result["hint"]:
            return f"Not yet for {network}: {result['hint']}."
        if result["hidden"]:
            return (
                f"Predict what {network} returns for {x}: the first array, and how many there are."
            )
        *others, last = map(_tuple, result["shapes"])
        arrays = f"{len(others) + 1} arrays, {', '.join(others)} and {last}," if others else last
        opening = "Right: " if values["quiz"] else ""
        return (
            f"{opening}{network} returns {arrays} for {x}, "
            f"and has {result['parameters']:,} parameters."
        )

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw the layers over the steps, with what is returned marked, and the shapes."""
        from matplotlib import pyplot as plt

        code = _code(values)
        n_rows = 1 + values["n_layers"] * (1 if values["direction"] == ONE_WAY else 2)
        below = _below(values, result)
        heights = (0.2 * len(code) + 0.1, 0.36 * n_rows + 0.2, 0.2 * len(below) + 0.1)
        figure, (above, middle, under) = plt.subplots(
            3, 1, figsize=(7, sum(heights)), height_ratios=heights, layout="constrained"
        )
        for ax in (above, middle, under):
            ax.set_axis_off()
        _write(above, code, monospace=True)
        _draw_layers(middle, values, result)
        _write(under, below)
        return figure


# What is returned


def _returned(values: dict) -> tuple[list[str], list[str]]:
    """Names and forms of the arrays that the topmost layer returns."""
    wide = "2U" if values["direction"] == CONCAT else "U"
    output = f"(N, T, {wide})" if values["return_sequences"] else f"(N, {wide})"
    if not values["return_state"]:
        return ["output"], [output]
    ways = [""] if values["direction"] == ONE_WAY else ["forward ", "backward "]
    names = [way + state for way in ways for state in STATES[values["kind"]]]
    return ["output", *names], [output, *[LAST] * len(names)]


def _in_numbers(form: str, values: dict) -> list[int]:
    n_units = values["n_units"]
    sizes = {"N": N_SAMPLES, "T": values["n_steps"], "U": n_units, "2U": 2 * n_units}
    return [sizes[letter] for letter in form.strip("()").split(", ")]


def _count(values: dict) -> int:
    """Number of parameters of all layers."""
    kind, n_units = values["kind"], values["n_units"]
    ways = 1 if values["direction"] == ONE_WAY else 2
    n_biases = 2 if kind == "GRU" else 1
    n_inputs, total = values["n_features"], 0
    for _ in range(values["n_layers"]):
        total += ways * BLOCKS[kind] * n_units * (n_inputs + n_units + n_biases)
        n_inputs = 2 * n_units if values["direction"] == CONCAT else n_units
    return total


def _hint(values: dict, forms: list[str]) -> str:
    """Why the prediction is wrong; empty if it is right."""
    first, wanted = values["first"], forms[0]
    if first != wanted:
        return _hint_on_first(first, values)
    arrays = len(forms)
    if values["arrays"] == arrays:
        return ""
    if not values["return_state"]:
        return "without return_state a layer returns 1 array, its output"
    if values["arrays"] == 1:
        return "return_state adds the states to the output, even where they hold the same numbers"
    return {
        "LSTM": "after the output an LSTM returns 2 states, h and c, for each direction",
        "GRU": "after the output a GRU returns 1 state, h, for each direction",
        "SimpleRNN": "after the output a SimpleRNN returns 1 state, h, for each direction",
    }[values["kind"]]


def _hint_on_first(first: str, values: dict) -> str:
    n_units, n_steps = values["n_units"], values["n_steps"]
    if first == STEPS:
        return f"units are not steps, the {n_units} is the length of the state, the steps are {n_steps}"
    if first == GATES:
        return f"gates are used up inside, the output has 1 number for each of the {n_units} units"
    if ("T" in first) != values["return_sequences"]:
        if values["return_sequences"]:
            return f"return_sequences=True returns the output of each of the {n_steps} steps"
        return f"without return_sequences only 1 of the {n_steps} outputs leaves the layer"
    if values["direction"] == ONE_WAY:
        return f"one direction makes {n_units} numbers, not twice as many"
    if values["direction"] == SUM:
        return f"the sum of 2 halves is as wide as one of them, {n_units}"
    return f"concat puts 2 halves of {n_units} numbers side by side"


# How it is written


def _code(values: dict) -> list[str]:
    """One line for each layer, the lowest first."""
    n_layers = values["n_layers"]
    return [_layer_code(values, k == n_layers - 1) for k in range(n_layers)]


def _layer_code(values: dict, topmost: bool) -> str:
    switches = [
        name for name in ("return_sequences", "return_state") if topmost and values[name]
    ] or ([] if topmost else ["return_sequences"])
    options = "".join(f", {name}=True" for name in switches)
    layer = f"{values['kind']}({values['n_units']}{options})"
    if values["direction"] == ONE_WAY:
        return layer
    mode = ', merge_mode="sum"' if values["direction"] == SUM else ""
    return f"Bidirectional({layer}{mode})"


def _spoken(values: dict) -> str:
    *lower, topmost = _code(values)
    return f"{topmost} on {len(lower)} more" if lower else topmost


def _tuple(sizes: list[int]) -> str:
    return f"({', '.join(map(str, sizes))})"


def _below(values: dict, result: dict) -> list[str]:
    """Lines under the picture: the prediction, or the arrays and the parameters."""
    if result["hidden"]:
        return [f"your prediction: {values['first']}, arrays: {values['arrays']}", "parameters: ?"]
    arrays = zip(result["names"], result["forms"], result["shapes"], strict=True)
    return [
        *(f"{name}: {form} = {_tuple(shape)}" for name, form, shape in arrays),
        f"parameters: {result['parameters']:,}",
    ]


# The picture


def _rows(values: dict) -> list[tuple[int, int]]:
    """Layer (from 0) and direction (1 or -1) of each row, from the input upwards."""
    ways = (1,) if values["direction"] == ONE_WAY else (1, -1)
    return [(layer, way) for layer in range(values["n_layers"]) for way in ways]


def _is_returned(layer: int, way: int, t: int, values: dict) -> bool:
    """Whether the output at step t (from 0) of a row is part of what is returned."""
    if layer != values["n_layers"] - 1:
        return False
    last = values["n_steps"] - 1 if way == 1 else 0
    return values["return_sequences"] or t == last


def _draw_layers(ax: Axes, values: dict, result: dict) -> None:
    from matplotlib.patches import Rectangle

    from ..plotting import PALETTE

    n_steps, rows = values["n_steps"], _rows(values)
    ax.set_xlim(-2.6, 13.4)
    ax.set_ylim(-0.2, len(rows) + 1)

    def box(t: float, y: float, label: object, colour: str, marked: bool) -> None:
        shape = Rectangle(
            (t + 0.12, y),
            0.76,
            0.7,
            facecolor=colour if marked else "white",
            edgecolor=colour if marked else "0.6",
            alpha=0.35 if marked else 1,
        )
        ax.add_patch(shape)
        ax.text(t + 0.5, y + 0.33, str(label), ha="center", va="center", fontsize="small")

    for t in range(n_steps):
        box(t, 0, values["n_features"], "white", False)
    ax.text(-0.2, 0.35, "x", ha="right", va="center")
    for y, (layer, way) in enumerate(rows, 1):
        states = ""
        if not result["hidden"] and values["return_state"] and layer == values["n_layers"] - 1:
            states = " ".join(STATES[values["kind"]])
        name = f"layer {layer + 1} →" if way == 1 else f"layer {layer + 1} ←   {states}".rstrip()
        ax.text(-0.2, y + 0.35, name, ha="right", va="center", fontsize="small")
        for t in range(n_steps):
            returned = not result["hidden"] and _is_returned(layer, way, t, values)
            box(t, y, values["n_units"], PALETTE["blue"], returned)
        if way == 1:  # states stand where the row's loop ends
            ax.text(n_steps + 0.1, y + 0.35, states, va="center", fontsize="small")


def _write(ax: Axes, lines: list[str], monospace: bool = False) -> None:
    family: dict[str, Any] = {"family": "monospace"} if monospace else {}
    ax.text(0, 1, "\n".join(lines), va="top", fontsize="small", transform=ax.transAxes, **family)


# A layer of the learner's own


def _settings(network: Layer) -> dict:
    """Values of the controls that describe a Keras layer."""
    direction: str | None = ONE_WAY
    layer = network
    if type(network).__name__ == "Bidirectional":
        direction = {"concat": CONCAT, "sum": SUM}.get(network.merge_mode)
        layer = network.forward_layer
    if type(layer).__name__ not in STATES or direction is None:
        raise TypeError(
            "network must be a Keras SimpleRNN, LSTM or GRU, alone or in a Bidirectional that "
            f"concatenates or sums, got {type(network).__name__}"
        )
    settings = {
        "kind": type(layer).__name__,
        "direction": direction,
        "n_units": layer.units,
        "return_sequences": layer.return_sequences,
        "return_state": layer.return_state,
    }
    return settings | ({"n_features": layer.cell.kernel.shape[0]} if layer.built else {})
