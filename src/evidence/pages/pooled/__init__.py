"""A pooled report: its first screen and its closing sections."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from evidence import language
from evidence.analysis import Analysis, points_behind
from evidence.analysis.alternatives import Companions
from evidence.analysis.stress_test import StressTest
from evidence.blocks import closing, origins, remarks
from evidence.blocks.escape import html
from evidence.blocks.headline import Headline, answer
from evidence.blocks.output import Block, anchor, joined
from evidence.blocks.tables import Cell, ends_link
from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.estimation.row import OF_MEANS, Size, size_of
from evidence.estimation.selection import STANDARDIZED_METRICS, Selection
from evidence.ledger import LedgerEntry, entries
from evidence.ledger import sentences as text
from evidence.meta.pooling import FEW_TRIALS, i2_limits
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
    about = [analysis.specification.outcome]
    return answer(html(say), html(paragraph), figures, said, about)


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
            else f"one of {language.count(len(known))} published trials{entering and ' that enter'}"
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
    k = language.count(pooled.k)
    share = f"all {k}" if same == pooled.k else f"{language.count(int(same))} of the {k}"
    said = f"{share} estimates {_be(int(same))} on this side"
    if other:
        said += f" and {language.count(int(other))} on the other"
    intervals = language.count(apart) if apart else "none"
    lie = "lies" if apart == 1 else "lie"
    reverse = f", and {language.count(against)} wholly on the other" if against else ""
    return (
        f"Over {language.count(pooled.k, 'trial')} together, {_moved(dataset, analysis)} with "
        f"{therapy} than with {text.comparators(rows, dataset)}: {said}; {intervals} of the {k} "
        f"intervals {lie} wholly on this side{reverse}."
    )


def _be(number: int) -> str:
    return "is" if number == 1 else "are"


def event_of(dataset: Dataset, rows: pd.DataFrame) -> str:
    """Return the one event that estimates are of, in words; empty where they are of scores too."""
    events = set(rows.event)
    return dataset.in_text("event", events.pop()) if len(events) == 1 and "" not in events else ""


def moved(dataset: Dataset, rows: pd.DataFrame, outcome_id: str, *, favored: bool) -> str:
    """Return the outcome and the side it moved to: "participants had lower distress"."""
    outcome = dataset.short("outcome", outcome_id)
    verb = verb_of(dataset, rows)
    event = event_of(dataset, rows)
    if event:
        return f"{event} was {'less' if (verb == 'reduces') == favored else 'more'} frequent"
    if verb == "improves":
        side = "better" if favored else "worse"
    else:
        side = "lower" if (verb == "reduces") == favored else "higher"
    return f"participants had {side} {outcome}"


def _moved(dataset: Dataset, analysis: Analysis) -> str:
    rows, outcome = analysis.selection.estimates, analysis.specification.outcome
    return moved(dataset, rows, outcome, favored=analysis.pooled.effect > 0)


NARROW = 0.2
"""Standardized difference that an interval has to exclude for it to be said that it does."""


def not_known(dataset: Dataset, rows: pd.DataFrame, therapy: str, outcome: str) -> str:
    """Return that it is not known whether a therapy changes an outcome or how often an event is."""
    event = event_of(dataset, rows)
    what = f"the frequency of {event}" if event else outcome
    verb = verb_of(dataset, rows)
    compared = text.comparators(rows, dataset)
    return f"It is not known whether {therapy} {verb} {what} more than {compared}."


def _not_known(dataset: Dataset, analysis: Analysis) -> tuple[str, str]:
    """Return the answer where the main interval includes no difference."""
    therapy, outcome = text.names(analysis, dataset)
    pooled, rows = analysis.pooled, analysis.selection.estimates
    compared = text.comparators(rows, dataset)
    say = not_known(dataset, rows, therapy, outcome)
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
        f"The interval excludes differences of more than {language.fixed(widest)} either way."
        if standardized and widest < NARROW
        else ""
    )
    return say, " ".join(one for one in (first, others(dataset, analysis), last) if one)


def _share(number: int, k: int) -> str:
    """Return how many of all trials: "all three trials", "one of three trials"."""
    if number == k:
        return "both trials" if k == 2 else f"all {language.count(k)} trials"
    return f"{language.count(number) if number else 'none'} of {language.count(k)} trials"


def _of_size(analysis: Analysis) -> str:
    """Return the participants behind an analysis in brackets, or that they are not known."""
    size = analysis.size
    # Those randomized, where no other number is printed, have brackets of their own.
    return f" ({size.named})" if size.randomized is None else f", {size.named},"


def _published_without(dataset: Dataset, analysis: Analysis) -> pd.DataFrame:
    """Return the published trials without a usable number."""
    without = analysis.selection.without_number
    return without[[dataset.trial(one).status == "published" for one in without.trial_id]]


def _what_is_printed(analysis: Analysis) -> str:
    return "means" if OF_MEANS.issuperset(analysis.selection.estimates.route) else "numbers"


def verb_of(dataset: Dataset, rows: pd.DataFrame) -> str:
    """Return what a benefit does to the outcome; "improves" where scales point both ways.

    An event can be raised or reduced where all estimates are of it; of several, such as remission
    by two definitions, no frequency is the outcome's.
    """
    if rows.event.any() and not event_of(dataset, rows):
        return "improves"
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
        f"{language.listed(dict.fromkeys(compared), 'or')}."
        for label, compared in found.items()
    )


def _figures(dataset: Dataset, analysis: Analysis, stress: StressTest | None) -> list[Headline]:
    people = text.people(analysis, dataset)
    therapy = dataset.in_text("therapy", analysis.specification.therapy)
    compared = language.listed(
        dict.fromkeys(
            text.comparator(row, dataset) for row in records(analysis.selection.estimates)
        )
    )
    metric = language.term(language.METRIC, analysis.selection.metric)
    trials = language.count(analysis.pooled.k, "trial")
    prints = "prints" if analysis.pooled.k == 1 else "print"
    imputed = "; imputed" if analysis.selection.imputed else ""
    figures = [
        Headline(
            entries.of_analysis(analysis, dataset),
            2,
            f"{metric} ({scale_in_words(analysis.selection, therapy)}), {trials} that {prints} "
            f"{_what_is_printed(analysis)}, "
            f"{analysis.size.of(people)}; against {compared}{imputed}",
            named=True,
        )
    ]
    if stress is not None:
        count = language.count(len(stress.entered), "unreported result")
        figures.append(
            Headline(
                entries.of_stress_test(stress, analysis, dataset),
                2,
                f"with {count} at zero, {text.zeros_against(stress, dataset)}; "
                f"{stress.size.of(people)}; a stress test, imputed; ",
                also=f"{ends_link(entries.of_stress_ends(stress, analysis, dataset))} "
                f"{html(text.left_open(stress))}",
                named=True,
            )
        )
    return figures


def scale_in_words(selection: Selection, therapy: str) -> str:
    """Return the unit of a standardized effect, and what the sides of a metric mean."""
    side = f"{language.SIDE[selection.scale.favors]} favors {therapy}"
    unit = "in standard deviations, " if selection.metric in STANDARDIZED_METRICS else ""
    return f"{unit}{side}"


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


def shown_estimates(analysis: Analysis) -> pd.DataFrame:
    """Return every estimate on the outcome of an analysis, at every time and of every arm."""
    frame = analysis.frame
    return frame[
        (frame.therapy == analysis.specification.therapy)
        & (frame.outcome_id == analysis.specification.outcome)
        & frame.effect.notna()
    ]


def provenance(dataset: Dataset, analysis: Analysis, beside: Companions) -> Block:
    """Return the section that tells where each number of an analysis comes from."""
    return origins.provenance(
        dataset,
        estimates=shown_estimates(analysis),
        pooled=pooled_numbers(dataset, analysis, beside),
    )


def main_numbers(
    dataset: Dataset, analysis: Analysis, stress: StressTest | None
) -> list[tuple[LedgerEntry, Cell]]:
    """Return the main result of an analysis and its stress test, with what entered them."""
    main = members(analysis)
    numbers = [(entries.of_analysis(analysis, dataset), main)]
    if stress is not None:
        zeros = main.followed_by(f"; at zero: {language.listed(stress.entered.label)}")
        numbers.append((entries.of_stress_test(stress, analysis, dataset), zeros))
        allowed = main.followed_by(
            "; at the ends of what “no difference” allows: "
            + language.listed(
                f"{row.label} ±{language.fixed(row.bound)}" for row in records(stress.entered)
            )
        )
        numbers += [(end, allowed) for end in entries.of_stress_ends(stress, analysis, dataset)]
    return numbers


def pooled_numbers(
    dataset: Dataset, analysis: Analysis, beside: Companions
) -> list[tuple[LedgerEntry, Cell]]:
    """Return every pooled number of an analysis with what entered it in words."""
    others = {one.estimate_id: one for one in beside.analyses}
    others.pop(analysis.estimate_id, None)
    main, *stressed = main_numbers(dataset, analysis, beside.stress)
    pooled = [main, *((entries.of_analysis(one, dataset), members(one)) for one in others.values())]
    pooled += stressed
    entered, stress = main[1], beside.stress
    zeros = stressed[0][1] if stressed else entered
    for row in records(analysis.selection.estimates):
        if row.metric == "d_from_test_statistic" and not pd.isna(row.effect_low):
            pooled += [
                (end, Cell("the model of the trial, adjusted or of change, as correlations allow"))
                for end in entries.of_open_ends(row, dataset)
            ]
    if beside.converted is not None:
        converted = "; ".join(
            f"{row.label}, {row.convention}: ln odds ratio {language.fixed(row.effect)} × √3/π = "
            f"{language.fixed(row.d)}"
            for row in records(beside.converted.entered)
        )
        entry = entries.of_events_converted(beside.converted, analysis, dataset)
        pooled.append((entry, entered.followed_by(f"; {converted}")))
    for view in beside.priors:
        entry = entries.of_posterior(view.estimate_id, view.posterior, analysis, dataset)
        pooled.append((entry, entered))
        pooled.append((entries.of_probability(entry, view.posterior.probability_positive), entered))
        if view.at_zero is not None:
            entry = entries.of_posterior(view.at_zero_id, view.at_zero, analysis, dataset, stress)
            pooled.append((entry, zeros))
            above = entries.of_probability(entry, view.at_zero.probability_positive)
            pooled.append((above, zeros))
    return pooled


def members(analysis: Analysis, *, on_cards: bool = False) -> Cell:
    """Return the estimates that entered an analysis, with weights, each with a link to its place.

    A page that shows it has to tell where each of these estimates comes from, unless the links lead
    to the cards of the trials.
    """
    rows = analysis.selection.estimates
    entered = [
        (row, f" {language.fixed(row.effect)}{_weight(weight, len(rows))}")
        for row, weight in zip(records(rows), analysis.pooled.weights, strict=True)
    ]

    def there(row: Any) -> str:
        card = f"trial-{row.trial_id}.html" if on_cards else ""
        return html(f"{card}#{anchor(row.estimate_id)}")

    return Cell(
        markup="; ".join(
            f'<a href="{there(row)}">{html(row.label)}</a>{html(said)}' for row, said in entered
        )
    )


def _weight(weight: float, k: int) -> str:
    """Return a weight among pooled trials; one trial alone has none to share."""
    return f" (weight {language.percent(weight, 0)})" if k > 1 else ""


def methods(dataset: Dataset, analysis: Analysis, beside: Companions) -> list[str]:
    """Return how an analysis was made, in paragraphs."""
    _, variance = analysis.selection.effects()
    spread = i2_limits(analysis.pooled, variance)
    return text.methods(analysis, dataset, i2_limits=spread, stress=beside.stress)


def shared(dataset: Dataset, beside: Companions) -> list[tuple[str, str]]:
    """Return which methods are told once for all reports: place and name."""
    if dataset.imported or beside.stress is None:
        return []
    return [("stress-tests", "how stress tests are made")]


def closing_sections(dataset: Dataset, analysis: Analysis, beside: Companions) -> Block:
    """Return methods, where each number comes from, how to cite, and limits."""
    points = points_behind(analysis)
    cited = closing.citation(
        dataset,
        shown_estimates(analysis),
        sentence=text.result(analysis, dataset, points, beside.stress),
        estimate_id=analysis.estimate_id if points is None else str(points.estimate_id),
        also=union(analysis.selection.without_number.locator_ids),
    )
    return joined(
        closing.methods(methods(dataset, analysis, beside), shared(dataset, beside)),
        provenance(dataset, analysis, beside),
        cited,
        _limits(dataset, analysis),
    )


def _limits(dataset: Dataset, analysis: Analysis) -> Block:
    _, outcome = text.names(analysis, dataset)
    chosen = analysis.selection.estimates
    ids = [*chosen.trial_id, *analysis.selection.without_number.trial_id]
    imputed = [
        f"{row.label}{f', which could be {span}' if (span := entries.range_left_open(row)) else ''}"
        for row in records(chosen[chosen.processing == "imputed"])
    ]
    enters = "enters" if analysis.pooled.k == 1 else "enter"
    few = analysis.pooled.k < FEW_TRIALS
    also = [
        f"{_measured(dataset, ids, outcome)}; {language.count(analysis.pooled.k)} {enters} the "
        f"estimate.{' Estimates from so few trials move much with one more.' * few}",
        "The comparators differ; a pooled value over them is an effect against no one of them."
        if len(set(chosen.comparator)) > 1
        else "One comparator stands behind the estimate; against others nothing is known from it.",
        *(
            [f"Imputed: the standardized estimate of {language.listed(imputed)}."]
            if imputed
            else []
        ),
    ]
    about = analysis.specification.outcome
    return closing.limits(dataset, trial_ids=ids, also=also, outcome=about)


def _measured(dataset: Dataset, trial_ids: Sequence[str], outcome: str) -> str:
    """Return how many trials measured an outcome, and which of them only planned to."""
    trials = dataset.trials.set_index("trial_id").loc[list(trial_ids)]
    ended = trials.status == "terminated"
    said = (
        f"{language.capitalized(language.count(int((~ended).sum()), 'randomized trial'))} measured "
        f"{outcome}"
    )
    if ended.any():
        said += f", {language.count(int(ended.sum()), 'terminated trial')} planned to"
    return said
