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
from course_utils.judging.exercise import Case, Exercise, Misconception
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


_SEEN = (
    "The decoder sees the target: in step t it reads the very id that it has to write in step t. "
    "Its loss will fall to zero, and it will write nonsense when there is no answer to read. "
    "In step t it may know the answer up to step t − 1 only."
)

TEACHER_FORCING = Exercise(
    "16.1",
    "What the decoder reads",
    teacher_forcing,
    _answer_cases,
    [
        Misconception("decoder sees the target", _sees_targets, _SEEN),
        Misconception("decoder sees the target", _sees_answer, _SEEN),
        Misconception(
            "decoder sees the target",
            _start_in_targets,
            "Your targets are your inputs, START in front: in each step the decoder reads what it "
            "has to write. START is read and never written, and the targets are one step ahead.",
        ),
        Misconception(
            "decoder sees the target",
            _whole_sequence,
            "You return the same ids twice, START and END around them. The inputs need no END, the "
            "targets no START, and both have L + 1 steps.",
        ),
        Misconception(
            "start token missing",
            _starts_with_padding,
            "The inputs are shifted, but begin with padding. In its first step the decoder must "
            "read an id that says: begin. That is START.",
        ),
        Misconception(
            "start token missing",
            _starts_with_end,
            "Your inputs begin with END. An id that says both begin and stop is a confusing one; "
            "the first step reads START.",
        ),
        Misconception(
            "end token missing",
            _no_end,
            "No target is END, so nobody tells the decoder when it is done. It would go on to the "
            "last step of the longest answer. END is the target after the last id of each answer.",
        ),
        Misconception(
            "end token missing",
            _no_room,
            "Your arrays have L steps. An answer of L ids needs one step more: START is read "
            "before it, and END is written after it.",
        ),
        Misconception(
            "end after the padding",
            _end_after_padding,
            "END stands in the last step of every row, after the padding. It belongs right after "
            "the last id of the answer, and that is another step in each row.",
        ),
        Misconception(
            "padding turned into END",
            _end_everywhere,
            "All padding of your targets has become END. One END a row is enough: what comes after "
            "it must stay padding, so that the loss can leave it out.",
        ),
        Misconception(
            "end token read",
            _reads_end,
            "END stands in your inputs too. Once END is written nothing is asked for any more, so "
            "nobody reads it: that step is padding.",
        ),
        Misconception(
            "inputs and targets exchanged",
            lambda y: seq2seq.teacher_forcing(y)[::-1],
            "Both arrays are right, in the wrong order: the inputs come first.",
        ),
    ],
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
            ("logits near 1000", [[3, 2, 0, 0, 0], [4, 3, 4, 3, 2]], 5, 1000.0),
        )
    ]


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
    [
        Misconception(
            "padding counted",
            _of_costs(lambda costs, real: costs.mean()),
            "Your mean is taken over all N · T positions, padding among them. Padding is easy to "
            "predict, so the loss looks better the more padding there is. Leave those positions "
            "out of the sum and out of the number that you divide by.",
        ),
        Misconception(
            "divided by all positions",
            _of_costs(lambda costs, real: (costs * real).sum() / costs.size),
            "The sum leaves the padding out, but you divide by all N · T positions. The same "
            "answers would cost less in a longer array. Divide by the number of positions that "
            "are in the sum.",
        ),
        Misconception(
            "logits masked",
            lambda logits, targets: float(
                _costs(logits * (targets != PAD)[..., None], targets).mean()
            ),
            "You set the logits of the padding to zero. Equal logits are a prediction too, and it "
            "costs ln V. Mask the costs, after the logarithm.",
        ),
        Misconception(
            "mean of the sequences' means",
            _of_costs(_mean_of_means),
            "You average each sequence and then the averages, so a character of a short answer "
            "counts more than one of a long answer. Take one mean over all characters.",
        ),
        Misconception(
            "sum in place of the mean",
            _of_costs(lambda costs, real: costs[real].sum()),
            "That is the sum over the characters. Divide by how many they are.",
        ),
        Misconception(
            "divided by the number of sequences",
            _of_costs(lambda costs, real: costs[real].sum() / len(costs)),
            "You divide by N, the number of sequences. The loss is to be one character's: divide "
            "by the number of targets that are not padding.",
        ),
        Misconception(
            "only the padding counted",
            _of_costs(lambda costs, real: costs[~real].mean() if (~real).any() else 0.0),
            "Your mask is the wrong way round: you average over the padding.",
        ),
        Misconception(
            "end token left out",
            _only_the_kinds_above(END + 1),
            "Your mask leaves END out too. The decoder has to learn when to stop, so END is a "
            "target like any other; only id 0 is padding.",
        ),
        Misconception(
            "sign forgotten",
            _of_costs(lambda costs, real: -costs[real].mean()),
            "Your loss is negative: the logarithm of a probability is. A cost is its negative.",
        ),
        Misconception(
            "bits in place of nats",
            _of_costs(lambda costs, real: costs[real].mean() / np.log(2)),
            "Your logarithm is to base 2. Keras reports nats, and so does this exercise: take the "
            "natural logarithm.",
        ),
        Misconception(
            "logarithm of the mean probability",
            _of_costs(lambda costs, real: -np.log(np.exp(-costs[real]).mean())),
            "You average the probabilities and take one logarithm. Take the logarithm of each, and "
            "average those.",
        ),
        Misconception(
            "logits taken for logarithms of probabilities",
            lambda logits, targets: float(
                -np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0][
                    targets != PAD
                ].mean()
            ),
            "You use the logits themselves. They are scores: only after the softmax do their "
            "exponentials sum to 1.",
        ),
        Misconception(
            "softmax over the steps",
            _over_steps,
            "Your softmax runs along the steps. The V tokens compete with each other, within one "
            "step: the last axis.",
        ),
        Misconception(
            "overflow",
            _plain_log,
            "Ordinary logits are right. Logits near 1000 overflow, because exp(1000) is too large "
            "for a floating-point number. Take the largest logit of each position off first.",
        ),
    ],
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
            ("width 3", Decoder(5, shift=3.0), 3, 6),
            ("width 3", Decoder(8, end=1.0), 3, 8),
            ("width 4", Decoder(11, shift=1.0), 4, 6),
            ("width 2", Decoder(57), 2, 6),
            ("width 4", Decoder(55, scale=0.7), 4, 6),
            ("width 5, one step", Decoder(4), 5, 1),
            ("width 50, more than there are", Decoder(2), 50, 3),
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
        kept = [(start, [], state)]
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


