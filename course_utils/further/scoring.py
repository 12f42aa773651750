"""Scores of sequence tasks: error rates of texts, confusion of classes, what a mutation does.

Lesson 17 writes four of them by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

import numpy as np

from course_utils.arguments import class_ids, instance, real_array, strings, whole_number

SILENCE = "_"


def edit_distance(one: Sequence, other: Sequence) -> int:
    """Return how many insertions, deletions and replacements turn one sequence into the other.

    References
    ----------
    Levenshtein 1966, *Binary codes capable of correcting deletions, insertions, and reversals*;
    Wagner, Fischer 1974, *The string-to-string correction problem* (the algorithm).

    Examples
    --------
    >>> edit_distance("kitten", "sitting")
    3
    """
    instance("one", one, Sequence | np.ndarray, "a sequence")
    instance("other", other, Sequence | np.ndarray, "a sequence")
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


def collapse(frames: Sequence[str]) -> str:
    """Return the text that labels of frames stand for: runs become one letter, then silence goes.

    In this order, so that a silence between two equal letters keeps them apart.

    Examples
    --------
    >>> collapse("__aaa_aai__")
    'aai'
    """
    frames = list(frames) if isinstance(frames, str) else strings("frames", frames)
    starts = [label for i, label in enumerate(frames) if i == 0 or label != frames[i - 1]]
    return "".join(label for label in starts if label != SILENCE)


def majority(labels: np.ndarray, width: int = 5) -> np.ndarray:
    """Return labels (N, T) in which each is what most of the ``width`` around it are.

    Of equally frequent labels the smallest is taken; beyond the ends nothing is counted. An even
    width counts one label more before than after.

    Examples
    --------
    >>> majority(np.array([[0, 0, 2, 0, 1, 1, 1]]), width=3)
    array([[0, 0, 0, 0, 1, 1, 1]])
    """
    labels = class_ids("labels", labels, shape=("N", "T"))
    width = whole_number("width", width, 1)
    kinds, places = np.unique(labels, return_inverse=True)
    votes = np.eye(len(kinds), dtype=np.int64)[places.reshape(labels.shape)]
    before, behind = width // 2, width - 1 - width // 2
    votes = np.pad(votes, ((0, 0), (before, behind), (0, 0)))
    around = np.lib.stride_tricks.sliding_window_view(votes, width, axis=1)
    return kinds[around.sum(axis=-1).argmax(axis=-1)].astype(np.int64)


def error_rate(predicted: Sequence[str], texts: Sequence[str]) -> float:
    """Return the edits that turn what was recognised into what was said, per letter said.

    ``predicted`` holds a string of labels for each utterance, a letter a frame. The rate is 0 if
    all is right, and may be above 1.

    Examples
    --------
    >>> error_rate(["__aaa_eei_", "oo"], ["aei", "uu"])
    0.4
    """
    predicted, texts = strings("predicted", predicted), strings("texts", texts)
    if not any(texts):
        raise ValueError("texts must hold at least one letter, got none: the rate is per letter")
    if len(predicted) != len(texts):
        raise ValueError(f"predicted must hold {len(texts)} str like texts, got {len(predicted)}")
    edits = [
        edit_distance(collapse(frames), text) for frames, text in zip(predicted, texts, strict=True)
    ]
    return sum(edits) / sum(map(len, texts))


def confusion(y: np.ndarray, y_hat: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the confusion matrix (C, C) and the recall of each class (C,).

    Row i, column j counts the examples of class i that were taken for class j. The recall of a
    class without examples is 0.

    Examples
    --------
    >>> matrix, recall = confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    >>> matrix
    array([[1, 1],
           [0, 1]])
    >>> recall
    array([0.5, 1. ])
    """
    n_classes = whole_number("n_classes", n_classes, 1)
    y = class_ids("y", y, n_classes)
    y_hat = class_ids("y_hat", y_hat, n_classes, shape=y.shape)
    matrix = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(matrix, (y, y_hat), 1)
    return matrix, matrix.diagonal() / np.maximum(matrix.sum(axis=1), 1)


def mutation_effects(logits: Callable[[np.ndarray], np.ndarray], ids: np.ndarray) -> np.ndarray:
    """Return what each change of one base does to the evidence for class 1: (T, 4).

    ``logits(ids (N, T)) -> (N, 2)``; the evidence is the second logit less the first. At the
    base that stands there the effect is 0.

    References
    ----------
    Zhou, Troyanskaya 2015, *Predicting effects of noncoding variants with deep learning-based
    sequence model* (in silico saturated mutagenesis).

    Examples
    --------
    >>> def counts_t(ids):
    ...     return np.column_stack([np.zeros(len(ids)), (ids == 3).sum(axis=1)])
    >>> mutation_effects(counts_t, np.array([3, 0]))
    array([[-1., -1., -1.,  0.],
           [ 0.,  0.,  0.,  1.]])
    """
    ids = class_ids("ids", ids, 4, shape=("T",))
    instance("logits", logits, Callable, "a function")
    changed = np.tile(ids, (len(ids), 4, 1))
    changed[np.arange(len(ids)), :, np.arange(len(ids))] = np.arange(4)
    sequences = np.vstack([ids[None], changed.reshape(-1, len(ids))])
    scores = real_array("the result of logits", logits(sequences), (len(sequences), 2))
    evidence = scores[:, 1] - scores[:, 0]
    return (evidence[1:] - evidence[0]).reshape(len(ids), 4)


def whole_groups(groups: Sequence[Hashable], n_test: int) -> np.ndarray:
    """Return which rows are for testing (N,), True there, so that no group is in both parts.

    Groups go to the test part in the order in which they come up, until it has at least
    ``n_test`` rows.

    Examples
    --------
    >>> whole_groups(["de", "fr", "de", "it", "fr"], n_test=1)
    array([ True, False,  True, False, False])
    """
    n_test = whole_number("n_test", n_test, 0)
    if isinstance(groups, str):
        raise TypeError("groups must be a list with the group of each row, got one str")
    groups = list(instance("groups", groups, Iterable, "a list with the group of each row"))
    for group in groups:
        instance("groups", group, Hashable, "a list of what can be in a set")
    sizes: dict[Hashable, int] = {}
    for group in groups:
        sizes[group] = sizes.get(group, 0) + 1
    chosen, n_rows = set(), 0
    for group, size in sizes.items():
        if n_rows >= n_test:
            break
        chosen.add(group)
        n_rows += size
    return np.array([group in chosen for group in groups], dtype=bool)
