"""Read one sequence and write another: lesson 16, in NumPy.

Ids are whole numbers in which 0 is padding, 1 begins an answer and 2 ends it, as
:data:`TARGET_SPECIALS` gives them to a vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils import text
from course_utils.arguments import (
    class_ids,
    instance,
    mask_array,
    number,
    quietly,
    real_array,
    strings,
    whole_number,
)
from course_utils.losses import cross_entropy, softmax
from course_utils.padding import END, PAD, START

SOURCE_SPECIALS = (text.PAD, text.UNKNOWN)
"""First tokens of the vocabulary of what is read; a reader meets characters that it never saw."""
TARGET_SPECIALS = (text.PAD, text.START, text.END)
"""First tokens of the vocabulary of what is written."""


def to_ids(texts: Iterable[str], vocabulary: text.Vocabulary, n_steps: int) -> np.ndarray:
    """Return the characters of texts as ids (N, n_steps), filled up with padding at the end.

    Raises
    ------
    ValueError
        If a text has more than ``n_steps`` characters, or one that the vocabulary does not have.

    Examples
    --------
    >>> vocabulary = text.Vocabulary.from_tokens(list("abc"), specials=TARGET_SPECIALS)
    >>> to_ids(["ab", "cab"], vocabulary, 4)
    array([[3, 4, 0, 0],
           [5, 3, 4, 0]], dtype=int32)
    """
    instance("vocabulary", vocabulary, text.Vocabulary, "a text.Vocabulary")
    texts = strings("texts", texts)
    if not texts:
        raise ValueError("texts must hold at least one text, got none")
    ids = np.full((len(texts), whole_number("n_steps", n_steps, 1)), PAD, dtype=np.int32)
    for row, each in zip(ids, texts, strict=True):
        if len(each) > n_steps:
            raise ValueError(f"texts must have at most {n_steps} characters, got {each!r}")
        if each:
            row[: len(each)] = vocabulary.encode(text.characters(each))
    return ids


def to_text(ids: Iterable[int], vocabulary: text.Vocabulary) -> str:
    """Return ids as text, up to the first END; padding and START are left out.

    Examples
    --------
    >>> vocabulary = text.Vocabulary.from_tokens(list("abc"), specials=TARGET_SPECIALS)
    >>> to_text([5, 3, 4, END, 3], vocabulary)
    'cab'
    """
    instance("vocabulary", vocabulary, text.Vocabulary, "a text.Vocabulary")
    read: list[int] = []
    for each in class_ids("ids", ids, vocabulary.size, shape=("T",), empty=True):
        if each == END:
            break
        if each not in (PAD, START):
            read.append(int(each))
    return "".join(vocabulary.decode(read)) if read else ""


def teacher_forcing(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what a decoder reads in training, and what it has to write.

    Parameters
    ----------
    y : ndarray (N, L), int
        Answers, filled up with padding at the end; without START and END.

    Returns
    -------
    inputs : ndarray (N, L + 1), int
        START, then the answer.
    targets : ndarray (N, L + 1), int
        The answer, then END.

    References
    ----------
    Williams, Zipser 1989, *A learning algorithm for continually running fully recurrent neural
    networks* (the name).

    Examples
    --------
    >>> teacher_forcing(np.array([[7, 8, 9], [7, 0, 0]]))
    (array([[1, 7, 8, 9],
           [1, 7, 0, 0]]), array([[7, 8, 9, 2],
           [7, 2, 0, 0]]))
    """
    y = class_ids("y", y, shape=("N", "L"))
    n_samples, n_steps = y.shape
    if ((y[:, :-1] == PAD) & (y[:, 1:] != PAD)).any():
        raise ValueError(
            f"y must have its padding, {PAD}, at the end of each row, got an id after it"
        )
    inputs = np.zeros((n_samples, n_steps + 1), dtype=y.dtype)
    targets = np.zeros_like(inputs)
    inputs[:, 0] = START
    inputs[:, 1:] = y
    targets[:, :-1] = y
    targets[np.arange(n_samples), (y != PAD).sum(axis=1)] = END
    return inputs, targets


def masked_loss(logits: np.ndarray, targets: np.ndarray) -> float:
    """Return the mean cross-entropy in nats over all targets that are not padding.

    Parameters
    ----------
    logits : ndarray (N, T, V)
    targets : ndarray (N, T), int

    Examples
    --------
    >>> round(masked_loss(np.zeros((1, 3, 4)), np.array([[3, 2, 0]])) / np.log(4), 6)
    1.0
    """
    logits = real_array("logits", logits, ("N", "T", "V"))
    targets = class_ids("targets", targets, logits.shape[2], shape=logits.shape[:2])
    real = targets != PAD
    if not real.any():
        raise ValueError("targets must hold at least one id that is not padding, got none")
    return cross_entropy(logits[real], targets[real])[0]


