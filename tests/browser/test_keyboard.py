"""Paths through the reports by keyboard alone."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PAGES, address

pytestmark = pytest.mark.browser

KINDS = {
    "start": "start-here.html",
    "pooled": "abft-depression-post.html",
    "follow-up": "abft-follow-up.html",
    "rare events": "abft-suicide-attempts.html",
    "claims": "claims.html",
    "trial card": "trial-diamond2010.html",
}
"""One report of each kind."""

FOCUSED = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  return {
    tag: one.tagName.toLowerCase(), id: one.id, href: one.getAttribute("href") || "",
    text: one.innerText || "", place: one.closest(".provenance") !== null,
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
  };
}"""

STOPS = """() => {
  // Every stop of the keyboard in the order of the page, as the tree of the document has it.
  const stops = "a[href], button, input, select, textarea, summary, [tabindex='0']";
  return [...document.querySelectorAll(stops)]
    .filter(one => !one.disabled && one.checkVisibility({visibilityProperty: true})
      && (one.tagName !== "INPUT" || one.type !== "hidden"))
    .map((one, place) => { one.dataset.stop = place; return place; }).length;
}"""

WALKED = """() => {
  // Read at each stop: a listener sees every focus without a round trip to the test.
  window.walked = [];
  document.addEventListener("focusin", event => {
    const style = getComputedStyle(event.target), box = event.target.getBoundingClientRect();
    window.walked.push({
      stop: event.target.dataset.stop === undefined ? -1 : +event.target.dataset.stop,
      what: event.target.outerHTML.slice(0, 120),
      outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
      seen: box.bottom > 0 && box.top < innerHeight && box.width > 0 && box.right > 0
        && box.left < innerWidth,
    });
  });
}"""


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, selector: str, *, most: int = 60) -> None:
    """Tab on until an element of this kind has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("what => document.activeElement.matches(what)", selector):
            return
    pytest.fail(f"{most} times Tab lead to no {selector}")


def focused(page: Page) -> dict[str, object]:
    found: dict[str, object] = page.evaluate(FOCUSED)
    return found


@pytest.mark.parametrize("name", PAGES)
def test_tab_stops_everywhere_in_reading_order_in_sight_and_leaves(shared: Page, name: str) -> None:
    shared.goto(address(name))
    shared.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    stops = shared.evaluate(STOPS)
    shared.evaluate(WALKED)
    for _ in range(stops):
        shared.keyboard.press("Tab")
    walked = shared.evaluate("window.walked")
    order = [one["stop"] for one in walked]
    assert order == list(range(stops)), "the keyboard does not follow the order of the page"
    hidden = [one["what"] for one in walked if not one["seen"]]
    assert not hidden, "the focus is out of sight"
    bare = [one["what"] for one in walked if not one["outlined"]]
    assert not bare, "the focus cannot be seen"
    # Nothing holds the keyboard, the last stop included.
    shared.keyboard.press("Tab")
    last = shared.evaluate("document.activeElement.dataset.stop")
    assert stops == 1 or last != str(stops - 1), "the last stop holds the keyboard"


@pytest.mark.parametrize("kind", KINDS)
def test_the_skip_link_passes_the_navigation(page: Page, kind: str) -> None:
    page.goto(address(KINDS[kind]))
    press(page, "Tab")
    assert focused(page)["href"] == "#main"
    press(page, "Enter", "Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    assert focused(page)["seen"]


STEPS = 3
"""From a pooled number to its set, to an estimate in it, to the source."""


def test_a_number_that_another_report_tells_leads_there(page: Page) -> None:
    page.goto(address(KINDS["start"]))
    tab_to(page, "main a.n[href*='.html#n-']")
    number, href = focused(page)["text"], str(focused(page)["href"])
    press(page, "Enter")
    page.wait_for_url(f"**/{href}")
    # It is folded until a link leads to it.
    there = page.locator(f"[id='{href.partition('#')[2]}']")
    assert there.is_visible()
    assert str(number).split(" ")[0].strip() in there.inner_text()


@pytest.mark.parametrize("kind", [one for one in KINDS if one != "start"])
def test_a_number_leads_to_its_source_and_back(page: Page, kind: str) -> None:
    page.goto(address(KINDS[kind]))
    tab_to(page, "main a.n[href^='#n-'], main a.n[href^='#p-']")
    start = focused(page)
    number = re.sub(r"\s+", " ", str(start["text"]))
    target = str(start["href"]).removeprefix("#")

    press(page, "Enter")
    place = focused(page)
    assert place["id"] == target, "the focus does not follow the link to the place"
    assert page.evaluate("decodeURIComponent(location.hash.slice(1))") == target
    assert place["seen"]
    assert place["place"]
    assert number.split(" ")[0] in str(place["text"])

    # On from the place: the way back, then the source, or the estimate that has the source.
    stops = []
    for _ in range(3):
        press(page, "Tab")
        stops.append(focused(page))
    back = [one for one in stops if str(one["href"]).startswith("#from-")]
    ahead = [one for one in stops if one not in back]
    assert back
    # A method says how it was pooled; what it was pooled from leads on.
    on = next(one for one in ahead if not str(one["href"]).startswith("#method-"))
    assert on["place"]
    for _ in range(STEPS):
        if not str(on["href"]).startswith("#"):
            break
        page.evaluate(
            "href => document.querySelector(`.provenance a[href='${href}']`).focus()", on["href"]
        )
        press(page, "Enter")
        assert f"#{focused(page)['id']}" == on["href"]
        further = "a[href^='http'], a[href^='trial-'], a[href^='#']:not(.back)"
        tab_to(page, f".provenance :is({further})", most=3)
        on = focused(page)
    # A card, in its turn, has the address.
    assert re.match(r"https://|trial-\w+\.html#n-", str(on["href"]))

    # And the way back takes keyboard and eye to where the number stands.
    page.evaluate("id => document.getElementById(id).focus()", target)
    tab_to(page, "a.back", most=2)
    press(page, "Enter")
    again = focused(page)
    assert again["href"] == f"#{target}"
    assert page.evaluate("document.activeElement.closest('.provenance') === null")
    assert again["seen"]
    press(page, "Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_the_browser_goes_back_to_the_number(page: Page) -> None:
    page.goto(address(KINDS["pooled"]))
    tab_to(page, "main a.n")
    press(page, "Enter")
    assert page.evaluate("scrollY") > 1100
    page.go_back()
    page.wait_for_function("scrollY === 0")
    assert page.locator("main a.n").first.is_visible()


@pytest.mark.parametrize("kind", ["pooled", "follow-up", "start"])
@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_what_is_folded_opens_and_closes(page: Page, kind: str, key: str) -> None:
    page.goto(address(KINDS[kind]))
    page.locator("summary").first.focus()
    folded = page.locator("details").first
    assert not folded.evaluate("one => one.open")
    press(page, key)
    assert folded.evaluate("one => one.open")
    press(page, "Tab")
    assert page.evaluate("document.activeElement.closest('details') !== null")
    press(page, "Shift+Tab", key)
    assert not folded.evaluate("one => one.open")


@pytest.mark.parametrize("kind", ["pooled", "trial card", "claims"])
def test_what_is_wider_than_a_phone_scrolls_by_arrow_keys(page: Page, kind: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(address(KINDS[kind]))
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    regions = page.locator(".scroll")
    faults = regions.evaluate_all(
        """all => all.filter(one => one.tabIndex !== 0 || one.getAttribute("role") !== "region"
          || !(one.getAttribute("aria-label") || "").trim())
          .map(one => one.outerHTML.slice(0, 90))"""
    )
    assert not faults, "a region without name or stop"
    # Whatever scrolls sideways is such a region: nothing else can be reached only with a mouse.
    others = page.evaluate(
        """() => [...document.querySelectorAll("main *")].filter(one =>
          ["auto", "scroll"].includes(getComputedStyle(one).overflowX)
          && one.scrollWidth > one.clientWidth && !one.matches(".scroll")
          ).map(one => one.outerHTML.slice(0, 80))"""
    )
    assert not others
    wide = regions.evaluate_all(
        "all => all.findIndex(one => one.scrollWidth > one.clientWidth + 40)"
    )
    assert wide >= 0, "nothing on this page is wider than a phone"
    region = regions.nth(wide)
    region.focus()
    press(page, *["ArrowRight"] * 3)
    page.wait_for_function("one => one.scrollLeft > 0", arg=region.element_handle())
    press(page, "End")
    press(page, *["ArrowLeft"] * 12)
    page.wait_for_function("one => one.scrollLeft === 0", arg=region.element_handle())
