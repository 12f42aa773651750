"""Time series to forecast: two that were measured, one that a chaotic equation draws."""

from __future__ import annotations

import numpy as np

from course_utils.arguments import number, whole_number
from course_utils.datasets.shipped import read_shipped

STEP = 0.1  # of the integration, in the time unit of the Mackey–Glass equation
LONGEST = 10_000  # time units, of the delay and between two values
SETTLING = 500  # time units that are thrown away, until the series is on its attractor


def load_sunspots() -> tuple[np.ndarray, np.ndarray]:
    """Sunspots, one number a year.

    Returns
    -------
    years : ndarray (309,), int64
        1700 to 2008.
    sunspots : ndarray (309,), float64
        Yearly mean of the sunspot number, on the scale that was in use until 2015.

    Raises
    ------
    ValueError
        If the file has changed.
    FileNotFoundError
        If it is not there.

    References
    ----------
    WDC-SILSO, Royal Observatory of Belgium, Brussels: the sunspot number, version 1.0, in the public
    domain according to statsmodels. The card, ``data/sunspots.md``, tells how it came here.

    Examples
    --------
    >>> years, sunspots = load_sunspots()
    >>> years[0], sunspots[0], years[sunspots.argmax()], sunspots.max()
    (1700, 5.0, 1957, 190.2)
    """
    years, sunspots = _columns("sunspots.csv")
    return years.astype(np.int64), sunspots.astype(np.float64)


def load_co2() -> tuple[np.ndarray, np.ndarray]:
    """Carbon dioxide in the air of Mauna Loa, Hawaii, one number a month.

    Returns
    -------
    months : ndarray (516,), datetime64[M]
        January 1959 to December 2001.
    co2 : ndarray (516,), float64
        Mean of the month's weekly values, in parts per million of volume (ppm). Three months of
        1964 without a value have the mean of the same month one year before and one year after.

    Raises
    ------
    ValueError
        If the file has changed.
    FileNotFoundError
        If it is not there.

    References
    ----------
    Keeling, Whorf 2004, Scripps Institution of Oceanography, in the public domain according to
    statsmodels. The card, ``data/co2.md``, tells how it came here and how the means were made.

    Examples
    --------
    >>> months, co2 = load_co2()
    >>> str(months[0]), co2[0], str(months[-1]), co2[-1]
    ('1959-01', 315.5, '2001-12', 371.02)
    """
    months, co2, _ = _columns("co2.csv")
    return months.astype("datetime64[M]"), co2.astype(np.float64)


def mackey_glass(
    n_steps: int, tau: float = 17.0, spacing: float = 1.0, seed: int = 0
) -> np.ndarray:
    """Values of the Mackey–Glass equation, a delayed feedback that never repeats itself.

    ``dx/dt = 0.2 x(t - tau) / (1 + x(t - tau)^10) - 0.1 x(t)``, solved by the Runge–Kutta method
    of order four in steps of 0.1. The history before the start is constant, near 1.2 and drawn
    from the seed; the first 500 time units are thrown away.

    Parameters
    ----------
    n_steps
        Number of values; at least 1.
    tau
        The delay, above 0 and below 10,000; chaotic from about 17 on.
    spacing
        Time between two values, above 0 and below 10,000. It and ``tau`` are rounded to tenths.
    seed
        Whole number of at least 0.

    Returns
    -------
    ndarray (n_steps,), float64
        For ``tau`` = 17 between 0.4 and 1.35.

    References
    ----------
    Mackey, Glass 1977, *Oscillation and chaos in physiological control systems*, Science 197,
    287–289. As a test of forecasts: Farmer, Sidorowich 1987, Physical Review Letters 59, 845–848.

    Examples
    --------
    >>> mackey_glass(4, spacing=3).round(2)
    array([1.14, 1.16, 1.22, 1.24])
    """
    n_steps = whole_number("n_steps", n_steps, 1)
    delay = max(1, round(number("tau", tau, 0, LONGEST) / STEP))
    every = max(1, round(number("spacing", spacing, 0, LONGEST) / STEP))
    rng = np.random.default_rng(whole_number("seed", seed, 0))
    settling = round(SETTLING / STEP)
    x = [1.2 + float(rng.uniform(-0.1, 0.1))] * (delay + 1)
    # Plain floats: the loop cannot be vectorised, and NumPy's scalars are slower.
    for i in range(settling + (n_steps - 1) * every):
        x.append(_runge_kutta(x[-1], x[i], x[i + 1]))
    return np.array(x[delay + settling :: every])


def _runge_kutta(x: float, delayed: float, delayed_next: float) -> float:
    """One step; between two steps the delayed value is taken to move along a straight line."""
    now, later = _feedback(delayed), _feedback(delayed_next)
    between = _feedback((delayed + delayed_next) / 2)
    k1 = now - 0.1 * x
    k2 = between - 0.1 * (x + STEP * k1 / 2)
    k3 = between - 0.1 * (x + STEP * k2 / 2)
    k4 = later - 0.1 * (x + STEP * k3)
    return x + STEP * (k1 + 2 * k2 + 2 * k3 + k4) / 6


def _feedback(delayed: float) -> float:
    return 0.2 * delayed / (1 + delayed**10)


def _columns(file_name: str) -> list[np.ndarray]:
    """Columns of a shipped table without its header, as text."""
    rows = read_shipped(file_name).splitlines()[1:]
    return list(np.array([row.split(",") for row in rows]).T)
