"""Twice the size, and paper: nothing is lost, cut, laid over another or folded away."""

import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from tests.browser.conftest import PAGES, address

pytestmark = pytest.mark.browser

# 1280 by 1024 at twice the size is a window of half of both.
ZOOMED = {"width": 640, "height": 512}
# Pixels of CSS between the margins of 16 mm of the style sheet.
PAPER = {"A4": (210 - 32) / 25.4 * 96, "Letter": 8.5 * 96 - 32 / 25.4 * 96}

OPEN = "document.querySelectorAll('details').forEach(one => { one.open = true })"

LOST = """() => {
  const lost = [], show = one => one.outerHTML.slice(0, 90);
  for (const one of document.querySelectorAll("body *:not(svg *)")) {
    const style = getComputedStyle(one);
    const cuts = way => ["hidden", "clip"].includes(way);
    if (!one.checkVisibility()) continue;
    if (cuts(style.overflowX) && one.scrollWidth > one.clientWidth + 1) lost.push(show(one));
    if (cuts(style.overflowY) && one.scrollHeight > one.clientHeight + 1) lost.push(show(one));
  }
  const wide = document.documentElement.clientWidth + 1;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || parent.closest("script, style, svg, .skip, option")) continue;
    if (!parent.checkVisibility()) continue;
    // A region that scrolls holds what is wider than the page.
    if (parent.closest(".scroll") && getComputedStyle(parent.closest(".scroll")).overflowX
      === "auto") continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    if ([...range.getClientRects()].some(box => box.width && (box.left < -1 || box.right > wide)))
      lost.push(node.data.slice(0, 90));
  }
  return lost;
}"""

OVERLAID = """() => {
  const boxes = [];
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.data.trim() || node.parentElement.closest("script, style, svg, option")) continue;
    if (!node.parentElement.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects())
      if (box.width > 1 && box.height > 1) boxes.push([box, node.data.trim().slice(0, 40)]);
  }
  boxes.sort((one, two) => one[0].top - two[0].top);
  const found = [];
  boxes.forEach(([one, said], place) => {
    for (const [two, other] of boxes.slice(place + 1)) {
      if (two.top > one.bottom) break;
      const across = Math.min(one.right, two.right) - Math.max(one.left, two.left);
      const down = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
      // Boxes of lines are higher than their letters.
      if (across > 2 && down > 6) found.push(`${said} / ${other}`);
    }
  });
  return found;
}"""

WORDS = """() => {
  // A figure has a drawing for wide windows and one with fewer words for narrow ones.
  const drawn = [...document.querySelectorAll("svg")], show = way => drawn.forEach(one => {
    one.style.visibility = way; });
  show("hidden");
  const words = document.body.innerText.split(/\\s+/).length;
  show("");
  return words;
}"""

SIZES = """() => [...document.querySelectorAll("body *:not(svg *)")].filter(one =>
  [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())
  && one.checkVisibility()).map(one =>
  [one.outerHTML.slice(0, 90), parseFloat(getComputedStyle(one).fontSize)])"""

UNPRINTED = """() => ({
  wide: [...document.querySelectorAll("table, svg, img, pre, .scroll")].filter(one => {
    const box = one.getBoundingClientRect();
    return one.checkVisibility() && (box.left < -1
      || box.right > document.documentElement.clientWidth + 1
      || (one.matches(".scroll") && (one.scrollWidth > one.clientWidth + 1
        || getComputedStyle(one).overflowX !== "visible")));
  }).map(one => one.outerHTML.slice(0, 90)),
  folded: [...document.querySelectorAll("details")].filter(one => one.checkVisibility()
    && !one.querySelector("tbody tr:nth-child(100)")
    && !one.lastElementChild.checkVisibility({contentVisibilityAuto: true})
    ).map(one => one.innerText.slice(0, 90)),
  heads: [...document.querySelectorAll("thead")].filter(one =>
    getComputedStyle(one).display !== "table-header-group").length,
  split: [...document.querySelectorAll("tr, article, .est, figure")].filter(one =>
    getComputedStyle(one).breakInside !== "avoid").map(one => one.outerHTML.slice(0, 90)),
  screen: [...document.querySelectorAll("nav, .skip, .back, form")].filter(one =>
    one.checkVisibility()).map(one => one.outerHTML.slice(0, 90)),
})"""

TABLES = """() => [...document.querySelectorAll("table")].filter(one => one.checkVisibility()
  && !one.closest("details:not([open])")).map(one => ({
  last: [...one.rows].map(row => row.lastElementChild.innerText).join(" "),
  head: one.tHead ? one.tHead.innerText.trim() : "",
}))"""


