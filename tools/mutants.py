"""Measure the tests: how many of 200 single-edit variants of course_utils do they catch?

    python tools/mutants.py         go on where the last run stopped, then print the score
    python tools/mutants.py 20      the same with the first 20 of the choice

Each variant is put into a copy of the tree, and the tests that tools/check.py chooses for its module
run until one fails: the module's own first, then the others, quick ones before slow ones. A test of
more than ten seconds is left out. Results are kept in .cache/mutants.jsonl: what was caught is not
run again, what survived is. Variants that no test can catch are listed with the reason in
tools/equivalent_mutants.toml.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from check import tests_of
from imports import ROOT
from mutation import Variant, variants
from tqdm import tqdm

MODULES = (
    *("cells", "gradients", "training", "losses", "text", "forecasting"),
    *("interop", "theano_training", "progress", "judging"),
)
N_MUTANTS = 200
SEED = "house"
RESULTS = ROOT / ".cache" / "mutants.jsonl"
EQUIVALENT = ROOT / "tools" / "equivalent_mutants.toml"
SLOW = 10.0  # seconds
TIME_LIMIT = 900.0  # seconds for all tests of a mutant, many times what they take
MEMORY = 12 * 2**30  # bytes; a mutant may ask for all there is
LIBRARIES = ["hypothesis", "jupytext", "keras", "matplotlib.pyplot", "nbclient", "scipy.stats"]

Mutant = tuple[Path, Variant]


# Which mutants


def sources(module: str) -> list[Path]:
    """List the files of a module or package, from the root."""
    package = ROOT / "course_utils" / module
    paths = sorted(package.rglob("*.py")) if package.is_dir() else [package.with_suffix(".py")]
    return [path.relative_to(ROOT) for path in paths]


def chosen(n: int) -> list[Mutant]:
    """Choose mutants by their names alone, so that most stay when a module changes."""
    everything = [
        (path, variant)
        for module in MODULES
        for path in sources(module)
        for variant in variants((ROOT / path).read_text("utf-8"))
    ]
    return sorted(everything, key=lambda mutant: _digest(name_of(mutant)))[:n]


def name_of(mutant: Mutant) -> str:
    """Name a mutant: module, function, edit."""
    path, variant = mutant
    return f"{'.'.join(path.with_suffix('').parts[1:])}.{variant.name}"


def _digest(name: str) -> str:
    return hashlib.sha256(f"{SEED} {name}".encode()).hexdigest()


def module_of(mutant: Mutant) -> str:
    """Return the one of MODULES that a mutant is in."""
    return mutant[0].with_suffix("").parts[1]


# Running tests


class Watch:
    """A plugin of pytest: it puts tests in order, and notes how long they take and which fail."""

    def __init__(self, files: Sequence[str], known: dict[str, float]) -> None:
        self.files = files
        self.known = known
        self.seconds: dict[str, float] = defaultdict(float)
        self.failed: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self.known.get(item.nodeid, 0) <= SLOW]
        items.sort(key=self._rank)

    def _rank(self, item: pytest.Item) -> tuple[bool, int, float]:
        seconds = self.known.get(item.nodeid, 0)
        return seconds > SLOW / 10, self.files.index(item.nodeid.partition("::")[0]), seconds

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.append(report.nodeid)


def run_tests(folder: Path, watch: Watch, options: Sequence[str], results: Connection) -> None:
    """Run the files of ``watch`` in a process and session of its own; send what was seen."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    os.environ |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    sys.dont_write_bytecode = True
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    status = pytest.main(["-p", "no:cacheprovider", *options, *watch.files], [watch])
    if status and not watch.failed:
        watch.failed.append(f"pytest ended with {status!r}")
    results.send((watch.failed, dict(watch.seconds)))


class Tests:
    """The tests of each module, in a copy of the tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, float] = {}
        """Seconds of each test; infinite if it fails without a mutant."""
        os.environ["KERAS_BACKEND"] = "jax"
        self.context = get_context("forkserver")
        self.context.set_forkserver_preload(LIBRARIES)

    def catch(self, mutant: Mutant) -> str | None:
        """Return a test that fails for a mutant, or None."""
        path, variant = mutant
        files = self._files(module_of(mutant))
        original = (self.folder / path).read_bytes()
        (self.folder / path).write_text(variant.source, "utf-8")
        try:
            failed, _ = self._run(files, "-x")
        finally:
            (self.folder / path).write_bytes(original)
        return failed[0] if failed else None

    def _files(self, module: str) -> list[str]:
        """List a module's test files: its own, then the quick before the slow."""
        paths = tests_of([ROOT / path for path in sources(module)])
        names = (path.relative_to(ROOT).as_posix() for path in paths)
        files = [name for name in names if (self.folder / name).exists()]  # not newer than the copy
        totals: dict[str, float] = dict.fromkeys(files, 0.0)
        for file in files:
            if not any(test.startswith(file) for test in self.known):
                failed, seconds = self._run([file])
                self.known |= seconds | dict.fromkeys(failed, math.inf)
                for test in failed:
                    print(f"left out, since it fails without a mutant: {test}")
        for test, seconds_of_test in self.known.items():
            if seconds_of_test <= SLOW and test.partition("::")[0] in totals:
                totals[test.partition("::")[0]] += seconds_of_test
        return sorted(files, key=lambda file: (Path(file).stem != f"test_{module}", totals[file]))

    def _run(self, files: Sequence[str], *options: str) -> tuple[list[str], dict[str, float]]:
        results, sender = self.context.Pipe(duplex=False)
        watch = Watch(files, self.known)
        process = self.context.Process(target=run_tests, args=(self.folder, watch, options, sender))
        process.start()
        sender.close()
        try:
            if not results.poll(TIME_LIMIT):
                return [f"still running after {TIME_LIMIT:g} s"], {}
            return results.recv()
        except EOFError:
            return ["the process died"], {}
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid or 0, signal.SIGKILL)
            process.join()


def copy_tree(folder: Path) -> None:
    """Copy what git knows, and what it would take in."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in subprocess.check_output(command, cwd=ROOT, text=True).split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


# The score


def kept() -> dict[str, str | None]:
    """Read what caught each mutant that has been run; None for a survivor."""
    lines = RESULTS.read_text("utf-8").splitlines() if RESULTS.exists() else []
    return {result["mutant"]: result["caught"] for result in map(json.loads, lines)}


def main(n: int) -> None:
    """Run the mutants that are not caught yet, and print the score."""
    listed: dict[str, dict[str, Any]] = tomllib.loads(EQUIVALENT.read_text("utf-8"))
    equivalent = {f"{module}.{name}" for module, names in listed.items() for name in names}
    mutants = [mutant for mutant in chosen(n) if name_of(mutant) not in equivalent]
    mutants.sort(key=lambda mutant: MODULES.index(module_of(mutant)))
    results = kept()
    RESULTS.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mutants-") as name, RESULTS.open("a") as file:
        copy_tree(Path(name))
        tests = Tests(Path(name))
        for mutant in tqdm([each for each in mutants if not results.get(name_of(each))]):
            caught = results[name_of(mutant)] = tests.catch(mutant)
            print(json.dumps({"mutant": name_of(mutant), "caught": caught}), file=file, flush=True)
    for mutant in mutants:
        if not results[name_of(mutant)]:
            print(f"survived: {mutant[0]}:{mutant[1].line}: {name_of(mutant)}")
    n_caught = sum(bool(results[name_of(mutant)]) for mutant in mutants)
    print(f"caught {n_caught} of {len(mutants)}, besides {n - len(mutants)} that are equivalent")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else N_MUTANTS)
