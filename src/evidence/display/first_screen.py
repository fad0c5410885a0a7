"""The first screen of a pooled report: the answer in words, the numbers, and what is missing."""

import pandas as pd

from evidence.dataset import Dataset
from evidence.display import entries, remarks, text, words
from evidence.display.escape import html
from evidence.display.headline import Headline, answer
from evidence.display.output import Block
from evidence.display.tables import ends_link
from evidence.estimation.row import OF_MEANS, Size, size_of
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
    say = (
        _of_one_trial(dataset, analysis, points)
        if pooled.k == 1
        else _over_trials(dataset, analysis)
    )
    sentences = [against_other_arms(dataset, analysis)]
    rows = analysis.selection.estimates
    if points is None and set(rows.metric) == {"d_from_test_statistic"}:
        how = "imputed" if "imputed" in set(rows.processing) else "converted"
        sentences.append(f"The standardized value is {how} from a test statistic.")
    if pooled.k == 1:
        sentences.append(
            f"One trial{_of_size(analysis)} is not enough to know whether this holds elsewhere."
        )
    else:
        sentences += [text.spread(pooled), others(dataset, analysis)]
    if stress is not None and stress.at_zero.ci_low <= 0 <= stress.at_zero.ci_high:
        sentences.append(f"With {text.at_zero(stress)} the interval includes no difference.")
    return say, " ".join(one for one in sentences if one)


def _of_one_trial(dataset: Dataset, analysis: Analysis, points: pd.Series | None) -> str:
    """Return what the one trial with a number shows, and what the others report."""
    compared = text.comparators(analysis.selection.estimates, dataset)
    therapy, _ = text.names(analysis, dataset)
    arm_id = str(analysis.selection.estimates.intervention_arm_id.iloc[0])
    added = points is not None and text.added(arm_id, dataset)
    known = text.published(analysis, dataset)
    entering = " that enters" if text.narrowed(analysis.specification, dataset) else ""
    chosen = analysis.selection.estimates.trial_id.iloc[0]
    trial = "one trial, not published"
    if chosen in set(known.trial_id):
        trial = (
            f"the one published trial{entering}"
            if len(known) == 1
            else f"one of {words.count(len(known))} published trials{entering and ' that enter'}"
        )
    without = _published_without(dataset, analysis)
    silent = text.what_trials_say(without, dataset, analysis, others=True)
    return (
        f"In {trial}, {_moved(dataset, analysis)} with {therapy}"
        f"{f' added to {compared}' if added else ''} than with {compared}"
        f"{' alone' if added else ''}{f'; {silent}' if silent else ''}."
    )


def _over_trials(dataset: Dataset, analysis: Analysis) -> str:
    """Return what a pooled interval without zero shows, and how many trial intervals agree."""
    rows, pooled = analysis.selection.estimates, analysis.pooled
    therapy, _ = text.names(analysis, dataset)
    side = 1 if pooled.effect > 0 else -1
    same, other = ((sign * rows.effect > 0).sum() for sign in (side, -side))
    ends = (rows.ci_low, -rows.ci_high) if side > 0 else (-rows.ci_high, rows.ci_low)
    apart, against = (int((one > 0).sum()) for one in ends)
    k = words.count(pooled.k)
    share = f"all {k}" if same == pooled.k else f"{words.count(int(same))} of the {k}"
    said = f"{share} estimates {_be(int(same))} on this side"
    if other:
        said += f" and {words.count(int(other))} on the other"
    intervals = words.count(apart) if apart else "none"
    lie = "lies" if apart == 1 else "lie"
    reverse = f", and {words.count(against)} wholly on the other" if against else ""
    return (
        f"Over {words.count(pooled.k, 'trial')} together, {_moved(dataset, analysis)} with "
        f"{therapy} than with {text.comparators(rows, dataset)}: {said}; {intervals} of the {k} "
        f"intervals {lie} wholly on this side{reverse}."
    )


def _be(number: int) -> str:
    return "is" if number == 1 else "are"


def _moved(dataset: Dataset, analysis: Analysis) -> str:
    """Return the outcome and the side it moved to: "participants had lower distress"."""
    outcome = dataset.short("outcome", analysis.specification.outcome)
    verb = _verb(dataset, analysis)
    favored = analysis.pooled.effect > 0
    if verb == "improves":
        moved = "better" if favored else "worse"
    else:
        moved = "lower" if (verb == "reduces") == favored else "higher"
    return f"participants had {moved} {outcome}"


