"""What a sentiment model thinks after each word of a sentence that the learner types."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from ..text import words
from .base import Choice, Explorer, Text, format_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Scorer = Callable[[list[list[str]]], Sequence[float]]

MAX_WORDS = 30
OWN = "your own words"
SENTENCES = (
    "not bad at all",
    "a dull start, but what a great film",
    "what a great start, but a dull film",
    "I never thought I would say this, but I enjoyed it",
)
# The built-in models: how much a word weighs, and which words turn the next such word round.
WEIGHTS = {
    "amazing": 1.5,
    "best": 1.4,
    "brilliant": 1.5,
    "clever": 1.0,
    "enjoyed": 1.2,
    "fun": 1.0,
    "funny": 1.0,
    "good": 1.2,
    "great": 1.5,
    "like": 0.8,
    "liked": 1.0,
    "love": 1.3,
    "loved": 1.4,
    "lovely": 1.3,
    "awful": -1.6,
    "bad": -1.3,
    "boring": -1.4,
    "clumsy": -1.1,
    "dire": -1.5,
    "dull": -1.3,
    "hate": -1.4,
    "poor": -1.1,
    "slow": -0.8,
    "stupid": -1.2,
    "terrible": -1.6,
    "tedious": -1.3,
    "worst": -1.6,
}
NEGATORS = ("not", "never", "no", "isn't", "wasn't", "didn't", "don't", "hardly")
COUNTS, READS = "counts words", "reads in order"


class SentimentExplorer(Explorer):
    """Score after each word of a sentence, from models of the learner or from two built-in ones.

    The built-in ones have hand-set weights and are computed in the page. "counts words" adds up
    the weights of the words; "reads in order" keeps a state of two numbers: a negation turns the
    next weighty word round, and after "but" a third of the score so far is left.

    The numbers of :meth:`state`: ``words`` (at most 30), ``known`` (whether the model knows each
    word) and ``scores`` (probability that a review is positive, after each word).

    Parameters
    ----------
    scorers : dict from name to function, optional
        Models of your own. Each function gets a list of texts, which are lists of words in lower
        case, and returns a probability for each. It gets 30 texts every time, the beginnings of
        the sentence, so that a network is compiled for one shape only.
    known : container of str, optional
        The words that your models know, such as a :class:`course_utils.text.Vocabulary`.
    sentences : sequence of str, optional
        What to choose from, beside typing.
    **values
        Where the controls start, by name.

    Raises
    ------
    ValueError
        If ``scorers`` is empty, or a model returns something else than 30 probabilities.

    Examples
    --------
    >>> [round(p, 2) for p in SentimentExplorer(typed="not good").state()["scores"]]
    [0.43, 0.71]
    >>> own = {"always 0.9": lambda texts: [0.9] * len(texts)}
    >>> SentimentExplorer(own, typed="so so").state()["scores"]
    [0.9, 0.9]
    """

    script = "sentiment"
    title = "Score after each word"

    def __init__(
        self,
        scorers: Mapping[str, Scorer] | None = None,
        known: Container[str] | None = None,
        sentences: Sequence[str] = SENTENCES,
        **values: Any,
    ) -> None:
        if scorers is not None and not scorers:
            raise ValueError("scorers must name at least one model, got none")
        self._scorers, self._known = dict(scorers or {}), known
        self._answer: dict = {}
        names = tuple(self._scorers) or (COUNTS, READS)
        self.controls = (
            Choice("model", "model", names, names[0]),
            Choice("sentence", "sentence", (OWN, *sentences), OWN),
            Text(
                "typed",
                f"your own words, up to {MAX_WORDS}",
                "The plot is not bad.",
                200,
                ("sentence", OWN),
            ),
        )
        self.data = {"own": OWN, "max_words": MAX_WORDS, "start": names[0]}
        if not self._scorers:
            self.data |= {"weights": WEIGHTS, "negators": list(NEGATORS), "reads": READS}
        self.needs_kernel = bool(self._scorers)
        super().__init__(**values)
        if self.needs_kernel:
            self._tell_page()
            self.observe(self._tell_page, "values")

    def compute(self, values: dict) -> dict:
        """Return the words and the score after each of them."""
        read = words(values["typed"] if values["sentence"] == OWN else values["sentence"])
        read = read[:MAX_WORDS]
        if self._scorers:
            return self._asked(values["model"], read)
        known = [word in WEIGHTS or word in NEGATORS or word == "but" for word in read]
        scores = _reads(read) if values["model"] == READS else _counts(read)
        return {"words": read, "known": known, "scores": scores}

    def _asked(self, model: str, read: list[str]) -> dict:
        """The answer of a model of the learner; the last one is kept."""
        if (self._answer.get("model"), self._answer.get("words")) != (model, read):
            known = [self._known is None or word in self._known for word in read]
            scores = _scores(model, self._scorers[model], read)
            self._answer = {"model": model, "words": read, "known": known, "scores": scores}
        return {name: self._answer[name] for name in ("words", "known", "scores")}

    def _tell_page(self, change: traitlets.Bunch | None = None) -> None:
        """Let the page know what the model of the learner says."""
        self.compute(self.values)
        self.data = self.data | {"answer": self._answer}
        self.page = self.page | {"data": self.data}

    def sentence(self, values: dict, result: dict) -> str:
        """Say what the model thinks at the end, and which word moved it most."""
        read, scores = result["words"], result["scores"]
        if not read:
            return f"Type a sentence of up to {MAX_WORDS} words."
        steps = [score - before for before, score in zip([0.5, *scores], scores, strict=False)]
        most = 0
        for place, step in enumerate(steps):
            if abs(step) > abs(steps[most]) + 1e-9:
                most = place
        sign = "+" if steps[most] > 0 else ""
        n_unknown = result["known"].count(False)
        return (
            f"After {_count(len(read), 'word')} the model “{values['model']}” says "
            f"{format_number(scores[-1])} for positive, moved most by “{read[most]}” "
            f"({sign}{format_number(steps[most])}), and {n_unknown} of the words "
            f"{'tells' if n_unknown == 1 else 'tell'} it nothing."
        )

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw the score after each word as a bar that starts at 0.5."""
        from matplotlib import pyplot as plt

        from ..plotting import PALETTE

        figure, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
        read, scores = result["words"], result["scores"]
        colours = [PALETTE["blue" if score >= 0.5 else "vermillion"] for score in scores]
        ax.bar(range(len(read)), [score - 0.5 for score in scores], bottom=0.5, color=colours)
        ax.axhline(0.5, color="0.4", linewidth=1)
        ax.set_ylim(0, 1)
        ax.set_xlim(-0.7, max(len(read), 1) - 0.3)
        ax.set_xticks(
            range(len(read)), [_shortened(word) for word in read], rotation=55, ha="right"
        )
        for label, known in zip(ax.get_xticklabels(), result["known"], strict=True):
            label.set_color("0.1" if known else "0.55")
        ax.set_xlabel("words read so far (grey: tells the model nothing)")
        ax.set_ylabel("P(positive)")
        ax.set_title(f"model: {values['model']}", fontsize="medium")
        return figure


