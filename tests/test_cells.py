"""Cells against Keras on JAX, forward and gradient, and against central differences."""

import functools
import os
import re
import warnings

os.environ["KERAS_BACKEND"] = "jax"

import benchmarks
import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.cells import GRU, LSTM, SimpleRNN
from course_utils.gradients import numerical_gradient, relative_error

VARIANTS = {
    "tanh": (SimpleRNN, keras.layers.SimpleRNN, {"activation": "tanh"}),
    "relu": (SimpleRNN, keras.layers.SimpleRNN, {"activation": "relu"}),
    "linear": (SimpleRNN, keras.layers.SimpleRNN, {"activation": "linear"}),
    "LSTM": (LSTM, keras.layers.LSTM, {}),
    "GRU after": (GRU, keras.layers.GRU, {"reset_after": True}),
    "GRU before": (GRU, keras.layers.GRU, {"reset_after": False}),
}
# Keras's own tanh and sigmoid round float64 to float32; JAX's do not.
GATED = {"activation": jnp.tanh, "recurrent_activation": jax.nn.sigmoid}
IN_FLOAT64 = {
    "tanh": {"activation": jnp.tanh},
    "relu": {},
    "linear": {},
    "LSTM": GATED,
    "GRU after": GATED,
    "GRU before": GATED,
}
each_variant = pytest.mark.parametrize("variant", VARIANTS)
with_and_without_mask = pytest.mark.parametrize("masked", [False, True])


def make_cell(variant, n_features=2, n_units=3, seed=0, dtype=np.float64):
    """A cell with random weights and biases, too small to let rounding errors grow."""
    cell_class, _, options = VARIANTS[variant]
    cell = cell_class.start(n_features, n_units, dtype=dtype, **options)
    rng = np.random.default_rng(seed)
    for weight in cell.weights.values():
        weight[...] = 0.4 * rng.normal(size=weight.shape)
    cell.recurrent_kernel[...] /= np.sqrt(n_units)
    return cell


