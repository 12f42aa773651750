import numpy as np
import pytest

from course_utils import datasets
from course_utils.widgets import ArchitectureExplorer, architectures

RUNS = datasets.load_architecture_runs()


def test_short_names_stand_for_the_tasks_and_networks_of_the_file():
    data = ArchitectureExplorer().data
    assert data["tasks"] == list(datasets.ARCHITECTURE_TASKS)
    assert len(data["short_tasks"]) == len(data["tasks"])
    assert [name.replace("RNN", "SimpleRNN", 1) for name in data["short_networks"][:2]] == data[
        "networks"
    ][:2]
    assert data["short_networks"][2:] == data["networks"][2:]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_single_seed_is_that_seed(seed):
    state = ArchitectureExplorer(rate="0.002", statistic=f"seed {seed} alone", updates=300).state()
    task, network = "digits, 64 steps", "SimpleRNN 66"
    skill = datasets.architecture_skill(task, RUNS[task, network, 0.002][seed, 1])
    assert state["skills"][5][1] == pytest.approx(skill, abs=1e-4)
    assert state["curves"][network]["shown"][1] == state["skills"][5][1]


def test_worst_median_and_best_stand_in_order():
    worst, middle, best = (
        np.array(ArchitectureExplorer(statistic=f"{which} of 3 seeds").state()["skills"])
        for which in ("worst", "median", "best")
    )
    assert (worst <= middle).all() and (middle <= best).all() and (worst < best).any()


def test_better_rate_is_the_one_of_the_better_median():
    made = ArchitectureExplorer(rate=architectures.BETTER)
    state, medians = made.state(), []
    for rate in made.data["rates"]:
        medians.append(ArchitectureExplorer(rate=str(rate)).state()["skills"])
    np.testing.assert_array_equal(state["skills"], np.max(medians, axis=0))
    rates = np.where(np.argmax(medians, axis=0) == 0, *made.data["rates"])
    tied = np.equal(*medians)
    np.testing.assert_array_equal(np.array(state["rates"])[~tied], rates[~tied])


def test_between_equal_medians_the_worst_seed_decides():
    data, state = (
        ArchitectureExplorer().data,
        ArchitectureExplorer(rate=architectures.BETTER).state(),
    )
    task, network = (
        data["tasks"].index("temporal order, 50 steps"),
        data["networks"].index("LSTM 32"),
    )
    assert np.median(RUNS["temporal order, 50 steps", "LSTM 32", 0.01][:, -1]) == 1
    assert state["rates"][task][network] == 0.002


def test_winner_changes_with_the_rate_and_with_the_seed():
    explorer = ArchitectureExplorer(task="digits, 64 steps")
    seeds = [explorer.state(statistic=f"seed {seed} alone")["ahead"][5] for seed in range(3)]
    assert len({tuple(names) for names in seeds}) > 1
    assert explorer.state(rate="0.01")["ahead"][5] != explorer.state(rate="0.002")["ahead"][5]


def test_nobody_is_ahead_where_all_guess():
    state = ArchitectureExplorer(
        rate="0.002", updates=150, statistic="worst of 3 seeds", task="adding, 100 steps"
    )
    assert state.state()["ahead"][2] == []
    assert "nobody has left guessing" in state.describe()
