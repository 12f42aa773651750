"""Optimisers against Keras and the paper; the loop on problems whose answer is known."""

import io
import os
import subprocess
import sys
from contextlib import redirect_stdout
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import losses, training
from course_utils.training import SGD, Adam, fit, minibatches

TRUE_WEIGHTS = {"W": np.array([[2.0], [-1.0], [0.5]]), "b": np.array([0.25])}


@pytest.fixture(autouse=True)
def no_progress_bar(monkeypatch):
    monkeypatch.setenv("UNROLLED_PROGRESS_BAR", "0")


def regression(n_samples=64, seed=0):
    """Inputs and targets of a dense layer with known weights."""
    x = np.random.default_rng(seed).normal(size=(n_samples, 3))
    return x, x @ TRUE_WEIGHTS["W"] + TRUE_WEIGHTS["b"]


def dense_loss_and_gradients(parameters, x, y):
    loss, d_y_hat = losses.mean_squared_error(x @ parameters["W"] + parameters["b"], y)
    return loss, {"W": x.T @ d_y_hat, "b": d_y_hat.sum(axis=0)}


def start():
    return {"W": np.zeros((3, 1)), "b": np.zeros(1)}


def copies(parameters):
    return {name: p.copy() for name, p in parameters.items()}


def assert_equal(parameters, expected):
    for name, p in parameters.items():
        np.testing.assert_array_equal(p, expected[name])


# Optimisers


@pytest.mark.parametrize(
    ("name", "ours", "options"),
    [
        ("SGD", SGD, {"learning_rate": 0.1}),
        ("SGD", SGD, {"learning_rate": 0.05, "momentum": 0.9}),
        ("Adam", Adam, {}),
        ("Adam", Adam, {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}),
    ],
)
def test_updates_are_those_of_keras(name, ours, options, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    import keras

    rng = np.random.default_rng(0)
    parameters = {
        "W": rng.normal(size=(4, 3)).astype(np.float32),
        "b": rng.normal(size=3).astype(np.float32),
    }
    # JAX may use the very memory it is given, which our optimiser changes: hand it a copy.
    variables = [keras.Variable(p.copy()) for p in parameters.values()]
    optimiser = ours(**options)
    theirs = getattr(keras.optimizers, name)(**({"learning_rate": 0.001} | options))
    for _ in range(5):
        gradients = {
            name: rng.normal(size=p.shape).astype(np.float32) for name, p in parameters.items()
        }
        optimiser.update(parameters, gradients)
        theirs.apply(list(gradients.values()), variables)
        for p, variable in zip(parameters.values(), variables, strict=True):
            assert p.dtype == np.float32
            np.testing.assert_allclose(p, np.asarray(variable), rtol=2e-6, atol=2e-7)


@given(seed=st.integers(0, 2**32), learning_rate=st.floats(1e-4, 1.0))
@settings(deadline=None)
def test_adam_is_algorithm_1_of_the_paper(seed, learning_rate):
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=5)
    parameters, optimiser = {"theta": theta.copy()}, Adam(learning_rate, epsilon=1e-20)
    m = v = np.zeros(5)
    for t in range(1, 8):
        g = rng.normal(size=5)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        theta = theta - learning_rate * m_hat / np.sqrt(v_hat)
        optimiser.update(parameters, {"theta": g})
    np.testing.assert_allclose(parameters["theta"], theta, rtol=1e-9, atol=1e-10)


@given(seed=st.integers(0, 2**32), momentum=st.floats(0, 0.99))
@settings(deadline=None)
def test_momentum_adds_up_the_past_gradients(seed, momentum):
    rng = np.random.default_rng(seed)
    gradients = rng.normal(size=(6, 4))
    parameters, optimiser = {"w": np.zeros(4)}, SGD(0.1, momentum)
    for g in gradients:
        optimiser.update(parameters, {"w": g})
    # Each gradient is applied once at every later update, weaker by `momentum` each time.
    weights = np.array([sum(momentum**k for k in range(6 - i)) for i in range(6)])
    np.testing.assert_allclose(parameters["w"], -0.1 * weights @ gradients, atol=1e-12)


