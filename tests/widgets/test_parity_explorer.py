"""The parity explorer against parity itself."""

import random

import pytest

from course_utils.widgets import ParityExplorer


@pytest.fixture(scope="module")
def explorer():
    made = ParityExplorer()
    yield made
    made.close()


def random_bits(seed):
    rng = random.Random(seed)
    return [rng.random() < 0.5 for _ in range(12)]


@pytest.mark.parametrize("seed", range(20))
def test_network_is_right_at_every_step_from_gain_2_5_on(explorer, seed):
    bits = random_bits(seed)
    for gain in (2.5, 5.0, 10.0):
        state = explorer.state(gain=gain, **{f"x_{t}": bit for t, bit in enumerate(bits, start=1)})
        assert state["odd"] == [sum(bits[:t]) % 2 for t in range(13)]
        assert state["answer"] == state["odd"]
        assert (state["n_right"], state["first_wrong"]) == (12, None)


def test_errors_are_counted_and_the_first_is_named(explorer):
    state = explorer.state(gain=1.5)
    wrong = [t for t in range(1, 13) if state["answer"][t] != state["odd"][t]]
    assert wrong and state["first_wrong"] == wrong[0]
    assert state["n_right"] == 12 - len(wrong)
    assert f"the first error at step {wrong[0]}" in explorer.describe(gain=1.5)


def test_description_follows_the_step(explorer):
    assert explorer.describe(t=0).startswith("Before the first bit")
    assert explorer.describe(t=1).startswith("After 1 bit with 1 one,")
    assert "y_4 = 0.973 says odd, which is right" in explorer.describe(t=4)
