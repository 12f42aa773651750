"""Exercises of lesson 15, Choosing an architecture: equal budgets, a fair summary, chance, who is ahead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, product

import numpy as np

from course_utils.further.comparison import LAYOUT, n_parameters, permutation_p
from course_utils.judging.exercise import Case, Exercise, Misconception

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
    [
        Misconception(
            "gates counted as blocks",
            _with(_gates_as_blocks, _own_biases),
            "You multiply by the number of gates, 3 for an LSTM and 2 for a GRU. There is one more "
            "block of weights than there are gates. What else has to be computed in every step?",
        ),
        Misconception(
            "equal units for all",
            _with(_one_block, _own_biases),
            "Your answer does not depend on how many blocks of weights the network has. With equal "
            "units an LSTM has four times the parameters of a plain RNN: the comparison would be "
            "one of sizes.",
        ),
        Misconception(
            "equal units for all",
            _with(_one_block, lambda biases: 1),
            "You use the formula of the plain RNN for every network. An LSTM has four such "
            "blocks and a GRU three.",
        ),
        Misconception(
            "units divided by the blocks",
            _share_of_units,
            "You divide the units of a plain RNN by the number of blocks. The parameters grow "
            "with the square of the units, so a quarter of the budget is about half of the units.",
        ),
        Misconception(
            "second bias of the GRU forgotten",
            _with(_own_blocks, lambda biases: 1),
            'Keras\'s own GRU, here `"GRU"`, resets after the product and has two biases for '
            "each block. Only the one that resets before has a single one.",
        ),
        Misconception(
            "two biases everywhere",
            _with(_own_blocks, lambda biases: 2),
            'You give each network two biases a block. Only Keras\'s GRU, here `"GRU"`, has two.',
        ),
        Misconception(
            "bias forgotten",
            _with(_own_blocks, lambda biases: 0),
            "You count no biases. They are few beside the matrices and still decide here: the "
            "budget must not be exceeded by a single number.",
        ),
        Misconception(
            "recurrent weights counted as U",
            _with(_own_blocks, _own_biases, lambda units: units),
            "Your recurrent kernel has U numbers a block. Every unit is connected to every unit.",
        ),
        Misconception(
            "recurrent weights forgotten",
            _with(_own_blocks, _own_biases, lambda units: 0),
            "You count kernel and biases, but not the recurrent kernel. It is the largest part.",
        ),
        Misconception(
            "input weights forgotten",
            _without_input,
            "You count the recurrent kernel and the biases, but not the kernel that the input "
            "goes through. With 300 features it is the largest part.",
        ),
        Misconception(
            "the nearest, not the largest that fits",
            _nearest,
            "You take the number of units that comes nearest to the budget, and sometimes exceed "
            "it. `budget` is what must not be exceeded.",
        ),
        Misconception(
            "one unit too many",
            _first_too_large,
            "Your layer exceeds the budget by one unit. Take the last number that fits, not the "
            "first that does not.",
        ),
        Misconception(
            "one unit too few",
            lambda network, n_features, budget: units_for_budget(network, n_features, budget - 1),
            "When a layer has exactly `budget` parameters, it fits. You stop one unit before.",
        ),
        Misconception(
            "output layer counted",
            _with_output,
            "You count an output layer too. The budget is that of the recurrent layer alone.",
        ),
        Misconception(
            "one unit when none fits",
            _at_least_one,
            "When the budget is too small for a single unit, the answer is 0.",
        ),
    ],
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


def _best_score(scores: Array, lower: bool) -> float:
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
    [
        Misconception(
            "rate chosen on the test data",
            _chosen_by(lambda v, t, lower: _best(np.median(t, axis=1), lower)),
            "You choose the learning rate by the test scores, and then report the same scores. "
            "The best of several noisy numbers is too good: choose by the validation scores.",
        ),
        Misconception(
            "rate and seed chosen on the test data",
            _chosen_by(lambda v, t, lower: _best(_best_score(t, lower), lower)),
            "You choose the rate of the best single test score. That is the best of all rates and "
            "all seeds, on the data for the report: nobody else will see that number again.",
        ),
        Misconception(
            "rate chosen by its best seed",
            _chosen_by(lambda v, t, lower: _best(_best_score(v, lower), lower)),
            "You choose the rate that has the best single seed. One lucky run does that. What does "
            "a rate do typically?",
        ),
        Misconception(
            "rate chosen by its worst seed",
            _chosen_by(lambda v, t, lower: _best(_best_score(v, not lower), lower)),
            "You choose the rate whose worst seed is best. That may be wise, but the exercise asks "
            "for the best median.",
        ),
        Misconception(
            "rate chosen by one seed",
            _chosen_by(lambda v, t, lower: _best(v[:, 0], lower)),
            "You look at the first seed only when you choose the rate. All seeds were run: use "
            "them.",
        ),
        Misconception(
            "rate chosen by the mean",
            _chosen_by(lambda v, t, lower: _best(v.mean(axis=1), lower)),
            "You choose the rate by the mean of its seeds. One run that failed pulls a mean as far "
            "as it likes, and a median not at all.",
        ),
        Misconception(
            "best seed reported",
            _reported_as(_best_seed_reported),
            "The rate is right. But what you call the middle is the best seed. Others who train "
            "your network will get a typical seed.",
        ),
        Misconception(
            "best seed reported",
            _best_seed_throughout,
            "You choose by the best seed and report the best seed. With more seeds such a number "
            "grows by itself, without a better network.",
        ),
        Misconception(
            "higher taken for better",
            _chosen_by(lambda v, t, lower: _best(np.median(v, axis=1), False)),
            "You take the largest median in every case. For an error, `lower_is_better` is True.",
        ),
        Misconception(
            "direction turned round",
            _chosen_by(lambda v, t, lower: _best(np.median(v, axis=1), not lower)),
            "You choose the worst rate. Have a look at where `lower_is_better` leads.",
        ),
        Misconception(
            "lower taken for better",
            _chosen_by(lambda v, t, lower: _best(np.median(v, axis=1), True)),
            "You take the smallest median in every case. For a share of right answers, "
            "`lower_is_better` is False.",
        ),
        Misconception(
            "validation reported as test",
            _reported_as(lambda v, t, row, lower: _report(row, v[row])[1:]),
            "You report the validation scores. They were used to choose, so they are too good for "
            "a report.",
        ),
        Misconception(
            "mean reported",
            _reported_as(lambda v, t, row, lower: (t[row].mean(), t[row].min(), t[row].max())),
            "The rate and the range are right, and the number between them is the mean. The "
            "exercise asks for the median.",
        ),
        *(
            Misconception(
                "standard deviation in place of the range",
                _spread(ddof, centre),
                "You give the middle plus and minus a standard deviation. Of a handful of seeds "
                "it is badly known, and it can reach beyond what a score can be. Give the lowest "
                "and the highest.",
            )
            for ddof in (0, 1)
            for centre in (np.mean, np.median)
        ),
        Misconception(
            "quartiles in place of the range",
            _reported_as(lambda v, t, row, lower: np.quantile(t[row], [0.5, 0.25, 0.75])),
            "You give the quartiles. With three seeds they lie between runs that you did make. "
            "Give the lowest and the highest.",
        ),
        Misconception(
            "range over all rates",
            _reported_as(lambda v, t, row, lower: (np.median(t[row]), t.min(), t.max())),
            "Your range covers all rates. You have chosen one: its seeds alone say how far apart "
            "two trainings of this network are.",
        ),
        Misconception(
            "a rate for each seed",
            _reported_as(_rate_for_each_seed),
            "You choose a rate for each seed by itself. Whoever trains your network has to be told "
            "one rate.",
        ),
        Misconception(
            "lowest and highest exchanged",
            _reported_as(lambda v, t, row, lower: (np.median(t[row]), t[row].max(), t[row].min())),
            "The last two are the wrong way round: first the lowest, then the highest, whichever "
            "of them is better.",
        ),
        *(
            Misconception(
                "median of an even number",
                _reported_as(
                    lambda v, t, row, lower, m=middle: (m(t[row]), t[row].min(), t[row].max())
                ),
                "With an odd number of seeds you are right. Of an even number no score stands in "
                "the middle: the median is halfway between the two that do.",
            )
            for middle in (_lower_middle, _upper_middle)
        ),
    ],
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
    [
        Misconception(
            "one direction only",
            _share(lambda one, other: one.mean() - other.mean()),
            "You count only the splits in which the first group is ahead. You did not know "
            "beforehand which network would win: a gap of the same size in the other direction "
            "would have impressed you as much.",
        ),
        Misconception(
            "one direction only",
            _share(lambda one, other: other.mean() - one.mean()),
            "You count only the splits in which the second group is ahead. A gap of the same size "
            "in the other direction would have impressed you as much.",
        ),
        Misconception(
            "equal gaps not counted",
            _share(_gap, lambda gap, observed: gap > observed),
            "You count the splits with a larger gap, so not even the observed one. It is one of "
            "those that chance can make: at least as large.",
        ),
        Misconception(
            "observed split left out",
            _own_left_out(0),
            "You leave the observed split out. It is one of those that chance can make, and a "
            "probability of 0 would claim that chance cannot.",
        ),
        Misconception(
            "observed split left out",
            _own_left_out(1),
            "You leave the observed split out of both counts. It is one of those that chance can "
            "make.",
        ),
        Misconception(
            "range overlap read as a test",
            _ranges_overlap,
            "You return whether the ranges overlap. Two ranges can overlap while the networks "
            "differ, and with two seeds each they often lie apart by chance. Count splits.",
        ),
        Misconception(
            "range overlap read as a test",
            lambda a, b: 1 - _ranges_overlap(a, b),
            "You return whether the ranges lie apart. That is no probability: with two seeds each "
            "they do so by chance in a third of all cases. Count splits.",
        ),
        Misconception(
            "paired by place",
            _pairs,
            "You pair the first score of one with the first of the other, and flip signs. Here the "
            "runs are not pairs, and there may be more of one network. Put all into one pot.",
        ),
        *(
            Misconception(
                "a t-test",
                _t_test(equal_var),
                "That is the p-value of a t-test. It supposes a bell curve, and three seeds cannot "
                "show one; a network that sometimes fails has none. Count splits.",
            )
            for equal_var in (True, False)
        ),
        Misconception(
            "one minus the share",
            lambda a, b: 1 - permutation_p(a, b),
            "You return the share of splits with a smaller gap. A small result should mean that "
            "chance rarely does this.",
        ),
        Misconception(
            "number of splits in place of their share",
            lambda a, b: permutation_p(a, b) * len(_splits(a, b)),
            "You return how many splits there are. Divide by the number of all splits.",
        ),
        Misconception(
            "difference of sums",
            _share(lambda one, other: abs(one.sum() - other.sum())),
            "You compare sums. When one group has more scores, its sum is larger for that reason "
            "alone. Compare means.",
        ),
        Misconception(
            "difference of medians",
            _share(lambda one, other: abs(np.median(one) - np.median(other))),
            "You compare medians. They are right for the report. Here the exercise asks for "
            "means, which change with every split.",
        ),
        Misconception(
            "drawn with replacement",
            _with_replacement,
            "You let a score be drawn twice. Every score goes into one of the two groups, once.",
        ),
        Misconception(
            "equal scores lost",
            _equal_scores_lost,
            "You remove the first group from the pot by its values. Where two runs have the same "
            "score, both vanish. Choose places, such as `combinations(range(n), k)`.",
        ),
    ],
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
        Case(label, (names, np.array(scores, dtype=float), 0.05))
        for label, names, scores in (
            (
                "5 seeds, the GRU has the best median",
                ("RNN", "LSTM", "GRU"),
                [[404, 428, 399, 411, 417], [462, 449, 430, 441, 436], [455, 460, 452, 448, 463]],
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
            ),
            (
                "5 seeds, the LSTM has the best median",
                ("IRNN", "LSTM", "RNN"),
                [[448, 421, 409, 415, 426], [441, 446, 450, 439, 452], [443, 437, 449, 445, 431]],
            ),
            (
                "3 seeds, far apart",
                ("GRU", "LSTM", "RNN"),
                [[470, 466, 473], [301, 310, 295], [402, 411, 407]],
            ),
            ("2 networks, 6 seeds", ("RNN", "LSTM"),
             [[460, 463, 470, 458, 466, 461], [455, 449, 459, 452, 447, 450]]),
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
    [
        Misconception(
            "the LSTM always wins",
            _only(_place_of_lstm),
            "You return the LSTM without a look at the scores. In most of the cases another "
            "network has a better median, and in one the LSTM is far behind.",
        ),
        Misconception(
            "the LSTM always wins",
            _tested_against(_place_of_lstm),
            "You test every network against the LSTM, as if it had to be the best. Find the best "
            "median first, and test against that network.",
        ),
        Misconception(
            "a single seed decides",
            _only(lambda names, scores: scores[:, 0].argmax()),
            "You look at the first seed only. With another seed another network would have won.",
        ),
        Misconception(
            "a single seed decides",
            _tested_against(lambda names, scores: scores[:, 0].argmax()),
            "You test against the network whose first seed is best. Take the one with the best "
            "median over its seeds.",
        ),
        Misconception(
            "the best seed decides",
            _only(lambda names, scores: scores.max(axis=1).argmax()),
            "You return the network with the best single run. One lucky seed does that, and the "
            "other runs of the same network do not count.",
        ),
        Misconception(
            "the best seed decides",
            _tested_against(lambda names, scores: scores.max(axis=1).argmax()),
            "You test against the network with the best single run. Take the one with the best "
            "median over its seeds.",
        ),
        Misconception(
            "the best median alone",
            _only(_best_median),
            "Only the network with the best median is True. Others may be behind by chance alone: "
            "where the test cannot tell them apart, they are True as well.",
        ),
        Misconception(
            "the best mean decides",
            _tested_against(lambda names, scores: scores.mean(axis=1).argmax()),
            "You test against the network with the best mean. One run that fails pulls a mean as "
            "far as it likes. The exercise asks for the best median.",
        ),
        Misconception(
            "tested against the worst",
            _tested_against(lambda names, scores: np.median(scores, axis=1).argmin()),
            "You test against the network with the lowest median. The scores are right answers: "
            "the highest median is the best.",
        ),
        Misconception(
            "told apart and level exchanged",
            _told_apart,
            "Your answer is turned round. A small p says that chance rarely does this, so that the "
            "network is behind; then the answer is False.",
        ),
        Misconception(
            "range overlap read as a test",
            _ranges_touch,
            "You compare ranges. With three seeds they often lie apart by chance, and with more "
            "seeds they can overlap though the networks differ. Use `permutation_p`.",
        ),
        Misconception(
            "standard deviations compared",
            _deviations_touch,
            "You ask whether means plus and minus a standard deviation touch. Of a handful of seeds "
            "it is badly known, and one run that fails makes it huge. Use `permutation_p`.",
        ),
        Misconception(
            "nobody is behind",
            lambda names, scores, limit: np.ones(len(scores), dtype=bool),
            "All of your answers are True. With five seeds each p can be as small as 0.008, and in "
            "some cases it is: there a network is behind.",
        ),
    ],
    ("level (n_networks,)",),
)


EXERCISES = [BUDGET, SUMMARY, CHANCE, AHEAD]
