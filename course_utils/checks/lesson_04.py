"""Exercises of lesson 04: gradient against lag, clipping, orthogonal starts, which setting learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.judging.exercise import Case, Exercise
from course_utils.judging.outcomes import Unusable

Array = np.ndarray
Grads = dict[str, Array]


# Exercise 4.1: lag profile


def lag_profile(W_hh: Array, h: Array, d_last: Array) -> Array:
    """Return the norm of the gradient at each lag: h (T, U), d_last (U,) -> norms (T,)."""
    return _norms(_one_step, W_hh, h, d_last)


def _one_step(d: Array, W_hh: Array, h: Array, t: int) -> Array:
    return (d * (1 - h[t] ** 2)) @ W_hh.T


def _norms(step: Callable, W_hh: Array, h: Array, d_last: Array) -> Array:
    """Norms with another way to go one step back: ``step(d, W_hh, h, t) -> d at t - 1``."""
    d, norms = d_last, [np.linalg.norm(d_last)]
    for t in range(len(h) - 1, 0, -1):
        d = step(d, W_hh, h, t)
        norms.append(np.linalg.norm(d))
    return np.array(norms)


def _profile_cases() -> list[Case]:
    rng = np.random.default_rng(401)
    cases = []
    for label, (t, u) in {
        "6 steps, 4 units": (6, 4),
        "12 steps, 3 units": (12, 3),
        "as many steps as units": (5, 5),
        "one unit, 4 steps": (4, 1),
        "one step only": (1, 3),
    }.items():
        W_hh = rng.normal(0, 1 / np.sqrt(u), size=(u, u))
        cases.append(Case(label, (W_hh, _states(rng, W_hh, t), rng.normal(size=u))))
    chain = 0.9 * (np.eye(4) + np.eye(4, k=1))
    cases.append(Case("a non-normal W_hh", (chain, _states(rng, chain, 8), rng.normal(size=4))))
    return cases


def _states(rng: np.random.Generator, W_hh: Array, n_steps: int) -> Array:
    h = [np.zeros(len(W_hh))]
    for _ in range(n_steps):
        h.append(np.tanh(rng.normal(0, 0.7, size=len(W_hh)) + h[-1] @ W_hh))
    return np.array(h[1:])


def _powers(base: Callable) -> Callable:
    """A profile that follows from the matrix alone: a number to the power of the lag."""
    return lambda W_hh, h, d_last: base(W_hh) ** np.arange(len(h)) * np.linalg.norm(d_last)


def _each_from_the_end(W_hh: Array, h: Array, d_last: Array) -> Array:
    return _norms(lambda d, W_hh, h, t: _one_step(d_last, W_hh, h, t), W_hh, h, d_last)


def _largest_eigenvalue(W_hh: Array) -> float:
    return np.abs(np.linalg.eigvals(W_hh)).max()


PROFILE = Exercise(
    "4.1",
    "Lag profile",
    lag_profile,
    _profile_cases,
    {
        "transposed W_hh": lambda *args: _norms(
            lambda d, W, h, t: (d * (1 - h[t] ** 2)) @ W, *args
        ),
        "slope forgotten": lambda *args: _norms(lambda d, W, h, t: d @ W.T, *args),
        "slope at the step before": lambda *args: _norms(
            lambda d, W, h, t: (d * (1 - h[t - 1] ** 2)) @ W.T, *args
        ),
        "slope after the product": lambda *args: _norms(
            lambda d, W, h, t: (d @ W.T) * (1 - h[t] ** 2), *args
        ),
        "slope without the square": lambda *args: _norms(
            lambda d, W, h, t: (d * (1 - h[t])) @ W.T, *args
        ),
        "tanh taken twice": lambda *args: _norms(
            lambda d, W, h, t: (d * (1 - np.tanh(h[t]) ** 2)) @ W.T, *args
        ),
        "each lag from the end": _each_from_the_end,
        "first step first": lambda *args: lag_profile(*args)[::-1],
        "norm not square-rooted": lambda *args: lag_profile(*args) ** 2,
        "largest singular value as the gradient": _powers(lambda W_hh: np.linalg.norm(W_hh, ord=2)),
        "eigenvalue as the gradient": _powers(_largest_eigenvalue),
        "lag 0 left out": lambda W_hh, h, d_last: np.append(
            lag_profile(W_hh, h, d_last)[1:],
            np.linalg.norm(_one_step(d_last, W_hh, h, 0)) if len(h) == 1 else [],
        ),
        "relative to the last step": lambda W_hh, h, d_last: (
            lag_profile(W_hh, h, d_last) / np.linalg.norm(d_last)
        ),
    },
    ("norms (T,)",),
)


# Exercise 4.2: clip by global norm


def clip_by_global_norm(grads: Grads, max_norm: float) -> Grads:
    """Return all gradients times one factor, so that their common norm is at most max_norm."""
    norm = _global_norm(grads)
    return _scaled(grads, max_norm / norm if norm > max_norm else 1.0)


def _global_norm(grads: Grads) -> float:
    return float(np.sqrt(sum((g**2).sum() for g in grads.values())))


def _scaled(grads: Grads, factor: float) -> Grads:
    return {name: factor * g for name, g in grads.items()}


_GRADS = {"W_xh": (2, 4), "W_hh": (4, 4), "b_h": (4,)}


def _clipped_arrays(clip: Callable, args: tuple) -> tuple[Array, ...]:
    """Apply a submission, and return the arrays of its dictionary in a fixed order."""
    clipped = clip(*args)
    if clipped is None:
        raise Unusable("returned None, wanted a dictionary. Did you forget `return`?")
    if not isinstance(clipped, dict):
        raise Unusable("returned no dictionary. Wanted one with the names of `grads`.")
    if clipped.keys() != _GRADS.keys():
        names = ", ".join(f"`{name}`" for name in _GRADS)
        raise Unusable(f"returned a dictionary with other names, wanted {names}.")
    return tuple(clipped[name] for name in _GRADS)


def _clip_cases() -> list[Case]:
    rng = np.random.default_rng(402)
    grads = {name: rng.normal(size=shape) for name, shape in _GRADS.items()}
    small = _scaled(grads, 0.3 / _global_norm(grads))
    uneven = grads | {"W_hh": 50 * grads["W_hh"]}
    return [
        Case("a norm of about 5, clipped at 1", (_copy(grads), 1.0)),
        Case("one matrix much larger than the others, clipped at 5", (uneven, 5.0)),
        Case("a norm of 0.3, clipped at 1", (small, 1.0)),
        Case("gradients of size 1e12, clipped at 0.5", (_scaled(grads, 1e12), 0.5)),
        Case("all gradients zero", (_scaled(grads, 0.0), 1.0)),
    ]


def _copy(grads: Grads) -> Grads:
    return {name: g.copy() for name, g in grads.items()}


def _by(norm: Callable[[Grads], Any]) -> Callable:
    """Clipping with another idea of the common norm."""

    def clip(grads: Grads, max_norm: float) -> Grads:
        size = norm(grads)
        return _scaled(grads, max_norm / size if size > max_norm else 1.0)

    return clip


def _each_alone(grads: Grads, max_norm: float) -> Grads:
    return {name: clip_by_global_norm({name: g}, max_norm)[name] for name, g in grads.items()}


def _always_scaled(grads: Grads, max_norm: float) -> Grads:
    return _scaled(grads, max_norm / max(_global_norm(grads), 1e-300))


def _dropped(grads: Grads, max_norm: float) -> Grads:
    return _scaled(grads, 0.0 if _global_norm(grads) > max_norm else 1.0)


def _to_norm_one(grads: Grads, max_norm: float) -> Grads:
    norm = _global_norm(grads)
    return _scaled(grads, 1 / norm if norm > max_norm else 1.0)


CLIP = Exercise(
    "4.2",
    "Clip by global norm",
    clip_by_global_norm,
    _clip_cases,
    {
        "each matrix clipped alone": _each_alone,
        "each number clipped": lambda grads, max_norm: {
            name: np.clip(g, -max_norm, max_norm) for name, g in grads.items()
        },
        "small gradients blown up": _always_scaled,
        "scaled to norm 1": _to_norm_one,
        "root forgotten": _by(lambda grads: _global_norm(grads) ** 2),
        "sum of norms": _by(lambda grads: sum(np.linalg.norm(g) for g in grads.values())),
        "largest norm": _by(lambda grads: max(np.linalg.norm(g) for g in grads.values())),
        "largest singular value": _by(
            lambda grads: np.sqrt(sum(np.linalg.norm(g, ord=2) ** 2 for g in grads.values()))
        ),
        "mean in place of sum": _by(
            lambda grads: np.sqrt(np.mean(np.concatenate([g.ravel() for g in grads.values()]) ** 2))
        ),
        "large gradients dropped": _dropped,
        "nothing clipped": lambda grads, max_norm: _copy(grads),
        "factor upside down": lambda grads, max_norm: _scaled(
            grads, max(1.0, _global_norm(grads) / max_norm)
        ),
    },
    ("W_xh (D, U)", "W_hh (U, U)", "b_h (U,)"),
    call=_clipped_arrays,
)


# Exercise 4.3: an orthogonal start


def orthogonal_start(gaussian: Array) -> Array:
    """Return an orthogonal matrix (U, U) made from a Gaussian one."""
    q, r = np.linalg.qr(gaussian)
    return q * np.sign(np.diag(r))


def _singular_values(start: Callable, args: tuple) -> Array:
    """What every right answer has in common: there are many orthogonal matrices."""
    return np.linalg.svd(_square(start(*args), args[0].shape), compute_uv=False)


def _square(returned: Any, shape: tuple[int, ...]) -> Array:
    if returned is None:
        raise Unusable("returned None, wanted a matrix (U, U). Did you forget `return`?")
    if isinstance(returned, tuple):
        raise Unusable(
            f"returned {len(returned)} things, wanted one matrix (U, U). Which factor is it?"
        )
    try:
        matrix = np.array(returned)
    except (TypeError, ValueError):
        matrix = np.array(None)
    if matrix.dtype.kind == "c":
        raise Unusable("returned complex numbers. The eigenvectors of `gaussian` are complex.")
    if matrix.dtype.kind not in "fiu":
        raise Unusable("returned something else than a matrix of real numbers.")
    if matrix.shape != shape:
        raise Unusable(f"returned the shape {matrix.shape}, wanted {shape}, that is (U, U).")
    if not np.all(np.isfinite(matrix)):
        raise Unusable("returned numbers that are not finite.")
    return matrix.astype(float)


def _start_cases() -> list[Case]:
    rng = np.random.default_rng(403)
    sizes = {"4 units": 4, "16 units": 16, "2 units": 2, "one unit": 1}
    return [Case(label, (rng.normal(size=(u, u)),)) for label, u in sizes.items()]


def _made_from_its_argument(submission: Callable, run: Callable) -> tuple[str, str] | None:
    """Tell whether an orthogonal matrix comes from the argument, and from nothing else."""
    one, other = np.random.default_rng(430).normal(size=(2, 5, 5))
    first, again, different = (
        np.array(submission(matrix.copy()), dtype=float) for matrix in (one, one, other)
    )
    if not np.allclose(first, again):
        return "drawn anew at each call", (
            "Orthogonal, but another matrix at each call for the same `gaussian`. Draw nothing "
            "yourself: then whoever seeds `gaussian` can repeat the run."
        )
    if np.allclose(first, different):
        return "argument not used", (
            "Orthogonal, but the same matrix for every `gaussian`. A random start should come "
            "from the random numbers that the function is given."
        )
    if not _is_known_factor(first, one):
        return "factor rearranged", (
            "Orthogonal, but no factor of `gaussian` that this check knows. Return what QR or "
            "the SVD gives, or the product of the SVD's two orthogonal factors."
        )
    return None


def _is_known_factor(q: Array, gaussian: Array) -> bool:
    """Tell the orthogonal factors of QR, SVD and polar decomposition, and what is akin to them."""
    left, right, skew = q.T @ gaussian, gaussian @ q.T, gaussian - gaussian.T
    zeros = [
        *(np.tril(product, -1) for product in (left, q.T @ gaussian.T)),  # QR
        *(np.triu(product, 1) for product in (left, right, gaussian.T @ q.T)),  # QL, LQ
        np.tril(right, -1),  # RQ
        left - left.T,  # polar: U @ Vt of the SVD
        _off_diagonal(left @ left.T),  # U of the SVD
        _off_diagonal(right.T @ right),  # Vt
        _off_diagonal(q.T @ gaussian.T @ gaussian @ q),  # V
        _off_diagonal(q.T @ (gaussian + gaussian.T) @ q),  # eigenvectors of the symmetric part
        q @ skew - skew @ q,  # exponential or Cayley transform of the other part
    ]
    return any(np.allclose(each, 0, atol=1e-8) for each in zeros)


def _off_diagonal(matrix: Array) -> Array:
    return matrix - np.diag(np.diag(matrix))


ORTHOGONAL = Exercise(
    "4.3",
    "An orthogonal start",
    orthogonal_start,
    _start_cases,
    {
        "lengths as before": lambda gaussian: gaussian.copy(),
        "scaled by the square root of U": lambda gaussian: gaussian / np.sqrt(len(gaussian)),
        "spectral radius set to 1": lambda gaussian: gaussian / _largest_eigenvalue(gaussian),
        "largest singular value set to 1": lambda gaussian: (
            gaussian / np.linalg.norm(gaussian, ord=2)
        ),
        "rows of length 1": lambda gaussian: (
            gaussian / np.linalg.norm(gaussian, axis=1, keepdims=True)
        ),
        "columns of length 1": lambda gaussian: gaussian / np.linalg.norm(gaussian, axis=0),
        "norm of all numbers 1": lambda gaussian: gaussian / np.linalg.norm(gaussian),
        "inverse": np.linalg.inv,
        "signs only": np.sign,
        "made symmetric": lambda gaussian: (gaussian + gaussian.T) / 2,
        "product with the transpose": lambda gaussian: gaussian @ gaussian.T,
    },
    ("singular values (U,)",),
    call=_singular_values,
    rules=[_made_from_its_argument],
)


# Exercise 4.4: predict which setting learns

FATES = ("learns", "vanishes", "explodes")
SETTINGS = {
    "A: tanh, orthogonal start, 20 steps, clipped at 1": "learns",
    "B: tanh, orthogonal start, 100 steps, clipped at 1": "vanishes",
    "C: relu, identity start, 100 steps, not clipped": "explodes",
    "D: relu, identity start, 100 steps, clipped at 1": "learns",
    "E: relu, chain with eigenvalues 0.9, 100 steps, not clipped": "explodes",
}
"""Five settings of the adding problem, and what lesson 04 measures of each."""


def predict_fates() -> tuple[str, ...]:
    """Return what becomes of the settings A to E, each one of FATES."""
    return tuple(SETTINGS.values())


def _verdict(predict: Callable[[], Any], args: tuple) -> str:
    """Say whether one prediction is right, without giving the right one away."""
    predictions = predict()
    if predictions is None:
        raise Unusable("returned None, wanted five words. Did you forget `return`?")
    if not isinstance(predictions, tuple | list) or len(predictions) != len(SETTINGS):
        raise Unusable("did not return five words, one for each of the settings A to E.")
    for word in predictions:
        if not isinstance(word, str) or word not in FATES:
            raise Unusable(f"returned something else than {', '.join(map(repr, FATES))}.")
    (setting,) = args
    prediction = predictions[list(SETTINGS).index(setting)]
    return "right" if prediction == SETTINGS[setting] else f"{prediction}, which it does not"


def _fate_cases() -> list[Case]:
    return [Case(setting, (setting,)) for setting in SETTINGS]


def _predicting(fates: str) -> Callable[[], tuple[str, ...]]:
    """A prediction from the first letters of the five fates, ``"lvele"``."""
    by_letter = {fate[0]: fate for fate in FATES}
    return lambda: tuple(by_letter[letter] for letter in fates)


PREDICT = Exercise(
    "4.4",
    "Predict which setting learns",
    predict_fates,
    _fate_cases,
    {
        "clipping cures vanishing": _predicting("llele"),
        "clipping cures vanishing, orthogonal or not": _predicting("llell"),
        "eigenvalue as a bound": _predicting("lvelv"),
        "eigenvalue as a promise": _predicting("lvell"),
        "relu always explodes": _predicting("lveee"),
        "identity never explodes": _predicting("lvlle"),
        "long sequences always vanish": _predicting("lvvvv"),
        "everything clipped learns, everything else explodes": _predicting("lleee"),
        "tanh always vanishes": _predicting("vvele"),
        "orthogonal start explodes": _predicting("leele"),
        "everything learns": _predicting("lllll"),
    },
    ("prediction",),
    call=_verdict,
)

EXERCISES = [PROFILE, CLIP, ORTHOGONAL, PREDICT]
