"""What each change of one base does to a network's evidence: saliency over a DNA sequence."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from .base import DATA, Choice, Explorer, Range, Text, format_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..further.small_networks import Reader

BASES = "ACGT"
MAX_STEPS, MAX_UNITS = 60, 32  # so that the page draws at once
OWN = "your own bases"
SEQUENCES = {
    "with a site": "ACCGCCTAAATGTTATAGGTTGACTCATTCTCAGGGGAGT",
    "with the other site": "AACCTGCAATCGAATGCCAAATCATTGAGTCAAAATCTAC",
    "shuffled": "AAAGCCCTATTAAAAGGCGGCTTAGGATTAATATCTTCAC",
}
SITES = {"with a site": 21, "with the other site": 26}


class MutationExplorer(Explorer):
    """Every change of one base of a sequence, and how far it moves a network's answer.

    The network reads bases, one-hot in the order A, C, G, T, and answers with two scores; the
    second less the first is its *evidence* for the motif. The page changes each base in turn and
    runs the network again, about 120 times at each move of a control.

    The numbers of :meth:`state`: ``bases`` (the sequence), ``evidence``, ``effects`` (a list for
    each of A, C, G, T: what that base does at each place, 0 where it stands already), ``place``
    (the one pointed to, from 1) and ``changed`` (the evidence after the change).

    Parameters
    ----------
    reader : small_networks.Reader, optional
        A network of your own that reads 4 features, names 2 classes from the mean of its states
        and has at most 32 units. Unless given, the one of lesson 17, trained for the course.
    sequences : dict from name to str, optional
        What to choose from beside typing, each of 1 to 60 bases.
    sites : dict from name to int, optional
        Where a site of 7 bases is known to begin, from 1; it is marked.
    **values
        Where the controls start, by name.

    Raises
    ------
    TypeError, ValueError
        If the network or a sequence cannot be shown.

    Examples
    --------
    >>> explorer = MutationExplorer()
    >>> explorer.state()["evidence"] > 0 > explorer.state(sequence="shuffled")["evidence"]
    True
    """

    script = "mutations"
    title = "What a mutation does"

    def __init__(
        self,
        reader: Reader | None = None,
        sequences: Mapping[str, str] | None = None,
        sites: Mapping[str, int] | None = None,
        **values: Any,
    ) -> None:
        weights = _built_in() if reader is None else _weights(reader)
        if sequences is None:
            sequences, sites = SEQUENCES, SITES
        self._sequences = {name: _checked(name, bases) for name, bases in sequences.items()}
        if not self._sequences:
            raise ValueError("sequences must hold at least one sequence, got none")
        self._sites = dict(sites or {})
        names = tuple(self._sequences)
        longest = max(2, *map(len, self._sequences.values()))
        self.controls = (
            Choice("sequence", "sequence", (OWN, *names), names[0]),
            Text("typed", f"{OWN}, up to {MAX_STEPS}", "AAAATGAGTCATTTT", 200, ("sequence", OWN)),
            Range("place", "place of the change", 1, longest, 1, min(longest, 22)),
            Choice("base", "base put there", tuple(BASES), "C"),
        )
        self.data = {
            "own": OWN,
            "max_steps": MAX_STEPS,
            "sequences": self._sequences,
            "sites": self._sites,
            "weights": weights,
        }
        super().__init__(**values)

    def compute(self, values: dict) -> dict:
        """Return the evidence, and what each change of one base does to it."""
        import numpy as np

        from ..further.scoring import mutation_effects

        chosen = values["sequence"]
        bases = _plain(values["typed"]) if chosen == OWN else self._sequences[chosen]
        place = min(values["place"], len(bases))
        if not bases:
            return {
                "bases": "",
                "evidence": None,
                "effects": [[] for _ in BASES],
                "place": 0,
                "changed": None,
            }
        ids = np.array([BASES.index(base) for base in bases])
        (logits,) = self._logits(ids[None])
        evidence = float(logits[1] - logits[0])
        effects = mutation_effects(self._logits, ids).T
        changed = evidence + effects[BASES.index(values["base"]), place - 1]
        return {
            "bases": bases,
            "evidence": evidence,
            "effects": effects.tolist(),
            "place": place,
            "changed": float(changed),
        }

    def _logits(self, ids):
        """Run the network in float64, as the page does: ids (N, T) to (N, 2)."""
        import numpy as np

        from ..cells import GRU

        weights = {name: np.array(each) for name, each in self.data["weights"].items()}
        cell = GRU(weights["kernel"], weights["recurrent_kernel"], weights["bias"])
        h = cell.forward(np.eye(4)[ids]).h.mean(axis=1)
        return h @ weights["W_hy"] + weights["b_y"]

    def sentence(self, values: dict, result: dict) -> str:
        """Say what the network thinks, what the change does, and which change does most."""
        bases, effects, place = result["bases"], result["effects"], result["place"]
        if not bases:
            return f"Type 1 to {MAX_STEPS} of the letters A, C, G and T."
        new, old = values["base"], bases[place - 1]
        if new == old:
            change = f"at place {place} there is {old} already"
        else:
            change = f"{new} for {old} at place {place} moves it by " + _signed(
                effects[BASES.index(new)][place - 1]
            )
        worst = (0, 0)
        for t in range(len(bases)):
            for b in range(len(BASES)):
                if effects[b][t] < effects[worst[0]][worst[1]] - 1e-9:
                    worst = (b, t)
        probability = 1 / (1 + math.exp(-result["evidence"]))
        return (
            f"The evidence for the motif is {format_number(result['evidence'])} (probability "
            f"{format_number(probability)}); {change}, and what hurts most is {BASES[worst[0]]} "
            f"at place {worst[1] + 1} ({_signed(effects[worst[0]][worst[1]])})."
        )

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw the largest drop at each place, and all changes as a map below."""
        import numpy as np
        from matplotlib import pyplot as plt

        from ..plotting import DIVERGING, PALETTE

        figure, (above, below) = plt.subplots(
            2, 1, figsize=(7, 3.4), sharex=True, height_ratios=(3, 2), layout="constrained"
        )
        bases, effects = result["bases"], np.array(result["effects"])
        n = max(len(bases), 1)
        above.set_ylabel("largest drop")
        below.set_yticks(range(4), BASES)
        below.set_xlim(-0.5, n - 0.5)
        below.set_ylim(3.5, -0.5)
        below.grid(visible=False)
        below.set_xlabel("bases of the sequence (yellow: the planted site)")
        if not bases:
            below.set_xticks([])
            return figure
        above.bar(range(n), -effects.min(axis=0), color=PALETTE["blue"])
        most = max(1e-9, np.abs(effects).max())
        below.imshow(effects, cmap=DIVERGING, vmin=-most, vmax=most, aspect="auto")
        row, column = BASES.index(values["base"]), result["place"] - 1
        below.add_patch(
            plt.Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="black", lw=1.8)
        )
        below.set_xticks(range(n), bases, fontsize=8)
        start = self._sites.get(values["sequence"])
        if start:
            above.axvspan(start - 1.5, start + 5.5, color=PALETTE["yellow"], alpha=0.4, lw=0)
        probability = 1 / (1 + math.exp(-result["evidence"]))
        above.set_title(
            f"evidence {format_number(result['evidence'])} (probability "
            f"{format_number(probability)}), after the change {format_number(result['changed'])}",
            fontsize=10,
        )
        return figure


