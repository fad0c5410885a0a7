"""Trial cards: every trial has one, every printed number has its place, nothing is made up."""

import dataclasses
import json
import re
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import evidence
from evidence.blocks.output import Block, anchor
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError
from evidence.pages.trial_card import TrialCard, checks, printed, read_card, sections
from evidence.pages.trial_card import screen as trial_card_screen
from evidence.pages.trial_card.lines import lines
from evidence.reports import catalog
from evidence.reports.inspection import faults
from evidence.terms import words_of
from tests.claims.packages import added, changed, where, without

ROOT = Path(__file__).parents[2]
TRIALS = [
    line.partition(",")[0]
    for line in (ROOT / "data" / "trials.csv").read_text("utf-8").splitlines()[1:]
]
Cards = dict[str, TrialCard]
HEADINGS = ("contradictions", "papers-on-the-trial", "numbers", "registered-against-reported")
"""Sections of the notebook that parts of a card link to."""


@pytest.fixture(scope="module")
def cards(dataset: Dataset) -> Cards:
    """The cards of all trials."""
    frame = evidence.estimates(dataset)
    return {one: read_card(dataset, one, frame) for one in TRIALS}


def of(dataset: Dataset, trial_id: str) -> TrialCard:
    """Return a card made from a data set of its own."""
    return read_card(dataset, trial_id, evidence.estimates(dataset))


@cache
def parts(card: TrialCard) -> list[Block]:
    between = lines(card)
    return [
        trial_card_screen.first_screen(card, between),
        printed.printed(card),
        sections.left_out(card),
        sections.estimated(card),
        sections.risk_of_bias(card),
        checks.registered_against_reported(card),
        checks.contradictions(card),
        sections.companions(card),
        sections.missing(card),
        sections.closing_sections(card),
    ]


