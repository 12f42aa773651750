"""Make Keras 2.3.1 run on its Theano backend, in the environment that has Keras 3.

Call :func:`enable` once, at the top of a notebook, then write ``import keras`` and
``from keras.layers import LSTM`` as the texts of 2015 to 2019 do. Keras 2.3.1 (October 2019) is
the last release with a Theano backend. What it needs here, beside what
:mod:`course_utils.theano_compat` mends:

A directory of its own
    ``keras``, ``keras-applications`` and ``keras-preprocessing`` lie beside the environment's
    packages, not among them, so that every other notebook keeps Keras 3. The set-up puts them
    there (``python -m course_utils.keras2_compat --install``), with the hashes of ``keras2.lock``.
``KERAS_BACKEND`` and ``KERAS_HOME``
    Set while Keras is imported: a ``keras.json`` left from years ago (``"backend":
    "tensorflow"``, ``"floatx": "float16"``) would decide otherwise.
Aliases of ``collections``
    Keras 2 writes ``collections.Iterable``, ``Mapping`` and ``Callable``, which Python 3.10
    moved to ``collections.abc`` for good.
``MRG_RandomStreams``
    Theano-PyMC calls this random stream ``MRG_RandomStream``, and without C it computes one number
    at a time: minutes for the start weights of an embedding. Keras gets NumPy's generator instead,
    under the old name and with the old arguments.
A warning of NumPy
    Keras asks for a metric's ``total / count`` before the first batch has counted anything, and
    the 0 / 0 is then thrown away.
"""

from __future__ import annotations

import argparse
import collections
import collections.abc
import contextlib
import importlib
import io
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from course_utils import theano_compat

VERSION = "2.3.1"
LOCK = Path(__file__).with_name("keras2.lock")

_INSTALL = "python -m course_utils.keras2_compat --install"


def enable() -> None:
    """Make ``import keras`` give Keras 2.3.1 on Theano, for the rest of this kernel.

    Enables :mod:`course_utils.theano_compat` too. Calling it again does nothing.

    Raises
    ------
    RuntimeError
        When another Keras was imported before, or where Theano does not run.
    ImportError
        When the set-up has not installed Keras 2.3.1, or its import fails.

    Examples
    --------
    >>> from course_utils import keras2_compat
    >>> keras2_compat.enable()
    >>> import keras
    >>> keras.__version__, keras.backend.backend()
    ('2.3.1', 'theano')
    """
    if _is_enabled():
        return
    if any(name.split(".")[0] == "keras" for name in sys.modules):
        raise RuntimeError(
            "Another Keras was imported in this kernel before keras2_compat.enable(): "
            "choose Kernel, Restart Kernel, and call enable() above every `import keras`."
        )
    if not directory().is_dir():
        raise ImportError(
            f"Keras {VERSION} is not installed beside this environment: run "
            f"`%run -m course_utils.keras2_compat --install` in a cell (it fetches 3 small "
            "packages), or `make setup` in a terminal."
        )
    theano_compat.enable()
    for name in ("Callable", "Iterable", "Mapping"):
        if not hasattr(collections, name):
            setattr(collections, name, getattr(collections.abc, name))
    from theano.sandbox import rng_mrg

    rng_mrg.MRG_RandomStreams = NumpyStreams
    warnings.filterwarnings(
        "ignore", "invalid value encountered", RuntimeWarning, r"theano\.tensor\.elemwise"
    )
    _import_keras()


class NumpyStreams:
    """The random streams that Keras 2 asks Theano for, drawn by NumPy's generator.

    Parameters
    ----------
    seed
        Whole number.
    """

    def __init__(self, seed: int = 12345) -> None:
        from theano.tensor.random.utils import RandomStream

        self._stream = RandomStream(seed)

    def uniform(self, size, low=0.0, high=1.0, dtype=None):
        """Symbolic numbers of shape ``size`` between ``low`` and ``high``."""
        return _cast(self._stream.uniform(low, high, size=size), dtype)

    def normal(self, size, avg=0.0, std=1.0, dtype=None):
        """Symbolic normal numbers. Where Keras wants them truncated it clips them itself."""
        return _cast(self._stream.normal(avg, std, size=size), dtype)

    def binomial(self, size, p=0.5, dtype=None):
        """Symbolic zeros and ones, a one with probability ``p``."""
        return _cast(self._stream.binomial(1, p, size=size), dtype)


def _cast(draws, dtype):
    import theano.tensor as T

    return T.cast(draws, dtype) if dtype else draws


def directory() -> Path:
    """Where the set-up puts Keras 2.3.1: inside the environment, but not on its path."""
    return Path(sys.prefix) / "share" / "unrolled" / f"keras-{VERSION}"


def install() -> None:
    """Fetch the three packages of ``keras2.lock`` into :func:`directory`, unless they are there.

    The directory appears when it is complete and not before.

    Raises
    ------
    RuntimeError
        When pip cannot fetch them; the text holds pip's last line.
    """
    if directory().is_dir():
        return
    directory().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory().parent) as folder:
        target = Path(folder) / "packages"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        exactly = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)]
        done = subprocess.run(
            [*pip, "--target", str(target), *exactly], capture_output=True, text=True
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise RuntimeError(
                f"Keras {VERSION} could not be installed ({last}): lesson 14 needs it, the other "
                f"lessons do not. With a network, run `{_INSTALL}` again."
            )
        # Its sources have literals after `is`; Python says so once, when it compiles them.
        compiler = [sys.executable, "-W", "ignore", "-m", "compileall", "-q", str(target)]
        subprocess.run(compiler, capture_output=True)
        shutil.move(target, directory())


def _is_enabled() -> bool:
    return getattr(sys.modules.get("keras"), "_mended_by_unrolled", False)


def _import_keras() -> None:
    path = str(directory())
    with (
        tempfile.TemporaryDirectory() as empty,
        theano_compat.temporary_environment({"KERAS_BACKEND": "theano", "KERAS_HOME": empty}),
        contextlib.redirect_stderr(io.StringIO()),  # "Using Theano backend."
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        sys.path.insert(0, path)
        try:
            keras: Any = importlib.import_module("keras")
        except Exception as error:
            raise ImportError(
                f"Keras {VERSION} is installed but its import failed ({error}): delete "
                f"{path}, run `{_INSTALL}`, and restart the kernel."
            ) from error
        finally:
            # What Keras imports later, it finds through its own packages.
            sys.path.remove(path)
    keras._mended_by_unrolled = True


def main(arguments: list[str] | None = None) -> None:
    """Command line: ``--install``, or tell where Keras 2.3.1 is."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.keras2_compat", description="Keras 2.3.1 for lesson 14."
    )
    parser.add_argument("--install", action="store_true", help="fetch it, unless it is there")
    if parser.parse_args(arguments).install:
        try:
            install()
        except RuntimeError as error:
            sys.exit(str(error))
    print(directory() if directory().is_dir() else f"Keras {VERSION} is not installed.")


if __name__ == "__main__":
    main()
