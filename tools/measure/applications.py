"""Train the networks of lesson 17 with three seeds each and write data/application_runs.csv.

``python tools/measure/applications.py`` takes about one minute of one processor; the lesson shows
what it writes. The data are the lesson's, the same for all seeds: a seed draws the weights and the
order of the batches. The tool also writes the network that the mutation explorer starts with.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from course_utils.datasets import load_melodies, load_territory_names
from course_utils.datasets.dna import dna_motif, scan_for_motif
from course_utils.datasets.number_words import number_words
from course_utils.datasets.speech import LABELS, Utterances, spoken_vowels
from course_utils.further.scoring import error_rate, majority
from course_utils.further.small_networks import EncoderDecoder, Reader, one_hot, padded, train
from course_utils.losses import softmax
from course_utils.text import NGram, Vocabulary, characters

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "data" / "application_runs.csv"
NETWORK = ROOT / "course_utils" / "widgets" / "data" / "mutations.json"
SEEDS = (0, 1, 2)
TO_C = {"C": 0, "D": -2, "E": -4, "F": -5, "G": 5, "A": 3, "B♭": 2}  # semitones
Row = tuple[str, str, str, int, float]


def speech() -> Iterator[Row]:
    """Yield the letter error rates on 150 test utterances."""
    said, test = spoken_vowels(300, noise=0.3, seed=1), spoken_vowels(150, noise=0.3, seed=2)
    real = said.features[said.mask]
    x, x_test = (
        np.where(part.mask[:, :, None], (part.features - real.mean(0)) / real.std(0), 0)
        for part in (said, test)
    )
    linear = LogisticRegression(max_iter=30, tol=1e-2).fit(x[said.mask], said.labels[said.mask])
    by_frame = linear.predict(x_test.reshape(-1, x.shape[2])).reshape(test.labels.shape)
    yield "speech", "frame by frame", "errors per letter", 0, _errors(by_frame, test)
    yield "speech", "frame by frame, majority", "errors per letter", 0, _voted(by_frame, test)
    for seed in SEEDS:
        reader = Reader(x.shape[2], 32, len(LABELS), seed=seed)
        train(reader, (x, said.labels, said.mask), 15, seed)
        labels = reader.logits(x_test, test.mask).argmax(axis=-1)
        yield "speech", "GRU", "errors per letter", seed, _errors(labels, test)
        yield "speech", "GRU, majority", "errors per letter", seed, _voted(labels, test)


def _errors(labels: np.ndarray, said: Utterances) -> float:
    frames = [
        "".join(LABELS[i] for i in row[real]) for row, real in zip(labels, said.mask, strict=True)
    ]
    return error_rate(frames, said.texts)


def _voted(labels: np.ndarray, said: Utterances) -> float:
    return _errors(majority(labels), said)


def music() -> Iterator[Row]:
    """Yield the bits per note of twelve melodies, with all tunes moved to C."""
    tunes = [
        ["<start>", *melody.transposed(TO_C[melody.key.split()[0]]).tokens(), "<end>"]
        for melody in load_melodies()
    ]
    order = np.random.default_rng(17).permutation(len(tunes))
    held_out, kept = order[:12], order[12:]
    vocabulary = Vocabulary.from_tokens(
        [token for i in kept for token in tunes[i]], specials=("<unknown>",)
    )
    ids = [[vocabulary.id(t) if t in vocabulary else 0 for t in tune] for tune in tunes]
    for n in (1, 2, 3, 4):
        counted = NGram(n, vocabulary.size).fit([ids[i] for i in kept])
        cost = _bits_by_counting(counted, [ids[i] for i in held_out])
        yield "music", f"{n}-gram", "bits per note", 0, cost
    rows = padded(ids)
    x, y, mask = one_hot(rows[:, :-1], vocabulary.size), rows[:, 1:], rows[:, 1:] >= 0
    for seed in SEEDS:
        reader = Reader(vocabulary.size, 64, vocabulary.size, seed=seed)
        train(reader, (x[kept], y[kept], mask[kept]), 48, seed)
        p = softmax(reader.logits(x[held_out], mask[held_out])[mask[held_out]].astype(float))
        cost = -np.log2(p[np.arange(len(p)), y[held_out][mask[held_out]]]).mean()
        yield "music", "GRU", "bits per note", seed, float(cost)


def _bits_by_counting(counted: NGram, tunes: list[list[int]]) -> float:
    costs = [
        -np.log2(counted.probabilities(tune[max(0, t - counted.order + 1) : t])[tune[t]])
        for tune in tunes
        for t in range(1, len(tune))
    ]
    return float(np.mean(costs))


def dna(network: Path | None = None) -> Iterator[Row]:
    """Yield the accuracies on 1,000 test sequences, and write the explorer's network to a file."""
    (ids, y, _), (test, y_test, _) = dna_motif(2000, seed=1), dna_motif(1000, seed=2)
    counts, test_counts = (one_hot(part, 4).sum(axis=1) for part in (ids, test))
    by_counts = LogisticRegression().fit(counts, y).score(test_counts, y_test)
    yield "DNA", "counts of the bases", "accuracy", 0, by_counts
    threshold = np.median(scan_for_motif(ids))
    by_scan = np.mean((scan_for_motif(test) > threshold) == y_test)
    yield "DNA", "scan for the true motif", "accuracy", 0, float(by_scan)
    for seed in SEEDS:
        reader = Reader(4, 16, 2, "mean", seed)
        train(reader, (one_hot(ids, 4), y), 12, seed)
        right = reader.logits(one_hot(test, 4)).argmax(axis=-1) == y_test
        if seed == 0 and network is not None:
            weights = {name: w.astype(float).round(3) for name, w in reader.parameters.items()}
            text = json.dumps({name: w.tolist() for name, w in weights.items()})
            network.write_text(text + "\n", "utf-8")
        yield "DNA", "GRU", "accuracy", seed, float(right.mean())


