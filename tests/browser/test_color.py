"""What a color says is said in another way too."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PAGES, address

pytestmark = pytest.mark.browser

PROCESSING = {"printed", "converted", "reconstructed", "imputed"}

LOOKS = """() => {
  document.querySelectorAll("details").forEach(one => { one.open = true });
  const show = one => one.outerHTML.slice(0, 90);
  return {
    bare: [...document.querySelectorAll("a[href]")].filter(one => one.checkVisibility()
      && getComputedStyle(one).textDecorationLine !== "underline").map(show),
    tags: [...document.querySelectorAll(".tag")].map(one => [one.className, one.innerText]),
    empty: [...document.querySelectorAll("main span, main b, main i, main td")].filter(one =>
      !one.innerText.trim() && !one.querySelector("img, svg")
      && getComputedStyle(one).backgroundColor !== "rgba(0, 0, 0, 0)").map(show),
  };
}"""


PAIRS = """() => {
  // Each pair of a color of text and what lies behind it once, with the smallest size of letters.
  document.querySelectorAll("details").forEach(one => { one.open = true });
  const found = new Map(), clear = color => color === "rgba(0, 0, 0, 0)";
  for (const one of document.querySelectorAll("body *")) {
    if (!one.checkVisibility() || !one.closest("main, header, footer, nav, form, .skip")) continue;
    if (![...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    const drawn = one.closest("svg"), style = getComputedStyle(one);
    if (drawn && one.closest("title, desc, style, defs")) continue;
    let behind = drawn ?? one;
    while (behind && clear(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
    const back = behind ? getComputedStyle(behind).backgroundColor : "rgb(255, 255, 255)";
    const text = drawn ? style.fill : style.color, key = `${text}|${back}`;
    const size = parseFloat(style.fontSize) * (style.fontWeight >= 700 ? 24 / 18.66 : 1);
    if (!found.has(key) || found.get(key)[2] > size)
      found.set(key, [text, back, size, one.outerHTML.slice(0, 90)]);
  }
  return [...found.values()];
}"""


def luminance(color: str) -> float:
    """Return the relative luminance of a color (WCAG 2.2, definition of relative luminance)."""
    red, green, blue, *opacity = (float(one) for one in re.findall(r"[\d.]+", color))
    assert opacity in ([], [1.0]), f"{color}: what lies behind it shines through"
    linear = [
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4
        for one in (red / 255, green / 255, blue / 255)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    """Return the ratio of contrast of two colors (WCAG 2.2, 1.4.3)."""
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_recommendation() -> None:
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)
    assert contrast("rgb(118, 118, 118)", "rgb(255, 255, 255)") == pytest.approx(4.54, abs=0.005)


def test_letters_stand_out_from_what_is_behind_them(opened: Page) -> None:
    pairs = opened.evaluate(PAIRS)
    assert pairs
    faint = [
        (round(contrast(text, back), 2), text, back, what)
        for text, back, size, what in pairs
        if contrast(text, back) < (3 if size >= 24 else 4.5)
    ]
    assert not faint


@pytest.fixture(scope="module", params=PAGES)
def opened(shared: Page, request: pytest.FixtureRequest) -> Page:
    """Each report, opened once for all that is only looked at."""
    shared.goto(address(request.param))
    return shared


def test_links_are_underlined_and_tags_are_words(opened: Page) -> None:
    looks = opened.evaluate(LOOKS)
    assert not looks["bare"], "a link that only a color tells from the text"
    for kind, said in looks["tags"]:
        assert said.strip()
        # Those that have a color of their own say its word.
        assert set(kind.split()) & PROCESSING == {said} & PROCESSING
    assert not looks["empty"], "a patch of color without a word"
