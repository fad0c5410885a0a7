"""JupyterLab as a reader meets it: it opens on the start, runs everything, and is used by keys."""

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ipywidgets
import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe
from lxml.html import fromstring
from playwright.sync_api import Browser, Locator, Page, expect

import evidence
from evidence.cli import lab as opening
from evidence.explore import Explorer
from tests.explore import changes

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
WITHOUT_OUTPUT = {"parameters", "no-output"}
START_HERE = "00_start_here.ipynb"
START, RUN, STOP = 60, 90, 20
"""Seconds that the server, a notebook and the end may take at most; all take a few."""

expect.set_options(timeout=START * 1000)


@dataclass(frozen=True)
class Lab:
    """A running server and the copy of the workbook that it serves."""

    address: str
    folder: Path

    @property
    def token(self) -> str:
        """The token that the server made."""
        [running] = (self.folder / ".cache" / "jupyter" / "runtime").glob("jpserver-*.json")
        return str(json.loads(running.read_text())["token"])

    def saved(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / "notebooks" / name
        cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return [one for one in cells if one["cell_type"] == "code"]


def copied(folder: Path) -> Path:
    """A copy of the workbook without reports and outputs, so that those found are new."""
    for name in ("data", "notebooks", "examples"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "reports").mkdir()
    for place in ("reports/catalog.toml", "reports/superseded.csv", "requirements.lock"):
        shutil.copyfile(ROOT / place, folder / place)
    for path in (folder / "notebooks").glob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None}
        path.write_text(json.dumps(notebook), encoding="utf-8")
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((opening.HOST, 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Lab]:
    folder = copied(tmp_path_factory.mktemp("workbook"))
    port = free_port()
    environment = {one: value for one, value in os.environ.items() if one != "EVIDENCE_DATA"}
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "evidence", "lab", "--no-browser", "--port", str(port)],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    started: list[psutil.Process] = []
    try:
        address = f"http://{opening.HOST}:{port}"
        wait_for_answer(f"{address}/api", server)
        yield Lab(address, folder)
    finally:
        if server.poll() is None:
            started = psutil.Process(server.pid).children(recursive=True)
            server.send_signal(signal.SIGTERM)
        try:
            server.wait(STOP)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
        _, left = psutil.wait_procs(started, timeout=STOP)
        for one in left:
            one.kill()
    assert not left, f"left running: {left}"


