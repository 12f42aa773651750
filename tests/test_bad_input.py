"""What learners hand in by accident: it is refused by the argument's name, never wrongly used."""

import math

import numpy as np
import pytest

from course_utils import forecasting, gates, padding, plotting, starts, text, training
from course_utils.arguments import class_ids, real_array
from course_utils.further import scoring, seq2seq, small_networks

NAN = float("nan")
MASKED = np.ma.masked_array([1.0, 2.0, 3.0, 4.0], mask=[False, True, False, False])

REFUSED = [
    (lambda: scoring.confusion([0, -1], [0, 1], 2), "y must hold .* from 0 to 1, got -1"),
    (lambda: scoring.confusion([0, 1], [0, 2], 2), "y_hat must hold .* got 2"),
    (lambda: scoring.confusion([0, 1], [0], 2), r"y_hat must have shape \(2,\), got \(1,\)"),
    (lambda: scoring.confusion([0.5], [0], 2), "y must hold whole numbers .* float64"),
    (lambda: scoring.majority([[0, -1]]), "labels must hold .* got -1"),
    (lambda: scoring.majority([0, 1]), r"labels must have shape \(N, T\)"),
    (lambda: scoring.error_rate([], []), "texts must hold at least one letter"),
    (lambda: small_networks.one_hot([-2], 3), "ids must hold .* from -1 to 2, got -2"),
    (lambda: small_networks.one_hot([3], 3), "ids must hold .* got 3"),
    (lambda: small_networks.padded([]), "rows must hold at least one row"),
    (lambda: seq2seq.teacher_forcing(np.array([[7, 0, 9]])), "y must have its padding"),
    (lambda: seq2seq.exact_match([], []), "targets must hold at least one text"),
    (lambda: padding.masked_mean([[1.0, 2.0]], [[True, True]]), r"h must have shape \(N, T, U\)"),
    (lambda: padding.masked_mean(np.ones((1, 2, 1)), [[1, 0]]), "mask must hold True or False"),
    (lambda: text.next_probabilities([1.0, 2.0], 0, top_k=-3), "top_k must be"),
    (lambda: text.perplexity(1000), r"nats must be a number in \[0, 700\)"),
    (
        lambda: plotting.plot_probabilities([1.5, -0.5], ["a", "b"]),
        "probabilities must be at least 0",
    ),
    (lambda: plotting.plot_sequences({"a": []}), r"sequences\['a'\] must have shape \(T,\)"),
    (lambda: forecasting.windows([1.0, NAN, 3.0], 1), r"series must hold finite .* nan at \[1\]"),
    (lambda: forecasting.windows(MASKED, 1), "series must be whole, .* masked"),
    (lambda: forecasting.Scaler.fit([0.1] * 3), "train must hold numbers that are not all equal"),
    (lambda: forecasting.Scaler.fit([]), "train must hold at least one element"),
    (lambda: forecasting.Scaler.fit([1.0, NAN]), "train must hold finite numbers"),
    (lambda: forecasting.naive_error([1.0, 2.0], 2), "more than season = 2 values, got 2"),
    (lambda: forecasting.naive_error([1.0, math.inf]), "train must hold finite numbers"),
    (lambda: forecasting.mase([NAN], [1.0], [1, 2]), "y must hold finite numbers"),
    (lambda: forecasting.mase([1.0], [NAN], [1, 2]), "y_hat must hold finite numbers"),
    (lambda: forecasting.mase([], [], [1, 2]), "y must hold at least one element"),
    (lambda: forecasting.naive(np.full((1, 2, 1), NAN)), "x must hold finite numbers"),
    (lambda: real_array("x", [[1], [1, 2]]), "x must be one array, got rows of different lengths"),
    (lambda: class_ids("y", ["a"]), "y must hold whole numbers"),
    (lambda: gates.half_life_bias(0), "n_steps must be"),
    (lambda: starts.orthogonal(3, 0), "rng must be"),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_refused_by_name(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_what_a_mask_hides_does_not_count():
    h = np.array([[[1.0], [3.0], [NAN]]])
    assert padding.masked_mean(h, np.array([[True, True, False]])) == [[2.0]]
    assert np.isnan(padding.masked_mean(h, np.ones((1, 3), bool)))


def test_half_life_of_less_than_a_step():
    assert gates.half_life_bias(1e-4) == pytest.approx(-1e4 * math.log(2))
    assert gates.half_life_bias(10) == pytest.approx(-math.log(2**0.1 - 1))


def test_gradients_are_those_at_the_given_parameters():
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 3, (4, 5))
    for model, batch in (
        (small_networks.Reader(3, 2, 3), (small_networks.one_hot(ids, 3), ids)),
        (small_networks.EncoderDecoder(3, 3, 2), (ids, ids)),
    ):
        here = {name: array.copy() for name, array in model.parameters.items()}
        there = {name: array + np.float32(0.1) for name, array in here.items()}
        one, two = (model.loss_and_gradients(each, *batch) for each in (here, there))
        assert one[0] != two[0]
        for name, array in model.parameters.items():
            assert (array == here[name]).all()
            array += np.float32(0.1)
        again = model.loss_and_gradients(model.parameters, *batch)
        assert again[0] == two[0]
        assert all((again[1][name] == two[1][name]).all() for name in here)


def descent(start, *batches, **options):
    parameters = {"w": np.array([start])}

    def loss_and_gradients(parameters, x):
        with np.errstate(over="ignore"):
            return float((parameters["w"][0] * x).mean() ** 2), {"w": 1e100 * parameters["w"]}

    history = training.fit(
        loss_and_gradients, parameters, batches, training.SGD(1.0), progress=False, **options
    )
    return parameters["w"][0], history


def test_nan_in_the_data_is_called_that():
    _, history = descent(1.0, (np.array([1.0, NAN]),))
    assert history.diverged
    assert "the data hold numbers that are not finite" in history.message
    assert "smaller learning rate" not in history.message


def test_a_training_that_diverges_keeps_its_best_epoch():
    best = []

    def validate(parameters):
        best.append(parameters["w"][0])
        return 1.0

    w, history = descent(1.0, (np.ones(1),), n_epochs=9, validate=validate, patience=5)
    assert history.diverged
    assert w == best[0]
    assert history.message.endswith("The parameters are those of epoch 1.")
