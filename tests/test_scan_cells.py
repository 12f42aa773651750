"""Cells in scan against the NumPy cells, against plain loops, and against central differences."""

import functools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import cells
from course_utils.gradients import numerical_gradient, relative_error
from course_utils.scan_cells import GRU, LSTM, RatedRNN, SimpleRNN

import theano  # isort: skip  (after scan_cells, which mends it)
import theano.tensor as T  # isort: skip
from theano.graph.basic import ancestors  # isort: skip
from theano.scan.op import Scan  # isort: skip

IN_NUMPY = {
    "tanh": (SimpleRNN, {"activation": "tanh"}),
    "relu": (SimpleRNN, {"activation": "relu"}),
    "linear": (SimpleRNN, {"activation": "linear"}),
    "LSTM": (LSTM, {}),
    "GRU after": (GRU, {"reset_after": True}),
    "GRU before": (GRU, {"reset_after": False}),
}
each_in_numpy = pytest.mark.parametrize("variant", IN_NUMPY)
each_variant = pytest.mark.parametrize("variant", [*IN_NUMPY, "peepholes", "rated"])
each_in_scan_only = pytest.mark.parametrize("variant", ["peepholes", "rated"])
with_and_without_mask = pytest.mark.parametrize("masked", [False, True])


def make_cell(variant, n_features=2, n_units=3, dtype=np.float64):
    """A cell in scan with random weights."""
    if variant == "rated":
        cell = RatedRNN.start(n_features, n_units, dtype=dtype)
    elif variant == "peepholes":
        lstm = cells.LSTM.start(n_features, n_units, dtype=dtype)
        cell = LSTM(**lstm.weights, peepholes=np.zeros((3, n_units), dtype))
    else:
        scan_class, options = IN_NUMPY[variant]
        start = scan_class.numpy_class.start(n_features, n_units, dtype=dtype, **options)
        cell = scan_class.from_cell(start)
    draw_weights(cell, np.random.default_rng(0))
    return cell


def draw_weights(cell, rng):
    """Weights and biases too small to let rounding errors grow."""
    for name, shared in cell.parameters.items():
        scale = 0.4 / np.sqrt(cell.n_units) if name == "recurrent_kernel" else 0.4
        shape = shared.get_value().shape
        shared.set_value((scale * rng.normal(size=shape)).astype(cell.dtype))


def state_names(cell):
    return ("h", "c") if isinstance(cell, LSTM) else ("h",)


def draw_input(cell, rng, n_samples=2, n_steps=4, masked=True):
    """Values of all that the compiled function takes, by name."""
    x = rng.normal(size=(n_samples, n_steps, cell.n_features))
    by_name = {"x": x, "dh": rng.normal(size=(n_samples, n_steps, cell.n_units))}
    for state in state_names(cell):
        by_name[f"{state}0"] = rng.normal(size=(n_samples, cell.n_units))
    if isinstance(cell, LSTM):
        by_name["dc"] = rng.normal(size=(n_samples, cell.n_units))
    by_name = {name: value.astype(cell.dtype) for name, value in by_name.items()}
    if masked:
        by_name["mask"] = rng.random((n_samples, n_steps)) < rng.uniform(0.2, 1)
    return by_name


