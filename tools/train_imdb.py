"""Train the sentiment model of lesson 12 at its full size on the real IMDB: ``make imdb``.

20,000 words, 100 of each review, an LSTM of 128 units with both kinds of dropout, five epochs in
batches of 32. Without a network the course's reviews stand in, and the first line printed says so.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np

from course_utils.datasets import load_imdb

MAX_FEATURES = 20_000
MAXLEN = 100
N_UNITS = 128
BATCH_SIZE = 32
VALIDATION = 0.2  # share of the training reviews that only watch


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cell", choices=("LSTM", "GRU"), default="LSTM")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=12)
    options = parser.parse_args(arguments)

    os.environ.setdefault("KERAS_BACKEND", "jax")
    data = load_imdb(num_words=MAX_FEATURES)
    import keras

    from course_utils.keras_training import TrainingProgress

    keras.utils.set_random_seed(options.seed)
    x_train, x_val, y_train, y_val = split(padded(data.x_train), data.y_train)
    x_test, y_test = padded(data.x_test), data.y_test
    print(
        f"{data.source}: {len(x_train):,} reviews to train on, {len(x_val):,} to watch, "
        f"{len(x_test):,} to test. {options.cell}({N_UNITS}) on Keras' {keras.backend.backend()}."
    )

    model = build(options.cell)
    watch = TrainingProgress()
    began = time.perf_counter()
    history = model.fit(
        x_train,
        y_train,
        batch_size=BATCH_SIZE,
        epochs=options.epochs,
        validation_data=(x_val, y_val),
        verbose=0,
        callbacks=[watch],
    )
    minutes = (time.perf_counter() - began) / 60
    pairs = zip(history.history["accuracy"], history.history["val_accuracy"], strict=True)
    for epoch, (accuracy, watched) in enumerate(pairs, start=1):
        print(f"epoch {epoch}: accuracy {accuracy:.3f} in training, {watched:.3f} beside it")
    _, accuracy = model.evaluate(x_test, y_test, batch_size=256, verbose=0)
    print(f"{watch.message} Test accuracy {accuracy:.3f}; training took {minutes:.1f} minutes.")


def build(cell: str):
    """The model, ready to train; lesson 12 shows it line by line."""
    from keras import layers, models

    recurrent = getattr(layers, cell)
    model = models.Sequential()
    model.add(layers.Embedding(MAX_FEATURES, 128))
    model.add(recurrent(N_UNITS, dropout=0.2, recurrent_dropout=0.2))
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def padded(reviews: np.ndarray) -> np.ndarray:
    """The last words of each review, with zeros before the shorter ones: Keras' own choice."""
    import keras

    return keras.utils.pad_sequences(reviews, maxlen=MAXLEN)


def split(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    """Keep the last reviews back; they come shuffled."""
    n_train = round(len(x) * (1 - VALIDATION))
    return x[:n_train], x[n_train:], y[:n_train], y[n_train:]


if __name__ == "__main__":
    main()
