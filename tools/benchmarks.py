"""Measure what the course promises about speed: ``make bench``, or one of ``--list``.

A benchmark is a generator of rows (one dictionary a row, same keys in each),
registered with ``@benchmark``. Times are wall times on this machine.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

import numpy as np

Row = dict[str, str | float]
Name = TypeVar("Name", str, tuple[str, str])
BENCHMARKS: dict[str, Callable[[], Iterator[Row]]] = {}


def benchmark(function: Callable[[], Iterator[Row]]) -> Callable[[], Iterator[Row]]:
    BENCHMARKS[function.__name__] = function
    return function


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@contextlib.contextmanager
def fresh_theano() -> Iterator[ProcessPoolExecutor]:
    """A process of its own that has Theano imported and its compile cache empty."""
    with (
        tempfile.TemporaryDirectory() as cache,
        ProcessPoolExecutor(1, get_context("spawn"), enable_theano, (cache,)) as process,
    ):
        yield process


def enable_theano(cache: str) -> None:
    os.environ["UNROLLED_THEANO_CACHE"] = cache
    from course_utils import theano_compat

    theano_compat.enable()


def rnn_update(mode=None, n_steps=100, n_features=16, n_units=64):
    """Compile one SGD update of a SimpleRNN in scan; returns the function and its arguments."""
    import theano
    import theano.tensor as T

    rng = np.random.default_rng(0)
    shapes = ((n_features, n_units), (n_units, n_units), (n_units,))
    weights = [theano.shared(0.1 * rng.normal(size=shape)) for shape in shapes]
    x, target = T.matrices("x", "target")
    h, _ = theano.scan(
        lambda x_t, h_prev, W_xh, W_hh, b_h: T.tanh(T.dot(x_t, W_xh) + T.dot(h_prev, W_hh) + b_h),
        sequences=x,
        outputs_info=T.zeros((n_units,)),
        non_sequences=weights,
        mode=mode,
    )
    loss = T.mean((h - target) ** 2)
    updates = [(w, w - 0.01 * g) for w, g in zip(weights, T.grad(loss, weights), strict=True)]
    update = theano.function([x, target], loss, updates=updates, mode=mode)
    return update, (rng.normal(size=(n_steps, n_features)), rng.normal(size=(n_steps, n_units)))


def lstm_update(mode=None, n_steps=50, n_units=32, n_samples=100):
    """The same for an LSTM on the adding problem in float32, its gradient clipped at norm 1."""
    import theano
    import theano.tensor as T

    rng = np.random.default_rng(0)

    def shared(*shape):
        return theano.shared((0.3 * rng.normal(size=shape)).astype("float32"))

    kernel, recurrent_kernel = shared(2, 4 * n_units), shared(n_units, 4 * n_units)
    bias, W_hy = shared(4 * n_units), shared(n_units, 1)
    weights = [kernel, recurrent_kernel, bias, W_hy]
    x, y = T.ftensor3("x"), T.fmatrix("y")

    def step(x_t, h_prev, c_prev, kernel, recurrent_kernel, bias):
        z = T.dot(x_t, kernel) + T.dot(h_prev, recurrent_kernel) + bias
        i, f, g, o = (z[:, k * n_units : (k + 1) * n_units] for k in range(4))
        c = T.nnet.sigmoid(f) * c_prev + T.nnet.sigmoid(i) * T.tanh(g)
        return T.nnet.sigmoid(o) * T.tanh(c), c

    start = T.zeros((x.shape[0], n_units), dtype="float32")
    (h, _), _ = theano.scan(
        step,
        sequences=x.dimshuffle(1, 0, 2),
        outputs_info=[start, start],
        non_sequences=[kernel, recurrent_kernel, bias],
        mode=mode,
    )
    loss = T.mean((T.dot(h[-1], W_hy) - y) ** 2)
    gradients = T.grad(loss, weights)
    norm = T.sqrt(sum(T.sum(g**2) for g in gradients))
    rate = np.float32(0.1) * T.minimum(np.float32(1), 1 / norm)
    updates = [(w, w - rate * g) for w, g in zip(weights, gradients, strict=True)]
    update = theano.function([x, y], loss, updates=updates, mode=mode)
    numbers = rng.random((n_samples, n_steps), dtype="float32")
    marks = np.zeros_like(numbers)
    marks[:, [0, n_steps // 2]] = 1
    target = (numbers * marks).sum(axis=1, keepdims=True)
    return update, (np.stack([numbers, marks], axis=2), target)


def compare_modes(build: Callable, n_rounds: int = 10, per_round: int = 3) -> list[Row]:
    """Compile and time ``build`` in the default mode and, where there is a compiler, in C.

    Rounds alternate between the modes, so that other work on the machine slows both.
    """
    from course_utils import theano_compat

    modes = {"pure Python": lambda: None}
    if theano_compat.find_compiler():
        modes["C"] = theano_compat.c_mode
    compiled, calls, rounds = {}, {}, {}
    for name, make_mode in modes.items():
        start = time.perf_counter()
        update, arguments = build(mode=make_mode())
        compiled[name] = time.perf_counter() - start
        calls[name] = lambda update=update, arguments=arguments: update(*arguments)
        rounds[name] = [seconds(calls[name])]
    for _ in range(n_rounds):
        for name, call in calls.items():
            rounds[name] += [seconds(call) for _ in range(per_round)]
    losses = {name: float(call()) for name, call in calls.items()}
    return [
        {
            "network": build.__name__,
            "mode": name,
            "compile, empty cache (s)": round(compiled[name], 2),
            "first call (s)": round(first, 3),
            "per update (ms)": round(1000 * statistics.median(later), 1),
            "last loss": round(losses[name], 4),
        }
        for name, (first, *later) in rounds.items()
    ]


@benchmark
def theano() -> Iterator[Row]:
    """An update in the course's pure-Python mode against Theano's C mode."""
    for build in (rnn_update, lstm_update):
        with fresh_theano() as process:
            yield from process.submit(compare_modes, build).result()


def time_training(prepare: Callable, mode: str, cache: str, started: float, n_epochs: int) -> Row:
    """Seconds of import, compilation and epochs of a training; for a process of its own.

    ``prepare(mode)`` returns a compiled update and its batches; ``started`` is the time at which
    the process was asked for.
    """
    begun = time.perf_counter()
    enable_theano(cache)
    from course_utils import theano_compat
    from course_utils.theano_training import fit

    imported = time.perf_counter() - begun
    begun = time.perf_counter()
    update, batches = prepare(theano_compat.c_mode() if mode == "C" else None)
    compiled = time.perf_counter() - begun
    epochs = [seconds(lambda: fit(update, batches, progress=False)) for _ in range(n_epochs)]
    return {
        "import (s)": round(imported, 1),
        "compile (s)": round(compiled, 1),
        "first epoch (s)": round(epochs[0], 2),
        "later epochs (s each)": round(statistics.median(epochs[1:]), 2),
        f"{n_epochs} epochs from process start (s)": round(time.time() - started, 1),
    }


def compare_trainings(prepare: Callable, n_epochs: int) -> Iterator[Row]:
    """Time a training in pure Python and in C, each with an empty and with a warm cache."""
    from course_utils import theano_compat

    for mode in ("pure Python", "C") if theano_compat.find_compiler() else ("pure Python",):
        with tempfile.TemporaryDirectory() as cache:
            for state in ("empty", "warm"):
                with ProcessPoolExecutor(1, get_context("spawn")) as process:
                    arguments = prepare, mode, cache, time.time(), n_epochs
                    row = process.submit(time_training, *arguments).result()
                yield {"mode": mode, "compile cache": state, **row}


def parity_training(mode=None):
    """Lesson 07's parity of 12 bits, a label at each step; 6 epochs reach 100 %."""
    import measure.parity as workload

    training = workload.prepare(mode=mode)
    return training.update, training.batches


