"""Where a network that writes looks in what it reads, character by character."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from .base import DATA, Choice, Explorer, Range, Text, format_number

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

    from ..further.keras_seq2seq import Translator

OWN = "your own text"
END_SIGN, SPACE_SIGN = "END", "␣"
MAX_WIDTH = 5
DIGITS = 4  # of a weight, as it is sent and shown
RECORD = "attention_run.json"
"""Four answers of lesson 16's network at each width, by ``tools/measure/seq2seq.py --record``."""


class AttentionExplorer(Explorer):
    """The attention map of one answer, a step of it at a time, and the best answers of a beam.

    The numbers of :meth:`state`: ``read`` (characters of the input), ``written`` (those of the best
    answer, END among them), ``step`` (of the answer, from 1, its last at most), ``weights`` (a row
    for each character written) and ``beams`` (answers with the logarithm of their probability).

    Parameters
    ----------
    translator : course_utils.further.keras_seq2seq.Translator, optional
        A network of your own, with attention. Without it, recorded answers of lesson 16's network.
    examples : sequence of str, optional
        Texts to choose from, with a translator; a text can be typed, too.
    **values
        Where the controls start, by name.

    Raises
    ------
    ValueError
        If the translator has no attention, or examples come without a translator.

    Examples
    --------
    >>> state = AttentionExplorer(step=1, width=2).state()
    >>> "".join(state["read"]), "".join(state["written"])
    ('Wed␣27␣March␣1957', '1957-03-27END')
    >>> len(state["beams"]), len(state["weights"])
    (2, 11)
    """

    script = "attention"
    title = "Where the network looks"

    def __init__(
        self,
        translator: Translator | None = None,
        examples: Sequence[str] | None = None,
        **values: Any,
    ) -> None:
        if translator is None and examples is not None:
            raise ValueError("examples need a translator that answers them, got None")
        if translator is not None and translator.attention is None:
            raise ValueError("translator must have attention, got one without")
        self._translator = translator
        self._typed: dict[str, dict] = {}  # the answer to what was typed last
        if translator is None:
            self._answers = json.loads(DATA.joinpath(RECORD).read_text("utf-8"))
            examples = list(dict.fromkeys(key.split(" ", 1)[1] for key in self._answers))
            n_steps, n_written, choices = 0, 11, tuple(examples)
        else:
            n_steps, n_written = translator.n_steps, translator.n_written
            examples = list(dict.fromkeys(each[:n_steps] for each in examples or ()))
            choices = (*examples, OWN)
            self._answers = {
                f"{width} {text}": answer(translator, text, width)
                for text in examples
                for width in range(1, MAX_WIDTH + 1)
            }
        typed = Text(
            "typed",
            f"your own text, up to {n_steps} characters",
            "3 June 1998"[:n_steps],  # not an example, so that the choice of it shows something
            n_steps,
            ("example", OWN),
        )
        self.controls = (
            Choice("example", "text to read", choices, choices[0]),
            *((typed,) if translator else ()),
            Range("step", "character written", 1, n_written, 1, min(4, n_written)),
            Range("width", "beam width", 1, MAX_WIDTH, 1, 3),
        )
        self.data = {"own": OWN, "space": SPACE_SIGN, "answers": self._answers}
        self.needs_kernel = translator is not None
        super().__init__(**values)
        if self.needs_kernel:
            self._tell_page()
            self.observe(self._tell_page, "values")

    def compute(self, values: dict) -> dict:
        """Return what is read, what is written, and where each step of it looks."""
        chosen = values["example"]
        text = values["typed"] if chosen == OWN else chosen
        answer = self._answer(text, values["width"]) if text else {}
        written = answer.get("written", [])
        return {
            "read": [SPACE_SIGN if each == " " else each for each in text],
            "written": written,
            "step": min(values["step"], len(written)),
            "weights": answer.get("weights", []),
            "beams": answer.get("beams", []),
        }

    def _answer(self, text: str, width: int) -> dict:
        """The answer to a text; those to the examples are there, and the last other one is kept."""
        key = f"{width} {text}"
        if key in self._answers:
            return self._answers[key]
        if self._translator is not None and key not in self._typed:
            self._typed = {key: answer(self._translator, text, width)}
        return self._typed[key]

    def _tell_page(self, change: traitlets.Bunch | None = None) -> None:
        """Let the page know what the network answers."""
        self.compute(self.values)
        self.data = self.data | {"answers": self._answers | self._typed}
        self.page = self.page | {"data": self.data}

    def sentence(self, values: dict, result: dict) -> str:
        """Say where the network looks most in this step, and what the beam holds."""
        read, written, step = result["read"], result["written"], result["step"]
        if not read:
            return "Type a text of 1 character or more."
        if not written:
            return f"The kernel reads {len(read)} character{'' if len(read) == 1 else 's'}."
        row = result["weights"][step - 1]
        place = _largest(row)
        (best, log_p), n_beams = result["beams"][0], len(result["beams"])
        return (
            f"To write “{written[step - 1]}”, {step} of {len(written)}, the network looks most at "
            f"“{read[place]}”, character {place + 1} (weight {format_number(row[place])}), and the "
            f"best of {n_beams} answer{'' if n_beams == 1 else 's'} is “{best}” with "
            f"ln p = {format_number(log_p)}."
        )

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw the map, the weights of the chosen step, and the answers of the beam."""
        from matplotlib import pyplot as plt

        from ..plotting import PALETTE

        read, written, step = result["read"], result["written"], result["step"]
        figure, (top, below) = plt.subplots(
            2, 1, figsize=(7, 5.4), height_ratios=[3, 1], layout="constrained", sharex=True
        )
        if written:
            # The grid of lines would hide the cells.
            top.grid(False)
            top.imshow(result["weights"], cmap="Blues", vmin=0, vmax=1, aspect="auto")
            top.axhspan(step - 1.5, step - 0.5, fill=False, edgecolor=PALETTE["vermillion"])
            below.bar(range(len(read)), result["weights"][step - 1], color=PALETTE["blue"])
            answers = [f"{text}  {format_number(log_p)}" for text, log_p in result["beams"]]
            top.set_title("answers, with ln p: " + "\n".join(answers), fontsize="small")
        top.set_yticks(range(len(written)), written)
        top.set_ylabel("character written")
        below.set_ylim(0, 1)
        below.set_xticks(range(len(read)), read)
        below.set_xlabel("character read")
        below.set_ylabel(f"weight, step {step}")
        return figure


def answer(translator: Translator, text: str, width: int) -> dict:
    """Return what a translator writes, where it looks, and the answers of its beam."""
    import numpy as np

    from ..further.seq2seq import END, START, to_text

    kept = translator.search(text, width)
    ids = kept[0].ids
    inputs = np.array([[START, *ids[:-1]]])
    _, weights = translator.forced([text], inputs)
    tokens = [END_SIGN if each == END else translator.target.tokens[each] for each in ids]
    return {
        "written": tokens,
        "weights": [] if weights is None else _rounded(weights[0, :, : len(text)]),
        "beams": [
            [to_text(each.ids, translator.target), round(each.log_probability, DIGITS)]
            for each in kept
        ],
    }


def _rounded(weights: np.ndarray) -> list:
    return weights.astype(float).round(DIGITS).tolist()


def _largest(row: Sequence[float]) -> int:
    """Place of the largest weight; of equal ones the first."""
    return max(range(len(row)), key=lambda place: (row[place], -place))
