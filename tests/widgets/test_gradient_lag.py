import numpy as np
import pytest
from page import in_page

from course_utils.widgets import GradientLagExplorer


@pytest.fixture(scope="module")
def explorer():
    return GradientLagExplorer()


@pytest.mark.parametrize("radius, lag", [(0.5, 7), (0.9, 44), (0.95, None)])
def test_linear_identity_vanishes_as_the_power_says(explorer, radius, lag):
    result = explorer.state(start="identity", activation="linear", radius=radius)
    assert result["vanished"] == lag
    assert np.allclose(result["gradient"], radius ** np.arange(51))


def test_no_gradient_exceeds_the_bound(explorer):
    for start in explorer.data["starts"]:
        for activation in ("tanh", "linear", "relu"):
            for radius in (0.5, 1.0, 1.5):
                result = explorer.state(start=start, activation=activation, radius=radius)
                gradient, bound = np.array(result["gradient"]), np.array(result["bound"])
                assert (gradient <= bound * (1 + 1e-9)).all(), (start, activation, radius)


def test_chain_grows_though_its_eigenvalues_are_below_one(explorer):
    result = explorer.state(start="non-normal chain", activation="linear", radius=0.9)
    assert result["exploded"] == 10 and result["radius"][10] < 0.35
    said = explorer.describe(start="non-normal chain", activation="linear", radius=0.9)
    assert "rises above 100 times at lag 10" in said


def test_tanh_at_rest_is_linear(explorer):
    for start in explorer.data["starts"]:
        tanh = explorer.state(start=start, activation="tanh", scale=0.0)
        linear = explorer.state(start=start, activation="linear", scale=0.0)
        assert tanh["gradient"] == pytest.approx(linear["gradient"])


def test_relu_at_rest_lets_nothing_through(explorer):
    said = explorer.describe(start="identity", activation="relu", scale=0.0)
    assert "exactly 0 from lag 1 on" in said


def test_learners_matrix_is_shown_at_its_own_radius(tmp_path):
    W_hh = np.diag([0.7, -0.2, 0.1])
    own = GradientLagExplorer(W_hh, activation="linear")
    assert own.values["start"] == "your network" and own.values["radius"] == 0.7
    result = own.state()
    expected = np.sqrt((np.array([0.7, -0.2, 0.1]) ** (2 * np.arange(51)[:, None])).mean(axis=1))
    assert np.allclose(result["gradient"], expected)
    (page,) = in_page(tmp_path, own, [own.values])
    assert page["result"]["gradient"] == pytest.approx(result["gradient"], rel=1e-9)


@pytest.mark.parametrize(
    "matrix", [np.ones((2, 3)), np.zeros((3, 3)), np.eye(3, k=1), np.eye(65), [1.0, 2.0]]
)
def test_matrix_that_cannot_be_shown_is_refused(matrix):
    with pytest.raises(ValueError, match="recurrent_kernel"):
        GradientLagExplorer(matrix)
