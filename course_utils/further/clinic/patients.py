"""Ten patients: a program with one fault, what it was meant to do, and how to see the difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from course_utils import cells
from course_utils.arguments import whole_number
from course_utils.further.clinic import broken, mended, properties
from course_utils.further.clinic.properties import Finding, Property, Run
from course_utils.losses import softmax

N_POINTS = 20  # of a chart
SIZES = range(1, 6)  # of the cases that a check tries, small ones first
OTHER_NAMES = (
    "divided by T twice",
    "nats reported as bits",
    "softmax over the wrong axis",
    "temperature after the softmax",
    "transposed W_hh",
    "vocabulary from the test set",
)


@dataclass(frozen=True)
class Chart:
    """A curve that shows the fault: 20 points, drawn for the patient and for a healthy program.

    Attributes
    ----------
    x_label, y_label : str
        With units.
    draw : callable
        ``draw(run, rng)`` returns the y values at x = 1, ..., 20.
    """

    x_label: str
    y_label: str
    draw: Callable[[Run, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Patient:
    """One patient of the clinic, with arguments drawn from a seed.

    Attributes
    ----------
    number : int
        1 to 10.
    lesson : int
        Where its fault was met.
    name : str
        The fault, as :data:`NAMES` has it.
    does : str
        What the program is for, without a word on its fault.
    broken, mended : callable
        The program as it comes in, and as it was meant.
    properties : tuple of Property
        What holds for every right program.
    chart : Chart
    seed : int
    """

    number: int
    lesson: int
    name: str
    does: str
    broken: Callable
    mended: Callable
    draw: Callable
    properties: tuple[Property, ...]
    chart: Chart
    seed: int = 0

    def __repr__(self) -> str:
        """Say who it is and what the program is for; not what is wrong."""
        return f"<Patient {self.number}, seed {self.seed}: {self.does}>"

    @property
    def program(self) -> str:
        """Name of the program, as lesson 18 has it."""
        return getattr(self.mended, "__name__", "scan_rnn")

    def args(self, size: int = 5) -> tuple:
        """Return arguments for the program; a larger size gives more and longer sequences.

        Raises
        ------
        TypeError, ValueError
            If ``size`` is no whole number of at least 1.
        """
        return self.draw(self._rng(whole_number("size", size, 1)), size)

    def points(self, program: Callable | None = None) -> np.ndarray:
        """Return the y values of the chart (20,): of the patient, or of another program."""
        return np.asarray(self.chart.draw(as_run(program or self.broken), self._rng(0)), float)

    def vital_signs(self, program: Callable | None = None) -> dict[str, float]:
        """Return by how much each property is broken: of the patient, or of another program.

        What is below the tolerance of the property tests counts as 0; at most 999.
        """
        run = as_run(program or self.broken)
        amounts = {each.name: each.measure(run, self._rng(3), 3)[0] for each in self.properties}
        return {
            name: 0.0 if amount <= properties.TOLERANCE else min(float(amount), 999.0)
            for name, amount in amounts.items()
        }

    def examine(self, program: Callable) -> tuple[Property, Finding] | None:
        """Return the first property that a program breaks, and on which case, or None.

        Each property is tried on cases from small to large.
        """
        run = as_run(program)
        for each in self.properties:
            for size in SIZES:
                found = each.broken(run, self._rng(size), size)
                if found is not None:
                    return each, found
        return None

    def _rng(self, size: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, self.number, size])


def as_run(program: Callable) -> Run:
    """Return the program with its results in a tuple, and its arguments safe from it."""

    def run(*args: Any) -> tuple[np.ndarray, ...]:
        results = program(*(arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args))
        results = results if isinstance(results, tuple) else (results,)
        return tuple(np.asarray(result) for result in results)

    return run


# The patient in Theano, as NumPy computes it: compiling would take a second for each chart.


def _over_axis(
    axis: int, x: np.ndarray, W_xh: np.ndarray, W_hh: np.ndarray, b_h: np.ndarray
) -> np.ndarray:
    """Return the states of a loop over ``axis`` of x (N, T, D); Theano's scan takes axis 0."""
    x = x if axis else x.swapaxes(0, 1)
    h = cells.SimpleRNN(W_xh, W_hh, b_h).forward(x).h
    return h if axis else h.swapaxes(0, 1)


# Charts


