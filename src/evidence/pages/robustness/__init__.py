"""The report on robustness: its first screen and its closing sections."""

import pandas as pd

from evidence import language
from evidence.analysis.alternatives import Robustness, excluding, includes_no_difference
from evidence.analysis.power import EFFECTS, POWER, information_size
from evidence.blocks import bias, closing, origins
from evidence.blocks.escape import html
from evidence.blocks.headline import Headline, answer
from evidence.blocks.output import Block, joined
from evidence.blocks.tables import Cell, ends_link, number_link, table
from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.ledger import LedgerEntry, entries, sentences
from evidence.pages import pooled
from evidence.pages.pooled.panel import PRIOR
from evidence.pages.robustness import ledger_entries as made
from evidence.pages.robustness.tables import converted, group_stress
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
        html(_say(dataset, found)),
        _paragraph(dataset, found, share, low, high),
        _headlines(dataset, found),
        remarks,
        [found.analysis.specification.outcome],
    )
    both = joined(block, by_interval(found.panel))
    return Block(both.html, (*block.entries, share, low, high))


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
        f"with {therapy} {'has' if including == 1 else 'have'} an interval that includes no "
        f"difference, {number - including} {'does' if number - including == 1 else 'do'} not."
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
            "What trials without a usable number could change, and what assumptions on the "
            "participants would, is below."
        )
    side = ""
    if (panel.effect > 0).all():
        side = f", all on the side of {therapy}"
    elif (panel.effect < 0).all():
        side = ", all on the side of the comparators"
    parts = [
        f"Estimates run from {number_link(low, language.fixed(low.effect))} to "
        f"{number_link(high, language.fixed(high.effect))}{html(side)}; "
        f"{number_link(share, language.percent(share.effect))} of the intervals include no "
        "difference."
    ]
    parts.append("The analyses share their trials, so their number is no measure of evidence.")
    return " ".join(parts)


_METHOD = {
    "hksj_adhoc": "cautious, the main method",
    "hksj": "the same without its correction",
    "wald": "normal quantile",
}


def by_interval(panel: pd.DataFrame) -> Block:
    """Return how many intervals exclude no difference, by their method; empty without a test."""
    rows = []
    for interval in dict.fromkeys(panel.interval):
        without, of_without = excluding(panel, interval, with_zeros=False)
        zeros, of_zeros = excluding(panel, interval, with_zeros=True)
        if of_zeros and of_without:
            shown = (f"{without} of {of_without}", f"{zeros} of {of_zeros}")
            rows.append((_METHOD.get(interval, interval), *shown))
    if not rows:
        return Block("")
    return table(
        "How many intervals exclude no difference",
        ("Interval", "As reported", "Unreported results at zero, imputed"),
        rows,
    )


