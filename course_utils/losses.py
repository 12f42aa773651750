"""Losses, each returned with its gradient: ``loss, d_input = loss_function(input, target)``.

A loss is the mean over all positions (samples, and steps where there are any); its gradient is
divided by the same number, so that a larger batch does not mean a larger step.
"""

from __future__ import annotations

import numpy as np

from course_utils.arguments import class_ids, quietly, real_array, whole_number


@quietly
def softmax(logits: np.ndarray, axis: int = -1) -> np.ndarray:
    """Probabilities proportional to ``exp(logits)``, summing to one along ``axis``.

    Parameters
    ----------
    logits : ndarray (..., V), float
        Scores of any size: the largest is subtracted first, so that nothing overflows.
    axis
        The axis of the V classes.

    Returns
    -------
    ndarray of the same shape and dtype

    Examples
    --------
    >>> softmax(np.array([0.0, np.log(3.0)])).round(2)
    array([0.25, 0.75])
    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    logits = real_array("logits", logits, (..., "V"))
    axis = whole_number("axis", axis, -logits.ndim, logits.ndim - 1)
    exponentials = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


@quietly
def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    r"""Mean of :math:`-\ln p_{label}` with :math:`p = \mathrm{softmax}(logits)`, in nats.

    Parameters
    ----------
    logits : ndarray (..., V), float
        Scores of V classes at each position, e.g. ``(N, V)`` or ``(N, T, V)``.
    labels : ndarray (...), int
        The right class at each position, 0 to V - 1.

    Returns
    -------
    loss : float
        About ln V at the start of a training, when all scores are near zero.
    d_logits : ndarray (..., V)
        Gradient of the loss: (softmax - one-hot of the label) / number of positions.

    Examples
    --------
    >>> loss, d_logits = cross_entropy(np.zeros((2, 4)), np.array([0, 3]))
    >>> bool(np.isclose(loss, np.log(4)))
    True
    >>> d_logits[1]
    array([ 0.125,  0.125,  0.125, -0.375])
    """
    logits = real_array("logits", logits, (..., "V"))
    labels = class_ids("labels", labels, logits.shape[-1], shape=logits.shape[:-1])
    # ln softmax without forming softmax first: a probability of 1e-400 has a logarithm too.
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    log_p = shifted - log_sums
    at_label = np.expand_dims(labels, -1)
    d_logits = np.exp(log_p)
    np.put_along_axis(
        d_logits, at_label, np.take_along_axis(d_logits, at_label, axis=-1) - 1, axis=-1
    )
    loss = -np.take_along_axis(log_p, at_label, axis=-1).mean()
    return float(loss), d_logits / labels.size


@quietly
def binary_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    r"""Mean cross-entropy in nats of yes-or-no answers with :math:`p = 1 / (1 + e^{-logit})`.

    Parameters
    ----------
    logits : ndarray (any shape), float
        Score of "yes" at each position.
    targets : ndarray (the same shape)
        1 for yes, 0 for no (or a probability between).

    Returns
    -------
    loss : float
        ln 2 when all scores are zero.
    d_logits : ndarray (the same shape)
        Gradient of the loss: (p - target) / number of positions.

    Examples
    --------
    >>> loss, d_logits = binary_cross_entropy(np.zeros((2, 1)), np.array([[0.0], [1.0]]))
    >>> round(loss, 4), d_logits.ravel()
    (0.6931, array([ 0.25, -0.25]))
    """
    logits = real_array("logits", logits)
    targets = real_array("targets", targets, shape=logits.shape).astype(logits.dtype, copy=False)
    if np.any((targets < 0) | (targets > 1)):
        wrong = targets[(targets < 0) | (targets > 1)][0]
        raise ValueError(f"targets must be numbers from 0 to 1, got {wrong:g}")
    # ln(1 + e^z) - y z, by logaddexp: exact for scores of any size.
    loss = np.mean(np.logaddexp(0, logits) - targets * logits)
    p = 0.5 * (1 + np.tanh(0.5 * logits))
    return float(loss), (p - targets) / logits.dtype.type(logits.size)


@quietly
def mean_squared_error(y_hat: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean of ``(y_hat - y) ** 2`` over all elements.

    Parameters
    ----------
    y_hat : ndarray (any shape), float
        What the network answers.
    y : ndarray (the same shape)
        What it should answer. ``(N, 1)`` and ``(N,)`` are different shapes: their difference
        would silently have the shape ``(N, N)``.

    Returns
    -------
    loss : float
    d_y_hat : ndarray (the same shape)
        Gradient of the loss: ``2 * (y_hat - y) / y.size``.

    Examples
    --------
    >>> mean_squared_error(np.array([1.0, 5.0]), np.array([1.0, 2.0]))
    (4.5, array([0., 3.]))
    """
    y_hat = real_array("y_hat", y_hat)
    difference = y_hat - real_array("y", y, shape=y_hat.shape).astype(y_hat.dtype, copy=False)
    return float(np.mean(difference**2)), difference * y_hat.dtype.type(2 / y_hat.size)
