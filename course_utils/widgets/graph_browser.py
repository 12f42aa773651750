"""Walk a Theano graph: what each node takes, what it makes, and who uses that."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from .base import Choice, Explorer, Range
from .graph_layout import layered

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from theano.compile.mode import Mode
    from theano.graph.basic import Apply, Variable

WRITTEN, QUICK, FULL = "as you wrote it", "FAST_COMPILE", "FAST_RUN"
KIND, DTYPE = "kind of node", "dtype"
MAX_NODES = 150
SHAPES = ("scalar", "vector", "matrix", "tensor3", "tensor4")
COLUMNS = 34  # characters of a line of the details
WIDEST = 11  # characters of a name in a box
LETTERS = {  # of Theano's names of types
    "int8": "b",
    "int16": "w",
    "int32": "i",
    "int64": "l",
    "float32": "f",
    "float64": "d",
    "bool": "bool ",
}


class GraphBrowserExplorer(Explorer):
    """The graph of a Theano expression, before and after optimisation.

    A node is a leaf (an input, a shared variable or a constant) or an operation together with
    the variable that it makes. Nodes are numbered so that each comes after those that it takes.
    The numbers of :meth:`state`: ``count`` (nodes of the graph), ``operations`` (how many of
    them are operations), ``float64`` (how many hold float64), and of the node selected
    ``number``, ``kind``, ``name``, ``op``, ``type``, ``ndim`` (None where it is no tensor),
    ``inputs`` and ``users`` (numbers of nodes; a result has no user, or other results).

    Parameters
    ----------
    expression : Variable or sequence of Variable, optional
        What to look at; the cost of a logistic neuron, if left out. At most 150 nodes.
    **values
        Where the controls start, by name.

    Raises
    ------
    TypeError
        If ``expression`` is not symbolic.
    ValueError
        If the graph has too many nodes, or a control cannot take its value.

    Examples
    --------
    >>> browser = GraphBrowserExplorer(node=4)
    >>> browser.state()["name"], browser.state()["inputs"]
    ('dot', [2, 3])
    """

    script = "graph_browser"
    title = "Graph browser"

    def __init__(
        self, expression: Variable | Sequence[Variable] | None = None, **values: Any
    ) -> None:
        if expression is None:
            self.data = _example()
        else:
            self.data = _describe(_checked(expression))
        most = max(len(graph["nodes"]) for graph in self.data.values())
        self.controls = (
            Range("node", "node", 1, max(most, 2), 1, len(self.data[WRITTEN]["nodes"])),
            Choice("graph", "graph", tuple(self.data), WRITTEN),
            Choice("colours", "colours show", (KIND, DTYPE), KIND),
        )
        super().__init__(**values)

    def compute(self, values: dict) -> dict:
        """Return what is known of the selected node; beyond the last one, of the last."""
        nodes = self.data[values["graph"]]["nodes"]
        number = min(values["node"], len(nodes))
        node = nodes[number - 1]
        return {
            "count": len(nodes),
            "operations": sum(each["kind"] == "operation" for each in nodes),
            "float64": sum(each["dtype"] == "float64" for each in nodes),
            "number": number,
            **{key: node[key] for key in ("kind", "name", "op", "type", "ndim", "inputs")},
            "users": [i for i, each in enumerate(nodes, 1) if number in each["inputs"]],
        }

    def sentence(self, values: dict, result: dict) -> str:
        """Say what the selected node is, what it takes and who uses it."""
        nodes = self.data[values["graph"]]["nodes"]

        def names(numbers: list[int]) -> str:
            each = [f"{nodes[i - 1]['name']} ({i})" for i in dict.fromkeys(numbers)]
            if len(each) > 4:
                each = [*each[:3], f"{len(each) - 3} others"]
            return " and ".join(each) if len(each) < 3 else f"{', '.join(each[:-1])} and {each[-1]}"

        node = f"Node {result['number']} of {result['count']}, the {result['kind']}"
        if result["inputs"]:
            made = f"{node} {result['name']}, makes {_with_article(result['type'])} from"
            said = f"{made} {names(result['inputs'])}"
        else:
            said = f"{node} {result['name']}, is {_with_article(result['type'])}"
        if result["users"]:
            return f"{said}, used by {names(result['users'])}."
        return f"{said}, a result of the graph."

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw the layers, with the selected node and its edges marked, and its details."""
        from matplotlib import pyplot as plt

        graph = self.data[values["graph"]]
        depth = 1 + max(node["layer"] for node in graph["nodes"])
        lines = _details(graph["nodes"], result)
        height = max(min(0.5 * depth, 0.2 * depth + 3.6), 0.17 * len(lines)) + 0.2
        figure, (ax, beside) = plt.subplots(
            1, 2, figsize=(8, height), width_ratios=(5, 2.6), layout="constrained"
        )
        for each in (ax, beside):
            each.set_axis_off()
        ax.set(xlim=(0, max(graph["width"], 3)), ylim=(depth - 0.4, -0.6))
        _draw_edges(ax, graph, result["number"])
        for number, node in enumerate(graph["nodes"], 1):
            _draw_node(ax, graph, number, node, values, result)
        text = {"transform": beside.transAxes, "va": "top", "family": "monospace", "fontsize": 8}
        beside.text(0, 1, "\n".join(lines), **text)
        return figure