@pytest.fixture(scope="module")
def zoomed(browser: Browser) -> Iterator[Page]:
    """One window of 1280 by 1024 pixels at twice the size."""
    context = browser.new_context(viewport=ZOOMED, device_scale_factor=2)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def paper(browser: Browser) -> Iterator[Page]:
    """One window that shows pages as they are printed."""
    opened = browser.new_page()
    opened.emulate_media(media="print")
    yield opened
    opened.close()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_lost_at_twice_the_size(zoomed: Page, name: str) -> None:
    zoomed.set_viewport_size({"width": 1280, "height": 1024})
    zoomed.goto(address(name))
    zoomed.evaluate(OPEN)
    words = zoomed.evaluate(WORDS)
    before = zoomed.evaluate(SIZES)

    zoomed.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    assert zoomed.evaluate(WORDS) == words, "zoomed, words are hidden"
    assert zoomed.evaluate("document.documentElement.scrollWidth") <= 640, "zoomed, too wide"
    assert not zoomed.evaluate(LOST), "zoomed, text is cut"
    assert not zoomed.evaluate(OVERLAID), "zoomed, text lies over text"

    # Letters alone at twice their size, in the wide window.
    zoomed.set_viewport_size({"width": 1280, "height": 1024})
    zoomed.evaluate("document.documentElement.style.fontSize = '200%'")
    after = zoomed.evaluate(SIZES)
    fixed = [what for (what, one), (_, two) in zip(before, after, strict=True) if two < 1.9 * one]
    assert not fixed, "letters of a fixed size"
    assert zoomed.evaluate(WORDS) == words, "in large letters, words are hidden"
    assert zoomed.evaluate("document.documentElement.scrollWidth") <= 1280, (
        "large letters, too wide"
    )
    assert not zoomed.evaluate(LOST), "in large letters, text is cut"
    assert not zoomed.evaluate(OVERLAID), "in large letters, text lies over text"


@pytest.mark.parametrize("name", PAGES)
def test_paper_holds_every_table_and_what_is_folded(paper: Page, name: str) -> None:
    for form, width in PAPER.items():
        paper.set_viewport_size({"width": int(width), "height": 985})
        if form == "A4":
            paper.goto(address(name))
        found = paper.evaluate(UNPRINTED)
        assert not found["wide"], f"cut on {form}"
        assert not found["folded"], f"folded away on {form}"
        assert not found["heads"], "headings of a table do not stand on each of its pages"
        assert not found["split"], "parted by the end of a page"
        assert not found["screen"], "on paper for nothing"
        assert not paper.evaluate(LOST), f"text is cut on {form}"
        assert not paper.evaluate(OVERLAID), f"text lies over text on {form}"


def _words(text: str) -> Counter[str]:
    """Return the words of a text, ligatures undone and signs left out."""
    plain = unicodedata.normalize("NFKC", text)
    return Counter("".join(one if one.isalnum() else " " for one in plain).split())


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("abft-suicidal-ideation-post.html", "Letter"),
        ("abct-affective-distress-post.html", "A4"),
        ("trial-diamond2010.html", "A4"),
        ("claims.html", "Letter"),
    ],
)
def test_print_preview_has_the_last_column_of_each_table(paper: Page, name: str, form: str) -> None:
    paper.goto(address(name))
    tables = paper.evaluate(TABLES)
    assert tables
    pages = [one.extract_text() for one in PdfReader(io.BytesIO(paper.pdf(format=form))).pages]
    printed = _words(" ".join(pages))
    last = _words(" ".join(one["last"] for one in tables))
    # Words that a line parts with a hyphen come in two.
    missing = {word: n for word, n in last.items() if printed[word] < n}
    assert not missing
    # A reader of paper can follow a number to its source.
    whole = _without_hyphens("".join(pages))
    for source in paper.locator(".cited [data-reference]").all():
        reference = source.get_attribute("data-reference")
        assert reference
        assert _without_hyphens(reference) in whole
    for link in paper.locator(".provenance a[href^='http']").all()[:1]:
        address_of_source = link.get_attribute("href")
        assert address_of_source
        assert _without_hyphens(address_of_source) in whole


def _without_hyphens(text: str) -> str:
    # Lines part words, and fonts join letters.
    return re.sub(r"[\s\u00ad\u2010-]", "", unicodedata.normalize("NFKC", text))


def test_the_headings_of_a_long_table_stand_on_each_of_its_pages(paper: Page) -> None:
    paper.goto(address("effect-sizes.html"))
    longest = max(paper.evaluate(TABLES), key=lambda one: len(one["last"]))
    head = "".join(longest["head"].split())
    data = paper.pdf(format="A4")
    pages = ["".join(one.extract_text().split()) for one in PdfReader(io.BytesIO(data)).pages]
    assert sum(head in one for one in pages) > 1


LONGER = """() => {
  const body = document.querySelector("details:not([open]) table tbody");
  while (body.rows.length < 100) body.append(body.rows[0].cloneNode(true));
}"""


def test_a_long_list_says_that_it_is_folded_and_fits_when_open(paper: Page) -> None:
    paper.set_viewport_size({"width": int(PAPER["A4"]), "height": 985})
    paper.goto(address("data-audit.html"))
    # No table of the workbook is that long; that of a large database is.
    paper.evaluate(LONGER)
    long = paper.locator("details:has(tbody tr:nth-child(100))")
    assert long.count() == 1
    said = long.locator("summary").evaluate("one => getComputedStyle(one, '::after').content")
    assert "open it first" in said
    long.evaluate("one => { one.open = true }")
    said = long.locator("summary").evaluate("one => getComputedStyle(one, '::after').content")
    assert said == "none"
    assert not paper.evaluate(UNPRINTED)["wide"]
    assert not paper.evaluate(LOST)
