"""A good call of every public helper, for tests/test_every_helper.py to make bad ones of."""

from functools import cache

import numpy as np
from matplotlib import pyplot as plt

from course_utils import (
    cells,
    datasets,
    forecasting,
    interop,
    scan_cells,
    text,
    training,
)
from course_utils.datasets import dna
from course_utils.further import keras_seq2seq, small_networks
from course_utils.scan_cells import T, theano

keras = interop.keras

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 3, 2))  # (N, T, D)
H = RNG.normal(size=(2, 3, 4))  # (N, T, U)
H0 = RNG.normal(size=(2, 4))
MASK = np.array([[True, True, False], [True, False, False]])
SERIES = np.array([1.0, 2.5, 2.0, 4.0, 3.5, 6.0])
WINDOWS, TARGETS = RNG.normal(size=(5, 3, 1)), RNG.normal(size=(5, 2))
IDS = np.array([[3, 1, 2], [2, 3, 0]])
TEXT_IDS = np.array([0, 1, 0, 2, 1, 0, 1])
P = np.array([0.25, 0.5, 0.25])
VOCABULARY = text.Vocabulary(["<pad>", "<start>", "<end>", "a", "b", "c"])
NAMES = datasets.load_territory_names(("en", "de", "fi"))
TUNE = datasets.Melody("Call", "C major", ((67, 4), (64, 8)))
CELL = cells.LSTM.start(2, 4)
TRACE = CELL.forward(X, mask=MASK)
READER = small_networks.Reader(2, 4, 3)
WRITER = small_networks.EncoderDecoder(4, 4, 2)
W = theano.shared(np.array([1.0, 2.0]), "w")
LOSS = 5 * W[0] ** 2


def weights(n_columns, *bias):
    shapes = {"kernel": (2,), "recurrent_kernel": (4,), "bias": bias}
    return {name: np.sin(np.ones((*shape, n_columns))) for name, shape in shapes.items()}


def optimiser_call(optimiser):
    return {"self": optimiser, "parameters": {"w": np.ones(2)}, "gradients": {"w": np.ones(2)}}


def step_down(parameters, *batch):
    return 1.0, {name: p.copy() for name, p in parameters.items()}


@cache
def model():
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    network.compile("sgd", "mse")
    return network


@cache
def translator():
    return keras_seq2seq.Translator(
        keras_seq2seq.build(6, 6, 4, 3, n_units=2, n_embedding=2), VOCABULARY, VOCABULARY
    )


def memory():
    return translator().read(["ab", "c"])


def axes():
    return plt.figure().add_subplot()


def start(**options):
    return {"n_features": 2, "n_units": 4, "seed": 0, **options, "dtype": np.float64}


def forward(cell, **options):
    return {"self": cell, "x": X, "h0": H0, **options, "mask": MASK}


