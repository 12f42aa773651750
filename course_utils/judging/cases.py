"""Makers of hostile cases, for the kinds of mistakes that gentle ones let pass."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def far_apart(logits: Array, targets: Array | None = None) -> Array:
    """Stretch logits until a softmax needs the largest of each row, and a loss its logarithm.

    One class of each row falls by 4,000: what subtracts the smallest, the mean, or the largest of
    all rows then overflows. The true class of the first row falls by 800: its probability is too
    small for a float64, its logarithm is not.

    Parameters
    ----------
    logits : array (..., V), V of at least 3
    targets : array (...,), optional
        The true classes, which no row but the first loses.

    Returns
    -------
    array (..., V)
    """
    rows = np.reshape(logits, (-1, np.shape(logits)[-1])).astype(float)
    true = np.full(len(rows), -1) if targets is None else np.ravel(targets)
    for number, row in enumerate(rows):
        row[next(k for k in np.roll(np.arange(len(row)), -number) if k != true[number])] -= 4000.0
    if targets is not None:
        rows[0, true[0]] -= 800.0
    return rows.reshape(np.shape(logits))
