"""The machinery of the checks, with exercises made up for the purpose."""

from __future__ import annotations

import importlib
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from wrong import wrong_submissions

from course_utils import checks, progress
from course_utils.checks import Case, Exercise, Misconception, check, value_exercise
from course_utils.judging import sandbox
from course_utils.judging.exercise import with_hints
from course_utils.judging.judge import judge


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("UNROLLED_HOME", str(tmp_path))


def running_sum(x, h0):
    """Return h (N, T): the sum of x so far, from h0 (N,)."""
    return h0[:, None] + np.cumsum(x, axis=1)


def running_sum_cases():
    rng = np.random.default_rng(3)
    sizes = [("batch of 3, 5 steps", 3, 5), ("one sequence", 1, 4), ("one step", 2, 1)]
    return [Case(label, (rng.normal(size=(n, t)), rng.normal(size=n))) for label, n, t in sizes]


RUNNING_SUM = Exercise(
    id="0.9",
    title="Running sum",
    reference=running_sum,
    cases=running_sum_cases,
    misconceptions=[
        Misconception(
            "state reset each step",
            lambda x, h0: h0[:, None] + x,
            "Each step starts from `h0` again. Carry the sum along.",
        ),
        Misconception(
            "sum over the batch",
            lambda x, h0: h0[:, None] + np.cumsum(x, axis=0),
            "The sum runs over axis 0, the batch.",
        ),
        Misconception(
            "sum kept in h0",
            lambda x, h0: _sum_in_place(x, h0),
            "The sum is written into `h0`, which the caller still needs.",
        ),
    ],
    outputs=("h (N, T)",),
)


def _sum_in_place(x, h0):
    h = []
    for x_t in x.T:
        h0 += x_t
        h.append(h0.copy())
    return np.stack(h, axis=1)


TWO_OUTPUTS = replace(
    RUNNING_SUM,
    reference=lambda x, h0: (running_sum(x, h0), running_sum(x, h0)[:, -1]),
    misconceptions=(),
    outputs=("h (N, T)", "h_last (N,)"),
)

MEAN = replace(
    RUNNING_SUM,
    reference=lambda x, h0: float(np.mean(x)),
    misconceptions=(),
    outputs=("mean",),
    rtol=1e-5,
)

N_PARAMETERS = value_exercise(
    "0.9",
    "Count",
    42,
    misconceptions=[Misconception("forgets the bias", lambda: 36, "The bias counts too.")],
)


def said(submission, exercise=RUNNING_SUM):
    result = judge(exercise, submission)
    assert result.status == "wrong", result
    assert result.diagnosis is None
    return result.message


# Right answers


def test_right_answer_is_recorded():
    result = judge(RUNNING_SUM, running_sum)
    assert (result.status, result.diagnosis) == ("correct", None)
    assert result.message == "Right in all 3 cases tried."
    assert progress.solved() == {"0.9"}


@pytest.mark.parametrize(
    "harmless",
    [
        lambda x, h0: running_sum(x, h0).tolist(),
        lambda x, h0: np.asfortranarray(running_sum(x, h0)),
        lambda x, h0: running_sum(x, h0).astype(np.longdouble),
        lambda x, h0, axis=1: h0[:, None] + np.cumsum(x, axis=axis),
    ],
    ids=["nested list", "Fortran order", "more digits", "extra parameter with a default"],
)
def test_harmless_differences_are_accepted(harmless):
    assert judge(RUNNING_SUM, harmless).status == "correct"


@pytest.mark.parametrize("convert", [float, np.float32, np.asarray, lambda v: np.array(v)])
def test_single_number_may_come_in_any_dress(convert):
    assert judge(MEAN, lambda x, h0: convert(np.mean(x))).status == "correct"


