"""The programs of :mod:`course_utils.further.clinic.broken`, mended: what each was meant to do."""

from __future__ import annotations

import numpy as np

from course_utils import cells, gradients


def make_pairs(ids):
    """Return inputs and next-step targets: ids (N, T) -> x, y (N, T - 1) each."""
    return ids[:, :-1].copy(), ids[:, 1:].copy()


def run_rnn(x, h0, W_xh, W_hh, b_h):
    """Return the states of a batch: x (N, T, D), h0 (N, U) -> h (N, T, U)."""
    return cells.SimpleRNN(W_xh, W_hh, b_h).forward(x, h0).h


def backward(x, h0, h, W_hh, dh):
    """Return the gradients of the weights: dh (N, T, U) -> dW_xh (D, U), dW_hh (U, U), db_h (U,)."""
    n_steps = h.shape[1]
    h_prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    da, carried = np.zeros_like(h), np.zeros_like(h0)
    for t in reversed(range(n_steps)):
        da[:, t] = (dh[:, t] + carried) * (1 - h[:, t] ** 2)
        carried = da[:, t] @ W_hh.T
    return np.einsum("ntd,ntu->du", x, da), np.einsum("ntv,ntu->vu", h_prev, da), da.sum((0, 1))


def clip(dW_xh, dW_hh, db_h, max_norm):
    """Return the three gradients, shortened so that their common norm is at most max_norm."""
    clipped, _ = gradients.clip_by_global_norm(
        {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h}, max_norm
    )
    return tuple(clipped.values())


def run_lstm(x, kernel, recurrent_kernel, bias):
    """Return h and c, (N, T, U) each, from zero; blocks i, f, g, o as Keras lays them."""
    trace = cells.LSTM(kernel, recurrent_kernel, bias).forward(x)
    return trace.h, trace.c


def perplexity_of(poems):
    """Return the perplexity of a test set: a list of arrays (T_k,), the nats of each token."""
    return np.exp(np.concatenate(poems).mean())


def features(h):
    """Return what a bidirectional layer knows of the whole: h (N, T, 2U) -> (N, 2U)."""
    n_units = h.shape[2] // 2
    return np.concatenate([h[:, -1, :n_units], h[:, 0, n_units:]], axis=1)


def scale(series, n_train):
    """Return the training and the test part of a series (n,), scaled for a network."""
    low, high = series[:n_train].min(), series[:n_train].max()
    scaled = (series - low) / (high - low)
    return scaled[:n_train], scaled[n_train:]


def read(x, mask, W_xh, W_hh, b_h):
    """Return the state after the last word of each review, (N, U)."""
    return cells.SimpleRNN(W_xh, W_hh, b_h).forward(x, mask=mask).h[:, -1]
