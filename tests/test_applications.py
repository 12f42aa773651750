"""Speech, DNA, number words and scores: what lesson 17 is made of."""

import json
from itertools import islice

import measure.applications as measure_applications
import numpy as np
import pytest

from course_utils import datasets
from course_utils.datasets import dna, number_words, speech
from course_utils.further import scoring

# Speech


@pytest.fixture(scope="module")
def said():
    return speech.spoken_vowels(30, noise=0.1, seed=4)


def test_labels_of_the_frames_spell_what_was_said(said):
    for row, mask, text in zip(said.labels, said.mask, said.texts, strict=True):
        assert scoring.collapse("".join(speech.LABELS[i] for i in row[mask])) == text
        assert 3 <= len(text) <= 5


def test_sounds_and_features_fit_together(said):
    assert said.features.shape == (*said.mask.shape, speech.N_BANDS)
    for sound, x, mask in zip(said.sounds, said.features, said.mask, strict=True):
        assert np.abs(sound).max() == pytest.approx(0.9)
        np.testing.assert_allclose(speech.band_powers(sound), x[mask])
        assert not x[~mask].any()


def test_same_seed_says_the_same(said):
    again = speech.spoken_vowels(30, noise=0.1, seed=4)
    np.testing.assert_array_equal(again.features, said.features)
    assert speech.spoken_vowels(30, seed=5).texts != said.texts


@pytest.mark.parametrize("vowel", speech.VOWELS)
def test_resonances_are_those_of_the_formula(vowel):
    formants = np.array(speech.FORMANTS[vowel], dtype=float)
    pulse = np.zeros((1, speech.SAMPLE_RATE))
    pulse[0, 0] = 1
    sound = speech._resonate(pulse, np.tile(formants, (1, pulse.size, 1)))
    hertz = np.arange(pulse.size // 2 + 1)
    z = np.exp(-2j * np.pi * hertz / speech.SAMPLE_RATE)
    wanted = 1.0
    for formant, bandwidth in zip(formants, speech.BANDWIDTHS, strict=True):
        pole = np.exp((-np.pi * bandwidth + 2j * np.pi * formant) / speech.SAMPLE_RATE)
        filtered = abs(1 / ((1 - pole * z) * (1 - pole.conj() * z)))
        wanted = wanted * filtered / filtered[0]
    np.testing.assert_allclose(abs(np.fft.rfft(sound[0])), wanted, rtol=1e-6)
    assert abs(wanted[: int(formants[:2].mean())].argmax() - formants[0]) < 30


def test_bands_cover_all_frequencies_in_between():
    weights = speech.mel_bands()
    assert weights.shape == (speech.N_BANDS, speech.WINDOW // 2 + 1)
    assert (weights.sum(axis=0)[3:-8] > 0.5).all()


@pytest.mark.parametrize(("n", "noise"), [(0, 0.1), (1, -1), (1.5, 0.1), (2, float("nan"))])
def test_speech_refuses_what_it_cannot_make(n, noise):
    with pytest.raises((ValueError, TypeError)):
        speech.spoken_vowels(n, noise)


# DNA


def test_sites_are_planted_and_shuffled_ones_keep_their_letters():
    ids, y, starts = dna.dna_motif(400, n_steps=30, seed=3)
    assert y.sum() == 200 and ((starts >= 0) == (y == 1)).all()
    places = starts[y == 1][:, None] + np.arange(len(dna.MOTIF))
    sites = np.take_along_axis(ids[y == 1], places, axis=1)
    shares = np.stack([(sites == base).mean(axis=0) for base in range(4)], axis=1)
    np.testing.assert_allclose(shares, dna.MOTIF, atol=0.1)
    counts = np.stack([(ids == base).mean(axis=1) for base in range(4)], axis=1)
    np.testing.assert_allclose(counts[y == 0].mean(axis=0), counts[y == 1].mean(axis=0), atol=0.02)


def test_scan_finds_most_sites():
    ids, y, _ = dna.dna_motif(2000, seed=5)
    scores = dna.scan_for_motif(ids)
    assert np.mean((scores > np.median(scores)) == y) > 0.88


def test_a_sequence_may_be_as_short_as_the_site():
    ids, y, starts = dna.dna_motif(4, n_steps=7)
    assert ids.shape == (4, 7) and set(starts[y == 1]) == {0}
    with pytest.raises(ValueError, match="n_steps"):
        dna.dna_motif(4, n_steps=6)


# Numbers


@pytest.mark.parametrize("language", number_words.LANGUAGES)
def test_every_number_has_words_of_its_own(language):
    lines = {" ".join(number_words.number_words(n, language)) for n in range(1000)}
    assert len(lines) == 1000


@pytest.mark.parametrize(
    ("number", "english", "german"),
    [
        (0, "zero", "null"),
        (1, "one", "eins"),
        (16, "sixteen", "sechzehn"),
        (21, "twenty one", "ein und zwanzig"),
        (70, "seventy", "siebzig"),
        (100, "one hundred", "ein hundert"),
        (101, "one hundred and one", "ein hundert eins"),
        (117, "one hundred and seventeen", "ein hundert siebzehn"),
        (999, "nine hundred and ninety nine", "neun hundert neun und neunzig"),
    ],
)
def test_numbers_are_said_as_one_says_them(number, english, german):
    assert number_words.number_words(number) == english.split()
    assert number_words.number_words(number, "German") == german.split()


@pytest.mark.parametrize("number", [-1, 1000, 2.5, "7"])
def test_other_numbers_are_refused(number):
    with pytest.raises((ValueError, TypeError), match="number"):
        number_words.number_words(number)


# Scores


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("", "", 0),
        ("a", "", 1),
        ("", "abc", 3),
        ("abc", "abc", 0),
        ("abc", "xabc", 1),
        ("ab", "ba", 2),
    ],
)
def test_edit_distance(one, other, edits):
    assert scoring.edit_distance(one, other) == scoring.edit_distance(other, one) == edits


