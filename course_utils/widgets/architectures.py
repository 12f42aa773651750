"""Five networks on six tasks: who is ahead, at which learning rate, by which seed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from statistics import median
from typing import TYPE_CHECKING, Any

from .base import Choice, Explorer, Range, format_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVEL = 0.01  # skills that differ by no more count as level
LEARNED = 0.05  # who is below has not left guessing
BETTER = "better of the two"
MEDIAN, BEST, WORST = "median of 3 seeds", "best of 3 seeds", "worst of 3 seeds"
STATISTICS = (MEDIAN, BEST, WORST, "seed 0 alone", "seed 1 alone", "seed 2 alone")
SHORT_TASKS = ("adding 20", "adding 50", "adding 100", "copy 20", "order 50", "digits 64")
SHORT_NETWORKS = ("RNN 32", "RNN 66", "IRNN 32", "LSTM 32", "GRU 32")
STYLES = (
    ("black", ":"),
    ("black", "-"),
    ("green", "--"),
    ("vermillion", "-."),
    ("blue", "-"),
)


class ArchitectureExplorer(Explorer):
    """The measured grid of lesson 15: tasks down, networks across, and the learning curves.

    Scores are put on one scale, the skill: 0 for who guesses, 1 for who makes no mistake. Ahead is
    who has the highest skill of a task; who is less than 0.01 behind is level.

    The numbers of :meth:`state`: ``skills`` and ``rates`` (tasks, networks), ``ahead`` (of each
    task the networks that are ahead or level; none where nobody has left guessing), ``n_ahead``
    (of each network, on how many tasks) and ``curves`` (network to the skills ``shown``, ``low``
    and ``high`` after each 150 updates).

    Parameters
    ----------
    **values
        Where the controls start, by name.

    Raises
    ------
    ValueError
        If a control does not exist or cannot take its value.

    Examples
    --------
    >>> ArchitectureExplorer(rate="0.002").state()["ahead"][-1]
    ['SimpleRNN 66']
    >>> ArchitectureExplorer(rate="0.01").state()["ahead"][-1]
    ['LSTM 32', 'GRU 32']
    """

    script = "architectures"
    title = "Who is ahead"

    def __init__(self, **values: Any) -> None:
        self.data = _measured()
        tasks = tuple(self.data["tasks"])
        rates = (*map(str, self.data["rates"]), BETTER)
        last = self.data["updates"][-1]
        step = self.data["updates"][0]
        self.controls = (
            Choice("rate", "learning rate", rates, rates[0]),
            Choice("statistic", "score of a network", STATISTICS, MEDIAN),
            Range("updates", "updates", step, last, step, last),
            Choice("task", "task of the curves", tasks, tasks[-1]),
        )
        super().__init__(**values)

    def compute(self, values: dict) -> dict:
        """Return the skill of every network on every task, who is ahead, and the curves."""
        data = self.data
        at = data["updates"].index(values["updates"])
        chosen = [[_rate(runs, at, values["rate"], data) for runs in row] for row in data["skills"]]
        shown = [
            [_statistic([seed[at] for seed in runs[rate]], values["statistic"])
             for runs, rate in zip(row, rates, strict=True)]
            for row, rates in zip(data["skills"], chosen, strict=True)
        ]  # fmt: skip
        ahead = [_ahead(row, data["networks"]) for row in shown]
        task = data["tasks"].index(values["task"])
        curves = {}
        for name, runs, rate in zip(
            data["networks"], data["skills"][task], chosen[task], strict=True
        ):
            by_update = list(zip(*runs[rate], strict=True))
            curves[name] = {
                "shown": [_statistic(list(seeds), values["statistic"]) for seeds in by_update],
                "low": [min(seeds) for seeds in by_update],
                "high": [max(seeds) for seeds in by_update],
            }
        return {
            "skills": shown,
            "rates": [[data["rates"][rate] for rate in rates] for rates in chosen],
            "ahead": ahead,
            "n_ahead": [sum(name in row for row in ahead) for name in data["networks"]],
            "curves": curves,
        }

    def sentence(self, values: dict, result: dict) -> str:
        """Say who is ahead on the task of the curves, and on how many tasks each network is."""
        ahead = result["ahead"][self.data["tasks"].index(values["task"])]
        ends = [format_number(result["curves"][name]["shown"][self._at(values)]) for name in ahead]
        verb = "is" if len(ahead) == 1 else "are level:"
        who = (
            f"{_listed(ahead)} {verb}{' ahead with' if len(ahead) == 1 else ''} {_listed(ends)}"
            if ahead
            else "nobody has left guessing"
        )
        counts = [
            f"{name} {count}"
            for name, count in zip(self.data["networks"], result["n_ahead"], strict=True)
        ]
        return (
            f"After {values['updates']} updates, {values['statistic']}, on “{values['task']}” "
            f"{who}; tasks on which each is ahead or level: {', '.join(counts)}."
        )

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw the grid, and below it the curves of one task."""
        from matplotlib import pyplot as plt

        from ..plotting import PALETTE

        figure, (above, below) = plt.subplots(
            2, 1, figsize=(7, 6.4), layout="constrained", height_ratios=(6, 5)
        )
        chosen = self.data["tasks"].index(values["task"])
        clipped = [[min(max(skill, 0.0), 1.0) for skill in row] for row in result["skills"]]
        above.imshow(clipped, cmap="Blues", vmin=0, vmax=1.6, aspect="auto")
        for i, (row, rates) in enumerate(zip(result["skills"], result["rates"], strict=True)):
            for j, (skill, rate) in enumerate(zip(row, rates, strict=True)):
                best = self.data["networks"][j] in result["ahead"][i]
                above.text(
                    j,
                    i,
                    f"{_two(skill)}{'  ★' if best else ''}\nrate {rate:g}",
                    ha="center",
                    va="center",
                    fontsize=8,
                    weight="bold" if best else "normal",
                )
        above.set_xticks(range(len(SHORT_NETWORKS)), SHORT_NETWORKS)
        above.set_yticks(range(len(SHORT_TASKS)), SHORT_TASKS)
        above.get_yticklabels()[chosen].set_weight("bold")
        above.xaxis.tick_top()
        above.grid(visible=False)
        updates = self.data["updates"]
        for (name, curve), (colour, style) in zip(result["curves"].items(), STYLES, strict=True):
            below.fill_between(
                updates, curve["low"], curve["high"], color=PALETTE[colour], alpha=0.1, linewidth=0
            )
            below.plot(updates, curve["shown"], style, color=PALETTE[colour], label=name)
        below.axvline(values["updates"], color="0.5", linewidth=0.8)
        below.set_ylim(-0.15, 1.05)
        below.set_xlabel("updates")
        below.set_ylabel("skill (0: guessing)")
        below.set_title(f"{values['task']}, {values['statistic']}", fontsize="medium")
        below.legend(fontsize="small", ncols=3)
        return figure

    def _at(self, values: dict) -> int:
        return self.data["updates"].index(values["updates"])


