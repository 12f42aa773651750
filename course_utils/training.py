"""Train a network: optimisers, minibatches and the loop that puts them together.

Parameters and gradients are dictionaries from name to array; an optimiser changes the arrays in
place. Lesson 03 writes the loop by hand; :func:`fit` is that loop with what practice adds: clipping,
validation, early stop, a progress bar, and a stop button that loses nothing.
"""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from numbers import Real
from typing import Protocol, runtime_checkable

import numpy as np

from course_utils.arguments import any_array, generator, instance, number, real_array, whole_number
from course_utils.gradients import clip_by_global_norm
from course_utils.session import progress_bar

Arrays = Mapping[str, np.ndarray]


@runtime_checkable
class Optimiser(Protocol):
    """Whatever changes parameters by their gradients."""

    def update(self, parameters: Arrays, gradients: Arrays) -> None:
        """Change every array of ``parameters`` in place, one step downhill."""


class SGD:
    """Gradient descent, with momentum where it is above zero.

    ``v ← momentum · v - learning_rate · g``, then ``p ← p + v``. The same numbers as
    ``keras.optimizers.SGD``.

    Parameters
    ----------
    learning_rate
        Step size, above 0.
    momentum
        Share of the last step that is kept, in [0, 1).

    References
    ----------
    Polyak 1964, *Some methods of speeding up the convergence of iteration methods*.

    Examples
    --------
    >>> parameters = {"w": np.array([1.0, 2.0])}
    >>> SGD(learning_rate=0.1).update(parameters, {"w": np.array([10.0, 0.0])})
    >>> parameters["w"]
    array([0., 2.])
    """

    def __init__(self, learning_rate: float, momentum: float = 0.0):
        self.learning_rate = number("learning_rate", learning_rate, 0)
        self.momentum = number("momentum", momentum, 0, 1, low_included=True)
        self._velocity: dict[str, np.ndarray] = {}

    def update(self, parameters: Arrays, gradients: Arrays) -> None:
        """Change every array of ``parameters`` in place, one step downhill."""
        gradients = _checked_gradients(parameters, gradients)
        velocity = _slots(self._velocity, parameters)
        for name, p in parameters.items():
            velocity[name] *= self.momentum
            velocity[name] -= self.learning_rate * gradients[name]
            p += velocity[name]


