"""A pooled analysis as a record of all its fields, as CSV and for reading."""

from dataclasses import asdict
from typing import Any

import pandas as pd

from evidence import language
from evidence.analysis import Analysis, by_comparator_class, with_other_methods
from evidence.analysis.stress_test import stress_test
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.ledger import entries, sentences
from evidence.meta.pooling import Pooled
from evidence.terminal import Item, Part, Table, left_out, plain, remarks, render
from evidence.terms import words_of


def as_record(analysis: Analysis, dataset: Dataset) -> dict[str, Any]:
    """Return the fields of `Pooled`, then specification, estimates, left_out and scenarios.

    ``scenarios`` holds ``unreported_at_zero`` (null where no trial of known size lacks a number)
    with its range, ``by_comparator_class`` and ``other_methods``, each with the fields of `Pooled`.
    """
    test = stress_test(analysis)
    methods = with_other_methods(analysis) if analysis.pooled.k > 1 else []
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
                for name, one in by_comparator_class(dataset, analysis).items()
            },
            "other_methods": [
                {"estimate_id": one.estimate_id, **_fields(one.pooled)} for one in methods
            ],
        },
    }


def _fields(pooled: Pooled) -> dict[str, Any]:
    return {**asdict(pooled), "warnings": [words_of(one.text) for one in pooled.warnings]}


def as_csv(analysis: Analysis) -> str:
    """Return one line with the fields of `Pooled`."""
    record = {"estimate_id": analysis.estimate_id, **_fields(analysis.pooled), "n": analysis.size.n}
    return render(pd.DataFrame([record]), "csv")


def as_parts(analysis: Analysis, dataset: Dataset) -> list[Part]:
    """Return the result for reading: numbers, estimates with remarks, what was left out."""
    therapy, outcome = sentences.names(analysis, dataset)
    pooled = analysis.pooled
    entry = entries.of_analysis(analysis, dataset)
    test = stress_test(analysis)
    spread = (
        "one trial, nothing pooled"
        if pooled.tau2 is None
        else f"tau² {language.fixed(pooled.tau2)} by {pooled.tau2_method}"
    )
    parts: list[Part] = [
        f"{therapy}, {outcome}, "
        f"{dataset.in_text('timepoint', analysis.specification.timepoint)}: "
        f"{language.term(language.METRIC, analysis.selection.metric)} "
        f"{language.estimate(entry.effect, entry.ci_low, entry.ci_high)}, k = {pooled.k}, "
        f"{analysis.size.named}, {language.p_value(pooled.p_value)}; "
        f"{language.SIDE[entry.favors]} favors {therapy}",
        f"id {analysis.estimate_id}; {spread}; interval: "
        f"{language.INTERVAL[pooled.interval_method]}",
        *(words_of(one.text) for one in pooled.warnings),
        "",
        Table(
            analysis.selection.estimates,
            (
                *("label", "comparator", "instrument_id", "event", "n_intervention"),
                *("n_comparator", "effect", "ci_low", "ci_high", "processing"),
            ),
        ),
        *remarks(analysis.selection.estimates),
    ]
    without = analysis.selection.without_number
    if not without.empty:
        parts += ["", "Trials without a usable number"]
        parts += [
            Item(f"{row.label} ({sentences.comparator(row, dataset)}): {row.reason}")
            for row in records(without)
        ]
    if test is not None:
        parts += [
            "",
            f"With {language.count(len(test.entered))} of them at zero (a stress test, imputed): "
            f"{language.estimate(test.at_zero.effect, test.at_zero.ci_low, test.at_zero.ci_high)}, "
            f"{test.size.named}; over what “no difference” allows "
            f"{language.limits(test.low.effect, test.high.effect)}",
        ]
    return parts + left_out(analysis.selection.left_out)
