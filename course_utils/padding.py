"""What to make of sequences that were filled up with zeros: lesson 12.

A mask is an array (N, T) of bool, True at real steps, as in Keras. Ids are whole numbers (N, T) in
which 0 is padding.
"""

from __future__ import annotations

import numpy as np

from course_utils.arguments import class_ids, mask_array, real_array

PAD, START, END = 0, 1, 2  # ids; START and END where a network writes an answer
NO_ID = -1  # padding among ids that all mean something, as in further.small_networks


def masked_mean(h: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the mean over the real steps of each sequence, 0 where there is none.

    The same numbers as ``keras.layers.GlobalAveragePooling1D`` where there is a real step.

    Parameters
    ----------
    h
        (N, T, U).
    mask
        (N, T) of bool.

    Returns
    -------
    ndarray (N, U)

    Raises
    ------
    TypeError
        If the mask does not hold True and False.
    ValueError
        If the mask has another shape than the first two axes of ``h``.

    Examples
    --------
    >>> h = np.array([[[1.0], [3.0], [100.0]]])
    >>> masked_mean(h, np.array([[True, True, False]]))
    array([[2.]])
    """
    h = real_array("h", h, ("N", "T", "U"))
    mask = mask_array("mask", mask, h.shape[:2])
    count = mask.sum(axis=1, keepdims=True)
    real = np.where(mask[:, :, None], h, 0)  # 0 times NaN would be NaN
    return real.sum(axis=1) / np.maximum(count, 1).astype(h.dtype)


def padding_accuracy(
    x_train: np.ndarray, y_train: np.ndarray, x_test: np.ndarray, y_test: np.ndarray
) -> float:
    """Return the test accuracy of a rule that sees where the zeros stand, and no id.

    Training sequences whose zeros stand at the same places vote, and at least half of the votes
    make a 1. A test sequence that is like none of them counts as 1. Where this is above guessing,
    the padding gives the label away.

    Parameters
    ----------
    x_train, x_test
        Ids (N, T) and (M, T).
    y_train, y_test
        Labels (N,) and (M,), 0 or 1.

    Examples
    --------
    >>> x, y = np.array([[5, 7, 0], [4, 0, 0], [6, 9, 0]]), np.array([1, 0, 1])
    >>> padding_accuracy(x, y, np.array([[8, 8, 0], [3, 0, 0]]), np.array([1, 0]))
    1.0
    """
    x_train = class_ids("x_train", x_train, shape=("N", "T"))
    y_train = class_ids("y_train", y_train, 2, shape=x_train.shape[:1])
    x_test = class_ids("x_test", x_test, shape=("M", x_train.shape[1]))
    y_test = class_ids("y_test", y_test, 2, shape=x_test.shape[:1])
    votes: dict[tuple, list[int]] = {}
    for row, label in zip(x_train, y_train, strict=True):
        votes.setdefault(tuple(row == PAD), []).append(label)
    said = [np.mean(votes.get(tuple(row == PAD), [1])) >= 0.5 for row in x_test]
    return float(np.mean(np.array(said) == y_test))