class Adam:
    """Steps scaled, element by element, by running means of the gradient and of its square.

    ``m ← β₁ m + (1 - β₁) g``, ``v ← β₂ v + (1 - β₂) g²``, and after t updates
    ``p ← p - learning_rate · √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + epsilon)``. The same numbers as
    ``keras.optimizers.Adam``.

    Parameters
    ----------
    learning_rate
        Size of the first steps, above 0.
    beta_1, beta_2
        Shares of the running means that are kept, in [0, 1).
    epsilon
        Keeps the division finite, above 0. As in Keras it is the paper's ε̂ (end of section 2).

    References
    ----------
    Kingma, Ba 2015, *Adam: a method for stochastic optimization*, arXiv 1412.6980, algorithm 1.

    Examples
    --------
    >>> parameters = {"w": np.array([1.0, 2.0])}
    >>> Adam(learning_rate=0.1).update(parameters, {"w": np.array([10.0, -0.001])})
    >>> parameters["w"].round(3)
    array([0.9, 2.1])
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ):
        self.learning_rate = number("learning_rate", learning_rate, 0)
        self.beta_1 = number("beta_1", beta_1, 0, 1, low_included=True)
        self.beta_2 = number("beta_2", beta_2, 0, 1, low_included=True)
        self.epsilon = number("epsilon", epsilon, 0)
        self._updates = 0
        self._mean: dict[str, np.ndarray] = {}
        self._mean_square: dict[str, np.ndarray] = {}

    def update(self, parameters: Arrays, gradients: Arrays) -> None:
        """Change every array of ``parameters`` in place, one step downhill."""
        gradients = _checked_gradients(parameters, gradients)
        mean, mean_square = _slots(self._mean, parameters), _slots(self._mean_square, parameters)
        self._updates += 1
        # Both running means start at zero; this makes up for it.
        correction = math.sqrt(1 - self.beta_2**self._updates) / (1 - self.beta_1**self._updates)
        for name, p in parameters.items():
            g, m, v = gradients[name], mean[name], mean_square[name]
            m += (1 - self.beta_1) * (g - m)
            v += (1 - self.beta_2) * (g * g - v)
            p -= self.learning_rate * correction * m / (np.sqrt(v) + self.epsilon)


class _Minibatches:
    def __init__(self, arrays: Sequence[np.ndarray], batch_size: int, rng: np.random.Generator):
        if isinstance(arrays, np.ndarray):  # would be taken for a tuple of its rows
            raise TypeError("arrays must be a tuple of arrays, e.g. (x, y), got one array")
        instance("arrays", arrays, list | tuple, "a tuple of arrays")
        self._arrays = tuple(any_array(f"arrays[{i}]", array) for i, array in enumerate(arrays))
        lengths = [len(array) if array.ndim else 0 for array in self._arrays]
        if not lengths or min(lengths) < 1 or len(set(lengths)) > 1:
            raise ValueError(
                "arrays must be one or more arrays of equally many samples, "
                f"got shapes {[array.shape for array in self._arrays]}"
            )
        self._batch_size = whole_number("batch_size", batch_size, 1)
        self._n_samples = lengths[0]
        self._rng = generator("rng", rng)

    def __len__(self) -> int:
        return math.ceil(self._n_samples / self._batch_size)

    def __iter__(self) -> Iterator[tuple[np.ndarray, ...]]:
        order = self._rng.permutation(self._n_samples)
        for start in range(0, self._n_samples, self._batch_size):
            rows = order[start : start + self._batch_size]
            yield tuple(array[rows] for array in self._arrays)


def minibatches(
    arrays: Sequence[np.ndarray], batch_size: int, rng: np.random.Generator
) -> _Minibatches:
    """Go through samples in random order, ``batch_size`` at a time, each exactly once.

    Parameters
    ----------
    arrays
        Arrays whose first axis counts the same n_samples, e.g. ``(x, y)``.
    batch_size
        Samples in a batch, at least 1; the last batch holds the rest.
    rng
        Source of the order.

    Returns
    -------
    iterable
        Gives a tuple of arrays a batch. Each time it is gone through the order is drawn anew;
        ``len`` is the number of batches.

    Examples
    --------
    >>> x = np.arange(5)
    >>> [len(x_batch) for x_batch, y_batch in minibatches((x, x**2), 2, np.random.default_rng(0))]
    [2, 2, 1]
    """
    return _Minibatches(arrays, batch_size, rng)


@dataclass
class History:
    """What a training went through and why it ended.

    ``loss`` and ``gradient_norm`` (before clipping) have one number for each update made,
    ``validation`` one for each epoch that was validated, in the order they came.
    """

    loss: list[float] = field(default_factory=list, repr=False)
    gradient_norm: list[float] = field(default_factory=list, repr=False)
    validation: list[float] = field(default_factory=list, repr=False)
    best_epoch: int | None = None
    """Epoch, counted from 1, of the lowest validation loss."""
    stopped_early: bool = False
    interrupted: bool = False
    diverged: bool = False
    message: str = ""
    """Why the training ended, in a sentence."""

    @property
    def n_updates(self) -> int:
        """Number of updates made."""
        return len(self.loss)


def fit(
    loss_and_gradients: Callable[..., tuple[float, Arrays]],
    parameters: Arrays,
    batches: Iterable[tuple[np.ndarray, ...]],
    optimiser: Optimiser,
    n_epochs: int = 1,
    *,
    clip_norm: float | None = None,
    validate: Callable[[Arrays], float] | None = None,
    patience: int | None = None,
    progress: bool = True,
) -> History:
    """Train: for each batch compute loss and gradients, clip, update.

    However it ends, ``parameters`` hold the result of a whole number of updates. The stop button
    (KeyboardInterrupt) and a loss that is no longer finite end the training without an exception;
    the history says so.

    Parameters
    ----------
    loss_and_gradients
        ``loss_and_gradients(parameters, *batch) -> (loss, gradients)``; the gradients have the
        names and shapes of the parameters.
    parameters
        Name to floating-point array; changed in place.
    batches
        Tuples of arrays, gone through once an epoch: :func:`minibatches`, a list, or for a single
        epoch any iterator.
    optimiser
        :class:`SGD`, :class:`Adam`, or anything with their ``update``.
    n_epochs
        Times to go through ``batches``, at least 1.
    clip_norm
        Largest global norm of the gradients, above 0; larger ones are scaled down to it.
    validate
        ``validate(parameters) -> loss`` on held-out data, called after each epoch.
    patience
        Stop when the validation loss has not improved for this many epochs, at least 1. The
        parameters are then set back to those of the best epoch; also when ``n_epochs`` are over,
        and when the training diverges.
    progress
        Show a progress bar. The environment variable ``UNROLLED_PROGRESS_BAR=0`` hides it always.

    Returns
    -------
    History

    Raises
    ------
    TypeError, ValueError
        If an argument cannot be used, or the gradients do not fit the parameters.

    Examples
    --------
    Find the 3 in y = 3 x:

    >>> x = np.linspace(-1, 1, 20)
    >>> def loss_and_gradients(parameters, x, y):
    ...     error = parameters["w"] * x - y
    ...     return np.mean(error**2), {"w": np.mean(2 * error * x, keepdims=True)}
    >>> parameters = {"w": np.zeros(1)}
    >>> history = fit(loss_and_gradients, parameters, [(x, 3 * x)], SGD(0.5), n_epochs=50)
    >>> parameters["w"].round(3)
    array([3.])
    >>> history.message
    'Finished after 50 updates.'
    """
    n_epochs = whole_number("n_epochs", n_epochs, 1)
    max_norm = math.inf if clip_norm is None else number("clip_norm", clip_norm, 0)
    _check_functions(loss_and_gradients, optimiser)
    _check_parameters(parameters)
    check_schedule(batches, n_epochs, validate, patience)

    history = History()
    best: dict[str, np.ndarray] = {}
    bar = progress_bar(progress, total=number_of_updates(batches, n_epochs), unit="update")
    try:
        for epoch in range(1, n_epochs + 1):
            for batch in batches:
                _step(history, loss_and_gradients, parameters, batch, optimiser, max_norm)
                bar.set_postfix_str(f"loss {history.loss[-1]:.4g}", refresh=False)
                bar.update()
            if validate is not None:
                record_validation(history, validate, parameters)
            if patience is None or history.best_epoch is None:
                continue
            if history.best_epoch == epoch:
                best = {name: p.copy() for name, p in parameters.items()}
            elif epoch - history.best_epoch >= patience:
                history.stopped_early = True
                break
        _set(parameters, best)
    except KeyboardInterrupt:
        history.interrupted = True
    except Diverged as problem:
        history.diverged = True
        history.message = str(problem)
        if best:
            _set(parameters, best)
            history.message += f" The parameters are those of epoch {history.best_epoch}."
    finally:
        bar.close()
    history.message = history.message or ending(history, patience)
    return history


def _set(parameters: Arrays, values: Arrays) -> None:
    """Set the parameters back to ``values``, whole."""
    with stop_button_held():
        for name, array in values.items():
            parameters[name][...] = array


class Diverged(Exception):
    """A number of the training is no longer finite; the text is for the learner."""


def _step(
    history: History,
    loss_and_gradients: Callable[..., tuple[float, Arrays]],
    parameters: Arrays,
    batch: tuple[np.ndarray, ...],
    optimiser: Optimiser,
    max_norm: float,
) -> None:
    if not isinstance(batch, tuple | list):
        raise TypeError(f"batches must give tuples of arrays, got {type(batch).__name__}")
    # An overflow ends the training with a sentence; NumPy need not warn of it as well.
    with np.errstate(over="ignore", invalid="ignore"):
        loss, gradients = _plain(loss_and_gradients(parameters, *batch))
        if not math.isfinite(loss):
            check_data(batch)
        check_finite(history, "loss", loss)
        clipped, norm = clip_by_global_norm(gradients, max_norm)
        check_finite(history, "gradient norm", norm)
        with stop_button_held():
            optimiser.update(parameters, clipped)
            history.loss.append(loss)
            history.gradient_norm.append(float(norm))


def record_validation(history: History, validate: Callable[..., float], *arguments: object) -> None:
    """Write the loss ``validate(*arguments)`` of an epoch, and whether it is the lowest, down."""
    with np.errstate(over="ignore", invalid="ignore"):
        loss = validate(*arguments)
    if not isinstance(loss, Real):
        raise TypeError(f"validate must return a number, got {type(loss).__name__}")
    check_finite(history, "validation loss", loss)
    history.validation.append(float(loss))
    if history.best_epoch is None or loss < history.validation[history.best_epoch - 1]:
        history.best_epoch = len(history.validation)


def ending(history: History, patience: int | None = None) -> str:
    """Why a training ended that did not diverge, in a sentence."""
    updates = f"{history.n_updates} update{'' if history.n_updates == 1 else 's'}"
    if history.interrupted:
        return f"Interrupted after {updates}; the parameters are those of the last one."
    kept = f"The parameters are those of epoch {history.best_epoch}"
    if history.stopped_early:
        return (
            f"Stopped early after {updates}: no lower validation loss for {patience} "
            f"epoch{'' if patience == 1 else 's'}. {kept}."
        )
    if patience is not None:
        return f"Finished after {updates}. {kept}, the lowest validation loss."
    return f"Finished after {updates}."


def check_data(batch: Sequence[object]) -> None:
    """Raise :class:`Diverged` if the data of a batch hold what no learning rate can mend."""
    for place, array in enumerate(map(np.asarray, batch)):
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise Diverged(
                f"Stopped: the data hold numbers that are not finite (NaN or infinite), in array "
                f"{place} of a batch. Mend the data; no learning rate helps."
            )


def check_finite(history: History, what: str, value: float) -> None:
    """Raise :class:`Diverged` if ``value`` is infinite or not a number."""
    if not math.isfinite(value):
        raise Diverged(
            f"Diverged: after {history.n_updates} updates the {what} was {value}. "
            "Try a smaller learning rate, or clip_norm."
        )


@contextmanager
def stop_button_held() -> Iterator[None]:
    """Hold the stop button's signal back until the block is done: no half updates."""
    if threading.current_thread() is not threading.main_thread():  # signals do not arrive there
        yield
        return
    pressed = False

    def note(signum: int, frame: object) -> None:
        nonlocal pressed
        pressed = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        signal.raise_signal(signal.SIGINT)