def translation() -> Iterator[Row]:
    """Yield the shares of numbers that come out right as a whole."""
    sentences = {
        "digits": [[*str(n), "."] for n in range(1000)],
        **{
            name: [[*number_words(n, name), "."] for n in range(1000)]
            for name in ("English", "German")
        },
    }
    words = {
        name: Vocabulary.from_tokens([word for line in lines for word in line], specials=())
        for name, lines in sentences.items()
    }
    ids = {
        name: padded([words[name].encode(line) for line in lines])
        for name, lines in sentences.items()
    }
    drawn = np.random.default_rng(17).permutation(1000)[:250]
    for source, target, held_out, note in (
        ("English", "digits", drawn, ""),
        ("digits", "English", drawn, ""),
        ("English", "German", drawn, ""),
        ("English", "digits", np.arange(700, 800), ", 700 to 799 unseen"),
    ):
        kept = np.setdiff1d(np.arange(1000), held_out)
        for seed in SEEDS:
            model = EncoderDecoder(words[source].size, words[target].size, 48, seed)
            train(model, (ids[source][kept], ids[target][kept]), 30, seed)
            wanted = ids[target][held_out]
            written = model.translate(ids[source][held_out], wanted.shape[1])
            right = ((written == wanted) | (wanted < 0)).all(axis=1)
            name = f"{source} to {target}{note}"
            yield "translation", name, "exact matches", seed, float(right.mean())


def languages() -> Iterator[Row]:
    """Yield the accuracies on the names of territories that were held out."""
    known, test = load_territory_names().split(seed=17, fraction=0.25)
    most = np.bincount(known.labels).argmax()
    yield "language", "the most frequent", "accuracy", 0, float(np.mean(test.labels == most))
    pairs = CountVectorizer(analyzer="char_wb", ngram_range=(2, 2))
    bayes = make_pipeline(pairs, MultinomialNB(alpha=0.3)).fit(known.names, known.labels)
    yield "language", "pairs of letters", "accuracy", 0, bayes.score(test.names, test.labels)
    letters = Vocabulary.from_tokens(characters("".join(known.names)), specials=("?",))
    (x, mask), (x_test, test_mask) = (_letters(part.names, letters) for part in (known, test))
    for seed in SEEDS:
        reader = Reader(letters.size, 32, len(known.languages), "mean", seed)
        train(reader, (x, known.labels, mask), 12, seed)
        right = reader.logits(x_test, test_mask).argmax(axis=-1) == test.labels
        yield "language", "GRU", "accuracy", seed, float(right.mean())


def _letters(names: list[str], letters: Vocabulary) -> tuple[np.ndarray, np.ndarray]:
    ids = padded([[letters.id(c) if c in letters else 0 for c in name[:24]] for name in names], 24)
    return one_hot(ids, letters.size), ids >= 0


def main() -> None:
    """Run all, print the rows and write them."""
    rows = []
    for study in (speech, music, partial(dna, NETWORK), translation, languages):
        for *names, value in study():
            rows.append([*names, f"{value:.4f}"])
            print(*rows[-1], sep="\t", flush=True)
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["field", "model", "measure", "seed", "value"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