@cache
def _measured() -> dict:
    """The grid as skills: (tasks, networks, rates, seeds, updates)."""
    from ..datasets import architecture_skill, load_architecture_runs

    runs = load_architecture_runs()
    tasks, networks, rates = (list(dict.fromkeys(column)) for column in zip(*runs, strict=True))
    n_updates = next(iter(runs.values())).shape[1]
    return {
        "tasks": tasks,
        "networks": networks,
        "short_tasks": list(SHORT_TASKS),
        "short_networks": list(SHORT_NETWORKS),
        "rates": rates,
        "updates": [150 * (k + 1) for k in range(n_updates)],
        "better": BETTER,
        "skills": [
            [
                [
                    architecture_skill(task, runs[task, network, rate]).round(4).tolist()
                    for rate in rates
                ]
                for network in networks
            ]
            for task in tasks
        ],
    }


def _rate(runs: list, at: int, rate: str, data: dict) -> int:
    """Return which learning rate is used: the one set, or the one with the better median."""
    if rate != BETTER:
        return [str(each) for each in data["rates"]].index(rate)
    at_end = [[seed[at] for seed in seeds] for seeds in runs]
    ranked = [(median(seeds), min(seeds)) for seeds in at_end]  # the worst decides between equals
    return ranked.index(max(ranked))


def _statistic(seeds: list[float], statistic: str) -> float:
    known: dict[str, Callable[[list[float]], float]] = {MEDIAN: median, BEST: max, WORST: min}
    return known[statistic](seeds) if statistic in known else seeds[int(statistic.split()[1])]


def _ahead(skills: list[float], networks: list[str]) -> list[str]:
    best = max(skills)
    if best < LEARNED:
        return []
    return [
        name
        for name, skill in zip(networks, skills, strict=True)
        if skill >= best - LEVEL + 1e-9 or skill == best
    ]


def _two(skill: float) -> str:
    """A skill with two decimals, as the page writes it; below guessing it is 0."""
    return f"{max(skill, 0.0) + 1e-9:.2f}"


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