def compile_cell(cell, masked, started=True):
    """A function of arrays by name; returns the outputs and the gradients by name."""
    symbols = {"x": T.tensor3(dtype=cell.dtype)}
    if started:
        symbols |= {f"{state}0": T.matrix(dtype=cell.dtype) for state in state_names(cell)}
    if masked:
        symbols["mask"] = T.matrix(dtype="bool")
    trace = cell.forward(**symbols)
    outputs = {"h": trace.h, **trace.gates} | ({} if trace.c is None else {"c": trace.c})

    d_outputs = {"dh": T.tensor3(dtype=cell.dtype)}
    loss = (trace.h * d_outputs["dh"]).sum()
    if trace.c is not None:
        d_outputs["dc"] = T.matrix(dtype=cell.dtype)
        loss += (trace.c[:, -1] * d_outputs["dc"]).sum()
    by_name = cell.parameters | {name: s for name, s in symbols.items() if name != "mask"}
    slopes = dict(zip(by_name, T.grad(loss, list(by_name.values())), strict=True))

    symbols |= d_outputs
    run = theano.function(list(symbols.values()), [*outputs.values(), *slopes.values()])

    def run_by_name(values):
        results = run(*(values[name] for name in symbols))
        split = len(outputs)
        return (
            dict(zip(outputs, results[:split], strict=True)),
            dict(zip(slopes, results[split:], strict=True)),
        )

    return run_by_name


@functools.cache
def compiled(variant, n_features, n_units, masked):
    cell = make_cell(variant, n_features, n_units)
    return cell, compile_cell(cell, masked)


# Against the NumPy cells


@each_in_numpy
@with_and_without_mask
@pytest.mark.parametrize("sizes", [(1, 1), (3, 4)])
@given(n_samples=st.integers(1, 5), n_steps=st.integers(1, 12), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)  # the first one compiles
def test_outputs_and_gradients_are_those_of_numpy(variant, masked, sizes, n_samples, n_steps, seed):
    cell, run = compiled(variant, *sizes, masked)
    rng = np.random.default_rng(seed)
    draw_weights(cell, rng)
    values = draw_input(cell, rng, n_samples, n_steps, masked)
    outputs, slopes = run(values)

    in_numpy = cell.to_cell()
    d_outputs = {name: values.pop(name) for name in ("dh", "dc") if name in values}
    trace = in_numpy.forward(**values)
    grads = in_numpy.backward(trace, **d_outputs)
    theirs = {state: getattr(trace, state) for state in in_numpy.states} | trace.gates
    assert outputs.keys() == theirs.keys()
    for name, output in outputs.items():
        np.testing.assert_allclose(output, theirs[name], rtol=0, atol=1e-10, err_msg=name)
    for name, slope in slopes.items():
        np.testing.assert_allclose(slope, getattr(grads, name), rtol=0, atol=1e-8, err_msg=name)


@each_in_numpy
def test_in_float32_all_is_float32_and_near_numpy(variant):
    cell = make_cell(variant, dtype=np.float32)
    values = draw_input(cell, np.random.default_rng(1), masked=False)
    outputs, slopes = compile_cell(cell, masked=False, started=False)(values)
    assert {a.dtype for a in [*outputs.values(), *slopes.values()]} == {np.dtype(np.float32)}

    in_numpy = cell.to_cell()
    assert in_numpy.dtype == np.float32
    trace = in_numpy.forward(values["x"])
    np.testing.assert_allclose(outputs["h"], trace.h, rtol=0, atol=1e-6)
    dc = {"dc": values["dc"]} if "dc" in values else {}
    grads = in_numpy.backward(trace, values["dh"], **dc)
    for name, slope in slopes.items():
        np.testing.assert_allclose(slope, getattr(grads, name), rtol=0, atol=1e-5, err_msg=name)


def test_relu_has_the_slope_of_numpy_at_zero():
    values = {"x": np.zeros((1, 2, 2)), "h0": np.zeros((1, 3)), "dh": np.ones((1, 2, 3))}
    cell = make_cell("relu")
    cell.bias.set_value(np.zeros(3))
    _, slopes = compile_cell(cell, masked=False)(values)
    assert not any(slope.any() for slope in slopes.values())


