"""Which missing table would change which estimate, and by how much: imputed, to see what to get."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from evidence import language
from evidence.analysis import Analysis
from evidence.analysis.missing_numbers import Gap, ImputedSpread
from evidence.blocks import origins
from evidence.blocks.escape import html
from evidence.blocks.output import Block, Figure, folded, joined
from evidence.blocks.tables import (
    Cell,
    number_link,
    range_link,
    table,
    to_estimate,
    to_size,
    to_trial,
)
from evidence.data.dataset import Dataset
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.estimation.row import participants
from evidence.ledger import LedgerEntry, entries, sentences
from evidence.ledger.choices import method_in_words
from evidence.terms import EntryKind, RemarkKind, has

_REPORTS = ("main", "companion")
"""Roles of the publications that report results of a trial."""


def of_gap(gap: Gap, dataset: Dataset, state: str = entries.AT_ZERO) -> LedgerEntry:
    """Return the entry of the pooled value with one missing number at zero, as state says."""
    main = entries.of_analysis(gap.analysis, dataset)
    pooled = gap.at_zero
    return replace(
        main,
        estimate_id=gap.estimate_id,
        label=f"{main.label}, with {gap.row.label} {state}",
        entry_kind=EntryKind.STRESS_TEST,
        effect=pooled.effect,
        ci_low=pooled.ci_low,
        ci_high=pooled.ci_high,
        p_value=pooled.p_value,
        **entries.heterogeneity(pooled),
        k=pooled.k,
        method=method_in_words(pooled),
        n=(main.n or 0) + gap.n,
        comparator="; ".join(union([main.comparator.split("; "), [gap.row.comparator]])),
        comparator_class="; ".join(
            union([main.comparator_class.split("; "), [gap.row.comparator_class]])
        ),
        processing="imputed",
        trial_ids=union([main.trial_ids, [gap.row.trial_id]]),
        result_ids=union([main.result_ids, gap.row.result_ids]),
        locator_ids=union([main.locator_ids, gap.row.locator_ids]),
    )


def of_ends(gap: Gap, dataset: Dataset) -> tuple[LedgerEntry, LedgerEntry]:
    """Return the entries of the pooled value with one missing number at the ends it could have."""
    return entries.ends_allowed(partial(of_gap, gap, dataset), gap.low, gap.high)


def of_weight(gap: Gap, dataset: Dataset) -> LedgerEntry:
    """Return the entry of the share of the information that the missing number would have."""
    main = of_gap(gap, dataset)
    return replace(
        main,
        entry_kind=EntryKind.WEIGHT,
        estimate_id=f"{gap.analysis.estimate_id}.weight_of_{gap.row.trial_id}",
        label=f"{entries.of_analysis(gap.analysis, dataset).label}, with {gap.row.label}, share of "
        "the weight by precision",
        metric="share_of_weight",
        scale="proportion",
        favors="",
        effect=gap.information,
        ci_low=None,
        ci_high=None,
        ci_level=None,
        p_value=None,
        method="inverse variance, without variance between trials",
    )


def by_trial(gaps: Sequence[Gap]) -> list[list[Gap]]:
    """Return gaps trial by trial, the trial first whose number would weigh most anywhere."""
    found: dict[str, list[Gap]] = {}
    for gap in sorted(gaps, key=lambda one: -one.information):
        found.setdefault(gap.row.trial_id, []).append(gap)
    return list(found.values())


def most(gaps: Sequence[Gap], dataset: Dataset) -> str:
    """Return which missing table would weigh most, and what it could do, as HTML."""
    best = by_trial(gaps)[0]
    parts = [
        f"for {html(sentences.names(gap.analysis, dataset)[1])} "
        f"{_when(gap.analysis, dataset)} it would "
        "carry "
        f"{_weight(gap, dataset)} of the weight by precision, and the pooled value "
        f"would lie from {range_link(of_ends(gap, dataset))} (now "
        f"{_now(gap.analysis, dataset)}, against {html(compared(gap.analysis, dataset))})"
        for gap in best
    ]
    size = to_size(dataset, best[0].row.trial_id, best[0].n, str(best[0].n))
    who = f"{html(best[0].row.label)} ({size} participants)"
    return f"means and standard deviations by arm of {who}; {'; '.join(parts)}."


def _weight(gap: Gap, dataset: Dataset) -> str:
    return number_link(of_weight(gap, dataset), language.percent(gap.information, 0))


def compared(analysis: Analysis, dataset: Dataset) -> str:
    """Return the comparators of an analysis in words."""
    rows = records(analysis.selection.estimates)
    return language.listed(dict.fromkeys(sentences.comparator(row, dataset) for row in rows), "or")


def _now(analysis: Analysis, dataset: Dataset) -> str:
    entry = entries.of_analysis(analysis, dataset)
    return number_link(entry, language.fixed(entry.effect))


def _when(analysis: Analysis, dataset: Dataset) -> str:
    return dataset.in_text("timepoint", analysis.specification.timepoint)


def unsized(analyses: Sequence[Analysis], dataset: Dataset) -> list[str]:
    """Return the trials without a number whose size no source prints, each once, as HTML."""
    found = {}
    for analysis in analyses:
        for row in records(analysis.selection.without_number):
            if participants(row) is None:
                found[row.trial_id] = f"{html(row.label)} ({_to_planned(dataset, row.trial_id)})"
    return list(found.values())


def _planned(dataset: Dataset, trial_id: str) -> str:
    planned = dataset.fact(trial_id, "n_planned").value
    return f"{planned.max():g} planned" if len(planned) else "size not known"


def _to_planned(dataset: Dataset, trial_id: str) -> str:
    number, space, rest = _planned(dataset, trial_id).partition(" ")
    planned = dataset.fact(trial_id, "n_planned").value
    shown = to_size(dataset, trial_id, planned.max(), number) if len(planned) else number
    return f"{shown}{space}{rest}"


def gaps_tables(dataset: Dataset, analyses: Sequence[Analysis], gaps: Sequence[Gap]) -> Block:
    """Return what each missing number could do to a pooled value, one table for each analysis.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    analyses : sequence of Analysis
        Those without a missing number are left out.
    gaps : sequence of Gap
        As `evidence.analysis.missing_numbers.gaps` returns them for all of them.
    """
    blocks = [
        _gaps_table(dataset, one, [gap for gap in gaps if gap.analysis is one])
        for one in analyses
        if not one.selection.without_number.empty
    ]
    return folded("What each missing number could change, analysis by analysis", joined(*blocks))


def _gaps_table(dataset: Dataset, analysis: Analysis, gaps: Sequence[Gap]) -> Block:
    therapy, outcome = sentences.names(analysis, dataset)
    main = entries.of_analysis(analysis, dataset)
    rows = []
    for gap in gaps:
        rows.append(
            (
                Cell(
                    f"{gap.row.label} ({gap.n})\nagainst {sentences.comparator(gap.row, dataset)}"
                ),
                Cell(f"±{language.fixed(gap.bound)}\n{gap.bound_source}"),
                Cell(markup=range_link(of_ends(gap, dataset)), numeric=True),
                to_estimate(of_gap(gap, dataset)),
                Cell(
                    markup=f"{_weight(gap, dataset)}<br>"
                    f"±{language.fixed(gap.half_width)} → ±{language.fixed(gap.half_width_then)}",
                    numeric=True,
                    entries=(of_weight(gap, dataset),),
                ),
            )
        )
    for row in records(analysis.selection.without_number):
        if participants(row) is None:
            size = _planned(dataset, row.trial_id)
            name = Cell(f"{row.label} ({size})\nagainst {sentences.comparator(row, dataset)}")
            dash = Cell("–", numeric=True)
            rows.append((name, Cell("not computed"), dash, dash, dash))
    block = table(
        f"{therapy}, {outcome} {_when(analysis, dataset)}: what each missing number could change",
        (
            *("Missing from (participants)", "Leaves open", "Pooled value then"),
            *("With it at zero", "Weight, half-width"),
        ),
        rows,
        entries=[main],
    )
    now = language.estimate(main.effect, main.ci_low, main.ci_high)
    trials = language.count(analysis.pooled.k, "trial")
    prints = "prints" if analysis.pooled.k == 1 else "print"
    said = f"Now, with {trials} that {prints} numbers, against {compared(analysis, dataset)}: "
    return joined(Block(f"<p>{html(said)}{number_link(main, now)}.</p>"), block)


_LACKS = {
    "course_only": "at a single time",
    "event_only": "on the score",
    "range_only": "beyond a range",
    "side_unknown": "of a known side",
    "direction_only": "beyond words",
    "within_arm_only": "between the arms",
    "not_reported": "of any kind",
    "not_seen": "of any kind",
    "unpublished": "of any kind",
}
"""What a number lacks on an outcome, by the state of the trial on it."""


def to_fetch(dataset: Dataset, states: Mapping[str, pd.DataFrame]) -> Block:
    """Return which publication to get for what a trial lacks.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    states : mapping of str to DataFrame
        As `evidence.estimation.missing_evidence.missing_evidence` returns it, by therapy.
    """
    rows = []
    known = pd.concat(states.values())
    for trial in records(dataset.trials[dataset.trials.trial_id.isin(known.trial_id)]):
        missing = _missing(dataset, known[known.trial_id == trial.trial_id], trial.trial_id)
        own = dataset.publications
        own = own[(own.trial_id == trial.trial_id) & own.role.isin(_REPORTS)]
        if not missing or "full_text" in set(own.read_as):
            continue
        get = [
            f"{origins.reference_name(one.publication_id, dataset)} "
            f"({language.term({}, one.read_as) or 'not read'})"
            for one in records(own)
        ]
        rows.append(
            (
                to_trial(dataset, trial.trial_id),
                Cell("\n".join(get) or "no report known"),
                Cell("\n".join(missing)),
            )
        )
    return table(
        "What to fetch, for which gap",
        ("Trial", "Report (read as)", "Missing because of it"),
        rows,
    )


def _missing(dataset: Dataset, states: pd.DataFrame, trial_id: str) -> list[str]:
    """Return which numbers and sizes of a trial are missing, those missing alike together."""
    found: dict[str, list[str]] = {}
    for one in records(states[states.state.isin(_LACKS)]):
        found.setdefault(_LACKS[one.state], []).append(dataset.short("outcome", one.outcome_id))
    said = [f"numbers {lack}: {language.listed(found[lack])}" for lack in found]
    if set(states.state) == {"unknown"}:
        said.append("every number; no source read names an outcome")
    arms = dataset.arms
    unsized = arms.n_randomized[arms.trial_id == trial_id].isna().any()
    if unsized and set(states.state) != {"planned"}:
        said.append("sizes of the arms")
    return said


def imputed_table(dataset: Dataset, spreads: Sequence[ImputedSpread]) -> Block:
    """Return pooled values that rest on imputed estimates, over what those leave open."""
    rows = []
    for one in spreads:
        therapy, outcome = sentences.names(one.analysis, dataset)
        entry = entries.of_analysis(one.analysis, dataset)
        missing = dict.fromkeys(
            "arm sizes and standard deviations"
            if has(row, RemarkKind.SIZES_IMPUTED)
            else "standard deviations"
            for row in records(one.rows)
        )
        rows.append(
            (
                Cell(f"{therapy}, {outcome.partition(' (')[0]} {_when(one.analysis, dataset)}"),
                Cell(language.listed(one.rows.label)),
                Cell(language.listed(missing)),
                to_estimate(entry),
                _could_be(one, dataset),
            )
        )
    return table(
        "Values that stand in for missing tables, and what they leave open",
        ("Estimate", "Missing from", "What is missing", "Now (imputed)", "Could be"),
        rows,
    )


def of_spread(one: ImputedSpread, dataset: Dataset) -> tuple[LedgerEntry, ...]:
    """Return the ends of what an imputed estimate leaves open where it alone is the value."""
    if one.analysis.pooled.k > 1:
        return ()
    return entries.of_open_ends(next(iter(records(one.rows))), dataset)


def _could_be(one: ImputedSpread, dataset: Dataset) -> Cell:
    ends = of_spread(one, dataset)
    if not ends:
        return Cell(language.limits(one.low, one.high), numeric=True)
    low, high = ends
    return Cell(markup=range_link((low, high)), numeric=True, entries=ends)


def gaps_figure(dataset: Dataset, gaps: Sequence[Gap]) -> Figure:
    """Return the range of each pooled value over what one missing number leaves open, drawn."""
    from evidence.blocks.figures import gap_ranges

    lines = [
        gap_ranges.Line(
            label=f"{gap.row.label} (n = {gap.n})",
            group=f"{' and '.join(sentences.names(gap.analysis, dataset))}, "
            f"{_when(gap.analysis, dataset)}",
            now=gap.analysis.pooled.effect,
            low=gap.low.effect,
            high=gap.high.effect,
            information=gap.information,
        )
        for gap in gaps
    ]
    said = "; ".join(
        f"{one.group}, {one.label}: now {language.fixed(one.now)}, then "
        f"{language.limits(one.low, one.high)}, {language.percent(one.information, 0)} of the "
        "weight"
        for one in lines
    )
    return Figure(
        figure_id="gaps",
        matplotlib_figure=gap_ranges.draw(lines),
        phone=gap_ranges.draw(lines, phone=True),
        data=gap_ranges.frame(lines),
        alt=f"Pooled values over what each missing number leaves open: {said}.",
        caption="What each missing number could do to a pooled value. Diamonds: the value now. "
        "Bars: the value with this trial added, over what its words leave open; ranges, no "
        "confidence intervals. The thicker the bar, the more weight the trial would carry.",
        table=table(
            "The numbers of the figure",
            ("Missing from", "Pooled value of", "Now", "With it", "Weight"),
            [
                (
                    Cell(one.label),
                    Cell(one.group),
                    Cell(language.fixed(one.now), numeric=True),
                    Cell(language.limits(one.low, one.high), numeric=True),
                    Cell(language.percent(one.information, 0), numeric=True),
                )
                for one in lines
            ],
        ),
    )
