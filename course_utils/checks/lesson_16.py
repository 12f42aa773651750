"""Exercises of lesson 16, Sequence to sequence: what a decoder reads, its loss, beam, attention.

None of them needs Keras: the decoder that a submission searches in is a small network in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.checks.lesson_13 import Network
from course_utils.further import seq2seq
from course_utils.further.seq2seq import END, START
from course_utils.judging.cases import far_apart
from course_utils.judging.exercise import Case, Exercise
from course_utils.losses import softmax
from course_utils.padding import PAD

Array = np.ndarray


# Exercise 16.1: what the decoder reads


def teacher_forcing(y: Array) -> tuple[Array, Array]:
    """Return the decoder's inputs and its targets, both (N, L + 1)."""
    return seq2seq.teacher_forcing(y)


def _answer_cases() -> list[Case]:
    return [
        Case("answers of 3, 1 and 2 ids", (np.array([[7, 4, 9], [5, 0, 0], [3, 8, 0]]),)),
        Case("one answer without padding", (np.array([[6, 3, 3, 5]]),)),
        Case("answers of 2 ids, and 2 steps of padding", (np.array([[4, 9, 0, 0], [8, 3, 0, 0]]),)),
        Case("answers of one id", (np.array([[3], [9]]),)),
    ]


def _sees_targets(y: Array) -> tuple[Array, Array]:
    _, targets = seq2seq.teacher_forcing(y)
    return targets.copy(), targets


def _sees_answer(y: Array) -> tuple[Array, Array]:
    _, targets = seq2seq.teacher_forcing(y)
    return np.where(targets == END, PAD, targets), targets


def _starts_with_padding(y: Array) -> tuple[Array, Array]:
    inputs, targets = seq2seq.teacher_forcing(y)
    return np.where(inputs == START, PAD, inputs), targets


def _starts_with_end(y: Array) -> tuple[Array, Array]:
    inputs, targets = seq2seq.teacher_forcing(y)
    return np.where(inputs == START, END, inputs), targets


def _no_end(y: Array) -> tuple[Array, Array]:
    inputs, targets = seq2seq.teacher_forcing(y)
    return inputs, np.where(targets == END, PAD, targets)


def _end_after_padding(y: Array) -> tuple[Array, Array]:
    inputs, targets = _no_end(y)
    targets[:, -1] = END
    return inputs, targets


def _end_everywhere(y: Array) -> tuple[Array, Array]:
    inputs, targets = seq2seq.teacher_forcing(y)
    return inputs, np.where(targets == PAD, END, targets)


def _reads_end(y: Array) -> tuple[Array, Array]:
    inputs, targets = seq2seq.teacher_forcing(y)
    inputs[:, 1:] = np.where(targets[:, :-1] == END, END, inputs[:, 1:])
    return inputs, targets


def _start_in_targets(y: Array) -> tuple[Array, Array]:
    inputs, _ = seq2seq.teacher_forcing(y)
    return inputs, inputs.copy()


def _no_room(y: Array) -> tuple[Array, Array]:
    """START pushes the last id of the inputs out, and END finds no room: both (N, L)."""
    return np.concatenate([np.full_like(y[:, :1], START), y[:, :-1]], axis=1), y.copy()


def _whole_sequence(y: Array) -> tuple[Array, Array]:
    """START and END in both."""
    _, targets = seq2seq.teacher_forcing(y)
    whole = np.concatenate([np.full_like(y[:, :1], START), targets], axis=1)
    return whole, whole.copy()


TEACHER_FORCING = Exercise(
    "16.1",
    "What the decoder reads",
    teacher_forcing,
    _answer_cases,
    {
        "decoder sees the target": [
            _sees_targets,
            _sees_answer,
            _start_in_targets,
            _whole_sequence,
        ],
        "start token missing": [_starts_with_padding, _starts_with_end],
        "end token missing": [_no_end, _no_room],
        "end after the padding": _end_after_padding,
        "padding turned into END": _end_everywhere,
        "end token read": _reads_end,
        "inputs and targets exchanged": lambda y: seq2seq.teacher_forcing(y)[::-1],
    },
    ("inputs (N, L + 1)", "targets (N, L + 1)"),
)


