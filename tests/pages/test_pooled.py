"""What the first screens say, and that they follow the data."""

import dataclasses
import math
import re
from functools import cache
from typing import Any

import pandas as pd
import pytest

import evidence
from evidence.analysis import Analysis, analyze
from evidence.analysis.alternatives import Companions, companions
from evidence.blocks import closing
from evidence.blocks.figures import pooled_forest
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation.choices import Specification
from evidence.estimation.missing_evidence import missing_evidence
from evidence.ledger import entries, sentences
from evidence.meta.pooling import pool
from evidence.pages import pooled
from evidence.pages.pooled import tables
from evidence.pages.pooled.sections import sections as sections_of
from evidence.pages.trial_card import read_card, sections
from tests.pages import plain


@cache
def screen(dataset: Dataset, therapy: str, outcome: str) -> tuple[str, Analysis, Companions]:
    analysis = analyze(dataset, Specification(therapy=therapy, outcome=outcome, timepoint="post"))
    beside = companions(dataset, analysis)
    return plain(pooled.first_screen(dataset, analysis, beside).html), analysis, beside


def test_depression(dataset: Dataset) -> None:
    said, _, _ = screen(dataset, "abft", "depression")
    for part in (
        "It is not known whether ABFT reduces depressive symptoms more than 6-week waitlist, usual "
        "care or enhanced usual care.",
        "The estimates of all three trials (n = 118) favor ABFT; the pooled interval includes no "
        "difference.",
        "Two further trials with 189 adolescents report no clear difference, without a usable "
        "number.",
        "0.52 (95% CI −0.29 to 1.33; P = .11)",
        "Hedges g (in standard deviations, positive favors ABFT)",
        "118 adolescents; against 6-week waitlist, usual care and enhanced usual care",
        "0.23 (95% CI −0.16 to 0.63; P = .18)",
        "these against usual care or an active family-enhanced supportive therapy; 307 "
        "adolescents, 189 of them as randomized; a stress test, imputed; "
        "0.20 (−0.39 to 0.79) to 0.34 (0.02 to 0.66) "
        "(Diamond 2019 moved as “no difference” allows, Waraan 2021 not)",
        "waitlist or no intervention (Diamond 2002): 0.65 (−0.06 to 1.36)",
        "usual or enhanced usual care (Israel 2013 and Diamond 2010): 0.47 (−2.32 to 3.26)",
        "Waraan 2021 (60, usual care): no clear difference",
        "Diamond 2019 (129, an active family-enhanced supportive therapy): no clear difference",
        "Less cautious methods give 0.06 to 0.98 and 0.15 to 0.89, unreported trials ignored too",
        "In Diamond 2002, 4.2 of the 6.7 points between the arms were there before treatment; the "
        "arms were measured at different times",
        "no difference in mean BDI, says the later review by the developers",
        "another structured treatment: no group means found (no clear difference in Diamond 2019)",
        "Developers of ABFT took part in four of the five published trials",
    ):
        assert part in said


def test_distress_stands_in_points(dataset: Dataset) -> None:
    said, _, _ = screen(dataset, "abct", "affective_distress")
    for part in (
        "In one of two published trials, participants had lower distress with ABCT added to usual "
        "care than with usual care alone; the other reports no clear difference, without a usable "
        "number.",
        "ABCT was not shown to be better than mindfulness-based stress reduction (MBSR)",
        "13.2 (95% CI 6.8 to 19.6)",
        "points lower on the DASS-21 with ABCT, at the end of treatment; against usual care",
        "7.2 (95% CI 0.8 to 13.6)",
        "at 6 months",
        "arm sizes imputed",
        "the registered main hypothesis was superiority over MBSR",
        "iABCT 2026 (68 planned, waitlist): no clear difference",
        "cannot be called large or small",
    ):
        assert part in said
    assert "1.0" not in said


def test_ideation_names_the_larger_trial_and_its_p(dataset: Dataset) -> None:
    said, _, _ = screen(dataset, "abft", "suicidal_ideation")
    for part in (
        "In one of four published trials, participants had lower suicidal ideation with ABFT than "
        "with enhanced usual care; of the other three, two report no clear difference, without a "
        "usable number; one measured it, but whether a result is reported could not be seen.",
        "0.77 (95% CI 0.27 to 1.27; P = .003)",
        "no clear difference (P = .18 over the whole course), odds ratio 1.35 (0.63 to 2.93)",
        "(reconstructed, normal approximation), above 1 favors ABFT",
        "Hospital aftercare (20, enhanced usual care, unpublished)",
    ):
        assert part in said


