"""Exercises of lesson 13, Text generation: temperature and top-k, stateful sampling, bits.

None of them needs Keras: the model that a submission samples from is a small network in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils.judging.cases import far_apart
from course_utils.judging.exercise import Case, Exercise
from course_utils.judging.outcomes import Unusable
from course_utils.losses import softmax
from course_utils.text import next_probabilities

Array = np.ndarray


# Exercise 13.1: temperature and top-k


def sampling_probabilities(logits: Array, temperature: float, top_k: int) -> Array:
    """Return the probabilities (V,) to draw the next character from."""
    return next_probabilities(logits, temperature, top_k)


def _temperature_cases() -> list[Case]:
    rng = np.random.default_rng(1301)
    return [
        Case(f"{label}, temperature {temperature:g}, top_k {top_k}", (logits, temperature, top_k))
        for label, logits, temperature, top_k in (
            ("six logits", rng.normal(0, 2, size=6), 0.5, 6),
            ("six logits", rng.normal(0, 2, size=6), 1.0, 3),
            ("64 logits", rng.normal(0, 2, size=64), 0.7, 10),
            ("64 logits", rng.normal(0, 2, size=64), 2.0, 64),
            ("64 logits", rng.normal(0, 2, size=64), 1.5, 1),
            ("logits near 1000", 1000 + rng.normal(0, 2, size=5), 0.8, 4),
            ("logits 4000 apart", far_apart(rng.normal(0, 2, size=5)), 0.9, 5),
        )
    ]


def _kept(logits: Array, top_k: int, filler: float, smallest: bool = False) -> Array:
    """Return the logits with all but ``top_k`` replaced by ``filler``."""
    order = np.argsort(logits if smallest else -logits)
    kept = np.full_like(logits, filler)
    kept[order[:top_k]] = logits[order[:top_k]]
    return kept


def _plain_softmax(logits: Array) -> Array:
    with np.errstate(all="ignore"):  # it overflows, as the learner's does
        scores = np.exp(logits)
        return scores / scores.sum(axis=-1, keepdims=True)


def _after_softmax(logits: Array, temperature: float, top_k: int) -> Array:
    return softmax(_kept(logits, top_k, -np.inf)) / temperature


def _temperature_one(logits: Array, temperature: float, top_k: int) -> Array:
    """What is left when the temperature divides probabilities that are then rescaled to sum 1."""
    return next_probabilities(logits, 1.0, top_k)


def _softmax_twice(logits: Array, temperature: float, top_k: int) -> Array:
    return softmax(_kept(softmax(logits) / temperature, top_k, -np.inf))


def _cut_after_softmax(logits: Array, temperature: float, top_k: int) -> Array:
    return _kept(softmax(logits / temperature), top_k, 0.0)


def _only_the_kept(logits: Array, temperature: float, top_k: int) -> Array:
    return softmax(np.sort(logits)[::-1][:top_k] / temperature)


def _in_order_of_size(logits: Array, temperature: float, top_k: int) -> Array:
    return np.sort(next_probabilities(logits, temperature, top_k))[::-1]


def _kept_alike(logits: Array, temperature: float, top_k: int) -> Array:
    return (next_probabilities(logits, temperature, top_k) > 0) / top_k


TEMPERATURE = Exercise(
    "13.1",
    "Temperature and top-k",
    sampling_probabilities,
    _temperature_cases,
    {
        "temperature after the softmax": [_after_softmax, _temperature_one, _softmax_twice],
        "multiplied by the temperature": [
            lambda logits, temperature, top_k: next_probabilities(logits * temperature, 1.0, top_k),
            lambda logits, temperature, top_k: (lambda p: p**temperature / (p**temperature).sum())(
                next_probabilities(logits, 1.0, top_k)
            ),
        ],
        "top-k ignored": lambda logits, temperature, top_k: next_probabilities(logits, temperature),
        "not rescaled after the cut": _cut_after_softmax,
        "cut logits set to zero": lambda logits, temperature, top_k: softmax(
            _kept(logits, top_k, 0.0) / temperature
        ),
        "the k smallest kept": lambda logits, temperature, top_k: softmax(
            _kept(logits, top_k, -np.inf, smallest=True) / temperature
        ),
        "one too many kept": lambda logits, temperature, top_k: next_probabilities(
            logits, temperature, top_k + 1
        ),
        "only the kept returned": _only_the_kept,
        "sorted by size": _in_order_of_size,
        "kept ones made equal": _kept_alike,
        "overflow": lambda logits, temperature, top_k: _plain_softmax(
            _kept(logits / temperature, top_k, -np.inf)
        ),
    },
    ("p (V,)",),
)


# Exercise 13.2: stateful sampling


class Network:
    """A tanh network of random weights that reads one id at a time, and counts its steps.

    It answers like the lesson's Keras model, in microseconds: ``start()`` gives the state before
    the first character, ``step(token_id, state)`` the logits of the next one and the new state.
    """

    def __init__(self, seed: int, n_tokens: int = 8, n_units: int = 12):
        rng = np.random.default_rng(seed)
        self.n_tokens, self.n_steps = n_tokens, 0
        self._W_xh = rng.normal(0, 1.0, size=(n_tokens, n_units))
        self._W_hh = rng.normal(0, 1.3 / np.sqrt(n_units), size=(n_units, n_units))
        self._W_hy = rng.normal(0, 1.0, size=(n_units, n_tokens))

    def start(self) -> Array:
        """Return the state before the first character: zeros (U,)."""
        return np.zeros(len(self._W_hh))

    def step(self, token_id: int, state: Array) -> tuple[Array, Array]:
        """Return the logits of the next character (V,) and the new state (U,)."""
        token_id = self._usable(token_id)
        if np.shape(state) != (len(self._W_hh),):
            raise Unusable(
                "gave `step` a state that does not come from `start` or from `step`. `step` "
                "returns two things, the logits and the new state, in this order."
            )
        self.n_steps += 1
        state = np.tanh(self._W_xh[token_id] + np.asarray(state) @ self._W_hh)
        return state @ self._W_hy, state

    def _usable(self, token_id: Any) -> int:
        if np.ndim(token_id) or not isinstance(token_id, int | np.integer):
            raise Unusable("gave `step` something else than one id, a whole number.")
        if not 0 <= token_id < self.n_tokens:
            raise Unusable(f"gave `step` the id {token_id}; ids go from 0 to {self.n_tokens - 1}.")
        return int(token_id)


def generate(model: Network, prompt: Array, n_new: int, choose: Callable) -> list[int]:
    """Return the n_new ids that follow the prompt."""
    logits, state = _read(model, prompt, model.start())
    return _go_on(model, logits, state, n_new, choose)


def _read(model: Network, ids: Array, state: Array) -> tuple[Array, Array]:
    logits: Any = None
    for token_id in ids:
        logits, state = model.step(token_id, state)
    return logits, state


def _go_on(model: Network, logits: Array, state: Array, n_new: int, choose: Callable) -> list[int]:
    new = []
    for _ in range(n_new):
        new.append(choose(logits))
        logits, state = model.step(new[-1], state)
    return new


def greedy(logits: Array) -> int:
    """Choose the likeliest id."""
    return int(np.argmax(logits))


def second(logits: Array) -> int:
    """Choose the second likeliest id: as definite as greedy, and less given to loops."""
    return int(np.argsort(-np.asarray(logits))[1])


class Drawn:
    """Choose by chance, as the lesson does: every call draws anew."""

    def __init__(self, seed: int):
        self._rng = np.random.default_rng(seed)

    def __call__(self, logits: Array) -> int:
        """Draw an id from the softmax of the logits."""
        return int(self._rng.choice(len(logits), p=softmax(np.asarray(logits))))


def _generation_cases() -> list[Case]:
    return [
        Case(label, (Network(seed), np.array(prompt), n_new, choose))
        for label, seed, prompt, n_new, choose in (
            ("a prompt of 4, 12 new, the likeliest each time", 1, [3, 1, 4, 1], 12, greedy),
            ("a prompt of 5, 20 new, the second likeliest", 2, [5, 2, 6, 5, 3], 20, second),
            ("a prompt of a single id, 15 new", 3, [7], 15, second),
            ("a prompt of 9, a single new id", 4, [0, 1, 2, 3, 4, 5, 6, 7, 1], 1, greedy),
            ("a prompt of 3, 2 new", 5, [2, 2, 7], 2, second),
            ("a prompt of 4, 15 new, drawn", 6, [6, 0, 3, 5], 15, Drawn(1302)),
        )
    ]


def _reset_each_character(model, prompt, n_new, choose):
    logits, new = model.step(prompt[-1], model.start())[0], []
    for _ in range(n_new):
        new.append(choose(logits))
        logits, _ = model.step(new[-1], model.start())
    return new


def _reset_while_writing(model, prompt, n_new, choose):
    """Read the prompt properly, and then write with a fresh state for every character."""
    logits, _ = _read(model, prompt, model.start())
    new = []
    for _ in range(n_new):
        new.append(choose(logits))
        logits, _ = model.step(new[-1], model.start())
    return new


def _state_frozen(model, prompt, n_new, choose):
    """Keep the state of the prompt, and drop every later one."""
    logits, state = _read(model, prompt, model.start())
    new = []
    for _ in range(n_new):
        new.append(choose(logits))
        logits, _ = model.step(new[-1], state)
    return new


def _reset_after_prompt(model, prompt, n_new, choose):
    logits, _ = _read(model, prompt, model.start())
    return _go_on(model, logits, model.start(), n_new, choose)


def _prompt_not_read(model, prompt, n_new, choose):
    logits, state = model.step(prompt[-1], model.start())
    return _go_on(model, logits, state, n_new, choose)


def _last_fed_twice(model, prompt, n_new, choose):
    logits, state = _read(model, prompt, model.start())
    logits, state = model.step(prompt[-1], state)
    return _go_on(model, logits, state, n_new, choose)


def _last_left_out(model, prompt, n_new, choose):
    """Read all of the prompt but its last id, as if that were still to be predicted."""
    if len(prompt) == 1:
        return generate(model, prompt, n_new, choose)
    logits, state = _read(model, prompt[:-1], model.start())
    return _go_on(model, logits, state, n_new, choose)


def _first_skipped(model, prompt, n_new, choose):
    return generate(model, prompt, n_new + 1, choose)[1:]


def _choice_not_fed(model, prompt, n_new, choose):
    logits, state = _read(model, prompt, model.start())
    new = []
    for _ in range(n_new):
        new.append(choose(logits))
        logits, state = model.step(prompt[-1], state)
    return new


def _one_prediction(model, prompt, n_new, choose):
    logits, _ = _read(model, prompt, model.start())
    return [choose(logits) for _ in range(n_new)]


def _fed_twice(model, prompt, n_new, choose):
    """Feed every chosen id two times."""
    logits, state = _read(model, prompt, model.start())
    new = []
    for _ in range(n_new):
        new.append(choose(logits))
        _, state = model.step(new[-1], state)
        logits, state = model.step(new[-1], state)
    return new


def _always_greedy(model, prompt, n_new, choose):
    return generate(model, prompt, n_new, greedy)


def _no_reading_again(submission: Callable, run: Callable) -> tuple[str, str] | None:
    """Want about one step for each id: the state is there so that nothing is read twice."""
    model, prompt, n_new = Network(6), np.array([1, 2, 3]), 30
    submission(model, prompt, n_new, second)
    most = len(prompt) + n_new
    if model.n_steps <= most:
        return None
    return "whole prefix read again", (
        f"The ids are right, but you called `step` {model.n_steps} times for a prompt of "
        f"{len(prompt)} and {n_new} new ids; {most} calls are enough. The state holds what has "
        "been read, so nothing has to be read twice."
    )


SAMPLING = Exercise(
    "13.2",
    "Stateful sampling",
    generate,
    _generation_cases,
    {
        "state reset for every character": [_reset_each_character, _reset_while_writing],
        "new state dropped": _state_frozen,
        "state reset after the prompt": _reset_after_prompt,
        "prompt not read": _prompt_not_read,
        "last character of the prompt fed twice": _last_fed_twice,
        "last character of the prompt left out": _last_left_out,
        "first character skipped": _first_skipped,
        "choice not fed back": _choice_not_fed,
        "one prediction for all": _one_prediction,
        "each choice fed twice": _fed_twice,
        "prompt in the output": lambda model, prompt, n_new, choose: [
            *map(int, prompt),
            *generate(model, prompt, n_new, choose),
        ],
        "one character too many": lambda model, prompt, n_new, choose: generate(
            model, prompt, n_new + 1, choose
        ),
        "always the likeliest": _always_greedy,
        "prompt read backwards": lambda model, prompt, n_new, choose: generate(
            model, prompt[::-1], n_new, choose
        ),
    },
    ("ids (n_new,)",),
    rules=[_no_reading_again],
)


# Exercise 13.3: bits per character


def bits_per_character(record: Sequence[tuple[str, Array, Array]]) -> float:
    """Return the bits per character of the test part of a record."""
    return float(np.mean(np.concatenate(_costs(record)))) / np.log(2)


def _costs(record: Sequence[tuple[str, Array, Array]], parts: Sequence[str] = ("test",)) -> list:
    """Return the cost of each character in nats, one array (T,) for each chunk."""
    return [_nats(logits, targets) for part, logits, targets in record if part in parts]


def _nats(logits: Array, targets: Array) -> Array:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=-1)) - shifted[np.arange(len(targets)), targets]


def _record_cases() -> list[Case]:
    return [
        Case("three parts, chunks of different lengths", (_record(1303, 9, (7, 30, 12)),)),
        Case("a test part of one chunk", (_record(1304, 64, (25,)),)),
        Case("a test part of a single character", (_record(1305, 5, (1,)),)),
        Case(
            "logits near 1000 for the first character, 2000 for the next, and so on",
            (_record(1306, 6, (20, 5), rise=1000.0),),
        ),
        Case(
            "logits in the thousands apart, for one character too",
            ([(part, far_apart(z, ids), ids) for part, z, ids in _record(1307, 6, (4, 5))],),
        ),
    ]


def _record(
    seed: int, n_tokens: int, lengths: Sequence[int], rise: float = 0.0
) -> list[tuple[str, Array, Array]]:
    """Return chunks of all three parts; the model knows its training text better."""
    rng = np.random.default_rng(seed)
    record = []
    for part, part_lengths, skill in (
        ("train", (40, 17), 3.0),
        ("validation", (11, 23), 1.5),
        ("test", lengths, 1.0),
    ):
        for length in part_lengths:
            targets = rng.integers(0, n_tokens, size=length)
            logits = rng.normal(0, 1.5, size=(length, n_tokens))
            logits += rise * np.arange(1, length + 1)[:, None]
            logits[np.arange(length), targets] += skill
            record.append((part, logits, targets))
    return record


def _of_chunks(reduce: Callable) -> Callable:
    """Return a mistaken answer that is made from the list of each test chunk's costs."""

    def mistaken(record: Sequence) -> float:
        return float(reduce(_costs(record)))

    return mistaken


