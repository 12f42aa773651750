"""Synthesised speech: strings of vowels by speakers of different pitch, size and speed.

A source and a filter, as in the voice: a train of pulses (the vocal folds) goes through three
resonances (the mouth), the *formants*. The frequencies of the formants make the vowel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_utils.arguments import number, real_array, whole_number

SAMPLE_RATE = 8000  # samples per second
HOP = 128  # samples from frame to frame: 16 ms
WINDOW = 256  # samples in a frame: 32 ms
N_BANDS = 20
FORMANTS = {
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (270, 2290, 3010),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
}
"""Hertz; Peterson, Barney 1952, table II, means of 33 men."""

VOWELS = "".join(FORMANTS)
SILENCE = "_"
LABELS = SILENCE + VOWELS
BANDWIDTHS = (80.0, 100.0, 140.0)  # hertz, of the three resonances
GLIDE = 0.04  # seconds from one vowel to the next


@dataclass(frozen=True, repr=False)
class Utterances:
    """Spoken strings: sounds, what is heard at each frame, and what was said.

    Attributes
    ----------
    sounds : tuple of ndarray
        Each (n_samples,), float64, largest value 0.9, 8000 samples per second.
    features : ndarray (N, T, 20)
        Logarithms of the power in 20 mel-spaced bands, in bels, a row every 16 ms; zeros behind
        the shorter utterances.
    labels : ndarray (N, T), int64
        What sounds at each frame, a place in ``LABELS``; 0 is silence, also behind the end.
    mask : ndarray (N, T), bool
        True at real frames.
    texts : tuple of str
        What was said, such as ``"aai"``.
    """

    sounds: tuple[np.ndarray, ...]
    features: np.ndarray
    labels: np.ndarray
    mask: np.ndarray
    texts: tuple[str, ...]

    def __repr__(self) -> str:
        """Return how many there are and how long."""
        return f"<{len(self.texts)} utterances of up to {self.mask.shape[1]} frames>"


def spoken_vowels(n_samples: int, noise: float = 0.1, seed: int = 0) -> Utterances:
    """Let ``n_samples`` speakers say a random string of three to five vowels each.

    Each speaker has a pitch of 90 to 220 hertz, formants scaled by 0.85 to 1.2 (a longer or a
    shorter mouth), and 90 to 180 milliseconds for a vowel. Between two vowels there is a glide or,
    every other time and always between two equal ones, a short silence.

    Parameters
    ----------
    n_samples
        Number of utterances; at least 1.
    noise
        Standard deviation of the noise relative to that of the sound; at least 0.
    seed
        Whole number of at least 0.

    References
    ----------
    Fant 1960, *Acoustic theory of speech production*; Klatt 1980, *Software for a
    cascade/parallel formant synthesizer*, section I (the digital resonator); Peterson, Barney
    1952, *Control methods used in a study of the vowels* (the formants).

    Examples
    --------
    >>> said = spoken_vowels(3, seed=1)
    >>> said.features.shape[2], len(said.texts)
    (20, 3)
    """
    n_samples = whole_number("n_samples", n_samples, 1)
    noise = number("noise", noise, 0, low_included=True)
    rng = np.random.default_rng(whole_number("seed", seed, 0))
    texts = [_random_text(rng) for _ in range(n_samples)]
    plans = [_plan(text, rng) for text in texts]
    longest = max(len(labels) for labels, _ in plans)

    labels = np.zeros((n_samples, longest), dtype=np.int64)
    formants = np.zeros((n_samples, longest, 3))
    for i, (own, tracks) in enumerate(plans):
        labels[i, : len(own)] = own
        formants[i, : len(own)] = tracks
        formants[i, len(own) :] = tracks[-1]
    formants *= rng.uniform(0.85, 1.2, size=(n_samples, 1, 1))
    voiced = _resonate(_pulses(labels > 0, rng), formants)
    lengths = [len(own) for own, _ in plans]
    sounds = tuple(
        _with_noise(sound[:length], noise, rng)
        for sound, length in zip(voiced, lengths, strict=True)
    )
    return _framed(sounds, labels, texts)


def mel_bands(n_bands: int = N_BANDS) -> np.ndarray:
    """Return the weights (n_bands, 129) of triangular bands, equally spaced on the mel scale.

    References
    ----------
    O'Shaughnessy 1987, *Speech communication*, p. 150: mel = 2595 log10(1 + f / 700).
    """
    n_bands = whole_number("n_bands", n_bands, 1)
    top = 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, n_bands + 2) / 2595) - 1)
    f = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)
    low, middle, high = (edges[i : i + n_bands, None] for i in range(3))
    return np.clip(np.minimum((f - low) / (middle - low), (high - f) / (high - middle)), 0, None)


def band_powers(sound: np.ndarray) -> np.ndarray:
    """Return the log power (T, 20) in bels of a sound (n_samples,) in frames 16 ms apart."""
    sound = real_array("sound", sound, ("n_samples",), finite=True)
    if len(sound) < WINDOW:
        raise ValueError(f"sound must have at least {WINDOW} samples, got {len(sound)}")
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1)) ** 2
    return np.log10(power @ mel_bands().T + 1e-4)


def _random_text(rng: np.random.Generator) -> str:
    return "".join(rng.choice(list(VOWELS), size=rng.integers(3, 6)))


def _plan(text: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return labels (n,) and formant tracks (n, 3), sample by sample, of one utterance."""
    speed = rng.uniform(0.09, 0.18)
    pieces = [(SILENCE, rng.uniform(0.03, 0.08))]
    for i, vowel in enumerate(text):
        if i and (vowel == text[i - 1] or rng.random() < 0.5):
            pieces.append((SILENCE, rng.uniform(0.04, 0.08)))
        pieces.append((vowel, speed * rng.uniform(0.8, 1.25)))
    pieces.append((SILENCE, rng.uniform(0.03, 0.08)))
    names = [name for name, _ in pieces]
    counts = [round(seconds * SAMPLE_RATE) for _, seconds in pieces]
    labels = np.repeat([LABELS.index(name) for name in names], counts)
    # Through a silence the mouth moves on to the next vowel; the last one is held.
    shapes = [
        name if name != SILENCE else names[min(i + 1, len(names) - 2)]
        for i, name in enumerate(names)
    ]
    tracks = np.repeat([FORMANTS[shape] for shape in shapes], counts, axis=0).astype(float)
    n = round(GLIDE * SAMPLE_RATE)
    padded = np.pad(tracks, ((n // 2, n - n // 2 - 1), (0, 0)), mode="edge")
    cumulative = np.cumsum(np.vstack([np.zeros(3), padded]), axis=0)
    return labels, (cumulative[n:] - cumulative[:-n]) / n


def _pulses(voiced: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one pulse a period where a voice is on: (N, n)."""
    n, length = voiced.shape
    pitch = rng.uniform(90, 220, size=(n, 1)) * np.linspace(1.05, 0.9, length)
    turns = np.floor(np.cumsum(pitch / SAMPLE_RATE, axis=1))
    return voiced * np.diff(turns, axis=1, prepend=0)


def _resonate(source: np.ndarray, formants: np.ndarray) -> np.ndarray:
    """Send (N, n) through three resonances that follow (N, n, 3), one after the other."""
    sound = source
    for k, bandwidth in enumerate(BANDWIDTHS):
        r = np.exp(-np.pi * bandwidth / SAMPLE_RATE)
        feedback = 2 * r * np.cos(2 * np.pi * formants[:, :, k] / SAMPLE_RATE)
        gain = 1 - feedback + r * r  # 1 at frequency 0
        y = np.zeros((sound.shape[1] + 2, len(sound)))
        x, b = (gain * sound).T, feedback.T
        for t in range(len(x)):
            y[t + 2] = x[t] + b[t] * y[t + 1] - r * r * y[t]
        sound = y[2:].T
    return sound


def _with_noise(sound: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    noisy = sound + noise * sound.std() * rng.normal(size=len(sound))
    return 0.9 * noisy / np.abs(noisy).max()


def _framed(sounds: tuple[np.ndarray, ...], labels: np.ndarray, texts: list[str]) -> Utterances:
    features = [band_powers(sound) for sound in sounds]
    n_frames = max(map(len, features))
    mask = np.arange(n_frames) < np.array([[len(each)] for each in features])
    x = np.zeros((len(sounds), n_frames, N_BANDS))
    for place, each in zip(x, features, strict=True):
        place[: len(each)] = each
    middles = np.minimum(WINDOW // 2 + HOP * np.arange(n_frames), labels.shape[1] - 1)
    return Utterances(sounds, x, np.where(mask, labels[:, middles], 0), mask, tuple(texts))
