"""A real browser, without a network; tests skip in one line where there is none."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

REPORTS = Path(__file__).parents[2] / "reports"
PAGES = sorted(path.name for path in REPORTS.glob("*.html"))
# The first one opens a page in a third of the time, since it has no windows to draw.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "google-chrome",
    "chromium-browser",
    "google-chrome-stable",
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of this machine."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        if os.environ.get("EVIDENCE_REQUIRE_BROWSER") == "1":
            pytest.fail("no browser found, and EVIDENCE_REQUIRE_BROWSER is 1")
        pytest.skip("no chromium on this machine: pages are not opened")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def requests() -> list[str]:
    """Addresses that a page asked for, but for files on this machine."""
    return []


@pytest.fixture
def page(browser: Browser, requests: list[str]) -> Iterator[Page]:
    """A page of 800 by 1,100, the size of a first screen, that records what it asks for."""
    opened = browser.new_page(viewport={"width": 800, "height": 1100})
    opened.on("request", lambda one: requests.append(one.url))
    opened.on("pageerror", lambda error: requests.append(f"error: {error}"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared(browser: Browser) -> Iterator[Page]:
    """One window for pages that are only read or walked through; each is opened anew."""
    opened = browser.new_page(viewport={"width": 800, "height": 1100})
    yield opened
    opened.close()


def address(name: str) -> str:
    """Return the address of a report on disk."""
    return (REPORTS / name).as_uri()
