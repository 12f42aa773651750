"""Every public helper is handed what learners hand in by accident, after scikit-learn's common tests.

`good_calls.py` has one good call of each. By the kind of its value, each argument is replaced by bad
ones and by odd ones. The answer must be a right result, or an error of ours that names the argument, what
it must be and what it got: no wrong number, no text of a library, no warning.
"""

import dataclasses
import importlib
import inspect
import math
import numbers
import pkgutil
import re
import traceback
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from good_calls import CALLED, EXCEPT, FINE, GOOD, W
from matplotlib import pyplot as plt

import course_utils
from course_utils import (
    cells,
    datasets,
    forecasting,
    further,
    gates,
    gradients,
    interop,
    keras_training,
    losses,
    padding,
    plotting,
    scan_cells,
    starts,
    text,
    theano_training,
    training,
)
from course_utils.arguments import flag
from course_utils.datasets import fetched
from course_utils.further import migration
from course_utils.scan_cells import SharedVariable, Variable

PACKAGE = Path(course_utils.__file__).parent
PARTS = [
    cells, gates, losses, starts, gradients, training, text, padding, forecasting, datasets, plotting,
    interop, keras_training, theano_training, scan_cells, further,
]  # fmt: skip


def with_first(array, value, dtype=None):
    changed = np.array(array, dtype or array.dtype)
    changed.flat[0] = value
    return changed


def array_trials(good):
    """Bad and odd values in place of an array: label, value, what must become of it."""
    hidden = np.zeros(good.shape, bool)
    hidden.flat[0] = True
    read_only = good.copy()
    read_only.flags.writeable = False
    other = {"f": complex, "i": float, "b": int}[good.dtype.kind]
    yield "a list", good.tolist(), "same"
    yield "no value masked", np.ma.array(good), "same"
    yield "read-only", read_only, "same"
    yield "masked", np.ma.array(good, mask=hidden), "refused"
    yield "ragged", [[1], [1, 2]], "refused"
    yield "an axis more", good[None], "refused"
    yield "an axis less", good[0], "refused"
    yield "a number", 1.5, "refused"
    yield "of objects", with_first(good, None, object), "refused"
    yield "of strings", good.astype(str), "refused"
    yield "complex", good + 1j, "refused"
    yield "of another dtype", good.astype(other), "refused"
    yield "a dictionary", {"a": 1}, "refused"
    yield "empty", good[:0], "odd"
    yield "an empty list", [], "odd"
    yield "one element", good[(slice(1),) * good.ndim], "odd"
    for axis in range(good.ndim):
        yield f"axis {axis} shorter", np.delete(good, -1, axis), "odd"
    if good.dtype.kind == "f":
        yield "NaN", with_first(good, np.nan), "not finite"
        yield "infinite", with_first(good, np.inf), "odd"
        yield "minus infinite", with_first(good, -np.inf), "odd"
        yield "negative", -np.abs(good) - 1, "odd"
        yield "whole numbers", np.ones(good.shape, int), "odd"
        yield "True", good > 0, "odd"
    if good.dtype.kind == "i":
        yield "with fractions", good + 0.5, "refused"
        yield "with NaN", with_first(good, np.nan, float), "refused"
        yield "True", good > 0, "refused"
        yield "negative", with_first(good, -7), "refused"
        yield "out of range", with_first(good, 10**6), "odd"
        yield "int32", good.astype(np.int32), "same"
    if good.dtype.kind == "b":
        yield "all False", np.zeros_like(good), "odd"


def number_trials(good):
    for value in (True, 1j, math.nan, math.inf, -math.inf, [good], [], np.array([good])):
        yield repr(value), value, "refused"
    for value in (0, -1, -1000, 99):
        yield repr(value), value, "odd"
    if isinstance(good, int):
        yield "an int64", np.int64(good), "same"
        for value in (float(good), 2.5):
            yield repr(value), value, "refused"
    else:
        yield "a float64", np.float64(good), "same"
        for value in (1e-300, 1e300, 1000.0):
            yield repr(value), value, "odd"
        yield "no float", 10**400, "odd"


def flag_trials(good):
    for value in (1, 0.0, [], math.nan):
        yield repr(value), value, "refused"


def object_trials(good):
    yield "a number", 3, "refused"
    yield "a list", [1.0], "refused"


