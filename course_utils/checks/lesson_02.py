"""Exercises of lesson 02, The forward pass: one step, a batch, the loss, the last output."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.judging.exercise import Case, Exercise, Misconception

Array = np.ndarray


# Exercise 2.1: one step


def rnn_step(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """Return h_t (N, U) from x_t (N, D) and h_prev (N, U)."""
    return np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)


def _weights(rng: np.random.Generator, n_features: int, n_units: int) -> tuple[Array, ...]:
    return (
        rng.normal(size=(n_features, n_units)),
        rng.normal(size=(n_units, n_units)),
        rng.normal(size=n_units),
    )


def _step_cases() -> list[Case]:
    rng = np.random.default_rng(201)
    cases = []
    for label, (n, d, u) in {
        "a batch of 3, 2 features, 4 units": (3, 2, 4),
        "as many features as units, a batch of 4": (4, 4, 4),
        "one sequence, one feature, one unit": (1, 1, 1),
        "a batch of 5, 1 feature, 3 units": (5, 1, 3),
    }.items():
        arrays = (rng.normal(size=(n, d)), rng.normal(size=(n, u)), *_weights(rng, d, u))
        cases.append(Case(label, arrays))
    x_t, h_prev, *weights = cases[0].args
    cases.append(Case("a start state of zeros", (x_t, np.zeros_like(h_prev), *weights)))
    return cases


def _two_tanh(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return np.tanh(x_t @ W_xh) + np.tanh(h_prev @ W_hh) + b_h


ONE_STEP = Exercise(
    "2.1",
    "One step",
    rnn_step,
    _step_cases,
    [
        Misconception(
            "transposed W_hh",
            lambda x_t, h_prev, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + h_prev @ W_hh.T + b_h),
            "Your numbers come from the transpose of `W_hh`. It is square, so NumPy cannot notice. "
            "States are rows here: which side of the matrix does a row stand on?",
        ),
        Misconception(
            "missing nonlinearity",
            lambda x_t, h_prev, W_xh, W_hh, b_h: x_t @ W_xh + h_prev @ W_hh + b_h,
            "You return the sum before it is squeezed: some of your states lie outside -1 to 1. "
            "One function of the formula is missing.",
        ),
        Misconception(
            "old state ignored",
            lambda x_t, h_prev, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + b_h),
            "`h_prev` has no influence on your result. Without it this is a dense layer, and "
            "nothing is remembered.",
        ),
        Misconception(
            "bias forgotten",
            lambda x_t, h_prev, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + h_prev @ W_hh),
            "Two of the three terms are right. Which argument of the function have you not used?",
        ),
        Misconception(
            "squeezed before the sum",
            _two_tanh,
            "You squeeze each product by itself and then add. The formula adds first, and squeezes "
            "the sum once.",
        ),
        Misconception(
            "bias outside the tanh",
            lambda x_t, h_prev, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + h_prev @ W_hh) + b_h,
            "The bias is added after the squeezing. In the formula it stands inside the brackets.",
        ),
        Misconception(
            "sigmoid in place of tanh",
            lambda x_t, h_prev, W_xh, W_hh, b_h: (
                1 / (1 + np.exp(-(x_t @ W_xh + h_prev @ W_hh + b_h)))
            ),
            "Your states lie between 0 and 1: that is the logistic function. The formula asks for "
            "one that runs from -1 to 1.",
        ),
        Misconception(
            "elementwise product",
            lambda x_t, h_prev, W_xh, W_hh, b_h: np.tanh(x_t @ W_xh + h_prev * np.diag(W_hh) + b_h),
            "Each unit sees only its own old state. In the formula every unit sees all units: a "
            "matrix product, not a product element by element.",
        ),
    ],
    ("h_t (N, U)",),
)


# Exercise 2.2: a batch of sequences


def rnn_forward(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """Return h (N, T, U) from x (N, T, D) and h0 (N, U)."""
    return _run(rnn_step, x, h0, W_xh, W_hh, b_h)


def _run(step: Callable, x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h, h_t = np.empty((*x.shape[:2], W_hh.shape[0])), h0
    for t in range(x.shape[1]):
        h_t = step(x[:, t], h_t, W_xh, W_hh, b_h)
        h[:, t] = h_t
    return h


def _forward_cases() -> list[Case]:
    rng = np.random.default_rng(202)
    cases = []
    for label, (n, t, d, u) in {
        "a batch of 3, 5 steps, 2 features, 4 units": (3, 5, 2, 4),
        "one sequence of 7 steps": (1, 7, 3, 2),
        "one step only": (4, 1, 2, 3),
        "one unit, one feature": (2, 6, 1, 1),
        "as many sequences as steps": (4, 4, 3, 3),
    }.items():
        arrays = (rng.normal(size=(n, t, d)), rng.normal(size=(n, u)), *_weights(rng, d, u))
        cases.append(Case(f"{label}, a start state that is not zero", arrays))
    x, h0, *weights = cases[0].args
    cases.append(Case("a start state of zeros", (x, np.zeros_like(h0), *weights)))
    return cases


def _with_first_state(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h = rnn_forward(x, h0, W_xh, W_hh, b_h)
    return np.concatenate([h0[:, None], h], axis=1)


def _last_repeated(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h = rnn_forward(x, h0, W_xh, W_hh, b_h)
    return np.repeat(h[:, -1:], x.shape[1], axis=1)


def _over_batch(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    """Carry the state from sequence to sequence instead of from step to step."""
    h = rnn_forward(x.swapaxes(0, 1), np.zeros((x.shape[1], len(b_h))), W_xh, W_hh, b_h)
    return h.swapaxes(0, 1)


BATCH = Exercise(
    "2.2",
    "A batch of sequences",
    rnn_forward,
    _forward_cases,
    [
        Misconception(
            "state reset each step",
            lambda x, h0, *weights: _run(
                lambda x_t, _, *inner: rnn_step(x_t, h0, *inner), x, h0, *weights
            ),
            "Your first step is right and the later ones are not: each of them starts from `h0` "
            "again. What should the second step start from?",
        ),
        Misconception(
            "state reset to zero each step",
            lambda x, h0, *weights: _run(
                lambda x_t, _, *inner: rnn_step(x_t, np.zeros_like(h0), *inner), x, h0, *weights
            ),
            "Every step starts from zeros, so nothing is carried along. Look at where you make the "
            "state: inside the loop or before it?",
        ),
        Misconception(
            "transposed W_hh",
            lambda x, h0, W_xh, W_hh, b_h: rnn_forward(x, h0, W_xh, W_hh.T, b_h),
            "Your numbers come from the transpose of `W_hh`. It is square, so NumPy cannot notice. "
            "Compare your step with exercise 2.1.",
        ),
        Misconception(
            "aliased states",
            _last_repeated,
            "All your states are the same: the last one, repeated. You keep one array and write "
            "into it at each step. Make a new array a step, or copy it into the result.",
        ),
        Misconception(
            "missing nonlinearity",
            lambda x, h0, *weights: _run(
                lambda x_t, h, W_xh, W_hh, b_h: x_t @ W_xh + h @ W_hh + b_h, x, h0, *weights
            ),
            "Your states are not squeezed and grow from step to step. One function of the formula "
            "is missing.",
        ),
        Misconception(
            "h0 ignored",
            lambda x, h0, *weights: rnn_forward(x, np.zeros_like(h0), *weights),
            "Right with a start state of zeros, wrong with any other: `h0` is not used. The first "
            "step has a past too, and that is `h0`.",
        ),
        Misconception(
            "state before the step kept",
            lambda x, h0, *weights: _with_first_state(x, h0, *weights)[:, :-1],
            "Your result is one step late: it holds `h0` first and lacks the last state. Keep the "
            "state after the step, not before it.",
        ),
        Misconception(
            "h0 among the states",
            _with_first_state,
            "You return one state too many. `h0` is where the network starts, not one of its T "
            "outputs.",
        ),
        Misconception(
            "only the last state",
            lambda x, h0, *weights: rnn_forward(x, h0, *weights)[:, -1],
            "You return the last state, and it is right. This exercise wants the states of all "
            "steps, with the time on axis 1.",
        ),
        Misconception(
            "time first",
            lambda x, h0, *weights: rnn_forward(x, h0, *weights).swapaxes(0, 1),
            "The numbers are right and the axes are not: you have the time on axis 0. Batch first "
            "means shape (N, T, U).",
        ),
        Misconception(
            "steps in reverse",
            lambda x, h0, *weights: rnn_forward(x[:, ::-1], h0, *weights),
            "You read each sequence from its end to its start. Step 0 comes first.",
        ),
        Misconception(
            "state carried across the batch",
            _over_batch,
            "You carry the state from one sequence to the next instead of from one step to the "
            "next. Which axis of `x` is the time?",
        ),
    ],
    ("h (N, T, U)",),
)


# Exercise 2.3: the loss at the start


def _log_softmax(logits: Array, axis: int | tuple[int, ...] = -1) -> Array:
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _true_class(values: Array, targets: Array) -> Array:
    return np.take_along_axis(values, targets[..., None], axis=-1)[..., 0]


def cross_entropy(logits: Array, targets: Array) -> float:
    """Return the mean of -ln p(target) over logits (N, T, V) and targets (N, T)."""
    return float(-_true_class(_log_softmax(logits), targets).mean())


def _loss_cases() -> list[Case]:
    rng = np.random.default_rng(203)
    cases = []
    for label, (n, t, v) in {
        "a batch of 3, 5 steps, 4 classes": (3, 5, 4),
        "one sequence of one step, 2 classes": (1, 1, 2),
        "as many steps as classes": (2, 6, 6),
    }.items():
        logits = rng.normal(0, 2, size=(n, t, v))
        cases.append(Case(label, (logits, rng.integers(0, v, size=(n, t)))))
    cases.append(Case("all logits zero, 27 classes", (np.zeros((2, 3, 27)), np.ones((2, 3), int))))
    large = rng.normal(0, 2, size=(2, 3, 4)) + 1000.0
    cases.append(Case("logits around 1,000", (large, rng.integers(0, 4, size=(2, 3)))))
    return cases


def _without_shift(logits: Array, targets: Array) -> float:
    p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    return float(-np.log(_true_class(p, targets)).mean())


def _softmax_of_softmax(logits: Array, targets: Array) -> float:
    return cross_entropy(np.exp(_log_softmax(logits)), targets)


LOSS = Exercise(
    "2.3",
    "The loss at the start",
    cross_entropy,
    _loss_cases,
    [
        Misconception(
            "unstable softmax",
            _without_shift,
            "Right for small logits, and not a number for logits around 1,000: their exponential "
            "overflows. Subtract the largest logit before you take it.",
        ),
        Misconception(
            "softmax over the steps",
            lambda logits, targets: float(
                -_true_class(_log_softmax(logits, axis=1), targets).mean()
            ),
            "Your probabilities sum to 1 over the steps of a sequence. They should sum to 1 over "
            "the classes of one step. Look at the axis of your sum.",
        ),
        Misconception(
            "softmax over the batch",
            lambda logits, targets: float(
                -_true_class(_log_softmax(logits, axis=0), targets).mean()
            ),
            "Your probabilities sum to 1 over the sequences of the batch. They should sum to 1 "
            "over the classes of one step. Look at the axis of your sum.",
        ),
        Misconception(
            "softmax over everything",
            lambda logits, targets: float(
                -_true_class(_log_softmax(logits, axis=(0, 1, 2)), targets).mean()
            ),
            "You divide by the sum over the whole batch. Each step of each sequence has its own "
            "softmax: give the sum an axis, and keep its dimension.",
        ),
        Misconception(
            "logarithm to base 2",
            lambda logits, targets: cross_entropy(logits, targets) / np.log(2),
            "Your loss is in bits: larger by the factor 1/ln 2 = 1.4427. The exercise asks for "
            "nats.",
        ),
        Misconception(
            "sum in place of mean",
            lambda logits, targets: cross_entropy(logits, targets) * targets.size,
            "You add up the losses of all steps. A mean does not grow with the batch, and only then "
            "can the first loss be compared with ln V.",
        ),
        Misconception(
            "divided by N only",
            lambda logits, targets: cross_entropy(logits, targets) * targets.shape[1],
            "Your loss grows with the number of steps. Take the mean over the sequences and over "
            "the steps.",
        ),
        Misconception(
            "missing minus sign",
            lambda logits, targets: -cross_entropy(logits, targets),
            "Your loss is negative. The logarithm of a probability is below zero; the surprise is "
            "its opposite.",
        ),
        Misconception(
            "softmax of a softmax",
            _softmax_of_softmax,
            "You take the softmax twice. The logits go in once; what comes out are probabilities "
            "already.",
        ),
        Misconception(
            "one minus the probability",
            lambda logits, targets: float(
                (1 - np.exp(_true_class(_log_softmax(logits), targets))).mean()
            ),
            "You average how much probability is missing. The cross-entropy is the negative "
            "logarithm of the true class's probability.",
        ),
        Misconception(
            "raw logit of the true class",
            lambda logits, targets: float(-_true_class(logits, targets).mean()),
            "You average the logits of the true classes and never normalise. Logits are not "
            "logarithms of probabilities until a log-sum-exp has been subtracted.",
        ),
    ],
    ("loss",),
)


# Exercise 2.4: the last output only


def last_output(h: Array, W_hy: Array, b_y: Array) -> Array:
    """Return y (N, V), the logits of the last step, from h (N, T, U)."""
    return h[:, -1] @ W_hy + b_y


def _last_cases() -> list[Case]:
    rng = np.random.default_rng(204)
    return [
        Case(
            label,
            (
                np.tanh(rng.normal(size=(n, t, u))),
                rng.normal(size=(u, v)),
                rng.normal(size=v),
            ),
        )
        for label, (n, t, u, v) in {
            "a batch of 3, 5 steps, 4 units, 2 classes": (3, 5, 4, 2),
            "as many sequences as steps": (4, 4, 3, 3),
            "one step only": (3, 1, 2, 2),
            "one sequence": (1, 6, 3, 2),
            "one class": (2, 3, 4, 1),
        }.items()
    ]


LAST = Exercise(
    "2.4",
    "The last output only",
    last_output,
    _last_cases,
    [
        Misconception(
            "output from h_{t-1}",
            lambda h, W_hy, b_y: h[:, -2 if h.shape[1] > 1 else -1] @ W_hy + b_y,
            "You read the state before the last one, which has not seen the last input. Python "
            "counts from the end with -1.",
        ),
        Misconception(
            "last sequence in place of last step",
            lambda h, W_hy, b_y: h[-1] @ W_hy + b_y,
            "`h[-1]` is the last sequence of the batch with all its steps. You want the last step "
            "of every sequence: the time is axis 1.",
        ),
        Misconception(
            "first step in place of last",
            lambda h, W_hy, b_y: h[:, 0] @ W_hy + b_y,
            "You read the first state, which has seen one input only. The last one has seen all.",
        ),
        Misconception(
            "all steps returned",
            lambda h, W_hy, b_y: h @ W_hy + b_y,
            "You return an output for each step. With one label a sequence only the last step is "
            "read.",
        ),
        Misconception(
            "time axis kept",
            lambda h, W_hy, b_y: h[:, -1:] @ W_hy + b_y,
            "The numbers are right, and a time axis of length 1 is left in them. An index drops "
            "its axis, a slice keeps it.",
        ),
        Misconception(
            "mean over the steps",
            lambda h, W_hy, b_y: h.mean(axis=1) @ W_hy + b_y,
            "You average the states of all steps. That is a sound idea (mean pooling), but not "
            "what this exercise asks for: take the last state.",
        ),
        Misconception(
            "sum over the steps",
            lambda h, W_hy, b_y: h.sum(axis=1) @ W_hy + b_y,
            "You add up the states of all steps. Take the last one alone.",
        ),
        Misconception(
            "bias forgotten",
            lambda h, W_hy, b_y: h[:, -1] @ W_hy,
            "The right state, the right product. Which argument of the function have you not used?",
        ),
        Misconception(
            "state squeezed again",
            lambda h, W_hy, b_y: np.tanh(h[:, -1] @ W_hy + b_y),
            "Logits are not squeezed: they may be any number. The tanh belongs to the hidden "
            "layer.",
        ),
        Misconception(
            "softmax included",
            lambda h, W_hy, b_y: np.exp(_log_softmax(h[:, -1] @ W_hy + b_y)),
            "You return probabilities. The exercise asks for logits; the softmax comes with the "
            "loss.",
        ),
    ],
    ("y (N, V)",),
)

EXERCISES = [ONE_STEP, BATCH, LOSS, LAST]
