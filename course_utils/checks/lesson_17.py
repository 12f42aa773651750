"""Exercises of lesson 17: error rate, mutations, confusion, and a split that keeps groups whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from course_utils.further.scoring import (
    SILENCE,
    collapse,
    confusion,
    edit_distance,
    error_rate,
    mutation_effects,
    whole_groups,
)
from course_utils.judging.exercise import Case, Exercise
from course_utils.judging.outcomes import Unusable

Array = np.ndarray


# Exercise 17.1: error rate


def letter_error_rate(predicted: Sequence[str], labels: Sequence[str]) -> float:
    """Return the edits per letter that was said."""
    return error_rate(predicted, [collapse(frames) for frames in labels])


def _error_cases() -> list[Case]:
    return [
        Case("nothing wrong", (["__aaa_aai__", "ooouu"], ["_aaaa_aai__", "ooouu"])),
        Case(
            "letters too many, one too few, one in place of another",
            (
                ["_ee_aaee_oooii_", "__iiiiiiiii__", "_uuu_eee_a_"],
                ["____aaaa_oooii_", "_iii__uuuuu__", "_uuu_uuu_a_"],
            ),
        ),
        Case(
            "a short utterance that is wrong and a long one that is right",
            (
                ["_eeee_", "_aa_aa_ee_ii_oo_uu_ee_", "__oooo__"],
                ["_oooo_", "_aa_aa_ee_ii_oo_uu_ee_", "__oooo__"],
            ),
        ),
        Case("only silence was recognised", (["_______", "aa__a"], ["_aa_ee_", "aa__a"])),
        Case(
            "a letter at the end of one utterance and at the start of the next",
            (
                ["_aa_ii", "_ee____", "oo_uu", "_u_ii_"],
                ["_aa___", "ii_ee__", "oo_uu", "uu_ii_"],
            ),
        ),
        Case("single frames flicker", (["aaeaa_iiaii", "_o_o_o"], ["aaaaa_iiiii", "_ooooo"])),
    ]


def _edits(
    predicted: Sequence[str],
    labels: Sequence[str],
    *,
    decode: Callable[[str], str] = collapse,
    decode_labels: Callable[[str], str] | None = None,
    distance: Callable[[str, str], float] = edit_distance,
) -> tuple[list[float], list[str], list[str]]:
    """Return the edits of each utterance, what was recognised and what was said."""
    recognised = [decode(frames) for frames in predicted]
    said = [(decode_labels or decode)(frames) for frames in labels]
    return [distance(*pair) for pair in zip(recognised, said, strict=True)], recognised, said


def _per_letter(**ways) -> Callable:
    def rate(predicted, labels):
        edits, _, said = _edits(predicted, labels, **ways)
        return sum(edits) / sum(map(len, said))

    return rate


def _runs(frames: str) -> str:
    return "".join(a for i, a in enumerate(frames) if i == 0 or a != frames[i - 1])


def _silence_first(frames: str) -> str:
    return _runs(frames.replace(SILENCE, ""))


def _without_silence(frames: str) -> str:
    return frames.replace(SILENCE, "")


def _each_letter_once(frames: str) -> str:
    return "".join(dict.fromkeys(_without_silence(frames)))


def _place_by_place(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=False)) + abs(len(one) - len(other))


def _no_replacement(one: str, other: str) -> int:
    """Count a replacement as a deletion and an insertion."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            diagonal, row[j] = (
                row[j],
                diagonal if a == b else min(row[j], row[j - 1]) + 1,
            )
    return row[-1]


def _length_difference(one: str, other: str) -> int:
    return abs(len(one) - len(other))


def _of_frames(predicted, labels):
    one, other = ("".join(frames) for frames in (predicted, labels))
    return float(np.mean([a != b for a, b in zip(one, other, strict=True)]))


def _mean_of_rates(predicted, labels):
    edits, _, said = _edits(predicted, labels)
    return float(np.mean([n / len(text) for n, text in zip(edits, said, strict=True)]))


def _per_recognised(predicted, labels):
    edits, recognised, _ = _edits(predicted, labels)
    return sum(edits) / max(1, sum(map(len, recognised)))


