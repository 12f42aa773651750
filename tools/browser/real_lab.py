"""Drive a real JupyterLab in a real, headless Chromium: for the browser tests and the screenshot.

`RealLab` runs a server on a copy of the course, so that nothing in the repository is written;
`Notebook` is one open notebook in it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, Playwright

ROOT = Path(__file__).resolve().parents[2]
WIDGET = re.compile(r'class="unrolled-host"')
START_SECONDS = 60.0
CELLS_SECONDS = 180.0
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium_path() -> str:
    """Return the path of Debian's Chromium, or of the browser that ``CHROMIUM`` names."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and (found := shutil.which(name)):
            return found
    raise FileNotFoundError(
        "No Chromium found. Install it (Debian and Ubuntu: apt-get install chromium), or set "
        "CHROMIUM to its path."
    )


def launch_chromium(playwright: Playwright) -> Browser:
    """Start the browser, headless."""
    return playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)


class RealLab:
    """A JupyterLab server of its own, on a copy of the course in ``folder``.

    Its settings, kernels and the learner's progress stay in ``folder`` too. A second server on the
    same folder is the next day.
    """

    def __init__(self, folder: Path) -> None:
        self.course = folder / "course"
        self.home = folder / "home"
        self._runtime = folder / "runtime"
        self._log = folder / "lab.log"
        for name in ("notebooks", "solutions", "data"):
            if not (self.course / name).exists():  # the learner's own of yesterday stays
                shutil.copytree(ROOT / name, self.course / name)
        environment = os.environ | {
            "UNROLLED_HOME": str(self.home),
            "JUPYTER_RUNTIME_DIR": str(self._runtime),
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "IPYTHONDIR": str(folder / "ipython"),
        }
        options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0"]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyterlab", *options),
                    "--LabApp.expose_app_in_browser=True",
                    "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb",
                ],
                cwd=self.course,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self.url, self.token = self._wait_until_served()
        except BaseException:
            self.stop()
            raise

    @property
    def start_page(self) -> str:
        """Address that the server prints at its start."""
        return f"{self.url}?token={self.token}"

    def _wait_until_served(self) -> tuple[str, str]:
        """Return address and token, which the server writes to a file once it listens."""
        announced = self._runtime / f"jpserver-{self._process.pid}.json"
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                info = json.loads(announced.read_text())
                self._request("api/status", info["url"], info["token"])
                return info["url"], info["token"]
            except (OSError, ValueError):
                time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start:\n{self._log.read_text()[-2000:]}")

    def _request(self, path: str, url: str, token: str, method: str = "GET") -> bytes:
        request = urllib.request.Request(
            url + path, method=method, headers={"Authorization": f"token {token}"}
        )
        # No proxy: the server is on this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as answer:
            return answer.read()

    def delete_kernels(self) -> None:
        """End every kernel of this server."""
        for kernel in json.loads(self._request("api/kernels", self.url, self.token)):
            self._request(f"api/kernels/{kernel['id']}", self.url, self.token, method="DELETE")

    def stop(self) -> None:
        """End the kernels and the server."""
        try:
            if hasattr(self, "url"):
                self.delete_kernels()
        finally:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


@contextmanager
def running_lab(folder: Path) -> Iterator[RealLab]:
    """A server that is stopped at the end of the block."""
    lab = RealLab(folder)
    try:
        yield lab
    finally:
        lab.stop()


class Notebook:
    """One notebook of a running Lab, open in ``page``, with its kernel."""

    def __init__(self, lab: RealLab, page: Page, path: str) -> None:
        self.page = page
        self.problems: list[str] = []
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.problems.append(f"{error}\n{error.stack or ''}"))
        page.on("console", self._note_console)
        page.goto(f"{lab.url}lab/tree/{path}?token={lab.token}&reset" if path else lab.start_page)
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Wait until the kernel says that it is idle.

        That is its own status: Lab's execution indicator is there before a run is accepted.
        """
        self.page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=START_SECONDS * 1000,
        )

    def _note_console(self, message) -> None:
        if message.type == "error":
            self.problems.append(f"{message.text} ({message.location.get('url', '')})")

    def _command(self, name: str) -> None:
        """Execute a command of JupyterLab and wait until it is done."""
        self.page.evaluate(
            """name => {
                window.commandDone = window.commandError = null;
                window.jupyterapp.commands.execute(name).then(
                    () => { window.commandDone = true; },
                    error => { window.commandError = String(error); window.commandDone = true; });
            }""",
            name,
        )
        self.page.wait_for_function("window.commandDone", timeout=CELLS_SECONDS * 1000)
        error = self.page.evaluate("window.commandError")
        if error:
            raise RuntimeError(f"{name}: {error}")

    def run_all(self) -> None:
        """Clear the stored outputs and run every cell, to the end or to the first error."""
        self._command("notebook:clear-all-cell-outputs")
        self._command("notebook:run-all-cells")

    def save(self) -> None:
        """Save the notebook."""
        self._command("docmanager:save")

    def is_unsaved(self) -> bool:
        """Whether Lab marks the notebook as changed."""
        return self.page.evaluate("window.jupyterapp.shell.currentWidget.context.model.dirty")

    def restart_kernel(self) -> None:
        """Start the kernel anew; the page and its outputs stay."""
        self.page.evaluate(
            "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
        )
        self.wait_for_kernel()

    def show(self, index: int) -> None:
        """Scroll to a cell: JupyterLab draws what is in sight."""
        self.page.evaluate(
            "index => window.jupyterapp.shell.currentWidget.content.scrollToItem(index)", index
        )

    def type_into(self, index: int, text: str) -> None:
        """Type into a cell, key by key."""
        self.page.evaluate(
            """index => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = index;
                notebook.mode = 'edit';
            }""",
            index,
        )
        self.page.keyboard.type(text)

    def cells(self) -> list[dict]:
        """Return the cells as nbformat holds them, with the outputs of now."""
        return self.page.evaluate(
            "window.jupyterapp.shell.currentWidget.content.model.toJSON().cells"
        )

    def cell(self, index: int) -> Locator:
        """Return a cell as the page shows it."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def wait_for_widgets(self) -> None:
        """Wait until every widget among the outputs of now is on the page."""
        wanted = sum(
            WIDGET.search("".join(output.get("data", {}).get("text/html", ""))) is not None
            for cell in self.cells()
            for output in cell.get("outputs", [])
        )
        self.page.wait_for_function(
            "count => document.querySelectorAll('.unrolled-widget').length >= count",
            arg=wanted,
            timeout=10_000,
        )

    def run_cell(self, index: int, source: str | None = None) -> dict:
        """Run one cell, with another source where one is given; return it with its outputs."""
        self.page.evaluate(
            """([index, source]) => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = index;
                notebook.deselectAll();
                if (source !== null) notebook.model.cells.get(index).sharedModel.setSource(source);
            }""",
            [index, source],
        )
        self._command("notebook:run-cell")
        return self.cells()[index]


@contextmanager
def open_notebook(
    lab: RealLab, browser: Browser, path: str, device_scale_factor: float = 1
) -> Iterator[Notebook]:
    """A notebook in a page of its own; page and kernel end with the block."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 1000}, device_scale_factor=device_scale_factor
    )
    try:
        yield Notebook(lab, context.new_page(), path)
    finally:
        context.close()
        lab.delete_kernels()
