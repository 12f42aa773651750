"""What every test process needs, and the comparison of stored pictures that nbval leaves out."""

from __future__ import annotations

import functools
import os
import signal
import tempfile
from pathlib import Path

import nbval.kernel
import pytest
from build_notebooks import KERNEL_ENVIRONMENT, kernel_sockets
from nbval.plugin import IPyNbCell
from pictures import BOUND, difference, pictures

# Learners' progress stays out of the tests, and the tests out of it. Kernels inherit both.
_home = tempfile.TemporaryDirectory(prefix="unrolled-tests-")
os.environ |= KERNEL_ENVIRONMENT | {"UNROLLED_HOME": _home.name}

_manager = nbval.kernel.KernelManager
nbval.kernel.KernelManager = lambda **options: _manager(**options, **kernel_sockets())

# What a shell starts in the background ignores the stop button's signal, and so does all that it
# starts in its turn. Some tests press that button in processes of their own.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before nbval starts the notebook's kernel
def pytest_runtest_setup(item) -> None:
    """Let each notebook begin without progress, as in the builder, whichever ran before it."""
    if isinstance(item, IPyNbCell):
        home = Path(_home.name, item.path.parent.name, item.path.stem)
        os.environ["UNROLLED_HOME"] = str(home)


def pytest_itemcollected(item) -> None:
    """Let each notebook cell compare its pictures after nbval has compared its texts."""
    if isinstance(item, IPyNbCell):
        item.compare_outputs = functools.partial(_compare_outputs, item, item.compare_outputs)


def _compare_outputs(item, compare_texts, test, ref, skip_compare=None) -> bool:
    if not compare_texts(test, ref, skip_compare):
        return False
    fresh, stored = pictures(test), pictures(ref)
    if len(fresh) != len(stored):
        item.comparison_traceback.append(f"{len(stored)} pictures stored, {len(fresh)} drawn")
        return False
    for number, (new, old) in enumerate(zip(fresh, stored, strict=True), start=1):
        found = difference(old, new)
        if found > BOUND:
            item.comparison_traceback.append(
                f"picture {number} of the cell differs from the stored one: root mean square of "
                f"the worst tile {found:.1f} of 255, allowed {BOUND}"
            )
            return False
    return True
