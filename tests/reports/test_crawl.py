"""Every number of every first screen is in the ledger and leads to where it comes from."""

import re
from collections.abc import Callable
from functools import cache
from urllib.parse import unquote

import pytest

import evidence
from evidence import ledger
from evidence.blocks.headline import SUICIDALITY
from evidence.data.records import records
from evidence.ledger import LedgerEntry
from evidence.pages.trial_card import read_card
from evidence.terms import words_of
from tests.reports import crawl, plain_numbers
from tests.reports.crawl import REPORTS

PAGES = sorted(path.name for path in REPORTS.glob("*.html"))
# One lists all numbers, the other explains words and has no result.
FIRST_SCREENS = [name for name in PAGES if name not in ("index.html", "how-to-read.html")]
ENTRIES = {one.estimate_id: one for one in ledger.read(REPORTS / "estimates.csv")}
DATASET = evidence.load()


def led_to(name: str, href: str) -> tuple[str, str]:
    """Return the page and the id that a link of a page leads to."""
    file, _, place = href.partition("#")
    return file or name, unquote(place)


def values(entry: LedgerEntry) -> list[float | None]:
    """Return a number and its limits on the scale that pages print."""
    shares = entry.scale == "proportion" or entry.metric.endswith("risk_difference")
    factor = 100 if shares else 1
    return [
        None if one is None else factor * one for one in (entry.effect, entry.ci_low, entry.ci_high)
    ]


def prints(number: str, value: float | None) -> bool:
    """Return whether a number is what a value is at the decimals that are printed."""
    if value is None:
        return False
    digits = len(number.rstrip("%").partition(".")[2])
    return abs(crawl.value(number) - value) <= 0.5 * 10**-digits * (1 + 1e-9)


def as_printed(shown: str, entry: LedgerEntry) -> bool:
    """Return whether a link prints its number: the estimate, its limits, or both; its P too."""
    if shown_p := re.search(r"; P ([=<>]) (\.\d+)", shown):
        if not _is_p(shown_p[1], shown_p[2], entry.p_value):
            return False
        shown = shown.replace(shown_p[0], "")
    found = crawl.numbers(re.sub(r"(\d+)% CI", _level(entry), shown))
    if len(found) not in (1, 2, 3):
        return False
    effect, low, high = values(entry)
    # What was lost is a change with its sign turned, so that its limits change places.
    turned: list[float | None] = []
    if "change" in entry.estimate_id:
        turned = [None if one is None else -one for one in (effect, high, low)]
    ways = [[effect, low, high], turned]
    if entry.metric.startswith("retained_fraction") and "%" in shown:
        # Sentences say the share that is left in percent, tables as a fraction.
        ways = [[None if one is None else 100 * one for one in (effect, low, high)]]
    if re.search(r"\d (?:more|fewer)", shown):
        # Absolute effects: so many more or fewer per 1,000, the sign in words.
        found = [one.lstrip("−") for one in found]
        per_1000 = [1000 * one for one in (entry.effect, entry.ci_low, entry.ci_high) if one]
        ways = [[abs(per_1000[place]) for place in order] for order in ((0, 1, 2), (0, 2, 1))]
    return any(
        all(prints(one, value) for one, value in zip(found, wanted, strict=True))
        for way in ways
        if way
        for wanted in [{1: way[:1], 2: way[1:], 3: way}[len(found)]]
    )


def _is_p(relation: str, number: str, p: float | None) -> bool:
    """Return whether a printed P is that of the ledger."""
    if p is None:
        return False
    if relation == "=":
        return prints(number, p)
    return p < float(number) if relation == "<" else p > float(number)


def _level(entry: LedgerEntry) -> Callable[[re.Match[str]], str]:
    """Return what takes the level of an interval out of a text where it is that of the ledger."""
    return lambda level: "CI" if 100 * (entry.ci_level or 0) == int(level[1]) else level[0]


STEPS = 3
"""From a pooled number to what entered it, to an estimate, to its source."""


