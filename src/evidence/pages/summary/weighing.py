"""What a panel would weigh on each finding, and published syntheses beside ours."""

import pandas as pd

from evidence import language
from evidence.analysis import Analysis
from evidence.analysis.power import EFFECTS, information_size
from evidence.blocks import bias, origins
from evidence.blocks.escape import html, plain
from evidence.blocks.output import Block, joined, paragraphs
from evidence.blocks.tables import Cell, number_link, table, to_estimate, to_number
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation.row import NORMAL_975
from evidence.estimation.selection import IMBALANCE
from evidence.ledger import entries, sentences
from evidence.meta.pooling import i2_limits
from evidence.pages.summary import tables as made
from evidence.pages.summary.tables import named
from evidence.summary import Reconciliation, Summary
from evidence.summary.findings import Finding
from evidence.summary.needed_averages import Needed, presumed_trials


def weighed(dataset: Dataset, summary: Summary) -> Block:
    """Return for each finding what the five domains of a rating would look at; no rating."""
    rows = []
    for one in summary.findings:
        rows.append(
            (
                Cell(
                    f"{named(one, dataset)}, against "
                    f"{dataset.in_text('comparator_class', one.comparator_class)}"
                ),
                Cell(_bias(dataset, one)),
                Cell(_inconsistency(one.analysis)),
                Cell(_indirectness(dataset, one)),
                Cell(_imprecision(one)),
                _missing(dataset, one),
            )
        )
    sizes = " or ".join(f"{information_size(size)} ({size:g} SD)" for size in EFFECTS)
    return table(
        "What a panel would weigh, computed from the data; no GRADE rating was made. Optimal "
        f"information size: {sizes}",
        (
            "Finding",
            "Risk of bias, as found",
            "Inconsistency",
            "Indirectness",
            "Imprecision",
            "Missing evidence",
        ),
        rows,
    )


def _bias(dataset: Dataset, finding: Finding) -> str:
    judged = dataset.risk_of_bias[dataset.risk_of_bias.judgement == "self_report"]
    labels = dataset.trials.set_index("trial_id").label
    apart = _apart_before(finding.analysis)
    parts = []
    for trial in finding.trial_ids:
        said = bias.judged(dataset, trial, outcome=finding.outcome, only_high=True)
        parts.append(
            f"{labels[trial]}: {said or 'not assessed in any source seen'}"
            + ("; outcome by self-report" if trial in set(judged.trial_id) else "")
            + (f"; arms {language.fixed(apart[trial])} SD apart before" if trial in apart else "")
        )
    return ". ".join(parts)


def _apart_before(analysis: Analysis | None) -> dict[str, float]:
    """Return how far the arms of trials differed before treatment, where that is much."""
    if analysis is None:
        return {}
    chosen = analysis.selection.estimates
    instruments = set(zip(chosen.trial_id, chosen.instrument_id, strict=True))
    frame = analysis.frame
    before = frame[(frame.timepoint == "baseline") & (frame.metric == "hedges_g")]
    return {
        row.trial_id: abs(row.effect)
        for row in records(before)
        if (row.trial_id, row.instrument_id) in instruments and abs(row.effect) > IMBALANCE
    }


def _inconsistency(analysis: Analysis | None) -> str:
    if analysis is None:
        return "no number"
    pooled = analysis.pooled
    if pooled.k == 1:
        return "one trial: cannot be judged"
    limits = i2_limits(pooled, analysis.selection.effects()[1])
    said = f"{language.count(pooled.k, 'trial')}: "
    if pooled.i2 is not None and limits is not None:
        said += (
            f"I² {language.percent(pooled.i2, 0)} "
            f"({language.limits(100 * limits[0], 100 * limits[1], 0)}%); "
        )
    return said + sentences.spread(pooled).removesuffix(".")


def _indirectness(dataset: Dataset, one: Finding) -> str:
    trials = dataset.trials.set_index("trial_id")
    ids = list(one.trial_ids)
    # Populations hold commas of their own.
    who = "; ".join(dict.fromkeys(trials.population[trial] for trial in ids))
    where = language.listed(
        dict.fromkeys(language.country(trials.country[trial]) or "not known" for trial in ids)
    )
    frames = [one.without_number]
    if one.analysis is not None:
        frames.insert(0, one.analysis.selection.estimates)
    against = language.listed(
        dict.fromkeys(
            sentences.comparator(row, dataset) for frame in frames for row in records(frame)
        )
    )
    return f"Who: {who}. Where: {where}. Against: {against}"


def _imprecision(one: Finding) -> str:
    if one.analysis is None:
        return "no interval"
    low, high = one.analysis.pooled.ci_low, one.analysis.pooled.ci_high
    includes = "includes" if low <= 0 <= high else "excludes"
    return f"interval {includes} no difference; {one.analysis.size.of()}"


def _missing(dataset: Dataset, one: Finding) -> Cell:
    interests = sentences.developers_of(dataset, one.trial_ids, one.therapy)
    if one.without_number.empty:
        return Cell(f"no trial known without a number. {interests}".strip())
    said = f"without a usable number: {plain(made.with_sizes(one.without_number, dataset).markup)}"
    if one.stress is None or one.analysis is None:
        return Cell(f"{said}. {interests}".strip())
    entry = entries.of_stress_test(one.stress, one.analysis, dataset)
    number = language.estimate(entry.effect, entry.ci_low, entry.ci_high)
    markup = f"{html(said)}; at zero {number_link(entry, number)}. {html(interests)}"
    return Cell(markup=markup.strip(), entries=(entry,))