def _of_all(reduce: Callable) -> Callable:
    """Return a mistaken answer that is made from the costs of all test characters, in nats."""
    return _of_chunks(lambda costs: reduce(np.concatenate(costs)))


def _of_parts(*parts: str) -> Callable:
    def mistaken(record: Sequence) -> float:
        return float(np.mean(np.concatenate(_costs(record, parts)))) / np.log(2)

    return mistaken


def _of_pairs(measure: Callable) -> Callable:
    """Return a mistaken answer that measures logits and targets of each test chunk anew."""

    def mistaken(record: Sequence) -> float:
        test = [(logits, targets) for part, logits, targets in record if part == "test"]
        return float(np.mean(np.concatenate([measure(*pair) for pair in test]))) / np.log(2)

    return mistaken


def _without_normalising(logits: Array, targets: Array) -> Array:
    return -logits[np.arange(len(targets)), targets]


def _surprise_expected(logits: Array, targets: Array) -> Array:
    p = softmax(logits)
    return -(p * np.log(p)).sum(axis=-1)


def _of_the_favourite(logits: Array, targets: Array) -> Array:
    return -np.log(softmax(logits).max(axis=-1))


def _without_the_first(logits: Array, targets: Array) -> Array:
    return _nats(logits[1:], targets[1:])


