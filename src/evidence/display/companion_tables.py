"""Tables of what stands beside a pooled result: choices, priors, the whole panel."""

import pandas as pd

from evidence.dataset import Dataset
from evidence.display import entries, words
from evidence.display.choices import CHOICE, choice_in_words
from evidence.display.output import Block
from evidence.display.tables import Cell, table, to_number, with_id
from evidence.ledger import LedgerEntry
from evidence.records import records
from evidence.specification import Analysis, Companions, StressTest
from evidence.specification.all_choices import CHOICES
from evidence.synthesis.bayes import Posterior

PRIOR = {"half_normal": "half-normal", "half_cauchy": "half-Cauchy"}


def choices(dataset: Dataset, main: Analysis, beside: Companions) -> Block:
    """Return the main analysis and those that differ from it in one choice."""
    rows = []
    found = []
    for analysis in (
        main,
        *beside.other_methods,
        *beside.other_choices,
        *beside.without_each,
    ):
        entry = entries.of_analysis(analysis, dataset)
        found.append(entry)
        pooled = analysis.pooled
        rows.append(
            (
                Cell(_difference(main, analysis)),
                Cell(
                    "; ".join(
                        f"{row.label} ({dataset.measure(row.instrument_id)}) "
                        f"{words.fixed(row.effect)}"
                        for row in records(analysis.selection.estimates)
                    )
                ),
                Cell(str(pooled.k), numeric=True),
                to_number(entry, words.estimate(pooled.effect, pooled.ci_low, pooled.ci_high)),
                Cell(words.fixed(pooled.tau2), numeric=True),
            )
        )
    converted = beside.converted
    if converted is not None:
        entry = entries.of_events_converted(converted, main, dataset)
        found.append(entry)
        pooled = converted.pooled
        labels = words.listed(
            f"{row.label} ({row.event.replace('_', ' ')}) {words.fixed(row.d)}"
            for row in records(converted.entered)
        )
        rows.append(
            (
                Cell("Odds ratios of trials without means converted to d"),
                Cell(f"the main trials and {labels}"),
                Cell(str(pooled.k), numeric=True),
                to_number(entry, words.estimate(pooled.effect, pooled.ci_low, pooled.ci_high)),
                Cell(words.fixed(pooled.tau2), numeric=True),
            )
        )
    return table(
        "The main analysis and analyses that differ from it in one choice",
        ("Choice", "Estimates", "k", "Pooled (95% CI)", "tau²"),
        rows,
        entries=found,
    )


def _difference(main: Analysis, other: Analysis) -> str:
    """Return in words what an analysis does otherwise than the main one."""
    if other is main:
        return "Main analysis"
    parts = [
        choice_in_words(name, getattr(other.specification, name))
        for name in CHOICE
        if name != "trials"
        and getattr(main.specification, name) != getattr(other.specification, name)
    ]
    labels = main.frame.drop_duplicates("trial_id").set_index("trial_id").label
    parts += [
        f"without {labels[trial]}"
        for trial in other.specification.leave_out
        if trial not in main.specification.leave_out
    ]
    return words.capitalized(", ".join(parts))


def priors(dataset: Dataset, main: Analysis, beside: Companions) -> Block:
    """Return posteriors, each beside the same with unreported results at zero."""
    if not beside.priors:
        return Block(
            text="One trial: a prior alone would decide, so no posterior is given.",
            html="<p>One trial: a prior alone would decide, so no posterior is given.</p>",
        )
    rows = []
    found: list[LedgerEntry] = []
    for view in beside.priors:
        both: list[tuple[str, Posterior, StressTest | None]] = [
            (view.estimate_id, view.posterior, None)
        ]
        if view.at_zero is not None:
            both.append((view.at_zero_id, view.at_zero, beside.stress))
        for estimate_id, posterior, stress in both:
            entry = entries.of_posterior(estimate_id, posterior, main, dataset, stress)
            what = choice_in_words("trials", "unreported_at_zero" if stress else "all")
            found.append(entry)
            rows.append(
                (
                    Cell(f"{PRIOR[posterior.prior]}, scale {posterior.prior_scale:g}"),
                    Cell(what),
                    Cell(str(posterior.k), numeric=True),
                    to_number(
                        entry,
                        words.estimate(posterior.median, posterior.ci_low, posterior.ci_high),
                    ),
                    Cell(words.percent(posterior.probability_positive), numeric=True),
                )
            )
    return table(
        "Posterior of the mean effect: median with central 95% interval, flat prior on the mean",
        ("Prior of tau", "Trials", "k", "Median (95% interval)", "Probability above 0"),
        rows,
        entries=found,
    )


def varied_choices(panel: pd.DataFrame) -> list[str]:
    """Return the choices that take more than one value in a panel."""
    names = [{"tau2": "tau2_method"}.get(one, one) for one in CHOICES]
    return [name for name in names if len(set(panel[name])) > 1]


def panel_table(dataset: Dataset, main: Analysis, beside: Companions, panel: pd.DataFrame) -> Block:
    """Return the whole panel as a table; numbers that the report shows elsewhere are links."""
    known = {one.estimate_id: entries.of_analysis(one, dataset) for one in (main, *beside.analyses)}
    if beside.stress is not None:
        entry = entries.of_stress_test(beside.stress, main, dataset)
        known[entry.estimate_id] = entry
    rows = []
    varied = varied_choices(panel)
    for place, row in enumerate(records(panel), start=1):
        shown = words.estimate(row.effect, row.ci_low, row.ci_high)
        entry_of_row = known.get(row.estimate_id)
        rows.append(
            (
                Cell("main analysis")
                if row.main
                else with_id(f"analysis {place}", row.estimate_id),
                *(Cell(choice_in_words(name, getattr(row, name))) for name in varied),
                Cell(str(row.k), numeric=True),
                to_number(entry_of_row, shown) if entry_of_row else Cell(shown, numeric=True),
            )
        )
    headings = [name.removesuffix("_method").replace("tau2", "tau²") for name in varied]
    return table(
        "Every combination of choices, sorted by its estimate",
        ("Analysis", *(words.capitalized(one) for one in headings), "k", "Pooled (95% CI)"),
        rows,
    )
