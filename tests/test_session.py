"""The first call of every lesson, and the report on the environment."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest

from course_utils import session


def fresh(program: str, **environment: str) -> str:
    """What ``program`` prints in a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_start_prints_one_line_of_versions():
    printed = fresh("from course_utils import session; session.start(seed=2)")
    version = metadata.version("unrolled-course-utils")
    assert printed == f"Unrolled {version} · Python 3.11 · NumPy {np.__version__} · seed 2\n"


def test_start_names_theano_where_it_is_imported():
    printed = fresh(
        "from course_utils import session, theano_compat; theano_compat.enable(); session.start()"
    )
    assert "· Theano-PyMC 1.1.2 ·" in printed


def test_start_seeds_both_generators():
    drawn = []
    for _ in range(2):
        session.start(seed=7)
        drawn.append((random.random(), np.random.rand()))
    assert drawn[0] == drawn[1]
    session.start(seed=8)
    assert random.random() != drawn[0][0]


def test_start_limits_threads_of_libraries_loaded_before_and_after():
    program = (
        "import json, threadpoolctl; from course_utils import session; session.start();"
        "import scipy.linalg;"
        "print(json.dumps([pool['num_threads'] for pool in threadpoolctl.threadpool_info()]))"
    )
    threads = json.loads(fresh(program, OPENBLAS_NUM_THREADS="2").splitlines()[-1])
    assert threads
    assert set(threads) == {1}


def test_start_chooses_keras_backend_and_respects_a_chosen_one():
    program = "import os; from course_utils import session; session.start(); print(os.environ['KERAS_BACKEND'])"
    environment = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.splitlines()[-1] == "jax"
    assert fresh(program, KERAS_BACKEND="torch").splitlines()[-1] == "torch"


def test_importing_the_package_is_light():
    program = """
import sys, time
began = time.perf_counter()
import course_utils
package = time.perf_counter() - began
began = time.perf_counter()
import json, tempfile, argparse, subprocess, decimal
yardstick = time.perf_counter() - began
heavy = {"theano", "keras", "jax", "matplotlib", "numpy"} & set(sys.modules)
print(sorted(heavy), package < max(0.15, 5 * yardstick))
"""
    assert fresh(program) == "[] True\n"


def test_importing_checks_and_widgets_machinery_stays_off_the_heavy_libraries():
    program = (
        "import sys; from course_utils import checks, progress, session;"
        "print(sorted({'theano', 'keras', 'jax', 'matplotlib'} & set(sys.modules)))"
    )
    assert fresh(program) == "[]\n"


# The report


@pytest.fixture(scope="module")
def report():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "jax")
        return session.environment_report()


def test_report_is_ok_here(report):
    assert report.ok
    names = [component.name for component in report.components]
    for name in ("Python", "NumPy", "SciPy", "Matplotlib", "ipywidgets", "anywidget", "JupyterLab"):
        assert name in names
    for name in ("Theano-PyMC", "Keras", "Keras backend", "JAX"):
        assert name in names
    assert repr(report).endswith(f"All {len(names)} components are OK.")
    assert report._repr_html_().count("OK") == len(names) + 1


def test_report_imports_neither_keras_nor_jax():
    program = (
        "import sys; from course_utils import session; session.environment_report();"
        "print(sorted({'keras', 'jax', 'matplotlib'} & set(sys.modules)))"
    )
    assert fresh(program) == "[]\n"


def mend_of(name: str) -> str:
    report = session.environment_report()
    assert not report.ok
    assert "need mending" in repr(report)
    (component,) = [item for item in report.components if item.name == name]
    assert component.mend in repr(report)
    return component.mend


def test_other_version_gets_the_command_that_mends_it(monkeypatch):
    installed = session._installed
    monkeypatch.setattr(
        session, "_installed", lambda name: "2.1.0" if name == "numpy" else installed(name)
    )
    assert mend_of("NumPy").startswith("Run `%pip install numpy==1.26.4` in a cell")


def test_missing_package_gets_the_command_that_mends_it(monkeypatch):
    installed = session._installed
    monkeypatch.setattr(
        session, "_installed", lambda name: None if name == "keras" else installed(name)
    )
    assert "%pip install keras==3.15.1" in mend_of("Keras")


def test_course_that_is_not_installed_is_said(monkeypatch):
    monkeypatch.setattr(session, "PACKAGE", "not-installed-anywhere")
    assert "pip install --no-deps -e ." in mend_of("NumPy")


def test_other_python_is_said(monkeypatch):
    monkeypatch.setattr(session, "PYTHON", (3, 10))
    assert "The course needs 3.10" in mend_of("Python")


def test_theano_that_does_not_work_is_said(monkeypatch):
    from course_utils import theano_compat

    def fails():
        raise RuntimeError("Theano was imported before `enable()`: restart the kernel.")

    monkeypatch.setattr(theano_compat, "enable", fails)
    assert "restart the kernel" in mend_of("Theano-PyMC")


def test_other_keras_backend_is_said(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert "KERAS_BACKEND" in mend_of("Keras backend")
