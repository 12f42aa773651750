"""Keras 2.3.1 runs on Theano beside Keras 3; each mistake gets a sentence with its mend.

What it does to a process cannot be undone, so it is only enabled in child processes.
"""

import re
import subprocess
import sys

import pytest
from own_process import run_python

from course_utils import keras2_compat

ENABLE = "from course_utils import keras2_compat\nkeras2_compat.enable()\nimport keras\n"


def test_import_gives_keras_2_on_theano_in_silence():
    code = ENABLE + "print(keras.__version__, keras.backend.backend(), keras.backend.floatx())"
    assert run_python(code) == ("2.3.1 theano float32", "")


def test_a_second_call_and_later_imports_work():
    code = ENABLE + (
        "keras2_compat.enable()\n"
        "from keras.layers import GRU, LSTM, Dense, Embedding, SimpleRNN\n"
        "from keras.preprocessing import sequence\n"
        "import keras.applications.vgg16\n"
        "print(keras.__version__)"
    )
    assert run_python(code) == ("2.3.1", "")


def test_a_network_of_the_time_trains_and_warns_of_nothing():
    code = ENABLE + (
        "import numpy as np\n"
        "from keras.models import Sequential\n"
        "from keras.layers import LSTM, Dense, Embedding\n"
        "np.random.seed(0)\n"
        "x = np.random.randint(0, 2, (256, 6))\n"
        "model = Sequential([Embedding(2, 4, input_length=6), LSTM(8), Dense(1, activation='sigmoid')])\n"
        "model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])\n"
        "loss = model.fit(x, x[:, -1], batch_size=32, epochs=30, verbose=0).history['loss']\n"
        "print(loss[-1] < 0.7 * loss[0])"
    )
    assert run_python(code) == ("True", "")


def test_start_weights_come_from_the_seed_and_are_what_was_asked_for():
    code = ENABLE + (
        "import time\n"
        "import numpy as np\n"
        "from keras import backend as K\n"
        "from keras.initializers import RandomNormal, RandomUniform, TruncatedNormal\n"
        "begin = time.perf_counter()\n"
        "big = K.eval(RandomUniform(-0.05, 0.05, seed=1)((20000, 128)))\n"
        "assert time.perf_counter() - begin < 20\n"
        "again = K.eval(RandomUniform(-0.05, 0.05, seed=1)((20000, 128)))\n"
        "assert np.array_equal(big, again) and big.dtype == 'float32'\n"
        "assert -0.05 <= big.min() < -0.0499 and 0.0499 < big.max() <= 0.05\n"
        "normal = K.eval(RandomNormal(1.0, 2.0, seed=1)((500, 400)))\n"
        "assert abs(normal.mean() - 1) < 0.05 and abs(normal.std() - 2) < 0.05\n"
        "cut = K.eval(TruncatedNormal(0.0, 1.0, seed=1)((500, 400)))\n"
        "assert abs(cut).max() <= 2\n"
        "ones = K.eval(K.random_binomial((500, 400), p=0.3, seed=1))\n"
        "assert set(np.unique(ones)) == {0, 1} and abs(ones.mean() - 0.3) < 0.01\n"
        "kept = K.eval(K.dropout(K.ones((500, 400)), 0.2, seed=1))\n"
        "assert abs((kept == 0).mean() - 0.2) < 0.01 and abs(kept.max() - 1.25) < 1e-6\n"
        "print('as asked')"
    )
    assert run_python(code) == ("as asked", "")


def test_an_old_keras_json_and_the_lessons_backend_decide_nothing(tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "tensorflow", "floatx": "float16"}')
    code = ENABLE + (
        "import os\n"
        "print(keras.backend.backend(), keras.backend.floatx(), os.environ['KERAS_BACKEND'])"
    )
    out, _ = run_python(code, KERAS_HOME=str(tmp_path), KERAS_BACKEND="jax")
    assert out == "theano float32 jax"


def test_the_session_names_the_keras_in_use():
    code = ENABLE + "from course_utils import session\nsession.start(seed=14)"
    assert "Keras 2.3.1" in run_python(code)[0]


def test_other_kernels_keep_keras_3():
    code = ENABLE + (
        "import subprocess, sys\n"
        "from importlib.metadata import version\n"
        "print(version('keras'), [p for p in sys.path if 'keras-' in p])"
    )
    out, _ = run_python(code)
    assert re.fullmatch(r"3\.\S+ \[\]", out)


@pytest.mark.parametrize("module", ["keras", "keras.layers"])
def test_keras_3_imported_before_is_a_sentence(module):
    code = (
        f"import os; os.environ['KERAS_BACKEND'] = 'jax'; import {module}\n"
        "from course_utils import keras2_compat\n"
        "try:\n    keras2_compat.enable()\nexcept RuntimeError as error:\n    print(error)"
    )
    out, _ = run_python(code)
    assert "Another Keras was imported" in out and "Restart Kernel" in out
    assert "\n" not in out


def test_not_installed_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    for name in [name for name in sys.modules if name.startswith("keras.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ImportError, match=r"not installed.*keras2_compat --install"):
        keras2_compat.enable()


def test_a_broken_installation_is_a_sentence(tmp_path):
    package = tmp_path / "share" / "unrolled" / "keras-2.3.1" / "keras"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise OSError('half of the file')")
    code = (
        f"import sys; sys.prefix = {str(tmp_path)!r}\n"
        "from course_utils import keras2_compat\n"
        "try:\n    keras2_compat.enable()\nexcept ImportError as error:\n    print(error)"
    )
    out, _ = run_python(code)
    assert "import failed (half of the file): delete" in out and "\n" not in out


# --- the set-up


def test_lock_pins_three_packages_with_hashes_and_no_address():
    text = keras2_compat.LOCK.read_text("utf-8")
    assert re.findall(r"^(\S+)==(\S+)", text, re.M) == [
        ("keras", keras2_compat.VERSION),
        ("keras-applications", "1.0.8"),
        ("keras-preprocessing", "1.1.2"),
    ]
    assert text.count("--hash=sha256:") >= 3
    assert "://" not in text


def test_failed_installation_says_so_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    lock = tmp_path / "other.lock"
    lock.write_text("keras==2.3.1 --hash=sha256:" + 64 * "0")
    monkeypatch.setattr(keras2_compat, "LOCK", lock)
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # as without a network
    with pytest.raises(RuntimeError, match=r"could not be installed \(ERROR: .*\): lesson 14"):
        keras2_compat.install()
    assert not list((tmp_path / "share" / "unrolled").iterdir())


def test_installing_again_does_nothing(monkeypatch):
    monkeypatch.setattr(subprocess, "run", None)
    keras2_compat.install()
    assert keras2_compat.directory().is_dir()


def test_command_line_tells_where_it_is(capsys):
    keras2_compat.main([])
    assert capsys.readouterr().out.strip() == str(keras2_compat.directory())