# From Theano to plain numbers and words


def _checked(expression: Any) -> list[Variable]:
    """The expression as a list of symbolic variables."""
    from .. import theano_compat

    theano_compat.enable()
    from theano.graph.basic import Variable

    several = list(expression) if isinstance(expression, list | tuple) else [expression]
    if not several or not all(isinstance(each, Variable) for each in several):
        raise TypeError(
            "expression must be a symbolic Theano variable or a list of them, "
            f"got {expression if isinstance(expression, int | float) else type(expression).__name__}"
        )
    return several


@cache
def _example() -> dict:
    """The cost of a logistic neuron with two inputs."""
    from .. import theano_compat

    theano_compat.enable()
    import numpy as np
    import theano
    import theano.tensor as T

    X, y = T.dmatrix("X"), T.dvector("y")
    w, b = theano.shared(np.zeros(2), "w"), theano.shared(0.0, "b")
    p = T.nnet.sigmoid(T.dot(X, w) + b)
    return _describe([-(y * T.log(p) + (1 - y) * T.log(1 - p)).mean()])


def _describe(results: list[Variable]) -> dict:
    """The graph as written and after both optimisers, placed, as data for the page."""
    return {
        WRITTEN: _graph(results, _is_shared),
        QUICK: _optimised(results, "FAST_COMPILE"),
        FULL: _optimised(results, _full_mode()),
    }


def _is_shared(variable: Variable) -> bool:
    from theano.compile.sharedvalue import SharedVariable

    return isinstance(variable, SharedVariable)


def _full_mode() -> Mode:
    """All optimisations of FAST_RUN, without a C compiler."""
    from theano.compile.mode import Mode
    from theano.graph.optdb import Query
    from theano.link.vm import VMLinker

    return Mode(VMLinker(use_cloop=False, c_thunks=False), Query(include=["fast_run"]))


def _optimised(results: list[Variable], mode: Mode | str) -> dict:
    import theano
    from theano.graph.basic import Constant, graph_inputs

    leaves = [
        leaf
        for leaf in graph_inputs(results)
        if not isinstance(leaf, Constant) and not _is_shared(leaf)
    ]
    compiled = theano.function(leaves, results, mode=mode, on_unused_input="ignore").maker
    pairs = zip(compiled.fgraph.inputs, compiled.inputs, strict=True)
    shared = {variable for variable, declared in pairs if declared.implicit}
    return _graph(compiled.fgraph.outputs, shared.__contains__)


