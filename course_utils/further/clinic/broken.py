"""The ten programs of the clinic as they come in: each runs, and each has one fault.

Lesson 18 shows every one of them, and a test holds its cells and this module equal. The one in
Theano is in :mod:`course_utils.further.clinic.in_theano`.
"""

from __future__ import annotations

import numpy as np


def make_pairs(ids):
    """Return inputs and next-step targets: ids (N, T) -> x, y (N, T - 1) each."""
    n_samples, n_steps = ids.shape
    x = np.zeros((n_samples, n_steps - 1), dtype=int)
    y = np.zeros((n_samples, n_steps - 1), dtype=int)
    for t in range(1, n_steps):
        x[:, t - 1] = ids[:, t]
        y[:, t - 1] = ids[:, t]
    return x, y


def run_rnn(x, h0, W_xh, W_hh, b_h):
    """Return the states of a batch: x (N, T, D), h0 (N, U) -> h (N, T, U)."""
    n_samples, n_steps, _ = x.shape
    h = np.zeros((n_samples, n_steps, len(b_h)))
    h_prev = h0
    for t in range(n_steps):
        drive = x[:, t] @ W_xh + b_h
        h_t = np.tanh(drive + h_prev @ W_hh)
        h[:, t] = h_t
    return h


def backward(x, h0, h, W_hh, dh):
    """Return the gradients of the weights: dh (N, T, U) -> dW_xh (D, U), dW_hh (U, U), db_h (U,)."""
    n_steps, n_units = h.shape[1:]
    dW_xh = np.zeros((x.shape[2], n_units))
    dW_hh, db_h = np.zeros((n_units, n_units)), np.zeros(n_units)
    carried = np.zeros_like(h0)
    for t in reversed(range(n_steps)):
        h_prev = h[:, t - 1] if t > 0 else h0
        slope = 1 - h[:, max(t - 1, 0)] ** 2
        da = (dh[:, t] + carried) * slope
        dW_xh += x[:, t].T @ da
        dW_hh += h_prev.T @ da
        db_h += da.sum(axis=0)
        carried = da @ W_hh.T
    return dW_xh, dW_hh, db_h


def clip(dW_xh, dW_hh, db_h, max_norm):
    """Return the three gradients, shortened so that their common norm is at most max_norm."""
    clipped = []
    for gradient in (dW_xh, dW_hh, db_h):
        norm = np.sqrt((gradient**2).sum())
        factor = max_norm / norm if norm > max_norm else 1.0
        clipped.append(factor * gradient)
    return tuple(clipped)


def run_lstm(x, kernel, recurrent_kernel, bias):
    """Return h and c, (N, T, U) each, from zero; blocks i, f, g, o as Keras lays them."""
    n_samples, n_steps, _ = x.shape
    h_t = c_t = np.zeros((n_samples, len(recurrent_kernel)))
    h, c = [], []
    for t in range(n_steps):
        a = x[:, t] @ kernel + h_t @ recurrent_kernel + bias
        i, f, g, o = np.split(a, 4, axis=1)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        c_t = f * h_t + i * np.tanh(g)
        h_t = o * np.tanh(c_t)
        h.append(h_t)
        c.append(c_t)
    return np.stack(h, axis=1), np.stack(c, axis=1)


def perplexity_of(poems):
    """Return the perplexity of a test set: a list of arrays (T_k,), the nats of each token."""
    perplexities = []
    for nats in poems:
        cost = nats.sum() / len(nats)
        perplexities.append(np.exp(cost))
    return np.mean(perplexities)


def features(h):
    """Return what a bidirectional layer knows of the whole: h (N, T, 2U) -> (N, 2U)."""
    n_units = h.shape[2] // 2
    forwards = h[:, :, :n_units]
    backwards = h[:, :, n_units:]
    last = forwards[:, -1], backwards[:, -1]
    return np.concatenate(last, axis=1)


def scale(series, n_train):
    """Return the training and the test part of a series (n,), scaled for a network."""
    low = series.min()
    high = series.max()
    scaled = (series - low) / (high - low)
    return scaled[:n_train], scaled[n_train:]


def read(x, mask, W_xh, W_hh, b_h):
    """Return the state after the last word of each review, (N, U).

    x (N, T, D) word vectors, padded behind; mask (N, T), True where there is a word
    """
    n_samples, n_steps, _ = x.shape
    h_t = np.zeros((n_samples, len(b_h)))
    for t in range(n_steps):
        h_t = np.tanh(x[:, t] @ W_xh + h_t @ W_hh + b_h)
    return h_t
