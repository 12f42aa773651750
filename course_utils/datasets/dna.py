"""DNA with a motif planted in half of the sequences."""

from __future__ import annotations

import numpy as np

from course_utils.arguments import class_ids, whole_number

BASES = "ACGT"
MOTIF = np.array(
    [
        [0.02, 0.02, 0.02, 0.94],  # T
        [0.02, 0.02, 0.94, 0.02],  # G
        [0.94, 0.02, 0.02, 0.02],  # A
        [0.02, 0.48, 0.48, 0.02],  # C or G
        [0.02, 0.02, 0.02, 0.94],  # T
        [0.02, 0.94, 0.02, 0.02],  # C
        [0.94, 0.02, 0.02, 0.02],  # A
    ]
)
"""Probability of A, C, G, T at each place: the site of the yeast protein Gcn4, TGA(C or G)TCA.

The letters are those of Hinnebusch 1984; how sure each one is was chosen for the course.
"""
BACKGROUND = np.array([0.3, 0.2, 0.2, 0.3])
"""Probability of A, C, G, T elsewhere: 40 % of C and G, about as in yeast."""


def dna_motif(
    n_samples: int, n_steps: int = 40, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tell whether a sequence holds a motif; what does not is made of the same letters.

    In every sequence a site drawn from ``MOTIF`` is planted at a random place. Half of the
    sequences are then shuffled: the counts of the four bases stay as they are, the site is gone.

    Parameters
    ----------
    n_samples
        Number of sequences; at least 2.
    n_steps
        Bases in each; at least 7, the length of the motif.
    seed
        Whole number of at least 0.

    Returns
    -------
    ids : ndarray (n_samples, n_steps), int64
        Bases, as places in ``BASES``: 0 A, 1 C, 2 G, 3 T.
    y : ndarray (n_samples,), int64
        1 where the site stands, 0 in a shuffled sequence; half of each, rounded.
    starts : ndarray (n_samples,), int64
        Where the site begins; -1 in a shuffled sequence.

    References
    ----------
    Alipanahi, Delong, Weirauch, Frey 2015, *Predicting the sequence specificities of DNA- and
    RNA-binding proteins by deep learning* (shuffled sequences as negatives); Hinnebusch 1984,
    *Evidence for translational regulation of the activator of general amino acid control in
    yeast* (the site).

    Examples
    --------
    >>> ids, y, starts = dna_motif(2, n_steps=12, seed=1)
    >>> ["".join(BASES[i] for i in row) for row in ids], y, starts
    (['GTAGGTACCTTG', 'CTCCATGAGTCA'], array([0, 1]), array([-1,  5]))
    """
    n_samples = whole_number("n_samples", n_samples, 2)
    n_steps = whole_number("n_steps", n_steps, len(MOTIF))
    rng = np.random.default_rng(whole_number("seed", seed, 0))
    ids = rng.choice(len(BASES), size=(n_samples, n_steps), p=BACKGROUND)
    starts = rng.integers(0, n_steps - len(MOTIF) + 1, size=n_samples)
    sites = np.column_stack([rng.choice(len(BASES), size=n_samples, p=p) for p in MOTIF])
    rows = np.arange(n_samples)[:, None]
    ids[rows, starts[:, None] + np.arange(len(MOTIF))] = sites
    y = rng.permutation(np.arange(n_samples) % 2)
    ids[y == 0] = rng.permuted(ids[y == 0], axis=1)
    return ids, y, np.where(y == 1, starts, -1)


def scan_for_motif(ids: np.ndarray) -> np.ndarray:
    """Return how much better the true motif explains sequences (N, T) than the background: (N,).

    In nats: the logarithm of the likelihood ratio, averaged over all places where the site may
    stand. The yardstick of lesson 17: it knows the motif that a network has to find.

    Examples
    --------
    >>> ids, y, _ = dna_motif(1000)
    >>> scores = scan_for_motif(ids)
    >>> bool(scores[y == 1].mean() > scores[y == 0].mean())
    True
    """
    ids = class_ids("ids", ids, len(BASES), shape=("N", "T"))
    if ids.shape[1] < len(MOTIF):
        raise ValueError(f"ids must have at least {len(MOTIF)} steps, got {ids.shape[1]}")
    ratios = np.log(MOTIF / BACKGROUND)
    windows = np.lib.stride_tricks.sliding_window_view(ids, len(MOTIF), axis=1)
    scores = ratios[np.arange(len(MOTIF)), windows].sum(axis=-1)
    return np.logaddexp.reduce(scores, axis=1) - np.log(scores.shape[1])
