"""The first call of every lesson."""

from __future__ import annotations

import os
import random
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from .arguments import flag
from .environment import PACKAGE, SHOWN, choose_backend, installed

if TYPE_CHECKING:
    from tqdm import tqdm


def start(seed: int = 0) -> None:
    """Prepare a lesson: seeds, one thread, figure style, Keras' backend; print one line.

    Parameters
    ----------
    seed : int
        Seed of Python's and NumPy's global generators. Lessons draw from generators of their
        own; this is for code that does not.
    """
    _limit_threads()
    choose_backend()
    from course_utils import plotting

    plotting.set_style()
    random.seed(seed)
    np.random.seed(seed)
    print(_versions(seed))


def _limit_threads() -> None:
    """Let linear algebra use one thread, so that sums are added in one order everywhere."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # read by what is loaded later
    import threadpoolctl

    threadpoolctl.threadpool_limits(1)  # for what is loaded already


def _versions(seed: int) -> str:
    parts = [
        f"Unrolled {installed(PACKAGE) or 'not installed'}",
        f"Python {sys.version_info.major}.{sys.version_info.minor}",
        f"NumPy {np.__version__}",
    ]
    parts += [
        f"{SHOWN[package]} {sys.modules[module].__version__}"  # of two Keras, the one in use
        for module, package in (("theano", "theano-pymc"), ("keras", "keras"))
        if module in sys.modules
    ]
    return " · ".join([*parts, f"seed {seed}"])


def progress_bar(progress: bool = True, **options: Any) -> tqdm:
    """A line of text that tells how far a loop is, and goes when the loop ends.

    Not a widget: that would be an error in the notebook once the kernel has ended.

    Parameters
    ----------
    progress : bool
        Show it. The environment variable ``UNROLLED_PROGRESS_BAR=0`` hides the bar always.
    **options
        tqdm's own: ``total``, ``unit``.
    """
    from tqdm import tqdm

    hidden = not flag("progress", progress) or os.environ.get("UNROLLED_PROGRESS_BAR") == "0"
    return tqdm(leave=False, disable=hidden, file=sys.stdout, **options)