@benchmark
def parity() -> Iterator[Row]:
    """Lesson 07's training, 64 updates an epoch: pure Python against C, empty and warm cache."""
    yield from compare_trainings(parity_training, n_epochs=6)


def adding_training(mode=None):
    """Lesson 08's LSTM on the adding problem of 100 steps; 200 updates bring it below 0.01."""
    import measure.gates as workload
    import theano
    import theano.tensor as T

    from course_utils.theano_training import adam

    cell = workload.NETWORKS["LSTM b_f=5 b_i=-5"].start(0)
    weights = {name: theano.shared(value, name) for name, value in cell.weights.items()}
    kernel, recurrent_kernel, bias = weights.values()
    W_hy = theano.shared(np.random.default_rng(0).normal(0, 0.35, (cell.n_units, 1)), "W_hy")
    x, y = T.dtensor3("x"), T.dmatrix("y")

    def step(a_t, h_prev, c_prev, recurrent_kernel):
        i, f, g, o = cell.gate_blocks(a_t + T.dot(h_prev, recurrent_kernel)).values()
        c = T.nnet.sigmoid(f) * c_prev + T.nnet.sigmoid(i) * T.tanh(g)
        return T.nnet.sigmoid(o) * T.tanh(c), c

    (h, _), _ = theano.scan(
        step,
        sequences=(T.dot(x, kernel) + bias).dimshuffle(1, 0, 2),
        outputs_info=[T.zeros((x.shape[0], cell.n_units))] * 2,
        non_sequences=[recurrent_kernel],
        mode=mode,
    )
    loss = T.mean((T.dot(h[-1], W_hy) - y) ** 2)
    updates = adam(loss, [*weights.values(), W_hy], 0.05, clip_norm=workload.CLIP_NORM)
    update = theano.function([x, y], loss, updates=updates, mode=mode)
    return update, list(workload.batches(seed=0, n_updates=workload.EVERY))


