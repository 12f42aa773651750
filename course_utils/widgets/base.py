"""The base of every widget of the course, and of those that compute: the explorers."""

from __future__ import annotations

import html
import json
import uuid
from decimal import ROUND_HALF_UP, Context, Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import traitlets

from .controls import AnyControl, Choice, Range, Text, Toggle

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Choice", "CourseWidget", "Explorer", "Range", "Text", "Toggle", "format_number"]

STATIC = files(__package__).joinpath("static")
DATA = files(__package__).joinpath("data")
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _static(file: str) -> str:
    return STATIC.joinpath(file).read_text("utf-8")


STYLE = _static("common.css")
STILL = "This is a still. Run its cell (Shift + Enter) to use it."
# Stands beside the still and makes a module of its source, which takes the still's place.
START = (
    "<script>{{ const host = document.currentScript.parentElement; "
    "const file = URL.createObjectURL(new Blob([{source}], {{ type: 'text/javascript' }})); "
    "import(file).then((page) => page.mount(host, {style}, {model}, page.default))"
    ".finally(() => URL.revokeObjectURL(file)); }}</script>"
)


def page_script(name: str) -> str:
    """One self-contained ES module: the parts of every widget, then ``static/<name>.js``."""
    return "\n".join(_static(f"{part}.js") for part in ("common", "frame", "mount", name))


def _script_text(value: Any) -> str:
    """``value`` as JSON on one line that can stand in a script element."""
    return json.dumps(value, allow_nan=False).replace("<", "\\u003c")


def format_number(value: float) -> str:
    """``value`` to three significant digits, as the page's ``formatNumber`` writes it.

    >>> format_number(-0.12345), format_number(2.0), format_number(1.5e12)
    ('−0.123', '2', '1.5×10¹²')
    """
    # The page rounds ties away from zero; Python's own formatting rounds them to even.
    rounded = Context(prec=3, rounding=ROUND_HALF_UP).create_decimal(Decimal(float(value)))
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e4:
        return f"{rounded.normalize():f}".replace("-", "−")
    mantissa, exponent = f"{rounded:e}".split("e")
    digits = f"{Decimal(mantissa).normalize():f}".replace("-", "−")
    return f"{digits}×10{str(int(exponent)).translate(SUPERSCRIPTS)}"


class CourseWidget(anywidget.AnyWidget):
    """A widget whose output is HTML: a still that comes alive where scripts may run.

    The output holds the widget's state and its page's code, so it needs neither a kernel nor
    JupyterLab's store of widgets: a lesson that is reopened, or exported, still shows it. While a
    kernel runs, the widget's model connects to it in the page (``static/connect.js``).

    A subclass names its ES module in ``script`` and overrides :meth:`as_text` and :meth:`as_html`.
    One that cannot answer by its page alone sets ``needs_kernel``.
    """

    _esm = _static("connect.js")

    _id = traitlets.Unicode().tag(sync=True)

    script: ClassVar[str]
    needs_kernel = False

    def __init__(self, **state: Any) -> None:
        name = uuid.uuid4().hex
        super().__init__(model_id=name, _id=name, **state)

    def as_text(self) -> str:
        """Return what a plain-text reader sees; the same on every run."""
        raise NotImplementedError

    def as_html(self) -> str:
        """Return what a page without scripts shows."""
        return f"<pre>{html.escape(self.as_text())}</pre>"

    # IPython takes a bundle without its metadata, too.
    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:  # type: ignore[override]
        start = START.format(
            source=_script_text(page_script(self.script)),
            style=_script_text(STYLE),
            model=_script_text(self.model_id),
        )
        kernel = " data-needs-kernel" if self.needs_kernel else ""
        output = (
            f'<div class="unrolled-host" data-script="{self.script}"{kernel}>'
            f"<div>{self.as_html()}<p><em>{STILL}</em></p></div>"
            f'<script type="application/json">{_script_text(self._stored())}</script>{start}</div>'
        )
        return {"text/html": output, "text/plain": self.as_text()}

    def _stored(self) -> dict:
        """Return what the page needs of this widget where no kernel runs."""
        if self.needs_kernel:
            return {}
        inherited = anywidget.AnyWidget.class_traits()
        names = (name for name in self.trait_names(sync=True) if not name.startswith("_"))
        return {name: getattr(self, name) for name in names if name not in inherited}


