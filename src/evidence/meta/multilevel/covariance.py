"""Several effects per trial: sampling covariance by trial, and the likelihood it gives.

The covariance of all effects is block diagonal, so that a likelihood costs the sum of the cubed
numbers of effects per trial. Trials of one size are computed together.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.errors import ParameterError
from evidence.meta.numerics import Floats, Rows
from evidence.meta.pooling.weights import LIMIT, numbers, refuse_first


@dataclass(frozen=True, slots=True)
class BlockCovariance:
    """Sampling covariance that is 0 between trials.

    Attributes
    ----------
    rows : tuple of ndarray of int
        Positions of the effects of each trial.
    matrices : tuple of ndarray
        Their covariance, in that order.
    """

    rows: tuple[Rows, ...]
    matrices: tuple[Floats, ...]

    def full(self) -> Floats:
        """Give the covariance of all effects, of shape (k, k)."""
        k = sum(own.size for own in self.rows)
        matrix = np.zeros((k, k))
        for own, block in zip(self.rows, self.matrices, strict=True):
            matrix[np.ix_(own, own)] = block
        return matrix


@dataclass(frozen=True, slots=True)
class TrialGroup:
    """All trials with the same number of effects, m, side by side.

    Attributes
    ----------
    trials : ndarray of int, shape (b,)
        Positions of the trials in order of first appearance.
    rows : ndarray of int, shape (b, m)
        Positions of their effects.
    covariance : ndarray of shape (b, m, m)
        Sampling covariance.
    """

    trials: Rows
    rows: Rows
    covariance: Floats


def correlated_covariance(
    variance: Any, cluster: Sequence[Hashable], rho: float
) -> BlockCovariance:
    """Build the sampling covariance of effects that share a trial and hence participants.

    Parameters
    ----------
    variance : array_like of shape (k,)
        Sampling variances.
    cluster : sequence of length k
        The trial of each effect.
    rho : float
        Assumed correlation of the sampling errors of two effects of one trial, from 0 up to but
        not including 1. It is an assumption: show results for several.

    Returns
    -------
    BlockCovariance
        Of effects i and j of one trial: rho sqrt(v_i v_j).

    Raises
    ------
    ParameterError
        For a variance that is not positive, another number of trials than of variances, or a
        correlation outside the range.

    Notes
    -----
    Pustejovsky and Tipton (2022), Prev Sci 23:425, the correlated-effects part of the working
    model; Hedges, Tipton and Johnson (2010), Res Synth Methods 1:39, section 4.

    Examples
    --------
    >>> covariance = correlated_covariance([0.04, 0.09, 0.05], ["a", "a", "b"], 0.5)
    >>> covariance.matrices[0].round(3).tolist()
    [[0.04, 0.03], [0.03, 0.09]]
    """
    variances = read_variances(variance)
    correlation = numbers("rho", rho)
    if correlation.ndim or not 0 <= correlation < 1:
        raise ParameterError("rho", rho, "a correlation from 0 up to but not including 1")
    rows = rows_by_trial(cluster, variances.size)[1]
    matrices = []
    for own in rows:
        sd = np.sqrt(variances[own])
        # cov_ij = rho sqrt(v_i v_j)
        matrix = rho * np.outer(sd, sd)
        np.fill_diagonal(matrix, variances[own])
        matrices.append(matrix)
    return BlockCovariance(rows, tuple(matrices))


def rows_by_trial(
    cluster: Sequence[Hashable], k: int
) -> tuple[tuple[Hashable, ...], tuple[Rows, ...]]:
    """Give the trials in order of first appearance with the positions of their effects."""
    given = list(cluster)
    if len(given) != k:
        raise ParameterError("cluster", len(given), f"one trial for each of {k} effects")
    positions: dict[Hashable, list[int]] = {}
    for i, trial in enumerate(given):
        # A missing value differs from itself.
        if trial is None or trial == "" or trial != trial:
            raise ParameterError(f"cluster[{i}]", trial, "the name or number of a trial")
        positions.setdefault(trial, []).append(i)
    return tuple(positions), tuple(np.array(own, dtype=np.intp) for own in positions.values())


def arrange_groups(
    covariance: Any, trials: tuple[Hashable, ...], rows: tuple[Rows, ...]
) -> tuple[TrialGroup, ...]:
    """Check the sampling covariance and put trials of one size side by side.

    Parameters
    ----------
    covariance : array_like of shape (k,) or (k, k), or BlockCovariance
        Variances of effects with independent errors, or their covariance, 0 between trials.
    trials, rows
        As `rows_by_trial` gives them.

    Raises
    ------
    ParameterError
        For shapes that do not fit, numbers out of range, covariance between trials, or a matrix
        that is not symmetric and positive definite.
    """
    k = sum(own.size for own in rows)
    matrices = _by_trial(covariance, rows, k)
    sizes = np.array([own.size for own in rows])
    groups = []
    for size in np.unique(sizes):
        members = np.flatnonzero(sizes == size)
        stack = np.stack([matrices[i] for i in members])
        _refuse_indefinite(stack, [trials[i] for i in members])
        groups.append(TrialGroup(members, np.stack([rows[i] for i in members]), stack))
    return tuple(groups)


def _by_trial(covariance: Any, rows: tuple[Rows, ...], k: int) -> list[Floats]:
    if isinstance(covariance, BlockCovariance):
        return _of_blocks(covariance, rows, k)
    values = numbers("covariance", covariance)
    if values.shape == (k,):
        _refuse_variances("covariance", values)
        return [np.diag(values[own]) for own in rows]
    if values.shape != (k, k):
        raise ParameterError(
            "covariance", values.shape, f"{k} variances, or a matrix of shape ({k}, {k})"
        )
    _refuse_variances("covariance", np.diag(values).copy())
    finite = np.isfinite(values)
    refuse_first("covariance", values, ~finite, "a finite number")
    refuse_first(
        "covariance", values, values != values.T, "the same number on both sides of the diagonal"
    )
    trial = _trial_of_row(rows, k)
    apart = trial[:, None] != trial[None, :]
    refuse_first("covariance", values, apart & (values != 0), "0 between different trials")
    return [values[np.ix_(own, own)] for own in rows]


def _of_blocks(covariance: BlockCovariance, rows: tuple[Rows, ...], k: int) -> list[Floats]:
    placed = np.concatenate(covariance.rows) if covariance.rows else np.array([], dtype=np.intp)
    if not np.array_equal(np.sort(placed), np.arange(k)):
        raise ParameterError(
            "covariance", placed.size, f"blocks that hold each of {k} effects once"
        )
    trial = _trial_of_row(rows, k)
    position = np.empty(k, dtype=np.intp)
    for own in rows:
        position[own] = np.arange(own.size)
    matrices = [np.zeros((own.size, own.size)) for own in rows]
    for own, matrix in zip(covariance.rows, covariance.matrices, strict=True):
        if np.unique(trial[own]).size > 1:
            raise ParameterError("covariance", own.tolist(), "blocks within one trial each")
        place = position[own]
        matrices[trial[own[0]]][np.ix_(place, place)] = matrix
    return matrices


def _trial_of_row(rows: tuple[Rows, ...], k: int) -> NDArray[np.intp]:
    trial = np.empty(k, dtype=np.intp)
    for i, own in enumerate(rows):
        trial[own] = i
    return trial


def read_variances(variance: Any) -> Floats:
    """Read the variances of effects, or refuse them."""
    variances = numbers("variance", variance)
    if variances.ndim != 1:
        raise ParameterError("variance", variances.shape, "a sequence of one number per effect")
    _refuse_variances("variance", variances)
    return variances


def _refuse_variances(name: str, variances: Floats) -> None:
    within = (variances >= 1 / LIMIT) & (variances <= LIMIT)
    refuse_first(name, variances, ~within, "a finite positive number from 1e-50 to 1e50")


def _refuse_indefinite(stack: Floats, trials: list[Hashable]) -> None:
    # Of the correlation matrix, so that the answer does not depend on units.
    sd = np.sqrt(np.diagonal(stack, axis1=1, axis2=2))
    smallest = np.linalg.eigvalsh(stack / (sd[:, :, None] * sd[:, None, :]))[:, 0]
    bad = np.flatnonzero(smallest < 1e-12)
    if bad.size:
        raise ParameterError(
            "covariance",
            trials[bad[0]],
            "a positive definite sampling covariance in every trial",
        )


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