def _graph(results: Sequence[Variable], is_shared: Any) -> dict:
    """Nodes of a graph with their places; numbers of nodes begin with 1."""
    order = _in_order(results)
    if len(order) > MAX_NODES:
        raise ValueError(
            f"expression has a graph of {len(order)} nodes, at most {MAX_NODES} can be shown: "
            "look at a part of it"
        )
    number = {each: i for i, each in enumerate(order, 1)}
    nodes = [_node(each, number, is_shared) for each in order]
    ends = {number[result.owner or result] for result in results}
    layout = layered([[i - 1 for i in node["inputs"]] for node in nodes])
    for i, node in enumerate(nodes):
        node["result"] = i + 1 in ends
        node["layer"] = layout.layer[i]
        node["x"] = round(layout.x[i], 4)
        node["bends"] = [round(x, 4) for x in layout.bends[i]]
    return {"nodes": nodes, "width": round(layout.width, 4)}


def _in_order(results: Iterable[Variable]) -> list[Variable | Apply]:
    """Leaves and operations, each after what it takes, first inputs first."""
    seen: dict[Variable | Apply, None] = {}
    waiting = [(result.owner or result, False) for result in reversed(list(results))]
    while waiting:
        each, ready = waiting.pop()
        if each in seen:
            continue
        taken = getattr(each, "inputs", [])
        if ready or not taken:
            seen[each] = None
        else:
            waiting.append((each, True))
            waiting.extend((inner.owner or inner, False) for inner in reversed(taken))
    return list(seen)


def _node(each: Variable | Apply, number: dict, is_shared: Any) -> dict:
    from theano.graph.basic import Apply, Constant

    if isinstance(each, Apply):
        made = each.outputs[0]
        return {
            "kind": "operation",
            "name": _short_name(str(each.op)),
            "op": str(each.op),
            **_type(made),
            "inputs": [number[inner.owner or inner] for inner in each.inputs],
        }
    if isinstance(each, Constant):
        kind, name = "constant", _constant_name(each)
    else:
        kind, name = "shared variable" if is_shared(each) else "input", each.name or "without name"
    return {"kind": kind, "name": name, "op": None, **_type(each), "inputs": []}


def _short_name(op: str) -> str:
    """``mul`` for ``Elemwise{mul,no_inplace}``."""
    elementwise = re.match(r"Elemwise\{(\w+)(\{\w+\})?", op)
    if elementwise:
        return elementwise[1].removeprefix("scalar_") + (elementwise[2] or "")
    dimshuffle = re.match(r"(?:Inplace)?DimShuffle(\{.*\})$", op)
    return f"DimShuffle{dimshuffle[1]}" if dimshuffle else re.split(r"[{(]", op, maxsplit=1)[0]


def _constant_name(constant: Variable) -> str:
    import numpy as np

    if isinstance(constant.data, np.ndarray | np.generic | int | float):
        data = np.asarray(constant.data)
        return f"{data.flat[0]:.4g}" if data.size == 1 else f"constant {data.shape}"
    return str(constant.data)


def _type(variable: Variable) -> dict:
    """dtype and number of axes, both in words, and as Theano calls the type."""
    dtype = getattr(variable.type, "dtype", None)
    if dtype is None:
        return {"dtype": "other", "ndim": None, "type": str(variable.type), "code": ""}
    letter = LETTERS.get(dtype, f"{dtype} ")
    fixed = getattr(variable.type, "broadcastable", None)
    if fixed is None:  # a number outside of an array, as an index is
        return {"dtype": dtype, "ndim": 0, "type": f"{dtype} number", "code": f"{letter}number"}
    ndim = len(fixed)
    shape = SHAPES[ndim] if ndim < len(SHAPES) else f"{ndim}-d tensor"
    sizes = f" ({' × '.join('1' if one else '?' for one in fixed)})" if any(fixed) else ""
    named = {"type": f"{dtype} {shape}{sizes}", "code": f"{letter}{shape}"}
    return {"dtype": dtype, "ndim": ndim, **named}


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


# The picture without a page


def _shortened(name: str) -> str:
    """A name that fits into its box: without its braces, or cut."""
    plain = name if len(name) <= WIDEST else name.split("{", maxsplit=1)[0]
    return plain if len(plain) <= WIDEST else f"{plain[: WIDEST - 1]}…"


