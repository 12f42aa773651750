"""Text as whole numbers: tokens, vocabularies, batches for a carried state, n-grams, sampling.

Lesson 09 teaches these; lessons 12 and 13 reuse them. A token is a str, an id its place in the
vocabulary, and a model of text gives every id a probability. Costs are in nats for each token.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from course_utils.arguments import (
    any_array,
    class_ids,
    flag,
    generator,
    number,
    real_array,
    string,
    strings,
    whole_number,
)
from course_utils.losses import softmax

PAD = "<pad>"
"""Fills a sequence up to the length of its batch; no word, and never a target."""
UNKNOWN = "<unknown>"
"""Stands for every token that the vocabulary does not have."""
START = "<start>"
"""Begins a text; what the first word is predicted from, and never a target itself."""
END = "<end>"
"""Ends a text; predicted like a word."""

_WORD = r"[^\W_]+(?:['’][^\W_]+)*"


def words(text: str, *, punctuation: bool = False) -> list[str]:
    """Split ``text`` into words in lower case.

    Parameters
    ----------
    text
        An apostrophe between letters belongs to the word: ``"there's"``.
    punctuation
        Give each mark of punctuation as a token of its own, instead of leaving it out.

    Examples
    --------
    >>> words("The tide's in, and Tom's out.")
    ['the', "tide's", 'in', 'and', "tom's", 'out']
    >>> words("Soon, it said.", punctuation=True)
    ['soon', ',', 'it', 'said', '.']
    """
    pattern = rf"{_WORD}|[^\w\s]|_" if flag("punctuation", punctuation) else _WORD
    return re.findall(pattern, string("text", text).lower())


def characters(text: str) -> list[str]:
    """Split ``text`` into its characters, spaces and line ends among them.

    Examples
    --------
    >>> characters("Go on")
    ['G', 'o', ' ', 'o', 'n']
    """
    return list(string("text", text))


class Vocabulary:
    """The tokens that a model knows, each with its id.

    Parameters
    ----------
    tokens
        All different; their places are their ids. If :data:`UNKNOWN` is one of them, it takes
        the place of every token that is not.

    Attributes
    ----------
    tokens : list of str
        In order of id.
    size : int
        How many: V.

    Raises
    ------
    ValueError
        If a token is there twice, or there is none.

    Examples
    --------
    >>> vocabulary = Vocabulary.from_tokens(words("the sea and the sea and the wind"))
    >>> vocabulary.tokens
    ['<unknown>', 'the', 'and', 'sea', 'wind']
    >>> vocabulary.encode(["the", "moon"])
    array([1, 0])
    >>> vocabulary.decode([1, 4])
    ['the', 'wind']
    """

    def __init__(self, tokens: Iterable[str]):
        self.tokens = strings("tokens", tokens)
        self._ids = {token: i for i, token in enumerate(self.tokens)}
        if len(self._ids) < len(self.tokens):
            twice = Counter(self.tokens).most_common(1)[0][0]
            raise ValueError(f"tokens must all be different, got {twice!r} twice")
        if not self.tokens:
            raise ValueError("tokens must hold at least one token, got none")

    @classmethod
    def from_tokens(
        cls,
        tokens: Iterable[str],
        minimum_count: int = 1,
        specials: Sequence[str] = (UNKNOWN,),
    ) -> Self:
        """Take the tokens of a training text, the most frequent first.

        Parameters
        ----------
        tokens
            The training text, and nothing that is held out.
        minimum_count
            Leave out tokens that are there less often; at least 1.
        specials
            Come first, whether the text has them or not: ``(PAD, UNKNOWN)`` gives padding the
            id 0. Without :data:`UNKNOWN` a token that was never seen is an error.

        Returns
        -------
        Vocabulary
            The specials, then by falling count; of equal count in the order of the alphabet.
        """
        minimum_count = whole_number("minimum_count", minimum_count, 1)
        specials = strings("specials", specials)
        counts = Counter(strings("tokens", tokens))
        known = [t for t, n in counts.items() if n >= minimum_count and t not in specials]
        return cls([*specials, *sorted(known, key=lambda token: (-counts[token], token))])

    def __repr__(self) -> str:
        return f"<Vocabulary of {self.size} tokens>"

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    @property
    def size(self) -> int:
        """Number of tokens, V."""
        return len(self.tokens)

    def id(self, token: str) -> int:
        """Id of one token.

        Raises
        ------
        ValueError
            If the vocabulary has neither the token nor :data:`UNKNOWN`.
        """
        found = self._ids.get(string("token", token), self._ids.get(UNKNOWN))
        if found is None:
            raise ValueError(f"{token!r} is not in the vocabulary, which has no {UNKNOWN!r} either")
        return found

    def encode(self, tokens: Iterable[str]) -> np.ndarray:
        """Ids of ``tokens``, int64 (T,).

        Raises
        ------
        ValueError
            If one is not in the vocabulary, which has no :data:`UNKNOWN` either.
        """
        return np.array([self.id(token) for token in strings("tokens", tokens)], dtype=np.int64)

    def decode(self, ids: ArrayLike) -> list[str]:
        """Tokens of ``ids`` (T,).

        Raises
        ------
        TypeError, ValueError
            If ``ids`` are not whole numbers from 0 to V - 1.
        """
        return [self.tokens[i] for i in _ids("ids", ids, self.size)]


def contiguous_batches(
    ids: ArrayLike, batch_size: int, n_steps: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut one long text into batches in which row n continues row n of the batch before.

    The text is cut into ``batch_size`` pieces of equal length, one for each row, and each piece
    into windows of ``n_steps``. So the state after a batch is the right one to start the next
    batch from, row by row.

    Parameters
    ----------
    ids
        The text, whole numbers (L,).
    batch_size
        Rows in each batch: N.
    n_steps
        Steps in each: T.

    Returns
    -------
    list of (x, y)
        Both (N, T); y is x one step later. All batches in order are one pass through the text,
        but for fewer than N T + 1 ids at its end, which do not fill another batch.

    Raises
    ------
    TypeError, ValueError
        If ``ids`` is not a row of whole numbers, or too short for a single batch.

    Examples
    --------
    >>> for x, y in contiguous_batches(range(13), batch_size=2, n_steps=3):
    ...     print(x.tolist(), y.tolist())
    [[0, 1, 2], [6, 7, 8]] [[1, 2, 3], [7, 8, 9]]
    [[3, 4, 5], [9, 10, 11]] [[4, 5, 6], [10, 11, 12]]
    """
    ids = _ids("ids", ids)
    batch_size = whole_number("batch_size", batch_size, 1)
    n_steps = whole_number("n_steps", n_steps, 1)
    n_batches = (len(ids) - 1) // (batch_size * n_steps)
    if n_batches < 1:
        raise ValueError(
            f"ids must hold more than batch_size * n_steps = {batch_size * n_steps} ids, "
            f"got {len(ids)}"
        )
    n_used = n_batches * batch_size * n_steps
    x = ids[:n_used].reshape(batch_size, n_batches, n_steps)
    y = ids[1 : n_used + 1].reshape(batch_size, n_batches, n_steps)
    return [(x[:, b], y[:, b]) for b in range(n_batches)]