def test_imputed_effects_are_called_so(dataset: Dataset) -> None:
    said, _, _ = screen(dataset, "abct", "functional_impairment")
    assert "against relaxation; imputed" in said
    assert "can be off, more often too large" in said
    assert "of 0.3 to 0.8 and the digits of P it lies from 0.53 to 1.09" in said


def test_one_trial_has_words_of_its_own(dataset: Dataset) -> None:
    _, distress, beside = screen(dataset, "abct", "affective_distress")
    told = pooled.closing_sections(dataset, distress, beside).text
    assert told.startswith(
        "Methods\nThe first screen shows the coefficient of the model of Collado"
    )
    left = tables.left_out(dataset, distress).text
    assert "shown on the first screen in points" in left
    assert "Collado-Navarro 2021 | DASS-21, difference in points" in left
    _, impairment, beside = screen(dataset, "abct", "functional_impairment")
    assert "not assessed for this trial" in (
        pooled.closing_sections(dataset, impairment, beside).text
    )
    assert "weight" not in pooled.members(impairment).markup
    assert "weight" in pooled.members(screen(dataset, "abft", "depression")[1]).markup


def test_sources_hold_the_main_report_of_each_trial(dataset: Dataset) -> None:
    _, analysis, beside = screen(dataset, "abft", "depression")
    cited = pooled.closing_sections(dataset, analysis, beside).html
    main = dataset.publications[dataset.publications.role == "main"]
    for one in main.publication_id[main.trial_id.isin(analysis.selection.estimates.trial_id)]:
        assert dataset.references[one]["title"] in cited.replace("&#x27;", "'")


@pytest.mark.parametrize(
    ("therapy", "outcome"),
    [
        ("abft", "depression"),
        ("abft", "suicidal_ideation"),
        ("abct", "affective_distress"),
        ("abct", "functional_impairment"),
    ],
)
def test_words_that_are_not_used(dataset: Dataset, therapy: str, outcome: str) -> None:
    said, _, _ = screen(dataset, therapy, outcome)
    assert not re.search(r"significan|effective|recommend|proven|should", said, re.IGNORECASE)
    assert len(said) < 2000


def with_pooled(analysis: Analysis, effect: float, variance: float) -> Analysis:
    """Return the analysis with every trial at one effect."""
    k = len(analysis.selection.estimates)
    return dataclasses.replace(analysis, pooled=pool([effect] * k, [variance] * k))


@pytest.mark.parametrize(
    ("effect", "variance", "said"),
    [
        (0.5, 1.0, "It is not known whether ABFT reduces depressive symptoms"),
        (0.8, 0.001, "participants had lower depressive symptoms with ABFT than with"),
        (-0.8, 0.001, "participants had higher depressive symptoms with ABFT than with"),
    ],
)
def test_the_answer_follows_the_interval(
    dataset: Dataset, effect: float, variance: float, said: str
) -> None:
    _, analysis, beside = screen(dataset, "abft", "depression")
    changed = with_pooled(analysis, effect, variance)
    assert said in plain(pooled.first_screen(dataset, changed, beside).html)


def test_a_changed_interval_changes_the_sentences(dataset: Dataset) -> None:
    _, analysis, beside = screen(dataset, "abft", "depression")
    changed = with_pooled(analysis, 0.3, 0.2)
    assert sentences.result(changed, dataset) != sentences.result(analysis, dataset)
    assert "t distribution with 2 df" in " ".join(
        sentences.methods(analysis, dataset, i2_limits=(0.0, 0.91), stress=beside.stress)
    )
    wald = dataclasses.replace(
        analysis,
        pooled=pool(*analysis.selection.effects(), interval="wald", tau2="common"),
    )
    said = " ".join(sentences.methods(wald, dataset, i2_limits=None, stress=None))
    assert "common effect" in said
    assert "normal quantile" in said
    assert "t distribution" not in said