@pytest.mark.parametrize("optimiser", [SGD(0.1, 0.9), Adam()])
def test_updates_work_in_place_and_leave_the_gradients_alone(optimiser):
    parameters, gradients = start(), {"W": np.ones((3, 1)), "b": np.ones(1)}
    arrays = dict(parameters)
    optimiser.update(parameters, gradients)
    for name, p in parameters.items():
        assert p is arrays[name]
        assert (p < 0).all()
        assert (gradients[name] == 1).all()


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: SGD(0), ValueError, r"learning_rate must be a number in \(0, inf\), got 0"),
        (lambda: SGD(float("nan")), ValueError, "learning_rate must be .*, got nan"),
        (lambda: SGD(float("inf")), ValueError, "learning_rate must be .*, got inf"),
        (lambda: SGD("0.1"), TypeError, "learning_rate must be .*, got '0.1'"),
        (lambda: SGD(0.1, 1.0), ValueError, r"momentum must be a number in \[0, 1\), got 1.0"),
        (lambda: Adam(-1), ValueError, "learning_rate must be"),
        (lambda: Adam(beta_1=1), ValueError, "beta_1 must be"),
        (lambda: Adam(beta_1=-0.1), ValueError, "beta_1 must be"),
        (lambda: Adam(beta_2=-0.1), ValueError, "beta_2 must be"),
        (lambda: Adam(epsilon=0), ValueError, "epsilon must be"),
    ],
)
def test_an_optimiser_says_which_setting_it_cannot_use(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


@pytest.mark.parametrize("optimiser", [SGD, Adam])
def test_gradients_must_fit_the_parameters(optimiser):
    with pytest.raises(ValueError, match=r"gradients must be named \['W', 'b'\].*got \['W'\]"):
        optimiser(0.1).update(start(), {"W": np.ones((3, 1))})
    with pytest.raises(ValueError, match=r"gradients\['W'\] must have shape \(3, 1\).*got \(1,\)"):
        optimiser(0.1).update(start(), {"W": np.ones(1), "b": np.ones(1)})


def test_an_optimiser_belongs_to_one_network():
    optimiser = Adam()
    optimiser.update({"w": np.zeros(3)}, {"w": np.ones(3)})
    with pytest.raises(ValueError, match="make a new optimiser for another network"):
        optimiser.update({"w": np.zeros(4)}, {"w": np.ones(4)})


# Minibatches


@given(n_samples=st.integers(1, 40), batch_size=st.integers(1, 50), seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_minibatches_give_every_sample_once_and_keep_rows_together(n_samples, batch_size, seed):
    x = np.arange(n_samples)
    batches = minibatches((x, -x), batch_size, np.random.default_rng(seed))
    epoch = list(batches)
    assert len(epoch) == len(batches)
    assert all(len(x_batch) == batch_size for x_batch, _ in epoch[:-1])
    assert sorted(np.concatenate([x_batch for x_batch, _ in epoch])) == list(x)
    assert all((x_batch == -y_batch).all() for x_batch, y_batch in epoch)


def test_minibatches_draw_a_new_order_each_time_and_repeat_it_with_the_seed():
    def two_epochs():
        batches = minibatches((np.arange(100),), 100, np.random.default_rng(0))
        return [next(iter(batches))[0] for _ in range(2)]

    first, second = two_epochs()
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(two_epochs(), [first, second])


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (((), 2, np.random.default_rng(0)), ValueError, "arrays must be one or more arrays"),
        (
            ((np.ones(3), np.ones(4)), 2, np.random.default_rng(0)),
            ValueError,
            r"equally many samples, got shapes \[\(3,\), \(4,\)\]",
        ),
        (((np.ones(0),), 2, np.random.default_rng(0)), ValueError, "arrays must be"),
        ((np.ones((3, 2)), 2, np.random.default_rng(0)), TypeError, "got one array"),
        (((np.ones(3),), 0, np.random.default_rng(0)), ValueError, "batch_size must be"),
        (((np.ones(3),), 2, 0), TypeError, "rng must be a np.random.Generator, got int"),
    ],
)
def test_minibatches_say_what_they_cannot_use(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        minibatches(*arguments)


# The loop


def test_the_history_prints_its_ending_and_not_every_number():
    history = fit(dense_loss_and_gradients, start(), [regression()] * 50, SGD(0.1))
    assert "Finished after 50 updates." in repr(history)
    assert len(repr(history)) < 200


@pytest.mark.parametrize("optimiser", [SGD(0.1), SGD(0.05, 0.9), Adam(0.05)])
def test_a_dense_layer_finds_the_weights_that_made_the_data(optimiser):
    parameters = start()
    batches = minibatches(regression(), 16, np.random.default_rng(0))
    history = fit(dense_loss_and_gradients, parameters, batches, optimiser, n_epochs=200)
    for name, p in parameters.items():
        np.testing.assert_allclose(p, TRUE_WEIGHTS[name], atol=1e-3)
    assert history.n_updates == len(history.gradient_norm) == 800
    assert history.loss[-1] < 1e-5 < history.loss[0]
    assert history.message == "Finished after 800 updates."
    assert not (history.interrupted or history.diverged or history.stopped_early)


def test_the_loop_is_the_one_a_learner_writes_by_hand():
    by_hand, optimiser, expected_losses = start(), Adam(0.05), []
    for _ in range(3):
        for x, y in [regression(seed=1), regression(seed=2)]:
            loss, gradients = dense_loss_and_gradients(by_hand, x, y)
            optimiser.update(by_hand, gradients)
            expected_losses.append(loss)

    parameters = start()
    batches = [regression(seed=1), regression(seed=2)]
    history = fit(dense_loss_and_gradients, parameters, batches, Adam(0.05), n_epochs=3)
    assert_equal(parameters, by_hand)
    assert history.loss == expected_losses


def test_clipping_bounds_the_step_and_the_history_keeps_the_norm_before_it():
    parameters = start()
    x, y = regression()
    history = fit(dense_loss_and_gradients, parameters, [(x, 1000 * y)], SGD(1.0), clip_norm=0.5)
    step = np.sqrt(sum((p**2).sum() for p in parameters.values()))
    assert step == pytest.approx(0.5)
    assert history.gradient_norm[0] > 1000


def test_a_generous_clip_changes_nothing():
    free, clipped = start(), start()
    fit(dense_loss_and_gradients, free, [regression()] * 5, SGD(0.1))
    fit(dense_loss_and_gradients, clipped, [regression()] * 5, SGD(0.1), clip_norm=1e6)
    assert_equal(clipped, free)


def test_clipping_saves_a_training_that_diverges_without():
    # Curvature 8 in one direction: steps of 0.5 multiply the distance by 3 each time.
    def steep(parameters):
        w = parameters["w"]
        return float(np.sum(np.exp(4 * w**2) - 1)), {"w": 8 * w * np.exp(4 * w**2)}

    diverged = fit(steep, {"w": np.ones(2)}, [()] * 50, SGD(0.5))
    assert diverged.diverged
    saved = fit(steep, {"w": np.ones(2)}, [()] * 50, SGD(0.01), clip_norm=1.0)
    assert not saved.diverged
    assert saved.loss[-1] < saved.loss[0]


# Early stop


def validation_values(values):
    """A validation that notes the parameters it saw and answers ``values`` in turn."""
    seen, answers = [], iter(values)

    def validate(parameters):
        seen.append(copies(parameters))
        return next(answers)

    return validate, seen


def test_early_stop_waits_with_patience_and_brings_back_the_best_parameters():
    validate, seen = validation_values([5, 3, 4, 3, 2, 3, 3, 3, 1])
    parameters = start()
    history = fit(
        dense_loss_and_gradients,
        parameters,
        [regression()],
        SGD(0.01),
        n_epochs=100,
        validate=validate,
        patience=3,
    )
    assert history.stopped_early
    assert history.validation == [5, 3, 4, 3, 2, 3, 3, 3]
    assert history.best_epoch == 5
    assert history.message == (
        "Stopped early after 8 updates: no lower validation loss for 3 epochs. "
        "The parameters are those of epoch 5."
    )
    assert_equal(parameters, seen[4])
    assert not np.array_equal(seen[7]["W"], seen[4]["W"])


def test_the_best_parameters_come_back_when_the_epochs_are_over_too():
    validate, seen = validation_values([3, 1, 2])
    parameters = start()
    options = {"n_epochs": 3, "validate": validate, "patience": 5}
    history = fit(dense_loss_and_gradients, parameters, [regression()], SGD(0.01), **options)
    assert not history.stopped_early
    assert_equal(parameters, seen[1])
    assert history.message == (
        "Finished after 3 updates. The parameters are those of epoch 2, the lowest validation loss."
    )


def test_a_validation_loss_that_only_stays_is_no_improvement():
    validate, seen = validation_values([3, 3, 3, 1])
    parameters = start()
    options = {"n_epochs": 4, "validate": validate, "patience": 2}
    history = fit(dense_loss_and_gradients, parameters, [regression()], SGD(0.01), **options)
    assert history.stopped_early
    assert history.best_epoch == 1
    assert_equal(parameters, seen[0])


def test_without_patience_the_last_parameters_stay():
    validate, seen = validation_values([3, 1, 2])
    parameters = start()
    options = {"n_epochs": 3, "validate": validate}
    history = fit(dense_loss_and_gradients, parameters, [regression()], SGD(0.01), **options)
    assert history.best_epoch == 2
    assert_equal(parameters, seen[2])


# The stop button


def stopping_at(call, stop):
    """The dense layer's loss, but ``stop()`` is called in the middle of the given call."""
    calls = 0

    def loss_and_gradients(parameters, x, y):
        nonlocal calls
        calls += 1
        result = dense_loss_and_gradients(parameters, x, y)
        if calls == call:
            stop()
        return result

    return loss_and_gradients


def press_the_stop_button():
    raise KeyboardInterrupt


def test_the_stop_button_keeps_what_was_learned():
    expected = start()
    fit(dense_loss_and_gradients, expected, [regression()] * 7, Adam(0.1))

    parameters = start()
    loss = stopping_at(8, press_the_stop_button)
    history = fit(loss, parameters, [regression()] * 5, Adam(0.1), n_epochs=20)
    assert history.interrupted
    assert history.n_updates == len(history.gradient_norm) == 7
    assert (
        history.message == "Interrupted after 7 updates; the parameters are those of the last one."
    )
    assert_equal(parameters, expected)


def test_the_stop_button_in_a_validation_keeps_what_was_learned():
    parameters = start()
    history = fit(
        dense_loss_and_gradients,
        parameters,
        [regression()],
        SGD(0.1),
        n_epochs=3,
        validate=lambda parameters: press_the_stop_button(),
    )
    assert history.interrupted
    assert history.n_updates == 1


SIGNAL_IN_AN_UPDATE = """
import os, signal
import numpy as np
from course_utils.training import SGD, fit

signal.signal(signal.SIGINT, signal.default_int_handler)

class Pressed(SGD):
    def update(self, parameters, gradients):
        if parameters["b"] <= -2.9:
            os.kill(os.getpid(), signal.SIGINT)
        super().update(parameters, gradients)

parameters = {"a": np.zeros(1), "b": np.zeros(1)}
downhill = lambda parameters: (1.0, {"a": np.ones(1), "b": np.ones(1)})
history = fit(downhill, parameters, [()] * 100, Pressed(1.0))
print(history.interrupted, history.n_updates, parameters["a"], parameters["b"])
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
"""


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill sends no SIGINT on Windows")
def test_a_signal_in_the_middle_of_an_update_lets_it_finish():
    # A process of its own: pytest's workers ignore the signal.
    run = subprocess.run(
        [sys.executable, "-c", SIGNAL_IN_AN_UPDATE],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"UNROLLED_PROGRESS_BAR": "0"},
    )
    assert run.stdout == "True 4 [-4.] [-4.]\n", run.stderr