@cache
def _built_in() -> dict[str, list]:
    """The network of lesson 17; ``tools/measure/applications.py`` writes it."""
    return json.loads(DATA.joinpath("mutations.json").read_text("utf-8"))


def _weights(reader: Reader) -> dict[str, list]:
    from ..further.small_networks import Reader

    if not isinstance(reader, Reader):
        raise TypeError(f"reader must be a Reader, got {type(reader).__name__}")
    n_features, n_units = reader.cell.n_features, reader.cell.n_units
    n_classes = len(reader.b_y)
    fits = (reader.read_out, n_features, n_classes) == ("mean", len(BASES), 2)
    if not fits or n_units > MAX_UNITS:
        raise ValueError(
            f"reader must read 4 features, name 2 classes from the mean and have at most "
            f"{MAX_UNITS} units, got {n_features} features, {n_classes} classes, read-out "
            f"{reader.read_out!r} and {n_units} units"
        )
    return {name: weight.astype(float).tolist() for name, weight in reader.parameters.items()}


def _plain(typed: str) -> str:
    """The bases among what was typed, in capitals."""
    return "".join(base for base in typed.upper() if base in BASES)[:MAX_STEPS]


def _checked(name: str, bases: str) -> str:
    if not isinstance(bases, str) or not 0 < len(bases) <= MAX_STEPS or set(bases) - set(BASES):
        raise ValueError(
            f"sequences[{name!r}] must be 1 to {MAX_STEPS} of the letters A, C, G, T, got {bases!r}"
        )
    return bases


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{format_number(value)}"
