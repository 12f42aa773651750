"""The variants of a program: each kind of edit, and names that outlive a move."""

import ast

import pytest
from mutation import variants


def edits(source, *modules):
    return {variant.description for variant in variants(source, modules)}


@pytest.mark.parametrize(
    ("source", "edit"),
    [
        ("y = a + b", "`a + b` → `a - b`"),
        ("y = a @ b", "`a @ b` → `b @ a`"),
        ("y = a < b", "`a < b` → `a <= b`"),
        ("y = a < b", "`a < b` → `a >= b`"),
        ("y = a and b", "`a and b` → `a or b`"),
        ("y = not a", "`not a` → `a`"),
        ("y = -a", "`-a` → `a`"),
        ("y = [3]", "`[3]` → `[2]`"),
        ("y = [True]", "`[True]` → `[False]`"),
        ("y = a == 'sum'", "`a == 'sum'` → `a == ''`"),
        ("y = a[1:]", "`a[1:]` → `a[0:]`"),
        ("y = a[:-1]", "`a[:-1]` → `a[:]`"),
        ("y = a[::-1]", "`a[::-1]` → `a[:]`"),
        ("y = a[:, t:n]", "`a[:, t:n]` → `a[:, t + 1:n]`"),
        ("y = a[:, t]", "`a[:, t]` → `a[:, t - 1]`"),
        ("y = a.T", "`a.T` → `a`"),
        ("y = f(a, axis=1)", "`axis=1` → `axis=0`"),
        ("y = f(a, axis=1)", "`f(a, axis=1)` → `f(a)`"),
        ("y = f(a, b)", "`f(a, b)` → `f(b, a)`"),
        ("y = range(n)", "`range(n)` → `range(n - 1)`"),
        ("y = np.tanh(a)", "`np.tanh(a)` → `a`"),
        ("y = a.mean(axis)", "`a.mean(axis)` → `a`"),
        ("y += a", "`y += a` → `y -= a`"),
        ("y += a", "`y += a` → `y = a`"),
        ("y = a", "`y = a` → `pass`"),
        ("f(a)", "`f(a)` → `pass`"),
    ],
)
def test_each_kind_of_edit(source, edit):
    assert edit in edits(source, "np")


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring with 1 number."""',
        "def f(x: Tuple[1]): return x",
        "import numpy",
        "y: int",
        "return_value",
    ],
)
def test_what_says_nothing_about_behaviour_is_left_alone(source):
    assert edits(source) <= {f"`{source}` → `pass`"}


def test_a_variant_is_the_program_with_one_edit():
    (variant,) = (item for item in variants("def f(x):\n    return x + 1\n") if "-" in item.name)
    assert (variant.name, variant.line) == ("f: `x + 1` → `x - 1`", 2)
    assert ast.unparse(ast.parse(variant.source)) == "def f(x):\n    return x - 1"


def test_names_do_not_depend_on_lines():
    function = "class A:\n    def f(x):\n        return x[0] + x[0]\n"
    names = [variant.name for variant in variants(function)]
    assert [variant.name for variant in variants("import numpy\n\n\n" + function)] == names
    assert "A.f: `x[0]` → `x[1]` (2)" in names
    assert len(set(names)) == len(names)