def make_input(cell, n_samples=2, n_steps=4, seed=1, masked=False, started=True):
    """x, the initial states and a mask."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_samples, n_steps, cell.n_features)).astype(cell.dtype)
    start = {
        f"{s}0": rng.normal(size=(n_samples, cell.n_units)).astype(cell.dtype) for s in cell.states
    }
    mask = rng.random((n_samples, n_steps)) < 0.6 if masked else None
    return x, start if started else {}, mask


def make_d_output(cell, x, seed=2):
    """Gradients with respect to all hidden states and, in an LSTM, the last cell state."""
    rng = np.random.default_rng(seed)
    d_output = {"dh": rng.normal(size=(*x.shape[:2], cell.n_units))}
    if "c" in cell.states:
        d_output["dc"] = rng.normal(size=(len(x), cell.n_units))
    return d_output


def make_layer(variant, cell):
    """The Keras layer with the weights of a cell."""
    _, layer_class, options = VARIANTS[variant]
    if cell.dtype == np.float64:
        options = options | IN_FLOAT64[variant]
    layer = layer_class(
        cell.n_units, return_sequences=True, return_state=True, dtype=str(cell.dtype), **options
    )
    layer.build((None, None, cell.n_features))
    layer.set_weights(list(cell.weights.values()))
    return layer


# Against Keras


@each_variant
@given(
    sizes=st.tuples(*(st.integers(1, largest) for largest in (4, 12, 3, 5))),
    seed=st.integers(0, 2**32 - 1),
    masked=st.booleans(),
    started=st.booleans(),
)
@settings(max_examples=5, deadline=None)  # every one compiles a scan, for half a second
def test_forward_is_that_of_keras(variant, sizes, seed, masked, started):
    n_samples, n_steps, n_features, n_units = sizes
    cell = make_cell(variant, n_features, n_units, seed, np.float32)
    x, start, mask = make_input(cell, n_samples, n_steps, seed, masked, started)
    layer = make_layer(variant, cell)
    h, *last = layer(x, mask=mask, initial_state=list(start.values()) or None)

    cell_class, _, options = VARIANTS[variant]
    trace = cell_class(*layer.get_weights(), **options).forward(x, **start, mask=mask)
    np.testing.assert_allclose(trace.h, h, rtol=1e-6, atol=1e-6)
    for state, theirs in zip(cell.states, last, strict=True):
        np.testing.assert_allclose(getattr(trace, state)[:, -1], theirs, rtol=1e-6, atol=1e-6)


@each_variant
@with_and_without_mask
def test_gradients_are_those_of_jax_through_keras(variant, masked):
    cell = make_cell(variant)
    x, start, mask = make_input(cell, masked=masked)
    d_output = make_d_output(cell, x)
    trace = cell.forward(x, **start, mask=mask)
    ours = cell.backward(trace, **d_output)

    with jax.experimental.enable_x64():
        layer = make_layer(variant, cell)

        def loss(weights, x, states):
            (h, *last), _ = layer.stateless_call(
                weights, others, x, mask=mask, initial_state=states
            )
            loss = (h * d_output["dh"]).sum()
            return loss + (last[1] * d_output["dc"]).sum() if "dc" in d_output else loss

        weights = [variable.value for variable in layer.trainable_variables]
        others = [variable.value for variable in layer.non_trainable_variables]
        d_weights, d_x, d_start = jax.grad(loss, argnums=(0, 1, 2))(
            weights, x, list(start.values())
        )

    theirs = {"x": d_x} | dict(zip([*ours.weights, *start], d_weights + d_start, strict=True))
    for name, gradient in theirs.items():
        assert gradient.dtype == np.float64
        assert relative_error(getattr(ours, name), np.asarray(gradient)) < 1e-12, name


# Against differences


@each_variant
@with_and_without_mask
@pytest.mark.parametrize("sizes", [(1, 1), (3, 5)])
def test_gradients_are_the_slopes(variant, masked, sizes):
    cell = make_cell(variant)
    x, start, mask = make_input(cell, *sizes, masked=masked)
    d_output = make_d_output(cell, x)
    grads = cell.backward(cell.forward(x, **start, mask=mask), **d_output)
    arguments = cell.weights | {"x": x} | start
    cell_class, _, options = VARIANTS[variant]

    def loss(name, value):
        changed = arguments | {name: value}
        weights = [changed.pop(weight) for weight in cell.weights]
        trace = cell_class(*weights, **options).forward(**changed, mask=mask)
        loss = (trace.h * d_output["dh"]).sum()
        return loss + (trace.c[:, -1] * d_output["dc"]).sum() if "dc" in d_output else loss

    for name, value in arguments.items():
        slope = numerical_gradient(functools.partial(loss, name), value)
        assert relative_error(getattr(grads, name), slope) < 1e-7, name


# What the benchmark compares


@pytest.mark.parametrize("variant", ["tanh", "LSTM"])
def test_the_benchmark_compares_equal_gradients(variant):
    cell = make_cell(variant, dtype=np.float32)
    x = np.random.default_rng(1).normal(size=(4, 5, 2)).astype(np.float32)
    dh = make_d_output(cell, x)["dh"].astype(np.float32)
    by_sample = {"tanh": benchmarks.simple_rnn_by_sample, "LSTM": benchmarks.lstm_by_sample}
    for compute in (by_sample[variant], benchmarks.keras_gradients(cell)):
        for ours, theirs in zip(
            benchmarks.numpy_gradients(cell, x, dh), compute(cell, x, dh), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


# A sequence in two parts


@each_variant
@with_and_without_mask
def test_a_state_handed_on_gives_the_sequence_in_one(variant, masked):
    cell = make_cell(variant)
    x, start, mask = make_input(cell, n_steps=7, masked=masked)
    d_output = make_d_output(cell, x)
    whole = cell.forward(x, **start, mask=mask)
    d_whole = cell.backward(whole, **d_output)

    early, late = np.s_[:, :3], np.s_[:, 3:]
    first = cell.forward(x[early], **start, mask=mask[early] if masked else None)
    handed = {f"{state}0": getattr(first, state)[:, -1] for state in cell.states}
    second = cell.forward(x[late], **handed, mask=mask[late] if masked else None)
    for state in cell.states:
        parts = [getattr(first, state), getattr(second, state)]
        np.testing.assert_allclose(np.concatenate(parts, axis=1), getattr(whole, state))

    d_second = cell.backward(second, **d_output | {"dh": d_output["dh"][late]})
    dh = d_output["dh"][early].copy()
    dh[:, -1] += d_second.h0
    d_cell = {"dc": d_second.c0} if "c" in cell.states else {}
    d_first = cell.backward(first, dh, **d_cell)
    for name, gradient in d_whole.weights.items():
        np.testing.assert_allclose(getattr(d_first, name) + getattr(d_second, name), gradient)
    for name in ("x", *cell.states):
        parts = [getattr(d_first, name), getattr(d_second, name)]
        np.testing.assert_allclose(
            np.concatenate(parts, axis=1), getattr(d_whole, name), atol=1e-12
        )
    for state in cell.states:
        np.testing.assert_allclose(getattr(d_first, f"{state}0"), getattr(d_whole, f"{state}0"))


# Masks


@each_variant
def test_what_is_masked_does_not_matter(variant):
    cell = make_cell(variant)
    x, start, mask = make_input(cell, masked=True)
    spoilt = np.where(mask[..., np.newaxis], x, np.nan)
    trace, other = (cell.forward(values, **start, mask=mask) for values in (x, spoilt))
    np.testing.assert_array_equal(trace.h, other.h)
    dh = np.ones_like(trace.h)
    grads, others = cell.backward(trace, dh), cell.backward(other, dh)
    np.testing.assert_array_equal(grads.kernel, others.kernel)
    np.testing.assert_array_equal(others.x[~mask], 0)


@each_variant
def test_padding_leaves_a_short_sequence_what_it_was(variant):
    cell = make_cell(variant)
    x, start, _ = make_input(cell, n_steps=6)
    mask = np.arange(6) < np.full((len(x), 1), 4)
    padded, short = cell.forward(x, **start, mask=mask), cell.forward(x[:, :4], **start)
    np.testing.assert_array_equal(padded.h[:, :4], short.h)
    np.testing.assert_array_equal(padded.h[:, 4:], short.h[:, [3, 3]])
    last = np.zeros_like(padded.h)
    last[:, -1] = 1
    np.testing.assert_allclose(
        cell.backward(padded, last).recurrent_kernel,
        cell.backward(short, last[:, 2:]).recurrent_kernel,
    )


# What a trace tells


@each_variant
def test_the_trace_holds_every_state_and_gate(variant):
    cell = make_cell(variant)
    x, start, _ = make_input(cell)
    trace = cell.forward(x, **start)
    for state in cell.states:
        before, after = getattr(trace, f"{state}_prev"), getattr(trace, state)
        np.testing.assert_array_equal(before[:, 0], start[f"{state}0"])
        np.testing.assert_array_equal(before[:, 1:], after[:, :-1])
    assert tuple(trace.gates) == cell.gate_names
    for name, gate in trace.gates.items():
        assert gate.shape == trace.h.shape
        assert (gate > (-1 if name == "g" else 0)).all() and (gate < 1).all()
    assert repr(trace).startswith("<Trace x (2, 4, 2), h (2, 4, 3)")


def test_the_gates_of_an_lstm_make_its_states():
    trace = make_cell("LSTM").forward(np.ones((2, 4, 2)))
    i, f, g, o = trace.gates.values()
    np.testing.assert_allclose(trace.c, f * trace.c_prev + i * g)
    np.testing.assert_allclose(trace.h, o * np.tanh(trace.c))


@pytest.mark.parametrize("variant", ["GRU after", "GRU before"])
def test_the_gates_of_a_gru_make_its_states(variant):
    trace = make_cell(variant).forward(np.ones((2, 4, 2)))
    z, _, g = trace.gates.values()
    np.testing.assert_allclose(trace.h, z * trace.h_prev + (1 - z) * g)


# Numbers


@each_variant
@with_and_without_mask
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_everything_is_of_the_dtype_of_the_weights(variant, masked, dtype):
    cell = make_cell(variant, dtype=dtype)
    x, start, mask = make_input(cell, masked=masked)
    trace = cell.forward(x.astype(np.float64), **start, mask=mask)
    grads = cell.backward(trace, **make_d_output(cell, x))
    arrays = [*vars(trace).values(), *trace.gates.values(), *vars(grads).values()]
    arrays = [a for a in arrays if isinstance(a, np.ndarray) and a.dtype != bool]
    assert len(arrays) >= 9
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize("variant", ["tanh", "LSTM", "GRU after", "GRU before"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_input_saturates_without_a_warning(variant, dtype):
    cell = make_cell(variant, dtype=dtype)
    x = np.array([[[1e30, -1e30]], [[-1e30, 1e30]], [[1e4, 1e4]], [[0, -1e4]]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trace = cell.forward(np.repeat(x, 3, axis=1))
        grads = cell.backward(trace, np.ones_like(trace.h))
    assert np.isfinite(trace.h).all()
    assert all(np.isfinite(gradient).all() for gradient in grads.weights.values())


def test_a_trace_does_not_change_with_its_input():
    cell = make_cell("tanh")
    x = np.ones((1, 3, 2))
    mask = np.array([[True, True, False]])
    trace = cell.forward(x, mask=mask)
    before = cell.backward(trace, np.ones_like(trace.h)).kernel
    x[:], mask[:] = 7, False
    np.testing.assert_array_equal(cell.backward(trace, np.ones_like(trace.h)).kernel, before)


@each_variant
def test_weights_changed_in_place_change_the_cell(variant):
    cell = make_cell(variant)
    x, start, _ = make_input(cell)
    before = cell.forward(x, **start).h
    for weight in cell.weights.values():
        weight *= 2
    assert not np.allclose(cell.forward(x, **start).h, before)


# Starts


@each_variant
def test_a_start_is_that_of_keras(variant):
    cell_class, layer_class, options = VARIANTS[variant]
    cell = cell_class.start(100, 50, seed=3, **options)
    layer = layer_class(50, **options)
    layer.build((None, None, 100))
    kernel, recurrent_kernel, bias = layer.get_weights()
    assert cell.kernel.std() == pytest.approx(kernel.std(), rel=0.05)
    assert np.abs(cell.kernel).max() == pytest.approx(np.abs(kernel).max(), rel=0.05)
    assert cell.recurrent_kernel.shape == recurrent_kernel.shape
    np.testing.assert_allclose(
        cell.recurrent_kernel @ cell.recurrent_kernel.T, np.eye(50), atol=1e-12
    )
    np.testing.assert_array_equal(cell.bias, bias)


def test_a_seed_fixes_a_start():
    first, again, other = (LSTM.start(2, 3, seed=seed).kernel for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_starts_can_be_chosen():
    np.testing.assert_array_equal(
        SimpleRNN.start(2, 3, recurrent="identity").recurrent_kernel, np.eye(3)
    )
    glorot = SimpleRNN.start(2, 300, recurrent="glorot").recurrent_kernel
    assert np.abs(glorot).max() == pytest.approx(np.sqrt(6 / 600), rel=0.01)
    lstm = LSTM.start(2, 3, forget_bias=2.5)
    np.testing.assert_array_equal(lstm.gate_blocks(lstm.bias)["f"], 2.5)
    assert lstm.bias.sum() == pytest.approx(7.5)


# Bad input


@given(shape=st.lists(st.integers(0, 3), max_size=4).map(tuple))
@settings(deadline=None)
def test_only_sequences_with_the_right_features_are_run(shape):
    cell = make_cell("tanh", n_features=2)
    if len(shape) == 3 and 0 not in shape and shape[-1] == 2:
        assert cell.forward(np.zeros(shape)).h.shape == (*shape[:2], 3)
    else:
        message = f"x must have shape (N, T, 2), got {shape}"
        with pytest.raises(ValueError, match=re.escape(message)):
            cell.forward(np.zeros(shape))


@pytest.mark.parametrize("argument", ["h0", "c0", "mask", "dh", "dc"])
@given(shape=st.lists(st.integers(0, 4), max_size=4).map(tuple))
@settings(deadline=None)
def test_only_the_right_shapes_go_with_the_input(argument, shape):
    cell, x = make_cell("LSTM", n_units=3), np.zeros((2, 4, 2))
    right = {"h0": (2, 3), "c0": (2, 3), "mask": (2, 4), "dh": (2, 4, 3), "dc": (2, 3)}[argument]
    given_array = {argument: np.zeros(shape, bool if argument == "mask" else float)}

    def run():
        if argument.startswith("d"):
            cell.backward(cell.forward(x), **{"dh": np.zeros((2, 4, 3))} | given_array)
        else:
            cell.forward(x, **given_array)

    if shape == right:
        run()
    else:
        message = f"{argument} must have shape {right}, got {shape}"
        with pytest.raises(ValueError, match=re.escape(message)):
            run()


KERNEL, RECURRENT, BIAS = np.zeros((2, 12)), np.zeros((3, 12)), np.zeros(12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: LSTM(np.zeros((2, 10)), RECURRENT, BIAS), ValueError, "kernel must have shape (D, 4 * U), got (2, 10)"),
        (lambda: LSTM(np.zeros(12), RECURRENT, BIAS), ValueError, "kernel must have shape (D, 4 * U), got (12,)"),
        (lambda: SimpleRNN(np.zeros((0, 3)), np.eye(3), np.zeros(3)), ValueError, "kernel must have shape (D, U), got (0, 3)"),
        (lambda: LSTM(KERNEL, RECURRENT.T, BIAS), ValueError, "recurrent_kernel must have shape (3, 12), got (12, 3)"),
        (lambda: LSTM(KERNEL, RECURRENT, BIAS[:4]), ValueError, "bias must have shape (12,), got (4,)"),
        (lambda: GRU(KERNEL, np.zeros((4, 12)), BIAS), ValueError, "bias must have shape (2, 12), got (12,)"),
        (lambda: GRU(KERNEL, np.zeros((4, 12)), BIAS, "no"), TypeError, "reset_after must be True or False, got 'no'"),
        (lambda: LSTM(KERNEL, RECURRENT.astype("f4"), BIAS), TypeError, "recurrent_kernel must be float64 like kernel, got float32"),
        (lambda: LSTM(KERNEL.astype("f2"), RECURRENT, BIAS), TypeError, "kernel must be float32 or float64, got float16"),
        (lambda: LSTM("kernel", RECURRENT, BIAS), TypeError, "kernel must hold real numbers"),
        (lambda: LSTM([[1.0], [1.0, 2.0]], RECURRENT, BIAS), ValueError, "kernel must be one array, got rows"),
        (lambda: SimpleRNN([[1.0]], [[1.0]], [0.0], "sigmoid"), ValueError, "activation must be one of 'tanh', 'relu', 'linear', got 'sigmoid'"),
        (lambda: SimpleRNN.start(2, 3, recurrent="zeros"), ValueError, "recurrent must be one of 'orthogonal', 'identity', 'glorot', got 'zeros'"),
        (lambda: SimpleRNN.start(0, 3), ValueError, "n_features must be a whole number of at least 1, got 0"),
        (lambda: LSTM.start(2, 3.0), TypeError, "n_units must be a whole number of at least 1, got 3.0 (float)"),
        (lambda: LSTM.start(2, 3, seed=-1), ValueError, "seed must be a whole number of at least 0, got -1"),
        (lambda: LSTM.start(2, 3, forget_bias=np.nan), ValueError, "forget_bias must be a number in (-inf, inf), got nan"),
        (lambda: GRU.start(2, 3, dtype=int), ValueError, "dtype must be float32 or float64, got int64"),
        (lambda: GRU.start(2, 3, dtype="number"), TypeError, "dtype must be float32 or float64, got 'number'"),
        (lambda: make_cell("LSTM").forward([[["a", "b"]]]), TypeError, "x must hold real numbers"),
        (lambda: make_cell("LSTM").forward(np.ones((1, 2, 2)), mask=[[1, 0]]), TypeError, "mask must hold True or False, got dtype int64"),
        (lambda: make_cell("LSTM").backward(np.ones((2, 4, 3)), np.ones((2, 4, 3))), TypeError, "trace must be what forward returned, got ndarray"),
        (
            lambda: make_cell("LSTM").backward(make_cell("tanh").forward(np.ones((2, 4, 2))), np.ones((2, 4, 3))),
            ValueError,
            "trace must come from this <LSTM n_features=2 n_units=3 float64>, "
            "got one of <SimpleRNN n_features=2 n_units=3 float64>",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
