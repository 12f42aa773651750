import numpy as np
import pytest
from page import in_page

from course_utils.datasets.dna import BASES, dna_motif
from course_utils.further.small_networks import Reader, one_hot
from course_utils.widgets import MutationExplorer, mutations


def test_built_in_network_finds_the_sites_and_feels_a_broken_one():
    for name, start in mutations.SITES.items():
        state = MutationExplorer(sequence=name).state()
        assert state["evidence"] > 1
        drops = -np.min(state["effects"], axis=0)
        windows = np.convolve(drops, np.ones(7), "valid")
        assert windows.argmax() == start - 1


@pytest.mark.parametrize("typed", ["", "acgu ACGT-n", "🧬 tgactca", "A" * 200, "ıİßſ gattaca", "T"])
def test_page_takes_typed_bases_as_python_does(tmp_path, typed):
    made = MutationExplorer(sequence=mutations.OWN, typed=typed, place=1)
    (page,) = in_page(tmp_path, made, [made.values])
    assert page["result"]["bases"] == made.state()["bases"]
    assert len(made.state()["bases"]) <= mutations.MAX_STEPS
    assert page["sentence"] == made.describe()


def test_learners_own_network_answers_as_it_does_outside(tmp_path):
    reader = Reader(4, 12, 2, "mean", seed=5)
    ids, *_ = dna_motif(2, n_steps=20, seed=5)
    bases = "".join(BASES[i] for i in ids[0])
    made = MutationExplorer(reader, {"mine": bases}, {"mine": 3}, place=4, base="G")
    (logits,) = reader.logits(one_hot(ids[:1], 4))
    assert made.state()["evidence"] == pytest.approx(logits[1] - logits[0], abs=1e-5)
    changed = ids[:1].copy()
    changed[0, 3] = 2
    (logits,) = reader.logits(one_hot(changed, 4))
    assert made.state()["changed"] == pytest.approx(logits[1] - logits[0], abs=1e-5)
    (page,) = in_page(tmp_path, made, [made.values])
    np.testing.assert_allclose(page["result"]["effects"], made.state()["effects"], atol=1e-12)


def test_largest_network_and_longest_sequence_are_drawn(tmp_path):
    reader = Reader(4, mutations.MAX_UNITS, 2, "mean")
    made = MutationExplorer(reader, {"long": "ACGT" * 15})
    (page,) = in_page(tmp_path, made, [made.values])
    assert page["sentence"] == made.describe()


@pytest.mark.parametrize(
    ("reader", "error"),
    [
        ("network", TypeError),
        (Reader(5, 8, 2, "mean"), ValueError),
        (Reader(4, 8, 3, "mean"), ValueError),
        (Reader(4, 8, 2), ValueError),
        (Reader(4, 33, 2, "mean"), ValueError),
    ],
)
def test_other_networks_are_refused(reader, error):
    with pytest.raises(error, match="reader must"):
        MutationExplorer(reader)


@pytest.mark.parametrize("bases", ["", "acgt", "ACGN", "A" * 61, 5])
def test_other_sequences_are_refused(bases):
    with pytest.raises(ValueError, match=r"sequences\['mine'\] must be"):
        MutationExplorer(sequences={"mine": bases})


def test_no_sequence_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        MutationExplorer(sequences={})
