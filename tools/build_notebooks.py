"""Build the notebooks and slides of the course from its lessons: the only way they are made.

    python tools/build_notebooks.py             what changed, or reaches what changed
    python tools/build_notebooks.py 02 06       these lessons, if they did
    python tools/build_notebooks.py --force     whether changed or not
    python tools/build_notebooks.py --check     say what would be built; execute and write nothing
    python tools/build_notebooks.py --check 02  the same of one lesson
    python tools/build_notebooks.py --slides    slides/ from the solution notebooks
    python tools/build_notebooks.py --accept F  record in F that nothing is stale

A lesson is ``lessons/NN_slug.py`` in jupytext's percent format. Each gives two executed notebooks
with stored outputs, ``notebooks/NN_slug.ipynb`` (exercises to be solved) and
``solutions/NN_slug.ipynb``, and ``tests/outputs/NN_slug.txt``, the solution's outputs as text for
reviewers. A second build is equal to the first, byte for byte.

A lesson is stale if code, texts or data that it reaches have changed since its outputs were made.
The record, ``tests/outputs/sources.sha256``, has a digest of them for each lesson. A stale lesson
is built, but it is no error: its outputs may well be the same. Once nbval has shown that they are,
``--accept`` brings the record up to date without a build.

Cell metadata of a lesson: ``exercise="2.1"``, ``check="2.1"``, ``tags=[...]`` with ``reason="..."``,
and ``slide="..."`` where the derived slide type does not fit.
"""

from __future__ import annotations

import argparse
import ast
import copy
import hashlib
import os
import re
import secrets
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from ipykernel.ipkernel import IPythonKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from pictures import pictures, reduce_pictures
from sources import Sources
from tqdm import tqdm

from course_utils import course
from course_utils.course import Lesson

ROOT = Path(__file__).resolve().parent.parent
VARIANTS = ("notebooks", "solutions")
OUTPUTS = "tests/outputs"
RECORD = f"{OUTPUTS}/sources.sha256"
TAGS = {"nbval-ignore-output", "raises-exception"}
SLIDE_TYPES = {"slide", "subslide", "fragment", "notes", "skip", "-"}
CELL_TIMEOUT = 120  # seconds; a lesson's cell should take 15 at most
KERNEL_ENVIRONMENT = {"UNROLLED_PROGRESS_BAR": "0", "PYTHONWARNINGS": ""}
"""For every kernel of a build or a test, so that both print the same wherever they run."""
CLEANING = 1
"""Version of what is stored of a cell's outputs, see ``_clean``."""
LANGUAGE_INFO = IPythonKernel.language_info | {"version": "3.11"}
"""As the course's kernels give it: JupyterLab calls a notebook changed where it stores another."""
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
SCRIPT = re.compile(r"<script>.*?</script>", re.DOTALL)  # what starts a widget; data has a type
CELL_FILE = re.compile(r"\S*ipykernel_\d+[/\\]")  # where warnings locate a cell: a random folder
REGION = re.compile(
    r"^([ \t]*)### BEGIN SOLUTION\n(.*?)^[ \t]*### END SOLUTION[^\S\n]*(?:\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
MARKER = re.compile(r"^[ \t]*### (BEGIN|END) SOLUTION", re.MULTILINE)


class LessonError(Exception):
    """A lesson that cannot be built; the message says which, where and why."""


# From a lesson to the cells of its notebooks


def read_lesson(root: Path, lesson: Lesson) -> NotebookNode:
    """Return the lesson as a notebook without outputs, validated, metadata as the author wrote it."""
    path = root / "lessons" / f"{lesson.stem}.py"
    if not path.exists():
        raise LessonError(f"{path.relative_to(root)}: course.toml lists it, and it is not there")
    source = jupytext.reads(path.read_text("utf-8"), fmt="py:percent")
    for cell in source.cells:  # jupytext's notes about blank lines around a cell
        for note in ("lines_to_next_cell", "lines_to_end_of_cell_marker"):
            cell.metadata.pop(note, None)
    try:
        _validate(source, lesson)
    except LessonError as error:
        raise LessonError(f"{path.relative_to(root)}: {error}") from None
    return source


def _validate(source: NotebookNode, lesson: Lesson) -> None:
    found: dict[str, list[str]] = {"exercise": [], "check": []}
    for cell in source.cells:
        where = f"cell {_first_line(cell)!r}"
        unknown = set(cell.metadata) - {"exercise", "check", "tags", "reason", "slide"}
        if unknown:
            raise LessonError(f"{where} has unknown metadata {sorted(unknown)}")
        tags = set(cell.metadata.get("tags", []))
        if tags - TAGS:
            raise LessonError(
                f"{where} has unknown tags {sorted(tags - TAGS)}; known: {sorted(TAGS)}"
            )
        if tags and not cell.metadata.get("reason"):
            raise LessonError(f"{where} is tagged {sorted(tags)} without a reason")
        if cell.metadata.get("slide", "-") not in SLIDE_TYPES:
            raise LessonError(f"{where} has slide={cell.metadata.slide!r}; one of {SLIDE_TYPES}")
        for kind, ids in found.items():
            if kind in cell.metadata:
                ids.append(cell.metadata[kind])
        _validate_solution(cell, where)
    if found["exercise"] != found["check"]:
        raise LessonError(f"exercises {found['exercise']} and checks {found['check']} differ")
    if found["exercise"] != list(lesson.exercises):
        raise LessonError(
            f"exercises {found['exercise']}, but course.toml lists {list(lesson.exercises)}"
        )


def _validate_solution(cell: NotebookNode, where: str) -> None:
    regions, markers = REGION.findall(cell.source), MARKER.findall(cell.source)
    if 2 * len(regions) != len(markers):
        raise LessonError(f"{where} has a solution region that is not closed or not opened")
    if bool(regions) != ("exercise" in cell.metadata):
        raise LessonError(f"{where}: a solution region and exercise=... go together")


def make_notebook(source: NotebookNode, variant: str) -> NotebookNode:
    """Return the notebook of one variant, not executed."""
    notebook = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": LANGUAGE_INFO,
        }
    )
    notebook.nbformat_minor = 5
    after_code = False
    for cell, cell_id in zip(source.cells, _cell_ids(source), strict=True):
        made = copy.deepcopy(cell)
        made.id = cell_id
        made.metadata = _metadata(cell, after_code)
        if variant == "notebooks" and "exercise" in cell.metadata:
            made.source = strip_solution(cell.source, cell.metadata.exercise)
        notebook.cells.append(made)
        after_code = cell.cell_type == "code"
    return notebook


