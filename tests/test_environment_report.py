"""The report on the environment, and what set-up adds to it."""

import json
import sys

import pytest
from own_process import run_python

from course_utils import environment, keras2_compat


@pytest.fixture(scope="module")
def report():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "jax")
        return environment.report()


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
        "import sys; from course_utils import environment; environment.report();"
        "print(sorted({'keras', 'jax', 'matplotlib'} & set(sys.modules)))"
    )
    assert run_python(program) == ("[]", "")


def mend_of(name: str) -> str:
    report = environment.report()
    assert not report.ok
    assert "need mending" in repr(report)
    (component,) = [item for item in report.components if item.name == name]
    assert component.mend in repr(report)
    return component.mend


def test_other_version_gets_the_command_that_mends_it(monkeypatch):
    installed = environment.installed
    monkeypatch.setattr(
        environment, "installed", lambda name: "2.1.0" if name == "numpy" else installed(name)
    )
    assert mend_of("NumPy").startswith("Run `%pip install numpy==1.26.4` in a cell")


def test_missing_package_gets_the_command_that_mends_it(monkeypatch):
    installed = environment.installed
    monkeypatch.setattr(
        environment, "installed", lambda name: None if name == "keras" else installed(name)
    )
    assert "%pip install keras==3.15.1" in mend_of("Keras")


def test_course_that_is_not_installed_is_said(monkeypatch):
    monkeypatch.setattr(environment, "PACKAGE", "not-installed-anywhere")
    assert "pip install --no-deps -e ." in mend_of("NumPy")


def test_other_python_is_said(monkeypatch):
    monkeypatch.setattr(environment, "PYTHON", (3, 10))
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


# Set-up


@pytest.fixture
def prefix(monkeypatch, tmp_path):
    """An empty environment to write into."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(keras2_compat, "install", lambda: None)
    return tmp_path


def test_install_leaves_the_settings_of_others(prefix):
    others = prefix / "share/jupyter/lab/settings/overrides.json"
    others.parent.mkdir(parents=True)
    others.write_text("{}")
    for _ in range(2):
        environment.main(["--install"])
    assert others.read_text() == "{}"
    ours = json.loads((others.parent / "overrides.d/unrolled.json").read_text())
    assert ours == environment.LAB_SETTINGS


def test_kernels_name_python_without_its_patch_release(prefix):
    environment.main(["--install"])
    settings = (prefix / "etc/ipython/ipython_kernel_config.py").read_text()
    said, _ = run_python(
        settings
        + "print(IPythonKernel.language_info['version'], IPythonKernel.language_info['name'])"
    )
    assert said == f"{sys.version_info.major}.{sys.version_info.minor} python"


def test_settings_are_written_where_keras_cannot_be_fetched(prefix, monkeypatch):
    def fails():
        raise RuntimeError("no network")

    monkeypatch.setattr(keras2_compat, "install", fails)
    with pytest.raises(SystemExit, match="no network"):
        environment.main(["--install"])
    assert (prefix / "etc/ipython/ipython_kernel_config.py").is_file()
