"""Single-edit variants of a program: what its tests, or the check of an exercise, must not accept.

A variant's name is the function that it is in and the expression before and after the edit, so
that it is the same when lines move.
"""

from __future__ import annotations

import ast
import copy
import warnings
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

EXCHANGED: dict[type, list[type]] = defaultdict(list)
for one, other in (
    *((ast.Add, ast.Sub), (ast.Mult, ast.Div), (ast.BitAnd, ast.BitOr), (ast.And, ast.Or)),
    *((ast.Lt, ast.LtE), (ast.Lt, ast.GtE), (ast.Gt, ast.GtE), (ast.Gt, ast.LtE)),
    *((ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn)),
):
    EXCHANGED[one].append(other)
    EXCHANGED[other].append(one)
EXCHANGED |= {ast.Pow: [ast.Mult], ast.FloorDiv: [ast.Div], ast.Mod: [ast.FloorDiv]}
LEFT_ALONE = {"annotation", "returns", "decorator_list"}  # fields of a node
GUARDS = {"strict"}  # keywords that change no result


@dataclass(frozen=True)
class Variant:
    """A program with one edit."""

    function: str
    description: str
    line: int
    source: str

    @property
    def name(self) -> str:
        return f"{self.function}: {self.description}"


@dataclass(frozen=True)
class _Place:
    """A node, the nodes that it is part of, the nearest last, and where that one holds it."""

    node: Any
    above: tuple[Any, ...]
    field: str
    index: int | None

    def put(self, node: Any) -> None:
        if self.index is None:
            setattr(self.above[-1], self.field, node)
        else:
            getattr(self.above[-1], self.field)[self.index] = node

    def shown(self) -> Any:
        """Find what a description shows: a constant or slice says little without its parent."""
        node, above = self.node, list(self.above)
        while _is_number(node) or isinstance(node, ast.Slice) or _is_index(node, above[-1]):
            node = above.pop()
        return node

    def function(self) -> str:
        named = ast.FunctionDef | ast.ClassDef
        return ".".join(node.name for node in self.above if isinstance(node, named))


def variants(source: str, modules: Collection[str] = ()) -> list[Variant]:
    """List the single-edit variants of ``source``.

    Parameters
    ----------
    source : str
        A program.
    modules : collection of str
        Names of modules, besides those that ``source`` imports: to skip the function of
        ``np.tanh(x)`` gives ``x``, and so does that of ``x.copy()``.
    """
    tree = ast.parse(source)
    modules = {*modules, *imported(tree)}
    seen = Counter[tuple[str, str]]()
    found = []
    for place in list(_places(tree)):
        shown = place.shown()
        before = _text(shown)
        for new in _edits(place.node, place.above[-1], modules):
            place.put(ast.copy_location(new, place.node))
            after = _text(new if shown is place.node else shown)
            program = ast.unparse(tree)
            place.put(place.node)
            if after == before or not _compiles(program):
                continue
            where = place.function(), f"`{before}` → `{after}`"
            seen[where] += 1
            count = f" ({seen[where]})" if seen[where] > 1 else ""
            found.append(Variant(where[0], where[1] + count, place.node.lineno, program))
    return found


def imported(tree: ast.AST) -> set[str]:
    """List the names that a program gives to modules."""
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    return {alias.asname or alias.name for node in imports for alias in node.names}


def _compiles(program: str) -> bool:
    with warnings.catch_warnings(action="ignore"):  # "str indices must be integers"
        try:
            compile(program, "variant", "exec")
        except SyntaxError:
            return False
    return True


def _places(node: Any, above: tuple[Any, ...] = ()) -> Iterator[_Place]:
    for field, value in ast.iter_fields(node):
        if field in LEFT_ALONE or getattr(node, "arg", None) in GUARDS:
            continue
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if isinstance(child, ast.AST):
                if isinstance(child, ast.expr | ast.stmt):
                    yield _Place(child, (*above, node), field, index)
                yield from _places(child, (*above, node))