def strip_solution(source: str, exercise: str) -> str:
    """Replace each solution region by what the learner starts from."""

    def stub(region: re.Match) -> str:
        indent, solution = region.groups()
        if indent:
            return f'{indent}raise NotImplementedError("Exercise {exercise}")\n'
        answers = [line for line in ast.parse(solution).body if isinstance(line, ast.Assign)]
        names = [
            node.id
            for line in answers
            for target in line.targets
            for node in ast.walk(target)
            if isinstance(node, ast.Name)
        ]
        if not names:
            raise LessonError(f"exercise {exercise}: an answer outside a function needs a name")
        return "".join(f"{name} = ...\n" for name in names)

    return REGION.sub(stub, source).rstrip("\n")


def _cell_ids(source: NotebookNode) -> Iterator[str]:
    """Name each cell by its exercise, or by its heading and its place below that heading.

    An edited cell keeps its id, and an inserted one moves only the ids that follow it below the
    same heading. The headings' own numbers are left out, so that a new section moves none.
    """
    section, counts = "start", Counter[str]()
    for cell in source.cells:
        if "exercise" in cell.metadata or "check" in cell.metadata:
            yield _grade_id(cell)
            continue
        heading = re.match(r"###? (?:\d+\. )?(.*)", cell.source)
        if heading and cell.cell_type == "markdown":
            section = re.sub("[^a-z0-9]+", "-", heading[1].lower()).strip("-")[:56]
        counts[section] += 1
        yield f"{section}-{counts[section]:02d}"


def _grade_id(cell: NotebookNode) -> str:
    (kind,) = {"exercise", "check"} & set(cell.metadata)
    return f"{kind}-{cell.metadata[kind].replace('.', '-')}"


