"""Exercises of lesson 15, Choosing an architecture: equal budgets, a fair summary, chance, who is ahead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, product

import numpy as np

from course_utils.further.comparison import LAYOUT, n_parameters, permutation_p
from course_utils.judging.exercise import Case, Exercise

Array = np.ndarray


# Exercise 15.1: units for a budget


def units_for_budget(network: str, n_features: int, budget: int) -> int:
    """Return the largest number of units whose layer has at most ``budget`` parameters."""
    return _largest(lambda units: n_parameters(network, n_features, units), budget)


def _largest(count: Callable[[int], int], budget: int) -> int:
    units = 0
    while count(units + 1) <= budget:
        units += 1
    return units


def _budget_cases() -> list[Case]:
    return [
        Case(
            f"{network}, {n_features} features, {budget} parameters", (network, n_features, budget)
        )
        for network, n_features, budget in (
            ("LSTM", 2, 4480),  # exactly 32 units
            ("SimpleRNN", 2, 4480),
            ("GRU", 2, 4480),
            ("GRU, reset before", 2, 4479),
            ("GRU", 9, 3 * (9 * 20 + 400 + 40)),  # exactly 20 units
            ("SimpleRNN", 1, 20_000),
            ("LSTM", 300, 100_000),
            ("GRU, reset before", 50, 9_999),
            ("LSTM", 4, 23),  # one unit has 24
        )
    ]


def _with(blocks_of: Callable, biases_of: Callable, recurrent: Callable = lambda u: u * u):
    """Return a mistaken answer with another number of blocks, or of biases of each block."""

    def mistaken(network: str, n_features: int, budget: int) -> int:
        blocks, biases = LAYOUT[network]

        def count(units: int) -> int:
            per_block = n_features * units + recurrent(units) + biases_of(biases) * units
            return blocks_of(network, blocks) * per_block

        return _largest(count, budget)

    return mistaken


def _own_blocks(network: str, blocks: int) -> int:
    return blocks


def _gates_as_blocks(network: str, blocks: int) -> int:
    return max(1, blocks - 1)


def _one_block(network: str, blocks: int) -> int:
    return 1


def _own_biases(biases: int) -> int:
    return biases


def _nearest(network: str, n_features: int, budget: int) -> int:
    units = units_for_budget(network, n_features, budget)
    below = budget - (n_parameters(network, n_features, units) if units else 0)
    above = n_parameters(network, n_features, units + 1) - budget
    return units + 1 if above < below else units


def _first_too_large(network: str, n_features: int, budget: int) -> int:
    units = units_for_budget(network, n_features, budget)
    exact = units and n_parameters(network, n_features, units) == budget
    return units if exact else units + 1


def _share_of_units(network: str, n_features: int, budget: int) -> int:
    return units_for_budget("SimpleRNN", n_features, budget) // LAYOUT[network][0]


def _without_input(network: str, n_features: int, budget: int) -> int:
    blocks, biases = LAYOUT[network]
    return _largest(lambda units: blocks * (units * units + biases * units), budget)


def _with_output(network: str, n_features: int, budget: int) -> int:
    return _largest(lambda units: n_parameters(network, n_features, units) + units + 1, budget)


def _at_least_one(network: str, n_features: int, budget: int) -> int:
    return max(1, units_for_budget(network, n_features, budget))


BUDGET = Exercise(
    "15.1",
    "Units for a budget",
    units_for_budget,
    _budget_cases,
    {
        "gates counted as blocks": _with(_gates_as_blocks, _own_biases),
        "equal units for all": [
            _with(_one_block, _own_biases),
            _with(_one_block, lambda biases: 1),
        ],
        "units divided by the blocks": _share_of_units,
        "second bias of the GRU forgotten": _with(_own_blocks, lambda biases: 1),
        "two biases everywhere": _with(_own_blocks, lambda biases: 2),
        "bias forgotten": _with(_own_blocks, lambda biases: 0),
        "recurrent weights counted as U": _with(_own_blocks, _own_biases, lambda units: units),
        "recurrent weights forgotten": _with(_own_blocks, _own_biases, lambda units: 0),
        "input weights forgotten": _without_input,
        "the nearest, not the largest that fits": _nearest,
        "one unit too many": _first_too_large,
        "one unit too few": lambda network, n_features, budget: units_for_budget(
            network, n_features, budget - 1
        ),
        "output layer counted": _with_output,
        "one unit when none fits": _at_least_one,
    },
    ("units",),
)


# Exercise 15.2: a fair summary


def summarise(validation: Array, test: Array, lower_is_better: bool) -> tuple:
    """Return the chosen rate's row, and median, lowest and highest of its test scores."""
    row = _best(np.median(validation, axis=1), lower_is_better)
    return _report(row, test[row])


