import pytest
from page import in_page

from course_utils.widgets import SentimentExplorer, sentiment


def test_order_matters_to_one_built_in_model_only():
    one, other = sentiment.SENTENCES[1:3]
    counted = [
        SentimentExplorer(model="counts words", sentence=each).state()["scores"][-1]
        for each in (one, other)
    ]
    read = [
        SentimentExplorer(model="reads in order", sentence=each).state()["scores"][-1]
        for each in (one, other)
    ]
    assert counted[0] == pytest.approx(counted[1])
    assert read[0] > 0.7 and read[1] < 0.4


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "...", "It's “NOT” bad, isn't it?", "naïve café 3½ ǅ œuvre", "_a_b_ don’t '", "a" * 200,
     " ".join(["but", "not", "good"] * 20)],
)  # fmt: skip
def test_page_splits_words_as_python_does(tmp_path, typed):
    made = SentimentExplorer(typed=typed[:200])
    (page,) = in_page(tmp_path, made, [made.values])
    assert page["result"]["words"] == made.state()["words"]
    assert len(made.state()["words"]) <= sentiment.MAX_WORDS


@pytest.mark.parametrize("model", [sentiment.COUNTS, sentiment.READS])
def test_words_that_name_parts_of_the_pages_language_mean_nothing(tmp_path, model):
    made = SentimentExplorer(model=model, typed="a good constructor")
    (page,) = in_page(tmp_path, made, [made.values])
    assert page["sentence"] == made.describe()
    assert page["result"]["known"] == [False, True, False]


@pytest.fixture
def asked():
    return []


@pytest.fixture
def own(asked):
    """An explorer with two models of the learner's; the first notes what it is asked."""

    def by_length(texts):
        asked.append(texts)
        return [[len(text) / 40] for text in texts]

    made = SentimentExplorer(
        {"by length": by_length, "unsure": lambda texts: [0.5] * len(texts)},
        known={"good", "film"},
        typed="A good FILM!",
    )
    yield made
    made.close()


def test_learners_model_reads_each_beginning_and_always_as_many_texts(own, asked):
    assert own.state() == {
        "words": ["a", "good", "film"],
        "known": [False, True, True],
        "scores": [1 / 40, 2 / 40, 3 / 40],
    }
    assert asked[0][:4] == [["a"], ["a", "good"], ["a", "good", "film"], ["a", "good", "film"]]
    assert [len(texts) for texts in asked] == [sentiment.MAX_WORDS]  # once: the answer is kept


def test_page_shows_the_kernels_answer_and_waits_for_the_next(own, tmp_path):
    answered, waiting = in_page(tmp_path, own, [own.values, own.values | {"typed": "a good"}])
    assert answered["result"] == own.state()
    assert answered["sentence"] == own.describe()
    assert waiting["result"]["scores"] is None
    assert waiting["sentence"] == "The kernel reads 2 words."
    assert all("NaN" not in picture["svg"] for picture in waiting["pictures"])

    own.set_state({"values": own.values | {"typed": "a good"}})  # as the page does
    (now,) = in_page(tmp_path, own, [own.values])
    assert now["result"]["scores"] == [1 / 40, 2 / 40]

    own.set(model="unsure")
    (now,) = in_page(tmp_path, own, [own.values])
    assert now["result"]["scores"] == [0.5, 0.5]


def test_nothing_typed_asks_nobody(own, asked):
    asked.clear()
    own.set(typed="")
    assert own.state()["scores"] == [] and asked == []


@pytest.mark.parametrize(
    "returned", [[0.5], [0.5] * 31, [[0.1, 0.9]] * 30, [1.5] * 30, [float("nan")] * 30]
)
def test_model_that_returns_no_probabilities_is_refused(returned):
    with pytest.raises(ValueError, match="the model 'mine' must return"):
        SentimentExplorer({"mine": lambda texts: returned})


def test_no_models_are_refused():
    with pytest.raises(ValueError, match="at least one model"):
        SentimentExplorer({})
