"""The index as a writer in a hurry uses it: find a number, take its citation along."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from evidence import ledger
from evidence.data.dataset import load
from evidence.ledger import LedgerEntry, quotation
from evidence.ledger.citation import citation, origin
from evidence.reports.catalog import GROUPS
from evidence.reports.index import index
from evidence.reports.stamp import Stamp
from tests.browser.conftest import REPORTS, address
from tests.reports import crawl

pytestmark = pytest.mark.browser

INDEX = address("index.html")
ENTRIES = {one.estimate_id: one for one in ledger.read(REPORTS / "estimates.csv")}
DATASET = load(REPORTS.parent / "data")
MAIN = "abft.depression.post.hedges_g.pooled"
ON_A_CARD = "diamond2010.suicidal_ideation.siq_jr.post.hedges_g"
ATTEMPTS = (
    "abft.suicide_attempt.last.log_odds_ratio.pooled.trials_with_reconstructed.interval_exact"
)
CITED = [
    MAIN,
    "published.schulte_si",
    "waraan2021.depression.remission.post.log_odds_ratio.printed",
    "diamond2010.suicidal_ideation.clinical_recovery.post.risk_difference",
]
FORMS = {"bibtex": ("BibTeX", "bib"), "ris": ("RIS", "ris"), "csl": ("CSL-JSON", "json")}
NAME_OF_FOCUS = """() => {
  const one = document.activeElement;
  return one.getAttribute("aria-label") || (one.labels && one.labels[0] || one).textContent;
}"""


def sentence(one: LedgerEntry, style: str = "ama") -> str:
    return quotation.sentence(one, DATASET, style)


@pytest.fixture
def opened(page: Page) -> Page:
    """The index, in a browser that lets pages copy."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(INDEX)
    return page


def shown(page: Page) -> Locator:
    return page.locator(".numbers > li:not([hidden])")


def choose(page: Page, label: str, value: str) -> None:
    page.get_by_label(label, exact=True).select_option(value)


def total(page: Page) -> int:
    return page.locator(".numbers > li").count()


def cite(page: Page, estimate_id: str) -> Locator:
    """Open the citation of a number and return it."""
    page.locator(".numbers > li", has_text=f"Estimate {estimate_id}, ").get_by_role(
        "button"
    ).click()
    return page.get_by_role("dialog", name="Cite ")