# Against plain loops, where NumPy has no cell


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def loop(variant, weights, x, mask, h0, c0=None):
    """h, and c of an LSTM with peepholes, sample by sample and step by step."""
    states = []
    for n in range(len(x)):
        h, c = h0[n], None if c0 is None else c0[n]
        for t in range(x.shape[1]):
            if mask[n, t]:
                a = x[n, t] @ weights["kernel"] + h @ weights["recurrent_kernel"] + weights["bias"]
                if variant == "rated":
                    z, g = np.split(a, 2)
                    h = sigmoid(z) * h + (1 - sigmoid(z)) * np.tanh(g)
                else:
                    i, f, g, o = np.split(a, 4)
                    p_i, p_f, p_o = weights["peepholes"]
                    c = sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * np.tanh(g)
                    h = sigmoid(o + p_o * c) * np.tanh(c)
            states.append([h] if c is None else [h, c])
    shape = *x.shape[:2], -1
    return [np.reshape(state, shape) for state in zip(*states, strict=True)]


@each_in_scan_only
@pytest.mark.parametrize("sizes", [(1, 1), (2, 3)])
@given(n_samples=st.integers(1, 4), n_steps=st.integers(1, 8), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)  # the first one compiles
def test_outputs_are_those_of_a_plain_loop(variant, sizes, n_samples, n_steps, seed):
    cell, run = compiled(variant, *sizes, True)
    rng = np.random.default_rng(seed)
    draw_weights(cell, rng)
    values = draw_input(cell, rng, n_samples, n_steps)
    outputs, _ = run(values)
    weights = {name: shared.get_value() for name, shared in cell.parameters.items()}
    starts = {name: values[name] for name in ("h0", "c0") if name in values}
    theirs = loop(variant, weights, values["x"], values["mask"], **starts)
    for state, expected in zip(state_names(cell), theirs, strict=True):
        np.testing.assert_allclose(outputs[state], expected, rtol=0, atol=1e-10)


@each_in_scan_only
@pytest.mark.parametrize("sizes", [(1, 1), (3, 5)])
def test_gradients_are_the_slopes_of_the_plain_loop(variant, sizes):
    cell, run = compiled(variant, 2, 3, True)
    rng = np.random.default_rng(3)
    draw_weights(cell, rng)
    values = draw_input(cell, rng, *sizes)
    values["mask"][0, 0] = True
    _, slopes = run(values)
    arguments = {name: shared.get_value() for name, shared in cell.parameters.items()}
    arguments |= {name: values[name] for name in ("x", "h0", "c0") if name in values}

    def loss(name, value):
        weights = arguments | {name: value}
        runs = {key: weights.pop(key) for key in ("x", "h0", "c0") if key in weights}
        h, *c = loop(variant, weights, mask=values["mask"], **runs)
        loss = (h * values["dh"]).sum()
        return loss + (c[0][:, -1] * values["dc"]).sum() if c else loss

    for name, value in arguments.items():
        slope = numerical_gradient(functools.partial(loss, name), value)
        assert relative_error(slopes[name], slope) < 1e-7, name


def test_a_rated_cell_is_a_gru_that_never_resets():
    cell, run = compiled("rated", 2, 3, True)
    values = draw_input(cell, np.random.default_rng(4))
    outputs, slopes = run(values)

    def with_r(weight, value):
        z, g = np.split(weight.get_value(), 2, axis=-1)
        return np.concatenate([z, np.full_like(z, value), g], axis=-1)

    weights = with_r(cell.kernel, 0), with_r(cell.recurrent_kernel, 0), with_r(cell.bias, 50)
    gru = cells.GRU(*weights, reset_after=False)
    trace = gru.forward(values["x"], values["h0"], mask=values["mask"])
    np.testing.assert_allclose(outputs["h"], trace.h, rtol=0, atol=1e-10)
    np.testing.assert_allclose(outputs["z"], trace.gates["z"], rtol=0, atol=1e-10)
    grads = gru.backward(trace, values["dh"])
    np.testing.assert_allclose(slopes["x"], grads.x, rtol=0, atol=1e-8)


