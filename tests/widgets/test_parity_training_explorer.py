import numpy as np
import pytest
from page import in_page

from course_utils.widgets import ParityTrainingExplorer
from course_utils.widgets.parity_training import SETTINGS, shipped_networks


@pytest.fixture(scope="module")
def explorer():
    return ParityTrainingExplorer()


def counter(n_units=3):
    """A network that always says "odd": its bias is all there is."""
    return {
        "W_xh": np.zeros((1, n_units)),
        "W_hh": np.zeros((n_units, n_units)),
        "b_h": np.zeros(n_units),
        "W_hy": np.zeros((n_units, 1)),
        "b_y": np.ones(1),
    }


def test_shipped_networks_show_what_the_lesson_says(explorer):
    for lengths in ("always 12 bits", "1 to 12 bits"):
        result = explorer.state(labels="at every step", lengths=lengths)
        assert min(result["middle"]) > 0.97
    assert min(explorer.state(labels="at the end only", lengths="1 to 12 bits")["middle"]) > 0.97
    coin = explorer.state(labels="at the end only", lengths="always 12 bits")
    assert min(coin["middle"]) > 0.35 and max(coin["middle"]) < 0.65


def test_three_networks_are_shipped_for_each_setting():
    assert {name: len(runs) for name, runs in shipped_networks().items()} == dict.fromkeys(
        SETTINGS, 3
    )


def test_the_string_is_read_as_far_as_the_test_length(explorer):
    for n in (1, 12, 40):
        result = explorer.state(test_length=n)
        assert len(result["bits"]) == len(result["odd"]) == len(result["output"]) == n
        assert result["odd"] == (np.cumsum(result["bits"]) % 2).tolist()
        assert result["n_right"] == n
        assert result["at"] == result["middle"][n - 1]


def test_learners_networks_replace_the_shipped_ones(tmp_path):
    own = ParityTrainingExplorer({"final, fixed": counter(), "per step, mixed": [counter()] * 2})
    values = own.checked({"labels": "at the end only", "lengths": "always 12 bits"})
    result = own.state(**values)
    odd = np.array(result["odd"])
    assert result["output"] == pytest.approx([1 / (1 + np.exp(-1))] * 20)
    assert result["n_right"] == odd.sum()
    assert result["low"] == result["middle"] == result["high"]
    assert "(1 run)" in own.describe(**values)
    assert "(median of 2 runs)" in own.describe(labels="at every step", lengths="1 to 12 bits")
    assert "(median of 3 runs)" in own.describe(labels="at every step", lengths="always 12 bits")
    (page,) = in_page(tmp_path, own, [values])
    assert page["result"]["n_right"] == result["n_right"]
    assert page["sentence"] == own.describe(**values)


@pytest.mark.parametrize(
    ("networks", "error", "sentence"),
    [
        ([counter()], TypeError, "networks must be a dictionary by setting, got list"),
        ({"final": counter()}, ValueError, "networks must be for per step, fixed.*got 'final'"),
        ({"final, fixed": []}, ValueError, "must hold at least one network"),
        ({"final, fixed": {"W_xh": 1}}, ValueError, r"must have W_xh, W_hh.*got \['W_xh'\]"),
        ({"final, fixed": [None]}, ValueError, "must have W_xh, W_hh.*got NoneType"),
        ({"final, fixed": counter() | {"W_hh": np.eye(2)}}, ValueError, "W_hh must have shape"),
        ({"final, fixed": counter() | {"b_y": ["a"]}}, TypeError, "b_y must hold real numbers"),
        ({"final, fixed": counter() | {"b_h": 1.0}}, ValueError, "b_h must be a vector"),
    ],
)
def test_networks_that_cannot_be_shown_are_refused(networks, error, sentence):
    with pytest.raises(error, match=sentence):
        ParityTrainingExplorer(networks)
