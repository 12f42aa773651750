"""The attention explorer beyond what every explorer must do: a network of the learner's own."""

import json

import numpy as np
import pytest
from page import in_page

from course_utils.further import keras_seq2seq, seq2seq
from course_utils.interop import keras
from course_utils.text import Vocabulary
from course_utils.widgets import AttentionExplorer, attention


def translator(attends=True):
    keras.utils.set_random_seed(3)
    source = Vocabulary.from_tokens(list("ab 12"), specials=seq2seq.SOURCE_SPECIALS)
    target = Vocabulary.from_tokens(list("xyz"), specials=seq2seq.TARGET_SPECIALS)
    network = keras_seq2seq.build(source.size, target.size, 6, 5, n_units=4, attention=attends)
    return keras_seq2seq.Translator(network, source, target)


@pytest.fixture(scope="module")
def own():
    made = AttentionExplorer(translator(), ["ab 1", "2", "longer than six"])
    yield made
    made.close()


def test_recorded_answers_are_dates_and_their_weights_sum_to_one():
    made = AttentionExplorer()
    for example in made.controls[0].options:
        for width in range(1, attention.MAX_WIDTH + 1):
            state = made.state(example=example, width=width, step=11)
            assert len(state["beams"]) == width
            assert state["written"][-1] == attention.END_SIGN
            assert state["beams"][0][0] == "".join(state["written"][:-1])
            assert np.shape(state["weights"]) == (len(state["written"]), len(example))
            np.testing.assert_allclose(np.sum(state["weights"], axis=1), 1, atol=2e-3)
            assert state["step"] == len(state["written"])
    answers = [made.state(example=each)["beams"][0][0] for each in made.controls[0].options]
    assert answers == ["1957-03-27", "2002-11-25", "1998-09-30", "2025-07"]


def test_page_and_python_agree_on_a_network_of_ones_own(own, tmp_path):
    """The answers to the examples are in the page from the beginning."""
    for values in ({}, {"example": "2", "step": 5}, {"example": "longer", "width": 1}):
        values = own.checked(own.values | values)
        (page,) = in_page(tmp_path, own, [values])
        assert page["sentence"] == own.describe(**values)
        assert page["result"] == json.loads(json.dumps(own.state(**values)))


def test_what_is_typed_is_answered_by_the_kernel(own, tmp_path):
    waiting = own.checked(own.values | {"example": attention.OWN, "typed": "b?"})
    (page,) = in_page(tmp_path, own, [waiting])
    assert page["sentence"] == "The kernel reads 2 characters."
    n_answers = len(own.page["data"]["answers"])
    for typed in ("b", "b?"):
        own.set(example=attention.OWN, typed=typed)
    assert len(own.page["data"]["answers"]) == n_answers + 1  # only the last typed one
    (page,) = in_page(tmp_path, own, [own.values])
    assert page["sentence"] == own.describe()
    assert page["sentence"].startswith("To write")
    own.set(typed="")
    assert own.describe() == "Type a text of 1 character or more."


def test_what_cannot_be_shown_is_refused():
    with pytest.raises(ValueError, match="got one without"):
        AttentionExplorer(translator(attends=False))
    with pytest.raises(ValueError, match="need a translator"):
        AttentionExplorer(examples=["3 June 1998"])


def test_a_translator_without_examples_has_its_own_text_only():
    made = AttentionExplorer(translator(), typed="ab")
    assert made.values["example"] == attention.OWN
    assert made.state()["read"] == ["a", "b"]
    made.close()


def test_your_own_text_does_not_begin_as_one_of_the_examples(own):
    *examples, last = own.controls[0].options
    assert last == attention.OWN
    assert "".join(own.state(example=last)["read"]).replace("␣", " ") not in examples
