"""Make Theano-PyMC 1.1.2 importable, quiet and quick, without a C compiler.

Call :func:`enable` once, then write a plain ``import theano``. Theano was last
released before Python 3.11 and NumPy 1.24; these are the mends it needs:

NumPy's removed aliases
    Theano writes ``np.int``, ``np.float``, ``np.bool``, ``np.object`` and
    ``np.complex``; NumPy 1.24 dropped them, so they are put back.
``blas__ldflags=``
    Theano asks ``numpy.distutils`` which BLAS NumPy was built with and fails on
    the answer; an empty flag keeps it from asking.
``cxx=``
    With a compiler in its settings, Theano compiles a C module of its own at
    the first function, seconds on an empty cache, and without one it warns;
    an empty setting means neither. :func:`c_mode` gives the compiler back.
``mode=FAST_COMPILE``
    The mode that runs every node with NumPy; as the default it also holds for
    the function inside ``theano.scan``, so neither needs an argument.
Vectorised ``fill``, ``cast`` and ``identity``
    This mode leaves these three in the graph, and they name no NumPy function,
    so Theano would call Python once an element; given one, through the
    ``nfunc_spec`` that its other operations use, an LSTM update takes an eighth.
Blocked ``scan_perform_ext``
    The C loop of ``scan`` ships as Cython output for older Pythons and does not
    compile on 3.11; blocked, C mode's ``scan`` uses its Python loop instead.
Silenced warnings
    Some machines are told on stderr that Theano found no BLAS or no ``g++``;
    neither is used here.
``THEANORC``
    A ``.theanorc`` left from years ago (``device = gpu``) would stop the import,
    so it is not read, unless ``THEANORC`` names a file on purpose.
``base_compiledir``
    C mode's compiled modules get a directory of the course's own, so that they
    can be deleted without touching anybody else's; see :func:`cache_directory`.

A ninth lives in the pins: ``setuptools==73.0.1`` is the last that has both
``pkg_resources`` and the ``distutils`` that ``numpy.distutils`` needs.

``python -m course_utils.theano_compat --clear-cache`` deletes the compiled modules.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import logging
import os
import shlex
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import platformdirs

if TYPE_CHECKING:
    from theano.compile.mode import Mode

CACHE_VARIABLE = "UNROLLED_THEANO_CACHE"

_RIGHT_ENVIRONMENT = (
    "`make lab` and `conda env create -f environment.yml` both make an environment that works"
)
_NUMPY_ALIASES = {"int": int, "float": float, "bool": bool, "object": object, "complex": complex}
_NEEDLESS_WARNINGS = ("theano.configdefaults", "theano.tensor.blas")


def enable() -> None:
    """Import Theano, mended and with its pure-Python mode as the default.

    Calling it again does nothing. Nothing is compiled in C, and nothing is
    written to stderr.

    Raises
    ------
    RuntimeError
        On a Python or NumPy that Theano does not run on, when Theano was
        imported before, or when the cache directory cannot be written.
    ImportError
        When Theano is missing or its import fails.

    Examples
    --------
    >>> from course_utils import theano_compat
    >>> theano_compat.enable()
    >>> import theano
    >>> theano.config.mode
    'FAST_COMPILE'
    """
    if _is_enabled():
        return
    _require_working_environment()
    for name, builtin in _NUMPY_ALIASES.items():
        if name not in vars(np):
            setattr(np, name, builtin)
    # An entry of None makes `import theano.scan.scan_perform_ext` an ImportError.
    sys.modules["theano.scan.scan_perform_ext"] = None  # type: ignore[assignment]
    for name in _NEEDLESS_WARNINGS:
        logging.getLogger(name).setLevel(logging.ERROR)
    _import_theano()
    _vectorise_elementwise()
    import theano

    theano._mended_by_unrolled = True


def c_mode() -> Mode:
    """Return Theano's optimised C mode, for ``theano.function(..., mode=c_mode())``.

    Give it to ``theano.scan(..., mode=c_mode())`` too; otherwise only what
    surrounds the loop is compiled. Compiling takes from seconds to more than
    a minute on an empty cache. The default mode stays what it was.

    Raises
    ------
    RuntimeError
        Before :func:`enable`, when there is no C++ compiler, or when the
        compiler cannot build modules for this Python.
    """
    if not _is_enabled():
        raise RuntimeError("Call theano_compat.enable() before theano_compat.c_mode().")
    compiler = find_compiler()
    if compiler is None:
        raise RuntimeError(
            "There is no C++ compiler here (Theano looks for g++, on macOS for clang++): "
            "install one, or leave out `mode`; every lesson works in the default mode."
        )
    _give_compiler(compiler)

    from theano.compile.mode import Mode
    from theano.graph.optdb import Query
    from theano.link.vm import VMLinker

    # Spelt out, because the predefined FAST_RUN took its shape while `cxx` was empty.
    return Mode(VMLinker(use_cloop=True, c_thunks=True), Query(include=["fast_run"]))


def find_compiler() -> str | None:
    """Path of the C++ compiler that :func:`c_mode` would use, or None."""
    return shutil.which("clang++" if sys.platform == "darwin" else "g++")


def cache_directory() -> Path:
    """Where C mode keeps its compiled modules.

    A directory of each user's, or the one that the environment variable
    ``UNROLLED_THEANO_CACHE`` names. Theano makes one ``compiledir_…`` in it for
    each platform and Python, with a lock, so that processes can share it.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    return platformdirs.user_cache_path("unrolled", appauthor=False) / "theano"


def clear_cache() -> None:
    """Delete the compiled modules of :func:`cache_directory`, and nothing else.

    Only the ``compiledir_…`` directories that Theano makes there are removed,
    so a variable that names the wrong directory costs nobody a file. Close
    notebooks that use :func:`c_mode` first: they would compile again.
    """
    directory = cache_directory()
    for compiled in directory.glob("compiledir_*"):
        if not compiled.is_symlink():
            shutil.rmtree(compiled)
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()


