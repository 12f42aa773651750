"""What must hold for every right program, whatever it looks like inside.

A property tries a program on drawn arguments and measures by how much it is broken: 0 where it
holds. It comes with a sentence on the case that breaks it. ``size`` counts from 1; small sizes make
small cases, so that the first case that breaks is easy to follow by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from course_utils import cells
from course_utils.further.clinic import mended
from course_utils.gradients import numerical_gradient

Array = np.ndarray
Run = Callable[..., tuple[Array, ...]]
"""A program that returns a tuple of arrays, also where it has only one result."""
Finding = tuple[float, str]

TOLERANCE = 1e-6  # far above rounding, and above the error of central differences


@dataclass(frozen=True)
class Property:
    """Something that holds for every right program.

    Attributes
    ----------
    name : str
        ``"two halves equal one run"``.
    measure : callable
        ``measure(run, rng, size)`` returns by how much the property is broken, and a sentence.
    """

    name: str
    measure: Callable[[Run, np.random.Generator, int], Finding]

    def broken(self, run: Run, rng: np.random.Generator, size: int) -> Finding | None:
        """Return by how much, and the sentence, or None where the property holds."""
        amount, sentence = self.measure(run, rng, size)
        return None if amount <= TOLERANCE else (amount, sentence)  # NaN is broken


# Comparing


def _farthest(names: Sequence[str], got: Sequence[Array], want: Sequence[Array]) -> tuple:
    """Return the largest difference, and name, place and both values where it is."""
    worst = (0.0, names[0], "", 0.0, 0.0)
    for name, one, other in zip(names, got, want, strict=True):
        one, other = np.asarray(one, float), np.asarray(other, float)
        if one.shape != other.shape:
            return np.inf, name, "", one.shape, other.shape
        gaps = np.abs(one - other)
        if gaps.size and not gaps.max() <= worst[0]:  # NaN, too
            place = np.unravel_index(np.argmax(gaps), gaps.shape)
            index = f"[{', '.join(map(str, place))}]" if place else ""
            worst = (float(gaps[place]), name, index, float(one[place]), float(other[place]))
    return worst


def _changed(
    when: str, names: Sequence[str], got: Sequence[Array], want: Sequence[Array]
) -> Finding:
    amount, name, place, one, other = _farthest(names, got, want)
    if np.isinf(amount):
        return amount, f"{when}, the shape of `{name}` is {one} in place of {other}."
    return amount, f"{when}, `{name}{place}` changed by {amount:.2g}."


def _wanted(
    when: str, names: Sequence[str], got: Sequence[Array], want: Sequence[Array]
) -> Finding:
    amount, name, place, one, other = _farthest(names, got, want)
    if np.isinf(amount):
        return amount, f"{when}, `{name}` has the shape {one}, wanted {other}."
    return amount, f"{when}, `{name}{place}` is {one:.4g}, wanted {other:.4g}."


def _steps(count: int) -> str:
    return f"{count} step{'' if count == 1 else 's'}"


# Drawing. N, T and the rest follow from the size alone.


def _n_samples(size: int) -> int:
    return 1 + size // 2  # 1, 2, 2, 3, 3


def rnn_weights(rng: np.random.Generator, n_features: int = 2, n_units: int = 3) -> tuple:
    """Return W_xh (D, U), W_hh (U, U) and b_h (U,) with states that are neither 0 nor 1."""
    return (
        rng.normal(0, 0.8, (n_features, n_units)),
        rng.normal(0, 0.7, (n_units, n_units)),
        rng.normal(0, 0.3, n_units),
    )


def draw_ids(rng: np.random.Generator, size: int) -> tuple:
    """Arguments of ``make_pairs``."""
    return (rng.integers(0, 8, (_n_samples(size), size + 1)),)


def draw_rnn(rng: np.random.Generator, size: int) -> tuple:
    """Arguments of ``run_rnn``."""
    shape = _n_samples(size), size
    return (rng.normal(size=(*shape, 2)), rng.normal(0, 0.5, (shape[0], 3)), *rnn_weights(rng))


def draw_backward(rng: np.random.Generator, size: int) -> tuple:
    """Arguments of ``backward``."""
    x, h0, W_xh, W_hh, b_h = draw_rnn(rng, size)
    h = mended.run_rnn(x, h0, W_xh, W_hh, b_h)
    return x, h0, h, W_hh, rng.normal(size=h.shape)


def draw_gradients(rng: np.random.Generator, size: int) -> tuple:
    """Arguments of ``clip``; the matrices differ in length, and the limit is below the norm."""
    shapes = (2, size + 1), (size + 1, size + 1), (size + 1,)
    gradients = [
        scale * rng.normal(size=shape) for scale, shape in zip((3, 10, 0.2), shapes, strict=True)
    ]
    norm = float(np.sqrt(sum((g**2).sum() for g in gradients)))
    return (*gradients, norm / (2 + size))


def draw_scan(rng: np.random.Generator, size: int) -> tuple:
    """Arguments of ``scan_rnn``: no h0."""
    x, _, *weights = draw_rnn(rng, size)
    return (x, *weights)


def draw_lstm(rng: np.random.Generator, size: int) -> tuple:
    """Arguments of ``run_lstm``."""
    x = rng.normal(size=(_n_samples(size), size, 2))
    return x, rng.normal(size=(2, 12)), rng.normal(0, 0.7, (3, 12)), rng.normal(size=12)


def draw_poems(rng: np.random.Generator, size: int) -> tuple:
    """Arguments of ``perplexity_of``: poems of different length, and some much dearer."""
    lengths = rng.integers(1, 4 * size + 1, size + 1)
    return ([rng.gamma(2, 0.7, n) + 2 * (i % 2) for i, n in enumerate(lengths)],)


def draw_both_ways(rng: np.random.Generator, size: int) -> tuple:
    """Arguments of ``features``: what a bidirectional layer returns at each step."""
    x = rng.normal(size=(_n_samples(size), size, 2))
    return (both_ways(x, rnn_weights(rng), rnn_weights(rng)),)


def draw_series(rng: np.random.Generator, size: int) -> tuple:
    """Arguments of ``scale``: a series that rises, as CO2 does."""
    n = 10 * size
    rise = np.linspace(0, 40 + 20 * size, n)
    return 300 + rise + 5 * np.sin(np.arange(n)) + rng.normal(0, 1, n), 7 * size


def draw_reviews(rng: np.random.Generator, size: int) -> tuple:
    """Arguments of ``read``: the padding has a word vector of its own, as id 0 has in Keras."""
    n_samples, n_steps = _n_samples(size), size + 1
    x = rng.normal(size=(n_samples, n_steps, 2))
    mask = np.arange(n_steps) < rng.integers(1, n_steps, (n_samples, 1))
    x[~mask] = rng.normal(size=2)
    return (x, mask, *rnn_weights(rng))


def both_ways(x: Array, forwards: tuple, backwards: tuple) -> Array:
    """Return the states of both directions side by side, in the order of the steps: (N, T, 2U)."""
    h_forwards = cells.SimpleRNN(*forwards).forward(x).h
    h_backwards = cells.SimpleRNN(*backwards).forward(x[:, ::-1]).h[:, ::-1]
    return np.concatenate([h_forwards, h_backwards], axis=2)


# Properties of several programs


def swapped(draw: Callable, names: Sequence[str], by_sample: Sequence[int]) -> Property:
    """Swapping two sequences of a batch swaps the results; ``by_sample``: arguments with an N."""

    def measure(run: Run, rng: np.random.Generator, size: int) -> Finding:
        args = draw(rng, size + 1)
        other = [arg[::-1].copy() if i in by_sample else arg for i, arg in enumerate(args)]
        got = [result[::-1] for result in run(*other)]
        return _changed("With the sequences of a batch in reverse order", names, got, run(*args))

    return Property("the order of the batch", measure)


def no_future(draw: Callable, names: Sequence[str]) -> Property:
    """Replacing the last step changes no state before it; x is the first argument."""

    def measure(run: Run, rng: np.random.Generator, size: int) -> Finding:
        x, *others = draw(rng, size + 1)
        later = x.copy()
        later[:, -1] += 1
        got = [result[:, :-1] for result in run(later, *others)]
        want = [result[:, :-1] for result in run(x, *others)]
        return _changed("With the last step replaced, at an earlier step", names, got, want)

    return Property("no look into the future", measure)


def agrees(name: str, when: str, draw: Callable, names: Sequence[str], meant: Callable) -> Property:
    """The results are those of ``meant``, on drawn arguments."""

    def measure(run: Run, rng: np.random.Generator, size: int) -> Finding:
        args = draw(rng, size)
        want = meant(*args)
        return _wanted(when, names, run(*args), want if isinstance(want, tuple) else (want,))

    return Property(name, measure)


# 1 · make_pairs


def _answer_hidden(run: Run, rng: np.random.Generator, size: int) -> Finding:
    (ids,) = draw_ids(rng, size)
    other = ids.copy()
    other[:, -1] = (other[:, -1] + 1) % 8
    return _changed(
        f"With the last of {size + 1} tokens exchanged, which is nothing but a target",
        ("x",),
        run(other)[:1],
        run(ids)[:1],
    )


PAIRS = (
    Property("the answer is not in the question", _answer_hidden),
    agrees(
        "a target is the next token",
        "At each place `x` should hold the token and `y` the one after it",
        draw_ids,
        ("x", "y"),
        mended.make_pairs,
    ),
    swapped(draw_ids, ("x", "y"), (0,)),
)

# 2 · run_rnn


def _two_halves(run: Run, rng: np.random.Generator, size: int) -> Finding:
    x, h0, *weights = draw_rnn(rng, size + 1)
    cut = (size + 1) // 2
    (whole,) = run(x, h0, *weights)
    (second,) = run(x[:, cut:], whole[:, cut - 1].copy(), *weights)
    when = f"With {size + 1} steps cut after step {cut} and the state carried over"
    return _changed(when, ("h",), (second,), (whole[:, cut:],))


def _draw_one_step(rng: np.random.Generator, size: int) -> tuple:
    x, *others = draw_rnn(rng, size)
    return (x[:, :1], *others)


RNN = (
    Property("two halves equal one run", _two_halves),
    agrees("one step by hand", "With a single step", _draw_one_step, ("h",), mended.run_rnn),
    swapped(draw_rnn, ("h",), (0, 1)),
    no_future(draw_rnn, ("h",)),
)

# 3 · backward

_GRADIENTS = ("dW_xh", "dW_hh", "db_h")


def _central_differences(run: Run, rng: np.random.Generator, size: int) -> Finding:
    x, h0, *weights = draw_rnn(rng, size)
    h = mended.run_rnn(x, h0, *weights)
    dh = rng.normal(size=h.shape)
    want = []
    for place in range(3):

        def loss(array: Array, place: int = place) -> float:
            now = [*weights[:place], array, *weights[place + 1 :]]
            return float((dh * mended.run_rnn(x, h0, *now)).sum())

        want.append(numerical_gradient(loss, weights[place].copy()))
    got = run(x, h0, h, weights[1], dh)
    return _wanted(f"With T = {size}, beside central differences", _GRADIENTS, got, want)


def _sum_over_batch(run: Run, rng: np.random.Generator, size: int) -> Finding:
    x, h0, h, W_hh, dh = draw_backward(rng, size + 1)
    each = [
        run(x[n : n + 1], h0[n : n + 1], h[n : n + 1], W_hh, dh[n : n + 1]) for n in range(len(x))
    ]
    got = run(x, h0, h, W_hh, dh)
    total = [np.sum(parts, axis=0) for parts in zip(*each, strict=True)]
    return _wanted(f"With {len(x)} sequences, beside the sum of each alone", _GRADIENTS, got, total)


def _zero_gradient(run: Run, rng: np.random.Generator, size: int) -> Finding:
    x, h0, h, W_hh, dh = draw_backward(rng, size)
    got = run(x, h0, h, W_hh, 0 * dh)
    return _wanted("With a loss that is flat", _GRADIENTS, got, [0 * each for each in got])


BACKWARD = (
    Property("central differences", _central_differences),
    Property("the sum over the batch", _sum_over_batch),
    Property("no loss, no gradient", _zero_gradient),
)

# 4 · clip


def _direction(run: Run, rng: np.random.Generator, size: int) -> Finding:
    *gradients, max_norm = draw_gradients(rng, size)
    before = np.concatenate([g.ravel() for g in gradients])
    after = np.concatenate([g.ravel() for g in run(*gradients, max_norm)])
    length = float(np.linalg.norm(after) * np.linalg.norm(before))
    if after.shape != before.shape or not length > 0:
        return np.inf, f"With max_norm = {max_norm:.2g} nothing is left of the gradients."
    # From the part across: the arc cosine is blind to small angles.
    along = float(after @ before) / float(before @ before)
    angle = np.degrees(
        np.arctan2(np.linalg.norm(after - along * before), along * np.linalg.norm(before))
    )
    return float(angle), f"With max_norm = {max_norm:.2g} the step turned by {angle:.0f} degrees."


def _common_norm(run: Run, rng: np.random.Generator, size: int) -> Finding:
    *gradients, max_norm = draw_gradients(rng, size)
    norm = float(np.sqrt(sum((g**2).sum() for g in run(*gradients, max_norm))))
    return abs(norm - max_norm), (
        f"With max_norm = {max_norm:.2g}, below the common norm, the common norm of what comes "
        f"back is {norm:.2g}."
    )


def _small_unchanged(run: Run, rng: np.random.Generator, size: int) -> Finding:
    *gradients, max_norm = draw_gradients(rng, size)
    got = run(*gradients, 10 * (2 + size) * max_norm)
    return _changed("With max_norm ten times the common norm", _GRADIENTS, got, gradients)


def _all_zero(run: Run, rng: np.random.Generator, size: int) -> Finding:
    *gradients, max_norm = draw_gradients(rng, size)
    zeros = [0 * g for g in gradients]
    return _wanted("With all gradients zero", _GRADIENTS, run(*zeros, max_norm), zeros)


CLIP = (
    Property("the direction stays", _direction),
    Property("the common norm", _common_norm),
    Property("small gradients stay", _small_unchanged),
    Property("zero stays zero", _all_zero),
)

# 5 · scan_rnn


def _from_zero(x: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return cells.SimpleRNN(W_xh, W_hh, b_h).forward(x).h


def _alone(run: Run, rng: np.random.Generator, size: int) -> Finding:
    x, *weights = draw_scan(rng, size + 1)
    (batch,) = run(x, *weights)
    alone = np.concatenate([run(row[None], *weights)[0] for row in x])
    return _changed(f"With each of {len(x)} sequences run alone", ("h",), (alone,), (batch,))


def _first_step_matters(run: Run, rng: np.random.Generator, size: int) -> Finding:
    x, *weights = draw_scan(rng, size + 1)
    other = x.copy()
    other[:, 0] += 1
    moved = np.abs(run(other, *weights)[0][:, -1] - run(x, *weights)[0][:, -1]).max(axis=1)
    deaf = float(np.mean(moved < 1e-12))
    return deaf, (
        f"With the first of {size + 1} steps replaced, the last state of {np.sum(moved < 1e-12)} "
        f"of {len(x)} sequences did not change."
    )


SCAN = (
    swapped(draw_scan, ("h",), (0,)),
    Property("the first step is remembered", _first_step_matters),
    Property("a sequence alone", _alone),
    agrees("lesson 02's loop", "Beside lesson 02's loop", draw_scan, ("h",), _from_zero),
)

# 6 · run_lstm


def belt(n_steps: int, load: float) -> tuple:
    """Arguments of ``run_lstm`` that put a load on at the first step and then hold it.

    The forget gate is open at every step, the input gate at the first only; the candidate is
    ``tanh(load)`` there and another number later.
    """
    x = np.zeros((1, n_steps, 1))
    x[:, 0] = 1
    kernel = np.array([[60.0, 0.0, load + 0.7, 0.0]])
    return x, kernel, np.zeros((1, 4)), np.array([-30.0, 30.0, -0.7, 1.0])


def _open_belt(run: Run, rng: np.random.Generator, size: int) -> Finding:
    load = rng.uniform(0.5, 1.5)
    _, c = run(*belt(size + 1, load))
    when = f"With the forget gate open and the input gate shut for {_steps(size)}"
    return _wanted(when, ("c",), (c,), (np.full((1, size + 1, 1), np.tanh(load)),))


def _count(run: Run, rng: np.random.Generator, size: int) -> Finding:
    """All gates open and the candidate at 1: c counts the steps."""
    x, n_units = np.zeros((1, size + 1, 1)), int(rng.integers(1, 4))
    bias = np.full(4 * n_units, 30.0)
    _, c = run(x, np.zeros((1, 4 * n_units)), np.zeros((n_units, 4 * n_units)), bias)
    steps = np.arange(1.0, size + 2)[None, :, None]
    when = "With all gates open and a candidate of 1, where c counts the steps"
    return _wanted(when, ("c",), (c,), (steps * np.ones(n_units),))


LSTM = (
    Property("an open belt keeps its load", _open_belt),
    Property("the belt can count", _count),
    swapped(draw_lstm, ("h", "c"), (0,)),
    agrees(
        "the equations of lesson 08",
        "With random weights",
        draw_lstm,
        ("h", "c"),
        mended.run_lstm,
    ),
)

# 7 · perplexity_of


def _recut(run: Run, rng: np.random.Generator, size: int) -> Finding:
    (poems,) = draw_poems(rng, size)
    whole = np.concatenate(poems)
    when = f"With {len(poems)} poems joined into one"
    return _changed(when, ("perplexity",), run([whole]), run(poems))


def _uniform(run: Run, rng: np.random.Generator, size: int) -> Finding:
    n_tokens = int(rng.integers(2, 50))
    poems = [np.full(n, np.log(n_tokens)) for n in range(1, size + 1)]
    when = f"With {n_tokens} tokens that are equally likely"
    return _wanted(when, ("perplexity",), run(poems), (np.array(float(n_tokens)),))


def _one_dearer(run: Run, rng: np.random.Generator, size: int) -> Finding:
    (poems,) = draw_poems(rng, size)
    n_tokens = sum(map(len, poems))
    dearer = [poem.copy() for poem in poems]
    dearer[0][0] += 1
    got = run(dearer)[0] / run(poems)[0]
    when = f"With one of {n_tokens} tokens 1 nat dearer, the factor on the perplexity"
    amount, _, _, one, other = _farthest(("factor",), (got,), (np.exp(1 / n_tokens),))
    return amount, f"{when} is {one}, wanted e^(1/{n_tokens}) = {other:.4g}." if np.isinf(
        amount
    ) else f"{when} is {one:.4g}, wanted e^(1/{n_tokens}) = {other:.4g}."


PERPLEXITY = (
    Property("cut elsewhere, the same", _recut),
    Property("equal chances among V give V", _uniform),
    Property("each token counts alike", _one_dearer),
)

# 8 · features


def _every_step_read(run: Run, rng: np.random.Generator, size: int) -> Finding:
    x = rng.normal(size=(1, size + 1, 2))
    weights = rnn_weights(rng), rnn_weights(rng)
    (before,) = run(both_ways(x, *weights))
    deaf = 0.0
    sentence = ""
    for step in (0, -1):
        other = x.copy()
        other[:, step] += 1
        (after,) = run(both_ways(other, *weights))
        still = int((np.abs(after - before) < 1e-12).sum())
        if still / before.size > deaf:
            deaf = still / before.size
            name = "first" if step == 0 else "last"
            sentence = (
                f"With the {name} of {size + 1} steps replaced, {still} of {before.size} numbers "
                "did not change."
            )
    return deaf, sentence


def _turned_round(run: Run, rng: np.random.Generator, size: int) -> Finding:
    x, weights = rng.normal(size=(2, size + 1, 2)), rnn_weights(rng)
    (one,) = run(both_ways(x, weights, weights))
    (other,) = run(both_ways(x[:, ::-1], weights, weights))
    swap = np.concatenate(np.split(other, 2, axis=1)[::-1], axis=1)
    when = "With the same weights for both directions and the sequence turned round, which swaps the halves"
    return _changed(when, ("features",), (swap,), (one,))


FEATURES = (
    Property("both halves have read every step", _every_step_read),
    Property("turned round, the halves swap", _turned_round),
    swapped(draw_both_ways, ("features",), (0,)),
    agrees(
        "what Keras returns",
        "Beside Keras's own last output",
        draw_both_ways,
        ("features",),
        mended.features,
    ),
)

# 9 · scale

_PARTS = ("train", "test")


def _past_blind(run: Run, rng: np.random.Generator, size: int) -> Finding:
    series, n_train = draw_series(rng, size)
    later = series.copy()
    later[n_train::2] += 100
    later[n_train + 1 :: 2] -= 200
    train, train_now = run(series, n_train)[0], run(later, n_train)[0]
    when = "With the test values moved, in turn 100 up and 200 down"
    return _changed(when, _PARTS[:1], (train_now,), (train,))


def _one_line(run: Run, rng: np.random.Generator, size: int) -> Finding:
    series, n_train = draw_series(rng, size)
    parts = run(series, n_train)
    scaled = np.concatenate(parts)
    if scaled.shape != series.shape:
        return np.inf, f"Both parts together have {scaled.size} values, wanted {series.size}."
    slope, offset = np.polyfit(series, scaled, 1)
    if not slope > 0:
        return np.inf, "A larger value is not larger after scaling."
    line = slope * series + offset
    when = "Beside one line for both parts, a · value + b"
    return _wanted(when, _PARTS, parts, (line[:n_train], line[n_train:]))


def _other_unit(run: Run, rng: np.random.Generator, size: int) -> Finding:
    series, n_train = draw_series(rng, size)
    got = run(1000 * series, n_train)
    when = "With the series in a unit a thousand times smaller"
    return _changed(when, _PARTS, got, run(series, n_train))


def _useful_size(run: Run, rng: np.random.Generator, size: int) -> Finding:
    series, n_train = draw_series(rng, size)
    train = run(series, n_train)[0]
    low, high = float(train.min()), float(train.max())
    useful = 0.1 <= high - low <= 20 and high - low >= 0.75 * max(abs(low), abs(high))
    return float(not useful), (
        f"The scaled training part goes from {low:.3g} to {high:.3g}: not a range around 0, or "
        "from 0 on, that a network can use."
    )


SCALE = (
    Property("the past does not know the future", _past_blind),
    Property("one line for both parts", _one_line),
    Property("the unit does not matter", _other_unit),
    Property("a size that a network can use", _useful_size),
)

# 10 · read

_STATE = ("h_last",)


def _more_padding(run: Run, rng: np.random.Generator, size: int) -> Finding:
    x, mask, *weights = draw_reviews(rng, size)
    more = np.repeat(x[~mask][:1][None], len(x), axis=0).repeat(size, axis=1)
    longer = np.concatenate([x, more], axis=1)
    longer_mask = np.concatenate([mask, np.zeros(more.shape[:2], bool)], axis=1)
    when = f"With {_steps(size)} of padding more"
    return _changed(when, _STATE, run(longer, longer_mask, *weights), run(x, mask, *weights))


def _padding_unread(run: Run, rng: np.random.Generator, size: int) -> Finding:
    x, mask, *weights = draw_reviews(rng, size)
    other = x.copy()
    other[~mask] += 1
    when = "With other numbers in the padding"
    return _changed(when, _STATE, run(other, mask, *weights), run(x, mask, *weights))


def _draw_unpadded(rng: np.random.Generator, size: int) -> tuple:
    x, mask, *weights = draw_reviews(rng, size)
    return (x, np.ones_like(mask), *weights)


READ = (
    Property("more padding changes nothing", _more_padding),
    Property("the padding is not read", _padding_unread),
    agrees(
        "without padding, the last state",
        "Without any padding, beside the state after the last step",
        _draw_unpadded,
        _STATE,
        mended.read,
    ),
    agrees(
        "with padding, the last word's state",
        "Beside the state after the last word",
        draw_reviews,
        _STATE,
        mended.read,
    ),
    swapped(draw_reviews, _STATE, (0, 1)),
)
