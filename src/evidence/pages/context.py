"""One therapy beside others: the sections of the report on context, also without a database."""

from collections.abc import Sequence
from typing import Any

from evidence import language
from evidence.analysis.context import ALL, Beside, TherapyClass
from evidence.blocks import closing, origins
from evidence.blocks.escape import addressed, html
from evidence.blocks.figures import forest_figure
from evidence.blocks.headline import Headline, answer
from evidence.blocks.output import Block, Figure, joined, paragraphs
from evidence.blocks.tables import Cell, number_link, table, to_estimate
from evidence.data.dataset import CLASSES, UNKNOWN_CLASS, Dataset
from evidence.data.records import records
from evidence.ledger import LedgerEntry, entries, sentences
from evidence.meta.figures.forest import Forest, Kind, Row
from evidence.meta.pooling import Pooled
from evidence.pages import pooled as pooled_sections

FEW = 3
"""Trials below which a class can hardly be compared with anything."""

_EVERY = (*CLASSES, UNKNOWN_CLASS)

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
    say = (
        f"Whether {therapy} does more or less than other psychotherapies for {outcome} cannot be "
        "told from trials that do not compare them."
    )
    parts = []
    for name, analysis in beside.within.items():
        own = _entry(analysis, dataset)
        number = number_link(own, language.estimate(own.effect, own.ci_low, own.ci_high))
        others = "; ".join(
            f"{html(one.meaning)} {_linked(beside, one, name)}"
            for one in beside.classes
            if name in one.by_comparator and one.by_comparator[name].pooled.k >= FEW
        )
        against = dataset.in_text("comparator_class", name)
        parts.append(
            f"Against {html(against)}: {html(therapy)} g {number}, "
            f"{language.count(analysis.pooled.k, 'trial')}; "
            f"in the database {others or 'no class with three trials'}."
        )
    paragraph = " ".join([*parts, html(f"Database: {_title(beside)}{_in_group(beside)}.")])
    figures = [
        Headline(
            entry,
            2,
            f"Hedges g of {therapy}, {language.count(main.pooled.k, 'trial')}, {main.size.of()}, "
            f"against {_comparators(main, dataset)}; positive favors it",
        )
    ]
    said = [html(one) for one in _remarks(beside, therapy)]
    return answer(html(say), paragraph, figures, said, [beside.main.specification.outcome])


def _entry(analysis: Any, dataset: Dataset) -> LedgerEntry:
    """Return the number of the workbook: that of its trial where it has one alone."""
    rows = analysis.selection.estimates
    if len(rows) == 1:
        return entries.of_estimate(next(records(rows)), dataset)
    return entries.of_analysis(analysis, dataset)


def _remarks(beside: Beside, therapy: str) -> list[str]:
    said = [
        "The classes differ in participants, comparators, instruments and times as well as in "
        "therapy; a difference between their values is no effect of one therapy against another."
    ]
    if beside.overlap:
        names = language.listed(one.label for one in beside.overlap)
        said.append(
            f"Of the trials of {therapy}, {language.count(len(beside.overlap))} "
            f"{'is' if len(beside.overlap) == 1 else 'are'} in the database, too: {names}. "
            "They are left out of its classes, so that no trial is on both sides, also where this "
            "workbook has no usable number of one."
        )
    else:
        said.append(f"No trial of {therapy} was found in the database, by DOI or by name and year.")
    silent = beside.main.selection.without_number
    if len(silent):
        said.append(
            f"For {language.count(len(silent), 'further trial')} of {therapy} that measured the "
            f"outcome, the sources read give no usable number: {language.listed(silent.label)}."
        )
    if beside.age_group == ALL:
        said.append("Trials of every age group entered; the table says which.")
    if beside.without:
        said.append(f"Without a usable number: {language.listed(beside.without)}.")
    return said


def _in_group(beside: Beside) -> str:
    if beside.age_group == ALL:
        return ""
    return f", {beside.age_group.replace('_', ' ')} only"


def _comparators(main: Any, dataset: Dataset) -> str:
    rows = records(main.selection.estimates)
    return language.listed(dict.fromkeys(sentences.comparator(row, dataset) for row in rows), "or")


def _estimate(pooled: Pooled) -> str:
    return language.estimate(pooled.effect, pooled.ci_low, pooled.ci_high)


def _shown(pooled: Pooled) -> str:
    return f"{_estimate(pooled)}, {language.count(pooled.k, 'trial')}"


def _place(beside: Beside, one: TherapyClass, name: str) -> str:
    """Return the id of the place that tells which rows of the database a number is made of."""
    return f"db-{beside.age_group}-{one.therapy}-{name}".replace("_", "-")


def _linked(beside: Beside, one: TherapyClass, name: str) -> str:
    """Return a number of the database as a link to its rows, as HTML."""
    shown = html(_shown(one.by_comparator[name].pooled))
    return f'<a class="n" href="#{html(_place(beside, one, name))}">{shown}</a>'


