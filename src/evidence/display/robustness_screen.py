"""First screen of the report on robustness: what the result depends on, in words and numbers."""

from evidence.dataset import Dataset
from evidence.display import entries, text, words
from evidence.display import robustness_entries as made
from evidence.display.escape import html
from evidence.display.headline import Headline, answer
from evidence.display.output import Block
from evidence.display.tables import ends_link, number_link
from evidence.ledger import LedgerEntry
from evidence.records import records
from evidence.specification.power import EFFECTS, POWER, information_size
from evidence.specification.robustness import Robustness, excluding, includes_no_difference
from evidence.terms import Said


def first_screen(dataset: Dataset, found: Robustness) -> Block:
    """Return how far the answer depends on choices, trials, gaps, priors, and on low power."""
    share = made.of_share(found.panel, found.analysis, dataset)
    low, high = made.extremes(found.panel, found.analysis, dataset)
    remarks = [
        one
        for one in (
            _single_trials(dataset, found),
            _priors(dataset, found),
            _power(dataset, found),
            _one_more(dataset, found),
            _developers(dataset, found),
        )
        if one
    ]
    block = answer(
        _say(dataset, found),
        _paragraph(dataset, found, share, low, high),
        _headlines(dataset, found),
        remarks,
    )
    return Block(block.text, block.html, (*block.entries, share, low, high))


def _say(dataset: Dataset, found: Robustness) -> str:
    specification = found.analysis.specification
    therapy = dataset.in_text("therapy", specification.therapy)
    outcome = dataset.short("outcome", specification.outcome)
    number = len(found.panel)
    including = int(includes_no_difference(found.panel).sum())
    if number == 1:
        return f"One trial of {outcome} with {therapy}, read in one way: no choice can be varied."
    one_side = not ((found.panel.ci_low > 0).any() and (found.panel.ci_high < 0).any())
    if including in (0, number) and one_side:
        which = "all" if including else "none"
        return (
            f"The choice of method does not change it: {which} of {number} analyses of {outcome} "
            f"with {therapy} {'have' if including else 'has'} an interval that includes no "
            "difference."
        )
    if not one_side:
        above, below = ((end > 0).sum() for end in (found.panel.ci_low, -found.panel.ci_high))
        return (
            f"The answer depends on the choices made: of {number} analyses of {outcome} with "
            f"{therapy} {above} favor {therapy}, {below} the comparators, and {including} have an "
            "interval that includes no difference."
        )
    return (
        f"The answer depends on the choices made: {including} of {number} analyses of {outcome} "
        f"with {therapy} have an interval that includes no difference, {number - including} do not."
    )


def _paragraph(
    dataset: Dataset,
    found: Robustness,
    share: LedgerEntry,
    low: LedgerEntry,
    high: LedgerEntry,
) -> str:
    therapy = dataset.in_text("therapy", found.analysis.specification.therapy)
    panel = found.panel
    if len(panel) == 1:
        return html(
            "What trials that print no usable number could change, and what assumptions on the "
            "participants would, stands below."
        )
    side = ""
    if (panel.effect > 0).all():
        side = f", all on the side of {therapy}"
    elif (panel.effect < 0).all():
        side = ", all on the side of the comparators"
    parts = [
        f"Estimates run from {number_link(low, words.fixed(low.effect))} to "
        f"{number_link(high, words.fixed(high.effect))}{html(side)}; "
        f"{number_link(share, words.percent(share.effect))} of the intervals include no "
        "difference."
    ]
    counts = []
    for interval in dict.fromkeys(panel.interval):
        without, of_without = excluding(panel, interval, with_zeros=False)
        zeros, of_zeros = excluding(panel, interval, with_zeros=True)
        if of_zeros and of_without:
            counts.append(
                f"{_short(interval)} {without} of {of_without}, and {zeros} of {of_zeros} with the "
                "unreported results at zero"
            )
    if counts:
        parts.append(html(f"How many exclude no difference: {'; '.join(counts)}."))
    parts.append("The analyses share their trials, so their number is no measure of evidence.")
    return " ".join(parts)


def _short(interval: str) -> str:
    return {
        "hksj_adhoc": "by the cautious main method",
        "hksj": "by the same without its correction",
        "wald": "by the normal quantile",
    }.get(interval, interval)


def _headlines(dataset: Dataset, found: Robustness) -> list[Headline]:
    analysis, stress = found.analysis, found.beside.stress
    people = text.people(analysis, dataset)
    compared = words.listed(
        dict.fromkeys(
            text.comparator(row, dataset) for row in records(analysis.selection.estimates)
        )
    )
    metric = words.term(words.METRIC, analysis.selection.metric)
    figures = [
        Headline(
            entries.of_analysis(analysis, dataset),
            2,
            f"main analysis, {metric}, {words.count(analysis.pooled.k, 'trial')}, "
            f"{analysis.size.of(people)}; against {compared}",
        )
    ]
    if stress is not None:
        figures.append(
            Headline(
                entries.of_stress_test(stress, analysis, dataset),
                2,
                f"with {text.at_zero(stress)}, "
                f"{text.zeros_against(stress, dataset)}; {stress.size.of(people)}; imputed; ",
                also=f"{ends_link(entries.of_stress_ends(stress, analysis, dataset))} over "
                f"what “no difference” leaves open{html(text.held_at_zero(stress))}",
            )
        )
    return figures


