"""Weights that no training has made: drawn at the start, or set by hand."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike

from course_utils.arguments import float_type, generator, number, whole_number


def orthogonal(
    n: int, rng: np.random.Generator, dtype: DTypeLike = np.float64, n_columns: int | None = None
) -> np.ndarray:
    """Random matrix that keeps lengths: all its singular values are 1.

    Keras's default start of a recurrent kernel. No orthogonal matrix is likelier than another.

    Parameters
    ----------
    n
        Number of rows, at least 1.
    rng
        Where the random numbers come from.
    dtype
        ``np.float32`` or ``np.float64``.
    n_columns
        As many as rows unless given. With more of them, the rows are orthonormal; with fewer, the
        columns.

    Returns
    -------
    ndarray (n, n_columns)

    References
    ----------
    Saxe, McClelland, Ganguli 2014, *Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks*, arXiv 1312.6120.

    Examples
    --------
    >>> W_hh = orthogonal(3, np.random.default_rng(0))
    >>> bool(np.allclose(W_hh @ W_hh.T, np.eye(3)))
    True
    """
    n = whole_number("n", n, 1)
    n_columns = n if n_columns is None else whole_number("n_columns", n_columns, 1)
    rng, dtype = generator("rng", rng), float_type("dtype", dtype)
    q, r = np.linalg.qr(rng.normal(size=(max(n, n_columns), min(n, n_columns))))
    q *= np.sign(np.diag(r))  # QR alone prefers some directions
    return np.ascontiguousarray(q if n >= n_columns else q.T, dtype=dtype)


def identity(n: int, scale: float = 1.0, dtype: DTypeLike = np.float64) -> np.ndarray:
    """``scale`` times the identity: each unit starts by keeping its own state, or a share of it.

    Parameters
    ----------
    n
        Number of rows and columns, at least 1.
    scale
        What stands on the diagonal, above 0.
    dtype
        ``np.float32`` or ``np.float64``.

    Returns
    -------
    ndarray (n, n)

    References
    ----------
    Le, Jaitly, Hinton 2015, *A simple way to initialize recurrent networks of rectified linear
    units*, arXiv 1504.00941.

    Examples
    --------
    >>> identity(2, scale=0.5)
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    scale = number("scale", scale, 0)
    return scale * np.eye(whole_number("n", n, 1), dtype=float_type("dtype", dtype))


def glorot(rng: np.random.Generator, n_rows: int, n_columns: int, dtype: DTypeLike) -> np.ndarray:
    """Draw a matrix (n_rows, n_columns), Glorot uniform (Glorot, Bengio 2010, equation 16)."""
    n_rows, n_columns = whole_number("n_rows", n_rows, 1), whole_number("n_columns", n_columns, 1)
    limit = np.sqrt(6 / (n_rows + n_columns))
    matrix = generator("rng", rng).uniform(-limit, limit, (n_rows, n_columns))
    return matrix.astype(float_type("dtype", dtype))


def glorot_start(
    n_features: int, n_units: int, n_blocks: int, seed: int, dtype: DTypeLike
) -> tuple[np.random.Generator, np.ndarray]:
    """Return a generator and the kernel (D, n_blocks U) drawn from it, Glorot uniform."""
    n_features = whole_number("n_features", n_features, 1)
    n_units = whole_number("n_units", n_units, 1)
    n_blocks = whole_number("n_blocks", n_blocks, 1)
    rng = np.random.default_rng(whole_number("seed", seed, 0))
    return rng, glorot(rng, n_features, n_blocks * n_units, dtype)


def parity_weights(
    gain: float = 10.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Set weights by hand, with which two tanh units compute the running parity.

    Parameters
    ----------
    gain : float
        Factor on all weights into the units; the larger, the closer they come to -1 and 1.

    Returns
    -------
    W_xh (1, 2), W_hh (2, 2), b_h (2,), W_hy (2, 1), b_y (1,)
        Unit 0 says "one or both", unit 1 says "both" of the new bit and the old parity (lesson 01).
    """
    gain = number("gain", gain, -math.inf)
    W_xh = gain * np.array([[1.0, 1.0]])
    W_hh = gain * np.array([[0.5, 0.5], [-0.5, -0.5]])
    b_h = gain * np.array([-0.5, -1.5])
    return W_xh, W_hh, b_h, np.array([[1.0], [-1.0]]), np.array([-1.0])