@benchmark
def adding() -> Iterator[Row]:
    """Lesson 08's training, 25 updates an epoch: pure Python against C, empty and warm cache."""
    yield from compare_trainings(adding_training, n_epochs=8)


def simple_rnn_by_sample(cell, x, dh):
    """A SimpleRNN as a textbook writes it: one sample, one step, one vector at a time."""
    W_xh, W_hh, b_h = cell.weights.values()
    d_W_xh, d_W_hh, d_b_h, d_x = map(np.zeros_like, (W_xh, W_hh, b_h, x))
    for n in range(len(x)):
        h = [np.zeros_like(b_h)]
        for x_t in x[n]:
            h.append(np.tanh(x_t @ W_xh + h[-1] @ W_hh + b_h))
        d_h = np.zeros_like(b_h)
        for t in reversed(range(len(x[n]))):
            d_z = (d_h + dh[n, t]) * (1 - h[t + 1] ** 2)
            d_W_xh += np.outer(x[n, t], d_z)
            d_W_hh += np.outer(h[t], d_z)
            d_b_h += d_z
            d_x[n, t] = W_xh @ d_z
            d_h = W_hh @ d_z
    return d_W_xh, d_W_hh, d_b_h, d_x


def lstm_by_sample(cell, x, dh):
    """The same for an LSTM."""
    W, R, b = cell.weights.values()
    d_W, d_R, d_b, d_x = map(np.zeros_like, (W, R, b, x))
    zeros = np.zeros_like(b[: cell.n_units])
    for n in range(len(x)):
        h, c, gates = [zeros], [zeros], []
        for x_t in x[n]:
            z_i, z_f, z_g, z_o = np.split(x_t @ W + h[-1] @ R + b, 4)
            i, f, o = (1 / (1 + np.exp(-z)) for z in (z_i, z_f, z_o))
            g = np.tanh(z_g)
            gates.append((i, f, g, o))
            c.append(f * c[-1] + i * g)
            h.append(o * np.tanh(c[-1]))
        d_h, d_c = zeros, zeros
        for t in reversed(range(len(x[n]))):
            i, f, g, o = gates[t]
            tanh_c = np.tanh(c[t + 1])
            d_h = d_h + dh[n, t]
            d_c = d_c + d_h * o * (1 - tanh_c**2)
            d_i, d_f = d_c * g * i * (1 - i), d_c * c[t] * f * (1 - f)
            d_g, d_o = d_c * i * (1 - g**2), d_h * tanh_c * o * (1 - o)
            d_z = np.concatenate([d_i, d_f, d_g, d_o])
            d_W += np.outer(x[n, t], d_z)
            d_R += np.outer(h[t], d_z)
            d_b += d_z
            d_x[n, t] = W @ d_z
            d_h, d_c = R @ d_z, d_c * f
    return d_W, d_R, d_b, d_x