def test_majority_smooths_and_keeps_the_shape():
    labels = np.array([[0, 1, 0, 0, 2, 2, 0, 2, 2, 2]])
    np.testing.assert_array_equal(scoring.majority(labels), [[0, 0, 0, 0, 0, 2, 2, 2, 2, 2]])
    np.testing.assert_array_equal(scoring.majority(labels, 1), labels)


def test_majority_of_an_even_width_looks_further_back_than_ahead():
    labels = np.array([[1, 1, 0, 0, 2, 1]])
    np.testing.assert_array_equal(scoring.majority(labels, 2), [[1, 1, 0, 0, 0, 1]])


# Measured


@pytest.mark.parametrize(
    ("study", "n_rows"),  # as many as come before the second seed of a network
    [
        (measure_applications.speech, 4),
        (measure_applications.music, 5),
        (measure_applications.translation, 1),
        (measure_applications.languages, 3),
    ],
)
def test_script_still_gives_what_the_file_holds(study, n_rows):
    stored = datasets.load_application_runs()
    for *names, seed, value in islice(study(), n_rows):
        is_trained = "GRU" in names[1] or names[0] == "translation"
        assert value == pytest.approx(
            stored[tuple(names)][seed], abs=0.02 if is_trained else 0.002
        ), names


def test_script_still_gives_the_network_of_the_explorer(tmp_path):
    stored, file = datasets.load_application_runs(), tmp_path / "network.json"
    for *names, seed, value in islice(measure_applications.dna(file), 3):
        assert value == pytest.approx(stored[tuple(names)][seed], abs=0.02), names
    again, shown = (
        json.loads(path.read_text("utf-8")) for path in (file, measure_applications.NETWORK)
    )
    assert again.keys() == shown.keys()
    for name, weights in again.items():
        np.testing.assert_allclose(weights, shown[name], rtol=0, atol=0.05)
