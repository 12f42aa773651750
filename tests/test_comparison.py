"""Parameters counted, runs summarised, and the permutation test against SciPy's."""

import tracemalloc

import numpy as np
import pytest
from scipy.stats import permutation_test

from course_utils import cells
from course_utils.further.comparison import LAYOUT, median_and_range, n_parameters, permutation_p

RNG = np.random.default_rng(15)


@pytest.mark.parametrize("network", LAYOUT)
@pytest.mark.parametrize(("n_features", "n_units"), [(1, 1), (2, 32), (7, 5)])
def test_formula_counts_what_the_cells_have(network, n_features, n_units):
    options = {"reset_after": False} if network == "GRU, reset before" else {}
    cell = getattr(cells, network.split(",")[0]).start(n_features, n_units, **options)
    counted = sum(weight.size for weight in cell.weights.values())
    assert n_parameters(network, n_features, n_units) == counted


@pytest.mark.parametrize(("n_a", "n_b"), [(3, 3), (2, 5), (5, 4), (4, 2)])
def test_permutation_p_is_that_of_scipy(n_a, n_b):
    a, b = RNG.normal(size=n_a), RNG.normal(0.7, 1, size=n_b)
    result = permutation_test(
        (a, b),
        lambda a, b, axis: abs(a.mean(axis=axis) - b.mean(axis=axis)),
        vectorized=True,
        alternative="greater",
        n_resamples=np.inf,
    )
    assert permutation_p(a, b) == pytest.approx(result.pvalue)
    assert permutation_p(b, a) == pytest.approx(result.pvalue)


def test_equal_gaps_count_whatever_their_last_bits():
    assert permutation_p([0.1, 0.2, 0.3], [0.3, 0.2, 0.1]) == 1
    assert permutation_p([0.7, 0.7], [0.7, 0.7, 0.7]) == 1


def test_nine_against_nine_is_quick_and_more_is_refused():
    assert permutation_p(np.arange(9), np.arange(9) + 20) == pytest.approx(2 / 48620)
    tracemalloc.start()
    permutation_p(np.arange(9), np.arange(9) + 20)
    assert tracemalloc.get_traced_memory()[1] < 100e6
    tracemalloc.stop()
    with pytest.raises(ValueError, match="at most 200000 splits"):
        permutation_p(np.arange(10), np.arange(11))


@pytest.mark.parametrize("bad", [[], [[1.0, 2.0]], [1.0, np.nan], ["a"], 3.0])
def test_bad_scores_are_refused_by_name(bad):
    with pytest.raises((TypeError, ValueError), match=r"^b must"):
        permutation_p([1.0, 2.0], bad)
    with pytest.raises((TypeError, ValueError), match=r"^scores must"):
        median_and_range(bad)


def test_unknown_network_is_refused():
    with pytest.raises(ValueError, match="network"):
        n_parameters("LTSM", 2, 32)