@quietly
def additive_attention(
    s: np.ndarray,
    h: np.ndarray,
    mask: np.ndarray,
    W_s: np.ndarray,
    W_h: np.ndarray,
    v: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return how much each input step counts, and the weighted mean of their states.

    .. math:: e_j = \tanh(s W_s + h_j W_h) \cdot v, \quad \alpha = \mathrm{softmax}(e),
        \quad c = \sum_j \alpha_j h_j

    Parameters
    ----------
    s : ndarray (N, U)
        The decoder's state before the step.
    h : ndarray (N, T, H)
        The encoder's states.
    mask : ndarray (N, T) of bool
        True at real steps, False at padding; at least one True a row.
    W_s, W_h, v : ndarray (U, A), (H, A), (A,)

    Returns
    -------
    weights : ndarray (N, T)
        At least 0, zero at padding, each row with the sum 1.
    context : ndarray (N, H)

    References
    ----------
    Bahdanau, Cho, Bengio 2015, *Neural machine translation by jointly learning to align and
    translate*, arXiv 1409.0473, section 3.1 and appendix A.1.2.

    Examples
    --------
    >>> h = np.array([[[1.0], [3.0], [100.0]]])
    >>> mask, zero = np.array([[True, True, False]]), np.zeros((1, 1))
    >>> additive_attention(zero, h, mask, zero, zero, np.ones(1))
    (array([[0.5, 0.5, 0. ]]), array([[2.]]))
    """
    s, h = real_array("s", s, ("N", "U")), real_array("h", h, ("N", "T", "H"))
    mask = mask_array("mask", mask, (len(s), h.shape[1]))
    W_s = real_array("W_s", W_s, (s.shape[1], "A"))
    W_h = real_array("W_h", W_h, (h.shape[2], W_s.shape[1]))
    v = real_array("v", v, W_s.shape[1:])
    if not mask.any(axis=1).all():
        raise ValueError("mask must hold at least one True a row, got a row without")
    scores = np.tanh((s @ W_s)[:, None] + h @ W_h) @ v
    weights = softmax(np.where(mask, scores, -np.inf), axis=1)
    return weights, (weights[:, :, None] * h).sum(axis=1)


@dataclass(frozen=True)
class Hypothesis:
    """An answer, or the beginning of one.

    Attributes
    ----------
    ids : tuple of int
        Without START; the END of a finished answer is among them.
    log_probability : float
        Sum of the logarithms of the probabilities of these ids, in nats.
    """

    ids: tuple[int, ...]
    log_probability: float

    @property
    def is_finished(self) -> bool:
        """Whether it ends with END."""
        return self.ids[-1:] == (END,)


Step = Callable[[int, Any], tuple[np.ndarray, Any]]


def beam_search(
    step: Step, state: Any, width: int, max_steps: int, length_power: float = 0.0
) -> list[Hypothesis]:
    """Write by keeping the ``width`` likeliest beginnings.

    In each step, every unfinished beginning is continued by every id. Finished answers compete as
    they are. It ends when all that is kept is finished, or after ``max_steps``.

    Parameters
    ----------
    step
        ``step(last_id, state) -> logits (V,), new state``: what a decoder thinks of the next id.
    state
        Before the first step, in which START is read.
    width
        At least 1; 1 always takes the likeliest id, which is called greedy.
    max_steps
        Ids in an answer at most, END among them.
    length_power
        Beginnings are compared by ``log_probability / len(ids) ** length_power``: 0 by their
        probability, 1 by the mean of an id. Below 10.

    Returns
    -------
    list of Hypothesis
        At most ``width``, the best first.

    Examples
    --------
    A model that ends after one id, which is 3 or 4:

    >>> def step(last_id, state):
    ...     p = [0, 0, 0, 0.7, 0.3] if last_id == START else [0, 0, 1, 0, 0]
    ...     return np.log(np.array(p) + 1e-12), state
    >>> [(each.ids, round(float(np.exp(each.log_probability)), 2))
    ...  for each in beam_search(step, None, width=2, max_steps=5)]
    [((3, 2), 0.7), ((4, 2), 0.3)]
    """
    width = whole_number("width", width, 1)
    max_steps = whole_number("max_steps", max_steps, 1)
    length_power = number("length_power", length_power, 0, 10, low_included=True)
    instance("step", step, Callable, "a function")
    kept = [(Hypothesis((), 0.0), state)]
    for _ in range(max_steps):
        candidates = [pair for pair in kept if pair[0].is_finished]
        for beginning, before in kept:
            if beginning.is_finished:
                continue
            logits, after = _next(step(beginning.ids[-1] if beginning.ids else START, before))
            log_p = np.log(np.maximum(softmax(logits), 1e-300))
            # No more than `width` continuations of one beginning can be kept.
            for each in np.argsort(-log_p, kind="stable")[:width]:
                longer = (*beginning.ids, int(each))
                total = beginning.log_probability + float(log_p[each])
                candidates.append((Hypothesis(longer, total), after))
        candidates.sort(key=lambda pair: -_score(pair[0], length_power))
        kept = candidates[:width]
        if all(each.is_finished for each, _ in kept):
            break
    return [each for each, _ in kept]


def _next(result: Any) -> tuple[np.ndarray, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError(f"step must return (logits, state), got {type(result).__name__}")
    logits = real_array("the logits of step", result[0], ("V",)).astype(float)
    if not np.isfinite(logits.max()):
        raise ValueError(f"step must give logits with a finite largest one, got {logits.max()}")
    return logits, result[1]


def _score(hypothesis: Hypothesis, length_power: float) -> float:
    return hypothesis.log_probability / len(hypothesis.ids) ** length_power


def exact_match(answers: Sequence[str], targets: Sequence[str]) -> float:
    """Return the share of answers that are right in every character.

    Examples
    --------
    >>> exact_match(["1998-06-03", "2001-1-01"], ["1998-06-03", "2001-01-01"])
    0.5
    """
    answers, targets = strings("answers", answers), strings("targets", targets)
    if not targets:
        raise ValueError("targets must hold at least one text, got none")
    if len(answers) != len(targets):
        raise ValueError(f"answers must hold {len(targets)} str like targets, got {len(answers)}")
    return float(np.mean([one == other for one, other in zip(answers, targets, strict=True)]))
