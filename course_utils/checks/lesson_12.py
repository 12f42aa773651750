"""Exercises of lesson 12, sentiment: pad and mask, a masked mean, what padding alone gives away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from course_utils.judging.exercise import Case, Exercise
from course_utils.padding import PAD, masked_mean, padding_accuracy

Texts = Sequence[Sequence[str]]
Prepared = tuple[np.ndarray, np.ndarray, np.ndarray]

UNKNOWN, FIRST_WORD = 1, 2


# Exercise 12.1: pad and mask


def prepare(train: Texts, test: Texts, n_steps: int) -> Prepared:
    """Return x_train (N, T), x_test (M, T) and the mask of x_test (M, T).

    0 is padding, 1 an unknown word; the words of ``train`` have ids from 2, in the order in which
    they come up. Of a long review the last T words are kept, behind a short one stand zeros.
    """
    return _prepare(train, test, n_steps)


def _ids(texts: Texts, first: int = FIRST_WORD) -> dict[str, int]:
    ids: dict[str, int] = {}
    for text in texts:
        for word in text:
            ids.setdefault(word, len(ids) + first)
    return ids


def _keep_last(ids: list[int], n_steps: int) -> list[int]:
    return ids[-n_steps:]


def _keep_first(ids: list[int], n_steps: int) -> list[int]:
    return ids[:n_steps]


def _pad(
    rows: Iterable[list[int]],
    n_steps: int,
    keep: Callable[[list[int], int], list[int]] = _keep_last,
    in_front: bool = False,
    fill: int = PAD,
) -> np.ndarray:
    rows = list(rows)
    x = np.full((len(rows), n_steps), fill)
    for i, row in enumerate(rows):
        kept = keep(row, n_steps)
        x[i, slice(n_steps - len(kept), n_steps) if in_front else slice(len(kept))] = kept
    return x


def _prepare(
    train: Texts,
    test: Texts,
    n_steps: int,
    *,
    known: Texts | None = None,
    first: int = FIRST_WORD,
    unknown: int | None = UNKNOWN,
    mask: Callable[[np.ndarray], np.ndarray] = lambda x: x != PAD,
    **padding,
) -> Prepared:
    """Do as :func:`prepare` does, or make one of the mistakes; ``unknown=None`` skips words."""
    ids = _ids(train if known is None else known, first)

    def rows(texts: Texts) -> list[list[int]]:
        return [
            [id_ for word in text if (id_ := ids.get(word, unknown)) is not None] for text in texts
        ]

    x_train, x_test = (_pad(rows(texts), n_steps, **padding) for texts in (train, test))
    return x_train, x_test, mask(x_test)


def _texts(*lines: str) -> list[list[str]]:
    return [line.split() for line in lines]


def _prepare_cases() -> list[Case]:
    return [
        Case(
            "three reviews to train on, two to test, T = 4",
            (
                _texts("not bad at all", "bad", "a film"),
                _texts("at last a good film", "bad"),
                4,
            ),
        ),
        Case(
            "reviews longer than T = 3",
            (
                _texts("slow start but what an end", "the best part is the end"),
                _texts("slow but the end is the best", "an end", "but why"),
                3,
            ),
        ),
        Case(
            "an empty review, and one without any known word",
            (_texts("good good", "", "no good"), _texts("", "dire dreadful", "good"), 2),
        ),
        Case("T = 1", (_texts("so good", "so so"), _texts("good so", "so dull"), 1)),
    ]


PREPARE = Exercise(
    "12.1",
    "Pad and mask",
    prepare,
    _prepare_cases,
    {
        "id 0 used for a word": [
            lambda train, test, n_steps, unknown=unknown: _prepare(
                train, test, n_steps, first=0, unknown=unknown
            )
            for unknown in (1, 0, None)
        ],
        "id of the unknown word used for a word": lambda train, test, n_steps: _prepare(
            train, test, n_steps, first=1
        ),
        "vocabulary from the test set": [
            lambda train, test, n_steps: _prepare(train, test, n_steps, known=[*train, *test]),
            lambda train, test, n_steps: (
                _prepare(train, train, n_steps)[0],
                *_prepare(test, test, n_steps)[1:],
            ),
        ],
        "unknown words become padding": lambda train, test, n_steps: _prepare(
            train, test, n_steps, unknown=PAD
        ),
        "unknown words left out": lambda train, test, n_steps: _prepare(
            train, test, n_steps, unknown=None
        ),
        "truncating the wrong end": lambda train, test, n_steps: _prepare(
            train, test, n_steps, keep=_keep_first
        ),
        "padding in front": lambda train, test, n_steps: _prepare(
            train, test, n_steps, in_front=True
        ),
        "padding in front and truncating the wrong end": lambda train, test, n_steps: _prepare(
            train, test, n_steps, in_front=True, keep=_keep_first
        ),
        "mask the wrong way round": lambda train, test, n_steps: _prepare(
            train, test, n_steps, mask=lambda x: x == PAD
        ),
        "mask hides the unknown word": lambda train, test, n_steps: _prepare(
            train, test, n_steps, mask=lambda x: x > UNKNOWN
        ),
        "mask of the training reviews": lambda train, test, n_steps: (
            *_prepare(train, test, n_steps)[:2],
            _prepare(train, train, n_steps)[2],
        ),
    },
    ("x_train (N, T)", "x_test (M, T)", "mask_test (M, T)"),
)


# Exercise 12.2: a masked mean


def _over(h: np.ndarray, mask: np.ndarray, count: np.ndarray | float) -> np.ndarray:
    return (h * mask[:, :, None]).sum(axis=1) / count


def _last_real(h: np.ndarray, mask: np.ndarray) -> np.ndarray:
    last = mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)
    return h[np.arange(len(h)), last]


def _mean_cases() -> list[Case]:
    rng = np.random.default_rng(1202)

    def case(label: str, n_units: int, *masks: str) -> Case:
        mask = np.array([[step == "x" for step in row] for row in masks])
        return Case(label, (rng.normal(size=(*mask.shape, n_units)) + 0.5, mask))

    return [
        case("three sequences of 5 steps, 4 units", 4, "xxx..", "xxxxx", "x...."),
        case("as many units as sequences", 2, "xx..", "xxx."),
        case("padding in front, and a gap", 3, "..xxx", "x.x.."),
        case("a sequence without a real step", 2, "...", "xx."),
        case("one sequence of one step", 1, "x"),
    ]


MEAN = Exercise(
    "12.2",
    "Masked mean",
    masked_mean,
    _mean_cases,
    {
        "mask not applied in the denominator": lambda h, mask: (h * mask[:, :, None]).mean(axis=1),
        "mask not applied": lambda h, mask: h.mean(axis=1),
        "mask not applied in the numerator": lambda h, mask: (
            h.sum(axis=1) / np.maximum(mask.sum(axis=1, keepdims=True), 1)
        ),
        "one count for the whole batch": [
            lambda h, mask: _over(h, mask, max(mask.sum(), 1)),
            lambda h, mask: _over(h, mask, max(mask.sum(axis=1).mean(), 1)),
        ],
        "division by zero": [
            lambda h, mask: _over(h, mask, mask.sum(axis=1, keepdims=True)),
            lambda h, mask: np.stack(
                [row[keep].mean(axis=0) for row, keep in zip(h, mask, strict=True)]
            ),
        ],
        "one too many in the denominator": lambda h, mask: _over(
            h, mask, mask.sum(axis=1, keepdims=True) + 1
        ),
        "mask the wrong way round": lambda h, mask: masked_mean(h, ~mask),
        "last step instead of the mean": [lambda h, mask: h[:, -1], _last_real],
        "sum instead of the mean": lambda h, mask: _over(h, mask, 1.0),
        "mean over the batch": lambda h, mask: (
            (h * mask[:, :, None]).sum(axis=0) / np.maximum(mask.sum(), 1)
        ),
    },
    ("mean (N, U)",),
)


# Exercise 12.3: what padding alone gives away

Votes = dict[tuple, list[int]]


def _places(row: np.ndarray) -> tuple:
    return tuple(row == PAD)


def _accuracy(
    x_train: np.ndarray,
    y_train: np.ndarray,
    x_test: np.ndarray,
    y_test: np.ndarray,
    *,
    see: Callable[[np.ndarray], tuple] = _places,
    unseen: int | None = 1,
    tie: int = 1,
) -> float:
    votes: Votes = {}
    for row, label in zip(x_train, y_train, strict=True):
        votes.setdefault(see(row), []).append(int(label))
    said = [_vote(votes.get(see(row)), unseen, tie) for row in x_test]
    hits = [guess == label for guess, label in zip(said, y_test, strict=True) if guess is not None]
    return float(np.mean(hits)) if hits else 0.0


def _vote(labels: list[int] | None, unseen: int | None, tie: int) -> int | None:
    if labels is None:
        return unseen
    share = sum(labels) / len(labels)
    return tie if share == 0.5 else int(share > 0.5)


def _reviews(rng: np.random.Generator, n: int, places: Callable[[int], slice]) -> tuple:
    y = rng.integers(0, 2, size=n)
    x = np.zeros((n, 6), dtype=int)
    for row, label in zip(x, y, strict=True):
        where = places(int(label))
        row[where] = rng.integers(1, 4, size=len(row[where]))
    return x, y


def _accuracy_cases() -> list[Case]:
    rng = np.random.default_rng(1203)

    def noisy(label: int) -> int:
        return int(rng.random() < 0.8) if label else int(rng.random() < 0.3)

    def at_random(label: int) -> slice:
        return slice(int(rng.integers(1, 7)))

    def by_length(label: int) -> slice:
        return slice(int(rng.integers(1, 4)) + 2 * noisy(label))

    def by_side(label: int) -> slice:
        length = int(rng.integers(2, 5))
        return slice(length) if noisy(label) else slice(6 - length, 6)

    cases = [
        Case(label, (*_reviews(rng, n_train, places), *_reviews(rng, n_test, places)))
        for label, n_train, n_test, places in (
            ("30 reviews padded behind, at random", 30, 20, at_random),
            ("positive reviews tend to be longer", 24, 40, by_length),
            ("positive reviews tend to be padded behind, negative ones in front", 40, 30, by_side),
        )
    ]
    x = np.array([[1, 2, 0], [2, 1, 0], [2, 0, 0], [3, 3, 3]])
    new = np.array([[2, 2, 0], [1, 0, 0], [1, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 0], [0, 1, 0]])
    return [
        *cases,
        Case(
            "four reviews with a tie, and places never seen",
            (x, np.array([1, 0, 0, 1]), new, np.array([1, 0, 0, 1, 1, 1, 0])),
        ),
        Case(
            "full reviews and reviews padded in front",
            (
                np.array([[4, 2, 3], [3, 3, 4], [0, 2, 5], [0, 0, 4], [0, 3, 2]]),
                np.array([1, 1, 0, 0, 0]),
                np.array([[5, 5, 2], [0, 4, 4], [0, 0, 3]]),
                np.array([1, 0, 0]),
            ),
        ),
    ]


def _majority_of_test(x_train, y_train, x_test, y_test) -> float:
    return max(float(np.mean(y_test)), 1 - float(np.mean(y_test)))


CHEAT = Exercise(
    "12.3",
    "Find the padding cheat",
    padding_accuracy,
    _accuracy_cases,
    {
        "measured on the training reviews": lambda x_train, y_train, x_test, y_test: _accuracy(
            x_train, y_train, x_train, y_train
        ),
        "learned from the test reviews": lambda x_train, y_train, x_test, y_test: _accuracy(
            x_test, y_test, x_test, y_test
        ),
        "looks at the words": lambda *args: _accuracy(*args, see=lambda row: tuple(row.tolist())),
        "counts the padding only": lambda *args: _accuracy(
            *args, see=lambda row: (int((row == PAD).sum()),)
        ),
        "looks at the last step only": lambda *args: _accuracy(
            *args, see=lambda row: (bool(row[-1] == PAD),)
        ),
        "reviews like no other left out": lambda *args: _accuracy(*args, unseen=None),
        "reviews like no other counted as wrong": lambda *args: _accuracy(*args, unseen=-1),
        "reviews like no other counted as 0": lambda *args: _accuracy(*args, unseen=0),
        "a tie counted as 0": lambda *args: _accuracy(*args, tie=0),
        "the vote the wrong way round": lambda *args: 1 - padding_accuracy(*args),
        "always the most frequent label": _majority_of_test,
        "a count instead of a share": lambda *args: padding_accuracy(*args) * len(args[2]),
    },
    ("accuracy",),
)


EXERCISES = [PREPARE, MEAN, CHEAT]
