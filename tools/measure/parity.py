"""The parity workload of lesson 07: measured by benchmarks.py, timed by a test, shown by a widget.

``python tools/measure/parity.py`` trains the networks that ``ParityTrainingExplorer`` shows by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_utils import theano_compat, widgets
from course_utils.starts import orthogonal
from course_utils.theano_training import adam, fit
from course_utils.training import minibatches

theano_compat.enable()

import theano  # noqa: E402
import theano.tensor as T  # noqa: E402
from theano.compile.sharedvalue import SharedVariable  # noqa: E402

N_BITS, N_UNITS = 12, 20
BATCH_SIZE, LEARNING_RATE, CLIP_NORM = 32, 0.015, 0.3
N_EPOCHS = {"per step": 6, "final": 10}
SEEDS = (0, 1, 2)
SHIPPED = Path(widgets.__file__).with_name("data") / "parity_networks.json"

Arrays = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Training:
    """What is compiled, and what it is given."""

    update: Callable[..., np.ndarray]
    predict: Callable[..., np.ndarray]
    parameters: dict[str, SharedVariable]
    batches: Iterable[Arrays]
    held_out: Arrays


def strings(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """All strings of 12 bits in random order: half to train with, half held out."""
    bits = np.arange(2**N_BITS)[:, None] >> np.arange(N_BITS) & 1
    bits = np.random.default_rng(seed).permutation(bits)
    return bits[: len(bits) // 2], bits[len(bits) // 2 :]


def padded(bits: np.ndarray, lengths: np.ndarray) -> Arrays:
    """Bits (N, T, 1), mask (N, T) and running parity (N, T) of the first ``lengths`` bits.

    Past the end the bits are 0, so the parity there stays that of the whole string.
    """
    mask = np.arange(bits.shape[1]) < lengths[:, None]
    bits = bits * mask
    return bits[:, :, None].astype(float), mask, (bits.cumsum(axis=1) % 2).astype(float)


def start(seed: int) -> dict[str, np.ndarray]:
    """Weights to begin with; the recurrent ones orthogonal."""
    rng = np.random.default_rng([seed, 1])
    return {
        "W_xh": rng.normal(0, 0.6, (1, N_UNITS)),
        "W_hh": orthogonal(N_UNITS, rng),
        "b_h": np.zeros(N_UNITS),
        "W_hy": rng.normal(0, N_UNITS**-0.5, (N_UNITS, 1)),
        "b_y": np.zeros(1),
    }


def prepare(seed: int = 0, labels: str = "per step", lengths: str = "fixed", mode=None) -> Training:
    """Compile a network and draw its data.

    Parameters
    ----------
    labels
        ``"per step"``: the loss is the mean over all steps; ``"final"``: of the last only.
    lengths
        ``"fixed"``: every string has 12 bits; ``"mixed"``: 1 to 12.
    mode
        Theano's mode for the function and the loop.
    """
    weights = {name: theano.shared(value, name) for name, value in start(seed).items()}
    x, mask, y = T.dtensor3("x"), T.matrix("mask", dtype="bool"), T.dmatrix("y")

    def step(a_t, mask_t, h_prev, W_hh):
        return T.switch(mask_t, T.tanh(a_t + T.dot(h_prev, W_hh)), h_prev)

    h, _ = theano.scan(
        step,
        sequences=[
            T.dot(x.dimshuffle(1, 0, 2), weights["W_xh"]) + weights["b_h"],
            mask.dimshuffle(1, 0, "x"),
        ],
        outputs_info=T.zeros((x.shape[0], N_UNITS)),
        non_sequences=[weights["W_hh"]],
        strict=True,
        mode=mode,
    )
    logits = (T.dot(h, weights["W_hy"]) + weights["b_y"])[:, :, 0].T
    losses = T.nnet.softplus(logits) - y * logits
    # The state is held past the end, so the last column belongs to the last bit of each string.
    loss = T.sum(losses * mask) / T.sum(mask) if labels == "per step" else T.mean(losses[:, -1])
    updates = adam(loss, weights, LEARNING_RATE, clip_norm=CLIP_NORM)
    update = theano.function([x, mask, y], loss, updates=updates, mode=mode)
    predict = theano.function([x, mask], logits > 0, mode=mode)

    seen, held_out = strings(seed)
    rng = np.random.default_rng([seed, 2])
    whole = np.full(len(seen), N_BITS)
    n_bits = rng.integers(1, N_BITS + 1, len(seen)) if lengths == "mixed" else whole
    batches = minibatches(padded(seen, n_bits), BATCH_SIZE, rng)
    return Training(update, predict, weights, batches, padded(held_out, whole))


def accuracy(training: Training, x: np.ndarray, mask: np.ndarray, y: np.ndarray) -> float:
    """Share of the steps of all strings that are right."""
    return float(np.mean(training.predict(x, mask) == y))


def train(training: Training, labels: str = "per step") -> None:
    """Go through the data as often as this kind of label is given."""
    fit(training.update, training.batches, N_EPOCHS[labels], progress=False)


def main() -> None:
    networks: dict[str, list[dict[str, list]]] = {}
    for labels in N_EPOCHS:
        for lengths in ("fixed", "mixed"):
            runs = networks[f"{labels}, {lengths}"] = []
            for seed in SEEDS:
                training = prepare(seed, labels, lengths)
                train(training, labels)
                right = accuracy(training, *training.held_out)
                print(f"{labels}, {lengths}, seed {seed}: {right:.3f} of held-out steps right")
                values = {name: p.get_value() for name, p in training.parameters.items()}
                runs.append({name: value.round(4).tolist() for name, value in values.items()})
    SHIPPED.write_text(json.dumps(networks) + "\n", "utf-8")


if __name__ == "__main__":
    main()
