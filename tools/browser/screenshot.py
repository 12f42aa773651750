"""Photograph the explorer of lesson 02 in a real JupyterLab, for README.md."""

import tempfile
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright
from real_lab import ROOT, launch_chromium, open_notebook, running_lab

PICTURE = ROOT / "images" / "explorer.png"
SOURCE = "from course_utils.widgets import ScalarRNNExplorer\nScalarRNNExplorer()"


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        running_lab(Path(folder)) as lab,
    ):
        book = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(SOURCE)],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(book, lab.course / "explorer.ipynb")
        browser = launch_chromium(playwright)
        with open_notebook(lab, browser, "explorer.ipynb", device_scale_factor=2) as notebook:
            notebook.run_all()
            notebook.wait_for_widgets()
            widget = notebook.page.locator(".unrolled-widget")
            widget.locator("input").first.blur()
            PICTURE.parent.mkdir(exist_ok=True)
            widget.evaluate("widget => { widget.style.padding = '12px'; }")
            widget.screenshot(path=PICTURE, animations="disabled")
        browser.close()
    print(f"wrote {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