class _Values(traitlets.Dict):
    """Values of an explorer's controls; checked before they are taken, from Python or the page."""

    def validate(self, explorer: Explorer, values: Any) -> dict:
        return explorer.checked(values)


class Explorer(CourseWidget):
    """Controls, the numbers that follow from them, a picture and a sentence.

    The page computes and draws by itself (``static/<script>.js``); this class computes the same.

    Parameters
    ----------
    **values
        Where the controls start, by name.

    Raises
    ------
    ValueError
        If a control does not exist or cannot take its value.

    Notes
    -----
    A subclass sets ``script``, ``title`` and ``controls`` and overrides :meth:`compute`,
    :meth:`sentence` and :meth:`plot`. One whose controls depend on its data sets ``self.data``
    (sent to the page) and ``self.controls`` before ``super().__init__``.
    """

    title: ClassVar[str]
    controls: tuple[AnyControl, ...]
    data: dict = {}  # noqa: RUF012  (replaced, never changed)

    values = _Values().tag(sync=True)
    page = traitlets.Dict().tag(sync=True)

    def __init__(self, **values: Any) -> None:
        page = {
            "title": self.title,
            "controls": [control.spec() for control in self.controls],
            "data": self.data,
        }
        super().__init__(values=values, page=page)

    def compute(self, values: dict) -> dict:
        """Return the numbers that follow from the values of all controls: floats, lists, None."""
        raise NotImplementedError

    def sentence(self, values: dict, result: dict) -> str:
        """Say in one sentence, with a number, what the picture shows."""
        raise NotImplementedError

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw the picture with matplotlib."""
        raise NotImplementedError

    def checked(self, values: dict) -> dict:
        """Return the checked values of all controls; those not given are as at the start.

        Raises
        ------
        ValueError
            If a control does not exist or cannot take its value.
        """
        if not isinstance(values, dict):
            raise ValueError(f"values must be a dict of settings by name, got {values!r}")
        known = {control.name: control for control in self.controls}
        for name in values:
            if name not in known:
                raise ValueError(
                    f"{type(self).__name__} has no control {name!r}; it has {', '.join(known)}"
                )
        return {
            name: control.checked(values.get(name, control.value))
            for name, control in known.items()
        }

    def set(self, **values: Any) -> None:
        """Move controls by name, on the page too.

        Raises
        ------
        ValueError
            If a control does not exist or cannot take its value.
        """
        self.values = self.values | values

    def state(self, **values: Any) -> dict:
        """Return the numbers at the controls' values, or at others."""
        return self.compute(self.checked(self.values | values))

    def describe(self, **values: Any) -> str:
        """Return the sentence at the controls' values, or at others."""
        values = self.checked(self.values | values)
        return self.sentence(values, self.compute(values))

    def figure(self, **values: Any) -> Figure:
        """Return the picture at the controls' values, or at others."""
        values = self.checked(self.values | values)
        return self.plot(values, self.compute(values))

    def as_text(self) -> str:
        """Return the sentence."""
        return self.describe()

    def as_html(self) -> str:
        """Return the picture, with the sentence below it."""
        from matplotlib import pyplot as plt

        from .. import plotting

        figure, sentence = self.figure(), self.describe()
        picture = plotting.figure_html(figure, alt=f"{self.title}. {sentence}")
        plt.close(figure)
        return f"<figure>{picture}<figcaption>{html.escape(sentence)}</figcaption></figure>"
