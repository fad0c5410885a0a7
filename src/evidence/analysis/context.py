"""One therapy beside others: classes of therapies of a database, pooled by the same methods."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from evidence.analysis import Analysis, analyze
from evidence.analysis.multilevel import MultilevelAnalysis, analyze_several, participants
from evidence.data.dataset import CLASSES, UNKNOWN_CLASS, Dataset
from evidence.data.labels import read_label, slug
from evidence.data.provenance import union
from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.estimation import estimates
from evidence.estimation.choices import Specification
from evidence.estimation.selection import Selection, select
from evidence.meta.multilevel.aggregation import aggregate
from evidence.meta.multilevel.covariance import correlated_covariance
from evidence.meta.pooling import Pooled, pool
from evidence.terms import NOT_NAMED, RHO

METRIC = "hedges_g"
"""What databases print on continuous outcomes."""

ALL = "all"
"""Age group that keeps every trial."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """A trial that both packages have.

    Attributes
    ----------
    trial_id, label : str
        In the workbook.
    database_trial_id, database_label : str
        In the database.
    by : str
        "DOI" or "name and year".
    """

    trial_id: str
    label: str
    database_trial_id: str
    database_label: str
    by: str


@dataclass(frozen=True, slots=True, eq=False)
class Within:
    """Trials of a class of therapies against one class of comparators, as `TherapyClass` has them.

    Attributes
    ----------
    pooled : Pooled
        One effect per trial, pooled.
    trials : DataFrame
        One row per trial.
    """

    pooled: Pooled
    trials: pd.DataFrame = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class TherapyClass:
    """A class of therapies of the database.

    Attributes
    ----------
    therapy, meaning : str
        Term and meaning.
    pooled : Pooled
        One effect per trial, pooled as the main analysis; positive favors the therapy.
    by_comparator : dict of str to Within
        The same within each class of comparators.
    several : MultilevelAnalysis or None
        All estimates by the correlated and hierarchical effects model; None for one trial, and for
        other age groups.
    trials : DataFrame
        One row per trial: trial_id, label, age_group, comparators, comparator_classes, instruments,
        estimates (how many were combined), n, effect, variance, locator_ids.
    """

    therapy: str
    meaning: str
    pooled: Pooled
    by_comparator: Mapping[str, Within]
    several: MultilevelAnalysis | None
    trials: pd.DataFrame = field(repr=False)

    @property
    def n(self) -> int | None:
        """Participants, None where a trial's number is not known."""
        return None if self.trials.n.isna().any() else int(self.trials.n.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """A therapy beside those of a database.

    Attributes
    ----------
    main : Analysis
        The analysis of the workbook.
    within : dict of str to Analysis
        The same within each class of comparators that its trials have.
    database : Dataset
        The other package.
    classes : tuple of TherapyClass
        Classes with an estimate, those with most trials first.
    overlap : tuple of Overlap
        Trials of the therapy that the database has too; left out of its classes.
    without : tuple of str
        Meanings of the therapies of whose trials of the age group no usable number was found.
    age_group : str
        Age group whose trials entered, or "all".
    rho : float
        Supposed correlation of the errors of two estimates of one trial.
    """

    main: Analysis
    within: Mapping[str, Analysis]
    database: Dataset
    classes: tuple[TherapyClass, ...]
    overlap: tuple[Overlap, ...]
    without: tuple[str, ...]
    age_group: str
    rho: float


def stand_beside(
    dataset: Dataset,
    database: Dataset,
    *,
    therapy: str,
    outcome: str,
    timepoint: str = "post",
    age_group: str = ALL,
    rho: float = RHO,
    several: bool = True,
) -> Beside:
    """Return a therapy of the workbook beside the therapies of a database.

    Each class is pooled as the main analysis is: Hedges g, the same rule for instruments, estimator
    and interval. Where a trial of the database has several estimates left, they enter as one, their
    mean with the variance of `evidence.meta.multilevel.aggregation.aggregate`.

    Parameters
    ----------
    dataset : Dataset
        The workbook.
    database : Dataset
        Another data package, such as an imported database.
    therapy, outcome, timepoint : str
        The main analysis; the outcome has to be one of both.
    age_group : str
        Age group of the trials of the database, or "all".
    rho : float
        Supposed correlation of the errors of two estimates of one trial.
    several : bool
        Whether all estimates are fitted, too.

    Raises
    ------
    ParameterError
        If a choice is not accepted, or the database has nothing on the outcome and age group.
    """
    specification = Specification(therapy=therapy, outcome=outcome, timepoint=timepoint)
    main = analyze(dataset, specification)
    frame = estimates(database)
    groups = _age_groups(database)
    if age_group != ALL and age_group not in {one for own in groups.values() for one in own}:
        known = sorted({ALL, *(one for own in groups.values() for one in own)})
        raise ParameterError("age_group", age_group, f"one of {', '.join(known)}")
    kept = frame[
        frame.trial_id.map(lambda trial: age_group == ALL or age_group in groups[trial])
        & (frame.intervention == frame.therapy)
    ]
    about = kept[(kept.outcome_id == outcome) & (kept.timepoint == timepoint)]
    if about.empty:
        accepted = sorted(set(kept.outcome_id[kept.timepoint == timepoint]))
        how = f"one that the database has at {timepoint}: {', '.join(accepted) or 'none'}"
        if slug(NOT_NAMED) in accepted:
            how += (
                "; the database does not name its outcome: import it again with "
                f"evidence import-metapsy FILE --outcome {outcome}"
            )
        raise ParameterError("outcome", outcome, how)
    shared = tuple(_overlap(dataset, database, main))
    rest = kept[~kept.trial_id.isin({one.database_trial_id for one in shared})]
    meanings = database.vocabulary("therapy")
    classes, without = [], []
    of_others = about[about.trial_id.isin(rest.trial_id)]
    for one in sorted(set(of_others.therapy)):
        choices = replace(specification, therapy=one, metric=METRIC)
        made = _class(database, rest, choices, meanings.get(one, one), groups, rho, several)
        if made is None:
            without.append(meanings.get(one, one))
        else:
            classes.append(made)
    classes.sort(key=lambda one: (-one.pooled.k, one.therapy))
    own = set(main.selection.estimates.comparator_class)
    within: dict[str, Analysis] = {
        name: analyze(dataset, replace(specification, comparator_class=name))
        for name in CLASSES
        if name in own
    }
    return Beside(main, within, database, tuple(classes), shared, tuple(without), age_group, rho)


def other_ages(
    dataset: Dataset,
    database: Dataset,
    *,
    therapy: str,
    outcome: str,
    timepoint: str = "post",
    age_group: str,
    rho: float = RHO,
) -> tuple[Beside, ...]:
    """Return the therapies of a database in each age group but one that has any number.

    Parameters are those of `stand_beside`; `age_group` is the one that is left out.
    """
    groups = sorted({one for own in _age_groups(database).values() for one in own} - {age_group})
    found = []
    for group in groups:
        try:
            one = stand_beside(
                dataset,
                database,
                therapy=therapy,
                outcome=outcome,
                timepoint=timepoint,
                age_group=group,
                rho=rho,
                several=False,
            )
        except ParameterError as error:
            # Nothing on the outcome in this age group; another fault is one of the call.
            if error.name != "outcome":
                raise
            continue
        if one.classes:
            found.append(one)
    return tuple(found)


def _age_groups(database: Dataset) -> dict[str, set[str]]:
    trials = database.trials
    return {
        trial: {part.strip() for part in groups.split(",") if part.strip()}
        for trial, groups in zip(trials.trial_id, trials.age_group, strict=True)
    }


def _overlap(dataset: Dataset, database: Dataset, main: Analysis) -> Iterator[Overlap]:
    """Yield trials of the therapy that the database has too, by DOI, else by name and year."""
    therapy = main.specification.therapy
    own = dataset.trials[dataset.trials.therapy == therapy]
    by_doi = {doi: trial for trial, doi in _dois(database)}
    keys: dict[Any, list[str]] = {}
    for one in records(database.trials):
        keys.setdefault(read_label(one.label).key, []).append(one.trial_id)
    labels = dict(zip(database.trials.trial_id, database.trials.label, strict=True))
    dois: dict[str, list[str]] = {}
    for trial, doi in _dois(dataset):
        dois.setdefault(trial, []).append(doi)
    for trial in records(own):
        found = [by_doi[one] for one in dois.get(trial.trial_id, ()) if one in by_doi][:1]
        by = "DOI"
        if not found:
            # Of several trials of one author and year none may stand on both sides.
            found, by = keys.get(read_label(trial.label).key, []), "name and year"
        for one in found:
            yield Overlap(trial.trial_id, trial.label, one, labels[one], by)


def _dois(dataset: Dataset) -> Iterator[tuple[str, str]]:
    references = dataset.references
    for one in records(dataset.publications):
        doi = str(references[one.publication_id].get("DOI", "")).lower()
        if one.trial_id and one.kind == "article" and doi:
            yield one.trial_id, doi


def _class(
    database: Dataset,
    frame: pd.DataFrame,
    specification: Specification,
    meaning: str,
    groups: Mapping[str, set[str]],
    rho: float,
    every: bool,
) -> TherapyClass | None:
    try:
        selection = select(frame, specification, multilevel=True)
    except ParameterError:
        # Its trials on this outcome and metric all overlap, or print no number.
        return None
    if selection.estimates.empty:
        return None
    trials = pd.DataFrame(list(_trials(selection, groups, rho)))

    def pooled(rows: pd.DataFrame) -> Pooled:
        return pool(
            rows.effect.to_numpy(dtype=float),
            rows.variance.to_numpy(dtype=float),
            **specification.methods,
        )

    by_comparator: dict[str, Within] = {}
    for name in (*CLASSES, UNKNOWN_CLASS):
        kept = selection.estimates[selection.estimates.comparator_class == name]
        within = replace(selection, estimates=kept.reset_index(drop=True))
        if len(within.estimates):
            own = pd.DataFrame(list(_trials(within, groups, rho)))
            by_comparator[name] = Within(pooled(own), own)
    several = None
    if every and len(trials) > 1:
        several = analyze_several(database, specification, rho=rho, frame=frame)
    return TherapyClass(
        specification.therapy,
        meaning,
        pooled(trials),
        by_comparator,
        several,
        trials,
    )


def _trials(
    selection: Selection, groups: Mapping[str, set[str]], rho: float
) -> Iterator[dict[str, Any]]:
    """Yield one row per trial, its estimates combined."""
    effect, variance = selection.effects()
    rows = selection.estimates
    covariance = correlated_covariance(variance, list(rows.trial_id), rho)
    averaged = aggregate(effect, covariance, list(rows.trial_id), weighted=False)
    for trial, own_effect, own_variance in zip(
        averaged.cluster, averaged.effect, averaged.variance, strict=True
    ):
        own = rows[rows.trial_id == trial]
        yield {
            "trial_id": trial,
            "label": own.label.iloc[0],
            "age_group": ", ".join(sorted(groups[str(trial)])),
            "comparators": tuple(dict.fromkeys(own.comparator)),
            "comparator_classes": tuple(dict.fromkeys(own.comparator_class)),
            "instruments": tuple(dict.fromkeys(own.instrument_id)),
            "estimates": len(own),
            "n": participants(own),
            "effect": own_effect,
            "variance": own_variance,
            "locator_ids": union(own.locator_ids),
        }