def matrix_products(cell, x, dh):
    """Nothing but the products that a forward and a backward pass cannot do without."""
    n_samples, n_steps, n_features = x.shape
    x, h = x.reshape(-1, n_features), dh.reshape(n_steps, n_samples, -1)
    d_z = (x @ cell.kernel).reshape(n_steps, n_samples, -1)
    for t in range(n_steps):
        h[t] @ cell.recurrent_kernel
    for t in range(n_steps):
        d_z[t] @ cell.recurrent_kernel.T
    d_z, h = d_z.reshape(len(x), -1), h.reshape(len(x), -1)
    return x.T @ d_z, h.T @ d_z, d_z @ cell.kernel.T


def numpy_gradients(cell, x, dh):
    """What is measured: forward and backward of a cell."""
    grads = cell.backward(cell.forward(x), dh)
    return *grads.weights.values(), grads.x


def keras_gradients(cell):
    """The same gradients by a Keras layer with the cell's weights, compiled at the first call."""
    os.environ["KERAS_BACKEND"] = "jax"
    import jax
    import keras

    layer = getattr(keras.layers, type(cell).__name__)(cell.n_units, return_sequences=True)
    layer.build((None, None, cell.n_features))
    others = [variable.value for variable in layer.non_trainable_variables]

    def loss(weights, x, dh):
        h, _ = layer.stateless_call(weights, others, x)
        return (h * dh).sum()

    gradients = jax.jit(jax.grad(loss, argnums=(0, 1)))

    def call(cell, x, dh):
        d_weights, d_x = jax.block_until_ready(gradients(list(cell.weights.values()), x, dh))
        return *d_weights, d_x

    return call


def interleaved(
    calls: Mapping[Name, Callable], arguments: tuple, n_rounds: int
) -> dict[Name, np.ndarray]:
    """Seconds of each call in each round, so that other work on the machine slows all alike."""
    for call in calls.values():  # what is compiled, is compiled now
        call(*arguments)
    rounds = [
        [seconds(functools.partial(call, *arguments)) for call in calls.values()]
        for _ in range(n_rounds)
    ]
    return dict(zip(calls, np.transpose(rounds), strict=True))


@benchmark
def cells() -> Iterator[Row]:
    """Forward and backward in NumPy (float32) against the matrix products, Keras and a loop."""
    from threadpoolctl import threadpool_limits

    from course_utils.cells import LSTM, SimpleRNN

    n_samples, n_steps, n_features, n_units = 32, 100, 32, 128
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n_samples, n_steps, n_features)).astype("float32")
    dh = rng.normal(size=(n_samples, n_steps, n_units)).astype("float32")
    for cell_class, by_sample in ((SimpleRNN, simple_rnn_by_sample), (LSTM, lstm_by_sample)):
        cell = cell_class.start(n_features, n_units, dtype="float32")
        calls = {
            "NumPy cell": numpy_gradients,
            "matrix products alone": matrix_products,
            "Keras on JAX, compiled": keras_gradients(cell),
            "NumPy, sample by sample": by_sample,
        }
        with threadpool_limits(1):  # as in every lesson
            times = interleaved(calls, (cell, x, dh), n_rounds=20)
        for name, in_rounds in times.items():
            yield {
                "network": cell_class.__name__,
                "forward and backward by": name,
                "per call (ms)": round(1000 * np.median(in_rounds), 1),
                "NumPy cell takes": f"{np.median(times['NumPy cell'] / in_rounds):.2f} times",
            }


