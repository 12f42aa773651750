"""The series of lesson 11: what was measured is as its card says, what is drawn solves its equation."""

import shutil

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from course_utils import datasets
from course_utils.datasets import series, shipped


def test_sunspots_come_year_by_year():
    years, sunspots = datasets.load_sunspots()
    np.testing.assert_array_equal(years, np.arange(1700, 2009))
    assert sunspots.shape == years.shape and sunspots.dtype == np.float64
    assert years[sunspots == 0].tolist() == [1711, 1712, 1810]


def test_co2_comes_month_by_month():
    months, co2 = datasets.load_co2()
    wanted = np.arange("1959-01", "2002-01", dtype="datetime64[M]")
    np.testing.assert_array_equal(months, wanted)
    assert co2.dtype == np.float64
    # The three months of 1964 that nobody measured, between those of the other years.
    before, filled, after = co2[4 * 12 :][1:4], co2[5 * 12 :][1:4], co2[6 * 12 :][1:4]
    np.testing.assert_allclose(filled, (before + after) / 2, rtol=0, atol=0.011)


@pytest.mark.parametrize("load", [datasets.load_sunspots, datasets.load_co2])
def test_a_changed_file_is_refused(load, tmp_path, monkeypatch):
    for path in shipped.DATA.glob("*.*"):
        shutil.copy(path, tmp_path)
    for path in tmp_path.glob("*.csv"):
        path.write_text(path.read_text("utf-8").replace("1", "2", 1), "utf-8")
    monkeypatch.setattr(shipped, "DATA", tmp_path)
    with pytest.raises(ValueError, match="has changed"):
        load()


def test_mackey_glass_solves_its_equation(monkeypatch):
    def feedback(delayed):
        return 0.2 * delayed / (1 + delayed**10)

    def first(t):
        """The solution until t = tau, in closed form: what is fed back is the constant history."""
        rest = feedback(x[0]) / 0.1
        return rest + (x[0] - rest) * np.exp(-0.1 * t)

    tau, settled = 17, datasets.mackey_glass(50, seed=3)
    monkeypatch.setattr(series, "SETTLING", 0)
    x, t = datasets.mackey_glass(341, tau=tau, spacing=0.1, seed=3), 0.1 * np.arange(341)
    np.testing.assert_allclose(x[:171], first(t[:171]), rtol=1e-9)
    second = solve_ivp(
        lambda t, x: feedback(first(t - tau)) - 0.1 * x,
        (17, 34),
        x[170:171],
        "DOP853",
        t[170:],
        rtol=1e-10,
    )
    np.testing.assert_allclose(x[170:], second.y[0], rtol=1e-5)
    np.testing.assert_allclose(datasets.mackey_glass(550, seed=3)[500:], settled, rtol=1e-12)


def test_mackey_glass_is_bounded_seeded_and_thinned_by_its_spacing():
    x = datasets.mackey_glass(600, seed=1)
    assert x.shape == (600,) and 0.2 < x.min() < 0.6 and 1.2 < x.max() < 1.4
    np.testing.assert_array_equal(x, datasets.mackey_glass(600, seed=1))
    np.testing.assert_array_equal(x[::3], datasets.mackey_glass(200, spacing=3, seed=1))
    assert np.abs(x - datasets.mackey_glass(600, seed=2)).max() > 0.1


def test_mackey_glass_repeats_itself_for_a_short_delay_and_not_for_a_long_one():
    def nearest_return(tau):
        """How far the series is from itself after the lag at which it comes closest."""
        x = datasets.mackey_glass(6000, tau=tau, spacing=0.1)
        return min(np.abs(x[lag:] - x[:-lag]).max() for lag in range(200, 3000))

    assert nearest_return(10) < 0.02
    assert nearest_return(17) > 0.1


@pytest.mark.parametrize(
    ("arguments", "name"),
    [({"n_steps": 0}, "n_steps"), ({"tau": 0}, "tau"), ({"spacing": -1}, "spacing")],
)
def test_mackey_glass_refuses_what_it_cannot_use(arguments, name):
    with pytest.raises(ValueError, match=name):
        datasets.mackey_glass(**{"n_steps": 5} | arguments)
