"""The stop button during Keras' fit, pressed for real; and the bar that hides when told to."""

import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from course_utils.keras_training import TrainingProgress, keras

STOPPED = """
import os, signal, sys, threading
import numpy as np
from course_utils.keras_training import TrainingProgress, keras

model = keras.Sequential([keras.Input((None, 3)), keras.layers.SimpleRNN(8), keras.layers.Dense(1)])
model.compile("adam", "mse")
x, y = np.ones((512, 5, 3), "float32"), np.ones((512, 1), "float32")
before = signal.getsignal(signal.SIGINT)
watch = TrainingProgress()

class PressStop(keras.callbacks.Callback):
    # From a thread, so that the signal arrives anywhere: in JAX, in Keras, in a callback.
    def on_train_batch_end(self, batch, logs=None):
        if watch.n_updates == 20:
            # An impatient learner presses twice.
            self.presses = [
                threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))
                for delay in (0.05, 0.06)
            ]
            for press in self.presses:
                press.start()

    def on_train_end(self, logs=None):
        for press in self.presses:
            press.join()  # a press after the training is no business of the training's

history = model.fit(x, y, batch_size=8, epochs=10_000, verbose=0, validation_data=(x[:8], y[:8]),
                    callbacks=[PressStop(), watch])
assert signal.getsignal(signal.SIGINT) is before, "handler"
assert watch.interrupted and 20 < watch.n_updates < 640_000
assert len(history.history["loss"]) == len(history.history["val_loss"]) == -(-watch.n_updates // 64)
assert np.isfinite(model.predict(x[:8], verbose=0)).all()
again = model.fit(x, y, batch_size=8, epochs=1, verbose=0, callbacks=[watch])
assert not watch.interrupted and watch.n_updates == 64, watch.message
assert again.history["loss"][0] < history.history["loss"][0]
print("all is well")
"""


@pytest.fixture(autouse=True)
def no_progress_bar(monkeypatch):
    monkeypatch.setenv("UNROLLED_PROGRESS_BAR", "0")


def small_model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def press_stop_after(batch):
    def press(at, logs):
        if at == batch:
            signal.raise_signal(signal.SIGINT)

    return keras.callbacks.LambdaCallback(on_train_batch_end=press)


X, Y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_the_stop_button_ends_fit_and_loses_nothing():
    done = subprocess.run(
        [sys.executable, "-c", STOPPED],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"UNROLLED_PROGRESS_BAR": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "all is well" in done.stdout
    assert "batch" in done.stdout  # the bar


def test_fit_ends_with_the_batch_in_which_stop_was_pressed():
    model, watch = small_model(), TrainingProgress()
    history = model.fit(
        X, Y, batch_size=2, epochs=9, verbose=0, callbacks=[press_stop_after(2), watch]
    )
    assert watch.message == "Interrupted after 3 updates; the weights are those of the last one."
    assert len(history.history["loss"]) == 1


def test_the_signal_is_given_back_after_a_fit_that_raised():
    def fail(batch, logs):
        raise RuntimeError("out of luck")

    before = signal.getsignal(signal.SIGINT)
    model, watch = small_model(), TrainingProgress()
    bad = keras.callbacks.LambdaCallback(on_train_batch_end=fail)
    with pytest.raises(RuntimeError, match="out of luck"):
        model.fit(X, Y, verbose=0, callbacks=[watch, bad])
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    model.fit(X, Y, verbose=0, callbacks=[watch])
    assert signal.getsignal(signal.SIGINT) is before


def test_a_loop_of_ones_own_without_fit_keeps_its_stop_button():
    before = signal.getsignal(signal.SIGINT)
    watch = TrainingProgress()
    callbacks = keras.callbacks.CallbackList([watch], model=small_model(), epochs=1, steps=2)
    callbacks.on_train_begin()
    callbacks.on_train_batch_end(0)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    assert watch.n_updates == 1


def test_two_trainings_after_a_failed_one_still_give_the_signal_back():
    def fail(batch, logs):
        raise RuntimeError

    before = signal.getsignal(signal.SIGINT)
    watch = TrainingProgress()
    bad = keras.callbacks.LambdaCallback(on_train_batch_end=fail)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            small_model().fit(X, Y, verbose=0, callbacks=[watch, bad])
    small_model().fit(X, Y, verbose=0, callbacks=[watch])
    assert signal.getsignal(signal.SIGINT) is before


def test_trains_in_another_thread_without_touching_signals():
    watch, problems = TrainingProgress(), []

    def train():
        try:
            small_model().fit(X, Y, verbose=0, callbacks=[watch])
        except BaseException as problem:
            problems.append(problem)

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert problems == []
    assert watch.n_updates == 1


@pytest.mark.parametrize("progress", [True, False])
def test_the_bar_shows_when_wanted(progress, monkeypatch, capfd):
    monkeypatch.setenv("UNROLLED_PROGRESS_BAR", "1")
    callbacks = [TrainingProgress(progress=progress)]
    small_model().fit(X, Y, batch_size=2, epochs=3, verbose=0, callbacks=callbacks)
    assert ("/12" in capfd.readouterr().out) == progress
