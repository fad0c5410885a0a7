"""Several estimates per trial: the selection that keeps them, and a model that handles them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.errors import ParameterError, check_choice
from evidence.estimation import estimates
from evidence.estimation.choices import Specification
from evidence.estimation.selection import EVERY, Selection, select
from evidence.language import METRIC, estimate, term
from evidence.meta.multilevel import fit_multilevel
from evidence.meta.multilevel.covariance import correlated_covariance
from evidence.meta.multilevel.inference import Coefficient, MultilevelFit
from evidence.terms import ACCEPTED, RHO, Model, RemarkKind, has

RHOS = (0.2, 0.4, 0.6, 0.8)
"""Correlations that are tried beside it: no source prints one."""

KEEPS_EACH = ("arms", "comparator", "follow_up")
"""Rules that take one of several estimates; a model of all of them has no use for them."""


@dataclass(frozen=True, slots=True, eq=False)
class MultilevelAnalysis:
    """A model of all estimates of the trials that a specification names.

    Attributes
    ----------
    specification : Specification
        Its choices on the estimates; ``tau2`` and ``interval`` are not used.
    model : {"che", "three_level"}
        Correlated and hierarchical effects; or the three-level model with independent errors.
    rho : float or None
        Correlation of the errors of two estimates of one trial; None for the three-level model,
        which takes them as independent.
    selection : Selection
        Estimates that entered and what was left out.
    fit : MultilevelFit
        The fit, with cluster-robust errors (CR2) and Satterthwaite degrees of freedom.
    by_rho : dict of float to MultilevelFit
        The same with other correlations; empty for the three-level model.
    frame : DataFrame
        The frame of estimates that the selection was made from.
    """

    specification: Specification
    model: Model
    rho: float | None
    selection: Selection
    fit: MultilevelFit
    by_rho: Mapping[float, MultilevelFit]
    frame: pd.DataFrame = field(repr=False)

    def __repr__(self) -> str:
        """Return the mean effect in one line."""
        said = estimate(self.mean.estimate, self.mean.ci_low, self.mean.ci_high)
        named = f"{self.model}, rho = {self.rho:g}" if self.rho is not None else self.model
        return (
            f"{self.estimate_id}: {term(METRIC, self.selection.metric)} {said} by {named}, "
            f"{self.fit.k_trials} trials, {len(self.selection.estimates)} estimates; "
            f"positive favors {self.specification.therapy}"
            + ("; imputed" if self.selection.imputed else "")
        )

    @property
    def mean(self) -> Coefficient:
        """The mean effect; positive favors the therapy."""
        return self.fit.coefficients[0]

    @property
    def estimate_id(self) -> str:
        """Id of the mean effect: that of the specification, with the model and its correlation."""
        plain = self.specification
        # A model of several estimates keeps all instruments unless one is named.
        if plain.instrument == EVERY:
            plain = replace(plain, instrument="self_report_first")
        parts = [plain.estimate_id(self.selection.metric), f"model_{self.model}"]
        if self.rho is not None and self.rho != RHO:
            parts.append(f"rho_{self.rho:g}")
        return ".".join(parts)


def analyze_several(
    dataset: Dataset,
    specification: Specification,
    *,
    model: Model = "che",
    rho: float = RHO,
    frame: pd.DataFrame | None = None,
) -> MultilevelAnalysis:
    """Fit a model to all estimates of the trials that a specification names.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    specification : Specification
        Choices; ``instrument`` may be "every". Those in `KEEPS_EACH` have to be the defaults.
    model : {"che", "three_level"}
        With correlated errors (Pustejovsky and Tipton 2022), or with independent ones
        (Van den Noortgate et al. 2013).
    rho : float
        Correlation of the errors of two estimates of one trial, from 0 up to but not including 1.
        It is supposed; `MultilevelAnalysis.by_rho` shows others.
    frame : DataFrame, optional
        Frame of `evidence.estimates` with the same convention and correlation, to save its making.

    Raises
    ------
    ParameterError
        If a choice is not accepted, or fewer than two trials are left.
    SelectionError
        If points of different instruments would be pooled.

    Examples
    --------
    >>> import evidence
    >>> main = Specification(therapy="abft", outcome="depression", timepoint="post",
    ...                      instrument="every")
    >>> several = analyze_several(evidence.load(), main)
    >>> several.fit.k_trials, several.fit.k_estimates, round(several.mean.estimate, 2)
    (3, 4, 0.55)
    """
    check_choice("model", model, ACCEPTED["model"])
    for name in KEEPS_EACH:
        if name in specification.changed:
            raise keeps_each(name, getattr(specification, name))
    if not 0 <= rho < 1:
        raise ParameterError("rho", rho, "a correlation from 0 up to but not including 1")
    if frame is None:
        frame = estimates(
            dataset, convention=specification.convention, correlation=specification.correlation
        )
    selection = select(frame, specification, multilevel=True)
    trials = list(selection.estimates.trial_id)
    if len(set(trials)) < 2:
        raise selection.too_few(specification, "two trials or more")
    effect, variance = selection.effects()

    def fitted(correlation: float | None) -> MultilevelFit:
        covariance = (
            variance
            if correlation is None
            else correlated_covariance(variance, trials, correlation)
        )
        return fit_multilevel(effect, covariance, trials, level=specification.level)

    if model == "three_level":
        return MultilevelAnalysis(specification, model, None, selection, fitted(None), {}, frame)
    by_rho = {one: fitted(one) for one in sorted({*RHOS, rho})}
    fit = by_rho.pop(rho)
    return MultilevelAnalysis(specification, model, rho, selection, fit, by_rho, frame)


def participants(rows: pd.DataFrame) -> int | None:
    """Return how many people estimates rest on: each arm once, at its largest.

    Parameters
    ----------
    rows : DataFrame
        Estimates, such as those of a selection.

    Returns
    -------
    int or None
        None where a size is not known.
    """
    if rows.n_intervention.isna().any() or rows.n_comparator.isna().any():
        return None
    # Where the arms of a trial are the same persons, they count as one arm.
    crossed = [one.trial_id if has(one, RemarkKind.SAME_PERSONS) else None for one in records(rows)]
    same = pd.Series(crossed, index=rows.index, dtype=object)
    arms = pd.concat(
        [
            pd.DataFrame({"arm": same.fillna(rows[f"{role}_arm_id"]), "n": rows[f"n_{role}"]})
            for role in ("intervention", "comparator")
        ]
    )
    return int(np.asarray(arms.groupby("arm").n.max(), dtype=float).sum())


def keeps_each(name: str, value: object) -> ParameterError:
    """Return the error of a choice between estimates that a model keeps side by side."""
    return ParameterError(
        name, value, "no such choice for a model, which keeps each arm, comparator and follow-up"
    )
