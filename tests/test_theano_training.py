"""Updates in Theano against NumPy's, resumed training against uninterrupted, and the stop button."""

import math
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import gradients, training
from course_utils.theano_training import adam, clip_by_global_norm, fit, load, momentum, save

import theano  # isort: skip  (after theano_training, which mends it)
import theano.tensor as T  # isort: skip

DTYPES = ["float32", "float64"]


@pytest.fixture(autouse=True)
def no_progress_bar(monkeypatch):
    monkeypatch.setenv("UNROLLED_PROGRESS_BAR", "0")


class Network:
    """A small network whose gradients NumPy has as well: y_hat = x W + b."""

    def __init__(self, dtype="float64", seed=0):
        rng = np.random.default_rng(seed)
        self.start = {
            "W": rng.normal(size=(3, 1)).astype(dtype),
            "b": rng.normal(size=1).astype(dtype),
        }
        self.parameters = [theano.shared(p, name) for name, p in self.start.items()]
        self.x = T.TensorType(dtype, (False, False))("x")
        self.y = T.TensorType(dtype, (False, False))("y")
        W, b = self.parameters
        self.loss = T.mean((T.dot(self.x, W) + b - self.y) ** 2)

    def update(self, updates):
        return theano.function([self.x, self.y], self.loss, updates=updates)

    def values(self):
        return {p.name: p.get_value() for p in self.parameters}


def in_numpy(parameters, x, y):
    error = x @ parameters["W"] + parameters["b"] - y
    d = 2 * error / error.size
    return np.mean(error**2), {"W": x.T @ d, "b": d.sum(axis=0)}


def batches(n=6, dtype="float64", seed=1):
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(size=(8, 3)).astype(dtype), rng.normal(size=(8, 1)).astype(dtype))
        for _ in range(n)
    ]


def assert_equal(one, other, **tolerance):
    assert one.keys() == other.keys()
    for name in one:
        assert one[name].dtype == other[name].dtype
        np.testing.assert_allclose(one[name], other[name], **({"rtol": 0} | tolerance))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("clip_norm", [None, 0.5])
@pytest.mark.parametrize(
    ("ours", "optimiser"),
    [
        (lambda *a, **k: momentum(*a, 0.1, **k), training.SGD(0.1, 0.9)),
        (lambda *a, **k: momentum(*a, 0.1, 0.0, **k), training.SGD(0.1)),
        (lambda *a, **k: adam(*a, **k), training.Adam()),
        (
            lambda *a, **k: adam(*a, 0.1, 0.8, 0.95, 1e-3, **k),
            training.Adam(0.1, 0.8, 0.95, 1e-3),
        ),
    ],
)
def test_updates_are_those_of_the_numpy_optimisers(ours, optimiser, clip_norm, dtype):
    optimiser = type(optimiser)(**{k: v for k, v in vars(optimiser).items() if k[0] != "_"})
    network, data = Network(dtype), batches(dtype=dtype)
    updates = ours(network.loss, network.parameters, clip_norm=clip_norm)
    history = fit(network.update(updates), data, 3)
    wanted = {name: p.copy() for name, p in network.start.items()}
    in_history = training.fit(in_numpy, wanted, data, optimiser, 3, clip_norm=clip_norm)
    tolerance = {"atol": 1e-12} if dtype == "float64" else {"atol": 2e-5}
    assert_equal(network.values(), wanted, **tolerance)
    np.testing.assert_allclose(history.loss, in_history.loss, **({"rtol": 1e-5} | tolerance))
    assert all(p.get_value().dtype == dtype for p, _ in updates if p.name != "number of updates")


@given(seed=st.integers(0, 2**32), exponent=st.floats(-6, 6), max_norm=st.floats(0.01, 100.0))
@settings(deadline=None, max_examples=40)
def test_clipping_is_that_of_gradients(seed, exponent, max_norm):
    rng = np.random.default_rng(seed)
    arrays = [10.0**exponent * rng.normal(size=3), rng.normal(size=2)]
    clipped, norm = clip_by_global_norm([T.as_tensor_variable(a) for a in arrays], max_norm)
    wanted, wanted_norm = gradients.clip_by_global_norm(arrays, max_norm)
    *clipped, norm = theano.function([], [*clipped, norm])()
    assert float(norm) == pytest.approx(wanted_norm, rel=1e-12)
    for one, other in zip(clipped, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_clipping_survives_large_and_no_gradients_in_float32():
    w = T.fvector("w")
    (clipped,), norm = clip_by_global_norm([w], 1.0)
    clip = theano.function([w], [clipped, norm])
    values, norm = clip(np.array([3e20, 4e20], "float32"))
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, [0.6, 0.8], rtol=1e-6)
    values, norm = clip(np.zeros(2, "float32"))
    assert (values == 0).all()
    assert norm == 0


