"""Runs a widget's ES module in the Node that ships inside Playwright: no browser, no network."""

import json
import re
import subprocess

from playwright._impl._driver import compute_driver_executable

from course_utils.widgets.base import page_script

NODE = compute_driver_executable()[0]

RUNNER = """
import { readFileSync } from "node:fs";
import { draw, compute, sentence } from "./widget.mjs";
const { calls, data, widths } = JSON.parse(readFileSync(0, "utf-8"));
console.log(JSON.stringify(calls.map((values) => {
  const result = compute(values, data);
  const pictures = widths.map((width) => draw(values, result, width, data));
  return { result, sentence: sentence(values, result, data), pictures };
})));
"""


def run_node(folder, source, given):
    """Run ``source`` beside the files of ``folder``; returns what it prints, read as JSON."""
    runner = folder / "runner.mjs"
    runner.write_text(source, "utf-8")
    done = subprocess.run(
        [str(NODE), str(runner)],
        input=json.dumps(given),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def in_page(folder, explorer, calls, widths=(300, 640, 900)):
    """Result, sentence and pictures of an explorer's page for each dict of values in ``calls``."""
    (folder / "widget.mjs").write_text(page_script(explorer.script), "utf-8")
    data = explorer.page["data"]
    return run_node(folder, RUNNER, {"calls": calls, "data": data, "widths": widths})


def stored(widget):
    """The HTML of a widget's output, as the builder stores it: without code."""
    return re.sub(r"<script>.*?</script>", "", widget._repr_mimebundle_()["text/html"])