# A good call of every helper; those of a method have `self`. Made anew for each call.
GOOD = {
    "cells.SimpleRNN": lambda: {**weights(4), "activation": "tanh"},
    "cells.SimpleRNN.start": lambda: start(activation="relu", recurrent="identity"),
    "cells.SimpleRNN.forward": lambda: forward(cells.SimpleRNN.start(2, 4)),
    "cells.SimpleRNN.backward": lambda: {
        "self": (cell := cells.SimpleRNN.start(2, 4)), "trace": cell.forward(X), "dh": H,
    },
    "cells.LSTM": lambda: weights(16),
    "cells.LSTM.start": lambda: start(forget_bias=2.0),
    "cells.LSTM.forward": lambda: forward(CELL, c0=H0),
    "cells.LSTM.backward": lambda: {"self": CELL, "trace": TRACE, "dh": H, "dc": H0},
    "cells.GRU": lambda: {**weights(12, 2), "reset_after": True},
    "cells.GRU.start": lambda: start(reset_after=False),
    "cells.GRU.forward": lambda: forward(cells.GRU.start(2, 4)),
    "cells.GRU.backward": lambda: {
        "self": (cell := cells.GRU.start(2, 4)), "trace": cell.forward(X), "dh": H,
    },
    "gates.forced": lambda: {"cell": CELL, "gate": "f", "value": 0.25},
    "gates.half_life_bias": lambda: {"n_steps": 2.5},
    "losses.softmax": lambda: {"logits": H0, "axis": 1},
    "losses.cross_entropy": lambda: {"logits": H, "labels": IDS},
    "losses.binary_cross_entropy": lambda: {"logits": H0, "targets": np.abs(np.sin(H0))},
    "losses.mean_squared_error": lambda: {"y_hat": H0, "y": H0 + 1},
    "starts.orthogonal": lambda: {
        "n": 2, "rng": np.random.default_rng(0), "dtype": np.float32, "n_columns": 3,
    },
    "starts.identity": lambda: {"n": 2, "scale": 0.5, "dtype": np.float32},
    "starts.glorot": lambda: {
        "rng": np.random.default_rng(0), "n_rows": 2, "n_columns": 3, "dtype": np.float32,
    },
    "starts.glorot_start": lambda: {
        "n_features": 2, "n_units": 3, "n_blocks": 4, "seed": 0, "dtype": np.float32,
    },
    "starts.parity_weights": lambda: {"gain": 10.0},
    "gradients.numerical_gradient": lambda: {
        "function": lambda a: (a**2).sum(), "array": H0, "step": 1e-5,
    },
    "gradients.relative_error": lambda: {"a": H0, "b": H0 + 1},
    "gradients.clip_by_global_norm": lambda: {"grads": {"W": H0, "b": H0[0]}, "max_norm": 1.0},
    "gradients.gradient_by_lag": lambda: {"cell": CELL, "x": X, "state": "c"},
    "training.SGD": lambda: {"learning_rate": 0.1, "momentum": 0.9},
    "training.SGD.update": lambda: optimiser_call(training.SGD(0.1)),
    "training.Adam": lambda: {
        "learning_rate": 0.1, "beta_1": 0.9, "beta_2": 0.9, "epsilon": 1e-7,
    },
    "training.Adam.update": lambda: optimiser_call(training.Adam()),
    "training.minibatches": lambda: {
        "arrays": (X, IDS[:, 0]), "batch_size": 2, "rng": np.random.default_rng(0),
    },
    "training.fit": lambda: {
        "loss_and_gradients": step_down, "parameters": {"w": np.ones(2)}, "batches": [(X, H0)],
        "optimiser": training.SGD(0.1), "n_epochs": 2, "clip_norm": 1.0,
        "validate": lambda parameters: parameters["w"].sum(), "patience": 1, "progress": False,
    },
    "text.words": lambda: {"text": "Soon, it said.", "punctuation": True},
    "text.characters": lambda: {"text": "Soon"},
    "text.Vocabulary": lambda: {"tokens": ["a", "b"]},
    "text.Vocabulary.from_tokens": lambda: {
        "tokens": ["a", "b", "a"], "minimum_count": 2, "specials": ["<pad>", "<unknown>"],
    },
    "text.Vocabulary.id": lambda: {"self": VOCABULARY, "token": "a"},
    "text.Vocabulary.encode": lambda: {"self": VOCABULARY, "tokens": ["a", "b"]},
    "text.Vocabulary.decode": lambda: {"self": VOCABULARY, "ids": np.array([3, 4])},
    "text.contiguous_batches": lambda: {"ids": TEXT_IDS, "batch_size": 2, "n_steps": 2},
    "text.NGram": lambda: {"order": 2, "n_tokens": 3},
    "text.NGram.fit": lambda: {"self": text.NGram(2, 3), "ids": TEXT_IDS},
    "text.NGram.probabilities": lambda: {
        "self": text.NGram(3, 3).fit(TEXT_IDS), "context": np.array([0, 1]),
    },
    "text.NGram.cross_entropy": lambda: {"self": text.NGram(2, 3).fit(TEXT_IDS), "ids": TEXT_IDS},
    "text.perplexity": lambda: {"nats": 2.5},
    "text.bits": lambda: {"nats": 2.5},
    "text.next_probabilities": lambda: {"logits": H0, "temperature": 0.5, "top_k": 2},
    "text.sample": lambda: {"probabilities": P, "rng": np.random.default_rng(0)},
    "padding.masked_mean": lambda: {"h": H, "mask": MASK},
    "padding.padding_accuracy": lambda: {
        "x_train": IDS, "y_train": np.array([1, 0]), "x_test": IDS[::-1], "y_test": np.array([1, 1]),
    },
    "forecasting.windows": lambda: {"series": SERIES, "n_steps": 2, "horizon": 2},
    "forecasting.split_windows": lambda: {
        "series": SERIES, "first_test": 4, "n_steps": 2, "horizon": 1,
    },
    "forecasting.Scaler.fit": lambda: {"train": SERIES},
    "forecasting.Scaler.scale": lambda: {"self": forecasting.Scaler(1.0, 2.0), "values": SERIES},
    "forecasting.Scaler.unscale": lambda: {"self": forecasting.Scaler(1.0, 2.0), "values": SERIES},
    "forecasting.naive": lambda: {"x": WINDOWS, "horizon": 2},
    "forecasting.seasonal_naive": lambda: {"x": WINDOWS, "horizon": 2, "season": 2},
    "forecasting.LinearForecaster.fit": lambda: {"x": WINDOWS, "y": TARGETS},
    "forecasting.LinearForecaster.predict": lambda: {
        "self": forecasting.LinearForecaster.fit(WINDOWS, TARGETS), "x": WINDOWS,
    },
    "forecasting.iterate": lambda: {"one_step": lambda x: x[:, -1], "x": WINDOWS, "horizon": 2},
    "forecasting.mase": lambda: {"y": SERIES, "y_hat": SERIES + 1, "train": SERIES, "season": 2},
    "forecasting.naive_error": lambda: {"train": SERIES, "season": 2},
    "datasets.dna.dna_motif": lambda: {"n_samples": 2, "n_steps": 9, "seed": 0},
    "datasets.dna.scan_for_motif": lambda: {"ids": dna.dna_motif(2, 9)[0]},
    "datasets.load_imdb": lambda: {"num_words": 9, "seed": 0, "progress": False},
    "datasets.load_shakespeare": lambda: {"progress": False},
    "datasets.parity": lambda: {"n_samples": 2, "n_steps": 3, "labels": "final", "seed": 0},
    "datasets.adding": lambda: {"n_samples": 2, "n_steps": 3, "seed": 0},
    "datasets.copy_memory": lambda: {
        "n_samples": 2, "delay": 3, "n_symbols": 4, "n_copied": 2, "seed": 0,
    },
    "datasets.copy_baseline": lambda: {"delay": 3, "n_symbols": 4, "n_copied": 2},
    "datasets.temporal_order": lambda: {"n_samples": 2, "n_steps": 12, "seed": 0},
    "datasets.dates": lambda: {"n_samples": 2, "seed": 0},
    "datasets.additions": lambda: {
        "n_samples": 2, "min_digits": 1, "max_digits": 3, "reverse": "answer", "seed": 0,
    },
    "datasets.generate_sine_wave": lambda: {"seq_length": 3, "num_samples": 2, "seed": 0},
    "datasets.architecture_skill": lambda: {"task": "digits, 64 steps", "scores": P},
    "datasets.TerritoryNames.split": lambda: {"self": NAMES, "seed": 0, "fraction": 0.25},
    "datasets.load_territory_names": lambda: {"languages": ["en", "de"]},
    "datasets.number_words.number_words": lambda: {"number": 342, "language": "German"},
    "datasets.mackey_glass": lambda: {"n_steps": 2, "tau": 1.0, "spacing": 1.0, "seed": 0},
    "datasets.load_verse": lambda: {"name": "tide"},
    "datasets.load_reviews": lambda: {"split": "test"},
    "datasets.Melody": lambda: {
        "title": "Call", "key": "C major", "notes": ((67, 4), (64, 8)), "metre": "3/4",
    },
    "datasets.Melody.from_tokens": lambda: {
        "tokens": ["67:4", "64:8"], "title": "Call", "key": "C major", "metre": "3/4",
    },
    "datasets.Melody.transposed": lambda: {"self": TUNE, "semitones": 2},
    "datasets.shipped.read_shipped": lambda: {"file_name": "co2.csv"},
    "datasets.speech.spoken_vowels": lambda: {"n_samples": 1, "noise": 0.1, "seed": 0},
    "datasets.speech.mel_bands": lambda: {"n_bands": 3},
    "datasets.speech.band_powers": lambda: {"sound": np.sin(np.arange(400.0))},
    "plotting.figure_html": lambda: {"figure": axes().figure, "alt": "A line."},
    "plotting.show": lambda: {"figure": axes().figure, "alt": "A line."},
    "plotting.plot_sequences": lambda: {
        "sequences": {"a": SERIES, "b": SERIES[:2]}, "ax": axes(), "ylabel": "x", "markers": True,
    },
    "plotting.plot_hidden_states": lambda: {"h": H0, "ax": axes(), "limit": 1.5, "title": "h"},
    "plotting.plot_probabilities": lambda: {
        "probabilities": P, "labels": ["a", "b", "c"], "ax": axes(), "highlight": 1,
    },
    "plotting.plot_unrolled_graph": lambda: {
        "factors": P, "loss_step": 3, "truncation": 2, "paths": P, "weight": "w", "ax": axes(),
    },
    "plotting.plot_gradient_by_lag": lambda: {"norms": {"a": SERIES}, "ax": axes()},
    "plotting.plot_loss_curves": lambda: {
        "runs": {"a": [SERIES, SERIES]}, "ax": axes(), "baseline": 0.5, "xlabel": "x", "ylabel": "y",
    },
    "interop.from_keras": lambda: {"layer": interop.to_keras(CELL)},
    "interop.to_keras": lambda: {"cell": CELL, "batch_size": 2},
    "interop.to_scan": lambda: {"cell": CELL},
    "keras_training.TrainingProgress": lambda: {"progress": False},
    "keras_training.fresh_start": lambda: {"model": model(), "seed": 1},
    "theano_training.momentum": lambda: {
        "loss": LOSS, "parameters": [W], "learning_rate": 0.1, "momentum": 0.9, "clip_norm": 1.0,
    },
    "theano_training.adam": lambda: {
        "loss": LOSS, "parameters": [W], "learning_rate": 0.1, "beta_1": 0.9, "beta_2": 0.9,
        "epsilon": 1e-7, "clip_norm": 1.0,
    },
    "theano_training.clip_by_global_norm": lambda: {"gradients": [T.dvector("g")], "max_norm": 1.0},
    "theano_training.fit": lambda: {
        "update": lambda *batch: 1.0, "batches": [(X, H0)], "n_epochs": 2, "validate": lambda: 1.0,
        "progress": False,
    },
    "theano_training.save": lambda: {"path": "weights.npz", "variables": [W]},
    "theano_training.load": lambda: {"path": "weights.npz", "variables": [W]},
    "scan_cells.SimpleRNN": lambda: {**weights(4), "activation": "tanh"},
    "scan_cells.SimpleRNN.from_cell": lambda: {"cell": cells.SimpleRNN.start(2, 4)},
    "scan_cells.LSTM": lambda: {**weights(16), "peepholes": np.ones((3, 4))},
    "scan_cells.LSTM.forward": lambda: forward(scan_cells.LSTM.from_cell(CELL), c0=H0),
    "scan_cells.GRU": lambda: {**weights(12, 2), "reset_after": True},
    "scan_cells.RatedRNN": lambda: weights(8),
    "scan_cells.RatedRNN.start": lambda: start(),
    "further.comparison.n_parameters": lambda: {"network": "GRU", "n_features": 2, "n_units": 4},
    "further.comparison.median_and_range": lambda: {"scores": P},
    "further.comparison.permutation_p": lambda: {"a": P, "b": P + 1},
    "further.keras_seq2seq.AttentiveDecoder": lambda: {
        "n_tokens": 5, "n_units": 2, "n_embedding": 2, "attention": True,
    },
    "further.keras_seq2seq.build": lambda: {
        "n_source": 5, "n_target": 5, "n_steps": 3, "n_written": 2, "n_units": 2, "n_embedding": 2,
        "attention": False, "learning_rate": 0.01,
    },
    "further.keras_seq2seq.Translator": lambda: {
        "model": keras_seq2seq.build(6, 6, 4, 3, n_units=2, n_embedding=2),
        "source": VOCABULARY, "target": VOCABULARY,
    },
    "further.keras_seq2seq.Translator.read": lambda: {"self": translator(), "texts": ["ab", "c"]},
    "further.keras_seq2seq.Translator.step": lambda: {
        "self": translator(), "ids": np.array([1, 3]), "memory": memory(),
    },
    "further.keras_seq2seq.Translator.forced": lambda: {
        "self": translator(), "texts": ["ab", "c"], "inputs": IDS,
    },
    "further.keras_seq2seq.Translator.greedy_ids": lambda: {
        "self": translator(), "texts": ["ab", "c"],
    },
    "further.keras_seq2seq.Translator.greedy": lambda: {"self": translator(), "texts": ["ab", "c"]},
    "further.keras_seq2seq.Translator.one_step": lambda: {
        "self": translator(), "last_id": 1, "memory": translator().read(["a"]),
    },
    "further.keras_seq2seq.Translator.search": lambda: {
        "self": translator(), "text": "ab", "width": 2, "length_power": 0.5,
    },
    "further.migration.run_keras3": lambda: {
        "code": "results = {'y': x}", "arrays": {"x": SERIES},
    },
    "further.scoring.edit_distance": lambda: {"one": "kitten", "other": "sitting"},
    "further.scoring.collapse": lambda: {"frames": "__aaa_aai__"},
    "further.scoring.majority": lambda: {"labels": IDS, "width": 2},
    "further.scoring.error_rate": lambda: {"predicted": ["_aa_", "oo"], "texts": ["a", "uu"]},
    "further.scoring.confusion": lambda: {"y": IDS, "y_hat": IDS, "n_classes": 4},
    "further.scoring.mutation_effects": lambda: {
        "logits": lambda ids: np.column_stack([ids.sum(axis=1), ids[:, 0]]), "ids": IDS[0],
    },
    "further.scoring.whole_groups": lambda: {"groups": ["de", "fr", "de"], "n_test": 1},
    "further.seq2seq.to_ids": lambda: {
        "texts": ["ab", "c"], "vocabulary": VOCABULARY, "n_steps": 3,
    },
    "further.seq2seq.to_text": lambda: {"ids": np.array([3, 4, 2]), "vocabulary": VOCABULARY},
    "further.seq2seq.teacher_forcing": lambda: {"y": IDS},
    "further.seq2seq.masked_loss": lambda: {"logits": H, "targets": IDS},
    "further.seq2seq.additive_attention": lambda: {
        "s": H0[:, :2], "h": H, "mask": MASK, "W_s": X[0, :2], "W_h": H0.T, "v": X[0, 0],
    },
    "further.seq2seq.beam_search": lambda: {
        "step": lambda last_id, state: (H0[0], state), "state": None, "width": 2, "max_steps": 3,
        "length_power": 0.5,
    },
    "further.seq2seq.exact_match": lambda: {"answers": ["a", "b"], "targets": ["a", "c"]},
    "further.small_networks.one_hot": lambda: {"ids": IDS, "n_classes": 4},
    "further.small_networks.Reader": lambda: {
        "n_features": 2, "n_units": 4, "n_classes": 3, "read_out": "mean", "seed": 0,
    },
    "further.small_networks.Reader.logits": lambda: {"self": READER, "x": X, "mask": MASK},
    "further.small_networks.Reader.loss_and_gradients": lambda: {
        "self": READER, "parameters": READER.parameters, "x": X, "y": IDS % 3, "mask": MASK,
    },
    "further.small_networks.EncoderDecoder": lambda: {
        "n_source": 4, "n_target": 4, "n_units": 2, "seed": 0,
    },
    "further.small_networks.EncoderDecoder.loss_and_gradients": lambda: {
        "self": WRITER, "parameters": WRITER.parameters, "source": IDS, "target": IDS,
    },
    "further.small_networks.EncoderDecoder.translate": lambda: {
        "self": WRITER, "source": IDS, "n_steps": 2,
    },
    "further.small_networks.train": lambda: {
        "model": small_networks.Reader(2, 4, 3), "arrays": (X, IDS % 3), "n_epochs": 2, "seed": 0,
        "learning_rate": 0.01,
    },
    "further.small_networks.padded": lambda: {"rows": [[4, 2], [7]], "n_steps": 3},
}  # fmt: skip

