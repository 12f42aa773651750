"""The same weights give the same numbers in Keras, NumPy and Theano, whatever surrounds the cell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import cells, interop
from course_utils.interop import from_keras, keras, to_keras, to_scan

VARIANTS = {
    "tanh": (keras.layers.SimpleRNN, {}),
    "relu": (keras.layers.SimpleRNN, {"activation": "relu"}),
    "linear": (keras.layers.SimpleRNN, {"activation": "linear"}),
    "LSTM": (keras.layers.LSTM, {}),
    "GRU after": (keras.layers.GRU, {"reset_after": True}),
    "GRU before": (keras.layers.GRU, {"reset_after": False}),
}
N_FEATURES, N_UNITS = 3, 4
each_variant = pytest.mark.parametrize("variant", VARIANTS)
to_1e_5 = {"rtol": 0, "atol": 1e-5}


def numbers(output):
    """Whatever a Keras layer returned, as NumPy arrays."""
    if isinstance(output, list | tuple):
        return [numbers(each) for each in output]
    return keras.ops.convert_to_numpy(output)


def draw_weights(layer, rng):
    """Random weights and biases, small enough not to let rounding errors grow."""
    for variable in (layer.cell.kernel, layer.cell.recurrent_kernel, layer.cell.bias):
        scale = 0.3 if variable is layer.cell.recurrent_kernel else 0.5
        variable.assign(scale * rng.normal(size=variable.shape))


def make_layer(variant, rng, n_features=N_FEATURES, n_units=N_UNITS, batch_size=None, **options):
    layer_class, own = VARIANTS[variant]
    layer = layer_class(n_units, return_sequences=True, **own, **options)
    layer.build((batch_size, None, n_features))
    draw_weights(layer, rng)
    return layer


def make_states(cell, n_samples, rng):
    """A random initial state for each that the cell has."""
    shape = (n_samples, cell.n_units)
    return [rng.normal(size=shape).astype("float32") for _ in cell.states]


def make_x(rng, n_samples=2, n_steps=5, n_features=N_FEATURES):
    return rng.normal(size=(n_samples, n_steps, n_features)).astype("float32")


@each_variant
@pytest.mark.parametrize("sizes", [(2, 5, 3, 4), (1, 1, 1, 1), (3, 8, 1, 6)])
@given(seed=st.integers(0, 2**32 - 1), started=st.booleans(), masked=st.booleans())
@settings(max_examples=4, deadline=None)
def test_outputs_and_states_are_those_of_keras(variant, sizes, seed, started, masked):
    n_samples, n_steps, n_features, n_units = sizes
    rng = np.random.default_rng(seed)
    layer = make_layer(variant, rng, n_features, n_units, return_state=True)
    cell = from_keras(layer)
    x = make_x(rng, n_samples, n_steps, n_features)
    start = make_states(cell, n_samples, rng) if started else []
    mask = rng.random((n_samples, n_steps)) < 0.7 if masked else None
    if masked:
        mask[:, 0] = True  # before the first real step, backends differ

    h, *states = numbers(layer(x, initial_state=start or None, mask=mask))
    trace = cell.forward(x, *start, mask=mask)
    np.testing.assert_allclose(trace.h, h, **to_1e_5)
    for name, state in zip(cell.states, states, strict=True):
        np.testing.assert_allclose(getattr(trace, name)[:, -1], state, **to_1e_5)


@each_variant
def test_there_and_back_keeps_every_bit(variant):
    rng = np.random.default_rng(1)
    cell = from_keras(make_layer(variant, rng))
    layer = to_keras(cell, return_sequences=True, name="again")
    assert layer.name == "again"
    again = from_keras(layer)
    assert type(again) is type(cell)
    assert getattr(again, "activation", None) == getattr(cell, "activation", None)
    for name, weight in cell.weights.items():
        np.testing.assert_array_equal(again.weights[name], weight)
    x = make_x(rng)
    np.testing.assert_allclose(numbers(layer(x)), cell.forward(x).h, **to_1e_5)


def aligned(array):
    """A copy that begins at a multiple of 64 bytes: JAX takes such an array without copying it."""
    memory = np.empty(array.size + 16, array.dtype)
    first = -memory.ctypes.data % 64 // array.itemsize
    copy = memory[first : first + array.size].reshape(array.shape)
    copy[...] = array
    return copy


@each_variant
def test_weights_are_copies(variant):
    layer = make_layer(variant, np.random.default_rng(2))
    cell = from_keras(layer)
    cell.kernel = aligned(cell.kernel)
    before = numbers(layer.cell.kernel).copy()
    cell.kernel[:] = 0
    np.testing.assert_array_equal(numbers(layer.cell.kernel), before)
    other = to_keras(cell)
    cell.kernel[:] = 1
    assert (numbers(other.cell.kernel) == 0).all()


@each_variant
def test_gradients_are_those_of_keras(variant):
    if keras.backend.backend() != "jax":
        pytest.skip("the gradient is taken by JAX")
    import jax

    rng = np.random.default_rng(3)
    layer = make_layer(variant, rng)
    cell, x = from_keras(layer), make_x(rng)
    dh = rng.normal(size=(2, 5, N_UNITS)).astype("float32")
    fixed = [variable.value for variable in layer.non_trainable_variables]

    def loss(weights):
        h, _ = layer.stateless_call(weights, fixed, x)
        return (h * dh).sum()

    by_keras = jax.grad(loss)([variable.value for variable in layer.trainable_variables])
    grads = cell.backward(cell.forward(x), dh)
    for ours, theirs in zip(grads.weights.values(), by_keras, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@each_variant
def test_stacked(variant):
    rng = np.random.default_rng(4)
    first, second = make_layer(variant, rng), make_layer(variant, rng, N_UNITS, 2)
    model = keras.Sequential([keras.Input((None, N_FEATURES)), first, second])
    x = make_x(rng)
    between = from_keras(first).forward(x).h
    expected = from_keras(second).forward(between).h
    np.testing.assert_allclose(numbers(model(x)), expected, **to_1e_5)


def both_directions(variant, rng, **options):
    layer_class, own = VARIANTS[variant]
    sequences = {"return_sequences": options.pop("return_sequences", True)}
    layer = keras.layers.Bidirectional(layer_class(N_UNITS, **own, **sequences), **options)
    layer.build((None, None, N_FEATURES))
    draw_weights(layer.forward_layer, rng)
    draw_weights(layer.backward_layer, rng)
    return layer


@each_variant
@pytest.mark.parametrize("masked", [False, True])
def test_bidirectional_returns_the_backward_half_in_the_order_of_time(variant, masked):
    rng = np.random.default_rng(5)
    layer, x = both_directions(variant, rng), make_x(rng)
    mask = np.ones((2, 5), bool)
    mask[1, 3:] = not masked
    h = numbers(layer(x, mask=mask if masked else None))
    forward = from_keras(layer.forward_layer).forward(x, mask=mask).h
    backward = from_keras(layer.backward_layer).forward(x[:, ::-1], mask=mask[:, ::-1]).h[:, ::-1]
    both = np.concatenate([forward, backward], axis=2)
    both[~mask] = 0  # a Bidirectional that returns sequences has no output where there is no step
    np.testing.assert_allclose(h, both, **to_1e_5)


@each_variant
@pytest.mark.parametrize("merge_mode", ["concat", "sum", "ave", "mul"])
def test_last_output_of_the_backward_half_belongs_to_the_first_step(variant, merge_mode):
    rng = np.random.default_rng(6)
    layer, x = (
        both_directions(variant, rng, merge_mode=merge_mode, return_sequences=False),
        make_x(rng),
    )
    forward = from_keras(layer.forward_layer).forward(x).h[:, -1]
    backward = from_keras(layer.backward_layer).forward(x[:, ::-1]).h[:, -1]
    expected = {
        "concat": np.concatenate([forward, backward], axis=1),
        "sum": forward + backward,
        "ave": (forward + backward) / 2,
        "mul": forward * backward,
    }[merge_mode]
    np.testing.assert_allclose(numbers(layer(x)), expected, **to_1e_5)


def test_a_layer_that_goes_backwards_returns_its_steps_in_the_order_of_its_loop():
    rng = np.random.default_rng(7)
    layer, x = make_layer("LSTM", rng, go_backwards=True), make_x(rng)
    np.testing.assert_allclose(
        numbers(layer(x)), from_keras(layer).forward(x[:, ::-1]).h, **to_1e_5
    )


@each_variant
def test_stateful_pieces_are_one_long_call(variant):
    rng = np.random.default_rng(8)
    cell = from_keras(make_layer(variant, rng))
    layer = to_keras(cell, batch_size=2, stateful=True, return_sequences=True)
    x = make_x(rng, n_steps=12)
    whole = cell.forward(x).h
    for _ in range(2):  # again after a reset
        layer.reset_state()
        pieces = [numbers(layer(x[:, t : t + 4])) for t in range(0, 12, 4)]
        np.testing.assert_allclose(np.concatenate(pieces, axis=1), whole, **to_1e_5)


@each_variant
def test_through_scan_and_back(variant):
    rng = np.random.default_rng(9)
    layer, x = make_layer(variant, rng), make_x(rng)
    in_scan = to_scan(from_keras(layer))
    import theano  # after to_scan, which mends it

    symbol = theano.tensor.ftensor3()
    h = theano.function([symbol], in_scan.forward(symbol).h)(x)
    np.testing.assert_allclose(h, numbers(layer(x)), **to_1e_5)
    again = to_keras(in_scan, return_sequences=True)
    for ours, theirs in zip(again.get_weights(), layer.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_float64_weights_are_rounded_to_the_dtype_of_keras():
    cell = cells.GRU.start(N_FEATURES, N_UNITS, seed=10)
    layer = to_keras(cell)
    assert cell.dtype == "float64" and from_keras(layer).dtype == "float32"
    np.testing.assert_allclose(layer.get_weights()[0], cell.kernel, rtol=0, atol=1e-7)


# What cannot be carried over


def built(layer):
    layer.build((None, None, 3))
    return layer


@pytest.mark.parametrize(
    ("layer", "error", "words"),
    [
        (keras.layers.LSTM(4, name="fresh"), ValueError, "'fresh' must be built"),
        (built(keras.layers.LSTM(4, use_bias=False)), ValueError, "use_bias=True, got False"),
        (
            built(keras.layers.LSTM(4, activation="relu")),
            ValueError,
            "activation='tanh', got 'relu'",
        ),
        (
            built(keras.layers.GRU(4, recurrent_activation="hard_sigmoid")),
            ValueError,
            "recurrent_activation='sigmoid', got 'hard_sigmoid'",
        ),
        (
            built(keras.layers.SimpleRNN(4, activation="gelu")),
            ValueError,
            "'tanh' or 'relu' or 'linear', got 'gelu'",
        ),
        (built(keras.layers.SimpleRNN(4, activation=lambda a: a)), ValueError, "got '<lambda>'"),
        (keras.layers.Bidirectional(keras.layers.LSTM(4)), TypeError, "forward_layer"),
        (keras.Sequential(name="whole"), TypeError, "model 'whole'"),
        (keras.layers.Dense(4), TypeError, "got Dense"),
        (keras.layers.LSTM, TypeError, "SimpleRNN, LSTM or GRU"),
        (None, TypeError, "NoneType"),
    ],
)
def test_layers_that_no_cell_equals_are_refused(layer, error, words):
    with pytest.raises(error, match=words):
        from_keras(layer)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"units": 8}, "units must be left to the cell, got units=8"),
        ({"activation": "relu"}, "activation must be left to the cell"),
        ({"use_bias": False}, "use_bias must be left"),
        ({"stateful": True}, "batch_size must be given"),
    ],
)
def test_options_that_contradict_the_cell_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        to_keras(cells.LSTM.start(3, 4), **options)


def test_cells_without_a_counterpart_are_refused():
    from course_utils import scan_cells

    lstm = cells.LSTM.start(3, 4)
    with pytest.raises(ValueError, match="peepholes"):
        to_keras(scan_cells.LSTM(**lstm.weights, peepholes=np.zeros((3, 4))))
    with pytest.raises(ValueError, match="a RatedRNN has none"):
        to_keras(scan_cells.RatedRNN.start(3, 4))
    for bad in (None, lstm.kernel, keras.layers.LSTM):
        with pytest.raises(TypeError, match="cell must be"):
            to_keras(bad)
    for bad in (None, scan_cells.LSTM.from_cell(lstm)):
        with pytest.raises(TypeError, match="cell must be"):
            to_scan(bad)
    with pytest.raises(TypeError, match="from_keras"):
        to_scan(keras.layers.LSTM(4))


def test_batch_size_is_checked():
    with pytest.raises(ValueError, match="batch_size"):
        to_keras(cells.LSTM.start(3, 4), batch_size=0, stateful=True)
    assert interop.to_keras(cells.LSTM.start(3, 4), batch_size=2).built
