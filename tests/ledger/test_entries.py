"""Labels of numbers: each says every choice that tells it from another number."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import evidence
from evidence import ledger
from evidence.analysis import analyze
from evidence.analysis.alternatives import companions
from evidence.analysis.missing_numbers import main_analyses
from evidence.analysis.stress_test import stress_test
from evidence.blocks import origins
from evidence.data.records import records
from evidence.estimation.choices import Specification
from evidence.estimation.row import Size, size_of
from evidence.followup import durability
from evidence.ledger import LedgerEntry, entries, followup_entries, quotation, sentences
from evidence.pages.summary import numbers
from evidence.terminal import page, pooled

DATASET = evidence.load()
FRAME = evidence.estimates(DATASET)
MAIN = Specification(therapy="abft", outcome="depression", timepoint="post")


def shared(found: Iterable[LedgerEntry]) -> list[str]:
    """Return the labels that stand for more than one number."""
    by_id = {one.estimate_id: one.label for one in found}
    return [label for label, count in Counter(by_id.values()).items() if count > 1]


def of_specification(**changed: Any) -> LedgerEntry:
    return entries.of_analysis(analyze(DATASET, replace(MAIN, **changed)), DATASET)


def test_no_two_rows_of_the_ledger_have_one_label() -> None:
    assert shared(ledger.read(Path(__file__).parents[2] / "reports" / "estimates.csv")) == []


def test_estimates_of_single_trials_have_labels_of_their_own() -> None:
    rows = FRAME[FRAME.effect.notna()]
    assert shared(entries.of_estimate(row, DATASET) for row in records(rows)) == []


@pytest.mark.parametrize("route", ["counts", "reconstructed_counts", "combined_counts"])
def test_estimates_from_counts_hold_them(route: str) -> None:
    stem = "diamond2019.suicide_attempt.attempt.post.log_odds_ratio"
    row = next(records(FRAME[FRAME.estimate_id == stem]))
    entry = entries.of_estimate(row._replace(route=route), DATASET)
    assert entry.counts == "2 of 66 against 4 of 63"


def test_companions_of_an_analysis_have_labels_of_their_own() -> None:
    analysis = analyze(DATASET, MAIN, FRAME)
    beside = companions(DATASET, analysis)
    found = [entries.of_analysis(one, DATASET) for one in (analysis, *beside.analyses)]
    for one in (analysis, *beside.analyses):
        stress = stress_test(one)
        if stress is not None:
            found.append(entries.of_stress_test(stress, one, DATASET))
            found += entries.of_stress_ends(stress, one, DATASET)
    assert shared(found) == []


def test_changes_name_the_correlation_that_is_assumed() -> None:
    found = durability(DATASET, therapy="abct")
    rows = {one.change_id: one for one in records(found.comparisons)}
    made = [followup_entries.of_change(one, DATASET) for one in rows.values()]
    made += [one for row in rows.values() if (one := followup_entries.of_retained(row, DATASET))]
    assert shared(made) == []
    assert all("correlate at 0.5 (assumed)" in one.label for one in made)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"interval": "hksj"},
            "interval by Hartung-Knapp, no correction, a less cautious method than the default",
        ),
        ({"tau2": "common", "interval": "wald"}, "common effect, interval by normal quantile, a"),
        ({"tau2": "PM"}, "tau² by PM"),
        ({"instrument": "clinician_first"}, "ratings by clinicians first"),
        ({"instrument": "bdi_ii"}, "Beck Depression Inventory, second edition alone"),
        ({"adjustment": "ppc", "correlation": 0.7}, "(pre-post-control), pre-post correlation 0.7"),
        ({"convention": "metapsy"}, "approximate correction (Metapsy)"),
        ({"imputed": "exclude"}, "imputed estimates of single trials left out"),
        ({"comparator_class": "usual_care"}, "usual or enhanced usual care only"),
        ({"leave_out": ("diamond2002",)}, "without Diamond 2002"),
        ({"level": 0.9}, "90% interval"),
    ],
)
def test_labels_name_each_choice_that_is_not_the_main_one(
    changed: dict[str, Any], said: str
) -> None:
    label = of_specification(**changed).label
    assert said in label
    assert said not in of_specification().label
    assert ("less cautious" in label) == bool({"hksj", "wald"} & set(changed.values()))


def test_pooled_numbers_hold_what_their_model_says_beside_them() -> None:
    analysis = analyze(DATASET, MAIN)
    stress = stress_test(analysis)
    main, at_zero = (
        entries.of_analysis(analysis, DATASET),
        entries.of_stress_test(stress, analysis, DATASET),
    )
    for entry, fit in ((main, analysis.pooled), (at_zero, stress.at_zero)):
        assert entry.q == pytest.approx(fit.q, rel=1e-11)
        assert (entry.q_df, entry.tau2) == (fit.k - 1, pytest.approx(fit.tau2, abs=1e-11))
        assert entry.se == pytest.approx(fit.se, rel=1e-11)
        assert (entry.q_p, entry.i2) == pytest.approx((fit.q_p, fit.i2), rel=1e-11)
    ends = entries.of_stress_ends(stress, analysis, DATASET)
    assert [one.q for one in ends] == pytest.approx([stress.low.q, stress.high.q], rel=1e-11)
    for points in numbers.points_of(main, analysis.pooled, analysis, DATASET, "bdi"):
        assert (points[1].se, points[1].tau2) == (None, None)


def test_a_stress_test_names_the_trials_at_zero() -> None:
    alone = analyze(DATASET, replace(MAIN, leave_out=("nct00329199", "waraan2021")), FRAME)
    stress = stress_test(alone)
    assert stress is not None
    entry = entries.of_stress_test(stress, alone, DATASET)
    assert "with unreported results at zero (Diamond 2019)" in entry.label
    assert entry.method == (
        "random effects (REML), Hartung-Knapp interval with the ad hoc correction"
    )


def test_of_one_trial_nothing_is_pooled() -> None:
    only = Specification(therapy="abct", outcome="functional_impairment", timepoint="post")
    entry = entries.of_analysis(analyze(DATASET, only, FRAME), DATASET)
    assert "pooled" not in entry.label
    assert entry.label.endswith(", one trial")
    assert entry.method == "one trial, not pooled; interval by the normal quantile"


def test_a_harm_is_quoted_in_its_usual_direction_with_its_counts() -> None:
    stem = "diamond2019.suicide_attempt.attempt.post"
    rows = {row.estimate_id: row for row in records(FRAME)}
    made = {
        metric: entries.of_estimate(rows[f"{stem}.{metric}"], DATASET)
        for metric in ("log_odds_ratio", "log_risk_ratio", "risk_difference")
    }
    # Woolf 1955, Katz 1978 and Wald by hand: standard errors sqrt(1/2 + 1/64 + 1/4 + 1/59),
    # sqrt(1/2 - 1/66 + 1/4 - 1/63) and sqrt(p(1 - p)/n, summed), quantile 1.959964.
    values = {
        "log_odds_ratio": (2 * 59 / (64 * 4), 0.0814032, 2.6100111, "below_1"),
        "log_risk_ratio": (2 * 63 / (66 * 4), 0.0905758, 2.5149017, "below_1"),
        "risk_difference": (2 / 66 - 4 / 63, -0.1062367, 0.0398586, "below_0"),
    }
    for metric, (effect, low, high, side) in values.items():
        one = made[metric]
        assert (one.effect, one.ci_low, one.ci_high) == pytest.approx((effect, low, high), abs=5e-8)
        assert (one.favors, one.counts) == (side, "2 of 66 against 4 of 63")
        assert "suicide attempts" in one.label
        # The frame keeps positive for what favors the intervention.
        assert rows[one.estimate_id].effect > 0
    said = quotation.sentence(made["log_odds_ratio"], DATASET)
    assert "0.46 (95% CI, 0.08 to 2.61)" in said
    assert "2 of 66 against 4 of 63" in said
    assert "below 1 favors ABFT" in said
    assert "3.3 percentage points (95% CI, −10.6 to 4.0)" in quotation.sentence(
        made["risk_difference"], DATASET
    )


def test_every_number_says_the_side_that_favors_the_intervention() -> None:
    for row in records(FRAME[FRAME.effect.notna()]):
        one = entries.of_estimate(row, DATASET)
        null = 1.0 if one.scale == "ratio" else 0.0
        above = row.effect > 0
        assert one.favors == f"{'below' if row.more_is == 'worse' else 'above'}_{null:g}"
        assert (one.effect > null) == (above != (row.more_is == "worse")) or row.effect == 0
        assert ("favors" in one.label) == (row.more_is == "worse")


def test_a_pooled_harm_is_quoted_in_its_usual_direction() -> None:
    stem = "diamond2019.suicide_attempt.attempt.post.log_odds_ratio"
    row = FRAME[FRAME.estimate_id == stem]
    again = row.assign(trial_id="israel2013", estimate_id="again", label="Israel 2013")
    frame = pd.concat([FRAME, again], ignore_index=True)
    which = {"outcome": "suicide_attempt", "metric": "log_odds_ratio"}
    analysis = analyze(DATASET, replace(MAIN, **which, tau2="common", interval="wald"), frame)
    one = entries.of_analysis(analysis, DATASET)
    assert analysis.pooled.effect > 0
    assert (one.effect, one.favors) == (pytest.approx(2 * 59 / (64 * 4)), "below_1")
    assert (one.ci_low or 9) < one.effect < (one.ci_high or 0)
    assert "below 1 favors ABFT" in one.label


def test_n_is_that_of_the_row_or_said_not_to_be_printed() -> None:
    rows = {row.estimate_id: row for row in records(FRAME)}
    stem = "montero2018.functional_impairment.fiq.post"
    row = rows[f"{stem}.d_from_test_statistic"]
    assert size_of([row]).of() == "n not printed (42 randomized)"
    assert entries.of_estimate(row, DATASET).n is None
    # Equal shares of a printed total are no number analyzed either.
    shares = rows["collado2021.abct_vs_usual_care.affective_distress.dass_21.post.mean_difference"]
    assert size_of([shares]).of() == "n not printed (60 randomized)"
    assert entries.of_estimate(shares, DATASET).n is None
    printed = rows["diamond2002.depression.bdi.post.hedges_g"]
    assert entries.of_estimate(printed, DATASET).n == size_of([printed]).n == 32
    # Those counted and those randomized are no one number.
    assert size_of([row, printed]).of() == "n not known"
    which = {"therapy": "abct", "outcome": "functional_impairment"}
    analysis = analyze(DATASET, replace(MAIN, **which), FRAME)
    assert (analysis.size.n, analysis.size.randomized) == (None, 42)
    assert entries.of_analysis(analysis, DATASET).n is None
    assert "n not printed (42 randomized)" in sentences.result(analysis, DATASET)


def test_an_n_that_is_not_known_is_never_zero() -> None:
    unknown = FRAME.assign(n_comparator=pd.array([pd.NA] * len(FRAME), dtype="Int64"))
    analysis = analyze(DATASET, MAIN, unknown)
    assert (analysis.pooled.k, analysis.size) == (3, Size(None))
    assert entries.of_analysis(analysis, DATASET).n is None
    said = page(pooled.as_parts(analysis, DATASET), "md")
    assert "k = 3, n not known, P" in said
    assert "n = 0" not in said


def test_one_result_has_one_number_under_one_name() -> None:
    rows = FRAME[FRAME.effect.notna()]
    by = ["result_ids", "intervention_arm_id", "comparator_arm_id", "metric"]
    assert rows.groupby(by).effect.nunique().max() == 1
    for analysis in main_analyses(DATASET, FRAME):
        if analysis.pooled.k == 1:
            # What stands alone in an analysis is the number of its trial.
            row = next(records(analysis.selection.estimates))
            alone, own = entries.of_analysis(analysis, DATASET), entries.of_estimate(row, DATASET)
            for name in ("effect", "ci_low", "ci_high", "favors", "n"):
                assert getattr(alone, name) == getattr(own, name)


def test_an_origin_names_its_metric_once() -> None:
    rows = FRAME[FRAME.estimate_id == "diamond2002.depression.bdi.post.hedges_g"]
    assert origins.provenance(DATASET, estimates=rows).html.count("Hedges g") == 1