_LENGTH = (
    "You compare by the mean of the logarithms, a character's. Then a long answer wins over a "
    "shorter one that is likelier as a whole. Here the sum decides; section 4 tells when the mean "
    "is used on purpose."
)
_GROWING = (
    "You go on after END, so finished answers get longer and less likely. What ends with END "
    "competes with the score that it has, and is not continued."
)
_MULTIPLIED = (
    "You return a probability: 0.8 · 0.5 and so on. The exercise wants its logarithm. Adding "
    "logarithms orders the answers the same way, and does not underflow where a product of many "
    "small numbers becomes 0."
)

BEAM = Exercise(
    "16.3",
    "Beam search",
    beam_search,
    _beam_cases,
    [
        Misconception(
            "width ignored",
            _search(width_is=1),
            "Your search keeps a single beginning whatever `width` is: that is the greedy answer. "
            "Keep the `width` best beginnings after every step.",
        ),
        Misconception(
            "logits summed",
            _search(gain=lambda logits: logits),
            "You add up logits. They are not comparable between steps: the same probabilities may "
            "come from logits near 0 or near 5. Take the logarithm of the softmax first.",
        ),
        Misconception(
            "probabilities added",
            _search(gain=_probability_of),
            "You add probabilities. The probability of a whole answer is a product, and the "
            "logarithm of a product is a sum of logarithms.",
        ),
        Misconception(
            "probabilities multiplied",
            _search(gain=_probability_of, join=lambda a, b: a * b, start=1.0),
            _MULTIPLIED,
        ),
        Misconception(
            "probabilities multiplied",
            _search(returned=lambda ids, total: (ids, float(np.exp(total)))),
            _MULTIPLIED,
        ),
        Misconception("finished answers keep growing", _search(grows=True), _GROWING),
        Misconception("finished answers keep growing", _search(grows=True, endless=True), _GROWING),
        Misconception(
            "stops at the first finished answer",
            _search(stops_early=True),
            "Your search ends as soon as one kept answer is finished. An unfinished beginning may "
            "still be likelier than it: go on until all that you keep are finished.",
        ),
        Misconception("different lengths compared by the mean", _search(rank=_mean_rank), _LENGTH),
        Misconception(
            "different lengths compared by the mean", _search(last_rank=_mean_rank), _LENGTH
        ),
        Misconception(
            "mean returned",
            lambda *args: (lambda ids, total: (ids, total / len(ids)))(*beam_search(*args)),
            "The answers are right. You return the mean of the logarithms, and the exercise wants "
            "their sum: the logarithm of the whole answer's probability.",
        ),
        Misconception(
            "state of another beginning",
            _search(shares_state=True),
            "All your beginnings go on from the state of the best one. Each beginning has a state "
            "of its own: keep the two together.",
        ),
        Misconception(
            "start token missing",
            _search(first=PAD),
            "Your first call of `step` reads id 0, padding. Before the first id the decoder reads "
            "START.",
        ),
        Misconception(
            "start token missing",
            _search(first=END),
            "Your first call of `step` reads END. Before the first id the decoder reads START.",
        ),
        Misconception(
            "start token returned",
            _search(returned=lambda ids, total: ([START, *ids], total)),
            "Your answer begins with START. START is read and never written.",
        ),
        Misconception(
            "end token cut off",
            _search(returned=lambda ids, total: (ids[:-1] if ids[-1] == END else ids, total)),
            "The answers are right, but END is missing. It is written like any other id, and its "
            "probability is in the sum.",
        ),
        Misconception(
            "the worst kept",
            _search(rank=lambda total, length: -total),
            "You keep the beginnings with the smallest scores. `sorted` and `np.argsort` put the "
            "smallest first.",
        ),
    ],
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
                ("scores near 1000", (6, 4), 6, 1000.0),
            )
        )
    ]