def _drill(run: Run, rng: np.random.Generator) -> np.ndarray:
    """Loss of a softmax regression from x to y over 20 steps; the tokens are those of a fair die."""
    x, y = (np.eye(8)[part.ravel()] for part in run(rng.integers(0, 8, (20, 50))))
    W, losses = np.zeros((8, 8)), []
    for _ in range(N_POINTS):
        p = softmax(x @ W)
        losses.append(-np.log((p * y).sum(axis=1)).mean())
        W -= 8 * x.T @ (p - y) / len(x)
    return np.array(losses)


def _echo(change: Callable, run: Run, rng: np.random.Generator) -> np.ndarray:
    """How far the last output moves when the step k before the end is changed, k = 1 to 20."""
    x, args = change(rng)
    last = run(x, *args)[0][:, -1]
    moved = []
    for k in range(1, N_POINTS + 1):
        other = x.copy()
        other[:, -1 - k] += 1
        moved.append(np.abs(run(other, *args)[0][:, -1] - last).max())
    return np.array(moved)


def _long_batch(with_h0: bool, rng: np.random.Generator) -> tuple[np.ndarray, list]:
    x = rng.normal(0, 0.3, (3, N_POINTS + 1, 2))
    W_xh, _, b_h = properties.rnn_weights(rng)
    W_hh = 0.95 * np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return x, [*([np.zeros((3, 3))] if with_h0 else []), W_xh, W_hh, 0.1 * b_h]


def _gradient_error(run: Run, rng: np.random.Generator) -> np.ndarray:
    """Relative error of dW_hh for sequences of 1 to 20 steps."""
    errors = []
    for n_steps in range(1, N_POINTS + 1):
        args = properties.draw_backward(np.random.default_rng(rng.integers(2**31)), n_steps)
        wrong, right = run(*args)[1], mended.backward(*args)[1]
        size = np.linalg.norm(wrong) + np.linalg.norm(right)
        # Rounding is no error; it would differ between two computers.
        error = float(np.linalg.norm(wrong - right) / size)
        errors.append(0.0 if error < 1e-9 else error)
    return np.array(errors)


def _turn(run: Run, rng: np.random.Generator) -> np.ndarray:
    """Angle in degrees between the gradient and what clipping to norms from 20 to 1 leaves of it."""
    gradients = [scale * rng.normal(size=s) for scale, s in ((1, (2, 3)), (5, (3, 3)), (0.5, 3))]
    before = np.concatenate([g.ravel() for g in gradients])
    angles = []
    for max_norm in range(1, N_POINTS + 1):
        after = np.concatenate([g.ravel() for g in run(*gradients, float(max_norm))])
        along = after @ before / (before @ before)
        across = np.linalg.norm(after - along * before)
        angle = np.degrees(np.arctan2(across, along * np.linalg.norm(before)))
        angles.append(0.0 if angle < 1e-6 else angle)
    return np.array(angles)


def _load(run: Run, rng: np.random.Generator) -> np.ndarray:
    """What is on the belt after 1 to 20 steps; forget gate open, input gate shut after step 1."""
    return run(*properties.belt(N_POINTS, rng.uniform(0.6, 1.6)))[1][0, :, 0]


def _cut_in(run: Run, rng: np.random.Generator) -> np.ndarray:
    """Perplexity of the same 400 tokens, cut into 1 to 20 poems."""
    nats = rng.gamma(2, 0.5, 400) * np.linspace(1, 5, 400)  # the later, the stranger
    return np.array([run(np.array_split(nats, k))[0] for k in range(1, N_POINTS + 1)])


def _heard(run: Run, rng: np.random.Generator) -> np.ndarray:
    """How far the second half of the features moves when the step k before the end is changed."""
    x, (W_xh, W_hh, b_h) = _long_batch(False, rng)
    weights = W_xh, W_hh, b_h

    def second_half(x: np.ndarray) -> np.ndarray:
        return run(properties.both_ways(x, weights, weights))[0][:, 3:]

    moved = []
    for k in range(1, N_POINTS + 1):
        other = x.copy()
        other[:, -1 - k] += 1
        moved.append(np.abs(second_half(other) - second_half(x)).max())
    return np.array(moved)


def _first_value(run: Run, rng: np.random.Generator) -> np.ndarray:
    """The scaled first value of a series whose last value is raised by 10, 20, ... 200."""
    series, n_train = properties.draw_series(rng, 5)
    points = []
    for k in range(1, N_POINTS + 1):
        later = series.copy()
        later[-1] += 10 * k
        points.append(run(later, n_train)[0][n_train - 1])
    return np.array(points)


