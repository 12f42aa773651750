"""The first call of every lesson, and the report on the environment in lesson 00."""

from __future__ import annotations

import html
import os
import random
import re
import sys
from dataclasses import dataclass
from importlib import metadata

import numpy as np

PACKAGE = "unrolled-course-utils"
PYTHON = (3, 11)
BACKEND = "jax"
RESTART = "then choose Kernel, Restart Kernel"

_SHOWN = {
    "numpy": "NumPy",
    "scipy": "SciPy",
    "matplotlib": "Matplotlib",
    "jupyterlab": "JupyterLab",
    "ipywidgets": "ipywidgets",
    "anywidget": "anywidget",
    "theano-pymc": "Theano-PyMC",
    "keras": "Keras",
    "jax": "JAX",
    "jaxlib": "jaxlib",
}


def start(seed: int = 0) -> None:
    """Prepare a lesson: seeds, one thread, figure style, Keras' backend; print one line.

    Parameters
    ----------
    seed : int
        Seed of Python's and NumPy's global generators. Lessons draw from generators of their
        own; this is for code that does not.
    """
    _limit_threads()
    # Keras looks for TensorFlow, which the course does not have, unless told before its import.
    os.environ.setdefault("KERAS_BACKEND", BACKEND)
    from course_utils import plotting

    plotting.set_style()
    random.seed(seed)
    np.random.seed(seed)
    print(_versions(seed))


def _limit_threads() -> None:
    """Let linear algebra use one thread, so that sums are added in one order everywhere."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # read by what is loaded later
    import threadpoolctl

    threadpoolctl.threadpool_limits(1)  # for what is loaded already


def _versions(seed: int) -> str:
    parts = [
        f"Unrolled {_installed(PACKAGE) or 'not installed'}",
        f"Python {sys.version_info.major}.{sys.version_info.minor}",
        f"NumPy {np.__version__}",
    ]
    parts += [
        f"{_SHOWN[package]} {sys.modules[module].__version__}"  # of two Keras, the one in use
        for module, package in (("theano", "theano-pymc"), ("keras", "keras"))
        if module in sys.modules
    ]
    return " · ".join([*parts, f"seed {seed}"])


def _installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


# The report on the environment


@dataclass(frozen=True)
class Component:
    """One line of the report.

    Attributes
    ----------
    name : str
        ``"NumPy"``.
    found : str
        Version that is installed, or ``"missing"``.
    mend : str
        What to do; ``""`` where all is well.
    """

    name: str
    found: str
    mend: str = ""


@dataclass(frozen=True)
class EnvironmentReport:
    """Every component that the course needs, each OK or with its mend."""

    components: tuple[Component, ...]

    @property
    def ok(self) -> bool:
        """Whether every component is as the course needs it."""
        return not any(component.mend for component in self.components)

    def __repr__(self) -> str:
        """Return the report as text, one component a line."""
        width = max(len(component.name) for component in self.components)
        lines = [
            f"{component.name:{width}}  {component.found:7}  {component.mend or 'OK'}"
            for component in self.components
        ]
        return "\n".join([*lines, self._summary()])

    def _repr_html_(self) -> str:
        """Return the report as an HTML table."""
        rows = "".join(
            f'<tr><th scope="row">{component.name}</th><td>{html.escape(component.found)}</td>'
            f"<td>{_code(component.mend) or 'OK'}</td></tr>"
            for component in self.components
        )
        head = "".join(f'<th scope="col">{title}</th>' for title in ("Component", "Found", "State"))
        return f"<table><tr>{head}</tr>{rows}</table><p>{_code(self._summary())}</p>"

    def _summary(self) -> str:
        if self.ok:
            return f"All {len(self.components)} components are OK."
        n_bad = sum(bool(component.mend) for component in self.components)
        return f"{n_bad} of {len(self.components)} components need mending."


def environment_report() -> EnvironmentReport:
    """Compare what is installed with the pins of the course; import nothing heavy but Theano.

    Theano is imported because its version says little about whether it works.
    """
    pins = _pins()
    components = [_python(), *(_package(name, pins.get(name)) for name in _SHOWN)]
    return EnvironmentReport((*tuple(map(_try_theano, components)), _backend()))


def _pins() -> dict[str, str]:
    try:
        requirements = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return {}
    matches = (re.match(r"([\w.-]+)\s*==\s*([^\s;]+)", line) for line in requirements)
    return {match[1].lower(): match[2] for match in matches if match}


def _python() -> Component:
    found = f"{sys.version_info.major}.{sys.version_info.minor}"
    if sys.version_info[:2] == PYTHON:
        return Component("Python", found)
    wanted = ".".join(map(str, PYTHON))
    return Component(
        "Python",
        found,
        f"The course needs {wanted}. In a terminal: `make lab`, or `conda env create -f "
        "environment.yml`",
    )


def _package(package: str, pin: str | None) -> Component:
    found = _installed(package)
    if pin is None:
        mend = "The course itself is not installed. In a terminal, in its folder: `pip install --no-deps -e .`"
    elif found != pin:
        mend = f"Run `%pip install {package}=={pin}` in a cell, {RESTART}"
    else:
        mend = ""
    return Component(_SHOWN[package], found or "missing", mend)


def _try_theano(component: Component) -> Component:
    """Return the component, with a mend if it is Theano and its import fails."""
    if component.name != _SHOWN["theano-pymc"] or component.mend:
        return component
    from course_utils import theano_compat

    try:
        theano_compat.enable()
    except (ImportError, RuntimeError) as error:
        return Component(component.name, component.found, str(error))
    return component


def _backend() -> Component:
    backend = os.environ.get("KERAS_BACKEND", "not set")
    if backend == BACKEND:
        return Component("Keras backend", backend)
    mend = f"Run `%env KERAS_BACKEND={BACKEND}` in a cell before Keras is imported"
    return Component("Keras backend", backend, mend)


def _code(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(text, quote=False))