@benchmark
def architectures() -> Iterator[Row]:
    """Forward and backward of each cell (float32) against a SimpleRNN of as many units."""
    from threadpoolctl import threadpool_limits

    from course_utils import cells
    from course_utils.further.comparison import n_parameters

    n_samples, n_steps, n_features = 32, 100, 32
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n_samples, n_steps, n_features)).astype("float32")
    for n_units in (32, 128, 512):
        dh = rng.normal(size=(n_samples, n_steps, n_units)).astype("float32")
        calls = {}
        for kind in ("SimpleRNN", "LSTM", "GRU"):
            cell = getattr(cells, kind).start(n_features, n_units, dtype="float32")
            compiled = keras_gradients(cell)
            calls[kind, "NumPy"] = functools.partial(numpy_gradients, cell)
            calls[kind, "Keras on JAX"] = functools.partial(compiled, cell)
        with threadpool_limits(1):  # as in every lesson; JAX has threads of its own
            times = interleaved(calls, (x, dh), n_rounds=9)
        for (kind, by), in_rounds in times.items():
            plain = times["SimpleRNN", by]
            parameters = [n_parameters(each, n_features, n_units) for each in (kind, "SimpleRNN")]
            yield {
                "units": n_units,
                "network": kind,
                "computed by": by,
                "per step (us)": round(1e6 * np.median(in_rounds) / n_steps, 1),
                "time": f"{np.median(in_rounds / plain):.1f} times",
                "parameters": f"{parameters[0] / parameters[1]:.1f} times",
            }


N_WORDS, N_UNITS, N_STEPS, N_REVIEWS = 20_000, 128, 100, 25_000  # the source texts' and IMDB's
BATCHES_A_CALL = 4  # a call of fit has costs of its own, which an epoch pays once


