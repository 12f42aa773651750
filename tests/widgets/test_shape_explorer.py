import itertools
import os

import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras

from course_utils.widgets import ShapeExplorer

KINDS = ("SimpleRNN", "LSTM", "GRU")
DIRECTIONS = {"one direction": None, "both, concat": "concat", "both, sum": "sum"}


@pytest.fixture(scope="module")
def explorer():
    return ShapeExplorer()


def in_keras(kind, direction, n_layers, return_sequences, return_state):
    """Symbolic outputs and the number of parameters of the same network in Keras."""
    x = keras.Input((6, 2), batch_size=3)
    y = x
    for k in range(n_layers):
        topmost = k == n_layers - 1
        layer = getattr(keras.layers, kind)(
            4,
            return_sequences=return_sequences or not topmost,
            return_state=return_state and topmost,
        )
        if DIRECTIONS[direction]:
            layer = keras.layers.Bidirectional(layer, merge_mode=DIRECTIONS[direction])
        y = layer(y)
    outputs = list(y) if isinstance(y, list | tuple) else [y]
    return [list(each.shape) for each in outputs], keras.Model(x, outputs).count_params()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("n_layers", [1, 3])
def test_shapes_and_parameters_are_those_of_keras(explorer, kind, direction, n_layers):
    for sequences, state in itertools.product((False, True), repeat=2):
        settings = {
            "kind": kind,
            "direction": direction,
            "n_layers": n_layers,
            "return_sequences": sequences,
            "return_state": state,
        }
        result = explorer.state(**settings)
        shapes, n_parameters = in_keras(**settings)
        assert result["shapes"] == shapes, settings
        assert result["parameters"] == n_parameters, settings


def test_quiz_shows_nothing_before_the_prediction_is_right(explorer):
    settings = {"kind": "LSTM", "return_state": True}
    assert explorer.describe(**settings).startswith("Predict ")
    said = explorer.describe(**settings, first="(N, T)")
    assert "units are not steps" in said and "3, 4" not in said
    said = explorer.describe(**settings, first="(N, T, U)")
    assert "only 1 of the 6 outputs" in said
    said = explorer.describe(**settings, first="(N, U)", arrays=2)
    assert "2 states, h and c" in said
    assert explorer.state(**settings, first="(N, U)", arrays=2)["hidden"]
    said = explorer.describe(**settings, first="(N, U)", arrays=3)
    assert said.startswith("Right: ") and "3 arrays, (3, 4), (3, 4) and (3, 4)," in said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_one_prediction_is_right_and_every_other_gets_a_reason(explorer, kind, direction):
    first, arrays = explorer.controls[-2], explorer.controls[-1]
    guesses = list(itertools.product(first.options[1:], range(1, arrays.max + 1)))
    for sequences, state in itertools.product((False, True), repeat=2):
        results = [
            explorer.state(
                kind=kind,
                direction=direction,
                return_sequences=sequences,
                return_state=state,
                first=guess,
                arrays=number,
            )
            for guess, number in guesses
        ]
        assert sum(not result["hidden"] for result in results) == 1
        assert all(bool(result["hint"]) == result["hidden"] for result in results)


def test_starts_from_a_layer_of_the_learner():
    own = keras.layers.Bidirectional(keras.layers.GRU(7, return_state=True), merge_mode="sum")
    own.build((None, None, 5))
    values = ShapeExplorer(own, quiz=False).values
    assert (values["kind"], values["direction"]) == ("GRU", "both, sum")
    assert (values["n_units"], values["n_features"]) == (7, 5)
    assert values["return_state"] and not values["return_sequences"]
    fresh = keras.layers.LSTM(9)
    assert ShapeExplorer(fresh, n_units=3).values["n_units"] == 3


@pytest.mark.parametrize(
    "bad",
    [
        keras.layers.Dense(3),
        keras.layers.Bidirectional(keras.layers.GRU(3), merge_mode="mul"),
        "LSTM",
        [1],
    ],
)
def test_other_layers_are_refused(bad):
    with pytest.raises(TypeError, match="network must be"):
        ShapeExplorer(bad)
    with pytest.raises(ValueError, match="n_units must be"):
        ShapeExplorer(keras.layers.LSTM(500))
