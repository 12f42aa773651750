"""Sequence tasks made from random numbers, each with its baseline in closed form.

Every function takes a ``seed`` of its own and leaves NumPy's global state alone: the same
arguments give the same arrays, whatever ran before. Inputs ``x`` are float64 of shape
``(n_samples, n_steps, n_features)``. Targets to regress or to score with a logistic output have
the shape of the output, ``(..., 1)``, in float64; targets that are classes are int64 and have no
last axis.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable

import numpy as np

from course_utils.arguments import choice, whole_number

TEMPORAL_ORDER_SYMBOLS = ("a", "b", "c", "d", "X", "Y", "E", "B")
TEMPORAL_ORDER_CLASSES = ("XX", "XY", "YX", "YY")

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FIRST_DATE, LAST_DATE = datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)
DATE_FORMS: dict[str, Callable[[datetime.date], str]] = {
    "3 June 1998": lambda d: f"{d.day} {_month(d)} {d.year}",
    "June 3, 1998": lambda d: f"{_month(d)} {d.day}, {d.year}",
    "Jun 3, 98": lambda d: f"{_month(d)[:3]} {d.day}, {d.year % 100:02d}",
    "3 Jun 1998": lambda d: f"{d.day} {_month(d)[:3]} {d.year}",
    "3.6.98": lambda d: f"{d.day}.{d.month}.{d.year % 100:02d}",
    "3rd of June 1998": lambda d: f"{d.day}{_ordinal(d.day)} of {_month(d)} {d.year}",
    "Wed 3 June 1998": lambda d: f"{WEEKDAYS[d.weekday()]} {d.day} {_month(d)} {d.year}",
    "June 1998": lambda d: f"{_month(d)} {d.year}",
}
"""How people write a date, by an example; the last form names no day."""
MAX_DIGITS = 18  # of a number that is drawn as an int64
MAX_DATE_LENGTH = 22  # characters, of "30th of September 1998"


def parity(
    n_samples: int, n_steps: int, labels: str = "per-step", seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Random bits and whether the number of ones so far is odd.

    Parameters
    ----------
    n_samples, n_steps
        Number of strings and bits in each; at least 1.
    labels
        ``"per-step"`` gives the parity after every bit, ``"final"`` only after the last.
    seed
        Whole number of at least 0.

    Returns
    -------
    x : ndarray (n_samples, n_steps, 1), float64
        Bits, 0.0 or 1.0 with equal chance.
    y : ndarray (n_samples, n_steps, 1) or (n_samples, 1), float64
        Parity, 0.0 (even) or 1.0 (odd): ``y_t = y_{t-1} XOR x_t``.

    References
    ----------
    Minsky, Papert 1969, *Perceptrons*, section 3.1.

    Examples
    --------
    >>> x, y = parity(n_samples=1, n_steps=6)
    >>> x[0, :, 0]
    array([1., 1., 1., 0., 0., 0.])
    >>> y[0, :, 0]
    array([1., 0., 1., 1., 1., 1.])
    """
    n_samples = whole_number("n_samples", n_samples, 1)
    n_steps = whole_number("n_steps", n_steps, 1)
    labels = choice("labels", labels, ("per-step", "final"))
    bits = _generator(seed).integers(0, 2, size=(n_samples, n_steps, 1))
    running = np.cumsum(bits, axis=1) % 2
    y = running if labels == "per-step" else running[:, -1]
    return bits.astype(np.float64), y.astype(np.float64)


def parity_baseline() -> float:
    """Cross-entropy in nats of always answering "odd with probability 1/2": ln 2."""
    return math.log(2)


