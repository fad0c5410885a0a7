"""The report on every trial-level estimate: route by route, and what allows none."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from evidence import language
from evidence.blocks import closing, origins
from evidence.blocks.escape import html
from evidence.blocks.headline import answer
from evidence.blocks.output import Block, folded, joined
from evidence.blocks.tables import (
    Cell,
    place_of,
    place_of_reason,
    table,
    to_number,
    to_trial,
    with_id,
)
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.errors import check_choice
from evidence.estimation.row import QuotedScale
from evidence.ledger import chains, entries, sentences, units


def first_screen(dataset: Dataset, frame: pd.DataFrame) -> Block:
    """Return how many results there are, how many allow an estimate, and how far from print."""
    estimated = frame[frame.effect.notna()]
    randomized = dataset.randomized_trials
    randomized = randomized[
        randomized.therapy.isin(frame.therapy) | randomized.trial_id.isin(frame.trial_id)
    ]
    with_number = estimated.trial_id[estimated.trial_id.isin(randomized.trial_id)].unique()
    by_level = estimated.processing.value_counts()
    levels = language.listed(
        f"{by_level[level]} {level}"
        for level in ("printed", "converted", "reconstructed", "imputed")
        if level in by_level.index
    )
    some = language.count(len(with_number)) if len(with_number) else "none"
    say = (
        f"{language.capitalized(some)} of "
        f"{language.count(len(randomized), 'randomized trial')} "
        f"{'prints' if len(with_number) < 2 else 'print'} something that allows an effect between "
        "arms."
    )
    follow = "follows" if len(estimated) == 1 else "follow"
    paragraph = (
        f"{language.count(len(estimated), 'estimate')} {follow} from what they print"
        f"{': ' if levels else ''}{levels}. "
        f"{_allow_none(len(frame) - len(estimated))}"
        "Several estimates of one trial are views of the same participants, never "
        "evidence on top of each other."
    )
    remarks = [
        f"Positive values and ratios above 1 favor the intervention; {language.OF_HARMS}.",
        "Imputed means that a value enters which no source gives: an arm size, a correlation, or "
        "the standard error of a model in place of that of the scores.",
    ]
    without = language.listed(randomized.label[~randomized.trial_id.isin(with_number)])
    remarks += [f"Trials without an estimate: {without}."] if without else []
    return answer(html(say), html(paragraph), (), [html(one) for one in remarks])


def _allow_none(number: int) -> str:
    if not number:
        return ""
    of = "One result or outcome allows" if number == 1 else f"{number} results or outcomes allow"
    return f"{of} none; cards have the reason of each. "


def named(dataset: Dataset, therapy: str) -> list[str]:
    """Return the therapies that trials of a package test, or the one that is named.

    Raises
    ------
    ParameterError
        If no trial tests it.
    """
    tested = set(dataset.trials.therapy)
    known = [one for one in dataset.vocabulary("therapy") if one in tested]
    check_choice("therapy", therapy, ("all", *known))
    return known if therapy == "all" else [therapy]


def estimates_tables(dataset: Dataset, frame: pd.DataFrame, therapies: Sequence[str]) -> Block:
    """Return the estimates of each therapy, one table after the other."""
    return joined(*(estimates_table(dataset, frame, therapy=one) for one in therapies))


def estimates_table(dataset: Dataset, frame: pd.DataFrame, *, therapy: str) -> Block:
    """Return the estimates of a therapy's trials, each leading to its chain."""
    rows = []
    of = dataset.in_text("therapy", therapy)
    chosen = frame[(frame.therapy == therapy) & frame.effect.notna()]
    for row in records(chosen):
        entry = entries.of_estimate(row, dataset)
        # The card of the trial tells each estimate whole; a package without cards, below.
        place = "" if dataset.imported else f"trial-{row.trial_id}.html"
        shown = to_number(entry, entries.quoted(entry))
        tested = dataset.in_text("condition", row.intervention).replace("_", " ")
        compared = sentences.comparator(row, dataset)
        rows.append(
            (
                to_trial(dataset, row.trial_id),
                Cell(dataset.short("outcome", row.outcome_id)),
                Cell(", ".join(filter(None, _measured(row, dataset)))),
                Cell(compared if tested == of else f"{tested} against {compared}"),
                Cell(units.metric(row, dataset)),
                replace(shown, href=f"{place}{shown.href}"),
                Cell(chains.route(row.route).shown, tag=row.processing),
                *([] if dataset.imported else [with_id("", row.estimate_id)]),
            )
        )
    block = table(
        f"Estimates of trials of {of}",
        (
            *("Trial", "Outcome", "Measure and time", "Compared with", "Metric"),
            *("Estimate", "Route"),
            *([] if dataset.imported else ["Id"]),
        ),
        rows,
    )
    if dataset.imported:
        return block
    return Block(f'<div class="provenance rows">\n{block.html}\n</div>', block.entries)


