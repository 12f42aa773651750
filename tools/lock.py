"""Resolve pyproject.toml into requirements.lock and write the conda route's environment files.

Also resolve tools/backends.txt, for `make test-backends`, so that it agrees with that lock, and
tools/page/node.txt, for `make lint-page`. Needs the package index. uv resolves for Python 3.11 on
every platform; its own lock file, which carries addresses, stays in a temporary folder.
"""

import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Every package of the course, for Python 3.11 on Linux, macOS and Windows.\n# Made by `make lock` from pyproject.toml; do not edit.\n"
BACKENDS_HEADER = "# TensorFlow for `make test-backends`, on Linux; beside requirements.lock, never in it.\n# Made by `make lock` from tools/backends.txt; do not edit.\n"
NODE_HEADER = (
    "# Node for `make lint-page`.\n# Made by `make lock` from tools/page/node.txt; do not edit.\n"
)
ENVIRONMENT = """\
# The conda route of README.md, and Binder's (binder/environment.yml is the same file).
# Made by `make lock` from pyproject.toml; do not edit.
name: unrolled
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
"""


def find_uv() -> str:
    return shutil.which("uv") or str(Path(sys.executable).parent / "uv")


def resolved() -> str:
    """Every package with its hashes, as uv resolves pyproject.toml today."""
    uv = find_uv()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "pyproject.toml", folder)
        export = [uv, "export", "--quiet", "--all-groups", "--no-emit-project", "--no-header"]
        return subprocess.run(
            [*export, "--no-annotate", "--format", "requirements-txt"],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout


def compiled(requirements: str, *options: str) -> str:
    """Every package of another requirements file with its hashes, as uv resolves it today."""
    compile = [find_uv(), "pip", "compile", "--quiet", "--generate-hashes", "--no-header"]
    return subprocess.run(
        [*compile, "--no-annotate", "--python-version", "3.11", *options, requirements],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def environment() -> str:
    """The conda environment: what a learner needs, and what builds and tests the notebooks."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    pins = sorted(project["project"]["dependencies"] + project["dependency-groups"]["test"])
    return ENVIRONMENT + "".join(f"      - {pin}\n" for pin in pins)


def main() -> None:
    (ROOT / "requirements.lock").write_text(HEADER + resolved(), "utf-8")
    # In the versions of requirements.lock.
    backends = compiled(
        "tools/backends.txt", "--python-platform", "linux", "-c", "requirements.lock"
    )
    (ROOT / "tools" / "backends.lock").write_text(BACKENDS_HEADER + backends, "utf-8")
    node = compiled("tools/page/node.txt", "--universal")
    (ROOT / "tools" / "page" / "node.lock").write_text(NODE_HEADER + node, "utf-8")
    # Two real files: a link would break Windows checkouts and zip downloads.
    for path in (ROOT / "environment.yml", ROOT / "binder" / "environment.yml"):
        path.write_text(environment(), "utf-8")


if __name__ == "__main__":
    main()