def word_trials(good):
    yield "empty", "", "odd"
    yield "unknown", "no such thing", "odd"
    for value in (2.5, True, b"a", ["a"], math.nan):
        yield repr(value), value, "refused"


def words_trials(good):
    yield "a tuple", tuple(good), "same"
    yield "one str", "abc", "refused"
    yield "numbers", [1, 2], "refused"
    yield "with None", [*good[:-1], None], "refused"
    yield "empty", [], "odd"
    yield "of an empty str", ["" for _ in good], "odd"
    yield "one", good[:1], "odd"
    yield "unknown", ["no such thing" for _ in good], "odd"


def function_trials(good):
    yield "a function that returns None", lambda *_: None, "refused"
    yield "a function that returns a str", lambda *_: "abc", "refused"
    yield "a function that returns a list", lambda *_: [[1.0], [1.0, 2.0]], "refused"
    yield "a function that returns NaN", lambda *_: math.nan, "odd"


def parts_trials(good):
    """Bad values in place of what a list or a dictionary holds."""
    places = list(good) if isinstance(good, Mapping) else range(len(good))
    for place in places:
        for label, value, wanted in trials(good[place]):
            if isinstance(good, Mapping):
                bad = {**good, place: value}
            else:
                bad = type(good)([value if i == place else each for i, each in enumerate(good)])
            yield f"in {place!r}: {label}", bad, wanted
    yield "nothing in it", type(good)(), "odd"


def trials(good):
    """What to hand in, in place of a good value: label, value, and what must become of it."""
    if isinstance(good, str):
        kind = word_trials
    elif isinstance(good, np.ndarray):
        kind = array_trials
    elif isinstance(good, bool):
        kind = flag_trials
    elif isinstance(good, numbers.Real):
        kind = number_trials
    elif isinstance(good, list) and all(isinstance(each, str) for each in good):
        kind = words_trials
    elif isinstance(good, Mapping | list | tuple):
        kind = parts_trials
    elif inspect.isfunction(good):
        kind = function_trials
    else:
        kind = object_trials
    yield from kind(good)
    if not isinstance(good, str):
        yield "a str", "abc", "refused"
    yield "None", None, "refused"
    yield "an object", object(), "refused"


def found(name):
    """A helper by its place below course_utils."""
    module, _, inside = name.partition(".")
    value = importlib.import_module(f"course_utils.{module}")
    for part in inside.split("."):
        if not hasattr(value, part):
            importlib.import_module(f"{value.__name__}.{part}")
        value = getattr(value, part)
    return value


def leaves(value):
    """All numbers and texts in a result, as arrays."""
    if value is None or isinstance(value, str | bytes | np.ndarray | np.generic | numbers.Number):
        return [np.asarray(value)]
    if isinstance(value, Mapping):
        return [leaf for each in value.values() for leaf in leaves(each)]
    if isinstance(value, SharedVariable):
        return leaves(value.get_value())
    if isinstance(value, interop.keras.layers.Layer):
        return leaves(value.get_weights())
    if isinstance(value, plt.Axes | plt.Figure | Variable):
        return []
    if isinstance(value, Iterable):
        return [leaf for each in value for leaf in leaves(each)]
    if type(value).__module__.startswith("course_utils"):
        return leaves(vars(value))
    return []


def finite(arrays):
    return all(np.isfinite(array).all() for array in arrays if array.dtype.kind in "fc")