def _score(run: Run, rng: np.random.Generator) -> np.ndarray:
    """Score of one review of four words in front of 1 to 20 steps of padding."""
    x, weights = rng.normal(size=(1, 4 + N_POINTS, 2)), properties.rnn_weights(rng)
    x[:, 4:], w = x[:, 4], rng.normal(0, 2, 3)
    mask = np.arange(4 + N_POINTS)[None] < 4
    return np.array(
        [
            1 / (1 + np.exp(-(run(x[:, : 4 + k], mask[:, : 4 + k], *weights)[0] @ w).item()))
            for k in range(1, N_POINTS + 1)
        ]
    )


_ECHO = Chart(
    "steps before the end at which the input is changed",
    "change of the last state",
    partial(_echo, partial(_long_batch, True)),
)

_WARD = (
    Patient(
        1,
        0,
        "target leak",
        "cuts token ids into inputs and targets",
        broken.make_pairs,
        mended.make_pairs,
        properties.draw_ids,
        properties.PAIRS,
        Chart("training step", "loss on a fair die of 8 sides (nats)", _drill),
    ),
    Patient(
        2,
        2,
        "state reset each step",
        "runs a recurrent layer over a batch",
        broken.run_rnn,
        mended.run_rnn,
        properties.draw_rnn,
        properties.RNN,
        _ECHO,
    ),
    Patient(
        3,
        3,
        "tanh' at the wrong step",
        "computes gradients through time",
        broken.backward,
        mended.backward,
        properties.draw_backward,
        properties.BACKWARD,
        Chart("length of the sequence T (steps)", "relative error of dW_hh", _gradient_error),
    ),
    Patient(
        4,
        4,
        "each matrix clipped alone",
        "clips gradients",
        broken.clip,
        mended.clip,
        properties.draw_gradients,
        properties.CLIP,
        Chart("max_norm", "turn of the step (degrees)", _turn),
    ),
    Patient(
        5,
        7,
        "time and batch exchanged",
        "runs a recurrent layer in Theano",
        partial(_over_axis, 0),
        partial(_over_axis, 1),
        properties.draw_scan,
        properties.SCAN,
        Chart(_ECHO.x_label, _ECHO.y_label, partial(_echo, partial(_long_batch, False))),
    ),
    Patient(
        6,
        8,
        "carries h for c",
        "runs an LSTM over a batch",
        broken.run_lstm,
        mended.run_lstm,
        properties.draw_lstm,
        properties.LSTM,
        Chart("step", "load on the belt c, gates held", _load),
    ),
    Patient(
        7,
        9,
        "perplexities averaged",
        "reports the perplexity of a language model",
        broken.perplexity_of,
        mended.perplexity_of,
        properties.draw_poems,
        properties.PERPLEXITY,
        Chart("poems that the same text is cut into", "perplexity", _cut_in),
    ),
    Patient(
        8,
        10,
        "backward output at the wrong end",
        "reads the features off a bidirectional Keras layer",
        broken.features,
        mended.features,
        properties.draw_both_ways,
        properties.FEATURES,
        Chart(_ECHO.x_label, "change of the second half", _heard),
    ),
    Patient(
        9,
        11,
        "scaler fitted on all data",
        "scales a series before training",
        broken.scale,
        mended.scale,
        properties.draw_series,
        properties.SCALE,
        Chart("last test value raised by (tens)", "last training value, scaled", _first_value),
    ),
    Patient(
        10,
        12,
        "last step is padding",
        "reads padded reviews into one state each",
        broken.read,
        mended.read,
        properties.draw_reviews,
        properties.READ,
        Chart("steps of padding", "score of one and the same review", _score),
    ),
)
N_PATIENTS = len(_WARD)
NAMES = tuple(sorted([each.name for each in _WARD] + list(OTHER_NAMES), key=str.lower))
"""What a fault may be called: those of the ten patients, and six that nobody here has."""


def patient(number: int, seed: int = 0) -> Patient:
    """Return patient ``number``; its arguments and charts follow from the seed.

    Parameters
    ----------
    number : int
        1 to 10.
    seed : int
        0 or above.

    Raises
    ------
    TypeError, ValueError
        If there is no such patient or no such seed.

    Examples
    --------
    >>> patient(3, seed=1)
    <Patient 3, seed 1: computes gradients through time>
    >>> bool(patient(3).points()[0] == 0), bool(patient(3).points()[4] > 0.01)
    (True, True)
    """
    number = whole_number("number", number, 1)
    if number > N_PATIENTS:
        raise ValueError(f"number must be 1 to {N_PATIENTS}, got {number}")
    return replace(_WARD[number - 1], seed=whole_number("seed", seed, 0))
