"""Exercises of lesson 08, gates: an LSTM step, a GRU step, a forget bias, a gate held open.

Steps are graphs, which are compiled and run; biases and weights are arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Any, TypeAlias

import numpy as np

from course_utils.cells import LSTM
from course_utils.gates import SHUT_OR_OPEN, half_life_bias
from course_utils.judging.exercise import Case, Exercise, Misconception, with_hints
from course_utils.judging.graphs import compile_with, finished, symbol, symbolic
from course_utils.judging.hints import hints
from course_utils.judging.outcomes import Unusable, type_name

import theano  # isort: skip  (after checks.graphs, which mends it)
import theano.tensor as T  # isort: skip
from theano.graph.basic import Variable  # isort: skip

Array: TypeAlias = Variable | np.ndarray
Blocks = dict[str, Array]

# The course's own steps take symbols and arrays alike: compiled, dozens of them would take seconds.


def _tanh(a: Array) -> Array:
    return T.tanh(a) if isinstance(a, Variable) else np.tanh(a)


def _sigmoid(a: Array) -> Array:
    return 0.5 + 0.5 * _tanh(0.5 * a)


def _dot(a: Array, b: Array) -> Array:
    return a @ b if isinstance(a, np.ndarray) else T.dot(a, b)


def _blocks(a: Array, names: Sequence[str]) -> Blocks:
    """The blocks of ``a`` (..., blocks * U) by name, from left to right."""
    n_units = a.shape[-1] // len(names)
    return {name: a[..., k * n_units : (k + 1) * n_units] for k, name in enumerate(names)}


def run_step(function: Callable, args: tuple) -> Any:
    """Call ``function`` with a symbol for each array of ``args``, compile, and run on the arrays.

    What is no array is handed on. The function returns one symbolic result, or several. The
    course's own functions get the arrays themselves.
    """
    if getattr(function, "__module__", "") == __name__:
        return function(*args)
    arrays = [arg for arg in args if isinstance(arg, np.ndarray)]
    kinds = tuple(
        (arg.dtype.name, arg.ndim) if isinstance(arg, np.ndarray) else arg for arg in args
    )
    step = compile_with(_compile, function, kinds)
    return step(*arrays)


def _compile(function: Callable, kinds: tuple) -> Callable:
    symbols = [symbol(*kind) if isinstance(kind, tuple) else kind for kind in kinds]
    returned = finished(function(*symbols))
    inputs = [each for each in symbols if isinstance(each, Variable)]
    several = isinstance(returned, tuple | list) and not any(
        isinstance(part, Mapping) for part in returned
    )
    result = list(map(symbolic, returned)) if several else symbolic(returned)
    return theano.function(inputs, result, on_unused_input="ignore")


def _draw(
    rng: np.random.Generator, sizes: tuple[int, int, int], n_blocks: int, n_biases: int = 1
) -> tuple[np.ndarray, ...]:
    """Inputs x_t, h_prev, c_prev and weights of a step, all of them far from zero."""
    n_samples, n_features, n_units = sizes
    n_columns = n_blocks * n_units
    return (
        rng.normal(size=(n_samples, n_features)),
        rng.uniform(-1, 1, size=(n_samples, n_units)),
        rng.normal(0, 2, size=(n_samples, n_units)),
        rng.normal(size=(n_features, n_columns)),
        rng.normal(size=(n_units, n_columns)),
        rng.normal(size=n_columns if n_biases == 1 else (n_biases, n_columns)),
    )


_SIZES = {
    "a batch of 3, 2 features, 4 units": (3, 2, 4),
    "as many features as units": (2, 3, 3),
    "one sequence, one feature, one unit": (1, 1, 1),
    "more sequences than units": (5, 4, 2),
}


# Exercise 8.1: a step of an LSTM


def lstm_step(
    x_t: Array,
    h_prev: Array,
    c_prev: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array,
) -> tuple[Array, Array]:
    """Return h_t and c_t (N, U) of one step; blocks i, f, g, o."""
    return _lstm()(x_t, h_prev, c_prev, kernel, recurrent_kernel, bias)


def _lstm(
    order: str = "ifgo",
    activations: Mapping[str, Callable] | None = None,
    cell: Callable[[Blocks, Array, Array], Array] = lambda a, h, c: a["f"] * c + a["i"] * a["g"],
    show: Callable[[Blocks, Array, Array], Any] = lambda a, c, c_prev: (
        a["o"] * _tanh(c),
        c,
    ),
    bias_order: str | None = None,
    leave_out: str = "",
) -> Callable:
    """A step that differs from the right one in what is given."""
    squash = {"i": _sigmoid, "f": _sigmoid, "g": _tanh, "o": _sigmoid} | dict(activations or {})

    def step(x_t, h_prev, c_prev, kernel, recurrent_kernel, bias):
        parts = {
            "input": _blocks(_dot(x_t, kernel), order),
            "state": _blocks(_dot(h_prev, recurrent_kernel), order),
            "bias": _blocks(bias, bias_order or order),
        }
        kept = [part for name, part in parts.items() if name != leave_out]
        a = {name: squash[name](sum(part[name] for part in kept)) for name in "ifgo"}
        c = cell(a, h_prev, c_prev)
        return show(a, c, c_prev)

    return step


_KNOWN_ORDERS = {
    "igfo": "TensorFlow 1 and Haiku",
    "iofg": "ONNX",
    "ifog": "Theano's own LSTM tutorial",
}


def _other_orders() -> list[Misconception]:
    """Every wrong order of the blocks, those of other libraries named."""
    found = []
    for order in map("".join, permutations("ifgo")):
        if order == "ifgo":
            continue
        library = _KNOWN_ORDERS.get(order)
        known = f"That is the order of {library}. " if library else ""
        hint = hints("8.1")["swapped gates"].format(order=", ".join(order), known=known)
        found.append(Misconception("swapped gates", _lstm(order), hint))
    return found


_IDENTITY = {"g": lambda a: a}

LSTM_STEP = Exercise(
    "8.1",
    "An LSTM step",
    lstm_step,
    lambda: [
        Case(label, _draw(np.random.default_rng(801 + k), sizes, 4))
        for k, (label, sizes) in enumerate(_SIZES.items())
    ],
    [
        *with_hints(
            "8.1",
            {
                "carries h for c": _lstm(cell=lambda a, h, c: a["f"] * h + a["i"] * a["g"]),
                "c and h exchanged": _lstm(show=lambda a, c, c_prev: (c, a["o"] * _tanh(c))),
                "tanh missing on c": _lstm(show=lambda a, c, c_prev: (a["o"] * c, c)),
                "squashed c carried on": _lstm(
                    show=lambda a, c, c_prev: (a["o"] * _tanh(c), _tanh(c))
                ),
                "output gate inside the tanh": _lstm(
                    show=lambda a, c, c_prev: (_tanh(a["o"] * c), c)
                ),
                "h from the old c": _lstm(show=lambda a, c, c_prev: (a["o"] * _tanh(c_prev), c)),
                "sigmoid for the candidate": _lstm(activations={"g": _sigmoid}),
                "candidate not squashed": _lstm(activations=_IDENTITY),
                "tanh for the gates": _lstm(activations=dict.fromkeys("ifo", _tanh)),
                "gates not squashed": _lstm(activations=dict.fromkeys("ifo", lambda a: a)),
                "coupled gates": _lstm(cell=lambda a, h, c: a["f"] * c + (1 - a["f"]) * a["g"]),
                "no forget gate": _lstm(cell=lambda a, h, c: c + a["i"] * a["g"]),
                "no input gate": _lstm(cell=lambda a, h, c: a["f"] * c + a["g"]),
                "no output gate": _lstm(show=lambda a, c, c_prev: (_tanh(c), c)),
                "gates added": _lstm(cell=lambda a, h, c: a["f"] + c + a["i"] * a["g"]),
                "bias added to the wrong gate": [
                    _lstm(bias_order=order)
                    for order in ("figo", "igfo", "ifog", "ofgi", "fgoi", "oifg")
                ],
                **{
                    f"{part} left out": _lstm(leave_out=part) for part in ("bias", "state", "input")
                },
            },
        ),
        *_other_orders(),
    ],
    ("h_t (N, U)", "c_t (N, U)"),
    call=run_step,
)


# Exercise 8.2: a step of a GRU


def gru_step(
    x_t: Array,
    h_prev: Array,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array,
    z_keeps: bool,
) -> Array:
    """Return h_t (N, U); blocks z, r, g; reset after the product; bias (2, 3 U)."""
    return _gru()(x_t, h_prev, kernel, recurrent_kernel, bias, z_keeps)


def _mix(z: Array, old: Array, new: Array, z_keeps: bool) -> Array:
    return z * old + (1 - z) * new if z_keeps else (1 - z) * old + z * new


def _gru(
    order: str = "zrg",
    candidate: Callable | None = None,
    squash: Callable = _tanh,
    mix: Callable = _mix,
    rows: tuple[int, int] = (0, 1),
) -> Callable:
    """A step that differs from the right one in what is given."""

    def step(x_t, h_prev, kernel, recurrent_kernel, bias, z_keeps):
        a = _blocks(_dot(x_t, kernel) + bias[rows[0]], order)
        W, b = _blocks(recurrent_kernel, order), _blocks(bias[rows[1]], order)
        z, r = (_sigmoid(a[name] + _dot(h_prev, W[name]) + b[name]) for name in "zr")
        if candidate is None:
            g = a["g"] + r * (_dot(h_prev, W["g"]) + b["g"])
        else:
            g = candidate(a["g"], r, h_prev, W["g"], b["g"])
        return mix(z, h_prev, squash(g), z_keeps)

    return step


def _without_state_bias(x_t, h_prev, kernel, recurrent_kernel, bias, z_keeps):
    return gru_step(x_t, h_prev, kernel, recurrent_kernel, (bias[0], 0 * bias[0]), z_keeps)


def _gru_cases() -> list[Case]:
    cases = []
    for k, (label, sizes) in enumerate(_SIZES.items()):
        x_t, h_prev, _, *weights = _draw(np.random.default_rng(820 + k), sizes, 3, 2)
        for z_keeps in (True, False):
            cases.append(Case(f"{label}, z_keeps={z_keeps}", (x_t, h_prev, *weights, z_keeps)))
    return cases


GRU_STEP = Exercise(
    "8.2",
    "A GRU step",
    gru_step,
    _gru_cases,
    {
        "z the other way round": _gru(
            mix=lambda z, old, new, z_keeps: _mix(z, old, new, not z_keeps)
        ),
        "one convention only": [
            _gru(mix=lambda z, old, new, z_keeps: _mix(z, old, new, True)),
            _gru(mix=lambda z, old, new, z_keeps: _mix(z, old, new, False)),
        ],
        "reset before the product": [
            _gru(candidate=candidate)
            for candidate in (
                lambda a, r, h, W, b: a + _dot(r * h, W) + b,
                lambda a, r, h, W, b: a + _dot(r * h, W),
                lambda a, r, h, W, b: a + _dot(r * h, W) + r * b,
            )
        ],
        "bias outside the reset gate": _gru(candidate=lambda a, r, h, W, b: a + r * _dot(h, W) + b),
        "reset gate left out": _gru(candidate=lambda a, r, h, W, b: a + _dot(h, W) + b),
        "reset gate on the input": _gru(candidate=lambda a, r, h, W, b: r * a + _dot(h, W) + b),
        "new state squashed": _gru(
            mix=lambda z, old, new, z_keeps: _tanh(_mix(z, old, new, z_keeps))
        ),
        "swapped gates": [
            _gru(order)
            for order, known in (
                ("rzg", "That is the order of PyTorch and cuDNN. "),
                ("zgr", ""),
                ("gzr", ""),
                ("grz", ""),
                ("rgz", ""),
            )
        ],
        "sigmoid for the candidate": _gru(squash=_sigmoid),
        "candidate not squashed": _gru(squash=lambda a: a),
        "rows of the bias exchanged": _gru(rows=(1, 0)),
        "one bias only": [_without_state_bias, _gru(rows=(0, 0))],
        "candidate added, not mixed": _gru(
            mix=lambda z, old, new, z_keeps: z * old + new if z_keeps else old + z * new
        ),
    },
    ("h_t (N, U)",),
    call=run_step,
)


# Exercise 8.3: a forget bias for a half-life


def lstm_bias(n_units: int, half_life: float) -> np.ndarray:
    """Return the bias (4 U,) of an LSTM whose memory halves within half_life steps."""
    return _bias(half_life_bias)(n_units, half_life)


def _bias(value: Callable[[float], float], block: int = 1) -> Callable[[int, float], np.ndarray]:
    def bias(n_units: int, half_life: float) -> np.ndarray:
        array = np.zeros(4 * n_units)
        array[block * n_units : (block + 1) * n_units] = value(half_life)
        return array

    return bias


def _interleaved(n_units: int, half_life: float) -> np.ndarray:
    array = np.zeros(4 * n_units)
    array[1::4] = half_life_bias(half_life)
    return array


def _logit(gate: float) -> float:
    return float(np.log(gate / (1 - gate)))


FORGET_BIAS = Exercise(
    "8.3",
    "A forget bias",
    lstm_bias,
    lambda: [
        Case("4 units, half of it left after 10 steps", (4, 10)),
        Case("3 units, 100 steps", (3, 100)),
        Case("1 unit, 2 steps", (1, 2)),
        Case("2 units, 1 step", (2, 1)),
        Case("5 units, 4.5 steps", (5, 4.5)),
    ],
    {
        "bias added to the wrong gate": [
            _bias(half_life_bias, block)
            for block, gate in ((0, "the input gate"), (2, "the candidate"), (3, "the output gate"))
        ],
        "bias added to all gates": lambda n_units, half_life: np.full(
            4 * n_units, half_life_bias(half_life)
        ),
        "blocks interleaved": _interleaved,
        "gate for bias": _bias(lambda n: 0.5 ** (1 / n)),
        "sign the wrong way round": _bias(lambda n: -half_life_bias(n)),
        "logarithm only": _bias(lambda n: np.log(0.5) / n),
        "a share 1/n is lost": _bias(lambda n: _logit(1 - 1 / n) if n > 1 else -np.inf),
        "time constant for half-life": _bias(lambda n: _logit(np.exp(-1 / n))),
        "logarithm of the half-life": _bias(np.log),
        "half-life for bias": _bias(float),
        "bias of 1, whatever the half-life": _bias(lambda n: 1.0),
        "forget gate half shut": _bias(lambda n: 0.0),
    },
    ("bias (4 U,)",),
)


# Exercise 8.4: a gate that is always open

_GATES = ("i", "f", "g", "o")


def hold_open(
    kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray, gate: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the weights of the same LSTM with one gate always 1."""
    return _surgery()(kernel, recurrent_kernel, bias, gate)


