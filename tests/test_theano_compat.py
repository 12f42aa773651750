"""Theano is importable, quiet, quick and right; each mistake gets a sentence with its mend.

What Theano does to a process cannot be undone, so it is only imported in child processes.
"""

import importlib.util
import sys
import types
from pathlib import Path

import benchmarks
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from own_process import run_python

from course_utils import theano_compat

ROOT = Path(__file__).resolve().parent.parent
needs_compiler = pytest.mark.skipif(
    theano_compat.find_compiler() is None, reason="there is no C++ compiler here"
)


def run_quietly(code, **environment):
    """Run ``code``, which may use what is in tools/; return its stdout. It must write no warning."""
    out, warnings = run_python(code, **{"PYTHONPATH": str(ROOT / "tools")} | environment)
    assert warnings == ""
    return out


# --- what a learner gets


def test_without_a_compiler_a_scan_rnn_learns_within_two_seconds_and_in_silence(tmp_path):
    code = """
import time
from course_utils import theano_compat
theano_compat.enable()
import benchmarks
start = time.perf_counter()
update, arguments = benchmarks.rnn_update()
first = float(update(*arguments))
elapsed = time.perf_counter() - start
assert float(update(*arguments)) < first
print(elapsed)
"""
    elapsed = run_quietly(code, PATH=str(tmp_path), UNROLLED_THEANO_CACHE=str(tmp_path / "cache"))
    assert float(elapsed) < 2


def test_nothing_is_compiled_even_where_a_compiler_is(tmp_path):
    calls = tmp_path / "calls"
    compiler = tmp_path / "g++"
    compiler.write_text(f'#!/bin/sh\necho "$@" >> "{calls}"\n')
    compiler.chmod(0o755)
    code = """
from course_utils import theano_compat
theano_compat.enable()
import benchmarks
update, arguments = benchmarks.rnn_update(n_steps=3)
update(*arguments)
"""
    run_quietly(code, PATH=str(tmp_path), UNROLLED_THEANO_CACHE=str(tmp_path / "cache"))
    assert set(calls.read_text().split()) <= {"-v"}  # Theano asks whether it is there
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.stat().st_size]


def test_settings_of_the_learner_and_of_the_course_live_together(tmp_path):
    (tmp_path / ".theanorc").write_text("[global]\ndevice = gpu\n")
    cache = tmp_path / "a cache, with a comma"
    code = """
import os
before = dict(os.environ)
from course_utils import theano_compat
theano_compat.enable()
theano_compat.enable()
import theano
print(theano.config.mode, theano.config.floatX, theano.config.base_compiledir, sep="\\n")
assert dict(os.environ) == before
"""
    printed = run_quietly(
        code,
        HOME=str(tmp_path),
        THEANO_FLAGS="floatX=float32,mode=FAST_RUN",
        UNROLLED_THEANO_CACHE=str(cache),
    )
    assert printed.splitlines() == ["FAST_COMPILE", "float32", str(cache)]


# --- sentences with the mend


