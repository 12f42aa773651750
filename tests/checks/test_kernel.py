"""Checks in a real Jupyter kernel: the stop button, silence, and lines of the learner's cell."""

from __future__ import annotations

import textwrap
import time

import nbformat
import pytest
from build_notebooks import kernel_sockets
from jupyter_client.manager import KernelManager

TIMEOUT = 60  # seconds


class Notebook:
    """A kernel that cells are sent to."""

    def __init__(self) -> None:
        self.kernel = KernelManager(**kernel_sockets())
        self.kernel.start_kernel()
        self.client = self.kernel.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=TIMEOUT)

    def send(self, cell: str) -> str:
        return self.client.execute(textwrap.dedent(cell).strip())

    def outputs(self, request: str) -> list[dict]:
        """What the cell put out, as a notebook stores it."""
        found = []
        while True:
            message = self.client.get_iopub_msg(timeout=TIMEOUT)
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["content"].get("execution_state") == "idle":
                return found
            if message["msg_type"] in {"stream", "execute_result", "display_data", "error"}:
                found.append({"type": message["msg_type"], **message["content"]})

    def run(self, cell: str) -> list[dict]:
        return self.outputs(self.send(cell))

    def close(self) -> None:
        self.client.stop_channels()
        self.kernel.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNROLLED_HOME", str(tmp_path_factory.mktemp("home")))
        notebook = Notebook()
        assert notebook.run("from course_utils.checks import check") == []
        yield notebook
        notebook.close()


def test_result_is_shown_as_text_and_as_html(notebook):
    (output,) = notebook.run("""
        def next_step_pairs(x):
            print("not shown")
            return x, x

        check("0.2", next_step_pairs)
    """)
    assert output["type"] == "execute_result"
    assert "(target leak)" in output["data"]["text/plain"]
    assert output["data"]["text/html"].startswith('<div class="unrolled-check"')


def test_error_is_told_with_the_line_of_the_cell(notebook):
    (output,) = notebook.run("""
        def one_hot(tokens, n_tokens):
            size = tokens.shape
            return size / n_tokens

        check("0.1", one_hot)
    """)
    assert "TypeError in line 3, `return size / n_tokens`" in output["data"]["text/plain"]


def test_stop_button_stops_the_check_and_the_loop(notebook):
    notebook.run("def loop(x):\n    while True: pass")
    request = notebook.send('check("0.2", loop)')
    time.sleep(1)  # well inside the time limit of 5 s
    notebook.kernel.interrupt_kernel()
    (output,) = notebook.outputs(request)
    assert (output["type"], output["ename"]) == ("error", "KeyboardInterrupt")

    (output,) = notebook.run("""
        import threading
        [t.name for t in threading.enumerate() if t.name == "unrolled-check"]
    """)
    assert output["data"]["text/plain"] == "[]"


def test_input_is_refused_and_works_again_afterwards(notebook):
    (output,) = notebook.run('check("0.2", lambda x: input())')
    assert "cannot answer input()" in output["data"]["text/plain"]
    (output,) = notebook.run("input is __builtins__.input and 'cannot' not in str(input)")
    assert output["data"]["text/plain"] == "True"


def test_after_a_cell_that_did_not_compile_the_old_function_is_not_judged(notebook):
    notebook.run("""
        def next_step_pairs(x):
            return x[:, :-1], x[:, 1:]
    """)
    (right,) = notebook.run('check("0.2", next_step_pairs)')
    assert "correct" in right["data"]["text/plain"]
    notebook.run("def next_step_pairs(x):\n    return x[:, :-1], x[:, 1:")
    (older,) = notebook.run('check("0.2", next_step_pairs)')
    assert "not attempted" in older["data"]["text/plain"]
    assert "did not run (SyntaxError), so this is an older version" in older["data"]["text/plain"]
    notebook.run("def next_step_pairs(x):\n    return x[:, :-1], x[:, 1:]")
    (again,) = notebook.run('check("0.2", next_step_pairs)')
    assert "correct" in again["data"]["text/plain"]


def test_a_name_from_a_cell_further_up_is_said_to_come_from_there(tmp_path_factory):
    lesson = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("import numpy as np\nfrom math import (tau, pi)", id="one"),
            nbformat.v4.new_code_cell("def rnn_step(x):\n    return x\n\nW_hh = 2", id="two"),
            nbformat.v4.new_code_cell("check('2.1', rnn_step)", id="three"),
            nbformat.v4.new_code_cell("later = 1", id="four"),
        ]
    )
    path = tmp_path_factory.mktemp("lesson") / "02.ipynb"
    nbformat.write(lesson, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JPY_SESSION_NAME", str(path))
        notebook = Notebook()
    try:
        notebook.run("from course_utils.checks import check")
        notebook.client.session.metadata = {"cellId": "three"}
        for name in ("rnn_step", "W_hh", "np", "pi"):
            error, hint = notebook.run(name)
            assert error["ename"] == "NameError"
            assert f"`{name}` is defined in a cell further up" in hint["text"]
            assert "Run All Above Selected Cell" in hint["text"]
        for name in ("later", "nowhere"):
            (error,) = notebook.run(name)
            assert error["ename"] == "NameError"
        (output,) = notebook.run("1 + 1")
        assert output["data"]["text/plain"] == "2"
    finally:
        notebook.close()
