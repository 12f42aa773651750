import numpy as np
import pytest

from course_utils.widgets import ScalarRNNExplorer

SMALL = {"amplitude": 0.05, "w_x": 0.05}  # so that tanh is close to a straight line


@pytest.fixture(scope="module")
def explorer():
    return ScalarRNNExplorer()


@pytest.mark.parametrize("w_h, steps", [(0.0, 1), (0.5, 5), (0.9, 29), (-0.9, 29), (1.0, None)])
def test_small_impulse_is_forgotten_as_the_formula_says(explorer, w_h, steps):
    assert explorer.state(w_h=w_h, **SMALL)["forgotten"] == steps


def test_states_are_those_of_numpy(explorer):
    values = {"w_h": 1.3, "w_x": -0.7, "b": 0.2, "h_0": -0.4}
    result = explorer.state(signal="sine", period=7, **values)
    state, states = values["h_0"], [values["h_0"]]
    for x_t in np.sin(2 * np.pi * np.arange(1, 41) / 7):
        state = np.tanh(values["w_x"] * x_t + values["w_h"] * state + values["b"])
        states.append(state)
    assert np.allclose(result["h"], states, rtol=0, atol=1e-12)


def test_weight_above_one_latches(explorer):
    result = explorer.state(w_h=1.5)
    assert result["forgotten"] is None
    assert result["h"][-1] == pytest.approx(0.8586, abs=1e-4)
    assert "100 % of that is left" in explorer.describe(w_h=1.5)


def test_negative_weight_alternates(explorer):
    signs = np.sign(explorer.state(w_h=-0.8)["h"][5:])
    assert (signs[1:] == -signs[:-1]).all()
    assert "a new sign at each step" in explorer.describe(w_h=-0.8)


def test_memory_counts_the_effect_of_the_input_alone(explorer):
    assert explorer.state(b=0.5, h_0=1.0, w_h=0.5)["rest"][-1] != 0
    assert explorer.state(b=0.5, h_0=1.0, w_h=0.5)["forgotten"] <= 5


def test_linear_unit_explodes_with_finite_numbers(explorer):
    result = explorer.state(activation="linear", w_h=2.0, w_x=2.0, amplitude=2.0, b=1.0, h_0=1.0)
    assert np.isfinite(result["h"]).all() and result["h"][-1] > 1e11
    assert "3.44×10¹⁰ times" in explorer.describe(activation="linear", w_h=2.0)


def test_step_settles_where_the_state_reproduces_itself(explorer):
    result = explorer.state(signal="step")
    last = result["h"][-1]
    assert last == pytest.approx(np.tanh(0.5 + 0.9 * last), abs=1e-9)
    assert result["settled"] == 5


def test_input_that_does_not_arrive_is_told(explorer):
    for values in ({"w_x": 0.0}, {"amplitude": 0.0}):
        for signal in ("impulse", "step", "sine"):
            assert "adds 0 to the state" in explorer.describe(signal=signal, **values)
