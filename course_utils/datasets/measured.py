"""Results of trainings that take too long for a lesson: measured once, by a script in ``tools/``."""

from __future__ import annotations

import csv

import numpy as np

from course_utils.datasets.shipped import read_shipped


def load_gate_runs() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Thirteen networks on the adding problem of 100 steps, three seeds each.

    Returns
    -------
    updates : ndarray (40,), int64
        25, 50, …, 1000.
    losses : dict of str to ndarray (3, 40), float64
        Of each network, a row a seed (0, 1, 2): the mean squared error of the 25 batches up to
        that update, on sequences that the network had not seen before.

    Raises
    ------
    ValueError
        If the file has changed.
    FileNotFoundError
        If it is not there.

    References
    ----------
    The card, ``data/gate_runs.md``, tells how each network starts.

    Examples
    --------
    >>> updates, losses = load_gate_runs()
    >>> losses["GRU"][:, updates == 200].round(3).ravel()
    array([0.002, 0.001, 0.001])
    """
    header, *rows = csv.reader(read_shipped("gate_runs.csv").splitlines())
    names = dict.fromkeys(row[0] for row in rows)
    return np.array(header[2:], dtype=np.int64), {
        name: np.array([row[2:] for row in rows if row[0] == name], dtype=np.float64)
        for name in names
    }
