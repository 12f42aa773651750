"""The sampler against the text helpers, on a network of the learner's own, and on what it refuses."""

import json

import numpy as np
import pytest
from page import in_page
from test_explorers import assert_same

from course_utils.text import next_probabilities
from course_utils.widgets import SamplerExplorer, sampler

LONGEST = sampler.LONGEST


@pytest.fixture(scope="module")
def explorer():
    made = SamplerExplorer()
    yield made
    made.close()


class Counter:
    """A network that depends on the whole text: the state is what it has read."""

    tokens = ("<pad>", "<unknown>", "<start>", "sea", "wind", "tide", ",", "/", "<end>")

    def __init__(self):
        self.n_calls = 0

    def start(self):
        return ()

    def step(self, token_id, state):
        self.n_calls += 1
        state = (*state, token_id)
        logits = np.random.default_rng(state).normal(size=len(self.tokens))
        logits[:3] = 50.0  # what is never drawn would win
        return logits, state


@pytest.fixture
def own():
    made = SamplerExplorer(Counter(), seed=3)
    yield made
    made.close()


def words(explorer, state):
    return [explorer.data["tokens"][i] for i in state["text"]]


@pytest.mark.parametrize("temperature", [0.0, 0.3, 1.0, 2.4])
@pytest.mark.parametrize("top_k", sampler.TOP_K)
def test_probabilities_are_those_of_the_text_helpers(explorer, temperature, top_k):
    state = explorer.state(temperature=temperature, top_k=top_k, n_tokens=0)
    k = None if top_k == sampler.ALL else int(top_k)
    logits = explorer.data["table"][0]
    wanted = next_probabilities(logits, temperature, k)
    np.testing.assert_allclose(state["changed"], wanted[state["shown"]], atol=1e-12)
    np.testing.assert_allclose(state["changed_rest"], 1 - sum(wanted[state["shown"]]), atol=1e-9)
    np.testing.assert_allclose(state["plain"], next_probabilities(logits)[state["shown"]])
    assert state["n_possible"] == (wanted > 0).sum()


def test_a_longer_text_goes_on_from_a_shorter_one(explorer):
    longest = explorer.state(n_tokens=LONGEST, seed=5, temperature=0.5)["text"]
    for n in range(len(longest)):
        state = explorer.state(n_tokens=n, seed=5, temperature=0.5)
        assert state["text"] == longest[:n]
        assert state["drawn"] == longest[n]
        assert not state["ended"]


def test_greedy_text_is_the_same_for_every_seed_and_goes_in_circles(explorer):
    texts = [explorer.state(temperature=0.0, seed=seed, n_tokens=40)["text"] for seed in range(5)]
    assert all(text == texts[0] for text in texts)
    line = texts[0][:5]
    assert texts[0][6:11] == line  # "the wind is loud /" and again


def test_tokens_are_drawn_as_often_as_their_probability_says(explorer):
    table = np.array(explorer.data["table"][0])
    numbers = [sampler._uniform(seed, place) for seed in range(100) for place in range(41)]
    p = next_probabilities(table).tolist()
    ranked = sampler._ranked(table.tolist())
    drawn = [sampler._pick(p, ranked, number) for number in numbers]
    shares = np.bincount(drawn, minlength=len(p)) / len(drawn)
    np.testing.assert_allclose(shares, p, atol=0.03)


def test_rounding_never_draws_what_is_impossible():
    assert sampler._pick([0.5, 0.5 - 1e-9, 0.0], [0, 1, 2], 1 - 1e-12) == 0


def test_the_text_stops_at_its_end(explorer):
    ended = [explorer.state(n_tokens=LONGEST, seed=seed) for seed in range(21)]
    ended = [state for state in ended if state["ended"]]
    assert ended
    for state in ended:
        assert explorer.data["tokens"][state["drawn"]] == "<end>"
        assert "<end>" not in words(explorer, state)
        assert len(state["text"]) < LONGEST


def test_own_network_is_read_once_for_each_prefix(own):
    model = own._model
    before = model.n_calls
    own.state(n_tokens=7)
    assert model.n_calls == before  # the text was read when the explorer was made
    own.state(n_tokens=7, temperature=2.0, seed=9)
    after = model.n_calls
    own.state(n_tokens=7, temperature=2.0, seed=9)
    assert before < after == model.n_calls


