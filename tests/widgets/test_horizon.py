import numpy as np
import pytest
from page import in_page

from course_utils import datasets
from course_utils.forecasting import mase, naive, seasonal_naive, split_windows
from course_utils.widgets import HorizonExplorer


@pytest.fixture(scope="module")
def explorer():
    return HorizonExplorer()


def test_errors_are_the_mase_of_the_forecasts(explorer):
    _, sunspots = datasets.load_sunspots()
    _, _, x, y = split_windows(sunspots, 230, 24, 12)
    y_hat = seasonal_naive(x, 12, 11)
    train = sunspots[:230]
    result = explorer.state(origin=1950, horizon=5)
    row = 1950 - 1929
    assert result["truth"] == y[row, :5].tolist()
    assert result["times"] == [1951, 1952, 1953, 1954, 1955]
    assert result["forecasts"]["seasonal naive"] == y_hat[row, :5].tolist()
    assert result["so_far"]["seasonal naive"] == pytest.approx(
        mase(y[row, :5], y_hat[row, :5], train)
    )
    assert result["overall"]["seasonal naive"] == pytest.approx(mase(y[:, :5], y_hat[:, :5], train))
    by_step = [mase(y[:, k], y_hat[:, k], train) for k in range(12)]
    assert result["by_step"]["seasonal naive"] == pytest.approx(by_step)


def test_origins_run_from_the_last_training_year_to_the_last_with_a_whole_horizon(explorer):
    (origin,) = (control for control in explorer.controls if control.name == "origin")
    assert (origin.min, origin.max) == (1929, 2008 - 12)
    assert explorer.state(origin=1996)["times"][-1] == 2008


def test_naive_error_of_one_step_is_what_it_is_measured_in():
    series = np.arange(20.0)  # the naive forecast errs by 1 at each step
    _, _, x, _ = split_windows(series, 10, 3, 4)
    explorer = HorizonExplorer(series, {"naive": naive(x, 4)})
    assert explorer.state()["by_step"]["naive"] == [1, 2, 3, 4]
    assert explorer.state(horizon=2)["overall"]["naive"] == 1.5
    assert "naive 1.5; over all 7 origins 1.5." in explorer.describe(horizon=2)


def test_learners_forecasts_are_shown_in_the_page(tmp_path):
    _, co2 = datasets.load_co2()
    _, _, x, _ = split_windows(co2, 396, 24, 12)
    forecasts = {"your network": naive(x, 12) + 0.5, "seasonal naive": seasonal_naive(x, 12, 12)}
    own = HorizonExplorer(co2, forecasts, time_unit="month", value_label="CO2 (ppm)", horizon=3)
    (page,) = in_page(tmp_path, own, [own.values])
    assert page["sentence"] == own.describe()
    assert "3 months after 395" in page["sentence"] and "your network" in page["sentence"]
    assert "CO2 (ppm)" in page["pictures"][0]["svg"]


SERIES = np.arange(12.0)


@pytest.mark.parametrize(
    ("series", "forecasts", "word"),
    [
        (SERIES, None, "come together"),
        (SERIES, {}, "1 to 4"),
        (SERIES[None], {"a": np.zeros((3, 3))}, "series"),
        (SERIES, {"a": np.zeros((3, 3)), "b": np.zeros((3, 2))}, "one shape"),
        (SERIES, {"a": np.zeros((9, 3))}, "two"),
        (SERIES, {"a": np.zeros(3)}, "shape"),
        (SERIES, {"a": np.full((3, 3), np.nan)}, "finite"),
        (np.zeros(12), {"a": np.zeros((3, 3))}, "train must change"),
    ],
)
def test_what_cannot_be_shown_is_refused(series, forecasts, word):
    with pytest.raises(ValueError, match=word):
        HorizonExplorer(series, forecasts)
