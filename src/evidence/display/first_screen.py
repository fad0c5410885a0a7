"""The first screen of a pooled report: the answer in words, the numbers, and what is missing."""

import pandas as pd

from evidence.dataset import Dataset
from evidence.display import entries, remarks, text, words
from evidence.display.escape import html
from evidence.display.headline import Headline, answer
from evidence.display.output import Block
from evidence.display.tables import ends_link
from evidence.records import records
from evidence.specification import Analysis, Companions, StressTest, points_behind
from evidence.specification.scenarios import STANDARDIZED_METRICS
from evidence.terms import RemarkKind, Said, has


def first_screen(
    dataset: Dataset,
    analysis: Analysis,
    beside: Companions,
) -> Block:
    """Return the first screen of a pooled analysis.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    analysis : Analysis
        Main analysis.
    beside : Companions
        What stands beside it: comparator classes, other methods, the stress test.
    """
    points = points_behind(analysis)
    if points is not None:
        figures = _figures_in_points(dataset, analysis, points)
        said = remarks.in_points(dataset, analysis, points)
    else:
        figures = _figures(dataset, analysis, beside.stress)
        said = remarks.of_pooled(dataset, analysis, beside)
    say, paragraph = _answer(dataset, analysis, points, beside.stress)
    paragraph = f"{paragraph} {text.narrowed(analysis.specification, dataset)}".strip()
    return answer(say, html(paragraph), figures, said)


def _answer(
    dataset: Dataset, analysis: Analysis, points: pd.Series | None, stress: StressTest | None
) -> tuple[str, str]:
    pooled = analysis.pooled
    if pooled.ci_low <= 0 <= pooled.ci_high:
        return _not_known(dataset, analysis)
    therapy, outcome = text.names(analysis, dataset)
    outcome = outcome.partition(" (")[0]
    favored = pooled.ci_low > 0
    lower = (_verb(dataset, analysis) == "reduces") == favored
    compared = words.listed(
        dict.fromkeys(
            text.comparator(row, dataset) for row in records(analysis.selection.estimates)
        )
    )
    arm_id = str(analysis.selection.estimates.intervention_arm_id.iloc[0])
    added = points is not None and text.added(arm_id, dataset)
    of_all = len(text.published(analysis, dataset))
    kept = text.narrowed(analysis.specification, dataset)
    trials = (
        f"the one published trial{' that enters' if kept else ''}"
        if of_all == 1
        else f"{words.count(pooled.k)} of {words.count(of_all)} published trials"
        f"{' that enter' if kept else ''}"
    )
    rest = of_all - pooled.k
    silent = ""
    if rest:
        others = "the other" if rest == 1 else f"the other {words.count(rest)}"
        none = (_published_without(dataset, analysis).said == Said.NO_DIFFERENCE).all()
        verb = (
            ("reports" if rest == 1 else "report") if none else ("prints" if rest == 1 else "print")
        )
        silent = f"; {others} {verb} {'no clear difference' if none else 'no usable number'}"
    say = (
        f"In {trials}, {outcome} {'were' if outcome.endswith('symptoms') else 'was'} "
        f"{'lower' if lower else 'higher'} with {therapy}"
        f"{f' added to {compared}' if added else ''} than with {compared}"
        f"{' alone' if added else ''}{silent}."
    )
    sentences = [against_other_arms(dataset, analysis)]
    if points is None and set(analysis.selection.estimates.metric) == {"d_from_test_statistic"}:
        sentences.append("No means are printed; the standardized value is imputed.")
    if pooled.k == 1:
        sentences.append("One small trial is not enough to know whether this holds elsewhere.")
    if stress is not None and stress.at_zero.ci_low <= 0 <= stress.at_zero.ci_high:
        sentences.append("With the unreported results at zero the interval includes no difference.")
    return say, " ".join(one for one in sentences if one)


def _not_known(dataset: Dataset, analysis: Analysis) -> tuple[str, str]:
    """Return the answer where the main interval includes no difference."""
    therapy, outcome = text.names(analysis, dataset)
    pooled = analysis.pooled
    say = (
        f"It is not known whether {therapy} {_verb(dataset, analysis)} {outcome} more than other "
        "care."
    )
    direction = therapy if pooled.effect > 0 else "other care"
    first = (
        f"{words.capitalized(words.count(pooled.k, 'small trial'))} with printed "
        f"{_what_is_printed(analysis)} {'favors' if pooled.k == 1 else 'favor'} {direction}, with "
        "an interval that includes no difference."
    )
    sentences = [first, others(dataset, analysis), "Neither benefit nor its absence is shown."]
    return say, " ".join(one for one in sentences if one)


def _published_without(dataset: Dataset, analysis: Analysis) -> pd.DataFrame:
    """Return the published trials without a usable number."""
    without = analysis.selection.without_number
    status = dataset.trials.set_index("trial_id").status
    return without[[status[one] == "published" for one in without.trial_id]]


def _what_is_printed(analysis: Analysis) -> str:
    return (
        "means"
        if set(analysis.selection.estimates.route) <= {"means", "means_change"}
        else ("numbers")
    )