def copied(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def test_it_finds_numbers_by_words(opened: Page) -> None:
    opened.get_by_label("Words or digits").fill("abct  USUAL")
    found = shown(opened)
    assert 0 < found.count() < total(opened)
    assert all("abct" in one.lower() for one in found.all_inner_texts())
    assert opened.locator("#count").inner_text() == f"{found.count()} of {total(opened)} numbers"


QUESTIONS = [
    # As clinical writers ask, and what answers first.
    ("ABFT vs usual care, depression, end of treatment", f"{MAIN}.trials_usual_care"),
    ("ABFT versus TAU", f"{MAIN}.trials_usual_care"),
    ("suicide attempts odds ratio", ATTEMPTS),
    ("0.46", ATTEMPTS),
    ("BDI-II post-treatment", "diamond2010.depression.bdi_ii.post.hedges_g"),
    (
        "compassion therapy distress 6 months",
        "collado2021.abct_vs_usual_care.affective_distress.dass_21.follow_up.mean_difference",
    ),
    ("waiting list", "diamond2002.depression.bdi.post.hedges_g"),
    ("EUC ideation", "diamond2010.suicidal_ideation.siq_jr.post.hedges_g"),
    ("adolescents depression pooled", MAIN),
    # Further ones, in other words.
    ("does ABFT help depression?", MAIN),
    ("depress*", MAIN),
    ("g 0.52", MAIN),
    ("p = .11", MAIN),
    ("stress test depression", f"{MAIN}.trials_with_unreported_at_zero"),
    ("treatment as usual depression", f"{MAIN}.trials_usual_care"),
    ("teenagers suicidal thoughts", "diamond2010.suicidal_ideation.siq_jr.post.hedges_g"),
    ("Hedges g suicidal ideation ABFT", "diamond2010.suicidal_ideation.siq_jr.post.hedges_g"),
    ("number of suicide attempts in Diamond 2019", ATTEMPTS),
    (
        "nondirective supportive therapy suicidal ideation",
        "diamond2019.suicidal_ideation.response_50.post.log_odds_ratio",
    ),
    ("Israel 2013 BDI", "israel2013.depression.bdi_ii.post.hedges_g"),
    ("risk ratio remission", "waraan2021.depression.remission.post.log_risk_ratio"),
    (
        "7.2 points",
        "collado2021.abct_vs_usual_care.affective_distress.dass_21.follow_up.mean_difference",
    ),
    (
        "ABCT vs MBSR",
        "collado2021.abct_vs_mindfulness_based_stress_reduction.affective_distress.dass_21"
        ".post.mean_difference.shared_control",
    ),
    (
        "fibromyalgia impact questionnaire follow-up",
        "montero2018.functional_impairment.fiq.follow_up.d_from_test_statistic",
    ),
    ("published review Schulte", "published.schulte_dep"),
    (
        "does it last? compassion therapy distress, follow-up",
        "collado2021.abct_vs_usual_care.affective_distress.dass_21.follow_up.mean_difference",
    ),
    # By a second person.
    (
        "does compassion therapy help fibromyalgia?",
        "montero2018.functional_impairment.fiq.post.d_from_test_statistic",
    ),
    (
        "recovered from suicidal ideation",
        "diamond2010.suicidal_ideation.clinical_recovery.post.log_odds_ratio",
    ),
    (
        "suicidal ideation 24 weeks",
        "diamond2010.suicidal_ideation.clinical_recovery.follow_up.log_odds_ratio"
        ".reconstructed_counts",
    ),
    ("HAM-D Israel", "israel2013.depression.ham_d.post.hedges_g"),
    (
        "Waraan 2021 remission odds ratio",
        "waraan2021.depression.remission.post.log_odds_ratio.reconstructed_counts",
    ),
    (
        "no longer depressed Diamond 2002",
        "diamond2002.depression.no_longer_mdd.post.log_odds_ratio",
    ),
    ("power of the trials", "diamond2002.depression.post.power_0.3"),
    ("how many attempted suicide", ATTEMPTS),
    ("BDI waitlist points", "diamond2002.depression.bdi.post.mean_difference"),
    (
        "quality of life compassion",
        "montero2018.quality_of_life.eq_5d.follow_up.mean_difference.printed.m18_qaly_completers",
    ),
    (
        "suicidal thoughts family therapy 6 months",
        "diamond2010.suicidal_ideation.clinical_recovery.follow_up.log_odds_ratio"
        ".reconstructed_counts",
    ),
    (
        "compassion versus mindfulness",
        "collado2021.abct_vs_mindfulness_based_stress_reduction.affective_distress.dass_21"
        ".post.mean_difference.shared_control",
    ),
    ("response rate", "diamond2019.suicidal_ideation.response_50.post.log_odds_ratio"),
]


@pytest.mark.parametrize(("question", "answer"), QUESTIONS)
def test_a_question_finds_its_number_first(opened: Page, question: str, answer: str) -> None:
    opened.get_by_label("Words or digits").fill(question)
    assert f"Estimate {answer}, " in shown(opened).first.inner_text()


@pytest.mark.parametrize(
    ("question", "pages"),
    [
        ("Norway", {"trial-israel2013", "trial-waraan2021"}),
        ("dropout", {"abft-suicide-attempts"}),
        ("interpersonal therapy depression teenagers", {"context-depression"}),
        ("hospitalisation", {"abft-suicide-attempts"}),
        ("risk of bias", {"trial-diamond2002", "trial-diamond2019", "trial-israel2013"}),
        ("Norway compassion", set()),
    ],
)
def test_pages_that_tell_of_a_word_are_found_by_it(
    opened: Page, question: str, pages: set[str]
) -> None:
    opened.get_by_label("Words or digits").fill(question)
    found = {
        (one.get_attribute("href") or "").removesuffix(".html")
        for one in opened.locator(".reports > li:not([hidden]) > a").all()
    }
    assert pages <= found
    assert bool(pages) or not found & {"trial-israel2013", "trial-waraan2021"}


def test_others_that_round_to_the_same_follow(opened: Page) -> None:
    opened.get_by_label("Words or digits").fill("0.46")
    digits = [one.split(" ")[0] for one in shown(opened).locator(".n").all_inner_texts()]
    own = digits.count("0.46")
    assert own > 1
    assert digits[:own] == ["0.46"] * own


def test_edition_after_edition_of_an_instrument(opened: Page) -> None:
    opened.get_by_label("Words or digits").fill("BDI-II post-treatment")
    assert "Israel 2013" in shown(opened).nth(1).inner_text()


def test_a_comparator_alone_comes_before_mixtures_which_say_so(opened: Page) -> None:
    for way in ("words", "filter"):
        if way == "words":
            opened.get_by_label("Words or digits").fill("ABFT usual care depression")
        else:
            opened.get_by_label("Words or digits").fill("")
            choose(opened, "Compared with", "usual_care")
        mixtures = [bool(one.locator(".tag.mixed").count()) for one in shown(opened).all()]
        assert True in mixtures
        assert mixtures == sorted(mixtures)
    assert "mixes comparators: " in shown(opened).last.inner_text()


def test_an_outcome_that_no_trial_reports_is_named_and_the_nearest_offered(opened: Page) -> None:
    opened.get_by_label("Words or digits").fill("self-harm")
    said = opened.locator("#nothing")
    expect(said).to_contain_text("No trial here reports self-harm")
    said.get_by_role("button", name="Look for suicide attempts, another outcome").click()
    expect(opened.get_by_label("Words or digits")).to_be_focused()
    expect(said).to_have_text("")
    assert f"Estimate {ATTEMPTS}, " in shown(opened).first.inner_text()


def test_reports_are_grouped_and_found_by_words(opened: Page) -> None:
    headings = opened.locator("#reports h3")
    assert headings.all_inner_texts() == list(GROUPS.values())
    opened.get_by_label("Words or digits").fill("compassion therapy follow-up")
    found = opened.locator(".reports > li:not([hidden]) > a").all_inner_texts()
    # The summary has findings on compassion therapy at follow-up too.
    assert found == [
        "Summary of findings on ABFT and ABCT",
        "Attachment-based compassion therapy (ABCT) at follow-up",
    ]
    seen = headings.filter(visible=True).all_inner_texts()
    assert seen == [GROUPS["answers"], GROUPS["durability"]]


def test_a_hyphen_finds_a_minus(opened: Page) -> None:
    opened.get_by_label("Words or digits").fill("(-0.29 to 1.33)")
    assert f"Estimate {MAIN}, " in shown(opened).first.inner_text()


def test_the_example_of_the_guide_leaves_one_number(opened: Page) -> None:
    choose(opened, "Therapy", "abft")
    choose(opened, "Outcome", "depression")
    opened.get_by_label("Words or digits").fill("main analysis")
    assert shown(opened).count() == 1
    assert f"Estimate {MAIN}, " in shown(opened).first.inner_text()


def test_filters_and_words_combine(opened: Page) -> None:
    choose(opened, "Therapy", "abft")
    choose(opened, "Outcome", "suicidal_ideation")
    choose(opened, "How obtained", "reconstructed")
    without_words = shown(opened).count()
    opened.get_by_label("Words or digits").fill("ratio  risk")
    found = {
        one.estimate_id
        for one in ENTRIES.values()
        if ".suicidal_ideation." in one.estimate_id
        and one.processing == "reconstructed"
        and {"risk", "ratio"} <= set(re.split(r"\W|_", sentence(one, "plain") + origin(one)))
    }
    assert 0 < len(found) < without_words
    assert shown(opened).count() == len(found)
    origins = shown(opened).locator(".origin").all_inner_texts()
    assert {one.removeprefix("Estimate ").partition(",")[0] for one in origins} == found


@pytest.mark.parametrize("label", ["Therapy", "Outcome", "How obtained"])
def test_an_answer_says_how_many_numbers_it_would_show(opened: Page, label: str) -> None:
    choose(opened, "Therapy", "abft")
    choose(opened, "How obtained", "converted")
    select = opened.get_by_label(label, exact=True)
    offered = select.locator("option").all()
    assert len(offered) > 3
    for option in offered[1:]:
        text = option.inner_text()
        if option.is_disabled():
            assert text.endswith(" (0)")
            continue
        select.select_option(option.get_attribute("value"))
        assert text.endswith(f" ({shown(opened).count()})")


def test_the_count_is_announced(opened: Page) -> None:
    status = opened.locator(".filter").get_by_role("status")
    expect(status).to_have_text(f"{len(ENTRIES)} of {len(ENTRIES)} numbers")
    asked = opened.get_by_label("Words or digits")
    asked.fill("9.87")
    expect(status).to_have_text("No match. Remove a word or a filter.")
    asked.fill("zebra")
    none = "No match. Remove a word or a filter. No number is found by “zebra”; "
    expect(status).to_have_text(f"{none}pages may tell of it in words.")
    # A word that no number has does not hide what the others find.
    asked.fill("bdi")
    found = status.inner_text()
    asked.fill("bdi zebra")
    expect(status).to_have_text(f"{found}. No number is found by “zebra”: shown without")
    opened.get_by_role("button", name="Show all again").click()
    expect(status).to_have_text(f"{len(ENTRIES)} of {len(ENTRIES)} numbers")
    expect(opened.get_by_label("Words or digits")).to_be_focused()


def test_what_was_found_stands_right_below_the_questions(opened: Page) -> None:
    order = "[...document.querySelectorAll('main > form, main > section')].map(one => one.id)"
    assert opened.evaluate(order) == ["find", "reports", "numbers"]
    choose(opened, "Therapy", "abft")
    assert opened.evaluate(order) == ["find", "numbers", "reports"]
    box = shown(opened).first.bounding_box()
    assert box is not None
    assert box["y"] < 700
    choose(opened, "Therapy", "")
    assert opened.evaluate(order) == ["find", "reports", "numbers"]


def test_a_number_is_found_and_cited_by_keyboard_alone(opened: Page) -> None:
    keyboard = opened.keyboard

    def stop() -> str:
        keyboard.press("Tab")
        return str(opened.evaluate(NAME_OF_FOCUS))

    stops = [stop() for _ in range(4)]
    assert stops[:3] == ["Skip to the reports", "Reports", "All numbers"]
    assert stops[3].startswith("Words or digits")
    keyboard.type("hedges main")
    assert stop() == "Therapy"
    keyboard.type("ABFT")
    assert stop() == "Outcome"
    keyboard.type("Depressive")
    assert opened.get_by_label("Outcome", exact=True).input_value() == "depression"
    others = [stop() for _ in range(7)]
    assert others[:6] == [
        "Time",
        "Compared with",
        "How obtained",
        "Report",
        "Show all again",
        "Link to this list",
    ]
    assert shown(opened).count() == 1
    assert stop() == "0.52 (−0.29 to 1.33)"
    assert stop().startswith("Cite 0.52 (−0.29 to 1.33), ABFT, depressive symptoms")
    keyboard.press("Enter")
    expect(opened.get_by_role("button", name="Copy the sentence")).to_be_focused()
    keyboard.press("Enter")
    said = opened.get_by_role("dialog").get_by_role("status")
    expect(said).to_have_text("Copied: the sentence.")
    assert copied(opened) == sentence(ENTRIES[MAIN], "ama")
    keyboard.press("Shift+Tab")
    keyboard.press("ArrowRight")
    expect(opened.locator("#sentence")).to_have_text(sentence(ENTRIES[MAIN], "apa"))
    keyboard.press("Escape")
    assert str(opened.evaluate(NAME_OF_FOCUS)).startswith("Cite 0.52")


@pytest.mark.parametrize("estimate_id", CITED)
def test_what_is_copied_is_what_cite_prints(
    opened: Page, requests: list[str], estimate_id: str
) -> None:
    dataset, entry = load(REPORTS.parent / "data"), ENTRIES[estimate_id]
    dialog = cite(opened, estimate_id)
    for label, style in (("Plain words", "plain"), ("APA", "apa"), ("AMA", "ama")):
        dialog.get_by_label(label).check()
        whole = citation(entry, dataset, style=style)
        assert dialog.locator("#sentence").inner_text() == sentence(entry, style)
        dialog.get_by_role("button", name="Copy the sentence").click()
        expect(dialog.get_by_role("status")).to_have_text("Copied: the sentence.")
        assert copied(opened) == sentence(entry, style)
        dialog.get_by_role("button", name="Copy all").click()
        expect(dialog.get_by_role("status")).to_have_text("Copied: sentence and references.")
        assert copied(opened) == whole
        dialog.get_by_role("button", name="Copy the references").click()
        expect(dialog.get_by_role("status")).to_have_text("Copied: the references.")
        assert [f"- {one}" for one in copied(opened).split("\n")] == whole.split("\n")[5:]
    assert requests == [INDEX]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("estimate_id", CITED[:2])
def test_references_for_managers_are_those_of_cite(
    opened: Page, requests: list[str], estimate_id: str, form: str
) -> None:
    name, ending = FORMS[form]
    expected = citation(ENTRIES[estimate_id], load(REPORTS.parent / "data"), form=form)
    dialog = cite(opened, estimate_id)
    dialog.get_by_role("button", name=f"Copy {name}").click()
    expect(dialog.get_by_role("status")).to_have_text(f"Copied: {name}.")
    assert copied(opened) == expected
    dialog.get_by_text("The same as text").click()
    assert dialog.locator(f"#{form}").text_content() == expected
    with opened.expect_download() as started:
        dialog.get_by_role("button", name=f"Download {name}").click()
    assert started.value.suggested_filename == f"{estimate_id}.{ending}"
    assert Path(started.value.path()).read_text("utf-8") == f"{expected}\n"
    assert requests == [INDEX]


def test_what_cannot_be_copied_is_selected(page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.goto(INDEX)
    dialog = cite(page, MAIN)
    dialog.get_by_role("button", name="Copy the sentence").click()
    assert page.evaluate("getSelection().toString()") == sentence(ENTRIES[MAIN], "ama")
    expect(dialog.get_by_role("status")).to_contain_text("press Ctrl+C")
    dialog.get_by_role("button", name="Copy RIS").click()
    assert dialog.locator("#ris").is_visible()
    assert page.evaluate("getSelection().toString()").startswith("TY  - JOUR")


def test_a_citation_leads_to_the_reports_that_show_the_number(opened: Page) -> None:
    dialog = cite(opened, MAIN)
    found = [one.get_attribute("href") for one in dialog.locator("#origins a").all()]
    # The start page shows it and leads to the report that tells where it comes from.
    assert sorted(map(str, found)) == [
        f"{one}.html#{'from-' if one == 'start-here' else ''}n-{MAIN}"
        for one in ENTRIES[MAIN].reports
    ]


def test_of_a_number_of_one_trial_other_reports_have_the_link_to_its_card(opened: Page) -> None:
    dialog = cite(opened, ON_A_CARD)
    found = {str(one.get_attribute("href")) for one in dialog.locator("#origins a").all()}
    reports = ENTRIES[ON_A_CARD].reports
    assert {one.partition(".html")[0] for one in found} == set(reports)
    assert f"trial-diamond2010.html#n-{ON_A_CARD}" in found
    assert sum("#from-n-" in one for one in found) == 2
    # A page that only names it among others has no place for it.
    for href in found:
        page, _, place = href.partition("#")
        assert not place or place in crawl.ids(page)


def test_the_address_restores_what_was_asked(opened: Page) -> None:
    choose(opened, "Therapy", "abft")
    choose(opened, "Compared with", "active")
    opened.get_by_label("Words or digits").fill("diamond 2019")
    opened.wait_for_url("**#words=diamond+2019&therapy=abft&comparator=active")
    before = shown(opened).all_inner_texts()
    assert before
    link = opened.get_by_role("link", name="Link to this list")
    assert opened.evaluate("location.hash") == link.get_attribute("href")
    opened.reload()
    assert shown(opened).all_inner_texts() == before
    assert opened.get_by_label("Words or digits").input_value() == "diamond 2019"
    assert opened.get_by_label("Therapy", exact=True).input_value() == "abft"
    # A place of the page is no question: what was asked stays.
    opened.evaluate("location.hash = '#numbers'")
    assert shown(opened).all_inner_texts() == before


def test_the_address_of_a_citation_opens_it(opened: Page) -> None:
    cite(opened, MAIN)
    opened.wait_for_url(f"**#cite={MAIN}")
    opened.reload()
    expect(opened.get_by_role("dialog")).to_be_visible()
    opened.get_by_role("button", name="Close").click()
    opened.wait_for_url("**/index.html#")
    opened.evaluate("location.hash = '#therapy=abct&outcome=none&cite=none'")
    expect(opened.get_by_label("Therapy", exact=True)).to_have_value("abct")
    expect(opened.get_by_label("Outcome", exact=True)).to_have_value("")
    expect(opened.get_by_role("dialog")).to_be_hidden()


def test_a_number_leads_to_its_place(opened: Page) -> None:
    opened.locator(".numbers a.n").first.click()
    opened.wait_for_load_state()
    target = opened.evaluate("decodeURIComponent(location.hash.slice(1))")
    box = opened.locator(f'[id="{target}"]').bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 1100


@pytest.mark.parametrize("width", [320, 800])
def test_an_open_citation_is_accessible_and_fits(opened: Page, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 900})
    choose(opened, "Therapy", "abct")
    dialog = cite(opened, shown(opened).locator(".origin").first.inner_text()[9:].partition(",")[0])
    dialog.locator("details").evaluate("one => { one.open = true }")
    results = Axe().run(opened)
    assert results.violations_count == 0, results.generate_report()
    assert dialog.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_it_is_a_plain_list_of_plain_sentences(page: Page) -> None:
    context = page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    try:
        plain = context.new_page()
        plain.goto(INDEX)
        assert not plain.locator("form").is_visible()
        assert not plain.locator("dialog").is_visible()
        assert not plain.locator("button:visible").count()
        quotes = plain.locator(".numbers > li .quote")
        assert quotes.first.is_visible()
        assert sorted(quotes.all_text_contents()) == sorted(
            sentence(one, "plain") for one in ENTRIES.values()
        )
    finally:
        context.close()


def test_in_print_it_is_a_plain_list_of_what_was_found(opened: Page) -> None:
    choose(opened, "Therapy", "abct")
    found = shown(opened).count()
    opened.emulate_media(media="print")
    assert not opened.locator("form, button").locator("visible=true").count()
    assert opened.locator(".numbers .quote").locator("visible=true").count() == found


def test_a_number_of_other_data_says_that_its_references_are_unknown(
    page: Page, tmp_path: Path
) -> None:
    stale = replace(ENTRIES[MAIN], locator_ids=("gone",))
    dataset = load(REPORTS.parent / "data")
    place = tmp_path / "index.html"
    place.write_text(index([], [stale], Stamp("1", date(2026, 1, 2)), dataset), encoding="utf-8")
    page.goto(place.as_uri())
    dialog = cite(page, MAIN)
    assert dialog.locator("#sentence").inner_text() == sentence(stale)
    assert "references are not known" in dialog.inner_text()
    assert not dialog.get_by_role("button", name="Copy BibTeX").is_visible()
