"""A real JupyterLab and a real Chromium, started once for all browser tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.real_lab import RealLab, chromium_path, launch_chromium, running_lab
from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).parent
_figures: list[str] = []


def pytest_collection_modifyitems(items):
    """Mark every test of this folder, so that a plain `make test` leaves it out."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


def pytest_terminal_summary(terminalreporter):
    """Show what was measured."""
    if _figures:
        terminalreporter.section("measured in the page")
        for line in _figures:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def measured() -> list[str]:
    """Lines to show at the end of the run."""
    return _figures


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    try:
        chromium_path()
    except FileNotFoundError as missing:
        pytest.fail(str(missing), pytrace=False)
    with sync_playwright() as playwright:
        chromium = launch_chromium(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Iterator[RealLab]:
    """JupyterLab on a copy of the course."""
    with running_lab(tmp_path_factory.mktemp("lab")) as server:
        yield server
