"""From scores to the next word: temperature and top k on a model of text, word after word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from .base import Choice, Explorer, Range, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

N_BARS = 10
N_LINES = 7
LONGEST = 40  # tokens
N_SEEDS = 20
ALL = "all"
TOP_K = (ALL, "40", "10", "5", "2", "1")
NEVER_DRAWN = ("<pad>", "<unknown>", "<start>")
FIRST = ("<start>", "\n")  # what a text begins with, unless told
LAST = "<end>"
LINE_ENDS = ("/", "\n")
CLINGING = ",.;:?!"  # stand without a space before them
DIGITS = 3  # of a logit, after the point, on its way to the page

_BUILT_IN = """
the sea is grey / and the sky is low , / the wind is cold / and the boats are slow . <end>
the boats are old / and the nets are torn , / the sea is calm / in the early morn . <end>
the bell is loud / when the wind is high , / and the gulls are white / in the open sky . <end>
the lamp is lit / and the door is shut , / the wind is loud / at the old grey hut . <end>
"""


class Model(Protocol):
    """What the sampler needs of a model of text."""

    tokens: Sequence[str]

    def start(self) -> Any:
        """The state before the first token."""

    def step(self, token_id: int, state: Any) -> tuple[ArrayLike, Any]:
        """The logits (V,) of the token after this one, and the new state."""


class SamplerExplorer(Explorer):
    """Draw a text token by token, and see what each draw was made from.

    After ``n_tokens`` tokens the bars show the probability of the next one: the most likely by
    the model, changed by temperature and top k. One number between 0 and 1 for each token,
    which only ``seed`` and the token's place decide, picks from them. Temperature 0 is greedy.

    The numbers of :meth:`state`: ``text`` (ids so far, after the prompt; an id is a place in
    ``data["tokens"]``), ``shown`` (the most likely next tokens, at most 10), ``plain`` and
    ``changed`` (their probabilities by the model, and after temperature and top k), ``plain_rest``
    and ``changed_rest`` (those of all other tokens together), ``n_possible`` (tokens that can be
    drawn), ``choices`` (perplexity of the changed distribution), ``number``, ``drawn`` and
    ``probability`` (the number that picks, what it picks, and how likely that was), ``ended``
    (the text came to its end before ``n_tokens``), ``waiting`` (the kernel has still to compute;
    only in the page).

    Parameters
    ----------
    model : optional
        Anything with ``tokens`` (list of str), ``start() -> state`` and ``step(token_id, state) ->
        (logits (V,), state)``: your own network. A bigram of 16 lines unless given. Padding,
        unknown and start tokens are never drawn.
    prompt : sequence of str, optional
        Tokens that the text begins with; a start token alone, or a line end, unless given.
    **values
        Where the controls start, by name.

    Raises
    ------
    ValueError
        If the model has no token to draw, the prompt one that the model does not know, or the
        logits are not V finite numbers.

    Examples
    --------
    >>> explorer = SamplerExplorer(temperature=0.0, n_tokens=4)
    >>> [explorer.data["tokens"][i] for i in explorer.state()["text"]]
    ['the', 'wind', 'is', 'loud']
    """

    script = "sampler"
    title = "Sampler"
    controls = (
        Range("temperature", "temperature", 0.0, 3.0, 0.1, 1.0),
        Choice("top_k", "top k", TOP_K, ALL),
        Range("n_tokens", "tokens so far", 0, LONGEST, 1, 12),
        Range("seed", "seed", 0, N_SEEDS, 1, 0),
    )

    def __init__(
        self, model: Model | None = None, *, prompt: Sequence[str] | None = None, **values: Any
    ) -> None:
        self._model = _Bigram() if model is None else model
        known = list(self._model.tokens)
        self._drawable = [i for i, token in enumerate(known) if token not in NEVER_DRAWN]
        if not self._drawable:
            raise ValueError(f"model must have a token to draw, got tokens {known}")
        self._prompt = _prompt(known, prompt)
        self._logits: dict[tuple[int, ...], list[float]] = {}
        self._states: dict[tuple[int, ...], Any] = {}
        tokens = [known[i] for i in self._drawable]
        self.data = {
            "tokens": tokens,
            "prompt": [known[i] for i in self._prompt if known[i] not in NEVER_DRAWN],
            "separator": " " if max(map(len, tokens)) > 1 else "",
            "logits": {},
        }
        table = getattr(self._model, "table", None)
        if table is not None:
            rows = [self._prompt[-1], *self._drawable]
            self.data["table"] = [
                _checked_logits(table[i], len(known), self._drawable) for i in rows
            ]
        self.needs_kernel = table is None
        super().__init__(**values)
        if self.needs_kernel:
            self._renew({"new": self.values})
            self.observe(self._renew, "values")

    def compute(self, values: dict) -> dict:
        """Return the text so far, and the distribution that the next token is drawn from."""
        end = self.data["tokens"].index(LAST) if LAST in self.data["tokens"] else -1
        text: list[int] = []
        while True:
            logits = self._logits_after(tuple(text))
            p, ranked = (
                _probabilities(logits, values["temperature"], values["top_k"]),
                _ranked(logits),
            )
            number = _uniform(values["seed"], len(text))
            drawn = _pick(p, ranked, number)
            if len(text) == values["n_tokens"] or drawn == end:
                break
            text.append(drawn)
        return {
            "text": text,
            **_distribution(logits, p, ranked),
            "number": number,
            "drawn": drawn,
            "probability": p[drawn],
            "ended": len(text) < values["n_tokens"],
            "waiting": False,
        }

    def sentence(self, values: dict, result: dict) -> str:
        """Say how many tokens are possible, and which is drawn with which probability."""
        n_tokens = len(result["text"])
        after = f"After {n_tokens} token{'' if n_tokens == 1 else 's'}"
        drawn = _quoted(self.data["tokens"][result["drawn"]])
        ending = ", and the text stops here" if result["ended"] else ""
        if result["n_possible"] == 1:
            return f"{after} only {drawn} is possible, whatever number is drawn{ending}."
        return (
            f"{after}, {result['n_possible']} tokens are possible, which leaves as much choice as "
            f"{format_number(result['choices'])} equally likely ones; the number "
            f"{format_number(result['number'])} draws {drawn} ({_percent(result['probability'])})"
            f"{ending}."
        )

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw the text so far, and the probabilities of the next token as bars."""
        from matplotlib import pyplot as plt

        tokens = self.data["tokens"]
        text = _lines(
            self.data["prompt"] + [tokens[i] for i in result["text"]], self.data["separator"]
        )
        figure, (above, below) = plt.subplots(
            2, 1, figsize=(7, 5.6), height_ratios=(1, 2), layout="constrained"
        )
        above.axis("off")
        above.text(0, 1, "\n".join(text[-N_LINES:]), va="top", transform=above.transAxes)
        _draw_bars(below, values, result, tokens)
        return figure

    def _logits_after(self, path: tuple[int, ...]) -> list[float]:
        """Logits after the prompt and this path; the model is run for one token at most."""
        if path not in self._logits:
            if path:
                self._logits_after(path[:-1])
                steps, state = [self._drawable[path[-1]]], self._states[path[:-1]]
            else:
                steps, state = self._prompt, self._model.start()
            for token_id in steps:
                logits, state = self._model.step(token_id, state)
            self._states[path] = state
            self._logits[path] = _checked_logits(logits, len(self._model.tokens), self._drawable)
        return self._logits[path]

    def _renew(self, change: dict) -> None:
        """Send the page the logits along its text; it draws from them by itself."""
        text = self.compute(change["new"] | {"n_tokens": LONGEST})["text"]
        paths = [tuple(text[:n]) for n in range(len(text) + 1)]
        logits = {" ".join(map(str, path)): self._logits_after(path) for path in paths}
        if not logits.keys() <= self.data["logits"].keys():
            self.data = self.data | {"logits": logits}
            self.page = self.page | {"data": self.data}


