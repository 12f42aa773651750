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


def load_architecture_runs() -> dict[tuple[str, str, float], np.ndarray]:
    """Five networks on six tasks, with two learning rates and three seeds each.

    Returns
    -------
    dict of (task, network, rate) to ndarray (3, 10), float64
        A row a seed (0, 1, 2): the score on the test sequences after 150, 300, …, 1500 updates. A
        mean squared error for the adding problem, elsewhere the share of right answers.

    Raises
    ------
    ValueError
        If the file has changed.
    FileNotFoundError
        If it is not there.

    References
    ----------
    The card, ``data/architecture_runs.md``, tells of tasks and networks.

    Examples
    --------
    >>> runs = load_architecture_runs()
    >>> runs["adding, 100 steps", "GRU 32", 0.01][:, -1].round(3)
    array([0., 0., 0.])
    """
    _, *rows = csv.reader(read_shipped("architecture_runs.csv").splitlines())
    keys = dict.fromkeys((task, network, float(rate)) for task, network, rate, *_ in rows)
    return {
        key: np.array(
            [
                scores
                for task, network, rate, _, *scores in rows
                if (task, network, float(rate)) == key
            ],
            dtype=np.float64,
        )
        for key in keys
    }
