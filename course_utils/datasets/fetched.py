"""Public data sets by address and checksum, each with a stand-in of the course for want of a network.

A loader here never fails because of the network or of what it sent: it prints one sentence that
says what went wrong, and returns the course's own data in the same form. See
:mod:`course_utils.datasets.fetching` for how a file is fetched and kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from course_utils.arguments import whole_number
from course_utils.datasets.fetching import FetchError, RemoteFile, fetch
from course_utils.datasets.shipped import load_prose, load_reviews
from course_utils.padding import START

# The file that keras.datasets.imdb reads, with the checksum that Keras holds it to.
IMDB = RemoteFile(
    "imdb.npz",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz",
    "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
)
SHAKESPEARE = RemoteFile(
    "tiny_shakespeare.txt",
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
    "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
)
UNKNOWN = 2
INDEX_FROM = 3
"""Added to a word's rank. Ranks begin at 1, so the most frequent word is 4 and 3 stays unused."""


@dataclass(frozen=True)
class EncodedReviews:
    """Reviews as lists of word ids, with their labels.

    Attributes
    ----------
    x_train, x_test : ndarray of list of int
        One list of ids a review, of different lengths: 1 begins each, 2 is a rare word, 4 the most
        frequent word. No word has the id 0, which is left for padding.
    y_train, y_test : ndarray of int64
        1 positive, 0 negative.
    source : str
        ``"IMDB"``, or ``"the course's reviews"`` where they stand in for it.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    source: str


def load_imdb(num_words: int = 20_000, *, seed: int = 113, progress: bool = True) -> EncodedReviews:
    """25,000 film reviews to train on and 25,000 to test, from IMDB; 17 MB, fetched once.

    The same reviews, in the same order and with the same ids, as
    ``keras.datasets.imdb.load_data(num_words=num_words, seed=seed)``. Where the file is not to be
    had, prints the reason and returns the 600 reviews of the course, encoded by the same rules.

    Parameters
    ----------
    num_words
        Ids from here on become 2, the unknown word; at least 4.
    seed
        Of the order of the reviews, as in Keras.
    progress
        Show a progress bar while the file comes.

    References
    ----------
    Maas et al. 2011, *Learning word vectors for sentiment analysis*, ACL. The data set states no
    licence: see the card, ``data/imdb.md``.
    """
    num_words = whole_number("num_words", num_words, 4)
    seed = whole_number("seed", seed, 0)
    try:
        path = fetch(IMDB, progress=progress)
    except FetchError as reason:
        print(
            f"IMDB is not to be had: {reason}. The course's own 600 reviews stand in for its 50,000."
        )
        ranks, source = _ranked_reviews(), "the course's reviews"
    else:
        # The file holds pickled lists, so it is opened only because its checksum is right.
        with np.load(path, allow_pickle=True) as file:
            ranks = [(file[f"x_{part}"], file[f"y_{part}"]) for part in ("train", "test")]
        source = "IMDB"
    rng = np.random.RandomState(seed)  # Keras' generator, one for both parts
    parts = [_shuffled(x, y, rng) for x, y in ranks]
    (x_train, y_train), (x_test, y_test) = [(_encoded(x, num_words), y) for x, y in parts]
    return EncodedReviews(x_train, y_train, x_test, y_test, source)


def load_shakespeare(*, progress: bool = True) -> str:
    """Plays of Shakespeare as one text of 1.1 MB, "tiny Shakespeare", fetched once.

    Where the file is not to be had, prints the reason and returns the course's own prose.

    Parameters
    ----------
    progress
        Show a progress bar while the file comes.

    References
    ----------
    Karpathy 2015, *The unreasonable effectiveness of recurrent neural networks*, and the data of
    its project char-rnn. The plays are in the public domain; the card is ``data/shakespeare.md``.
    """
    try:
        return fetch(SHAKESPEARE, progress=progress).read_text("utf-8")
    except FetchError as reason:
        print(
            f"Tiny Shakespeare is not to be had: {reason}. "
            "The course's own prose, 65 kB, stands in for its 1.1 MB."
        )
        return load_prose()


def _ranked_reviews() -> list[tuple[np.ndarray, np.ndarray]]:
    """The course's reviews as IMDB's file has them: words by rank in the training reviews."""
    from course_utils.text import words

    parts = {part: load_reviews(part) for part in ("train", "test")}
    counts = Counter(word for review in parts["train"] for word in words(review.text))
    by_count = sorted(counts, key=lambda word: (-counts[word], word))
    rank = {word: place for place, word in enumerate(by_count, start=1)}
    return [
        (
            # A word that is not in the training reviews is left out, as it is in IMDB's file.
            _ragged([rank[word] for word in words(review.text) if word in rank] for review in part),
            np.array([review.label for review in part], dtype=np.int64),
        )
        for part in parts.values()
    ]


def _shuffled(
    x: np.ndarray, y: np.ndarray, rng: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    order = np.arange(len(x))
    rng.shuffle(order)
    return x[order], y[order]


def _encoded(reviews: np.ndarray, num_words: int) -> np.ndarray:
    """Put the start before each review, shift its ranks, and cut rare words."""
    shifted = ([START, *(rank + INDEX_FROM for rank in review)] for review in reviews)
    return _ragged([i if i < num_words else UNKNOWN for i in review] for review in shifted)


def _ragged(lists: Iterable[Sequence[int]]) -> np.ndarray:
    """One list an element, also where all have the same length."""
    return np.fromiter(lists, dtype=object)
