"""What lesson 08 shows of trainings that it does not run itself."""

import measure.gates as measure_gates
import numpy as np
import pytest

from course_utils import datasets


def test_file_holds_every_network_of_the_script():
    updates, losses = datasets.load_gate_runs()
    assert losses.keys() == measure_gates.NETWORKS.keys()
    assert updates[-1] == measure_gates.N_UPDATES
    assert all(runs.shape == (len(measure_gates.SEEDS), len(updates)) for runs in losses.values())


@pytest.mark.parametrize("name", measure_gates.NETWORKS)
def test_script_still_gives_what_the_file_holds(name):
    _, losses = datasets.load_gate_runs()
    again = measure_gates.run(measure_gates.NETWORKS[name], seed=1, n_updates=25)
    np.testing.assert_allclose(again, losses[name][1, :1], rtol=0, atol=2e-6)