def test_a_trial_name_stays_text(dataset: Dataset) -> None:
    _, analysis, beside = screen(dataset, "abft", "depression")
    hostile: Any = analysis.selection.estimates.assign(label="<script>alert(1)</script>")
    frame = pd.DataFrame(hostile)
    changed = dataclasses.replace(
        analysis, selection=dataclasses.replace(analysis.selection, estimates=frame)
    )
    markup = pooled.first_screen(
        dataset,
        changed,
        dataclasses.replace(beside, by_class={"inactive": changed}),
    ).html
    assert "<script" not in markup
    assert "&lt;script&gt;" in markup


def test_limits_count_a_terminated_trial_apart(dataset: Dataset) -> None:
    _, analysis, beside = screen(dataset, "abft", "depression")
    said = pooled.closing_sections(dataset, analysis, beside).text
    assert (
        "Five randomized trials measured depressive symptoms, one terminated trial planned" in said
    )


def test_to_cite_names_the_comparators_of_trials_at_zero(dataset: Dataset) -> None:
    _, analysis, beside = screen(dataset, "abft", "suicidal_ideation")
    said = sentences.result(analysis, dataset, None, beside.stress)
    assert (
        "With three unreported results at zero (these against an active family-enhanced supportive "
        "therapy, usual care or enhanced usual care, one of them not published"
    ) in said


def test_the_matrix_tells_an_event_from_a_score(dataset: Dataset) -> None:
    states = missing_evidence(dataset, evidence.estimates(dataset), therapy="abft")
    found = states.set_index(["trial_id", "outcome_id"]).state
    assert found["waraan2021", "depression"] == "event_only"
    # A slope over the whole course is none at the end of treatment, where its page says so.
    assert found["diamond2019", "suicidal_ideation"] == "course_only"
    assert found["diamond2002", "depression"] == "number"
    # Attempts are counted in every trial, so no score is missing.
    assert found["diamond2019", "suicide_attempt"] == "number"
    # Listed among the measures by a review alone, which is no change within an arm.
    assert found["diamond2002", "suicidal_ideation"] == "not_seen"
    assert found["diamond2002", "hopelessness"] == "not_seen"
    assert found["diamond2002", "attachment_security"] == "within_arm_only"
    shown = sections.missing_matrix(dataset, states, therapy="abft").text
    # Each sign of the matrix is told below it, and no other.
    below = shown.rsplit("\n", 1)[-1]
    told = {state for state, said in sections.STATE.items() if f"{said}: " in below}
    assert told == set(states.state)
    assert [one.partition(":")[0] for one in sections.LEGEND] == list(sections.STATE.values())
    for part in (
        "What randomized trials of ABFT, and those of which no source says how groups were formed,",
        "◑ event only",
        "Diamond 2002; n = 32, published",
        "Diamond GM 2016; 32 enrolled, published",
        "NCT00329199; 240 planned, terminated",
        "REPAIR; 138 or 142 planned, ongoing",
        "◇ trial planned: no report so far, which outcomes it measures was not read",
    ):
        assert part in shown, part
    assert "not printed" not in shown
    randomized = states[states.design == "randomized"]
    shown = sections.missing_matrix(dataset, randomized, therapy="abft").text
    assert "\nWhat randomized trials of ABFT report on each outcome\n" in shown


def test_a_matrix_of_one_outcome_has_every_trial(dataset: Dataset) -> None:
    states = missing_evidence(dataset, evidence.estimates(dataset), therapy="abft")
    one = states[states.outcome_id == "depression"]
    [frame] = sections.missing_matrix(dataset, one, therapy="abft").frames
    assert list(frame.columns[1:]) == ["Depressive symptoms"]
    for cell, label in zip(frame.iloc[:, 0], one.label, strict=True):
        assert cell.startswith(f"{label};")


def test_a_stress_test_says_which_trials_it_does_not_enter(dataset: Dataset) -> None:
    _, analysis, beside = screen(dataset, "abft", "suicidal_ideation")
    figure = pooled_forest.pooled_forest(dataset, analysis, beside.stress)
    assert "with three of four at zero (Diamond 2002 not entered)." in figure.caption
    assert "With three of four at zero | stress test, imputed" in figure.table.text
    assert (
        "of which no usable number was found: each, except Diamond 2002 (whether it is reported "
        "could not be seen), enters a stress test at zero"
    ) in " ".join(pooled.methods(dataset, analysis, beside))
    assert beside.stress is not None
    nobody = beside.stress.not_entered.iloc[:0]
    whole = dataclasses.replace(beside.stress, not_entered=nobody)
    figure = pooled_forest.pooled_forest(dataset, analysis, whole)
    assert "imputed, with all three at zero. Risk of bias" in figure.caption
    beside = dataclasses.replace(beside, stress=whole)
    said = " ".join(pooled.methods(dataset, analysis, beside))
    assert "of which no usable number was found: each enters a stress test" in said


