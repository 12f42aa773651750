"""The three routes (make, conda, Binder) install the same packages, and those are the ones here."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
GROUPS = PROJECT["dependency-groups"]


def pins(requirements):
    """Return ``{name: version}`` of exact pins."""
    parsed = [Requirement(text) for text in requirements]
    return {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in parsed}


def lock_entries():
    """Return ``{name: (requirement, number of hashes)}`` of requirements.lock."""
    text = (ROOT / "requirements.lock").read_text("utf-8")
    lines = text.replace("\\\n", " ").splitlines()
    entries = [line for line in lines if line and not line.startswith("#")]
    parsed = [(Requirement(e.split(" --hash=")[0]), e.count("--hash=sha256:")) for e in entries]
    return {canonicalize_name(r.name): (r, hashes) for r, hashes in parsed}


def conda_environment():
    return yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))


def pip_section():
    return next(d for d in conda_environment()["dependencies"] if isinstance(d, dict))["pip"]


DIRECT = PROJECT["project"]["dependencies"]
# What a learner runs needs no group; what builds and tests the course may take from every group.
DECLARED = {
    "course_utils": DIRECT,
    "lessons": DIRECT,
    "tools": DIRECT + [r for group in GROUPS.values() for r in group],
    "tests": DIRECT + [r for group in GROUPS.values() for r in group],
    "conftest.py": DIRECT + GROUPS["test"],
}


def python_files(place):
    return [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py"))


OWN = {"course_utils", "conftest"} | {
    name
    for place in ("tools", "tests")
    for path in python_files(place)
    for name in (path.stem, path.parent.name)
}


def imported(source):
    """Top-level modules that a Python file imports, also late and by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Call):
            function = getattr(node.func, "attr", getattr(node.func, "id", None))
            argument = node.args[0] if node.args else None
            if (
                function in ("import_module", "importorskip")
                and isinstance(argument, ast.Constant)
                and not argument.value.startswith(".")
            ):
                yield argument.value.split(".")[0]


@pytest.mark.parametrize("place", DECLARED)
def test_every_import_is_declared_where_it_is_used(place):
    installed = packages_distributions()
    declared = pins(DECLARED[place])
    undeclared = {}
    for path in python_files(place):
        modules = set(imported(path.read_text("utf-8"))) - OWN - sys.stdlib_module_names
        for module in modules:
            # A module that nothing installs counts as a distribution of its own name.
            names = {canonicalize_name(name) for name in installed.get(module, [module])}
            if not names & declared.keys():
                undeclared.setdefault(module, []).append(str(path.relative_to(ROOT)))
    assert undeclared == {}, f"declare them in pyproject.toml for {place}, then `make lock`"


@pytest.mark.parametrize("requirement", DIRECT + [r for group in GROUPS.values() for r in group])
def test_direct_dependency_is_pinned_exactly(requirement):
    assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", requirement)


def test_conda_installs_the_direct_dependencies_and_the_test_group():
    assert pins(pip_section()) == pins(DIRECT + GROUPS["test"])


def test_conda_environment_has_the_python_and_the_channel_that_the_readme_says():
    environment = conda_environment()
    assert environment["name"] == "unrolled"
    assert environment["channels"] == ["conda-forge"]
    assert environment["dependencies"][:2] == ["python=3.11", "pip"]
    assert PROJECT["project"]["requires-python"] == ">=3.11,<3.12"


def test_conda_pip_section_has_no_path():
    # mamba runs pip before the sources are there, and Binder caches nothing after such a line.
    assert not [line for line in pip_section() if line.startswith(("-", ".", "/"))]


def test_lock_has_every_pin_of_pyproject():
    locked = {name: str(r.specifier).removeprefix("==") for name, (r, _) in lock_entries().items()}
    wanted = pins(DIRECT + [r for group in GROUPS.values() for r in group])
    assert {name: locked.get(name) for name in wanted} == wanted


def test_lock_pins_and_hashes_everything_and_holds_no_address():
    text = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in text
    assert "--index-url" not in text and "--find-links" not in text
    for name, (requirement, hashes) in lock_entries().items():
        assert str(requirement.specifier).startswith("=="), name
        assert hashes > 0, name


