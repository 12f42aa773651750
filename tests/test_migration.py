"""Every line of lesson 14's table does what it says, on both Keras."""

import numpy as np
import pytest

from course_utils.further import migration

ROWS = migration.rows()


@pytest.fixture(scope="module")
def outcomes():
    """Of each row: old on Keras 2, old on Keras 3, new on Keras 3."""
    old = [(row.old, row.model) for row in ROWS]
    now = [(row.old_in_3 or row.old, row.model) for row in ROWS]
    new = [(row.new, row.model) for row in ROWS]
    on_3 = migration.outcomes(now + new, keras=3)
    columns = migration.outcomes(old, keras=2), on_3[: len(ROWS)], on_3[len(ROWS) :]
    return {row.topic: each for row, *each in zip(ROWS, *columns, strict=True)}


def test_table_is_whole():
    assert len(ROWS) >= 15
    assert len({row.topic for row in ROWS}) == len(ROWS)
    assert {row.effect for row in ROWS} == {"error", "warning", "silent"}
    assert {row.since for row in ROWS} == {"1", "2"}
    for row in ROWS:
        assert row.breaks.endswith(".")
        assert bool(row.says) == (row.effect != "silent"), row.topic


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.topic)
def test_old_runs_on_keras_2_and_new_on_keras_3_with_the_same_result(row, outcomes):
    old, _, new = outcomes[row.topic]
    assert "error" not in old, old
    assert "error" not in new, new
    assert not [text for text in new["warnings"] if "deprecat" in text]
    assert (old["result"] == new["result"]) == row.same


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.topic)
def test_old_does_on_keras_3_what_the_table_says(row, outcomes):
    old, now, _ = outcomes[row.topic]
    if row.effect == "error":
        assert row.says in now["error"]
    elif row.effect == "warning":
        assert any(row.says in text for text in now["warnings"]), now
    else:
        assert now["result"] != old["result"]


def test_arrays_go_to_the_other_process_and_back():
    code = "import keras\nresults = {'y': 2 * x, 'version': np.array(keras.__version__)}"
    for run, version in ((migration.run_keras2, "2.3.1"), (migration.run_keras3, "3.")):
        results = run(code, {"x": np.arange(3.0)})
        np.testing.assert_array_equal(results["y"], [0, 2, 4])
        assert str(results["version"]).startswith(version)


def test_failing_code_is_a_sentence():
    with pytest.raises(RuntimeError, match="own process: ZeroDivisionError: division by zero"):
        migration.run_keras3("results = {'y': 1 / 0}")


def test_code_that_takes_too_long_is_a_sentence(monkeypatch):
    monkeypatch.setattr(migration, "TIME_LIMIT", 0.5)
    with pytest.raises(RuntimeError, match=r"own process: it was stopped after 0\.5 seconds"):
        migration.run_keras3("import time\ntime.sleep(60)")