def _wrong_utterances(predicted, labels):
    edits, *_ = _edits(predicted, labels)
    return float(np.mean([n > 0 for n in edits]))


def _per_frame(predicted, labels):
    return sum(_edits(predicted, labels)[0]) / sum(map(len, labels))


ERROR_RATE = Exercise(
    "17.1",
    "Error rate",
    letter_error_rate,
    _error_cases,
    {
        "error per frame": _of_frames,
        "accuracy per frame": lambda predicted, labels: 1 - _of_frames(predicted, labels),
        "silence dropped before the runs": _per_letter(decode=_silence_first),
        "runs not collapsed": _per_letter(decode=_without_silence),
        "silence counted as a letter": _per_letter(decode=_runs),
        "every letter only once": _per_letter(decode=_each_letter_once),
        "mean of the utterances' rates": _mean_of_rates,
        "divided by what was recognised": _per_recognised,
        "divided by the frames": _per_frame,
        "share of wrong utterances": _wrong_utterances,
        "letters compared place by place": _per_letter(distance=_place_by_place),
        "replacement counted as two": _per_letter(distance=_no_replacement),
        "only the lengths compared": _per_letter(distance=_length_difference),
        "accuracy returned": lambda predicted, labels: 1 - letter_error_rate(predicted, labels),
        "not divided": lambda predicted, labels: sum(_edits(predicted, labels)[0]),
    },
    ("rate",),
)


# Exercise 17.2: mutations


class Scorer:
    """A network of random weights with two logits that notices order, to try a submission with."""

    def __init__(self, seed: int):
        rng = np.random.default_rng(seed)
        self.single = rng.normal(size=(4, 2))
        self.pairs = rng.normal(size=(4, 4, 2))

    def __call__(self, ids: Array) -> Array:
        """Return logits (N, 2) of ids (N, T)."""
        ids = np.asarray(ids)
        if ids.ndim != 2:
            raise Unusable(
                "gave `logits` an array of another shape than (N, T). A single sequence is a batch "
                "of one: `ids[None]`."
            )
        if ids.dtype.kind not in "iu" or (ids.size and not 0 <= ids.min() <= ids.max() <= 3):
            raise Unusable("gave `logits` something else than whole numbers from 0 to 3.")
        return self.single[ids].sum(axis=1) + self.pairs[ids[:, :-1], ids[:, 1:]].sum(axis=1)


def base_effects(logits: Callable[[Array], Array], ids: Array) -> Array:
    """Return the change of the evidence for each base at each place (T, 4)."""
    return mutation_effects(logits, ids)


def _mutation_cases() -> list[Case]:
    rng = np.random.default_rng(1702)
    return [Case(f"{n} bases", (Scorer(n), rng.integers(0, 4, size=n))) for n in (8, 5, 12, 2, 1)]


def _evidence(logits: Array) -> Array:
    return logits[:, 1] - logits[:, 0]


def _softmax(logits: Array) -> Array:
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def _mutated(read: Callable[[Array], Array], *, minus: bool = True, keep: bool = False) -> Callable:
    """Make a way to do the exercise: ``read`` makes one number of each row of logits.

    ``minus=False`` leaves the original out; with ``keep`` earlier changes stay in the sequence.
    """

    def effects(logits, ids):
        sequence = np.array(ids)
        before = read(logits(sequence[None]))[0] if minus else 0.0
        table = np.zeros((len(ids), 4))
        for t in range(len(ids)):
            for base in range(4):
                changed = sequence if keep else sequence.copy()
                changed[t] = base
                table[t, base] = read(logits(changed[None]))[0] - before
        return table

    return effects


def _shifted(logits, ids):
    """Take the number of a base for how far it is moved on."""
    table = mutation_effects(logits, ids)
    return table[np.arange(len(ids))[:, None], (np.asarray(ids)[:, None] + np.arange(4)) % 4]