def test_one_array_may_stand_for_several_of_its_rows():
    ends = replace(
        RUNNING_SUM,
        reference=lambda x, h0: (x[:, 0], x[:, -1]),
        misconceptions=(),
        outputs=("first (N,)", "last (N,)"),
    )
    assert judge(ends, lambda x, h0: np.stack([x[:, 0], x[:, -1]])).status == "correct"
    assert "returned one `ndarray`" in said(lambda x, h0: np.zeros((2, 4, 5)), ends)


def test_wrong_answer_is_not_recorded():
    judge(RUNNING_SUM, lambda x, h0: x)
    assert progress.solved() == frozenset()


def test_progress_that_cannot_be_saved_is_said_and_the_answer_still_right(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("UNROLLED_HOME", str(tmp_path / "file" / "below"))
    result = judge(RUNNING_SUM, running_sum)
    assert result.status == "correct"
    assert "could not be saved" in result.message


# Not attempted


def test_stub_counts_as_not_attempted():
    def stub(x, h0):
        raise NotImplementedError("Exercise 0.9")

    result = judge(RUNNING_SUM, stub)
    assert result.status == "not attempted"
    assert "cell above" in result.message


def test_other_not_implemented_error_counts_as_attempted():
    def unfinished(x, h0):
        raise NotImplementedError("later")

    assert "NotImplementedError" in said(unfinished)


# Named misconceptions


@pytest.mark.parametrize("known", RUNNING_SUM.misconceptions, ids=lambda known: known.name)
def test_misconception_is_named(known):
    result = judge(RUNNING_SUM, known.function)
    assert (result.status, result.diagnosis) == ("wrong", known.name)
    assert result.message == known.hint


def test_misconception_is_named_whatever_the_dtype_of_the_learners_numbers():
    def resets(x, h0):
        return (h0[:, None] + x).astype(np.float32)

    gentle = replace(RUNNING_SUM, rtol=1e-5, atol=1e-6)
    assert judge(gentle, resets).diagnosis == "state reset each step"


def test_misconception_that_holds_in_some_cases_only_is_not_named():
    def resets_in_batches(x, h0):
        return h0[:, None] + x if len(x) > 1 else running_sum(x, h0)

    assert judge(RUNNING_SUM, resets_in_batches).diagnosis is None


def test_misconception_that_only_raises_is_no_evidence():
    def mistaken(x, h0):
        raise ValueError

    exercise = replace(RUNNING_SUM, misconceptions=[Misconception("raises", mistaken, "Hint.")])
    assert "ValueError" in said(mistaken, exercise)


def test_rule_rejects_right_values_got_the_wrong_way():
    def forbids_lambda(submission, run):
        assert run(RUNNING_SUM.cases()[0].args).shape == (3, 5)
        if submission.__name__ == "<lambda>":
            return "uses a lambda", "Write it with `def`."
        return None

    strict = replace(RUNNING_SUM, rules=[forbids_lambda])
    assert judge(strict, lambda x, h0: running_sum(x, h0)).diagnosis == "uses a lambda"
    assert judge(strict, running_sum).status == "correct"


# What cannot be run


@pytest.mark.parametrize(
    ("submission", "words"),
    [
        (None, "a `NoneType`, not a function"),
        (np.zeros(3), "a `ndarray`, not a function"),
        ("running_sum", "without quotes"),
        (dict, "You passed a class"),
        (lambda x: x, "`def running_sum(x, h0):`"),
        (lambda x, h0, axis: x, "cannot be called with 2 arguments"),
    ],
)
def test_what_is_no_fitting_function_is_refused(submission, words):
    assert words in said(submission)


def test_exception_is_told_with_the_learners_own_line():
    def mistyped(x, h0):
        return x + undefined_name  # noqa: F821

    assert (
        said(mistyped)
        == "In the case “batch of 3, 5 steps”, your function raised NameError in line "
        f"{mistyped.__code__.co_firstlineno + 1}, `return x + undefined_name  # noqa: F821`: "
        "name 'undefined_name' is not defined."
    )


def test_exception_inside_numpy_is_told_with_the_learners_own_line():
    def mismatched(x, h0):
        return np.stack([x, h0])

    message = said(mismatched)
    assert "ValueError" in message
    assert "`return np.stack([x, h0])`" in message


def test_addresses_that_move_are_left_out_of_messages():
    def raises(x, h0):
        raise TypeError(f"cannot use {object()!r}")

    assert "cannot use <object object>" in said(raises)


def test_exception_without_text_is_told():
    class SilentError(Exception):
        def __str__(self):
            raise RuntimeError

    def raises(x, h0):
        raise SilentError

    assert "raised SilentError in line" in said(raises)


def test_interrupt_raised_by_the_submission_is_told():
    def raises(x, h0):
        raise KeyboardInterrupt

    assert "KeyboardInterrupt" in said(raises)


class LiesAboutItsClass:
    @property
    def __class__(self):
        raise RuntimeError("no class")


class HidesItsSignature:
    @property
    def __signature__(self):
        raise RuntimeError("no signature")

    def __call__(self, *args):
        return self


class HidesEverything:
    def __getattr__(self, name):
        raise RuntimeError(name)

    def __call__(self, *args):
        return self


class NamelessType(type):
    @property
    def __name__(cls):
        raise RuntimeError("no name")


class Nameless(metaclass=NamelessType):
    pass


class BrokenList(list):
    def __len__(self):
        raise RuntimeError("no length")

    __iter__ = __len__


class BrokenArray(np.ndarray):
    @property
    def shape(self):
        raise RuntimeError("no shape")


def nested(depth):
    result = []
    for _ in range(depth):
        result = [result]
    return result


# Made when they are needed: pytest itself stumbles over some of them.
HOSTILE = {
    "lies about its class": LiesAboutItsClass,
    "hides its signature": HidesItsSignature,
    "hides everything": HidesEverything,
    "of a type without a name": Nameless,
    "type without a name": lambda: Nameless,
    "list without a length": lambda: BrokenList([1.0]),
    "array without a shape": lambda: np.zeros(3).view(BrokenArray),
    "deeply nested list": lambda: nested(5000),
    "array of None": lambda: np.array([None]),
    "structured array": lambda: np.zeros(3, dtype=[("h", float)]),
    "dates": lambda: np.array(["2026-01-01"], dtype="datetime64[D]"),
    "masked array": lambda: np.ma.array([1.0, 2.0], mask=[1, 0]),
    "32 axes": lambda: np.zeros((1,) * 32),
    "enormous view": lambda: np.broadcast_to(1.0, (10**9, 10)),
    "enormous number": lambda: 10**400,
    "bytes": lambda: b"h",
    "range": lambda: range(3),
    "iterator": lambda: iter([1.0]),
    "module": lambda: sys,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("exercise", [RUNNING_SUM, TWO_OUTPUTS, N_PARAMETERS])
def test_hostile_objects_get_a_sentence(name, exercise):
    hostile = HOSTILE[name]()
    for submission in (hostile, lambda *args: hostile, lambda *args: (hostile, hostile)):
        message = said(submission, exercise)
        assert message.endswith((".", "?"))
        assert "could not examine" not in message


# Time


def test_endless_loop_is_stopped():
    def loop(x, h0):
        while True:
            pass

    began = time.monotonic()
    message = said(loop, replace(RUNNING_SUM, time_limit=0.3))
    assert "still running after 0.3 seconds" in message
    assert "restart" not in message
    assert time.monotonic() - began < 10


def test_loop_that_cannot_be_stopped_says_to_restart():
    released = threading.Event()

    def waits(x, h0):
        released.wait(30)

    message = said(waits, replace(RUNNING_SUM, time_limit=0.3))
    released.set()
    assert "restart the kernel" in message


def test_stop_button_is_not_swallowed():
    program = """
        import _thread, threading, time
        from course_utils.checks import Case, Exercise
        from course_utils.judging.judge import judge

        def loop(x):
            while True:
                pass

        exercise = Exercise("0.9", "", lambda x: x, lambda: [Case("one", (1.0,))], [], ("y",))
        threading.Timer(0.3, _thread.interrupt_main).start()
        try:
            judge(exercise, loop)
        except KeyboardInterrupt:
            time.sleep(0.2)
            print("interrupted,", threading.active_count(), "thread")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("interrupted, 1 thread\n", "")


def test_prints_and_warnings_of_a_submission_are_swallowed(capsys):
    def chatty(x, h0):
        print("step", x.shape)
        print("careful", file=sys.stderr)
        np.log(-np.ones(3))
        return running_sum(x, h0)

    assert judge(RUNNING_SUM, chatty).status == "correct"
    assert capsys.readouterr() == ("", "")


def test_input_does_not_wait():
    def asks(x, h0):
        return float(input("h0? "))

    assert "cannot answer input()" in said(asks)


# The form of the result


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda h: None, "returned None for `h (N, T)`. Did you forget `return`?"),
        (lambda h: {"h": h}, "returned a `dict`"),
        (lambda h: "h", "holds text"),
        (lambda h: [[1.0], [1.0, 2.0]], "parts differ in shape"),
        (lambda h: (step for step in h), "returned a generator"),
        (lambda h: np.tanh, "Did you forget to call it?"),
        (lambda h: h.astype(str), "holds text, wanted"),
        (lambda h: h.astype(object), "holds Python objects (dtype object)"),
        (lambda h: h + 0j, "holds complex numbers"),
        (lambda h: (9 * h).astype(int), "holds whole numbers (dtype int64), wanted floating-point"),
        (lambda h: h[:, -1], "has shape (3,), wanted (3, 5), that is (N, T)"),
        (lambda h: np.where(h == h[0, 0], np.nan, h), "`h[0, 0]` is NaN, wanted"),
        (lambda h: h / 0, "Look for a division by zero"),
    ],
)
def test_form_of_the_result_is_told(spoil, words):
    assert words in said(lambda x, h0: spoil(running_sum(x, h0)))


@pytest.mark.parametrize(
    "convert",
    [
        lambda h: h.astype(np.float32),
        lambda h: h.astype(np.float16),
        lambda h: h.tolist(),
        lambda h: list(map(tuple, h)),
    ],
)
def test_what_is_right_in_its_own_precision_is_right(convert):
    assert judge(RUNNING_SUM, lambda x, h0: convert(running_sum(x, h0))).status == "correct"


def test_a_tight_tolerance_asks_for_float64():
    tight = replace(RUNNING_SUM, misconceptions=(), rtol=1e-9)
    assert judge(tight, running_sum).status == "correct"
    assert judge(tight, lambda x, h0: running_sum(x, h0).astype(np.float32)).status == "wrong"


def test_whole_numbers_that_are_right_are_right():
    ones = replace(RUNNING_SUM, reference=lambda x, h0: np.ones_like(x), misconceptions=())
    assert judge(ones, lambda x, h0: np.ones(x.shape, dtype=int)).status == "correct"


@pytest.mark.parametrize(
    ("submission", "words"),
    [
        (lambda x, h0: running_sum(x, h0), "returned one `ndarray`, wanted 2 values"),
        (lambda x, h0: (running_sum(x, h0),) * 3, "returned 3 values, wanted 2 values"),
        (lambda x, h0: None, "Did you forget `return`?"),
        (lambda x, h0: (running_sum(x, h0), x[:, -1]), "`h_last[0]` is"),
    ],
)
def test_several_outputs_are_told_apart(submission, words):
    assert words in said(submission, TWO_OUTPUTS)


def test_several_outputs_are_accepted():
    assert judge(TWO_OUTPUTS, TWO_OUTPUTS.reference).status == "correct"


def test_changed_argument_is_told():
    def changes(x, h0):
        h = running_sum(x, h0)
        x[0, 0] = 0
        return h

    assert "changed its argument `x`" in said(changes)


# What is observed where no misconception is known


@pytest.mark.parametrize(
    ("submission", "words"),
    [
        (lambda x, h0: running_sum(x, h0).T, "The axes of your `h` are (T, N), wanted (N, T)."),
        (lambda x, h0: running_sum(x, h0)[:, ::-1], "in reverse order along axis 1 (T)"),
        (lambda x, h0: running_sum(x, h0) - x, "one place late along axis 1 (T)"),
        (lambda x, h0: running_sum(x, h0)[:, 1:], "lacks the first place along axis 1 (T)"),
        (lambda x, h0: running_sum(x, h0)[:, :-1], "lacks the last place along axis 1 (T)"),
        (
            lambda x, h0: np.c_[h0, running_sum(x, h0)],
            "one place too many at the start along axis 1 (T)",
        ),
        (lambda x, h0: -running_sum(x, h0), "wrong sign"),
        (lambda x, h0: 2.5 * running_sum(x, h0), "is 2.5 times the wanted one"),
        (
            lambda x, h0: running_sum(x, h0) / x.size,
            "divided by the number of places along the axes 0 and 1 of `x`",
        ),
        (lambda x, h0: running_sum(x, h0) + 1, "too large by 1."),
        (lambda x, h0: running_sum(x, h0 * 0), "does not change when its argument `h0` changes"),
        (lambda x, h0: np.full(x.shape, 0.25), "Every value of your `h` is 0.25, in every case."),
        (
            lambda x, h0: np.arange(x.size).reshape(x.shape) / 7,
            "same result whatever numbers its arguments hold",
        ),
    ],
)
def test_observation(submission, words):
    assert words in said(submission)


def test_a_sum_in_place_of_a_mean_is_seen_in_three_numbers():
    words = "the wanted one times the number of places along the axes 0 and 1 of `x`"
    assert words in said(lambda x, h0: x.sum(), MEAN)


def test_an_error_inside_a_library_names_no_line():
    assert "your function raised LinAlgError: " in said(np.linalg.solve)


def test_a_generator_in_place_of_several_values_is_named_by_the_first():
    assert "a generator, wanted `h (N, T)`" in said(lambda x, h0: (row for row in x), TWO_OUTPUTS)


def test_first_difference_is_told_with_both_values():
    def wrong_at_one_place(x, h0):
        h = running_sum(x, h0)
        if h.shape == (3, 5):
            h[1, 2] = 0.125
        return h

    want = running_sum(*running_sum_cases()[0].args)[1, 2]
    assert said(wrong_at_one_place) == (
        f"In the case “batch of 3, 5 steps”, `h[1, 2]` is 0.125, wanted {want:.4g}. "
        "2 of 3 cases are right."
    )


def test_enough_digits_are_shown_to_see_a_small_difference():
    def nearly(x, h0):
        h = running_sum(x, h0)
        h[0, 0] += 1e-5
        return h

    first, second = said(nearly).split("` is ")[1].split(". ")[0].split(", wanted ")
    assert first != second


# Values


@pytest.mark.parametrize("answer", [42, 42.0, np.int64(42), np.array(42)])
def test_value_is_accepted(answer):
    assert judge(N_PARAMETERS, answer).status == "correct"


@pytest.mark.parametrize("answer", [..., None])
def test_placeholder_is_not_attempted(answer):
    assert judge(N_PARAMETERS, answer).status == "not attempted"


def test_wrong_values_are_told():
    assert judge(N_PARAMETERS, 36).diagnosis == "forgets the bias"
    assert said(41, N_PARAMETERS) == "As it stands, `answer` is 41, wanted 42."
    assert "holds text" in said("42", N_PARAMETERS)
    assert "a value, and you passed a function" in said(lambda: 42, N_PARAMETERS)
    assert "shape (1,)" in said([42], N_PARAMETERS)


def test_text_is_compared():
    named = value_exercise("0.9", "Name", "leak")
    assert judge(named, "leak").status == "correct"
    assert "is “loss”, wanted “leak”" in said("loss", named)


# check() and Result


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("9999.1", "has no checked exercises"),
        ("two", "Name the exercise first"),
        (running_sum, "Name the exercise first"),
        (None, "Name the exercise first"),
    ],
)
def test_unknown_exercise_gets_a_sentence(number, words):
    result = check(number, running_sum)
    assert result.status == "not attempted"
    assert words in result.message


def test_broken_check_gets_a_sentence():
    def broken():
        raise RuntimeError("no cases")

    message = judge(replace(RUNNING_SUM, cases=broken), running_sum).message
    assert "could not examine" in message


def test_result_is_readable_and_does_not_move():
    texts = [(repr(r), r._repr_html_()) for r in (judge(RUNNING_SUM, np.add) for _ in range(2))]
    assert texts[0] == texts[1]
    text, page = texts[0]
    assert text.startswith("✗ Exercise 0.9 · Running sum: not right yet\n")
    assert "<strong>✗ Exercise 0.9 · Running sum: not right yet</strong>" in page


def test_result_escapes_what_the_learner_wrote():
    def raises(x, h0):
        raise ValueError("<script>alert(1)</script>")

    assert "<script>" not in judge(RUNNING_SUM, raises)._repr_html_()


def test_generic_wrong_submissions_cover_what_learners_do():
    names = [wrong.name for wrong in wrong_submissions(RUNNING_SUM)]
    assert len(names) == len(set(names)) >= 30
    assert len(wrong_submissions(N_PARAMETERS)) >= 8


@pytest.mark.parametrize("exercise", [RUNNING_SUM, TWO_OUTPUTS, N_PARAMETERS])
def test_generic_wrong_submissions_are_rejected(exercise):
    for wrong in wrong_submissions(exercise):
        result = judge(wrong.exercise, wrong.submission)
        assert result.status == "wrong", (wrong, result)
        assert "could not examine" not in result.message, (wrong, result)


def test_exercises_are_found_in_order():
    ids = [tuple(map(int, exercise.id.split("."))) for exercise in checks.exercises()]
    assert ids == sorted(ids)


def test_a_mistake_has_a_hint_for_each_way_to_make_it():
    ways = [len, max, min]
    found = with_hints("0.1", {"axis swap": ways})
    assert [item.function for item in found] == ways
    assert len({item.hint for item in found}) == 3
    for mistakes in ({"axis swap": ways[:2]}, {"no such mistake": len}, {"axis swap": []}):
        with pytest.raises(ValueError, match=f"{next(iter(mistakes))!r} of exercise 0.1"):
            with_hints("0.1", mistakes)


def test_what_is_printed_is_shown_of_the_first_case_that_fails():
    def talks(x, h0):
        print("shape", x.shape)
        return running_sum(x, h0) * (x.shape[0] != 1)

    result = judge(RUNNING_SUM, talks)
    shape = next(case.args[0].shape for case in running_sum_cases() if len(case.args[0]) == 1)
    assert result.printed == f"shape {shape}\n"
    assert repr(result).endswith(f"It printed:\nshape {shape}")
    assert f"It printed:<pre>shape {shape}</pre>" in result._repr_html_()


def test_what_is_printed_before_an_endless_loop_is_that_of_one_case():
    def loops_at_last(x, h0):
        print("shape", x.shape)
        while x.shape[1] == 1:
            pass
        return running_sum(x, h0)

    assert judge(replace(RUNNING_SUM, time_limit=0.3), loops_at_last).printed == "shape (3, 5)\n"


def test_what_a_right_answer_prints_is_shown_and_bounded():
    def talks(x, h0):
        print("<b>", x.shape, "." * 9_000)
        return running_sum(x, h0)

    result = judge(RUNNING_SUM, talks)
    assert result.status == "correct"
    assert result.printed.startswith(f"<b> {running_sum_cases()[0].args[0].shape} ...")
    assert result.printed.endswith("…")
    assert len(result.printed) < 2_100
    assert "&lt;b&gt;" in result._repr_html_()
    assert "It printed" not in repr(judge(RUNNING_SUM, running_sum))


@pytest.mark.parametrize("name", ["NBGRADER_EXECUTION", "UNROLLED_GRADING"])
def test_in_grading_an_answer_that_is_not_correct_is_an_error(name, monkeypatch):
    def unwritten(tokens, n_tokens):
        raise NotImplementedError("Exercise 0.1")

    monkeypatch.setenv(name, "autograde")
    assert check("0.1", checks.exercises()[0].reference).status == "correct"
    with pytest.raises(checks.NotCorrect, match="first sequence"):
        check("0.1", lambda tokens, n_tokens: np.eye(n_tokens)[tokens[0]])
    with pytest.raises(checks.NotCorrect, match="not attempted"):
        check("0.1", unwritten)
    with pytest.raises(checks.NotCorrect, match=r"no exercise 0\.9"):
        check("0.9", unwritten)


def test_the_stub_that_nbgrader_writes_is_not_attempted():
    def stub(x, h0):
        # YOUR CODE HERE
        raise NotImplementedError()

    def half(x, h0):
        return unfinished(x)

    def unfinished(x):
        raise NotImplementedError

    assert judge(RUNNING_SUM, stub).status == "not attempted"
    assert judge(RUNNING_SUM, half).status == "not attempted"
    assert judge(RUNNING_SUM, lambda x, h0: NotImplemented).status == "wrong"


def test_a_changed_function_of_numpy_is_named(monkeypatch):
    monkeypatch.setattr(np, "cumsum", lambda x, axis=None: np.zeros_like(x))
    result = judge(RUNNING_SUM, lambda x, h0: np.ones_like(x))
    assert result.status == "not attempted"
    assert "`np.cumsum` is not the library's own function any more" in result.message


def test_the_time_limit_counts_computing_and_not_waiting(monkeypatch):
    monkeypatch.setattr(sandbox, "PATIENCE", 100)

    def waits(x, h0):
        time.sleep(0.3)
        return running_sum(x, h0)

    assert judge(replace(RUNNING_SUM, time_limit=0.25), waits).status == "correct"


@pytest.fixture
def libraries(tmp_path, monkeypatch):
    """A folder that counts as one of installed libraries."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sandbox, "_INSTALLED", (*sandbox._INSTALLED, str(tmp_path)))
    return tmp_path


def test_the_time_limit_does_not_count_imports(libraries, monkeypatch):
    monkeypatch.setattr(sandbox, "PATIENCE", 100)  # the machine may be busy
    library = libraries / "slow_to_import.py"
    library.write_text(
        "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
    )

    def imports(x, h0):
        importlib.import_module(library.stem)
        return running_sum(x, h0)

    assert judge(replace(RUNNING_SUM, time_limit=0.25), imports).status == "correct"


def test_a_library_that_is_too_slow_is_called_that(libraries):
    library = libraries / "endless_to_import.py"
    library.write_text("while True: pass")

    def imports(x, h0):
        importlib.import_module(library.stem)

    message = judge(replace(RUNNING_SUM, time_limit=0.3), imports).message
    assert "a library that your function uses was still imported or compiling" in message


def test_ordinary_cases_are_reported_before_extreme_ones():
    def fails_on_one_step(x, h0):
        return np.stack([running_sum(x, h0)[:, t] for t in range(1, x.shape[1])], axis=1)

    message = judge(replace(RUNNING_SUM, misconceptions=()), fails_on_one_step).message
    assert "lacks the first place along axis 1 (T)" in message


def test_a_constant_factor_is_told_as_it_is():
    varying = replace(RUNNING_SUM, misconceptions=())
    message = judge(varying, lambda x, h0: running_sum(x, h0) * x[0, 0]).message
    assert "the constant differs from case to case: " in message
    assert "mean" not in message


def test_nothing_is_called_unused_that_changes_the_result():
    def of_the_set_only(x, h0):
        return np.full(x.shape, np.unique(h0).sum())

    message = judge(replace(RUNNING_SUM, misconceptions=()), of_the_set_only).message
    assert "argument `x`" in message