@cache
def behind(name: str, place: str) -> str:
    """Return the text of a place and of those that it leads to, in the page and on cards.

    Addresses stand at its end.
    """
    said: list[str] = []
    addresses: list[str] = []
    seen: set[tuple[str, str]] = set()
    places = [(name, place)]
    for _ in range(STEPS + 1):
        further = []
        for one in dict.fromkeys(places):
            if one in seen:
                continue
            seen.add(one)
            page, inside = one
            there = crawl.ids(page)[inside]
            # The sources of a term of a list follow it; those of estimates of one print stand once.
            for part in [there, *_following(there), *there.xpath("ancestor::article[1]/dl")]:
                said.append(crawl.text(part))
                links = part.xpath(".//a/@href")
                addresses += links
                further += [
                    led_to(page, href)
                    for href in links
                    if re.match(r"#(?!from-)|[\w-]+\.html#n-", href)
                ]
        places = further
    return " ".join([*said, *addresses])


def _following(there: crawl.HtmlElement) -> list[crawl.HtmlElement]:
    found = []
    one = there.getnext() if there.tag == "dt" else None
    while one is not None and one.tag == "dd":
        found.append(one)
        one = one.getnext()
    return found


@pytest.mark.parametrize("name", FIRST_SCREENS)
def test_every_linked_number_is_what_its_place_says(name: str) -> None:
    faults = []
    for piece in crawl.whole(name):
        if piece.link is None or not crawl.numbers(piece.text):
            continue
        if piece.link.get("class") != "n":
            continue
        page, place = led_to(name, piece.link.get("href"))
        if place.startswith("n-"):
            entry = ENTRIES.get(place.removeprefix("n-"))
            if entry is None:
                faults.append(f"{piece.text}: {place} is not in the ledger")
            elif not as_printed(piece.text, entry) and not plain_numbers.counts_of(
                piece.text, behind(page, place), entry
            ):
                faults.append(f"{piece.text}: {place} is {values(entry)}")
        else:
            said = [crawl.value(one) for one in crawl.numbers(behind(page, place))]
            faults += [
                f"{piece.text}: {one} is not at {place} of {page}"
                for one in crawl.numbers(piece.text)
                if not any(abs(abs(crawl.value(one)) - abs(two)) < 0.0051 for two in said)
            ]
    assert not faults


@pytest.mark.parametrize("name", FIRST_SCREENS)
def test_every_plain_number_of_a_first_screen_is_of_a_kind_that_needs_no_link(name: str) -> None:
    screen = crawl.first_screen(name)
    faults = []
    for piece in screen:
        if piece.link is None:
            faults += [
                f"{number}: {piece.text}"
                for number in plain_numbers.unexplained(name, piece, screen, ENTRIES, DATASET)
            ]
    assert not faults, "numbers that are in no link and of no kind that may stand without"


def test_first_screens_have_numbers_to_check() -> None:
    linked = {
        name: sum(
            piece.link is not None and bool(crawl.numbers(piece.text))
            for piece in crawl.first_screen(name)
        )
        for name in FIRST_SCREENS
    }
    assert sum(linked.values()) > 200
    without = [name for name, count in linked.items() if not count]
    assert not without


@pytest.mark.parametrize("name", FIRST_SCREENS)
def test_every_place_of_a_number_has_source_place_and_processing(name: str) -> None:
    faults = []
    for place, element in crawl.ids(name).items():
        if not place.startswith("n-"):
            continue
        entry = ENTRIES[place.removeprefix("n-")]
        if not element.xpath("ancestor-or-self::*[contains(@class, 'provenance')]"):
            faults.append(f"{place} stands outside the provenance")
        if element.xpath(".//*[contains(@class, 'tag')]/text()") != [entry.processing]:
            faults.append(f"{place} does not say {entry.processing}")
        if entry.estimate_id not in crawl.text(element):
            faults.append(f"{place} does not say its id")
        told = behind(name, place)
        for locator_id in entry.locator_ids:
            locator = DATASET.locator(locator_id)
            if " ".join(words_of(locator.place).split()) not in told:
                faults.append(f"{place} does not lead to {words_of(locator.place)}")
            if locator.url and locator.url not in told:
                faults.append(f"{place} does not lead to {locator.url}")
    assert not faults