def _surgery(
    bias_value: float = SHUT_OR_OPEN,
    zeroed: Sequence[int] = (0, 1),
    blocks: Callable[[int], Sequence[int]] = lambda k: (k,),
) -> Callable:
    """Set a gate's bias and zero its columns in the arrays ``zeroed`` (0 kernel, 1 recurrent)."""

    def surgery(kernel, recurrent_kernel, bias, gate):
        arrays = [np.copy(array) for array in (kernel, recurrent_kernel, bias)]
        n_units = len(recurrent_kernel)
        for block in blocks(_GATES.index(gate)):
            columns = slice(block * n_units, (block + 1) * n_units)
            for k in zeroed:
                arrays[k][:, columns] = 0
            arrays[2][columns] = bias_value
        return tuple(arrays)

    return surgery


def _run_changed(function: Callable, args: tuple) -> np.ndarray:
    """What the LSTM with the changed weights shows of a sequence."""
    *weights, gate, x = args
    returned = finished(function(*weights, gate))
    wanted = "wanted three arrays: kernel, recurrent_kernel and bias"
    if returned is None:
        raise Unusable(f"returned None, {wanted}. Did you forget `return`?")
    if not isinstance(returned, tuple | list) or len(returned) != 3:
        raise Unusable(f"returned a `{type_name(returned)}`, {wanted}.")
    for name, before, after in zip(
        ("kernel", "recurrent_kernel", "bias"), weights, returned, strict=True
    ):
        if not isinstance(after, np.ndarray):
            raise Unusable(f"returned a `{type_name(after)}` for `{name}`, wanted an array.")
        if after.shape != before.shape:
            raise Unusable(
                f"returned a `{name}` of shape {after.shape}, wanted {before.shape} as it was."
            )
        if after.dtype.kind not in "fiu":
            raise Unusable(f"returned a `{name}` of dtype {after.dtype}, wanted numbers.")
        if not np.isfinite(after).all():
            raise Unusable(f"returned a `{name}` that is not finite; a bias of 40 is enough.")
    return LSTM(*(after.astype(np.float64) for after in returned)).forward(x).h


