"""The gradient paths of the unrolled graph against finite differences and against the cells."""

import numpy as np
import pytest
from page import in_page

from course_utils import plotting
from course_utils.cells import LSTM, SimpleRNN
from course_utils.widgets import UnrolledGraphExplorer
from course_utils.widgets.unrolled_graph import H_0, W_X, B, X


@pytest.fixture(scope="module")
def explorer():
    made = UnrolledGraphExplorer()
    yield made
    made.close()


@pytest.fixture(scope="module")
def network():
    cell = SimpleRNN.start(2, 5, seed=1)
    rng = np.random.default_rng(1)
    x, W_hy = rng.normal(size=(1, 12, 2)), rng.normal(size=(5, 1))
    made = UnrolledGraphExplorer(cell=cell, x=x, W_hy=W_hy)
    yield made, cell, x[:, :10], W_hy
    made.close()


def state_at(step, w_h):
    h = H_0
    for x_t in X[:step]:
        h = np.tanh(W_X * x_t + w_h * h + B)
    return h


@pytest.mark.parametrize("w_h", [-2.0, -0.8, 0.0, 0.8, 2.0])
@pytest.mark.parametrize("loss", [1, 4, 10])
def test_paths_add_up_to_the_derivative(explorer, w_h, loss):
    state = explorer.state(n_steps=10, loss=loss, k=10, w_h=w_h)
    numerical = (state_at(loss, w_h + 1e-5) - state_at(loss, w_h - 1e-5)) / 2e-5
    assert sum(state["path"]) == pytest.approx(numerical, abs=1e-7)
    assert state["kept"] == pytest.approx(sum(state["path"])) and state["cut"] == 0
    assert state["path"][loss:] == [0.0] * (10 - loss)


def test_what_is_kept_and_cut_is_everything(explorer):
    for k in range(1, 7):
        state = explorer.state(k=k)
        assert state["kept"] + state["cut"] == pytest.approx(sum(state["path"]))
        assert f"keeps {k} (" in explorer.describe(k=k) or k == 6


def test_loss_and_truncation_stop_at_the_last_step(explorer):
    state = explorer.state(n_steps=4, loss=10, k=10)
    assert (state["loss"], state["k"]) == (4, 4)
    assert explorer.describe(loss=1).endswith("keeps it, together 0.118.")


def test_network_sums_to_the_gradient_of_the_cell(network):
    explorer, cell, x, W_hy = network
    trace = cell.forward(x)
    for loss in (1, 5, 10):
        dh = np.zeros_like(trace.h)
        dh[:, loss - 1] = W_hy[:, 0]
        whole = np.linalg.norm(cell.backward(trace, dh).recurrent_kernel)
        state = explorer.state(loss=loss, k=10)
        assert state["kept"] == pytest.approx(whole) and state["cut"] == 0
        assert state["reach"][loss] == pytest.approx(np.linalg.norm(W_hy))


def test_page_shows_the_network_that_python_computed(network, tmp_path):
    explorer = network[0]
    calls = [explorer.checked({"loss": loss, "k": k}) for loss in (1, 6, 10) for k in (1, 4, 10)]
    for values, page in zip(calls, in_page(tmp_path, explorer, calls), strict=True):
        assert page["sentence"] == explorer.describe(**values)
        assert page["result"]["path"] == pytest.approx(explorer.state(**values)["path"])
        assert all("NaN" not in picture["svg"] for picture in page["pictures"])


def test_unusable_networks_are_refused():
    cell = SimpleRNN.start(2, 3)
    with pytest.raises(TypeError, match="cell must be"):
        UnrolledGraphExplorer(cell=LSTM(np.ones((1, 4)), np.ones((1, 4)), np.zeros(4)))
    for x in (np.ones((1, 3, 2)), np.ones((2, 5, 2)), np.ones((1, 5, 1))):
        with pytest.raises(ValueError, match="x must have shape"):
            UnrolledGraphExplorer(cell=cell, x=x)
    with pytest.raises(ValueError, match="W_hy must have shape"):
        UnrolledGraphExplorer(cell=cell, x=np.ones((1, 5, 2)), W_hy=np.ones(3))


def test_bad_graphs_are_refused_by_name():
    for arguments, name in (
        (([0.5, 0.5], 3), "loss_step"),
        (([0.5, 0.5], 0), "loss_step"),
    ):
        with pytest.raises(ValueError, match=name):
            plotting.plot_unrolled_graph(*arguments)
    with pytest.raises(ValueError, match="truncation"):
        plotting.plot_unrolled_graph([0.5, 0.5], 2, truncation=0)
    with pytest.raises(ValueError, match="paths"):
        plotting.plot_unrolled_graph([0.5, 0.5], 2, paths=[1.0])
