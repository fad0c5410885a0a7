"""The likelihood of effects that are correlated within trials, trial by trial.

The covariance of all effects is block diagonal, so that a likelihood costs the sum of the cubed
numbers of effects per trial. Trials of one size are computed together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evidence.synthesis.block_covariance import TrialGroup
from evidence.synthesis.roots import Floats

LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, slots=True)
class BlockModel:
    """Effects and design in units in which likelihoods behave.

    Effects are divided by `unit` and stripped of their least-squares fit; the columns of the
    design are replaced by an orthonormal basis, so that a year near 2000 costs no digits.

    Attributes
    ----------
    groups : tuple of TrialGroup
        With the sampling covariance divided by unit squared.
    effect : ndarray of shape (k,)
        Residuals of least squares, divided by unit.
    basis : ndarray of shape (k, p)
    triangle : ndarray of shape (p, p)
        The design is basis @ triangle.
    offset : ndarray of shape (p,)
        Coefficients of least squares on the basis, divided by unit.
    unit : float
    k_trials : int
    """

    groups: tuple[TrialGroup, ...]
    effect: Floats
    basis: Floats
    triangle: Floats
    offset: Floats
    unit: float
    k_trials: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The likelihood at one covariance between effects.

    Attributes
    ----------
    log_likelihood : float
        Of the effects in their own units.
    coefficients : ndarray of shape (p,)
        Generalized least squares on the basis.
    inverse : ndarray of shape (p, p)
        Their covariance.
    q : float
        Weighted sum of squared residuals.
    precision : list of ndarray of shape (b, m, m)
        Inverse covariance of the effects, for each group.
    residual : list of ndarray of shape (b, m)
    """

    log_likelihood: float
    coefficients: Floats
    inverse: Floats
    q: float
    precision: list[Floats]
    residual: list[Floats]


def build_model(effect: Floats, design: Floats, groups: tuple[TrialGroup, ...]) -> BlockModel:
    """Bring effects, design and sampling covariance into the units of the likelihood."""
    variances = np.concatenate(
        [np.diagonal(group.covariance, axis1=1, axis2=2).ravel() for group in groups]
    )
    unit = float(np.sqrt(np.median(variances)))
    basis, triangle = np.linalg.qr(design)
    scaled = effect / unit
    offset = basis.T @ scaled
    return BlockModel(
        groups=tuple(
            TrialGroup(group.trials, group.rows, group.covariance / unit**2) for group in groups
        ),
        effect=scaled - basis @ offset,
        basis=basis,
        triangle=triangle,
        offset=offset,
        unit=unit,
        k_trials=sum(group.trials.size for group in groups),
    )


def evaluate(model: BlockModel, between: Sequence[Floats], *, restricted: bool) -> Evaluation:
    """Evaluate the (restricted) log-likelihood.

    Parameters
    ----------
    model : BlockModel
    between : sequence of ndarray of shape (b, m, m)
        Covariance of the random effects, for each group, in units of the model.
    restricted : bool
        REML, or ML.

    Notes
    -----
    Harville (1977), J Am Stat Assoc 72:320, section 4; with W the inverse covariance,
    ML: -(k log 2 pi + log|V| + r'W r) / 2; REML:
    -((k - p) log 2 pi - log|X'X| + log|V| + log|X'W X| + r'W r) / 2.
    """
    k, p = model.basis.shape
    products, right, log_determinant = np.zeros((p, p)), np.zeros(p), 0.0
    precision = []
    for group, own in zip(model.groups, between, strict=True):
        total = group.covariance + own
        root = np.linalg.cholesky(total)
        log_determinant += 2 * float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
        weight = np.asarray(np.linalg.inv(total), dtype=np.float64)
        precision.append(weight)
        columns = model.basis[group.rows]
        weighted = weight @ columns
        products += np.einsum("bmp,bmq->pq", columns, weighted)
        right += np.einsum("bmp,bm->p", weighted, model.effect[group.rows])
    inverse = np.asarray(np.linalg.inv(products), dtype=np.float64)
    inverse = (inverse + inverse.T) / 2
    coefficients = inverse @ right
    errors = model.effect - model.basis @ coefficients
    residual = [errors[group.rows] for group in model.groups]
    q = float(
        sum(
            np.einsum("bm,bmn,bn->", r, weight, r)
            for r, weight in zip(residual, precision, strict=True)
        )
    )
    deviance = log_determinant + q
    free = k
    if restricted:
        # On the basis log|X'X| is 0, and log|X'W X| - log|X'X| is the same as for the design.
        deviance += float(np.linalg.slogdet(products)[1])
        free = k - p
    deviance += free * (LOG_2PI + 2 * float(np.log(model.unit)))
    return Evaluation(-deviance / 2, coefficients, inverse, q, precision, residual)


def score_blocks(model: BlockModel, at: Evaluation, *, restricted: bool) -> list[Floats]:
    """Give the derivative of the log-likelihood with respect to the covariance of each trial.

    Harville (1977), section 4.2: (W r r'W - W) / 2, for REML with W X (X'W X)^-1 X'W / 2 added.
    The derivative along a change D of the covariance is the sum over entries of score times D.
    """
    scores = []
    for group, weight, residual in zip(model.groups, at.precision, at.residual, strict=True):
        pull = (weight @ residual[:, :, None])[:, :, 0]
        score = pull[:, :, None] * pull[:, None, :] - weight
        if restricted:
            weighted = weight @ model.basis[group.rows]
            score = score + weighted @ at.inverse @ weighted.transpose(0, 2, 1)
        scores.append(score / 2)
    return scores