def figure(dataset: Dataset, beside: Beside | None) -> Figure | Block:
    """Return the therapy and the classes of the database, by class of comparators, with a table."""
    if beside is None:
        return paragraphs(_NOTHING)
    main = beside.main
    therapy, outcome = sentences.names(main, dataset)
    rows: list[Row] = []
    spoken: list[str] = []
    body: list[Sequence[Cell | str]] = []
    for name in _EVERY:
        against = language.capitalized(dataset.in_text("comparator_class", name))
        own = beside.within.get(name)
        classes_here = [one for one in beside.classes if name in one.by_comparator]
        if own is None and not classes_here:
            continue
        rows.append(Row(kind=Kind.HEADING, label=against))
        short = dataset.short("comparator_class", name)
        if own is not None:
            entry = _entry(own, dataset)
            rows.append(_line(therapy, own.pooled, str(own.size)))
            spoken.append(f"{therapy} against {short}: {_shown(own.pooled)}")
            number = language.estimate(entry.effect, entry.ci_low, entry.ci_high)
            trials_said = f", {language.count(own.pooled.k, 'trial')}"
            markup = number_link(entry, number) + trials_said
            body.append(
                (against, f"{therapy}, this workbook", Cell(markup=markup, entries=(entry,)))
            )
        for one in classes_here:
            pooled, trials = one.by_comparator[name].pooled, one.by_comparator[name].trials
            n = "" if trials.n.isna().any() else str(int(trials.n.sum()))
            rows.append(_line(one.meaning, pooled, n))
            spoken.append(f"{one.meaning} against {short}: {_shown(pooled)}")
            body.append((against, one.meaning, Cell(markup=_linked(beside, one, name))))
    plot = Forest(
        rows=tuple(rows),
        name="Therapy",
        estimate="g (95% CI)",
        columns=("n (trials)",),
        axis="Hedges g; positive favors the therapy",
        below="favors the comparator",
        above="favors the therapy",
        whole=True,
    )
    return forest_figure(
        "context",
        [plot],
        alt=f"Hedges g with 95% intervals for {outcome}. {'; '.join(spoken)}.",
        caption=f"{therapy} and the therapies of the database, {outcome}, "
        f"{dataset.in_text('timepoint', main.specification.timepoint)}, by what they were compared "
        "with. Diamonds pool trials, squares are of one trial; the lines share neither trials nor "
        "comparison groups.",
        table=table(
            "Therapies by the same methods: one effect per trial",
            ("Compared with", "Therapy", "g (95% CI)"),
            body,
        ),
    )


def _line(label: str, pooled: Pooled, n: str) -> Row:
    """Return one therapy: a square where a single trial is behind it, else a diamond."""
    size = f"{n or 'n not known'} ({pooled.k})"
    return Row(
        kind=Kind.TRIAL if pooled.k == 1 else Kind.POOLED,
        label=label,
        phone=size,
        cells=(size,),
        effect=pooled.effect,
        ci_low=pooled.ci_low,
        ci_high=pooled.ci_high,
        shown=_estimate(pooled),
    )


def _classes_in_words(one: TherapyClass, dataset: Dataset) -> str:
    """Return with what a class was compared, by how many trials."""
    trials = one.trials.comparator_classes
    counts = {name: int(trials.map(lambda own, n=name: n in own).sum()) for name in _EVERY}
    return ", ".join(
        f"{dataset.short('comparator_class', name)} {times}"
        for name, times in counts.items()
        if times
    )


def over_comparators(dataset: Dataset, beside: Beside | None) -> Block:
    """Return the therapy and the classes of the database over all comparators, if asked for."""
    if beside is None:
        return Block("")
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
    shown = table(
        "Over all comparators together, one effect per trial. The last column takes all estimates "
        f"of each trial by the correlated and hierarchical effects model (rho = {beside.rho:g}, "
        "supposed)",
        (
            *("Therapy", "Trials", "n", "Compared with (trials)", "Age groups", "g (95% CI)"),
            *("tau²", "All estimates (CHE)"),
        ),
        rows,
    )
    return joined(Block('<h2 id="over-all">Over all comparators</h2>'), shown)


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


def by_age(others: Sequence[Beside]) -> Block:
    """Return the classes of the database in other age groups, by class of comparators."""
    rows: list[Sequence[Cell | str]] = []
    for beside in others:
        for one in beside.classes:
            cells = [
                Cell(markup=_linked(beside, one, name)) if name in one.by_comparator else Cell("–")
                for name in _EVERY
            ]
            rows.append((_age(beside), Cell(one.meaning), *cells))
    if not rows:
        return paragraphs("The database has no other age group with a usable number.")
    words = others[0].database
    return table(
        "Other age groups of the database: g (95% CI)",
        (
            "Age group",
            "Therapy",
            *(language.capitalized(words.short("comparator_class", name)) for name in _EVERY),
        ),
        rows,
    )


def _age(beside: Beside) -> str:
    return beside.age_group.replace("_", " ")