def _attention_arguments(seed: int, lengths: tuple, n_steps: int, shift: float) -> tuple:
    rng = np.random.default_rng(1604 + seed)
    n_units, n_context, n_attention = 3, 4, 5
    mask = np.arange(n_steps) < np.array(lengths)[:, None]
    s, W_s = rng.normal(size=(len(lengths), n_units)), rng.normal(size=(n_units, n_attention))
    v = rng.normal(size=n_attention)
    if shift:  # one tanh is 1 in every step, so that all scores rise alike
        s, W_s[:, 0], v[0] = np.abs(s) + 1, 50.0, shift
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
    exponentials = np.exp(filled - scores.max())
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


_AXIS = (
    "The weights of a row do not sum to 1 over the input steps: your softmax runs along another "
    "axis. The T steps of one text compete with each other, so it runs along the axis of T."
)

ATTENTION = Exercise(
    "16.4",
    "Additive attention",
    attend,
    _attention_cases,
    [
        Misconception("softmax over the wrong axis", _with_weights(_over_batch), _AXIS),
        Misconception("softmax over the wrong axis", _with_weights(_over_everything), _AXIS),
        Misconception("softmax over the wrong axis", _over_features, _AXIS),
        Misconception(
            "attention on padding",
            _with_weights(lambda scores, mask: softmax(scores, axis=1)),
            "Padding gets weights above 0: `mask` is not used. A step that is not there must not "
            "be looked at, and its share belongs to the others.",
        ),
        Misconception(
            "masked scores set to zero",
            _with_weights(lambda scores, mask: softmax(np.where(mask, scores, 0.0), axis=1)),
            "You set the scores of the padding to 0, and exp(0) is 1: padding is still looked at. "
            "Which score has the weight 0?",
        ),
        Misconception(
            "not rescaled after the mask",
            _with_weights(lambda scores, mask: softmax(scores, axis=1) * mask),
            "Padding has weight 0, but a row with padding sums to less than 1: you take the mask "
            "after the softmax, and what the padding had is lost.",
        ),
        Misconception(
            "mask the wrong way round",
            _with_weights(_inverted),
            "You look at the padding only. `mask` is True where there is a step.",
        ),
        Misconception(
            "tanh left out",
            _with_scores(lambda s, h, W_s, W_h, v: ((s @ W_s)[:, None] + h @ W_h) @ v),
            "There is no tanh in your scores. Without it the term of s adds the same number to "
            "every step of a text, and the softmax takes it out: the decoder would always look at "
            "the same places.",
        ),
        Misconception(
            "state of the decoder not used",
            _with_scores(lambda s, h, W_s, W_h, v: np.tanh(h @ W_h) @ v),
            "Your scores do not depend on `s`, so the decoder looks at the same places in every "
            "step of its answer.",
        ),
        Misconception(
            "multiplied in place of added",
            _with_scores(lambda s, h, W_s, W_h, v: np.tanh((s @ W_s)[:, None] * (h @ W_h)) @ v),
            "You multiply the two products. This attention is called additive: inside the tanh "
            "they are added.",
        ),
        Misconception(
            "scores returned",
            _with_weights(lambda scores, mask: scores),
            "You return the scores. Weights are what the softmax over the input steps makes of "
            "them.",
        ),
        Misconception(
            "scores returned",
            lambda s, h, mask, W_s, W_h, v: (
                _scores(s, h, W_s, W_h, v),
                seq2seq.additive_attention(s, h, mask, W_s, W_h, v)[1],
            ),
            "The context is right. The first thing to return are the weights, after the softmax, "
            "and not the scores.",
        ),
        Misconception(
            "context of the projected states",
            _with_context(lambda w, h, mask, W_h: (w[:, :, None] * (h @ W_h)).sum(axis=1)),
            "The weights are right. Your context sums `h @ W_h`, which is there for the scores "
            "only: the context is the weighted sum of the states `h` themselves.",
        ),
        Misconception(
            "states not weighted",
            _with_context(
                lambda w, h, mask, W_h: (
                    (h * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
                )
            ),
            "The weights are right, but your context is the plain mean of the states, the same in "
            "every step of the answer.",
        ),
        Misconception(
            "weighted mean divided once more",
            _with_context(lambda w, h, mask, W_h: (w[:, :, None] * h).mean(axis=1)),
            "The weights are right. You take the mean of the weighted states; the weights sum to 1 "
            "already, so a sum is enough.",
        ),
        Misconception(
            "overflow",
            _with_weights(_plain_softmax),
            "Ordinary scores are right, large ones overflow in exp. Take the largest score of each "
            "text off first: the weights do not change.",
        ),
    ],
    ("weights (N, T)", "context (N, H)"),
)


EXERCISES = [TEACHER_FORCING, MASKED_LOSS, BEAM, ATTENTION]