def _best(values: Array, lower_is_better: bool) -> int:
    return int(np.argmin(values) if lower_is_better else np.argmax(values))


def _report(row: int, scores: Array) -> tuple:
    return row, np.median(scores), scores.min(), scores.max()


def _score_cases() -> list[Case]:
    return [
        Case(label, (*_scores(seed, n_rates, n_seeds, lower), lower))
        for label, seed, n_rates, n_seeds, lower in (
            ("5 rates, 5 seeds, higher is better", 244, 5, 5, False),
            ("5 rates, 5 seeds, lower is better", 555, 5, 5, True),
            ("4 rates, 4 seeds, higher is better", 2, 4, 4, False),
            ("2 rates, 3 seeds, lower is better", 3, 2, 3, True),
            ("a single rate, 4 seeds", 4, 1, 4, False),
            ("3 rates, a single seed", 5, 3, 1, False),
        )
    ]


def _scores(seed: int, n_rates: int, n_seeds: int, lower: bool) -> tuple[Array, Array]:
    """Return validation and test scores; some runs fail, and the rates do not differ by much."""
    rng = np.random.default_rng(seed)
    middle = rng.uniform(0.85, 0.95, (n_rates, 1))
    validation, test = (middle - rng.gamma(0.7, 0.15, (n_rates, n_seeds)) for _ in range(2))
    return (1 - validation, 1 - test) if lower else (validation, test)


def _chosen_by(choose: Callable) -> Callable:
    """Return a mistaken summary that chooses its rate in another way."""

    def mistaken(validation: Array, test: Array, lower_is_better: bool) -> tuple:
        row = choose(validation, test, lower_is_better)
        return _report(row, test[row])

    return mistaken


def _reported_as(report: Callable) -> Callable:
    """Return a mistaken summary that chooses rightly and reports something else."""

    def mistaken(validation: Array, test: Array, lower_is_better: bool) -> tuple:
        row = summarise(validation, test, lower_is_better)[0]
        return row, *report(validation, test, row, lower_is_better)

    return mistaken


def _best_score(scores: Array, lower: bool) -> Array:
    return scores.min(axis=-1) if lower else scores.max(axis=-1)


def _best_seed_reported(validation: Array, test: Array, row: int, lower: bool) -> tuple:
    return _best_score(test[row], lower), test[row].min(), test[row].max()


def _best_seed_throughout(validation: Array, test: Array, lower_is_better: bool) -> tuple:
    row = _best(_best_score(validation, lower_is_better), lower_is_better)
    return row, *_best_seed_reported(validation, test, row, lower_is_better)


def _spread(ddof: int, centre: Callable) -> Callable:
    def report(validation: Array, test: Array, row: int, lower: bool) -> tuple:
        scores = test[row]
        middle = centre(scores)
        sd = scores.std(ddof=ddof) if len(scores) > ddof else np.nan
        return middle, middle - sd, middle + sd

    return _reported_as(report)


def _rate_for_each_seed(validation: Array, test: Array, row: int, lower: bool) -> tuple:
    rows = validation.argmin(axis=0) if lower else validation.argmax(axis=0)
    return _report(row, test[rows, np.arange(test.shape[1])])[1:]


