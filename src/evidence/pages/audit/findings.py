"""What contradicts what, with the arithmetic, and what is done about it."""

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pandas as pd

from evidence import language
from evidence.blocks import origins
from evidence.blocks.escape import html
from evidence.blocks.output import Block, folded, joined, paragraphs, rows_to_take
from evidence.blocks.reconstruction import FORMULA
from evidence.blocks.tables import Cell, place_of, remark_of, table, to_card
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.errors import check_choice
from evidence.terms import words_of

SEVERITY = {
    "high": "the printed numbers cannot all be right",
    "medium": "right only under a condition that matters for their use",
    "low": "worth knowing",
}
"""Severities from the gravest on, and what each means."""

CHECK = {
    "impossible": "values that no number of their kind can have",
    "sizes": "participants analyzed against participants randomized",
    "same_numbers": "two trials with the same numbers",
    "arm_twice": "an arm that one source reports twice at one time",
    "percent_counts": "percentages against printed counts",
    "percent_integers": "percentages and their differences against whole numbers of participants",
    "joint_counts": "percentages of both arms against the ratio, difference or P printed of them",
    "recompute": "limits of percentages, by the formula that gives most limits of a source",
    "grim": "means of whole scores against the number of participants (GRIM)",
    "grimmer": "standard deviations of whole scores against the same (GRIMMER)",
    "mean_range": "means against the range of the instrument",
    "sd_range": "standard deviations against mean and range",
    "skew": "means less than two standard deviations above the lowest score",
    "se_as_sd": "standard deviations that look like standard errors",
    "mean_as_sd": "means and standard deviations with the same digits",
    "factor_10": "means and standard deviations against others of their instrument",
    "baseline_imbalance": "arms that differed by more than 0.25 SD before treatment",
    "p_from_t": "P against t and its degrees of freedom",
    "p_from_f": "P against F and its degrees of freedom",
    "p_from_chi2": "P against chi-square and its degrees of freedom",
    "p_from_z": "P against z, or against an estimate and its standard error",
    "p_from_interval": "P against an estimate and its interval",
    "se": "standard errors against intervals, and of standardized effects against arm sizes",
    "df": "degrees of freedom between arms against participants",
    "interval_order": "estimates that lie outside their intervals",
    "interval_symmetry": "estimates that lie off the middle of their intervals",
    "d_from_t": "standardized changes against t",
    "d_from_interval": "standardized effects against intervals of the same contrasts",
    "f_from_t": "F of the difference between arms against the t of each arm",
    "compare": "standardized effects of unnamed kind against others of their instrument",
    "sources_differ": "facts and directions that sources print differently",
    "arm_sizes": "sizes of arms against the total",
    "unequal_times": "arms that were measured at different times",
    "several_publications": "several articles on one trial, which counts once",
    "direction": "whom numbers favor against words, other results, instruments and events",
    "roles": "arms of contrasts against their roles",
    "judgements_differ": "judgements on the risk of bias of one domain",
    "claim_trial": "claims of the article against the trial that each is likely to mean",
    "correction": "values used instead of printed ones against what stands beside them",
}
"""Every check of the audit, in words."""

_DONE = {
    "replace": "Replaced by {used}",
    "withhold": "Withheld, counts as missing",
    "flag": "Flagged",
    "": "–",
}
_WORD = re.compile(r"\b[a-z][a-z0-9]*_[a-z0-9_]+\b|\b[a-z]+\d{4}\b")


def severities(found: pd.DataFrame) -> str:
    """Return how many findings there are of each severity and what it means, in words."""
    counts = found.severity.value_counts()
    return language.listed(
        f"{language.count(int(counts[one]))} of {one} severity ({meaning})"
        for one, meaning in SEVERITY.items()
        if one in counts
    )


def graves(dataset: Dataset, found: pd.DataFrame) -> str:
    """Return the findings of high severity, each with what is done, in one line of HTML."""
    labels = dataset.trials.set_index("trial_id").label
    high = found[found.severity == "high"]
    parts = []
    for key in records(high[["trial_id", "check"]].drop_duplicates()):
        group = high[(high.trial_id == key.trial_id) & (high.check == key.check)]
        listed = language.listed(_short(one) for one in records(group))
        name = labels.get(key.trial_id, group.result_id.iloc[0])
        what = html(f"{name}, {CHECK[key.check].partition(',')[0]}")
        parts.append(f"{what}: {listed}")
    return "; ".join(parts)