def test_the_gates_of_peepholes_make_the_states():
    cell, run = compiled("peepholes", 2, 3, False)
    values = draw_input(cell, np.random.default_rng(5), masked=False)
    i, f, g, o, h, c = (run(values)[0][name] for name in "ifgohc")
    c_prev = np.concatenate([values["c0"][:, np.newaxis], c[:, :-1]], axis=1)
    np.testing.assert_allclose(c, f * c_prev + i * g)
    np.testing.assert_allclose(h, o * np.tanh(c))


# Symbols


@each_variant
def test_what_is_masked_does_not_matter(variant):
    cell, run = compiled(variant, 2, 3, True)
    values = draw_input(cell, np.random.default_rng(6))
    spoilt = values | {"x": np.where(values["mask"][..., np.newaxis], values["x"], np.nan)}
    for ours, theirs in zip(run(values), run(spoilt), strict=True):
        for name in ours:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    assert not run(spoilt)[1]["x"][~values["mask"]].any()


@each_variant
def test_the_loop_holds_the_states_only_and_leaves_the_input_product_outside(variant):
    cell = make_cell(variant)
    h = cell.forward(T.dtensor3()).h
    (loop_node,) = {v.owner for v in ancestors([h]) if v.owner and isinstance(v.owner.op, Scan)}
    assert len(loop_node.outputs) == len(state_names(cell))
    assert not [v for v in loop_node.op.inputs if v.name == "kernel"]
    assert cell.kernel not in loop_node.inputs


@pytest.mark.parametrize("n_units", [1, 3])
def test_arrays_may_stand_for_symbols(n_units):
    cell = make_cell("LSTM", n_units=n_units)
    one_hot = np.eye(2, dtype=int)[np.newaxis, [0, 1, 1]]
    start, mask = np.ones((1, n_units)), np.array([[True, False, True]])
    h = cell.forward(one_hot, start, start, mask=mask).h.eval()
    expected = cell.to_cell().forward(one_hot, start, start, mask=mask).h
    np.testing.assert_allclose(h, expected, rtol=0, atol=1e-10)


def test_parameters_take_updates_and_go_back_to_numpy():
    cell = make_cell("GRU after")
    x = np.random.default_rng(7).normal(size=(5, 6, 2))
    loss = (cell.forward(x).h[:, -1] ** 2).mean()
    parameters = cell.parameters.values()
    slopes = T.grad(loss, list(parameters))
    updates = [(p, p - 0.1 * slope) for p, slope in zip(parameters, slopes, strict=True)]
    update = theano.function([], loss, updates=updates)
    first = update()
    for _ in range(10):
        last = update()
    assert last < first
    assert (cell.to_cell().forward(x).h[:, -1] ** 2).mean() < last


@each_in_numpy
def test_weights_go_to_scan_and_back_as_copies(variant):
    scan_class, options = IN_NUMPY[variant]
    start = scan_class.numpy_class.start(2, 3, **options)
    before = {name: weight.copy() for name, weight in start.weights.items()}
    cell = scan_class.from_cell(start)
    back = cell.to_cell()
    assert type(back) is type(start)
    assert {name: getattr(back, name) for name in options} == options
    assert list(cell.parameters) == list(start.weights)
    for weight in [*start.weights.values(), *back.weights.values()]:
        weight += 1
    for name, shared in cell.parameters.items():
        np.testing.assert_array_equal(shared.get_value(), before[name])
    assert repr(cell) == repr(start).replace(">", " in scan>")


def test_zero_peepholes_are_no_peepholes():
    cell = make_cell("peepholes")
    cell.peepholes.set_value(np.zeros((3, 3)))
    kernel, recurrent_kernel, bias, _ = (p.get_value() for p in cell.parameters.values())
    x = np.random.default_rng(8).normal(size=(2, 5, 2))
    expected = cells.LSTM(kernel, recurrent_kernel, bias).forward(x).h
    np.testing.assert_allclose(cell.forward(x).h.eval(), expected, rtol=0, atol=1e-10)


