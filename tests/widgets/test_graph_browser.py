import itertools
import re

import numpy as np
import pytest
from page import in_page

from course_utils import theano_compat
from course_utils.widgets import GraphBrowserExplorer
from course_utils.widgets.graph_layout import BEND, NODE, layered

GRAPHS = ("as you wrote it", "FAST_COMPILE", "FAST_RUN")
WIDE, NARROW = 880, 320


@pytest.fixture(scope="module")
def theano():
    theano_compat.enable()
    import theano

    return theano


@pytest.fixture(scope="module")
def gradient(theano):
    """The gradient of a logistic neuron: 51 nodes, as a learner writes it."""
    T = theano.tensor
    X, y = T.dmatrix("X"), T.dvector("y")
    w, b = theano.shared(np.zeros(2), "w"), theano.shared(0.0, "b")
    p = T.nnet.sigmoid(T.dot(X, w) + b)
    return T.grad(-(y * T.log(p) + (1 - y) * T.log(1 - p)).mean(), [w, b])


def nodes_of(browser, graph=GRAPHS[0]):
    return browser.data[graph]["nodes"]


# What the graph is


def test_small_expression_is_described(theano):
    T = theano.tensor
    x, w = T.dmatrix("x"), theano.shared(np.zeros(3, dtype="float32"), "w")
    browser = GraphBrowserExplorer(T.dot(x, w) + 1)
    nodes = nodes_of(browser)
    assert [(node["kind"], node["name"]) for node in nodes] == [
        ("input", "x"),
        ("shared variable", "w"),
        ("operation", "dot"),
        ("constant", "1"),
        ("operation", "DimShuffle{x}"),
        ("operation", "add"),
    ]
    assert [node["code"] for node in nodes] == [
        "dmatrix", "fvector", "dvector", "bscalar", "bvector", "dvector",
    ]  # fmt: skip
    assert nodes[5]["result"] and not any(node["result"] for node in nodes[:5])
    state = browser.state(node=3)
    assert (state["inputs"], state["users"], state["ndim"]) == ([1, 2], [6], 1)
    assert browser.describe(node=3) == (
        "Node 3 of 6, the operation dot, makes a float64 vector from x (1) and w (2), used by add (6)."
    )


def test_every_node_comes_after_what_it_takes(gradient):
    browser = GraphBrowserExplorer(gradient)
    for graph in GRAPHS:
        for number, node in enumerate(nodes_of(browser, graph), 1):
            assert all(taken < number for taken in node["inputs"])
            assert bool(node["inputs"]) == (node["kind"] == "operation")


def test_optimisation_shortens_the_graph(gradient):
    browser = GraphBrowserExplorer(gradient)
    counts = [browser.state(graph=graph)["operations"] for graph in GRAPHS]
    assert counts == [42, 35, 14]
    for graph in GRAPHS:
        leaves = [(n["kind"], n["name"]) for n in nodes_of(browser, graph) if not n["inputs"]]
        assert {("input", "X"), ("input", "y"), ("shared variable", "w")} <= set(leaves)
        assert sum(node["result"] for node in nodes_of(browser, graph)) == 2


def test_logarithms_become_softplus():
    browser = GraphBrowserExplorer()
    assert "log" in [node["name"] for node in nodes_of(browser)]
    assert not any(node["name"] == "log" for node in nodes_of(browser, "FAST_RUN"))
    assert any("softplus" in (node["op"] or "") for node in nodes_of(browser, "FAST_RUN"))


def test_node_beyond_the_end_is_the_last():
    browser = GraphBrowserExplorer(node=26, graph="FAST_RUN")
    assert browser.state()["number"] == browser.state()["count"] == 16


def test_a_result_that_others_use_is_said_to_be_used(theano):
    x = theano.tensor.dscalar("x")
    y = x**2
    browser = GraphBrowserExplorer([y, y + 1], node=3)
    assert "used by add (5)" in browser.describe()
    assert sum(node["result"] for node in nodes_of(browser)) == 2


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_loop_can_be_looked_at(theano, graph):
    x = theano.tensor.dvector("x")
    sums, _ = theano.scan(lambda x_t, s: s + x_t, x, theano.tensor.zeros(()))
    browser = GraphBrowserExplorer(sums[-1], graph=graph)
    assert any("scan" in (node["op"] or "") for node in nodes_of(browser, graph))


def test_things_that_are_no_arrays_are_named(theano):
    from theano.tensor.random.utils import RandomStream

    browser = GraphBrowserExplorer(RandomStream(1).normal(size=(3,)))
    others = [node for node in nodes_of(browser) if node["dtype"] == "other"]
    assert others and all(node["ndim"] is None for node in others)
    for number in range(1, len(nodes_of(browser)) + 1):
        assert browser.describe(node=number)