# Exercise 16.2: masked loss


def masked_loss(logits: Array, targets: Array) -> float:
    """Return the mean cross-entropy in nats over the targets that are not padding."""
    return seq2seq.masked_loss(logits, targets)


def _loss_cases() -> list[Case]:
    rng = np.random.default_rng(1602)
    return [
        Case(
            label,
            (shift + rng.normal(0, 2, size=(*np.shape(targets), n_tokens)), np.array(targets)),
        )
        for label, targets, n_tokens, shift in (
            ("lengths 4, 1 and 2", [[3, 5, 4, 2], [2, 0, 0, 0], [3, 2, 0, 0]], 6, 0.0),
            ("no padding", [[3, 4, 2], [5, 6, 2]], 7, 0.0),
            ("a row that is all padding", [[0, 0, 0], [4, 3, 2]], 5, 0.0),
            (
                "logits near 1000 in one row, near 2000 in the other",
                [[3, 2, 0, 0, 0], [4, 3, 4, 3, 2]],
                5,
                np.array([[[1000.0]], [[2000.0]]]),
            ),
        )
    ] + [_far_apart()]


def _far_apart() -> Case:
    targets = np.array([[3, 2, 0], [4, 3, 2]])
    logits = far_apart(np.random.default_rng(1605).normal(0, 2, size=(2, 3, 5)), targets)
    return Case("logits in the thousands apart, for one token too", (logits, targets))


def _costs(logits: Array, targets: Array) -> Array:
    """Return the cost of each target in nats (N, T), padding among them."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]


def _of_costs(reduce: Callable[[Array, Array], Any]) -> Callable:
    """Return a mistaken answer that is made from costs and mask, both (N, T)."""
    return lambda logits, targets: float(reduce(_costs(logits, targets), targets != PAD))


def _mean_of_means(costs: Array, real: Array) -> float:
    kept = real.any(axis=1)
    return ((costs * real).sum(axis=1)[kept] / real.sum(axis=1)[kept]).mean()


def _plain_log(logits: Array, targets: Array) -> float:
    with np.errstate(all="ignore"):  # it overflows, as the learner's does
        p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        costs = -np.log(np.take_along_axis(p, targets[..., None], axis=-1)[..., 0])
        return float(costs[targets != PAD].mean())


def _over_steps(logits: Array, targets: Array) -> float:
    p = softmax(logits, axis=1)
    costs = -np.log(np.take_along_axis(p, targets[..., None], axis=-1)[..., 0])
    return float(costs[targets != PAD].mean())


def _only_the_kinds_above(lowest: int) -> Callable:
    def mistaken(logits: Array, targets: Array) -> float:
        return float(_costs(logits, targets)[targets >= lowest].mean())

    return mistaken


MASKED_LOSS = Exercise(
    "16.2",
    "Masked loss",
    masked_loss,
    _loss_cases,
    {
        "padding counted": _of_costs(lambda costs, real: costs.mean()),
        "divided by all positions": _of_costs(
            lambda costs, real: (costs * real).sum() / costs.size
        ),
        "logits masked": lambda logits, targets: float(
            _costs(logits * (targets != PAD)[..., None], targets).mean()
        ),
        "mean of the sequences' means": _of_costs(_mean_of_means),
        "sum in place of the mean": _of_costs(lambda costs, real: costs[real].sum()),
        "divided by the number of sequences": _of_costs(
            lambda costs, real: costs[real].sum() / len(costs)
        ),
        "only the padding counted": _of_costs(
            lambda costs, real: costs[~real].mean() if (~real).any() else 0.0
        ),
        "end token left out": _only_the_kinds_above(END + 1),
        "sign forgotten": _of_costs(lambda costs, real: -costs[real].mean()),
        "bits in place of nats": _of_costs(lambda costs, real: costs[real].mean() / np.log(2)),
        "logarithm of the mean probability": _of_costs(
            lambda costs, real: -np.log(np.exp(-costs[real]).mean())
        ),
        "logits taken for logarithms of probabilities": lambda logits, targets: float(
            -np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0][targets != PAD].mean()
        ),
        "softmax over the steps": _over_steps,
        "overflow": _plain_log,
    },
    ("loss",),
)


# Exercise 16.3: beam search


class Decoder(Network):
    """A network of random weights whose logits are scaled and shifted, and END's once more."""

    def __init__(self, seed: int, shift: float = 0.0, end: float = 0.0, scale: float = 1.0):
        super().__init__(seed, n_tokens=6)
        self._scale = scale
        self._shift = np.full(6, shift)
        self._shift[END] += end

    def step(self, token_id: int, state: Array) -> tuple[Array, Array]:
        """Return the logits of the next id (6,) and the new state (12,)."""
        logits, state = super().step(token_id, state)
        return self._scale * logits + self._shift, state