def test_the_forest_plot_holds_the_numbers_of_the_ledger(dataset: Dataset) -> None:
    _, analysis, beside = screen(dataset, "abft", "depression")
    figure = pooled_forest.pooled_forest(dataset, analysis, beside.stress, beside.by_class)
    assert beside.stress is not None
    drawn = figure.data.set_index("label")
    (usual,) = (one for one in beside.by_class.values() if one.pooled.k > 1)
    entry_of = {
        **{
            row.label: entries.of_estimate(row, dataset)
            for row in records(analysis.selection.estimates)
        },
        "Pooled, two trials": entries.of_analysis(usual, dataset),
        "All pooled, three trials": entries.of_analysis(analysis, dataset),
        "With two of three at zero": entries.of_stress_test(beside.stress, analysis, dataset),
    }
    known = drawn[drawn.effect.notna()]
    assert set(known.index) == set(entry_of)
    for label, entry in entry_of.items():
        row = known.loc[label]
        # The ledger is written with 12 significant digits.
        assert [row.effect, row.ci_low, row.ci_high] == pytest.approx(
            [entry.effect, entry.ci_low, entry.ci_high], rel=1e-11
        )
        assert row.imputed == (entry.processing == "imputed")
        assert f"#n-{entry.estimate_id}" in figure.table.html
    weights = zip(analysis.selection.estimates.label, analysis.pooled.weights, strict=True)
    assert dict(drawn.weight.dropna()) == dict(weights)
    # Groups in the order of the classes; a group of one has no value of its own.
    assert drawn.loc["Pooled, two trials"].group == "Against usual or enhanced usual care"
    assert drawn.loc["Diamond 2019"].group == "Against another structured treatment"
    # As printed; judgements that contradict each other are no judgement.
    printed = drawn.loc["Diamond 2002", ["ABFT mean (SD)", "Comparator mean (SD)", "risk_of_bias"]]
    assert list(printed) == ["11.8 (8.8) n = 16", "18.5 (11.1) n = 16", "− − s ±"]
    note = drawn.index[drawn.kind == "note"].item()
    assert note == (
        "tau² 0.00 (0.00 to 1.25) · I² 0% (0 to 91%) · Q 0.64 on 2 df, P = .72 · no prediction "
        "interval from fewer than five trials"
    )
    assert note in figure.table.html
    texts = {one.get_text() for one in figure.phone.texts}
    assert {row.shown for row in known.itertuples()} <= texts


def test_an_imputed_trial_is_drawn_as_such_and_its_size_as_that_of_the_randomized(
    dataset: Dataset,
) -> None:
    _, analysis, _ = screen(dataset, "abct", "functional_impairment")
    data = pooled_forest.pooled_forest(dataset, analysis, None).data
    (row,) = data[data.effect.notna()].itertuples()
    assert (row.kind, row.imputed) == ("trial", True)
    assert "23 randomized" in row


def test_limits_name_who_judged_and_for_which_outcome(dataset: Dataset) -> None:
    judged_high = "Risk of bias, as sources seen judge it: high in some item for "
    for outcome, judged in (
        (
            "depression",
            f"{judged_high}Diamond 2002, in none for two more. Three not judged for this outcome.",
        ),
        (
            "suicidal_ideation",
            f"{judged_high}Diamond 2019 (suicidal ideation only) and Diamond 2002, in none for one "
            "more. Two not judged for this outcome.",
        ),
    ):
        _, analysis, beside = screen(dataset, "abft", outcome)
        said = pooled.closing_sections(dataset, analysis, beside).text
        assert judged in said
    # Its card, to which the name leads, says each item, by whom and where sources differ.
    card = read_card(dataset, "diamond2002", evidence.estimates(dataset))
    items = sections.risk_of_bias(card).text
    for item in ("Sequence generation", "Allocation concealment", "Intention to treat"):
        assert f"{item} | high | four items of the first Cochrane tool (RoB 1)" in items
    for item in ("Blinding", "Baseline comparability", "Overall"):
        assert f"{item} | high | the Maastricht-Amsterdam list" in items
    assert "Intention to treat | low | the Maastricht-Amsterdam list" in items
    every = closing.limits(dataset, trial_ids=["diamond2019"]).text
    assert "Risk of bias, as sources seen judge it: Diamond 2019: high for overall" in every
    assert "overall (suicidal ideation only) by" in every
    assert "Not assessed in any source" not in every