def test_a_single_input_is_a_graph(theano, tmp_path):
    browser = GraphBrowserExplorer(theano.tensor.fmatrix("x"))
    assert (
        browser.describe()
        == "Node 1 of 1, the input x, is a float32 matrix, a result of the graph."
    )
    assert in_page(tmp_path, browser, [browser.values])[0]["sentence"] == browser.describe()


@pytest.mark.parametrize("expression", [3.0, "x", [], [1, 2], np.zeros(3), lambda x: x])
def test_what_is_not_symbolic_is_refused(expression):
    with pytest.raises(TypeError, match="expression must be a symbolic"):
        GraphBrowserExplorer(expression)


def test_a_graph_too_large_to_read_is_refused(theano):
    x = y = theano.tensor.dscalar("x")
    for _ in range(160):
        y = y * x
    with pytest.raises(ValueError, match="161 nodes, at most 150"):
        GraphBrowserExplorer(y)


# The page


def test_page_and_python_agree_on_every_node_of_a_learners_graph(gradient, tmp_path):
    browser = GraphBrowserExplorer(gradient)
    calls = [
        browser.checked({"node": node, "graph": graph, "colours": "dtype"})
        for graph in GRAPHS
        for node in range(1, len(nodes_of(browser, graph)) + 1)
    ]
    for values, page in zip(calls, in_page(tmp_path, browser, calls), strict=True):
        assert page["result"] == browser.state(**values)
        assert page["sentence"] == browser.describe(**values)


def test_boxes_of_a_large_graph_do_not_overlap(gradient, tmp_path):
    browser = GraphBrowserExplorer(gradient)
    calls = [browser.checked({"node": 1, "graph": graph}) for graph in GRAPHS]
    for page in in_page(tmp_path, browser, calls, widths=(NARROW, WIDE)):
        for picture in page["pictures"]:
            boxes = {}
            for number, drawn in re.findall(r'<g data-node="(\d+)"(.*?)</g>', picture["svg"]):
                (*_, last) = re.findall(
                    r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', drawn
                )
                boxes[number] = tuple(map(float, last))
            assert len(boxes) == page["result"]["count"]
            for (x, y, width, height), (x_2, y_2, *_) in itertools.combinations(boxes.values(), 2):
                assert abs(x - x_2) >= width or abs(y - y_2) >= height


def test_every_box_names_its_node(tmp_path):
    browser = GraphBrowserExplorer()
    (page,) = in_page(tmp_path, browser, [browser.values], widths=(WIDE,))
    svg = page["pictures"][0]["svg"]
    for number, node in enumerate(nodes_of(browser), 1):
        assert f"<title>{number} {node['name']}: " in svg


# The layout


def test_a_chain_is_a_straight_line():
    layout = layered([[], [0], [1], [2]])
    assert layout.layer == [0, 1, 2, 3]
    assert len(set(layout.x)) == 1


def test_leaves_stand_next_to_their_first_user():
    assert layered([[], [0], [1], [], [2, 3]]).layer == [0, 1, 2, 2, 3]


def test_a_long_edge_bends_round_the_nodes_between():
    layout = layered([[], [0], [1], [0, 2]])
    assert len(layout.bends[0]) == 2 and not layout.bends[1]
    for x, bend in zip(layout.x[1:3], layout.bends[0], strict=True):
        assert abs(x - bend) >= (NODE + BEND) / 2 - 1e-9


def test_crossings_are_undone():
    # Two chains whose second nodes were written the other way round.
    layout = layered([[], [], [1], [0], [3], [2]])
    assert (layout.x[0] - layout.x[1]) * (layout.x[3] - layout.x[2]) > 0
    assert (layout.x[3] - layout.x[2]) * (layout.x[4] - layout.x[5]) > 0


def test_random_graphs_keep_their_room():
    rng = np.random.default_rng(5)
    for n_nodes in (1, 2, 12, 60):
        inputs = [
            sorted({int(i) for i in rng.integers(0, node, size=rng.integers(0, 3))}) if node else []
            for node in range(n_nodes)
        ]
        layout = layered(inputs)
        for layer in set(layout.layer):
            row = sorted(
                x for x, depth in zip(layout.x, layout.layer, strict=True) if depth == layer
            )
            assert row[0] >= NODE / 2 - 1e-9 and row[-1] <= layout.width - NODE / 2 + 1e-9
            assert all(b - a >= NODE - 1e-9 for a, b in itertools.pairwise(row))
        for node, taken in enumerate(inputs):
            assert all(layout.layer[each] < layout.layer[node] for each in taken)
