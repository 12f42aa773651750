"""Forecasts from one origin, step by step beside the truth, and what they cost over all origins."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from .base import Explorer, Range, format_number

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

MAX_FORECASTERS = 4
MAX_NUMBERS = 60_000  # forecasts sent to the page
SEASON = 11  # years of a solar cycle, for the example
N_STEPS = 24
HORIZON = 12
FIRST_TEST = 230  # the year 1930
STYLES = (("vermillion", "-"), ("blue", "--"), ("green", ":"), ("orange", "-."))


class HorizonExplorer(Explorer):
    """What each forecaster says of the next 1 to H values, seen from one origin after the other.

    The origin is the last value that is known. Errors are in units of the naive forecast's error,
    one step ahead, on everything before the first origin's forecast (MASE).

    The numbers of :meth:`state`: ``times`` (h), ``truth`` (h), ``forecasts`` (name to h numbers),
    ``so_far`` (name to the mean error of this origin over the h steps), ``overall`` (the same over
    all origins), ``by_step`` (name to H numbers: the error over all origins of each step ahead).

    Parameters
    ----------
    series : array (n,), optional
        The whole series. Without one: yearly sunspots, with three baselines.
    forecasts : mapping of str to array (N, H), optional
        Name and forecasts of one to four forecasters. Row ``i`` forecasts the ``H`` values from
        ``series[n - H - N + 1 + i]`` on, so that the last row ends with the series.
    first_time : int
        Time of ``series[0]``, such as 1700.
    time_unit, value_label : str
        What a step is (``"year"``) and what is measured, with its unit.
    **values
        Where the controls start, by name: ``origin`` (a time) and ``horizon``.

    Raises
    ------
    ValueError
        If there is a series without forecasts or the other way round, or shapes do not fit.
    TypeError
        If they do not hold real numbers.

    Examples
    --------
    >>> HorizonExplorer(origin=1950, horizon=3).state()["truth"]
    [69.4, 31.5, 13.9]
    """

    script = "horizon"
    title = "Forecasts and their horizon"

    def __init__(
        self,
        series: ArrayLike | None = None,
        forecasts: Mapping[str, ArrayLike] | None = None,
        *,
        first_time: int = 0,
        time_unit: str = "step",
        value_label: str = "value",
        **values: Any,
    ) -> None:
        if (series is None) != (forecasts is None):
            raise ValueError("series and forecasts come together, or not at all")
        if series is None or forecasts is None:
            series, forecasts = _example()
            first_time, time_unit, value_label = 1700, "year", "sunspots"
        series, arrays = _checked(series, forecasts)
        n_origins, horizon = next(iter(arrays.values())).shape
        first = len(series) - horizon - n_origins + 1
        self.data = {
            "series": series.tolist(),
            "forecasts": {name: each.tolist() for name, each in arrays.items()},
            "first": first,
            "first_time": first_time,
            "time_unit": time_unit,
            "value_label": value_label,
            "scale": _scale(series[:first]),
        }
        start = first_time + first - 1
        self.controls = (
            Range("horizon", f"{time_unit}s ahead", 1, horizon, 1, horizon),
            Range("origin", f"last known {time_unit}", start, start + n_origins - 1, 1, start),
        )
        super().__init__(**values)

    def compute(self, values: dict) -> dict:
        """Return truth and forecasts up to the horizon, and the errors of one and of all origins."""
        import numpy as np

        data, horizon = self.data, values["horizon"]
        row = values["origin"] - data["first_time"] - data["first"] + 1
        at = data["first"] + row
        series, n_steps = np.array(data["series"]), len(self._rows()[0])
        truths = np.lib.stride_tricks.sliding_window_view(series[data["first"] :], n_steps)
        forecasts = {name: np.array(each) for name, each in data["forecasts"].items()}
        errors = {name: np.abs(each - truths) / data["scale"] for name, each in forecasts.items()}
        return {
            "times": [data["first_time"] + at + k for k in range(horizon)],
            "truth": series[at : at + horizon].tolist(),
            "forecasts": {name: each[row, :horizon].tolist() for name, each in forecasts.items()},
            "so_far": {name: float(each[row, :horizon].mean()) for name, each in errors.items()},
            "overall": {name: float(each[:, :horizon].mean()) for name, each in errors.items()},
            "by_step": {name: each.mean(axis=0).tolist() for name, each in errors.items()},
        }

    def sentence(self, values: dict, result: dict) -> str:
        """Give the errors up to the horizon, of this origin and of all."""
        unit, n_origins = self.data["time_unit"], len(self._rows())
        errors = _listed([f"{name} {format_number(e)}" for name, e in result["so_far"].items()])
        overall = _listed([f"{format_number(e)}" for e in result["overall"].values()])
        return (
            f"Up to {_counted(values['horizon'], unit)} after {values['origin']} the error is, in "
            f"units of the naive forecast's: {errors}; over all {n_origins} origins {overall}."
        )

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw the forecasts beside the truth, and below the error of each step ahead."""
        from matplotlib import pyplot as plt

        from ..plotting import PALETTE

        data = self.data
        figure, (above, below) = plt.subplots(
            2, 1, figsize=(7, 5.2), layout="constrained", height_ratios=(3, 2)
        )
        low, high = self._history(values)
        known = data["series"][low:high]
        times = [data["first_time"] + i for i in range(low, high)]
        above.plot(times, known, color="0.6")
        above.plot(
            [times[-1], *result["times"]],
            [known[-1], *result["truth"]],
            "o-",
            color="k",
            markersize=3,
            label="truth",
        )
        for (name, forecast), (colour, style) in zip(
            result["forecasts"].items(), STYLES, strict=False
        ):
            drawn = [known[-1], *forecast]
            above.plot(
                [times[-1], *result["times"]], drawn, style, color=PALETTE[colour], label=name
            )
            steps = range(1, len(result["by_step"][name]) + 1)
            below.plot(steps, result["by_step"][name], style, color=PALETTE[colour])
        above.axvline(times[-1], color="0.5", linewidth=0.8)
        above.set_xlim(times[0], times[-1] + len(self._rows()[0]))
        above.set_xlabel(data["time_unit"])
        above.set_ylabel(data["value_label"])
        above.legend(fontsize="small", loc="upper left")
        below.axvline(values["horizon"], color="0.5", linewidth=0.8)
        below.set_ylim(bottom=0)
        below.set_xlabel(f"{data['time_unit']}s ahead")
        below.set_ylabel("MASE, all origins")
        return figure

    def _rows(self) -> list[list[float]]:
        """Forecasts of the first forecaster, (N, H)."""
        return next(iter(self.data["forecasts"].values()))

    def _history(self, values: dict) -> tuple[int, int]:
        """Where the known values that are drawn begin and end: at most three horizons."""
        end = values["origin"] - self.data["first_time"] + 1
        return max(0, end - 3 * len(self._rows()[0])), end


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def _checked(
    series: ArrayLike, forecasts: Mapping[str, ArrayLike]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    import numpy as np

    from ..arguments import real_array

    series = real_array("series", series).astype(float)
    arrays = {
        str(name): real_array(f"forecasts[{name!r}]", each).astype(float)
        for name, each in forecasts.items()
    }
    if series.ndim != 1 or not np.isfinite(series).all():
        raise ValueError(f"series must be (n,) finite numbers, got shape {series.shape}")
    if not 1 <= len(arrays) <= MAX_FORECASTERS:
        raise ValueError(f"forecasts must be of 1 to {MAX_FORECASTERS} names, got {len(arrays)}")
    shapes = {each.shape for each in arrays.values()}
    shape = shapes.pop()
    if shapes or len(shape) != 2 or min(shape) < 2 or sum(shape) > len(series) - 1:
        raise ValueError(
            "forecasts must all have one shape (N, H), both at least 2, and leave at least two "
            f"of the {len(series)} values before the first forecast, got {sorted({shape, *shapes})}"
        )
    if not all(np.isfinite(each).all() for each in arrays.values()):
        raise ValueError("forecasts must be finite numbers")
    if len(arrays) * shape[0] * shape[1] > MAX_NUMBERS:
        raise ValueError(f"forecasts must be at most {MAX_NUMBERS} numbers in all; take fewer rows")
    return series, arrays


def _scale(train: np.ndarray) -> float:
    from ..forecasting import naive_error

    return naive_error(train)


@cache
def _example() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Sunspots from 1930 on, forecast by the three baselines of lesson 11."""
    from ..datasets import load_sunspots
    from ..forecasting import LinearForecaster, naive, seasonal_naive, split_windows

    _, sunspots = load_sunspots()
    x_train, y_train, x_test, _ = split_windows(sunspots, FIRST_TEST, N_STEPS, HORIZON)
    return sunspots, {
        "linear": LinearForecaster.fit(x_train, y_train).predict(x_test),
        "seasonal naive": seasonal_naive(x_test, HORIZON, SEASON),
        "naive": naive(x_test, HORIZON),
    }
