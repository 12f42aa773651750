import numpy as np
import pytest

from course_utils import gates
from course_utils.cells import GRU, LSTM, SimpleRNN

RNG = np.random.default_rng(8)
X = 5 * RNG.normal(size=(3, 6, 2))
CELLS = {
    "LSTM": (LSTM.start(2, 4, seed=1), "ifo"),
    "GRU": (GRU.start(2, 4, seed=1), "zr"),
    "GRU, reset before": (GRU.start(2, 4, seed=1, reset_after=False), "zr"),
}


@pytest.mark.parametrize("name", CELLS)
def test_forced_gate_has_its_value_and_all_else_stays(name):
    cell, names = CELLS[name]
    cell = type(cell)(
        **{k: RNG.normal(size=w.shape) for k, w in cell.weights.items()}, **_reset(cell)
    )
    before = {k: w.copy() for k, w in cell.weights.items()}
    for gate in names:
        for value in (0, 0.0, 0.3, 1.0, 1):
            other = gates.forced(cell, gate, value)
            trace = other.forward(X)
            np.testing.assert_allclose(trace.gates[gate], value, rtol=1e-14, atol=0)
            for key, array in other.weights.items():
                for block in set(cell.gate_names) - {gate}:
                    same = cell.gate_blocks(array)[block], cell.gate_blocks(before[key])[block]
                    np.testing.assert_array_equal(*same)
    for key, array in cell.weights.items():
        np.testing.assert_array_equal(array, before[key])


def _reset(cell):
    return {"reset_after": cell.reset_after} if isinstance(cell, GRU) else {}


def test_forget_gate_shut_leaves_no_past_in_the_cell_state():
    trace = gates.forced(CELLS["LSTM"][0], "f", 0).forward(X)
    np.testing.assert_allclose(trace.c, trace.gates["i"] * trace.gates["g"], rtol=1e-14)


def test_update_gate_open_keeps_the_first_state_for_ever():
    h0 = RNG.normal(size=(3, 4))
    h = gates.forced(CELLS["GRU"][0], "z", 1).forward(X, h0).h
    np.testing.assert_array_equal(h, np.repeat(h0[:, None], 6, axis=1))


@pytest.mark.parametrize("n_steps", [0.5, 1, 10, 103, 1000])
def test_half_life_is_what_it_says(n_steps):
    keeps = 1 / (1 + np.exp(-gates.half_life_bias(n_steps)))
    assert keeps**n_steps == pytest.approx(0.5, rel=1e-12)


def test_what_cannot_be_forced_is_refused():
    cell = CELLS["LSTM"][0]
    for gate in ("g", "z", "", None):
        with pytest.raises((TypeError, ValueError), match="gate must be"):
            gates.forced(cell, gate, 1)
    for value in (-0.1, 1.1, np.nan, "1", True):
        with pytest.raises((TypeError, ValueError), match="value must be"):
            gates.forced(cell, "f", value)
    with pytest.raises(TypeError, match="cell must be"):
        gates.forced(SimpleRNN.start(2, 3), "f", 1)
    for n_steps in (0, -1, np.inf):
        with pytest.raises((TypeError, ValueError), match="n_steps must be"):
            gates.half_life_bias(n_steps)