def test_what_an_optimiser_remembers_has_names():
    network = Network()
    names = [shared.name for shared, _ in adam(network.loss, network.parameters)]
    assert names[0] == "number of updates"
    assert names[1:4] == ["mean of W", "mean square of W", "W"]
    assert names[4:] == ["mean of b", "mean square of b", "b"]
    named = {"kernel": network.parameters[0]}
    assert [v.name for v, _ in momentum(network.loss, named, 0.1)] == ["velocity of kernel", "W"]


def test_a_row_stays_a_row():
    row = theano.shared(np.ones((1, 3)), "row", broadcastable=(True, False))
    for make in (adam, lambda *a: momentum(*a, 0.1)):
        updates = make(T.sum(row**2), [row])
        theano.function([], [], updates=updates)()
    assert row.get_value().shape == (1, 3)


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda n: adam(n.loss, n.parameters, 0), ValueError, "learning_rate must be .*, got 0"),
        (lambda n: adam(n.loss, n.parameters, beta_1=1.0), ValueError, "beta_1 must be"),
        (lambda n: adam(n.loss, n.parameters, beta_2=-1.0), ValueError, "beta_2 must be"),
        (lambda n: adam(n.loss, n.parameters, epsilon=0), ValueError, "epsilon must be"),
        (lambda n: momentum(n.loss, n.parameters, 0.1, 1.0), ValueError, "momentum must be"),
        (lambda n: adam(n.loss, n.parameters, clip_norm=0), ValueError, "clip_norm must be"),
        (lambda n: adam(n.x, n.parameters), TypeError, "loss must be a symbolic scalar.*2 axes"),
        (lambda n: adam(0.5, n.parameters), TypeError, "loss must be a symbolic scalar.*float"),
        (lambda n: adam(n.loss, []), ValueError, "shared variables, at least one, got none"),
        (lambda n: adam(n.loss, n.parameters[0]), TypeError, "list or dictionary"),
        (
            lambda n: adam(n.loss, [n.x]),
            TypeError,
            "parameters must be .* shared variables, got TensorVariable",
        ),
        (lambda n: adam(n.loss, [theano.shared(0.0)]), ValueError, "needs a name"),
        (lambda n: adam(n.loss, [*n.parameters, n.parameters[0]]), ValueError, r"\['W'\] more"),
        (lambda n: adam(n.loss, [theano.shared(0.0, "a")]), ValueError, "does not on 'a'"),
        (lambda n: adam(n.loss, [theano.shared(0, "a")]), TypeError, "'a' must be float32 or"),
    ],
)
def test_an_optimiser_says_what_it_cannot_use(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make(Network())


# The loop


def test_fit_goes_through_the_batches_and_validates_after_each_epoch():
    seen, validated = [], []

    def update(number):
        seen.append(number)
        return np.array(float(number))

    def validate():
        validated.append(len(seen))
        return -float(len(seen))

    history = fit(update, [(1,), (2,)], 2, validate=validate)
    assert seen == [1, 2, 1, 2]
    assert history.loss == [1.0, 2.0, 1.0, 2.0]
    assert validated == [2, 4]
    assert history.validation == [-2.0, -4.0]
    assert history.best_epoch == 2
    assert history.message == "Finished after 4 updates."


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_ends_the_training_with_a_sentence(value):
    losses = iter([1.0, value, 1.0])
    history = fit(lambda: next(losses), [()] * 3)
    assert history.diverged
    assert history.loss == [1.0]
    assert history.message.startswith(f"Diverged: after 1 updates the loss was {value}.")


def test_the_stop_button_ends_the_training_after_a_whole_update():
    calls = []

    def update():
        calls.append("begun")
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)
        calls[-1] = "done"
        return 1.0

    history = fit(update, [()] * 10)
    assert history.interrupted
    assert calls == ["done"] * 3
    assert history.n_updates == 3
    assert "Interrupted after 3 updates" in history.message


def test_fit_works_in_another_thread():
    histories = []
    thread = threading.Thread(target=lambda: histories.append(fit(lambda: 1.0, [()] * 2)))
    thread.start()
    thread.join()
    assert histories[0].n_updates == 2


@pytest.mark.parametrize(
    ("arguments", "options", "error", "sentence"),
    [
        ((None, [()]), {}, TypeError, "update must be a compiled function, got NoneType"),
        ((lambda: 1.0, [()], 0), {}, ValueError, "n_epochs must be"),
        ((lambda: 1.0, iter([()]), 2), {}, ValueError, "gone through 2 times"),
        ((lambda: 1.0, [np.zeros(2)]), {}, TypeError, "batches must give tuples"),
        ((lambda: [1.0, 2.0], [()]), {}, ValueError, r"update returns alone must .*\(2,\)"),
        ((lambda: 1.0, [()]), {"validate": lambda: None}, TypeError, "validate must return"),
    ],
)
def test_fit_says_what_it_cannot_use(arguments, options, error, sentence):
    with pytest.raises(error, match=sentence):
        fit(*arguments, **options)


