"""`make lab` on a fresh clone: what it says and leaves where Python is missing, and what it repeats.

The set-up itself is the first thing every test run has done. Here Python and uv are stand-ins that
note how they are called, so that no package is installed and no index is needed.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ["awk", "cat", "chmod", "cp", "grep", "make", "mkdir", "pwd", "rm", "sed", "sh", "touch"]
FILES = [
    "Makefile",
    "requirements.lock",
    "course_utils/keras2.lock",
    "pyproject.toml",
    "tools/build_constraints.txt",
    "tools/find_python.sh",
]
LAB = "python -m jupyterlab --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb"

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not shutil.which("make"),
    reason="the Makefile is for Linux and macOS",
)

# Answers the question for its version; makes a .venv whose Python is the same stand-in.
PYTHON = (
    '#!/bin/sh\ncase "$1 $2" in "-c "*) exit 0;; esac\n'
    + 'echo "python $*" >> "$CALLS"\n'
    + 'if [ "$2" = venv ]; then rm -rf "$4" && mkdir -p "$4/bin" && cp "$0" "$4/bin/python"; fi\n'
)
UV = '#!/bin/sh\necho "uv $*" >> "$CALLS"\nexit "${UV_EXIT:-0}"\n'


@pytest.fixture
def clone(tmp_path):
    """A clone in a folder whose name has a space and an apostrophe, with nothing set up."""
    folder = tmp_path / "anna's course"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


class Machine:
    """A PATH with the tools that a set-up needs and, on request, stand-ins for Python and uv."""

    def __init__(self, folder):
        self.bin = folder / "bin"
        self.calls = folder / "calls"
        self.bin.mkdir()
        self.calls.touch()
        for tool in TOOLS:
            found = shutil.which(tool)
            if found:
                (self.bin / tool).symlink_to(found)

    def install(self, name, script):
        (self.bin / name).write_text(script)
        (self.bin / name).chmod(0o755)

    def run(self, *command, cwd, **environment):
        self.calls.write_text("")
        return subprocess.run(
            command,
            cwd=cwd,
            env={"PATH": str(self.bin), "CALLS": str(self.calls), **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def noted(self):
        return self.calls.read_text().splitlines()


@pytest.fixture
def bare(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def machine(bare):
    bare.install("python3.11", PYTHON)
    bare.install("uv", UV)
    return bare


def everything(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_find_python_finds_the_one_that_runs_here():
    found = subprocess.run(
        ["sh", ROOT / "tools/find_python.sh"],
        env={"PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    command = [found.stdout.strip(), "-c", "import sys; print(*sys.version_info[:2])"]
    assert subprocess.check_output(command, text=True).split() == ["3", "11"]


def test_without_python_311_the_message_names_three_ways_and_nothing_else_is_said(bare, tmp_path):
    result = bare.run("sh", ROOT / "tools/find_python.sh", cwd=tmp_path)

    assert result.returncode == 1
    assert result.stdout == ""
    for way in ("uv python install 3.11", "conda env create -f environment.yml", "Binder"):
        assert way in result.stderr
    assert "not found" not in result.stderr


@pytest.mark.parametrize("target", ["lab", "test"])
def test_make_without_python_311_leaves_nothing_behind(bare, clone, target):
    before = everything(clone)
    result = bare.run("make", target, cwd=clone)

    assert result.returncode != 0
    assert result.stderr.count("Unrolled needs Python 3.11") == 1
    assert "Error 1" in result.stderr  # make passes the script's exit code on as its own message
    assert result.stdout == ""
    assert everything(clone) == before


def test_another_python_is_not_taken_for_311(bare, clone):
    bare.install("python3", "#!/bin/sh\nexit 1\n")
    assert bare.run("make", "lab", cwd=clone).returncode != 0


def test_the_names_in_the_message_are_headings_of_the_readme():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "### With conda\n" in readme
    assert "### On Binder\n" in readme


def test_first_setup_installs_the_lock_and_the_course(machine, clone):
    result = machine.run("make", "lab", cwd=clone)

    assert result.returncode == 0, result.stderr
    assert machine.noted() == [
        "python -m venv --clear .venv",
        "uv pip sync --quiet --python .venv/bin/python --require-hashes "
        "--build-constraints tools/build_constraints.txt requirements.lock",
        "uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .",
        "python -m course_utils.environment --install",
        LAB,
    ]


def test_second_lab_has_no_setup_left(machine, clone):
    machine.run("make", "setup", cwd=clone)

    dry = machine.run("make", "-n", "lab", cwd=clone)
    assert dry.stdout.strip() == f".venv/bin/{LAB}"

    machine.run("make", "lab", cwd=clone)
    assert machine.noted() == [LAB]


def test_lab_passes_options_on(machine, clone):
    machine.run("make", "lab", "LAB_ARGS=--no-browser --port=0", cwd=clone)
    assert machine.noted()[-1].endswith("notebooks/00_start_here.ipynb --no-browser --port=0")


def test_a_new_lock_is_installed_into_the_same_venv(machine, clone):
    machine.run("make", "setup", cwd=clone)
    stamp = (clone / ".venv/.ready").stat().st_mtime
    os.utime(clone / "requirements.lock", (stamp + 10, stamp + 10))

    machine.run("make", "setup", cwd=clone)
    assert [call.split()[0] for call in machine.noted()] == ["uv", "uv", "python"]


def test_an_interrupted_setup_starts_from_scratch(machine, clone):
    broken = machine.run("make", "setup", cwd=clone, UV_EXIT="3")
    assert broken.returncode != 0
    assert not (clone / ".venv/.ready").exists()

    assert machine.run("make", "setup", cwd=clone).returncode == 0
    assert machine.noted()[0] == "python -m venv --clear .venv"


def test_a_moved_clone_is_set_up_anew(machine, clone):
    machine.run("make", "setup", cwd=clone)
    moved = clone.rename(clone.parent / "elsewhere")

    machine.run("make", "setup", cwd=moved)
    assert machine.noted()[0] == "python -m venv --clear .venv"


def test_a_venv_whose_python_is_gone_is_made_anew(machine, clone):
    machine.run("make", "setup", cwd=clone)
    (clone / ".venv/bin/python").unlink()
    (clone / ".venv/bin/python").symlink_to(clone / "gone")

    assert machine.run("make", "setup", cwd=clone).returncode == 0
    assert machine.noted()[0] == "python -m venv --clear .venv"


def test_uv_comes_into_the_venv_where_there_is_none(machine, clone):
    # The stand-in pip installs nothing; the stand-in venv brings uv.
    (machine.bin / "uv").rename(machine.bin / "uv-for-venv")
    machine.install(
        "python3.11", PYTHON.replace('"$4/bin/python"', '"$4/bin/python" && cp "$0" "$4/bin/uv"')
    )
    result = machine.run("make", "setup", cwd=clone)

    assert result.returncode == 0, result.stderr
    pip = machine.noted()[1]
    assert pip.startswith("python -m pip install") and "--require-hashes" in pip
    assert machine.noted()[2].startswith("python pip sync")  # .venv/bin/uv, the same stand-in
    uv_only = (clone / ".venv/uv.txt").read_text()
    assert uv_only.startswith("uv==") and "--hash=sha256:" in uv_only
    assert uv_only.count("==") == 1


def test_help_lists_every_task():
    text = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^\.PHONY: ([a-z-]+)$", text, re.MULTILINE))
    result = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True
    )
    listed = {line.split()[1] for line in result.stdout.splitlines()}
    assert listed == targets
