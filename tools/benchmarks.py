"""Measure what the course promises about speed: ``make bench``, or one of ``--list``.

A benchmark is a generator of rows (one dictionary a row, same keys in each),
registered with ``@benchmark``. Times are wall times on this machine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

Row = dict[str, str | float]
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
