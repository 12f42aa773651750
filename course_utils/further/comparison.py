"""Compare recurrent networks fairly: parameters, scores on one scale, and runs with different seeds."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import ArrayLike

from course_utils.arguments import choice, real_array, whole_number

# Blocks side by side in the kernels, and biases of each block, as Keras lays them out.
LAYOUT = {"SimpleRNN": (1, 1), "LSTM": (4, 1), "GRU": (3, 2), "GRU, reset before": (3, 1)}

MOST_SPLITS = 200_000


def n_parameters(network: str, n_features: int, n_units: int) -> int:
    """Count the weights of a recurrent layer: ``blocks * (D U + U^2 + biases * U)``.

    Parameters
    ----------
    network
        A key of ``LAYOUT``; ``"GRU"`` is Keras's, with ``reset_after=True`` and two biases.
    n_features, n_units
        D and U, at least 1.

    Examples
    --------
    >>> [n_parameters(network, 2, 32) for network in LAYOUT]
    [1120, 4480, 3456, 3360]
    """
    blocks, biases = LAYOUT[choice("network", network, tuple(LAYOUT))]
    n_features = whole_number("n_features", n_features, 1)
    n_units = whole_number("n_units", n_units, 1)
    return blocks * (n_features * n_units + n_units**2 + biases * n_units)


def median_and_range(scores: ArrayLike) -> tuple[float, float, float]:
    """Return median, lowest and highest of the scores (n_seeds,) of one network.

    Examples
    --------
    >>> median_and_range([0.89, 0.95, 0.92])
    (0.92, 0.89, 0.95)
    """
    scores = _scores("scores", scores)
    return float(np.median(scores)), float(scores.min()), float(scores.max())


def permutation_p(a: ArrayLike, b: ArrayLike) -> float:
    """Return how often chance alone parts the means of two groups at least as far.

    All scores go into one pot. Of all ways to draw ``len(a)`` of them as one group and leave the
    rest as the other, this is the share whose means differ by at least as much as those of ``a``
    and ``b``, in either direction. The split that was observed is one of them, so the result is
    never 0.

    Parameters
    ----------
    a, b : array (n_seeds,)
        Scores of two networks; they need not be equally many.

    Raises
    ------
    TypeError, ValueError
        If the scores are not finite real numbers, or so many that the ways cannot be gone through.

    References
    ----------
    Pitman 1937, *Significance tests which may be applied to samples from any populations*.

    Examples
    --------
    With three against three there are 20 ways, and two of them are at the far ends:

    >>> permutation_p([0.95, 0.96, 0.97], [0.1, 0.2, 0.3])
    0.1
    """
    a, b = _scores("a", a), _scores("b", b)
    n, total = len(a), len(a) + len(b)
    if comb(total, n) > MOST_SPLITS:
        raise ValueError(
            f"a and b must allow at most {MOST_SPLITS} splits, got {n} and {len(b)} scores"
        )
    both = np.concatenate([a, b])
    groups = np.array(list(combinations(range(total), n)))
    one = both[groups].sum(axis=1)
    gaps = np.abs(one / n - (both.sum() - one) / len(b))
    observed = abs(a.mean() - b.mean())
    # Equal gaps may differ in their last bits, since they were added up in another order.
    return float(np.mean(gaps >= observed - 1e-9 * max(observed, np.abs(both).max())))


def _scores(name: str, scores: ArrayLike) -> np.ndarray:
    scores = real_array(name, scores).astype(float)
    if scores.ndim != 1 or not scores.size or not np.isfinite(scores).all():
        raise ValueError(f"{name} must be (n_seeds,) finite numbers, got {scores!r}")
    return scores
