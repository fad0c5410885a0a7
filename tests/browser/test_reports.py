"""Each report as a reader meets it: from disk, by keyboard, on a phone, with a screen reader."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PAGES, REPORTS, address

pytestmark = pytest.mark.browser

REPORTS_WITH_NUMBERS = [
    name
    for name in PAGES
    if name != "index.html" and '<a class="n"' in (REPORTS / name).read_text("utf-8")
]
"""Pages with numbers that lead somewhere."""
REPORTS_WITH_ORIGINS = [
    name
    for name in REPORTS_WITH_NUMBERS
    if re.search(r'<a class="n" (?:id="[^"]*" )?href="#', (REPORTS / name).read_text("utf-8"))
]
REPORTS_WITH_PAIRS = [
    name for name in PAGES if 'class="pair"' in (REPORTS / name).read_text("utf-8")
]
FIRST_SCREEN = 2000


@pytest.fixture(scope="module")
def narrow(browser: Browser) -> Iterator[Page]:
    """One window whose width changes."""
    opened = browser.new_page()
    yield opened
    opened.close()


END_OF_FIRST_CHARACTERS = """count => {
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  // The first screen of a card that knows little ends before so many characters.
  const behind = document.querySelector("main h2");
  const after = Node.DOCUMENT_POSITION_FOLLOWING | Node.DOCUMENT_POSITION_CONTAINED_BY;
  let seen = 0, bottom = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (behind && behind.compareDocumentPosition(node) & after) return [count, bottom];
    const range = document.createRange();
    range.selectNodeContents(node);
    const text = node.textContent.replace(/\\s+/g, " ");
    if (!text.trim()) continue;
    if (node.parentElement.closest("svg > title, svg > desc")) {
      // Alternative text is read, and takes no room.
      seen += text.length;
      if (seen >= count) break;
      continue;
    }
    if (!range.getClientRects().length) continue;
    if (seen + text.length > count) range.setEnd(node, Math.min(count - seen, node.length));
    bottom = Math.max(bottom, range.getBoundingClientRect().bottom + window.scrollY);
    seen += text.length;
    if (seen >= count) break;
  }
  return [seen, bottom];
}"""


def test_there_are_reports_to_open() -> None:
    assert "index.html" in PAGES
    assert REPORTS_WITH_NUMBERS
    assert REPORTS_WITH_PAIRS


@pytest.mark.parametrize("name", PAGES)
def test_it_opens_from_disk_without_a_request(page: Page, requests: list[str], name: str) -> None:
    page.goto(address(name))
    page.wait_for_load_state("networkidle")
    assert requests == [address(name)]


@pytest.mark.parametrize("name", PAGES)
def test_it_has_no_axe_violation(shared: Page, name: str) -> None:
    shared.goto(address(name))
    # What stands in closed parts is for readers too.
    shared.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    # It judges the contrast of each word and link anew, which is most of its time: here each pair
    # of colors is judged once, and that every link is underlined, by `test_color`.
    elsewhere = {key: {"enabled": False} for key in ("color-contrast", "link-in-text-block")}
    options = {"rules": elsewhere, "resultTypes": ["violations"]}
    results = Axe().run(shared, options=options)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("name", REPORTS_WITH_ORIGINS)
def test_a_click_on_a_number_lands_on_where_it_comes_from(page: Page, name: str) -> None:
    page.goto(address(name))
    # Counts of rows lead to the table that counts them; where a page has no others, there.
    links = page.locator("a.n[href^='#']:not([href^='#count-'])")
    link = links.first if links.count() else page.locator("a.n[href^='#']").first
    number = link.inner_text()
    target = (link.get_attribute("href") or "").removeprefix("#")
    link.click()
    assert page.evaluate("decodeURIComponent(location.hash)") == f"#{target}"
    place = page.locator(f'[id="{target}"]')
    box = place.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 1100
    assert number.split(" ")[0] in place.inner_text()
    assert place.evaluate("one => one.closest('.provenance') !== null")
    # It is marked, so that a reader sees where the click has led.
    assert place.evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(255, 243, 196)"


@pytest.mark.parametrize("name", PAGES)
def test_it_never_scrolls_sideways(narrow: Page, name: str) -> None:
    narrow.set_viewport_size({"width": 320, "height": 900})
    narrow.goto(address(name))
    narrow.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 320
    narrow.set_viewport_size({"width": 800, "height": 900})
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 800


@pytest.mark.parametrize("name", REPORTS_WITH_NUMBERS)
def test_the_first_screen_holds_its_first_characters(shared: Page, name: str) -> None:
    shared.goto(address(name))
    seen, bottom = shared.evaluate(END_OF_FIRST_CHARACTERS, FIRST_SCREEN)
    assert seen >= FIRST_SCREEN
    assert bottom <= 1100


@pytest.mark.parametrize("name", REPORTS_WITH_PAIRS)
def test_the_two_estimates_stand_in_the_same_size(shared: Page, name: str) -> None:
    shared.goto(address(name))
    sizes = shared.locator(".pair .est b").evaluate_all(
        "all => all.map(one => getComputedStyle(one).fontSize)"
    )
    assert len(set(sizes)) == 1


@pytest.mark.parametrize("name", REPORTS_WITH_NUMBERS)
def test_it_can_be_read_without_scripts(page: Page, name: str) -> None:
    context = page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    try:
        plain = context.new_page()
        plain.goto(address(name))
        assert plain.locator("h1").is_visible()
        # The start page has its numbers in a figure.
        assert plain.locator("table:not(details table), main figure").first.is_visible()
        assert not plain.locator("form").is_visible()
    finally:
        context.close()


@pytest.mark.parametrize("name", PAGES)
def test_the_first_stop_of_the_keyboard_skips_to_the_content(shared: Page, name: str) -> None:
    shared.goto(address(name))
    shared.keyboard.press("Tab")
    link = shared.locator("a.skip")
    assert link.evaluate("one => one === document.activeElement")
    box = link.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    shared.keyboard.press("Enter")
    assert shared.evaluate("location.hash") == "#main"


INJECTED = """() => {
  const script = document.createElement("script");
  script.textContent = "window.injected = true";
  document.body.append(script);
  return window.injected === undefined;
}"""


@pytest.mark.parametrize("name", ["index.html", "abft-depression-post.html"])
def test_the_policy_of_a_page_lets_its_own_parts_work_and_no_others(name: str, page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(address(name))
    assert page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") != "none"
    if name == "index.html":
        page.fill("#words", "Diamond 2010")
        page.wait_for_function("document.querySelector('#count').textContent.includes(' of ')")
    assert said == []
    assert page.evaluate(INJECTED)
    assert len(said) == 1
    assert "Content Security Policy" in said[0]