def test_build_backend_is_the_setuptools_that_theano_needs():
    assert PROJECT["build-system"]["requires"] == ["setuptools==73.0.1"]
    assert pins(DIRECT)["setuptools"] == "73.0.1"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with the package as a wheel installs it, away from the course's folder."""
    source = tmp_path_factory.mktemp("source")
    for name in ("course_utils", "LICENSES"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "LICENSE", "LICENSE-text"):
        shutil.copy(ROOT / name, source)
    build = "from setuptools import build_meta; build_meta.build_wheel('dist')"
    subprocess.run(
        [sys.executable, "-c", build], cwd=source, check=True, capture_output=True, timeout=120
    )
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(next(source.glob("dist/*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder


def test_wheel_has_every_file_of_the_package_and_its_licences(site):
    package = ROOT / "course_utils"
    files = [path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    missing = [path for path in files if not (site / path.relative_to(ROOT)).exists()]
    assert missing == []
    (metadata,) = site.glob("*.dist-info")
    assert {"LICENSE", "LICENSE-text", "CC-BY-4.0.txt"} <= {p.name for p in metadata.iterdir()}
    assert "\nAuthor: The Unrolled authors\n" in (metadata / "METADATA").read_text("utf-8")


def test_a_wheel_says_that_the_data_come_with_the_course(site):
    program = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "from course_utils import datasets\n"
        "print(datasets.__file__)\n"
        "datasets.load_prose()"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, timeout=60
    )
    assert result.stdout.startswith(str(site))
    assert result.stderr.splitlines()[-1] == (
        "FileNotFoundError: data/prose_lighthouse.txt is missing: course_utils is installed without "
        "the course's folder. In that folder, run `pip install --no-deps --no-build-isolation -e .`"
    )


def test_what_is_installed_is_what_is_pinned():
    assert sys.version_info[:2] == (3, 11)
    different = {}
    for name, (requirement, _) in lock_entries().items():
        if requirement.marker is None or requirement.marker.evaluate():
            try:
                installed = version(name)
            except PackageNotFoundError:
                installed = None
            if installed is None or not requirement.specifier.contains(installed):
                different[str(requirement)] = installed
    assert different == {}, "run `make setup`"


def test_binder_has_its_own_copy_of_the_environment():
    copy = ROOT / "binder" / "environment.yml"
    assert not copy.is_symlink()
    assert copy.read_bytes() == (ROOT / "environment.yml").read_bytes()
    assert not (ROOT / ".binder").exists(), "repo2docker refuses binder/ beside .binder/"


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_binder_scripts_run_and_stop_at_a_failure(name):
    script = ROOT / "binder" / name
    lines = script.read_text("utf-8").splitlines()
    assert script.stat().st_mode & 0o111 == 0o111
    assert lines[0].startswith("#!")
    assert "set -e" in lines
    if name == "start":
        assert lines[-1] == 'exec "$@"'


def test_repo2docker_reads_the_binder_folder(tmp_path, monkeypatch):
    conda = pytest.importorskip("repo2docker.buildpacks.conda")
    shutil.copytree(ROOT / "binder", tmp_path / "binder")
    shutil.copy(ROOT / "environment.yml", tmp_path)
    monkeypatch.chdir(tmp_path)

    pack = conda.CondaBuildPack("docker.io/library/buildpack-deps:24.04")
    pack.platform = "linux/amd64"

    assert pack.detect()
    assert pack.environment_yaml_path == "binder/environment.yml"
    assert pack.python_version == "3.11"
    assert pack.get_post_build_scripts() == ["binder/postBuild"]
    assert pack.get_start_script() == "${REPO_DIR}/binder/start"
    assert "conda/environment.py-3.11-linux-64.lock" in pack.get_build_script_files()
    dockerfile = pack.render()
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "binder/environment.yml"' in dockerfile
    assert "./binder/postBuild" in dockerfile
    assert dockerfile.index("environment.yml") < dockerfile.index("./binder/postBuild")
