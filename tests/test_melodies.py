"""The melodies that come with the course, and those that a learner's network makes."""

import itertools

import compose_melodies
import pytest

from course_utils import datasets
from course_utils.datasets import Melody
from course_utils.datasets.shipped import METRES, read_shipped

MELODIES = datasets.load_melodies()


def sounding(melody):
    return [pitch for pitch, _ in melody.notes if pitch]


def test_the_script_still_gives_what_the_file_holds():
    assert compose_melodies.compose() == read_shipped("melodies.txt")


def test_melodies_are_many_and_all_different():
    assert len(MELODIES) == len({each.title for each in MELODIES}) == 48
    assert len({each.notes for each in MELODIES}) == len(MELODIES)
    assert len({tuple(each.tokens()[:6]) for each in MELODIES}) >= 45
    assert len({each.key for each in MELODIES}) >= 12


@pytest.mark.parametrize("melody", MELODIES, ids=lambda melody: melody.title)
def test_melody_has_whole_bars_and_ends_on_its_tonic(melody):
    length = sum(duration for _, duration in melody.notes)
    assert length / METRES[melody.metre] in (8, 16)
    tonic = compose_melodies.TONICS[melody.key.split()[0]]
    assert sounding(melody)[-1] % 12 == tonic % 12


@pytest.mark.parametrize("melody", MELODIES, ids=lambda melody: melody.title)
def test_melody_can_be_sung(melody):
    pitches = sounding(melody)
    moves = [later - earlier for earlier, later in itertools.pairwise(pitches)]
    assert min(pitches) >= 52 and max(pitches) <= 76
    assert sum(abs(move) <= 2 for move in moves) >= 0.7 * len(moves)
    assert max(map(abs, moves)) <= 9  # a major sixth
    for move, answer in itertools.pairwise(moves):
        if abs(move) > 5:
            assert move * answer < 0 and abs(answer) <= 4


@pytest.mark.parametrize("melody", MELODIES, ids=lambda melody: melody.title)
def test_melody_keeps_to_its_scale(melody):
    tonic, mode = melody.key.split()
    scale = {compose_melodies.TONICS[tonic] + step for step in compose_melodies.SCALES[mode]}
    raised = {9, 11} if mode == "minor" else set()
    allowed = {each % 12 for each in scale} | {
        (compose_melodies.TONICS[tonic] + each) % 12 for each in raised
    }
    assert {pitch % 12 for pitch in sounding(melody)} <= allowed


def test_tokens_come_back_as_the_same_melody():
    for melody in MELODIES:
        again = Melody.from_tokens(melody.tokens(), melody.title, melody.key, melody.metre)
        assert again == melody


def test_a_melody_needs_a_title_only_where_it_is_shown():
    melody = Melody.from_tokens(iter(["60:4", "0:2"]))
    assert (melody.title, melody.key, melody.metre) == ("untitled", "", "4/4")
    assert melody.notes == ((60, 4), (0, 2))


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (["60:4", "<end>"], r"tokens\[1\] must be 'pitch:duration', such as '60:4', got '<end>'"),
        (["60"], r"tokens\[0\] must be 'pitch:duration'"),
        (["60:-4"], r"tokens\[0\] must be 'pitch:duration'"),
        (["60:4.5"], r"tokens\[0\] must be 'pitch:duration'"),
        (["٦٠:4"], r"tokens\[0\] must be 'pitch:duration'"),
        ([60], r"tokens\[0\] must be 'pitch:duration'"),
        (["60:0"], "a duration of at least 1 sixteenth, got \\(60, 0\\)"),
        (["128:4"], "a pitch from 0 \\(a rest\\) to 127 and .*, got \\(128, 4\\)"),
        ([], "tokens must hold at least one token, got none"),
        ("60:4 62:4", "tokens must be a list of tokens"),
    ],
)
def test_bad_tokens_are_refused(tokens, message):
    with pytest.raises(ValueError, match=message):
        Melody.from_tokens(tokens)


@pytest.mark.parametrize("notes", ["60:4", 60, None, (60, 4), ((60,),), ((60, 4.0),), ((True, 4),)])
def test_bad_notes_are_refused(notes):
    with pytest.raises(ValueError, match=r"^(a note|notes) must be "):
        Melody("Bad", "C major", notes)


def test_a_metre_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="metre must be one of '4/4', '3/4', '6/8', got '5/4'"):
        Melody("Bad", "C major", ((60, 4),), "5/4")


def test_a_melody_moves_to_another_key_and_back():
    for melody in MELODIES:
        up = melody.transposed(5)
        assert [pitch - 5 for pitch in sounding(up)] == sounding(melody)
        assert up.transposed(-5) == melody
    assert Melody("Own", "", ((0, 4), (60, 4))).transposed(2) == Melody(
        "Own", "", ((0, 4), (62, 4))
    )


@pytest.mark.parametrize("semitones", [70, -60])
def test_a_melody_does_not_leave_the_pitches_there_are(semitones):
    with pytest.raises(ValueError, match="semitones must leave every pitch between 1 and 127"):
        MELODIES[0].transposed(semitones)


@pytest.mark.parametrize("semitones", [1.0, "2", None, True])
def test_a_melody_moves_by_whole_semitones(semitones):
    with pytest.raises(TypeError, match="semitones must be a whole number"):
        MELODIES[0].transposed(semitones)
