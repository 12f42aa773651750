"""Results of trainings that take too long for a lesson: measured once, by a script in ``tools/``."""

from __future__ import annotations

import csv

import numpy as np
from numpy.typing import ArrayLike

from course_utils.arguments import choice, real_array
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
    Measured for the course, CC BY 4.0. The card, ``data/gate_runs.md``, tells how each network
    starts.

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


ARCHITECTURE_TASKS = {
    "adding, 20 steps": (1 / 6, 0.0),
    "adding, 50 steps": (1 / 6, 0.0),
    "adding, 100 steps": (1 / 6, 0.0),
    "copy 5 symbols after 20 steps": (0.25, 1.0),
    "temporal order, 50 steps": (0.25, 1.0),
    "digits, 64 steps": (0.1, 1.0),
}
"""The scores of who guesses, and of who makes no mistake, on each task."""


def architecture_skill(task: str, scores: ArrayLike) -> np.ndarray:
    """Put the scores of a task on one scale: 0 for who guesses, 1 for who makes no mistake.

    Examples
    --------
    >>> architecture_skill("digits, 64 steps", [0.1, 0.55, 1.0]).round(2)
    array([0. , 0.5, 1. ])
    >>> architecture_skill("adding, 50 steps", 0.0).round(2)
    1.0
    """
    guess, perfect = ARCHITECTURE_TASKS[choice("task", task, tuple(ARCHITECTURE_TASKS))]
    return (real_array("scores", scores).astype(float) - guess) / (perfect - guess)


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
    Measured for the course, CC BY 4.0. The card, ``data/architecture_runs.md``, describes the tasks
    and the networks.

    Examples
    --------
    >>> runs = load_architecture_runs()
    >>> runs["adding, 100 steps", "GRU 32", 0.01][:, -1].round(3)
    array([0., 0., 0.])
    """
    return _runs("architecture_runs.csv")


def load_seed_runs() -> dict[tuple[str, str], np.ndarray]:
    """Two of these tasks with twelve seeds, each network at its better rate.

    Returns
    -------
    dict of (task, network) to ndarray (12, 10), float64
        A row a seed (0 to 11): the share of right answers on the test sequences after 150, 300, …,
        1500 updates. The first three rows are those of :func:`load_architecture_runs`, at the rate
        that was better there.

    Raises
    ------
    ValueError
        If the file has changed.
    FileNotFoundError
        If it is not there.

    References
    ----------
    Measured for the course, CC BY 4.0; the card is ``data/seed_runs.md``.

    Examples
    --------
    >>> load_seed_runs()["digits, 64 steps", "LSTM 32"].shape
    (12, 10)
    """
    return {
        (task, network): scores for (task, network, _), scores in _runs("seed_runs.csv").items()
    }


def _runs(file_name: str) -> dict[tuple[str, str, float], np.ndarray]:
    _, *rows = csv.reader(read_shipped(file_name).splitlines())
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


def load_seq2seq_runs() -> dict[tuple[str, str, str], dict[str, np.ndarray]]:
    """Encoder-decoders with attention and without, on dates and sums, three seeds each.

    Returns
    -------
    dict of (task, network, group) to dict of str to ndarray (3,), float64
        Of a group of test texts, such as the sums of ``"3"`` digits, for the seeds 0, 1 and 2:
        ``exact`` and ``beam``, the share of answers that are right in every character, greedy and
        with a beam of 4; ``forced`` and ``free``, the share of right characters under teacher
        forcing and in greedy free running; ``forced after`` and ``free after``, of the characters
        after the first mistake.

    Raises
    ------
    ValueError
        If the file has changed.
    FileNotFoundError
        If it is not there.

    References
    ----------
    Measured for the course, CC BY 4.0. The card, ``data/seq2seq_runs.md``, describes the tasks and
    the networks.

    Examples
    --------
    >>> load_seq2seq_runs()["dates", "no attention", "all"]["exact"].round(2)
    array([0.72, 0.7 , 0.7 ])
    """
    runs: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for row in csv.DictReader(read_shipped("seq2seq_runs.csv").splitlines()):
        key = row.pop("task"), row.pop("network"), row.pop("group")
        del row["seed"]
        for name, score in row.items():
            runs.setdefault(key, {}).setdefault(name, []).append(score)
    return {
        key: {name: np.array(each, dtype=np.float64) for name, each in scores.items()}
        for key, scores in runs.items()
    }


def load_application_runs() -> dict[tuple[str, str, str], np.ndarray]:
    """Small networks and simple methods in five fields, three seeds for each network.

    Returns
    -------
    dict of (field, model, measure) to ndarray (3,), float64; of a method without a seed (1,)
        What was reached on examples that were held out.

    Raises
    ------
    ValueError
        If the file has changed.
    FileNotFoundError
        If it is not there.

    References
    ----------
    Measured for the course, CC BY 4.0. The card, ``data/application_runs.md``, describes the data,
    the networks and the measures.

    Examples
    --------
    >>> load_application_runs()["DNA", "GRU", "accuracy"]
    array([0.86 , 0.881, 0.868])
    """
    runs: dict[tuple[str, str, str], list[str]] = {}
    for row in csv.DictReader(read_shipped("application_runs.csv").splitlines()):
        runs.setdefault((row["field"], row["model"], row["measure"]), []).append(row["value"])
    return {key: np.array(values, dtype=np.float64) for key, values in runs.items()}
