"""Closing sections that every report has: methods, citation, limits."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pandas as pd

import evidence
from evidence.dataset import Dataset
from evidence.display import text, words
from evidence.display.escape import html
from evidence.display.output import Block
from evidence.display.references import reference_list
from evidence.provenance import union


def with_planned(block: Block, dataset: Dataset, therapy: str) -> Block:
    """Return a list of trials followed by how many more of the therapy are planned, if any."""
    said = text.planned(dataset, therapy)
    return replace(
        block,
        text="\n".join([block.text, *said]),
        html="\n".join([block.html, *(f"<p>{html(one)}</p>" for one in said)]),
    )


def methods(paragraphs: Sequence[str]) -> Block:
    """Return the methods section from its paragraphs."""
    markup = '<h2 id="methods">Methods</h2>' + "".join(f"<p>{html(one)}</p>" for one in paragraphs)
    return Block(text="\n".join(["Methods", *paragraphs]), html=markup)


def citation(
    dataset: Dataset,
    frame: pd.DataFrame,
    *,
    sentence: str = "",
    estimate_id: str = "",
    also: Iterable[str] = (),
) -> Block:
    """Return how to cite: a sentence to quote, the workbook, and the sources of the numbers.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    frame : DataFrame
        Estimates that the report shows.
    sentence : str
        A result in the words to quote; empty where the report has no single one.
    estimate_id : str
        Its id.
    also : iterable of str
        Locators beyond those of the estimates.
    """
    workbook = (
        "Attachment-therapy evidence workbook, package version "
        f"{evidence.__version__}, data version {dataset.version}"
        + (f"; estimate {estimate_id}." if estimate_id else ".")
    )
    locators = union([*frame.locator_ids, tuple(also)])
    publications = dataset.publications
    main = publications[publications.role == "main"]
    mains = main.publication_id[main.trial_id.isin(frame.trial_id)]
    cited = union([tuple(mains), [dataset.locator(one).publication_id for one in locators]])
    quoted = "".join(f'<p class="cite">{html(one)}</p>' for one in (sentence, workbook) if one)
    markup = (
        f'<h2 id="cite">How to cite</h2>{quoted}'
        "<p>Cite the sources of the numbers beside the workbook. Sources of this report:</p>"
        + reference_list(cited, dataset)
    )
    return Block(text="\n".join(one for one in (sentence, workbook) if one), html=markup)


def limits(dataset: Dataset, *, trial_ids: Sequence[str], also: Sequence[str] = ()) -> Block:
    """Return what a report cannot say, from the data behind it.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    trial_ids : sequence of str
        Trials that it rests on, those without a usable number too.
    also : sequence of str
        Limits of this report alone.
    """
    labels = dataset.trials.set_index("trial_id").label
    bias = dataset.risk_of_bias
    assessed = set(bias.trial_id)
    own = bias[bias.trial_id.isin(trial_ids)]
    judged = "; ".join(
        f"{labels[trial]}: {_judged(group)}" for trial, group in own.groupby("trial_id", sort=False)
    )
    not_assessed = [labels[one] for one in trial_ids if one not in assessed]
    if len(not_assessed) == len(trial_ids):
        whose = "this trial" if len(trial_ids) == 1 else "any of these trials"
        bias_said = f"Risk of bias was not assessed for {whose} in any source seen, nor here."
    else:
        in_source = words.listed(labels[one] for one in trial_ids if one in assessed)
        bias_said = (
            f"Risk of bias was judged in a source seen for {in_source} only: "
            f"{judged}. Not assessed in any source seen: "
            f"{words.listed(not_assessed) or 'none'}. No assessment was made here."
        )
    items = [
        "No systematic search was made; a trial that nobody here knows of is missing.",
        "Most numbers were read in abstracts, registrations, a review by the developers and public "
        "databases; each says where. Full tables of the trials were reached for few.",
        *also,
        bias_said,
        "Nothing here says for whom a therapy works, or whether any single person benefits. This "
        "is no clinical advice.",
    ]
    markup = (
        '<h2 id="limits">Limits</h2><ul>' + "".join(f"<li>{html(one)}</li>" for one in items)
    ) + "</ul>"
    return Block(text="\n".join(["Limits", *items]), html=markup)


def _judged(group: pd.DataFrame) -> str:
    """Return every judgement of a trial with its domains."""
    parts = []
    for judgement, own in group.groupby("judgement", sort=False):
        said = str(judgement).replace("self_report", "self-report").replace("_", " ")
        parts.append(f"{said} for {words.listed(own.domain.str.replace('_', ' '))}")
    return ", ".join(parts)
