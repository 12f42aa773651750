"""What the course needs around it: a report for lesson 00, and what set-up adds.

``python -m course_utils.environment --install`` is the last line of every way in. It adds what no
package brings: Keras 2.3.1 for lesson 14, and two small files of settings for Jupyter.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

PACKAGE = "unrolled-course-utils"
PYTHON = (3, 11)
BACKEND = "jax"
RESTART = "then choose Kernel, Restart Kernel"

SHOWN = {
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

# No news and no question about updates over the first lesson.
LAB_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"}
}
# JupyterLab writes the kernel's version of Python into a notebook that it opens, and calls the
# notebook changed where another one is stored. The lessons store "3.11".
KERNEL_SETTINGS = """from ipykernel.ipkernel import IPythonKernel

version = ".".join(IPythonKernel.language_info["version"].split(".")[:2])
IPythonKernel.language_info = IPythonKernel.language_info | {"version": version}
"""


def choose_backend() -> None:
    """Name the course's backend to Keras, unless another one is named; before Keras is imported."""
    os.environ.setdefault("KERAS_BACKEND", BACKEND)


def installed(package: str) -> str | None:
    """Return the version of a distribution, or None where it is missing."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


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


def report() -> EnvironmentReport:
    """Compare what is installed with the pins of the course; import nothing heavy but Theano.

    Theano is imported because its version says little about whether it works.
    """
    pins = _pins()
    components = [_python(), *(_package(name, pins.get(name)) for name in SHOWN)]
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
    found = installed(package)
    if pin is None:
        mend = "The course itself is not installed. In a terminal, in its folder: `pip install --no-deps -e .`"
    elif found != pin:
        mend = f"Run `%pip install {package}=={pin}` in a cell, {RESTART}"
    else:
        mend = ""
    return Component(SHOWN[package], found or "missing", mend)


def _try_theano(component: Component) -> Component:
    """Return the component, with a mend if it is Theano and its import fails."""
    if component.name != SHOWN["theano-pymc"] or component.mend:
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


# Set-up


def install() -> None:
    """Add Keras 2.3.1 and Jupyter's settings to this environment.

    Raises
    ------
    RuntimeError
        If Keras 2.3.1 is not there and cannot be fetched; the settings are written all the same.
    """
    settings = {
        "share/jupyter/lab/settings/overrides.d/unrolled.json": json.dumps(LAB_SETTINGS),
        "etc/ipython/ipython_kernel_config.py": KERNEL_SETTINGS,
    }
    for name, text in settings.items():
        path = Path(sys.prefix, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    from course_utils import keras2_compat

    keras2_compat.install()


def main(arguments: list[str] | None = None) -> None:
    """Command line: ``--install``, or print the report."""
    parser = argparse.ArgumentParser(prog="python -m course_utils.environment")
    parser.add_argument("--install", action="store_true", help="add what no package brings")
    if not parser.parse_args(arguments).install:
        print(report())
        return
    try:
        install()
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