MUTATIONS = Exercise(
    "17.2",
    "Mutate every base",
    base_effects,
    _mutation_cases,
    {
        "changes pile up": _mutated(_evidence, keep=True),
        "sign turned round": lambda logits, ids: -mutation_effects(logits, ids),
        "the wrong class": _mutated(lambda z: z[:, 0]),
        "one logit only": _mutated(lambda z: z[:, 1]),
        "probabilities in place of evidence": [
            _mutated(lambda z: _softmax(z)[:, 1]),
            _mutated(lambda z: _softmax(z)[:, 0]),
        ],
        "original not taken off": _mutated(_evidence, minus=False),
        "size without sign": lambda logits, ids: np.abs(mutation_effects(logits, ids)),
        "axes swapped": lambda logits, ids: mutation_effects(logits, ids).T,
        "bases moved on": _shifted,
        "only the largest drop": lambda logits, ids: mutation_effects(logits, ids).min(axis=1),
    },
    ("effects (T, 4)",),
)


# Exercise 17.3: confusion


def confusion_and_recall(y: Array, y_hat: Array, n_classes: int) -> tuple[Array, Array]:
    """Return counts (C, C), a row a true class, and the recall (C,)."""
    return confusion(y, y_hat, n_classes)


def _confusion_cases() -> list[Case]:
    rng = np.random.default_rng(1703)

    def drawn(n, n_classes, weights):
        y = rng.choice(n_classes, size=n, p=weights)
        return y, np.where(rng.random(n) < 0.6, y, rng.integers(0, n_classes, size=n)), n_classes

    return [
        Case("three classes, one of them large", drawn(60, 3, [0.7, 0.2, 0.1])),
        Case("ten classes", drawn(200, 10, np.arange(1, 11) / 55)),
        Case("a class without examples", (np.array([0, 0, 2, 3]), np.array([0, 1, 2, 2]), 4)),
        Case("the last class never comes up", (np.array([0, 1, 1]), np.array([1, 1, 0]), 3)),
        Case("one example", (np.array([1]), np.array([0]), 2)),
    ]


def _counts(y: Array, y_hat: Array, n_classes: int) -> Array:
    return confusion(y, y_hat, n_classes)[0]


def _divided(counts: Array, total: Array) -> Array:
    return counts.diagonal() / np.maximum(total, 1)


def _precision(y, y_hat, n_classes):
    counts = _counts(y, y_hat, n_classes)
    return counts, _divided(counts, counts.sum(axis=0))


def _swapped(y, y_hat, n_classes):
    counts = _counts(y_hat, y, n_classes)
    return counts, _divided(counts, counts.sum(axis=1))


def _swapped_right_recall(y, y_hat, n_classes):
    counts, recall = confusion(y, y_hat, n_classes)
    return counts.T, recall


def _of_all(y, y_hat, n_classes):
    counts = _counts(y, y_hat, n_classes)
    return counts, counts.diagonal() / len(y)


def _accuracy_for_each(y, y_hat, n_classes):
    counts = _counts(y, y_hat, n_classes)
    return counts, np.full(n_classes, counts.trace() / len(y))


def _one_against_the_rest(y, y_hat, n_classes):
    right = [np.mean((y == c) == (y_hat == c)) for c in range(n_classes)]
    return _counts(y, y_hat, n_classes), np.array(right)


def _shares(y, y_hat, n_classes):
    counts, recall = confusion(y, y_hat, n_classes)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), recall


def _shares_of_columns(y, y_hat, n_classes):
    counts, recall = confusion(y, y_hat, n_classes)
    return counts / np.maximum(counts.sum(axis=0, keepdims=True), 1), recall


def _divided_by_zero(y, y_hat, n_classes):
    counts = _counts(y, y_hat, n_classes)
    with np.errstate(invalid="ignore"):  # it is 0 / 0, as the learner's is
        return counts, counts.diagonal() / counts.sum(axis=1)


def _empty_is_right(y, y_hat, n_classes):
    counts, recall = confusion(y, y_hat, n_classes)
    return counts, np.where(counts.sum(axis=1) == 0, 1.0, recall)


def _counted_once(y, y_hat, n_classes):
    """What ``counts[y, y_hat] += 1`` does: a pair that comes up twice is counted once."""
    counts = np.zeros((n_classes, n_classes), dtype=int)
    counts[y, y_hat] += 1
    return counts, _divided(counts, counts.sum(axis=1))


