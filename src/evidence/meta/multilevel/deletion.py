"""Several effects per trial: what each trial does to the coefficients, with the variances kept."""

from dataclasses import dataclass

import numpy as np

from evidence.errors import ParameterError
from evidence.meta.multilevel.inference import Inference, MultilevelFit
from evidence.meta.numerics import Floats


@dataclass(frozen=True, slots=True)
class TrialDiagnostics:
    """Deletion diagnostics of trials, in order of first appearance.

    Attributes
    ----------
    cook_distance : tuple of float or None
        Squared distance of all coefficients with and without a trial, by their covariance; None
        where the others do not determine them.
    dfbetas : dict of str to tuple of float or None
        Change of each coefficient in standard errors of the model, with the trial minus without.
    hat : tuple of float
        Of each effect, how much its fitted value moves with it.
    """

    cook_distance: tuple[float | None, ...]
    dfbetas: dict[str, tuple[float | None, ...]]
    hat: tuple[float, ...]


def trial_diagnostics(fit: MultilevelFit) -> TrialDiagnostics:
    """Say how much the coefficients rest on each trial.

    Parameters
    ----------
    fit : MultilevelFit

    Returns
    -------
    TrialDiagnostics

    Raises
    ------
    ParameterError
        For fewer than three trials.

    Notes
    -----
    `cooks.distance` and `dfbetas` of metafor's rma.mv with ``cluster`` and ``reestimate = FALSE``,
    and `hatvalues`: variances and correlations are those of all trials, and standard errors those
    of the model. Viechtbauer and Cheung (2010), Res Synth Methods 1:112.

    Examples
    --------
    >>> from evidence.meta.multilevel import fit_multilevel
    >>> fit = fit_multilevel([0.5, 0.3, 0.6, 0.5, 0.2, 0.9], [0.04, 0.05, 0.06, 0.06, 0.05, 0.07],
    ...                      ["a", "a", "b", "c", "c", "d"])
    >>> [round(one, 2) for one in trial_diagnostics(fit).cook_distance]
    [0.21, 0.05, 0.52, 0.43]
    """
    model, at = fit.working.model, fit.working.at
    if model.k_trials < 3:
        raise ParameterError("fit", model.k_trials, "three or more trials")
    p = model.basis.shape[1]
    products, right = np.zeros((model.k_trials, p, p)), np.zeros((model.k_trials, p))
    hat = np.zeros(model.effect.size)
    for group, weight in zip(model.groups, at.precision, strict=True):
        columns = model.basis[group.rows]
        weighted = weight @ columns
        products[group.trials] = columns.transpose(0, 2, 1) @ weighted
        right[group.trials] = np.einsum("bmp,bm->bp", weighted, model.effect[group.rows])
        # H = X (X'W X)^-1 X'W
        hat[group.rows] = np.einsum("bmp,pq,bmq->bm", columns, at.inverse, weighted)
    whole = products.sum(axis=0)
    inferred = Inference(fit.working, "z", fit.level)
    turn = inferred.on_design(np.eye(p))
    se = np.sqrt(np.einsum("ij,jk,ik->i", turn, at.inverse, turn))
    moved = [
        _without(whole - own, right.sum(axis=0) - part, at.coefficients)
        for own, part in zip(products, right, strict=True)
    ]
    lost: tuple[None, ...] = (None,) * p
    changes = [lost if one is None else (turn @ one / se).tolist() for one in moved]
    return TrialDiagnostics(
        cook_distance=tuple(None if one is None else float(one @ whole @ one) for one in moved),
        dfbetas=dict(zip(fit.working.names, zip(*changes, strict=True), strict=True)),
        hat=tuple(hat.tolist()),
    )


def _without(information: Floats, right: Floats, coefficients: Floats) -> Floats | None:
    # The basis is orthonormal, so that what the others do not determine has no information.
    smallest, *_, largest = np.linalg.eigvalsh(information)[[0, -1]]
    if smallest <= 1e-10 * largest:
        return None
    return np.asarray(coefficients - np.linalg.solve(information, right))
