"""Encoder, decoder and search of lesson 16, and the file that it shows."""

from dataclasses import replace

import measure.seq2seq as measure_seq2seq
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import datasets, losses
from course_utils.datasets.shipped import DATA
from course_utils.further import keras_seq2seq, seq2seq
from course_utils.further.seq2seq import END, START
from course_utils.interop import keras
from course_utils.text import Vocabulary

SOURCE = Vocabulary.from_tokens(list("abcdef"), specials=seq2seq.SOURCE_SPECIALS)
TARGET = Vocabulary.from_tokens(list("xyz"), specials=seq2seq.TARGET_SPECIALS)
TEXTS = ["abc", "f", "abcdef", "ca?"]


@pytest.fixture(scope="module", params=[True, False], ids=["attention", "no attention"])
def network(request):
    keras.utils.set_random_seed(1)
    return keras_seq2seq.build(
        SOURCE.size, TARGET.size, 6, 4, n_units=5, n_embedding=3, attention=request.param
    )


@pytest.fixture(scope="module")
def translator(network):
    return keras_seq2seq.Translator(network, SOURCE, TARGET)


def test_numpy_gives_the_numbers_of_keras(network, translator):
    x = seq2seq.to_ids(TEXTS, SOURCE, 6)
    inputs = np.array([[START, 3, 4, 5], [START, 5, 0, 0], [START, 3, 3, 3], [START, 4, 0, 0]])
    wanted = network.predict([x, inputs.astype("int32")], verbose=0)
    logits, weights = translator.forced(TEXTS, inputs)
    np.testing.assert_allclose(logits, wanted, rtol=0, atol=1e-5)
    if translator.attention is None:
        assert weights is None
    else:
        np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-6)
        assert (weights[np.broadcast_to((x == 0)[:, None], weights.shape)] == 0).all()


def test_the_loss_of_keras_is_the_masked_loss(network):
    x = seq2seq.to_ids(TEXTS, SOURCE, 6)
    inputs, targets = seq2seq.teacher_forcing(seq2seq.to_ids(["x", "", "zyx", "yy"], TARGET, 3))
    logits = network.predict([x, inputs], verbose=0)
    wanted = network.evaluate([x, inputs], targets, verbose=0)
    assert seq2seq.masked_loss(logits, targets) == pytest.approx(wanted, abs=1e-5)


def test_a_beam_of_one_is_greedy_and_each_text_stands_alone(translator):
    greedy = translator.greedy(TEXTS)
    assert greedy == [translator.greedy([each])[0] for each in TEXTS]
    for text, answer in zip(TEXTS, greedy, strict=True):
        (found,) = translator.search(text, 1)
        assert seq2seq.to_text(found.ids, TARGET) == answer


def test_padding_further_changes_nothing(network):
    keras.utils.set_random_seed(1)
    longer = keras_seq2seq.build(
        SOURCE.size,
        TARGET.size,
        9,
        4,
        n_units=5,
        n_embedding=3,
        attention=network.layers[-1].attention,
    )
    longer.set_weights(network.get_weights())
    short, long = (keras_seq2seq.Translator(each, SOURCE, TARGET) for each in (network, longer))
    inputs = np.full((len(TEXTS), 4), START)
    np.testing.assert_allclose(
        short.forced(TEXTS, inputs)[0], long.forced(TEXTS, inputs)[0], rtol=0, atol=1e-6
    )


def test_an_empty_text_gets_an_answer(translator):
    logits, memory = translator.one_step(START, translator.read([""]))
    assert np.isfinite(logits).all() and np.isfinite(memory.s).all()


def test_what_cannot_be_used_is_refused(translator):
    with pytest.raises(ValueError, match="at most 6 characters"):
        translator.read(["abcdefa"])
    with pytest.raises(ValueError, match="width"):
        translator.search("abc", 0)
    with pytest.raises(ValueError, match="length_power"):
        translator.search("abc", 2, length_power=-1.0)


@given(st.lists(st.text("xyz", max_size=7), min_size=1, max_size=5))
@settings(deadline=None)
def test_inputs_and_targets_are_one_step_apart(texts):
    y = seq2seq.to_ids(texts, TARGET, 7)
    inputs, targets = seq2seq.teacher_forcing(y)
    assert (inputs[:, 0] == START).all()
    np.testing.assert_array_equal(inputs[:, 1:], np.where(targets == END, 0, targets)[:, :-1])
    assert [seq2seq.to_text(row, TARGET) for row in targets] == texts
    assert ((targets == END).sum(axis=1) == 1).all()


def test_a_beam_finds_what_greedy_leaves_and_lengths_can_be_weighed():
    p = {START: [0, 0, 0.1, 0.5, 0.4], 3: [0, 0, 0.4, 0.3, 0.3], 4: [0, 0, 0.95, 0.05, 0]}

    def step(last_id, state):
        return np.log(np.array(p[last_id]) + 1e-15), state

    assert seq2seq.beam_search(step, None, 1, 4)[0].ids == (3, END)
    best, second = seq2seq.beam_search(step, None, 2, 4)
    assert best.ids == (4, END)
    assert best.log_probability == pytest.approx(np.log(0.4 * 0.95))
    assert second.ids == (3, END) and second.is_finished
    (short,) = seq2seq.beam_search(step, None, 1, 1)
    assert short.ids == (3,) and not short.is_finished


