"""One therapy beside others: the sections of the report on context, also without a database."""

from collections.abc import Sequence
from typing import Any

from evidence import language
from evidence.analysis.context import ALL, Beside, TherapyClass
from evidence.blocks import closing, origins
from evidence.blocks.escape import html
from evidence.blocks.figures.forest import ForestRow, draw
from evidence.blocks.headline import Headline, answer
from evidence.blocks.output import Block, Figure, joined, paragraphs
from evidence.blocks.tables import Cell, number_link, table, to_estimate
from evidence.data.dataset import CLASSES, UNKNOWN_CLASS, Dataset
from evidence.data.records import records
from evidence.ledger import entries, sentences
from evidence.meta.pooling import Pooled
from evidence.pages import pooled as pooled_sections
from evidence.terms import words_of

FEW = 3
"""Trials below which a class can hardly be compared with anything."""

_NOTHING = "No database is given, so that there is nothing to show here."


def first_screen(dataset: Dataset, beside: Beside | None) -> Block:
    """Return the answer: the therapy, how many other classes there are, and what they do not show.

    Parameters
    ----------
    dataset : Dataset
        The workbook.
    beside : Beside or None
        None where no database is given; the block then says how to give one.
    """
    if beside is None:
        return paragraphs(
            "No database is given.",
            "This report sets a therapy of the workbook beside other psychotherapies. It needs a "
            "published database of them: import one with the command import-metapsy, then build "
            "the report with the command context and the folder that was written, or set the "
            "parameter database of this notebook to that folder.",
        )
    main = beside.main
    entry = entries.of_analysis(main, dataset)
    therapy, outcome = sentences.names(main, dataset)
    known = [one for one in beside.classes if one.pooled.k >= FEW]
    say = (
        f"Whether {therapy} does more or less than other psychotherapies for {outcome} cannot be "
        "told from trials that do not compare them."
    )
    shown = "; ".join(
        f"{html(one.meaning)} {html(_estimate(one.pooled))}, "
        f"{language.count(one.pooled.k, 'trial')}"
        for one in known
    )
    number = number_link(entry, language.estimate(entry.effect, entry.ci_low, entry.ci_high))
    paragraph = (
        f"{html(therapy)} against {html(_comparators(main, dataset))}: g {number}, "
        f"{language.count(main.pooled.k, 'trial')}, {main.size.of()}. In the database, by the "
        f"same methods{html(_in_group(beside))}: {shown or 'no class with three trials'}."
    )
    figures = [
        Headline(
            entry,
            2,
            f"Hedges g of {therapy}, {language.count(main.pooled.k, 'trial')}; positive favors it",
        )
    ]
    said = [html(one) for one in _remarks(beside, therapy)]
    return answer(html(say), paragraph, figures, said)


def _remarks(beside: Beside, therapy: str) -> list[str]:
    said = [
        "The classes differ in participants, comparators, instruments and times as well as in "
        "therapy; a difference between their values is no effect of one therapy against another."
    ]
    if beside.overlap:
        names = language.listed(one.label for one in beside.overlap)
        said.append(
            f"Of the trials of {therapy}, the database has "
            f"{language.count(len(beside.overlap))} too: "
            f"{names}. They are left out of its classes, so that no trial stands on both sides."
        )
    else:
        said.append(f"No trial of {therapy} was found in the database, by DOI or by name and year.")
    silent = beside.main.selection.without_number
    if len(silent):
        said.append(
            f"{language.capitalized(language.count(len(silent), 'further trial'))} of "
            f"{therapy} measured "
            f"the outcome and {'prints' if len(silent) == 1 else 'print'} no usable number: "
            f"{language.listed(silent.label)}."
        )
    if beside.age_group == ALL:
        said.append("Trials of every age group entered; the table says which.")
    if beside.without:
        said.append(f"Without a usable number: {language.listed(beside.without)}.")
    return said


def _in_group(beside: Beside) -> str:
    if beside.age_group == ALL:
        return ""
    return f" and in {beside.age_group.replace('_', ' ')} alone"


def _comparators(main: Any, dataset: Dataset) -> str:
    rows = records(main.selection.estimates)
    return language.listed(dict.fromkeys(sentences.comparator(row, dataset) for row in rows), "or")


