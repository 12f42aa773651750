"""Exercises of lesson 12, sentiment: pad and mask, a masked mean, what padding alone gives away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from course_utils.judging.exercise import Case, Exercise, Misconception
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
            [ids.get(word, unknown) for word in text if unknown is not None or word in ids]
            for text in texts
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
    [
        *(
            Misconception(
                "id 0 used for a word",
                lambda train, test, n_steps, unknown=unknown: _prepare(
                    train, test, n_steps, first=0, unknown=unknown
                ),
                "Your first word has the id 0, which is padding too: the mask hides that word "
                "wherever it stands. Ids 0 and 1 are taken; at which id does the first word begin?",
            )
            for unknown in (1, 0, None)
        ),
        Misconception(
            "id of the unknown word used for a word",
            lambda train, test, n_steps: _prepare(train, test, n_steps, first=1),
            "Your first word has the id 1, like every word that is unknown. The network cannot "
            "tell them apart.",
        ),
        Misconception(
            "vocabulary from the test set",
            lambda train, test, n_steps: _prepare(train, test, n_steps, known=[*train, *test]),
            "Words that only the test reviews have got ids of their own. When the network is used, "
            "new words come that nobody has seen: let `train` alone decide who is known.",
        ),
        Misconception(
            "vocabulary from the test set",
            lambda train, test, n_steps: (
                _prepare(train, train, n_steps)[0],
                *_prepare(test, test, n_steps)[1:],
            ),
            "Your test reviews have a numbering of their own, so that one id means one word in "
            "training and another in the test. There is one vocabulary, and `train` makes it.",
        ),
        Misconception(
            "unknown words become padding",
            lambda train, test, n_steps: _prepare(train, test, n_steps, unknown=PAD),
            "An unknown word got the id 0, so the mask hides it in the middle of a review. It is "
            "a word all the same, and has an id of its own.",
        ),
        Misconception(
            "unknown words left out",
            lambda train, test, n_steps: _prepare(train, test, n_steps, unknown=None),
            "You leave unknown words out, and the words around them move together. In “not X at "
            "all” it matters that something stands there: give it the id 1.",
        ),
        Misconception(
            "truncating the wrong end",
            lambda train, test, n_steps: _prepare(train, test, n_steps, keep=_keep_first),
            "Of a long review you keep the beginning. Reviews tend to end with their verdict, so "
            "the exercise keeps the last `n_steps` words.",
        ),
        Misconception(
            "padding in front",
            lambda train, test, n_steps: _prepare(train, test, n_steps, in_front=True),
            "Your zeros stand before the words, as Keras' `pad_sequences` does unless it is told "
            "otherwise. The exercise wants them behind.",
        ),
        Misconception(
            "padding in front and truncating the wrong end",
            lambda train, test, n_steps: _prepare(
                train, test, n_steps, in_front=True, keep=_keep_first
            ),
            "Two things at once: your zeros stand before the words, and of a long review you keep "
            "the beginning. Zeros belong behind, and the last words are kept.",
        ),
        Misconception(
            "mask the wrong way round",
            lambda train, test, n_steps: _prepare(train, test, n_steps, mask=lambda x: x == PAD),
            "Your mask is True on the padding. In Keras True means: a real step, use it.",
        ),
        Misconception(
            "mask hides the unknown word",
            lambda train, test, n_steps: _prepare(train, test, n_steps, mask=lambda x: x > UNKNOWN),
            "Your mask is False where a word is unknown. The network should read that something "
            "stands there; only padding is hidden.",
        ),
        Misconception(
            "mask of the training reviews",
            lambda train, test, n_steps: (
                *_prepare(train, test, n_steps)[:2],
                _prepare(train, train, n_steps)[2],
            ),
            "The third result is the mask of the training reviews. The exercise wants that of the "
            "test reviews.",
        ),
    ],
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
    [
        Misconception(
            "mask not applied in the denominator",
            lambda h, mask: (h * mask[:, :, None]).mean(axis=1),
            "You add up the real steps and divide by all T, padding included: a review of 5 words "
            "in 40 places gets an eighth of its mean. Divide by the number of real steps.",
        ),
        Misconception(
            "mask not applied",
            lambda h, mask: h.mean(axis=1),
            "You average over all T steps, padding included. The mask says which ones count.",
        ),
        Misconception(
            "mask not applied in the numerator",
            lambda h, mask: h.sum(axis=1) / np.maximum(mask.sum(axis=1, keepdims=True), 1),
            "You divide by the number of real steps, but you add up all of them: what the network "
            "made of the padding is in the sum.",
        ),
        Misconception(
            "one count for the whole batch",
            lambda h, mask: _over(h, mask, max(mask.sum(), 1)),
            "You divide by the real steps of the whole batch. Each sequence has a count of its own.",
        ),
        Misconception(
            "one count for the whole batch",
            lambda h, mask: _over(h, mask, max(mask.sum(axis=1).mean(), 1)),
            "You divide by the mean number of real steps. Each sequence has a count of its own.",
        ),
        Misconception(
            "division by zero",
            lambda h, mask: _over(h, mask, mask.sum(axis=1, keepdims=True)),
            "A sequence without a real step is divided by 0 and gives NaN, and one NaN in a batch "
            "makes the loss NaN. Its mean should be 0.",
        ),
        Misconception(
            "division by zero",
            lambda h, mask: np.stack([row[keep].mean(axis=0) for row, keep in zip(h, mask)]),  # noqa: B905
            "A sequence without a real step is averaged over nothing and gives NaN, and one NaN in "
            "a batch makes the loss NaN. Its mean should be 0.",
        ),
        Misconception(
            "one too many in the denominator",
            lambda h, mask: _over(h, mask, mask.sum(axis=1, keepdims=True) + 1),
            "Your denominator is one too large everywhere. It should differ from the count only "
            "where the count is 0.",
        ),
        Misconception(
            "mask the wrong way round",
            lambda h, mask: masked_mean(h, ~mask),
            "You average over the padding. In Keras True means: a real step, use it.",
        ),
        Misconception(
            "last step instead of the mean",
            lambda h, mask: h[:, -1],
            "You return the last step, which is padding wherever a sequence is shorter than T. "
            "The exercise wants the mean of the real steps.",
        ),
        Misconception(
            "last step instead of the mean",
            _last_real,
            "You return the last real step. The exercise wants the mean of all real ones.",
        ),
        Misconception(
            "sum instead of the mean",
            lambda h, mask: _over(h, mask, 1.0),
            "You return the sum: long reviews get large numbers. Divide by the number of real steps.",
        ),
        Misconception(
            "mean over the batch",
            lambda h, mask: (h * mask[:, :, None]).sum(axis=0) / np.maximum(mask.sum(), 1),
            "You add up over axis 0, which holds the sequences. Time is axis 1.",
        ),
    ],
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
    ]


def _majority_of_test(x_train, y_train, x_test, y_test) -> float:
    return max(float(np.mean(y_test)), 1 - float(np.mean(y_test)))


CHEAT = Exercise(
    "12.3",
    "Find the padding cheat",
    padding_accuracy,
    _accuracy_cases,
    [
        Misconception(
            "measured on the training reviews",
            lambda x_train, y_train, x_test, y_test: _accuracy(x_train, y_train, x_train, y_train),
            "You vote with the training reviews and measure on the same ones, so each review helps "
            "to guess itself. Even honest data then looks like a cheat: measure on the test reviews.",
        ),
        Misconception(
            "learned from the test reviews",
            lambda x_train, y_train, x_test, y_test: _accuracy(x_test, y_test, x_test, y_test),
            "The test reviews vote on themselves. The votes are for the training reviews only.",
        ),
        Misconception(
            "looks at the words",
            lambda *args: _accuracy(*args, see=lambda row: tuple(row.tolist())),
            "Two reviews count as alike only if they have the same words. The rule must not see "
            "words: compare where the zeros stand.",
        ),
        Misconception(
            "counts the padding only",
            lambda *args: _accuracy(*args, see=lambda row: (int((row == PAD).sum()),)),
            "Your rule sees how many zeros there are, not where. Three zeros in front and three "
            "behind look alike to it, and that is one of the ways to cheat.",
        ),
        Misconception(
            "looks at the last step only",
            lambda *args: _accuracy(*args, see=lambda row: (bool(row[-1] == PAD),)),
            "Your rule sees only whether the last step is padding. It should see all places.",
        ),
        Misconception(
            "reviews like no other left out",
            lambda *args: _accuracy(*args, unseen=None),
            "You leave out test reviews whose padding no training review has, so the accuracy is "
            "over fewer reviews than there are. They count as 1.",
        ),
        Misconception(
            "reviews like no other counted as wrong",
            lambda *args: _accuracy(*args, unseen=-1),
            "Test reviews whose padding no training review has always count as wrong. The rule "
            "says 1 for them, which is right half of the time.",
        ),
        Misconception(
            "reviews like no other counted as 0",
            lambda *args: _accuracy(*args, unseen=0),
            "For test reviews whose padding no training review has your rule says 0. It should "
            "say 1.",
        ),
        Misconception(
            "a tie counted as 0",
            lambda *args: _accuracy(*args, tie=0),
            "Where half of the votes are 1 your rule says 0. “At least half” includes the half.",
        ),
        Misconception(
            "the vote the wrong way round",
            lambda *args: 1 - padding_accuracy(*args),
            "Your number is 1 minus the accuracy: is it the share of mistakes, or does the rule "
            "say 0 where most are 1?",
        ),
        Misconception(
            "always the most frequent label",
            _majority_of_test,
            "Your rule gives every review the same answer and does not look at the padding.",
        ),
        Misconception(
            "a count instead of a share",
            lambda *args: padding_accuracy(*args) * len(args[2]),
            "You return how many test reviews are right. The accuracy is their share.",
        ),
    ],
    ("accuracy",),
)


EXERCISES = [PREPARE, MEAN, CHEAT]