class _Bigram:
    """A bigram of four short stanzas: the state is nothing, the last token is all.

    Small enough for the page to have the logits after every token, in ``table``.
    """

    def __init__(self) -> None:
        self.tokens, self.table = _built_in()

    def start(self) -> None:
        return None

    def step(self, token_id: int, state: None) -> tuple[list[float], None]:
        return self.table[token_id], None


@cache
def _built_in() -> tuple[list[str], list[list[float]]]:
    import numpy as np

    from ..text import START, NGram, Vocabulary

    stanzas = [[START, *stanza.split()] for stanza in _BUILT_IN.strip().split("\n")]
    vocabulary = Vocabulary.from_tokens([t for each in stanzas for t in each], specials=(START,))
    bigram = NGram(2, vocabulary.size).fit([vocabulary.encode(each) for each in stanzas])
    table = [np.log(bigram.probabilities([i])).tolist() for i in range(vocabulary.size)]
    return vocabulary.tokens, table


def _prompt(known: list[str], prompt: Sequence[str] | None) -> list[int]:
    """Ids of the tokens that the text begins with, one at least."""
    if prompt is None:
        prompt = [next((token for token in FIRST if token in known), known[0])]
    elif isinstance(prompt, str) or not prompt:
        raise ValueError(f"prompt must be a list of at least one token, got {prompt!r}")
    unknown = [token for token in prompt if token not in known]
    if unknown:
        raise ValueError(f"prompt must hold tokens that the model knows, got {unknown[0]!r}")
    return [known.index(token) for token in prompt]