def test_attention_is_the_softmax_of_the_scores():
    rng = np.random.default_rng(0)
    s, h = rng.normal(size=(2, 3)), rng.normal(size=(2, 5, 4))
    W_s, W_h, v = rng.normal(size=(3, 6)), rng.normal(size=(4, 6)), rng.normal(size=6)
    mask = np.arange(5) < np.array([[5], [2]])
    weights, context = seq2seq.additive_attention(s, h, mask, W_s, W_h, v)
    scores = [v @ np.tanh(s[1] @ W_s + h[1, j] @ W_h) for j in range(2)]
    np.testing.assert_allclose(weights[1, :2], losses.softmax(np.array(scores)))
    np.testing.assert_allclose(context[1], weights[1, :2] @ h[1, :2])


# ---------------------------------------------------------------- texts to read and to write


def test_dates_mean_the_same_day_in_all_forms():
    import datetime

    day = datetime.date(1998, 6, 3)
    forms = datasets.generated.DATE_FORMS
    assert [form(day) for form in forms.values()] == list(forms)
    x, y = datasets.dates(400, seed=3)
    assert len(set(x)) == 400 and max(map(len, x)) <= datasets.MAX_DATE_LENGTH
    for text, iso in zip(x, y, strict=True):
        day = datetime.date.fromisoformat(iso if len(iso) == 10 else f"{iso}-01")
        assert text in {form(day) for form in forms.values()}
        assert 1950 <= day.year < 2050


@pytest.mark.parametrize("day, ending", [(1, "st"), (2, "nd"), (3, "rd"), (11, "th"), (12, "th"),
                                         (13, "th"), (21, "st"), (22, "nd"), (30, "th")])  # fmt: skip
def test_ordinals(day, ending):
    assert datasets.generated._ordinal(day) == ending


@pytest.mark.parametrize("reverse", ["nothing", "question", "answer"])
def test_sums_are_right_and_different(reverse):
    x, y = datasets.additions(300, 1, 3, reverse, seed=4)
    assert len(set(x)) == 300
    assert {len(each) for each in x} == {3, 5, 7}
    for question, answer in zip(x, y, strict=True):
        question = question[::-1] if reverse == "question" else question
        answer = answer[::-1] if reverse == "answer" else answer
        assert sum(map(int, question.split("+"))) == int(answer)
        assert str(int(answer)) == answer


@pytest.mark.parametrize("make", [datasets.dates, datasets.additions])
def test_a_seed_gives_the_same_texts(make):
    assert make(20, seed=5) == make(20, seed=5) != make(20, seed=6)


def test_texts_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="at most 50, half of the sums"):
        datasets.additions(51, 1, 1)
    with pytest.raises(ValueError, match="at most 100000"):
        datasets.dates(100_001)
    with pytest.raises(ValueError, match="max_digits"):
        datasets.additions(5, 3, 2)
    with pytest.raises(ValueError, match="reverse"):
        datasets.additions(5, reverse="both")


# ---------------------------------------------------------------- what was measured


def test_file_holds_every_run_of_the_script():
    runs = datasets.load_seq2seq_runs()
    groups = {"dates": ["all"], "lines of dates": list("123")}
    wanted = {
        (task, network, group)
        for task in measure_seq2seq.TASKS
        for network in ("attention", "no attention")
        for group in groups.get(task, list("234"))
    }
    assert runs.keys() == wanted
    for scores in runs.values():
        assert tuple(scores) == measure_seq2seq.COLUMNS
        for each in scores.values():
            assert each.shape == (len(measure_seq2seq.SEEDS),)


def test_script_still_gives_what_the_file_holds():
    stored = datasets.load_seq2seq_runs()["dates", "no attention", "all"]
    again = measure_seq2seq.run("dates", False, 0)["all"]
    np.testing.assert_allclose(again, [stored[name][0] for name in stored], rtol=0, atol=0.03)


def test_card_tells_the_settings_of_the_script():
    """Trainings on sums are too long to run again; the card pins what they were made with."""
    card = (DATA / "seq2seq_runs.md").read_text("utf-8")
    dates, lines, *sums = measure_seq2seq.SETTINGS.values()
    assert lines == replace(dates, n_steps=lines.n_steps, n_written=lines.n_written)
    assert len(set(sums)) == 1
    for task, setting in (("`dates`", dates), ("`additions, … reversed`", sums[0])):
        (row,) = [line for line in card.splitlines() if line.startswith(f"| {task} |")]
        assert f" {setting.n_epochs} epochs" in row
        assert f" {setting.n_units} units" in row
    assert f"from {dates.learning_rate} (additions: {sums[0].learning_rate}) to 0" in card
    assert f"batches of {measure_seq2seq.BATCH_SIZE}," in card
    width, n_searched = measure_seq2seq.WIDTH, measure_seq2seq.N_SEARCHED
    assert f"beam search of width {width}, for the first {n_searched} texts" in card


def test_script_scores_a_network_by_its_answers(translator):
    """A network that was not trained is right in nothing; forced and free agree in whole answers."""
    x, y = ["abc", "fa"], ["xyz", "zz"]
    exact, beam, forced, free, *after = measure_seq2seq.scores(translator, x, y)
    assert exact == seq2seq.exact_match(translator.greedy(x), y)
    assert all(0 <= each <= 1 for each in (exact, beam, forced, free, *after))


@pytest.mark.parametrize("task", measure_seq2seq.TASKS)
def test_script_tests_on_texts_that_were_not_trained_on(task):
    (x, y), groups = measure_seq2seq.samples(task, 0)
    assert len(x) == len(y) == (2000 if "dates" in task else 10_000)
    for x_test, y_test in groups.values():
        assert len(x_test) == len(y_test) > 100
        assert not set(x) & set(x_test)
