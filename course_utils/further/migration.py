"""The table of lesson 14: how a line of Keras 1 or 2 is written in Keras 3, and what breaks.

Two Keras do not fit into one process, so whatever needs the other one runs in a process of its
own: :func:`run_keras2`, :func:`run_keras3`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from course_utils.arguments import any_array, instance, string

TIME_LIMIT = 300  # seconds


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    topic : str
        What it is about.
    since : str
        ``"1"`` or ``"2"``: the Keras whose writing ``old`` is.
    old, new : str
        Code for Keras 2.3.1 and for Keras 3; each leaves its outcome in ``result``.
    effect : str
        What ``old`` does on Keras 3: ``"error"``, ``"warning"`` or ``"silent"``.
    breaks : str
        What changed, in a sentence or two.
    says : str
        A piece of Keras 3's message, ``""`` where it says nothing.
    same : bool
        Whether ``result`` is equal in old and new.
    model : bool
        Whether the code is about a compiled ``model``.
    old_in_3 : str
        The old code without what Keras 3 lacks beside the point; ``""`` for ``old`` itself.
    """

    topic: str
    since: str
    old: str
    new: str
    effect: str
    breaks: str
    says: str = ""
    same: bool = True
    model: bool = False
    old_in_3: str = ""


def rows() -> tuple[Row, ...]:
    """All lines of the table, in its order."""
    text = resources.files(__package__).joinpath("migration.toml").read_text("utf-8")
    return tuple(
        Row(**{name: _stripped(value) for name, value in row.items()})
        for row in tomllib.loads(text)["rows"]
    )


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def run_keras2(code: str, arrays: Mapping[str, np.ndarray] | None = None) -> dict[str, np.ndarray]:
    """Run code in a new process where ``import keras`` gives Keras 2.3.1 on Theano.

    As :func:`run_keras3` otherwise.
    """
    return _run("from course_utils import keras2_compat\nkeras2_compat.enable()\n" + code, arrays)


def run_keras3(code: str, arrays: Mapping[str, np.ndarray] | None = None) -> dict[str, np.ndarray]:
    """Run code in a new process where ``import keras`` gives Keras 3.

    Parameters
    ----------
    code
        Python. It leaves what it wants to return in a dictionary ``results``.
    arrays
        Name to array: variables that the code finds.

    Returns
    -------
    dict of str to ndarray
        The arrays of ``results``.

    Raises
    ------
    RuntimeError
        If the code fails; the text is the last line of its traceback. Or if it takes too long.

    Examples
    --------
    >>> run_keras3("results = {'y': 2 * x}", {"x": np.array([1, 2])})
    {'y': array([2, 4])}
    """
    return _run(code, arrays, KERAS_BACKEND=os.environ.get("KERAS_BACKEND", "jax"))


def _run(code: str, arrays: Mapping[str, np.ndarray] | None, **environment: str):
    string("code", code)
    arrays = instance("arrays", {} if arrays is None else arrays, Mapping, "a dictionary of arrays")
    arrays = {name: any_array(f"arrays[{name!r}]", array) for name, array in arrays.items()}
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"arrays[{name!r}] must hold numbers or text, got dtype object")
    with tempfile.TemporaryDirectory() as folder:
        given, returned = Path(folder) / "given.npz", Path(folder) / "returned.npz"
        np.savez(given, **arrays)
        whole = (
            f"import numpy as np\nglobals().update(np.load({str(given)!r}))\n"
            f"{code}\nnp.savez({str(returned)!r}, **results)\n"
        )
        try:
            done = subprocess.run(
                [sys.executable, "-c", whole],
                env=os.environ | environment,
                capture_output=True,
                text=True,
                timeout=TIME_LIMIT,
            )
        except subprocess.TimeoutExpired:
            took = f"it was stopped after {TIME_LIMIT} seconds"
            raise RuntimeError(f"the code failed in its own process: {took}") from None
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no message"]
            raise RuntimeError(f"the code failed in its own process: {lines[-1]}")
        with np.load(returned, allow_pickle=False) as file:
            return dict(file)


_TRIAL = '''
import contextlib, io, json, warnings
import keras
import numpy as np

PRELUDE = """
import numpy as np
from keras.models import Model, Sequential
x = np.linspace(-1, 1, 120).reshape(8, 5, 3).astype("float32")
y = (x[:, -1, 0] > 0).astype("float32")
ids = np.arange(40).reshape(8, 5) % 10
"""
MODEL = """
from keras.layers import LSTM, Dense
model = Sequential([LSTM(4, input_shape=(5, 3)), Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
"""

def outcome(code, model):
    names = {}
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("ignore")
        exec(PRELUDE + (MODEL if model else ""), names)
        warnings.simplefilter("always")
        try:
            exec(code, names)
        except Exception as problem:
            return {"error": f"{type(problem).__name__}: {problem}"}
    # As JSON writes it: a tuple and a list of the same numbers are the same result.
    return {"result": names["result"], "warnings": [str(warning.message) for warning in said]}

codes = json.loads(str(trials))
results = {"outcomes": np.array(json.dumps([outcome(*each) for each in codes]))}
'''


def outcomes(codes: list[tuple[str, bool]], *, keras: int) -> list[dict]:
    """What comes of each ``(code, model)`` on Keras 2 or 3.

    Returns
    -------
    list of dict
        ``{"error": "TypeError: …"}``, or ``{"result": …, "warnings": [str, …]}``.
    """
    run = {2: run_keras2, 3: run_keras3}[keras]
    found = run(_TRIAL, {"trials": np.array(json.dumps(codes))})
    return json.loads(str(found["outcomes"]))