def test_training_works_in_a_thread_where_signals_do_not_arrive():
    from threading import Thread

    parameters = start()
    thread = Thread(
        target=fit, args=(dense_loss_and_gradients, parameters, [regression()] * 9, SGD(0.1))
    )
    thread.start()
    thread.join(timeout=30)
    assert not np.array_equal(parameters["W"], np.zeros((3, 1)))


# Divergence


def test_a_learning_rate_that_is_too_large_ends_with_a_sentence_and_no_warning(recwarn):
    parameters = start()
    history = fit(dense_loss_and_gradients, parameters, [regression()] * 5000, SGD(2.0))
    assert history.diverged
    assert not history.interrupted
    assert np.isfinite(history.loss).all()
    assert history.n_updates < 5000
    assert history.message.startswith(f"Diverged: after {history.n_updates} updates the ")
    assert history.message.endswith("Try a smaller learning rate, or clip_norm.")
    assert not recwarn.list


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_or_gradient_that_is_not_finite_changes_no_parameter(bad):
    def bad_at_the_third(what):
        calls = 0

        def loss_and_gradients(parameters):
            nonlocal calls
            calls += 1
            value = bad if calls == 3 else 1.0
            loss, slope = (value, 1.0) if what == "loss" else (1.0, value)
            return loss, {"w": np.full(2, slope)}

        return loss_and_gradients

    for what, named in [("loss", "loss"), ("gradient", "gradient norm")]:
        parameters = {"w": np.zeros(2)}
        history = fit(bad_at_the_third(what), parameters, [()] * 9, SGD(1.0), clip_norm=10)
        assert history.diverged
        assert f"after 2 updates the {named} was" in history.message
        np.testing.assert_array_equal(parameters["w"], [-2, -2])