def _metadata(cell: NotebookNode, after_code: bool) -> dict:
    metadata: dict[str, Any] = {"slideshow": {"slide_type": _slide_type(cell, after_code)}}
    for key in ("tags", "reason"):
        if key in cell.metadata:
            metadata[key] = cell.metadata[key]
    for kind in ("exercise", "check"):
        if kind in cell.metadata:
            metadata["nbgrader"] = {
                "schema_version": 3,
                "grade_id": _grade_id(cell),
                "cell_type": "code",
                "solution": kind == "exercise",
                "grade": kind == "check",
                "locked": kind == "check",
                "task": False,
            } | ({"points": 1} if kind == "check" else {})
    return metadata


def _slide_type(cell: NotebookNode, after_code: bool) -> str:
    if "slide" in cell.metadata:
        return cell.metadata.slide
    if cell.cell_type == "code":
        if "check" in cell.metadata:
            return "skip"
        shows = re.search(r"plotting\.show\(|Explorer\(|Quiz\(|CourseMap\(", cell.source)
        return "subslide" if shows else "-"
    if re.match(r"##? ", cell.source):
        return "slide"
    if cell.source.startswith("<details>"):
        return "notes"
    return "subslide" if after_code or cell.source.startswith("### ") else "-"


def _first_line(cell: NotebookNode) -> str:
    return cell.source.strip().split("\n")[0][:60]


# Executing


def execute(notebook: NotebookNode, folder: Path, name: str) -> None:
    """Run every cell in a fresh kernel, in ``folder``; store clean outputs.

    Raises
    ------
    LessonError
        If a cell fails, with its number, its first line and the error.
    """
    started: list[NotebookNode] = []
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=lambda cell, cell_index: started.append(cell),
    )
    manager = client.create_kernel_manager()
    for option, value in kernel_sockets().items():
        setattr(manager, option, value)
    with tempfile.TemporaryDirectory() as home:
        try:
            client.execute(env=os.environ | KERNEL_ENVIRONMENT | {"UNROLLED_HOME": home})
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            number = sum(cell.cell_type == "code" for cell in started)
            where = f"{name}, code cell {number} ({_first_line(started[-1])!r})"
            raise LessonError(f"{where}: {_reason(error)}") from None
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = _clean(cell.outputs)
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = NotebookNode(LANGUAGE_INFO)


def kernel_sockets() -> dict[str, str]:
    """Options that let a kernel manager use Unix sockets: two kernels may be given one port.

    Their folder is that of temporary files, for a socket's path has room for 100 characters.
    """
    if sys.platform == "win32":
        return {}
    file = Path(tempfile.gettempdir(), f"kernel-{secrets.token_hex(8)}.json")
    return {"transport": "ipc", "connection_file": str(file)}


def _reason(error: Exception) -> str:
    if isinstance(error, CellExecutionError):
        return f"{error.ename}: {error.evalue}"
    if isinstance(error, CellTimeoutError):
        return f"ran for more than {CELL_TIMEOUT} seconds"
    return "the kernel died"


