"""Closing sections of a pooled report: methods, citation, limits."""

import pandas as pd

import evidence
from evidence.dataset import Dataset
from evidence.display import entries, origins, text, words
from evidence.display.escape import html
from evidence.display.output import Block
from evidence.display.references import reference_list
from evidence.provenance import union
from evidence.specification import Analysis, Companions, points_behind
from evidence.synthesis.univariate import i2_limits


def shown_estimates(analysis: Analysis) -> pd.DataFrame:
    """Return every estimate on the outcome of an analysis, at every time and of every arm."""
    frame = analysis.frame
    return frame[
        (frame.therapy == analysis.specification.therapy)
        & (frame.outcome_id == analysis.specification.outcome)
        & frame.effect.notna()
    ]


def provenance(dataset: Dataset, analysis: Analysis, beside: Companions) -> Block:
    """Return the section that tells where each number of the report comes from."""
    analyses = {one.estimate_id: one for one in (analysis, *beside.analyses)}
    return origins.provenance(
        dataset,
        estimates=shown_estimates(analysis),
        analyses=list(analyses.values()),
        stress_tests=[(beside.stress, analysis)] if beside.stress is not None else [],
    )


def methods(dataset: Dataset, analysis: Analysis, beside: Companions) -> Block:
    """Return the methods section."""
    _, variance = analysis.selection.effects()
    paragraphs = text.methods(
        analysis,
        dataset,
        i2_limits=i2_limits(analysis.pooled, variance),
        stress=beside.stress,
    )
    markup = '<h2 id="methods">Methods</h2>' + "".join(f"<p>{html(one)}</p>" for one in paragraphs)
    return Block(text="\n".join(["Methods", *paragraphs]), html=markup, entries=())


def citation(dataset: Dataset, analysis: Analysis) -> Block:
    """Return a sentence to cite, its id, and the references it needs."""
    points = points_behind(analysis)
    entry = (
        entries.of_analysis(analysis, dataset)
        if points is None
        else entries.of_estimate(points, dataset)
    )
    sentence = text.result(analysis, dataset, points)
    workbook = (
        "Attachment-therapy evidence workbook, package version "
        f"{evidence.__version__}, data version {dataset.version}; estimate {entry.estimate_id}."
    )
    locators = union(shown_estimates(analysis).locator_ids)
    locators = union([locators, *analysis.selection.without_number.locator_ids])
    publications = [dataset.locator(one).publication_id for one in locators]
    markup = (
        '<h2 id="cite">How to cite</h2>'
        f'<p class="cite">{html(sentence)}</p><p class="cite">{html(workbook)}</p>'
        "<p>Cite the sources of the numbers beside the workbook:</p>"
        + reference_list(publications, dataset)
    )
    return Block(text="\n".join([sentence, workbook]), html=markup, entries=(entry,))


def limits(dataset: Dataset, analysis: Analysis) -> Block:
    """Return what the report cannot say, from the data behind it."""
    therapy, outcome = text.names(analysis, dataset)
    ids = [*analysis.selection.estimates.trial_id, *analysis.selection.without_number.trial_id]
    labels = dataset.trials.set_index("trial_id").label
    bias = dataset.risk_of_bias
    assessed = [one for one in ids if one in set(bias.trial_id)]
    high = bias[bias.trial_id.isin(ids) & (bias.judgement == "high")]
    locators = [dataset.locator(one) for one in union(shown_estimates(analysis).locator_ids)]
    places = sorted({one.place.split(",")[0] for one in locators})
    imputed = sorted(
        labels[one]
        for one in set(
            analysis.selection.estimates.trial_id[
                analysis.selection.estimates.processing == "imputed"
            ]
        )
    )
    items = [
        "No systematic search was made; a trial that nobody here knows of is missing.",
        f"The numbers were read in: {words.listed(places)}. Full tables of the trials were not "
        "reached unless a place says so.",
        f"{words.capitalized(words.count(len(ids), 'randomized trial'))} measured {outcome}; "
        f"{words.count(analysis.pooled.k)} {'enters' if analysis.pooled.k == 1 else 'enter'} the "
        "estimate. Estimates from so few and so small trials move much with one more trial.",
        "The comparators differ; a pooled value over them is an effect against no one of them.",
        (
            "Risk of bias as judged in a source seen: "
            + (
                "; ".join(
                    f"{labels[trial]}: high for {words.listed(group.domain.str.replace('_', ' '))}"
                    for trial, group in high.groupby("trial_id", sort=False)
                )
                or "no domain judged high"
            )
            + ". Not assessed in any source seen: "
            + (words.listed(labels[one] for one in ids if one not in assessed) or "none")
            + "."
        ),
        *([f"Imputed: the estimate of {words.listed(imputed)}."] if imputed else []),
        f"Nothing here says for whom {therapy} works, or whether any single person benefits; "
        "nothing here is clinical advice.",
    ]
    markup = (
        '<h2 id="limits">Limits</h2><ul>' + "".join(f"<li>{html(one)}</li>" for one in items)
    ) + "</ul>"
    return Block(text="\n".join(["Limits", *items]), html=markup, entries=())
