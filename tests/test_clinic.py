"""The clinic: its patients are ill and its healthy programs well, whatever the seed; and its rubric."""

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest

from course_utils.course import lessons
from course_utils.datasets import load_sunspots
from course_utils.further import clinic
from course_utils.further.clinic import broken, capstone, in_theano, properties
from course_utils.further.clinic.patients import N_PATIENTS, as_run

LESSON = Path(__file__).resolve().parent.parent / "lessons" / "18_clinic.py"
NUMBERS = range(1, N_PATIENTS + 1)
each_patient = pytest.mark.parametrize("number", NUMBERS)


def first_definitions():
    """The functions of the lesson by name, each as it is written first: broken."""
    functions = {}
    for node in ast.parse(LESSON.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            functions.setdefault(node.name, ast.dump(node))
    return functions


def written(function, name):
    node = ast.parse(inspect.getsource(function)).body[0]
    node.name = name
    return ast.dump(node)


def test_the_lesson_shows_the_clinics_programs():
    shown = first_definitions()
    programs = dict(inspect.getmembers(broken, inspect.isfunction))
    assert len(programs) == 9
    for name, program in programs.items():
        assert shown[name] == written(program, name), name
    assert shown["scan_rnn"] == written(in_theano.broken, "scan_rnn")


@each_patient
@pytest.mark.parametrize("seed", range(4))
def test_a_patient_is_ill_and_its_mended_program_is_well(number, seed):
    patient = clinic.patient(number, seed)
    assert patient.examine(patient.mended) is None
    kept, (amount, sentence) = patient.examine(patient.broken)
    assert amount > properties.TOLERANCE and kept.name
    assert sentence.startswith("With ") and sentence.endswith(".")


@each_patient
def test_a_patient_is_drawn_from_its_seed(number):
    one, again, other = (clinic.patient(number, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.points(), again.points())
    assert one.vital_signs() == again.vital_signs()
    assert not np.array_equal(one.points(one.mended), other.points(other.mended)) or not (
        np.array_equal(one.points(), other.points())
    )
    for first, second in zip(one.args(), again.args(), strict=True):
        np.testing.assert_equal(first, second)


@each_patient
def test_charts_and_signs_tell_the_patient_from_the_healthy(number):
    patient = clinic.patient(number)
    ill, well = patient.points(), patient.points(patient.mended)
    assert ill.shape == well.shape == (20,) and np.isfinite([ill, well]).all()
    assert np.abs(ill - well).max() > 0.1
    signs = patient.vital_signs()
    assert 2 < len(signs) < 6 and any(signs.values())
    assert set(patient.vital_signs(patient.mended).values()) == {0.0}


@each_patient
def test_a_larger_size_gives_larger_arguments(number):
    patient = clinic.patient(number)
    small, large = (
        sum(np.concatenate(arg).size if isinstance(arg, list) else np.size(arg) for arg in args)
        for args in (patient.args(1), patient.args(6))
    )
    assert small < large


def test_every_patient_has_a_lesson_and_a_name_of_its_own():
    patients = [clinic.patient(number) for number in NUMBERS]
    assert len({patient.name for patient in patients}) == N_PATIENTS
    assert {patient.name for patient in patients} < set(clinic.NAMES)
    assert len(set(clinic.NAMES)) == len(clinic.NAMES) == 16
    from_lessons = [patient.lesson for patient in patients]
    assert len(set(from_lessons)) == N_PATIENTS and max(from_lessons) < 14
    assert set(from_lessons) <= {lesson.number for lesson in lessons()}


@each_patient
def test_who_a_patient_is_does_not_say_what_it_has(number):
    patient = clinic.patient(number)
    assert patient.does and patient.does in repr(patient)
    assert f"Patient {number}," in repr(patient)
    assert patient.name not in repr(patient)


@pytest.mark.parametrize("number", [0, 11, -1])
def test_unknown_patients_are_refused(number):
    with pytest.raises(ValueError, match="number must be"):
        clinic.patient(number)


@pytest.mark.parametrize("wrong", ["1", 1.0, None, True])
def test_wrong_numbers_and_seeds_are_refused(wrong):
    with pytest.raises(TypeError, match="number must be"):
        clinic.patient(wrong)
    with pytest.raises(TypeError, match="seed must be"):
        clinic.patient(1, wrong)
    with pytest.raises(TypeError, match="size must be"):
        clinic.patient(1).args(wrong)


@pytest.mark.parametrize("health", ["broken", "mended"])
def test_theano_and_numpy_have_the_same_patient_5(health):
    patient = clinic.patient(5)
    run = in_theano.compiled(getattr(in_theano, health))
    for size in (1, 4):
        args = patient.args(size)
        np.testing.assert_allclose(run(*args), getattr(patient, health)(*args), atol=1e-12)
    found = patient.examine(run)
    assert (found is None) == (health == "mended")


def test_a_property_measures_nothing_where_it_holds():
    patient = clinic.patient(2)
    (halves, *_) = patient.properties
    rng = np.random.default_rng(0)
    assert halves.broken(as_run(patient.mended), rng, 4) is None
    amount, sentence = halves.broken(as_run(patient.broken), rng, 4)
    assert "5 steps cut after step 2" in sentence and amount > 0.01


def test_a_result_that_is_not_finite_breaks_a_property():
    patient = clinic.patient(2)
    found = patient.examine(lambda *args: patient.mended(*args) * np.nan)
    assert found is not None


# The rubric


def naive(series, n_train, seed):
    return series[n_train - 1 : -1], []


def of(report, name):
    (criterion,) = [each for each in report.criteria if each.name == name]
    return criterion.points


def test_the_naive_forecast_gets_the_points_of_order_only():
    report = clinic.rubric(naive)
    assert (report.points, report.of) == (8, 15)
    assert of(report, "beats the naive forecast") == 0
    assert "8 of 15 points" in repr(report) and "<table>" in report._repr_html_()


def perfect(series, n_train, seed):
    return series[n_train:], np.zeros(3)


def scaled_on_all(series, n_train, seed):
    return series[n_train - 1 : -1] + 0.01 * series.mean(), {"W": np.zeros((3, 4))}


@pytest.mark.parametrize("submission", [perfect, scaled_on_all])
def test_who_knows_the_future_gets_nothing_for_accuracy(submission):
    report = clinic.rubric(submission)
    assert of(report, "no look into the future") == 0
    for name in ("beats the naive forecast", "beats a straight line", "with every seed"):
        assert of(report, name) == 0


def test_one_bad_seed_costs_its_criterion_only():
    def unlucky(series, n_train, seed):
        step = 0 if seed == 2 else 0.6
        last, before = series[n_train - 1 : -1], series[n_train - 2 : -2]
        return last + step * (last - before), [0.6]

    report = clinic.rubric(unlucky)
    assert of(report, "beats the naive forecast") == 3
    assert of(report, "with every seed") == 0


def test_a_run_that_cannot_be_repeated():
    rng = np.random.default_rng()

    def unseeded(series, n_train, seed):
        return series[n_train - 1 : -1] + rng.normal(), []

    assert of(clinic.rubric(unseeded), "the same again from the same seed") == 0


def test_a_constant_a_giant_and_one_that_writes_into_the_data():
    def giant(series, n_train, seed):
        series[:] = 0
        return np.full(len(series) - n_train, 40.0), [np.zeros((40, 40))]

    report = clinic.rubric(giant)
    for name in ("listens to the past", "is small", "leaves the data alone"):
        assert of(report, name) == 0


def test_the_data_of_the_next_submission_are_whole():
    _, before = load_sunspots()
    test_a_constant_a_giant_and_one_that_writes_into_the_data()
    np.testing.assert_array_equal(before, load_sunspots()[1])
    assert clinic.rubric(naive).points == 8


def not_written(series, n_train, seed):
    raise NotImplementedError("Exercise 18: your capstone")


def test_a_capstone_that_is_not_written_yet():
    assert repr(clinic.rubric(not_written)) == "The capstone is not written yet."


class Hostile:
    """Fails whenever it is looked at."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("no array")

    def __len__(self):
        raise RuntimeError("no length")

    def __repr__(self):
        raise RuntimeError("no text")

    __hash__ = None


def raises(*args):
    raise ValueError("too small")


def exits(*args):
    raise SystemExit


def recurses(*args):
    return recurses(*args)


def generates(*args):
    yield 1


def with_forecast(forecast, parameters=()):
    return lambda series, n_train, seed: (forecast, parameters)


N_TEST = 79
HOSTILE = {
    "nothing": None,
    "a number": 3,
    "a text": "capstone",
    "a class": Hostile,
    "an object": Hostile(),
    "too few arguments": lambda: 1,
    "returns nothing": lambda *args: None,
    "raises": raises,
    "exits": exits,
    "recurses": recurses,
    "generates": generates,
    "NumPy's tanh": np.tanh,
    "hostile results": with_forecast(Hostile(), Hostile()),
    "hostile parameters": with_forecast(np.zeros(N_TEST), [Hostile()]),
    "text for parameters": with_forecast(np.zeros(N_TEST), "abc"),
    "complex": with_forecast(1j * np.zeros(N_TEST)),
    "not finite": with_forecast(np.full(N_TEST, np.nan)),
    "one too few": with_forecast(np.zeros(N_TEST - 1)),
    "a column": with_forecast(np.zeros((N_TEST, 1))),
    "texts": with_forecast(["1"] * N_TEST),
    "ragged": with_forecast([[1.0], [1.0, 2.0]]),
    "an enormous view": with_forecast(np.broadcast_to(0.0, (10**6, 10**6))),
    "three things": lambda *args: (1, 2, 3),
}


@pytest.mark.parametrize("submission", HOSTILE.values(), ids=HOSTILE)
def test_hostile_submissions_get_a_sentence(submission):
    report = clinic.rubric(submission)
    assert report.points == 0
    for text in (repr(report), report._repr_html_()):
        assert text and "Traceback" not in text and "course_utils" not in text
    assert report.message.endswith(".")


def test_an_endless_submission_is_stopped(monkeypatch):
    def endless(series, n_train, seed):
        while True:
            pass

    monkeypatch.setattr(capstone, "SECONDS", 0.2)
    assert "took more than" in clinic.rubric(endless).message
