"""Every example in a docstring of course_utils runs and gives what it says."""

import doctest
import importlib
import re
from pathlib import Path

import pytest
from own_process import run_python

import course_utils

PACKAGE = Path(course_utils.__file__).parent
EXAMPLE = re.compile(r"^ *>>> ", re.MULTILINE)
N_EXAMPLES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): n
    for path in sorted(PACKAGE.rglob("*.py"))
    if (n := len(EXAMPLE.findall(path.read_text("utf-8"))))
}
# It puts Keras 2 in the place of Keras 3, which cannot be undone.
OWN_PROCESS = "course_utils.keras2_compat"


@pytest.mark.parametrize("name", sorted(N_EXAMPLES.keys() - {OWN_PROCESS}))
def test_the_examples_of_a_module_run(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0
    assert result.attempted == N_EXAMPLES[name]


def test_the_examples_of_keras_2_run():
    code = f"import doctest, {OWN_PROCESS} as module; print(*doctest.testmod(module))"
    assert run_python(code) == (f"0 {N_EXAMPLES[OWN_PROCESS]}", "")
