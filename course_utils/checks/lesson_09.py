"""Exercises of lesson 09, A language model in scan: batches that go on, perplexity, a sampler."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.judging.cases import far_apart
from course_utils.judging.exercise import Case, Exercise
from course_utils.judging.outcomes import Unusable, type_name
from course_utils.text import contiguous_batches

Array = np.ndarray
Batches = list[tuple[Array, Array]]


# Exercise 9.1: contiguous batches


def cut_into_batches(ids: Array, batch_size: int, n_steps: int) -> Batches:
    """Return (x, y), each (N, T), whose rows go on from batch to batch."""
    return contiguous_batches(ids, batch_size, n_steps)


def _stacked(function: Callable, args: tuple) -> tuple[Array, Array]:
    """Inputs and targets of all batches, each (B, N, T)."""
    ids, batch_size, n_steps = args
    returned = function(ids, batch_size, n_steps)
    pairs = _pairs(returned)
    x, y = (
        _one_array(part, name) for part, name in zip(zip(*pairs, strict=True), "xy", strict=True)
    )
    if _shuffled(x, y, *args):
        # In which order is up to chance; one order stands for all of them.
        order = np.lexsort(x.reshape(-1, n_steps).T[::-1])[::-1]
        x, y = (part.reshape(-1, n_steps)[order].reshape(x.shape) for part in (x, y))
    return x, y


def _pairs(returned: Any) -> list[tuple[Any, Any]]:
    wanted = "wanted a list with a pair (x, y) for each batch"
    if inspect.isgenerator(returned) or inspect.iscoroutine(returned):
        returned.close()  # lest Python complains
    if returned is None:
        raise Unusable(f"returned None, {wanted}. Did you forget `return`?")
    if isinstance(returned, np.ndarray) or not isinstance(returned, list | tuple):
        raise Unusable(f"returned a `{type_name(returned)}`, {wanted}.")
    if not returned:
        raise Unusable(f"returned no batch, {wanted}.")
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in returned):
        raise Unusable(f"returned a list of other things, {wanted}.")
    return list(returned)


def _one_array(parts: tuple, name: str) -> Array:
    arrays = [np.asarray(part) for part in parts]
    if len({array.shape for array in arrays}) > 1:
        shapes = ", ".join(sorted({str(array.shape) for array in arrays}))
        raise Unusable(f"returned batches whose `{name}` have different shapes: {shapes}.")
    return np.stack(arrays)


def _shuffled(x: Array, y: Array, ids: Array, batch_size: int, n_steps: int) -> bool:
    """Tell whether the windows are right, and come in no order that has a name."""
    right = np.stack([pair[0] for pair in contiguous_batches(ids, batch_size, n_steps)])
    if x.shape != right.shape or x.shape != y.shape or x.dtype.kind not in "iu":
        return False
    windows, wanted = (
        {tuple(row) for row in part.reshape(-1, n_steps).tolist()} for part in (x, right)
    )
    named = (right, np.stack([pair[0] for pair in _interleaved(ids, batch_size, n_steps)]))
    shifted = np.array_equal(x[..., 1:], y[..., :-1])
    return windows == wanted and shifted and not any(np.array_equal(x, each) for each in named)


def _cut(
    ids: Array, batch_size: int, n_steps: int, shift: int = 1, used: int | None = None
) -> Batches:
    """The right cut, with targets ``shift`` places further."""
    used = (len(ids) - 1) // (batch_size * n_steps) * batch_size * n_steps if used is None else used
    shape = batch_size, used // (batch_size * n_steps), n_steps
    x, y = ids[:used].reshape(shape), np.roll(ids, -shift)[:used].reshape(shape)
    return [(x[:, b], y[:, b]) for b in range(shape[1])]


def _interleaved(ids: Array, batch_size: int, n_steps: int) -> Batches:
    used = (len(ids) - 1) // (batch_size * n_steps) * batch_size * n_steps
    shape = -1, batch_size, n_steps
    return list(zip(ids[:used].reshape(shape), ids[1 : used + 1].reshape(shape), strict=True))


def _shuffled_windows(ids: Array, batch_size: int, n_steps: int) -> Batches:
    batches = contiguous_batches(ids, batch_size, n_steps)
    x, y = (np.concatenate(part) for part in zip(*batches, strict=True))
    order = np.random.default_rng(len(ids)).permutation(len(x))
    shape = -1, batch_size, n_steps
    return list(zip(x[order].reshape(shape), y[order].reshape(shape), strict=True))


def _rows_apart(ids: Array, batch_size: int, n_steps: int) -> Batches:
    """Each row is one share of the whole text; what fills no window is lost within each row."""
    length = (len(ids) - 1) // batch_size
    x = ids[: batch_size * length].reshape(batch_size, length)
    y = ids[1 : batch_size * length + 1].reshape(batch_size, length)
    starts = range(0, length // n_steps * n_steps, n_steps)
    return [(x[:, t : t + n_steps], y[:, t : t + n_steps]) for t in starts]


def _targets_inside(ids: Array, batch_size: int, n_steps: int) -> Batches:
    """Windows of T ids, of which the first T - 1 are inputs."""
    used = len(ids) // (batch_size * n_steps) * batch_size * n_steps
    cut = ids[:used].reshape(batch_size, -1, n_steps)
    return [(cut[:, b, :-1], cut[:, b, 1:]) for b in range(cut.shape[1])]


def _wrapped(ids: Array, batch_size: int, n_steps: int) -> Batches:
    used = len(ids) // (batch_size * n_steps) * batch_size * n_steps
    return _cut(ids, batch_size, n_steps, used=used)


def _overlapping(ids: Array, batch_size: int, n_steps: int) -> Batches:
    starts = np.arange(len(ids) - n_steps)
    starts = starts[: len(starts) // batch_size * batch_size].reshape(-1, batch_size)
    places = starts[..., None] + np.arange(n_steps)
    return [(ids[rows], ids[rows + 1]) for rows in places]


def _batch_cases() -> list[Case]:
    rng = np.random.default_rng(901)
    return [
        Case(f"{length} ids, N = {n}, T = {t}", (rng.permutation(1000)[:length], n, t))
        for length, n, t in (
            (100, 3, 5),
            (120, 3, 5),  # one short of eight batches
            (145, 4, 6),  # six whole batches and their last target
            (110, 4, 4),
            (30, 1, 4),
            (113, 16, 1),
        )
    ]


BATCHES = Exercise(
    "9.1",
    "Contiguous batches",
    cut_into_batches,
    _batch_cases,
    {
        "rows do not go on": _interleaved,
        "shuffled windows": _shuffled_windows,
        "targets not shifted": lambda ids, n, t: _cut(ids, n, t, shift=0),
        "targets shifted the wrong way": lambda ids, n, t: _cut(ids, n, t, shift=-1),
        "targets two steps ahead": lambda ids, n, t: _cut(ids, n, t, shift=2),
        "targets wrap round": _wrapped,
        "targets lost at the edge": _targets_inside,
        "rows start elsewhere": _rows_apart,
        "windows overlap": _overlapping,
        "time first": lambda ids, n, t: [(x.T, y.T) for x, y in contiguous_batches(ids, n, t)],
        "first batch only": lambda ids, n, t: contiguous_batches(ids, n, t)[:1],
    },
    ("x of all batches (B, N, T)", "y of all batches (B, N, T)"),
    call=_stacked,
)


# Exercise 9.2: perplexity


def masked_perplexity(logits: Array, targets: Array, mask: Array) -> float:
    """Return the perplexity of targets (N, T) where the mask is True."""
    return float(np.exp(_costs(logits, targets)[mask].mean()))


def _log_softmax(logits: Array, axis: int = -1) -> Array:
    z = logits - logits.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def _of_targets(values: Array, targets: Array) -> Array:
    return np.take_along_axis(values, targets[..., None], axis=-1)[..., 0]


def _costs(logits: Array, targets: Array) -> Array:
    return -_of_targets(_log_softmax(logits), targets)


def _overflowing_costs(logits: Array, targets: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        weights = np.exp(logits)
        return -np.log(_of_targets(weights / weights.sum(axis=-1, keepdims=True), targets))


def _row_means(costs: Array, mask: Array) -> Array:
    return np.array([row[real].mean() for row, real in zip(costs, mask, strict=True)])


def _of_padding(costs: Array, mask: Array) -> float:
    with np.errstate(invalid="ignore"):  # a line without padding has no mean
        return (costs * ~mask).sum() / (~mask).sum()


def _from_costs(measure: Callable[[Array, Array], float]) -> Callable[[Array, Array, Array], float]:
    """Return a perplexity that makes one number of costs and mask in its own way."""

    def mistaken(logits: Array, targets: Array, mask: Array) -> float:
        return float(measure(_costs(logits, targets), mask))

    return mistaken


def _perplexity_cases() -> list[Case]:
    rng = np.random.default_rng(902)
    cases = []
    for label, lengths, n_tokens, scale in (
        ("three lines of 5, 2 and 4 words", (5, 2, 4), 6, 1.5),
        ("four lines, one of a single word", (6, 1, 3, 4), 9, 2.0),
        ("one line without padding", (4,), 3, 1.0),
        ("logits around 1,000 in one line, 2,000 in the other", (3, 5), 4, 1.0),
        ("logits in the thousands apart, within a word too", (3, 5), 4, 1.0),
    ):
        n_steps = max(lengths)
        logits = scale * rng.normal(size=(len(lengths), n_steps, n_tokens))
        if "1,000" in label:
            logits += [[[1000]], [[2000]]]
        targets = rng.integers(0, n_tokens, size=(len(lengths), n_steps))
        if "thousands" in label:
            logits = far_apart(logits, targets)
        mask = np.arange(n_steps) < np.array(lengths)[:, None]
        cases.append(Case(label, (logits, np.where(mask, targets, 0), mask)))
    return cases


PERPLEXITY = Exercise(
    "9.2",
    "Perplexity",
    masked_perplexity,
    _perplexity_cases,
    {
        "perplexities averaged": [
            _from_costs(lambda costs, mask: np.exp(_row_means(costs, mask)).mean()),
            _from_costs(lambda costs, mask: np.exp(costs[mask]).mean()),
        ],
        "mean of line means": _from_costs(
            lambda costs, mask: np.exp(_row_means(costs, mask).mean())
        ),
        "padding counted": _from_costs(lambda costs, mask: np.exp(costs.mean())),
        "padding in the divisor": _from_costs(lambda costs, mask: np.exp((costs * mask).mean())),
        "padding instead of tokens": _from_costs(
            lambda costs, mask: np.exp(_of_padding(costs, mask))
        ),
        "log base: bits, then e": _from_costs(
            lambda costs, mask: np.exp(costs[mask].mean() / np.log(2))
        ),
        "log base: nats, then 2": _from_costs(lambda costs, mask: 2 ** costs[mask].mean()),
        "log base: decimal, then e": _from_costs(
            lambda costs, mask: np.exp(costs[mask].mean() / np.log(10))
        ),
        "no exponential": _from_costs(lambda costs, mask: costs[mask].mean()),
        "sum instead of mean": _from_costs(lambda costs, mask: np.exp(costs[mask].sum())),
        "minus sign forgotten": _from_costs(lambda costs, mask: np.exp(-costs[mask].mean())),
        "mean of probabilities": _from_costs(lambda costs, mask: 1 / np.exp(-costs[mask]).mean()),
        "no softmax": lambda logits, targets, mask: float(
            np.exp(-_of_targets(logits, targets)[mask].mean())
        ),
        "softmax over the wrong axis": lambda logits, targets, mask: float(
            np.exp(-_of_targets(_log_softmax(logits, axis=1), targets)[mask].mean())
        ),
        "first token left out": _from_costs(
            lambda costs, mask: np.exp(costs[:, 1:][mask[:, 1:]].mean())
        ),
        "softmax overflows": lambda logits, targets, mask: float(
            np.exp(_overflowing_costs(logits, targets)[mask].mean())
        ),
    },
    ("perplexity",),
)


# Exercise 9.3: a sampler


def draw_token(logits: Array, temperature: float, top_k: int, number: float) -> tuple[Array, int]:
    """Return the probabilities (V,) to draw from, and the id that the number draws."""
    p = _softmax(_kept(logits, top_k) / temperature)
    return p, _pick(p, number)


def _softmax(z: Array) -> Array:
    weights = np.exp(z - z.max())
    return weights / weights.sum()


def _overflowing_softmax(z: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.exp(z) / np.exp(z).sum()


def _kept(logits: Array, top_k: int, rest: float = -np.inf) -> Array:
    kept = np.full(len(logits), rest)
    largest = np.argsort(logits)[len(logits) - top_k :]
    kept[largest] = logits[largest]
    return kept


def _pick(p: Array, number: float) -> int:
    return int(np.argmax(np.cumsum(p) > number))


def _drawing_from(
    probabilities: Callable[[Array, float, int], Array],
    pick: Callable[[Array, float], int] = _pick,
) -> Callable[[Array, float, int, float], tuple[Array, int]]:
    """Return a sampler that gets its probabilities, or its token, in another way."""

    def mistaken(logits: Array, temperature: float, top_k: int, number: float) -> tuple[Array, int]:
        p = probabilities(logits, temperature, top_k)
        return p, pick(p, number)

    return mistaken


def _right_probabilities(logits: Array, temperature: float, top_k: int) -> Array:
    return _softmax(_kept(logits, top_k) / temperature)


def _only_top(p: Array, logits: Array, top_k: int) -> Array:
    return np.where(np.isfinite(_kept(logits, top_k)), p, 0.0)


def _normalised(weights: Array) -> Array:
    return weights / weights.sum()


def _sampler_cases() -> list[Case]:
    rng = np.random.default_rng(903)

    def case(label: str, n: int, scale: float, temperature: float, k: int, number: float) -> Case:
        return Case(label, (scale * rng.normal(size=n), temperature, k, number))

    first_is_smallest = np.array([-1.0, 0.3, 0.8, 0.1, 0.5])
    return [
        case("7 tokens, temperature 0.5, all kept", 7, 1.5, 0.5, 7, 0.35),
        case("7 tokens, temperature 2, k = 3", 7, 1.5, 2.0, 3, 0.62),
        case("12 tokens, temperature 0.8, k = 5", 12, 1.0, 0.8, 5, 0.9),
        case("12 tokens, temperature 1.5, k = 4, number 0", 12, 1.0, 1.5, 4, 0.0),
        case("6 tokens, k = 1", 6, 1.0, 1.3, 1, 0.7),
        case("5 tokens, number close to 1", 5, 0.5, 3.0, 4, 0.97),
        case("logits near 20 at temperature 0.01", 8, 20.0, 0.01, 8, 0.5),
        Case("number 0, and the first token is not kept", (first_is_smallest, 1.0, 3, 0.0)),
    ]


SAMPLER = Exercise(
    "9.3",
    "A sampler",
    draw_token,
    _sampler_cases,
    {
        "temperature after the softmax": [
            _drawing_from(lambda z, t, k: _normalised(_softmax(_kept(z, k)) / t)),
            _drawing_from(lambda z, t, k: _softmax(_kept(z, k)) / t),
        ],
        "temperature multiplied": _drawing_from(lambda z, t, k: _softmax(_kept(z, k) * t)),
        "argmax instead of sampling": _drawing_from(
            _right_probabilities, lambda p, number: int(np.argmax(p))
        ),
        "top k ignored": _drawing_from(lambda z, t, k: _softmax(z / t)),
        "not normalised after top k": _drawing_from(
            lambda z, t, k: _only_top(_softmax(z / t), z, k)
        ),
        "logit 0 for what is cut": _drawing_from(
            lambda z, t, k: _softmax(_kept(z, k, rest=0.0) / t)
        ),
        "smallest k kept": _drawing_from(lambda z, t, k: _softmax(-_kept(-z, k, rest=np.inf) / t)),
        "equal chances among the top k": _drawing_from(
            lambda z, t, k: _normalised(_only_top(np.ones(len(z)), z, k))
        ),
        "one id too far": _drawing_from(
            _right_probabilities,
            lambda p, number: min(_pick(p, number) + 1, len(p) - 1),
        ),
        "one id too early": _drawing_from(
            _right_probabilities, lambda p, number: max(_pick(p, number) - 1, 0)
        ),
        "softmax overflows": _drawing_from(lambda z, t, k: _overflowing_softmax(_kept(z, k) / t)),
    },
    ("p (V,)", "id"),
)


EXERCISES = [BATCHES, PERPLEXITY, SAMPLER]