def beam_search(step: Callable, state: Any, width: int, max_steps: int) -> tuple[list[int], float]:
    """Return the ids of the best answer, and the logarithm of its probability."""
    best = seq2seq.beam_search(step, state, width, max_steps)[0]
    return list(best.ids), best.log_probability


def _beam_cases() -> list[Case]:
    return [
        Case(label, (decoder.step, decoder.start(), width, max_steps))
        for label, decoder, width, max_steps in (
            ("width 1", Decoder(0), 1, 6),
            ("width 2", Decoder(3, shift=-2.0), 2, 6),
            ("width 3", Decoder(35, shift=3.0), 3, 6),
            ("width 3", Decoder(8, end=1.0), 3, 8),
            ("width 4", Decoder(11, shift=1.0), 4, 6),
            ("width 2", Decoder(57), 2, 6),
            ("width 4", Decoder(55, scale=0.7), 4, 6),
            ("width 5, one step", Decoder(4), 5, 1),
            ("width 50, more than there are, logits near 1000", Decoder(2, shift=1000.0), 50, 3),
        )
    ]


def _log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max()
    return shifted - np.log(np.exp(shifted).sum())


def _probability_of(logits: Array) -> Array:
    return np.exp(_log_softmax(logits))


def _search(
    *,
    first: int = START,
    gain: Callable[[Array], Array] = _log_softmax,
    join: Callable[[float, float], float] = lambda total, each: total + each,
    start: float = 0.0,
    rank: Callable[[float, int], float] = lambda total, length: total,
    last_rank: Callable[[float, int], float] | None = None,
    width_is: int | None = None,
    grows: bool = False,
    endless: bool = False,
    stops_early: bool = False,
    shares_state: bool = False,
    returned: Callable[[list[int], float], tuple] = lambda ids, total: (ids, total),
) -> Callable:
    """Return a beam search with the mistakes that are set."""

    def search(step: Callable, state: Any, width: int, max_steps: int) -> tuple:
        width = width_is or width
        kept: list[tuple[float, list[int], Any]] = [(start, [], state)]
        for _ in range(max_steps):
            longer = [] if grows else [each for each in kept if each[1][-1:] == [END]]
            for total, ids, before in kept:
                if ids[-1:] == [END] and not grows:
                    continue
                logits, after = step(ids[-1] if ids else first, before)
                gains = gain(logits)
                for token_id, each in enumerate(gains):
                    longer.append((join(total, each), [*ids, token_id], after))
            longer.sort(key=lambda one: -rank(one[0], len(one[1])))
            kept = longer[:width]
            if shares_state:
                kept = [(total, ids, kept[0][2]) for total, ids, _ in kept]
            finished = [each for each in kept if each[1][-1] == END]
            if stops_early and finished:
                kept = finished
                break
            if len(finished) == len(kept) and not endless:
                break
        order = last_rank or rank
        total, ids, _ = max(kept, key=lambda one: order(one[0], len(one[1])))
        return returned(ids, float(total))

    return search


def _mean_rank(total: float, length: int) -> float:
    return total / length


def _mean_returned(step: Callable, state: Any, width: int, max_steps: int) -> tuple:
    ids, total = beam_search(step, state, width, max_steps)
    return ids, total / len(ids)


