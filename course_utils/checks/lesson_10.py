"""Exercises of lesson 10, Keras layers: shapes, ported weights, stateful calls, both directions."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any

import numpy as np

from course_utils import cells
from course_utils.interop import keras, to_keras
from course_utils.judging.exercise import Case, Exercise, Misconception
from course_utils.judging.hints import hints
from course_utils.judging.outcomes import Unusable

Shapes = dict[str, tuple | list[tuple]]

# Exercise 10.1: twelve shapes


def twelve_shapes(N: int, T: int, D: int, U: int) -> Shapes:
    """Return the shapes a to l: a tuple, or a list of tuples where several arrays are returned."""
    return {
        "a": (N, U),
        "b": (N, T, U),
        "c": (N, U),
        "d": [(N, U), (N, U)],
        "e": [(N, U), (N, U), (N, U)],
        "f": [(N, T, U), (N, U), (N, U)],
        "g": (N, 2 * U),
        "h": (N, T, U),
        "i": (N, T, 1),
        "j": (D, 4 * U),
        "k": (U, 3 * U),
        "l": (2, 3 * U),
    }


ALTERNATIVES: list[tuple[str, str, Callable[..., Any]]] = [
    ("a", "units = timesteps", lambda N, T, D, U: (N, T)),
    ("a", "units = timesteps", lambda N, T, D, U: (U, N)),
    ("a", "units = timesteps", lambda N, T, D, U: (N, U, 1)),
    ("a", "units = timesteps", lambda N, T, D, U: (N, U, D)),
    ("a", "every step returned", lambda N, T, D, U: (N, T, U)),
    ("a", "as wide as the input", lambda N, T, D, U: (N, D)),
    ("a", "batch forgotten", lambda N, T, D, U: (U,)),
    ("b", "last step only", lambda N, T, D, U: (N, U)),
    ("b", "units = timesteps", lambda N, T, D, U: (N, U, D)),
    ("b", "units = timesteps", lambda N, T, D, U: (N, U, 1)),
    ("b", "units = timesteps", lambda N, T, D, U: (N, T)),
    ("b", "units = timesteps", lambda N, T, D, U: (N, T, 1)),
    ("b", "as wide as the input", lambda N, T, D, U: (N, T, D)),
    ("b", "axes exchanged", lambda N, T, D, U: (N, U, T)),
    ("b", "axes exchanged", lambda N, T, D, U: (T, N, U)),
    ("b", "batch forgotten", lambda N, T, D, U: (T, U)),
    ("c", "output is c", lambda N, T, D, U: [(N, U), (N, U)]),
    ("c", "output is c", lambda N, T, D, U: (N, 2 * U)),
    ("c", "gates are returned", lambda N, T, D, U: (N, 4 * U)),
    ("c", "every step returned", lambda N, T, D, U: (N, T, U)),
    ("c", "units = timesteps", lambda N, T, D, U: (N, T)),
    ("d", "states replace the output", lambda N, T, D, U: (N, U)),
    ("d", "c in a GRU", lambda N, T, D, U: [(N, U)] * 3),
    ("d", "every step returned", lambda N, T, D, U: [(N, T, U), (N, U)]),
    ("d", "states at every step", lambda N, T, D, U: [(N, U), (N, T, U)]),
    ("d", "states at every step", lambda N, T, D, U: [(N, T, U), (N, T, U)]),
    ("e", "c forgotten", lambda N, T, D, U: [(N, U), (N, U)]),
    ("e", "states replace the output", lambda N, T, D, U: (N, U)),
    ("e", "every step returned", lambda N, T, D, U: [(N, T, U), (N, U), (N, U)]),
    ("e", "states at every step", lambda N, T, D, U: [(N, U), (N, T, U), (N, T, U)]),
    ("f", "states at every step", lambda N, T, D, U: [(N, T, U)] * 3),
    ("f", "states at every step", lambda N, T, D, U: [(N, T, U), (N, T, U), (N, U)]),
    ("f", "c forgotten", lambda N, T, D, U: [(N, T, U), (N, U)]),
    ("f", "states replace the output", lambda N, T, D, U: (N, T, U)),
    ("f", "last step only", lambda N, T, D, U: [(N, U)] * 3),
    ("g", "halves not side by side", lambda N, T, D, U: (N, U)),
    ("g", "halves not side by side", lambda N, T, D, U: [(N, U), (N, U)]),
    ("g", "halves not side by side", lambda N, T, D, U: (2, N, U)),
    ("g", "halves not side by side", lambda N, T, D, U: (N, 2, U)),
    ("g", "halves not side by side", lambda N, T, D, U: (2 * N, U)),
    ("g", "every step returned", lambda N, T, D, U: (N, T, 2 * U)),
    ("h", "sum as wide as concat", lambda N, T, D, U: (N, T, 2 * U)),
    ("h", "sum as wide as concat", lambda N, T, D, U: (N, 2 * U)),
    ("h", "last step only", lambda N, T, D, U: (N, U)),
    ("h", "halves not side by side", lambda N, T, D, U: (N, 2 * T, U)),
    ("i", "Dense takes the last step", lambda N, T, D, U: (N, 1)),
    ("i", "Dense takes the last step", lambda N, T, D, U: (N,)),
    ("i", "Dense keeps the units", lambda N, T, D, U: (N, T, U)),
    ("i", "Dense keeps the units", lambda N, T, D, U: (N, T)),
    ("i", "Dense takes the last step", lambda N, T, D, U: (N, 1, U)),
    ("j", "kernel transposed", lambda N, T, D, U: (4 * U, D)),
    ("j", "blocks forgotten", lambda N, T, D, U: (D, U)),
    ("j", "candidate forgotten", lambda N, T, D, U: (D, 3 * U)),
    ("j", "one matrix for input and state", lambda N, T, D, U: (D + U, 4 * U)),
    ("j", "kernel and recurrent kernel exchanged", lambda N, T, D, U: (U, 4 * U)),
    ("j", "weights for every step", lambda N, T, D, U: (T, D, 4 * U)),
    ("j", "weights for every step", lambda N, T, D, U: (T, 4 * U)),
    ("k", "kernel transposed", lambda N, T, D, U: (3 * U, U)),
    ("k", "blocks forgotten", lambda N, T, D, U: (U, U)),
    ("k", "candidate forgotten", lambda N, T, D, U: (U, 2 * U)),
    ("k", "one matrix for input and state", lambda N, T, D, U: (D + U, 3 * U)),
    ("k", "kernel and recurrent kernel exchanged", lambda N, T, D, U: (D, 3 * U)),
    ("k", "c in a GRU", lambda N, T, D, U: (U, 4 * U)),
    ("l", "one bias in a GRU", lambda N, T, D, U: (3 * U,)),
    ("l", "one bias in a GRU", lambda N, T, D, U: (6 * U,)),
    ("l", "one bias in a GRU", lambda N, T, D, U: (3 * U, 2)),
    ("l", "candidate forgotten", lambda N, T, D, U: (2 * U,)),
    ("l", "candidate forgotten", lambda N, T, D, U: (2, 2 * U)),
    ("l", "blocks forgotten", lambda N, T, D, U: (U,)),
    ("l", "blocks forgotten", lambda N, T, D, U: (2, U)),
]
"""Wrong shapes that tell what was thought: letter, name of the mistake, shape."""


def shapes_to_first_mistake(function: Callable, sizes: tuple[int, ...]) -> list[str]:
    """Return the twelve as text; what follows a first wrong one is replaced by what is right.

    So each misconception can be recognised by itself, and a learner hears of one at a time.
    """
    returned = function(*sizes)
    wanted = {letter: _as_text(letter, form) for letter, form in twelve_shapes(*sizes).items()}
    if inspect.iscoroutine(returned):
        returned.close()  # lest Python complains
    if not isinstance(returned, Mapping):
        got = type(returned).__name__
        raise Unusable(f"returned a `{got}`, wanted a dictionary from the letters to shapes.")
    for letter in wanted:
        if letter not in returned or returned[letter] is ... or returned[letter] is None:
            raise Unusable(f"has no shape for `{letter}` yet.")
    texts = {letter: _as_text(letter, returned[letter]) for letter in wanted}
    wrong = next((letter for letter in wanted if texts[letter] != wanted[letter]), None)
    return [texts[letter] if letter == wrong else wanted[letter] for letter in wanted]


def _as_text(letter: str, form: Any) -> str:
    """Write one shape or several the same way, however the learner wrote them."""
    several = isinstance(form, list | tuple) and any(
        isinstance(part, list | tuple) for part in form
    )
    shapes = form if several else [form]
    if not all(_is_shape(shape) for shape in shapes):
        raise Unusable(
            f"has no shape at `{letter}`: wanted a tuple of whole numbers, or a list of such."
        )
    return f"{letter}: " + " and ".join(str(tuple(map(int, shape))) for shape in shapes)


def _is_shape(shape: Any) -> bool:
    whole = int | np.integer
    return isinstance(shape, list | tuple) and all(isinstance(size, whole) for size in shape)


def _shape_misconceptions() -> Iterator[Misconception]:
    known = hints("10.1")
    for letter, name, form in ALTERNATIVES:

        def mistaken(N, T, D, U, letter=letter, form=form):
            return twelve_shapes(N, T, D, U) | {letter: form(N, T, D, U)}

        yield Misconception(name, mistaken, f"`{letter}`: {known[name]}")


SHAPES = Exercise(
    "10.1",
    "Twelve shapes",
    twelve_shapes,
    lambda: [
        Case(f"N, T, D, U = {', '.join(map(str, sizes))}", sizes)
        for sizes in ((2, 7, 3, 5), (11, 13, 9, 17), (3, 2, 5, 4))
    ],
    list(_shape_misconceptions()),
    ("shapes (12,)",),
    call=shapes_to_first_mistake,
)


# Exercise 10.2: port the weights of a GRU


Gates = Mapping[str, np.ndarray]
_OTHER_ORDERS = ["".join(order) for order in itertools.permutations("zrg")][1:]


def port_gru(W: Gates, R: Gates, b: Gates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return kernel, recurrent kernel and bias of a Keras GRU that resets before the product."""
    return _ported(W, R, b)