def plain(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def at(markup: str, place: str) -> str:
    """Return the row or item of a page that has an id, as text."""
    found = re.search(rf'<(tr|li|article)[^>]* id="{re.escape(place)}".*?</\1>', markup, re.DOTALL)
    assert found is not None, place
    return plain(found[0])


def first_screen(card: TrialCard) -> str:
    return trial_card_screen.first_screen(card, lines(card)).html


def screen(card: TrialCard) -> str:
    return plain(first_screen(card))


def unspaced(text: str) -> str:
    return re.sub(r" (?=[,.;:)%])", "", text)


@pytest.mark.parametrize("trial_id", TRIALS)
def test_every_trial_has_a_whole_card(cards: Cards, trial_id: str) -> None:
    card = cards[trial_id]
    blocks = parts(card)
    # A section that holds nothing is left out with its heading; others say what there is.
    judged = trial_id in set(card.dataset.risk_of_bias.trial_id)
    planned = bool(card.trial.registry_id) or any(one.planned for one in card.facts)
    blank = [one for one in blocks if not one.text.strip()]
    may = [] if judged else [sections.risk_of_bias(card)]
    may += [] if planned else [checks.registered_against_reported(card)]
    left_out = sections.left_out(card)
    may += [sections.estimated(card)] if "No effect" in left_out.text else []
    may += [checks.contradictions(card)] if "no finding" in left_out.text else []
    may += [] if left_out.text else [left_out]
    may += [sections.missing(card)] if card.trial.design == "single_arm" else []
    assert all(one in may for one in blank)
    assert len(blank) <= len(may)
    body = "\n".join(one.html for one in blocks)
    page = f"<h1>{trial_id}</h1>" + "".join(f'<h2 id="{one}"></h2>' for one in HEADINGS) + body
    entries = [entry for one in blocks for entry in one.entries]
    assert faults(page, anchors={anchor(one.estimate_id) for one in entries}) == ()
    for place in ("cite", "limits"):
        assert f'id="{place}"' in body
    assert {one.estimate_id for one in entries} == set(card.estimates.estimate_id)
    own = plain(body)
    for note in card.directions.note[card.directions.note != ""]:
        own = own.replace(note, "")  # words of a source
    assert not re.search(r"significan|recommend|\bnan\b|None\b", own)


@pytest.mark.parametrize("trial_id", TRIALS)
def test_every_printed_number_stands_in_its_row_with_its_source(
    dataset: Dataset, cards: Cards, trial_id: str
) -> None:
    card = cards[trial_id]
    markup = printed.printed(card).html
    papers = sections.companions(card).html
    fields = {
        "arms": ("arm_id", ["n_randomized"]),
        "arm_results": (
            "result_id",
            ["n_analyzed", "mean", "sd", "events", "percent", "percent_ci_low", "percent_ci_high"],
        ),
        "statistics": (
            "result_id",
            ["estimate", "se", "ci_low", "ci_high", "p_value", "df1", "df2", "n_intervention"],
        ),
        "directions": ("direction_id", ["note"]),
    }
    for table, (key, columns) in fields.items():
        rows = dataset.text(table)
        for _, row in rows[rows.trial_id == trial_id].iterrows():
            shown = at(markup, f"p-{row[key]}").replace("−", "-")
            for column in columns:
                if row[column]:
                    assert re.search(rf"(?<![\d.]){re.escape(row[column])}(?!\d)", shown), column
            locator = dataset.locator(row.locator_id)
            number = re.search(r"\[(\d+)\]", shown)
            assert number is not None
            source = at(papers, f"source-{number[1]}")
            assert words_of(locator.place) in source
            # What most places share is said above them.
            usual = re.search(r"<p>Each: (\w+ readings?, [\d-]+)", papers)
            told = re.search(r"\((\w+ readings?, [\d-]+)\)", source) or usual
            assert told is not None
            times = "one reading" if locator.readings == 1 else f"{locator.readings} readings"
            assert told[1].replace("two", "2").endswith(f"{times}, {locator.accessed:%Y-%m-%d}")
    facts = dataset.text("trial_facts")
    assert [one.value for one in card.facts] == list(facts.value[facts.trial_id == trial_id])
    for fact in card.facts:
        assert fact.value in at(markup, fact.place)


@pytest.mark.parametrize("trial_id", TRIALS)
def test_links_of_the_first_screen_lead_to_the_same_number(cards: Cards, trial_id: str) -> None:
    blocks = parts(cards[trial_id])
    body = "\n".join(one.html for one in blocks)
    links = re.findall(r'<a class="n" href="#([^"]+)">([^<]+)</a>', blocks[0].html)
    assert links
    for place, shown in links:
        number = re.match(r"[−\d.]+", unescape(shown))
        if number:
            assert number[0] in at(body, place)


@pytest.mark.parametrize(
    ("trial_id", "said"),
    [
        (
            "diamond2010",
            "Randomized trial: ABFT against enhanced usual care, 66 adolescents. Depressive "
            "symptoms: interval includes no difference; suicidal ideation: in favor of ABFT by the "
            "interval; suicide attempts: no estimate with an interval, only bounds.",
        ),
        (
            "israel2013",
            "Depressive symptoms: lower with ABFT on the HAM-D, on the BDI-II the interval "
            "includes "
            "no difference.",
        ),
        (
            "collado2021",
            "Against usual care, distress: in favor of ABCT by the interval; against MBSR, "
            "distress: no clear difference, in words.",
        ),
        (
            "collado2021",
            "ABCT against mindfulness-based stress reduction (MBSR), both with usual care, and "
            "against usual care alone, 90 adults",
        ),
        ("montero2018", "ABCT against relaxation, both with usual care, 42 adults"),
        ("repair", "ABFT with usual care against usual care alone, 138 or 142 young adults"),
        (
            "montero2018",
            "Impairment by fibromyalgia: in favor of ABCT by the interval (imputed); quality of "
            "life: in favor of ABCT by the interval; costs: lower with ABCT in one of two "
            "analyses; in one of two analyses the interval "
            "includes no difference; self-compassion: in favor of ABCT, in words.",
        ),
        (
            "aftercare",
            "Unpublished randomized trial: ABFT against enhanced usual care, 20 adolescents. "
            "Suicide "
            "attempts: in favor of ABFT, according to Diamond et al. 2021 (review, no "
            "report of the trial), in words. Remark: no outcome figure seen",
        ),
        (
            "diamondgm2016",
            "Comparison of groups (no source read says how they were formed): ABFT against "
            "individual emotion-focused therapy",
        ),
        ("diamondgm2012", "Who: suicidal lesbian, gay and bisexual adolescents (United States)"),
        (
            "nct00329199",
            "Terminated randomized trial: ABFT against enhanced usual care, 240 adolescents "
            "planned. It was terminated, and no result of it was found.",
        ),
        (
            "siqueland2005",
            "ABFT with cognitive behavioral therapy against cognitive behavioral therapy alone, 11 "
            "adolescents. No source seen prints a result between the arms.",
        ),
        (
            "diamondgm2022",
            "Study without a comparison group: ABFT, 30 families. It cannot show what changed "
            "because of ABFT.",
        ),
        ("navarro2018", "Comparison of groups not formed at random: ABCT against waitlist"),
        ("iabct_chronic", "68 adults planned (at least)"),
    ],
)
def test_the_answer(cards: Cards, trial_id: str, said: str) -> None:
    shown = unspaced(screen(cards[trial_id]))
    assert said in shown


def test_the_first_screen_says_what_the_trial_is_and_what_is_missing(cards: Cards) -> None:
    shown = unspaced(screen(cards["waraan2021"]))
    for part in (
        "Arms: ABFT, size not printed; usual care, size not printed ( 60 randomized in all).",
        "Treatment: 16 weeks or 12 weeks (as registered), sources differ.",
        "Registered: NCT01830088, record dated 2013-04-12 (remark on the record: Date: first "
        "posted. Author:",
        "Developers of ABFT collaborated.",
        "odds ratio 1.56 (0.24 to 10.05), interval by normal approximation, 60 participants "
        "reconstructed",
        "chi-square 0.06, df 2, P =.97; if it tested the difference between the arms, the observed "
        "difference is at most 0.07 SD; no confidence interval",
        "equal shares of the 60 randomized are imputed where a size is needed",
        "Risk of bias: not assessed in any source seen",
    ):
        assert part in shown


def test_a_planned_trial_is_planned_and_its_outcomes_are_not(cards: Cards) -> None:
    said = sections.missing(cards["repair"]).text
    assert said == "No report of this trial so far; which outcomes it measures was not read."
    shown = re.sub(r" (?=[,.;:)%])", "", screen(cards["repair"]))
    assert "usual care, size not printed ( 138 or 142 planned in all)." in shown
    said = sections.missing(cards["nebot2022"]).text
    assert "On seven other outcomes of such trials: no word found." in said


def test_judgements_on_the_card_stand_with_tool_and_source(dataset: Dataset, cards: Cards) -> None:
    shown = screen(cards["diamond2002"])
    assert "RoB 2: not assessed. Risk of bias as sources seen judge it: high for" in shown
    assert "overall by the Maastricht-Amsterdam list in Henken et al. 2007; sources differ" in shown
    bias = dataset.risk_of_bias
    bias.loc[bias.trial_id == "israel2013", "tool"] = "rob2"
    by_rob2 = dataclasses.replace(dataset, _used={**dataset._used, "risk_of_bias": bias})
    shown = screen(of(by_rob2, "israel2013"))
    assert "RoB 2: not assessed" not in shown
    assert "no domain high by RoB 2 in a public database" in shown


def test_a_range_over_counts_is_no_interval(cards: Cards) -> None:
    one = next(one for one in lines(cards["diamond2010"]) if one.state == "range")
    assert one.plain == (
        "the estimate of the odds ratio (below 1 favors ABFT) lies between 0.41 and 0.46: bounds, "
        "counts not determined; its confidence interval is far wider and is not given here"
    )
    assert one.size == "how many of the 66 participants were counted is not printed"
    item = re.search(r"<li>Suicide attempts.*?</li>", first_screen(cards["diamond2010"]))
    assert item is not None
    # The tag says that counts fit alone, which they do not.
    assert "reconstructed" not in item[0]
    assert "is not given here; how many of the 66 participants were counted" in plain(item[0])


def test_measures_in_both_states_are_told_apart_by_time(cards: Cards, tmp_path: Path) -> None:
    later = where("statistics", result_id="c21_dass_abct_fu")(ci_high="3.10", ci_low="-17.50")
    shown = screen(of(changed(tmp_path, later), "collado2021"))
    assert (
        "distress: lower with ABCT on the DASS-21 at the end of treatment, on the DASS-21 at 6 "
        "months"
    ) in shown


def test_words_of_a_report_of_the_trial_are_not_attributed(cards: Cards) -> None:
    assert {one.said_by for one in lines(cards["diamondgm2016"])} == {""}
    assert "according to" not in screen(cards["diamondgm2016"])


def test_numbers_that_count_fewer_say_so(cards: Cards) -> None:
    shown = screen(cards["diamond2010"])
    assert "6.30 (1.76 to 22.61) , interval by normal approximation, 60 of 66 participants" in shown


def test_a_difference_before_treatment_puts_the_adjusted_estimate_beside(cards: Cards) -> None:
    first = lines(cards["diamond2002"])[0]
    assert first.plain == (
        "Hedges g 0.65 (−0.06 to 1.36); pre-post-control d 0.34 (−0.37 to 1.04) (imputed), since "
        "the arms differed before treatment, in the same direction"
    )
    assert [one.metric for one in first.entries] == ["hedges_g", "d_ppc2"]
    assert lines(cards["diamond2010"])[0].plain == ("Hedges g 0.39 (−0.10 to 0.88)")


def test_arms_that_were_alike_before_treatment_need_no_second_estimate(tmp_path: Path) -> None:
    alike = where("arm_results", result_id="d02_bdi_wl_base")(mean="23.8")
    first = lines(of(changed(tmp_path, alike), "diamond2002"))[0]
    assert first.plain == "Hedges g 0.65 (−0.06 to 1.36)"


def test_one_metric_stands_for_a_measure(cards: Cards) -> None:
    found = [
        (one.outcome_id, one.timepoint, one.entries[0].metric if one.entries else one.state)
        for one in lines(cards["diamond2019"])
    ]
    assert found == [
        ("suicide_attempt", "post", "odds_ratio"),
        ("suicidal_ideation", "post", "odds_ratio"),
        ("suicidal_ideation", "overall", "d_from_test_statistic"),
        ("depression", "post", "words_none"),
    ]


def test_an_estimate_with_an_interval_stands_before_one_without(cards: Cards) -> None:
    found = [one for one in lines(cards["waraan2021"]) if one.entries]
    assert [one.plain for one in found] == [
        "odds ratio 1.56 (0.24 to 10.05), interval by normal approximation"
    ]


def test_both_analyses_of_one_result_are_told_apart(cards: Cards) -> None:
    found = [one.what for one in lines(cards["montero2018"]) if one.outcome_id == "quality_of_life"]
    assert [one.rpartition(", ")[2] for one in found] == [
        "in the analysis “intention to treat; arm sizes from a news summary of the article”",
        "in the analysis “completers”",
    ]


def test_analyses_of_one_result_are_named_where_their_kind_is_known(tmp_path: Path) -> None:
    kinds = [
        where("statistics", result_id=f"m18_cost_{name}")(analysis_set=kind)
        for name, kind in (("itt", "itt"), ("completers", "completers"))
    ]
    assert (
        "; costs: lower with ABCT by intention to treat; among completers the interval includes no "
        "difference; "
    ) in screen(of(changed(tmp_path, *kinds), "montero2018"))


def test_a_difference_says_its_unit_and_its_direction(cards: Cards, tmp_path: Path) -> None:
    def differences(card: TrialCard) -> list[str]:
        entries = [one for one in lines(card) if one.entries and one.higher_is]
        return [one.plain for one in entries if "with ABCT (" in one.plain]

    assert differences(cards["montero2018"]) == [
        "0.021 quality-adjusted life years higher with ABCT (0.009 to 0.033)",
        "0.023 quality-adjusted life years higher with ABCT (0.010 to 0.141)",
        "256.3 euros lower with ABCT (65.3 to 447.4)",
        "194.1 euros lower with ABCT (−356.1 to 450.3)",
    ]
    assert differences(cards["collado2021"])[0] == "13.20 points lower with ABCT (6.84 to 19.57)"
    other = where("statistics", result_id="c21_dass_abct_post")(
        estimate="13.20", ci_low="6.84", ci_high="19.57"
    )
    assert differences(of(changed(tmp_path, other), "collado2021"))[0] == (
        "−13.20 points, above 0 is lower with ABCT (−19.57 to −6.84)"
    )


@pytest.mark.parametrize(
    ("trial_id", "said"),
    [
        ("montero2018", "record dated 2015-05-18 (remark on the record: Date: first received."),
        ("repair", "record dated 2024-08-22 (remark on the record: Date: last update.)."),
        ("repair", "Planned: 16 weeks of treatment."),
        ("abct_students", "Planned: 6 weeks of treatment."),
        ("diamondgm2022", "Treatment: 26 weeks (at most)."),
        ("siqueland2005", "Length of treatment: not stated in any source seen."),
        ("russon2021", "slope B within the arm −1.83, P =.40."),
        ("russon2021", "t of the change within the arm −3.14, P <.01."),
        ("diamond2019", "(suicidal ideation only) by Meta-analytic suicide prevention database"),
        ("diamond2002", "it is reported could not be seen: suicidal ideation and hopelessness."),
    ],
)
def test_what_is_short_on_the_first_screen_is_said_whole(
    cards: Cards, trial_id: str, said: str
) -> None:
    assert said in unspaced(screen(cards[trial_id]))


def test_numbers_of_arms_that_allow_no_estimate_are_no_silence(
    cards: Cards, tmp_path: Path
) -> None:
    counted = added(
        "arm_results",
        {"result_id": "d10_bdi_abft_post"},
        result_id="nb22_bdi",
        trial_id="nebot2022",
        arm_id="nebot2022_abct",
    )
    apart = where("trials", trial_id="nebot2022")(design="non_randomized")
    silent = without("directions", trial_id="nebot2022")
    card = of(changed(tmp_path, counted, apart, silent), "nebot2022")
    shown = unspaced(screen(card))
    assert "What it reports between arms: no estimate; one printed number stands below." in shown
    assert "No estimate between its arms follows from what is printed." in shown
    assert "nothing in any source seen, in numbers or in words." in screen(cards["nct00329199"])


def test_words_against_each_other_are_said_to_differ(tmp_path: Path) -> None:
    other = added(
        "directions",
        {"direction_id": "w21_ideation"},
        direction_id="w21_other",
        direction="favors_intervention",
    )
    card = of(changed(tmp_path, other), "waraan2021")
    found = [one for one in lines(card) if one.outcome_id == "suicidal_ideation"]
    assert [one.state for one in found] == ["words_differ"]
    assert "suicidal ideation: sources say different things, in words" in screen(card)


def test_an_effect_against_the_therapy_is_said(tmp_path: Path) -> None:
    worse = where("arm_results", result_id="d10_bdi_abft_post")(mean="40.0")
    card = of(changed(tmp_path, worse), "diamond2010")
    assert "Depressive symptoms: in favor of enhanced usual care by the interval" in screen(card)


def test_the_answer_is_on_the_therapy_and_not_on_what_it_is_compared_with(
    cards: Cards, tmp_path: Path
) -> None:
    other = where("statistics", result_id="c21_dass_mbsr_fu")(ci_high="3.10")
    card = of(changed(tmp_path, other), "collado2021")
    assert "8.59 points lower with MBSR (−3.10 to 15.09)" in screen(card)

    def answer(one: TrialCard) -> str:
        return trial_card_screen.first_screen(one, lines(one)).text.partition("\n")[0]

    assert answer(card) == answer(cards["collado2021"])


def test_what_allows_no_estimate_is_listed_with_its_reason(cards: Cards) -> None:
    for trial_id in TRIALS:
        card = cards[trial_id]
        said = sections.estimated(card).text
        for reason in card.rows.reason[card.rows.effect.isna()]:
            assert reason in said


def test_the_first_screen_says_where_sources_differ(cards: Cards) -> None:
    assert (
        "Agreement: two remarks on printed values; sources differ on depressive symptoms, in words"
    ) in screen(cards["diamond2002"])
    assert "Agreement" not in screen(cards["santens2017"])


def test_what_was_registered_stands_beside_what_was_reported(cards: Cards) -> None:
    def said(trial_id: str) -> str:
        card = cards[trial_id]
        return checks.registered_against_reported(card).text

    assert re.search(
        r"Length of treatment \| 12 weeks \(as registered\) \[2\] \| 16 weeks \[1\]",
        said("waraan2021"),
    )
    assert re.search(r"Participants \| 60 participants [^|]*\| 20 participants", said("israel2013"))
    assert "Participants | 240 participants" in said("nct00329199")
    assert "Depressive symptoms | planned outcome; trial terminated | no result" in said(
        "nct00329199"
    )
    assert re.search(r"Participants \| 35 part[^|]*\| 50 participants", said("iabct_general"))
    assert "Enrolled" not in said("iabct_general")
    # Of a trial that nothing reports on nothing was reported, wherever it stands.
    assert re.search(r"Lowest age \| 18 years [^|]* 16 years [^|]*\| nothing seen", said("repair"))
    assert re.search(r"Length of treatment \| 16 weeks [^|]*\| nothing seen", said("repair"))
    assert "Registered or planned" not in said("diamond2002")
    assert "A registration: none was seen" in screen(cards["diamond2002"])
    assert "No outcome or number was read in the registration" in said("diamond2019")


@pytest.mark.parametrize("trial_id", ["diamond2002", "aftercare"])
def test_what_a_review_says_was_measured_is_no_plan(cards: Cards, trial_id: str) -> None:
    said = checks.registered_against_reported(cards[trial_id]).text
    planned, _, measured = said.partition("Measured, according to a review, and what was reported")
    assert "Suicidal ideation" not in planned
    assert re.search(r"Suicidal ideation \| [^|]* \| no result in any source seen", measured)
    if trial_id == "diamond2002":
        assert re.search(
            r"Security of attachment \| IPPA[^|]* \| improved within the arm, no comparison, at",
            measured,
        )


def test_remarks_on_a_result_are_joined_without_gaps(cards: Cards) -> None:
    for card in cards.values():
        assert not re.search(r"[;,]\s*[;.,]|; *\|", printed.printed(card).text)


def test_contradictions_are_listed_with_their_reason(dataset: Dataset, cards: Cards) -> None:
    for trial_id in TRIALS:
        card = cards[trial_id]
        said = checks.contradictions(card).text
        for reason in card.corrections.reason:
            assert reason in said
    assert sum(len(cards[one].corrections) for one in TRIALS) == len(dataset.corrections)


def test_facts_differ_only_beyond_their_digits(cards: Cards) -> None:
    said = checks.contradictions(cards["diamond2010"]).text
    assert re.search(r"Length of treatment \| 12 weeks [^|]*\[2\]; 16 weeks \[3\]", said)
    # 15.2 and 15.21 years are one reading.
    assert "Mean age" not in said
    words = checks.contradictions(cards["diamond2002"]).text
    assert re.search(r"Depressive symptoms, in words \| .*no difference", words)


def test_sections_without_content_are_left_out_and_said_where_others_are(cards: Cards) -> None:
    none, agrees = "No effect between randomized arms", "The audit has no finding"
    for card in cards.values():
        said = sections.left_out(card).text
        assert (none in said) == (not len(card.rows)), card.trial.trial_id
        assert (agrees in said) == (not checks.contradictions(card).text), card.trial.trial_id
    said = sections.left_out(cards["santens2017"]).text
    assert said == (
        "No effect between randomized arms can be computed from what the sources print. The audit "
        "has no finding on this trial."
    )
    assert sections.left_out(cards["diamond2010"]).text == ""


def test_risk_of_bias_is_as_a_source_judges_it_or_not_assessed(
    dataset: Dataset, cards: Cards, tmp_path: Path
) -> None:
    said = sections.risk_of_bias(cards["diamond2002"]).text
    assert "Allocation concealment | high" in said
    for one in set(TRIALS) - set(dataset.risk_of_bias.trial_id):
        card = cards[one]
        assert sections.risk_of_bias(card).text == ""
        assert "Risk of bias: not assessed" in screen(card)
    none = of(changed(tmp_path, without("risk_of_bias", trial_id="diamond2002")), "diamond2002")
    assert sections.risk_of_bias(none).text == ""
    assert "Risk of bias: not assessed" in screen(none)


def test_papers_on_one_trial_are_counted_as_one_trial(cards: Cards) -> None:
    said = sections.companions(cards["diamond2019"]).text
    assert "Four articles on one trial" in said
    assert "; no number read" in said
    assert "Database" in said


def test_sentences_to_quote_are_in_the_index_where_there_are_numbers(cards: Cards) -> None:
    assert (
        'href="index.html#report=trial-collado2021"'
        in sections.closing_sections(cards["collado2021"]).html
    )
    assert "index.html" not in sections.closing_sections(cards["repair"]).html


def test_data_are_text(tmp_path: Path) -> None:
    hostile = where("trials", trial_id="aftercare")(
        label="<script>", population="<b>bold</b>", note="<i>note</i>"
    )
    card = of(changed(tmp_path, hostile), "aftercare")
    body = "\n".join(one.html for one in parts(card))
    for tag in ("<script", "<b>bold", "<i>note"):
        assert tag not in body
    assert "&lt;b&gt;bold" in body


def test_an_unknown_trial_is_refused(dataset: Dataset) -> None:
    with pytest.raises(ParameterError, match=r"trial_id: found 'x', expected one of diamond2002"):
        of(dataset, "x")


def test_the_catalog_makes_a_card_for_each_trial(dataset: Dataset) -> None:
    reports = catalog.read(
        ROOT / "reports" / "catalog.toml", notebooks=ROOT / "notebooks", data=ROOT / "data"
    )
    labels = dict(zip(dataset.trials.trial_id, dataset.trials.label, strict=True))
    found = {
        one.parameters["trial_id"]: (one.report_id, one.title)
        for one in reports
        if one.notebook.name == "21_trial_card.ipynb"
    }
    assert found == {
        trial_id: (f"trial-{trial_id}", f"Trial card: {label}")
        for trial_id, label in labels.items()
    }


def test_the_notebook_has_the_sections_that_cards_link_to() -> None:
    cells: list[dict[str, Any]] = json.loads(
        (ROOT / "notebooks" / "21_trial_card.ipynb").read_text("utf-8")
    )["cells"]
    prose = "\n".join("".join(one["source"]) for one in cells if one["cell_type"] == "markdown")
    names = {
        "-".join(re.findall(r"[a-z0-9]+", heading.lower()))
        for heading in re.findall(r"^## (.+)$", prose, re.MULTILINE)
    } | set(re.findall(r"^## .+ \{#(.+)\}$", prose, re.MULTILINE))
    assert set(HEADINGS) <= names