# Helpers that are not tried, and why.
EXCEPT = {
    "cells.Cell": "makes no cell by itself",
    "cells.Cell.gate_blocks": "slices arrays and Theano's symbols alike",
    "cells.checked_weight": "a part of the cells, which are thrown everything",
    "datasets.fetching.fetch": "gets a RemoteFile of the course from the loaders",
    "further.keras_seq2seq.AttentiveDecoder.build": "called by Keras",
    "further.keras_seq2seq.AttentiveDecoder.call": "called by Keras",
    "further.keras_seq2seq.AttentiveDecoder.compute_output_shape": "called by Keras",
    "further.keras_seq2seq.AttentiveDecoder.compute_mask": "called by Keras",
    "further.migration.run_keras2": "run_keras3 with another first line",
    "further.migration.outcomes": "gets the rows of the course's table from lesson 14's cells",
    "keras_training.TrainingProgress.on_train_begin": "called by Keras",
    "keras_training.TrainingProgress.on_train_batch_end": "called by Keras",
    "keras_training.TrainingProgress.on_train_end": "called by Keras",
    "scan_cells.SimpleRNN.forward": "checks what LSTM.forward checks",
    "scan_cells.GRU.forward": "checks what LSTM.forward checks",
    "scan_cells.RatedRNN.forward": "checks what LSTM.forward checks",
    "training.Optimiser": "says what an optimiser must have",
    "training.Optimiser.update": "says what an optimiser must have",
    "training.record_validation": "a part of both fits, which are thrown everything",
    "training.ending": "a part of both fits",
    "training.check_data": "a part of both fits",
    "training.check_finite": "a part of both fits",
    "training.check_schedule": "a part of both fits",
    "training.number_of_updates": "a part of both fits",
}

