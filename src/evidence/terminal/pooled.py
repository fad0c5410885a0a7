"""A pooled analysis as a record of all its fields, as CSV and as Markdown."""

from dataclasses import asdict
from typing import Any

import pandas as pd

from evidence import language
from evidence.analysis import Analysis
from evidence.analysis.alternatives import companions
from evidence.blocks.escape import markdown
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.ledger import entries, sentences
from evidence.meta.pooling import Pooled
from evidence.terminal import plain, render
from evidence.terms import words_of


def as_record(analysis: Analysis, dataset: Dataset) -> dict[str, Any]:
    """Return the fields of `Pooled`, then specification, estimates, left_out and scenarios.

    ``scenarios`` holds ``unreported_at_zero`` (null where no trial of known size lacks a number)
    with its range, ``by_comparator_class`` and ``other_methods``, each with the fields of `Pooled`.
    """
    beside = companions(dataset, analysis)
    test = beside.stress
    unreported: dict[str, Any] | None = None
    if test is not None:
        unreported = {
            "estimate_id": test.estimate_id,
            **_fields(test.at_zero),
            "processing": "imputed",
            "n": test.size.n,
            "range": {"low": test.low.effect, "high": test.high.effect},
            "entered": plain(test.entered),
            "not_entered": plain(test.not_entered),
        }
    return {
        "estimate_id": analysis.estimate_id,
        **_fields(analysis.pooled),
        "n": analysis.size.n,
        "metric": analysis.selection.metric,
        "specification": asdict(analysis.specification),
        "estimates": plain(analysis.selection.estimates),
        "left_out": plain(analysis.selection.left_out),
        "scenarios": {
            "unreported_at_zero": unreported,
            "by_comparator_class": {
                name: {"estimate_id": one.estimate_id, **_fields(one.pooled)}
                for name, one in beside.by_class.items()
            },
            "other_methods": [
                {"estimate_id": one.estimate_id, **_fields(one.pooled)}
                for one in beside.other_methods
            ],
        },
    }


def _fields(pooled: Pooled) -> dict[str, Any]:
    return {**asdict(pooled), "warnings": [words_of(one.text) for one in pooled.warnings]}


def as_csv(analysis: Analysis, _dataset: Dataset) -> str:
    """Return one line with the fields of `Pooled`."""
    record = {"estimate_id": analysis.estimate_id, **_fields(analysis.pooled), "n": analysis.size.n}
    return render(pd.DataFrame([record]), "csv")


def as_markdown(analysis: Analysis, dataset: Dataset) -> str:
    """Return the result for reading: numbers, estimates with remarks, what was left out."""
    therapy, outcome = sentences.names(analysis, dataset)
    pooled = analysis.pooled
    entry = entries.of_analysis(analysis, dataset)
    test = companions(dataset, analysis).stress
    spread = (
        "one trial, nothing pooled"
        if pooled.tau2 is None
        else f"tau² {language.fixed(pooled.tau2)} by {pooled.tau2_method}"
    )
    lines = [
        f"{therapy}, {outcome}, "
        f"{dataset.in_text('timepoint', analysis.specification.timepoint)}: "
        f"{language.term(language.METRIC, analysis.selection.metric)} "
        f"{language.estimate(entry.effect, entry.ci_low, entry.ci_high)}, k = {pooled.k}, "
        f"{analysis.size.named}, {language.p_value(pooled.p_value)}; "
        f"{language.SIDE[entry.favors]} favors {therapy}",
        f"id {analysis.estimate_id}; {spread}; interval: "
        f"{language.INTERVAL[pooled.interval_method]}",
        *(markdown(one.text) for one in pooled.warnings),
        "",
        render(
            analysis.selection.estimates,
            "md",
            (
                "label",
                "comparator",
                "instrument_id",
                "event",
                "n_intervention",
                "n_comparator",
                "effect",
                "ci_low",
                "ci_high",
                "processing",
            ),
        ),
    ]
    remarks = [
        f"- {markdown(row.label)}: {markdown(one.text)}"
        for row in records(analysis.selection.estimates)
        for one in row.remarks
    ]
    lines += ["", "Remarks", *remarks] if remarks else []
    without = analysis.selection.without_number
    if not without.empty:
        lines += ["", "Trials without a usable number"]
        lines += [
            f"- {markdown(row.label)} ({markdown(sentences.comparator(row, dataset))}): "
            f"{markdown(row.reason)}"
            for row in records(without)
        ]
    if test is not None:
        lines += [
            "",
            f"With {language.count(len(test.entered))} of them at zero (a stress test, imputed): "
            f"{language.estimate(test.at_zero.effect, test.at_zero.ci_low, test.at_zero.ci_high)}, "
            f"{test.size.named}; over what “no difference” allows "
            f"{language.limits(test.low.effect, test.high.effect)}",
        ]
    lines += ["", "Left out"]
    lines += [
        f"- {row.estimate_id}: {markdown(row.reason)}"
        for row in records(analysis.selection.left_out)
    ]
    return "\n".join(lines)
