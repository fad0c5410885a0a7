"""Pages are of a length that is read: words counted, sentences and rows that repeat found."""

import re
from collections import Counter
from functools import cache

import pytest

from tests.reports import crawl

ALL_PAGES = 75_000
"""Words of all pages but the index."""
PROVENANCE = 25_000
"""Of these, words on where numbers come from."""
PAGE = 6_000
OPEN = 2_500
"""Words of a page that stand open below its first screen."""
PER_NUMBER = 90
"""Words of the index for each number in it."""
LONGER = {
    "claims.html": 8_400,
    "data-audit.html": 7_800,
    "summary.html": 4_800,
}
"""Pages that answer many questions at once: 27 claims, all findings of the audit, all outcomes."""
PAGES = sorted(one.name for one in crawl.REPORTS.glob("*.html") if one.name != "index.html")


@cache
def words(name: str) -> list[tuple[str, bool, bool]]:
    """Return each word of a page, whether it is folded, and whether it is below the first screen.

    Words are those of the text nodes of the body, without script, style and drawings.
    """
    found: list[tuple[str, bool, bool]] = []
    below = False

    def walk(element: crawl.HtmlElement, *, folded: bool) -> None:
        nonlocal below
        if not isinstance(element.tag, str) or element.tag in ("script", "style", "svg"):
            return
        below = below or element.tag == "h2"
        inner = folded or element.tag == "details"
        found.extend((one, inner, below) for one in (element.text or "").split())
        for child in element:
            walk(child, folded=inner)
            found.extend((one, inner, below) for one in (child.tail or "").split())

    walk(crawl.page(name).body, folded=False)
    return found


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_no_longer_than_it_is_read(name: str) -> None:
    assert len(words(name)) <= LONGER.get(name, PAGE)
    still_open = sum(below and not folded for _, folded, below in words(name))
    assert still_open <= OPEN


def test_all_pages_together_are_no_longer_than_a_book() -> None:
    assert sum(len(words(one)) for one in PAGES) <= ALL_PAGES


def test_where_numbers_come_from_is_a_third_of_it_at_most() -> None:
    whole = "descendant::*[contains(concat(' ', @class, ' '), ' provenance ')]"
    inside = f"{whole}[not(ancestor::*[contains(concat(' ', @class, ' '), ' provenance ')])]"
    found = sum(
        len(text.split())
        for name in PAGES
        for section in crawl.page(name).xpath(inside)
        for text in section.xpath(".//text()[not(ancestor::svg)]")
    )
    assert 10_000 < found <= PROVENANCE


def test_the_index_says_of_each_number_what_it_is_and_no_more() -> None:
    numbers = len((crawl.REPORTS / "estimates.csv").read_text("utf-8").splitlines()) - 1
    assert len(words("index.html")) <= PER_NUMBER * numbers


LEAST = 14
"""Words of a sentence that is long enough to be tired of."""
MOST_PAGES = 2
EVERYWHERE = re.compile(
    r"^(No systematic search was made|In danger, or|Call the local emergency|find a helpline|"
    r"Report .*, data |Attachment-therapy evidence workbook|Nothing here)"
)
"""What each page says of itself: its state, its limits, where help is."""


def test_no_long_sentence_stands_on_more_than_two_pages() -> None:
    """Cards of trials are one page in many copies, so that what each says is said once a trial."""
    seen: Counter[str] = Counter()
    for name in PAGES:
        if name.startswith("trial-"):
            continue
        text = " ".join(one for one, _, _ in words(name))
        sentences = {one.strip() for one in re.split(r"(?<=[.!?]) (?=[A-Z])", text)}
        seen.update(one for one in sentences if len(one.split()) >= LEAST)
    repeated = [
        one for one, pages in seen.items() if pages > MOST_PAGES and not EVERYWHERE.match(one)
    ]
    assert len(repeated) <= 40, repeated
