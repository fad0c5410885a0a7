"""Closing sections of the report on robustness: methods, origins, citation, limits."""

from collections.abc import Sequence

from evidence.dataset import Dataset
from evidence.display import entries, origins, pooled_sections, sections, text, words
from evidence.display import robustness_entries as made
from evidence.display.escape import html
from evidence.display.output import Block, anchor
from evidence.display.robustness_tables import converted, group_stress
from evidence.display.tables import Cell, table, with_id
from evidence.ledger import LedgerEntry
from evidence.provenance import union
from evidence.records import records
from evidence.specification.power import EFFECTS, POWER
from evidence.specification.robustness import Robustness, excluding, includes_no_difference


def _shown(dataset: Dataset, found: Robustness) -> list[tuple[LedgerEntry, Cell]]:
    """Return every number of the report beyond single estimates, with what stands behind it."""
    analysis, beside = found.analysis, found.beside
    shown = pooled_sections.pooled_numbers(dataset, analysis, beside)
    members = pooled_sections.members(analysis)
    for entry in made.extremes(found.panel, analysis, dataset):
        shown.append((entry, Cell("one of the panel: its choices stand in its id")))
    shown.append((made.of_share(found.panel, analysis, dataset), Cell("the panel")))
    shown += [(made.of_clustered(one, analysis, dataset), members) for one in found.clustered]
    for group in found.developers:
        if group.analysis is not None:
            shown.append(
                (
                    entries.of_analysis(group.analysis, dataset),
                    pooled_sections.members(group.analysis),
                )
            )
            if group.stress is not None:
                zeros = words.listed(group.stress.entered.label)
                shown.append(
                    (
                        group_stress(group, dataset),
                        pooled_sections.members(group.analysis).followed_by(f"; at zero: {zeros}"),
                    )
                )
    for one in found.one_more:
        for result, behind in ((one.printed, None), (one.at_zero, beside.stress)):
            if result is not None:
                shown += [
                    (entry, members.followed_by(f" and a further trial of {one.size}"))
                    for entry in made.of_one_more_trial(result, analysis, dataset, behind)
                ]
    shown += [
        (entry, Cell(f"ln odds ratio {words.fixed(row.effect)} × √3/π"))
        for entry, row in converted(found, dataset)
    ]
    shown += [
        (made.of_scenario(row, dataset), Cell(row.counts))
        for row in records(found.missing)
        if row.scenario != "observed"
    ]
    return list({entry.estimate_id: (entry, what) for entry, what in shown}.values())


def provenance(dataset: Dataset, found: Robustness) -> Block:
    """Return the section that every number of the report leads to."""
    estimates = pooled_sections.shown_estimates(found.analysis)
    powers = [made.of_power(row, found.analysis, dataset) for row in records(found.power)]
    block = origins.provenance(
        dataset,
        estimates=estimates,
        pooled=_shown(dataset, found),
    )
    of_power = table(
        "Power of single trials",
        ("Number", "What", "How", "Obtained"),
        [
            (
                Cell(words.percent(entry.effect), anchor=anchor(entry.estimate_id)),
                with_id(entry.label, entry.estimate_id),
                origins.with_sources(Cell(entry.method), entry, estimates, dataset),
                Cell("", tag=entry.processing),
            )
            for entry in powers
        ],
        entries=powers,
    )
    return Block(
        text=f"{block.text}\n{of_power.text}",
        html=f'{block.html}\n<section class="provenance"><h3>Power</h3>{of_power.html}</section>',
        entries=(*block.entries, *of_power.entries),
    )


def methods(dataset: Dataset, found: Robustness) -> Block:
    """Return how each part was computed, with its assumptions."""
    block = pooled_sections.methods(dataset, found.analysis, found.beside)
    more = [
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
        f"{words.listed(f'{one:g}' for one in EFFECTS)} SD are conventions, not thresholds of what "
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
    markup = block.html + "".join(f"<p>{html(one)}</p>" for one in more)
    return Block(text="\n".join([block.text, *more]), html=markup)


def _means(dataset: Dataset, found: Robustness) -> str:
    """Return what is known of missing participants behind means."""
    bias = dataset.risk_of_bias
    rows = found.analysis.selection.estimates
    bias = bias[bias.trial_id.isin(rows.trial_id) & (bias.domain == "intention_to_treat")]
    labels = dict(zip(rows.trial_id, rows.label, strict=True))
    said: dict[str, list[str]] = {}
    for row in records(bias):
        who = sections.judge_in_words(row.locator_id, dataset)
        judgement = row.judgement.replace("_", " ")
        said.setdefault(labels[row.trial_id], []).append(f"{judgement} ({who})")
    judged = "; ".join(f"{one} {words.listed(each)}" for one, each in said.items())
    return (
        "no source seen prints how many of them were missing"
        + (
            f". Risk of bias for intention to treat as sources seen judge it: {judged}"
            if judged
            else ""
        )
        + "."
    )


def citation(dataset: Dataset, found: Robustness) -> Block:
    """Return a sentence to cite, its id, and the references it needs."""
    analysis = found.analysis
    therapy, outcome = text.names(analysis, dataset)
    share = made.of_share(found.panel, analysis, dataset)
    including = int(includes_no_difference(found.panel).sum())
    low, high = found.panel.effect.min(), found.panel.effect.max()
    sentence = (
        f"Of {len(found.panel)} defensible analyses of {outcome} with {therapy} "
        f"{dataset.in_text('timepoint', analysis.specification.timepoint)}, which share their "
        f"trials, {including} ({words.percent(share.effect)}) have a 95% interval that includes no "
        f"difference{_unreported(found)}; estimates run from {words.fixed(low)} to "
        f"{words.fixed(high)}."
    )
    return sections.citation(
        dataset,
        pooled_sections.shown_estimates(analysis),
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
        f"{words.count(len(stress.entered), 'unreported result')} entered at zero (imputed)"
    )


def limits(dataset: Dataset, found: Robustness) -> Block:
    """Return what the report cannot say."""
    analysis = found.analysis
    ids: Sequence[str] = [
        *analysis.selection.estimates.trial_id,
        *analysis.selection.without_number.trial_id,
    ]
    return sections.limits(
        dataset,
        trial_ids=ids,
        outcome=analysis.specification.outcome,
        also=[
            "A panel shows what choices do, not which is right; analyses that share their trials "
            "are no independent evidence, and its percentages are not probabilities.",
            "Scenarios and stress tests are imputed. They bound what gaps could do and are no "
            "results.",
            "What one more trial would change says nothing on what it will find.",
        ],
    )
