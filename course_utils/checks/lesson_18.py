"""Exercises of lesson 18, Clinic: ten programs to mend and to name.

A mend may look as it likes: the property tests of :mod:`course_utils.further.clinic` judge it, not equality
with one solution. The fault's name stands on the function, put there by ``clinic.diagnosis``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, update_wrapper
from typing import Any

import numpy as np

from course_utils import cells
from course_utils.further import clinic
from course_utils.further.clinic import mended
from course_utils.further.clinic.patients import Patient
from course_utils.judging.exercise import Case, Exercise, Mistakes

Array = np.ndarray
CASE_SIZES = (1, 3, 5)


def _cases(patient: Patient) -> list[Case]:
    return [Case(f"patient {patient.number}, size {s}", patient.args(s)) for s in CASE_SIZES]


def _examine(patient: Patient, run: Callable) -> tuple[str, str] | None:
    found = patient.examine(run)
    if found is None:
        return None
    kept, (_, sentence) = found
    return kept.name, sentence


def _named(patient: Patient, submission: Any, run: Callable) -> tuple[str, str] | None:
    """Want the right name on a program that is mended."""
    try:
        given = submission.diagnosis
    except Exception:
        given = None
    if given is None or given is Ellipsis:
        return "mended, not named yet", (
            "All properties hold: the program is mended. Now name the fault: put one of "
            "`clinic.NAMES` in the place of the `...`."
        )
    plain = given.strip().lower().replace("’", "'") if isinstance(given, str) else ""
    if plain not in map(str.lower, clinic.NAMES):
        return "unknown name", (
            "All properties hold: the program is mended. The name of the fault is none of "
            "`clinic.NAMES`; copy one from there."
        )
    if plain != patient.name.lower():
        return "mended, wrong name", (
            "All properties hold: the program is mended. But what you mended has another name: "
            f"compare your program with the broken one, and both with lesson {patient.lesson:02d}."
        )
    return None


def _exercise(
    number: int,
    title: str,
    outputs: Sequence[str],
    reference: Callable,
    mistakes: Mistakes,
    *,
    program: Callable | None = None,
    cases: Callable | None = None,
    examine: Callable | None = None,
    call: Callable | None = None,
) -> Exercise:
    patient = clinic.patient(number)
    return Exercise(
        f"18.{number}",
        title,
        clinic.diagnosis(patient.name)(reference),
        cases or partial(_cases, patient),
        {"not mended yet": program or patient.broken, **mistakes},
        tuple(outputs),
        rules=(partial(_named, patient),),
        examine=examine or partial(_examine, patient),
        call=call,
    )


def _copy_of(function: Callable) -> Callable:
    """A function of the same name and parameters, to write a diagnosis on."""

    def program(*args: Any) -> Any:
        return function(*args)

    return update_wrapper(program, function, assigned=("__name__",), updated=())


# 18.1


def _inputs_late(ids: Array) -> tuple[Array, Array]:
    return ids[:, 1:].copy(), ids[:, :-1].copy()


def _same_tokens(ids: Array) -> tuple[Array, Array]:
    return ids[:, :-1].copy(), ids[:, :-1].copy()


def _wrapped(ids: Array) -> tuple[Array, Array]:
    return np.roll(ids, 1, axis=1)[:, 1:], np.roll(ids, -1, axis=1)[:, 1:]


PAIRS = _exercise(
    1,
    "A perfect score on dice",
    ("x (N, T - 1)", "y (N, T - 1)"),
    _copy_of(mended.make_pairs),
    {
        "predicts the past": _inputs_late,
        "copies": _same_tokens,
        "two steps ahead": _wrapped,
    },
)

# 18.2


def _carries_the_first(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h, h_prev = [], h0
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_xh + b_h + h_prev @ W_hh))
        h_prev = h[0]
    return np.stack(h, axis=1)


def _starts_at_zero(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return mended.run_rnn(x, np.zeros_like(h0), W_xh, W_hh, b_h)


def _carries_the_drive(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h, h_prev = [], h0
    for t in range(x.shape[1]):
        drive = x[:, t] @ W_xh + b_h
        h.append(np.tanh(drive + h_prev @ W_hh))
        h_prev = drive
    return np.stack(h, axis=1)


RNN = _exercise(
    2,
    "A layer that does not listen",
    ("h (N, T, U)",),
    _copy_of(mended.run_rnn),
    {
        "always the first state": _carries_the_first,
        "h0 lost": _starts_at_zero,
        "carries the drive": _carries_the_drive,
    },
)

# 18.3


def _through_time(x: Array, h0: Array, h: Array, W_hh: Array, dh: Array, slopes: Callable) -> tuple:
    n_steps = h.shape[1]
    h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    da, carried = np.zeros_like(h), np.zeros_like(h0)
    for t in reversed(range(n_steps)):
        da[:, t] = (dh[:, t] + carried) * slopes(t)
        carried = da[:, t] @ W_hh.T
    return np.einsum("ntd,ntu->du", x, da), np.einsum("ntv,ntu->vu", h_prev, da), da.sum((0, 1))


def _slope_of_h_prev(x: Array, h0: Array, h: Array, W_hh: Array, dh: Array) -> tuple:
    return _through_time(x, h0, h, W_hh, dh, lambda t: 1 - (h[:, t - 1] if t else h0) ** 2)


def _slope_of_the_next(x: Array, h0: Array, h: Array, W_hh: Array, dh: Array) -> tuple:
    last = h.shape[1] - 1
    return _through_time(x, h0, h, W_hh, dh, lambda t: 1 - h[:, min(t + 1, last)] ** 2)


def _no_slope(x: Array, h0: Array, h: Array, W_hh: Array, dh: Array) -> tuple:
    return _through_time(x, h0, h, W_hh, dh, lambda t: 1.0)


def _untransposed(x: Array, h0: Array, h: Array, W_hh: Array, dh: Array) -> tuple:
    n_steps = h.shape[1]
    h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    da, carried = np.zeros_like(h), np.zeros_like(h0)
    for t in reversed(range(n_steps)):
        da[:, t] = (dh[:, t] + carried) * (1 - h[:, t] ** 2)
        carried = da[:, t] @ W_hh
    return np.einsum("ntd,ntu->du", x, da), np.einsum("ntv,ntu->vu", h_prev, da), da.sum((0, 1))


BACKWARD = _exercise(
    3,
    "A gradient for one step",
    ("dW_xh (D, U)", "dW_hh (U, U)", "db_h (U,)"),
    _copy_of(mended.backward),
    {
        "one step early, at T = 1 too": _slope_of_h_prev,
        "one step late": _slope_of_the_next,
        "slope left out": _no_slope,
        "W_hh not transposed": _untransposed,
    },
)

# 18.4


def _clip_cases() -> list[Case]:
    *gradients, max_norm = clinic.patient(4).args(2)
    small = Case("patient 4, gradients below max_norm", (*gradients, 100 * max_norm))
    return [*_cases(clinic.patient(4)), small]


def _by_the_largest(dW_xh: Array, dW_hh: Array, db_h: Array, max_norm: float) -> tuple:
    gradients = dW_xh, dW_hh, db_h
    norm = max(np.sqrt((g**2).sum()) for g in gradients)
    return tuple(g * min(1.0, max_norm / norm) if norm else g for g in gradients)


def _by_the_sum(dW_xh: Array, dW_hh: Array, db_h: Array, max_norm: float) -> tuple:
    gradients = dW_xh, dW_hh, db_h
    norm = sum(np.sqrt((g**2).sum()) for g in gradients)
    return tuple(g * min(1.0, max_norm / norm) if norm else g for g in gradients)


def _always_scaled(dW_xh: Array, dW_hh: Array, db_h: Array, max_norm: float) -> tuple:
    gradients = dW_xh, dW_hh, db_h
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    return tuple(g * max_norm / norm if norm else g for g in gradients)


CLIP = _exercise(
    4,
    "A step that turns",
    ("dW_xh (D, U)", "dW_hh (U, U)", "db_h (U,)"),
    _copy_of(mended.clip),
    {
        "largest norm": _by_the_largest,
        "sum of norms": _by_the_sum,
        "small gradients blown up": _always_scaled,
    },
    cases=_clip_cases,
)

# 18.5: in Theano. What compiles is imported when the exercise is first tried.


class Compiler:
    """Compiles each program once while a set of cases is tried."""

    def __init__(self) -> None:
        self._compiled: dict[int, Callable] = {}

    def run(self, program: Callable, args: tuple) -> Any:
        """Build the graph, compile it if that has not been done, and run it."""
        from course_utils.judging.graphs import compile_with

        if id(program) not in self._compiled:
            self._compiled[id(program)] = compile_with(_compile, program)
        return self._compiled[id(program)](*args)


def _compile(program: Callable) -> Callable:
    from course_utils.further.clinic.in_theano import compiled
    from course_utils.judging.graphs import finished, symbolic

    return compiled(lambda *symbols: symbolic(finished(program(*symbols))))


def _scan_cases() -> list[Case]:
    compiler, patient = Compiler(), clinic.patient(5)
    return [Case(f"patient 5, size {s}", (compiler, *patient.args(s))) for s in CASE_SIZES]


def _run_scan(program: Callable, args: tuple) -> Any:
    compiler, *arrays = args
    return compiler.run(program, tuple(arrays))


def _examine_scan(run: Callable) -> tuple[str, str] | None:
    compiler = Compiler()
    return _examine(clinic.patient(5), lambda *args: run(compiler, *args))


def scan_rnn(x: Any, W_xh: Any, W_hh: Any, b_h: Any) -> Any:
    """Return the symbolic states (N, T, U)."""
    from course_utils.further.clinic import in_theano

    return in_theano.mended(x, W_xh, W_hh, b_h)


def _scan_broken(x: Any, W_xh: Any, W_hh: Any, b_h: Any) -> Any:
    from course_utils.further.clinic import in_theano

    return in_theano.broken(x, W_xh, W_hh, b_h)


def _time_first(x: Any, W_xh: Any, W_hh: Any, b_h: Any) -> Any:
    return scan_rnn(x, W_xh, W_hh, b_h).dimshuffle(1, 0, 2)


def _reversed_rows(x: Any, W_xh: Any, W_hh: Any, b_h: Any) -> Any:
    return _scan_broken(x[::-1], W_xh, W_hh, b_h)[::-1]


SCAN = _exercise(
    5,
    "Strangers in a batch",
    ("h (N, T, U)",),
    scan_rnn,
    {
        "time first in the result": _time_first,
        "batch backwards": _reversed_rows,
    },
    program=_scan_broken,
    cases=_scan_cases,
    examine=_examine_scan,
    call=_run_scan,
)

# 18.6


def _lstm_with(carry: Callable) -> Callable:
    def program(x: Array, kernel: Array, recurrent_kernel: Array, bias: Array) -> tuple:
        h_t = c_t = np.zeros((len(x), len(recurrent_kernel)))
        h, c = [], []
        for t in range(x.shape[1]):
            a = x[:, t] @ kernel + h_t @ recurrent_kernel + bias
            i, f, g, o = np.split(a, 4, axis=1)
            i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
            h_t, c_t = carry(i, f, np.tanh(g), o, h_t, c_t)
            h.append(h_t)
            c.append(c_t)
        return np.stack(h, axis=1), np.stack(c, axis=1)

    return program


def _squashed(i, f, g, o, h_t, c_t):
    c_t = np.tanh(f * c_t + i * g)
    return o * c_t, c_t


def _old_c(i, f, g, o, h_t, c_t):
    return o * np.tanh(c_t), f * c_t + i * g


def _no_forget(i, f, g, o, h_t, c_t):
    c_t = c_t + i * g
    return o * np.tanh(c_t), c_t


LSTM = _exercise(
    6,
    "A belt that loses its load",
    ("h (N, T, U)", "c (N, T, U)"),
    _copy_of(mended.run_lstm),
    {
        "squashed c carried on": _lstm_with(_squashed),
        "h from the old c": _lstm_with(_old_c),
        "no forget gate": _lstm_with(_no_forget),
    },
)

# 18.7


def _total(poems: list) -> Any:
    return np.exp(sum(nats.sum() for nats in poems))


def _mean_of_means(poems: list) -> Any:
    return np.exp(np.mean([nats.mean() for nats in poems]))


def _median(poems: list) -> Any:
    return np.median([np.exp(nats.mean()) for nats in poems])


def _in_nats(poems: list) -> Any:
    return np.concatenate(poems).mean()


PERPLEXITY = _exercise(
    7,
    "Scissors and perplexity",
    ("perplexity",),
    _copy_of(mended.perplexity_of),
    {
        "mean of poem means": _mean_of_means,
        "sum in place of the mean": _total,
        "median of perplexities": _median,
        "no exponential": _in_nats,
    },
)

# 18.8


def _first_everywhere(h: Array) -> Array:
    return h[:, 0].copy()


def _ends_exchanged(h: Array) -> Array:
    n_units = h.shape[2] // 2
    return np.concatenate([h[:, 0, :n_units], h[:, -1, n_units:]], axis=1)


def _halves_exchanged(h: Array) -> Array:
    n_units = h.shape[2] // 2
    return np.concatenate([h[:, 0, n_units:], h[:, -1, :n_units]], axis=1)


FEATURES = _exercise(
    8,
    "Half deaf",
    ("features (N, 2U)",),
    _copy_of(mended.features),
    {
        "both from the first step": _first_everywhere,
        "ends exchanged": _ends_exchanged,
        "halves exchanged": _halves_exchanged,
    },
)

# 18.9


def _each_by_itself(series: Array, n_train: int) -> tuple[Array, Array]:
    parts = series[:n_train], series[n_train:]
    return tuple((part - part.min()) / (part.max() - part.min()) for part in parts)


def _not_scaled(series: Array, n_train: int) -> tuple[Array, Array]:
    return series[:n_train].copy(), series[n_train:].copy()


def _test_unscaled(series: Array, n_train: int) -> tuple[Array, Array]:
    return mended.scale(series, n_train)[0], series[n_train:].copy()


def _low_of_all(series: Array, n_train: int) -> tuple[Array, Array]:
    train = series[:n_train]
    scaled = (series - series.mean()) / train.std()
    return scaled[:n_train], scaled[n_train:]


SCALE = _exercise(
    9,
    "A scaler that knew",
    ("train (n_train,)", "test (n - n_train,)"),
    _copy_of(mended.scale),
    {
        "each part by itself": _each_by_itself,
        "not scaled at all": _not_scaled,
        "only the training part scaled": _test_unscaled,
        "mean of all data": _low_of_all,
    },
)

# 18.10


def _states(x: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return cells.SimpleRNN(W_xh, W_hh, b_h).forward(x).h


def _last_of_longest(x: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return _states(x, W_xh, W_hh, b_h)[:, mask.sum(axis=1).max() - 1]


def _one_too_far(x: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    last = np.minimum(mask.sum(axis=1), x.shape[1] - 1)
    return _states(x, W_xh, W_hh, b_h)[np.arange(len(x)), last]


def _input_masked(x: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return _states(x * mask[:, :, None], W_xh, W_hh, b_h)[:, -1]


def _state_zeroed(x: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h_t = np.zeros((len(x), len(b_h)))
    for t in range(x.shape[1]):
        h_t = np.tanh(x[:, t] @ W_xh + h_t @ W_hh + b_h) * mask[:, t, None]
    return h_t


def _masked_mean(x: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h = _states(x, W_xh, W_hh, b_h) * mask[:, :, None]
    return h.sum(axis=1) / mask.sum(axis=1, keepdims=True)


READ = _exercise(
    10,
    "A score that depends on the neighbours",
    ("h_last (N, U)",),
    _copy_of(mended.read),
    {
        "input masked, not the state": _input_masked,
        "state set to zero": _state_zeroed,
        "end of the longest review": _last_of_longest,
        "one step too far": _one_too_far,
        "mean of the states": _masked_mean,
    },
)

EXERCISES = [PAIRS, RNN, BACKWARD, CLIP, SCAN, LSTM, PERPLEXITY, FEATURES, SCALE, READ]