# Trials that need not be refused, or not by the argument's name: patterns of their labels.
ANY_SHAPE = "an axis .*|a number"
FINE = {
    "losses.softmax": {"logits": "an axis more"},
    "gradients.numerical_gradient": {"array": ANY_SHAPE, "step": "1e.300"},
    "gradients.clip_by_global_norm": {"grads": f"in .*({ANY_SHAPE})", "max_norm": "inf"},
    # What is in a batch is for the learner's own function.
    "training.fit": {
        "batches": "in 0: in .*",
        "parameters": "in .*(list|NaN|read-only|an axis more|no value masked)",
    },
    "training.SGD.update": {"parameters": "in .*(list|read-only|no value masked|NaN)"},
    "training.Adam.update": {"parameters": "in .*(list|read-only|no value masked|NaN)"},
    "training.minibatches": {"arrays": "in .*(of .*|complex|with .*|True|negative)"},
    # Lessons 09 and 13 show another sentence.
    "text.Vocabulary.id": {"token": "empty|unknown"},
    "text.Vocabulary.encode": {"tokens": "of an empty str|unknown"},
    # Several texts, of different lengths
    "text.NGram.fit": {"ids": "ragged"},
    "text.NGram.cross_entropy": {"ids": "ragged"},
    "text.next_probabilities": {"logits": "an axis .*"},
    "text.sample": {"probabilities": "an axis more"},
    "forecasting.Scaler.fit": {"train": "an axis more"},
    "forecasting.Scaler.scale": {"values": ANY_SHAPE},
    "forecasting.Scaler.unscale": {"values": ANY_SHAPE},
    "datasets.architecture_skill": {"scores": ANY_SHAPE},
    "datasets.shipped.read_shipped": {"file_name": "empty|unknown"},  # FileNotFoundError
    "plotting.plot_sequences": {"ylabel": ".*"},  # matplotlib writes whatever it is given
    "plotting.plot_hidden_states": {"title": ".*", "limit": "None"},
    "plotting.plot_unrolled_graph": {"weight": ".*"},
    "plotting.plot_loss_curves": {"xlabel": ".*", "ylabel": ".*"},
    # Of float32, which holds no such number
    "theano_training.momentum": {"clip_norm": "1e.300"},
    "theano_training.adam": {"learning_rate": "1e.300", "clip_norm": "1e.300"},
    "theano_training.clip_by_global_norm": {"max_norm": "1e.300"},
    "theano_training.fit": {"batches": "in 0: in .*"},
    "scan_cells.LSTM.forward": {"x": "NaN", "h0": "NaN", "c0": "NaN"},  # symbols yet
    # They are fine, and a network takes a third of a second.
    "further.keras_seq2seq.build": {
        **{name: "99|an int64" for name in ("n_source", "n_target", "n_steps", "n_written")},
        **{name: "99|an int64" for name in ("n_units", "n_embedding")},
        "learning_rate": "a float64|99|10*|1e.300",
    },
    "further.keras_seq2seq.Translator.read": {"texts": "of an empty str|unknown"},
    "further.migration.run_keras3": {
        "code": "empty|unknown",
        "arrays": f"nothing in it|in .*({ANY_SHAPE}|strings|complex|of another dtype|a str)",
    },
    "further.scoring.edit_distance": {"one": "b'a'|.'a'.", "other": "b'a'|.'a'."},
    "further.scoring.collapse": {"frames": ".'a'."},
    "further.scoring.whole_groups": {"groups": "numbers|with None"},
    "further.seq2seq.to_ids": {"texts": "unknown"},
    "further.seq2seq.beam_search": {"state": ".*"},
    "further.small_networks.one_hot": {"ids": ANY_SHAPE},
    "further.small_networks.padded": {"rows": "in .*: True"},
    "further.small_networks.train": {"arrays": "in 0: NaN"},  # the history says so
}

# What an argument is called where it is refused.
CALLED = {
    "further.keras_seq2seq.Translator.search": ["texts"],
    "further.small_networks.train": ["x", "y"],
}
