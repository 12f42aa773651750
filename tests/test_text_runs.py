"""What lesson 13 shows of trainings that it does not run itself."""

import csv

import measure.text_runs as measure_text_runs
import numpy as np
import pytest

from course_utils.datasets.shipped import read_shipped

PARTS = ("train", "validation", "test")
ROWS = list(csv.DictReader(read_shipped("text_runs.csv").splitlines()))


def costs(row):
    return [float(row[part]) for part in PARTS]


def test_file_holds_every_network_and_seed_of_the_script():
    found = [(row["model"], int(row["seed"])) for row in ROWS]
    counted = [(name, 0) for name in measure_text_runs.SHARES]
    trained = [(name, seed) for name in measure_text_runs.NETWORKS for seed in (0, 1, 2)]
    assert found == counted + trained


def test_counts_are_those_of_the_file():
    rows = {row["model"]: row for row in ROWS}
    for name, share in measure_text_runs.SHARES.items():
        again = measure_text_runs.measure_counts(name, share)
        np.testing.assert_allclose(costs(again), costs(rows[name]), rtol=0, atol=1e-4)


def test_script_still_gives_what_the_file_holds():
    name, seed = "GRU, quarter of the text", 1  # the quickest
    (stored,) = [row for row in ROWS if (row["model"], row["seed"]) == (name, str(seed))]
    again = measure_text_runs.measure_network(name, seed)
    np.testing.assert_allclose(costs(again), costs(stored), rtol=0, atol=0.03)


def test_a_reader_costs_what_its_logits_say():
    class Uniform:
        def predict_on_batch(self, x):
            return np.zeros((*x.shape, 64))

    cost = measure_text_runs.cost_in_bits(Uniform(), np.arange(10))
    assert cost == pytest.approx(6.0)
