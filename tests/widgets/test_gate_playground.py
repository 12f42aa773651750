import numpy as np
import pytest
from page import in_page

from course_utils import datasets, gates
from course_utils.cells import GRU, LSTM, SimpleRNN
from course_utils.widgets import GatePlaygroundExplorer

RNG = np.random.default_rng(8)
ADDER = LSTM(  # one unit, set by hand: the belt holds a hundredth of the sum
    [[0.0, 0.0, 0.01, 0.0], [30.0, 0.0, 0.0, 0.0]], np.zeros((1, 4)), [-15.0, 40.0, 0.0, 40.0]
)
ADDING = datasets.adding(3, 12, seed=3)


@pytest.fixture(scope="module")
def explorer():
    return GatePlaygroundExplorer()


def random_cell(kind, n_units=3):
    cell = kind.start(2, n_units, seed=1)
    return kind(*(RNG.normal(size=weight.shape) for weight in cell.weights.values()))


def test_built_in_network_adds(explorer):
    for sequence in explorer.controls[0].options:
        result = explorer.state(sequence=sequence)
        assert result["answers"][-1] == pytest.approx(result["target"], abs=0.06)
        assert result["free"] == result["answers"][-1]


def test_numbers_are_those_of_the_cell_with_the_gate_forced():
    for kind in (LSTM, GRU):
        cell, W_hy, b_y = random_cell(kind), RNG.normal(size=(3, 1)), RNG.normal(size=1)
        own = GatePlaygroundExplorer(cell, W_hy, b_y, ADDING)
        for name in own.data["gates"]:
            held = {f"force_{name}": True, name: 0.3}
            trace = gates.forced(cell, name, 0.3).forward(ADDING[0][1:2])
            result = own.state(sequence="2", unit="3", **held)
            memory = trace.c if kind is LSTM else trace.h
            np.testing.assert_allclose(result["memory"], memory[0].T, atol=1e-14)
            np.testing.assert_allclose(result["h"], trace.h[0, :, 2], atol=1e-14)
            np.testing.assert_allclose(
                result["answers"], (trace.h[0] @ W_hy + b_y)[:, 0], atol=1e-14
            )
            for gate, series in result["gates"].items():
                np.testing.assert_allclose(series, trace.gates[gate][0, :, 2], atol=1e-14)
        own.close()


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_page_runs_a_network_of_either_kind(kind, tmp_path):
    own = GatePlaygroundExplorer(random_cell(kind), RNG.normal(size=(3, 1)), [0.2], ADDING)
    names = own.data["gates"]
    calls = [
        own.checked({"unit": "2", **{f"force_{n}": on for n in names}, **dict.fromkeys(names, v)})
        for on in (False, True)
        for v in (0.0, 0.4, 1.0)
    ]
    for values, page in zip(calls, in_page(tmp_path, own, calls), strict=True):
        result = own.state(**values)
        for key in ("answers", "h", "memory"):
            np.testing.assert_allclose(page["result"][key], result[key], rtol=0, atol=1e-12)
        assert page["sentence"] == own.describe(**values)


def test_network_of_one_unit_and_one_sequence_is_shown(tmp_path):
    x, y = datasets.adding(1, 200, seed=5)
    own = GatePlaygroundExplorer(ADDER, [[100.0]], [0.0], (x, y))
    assert own.state()["answers"][-1] == pytest.approx(y[0, 0], abs=1e-3)
    forgets = own.state(force_f=True, f=0.0)
    assert abs(forgets["answers"][-1]) < 1e-3
    floods = own.state(force_i=True, i=1.0)
    assert floods["memory"][0][-1] == pytest.approx(np.tanh(0.01 * x[0, :, 0]).sum())
    (page,) = in_page(tmp_path, own, [own.values])
    assert page["result"]["answers"] == pytest.approx(own.state()["answers"], abs=1e-12)


def test_sentence_names_what_is_held(explorer):
    assert explorer.describe().startswith("With all gates free")
    said = explorer.describe(force_i=True, i=1.0, force_f=True, f=0.5)
    assert said.startswith("With i held at 1 and f held at 0.5 the network answers")
    said = explorer.describe(force_i=True, i=0.0, force_f=True, force_o=True)
    assert said.startswith("With i held at 0, f held at 1 and o held at 1 the network answers")


def test_what_cannot_be_shown_is_refused():
    lstm, W_hy, b_y = LSTM.start(2, 3), np.ones((3, 1)), np.zeros(1)
    x, y = ADDING
    refused = [
        ("cell", (SimpleRNN.start(2, 3), W_hy, b_y, ADDING)),
        ("cell", (LSTM.start(3, 3), W_hy, b_y, ADDING)),
        ("cell", (LSTM.start(2, 33), np.ones((33, 1)), b_y, ADDING)),
        ("cell", (GRU.start(2, 3, reset_after=False), W_hy, b_y, ADDING)),
        ("W_hy", (lstm, None, b_y, ADDING)),
        ("W_hy", (lstm, np.ones(3), b_y, ADDING)),
        ("b_y", (lstm, W_hy, np.zeros(2), ADDING)),
        ("sequences", (lstm, W_hy, b_y, x)),
        ("x", (lstm, W_hy, b_y, (x[:, :1], y))),
        ("x", (lstm, W_hy, b_y, (x[..., :1], y))),
        ("x", (lstm, W_hy, b_y, datasets.adding(21, 10))),
        ("x", (lstm, W_hy, b_y, datasets.adding(1, 201))),
        ("y", (lstm, W_hy, b_y, (x, y[:, 0]))),
    ]
    for name, arguments in refused:
        with pytest.raises((TypeError, ValueError), match=name):
            GatePlaygroundExplorer(*arguments)