def _short(one: Any) -> str:
    done = {"replace": f"replaced by {one.used}", "withhold": "withheld", "flag": "flagged"}
    said = f"{one.printed.partition(',')[0]} {done.get(one.action, 'not handled')}"
    return to_card(one.trial_id, remark_of(one.correction_id), said) if one.action else html(said)


def findings_tables(
    dataset: Dataset, found: pd.DataFrame, estimates: pd.DataFrame, *, least: str
) -> Block:
    """Return the findings by severity: print, arithmetic, what is done, what rests on it.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    found : DataFrame
        As `evidence.integrity.findings.handled` returns it.
    estimates : DataFrame
        Frame of `evidence.estimates`, to count what rests on a result.
    least : {"high", "medium", "low"}
        The least severity to show.

    Raises
    ------
    ParameterError
        If there is no such severity.
    """
    check_choice("severity", least, SEVERITY)
    names = list(SEVERITY)
    # These are told where they belong.
    apart = _on_facts(dataset, found) | found.check.isin(_ELSEWHERE)
    blocks = [
        _findings_table(dataset, found[(found.severity == one) & ~apart], estimates, severity=one)
        for one in names[: names.index(least) + 1]
    ]
    if len(blocks) == len(names):
        # What is worth knowing and changes nothing is long.
        blocks[-1] = folded("Findings of low severity", blocks[-1])
    return joined(*blocks)


def _findings_table(
    dataset: Dataset, found: pd.DataFrame, estimates: pd.DataFrame, *, severity: str
) -> Block:
    labels = dataset.trials.set_index("trial_id").label
    results = {
        *dataset.arm_results.result_id,
        *dataset.statistics.result_id,
        *dataset.directions.direction_id,
    }
    named = _in_words(dataset)
    usable = estimates[estimates.effect.notna()]
    rows = []
    for one in records(found):
        resting = int(usable.result_ids.map(lambda ids, one=one: one.result_id in ids).sum())
        rows.append(
            (
                _named(one, labels.get(one.trial_id, ""), named, results),
                Cell(language.minus(one.printed.replace("_", " "))),
                Cell(readable(one.explanation, dataset)),
                Cell(markup=_done(one)),
                Cell(str(resting) if resting else "–", numeric=True),
            )
        )
    block = table(
        f"{language.capitalized(severity)} severity: {SEVERITY[severity]}",
        ("Trial and result", "Printed", "The arithmetic", "What is done", "Estimates"),
        rows,
    )
    if rows:
        return block
    return paragraphs(f"No finding of {severity} severity.")


def _named(one: Any, label: str, named: dict[str, str], results: set[str]) -> Cell:
    """Return what a finding is on; its id leads to its row in the card, which says where read."""
    cell = _with_small_id(label, named.get(one.result_id, ""), one.result_id)
    if one.result_id not in results:
        return cell
    place = html(f"trial-{one.trial_id}.html#{place_of(one.result_id)}")
    code = f"<code>{html(one.result_id)}</code>"
    return replace(cell, markup=cell.markup.replace(code, f'<a href="{place}">{code}</a>'))


def _with_small_id(first: str, second: str, one_id: str) -> Cell:
    """Return a cell of one or two lines with an id in small type beneath."""
    lines = "".join(f"{html(one)}<br>" for one in (first, second) if one)
    return Cell(markup=f"{lines}<small><code>{html(one_id)}</code></small>")


def _in_words(dataset: Dataset) -> dict[str, str]:
    """Return what each result or direction is on: measure, time, and arm or contrast."""
    events = dataset.vocabulary("event")

    def said(measure: str, row: Any, *arms: str) -> str:
        given = [dataset.in_text("condition", dataset.arm(arm).condition) for arm in arms if arm]
        when = dataset.in_text("timepoint", row.timepoint)
        return ", ".join([measure, when, *([" against ".join(given)] if given else [])])

    found = {}
    for row in records(dataset.arm_results):
        measure = events.get(row.event, "") or dataset.measure(row.instrument_id)
        found[row.result_id] = said(measure, row, row.arm_id)
    for row in records(dataset.statistics):
        measure = events.get(row.event, "") or dataset.measure(row.instrument_id)
        arms = (row.intervention_arm_id, row.comparator_arm_id)
        found[row.result_id] = said(measure, row, *arms)
    for row in records(dataset.directions):
        measure = dataset.in_text("outcome", row.outcome_id)
        arms = (row.intervention_arm_id, row.comparator_arm_id)
        found[row.direction_id] = said(measure, row, *arms)
    return found | {one.claim_id: f"claim: {one.claim}" for one in records(dataset.claims)}