def test_a_validation_that_is_not_finite_ends_the_training():
    validate, _ = validation_values([1.0, np.nan])
    options = {"n_epochs": 5, "validate": validate}
    history = fit(dense_loss_and_gradients, start(), [regression()], SGD(0.1), **options)
    assert history.diverged
    assert "after 2 updates the validation loss was nan" in history.message


def test_where_a_training_diverges_the_best_parameters_come_back():
    validate, seen = validation_values([1.0, 2.0, np.nan])
    parameters, options = start(), {"n_epochs": 5, "validate": validate, "patience": 3}
    history = fit(dense_loss_and_gradients, parameters, [regression()], SGD(0.1), **options)
    assert history.message.endswith("The parameters are those of epoch 1.")
    assert_equal(parameters, seen[0])


# Progress bar and bad input


def progress_output(**options):
    with redirect_stdout(io.StringIO()) as stream:
        fit(dense_loss_and_gradients, start(), [regression()] * 3, SGD(0.1), **options)
    return stream.getvalue()


def test_the_progress_bar_shows_unless_told_otherwise(monkeypatch):
    assert progress_output() == ""
    monkeypatch.delenv("UNROLLED_PROGRESS_BAR")
    assert "/3" in progress_output()
    assert progress_output(progress=False) == ""