def adding(n_samples: int, n_steps: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Add the two marked numbers of a sequence.

    One marker stands in the first half of the steps, one in the second, each place equally likely.

    Parameters
    ----------
    n_samples
        Number of sequences; at least 1.
    n_steps
        Steps in each; at least 2. Of an odd number the second half is the longer.
    seed
        Whole number of at least 0.

    Returns
    -------
    x : ndarray (n_samples, n_steps, 2), float64
        Channel 0: values, uniform in [0, 1). Channel 1: 1.0 at the two marked steps, else 0.0.
    y : ndarray (n_samples, 1), float64
        Sum of the two marked values, in [0, 2).

    References
    ----------
    Hochreiter, Schmidhuber 1997, *Long short-term memory*, section 5.4 (values in [-1, 1]); in
    this form: Le, Jaitly, Hinton 2015, arXiv 1504.00941, section 4.1, and Arjovsky, Shah, Bengio
    2016, arXiv 1511.06464, section 5.2 (one marker in each half).

    Examples
    --------
    >>> x, y = adding(n_samples=3, n_steps=10)
    >>> x.shape, y.shape
    ((3, 10, 2), (3, 1))
    >>> values, marked = x[0, :, 0], x[0, :, 1] == 1
    >>> bool(np.isclose(values[marked].sum(), y[0, 0]))
    True
    """
    n_samples = whole_number("n_samples", n_samples, 1)
    n_steps = whole_number("n_steps", n_steps, 2)
    rng = _generator(seed)
    half = n_steps // 2
    places = np.column_stack(
        [rng.integers(0, half, n_samples), rng.integers(half, n_steps, n_samples)]
    )
    x = np.zeros((n_samples, n_steps, 2))
    x[:, :, 0] = rng.random((n_samples, n_steps))
    rows = np.arange(n_samples)[:, None]
    x[rows, places, 1] = 1.0
    return x, x[rows, places, 0].sum(axis=1, keepdims=True)


def adding_baseline() -> float:
    """Mean squared error of always answering 1: the variance of the sum, 2 · 1/12 = 1/6."""
    return 1 / 6


def copy_memory(
    n_samples: int, delay: int, n_symbols: int = 8, n_copied: int = 10, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Repeat symbols after a delay, when told to.

    The input shows ``n_copied`` symbols, then blanks, then one start sign that ends the delay,
    then blanks while the symbols have to be repeated. The target is blank until the start sign
    has been read.

    Parameters
    ----------
    n_samples
        Number of sequences; at least 1.
    delay
        Steps from the last symbol shown to the start sign, the start sign counted; at least 1.
    n_symbols
        Number of different symbols, 8 in the papers; at least 2. They have the numbers 0 to
        ``n_symbols - 1``; ``n_symbols`` is the blank, ``n_symbols + 1`` the start sign.
    n_copied
        Symbols to repeat, 10 in the papers; at least 1.
    seed
        Whole number of at least 0.

    Returns
    -------
    x : ndarray (n_samples, delay + 2 * n_copied, n_symbols + 2), float64
        The input, one-hot.
    y : ndarray (n_samples, delay + 2 * n_copied), int64
        The number of the symbol to answer at each step.

    References
    ----------
    Arjovsky, Shah, Bengio 2016, arXiv 1511.06464, section 5.1. Bai, Kolter, Koltun 2018, arXiv
    1803.01271, section 4, show the start sign also where the last blanks stand here.

    Examples
    --------
    >>> x, y = copy_memory(n_samples=1, delay=4, n_symbols=2, n_copied=3)
    >>> x[0].argmax(axis=1)
    array([1, 1, 1, 2, 2, 2, 3, 2, 2, 2])
    >>> y[0]
    array([2, 2, 2, 2, 2, 2, 2, 1, 1, 1])
    """
    n_samples = whole_number("n_samples", n_samples, 1)
    delay = whole_number("delay", delay, 1)
    n_symbols = whole_number("n_symbols", n_symbols, 2)
    n_copied = whole_number("n_copied", n_copied, 1)
    blank, start = n_symbols, n_symbols + 1
    shown = _generator(seed).integers(0, n_symbols, size=(n_samples, n_copied))

    symbols = np.full((n_samples, delay + 2 * n_copied), blank)
    symbols[:, :n_copied] = shown
    symbols[:, n_copied + delay - 1] = start
    y = np.full_like(symbols, blank)
    y[:, -n_copied:] = shown
    return _one_hot(symbols, n_symbols + 2), y


def copy_baseline(delay: int, n_symbols: int = 8, n_copied: int = 10) -> float:
    """Cross-entropy in nats, averaged over steps, of a learner that knows all but the symbols.

    It answers blank where a blank is due, at no loss, and guesses the ``n_copied`` symbols at
    ln ``n_symbols`` each: 10 · ln 8 / (delay + 20) in the papers' form.

    Examples
    --------
    >>> round(copy_baseline(delay=100), 4)
    0.1733
    """
    delay = whole_number("delay", delay, 1)
    n_symbols = whole_number("n_symbols", n_symbols, 2)
    n_copied = whole_number("n_copied", n_copied, 1)
    return n_copied * math.log(n_symbols) / (delay + 2 * n_copied)


def temporal_order(
    n_samples: int, n_steps: int = 100, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Tell in which order two relevant symbols stood among many irrelevant ones.

    A sequence opens with ``E``, closes with ``B`` and holds random ``a, b, c, d`` but for two
    places, each ``X`` or ``Y``: the first in the second tenth of the steps, the other in the sixth
    (10 to 20 and 50 to 60 of 100, both ends included, as in the paper). The paper draws the
    length between 100 and 110; here all sequences of one call are equally long.

    Parameters
    ----------
    n_samples
        Number of sequences; at least 1.
    n_steps
        Steps in each; at least 10.
    seed
        Whole number of at least 0.

    Returns
    -------
    x : ndarray (n_samples, n_steps, 8), float64
        The input, one-hot; columns in the order of ``TEMPORAL_ORDER_SYMBOLS``.
    y : ndarray (n_samples,), int64
        Class 0 to 3: XX, XY, YX, YY, each equally likely.

    References
    ----------
    Hochreiter, Schmidhuber 1997, *Long short-term memory*, section 5.6, task 6a.

    Examples
    --------
    >>> x, y = temporal_order(n_samples=1, n_steps=12)
    >>> "".join(TEMPORAL_ORDER_SYMBOLS[i] for i in x[0].argmax(axis=1))
    'EcYbbaaYadcB'
    >>> TEMPORAL_ORDER_CLASSES[y[0]]
    'YY'
    """
    n_samples = whole_number("n_samples", n_samples, 1)
    n_steps = whole_number("n_steps", n_steps, 10)
    rng = _generator(seed)
    number = {symbol: i for i, symbol in enumerate(TEMPORAL_ORDER_SYMBOLS)}
    symbols = rng.integers(number["a"], number["d"] + 1, size=(n_samples, n_steps))
    symbols[:, 0], symbols[:, -1] = number["E"], number["B"]

    rows = np.arange(n_samples)
    is_y = rng.integers(0, 2, size=(n_samples, 2))
    for column, first in enumerate((1, 5)):  # the tenth of the steps, counted from 0
        low, high = first * n_steps // 10, (first + 1) * n_steps // 10
        places = rng.integers(low, high + 1, size=n_samples)
        symbols[rows, places] = number["X"] + is_y[:, column]
    return _one_hot(symbols, len(number)), 2 * is_y[:, 0] + is_y[:, 1]


def temporal_order_baseline() -> float:
    """Cross-entropy in nats of answering each of the four classes with probability 1/4: ln 4."""
    return math.log(4)


def dates(n_samples: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Dates as people write them, and as ISO 8601 does.

    Every day from 1 January 1950 to 31 December 2049 is equally likely, and so is each of the
    eight forms of ``DATE_FORMS``. A year of two digits is that of this hundred years: 49 is 2049
    and 50 is 1950. Between two dots stands the month.

    Parameters
    ----------
    n_samples
        Number of dates, 1 to 100,000. All inputs are different, so that some of them can be held
        out.
    seed
        Whole number of at least 0.

    Returns
    -------
    x : list of str
        6 to ``MAX_DATE_LENGTH`` characters each.
    y : list of str
        ``YYYY-MM-DD``, or ``YYYY-MM`` where ``x`` names no day.

    Examples
    --------
    >>> dates(n_samples=3, seed=1)
    (['27.4.97', 'July 2025', 'June 26, 1953'], ['1997-04-27', '2025-07', '1953-06-26'])
    """
    n_samples = whole_number("n_samples", n_samples, 1)
    if n_samples > 100_000:
        raise ValueError(f"n_samples must be at most 100000, got {n_samples}")
    rng = _generator(seed)
    forms = list(DATE_FORMS.values())
    span = (FIRST_DATE.toordinal(), LAST_DATE.toordinal() + 1)
    pairs: dict[str, str] = {}
    while len(pairs) < n_samples:
        day = datetime.date.fromordinal(int(rng.integers(*span)))
        form = int(rng.integers(len(forms)))
        iso = day.isoformat()
        pairs[forms[form](day)] = iso if form < len(forms) - 1 else iso[:7]
    return list(pairs), list(pairs.values())


def additions(
    n_samples: int,
    min_digits: int = 2,
    max_digits: int = 4,
    reverse: str = "nothing",
    seed: int = 0,
) -> tuple[list[str], list[str]]:
    """Sums as text: ``"37+85"`` and ``"122"``.

    Both numbers of a sum have equally many digits. Each number of digits is equally likely, and so
    is each pair of numbers.

    Parameters
    ----------
    n_samples
        Number of sums, at most half of all there are. All are different, so that some of them can
        be held out.
    min_digits, max_digits
        Digits of each number; 1 to 18.
    reverse
        ``"answer"`` writes the sum's last digit first, ``"221"``; ``"question"`` has the whole
        question backwards, ``"58+73"``; ``"nothing"`` neither.
    seed
        Whole number of at least 0.

    Returns
    -------
    x : list of str
        ``2 * min_digits + 1`` to ``2 * max_digits + 1`` characters each.
    y : list of str
        ``min_digits`` to ``max_digits + 1`` characters each.

    References
    ----------
    Zaremba, Sutskever 2014, *Learning to execute*, arXiv 1410.4615 (addition, digits reversed);
    Sutskever, Vinyals, Le 2014, arXiv 1409.3215 (the input reversed).

    Examples
    --------
    >>> additions(n_samples=3, reverse="answer")
    (['6732+5600', '37+13', '11+25'], ['23321', '05', '63'])
    """
    n_samples = whole_number("n_samples", n_samples, 1)
    min_digits = whole_number("min_digits", min_digits, 1, MAX_DIGITS)
    max_digits = whole_number("max_digits", max_digits, min_digits, MAX_DIGITS)
    reverse = choice("reverse", reverse, ("nothing", "question", "answer"))
    spans = {k: (10 ** (k - 1) if k > 1 else 0, 10**k) for k in range(min_digits, max_digits + 1)}
    most = sum((high - low) ** 2 for low, high in spans.values()) // 2
    if n_samples > most:
        raise ValueError(
            f"n_samples must be at most {most}, half of the sums of {min_digits} to "
            f"{max_digits} digits, got {n_samples}"
        )
    rng = _generator(seed)
    pairs: dict[str, str] = {}
    while len(pairs) < n_samples:
        n_digits = int(rng.integers(min_digits, max_digits + 1))
        a, b = (int(number) for number in rng.integers(*spans[n_digits], size=2))
        question, answer = f"{a}+{b}", f"{a + b}"
        pairs[question[::-1] if reverse == "question" else question] = (
            answer[::-1] if reverse == "answer" else answer
        )
    return list(pairs), list(pairs.values())


def generate_sine_wave(
    seq_length: int, num_samples: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Stretches of a sine, read at steps of one radian, and the value that comes next.

    Each stretch starts at a phase drawn uniformly from [0, 4π).

    Parameters
    ----------
    seq_length, num_samples
        Steps in a stretch and number of stretches; at least 1.
    seed
        Whole number of at least 0.

    Returns
    -------
    X : ndarray (num_samples, seq_length, 1), float64
        ``sin(start), sin(start + 1), …, sin(start + seq_length - 1)``, in [-1, 1].
    y : ndarray (num_samples,), float64
        The next value, ``sin(start + seq_length)``.

    Notes
    -----
    Two steps are memory enough: ``sin(a + 1) = 2 cos(1) sin(a) - sin(a - 1)``.

    Examples
    --------
    >>> X, y = generate_sine_wave(seq_length=50, num_samples=1000)
    >>> X.shape, y.shape
    ((1000, 50, 1), (1000,))
    >>> bool(np.allclose(y, 2 * np.cos(1) * X[:, -1, 0] - X[:, -2, 0]))
    True
    """
    seq_length = whole_number("seq_length", seq_length, 1)
    num_samples = whole_number("num_samples", num_samples, 1)
    starts = _generator(seed).uniform(0, 4 * np.pi, size=num_samples)
    waves = np.sin(starts[:, None] + np.arange(seq_length + 1))
    return waves[:, :-1, None], waves[:, -1]


def _generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(whole_number("seed", seed, 0))


def _one_hot(symbols: np.ndarray, n_classes: int) -> np.ndarray:
    return np.eye(n_classes)[symbols]


def _month(day: datetime.date) -> str:
    return MONTHS[day.month - 1]


def _ordinal(number: int) -> str:
    """The ending of ``3rd``."""
    if number in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
