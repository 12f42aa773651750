"""Parity learned from four kinds of training data: which networks have the rule, and how far."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from ..arguments import real_array
from .base import DATA, Choice, Explorer, Range, format_number

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_BITS = 12  # of the longest string in the training
LONGEST = 40
N_STRINGS = 200
N_SHOWN = 10
MAX_UNITS = 128  # of a learner's network; the page reads the string with it
LABELS = {"at every step": "per step", "at the end only": "final"}
LENGTHS = {"always 12 bits": "fixed", "1 to 12 bits": "mixed"}
SETTINGS = tuple(f"{label}, {length}" for label in LABELS.values() for length in LENGTHS.values())
STYLES = {  # colour, dashes and name, as in the page
    "per step, fixed": ("blue", "-", "every step, 12 bits"),
    "per step, mixed": ("black", ":", "every step, 1 to 12 bits"),
    "final, fixed": ("vermillion", "-", "end only, 12 bits"),
    "final, mixed": ("green", "-.", "end only, 1 to 12 bits"),
}
Network = Mapping[str, "np.ndarray"]


class ParityTrainingExplorer(Explorer):
    """Accuracy of parity networks against the length of the string, and one string read.

    The networks differ in the training: a label ``per step`` or one ``final`` label; strings of
    ``fixed`` length 12 or ``mixed``, of 1 to 12 bits. Accuracy is that of the last answer, over
    200 random strings; with several networks for a setting, the median and the range are shown,
    and the first network reads.

    The numbers of :meth:`state`: ``low``, ``middle``, ``high`` (40 each: share of right answers
    after 1 to 40 bits), ``at`` (the median at the test length), ``bits``, ``odd`` (true parity)
    and ``output`` (probability of odd; one a step, as many as the test length), ``n_right``.

    Parameters
    ----------
    networks : dict, optional
        From ``"per step, fixed"``, ``"per step, mixed"``, ``"final, fixed"`` or
        ``"final, mixed"`` to a network or a list of them, of your own. A network is a dictionary
        of ``W_xh`` (1, U), ``W_hh`` (U, U), ``b_h`` (U,), ``W_hy`` (U, 1) and ``b_y`` (1,). For
        the other settings networks are shipped, three runs each.
    **values
        Where the controls start, by name.

    Raises
    ------
    TypeError, ValueError
        If a setting does not exist or a network has other arrays.

    Examples
    --------
    >>> ParityTrainingExplorer(test_length=12).state()["at"]
    1.0
    """

    script = "parity_training"
    title = "What parity is learned from"
    controls = (
        Choice("labels", "labels in the training", tuple(LABELS), "at every step"),
        Choice("lengths", "strings in the training", tuple(LENGTHS), "always 12 bits"),
        Range("test_length", "test length (bits)", 1, LONGEST, 1, 20),
        Range("string", "string that is read", 1, N_SHOWN, 1, 1),
    )

    def __init__(
        self, networks: Mapping[str, Network | Sequence[Network]] | None = None, **values: Any
    ) -> None:
        own = {} if networks is None else _checked(networks)
        bits = _test_bits()
        runs = shipped_networks() | own
        self.data = {
            "curves": {setting: _curves(runs[setting], bits) for setting in SETTINGS},
            "readers": {
                setting: {name: array.tolist() for name, array in runs[setting][0].items()}
                for setting in SETTINGS
            },
            "runs": {setting: len(runs[setting]) for setting in SETTINGS},
            "bits": bits[:N_SHOWN].tolist(),
        }
        super().__init__(**values)

    def compute(self, values: dict) -> dict:
        """Return the accuracy by length, and what the first network makes of the string."""
        import numpy as np

        setting, n_steps = _setting(values), int(values["test_length"])
        curves = self.data["curves"][setting]
        reader = {name: np.array(a) for name, a in self.data["readers"][setting].items()}
        bits = np.array(self.data["bits"][int(values["string"]) - 1][:n_steps])
        logits = _read(reader, bits[None])[0]
        odd = bits.cumsum() % 2
        return curves | {
            "at": curves["middle"][n_steps - 1],
            "bits": bits.tolist(),
            "odd": odd.tolist(),
            "output": (1 / (1 + np.exp(-logits))).tolist(),
            "n_right": int(np.sum((logits > 0) == odd)),
        }

    def sentence(self, values: dict, result: dict) -> str:
        """Say how many strings of the test length are right, and how many steps of this one."""
        n_steps, n_runs = int(values["test_length"]), self.data["runs"][_setting(values)]
        runs = f"median of {n_runs} runs" if n_runs > 1 else "1 run"
        return (
            f"Labels {values['labels']}, {values['lengths']}: after {_bits(n_steps)} "
            f"{format_number(100 * result['at'])} % of {N_STRINGS} random strings are right ({runs}), "
            f"and of this string {result['n_right']} of {n_steps} "
            f"step{'' if n_steps == 1 else 's'}."
        )

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw accuracy against length, above the answers along one string."""
        from matplotlib import pyplot as plt

        figure, (above, below) = plt.subplots(
            2, 1, figsize=(7, 5), height_ratios=(3, 2), layout="constrained"
        )
        _draw_curves(above, self.data["curves"], values, result)
        _draw_string(below, result)
        return figure