def _no_underflow(submission: Callable, run: Callable) -> tuple[str, str] | None:
    """Want a finite sum after so many steps that a product would be 0."""
    decoder = Decoder(6, end=-40.0, scale=0.1)
    try:
        with np.errstate(all="ignore"):
            _, log_p = submission(decoder.step, decoder.start(), 2, 600)
    except (ValueError, ZeroDivisionError):  # math.log(0.0)
        log_p = -np.inf
    if np.isfinite(log_p):
        return None
    return "probabilities multiplied", (
        "Short answers are right. Over 600 steps your product of probabilities becomes 0, and all "
        "answers are equal then. Add logarithms."
    )


BEAM = Exercise(
    "16.3",
    "Beam search",
    beam_search,
    _beam_cases,
    {
        "width ignored": _search(width_is=1),
        "logits summed": _search(gain=lambda logits: logits),
        "probabilities added": _search(gain=_probability_of),
        "probabilities multiplied": [
            _search(gain=_probability_of, join=lambda a, b: a * b, start=1.0),
            _search(returned=lambda ids, total: (ids, float(np.exp(total)))),
        ],
        "finished answers keep growing": [_search(grows=True), _search(grows=True, endless=True)],
        "stops at the first finished answer": _search(stops_early=True),
        "different lengths compared by the mean": [
            _search(rank=_mean_rank),
            _search(last_rank=_mean_rank),
        ],
        "mean returned": _mean_returned,
        "state of another beginning": _search(shares_state=True),
        "start token missing": [_search(first=PAD), _search(first=END)],
        "start token returned": _search(returned=lambda ids, total: ([START, *ids], total)),
        "end token cut off": _search(
            returned=lambda ids, total: (ids[:-1] if ids[-1] == END else ids, total)
        ),
        "the worst kept": _search(rank=lambda total, length: -total),
    },
    ("ids (L,)", "log probability"),
    rules=[_no_underflow],
)


# Exercise 16.4: additive attention


def attend(s: Array, h: Array, mask: Array, W_s: Array, W_h: Array, v: Array) -> tuple:
    """Return the weights (N, T) and the context (N, H)."""
    return seq2seq.additive_attention(s, h, mask, W_s, W_h, v)


def _attention_cases() -> list[Case]:
    return [
        Case(label, _attention_arguments(seed, lengths, n_steps, shift))
        for seed, (label, lengths, n_steps, shift) in enumerate(
            (
                ("lengths 5, 2 and 3", (5, 2, 3), 5, 0.0),
                ("four texts of four steps", (4, 1, 3, 2), 4, 0.0),
                ("no padding", (3, 3), 3, 0.0),
                ("one step", (1,), 1, 0.0),
                ("scores near 1000 in one text, near -1000 in the other", (6, 4), 6, 1000.0),
            )
        )
    ] + [_scores_far_apart()]


def _scores_far_apart() -> Case:
    s, h, mask, W_s, W_h, v = _attention_arguments(5, (4, 3), 4, 0.0)
    h[:, 0], W_h[0], v[0] = -np.abs(h[:, 0]) - 1, 900.0, 4000.0
    h[:, 1:] = np.abs(h[:, 1:]) + 1
    return Case("scores 8000 apart within a text", (s, h, mask, W_s, np.abs(W_h), v))


def _attention_arguments(seed: int, lengths: tuple, n_steps: int, shift: float) -> tuple:
    rng = np.random.default_rng(1604 + seed)
    n_units, n_context, n_attention = 3, 4, 5
    mask = np.arange(n_steps) < np.array(lengths)[:, None]
    s, W_s = rng.normal(size=(len(lengths), n_units)), rng.normal(size=(n_units, n_attention))
    v = rng.normal(size=n_attention)
    if shift:  # one tanh is 1 in every step of the first text, and -1 in every one of the second
        s, W_s[:, 0], v[0] = (np.abs(s) + 1) * [[1], [-1]], 50.0, shift
    h = rng.normal(size=(len(lengths), n_steps, n_context))
    return s, h, mask, W_s, rng.normal(size=(n_context, n_attention)), v


def _scores(s: Array, h: Array, W_s: Array, W_h: Array, v: Array) -> Array:
    return np.tanh((s @ W_s)[:, None] + h @ W_h) @ v