def fill(shape_of: np.ndarray, value: np.ndarray) -> np.ndarray:
    """``value`` broadcast to the common shape of both: Theano's ``fill``.

    This, :func:`cast` and :func:`identity` return views, because Elemwise
    copies a view, or converts it to the output's dtype, right afterwards.
    """
    return np.broadcast_to(value, np.broadcast(shape_of, value).shape)


def cast(values: np.ndarray) -> np.ndarray:
    """``values`` unchanged: Elemwise converts them to the dtype of the output."""
    return np.asarray(values)[...]


def identity(values: np.ndarray) -> np.ndarray:
    """``values`` unchanged; Elemwise copies them, so input and output share no memory."""
    return np.asarray(values)[...]


def _is_enabled() -> bool:
    # Kept on Theano itself, so that reloading this module does not forget it.
    return getattr(sys.modules.get("theano"), "_mended_by_unrolled", False)


def _python_version() -> tuple[int, int]:
    return sys.version_info[:2]


def _require_working_environment() -> None:
    """Raise with one sentence that holds the mend, before Theano fails with many."""
    # An import that failed leaves modules behind, with Theano's own settings in them.
    if any(name.split(".")[0] == "theano" for name in sys.modules):
        raise RuntimeError(
            "Theano was imported before theano_compat.enable() could mend it: "
            "restart the kernel and call enable() above every `import theano`."
        )
    python = _python_version()
    if python != (3, 11):
        raise RuntimeError(
            f"Theano needs Python 3.11 and this is {python[0]}.{python[1]}: {_RIGHT_ENVIRONMENT}."
        )
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        raise RuntimeError(
            f"Theano needs NumPy 1.26 and this is {np.__version__}: {_RIGHT_ENVIRONMENT}."
        )
    if importlib.util.find_spec("theano") is None:
        raise ImportError(f"Theano is not installed in this environment: {_RIGHT_ENVIRONMENT}.")
    try:
        cache_directory().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RuntimeError(
            f"Theano cannot make its cache directory ({error}): set the environment variable "
            f"{CACHE_VARIABLE} to a directory that you may write to."
        ) from error


def _import_theano() -> None:
    ours = {
        "mode": "FAST_COMPILE",
        "cxx": "",
        "blas__ldflags": "",
        "base_compiledir": str(cache_directory()),
    }
    # Theano splits its flags like a shell, so paths with commas or backslashes are quoted;
    # of two flags of one name it takes the later.
    flags = [f"{name}={shlex.quote(value) if value else ''}" for name, value in ours.items()]
    flags.insert(0, os.environ.get("THEANO_FLAGS", ""))
    settings = {
        "THEANO_FLAGS": ",".join(flags),
        "THEANORC": os.environ.get("THEANORC", os.devnull),
    }
    try:
        with temporary_environment(settings), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module("theano")
    except Exception as error:
        raise ImportError(
            f"Theano is installed but its import failed ({error}): {_RIGHT_ENVIRONMENT}."
        ) from error


@contextlib.contextmanager
def temporary_environment(settings: dict[str, str]) -> Iterator[None]:
    """Set environment variables for a while; child processes started later see none."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _vectorise_elementwise() -> None:
    from theano.scalar import basic as scalar
    from theano.tensor.elemwise import Elemwise

    for operation, function, n_inputs in (
        (scalar.Second, fill, 2),
        (scalar.Cast, cast, 1),
        (scalar.Identity, identity, 1),
    ):
        operation.nfunc_spec = (f"{__name__}.{function.__name__}", n_inputs, 1)

    shipped = Elemwise.prepare_node

    def prepare_node(self, node, storage_map, compute_map, impl):
        # An Elemwise reads its scalar's nfunc_spec when it is made, and Theano makes
        # many while it is imported: read it again, when the function is wanted.
        if self.nfunc_spec is None:
            self.nfunc_spec = getattr(self.scalar_op, "nfunc_spec", None)
        return shipped(self, node, storage_map, compute_map, impl)

    Elemwise.prepare_node = prepare_node


def _give_compiler(compiler: str) -> None:
    """Undo ``cxx=`` and build the C module that runs compiled functions."""
    from theano import config
    from theano.link.c import cmodule

    if config.cxx:
        return
    config.cxx = f'"{compiler}"' if os.name == "nt" else compiler
    # Compiled modules are filed under the compiler's version, so that they are built
    # again after an upgrade; Theano asked for it while there was no compiler.
    cmodule.gcc_version_str = _compiler_version(config.cxx)
    # The first import, without a compiler, left this module without its class.
    sys.modules.pop("theano.link.c.cvm", None)
    try:
        importlib.import_module("theano.link.c.cvm")
    except Exception as error:
        config.cxx = ""
        raise RuntimeError(
            f"The C++ compiler {compiler} cannot build modules for this Python "
            "(often the Python headers are missing): install them, or leave out `mode`; "
            "every lesson works in the default mode."
        ) from error


def _compiler_version(command: str) -> str:
    from theano.utils import output_subprocess_Popen

    return output_subprocess_Popen([command, "-dumpversion"])[0].strip().decode()


def main(arguments: list[str] | None = None) -> None:
    """Command line: ``--clear-cache``, or tell where the cache is."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.theano_compat", description="Theano's compile cache."
    )
    parser.add_argument(
        "--clear-cache", action="store_true", help=f"delete what C mode left in {cache_directory()}"
    )
    if parser.parse_args(arguments).clear_cache:
        clear_cache()
    else:
        print(cache_directory())


if __name__ == "__main__":
    main()
