"""Train five networks on six tasks and write data/architecture_runs.csv, which lesson 15 shows.

``python tools/measure/architectures.py`` takes about twenty minutes of one processor. ``--seeds`` trains
with twelve seeds on two of the tasks instead, in about ten minutes, and writes data/seed_runs.csv. ``--updates 150`` makes shorter runs and writes nothing.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from course_utils import cells, datasets, losses
from course_utils.training import Adam, fit

DATA = Path(__file__).resolve().parents[2] / "data"
SEEDS = (0, 1, 2)
RATES = (0.01, 0.002)
# With many seeds: two tasks, each network at the rate that was better in the grid.
MANY_SEEDS = range(12)
MANY_SEEDS_RATES = {
    "copy 5 symbols after 20 steps": {"IRNN 32": 0.002, "LSTM 32": 0.01, "GRU 32": 0.01},
    "digits, 64 steps": {
        "SimpleRNN 32": 0.002,
        "SimpleRNN 66": 0.002,
        "LSTM 32": 0.01,
        "GRU 32": 0.01,
    },
}
BATCH_SIZE, CLIP_NORM = 32, 1.0
N_UPDATES, EVERY = 1500, 150
N_TEST, TEST_SEED = 500, 999

Array = np.ndarray
Cell = cells.SimpleRNN | cells.LSTM | cells.GRU
NETWORKS: dict[str, Callable[[int, int], Cell]] = {
    "SimpleRNN 32": lambda d, seed: cells.SimpleRNN.start(d, 32, seed),
    "SimpleRNN 66": lambda d, seed: cells.SimpleRNN.start(d, 66, seed),
    "IRNN 32": lambda d, seed: cells.SimpleRNN.start(
        d, 32, seed, activation="relu", recurrent="identity"
    ),
    "LSTM 32": lambda d, seed: cells.LSTM.start(d, 32, seed),
    "GRU 32": lambda d, seed: cells.GRU.start(d, 32, seed),
}


@dataclass(frozen=True)
class Task:
    """Where sequences come from, and what is asked of them.

    Attributes
    ----------
    samples : callable
        ``samples(n_samples, seed) -> x (n, T, D), y (n,)``, or y (n, T) where every step answers.
    n_outputs : int
    scored : int
        At how many of the last steps an answer counts for the score; the loss takes all that have
        a target.
    """

    samples: Callable[[int, int], tuple[Array, Array]]
    n_outputs: int
    scored: int = 1

    @property
    def is_regression(self) -> bool:
        return self.n_outputs == 1

    def loss(self, output: Array, y: Array) -> tuple[float, Array]:
        """Mean squared error, or cross-entropy."""
        if self.is_regression:
            return losses.mean_squared_error(output, y)
        return losses.cross_entropy(output, y)

    def score(self, output: Array, y: Array) -> float:
        """Mean squared error, or the share of right answers at the steps that count."""
        if self.is_regression:
            return losses.mean_squared_error(output, y)[0]
        right = output.argmax(axis=-1) == y
        return float(right[:, -self.scored :].mean() if y.ndim == 2 else right.mean())


@cache
def _digits() -> tuple[Array, Array]:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    return images[order][:, :, None] / 16, labels[order]


def digits(n_samples: int, seed: int) -> tuple[Array, Array]:
    """Handwritten digits, a pixel a step; the last 500 are for the test."""
    x, y = _digits()
    if seed == TEST_SEED:
        return x[-N_TEST:], y[-N_TEST:]
    chosen = np.random.default_rng(seed).integers(0, len(y) - N_TEST, size=n_samples)
    return x[chosen], y[chosen]


def adding(n_steps: int) -> Task:
    return Task(lambda n, seed: datasets.adding(n, n_steps, seed), 1)


TASKS = {
    **{f"adding, {n_steps} steps": adding(n_steps) for n_steps in (20, 50, 100)},
    "copy 5 symbols after 20 steps": Task(
        lambda n, seed: datasets.copy_memory(n, 20, n_symbols=4, n_copied=5, seed=seed), 6, 5
    ),
    "temporal order, 50 steps": Task(lambda n, seed: datasets.temporal_order(n, 50, seed), 4),
    "digits, 64 steps": Task(digits, 10),
}


def batches(task: Task, seed: int, n_updates: int) -> Iterator[tuple[Array, Array]]:
    """A new batch for each update, and no batch of the test."""
    for update in range(n_updates):
        yield task.samples(BATCH_SIZE, 1_000_000 + 10_000 * seed + update)


@threadpool_limits.wrap(limits=1)
def run(task_name: str, network: str, rate: float, seed: int, n_updates: int) -> list[float]:
    """Train, and return the score on the test sequences after each ``EVERY`` updates."""
    task = TASKS[task_name]
    x_test, y_test = task.samples(N_TEST, TEST_SEED)
    every_step = y_test.ndim == 2 and not task.is_regression
    cell = NETWORKS[network](x_test.shape[-1], seed)
    n_units = len(cell.recurrent_kernel)
    parameters = {
        **cell.weights,
        "W_hy": np.random.default_rng(seed).normal(
            0, 1 / np.sqrt(n_units), size=(n_units, task.n_outputs)
        ),
        "b_y": np.zeros(task.n_outputs),
    }

    def answers(h: Array, p: dict[str, Array]) -> Array:
        return (h if every_step else h[:, -1]) @ p["W_hy"] + p["b_y"]

    def loss_and_gradients(p, x, y):
        trace = cell.forward(x)
        read = trace.h if every_step else trace.h[:, -1]
        loss, d_output = task.loss(answers(trace.h, p), y)
        dh = np.zeros_like(trace.h)
        dh[:, slice(None) if every_step else -1] = d_output @ p["W_hy"].T
        axes = tuple(range(d_output.ndim - 1))
        head = {
            "W_hy": np.tensordot(read, d_output, axes=(axes, axes)),
            "b_y": d_output.sum(axis=axes),
        }
        return loss, {**cell.backward(trace, dh).weights, **head}

    optimiser, left = Adam(rate), batches(task, seed, n_updates)
    scores: list[float] = []
    for _ in range(n_updates // EVERY):
        some = [next(left) for _ in range(EVERY)]
        history = fit(
            loss_and_gradients, parameters, some, optimiser, clip_norm=CLIP_NORM, progress=False
        )
        if history.diverged:
            return [*scores, *[float("nan")] * (n_updates // EVERY - len(scores))]
        scores.append(task.score(answers(cell.forward(x_test).h, parameters), y_test))
    return scores


def _row(arguments: tuple) -> list[str]:
    *setting, n_updates = arguments
    scores = run(*setting, n_updates)
    print(*setting, *(f"{score:.4f}" for score in scores), flush=True)
    return [*map(str, setting), *(f"{score:.6f}" for score in scores)]


def _measure(file_name: str, settings: list[tuple], n_updates: int, processes: int) -> None:
    """Train in every setting; a training of full length is written down."""
    with ProcessPoolExecutor(processes) as pool:
        rows = list(pool.map(_row, [(*setting, n_updates) for setting in settings]))
    if n_updates == N_UPDATES:
        header = ["task", "network", "rate", "seed", *range(EVERY, N_UPDATES + 1, EVERY)]
        with (DATA / file_name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", action="store_true", help="two tasks, with twelve seeds")
    parser.add_argument("--updates", type=int, default=N_UPDATES, help="a multiple of 150")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    if options.seeds:
        file_name, settings = (
            "seed_runs.csv",
            [
                (task, network, rate, seed)
                for task, rates in MANY_SEEDS_RATES.items()
                for network, rate in rates.items()
                for seed in MANY_SEEDS
            ],
        )
    else:
        file_name, settings = "architecture_runs.csv", list(product(TASKS, NETWORKS, RATES, SEEDS))
    _measure(file_name, settings, options.updates, options.processes)


if __name__ == "__main__":
    main()
