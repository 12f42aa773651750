"""Text helpers: batches that continue, n-grams that sum to one, sampling, bad input."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import text
from course_utils.losses import softmax
from course_utils.text import NGram, Vocabulary, contiguous_batches, next_probabilities, sample


def test_words_are_lower_case_and_keep_their_apostrophes():
    line = "Don't go: 'tis NINE o'clock, señor_x (42)!"
    assert text.words(line) == ["don't", "go", "tis", "nine", "o'clock", "señor", "x", "42"]
    marks = [token for token in text.words(line, punctuation=True) if token not in text.words(line)]
    assert marks == [":", "'", ",", "_", "(", ")", "!"]
    assert text.words("") == []


# Vocabulary


def test_the_vocabulary_sorts_by_count_then_by_alphabet_after_the_specials():
    tokens = ["b", "b", "a", "a", "c", "<end>"]
    made = Vocabulary.from_tokens(tokens, specials=(text.PAD, text.UNKNOWN, text.END))
    assert made.tokens == ["<pad>", "<unknown>", "<end>", "a", "b", "c"]
    assert made.size == len(made) == 6
    assert "a" in made
    assert "z" not in made
    rare = Vocabulary.from_tokens(tokens, minimum_count=2)
    assert rare.tokens == ["<unknown>", "a", "b"]
    assert rare.decode(rare.encode(tokens)) == ["b", "b", "a", "a", "<unknown>", "<unknown>"]


def test_a_text_comes_back_from_its_ids():
    tokens = text.characters("there and back\n")
    vocabulary = Vocabulary.from_tokens(tokens, specials=())
    ids = vocabulary.encode(tokens)
    assert ids.dtype == np.int64
    assert vocabulary.decode(ids) == tokens
    assert vocabulary.encode([]).shape == (0,)
    with pytest.raises(ValueError, match="'x' is not in the vocabulary"):
        vocabulary.encode(["x"])


# Batches for a carried state


@given(
    batch_size=st.integers(1, 5),
    n_steps=st.integers(1, 7),
    n_ids=st.integers(0, 200),
)
@settings(deadline=None)
def test_every_row_goes_on_where_the_same_row_ended(batch_size, n_steps, n_ids):
    ids = np.arange(n_ids)
    if n_ids <= batch_size * n_steps:
        with pytest.raises(ValueError, match="must hold more than"):
            contiguous_batches(ids, batch_size, n_steps)
        return
    batches = contiguous_batches(ids, batch_size, n_steps)
    for x, y in batches:
        assert x.shape == y.shape == (batch_size, n_steps)
        np.testing.assert_array_equal(y, x + 1)  # the next token of the same text
    rows = np.concatenate([x for x, _ in batches], axis=1)
    np.testing.assert_array_equal(rows.ravel(), np.arange(rows.size))
    assert n_ids - 1 - rows.size < batch_size * n_steps


# N-grams


@given(order=st.integers(1, 4), seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_probabilities_are_positive_and_sum_to_one(order, seed):
    rng = np.random.default_rng(seed)
    model = NGram(order, 6).fit([rng.integers(0, 5, n) for n in (1, 2, 20)])
    for length in range(5):
        context = rng.integers(0, 6, length)
        p = model.probabilities(context)
        assert (p > 0).all()
        assert p.sum() == pytest.approx(1)
        np.testing.assert_array_equal(p, model.probabilities(context[max(0, length - order + 1) :]))


@pytest.mark.parametrize("order", [1, 2, 3])
def test_cross_entropy_is_the_mean_over_all_tokens_but_the_first(order):
    rng = np.random.default_rng(0)
    train, test = rng.integers(0, 4, 50), [rng.integers(0, 4, 9), rng.integers(0, 4, 3)]
    model = NGram(order, 4).fit(train)
    costs = [
        -math.log(model.probabilities(each[:t])[each[t]])
        for each in test
        for t in range(1, len(each))
    ]
    assert model.cross_entropy(test) == pytest.approx(np.mean(costs))


def test_a_bigram_beats_a_unigram_where_order_matters_and_nothing_is_impossible():
    ids = [0, 1, 2] * 30
    unigram, bigram = (NGram(order, 5).fit(ids) for order in (1, 2))
    assert text.perplexity(bigram.cross_entropy(ids)) < 1.3
    assert 2.9 < text.perplexity(unigram.cross_entropy(ids)) < 3.2
    assert math.isfinite(bigram.cross_entropy([3, 4, 3]))


def test_without_counts_all_tokens_are_equally_likely():
    np.testing.assert_allclose(NGram(3, 8).probabilities([1, 2]), 1 / 8)
    assert text.perplexity(NGram(2, 8).cross_entropy([1, 2, 3])) == pytest.approx(8)


def test_no_context_crosses_from_one_text_to_the_next():
    model = NGram(2, 3).fit([[0, 1], [2, 0]])
    apart = NGram(2, 3).fit([0, 1]).fit([2, 0])
    np.testing.assert_array_equal(model.probabilities([1]), apart.probabilities([1]))
    joined = NGram(2, 3).fit([0, 1, 2, 0])
    assert joined.probabilities([1])[2] > model.probabilities([1])[2]


# Temperature, top k, sampling


@given(seed=st.integers(0, 2**32), temperature=st.floats(0.05, 20), k=st.integers(1, 9))
@settings(deadline=None)
def test_temperature_works_on_logits_and_top_k_keeps_k(seed, temperature, k):
    logits = np.random.default_rng(seed).normal(size=(3, 7))
    p = next_probabilities(logits, temperature)
    np.testing.assert_allclose(p, softmax(logits / temperature), atol=1e-12)
    kept = next_probabilities(logits, temperature, top_k=k)
    assert ((kept > 0).sum(axis=-1) <= k).all()
    np.testing.assert_allclose(kept.sum(axis=-1), 1)
    for row, wanted in zip(kept, p, strict=True):
        best = np.argsort(-wanted)[:k]
        np.testing.assert_allclose(row[best], wanted[best] / wanted[best].sum(), atol=1e-12)


def test_extreme_temperatures_neither_overflow_nor_warn():
    logits = [1000.0, 999.0, -np.inf, -1000.0]
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_array_equal(next_probabilities(logits, 1e-308), [1, 0, 0, 0])
        np.testing.assert_array_equal(next_probabilities(logits, 0), [1, 0, 0, 0])
        np.testing.assert_allclose(next_probabilities(logits, 1e12), [1 / 3, 1 / 3, 0, 1 / 3])


def test_of_equal_logits_the_first_k_are_kept():
    np.testing.assert_array_equal(next_probabilities([0.0, 0, 0, 0], top_k=2), [0.5, 0.5, 0, 0])
    np.testing.assert_array_equal(next_probabilities([0.0, 0, 0], top_k=9), [1 / 3] * 3)
    np.testing.assert_array_equal(next_probabilities([0.0, 1, 1], temperature=0), [0, 1, 0])


def test_tokens_may_come_one_by_one():
    assert Vocabulary(iter(["b", "a"])).tokens == Vocabulary(["b", "a"]).tokens


def test_less_than_a_nat_is_a_cost_too():
    assert text.bits(0.0) == 0
    assert text.bits(np.log(2) / 2) == 0.5


def test_samples_come_as_often_as_their_probability_says():
    p, rng = np.array([0.1, 0.0, 0.6, 0.3]), np.random.default_rng(1)
    drawn = sample(np.tile(p, (20_000, 1)), rng)
    assert drawn.shape == (20_000,)
    np.testing.assert_allclose(np.bincount(drawn, minlength=4) / len(drawn), p, atol=0.015)


def test_a_sample_is_never_an_impossible_token():
    class Largest(np.random.Generator):
        def random(self, size=None):
            return np.full(size, np.nextafter(1, 0))

    rng = Largest(np.random.PCG64(0))
    assert sample([0.3, 0.7 - 1e-6, 0.0], rng) == 1  # the sum is a little short of 1
    assert sample(np.array([0.5, 0.5, 0], np.float32), rng) == 1
    with pytest.raises(ValueError, match="sum 1"):
        sample([0.5, 0.4], rng)


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: text.words(3), TypeError, "text must be a str, got int"),
        (lambda: text.characters(["a"]), TypeError, "text must be a str, got list"),
        (lambda: Vocabulary("abc"), TypeError, "got one str"),
        (lambda: Vocabulary([1, 2]), TypeError, "got int in it"),
        (lambda: Vocabulary(["a", "b", "a"]), ValueError, "all be different, got 'a' twice"),
        (lambda: Vocabulary([]), ValueError, "at least one token"),
        (lambda: Vocabulary(["a"]).decode([1]), ValueError, "from 0 to 0, got 1"),
        (lambda: Vocabulary(["a"]).decode([0.0]), TypeError, "whole numbers .* got dtype float64"),
        (lambda: Vocabulary.from_tokens(["a"], 0), ValueError, "minimum_count must be"),
        (lambda: Vocabulary.from_tokens(["a"], specials="<pad>"), TypeError, "specials must be"),
        (lambda: contiguous_batches(np.zeros((3, 2), int), 1, 1), ValueError, r"shape \(T,\)"),
        (lambda: contiguous_batches(["a", "b"], 1, 1), TypeError, "whole numbers"),
        (lambda: contiguous_batches(range(9), 0, 2), ValueError, "batch_size must be"),
        (lambda: NGram(0, 3), ValueError, "order must be"),
        (lambda: NGram(2, 3).fit([1, 3]), ValueError, "from 0 to 2, got 3"),
        (lambda: NGram(2, 3).cross_entropy([1]), ValueError, "at least two ids"),
        (lambda: NGram(2, 3).cross_entropy([]), ValueError, "at least two ids"),
        (lambda: text.perplexity(-1.0), ValueError, "nats must be"),
        (lambda: text.bits(float("nan")), ValueError, "nats must be"),
        (lambda: next_probabilities([0.0], -1.0), ValueError, "temperature must be"),
        (lambda: next_probabilities([0.0, 1.0], top_k=0), ValueError, "top_k must be"),
        (lambda: next_probabilities([]), ValueError, r"shape \(..., V\)"),
        (lambda: next_probabilities([0.0, np.nan]), ValueError, "must not hold NaN"),
        (lambda: next_probabilities([-np.inf, -np.inf]), ValueError, "must not hold NaN"),
        (lambda: sample([0.5, 0.5], 7), TypeError, "rng must be a np.random.Generator"),
        (lambda: sample([1.5, -0.5], RNG), ValueError, "at least 0 with sum 1"),
        (lambda: sample(1.0, RNG), ValueError, r"shape \(..., V\), got \(\)"),
    ],
)
def test_bad_input_is_named_with_what_it_must_be(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()