def side_by_side(dataset: Dataset, summary: Summary) -> Block:
    """Return published pooled values beside those of this workbook, with what each pooled."""
    rows = []
    labels = dataset.trials.set_index("trial_id").label
    for one in summary.reconciled:
        published = made.of_published(one.synthesis, dataset)
        ours = entries.of_analysis(one.analysis, dataset)
        presumed = presumed_trials(dataset, one.synthesis)
        outcome = language.capitalized(dataset.in_text("outcome", one.synthesis.outcome_id))
        pooled = one.analysis.pooled
        rows += [
            (
                Cell(f"{outcome}, {_name(one, dataset)}"),
                to_estimate(published),
                Cell("–" if published.k is None else str(published.k), numeric=True),
                Cell("–" if published.n is None else str(published.n), numeric=True),
                Cell(
                    (
                        f"presumably {language.listed(labels[trial] for trial in presumed)}, "
                        "the only "
                        f"trials here whose sizes add up to {published.n}"
                        if presumed
                        else "which trials is not known"
                    )
                    + (f". Note in the data: {one.synthesis.note}" if one.synthesis.note else "")
                ),
            ),
            (
                Cell(f"{outcome}, this workbook"),
                to_estimate(ours),
                Cell(str(pooled.k), numeric=True),
                Cell(str(one.analysis.size), numeric=True),
                Cell(
                    f"{language.listed(one.analysis.selection.estimates.label)}; without a usable "
                    "number "
                    f"{language.listed(one.analysis.selection.without_number.label) or 'none'}"
                ),
            ),
        ]
    if not rows:
        return paragraphs(
            "No published synthesis in the data pools an outcome that is analyzed here."
        )
    return table(
        "Published pooled values beside those of this workbook",
        ("Outcome and source", "g (95% CI)", "k", "n", "Trials"),
        rows,
    )


def _name(one: Reconciliation, dataset: Dataset) -> str:
    return origins.reference_name(one.synthesis.publication_id, dataset)


def averages(dataset: Dataset, summary: Summary) -> Block:
    """Return what trials without a number would have had to average for a pooled value to hold."""
    rows = []
    labels = dataset.trials.set_index("trial_id").label
    for one in summary.reconciled:
        outcome = language.capitalized(dataset.in_text("outcome", one.synthesis.outcome_id))
        for analysis, needed in one.needed:
            entry = made.of_needed(needed, analysis, one.synthesis, dataset)
            number = Cell("none within 3 SD", numeric=True)
            if entry is not None:
                number = to_number(entry, language.fixed(entry.effect))
            whose = "this workbook" if needed.assumption == "own" else _name(one, dataset)
            course = (
                "; with a statistic over the whole course"
                if analysis.specification.overall == "as_post"
                else ""
            )
            rows.append(
                (
                    Cell(f"{outcome}: {language.fixed(needed.target)} of {whose}"),
                    Cell(f"{made.assumed(needed, analysis)}{course}"),
                    Cell(language.listed(labels[trial] for trial in needed.known)),
                    Cell(_missing_trials(needed, labels)),
                    number,
                    Cell(
                        "–"
                        if needed.pooled is None
                        else language.limits(needed.pooled.ci_low, needed.pooled.ci_high),
                        numeric=True,
                    ),
                )
            )
    if not rows:
        return Block("")
    block = table(
        "What trials without a usable number would have had to average for a pooled value to hold",
        (
            "Pooled value",
            "Trials taken",
            "With a number",
            "Without",
            "Average needed",
            "Interval then",
        ),
        rows,
    )
    said = " ".join(remarks(dataset, summary))
    return joined(block, paragraphs(said)) if said else block


def _missing_trials(needed: Needed, labels: "pd.Series[str]") -> str:
    missing = language.listed(labels[trial] for trial in needed.missing)
    held = language.listed(labels[trial] for trial in needed.held)
    return f"{missing}; at zero {held}" if held else missing


def remarks(dataset: Dataset, summary: Summary) -> list[str]:
    """Return how the averages compare with what the trials print, and the intervals with print."""
    said = []
    labels = dataset.trials.set_index("trial_id").label
    for one in summary.reconciled:
        published = made.of_published(one.synthesis, dataset)
        outcome = dataset.in_text("outcome", one.synthesis.outcome_id)
        for _, needed in one.needed:
            if needed.average is None or needed.pooled is None:
                continue
            if needed.assumption == "presumed_bounded" and len(needed.missing) == 1:
                bound = _bound(one.analysis, needed.missing[0])
                beyond = "beyond" if abs(needed.average) > bound else "within"
                said.append(
                    f"With {language.listed(labels[trial] for trial in needed.held)} at zero, "
                    "as its "
                    f"printed statistic suggests, {labels[needed.missing[0]]} alone would have had "
                    f"to show {language.fixed(needed.average)} on {outcome}, {beyond} the "
                    f"±{language.fixed(bound)} that its “no difference” leaves open."
                )
            width = needed.pooled.ci_high - needed.pooled.ci_low
            if (
                needed.assumption == "presumed"
                and published.ci_low is not None
                and published.ci_high is not None
                and published.ci_high - published.ci_low > width
            ):
                said.append(
                    f"For {outcome} the interval that such trials would give here is narrower than "
                    f"the printed {language.limits(published.ci_low, published.ci_high)}: the "
                    "trials "
                    "without a number differed from each other, or the review used other numbers "
                    "or another method."
                )
    return list(dict.fromkeys(said))


def _bound(analysis: Analysis, trial_id: str) -> float:
    """Return the largest effect that "no difference" leaves open for a trial."""
    rows = analysis.selection.without_number
    row = next(one for one in records(rows) if one.trial_id == trial_id)
    return float(NORMAL_975 * (1 / row.n_intervention + 1 / row.n_comparator) ** 0.5)