def _rows(besides: Sequence[Beside]) -> Block:
    """Return which rows of the database each of its numbers is made of, and the shared trials."""
    body = []
    for beside in besides:
        for one in beside.classes:
            for name, within in one.by_comparator.items():
                against = beside.database.in_text("comparator_class", name)
                trials = records(within.trials)
                said = [_trial(trial, beside.database) for trial in trials]
                where = "" if beside.age_group == ALL else f", {_age(beside)}"
                body.append(
                    (
                        Cell(
                            f"{one.meaning} against {against}{where}",
                            anchor=_place(beside, one, name),
                        ),
                        Cell(_shown(within.pooled), numeric=True),
                        Cell(markup="<br>".join(said)),
                    )
                )
    numbers = table(
        "Numbers of the database: g (SE) of each trial [its records in the file]",
        ("What", "g (95% CI)", "Trials"),
        body,
    )
    shared = besides[0].overlap
    both = table(
        "Trials that the workbook and the database have; left out of the classes",
        ("In the workbook", "In the database", "Matched by"),
        [(one.label, one.database_label, one.by) for one in shared],
    )
    block = joined(numbers, both) if shared else numbers
    return Block(f'<section class="provenance">\n<h3>The database</h3>\n{block.html}\n</section>')


def _trial(trial: Any, database: Dataset) -> str:
    """Return a trial with its effect and the records that it was read in, as HTML."""
    names = [one.rpartition("_")[2] for one in trial.locator_ids]
    places = [
        addressed(database.locator(one).url, f"[{name}]")
        for one, name in zip(trial.locator_ids, names, strict=True)
    ]
    number = f"{language.fixed(trial.effect)} ({language.fixed(trial.variance**0.5)})"
    return f"{html(trial.label)} {html(number)}\u00a0{' '.join(places)}"


def _methods(dataset: Dataset, beside: Beside, told: str) -> Block:
    every = (
        "Beside it are all estimates by the correlated and hierarchical effects model "
        "(Pustejovsky and Tipton 2022) with cluster-robust intervals (CR2). "
        if any(one.several for one in beside.classes)
        else ""
    )
    return closing.methods(
        [
            *sentences.methods(beside.main, dataset, i2_limits=None, stress=None),
            f"The database is {_title(beside)}. Its trials were pooled by therapy as above: Hedges "
            "g, the same rule for "
            "instruments, estimator and interval. Where a trial has several estimates left, they "
            "entered as their mean, with the variance that a correlation of "
            f"{beside.rho:g} between their errors leaves it (Borenstein et al. 2009, chapter 24). "
            f"{told}{every}Trials of the workbook were looked for in the database by DOI, then by "
            "the first author's name and the year.",
        ]
    )


def _attribution(beside: Beside, dataset: Dataset) -> str:
    """Return the database as a reference, with authors where the workbook has them; its license."""
    publications = beside.database.publications
    named = publications.publication_id[publications.role == "database"]
    items = [beside.database.references[one] for one in named]
    known = {
        str(one.get("DOI", "")).lower(): one
        for one in dataset.references.values()
        if one.get("type") == "dataset" and one.get("DOI")
    }
    said = []
    for one in items:
        said.append(closing.reference(known.get(str(one.get("DOI", "")).lower(), one)))
        if one.get("note"):
            said.append(f"{one['note']}.")
    return " ".join(said)


def _title(beside: Beside) -> str:
    """Return title and version of the database."""
    publications = beside.database.publications
    named = publications.publication_id[publications.role == "database"]
    items = (beside.database.references[one] for one in named)
    titles = language.listed(str(item.get("title", item["id"])) for item in items)
    version = beside.database.version.removeprefix("version-").replace("-", " ")
    return f"{titles or 'another data package'}, version {version}"


def closing_sections(
    dataset: Dataset, beside: Beside | None, others: Sequence[Beside] = (), told: str = ""
) -> Block:
    """Return methods, where the numbers come from, how to cite, and limits.

    Parameters
    ----------
    dataset : Dataset
        The workbook.
    beside : Beside or None
        The therapy and the database.
    others : sequence of Beside
        Other age groups.
    told : str
        How it is known whom a positive g of the database favors.
    """
    if beside is None:
        return paragraphs(_NOTHING)
    main = beside.main
    rows = main.selection.estimates
    several = [main, *(one for one in beside.within.values() if one.pooled.k > 1)]
    made = {one.estimate_id: one for one in several}
    places = origins.provenance(
        dataset,
        estimates=rows,
        pooled=[
            (entries.of_analysis(one, dataset), pooled_sections.members(one))
            for one in made.values()
        ],
    )
    cited = closing.citation(
        dataset, rows, sentence=sentences.result(main, dataset), estimate_id=main.estimate_id
    )
    also = f"Cite the database beside the workbook. {_attribution(beside, dataset)}"
    limits = closing.limits(
        dataset,
        trial_ids=_trial_ids(main),
        also=[
            "The classes of the database are those of its authors; nobody here read its trials. "
            "Their values are in no ledger.",
            "Nothing here compares two therapies: each line is from trials of its own.",
        ],
    )
    return joined(
        _methods(dataset, beside, f"{told} " if told else ""),
        places,
        _rows([beside, *others]),
        cited,
        paragraphs(also),
        limits,
    )