def _clean(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Drop what is random or only of use while a kernel runs; reduce pictures; join streams.

    Raise ``CLEANING`` when this changes, so that all notebooks are built again.
    """
    cleaned: list[NotebookNode] = []
    for output in outputs:
        if "data" in output:
            output.data.pop(WIDGET_VIEW, None)
            if "text/html" in output.data:
                output.data["text/html"] = SCRIPT.sub("", output.data["text/html"])
            reduce_pictures(output.data)
        if "text" in output:
            output.text = CELL_FILE.sub("ipykernel_0/", output.text)
        same_stream = (
            cleaned
            and output.output_type == "stream"
            and cleaned[-1].output_type == "stream"
            and cleaned[-1].name == output.name
        )
        if same_stream:
            cleaned[-1].text += output.text
        else:
            cleaned.append(output)
    return cleaned


# Building


def fingerprint(notebook: NotebookNode) -> str:
    """Digest what the stored outputs of a notebook come from: its cells and their cleaning."""
    sources = [str(CLEANING), nbformat.writes(notebook)]
    return hashlib.sha256("\n".join(sources).encode()).hexdigest()


def _path(root: Path, lesson: Lesson, variant: str) -> Path:
    return root / variant / f"{lesson.stem}.ipynb"


def _text_path(root: Path, lesson: Lesson) -> Path:
    return root / OUTPUTS / f"{lesson.stem}.txt"


def outputs_text(notebook: NotebookNode) -> str:
    """Write out what the cells print and show; of a picture, its text alternative."""
    parts = [
        f"## {cell.id}\n" + "".join(f"{_as_text(output).rstrip()}\n" for output in cell.outputs)
        for cell in notebook.cells
        if cell.get("outputs")
    ]
    return "\n".join(parts)


def _as_text(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    picture = "[picture] " if pictures([output]) else ""
    return picture + output.data.get("text/plain", f"[{', '.join(output.data)}]")


def _wanted(root: Path, lesson: Lesson, variant: str) -> NotebookNode:
    notebook = make_notebook(read_lesson(root, lesson), variant)
    notebook.metadata["unrolled"] = fingerprint(notebook)
    return notebook


def _make_and_execute(root: Path, lesson: Lesson, variant: str) -> NotebookNode:
    notebook = _wanted(root, lesson, variant)
    folder = root / variant
    folder.mkdir(exist_ok=True)
    execute(notebook, folder, f"lessons/{lesson.stem}.py ({variant})")
    return notebook


def build(root: Path, lessons: Iterable[Lesson], *, force: bool = False) -> list[Lesson]:
    """Build what is out of step or stale, or all; return the lessons that were built.

    Raises
    ------
    LessonError
        At the first lesson that cannot be built; nothing is written for it.
    """
    sources = Sources(root)
    wanted = [lesson for lesson in lessons if force or reasons(root, lesson, sources)]
    with (
        # Not forked: JAX's threads, where it is imported, would not survive that.
        ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as pool,
        tqdm(total=len(wanted) * len(VARIANTS), unit="notebook", disable=not wanted) as bar,
    ):
        pairs = [
            [pool.submit(_make_and_execute, root, lesson, variant) for variant in VARIANTS]
            for lesson in wanted
        ]
        try:
            for lesson, pair in zip(wanted, pairs, strict=True):
                bar.set_description(lesson.stem)
                made = {}
                for variant, future in zip(VARIANTS, pair, strict=True):
                    made[variant] = future.result()
                    bar.update()
                for variant, notebook in made.items():
                    nbformat.write(notebook, _path(root, lesson, variant))
                text = _text_path(root, lesson)
                text.parent.mkdir(parents=True, exist_ok=True)
                text.write_text(outputs_text(made["solutions"]), "utf-8", newline="\n")
                accept(root, [lesson], sources, root / RECORD)
        finally:  # after a failure or Ctrl-C, do not begin the lessons that wait
            pool.shutdown(cancel_futures=True)
    return wanted


def read_record(root: Path) -> dict[str, str]:
    """Read the digest of each lesson's sources; skip the marks of an unfinished merge."""
    path = root / RECORD
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    digests = {stem: digest for digest, _, stem in (line.partition(" ") for line in lines)}
    return {stem: digests[stem] for stem in digests if (root / "lessons" / f"{stem}.py").exists()}


def accept(root: Path, lessons: Iterable[Lesson], sources: Sources, path: Path) -> None:
    """Write the record into ``path``, with ``sources`` as what these lessons' outputs come from."""
    recorded = read_record(root) | {lesson.stem: sources.digest(lesson) for lesson in lessons}
    lines = [f"{digest} {stem}\n" for stem, digest in sorted(recorded.items())]
    path.write_text("".join(lines), "utf-8", newline="\n")


def reasons(root: Path, lesson: Lesson, sources: Sources) -> list[str]:
    """Say why a lesson is to be built: it is out of step, or stale."""
    problems = out_of_step(root, lesson)
    if not problems and read_record(root).get(lesson.stem) != sources.digest(lesson):
        return [f"{lesson.stem} is stale: code, texts or data that it reaches have changed"]
    return problems


def out_of_step(root: Path, lesson: Lesson) -> list[str]:
    """Compare both notebooks with their lesson, executing nothing; say each difference."""
    problems, stored = [], {}
    for variant in VARIANTS:
        path = _path(root, lesson, variant)
        name = path.relative_to(root).as_posix()
        try:
            wanted = _wanted(root, lesson, variant)
            stored[variant] = nbformat.read(path, 4)
            problems += _differences(name, stored[variant], wanted)
        except LessonError as error:
            return [str(error)]
        except FileNotFoundError:
            problems.append(f"{name} is missing")
        except (ValueError, nbformat.ValidationError):
            problems.append(f"{name} is not a notebook that can be read")
    text = _text_path(root, lesson)
    shown = text.read_text("utf-8") if text.exists() else ""
    if not problems and shown != outputs_text(stored["solutions"]):
        problems.append(f"{text.relative_to(root).as_posix()} does not show the stored outputs")
    return problems


def _differences(name: str, stored: NotebookNode, wanted: NotebookNode) -> list[str]:
    if len(stored.cells) != len(wanted.cells):
        return [f"{name} has {len(stored.cells)} cells, its lesson {len(wanted.cells)}"]
    problems = [
        f"{name}, cell {number} ({_first_line(new)!r}): {key} differs from the lesson"
        for number, (old, new) in enumerate(zip(stored.cells, wanted.cells, strict=True), start=1)
        for key in ("cell_type", "id", "source", "metadata")
        if old.get(key) != new[key]
    ]
    counts = [cell.execution_count for cell in stored.cells if cell.cell_type == "code"]
    if counts != list(range(1, len(counts) + 1)):
        problems.append(f"{name} was not executed from top to bottom")
    if stored.metadata.get("unrolled") != wanted.metadata.unrolled:
        problems.append(f"{name} is older than its lesson or than the cleaning of outputs")
    elif stored.metadata != wanted.metadata:
        problems.append(f"{name}: the notebook's metadata differ from what the builder writes")
    return problems


def strays(root: Path, lessons: Iterable[Lesson]) -> list[str]:
    """Say which built files none of ``lessons``, all of them, gives."""
    known = {_path(root, lesson, variant) for lesson in lessons for variant in VARIANTS}
    known |= {_text_path(root, lesson) for lesson in lessons}
    found = {path for variant in VARIANTS for path in (root / variant).glob("*.ipynb")}
    found |= set((root / OUTPUTS).glob("*.txt"))
    return [f"{path.relative_to(root).as_posix()} has no lesson" for path in sorted(found - known)]


def build_slides(root: Path, lessons: Iterable[Lesson], reveal: str | None = None) -> list[Path]:
    """Write slides/NN_slug.slides.html from the solution notebooks; return the paths.

    ``reveal`` is the address or folder of reveal.js 4; by default that of nbconvert.
    """
    from nbconvert import SlidesExporter

    options = {"reveal_url_prefix": reveal} if reveal else {}
    exporter = SlidesExporter(
        exclude_input_prompt=True, exclude_output_prompt=True, reveal_scroll=True, **options
    )
    folder = root / "slides"
    folder.mkdir(exist_ok=True)
    paths = []
    for lesson in tqdm(list(lessons), unit="lesson"):
        notebook = _path(root, lesson, "solutions")
        if not notebook.exists():
            raise LessonError(f"{notebook.relative_to(root)} is missing: build the notebooks first")
        body, _ = exporter.from_filename(str(notebook))
        paths.append(folder / f"{lesson.stem}.slides.html")
        paths[-1].write_text(body, "utf-8")
    return paths


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("lessons", nargs="*", type=int, help="numbers of lessons; default: all")
    parser.add_argument("--force", action="store_true", help="build what has not changed, too")
    parser.add_argument("--check", action="store_true", help="compare, execute nothing")
    parser.add_argument(
        "--accept", type=Path, metavar="FILE", help="write a record into FILE: nothing is stale"
    )
    parser.add_argument("--slides", action="store_true", help="build slides/")
    parser.add_argument("--reveal", help="address or folder of reveal.js 4, for --slides")
    options = parser.parse_args(arguments)
    chosen = [
        item for item in course.lessons() if not options.lessons or item.number in options.lessons
    ]
    missing = set(options.lessons) - {item.number for item in chosen}
    if missing:
        parser.error(f"no written lesson has the number {sorted(missing)}")
    if options.check:
        sources = Sources(ROOT)
        problems = [reason for lesson in chosen for reason in reasons(ROOT, lesson, sources)]
        problems += strays(ROOT, course.lessons())
        print("\n".join(problems) or "Notebooks and lessons are in step.")
        return bool(problems)
    if options.accept:
        in_step = [lesson for lesson in chosen if not out_of_step(ROOT, lesson)]
        accept(ROOT, in_step, Sources(ROOT), options.accept)
        return 0
    try:
        if options.slides:
            print(f"{len(build_slides(ROOT, chosen, options.reveal))} slide shows in slides/")
        else:
            print(f"{len(build(ROOT, chosen, force=options.force))} lessons built")
    except LessonError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
