"""Check what has changed, within a minute: format, lint, types, and the tests that import it.

    python tools/check.py           what differs from the last commit
    python tools/check.py --all     the whole package, without notebooks and browser
    python tools/check.py --of 07   print what tests lesson 07: for `make test LESSON=07`

A test file counts if it changed, if it imports a changed module of course_utils or tools, or if it
is named after it. `make test` is the judge; this is a quick word before it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from imports import ROOT, imported, modules

PYTHON = (sys.executable, "-m")


def changed() -> list[Path]:
    """List the files that differ from the last commit, new ones included."""
    commands = (
        ("diff", "--name-only", "--diff-filter=d", "HEAD"),
        ("ls-files", "--others", "--exclude-standard"),
    )
    return [
        ROOT / name
        for command in commands
        for name in subprocess.check_output(("git", *command), cwd=ROOT, text=True).split("\n")
        if name
    ]


def tests_of(files: list[Path]) -> list[Path]:
    """Choose the test files for changed ones."""
    known = modules()
    tools = {
        ".".join(path.relative_to(ROOT / "tools").with_suffix("").parts): path
        for path in (ROOT / "tools").rglob("*.py")
    }
    names = {name for name, path in (known | tools).items() if path in files}
    # The page's side of a widget, and the texts of the quizzes, are tested with all others.
    names |= {"course_utils.widgets" for path in files if path.parent.name == "static"}
    names |= {"course_utils.widgets.quiz" for path in files if path.parent.name == "quizzes"}
    stems = {path.stem for path in files if path.suffix in (".py", ".toml", ".js")}
    return [
        path
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "browser" not in path.parts
        if path in files
        or path.stem.removeprefix("test_") in stems
        or imported(path, known | tools) & names
    ]


def tests_of_lesson(number: int) -> list[Path]:
    """Choose what tests one lesson: its checks, quiz, widgets and both notebooks."""
    (source,) = (ROOT / "lessons").glob(f"{number:02d}_*.py")
    known = modules()
    widgets = {name.rpartition(".")[2] for name in imported(source, known) if ".widgets." in name}
    return [
        ROOT / "tests" / "checks" / f"test_lesson_{number:02d}.py",
        *(path for path in tests_of([known[f"course_utils.widgets.{name}"] for name in widgets])),
        *(ROOT / variant / f"{source.stem}.ipynb" for variant in ("notebooks", "solutions")),
    ]


def check_page() -> int:
    """Check the page's code, if its tools are set up or can be; return the exit status."""
    make = ("make", "--no-print-directory")
    if subprocess.run((*make, ".venv-page/.ready"), cwd=ROOT).returncode:
        print("The page's code is not checked: `make lint-page` cannot set up its tools here.")
        return 0
    return subprocess.run((*make, "lint-page"), cwd=ROOT).returncode


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true", help="every test but notebooks and browser")
    parser.add_argument("--of", type=int, metavar="LESSON", help="print what tests a lesson")
    options = parser.parse_args(arguments)
    if options.of is not None:
        print(*(path.relative_to(ROOT) for path in tests_of_lesson(options.of)))
        return 0
    everything = options.all
    files = changed()
    sources = ["."] if everything else [str(path) for path in files if path.suffix == ".py"]
    tests = ["tests"] if everything else [str(path) for path in tests_of(files)]
    steps = []
    if sources:
        steps += [("ruff", "check", *sources), ("ruff", "format", "--check", *sources), ("mypy",)]
    steps += [("pytest", "-n", "2", "--dist", "loadfile", *tests)] if tests else []
    if not steps:
        print("Nothing has changed since the last commit.")
    status = check_page() if everything or any(p.suffix in (".js", ".css") for p in files) else 0
    return max([status, *(subprocess.run((*PYTHON, *step), cwd=ROOT).returncode for step in steps)])


if __name__ == "__main__":
    sys.exit(main())