class NGram:
    r"""Counts of token sequences as a model of text: the baseline that a network has to beat.

    .. math::

        P(w \mid c) = \frac{n(c, w) + d(c)\, P(w \mid c')}{n(c) + d(c)}

    where n counts, d(c) is the number of different tokens seen after the context c, and c' is c
    without its oldest token (Witten-Bell smoothing). A context that was never seen hands over to
    the shorter one, and the shortest to 1 / V, so that no token is impossible.

    Parameters
    ----------
    order
        1 looks at no context (unigram), 2 at one token (bigram), 3 at two.
    n_tokens
        Size V of the vocabulary.

    References
    ----------
    Witten, Bell 1991, *The zero-frequency problem* (method C); Chen, Goodman 1999, *An empirical
    study of smoothing techniques for language modeling*, section 2.4.

    Examples
    --------
    >>> bigram = NGram(order=2, n_tokens=3).fit([0, 1, 0, 1, 0, 2])
    >>> bigram.probabilities([0]).round(3)
    array([0.15, 0.55, 0.3 ])
    >>> round(perplexity(bigram.cross_entropy([0, 1, 0])), 3)
    1.515
    """

    def __init__(self, order: int, n_tokens: int):
        self.order = whole_number("order", order, 1)
        self.n_tokens = whole_number("n_tokens", n_tokens, 1)
        self._followers: dict[tuple[int, ...], Counter[int]] = {}

    def __repr__(self) -> str:
        return f"<NGram order={self.order} n_tokens={self.n_tokens}>"

    def fit(self, ids: ArrayLike | Sequence[ArrayLike]) -> Self:
        """Count one text (T,), or each of a list of texts, and return the model.

        The first token of a text is never predicted, so it counts as context only. Fitting
        again adds to the counts.
        """
        for text in self._texts(ids):
            for context, token in self._pairs(text):
                for length in range(len(context) + 1):
                    shorter = context[len(context) - length :]
                    self._followers.setdefault(shorter, Counter())[token] += 1
        return self

    def probabilities(self, context: ArrayLike = ()) -> np.ndarray:
        """Probability of each token (V,) after ``context``; its last order - 1 ids count."""
        context = tuple(_ids("context", context, self.n_tokens).tolist())
        context = context[max(0, len(context) - self.order + 1) :]
        p = np.full(self.n_tokens, 1 / self.n_tokens)
        for length in range(len(context) + 1):
            seen = self._followers.get(context[len(context) - length :])
            if seen:
                p *= len(seen)
                p[list(seen)] += list(seen.values())
                p /= seen.total() + len(seen)
        return p

    def cross_entropy(self, ids: ArrayLike | Sequence[ArrayLike]) -> float:
        """Mean cost of a text (T,) or a list of texts, in nats for each token but the first.

        Raises
        ------
        TypeError, ValueError
            If the ids are not whole numbers from 0 to V - 1, or there is nothing to predict.
        """
        costs = [
            -math.log(self._probability(context, token))
            for text in self._texts(ids)
            for context, token in self._pairs(text)
        ]
        if not costs:
            raise ValueError("ids must hold at least two ids, got no more than one in a text")
        return math.fsum(costs) / len(costs)

    def _probability(self, context: tuple[int, ...], token: int) -> float:
        p = 1 / self.n_tokens
        for length in range(len(context) + 1):
            seen = self._followers.get(context[len(context) - length :])
            if seen:
                p = (seen[token] + len(seen) * p) / (seen.total() + len(seen))
        return p

    def _pairs(self, text: list[int]) -> Iterable[tuple[tuple[int, ...], int]]:
        for t in range(1, len(text)):
            yield tuple(text[max(0, t - self.order + 1) : t]), text[t]

    def _texts(self, ids: ArrayLike | Sequence[ArrayLike]) -> list[list[int]]:
        texts: Sequence[Any] = [ids]
        if isinstance(ids, list | tuple) and ids and any_array("ids", ids[0]).ndim == 1:
            texts = ids
        return [_ids("ids", text, self.n_tokens).tolist() for text in texts]


