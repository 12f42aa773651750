"""Exercises of lesson 04: gradient against lag, clipping, orthogonal starts, which setting learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.judging.exercise import Case, Exercise, Misconception
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
    [
        Misconception(
            "transposed W_hh",
            lambda *args: _norms(lambda d, W, h, t: (d * (1 - h[t] ** 2)) @ W, *args),
            "You multiply by `W_hh` on the way back. Forwards a row is multiplied by `W_hh`, so "
            "backwards it is multiplied by something else of the same shape.",
        ),
        Misconception(
            "slope forgotten",
            lambda *args: _norms(lambda d, W, h, t: d @ W.T, *args),
            "Your gradient passes through the matrix and not through the tanh: right for a linear "
            "network only. Which factor lies between 0 and 1 at each step?",
        ),
        Misconception(
            "slope at the step before",
            lambda *args: _norms(lambda d, W, h, t: (d * (1 - h[t - 1] ** 2)) @ W.T, *args),
            "You take the slope of tanh one step too early. The step from t back to t - 1 passes "
            "through the tanh that made `h[t]`.",
        ),
        Misconception(
            "slope after the product",
            lambda *args: _norms(lambda d, W, h, t: (d @ W.T) * (1 - h[t] ** 2), *args),
            "You multiply by the matrix first and by the slope second. Forwards the tanh comes "
            "last; what comes first on the way back?",
        ),
        Misconception(
            "slope without the square",
            lambda *args: _norms(lambda d, W, h, t: (d * (1 - h[t])) @ W.T, *args),
            "Your slope is 1 - h. Some of yours are above 1, and the slope of tanh never is: "
            "one power is missing.",
        ),
        Misconception(
            "tanh taken twice",
            lambda *args: _norms(lambda d, W, h, t: (d * (1 - np.tanh(h[t]) ** 2)) @ W.T, *args),
            "You take the tanh of `h`, which is a tanh already. The slope at step t is made of "
            "`h[t]` itself.",
        ),
        Misconception(
            "each lag from the end",
            _each_from_the_end,
            "Lags 0 and 1 are right. Each later one starts from `d_last` again, so it has gone "
            "back one step only. Carry the gradient along.",
        ),
        Misconception(
            "first step first",
            lambda *args: lag_profile(*args)[::-1],
            "The numbers are right and in the order of time. Lag 0, the last step, comes first.",
        ),
        Misconception(
            "norm not square-rooted",
            lambda *args: lag_profile(*args) ** 2,
            "You return squared norms: the sum of squares. One root is missing.",
        ),
        Misconception(
            "largest singular value as the gradient",
            _powers(lambda W_hh: np.linalg.norm(W_hh, ord=2)),
            "You return the bound, a power of the largest singular value. The gradient itself "
            "stays below it: follow it step by step.",
        ),
        Misconception(
            "eigenvalue as the gradient",
            _powers(_largest_eigenvalue),
            "You return a power of the largest eigenvalue. That is neither the gradient nor a "
            "bound for it: follow the gradient step by step.",
        ),
        Misconception(
            "lag 0 left out",
            lambda W_hh, h, d_last: np.append(
                lag_profile(W_hh, h, d_last)[1:],
                np.linalg.norm(_one_step(d_last, W_hh, h, 0)) if len(h) == 1 else [],
            ),
            "Your profile begins at lag 1. Lag 0 is `d_last` itself, before any step back.",
        ),
        Misconception(
            "relative to the last step",
            lambda W_hh, h, d_last: lag_profile(W_hh, h, d_last) / np.linalg.norm(d_last),
            "You divide by the norm of `d_last`, so that every profile begins at 1. Useful for a "
            "plot; here the norms themselves are asked for.",
        ),
    ],
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


def _by(norm: Callable[[Grads], float]) -> Callable:
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
    [
        Misconception(
            "each matrix clipped alone",
            _each_alone,
            "You clip each array by its own norm. A large one shrinks, a small one does not, and "
            "the step points elsewhere. All arrays together have one norm, and get one factor.",
        ),
        Misconception(
            "each number clipped",
            lambda grads, max_norm: {
                name: np.clip(g, -max_norm, max_norm) for name, g in grads.items()
            },
            "You cut each number off at `max_norm`. That turns the step, and its norm can still "
            "be far above `max_norm`. Clipping by norm multiplies by one factor.",
        ),
        Misconception(
            "small gradients blown up",
            _always_scaled,
            "Your gradients have the norm `max_norm` always, also when they were smaller before. "
            "Clipping leaves small gradients as they are.",
        ),
        Misconception(
            "scaled to norm 1",
            _to_norm_one,
            "Right for `max_norm` = 1 only: you scale to the norm 1 whatever `max_norm` is.",
        ),
        Misconception(
            "root forgotten",
            _by(lambda grads: _global_norm(grads) ** 2),
            "You divide by the sum of squares. The norm is the root of that.",
        ),
        Misconception(
            "sum of norms",
            _by(lambda grads: sum(np.linalg.norm(g) for g in grads.values())),
            "You add up the norms of the arrays. The common norm adds up their squares, and takes "
            "the root of the sum.",
        ),
        Misconception(
            "largest norm",
            _by(lambda grads: max(np.linalg.norm(g) for g in grads.values())),
            "You use the norm of the largest array as if the others did not count.",
        ),
        Misconception(
            "largest singular value",
            _by(lambda grads: np.sqrt(sum(np.linalg.norm(g, ord=2) ** 2 for g in grads.values()))),
            "For a matrix `np.linalg.norm(g, 2)` is the largest singular value. Here all numbers "
            "of the matrix count: the root of the sum of their squares.",
        ),
        Misconception(
            "mean in place of sum",
            _by(
                lambda grads: np.sqrt(
                    np.mean(np.concatenate([g.ravel() for g in grads.values()]) ** 2)
                )
            ),
            "You take the mean of the squares. The norm takes their sum.",
        ),
        Misconception(
            "large gradients dropped",
            _dropped,
            "You set large gradients to zero. That skips the update; clipping makes it shorter.",
        ),
        Misconception(
            "nothing clipped",
            lambda grads, max_norm: _copy(grads),
            "You return the gradients as they came, large ones too.",
        ),
        Misconception(
            "factor upside down",
            lambda grads, max_norm: _scaled(grads, max(1.0, _global_norm(grads) / max_norm)),
            "Your large gradients become larger still. Which way round is the factor?",
        ),
    ],
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
    [
        Misconception(
            "lengths as before",
            lambda gaussian: gaussian.copy(),
            "Your matrix has the singular values of `gaussian`, so it stretches as that does. Its "
            "triangular factor R has them too. An orthogonal matrix has other ones.",
        ),
        Misconception(
            "scaled by the square root of U",
            lambda gaussian: gaussian / np.sqrt(len(gaussian)),
            "You divide by the root of U. That keeps lengths on average, over random vectors; "
            "some directions are stretched up to twice and others nearly lost.",
        ),
        Misconception(
            "spectral radius set to 1",
            lambda gaussian: gaussian / _largest_eigenvalue(gaussian),
            "Your largest eigenvalue has the size 1. An orthogonal matrix has every singular "
            "value at 1, and one division cannot bring them all there.",
        ),
        Misconception(
            "largest singular value set to 1",
            lambda gaussian: gaussian / np.linalg.norm(gaussian, ord=2),
            "Your largest singular value is 1 and the others are below it: nothing explodes, and "
            "most directions vanish. All of them have to be 1.",
        ),
        Misconception(
            "rows of length 1",
            lambda gaussian: gaussian / np.linalg.norm(gaussian, axis=1, keepdims=True),
            "Your rows have length 1. They also have to stand at right angles to one another.",
        ),
        Misconception(
            "columns of length 1",
            lambda gaussian: gaussian / np.linalg.norm(gaussian, axis=0),
            "Your columns have length 1. They also have to stand at right angles to one another.",
        ),
        Misconception(
            "norm of all numbers 1",
            lambda gaussian: gaussian / np.linalg.norm(gaussian),
            "You divide by the norm of all numbers. That shrinks every direction: the squares of "
            "your singular values add up to 1, and each should be 1.",
        ),
        Misconception(
            "inverse",
            np.linalg.inv,
            "You return the inverse: it stretches where `gaussian` shrinks. For an orthogonal "
            "matrix the inverse is the transpose; it is not a way to get one.",
        ),
        Misconception(
            "signs only",
            np.sign,
            "You keep the signs of the numbers. Such a matrix is orthogonal (up to a factor) in "
            "rare cases only.",
        ),
        Misconception(
            "made symmetric",
            lambda gaussian: (gaussian + gaussian.T) / 2,
            "Your matrix equals its transpose. Orthogonal means that the transpose is the "
            "inverse, which is something else.",
        ),
        Misconception(
            "product with the transpose",
            lambda gaussian: gaussian @ gaussian.T,
            "You multiply the matrix by its transpose. That product is the identity for an "
            "orthogonal matrix; it does not make one.",
        ),
    ],
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
    [
        Misconception(
            "clipping cures vanishing",
            _predicting("llele"),
            "One wrong. You let B learn, because it is clipped. Clipping makes large gradients "
            "smaller; what does it do to a small one?",
        ),
        Misconception(
            "clipping cures vanishing, orthogonal or not",
            _predicting("llell"),
            "Two wrong. Clipping makes large gradients smaller and no small one larger, and a "
            "radius below 1 promises nothing where the matrix is not normal.",
        ),
        Misconception(
            "eigenvalue as a bound",
            _predicting("lvelv"),
            "One wrong. The eigenvalues of E are 0.9, and you take them for a bound. E is the "
            "chain of section 2: which number bounds its gradient?",
        ),
        Misconception(
            "eigenvalue as a promise",
            _predicting("lvell"),
            "One wrong. Eigenvalues just below 1 would promise a long memory if the matrix were "
            "normal. E is the chain of section 2: what did its gradient do first?",
        ),
        Misconception(
            "relu always explodes",
            _predicting("lveee"),
            "One wrong. C and D differ by the clipping alone. What does it do to an explosion?",
        ),
        Misconception(
            "identity never explodes",
            _predicting("lvlle"),
            "One wrong. The identity keeps gradients at the *start*. Training moves the matrix, "
            "and a relu has no ceiling: which way can the largest singular value go?",
        ),
        Misconception(
            "long sequences always vanish",
            _predicting("lvvvv"),
            "You let all with 100 steps vanish. The number of steps is only the exponent: what is "
            "the base in C, D and E?",
        ),
        Misconception(
            "everything clipped learns, everything else explodes",
            _predicting("lleee"),
            "Two wrong. Look at what is multiplied at each step back, not only at the clipping.",
        ),
        Misconception(
            "tanh always vanishes",
            _predicting("vvele"),
            "One wrong. A slope below 1 costs a little at each step. How many steps has A to go?",
        ),
        Misconception(
            "orthogonal start explodes",
            _predicting("leele"),
            "One wrong. An orthogonal matrix keeps lengths and a tanh can only shorten them: in B "
            "nothing is there to make a gradient grow.",
        ),
        Misconception(
            "everything learns",
            _predicting("lllll"),
            "Three wrong. Each of sections 2 to 4 shows one way in which a gradient goes wrong.",
        ),
    ],
    ("prediction",),
    call=_verdict,
)

EXERCISES = [PROFILE, CLIP, ORTHOGONAL, PREDICT]