NARROW = 0.2
"""Standardized difference that an interval has to exclude for it to be said that it does."""


def _not_known(dataset: Dataset, analysis: Analysis) -> tuple[str, str]:
    """Return the answer where the main interval includes no difference."""
    therapy, outcome = text.names(analysis, dataset)
    pooled, rows = analysis.pooled, analysis.selection.estimates
    compared = text.comparators(rows, dataset)
    say = (
        f"It is not known whether {therapy} {_verb(dataset, analysis)} {outcome} more than "
        f"{compared}."
    )
    favors = int((rows.effect > 0).sum())
    if pooled.k == 1:
        side = therapy if favors else "neither side" if rows.effect.iloc[0] == 0 else compared
        first = (
            f"One trial{_of_size(analysis)} with {_what_is_printed(analysis)} favors {side}, "
            "with an interval that includes no difference."
        )
    else:
        first = (
            f"The estimates of {_share(favors, pooled.k)}{_of_size(analysis)} favor {therapy}; "
            f"the pooled interval includes no difference. {text.spread(pooled)}".rstrip()
        )
    widest = max(abs(pooled.ci_low), abs(pooled.ci_high))
    standardized = analysis.selection.metric in STANDARDIZED_METRICS
    last = (
        f"The interval excludes differences of more than {words.fixed(widest)} either way."
        if standardized and widest < NARROW
        else ""
    )
    return say, " ".join(one for one in (first, others(dataset, analysis), last) if one)


def _share(number: int, k: int) -> str:
    """Return how many of all trials: "all three trials", "one of three trials"."""
    if number == k:
        return "both trials" if k == 2 else f"all {words.count(k)} trials"
    return f"{words.count(number) if number else 'none'} of {words.count(k)} trials"


def _of_size(analysis: Analysis) -> str:
    """Return the participants behind an analysis in brackets, or that they are not known."""
    size = analysis.size
    # Those randomized, where no other number is printed, have brackets of their own.
    return f" ({size.named})" if size.randomized is None else f", {size.named},"


def _published_without(dataset: Dataset, analysis: Analysis) -> pd.DataFrame:
    """Return the published trials without a usable number."""
    without = analysis.selection.without_number
    status = dataset.trials.set_index("trial_id").status
    return without[[status[one] == "published" for one in without.trial_id]]


def _what_is_printed(analysis: Analysis) -> str:
    return "means" if OF_MEANS.issuperset(analysis.selection.estimates.route) else "numbers"


def _verb(dataset: Dataset, analysis: Analysis) -> str:
    """Return what a benefit does to the outcome; "improves" where scales point both ways."""
    rows = analysis.selection.estimates
    higher_is = dataset.instruments.set_index("instrument_id").higher_is
    sides = {
        row.more_is if row.event else higher_is.get(row.instrument_id, "") for row in records(rows)
    }
    side = sides.pop() if len(sides) == 1 else ""
    return {"worse": "reduces", "better": "raises"}.get(side, "improves")


def others(dataset: Dataset, analysis: Analysis) -> str:
    """Return what the published trials without a usable number report."""
    without = _published_without(dataset, analysis)
    return text.what_trials_say(without, dataset, analysis)


def against_other_arms(dataset: Dataset, analysis: Analysis) -> str:
    """Return what the chosen trials report against their other comparators."""
    left = analysis.selection.left_out
    chosen = set(analysis.selection.estimates.trial_id)
    rows = left[left.trial_id.isin(chosen) & (left.said == Said.NO_DIFFERENCE)]
    standing = set(analysis.selection.estimates.comparator_arm_id)
    rows = rows[~rows.comparator_arm_id.isin(standing)]
    therapy, _ = text.names(analysis, dataset)
    found: dict[str, list[str]] = {}
    for row in records(rows):
        found.setdefault(row.label, []).append(text.comparator(row, dataset))
    return " ".join(
        f"In {label} {therapy} was not shown to be better than "
        f"{words.listed(dict.fromkeys(compared), 'or')}."
        for label, compared in found.items()
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
            f"{analysis.size.of(people)}; against {compared}{imputed}",
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
                f"{stress.size.of(people)}; a stress test, imputed; ",
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
    instrument = dataset.measure(points.instrument_id)
    lower = text.better(points.instrument_id, dataset)
    figures = []
    for row in records(rows):
        known = size_of([row])
        size = "" if known == Size(None) else f", {known.of(text.people(analysis, dataset))}"
        imputed = ", arm sizes imputed" if has(row, RemarkKind.SIZES_IMPUTED) else ""
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