def _lower_middle(scores: Array) -> float:
    return np.sort(scores)[(len(scores) - 1) // 2]


def _upper_middle(scores: Array) -> float:
    return np.sort(scores)[len(scores) // 2]


SUMMARY = Exercise(
    "15.2",
    "A fair summary",
    summarise,
    _score_cases,
    {
        "rate chosen on the test data": _chosen_by(
            lambda v, t, lower: _best(np.median(t, axis=1), lower)
        ),
        "rate and seed chosen on the test data": _chosen_by(
            lambda v, t, lower: _best(_best_score(t, lower), lower)
        ),
        "rate chosen by its best seed": _chosen_by(
            lambda v, t, lower: _best(_best_score(v, lower), lower)
        ),
        "rate chosen by its worst seed": _chosen_by(
            lambda v, t, lower: _best(_best_score(v, not lower), lower)
        ),
        "rate chosen by one seed": _chosen_by(lambda v, t, lower: _best(v[:, 0], lower)),
        "rate chosen by the mean": _chosen_by(lambda v, t, lower: _best(v.mean(axis=1), lower)),
        "best seed reported": [_reported_as(_best_seed_reported), _best_seed_throughout],
        "higher taken for better": _chosen_by(
            lambda v, t, lower: _best(np.median(v, axis=1), False)
        ),
        "direction turned round": _chosen_by(
            lambda v, t, lower: _best(np.median(v, axis=1), not lower)
        ),
        "lower taken for better": _chosen_by(lambda v, t, lower: _best(np.median(v, axis=1), True)),
        "validation reported as test": _reported_as(
            lambda v, t, row, lower: _report(row, v[row])[1:]
        ),
        "mean reported": _reported_as(
            lambda v, t, row, lower: (t[row].mean(), t[row].min(), t[row].max())
        ),
        "standard deviation in place of the range": [
            _spread(ddof, centre) for ddof in (0, 1) for centre in (np.mean, np.median)
        ],
        "quartiles in place of the range": _reported_as(
            lambda v, t, row, lower: np.quantile(t[row], [0.5, 0.25, 0.75])
        ),
        "range over all rates": _reported_as(
            lambda v, t, row, lower: (np.median(t[row]), t.min(), t.max())
        ),
        "a rate for each seed": _reported_as(_rate_for_each_seed),
        "lowest and highest exchanged": _reported_as(
            lambda v, t, row, lower: (np.median(t[row]), t[row].max(), t[row].min())
        ),
        "median of an even number": [
            _reported_as(lambda v, t, row, lower, m=middle: (m(t[row]), t[row].min(), t[row].max()))
            for middle in (_lower_middle, _upper_middle)
        ],
    },
    ("row", "median", "lowest", "highest"),
)


# Exercise 15.3: is it chance?


def chance(a: Array, b: Array) -> float:
    """Return the share of all splits whose means differ at least as much as those of a and b."""
    return permutation_p(a, b)


def _split_cases() -> list[Case]:
    # Right answers among 500: sums of whole numbers are exact, so equal gaps are equal.
    return [
        Case(label, (np.array(a, dtype=float), np.array(b, dtype=float)))
        for label, a, b in (
            ("3 against 3, far apart", [475, 480, 486], [301, 322, 298]),
            ("3 against 3, overlapping", [445, 474, 460], [452, 461, 458]),
            ("4 against 4", [430, 441, 452, 470], [460, 455, 473, 481]),
            ("2 against 5", [490, 470], [466, 475, 458, 481, 450]),
            ("3 against 4, with equal scores", [450, 450, 462], [450, 462, 471, 480]),
            ("1 against 3", [400], [380, 410, 392]),
        )
    ]


def _gap(one: Array, other: Array) -> float:
    return abs(one.mean() - other.mean())


def _splits(a: Array, b: Array) -> list[tuple[Array, Array]]:
    both, places = np.concatenate([a, b]), range(len(a) + len(b))
    groups = [list(group) for group in combinations(places, len(a))]
    return [(both[group], np.delete(both, group)) for group in groups]


def _share(difference: Callable, counts: Callable = lambda gap, observed: gap >= observed):
    """Return a mistaken answer with another difference, or another way to count."""

    def mistaken(a: Array, b: Array) -> float:
        observed = difference(a, b)
        found = [counts(difference(*split), observed) for split in _splits(a, b)]
        return float(np.mean(found))

    return mistaken


def _own_left_out(n_left_out_of: int) -> Callable:
    """Return a mistaken answer that does not count the observed split."""

    def mistaken(a: Array, b: Array) -> float:
        gaps = [_gap(*split) >= _gap(a, b) for split in _splits(a, b)]
        return (sum(gaps) - 1) / (len(gaps) - n_left_out_of)

    return mistaken


def _pairs(a: Array, b: Array) -> float:
    differences = a[: len(b)] - b[: len(a)]
    signs = np.array(list(product([-1, 1], repeat=len(differences))))
    return float(np.mean(abs(signs @ differences) >= abs(differences.sum())))


def _ranges_overlap(a: Array, b: Array) -> float:
    return float(a.min() <= b.max() and b.min() <= a.max())


def _t_test(equal_var: bool) -> Callable:
    def mistaken(a: Array, b: Array) -> float:
        from scipy.stats import ttest_ind

        if min(len(a), len(b)) < 2 and not equal_var:
            return np.nan  # no variance of a single score
        return float(ttest_ind(a, b, equal_var=equal_var).pvalue)

    return mistaken


def _with_replacement(a: Array, b: Array) -> float:
    both, observed = np.concatenate([a, b]), _gap(a, b)
    drawn = np.array(list(product(range(len(both)), repeat=len(a))))
    ones = both[drawn].mean(axis=1)
    others = (both.sum() - both[drawn].sum(axis=1)) / len(b)
    return float(np.mean(abs(ones - others) >= observed))


def _equal_scores_lost(a: Array, b: Array) -> float:
    """The rest made by value, so that an equal score of the other group vanishes with it."""
    both = np.concatenate([a, b])
    found = []
    for group in combinations(both, len(a)):
        rest = [score for score in both if score not in group]
        found.append(bool(rest) and _gap(np.array(group), np.array(rest)) >= _gap(a, b))
    return float(np.mean(found))


CHANCE = Exercise(
    "15.3",
    "Is it chance?",
    chance,
    _split_cases,
    {
        "one direction only": [
            _share(lambda one, other: one.mean() - other.mean()),
            _share(lambda one, other: other.mean() - one.mean()),
        ],
        "equal gaps not counted": _share(_gap, lambda gap, observed: gap > observed),
        "observed split left out": [_own_left_out(0), _own_left_out(1)],
        "range overlap read as a test": [_ranges_overlap, lambda a, b: 1 - _ranges_overlap(a, b)],
        "paired by place": _pairs,
        "a t-test": [_t_test(equal_var) for equal_var in (True, False)],
        "one minus the share": lambda a, b: 1 - permutation_p(a, b),
        "number of splits in place of their share": lambda a, b: (
            permutation_p(a, b) * len(_splits(a, b))
        ),
        "difference of sums": _share(lambda one, other: abs(one.sum() - other.sum())),
        "difference of medians": _share(lambda one, other: abs(np.median(one) - np.median(other))),
        "drawn with replacement": _with_replacement,
        "equal scores lost": _equal_scores_lost,
    },
    ("p",),
)


# Exercise 15.4: who is ahead?


def level_with_best(names: Sequence[str], scores: Array, limit: float) -> Array:
    """Return of each network whether it cannot be told from the one with the best median."""
    best = np.median(scores, axis=1).argmax()
    return np.array([permutation_p(row, scores[best]) > limit for row in scores])


def _field_cases() -> list[Case]:
    # Right answers among 500, a row a network. Here and there one seed fails, or is lucky.
    return [
        Case(label, (names, np.array(scores, dtype=float), limit))
        for label, names, scores, limit in (
            (
                "5 seeds, the GRU has the best median",
                ("RNN", "LSTM", "GRU"),
                [[404, 428, 399, 411, 417], [462, 449, 430, 441, 436], [455, 460, 452, 448, 463]],
                0.05,
            ),
            (
                "5 seeds, the RNN has the best median and one seed that fails",
                ("LSTM", "GRU", "RNN", "IRNN"),
                [
                    [431, 437, 428, 440, 433],
                    [452, 447, 439, 444, 449],
                    [470, 462, 466, 120, 468],
                    [471, 402, 411, 407, 398],
                ],
                0.05,
            ),
            (
                "5 seeds, the LSTM has the best median",
                ("IRNN", "LSTM", "RNN"),
                [[448, 421, 409, 415, 426], [441, 446, 450, 439, 452], [443, 437, 449, 445, 431]],
                0.05,
            ),
            (
                "3 seeds, far apart",
                ("GRU", "LSTM", "RNN"),
                [[470, 466, 473], [301, 310, 295], [402, 411, 407]],
                0.05,
            ),
            ("2 networks, 6 seeds", ("RNN", "LSTM"),
             [[460, 463, 470, 458, 466, 461], [455, 449, 459, 452, 447, 450]], 0.05),
            ("3 seeds, p of 0.1 and a limit of 0.1", ("LSTM", "GRU", "RNN"),
             [[402, 411, 407], [470, 466, 473], [461, 468, 464]], 0.1),
        )
    ]  # fmt: skip


def _only(choose: Callable) -> Callable:
    """Return a mistaken answer with a single winner."""

    def mistaken(names: Sequence[str], scores: Array, limit: float) -> Array:
        return np.arange(len(scores)) == choose(names, scores)

    return mistaken


def _tested_against(choose: Callable) -> Callable:
    """Return a mistaken answer that tests each network against another than the best."""

    def mistaken(names: Sequence[str], scores: Array, limit: float) -> Array:
        other = scores[choose(names, scores)]
        return np.array([permutation_p(row, other) > limit for row in scores])

    return mistaken


def _place_of_lstm(names: Sequence[str], scores: Array) -> int:
    return list(names).index("LSTM")


def _best_median(names: Sequence[str], scores: Array) -> int:
    return int(np.median(scores, axis=1).argmax())


def _ranges_touch(names: Sequence[str], scores: Array, limit: float) -> Array:
    best = scores[_best_median(names, scores)]
    return np.array([row.max() >= best.min() and best.max() >= row.min() for row in scores])


def _told_apart(names: Sequence[str], scores: Array, limit: float) -> Array:
    return ~level_with_best(names, scores, limit)


def _deviations_touch(names: Sequence[str], scores: Array, limit: float) -> Array:
    best = scores[_best_median(names, scores)]
    gaps = np.abs(scores.mean(axis=1) - best.mean())
    return gaps <= scores.std(axis=1, ddof=1) + best.std(ddof=1)


AHEAD = Exercise(
    "15.4",
    "Who is ahead?",
    level_with_best,
    _field_cases,
    {
        "the LSTM always wins": [_only(_place_of_lstm), _tested_against(_place_of_lstm)],
        "a single seed decides": [
            _only(lambda names, scores: scores[:, 0].argmax()),
            _tested_against(lambda names, scores: scores[:, 0].argmax()),
        ],
        "the best seed decides": [
            _only(lambda names, scores: scores.max(axis=1).argmax()),
            _tested_against(lambda names, scores: scores.max(axis=1).argmax()),
        ],
        "the best median alone": _only(_best_median),
        "the best mean decides": _tested_against(
            lambda names, scores: scores.mean(axis=1).argmax()
        ),
        "tested against the worst": _tested_against(
            lambda names, scores: np.median(scores, axis=1).argmin()
        ),
        "told apart and level exchanged": _told_apart,
        "range overlap read as a test": _ranges_touch,
        "standard deviations compared": _deviations_touch,
        "nobody is behind": lambda names, scores, limit: np.ones(len(scores), dtype=bool),
    },
    ("level (n_networks,)",),
)


EXERCISES = [BUDGET, SUMMARY, CHANCE, AHEAD]