def test_a_rated_cell_starts_orthogonal_and_from_its_seed():
    first, again, other = (RatedRNN.start(2, 3, seed) for seed in (5, 5, 6))
    kernel, recurrent_kernel, bias = (p.get_value() for p in first.parameters.values())
    assert kernel.shape == (2, 6) and not bias.any()
    np.testing.assert_allclose(recurrent_kernel @ recurrent_kernel.T, np.eye(3), atol=1e-12)
    np.testing.assert_array_equal(kernel, again.kernel.get_value())
    assert not np.array_equal(kernel, other.kernel.get_value())


# Bad input


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"x": np.ones((2, 4, 3))}, "x must have shape (N, T, 2)"),
        ({"h0": np.ones((1, 3))}, "h0 must have shape (N, 3)"),
        ({"c0": np.ones((2, 1))}, "c0 must have shape (N, 3)"),
        ({"mask": np.ones((2, 3), bool)}, "mask must have shape (N, T)"),
        ({"mask": np.ones((1, 4), bool)}, "mask must have shape (N, T)"),
    ],
)
def test_a_wrong_shape_is_named_when_the_function_runs(wrong, message):
    cell, run = compiled("LSTM", 2, 3, True)
    with pytest.raises(AssertionError, match=re.escape(message)):
        run(draw_input(cell, np.random.default_rng(9)) | wrong)


KERNEL, RECURRENT, BIAS = np.zeros((2, 12)), np.zeros((3, 12)), np.zeros(12)
X = T.dtensor3("x")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: LSTM(KERNEL, RECURRENT.T, BIAS), ValueError, "recurrent_kernel must have shape (3, 12), got (12, 3)"),
        (lambda: LSTM(KERNEL, RECURRENT, BIAS, np.zeros((3, 4))), ValueError, "peepholes must have shape (3, 3), got (3, 4)"),
        (lambda: LSTM(KERNEL, RECURRENT, BIAS, np.zeros((3, 3), "f4")), TypeError, "peepholes must be float64 like kernel, got float32"),
        (lambda: GRU(KERNEL, np.zeros((4, 12)), BIAS), ValueError, "bias must have shape (2, 12), got (12,)"),
        (lambda: GRU(KERNEL, np.zeros((4, 12)), BIAS, "no"), TypeError, "reset_after must be True or False, got 'no'"),
        (lambda: SimpleRNN([[1.0]], [[1.0]], [0.0], "sigmoid"), ValueError, "activation must be one of 'tanh', 'relu', 'linear', got 'sigmoid'"),
        (lambda: RatedRNN(np.zeros((2, 5)), RECURRENT, BIAS), ValueError, "kernel must have shape (D, 2 * U), got (2, 5)"),
        (lambda: RatedRNN.start(2, 0), ValueError, "n_units must be a whole number of at least 1, got 0"),
        (lambda: LSTM.from_cell(cells.GRU.start(2, 3)), TypeError, "cell must be a cells.LSTM, got GRU"),
        (lambda: make_cell("peepholes").to_cell(), ValueError, "an LSTM with peepholes has no counterpart in cells or Keras"),
        (lambda: make_cell("LSTM").forward(T.dmatrix()), ValueError, "x must have 3 axes, got 2"),
        (lambda: make_cell("LSTM").forward("x"), TypeError, "x must hold real numbers, got str"),
        (lambda: make_cell("LSTM").forward(X, h0=T.dvector()), ValueError, "h0 must have 2 axes, got 1"),
        (lambda: make_cell("LSTM").forward(X, c0=[[None]]), TypeError, "c0 must hold real numbers, got dtype object"),
        (lambda: make_cell("LSTM").forward(X, mask=X), ValueError, "mask must have 2 axes, got 3"),
        (lambda: make_cell("LSTM").forward(X, mask=T.bmatrix()), TypeError, "mask must hold True or False, got dtype int8"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