def test_the_progress_bar_tells_the_loss_of_each_update(monkeypatch):
    bar = Mock()
    monkeypatch.setattr(training, "progress_bar", lambda *args, **options: bar)
    history = fit(dense_loss_and_gradients, start(), [regression()] * 3, SGD(0.1))
    shown = [call.args[0] for call in bar.set_postfix_str.call_args_list]
    assert shown == [f"loss {loss:.4g}" for loss in history.loss]


def test_any_iterator_serves_a_single_epoch_but_no_more():
    batches = (regression() for _ in range(4))
    assert fit(dense_loss_and_gradients, start(), batches, SGD(0.1)).n_updates == 4
    with pytest.raises(ValueError, match=r"batches must be .* 2 times .* got an iterator"):
        fit(dense_loss_and_gradients, start(), batches, SGD(0.1), n_epochs=2)


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"parameters": [np.zeros(3)]}, TypeError, "parameters must be a dictionary.*got list"),
        ({"parameters": {"W": np.zeros(3, int)}}, TypeError, "floating-point array, got dtype int"),
        ({"parameters": {"W": [0.0]}}, TypeError, r"parameters\['W'\] must be .* got list"),
        ({"batches": [np.zeros((2, 3))]}, TypeError, "batches must give tuples.*got ndarray"),
        ({"loss_and_gradients": 3}, TypeError, "loss_and_gradients must be a function, got int"),
        ({"optimiser": Adam}, TypeError, "optimiser must be one, .* got the class Adam"),
        ({"optimiser": 0.1}, TypeError, "optimiser must be one, .* got 0.1"),
        ({"validate": lambda parameters: (1.0, {})}, TypeError, "validate must .* got tuple"),
        ({"n_epochs": 0}, ValueError, "n_epochs must be"),
        ({"clip_norm": 0}, ValueError, "clip_norm must be"),
        ({"clip_norm": "1"}, TypeError, "clip_norm must be"),
        ({"patience": 2}, ValueError, "validate must be a function when patience is given"),
        ({"patience": 0, "validate": len}, ValueError, "patience must be"),
        (
            {"loss_and_gradients": lambda parameters, x, y: 1.0},
            TypeError,
            r"loss_and_gradients must return \(loss, gradients\).*got float",
        ),
        (
            {"loss_and_gradients": lambda parameters, x, y: (np.ones(3), {})},
            ValueError,
            r"the loss of loss_and_gradients must have shape \(\), got \(3,\)",
        ),
    ],
)
def test_fit_says_what_it_cannot_use(changes, error, sentence):
    arguments = {
        "loss_and_gradients": dense_loss_and_gradients,
        "parameters": start(),
        "batches": [regression()],
        "optimiser": SGD(0.1),
    }
    with pytest.raises(error, match=sentence):
        fit(**(arguments | changes))


def test_gradients_that_do_not_fit_are_an_error_and_no_update():
    parameters = start()
    with pytest.raises(ValueError, match=r"gradients\['b'\] must have shape"):
        fit(
            lambda parameters: (1.0, {"W": np.ones((3, 1)), "b": np.ones((1, 1))}),
            parameters,
            [()],
            SGD(0.1),
        )
    assert_equal(parameters, start())
