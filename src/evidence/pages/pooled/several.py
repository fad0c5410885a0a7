"""A pooled report by a model of several estimates per trial, with the same sections."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pandas as pd

from evidence import language
from evidence.analysis import Analysis, analyze
from evidence.analysis.multilevel import MultilevelAnalysis, analyze_several, participants
from evidence.blocks import closing, origins
from evidence.blocks.escape import html
from evidence.blocks.figures import forest_figure
from evidence.blocks.headline import Headline, answer
from evidence.blocks.output import Block, Figure, anchor, joined, paragraphs
from evidence.blocks.tables import Cell, number_link, table, to_estimate
from evidence.data.dataset import CLASSES, UNKNOWN_CLASS, Dataset
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.errors import ParameterError, SelectionError
from evidence.estimation.choices import Specification
from evidence.estimation.row import size_of
from evidence.estimation.selection import STANDARDIZED_METRICS
from evidence.ledger import LedgerEntry, entries, sentences
from evidence.meta.figures.forest import Forest, Kind, Row
from evidence.pages import pooled
from evidence.pages.pooled import tables
from evidence.terms import Model

METHOD = {
    "che": "All estimates of each trial entered the correlated and hierarchical effects model "
    "(CHE; Pustejovsky and Tipton 2022): random effects between trials and between the estimates "
    "of a trial, and sampling errors within a trial that correlate by {rho:g}, which is supposed, "
    "since no source prints it.",
    "three_level": "All estimates of each trial entered a model of three levels (Van den Noortgate "
    "et al. 2013): random effects between trials and between the estimates of a trial, with "
    "independent sampling errors.",
}


@dataclass(frozen=True, slots=True, eq=False)
class SeveralPerTrial:
    """The sections of the report.

    Attributes
    ----------
    dataset : Dataset
        Data package.
    main : MultilevelAnalysis
        The model.
    by_class : dict of str to MultilevelAnalysis
        The same for each class of comparators that two trials have.
    otherwise : list of MultilevelAnalysis
        The same with other correlations, and the other model.
    single : Analysis or None
        One estimate for each trial; None where no rule takes one.
    """

    dataset: Dataset
    main: MultilevelAnalysis
    by_class: dict[str, MultilevelAnalysis] = field(repr=False)
    otherwise: list[MultilevelAnalysis] = field(repr=False)
    single: Analysis | None = field(repr=False)

    @property
    def rows(self) -> pd.DataFrame:
        """Estimates that entered."""
        return self.main.selection.estimates

    @property
    def names(self) -> tuple[str, str]:
        """Therapy and outcome in words."""
        asked = self.main.specification
        return (
            self.dataset.in_text("therapy", asked.therapy),
            self.dataset.in_text("outcome", asked.outcome),
        )

    @property
    def entry(self) -> LedgerEntry:
        """The mean effect."""
        return entries.of_several(self.main, self.dataset)

    def first_screen(self) -> Block:
        """Return the answer, the mean effect beside one estimate per trial, and remarks."""
        therapy, outcome = self.names
        rows, entry, fit = self.rows, self.entry, self.main.fit
        compared = sentences.comparators(rows, self.dataset)
        # On the scale of the frame, where no difference is 0 and positive favors the therapy.
        mean = self.main.mean
        if mean.ci_low is None or mean.ci_high is None:
            say = f"The trials give no interval for {therapy} and {outcome}."
        elif mean.ci_low <= 0 <= mean.ci_high or not mean.enough_df:
            say = pooled.not_known(self.dataset, rows, therapy, outcome)
        else:
            moved = pooled.moved(
                self.dataset,
                rows,
                self.main.specification.outcome,
                favored=self.main.mean.estimate > 0,
            )
            say = (
                f"Over {language.count(fit.k_trials, 'trial')} together, {moved} with {therapy} "
                f"than with {compared}."
            )
        favors = int((rows.effect > 0).sum())
        apart = int((rows.ci_low > 0).sum()), int((rows.ci_high < 0).sum())
        paragraph = (
            f"Of {language.counted(fit.k_estimates, 'estimate')}, {_times(favors, 'favor')} "
            f"{therapy}; of their intervals {_times(apart[0], 'lie')} wholly on this side and "
            f"{language.count(apart[1]) if apart[1] else 'none'} wholly on the other. "
            f"{self._further()} "
            f"{sentences.narrowed(self.main.specification, self.dataset)}"
        )
        figures = [
            Headline(
                entry,
                2,
                f"{self._metric()}, {pooled.scale_in_words(self.main.selection, therapy)}; "
                f"{self._estimates(self.main)}, {self._n(rows)}; against {compared}",
                named=True,
            )
        ]
        if self.single is not None and self.single.pooled.k > 1:
            figures.append(
                Headline(
                    entries.of_analysis(self.single, self.dataset),
                    2,
                    "the same by one estimate for each of "
                    f"{language.count(self.single.pooled.k, 'trial')}, {self.single.size.of()}",
                    named=True,
                )
            )
        said = [self._classes(), *self._correlations(), *self._without()]
        said += [html(one) for one in fit.warnings]
        return answer(html(say), html(paragraph.strip()), figures, said)

    def _metric(self) -> str:
        return language.term(language.METRIC, self.main.selection.metric)

    def _estimates(self, one: MultilevelAnalysis) -> str:
        return (
            f"{language.counted(one.fit.k_estimates, 'estimate')} of "
            f"{language.count(one.fit.k_trials, 'trial')}"
        )

    def _n(self, rows: pd.DataFrame) -> str:
        n = participants(rows)
        return "n not known" if n is None else f"{n} participants"

    def _further(self) -> str:
        fit = self.main.fit
        if fit.prediction_low is None or fit.prediction_high is None:
            return ""
        scale = self.main.selection.scale
        ends = language.limits(*scale.ends(fit.prediction_low, fit.prediction_high))
        return f"In a further trial an effect of {ends} is to be expected (prediction interval)."

    def _classes(self) -> str:
        parts = []
        for name in (*CLASSES, UNKNOWN_CLASS):
            trials = self.rows[self.rows.comparator_class == name].label.unique()
            if not len(trials):
                continue
            who = (
                language.listed(trials)
                if len(trials) <= sentences.NAMED
                else f"{len(trials)} trials"
            )
            shown = f"{html(self.dataset.in_text('comparator_class', name))} ({html(who)})"
            if name in self.by_class:
                entry = entries.of_several(self.by_class[name], self.dataset)
                number = language.estimate(entry.effect, entry.ci_low, entry.ci_high)
                shown += f": {number_link(entry, number)}{_few(self.by_class[name])}"
            parts.append(shown)
        return f"By comparator: {'; '.join(parts)}."

    def _correlations(self) -> Iterator[str]:
        means = [fit.coefficients[0].estimate for fit in self.main.by_rho.values()]
        if means:
            rhos = sorted(self.main.by_rho)
            scale = self.main.selection.scale
            ends = language.limits(*scale.ends(min(means), max(means)))
            yield html(
                f"The correlation of {self.main.rho:g} between the errors of two estimates of one "
                f"trial is supposed; with {rhos[0]:g} to {rhos[-1]:g} the mean lies from {ends}."
            )

    def _without(self) -> Iterator[str]:
        silent = list(self.main.selection.without_number.label)
        if silent:
            who = (
                language.listed(silent)
                if len(silent) <= sentences.NAMED
                else f"{len(silent)} trials"
            )
            yield html(f"Without a usable number: {who}.")

    def figure(self) -> Figure:
        """Return the forest plot, a line for each estimate."""
        therapy, outcome = self.names
        entry, dataset = self.entry, self.dataset
        lines: list[Row] = []
        cells: list[tuple[Cell | str, ...]] = []
        for row in records(self.rows):
            shown = entries.of_estimate(row, dataset)
            compared = sentences.comparator(row, dataset)
            size = str(size_of([row]))
            lines.append(_drawn(Kind.TRIAL, row.label, compared, size, shown))
            cells.append(
                (
                    row.label,
                    dataset.measure(row.instrument_id),
                    compared,
                    Cell(size, numeric=True),
                    to_estimate(shown),
                )
            )
        mean = f"Mean of {language.count(self.main.fit.k_trials, 'trial')}"
        n = self._n(self.rows).removesuffix(" participants")
        lines.append(_drawn(Kind.POOLED, mean, "", n, entry))
        cells.append((mean, "", "", Cell(n, numeric=True), to_estimate(entry)))
        for row in records(self.main.selection.without_number):
            compared = sentences.comparator(row, dataset)
            none = "no usable number"
            lines.append(Row(kind=Kind.SILENT, label=row.label, below=compared, shown=none))
            cells.append((row.label, "", compared, Cell("", numeric=True), none))
        scale = self.main.selection.scale
        named = dataset.short("therapy", self.main.specification.therapy)
        better = {"reduces": "lower", "raises": "higher"}.get(pooled.verb_of(dataset, self.rows))
        side = f"{language.SIDE[scale.favors]} favors {therapy}"
        if better and self.main.selection.metric in STANDARDIZED_METRICS:
            side = f"positive = {better} with {therapy}"
        sides = ["favors the comparator", f"favors {named}"]
        below, above = reversed(sides) if scale.turned else sides
        number = language.estimate(entry.effect, entry.ci_low, entry.ci_high)
        when = dataset.in_text("timepoint", self.main.specification.timepoint)
        plot = Forest(
            rows=tuple(lines),
            name="Trial",
            estimate=f"{self._metric()} (95% CI)" if scale.ratio else "g (95% CI)",
            columns=("n",),
            axis=f"{self._metric()}; {side}",
            below=below,
            above=above,
            ratio=scale.ratio,
        )
        return forest_figure(
            "forest",
            [plot],
            alt=f"Forest plot of {self._estimates(self.main)}; the mean is {number}. The table "
            "below has each.",
            caption=f"Forest plot of {self._metric()} for {outcome}, {when}; {side}. Squares: "
            "estimates, several of one trial where it has several; diamond: their mean by the "
            "model.",
            table=table(
                "The numbers of the forest plot",
                ("Trial", "Measure", "Compared with", "n", "Estimate (95% CI)"),
                cells,
            ),
        )

    def studies(self) -> Block:
        """Return the trials."""
        return tables.studies(self.dataset, self.main)

    def comparators(self) -> Block:
        """Return the model within each class of comparators."""
        rows = [
            (
                self.dataset.in_text("comparator_class", name),
                Cell(str(one.fit.k_trials), numeric=True),
                Cell(str(one.fit.k_estimates), numeric=True),
                to_estimate(entries.of_several(one, self.dataset)).followed_by(_few(one)),
            )
            for name, one in self.by_class.items()
        ]
        if not rows:
            return paragraphs("No class of comparators has two trials.")
        return table(
            "The same model within each class of comparators that two trials have. A trial with "
            "several comparators stands in several lines.",
            ("Compared with", "Trials", "Estimates", "Mean (95% CI)"),
            rows,
        )

    def unreported(self) -> Block:
        """Return the trials without a usable number."""
        return tables.unreported(self.dataset, self.main, None)

    def choices(self) -> Block:
        """Return the mean by other correlations, by the other model, by one estimate per trial."""
        rows = [
            (
                _difference(one),
                Cell(str(one.fit.k_trials), numeric=True),
                Cell(str(one.fit.k_estimates), numeric=True),
                to_estimate(entries.of_several(one, self.dataset)),
            )
            for one in (self.main, *self.otherwise)
        ]
        if self.single is not None:
            k = Cell(str(self.single.pooled.k), numeric=True)
            entry = entries.of_analysis(self.single, self.dataset)
            rows.append(("One estimate for each trial", k, k, to_estimate(entry)))
        return table(
            "The mean by the model, and by others",
            ("Model", "Trials", "Estimates", "Mean (95% CI)"),
            rows,
        )

    def combinations(self) -> Block:
        """Return nothing: all estimates entered, so no choice among them can be combined."""
        return Block("")

    priors = combinations

    def left_out(self) -> Block:
        """Return every other estimate on the outcome."""
        return tables.left_out(self.dataset, self.main)

    def closing_sections(self) -> Block:
        """Return methods, where each number comes from, how to cite, and limits."""
        therapy, outcome = self.names
        entry, asked = self.entry, self.main.specification
        shown = self.rows
        made = [self.main, *self.otherwise, *self.by_class.values()]
        numbers = [
            (entries.of_several(one, self.dataset), _members(one.selection.estimates))
            for one in made
        ]
        if self.single is not None:
            own = self.single.selection.estimates
            shown = pd.concat([shown, own]).drop_duplicates("estimate_id", ignore_index=True)
            single = entries.of_analysis(self.single, self.dataset)
            numbers.append((single, pooled.members(self.single)))
        number = language.limits(entry.ci_low, entry.ci_high)
        sentence = (
            f"{therapy} compared with {sentences.comparators(self.rows, self.dataset)}, {outcome} "
            f"{self.dataset.in_text('timepoint', asked.timepoint)}: {self._metric()} = "
            f"{language.fixed(entry.effect)} ({100 * asked.level:g}% CI, {number}; "
            f"{self._estimates(self.main)}, {self._n(self.rows)}); positive favors {therapy}."
        )
        trial_ids = [*self.rows.trial_id, *self.main.selection.without_number.trial_id]
        return joined(
            closing.methods(list(self._methods())),
            origins.provenance(self.dataset, estimates=shown, pooled=numbers),
            closing.citation(
                self.dataset,
                shown,
                sentence=sentence,
                estimate_id=entry.estimate_id,
                also=union(self.main.selection.without_number.locator_ids),
            ),
            closing.limits(
                self.dataset,
                trial_ids=list(dict.fromkeys(trial_ids)),
                also=[
                    "The comparators differ; a mean over them is an effect against no one of them."
                ]
                * (len(set(self.rows.comparator)) > 1),
                outcome=asked.outcome,
            ),
        )

    def _methods(self) -> Iterator[str]:
        asked, fit = self.main.specification, self.main.fit
        measure = sentences.effect_measure(self.main.selection.metric, self.rows, asked.convention)
        yield (
            f"The effect measure is {measure}. Positive values "
            f"favor {self.names[0]}. {METHOD[self.main.model].format(rho=self.main.rho or 0)} "
            "Several arms of one condition stand by themselves."
        )
        mean = self.main.mean
        df = "" if mean.df is None else f", {mean.df:.1f} degrees of freedom (Satterthwaite)"
        spread = "; ".join(
            f"{where} {language.fixed(value, 3)}"
            for where, value in (
                ("between trials", fit.sigma2_cluster),
                ("between estimates of a trial", fit.sigma2_effect),
            )
            if value is not None
        )
        yield (
            f"The variances, by restricted maximum likelihood, are {spread}. The interval is "
            f"cluster-robust ({fit.inference}){df}: it holds though the supposed correlation is "
            "wrong, where trials are not few."
        )


def _few(one: MultilevelAnalysis) -> str:
    """Return that an interval is of too few trials to rely on, where it is."""
    return "" if one.mean.enough_df else " of too few trials to rely on its interval"


def several_per_trial(
    dataset: Dataset, specification: Specification, model: Model, rho: float
) -> SeveralPerTrial:
    """Fit the model of a specification, and what stands beside it.

    Raises
    ------
    ParameterError
        If a choice is not accepted, or fewer than two trials are left.
    SelectionError
        If points of different instruments would be pooled.
    """
    main = analyze_several(dataset, specification, model=model, rho=rho)
    frame = main.frame
    by_class: dict[str, MultilevelAnalysis] = {}
    for name in CLASSES:
        if (main.selection.estimates.comparator_class == name).sum() > 1:
            narrowed = replace(specification, comparator_class=name)
            try:
                by_class[name] = analyze_several(
                    dataset, narrowed, model=model, rho=rho, frame=frame
                )
            except ParameterError:
                # All estimates against this class are of one trial.
                continue
    otherwise = [replace(main, rho=one, fit=fit, by_rho={}) for one, fit in main.by_rho.items()]
    other: Model = "three_level" if model == "che" else "che"
    otherwise.append(analyze_several(dataset, specification, model=other, rho=rho, frame=frame))
    try:
        single = analyze(dataset, entries.one_per_trial(specification), frame)
    except (ParameterError, SelectionError):
        single = None
    return SeveralPerTrial(dataset, main, by_class, otherwise, single)


def _times(number: int, verb: str) -> str:
    """Return "none favor", "one favors", "three favor"."""
    return f"{language.count(number) if number else 'none'} {verb}{'s' if number == 1 else ''}"


def _difference(one: MultilevelAnalysis) -> str:
    if one.rho is None:
        return "Three levels, independent errors"
    return f"Correlated and hierarchical effects, correlation {one.rho:g}"


def _members(rows: pd.DataFrame) -> Cell:
    """Return the estimates that entered, each with a link to its place."""
    linked: dict[str, list[str]] = {}
    for row in records(rows):
        shown = html(language.fixed(row.effect))
        link = f'<a href="#{html(anchor(row.estimate_id))}">{shown}</a>'
        linked.setdefault(row.label, []).append(link)
    return Cell(markup="; ".join(f"{html(who)} {', '.join(of)}" for who, of in linked.items()))


def _drawn(kind: Kind, label: str, compared: str, size: str, entry: LedgerEntry) -> Row:
    return Row(
        kind=kind,
        label=label,
        below=compared,
        phone=", ".join(filter(None, (compared, size))),
        cells=(size,),
        effect=entry.effect,
        ci_low=entry.ci_low,
        ci_high=entry.ci_high,
        shown=language.estimate(entry.effect, entry.ci_low, entry.ci_high),
        imputed=entry.processing == "imputed",
    )
