"""Train character models on the lighthouse journal and write data/text_runs.csv.

``python tools/measure/text_runs.py`` takes about ten minutes; lesson 13 shows what it writes. A run
is the one of that lesson, with one thing changed. ``--epochs 2`` makes shorter runs and writes
nothing.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_utils.datasets import load_prose
from course_utils.keras_backend import keras
from course_utils.losses import softmax
from course_utils.text import NGram, Vocabulary, bits, characters, contiguous_batches

ops = keras.ops

FILE = Path(__file__).resolve().parents[2] / "data" / "text_runs.csv"
N_ROWS, N_STEPS, N_UNITS, N_FEATURES = 16, 50, 128, 64
N_EPOCHS, LEARNING_RATE, CLIP_NORM = 30, 0.01, 1.0
SEEDS = (0, 1, 2)
SHARES = {"5-gram": 1.0, "5-gram, half": 0.5, "5-gram, quarter": 0.25}
Row = dict[str, str | int | float]


@dataclass(frozen=True)
class Run:
    """What distinguishes a network from that of the lesson."""

    layer: str = "GRU"
    dropout: float = 0.3
    carried: bool = True
    """Carry states from window to window; else shuffle the windows and start each at zero."""
    share: float = 1.0
    """Of the training part, its end. Half of the text makes half as many updates."""


NETWORKS = {
    "GRU": Run(),
    "GRU, no dropout": Run(dropout=0.0),
    "GRU, windows shuffled": Run(carried=False),
    "LSTM": Run(layer="LSTM"),
    "GRU, half of the text": Run(share=0.5),
    "GRU, quarter of the text": Run(share=0.25),
}


class Carried(keras.layers.Layer):
    """A recurrent layer that starts each batch from the states that the one before left.

    As in lesson 13: ``stateful=True`` does not do so in ``fit`` on the JAX backend.
    """

    def __init__(self, layer: keras.layers.RNN):
        super().__init__()
        self.layer = layer
        self.states = [
            self.add_weight(shape=(N_ROWS, size), initializer="zeros", trainable=False)
            for size in keras.tree.flatten(layer.cell.state_size)
        ]

    def call(self, x):
        """Return h (N, T, U) and keep the last states."""
        h, *states = self.layer(x, initial_state=[ops.copy(state) for state in self.states])
        for kept, new in zip(self.states, states, strict=True):
            kept.assign(new)
        return h

    def reset(self) -> None:
        """Set the states to zero."""
        for state in self.states:
            state.assign(ops.zeros_like(state))


class ResetStates(keras.callbacks.Callback):
    """Start every epoch with states of zero."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        for layer in self.model.layers:
            if isinstance(layer, Carried):
                layer.reset()


def build(run: Run, n_tokens: int, carried: bool) -> tuple[keras.Model, list[keras.layers.Layer]]:
    """Return an untrained network, and those of its layers that have weights."""
    embedding = keras.layers.Embedding(n_tokens, N_FEATURES)
    recurrent = getattr(keras.layers, run.layer)(N_UNITS, return_sequences=True, return_state=True)
    dense = keras.layers.Dense(n_tokens)
    x = keras.Input(batch_shape=(N_ROWS if carried else None, None), dtype="int32")
    embedded = keras.layers.Dropout(run.dropout)(embedding(x))
    h = Carried(recurrent)(embedded) if carried else recurrent(embedded)[0]
    logits = dense(keras.layers.Dropout(run.dropout)(h))
    return keras.Model(x, logits), [embedding, recurrent, dense]


def train(run: Run, seed: int, ids: np.ndarray, n_tokens: int, n_epochs: int) -> keras.Model:
    """Train a network on ``ids`` (L,) and return one with its weights that reads any text."""
    keras.utils.set_random_seed(seed)
    model, trained = build(run, n_tokens, run.carried)
    batches = contiguous_batches(ids, N_ROWS, N_STEPS)
    x, y = (np.concatenate(arrays).astype("int32") for arrays in zip(*batches, strict=True))
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, n_epochs * len(batches))
    model.compile(
        keras.optimizers.Adam(rate, clipnorm=CLIP_NORM),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(
        x,
        y,
        batch_size=N_ROWS,
        epochs=n_epochs,
        shuffle=not run.carried,
        callbacks=[ResetStates()] if run.carried else [],
        verbose=0,
    )
    reader, layers = build(run, n_tokens, carried=False)
    for layer, other in zip(layers, trained, strict=True):
        layer.set_weights(other.get_weights())
    return reader


def cost_in_bits(reader: keras.Model, ids: np.ndarray) -> float:
    """Mean cost of each character but the first, read in one piece: ids (L,)."""
    logits = reader.predict_on_batch(ids[None, :-1].astype("int32"))[0]
    p = softmax(logits.astype(float))[np.arange(len(ids) - 1), ids[1:]]
    return float(-np.log2(p).mean())


def journal() -> tuple[np.ndarray, dict[str, np.ndarray], int]:
    """Return the ids to train on, those of each part to measure, and the number of characters."""
    text = load_prose()
    cuts = [int(0.8 * len(text)), int(0.9 * len(text))]
    vocabulary = Vocabulary.from_tokens(characters(text[: cuts[0]]), specials=())
    train_ids, *held_out = np.split(vocabulary.encode(characters(text)), cuts)
    parts = dict(zip(("train", "validation", "test"), (train_ids[-6500:], *held_out), strict=True))
    return train_ids, parts, vocabulary.size


def measure(n_epochs: int) -> Iterator[Row]:
    """Yield one row for each run, and for the 5-gram on each share of the text."""
    for name, share in SHARES.items():
        yield measure_counts(name, share)
    for name in NETWORKS:
        for seed in SEEDS:
            yield measure_network(name, seed, n_epochs)


def measure_counts(name: str, share: float) -> Row:
    """Count the 5-grams of a share of the training part; return their row."""
    train_ids, parts, n_tokens = journal()
    counted = NGram(5, n_tokens).fit(train_ids[-round(share * len(train_ids)) :])
    return row(name, 0, {part: bits(counted.cross_entropy(ids)) for part, ids in parts.items()})


def measure_network(name: str, seed: int, n_epochs: int = N_EPOCHS) -> Row:
    """Train a network and return its row."""
    train_ids, parts, n_tokens = journal()
    run = NETWORKS[name]
    reader = train(run, seed, train_ids[-round(run.share * len(train_ids)) :], n_tokens, n_epochs)
    return row(name, seed, {part: cost_in_bits(reader, ids) for part, ids in parts.items()})


def row(model: str, seed: int, costs: dict[str, float]) -> Row:
    """Return a row of the file, costs in bits per character."""
    return {"model": model, "seed": seed, **{part: round(cost, 4) for part, cost in costs.items()}}


def main() -> None:
    """Run the networks, print the rows, and write them unless the runs are short."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=N_EPOCHS)
    n_epochs = parser.parse_args().epochs
    rows = []
    for each in measure(n_epochs):
        print(*each.values(), sep="\t", flush=True)
        rows.append(each)
    if n_epochs == N_EPOCHS:
        with FILE.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