# Files


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimiser", [adam, lambda *a: momentum(*a, 0.05)])
def test_resumed_training_gives_the_numbers_of_uninterrupted_training(tmp_path, optimiser, dtype):
    data = batches(10, dtype)
    whole = Network(dtype)
    fit(whole.update(optimiser(whole.loss, whole.parameters)), data)

    first = Network(dtype)
    updates = optimiser(first.loss, first.parameters)
    fit(first.update(updates), data[:4])
    save(tmp_path / "half.npz", updates)

    second = Network(dtype, seed=99)
    updates = optimiser(second.loss, second.parameters)
    update = second.update(updates)  # compiled before loading: values are not part of the graph
    load(tmp_path / "half.npz", updates)
    fit(update, data[4:])
    assert_equal(second.values(), whole.values(), atol=0)

    third = Network(dtype)  # weights alone are not enough
    updates = optimiser(third.loss, third.parameters)
    save(tmp_path / "weights.npz", first.parameters)
    load(tmp_path / "weights.npz", third.parameters)
    fit(third.update(updates), data[4:])
    assert np.abs(third.values()["W"] - whole.values()["W"]).max() > 1e-6


def test_resuming_works_in_another_process(tmp_path):
    program = (
        "import sys; sys.path.insert(0, {tests!r})\n"
        "from test_theano_training import *\n"
        "network = Network(seed={seed}); updates = adam(network.loss, network.parameters)\n"
        "if {seed}: load('half.npz', updates)\n"
        "fit(network.update(updates), batches(6)[{rows}], progress=False)\n"
        "save('half.npz', updates)\n"
    )
    for seed, rows in ((0, ":3"), (1, "3:")):
        code = program.format(tests=os.path.dirname(__file__), seed=seed, rows=rows)
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    whole, resumed = Network(), Network(seed=2)
    fit(whole.update(adam(whole.loss, whole.parameters)), batches(6))
    updates = adam(resumed.loss, resumed.parameters)
    load(tmp_path / "half.npz", updates)
    assert_equal(resumed.values(), whole.values(), atol=1e-15)


def test_a_file_holds_arrays_by_name_and_no_pickle(tmp_path):
    network = Network()
    save(str(tmp_path / "network.npz"), adam(network.loss, network.parameters))
    with np.load(tmp_path / "network.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["W"], network.start["W"])
        assert file["number of updates"] == 0
        assert len(file.files) == 7
    assert [path.name for path in tmp_path.iterdir()] == ["network.npz"]


def test_save_takes_a_dictionary(tmp_path):
    w, v = theano.shared(1.0), theano.shared(np.ones(2, "float32"))
    save(tmp_path / "a.npz", {"w": w, "v": v})
    w.set_value(5.0)
    load(tmp_path / "a.npz", {"v": v, "w": w})
    assert w.get_value() == 1.0


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    network = Network()
    save(tmp_path / "a.npz", network.parameters)
    before = (tmp_path / "a.npz").read_bytes()

    def full_disk(file, **arrays):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space"):
        save(tmp_path / "a.npz", network.parameters)
    assert (tmp_path / "a.npz").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_load_changes_nothing_unless_everything_fits(tmp_path):
    path = tmp_path / "a.npz"
    W, b = theano.shared(np.ones((3, 2)), "W"), theano.shared(np.ones(2), "b")
    save(path, [W, b])

    def refused(variables, sentence):
        with pytest.raises(ValueError, match=sentence):
            load(path, variables)

    W.set_value(np.zeros((3, 2)))
    refused([W], r"holds \['W', 'b'\], wanted \['W'\]")
    refused([W, theano.shared(np.ones(3), "b")], r"'b' in .* has shape \(2,\).*wanted \(3,\)")
    refused([W, theano.shared(np.ones(2, "float32"), "b")], "'b' in .*float64, wanted .*float32")
    assert (W.get_value() == 0).all()


@pytest.mark.parametrize("damage", [b"", b"not a file of arrays", None])
def test_load_refuses_a_damaged_file(tmp_path, damage):
    path = tmp_path / "a.npz"
    W = theano.shared(np.ones((30, 2)), "W")
    save(path, [W])
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if damage is None else damage)
    with pytest.raises(ValueError, match="is damaged or was not written by save"):
        load(path, [W])


def test_load_refuses_pickles(tmp_path):
    np.savez(tmp_path / "a.npz", W=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="damaged"):
        load(tmp_path / "a.npz", [theano.shared(np.ones(1), "W")])


def test_a_path_ends_in_npz_and_a_missing_file_is_missing(tmp_path):
    W = theano.shared(np.ones(1), "W")
    with pytest.raises(ValueError, match=r"path must end in \.npz, got 'weights.pkl'"):
        save("weights.pkl", [W])
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.npz", [W])