@cache
def shipped_networks() -> dict[str, list[dict[str, np.ndarray]]]:
    """Three networks for each setting, by ``tools/measure/parity.py``."""
    import numpy as np

    shipped = json.loads(DATA.joinpath("parity_networks.json").read_text("utf-8"))
    return {
        setting: [{name: np.array(a) for name, a in each.items()} for each in networks]
        for setting, networks in shipped.items()
    }


def _checked(networks: Any) -> dict[str, list[dict[str, np.ndarray]]]:
    if not isinstance(networks, Mapping):
        raise TypeError(f"networks must be a dictionary by setting, got {type(networks).__name__}")
    for setting in networks:
        if setting not in SETTINGS:
            raise ValueError(f"networks must be for {', '.join(SETTINGS)}, got {setting!r}")
    checked = {}
    for setting, some in networks.items():
        runs = [some] if isinstance(some, Mapping) else list(some)
        if not runs:
            raise ValueError(f"networks[{setting!r}] must hold at least one network, got none")
        checked[setting] = [_checked_network(setting, network) for network in runs]
    return checked


def _checked_network(setting: str, network: Any) -> dict[str, np.ndarray]:
    names = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")
    if not isinstance(network, Mapping) or set(network) != set(names):
        got = sorted(network) if isinstance(network, Mapping) else type(network).__name__
        raise ValueError(f"networks[{setting!r}] must have {', '.join(names)}, got {got}")
    bias = real_array("b_h", network["b_h"])
    if bias.ndim != 1 or not 1 <= len(bias) <= MAX_UNITS:
        wants = f"a vector of 1 to {MAX_UNITS} numbers"
        raise ValueError(f"b_h must be {wants}, got shape {bias.shape}")
    n_units = len(bias)
    shapes = ((1, n_units), (n_units, n_units), (n_units,), (n_units, 1), (1,))
    return {
        name: real_array(name, network[name], shape)
        for name, shape in zip(names, shapes, strict=True)
    }


def _test_bits() -> np.ndarray:
    """The strings, (200, 40)."""
    import numpy as np

    return np.random.default_rng(40).integers(0, 2, size=(N_STRINGS, LONGEST))


def _read(network: Network, bits: np.ndarray) -> np.ndarray:
    """Logit of "odd" after each bit: (N, T) -> (N, T)."""
    import numpy as np

    h, logits = np.zeros((len(bits), len(network["b_h"]))), []
    for bits_t in bits.T:
        h = np.tanh(bits_t[:, None] * network["W_xh"] + h @ network["W_hh"] + network["b_h"])
        logits.append(h @ network["W_hy"] + network["b_y"])
    return np.concatenate(logits, axis=1)


def _curves(networks: Sequence[Network], bits: np.ndarray) -> dict[str, list[float]]:
    """Lowest, median and highest share of right answers after each number of bits."""
    import numpy as np

    odd = bits.cumsum(axis=1) % 2
    shares = np.array([((_read(network, bits) > 0) == odd).mean(axis=0) for network in networks])
    return {
        "low": shares.min(axis=0).tolist(),
        "middle": np.median(shares, axis=0).tolist(),
        "high": shares.max(axis=0).tolist(),
    }


def _setting(values: dict) -> str:
    return f"{LABELS[values['labels']]}, {LENGTHS[values['lengths']]}"


def _bits(number: int) -> str:
    return f"{number} bit{'' if number == 1 else 's'}"


def _draw_curves(ax: Axes, curves: dict, values: dict, result: dict) -> None:
    import numpy as np

    from ..plotting import PALETTE

    lengths, chosen = np.arange(1, LONGEST + 1), _setting(values)
    for setting, (colour, dashes, name) in STYLES.items():
        middle, width = 100 * np.array(curves[setting]["middle"]), 3 if setting == chosen else 1.2
        ax.plot(lengths, middle, dashes, color=PALETTE[colour], label=name, linewidth=width)
    low, high = (100 * np.array(result[end]) for end in ("low", "high"))
    ax.fill_between(lengths, low, high, color=PALETTE[STYLES[chosen][0]], alpha=0.2)
    ax.axvline(N_BITS, color="0.6", linestyle=":")
    ax.plot(values["test_length"], 100 * result["at"], "o", color="black", fillstyle="none", ms=10)
    ax.set_ylim(0, 105)
    ax.set_xlabel("bits in the string (dotted: longest in the training)")
    ax.set_ylabel("right answers (%)")
    ax.legend(title="labels, strings in the training", loc="lower left", ncols=2, fontsize="small")


def _draw_string(ax: Axes, result: dict) -> None:
    import numpy as np

    from ..plotting import PALETTE

    output, odd = np.array(result["output"]), np.array(result["odd"])
    steps, right = np.arange(1, len(odd) + 1), (output > 0.5) == odd
    ax.step(np.append(steps, steps[-1] + 1) - 0.5, [*odd, odd[-1]], where="post", color="0.7")
    ax.plot(steps[right], output[right], "o", color=PALETTE["blue"], label="right")
    ax.plot(steps[~right], output[~right], "X", color=PALETTE["vermillion"], label="wrong")
    ax.set_xticks(steps, [str(bit) for bit in result["bits"]], fontsize=8)
    ax.set_xlim(0.3, len(odd) + 0.7)
    ax.set_ylim(-0.1, 1.1)
    ax.set_xlabel("bits of the string, as they are read")
    ax.set_ylabel("output (1: odd)")
