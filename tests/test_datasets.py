"""Generated data sets: shapes, meaning, seeds, and baselines confirmed by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import datasets, losses
from course_utils.datasets import generated

GENERATORS = {
    "parity": lambda n, seed: datasets.parity(n, 12, seed=seed),
    "adding": lambda n, seed: datasets.adding(n, 20, seed=seed),
    "copy_memory": lambda n, seed: datasets.copy_memory(n, 15, seed=seed),
    "temporal_order": lambda n, seed: datasets.temporal_order(n, 30, seed=seed),
    "generate_sine_wave": lambda n, seed: datasets.generate_sine_wave(25, n, seed=seed),
}

each_generator = pytest.mark.parametrize("make", GENERATORS.values(), ids=GENERATORS.keys())


@each_generator
def test_a_seed_gives_the_same_arrays_and_another_seed_gives_others(make):
    first, again, other = make(50, 3), make(50, 3), make(50, 4)
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)


@each_generator
def test_the_global_state_is_neither_read_nor_changed(make):
    np.random.seed(1)
    x, _ = make(10, 0)
    after = np.random.random()
    np.random.seed(1)
    assert np.random.random() == after
    np.testing.assert_array_equal(make(10, 0)[0], x)


@each_generator
def test_inputs_are_float64_batch_first(make):
    x, y = make(7, 0)
    assert x.dtype == np.float64
    assert x.ndim == 3
    assert len(x) == len(y) == 7


@given(n_samples=st.integers(1, 20), n_steps=st.integers(1, 40), seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_parity_is_the_exclusive_or_of_the_bits_so_far(n_samples, n_steps, seed):
    x, y = datasets.parity(n_samples, n_steps, seed=seed)
    assert x.shape == y.shape == (n_samples, n_steps, 1)
    assert y.dtype == np.float64
    expected = np.logical_xor.accumulate(x.astype(bool), axis=1)
    np.testing.assert_array_equal(y, expected)

    x_again, final = datasets.parity(n_samples, n_steps, labels="final", seed=seed)
    np.testing.assert_array_equal(x_again, x)
    np.testing.assert_array_equal(final, y[:, -1])


@given(n_samples=st.integers(1, 20), n_steps=st.integers(2, 60), seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_adding_marks_one_step_in_each_half_and_sums_their_values(n_samples, n_steps, seed):
    x, y = datasets.adding(n_samples, n_steps, seed)
    values, markers = x[:, :, 0], x[:, :, 1]
    half = n_steps // 2
    assert x.shape == (n_samples, n_steps, 2)
    assert y.shape == (n_samples, 1)
    assert set(np.unique(markers)) <= {0, 1}
    assert (markers[:, :half].sum(axis=1) == 1).all()
    assert (markers[:, half:].sum(axis=1) == 1).all()
    assert values.min() >= 0
    assert values.max() < 1
    np.testing.assert_allclose(y[:, 0], (values * markers).sum(axis=1))


def test_adding_marks_every_step_of_a_half_equally_often():
    x, _ = datasets.adding(20_000, 10)
    np.testing.assert_allclose(x[:, :, 1].mean(axis=0), 0.2, atol=0.015)


def test_always_answering_one_scores_the_baseline_of_adding():
    _, y = datasets.adding(200_000, 10)
    assert losses.mean_squared_error(np.ones_like(y), y)[0] == pytest.approx(
        datasets.adding_baseline(), rel=0.01
    )
    best_constant = np.full_like(y, y.mean())
    assert losses.mean_squared_error(best_constant, y)[0] > 0.99 * datasets.adding_baseline()


@given(
    n_samples=st.integers(1, 10),
    delay=st.integers(1, 30),
    n_symbols=st.integers(2, 9),
    n_copied=st.integers(1, 12),
    seed=st.integers(0, 2**32),
)
@settings(deadline=None)
def test_copy_memory_repeats_the_symbols_after_the_start_sign(
    n_samples, delay, n_symbols, n_copied, seed
):
    x, y = datasets.copy_memory(n_samples, delay, n_symbols, n_copied, seed)
    n_steps = delay + 2 * n_copied
    assert x.shape == (n_samples, n_steps, n_symbols + 2)
    assert y.shape == (n_samples, n_steps)
    assert y.dtype == np.int64
    assert (x.sum(axis=2) == 1).all()

    shown, blank, start = x.argmax(axis=2), n_symbols, n_symbols + 1
    assert (shown[:, :n_copied] < n_symbols).all()
    np.testing.assert_array_equal(y[:, -n_copied:], shown[:, :n_copied])
    assert (y[:, :-n_copied] == blank).all()
    # The start sign is the last thing read before the first symbol is due.
    assert (shown[:, n_steps - n_copied - 1] == start).all()
    assert (np.delete(shown[:, n_copied:], delay - 1, axis=1) == blank).all()


def test_the_standard_copy_task_has_ten_symbols_to_copy_out_of_eight():
    x, y = datasets.copy_memory(100, delay=30)
    assert x.shape == (100, 50, 10)
    assert set(np.unique(y)) == set(range(9))


def test_knowing_all_but_the_symbols_scores_the_baseline_of_copy_memory():
    delay = 30
    _, y = datasets.copy_memory(500, delay)
    logits = np.full((*y.shape, 10), -50.0)
    logits[:, :-10, 8] = 0
    logits[:, -10:, :8] = 0
    loss, _ = losses.cross_entropy(logits, y)
    assert loss == pytest.approx(datasets.copy_baseline(delay), rel=1e-9)
    assert datasets.copy_baseline(delay) == pytest.approx(10 * np.log(8) / 50)


@given(n_samples=st.integers(1, 20), n_steps=st.integers(10, 120), seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_temporal_order_has_two_relevant_symbols_and_names_their_order(n_samples, n_steps, seed):
    x, y = datasets.temporal_order(n_samples, n_steps, seed)
    assert x.shape == (n_samples, n_steps, 8)
    assert y.shape == (n_samples,)
    assert y.dtype == np.int64
    assert (x.sum(axis=2) == 1).all()
    for row, label in zip(x.argmax(axis=2), y, strict=True):
        text = "".join(generated.TEMPORAL_ORDER_SYMBOLS[i] for i in row)
        assert text.startswith("E")
        assert text.endswith("B")
        relevant = text.translate(str.maketrans("", "", "abcdEB"))
        assert generated.TEMPORAL_ORDER_CLASSES[label] == relevant


def test_temporal_order_places_the_symbols_where_the_paper_does():
    x, _ = datasets.temporal_order(3000)
    relevant = x[:, :, 4:6].sum(axis=2).sum(axis=0)
    steps = np.flatnonzero(relevant)
    np.testing.assert_array_equal(steps, [*range(10, 21), *range(50, 61)])


def test_guessing_scores_the_baselines_of_parity_and_temporal_order():
    _, y = datasets.parity(300, 12)
    loss, _ = losses.binary_cross_entropy(np.zeros_like(y), y)
    assert loss == pytest.approx(datasets.parity_baseline())
    assert y.mean() == pytest.approx(0.5, abs=0.02)

    _, order = datasets.temporal_order(4000)
    loss, _ = losses.cross_entropy(np.zeros((4000, 4)), order)
    assert loss == pytest.approx(datasets.temporal_order_baseline())
    np.testing.assert_allclose(np.bincount(order) / 4000, 0.25, atol=0.03)


@given(seq_length=st.integers(1, 80), num_samples=st.integers(1, 20), seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_sine_waves_are_sampled_as_the_source_texts_do(seq_length, num_samples, seed):
    x, y = datasets.generate_sine_wave(seq_length, num_samples, seed)
    assert x.shape == (num_samples, seq_length, 1)
    assert y.shape == (num_samples,)
    starts = np.random.default_rng(seed).uniform(0, 4 * np.pi, num_samples)
    for start, wave, target in zip(starts, x[:, :, 0], y, strict=True):
        readings = np.sin(np.linspace(start, start + seq_length, seq_length + 1))
        np.testing.assert_allclose(wave, readings[:-1], atol=1e-12)
        np.testing.assert_allclose(target, readings[-1], atol=1e-12)


WHOLE_NUMBERS = [
    (datasets.parity, "n_samples", 1),
    (datasets.parity, "n_steps", 1),
    (datasets.parity, "seed", 0),
    (datasets.adding, "n_samples", 1),
    (datasets.adding, "n_steps", 2),
    (datasets.adding, "seed", 0),
    (datasets.copy_memory, "n_samples", 1),
    (datasets.copy_memory, "delay", 1),
    (datasets.copy_memory, "n_symbols", 2),
    (datasets.copy_memory, "n_copied", 1),
    (datasets.copy_memory, "seed", 0),
    (datasets.temporal_order, "n_samples", 1),
    (datasets.temporal_order, "n_steps", 10),
    (datasets.temporal_order, "seed", 0),
    (datasets.generate_sine_wave, "num_samples", 1),
    (datasets.generate_sine_wave, "seq_length", 1),
    (datasets.generate_sine_wave, "seed", 0),
    (datasets.copy_baseline, "delay", 1),
]

GOOD = {
    datasets.parity: {"n_samples": 2, "n_steps": 3},
    datasets.adding: {"n_samples": 2, "n_steps": 3},
    datasets.copy_memory: {"n_samples": 2, "delay": 3},
    datasets.temporal_order: {"n_samples": 2, "n_steps": 10},
    datasets.generate_sine_wave: {"num_samples": 2, "seq_length": 3},
    datasets.copy_baseline: {"delay": 3},
}


@pytest.mark.parametrize(("make", "name", "minimum"), WHOLE_NUMBERS)
@given(data=st.data())
@settings(deadline=None, max_examples=20)
def test_an_unusable_number_is_named_with_what_it_must_be(make, name, minimum, data):
    too_small = data.draw(st.integers(max_value=minimum - 1))
    with pytest.raises(ValueError, match=f"{name} must be .* at least {minimum}, got {too_small}"):
        make(**{**GOOD[make], name: too_small})
    no_number = data.draw(st.one_of(st.floats(), st.text(), st.none(), st.booleans()))
    with pytest.raises(TypeError, match=f"{name} must be .* at least {minimum}, got "):
        make(**{**GOOD[make], name: no_number})


@pytest.mark.parametrize("labels", ["every step", None, 1])
def test_parity_knows_two_kinds_of_labels(labels):
    with pytest.raises(ValueError, match="labels must be one of 'per-step', 'final', got "):
        datasets.parity(2, 3, labels=labels)
