"""Train with Keras under a progress bar, stop it without loss, and start it afresh.

While ``model.fit`` runs on the JAX backend, the weights live in memory that each update hands on to
the next one. A KeyboardInterrupt at the wrong moment leaves a model whose weights are deleted. So
:class:`TrainingProgress` takes the stop button's signal and lets Keras stop where it may: between
two batches.

Importing this module imports Keras, on the course's backend unless ``KERAS_BACKEND`` names another.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from course_utils.arguments import flag, instance, whole_number
from course_utils.keras_backend import keras
from course_utils.session import progress_bar


class TrainingProgress(keras.callbacks.Callback):
    """A progress bar over all batches, and a stop button that loses nothing.

    Pressing stop (SIGINT) sets ``model.stop_training``. ``fit`` then finishes the batch and what
    belongs to the end of an epoch, validation included, and returns its history. The model has the
    weights of the last batch. The last epoch in the history is the one that was cut short: its loss
    is the mean over the batches that it had.

    A callback may be used for several trainings, one after the other.

    Parameters
    ----------
    progress
        Show the bar. The environment variable ``UNROLLED_PROGRESS_BAR=0`` hides it always.

    Attributes
    ----------
    interrupted : bool
        Whether the stop button ended the last training.
    n_updates : int
        Batches that the last training has seen, each of which changed the weights.

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> watch = TrainingProgress()
    >>> x = keras.ops.ones((8, 3))
    >>> history = model.fit(x, x[:, :1], batch_size=2, epochs=5, verbose=0, callbacks=[watch])
    >>> watch.message
    'Finished after 20 updates.'
    """

    def __init__(self, *, progress: bool = True):
        super().__init__()
        self.interrupted = False
        self.n_updates = 0
        self._progress = flag("progress", progress)
        self._bar: Any = None
        self._before: Any = None
        self._fit_frame: FrameType | None = None

    @property
    def message(self) -> str:
        """How the last training ended, in a sentence."""
        updates = f"{self.n_updates} update{'' if self.n_updates == 1 else 's'}"
        if self.interrupted:
            return f"Interrupted after {updates}; the weights are those of the last one."
        return f"Finished after {updates}."

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Show the bar and take the stop button's signal."""
        self.interrupted = False
        self.n_updates = 0
        self._close()  # what a training left that ended with an exception
        self._bar = self._new_bar()
        # Signals can be taken in the main thread only; elsewhere they do not arrive either.
        if threading.current_thread() is threading.main_thread():
            self._fit_frame = next(
                (f for f in _callers(sys._getframe()) if f.f_code.co_name == "fit"), None
            )
            self._before = signal.signal(signal.SIGINT, self._stop)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Move the bar on."""
        self.n_updates += 1
        if self.interrupted:
            self.model.stop_training = True
        if self._bar.disable:
            return
        if logs and "loss" in logs:
            self._bar.set_postfix_str(f"loss {float(logs['loss']):.4g}", refresh=False)
        self._bar.update()

    def on_train_end(self, logs: dict | None = None) -> None:
        """Take the bar away and give the signal back."""
        self._close()

    def _new_bar(self):
        steps = self.params.get("steps")
        total = steps and steps * self.params.get("epochs", 1)
        return progress_bar(self._progress, total=total, unit="batch")

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        """Have Keras stop at the end of the batch, not in the middle of a validation.

        After a ``fit`` that raised, the signal still comes here: hand it on.
        """
        if self._fit_frame is not None and self._fit_frame in _callers(frame):
            self.interrupted = True
        else:
            self._close()
            signal.raise_signal(signum)

    def _close(self) -> None:
        self._fit_frame = None
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None


def fresh_start(model: keras.Model, seed: int) -> None:
    """Draw new weights for a compiled model, and let its optimiser forget the last training.

    What the backend has compiled stays compiled: a new model would cost a second or two more.

    Parameters
    ----------
    model
        Built and compiled.
    seed
        Of the new weights, and of all that Keras draws from now on.

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    >>> model.compile("adam", "mse")
    >>> fresh_start(model, seed=0)
    """
    instance("model", model, keras.Model, "a Keras model")
    keras.utils.set_random_seed(whole_number("seed", seed, 0, 2**32 - 1))
    if not (model.built and model.compiled):
        raise ValueError(f"model must be built and compiled, got {model.name!r} before that")
    model.set_weights(keras.models.clone_model(model).get_weights())
    for variable in model.optimizer.variables:
        if variable.name != "learning_rate":
            variable.assign(keras.ops.zeros_like(variable))


def _callers(frame: FrameType | None) -> Iterator[FrameType]:
    """``frame`` and those that it was called from, the innermost first.

    Frames are compared, not looked into: where a handler read ``f_locals`` of a ``fit`` that JAX
    was compiling for, and did it twice, the training went on with deleted arrays (Python 3.11).
    """
    while frame is not None:
        yield frame
        frame = frame.f_back