@pytest.mark.parametrize("name", [one for one in PAGES if one.startswith("trial-")])
def test_every_printed_number_of_a_trial_card_has_its_place(name: str) -> None:
    printed = [one for place, one in crawl.ids(name).items() if place.startswith("p-")]
    assert printed
    addresses = {locator.url for locator in DATASET.locators.itertuples() if locator.url}
    for element in printed:
        assert element.xpath("ancestor-or-self::*[contains(@class, 'provenance')]")
        named = element.xpath(".//a[starts-with(@href, '#source-')]/@href")
        assert named, f"{element.get('id')} names no source"
        source = crawl.ids(name)[named[0][1:]]
        assert set(source.xpath(".//a/@href")) & addresses, f"{element.get('id')} names no place"
        # What most places share stands above their list.
        usual = [crawl.text(one) for one in source.xpath("../preceding-sibling::*[1][self::p]")]
        assert "reading" in " ".join([crawl.text(source), *usual])


@pytest.mark.parametrize("name", PAGES)
def test_no_link_is_dead(name: str) -> None:
    dead = []
    for href in set(crawl.page(name).xpath("//a/@href")):
        if re.match(r"https?:|mailto:|data:", href):
            continue
        page, place = led_to(name, href)
        # Documents are made from the page, and are not stored.
        if page in (name.replace(".html", f".{kind}") for kind in ("docx", "pdf")):
            continue
        name_of, is_asked, asked = place.partition("=")
        if is_asked:
            # What is asked of the index, an answer that it offers.
            offered = crawl.page(page).xpath(f"//select[@name='{name_of}']/option/@value")
            dead += [] if asked in offered else [href]
        elif not (REPORTS / page).is_file() or (place and place not in crawl.ids(page)):
            dead.append(href)
    assert not dead


def test_every_number_of_the_ledger_has_its_place_in_each_report_that_it_names() -> None:
    assert ENTRIES
    missing = [
        f"{one.estimate_id} in {report}"
        for one in ENTRIES.values()
        for report in one.reports or ("no report",)
        if f"{report}.html" not in PAGES
        or f"n-{one.estimate_id}" not in places_led_to(f"{report}.html")
    ]
    assert not missing


@cache
def places_led_to(name: str) -> set[str]:
    """Return the places of numbers in a page, and those on cards that it leads to."""
    hrefs = crawl.page(name).xpath("//a[contains(@href, '.html#n-')]/@href")
    return {*crawl.ids(name), *(led_to(name, one)[1] for one in hrefs)}


def test_every_place_of_a_number_is_in_the_ledger_with_its_report() -> None:
    strange = [
        f"{place} in {name}"
        for name in FIRST_SCREENS
        for place in crawl.ids(name)
        if place.startswith("n-")
        and name.removesuffix(".html") not in ENTRIES[place.removeprefix("n-")].reports
    ]
    assert not strange


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_once_that_it_is_no_clinical_advice(name: str) -> None:
    said = crawl.text(crawl.page(name).body).count("clinical advice")
    assert said == (name != "index.html")


def test_help_is_named_where_a_page_is_on_trials_of_suicidality() -> None:
    frame = evidence.estimates(DATASET)
    cards = [
        f"trial-{one.trial_id}.html"
        for one in records(DATASET.trials)
        if (SUICIDALITY | {"depression"}) & read_card(DATASET, one.trial_id, frame).outcomes
    ]
    assert "trial-repair.html" in cards
    assert "trial-montero2018.html" in cards
    assert "trial-nebot2022.html" not in cards
    others = ("claims", "characteristics", "landscape", "summary", "start-here", "abft-follow-up")
    silent = [
        name
        for name in (*cards, *(f"{one}.html" for one in others))
        if "findahelpline" not in crawl.text(crawl.page(name).body)
    ]
    assert silent == []