def _edits(node: Any, parent: Any, modules: set[str]) -> Iterator[ast.AST]:
    """Yield what may take the place of ``node``."""
    match node:
        case ast.Constant():
            yield from map(ast.Constant, _other_values(node.value, parent))
        case ast.BinOp() | ast.BoolOp() | ast.AugAssign():
            yield from (_but(node, op=other()) for other in EXCHANGED[type(node.op)])
        case ast.Compare():
            for i, op in enumerate(node.ops):
                for other in EXCHANGED[type(op)]:
                    yield _but(node, ops=_with(node.ops, i, other()))
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield node.operand
        case ast.Attribute(attr="T"):
            yield node.value
        case ast.Subscript(slice=ast.Tuple(elts=parts)):
            for i, part in enumerate(parts):
                for index in _shifted(part):
                    yield _but(node, slice=ast.Tuple(_with(parts, i, index)))
        case ast.Subscript():
            yield from (_but(node, slice=index) for index in _shifted(node.slice))
        case ast.Slice():
            for end in ("lower", "upper", "step"):
                others = [] if end == "step" else _shifted(getattr(node, end))
                yield from (_but(node, **{end: other}) for other in (None, *others))
        case ast.Call():
            yield from _other_calls(node, modules)
    match node:
        case ast.BinOp(op=ast.MatMult()):
            yield _but(node, left=node.right, right=node.left)
        case ast.AugAssign():
            yield from (ast.Assign([node.target], node.value), ast.Pass())
        case ast.Expr(value=ast.Constant()) | ast.AnnAssign(value=None):
            return  # a docstring, a field without a default
        case ast.Assign() | ast.AnnAssign() | ast.Expr():
            yield ast.Pass()


def _other_values(value: object, parent: Any) -> list[Any]:
    """List the values next to a constant; a text has one only where it is compared."""
    match value:
        case bool():
            return [not value]
        case int() | float():
            return [value + 1, value - 1]
        case str() if isinstance(parent, ast.Compare):
            return [""] if value else ["x"]
    return []


def _other_calls(call: ast.Call, modules: set[str]) -> Iterator[ast.AST]:
    """Yield a call without its function, without a keyword, with two arguments exchanged."""
    function: Any = call.func
    root, args = function, call.args
    while isinstance(root, ast.Attribute):
        root = root.value
    is_method = isinstance(function, ast.Attribute) and not (
        isinstance(root, ast.Name) and root.id in modules
    )
    if is_method:
        yield function.value
    elif args and not isinstance(args[0], ast.Starred):
        yield args[0]
    for keyword in call.keywords:
        if keyword.arg not in GUARDS:
            yield _but(call, keywords=[other for other in call.keywords if other is not keyword])
    for i in range(len(args) - 1):
        yield _but(call, args=[*args[:i], args[i + 1], args[i], *args[i + 2 :]])
    if isinstance(function, ast.Name) and function.id == "range":
        for i, arg in enumerate(args):
            yield from (_but(call, args=_with(args, i, bound)) for bound in _shifted(arg))


def _shifted(bound: Any) -> Iterator[ast.AST]:
    """Yield a computed bound or index plus and minus one; constants have edits of their own."""
    if isinstance(bound, ast.Name | ast.BinOp | ast.Attribute | ast.Call | ast.Subscript):
        for op in (ast.Add(), ast.Sub()):
            yield ast.BinOp(bound, op, ast.Constant(1))


def _with(items: list[Any], i: int, item: Any) -> list[Any]:
    return [*items[:i], item, *items[i + 1 :]]


def _but(node: Any, **fields: Any) -> Any:
    """Return a copy of a node with other fields."""
    new = copy.copy(node)
    for field, value in fields.items():
        setattr(new, field, value)
    return new


def _text(node: ast.AST) -> str:
    """Return a node's code; of a compound statement its first line."""
    return ast.unparse(node).lstrip().split("\n")[0]


def _is_number(node: Any) -> bool:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant)


def _is_index(node: Any, parent: Any) -> bool:
    return isinstance(node, ast.Tuple) and isinstance(parent, ast.Subscript)