def _estimate(pooled: Pooled) -> str:
    return language.estimate(pooled.effect, pooled.ci_low, pooled.ci_high)


def figure(dataset: Dataset, beside: Beside | None) -> Figure | Block:
    """Return the therapy and the classes of the database as a forest plot with its table."""
    if beside is None:
        return paragraphs(_NOTHING)
    main = beside.main
    therapy, outcome = sentences.names(main, dataset)
    rows = [
        ForestRow(
            "pooled",
            therapy,
            "this workbook",
            str(main.size),
            main.pooled.effect,
            main.pooled.ci_low,
            main.pooled.ci_high,
        )
    ]
    rows += [
        ForestRow(
            "trial",
            f"{one.meaning} ({one.pooled.k})",
            _classes_in_words(one, dataset),
            "" if one.n is None else str(one.n),
            one.pooled.effect,
            one.pooled.ci_low,
            one.pooled.ci_high,
        )
        for one in beside.classes
    ]
    spoken = "; ".join(f"{row.label}: {_of_row(row)}" for row in rows)
    return Figure(
        figure_id="context",
        matplotlib_figure=draw(
            rows,
            axis_label="Hedges g; positive favors the therapy",
            favors_low="favors comparator",
            favors_high="favors therapy",
            heading="g (95% CI)",
            first_column="Therapy (trials)",
        ),
        alt=f"Hedges g with 95% intervals for {outcome}. {spoken}.",
        caption=f"{therapy} and the therapies of the database, {outcome}, "
        f"{dataset.in_text('timepoint', main.specification.timepoint)}. Each line pools its own "
        "trials; the lines share neither trials nor comparators.",
        table=classes(dataset, beside),
    )


def _of_row(row: ForestRow) -> str:
    return language.estimate(row.effect or 0.0, row.ci_low, row.ci_high)


def _classes_in_words(one: TherapyClass, dataset: Dataset) -> str:
    """Return with what a class was compared, by how many trials."""
    trials = one.trials.comparator_classes
    counts = {
        name: int(trials.map(lambda own, n=name: n in own).sum())
        for name in (*CLASSES, UNKNOWN_CLASS)
    }
    return ", ".join(
        f"{dataset.short('comparator_class', name)} {times}"
        for name, times in counts.items()
        if times
    )


def classes(dataset: Dataset, beside: Beside) -> Block:
    """Return the therapy and the classes of the database as a table."""
    main = beside.main
    therapy, _ = sentences.names(main, dataset)
    entry = entries.of_analysis(main, dataset)
    groups = sorted({dataset.trial(one).age_group for one in _trial_ids(main)})
    rows: list[Sequence[Cell | str]] = [
        (
            f"{therapy} (this workbook)",
            Cell(str(main.pooled.k), numeric=True),
            Cell(str(main.size), numeric=True),
            _comparators(main, dataset),
            language.listed(one.replace("_", " ") for one in groups),
            to_estimate(entry),
            Cell(_spread(main.pooled), numeric=True),
            Cell("–", numeric=True),
        )
    ]
    rows += [
        (
            one.meaning,
            Cell(str(one.pooled.k), numeric=True),
            Cell("not known" if one.n is None else str(one.n), numeric=True),
            _classes_in_words(one, dataset),
            language.listed(
                dict.fromkeys(
                    group.replace("_", " ") or "not stated" for group in one.trials.age_group
                )
            ),
            Cell(_estimate(one.pooled), numeric=True),
            Cell(_spread(one.pooled), numeric=True),
            Cell(_all_estimates(one), numeric=True),
        )
        for one in beside.classes
    ]
    return table(
        "Therapies by the same methods: one effect per trial. The last column takes all estimates "
        f"of each trial by the correlated and hierarchical effects model (rho = {beside.rho:g}, "
        "supposed).",
        (
            "Therapy",
            "Trials",
            "n",
            "Compared with (trials)",
            "Age groups",
            "g (95% CI)",
            "tau²",
            "All estimates (CHE)",
        ),
        rows,
    )


def _trial_ids(main: Any) -> list[str]:
    return list(main.selection.estimates.trial_id)


def _spread(pooled: Pooled) -> str:
    return "–" if pooled.tau2 is None else language.fixed(pooled.tau2)