def _one_late(logits: Array, targets: Array) -> Array:
    return _nats(logits[:-1], targets[1:])


def _overflowing(logits: Array, targets: Array) -> Array:
    return -np.log(_plain_softmax(logits)[np.arange(len(targets)), targets])


_LN2 = np.log(2)

BITS = Exercise(
    "13.3",
    "Bits per character",
    bits_per_character,
    _record_cases,
    {
        "training loss reported as test": _of_parts("train"),
        "validation reported as test": _of_parts("validation"),
        "all parts together": _of_parts("train", "validation", "test"),
        "all held-out parts together": _of_parts("validation", "test"),
        "nats reported as bits": _of_all(np.mean),
        "logarithm to base 10": _of_all(lambda nats: nats.mean() / np.log(10)),
        "multiplied by ln 2": _of_all(lambda nats: nats.mean() * _LN2),
        "mean of the chunks' means": _of_chunks(
            lambda costs: np.mean([nats.mean() for nats in costs]) / _LN2
        ),
        "mean of the chunks' perplexities": [
            _of_chunks(lambda costs: np.log2(np.mean([np.exp(nats.mean()) for nats in costs]))),
            _of_chunks(lambda costs: np.mean([np.exp(nats.mean()) for nats in costs])),
        ],
        "perplexity returned": _of_all(lambda nats: np.exp(nats.mean())),
        "logarithm of the mean probability": _of_all(lambda nats: -np.log2(np.exp(-nats).mean())),
        "sign forgotten": _of_all(lambda nats: -nats.mean() / _LN2),
        "sum in place of the mean": _of_all(lambda nats: nats.sum() / _LN2),
        "divided by the number of chunks": _of_chunks(
            lambda costs: sum(nats.sum() for nats in costs) / len(costs) / _LN2
        ),
        "logits taken for logarithms of probabilities": _of_pairs(_without_normalising),
        "entropy of the prediction": _of_pairs(_surprise_expected),
        "favourite taken for the target": _of_pairs(_of_the_favourite),
        "first character skipped": _of_pairs(_without_the_first),
        "targets shifted once more": _of_pairs(_one_late),
        "overflow": _of_pairs(_overflowing),
    },
    ("bits",),
)


EXERCISES = [TEMPERATURE, SAMPLING, BITS]