@pytest.fixture
def no_theano_yet(monkeypatch, tmp_path):
    for name in [name for name in sys.modules if name.split(".")[0] == "theano"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setenv(theano_compat.CACHE_VARIABLE, str(tmp_path / "cache"))


def test_theano_imported_before(no_theano_yet, monkeypatch):
    monkeypatch.setitem(sys.modules, "theano", types.ModuleType("theano"))
    with pytest.raises(RuntimeError, match="restart the kernel and call enable"):
        theano_compat.enable()


def test_theano_import_that_failed_before():
    code = """
try:
    import theano
except AttributeError:  # NumPy's aliases
    pass
from course_utils import theano_compat
try:
    theano_compat.enable()
except RuntimeError as error:
    print(error)
"""
    assert "restart the kernel" in run_quietly(code, PYTHONWARNINGS="ignore")


def test_python_3_12(no_theano_yet, monkeypatch):
    monkeypatch.setattr(theano_compat, "_python_version", lambda: (3, 12))
    with pytest.raises(RuntimeError, match=r"needs Python 3.11 and this is 3.12: `make lab`"):
        theano_compat.enable()


def test_numpy_2(no_theano_yet, monkeypatch):
    monkeypatch.setattr(np, "__version__", "2.1.0")
    with pytest.raises(RuntimeError, match=r"needs NumPy 1.26 and this is 2.1.0: `make lab`"):
        theano_compat.enable()


def test_theano_not_installed(no_theano_yet, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"not installed in this environment: `make lab`"):
        theano_compat.enable()


def test_theano_that_does_not_import(tmp_path):
    (tmp_path / "theano.py").write_text("import no_such_module")
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from course_utils import theano_compat
try:
    theano_compat.enable()
except ImportError as error:
    print(error)
"""
    assert "(No module named 'no_such_module'): `make lab`" in run_quietly(code)


def test_cache_directory_that_cannot_be_made(no_theano_yet, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv(theano_compat.CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.raises(RuntimeError, match="set the environment variable UNROLLED_THEANO_CACHE"):
        theano_compat.enable()


def test_c_mode_before_enable(no_theano_yet):
    with pytest.raises(RuntimeError, match=r"Call theano_compat.enable\(\) before"):
        theano_compat.c_mode()


@pytest.mark.parametrize(
    ("script", "sentence"),
    [(None, "There is no C++ compiler here"), ("#!/bin/sh\nexit 1\n", "cannot build modules")],
    ids=["no compiler", "broken compiler"],
)
def test_c_mode_without_a_working_compiler(tmp_path, script, sentence):
    if script:
        (tmp_path / "g++").write_text(script)
        (tmp_path / "g++").chmod(0o755)
    code = """
from course_utils import theano_compat
theano_compat.enable()
import theano, theano.tensor as T
try:
    theano_compat.c_mode()
except RuntimeError as error:
    print(error)
x = T.scalar()
print(theano.function([x], T.tanh(x))(0.0))
"""
    printed = run_quietly(code, PATH=str(tmp_path), UNROLLED_THEANO_CACHE=str(tmp_path / "cache"))
    assert sentence in printed
    assert "every lesson works in the default mode" in printed
    assert printed.splitlines()[-1] == "0.0"


# --- the cache


@pytest.fixture
def cache(monkeypatch, tmp_path):
    directory = tmp_path / "cache"
    monkeypatch.setenv(theano_compat.CACHE_VARIABLE, str(directory))
    compiled = directory / "compiledir_Linux-x86_64" / "tmp1" / "m.so"
    compiled.parent.mkdir(parents=True)
    compiled.touch()
    return directory


def test_clearing_removes_the_cache(cache):
    theano_compat.main(["--clear-cache"])
    assert not cache.exists()
    theano_compat.main(["--clear-cache"])


def test_clearing_spares_what_theano_did_not_make(cache):
    elsewhere = cache.parent / "elsewhere"
    elsewhere.mkdir()
    (cache / "compiledir_link").symlink_to(elsewhere)
    (cache / "thesis.tex").touch()
    theano_compat.clear_cache()
    assert sorted(path.name for path in cache.iterdir()) == ["compiledir_link", "thesis.tex"]
    assert elsewhere.exists()


def test_the_command_tells_where_the_cache_is(cache, capsys):
    theano_compat.main([])
    assert capsys.readouterr().out.strip() == str(cache)


def test_the_cache_is_of_the_user_and_of_the_course(monkeypatch, tmp_path):
    for name in (theano_compat.CACHE_VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    directory = theano_compat.cache_directory()
    assert directory.is_relative_to(Path.home())
    assert directory.name == "theano"
    assert "unrolled" in directory.parts
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert theano_compat.cache_directory() == tmp_path / "unrolled" / "theano"


# --- the mended operations equal those compiled in C

DTYPES = ("bool", "int8", "int32", "int64", "float32", "float64")
PATTERNS = {"matrix": (False, False), "row": (True, False), "scalar": ()}
COMPILED = {}


def compile_mended_operations():
    """Compile fill, cast and identity over dtypes and shapes, in both modes; run in a child.

    The C linker makes one module of a whole graph, so there is one compilation.
    """
    import theano
    import theano.tensor as T
    from theano.link.c.basic import CLinker
    from theano.scalar import basic as scalar
    from theano.tensor.elemwise import Elemwise

    theano_compat.c_mode()
    theano.config.gcc__cxxflags = "-O0"  # a third of the time, the same results
    inputs = {
        (name, dtype): T.TensorType(dtype, pattern)()
        for name, pattern in PATTERNS.items()
        for dtype in DTYPES
    }
    outputs = {}
    for (name, dtype), x in inputs.items():
        outputs["identity", name, dtype] = Elemwise(scalar.identity)(x)
        for index, other in enumerate(DTYPES):
            if other != dtype:
                outputs["cast", name, dtype, other] = T.cast(x, other)
            shape_of = ("matrix", "row", "scalar")[(index + len(name)) % 3]
            filled = T.fill(inputs[shape_of, other], x)
            outputs["fill", shape_of, other, name, dtype] = filled
    graph = list(inputs.values()), list(outputs.values())
    COMPILED["C"] = theano.function(*graph, mode=theano.Mode(CLinker(), None))
    COMPILED["pure Python"] = theano.function(*graph, mode=theano.Mode("vm", None))
    return list(outputs)


def run_mended_operations(arrays):
    with np.errstate(all="ignore"):  # NaN has no integer
        return {mode: function(*arrays) for mode, function in COMPILED.items()}


@pytest.fixture(scope="module")
def mended_operations():
    with benchmarks.fresh_theano() as process:
        names = process.submit(compile_mended_operations).result()
        yield process, names


@st.composite
def arrays_of_each_kind(draw):
    """A matrix, a row and a 0-d array of each dtype; shapes that broadcast, perhaps empty."""
    n_rows, n_columns = draw(st.tuples(st.integers(0, 3), st.integers(0, 4)))
    shapes = {"matrix": (n_rows, n_columns), "row": (1, n_columns), "scalar": ()}
    arrays = []
    for name in PATTERNS:
        for dtype in DTYPES:
            elements = None
            if dtype.startswith("float"):  # so that no integer type overflows
                small = st.floats(-100, 100, width=int(dtype[-2:]))
                elements = small | st.sampled_from([np.nan, np.inf])
            array = draw(hnp.arrays(dtype, shapes[name], elements=elements))
            arrays.append(np.asarray(array, order=draw(st.sampled_from("CF"))))
    return arrays


@needs_compiler
@settings(max_examples=50, deadline=None)
@given(arrays=arrays_of_each_kind())
def test_mended_operations_equal_the_c_modes(mended_operations, arrays):
    process, names = mended_operations
    by_mode = process.submit(run_mended_operations, arrays).result()
    sources = dict(zip(((n, d) for n in PATTERNS for d in DTYPES), arrays, strict=True))
    for name, in_c, in_python in zip(names, by_mode["C"], by_mode["pure Python"], strict=True):
        assert in_python.dtype == in_c.dtype, name
        assert in_python.shape == in_c.shape, name
        comparable = np.ones(in_c.shape, bool)
        if name[0] == "cast" and name[3].startswith("int"):
            comparable = np.isfinite(sources[name[1:3]])  # C leaves integers of NaN undefined
        np.testing.assert_array_equal(in_python[comparable], in_c[comparable], str(name))


def outputs_that_share_memory():
    import theano
    import theano.tensor as T
    from theano.scalar import basic as scalar
    from theano.tensor.elemwise import Elemwise

    x = T.dmatrix()
    array = np.ones((2, 3))
    copies = [Elemwise(operation)(x) for operation in (scalar.identity, scalar.convert_to_float64)]
    copies.append(T.fill(x, x))
    function = theano.function(
        [theano.In(x, borrow=True)],
        [theano.Out(copy, borrow=True) for copy in copies],
        mode=theano.Mode("vm", None),
    )
    return [np.shares_memory(array, copy) for copy in function(array)]


def lstm_without_a_python_call_an_element():
    def never_called(function, n_inputs, n_outputs):
        def refuse(*arguments):
            raise AssertionError(f"Python would be called once an element: {function}")

        return refuse

    np.frompyfunc = never_called
    update, arguments = benchmarks.lstm_update(n_steps=3)
    return float(update(*arguments))


def test_results_share_no_memory_with_arguments():
    with benchmarks.fresh_theano() as process:
        assert process.submit(outputs_that_share_memory).result() == [False] * 3
        assert np.isfinite(process.submit(lstm_without_a_python_call_an_element).result())


def tanh_in_c():
    import theano
    import theano.tensor as T

    x = T.dvector()
    mode = theano_compat.c_mode()
    result = theano.function([x], 2 * T.tanh(x) + 1, mode=mode)(np.array([0.0, 1.0]))
    modules = list(theano_compat.cache_directory().rglob("*.so"))
    return result, len(modules), theano.config.mode


@needs_compiler
def test_c_mode_compiles_where_a_compiler_is():
    with benchmarks.fresh_theano() as process:
        result, n_modules, default = process.submit(tanh_in_c).result()
    np.testing.assert_allclose(result, 2 * np.tanh([0.0, 1.0]) + 1)
    assert n_modules >= 2  # the one that runs functions, and the sum of the products
    assert default == "FAST_COMPILE"