def wait_for_answer(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


@pytest.fixture
def page(browser: Browser, requests: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    opened = context.new_page()
    opened.on("request", lambda one: requests.append(one.url))
    opened.on("websocket", lambda one: requests.append(one.url))
    yield opened
    context.close()


def outside(requests: list[str]) -> list[str]:
    here = (f"http://{opening.HOST}:", f"ws://{opening.HOST}:", "data:", "blob:")
    return [one for one in requests if not one.startswith(here)]


def tab(page: Page, name: str) -> Locator:
    return page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text=name)


def panel(page: Page, name: str) -> Locator:
    """The notebook of a tab."""
    return page.locator(f"[id='{tab(page, name).get_attribute('data-id')}']")


def open_start(page: Page, lab: Lab) -> None:
    page.goto(f"{lab.address}/?token={lab.token}")
    expect(tab(page, START_HERE)).to_be_visible()
    ready(page, START_HERE)


def ready(page: Page, name: str) -> None:
    """Wait until the kernel of a notebook is there and has nothing to do."""
    toolbar = panel(page, name).locator(".jp-NotebookPanel-toolbar")
    expect(toolbar.locator(".jp-Toolbar-kernelName")).to_have_text("Python 3")
    indicator = toolbar.locator(".jp-Notebook-ExecutionIndicator")
    expect(indicator).to_have_attribute("data-status", "idle")


def to_front(page: Page, name: str) -> None:
    tab(page, name).click()
    expect(panel(page, name)).to_be_visible()


def run_all(page: Page, name: str) -> None:
    page.locator(".jp-DirListing-item", has_text=name).dblclick()
    expect(panel(page, name)).to_be_visible()
    ready(page, name)
    choose(page, "Run", "Run All Cells")
    first = panel(page, name).locator(".jp-CodeCell .jp-InputPrompt").first
    expect(first).not_to_have_text("[ ]:")


def choose(page: Page, menu: str, item: str) -> None:
    page.get_by_role("menuitem", name=menu, exact=True).click()
    page.locator(".lm-Menu-item:visible", has=page.get_by_text(item, exact=True)).click()


def finished(page: Page, lab: Lab, name: str) -> list[dict[str, Any]]:
    """Wait until no cell waits, save as a user does, and return the cells of the file."""
    prompts = panel(page, name).locator(".jp-CodeCell .jp-InputPrompt")
    expect(prompts.filter(has_text="[*]:")).to_have_count(0, timeout=RUN * 1000)
    choose(page, "File", "Save Notebook")
    expect(tab(page, name)).not_to_have_class(re.compile("jp-mod-dirty"))
    return lab.saved(name)


def stop_kernels(page: Page, lab: Lab) -> None:
    for session in page.request.get(f"{lab.address}/api/sessions?token={lab.token}").json():
        page.request.delete(f"{lab.address}/api/sessions/{session['id']}?token={lab.token}")


def what_is_wrong(cell: dict[str, Any]) -> str:
    """Return the error of a cell or that it has no output, empty if nothing is wrong."""
    for one in cell["outputs"]:
        if one["output_type"] == "error":
            return f"{one['ename']}: {one['evalue']}"
    silent = WITHOUT_OUTPUT & set(cell["metadata"].get("tags", ()))
    run = cell["execution_count"] and (cell["outputs"] or silent)
    return "" if run else f"without output: {''.join(cell['source'])}"


def test_it_opens_on_the_start_with_a_kernel_and_no_popup(
    page: Page, lab: Lab, requests: list[str]
) -> None:
    open_start(page, lab)
    page.wait_for_load_state("networkidle")
    assert page.locator(".Toastify__toast, .jp-Dialog").count() == 0
    assert outside(requests) == []


def test_a_stranger_without_the_token_is_not_let_in(page: Page, lab: Lab) -> None:
    answer = page.request.get(f"{lab.address}/api/contents")
    assert answer.status == 403


def test_every_notebook_runs_from_top_to_bottom(page: Page, lab: Lab, requests: list[str]) -> None:
    """Two at a time, as there are two processors."""
    open_start(page, lab)
    wrong: dict[str, list[str]] = {}
    for two in (NOTEBOOKS[at : at + 2] for at in range(0, len(NOTEBOOKS), 2)):
        for name in two:
            run_all(page, name)
        for name in two:
            to_front(page, name)
            for cell in finished(page, lab, name):
                if said := what_is_wrong(cell):
                    wrong.setdefault(name, []).append(said)
        stop_kernels(page, lab)
    assert wrong == {}
    assert outside(requests) == []


def focused(page: Page) -> str:
    """The name of what has the focus, as a screen reader says it."""
    said = page.evaluate(
        """() => {
          const one = document.activeElement;
          const label = one.labels?.[0]?.textContent;
          return label ?? one.getAttribute("aria-label") ?? one.textContent;
        }"""
    )
    return " ".join(str(said).split())


def tab_to(page: Page, name: str) -> None:
    passed = []
    for _ in range(60):
        page.keyboard.press("Tab")
        passed.append(focused(page)[:60])
        if passed[-1].startswith(name):
            return
    raise AssertionError(f"Tab does not lead to {name}: {passed}")


TEXTS = """explorer => [...explorer.querySelectorAll(".widget-html-content")]
    .map(one => one.textContent)"""
SELECTED = """explorer => [...explorer.querySelectorAll("select")]
    .map(one => [one.selectedOptions[0].text, one.disabled])"""
BOXES = """explorer => [...explorer.querySelectorAll(".evidence-trials .widget-checkbox")]
    .map(one => [one.textContent.trim(), one.querySelector("input").checked,
                 one.querySelector("input").disabled])"""


def dense(text: str) -> str:
    # Labels of widgets begin with a space of no width.
    return "".join(text.replace("\N{ZERO WIDTH SPACE}", "").split())


def words_of(widget: Any) -> list[str]:
    """The words of all HTML in a widget, in their order."""
    if isinstance(widget, ipywidgets.HTML):
        return [dense(fromstring(f"<div>{widget.value}</div>").text_content())]
    return [one for child in getattr(widget, "children", ()) for one in words_of(child)]


def state_of(explorer: Explorer) -> dict[str, Any]:
    """What an explorer shows, as the page has it."""
    return {
        "texts": words_of(explorer.box),
        "selected": [[dense(str(one.label)), one.disabled] for one in explorer.choices.values()],
        "boxes": [
            [dense(one.description), one.value, one.disabled] for one in explorer.trials.values()
        ],
    }


def shown(explorer: Locator) -> dict[str, Any]:
    return {
        "texts": [dense(one) for one in explorer.evaluate(TEXTS)],
        "selected": [[dense(label), off] for label, off in explorer.evaluate(SELECTED)],
        "boxes": [[dense(label), *rest] for label, *rest in explorer.evaluate(BOXES)],
    }


def test_all_parts_of_the_explorer_agree_after_each_of_forty_changes(
    page: Page, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same changes by hand in the page and in Python show the same, each time, everywhere."""
    monkeypatch.setenv("EVIDENCE_DATA", str(lab.folder / "data"))
    open_start(page, lab)
    run_all(page, "40_explore.ipynb")
    explorer = panel(page, "40_explore.ipynb").locator(".evidence-explore")
    expect(explorer.locator(".answer")).to_contain_text("0.52", timeout=RUN * 1000)
    own = Explorer(
        evidence.load(),
        therapy="abft",
        outcome="depression",
        timepoint="post",
        root=lab.folder,
    )
    # Each widget is changed by these, which is looked at below.
    draw, changed = random.Random(7), set[str]()
    for step in range(40):
        change = name, value = changes.drawn(own, draw)
        if name == changes.RESET:
            explorer.get_by_role("button", name="Back to the main analysis").click()
        elif name in own.choices:
            labels = {one: label for label, one in own.choices[name].options}
            explorer.locator("select").nth([*own.choices].index(name)).select_option(
                label=labels[value]
            )
        else:
            boxes = explorer.locator(".evidence-trials input")
            boxes.nth([*own.trials].index(name)).set_checked(value)
        before = own.specification
        changes.apply(own, change)
        if own.specification != before or name == changes.RESET:
            changed.add(name)
        right, until = state_of(own), time.monotonic() + STOP
        while (found := shown(explorer)) != right and time.monotonic() < until:
            page.wait_for_timeout(50)
        for part, one in right.items():
            assert found[part] == one, f"step {step}, {part}: {change}"
    assert changed >= {*own.choices, changes.RESET}
    assert changed - {*own.choices, changes.RESET}, "no trial was taken out or in"


def test_choices_are_changed_by_keys_and_become_a_report(
    page: Page, lab: Lab, requests: list[str]
) -> None:
    open_start(page, lab)
    run_all(page, "40_explore.ipynb")
    explorer = panel(page, "40_explore.ipynb").locator(".evidence-explore")
    answer, figure = explorer.locator(".answer"), explorer.locator("svg").first
    expect(answer).to_contain_text("(95% CI, −0.29 to 1.33", timeout=RUN * 1000)
    before = figure.inner_html()
    results = Axe().run(page, context=".evidence-explore")
    assert results.violations_count == 0, results.generate_report()

    tab_to(page, "Interval")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(answer).to_contain_text("0.15 to 0.89")
    assert figure.inner_html() != before

    tab_to(page, "Diamond 2010")
    page.keyboard.press("Space")
    expect(answer).to_contain_text("without Diamond 2010, by choice")
    assert focused(page).startswith("Diamond 2010")

    tab_to(page, "Show the entry of the catalog")
    page.keyboard.press("Enter")
    expect(explorer.locator(".evidence-request pre")).to_contain_text('leave_out = ["diamond2010"]')
    tab_to(page, "Write this entry")
    page.keyboard.press("Enter")
    expect(explorer).to_contain_text("Written: the catalog now has the report")
    assert outside(requests) == []

    report = "abft-depression-post-trials-without-diamond2010-interval-wald"
    done = subprocess.run(
        [sys.executable, "-m", "evidence", "build", report],
        cwd=lab.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "1 built" in done.stdout
    page.goto((lab.folder / "reports" / f"{report}.html").as_uri())
    expect(page.locator("main")).to_contain_text("without Diamond 2010")