def perplexity(nats: float) -> float:
    """Number of equally likely tokens that would cost as much: exp of the mean cost in nats.

    Examples
    --------
    >>> round(perplexity(math.log(50)), 6)
    50.0
    """
    # Above 700 nats a token the number of tokens is no float.
    return math.exp(number("nats", nats, 0, 700, low_included=True))


def bits(nats: float) -> float:
    """The same cost in bits: nats / ln 2.

    Examples
    --------
    >>> round(bits(math.log(8)), 6)
    3.0
    """
    return number("nats", nats, 0, low_included=True) / math.log(2)


def next_probabilities(
    logits: ArrayLike, temperature: float = 1.0, top_k: int | None = None
) -> np.ndarray:
    """Probabilities to draw the next token from.

    Parameters
    ----------
    logits
        Scores (..., V); minus infinity is allowed and gives probability 0.
    temperature
        Divides the logits before the softmax. Below 1 likely tokens gain, above 1 they lose; 0
        is the limit: the likeliest token has probability 1 (greedy).
    top_k
        Keep the k largest logits only, of equal ones those with the lower ids; at least 1.

    Returns
    -------
    ndarray (..., V)
        Non-negative, with sum 1.

    Raises
    ------
    TypeError, ValueError
        If an argument cannot be used, or a logit is NaN or plus infinity.

    Examples
    --------
    >>> next_probabilities([2.0, 1.0, 0.0], temperature=0.5).round(3)
    array([0.867, 0.117, 0.016])
    >>> next_probabilities([2.0, 1.0, 0.0], top_k=2).round(3)
    array([0.731, 0.269, 0.   ])
    >>> next_probabilities([2.0, 1.0, 0.0], temperature=0)
    array([1., 0., 0.])
    """
    logits = real_array("logits", logits, (..., "V"))
    temperature = number("temperature", temperature, 0, low_included=True)
    if top_k is not None:
        top_k = whole_number("top_k", top_k, 1)
    best = logits.max(axis=-1, keepdims=True)
    if not np.isfinite(best).all():  # NaN, plus infinity, or minus infinity everywhere
        wants = "must not hold NaN or infinity, except minus infinity in places"
        raise ValueError(f"logits {wants}, got {best[~np.isfinite(best)][0]} as the largest")
    if temperature == 0:
        temperature, top_k = 1.0, 1
    if top_k is not None:
        rank = np.argsort(np.argsort(-logits, axis=-1, kind="stable"), axis=-1)
        logits = np.where(rank < top_k, logits, -np.inf)
    # The largest is taken off first: a small temperature must not make the rest overflow.
    with np.errstate(over="ignore"):  # a difference may become minus infinity: probability 0
        return softmax((logits - best) / temperature)


