"""The trainings that lesson 15 does not run itself."""

import measure.architectures as measure_architectures
import numpy as np
import pytest

from course_utils import datasets


def test_file_holds_every_run_of_the_script():
    runs = datasets.load_architecture_runs()
    wanted = {
        (task, network, rate)
        for task in measure_architectures.TASKS
        for network in measure_architectures.NETWORKS
        for rate in measure_architectures.RATES
    }
    assert runs.keys() == wanted
    shape = (
        len(measure_architectures.SEEDS),
        measure_architectures.N_UPDATES // measure_architectures.EVERY,
    )
    assert {scores.shape for scores in runs.values()} == {shape}


def test_file_of_many_seeds_holds_every_run_and_begins_with_those_of_the_grid():
    runs, grid = datasets.load_seed_runs(), datasets.load_architecture_runs()
    rates = measure_architectures.MANY_SEEDS_RATES
    assert runs.keys() == {(task, network) for task in rates for network in rates[task]}
    for (task, network), scores in runs.items():
        assert scores.shape == (len(measure_architectures.MANY_SEEDS), 10)
        np.testing.assert_array_equal(scores[:3], grid[task, network, rates[task][network]])


def test_many_seeds_have_the_rate_that_was_better_in_the_grid():
    grid = datasets.load_architecture_runs()
    for task, rates in measure_architectures.MANY_SEEDS_RATES.items():
        for network, rate in rates.items():
            medians = {
                each: np.median(grid[task, network, each][:, -1])
                for each in measure_architectures.RATES
            }
            assert max(medians, key=medians.get) == rate


def test_skill_is_0_for_guessing_and_1_without_a_mistake():
    assert list(datasets.ARCHITECTURE_TASKS) == list(measure_architectures.TASKS)
    for task, (guess, perfect) in datasets.ARCHITECTURE_TASKS.items():
        np.testing.assert_array_equal(datasets.architecture_skill(task, [guess, perfect]), [0, 1])
    with pytest.raises(ValueError, match="task"):
        datasets.architecture_skill("adding", 0.1)


@pytest.mark.parametrize(
    ("task", "network", "rate"),
    [
        ("adding, 20 steps", "GRU 32", 0.002),
        ("adding, 50 steps", "LSTM 32", 0.002),
        ("adding, 100 steps", "SimpleRNN 32", 0.002),
        ("copy 5 symbols after 20 steps", "SimpleRNN 66", 0.01),
        ("temporal order, 50 steps", "IRNN 32", 0.002),
        ("digits, 64 steps", "IRNN 32", 0.002),
    ],
)
def test_script_still_gives_what_the_file_holds(task, network, rate):
    runs = datasets.load_architecture_runs()
    again = measure_architectures.run(task, network, rate, 1, measure_architectures.EVERY)
    atol = 1e-4 if measure_architectures.TASKS[task].is_regression else 4 / 500
    np.testing.assert_allclose(again, runs[task, network, rate][1, :1], rtol=0, atol=atol)


@pytest.mark.parametrize(
    ("task", "network"),
    [("copy 5 symbols after 20 steps", "GRU 32"), ("digits, 64 steps", "SimpleRNN 32")],
)
def test_script_still_gives_what_the_file_of_many_seeds_holds(task, network):
    rate = measure_architectures.MANY_SEEDS_RATES[task][network]
    again = measure_architectures.run(task, network, rate, 11, measure_architectures.EVERY)
    stored = datasets.load_seed_runs()[task, network][11, :1]
    np.testing.assert_allclose(again, stored, rtol=0, atol=4 / 500)


def test_test_digits_are_not_among_the_training_digits():
    x_test, y_test = measure_architectures.digits(500, measure_architectures.TEST_SEED)
    x_train, _ = measure_architectures.digits(2000, seed=1)
    assert x_test.shape == (500, 64, 1) and y_test.shape == (500,)
    known = {image.tobytes() for image in x_train}
    assert sum(image.tobytes() in known for image in x_test) <= 2  # twins in the data set