def test_padding_unknown_and_start_are_never_drawn(own):
    for seed in range(20):
        state = own.state(temperature=3.0, n_tokens=LONGEST, seed=seed)
        assert set(words(own, state)) <= {"sea", "wind", "tide", ",", "/"}


def test_page_computes_the_text_of_an_own_network_from_what_the_kernel_sent(own, tmp_path):
    for moved in ({"temperature": 0.0}, {"temperature": 1.7, "seed": 8}, {"top_k": "2"}):
        own.set(**moved)
        calls = [own.values | {"n_tokens": n} for n in (0, 1, 12, LONGEST)]
        for values, page in zip(calls, in_page(tmp_path, own, calls), strict=True):
            assert_same(json.loads(json.dumps(own.state(**values))), page["result"], str(values))
            assert own.describe(**values) == page["sentence"]


def test_page_says_that_it_waits_where_the_kernel_has_not_answered(own, tmp_path):
    known = own.state(n_tokens=LONGEST)["text"]
    values = own.values | {"temperature": 2.9, "seed": 17, "n_tokens": LONGEST}
    (page,) = in_page(tmp_path, own, [values])
    assert page["result"]["waiting"] is True
    assert page["result"]["text"][:-1] == known[: len(page["result"]["text"]) - 1]
    assert page["sentence"] == (
        f"After {len(page['result']['text'])} token"
        f"{'s' if len(page['result']['text']) != 1 else ''} the network in the kernel has to compute."
    )
    assert all(picture["height"] > 300 for picture in page["pictures"])


def test_a_character_model_has_no_spaces_between_tokens(tmp_path):
    class Letters:
        tokens = ("\n", " ", "a", "b", "s")

        def start(self):
            return None

        def step(self, token_id, state):
            return np.eye(5)[(token_id + 1) % 5] * 9.0, None

    made = SamplerExplorer(Letters(), temperature=0.0, n_tokens=8)
    assert made.data["prompt"] == ["\n"]
    assert words(made, made.state()) == [" ", "a", "b", "s", "\n", " ", "a", "b"]
    assert sampler._lines(["a", " ", "b", "\n", "s"], "") == ["a b", "s"]
    (page,) = in_page(tmp_path, made, [made.values])
    assert "“s”" in page["sentence"]
    made.close()


def test_words_that_name_parts_of_the_pages_language_are_words(tmp_path):
    class Words:
        tokens = ("\n", "constructor")

        def start(self):
            return None

        def step(self, token_id, state):
            return np.array([0.0, 1.0]), None

    made = SamplerExplorer(Words(), n_tokens=1)
    (page,) = in_page(tmp_path, made, [made.values])
    assert "“constructor”" in page["sentence"] and page["sentence"] == made.describe()
    made.close()


def test_a_prompt_begins_the_text(tmp_path):
    made = SamplerExplorer(Counter(), prompt=["<start>", "tide", ","])
    assert made.data["prompt"] == ["tide", ","]
    (page,) = in_page(tmp_path, made, [made.values | {"n_tokens": 0}])
    assert "tide" in page["pictures"][0]["svg"]
    assert_same(json.loads(json.dumps(made.state(n_tokens=0))), page["result"], "prompt")
    made.close()


def test_lines_are_set_as_they_are_read():
    tokens = ["the", "sea", ",", "/", "the", "sky", "."]
    assert sampler._lines(tokens, " ") == ["the sea,", "the sky."]
    assert sampler._lines([], " ") == [""]


class Wrong(Counter):
    def __init__(self, logits):
        self.logits = logits

    def step(self, token_id, state):
        return self.logits, state


class Mute(Counter):
    tokens = ("<pad>", "<start>")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: SamplerExplorer(Mute()), "must have a token to draw"),
        (lambda: SamplerExplorer(Wrong(np.zeros(4))), r"logits must have shape \(9,\), got \(4,\)"),
        (lambda: SamplerExplorer(Wrong(np.full(9, np.nan))), "logits must be finite"),
        (lambda: SamplerExplorer(Counter(), prompt="sea"), "prompt must be a list"),
        (lambda: SamplerExplorer(Counter(), prompt=[]), "prompt must be a list"),
        (lambda: SamplerExplorer(Counter(), prompt=["gull"]), "knows, got 'gull'"),
    ],
)
def test_what_cannot_be_used_is_named(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