def _single_trials(dataset: Dataset, found: Robustness) -> str:
    without = found.beside.without_each
    if not without:
        return "Single trials: one stands behind the result; without it nothing is left."
    ordered = sorted(without, key=lambda one: one.pooled.effect)
    ends = (ordered[0], ordered[-1])
    shown = " to ".join(
        number_link(entries.of_analysis(one, dataset), words.fixed(one.pooled.effect))
        for one in ends
    )
    including = sum(one.pooled.ci_low <= 0 <= one.pooled.ci_high for one in without)
    return (
        f"Single trials: without one of them the estimate is {shown}; {including} of "
        f"{len(without)} intervals include no difference."
    )


def _priors(dataset: Dataset, found: Robustness) -> str:
    if not found.beside.priors:
        return ""
    view = found.beside.priors[0]
    stress = found.beside.stress
    posterior = view.posterior
    entry = entries.of_posterior(view.estimate_id, posterior, found.analysis, dataset)
    number = words.estimate(posterior.median, posterior.ci_low, posterior.ci_high)
    said = (
        f"Prior: with a weak one on the spread between trials {number_link(entry, number)}, "
        f"probability above zero {_probability(entry, posterior.probability_positive)}"
    )
    if view.at_zero is not None:
        zero = entries.of_posterior(view.at_zero_id, view.at_zero, found.analysis, dataset, stress)
        number = words.estimate(view.at_zero.median, view.at_zero.ci_low, view.at_zero.ci_high)
        said += (
            f"; with the unreported results at zero {number_link(zero, number)}, "
            f"{_probability(zero, view.at_zero.probability_positive)}"
        )
    return said + "."


def _probability(entry: LedgerEntry, probability: float) -> str:
    return number_link(entries.of_probability(entry, probability), words.percent(probability))


def _power(dataset: Dataset, found: Robustness) -> str:
    if found.power.empty:
        return "Power: no trial here is of known size."
    parts = []
    for effect in EFFECTS:
        rows = sorted(records(found.power[found.power.effect == effect]), key=lambda row: row.power)
        ends = [
            number_link(made.of_power(row, found.analysis, dataset), words.percent(row.power))
            for row in (rows[0], rows[-1])
        ]
        parts.append(
            f"{ends[0] if len(rows) == 1 else ' to '.join(ends)} for a difference of {effect:g} SD"
        )
    smallest = min(EFFECTS)
    trials = len(set(found.power.trial_id))
    return (
        f"Power: {words.count(trials, 'trial')} of known size had {words.listed(parts)}; "
        f"{POWER:.0%} for {smallest:g} SD takes {information_size(smallest)} participants, and "
        f"behind the main result: {found.analysis.size.of()}."
    )


def _one_more(dataset: Dataset, found: Robustness) -> str:
    if not found.one_more:
        return ""
    one = found.one_more[0]
    if one.printed is None:
        return "One more trial: the lower limit is above zero already."
    ends = made.of_one_more_trial(one.printed, found.analysis, dataset)
    if ends:
        links = " to ".join(number_link(end, words.fixed(end.effect)) for end in ends)
        more = "" if len(ends) > 1 else " or more"
        said = (
            f"One more trial of {one.size} would move the lower limit over zero with an effect of "
            f"{links}{more}"
        )
    else:
        said = f"No effect of one more trial of {one.size} would move the lower limit over zero"
    if one.at_zero is not None:
        zero_ends = made.of_one_more_trial(
            one.at_zero, found.analysis, dataset, found.beside.stress
        )
        links = " to ".join(number_link(end, words.fixed(end.effect)) for end in zero_ends)
        said += "; with the unreported results at zero " + (links or "no effect would")
    return said + "."


def _silent_others(dataset: Dataset, found: Robustness) -> str:
    """Return what published trials made by others than the developers say without a number."""
    trials = dataset.trials.set_index("trial_id")
    without = found.analysis.selection.without_number
    others = [
        row.label
        for row in records(without)
        if trials.status[row.trial_id] == "published"
        and trials.developer_involved[row.trial_id] in ("no", "collaborated")
        and row.said == Said.NO_DIFFERENCE
    ]
    if not others:
        return ""
    reports = "reports" if len(others) == 1 else "report"
    return f" {words.listed(others)}, least tied to them, {reports} no clear difference."


def _developers(dataset: Dataset, found: Robustness) -> str:
    apart = [one for one in found.developers if one.involvement != "yes"]
    said = text.developers(found.analysis, dataset)
    if not any(one.analysis is not None for one in apart):
        said += (
            " No other trial prints a usable number here, so that results cannot be compared by "
            f"who made the trial.{_silent_others(dataset, found)}"
        )
    return html(said)
