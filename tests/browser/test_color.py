"""What a color says is said in another way too."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

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


@pytest.fixture(scope="module")
def shared(browser: Browser) -> Iterator[Page]:
    """One window for pages that are only looked at."""
    opened = browser.new_page(viewport={"width": 800, "height": 1100})
    yield opened
    opened.close()


@pytest.mark.parametrize("name", PAGES)
def test_links_are_underlined_and_tags_are_words(shared: Page, name: str) -> None:
    shared.goto(address(name))
    looks = shared.evaluate(LOOKS)
    assert not looks["bare"], "a link that only a color tells from the text"
    for kind, said in looks["tags"]:
        assert said.strip()
        # Those that have a color of their own say its word.
        assert set(kind.split()) & PROCESSING == {said} & PROCESSING
    assert not looks["empty"], "a patch of color without a word"