def _details(nodes: list[dict], result: dict) -> list[str]:
    """Lines on the selected node."""

    def listed(head: str, numbers: Sequence[int]) -> list[str]:
        return [head, *(f"  {i} {nodes[i - 1]['name']}" for i in numbers)] if numbers else []

    lines = [f"node {result['number']} of {result['count']}", result["kind"]]
    if result["op"]:
        lines += textwrap.wrap(f"op {result['op']}", COLUMNS, subsequent_indent="   ")
    else:
        lines.append(result["name"])
    lines += ["", *textwrap.wrap(result["type"], COLUMNS)]
    if result["ndim"] is not None:
        lines.append(f"ndim {result['ndim']}")
    lines += ["", *listed("takes", result["inputs"]), *listed("used by", result["users"])]
    if nodes[result["number"] - 1]["result"]:
        lines.append("a result of the graph")
    return lines


def _colours(node: dict, values: dict) -> tuple[str, str]:
    """Fill and edge of a node."""
    from ..plotting import PALETTE

    if values["colours"] == KIND:
        return {
            "input": ("#d6eaf7", PALETTE["blue"]),
            "shared variable": ("#cfeee3", PALETTE["green"]),
            "constant": ("0.93", "0.5"),
            "operation": ("white", "0.35"),
        }[node["kind"]]
    if node["dtype"] == "float64":
        return "#fbe0d0", PALETTE["vermillion"]
    if node["dtype"] in ("float32", "float16"):
        return "#cfeee3", PALETTE["green"]
    return ("#d6eaf7", PALETTE["blue"]) if "int" in node["dtype"] else ("0.93", "0.5")


def _draw_edges(ax: Axes, graph: dict, selected: int) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    from ..plotting import PALETTE

    for number, node in enumerate(graph["nodes"], 1):
        for taken in dict.fromkeys(node["inputs"]):
            path = Path(*_line(graph["nodes"][taken - 1], node))
            colour = {taken: PALETTE["vermillion"], number: PALETTE["blue"]}.get(selected, "0.75")
            style = {"linewidth": 1 if colour == "0.75" else 2.2, "zorder": 1 + (colour != "0.75")}
            ax.add_patch(PathPatch(path, facecolor="none", edgecolor=colour, **style))


def _line(source: dict, target: dict) -> tuple[list, list]:
    """Points and codes of a path from node to node, rounded where it bends."""
    from matplotlib.path import Path

    bends = source["bends"][: target["layer"] - source["layer"] - 1]
    points = list(enumerate([source["x"], *bends, target["x"]], source["layer"]))
    points = [(x, y) for y, x in points]
    middles = [((x0 + x1) / 2, (y0 + y1) / 2) for (x0, y0), (x1, y1) in itertools.pairwise(points)]
    path, codes = [points[0], middles[0]], [Path.MOVETO, Path.LINETO]
    for bend, middle in zip(points[1:-1], middles[1:], strict=True):
        path += [bend, middle]
        codes += [Path.CURVE3] * 2
    return [*path, points[-1]], [*codes, Path.LINETO]


def _draw_node(ax: Axes, graph: dict, number: int, node: dict, values: dict, result: dict) -> None:
    fill, edge = _colours(node, values)
    chosen = number == result["number"]
    leaf = node["kind"] != "operation"
    name = _shortened(node["name"])
    box = {
        "boxstyle": "round,pad=0.35" if leaf else "square,pad=0.35",
        "facecolor": fill,
        "edgecolor": "black" if chosen else edge,
        "linewidth": 2.6 if chosen else 1.0,
        "linestyle": "-" if leaf or not node["result"] else "--",
    }
    ax.text(
        node["x"],
        node["layer"],
        f"{number} {name}",
        ha="center",
        va="center",
        fontsize=8 if graph["width"] < 6 else 6.5,
        fontweight="bold" if chosen else "normal",
        bbox=box,
        zorder=3,
    )