def outcome(name, arguments, argument):
    """What a call gives, or else what it leaves of the other arguments; or its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DeprecationWarning)  # between the libraries
        try:
            result = found(name)(**arguments)
            if result is None:
                result = {name: value for name, value in arguments.items() if name != argument}
            return leaves(result), None
        except Exception as error:
            return None, error
        finally:
            plt.close("all")


def complaint(error, names):
    """What is wrong with an error, or nothing."""
    if isinstance(error, Warning) or type(error) not in (TypeError, ValueError):
        return f"{type(error).__name__}: {error}"
    if not Path(traceback.extract_tb(error.__traceback__)[-1].filename).is_relative_to(PACKAGE):
        return f"not our text: {error}"
    if not any(re.search(rf"\b{name}\b", str(error)) for name in names):
        return f"does not name it: {error}"
    return "" if re.search(r"\bmust\b.*\bgot\b", str(error), re.DOTALL) else f"no sentence: {error}"


def fault(name, argument, good, label, bad, wanted):
    """What is wrong with the answer to a bad or odd value, or nothing."""
    arguments = {**GOOD[name](), argument: bad}
    result, error = outcome(name, arguments, argument)
    if error is not None:
        # Of two that do not fit, either may be blamed.
        alone = wanted == "refused" and not re.search("axis|a number", label)
        names = [*([argument] if alone else arguments), *CALLED.get(name, ())]
        return "refused" if wanted == "same" else complaint(error, names)
    if wanted == "refused":
        return "taken"
    if wanted == "not finite":
        return "NaN is lost" if result and finite(result) else ""
    if wanted == "same":
        wanted_result, _ = outcome(name, {**GOOD[name](), argument: good}, argument)
        same = len(result) == len(wanted_result) and all(map(equal, result, wanted_result))
        return "" if same else "other numbers"
    return "not finite" if finite(leaves(bad)) and not finite(result) and not callable(bad) else ""


def equal(one, two):
    return one.dtype.kind == two.dtype.kind and np.array_equal(
        one, two, equal_nan=one.dtype.kind in "fc"
    )


def faults(name):
    """What is wrong with the answers of a helper."""
    parameters, fine = inspect.signature(found(name)).parameters, FINE.get(name, {})
    for argument, good in GOOD[name]().items():
        if argument == "self":
            continue
        for label, bad, wanted in trials(good):
            if label == "None" and (argument == "dtype" or parameters[argument].default is None):
                continue
            if re.fullmatch(fine.get(argument, ""), label):
                continue
            said = fault(name, argument, good, label, bad, wanted)
            if said:
                yield f"{argument}: {label}: {said}"


@pytest.fixture(autouse=True)
def quiet(monkeypatch, tmp_path):
    """No network, no bars, no graphs; files elsewhere."""

    def no_network(file, *, progress):
        flag("progress", progress)
        raise datasets.fetching.FetchError("no network in tests")

    def run_here(command, **_):
        exec(command[-1], {})
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(fetched, "fetch", no_network)
    monkeypatch.setattr(scan_cells._ScanCell, "_scan", lambda *_: None)
    monkeypatch.setattr(
        migration, "subprocess", SimpleNamespace(run=run_here, TimeoutExpired=TimeoutError)
    )
    monkeypatch.setenv("UNROLLED_PROGRESS_BAR", "0")
    monkeypatch.chdir(tmp_path)
    theano_training.save("weights.npz", [W])


@pytest.mark.parametrize("name", GOOD)
def test_what_learners_hand_in(name):
    assert outcome(name, GOOD[name](), "")[1] is None
    assert list(faults(name)) == []


# Is the table complete?

PLUMBING = ("cells.shared", "further.clinic")  # the cells' own tools, and the clinic's patients


def public(part):
    """The name of each helper of a part that takes something."""
    modules = [part]
    if hasattr(part, "__path__"):
        inside = pkgutil.walk_packages(part.__path__, f"{part.__name__}.")
        modules += [importlib.import_module(each.name) for each in inside]
    for module in modules:
        for name, value in vars(module).items():
            if name.startswith("_") or getattr(value, "__module__", "") != module.__name__:
                continue
            place = part if getattr(part, name, None) is value else module
            name = f"{place.__name__}.{name}".removeprefix("course_utils.")
            if not name.startswith(PLUMBING):
                yield from takers(name, value)


def takers(name, value):
    """Of a function its name, of a class that and those of its methods, if they take something."""
    if inspect.isfunction(value) and inspect.signature(value).parameters:
        yield name
    if not inspect.isclass(value) or issubclass(value, Exception):
        return
    holds_only = dataclasses.is_dataclass(value) and not hasattr(value, "__post_init__")
    if "__init__" in vars(value) and not holds_only:
        yield name
    for method in vars(value):
        found = getattr(value, method)
        called = inspect.isfunction(found) or inspect.ismethod(found)
        public = called and not method.startswith("_")
        if public and inspect.signature(found).parameters.keys() - {"self"}:
            yield f"{name}.{method}"


def test_the_table_is_complete():
    names = {name for part in PARTS for name in public(part)}
    assert names - GOOD.keys() == EXCEPT.keys()


@pytest.mark.parametrize("name", FINE)
def test_what_is_fine_is_tried(name):
    arguments = GOOD[name]()
    for argument, pattern in FINE[name].items():
        assert any(re.fullmatch(pattern, label) for label, _, _ in trials(arguments[argument]))
