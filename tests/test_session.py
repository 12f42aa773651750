"""The first call of every lesson."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from importlib import metadata

import numpy as np
from own_process import run_python

from course_utils import session


def test_start_prints_one_line_of_versions():
    printed, _ = run_python("from course_utils import session; session.start(seed=2)")
    version = metadata.version("unrolled-course-utils")
    assert printed == f"Unrolled {version} · Python 3.11 · NumPy {np.__version__} · seed 2"


def test_start_names_theano_where_it_is_imported():
    printed, _ = run_python(
        "from course_utils import session, theano_compat; theano_compat.enable(); session.start()"
    )
    assert "· Theano-PyMC 1.1.2 ·" in printed


def test_start_seeds_both_generators():
    drawn = []
    for _ in range(2):
        session.start(seed=7)
        drawn.append((random.random(), np.random.rand()))
    assert drawn[0] == drawn[1]
    session.start(seed=8)
    assert random.random() != drawn[0][0]


def test_start_limits_threads_of_libraries_loaded_before_and_after():
    program = (
        "import json, threadpoolctl; from course_utils import session; session.start();"
        "import scipy.linalg;"
        "print(json.dumps([pool['num_threads'] for pool in threadpoolctl.threadpool_info()]))"
    )
    threads = json.loads(run_python(program, OPENBLAS_NUM_THREADS="2")[0].splitlines()[-1])
    assert threads
    assert set(threads) == {1}


def test_start_chooses_keras_backend_and_respects_a_chosen_one():
    program = "import os; from course_utils import session; session.start(); print(os.environ['KERAS_BACKEND'])"
    environment = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.splitlines()[-1] == "jax"
    assert run_python(program, KERAS_BACKEND="torch")[0].splitlines()[-1] == "torch"


def test_importing_the_package_is_light():
    program = """
import sys, time
began = time.perf_counter()
import course_utils
package = time.perf_counter() - began
began = time.perf_counter()
import json, tempfile, argparse, subprocess, decimal
yardstick = time.perf_counter() - began
heavy = {"theano", "keras", "jax", "matplotlib", "numpy"} & set(sys.modules)
print(sorted(heavy), package < max(0.15, 5 * yardstick))
"""
    assert run_python(program) == ("[] True", "")


def test_importing_checks_and_widgets_machinery_stays_off_the_heavy_libraries():
    program = (
        "import sys; from course_utils import checks, progress, session;"
        "print(sorted({'theano', 'keras', 'jax', 'matplotlib'} & set(sys.modules)))"
    )
    assert run_python(program) == ("[]", "")
