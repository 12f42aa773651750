"""One network, one set of weights, the same numbers in every lesson that computes it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent


def stored_states(name):
    """Numbers of every stored line that tells the last state of the first sequence."""
    notebook = json.loads((ROOT / "notebooks" / name).read_text("utf-8"))
    outputs = (output for cell in notebook["cells"] for output in cell.get("outputs", []))
    printed = "".join("".join(output.get("text", [])) for output in outputs)
    found = re.findall(r"last state of the first sequence \[(.*?)\]", printed)
    return [np.array(numbers.split(), dtype=float) for numbers in found]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("02_forward_pass.ipynb", 1),
        ("05_theano_graphs.ipynb", 1),
        ("06_scan.ipynb", 2),
        ("10_keras_layers.ipynb", 3),
    ],
)
def test_the_network_of_lesson_02_gives_the_same_numbers_everywhere(name, count):
    (expected,) = stored_states("02_forward_pass.ipynb")
    assert expected.shape == (4,)
    states = stored_states(name)
    assert len(states) == count
    for state in states:
        np.testing.assert_array_equal(state, expected)