def _headlines(dataset: Dataset, found: Robustness) -> list[Headline]:
    analysis, stress = found.analysis, found.beside.stress
    people = sentences.people(analysis, dataset)
    compared = language.listed(
        dict.fromkeys(
            sentences.comparator(row, dataset) for row in records(analysis.selection.estimates)
        )
    )
    metric = language.term(language.METRIC, analysis.selection.metric)
    figures = [
        Headline(
            entries.of_analysis(analysis, dataset),
            2,
            f"main analysis, {metric}, {language.count(analysis.pooled.k, 'trial')}, "
            f"{analysis.size.of(people)}; against {compared}",
        )
    ]
    if stress is not None:
        figures.append(
            Headline(
                entries.of_stress_test(stress, analysis, dataset),
                2,
                f"with {sentences.at_zero(stress)}, "
                f"{sentences.zeros_against(stress, dataset)}; {stress.size.of(people)}; imputed; ",
                also=f"{ends_link(entries.of_stress_ends(stress, analysis, dataset))} "
                f"{html(sentences.left_open(stress))}",
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
        number_link(entries.of_analysis(one, dataset), language.fixed(one.pooled.effect))
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
    stress, analysis = found.beside.stress, found.analysis
    shown, zeros, including = [], [], 0
    for view in found.beside.priors:
        one = view.posterior
        entry = entries.of_posterior(view.estimate_id, one, analysis, dataset)
        number = language.estimate(one.median, one.ci_low, one.ci_high)
        including += int(one.ci_low <= 0 <= one.ci_high)
        shown.append(
            f"{PRIOR[one.prior]} {one.prior_scale:g} {number_link(entry, number)}, "
            f"{_probability(entry, one.probability_positive)}"
        )
        if view.at_zero is not None:
            at = view.at_zero
            zero = entries.of_posterior(view.at_zero_id, at, analysis, dataset, stress)
            number = language.estimate(at.median, at.ci_low, at.ci_high)
            zeros.append(
                f"{number_link(zero, number)}, {_probability(zero, at.probability_positive)}"
            )
    some = language.count(including) if including else "none"
    said = (
        "Prior on the spread between trials, with the probability above zero: "
        f"{'; '.join(shown)}; {some} of the {language.count(len(shown))} intervals include no "
        "difference"
    )
    if zeros:
        said += f". With the unreported results at zero, in that order: {'; '.join(zeros)}"
    return said + "."


def _probability(entry: LedgerEntry, probability: float) -> str:
    return number_link(entries.of_probability(entry, probability), language.percent(probability))


def _power(dataset: Dataset, found: Robustness) -> str:
    if found.power.empty:
        return "Power: no trial here is of known size."
    parts = []
    for effect in EFFECTS:
        rows = sorted(records(found.power[found.power.effect == effect]), key=lambda row: row.power)
        ends = [
            number_link(made.of_power(row, found.analysis, dataset), language.percent(row.power))
            for row in (rows[0], rows[-1])
        ]
        parts.append(
            f"{ends[0] if len(rows) == 1 else ' to '.join(ends)} for a difference of {effect:g} SD"
        )
    smallest = min(EFFECTS)
    trials = len(set(found.power.trial_id))
    return (
        f"Power: {language.count(trials, 'trial')} of known size had {language.listed(parts)}; "
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
        links = " and ".join(number_link(end, language.fixed(end.effect)) for end in ends)
        lay = f"lay between {links}" if len(ends) > 1 else f"were {links} or more"
        said = f"One more trial of {one.size} people would tip the result if its effect {lay}"
    else:
        said = f"No effect of one more trial of {one.size} people would tip the result"
    if one.at_zero is not None:
        zero_ends = made.of_one_more_trial(
            one.at_zero, found.analysis, dataset, found.beside.stress
        )
        links = " to ".join(number_link(end, language.fixed(end.effect)) for end in zero_ends)
        said += "; with the unreported results at zero " + (links or "no effect would")
    return said + "."


def _silent_others(dataset: Dataset, found: Robustness) -> str:
    """Return what published trials made by others than the developers say without a number."""
    without = found.analysis.selection.without_number
    others = [
        row.label
        for row in records(without)
        if dataset.trial(row.trial_id).status == "published"
        and dataset.trial(row.trial_id).developer_involved in ("no", "collaborated")
        and row.said == Said.NO_DIFFERENCE
    ]
    if not others:
        return ""
    reports = "reports" if len(others) == 1 else "report"
    apart = "in which they took no part or collaborated only"
    return f" {language.listed(others)}, {apart}, {reports} no clear difference."


def _developers(dataset: Dataset, found: Robustness) -> str:
    apart = [one for one in found.developers if one.involvement != "yes"]
    said = sentences.developers(found.analysis, dataset)
    if not any(one.analysis is not None for one in apart):
        said += (
            " No other trial prints a usable number here, so that results cannot be compared by "
            f"who made the trial.{_silent_others(dataset, found)}"
        )
    return html(said)


def _shown(dataset: Dataset, found: Robustness) -> list[tuple[LedgerEntry, Cell]]:
    """Return every number of the report beyond single estimates, with what stands behind it."""
    analysis, beside = found.analysis, found.beside
    shown = pooled.pooled_numbers(dataset, analysis, beside)
    members = pooled.members(analysis)
    for entry in made.extremes(found.panel, analysis, dataset):
        shown.append((entry, Cell("one of the panel: its choices stand in its id")))
    shown.append((made.of_share(found.panel, analysis, dataset), Cell("the panel")))
    shown += [(made.of_clustered(one, analysis, dataset), members) for one in found.clustered]
    for group in found.developers:
        if group.analysis is not None:
            shown.append(
                (
                    entries.of_analysis(group.analysis, dataset),
                    pooled.members(group.analysis),
                )
            )
            if group.stress is not None:
                zeros = language.listed(group.stress.entered.label)
                shown.append(
                    (
                        group_stress(group, dataset),
                        pooled.members(group.analysis).followed_by(f"; at zero: {zeros}"),
                    )
                )
    for one in found.one_more:
        for result, behind in ((one.printed, None), (one.at_zero, beside.stress)):
            if result is not None:
                zeros = "" if behind is None else language.listed(behind.entered.label)
                told = f"; at zero: {zeros};" * bool(zeros) + f" and a further trial of {one.size}"
                shown += [
                    (entry, members.followed_by(told))
                    for entry in made.of_one_more_trial(result, analysis, dataset, behind)
                ]
    shown += [
        (entry, Cell(f"ln odds ratio {language.fixed(row.effect)} × √3/π"))
        for entry, row in converted(found, dataset)
    ]
    shown += [
        (made.of_scenario(row, dataset), Cell(row.counts))
        for row in records(found.missing)
        if row.scenario != "observed"
    ]
    return list({entry.estimate_id: (entry, what) for entry, what in shown}.values())


def closing_sections(dataset: Dataset, found: Robustness) -> Block:
    """Return methods, where each number comes from, how to cite, and limits."""
    analysis = found.analysis
    limits = closing.limits(
        dataset,
        trial_ids=[
            *analysis.selection.estimates.trial_id,
            *analysis.selection.without_number.trial_id,
        ],
        outcome=analysis.specification.outcome,
        also=[
            "A panel shows what choices do, not which is right; analyses that share their trials "
            "are no independent evidence, and its percentages are not probabilities.",
            "Scenarios and stress tests are imputed. They bound what gaps could do and are no "
            "results.",
            "What one more trial would change says nothing on what it will find.",
        ],
    )
    main = [] if dataset.imported else [("methods", "how estimates are made and pooled")]
    shared = [*main, *pooled.shared(dataset, found.beside)]
    told = closing.methods(_methods(dataset, found), shared)
    return joined(told, _provenance(dataset, found), _citation(dataset, found), limits)


def _provenance(dataset: Dataset, found: Robustness) -> Block:
    estimates = pooled.shown_estimates(found.analysis)
    powers = [made.of_power(row, found.analysis, dataset) for row in records(found.power)]
    return origins.provenance(
        dataset,
        estimates=estimates,
        pooled=[*_shown(dataset, found), *((entry, "") for entry in powers)],
    )


def _methods(dataset: Dataset, found: Robustness) -> list[str]:
    """Return how each part was computed, with its assumptions."""
    effects, *others = pooled.methods(dataset, found.analysis, found.beside)
    return [
        effects,
        *(others if dataset.imported else []),
        "Panel: every combination of the choices on instrument, adjustment for baseline, "
        "small-sample correction, imputed estimates, unreported results, estimator of the variance "
        "between trials and interval; combinations that lead to the same numbers stand once.",
        "Prior: a flat one on the mean, half-normal or half-Cauchy ones on the standard deviation "
        "between trials (Röver 2020), by quadrature.",
        "One more trial: two equal arms; its variance is that of a standardized difference of its "
        "size. Its effect is varied from −3 to 3 SD until the lower limit of the interval is zero. "
        "An effect far from those of the other trials widens the interval again, so there is a "
        "largest one too. With so few trials much of what a further one changes comes from the t "
        "quantile, which falls with each trial.",
        "Power: two-sided t test of two arms at 5%, by the noncentral t distribution (Cohen 1988), "
        "for the arms as analyzed or, where only a total is printed, halves of it; normal outcomes "
        "with one SD, nobody missing, no clusters. Differences of "
        f"{language.listed(f'{one:g}' for one in EFFECTS)} SD are conventions, not thresholds "
        "of what "
        "matters to a person. Optimal information size: participants that one trial would need "
        f"for {POWER:.0%} power (Pogue and Yusuf 1997), with one effect in all trials.",
        "Clusters: participants of one therapist can be alike. Variances are multiplied by "
        "1 + (m − 1) ICC (Kish 1965; Cochrane Handbook, chapter 23). The data hold neither numbers "
        "of therapists nor correlations: sizes m and ICC are imputed, m never above the smaller "
        "arm, and both arms are taken as clustered, which a waitlist is not.",
        "Missing participants: odds ratios with all randomized in the denominator, the missing of "
        "both arms counted in one way or the other (Cochrane Handbook 10.12.3). Best and worst "
        "bound the effect; they are not likely. Nothing of the kind can be computed for means: "
        + _means(dataset, found),
    ]


def _means(dataset: Dataset, found: Robustness) -> str:
    """Return what is known of missing participants behind means."""
    judgements = dataset.risk_of_bias
    rows = found.analysis.selection.estimates
    judgements = judgements[
        judgements.trial_id.isin(rows.trial_id) & (judgements.domain == "intention_to_treat")
    ]
    labels = dict(zip(rows.trial_id, rows.label, strict=True))
    said: dict[str, list[str]] = {}
    for row in records(judgements):
        who = bias.judge_in_words(row.locator_id, dataset)
        judgement = row.judgement.replace("_", " ")
        said.setdefault(labels[row.trial_id], []).append(f"{judgement} ({who})")
    judged = "; ".join(f"{one} {language.listed(each)}" for one, each in said.items())
    return (
        "no source seen prints how many of them were missing"
        + (
            f". Risk of bias for intention to treat as sources seen judge it: {judged}"
            if judged
            else ""
        )
        + "."
    )


def _citation(dataset: Dataset, found: Robustness) -> Block:
    analysis = found.analysis
    therapy, outcome = sentences.names(analysis, dataset)
    share = made.of_share(found.panel, analysis, dataset)
    including = int(includes_no_difference(found.panel).sum())
    low, high = found.panel.effect.min(), found.panel.effect.max()
    sentence = (
        f"Of {len(found.panel)} defensible analyses of {outcome} with {therapy} "
        f"{dataset.in_text('timepoint', analysis.specification.timepoint)}, which share their "
        f"trials, {including} ({language.percent(share.effect)}) have a 95% interval that "
        "includes no "
        f"difference{_unreported(found)}; estimates run from {language.fixed(low)} to "
        f"{language.fixed(high)}."
    )
    return closing.citation(
        dataset,
        pooled.shown_estimates(analysis),
        sentence=sentence,
        estimate_id=share.estimate_id,
        also=union(analysis.selection.without_number.locator_ids),
    )


def _unreported(found: Robustness) -> str:
    """Return how a panel treats unreported results, as an addition to a sentence to quote."""
    stress = found.beside.stress
    if stress is None:
        return ""
    zeros, number = (
        sum(
            excluding(found.panel, one, with_zeros=True)[place] for one in set(found.panel.interval)
        )
        for place in (0, 1)
    )
    return (
        f", {number - zeros} of {number} among those with "
        f"{language.count(len(stress.entered), 'unreported result')} entered at zero (imputed)"
    )
