"""Summary of findings: what each outcome and class of comparators shows, in absolute terms too."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evidence.analysis import Analysis, analyze, with_other_choices
from evidence.analysis.stress_test import stress_test
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.estimation.choices import Specification
from evidence.summary.absolute_effects import AbsoluteEffect, absolute_effects
from evidence.summary.findings import ALL, Finding, findings
from evidence.summary.needed_averages import Needed, needed_averages


@dataclass(frozen=True, slots=True, eq=False)
class Reconciliation:
    """A published synthesis beside the analysis of the same outcome.

    Attributes
    ----------
    synthesis : namedtuple
        Row of ``syntheses``.
    analysis : Analysis
        Main analysis of the outcome, over all comparators.
    needed : list of tuple of (Analysis, Needed)
        What trials without a number would have had to average, from the main analysis and from one
        in which statistics over the whole course enter.
    """

    synthesis: Any
    analysis: Analysis
    needed: list[tuple[Analysis, Needed]]


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """A summary of findings.

    Attributes
    ----------
    therapies : tuple of str
        What it is on.
    findings : list of Finding
        By outcome, time and class of comparators.
    totals : list of Finding
        Those on several classes of comparators together.
    absolute : list of AbsoluteEffect
        Events at stated risks.
    reconciled : list of Reconciliation
        Published syntheses of a therapy on an outcome that is analyzed here.
    """

    therapies: tuple[str, ...]
    findings: list[Finding]
    totals: list[Finding]
    absolute: list[AbsoluteEffect]
    reconciled: list[Reconciliation]


def collect(dataset: Dataset, therapies: Sequence[str]) -> Summary:
    """Return a summary of findings on some therapies.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    therapies : sequence of str
        Therapies.
    """
    found = findings(dataset, therapies)
    mains: dict[tuple[str, str, str], Analysis] = {}
    for one in found:
        key = (one.therapy, one.outcome, one.timepoint)
        if key not in mains:
            mains[key] = analyze(
                dataset, Specification(therapy=key[0], outcome=key[1], timepoint=key[2])
            )
    return Summary(
        therapies=tuple(therapies),
        findings=found,
        totals=[
            _total(one)
            for one in mains.values()
            if one.selection.estimates.comparator_class.nunique() > 1
        ],
        absolute=absolute_effects(dataset, therapies),
        reconciled=_reconciled(dataset, mains),
    )


def _total(one: Analysis) -> Finding:
    """Return an analysis over several classes of comparators as a finding on all of them."""
    return Finding(
        *one.specification.question,
        comparator_class=ALL,
        analysis=one,
        points=None,
        stress=stress_test(one),
        without_number=one.selection.without_number,
    )


def _reconciled(
    dataset: Dataset, mains: dict[tuple[str, str, str], Analysis]
) -> list[Reconciliation]:
    made = []
    for row in records(dataset.syntheses):
        analysis = mains.get((row.topic, row.outcome_id, "post"))
        if analysis is None:
            continue
        overall = [
            one
            for one in with_other_choices(dataset, analysis)
            if one.specification.overall == "as_post"
        ]
        made.append(
            Reconciliation(
                row,
                analysis,
                [
                    (one, needed)
                    for one in (analysis, *overall)
                    for needed in needed_averages(dataset, one, row)
                ],
            )
        )
    return made