def number_of_updates(batches: Iterable, n_epochs: int) -> int | None:
    """Updates of ``n_epochs`` passes; None where ``batches`` does not know its length."""
    return n_epochs * len(batches) if isinstance(batches, Sized) else None


def _plain(result: object) -> tuple[float, Arrays]:
    wants = "loss_and_gradients must return (loss, gradients), a number and a dictionary"
    if not isinstance(result, tuple) or len(result) != 2 or not isinstance(result[1], Mapping):
        raise TypeError(f"{wants}, got {type(result).__name__}")
    loss, gradients = result
    return float(real_array("the loss of loss_and_gradients", loss, ())), gradients


def _check_functions(loss_and_gradients: object, optimiser: object) -> None:
    instance("loss_and_gradients", loss_and_gradients, Callable, "a function")
    if isinstance(optimiser, type) or not isinstance(optimiser, Optimiser):
        got = f"the class {optimiser.__name__}" if isinstance(optimiser, type) else repr(optimiser)
        raise TypeError(f"optimiser must be one, such as SGD(0.1) or Adam(), got {got}")


def _check_parameters(parameters: Arrays) -> None:
    instance("parameters", parameters, Mapping, "a dictionary from name to array")
    if not parameters:
        raise ValueError("parameters must hold at least one array, got none")
    for name, p in parameters.items():
        plain = isinstance(p, np.ndarray) and not isinstance(p, np.ma.MaskedArray)
        if not plain or p.dtype.kind != "f":
            got = f"dtype {p.dtype}" if plain else type(p).__name__
            raise TypeError(f"parameters[{name!r}] must be a floating-point array, got {got}")
        if not p.flags.writeable:
            raise ValueError(
                f"parameters[{name!r}] must be changed in place, got a read-only array: copy it"
            )