def _all_estimates(one: TherapyClass) -> str:
    if one.several is None:
        return "–"
    mean = one.several.mean
    shown = language.estimate(mean.estimate, mean.ci_low, mean.ci_high)
    return f"{shown}, {one.several.fit.k_estimates} estimates"


def comparators(beside: Beside | None) -> Block:
    """Return the classes of the database within each class of comparators."""
    if beside is None:
        return paragraphs(_NOTHING)

    def cell(one: TherapyClass, name: str) -> Cell:
        pooled = one.by_comparator.get(name)
        if pooled is None:
            return Cell("–", numeric=True)
        return Cell(f"{_estimate(pooled)}, k = {pooled.k}", numeric=True)

    return table(
        "Therapies of the database by class of comparators, g (95% CI) and trials. A trial with "
        "several comparators stands in several columns.",
        (
            "Therapy",
            *(
                language.capitalized(beside.database.in_text("comparator_class", name))
                for name in CLASSES
            ),
        ),
        [(one.meaning, *(cell(one, name) for name in CLASSES)) for one in beside.classes],
    )


def trials(beside: Beside | None) -> Block:
    """Return every trial of the database that entered, and those that both packages have."""
    if beside is None:
        return paragraphs(_NOTHING)
    rows = [
        (
            trial.label,
            one.meaning,
            language.listed(beside.database.in_text("condition", c) for c in trial.comparators),
            Cell(str(trial.estimates), numeric=True),
            Cell(language.fixed(trial.effect), numeric=True),
            Cell(language.fixed(trial.variance**0.5), numeric=True),
            language.listed(
                words_of(beside.database.locator(place).place) for place in trial.locator_ids
            ),
        )
        for one in beside.classes
        for trial in records(one.trials)
    ]
    entered = table(
        "Trials of the database, one effect each: the mean of its estimates.",
        ("Trial", "Therapy", "Compared with", "Estimates", "g", "SE", "Read in"),
        rows,
    )
    both = table(
        "Trials that the workbook and the database have; left out of the classes.",
        ("In the workbook", "In the database", "Matched by"),
        [(one.label, one.database_label, one.by) for one in beside.overlap],
    )
    return joined(entered, both)


def _methods(dataset: Dataset, beside: Beside) -> Block:
    return closing.methods(
        [
            *sentences.methods(beside.main, dataset, i2_limits=None, stress=None),
            f"The database is {_title(beside)}. Its trials were pooled by therapy as above: Hedges "
            "g, the same rule for "
            "instruments, estimator and interval. Where a trial has several estimates left, they "
            "entered as their mean, with the variance that a correlation of "
            f"{beside.rho:g} between their errors leaves it (Borenstein et al. 2009, chapter 24). "
            "Beside it stand all estimates by the correlated and hierarchical effects model "
            "(Pustejovsky and Tipton 2022) with cluster-robust intervals (CR2). Trials of the "
            "workbook were looked for in the database by DOI, then by the first author's name and "
            "the year.",
        ]
    )


def _title(beside: Beside) -> str:
    """Return title and version of the database."""
    publications = beside.database.publications
    named = publications.publication_id[publications.role == "database"]
    items = (beside.database.references[one] for one in named)
    titles = language.listed(str(item.get("title", item["id"])) for item in items)
    version = beside.database.version.removeprefix("version-").replace("-", " ")
    return f"{titles or 'another data package'}, version {version}"


def closing_sections(dataset: Dataset, beside: Beside | None) -> Block:
    """Return methods, where the numbers of the workbook come from, how to cite, and limits."""
    if beside is None:
        return paragraphs(_NOTHING)
    main = beside.main
    entry = entries.of_analysis(main, dataset)
    rows = main.selection.estimates
    places = origins.provenance(
        dataset, estimates=rows, pooled=[(entry, pooled_sections.members(main))]
    )
    cited = closing.citation(
        dataset, rows, sentence=sentences.result(main, dataset), estimate_id=main.estimate_id
    )
    also = f"Database: {_title(beside)}. Cite it beside the workbook."
    limits = closing.limits(
        dataset,
        trial_ids=_trial_ids(main),
        also=[
            "The classes of the database are those of its authors; nobody here read its trials. "
            "Their values are in no ledger.",
            "Nothing here compares two therapies: no trial of the one tested the other.",
        ],
    )
    return joined(_methods(dataset, beside), places, cited, paragraphs(also), limits)
