"""What a lesson writes by hand and what course_utils has for later lessons is the same function."""

import ast
import functools
from itertools import combinations
from pathlib import Path

import measure.parity as parity
import numpy as np
import pytest

from course_utils import (
    cells,
    datasets,
    forecasting,
    gates,
    gradients,
    losses,
    padding,
    scan_cells,
    starts,
    text,
    theano_training,
    training,
)
from course_utils.further import clinic, comparison, scoring, seq2seq, small_networks
from course_utils.further.clinic import in_theano
from course_utils.scan_cells import T, theano

ROOT = Path(__file__).resolve().parent.parent
LESSONS = {path.stem: path.read_text("utf-8") for path in sorted((ROOT / "lessons").glob("*.py"))}
COMPARED = set()

close = functools.partial(np.testing.assert_allclose, rtol=1e-12, atol=1e-12)


def functions_of(source):
    """The functions of a program, in order, without their decorators."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    for function in functions:
        function.decorator_list.clear()
    return functions


def compares(lesson, *names):
    """Hand these functions of a lesson to a test, which must call each of them."""
    COMPARED.update((lesson, name) for name in names)
    return pytest.mark.parametrize("lesson", [(lesson, names)], indirect=True, ids=[lesson])


@pytest.fixture
def lesson(request):
    """The functions of a lesson, as its namespace; no other code of the lesson has run."""
    name, compared = request.param
    namespace, called = {"np": np}, set()
    exec(compile(ast.Module(functions_of(LESSONS[name]), []), name, "exec"), namespace)

    def noted(name, function):
        def call(*args):
            called.add(name)
            return function(*args)

        return call

    namespace |= {name: noted(name, namespace[name]) for name in compared}
    yield namespace
    assert called == set(compared)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def all_close(by_hand, wanted):
    for one, other in zip(by_hand, wanted, strict=True):
        close(one, other)


# What a lesson teaches and course_utils does not have.
ONLY_TAUGHT = {
    "00_start_here": {"next_step_pairs"},
    "01_why_memory": {"parity_weights", "bigram_perplexity"},
    "02_forward_pass": {"last_output"},
    "03_backpropagation_through_time": {"truncated_gradient"},
    "04_vanishing_gradients": {"predict_fates"},
    "05_theano_graphs": {"logistic_step", "cost_in_float32"},
    "06_scan": {"running_sum", "two_back", "low_pass", "random_walk"},
    "10_keras_layers": {"twelve_shapes", "port_gru", "read_in_pieces", "both_directions"},
    "11_forecasting": {"find_leaks", "beat_naive"},
    "12_sentiment": {"prepare"},
    "13_text_generation": {"generate"},
    "14_keras_on_theano": {"from_keras1", "old_hard_sigmoid"},
    "15_choosing_an_architecture": {"units_for_budget", "level_with_best"},
    "18_clinic": {"scale"},  # of several right ways, the clinic takes another
}
# What has the name of a function of course_utils and is another one.
OTHERS = {
    "01_why_memory": {"n_parameters"},
    "04_vanishing_gradients": {"start", "train"},
    "07_rnn_in_scan": {"train"},
    "08_gates": {"build"},
    "09_language_model": {"padded"},
    "12_sentiment": {"build"},
    "13_text_generation": {"build"},
    "15_choosing_an_architecture": {"start", "train"},
    "16_seq2seq_attention": {"build"},
}


def test_every_function_that_is_taught_is_compared_or_listed():
    library = {
        function.name
        for path in (ROOT / "course_utils").rglob("*.py")
        if not {"checks", "clinic", "widgets"} & set(path.parts)
        for function in functions_of(path.read_text("utf-8"))
    }
    exercises, namesakes = set(), set()
    for lesson, source in LESSONS.items():
        lines = source.splitlines()
        for function in functions_of(source):
            if "    ### BEGIN SOLUTION" in lines[function.lineno : function.end_lineno]:
                exercises.add((lesson, function.name))
            elif function.name in library:
                namesakes.add((lesson, function.name))
    listed = {(lesson, name) for lesson, names in ONLY_TAUGHT.items() for name in names}
    assert exercises - COMPARED == listed
    listed = {(lesson, name) for lesson, names in OTHERS.items() for name in names}
    assert namesakes - COMPARED == listed


@compares("00_start_here", "one_hot")
def test_one_hot(lesson, rng):
    ids = rng.integers(0, 7, size=(3, 5))
    close(lesson["one_hot"](ids, 7), small_networks.one_hot(ids, 7))


@compares("01_why_memory", "running_parity")
def test_running_parity(lesson):
    x, targets = datasets.parity(20, 12, seed=3)
    close([lesson["running_parity"](sequence) for sequence in x[:, :, 0]], targets[:, :, 0])


@compares("01_why_memory", "count_parameters")
def test_number_of_parameters(lesson, rng):
    n_steps, n_features, n_units, n_classes = (int(n) for n in rng.integers(1, 20, size=4))
    hidden = comparison.n_parameters("SimpleRNN", n_features, n_units)
    _, counted = lesson["count_parameters"](n_steps, n_features, n_units, n_classes)
    assert counted == hidden + (n_units + 1) * n_classes


@compares("02_forward_pass", "rnn_step", "run_rnn", "rnn_forward")
def test_forward_pass(lesson, rng):
    cell = cells.SimpleRNN(*(rng.normal(size=shape) for shape in ((3, 5), (5, 5), 5)))
    x, h0 = rng.normal(size=(4, 7, 3)), rng.normal(size=(4, 5))
    wanted, weights = cell.forward(x, h0).h, cell.weights.values()
    close(lesson["rnn_step"](x[:, 0], h0, *weights), wanted[:, 0])
    for name in ("run_rnn", "rnn_forward"):
        close(lesson[name](x, h0, *weights), wanted)


@compares("02_forward_pass", "softmax", "cross_entropy")
def test_softmax_and_loss(lesson, rng):
    logits, labels = 5 * rng.normal(size=(3, 4, 6)), rng.integers(0, 6, size=(3, 4))
    close(lesson["softmax"](logits), losses.softmax(logits))
    close(lesson["cross_entropy"](logits, labels), losses.cross_entropy(logits, labels)[0])


@compares("03_backpropagation_through_time", "backward", "rnn_backward")
def test_backward_pass(lesson, rng):
    cell = cells.SimpleRNN(*(rng.normal(size=shape) for shape in ((3, 5), (5, 5), 5)))
    x, h0, dh = (rng.normal(size=shape) for shape in ((4, 7, 3), (4, 5), (4, 7, 5)))
    trace = cell.forward(x, h0)
    wanted = cell.backward(trace, dh)
    arguments = x, h0, trace.h, cell.recurrent_kernel, dh
    all_close(lesson["rnn_backward"](*arguments), [*wanted.weights.values(), wanted.h0])
    *by_hand, delta = lesson["backward"](*arguments)
    all_close(by_hand, [*wanted.weights.values(), wanted.h0])
    close(delta, wanted.h * (1 - trace.h**2))


@compares("03_backpropagation_through_time", "central_differences")
def test_gradient_check(lesson, rng):
    arguments = lambda a: np.sin(a).sum(), rng.normal(size=(2, 3)), 1e-3
    close(lesson["central_differences"](*arguments), gradients.numerical_gradient(*arguments))


@compares("03_backpropagation_through_time", "adam_update")
def test_adam(lesson, rng):
    theta = rng.normal(size=4)
    m, v, parameters, adam = 0 * theta, 0 * theta, {"theta": theta.copy()}, training.Adam(0.1)
    for t in range(1, 6):
        g = rng.normal(size=4)
        theta, m, v = lesson["adam_update"](theta, g, m, v, t, 0.1)
        adam.update(parameters, {"theta": g})
    close(theta, parameters["theta"])


@compares("03_backpropagation_through_time", "train_epoch")
def test_training_loop(lesson, rng):
    def loss_and_gradient(W, x, y):
        loss, d_y_hat = losses.mean_squared_error(x @ W, y)
        return loss, x.T @ d_y_hat

    W = rng.normal(size=(3, 2))
    batches = [(rng.normal(size=(4, 3)), rng.normal(size=(4, 2))) for _ in range(5)]
    W_by_hand, losses_by_hand = lesson["train_epoch"](W.copy(), batches, loss_and_gradient, 0.1)

    def named(parameters, x, y):
        loss, dW = loss_and_gradient(parameters["W"], x, y)
        return loss, {"W": dW}

    history = training.fit(named, {"W": W}, batches, training.SGD(0.1), progress=False)
    close(W_by_hand, W)
    close(losses_by_hand, history.loss)


@compares("04_vanishing_gradients", "go_back", "lag_profile")
def test_gradient_going_back(lesson, rng):
    cell = cells.SimpleRNN.start(4, 4, seed=1)
    trace = cell.forward(rng.normal(size=(1, 6, 4)))
    dh = np.zeros_like(trace.h)
    dh[0, -1] = rng.normal(size=4)
    wanted = cell.backward(trace, dh).h[0, ::-1]
    arguments = cell.recurrent_kernel, trace.h[0], dh[0, -1]
    close(lesson["go_back"](*arguments), wanted)
    close(lesson["lag_profile"](*arguments), np.linalg.norm(wanted, axis=1))


@compares("04_vanishing_gradients", "clip_gradients")
def test_clipping(lesson, rng):
    grads = {"W_hh": rng.normal(size=(3, 3)), "b_h": rng.normal(size=3)}
    for max_norm in (0.5, 100.0):
        wanted, _ = gradients.clip_by_global_norm(grads, max_norm)
        by_hand = lesson["clip_gradients"](grads, max_norm)
        assert by_hand.keys() == wanted.keys()
        all_close(by_hand.values(), wanted.values())


@compares("04_vanishing_gradients", "orthogonal_start")
def test_orthogonal_start(lesson):
    gaussian = np.random.default_rng(7).normal(size=(5, 5))
    wanted = starts.orthogonal(5, np.random.default_rng(7))
    close(lesson["orthogonal_start"](gaussian), wanted)


def after_updates(updates, parameter, value):
    """The values of a parameter, which begins at ``value``, after each of three updates."""
    parameter.set_value(value)
    update = theano.function([], [], updates=updates)
    return [update() or parameter.get_value() for _ in range(3)]


@compares("05_theano_graphs", "momentum_updates")
def test_momentum(lesson, rng):
    lesson |= {"theano": theano, "T": T}
    start, w = rng.normal(size=(2, 3)), theano.shared(np.zeros((2, 3)), "w")
    arguments = T.sum(T.sin(w) * w), [w], 0.1, 0.8
    by_hand, wanted = lesson["momentum_updates"](*arguments), theano_training.momentum(*arguments)
    close(after_updates(by_hand, w, start), after_updates(wanted, w, start))


@compares("07_rnn_in_scan", "momentum_updates")
def test_momentum_with_clipping(lesson, rng):
    lesson |= {"theano": theano, "T": T}
    start, w = rng.normal(size=(2, 3)), theano.shared(np.zeros((2, 3)), "w")
    arguments = T.sum(T.sin(w) * w), [w], 0.1, 0.8
    for clip_norm in (0.5, 100.0):
        by_hand = lesson["momentum_updates"](*arguments, clip_norm)
        wanted = theano_training.momentum(*arguments, clip_norm=clip_norm)
        close(after_updates(by_hand, w, start), after_updates(wanted, w, start))


@compares("07_rnn_in_scan", "rnn_states", "batch_states")
def test_rnn_in_scan(lesson, rng):
    lesson |= {"theano": theano, "T": T}
    cell = scan_cells.SimpleRNN.from_cell(cells.SimpleRNN.start(2, 4, seed=1))
    x, h0, mask, first = T.dtensor3(), T.dmatrix(), *(T.matrix(dtype="bool") for _ in "ab")
    weights = cell.parameters.values()
    by_hand = (
        lesson["rnn_states"](x, h0, *weights),
        lesson["batch_states"](x, mask, first, *weights),
    )
    cut = cell.forward(x[:, :3], mask=mask[:, :3]).h, cell.forward(x[:, 3:], mask=mask[:, 3:]).h
    wanted = cell.forward(x, h0).h, T.concatenate(cut, axis=1)
    run = theano.function([x, h0, mask, first], [*by_hand, *wanted])
    lengths = np.array([[3, 3], [2, 1], [1, 3]])
    real = np.concatenate([np.arange(3) < lengths[:, :1], np.arange(3) < lengths[:, 1:]], axis=1)
    begins = np.tile(np.arange(6) % 3 == 0, (3, 1))
    results = run(rng.normal(size=(3, 6, 2)), rng.normal(size=(3, 4)), real, begins)
    all_close(results[:2], results[2:])


@compares("07_rnn_in_scan", "padded", "rnn_logits")
def test_padded_network(lesson, rng):
    bits, lengths = rng.integers(0, 2, size=(3, 6)), np.array([6, 2, 5])
    all_close(lesson["padded"](bits, lengths), parity.padded(bits, lengths))

    lesson |= {"theano": theano, "T": T}
    cell = scan_cells.SimpleRNN.from_cell(cells.SimpleRNN.start(1, 4, seed=1))
    W_hy, b_y, h0 = (rng.normal(size=shape) for shape in ((4, 1), 1, 4))
    x, mask = T.dtensor3(), T.matrix(dtype="bool")
    by_hand = lesson["rnn_logits"](x, mask, *cell.parameters.values(), W_hy, b_y, h0)
    h = cell.forward(x, T.zeros((x.shape[0], 4)) + h0, mask=mask).h
    run = theano.function([x, mask], [by_hand, (T.dot(h, W_hy) + b_y)[:, :, 0]])
    close(*run(*lesson["padded"](bits, lengths)[:2]))


@compares("08_gates", "lstm_step", "gru_step", "rated_step")
def test_gated_steps(lesson, rng):
    lesson["T"] = T
    arrays = [rng.normal(size=shape) for shape in ((3, 2), (3, 4), (3, 4))]
    x_t, h, c = symbols = T.dmatrices("x_t", "h", "c")
    x = x_t.dimshuffle(0, "x", 1)
    lstm = scan_cells.LSTM.from_cell(cells.LSTM.start(2, 4, seed=8))
    gru = scan_cells.GRU.from_cell(cells.GRU.start(2, 4, seed=8))
    rated = scan_cells.RatedRNN.start(2, 4, seed=8)
    trace = lstm.forward(x, h, c)
    wanted = [trace.h, trace.c, gru.forward(x, h).h, rated.forward(x, h).h]
    by_hand = [
        *lesson["lstm_step"](*symbols, *lstm.parameters.values()),
        lesson["gru_step"](x_t, h, *gru.parameters.values(), True),
        lesson["rated_step"](T.dot(x_t, rated.kernel) + rated.bias, h, rated.recurrent_kernel),
    ]
    results = theano.function(symbols, [*by_hand, *(states[:, 0] for states in wanted)])(*arrays)
    all_close(results[:4], results[4:])


@compares("08_gates", "lstm_bias", "hold_open")
def test_bias_and_open_gate(lesson):
    for half_life in (1, 10, 100):
        wanted = np.zeros(12)
        wanted[3:6] = gates.half_life_bias(half_life)
        close(lesson["lstm_bias"](3, half_life), wanted)
    cell = cells.LSTM.start(2, 3, seed=8)
    for gate in "ifo":
        wanted = gates.forced(cell, gate, 1).weights.values()
        all_close(lesson["hold_open"](*cell.weights.values(), gate), wanted)


@compares("09_language_model", "cut_into_batches", "draw_token")
def test_batches_and_sampler(lesson, rng):
    ids = rng.integers(0, 50, size=200)
    by_hand, wanted = lesson["cut_into_batches"](ids, 4, 6), text.contiguous_batches(ids, 4, 6)
    assert len(by_hand) == len(wanted) == 8
    for pair, wanted_pair in zip(by_hand, wanted, strict=True):
        all_close(pair, wanted_pair)
    logits = 3 * rng.normal(size=9)
    for temperature, top_k in ((0.2, 9), (1.0, 4), (2.5, 1)):
        p, token_id = lesson["draw_token"](logits, temperature, top_k, 0.4)
        close(p, text.next_probabilities(logits, temperature, top_k))
        assert token_id == np.searchsorted(p.cumsum(), 0.4, side="right")


@compares("09_language_model", "masked_perplexity")
def test_perplexity(lesson, rng):
    logits, targets = 3 * rng.normal(size=(3, 5, 7)), rng.integers(0, 7, size=(3, 5))
    mask = np.arange(5) < np.array([[5], [2], [4]])
    loss, _ = losses.cross_entropy(logits[mask], targets[mask])
    close(lesson["masked_perplexity"](logits, targets, mask), text.perplexity(loss))


@compares("11_forecasting", "generate_sine_wave")
def test_sine_wave(lesson, rng, monkeypatch):
    for seed, (seq_length, num_samples) in enumerate(rng.integers(1, 30, size=(3, 2)).tolist()):
        # The lesson's draws from NumPy's global generator; let it draw what the other one does.
        monkeypatch.setattr(np.random, "uniform", np.random.default_rng(seed).uniform)
        by_hand = lesson["generate_sine_wave"](seq_length, num_samples)
        all_close(by_hand, datasets.generate_sine_wave(seq_length, num_samples, seed))


@compares("11_forecasting", "make_windows", "repeat_season", "fit_linear", "scaled_error")
def test_windows_baselines_and_ruler(lesson, rng):
    train = rng.normal(size=60).cumsum()
    for n_steps, horizon in ((3, 1), (4, 5), (12, 8)):
        windows = forecasting.windows(train, n_steps, horizon)
        all_close(lesson["make_windows"](train, n_steps, horizon), windows)
    x, y = forecasting.windows(train, 6, 4)
    for season in (1, 3, 6):
        wanted = forecasting.seasonal_naive(x, 4, season)
        close(lesson["repeat_season"](x, 4, season), wanted)
    close(lesson["fit_linear"](x, y), forecasting.LinearForecaster.fit(x, y).weights)
    y_hat = forecasting.naive(x, 4)
    close(lesson["scaled_error"](y, y_hat, train), forecasting.mase(y, y_hat, train))


@compares("11_forecasting", "median_and_range")
def test_median_and_range(lesson, rng):
    errors = rng.normal(size=5).tolist()
    median, low, high = comparison.median_and_range(errors)
    assert lesson["median_and_range"](errors) == f"{median:.2f} ({low:.2f} to {high:.2f})"


@compares("11_forecasting", "fresh_start")
def test_fresh_start(lesson):
    from course_utils.keras_training import fresh_start, keras

    lesson["keras"] = keras
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    model.compile(keras.optimizers.Adam(0.01), "mse")
    started = []
    for start in (fresh_start, lesson["fresh_start"]):
        model.fit(np.ones((4, 2)), np.ones((4, 3)), verbose=0)
        start(model, 5)
        memory = [np.array(variable) for variable in model.optimizer.variables]
        assert sorted({float(abs(part).max()) for part in memory}) == pytest.approx([0, 0.01])
        started.append(model.get_weights()[0])
    close(*started)


@compares("12_sentiment", "masked_mean", "padding_accuracy")
def test_padding(lesson, rng):
    h, mask = rng.normal(size=(4, 6, 3)), rng.random((4, 6)) < 0.5
    mask[0] = False
    close(lesson["masked_mean"](h, mask), padding.masked_mean(h, mask))
    x, y = rng.integers(0, 2, size=(80, 5)), rng.integers(0, 2, size=80)
    parts = x[:50], y[:50], x[50:], y[50:]
    assert lesson["padding_accuracy"](*parts) == padding.padding_accuracy(*parts)


@compares("13_text_generation", "sampling_probabilities", "bits_per_character")
def test_sampling_and_bits(lesson, rng):
    logits, targets = 3 * rng.normal(size=(6, 9)), rng.integers(0, 9, size=6)
    for temperature, top_k in ((0.2, 9), (1.0, 4), (2.5, 1)):
        wanted = text.next_probabilities(logits[0], temperature, top_k)
        close(lesson["sampling_probabilities"](logits[0], temperature, top_k), wanted)
    record = [("test", logits[:4], targets[:4]), ("train", logits, 0 * targets)]
    record += [("test", logits[4:], targets[4:])]
    wanted = text.bits(losses.cross_entropy(logits, targets)[0])
    close(lesson["bits_per_character"](record), wanted)


@compares("14_keras_on_theano", "rnn_in_jax")
def test_rnn_in_jax(lesson, rng):
    import jax

    lesson |= {"jax": jax, "jnp": jax.numpy}
    cell = cells.SimpleRNN.start(2, 4, seed=1)
    x, h0 = rng.normal(size=(3, 6, 2)), rng.normal(size=(3, 4))
    by_hand = lesson["rnn_in_jax"](x, h0, *cell.weights.values())
    close(by_hand, cell.forward(x, h0).h, rtol=0, atol=1e-5)  # JAX computes in float32


@compares("15_choosing_an_architecture", "n_parameters", "chance", "summarise")
def test_counting_summary_and_permutation_test(lesson, rng):
    lesson |= {"LAYOUT": comparison.LAYOUT, "combinations": combinations}
    for network in comparison.LAYOUT:
        counted = lesson["n_parameters"](network, 3, 17)
        assert comparison.n_parameters(network, 3, 17) == counted
    for sizes in ((3, 3), (2, 5), (4, 1)):
        a, b = (rng.integers(400, 480, size=size) for size in sizes)
        close(lesson["chance"](a, b), comparison.permutation_p(a, b))
    validation, test = rng.normal(size=(2, 3, 5))
    row, *summary = lesson["summarise"](validation, test, True)
    close(summary, comparison.median_and_range(test[row]))


@compares("16_seq2seq_attention", "teacher_forcing", "masked_loss", "attend")
def test_decoder(lesson, rng):
    lesson |= {"PAD": padding.PAD, "START": seq2seq.START, "END": seq2seq.END}
    y = np.array([[5, 4, 3], [6, 0, 0]])
    all_close(lesson["teacher_forcing"](y), seq2seq.teacher_forcing(y))
    logits = 3 * rng.normal(size=(2, 3, 7))
    close(lesson["masked_loss"](logits, y), seq2seq.masked_loss(logits, y))
    arguments = rng.normal(size=(2, 3)), rng.normal(size=(2, 5, 4)), rng.random((2, 5)) < 0.7
    arguments += rng.normal(size=(3, 6)), rng.normal(size=(4, 6)), rng.normal(size=6)
    arguments[2][:, 0] = True
    all_close(lesson["attend"](*arguments), seq2seq.additive_attention(*arguments))


@compares("16_seq2seq_attention", "beam_search")
def test_beam_search(lesson, rng):
    lesson |= {"START": seq2seq.START, "END": seq2seq.END}
    W = rng.normal(size=(6, 6))

    def step(last_id, state):
        state = np.tanh(state @ W + np.eye(6)[last_id])
        return 2 * state @ W, state

    for width in (1, 2, 4):
        best = seq2seq.beam_search(step, np.zeros(6), width, 6)[0]
        ids, log_p = lesson["beam_search"](step, np.zeros(6), width, 6)
        assert tuple(ids) == best.ids
        close(log_p, best.log_probability)


SCORES = "letter_error_rate", "confusion_and_recall", "base_effects", "split_by_group"


@compares("17_sequences_everywhere", *SCORES)
def test_scores(lesson, rng):
    predicted, labels = rng.choice(list("_aeu"), size=(2, 5, 12))
    predicted, labels = (["".join(row) for row in rows] for rows in (predicted, labels))
    wanted = scoring.error_rate(predicted, [scoring.collapse(frames) for frames in labels])
    close(lesson["letter_error_rate"](predicted, labels), wanted)
    y, y_hat = rng.integers(0, 4, size=(2, 30))
    all_close(lesson["confusion_and_recall"](y, y_hat, 5), scoring.confusion(y, y_hat, 5))
    table, ids = rng.normal(size=(4, 4, 2)), rng.integers(0, 4, size=9)

    def logits(ids):
        return table[ids[:, :-1], ids[:, 1:]].sum(axis=1)

    close(lesson["base_effects"](logits, ids), scoring.mutation_effects(logits, ids))
    groups = [str(group) for group in rng.integers(0, 6, size=20)]
    for n_test in (1, 7, 20):
        wanted = scoring.whole_groups(groups, n_test)
        np.testing.assert_array_equal(lesson["split_by_group"](groups, n_test), wanted)


PATIENTS = {patient.program: patient for patient in map(clinic.patient, range(1, 11))}
del PATIENTS["scale"]


@compares("18_clinic", *PATIENTS)
def test_mended_programs(lesson):
    lesson |= {"theano": theano, "T": T}
    for name, patient in PATIENTS.items():
        by_hand = in_theano.compiled(lesson[name]) if name == "scan_rnn" else lesson[name]
        for size in (1, 5):
            results = (program(*patient.args(size)) for program in (by_hand, patient.mended))
            one, other = (each if isinstance(each, tuple) else (each,) for each in results)
            all_close(one, other)
