"""Sentences on a pooled analysis, generated from its fields: results, methods, limits."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd

from evidence import language
from evidence.analysis import Analysis, points_behind
from evidence.analysis.stress_test import NEVER_ZERO, StressTest
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation.choices import Specification
from evidence.estimation.row import participants
from evidence.estimation.selection import IMBALANCE
from evidence.meta.pooling import Pooled
from evidence.terms import WHY, LeftOut, RemarkKind, Said, has

TAU2_SOURCE = {
    "REML": "restricted maximum likelihood (Viechtbauer 2005)",
    "ML": "maximum likelihood (Viechtbauer 2005)",
    "DL": "the method of moments (DerSimonian and Laird 1986)",
    "PM": "the generalized Q statistic (Paule and Mandel 1982)",
    "EB": "empirical Bayes (Morris 1983)",
    "SJ": "the two-step estimator of Sidik and Jonkman (2005)",
    "HE": "the variance component estimator (Hedges and Olkin 1985)",
    "HS": "the estimator of Hunter and Schmidt (1990)",
}
INTERVAL_SOURCE = {
    "hksj_adhoc": "by the Hartung-Knapp method with the ad hoc correction, which never lets the "
    "standard error fall below that of the usual formula (Hartung and Knapp 2001; Röver, Knapp and "
    "Friede 2015)",
    "hksj": "by the Hartung-Knapp method (Hartung and Knapp 2001; Sidik and Jonkman 2002)",
    "wald": "by the normal quantile, which takes the between-trial variance as known",
}
METRIC_SOURCE = {
    "hedges_g": "Hedges g, the difference of means over the pooled standard deviation at that time "
    "with the {convention} small-sample correction (Hedges 1981)",
    "d_ppc2": "pre-post-control d, the difference of changes over the pooled standard deviation "
    "before treatment (Morris 2008, d_ppc2)",
    "mixed": "Hedges g (Hedges 1981) or, where the arms differed before treatment, "
    "pre-post-control d (Morris 2008, d_ppc2)",
    "standardized": "Hedges g or, in trials that print no means, g from the z of a printed test "
    "and the arm sizes, both with the small-sample correction of Hedges (1981)",
    "d_from_test_statistic": "g from the z of a printed test or interval and the arm sizes, with "
    "the small-sample correction of Hedges (1981)",
    "log_odds_ratio": "odds ratios, pooled as logarithms",
    "log_risk_ratio": "risk ratios, pooled as logarithms",
    "log_hazard_ratio": "hazard ratios, pooled as logarithms",
    "log_incidence_rate_ratio": "incidence rate ratios, pooled as logarithms",
    "risk_difference": "risk differences",
    "mean_difference": "differences in points of the instrument",
}
INSTRUMENT_RULE = {
    "self_report_first": "self-report before ratings by clinicians",
    "clinician_first": "ratings by clinicians before self-report",
}


NAMED = 6
"""Trials up to which a sentence names each."""


def effect_measure(metric: str, rows: pd.DataFrame, convention: str) -> str:
    """Return what the effects of rows are, and which of them stand as their source prints them."""
    said = METRIC_SOURCE.get(metric, metric).format(convention=convention)
    printed = rows.label[(rows.route == "printed") & (rows.metric == "hedges_g")].unique()
    if not len(printed):
        return said
    if (rows.route == "printed").all():
        return "Hedges g as the source prints it, by whatever formula that used"
    of = language.listed(printed) if len(printed) <= NAMED else f"{len(printed)} trials"
    return f"{said}; of {of} it is as the source prints it, by whatever formula that used"


def names(analysis: Analysis, dataset: Dataset) -> tuple[str, str]:
    """Return therapy and outcome of an analysis in words."""
    specification = analysis.specification
    return (
        dataset.in_text("therapy", specification.therapy),
        dataset.in_text("outcome", specification.outcome),
    )


def comparator(row: Any, dataset: Dataset) -> str:
    """Return the comparator of a trial in words, with its length where it differs."""
    name = dataset.in_text("condition", row.comparator)
    facts = dataset.fact(row.trial_id, "comparator_weeks")
    return name if facts.empty else f"{facts.value.iloc[0]:g}-week {name}"


def better(instrument_id: str, dataset: Dataset) -> str:
    """Return which side of an instrument is the better one: "lower" or "higher"."""
    higher_is = dataset.instrument(instrument_id).higher_is
    return "higher" if higher_is == "better" else "lower"


def at_zero(stress: StressTest) -> str:
    """Return how many results are at zero in a stress test, which need not be all unreported."""
    return f"{language.count(len(stress.entered), 'unreported result')} at zero"


def zeros_against(stress: StressTest, dataset: Dataset) -> str:
    """Return what the trials that a stress test enters compared with, and which are unpublished."""
    against = language.listed(
        dict.fromkeys(comparator(row, dataset) for row in records(stress.entered)), "or"
    )
    hidden = sum(dataset.trial(one).status != "published" for one in stress.entered.trial_id)
    also = f", {language.count(hidden)} of them not published" if hidden else ""
    return f"these against {against}{also}"


def why_not_entered(row: Any) -> str:
    """Return why a trial without a usable mean enters no stress test.

    ``row`` is one of `StressTest.not_entered` or `Selection.without_number`.
    """
    if row.numbered:
        return "it prints a number"
    return NEVER_ZERO.get(row.said, "its size is not known")


def not_entered(stress: StressTest) -> str:
    """Return the trials that a stress test does not enter, each with the reason in brackets."""
    return language.listed(
        f"{row.label} ({why_not_entered(row)})" for row in records(stress.not_entered)
    )


def left_open(stress: StressTest) -> str:
    """Return what the ends of a stress test suppose, as what follows on both."""
    held = stress.entered.bound == 0
    moved = language.listed(stress.entered.label[~held])
    still = language.listed(stress.entered.label[held])
    if not moved:
        return f"({still} not moved)"
    return f"({moved} moved as “no difference” allows{f', {still} not' if still else ''})"


def comparators(rows: pd.DataFrame, dataset: Dataset) -> str:
    """Return what trials compared with, each once, as "a, b or c"."""
    return language.listed(dict.fromkeys(comparator(row, dataset) for row in records(rows)), "or")


WEEKS_OF_A_QUARTER = 13
"""Sources that count in months print multiples of three, which the data hold in weeks."""

_CLOCK = {
    "end_of_treatment": "after treatment",
    "randomization": "after randomization",
    "not_stated": "(counted from when is not stated)",
}


def when(row: Any, dataset: Dataset) -> str:
    """Return the time of an estimate in words, at follow-up as its source counts it."""
    if row.timepoint != "follow_up":
        return dataset.in_text("timepoint", row.timepoint)
    result = dataset.result(row.result_ids[0])
    if pd.isna(result.weeks):
        return dataset.in_text("timepoint", row.timepoint)
    return f"at {span(result.weeks)} {_CLOCK[result.clock]}"


def span(weeks: float) -> str:
    """Return a time in weeks as a source counts it: in months where it makes whole quarters."""
    quarters, rest = divmod(weeks, WEEKS_OF_A_QUARTER)
    return f"{weeks:g} weeks" if rest else f"{3 * quarters:g} months"


def added(arm_id: str, dataset: Dataset) -> bool:
    """Return whether the treatment of an arm came on top of usual care."""
    return bool(dataset.arm(arm_id).added_to == "usual_care")


def sizes(row: Any, dataset: Dataset) -> str:
    """Return arm sizes as "16 + 16"; the total alone where no source prints the arms."""
    n = participants(row)
    if n is None:
        return "n not known"
    arms = dataset.arms
    printed = arms[arms.trial_id == row.trial_id].n_randomized.notna().all()
    return f"{row.n_intervention} + {row.n_comparator}" if printed else f"{n} in all"


def people(analysis: Analysis, dataset: Dataset) -> str:
    """Return who took part: one word for all trials, else "participants"."""
    groups = {dataset.trial(one).age_group for one in analysis.selection.estimates.trial_id}
    # Imported trials may name several groups, or none.
    known = groups if len(groups) == 1 and groups <= set(dataset.worded("age_group")) else set()
    return dataset.in_text("age_group", known.pop()) if known else "participants"


def heterogeneity(pooled: Pooled, i2_limits: tuple[float, float] | None) -> str:
    """Return what is known of the spread of effects between trials."""
    if pooled.k == 1:
        return "One trial cannot say how much effects vary between trials."
    parts = []
    if pooled.tau2 is not None and pooled.tau2_method != "common":
        parts.append(
            f"tau² = {language.fixed(pooled.tau2)} (Q-profile 95% interval "
            f"{language.limits(pooled.tau2_ci_low, pooled.tau2_ci_high)})"
        )
    if pooled.i2 is not None and i2_limits is not None:
        parts.append(
            f"I² = {language.fixed(100 * pooled.i2, 0)}% "
            f"({language.limits(100 * i2_limits[0], 100 * i2_limits[1], 0)}%)"
        )
    if pooled.q is not None and pooled.q_p is not None:
        parts.append(
            f"Q = {language.fixed(pooled.q)} with {pooled.q_df} df, {language.p_value(pooled.q_p)}"
        )
    return " ".join(filter(None, (f"Between trials: {'; '.join(parts)}.", spread(pooled))))


ALPHA = 0.05
"""P of Q below which the test of Q says that effects differ."""


def spread(pooled: Pooled, studies: str = "trials") -> str:
    """Return what the Q-profile interval of tau2 shows of the spread of effects, as a sentence.

    Three cases: above zero throughout, over zero, and empty; where the test of Q says otherwise
    than an interval over zero, both are said. Empty where a common effect was taken.
    """
    low, high = pooled.tau2_ci_low, pooled.tau2_ci_high
    if low is None or high is None or pooled.tau2_method == "common":
        return ""
    if high == 0:
        return "The effects lie closer together than chance alone would have them."
    if low > 0:
        return f"The effects of the {studies} differ."
    if pooled.q_p is not None and pooled.q_p < ALPHA:
        return (
            f"The test of Q says that the effects of the {studies} differ; the interval of tau² "
            "also allows that they do not."
        )
    return f"Differences between {studies} are neither shown nor excluded."


def of_q(p_value: float) -> str:
    """Return what a test of Q alone shows of odds ratios; few events hide differences."""
    if p_value < ALPHA:
        return "The test says that odds ratios differ."
    return "Differences of odds ratios are neither shown nor excluded."


def prediction(pooled: Pooled) -> str:
    """Return the prediction interval in words, or that so few trials allow none."""
    if pooled.k < 5 or pooled.prediction_low is None or pooled.prediction_high is None:
        return "So few trials cannot say how much effects vary; no prediction interval is given."
    return (
        "The prediction interval for the effect in a further trial is "
        f"{language.limits(pooled.prediction_low, pooled.prediction_high)}."
    )


def methods(
    analysis: Analysis,
    dataset: Dataset,
    *,
    i2_limits: tuple[float, float] | None,
    stress: StressTest | None,
) -> list[str]:
    """Return the methods of an analysis as paragraphs, every choice named."""
    specification, pooled = analysis.specification, analysis.pooled
    therapy, _ = names(analysis, dataset)
    measure = effect_measure(
        analysis.selection.metric, analysis.selection.estimates, specification.convention
    )
    rule = INSTRUMENT_RULE.get(
        specification.instrument, f"the instrument {specification.instrument} alone"
    )
    effects = (
        f"The effect measure is {measure}. Positive "
        f"values favor {therapy}. One estimate stands for each trial: {rule}, "
        f"{dataset.in_text('timepoint', specification.timepoint)}"
        + (
            ""
            if specification.adjustment == "post"
            else ", adjusted for baseline as pre-post-control d"
            + (
                f" where the arms differed by more than {IMBALANCE} SD before treatment"
                if specification.adjustment == "ppc_imbalanced"
                else ""
            )
        )
        + ". Imputed estimates "
        + ("may enter, and are marked." if specification.imputed == "include" else "are left out.")
        + f" {narrowed(specification, dataset)}"
    ).rstrip()
    points = points_behind(analysis)
    paragraphs = [effects]
    if points is not None:
        name = dataset.instrument(points.instrument_id).name
        paragraphs = [
            f"The first screen shows the coefficient of the model of {points.label} in points of "
            f"{name}, as the source prints it with its interval; positive favors {therapy}. The "
            "standardized value behind it, made to stand beside other trials, is made so:",
            effects,
        ]
    if pooled.k == 1:
        paragraphs.append(
            "One trial gives an estimate, so nothing is pooled; its interval is that of the trial "
            "on the normal quantile."
        )
    else:
        model = (
            "The trials were pooled with a common effect"
            if pooled.tau2_method == "common"
            else "The trials were pooled with random effects, the between-trial variance estimated "
            f"by {TAU2_SOURCE[pooled.tau2_method]}"
        )
        df = "" if pooled.df is None else f", t distribution with {pooled.df:g} df"
        paragraphs.append(
            f"{model}; {language.fixed(100 * pooled.level, 0)}% interval "
            f"{INTERVAL_SOURCE[pooled.interval_method]}{df}. "
            f"{heterogeneity(pooled, i2_limits)} {prediction(pooled)}"
        )
    if stress is not None:
        out = not_entered(stress)
        how = f" {HOW_STRESSED}" if dataset.imported else ""
        paragraphs.append(
            "Trials that measured the outcome, and of which no usable number was found: each"
            f"{f', except {out},' if out else ''} enters a stress test at zero.{how}"
        )
    return paragraphs


HOW_STRESSED = (
    "A trial at zero has the variance of a standardized difference of zero, 1/n₁ + 1/n₂ for the "
    "arms randomized, equal halves where only a total is printed (Borenstein et al. 2009, formula "
    "4.20 with d = 0). The range moves those trials by "
    "up to 1.96 standard errors to either side together, since “no difference” allows that much; a "
    "trial whose printed statistic bounds its effect more closely stays at zero. This is imputed: "
    "it shows what the gap could do, and is no result."
)
"""What a stress test does, told once for all reports."""


def narrowed(specification: Specification, dataset: Dataset) -> str:
    """Return which trials are kept out by choice, as sentences; empty where none is."""
    said = []
    if specification.comparator_class is not None:
        compared = dataset.in_text("comparator_class", specification.comparator_class)
        said.append(f"Only comparisons with {compared} enter, by choice.")
    if specification.leave_out:
        said.append(f"Left out by choice: {left_out(specification, dataset)}.")
    return " ".join(said)


def left_out(specification: Specification, dataset: Dataset) -> str:
    """Return the trials that a specification leaves out, by their labels."""
    return language.listed(dataset.trial(one).label for one in specification.leave_out)


_RULES = {
    LeftOut.OTHER_METRIC: language.METRIC,
    LeftOut.OTHER_INSTRUMENT: INSTRUMENT_RULE,
}


def reason_in_words(row: Any, dataset: Dataset) -> str:
    """Return why an estimate did not enter, with the names of metrics and rules in words.

    ``row`` is one of `Selection.left_out` or `Selection.without_number`.
    """
    if row.left_out_by == LeftOut.OTHER_COMPARATOR_CLASS:
        names = dataset.worded("comparator_class")
    else:
        names = _RULES.get(row.left_out_by, {})
    if not names:
        return str(row.reason)
    return WHY[row.left_out_by].format(
        own=names.get(row.metric, row.metric), chosen=names.get(row.chosen, row.chosen)
    )


_SAID = {
    Said.NO_DIFFERENCE: "{report} no clear difference, without a usable number",
    Said.FAVORS_INTERVENTION: "{report} a difference in favor of {therapy}, without a "
    "usable number",
    Said.FAVORS_COMPARATOR: "{report} a difference in favor of the comparator, without a "
    "usable number",
    Said.SOURCES_DIFFER: "{are} reported differently by different sources",
    Said.NOT_REPORTED: "{report} no result on it",
    Said.NOT_SEEN: "measured it, but whether a result is reported could not be seen",
}


def what_trials_say(
    without: pd.DataFrame, dataset: Dataset, analysis: Analysis, *, others: bool = False
) -> str:
    """Return what trials without a usable number report, each kind of report with its count.

    Parameters
    ----------
    without : DataFrame
        Rows of `Selection.without_number`.
    dataset : Dataset
        Data package.
    analysis : Analysis
        Analysis that they do not enter.
    others : bool
        Whether this follows on what one trial reports, as a part of that sentence.
    """
    if without.empty:
        return ""
    therapy, _ = names(analysis, dataset)
    said = [_SAID.get(one, "{give} no usable number") for one in without.said]
    number = len(said)

    def verb(form: str, count: int) -> str:
        ending = "s" if count == 1 else ""
        are = "is" if count == 1 else "are"
        return form.format(report=f"report{ending}", give=f"give{ending}", are=are, therapy=therapy)

    kinds = Counter(said)
    if others:
        who = "the other" if number == 1 else f"the other {language.count(number)}"
    else:
        sizes = [participants(row) for row in records(without)]
        known = sum(one for one in sizes if one is not None)
        least = "at least " if None in sizes else ""
        size = f" with {least}{known} {people(analysis, dataset)}" if known else ""
        who = f"{language.count(number, 'further trial')}{size}"
    if len(kinds) == 1:
        told = f"{who} {verb(said[0], number)}"
    else:
        parts = [f"{language.count(count)} {verb(form, count)}" for form, count in kinds.items()]
        told = f"of {who}, {'; '.join(parts)}"
    return told if others else f"{language.capitalized(told)}."


def published(analysis: Analysis, dataset: Dataset) -> pd.DataFrame:
    """Return the rows of `trials` that are published and measured the outcome of an analysis."""
    ids = [
        *analysis.selection.estimates.trial_id,
        *analysis.selection.without_number.trial_id,
    ]
    trials = dataset.trials
    return trials[trials.trial_id.isin(ids) & (trials.status == "published")]


def planned(dataset: Dataset, *therapies: str) -> list[str]:
    """Return for each therapy how many trials are planned, and for whom; nothing where none is."""
    trials = dataset.planned_trials
    named = set(dataset.directions.trial_id)
    worded = dataset.worded("age_group")
    said = []
    for therapy in therapies:
        own = trials[trials.therapy == therapy]
        if own.empty:
            continue
        ages = dict.fromkeys(one for one in own.age_group if one in worded)
        who = language.listed(dataset.in_text("age_group", one) for one in ages)
        read = "" if named & set(own.trial_id) else ", outcomes not entered"
        said.append(
            f"Planned trials of {dataset.in_text('therapy', therapy)} without a result{read}: "
            f"{language.count(len(own))}{f' ({who})' if who else ''}."
        )
    return said


def developers(analysis: Analysis, dataset: Dataset) -> str:
    """Return in how many of the published trials of an analysis developers took part."""
    ids = published(analysis, dataset).trial_id
    return developers_of(dataset, ids, analysis.specification.therapy)


def developers_of(dataset: Dataset, trial_ids: Iterable[str], therapy_id: str) -> str:
    """Return in how many of the published ones among trials developers of a therapy took part."""
    therapy = dataset.in_text("therapy", therapy_id)
    trials = dataset.trials
    trials = trials[trials.trial_id.isin(list(trial_ids)) & (trials.status == "published")]
    if trials.empty:
        return ""
    counts = trials.developer_involved.value_counts()
    total, known = len(trials), len(trials) - int(counts.get("not_known", 0))
    if not known:
        which = "the one published trial" if total == 1 else f"any of {_of_all(total)}"
        return f"Whether developers of {therapy} took part in {which} is not known."
    took_part, collaborated = (int(counts.get(one, 0)) for one in ("yes", "collaborated"))
    unknown = total - known
    said = f"took part in {_share(took_part, total)}"
    if collaborated and took_part:
        said += f" and collaborated in {language.count(collaborated)}"
    elif collaborated:
        said = f"collaborated in {_share(collaborated, total)}"
    also = f"; of {language.count(unknown)} it is not known" if unknown else ""
    return f"Developers of {therapy} {said}{also}."


def _of_all(total: int) -> str:
    return "the published trial" if total == 1 else f"the {language.count(total)} published trials"


def _share(number: int, total: int) -> str:
    """Return a number of all published trials in words."""
    if number == total:
        whole = {1: "the one published trial", 2: "both published trials"}
        return whole.get(total, f"all {language.count(total)} published trials")
    none = "neither" if total == 2 else "none"
    return f"{language.count(number) if number else none} of {_of_all(total)}"


def result(
    analysis: Analysis,
    dataset: Dataset,
    points: pd.Series | None = None,
    stress: StressTest | None = None,
) -> str:
    """Return the result of an analysis as a sentence to quote, comparator and size included.

    Parameters
    ----------
    analysis : Analysis
        What was pooled.
    dataset : Dataset
        Data package.
    points : Series, optional
        The coefficient in points that stands for a single trial.
    stress : StressTest, optional
        Unreported results at zero, which travel with the result.
    """
    therapy, outcome = names(analysis, dataset)
    when = dataset.in_text("timepoint", analysis.specification.timepoint)
    compared = comparators(analysis.selection.estimates, dataset)
    who = (
        f"{language.count(analysis.pooled.k, 'trial')}, "
        f"{analysis.size.of(people(analysis, dataset))}"
    )
    if analysis.specification.leave_out:
        who += f"; without {left_out(analysis.specification, dataset)}, by choice"
    if points is not None:
        instrument = dataset.instrument(points.instrument_id).name
        imputed = has(points, RemarkKind.SIZES_IMPUTED)
        return (
            f"{therapy} compared with {compared}, {outcome} {when}: "
            f"{language.fixed(points.effect)} "
            f"points {better(points.instrument_id, dataset)} on {instrument} with {therapy} "
            "(95% CI, "
            f"{language.limits(points.ci_low, points.ci_high)}; "
            f"{language.p_value(analysis.pooled.p_value)}; {who}"
            f"{', arm sizes imputed' if imputed else ''}).{_silent(analysis, dataset)}"
        )
    pooled = analysis.pooled
    symbol = {"hedges_g": "g", "d_from_test_statistic": "g"}.get(
        analysis.selection.metric, language.term(language.METRIC, analysis.selection.metric)
    )
    return (
        f"{therapy} compared with {compared}, {outcome} {when}: {symbol} = "
        f"{language.fixed(pooled.effect)} ({language.fixed(100 * pooled.level, 0)}% CI, "
        f"{language.limits(pooled.ci_low, pooled.ci_high)}; "
        f"{language.p_value(pooled.p_value)}; {who}"
        f"{_imputed(analysis)}); positive favors {therapy}.{_silent(analysis, dataset)}"
        + (
            ""
            if stress is None
            else f" With {at_zero(stress)} ({zeros_against(stress, dataset)}), a "
            "stress test (imputed), "
            f"{symbol} = {language.fixed(stress.at_zero.effect)} "
            f"({language.limits(stress.at_zero.ci_low, stress.at_zero.ci_high)}; "
            f"{stress.size.of(people(analysis, dataset))})."
        )
    )


def _imputed(analysis: Analysis) -> str:
    """Return that the value is imputed, if any estimate behind it is."""
    return "; imputed" if analysis.selection.imputed else ""


def _silent(analysis: Analysis, dataset: Dataset) -> str:
    """Return how many published trials report no clear difference without a usable number."""
    without = analysis.selection.without_number
    known = published(analysis, dataset).trial_id
    count = int((without.trial_id.isin(known) & (without.said == Said.NO_DIFFERENCE)).sum())
    if not count:
        return ""
    reports = "reports" if count == 1 else "report"
    return (
        f" {language.capitalized(language.count(count, 'further published trial'))} {reports} no "
        "clear difference without a usable number."
    )
