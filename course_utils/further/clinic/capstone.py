"""The capstone's rubric: it runs a submission five times and gives points, each with its reason."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.datasets import load_sunspots
from course_utils.forecasting import LinearForecaster, mase, naive, split_windows
from course_utils.judging.exercise import Case, Exercise
from course_utils.judging.outcomes import Outcome, Unusable, run_cases, type_name
from course_utils.judging.sandbox import Ended

N_TRAIN = 230  # years: 1700 to 1929; the test part is 1930 to 2008
SEEDS = (0, 1, 2)
LINEAR_STEPS = 11  # years that the linear baseline reads: about a cycle
MOST_PARAMETERS = 1000
SECONDS = 120.0  # for all five runs


@dataclass(frozen=True)
class Criterion:
    """One line of the report: what was asked, what was found, and why it is asked."""

    name: str
    points: int
    of: int
    found: str
    why: str


@dataclass(frozen=True)
class Report:
    """The points of a capstone.

    Attributes
    ----------
    criteria : tuple of Criterion
        Empty where the submission could not be run at all.
    message : str
        One sentence on the whole.
    """

    criteria: tuple[Criterion, ...]
    message: str

    @property
    def points(self) -> int:
        """The sum of all points."""
        return sum(each.points for each in self.criteria)

    @property
    def of(self) -> int:
        """The points that there are."""
        return sum(each.of for each in self.criteria)

    def __repr__(self) -> str:
        """Return the report as text."""
        lines = [f"{each.points}/{each.of}  {each.name}: {each.found}" for each in self.criteria]
        return "\n".join([*lines, self.message])

    def _repr_html_(self) -> str:
        """Return the report as a table, with the reason of each criterion."""
        rows = "".join(
            f"<tr><td>{each.points}/{each.of}</td>"
            + "".join(
                f'<td style="text-align: left">{html.escape(text)}</td>'
                for text in (each.name, each.found, each.why)
            )
            + "</tr>"
            for each in self.criteria
        )
        titles = ("points", "criterion", "found", "why it counts")
        cells = (f'<th style="text-align: left">{title}</th>' for title in titles)
        head = f"<tr>{''.join(cells)}</tr>"
        table = f"<table>{head}{rows}</table>" if rows else ""
        return f"{table}<p><strong>{html.escape(self.message)}</strong></p>"


def rubric(submission: Any) -> Report:
    """Run a capstone on the yearly sunspots, and give points.

    Parameters
    ----------
    submission : callable
        ``submission(series, n_train, seed)`` returns the forecasts (n - n_train,) of
        ``series[n_train:]``, each one year ahead, and its parameters: an array, or a list or dict
        of arrays. It is run with three seeds, a second time with the first, and once on a series
        whose second half of the test part is another.

    Returns
    -------
    Report
        Never an exception, whatever the submission does; only the stop button passes.

    Examples
    --------
    >>> def repeats_last_year(series, n_train, seed):
    ...     return series[n_train - 1 : -1], []
    >>> report = rubric(repeats_last_year)
    >>> report.points, report.of
    (8, 15)
    """
    if not callable(submission) or issubclass(type(submission), type):
        return Report((), f"The rubric wants a function, it got a `{type_name(submission)}`.")
    with np.errstate(all="ignore"):
        outcomes, ended = run_cases(_CAPSTONE, submission, _cases(), SECONDS)
        if not all(outcome.attempted for outcome in outcomes):
            return Report((), "The capstone is not written yet.")
        if ended is not Ended.FINISHED:
            return Report((), f"Five runs took more than {SECONDS:g} seconds. Make it smaller.")
        return _report(outcomes)


def capstone(series: np.ndarray, n_train: int, seed: int) -> tuple:
    """Forecast ``series[n_train:]``, one year ahead each; only its name and arguments are used."""
    raise NotImplementedError("Exercise 18")


def _forecast_and_size(submission: Callable, args: tuple) -> tuple:
    """Run a submission and count its parameters."""
    returned = submission(*args)
    if not isinstance(returned, tuple) or len(returned) != 2:
        raise Unusable(
            f"returned a `{type_name(returned)}`, wanted two things: forecasts and parameters."
        )
    forecast, parameters = returned
    if isinstance(parameters, Mapping):
        parameters = list(parameters.values())
    arrays = parameters if isinstance(parameters, list | tuple) else [parameters]
    return forecast, sum(np.size(np.asarray(array, float)) for array in arrays)


def _cases() -> list[Case]:
    _, series = load_sunspots()
    other = series.copy()
    later = slice(_changed_from(series), None)
    other[later] = np.random.default_rng(18).permutation(other[later]) + 60
    runs = [(f"seed {seed}", series, seed) for seed in SEEDS]
    runs += [("seed 0 again", series, 0), ("another future", other, 0)]
    return [Case(label, (data.copy(), N_TRAIN, seed)) for label, data, seed in runs]


def _changed_from(series: np.ndarray) -> int:
    """Index of the first value that another future changes: the middle of the test part."""
    return N_TRAIN + (len(series) - N_TRAIN) // 2


_CAPSTONE = Exercise(
    "18",
    "Capstone",
    capstone,
    _cases,
    (),
    ("forecast (n_test,)", "number of parameters"),
    time_limit=SECONDS,
    call=_forecast_and_size,
)

_WHYS = {
    "right form": "A forecast that is missing or not finite cannot be scored.",
    "leaves the data alone": "Whoever changes the data changes the next experiment.",
    "the same again from the same seed": "A result that nobody can repeat is an anecdote.",
    "no look into the future": "A forecast may use what was known before its year: scaler, windows and training, too.",
    "listens to the past": "A forecast that ignores the last years is a constant.",
    "beats the naive forecast": "Repeating the last year costs nothing to build.",
    "beats a straight line": "A least-squares fit on 11 years has no loop, no gate and 12 numbers.",
    "with every seed": "The best of three seeds is luck; median and range are a result.",
    "is small": f"{N_TRAIN} values do not fix more than {MOST_PARAMETERS:,} parameters.",
}


def _report(outcomes: list[Outcome]) -> Report:
    _, series = load_sunspots()
    problem = _unusable(outcomes, len(series) - N_TRAIN)
    changed = any(outcome.changed for outcome in outcomes)
    rows = [
        ("right form", 1, problem is None, problem or f"{len(series) - N_TRAIN} finite numbers")
    ]
    if problem is None:
        returned = [outcome.values for outcome in outcomes if outcome.values is not None]
        *by_seed, again, other = (forecast.astype(float) for forecast, _ in returned)
        rows.append(
            ("leaves the data alone", 1, not changed, "changed" if changed else "unchanged")
        )
        gap = float(np.abs(by_seed[0] - again).max())
        rows.append(
            ("the same again from the same seed", 1, gap == 0, f"largest difference {gap:.2g}")
        )
        rows += _on_another_future(by_seed[0], other, _changed_from(series) - N_TRAIN)
        honest = rows[-2][2]
        rows += _accuracy(np.array(by_seed), series, honest)
        sizes = [int(size) for _, size in returned]
        rows.append(("is small", 1, max(sizes) <= MOST_PARAMETERS, f"{max(sizes):,} parameters"))
    criteria = tuple(
        Criterion(name, of if passed else 0, of, found, _WHYS[name])
        for name, of, passed, found in rows
    )
    if problem is not None:
        return Report(criteria, "No points: nothing but the form could be looked at.")
    points, of = sum(each.points for each in criteria), sum(each.of for each in criteria)
    lost = [each.name for each in criteria if each.points < each.of]
    rest = f" Lost at: {', '.join(lost)}." if lost else " Nothing is missing."
    return Report(criteria, f"{points} of {of} points.{rest}")


def _unusable(outcomes: list[Outcome], n_test: int) -> str | None:
    """What is wrong with the form of any run, or None."""
    for case, outcome in zip(_cases(), outcomes, strict=True):
        if outcome.values is None:
            return f"with {case.label} your function {outcome.problem}"
        forecast, size = outcome.values
        if forecast.dtype.kind not in "iuf":
            return f"with {case.label} the forecast does not hold numbers"
        if forecast.shape != (n_test,):
            return f"with {case.label} the forecast has shape {forecast.shape}, wanted ({n_test},)"
        if not np.isfinite(forecast).all():
            return f"with {case.label} the forecast holds numbers that are not finite"
        if size.ndim or size.dtype.kind not in "iu":
            return f"with {case.label} the parameters could not be counted"
    return None


def _on_another_future(forecast: np.ndarray, other: np.ndarray, place: int) -> list[tuple]:
    """Compare the forecasts before and after the first value that is another.

    The forecast at ``place`` still knows nothing of it.
    """
    year = 1700 + N_TRAIN + place
    moved = np.abs(forecast - other)
    early, late = float(moved[: place + 1].max()), float(moved[place + 1 :].max())
    return [
        (
            "no look into the future",
            3,
            early <= 1e-9 * max(1.0, float(np.abs(forecast).max())),
            f"with other values from {year} on, a forecast up to {year} moved by {early:.2g}",
        ),
        (
            "listens to the past",
            1,
            late > 1e-9,
            f"with other values from {year} on, a later forecast moved by {late:.0f}",
        ),
    ]


def _accuracy(forecasts: np.ndarray, series: np.ndarray, honest: bool) -> list[tuple]:
    """Errors of three seeds (3, n_test) beside two baselines; none count after a look ahead."""
    train, test = series[:N_TRAIN], series[N_TRAIN:]
    errors = sorted(mase(test, forecast, train) for forecast in forecasts)
    x, y, x_test, _ = split_windows(series, N_TRAIN, LINEAR_STEPS, 1)
    last_year = mase(test, naive(x_test, 1)[:, 0], train)
    line = mase(test, LinearForecaster.fit(x, y).predict(x_test)[:, 0], train)
    spread = f"MASE {errors[1]:.2f} ({errors[0]:.2f} to {errors[2]:.2f})"
    void = "" if honest else "; it does not count, because the future was known"
    return [
        (
            "beats the naive forecast",
            3,
            honest and errors[1] < last_year,
            f"{spread}, naive {last_year:.2f}{void}",
        ),
        (
            "beats a straight line",
            2,
            honest and errors[1] < line,
            f"{spread}, linear {line:.2f}{void}",
        ),
        (
            "with every seed",
            2,
            honest and errors[2] < last_year,
            f"worst of {len(SEEDS)} seeds {errors[2]:.2f}, naive {last_year:.2f}{void}",
        ),
    ]
