"""What a lesson writes by hand and what later lessons import from course_utils is the same function."""

import ast
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from course_utils import (
    cells,
    comparison,
    datasets,
    forecasting,
    gates,
    gradients,
    losses,
    padding,
    scoring,
    seq2seq,
    text,
    training,
)

LESSONS = Path(__file__).resolve().parent.parent / "lessons"
RNG = np.random.default_rng(0)


def taught(lesson):
    """Return the functions of a lesson's source, as a namespace; no other code of it runs."""
    tree = ast.parse((LESSONS / f"{lesson}.py").read_text("utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    namespace = {"np": np}
    exec(compile(ast.Module(functions, []), lesson, "exec"), namespace)
    return namespace


def test_running_parity_of_lesson_01():
    x, targets = datasets.parity(20, 12, seed=3)
    running_parity = taught("01_why_memory")["running_parity"]
    wanted = [running_parity(sequence) for sequence in x[:, :, 0]]
    np.testing.assert_array_equal(targets[:, :, 0], wanted)


@pytest.mark.parametrize("name", ["run_rnn", "rnn_forward"])
def test_forward_pass_of_lesson_02(name):
    cell = cells.SimpleRNN.start(3, 5, seed=1)
    x, h0 = RNG.normal(size=(4, 7, 3)), RNG.normal(size=(4, 5))
    by_hand = taught("02_forward_pass")[name]
    h = by_hand(x, h0, cell.kernel, cell.recurrent_kernel, cell.bias)
    np.testing.assert_allclose(cell.forward(x, h0).h, h, rtol=0, atol=1e-14)


def test_softmax_and_loss_of_lesson_02():
    lesson = taught("02_forward_pass")
    logits, labels = 5 * RNG.normal(size=(3, 4, 6)), RNG.integers(0, 6, size=(3, 4))
    np.testing.assert_allclose(losses.softmax(logits), lesson["softmax"](logits), atol=1e-15)
    loss, _ = losses.cross_entropy(logits, labels)
    assert loss == pytest.approx(lesson["cross_entropy"](logits, labels), rel=1e-12)


@pytest.mark.parametrize("name", ["backward", "rnn_backward"])
def test_backward_pass_of_lesson_03(name):
    cell = cells.SimpleRNN.start(3, 5, seed=1)
    x, h0, dh = (RNG.normal(size=shape) for shape in ((4, 7, 3), (4, 5), (4, 7, 5)))
    trace = cell.forward(x, h0)
    wanted = cell.backward(trace, dh)
    lesson = taught("03_backpropagation_through_time")
    by_hand = lesson[name](x, h0, trace.h, cell.recurrent_kernel, dh)
    for one, other in zip(by_hand, (*wanted.weights.values(), wanted.h0), strict=False):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


def test_gradient_check_of_lesson_03():
    array = RNG.normal(size=(2, 3))
    by_hand = taught("03_backpropagation_through_time")["central_differences"]
    wanted = gradients.numerical_gradient(lambda a: np.sin(a).sum(), array, 1e-3)
    np.testing.assert_allclose(by_hand(lambda a: np.sin(a).sum(), array, 1e-3), wanted, atol=1e-12)


def test_adam_of_lesson_03():
    adam_update = taught("03_backpropagation_through_time")["adam_update"]
    theta = RNG.normal(size=4)
    m, v, parameters, adam = 0 * theta, 0 * theta, {"theta": theta.copy()}, training.Adam(0.1)
    for t in range(1, 6):
        g = RNG.normal(size=4)
        theta, m, v = adam_update(theta, g, m, v, t, 0.1)
        adam.update(parameters, {"theta": g})
    np.testing.assert_allclose(parameters["theta"], theta, atol=1e-12)


def test_gradient_going_back_of_lesson_04():
    cell = cells.SimpleRNN.start(4, 4, seed=1)
    trace = cell.forward(RNG.normal(size=(1, 6, 4)))
    dh = np.zeros_like(trace.h)
    dh[0, -1] = RNG.normal(size=4)
    wanted = cell.backward(trace, dh).h[0, ::-1]
    lesson = taught("04_vanishing_gradients")
    by_hand = lesson["go_back"](cell.recurrent_kernel, trace.h[0], dh[0, -1])
    np.testing.assert_allclose(by_hand, wanted, rtol=0, atol=1e-14)
    norms = lesson["lag_profile"](cell.recurrent_kernel, trace.h[0], dh[0, -1])
    np.testing.assert_allclose(norms, np.linalg.norm(wanted, axis=1), rtol=0, atol=1e-14)


def test_clipping_of_lesson_04():
    grads = {"W_hh": RNG.normal(size=(3, 3)), "b_h": RNG.normal(size=3)}
    clip_gradients = taught("04_vanishing_gradients")["clip_gradients"]
    for max_norm in (0.5, 100.0):
        wanted, _ = gradients.clip_by_global_norm(grads, max_norm)
        for name, clipped in clip_gradients(grads, max_norm).items():
            np.testing.assert_allclose(clipped, wanted[name], rtol=1e-14)


def test_orthogonal_start_of_lesson_04():
    gaussian = np.random.default_rng(7).normal(size=(5, 5))
    wanted = gradients.orthogonal(5, np.random.default_rng(7))
    by_hand = taught("04_vanishing_gradients")["orthogonal_start"](gaussian)
    np.testing.assert_allclose(by_hand, wanted, rtol=0, atol=1e-14)


def test_windows_of_lesson_11():
    series = RNG.normal(size=20)
    by_hand = taught("11_forecasting")["make_windows"]
    for n_steps, horizon in ((3, 1), (4, 5), (12, 8)):
        for one, other in zip(
            by_hand(series, n_steps, horizon),
            forecasting.windows(series, n_steps, horizon),
            strict=True,
        ):
            np.testing.assert_array_equal(one, other)


def test_baselines_and_ruler_of_lesson_11():
    lesson, train = taught("11_forecasting"), RNG.normal(size=60).cumsum()
    x, y = forecasting.windows(train, 6, 4)
    for season in (1, 3, 6):
        wanted = forecasting.seasonal_naive(x, 4, season)
        np.testing.assert_array_equal(lesson["repeat_season"](x, 4, season), wanted)
    wanted = forecasting.LinearForecaster.fit(x, y).weights
    np.testing.assert_allclose(lesson["fit_linear"](x, y), wanted, rtol=0, atol=1e-12)
    wanted = forecasting.mase(y, forecasting.naive(x, 4), train)
    assert lesson["scaled_error"](y, forecasting.naive(x, 4), train) == pytest.approx(wanted)


def test_sine_wave_of_lesson_11():
    by_hand = taught("11_forecasting")["generate_sine_wave"]
    for X, y in (by_hand(7, 3), datasets.generate_sine_wave(7, 3)):
        assert X.shape == (3, 7, 1) and y.shape == (3,)
        np.testing.assert_allclose(y, 2 * np.cos(1) * X[:, -1, 0] - X[:, -2, 0], atol=1e-12)


def test_steps_of_lesson_08():
    from course_utils import scan_cells

    import theano  # isort: skip  (after scan_cells, which mends it)
    import theano.tensor as T  # isort: skip

    lesson = taught("08_gates")
    lesson["T"] = T
    arrays = [RNG.normal(size=shape) for shape in ((3, 2), (3, 4), (3, 4))]
    x_t, h, c = symbols = T.dmatrices("x_t", "h", "c")
    x = x_t.dimshuffle(0, "x", 1)
    cell = scan_cells.LSTM.from_cell(cells.LSTM.start(2, 4, seed=8))
    trace = cell.forward(x, h, c)
    by_hand = lesson["lstm_step"](*symbols, *cell.parameters.values())
    wanted = [trace.h[:, 0], trace.c[:, 0]]
    both = (theano.function(symbols, list(each))(*arrays) for each in (by_hand, wanted))
    for one, other in zip(*both, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-14)
    cell = scan_cells.GRU.from_cell(cells.GRU.start(2, 4, seed=8))
    both = [lesson["gru_step"](x_t, h, *cell.parameters.values(), True), cell.forward(x, h).h[:, 0]]
    one, other = theano.function([x_t, h], both)(*arrays[:2])
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-14)


def test_bias_and_open_gate_of_lesson_08():
    lesson = taught("08_gates")
    for half_life in (1, 10, 100):
        wanted = np.zeros(12)
        wanted[3:6] = gates.half_life_bias(half_life)
        np.testing.assert_allclose(lesson["lstm_bias"](3, half_life), wanted, atol=1e-12)
    cell = cells.LSTM.start(2, 3, seed=8)
    for gate in "ifo":
        wanted = gates.forced(cell, gate, 1).weights
        by_hand = lesson["hold_open"](*cell.weights.values(), gate)
        for one, other in zip(by_hand, wanted.values(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_padding_of_lesson_12():
    lesson = taught("12_sentiment")
    h, mask = RNG.normal(size=(4, 6, 3)), RNG.random((4, 6)) < 0.5
    wanted = padding.masked_mean(h, mask)
    np.testing.assert_allclose(lesson["masked_mean"](h, mask), wanted, rtol=0, atol=1e-14)
    x, y = RNG.integers(0, 2, size=(80, 5)), RNG.integers(0, 2, size=80)
    parts = x[:50], y[:50], x[50:], y[50:]
    assert lesson["padding_accuracy"](*parts) == padding.padding_accuracy(*parts)


def test_batches_and_sampler_of_lesson_09():
    lesson = taught("09_language_model")
    ids = RNG.integers(0, 50, size=200)
    wanted = text.contiguous_batches(ids, 4, 6)
    for (x, y), (x_wanted, y_wanted) in zip(
        lesson["cut_into_batches"](ids, 4, 6), wanted, strict=True
    ):
        np.testing.assert_array_equal(x, x_wanted)
        np.testing.assert_array_equal(y, y_wanted)
    logits = 3 * RNG.normal(size=9)
    for temperature, top_k in ((0.2, 9), (1.0, 4), (2.5, 1)):
        p, token_id = lesson["draw_token"](logits, temperature, top_k, 0.4)
        np.testing.assert_allclose(
            p, text.next_probabilities(logits, temperature, top_k), atol=1e-15
        )
        assert token_id == np.searchsorted(p.cumsum(), 0.4, side="right")


def test_perplexity_of_lesson_09():
    logits, targets = 3 * RNG.normal(size=(3, 5, 7)), RNG.integers(0, 7, size=(3, 5))
    mask = np.arange(5) < np.array([[5], [2], [4]])
    loss, _ = losses.cross_entropy(logits[mask], targets[mask])
    by_hand = taught("09_language_model")["masked_perplexity"](logits, targets, mask)
    assert by_hand == pytest.approx(text.perplexity(loss), rel=1e-12)


def test_padded_network_of_lesson_07():
    import parity

    from course_utils import scan_cells

    lesson = taught("07_rnn_in_scan")
    bits, lengths = RNG.integers(0, 2, size=(3, 6)), np.array([6, 2, 5])
    for one, other in zip(
        lesson["padded"](bits, lengths), parity.padded(bits, lengths), strict=True
    ):
        np.testing.assert_array_equal(one, other)

    theano, T = scan_cells.theano, scan_cells.T
    lesson |= {"theano": theano, "T": T}
    cell = scan_cells.SimpleRNN.from_cell(cells.SimpleRNN.start(1, 4, seed=1))
    W_hy, b_y, h0 = (RNG.normal(size=shape) for shape in ((4, 1), 1, 4))
    x, mask = T.dtensor3(), T.matrix(dtype="bool")
    by_hand = lesson["rnn_logits"](x, mask, *cell.parameters.values(), W_hy, b_y, h0)
    h = cell.forward(x, T.zeros((x.shape[0], 4)) + h0, mask=mask).h
    run = theano.function([x, mask], [by_hand, (T.dot(h, W_hy) + b_y)[:, :, 0]])
    np.testing.assert_allclose(*run(*lesson["padded"](bits, lengths)[:2]), rtol=0, atol=1e-13)


def test_fresh_start_of_lesson_11():
    from course_utils.keras_training import fresh_start, keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    model.compile(keras.optimizers.Adam(0.01), "mse")
    started, by_hand = [], taught("11_forecasting")["fresh_start"]
    by_hand.__globals__["keras"] = keras
    for start in (fresh_start, by_hand):
        model.fit(np.ones((4, 2)), np.ones((4, 3)), verbose=0)
        start(model, 5)
        memory = [np.array(variable) for variable in model.optimizer.variables]
        assert sorted({float(abs(part).max()) for part in memory}) == pytest.approx([0, 0.01])
        started.append(model.get_weights()[0])
    np.testing.assert_array_equal(*started)


def test_counting_and_permutation_test_of_lesson_15():
    lesson = taught("15_choosing_an_architecture")
    lesson |= {"LAYOUT": comparison.LAYOUT, "combinations": combinations}
    for network in comparison.LAYOUT:
        counted = lesson["n_parameters"](network, 3, 17)
        assert comparison.n_parameters(network, 3, 17) == counted
    for sizes in ((3, 3), (2, 5), (4, 1)):
        a, b = (RNG.integers(400, 480, size=size) for size in sizes)
        assert comparison.permutation_p(a, b) == pytest.approx(lesson["chance"](a, b))


def test_scores_of_lesson_17():
    lesson = taught("17_sequences_everywhere")
    predicted, labels = ["_aa_aee", "uuouu_"], ["_aa_aaa", "uuuuu_"]
    wanted = scoring.error_rate(predicted, [scoring.collapse(frames) for frames in labels])
    assert lesson["letter_error_rate"](predicted, labels) == pytest.approx(wanted)
    y, y_hat = RNG.integers(0, 4, size=(2, 30))
    for one, other in zip(
        lesson["confusion_and_recall"](y, y_hat, 5), scoring.confusion(y, y_hat, 5), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    table, ids = RNG.normal(size=(4, 4, 2)), RNG.integers(0, 4, size=9)

    def logits(ids):
        return table[ids[:, :-1], ids[:, 1:]].sum(axis=1)

    wanted = scoring.mutation_effects(logits, ids)
    np.testing.assert_allclose(lesson["base_effects"](logits, ids), wanted, atol=1e-12)
    groups = [str(group) for group in RNG.integers(0, 6, size=20)]
    wanted = scoring.whole_groups(groups, 7)
    np.testing.assert_array_equal(lesson["split_by_group"](groups, 7), wanted)


def test_decoder_of_lesson_16():
    lesson = taught("16_seq2seq_attention")
    lesson |= {"PAD": padding.PAD, "START": seq2seq.START, "END": seq2seq.END}
    y = np.array([[5, 4, 3], [6, 0, 0]])
    for one, other in zip(lesson["teacher_forcing"](y), seq2seq.teacher_forcing(y), strict=True):
        np.testing.assert_array_equal(one, other)
    logits = 3 * RNG.normal(size=(2, 3, 7))
    assert lesson["masked_loss"](logits, y) == pytest.approx(seq2seq.masked_loss(logits, y))
    arguments = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 5, 4)), RNG.random((2, 5)) < 0.7
    arguments += RNG.normal(size=(3, 6)), RNG.normal(size=(4, 6)), RNG.normal(size=6)
    arguments[2][:, 0] = True
    for one, other in zip(
        lesson["attend"](*arguments), seq2seq.additive_attention(*arguments), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-14)


def test_beam_search_of_lesson_16():
    lesson = taught("16_seq2seq_attention")
    lesson |= {"START": seq2seq.START, "END": seq2seq.END}
    W = RNG.normal(size=(6, 6))

    def step(last_id, state):
        state = np.tanh(state @ W + np.eye(6)[last_id])
        return 2 * state @ W, state

    for width in (1, 2, 4):
        best = seq2seq.beam_search(step, np.zeros(6), width, 6)[0]
        ids, log_p = lesson["beam_search"](step, np.zeros(6), width, 6)
        assert tuple(ids) == best.ids
        assert log_p == pytest.approx(best.log_probability)
