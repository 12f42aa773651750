"""The ward: ten broken programs, each beside a healthy one, and which properties it breaks."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from .base import Choice, Explorer, Range, format_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N_SEEDS = 5


class WardExplorer(Explorer):
    """Chart and vital signs of a patient of the clinic beside those of a healthy program.

    The patients, their charts and properties are those of :mod:`course_utils.further.clinic`. A vital
    sign is a property that holds for every right program, with the amount by which the patient
    breaks it.

    The numbers of :meth:`state`: ``patient`` and ``healthy`` (20 each), ``here`` (both at the
    chosen place), ``apart`` (their distance there), ``signs`` (property to amount; 0 where it
    holds).

    Parameters
    ----------
    **values
        Where the controls start, by name: ``who``, ``seed``, ``place``.

    Examples
    --------
    >>> WardExplorer(place=20).state()["apart"] > 1.9
    True
    """

    script = "ward"
    title = "The ward"

    def __init__(self, **values: int | str) -> None:
        charts = _charts()
        names = tuple(chart["name"] for chart in charts)
        self.data = {"charts": charts}
        self.controls = (
            Choice("who", "patient", names, names[0]),
            Range("seed", "seed of its data", 0, N_SEEDS - 1, 1, 0),
            Range("place", "place on the chart", 1, len(charts[0]["runs"][0]["patient"]), 1, 5),
        )
        super().__init__(**values)

    def compute(self, values: dict) -> dict:
        """Look the run up, and compare both programs at the chosen place."""
        run = self._chart(values)["runs"][values["seed"]]
        here = [run[who][values["place"] - 1] for who in ("patient", "healthy")]
        return {
            "patient": run["patient"],
            "healthy": run["healthy"],
            "here": here,
            "apart": abs(here[0] - here[1]),
            "signs": run["signs"],
        }

    def sentence(self, values: dict, result: dict) -> str:
        """Give both numbers at the place, and how many properties are broken."""
        chart = self._chart(values)
        broken = sum(amount > 0 for amount in result["signs"].values())
        return (
            f"{chart['y_label']} at {values['place']}: {format_number(result['here'][0])}, in a "
            f"healthy program {format_number(result['here'][1])}; {broken} of "
            f"{len(result['signs'])} properties {'is' if broken == 1 else 'are'} broken."
        )

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw both curves, and list the properties below."""
        from matplotlib import pyplot as plt

        from ..plotting import PALETTE

        chart = self._chart(values)
        figure, (above, below) = plt.subplots(
            2, 1, figsize=(7, 4.6), layout="constrained", height_ratios=(3, 1.3)
        )
        places = range(1, len(result["patient"]) + 1)
        above.plot(places, result["healthy"], "--", color=PALETTE["blue"], label="healthy")
        above.plot(places, result["patient"], "o-", color=PALETTE["vermillion"], label="patient")
        above.axvline(values["place"], color="0.5", linewidth=0.8)
        above.set_xticks([1, *range(5, len(places) + 1, 5)])
        above.set_xlabel(chart["x_label"])
        above.set_ylabel(chart["y_label"])
        above.set_title(f"A program that {chart['does']}", fontsize="medium", loc="left")
        above.legend(fontsize="small")
        below.axis("off")
        for row, (name, amount) in enumerate(result["signs"].items()):
            place = (0, 1 - row / 5)
            below.text(*place, _sign(name, amount), transform=below.transAxes, va="top")
        return figure

    def _chart(self, values: dict) -> dict:
        return next(chart for chart in self.data["charts"] if chart["name"] == values["who"])


def _sign(name: str, amount: float) -> str:
    return f"✗ {name}: off by {format_number(amount)}" if amount else f"✓ {name}"


@cache
def _charts() -> list[dict]:
    """Every patient's chart with the curves and the signs of every seed."""
    from ..further.clinic import patient
    from ..further.clinic.patients import N_PATIENTS

    charts = []
    for number in range(1, N_PATIENTS + 1):
        by_seed = [patient(number, seed) for seed in range(N_SEEDS)]
        first = by_seed[0]
        runs = [
            {
                "patient": one.points().tolist(),
                "healthy": one.points(one.mended).tolist(),
                "signs": one.vital_signs(),
            }
            for one in by_seed
        ]
        labels = {"x_label": first.chart.x_label, "y_label": first.chart.y_label}
        name = {"name": f"{number} · {first.program}", "does": first.does}
        charts.append({**name, **labels, "runs": runs})
    return charts