def _checked_logits(logits: ArrayLike, n_tokens: int, drawable: list[int]) -> list[float]:
    """Logits of the tokens that can be drawn, rounded as they go to the page."""
    import numpy as np

    logits = np.asarray(logits, dtype=float)
    if logits.shape != (n_tokens,):
        raise ValueError(f"logits must have shape ({n_tokens},), got {logits.shape}")
    if not np.isfinite(logits[drawable]).all():
        raise ValueError("logits must be finite, got NaN or infinity")
    return [round(value, DIGITS) for value in logits[drawable].tolist()]


def _ranked(logits: list[float]) -> list[int]:
    """Tokens by falling logit; of equal ones the lower id first."""
    return sorted(range(len(logits)), key=lambda i: -logits[i])


def _probabilities(logits: list[float], temperature: float, top_k: str) -> list[float]:
    """Softmax of the k largest logits divided by the temperature; 0 is its limit."""
    k = len(logits) if top_k == ALL else int(top_k)
    if temperature == 0:
        k, temperature = 1, 1.0
    best, weights = max(logits), [0.0] * len(logits)
    for i in _ranked(logits)[:k]:
        weights[i] = math.exp((logits[i] - best) / temperature)
    total = sum(weights)
    return [weight / total for weight in weights]


def _uniform(seed: int, place: int) -> float:
    """A number in [0, 1) that looks drawn; the page hashes the same 32 bits (mulberry32)."""
    a = (seed * 0x9E3779B1 + place * 0x85EBCA77 + 0x6D2B79F5) & _BITS
    a = ((a ^ (a >> 15)) * (a | 1)) & _BITS
    a ^= (a + ((a ^ (a >> 7)) * (a | 61))) & _BITS
    return (a ^ (a >> 14)) / 2**32


_BITS = 0xFFFFFFFF


def _pick(p: list[float], ranked: list[int], number: float) -> int:
    """The first token, from the most likely on, at which the running sum exceeds the number."""
    running = 0.0
    for i in ranked:
        running += p[i]
        if running > number:
            return i
    return ranked[0]  # the sum fell short of the number by a rounding


def _distribution(logits: list[float], p: list[float], ranked: list[int]) -> dict:
    """The bars: the most likely tokens, by the model and changed, and all others together."""
    plain, shown = _probabilities(logits, 1.0, ALL), ranked[:N_BARS]
    nats = -sum(each * math.log(each) for each in p if each > 0)
    return {
        "shown": shown,
        "plain": [plain[i] for i in shown],
        "changed": [p[i] for i in shown],
        "plain_rest": max(0.0, 1 - sum(plain[i] for i in shown)),
        "changed_rest": max(0.0, 1 - sum(p[i] for i in shown)),
        "n_possible": sum(each > 0 for each in p),
        "choices": math.exp(nats),
    }


# What the learner reads


_NAMES = {"\n": "line end", "/": "line end", " ": "space", LAST: "end of the text"}


def _quoted(token: str) -> str:
    return f"a {_NAMES[token]}".replace("a end", "the end") if token in _NAMES else f"“{token}”"


def _percent(probability: float) -> str:
    return f"{format_number(100 * probability)} %"


def _lines(tokens: list[str], separator: str) -> list[str]:
    """A text as it is read: lines, and no space before a comma."""
    lines, fresh = [""], True
    for token in tokens:
        if token in LINE_ENDS:
            lines, fresh = [*lines, ""], True
            continue
        close = fresh or token in CLINGING
        lines[-1] += token if close else separator + token
        fresh = False
    return lines


def _draw_bars(ax: Axes, values: dict, result: dict, tokens: list[str]) -> None:
    """Bars of the most likely tokens and of all others; outlines are the model's own."""
    from ..plotting import PALETTE

    names = [_NAMES.get(tokens[i], tokens[i]) for i in result["shown"]]
    names = [f"{name} {i}" if name in names[:i] else name for i, name in enumerate(names)]
    rows = range(len(names) + 1)
    plain = [100 * each for each in [*result["plain"], result["plain_rest"]]]
    changed = [100 * each for each in [*result["changed"], result["changed_rest"]]]
    places = {i: row for row, i in enumerate(result["shown"])}
    drawn = places.get(result["drawn"], len(names))
    colours = [PALETTE["vermillion" if row == drawn else "sky"] for row in rows]
    ax.barh(rows, changed, color=colours, label="drawn from")
    ax.barh(rows, plain, facecolor="none", edgecolor="0.2", label="the model's own")
    ax.set_yticks(rows, [*names, "all others"])
    ax.invert_yaxis()
    ax.set_xlim(0, 100)
    ax.set_xlabel("probability of the next token in %")
    ax.set_title(
        f"temperature {format_number(values['temperature'])}, top k {values['top_k']}, "
        f"the number {format_number(result['number'])} draws {_quoted(tokens[result['drawn']])}",
        fontsize="medium",
    )
    ax.grid(axis="y", visible=False)
    ax.legend(loc="lower right", fontsize="small")