def _ported(
    W: Gates,
    R: Gates,
    b: Gates,
    *,
    order: str = "zrg",
    negated: str = "WRb",
    upright: str = "",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Port in an order of the gates, with z negated in some weights and others not transposed."""
    sides = {}
    for name, weight in {"W": W, "R": R, "b": b}.items():
        blocks = [-weight[g] if g == "z" and name in negated else weight[g] for g in order]
        turned = [block if name in upright else block.T for block in blocks]
        axis = 0 if name in upright and turned[0].shape[0] != turned[0].shape[-1] else -1
        sides[name] = np.concatenate(turned, axis=axis)
    return sides["W"], sides["R"], sides["b"]


def _gru_cases() -> list[Case]:
    def case(label: str, n_features: int, n_units: int, seed: int) -> Case:
        rng = np.random.default_rng(seed)
        shapes = (n_units, n_features), (n_units, n_units), (n_units,)
        return Case(label, tuple({g: rng.normal(size=s) for g in "rzg"} for s in shapes))

    return [
        case("2 features, 3 units", 2, 3, 1021),
        case("as many features as units, 4", 4, 4, 1022),
        case("one feature, one unit", 1, 1, 1023),
    ]


def _slips(**choices: Iterable[str]) -> list[Callable]:
    """Ports with every combination of slips."""
    settings: list[dict[str, Any]] = [
        dict(zip(choices, slips, strict=True)) for slips in itertools.product(*choices.values())
    ]
    return [partial(_ported, **setting) for setting in settings]


def _one_minus(W: Gates, R: Gates, b: Gates) -> tuple:
    return _ported(*({**weight, "z": 1 - weight["z"]} for weight in (W, R, b)), negated="")


def _all_negated(W: Gates, R: Gates, b: Gates) -> tuple:
    return tuple(-weight for weight in _ported(W, R, b, negated=""))


def _two_biases(W: Gates, R: Gates, b: Gates) -> tuple:
    kernel, recurrent_kernel, bias = port_gru(W, R, b)
    return kernel, recurrent_kernel, np.stack([bias, np.zeros_like(bias)])


def _below(W: Gates, R: Gates, b: Gates, negated: str = "WRb") -> tuple:
    kernel, recurrent_kernel, bias = _ported(W, R, b, negated=negated)
    return *(np.concatenate(np.split(k, 3, axis=1)) for k in (kernel, recurrent_kernel)), bias


def _exchanged(W: Gates, R: Gates, b: Gates) -> tuple:
    kernel, recurrent_kernel, bias = port_gru(W, R, b)
    return recurrent_kernel, kernel, bias


PORT = Exercise(
    "10.2",
    "Port the weights",
    port_gru,
    _gru_cases,
    {
        "kernel transposed": _slips(
            upright=("R", "WR", "W"), order=("zrg", "rzg"), negated=("WRb", "")
        ),
        "gate order": _slips(order=_OTHER_ORDERS, negated=("WRb", "")),
        "z convention": partial(_ported, negated=""),
        "z changed in part": _slips(negated=("W", "R", "b", "WR", "Wb", "Rb")),
        "one minus the weights": _one_minus,
        "all gates negated": _all_negated,
        "two biases": _two_biases,
        "blocks one below the other": [_below, partial(_below, negated="")],
        "kernel and recurrent kernel exchanged": _exchanged,
    },
    ("kernel (D, 3U)", "recurrent_kernel (U, 3U)", "bias (3U,)"),
)


# Exercise 10.3: a stateful layer in pieces


def read_in_pieces(layer: Any, x: np.ndarray, n_steps: int) -> np.ndarray:
    """Return h (N, T, U) of x (N, T, D), fed to a stateful layer n_steps at a time."""
    layer.reset_state()
    return _joined(_pieces(layer, x, n_steps))


def _pieces(layer: Any, x: np.ndarray, n_steps: int, reset: bool = False) -> list[np.ndarray]:
    pieces = []
    for t in range(0, x.shape[1], n_steps):
        if reset:
            layer.reset_state()
        pieces.append(keras.ops.convert_to_numpy(layer(x[:, t : t + n_steps])))
    return pieces


def _joined(pieces: list[np.ndarray], axis: int = 1) -> np.ndarray:
    return np.concatenate(pieces, axis=axis)


def _stateful_cases() -> list[Case]:
    def case(label: str, seed: int, n_steps: int) -> Case:
        x = np.random.default_rng(seed).normal(size=(2, n_steps, 2)).astype(np.float32)
        return Case(label, (seed, x, 4))

    return [
        case("8 steps in pieces of 4", 1031, 8),
        case("9 steps in pieces of 4", 1032, 9),
        case("3 steps in pieces of 4", 1033, 3),
    ]


@cache
def _layer(seed: int, n_samples: int, n_features: int, n_units: int) -> Any:
    cell = cells.SimpleRNN.start(n_features, n_units, seed, dtype=np.float32)
    return to_keras(cell, batch_size=n_samples, stateful=True, return_sequences=True)


def _used_layer(seed: int, x: np.ndarray) -> Any:
    """A stateful layer with the states that other code has left in it."""
    layer = _layer(seed, x.shape[0], x.shape[2], 3)
    for state in layer.states:
        state.assign(np.full(state.shape, 0.5))
    return layer


def read_with_a_used_layer(function: Callable, args: tuple) -> Any:
    """Hand the submission a stateful layer that was used before."""
    seed, x, n_steps = args
    return _plain(function(_used_layer(seed, x), x, n_steps))


def _plain(output: Any) -> Any:
    """A backend's array as NumPy's; anything else as it is."""
    return keras.ops.convert_to_numpy(output) if keras.ops.is_tensor(output) else output


class _Counted:
    """A layer that remembers how many steps each call had."""

    def __init__(self, layer: Any):
        self._layer = layer
        self.steps: list[int] = []

    def __call__(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        self.steps.append(x.shape[1])
        return self._layer(x, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)


def _must_read_pieces(submission: Callable, run: Callable) -> tuple[str, str] | None:
    seed, x, n_steps = _stateful_cases()[0].args
    counted = _Counted(_used_layer(seed, x))
    submission(counted, x, n_steps)
    if max(counted.steps, default=0) <= n_steps:
        return None
    return (
        "not in pieces",
        "The numbers are right, but the layer got more than `n_steps` steps in one call. The "
        "exercise is for sequences that do not fit into memory at once.",
    )


def _one_more_step(layer: Any, x: np.ndarray, n_steps: int) -> np.ndarray:
    layer.reset_state()
    starts = range(0, x.shape[1], n_steps)
    pieces = [layer(x[:, max(0, t - 1) : t + n_steps]) for t in starts]
    pieces = [keras.ops.convert_to_numpy(piece) for piece in pieces]
    return _joined([pieces[0], *(piece[:, 1:] for piece in pieces[1:])])


def _along_the_batch(layer: Any, x: np.ndarray, n_steps: int) -> np.ndarray:
    layer.reset_state()
    return _joined(_pieces(layer, x, n_steps), axis=0)  # ends in an error if the last is shorter


def _whole_pieces(layer: Any, x: np.ndarray, n_steps: int) -> np.ndarray:
    return read_in_pieces(layer, x[:, : x.shape[1] // n_steps * n_steps], n_steps)


def _last_piece(layer: Any, x: np.ndarray, n_steps: int) -> np.ndarray:
    layer.reset_state()
    return _pieces(layer, x, n_steps)[-1]


def _end_of_each(layer: Any, x: np.ndarray, n_steps: int) -> np.ndarray:
    layer.reset_state()
    return np.stack([piece[:, -1] for piece in _pieces(layer, x, n_steps)], axis=1)


STATEFUL = Exercise(
    "10.3",
    "Stateful is one long call",
    read_in_pieces,
    _stateful_cases,
    {
        "missing reset of states": lambda layer, x, n_steps: _joined(_pieces(layer, x, n_steps)),
        "reset in every piece": lambda layer, x, n_steps: _joined(
            _pieces(layer, x, n_steps, reset=True)
        ),
        "last piece dropped": _whole_pieces,
        "only the last piece": _last_piece,
        "only the end of each piece": _end_of_each,
        "pieces joined along the batch": _along_the_batch,
        "overlapping pieces": _one_more_step,
    },
    ("h (N, T, U)",),
    rtol=1e-5,
    atol=1e-5,
    time_limit=20.0,
    call=read_with_a_used_layer,
    rules=[_must_read_pieces],
)


# Exercise 10.4: both directions by hand


def both_directions(
    forward: cells.LSTM, backward: cells.LSTM, x: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return sequence (N, T, 2U) and last (N, 2U) of a bidirectional LSTM."""
    h_forward, h_backward = forward.forward(x).h, backward.forward(x[:, ::-1]).h
    return _side_by_side(h_forward, h_backward[:, ::-1], h_forward[:, -1], h_backward[:, -1])


def _side_by_side(*halves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    h_forward, h_backward, last_forward, last_backward = halves
    return (
        np.concatenate([h_forward, h_backward], axis=-1),
        np.concatenate([last_forward, last_backward], axis=-1),
    )


def _direction_cases() -> list[Case]:
    def case(label: str, seed: int, shape: tuple[int, int, int], n_units: int) -> Case:
        x = np.random.default_rng(seed).normal(size=shape)
        return Case(label, (seed, n_units, x))

    return [
        case("2 sequences of 5 steps", 1041, (2, 5, 3), 4),
        case("as many sequences, steps and features", 1042, (3, 3, 3), 2),
        case("one step only", 1043, (2, 1, 2), 3),
    ]


def with_two_cells(function: Callable, args: tuple) -> Any:
    """Call the submission with two cells of their own weights."""
    seed, n_units, x = args
    forward, backward = (cells.LSTM.start(x.shape[2], n_units, seed + k) for k in range(2))
    return function(forward, backward, x)


def _directions(
    state: str = "h", turn: Callable = lambda x: x[:, ::-1], back: bool = True, last: str = "loop"
) -> Callable:
    """A bidirectional LSTM that may go wrong in each of four places."""

    def mistaken(forward: cells.LSTM, backward: cells.LSTM, x: np.ndarray) -> tuple:
        ahead = getattr(forward.forward(x), state)
        in_loop = getattr(backward.forward(turn(x)), state)
        in_time = in_loop[:, ::-1] if back else in_loop
        end = {"loop": in_loop[:, -1], "time": in_time[:, -1], "first": in_loop[:, 0]}[last]
        return _side_by_side(ahead, in_time, ahead[:, -1], end)

    return mistaken


def _halves_exchanged(forward: cells.LSTM, backward: cells.LSTM, x: np.ndarray) -> tuple:
    halves = both_directions(forward, backward, x)
    return tuple(np.roll(half, half.shape[-1] // 2, axis=-1) for half in halves)


def _summed(forward: cells.LSTM, backward: cells.LSTM, x: np.ndarray) -> tuple:
    return tuple(sum(np.split(half, 2, axis=-1)) for half in both_directions(forward, backward, x))


def _only_forward(forward: cells.LSTM, backward: cells.LSTM, x: np.ndarray) -> tuple:
    return both_directions(forward, forward, x)


DIRECTIONS = Exercise(
    "10.4",
    "Both directions by hand",
    both_directions,
    _direction_cases,
    {
        "backward output index": _directions(last="time"),
        "backward half in the order of its loop": [
            _directions(back=False),
            _directions(back=False, last="first"),
        ],
        "output is c": [
            _directions("c", last=last, back=back)
            for last in ("loop", "time")
            for back in (True, False)
        ],
        "input not reversed": [
            _directions(turn=lambda x: x, back=back, last=last)
            for back in (True, False)
            for last in ("loop", "first")
        ],
        "wrong axis reversed": [
            _directions(turn=turn, back=back, last=last)
            for turn in (lambda x: x[::-1], lambda x: x[..., ::-1], lambda x: x[::-1, ::-1, ::-1])
            for back in (True, False)
            for last in ("loop", "time")
        ],
        "halves exchanged": _halves_exchanged,
        "halves added": _summed,
        "one cell for both directions": _only_forward,
    },
    ("sequence (N, T, 2U)", "last (N, 2U)"),
    call=with_two_cells,
)


EXERCISES = [SHAPES, PORT, STATEFUL, DIRECTIONS]
