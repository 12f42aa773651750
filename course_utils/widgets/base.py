"""The base of every widget of the course, and of those that compute: the explorers."""

from __future__ import annotations

import html
from decimal import ROUND_HALF_UP, Context, Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import traitlets

from .controls import Choice, Control, Range, Text, Toggle

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Choice", "CourseWidget", "Explorer", "Range", "Text", "Toggle", "format_number"]

STATIC = files(__package__).joinpath("static")
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def page_script(name: str) -> str:
    """One self-contained ES module: the common part, then ``static/<name>.js``."""
    return "\n".join(STATIC.joinpath(f"{each}.js").read_text("utf-8") for each in ("common", name))


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
    """A widget that leaves text and HTML behind where no kernel or no page runs.

    A subclass names its ES module in ``script`` and overrides :meth:`as_text` and :meth:`as_html`.
    """

    script: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Load the script and the style of a widget."""
        if "script" in vars(cls):
            cls._esm = page_script(cls.script)
            cls._css = STATIC.joinpath("common.css").read_text("utf-8")
        super().__init_subclass__(**kwargs)

    def as_text(self) -> str:
        """Return what a plain-text reader sees; the same on every run."""
        raise NotImplementedError

    def as_html(self) -> str:
        """Return what a page without widgets shows."""
        return f"<pre>{html.escape(self.as_text())}</pre>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        bundle, metadata = super()._repr_mimebundle_(**kwargs)
        return bundle | {"text/html": self.as_html(), "text/plain": self.as_text()}, metadata


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
    controls: tuple[Control, ...]
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
