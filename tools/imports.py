"""What imports what, read from the sources: late imports and those for types included."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Each module of course_utils by its dotted name."""
    found = {}
    for path in sorted((root / "course_utils").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path, known: Mapping[str, Path], package: str = "") -> set[str]:
    """List the modules among ``known`` that a file names; ``package`` is what "." means in it.

    A name that a package takes from one of its modules counts as that module.
    """
    tree = ast.parse(path.read_text("utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = _module(node, package)
            sources = _sources(known[module], module) if module in known else {}
            for alias in node.names:
                inside = f"{module}.{alias.name}"
                if inside in known:
                    names |= _used(tree, alias.asname or alias.name, inside, known)
                else:
                    names.add(sources.get(alias.name, module))
    return names & known.keys()


def _used(tree: ast.Module, name: str, module: str, known: Mapping[str, Path]) -> set[str]:
    """Find the modules that a file takes from, where ``name`` is a module or package in it."""
    nodes = list(ast.walk(tree))
    names = {node for node in nodes if isinstance(node, ast.Name) and node.id == name}
    taken = {n.value: n.attr for n in nodes if isinstance(n, ast.Attribute) and n.value in names}
    if not names or names - taken.keys():  # such as getattr(datasets, "adding")
        return {module}
    sources = _sources(known[module], module)
    inside = {attribute: f"{module}.{attribute}" for attribute in taken.values()}
    return {
        path if path in known else sources.get(attribute, module)
        for attribute, path in inside.items()
    }


def _module(node: ast.ImportFrom, package: str) -> str:
    parts = package.split(".")
    above = parts[: len(parts) - node.level + 1] if node.level else []
    return ".".join([*above, *filter(None, [node.module])])


@cache
def _sources(path: Path, package: str) -> dict[str, str]:
    """For each name that a package takes from its modules, the module."""
    if path.stem != "__init__":
        return {}
    return {
        alias.name: _module(node, package)
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if _module(node, package).startswith(f"{package}.")
    }


def graph(known: Mapping[str, Path]) -> dict[str, set[str]]:
    """For each module of course_utils, the others that it imports."""
    return {
        name: imported(path, known, name if path.stem == "__init__" else name.rpartition(".")[0])
        for name, path in known.items()
    }