def _done(one: Any) -> str:
    """Return what is done, as HTML with a link to the reason that a correction gives."""
    said = _DONE[one.action].format(used=one.used)
    if not one.action:
        return html(said)
    return to_card(one.trial_id, remark_of(one.correction_id), f"{said} ({one.correction_id})")


def _on_facts(dataset: Dataset, found: pd.DataFrame) -> "pd.Series[bool]":
    """Tell which findings are on facts of a trial."""
    return (found.check == "sources_differ") & found.result_id.isin(dataset.trials.trial_id)


def readable(explanation: str, dataset: Dataset) -> str:
    """Return an explanation with names of places, publications and formulas in words."""
    locators = set(dataset.locators.locator_id)
    tools = set(dataset.risk_of_bias.tool)

    def in_words(match: re.Match[str]) -> str:
        word = match[0]
        if word in FORMULA:
            return f"“{FORMULA[word]}”"
        if word in locators:
            locator = dataset.locator(word)
            source = origins.reference_name(locator.publication_id, dataset)
            return f"{source} ({words_of(locator.place)})"
        if word in tools:
            return origins.tool_name(word, dataset)
        if word in dataset.references:
            return origins.reference_name(word, dataset)
        return word

    return language.minus(_WORD.sub(in_words, explanation))


def checks_table(found: pd.DataFrame) -> Block:
    """Return the checks that found something, by severity, and those that found nothing."""
    counts = pd.crosstab(found.check, found.severity)
    silent = [meaning for check, meaning in CHECK.items() if check not in counts.index]
    rows = [
        (
            _with_small_id(language.capitalized(meaning), "", check),
            *(
                Cell(
                    str(counts.loc[check, one])
                    if one in counts.columns and counts.loc[check, one]
                    else "–",
                    numeric=True,
                )
                for one in SEVERITY
            ),
        )
        for check, meaning in CHECK.items()
        if check in counts.index
    ]
    block = table(
        "What is compared with what, and how many findings there are",
        ("Check", *(language.capitalized(one) for one in SEVERITY)),
        rows,
    )
    every = pd.DataFrame({"check": list(CHECK), "compares": list(CHECK.values())})
    every["findings"] = [int((found.check == one).sum()) for one in CHECK]
    also = rows_to_take("checks", every, f"All {len(CHECK)} checks (CSV)")
    told = f"{language.capitalized(language.count(len(silent), 'check'))} found nothing."
    return joined(
        folded(f"{len(rows)} of {len(CHECK)} checks found something", block), paragraphs(told), also
    )


def told_elsewhere(dataset: Dataset, found: pd.DataFrame) -> Block:
    """Return findings that other pages tell: facts with their readings, papers, and claims.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    found : DataFrame
        As `evidence.integrity.findings.handled` returns it.
    """
    told = []
    on_facts = found[_on_facts(dataset, found)]
    if len(on_facts):
        trials = [
            f"{_card(dataset, one, 'contradictions')} ({language.count(n)})"
            for one, n in Counter(on_facts.trial_id).items()
        ]
        said = language.count(len(on_facts), "fact")
        medium = int((on_facts.severity == "medium").sum())
        grave = f" ({medium} of medium severity)" if medium else ""
        told.append(
            f"Sources print {said} differently{grave}; cards have the readings: "
            f"{language.listed(trials)}."
        )
    several = found[found.check == "several_publications"]
    if len(several):
        trials = [
            f"{_card(dataset, one.trial_id, 'papers-on-the-trial')} ({html(one.printed)})"
            for one in records(several)
        ]
        told.append(
            "One trial with several articles counts once, and its card names them: "
            f"{language.listed(trials)}."
        )
    claims: dict[str, list[str]] = {}
    for one in records(found[found.check == "claim_trial"]):
        place = html(f"claim-{one.result_id}".replace("_", "-"))
        link = f'<a href="claims.html#{place}">{html(one.result_id)}</a>'
        claims.setdefault(readable(one.explanation, dataset), []).append(link)
    told += [f"{html(said)} Claims: {language.listed(links)}." for said, links in claims.items()]
    return Block("\n".join(f"<p>{one}</p>" for one in told))


_ELSEWHERE = ("several_publications", "claim_trial")
"""Checks whose findings cards, or the page on claims, tell."""


def _card(dataset: Dataset, trial_id: str, place: str) -> str:
    """Return a trial as a link to a place of its card, as HTML."""
    return (
        f'<a href="trial-{html(trial_id)}.html#{place}">{html(dataset.trial(trial_id).label)}</a>'
    )