def _classes_seen(y, y_hat, n_classes):
    return confusion(y, y_hat, int(max(y.max(), y_hat.max())) + 1)


CONFUSION = Exercise(
    "17.3",
    "Confusion and recall",
    confusion_and_recall,
    _confusion_cases,
    {
        "rows and columns swapped": [_swapped, _swapped_right_recall],
        "normalised along the wrong axis": [_precision, _of_all],
        "accuracy for every class": _accuracy_for_each,
        "one class against the rest": _one_against_the_rest,
        "shares in place of counts": [_shares, _shares_of_columns],
        "equal pairs counted once": _counted_once,
        "empty class divided by zero": _divided_by_zero,
        "empty class counted as found": _empty_is_right,
        "classes taken from the data": _classes_seen,
    },
    ("matrix (C, C)", "recall (C,)"),
)


# Exercise 17.4: a split that keeps groups whole


def split_by_group(groups: Sequence[str], n_test: int) -> Array:
    """Return which rows are for testing (N,): whole groups, until there are n_test rows."""
    return whole_groups(groups, n_test)


def _split_cases() -> list[Case]:
    rng = np.random.default_rng(1704)
    drawn = [str(code) for code in rng.choice(["FI", "TR", "HU", "SW", "AT", "ZA"], size=20)]
    return [
        Case(
            "seven names of three territories, at least 2 rows",
            (["FI", "DE", "FI", "TR", "DE", "TR", "FI"], 2),
        ),
        Case("a group ends exactly at n_test", (["ZA", "AT", "ZA", "AT", "HU"], 2)),
        Case("twenty names, at least 7 rows", (drawn, 7)),
        Case("groups of one row", (["C", "A", "B", "D"], 3)),
        Case("the last group is needed", (["TR", "FI", "TR", "HU", "HU"], 4)),
    ]


def _rows(groups, n_test):
    return np.arange(len(groups)) < n_test


def _last_rows(groups, n_test):
    return np.arange(len(groups)) >= len(groups) - n_test


def _cut(groups, n_test):
    """Whole groups, but no more rows than asked for."""
    test = whole_groups(groups, n_test)
    return test & (np.cumsum(test) <= n_test)


def _taken(order: Callable[[Sequence], list], fits: Callable[[int, int, int], bool]) -> Callable:
    """Take groups in an ``order`` while they fit: ``fits(rows so far, rows of it, n_test)``."""

    def split(groups, n_test):
        chosen, n_rows = [], 0
        for group in order(groups):
            size = list(groups).count(group)
            if not fits(n_rows, size, n_test):
                break
            chosen.append(group)
            n_rows += size
        return np.array([group in chosen for group in groups])

    return split


def _as_they_come(groups):
    return list(dict.fromkeys(groups))


def _until_enough(n_rows, size, n_test):
    return n_rows < n_test


SPLIT = Exercise(
    "17.4",
    "Keep groups whole",
    split_by_group,
    _split_cases,
    {
        "split by rows": [_rows, _last_rows],
        "a group cut in two": _cut,
        "training and test exchanged": lambda groups, n_test: ~whole_groups(groups, n_test),
        "groups counted in place of rows": lambda groups, n_test: np.isin(
            groups, _as_they_come(groups)[:n_test]
        ),
        "one group too few": _taken(
            _as_they_come, lambda n_rows, size, n_test: n_rows + size <= n_test
        ),
        "one group too many": _taken(_as_they_come, lambda n_rows, size, n_test: n_rows <= n_test),
        "groups sorted": _taken(lambda groups: sorted(set(groups)), _until_enough),
        "largest groups first": _taken(
            lambda groups: sorted(_as_they_come(groups), key=lambda g: -list(groups).count(g)),
            _until_enough,
        ),
        "row numbers returned": lambda groups, n_test: np.flatnonzero(whole_groups(groups, n_test)),
    },
    ("is_test (N,)",),
)

EXERCISES = [ERROR_RATE, MUTATIONS, CONFUSION, SPLIT]
