"""Train gated and plain networks on the adding problem and write data/gate_runs.csv.

``python tools/measure/gates.py`` takes some minutes; lesson 08 shows what it writes. A run is the
one of lesson 08, in NumPy, where it takes a sixth of the time that it takes in Theano's
pure-Python mode and gives the same numbers. ``--updates 200`` makes shorter runs and writes nothing.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from course_utils import cells, datasets, gates, losses
from course_utils.training import Adam, fit

FILE = Path(__file__).resolve().parents[2] / "data" / "gate_runs.csv"
N_STEPS, N_UNITS, BATCH_SIZE, CLIP_NORM = 100, 8, 32, 1.0
SEEDS = (0, 1, 2)
N_UPDATES, EVERY = 1000, 25  # a number of the file is the mean loss of so many updates


@dataclass(frozen=True)
class Network:
    """How a run starts and what it may change."""

    start: Callable[[int], cells.SimpleRNN | cells.LSTM | cells.GRU]
    learning_rate: float = 0.05
    always_open: str = ""  # a gate that is 1 from beginning to end


def lstm(forget: float, into: float) -> Callable[[int], cells.LSTM]:
    """LSTMs whose forget and input gates start at these biases."""

    def start(seed: int) -> cells.LSTM:
        cell = cells.LSTM.start(2, N_UNITS, seed, forget_bias=forget)
        cell.gate_blocks(cell.bias)["i"][:] = into
        return cell

    return start


def gru(seed: int) -> cells.GRU:
    return cells.GRU.start(2, N_UNITS, seed)


def tanh_rnn(seed: int) -> cells.SimpleRNN:
    return cells.SimpleRNN.start(2, N_UNITS, seed)


def relu_rnn(seed: int) -> cells.SimpleRNN:
    return cells.SimpleRNN.start(2, N_UNITS, seed, activation="relu", recurrent="identity")


NETWORKS = {
    "RNN tanh": Network(tanh_rnn),
    "RNN tanh, rate 0.005": Network(tanh_rnn, 0.005),
    "RNN relu, rate 0.005": Network(relu_rnn, 0.005),
    "LSTM b_f=0 b_i=0": Network(lstm(0, 0)),
    "LSTM b_f=1 b_i=0": Network(lstm(1, 0)),
    "LSTM b_f=5 b_i=0": Network(lstm(5, 0)),
    "LSTM b_f=0 b_i=-5": Network(lstm(0, -5)),
    "LSTM b_f=5 b_i=-5": Network(lstm(5, -5)),
    "LSTM without i": Network(lstm(5, -5), always_open="i"),
    "LSTM without f": Network(lstm(5, -5), always_open="f"),
    "LSTM without o": Network(lstm(5, -5), always_open="o"),
    "GRU": Network(gru),
    "GRU without r": Network(gru, always_open="r"),
}


def batches(seed: int, n_updates: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Sequences that no run has seen before: the loss of each batch is one on new data."""
    for update in range(n_updates):
        yield datasets.adding(BATCH_SIZE, N_STEPS, seed=10_000 * seed + update)


@threadpool_limits.wrap(limits=1)
def run(network: Network, seed: int, n_updates: int) -> list[float]:
    """Train, and return the mean loss of each ``EVERY`` updates."""
    cell = network.start(seed)
    if network.always_open and not isinstance(cell, cells.SimpleRNN):
        cell = gates.forced(cell, network.always_open, 1)
    W_hy = np.random.default_rng(seed).normal(0, 1 / np.sqrt(N_UNITS), size=(N_UNITS, 1))
    parameters = {**cell.weights, "W_hy": W_hy, "b_y": np.zeros(1)}

    def loss_and_gradients(p, x, y):
        trace = cell.forward(x)
        h_last = trace.h[:, -1]
        loss, d_y = losses.mean_squared_error(h_last @ p["W_hy"] + p["b_y"], y)
        dh = np.zeros_like(trace.h)
        dh[:, -1] = d_y @ p["W_hy"].T
        gradients = cell.backward(trace, dh).weights
        if network.always_open:
            for gradient in gradients.values():
                cell.gate_blocks(gradient)[network.always_open][...] = 0
        return loss, {**gradients, "W_hy": h_last.T @ d_y, "b_y": d_y.sum(axis=0)}

    history = fit(
        loss_and_gradients,
        parameters,
        batches(seed, n_updates),
        Adam(network.learning_rate),
        clip_norm=CLIP_NORM,
        progress=False,
    )
    return np.reshape(history.loss, (-1, EVERY)).mean(axis=1).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=N_UPDATES, help="a multiple of 25")
    n_updates = parser.parse_args().updates
    rows = []
    for name, network in NETWORKS.items():
        for seed in SEEDS:
            rows.append([name, seed, *(f"{loss:.6f}" for loss in run(network, seed, n_updates))])
            print(*rows[-1][:2], "last loss", rows[-1][-1], flush=True)
    if n_updates != N_UPDATES:
        return
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["network", "seed", *range(EVERY, N_UPDATES + 1, EVERY)])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