def _checked_gradients(parameters: Arrays, gradients: Arrays) -> Arrays:
    _check_parameters(parameters)
    instance("gradients", gradients, Mapping, "a dictionary from name to array")
    if gradients.keys() != parameters.keys():
        raise ValueError(
            f"gradients must be named {sorted(parameters)} like the parameters, "
            f"got {sorted(gradients)}"
        )
    # In-place arithmetic would spread a smaller gradient over the array without a word.
    return {
        name: real_array(f"gradients[{name!r}]", gradients[name], p.shape, finite=True, empty=True)
        for name, p in parameters.items()
    }


def check_schedule(
    batches: Iterable, n_epochs: int, validate: Callable | None, patience: int | None = None
) -> None:
    """Refuse, before an hour of training, what would end it after the first epoch."""
    instance("batches", batches, Iterable, "a list of tuples of arrays")
    if validate is not None:
        instance("validate", validate, Callable, "a function")
    if n_epochs > 1 and isinstance(batches, Iterator):
        raise ValueError(
            f"batches must be something that can be gone through {n_epochs} times "
            "(minibatches(...) or a list), got an iterator, which is used up after one epoch"
        )
    if patience is None:
        return
    whole_number("patience", patience, 1)
    if validate is None:
        raise ValueError("validate must be a function when patience is given, got None")


def _slots(slots: dict[str, np.ndarray], parameters: Arrays) -> dict[str, np.ndarray]:
    """The optimiser's memory, made of zeros at the first update."""
    if not slots:
        slots.update({name: np.zeros_like(p) for name, p in parameters.items()})
    if {name: slot.shape for name, slot in slots.items()} != {
        name: p.shape for name, p in parameters.items()
    }:
        raise ValueError(
            "parameters must be those of the first update (an optimiser remembers them), "
            f"got {sorted(parameters)}; make a new optimiser for another network"
        )
    return slots