def sentiment_in_keras(kind):
    """Train the source texts' sentiment model, without dropout, which the cells do not have."""
    os.environ["KERAS_BACKEND"] = "jax"
    import keras

    model = keras.Sequential(
        [
            keras.layers.Embedding(N_WORDS, N_UNITS),
            getattr(keras.layers, kind)(N_UNITS),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy")

    def train(words, labels, batch_size):
        model.fit(words, labels, batch_size=batch_size, shuffle=False, verbose=0)

    return train


def by_batch(update):
    """Train as fit does, one update a batch."""

    def train(words, labels, batch_size):
        for start in range(0, len(words), batch_size):
            update(words[start : start + batch_size], labels[start : start + batch_size])

    return train


def sentiment_weights(kind):
    """A NumPy cell and the other weights of the model."""
    from course_utils import cells

    rng = np.random.default_rng(0)
    others = {
        "embedding": rng.uniform(-0.05, 0.05, (N_WORDS, N_UNITS)).astype("float32"),
        "W_hy": rng.uniform(-0.2, 0.2, (N_UNITS, 1)).astype("float32"),
        "b_y": np.zeros(1, "float32"),
    }
    return getattr(cells, kind).start(N_UNITS, N_UNITS, dtype="float32"), others


def sentiment_in_numpy(kind):
    """The same model and optimiser with a NumPy cell."""
    from course_utils.losses import binary_cross_entropy
    from course_utils.training import Adam

    cell, others = sentiment_weights(kind)
    embedding, W_hy, b_y = others.values()
    parameters = cell.weights | others  # the cell's own arrays, so that Adam changes the cell
    adam = Adam()

    def update(words, labels):
        trace = cell.forward(embedding[words])
        _, d_logits = binary_cross_entropy(trace.h[:, -1] @ W_hy + b_y, labels)
        dh = np.zeros_like(trace.h)
        dh[:, -1] = d_logits @ W_hy.T
        grads = cell.backward(trace, dh)
        d_embedding = np.zeros_like(embedding)
        np.add.at(d_embedding, words, grads.x)
        d_others = {
            "embedding": d_embedding,
            "W_hy": trace.h[:, -1].T @ d_logits,
            "b_y": d_logits.sum(axis=0),
        }
        adam.update(parameters, grads.weights | d_others)

    return by_batch(update)


def sentiment_in_scan(kind):
    """The same model and optimiser in Theano, in the course's pure-Python mode."""
    from course_utils import interop
    from course_utils.theano_training import adam

    cell, others = sentiment_weights(kind)
    cell = interop.to_scan(cell)
    import theano
    import theano.tensor as T

    embedding, W_hy, b_y = (theano.shared(value, name) for name, value in others.items())
    words, labels = T.lmatrix("words"), T.fmatrix("labels")
    h = cell.forward(embedding[words]).h
    y_hat = T.nnet.sigmoid(T.dot(h[:, -1], W_hy) + b_y)
    loss = T.nnet.binary_crossentropy(y_hat, labels).mean()
    parameters = [embedding, *cell.parameters.values(), W_hy, b_y]
    return by_batch(theano.function([words, labels], loss, updates=adam(loss, parameters)))


@benchmark
def keras() -> Iterator[Row]:
    """The source texts' sentiment model, after compilation, epochs scaled from a few batches."""
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(0)
    for kind in ("SimpleRNN", "LSTM", "GRU"):
        trainers = {
            "Keras on JAX": sentiment_in_keras(kind),
            "NumPy cell": sentiment_in_numpy(kind),
            "cell in scan": sentiment_in_scan(kind),
        }
        for batch_size in (32, 128):
            n_samples = BATCHES_A_CALL * batch_size
            words = rng.integers(0, N_WORDS, (n_samples, N_STEPS))
            labels = rng.integers(0, 2, (n_samples, 1)).astype("float32")
            with threadpool_limits(1):  # as in every lesson; JAX has threads of its own
                times = interleaved(trainers, (words, labels, batch_size), n_rounds=5)
            for name, in_rounds in times.items():
                per_batch = np.median(in_rounds) / BATCHES_A_CALL
                yield {
                    "network": kind,
                    "batch": batch_size,
                    "trained by": name,
                    "per batch (ms)": round(1000 * per_batch),
                    "per epoch (s)": round(per_batch * N_REVIEWS / batch_size),
                    "against Keras": f"{np.median(in_rounds / times['Keras on JAX']):.2f} times",
                }


def print_table(rows: Iterator[Row]) -> None:
    """Print rows as they come, so that a slow benchmark shows where it is."""
    for index, row in enumerate(rows):
        widths = {key: max(len(key), 11) for key in row}
        if index == 0:
            print(" | ".join(key.rjust(width) for key, width in widths.items()))
        print(" | ".join(str(row[key]).rjust(width) for key, width in widths.items()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help="default: all of them")
    parser.add_argument("--list", action="store_true", help="tell what there is and stop")
    parser.add_argument("--json", action="store_true", help="one JSON object a row")
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark called {', '.join(sorted(unknown))}; see --list")
    for name in options.names or BENCHMARKS:
        if options.list:
            print(f"{name}: {BENCHMARKS[name].__doc__}")
        elif options.json:
            for row in BENCHMARKS[name]():
                print(json.dumps({"benchmark": name} | row), flush=True)
        else:
            print(f"\n{name}: {BENCHMARKS[name].__doc__}", file=sys.stderr)
            print_table(BENCHMARKS[name]())


if __name__ == "__main__":
    main()