def test_points_stand_beside_each_standardized_value(dataset: Dataset) -> None:
    _, analysis, beside = screen(dataset, "abft", "depression")
    twin = pooled_forest.pooled_forest(dataset, analysis, beside.stress).table
    assert "6.7 (−0.2 to 13.6) BDI" in twin.text
    assert "BDI-II" in twin.text
    assert "diamond2002.depression.bdi.post.mean_difference" in twin.html


def test_trials_that_a_choice_keeps_out_are_named_on_the_first_screen(dataset: Dataset) -> None:
    specification = Specification(
        therapy="abft",
        outcome="depression",
        timepoint="post",
        adjustment="ppc",
        comparator_class="usual_care",
        leave_out=("diamond2010",),
    )
    analysis = analyze(dataset, specification)
    beside = companions(dataset, analysis)
    said = plain(pooled.first_screen(dataset, analysis, beside).html)
    assert (
        "In one of two published trials that enter, participants had lower depressive symptoms"
        in said
    )
    for part in (
        "Only comparisons with usual or enhanced usual care enter, by choice.",
        "Left out by choice: Diamond 2010.",
    ):
        assert part in said
        assert part in " ".join(sentences.methods(analysis, dataset, i2_limits=None, stress=None))
    assert "by choice" in sentences.result(analysis, dataset)
    main = analyze(dataset, Specification(therapy="abft", outcome="depression", timepoint="post"))
    assert "by choice" not in " ".join(
        [
            pooled.first_screen(dataset, main, companions(dataset, main)).text,
            *sentences.methods(main, dataset, i2_limits=None, stress=None),
            sentences.result(main, dataset),
        ]
    )


@pytest.mark.parametrize(
    ("events", "words"),
    [(["remission", "remission"], "remission"), (["", ""], ""), (["remission", ""], "")],
)
def test_estimates_are_of_one_event_or_of_none(events: list[str], words: str) -> None:
    dataset = evidence.load()
    found = pooled.event_of(dataset, pd.DataFrame({"event": events}))
    assert found == (dataset.in_text("event", words) if words else "")


def test_a_model_of_several_estimates_reads_ratios_on_their_own_scale() -> None:
    # Remission by two definitions is no frequency of symptoms; no difference is a ratio of 1.
    asked = Specification(
        therapy="abft",
        outcome="depression",
        timepoint="post",
        metric="log_odds_ratio",
        instrument="every",
    )
    made = sections_of(evidence.load(), asked, model="che")
    said = plain(made.first_screen().html)
    assert "It is not known whether ABFT improves depressive symptoms more than" in said
    assert "odds ratio, above 1 favors ABFT" in said
    assert "standard deviations" not in said
    assert "with 0.2 to 0.8 the mean lies from" in said
    people = [one.n_intervention + one.n_comparator for one in records(made.rows)]
    assert f"estimates of two trials, {sum(people):g} participants; against" in said
    low, high = made.main.mean.ci_low, made.main.mean.ci_high
    assert low is not None
    assert high is not None
    assert low < 0 < high
    ratio = math.exp(made.main.mean.estimate)
    assert f"{ratio:.2f} (" in said
    assert f"{ratio:.3f}" not in said
    otherwise = made.choices().text
    rhos = (made.main.rho, *made.main.by_rho)
    words = "Correlated and hierarchical effects, correlation"
    assert all(otherwise.count(f"{words} {rho:g} |") == 1 for rho in rhos)
    assert otherwise.count("Three levels, independent errors") == 1
    drawn = made.figure()
    assert "; above 1 favors ABFT." in drawn.caption
    assert "−" not in plain(drawn.table.html)
