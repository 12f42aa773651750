"""Every single-edit variant of a solution is rejected, or listed as no mistake, with the reason.

What is rejected is not named: `test_all_exercises.py` does that for the mistakes that learners make.
A check that compiles takes seconds for each variant, so of such an exercise only N_COMPILED are tried,
always the same. With ALL_MUTANTS=1 in the environment all are.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import symtable
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from mutation import imported, variants

from course_utils.checks import exercises
from course_utils.judging.judge import judge

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
EQUIVALENT = tomllib.loads((HERE / "equivalent_variants.toml").read_text("utf-8"))
COMPILED = {"5.1", "5.2", "5.3", "7.1", "7.2", "7.3", "8.1", "8.2", "10.3", "14.3"}
N_COMPILED = 16
LOOPS, COMPILES = 1.0, 60.0  # seconds; without compiling, some variants loop without end


def cell_of(exercise: str) -> tuple[str, str]:
    """The lesson before an exercise's cell, and the cell."""
    (path,) = (ROOT / "lessons").glob(f"{int(exercise.split('.')[0]):02d}_*.py")
    before, _, rest = path.read_text("utf-8").partition(f'# %% exercise="{exercise}"\n')
    return before, re.split(r"^# %%", rest, maxsplit=1, flags=re.MULTILINE)[0]


def names_from_outside(source: str) -> set[str]:
    """The names that a program looks up at its top, those that it defines included."""

    def of(table: symtable.SymbolTable) -> set[str]:
        top = table.get_type() == "module"
        symbols = table.get_symbols()
        names = {name.get_name() for name in symbols if top or name.is_global()}
        return names.union(*map(of, table.get_children()))

    return of(symtable.symtable(source, "lesson", "exec"))


def defined(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.FunctionDef(name=name):
            return {name}
        case ast.Import() | ast.ImportFrom():
            return imported(statement)
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
    return set()


def what_it_uses(before: str, cell: str) -> list[str]:
    """The imports, functions and constants of the lesson that a cell needs, in order."""
    wanted, needed = names_from_outside(cell), []
    for statement in reversed(ast.parse(before).body):
        if defined(statement) & wanted:
            source = ast.unparse(statement)
            needed.append(source)
            wanted = wanted - defined(statement) | names_from_outside(source)
    return needed[::-1]


class Solution:
    """An exercise's solution as the lesson has it, and the variants of it."""

    def __init__(self, exercise):
        before, self.cell = cell_of(exercise.id)
        uses = "\n".join(what_it_uses(before, self.cell))
        self.namespace = {}
        exec(uses, self.namespace)
        self.variants = variants(self.cell, imported(ast.parse(uses)))
        functions = [
            node for node in ast.parse(self.cell).body if isinstance(node, ast.FunctionDef)
        ]
        self.name = functions[-1].name
        compiled = exercise.id in COMPILED
        self.exercise = replace(exercise, time_limit=COMPILES if compiled else LOOPS)
        if compiled and "ALL_MUTANTS" not in os.environ:
            self.variants = sorted(self.variants, key=digest)[:N_COMPILED]

    def status(self, source: str) -> str:
        """What the check says of a variant; one that cannot even be defined is wrong."""
        namespace = dict(self.namespace)
        try:
            exec(source, namespace)
        except Exception:
            return "wrong"
        return judge(self.exercise, namespace[self.name]).status


def digest(variant) -> str:
    return hashlib.sha256(variant.name.encode()).hexdigest()


@pytest.mark.parametrize("exercise", exercises(), ids=lambda exercise: exercise.id)
def test_only_what_is_listed_is_accepted(exercise):
    solution, listed = Solution(exercise), EQUIVALENT.get(exercise.id, {})
    assert solution.status(solution.cell) == "correct"
    accepted = {item.name for item in solution.variants if solution.status(item.source) != "wrong"}
    assert accepted == listed.keys() & {item.name for item in solution.variants}


def test_what_is_listed_exists():
    for exercise in exercises():
        before, cell = cell_of(exercise.id)
        modules = imported(ast.parse("\n".join(what_it_uses(before, cell))))
        names = {item.name for item in variants(cell, modules)}
        assert EQUIVALENT.get(exercise.id, {}).keys() <= names, exercise.id
