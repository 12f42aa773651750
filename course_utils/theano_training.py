"""Train a network in Theano: updates with memory, the loop around them, weights in a file.

Here gradients and updates are part of the graph: an optimiser is a function from a loss to a list
of ``(shared variable, its new value)`` for ``theano.function(updates=...)``. The numbers are those
of :mod:`course_utils.training`. What an optimiser remembers are shared variables as well, so the
list of updates names all that a training changes, and saving it saves all that resuming needs.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from course_utils import theano_compat
from course_utils.arguments import instance, number, real_array, whole_number
from course_utils.session import progress_bar
from course_utils.training import (
    Diverged,
    History,
    check_finite,
    check_schedule,
    ending,
    number_of_updates,
    record_validation,
    stop_button_held,
)

theano_compat.enable()

import theano  # noqa: E402
import theano.tensor as T  # noqa: E402
from theano.compile.sharedvalue import SharedVariable  # noqa: E402
from theano.graph.basic import Variable, graph_inputs  # noqa: E402

Updates = list[tuple[SharedVariable, Variable]]
Parameters = Mapping[str, SharedVariable] | Sequence[SharedVariable]


def momentum(
    loss: Variable,
    parameters: Parameters,
    learning_rate: float,
    momentum: float = 0.9,
    *,
    clip_norm: float | None = None,
) -> Updates:
    """Updates of gradient descent with momentum, as :class:`course_utils.training.SGD` makes them.

    ``v ← momentum · v - learning_rate · g``, then ``p ← p + v``.

    Parameters
    ----------
    loss : symbolic scalar
    parameters
        Shared variables of float32 or float64, in a list, or in a dictionary, whose names are
        then used for the optimiser's own.
    learning_rate
        Step size, above 0.
    momentum
        Share of the last step that is kept, in [0, 1).
    clip_norm
        Largest global norm of the gradients, above 0; larger ones are scaled down to it.

    Returns
    -------
    list of (shared variable, symbolic)
        One pair for each parameter, and one for its velocity, a shared variable named
        ``"velocity of W"``.

    Raises
    ------
    TypeError, ValueError
        If an argument cannot be used, or the loss does not depend on a parameter.

    Examples
    --------
    >>> w = theano.shared(np.array([1.0, 2.0]), "w")
    >>> updates = momentum(5 * w[0] ** 2, [w], learning_rate=0.1)
    >>> update = theano.function([], [], updates=updates)
    >>> _ = update()
    >>> w.get_value()
    array([0., 2.])
    >>> [shared.name for shared, new_value in updates]
    ['velocity of w', 'w']
    """
    learning_rate = number("learning_rate", learning_rate, 0)
    momentum = number("momentum", momentum, 0, 1, low_included=True)
    updates = []
    for name, p, g in _gradients(loss, parameters, clip_norm):
        v = _memory("velocity", name, p)
        v_new = _like(p, momentum) * v - _like(p, learning_rate) * g
        updates += [(v, v_new), (p, p + v_new)]
    return updates


def adam(
    loss: Variable,
    parameters: Parameters,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    *,
    clip_norm: float | None = None,
) -> Updates:
    """Updates of Adam, as :class:`course_utils.training.Adam` makes them.

    Parameters
    ----------
    loss : symbolic scalar
    parameters
        Shared variables of float32 or float64, in a list, or in a dictionary, whose names are
        then used for the optimiser's own.
    learning_rate
        Size of the first steps, above 0.
    beta_1, beta_2
        Shares of the running means that are kept, in [0, 1).
    epsilon
        Keeps the division finite, above 0.
    clip_norm
        Largest global norm of the gradients, above 0; larger ones are scaled down to it.

    Returns
    -------
    list of (shared variable, symbolic)
        A pair for each parameter and for its two running means, shared variables named
        ``"mean of W"`` and ``"mean square of W"``; and one for ``"number of updates"``.

    Raises
    ------
    TypeError, ValueError
        If an argument cannot be used, or the loss does not depend on a parameter.

    References
    ----------
    Kingma, Ba 2015, *Adam: a method for stochastic optimization*, arXiv 1412.6980, algorithm 1.

    Examples
    --------
    >>> w = theano.shared(np.array([1.0, 2.0]), "w")
    >>> update = theano.function([], [], updates=adam(10 * w[0], [w], learning_rate=0.1))
    >>> _ = update()
    >>> w.get_value().round(3)
    array([0.9, 2. ])
    """
    learning_rate = number("learning_rate", learning_rate, 0)
    beta_1 = number("beta_1", beta_1, 0, 1, low_included=True)
    beta_2 = number("beta_2", beta_2, 0, 1, low_included=True)
    epsilon = number("epsilon", epsilon, 0)
    gradients = _gradients(loss, parameters, clip_norm)
    # A float64, because an int16 constant and a power of it would be rounded to float32.
    t = theano.shared(np.float64(0), "number of updates")
    t_new = t + 1
    # Both running means start at zero; this makes up for it.
    rate = learning_rate * T.sqrt(1 - np.float64(beta_2) ** t_new)
    rate = rate / (1 - np.float64(beta_1) ** t_new)
    updates = [(t, t_new)]
    for name, p, g in gradients:
        m, v = _memory("mean", name, p), _memory("mean square", name, p)
        m_new = m + _like(p, 1 - beta_1) * (g - m)
        v_new = v + _like(p, 1 - beta_2) * (g * g - v)
        step = T.cast(rate, p.dtype) * m_new / (T.sqrt(v_new) + _like(p, epsilon))
        updates += [(m, m_new), (v, v_new), (p, p - step)]
    return updates


def clip_by_global_norm(
    gradients: Sequence[Variable], max_norm: float
) -> tuple[list[Variable], Variable]:
    """Scale all gradients by one factor, so that their common norm is at most ``max_norm``.

    :func:`course_utils.gradients.clip_by_global_norm`, as a graph.

    Parameters
    ----------
    gradients : list of symbolic float32 or float64
    max_norm
        Above 0.

    Returns
    -------
    clipped : list of symbolic
        Of the same dtypes.
    norm : symbolic float64 scalar
        The norm before clipping.

    Examples
    --------
    >>> w, b = T.dvectors("w", "b")
    >>> clipped, norm = clip_by_global_norm([w, b], 1.0)
    >>> clip = theano.function([w, b], [*clipped, norm])
    >>> clip([3.0], [4.0])
    [array([0.6]), array([0.8]), array(5.)]
    """
    max_norm = number("max_norm", max_norm, 0)
    for i, g in enumerate(instance("gradients", gradients, list | tuple, "a list of symbols")):
        instance(f"gradients[{i}]", g, Variable, "symbolic")
    # In float64, because squares of float32 overflow from 2e19 on and vanish below 4e-23.
    norm = T.sqrt(sum(T.sum(T.cast(g, "float64") ** 2) for g in gradients))
    factor = max_norm / T.maximum(norm, max_norm)
    return [g * T.cast(factor, g.dtype) for g in gradients], norm


def fit(
    update: Callable[..., np.ndarray],
    batches: Iterable[tuple[np.ndarray, ...]],
    n_epochs: int = 1,
    *,
    validate: Callable[[], float] | None = None,
    progress: bool = True,
) -> History:
    """Train: call the compiled ``update`` for each batch.

    The stop button (KeyboardInterrupt) and a loss that is no longer finite end the training
    without an exception; the history says so. After the stop button, the shared variables hold the
    result of a whole number of updates. After a loss that is not finite they are spoilt, for the
    function that told of it has updated them already: load what you saved, or start anew.

    Parameters
    ----------
    update
        ``update(*batch) -> loss``: a ``theano.function`` with updates.
    batches
        Tuples of arrays, gone through once an epoch: ``training.minibatches``, a list, or for a
        single epoch any iterator.
    n_epochs
        Times to go through ``batches``, at least 1.
    validate
        ``validate() -> loss`` on held-out data, called after each epoch.
    progress
        Show a progress bar. The environment variable ``UNROLLED_PROGRESS_BAR=0`` hides it always.

    Returns
    -------
    History
        Without gradient norms: they stay inside the graph.

    Raises
    ------
    TypeError, ValueError
        If an argument cannot be used.

    Examples
    --------
    Find the 3 in y = 3 x:

    >>> x, y, w = T.dvector("x"), T.dvector("y"), theano.shared(0.0, "w")
    >>> loss = T.mean((w * x - y) ** 2)
    >>> update = theano.function([x, y], loss, updates=momentum(loss, [w], 0.5, 0.0))
    >>> numbers = np.linspace(-1, 1, 20)
    >>> history = fit(update, [(numbers, 3 * numbers)], n_epochs=50)
    >>> float(w.get_value().round(3))
    3.0
    >>> history.message
    'Finished after 50 updates.'
    """
    n_epochs = whole_number("n_epochs", n_epochs, 1)
    if not callable(update):
        raise TypeError(f"update must be a compiled function, got {type(update).__name__}")
    check_schedule(batches, n_epochs, validate)
    history = History()
    bar = progress_bar(progress, total=number_of_updates(batches, n_epochs), unit="update")
    try:
        for _ in range(n_epochs):
            for batch in batches:
                _step(history, update, batch)
                bar.set_postfix_str(f"loss {history.loss[-1]:.4g}", refresh=False)
                bar.update()
            if validate is not None:
                record_validation(history, validate)
    except KeyboardInterrupt:
        history.interrupted = True
    except Diverged as problem:
        history.diverged = True
        history.message = str(problem)
    finally:
        bar.close()
    history.message = history.message or ending(history)
    return history


def save(path: str | Path, variables: Parameters | Updates) -> None:
    """Write shared variables into an ``.npz`` file, by name.

    Parameters
    ----------
    path
        Ends in ``.npz``. A file of this name is replaced once the new one is complete.
    variables
        The updates of :func:`momentum` or :func:`adam`: parameters and what the optimiser
        remembers, all that resuming needs. Or shared variables in a list or a dictionary.

    Raises
    ------
    TypeError, ValueError
        If there is no shared variable, one has no name, or two have the same.

    Examples
    --------
    >>> import tempfile
    >>> w = theano.shared(np.array([1.0, 2.0]), "w")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(f"{folder}/weights.npz", [w])
    ...     w.set_value([0.0, 0.0])
    ...     load(f"{folder}/weights.npz", [w])
    >>> w.get_value()
    array([1., 2.])
    """
    path = _npz(path)
    shared = _by_name("variables", variables)
    arrays = {name: variable.get_value() for name, variable in shared.items()}
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with unfinished.open("wb") as file:
            np.savez(file, **arrays)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def load(path: str | Path, variables: Parameters | Updates) -> None:
    """Set shared variables to what :func:`save` has written of variables of the same names.

    Parameters
    ----------
    path
        A file written by :func:`save`.
    variables
        As for :func:`save`. None of them is changed unless all of them can be.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError, ValueError
        If the file is damaged, or its names, shapes or dtypes are not those of ``variables``.
    """
    path = _npz(path)
    shared = _by_name("variables", variables)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except (zipfile.BadZipFile, ValueError, EOFError) as problem:
        raise ValueError(f"{path} is damaged or was not written by save: {problem}") from None
    if arrays.keys() != shared.keys():
        raise ValueError(f"{path} holds {sorted(arrays)}, wanted {sorted(shared)}")
    for name, variable in shared.items():
        kept, wanted = arrays[name], variable.get_value(borrow=True)
        if (kept.shape, kept.dtype) != (wanted.shape, wanted.dtype):
            raise ValueError(
                f"{name!r} in {path} has shape {kept.shape} and dtype {kept.dtype}, "
                f"wanted {wanted.shape} and {wanted.dtype}"
            )
    for name, variable in shared.items():
        variable.set_value(arrays[name])


def _gradients(
    loss: Variable, parameters: Parameters, clip_norm: float | None
) -> list[tuple[str, SharedVariable, Variable]]:
    """Name, shared variable and clipped gradient of each parameter."""
    if not isinstance(loss, Variable) or getattr(loss, "ndim", None) != 0:
        got = f"{loss.ndim} axes" if hasattr(loss, "ndim") else type(loss).__name__
        raise TypeError(f"loss must be a symbolic scalar, such as T.mean(...), got {got}")
    named = _by_name("parameters", parameters)
    used = set(graph_inputs([loss]))
    for name, p in named.items():
        if p.dtype not in ("float32", "float64"):
            raise TypeError(f"{name!r} must be float32 or float64 to be trained, got {p.dtype}")
        if p not in used:
            raise ValueError(f"loss must depend on every parameter, it does not on {name!r}")
    gradients = T.grad(loss, list(named.values()))
    if clip_norm is not None:
        gradients, _ = clip_by_global_norm(gradients, number("clip_norm", clip_norm, 0))
    # The gradient of a float32 through a float64 loss may have become float64.
    return [
        (name, p, T.cast(g, p.dtype)) for (name, p), g in zip(named.items(), gradients, strict=True)
    ]


def _memory(what: str, name: str, parameter: SharedVariable) -> SharedVariable:
    """Zeros of the parameter's shape, dtype and broadcasting, for the optimiser to remember in."""
    return theano.shared(
        np.zeros_like(parameter.get_value(borrow=True)),
        f"{what} of {name}",
        broadcastable=parameter.broadcastable,
    )