def _mean(analysis: Analysis) -> str:
    """Return what trials lack that may print other numbers, such as an odds ratio."""
    return "mean difference" if _what_is_printed(analysis) == "means" else "usable number"


def _verb(dataset: Dataset, analysis: Analysis) -> str:
    higher_is = dataset.instruments.set_index("instrument_id").higher_is
    worse = {higher_is[one] for one in analysis.selection.estimates.instrument_id} == {"worse"}
    return "reduces" if worse else "raises"


def others(dataset: Dataset, analysis: Analysis) -> str:
    """Return what the published trials without a usable number report."""
    without = _published_without(dataset, analysis)
    if without.empty:
        return ""
    n = sum(text.total(row) or 0 for row in records(without))
    with_n = f" with {n} {text.people(analysis, dataset)}" if n else ""
    none = (without.said == Said.NO_DIFFERENCE).all()
    noun = words.count(len(without), "further trial")
    reports = "reports" if len(without) == 1 else "report"
    prints = "prints" if len(without) == 1 else "print"
    said = (
        f"{reports} no clear difference and {prints} no {_mean(analysis)}"
        if none
        else f"{prints} no usable number"
    )
    return f"{words.capitalized(noun)}{with_n} {said}."


def against_other_arms(dataset: Dataset, analysis: Analysis) -> str:
    """Return what the chosen trials report against their other comparators."""
    left = analysis.selection.left_out
    chosen = set(analysis.selection.estimates.trial_id)
    rows = left[left.trial_id.isin(chosen) & (left.said == Said.NO_DIFFERENCE)]
    standing = set(analysis.selection.estimates.comparator_arm_id)
    rows = rows[~rows.comparator_arm_id.isin(standing)]
    therapy, _ = text.names(analysis, dataset)
    found = dict.fromkeys(text.comparator(row, dataset) for row in records(rows))
    if not found:
        return ""
    return (
        f"In the same trial {therapy} was not shown to be better than {words.listed(found, 'or')}."
    )


def _figures(dataset: Dataset, analysis: Analysis, stress: StressTest | None) -> list[Headline]:
    people = text.people(analysis, dataset)
    compared = words.listed(
        dict.fromkeys(
            text.comparator(row, dataset) for row in records(analysis.selection.estimates)
        )
    )
    metric = words.term(words.METRIC, analysis.selection.metric)
    trials = words.count(analysis.pooled.k, "trial")
    prints = "prints" if analysis.pooled.k == 1 else "print"
    imputed = "; imputed" if "imputed" in set(analysis.selection.estimates.processing) else ""
    figures = [
        Headline(
            entries.of_analysis(analysis, dataset),
            2,
            f"{metric}{_scale(analysis, dataset)}, {trials} that {prints} "
            f"{_what_is_printed(analysis)}, "
            f"{analysis.n} {people}; against {compared}{imputed}",
            named=True,
        )
    ]
    if stress is not None:
        count = words.count(len(stress.entered), "unreported result")
        figures.append(
            Headline(
                entries.of_stress_test(stress, analysis, dataset),
                2,
                f"the same with {count} set to zero, {text.zeros_against(stress, dataset)}; "
                f"{stress.n} {people}; a stress test, imputed; ",
                also=f"{ends_link(entries.of_stress_ends(stress, analysis, dataset))} over what "
                f"“no difference” leaves open{html(text.held_at_zero(stress))}",
                named=True,
            )
        )
    return figures


def _scale(analysis: Analysis, dataset: Dataset) -> str:
    """Return the unit of a standardized effect, and what its sign means."""
    therapy = dataset.in_text("therapy", analysis.specification.therapy)
    side = f"{words.SIDE[analysis.selection.scale.favors]} favors {therapy}"
    unit = "in standard deviations, " if analysis.selection.metric in STANDARDIZED_METRICS else ""
    return f" ({unit}{side})"


def _figures_in_points(dataset: Dataset, analysis: Analysis, points: pd.Series) -> list[Headline]:
    """Return the coefficient at this time and, where the trial prints it, at follow-up."""
    frame = analysis.frame
    rows = frame[
        (frame.trial_id == points.trial_id)
        & (frame.metric == "mean_difference")
        & (frame.instrument_id == points.instrument_id)
        & (frame.intervention_arm_id == points.intervention_arm_id)
        & (frame.comparator_arm_id == points.comparator_arm_id)
    ]
    instrument = str(points.instrument_id).upper().replace("_", "-")
    lower = text.better(points.instrument_id, dataset)
    figures = []
    for row in records(rows):
        n = text.total(row)
        size = "" if n is None else f", {n} {text.people(analysis, dataset)}"
        imputed = " (arm sizes imputed)" if has(row, RemarkKind.SIZES_IMPUTED) else ""
        figures.append(
            Headline(
                entries.of_estimate(row, dataset),
                1,
                f"points {lower} on the {instrument} with "
                f"{dataset.in_text('condition', row.intervention)}, {text.when(row, dataset)}; "
                f"against {text.comparator(row, dataset)}; one trial{size}{imputed}",
                named=True,
            )
        )
    return figures