def sample(probabilities: ArrayLike, rng: np.random.Generator) -> int | np.ndarray:
    """Draw one id from each distribution.

    Parameters
    ----------
    probabilities
        (V,) or (..., V), non-negative, with sum 1.
    rng
        One uniform number is drawn for each distribution.

    Returns
    -------
    int, or ndarray (...,) of int64
        The first id at which the running sum of probabilities exceeds the drawn number.

    Raises
    ------
    TypeError, ValueError
        If an argument cannot be used.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> [sample([0.5, 0.0, 0.5], rng) for _ in range(6)]
    [2, 0, 0, 0, 2, 2]
    """
    p, rng = real_array("probabilities", probabilities, (..., "V")), generator("rng", rng)
    if not ((p >= 0).all() and np.allclose(p.sum(axis=-1), 1, atol=1e-4)):
        got = f"{p.min():.6g} and the sum {p.sum(axis=-1).flat[0]:.6g}"
        raise ValueError(f"probabilities must be at least 0 with sum 1, got {got}")
    running = p.astype(np.float64).cumsum(axis=-1)
    # Scaled to the sum that the rounding left, so that the last id is always reached.
    drawn = rng.random(p.shape[:-1])[..., None] * running[..., -1:]
    ids = (running <= drawn).sum(axis=-1)
    return int(ids) if p.ndim == 1 else ids


def _ids(name: str, ids: ArrayLike, n_tokens: int | None = None) -> np.ndarray:
    return class_ids(name, ids, n_tokens, shape=("T",), empty=True).astype(np.int64)