def _like(parameter: SharedVariable, value: float) -> np.ndarray:
    """``value`` in the parameter's dtype; a plain 0.1 would turn float32 into float64."""
    return np.asarray(value, parameter.dtype)


def _step(history: History, update: Callable[..., np.ndarray], batch: tuple) -> None:
    if not isinstance(batch, tuple | list):
        raise TypeError(f"batches must give tuples of arrays, got {type(batch).__name__}")
    with stop_button_held(), np.errstate(over="ignore", invalid="ignore"):
        loss = float(real_array("the loss that update returns alone", update(*batch), ()))
        check_finite(history, "loss", loss)
        history.loss.append(loss)


def _by_name(argument: str, variables: Parameters | Updates) -> dict[str, SharedVariable]:
    """Shared variables by name, whether they come in a dictionary, a list or a list of updates."""
    wants = f"{argument} must be a list or dictionary of shared variables"
    if isinstance(variables, Mapping):
        pairs: list[tuple[Any, Any]] = list(variables.items())
    elif isinstance(variables, list | tuple):
        first = [v[0] if isinstance(v, tuple) and len(v) == 2 else v for v in variables]
        pairs = [(getattr(v, "name", None), v) for v in first]
    else:
        raise TypeError(f"{wants}, got {type(variables).__name__}")
    if not pairs:
        raise ValueError(f"{wants}, at least one, got none")
    for name, v in pairs:
        if not isinstance(v, SharedVariable):
            raise TypeError(f"{wants}, got {type(v).__name__} ({v!s:.60}) in it")
        if not isinstance(name, str) or not name:
            raise ValueError(
                'every shared variable needs a name: theano.shared(value, "W_xh"), or a dictionary'
            )
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"every shared variable needs a name of its own, got {twice} more than once; "
            'set one: variable.name = "W_xh of layer 2"'
        )
    return dict(pairs)


def _npz(path: str | Path) -> Path:
    path = Path(instance("path", path, str | os.PathLike, "a path"))
    if path.suffix != ".npz":
        raise ValueError(f"path must end in .npz, got {str(path)!r}")
    return path
