"""Find what a lesson's stored outputs come from besides the lesson: modules, texts and data."""

from __future__ import annotations

import ast
import hashlib
from fnmatch import fnmatchcase
from pathlib import Path

from imports import graph, imported, modules

from course_utils.course import Lesson

TEXTS = (".csv", ".json", ".toml", ".txt")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class Sources:
    """The files of ``course_utils`` and ``data``, read once: later changes do not count.

    A lesson's sources are its checks, quiz and hints, the modules that the lesson and its checks
    import, directly or through others, and every data file that one of these modules names, for
    whichever function. Comments, docstrings and the JavaScript of a widget are in no stored
    output, so they do not count either.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._modules = modules(root)
        self._imports = graph(self._modules)
        self.texts = [
            path
            for folder in ("course_utils", "data")
            for path in (root / folder).rglob("*")
            if path.suffix in TEXTS
        ]
        trees = {path: ast.parse(path.read_bytes()) for path in self._modules.values()}
        self._named = {path: _named(tree) for path, tree in trees.items()}
        self._contents = {path: _code(tree) for path, tree in trees.items()}
        self._contents |= {path: path.read_bytes() for path in self.texts}

    def of(self, lesson: Lesson) -> list[Path]:
        """List the sources of a lesson, the lesson itself left out."""
        source = self._root / "lessons" / f"{lesson.stem}.py"
        own = f"lesson_{lesson.number:02d}"
        found = imported(source, self._modules)
        found |= {f"course_utils.checks.{own}"} & self._modules.keys()
        reached: set[str] = set()
        while found:
            reached |= found
            found = {other for name in found for other in self._imports[name]} - reached
        paths = [self._modules[name] for name in reached]
        named = _named(ast.parse(source.read_bytes())).union(*(self._named[path] for path in paths))
        texts = [path for path in self.texts if _counts(path, own, named)]
        return sorted([*paths, *texts])

    def digest(self, lesson: Lesson) -> str:
        """Digest the sources of a lesson."""
        found = hashlib.sha256()
        for path in self.of(lesson):
            found.update(f"{path.relative_to(self._root).as_posix()}\n".encode())
            found.update(self._contents[path])
        return found.hexdigest()


def _counts(path: Path, own: str, named: set[str]) -> bool:
    if path.stem.startswith("lesson_"):
        return path.stem == own
    return any(fnmatchcase(path.name, name) for name in named)


def _named(tree: ast.Module) -> set[str]:
    """Find the strings that name a text or a data file; a gap in an f-string becomes ``*``."""
    strings = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "*" for part in node.values)
            strings.add("".join(map(str, parts)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)
    return {string.rpartition("/")[2] for string in strings if string.endswith(TEXTS)}


def _code(tree: ast.Module) -> bytes:
    """Dump what a module runs: its docstrings are removed from ``tree`` first."""
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return ast.dump(tree).encode()
