"""Plots draw what they are given, refuse what they cannot draw, and always have a text alternative."""

import re

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import plotting


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_sequences_are_drawn_over_their_steps_and_named_at_their_ends():
    ax = plotting.plot_sequences({"a": np.array([3.0, 1.0]), "b": np.arange(4)}, ylabel="°C")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [3, 1])
    np.testing.assert_array_equal(ax.lines[1].get_xdata(), [1, 2, 3, 4])
    assert sorted(texts(ax)) == ["a", "b"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time step t", "°C")


def test_names_of_lines_that_end_together_stand_apart():
    ax = plotting.plot_sequences({name: np.linspace(0, 1, 5) for name in "abc"})
    heights = sorted(text.xy[1] for text in ax.texts)
    assert min(np.diff(heights)) > 0.02


def test_lines_are_named_in_a_subfigure_too():
    ax = plt.figure().subfigures(1, 2)[0].subplots()
    assert texts(plotting.plot_sequences({"a": np.arange(3)}, ax=ax)) == ["a"]


def test_hidden_states_are_drawn_with_a_row_a_unit():
    h = np.tanh(np.random.default_rng(0).normal(size=(6, 3)))
    ax = plotting.plot_hidden_states(h, title="h")
    image = ax.images[0]
    np.testing.assert_array_equal(image.get_array(), h.T)
    assert image.get_clim() == (-1, 1)
    assert plotting.plot_hidden_states(5 * h, limit=None).images[0].get_clim()[1] <= 5


def test_probabilities_are_bars_with_the_true_class_marked():
    ax = plotting.plot_probabilities(np.array([0.25, 0.75]), ["no", "yes"], highlight=1)
    assert [bar.get_height() for bar in ax.patches] == [0.25, 0.75]
    assert ax.patches[0].get_facecolor() != ax.patches[1].get_facecolor()


def test_gradients_by_lag_are_drawn_on_a_logarithmic_axis_without_zeros():
    ax = plotting.plot_gradient_by_lag({"w": np.array([1.0, 0.5, 0.0])})
    assert ax.get_yscale() == "log"
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1, 0.5, np.nan])


def test_loss_curves_show_median_and_range():
    runs = {"rnn": [np.array([3.0, 1.0]), np.array([5.0, 2.0]), np.array([4.0, 0.0])]}
    ax = plotting.plot_loss_curves(runs, baseline=1 / 6)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [4, 1])
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (0, 5)
    assert ax.lines[1].get_ydata()[0] == 1 / 6


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: plotting.plot_sequences({"a": np.ones((2, 2))}), r"sequences\['a'\]"),
        (lambda: plotting.plot_hidden_states(np.ones(3)), r"h must have shape \(T, U\)"),
        (lambda: plotting.plot_probabilities(np.ones(2), ["a", "b"]), "sum to 1"),
        (lambda: plotting.plot_probabilities(np.ones(2), ["a"]), r"\(1,\)"),
        (lambda: plotting.plot_gradient_by_lag({"a": -np.ones(3)}), "at least 0"),
        (
            lambda: plotting.plot_loss_curves({"a": [np.ones(2), np.ones(3)]}),
            r"runs\['a'\] must be one array, got rows of different lengths",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, said):
    with pytest.raises(ValueError, match=said):
        draw()


def test_an_axes_that_is_given_is_used_and_returned():
    _, given = plt.subplots()
    assert plotting.plot_sequences({"a": np.ones(3)}, ax=given) is given
    assert plotting.plot_loss_curves({"a": [np.ones(3)]}, ax=given) is given


def test_html_is_the_same_for_the_same_figure_and_has_an_alternative():
    def page():
        ax = plotting.plot_sequences({"a": np.arange(3)})
        return plotting.figure_html(ax.figure, 'A line that "climbs" & ends at 2.')

    first, second = page(), page()
    assert first == second
    assert 'alt="A line that &quot;climbs&quot; &amp; ends at 2."' in first
    assert re.search(r'src="data:image/png;base64,[A-Za-z0-9+/=]+"', first)


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_a_figure_without_alternative_is_refused(alt):
    figure, _ = plt.subplots()
    with pytest.raises(ValueError, match="alt must be a sentence"):
        plotting.figure_html(figure, alt)


def test_show_displays_image_and_text_and_closes_the_figure(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append((data, raw)))
    figure, _ = plt.subplots()
    plotting.show(figure, "An empty figure.")
    ((data, raw),) = shown
    assert raw
    assert data["text/plain"] == "An empty figure."
    assert data["text/html"].startswith('<img alt="An empty figure."')
    assert not plt.fignum_exists(figure.number)