def _measured(row: Any, dataset: Dataset) -> tuple[str, str, str]:
    """Return measure, time and, where there are several, the analysis of an estimate."""
    return _measure(row, dataset), _when(row), units.analyzed(row, dataset)


def _measure(row: Any, dataset: Dataset) -> str:
    event = str(row.event)
    if event:
        return dataset.vocabulary("event").get(event, event)
    return dataset.measure(row.instrument_id)


def _when(row: Any) -> str:
    when = row.timepoint.replace("_", " ")
    weeks = row.weeks_since_randomization
    return when if pd.isna(weeks) else f"{when} (week {weeks:g})"


def left_out(frame: pd.DataFrame) -> Block:
    """Return how many results or outcomes allow no estimate, by trial: its card has the reasons."""
    rows = frame[frame.effect.isna()]
    trials = []
    for trial_id in dict.fromkeys(rows.trial_id):
        own = rows[rows.trial_id == trial_id]
        place = f"trial-{trial_id}.html#{place_of_reason(own.estimate_id.iloc[0])}"
        name = html(own.label.iloc[0])
        trials.append(f'<a href="{html(place)}">{name}</a> ({language.count(len(own))})')
    which = f": {language.listed(trials)}" if 0 < len(trials) <= _MANY else ""
    return Block(f"<p>On cards, with the reason of each{which}.</p>")


_MANY = 40
"""Trials that are too many to be listed by name."""


def without_estimate(frame: pd.DataFrame, *, on_card: bool = False) -> Block:
    """Return every result or outcome that allows no estimate, with the reason.

    Parameters
    ----------
    frame : DataFrame
        Frame of `evidence.estimates`.
    on_card : bool
        Whether the page is the card of a trial, so that reasons can lead to what is printed.
    """
    rows = [
        (
            Cell(row.label, anchor=place_of_reason(row.estimate_id)),
            with_id("", row.estimate_id),
            _reason(row, on_card=on_card),
            Cell("–" if pd.isna(row.effect_low) else _bounds(row)),
        )
        for row in records(frame[frame.effect.isna()])
    ]
    block = table(
        "What allows no estimate, and why",
        ("Trial", "Result or outcome", "Reason", "Bounds"),
        rows,
    )
    return block if on_card else folded(f"All {len(rows)} of them, with the reason of each", block)


def _reason(row: Any, *, on_card: bool) -> Cell:
    """Return why a result allows no estimate; on the card of its trial as a link to the print."""
    if not (on_card and row.result_ids):
        return Cell(row.reason)
    place = html(place_of(row.result_ids[0]))
    return Cell(markup=f'<a href="#{place}">{html(row.reason)}</a>')


def _bounds(row: Any) -> str:
    """Return what a result leaves open, on the scale that readers quote."""
    if row.route == "chi2_bound":
        return f"{language.limits(row.effect_low, row.effect_high)} at most"
    ends = QuotedScale("log_odds_ratio", row.more_is).ends(row.effect_low, row.effect_high)
    return f"odds ratio {language.limits(*ends)} over all counts that fit"


def closing_sections(
    dataset: Dataset, frame: pd.DataFrame, convention: str, correlation: float
) -> Block:
    """Return methods, where each number comes from, how to cite, and limits."""
    told = closing.methods(
        [
            f"Hedges g: difference of means over the pooled standard deviation, {convention} "
            "small-sample correction (Hedges 1981); pre-post-control d: Morris (2008), d_ppc2, "
            f"with a correlation of {correlation:g} between baseline and outcome that no source "
            "states. Mean differences: unequal variances. Odds ratios, risk ratios and risk "
            "differences: from printed counts, or from counts that fit printed "
            "percentages, intervals and ratios; intervals by normal approximation.",
            "Model coefficients stand in points as printed. Their standardized form takes z from "
            "the printed interval or P: g from a test statistic = z × √(1/n₁ + 1/n₂) × J (Hedges "
            "1981). It is always called imputed: the standard error of a repeated-measures or "
            "adjusted model is that of a change or residual, so it can be too large. Its range is "
            "over pre-post correlations of 0.3 to 0.8. F with one numerator degree of freedom "
            "gives a magnitude; "
            "its direction is taken from results printed by arm. Chi-square with two or more "
            "degrees of freedom gives a bound (Scheffé), never a point.",
        ]
    )
    shown = frame[frame.effect.notna()]
    return joined(
        told,
        origins.provenance(dataset, estimates=shown) if dataset.imported else Block(""),
        closing.citation(dataset, shown),
        closing.limits(dataset, trial_ids=list(dict.fromkeys(frame.trial_id))),
    )