def _with_weights(weights_of: Callable[[Array, Array], Array]) -> Callable:
    """Return a mistaken answer whose weights are made from scores and mask, both (N, T)."""

    def mistaken(s, h, mask, W_s, W_h, v):
        with np.errstate(all="ignore"):
            weights = weights_of(_scores(s, h, W_s, W_h, v), mask)
            return weights, (weights[:, :, None] * h).sum(axis=1)

    return mistaken


def _with_scores(scores_of: Callable) -> Callable:
    """Return a mistaken answer with other scores."""

    def mistaken(s, h, mask, W_s, W_h, v):
        weights = softmax(np.where(mask, scores_of(s, h, W_s, W_h, v), -np.inf), axis=1)
        return weights, (weights[:, :, None] * h).sum(axis=1)

    return mistaken


def _with_context(context_of: Callable) -> Callable:
    """Return a mistaken answer whose context is made in another way from right weights."""

    def mistaken(s, h, mask, W_s, W_h, v):
        weights, _ = seq2seq.additive_attention(s, h, mask, W_s, W_h, v)
        return weights, context_of(weights, h, mask, W_h)

    return mistaken


def _over_batch(scores: Array, mask: Array) -> Array:
    filled = np.where(mask, scores, -np.inf)
    exponentials = np.exp(filled - filled.max(axis=0, keepdims=True))
    return exponentials / exponentials.sum(axis=0, keepdims=True)


def _over_everything(scores: Array, mask: Array) -> Array:
    filled = np.where(mask, scores, -np.inf)
    return softmax(filled.ravel()).reshape(scores.shape)


def _plain_softmax(scores: Array, mask: Array) -> Array:
    exponentials = np.exp(np.where(mask, scores, -np.inf))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _over_features(s, h, mask, W_s, W_h, v):
    hidden = np.tanh((s @ W_s)[:, None] + h @ W_h)
    weights = np.where(mask, softmax(hidden, axis=-1) @ v, 0.0)
    return weights, (weights[:, :, None] * h).sum(axis=1)


def _inverted(scores: Array, mask: Array) -> Array:
    """The mask the wrong way round; rows that are left without a step share equally."""
    filled = np.where(mask, -np.inf, scores)
    filled[mask.all(axis=1)] = -np.inf
    exponentials = np.exp(filled - filled.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


ATTENTION = Exercise(
    "16.4",
    "Additive attention",
    attend,
    _attention_cases,
    {
        "softmax over the wrong axis": [
            _with_weights(_over_batch),
            _with_weights(_over_everything),
            _over_features,
        ],
        "attention on padding": _with_weights(lambda scores, mask: softmax(scores, axis=1)),
        "masked scores set to zero": _with_weights(
            lambda scores, mask: softmax(np.where(mask, scores, 0.0), axis=1)
        ),
        "not rescaled after the mask": _with_weights(
            lambda scores, mask: softmax(scores, axis=1) * mask
        ),
        "mask the wrong way round": _with_weights(_inverted),
        "tanh left out": _with_scores(lambda s, h, W_s, W_h, v: ((s @ W_s)[:, None] + h @ W_h) @ v),
        "state of the decoder not used": _with_scores(
            lambda s, h, W_s, W_h, v: np.tanh(h @ W_h) @ v
        ),
        "multiplied in place of added": _with_scores(
            lambda s, h, W_s, W_h, v: np.tanh((s @ W_s)[:, None] * (h @ W_h)) @ v
        ),
        "scores returned": [
            _with_weights(lambda scores, mask: scores),
            lambda s, h, mask, W_s, W_h, v: (
                _scores(s, h, W_s, W_h, v),
                seq2seq.additive_attention(s, h, mask, W_s, W_h, v)[1],
            ),
        ],
        "context of the projected states": _with_context(
            lambda w, h, mask, W_h: (w[:, :, None] * (h @ W_h)).sum(axis=1)
        ),
        "states not weighted": _with_context(
            lambda w, h, mask, W_h: (
                (h * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
            )
        ),
        "weighted mean divided once more": _with_context(
            lambda w, h, mask, W_h: (w[:, :, None] * h).mean(axis=1)
        ),
        "overflow": _with_weights(_plain_softmax),
    },
    ("weights (N, T)", "context (N, H)"),
)


EXERCISES = [TEACHER_FORCING, MASKED_LOSS, BEAM, ATTENTION]