def _ablation_cases() -> list[Case]:
    cases = []
    for k, (label, (n_samples, n_features, n_units)) in enumerate(_SIZES.items()):
        rng = np.random.default_rng(840 + k)
        _, _, _, *weights = _draw(rng, (n_samples, n_features, n_units), 4)
        x = rng.normal(size=(n_samples, 6, n_features))
        for gate in "ifo":
            cases.append(Case(f"{label}, gate {gate!r}", (*weights, gate, x)))
    return cases + [_large_case(gate) for gate in "ifo"]


def _large_case(gate: str) -> Case:
    """What the gate hears is in the hundreds, so that a bias of 40 alone does not hold it open."""
    x = np.tile([[[100.0], [-100.0], [-200.0], [50.0]]], (2, 1, 1))
    _, _, _, kernel, recurrent_kernel, bias = _draw(np.random.default_rng(849), (2, 1, 2), 4)
    recurrent_kernel.reshape(2, 4, 2)[:, _GATES.index(gate)] *= 500
    label = f"inputs up to 200, recurrent weights in the hundreds, gate {gate!r}"
    return Case(label, (kernel, recurrent_kernel, bias, gate, x))


ABLATION = Exercise(
    "8.4",
    "Hold a gate open",
    hold_open,
    _ablation_cases,
    {
        "shut, not open": _surgery(-SHUT_OR_OPEN),
        "half open": _surgery(0.0),
        "gate for bias": _surgery(1.0),
        "bias too small": [_surgery(value) for value in (3.0, 5.0, 10.0)],
        "weights left in place": _surgery(zeroed=()),
        "swapped gates": [
            _surgery(blocks=lambda k: ({0: 1, 1: 0, 3: 3}[k],)),
            _surgery(blocks=lambda k: ({0: 0, 1: 1, 3: 2}[k],)),
            _surgery(blocks=lambda k: ({0: 0, 1: 2, 3: 3}[k],)),
        ],
        "all gates at once": _surgery(blocks=lambda k: (0, 1, 3)),
        "all but the one": _surgery(blocks=lambda k: [other for other in (0, 1, 3) if other != k]),
        "candidate held, too": _surgery(blocks=lambda k: (k, 2)),
        "nothing changed": lambda kernel, recurrent_kernel, bias, gate: (
            kernel,
            recurrent_kernel,
            bias,
        ),
    },
    ("h (N, T, U)",),
    call=_run_changed,
)


EXERCISES = [LSTM_STEP, GRU_STEP, FORGET_BIAS, ABLATION]