def _counts(read: list[str]) -> list[float]:
    total, scores = 0.0, []
    for word in read:
        total += -0.3 if word in NEGATORS else WEIGHTS.get(word, 0.0)
        scores.append(_sigmoid(total))
    return scores


def _reads(read: list[str]) -> list[float]:
    total, turn, scores = 0.0, 1.0, []
    for word in read:
        if word in NEGATORS:
            turn = -1.0
        elif word == "but":
            total /= 3
        elif word in WEIGHTS:
            total, turn = total + turn * WEIGHTS[word], 1.0
        # A negation that waits for its word already counts a little.
        scores.append(_sigmoid(total - (0.3 if turn < 0 else 0.0)))
    return scores


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def _scores(name: str, scorer: Scorer, read: list[str]) -> list[float]:
    """Score each beginning of a sentence; the model always gets equally many texts."""
    import numpy as np

    if not read:
        return []
    beginnings = [read[: t + 1] for t in range(len(read))]
    given = beginnings + [read] * (MAX_WORDS - len(read))
    scores = np.asarray(scorer(given), dtype=float)
    if scores.shape not in ((MAX_WORDS,), (MAX_WORDS, 1)):
        raise ValueError(
            f"the model {name!r} must return {MAX_WORDS} probabilities for {MAX_WORDS} texts, "
            f"got shape {scores.shape}"
        )
    if not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError(f"the model {name!r} must return probabilities, got {scores.ravel()[:3]}")
    return scores.ravel()[: len(read)].tolist()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _shortened(word: str) -> str:
    return word if len(word) <= 14 else f"{word[:13]}…"
